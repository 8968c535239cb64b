"""Fields carried into the future."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = ["SAMPLINGS", "extrapolate", "lead_times"]

SAMPLINGS = {"nearest": lib.NWC_SAMPLE_NEAREST, "bilinear": lib.NWC_SAMPLE_BILINEAR, "cubic": lib.NWC_SAMPLE_CUBIC}
"""How a field is read between its cells, by name."""


def lead_times(minutes: float, step: float) -> list[float]:
    """Lead times in minutes: step, 2 step, ... up to minutes."""
    if not (step > 0 and minutes >= step and np.isfinite(minutes)):
        raise ArgumentError(f"minutes and step: 0 < step <= minutes expected, {step:g} and {minutes:g} given")
    return [step * n for n in range(1, int(minutes / step + 1e-9) + 1)]


def extrapolate(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 5,
    leads: Sequence[float] | None = None,
    sampling: str | None = None,
    travel: float | None = None,
) -> xr.DataArray:
    """Carry the latest field along a motion field: backward semi-Lagrangian extrapolation.

    Parameters
    ----------
    frames : (time, y, x) or (y, x) DataArray
        Its latest time is carried. Float32 is not copied.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    minutes, step : float
        Lead times step, 2 step, ... up to minutes.
    leads : sequence of float, optional
        Lead times in minutes instead, increasing, each from 0 to 1440. Any subset gives the same bits as all at once.
    sampling : "nearest", "bilinear" or "cubic", optional
        How the field is read between its cells; the library's default (bilinear) when omitted.
    travel : float, optional
        0 to 1: the motion field itself moves at this share of its smoothed speed; the library's default when omitted.

    Returns
    -------
    (time, y, x) DataArray, ``time`` being the valid time, with ``lead_time`` and ``forecast_reference_time``. NaN where
    what arrives is not known.

    Raises
    ------
    ArgumentError : dimensions, grids, lead times or options are wrong.
    NoDataError : no motion is known anywhere.
    """
    if sampling is not None and sampling not in SAMPLINGS:
        raise ArgumentError(f"sampling: one of {', '.join(SAMPLINGS)} expected, {sampling!r} given")
    latest = frames.isel(time=-1) if "time" in frames.dims else frames
    if latest.dims != ("y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) or (y, x) expected, {frames.dims} given")
    if "time" not in latest.coords:
        raise ArgumentError("frames: a coordinate time expected, none found")
    grid = Grid.of(latest)
    if Grid.of(flow) != grid:
        raise ArgumentError("flow: the grid of frames expected, another given")
    seconds = [60.0 * lead for lead in (lead_times(minutes, step) if leads is None else leads)]

    carried = _field.as_float32(latest.values)
    source = _field.Fields([ascending(latest, carried)], latest.attrs.get("units"), grid)
    motion = []
    for name in ("u", "v"):
        component = flow[name].transpose("y", "x")
        cells = ascending(component, _field.as_float32(component.values))
        motion.append(_field.Fields([cells], component.attrs.get("units"), grid))
    cells = np.empty((len(seconds), *carried.shape), dtype=np.float32)
    out = _field.Fields([ascending(latest, cells)], latest.attrs.get("units"), grid)
    chosen = SAMPLINGS[sampling] if sampling is not None else None
    options = _lib.options("extrapolate", sampling=chosen, travel=travel)
    with _lib.call() as ctx:
        c_leads = ffi.new("double[]", seconds)
        _lib.check(
            lib.nwc_forecast_extrapolate(
                ctx, source.c, 1, motion[0].c, motion[1].c, c_leads, len(seconds), options, out.c
            )
        )
    return _described(latest, flow, cells, seconds)


def _described(latest: xr.DataArray, flow: xr.Dataset, cells: _field.Array, seconds: list[float]) -> xr.DataArray:
    """The forecast cells with times, places and attributes."""
    start = latest["time"].values.astype("datetime64[ns]")
    lead = np.array([round(1e9 * s) for s in seconds], dtype="timedelta64[ns]")
    coords = {name: latest.coords[name] for name in ("y", "x", "crs") if name in latest.coords}
    attributes = dict(latest.attrs)
    for name in ("motion_status", "motion_method"):
        if name in flow.attrs:
            attributes[name] = flow.attrs[name]
    return xr.DataArray(
        cells,
        dims=("time", "y", "x"),
        coords={
            "time": ("time", start + lead, {"standard_name": "time", "long_name": "valid time"}),
            "lead_time": ("time", lead, {"standard_name": "forecast_period", "long_name": "time since the last frame"}),
            "forecast_reference_time": ((), start, {"standard_name": "forecast_reference_time"}),
            **coords,
        },
        attrs=attributes,
        name=latest.name,
    )
