"""Corrections that gauges and stations suggest: where a field is off in one direction, more than by chance."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast._points import at_points
from nowcast.desk._edit import Edit, check
from nowcast.errors import ArgumentError

_EARTH_KM = 6371.0
_CORNERS = 24
_MOST = 5.0
"""No factor beyond this, nor below 1 / this, is suggested."""


def suggest(
    field: xr.DataArray,
    longitude: npt.ArrayLike,
    latitude: npt.ArrayLike,
    measured: npt.ArrayLike,
    *,
    at: Any,
    layer: str = "rain",
    radius_km: float = 30.0,
    least: int = 5,
    level: float = 0.05,
    least_amount: float = 0.5,
    minutes: float = 120.0,
    half_life_minutes: float = 60.0,
) -> list[Edit]:
    """Edits for areas where a field has lately been off, as gauges or stations say.

    Around each station those within ``radius_km`` are taken together: the mean of their deviations, ln of measured over
    field for rain and other amounts, measured less field for the rest, is held against 0 by Student's t, at ``level``
    shared among all areas looked at (Bonferroni). The most certain area comes first; no station is in two.

    Parameters
    ----------
    field : (y, x) DataArray
        Of the time just gone: an amount of rain in mm, or what stations measure otherwise, with its grid mapping.
    longitude, latitude : array of degrees
    measured : array of as many, in the field's unit
        NaN takes no part. Of rain, neither do stations where both have less than ``least_amount``, mm.
    at : time
        UTC of the suggestion, from which it is valid for ``minutes``.
    layer : str
        Of the edits.
    least : int
        Stations that an area must have, 3 or more.

    Returns
    -------
    list of Edit, perhaps empty: ``scale`` of rain, ``raise`` or ``lower`` of the rest, ``suggested`` and with the
    evidence as their reason. A person takes one over by adding it to the log under their name.

    Raises
    ------
    ArgumentError : arrays of different lengths, or options that make no sense.
    """
    lon, lat, value = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (longitude, latitude, measured))
    if not lon.shape == lat.shape == value.shape or lon.ndim != 1:
        raise ArgumentError(
            f"longitude, latitude, measured: one length expected, {lon.size}, {lat.size}, {value.size} given"
        )
    if least < 3 or not 0.0 < level < 1.0 or not 0.0 < radius_km <= 500.0 or not least_amount > 0.0:
        raise ArgumentError("least of 3, level from 0 to 1, radius_km up to 500 and least_amount above 0 expected")
    amounts = field.attrs.get("units") in ("mm", "mm h-1", "kg m-2")
    found = np.asarray(at_points(field, lon, lat).values, dtype=np.float64)
    use = np.isfinite(found) & np.isfinite(value)
    if amounts:
        use &= np.fmax(found, value) >= least_amount
    lon, lat, value, found = (part[use] for part in (lon, lat, value, found))
    off = np.log((value + 0.1) / (found + 0.1)) if amounts else value - found
    areas = _areas(lon, lat, off, radius_km, least, level)
    time = np.datetime64(at, "ns")
    last = time + np.timedelta64(round(6e10 * minutes), "ns")
    span = [f"{moment.astype('datetime64[s]')}Z" for moment in (time, last)]
    made = []
    for number, members in enumerate(areas, start=1):
        kind, values, said = _said(off[members], amounts, str(field.attrs.get("units", "")))
        ring, reach = _circle(lon[members], lat[members])
        told = {
            "id": f"suggested-{layer[:20]}-{time.astype('datetime64[s]').item():%Y%m%dT%H%M%S}-{number}",
            "kind": kind,
            "layer": layer,
            "author": "suggestion",
            "time": span[0],
            "valid": span,
            "reason": f"{said} at {len(members)} stations within {radius_km:g} km",
            "half_life_minutes": half_life_minutes,
            "area": {"type": "Polygon", "coordinates": [ring]},
            "feather_km": round(0.5 * reach, 3),
            "values": values,
            "suggested": True,
        }
        made.append(check(told))
    return made


def _areas(
    lon: npt.NDArray[Any], lat: npt.NDArray[Any], off: npt.NDArray[Any], radius_km: float, least: int, level: float
) -> list[npt.NDArray[np.intp]]:
    """The stations of each area that is off, the most certain first."""
    near = [np.flatnonzero(_distances(lon, lat, k) <= radius_km) for k in range(lon.size)]
    tried = [(chance(off[members]), k) for k, members in enumerate(near) if members.size >= least]
    taken = np.zeros(lon.size, dtype=bool)
    areas = []
    for p, k in sorted(tried):
        if p * len(tried) < level and not taken[near[k]].any():
            taken[near[k]] = True
            areas.append(near[k])
    return areas


def _distances(lon: npt.NDArray[Any], lat: npt.NDArray[Any], k: int) -> npt.NDArray[np.float64]:
    """km from one place to all."""
    over = np.radians((lon - lon[k] + 180.0) % 360.0 - 180.0) * math.cos(math.radians(lat[k]))
    made: npt.NDArray[np.float64] = _EARTH_KM * np.hypot(over, np.radians(lat - lat[k]))
    return made


def chance(off: npt.NDArray[Any]) -> float:
    """The chance of a mean so far from 0 either way, were it 0: Student's t, its density integrated over the angle."""
    n, spread = off.size, float(np.std(off, ddof=1))
    if spread == 0.0:
        return 0.0 if off[0] != 0.0 else 1.0
    t, freedom = abs(float(np.mean(off))) * math.sqrt(n) / spread, n - 1
    # With x = sqrt(freedom) tan a the density is cos(a) ** (freedom - 1), up to a factor.
    cut = math.atan(t / math.sqrt(freedom))
    parts = [_middles(*ends) for ends in ((cut, 0.5 * math.pi), (0.0, 0.5 * math.pi))]
    beyond, whole = (float(np.mean(np.cos(a) ** (freedom - 1))) for a in parts)
    return beyond * (0.5 * math.pi - cut) / (whole * 0.5 * math.pi)


