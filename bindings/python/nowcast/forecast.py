"""Fields carried into the future."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = ["DELAY_MINUTES", "SAMPLINGS", "delay", "extrapolate", "lead_times"]

SAMPLINGS = {
    "nearest": lib.NWC_SAMPLE_NEAREST,
    "bilinear": lib.NWC_SAMPLE_BILINEAR,
    "cubic": lib.NWC_SAMPLE_CUBIC,
    "fading": lib.NWC_SAMPLE_FADING,
}
"""How a field is read between its cells, by name."""

DELAY_MINUTES = 20.0
"""Lead times beyond this have no delay."""

_LATEST = 16  # frames the library looks at for a delay


def lead_times(minutes: float, step: float) -> list[float]:
    """Lead times in minutes: step, 2 step, ... up to minutes."""
    if not (step > 0 and minutes >= step and np.isfinite(minutes)):
        raise ArgumentError(f"minutes and step: 0 < step <= minutes expected, {step:g} and {minutes:g} given")
    return [step * n for n in range(1, int(minutes / step + 1e-9) + 1)]


def delay(frames: xr.DataArray, leads: Sequence[float]) -> xr.DataArray:
    """How far the cells of a composite will stay behind its time, where it carries cells over until the next scan.

    In such a composite cells are the same number from frame to frame, until their radar's next scan comes. When each
    area was renewed is seen in the frames, and when it will be follows from the periods radars scan with. What is shown
    at a lead time will have moved for the lead time less the delay.

    Parameters
    ----------
    frames : (time, y, x) DataArray
        As read: any interpolation hides which cells are the same.
    leads : sequence of float
        Lead times in minutes, increasing, each from 0 to 1440.

    Returns
    -------
    (lead_time, y, x) DataArray in s: zero where cells are renewed in every frame, with fewer than three frames, and
    beyond 20 minutes. Its attribute ``carried_over`` is the share of the cells with echo that were the same number from
    one frame to the next.

    Raises
    ------
    ArgumentError : dimensions, times or lead times are wrong.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    times = frames["time"].values.astype("datetime64[ns]").astype(np.int64)
    seconds = [60.0 * lead for lead in leads]
    given = _field.as_float32(frames.values)
    cells = np.empty((len(seconds), *given.shape[1:]), dtype=np.float32)
    sequence = _field.Fields([ascending(frames, frame) for frame in given], frames.attrs.get("units"))
    out = _field.Fields([ascending(frames, cells)], "s")
    share = ffi.new("double *")
    with _lib.call() as ctx:
        c_times, c_leads = ffi.new("int64_t[]", times.tolist()), ffi.new("double[]", seconds)
        _lib.check(lib.nwc_forecast_delay(ctx, sequence.c, c_times, len(times), c_leads, len(seconds), out.c, share))
    coords = {name: frames.coords[name] for name in ("y", "x", "crs") if name in frames.coords}
    attributes = {"units": "s", "long_name": "time by which cells will stay behind", "carried_over": share[0]}
    if "grid_mapping" in frames.attrs:
        attributes["grid_mapping"] = frames.attrs["grid_mapping"]
    return xr.DataArray(
        cells,
        dims=("lead_time", "y", "x"),
        coords={"lead_time": ("lead_time", _timedeltas(seconds)), **coords},
        attrs=attributes,
        name="delay",
    )


def extrapolate(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 5,
    leads: Sequence[float] | None = None,
    sampling: str | None = None,
    travel: float | None = None,
    delay: xr.DataArray | bool = True,
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
    sampling : "nearest", "bilinear", "cubic" or "fading", optional
        How the field is read between its cells; the library's default when omitted: fading, which is cubic at lead time
        0 and bilinear from five minutes on.
    travel : float, optional
        0 to 1: the motion field itself moves at this share of its smoothed speed; the library's default when omitted.
    delay : DataArray or bool
        True: where frames show that the composite carries cells over until the next scan, forecast what the composite
        will show, by ``nowcast.forecast.delay`` of all of frames. False: the echo at the valid time itself. Or what
        that function gave, which must hold every lead time up to 20 minutes.

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
    chosen_leads = lead_times(minutes, step) if leads is None else list(leads)
    seconds = [60.0 * lead for lead in chosen_leads]
    late = _late(frames, chosen_leads, delay)

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
    if late is not None:
        behind = _field.Fields([ascending(latest, _field.as_float32(late.values))], "s")
        options.delay = behind.c
    with _lib.call() as ctx:
        c_leads = ffi.new("double[]", seconds)
        _lib.check(
            lib.nwc_forecast_extrapolate(
                ctx, source.c, 1, motion[0].c, motion[1].c, c_leads, len(seconds), options, out.c
            )
        )
    made = _described(latest, flow, cells, seconds)
    if late is not None:
        made.attrs["carried_over"] = late.attrs.get("carried_over", float("nan"))
    return made


def _late(frames: xr.DataArray, leads: list[float], given: xr.DataArray | bool) -> xr.DataArray | None:
    """The delay of the first of the lead times; None where no cell has any."""
    near = [lead for lead in leads if lead <= DELAY_MINUTES]
    if not near or given is False:
        return None
    if given is True:
        if "time" not in frames.dims or frames.sizes["time"] < 3:
            return None
        found = delay(frames.isel(time=slice(-_LATEST, None)).transpose("time", "y", "x"), near)
    else:
        found = given.transpose("lead_time", "y", "x")
        if not np.isin(_timedeltas([60.0 * lead for lead in near]), found["lead_time"].values).all():
            raise ArgumentError(f"delay: every lead time up to {DELAY_MINUTES:g} minutes expected")
        found = found.sel(lead_time=_timedeltas([60.0 * lead for lead in near]))
        shape = (frames.sizes["y"], frames.sizes["x"])
        if found.shape[1:] != shape:
            raise ArgumentError(f"delay: the shape {shape} of frames expected, {found.shape[1:]} given")
    return found if found.values.any() else None


def _timedeltas(seconds: Sequence[float]) -> npt.NDArray[np.timedelta64]:
    return np.array([round(1e9 * s) for s in seconds], dtype="timedelta64[ns]")


def _described(latest: xr.DataArray, flow: xr.Dataset, cells: _field.Array, seconds: list[float]) -> xr.DataArray:
    """The forecast cells with times, places and attributes."""
    start = latest["time"].values.astype("datetime64[ns]")
    lead = _timedeltas(seconds)
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
