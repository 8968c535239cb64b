"""What differential phase tells of a volume: KDP, attenuation, and whether the radar is calibrated."""

import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

__all__ = ["phase"]

METHODS = {"variational": lib.NWC_KDP_VARIATIONAL, "least_squares": lib.NWC_KDP_LEAST_SQUARES}
_NEEDED = ("PHIDP", "RHOHV", "SNRH", "DBZH", "DBTH", "KDP", "KDPC", "PHIDPC")


def phase(
    tree: xr.DataTree,
    *,
    method: str = "variational",
    period: float | None = None,
    offset: float | None = None,
    least_rhohv: float | None = None,
    most_texture: float | None = None,
    windows: tuple[float, float] | None = None,
) -> xr.DataTree:
    """Unfold and filter the differential phase, and find KDP.

    Parameters
    ----------
    tree : DataTree
        A volume as ``read`` gives it, PHIDP in some of its sweeps; RHOHV, SNRH and DBZH help to tell precipitation.
    method : str
        ``"variational"``, the smooth phase that never falls and fits best, which gives no negative KDP; or
        ``"least_squares"``, the slope of a line over a window.
    period : 180 or 360, optional
        Degrees at which the phase folds; found in the data when omitted.
    offset : float, optional
        Phase of the system, degrees; found in the data when omitted.
    least_rhohv : float, optional
        Gates with less are not precipitation.
    most_texture : float, optional
        Nor are those around which the phase scatters more, degrees.
    windows : (short, long), optional
        Metres over which KDP is found in strong echo and in weak.

    Returns
    -------
    DataTree with PHIDPC (degrees, less the phase of the system) and KDP (degrees km-1) added to the sweeps with PHIDP;
    where a sweep has KDP already, the new one is KDPC. The root's attributes ``system_phase`` and ``phase_period`` are
    what was found, degrees.

    Raises
    ------
    NoDataError : no sweep has PHIDP.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method} given")
    short, long = windows or (None, None)
    options = _lib.options(
        "phase",
        method=METHODS[method],
        period_deg=period,
        offset_deg=offset,
        least_rhohv=least_rhohv,
        most_texture_deg=most_texture,
        short_window_m=short,
        long_window_m=long,
    )
    volume = _volume.handle(tree, _NEEDED)
    facts = ffi.new("nwc_phase_facts *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_phase_process(ctx, volume, options, facts))
    # A sweep's own KDP is in the handle too, and the same.
    made = _volume.add_moments(tree, volume, ("PHIDPC", "KDP", "KDPC"))
    made.attrs = made.attrs | {"system_phase": facts.offset_deg, "phase_period": facts.period_deg}
    return made
