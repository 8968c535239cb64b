"""Ground that is not flat: made up of hills, and read between its cells."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast.errors import ArgumentError
from nowcast.grid import Grid

__all__ = ["height_at", "terrain"]

Array = npt.NDArray[np.float64]


def terrain(grid: Grid, *, seed: int = 1, hills: int = 40, highest: float = 800.0, sea: float = 0.3) -> xr.DataArray:
    """Hills and valleys: (y, x) heights above mean sea level, m; ``to_netcdf`` of xarray makes a file of them.

    Parameters
    ----------
    hills : how many round and drawn-out hills are laid over one another
    highest : of the result, m
    sea : part of the cells that is sea, at 0 m
    """
    if not (hills >= 1 and highest > 0 and 0 <= sea < 1):
        raise ArgumentError("hills at least 1, highest above 0, sea from 0 to below 1 expected")
    random = np.random.Generator(np.random.Philox(seed))
    x, y = np.meshgrid(np.linspace(-1.0, 1.0, grid.nx), np.linspace(-1.0, 1.0, grid.ny))
    height = np.zeros(x.shape)
    for _ in range(hills):
        at_x, at_y = random.uniform(-1.2, 1.2, 2)
        size, aspect, turn = random.uniform(0.05, 0.35), random.uniform(0.3, 1.0), random.uniform(0.0, np.pi)
        along = (x - at_x) * np.cos(turn) + (y - at_y) * np.sin(turn)
        across = (y - at_y) * np.cos(turn) - (x - at_x) * np.sin(turn)
        height += random.uniform(0.2, 1.0) * np.exp(-((along / size) ** 2) - (across / (size * aspect)) ** 2)
    height = np.maximum(height - np.quantile(height, sea), 0.0)
    height *= highest / max(float(height.max()), 1e-12)
    attributes = {"units": "m", "standard_name": "surface_altitude", "long_name": "height of the ground"}
    attributes |= {"grid_mapping": "crs", "source": f"nowcast.sim.terrain, seed {seed}"}
    return xr.DataArray(height.astype(np.float32), grid.coords(), ("y", "x"), "height", attributes)


def height_at(heights: xr.DataArray, x: Array, y: Array) -> Array:
    """Heights read bilinearly at x, y of their own grid; 0 outside it."""
    grid, cells = Grid.of(heights), heights.values
    i, j = (x - grid.x_first) / grid.dx, (y - grid.y_first) / grid.dy
    inside = (i >= 0) & (i <= grid.nx - 1) & (j >= 0) & (j <= grid.ny - 1)
    i, j = np.where(inside, i, 0.0), np.where(inside, j, 0.0)
    west, south = np.floor(i).astype(int), np.floor(j).astype(int)
    east, north = np.minimum(west + 1, grid.nx - 1), np.minimum(south + 1, grid.ny - 1)
    a, b = i - west, j - south
    low = (1 - a) * cells[south, west] + a * cells[south, east]
    high = (1 - a) * cells[north, west] + a * cells[north, east]
    return np.asarray(np.where(inside, (1 - b) * low + b * high, 0.0), dtype=np.float64)
