"""What differential phase tells of a volume: KDP, attenuation, and whether the radar is calibrated."""

import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

__all__ = ["attenuation", "calibration", "phase"]

METHODS = {"variational": lib.NWC_KDP_VARIATIONAL, "least_squares": lib.NWC_KDP_LEAST_SQUARES}
ATTENUATION = {"zphi": lib.NWC_ATTENUATION_ZPHI, "linear": lib.NWC_ATTENUATION_LINEAR}
BANDS = {"S": lib.NWC_BAND_S, "C": lib.NWC_BAND_C, "X": lib.NWC_BAND_X}
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
        Metres over which KDP is found in strong echo and in weak; those of the band when omitted.

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


def band_of(tree: xr.DataTree, band: str | None) -> int:
    """The nwc_band asked for; of a NEXRAD volume, which says no frequency, S."""
    if band is not None and band not in BANDS:
        raise ArgumentError(f'band: "S", "C" or "X" expected, {band!r} given')
    if band is None and "frequency" not in tree.attrs and str(tree.attrs.get("format", "")).startswith("NEXRAD"):
        band = "S"
    return BANDS[band] if band else int(lib.NWC_BAND_OF_VOLUME)


def attenuation(
    tree: xr.DataTree,
    *,
    method: str = "zphi",
    band: str | None = None,
    alpha: float | None = None,
    beta: float | None = None,
    adaptive: bool = False,
    freezing_level: float | None = None,
) -> xr.DataTree:
    """Add to the echo what rain on the way has taken from it.

    Parameters
    ----------
    tree : DataTree
        What ``phase`` gives, with DBZH and PHIDPC in some of its sweeps.
    method : str
        ``"zphi"``, the loss of the whole path from the phase, shared out by reflectivity (Testud et al. 2000); or
        ``"linear"``, a multiple of the phase gate by gate.
    band : "S", "C" or "X", optional
        By default what the volume's frequency says.
    alpha, beta : float, optional
        Attenuation of H, and of H less V, for each degree of phase, dB; of the band when omitted.
    adaptive : bool
        Find alpha for each ray from how the phase rises along it (Bringi et al. 2001); with ``"zphi"`` alone.
    freezing_level : float, optional
        Metres above mean sea level, beyond which nothing attenuates.

    Returns
    -------
    DataTree with PIA (attenuation so far, two ways, dB), AH (dB km-1, one way), DBZHC and, where there is ZDR, ZDRC. A
    DBZHC or ZDRC that the file brought is kept instead.

    Raises
    ------
    ArgumentError : the band is neither known nor given.
    NoDataError : no sweep has DBZH and PHIDPC.
    """
    if method not in ATTENUATION:
        raise ArgumentError(f"method: one of {', '.join(ATTENUATION)} expected, {method} given")
    options = _lib.options(
        "attenuation",
        method=ATTENUATION[method],
        band=band_of(tree, band),
        alpha=alpha,
        beta=beta,
        adaptive=int(adaptive),
        freezing_level_m=freezing_level,
    )
    volume = _volume.handle(tree, ("DBZH", "ZDR", "PHIDPC", "AH", "PIA", "DBZHC", "ZDRC"))
    with _lib.call() as ctx:
        _lib.check(lib.nwc_attenuation_correct(ctx, volume, options))
    return _volume.add_moments(tree, volume, ("AH", "PIA", "DBZHC", "ZDRC"))


def calibration(
    tree: xr.DataTree, *, band: str | None = None, freezing_level: float | None = None, least_phase: float | None = None
) -> dict[str, float]:
    """Estimate by how much reflectivity and differential reflectivity are off, from the echo itself.

    Parameters
    ----------
    tree : DataTree
        With DBZH, ZDR and, for reflectivity, PHIDPC of ``phase``.
    band : "S", "C" or "X", optional
        By default what the volume's frequency says.
    freezing_level : float, optional
        Metres above mean sea level; without it all is taken as liquid.
    least_phase : float, optional
        Degrees by which a stretch of rain must raise the phase to be used.

    Returns
    -------
    dict of ``dbz_bias`` (self-consistency of Z, ZDR and KDP), ``zdr_rain_bias`` (light rain), ``zdr_snow_bias`` (dry
    snow) and ``zdr_zenith_bias`` (rays that point up), dB, above 0 where the radar shows too much, NaN where nothing
    tells; each with its ``..._spread``, and ``stretches``, ``rain_gates``, ``snow_gates`` and ``zenith_gates``, the
    numbers behind them.

    Raises
    ------
    NoDataError : no sweep has DBZH and ZDR.
    """
    options = _lib.options(
        "calibration",
        band=band_of(tree, band),
        freezing_level_m=freezing_level,
        least_phase_deg=least_phase,
    )
    volume = _volume.handle(tree, ("DBZH", "ZDR", "PHIDPC", "RHOHV", "SNRH"))
    found = ffi.new("nwc_calibration *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_calibration_estimate(ctx, volume, options, found))
    return {name: getattr(found, name) for name, _ in ffi.typeof("nwc_calibration").fields}
