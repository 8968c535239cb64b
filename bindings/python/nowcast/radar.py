"""Radar volumes: sweeps of rays of gates, as xarray sees them.

A volume is an ``xarray.DataTree`` in the layout of WMO FM 301 (CfRadial 2): what is known of the whole at the root, and
a group ``sweep_0``, ``sweep_1`` ... for each turn of the antenna, in order of acquisition. xradar's accessors take it.
"""

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _files, _isolation, _lib, _tree, _volume
from nowcast._background import wind_background, wind_over_height
from nowcast._dealias import dealias
from nowcast._follow import follow
from nowcast._georeference import Beam, georeference, refractivity
from nowcast._health import Health, health
from nowcast._hydrometeor import HYDROMETEORS, hydrometeors
from nowcast._lib import ffi, lib
from nowcast._phase import attenuation, calibration, phase
from nowcast._profile import wind_profile
from nowcast._quality import FLAGS, ClutterMap, flag_counts, quality, sun_position
from nowcast._quasi_vertical import quasi_vertical_profile
from nowcast._rain import precipitation_type, rain_rate
from nowcast._shear import shear
from nowcast._terrain import blockage, blockage_table, correct_blockage
from nowcast._turbulence import turbulence
from nowcast._volume import NOTHING_DBZ
from nowcast._vpr import correct_vpr, vpr
from nowcast.errors import ArgumentError, FormatError, NoDataError, NowcastError

__all__ = [
    "FLAGS",
    "FORMATS",
    "HYDROMETEORS",
    "NOTHING_DBZ",
    "Beam",
    "ClutterMap",
    "Health",
    "attenuation",
    "blockage",
    "blockage_table",
    "calibration",
    "correct_blockage",
    "correct_vpr",
    "dealias",
    "describe",
    "flag_counts",
    "follow",
    "georeference",
    "health",
    "hydrometeors",
    "phase",
    "precipitation_type",
    "quality",
    "quasi_vertical_profile",
    "rain_rate",
    "read",
    "refractivity",
    "remake",
    "shear",
    "site_of",
    "sun_position",
    "turbulence",
    "vpr",
    "wind_background",
    "wind_over_height",
    "wind_profile",
    "write",
]

_NEXRAD_HEADER = struct.Struct(">8s4xII4s")
"""Version, day from 1 for 1970-01-01, milliseconds of it, site."""
_MOST_DAYS = 1 << 16
"""More do not fit into nanoseconds."""

FORMATS = ("FM 301", "ODIM_H5", "NEXRAD Level II", "CMA standard")
"""What ``write`` writes."""


