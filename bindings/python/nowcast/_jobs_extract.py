"""The verb extract as a function: fields in, a table of values at points, along a route or in areas out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import extract as extracting
from nowcast import io
from nowcast._open import open as open_any
from nowcast._points import Method
from nowcast.errors import ArgumentError, FileError, FormatError


def extract(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike | None = None,
    *,
    points: io.PathLike | Sequence[tuple[float, float]] = (),
    route: io.PathLike | Sequence[tuple[float, float]] = (),
    areas: io.PathLike | None = None,
    thresholds: Sequence[float] = (),
    method: Method = "nearest",
    members: str = "keep",
    onset: bool = False,
    step: float | None = None,
    quantity: str | None = None,
    on_error: str = "skip",
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read fields, take their values at points, along a route or in areas, and write a table.

    Parameters
    ----------
    inputs, quantity, on_error
        As in ``nowcast.open``.
    output : path ending in .csv, .json or .nc, optional
    points, route : path, or pairs of longitude and latitude
        A CSV with ``longitude``, ``latitude`` and, of points, ``name``, of a route ``time``; or GeoJSON of points, or
        of a line. One of these and areas.
    areas : path of GeoJSON
    thresholds, method, step
        As in ``nowcast.extract``; with onset the first threshold.
    members : {"keep", "summary"}
        A row for each member, or one of all.
    onset : bool
        When the threshold is reached at points, and when no longer, instead of values.

    Returns
    -------
    The table, and a summary.

    Raises
    ------
    ArgumentError : not one of points, route and areas; a threshold is missing.
    FileError, FormatError : a file of places cannot be read.
    """
    if sum(bool(given) for given in (points, route, areas)) != 1:
        raise ArgumentError("points, route, areas: one of them expected")
    if onset and not (points and thresholds):
        raise ArgumentError("onset: points and a threshold expected")
    if members not in ("keep", "summary"):
        raise ArgumentError(f"members: keep or summary expected, {members!r} given")
    if output is not None:
        extracting.check_suffix(output)
    data = open_any(inputs, quantity=quantity, on_error=on_error)
    if not isinstance(data, xr.DataArray):
        raise ArgumentError("inputs: fields on a grid expected")
    if points:
        places = read_places(points)
        where = places["longitude"], places["latitude"]
        names = places["name"].tolist()
        if onset:
            table = extracting.begin(data, *where, thresholds[0], names=names, method=method)
        else:
            table = extracting.points(data, *where, names=names, method=method)
    elif route:
        places = read_places(route)
        times = places["time"].tolist() if "time" in places else None
        table = extracting.route(data, places["longitude"], places["latitude"], times, step=step, method=method)
    else:
        table = extracting.areas(data, areas, thresholds)  # type: ignore[arg-type]
    if members == "summary":
        table = extracting.summary(table)
    if output is not None:
        extracting.write(table, output)
    left_out = data.attrs.get("left_out", "").splitlines()
    return table, {
        "output": None if output is None else str(output),
        "rows": len(table),
        "places": int(table["place"].nunique()),
        "units": data.attrs.get("units"),
        "left_out": left_out,
        "degraded": bool(left_out),
    }


def read_places(source: io.PathLike | Sequence[tuple[float, float]]) -> pd.DataFrame:
    """Longitude, latitude and name, perhaps time, of places: pairs, or a file of CSV or GeoJSON."""
    if not isinstance(source, str | Path):
        rows = pd.DataFrame(np.asarray(source, dtype=np.float64).reshape(-1, 2), columns=["longitude", "latitude"])
        return rows.assign(name=[str(k + 1) for k in range(len(rows))])
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{source}: {error}") from None
    try:
        rows = _from_geojson(json.loads(text)) if text.lstrip().startswith("{") else pd.read_csv(Path(source))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise FormatError(f"{source}: CSV or GeoJSON of places expected: {error}") from None
    rows = rows.rename(columns={"lon": "longitude", "lat": "latitude", "station": "name"})
    for column in ("longitude", "latitude"):
        if column not in rows or not pd.api.types.is_numeric_dtype(rows[column]):
            raise FormatError(f"{source}: a column {column} of numbers expected, there are {', '.join(rows.columns)}")
    return rows if "name" in rows else rows.assign(name=[str(k + 1) for k in range(len(rows))])


def _from_geojson(given: dict[str, Any]) -> pd.DataFrame:
    """Rows of points, or of the places of a line, which passes them at its property ``times``."""
    rows: list[dict[str, Any]] = []
    for feature in given["features"] if given["type"] == "FeatureCollection" else [given]:
        geometry, told = feature.get("geometry", feature), feature.get("properties") or {}
        if geometry["type"] == "Point":
            places, called = [geometry["coordinates"]], [told.get("name", feature.get("id", len(rows) + 1))]
        elif geometry["type"] == "LineString":
            places = geometry["coordinates"]
            called = list(range(1, len(places) + 1))
        else:
            raise ValueError(f"Point or LineString expected, {geometry['type']} found")
        times = told.get("times", [None] * len(places))
        for place, name, time in zip(places, called, times, strict=True):
            row = {"longitude": float(place[0]), "latitude": float(place[1]), "name": str(name)}
            rows.append(row if time is None else row | {"time": time})
    return pd.DataFrame(rows)
