"""Ensembles along the motion joined to a weather model's by a Kalman filter."""

from typing import Unpack

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._blend import Runs, on_leads
from nowcast._forecast_ahead import Along, check_members, of_frames, sequence
from nowcast._forecast_waves import MEMBERS
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending


def enkf(
    frames: xr.DataArray,
    flow: xr.Dataset,
    model: Runs,
    *,
    members: int = MEMBERS,
    seed: int = 0,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    explained: float | None = None,
    nowcast_inflation: float | None = None,
    model_inflation: float | None = None,
    model_error: float | None = None,
    memory: float | None = None,
    feather: float | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """An ensemble along the motion that is corrected by a model's at each lead time (Nerini et al. 2019).

    What pysteps has as ``pca_ens_kalman_filter``: among the principal components of both ensembles each member moves to
    one of the model's by P / (P + R), P and R being the variances of both. How far a model is believed follows from the
    spread of its members, so there should be several, and from how it errs now.

    Parameters
    ----------
    frames, flow, model
        As in ``blend``.
    members, seed : int
        As in ``steps``.
    levels, order, threshold
        As in ``sprog``.
    explained : float, optional
        Share of the variance that components hold; all of it when omitted.
    nowcast_inflation, model_inflation : float, optional
        Of both variances; 1 when omitted.
    model_error : float, optional
        dB that the model's members err beyond their spread; what they do now when omitted.
    memory : float, optional
        Minutes that errors of the model last: what it says within them counts once; 60 when omitted.
    feather : float, optional
        As in ``blend``.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``steps``. Each lead time is one correction.

    Returns
    -------
    (member, time, y, x) DataArray as ``blend`` gives it, with the coordinate ``gain`` (time), the mean of P / (P + R).

    Raises
    ------
    ArgumentError, NoDataError : as ``blend``.
    """
    check_members(members, seed)
    ahead = of_frames(frames, flow, **along)
    fields, c_times = sequence(frames, ahead.grid)
    of_model, _, status = on_leads(model, frames, flow, ahead, feather)
    cells = np.empty((members, len(ahead.seconds), *ahead.latest.shape), dtype=np.float32)
    units = ahead.latest.attrs.get("units")
    out = _field.Fields([ascending(ahead.latest, cells)], units, ahead.grid)
    chosen = _lib.options(
        "enkf",
        levels=levels,
        order=order,
        threshold=threshold,
        explained=explained,
        nowcast_inflation=nowcast_inflation,
        model_inflation=model_inflation,
        model_error=model_error,
        memory_s=None if memory is None else 60.0 * memory,
        feather_m=feather,
    )
    chosen.seed = seed
    gains = np.empty(len(ahead.seconds))
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_enkf(
                ctx,
                *(fields.c, c_times, len(c_times), u, v, c_leads, n_leads),
                *(part.c for part in of_model),
                *(chosen, options, ffi.from_buffer("double[]", gains), out.c),
            )
        )
    made = ahead.of_members(cells, 0).assign_coords(gain=("time", gains, {"long_name": "mean gain", "units": "1"}))
    made.attrs["blend_status"] = status
    return made


def kalman(
    nowcast: xr.DataArray,
    model: xr.DataArray,
    *,
    explained: float | None = None,
    nowcast_inflation: float | None = None,
    model_inflation: float | None = None,
    model_error: float | None = None,
) -> xr.DataArray:
    """Correct any ensemble by another at one time: the step ``enkf`` is made of.

    Parameters
    ----------
    nowcast : (member, y, x) DataArray
        Two members or more, of values whose differences mean the same everywhere, as decibels.
    model : (member, y, x) DataArray
        Of the same unit, on the same grid. One alone has no spread, and without a model_error is taken for true.
    explained, nowcast_inflation, model_inflation, model_error
        As in ``enkf``; the last in the unit of model, 0 when omitted.

    Returns
    -------
    DataArray like nowcast, with the attribute ``gain``. Cells that one of the members does not know are as they were.

    Raises
    ------
    ArgumentError : dimensions, units or shapes are wrong.
    ConvergenceError : no principal components are found.
    """
    for name, given in (("nowcast", nowcast), ("model", model)):
        if given.dims != ("member", "y", "x"):
            raise ArgumentError(f"{name}: (member, y, x) expected, {given.dims} given")
    if Grid.of(nowcast) != Grid.of(model):
        raise ArgumentError("model: the grid of nowcast expected, another given")
    units, cells = nowcast.attrs.get("units"), np.empty(nowcast.shape, dtype=np.float32)
    both = [_field.Fields([ascending(some, _field.as_float32(some.values))], units) for some in (nowcast, model)]
    if model.attrs.get("units") != units:
        raise ArgumentError(f"model: {units} expected, {model.attrs.get('units')} given")
    out = _field.Fields([ascending(nowcast, cells)], units)
    chosen = _lib.options(
        "kalman",
        explained=explained,
        nowcast_inflation=nowcast_inflation,
        model_inflation=model_inflation,
        model_error=model_error,
    )
    gain = ffi.new("double *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_forecast_kalman(ctx, both[0].c, both[1].c, chosen, gain, out.c))
    return nowcast.copy(data=cells).assign_attrs(gain=gain[0])
