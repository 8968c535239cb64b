"""The low-level wind of the next hours: increments that move and fade beside a model, and the product as a whole."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _field, _lib
from nowcast import _wind_kinematics as kinematics
from nowcast import forecast as _forecast
from nowcast._lib import ffi, lib
from nowcast._wind_level import HEIGHTS, Array, Flat, levels, names_of, near_ground
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

_logger = logging.getLogger("nowcast")

_DECAY, _DECAY_BESIDE_MODEL = 90.0, 45.0  # minutes, as the library has them
_TURBULENT, _ROUGHNESS = 7.2, 0.1
_DECAYS = np.geomspace(5.0, 1440.0, 400)
"""Minutes, among which a decay is sought."""


def forecast(
    analysis: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 10,
    leads: Sequence[float] | None = None,
    model: xr.Dataset | None = None,
    motion: xr.Dataset | None = None,
    decay: float | None = None,
    handover: float | None = None,
    analysis_error: float | None = None,
    model_error: float | None = None,
    growth: float | None = None,
    fade: float | None = None,
) -> xr.Dataset:
    """Forecast wind on levels: what the analysis differs from a model by moves, and fades towards the model.

    Parameters
    ----------
    analysis : (height, y, x) Dataset
        ``u`` and ``v``, and where it is known ``error``, m s-1, with the coordinate ``time``, as ``levels`` gives them.
    minutes, step : float
        Lead times step, 2 step, ... up to minutes; the analysis itself comes first.
    leads : sequence of float, optional
        Lead times in minutes instead, increasing, from above 0 to 1440.
    model : (time, height, y, x) Dataset, optional
        ``u`` and ``v`` at the same heights and cells, linear between its times. Before its first time and after its
        last one these are held. Without a model increments are to the mean of each level.
    motion : (y, x) Dataset of ``u`` and ``v``, m s-1, optional
        By which increments move: of echoes, as ``nowcast.motion.estimate`` gives it, is best. The mean wind of the
        levels, each metre counting alike, when omitted.
    decay : float, optional
        Minutes in which increments fall to 1/e; 45 with a model and 90 without one when omitted. ``fit_decay`` finds it
        from archived cases.
    handover : float, optional
        Minutes from which on the model stands alone; 360 with a model, never without one, when omitted.
    analysis_error, model_error : float, optional
        m s-1, of u and of v: where the analysis tells none, 1.5 when omitted; and of the model, that which the
        increments of each level show when omitted.
    growth : float, optional
        m s-1: what the square of the model's error gains in an hour; 0 when omitted.
    fade : float, optional
        m: beyond what increments are known of they fall to 1/e in this distance; 30 km when omitted.

    Returns
    -------
    (time, height, y, x) Dataset of ``u``, ``v``, ``error`` and ``share``, the weight of increments, with ``lead_time``
    and ``forecast_reference_time``; its first time is the analysis. Errors never fall with lead time at a place.
    """
    u, grid, start = _analysis(analysis)
    lead_minutes = [0.0, *(_forecast.lead_times(minutes, step) if leads is None else [float(lead) for lead in leads])]
    seconds = [60.0 * lead for lead in lead_minutes]
    moments = start + np.array([round(1e9 * s) for s in seconds]).astype("timedelta64[ns]")
    held = False
    given: dict[str, Array] = {}
    if model is not None:
        given, held = _on_times(model, u, np.concatenate([[start], moments]))
    options = _lib.options(
        "wind_forecast",
        decay_s=None if decay is None else 60.0 * decay,
        handover_s=None if handover is None else 60.0 * handover,
        analysis_error_m_s=analysis_error,
        background_error_m_s=model_error,
        growth_m_s=growth,
        fade_m=fade,
    )
    flow = _mean_motion(analysis) if motion is None else motion
    shape = (len(seconds), *u.shape)
    made = {name: np.empty(shape, dtype=np.float32) for name in ("u", "v", "error", "share")}
    cells = {name: _cells(analysis[name], u.dims) for name in ("u", "v", "error") if name in analysis}
    cells |= {f"background_{name}": array for name, array in given.items()}
    cells |= _motion(flow, grid)
    struct, out = ffi.new("nwc_wind_forecast_input *"), ffi.new("nwc_wind_forecast_out *")
    kept = []
    for target, arrays in ((struct, cells), (out, made)):
        for name, array in arrays.items():
            kept.append(_field.Fields([array], "m s-1", grid))
            setattr(target, name, kept[-1].c)
    with _lib.call() as ctx:
        c_leads = ffi.new("double[]", seconds)
        _lib.check(lib.nwc_wind_forecast(ctx, struct, c_leads, len(seconds), options, out))
    about = names_of(grid) | {"share": {"units": "1", "long_name": "weight of the increments of the analysis"}}
    coords = {name: value for name, value in u.coords.items() if name not in ("time", "lead_time")}
    mapping = {"grid_mapping": u.attrs.get("grid_mapping", "crs")}
    result = xr.Dataset(
        {name: (("time", *u.dims), ascending(u, array), about[name] | mapping) for name, array in made.items()},
        coords=coords | _times(start, moments),
    )
    return result.assign_attrs({"model": "none" if model is None else "held at its ends" if held else "given"})


def _times(start: Any, moments: npt.NDArray[np.datetime64]) -> dict[str, Any]:
    return {
        "time": ("time", moments, {"standard_name": "time", "long_name": "valid time"}),
        "lead_time": (
            "time",
            moments - start,
            {"standard_name": "forecast_period", "long_name": "time since the analysis"},
        ),
        "forecast_reference_time": ((), start, {"standard_name": "forecast_reference_time"}),
    }


def _analysis(analysis: xr.Dataset) -> tuple[xr.DataArray, Grid, np.datetime64]:
    """u of one time as (height, y, x), its grid and time."""
    if "u" not in analysis or "v" not in analysis:
        raise ArgumentError("analysis: u and v expected")
    u = analysis["u"].squeeze([dim for dim in analysis["u"].dims if dim == "time" and analysis.sizes["time"] == 1])
    if u.dims != ("height", "y", "x"):
        raise ArgumentError(f"analysis: dimensions (height, y, x) expected, {analysis['u'].dims} given")
    if "time" not in u.coords or np.isnat(u["time"].values):
        raise ArgumentError("analysis: a coordinate time expected, none found")
    start: Any = u["time"].values.astype("datetime64[ns]")[()]
    return u, Grid.of(u), start


def _cells(field: xr.DataArray, dims: Sequence[Any]) -> Array:
    """The cells of a field with these dimensions, others having one element."""
    field = field.squeeze([dim for dim in field.dims if dim not in dims]).transpose(*dims)
    return ascending(field, _field.as_float32(field.values))


def _motion(flow: xr.Dataset, grid: Grid) -> dict[str, Array]:
    made = {}
    for name in ("u", "v"):
        if name not in flow or set(flow[name].dims) != {"y", "x"} or Grid.of(flow[name]) != grid:
            raise ArgumentError("motion: u and v of dimensions (y, x) on the grid of the analysis expected")
        made[f"motion_{name}"] = _cells(flow[name], ("y", "x"))
    if not (np.isfinite(made["motion_u"]) & np.isfinite(made["motion_v"])).any():
        return {}  # where nothing is known of motion, nothing moves
    return made


def _carried(field: xr.DataArray, motion: xr.Dataset, leads: list[float]) -> Array:
    """A field (y, x) at lead times, minutes; where nothing is known of motion it stays."""
    if not _motion(motion, Grid.of(field)):
        return np.broadcast_to(field.values, (len(leads), *field.shape))
    moved: Array = _forecast.extrapolate(field, motion, leads=leads, delay=False).values
    return moved


def _mean_motion(analysis: xr.Dataset) -> xr.Dataset:
    """The mean wind of the levels, each metre between the lowest and the highest counting alike."""
    height = np.asarray(analysis["height"].values, dtype=np.float64)
    edges = np.concatenate([height[:1], 0.5 * (height[1:] + height[:-1]), height[-1:]])
    depth = np.diff(edges) if height.size > 1 else np.ones(1)
    made = xr.Dataset()
    for name in ("u", "v"):
        field = analysis[name].squeeze([d for d in analysis[name].dims if d not in ("height", "y", "x")])
        cells = field.transpose("height", "y", "x").values.astype(np.float64)
        known = np.isfinite(cells)
        weight = known * depth[:, None, None]
        total = weight.sum(axis=0)
        mean = np.where(known, cells, 0.0)
        with np.errstate(invalid="ignore"):
            mean = (mean * weight).sum(axis=0) / np.where(total > 0.0, total, np.nan)
        flat = field.isel(height=0, drop=True).transpose("y", "x")
        made[name] = flat.copy(data=mean.astype(np.float32))
    return made


def _on_times(
    model: xr.Dataset, like: xr.DataArray, moments: npt.NDArray[np.datetime64]
) -> tuple[dict[str, Array], bool]:
    """u and v of a model at times, linear between its own, and whether it had to be held beyond them."""
    dims = ("time", *like.dims)
    for name in ("u", "v"):
        if name not in model or set(model[name].dims) != set(dims):
            raise ArgumentError(f"model: {name} of dimensions {dims} expected")
        if model[name].attrs.get("units") != "m s-1":
            raise ArgumentError(f"model: {name} in m s-1 expected, {model[name].attrs.get('units')!r} given")
    if Grid.of(model["u"]) != Grid.of(like):
        raise ArgumentError("model: the grid of the analysis expected, another given")
    missing = [h for h in like["height"].values.tolist() if h not in model["height"].values.tolist()]
    if missing:
        raise ArgumentError(f"model: the heights of the analysis expected, {missing[0]:g} m is not there")
    model = model.sel(height=like["height"].values)
    own = model["time"].values.astype("datetime64[ns]").astype(np.int64)
    if not own.size or (np.diff(own) <= 0).any():
        raise ArgumentError("model: increasing times expected")
    wanted = moments.astype("datetime64[ns]").astype(np.int64)
    held = bool(wanted.min() < own[0] or wanted.max() > own[-1])
    if held:
        _logger.warning("wind forecast: the model ends before the forecast or begins after it; its ends are held")
    at = np.clip(wanted, own[0], own[-1])
    after = np.clip(np.searchsorted(own, at), 1 if own.size > 1 else 0, own.size - 1)
    before = np.maximum(after - 1, 0)
    span = np.maximum(own[after] - own[before], 1)
    share = ((at - own[before]) / span).astype(np.float32)[:, None, None, None]
    made = {}
    for name in ("u", "v"):
        cells = _cells(model[name], dims)
        low, high = cells[before], cells[after]
        between = low + share * (high - low)
        made[name] = np.where(share == 0.0, low, np.where(share == 1.0, high, between)).astype(np.float32)
    return made, held


# ---- decay ----


def fit_decay(
    analyses: xr.Dataset | Sequence[xr.Dataset],
    models: xr.Dataset | Sequence[xr.Dataset] | None = None,
    motions: xr.Dataset | Sequence[xr.Dataset] | None = None,
    *,
    longest: float = 120.0,
    every: float = 10.0,
) -> xr.Dataset:
    """Find from archived cases how fast increments lose their weight.

    Each analysis' increment is carried to the times of the later ones, and theirs is fitted by it: the factor that errs
    least is what a weight should be. The decay is that of the exponential which comes nearest to these factors, lags
    counting as the moved increments' energy.

    Parameters
    ----------
    analyses : (time, height, y, x) Dataset of ``u`` and ``v``, or one for each case
        Successive analyses, as ``levels`` gives them.
    models : (time, height, y, x) Dataset, or one for each case, optional
        As ``forecast`` takes it; when omitted increments are to the mean of each level.
    motions : (y, x) Dataset, or one for each case, optional
        As ``forecast`` takes it; the mean wind of each analysis when omitted.
    longest, every : float
        Minutes: greatest lag, and width of the classes of lags.

    Returns
    -------
    (lag) Dataset, minutes, of ``factor``, ``correlation`` and ``cells``, the number compared; the attribute ``decay``
    is the decay in minutes, NaN where nothing could be compared.
    """
    cases = [analyses] if isinstance(analyses, xr.Dataset) else list(analyses)
    number = round(longest / every) if every > 0.0 else 0
    if number < 1:
        raise ArgumentError(f"longest, every: 0 < every <= longest expected, {longest:g} and {every:g} given")
    beside = _for_each(models, len(cases), "models")
    flows = _for_each(motions, len(cases), "motions")
    sums = np.zeros((number, 4))  # of moved x later, moved^2, later^2, cells
    for case, model, flow in zip(cases, beside, flows, strict=True):
        for j in range(case.sizes["time"]):
            _compare(case, model, flow, j, every, sums)
    lag = every * (1.0 + np.arange(number))
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = sums[:, 0] / sums[:, 1]
        correlation = sums[:, 0] / np.sqrt(sums[:, 1] * sums[:, 2])
    known = np.isfinite(factor)
    decay = np.nan
    if known.any():
        misfit = [(sums[known, 1] * (factor[known] - np.exp(-lag[known] / d)) ** 2).sum() for d in _DECAYS]
        decay = float(_DECAYS[int(np.argmin(misfit))])
    return xr.Dataset(
        {
            "factor": ("lag", factor, {"units": "1", "long_name": "best factor of moved increments"}),
            "correlation": ("lag", correlation, {"units": "1", "long_name": "correlation with moved increments"}),
            "cells": ("lag", sums[:, 3].astype(np.int64), {"long_name": "cells that were compared"}),
        },
        coords={"lag": ("lag", lag, {"units": "min", "long_name": "time from one analysis to the other"})},
        attrs={"decay": decay},
    )


def _for_each(given: xr.Dataset | Sequence[xr.Dataset] | None, n: int, name: str) -> list[xr.Dataset | None]:
    if given is None:
        return [None] * n
    several: list[xr.Dataset | None] = [given] if isinstance(given, xr.Dataset) else list(given)
    if len(several) != n:
        raise ArgumentError(f"{name}: one for each of the {n} cases expected, {len(several)} given")
    return several


def _compare(
    case: xr.Dataset,
    model: xr.Dataset | None,
    flow: xr.Dataset | None,
    j: int,
    every: float,
    sums: npt.NDArray[np.float64],
) -> None:
    """Add the pairs of analysis j and later ones to the sums of their lags."""
    earlier = case.isel(time=j)
    times = case["time"].values.astype("datetime64[ns]")
    lags = (times[j + 1 :] - times[j]) / np.timedelta64(1, "m")
    rows = np.rint(lags / every).astype(int) - 1
    near = np.flatnonzero((rows >= 0) & (rows < len(sums)))
    if not near.size:
        return
    u, _, _ = _analysis(earlier)
    background: dict[str, Array]
    if model is None:
        background = {
            name: np.broadcast_to(_level_means(_cells(earlier[name], u.dims)), (near.size + 1, *u.shape))
            for name in ("u", "v")
        }
    else:
        background, _ = _on_times(model, u, times[[j, *(j + 1 + near)]])
    motion = _mean_motion(earlier) if flow is None else flow
    for name in ("u", "v"):
        increment = _cells(earlier[name], u.dims) - background[name][0]
        for k in range(u.sizes["height"]):
            level = u.isel(height=k, drop=True).copy(data=ascending(u, increment[k]))
            moved = _carried(level, motion, [float(lag) for lag in lags[near]])
            for n, later in enumerate(near):
                there = _cells(case[name].isel(time=j + 1 + int(later)), u.dims)[k] - background[name][n + 1][k]
                arrived = ascending(level, moved)[n].astype(np.float64)
                both = np.isfinite(there) & np.isfinite(arrived)
                a, b = arrived[both], there[both].astype(np.float64)
                sums[rows[later]] += ((a * b).sum(), (a * a).sum(), (b * b).sum(), both.sum())


def _level_means(cells: Array) -> Array:
    known = np.isfinite(cells)
    count = known.sum(axis=(1, 2), keepdims=True)
    total: Array = np.where(known, cells, 0.0).sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    mean: Array = (total / np.where(count, count, np.nan)).astype(np.float32)
    return mean


# ---- the product ----


def low_level(
    wind: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 10,
    heights: Iterable[float] = HEIGHTS,
    ground: Flat = None,
    roughness: Flat = None,
    stations: pd.DataFrame | None = None,
    model: xr.Dataset | None = None,
    motion: xr.Dataset | None = None,
    decay: float | None = None,
    convection: Flat = None,
    theta_v: xr.DataArray | None = None,
    temperature: xr.DataArray | None = None,
    humidity: xr.DataArray | None = None,
    **options: Any,
) -> xr.Dataset:
    """The low-level wind product: wind on levels and at 10 m, gusts, and what they do, now and in the next hours.

    Parameters
    ----------
    wind : (z, y, x) Dataset
        A wind in space at one ``time``, as ``levels`` takes it.
    minutes, step : float
        Lead times step, 2 step, ... up to minutes; 0 minutes for the analysis alone.
    heights : numbers
        m above the ground, above 10; 10 m always comes first.
    ground, roughness, stations, convection, theta_v
        As in ``near_ground``.
    model : (time, z, y, x) Dataset, optional
        ``u`` and ``v`` on the grid of the wind, as ``nowcast.model.on_grid`` gives them, with ``10u`` and ``10v``
        where it has them, (time, y, x).
    motion, decay
        As in ``forecast``; the motion is the mean wind up to 6 km, or of what is known, when omitted.
    temperature, humidity : (z, y, x) DataArray, optional
        K and kg kg-1: WINDEX and GUSTEX are then made.
    options
        Others of ``near_ground`` (``time``, ``window``, ``length`` ...) and of ``forecast`` (``handover``,
        ``analysis_error``, ``model_error``, ``growth``, ``fade``, ``leads``).

    Returns
    -------
    Dataset of (time, height, y, x) ``u``, ``v``, ``error``, ``share``, ``divergence`` and ``vorticity``, (time, y, x)
    ``gust`` and ``outflow``, and of the analysis (height, y, x) ``quality`` and, where there is one, ``w``, (layer, y,
    x) ``shear``, ``shear_u`` and ``shear_v``, ``helicity`` (of ``helicity_layer``), (y, x) motion of storms, the jet,
    ``windex`` and ``gustex``; and along ``station`` how stations fit. ``convergence_lines`` and ``alarms`` take it.
    """
    wind = _of_one_time(wind)
    ahead = {name: options.pop(name) for name in list(options) if name in _AHEAD}
    near = near_ground(
        wind, ground=ground, roughness=roughness, stations=stations, convection=convection, theta_v=theta_v, **options
    )
    at_10 = near[["u", "v", "error", "quality"]]
    chosen = [10.0, *(float(height) for height in heights)]
    now = levels(wind, chosen, ground=ground, roughness=roughness, near=at_10)
    if "time" not in now["u"].coords:
        raise ArgumentError("wind: a coordinate time expected, none found")
    storms = kinematics.storm_motion(wind, ground=ground, near=at_10)
    if motion is None:
        motion = _storms_or_mean(storms, now)
    beside = None if model is None else _model_levels(model, wind, chosen, ground, roughness)
    if minutes > 0 or ahead.get("leads"):
        made = forecast(now, minutes=minutes, step=step, model=beside, motion=motion, decay=decay, **ahead)
    else:
        made = now[["u", "v", "error"]].expand_dims("time")
        made = made.assign_coords(_times(now["time"].values, now["time"].values[None])).assign_attrs(model="none")
    made["gust"] = _gusts(made, near, roughness, motion, decay)
    made["outflow"] = _outflow(made.isel(height=0))
    spin = kinematics.helicity(wind, "right", ground=ground, near=at_10).rename(layer="helicity_layer")
    parts = [
        kinematics.derivatives(made),
        now[[name for name in ("quality", "w") if name in now]],
        kinematics.shear(wind, ground=ground, near=at_10),
        spin.to_dataset(name="helicity"),
        storms,
        kinematics.jet(wind, ground=ground, near=at_10),
        near[[name for name in near.variables if str(name).startswith("station")]],
    ]
    if temperature is not None and humidity is not None:
        parts.append(kinematics.burst(wind, temperature, humidity, ground=ground, near=at_10))
    for part in parts:
        made = _with(made, part)
    return made.assign_attrs(
        title="low-level wind",
        source=f"libnowcast {_lib.version()}",
        Conventions="CF-1.11",
        **{name: wind.attrs[name] for name in ("input_files",) if name in wind.attrs},
    )


def _with(made: xr.Dataset, part: xr.Dataset) -> xr.Dataset:
    """A Dataset with the variables of another, and with those of its coordinates that it does not have itself."""
    own = {name: value.variable for name, value in part.coords.items() if name not in made.coords}
    data = {name: field.variable for name, field in part.data_vars.items()}
    return made.assign_coords(own).assign(data)


_AHEAD = ("handover", "analysis_error", "model_error", "growth", "fade", "leads")


def _of_one_time(wind: xr.Dataset) -> xr.Dataset:
    if "time" in wind.dims:
        if wind.sizes["time"] != 1:
            raise ArgumentError(f"wind: one time expected, {wind.sizes['time']} given")
        wind = wind.isel(time=0)
    return wind


def _storms_or_mean(storms: xr.Dataset, now: xr.Dataset) -> xr.Dataset:
    """The mean wind up to 6 km where it is known, else that of the levels."""
    mean = _mean_motion(now)
    made = xr.Dataset()
    for name in ("u", "v"):
        deep = storms[f"mean_{name}"]
        made[name] = mean[name].copy(data=np.where(np.isfinite(deep.values), deep.values, mean[name].values))
        made[name].attrs = deep.attrs
    return made


def _model_levels(
    model: xr.Dataset, wind: xr.Dataset, heights: list[float], ground: Flat, roughness: Flat
) -> xr.Dataset:
    if "time" not in model.dims:
        model = model.expand_dims("time")
    near = None
    if "10u" in model and "10v" in model:
        near = model[["10u", "10v"]].rename({"10u": "u", "10v": "v"})
    space = model[["u", "v"]]
    if ground is None and "ground" in wind:
        ground = wind["ground"]
    return levels(space, heights, ground=ground, roughness=roughness, near=near)


def _gusts(
    made: xr.Dataset, near: xr.Dataset, roughness: Flat, motion: xr.Dataset, decay: float | None
) -> xr.DataArray:
    """Gusts of a forecast: what the analysis has above the turbulence of its wind moves, and fades."""
    turbulent = 1.0 + _TURBULENT * 0.4 / np.log(10.0 / (_ROUGHNESS if roughness is None else roughness))
    at_10 = made[["u", "v"]].isel(height=0, drop=True)
    speed = at_10["u"].copy(data=np.hypot(at_10["u"].values, at_10["v"].values))
    above: xr.DataArray = near["gust"].drop_vars("height") - turbulent * speed.isel(time=0, drop=True)
    above = above.transpose("y", "x").astype(np.float32).assign_attrs(speed.attrs).assign_coords(time=made["time"][0])
    lead = made["lead_time"].values / np.timedelta64(1, "m")
    parts = [above.drop_vars("time").fillna(0.0).values[None]]
    if lead.size > 1:
        fading = decay if decay is not None else _DECAY if made.attrs["model"] == "none" else _DECAY_BESIDE_MODEL
        weight = np.exp(-lead[1:] / fading)[:, None, None]
        parts.append(np.nan_to_num(_carried(above, motion, lead[1:].tolist())) * weight)
    gust = turbulent * speed + np.concatenate(parts)
    cells = np.fmax(gust.transpose(*speed.dims).values, speed.values).astype(np.float32)
    return speed.copy(data=np.where(np.isfinite(speed.values), cells, np.nan).astype(np.float32)).assign_attrs(
        names_of(Grid.of(speed))["gust"]
    )


def _outflow(near: xr.Dataset) -> xr.DataArray:
    grid = Grid.of(near["u"])
    wide = 4000.0
    if not grid.is_latlon:
        wide = max(wide, 2.0 * min(grid.dx, grid.dy))
    else:
        wide = max(wide, 2.0 * 111e3 * max(grid.dx, grid.dy))
    return kinematics.outflow(near, wide)["outflow"].drop_vars("height", errors="ignore")
