"""A regional model's run of a storm: the same storm misplaced, late or too weak, on the model's own grid over terrain.

The fields are samples of that storm at the points of the grid, not a solution of the model's equations. Over terrain
the storm's heights are stretched as by Gal-Chen and Somerville (1975) and air follows the ground. Files are those of
WRF (staggered, terrain-following, base state and departures) or GRIB 2 on pressure or hybrid levels.
"""

import dataclasses
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.sim import _grib2
from nowcast.sim._terrain import height_at
from nowcast.sim.beam import Array
from nowcast.sim.environment import CP, R_DRY, G
from nowcast.sim.storm import Storm, Time

__all__ = ["Run", "run"]

SPHERE = 6370e3
_LID = 20e3
_TOP_PA = 5000.0
_PRESSURES = (1000, 975, 950, 925, 900, 850, 800, 750, 700, 650, 600, 550, 500, 450, 400, 350, 300, 250, 200, 150, 100)
_NOTHING = -35.0  # dBZ, as WRF has it


def run(
    storm: Storm,
    *,
    start: Time = 0.0,
    n: int = 81,
    dx: float = 3000.0,
    projection: Literal["lambert", "latlon"] = "lambert",
    terrain: xr.DataArray | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
    delay: float = 0.0,
    intensity: float = 1.0,
) -> "Run":
    """A run that starts at ``start`` and errs in place (m), time (s) and strength (a factor).

    Its n x n points lie about the storm's origin, dx metres apart: in a Lambert projection of the sphere WRF uses, or
    in latitude and longitude. ``terrain`` is heights above mean sea level on any grid.
    """
    if not (n >= 3 and dx > 0):
        raise ArgumentError("n at least 3 and dx above 0 expected")
    half = 0.5 * (n - 1)
    if projection == "lambert":
        true = storm.latitude + 5.0, storm.latitude - 5.0
        parallels = f"+lat_1={true[0]:g} +lat_2={true[1]:g} +lat_0={storm.latitude:g} +lon_0={storm.longitude + 1.0:g}"
        text = f"+proj=lcc {parallels} +R={SPHERE:.0f} +units=m"
        x, y = (float(a) for a in Grid(text, 1, 1, 0.0, 0.0, 1.0, 1.0).from_lonlat(storm.longitude, storm.latitude))
        grid = Grid(text, n, n, x - half * dx, y - half * dx, dx, dx)
    elif projection == "latlon":
        degrees = np.degrees(dx / SPHERE)
        west, south = storm.longitude - half * degrees, storm.latitude - half * degrees
        grid = Grid(f"+proj=longlat +R={SPHERE:.0f}", n, n, west, south, degrees, degrees)
    else:
        raise ArgumentError(f'projection: "lambert" or "latlon" expected, "{projection}" given')
    erring = storm.displaced(shift=shift, delay=delay, intensity=intensity)
    return Run(erring, grid, float(storm.seconds(start)), terrain)


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A run of a model; made by ``run``."""

    storm: Storm
    """as the model has it"""
    grid: Grid
    start: float
    """s after the storm's start"""
    terrain: xr.DataArray | None = None

    def write_wrf(self, path: os.PathLike[str] | str, time: Time, *, levels: int = 40) -> None:
        """A file like WRF's, of one time; needs netCDF4."""
        from nowcast.sim import _wrf

        _wrf.write(self, path, self.storm.seconds(time), levels)

    def write_grib(
        self,
        path: os.PathLike[str] | str,
        time: Time,
        *,
        levels: Literal["pressure", "hybrid"] = "pressure",
        layers: int = 40,
    ) -> None:
        """A file of GRIB 2: u, v, w, temperature, humidity, water and height or pressure at levels, and the ground.

        Levels of pressure below the ground are missing. Winds lie along the grid. ``layers`` is how many hybrid ones.
        """
        t = self.storm.seconds(time)
        minutes = round((t - self.start) / 60.0)
        if minutes < 0:
            raise ArgumentError("time: not before the start of the run expected")
        start = datetime.datetime.fromisoformat(str(self.storm.time(self.start).astype("datetime64[s]")))
        with Path(path).open("wb") as file:
            for product, values in self._products(t, levels, layers):
                file.write(_grib2.message(values, self.grid, product, start, minutes))

    def places(self, grid: Grid) -> "Places":
        """What is known of the points of one of the model's grids."""
        return Places(self, grid)

    def _products(self, t: float, levels: str, layers: int) -> Iterator[tuple[_grib2.Product, Array]]:
        here = self.places(self.grid)
        numbers = {"u": (2, 2), "v": (2, 3), "w": (2, 9), "temperature": (0, 0), "humidity": (1, 0)}
        numbers |= {"rain": (1, 24), "snow": (1, 25), "graupel": (1, 32), "DBZH": (16, 4)}
        if levels == "pressure":
            for hecto in _PRESSURES:
                pressure = np.full(here.ground.shape, 100.0 * hecto)
                height = here.height_of(pressure)
                fields = here.fields(height, t) | {"height": height}
                for name, code in (numbers | {"height": (3, 5)}).items():
                    values = np.where(height >= here.ground, fields[name], np.nan)
                    yield _grib2.Product(*code, 100, 100.0 * hecto), values
        elif levels == "hybrid":
            a, b = hybrid(layers)
            surface = here.pressure_of(here.ground)
            for k in range(layers):
                pressure = 0.5 * (a[k] + a[k + 1]) + 0.5 * (b[k] + b[k + 1]) * surface
                fields = here.fields(here.height_of(pressure), t) | {"pressure": pressure}
                for name, code in (numbers | {"pressure": (3, 0)}).items():
                    yield _grib2.Product(*code, 105, k + 1.0, coordinates=(*a, *b)), fields[name]
        else:
            raise ArgumentError(f'levels: "pressure" or "hybrid" expected, "{levels}" given')
        near, low = here.fields(here.ground + 10.0, t), here.fields(here.ground + 2.0, t)
        yield _grib2.Product(3, 5, 1), here.ground
        yield _grib2.Product(3, 0, 1), here.pressure_of(here.ground)
        yield _grib2.Product(0, 0, 103, 2.0), low["temperature"]
        yield _grib2.Product(1, 0, 103, 2.0), low["humidity"]
        yield _grib2.Product(2, 2, 103, 10.0), near["u"]
        yield _grib2.Product(2, 3, 103, 10.0), near["v"]
        yield _grib2.Product(1, 8, 1, accumulated=True), here.rain(t)


