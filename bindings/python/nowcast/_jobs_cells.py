"""The verb cells as a function: fields in, a table of tracks out."""

import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nowcast import cells as finding
from nowcast import io
from nowcast._files import replacing
from nowcast.errors import UnsupportedError


def cells(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    events: io.PathLike | None = None,
    quantity: str | None = None,
    method: str = "tree",
    threshold: float | None = None,
    least_peak: float | None = None,
    saliency: float | None = None,
    least_size: float | None = None,
    closing: float | None = None,
    patience: float | None = None,
    motion: bool = True,
    on_error: str = "skip",
) -> dict[str, Any]:
    """Read a sequence of fields, find the cells of each, follow them, write a row for each track and time.

    Parameters
    ----------
    inputs, quantity, on_error
        As in ``nowcast.open``; fields (time, y, x) or (time, z, y, x).
    output : path ending in .csv, .geojson or .parquet
        GeoJSON has the outlines of cells.
    events : path ending in .csv, optional
        Where to write births, splits, merges and ends.
    method, threshold, least_peak, saliency, least_size, closing
        As in ``nowcast.cells.identify``.
    patience
        As in ``nowcast.cells.Tracker``.
    motion : bool
        Whether to estimate the motion between fields; else tracks go on by their own velocity.

    Raises
    ------
    UnsupportedError : other suffixes.
    """
    began = clock.monotonic()
    if Path(output).suffix not in finding.SUFFIXES:
        raise UnsupportedError(f"{output}: a name ending in {', '.join(finding.SUFFIXES)} expected")
    if events is not None and Path(events).suffix != ".csv":
        raise UnsupportedError(f"{events}: a name ending in .csv expected")
    data = io.open(inputs, quantity=quantity, on_error=on_error)
    options = {
        "method": method,
        "threshold": threshold,
        "least_peak": least_peak,
        "saliency": saliency,
        "least_size": least_size,
        "closing": closing,
    }
    found = finding.track(
        data,
        "estimate" if motion else None,
        options=options,
        geometry=Path(output).suffix == ".geojson",
        patience=patience,
    )
    finding.to_file(found, output)
    if events is not None:
        with replacing(events) as beside:
            found.events.to_csv(beside, index=False, date_format=finding.TIME_FORMAT)
    seen = found.cells[found.cells["seen"]]
    left_out = data.attrs.get("left_out", "").splitlines()
    longest = seen.groupby("track")["age"].max().max()
    return {
        "output": str(output),
        "times": [f"{when}Z" for when in data["time"].values.astype("datetime64[s]")],
        "cells": len(seen),
        "tracks": int(seen["track"].nunique()),
        "longest_minutes": 0.0 if pd.isna(longest) else float(longest) / 60.0,
        "events": {str(name): int(n) for name, n in found.events["event"].value_counts().sort_index().items()},
        "left_out": left_out,
        "degraded": bool(left_out),
        "seconds": clock.monotonic() - began,
    }
