"""The latest frames carried along the motion, as they are or by scale."""

from collections.abc import Sequence
from typing import Unpack

import xarray as xr

from nowcast import _field, _lib
from nowcast._forecast_ahead import Ahead, Along, of_frames, sequence
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import ascending

PRODUCTS = {
    "sharp": lib.NWC_CASCADE_SHARP,
    "ranked": lib.NWC_CASCADE_RANKED,
    "textured": lib.NWC_CASCADE_TEXTURED,
    "mean": lib.NWC_CASCADE_MEAN,
}
"""What a forecast by bands of scale gives, by name."""


def extrapolate(
    frames: xr.DataArray,
    flow: xr.Dataset,
    **along: Unpack[Along],
) -> xr.DataArray:
    """Carry the latest field along a motion field: backward semi-Lagrangian extrapolation.

    Parameters
    ----------
    frames : (time, y, x) or (y, x) DataArray
        Its latest time is carried. Float32 is not copied.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    minutes, step : float, optional
        Lead times step, 2 step, ... up to minutes; 60 and 5 when omitted.
    leads : sequence of float, optional
        Lead times in minutes instead, increasing, each from 0 to 1440. Any subset gives the same bits as all at once.
    sampling : "nearest", "bilinear", "cubic" or "fading", optional
        How the field is read between its cells; the library's default when omitted: fading, which is cubic at lead time
        0 and bilinear from five minutes on.
    travel : float, optional
        0 to 1: the motion field itself moves at this share of its smoothed speed; the library's default when omitted.
    delay : DataArray or bool, optional
        True, as when omitted: where frames show that the composite carries cells over until the next scan, forecast
        what the composite will show, by ``nowcast.forecast.delay`` of all of frames. False: the echo at the valid time
        itself. Or what that function gave, which must hold every lead time up to 20 minutes.
    later : Dataset of ``u`` and ``v``, optional
        The motion of a later time, its coordinate ``time``: of a model's tendency, or of ``nowcast.motion.ahead``. The
        motion changes linearly towards it and stays so from then on.

    Returns
    -------
    (time, y, x) DataArray, ``time`` being the valid time, with ``lead_time`` and ``forecast_reference_time``. NaN where
    what arrives is not known. Where cells stay behind, the attribute ``carried_over`` says how large a share of those
    with echo was carried over from one frame to the next.

    Raises
    ------
    ArgumentError : dimensions, grids, lead times or options are wrong.
    NoDataError : no motion is known anywhere.
    """
    latest = frames.isel(time=-1) if "time" in frames.dims else frames
    if latest.dims != ("y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) or (y, x) expected, {frames.dims} given")
    ahead = Ahead(frames, latest, flow, **along)
    carried = _field.as_float32(latest.values)
    source = _field.Fields([ascending(latest, carried)], latest.attrs.get("units"), ahead.grid)
    cells, out = ahead.room(1)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_forecast_extrapolate(ctx, source.c, 1, *ahead.c, out.c))
    return ahead.described(cells[0])


def cascade(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    products: Sequence[str] = ("ranked",),
    **along: Unpack[Along],
) -> xr.Dataset:
    """Carry the latest fields along a motion field and let go of what cannot be followed, scale by scale.

    Up to four of the latest frames, 3.5 to 30 minutes one after the other, tell how long rain of each scale lasts.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        0 where there is nothing and above it elsewhere: rain, VIL, hail; not dBZ. NaN where the radar did not look.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.
    products : sequence of "sharp", "ranked", "textured" and "mean"
        sharp: the latest frame carried, as ``extrapolate`` does. ranked: where rain is most likely, with the values of
        sharp. textured: as ranked, with most of the amplitude of small scales. mean: the expected amount, smooth.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``extrapolate``.

    Returns
    -------
    Dataset of a variable (time, y, x) for each product, with the coordinates that ``extrapolate`` gives.

    Raises
    ------
    ArgumentError : dimensions, grids, times, lead times or options are wrong, or values below 0 are given.
    NoDataError : there are not two frames to compare, or no motion is known anywhere.
    """
    for product in products:
        if product not in PRODUCTS:
            raise ArgumentError(f"products: some of {', '.join(PRODUCTS)} expected, {product!r} given")
    ahead = of_frames(frames, flow, **along)
    fields, c_times = sequence(frames, ahead.grid)
    wanted = ffi.new("int32_t[]", [PRODUCTS[product] for product in products])
    cells, out = ahead.room(len(products))
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_cascade(
                ctx, fields.c, c_times, len(c_times), u, v, c_leads, n_leads, wanted, len(products), options, out.c
            )
        )
    made = {product: ahead.described(cells[k], product) for k, product in enumerate(products)}
    return xr.Dataset(made)