class Places:
    """The points of a grid: where they are, how high the ground is, and the storm above them."""

    def __init__(self, model: Run, grid: Grid) -> None:
        self.model, self.grid = model, grid
        self.longitude, self.latitude = grid.lonlat()
        storm = model.storm
        plane = storm.grid(1e3, 1e3)
        self.x, self.y = plane.from_lonlat(self.longitude, self.latitude)
        self.ground = np.full(self.x.shape, storm.ground)
        if model.terrain is not None:
            where = Grid.of(model.terrain)
            self.ground = height_at(model.terrain, *where.from_lonlat(self.longitude, self.latitude))
        # From the storm's own axes to those of the grid, by where north lies in either.
        ours, own = _north(plane, self.longitude, self.latitude), _north(grid, self.longitude, self.latitude)
        self._turn = own - ours
        self._slope = np.gradient(self.ground, *((grid.dy, grid.dx) if not grid.is_latlon else _metres(grid)))

    def pressure_of(self, height: Array) -> Array:
        """Of the base state at heights above mean sea level, Pa."""
        base = self.model.storm.environment
        return np.exp(np.interp(height - self.model.storm.ground, base.z, np.log(base.pressure)))

    def height_of(self, pressure: Array) -> Array:
        """Above mean sea level, m."""
        base = self.model.storm.environment
        falling = np.log(base.pressure[::-1])
        return np.asarray(np.interp(np.log(pressure), falling, base.z[::-1])) + self.model.storm.ground

    def fields(self, height: Array, t: float) -> dict[str, Array]:
        """Everything at heights above mean sea level: winds along the grid's axes, masses in kg of each kg of air."""
        storm = self.model.storm
        above = np.maximum(height - self.ground, 0.0)
        lid = _LID - (self.ground - storm.ground)
        stretched = above * _LID / lid
        found = storm.at(self.x, self.y, stretched, t)
        air = storm.at(self.x, self.y, height - storm.ground, t)
        c, s = np.cos(self._turn), np.sin(self._turn)
        u, v = c * found["u"] - s * found["v"], s * found["u"] + c * found["v"]
        climb = (u * self._slope[1] + v * self._slope[0]) * np.clip(1.0 - above / lid, 0.0, 1.0)
        rho = storm.environment.density(np.maximum(height - storm.ground, 0.0))
        warmth = found["temperature"] - storm.environment.read(storm.environment.temperature, stretched)
        base = storm.environment.read(storm.environment.temperature, np.maximum(height - storm.ground, 0.0))
        fields: dict[str, Array] = {"u": u, "v": v, "w": found["w"] * lid / _LID + climb}
        fields |= {"temperature": base + warmth, "humidity": air["humidity"] / (1.0 + air["humidity"])}
        fields |= {name: found[name] / rho for name in ("rain", "snow")}
        fields["graupel"] = (found["graupel"] + found["hail"]) / rho
        return fields | {"DBZH": np.maximum(found["DBZH"], _NOTHING)}

    def rain(self, t: float) -> Array:
        """Fallen since the run started, mm."""
        ends = np.arange(self.model.start, t + 1e-6, 60.0)
        total = np.zeros(self.x.shape)
        for when in ends[1:] - 30.0:
            total += self.model.storm.rain_rate(self.x, self.y, when) / 60.0
        return total


