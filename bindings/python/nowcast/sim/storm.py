"""A storm: winds, water and what radars would see, as functions of place and time."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.sim.environment import CP, R_DRY, Environment, saturation
from nowcast.sim.flow import Overturning, Points, Vortex
from nowcast.sim.particles import COLUMNS, GROUND
from nowcast.sim.water import Layer, Precipitation

__all__ = ["Storm", "observables"]

Array = npt.NDArray[np.float64]
Time = float | str | np.datetime64

WAVELENGTH = {"S": 0.107, "C": 0.0535, "X": 0.0319}
"""m, by the name of the band"""
NOTHING_DBZ = -128.0

_UNITS = {
    "u": ("m s-1", "wind along x"),
    "v": ("m s-1", "wind along y"),
    "w": ("m s-1", "upward wind"),
    "temperature": ("K", "air temperature"),
    "pressure": ("Pa", "pressure of the base state"),
    "humidity": ("kg kg-1", "mixing ratio of vapour"),
    "DBZH": ("dBZ", "equivalent reflectivity factor H"),
    "ZDR": ("dB", "differential reflectivity"),
    "KDP": ("degrees km-1", "specific differential phase"),
    "RHOHV": ("1", "correlation of H and V"),
    "fall_speed": ("m s-1", "falling speed, weighted by reflectivity"),
    "rain": ("kg m-3", "rain water"),
    "graupel": ("kg m-3", "graupel"),
    "hail": ("kg m-3", "hail"),
    "snow": ("kg m-3", "snow"),
    "hail_size": ("m", "diameter of hail, weighted by reflectivity"),
    "rain_rate": ("mm h-1", "rain arriving at the ground"),
    "hail_rate": ("kg m-2 s-1", "hail arriving at the ground"),
    "ground_hail_size": ("m", "diameter of the hail arriving, weighted by mass"),
    "gust": ("m s-1", "wind speed at 10 m"),
    "flash_density": ("km-2 min-1", "lightning flashes"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Storm:
    """A storm of known truth; made by ``supercell``, ``squall_line``, ``pulse_cells`` or ``stratiform``.

    x and y are metres east and north in an azimuthal equidistant plane about ``latitude``, ``longitude``; z is metres
    above ``ground``, which is metres above mean sea level; t is seconds since ``start``. Winds are analytic and obey
    anelastic continuity exactly.
    """

    environment: Environment
    parts: tuple[Overturning | Vortex, ...] = ()
    water: tuple[Precipitation | Layer, ...] = ()
    name: str = ""
    seed: int = 0
    latitude: float = 22.5
    longitude: float = 114.1
    ground: float = 0.0
    start: str = "2026-06-01T06:00"
    intensity: float = 1.0
    """factor of the storm's own wind and water"""
    delay: float = 0.0
    """s by which all comes later"""
    shift: tuple[float, float] = (0.0, 0.0)
    """m by which all lies further along x and y"""

    @property
    def projection(self) -> str:
        """PROJ string of the plane of x and y."""
        return f"+proj=aeqd +lat_0={self.latitude:g} +lon_0={self.longitude:g} +ellps=WGS84 +units=m"

    def grid(self, half: float, dx: float, *, x: float = 0.0, y: float = 0.0) -> Grid:
        """A square grid in the storm's plane: cells dx apart out to ``half`` metres about (x, y)."""
        n = round(2 * half / dx) + 1
        return Grid(self.projection, n, n, x - half, y - half, dx, dx)

    def lonlat(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
        """Longitude and latitude of places of the plane, degrees."""
        return self.grid(1e3, 1e3).to_lonlat(x, y)

    def time(self, t: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
        """UTC of seconds since the start."""
        since = np.rint(1e9 * np.asarray(t, dtype=np.float64)).astype("timedelta64[ns]")
        return np.asarray(np.datetime64(self.start, "ns") + since)

    def seconds(self, time: Time) -> float:
        """Seconds since the start, of a UTC time or of seconds."""
        if isinstance(time, str | np.datetime64):
            since = np.datetime64(str(time), "ns") - np.datetime64(self.start, "ns")
            return float(since / np.timedelta64(1, "ns")) / 1e9
        return float(time)

    def displaced(
        self, *, shift: tuple[float, float] = (0.0, 0.0), delay: float = 0.0, intensity: float = 1.0
    ) -> "Storm":
        """The same storm elsewhere, later or stronger: what a forecast that errs so would hold."""
        if not intensity >= 0:
            raise ArgumentError(f"intensity: at least 0 expected, {intensity:g} given")
        moved = self.shift[0] + shift[0], self.shift[1] + shift[1]
        return dataclasses.replace(self, shift=moved, delay=self.delay + delay, intensity=self.intensity * intensity)

    def wind(
        self, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, t: npt.ArrayLike
    ) -> tuple[Array, Array, Array]:
        """u, v, w in m s-1 at points."""
        x, y, z, t = self._own(x, y, z, t)
        u, v, w = (np.zeros(x.shape) for _ in range(3))
        if self.parts:
            points = Points(*(a.ravel() for a in (x, y, z, t, self.environment.density(z))))
            for part in self.parts:
                part.add(points, (u.reshape(-1), v.reshape(-1), w.reshape(-1)))
        base = self.environment
        return self.intensity * u + base.read(base.u, z), self.intensity * v + base.read(base.v, z), self.intensity * w

    def columns(self, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, t: npt.ArrayLike) -> Array:
        """What is in the air, ``particles.COLUMNS`` along the last axis."""
        x, y, z, t = self._own(x, y, z, t)
        flat = [a.ravel() for a in (x, y, z, t)]
        total = np.zeros((x.size, len(COLUMNS)))
        for part in self.water:
            total += part.air(*flat)
        return self.intensity * total.reshape(*x.shape, len(COLUMNS))

    def echo(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """The first five of ``particles.COLUMNS`` at points in a row: (point, column)."""
        own = self._own(x, y, z, t)
        total = np.zeros((5, x.size)).T  # column by column, as what adds to it
        for part in self.water:
            total += part.echo(*own)
        return self.intensity * total

    def at(
        self, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, t: npt.ArrayLike, *, band: str = "S"
    ) -> dict[str, Array]:
        """Everything at points: wind, air, water and what a radar of a band ("S", "C", "X") would measure, by name.

        DBZH is -128 where there is nothing; ZDR, KDP, RHOHV and sizes are NaN there.
        """
        u, v, w = self.wind(x, y, z, t)
        found = {"u": u, "v": v, "w": w} | observables(self.columns(x, y, z, t), band)
        return found | self._air(*self._own(x, y, z, t))

    def surface(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike) -> dict[str, Array]:
        """At the ground: rain_rate, hail_rate, ground_hail_size, gust, flash_density."""
        rain, hail, size = self._arriving(x, y, t)
        u, v, _ = self.wind(x, y, 10.0, t)
        return {
            "rain_rate": 3600.0 * rain,
            "hail_rate": hail,
            "ground_hail_size": np.where(hail > 1e-6, size / np.maximum(hail, 1e-12), 0.0),
            "gust": np.hypot(u, v),
            "flash_density": self.flash_density(x, y, t),
        }

    def rain_rate(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike) -> Array:
        """Rain arriving at the ground, mm h-1."""
        return 3600.0 * self._arriving(x, y, t)[0]

    def _arriving(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Flux of rain and of hail, kg m-2 s-1, and that of hail times its size."""
        x, y, _, t = self._own(x, y, 0.0, t)
        flat = [a.ravel() for a in (x, y, t)]
        total = np.zeros((x.size, len(GROUND)))
        for part in self.water:
            total += part.ground(*flat)
        total = self.intensity * total.reshape(*x.shape, len(GROUND))
        rain, hail, size = (total[..., GROUND.index(name)] for name in ("rain", "hail", "hail_size"))
        return rain, hail, size

    def flash_density(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike) -> Array:
        """Flashes per km2 and minute, by the upward flux of graupel at -15 degrees (McCaul et al. 2009, equation 1)."""
        z = self.environment.height_of(258.15)
        columns = self.columns(x, y, z, t)
        graupel = columns[..., COLUMNS.index("graupel")] + columns[..., COLUMNS.index("hail")]
        updraught = np.maximum(self.wind(x, y, z, t)[2], 0.0)
        return np.asarray(0.042 / 5.0 * updraught * 1e3 * graupel / self.environment.density(z))

    def severe_hail(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike, *, step: float = 50.0) -> Array:
        """The severe hail index above points of the ground, J m-1 s-1 (Witt et al. 1998, equations 1 to 5).

        Summed up over every ``step`` metres of the storm's own echo, and not over levels of a grid or beams of a radar.
        """
        freezing, cold = (self.environment.height_of(kelvin) for kelvin in (273.15, 253.15))
        total = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y), np.shape(t)))
        top = max((bound[4] for bound in self.bounds(float(np.mean(np.asarray(t))))), default=0.0)
        for z in np.arange(freezing + 0.5 * step, max(top, freezing), step):
            zh = self.columns(x, y, z, t)[..., COLUMNS.index("zh")]
            dbz = 10.0 * np.log10(np.maximum(zh, 1e-9))
            flux = 5e-6 * 10.0 ** (0.084 * dbz) * np.clip((dbz - 40.0) / 10.0, 0.0, 1.0)
            total += 0.1 * flux * np.clip((z - freezing) / (cold - freezing), 0.0, 1.0) * step
        return total

    def on_grid(self, grid: Grid, z: npt.ArrayLike, time: Time, *, band: str = "S") -> xr.Dataset:
        """(z, y, x) fields on a grid of any projection at heights above mean sea level, and (y, x) ones at the ground.

        u and v lie along the storm's own x and y.
        """
        t = self.seconds(time)
        heights = np.atleast_1d(np.asarray(z, dtype=np.float64))
        if grid.projection == self.projection:
            x, y = np.meshgrid(grid.x, grid.y)
        else:
            x, y = self.grid(1e3, 1e3).from_lonlat(*grid.lonlat())
        coords = grid.coords() | {"time": ((), self.time(t))}
        coords["z"] = ("z", heights, {"units": "m", "standard_name": "altitude", "positive": "up", "axis": "Z"})
        data = xr.Dataset(coords=coords)
        levels = [self.at(x, y, height - self.ground, t, band=band) for height in heights]
        for name in levels[0]:
            values = np.stack([level[name] for level in levels]).astype(np.float32)
            data[name] = (("z", "y", "x"), values, _attributes(name))
        for name, field in self.surface(x, y, t).items():
            data[name] = (("y", "x"), field.astype(np.float32), _attributes(name))
        return data.assign_attrs(source=f"nowcast.sim {self.name}, seed {self.seed}")

    def bounds(self, t: float) -> Iterator[tuple[float, float, float, float, float]]:
        """Of each body of water: x from and to, y from and to, top, m; outside is no echo."""
        for part in self.water:
            west, east, south, north, top = part.bounds(t - self.delay)
            yield west + self.shift[0], east + self.shift[0], south + self.shift[1], north + self.shift[1], top

    def over(self, x: npt.ArrayLike, y: npt.ArrayLike, t: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether there may be echo above points of the plane; where not, there is none."""
        x, y, _, t = self._own(x, y, 0.0, t)
        found = np.zeros(x.shape, dtype=bool)
        for part in self.water:
            found |= part.over(x, y, t)
        return found

    def _own(
        self, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, t: npt.ArrayLike
    ) -> tuple[Array, Array, Array, Array]:
        """Points as the undisplaced storm knows them."""
        x, y, z, t = (np.asarray(a, dtype=np.float64) for a in np.broadcast_arrays(x, y, z, t))
        return x - self.shift[0], y - self.shift[1], np.maximum(z, 0.0), t - self.delay

    def _air(self, x: Array, y: Array, z: Array, t: Array) -> dict[str, Array]:
        base = self.environment
        pressure = base.read(base.pressure, z)
        warmth = np.zeros(x.shape)
        for part in self.parts:
            warmth += part.warmth(x, y, z, t)
        exner = (pressure / 1e5) ** (R_DRY / CP)
        temperature = base.read(base.temperature, z) + self.intensity * warmth * exner
        humidity = np.minimum(base.read(base.humidity, z), saturation(temperature, pressure))
        return {"temperature": temperature, "pressure": pressure, "humidity": humidity}


def observables(columns: Array, band: str) -> dict[str, Array]:
    """What a radar of a band measures of columns, and the masses among them."""
    if band not in WAVELENGTH:
        raise ArgumentError(f'band: "S", "C" or "X" expected, "{band}" given')
    of = {name: columns[..., k] for k, name in enumerate(COLUMNS)}
    seen = of["zh"] > 1e-4
    zh, zv = np.where(seen, of["zh"], np.nan), np.where(seen, of["zv"], np.nan)
    found = {
        "DBZH": np.where(seen, 10.0 * np.log10(np.where(seen, of["zh"], 1.0)), NOTHING_DBZ),
        "ZDR": 10.0 * np.log10(zh / zv),
        "KDP": np.where(seen, of["kdp"] / WAVELENGTH[band], np.nan),
        "RHOHV": of["zhv"] / np.sqrt(zh * zv),
        "fall_speed": of["z_fall"] / zh,
    }
    for name in ("rain", "graupel", "hail", "snow"):
        found[name] = of[name]
    hail = of["z_hail"] > 1e-3
    found["hail_size"] = np.where(hail, of["z_hail_size"] / np.where(hail, of["z_hail"], 1.0), np.nan)
    return found


def _attributes(name: str) -> dict[str, str]:
    units, text = _UNITS[name]
    attributes = {"units": units, "long_name": text, "grid_mapping": "crs"}
    return attributes | ({"_Undetect": "-128"} if name == "DBZH" else {})
