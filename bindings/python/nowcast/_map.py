"""Coasts, borders and the graticule in the plane of a grid, cut to what is looked at."""

import functools
import importlib.resources
from typing import Any

import numpy as np
import numpy.typing as npt

from nowcast.grid import Grid

Points = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""west, east, south, north edges in the plane of a grid"""

_DENSE_DEG = 0.5
_METRES_PER_DEGREE = 111e3
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


def box(grid: Grid) -> Box:
    """The outer edges of a grid's cells; not beyond the poles."""
    west, south = grid.x_first - 0.5 * grid.dx, grid.y_first - 0.5 * grid.dy
    east, north = west + grid.nx * grid.dx, south + grid.ny * grid.dy
    return (west, east, max(south, -90.0), min(north, 90.0)) if grid.is_latlon else (west, east, south, north)


@functools.cache
def _carried(name: str) -> Points:
    """The "coasts" or "borders" of the data file as (point, 2) degrees, NaN between lines."""
    file = importlib.resources.files("nowcast") / "data" / "coastlines.npz"
    with file.open("rb") as stream, np.load(stream) as data:
        points, start = data[name] / 100.0, data[f"{name}_start"]
    return np.insert(points, start[1:-1], np.nan, axis=0)


def _dense(line: Points) -> Points:
    """The same lines with points at most half a degree apart: a straight edge in degrees bends in the plane."""
    step = np.abs(np.diff(line, axis=0)).max(axis=1)
    count = np.ceil(np.nan_to_num(step, nan=0.0) / _DENSE_DEG).astype(int)
    parts = [line[:1]]
    last = 0
    for edge in np.flatnonzero(count > 1):
        parts += [line[last + 1 : edge + 1], np.linspace(line[edge], line[edge + 1], count[edge] + 1)[1:-1]]
        last = int(edge)
    return np.concatenate([*parts, line[last + 1 :]])


def _near(grid: Grid, line: Points) -> npt.NDArray[np.bool_]:
    """Points not farther from the grid's centre than its own farthest edge, and some: beyond, a projection may fold."""
    lon, lat = _sampled(grid, 9)
    if not np.isfinite(lon[4, 4]):
        return np.ones(len(line), dtype=np.bool_)
    reach = _angle(lon[4, 4], lat[4, 4], lon, lat)
    return _angle(lon[4, 4], lat[4, 4], line[:, 0], line[:, 1]) <= 1.1 * np.nanmax(reach) + 2.0


def _angle(lon0: float, lat0: float, lon: Points, lat: Points) -> Points:
    """Degrees of arc from one place to others."""
    a, b, c = np.radians(lat0), np.radians(lat), np.radians(lon - lon0)
    cosine = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(c)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _sampled(grid: Grid, n: int) -> tuple[Points, Points]:
    """Longitude and latitude of n x n points from edge to edge of the grid."""
    west, east, south, north = box(grid)
    dx, dy = (east - west) / (n - 1), (north - south) / (n - 1)
    return Grid(grid.projection, n, n, west, south, dx, dy).lonlat()


def lines(grid: Grid, line: Points) -> tuple[Points, Points]:
    """Lines of (point, 2) degrees, NaN between them, as x and y in the plane of a grid: what passes near its box."""
    line = _dense(line)
    if not grid.is_latlon:
        line = np.where(_near(grid, line)[:, None], line, np.nan)
    x, y = grid.from_lonlat(line[:, 0], line[:, 1])
    west, east, south, north = box(grid)
    if grid.is_latlon:
        middle = 0.5 * (west + east)
        x = middle + (x - middle + 180.0) % 360.0 - 180.0
    dx, dy = np.diff(x), np.diff(y)
    length = np.hypot(dx, dy) if grid.is_latlon else np.hypot(dx, dy) / _METRES_PER_DEGREE
    arc = np.hypot(*np.diff(line, axis=0).T)
    inside = (np.fmax(x[1:], x[:-1]) >= west) & (np.fmin(x[1:], x[:-1]) <= east)
    inside &= (np.fmax(y[1:], y[:-1]) >= south) & (np.fmin(y[1:], y[:-1]) <= north)
    # An edge that is very much longer in the plane than on the ground jumps across the projection's seam.
    inside &= length <= 20.0 * np.maximum(arc, 0.01)
    # Keep the edges inside; a NaN stands where the next edge is not one.
    keep = np.r_[inside, False] | np.r_[False, inside]
    broken = np.r_[~inside, True] & keep
    x, y = np.repeat(x, 1 + broken), np.repeat(y, 1 + broken)
    ends = np.flatnonzero(broken) + np.arange(1, 1 + broken.sum())
    x[ends] = y[ends] = np.nan
    keep = np.repeat(keep, 1 + broken)
    return x[keep], y[keep]


