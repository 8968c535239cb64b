"""What warnings are made of: fields as frames, places from GeoJSON, cells as storms."""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _field, _geojson, _lib
from nowcast._files import refusals
from nowcast._lib import ffi, lib
from nowcast.cells import Tracks
from nowcast.errors import ArgumentError, FormatError
from nowcast.grid import Grid, ascending


@dataclasses.dataclass(frozen=True)
class Place:
    """A place, an asset or a district."""

    id: str
    geometry: Mapping[str, Any]
    """of GeoJSON: Point, Polygon or MultiPolygon"""
    name: str | None = None
    group: str | None = None
    """of the rules that are for it"""
    radius: float = 0.0
    """m around a point"""


def read_places(given: str | os.PathLike[str] | Iterable[Place | Mapping[str, Any]]) -> list[Place]:
    """Places from a GeoJSON file, its features, or as they are.

    A feature's ``id`` (or the property ``id``, or its number) is that of the place; the properties
    ``name``, ``group`` and ``radius`` (m) count.

    Raises
    ------
    FileError, FormatError : no such file; no GeoJSON; both name the file.
    """
    if not isinstance(given, str | os.PathLike):
        return [one if isinstance(one, Place) else _place(one, number) for number, one in enumerate(given)]
    try:
        with refusals(given):
            data = json.loads(Path(given).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FormatError(f"{given}: JSON expected: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("features"), list):
        raise FormatError(f"{given}: a FeatureCollection expected")
    try:
        return [_place(feature, number) for number, feature in enumerate(data["features"])]
    except ArgumentError as error:
        raise FormatError(f"{given}: {error}") from None


def _place(feature: Any, number: int) -> Place:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        raise ArgumentError(f"feature {number}: a geometry expected, none found")
    known = feature.get("properties") or {}
    own = feature.get("id", known.get("id", number))
    return Place(str(own), geometry, known.get("name"), known.get("group"), float(known.get("radius") or 0.0))


def places_to_c(places: Sequence[Place]) -> tuple[Any, list[Any]]:
    """An array of nwc_hazard_place, and what it points to."""
    made, kept = ffi.new("nwc_hazard_place[]", max(len(places), 1)), []

    def keep(*what: Any) -> Any:
        kept.append(ffi.new(*what))
        return kept[-1]

    for number, (c_place, place) in enumerate(zip(made, places, strict=False)):
        shape, parts, holes = _geojson.parts_of(place.geometry)
        if shape == lib.NWC_SHAPE_LINE or (shape == lib.NWC_SHAPE_POINT and len(parts[0]) != 1):
            raise ArgumentError(f"place {number}: a point or an area expected, {place.geometry.get('type')} given")
        points = np.array([point[:2] for part in parts for point in part], dtype=np.float64).reshape(-1, 2)
        for key, text in (("id", place.id), ("name", place.name), ("group", place.group)):
            if text is not None:
                setattr(c_place, key, keep("char[]", text.encode()))
        c_place.radius_m = place.radius
        if shape == lib.NWC_SHAPE_POLYGON:
            c_place.n_parts = len(parts)
            c_place.part_points = keep("int64_t[]", [len(part) for part in parts])
            c_place.hole = keep("uint8_t[]", holes)
        c_place.longitude_deg = keep("double[]", points[:, 0].tolist())
        c_place.latitude_deg = keep("double[]", points[:, 1].tolist())
    return made, kept


class Frames:
    """Fields of any quantities as an array of nwc_hazard_frame."""

    def __init__(self, fields: xr.DataArray | xr.Dataset | Iterable[xr.DataArray | xr.Dataset]) -> None:
        self._kept: list[Any] = []
        self.n = 0
        rows = []
        for data in _arrays(fields):
            for time, cells, units, grid in _times_of(data):
                self._kept.append(_field.Fields([cells], units, grid))
                rows.append((str(data.name), time, self._kept[-1].c, data.attrs.get("probability_of", float("nan"))))
        self.c = ffi.new("nwc_hazard_frame[]", max(len(rows), 1))
        self.n = len(rows)
        for frame, (quantity, time, field, of) in zip(self.c, rows, strict=False):
            self._kept.append(ffi.new("char[]", quantity.encode()))
            frame.quantity, frame.time_ns, frame.field, frame.probability_of = self._kept[-1], time, field, float(of)


def _arrays(fields: xr.DataArray | xr.Dataset | Iterable[xr.DataArray | xr.Dataset]) -> Iterable[xr.DataArray]:
    if isinstance(fields, (xr.DataArray, xr.Dataset)):
        fields = [fields]
    for data in fields:
        if isinstance(data, xr.Dataset):
            yield from (data[name] for name in data.data_vars if {"y", "x"} <= set(data[name].dims))
        else:
            yield data


def _times_of(data: xr.DataArray) -> Iterable[tuple[int, Any, str | None, Grid]]:
    if data.name is None:
        raise ArgumentError("fields: a name of each expected, that of a quantity; none found")
    if "time" not in data.coords:
        raise ArgumentError(f"{data.name}: a time expected, none found")
    if extra := set(data.dims) - {"member", "time", "y", "x"}:
        raise ArgumentError(f"{data.name}: dimensions member, time, y, x expected, {', '.join(map(str, extra))} found")
    grid = Grid.of(data)
    whole = data if "time" in data.dims else data.expand_dims("time")
    order = ("time", "member", "y", "x") if "member" in data.dims else ("time", "y", "x")
    cells = ascending(data, _field.as_float32(whole.transpose(*order).values))
    for number, time in enumerate(np.atleast_1d(whole["time"].values)):
        yield _geojson.nanoseconds("time", time), cells[number], data.attrs.get("units"), grid


def storms_to_c(tracks: Tracks | None) -> tuple[Any, int]:
    """Cells of the last time of tracks as an array of nwc_hazard_storm."""
    if tracks is None or not len(tracks.cells):
        return ffi.NULL, 0
    rows = tracks.cells[tracks.cells["time"] == tracks.cells["time"].max()]
    points, made = ffi.new("nwc_track_point[]", len(rows)), ffi.new("nwc_hazard_storm[]", len(rows))
    for point, row in zip(points, rows.itertuples(index=False), strict=True):
        point.track, point.x, point.y, point.u, point.v = int(row.track), row.x, row.y, row.u, row.v
    grid, kept = tracks.grid.to_c()
    with _lib.call() as ctx:
        _lib.check(lib.nwc_hazard_storms_of(ctx, grid, points, len(rows), made))
    del kept
    return made, len(rows)
