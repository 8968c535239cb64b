"""Storms and their cells: found in a field, and followed from one field to the next."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _cells_table, motion
from nowcast._cell_attributes import RECIPE, Sample, flashes, sample
from nowcast._cell_calibrate import Calibrated, calibrate
from nowcast._cell_forecast import HAZARDS, Forecast, HazardModel
from nowcast._cell_train import Trained, train
from nowcast._cells_table import Cells
from nowcast._files import replacing
from nowcast._initiation import HINTS, initiation
from nowcast._lib import lib
from nowcast._tracker import EVENTS, Tracker, Tracks
from nowcast.errors import ArgumentError, NoDataError, UnsupportedError

__all__ = [
    "EVENTS",
    "HAZARDS",
    "HINTS",
    "METHODS",
    "RECIPE",
    "SUFFIXES",
    "TIME_FORMAT",
    "Calibrated",
    "Cells",
    "Forecast",
    "HazardModel",
    "Sample",
    "Tracker",
    "Tracks",
    "Trained",
    "calibrate",
    "flashes",
    "identify",
    "initiation",
    "sample",
    "to_file",
    "track",
    "train",
]

METHODS = {
    "tree": lib.NWC_CELLS_TREE,
    "watershed": lib.NWC_CELLS_WATERSHED,
    "single": lib.NWC_CELLS_SINGLE,
    "dual": lib.NWC_CELLS_DUAL,
}
"""How the cells of a storm are told apart, by name."""

SUFFIXES = (".csv", ".geojson", ".parquet")
"""What ``to_file`` writes."""

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""of times in CSV"""


