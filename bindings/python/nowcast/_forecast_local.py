"""Forecasts whose laws differ from place to place: ANVIL, LINDA and SSEPS."""

from typing import Unpack

import xarray as xr

from nowcast import _field, _lib
from nowcast._forecast_ahead import Along, ensemble, one_field
from nowcast._forecast_waves import MEMBERS
from nowcast._lib import lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending


def anvil(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    order: int | None = None,
    window: float | None = None,
    rim: int | None = None,
    threshold: float | None = None,
    rain: xr.DataArray | None = None,
    rain_window: float | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """ANVIL (Pulkkinen et al. 2020): what changed goes on changing, by scale and by place, carried along the motion.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        Vertically integrated liquid or rain, 0 where there is none. NaN where the radar did not look. Up to four of the
        latest are used, 3.5 to 30 minutes one after the other.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    order : 1 or 2, optional
        p of the process ARI(p, 1); 2 when omitted, and 1 where there are only three frames.
    window : float, optional
        m: standard deviation of the Gaussian window that coefficients are found in; 50 km when omitted.
    rim : int, optional
        Cells around rain where new rain may form, less with the distance; -1: anywhere. The library's default when
        omitted.
    threshold : float, optional
        What is below it counts as dry, in the unit of frames, or of rain; 0.1 when omitted.
    rain : (y, x) DataArray, optional
        Rain rate at the time of the latest frame, on its grid. The forecast is then of rain, by its linear relation to
        frames around every place.
    rain_window : float, optional
        m: the window of that relation; 5 km when omitted.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``.

    Returns
    -------
    (time, y, x) DataArray as ``extrapolate`` gives it, with the name and the unit of ``rain`` where that is given.

    Raises
    ------
    ArgumentError : dimensions, grids, times, lead times or options are wrong, or values below 0 are given.
    NoDataError : there are not three frames to compare, or no motion is known anywhere.
    """
    chosen = _lib.options(
        "anvil", order=order, window_m=window, rim=rim, threshold=threshold, rain_window_m=rain_window
    )
    if rain is not None:
        if rain.dims != ("y", "x"):
            raise ArgumentError(f"rain: dimensions (y, x) expected, {rain.dims} given")
        cells = ascending(rain, _field.as_float32(rain.values))
        field = _field.Fields([cells], rain.attrs.get("units"), Grid.of(rain))
        chosen.rain = field.c
    made = one_field(lib.nwc_forecast_anvil, frames, flow, chosen, **along)
    if rain is None:
        return made
    made.attrs |= {name: rain.attrs[name] for name in ("units", "long_name", "standard_name") if name in rain.attrs}
    return made.rename(rain.name)


def linda(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    features: int | None = None,
    window: float | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """LINDA (Pulkkinen et al. 2021): changes go on and rain is smeared, by laws found around the strongest rain cells.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        Rain, 0 where there is none. NaN where the radar did not look. Three of the latest are used, 3.5 to 30 minutes
        one after the other.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    features : int, optional
        Rain cells that laws are found around, at most; 25 when omitted.
    window : float, optional
        m: standard deviation of the Gaussian window about each; a fifth of the grid's shorter side when omitted.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``.

    Returns
    -------
    (time, y, x) DataArray as ``extrapolate`` gives it.

    Raises
    ------
    ArgumentError, NoDataError : as ``anvil``.
    """
    return one_field(
        lib.nwc_forecast_linda, frames, flow, _lib.options("linda", features=features, window_m=window), **along
    )


def linda_ensemble(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    members: int = MEMBERS,
    seed: int = 0,
    first: int = 0,
    features: int | None = None,
    window: float | None = None,
    vary_motion: bool | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """An ensemble by LINDA (Pulkkinen et al. 2021): its forecast times errors as large and as wide as its last ones.

    Parameters
    ----------
    frames, flow, features, window
        As in ``linda``.
    members, seed, first, vary_motion
        As in ``steps``.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``.

    Returns
    -------
    (member, time, y, x) DataArray as ``steps`` gives it.

    Raises
    ------
    ArgumentError, NoDataError : as ``anvil``.
    """
    return ensemble(
        lib.nwc_forecast_linda_ensemble,
        frames,
        flow,
        _lib.options("linda", features=features, window_m=window, vary_motion=vary_motion),
        members,
        seed,
        first,
        **along,
    )


def sseps(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    members: int = MEMBERS,
    seed: int = 0,
    first: int = 0,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    vary_motion: bool | None = None,
    window: float | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """SSEPS (Nerini et al. 2017): STEPS whose autoregression and noise are those of the place.

    Parameters
    ----------
    frames, flow, members, seed, first, levels, order, threshold, vary_motion
        As in ``steps``.
    window : float, optional
        m: width of the windows that autoregression and noise are found in; 128 km when omitted.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``steps``.

    Returns
    -------
    (member, time, y, x) DataArray as ``steps`` gives it.

    Raises
    ------
    ArgumentError, NoDataError : as ``steps``.
    """
    chosen = _lib.options(
        "steps", levels=levels, order=order, threshold=threshold, vary_motion=vary_motion, window_m=window
    )
    return ensemble(lib.nwc_forecast_sseps, frames, flow, chosen, members, seed, first, **along)
