"""What forecasts along a motion have in common: lead times, the delay of composites, what C is given and gives."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _flow, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

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
    fields = _field.Fields([ascending(frames, frame) for frame in given], frames.attrs.get("units"))
    out = _field.Fields([ascending(frames, cells)], "s")
    share = ffi.new("double *")
    with _lib.call() as ctx:
        c_times, c_leads = ffi.new("int64_t[]", times.tolist()), ffi.new("double[]", seconds)
        _lib.check(lib.nwc_forecast_delay(ctx, fields.c, c_times, len(times), c_leads, len(seconds), out.c, share))
    coords = {name: frames.coords[name] for name in ("y", "x", "crs") if name in frames.coords}
    attributes = {"units": "s", "long_name": "time by which cells will stay behind", "carried_over": share[0]}
    if "grid_mapping" in frames.attrs:
        attributes["grid_mapping"] = frames.attrs["grid_mapping"]
    return xr.DataArray(
        cells,
        dims=("lead_time", "y", "x"),
        coords={"lead_time": ("lead_time", timedeltas(seconds)), **coords},
        attrs=attributes,
        name="delay",
    )


def sequence(frames: xr.DataArray, grid: Grid) -> tuple[_field.Fields, Any]:
    """Frames and their times as C has them."""
    times = frames["time"].values.astype("datetime64[ns]").astype(np.int64)
    given = _field.as_float32(frames.values)
    fields = _field.Fields([ascending(frames, frame) for frame in given], frames.attrs.get("units"), grid)
    return fields, ffi.new("int64_t[]", times.tolist())


class Along(TypedDict, total=False):
    """What every forecast along a motion may be told; ``extrapolate`` says what it means."""

    minutes: float
    step: float
    leads: Sequence[float] | None
    sampling: str | None
    travel: float | None
    delay: xr.DataArray | bool
    later: xr.Dataset | None


class Ahead:
    """What forecasts along a motion have in common: the motion, lead times and options, and what is made of results."""

    def __init__(
        self,
        frames: xr.DataArray,
        latest: xr.DataArray,
        flow: xr.Dataset,
        *,
        minutes: float = 60.0,
        step: float = 5.0,
        leads: Sequence[float] | None = None,
        sampling: str | None = None,
        travel: float | None = None,
        delay: xr.DataArray | bool = True,
        later: xr.Dataset | None = None,
    ) -> None:
        if sampling is not None and sampling not in SAMPLINGS:
            raise ArgumentError(f"sampling: one of {', '.join(SAMPLINGS)} expected, {sampling!r} given")
        if "time" not in latest.coords:
            raise ArgumentError("frames: a coordinate time expected, none found")
        self.latest, self.flow, self.grid = latest, flow, Grid.of(latest)
        chosen = lead_times(minutes, step) if leads is None else list(leads)
        self.seconds = [60.0 * lead for lead in chosen]
        self.late = _late(frames, chosen, delay)
        self.motion = _flow.fields(flow, self.grid)
        number = SAMPLINGS[sampling] if sampling is not None else None
        options = _lib.options("extrapolate", sampling=number, travel=travel)
        if self.late is not None:
            self._behind = _field.Fields([ascending(latest, _field.as_float32(self.late.values))], "s")
            options.delay = self._behind.c
        if later is not None:
            self._then = _later(later, latest, self.grid)
            options.later, options.later_s = self._then[0].c, self._then[1]
        c_leads = ffi.new("double[]", self.seconds)
        self.c = (self.motion.c, self.motion.c + 1, c_leads, len(self.seconds), options)

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

    def of_members(self, cells: _field.Array, first: int) -> xr.DataArray:
        """Cells (member, time, y, x) of members that are numbered from first."""
        one = self.described(cells[0])
        numbers = xr.Variable("member", np.arange(first, first + len(cells)), {"standard_name": "realization"})
        coords = {"member": numbers} | dict(one.coords)
        return xr.DataArray(cells, dims=("member", *one.dims), coords=coords, attrs=one.attrs, name=self.latest.name)


def one_field(make: Any, frames: xr.DataArray, flow: xr.Dataset, chosen: Any, **along: Unpack[Along]) -> xr.DataArray:
    """What the C function make says of frames by its own options and those all forecasts have: (time, y, x)."""
    ahead = of_frames(frames, flow, **along)
    fields, c_times = sequence(frames, ahead.grid)
    cells, out = ahead.room(1)
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(make(ctx, fields.c, c_times, len(c_times), u, v, c_leads, n_leads, chosen, options, out.c))
    return ahead.described(cells[0])


def ensemble(
    make: Any,
    frames: xr.DataArray,
    flow: xr.Dataset,
    chosen: Any,
    members: int,
    seed: int,
    first: int,
    **along: Unpack[Along],
) -> xr.DataArray:
    """Members first to first + members - 1 that the C function make says: (member, time, y, x)."""
    check_members(members, seed)
    ahead = of_frames(frames, flow, **along)
    fields, c_times = sequence(frames, ahead.grid)
    cells = np.empty((members, len(ahead.seconds), *ahead.latest.shape), dtype=np.float32)
    out = _field.Fields([ascending(ahead.latest, cells)], ahead.latest.attrs.get("units"), ahead.grid)
    chosen.seed, chosen.first_member = seed, first
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(make(ctx, fields.c, c_times, len(c_times), u, v, c_leads, n_leads, chosen, options, out.c))
    return ahead.of_members(cells, first)


def check_members(members: int, seed: int) -> None:
    """Of an ensemble."""
    if members < 1:
        raise ArgumentError(f"members: 1 or more expected, {members} given")
    if not 0 <= seed < 2**64:
        raise ArgumentError(f"seed: 0 to 2^64 - 1 expected, {seed} given")


def of_frames(frames: xr.DataArray, flow: xr.Dataset, **along: Unpack[Along]) -> Ahead:
    """Ahead of the latest of frames (time, y, x)."""
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    return Ahead(frames, frames.isel(time=-1), flow, **along)


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
        if not np.isin(timedeltas([60.0 * lead for lead in near]), found["lead_time"].values).all():
            raise ArgumentError(f"delay: every lead time up to {DELAY_MINUTES:g} minutes expected")
        found = found.sel(lead_time=timedeltas([60.0 * lead for lead in near]))
        shape = (frames.sizes["y"], frames.sizes["x"])
        if found.shape[1:] != shape:
            raise ArgumentError(f"delay: the shape {shape} of frames expected, {found.shape[1:]} given")
    return found if found.values.any() else None


def _later(flow: xr.Dataset, latest: xr.DataArray, grid: Grid) -> tuple[_field.Fields, float]:
    """The motion of a later time, and how many seconds after the latest frame that is."""
    if "time" not in flow.coords:
        raise ArgumentError("later: a coordinate time expected, none found")
    after = flow["time"].values.astype("datetime64[ns]") - latest["time"].values.astype("datetime64[ns]")
    return _flow.fields(flow, grid, "later"), float(after / np.timedelta64(1, "s"))


def timedeltas(seconds: Sequence[float]) -> npt.NDArray[np.timedelta64]:
    return np.array([round(1e9 * s) for s in seconds], dtype="timedelta64[ns]")


def _described(latest: xr.DataArray, flow: xr.Dataset, cells: _field.Array, seconds: list[float]) -> xr.DataArray:
    """The forecast cells with times, places and attributes."""
    start = latest["time"].values.astype("datetime64[ns]")
    lead = timedeltas(seconds)
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
