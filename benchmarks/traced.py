"""Beam blockage by brute force: rays side by side within a beam, each followed until it meets the ground."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import radar
from nowcast.grid import Grid

Array = npt.NDArray[np.float64]


def hidden(
    beam: radar.Beam, ground: xr.DataArray, azimuth: float, elevation: float, edges: Array, step: float
) -> Array:
    """The share of 250 rays within a beam of a degree that have met the ground up to each of the ranges ``edges``.

    Rays are followed from 1 km on in steps of ``step`` metres; ``ground`` is on a grid around the radar.
    """
    grid, cells = Grid.of(ground), ground.values
    side = np.linspace(-0.97, 0.97, 18)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    x, y = x[x**2 + y**2 <= 1.0], y[x**2 + y**2 <= 1.0]
    fine = np.arange(1000.0, edges[-1], step)
    met = np.zeros((x.size, fine.size), bool)
    for ray in range(x.size):
        height, along = beam.path(elevation + 0.5 * y[ray], fine)
        turn = np.deg2rad(azimuth + 0.5 * x[ray] / np.cos(np.deg2rad(elevation)))
        i = (along * np.sin(turn) - grid.x_first) / grid.dx
        j = (along * np.cos(turn) - grid.y_first) / grid.dy
        west, south = i.astype(int), j.astype(int)
        a, b = i - west, j - south
        low = (1 - a) * cells[south, west] + a * cells[south, west + 1]
        high = (1 - a) * cells[south + 1, west] + a * cells[south + 1, west + 1]
        met[ray] = np.maximum.accumulate((1 - b) * low + b * high > height)
    share: Array = met.mean(axis=0)[np.clip(np.searchsorted(fine, edges) - 1, 0, None)]
    return share
