"""The vertical profile of reflectivity: found near a radar, and taken off farther away."""

from typing import Any

import numpy as np
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

__all__ = ["correct_vpr", "vpr"]

_BAND = ("bright_bottom", "bright_peak", "bright_top")


def vpr(tree: xr.DataTree, *, near: float | None = None, far: float | None = None) -> xr.DataArray:
    """Find how reflectivity changes with height over the stratiform rain near a radar, and its bright band.

    Parameters
    ----------
    tree : DataTree
        With DBZH, DBZHC of ``attenuation`` or DBZHB of ``correct_blockage`` in several elevations.
    near, far : float, optional
        Distances along the ground between which to look, m; 10 and 50 km when omitted.

    Returns
    -------
    (height) DataArray, dB above the lowest known level, over metres above mean sea level. Its attributes
    ``bright_bottom``, ``bright_peak``, ``bright_top`` (m) and ``bright_db`` (how far the peak stands above the rain
    below) are NaN where there is no bright band; ``columns`` is how many columns of rain were looked at.

    Raises
    ------
    NoDataError : too little stratiform rain there.
    """
    volume = _volume.handle(tree, ("DBZH", "DBZHC", "DBZHB"))
    found = ffi.new("nwc_vpr *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_rain_vpr(ctx, volume, _lib.options("vpr", near_m=near, far_m=far), found))
    levels = np.array(list(found.db), dtype=np.float64)
    height = found.first_m + found.step_m * np.arange(levels.size)
    attributes: dict[str, Any] = {"units": "dB", "long_name": "reflectivity above that near the ground"}
    attributes |= {name: getattr(found, f"{name}_m") for name in _BAND}
    attributes |= {"bright_db": found.bright_db, "columns": found.columns}
    axis = (("height",), height, {"units": "m", "standard_name": "height_above_mean_sea_level"})
    return xr.DataArray(levels, dims=("height",), coords={"height": axis}, attrs=attributes, name="vpr")


def correct_vpr(
    tree: xr.DataTree,
    profile: xr.DataArray | None = None,
    *,
    most_dbz: float | None = None,
    most: float | None = None,
) -> xr.DataTree:
    """Bring reflectivity down to the ground along a profile, averaged over the beam where each gate is.

    Parameters
    ----------
    tree : DataTree
        With DBZH, DBZHC or DBZHB.
    profile : DataArray, optional
        What ``vpr`` gives, of this volume (the default) or of another.
    most_dbz : float, optional
        Gates above are convective and stay; 40 when omitted.
    most : float, optional
        Corrections are at most this, dB; 10 when omitted.

    Returns
    -------
    DataTree with DBZHG; ``rain_rate`` takes it where it is.
    """
    chosen = vpr(tree) if profile is None else profile
    height = chosen["height"].values.astype(np.float64)
    levels = lib.NWC_VPR_LEVELS
    if height.size != levels or np.abs(np.diff(height, 2)).max() > 1e-3:
        raise ArgumentError(f"profile: {levels} heights equally apart expected, as vpr gives them, {height.size} given")
    given = ffi.new("nwc_vpr *", {"first_m": height[0], "step_m": height[1] - height[0], "db": chosen.values.tolist()})
    volume = _volume.handle(tree, ("DBZH", "DBZHC", "DBZHB"))
    options = _lib.options("vpr", most_dbz=most_dbz, most_db=most)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_rain_correct_vpr(ctx, volume, given, options))
    return _volume.add_moments(tree, volume, ("DBZHG",))
