"""Files in the layout of WRF: an Arakawa C grid, levels that follow the ground, base state and departures apart."""

import dataclasses
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid
from nowcast.sim.environment import R_DRY, G
from nowcast.sim.scattering import Array

if TYPE_CHECKING:
    from nowcast.sim.model import Places, Run

__all__ = ["write"]

_TOP_PA = 5000.0
_MASS = ("Time", "bottom_top", "south_north", "west_east")


def write(run: "Run", path: os.PathLike[str] | str, t: float, levels: int) -> None:
    """One time of a run."""
    if levels < 2:
        raise ArgumentError(f"levels: at least 2 expected, {levels} given")
    words = dict(re.findall(r"\+(\w+)=(\S+)", run.grid.projection))
    if words.get("proj") != "lcc":
        raise UnsupportedError(f"WRF: a grid +proj=lcc expected, {run.grid.projection} given")
    _dataset(run, t, levels, words).to_netcdf(path, engine="netcdf4", format="NETCDF3_64BIT", unlimited_dims=["Time"])


def _dataset(run: "Run", t: float, levels: int, words: dict[str, str]) -> xr.Dataset:
    grid = run.grid
    half_x, half_y = grid.x_first - 0.5 * grid.dx, grid.y_first - 0.5 * grid.dy
    here = run.places(grid)
    on_u = run.places(dataclasses.replace(grid, nx=grid.nx + 1, x_first=half_x))
    on_v = run.places(dataclasses.replace(grid, ny=grid.ny + 1, y_first=half_y))
    data = xr.Dataset()
    # Closer together near the ground.
    znw = 1.0 - np.linspace(0.0, 1.0, levels + 1) ** 1.6
    znu = 0.5 * (znw[1:] + znw[:-1])
    _columns(data, here, znw, znu, t)
    for name, places, axis in (("U", on_u, "west_east"), ("V", on_v, "south_north")):
        column = here.pressure_of(places.ground) - _TOP_PA
        winds = [places.fields(places.height_of(eta * column + _TOP_PA), t)[name.lower()] for eta in znu]
        staggered = [dim if dim != axis else f"{axis}_stag" for dim in _MASS]
        text = f"{'x' if name == 'U' else 'y'}-wind component"
        _add(data, name, staggered, np.stack(winds), "m s-1", text, "X" if name == "U" else "Y")
    _ground(data, here, t)
    cone = _cone(words)
    for suffix, places, dims in (
        ("", here, _MASS[2:]),
        ("_U", on_u, ("south_north", "west_east_stag")),
        ("_V", on_v, ("south_north_stag", "west_east")),
    ):
        flat = ("Time", *dims)
        _add(data, f"XLAT{suffix}", flat, places.latitude, "degree_north", "LATITUDE, SOUTH IS NEGATIVE")
        _add(data, f"XLONG{suffix}", flat, places.longitude, "degree_east", "LONGITUDE, WEST IS NEGATIVE")
        factor = _map_factor(places.latitude, cone, float(words["lat_1"]))
        _add(data, f"MAPFAC{suffix or '_M'}", flat, factor, "", "Map scale factor")
    turn = cone * np.radians(float(words["lon_0"]) - here.longitude)
    _add(data, "SINALPHA", ("Time", *_MASS[2:]), np.sin(turn), "", "Local sine of map rotation")
    _add(data, "COSALPHA", ("Time", *_MASS[2:]), np.cos(turn), "", "Local cosine of map rotation")
    _add(data, "ZNU", ("Time", "bottom_top"), znu, "", "eta values on half (mass) levels")
    _add(data, "ZNW", ("Time", "bottom_top_stag"), znw, "", "eta values on full (w) levels", "Z")
    _add(data, "P_TOP", ("Time",), np.array(_TOP_PA), "Pa", "PRESSURE TOP OF THE MODEL")
    _add(data, "XTIME", ("Time",), np.array((t - run.start) / 60.0), "minutes", "minutes since the start of the run")
    data["Times"] = (("Time",), np.array([_text(run, t)], dtype="S19"))
    data["Times"].encoding["char_dim_name"] = "DateStrLen"
    return data.assign_attrs(_attributes(run, grid, here, words, levels))


