"""Fields carried into the future."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = [
    "DELAY_MINUTES",
    "MEMBERS",
    "METHODS",
    "PRODUCTS",
    "SAMPLINGS",
    "cascade",
    "delay",
    "extrapolate",
    "lead_times",
    "run",
    "sprog",
    "steps",
]

SAMPLINGS = {
    "nearest": lib.NWC_SAMPLE_NEAREST,
    "bilinear": lib.NWC_SAMPLE_BILINEAR,
    "cubic": lib.NWC_SAMPLE_CUBIC,
    "fading": lib.NWC_SAMPLE_FADING,
}
"""How a field is read between its cells, by name."""

PRODUCTS = {
    "sharp": lib.NWC_CASCADE_SHARP,
    "ranked": lib.NWC_CASCADE_RANKED,
    "textured": lib.NWC_CASCADE_TEXTURED,
    "mean": lib.NWC_CASCADE_MEAN,
}
"""What a forecast by bands of scale gives, by name."""

METHODS = ("extrapolation", "ranked", "textured", "mean", "sprog", "steps")
"""What ``run`` makes, by name: ``extrapolate``, a product of ``cascade``, ``sprog``, or the ensemble of ``steps``."""

MEMBERS = 20
"""Members of an ensemble when it is not said how many."""

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
    latest = frames.isel(time=-1) if "time" in frames.dims else frames
    if latest.dims != ("y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) or (y, x) expected, {frames.dims} given")
    ahead = _Ahead(frames, latest, flow, minutes, step, leads, sampling, travel, delay)
    carried = _field.as_float32(latest.values)
    source = _field.Fields([ascending(latest, carried)], latest.attrs.get("units"), ahead.grid)
    cells, out = ahead.room(1)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_forecast_extrapolate(ctx, source.c, 1, *ahead.c, out.c))
    return ahead.described(cells[0])


def run(frames: xr.DataArray, flow: xr.Dataset, method: str = "extrapolation", **options: Any) -> xr.DataArray:
    """A forecast by the name of its method, with the options that ``extrapolate`` takes: (time, y, x).

    An ensemble, of "steps", is (member, time, y, x), and also takes ``members``, ``seed`` and ``first``.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    if method == "extrapolation":
        return extrapolate(frames, flow, **options)
    if method == "sprog":
        return sprog(frames, flow, **options)
    if method == "steps":
        return steps(frames, flow, **options)
    return cascade(frames, flow, products=[method], **options)[method].rename(frames.name)


def cascade(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    products: Sequence[str] = ("ranked",),
    minutes: float = 60,
    step: float = 5,
    leads: Sequence[float] | None = None,
    sampling: str | None = None,
    travel: float | None = None,
    delay: xr.DataArray | bool = True,
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
    minutes, step, leads, sampling, travel, delay
        As in ``extrapolate``.

    Returns
    -------
    Dataset of a variable (time, y, x) for each product, with the coordinates that ``extrapolate`` gives.

    Raises
    ------
    ArgumentError : dimensions, grids, times, lead times or options are wrong, or values below 0 are given.
    NoDataError : there are not two frames to compare, or no motion is known anywhere.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    for product in products:
        if product not in PRODUCTS:
            raise ArgumentError(f"products: some of {', '.join(PRODUCTS)} expected, {product!r} given")
    ahead = _Ahead(frames, frames.isel(time=-1), flow, minutes, step, leads, sampling, travel, delay)
    sequence, c_times = _sequence(frames, ahead.grid)
    wanted = ffi.new("int32_t[]", [PRODUCTS[product] for product in products])
    cells, out = ahead.room(len(products))
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_cascade(
                ctx, sequence.c, c_times, len(c_times), u, v, c_leads, n_leads, wanted, len(products), options, out.c
            )
        )
    made = {product: ahead.described(cells[k], product) for k, product in enumerate(products)}
    return xr.Dataset(made)


def sprog(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 5,
    leads: Sequence[float] | None = None,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    match: bool | None = None,
    sampling: str | None = None,
    travel: float | None = None,
    delay: xr.DataArray | bool = True,
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
    minutes, step, leads, sampling, travel, delay
        As in ``extrapolate``.

    Returns
    -------
    (time, y, x) DataArray as ``extrapolate`` gives it.

    Raises
    ------
    ArgumentError, NoDataError : as ``cascade``.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    ahead = _Ahead(frames, frames.isel(time=-1), flow, minutes, step, leads, sampling, travel, delay)
    sequence, c_times = _sequence(frames, ahead.grid)
    cells, out = ahead.room(1)
    chosen = _lib.options("sprog", levels=levels, order=order, threshold=threshold, match=match)
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_sprog(
                ctx, sequence.c, c_times, len(c_times), u, v, c_leads, n_leads, chosen, options, out.c
            )
        )
    return ahead.described(cells[0])


