"""Point observations: soundings, profilers, stations, lightning, as one tidy pandas table.

A table has one row for each value:

=============  =======================================================================================================
``time``       UTC; the end of the interval of an amount or a gust; NaT where the source does not say
``station``    identifier; ``stations`` gives name, place and trust of each
``kind``       surface, sounding, profiler, vad, lightning, cell or model
``quantity``   CF standard name where there is one: air_temperature, wind_speed ...
``value``      in ``units``: SI, with degrees, dBZ, and mm of rain
``longitude``  degrees, of the value: a balloon drifts
``latitude``   degrees
``height``     m above mean sea level, of the value; of the station where the sensor's is not known
``pressure``   Pa, where it is the vertical coordinate
``duration``   s, length of the interval; 0 for an instant
``lead``       s from the start of a forecast; 0 for an observation
``quality``    0 bad to 1 good; NaN where not judged
``flags``      bits of ``FLAGS``: why a value is not trusted, or how it came about
``report``     number of the sounding, METAR, stroke ... the row is of
=============  =======================================================================================================

``wide`` makes a table of one column for each quantity of it.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _field, _geojson, _isolation, _lib
from nowcast._files import replacing
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError
from nowcast.grid import Grid, ascending

__all__ = [
    "FLAGS",
    "KINDS",
    "QUANTITIES",
    "SUSPECT",
    "check",
    "check_radar",
    "decode",
    "derive",
    "describe",
    "read",
    "stations",
    "to_geojson",
    "wide",
    "write",
]

KINDS = {
    lib.NWC_OBS_SURFACE: "surface",
    lib.NWC_OBS_SOUNDING: "sounding",
    lib.NWC_OBS_PROFILER: "profiler",
    lib.NWC_OBS_VAD: "vad",
    lib.NWC_OBS_LIGHTNING: "lightning",
    lib.NWC_OBS_CELL: "cell",
    lib.NWC_OBS_MODEL: "model",
}
"""What kind of thing observed."""

QUANTITIES = {
    _lib.text(lib.nwc_quantity_name(number)): _lib.text(lib.nwc_quantity_units(number))
    for number in range(1, 256)
    if lib.nwc_quantity_name(number)
}
"""The unit of every quantity."""

FLAGS = {
    "doubted": lib.NWC_OBS_DOUBTED,
    "derived": lib.NWC_OBS_DERIVED,
    "trace": lib.NWC_OBS_TRACE,
    "limit": lib.NWC_OBS_LIMIT,
    "out_of_range": lib.NWC_OBS_OUT_OF_RANGE,
    "step": lib.NWC_OBS_STEP,
    "stuck": lib.NWC_OBS_STUCK,
    "unlike_neighbours": lib.NWC_OBS_UNLIKE_NEIGHBOURS,
    "unlike_twin": lib.NWC_OBS_UNLIKE_TWIN,
    "unlike_radar": lib.NWC_OBS_UNLIKE_RADAR,
    "inconsistent": lib.NWC_OBS_INCONSISTENT,
    "placed": lib.NWC_OBS_PLACED,
}
"""Bits of the column ``flags``."""

_COLUMNS: dict[str, tuple[str, str]] = {
    "time": ("time_ns", "i8"),
    "report": ("report", "i8"),
    "longitude": ("longitude_deg", "f8"),
    "latitude": ("latitude_deg", "f8"),
    "height": ("height_m", "f8"),
    "pressure": ("pressure_pa", "f8"),
    "duration": ("duration_s", "f8"),
    "lead": ("lead_s", "f8"),
    "value": ("value", "f8"),
    "station": ("station", "i4"),
    "quantity": ("quantity", "i4"),
    "quality": ("quality", "f4"),
    "flags": ("flags", "u4"),
}
_ROLES = {
    "time": lib.NWC_COLUMN_TIME,
    "station": lib.NWC_COLUMN_STATION,
    "name": lib.NWC_COLUMN_NAME,
    "longitude": lib.NWC_COLUMN_LONGITUDE,
    "latitude": lib.NWC_COLUMN_LATITUDE,
    "height": lib.NWC_COLUMN_HEIGHT,
    "pressure": lib.NWC_COLUMN_PRESSURE,
    "quality": lib.NWC_COLUMN_QUALITY,
    "stroke_kind": lib.NWC_COLUMN_STROKE_KIND,
}

_ROW = np.dtype(list(_COLUMNS.values()))
"""An nwc_obs_row."""

SUSPECT = int(lib.NWC_OBS_SUSPECT)
"""All bits of ``flags`` that say that a value should not be trusted."""

_logger = logging.getLogger("nowcast")

PathLike = str | os.PathLike[str]
Columns = Mapping[str, str | tuple[str, str] | tuple[str, str, float]]
Stations = pd.DataFrame | PathLike


def read(
    paths: PathLike | Sequence[PathLike],
    *,
    near: Any = None,
    station: Mapping[str, Any] | None = None,
    columns: Columns | None = None,
    kind: str = "surface",
    utc_offset_hours: float = 0.0,
    stations: Stations | None = None,
    station_columns: Mapping[str, str] | None = None,
    on_error: str = "raise",
) -> pd.DataFrame:
    """Read observations, told by content, of one file or several.

    Parameters
    ----------
    paths : path, or paths
    near : time, optional
        UTC: the time of a sounding that does not say its own, and one within half a month of reports that say only the
        day of the month, as METAR do. Without it such times are NaT.
    station : mapping, optional
        ``id``, ``name``, ``longitude``, ``latitude``, ``height`` where the file does not say who observed.
    columns : mapping, optional
        What the columns of a table in text hold, by their headings, or by number from "1" where it has none: "time",
        "station", "name", "longitude", "latitude", "height", "pressure", "quality", or one of ``QUANTITIES``, with its
        unit there and the length of its interval in s where they are not SI and an instant:
        ``{"T": ("air_temperature", "degC"), "R10": ("lwe_thickness_of_precipitation_amount", "mm", 600)}``.
    kind : one of KINDS
        What the stations of a table in text are.
    utc_offset_hours : float
        To be taken from the times of a table in text that do not say their zone: 8 where they are Beijing's.
    stations : DataFrame, or path of a CSV, optional
        Names, places and heights of stations whose reports do not say them, as METAR do not: a row for each, with the
        columns ``station`` (the identifier reports have), ``longitude``, ``latitude`` and, where known, ``height`` (m
        above mean sea level) and ``name``. What a report says itself is kept.
    station_columns : mapping, optional
        What the columns of ``stations`` hold, where they are called otherwise:
        ``{"icao": "station", "lon": "longitude", "lat": "latitude", "elev": "height"}``.
    on_error : "raise" or "skip"
        What to do about a file that is missing, damaged, of no known format or without a value. Skipped files are
        logged as warnings and named, a line each, in the attribute ``left_out``; where all are, the last error is
        raised.

    Returns
    -------
    DataFrame as this module's page describes; its ``attrs`` have ``format``, ``incomplete`` (why something is missing
    from it), the list ``stations``, and ``left_out`` where files were skipped.

    Raises
    ------
    FileError, FormatError, UnsupportedError : as ``nowcast.io.layers``.
    NoDataError : there is no value in it.
    ArgumentError : columns the table does not have, or a unit that is not one of its quantity.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not several:
        raise ArgumentError("paths: at least one file expected, none given")
    if on_error not in ("raise", "skip"):
        raise ArgumentError(f'on_error: "raise" or "skip" expected, {on_error!r} given')
    options = json.dumps(_plain(near, station, columns, kind, utc_offset_hours, _known(stations, station_columns)))
    found: list[pd.DataFrame] = []
    left_out: list[str] = []
    for path in several:
        try:
            found.append(_frame(*portable([os.fspath(path), options])))
        except (FileError, NoDataError, UnsupportedError) as error:
            if on_error == "raise":
                raise
            _logger.warning("left out: %s", error)
            left_out.append(f"{Path(path).name}: {error}")
            failure: Exception = error
    if not found:
        raise failure
    table = found[0] if len(found) == 1 else _joined(found)
    if left_out:
        table.attrs["left_out"] = "\n".join(left_out)
    return table


