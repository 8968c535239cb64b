"""Radial velocities beyond the Nyquist velocity."""

from typing import Any

import numpy as np
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError


def dealias(
    tree: xr.DataTree,
    profile: xr.Dataset | None = None,
    previous: xr.DataTree | None = None,
    *,
    moment: str = "VRADH",
    output: str = "VRADDH",
    nyquist: float | None = None,
    dual_prf: int | None = None,
) -> xr.DataTree:
    """Dealias the velocities of a volume, all sweeps together, keeping rotation.

    Parameters
    ----------
    tree : DataTree
        A volume as ``nowcast.radar.read`` gives it, with ``moment`` in its sweeps.
    profile : Dataset, optional
        A wind known beforehand, as of ``wind_profile``, a sounding or a model: ``u`` and ``v`` (m s-1, to the east and
        north) over ``height`` (m above mean sea level). Without it the volume's own wind is all there is.
    previous : DataTree, optional
        The volume of the same radar some minutes before, dealiased.
    moment : str
        Name of what is dealiased.
    output : str
        Name of the result; a volume that was read with VRADDH in it wants another.
    nyquist : m s-1, of rays that do not say theirs
    dual_prf : n of pulse rates of n + 1 to n, where single gates are to be put right that are out by folds of either

    Returns
    -------
    A tree with ``output``; ``VFOLD``, the number of Nyquist intervals added; and ``VCONF``, the confidence, 0 to 1. All
    else is shared.

    Raises
    ------
    NoDataError : no sweep has the moment, or no gate is known.
    """
    options = ffi.new("nwc_dealias_options *")
    lib.nwc_dealias_options_init(options)
    names = ffi.new("char[]", moment.encode()), ffi.new("char[]", output.encode())
    options.moment, options.output = names
    if nyquist is not None:
        options.nyquist_m_s = nyquist
    if dual_prf is not None:
        options.dual_prf = dual_prf
    levels = ffi.NULL if profile is None else _levels(profile)
    volume = _volume.handle(tree, {moment, output, "VFOLD"})
    before = ffi.NULL if previous is None else _volume.handle(previous, {output})
    with _lib.call() as ctx:
        count = 0 if profile is None else len(levels)
        _lib.check(lib.nwc_dealias_volume(ctx, volume, levels, count, before, options))
    return _volume.add_moments(tree, volume, {output, "VFOLD", "VCONF"})


def _levels(profile: xr.Dataset) -> Any:
    missing = [name for name in ("u", "v", "height") if name not in profile.variables]
    if missing:
        raise ArgumentError(f"profile: u and v over height expected, {', '.join(missing)} missing")
    height, u, v = (np.atleast_1d(profile[name].values).astype(np.float64) for name in ("height", "u", "v"))
    if not height.shape == u.shape == v.shape:
        raise ArgumentError(f"profile: u and v over height alone expected, shapes {u.shape}, {v.shape} given")
    levels = ffi.new("nwc_profile_level[]", height.size)
    for level, *values in zip(levels, height, u, v, strict=True):
        level.height_m, level.u_m_s, level.v_m_s = values
    return levels
