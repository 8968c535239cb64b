"""What is at a place, along a line and above it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast.desk._server_image import cell_of
from nowcast.desk._server_view import number
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

_POINTS = 200
_RADIUS_KM = 6371.0

Place = tuple[float, float]


def place_of(given: dict[str, Any], which: str) -> Place:
    """Longitude and latitude that a page sends."""
    return number(given, f"lon{which}", -360.0, 360.0), number(given, f"lat{which}", -90.0, 90.0)


def at(fields: Sequence[xr.DataArray], place: Place) -> list[float]:
    """The values of (y, x) fields of the cell that a place lies in; NaN off the grid."""
    return [float(_values(field, *([one] for one in place))[0]) for field in fields]


def _values(field: xr.DataArray, lon: Any, lat: Any) -> npt.NDArray[np.float64]:
    cells = cell_of(Grid.of(field), lon, lat)
    flat = np.append(ascending(field, np.asarray(field.values, dtype=np.float64)).ravel(), np.nan)
    return np.asarray(flat[cells], dtype=np.float64)


def along(fields: Sequence[xr.DataArray], ends: tuple[Place, Place]) -> dict[str, Any]:
    """The values of fields along the great circle from one place to another, and the km to each point."""
    lon, lat, km = _circle(*ends)
    return {
        "km": km.tolist(),
        "raw": _values(fields[0], lon, lat).tolist(),
        "corrected": _values(fields[1], lon, lat).tolist(),
    }


def aloft(folder: Path, ends: tuple[Place, Place]) -> dict[str, Any]:
    """The speed of the wind above the line, m s-1, (height, point); nothing where the cycle has none."""
    path = folder / "wind.nc"
    if not path.is_file():
        return {}
    lon, lat, _ = _circle(*ends)
    with xr.open_dataset(path, decode_coords="all") as data:
        space = data[["u", "v", "w"]].load()
    for dim in [d for d in space.dims if d not in ("z", "y", "x")]:
        space = space.isel({dim: 0})
    space = space.transpose("z", "y", "x")
    rows = [
        np.hypot(_values(space["u"].isel(z=k), lon, lat), _values(space["v"].isel(z=k), lon, lat))
        for k in range(space.sizes["z"])
    ]
    up = [_values(space["w"].isel(z=k), lon, lat).tolist() for k in range(space.sizes["z"])]
    return {"heights": space["z"].values.tolist(), "speed": [row.tolist() for row in rows], "up": up}


def _circle(start: Place, end: Place) -> tuple[npt.NDArray[np.float64], ...]:
    """Longitude, latitude and km of points on the great circle."""
    first, last = (_vector(place) for place in (start, end))
    angle = float(np.arctan2(np.linalg.norm(np.cross(first, last)), first @ last))
    if not 1e-7 < angle < 3.1:
        raise ArgumentError("section: two places apart expected")
    share = np.linspace(0.0, 1.0, _POINTS)
    points = (np.outer(np.sin((1.0 - share) * angle), first) + np.outer(np.sin(share * angle), last)) / np.sin(angle)
    lon, lat = np.degrees(np.arctan2(points[:, 1], points[:, 0])), np.degrees(np.arcsin(np.clip(points[:, 2], -1, 1)))
    return lon, lat, share * angle * _RADIUS_KM


def _vector(place: Place) -> npt.NDArray[np.float64]:
    lon, lat = np.radians(place)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
