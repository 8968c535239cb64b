"""What falls: hydrometeor classes of radar volumes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast._quality import as_codes
from nowcast.errors import ArgumentError

HYDROMETEORS = {
    "none": lib.NWC_HYDROMETEOR_NONE,
    "drizzle": lib.NWC_HYDROMETEOR_DRIZZLE,
    "rain": lib.NWC_HYDROMETEOR_RAIN,
    "ice_crystals": lib.NWC_HYDROMETEOR_ICE_CRYSTALS,
    "aggregates": lib.NWC_HYDROMETEOR_AGGREGATES,
    "wet_snow": lib.NWC_HYDROMETEOR_WET_SNOW,
    "vertical_ice": lib.NWC_HYDROMETEOR_VERTICAL_ICE,
    "light_graupel": lib.NWC_HYDROMETEOR_LIGHT_GRAUPEL,
    "dense_graupel": lib.NWC_HYDROMETEOR_DENSE_GRAUPEL,
    "hail": lib.NWC_HYDROMETEOR_HAIL,
    "big_drops": lib.NWC_HYDROMETEOR_BIG_DROPS,
}
"""Values of CLASS by name."""

_BANDS = {None: lib.NWC_BAND_OF_VOLUME, "S": lib.NWC_BAND_S, "C": lib.NWC_BAND_C, "X": lib.NWC_BAND_X}
_INPUTS = ("DBZHC", "DBZH", "DBZHQ", "ZDRC", "ZDR", "KDP", "RHOHV")


def hydrometeors(
    tree: xr.DataTree,
    temperature: tuple[Sequence[float] | npt.ArrayLike, Sequence[float] | npt.ArrayLike] | None = None,
    *,
    freezing_level: float | None = None,
    band: str | None = None,
) -> xr.DataTree:
    """Tell what falls, by fuzzy logic on what two polarisations see.

    Parameters
    ----------
    tree : volume in the FM 301 layout
        Sweeps with ZDR or RHOHV are classified by DBZHC (else DBZH), ZDRC (else ZDR), KDP and RHOHV; where ``quality``
        has added DBZHQ, only what is weather in it.
    temperature : (heights, temperatures)
        m above mean sea level, increasing, and degrees Celsius; of a sounding or a model near the radar.
    freezing_level : m above mean sea level, instead of a profile: 0 degrees there, and 6.5 K/km
    band : "S", "C" or "X"; by default the volume's frequency says

    Returns
    -------
    The volume with ``CLASS``, int16, in these sweeps: the numbers of ``HYDROMETEORS``, also in ``flag_values`` and
    ``flag_meanings``.

    Raises
    ------
    NoDataError : no sweep has two polarisations.
    """
    if band not in _BANDS:
        raise ArgumentError(f'band: "S", "C" or "X" expected, "{band}" given')
    if temperature is not None and freezing_level is not None:
        raise ArgumentError("temperature, freezing_level: one of them expected, both given")
    if freezing_level is not None:
        temperature = ([freezing_level - 1000.0, freezing_level], [6.5, 0.0])
    heights, degrees = (
        (np.ascontiguousarray(values, np.float64) for values in temperature)
        if temperature is not None
        else (np.empty(0), np.empty(0))
    )
    if heights.ndim != 1 or heights.shape != degrees.shape:
        raise ArgumentError("temperature: as many temperatures as heights expected")
    options = _lib.options("hydrometeor", band=_BANDS[band], n_levels=heights.size)
    if heights.size:
        options.height_m, options.temperature_degc = (
            ffi.cast("double *", values.ctypes.data) for values in (heights, degrees)
        )
    volume = _volume.handle(tree, _INPUTS)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_hydrometeor_classify(ctx, volume, options, ffi.NULL))
    made = _volume.add_moments(tree, volume, ("CLASS",))
    meanings = {
        "flag_values": np.array(list(HYDROMETEORS.values()), np.int16),
        "flag_meanings": " ".join(HYDROMETEORS),
    }
    return as_codes(made, "CLASS", "hydrometeor class", meanings)
