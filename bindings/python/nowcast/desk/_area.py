"""Areas of edits: GeoJSON that is checked, and the weight of every cell of a grid in one."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nowcast import _field, _lib
from nowcast._geojson import parts_of
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

_DEPTH = {"LineString": 1, "Polygon": 2, "MultiPolygon": 3}
MAX_POINTS = int(lib.NWC_DESK_MAX_POINTS)


def checked(area: Any) -> dict[str, Any]:
    """A Polygon, MultiPolygon or LineString as plain lists of longitude and latitude; ValueError: it is none."""
    if not isinstance(area, Mapping):
        raise ValueError(f"a geometry of GeoJSON expected, {type(area).__name__} given")
    kind = area.get("type")
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise ValueError(f"type: one of {', '.join(_DEPTH)} expected")
    left = [MAX_POINTS]
    made = {"type": kind, "coordinates": _plain(area.get("coordinates"), _DEPTH[kind], "coordinates", left)}
    kept: list[Any] = []
    struct = _to_c(made, 1.0, 0.0, kept)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_desk_check_area(ctx, struct))
    return made


def _plain(given: Any, depth: int, place: str, left: list[int]) -> list[Any]:
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"{place}: a list that is not empty expected")
    if depth == 0:
        if not 2 <= len(given) <= 3 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in given):
            raise ValueError(f"{place}: longitude and latitude expected")
        if not all(-720.0 <= n <= 720.0 and math.isfinite(n) for n in given[:2]):
            raise ValueError(f"{place}: a place on the earth expected")
        left[0] -= 1
        return [float(given[0]), float(given[1])]
    if len(given) > left[0]:
        raise ValueError(f"{place}: at most {MAX_POINTS} points expected")
    return [_plain(part, depth - 1, f"{place}.{n}", left) for n, part in enumerate(given)]


def _to_c(area: Mapping[str, Any], width_m: float, feather_m: float, kept: list[Any]) -> Any:
    """An nwc_desk_area; what it points to is put into ``kept``, which must live as long."""
    shape, parts, holes = parts_of(area)
    points = np.array([place for part in parts for place in part], dtype=np.float64).reshape(-1, 2)
    columns = [np.ascontiguousarray(column) for column in points.T]
    counts, hole = ffi.new("int64_t[]", [len(part) for part in parts]), ffi.new("uint8_t[]", holes)
    struct = ffi.new("nwc_desk_area *")
    struct.shape, struct.n_parts, struct.part_points, struct.hole = shape, len(parts), counts, hole
    struct.longitude_deg, struct.latitude_deg = (ffi.cast("double *", column.ctypes.data) for column in columns)
    struct.width_m, struct.feather_m = width_m, feather_m
    kept += [columns, counts, hole, struct]
    return struct


def weight_of(
    grid: Grid, area: Mapping[str, Any] | None, feather_km: float, width_km: float | None
) -> npt.NDArray[np.float32]:
    """The weight of every cell, (y, x), 0 to 1; 1 everywhere without an area."""
    made = np.ones((grid.ny, grid.nx), dtype=np.float32)
    if area is None:
        return made
    rows, columns = _window(grid, area, feather_km + (width_km or 0.0))
    made[:] = 0.0
    if rows.start < rows.stop and columns.start < columns.stop:
        part = dataclasses.replace(
            grid,
            nx=columns.stop - columns.start,
            ny=rows.stop - rows.start,
            x_first=float(grid.x[columns.start]),
            y_first=float(grid.y[rows.start]),
        )
        made[rows, columns] = _weight_of(part, area, feather_km, width_km)
    return made


def _window(grid: Grid, area: Mapping[str, Any], reach_km: float) -> tuple[slice, slice]:
    """Rows and columns beyond which no cell is within reach of an area: those around the picture of its lon/lat box."""
    whole = slice(0, grid.ny), slice(0, grid.nx)
    _, parts, _ = parts_of(area)
    points = np.array([place for part in parts for place in part], dtype=np.float64).reshape(-1, 2)
    lon = points[0, 0] + (points[:, 0] - points[0, 0] + 180.0) % 360.0 - 180.0
    over, up = _degrees(min(float(np.abs(points[:, 1]).max()) + reach_km / 100.0, 89.0), reach_km, reach_km)
    west, east = float(lon.min()) - over, float(lon.max()) + over
    south, north = float(points[:, 1].min()) - up, float(points[:, 1].max()) + up
    if grid.is_latlon or east - west > 90.0 or max(abs(south), abs(north)) > 85.0:
        return whole
    s = np.linspace(0.0, 1.0, 33)
    sides = [(west + (east - west) * s, np.full(33, lat)) for lat in (south, north)]
    sides += [(np.full(33, lon), south + (north - south) * s) for lon in (west, east)]
    places = grid.from_lonlat(*(np.concatenate(part) for part in zip(*sides, strict=True)))
    found = []
    for at, first, step, n in zip(
        places, (grid.x_first, grid.y_first), (grid.dx, grid.dy), (grid.nx, grid.ny), strict=True
    ):
        cells = (at - first) / step
        if not np.isfinite(cells).all():
            return whole
        spare = 2.0 + 0.02 * float(np.ptp(cells))  # between points a side of the box is curved
        ends = np.clip([math.floor(cells.min() - spare), math.ceil(cells.max() + spare) + 1], 0, n)
        found.append(slice(int(ends[0]), int(ends[1])))
    return found[1], found[0]


def _weight_of(
    grid: Grid, area: Mapping[str, Any], feather_km: float, width_km: float | None
) -> npt.NDArray[np.float32]:
    made = np.empty((grid.ny, grid.nx), dtype=np.float32)
    out, kept = _field.Fields([made]), list[Any]()
    struct = _to_c(area, 1e3 * (width_km or 0.0), 1e3 * feather_km, kept)
    with _lib.call() as ctx:
        plane = grid.to_c()
        _lib.check(lib.nwc_desk_weight(ctx, plane[0], struct, out.c))
    return made


def middle_of(area: Mapping[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of the middle of an area's reach."""
    _, parts, _ = parts_of(area)
    points = np.array([place for part in parts for place in part], dtype=np.float64).reshape(-1, 2)
    lon = points[0, 0] + (points[:, 0] - points[0, 0] + 180.0) % 360.0 - 180.0
    return float(0.5 * (lon.min() + lon.max())), float(0.5 * (points[:, 1].min() + points[:, 1].max()))


