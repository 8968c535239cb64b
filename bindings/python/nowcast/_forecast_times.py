"""What follows from the times of a forecast: when rain begins and ends, how much falls in a window."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _field, _flow, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

Time = str | np.datetime64 | pd.Timestamp


def onset(forecast: xr.DataArray, threshold: float, *, gap: float = 0.0) -> xr.Dataset:
    """When a threshold is first reached, and when it is no longer, in every cell or at a point.

    Parameters
    ----------
    forecast : (..., time, y, x) or, at points, (..., time) DataArray
        With ``lead_time``, from which is counted; else from its first time. Members each have their own.
    threshold : float
        In the forecast's unit. Between frames values are linear in time; those not known are passed over.
    gap : float
        Minutes; drier times of at most this do not end what has begun.

    Returns
    -------
    Dataset of ``onset`` and ``end``, minutes, without ``time``. Infinite where it is not reached, or does not end, by
    the last time; NaN where not known, and ``end`` also where there is no onset. Of members, ``quantiles`` says by when
    it is reached how surely.

    Raises
    ------
    ArgumentError : dimensions, times, threshold or gap are wrong.
    """
    if "time" not in forecast.dims:
        raise ArgumentError(f"forecast: a dimension time expected, {forecast.dims} given")
    flat = "y" in forecast.dims or "x" in forecast.dims
    data = forecast if flat else forecast.expand_dims({"y": 1, "x": 1}, axis=(-2, -1))
    data = data.transpose(..., "time", "y", "x")
    times = data["time"].values
    since = data["lead_time"].values if "lead_time" in data.coords else times - times[0]
    seconds = ffi.new("double[]", (np.atleast_1d(since) / np.timedelta64(1, "s")).tolist())
    cells = _field.as_float32(data.values)
    leading, size = cells.shape[:-3], cells.shape[-2:]
    made = np.empty((2, *leading, *size), dtype=np.float32)

    def turned(part: _field.Array) -> _field.Array:
        return ascending(data, part) if flat else part

    with _lib.call() as ctx:
        for place in np.ndindex(leading):
            frames = _field.Fields([turned(frame) for frame in cells[place]])
            out = _field.Fields([turned(made[(k, *place)]) for k in range(2)])
            _lib.check(
                lib.nwc_forecast_onset(ctx, frames.c, seconds, len(seconds), threshold, 60.0 * gap, out.c, out.c + 1)
            )
    made /= np.float32(60.0)
    if not flat:
        made = made[..., 0, 0]
    like = forecast.transpose(..., "time", *(("y", "x") if flat else ())).isel(time=0, drop=True)
    like = like.drop_vars([name for name in ("lead_time",) if name in like.coords])
    text = f"{threshold:g} {forecast.attrs.get('units', '')}".strip()
    keep = {name: forecast.attrs[name] for name in ("grid_mapping",) if name in forecast.attrs}
    parts = {"onset": f"time until {text} is reached", "end": f"time until {text} is no longer reached"}
    return xr.Dataset(
        {
            name: like.copy(data=cells_of).rename(name).assign_attrs().pipe(_with_attrs, keep, long_name, threshold)
            for cells_of, (name, long_name) in zip(made, parts.items(), strict=True)
        }
    )


def total(
    observed: xr.DataArray | None,
    forecast: xr.DataArray,
    start: Time,
    end: Time,
    *,
    flow: xr.Dataset | None = None,
) -> xr.DataArray:
    """Rain within a window of time, across what was observed and what is forecast.

    Parameters
    ----------
    observed : (time, y, x) DataArray, mm h-1, or None
        Frames up to the forecast's first.
    forecast : (time, y, x) or (member, time, y, x) DataArray, mm h-1
        On the same grid; what it has of times up to the last observed is not used.
    start, end : time
        UTC, within the frames' times; they may lie between frames.
    flow : Dataset of ``u`` and ``v``, m s-1, optional
        Rain is followed along it from frame to frame, so that fast showers leave a swath; without it rain is linear in
        time between two frames.

    Returns
    -------
    (y, x) or (member, y, x) DataArray, mm, at the time ``end``; NaN where less than half of the window is known.

    Raises
    ------
    ArgumentError : dimensions, units, grids or times are wrong; frames more than 6 hours apart.
    """
    grid, made_of, times = Grid.of(forecast), forecast.transpose(..., "time", "y", "x"), _times_ns(forecast)
    if made_of.dims not in (("time", "y", "x"), ("member", "time", "y", "x")):
        raise ArgumentError(f"forecast: (time, y, x) or (member, time, y, x) expected, {forecast.dims} given")
    past: list[_field.Array] = []
    begun: list[int] = []
    if observed is not None:
        if observed.dims != ("time", "y", "x") or Grid.of(observed) != grid:
            raise ArgumentError("observed: (time, y, x) on the grid of forecast expected")
        if observed.attrs.get("units") != forecast.attrs.get("units"):
            raise ArgumentError(
                f"observed: {forecast.attrs.get('units')} expected, {observed.attrs.get('units')} given"
            )
        past = [ascending(observed, frame) for frame in _field.as_float32(observed.values)]
        begun = _times_ns(observed)
    first = int(np.searchsorted(times, begun[-1], side="right")) if begun else 0
    stamps = ffi.new("int64_t[]", begun + times[first:])
    window = [
        int(pd.Timestamp(time).to_datetime64().astype("datetime64[ns]").astype(np.int64)) for time in (start, end)
    ]
    motion = None if flow is None else _flow.fields(flow, grid)
    along = (ffi.NULL, ffi.NULL) if motion is None else (motion.c, motion.c + 1)
    several = made_of if "member" in made_of.dims else made_of.expand_dims("member")
    cells = _field.as_float32(several.values)
    made = np.empty((cells.shape[0], *cells.shape[-2:]), dtype=np.float32)
    with _lib.call() as ctx:
        for member, amount in zip(cells, made, strict=True):
            ahead = [ascending(forecast, frame) for frame in member[first:]]
            frames = _field.Fields(past + ahead, forecast.attrs.get("units"), grid)
            out = _field.Fields([ascending(forecast, amount)], "mm", grid)
            _lib.check(lib.nwc_forecast_total(ctx, frames.c, stamps, len(stamps), *along, *window, ffi.NULL, out.c))
    like = several.isel(time=0, drop=True).drop_vars("lead_time", errors="ignore")
    summed = like.copy(data=made).rename("precipitation_amount")
    keep = {name: forecast.attrs[name] for name in ("grid_mapping", "source") if name in forecast.attrs}
    summed.attrs = keep | {
        "units": "mm",
        "quantity": "ACRR",
        "standard_name": "lwe_thickness_of_precipitation_amount",
        "long_name": "precipitation amount",
        "cell_methods": "time: sum",
        "duration_s": 1e-9 * (window[1] - window[0]),
    }
    summed = summed.assign_coords(time=((), np.datetime64(window[1], "ns"), {"standard_name": "time"}))
    return summed if "member" in made_of.dims else summed.isel(member=0)


def greatest(frames: xr.DataArray, start: Time, end: Time, *, flow: xr.Dataset | None = None) -> xr.DataArray:
    """The greatest value that every cell has within a window of time.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        Of any unit. Those from start to end count, both included.
    start, end : time
        UTC.
    flow : Dataset of ``u`` and ``v``, m s-1, optional
        What is between two frames, along the motion, then counts too, so that what moves fast leaves a track and not a
        row of spots. Over more than half an hour nothing is followed.

    Returns
    -------
    (y, x) DataArray, at the time ``end``; NaN where no frame is known.

    Raises
    ------
    ArgumentError : dimensions or grids are wrong; no frame lies within the window.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    first, last = (pd.Timestamp(time).to_datetime64().astype("datetime64[ns]") for time in (start, end))
    times = frames["time"].values.astype("datetime64[ns]")
    within = frames.isel(time=(times >= first) & (times <= last))
    if not within.sizes["time"]:
        raise ArgumentError(f"frames: one from {start} to {end} expected, none found")
    grid, units, stamps = Grid.of(frames), frames.attrs.get("units"), _times_ns(within)
    fields = _field.Fields([ascending(frames, frame) for frame in _field.as_float32(within.values)], units, grid)
    made = np.empty(frames.shape[1:], dtype=np.float32)
    out = _field.Fields([ascending(frames, made)], units, grid)
    motion = None if flow is None else _flow.fields(flow, grid)
    along = (ffi.NULL, ffi.NULL) if motion is None else (motion.c, motion.c + 1)
    window = 1e-9 * float(stamps[-1] - stamps[0])
    with _lib.call() as ctx:
        c_times = ffi.new("int64_t[]", stamps)
        _lib.check(lib.nwc_forecast_swath(ctx, fields.c, c_times, len(stamps), *along, window, ffi.NULL, out.c))
    text = f"greatest {frames.attrs.get('long_name', frames.name)}"
    span = 1e-9 * float((last - first).astype(np.int64))
    attributes = frames.attrs | {"long_name": text, "cell_methods": "time: maximum", "duration_s": span}
    like = within.isel(time=-1, drop=True).drop_vars("lead_time", errors="ignore")
    return like.copy(data=made).assign_attrs(attributes).assign_coords(time=((), last, {"standard_name": "time"}))


def _times_ns(data: xr.DataArray) -> list[int]:
    times: list[int] = data["time"].values.astype("datetime64[ns]").astype(np.int64).tolist()
    return times


def _with_attrs(data: xr.DataArray, keep: dict[str, Any], long_name: str, threshold: float) -> xr.DataArray:
    data.attrs = keep | {"units": "min", "long_name": long_name, "threshold": threshold}
    return data
