"""Azimuthal shear and divergence of radar volumes."""

import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib


def shear(
    tree: xr.DataTree,
    *,
    moment: str | None = None,
    azimuthal: float | None = None,
    radial: float | None = None,
    least_known: float | None = None,
) -> xr.DataTree:
    """Slopes of a plane fitted to the radial velocities around every gate, in windows of fixed size in metres.

    Parameters
    ----------
    tree : DataTree
        A volume in the layout of ``read``, its velocity unfolded.
    moment : str, optional
        The velocity; VRADDH, and VRADH in sweeps without it, when omitted.
    azimuthal, radial : float, optional
        Size of the window across and along the beam, m; 2500 and 750 when omitted (Mahalik et al. 2019).
    least_known : float, optional
        Share of the gates of a window that have to be known, 0 to 1; 0.5 when omitted.

    Returns
    -------
    The volume with two more moments, s-1: ``AZSHR``, positive where the flow turns counterclockwise as cyclones do
    in the northern hemisphere, half the vorticity of a vortex, and ``DIVR``, positive where the flow
    diverges along the beam.

    Raises
    ------
    NoDataError : no sweep has the velocity.
    """
    volume = _volume.handle(tree, ("VRADDH", "VRADH") if moment is None else (moment,))
    name = ffi.NULL if moment is None else ffi.new("char[]", moment.encode())
    options = _lib.options("shear", moment=name, azimuthal_m=azimuthal, radial_m=radial, least_known=least_known)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_shear_compute(ctx, volume, options))
    return _volume.add_moments(tree, volume, ("AZSHR", "DIVR"))
