"""What the verb verify shows of scores: a table, and numbers for JSON."""

from typing import Any

import numpy as np
import rich.table
import xarray as xr

from nowcast._jobs_verify import cases

BY = ("cells", "scales", "objects", "probability")
"""How a forecast may be scored."""

_HEADS = {
    "crps": "CRPS",
    "spread_skill": "spread/skill",
    "mae": "MAE",
    "brier": "Brier",
    "brier_skill": "Brier skill",
    "csi": "CSI",
    "wavelet_mse": "MSE",
    "structure": "structure",
    "amplitude": "amplitude",
    "location": "location",
    "pod": "POD",
    "far": "FAR",
}


def _shown(scores: xr.Dataset, by: str) -> tuple[str, ...]:
    if by == "scales":
        return ("wavelet_mse",)
    if by == "objects":
        return ("structure", "amplitude", "location", "pod", "far", "csi")
    if by == "probability":
        return ("brier", "brier_skill")
    return ("crps", "spread_skill", "brier") if "crps" in scores else ("mae", "csi")


def table(scores: xr.Dataset, minutes: list[float], by: str) -> rich.table.Table:
    """A row for each lead time, a column for each score, of scores by threshold or scale for each of these."""
    names = _shown(scores, by)
    heads = []
    for name in names:
        along = [str(dim) for dim in scores[name].dims if dim != "lead_time"]
        several = scores[along[0]].values if along else [None]
        heads += [_HEADS[name] if one is None else f"{_HEADS[name]} {one:g}" for one in several]
    made = rich.table.Table("lead, min", {"objects": "fields", "scales": "pairs"}.get(by, "cells"), *heads)
    counted = cases(scores)
    for lead, minute in enumerate(minutes):
        row = scores.isel(lead_time=lead)
        values = (f"{value:.3f}" for name in names for value in np.atleast_1d(row[name].values))
        made.add_row(f"{minute:g}", str(int(counted.values[lead])), *values)
    return made


def numbers(scores: xr.Dataset, by: str) -> dict[str, Any]:
    """The same for JSON, and intensity-scale skill by threshold and scale."""
    names = [name for name in _shown(scores, by) if name != "mae"]
    if by == "scales":
        names.append("intensity_scale_skill")
    return {name: _plain(scores[name].values.tolist()) for name in names}


def _plain(values: Any) -> Any:
    """Numbers for JSON, which has no NaN."""
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return None if values != values else values
