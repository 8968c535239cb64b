"""Wind over height from radial velocities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

_METHODS = {"vad": lib.NWC_PROFILE_VAD, "gvad": lib.NWC_PROFILE_GVAD, "vvp": lib.NWC_PROFILE_VVP}

_VARIABLES = {
    "u": ("u_m_s", "m s-1", "eastward_wind", "wind to the east"),
    "v": ("v_m_s", "m s-1", "northward_wind", "wind to the north"),
    "w": ("w_m_s", "m s-1", "", "upward motion of the echo: air and fall"),
    "divergence": ("divergence", "s-1", "divergence_of_wind", "horizontal divergence of the wind"),
    "stretching": ("stretching", "s-1", "", "stretching deformation, du/dx - dv/dy"),
    "shearing": ("shearing", "s-1", "", "shearing deformation, du/dy + dv/dx"),
    "u_error": ("u_error_m_s", "m s-1", "eastward_wind standard_error", "standard error of u"),
    "v_error": ("v_error_m_s", "m s-1", "northward_wind standard_error", "standard error of v"),
    "residual": ("residual_m_s", "m s-1", "", "robust standard deviation of the gates about the fit"),
    "gap": ("gap_deg", "degrees", "", "largest gap in azimuth"),
    "quality": ("quality", "1", "", "0 to 1: gates that follow the fit, azimuths covered, small errors"),
    "points": ("n_points", "1", "", "gates that were used"),
}


def wind_profile(
    volumes: xr.DataTree | Sequence[xr.DataTree],
    *,
    method: str = "vad",
    heights: npt.ArrayLike | None = None,
    depth: float | None = None,
    order: int | None = None,
    parameters: int | None = None,
    moment: str | None = None,
    ranges: tuple[float, float] | None = None,
    elevations: tuple[float, float] | None = None,
    max_gap: float | None = None,
    min_points: int | None = None,
) -> xr.Dataset:
    """The wind over height above one radar, or that which several agree upon.

    Parameters
    ----------
    volumes : DataTree, or several of any radars and times
        Velocities are VRADDH where a sweep has it, VRADH else; those of "gvad" are VRADH, aliased or not.
    method : "vad", "gvad" or "vvp"
        Rings of each sweep combined; the same for aliased velocities; or all gates of a level at once.
    heights : m above mean sea level, increasing
        By default every 200 m from 100 m above the lowest radar to 12 km above it.
    depth : m, of a level
    order : 1 or 2, harmonics of "vad" and "gvad"
    parameters : 2, 3, 5, 6, 7 or 8, of "vvp"
        u and v; 3, 6 and 8 with w; from 5 on with horizontal derivatives; from 7 on with vertical shear.
    moment : str, optional
        Name of the velocities.
    ranges : least and greatest slant range, m
    elevations : least and greatest, degrees
    max_gap : degrees of azimuth without gates from which on there is no answer
    min_points : gates below which there is none

    Returns
    -------
    (height) Dataset of ``u``, ``v``, ``w``, ``divergence``, ``stretching``, ``shearing``, ``u_error``, ``v_error``,
    ``residual``, ``gap``, ``quality`` and ``points``. What the gates cannot tell is NaN.

    Raises
    ------
    NoDataError : no height has gates enough all around.
    """
    trees = [volumes] if isinstance(volumes, xr.DataTree) else list(volumes)
    if method not in _METHODS:
        raise ArgumentError(f'method: "vad", "gvad" or "vvp" expected, "{method}" given')
    if not trees:
        raise ArgumentError("volumes: at least one expected, none given")
    if heights is None:
        lowest = min(float(tree["altitude"]) for tree in trees)
        heights = np.arange(lowest + 100.0, lowest + 12000.0, 200.0)
    levels = np.ascontiguousarray(np.atleast_1d(np.asarray(heights, dtype=np.float64)))
    options = ffi.new("nwc_profile_options *")
    lib.nwc_profile_options_init(options)
    options.method = _METHODS[method]
    name = ffi.NULL if moment is None else ffi.new("char[]", moment.encode())
    options.moment = name
    given = {"order": order, "parameters": parameters, "depth_m": depth, "max_gap_deg": max_gap}
    given |= {"min_points": min_points}
    given |= dict(zip(("min_range_m", "max_range_m"), ranges or (), strict=False))
    given |= dict(zip(("min_elevation_deg", "max_elevation_deg"), elevations or (), strict=False))
    for field, value in given.items():
        if value is not None:
            setattr(options, field, value)
    names = ("VRADDH", "VRADH") if moment is None else (moment,)
    handles = [_volume.handle(tree, names) for tree in trees]
    out = ffi.new("nwc_profile_level[]", levels.size)
    with _lib.call() as ctx:
        heights_m = ffi.cast("double *", levels.ctypes.data)
        several = ffi.new("nwc_volume *[]", handles)
        _lib.check(lib.nwc_profile_estimate(ctx, several, len(handles), heights_m, levels.size, options, out))
    return _dataset(levels, out, method)


def _dataset(levels: npt.NDArray[np.float64], out: Any, method: str) -> xr.Dataset:
    data = {}
    for name, (field, units, standard, text) in _VARIABLES.items():
        attributes = {"units": units, "long_name": text} | ({"standard_name": standard} if standard else {})
        data[name] = (("height",), np.array([getattr(level, field) for level in out]), attributes)
    up = {"units": "m", "positive": "up", "standard_name": "altitude", "long_name": "height above mean sea level"}
    return xr.Dataset(data, coords={"height": (("height",), levels, up)}, attrs={"method": method})