def identify(
    field: xr.DataArray,
    *,
    method: str = "tree",
    threshold: float | None = None,
    least_peak: float | None = None,
    saliency: float | None = None,
    core_threshold: float | None = None,
    least_size: float | None = None,
    least_core: float | None = None,
    closing: float | None = None,
    corners: bool | None = None,
) -> Cells:
    """Find the storms of a field, connected areas at or above a threshold, and the cells in them.

    Parameters
    ----------
    field : (y, x) or (z, y, x) DataArray
        Reflectivity (dBZ), or any other quantity with thresholds of its own; NaN where the radar did not look. Float32
        is not copied.
    method : one of METHODS
        "tree": hills that stand out by their saliency, each down to the saddle to the next. "watershed": the same, the
        rest of the storm shared among them. "single": each storm is a cell. "dual": parts at or above
        ``core_threshold``, the rest of the storm shared among them.
    threshold : float, optional
        Of a storm, in the units of the field; 35 when omitted.
    least_peak : float, optional
        A storm, and each cell, reaches this; 40 when omitted.
    saliency : float, optional
        By how much the peak of a cell is above the saddle to the next; 5 when omitted.
    core_threshold : float, optional
        45 when omitted.
    least_size, least_core : float, optional
        Of a storm, and of each of several cells in it, m2, of a field with levels m3. When omitted 10 and 4 km2, 30 and
        8 km3.
    closing : float, optional
        Storms at most so many metres apart are one; 0 when omitted.
    corners : bool, optional
        Whether grid cells connect at their corners; they do when omitted.

    Returns
    -------
    Cells, with tables of both, labels and outlines. There may be none.

    Raises
    ------
    ArgumentError : other dimensions, no grid, an option out of range.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    options = {
        "method": METHODS[method],
        "threshold": threshold,
        "least_peak": least_peak,
        "saliency": saliency,
        "core_threshold": core_threshold,
        "least_size": least_size,
        "least_core": least_core,
        "closing_m": closing,
        "corners": None if corners is None else int(corners),
    }
    return _cells_table.identify(field, options)


def track(
    fields: xr.DataArray | Iterable[xr.DataArray],
    flow: xr.Dataset | str | None = "estimate",
    wind: xr.Dataset | None = None,
    *,
    attributes: xr.Dataset | None = None,
    strokes: pd.DataFrame | None = None,
    options: Mapping[str, Any] | None = None,
    geometry: bool = False,
    **follow: Any,
) -> Tracks:
    """Find the cells of a sequence and follow them.

    Parameters
    ----------
    fields : (time, y, x) or (time, z, y, x) DataArray, or fields of one time each
        As ``identify`` takes them, times increasing, the steps as uneven as they are.
    flow : Dataset of ``u`` and ``v``, (y, x) or with the dimension ``time``; "estimate"; or None
        The motion to expect cells by, of the latest of its times that is not later than the field. "estimate", the
        default, takes it from the two fields before each step, by the greatest value in a column; where nothing can be
        followed, and with None, tracks go on by their own velocity.
    wind : Dataset of ``u`` and ``v``, (..., z, y, x), optional
        In place of flow: its mean over the levels.
    attributes : (time, y, x) Dataset, or (y, x) for all times, optional
        As ``fields`` of ``Tracker.add``, of the latest of its times that is not later.
    strokes : DataFrame, optional
        Lightning, as ``flashes`` takes it.
    options : mapping, optional
        Of ``identify``.
    geometry : bool
        Whether to put outlines into the table.
    **follow
        Of ``Tracker``.

    Returns
    -------
    Tracks.

    Raises
    ------
    ArgumentError : times that do not increase, other grids, options out of range.
    NoDataError : no field at all.
    """
    tracker, given = Tracker(**follow), _flow_of(flow, wind)
    found: list[Tracks] = []
    before: xr.DataArray | None = None
    for field in _each(fields):
        time = field["time"].values
        here = _estimate(before, field) if isinstance(given, str) else _at(given, time)
        there = _at(attributes, time)
        cells = identify(field, **options or {})
        found.append(tracker.add(cells, time, here, fields=there, strokes=strokes, geometry=geometry))
        before = field if isinstance(given, str) else None
    if not found:
        raise NoDataError("fields: at least one expected, none given")
    rows = pd.concat([one.cells for one in found], ignore_index=True) if len(found) > 1 else found[0].cells
    rows.attrs["units"] = found[0].cells.attrs["units"]
    return Tracks(rows, pd.concat([one.events for one in found], ignore_index=True), found[0].grid)


def _each(fields: xr.DataArray | Iterable[xr.DataArray]) -> Iterable[xr.DataArray]:
    several = (
        (fields.isel(time=number) for number in range(fields.sizes["time"]))
        if isinstance(fields, xr.DataArray) and "time" in fields.dims
        else [fields]
        if isinstance(fields, xr.DataArray)
        else fields
    )
    for field in several:
        if "time" not in field.coords or field["time"].ndim:
            raise ArgumentError("fields: a time of each expected, none found")
        yield field


def _flow_of(flow: xr.Dataset | str | None, wind: xr.Dataset | None) -> xr.Dataset | str | None:
    if isinstance(flow, str) and flow != "estimate":
        raise ArgumentError(f"flow: a Dataset, 'estimate' or None expected, {flow!r} given")
    if wind is None:
        return flow
    if isinstance(flow, xr.Dataset):
        raise ArgumentError("flow, wind: one of them expected, both given")
    if "z" not in wind.dims:
        raise ArgumentError(f"wind: a dimension z expected, {tuple(wind.dims)} given")
    return wind[["u", "v"]].mean("z", keep_attrs=True)


def _at(flow: xr.Dataset | None, time: Any) -> xr.Dataset | None:
    """The flow of the latest of its times that is not later; of the first where there is none."""
    if flow is None or "time" not in flow.dims:
        return flow
    earlier = np.flatnonzero(flow["time"].values <= time)
    return flow.isel(time=earlier[-1] if earlier.size else 0)


def _estimate(before: xr.DataArray | None, field: xr.DataArray) -> xr.Dataset | None:
    if before is None or field.attrs.get("units") not in ("dBZ", "mm h-1"):
        return None
    flat = [one.max("z", keep_attrs=True) if "z" in one.dims else one for one in (before, field)]
    try:
        return motion.estimate(xr.concat(flat, "time", combine_attrs="override", coords="minimal", compat="override"))
    except NoDataError:
        return None


def to_file(tracks: Tracks, path: str | os.PathLike[str]) -> None:
    """Write the rows of tracks as ``.csv``, ``.geojson`` or ``.parquet``, whole or not at all.

    Outlines go to GeoJSON alone. Events are written beside with ``tracks.events.to_csv``.

    Raises
    ------
    UnsupportedError : another suffix; or .parquet and pyarrow is not installed.
    """
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise UnsupportedError(f"{path}: a name ending in {', '.join(SUFFIXES)} expected")
    rows = tracks.cells.drop(columns="geometry", errors="ignore")
    with replacing(path) as beside:
        if suffix == ".csv":
            rows.to_csv(beside, index=False, date_format=TIME_FORMAT)
        elif suffix == ".geojson":
            beside.write_text(tracks.geojson(), encoding="utf-8")
        else:
            try:
                rows.to_parquet(beside, engine="pyarrow", index=False)
            except ImportError as error:
                raise UnsupportedError(f"{path}: Parquet is written by pyarrow, which is not installed") from error
