"""Quasi-vertical profiles: means around a steep sweep, which is then a profile over height (Ryzhkov et al. 2016)."""

import numpy as np
import xarray as xr

from nowcast import _volume
from nowcast._georeference import Beam
from nowcast.errors import ArgumentError, NoDataError


def quasi_vertical_profile(
    tree: xr.DataTree, moment: str = "DBZH", sweep: int = -1, *, min_known: float = 0.5
) -> xr.Dataset:
    """The mean of a moment around the radar, gate by gate of one sweep, over height.

    Parameters
    ----------
    tree : DataTree in the FM 301 layout
    moment : name; reflectivity is averaged as Z, gates with nothing being none
    sweep : number, from the end where negative; a steep one, of 10 degrees and more, is meant
    min_known : in (0, 1]
        Part of the rays that must know the gate; elsewhere the mean is NaN.

    Returns
    -------
    (height) Dataset of the moment and ``known`` (0 to 1), height in m above mean sea level, along it also ``range`` and
    ``radius``, along the horizontal, m. Gates lie on beams of the mean elevation.

    Raises
    ------
    ArgumentError : no such sweep, or ``min_known`` out of range. NoDataError : the sweep has no such moment.
    """
    names = _volume.sweep_names(tree)
    if not -len(names) <= sweep < len(names):
        raise ArgumentError(f"sweep: one of {len(names)} expected, number {sweep} given")
    if not 0.0 < min_known <= 1.0:
        raise ArgumentError(f"min_known: in (0, 1] expected, {min_known:g} given")
    data = tree[names[sweep]].to_dataset()
    if moment not in data or data[moment].ndim != 2:
        there = ", ".join(str(name) for name, variable in data.data_vars.items() if variable.ndim == 2)
        raise NoDataError(f"{names[sweep]}: no moment {moment}; there are: {there}")
    cells = data[moment].transpose("azimuth", "range").values.astype(np.float64)
    logarithmic = data[moment].attrs.get("units") == "dBZ"
    if logarithmic:
        cells = np.where(cells <= _volume.NOTHING_DBZ, 0.0, 10.0 ** (0.1 * cells))
    known = np.isfinite(cells).mean(axis=0)
    total = np.where(np.isfinite(cells), cells, 0.0).sum(axis=0)
    mean = np.divide(total, known * len(cells), out=np.full(known.size, np.nan), where=known >= min_known)
    if logarithmic:
        nothing = 10.0 ** (0.1 * _volume.NOTHING_DBZ)
        mean = 10.0 * np.log10(np.where(mean < nothing, nothing, mean))
    slant = data["range"].values.astype(np.float64)
    elevation = float(np.nanmean(data["elevation"].values))
    height = Beam.of(tree).locate(np.zeros_like(slant), np.full_like(slant, elevation), slant)[2]
    radius = slant * np.cos(np.radians(elevation))
    up = {"units": "m", "standard_name": "altitude", "positive": "up", "long_name": "height above mean sea level"}
    share = {"units": "1", "long_name": "part of the rays that know the gate"}
    return xr.Dataset(
        {
            moment: ("height", mean.astype(np.float32), dict(data[moment].attrs)),
            "known": ("height", known.astype(np.float32), share),
        },
        coords={
            "height": ("height", height, up),
            "range": ("height", slant, {"units": "m"}),
            "radius": ("height", radius, {"units": "m", "long_name": "distance from the radar along the horizontal"}),
        },
        attrs={"elevation": elevation, "sweep": names[sweep]},
    )
