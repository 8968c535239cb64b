"""Forecasts by wavelength: S-PROG, and the ensemble of STEPS."""

from typing import Unpack

import xarray as xr

from nowcast import _lib
from nowcast._forecast_ahead import Along, ensemble, one_field
from nowcast._lib import lib

MEMBERS = 20
"""Members of an ensemble when it is not said how many."""


def sprog(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    match: bool | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """S-PROG (Seed 2003): decibels of rain by wavelength, each level damped as its past says, carried along the motion.

    The method of that name in pysteps, for comparison with it; ``cascade`` is the better forecast.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        Rain, 0 where there is none. NaN where the radar did not look.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    levels : int, optional
        Of wavelength, 3 to 16; the library's default, 6, when omitted.
    order : 1 or 2, optional
        Of autoregression; 2 when omitted, and 1 where there are only two frames.
    threshold : float, optional
        What is below it counts as dry, in the unit of frames; 0.1 when omitted.
    match : bool, optional
        True when omitted: values are those of the latest frame, by rank.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``.

    Returns
    -------
    (time, y, x) DataArray as ``extrapolate`` gives it.

    Raises
    ------
    ArgumentError, NoDataError : as ``cascade``.
    """
    chosen = _lib.options("sprog", levels=levels, order=order, threshold=threshold, match=match)
    return one_field(lib.nwc_forecast_sprog, frames, flow, chosen, **along)


def steps(
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
    **along: Unpack[Along],
) -> xr.DataArray:
    """STEPS (Bowler, Pierce and Seed 2006): an ensemble, each member with noise in place of what cannot be followed.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        Rain, 0 where there is none. NaN where the radar did not look.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    members, seed, first : int
        Members first to first + members - 1 of the ensemble of that seed: a large one can be made a few at a time.
    levels, order, threshold
        As in ``sprog``.
    vary_motion : bool, optional
        True when omitted: members move differently.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``; fading is
        cubic at every lead time, since noise does not become smoother.

    Returns
    -------
    (member, time, y, x) DataArray with the coordinates that ``extrapolate`` gives, and ``member``.

    Raises
    ------
    ArgumentError, NoDataError : as ``cascade``.
    """
    chosen = _lib.options("steps", levels=levels, order=order, threshold=threshold, vary_motion=vary_motion)
    return ensemble(lib.nwc_forecast_steps, frames, flow, chosen, members, seed, first, **along)
