"""Fields as pictures for a map of the web: brought to Web Mercator cell by cell, and packed."""

import dataclasses
import functools
import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _draw
from nowcast.grid import Grid, ascending

_NORTHERNMOST = 85.0511  # of Web Mercator, degrees
_MOST_PIXELS = 1600
_FINER = 2.0  # pixels along a cell, so that its edges lie where they are
_UNKNOWN, _OFF = 0, 65535  # what a pixel of a cell that is not known is, and one of no cell


@dataclasses.dataclass(frozen=True)
class Frame:
    """A picture in Web Mercator: its corners in degrees, and which cell each pixel lies in."""

    west: float
    south: float
    east: float
    north: float
    cells: npt.NDArray[np.int64]
    """(row from the north, column): number of the cell in a field with its south row first; -1 off the grid"""

    @property
    def corners(self) -> list[list[float]]:
        """As Leaflet wants them."""
        return [[self.south, self.west], [self.north, self.east]]


@functools.lru_cache(maxsize=8)
def frame(grid: Grid) -> Frame:
    """The picture that covers a grid, each pixel being of the cell that its middle lies in."""
    lon, lat = _edge(grid)
    middle = float(lon[0])
    lon = middle + (lon - middle + 180.0) % 360.0 - 180.0
    west, east = float(lon.min()), float(lon.max())
    low, high = (float(mercator(np.clip(edge, -_NORTHERNMOST, _NORTHERNMOST))) for edge in (lat.min(), lat.max()))
    # Both sides in the plane of Web Mercator, in radians.
    wide, tall = np.radians(east - west), high - low
    cells_wide = max(grid.nx, round(grid.ny * wide / tall))
    nx = int(np.clip(round(_FINER * cells_wide), 8, _MOST_PIXELS))
    ny = int(np.clip(round(nx * tall / wide), 8, _MOST_PIXELS))
    columns = west + (np.arange(nx) + 0.5) * (east - west) / nx
    rows = latitude(high - (np.arange(ny) + 0.5) * tall / ny)
    return Frame(west, float(latitude(low)), east, float(latitude(high)), cell_of(grid, *np.meshgrid(columns, rows)))


def _edge(grid: Grid) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude of the outer edges of a grid, and of a net over it: a pole may lie amid it."""
    x = grid.x_first + grid.dx * np.linspace(-0.5, grid.nx - 0.5, 65)
    y = grid.y_first + grid.dy * np.linspace(-0.5, grid.ny - 0.5, 65)
    lon, lat = grid.to_lonlat(*np.meshgrid(x, y))
    known = np.isfinite(lon) & np.isfinite(lat)
    order = np.argsort(np.hypot(*np.meshgrid(np.arange(65) - 32, np.arange(65) - 32))[known], kind="stable")
    return lon[known][order], lat[known][order]


def cell_of(grid: Grid, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The number of the cell that places lie in, rows from the south; -1 off the grid."""
    x, y = grid.from_lonlat(lon, lat)
    if grid.is_latlon:
        x = x + 360.0 * np.round((grid.x_first + 0.5 * grid.dx * (grid.nx - 1) - x) / 360.0)
    with np.errstate(invalid="ignore"):
        i, j = np.rint((x - grid.x_first) / grid.dx), np.rint((y - grid.y_first) / grid.dy)
        inside = (i >= 0) & (i < grid.nx) & (j >= 0) & (j < grid.ny)
    return np.where(inside, np.where(inside, j, 0) * grid.nx + np.where(inside, i, 0), -1).astype(np.int64)


def mercator(lat: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Northing in Web Mercator, in radii of the Earth."""
    return np.asarray(np.arctanh(np.sin(np.radians(lat))), dtype=np.float64)


def latitude(northing: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The latitude of a northing, degrees."""
    return np.asarray(np.degrees(np.arctan(np.sinh(northing))), dtype=np.float64)


def packed(field: xr.DataArray) -> bytes:
    """A (y, x) field as gzipped bytes: the length of a heading of JSON, the heading, and 16 bits for each pixel.

    A pixel is 0 where nothing is known, 65535 off the grid, else 1 + (value - low) / step.
    """
    grid = Grid.of(field)
    place = frame(grid)
    values = ascending(field, np.asarray(field.values, dtype=np.float64)).ravel()
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    step = (high - low) / (_OFF - 2) or 1.0
    codes = np.where(np.isfinite(values), 1.0 + np.rint((np.nan_to_num(values) - low) / step), _UNKNOWN)
    pixels = np.append(codes, _OFF).astype("<u2")[place.cells]
    heading: dict[str, Any] = {"corners": place.corners, "height": pixels.shape[0], "width": pixels.shape[1]}
    text = json.dumps(heading | {"low": low, "step": step}).encode()
    text += b" " * (-len(text) % 4)
    return gzip.compress(len(text).to_bytes(4, "little") + text + pixels.tobytes(), 1, mtime=0)


# ---- colours ----

_PROBABILITY = (
    (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    "e3eef6 c9deed a5c8e1 79aed2 5192bf 3a78a8 4f5f9e 6d4a94 87327f 9c1a5f",
)
_SPEED = (
    (3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7),  # forces of Beaufort
    "dcebf0 b5dae0 82c3c4 4fa99b 63a85c b9bf4a e9b93f ec8a2f d9502b a5224a",
)
OWN = ("dBZ", "mm h-1", "mm", "1", "m s-1")
"""Units that have steps of their own."""

_EVEN = "2c2a6b 31518f 2c728e 20908d 28ae80 5ec962 addc30 fde725"


def colours(units: str, values: tuple[float, float]) -> dict[str, Any]:
    """The steps of a quantity and their colours; those below the first are not drawn where it is not the least.

    Reflectivity and rain have the colours of figures; what has none of its own gets even steps from least to greatest.
    """
    if units == "dBZ":
        first, names = _draw.REFLECTIVITY["cma"]
        steps = [first + 5.0 * k for k in range(len(names.split()))]
    elif units in ("mm h-1", "mm"):
        steps, names = list(_draw.RAIN_STEPS), _draw.RAIN
    elif units == "1":
        steps, names = list(_PROBABILITY[0]), _PROBABILITY[1]
    elif units == "m s-1":
        steps, names = list(_SPEED[0]), _SPEED[1]
    else:
        names = _EVEN
        low, high = values
        power = 10.0 ** np.floor(np.log10(max((high - low) / 8.0, 1e-9)))
        apart = next(power * k for k in (1.0, 2.0, 5.0, 10.0) if power * k * 8.0 >= high - low)
        start = np.floor(low / apart) * apart
        steps = [float(start + apart * (k + (start == 0.0))) for k in range(8)]
    return {"steps": steps, "colours": [f"#{name}" for name in names.split()]}
