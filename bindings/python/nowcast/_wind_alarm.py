"""Alarms: where wind at a level, now or in a forecast, passes a limit anywhere in an area."""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _geojson, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, FormatError
from nowcast.grid import Grid, ascending

Areas = os.PathLike[str] | str | Mapping[str, Any] | Iterable[Any]
Limits = float | Mapping[float, float]


@dataclasses.dataclass(frozen=True)
class Alarm:
    """That wind passes a limit at a level and ``time`` in an area; a feature of GeoJSON where it is strongest."""

    area: str
    """name of the area"""
    height: float
    """of the level, m above the ground"""
    limit: float
    """m s-1"""
    time: np.datetime64
    """UTC, when it is valid; NaT where the fields do not say"""
    lead: np.timedelta64
    """from the analysis; 0 for that itself"""
    value: float
    """greatest in the area, m s-1"""
    longitude: float
    """of its place, degrees"""
    latitude: float
    probability: float
    """that the limit is passed there, 0 to 1"""
    cells: int
    """that pass it"""
    area_km2: float
    """of them"""

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in ("area", "height", "limit", "time", "value")}
        facts["lead_minutes"] = float(self.lead / np.timedelta64(1, "m"))
        facts |= {name: getattr(self, name) for name in ("probability", "cells", "area_km2")}
        point = {"type": "Point", "coordinates": [self.longitude, self.latitude]}
        return {"type": "Feature", "geometry": point, "properties": facts}


def alarms(fields: xr.Dataset | xr.DataArray, areas: Areas, limits: Limits, *, likely: float = 0.5) -> list[Alarm]:
    """Where wind passes limits in areas.

    Parameters
    ----------
    fields : (..., y, x) Dataset or DataArray
        Of a Dataset ``u`` and ``v``, m s-1, and ``error`` where it has one; of a DataArray any value, such as gusts.
        Its leading dimensions may be ``time`` and ``height``, in any order; with ``lead_time`` or
        ``forecast_reference_time`` the lead is told.
    areas : path, text, mapping, or several features
        GeoJSON: a collection, a feature or a geometry, Polygon or MultiPolygon. They are called by their property
        ``name``, or ``id``, or by number.
    limits : number, or mapping
        m s-1 for all heights, or for each height that is to be watched; of fields without ``height``, that of them
        (0 where they have none) or a number.
    likely : float
        0 to 1: a cell passes where the probability of being at or above the limit is at least this. 0.5 lets the value
        decide; less warns earlier, and more often for nothing.

    Returns
    -------
    The alarms, by time, height and area; none where nothing passes. ``nowcast.io.geojson`` makes them a collection.

    Raises
    ------
    ArgumentError : areas that are none, limits for heights that are not there.
    """
    value, error = _value(fields)
    grid = Grid.of(value)
    named = read_areas(areas)
    masks = [_mask(grid, geometry) for _, geometry in named]
    value, error, heights = _by_height(value, error, limits)
    wanted = np.array([_limit(limits, height) for height in heights], dtype=np.float64)
    found: list[Alarm] = []
    for index in range(value.sizes["time"]):
        now = value.isel(time=index)
        time, lead = _when(now)
        table = _watch(grid, now, None if error is None else error.isel(time=index), wanted, likely, masks)
        for k, height in enumerate(heights):
            for (name, _), row in zip(named, table[k], strict=True):
                if not row["cells"]:
                    continue
                found.append(
                    Alarm(
                        area=name,
                        height=float(height),
                        limit=float(wanted[k]),
                        time=time,
                        lead=lead,
                        value=float(row["most"]),
                        longitude=float(row["longitude_deg"]),
                        latitude=float(row["latitude_deg"]),
                        probability=float(row["probability"]),
                        cells=int(row["cells"]),
                        area_km2=float(row["area_m2"]) / 1e6,
                    )
                )
    return found


_ROW = np.dtype(
    [
        ("cells", "i8"), ("area_m2", "f8"), ("known", "i8"), ("most", "f8"), ("j", "i8"), ("i", "i8"),
        ("longitude_deg", "f8"), ("latitude_deg", "f8"), ("probability", "f8"),
    ]
)  # fmt: skip
"""An nwc_wind_exceedance."""


def _watch(
    grid: Grid,
    value: xr.DataArray,
    error: xr.DataArray | None,
    limits: npt.NDArray[np.float64],
    likely: float,
    masks: list[npt.NDArray[np.uint8]],
) -> npt.NDArray[Any]:
    """A row for each level and area."""
    cells = [ascending(value, _field.as_float32(part.values)) for part in (value, error) if part is not None]
    given = [_field.Fields([part], "m s-1", grid) for part in cells]
    flags = ffi.new("nwc_flags[]", len(masks))
    for one, mask in zip(flags, masks, strict=True):
        _field.point(one, mask)
    table = np.zeros((len(limits), len(masks)), dtype=_ROW)
    c_error = given[1].c if len(given) > 1 else ffi.NULL
    with _lib.call() as ctx:
        c_limits, out = ffi.new("double[]", limits.tolist()), ffi.cast("nwc_wind_exceedance *", table.ctypes.data)
        _lib.check(lib.nwc_wind_watch(ctx, given[0].c, c_error, c_limits, likely, flags, len(masks), out))
    return table


# ---- fields ----