def hybrid(layers: int) -> tuple[Array, Array]:
    """a (Pa) and b of the half levels from the top down: p = a + b times the pressure at the ground."""
    sigma = np.linspace(0.0, 1.0, layers + 1)
    # Pressure alone at the top, the ground's alone at the bottom.
    b = sigma**2 * (3.0 - 2.0 * sigma) * sigma
    a = _TOP_PA * (1.0 - sigma) + (sigma - b) * (1e5 - _TOP_PA)
    a[-1] = 0.0
    return np.asarray(a), np.asarray(b)


def base_state(ground: Array) -> Array:
    """Pressure at the ground of WRF's reference atmosphere (Skamarock et al. 2008, section 5.2.2), Pa."""
    ratio = 290.0 / 50.0
    return np.asarray(1e5 * np.exp(-ratio + np.sqrt(ratio**2 - 2.0 * G * ground / (50.0 * R_DRY))))


def potential(kelvin: Array, pascal: Array) -> Array:
    """Potential temperature, K."""
    return np.asarray(kelvin * (1e5 / pascal) ** (R_DRY / CP))


def _north(grid: Grid, lon: Array, lat: Array) -> Array:
    """The angle from the grid's y axis to north, anticlockwise, radians."""
    if grid.is_latlon:
        return np.zeros_like(lon)
    step = 1e-4
    ahead, behind = grid.from_lonlat(lon, lat + step), grid.from_lonlat(lon, lat - step)
    return np.asarray(np.arctan2(-(ahead[0] - behind[0]), ahead[1] - behind[1]))


def _metres(grid: Grid) -> tuple[float, float]:
    """Rows and columns of a latitude-longitude grid apart in its middle, m."""
    middle = np.radians(grid.y_first + 0.5 * (grid.ny - 1) * grid.dy)
    return np.radians(grid.dy) * SPHERE, np.radians(grid.dx) * SPHERE * float(np.cos(middle))
