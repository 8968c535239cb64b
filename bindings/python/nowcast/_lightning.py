"""Lightning as a field: the density of strokes, which forecasts carry on along the motion of rain."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import grid
from nowcast._cell_attributes import LIGHTNING
from nowcast.errors import ArgumentError

_DEGREE_M = np.pi / 180.0 * 6_371_000.0  # of a great circle


def flash_density(
    strokes: pd.DataFrame,
    flow: xr.Dataset,
    *,
    time: Any = None,
    minutes: float = 10.0,
    spread_km: float = 5.0,
) -> xr.DataArray:
    """Density of strokes over the last minutes, each moved on along the motion of the echo since it was seen.

    A field like any other: ``nowcast.forecast.extrapolate`` carries it on along the same motion.

    Parameters
    ----------
    strokes : DataFrame with ``time``, ``longitude``, ``latitude``
        As ``nowcast.obs.open`` gives them: where there is a column ``quantity``, rows of lightning alone count.
    flow : Dataset of ``u`` and ``v``, m s-1
        Motion of the echo; its grid is that of the density. Strokes do not move where it is not known.
    time : time, optional
        UTC; that of flow when omitted.
    minutes : float
        How far back strokes count; above 0.
    spread_km : float
        Standard deviation of the Gaussian that densities are averaged with, 0 or more; at the rim over what is inside.

    Returns
    -------
    (y, x) DataArray, strokes per km2 and minute.

    Raises
    ------
    ArgumentError : no time, or an option out of range.
    """
    if not (minutes > 0.0 and spread_km >= 0.0):
        raise ArgumentError(
            f"minutes and spread_km: above 0, and 0 or more, expected, {minutes:g} and {spread_km:g} given"
        )
    if time is None and "time" not in flow.coords:
        raise ArgumentError("time: one expected where flow has none")
    now = np.asarray(flow["time"] if time is None else time, dtype="datetime64[ns]")
    own = grid.Grid.of(flow)
    if "quantity" in strokes:
        strokes = strokes[strokes["quantity"].astype(str).str.startswith(LIGHTNING)]
    age = (now - strokes["time"].to_numpy(dtype="datetime64[ns]")) / np.timedelta64(1, "s")
    strokes, age = strokes[(age >= 0.0) & (age < 60.0 * minutes)], age[(age >= 0.0) & (age < 60.0 * minutes)]
    x, y = own.from_lonlat(strokes["longitude"].to_numpy(dtype="f8"), strokes["latitude"].to_numpy(dtype="f8"))
    per_y_m, per_x_m = _per_metre(own)
    where = _cells(own, x, y)
    parts = [grid.ascending(flow, flow[name].transpose("y", "x").values) for name in ("u", "v")]
    u, v = (np.nan_to_num(part[where]) for part in parts)
    inside = (where[0] >= 0) & (where[1] >= 0)
    x = x + np.where(inside, u * age * per_x_m[where[0]], 0.0)
    y = y + np.where(inside, v * age * per_y_m, 0.0)
    row, column = _cells(own, x, y)
    inside = (row >= 0) & (column >= 0)
    count = np.zeros((own.ny, own.nx), dtype=np.float32)
    np.add.at(count, (row[inside], column[inside]), np.float32(1.0))
    sides_m = (own.dy / per_y_m, own.dx / per_x_m)
    count /= (1e-6 * minutes * sides_m[0] * sides_m[1]).astype(np.float32)[:, None]
    attributes = {
        "units": "km-2 min-1",
        "grid_mapping": "crs",
        "standard_name": "frequency_of_lightning_flashes_per_unit_area",
        "long_name": f"density of strokes in {minutes:g} minutes",
    }
    made = xr.DataArray(count, own.coords() | {"time": now}, ("y", "x"), "flash_density", attributes)
    if spread_km == 0.0:
        return made
    cells = (1e3 * spread_km / sides_m[0], 1e3 * spread_km / float(np.median(sides_m[1])))
    return grid.smooth(made, cells, min_known=0.0).assign_attrs(attributes)


def _per_metre(own: grid.Grid) -> tuple[float, npt.NDArray[np.float64]]:
    """Units of y, and of x in every row, in a metre over the ground."""
    if not own.is_latlon:
        return 1.0, np.ones(own.ny)
    return 1.0 / _DEGREE_M, 1.0 / (_DEGREE_M * np.maximum(np.cos(np.radians(own.y)), 1e-6))


def _cells(own: grid.Grid, x: Any, y: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and column of points; -1 where they are beyond the grid."""
    row, column = np.rint((y - own.y_first) / own.dy), np.rint((x - own.x_first) / own.dx)
    inside = (row >= 0) & (row < own.ny) & (column >= 0) & (column < own.nx)
    return np.where(inside, row, -1).astype(np.int64), np.where(inside, column, -1).astype(np.int64)
