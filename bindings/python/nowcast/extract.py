"""Values of fields where they are wanted: at points, along routes, in areas, as tables.

``points``, ``route`` and ``areas`` take any field with its grid, (..., y, x), a nowcast, an ensemble, a mosaic, a model
field, and give a DataFrame with a row for each place, time and member. ``summary`` makes one row of all members,
``begin`` tells when a threshold is reached and left. ``write`` puts a table into CSV, JSON or netCDF.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _field, _lib
from nowcast._files import replacing
from nowcast._forecast_times import onset
from nowcast._geojson import parts_of
from nowcast._lib import ffi, lib
from nowcast._points import Method, at_points
from nowcast._wind_alarm import Areas, read_areas
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid, ascending

__all__ = ["areas", "begin", "coverage", "points", "route", "summary", "write"]

SUFFIXES = (".csv", ".json", ".nc")
_EARTH = 6371000.0


def points(
    data: xr.DataArray,
    longitude: npt.ArrayLike,
    latitude: npt.ArrayLike,
    *,
    names: Sequence[str] | None = None,
    method: Method = "nearest",
) -> pd.DataFrame:
    """The values of a field at points.

    Parameters
    ----------
    data : (..., y, x) DataArray
        With its grid mapping.
    longitude, latitude : array of degrees, of one length
    names : sequence of str, optional
        Of the points; numbers from 1 when omitted.
    method : {"nearest", "bilinear"}
        The cell that holds a point, or between the four nearest centres of which at least half, by weight, are known;
        reflectivity is averaged as Z.

    Returns
    -------
    DataFrame with a row for each point and leading coordinate: ``place``, ``longitude``, ``latitude``, those
    coordinates and ``value``, NaN outside the grid and where not known.

    Raises
    ------
    ArgumentError : points, names or method are wrong, or there is no grid.
    """
    found = at_points(data, longitude, latitude, method)
    called = [str(k + 1) for k in range(found.sizes["point"])] if names is None else [str(name) for name in names]
    if len(called) != found.sizes["point"]:
        raise ArgumentError(f"names: {found.sizes['point']} expected, {len(called)} given")
    return _table(found.assign_coords(place=("point", called)), ("value",))


def route(
    data: xr.DataArray,
    longitude: npt.ArrayLike,
    latitude: npt.ArrayLike,
    times: Sequence[Any] | None = None,
    *,
    step: float | None = None,
    method: Method = "nearest",
) -> pd.DataFrame:
    """The values of a field along a route of straight legs.

    Parameters
    ----------
    data : (..., y, x) DataArray
        With its grid mapping.
    longitude, latitude : array of degrees, of one length
        Of its two or more way points.
    times : sequence, optional
        UTC when each way point is passed, not falling: values are then those of the time one is there, linear between
        the times of data; NaN before the first and after the last. Without, all times of data are given everywhere.
    step : float, optional
        m between the points asked for; half a cell when omitted.
    method
        As in ``points``.

    Returns
    -------
    DataFrame as ``points`` gives it, ``place`` being the number of the point, with ``distance``, m from the start.

    Raises
    ------
    ArgumentError : fewer than two way points, times of another number or falling, or a step that is not above 0.
    """
    lon, lat = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (longitude, latitude))
    if lon.shape != lat.shape or lon.ndim != 1 or lon.size < 2:
        raise ArgumentError(f"longitude, latitude: two or more way points expected, {lon.size} and {lat.size} given")
    if step is not None and not step > 0.0:
        raise ArgumentError(f"step: above 0 m expected, {step:g} given")
    legs = np.array([_distance(*pair) for pair in zip(lon[:-1], lat[:-1], lon[1:], lat[1:], strict=True)])
    passed = np.concatenate([[0.0], np.cumsum(legs)])
    spacing = step if step is not None else 0.5 * _cell_size(data)
    along = np.union1d(passed, np.arange(0.0, passed[-1], spacing))
    lon = np.unwrap(lon, period=360.0)
    on_way = np.interp(along, passed, lon), np.interp(along, passed, lat)
    found = at_points(data, *on_way, method).assign_coords(distance=("point", along, {"units": "m"}))
    found = found.assign_coords(place=("point", [str(k + 1) for k in range(along.size)]))
    if times is not None:
        there = pd.DatetimeIndex(pd.to_datetime(list(times), utc=True)).tz_localize(None).to_numpy("datetime64[ns]")
        if there.size != lon.size or (np.diff(there) < np.timedelta64(0)).any():
            raise ArgumentError(f"times: {lon.size} that do not fall expected, {there.size} given")
        found = _when_there(found, np.interp(along, passed, there.astype(np.int64).astype(np.float64)))
    return _table(found, ("value",))


def areas(
    data: xr.DataArray, where: Areas, thresholds: float | Sequence[float] = (), *, least_known: float = 0.5
) -> pd.DataFrame:
    """What a field amounts to in areas: each cell counts by the share of it that an area covers, exactly.

    Parameters
    ----------
    data : (..., y, x) DataArray
        With its grid mapping.
    where : GeoJSON, as text, a file of it, or what it means
        Polygons; they are called by their property ``name``, else their id or number.
    thresholds : float or sequence of float
        For the share of the area in which values are at or above each, as float32.
    least_known : float
        Of the area within the grid where values are known; below it all is NaN.

    Returns
    -------
    DataFrame with a row for each area and leading coordinate: ``place``, the coordinates, ``mean`` by area
    (reflectivity as Z), ``max`` of all cells touched, ``total`` (value times area, m2; of mm, in m3), ``known`` (the
    share of the area), and ``over_<threshold>`` for each.

    Raises
    ------
    ArgumentError : what is not an area, or there is no grid.
    """
    levels = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    own = Grid.of(data)
    cells = ascending(data.transpose(..., "y", "x"), data.transpose(..., "y", "x").values)
    named, units = read_areas(where), data.attrs.get("units", "")
    rows = [_in_area(own, cells, geometry, levels, units, least_known) for _, geometry in named]
    like = data.transpose(..., "y", "x").isel(y=0, x=0, drop=True).drop_vars("crs", errors="ignore")
    columns = ["mean", "max", "total", "known", *(f"over_{level:g}" for level in levels)]
    made = xr.Dataset(
        {name: (("point", *like.dims), np.stack([row[k] for row in rows])) for k, name in enumerate(columns)},
        dict(like.coords) | {"place": ("point", [name for name, _ in named])},
    )
    return _table(made, tuple(columns))


def coverage(grid: Grid, geometry: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    """The share of every cell of a grid, (y, x), that a Polygon or MultiPolygon of GeoJSON covers."""
    _, rings, holes = parts_of(geometry)
    places = np.array([place[:2] for ring in rings for place in ring], dtype=np.float64).reshape(-1, 2)
    lon, lat = (np.ascontiguousarray(column) for column in places.T)
    made = np.empty((grid.ny, grid.nx), dtype=np.float32)
    out = _field.Fields([made])
    counts = ffi.new("int64_t[]", [len(ring) for ring in rings])
    pointers = [ffi.cast("double *", column.ctypes.data) for column in (lon, lat)]
    with _lib.call() as ctx:
        plane = grid.to_c()
        _lib.check(
            lib.nwc_grid_coverage(ctx, plane[0], len(rings), counts, ffi.new("uint8_t[]", holes), *pointers, out.c)
        )
    return made


def summary(table: pd.DataFrame, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
    """One row of all members: their ``mean``, ``least`` and ``greatest`` value, and quantiles (``q10`` and so on).

    Parameters
    ----------
    table : DataFrame that ``points`` or ``route`` gives of an ensemble

    Raises
    ------
    ArgumentError : no members in it.
    """
    if "member" not in table or "value" not in table:
        raise ArgumentError("table: columns member and value expected")
    keys = [name for name in table.columns if name not in ("member", "value")]
    values = table.groupby(keys, sort=False, dropna=False)["value"]
    parts = {"mean": values.mean(), "least": values.min(), "greatest": values.max()}
    parts |= {f"q{100 * share:g}": values.quantile(share) for share in quantiles}
    return pd.DataFrame(parts).reset_index()


def begin(
    data: xr.DataArray,
    longitude: npt.ArrayLike,
    latitude: npt.ArrayLike,
    threshold: float,
    *,
    names: Sequence[str] | None = None,
    method: Method = "nearest",
    gap: float = 0.0,
) -> pd.DataFrame:
    """When a threshold is reached at points, and when no longer.

    Parameters
    ----------
    data : (..., time, y, x) DataArray
    threshold, gap
        As in ``nowcast.forecast.onset``.
    longitude, latitude, names, method
        As in ``points``.

    Returns
    -------
    DataFrame with a row for each point and member: ``onset`` and ``end``, minutes from the analysis or first time;
    infinite where it is not reached, or does not end.

    Raises
    ------
    ArgumentError : no times, or as in ``points``.
    """
    found = at_points(data, longitude, latitude, method)
    called = [str(k + 1) for k in range(found.sizes["point"])] if names is None else [str(name) for name in names]
    if len(called) != found.sizes["point"]:
        raise ArgumentError(f"names: {found.sizes['point']} expected, {len(called)} given")
    told = onset(found.assign_coords(place=("point", called)), threshold, gap=gap)
    return _table(told, ("onset", "end"))


def write(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table as .csv, .json (a list of rows) or .nc (a column a variable), whole or not at all.

    Raises
    ------
    UnsupportedError : another suffix.
    """
    suffix = check_suffix(path)
    with replacing(path) as beside:
        if suffix == ".csv":
            table.to_csv(beside, index=False, float_format="%.9g", date_format="%Y-%m-%dT%H:%M:%SZ")
        elif suffix == ".json":
            Path(beside).write_text(json.dumps(rows_of(table)), encoding="utf-8")
        else:
            table.rename_axis("row").to_xarray().drop_vars("row").to_netcdf(beside)


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON has them: times as text, null for what is not known or has no end."""

    def plain(value: Any) -> Any:
        if isinstance(value, pd.Timestamp):
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(value, float):
            return float(f"{value:.9g}") if math.isfinite(value) else None
        return value

    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a name that ``write`` takes."""
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise UnsupportedError(f"{path}: a name ending in {', '.join(SUFFIXES)} expected")
    return suffix