def carried(grid: Grid, name: str) -> tuple[Points, Points]:
    """The "coasts" or "borders" the package carries, as ``lines`` gives them."""
    return lines(grid, _carried(name))


def graticule(grid: Grid) -> dict[str, Any]:
    """Meridians and parallels at round degrees across a grid, and where they meet its southern and western edges.

    ``line`` is x, y; ``x`` and ``y`` are lists of (place along the edge, label).
    """
    lon, lat = _sampled(grid, 33)
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        return {"line": (np.empty(0), np.empty(0)), "x": [], "y": []}
    middle = lon[known][known.sum() // 2]
    lon = middle + (lon - middle + 180.0) % 360.0 - 180.0
    meridians, parallels = _round(np.nanmin(lon), np.nanmax(lon)), _round(np.nanmin(lat), np.nanmax(lat))
    south, north = max(np.nanmin(lat) - 1.0, -90.0), min(np.nanmax(lat) + 1.0, 90.0)
    west, east = np.nanmin(lon) - 1.0, np.nanmax(lon) + 1.0
    gap = np.full((1, 2), np.nan)
    pieces = [gap]
    for degree in meridians:
        pieces += [np.array([[degree, south], [degree, north]]), gap]
    for degree in parallels:
        pieces += [np.array([[west, degree], [east, degree]]), gap]
    left, right, bottom, top = box(grid)
    xs, ys = np.linspace(left, right, 33), np.linspace(bottom, top, 33)
    return {
        "line": lines(grid, np.concatenate(pieces)),
        "x": _apart([(at, _label(d, "E", "W")) for d in meridians for at in _crossings(xs, lon[0], d)], right - left),
        "y": _apart(
            [(at, _label(d, "N", "S")) for d in parallels for at in _crossings(ys, lat[:, 0], d)], top - bottom
        ),
    }


def _round(low: float, high: float) -> list[float]:
    """Three to eight round degrees between two values."""
    step = next((s for s in _STEPS if (high - low) / s <= 8.0), 60.0)
    return [round(step * k, 3) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _crossings(place: Points, value: Points, level: float) -> list[float]:
    """Where a sampled curve takes a value, between its samples by straight lines."""
    a, b = value[:-1] - level, value[1:] - level
    found = []
    for k in np.flatnonzero((a * b < 0.0) | (a == 0.0)):
        share = a[k] / (a[k] - b[k]) if a[k] != b[k] else 0.0
        if abs(a[k] - b[k]) < 180.0:
            found.append(float(place[k] + share * (place[k + 1] - place[k])))
    return found


def _apart(labels: list[tuple[float, str]], length: float) -> list[tuple[float, str]]:
    """The labels along an edge, without those too near to the one before."""
    kept: list[tuple[float, str]] = []
    for at, text in sorted(labels):
        if not kept or at - kept[-1][0] >= 0.08 * length:
            kept.append((at, text))
    return kept


def _label(degree: float, positive: str, negative: str) -> str:
    degree = (degree + 180.0) % 360.0 - 180.0
    side = "" if degree in (0.0, -180.0) else positive if degree > 0.0 else negative
    return f"{abs(degree):g}°{side}"