def cells_to(grid: Grid, place: tuple[float, float], east_km: float, north_km: float) -> tuple[float, float]:
    """How many cells along y and x lead from a place to what lies so far east and north of it over the ground."""
    lon, lat = place
    east, north = _degrees(lat, east_km, north_km)
    x, y = grid.from_lonlat([lon, lon + east], [lat, lat + north])
    step = float((y[1] - y[0]) / grid.dy), float((x[1] - x[0]) / grid.dx)
    if not all(map(math.isfinite, step)):
        raise ArgumentError(f"area: a place within the grid's projection expected, {lon:g}, {lat:g} given")
    return step


def moved(area: Mapping[str, Any], east_km: float, north_km: float) -> dict[str, Any]:
    """An area elsewhere."""
    by = _degrees(middle_of(area)[1], east_km, north_km)

    def shifted(part: Sequence[Any]) -> list[Any]:
        if isinstance(part[0], int | float):
            return [float(part[0] + by[0]), float(part[1] + by[1])]
        return [shifted(one) for one in part]

    return {"type": area["type"], "coordinates": shifted(area["coordinates"])}


def _degrees(lat: float, east_km: float, north_km: float) -> tuple[float, float]:
    """Degrees of longitude and latitude that so many km are at a latitude."""
    degree = 6371.0 * math.pi / 180.0
    return east_km / (degree * max(math.cos(math.radians(lat)), 1e-6)), north_km / degree
