"""Plain arrays of pysteps as labelled fields of this package, and back."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast.grid import Grid

Array = npt.NDArray[Any]

STEP_S = 300.0
"""What a time step is taken for where it is not said; it cancels out of what is in pixels per step."""

SMALL_M = 1.0
"""Pixels where their size cancels out: so small that no projection distorts them."""


def known(values: Any) -> Array:
    """Floats, NaN where masked or not finite."""
    plain: Array = np.array(np.ma.getdata(values), dtype=np.float64)
    plain[np.ma.getmaskarray(values) | ~np.isfinite(plain)] = np.nan
    return plain


def of_decibels(values: Array) -> bool:
    """Whether rain is in decibels: rates are never below 0, and decibels of no rain are, by any usual zero value."""
    return bool(np.nanmin(values, initial=0.0) < 0.0)


def rain(values: Array) -> tuple[Array, float | None]:
    """Rain rate, mm/h, of rates or decibels; of decibels also the value that stands for no rain, the least there is."""
    if not of_decibels(values):
        return values, None
    dry = float(np.nanmin(values))
    rate = np.where(values > dry, 10.0 ** (0.1 * values), 0.0)
    return np.where(np.isnan(values), np.nan, rate), dry


def decibels(rate: Array, dry: float, threshold: float | None = None) -> Array:
    """The way back; what is below a threshold in decibels is dry."""
    with np.errstate(divide="ignore"):
        values = 10.0 * np.log10(rate)
    least = dry if threshold is None else threshold
    return np.where(np.isnan(values), np.nan, np.where(values >= least, values, dry))


def field(values: Array, units: str, *, pixel_m: float = SMALL_M, step_s: float = STEP_S) -> xr.DataArray:
    """Frames (time, row, column) on a grid whose y runs along rows: directions stay what they are."""
    ny, nx = values.shape[1:]
    place = "+proj=aeqd +lat_0=0 +lon_0=0 +R=6371000"
    grid = Grid(place, nx, ny, -0.5 * nx * pixel_m, -0.5 * ny * pixel_m, pixel_m, pixel_m)
    steps = np.round(1e9 * step_s * np.arange(len(values))).astype("timedelta64[ns]")
    coords = {"time": np.datetime64("2000-01-01", "ns") + steps} | grid.coords()
    attributes = {"units": units, "grid_mapping": "crs"}
    return xr.DataArray(
        values.astype(np.float32), dims=("time", "y", "x"), coords=coords, attrs=attributes, name="rain"
    )


def flow(frames: xr.DataArray, velocity: Any, *, pixel_m: float = SMALL_M, step_s: float = STEP_S) -> xr.Dataset:
    """Motion in pixels per step as a Dataset in m s-1 on the grid of frames."""
    made = xr.Dataset(coords={name: frames.coords[name] for name in ("y", "x", "crs")})
    for name, component in zip("uv", known(velocity), strict=True):
        values = (component * pixel_m / step_s).astype(np.float32)
        made[name] = (("y", "x"), values, {"units": "m s-1", "grid_mapping": "crs"})
    return made


def leads(timesteps: Any, minutes: float) -> list[float]:
    """Lead times in minutes of a number of steps or a list of them."""
    if isinstance(timesteps, (int, np.integer)):
        return [minutes * n for n in range(1, int(timesteps) + 1)]
    steps = [float(step) for step in timesteps]
    if sorted(steps) != steps:
        raise ValueError("timesteps: ascending order expected")
    return [minutes * step for step in steps]
