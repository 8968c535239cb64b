"""Storms and their cells: found in a field, and followed from one field to the next."""

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _cells_table, _field, _geojson, _lib, motion
from nowcast._cells_table import Cells
from nowcast._files import replacing
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FormatError, NoDataError, UnsupportedError
from nowcast.grid import Grid, ascending

__all__ = [
    "EVENTS",
    "METHODS",
    "SUFFIXES",
    "TIME_FORMAT",
    "Cells",
    "Tracker",
    "Tracks",
    "identify",
    "to_file",
    "track",
]

METHODS = {
    "tree": lib.NWC_CELLS_TREE,
    "watershed": lib.NWC_CELLS_WATERSHED,
    "single": lib.NWC_CELLS_SINGLE,
    "dual": lib.NWC_CELLS_DUAL,
}
"""How the cells of a storm are told apart, by name."""

EVENTS = {
    lib.NWC_TRACK_BIRTH: "birth",
    lib.NWC_TRACK_SPLIT: "split",
    lib.NWC_TRACK_MERGE: "merge",
    lib.NWC_TRACK_DEATH: "death",
    lib.NWC_TRACK_LEAVE: "leave",
}
"""What can happen to a track."""

_POINT = _cells_table.row_type("nwc_track_point")
_EVENT = _cells_table.row_type("nwc_track_event")
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


@dataclasses.dataclass(frozen=True, eq=False)
class Tracks:
    """What became of cells over a time."""

    cells: pd.DataFrame
    """A row for each track and time, by time: ``time``, ``track`` (its number), ``parent`` (the track it split from, or
    0), ``seen`` (False where its place is only expected), ``age`` (s since it was first seen), ``longitude``,
    ``latitude``, ``x``, ``y`` (estimated middle), ``u``, ``v`` (x_wind and y_wind over the ground, m s-1), their
    standard errors ``position_error`` (m) and ``velocity_error`` (m s-1), ``area_smooth``, ``peak_smooth``, and what
    ``identify`` tells of the cell, NaN where it is not seen; ``geometry`` where it was asked for. Units are in
    ``attrs["units"]``."""
    events: pd.DataFrame
    """``time``, ``event`` (one of EVENTS), ``track`` that begins or ends, ``other``, the track that goes on, or 0."""

    def geojson(self, *, decimals: int = _geojson.DECIMALS) -> str:
        """A feature for each row of ``cells``: its outline where it has one, else its middle."""
        names = list(map(str, self.cells.columns))
        return _geojson.geojson(
            (_feature(dict(zip(names, row, strict=True))) for row in self.cells.itertuples(index=False)),
            decimals=decimals,
        )


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    geometry = row.pop("geometry", None)
    if not geometry or not geometry["coordinates"]:
        geometry = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
        if row["longitude"] != row["longitude"]:
            geometry = None
    return {"type": "Feature", "geometry": geometry, "properties": row}


