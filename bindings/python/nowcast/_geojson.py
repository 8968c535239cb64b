"""Features as GeoJSON (RFC 7946), by the library."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nowcast import _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

DECIMALS = 6
_NO_TIME = np.iinfo(np.int64).min


def geojson(features: Iterable[Any], *, decimals: int = DECIMALS) -> str:
    """Features as a collection in GeoJSON, as RFC 7946 wants it.

    Rings run the right way round and are closed, and what crosses 180 degrees is cut there: an edge goes the shorter
    way round the earth. An area around a pole reaches it.

    Parameters
    ----------
    features : mappings as in GeoJSON, or objects with ``__geo_interface__``
        ``geometry`` is None, a Point, LineString or Polygon, or several of one of them; ``properties`` are numbers,
        texts, times (``datetime``, ``numpy.datetime64``, ``pandas.Timestamp``; UTC where they do not say), truth values
        and None. NaN, infinities and NaT become null.
    decimals : int
        Of degrees, 0 to 9; 6 is a tenth of a metre.

    Raises
    ------
    ArgumentError : a geometry or property of another kind; a point not on the earth; a ring without an area.
    """
    with _lib.call() as ctx:
        made = create(ctx, decimals)
        for number, feature in enumerate(features):
            given = getattr(feature, "__geo_interface__", feature)
            if not isinstance(given, Mapping) or given.get("type") != "Feature":
                raise ArgumentError(f"feature {number}: a mapping of type Feature expected, {feature!r} given")
            kept: list[Any] = []
            try:
                _lib.check(lib.nwc_geojson_add(made, _feature(given, kept), 1))
            except ArgumentError as error:
                raise ArgumentError(f"feature {number}: {str(error).removeprefix('feature 0: ')}") from None
        return text(made)


def create(ctx: Any, decimals: int) -> Any:
    """An empty collection."""
    out = ffi.new("nwc_geojson **")
    _lib.check(lib.nwc_geojson_create(ctx, decimals, out))
    return ffi.gc(out[0], lib.nwc_geojson_destroy)


def text(collection: Any) -> str:
    """What a collection holds."""
    out, size = ffi.new("char **"), ffi.new("size_t *")
    _lib.check(lib.nwc_geojson_text(collection, out, size))
    return bytes(ffi.buffer(out[0], size[0])).decode()


def _feature(given: Mapping[str, Any], kept: list[Any]) -> Any:
    """An nwc_feature; what it points to is put into ``kept``, which must live as long."""
    feature = _keep(kept, "nwc_feature *")
    if given.get("id") is not None:
        feature.id = _keep(kept, "char[]", str(given["id"]).encode())
    properties = given.get("properties") or {}
    if properties:
        feature.n_properties = len(properties)
        made = feature.properties = _keep(kept, "nwc_property[]", len(properties))
        for number, (name, value) in enumerate(properties.items()):
            _set_property(made[number], str(name), value, kept)
    geometry = given.get("geometry")
    if geometry is None:
        return feature
    geometry = getattr(geometry, "__geo_interface__", geometry)
    feature.shape, parts, holes = parts_of(geometry)
    points = np.array([place for part in parts for place in part] or np.empty((0, 2)), dtype=np.float64)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise ArgumentError("geometry: longitude, latitude and perhaps a height of every point expected")
    feature.n_points = len(points)
    columns = [np.ascontiguousarray(column) for column in points.T]
    kept += columns
    for name, column in zip(("longitude_deg", "latitude_deg", "height_m"), columns, strict=False):
        setattr(feature, name, ffi.cast("double *", column.ctypes.data))
    feature.n_parts = len(parts)
    feature.part_points = _keep(kept, "int64_t[]", [len(part) for part in parts])
    feature.hole = _keep(kept, "uint8_t[]", holes)
    return feature


def _keep(kept: list[Any], *what: Any) -> Any:
    kept.append(ffi.new(*what))
    return kept[-1]


def parts_of(geometry: Any) -> tuple[int, list[Sequence[Any]], list[int]]:
    """The shape of a geometry, its parts, and which of them are holes."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else geometry
    depth = {"Point": 0, "LineString": 1, "Polygon": 2}
    single = str(kind).removeprefix("Multi")
    if single not in depth:
        raise ArgumentError(f"geometry: {', '.join(depth)} or several of one expected, {kind!r} given")
    coordinates = geometry["coordinates"]
    several = coordinates if str(kind).startswith("Multi") else [coordinates]
    if single == "Point":
        return lib.NWC_SHAPE_POINT, [several], [0]
    if single == "LineString":
        return lib.NWC_SHAPE_LINE, list(several), [0] * len(several)
    rings = [(ring, int(number > 0)) for area in several for number, ring in enumerate(area)]
    return lib.NWC_SHAPE_POLYGON, [ring for ring, _ in rings], [hole for _, hole in rings]


def _set_property(made: Any, name: str, value: Any, kept: list[Any]) -> None:
    made.name = _keep(kept, "char[]", name.encode())
    if value is None:
        made.kind = lib.NWC_PROPERTY_TEXT
    elif isinstance(value, str):
        made.kind, made.text = lib.NWC_PROPERTY_TEXT, _keep(kept, "char[]", value.encode())
    elif isinstance(value, bool | np.bool_):
        made.kind, made.integer = lib.NWC_PROPERTY_FLAG, int(value)
    elif isinstance(value, int | np.integer):
        if not _NO_TIME <= value < 1 << 63:
            raise ArgumentError(f"{name}: an integer of 64 bits expected, {value} given")
        made.kind, made.integer = lib.NWC_PROPERTY_INTEGER, int(value)
    elif isinstance(value, np.float32):
        made.number, made.digits = float(value), 6
    elif isinstance(value, float | np.floating):
        made.number = float(value)
    else:
        made.kind, made.integer = lib.NWC_PROPERTY_TIME, nanoseconds(name, value)


def nanoseconds(name: str, value: Any) -> int:
    """A time as ns since 1970, UTC; the least number for NaT. name is for the error."""
    try:
        stamp = pd.Timestamp(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: a number, text, time, truth value or None expected, {value!r} given") from None
    utc = stamp.tz_convert(None) if stamp.tzinfo else stamp
    return int(utc.to_datetime64().astype("datetime64[ns]").astype(np.int64))  # NaT is the least of all
