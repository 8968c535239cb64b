"""What corrections are worth: scores with each of them and without it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import verify
from nowcast.desk._apply import Source, apply
from nowcast.desk._edit import Edit, check
from nowcast.errors import ArgumentError

_SCORES = {"mae": -1.0, "rmse": -1.0, "bias": 0.0, "csi": 1.0, "pod": 1.0, "far": -1.0, "fss": 1.0}
"""And whether more of it is better (1) or worse (-1); 0: farther from 0 is worse."""


def value(
    field: xr.DataArray,
    edits: Iterable[Mapping[str, Any] | Edit],
    observed: xr.DataArray,
    *,
    sources: Mapping[str, Source] | None = None,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    window: int = 5,
) -> pd.DataFrame:
    """What each correction of a field is worth: the scores of all corrections, and of all but this one.

    Parameters
    ----------
    field : (time, y, x) DataArray
        As it was before corrections, named as the layer of the edits or in its unit.
    edits : iterable of Edit or what ``check`` takes
        Those that were active, in their order.
    observed : (time, y, x) DataArray
        What came, on the same grid and in the same unit; the times of both are scored.
    sources : mapping, optional
        As in ``apply``.
    thresholds : sequence of float
        In the field's unit.
    window : int
        Side of the neighbourhood of the fractions skill score, cells.

    Returns
    -------
    DataFrame with rows for each edit that acted, and for ``"all"`` of them together: ``edit``, ``kind``, ``author``,
    ``score``, ``threshold`` (NaN for those of all values), ``with_it``, ``without`` and ``gain``, above 0 where the
    correction made the score better.

    Raises
    ------
    ArgumentError : an edit is wrong, or no times in common.
    """
    told = [check(edit) for edit in edits]
    times = np.intersect1d(field["time"].values, observed["time"].values)
    if not times.size:
        raise ArgumentError("observed: a time of the field expected among its times")
    name = str(field.name or "field")
    raw, seen = xr.Dataset({name: field.sel(time=times)}), observed.sel(time=times)

    def scored(some: Sequence[Edit]) -> tuple[xr.Dataset, str]:
        made = apply(raw, some, sources=sources)
        sums = verify.Scores(thresholds, (window,))
        for k in range(times.size):
            sums.add(made[name].isel(time=k), seen.isel(time=k))
        return sums.dataset(), made[name].attrs.get("corrected_by", "")

    (whole, acted), (before, _) = scored(told), scored([])
    rows = _rows({"edit": "all", "kind": "", "author": ""}, whole, before)
    for edit in told:
        if edit.id in acted.split():
            without, _ = scored([other for other in told if other.id != edit.id])
            rows += _rows({"edit": edit.id, "kind": edit.kind, "author": edit.author}, whole, without)
    return pd.DataFrame(rows)


def _rows(who: dict[str, Any], whole: xr.Dataset, without: xr.Dataset) -> list[dict[str, Any]]:
    """A row for each score and threshold."""
    rows = []
    for score, better in _SCORES.items():
        pair = [scores[score].values.ravel() for scores in (whole, without)]
        limits = whole["threshold"].values if "threshold" in whole[score].dims else [np.nan]
        for limit, with_it, less in zip(limits, *pair, strict=True):
            gain = better * (with_it - less) if better else abs(less) - abs(with_it)
            rows.append({**who, "score": score, "threshold": float(limit), "with_it": float(with_it)})
            rows[-1] |= {"without": float(less), "gain": float(gain)}
    return rows
