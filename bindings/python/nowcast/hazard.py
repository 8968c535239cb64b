"""From fields to warnings: rules, areas, places, and warnings that are issued, changed and ended.

Everything is automatic guidance until a person has approved it.
"""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _geojson, _lib
from nowcast._files import replacing
from nowcast._hazard_input import Frames, Place, places_to_c, read_places, storms_to_c
from nowcast._hazard_rules import Rules, presets
from nowcast._lib import ffi, lib
from nowcast.cells import Tracks
from nowcast.errors import ArgumentError, NoDataError

__all__ = [
    "EVENTS",
    "REASONS",
    "Areas",
    "Place",
    "Rules",
    "Warner",
    "Warnings",
    "areas",
    "evaluate",
    "latest",
    "presets",
    "read_places",
]

_GIVEN = xr.DataArray | xr.Dataset | Iterable[xr.DataArray | xr.Dataset]
_PLACES = str | os.PathLike[str] | Iterable[Place | Mapping[str, Any]]
_NO_TIME = -(1 << 63)

EVENTS = {
    lib.NWC_HAZARD_ISSUE: "issue",
    lib.NWC_HAZARD_UPDATE: "update",
    lib.NWC_HAZARD_UPGRADE: "upgrade",
    lib.NWC_HAZARD_DOWNGRADE: "downgrade",
    lib.NWC_HAZARD_CANCEL: "cancel",
    lib.NWC_HAZARD_EXPIRE: "expire",
    lib.NWC_HAZARD_APPROVE: "approve",
}
"""What can happen to a warning."""

REASONS = {
    lib.NWC_HAZARD_MET: "met",
    lib.NWC_HAZARD_SPLIT: "split",
    lib.NWC_HAZARD_AREA_CHANGED: "area changed",
    lib.NWC_HAZARD_TIMES_CHANGED: "times changed",
    lib.NWC_HAZARD_ESCALATED: "escalated",
    lib.NWC_HAZARD_CLEARED: "cleared",
    lib.NWC_HAZARD_MERGED: "merged",
    lib.NWC_HAZARD_ENDED: "ended",
    lib.NWC_HAZARD_CLOCK: "clock went back",
    lib.NWC_HAZARD_REMOVED: "rule or place removed",
    lib.NWC_HAZARD_PERSON: "person",
}
"""Why."""


# Columns of the tables, which are there without a row too.
_WARNING = [
    "warning",
    "hazard",
    "level",
    "place",
    "active",
    "approved",
    "message",
    "issued",
    "sent",
    "onset",
    "end",
    "expires",
    "probability",
    "area",
    "longitude",
    "latitude",
    "storm",
    "speed",
    "towards",
    "geometry",
]
_EVENT = ["time", "event", "reason", "warning", "message", "other", "level", "level_before"]
_EFFECT = [
    "place",
    "name",
    "hazard",
    "level",
    "warning",
    "probability",
    "earliest",
    "likeliest",
    "end",
    "bearing",
    "distance",
]


def _rules_of(rules: Rules | str | os.PathLike[str]) -> Rules:
    return rules if isinstance(rules, Rules) else Rules.read(rules)


def _text(pointer: Any) -> str | None:
    return ffi.string(pointer).decode() if pointer != ffi.NULL else None


def _ring(row: Any) -> dict[str, Any] | None:
    if not row.n_points:
        return None
    points = [[row.ring_longitude_deg[k], row.ring_latitude_deg[k]] for k in range(row.n_points)]
    return {"type": "Polygon", "coordinates": [[*points, points[0]]]}


def _time(value: int) -> Any:
    return pd.Timestamp(value) if value != _NO_TIME else pd.NaT


def latest(fields: Sequence[xr.DataArray | xr.Dataset]) -> pd.Timestamp:
    """The time forecasts among the fields begin at, ``forecast_reference_time``; else the latest of the first field."""
    starts = [data["forecast_reference_time"].values for data in fields if "forecast_reference_time" in data.coords]
    if not starts and not fields:
        raise NoDataError("fields, now: a field or a time expected, none given")
    return pd.Timestamp(np.max(starts) if starts else np.max(fields[0]["time"].values))


def _now_of(fields: _GIVEN, now: Any) -> tuple[list[xr.DataArray | xr.Dataset], int]:
    given = [fields] if isinstance(fields, xr.DataArray | xr.Dataset) else list(fields)
    return given, _geojson.nanoseconds("now", latest(given) if now is None else now)


