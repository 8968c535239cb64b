"""Motion fields from successive grids."""

import numpy as np
import xarray as xr

from nowcast import _field, _flow, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = ["METHODS", "ahead", "calm", "error", "estimate"]

METHODS = {
    "variational": lib.NWC_MOTION_VARIATIONAL,
    "lucas_kanade": lib.NWC_MOTION_LUCAS_KANADE,
    "trec": lib.NWC_MOTION_TREC,
    "cotrec": lib.NWC_MOTION_COTREC,
    "phase": lib.NWC_MOTION_PHASE,
    "constant": lib.NWC_MOTION_CONSTANT,
    "vet": lib.NWC_MOTION_VET,
    "proesmans": lib.NWC_MOTION_PROESMANS,
    "farneback": lib.NWC_MOTION_FARNEBACK,
    "darts": lib.NWC_MOTION_DARTS,
}
"""The methods by name."""


def estimate(
    frames: xr.DataArray,
    *,
    method: str = "variational",
    max_speed: float | None = None,
    max_frames: int | None = None,
    before: xr.Dataset | None = None,
    background: xr.Dataset | None = None,
) -> xr.Dataset:
    """Estimate the motion that carries echo fields into later ones.

    Parameters
    ----------
    frames : (time, y, x) DataArray, dBZ or mm h-1
        Two or more times on one grid, the steps as uneven as they are; NaN where the radar did not look. Float32 is not
        copied.
    method : str
        One of ``METHODS``; the guide says what each is and when to use it.
    max_speed : float, optional
        m s-1, in (0, 200]; faster motion is taken for error. The library's default (60) when omitted.
    max_frames : int, optional
        Use this many of the latest frames, 2 to 24. When omitted the method chooses: of those of the last ten minutes,
        or of the latest three, four that differ in age (variational); the two latest pairs at least three and a half
        minutes apart (the others).
    before : Dataset of ``u`` and ``v``, optional
        The motion of a short time before, such as that of the last cycle: the search begins there.
        The method "variational" alone takes it.
    background : Dataset of ``u`` and ``v``, optional
        Wind that steers echo, of a model, on the grid of frames: what the motion tends to away from echo, over about
        100 km; NaN where not known. Where nothing can be followed it is the motion, of quality 0, and
        ``motion_status`` is "background". The method "variational" alone takes it.

    Returns
    -------
    (y, x) Dataset of ``u``, ``v`` (m s-1 over the ground, along the grid's x and y) and ``quality`` (0 to 1).

    Raises
    ------
    ArgumentError : one frame only, times not increasing, other units, an option out of range.
    NoDataError : nothing could be followed between the fields; ``calm`` gives the motion to go on with.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    grid = Grid.of(frames)
    cells = _field.as_float32(frames.values)
    fields = _field.Fields([ascending(frames, frame) for frame in cells], frames.attrs.get("units"), grid)
    times = np.ascontiguousarray(frames["time"].values.astype("datetime64[ns]").astype(np.int64))
    flow = calm(frames)
    out = [_field.Fields([ascending(flow, flow[name].values)], flow[name].attrs["units"], grid) for name in flow]
    options = _lib.options("motion", method=METHODS[method], max_speed_m_s=max_speed, max_frames=max_frames)
    priors = []
    for name, prior in (("before", before), ("background", background)):
        if prior is not None:
            priors.append(_flow.fields(prior, grid, name))
            setattr(options, name, priors[-1].c)
    with _lib.call() as ctx:
        c_times = ffi.cast("int64_t *", times.ctypes.data)
        _lib.check(lib.nwc_motion_estimate(ctx, fields.c, c_times, len(times), options, *(field.c for field in out)))
    followed = background is None or bool((flow["quality"].values > 0.0).any())
    flow.attrs["motion_status"] = "estimated" if followed else "background"
    flow.attrs["motion_method"] = method
    return flow


def error(flow: xr.Dataset, before: xr.Dataset) -> xr.DataArray:
    """How far a motion may be off: the standard error of u and of v, each.

    It comes from what the motion changed by since ``before``, where echo was followed, and from its quality. Of storms
    whose motion is known about 68 % of the errors are within it; the guide has the numbers.

    Parameters
    ----------
    flow : Dataset of ``u``, ``v`` and ``quality``
        As ``estimate`` gives it by the method "variational".
    before : Dataset of ``u`` and ``v``
        The same without the newest frame, or of the cycle before: 2 to 15 minutes older.

    Returns
    -------
    (y, x) DataArray, m s-1; NaN where the motion is not known.

    Raises
    ------
    ArgumentError : grids differ.
    NoDataError : nothing was followed anywhere.
    """
    grid = Grid.of(flow)
    motion, earlier = _flow.fields(flow, grid), _flow.fields(before, grid, "before")
    part = flow["quality"].transpose("y", "x")
    quality = _field.Fields([ascending(part, _field.as_float32(part.values))], "1", grid)
    made = part.copy(data=np.empty(part.shape, dtype=np.float32)).rename("error")
    out = _field.Fields([ascending(part, made.values)], "m s-1", grid)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_motion_error(ctx, motion.c, motion.c + 1, quality.c, earlier.c, out.c))
    made.attrs |= {"units": "m s-1", "long_name": "standard error of the motion along x and along y"}
    return made


def ahead(flow: xr.Dataset, before: xr.Dataset, minutes: float, *, share: float = 0.5) -> xr.Dataset:
    """The motion some minutes later, were it to go on changing as it did: what forecasts take as ``later``.

    Parameters
    ----------
    flow, before : Dataset of ``u`` and ``v``
        With the coordinate ``time``; that of before is earlier.
    minutes : float
        After the time of flow; above 0.
    share : float
        0 to 1, of the change in the time between both: most of a change is the noise of estimates.

    Raises
    ------
    ArgumentError : times or options are wrong.
    """
    if not (minutes > 0.0 and 0.0 <= share <= 1.0):
        raise ArgumentError(f"minutes and share: above 0, and 0 to 1, expected, {minutes:g} and {share:g} given")
    gap = (flow["time"].values - before["time"].values) / np.timedelta64(1, "m")
    if not gap > 0.0:
        raise ArgumentError("before: an earlier time than that of flow expected")
    made = flow.copy()
    for name in ("u", "v"):
        change = flow[name].values - before[name].values
        made[name] = flow[name].copy(data=flow[name].values + np.float32(share * minutes / gap) * change)
    return made.assign_coords(time=flow["time"].values + np.timedelta64(round(6e10 * minutes), "ns"))


def calm(frames: xr.DataArray) -> xr.Dataset:
    """No motion at all, of quality 0, on the grid of frames: what a forecast uses when nothing can be followed."""
    place = {name: frames.coords[name] for name in ("y", "x", "crs") if name in frames.coords}
    shape = (frames.sizes["y"], frames.sizes["x"])
    description = {
        "u": ("x_wind", "motion of echoes along x", "m s-1"),
        "v": ("y_wind", "motion of echoes along y", "m s-1"),
        "quality": (None, "quality of the motion: 0 extrapolated from afar, 1 echo followed here", "1"),
    }
    flow = xr.Dataset(coords=place)
    for name, (standard_name, long_name, units) in description.items():
        attributes = {"long_name": long_name, "units": units, "grid_mapping": "crs"}
        if standard_name:
            attributes["standard_name"] = standard_name
        flow[name] = (("y", "x"), np.zeros(shape, dtype=np.float32), attributes)
    if frames.sizes.get("time"):
        flow = flow.assign_coords(time=frames["time"].values[-1])
    flow.attrs["motion_status"] = "calm"
    return flow