def _middles(start: float, end: float) -> npt.NDArray[np.float64]:
    """Those of 4000 parts of a span."""
    made: npt.NDArray[np.float64] = start + (end - start) * (np.arange(4000) + 0.5) / 4000
    return made


def _said(off: npt.NDArray[Any], amounts: bool, units: str) -> tuple[str, dict[str, float], str]:
    """Kind and values of the edit, and the evidence."""
    mean, error = float(np.mean(off)), float(np.std(off, ddof=1)) / math.sqrt(off.size)
    ends = [mean - 2.0 * error, mean + 2.0 * error]
    if amounts:
        factor = min(max(math.exp(mean), 1.0 / _MOST), _MOST)
        said = f"measured/field {math.exp(mean):.2f} ({math.exp(ends[0]):.2f} to {math.exp(ends[1]):.2f})"
        return "scale", {"by": round(factor, 3)}, said
    said = f"measured - field {mean:+.2f} {units} ({ends[0]:+.2f} to {ends[1]:+.2f})"
    return ("raise" if mean > 0.0 else "lower"), {"by": round(abs(mean), 3)}, said


def _circle(lon: npt.NDArray[Any], lat: npt.NDArray[Any]) -> tuple[list[list[float]], float]:
    """A ring around places, and its radius, km: to the farthest and a little beyond."""
    middle_lat = float(lat.mean())
    middle_lon = float(lon[0] + ((lon - lon[0] + 180.0) % 360.0 - 180.0).mean())
    all_lon, all_lat = np.append(lon, middle_lon), np.append(lat, middle_lat)
    reach = float(_distances(all_lon, all_lat, lon.size).max()) + 2.0
    up = math.degrees(reach / _EARTH_KM)
    over = up / math.cos(math.radians(middle_lat))
    angles = [2.0 * math.pi * k / _CORNERS for k in range(_CORNERS)]
    ring = [[round(middle_lon + over * math.cos(a), 5), round(middle_lat + up * math.sin(a), 5)] for a in angles]
    return [*ring, ring[0]], reach
