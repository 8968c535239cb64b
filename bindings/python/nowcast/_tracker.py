"""A tracker: cells of one time after the other, their attributes, and what is forecast of them."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _cell_attributes, _cell_forecast, _cells_table, _field, _geojson, _lib
from nowcast._cell_forecast import Forecast, HazardModel
from nowcast._cells_table import Cells
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FormatError
from nowcast.grid import Grid, ascending

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


@dataclasses.dataclass(frozen=True, eq=False)
class Tracks:
    """What became of cells over a time."""

    cells: pd.DataFrame
    """A row for each track and time, by time: ``time``, ``track`` (its number), ``parent`` (the track it split from, or
    0), ``seen`` (False where its place is only expected), ``age`` (s since it was first seen), ``longitude``,
    ``latitude``, ``x``, ``y`` (estimated middle), ``u``, ``v`` (x_wind and y_wind over the ground, m s-1), their
    standard errors ``position_error`` (m) and ``velocity_error`` (m s-1), ``area_smooth``, ``peak_smooth``, and what
    ``identify`` tells of the cell, NaN where it is not seen; attributes where fields or strokes were given, with
    ``<name>_trend`` (per minute), ``rain_total`` (mm along the track), ``mode`` and ``mover``; ``geometry`` where it
    was asked for. Units are in ``attrs["units"]``."""
    events: pd.DataFrame
    """``time``, ``event`` (one of EVENTS), ``track`` that begins or ends, ``other``, the track that goes on, or 0."""
    grid: Grid
    """of the cells: ``u`` and ``v`` lie along its axes"""

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
        self._history: _cell_attributes.History | None = None
        self._grid: Grid | None = None

    def add(
        self,
        found: Cells,
        time: Any,
        flow: xr.Dataset | None = None,
        *,
        fields: xr.Dataset | None = None,
        strokes: pd.DataFrame | None = None,
        geometry: bool = False,
    ) -> Tracks:
        """Go on to the cells of a later time.

        Parameters
        ----------
        found : what ``identify`` gave, always on one grid
        time : UTC, after that of the call before
        flow : (y, x) Dataset of ``u`` and ``v``, m s-1, optional
            The motion from then to now, on the same grid; NaN where not known.
        fields : (y, x) Dataset on the grid of the cells, optional
            What attributes are of, named as in RECIPE: products, winds, the model's environment.
        strokes : DataFrame, optional
            Lightning, as ``flashes`` takes it.
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
        self._grid = found.grid
        return self._tracks(found, geometry, np.datetime64(ns, "ns"), fields, strokes)

    def forecast(self, minutes: Sequence[float] | None = None, *, model: HazardModel | None = None) -> Forecast:
        """Where the cells there are now will be, how large, and what they may bring.

        Parameters
        ----------
        minutes : increasing leads, optional
            0 to 120 by 10 when omitted.
        model : HazardModel, optional
            That of published rules when omitted; it knows what fields and strokes ``add`` was given.
        """
        if self._grid is None:
            raise ArgumentError("forecast: cells expected before, none added")
        table = ffi.new("nwc_track_table *")
        _lib.check(lib.nwc_tracker_lend(self._handle, table))
        values = self._history.values() if self._history is not None else ffi.NULL
        return _cell_forecast.forecast(self._handle, table, values, self._grid, minutes, model)

    def save(self) -> bytes:
        """All that is known, as bytes to be kept."""
        data, size = ffi.new("uint8_t **"), ffi.new("int64_t *")
        _lib.check(lib.nwc_tracker_save(self._handle, data, size))
        history = self._history.save() if self._history is not None else b""
        return len(history).to_bytes(8, "little") + history + bytes(ffi.buffer(data[0], size[0]))

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """A tracker that goes on, bit for bit, as the one that was saved would.

        Raises
        ------
        FormatError : bytes that are cut, changed or none of a tracker.
        UnsupportedError : bytes of another version.
        """
        n = int.from_bytes(state[:8], "little")
        own = state[8 + n :]
        if not own:
            raise FormatError("state: the bytes of a tracker expected, none given")
        out = ffi.new("nwc_tracker **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_tracker_restore(ctx, ffi.from_buffer("uint8_t[]", own), len(own), out))
        made = cls.__new__(cls)
        made._handle = ffi.gc(out[0], lib.nwc_tracker_destroy)
        made._history = _cell_attributes.History.restore(state[8 : 8 + n]) if n else None
        made._grid = None
        return made

    def _attributes(
        self,
        table: Any,
        rows: npt.NDArray[Any],
        found: Cells,
        time: Any,
        fields: xr.Dataset | None,
        strokes: pd.DataFrame | None,
    ) -> pd.DataFrame:
        """Attributes of the tracker's points, remembered."""
        of_points = pd.DataFrame(index=pd.RangeIndex(1, len(found.cells) + 1))
        seen = rows[rows["cell"] > 0]
        u, v = (pd.Series(seen[name], index=seen["cell"]).reindex(of_points.index).to_numpy() for name in "uv")
        known = _cell_attributes.sample(found, fields if fields is not None else xr.Dataset())
        if strokes is not None:
            units = known.attrs["units"]
            known = known.join(_cell_attributes.flashes(found, strokes, time, (u, v)))
            known.attrs["units"] = units
        known = _cell_attributes.derive(known, found, u, v)
        known.insert(0, "area", found.cells.set_index("cell")["area"])
        known.insert(1, "peak", found.cells.set_index("cell")["peak"])
        at = known.reindex(rows["cell"])
        numbers = list(known.select_dtypes("number").columns) if self._history is None else self._history.names
        if self._history is None:
            self._history = _cell_attributes.History(numbers)
        self._history.add(table, at.reindex(columns=numbers).to_numpy(dtype="f8"))
        made = self._history.table().assign(mode=at["mode"].to_numpy(), mover=at["mover"].to_numpy())
        made.attrs["units"] = known.attrs["units"]
        return made

    def _tracks(
        self,
        found: Cells,
        geometry: bool,
        time: Any,
        fields: xr.Dataset | None,
        strokes: pd.DataFrame | None,
    ) -> Tracks:
        table = ffi.new("nwc_track_table *")
        _lib.check(lib.nwc_tracker_lend(self._handle, table))
        rows = _cells_table.rows_at(table.points, table.n_points, _POINT)
        events = _cells_table.rows_at(table.events, table.n_events, _EVENT)
        points = _points(rows, int(table.time_ns), found, geometry)
        attributes = self._attributes(table, rows, found, time, fields, strokes)
        if fields is not None or strokes is not None:
            units = points.attrs["units"] | attributes.attrs["units"]
            points = points.join(attributes.drop(columns=["area", "peak"]))
            points.attrs["units"] = {name: units.get(str(name).removesuffix("_trend"), "") for name in points.columns}
            points.attrs["units"] |= {
                name: f"{unit} min-1" for name, unit in points.attrs["units"].items() if str(name).endswith("_trend")
            } | {"rain_total": "mm"}
        return Tracks(points, _events(events), found.grid)


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
