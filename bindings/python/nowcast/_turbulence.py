"""Turbulence from the spectrum width of radar volumes."""

import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import lib

_INPUTS = ("WRADH", "VRADDH", "AZSHR", "DIVR", "SNRH", "QIND")


def turbulence(
    tree: xr.DataTree,
    *,
    kolmogorov: float | None = None,
    beam_width: float | None = None,
    depth: float | None = None,
    fall: float | None = None,
    least_snr: float | None = None,
    remove_shear: bool = True,
) -> xr.DataTree:
    """How turbulent the air is: the cube root of the rate at which turbulent energy is dissipated.

    Parameters
    ----------
    tree : volume in the FM 301 layout
        Sweeps with WRADH. AZSHR and DIVR, as ``shear`` gives them, and VRADDH, as ``dealias`` does, tell how much of
        the width is shear's; SNRH and QIND which gates are noise.
    kolmogorov : constant of the three-dimensional spectrum; 1.6 when omitted
    beam_width : degrees between half powers, of volumes that do not say; 1 when omitted
    depth : m, half the length of the pulse; the spacing of the gates when omitted
    fall : m s-1, standard deviation of fall speeds; 1 when omitted
    least_snr : dB, gates of less are not known; 5 when omitted
    remove_shear : take off what shear widens spectra by

    Returns
    -------
    The volume with ``EDR``, m^(2/3) s-1, 0 where no width is left.

    Raises
    ------
    NoDataError : no sweep has WRADH.
    """
    volume = _volume.handle(tree, _INPUTS)
    options = _lib.options(
        "turbulence",
        kolmogorov=kolmogorov,
        beam_width_deg=beam_width,
        depth_m=depth,
        fall_m_s=fall,
        least_snr_db=least_snr,
        shear=int(remove_shear),
    )
    with _lib.call() as ctx:
        _lib.check(lib.nwc_turbulence_compute(ctx, volume, options))
    return _volume.add_moments(tree, volume, ("EDR",))