def decode(
    data: bytes | str,
    *,
    near: Any = None,
    station: Mapping[str, Any] | None = None,
    columns: Columns | None = None,
    kind: str = "surface",
    utc_offset_hours: float = 0.0,
    stations: Stations | None = None,
    station_columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The same for a file, or the text of one, in memory."""
    given = data.encode() if isinstance(data, str) else data
    options = _Options(_plain(near, station, columns, kind, utc_offset_hours, _known(stations, station_columns)))
    out = ffi.new("nwc_obs **")
    with HDF5_LOCK, _lib.call() as ctx:
        _lib.check(lib.nwc_obs_decode(ctx, ffi.from_buffer(given), len(given), options.c, out))
    return _frame(*_facts(ffi.gc(out[0], lib.nwc_obs_destroy)))


def stations(table: pd.DataFrame) -> pd.DataFrame:
    """The stations of a table: ``id``, ``name``, ``kind``, ``longitude``, ``latitude``, ``height``, ``trust``."""
    return pd.DataFrame(table.attrs["stations"])


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each report and level, one column for each quantity.

    Of several values of one quantity, level and interval in a report the first is taken; amounts and gusts of different
    intervals get rows of their own, since ``duration`` is one of the columns that tell rows apart.
    """
    keys = ["report", "station", "kind", "time", "longitude", "latitude", "height", "pressure", "duration", "lead"]
    first = table.groupby([*keys, "quantity"], dropna=False, observed=True, sort=False)["value"].first()
    result = first.unstack("quantity").reset_index()
    result.columns.name = None
    result.attrs = dict(table.attrs)
    return result


def to_geojson(table: pd.DataFrame, *, decimals: int = _geojson.DECIMALS) -> str:
    """The rows as GeoJSON (RFC 7946): a point for each value, its ``properties`` the columns of the table.

    What is not known is null, or left out where it rarely is known (``height``, ``pressure``, ``duration``, ``lead``).
    """
    with _lib.call() as ctx:
        made, collection = _table(ctx, table), _geojson.create(ctx, decimals)
        _lib.check(lib.nwc_obs_to_geojson(made, collection))
    return _geojson.text(collection)


def write(table: pd.DataFrame, path: PathLike) -> None:
    """Write a table as ``.csv`` or ``.geojson``, a row or a feature for each value; whole or not at all.

    Raises
    ------
    UnsupportedError : another ending.
    FileError : the system refused.
    """
    suffix = Path(path).suffix
    if suffix not in (".csv", ".geojson"):
        raise UnsupportedError(f"{path}: observations are written as .csv or .geojson only")
    with replacing(path) as beside:
        if suffix == ".csv":
            table.to_csv(beside, index=False)
        else:
            beside.write_text(to_geojson(table), encoding="utf-8")


def derive(table: pd.DataFrame) -> pd.DataFrame:
    """Append what the rows imply: wind components or speed and direction, dew point or humidity; and place levels.

    In profiles a level with a pressure and no height gets one, or the other way round, from the levels around it that
    have both, else by the ICAO standard atmosphere. Rows so made or placed have the flags ``derived`` and ``placed``.
    """
    with _lib.call() as ctx:
        made = _table(ctx, table)
        _lib.check(lib.nwc_obs_derive(ctx, made))
    facts, arrays = _facts(made)
    result = _frame(facts, arrays)
    result.attrs |= {
        name: table.attrs[name] for name in ("format", "incomplete", "stations", "left_out") if name in table.attrs
    }
    return result


def check(table: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Check values of surface stations: range, steps, persistence, neighbours, twin sensors, contradictions.

    Parameters
    ----------
    table : DataFrame as ``read`` gives it
    options
        ``tests`` (names of ``FLAGS``; all by default), ``step_factor``, ``stuck_s``, ``radius_m``,
        ``least_neighbours``, ``spread_factor``, ``window_s``, ``twin_m`` of ``nwc_obs_check_options``.

    Returns
    -------
    The same rows with ``flags`` and ``quality`` anew, and the ``trust`` of stations. None is taken away: those in doubt
    are ``checked[checked["flags"] & obs.SUSPECT != 0]``.

    Raises
    ------
    ArgumentError : an option out of range.
    """
    tests = options.pop("tests", None)
    if tests is not None:
        unknown = set(tests) - set(FLAGS)
        if unknown:
            raise ArgumentError(f"tests: some of {', '.join(FLAGS)} expected, {', '.join(sorted(unknown))} given")
        options["tests"] = sum(FLAGS[name] for name in set(tests))
    try:
        chosen = _lib.options("obs_check", **options)
    except AttributeError as error:
        raise ArgumentError(f"options: {error}") from None
    return _checked(table, lambda ctx, obs: lib.nwc_obs_check(ctx, obs, chosen))


def check_radar(table: pd.DataFrame, rates: xr.DataArray, *, reach: int = 1) -> pd.DataFrame:
    """Check amounts of rain beside a radar's rates, (time, y, x) in mm h-1, within ``reach`` cells of each gauge.

    Returns
    -------
    The same rows; gauges that are too dry, too wet or out of all proportion have the flag ``unlike_radar``.

    Raises
    ------
    ArgumentError : other units or dimensions.
    """
    if rates.dims != ("time", "y", "x"):
        raise ArgumentError(f"rates: (time, y, x) expected, ({', '.join(map(str, rates.dims))}) given")
    frames = _field.Fields(
        [_field.as_float32(frame) for frame in ascending(rates, rates.values)],
        str(rates.attrs.get("units", "")),
        Grid.of(rates),
    )
    times = rates["time"].values.astype("datetime64[ns]").astype(np.int64)
    pointer = ffi.cast("int64_t *", times.ctypes.data)
    return _checked(table, lambda ctx, obs: lib.nwc_obs_check_radar(ctx, obs, frames.c, pointer, len(frames.c), reach))


def describe(path: PathLike) -> dict[str, Any]:
    """What is in a file, as plain values: format, stations, times, and the count and range of each quantity."""
    table = read(path)
    times = table["time"].dropna()
    values = table.groupby("quantity", observed=True)["value"]
    return {
        "path": os.fspath(path),
        "format": table.attrs["format"],
        "incomplete": table.attrs["incomplete"],
        "stations": table.attrs["stations"],
        "reports": int(table["report"].nunique()),
        "first_time": None if times.empty else f"{times.min().isoformat()}Z",
        "last_time": None if times.empty else f"{times.max().isoformat()}Z",
        "quantities": [
            {
                "quantity": name,
                "units": QUANTITIES[str(name)],
                "values": len(some),
                "min": None if some.isna().all() else float(some.min()),
                "max": None if some.isna().all() else float(some.max()),
            }
            for name, some in values
        ],
    }


def portable(paths: Sequence[PathLike]) -> tuple[dict[str, Any], list[npt.NDArray[Any]]]:
    """The table of a file, path and options given, as plain values and arrays; by a child where reading is isolated."""
    path, options = paths[0], _Options(json.loads(os.fspath(paths[1])) if len(paths) > 1 else {})
    child = _isolation.child()
    if child and not _is_own(path):
        return child.call("observations", [os.fspath(path) for path in paths], "netCDF-C, HDF5 or ecCodes")
    out = ffi.new("nwc_obs **")
    with HDF5_LOCK, _lib.call() as ctx:
        _lib.check(lib.nwc_obs_open(ctx, os.fsencode(path), options.c, out))
    return _facts(ffi.gc(out[0], lib.nwc_obs_destroy))


def _is_own(path: PathLike) -> bool:
    """Whether a file is of a format that no library but this one reads: text that is not packed."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(256)
    except OSError:
        return True
    return not head.startswith((b"\x89HDF", b"CDF", b"\x1f\x8b", b"BZh")) and b"BUFR" not in head


def _known(stations: Stations | None, columns: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """Stations as plain values, from a table or a file."""
    if stations is None:
        return []
    name = "stations"
    if not isinstance(stations, pd.DataFrame):
        name = os.fspath(stations)
        try:
            stations = pd.read_csv(name, dtype=str, skipinitialspace=True)
        except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise FileError(f"{name}: {error}") from None
    table = stations.rename(columns=dict(columns or {}))
    missing = {"station", "longitude", "latitude"} - set(table.columns)
    if missing:
        raise ArgumentError(f"{name}: columns {', '.join(sorted(missing))} expected, not found")
    texts = pd.DataFrame({"id": table["station"].astype(str).str.strip()})
    texts["name"] = table["name"].fillna("").astype(str) if "name" in table.columns else ""
    numbers = pd.DataFrame(index=table.index)
    for column in ("longitude", "latitude", "height"):
        if column not in table.columns:
            continue
        numbers[column] = pd.to_numeric(table[column], errors="coerce")
        wrong = table[column].notna() & numbers[column].isna()
        if wrong.any():
            raise ArgumentError(f"{name}: {column}: a number expected, {table.loc[wrong, column].iloc[0]!r} found")
    numbers = numbers.astype(object).where(numbers.notna(), None)  # NaN is not known
    named = table["station"].notna() & (texts["id"] != "")
    return [
        {str(key): value for key, value in row.items()} for row in texts.join(numbers)[named].to_dict(orient="records")
    ]


def _plain(
    near: Any,
    station: Mapping[str, Any] | None,
    columns: Columns | None,
    kind: str,
    utc_offset_hours: float,
    stations: list[dict[str, Any]],
) -> dict[str, Any]:
    """Options as plain values, checked as far as C cannot."""
    if kind not in KINDS.values():
        raise ArgumentError(f"kind: one of {', '.join(KINDS.values())} expected, {kind!r} given")
    listed = []
    for name, what in (columns or {}).items():
        meaning, units, duration = (*((what,) if isinstance(what, str) else what), None, None)[:3]
        if meaning not in _ROLES and meaning not in QUANTITIES:
            raise ArgumentError(
                f"columns: {name}: a quantity or one of {', '.join(_ROLES)} expected, {meaning!r} given"
            )
        listed.append((str(name), meaning, units, float(duration or 0.0)))
    known = {"id", "name", "longitude", "latitude", "height"}
    if set(station or {}) - known:
        raise ArgumentError(f"station: {', '.join(sorted(known))} expected, {', '.join(station or {})} given")
    return {
        "near": None if near is None else _time_ns(near),
        "station": None if station is None else dict(station),
        "columns": listed,
        "kind": next(number for number, name in KINDS.items() if name == kind),
        "offset_ns": round(utc_offset_hours * 3600e9),
        "stations": stations,
    }


def _time_ns(time: Any) -> int:
    stamp = pd.Timestamp(time)
    utc = stamp.tz_convert(None) if stamp.tzinfo else stamp
    return int(utc.to_datetime64().astype("datetime64[ns]").astype(np.int64))


def _categories(codes: npt.NDArray[Any], names: Sequence[str]) -> "pd.Categorical[Any]":
    return pd.Categorical.from_codes(codes, pd.Index(list(names)))


class _Options:
    """nwc_obs_options from plain values; keeps all that it points to alive."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.c = ffi.new("nwc_obs_options *")
        lib.nwc_obs_options_init(self.c)
        self._kept: list[Any] = []
        if given.get("near") is not None:
            self.c.near_ns = given["near"]
        if given.get("station"):
            self.c.station = self._keep(_station(given["station"], self._kept))
        listed = given.get("columns") or []
        columns = self._keep(ffi.new("nwc_obs_column[]", max(1, len(listed))))
        for column, (name, meaning, units, duration) in zip(columns, listed, strict=False):
            column.name = self._keep(ffi.new("char[]", name.encode()))
            column.role = _ROLES.get(meaning, lib.NWC_COLUMN_VALUE)
            column.quantity = lib.nwc_quantity_named(meaning.encode())
            column.units = ffi.NULL if units is None else self._keep(ffi.new("char[]", units.encode()))
            column.duration_s = duration
        self.c.columns, self.c.n_columns = columns, len(listed)
        stations = given.get("stations") or []
        known = self._keep(ffi.new("nwc_obs_station[]", max(1, len(stations))))
        for place, each in enumerate(stations):
            known[place] = _station(each, self._kept)[0]
        self.c.stations, self.c.n_stations = known, len(stations)
        self.c.kind = given.get("kind", lib.NWC_OBS_SURFACE)
        self.c.offset_ns = given.get("offset_ns", 0)

    def _keep(self, what: Any) -> Any:
        self._kept.append(what)
        return what


def _station(given: Mapping[str, Any], kept: list[Any], kind: int = lib.NWC_OBS_SURFACE) -> Any:
    """A station from plain values; what it points to is put into ``kept``, which must live as long."""
    station = ffi.new("nwc_obs_station *")
    texts = [ffi.new("char[]", str(given.get(name, "")).encode()) for name in ("id", "name")]
    kept += texts
    station.id, station.name = texts
    station.kind = kind
    for name, member in (("longitude", "longitude_deg"), ("latitude", "latitude_deg"), ("height", "height_m")):
        setattr(station, member, float("nan" if given.get(name) is None else given[name]))
    station.trust = float("nan" if given.get("trust") is None else given["trust"])
    return station


def _checked(table: pd.DataFrame, work: Callable[[Any, Any], int]) -> pd.DataFrame:
    """A copy of a table after a function of the library has worked on it in place."""
    with _lib.call() as ctx:
        made = _table(ctx, table)
        _lib.check(work(ctx, made))
    facts, arrays = _facts(made)
    column = dict(zip(_COLUMNS, arrays, strict=True))
    result = table.copy()
    result["flags"], result["quality"] = column["flags"].copy(), column["quality"].copy()
    trust = {(station["id"], station["kind"]): station["trust"] for station in facts["stations"]}
    result.attrs = {name: fact for name, fact in table.attrs.items() if name != "stations"}
    result.attrs["stations"] = [
        station | {"trust": trust.get((station["id"], station["kind"]), station["trust"])}
        for station in table.attrs.get("stations", facts["stations"])
    ]
    return result


def _table(ctx: Any, table: pd.DataFrame) -> Any:
    """A table of the library with the rows of a DataFrame, in their order."""
    missing = {"time", "station", "kind", "quantity", "value"} - set(table.columns)
    if missing:
        raise ArgumentError(f"table: columns {', '.join(sorted(missing))} expected, not found")
    out = ffi.new("nwc_obs **")
    _lib.check(lib.nwc_obs_create(ctx, out))
    made = ffi.gc(out[0], lib.nwc_obs_destroy)
    known = {(station["id"], station["kind"]): station for station in table.attrs.get("stations", [])}
    number = ffi.new("int32_t *")
    numbers: dict[tuple[str, str], int] = {}
    code = {name: kind for kind, name in KINDS.items()}
    pairs = list(zip(table["station"].astype(str), table["kind"].astype(str), strict=True))
    for station, kind in dict.fromkeys(pairs):
        if kind not in code:
            raise ArgumentError(f"kind: one of {', '.join(code)} expected, {kind!r} given")
        facts = known.get((station, kind), {"id": station})
        texts: list[Any] = []
        _lib.check(lib.nwc_obs_add_station(made, _station(facts, texts, code[kind]), number))
        numbers[station, kind] = number[0]
    rows, n_reports = np.zeros(len(table), dtype=_ROW), 1
    for name, (member, dtype) in _COLUMNS.items():
        default = {"duration": 0.0, "lead": 0.0, "report": 0, "flags": 0}.get(name, np.nan)
        if name == "station":
            rows[member] = [numbers[pair] for pair in pairs]
        elif name == "quantity":
            of = {text: lib.nwc_quantity_named(text.encode()) for text in table[name].astype(str).unique()}
            rows[member] = table[name].astype(str).map(of).to_numpy(dtype)
        elif name == "report" and name in table.columns:
            reports, rows[member] = np.unique(table[name].to_numpy(), return_inverse=True)
            n_reports = len(reports)
        elif name == "time":
            rows[member] = table[name].to_numpy("datetime64[ns]").astype(np.int64)
        else:
            rows[member] = table[name].to_numpy(dtype) if name in table.columns else default
    for _ in range(n_reports):
        lib.nwc_obs_new_report(made)
    _lib.check(lib.nwc_obs_add(made, ffi.cast("nwc_obs_row *", rows.ctypes.data), len(rows)))
    return made


def _facts(table: Any) -> tuple[dict[str, Any], list[npt.NDArray[Any]]]:
    facts, columns, station = ffi.new("nwc_obs_facts *"), ffi.new("nwc_obs_columns *"), ffi.new("nwc_obs_station *")
    _lib.check(lib.nwc_obs_describe(table, facts))
    _lib.check(lib.nwc_obs_lend(table, columns))
    listed = []
    for index in range(facts.n_stations):
        _lib.check(lib.nwc_obs_get_station(table, index, station))
        numbers = {
            "longitude": station.longitude_deg,
            "latitude": station.latitude_deg,
            "height": station.height_m,
            "trust": station.trust,
        }
        listed.append(
            {"id": _lib.text(station.id), "name": _lib.text(station.name), "kind": KINDS[station.kind]}
            | {name: None if np.isnan(number) else number for name, number in numbers.items()}
        )
    arrays = [
        _field.lent_row(getattr(columns, member), columns.n, dtype, table) if columns.n else np.empty(0, dtype)
        for member, dtype in _COLUMNS.values()
    ]
    return {"format": _lib.text(facts.format), "incomplete": _lib.text(facts.incomplete), "stations": listed}, arrays


def _frame(facts: dict[str, Any], arrays: list[npt.NDArray[Any]]) -> pd.DataFrame:
    column = dict(zip(_COLUMNS, arrays, strict=True))
    listed = facts["stations"]
    number = column["station"]
    names = list(QUANTITIES)
    place = {lib.nwc_quantity_named(name.encode()): index for index, name in enumerate(names)}
    code = np.array([place.get(quantity, -1) for quantity in range(256)], dtype=np.int32)[column["quantity"]]
    ids = list(dict.fromkeys(station["id"] for station in listed))
    kinds = list(KINDS.values())
    id_of = np.array([ids.index(station["id"]) for station in listed] or [0], dtype=np.int32)
    kind_of = np.array([kinds.index(station["kind"]) for station in listed] or [0], dtype=np.int8)
    units = list(dict.fromkeys(QUANTITIES.values()))
    unit_of = np.array([units.index(unit) for unit in QUANTITIES.values()], dtype=np.int8)
    table = pd.DataFrame(
        {
            "time": column["time"].view("datetime64[ns]"),
            "station": _categories(id_of[number], ids),
            "kind": _categories(kind_of[number], kinds),
            "quantity": _categories(code, names),
            "value": column["value"],
            "units": _categories(unit_of[code], units),
            **{
                name: column[name]
                for name in (
                    "longitude",
                    "latitude",
                    "height",
                    "pressure",
                    "duration",
                    "lead",
                    "quality",
                    "flags",
                    "report",
                )
            },
        }
    )
    table.attrs = {str(name): fact for name, fact in facts.items()}
    return table


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables one behind the other; the reports of each get numbers of their own."""
    first, listed = 0, []
    for table in tables:
        attrs, table.attrs = table.attrs, {}
        listed.append(attrs)
        table["report"] += first
        first = int(table["report"].max()) + 1 if len(table) else first
        for name in ("station", "kind", "quantity", "units"):
            table[name] = table[name].astype(str)
    joined = pd.concat(tables, ignore_index=True)
    for name in ("station", "kind", "quantity", "units"):
        joined[name] = joined[name].astype("category")
    every = {tuple(station.items()): station for attrs in listed for station in attrs["stations"]}
    reasons = filter(None, (attrs["incomplete"] for attrs in listed))
    joined.attrs = {
        "format": ", ".join(dict.fromkeys(attrs["format"] for attrs in listed)),
        "incomplete": "; ".join(reasons),
        "stations": list(every.values()),
    }
    return joined
