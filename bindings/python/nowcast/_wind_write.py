"""The low-level wind on other grids, and in files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib, _netcdf
from nowcast._lib import lib
from nowcast._wind_level import Array, height_coordinate, names_of
from nowcast._writer import Writer
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid, ascending, resample

_PAIRS = (
    ("u", "v"), ("shear_u", "shear_v"), ("mean_u", "mean_v"), ("right_u", "right_v"), ("left_u", "left_v"),
    ("jet_u", "jet_v"),
)  # fmt: skip
"""Variables that are the components of one vector along x and y."""

_GRIB = {"u": "0-2-2", "v": "0-2-3", "w": "0-2-9", "gust": "0-2-22"}
"""What is written to GRIB, and its parameter."""


def to_grid(fields: xr.Dataset, grid: Grid) -> xr.Dataset:
    """Bring wind to another grid, of any projection: components come to lie along its x and y.

    Parameters
    ----------
    fields : (..., y, x) Dataset
        Such as ``low_level`` gives: of ``u`` and ``v``, ``shear_u`` and ``shear_v`` and so on both are turned; all else
        is brought over as it is.
    grid : Grid
        Without levels.

    Returns
    -------
    (..., y, x) Dataset on the grid; NaN outside of that of fields.
    """
    made: dict[str, Any] = {}
    done: set[str] = set()
    for pair in _PAIRS:
        if pair[0] in fields and pair[1] in fields:
            east, north = turned(fields[pair[0]], fields[pair[1]], to_true=True)
            made |= dict(zip(pair, turned(resample(east, grid), resample(north, grid), to_true=False), strict=True))
            done |= set(pair)
    for name, field in fields.data_vars.items():
        if str(name) in done:
            continue
        flat = field.dims[-2:] == ("y", "x")
        made[str(name)] = resample(field, grid) if flat else field.variable
    kept = {
        name: value.variable
        for name, value in fields.coords.items()
        if not {"y", "x"} & set(value.dims) and name != "crs"
    }
    result = xr.Dataset({str(name): made[str(name)] for name in fields.data_vars}, attrs=fields.attrs)
    about = names_of(grid)
    for name in ("u", "v"):
        if name in result:
            result[name].attrs["standard_name"] = about[name]["standard_name"]
    return result.assign_coords(kept)


def to_true(fields: xr.Dataset) -> xr.Dataset:
    """The wind towards true east and north, of one that lies along the axes of its grid.

    Parameters
    ----------
    fields : (..., y, x) Dataset of ``u`` and ``v``, m s-1

    Returns
    -------
    (..., y, x) Dataset of ``eastward_wind`` and ``northward_wind`` on the same grid, and all else of fields as it was.
    """
    missing = [name for name in ("u", "v") if name not in fields]
    if missing:
        raise ArgumentError(f"fields: u and v expected, {', '.join(missing)} missing")
    east, north = turned(fields["u"], fields["v"], to_true=True)
    made = fields.drop_vars(["u", "v"])
    for name, field, text in (("eastward_wind", east, "east"), ("northward_wind", north, "north")):
        made[name] = field.assign_attrs(standard_name=name, long_name=f"wind towards the true {text}")
    return made


def turned(u: xr.DataArray, v: xr.DataArray, *, to_true: bool) -> tuple[xr.DataArray, xr.DataArray]:
    """Wind along the grid's axes as eastward and northward, or back."""
    if u.dims[-2:] != ("y", "x") or v.dims != u.dims:
        raise ArgumentError(f"fields: components of dimensions (..., y, x) expected, {u.dims} and {v.dims} given")
    grid = Grid.of(u)
    given = [ascending(part, _field.as_float32(part.values)) for part in (u, v)]
    made: list[Array] = [np.empty(u.shape, dtype=np.float32) for _ in range(2)]
    for place in np.ndindex(u.shape[:-2]):
        fields = [_field.Fields([part[place]], "m s-1", grid) for part in (*given, *made)]
        with _lib.call() as ctx:
            _lib.check(lib.nwc_grid_rotate_wind(ctx, fields[0].c, fields[1].c, int(to_true), fields[2].c, fields[3].c))
    east, north = (part.copy(data=ascending(part, cells)) for part, cells in zip((u, v), made, strict=True))
    return east, north


def towards_north(
    u: npt.NDArray[Any], v: npt.NDArray[Any], grid: Grid, place: tuple[float, float]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Wind along the grid's axes at a place, (longitude, latitude), as eastward and northward."""
    x, y = grid.from_lonlat(*place)
    one = Grid(grid.projection, 1, 1, float(x), float(y), grid.dx, grid.dy)
    cells = [np.full((1, 1), value, dtype=np.float32) for value in (1.0, 0.0, 0.0, 0.0)]
    fields = [_field.Fields([cell], "m s-1", one) for cell in cells]
    with _lib.call() as ctx:
        _lib.check(lib.nwc_grid_rotate_wind(ctx, fields[0].c, fields[1].c, 1, fields[2].c, fields[3].c))
    cosine, sine = float(cells[2][0, 0]), float(cells[3][0, 0])
    u, v = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
    return u * cosine - v * sine, u * sine + v * cosine


def write(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write wind in space or on levels, or the whole product, in the format its name ends in; whole or not at all.

    ``.nc`` is CF netCDF-4 with all that data hold; heights are above the ground, and lead times in minutes. ``.grib2``
    is GRIB 2, packed in 16 bits: ``u``, ``v``, ``w`` and ``gust``, of every time and height, components along the
    grid's axes. Levels are heights above the ground (type of surface 103), those of a wind in space above mean sea
    level (102). GRIB has latitude-longitude, Lambert, polar stereographic and Mercator grids only: ``to_grid`` brings
    wind to one.

    Raises
    ------
    UnsupportedError : another ending, or a grid that GRIB does not have.
    FileError : the system refused.
    """
    suffix = Path(path).suffix
    if suffix == ".nc":
        _netcdf.write(data, path)
    elif suffix in (".grib2", ".grb2"):
        _write_grib(data, path)
    else:
        raise UnsupportedError(f"{path}: a name ending in .nc or .grib2 expected")


def _write_grib(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    names = [name for name in _GRIB if name in data and data[name].dims[-2:] == ("y", "x")]
    if not names:
        raise ArgumentError(f"data: one of {', '.join(_GRIB)} expected, none found")
    with Writer(path) as writer:
        for name in names:
            field = data[name].assign_attrs(quantity=_GRIB[name])
            if "time" not in field.coords:
                if "forecast_reference_time" not in data.coords:
                    raise ArgumentError(f"data: a coordinate time expected of {name}, none found")
                field = field.assign_coords(time=data["forecast_reference_time"].values)
            field = field if "time" in field.dims else field.expand_dims("time")
            for level in _levels(field):
                writer.add(level.transpose("time", "y", "x"))


def _levels(field: xr.DataArray) -> Iterator[xr.DataArray]:
    """A field level by level: at heights above mean sea level, above the ground, or at 10 m where it has neither."""
    if "z" in field.dims:
        for k in range(field.sizes["z"]):
            yield field.isel(z=k)
        return
    heights = np.atleast_1d(field.coords["height"].values if "height" in field.coords else 10.0)
    for k, height in enumerate(heights):
        level = field.isel(height=k) if "height" in field.dims else field
        yield level.assign_coords(height=((), height, height_coordinate([height])[2]))