def steps(
    frames: xr.DataArray,
    flow: xr.Dataset,
    *,
    minutes: float = 60,
    step: float = 5,
    leads: Sequence[float] | None = None,
    members: int = MEMBERS,
    seed: int = 0,
    first: int = 0,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    vary_motion: bool | None = None,
    sampling: str | None = None,
    travel: float | None = None,
    delay: xr.DataArray | bool = True,
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
    minutes, step, leads, sampling, travel, delay
        As in ``extrapolate``.

    Returns
    -------
    (member, time, y, x) DataArray with the coordinates that ``extrapolate`` gives, and ``member``.

    Raises
    ------
    ArgumentError, NoDataError : as ``cascade``.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    if members < 1:
        raise ArgumentError(f"members: 1 or more expected, {members} given")
    if not 0 <= seed < 2**64:
        raise ArgumentError(f"seed: 0 to 2^64 - 1 expected, {seed} given")
    ahead = _Ahead(frames, frames.isel(time=-1), flow, minutes, step, leads, sampling, travel, delay)
    sequence, c_times = _sequence(frames, ahead.grid)
    cells = np.empty((members, len(ahead.seconds), *ahead.latest.shape), dtype=np.float32)
    out = _field.Fields([ascending(ahead.latest, cells)], ahead.latest.attrs.get("units"), ahead.grid)
    chosen = _lib.options("steps", levels=levels, order=order, threshold=threshold, vary_motion=vary_motion)
    chosen.seed, chosen.first_member = seed, first
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_steps(
                ctx, sequence.c, c_times, len(c_times), u, v, c_leads, n_leads, chosen, options, out.c
            )
        )
    one = ahead.described(cells[0])
    numbers = xr.Variable("member", np.arange(first, first + members), {"standard_name": "realization"})
    return xr.DataArray(
        cells,
        dims=("member", *one.dims),
        coords={"member": numbers} | dict(one.coords),
        attrs=one.attrs,
        name=frames.name,
    )


def _sequence(frames: xr.DataArray, grid: Grid) -> tuple[_field.Fields, Any]:
    """Frames and their times as C has them."""
    times = frames["time"].values.astype("datetime64[ns]").astype(np.int64)
    given = _field.as_float32(frames.values)
    fields = _field.Fields([ascending(frames, frame) for frame in given], frames.attrs.get("units"), grid)
    return fields, ffi.new("int64_t[]", times.tolist())


class _Ahead:
    """What forecasts along a motion have in common: the motion, lead times and options, and what is made of results."""

    def __init__(
        self,
        frames: xr.DataArray,
        latest: xr.DataArray,
        flow: xr.Dataset,
        minutes: float,
        step: float,
        leads: Sequence[float] | None,
        sampling: str | None,
        travel: float | None,
        delay: xr.DataArray | bool,
    ) -> None:
        if sampling is not None and sampling not in SAMPLINGS:
            raise ArgumentError(f"sampling: one of {', '.join(SAMPLINGS)} expected, {sampling!r} given")
        if "time" not in latest.coords:
            raise ArgumentError("frames: a coordinate time expected, none found")
        self.latest, self.flow, self.grid = latest, flow, Grid.of(latest)
        if Grid.of(flow) != self.grid:
            raise ArgumentError("flow: the grid of frames expected, another given")
        chosen = lead_times(minutes, step) if leads is None else list(leads)
        self.seconds = [60.0 * lead for lead in chosen]
        self.late = _late(frames, chosen, delay)
        self.motion = []
        for name in ("u", "v"):
            component = flow[name].transpose("y", "x")
            values = ascending(component, _field.as_float32(component.values))
            self.motion.append(_field.Fields([values], component.attrs.get("units"), self.grid))
        number = SAMPLINGS[sampling] if sampling is not None else None
        options = _lib.options("extrapolate", sampling=number, travel=travel)
        if self.late is not None:
            self._behind = _field.Fields([ascending(latest, _field.as_float32(self.late.values))], "s")
            options.delay = self._behind.c
        c_leads = ffi.new("double[]", self.seconds)
        self.c = (self.motion[0].c, self.motion[1].c, c_leads, len(self.seconds), options)

    def room(self, n: int) -> tuple[list[_field.Array], _field.Fields]:
        """Cells (time, y, x) for n forecasts."""
        shape = (len(self.seconds), *self.latest.shape)
        cells = [np.empty(shape, dtype=np.float32) for _ in range(n)]
        fields = [ascending(self.latest, some) for some in cells]
        return cells, _field.Fields(fields, self.latest.attrs.get("units"), self.grid)

    def described(self, cells: _field.Array, name: str | None = None) -> xr.DataArray:
        """Forecast cells with times, places and attributes."""
        made = _described(self.latest, self.flow, cells, self.seconds)
        if self.late is not None:
            made.attrs["carried_over"] = self.late.attrs.get("carried_over", float("nan"))
        return made if name is None else made.rename(name)


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
