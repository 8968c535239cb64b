"""Rain in the gates of a volume: its rate, and what kind of precipitation it is."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast._phase import band_of
from nowcast.errors import ArgumentError

__all__ = ["precipitation_type", "rain_rate"]

METHODS = {
    "blend": lib.NWC_RAIN_BLEND,
    "z": lib.NWC_RAIN_Z,
    "kdp": lib.NWC_RAIN_KDP,
    "z_zdr": lib.NWC_RAIN_Z_ZDR,
    "kdp_zdr": lib.NWC_RAIN_KDP_ZDR,
    "a": lib.NWC_RAIN_A,
}
ZR = {
    "marshall_palmer": lib.NWC_ZR_MARSHALL_PALMER,
    "convective": lib.NWC_ZR_CONVECTIVE,
    "tropical": lib.NWC_ZR_TROPICAL,
    "cool_east": lib.NWC_ZR_COOL_EAST,
    "cool_west": lib.NWC_ZR_COOL_WEST,
}


def rain_rate(
    tree: xr.DataTree,
    *,
    method: str = "blend",
    zr: str | tuple[float, float] = "marshall_palmer",
    band: str | None = None,
    most_dbz: float | None = None,
    temperature: float | None = None,
    zdr_window: float | None = None,
) -> xr.DataTree:
    """Find the rate of rain in every gate.

    Parameters
    ----------
    tree : DataTree
        With DBZH, DBZHC of ``attenuation`` or DBZHB of ``correct_blockage``; and what the method needs.
    method : str
        ``"z"``, ``"kdp"``, ``"z_zdr"``, ``"kdp_zdr"``, ``"a"`` (specific attenuation, AH), or ``"blend"``: of the first
        four the one that suits the gate (Cifelli et al. 2011).
    zr : str or (a, b)
        Z = a R^b: ``"marshall_palmer"``, ``"convective"``, ``"tropical"``, ``"cool_east"``, ``"cool_west"``, or
        two numbers.
    band : "S", "C" or "X", optional
        By default what the volume's frequency says.
    most_dbz : float, optional
        What reflectivity has above is hail, and taken as this; 53 when omitted.
    temperature : float, optional
        Of the rain, degrees Celsius, for ``"a"``; 20 when omitted.
    zdr_window : float, optional
        Metres along the ray over which ZDR is averaged; 1000 when omitted.

    Returns
    -------
    DataTree with RATE, mm h-1, in the sweeps that have what the method needs; NaN where not observed, 0 where dry.

    Raises
    ------
    NoDataError : no sweep has what the method needs.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method} given")
    a, b = pair(zr)
    options = _lib.options(
        "rain",
        method=METHODS[method],
        band=band_of(tree, band),
        a=a,
        b=b,
        most_dbz=most_dbz,
        temperature_c=temperature,
        zdr_window_m=zdr_window,
    )
    volume = _volume.handle(tree, ("DBZH", "DBZHC", "DBZHB", "DBZHG", "KDP", "KDPC", "ZDR", "ZDRC", "AH"))
    with _lib.call() as ctx:
        _lib.check(lib.nwc_rain_rate(ctx, volume, options))
    return _volume.add_moments(tree, volume, ("RATE",))


def pair(zr: str | tuple[float, float]) -> tuple[float, float]:
    """The a and b of Z = a R^b."""
    if not isinstance(zr, str):
        a, b = map(float, zr)
        return a, b
    if zr not in ZR:
        raise ArgumentError(f"zr: one of {', '.join(ZR)}, or a and b, expected, {zr} given")
    out = ffi.new("double[2]")
    _lib.check(lib.nwc_rain_zr(ZR[zr], out, out + 1))
    return out[0], out[1]


def precipitation_type(tree: xr.DataTree, height: npt.ArrayLike, wet_bulb: npt.ArrayLike) -> xr.DataTree:
    """Say what precipitation is in every gate: rain, mixed, snow or hail.

    Parameters
    ----------
    tree : DataTree
        With DBZH, DBZHC or DBZHB; ZDR and RHOHV where there are.
    height : array, m above mean sea level, increasing
    wet_bulb : array of as many, degrees Celsius
        The profile of a model or of a sounding.

    Returns
    -------
    DataTree with PTYPE: 0 none, 1 rain, 2 mixed, 3 snow, 4 hail; NaN where not observed.
    """
    heights = np.ascontiguousarray(height, dtype=np.float64).ravel()
    degrees = np.ascontiguousarray(wet_bulb, dtype=np.float64).ravel()
    if heights.size != degrees.size:
        raise ArgumentError(f"height, wet_bulb: as many of both expected, {heights.size} and {degrees.size} given")
    volume = _volume.handle(tree, ("DBZH", "DBZHC", "DBZHB", "ZDR", "ZDRC", "RHOHV"))
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_rain_type(
                ctx,
                volume,
                heights.size,
                ffi.cast("double *", heights.ctypes.data),
                ffi.cast("double *", degrees.ctypes.data),
            )
        )
    made = _volume.add_moments(tree, volume, ("PTYPE",))
    for name in _volume.sweep_names(made):
        if "PTYPE" in made[name]:
            meaning = {"flag_values": np.arange(5, dtype=np.float32), "flag_meanings": "none rain mixed snow hail"}
            made[name]["PTYPE"].attrs.update(meaning)
    return made