def _value(fields: xr.Dataset | xr.DataArray) -> tuple[xr.DataArray, xr.DataArray | None]:
    """What is watched, and its error."""
    if isinstance(fields, xr.DataArray):
        return fields, None
    if "u" not in fields or "v" not in fields:
        raise ArgumentError("fields: u and v, or one DataArray, expected")
    speed = fields["u"].copy(data=np.hypot(fields["u"].values, fields["v"].values))
    return speed, fields.get("error")


def _by_height(
    value: xr.DataArray, error: xr.DataArray | None, limits: Limits
) -> tuple[xr.DataArray, xr.DataArray | None, npt.NDArray[np.float64]]:
    """Both as (time, height, y, x), of the heights that have limits."""
    height = float(value["height"]) if "height" in value.coords and not value["height"].dims else 0.0
    made: list[xr.DataArray | None] = []
    for part in (value, error):
        if part is None:
            made.append(None)
            continue
        unknown = [dim for dim in part.dims if dim not in ("time", "height", "y", "x") and part.sizes[dim] != 1]
        if unknown or not {"y", "x"} <= set(part.dims):
            raise ArgumentError(f"fields: dimensions of time, height, y and x expected, {part.dims} given")
        part = part.squeeze([dim for dim in part.dims if dim not in ("time", "height", "y", "x")])
        if "height" not in part.dims:
            part = part.drop_vars("height", errors="ignore").expand_dims(height=[height])
        if "time" not in part.dims:
            part = part.expand_dims("time")
        part = part.transpose("time", "height", "y", "x")
        if isinstance(limits, Mapping):
            missing = sorted(set(map(float, limits)) - set(part["height"].values.tolist()))
            if missing:
                there = ", ".join(f"{h:g}" for h in part["height"].values)
                raise ArgumentError(f"limits: heights of {there} m expected, {missing[0]:g} given")
            part = part.sel(height=sorted(map(float, limits)))
        made.append(part)
    whole = made[0]
    assert whole is not None
    if not whole.sizes["height"]:
        raise ArgumentError("limits: at least one expected, none given")
    return whole, made[1], np.asarray(whole["height"].values, dtype=np.float64)


def _limit(limits: Limits, height: float) -> float:
    if isinstance(limits, Mapping):
        return float(next(limit for at, limit in limits.items() if float(at) == height))
    return float(limits)


def _when(value: xr.DataArray) -> tuple[np.datetime64, np.timedelta64]:
    if "time" not in value.coords:
        return np.datetime64("NaT", "ns"), np.timedelta64(0, "ns")
    time = _ns(value["time"], "datetime64[ns]")
    lead = 0
    if "lead_time" in value.coords and not value["lead_time"].dims:
        lead = _ns(value["lead_time"], "timedelta64[ns]")
    elif "forecast_reference_time" in value.coords and not value["forecast_reference_time"].dims:
        lead = time - _ns(value["forecast_reference_time"], "datetime64[ns]")
    return np.datetime64(time, "ns"), np.timedelta64(lead, "ns")


def _ns(moment: xr.DataArray, kind: str) -> int:
    return int(moment.values.astype(kind).astype(np.int64))


# ---- areas ----


def read_areas(source: Areas) -> list[tuple[str, Mapping[str, Any]]]:
    """Names and geometries of the areas of GeoJSON: text, a file of it, what it means, or several features."""
    name = "areas"
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source)
        if not text.lstrip().startswith("{"):
            name = text
            try:
                text = Path(text).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise FileError(f"{name}: {error}") from None
        try:
            given = json.loads(text)
        except json.JSONDecodeError as error:
            raise FormatError(f"{name}: {error}") from None
    else:
        given = getattr(source, "__geo_interface__", source)
    if isinstance(given, Mapping):
        features = given.get("features", []) if given.get("type") == "FeatureCollection" else [given]
    else:
        features = list(given)
    found = [_area(name, number, feature) for number, feature in enumerate(features)]
    if not found:
        raise ArgumentError(f"{name}: at least one area expected, none given")
    return found


def _area(source: str, number: int, given: Any) -> tuple[str, Mapping[str, Any]]:
    feature = getattr(given, "__geo_interface__", given)
    geometry = feature.get("geometry") if isinstance(feature, Mapping) and feature.get("type") == "Feature" else feature
    geometry = getattr(geometry, "__geo_interface__", geometry)
    kind = geometry.get("type") if isinstance(geometry, Mapping) else geometry
    if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise ArgumentError(f"{source}: area {number}: a Polygon or MultiPolygon expected, {kind!r} found")
    properties = feature.get("properties") or {}
    called = properties.get("name", feature.get("id"))
    return str(called if called is not None else number + 1), geometry


def _mask(grid: Grid, geometry: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    """The cells whose centres lie in an area."""
    _, parts, holes = _geojson.parts_of(geometry)
    points = np.array([place[:2] for part in parts for place in part], dtype=np.float64)
    columns = [np.ascontiguousarray(column) for column in points.T]
    mask = np.empty((grid.ny, grid.nx), dtype=np.uint8)
    flags = ffi.new("nwc_flags *")
    _field.point(flags, mask)
    with _lib.call() as ctx:
        sizes, c_holes = ffi.new("int64_t[]", [len(part) for part in parts]), ffi.new("uint8_t[]", holes)
        places = [ffi.cast("double *", column.ctypes.data) for column in columns]
        _lib.check(lib.nwc_grid_within(ctx, grid.to_c()[0], len(parts), sizes, c_holes, *places, flags))
    return mask