@dataclasses.dataclass(frozen=True, eq=False)
class Areas:
    """Areas where levels of hazards are reached."""

    areas: pd.DataFrame
    """``hazard``, ``level`` (its name), ``probability`` (the greatest), ``area`` (m2), ``onset``, ``end``,
    ``longitude``, ``latitude``, ``geometry`` (a Polygon of GeoJSON)."""
    _text: str

    def geojson(self) -> str:
        """A feature for each area; those across 180 degrees are cut."""
        return self._text


def areas(
    fields: _GIVEN,
    rules: Rules | str | os.PathLike[str],
    now: Any = None,
    *,
    margin: float | None = None,
    most_points: int | None = None,
) -> Areas:
    """Find where each level of each hazard is reached, without warnings.

    Parameters
    ----------
    fields : DataArray or Dataset, or several
        Of any quantities, named by them, (time, y, x) or (member, time, y, x) or of one time, with units. Fields with
        the attribute ``probability_of`` are probabilities of reaching it.
    rules : Rules, a file, or a name of ``presets()``
    now : time, optional
        UTC; as ``latest`` has it when omitted.
    margin : float, optional
        m, how far areas reach beyond the cells they are made of; 2000 when omitted.
    most_points : int, optional
        Of an area, 4 to 100; 40 when omitted.

    Raises
    ------
    NoDataError : no field of any rule's quantity and times.
    ArgumentError : other units, grids, dimensions; options out of range.
    """
    told = _rules_of(rules)
    given, now_ns = _now_of(fields, now)
    frames, (c_rules, kept) = Frames(given), told.to_c()
    options = _lib.options("hazard", margin_m=margin, most_points=most_points)
    out, n, rows = ffi.new("nwc_hazard_areas **"), ffi.new("int64_t *"), ffi.new("nwc_hazard_area **")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_hazard_areas_find(ctx, c_rules, len(told.rules), frames.c, frames.n, now_ns, options, out))
        del kept
        found = ffi.gc(out[0], lib.nwc_hazard_areas_destroy)
        _lib.check(lib.nwc_hazard_areas_lend(found, rows, n))
        collection = _geojson.create(ctx, 5)
        _lib.check(lib.nwc_hazard_areas_geojson(found, collection))
    table = pd.DataFrame(
        [
            {
                "hazard": _text(row.hazard),
                "level": told.levels[row.level - 1],
                "probability": row.probability,
                "area": row.area_m2,
                "onset": _time(row.onset_ns),
                "end": _time(row.end_ns),
                "longitude": row.longitude_deg,
                "latitude": row.latitude_deg,
                "geometry": _ring(row),
            }
            for row in (rows[0][a] for a in range(n[0]))
        ]
    )
    return Areas(table, _geojson.text(collection))


@dataclasses.dataclass(frozen=True, eq=False)
class Warnings:
    """What became of warnings at one time."""

    time: pd.Timestamp
    warnings: pd.DataFrame
    """A row for each: ``warning`` (its number), ``hazard``, ``level`` (its name), ``place`` (id, or None), ``active``,
    ``approved``, ``message``, ``issued``, ``sent``, ``onset``, ``end``, ``expires``, ``probability``, ``area`` (m2),
    ``longitude``, ``latitude``, ``storm``, ``speed`` (m s-1), ``towards`` (degrees), ``geometry``. Those that have
    ended at this time are there once more, not active."""
    events: pd.DataFrame
    """``event`` (one of EVENTS), ``reason`` (one of REASONS), ``warning``, ``other``, ``level``, ``level_before``."""
    effects: pd.DataFrame
    """Of each place and rule that may be met on it: ``place``, ``name``, ``hazard``, ``level``, ``warning`` (0 for
    none), ``probability``, ``earliest``, ``likeliest``, ``end``, ``bearing`` (degrees) and ``distance`` (m) of the
    storm."""
    journal: str
    """lines of JSON, one for each event"""
    _warner: "Warner"

    def geojson(self) -> str:
        """A feature for each active warning, as long as its ``Warner`` has not gone on."""
        return self._warner.geojson()

    def to_cap(self, folder: str | os.PathLike[str], **options: Any) -> list[Path]:
        """Write each event's message as CAP 1.2 into a folder, by warning and message; options as ``Warner.cap``."""
        written = []
        for number, event in enumerate(self.events.itertuples(index=False)):
            if event.event == "expire":
                continue
            path = Path(folder) / f"{event.warning:06d}-{event.message:03d}.xml"
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_text(self._warner.cap(number, **options), encoding="utf-8")
            written.append(path)
        return written