# ---- tables, distances and shares ----


def _table(found: xr.DataArray | xr.Dataset, columns: tuple[str, ...]) -> pd.DataFrame:
    """A row for each place and leading coordinate; lead times in minutes."""
    data = found if isinstance(found, xr.Dataset) else found.to_dataset(name="value")
    texts = [name for name in data.coords if data[name].dtype.kind == "O" and name != "place"]
    data = data.drop_vars(["crs", *texts], errors="ignore")
    table = data.to_dataframe(dim_order=["point", *(name for name in data.dims if name != "point")]).reset_index()
    if "lead_time" in table:
        table["lead_time"] = pd.to_timedelta(table["lead_time"]).dt.total_seconds() / 60.0
        table = table.rename(columns={"lead_time": "lead_minutes"})
    order = ("place", "longitude", "latitude", "distance", "time", "lead_minutes", "member")
    first = [name for name in order if name in table]
    others = [name for name in table.columns if name not in (*first, *columns, "point")]
    return table[[*first, *others, *columns]]


def _when_there(found: xr.DataArray, nanoseconds: npt.NDArray[np.float64]) -> xr.DataArray:
    """Of each point the value at its own time, linear between the times of found; the others are dropped."""
    if "time" not in found.dims:
        raise ArgumentError(f"data: a dimension time expected, {found.dims} given")
    seen = found["time"].values.astype("datetime64[ns]").astype(np.int64).astype(np.float64)
    ordered = found.transpose(..., "point", "time")
    after = np.clip(np.searchsorted(seen, nanoseconds, side="left"), 1 if seen.size > 1 else 0, seen.size - 1)
    before = np.maximum(after - 1, 0)
    span = seen[after] - seen[before]
    share = np.divide(nanoseconds - seen[before], span, out=np.zeros_like(span), where=span > 0)
    outside = (nanoseconds < seen[0]) | (nanoseconds > seen[-1])
    at = np.arange(nanoseconds.size)
    earlier, later = ordered.values[..., at, before], ordered.values[..., at, after]
    values = np.where(share == 0.0, earlier, np.where(share == 1.0, later, earlier + share * (later - earlier)))
    like = ordered.isel(time=0, drop=True).drop_vars("lead_time", errors="ignore")
    made = like.copy(data=np.where(outside, np.nan, values))
    return made.assign_coords(time=("point", nanoseconds.astype(np.int64).astype("datetime64[ns]")))


