"""Whole hours: which there are, and the greatest reflectivity, the winds and what cells may bring in each of them."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nowcast import cells, forecast, grid, wind
from nowcast.ops._config import Hours
from nowcast.ops._work import Work, minutes

HOUR = np.timedelta64(3_600_000_000_000, "ns")
_MINUTES = tuple(10.0 * k for k in range(13))  # that cells are forecast at
_SLACK = np.timedelta64(15, "m")  # by which winds and cells may fall short of an hour

OBSERVED, NOWCAST, MODEL = 1, 2, 4
"""What an hour or a cell is made of; bits."""
SOURCES = {
    "flag_masks": np.array([OBSERVED, NOWCAST, MODEL], dtype=np.uint8),
    "flag_meanings": "observed nowcast model",
}


class Window(NamedTuple):
    """An hour."""

    start: np.datetime64
    end: np.datetime64


@dataclasses.dataclass(frozen=True)
class Plan:
    """The hours that are wanted, and the time of the newest frame."""

    now: np.datetime64
    observed: tuple[Window, ...]
    ahead: tuple[Window, ...]


def due(options: Hours, time: np.datetime64) -> bool:
    """Whether the cycle of a time makes them."""
    return options.each == "cycle" or _struck(options, time) == time


def plan(options: Hours, frames: xr.DataArray) -> Plan:
    """Hours about the newest frame. Those of a clock begin with the one that it lies in or begins."""
    now = frames["time"].values[-1].astype("datetime64[ns]")
    base = now if options.start == "cycle" else _struck(options, now)
    hours = [Window(base + k * HOUR, base + (k + 1) * HOUR) for k in range(-options.behind, options.ahead)]
    return Plan(now, tuple(hours[: options.behind]), tuple(hours[options.behind :]))


def _struck(options: Hours, time: np.datetime64) -> np.datetime64:
    """The latest whole hour of the clock. Days have 86400 seconds: a leap second is in none of the times there are."""
    since = time.astype("datetime64[ns]").astype(np.int64) - np.int64(60_000_000_000 * options.offset_minutes)
    return np.datetime64(int(time.astype("datetime64[ns]").astype(np.int64) - since % HOUR.astype(np.int64)), "ns")


def since(frames: xr.DataArray, start: np.datetime64) -> xr.DataArray:
    """Frames from the last that is not after a time."""
    first = int(np.searchsorted(frames["time"].values, start, side="right")) - 1
    return frames.isel(time=slice(max(first, 0), None))


def placed(data: xr.DataArray, now: np.datetime64) -> xr.DataArray:
    """A field (..., y, x) of one hour as (..., time, y, x), with its lead time."""
    lead = data["time"].values.astype("datetime64[ns]") - now
    several = data.drop_vars("forecast_reference_time", errors="ignore").expand_dims("time", axis=data.ndim - 2)
    return several.assign_coords(lead_time=("time", [lead]))


def stacked(fields: Iterable[xr.DataArray], now: np.datetime64) -> xr.DataArray | None:
    """Fields of successive hours as one; None of none."""
    parts = [placed(field, now) for field in fields]
    return xr.concat(parts, "time", combine_attrs="override", coords="minimal", compat="override") if parts else None


# ---- reflectivity ----


def reflectivity(work: Work, hours: Plan) -> xr.Dataset:
    """The greatest reflectivity of each hour: of frames, along the motion, and joined to the model as rain is.

    It is reckoned as rain by the configured relation, which changes no maximum.
    """
    frames = work.state.echoes if work.config.radars else work.frames
    if frames is None or work.flow is None or frames["time"].values[-1] != hours.now:
        return xr.Dataset()
    made = [frames]
    if work.leads:
        ahead = forecast.extrapolate(frames.isel(time=-1), work.flow, leads=work.leads)
        if work.model is not None:
            feather = 1e3 * work.config.forecast.feather_km
            ahead = forecast.merge(ahead, _one(work.model), flow=work.flow, feather=feather)
        made.append(ahead)
    times = np.concatenate([part["time"].values for part in made])
    cells_ = np.concatenate([part.values for part in made])
    kept = {name: frames.coords[name] for name in ("y", "x", "crs")}
    whole = xr.DataArray(cells_, {"time": times} | kept, ("time", "y", "x"), "echoes", frames.attrs)
    known = [one for one in hours.observed + hours.ahead if times[0] <= one.start and one.end <= times[-1]]
    rates = stacked((forecast.greatest(whole, *one, flow=work.flow) for one in known), hours.now)
    if rates is None:
        return xr.Dataset()
    rain = work.config.rain
    field = grid.reflectivity(rates, rain.a, rain.b).rename("reflectivity_max")
    return field.assign_attrs(long_name="greatest reflectivity of the column").to_dataset()


def _one(model: xr.DataArray) -> xr.DataArray:
    return model.isel(member=0, drop=True) if "member" in model.dims else model


# ---- winds ----


def winds(work: Work, hours: Plan) -> xr.Dataset:
    """The mean low-level wind of each hour and its largest gust, and what they are of, on the grid of the cycle."""
    past, low = work.state.winds, work.low
    if low is None or past is None:
        return xr.Dataset()
    names = ["u", "v", "gust"]
    ahead = low[names].sel(height=past["height"]).isel(time=slice(1, None))
    parts = [part.drop_vars(["lead_time", "forecast_reference_time"], errors="ignore") for part in (past, ahead)]
    whole = xr.concat(parts, "time", combine_attrs="override", coords="minimal", compat="override")
    times = whole["time"].values
    made = []
    for window in hours.observed + hours.ahead:
        within = whole.isel(time=(times >= window.start) & (times <= window.end))
        if not _reaches(within["time"].values, window):
            continue
        mean = within[["u", "v"]].mean("time", keep_attrs=True, skipna=False)
        for name in ("u", "v"):
            mean[name].attrs |= {"cell_methods": "time: mean", "duration_s": 3600.0, "quantity": _WIND[name]}
        mean["gust"] = within["gust"].max("time", keep_attrs=True, skipna=False)
        mean["gust"].attrs |= {"cell_methods": "time: maximum", "duration_s": 3600.0, "quantity": _WIND["gust"]}
        bits = _bits(window, hours.now, MODEL if low.attrs.get("model", "none") != "none" else 0)
        there = wind.to_grid(mean.astype(np.float32), work.config.grid.flat).assign_coords(time=window.end)
        fields = {str(name): placed(field, hours.now) for name, field in there.data_vars.items()}
        made.append(xr.Dataset(fields | {"wind_source": ("time", np.array([bits], np.uint8))}))
    return _joined(made)


_WIND = {"u": "0-2-2", "v": "0-2-3", "gust": "0-2-22"}
"""As GRIB numbers them."""


def _reaches(times: Iterable[np.datetime64], window: Window) -> bool:
    """Whether times cover an hour."""
    inner = list(times)
    edges = np.array([window.start, *inner, window.end], dtype="datetime64[ns]")
    return bool(inner) and bool((np.diff(edges)[[0, -1]] <= _SLACK).all())


def _bits(window: Window, now: np.datetime64, beside: int) -> int:
    """What an hour is made of, where something stands beside what is seen."""
    seen = OBSERVED if window.start < now else 0
    return seen | (NOWCAST | beside if window.end > now else 0)


def _joined(made: list[xr.Dataset]) -> xr.Dataset:
    if not made:
        return xr.Dataset()
    return xr.concat(made, "time", combine_attrs="override", coords="minimal", compat="override")


# ---- cells ----


def storms(work: Work, hours: Plan) -> xr.Dataset:
    """Of each place the probability that a cell passes over it in the hour, and each of its hazards.

    An hour ahead is what is forecast now, as far as cells are; of one that was it is the greatest of what each cycle
    saw until the next one.
    """
    made = []
    flat = work.config.grid.flat
    past = {np.datetime64(when, "ns"): cells.Forecast.restore(one, flat) for when, one in work.state.storms.items()}
    for window in hours.observed + hours.ahead:
        seen = [one for when, one in past.items() if window.start <= when < window.end]
        times = sorted(when for when in past if window.start <= when <= min(window.end, hours.now))
        parts: list[Callable[[str | None], xr.DataArray]] = []
        if window.start < hours.now:
            if not _reaches(times, Window(window.start, min(window.end, hours.now))):
                continue
            parts += [one.swath for one in seen]
        if window.end > hours.now:
            leads = _leads(window, hours.now)
            if work.storms is None or work.state.tracker is None or leads[-1] > _MINUTES[-1]:
                continue
            parts.append(work.state.tracker.forecast(leads).swath)
        made.append(_passing(parts, window, hours.now))
    return _joined(made)


def _leads(window: Window, now: np.datetime64) -> list[float]:
    """Minutes from now, of the hour's beginning and end and every ten between them."""
    first, last = (max(float((moment - now) / minutes(1.0)), 0.0) for moment in window)
    return [first, *(lead for lead in _MINUTES if first < lead < last), last]


def _passing(parts: list[Callable[[str | None], xr.DataArray]], window: Window, now: np.datetime64) -> xr.Dataset:
    fields: dict[str, Any] = {}
    for name in (None, *cells.HAZARDS):
        several = [part(name) for part in parts]
        field = several[0].copy(data=np.fmax.reduce([one.values for one in several]))
        field = field.assign_coords(time=window.end).assign_attrs(cell_methods="time: maximum", duration_s=3600.0)
        fields[name or "cell_swath"] = placed(field.rename(name or "cell_swath"), now)
    bits = _bits(window, now, 0)
    return xr.Dataset(fields | {"storm_source": ("time", np.array([bits], np.uint8))})