def _columns(data: xr.Dataset, here: "Places", znw: Array, znu: Array, t: float) -> None:
    """What stands on mass levels, and w and geopotential between them."""
    from nowcast.sim.model import base_state, potential

    column, base = here.pressure_of(here.ground) - _TOP_PA, base_state(here.ground) - _TOP_PA
    stag = ("Time", "bottom_top_stag", *_MASS[2:])
    names = {"T": "potential temperature less 300 K", "QVAPOR": "Water vapor mixing ratio"}
    levels: dict[str, list[Array]] = {name: [] for name in ("T", "QVAPOR", "QRAIN", "QSNOW", "QGRAUP", "REFL_10CM")}
    for eta in znu:
        pressure = eta * column + _TOP_PA
        fields = here.fields(here.height_of(pressure), t)
        levels["T"].append(potential(fields["temperature"], pressure) - 300.0)
        levels["QVAPOR"].append(fields["humidity"] / (1.0 - fields["humidity"]))
        for name, own in (("QRAIN", "rain"), ("QSNOW", "snow"), ("QGRAUP", "graupel"), ("REFL_10CM", "DBZH")):
            levels[name].append(fields[own])
    units = {"T": "K", "REFL_10CM": "dBZ"}
    for name, values in levels.items():
        _add(data, name, _MASS, np.stack(values), units.get(name, "kg kg-1"), names.get(name, name))
    heights = np.stack([here.height_of(eta * column + _TOP_PA) for eta in znw])
    rising = np.stack([here.fields(height, t)["w"] for height in heights])
    _add(data, "W", stag, rising, "m s-1", "z-wind component", "Z")
    full, half = (eta[:, None, None] * base + _TOP_PA for eta in (znw, znu))
    # The base state is hydrostatic between levels, with the specific volume in their middle.
    volume = R_DRY * np.maximum(290.0 + 50.0 * np.log(half / 1e5), 200.0) / half
    layers = np.cumsum(volume * (full[:-1] - full[1:]), axis=0)
    resting = G * here.ground + np.concatenate([np.zeros_like(layers[:1]), layers])
    _add(data, "PHB", stag, resting, "m2 s-2", "base-state geopotential", "Z")
    _add(data, "PH", stag, G * heights - resting, "m2 s-2", "perturbation geopotential", "Z")
    _add(data, "PB", _MASS, half, "Pa", "BASE STATE PRESSURE")
    _add(data, "P", _MASS, znu[:, None, None] * column + _TOP_PA - half, "Pa", "perturbation pressure")
    _add(data, "MUB", ("Time", *_MASS[2:]), base, "Pa", "base state dry air mass in column")
    _add(data, "MU", ("Time", *_MASS[2:]), column - base, "Pa", "perturbation dry air mass in column")


def _ground(data: xr.Dataset, here: "Places", t: float) -> None:
    flat = ("Time", *_MASS[2:])
    near, low = here.fields(here.ground + 10.0, t), here.fields(here.ground + 2.0, t)
    _add(data, "HGT", flat, here.ground, "m", "Terrain Height")
    _add(data, "PSFC", flat, here.pressure_of(here.ground), "Pa", "SFC PRESSURE")
    _add(data, "U10", flat, near["u"], "m s-1", "U at 10 M")
    _add(data, "V10", flat, near["v"], "m s-1", "V at 10 M")
    _add(data, "T2", flat, low["temperature"], "K", "TEMP at 2 M")
    _add(data, "Q2", flat, low["humidity"] / (1.0 - low["humidity"]), "kg kg-1", "QV at 2 M")
    _add(data, "RAINNC", flat, here.rain(t), "mm", "ACCUMULATED TOTAL GRID SCALE PRECIPITATION")


def _add(data: xr.Dataset, name: str, dims: Any, values: Array, units: str, text: str, stagger: str = "") -> None:
    order = "XYZ" if "bottom_top" in dims or "bottom_top_stag" in dims else "XY "
    attributes = {"FieldType": np.int32(104), "MemoryOrder": order, "description": text, "units": units}
    data[name] = (tuple(dims), values[None].astype(np.float32), attributes | {"stagger": stagger})


def _cone(words: dict[str, str]) -> float:
    """How fast meridians converge: n of Snyder (1987), equation 15-3."""
    first, second = (np.radians(float(words[name])) for name in ("lat_1", "lat_2"))
    tangents = np.tan(np.pi / 4 - first / 2) / np.tan(np.pi / 4 - second / 2)
    return float(np.log(np.cos(first) / np.cos(second)) / np.log(tangents))


def _map_factor(latitude: Array, cone: float, true: float) -> Array:
    """Distance on the map over that on the earth (Snyder 1987, equation 15-4)."""
    phi, first = np.radians(latitude), np.radians(true)
    shrink = np.tan(np.pi / 4 - phi / 2) / np.tan(np.pi / 4 - first / 2)
    return np.asarray(np.cos(first) / np.cos(phi) * shrink**cone)


def _text(run: "Run", t: float) -> str:
    return str(run.storm.time(t).astype("datetime64[s]")).replace("T", "_")


def _attributes(run: "Run", grid: Grid, here: "Places", words: dict[str, str], levels: int) -> dict[str, Any]:
    middle = (grid.ny - 1) // 2, (grid.nx - 1) // 2
    return {
        "TITLE": " OUTPUT FROM NOWCAST.SIM IN THE LAYOUT OF WRF",
        "START_DATE": _text(run, run.start),
        "SIMULATION_START_DATE": _text(run, run.start),
        "WEST-EAST_GRID_DIMENSION": np.int32(grid.nx + 1),
        "SOUTH-NORTH_GRID_DIMENSION": np.int32(grid.ny + 1),
        "BOTTOM-TOP_GRID_DIMENSION": np.int32(levels + 1),
        "DX": np.float32(grid.dx),
        "DY": np.float32(grid.dy),
        "MAP_PROJ": np.int32(1),
        "MAP_PROJ_CHAR": "Lambert Conformal",
        "TRUELAT1": np.float32(words["lat_1"]),
        "TRUELAT2": np.float32(words["lat_2"]),
        "STAND_LON": np.float32(words["lon_0"]),
        "MOAD_CEN_LAT": np.float32(words["lat_0"]),
        "CEN_LAT": np.float32(here.latitude[middle]),
        "CEN_LON": np.float32(here.longitude[middle]),
        "GRIDTYPE": "C",
        "HYBRID_OPT": np.int32(0),
    }