def _distance(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    """m over a spherical earth (haversine)."""
    a, b, c, d = (math.radians(part) for part in (lon0, lat0, lon1, lat1))
    half = math.sin((d - b) / 2) ** 2 + math.cos(b) * math.cos(d) * math.sin((c - a) / 2) ** 2
    return 2.0 * _EARTH * math.asin(min(1.0, math.sqrt(half)))


def _cell_size(data: xr.DataArray) -> float:
    """m, of the shorter side of the cell in the middle of the grid."""
    own = Grid.of(data)
    x, y = own.x_first + own.dx * (own.nx // 2), own.y_first + own.dy * (own.ny // 2)
    lon, lat = own.to_lonlat([x, x + own.dx, x], [y, y, y + own.dy])
    return min(_distance(lon[0], lat[0], lon[k], lat[k]) for k in (1, 2))


def _in_area(
    own: Grid,
    cells: npt.NDArray[Any],
    geometry: Mapping[str, Any],
    levels: npt.NDArray[np.float64],
    units: str,
    least_known: float,
) -> list[npt.NDArray[np.float64]]:
    """In an area: mean, greatest, total, known share and shares over levels, each of the leading shape of cells."""
    share = coverage(own, geometry)
    j, i = np.nonzero(share)
    if j.size == 0:
        nothing = np.full(cells.shape[:-2], np.nan)
        return [nothing, nothing, nothing, np.zeros(cells.shape[:-2]), *(nothing for _ in levels)]
    ground = share[j, i].astype(np.float64) * _areas_of(own, j, i)
    values = cells[..., j, i].astype(np.float64)
    known = np.isfinite(values)
    weight = np.where(known, ground, 0.0)
    sums = weight.sum(-1)
    enough = sums >= least_known * ground.sum()
    amount = np.where(known, 10.0 ** (values / 10.0) if units == "dBZ" else values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * amount).sum(-1) / sums
        over = [(weight * (values.astype(np.float32) >= np.float32(level))).sum(-1) / sums for level in levels]
        mean = 10.0 * np.log10(mean) if units == "dBZ" else mean
    total = mean * ground.sum() * (1e-3 if units == "mm" else 1.0)
    greatest = np.where(known, values, -np.inf).max(-1)
    made = [np.where(enough & (sums > 0.0), part, np.nan) for part in (mean, greatest, total, *over)]
    return [*made[:3], sums / ground.sum(), *made[3:]]


def _areas_of(own: Grid, j: npt.NDArray[Any], i: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """m2 of cells over a spherical earth, by the lines between the middles of their sides."""
    x, y = own.x_first + own.dx * i, own.y_first + own.dy * j
    half_x, half_y = own.dx / 2, own.dy / 2
    lon, lat = own.to_lonlat(np.stack([x - half_x, x + half_x, x, x]), np.stack([y, y, y - half_y, y + half_y]))
    turn = np.remainder(np.stack([lon[1] - lon[0], lon[3] - lon[2]]) + 180.0, 360.0) - 180.0
    east = np.radians(turn) * np.cos(np.radians(lat.mean(0)))
    north = np.radians(np.stack([lat[1] - lat[0], lat[3] - lat[2]]))
    made: npt.NDArray[np.float64] = _EARTH**2 * np.abs(east[0] * north[1] - east[1] * north[0])
    return made