class Warner:
    """Warnings that go on from call to call.

    Parameters
    ----------
    rules : Rules, a file, or a name of ``presets()``
    places : GeoJSON file, features or Place, optional
    margin, most_points
        As in ``areas``.
    update_share, update : float, optional
        A message follows where an area has changed by this share of itself, or times by so many s; 0.3 and 900
        when omitted.
    restart : bool
        What a time that is not after the last does: False, it is refused; True, all warnings are cancelled and
        others begin.
    """

    def __init__(
        self,
        rules: Rules | str | os.PathLike[str],
        places: _PLACES = (),
        *,
        margin: float | None = None,
        most_points: int | None = None,
        update_share: float | None = None,
        update: float | None = None,
        restart: bool = False,
    ) -> None:
        self.rules = _rules_of(rules)
        self.places = read_places(places)
        options = _lib.options(
            "hazard",
            margin_m=margin,
            most_points=most_points,
            update_share=update_share,
            update_s=update,
            clock_back=int(restart),
        )
        c_rules, kept = self.rules.to_c()
        c_places, kept_too = places_to_c(self.places)
        out = ffi.new("nwc_hazard **")
        _lib.check(
            lib.nwc_hazard_create(
                ffi.NULL, c_rules, len(self.rules.rules), c_places, len(self.places), options, ffi.NULL, ffi.NULL, out
            )
        )
        del kept, kept_too
        self._handle = ffi.gc(out[0], lib.nwc_hazard_destroy)

    def evaluate(self, fields: _GIVEN, now: Any = None, tracks: Tracks | None = None) -> Warnings:
        """Go on to a later time.

        Parameters
        ----------
        fields : as in ``areas``; the past as far as windows reach, now, forecasts. None at all
            leaves warnings as they are.
        now : time, optional
            UTC, after that of the call before; as ``latest`` has it when omitted.
        tracks : Tracks, optional
            Cells, whose motion warnings take over.

        Raises
        ------
        ArgumentError : a time that is not later, other units, grids, dimensions; the warnings are as they were.
        """
        given, now_ns = _now_of(fields, now)
        frames, (storms, n) = Frames(given), storms_to_c(tracks)
        with _lib.call() as ctx:
            _lib.check(lib.nwc_hazard_evaluate(ctx, self._handle, frames.c, frames.n, now_ns, storms, n))
        return self._table()

    def approve(self, warning: int, by: str, now: Any) -> Warnings:
        """A person takes the latest message of a warning: the next message is that, no longer marked as automatic."""
        ns = _geojson.nanoseconds("now", now)
        _lib.check(lib.nwc_hazard_approve(self._handle, warning, by.encode(), ns))
        return self._table()

    def cancel(self, warning: int, by: str, now: Any) -> Warnings:
        """A person ends a warning."""
        ns = _geojson.nanoseconds("now", now)
        _lib.check(lib.nwc_hazard_cancel(self._handle, warning, by.encode(), ns))
        return self._table()

    def save(self) -> bytes:
        """All that warnings are, as bytes to be kept; rules and places are not in it."""
        data, size = ffi.new("uint8_t **"), ffi.new("int64_t *")
        _lib.check(lib.nwc_hazard_save(self._handle, data, size))
        return bytes(ffi.buffer(data[0], size[0]))

    def restore(self, state: bytes) -> None:
        """Go on with what ``save`` gave. FormatError, UnsupportedError: other bytes, or of another version."""
        _lib.check(lib.nwc_hazard_restore(self._handle, ffi.from_buffer("uint8_t[]", state or b"\0"), len(state)))

    def geojson(self) -> str:
        """A feature for each active warning: its area or place."""
        with _lib.call() as ctx:
            collection = _geojson.create(ctx, 5)
            _lib.check(lib.nwc_hazard_geojson(self._handle, collection))
            return _geojson.text(collection)

    def cap(
        self,
        event: int,
        *,
        sender: str = "nowcast@localhost",
        prefix: str | None = None,
        status: str | None = None,
        chinese: bool = False,
        sender_name: str | None = None,
        languages: Sequence[str] = ("en", "zh"),
    ) -> str:
        """The message of an event of the latest call as CAP 1.2.

        What nobody approved has the status Draft, the scope Restricted and a note that it is automatic guidance.

        Parameters
        ----------
        event : int
            Row of ``Warnings.events``.
        sender, prefix : str
            Who sends, and how identifiers begin.
        status : str, optional
            Of approved messages: "Actual", "Exercise", "System" or "Test".
        chinese : bool
            The profile of the national warning platform: colours as severities (which the schema of OASIS has not),
            times of Beijing, identifiers.
        sender_name : str, optional
        languages : of "en", "zh"

        Raises
        ------
        NoDataError : an event without a message (expiry).
        """
        table = self._lend()
        if not 0 <= event < table.n_events:
            raise ArgumentError(f"event: 0 to below {table.n_events} expected, {event} given")
        number = table.events[event].warning
        hazard = next(
            _text(table.warnings[w].hazard) for w in range(table.n_warnings) if table.warnings[w].number == number
        )
        kept = [ffi.new("char[]", language.encode()) for language in languages]
        named = [
            tuple(ffi.new("char[]", text.encode()) for text in (name, language, title))
            for name, titles in self.rules.titles.items()
            for language, title in titles.items()
        ]
        titles = ffi.new("nwc_hazard_title[]", max(len(named), 1))
        for c_title, three in zip(titles, named, strict=False):
            c_title.hazard, c_title.language, c_title.title = three
        texts = {
            name: ffi.new("char[]", text.encode())
            for name, text in {
                "sender": sender,
                "prefix": prefix,
                "status": status,
                "sender_name": sender_name,
                "event_code": self.rules.codes.get(hazard or ""),
            }.items()
            if text is not None
        }
        options = _lib.options("hazard_cap", chinese=int(chinese), n_levels=len(self.rules.levels), **texts)
        listed = ffi.new("char *[]", kept)
        options.languages, options.n_languages = listed, len(kept)
        options.titles, options.n_titles = titles, len(named)
        out = ffi.new("char **")
        _lib.check(lib.nwc_hazard_cap(self._handle, event, options, out))
        return str(_text(out[0]))

    def _lend(self) -> Any:
        table = ffi.new("nwc_hazard_table *")
        _lib.check(lib.nwc_hazard_lend(self._handle, table))
        return table

    def _level(self, level: int) -> str:
        """The name of a level; those beyond the last are the last."""
        return self.rules.levels[min(level, len(self.rules.levels)) - 1] if level else ""

    def _table(self) -> Warnings:
        table = self._lend()
        warnings = [self._warning(table.warnings[w]) for w in range(table.n_warnings)]
        events = [self._event(table.events[e]) for e in range(table.n_events)]
        effects = [self._effect(table.effects[e]) for e in range(table.n_effects)]
        journal = _text(table.journal) or ""
        flags = {"active": bool, "approved": bool}
        return Warnings(
            _time(table.time_ns),
            pd.DataFrame(warnings, columns=_WARNING).astype(flags),
            pd.DataFrame(events, columns=_EVENT),
            pd.DataFrame(effects, columns=_EFFECT),
            journal,
            self,
        )

    def _warning(self, row: Any) -> dict[str, Any]:
        return {
            "warning": row.number,
            "hazard": _text(row.hazard),
            "level": self._level(row.level),
            "place": _text(row.place),
            "active": bool(row.active),
            "approved": bool(row.approved),
            "message": row.message,
            "issued": _time(row.issued_ns),
            "sent": _time(row.sent_ns),
            "onset": _time(row.onset_ns),
            "end": _time(row.end_ns),
            "expires": _time(row.expires_ns),
            "probability": row.probability,
            "area": row.area_m2,
            "longitude": row.longitude_deg,
            "latitude": row.latitude_deg,
            "storm": row.storm,
            "speed": row.speed_m_s,
            "towards": row.towards_deg,
            "geometry": _ring(row),
        }

    def _event(self, row: Any) -> dict[str, Any]:
        return {
            "time": _time(row.time_ns),
            "event": EVENTS[row.kind],
            "reason": REASONS[row.reason],
            "warning": row.warning,
            "message": row.message,
            "other": row.other,
            "level": self._level(row.level),
            "level_before": self._level(row.level_before),
        }

    def _effect(self, row: Any) -> dict[str, Any]:
        place, rule = self.places[row.place], self.rules.rules[row.rule]
        return {
            "place": place.id,
            "name": place.name or place.id,
            "hazard": rule["hazard"],
            "level": rule["level"],
            "warning": row.warning,
            "probability": row.probability,
            "earliest": _time(row.earliest_ns),
            "likeliest": _time(row.likeliest_ns),
            "end": _time(row.end_ns),
            "bearing": row.bearing_deg,
            "distance": row.distance_m,
        }


def evaluate(
    tracks: Tracks | None,
    fields: _GIVEN,
    rules: Rules | str | os.PathLike[str],
    places: _PLACES = (),
    now: Any = None,
    **options: Any,
) -> Warnings:
    """Warnings of one time, from none before; parameters as of ``Warner`` and its ``evaluate``."""
    return Warner(rules, places, **options).evaluate(fields, now, tracks)
