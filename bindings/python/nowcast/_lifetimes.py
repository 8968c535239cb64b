"""How long objects live: the lifetimes of tracks, of a forecast or observed, as counts that add up."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from nowcast.errors import ArgumentError

_EDGES = (0.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0)


def lifetimes(tracks: pd.DataFrame, edges: Sequence[float] = _EDGES, *, before: xr.Dataset | None = None) -> xr.Dataset:
    """Count tracks by how long they were seen, and say what share outlives each time.

    To be done for the tracks of a forecast and for those observed, over the same times and area.

    Parameters
    ----------
    tracks : DataFrame
        ``cells`` of ``nowcast.cells.track``.
    edges : sequence of float
        Minutes, rising from 0: the lower ends of classes; the last has no upper one.
    before : Dataset, optional
        What this gave for earlier cases, to be added to.

    Returns
    -------
    Dataset by ``lifetime``: tracks that ``ended`` in the class, tracks ``cut`` there, whose life is longer since they
    were seen at the first or last time; and ``survival``, the share that outlives the class, by a life table in which
    cut tracks count for half of it (Cutler and Ederer 1958); NaN where no track is left.

    Raises
    ------
    ArgumentError : edges do not rise from 0, or those of before are others.
    """
    classes = np.asarray(edges, dtype=np.float64)
    if classes.ndim != 1 or classes.size == 0 or classes[0] != 0.0 or not (np.diff(classes) > 0.0).all():
        raise ArgumentError(f"edges: minutes that rise from 0 expected, {list(edges)} given")
    seen = tracks[tracks["seen"].astype(bool)]
    span = seen.groupby("track")["time"].agg(["min", "max"])
    minutes = (span["max"] - span["min"]).dt.total_seconds().to_numpy() / 60.0
    whole = ((span["min"] > tracks["time"].min()) & (span["max"] < tracks["time"].max())).to_numpy(dtype=np.bool_)
    place = np.searchsorted(classes, minutes, side="right") - 1
    counts = np.stack([np.bincount(place[part], minlength=classes.size) for part in (whole, ~whole)])
    if before is not None:
        if not np.array_equal(before["lifetime"].values, classes):
            raise ArgumentError(f"before: the edges {classes.tolist()} expected, others given")
        counts = counts + np.stack([before["ended"].values, before["cut"].values])
    ended, cut = counts
    left = (ended + cut)[::-1].cumsum()[::-1]
    risk = left - 0.5 * cut
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(np.where(risk > 0.0, 1.0 - ended / risk, np.nan))
    lower = ("lifetime", classes, {"units": "min", "long_name": "lower end of the class of lifetimes"})
    return xr.Dataset(
        {
            "ended": ("lifetime", ended, {"long_name": "tracks that ended", "units": "1"}),
            "cut": ("lifetime", cut, {"long_name": "tracks longer than they were seen", "units": "1"}),
            "survival": ("lifetime", survival, {"long_name": "share of tracks that outlive the class", "units": "1"}),
        },
        {"lifetime": lower},
    )