class Tracker:
    """Follows cells, one field after the other; as ``track`` does, for those who get fields as they come.

    Parameters
    ----------
    patience : float, optional
        s: a track not seen for longer ends; 900 when omitted.
    max_speed, max_deviation : float, optional
        m s-1: over the ground, and from where a track was expected; 60 and 15 when omitted.
    least_share : float, optional
        Of a cell that has to lie in another for a split or merge; 0.3 when omitted.
    restart : bool
        What a time that is not after the last does: False, it is refused; True, all tracks end and others begin.
    """

    def __init__(
        self,
        *,
        patience: float | None = None,
        max_speed: float | None = None,
        max_deviation: float | None = None,
        least_share: float | None = None,
        restart: bool = False,
    ) -> None:
        options = _lib.options(
            "tracker",
            patience_s=patience,
            max_speed_m_s=max_speed,
            max_deviation_m_s=max_deviation,
            least_share=least_share,
            restart=int(restart),
        )
        out = ffi.new("nwc_tracker **")
        _lib.check(lib.nwc_tracker_create(ffi.NULL, options, out))
        self._handle = ffi.gc(out[0], lib.nwc_tracker_destroy)

    def add(self, found: Cells, time: Any, flow: xr.Dataset | None = None, *, geometry: bool = False) -> Tracks:
        """Go on to the cells of a later time.

        Parameters
        ----------
        found : what ``identify`` gave, always on one grid
        time : UTC, after that of the call before
        flow : (y, x) Dataset of ``u`` and ``v``, m s-1, optional
            The motion from then to now, on the same grid; NaN where not known.
        geometry : bool
            Whether to put outlines into the table.

        Returns
        -------
        Tracks of this time alone.
        """
        ns = _geojson.nanoseconds("time", time)
        given = [ffi.NULL, ffi.NULL]
        kept = []
        if flow is not None:
            grid = Grid.of(flow)
            if grid != found.grid:
                raise ArgumentError("flow: the grid of the cells expected, another given")
            for place, name in enumerate(("u", "v")):
                cells = ascending(flow, _field.as_float32(flow[name].transpose("y", "x").values))
                kept.append(_field.Fields([cells], flow[name].attrs.get("units"), grid))
                given[place] = kept[-1].c
        with _lib.call() as ctx:
            _lib.check(lib.nwc_tracker_add(ctx, self._handle, found._handle, ns, *given))
        return self._tracks(found, geometry)

    def save(self) -> bytes:
        """All that is known, as bytes to be kept."""
        data, size = ffi.new("uint8_t **"), ffi.new("int64_t *")
        _lib.check(lib.nwc_tracker_save(self._handle, data, size))
        return bytes(ffi.buffer(data[0], size[0]))

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """A tracker that goes on, bit for bit, as the one that was saved would.

        Raises
        ------
        FormatError : bytes that are cut, changed or none of a tracker.
        UnsupportedError : bytes of another version.
        """
        if not state:
            raise FormatError("state: the bytes of a tracker expected, none given")
        out = ffi.new("nwc_tracker **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_tracker_restore(ctx, ffi.from_buffer("uint8_t[]", state), len(state), out))
        made = cls.__new__(cls)
        made._handle = ffi.gc(out[0], lib.nwc_tracker_destroy)
        return made

    def _tracks(self, found: Cells, geometry: bool) -> Tracks:
        table = ffi.new("nwc_track_table *")
        _lib.check(lib.nwc_tracker_lend(self._handle, table))
        rows = _cells_table.rows_at(table.points, table.n_points, _POINT)
        events = _cells_table.rows_at(table.events, table.n_events, _EVENT)
        return Tracks(_points(rows, int(table.time_ns), found, geometry), _events(events))


def _points(rows: npt.NDArray[Any], time_ns: int, found: Cells, geometry: bool) -> pd.DataFrame:
    longitude, latitude = found.grid.to_lonlat(rows["x"], rows["y"])
    known = pd.DataFrame(
        {
            "time": np.full(len(rows), time_ns, dtype="datetime64[ns]"),
            "track": rows["track"],
            "parent": rows["parent"],
            "seen": rows["cell"] > 0,
            "age": 1e-9 * (time_ns - rows["first_ns"]),
            "longitude": longitude,
            "latitude": latitude,
            "x": rows["x"],
            "y": rows["y"],
            "u": rows["u"],
            "v": rows["v"],
            "position_error": rows["position_sd_m"],
            "velocity_error": rows["velocity_sd_m_s"],
            "area_smooth": rows["area_m2"],
            "peak_smooth": rows["peak"],
            "cell": rows["cell"],
        }
    )
    told = found.cells.drop(columns=["longitude", "latitude", "x", "y"])
    made = known.merge(told, how="left", on="cell")
    of_cells = found.cells.attrs["units"]
    units = {"age": "s", "u": "m s-1", "v": "m s-1", "position_error": "m", "velocity_error": "m s-1"}
    units |= {"area_smooth": "m2", "peak_smooth": of_cells["peak"]}
    made.attrs["units"] = {name: of_cells.get(name, units.get(name, "")) for name in made.columns}
    if geometry:
        outlines = found.outlines()
        made["geometry"] = pd.Series([outlines[c - 1] if c else None for c in rows["cell"]], dtype=object)
    return made


def _events(rows: npt.NDArray[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": rows["time_ns"].astype("datetime64[ns]"),
            "event": np.array([EVENTS[kind] for kind in rows["kind"].tolist()], dtype=object),
            "track": rows["track"],
            "other": rows["other"],
        }
    )


def track(
    fields: xr.DataArray | Iterable[xr.DataArray],
    flow: xr.Dataset | str | None = "estimate",
    wind: xr.Dataset | None = None,
    *,
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
        found.append(tracker.add(identify(field, **options or {}), time, here, geometry=geometry))
        before = field if isinstance(given, str) else None
    if not found:
        raise NoDataError("fields: at least one expected, none given")
    cells = pd.concat([one.cells for one in found], ignore_index=True) if len(found) > 1 else found[0].cells
    cells.attrs["units"] = found[0].cells.attrs["units"]
    return Tracks(cells, pd.concat([one.events for one in found], ignore_index=True))


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
