"""Motion fields from successive grids."""

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = ["METHODS", "calm", "estimate"]

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
    with _lib.call() as ctx:
        c_times = ffi.cast("int64_t *", times.ctypes.data)
        _lib.check(lib.nwc_motion_estimate(ctx, fields.c, c_times, len(times), options, *(field.c for field in out)))
    flow.attrs["motion_status"] = "estimated"
    flow.attrs["motion_method"] = method
    return flow


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