def read(
    paths: os.PathLike[str] | str | Sequence[os.PathLike[str] | str],
    *,
    site: tuple[float, float, float] | str | None = None,
) -> xr.DataTree:
    """Read one volume from a file, or from the files that are its parts.

    Parameters
    ----------
    paths : path, or paths
        Several are parts of one volume: real-time chunks in their order, or files of one sweep each. Formats are told
        by content.
    site : (latitude, longitude, altitude) or str, optional
        Degrees, degrees, metres above mean sea level, for formats that do not say where the radar is; or the name of a
        radar of NEXRAD, "KTLX", as ``site_of`` knows it.

    Returns
    -------
    DataTree in the FM 301 layout. Moments are float32 (azimuth, range), of one range axis in each sweep: a moment of
    coarser gates than another of its sweep repeats each of them, and one that reaches less far ends in NaN. All others
    share the volume's memory and are read-only. Rays stand in order of acquisition. The root's attribute ``incomplete``
    says why the volume is only part of one.

    Raises
    ------
    FileError, FormatError, UnsupportedError : as ``nowcast.io.layers``.
    NoDataError : there is no ray in it.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not several:
        raise ArgumentError("paths: at least one file expected, none given")
    _tree.let_go()
    facts, arrays = portable(several, pad=True)
    if site is not None:
        place = site_of(site) if isinstance(site, str) else site
        facts |= dict(zip(("latitude", "longitude", "altitude"), map(float, place), strict=True))
    try:
        return _volume.tree(facts, iter(arrays), [Path(path).name for path in several])
    except FormatError as error:
        raise FormatError(f"{several[0]}: {error}") from None


def site_of(name: str) -> tuple[float, float, float]:
    """Latitude, longitude (degrees) and height of the ground (m above mean sea level) of a radar of NEXRAD.

    The antenna is some 10 to 35 m above that. NoDataError for a name that is none of them.
    """
    found = ffi.new("double[3]")
    _lib.check(lib.nwc_radar_site(name.encode(), found, found + 1, found + 2))
    return found[0], found[1], found[2]


def write(tree: xr.DataTree, path: os.PathLike[str] | str, *, format: str | None = None) -> None:
    """Write a volume in the layout ``read`` gives, whole or not at all.

    Parameters
    ----------
    tree : DataTree
        Groups ``sweep_0`` ... with coordinates ``azimuth``, ``elevation``, ``time`` and ``range`` (equally spaced);
        every float variable (ray, range) is written, by its units where FM 301 has no such name; others are not.
    path : path
    format : one of FORMATS, optional
        By default what the path ends in: ``.nc`` for FM 301 (CfRadial 2, netCDF-4), ``.h5`` or ``.hdf`` for ODIM_H5,
        ``.ar2v`` for NEXRAD Level II, ``.bin`` for the CMA standard format; the last two may be followed by ``.bz2``.
        Formats of codes keep the steps that values have, and have steps of their own for values without. What a format
        has no place for is refused; moments and parts of texts it has none for are left out, and the log says so.

    Raises
    ------
    ArgumentError : no sweep, no moment, gates not equally spaced.
    UnsupportedError : another format, or what it has no place for, such as an RHI in NEXRAD Level II.
    FileError : the system refused.
    """
    volume = _volume.handle(tree)
    with HDF5_LOCK, _lib.call() as ctx:
        wanted = ffi.NULL if format is None else format.encode()
        _lib.check(lib.nwc_volume_write(ctx, volume, os.fsencode(path), wanted))


def remake(tree: xr.DataTree) -> xr.DataTree:
    """A volume made by hand, as reading it back from a file would give it.

    Takes and refuses what ``write`` does; no file is made.
    """
    facts, arrays = _volume.read_out(_volume.handle(tree))
    return _volume.tree(facts, iter(arrays), [])


def describe(paths: os.PathLike[str] | str | Sequence[os.PathLike[str] | str]) -> dict[str, Any]:
    """What is in a volume, as plain values: format, site, time, sweeps, moments with their gates and values.

    Of a real-time chunk of NEXRAD Level II that no radial has reached yet, what its header says.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    try:
        facts, arrays = portable(several)
    except NoDataError:
        begun = _begun(several[0]) if len(several) == 1 else None
        if begun is None:
            raise
        return {"path": str(several[0])} | begun
    rest = iter(arrays)
    for sweep in facts["sweeps"]:
        times, _, elevations, nyquist, _ = (next(rest) for _ in range(5))
        sweep |= {"time": _volume.iso(times[0]), "rays": len(times), "elevation": float(np.median(elevations))}
        sweep["nyquist"] = None if np.isnan(nyquist).all() else float(np.nanmax(nyquist))
        for moment in sweep["moments"]:
            cells = next(rest)
            if moment.pop("flagged"):
                next(rest)
            echo = cells[np.isfinite(cells) & (cells != NOTHING_DBZ)]
            moment |= {"gates": cells.shape[1], "known": int(np.isfinite(cells).sum()), "values": int(echo.size)}
            moment |= {"min": float(echo.min()) if echo.size else None, "max": float(echo.max()) if echo.size else None}
    facts["time"] = _volume.iso(np.int64(facts.pop("time_ns")))
    return {"path": str(several[0])} | facts


def _begun(path: os.PathLike[str] | str) -> dict[str, Any] | None:
    """A volume of NEXRAD Level II of which there is only the header; None for anything else."""
    head = _files.head(path)
    if len(head) < _NEXRAD_HEADER.size or not head.startswith((b"AR2V", b"ARCHIVE2")):
        return None
    version, day, ms, site = _NEXRAD_HEADER.unpack_from(head)
    if not 0 < day < _MOST_DAYS:
        return None
    facts: dict[str, Any] = {"format": "NEXRAD Level II", "version": _text(version), "site": _text(site)}
    facts |= dict.fromkeys(("site_name", "instrument", "scan_name"), "")
    facts |= dict.fromkeys(("latitude", "longitude", "altitude", "frequency", "beam_width_h", "beam_width_v"))
    time = _volume.iso(np.int64(((day - 1) * 86_400_000 + ms) * 1_000_000))
    return facts | {"incomplete": "no radial in it", "experimental": False, "sweeps": [], "time": time}


def _text(field: bytes) -> str:
    return field.decode("ascii", "replace").strip(" \0")


def portable(paths: Sequence[os.PathLike[str] | str], *, pad: bool = False) -> tuple[dict[str, Any], _volume.Arrays]:
    """A volume as plain values and the arrays they speak of, read in a child process where reading is isolated.

    Moments on the range axis of their sweep may be asked for with as many gates as it has; formats of libraries, those
    that a child reads, do not look at it.
    """
    child = _isolation.child()
    if child and not all(_is_own(path) for path in paths):
        return child.call("volume", [os.fspath(path) for path in paths])
    names = [ffi.new("char[]", os.fsencode(path)) for path in paths]
    out = ffi.new("nwc_volume **")
    with HDF5_LOCK, _lib.call() as ctx:
        options = _lib.options("read", pad=int(pad))
        _lib.check(lib.nwc_volume_open(ctx, ffi.new("char *[]", names), len(names), options, out))
    return _volume.read_out(ffi.gc(out[0], lib.nwc_volume_destroy))


def _is_own(path: os.PathLike[str] | str) -> bool:
    """Whether a file is of a format that no library but this one and those that unpack reads."""
    try:
        return not _files.head(path).startswith((b"\x89HDF", b"CDF"))
    except NowcastError:
        return True  # and reading it says why
