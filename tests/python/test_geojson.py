"""GeoJSON read back by Python's own parser, and areas cut at 180 degrees compared with the areas they were."""

import datetime
import itertools
import json
import math
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nowcast.jobs
from nowcast import io, obs
from nowcast.errors import ArgumentError, UnsupportedError

Place = tuple[float, float]


def _only(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """The one feature of a collection, read back."""
    text = io.geojson([{"type": "Feature", "geometry": geometry, "properties": properties}], decimals=9)
    collection = json.loads(text)
    assert collection["type"] == "FeatureCollection"
    return collection["features"][0]


def _areas(geometry: dict[str, Any]) -> list[list[list[Place]]]:
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _area(ring: list[Place]) -> float:
    """By the shoelace formula; above 0 for counter-clockwise."""
    x, y = np.array(ring)[:, 0], np.array(ring)[:, 1]
    return 0.5 * float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _inside(ring: list[Place], x: float, y: float) -> bool:
    """Whether a ray to the north meets an odd number of edges."""
    edges = zip(ring, ring[1:] + ring[:1], strict=True)
    return (
        sum(
            (a[0] > x) != (b[0] > x) and a[1] + (x - a[0]) / (b[0] - a[0]) * (b[1] - a[1]) > y
            for a, b in edges
            if a != b
        )
        % 2
        == 1
    )


def _star(random: np.random.Generator, x: float, y: float, n: int, size: float) -> list[Place]:
    """A ring with arms of many lengths around a place, longitudes going on beyond 180 degrees."""
    angles = np.sort(random.uniform(0.0, 2.0 * math.pi, n))
    reach = random.uniform(0.3, 1.0, n) * size
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a, r in zip(angles, reach, strict=True)]


@pytest.mark.parametrize("seed", range(25))
def test_an_area_cut_at_180_degrees_is_the_area_it_was(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.uniform(165.0, 195.0), random.uniform(-50.0, 50.0)
    outer = _star(random, x, y, 40, 20.0)
    hole = _star(random, x, y, 12, 3.0)
    inside = [place for place in hole if _inside(outer, *place)]
    rings = [outer, hole] if len(inside) == len(hole) and seed % 2 else [outer]
    given = [[((lon + 180.0) % 360.0 - 180.0, lat) for lon, lat in ring][:: random.choice([-1, 1])] for ring in rings]
    areas = _areas(_only({"type": "Polygon", "coordinates": given})["geometry"])
    for first, *holes in areas:
        assert _area(first) > 0.0
        assert all(_area(ring) < 0.0 for ring in holes)
        for ring in (first, *holes):
            assert ring[0] == ring[-1]
            assert max(abs(lon) for lon, _ in ring) <= 180.0
            assert max(abs(a[0] - b[0]) for a, b in itertools.pairwise(ring)) < 180.0
    expected = abs(_area([*outer, outer[0]])) - sum(abs(_area([*ring, ring[0]])) for ring in rings[1:])
    assert sum(_area(ring) for area in areas for ring in area) == pytest.approx(expected, abs=1e-5)
    for _ in range(200):
        lon, lat = x + random.uniform(-20.0, 20.0), y + random.uniform(-20.0, 20.0)
        wanted = sum(_inside(ring, lon, lat) for ring in rings) % 2 == 1
        turned = (lon + 180.0) % 360.0 - 180.0
        assert (sum(_inside(ring, turned, lat) for area in areas for ring in area) % 2 == 1) == wanted


def test_what_does_not_cross_keeps_its_places() -> None:
    ring = [(100.5, 20.25), (101.5, 20.0), (101.0, 21.0)]
    assert _areas(_only({"type": "Polygon", "coordinates": [ring]})["geometry"]) == [
        [[*map(list, ring), [100.5, 20.25]]]
    ]


def test_properties_are_read_back_as_they_were_given() -> None:
    properties = {
        "number": 0.1 + 0.2,
        "single": np.float32(0.1),
        "count": np.int64(7),
        "text": 'say "北京"\n',
        "flag": True,
        "no": np.bool_(False),
        "none": None,
        "nan": math.nan,
        "time": datetime.datetime(2008, 4, 11, 18, 22, 30, tzinfo=datetime.UTC),
        "local": pd.Timestamp("2008-04-12T02:22:30", tz="Asia/Shanghai"),
        "nat": np.datetime64("NaT"),
    }
    found = _only({"type": "Point", "coordinates": [116.4, 39.9, 31.25]}, **properties)
    assert found["geometry"] == {"type": "Point", "coordinates": [116.4, 39.9, 31.25]}
    assert found["properties"] == properties | {
        "single": 0.1,
        "no": False,
        "nan": None,
        "time": "2008-04-11T18:22:30Z",
        "local": "2008-04-11T18:22:30Z",
        "nat": None,
    }


def test_shapes_of_several_parts_and_of_none_are_written() -> None:
    lines = {"type": "MultiLineString", "coordinates": [[[0.0, 0.0], [1.0, 1.0]], [[2.0, 2.0], [3.0, 3.0]]]}
    points = {"type": "MultiPoint", "coordinates": [[0.0, 0.0], [1.0, 1.0]]}

    class Shape:
        __geo_interface__ = points

    assert _only(lines)["geometry"] == lines
    assert _only(Shape())["geometry"] == points  # type: ignore[arg-type]
    assert json.loads(io.geojson([{"type": "Feature", "id": 7, "geometry": None, "properties": None}]))["features"] == [
        {"type": "Feature", "id": "7", "geometry": None, "properties": {}}
    ]
    assert json.loads(io.geojson([]))["features"] == []


def test_what_is_no_feature_is_told() -> None:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0.0, 0.0]}}
    with pytest.raises(ArgumentError, match="feature 1: a mapping of type Feature expected, 3 given"):
        io.geojson([point, 3])
    with pytest.raises(ArgumentError, match=r"feature 1: .*'GeometryCollection' given"):
        io.geojson([point, point | {"geometry": {"type": "GeometryCollection", "geometries": []}}])
    with pytest.raises(ArgumentError, match="feature 0: point 0: a place on the earth expected, 95"):
        io.geojson([point | {"geometry": {"type": "Point", "coordinates": [0.0, 95.0]}}])
    with pytest.raises(ArgumentError, match="feature 0: geometry: longitude, latitude"):
        io.geojson([point | {"geometry": {"type": "Point", "coordinates": [0.0]}}])
    with pytest.raises(ArgumentError, match=r"feature 0: p: a number, text, time.* expected, \[\] given"):
        io.geojson([point | {"properties": {"p": []}}])


def _table() -> pd.DataFrame:
    return obs.decode(
        "time,station,longitude,latitude,height,tmpc,p01m\n"
        "2026-06-01T00:00,S1,120.5,32.25,5,21.5,0.2\n"
        "2026-06-01T01:00,S1,120.5,32.25,5,22.5,\n"
        "2026-06-01T00:00,S2,,,,20.5,\n",
        columns={
            "time": "time",
            "station": "station",
            "longitude": "longitude",
            "latitude": "latitude",
            "height": "height",
            "tmpc": ("air_temperature", "degC"),
            "p01m": ("lwe_thickness_of_precipitation_amount", "mm", 3600),
        },
    )


def test_observations_are_points_whose_properties_are_the_columns(tmp_path: pathlib.Path) -> None:
    table = _table()
    obs.write(table, tmp_path / "table.geojson")
    features = json.loads((tmp_path / "table.geojson").read_text(encoding="utf-8"))["features"]
    assert len(features) == len(table) == 4
    for feature, (_, row) in zip(features, table.iterrows(), strict=True):
        properties = feature["properties"]
        for name in ("station", "kind", "quantity", "value", "units"):
            assert properties[name] == row[name]
        assert pd.Timestamp(properties["time"]) == row["time"].tz_localize("UTC")
        assert properties.get("duration", 0.0) == row["duration"]
        if np.isnan(row["longitude"]):
            assert feature["geometry"] is None
        else:
            assert feature["geometry"]["coordinates"] == [row["longitude"], row["latitude"]]
            assert properties["height"] == row["height"]
    with pytest.raises(UnsupportedError, match=r"written as \.csv or \.geojson only"):
        obs.write(table, tmp_path / "table.parquet")


def test_tables_are_converted_by_name(tmp_path: pathlib.Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text("time,station,longitude,latitude,tmpc\n2026-06-01T00:00,S1,120.5,32.25,21.5\n")
    summary = nowcast.jobs.convert(source, tmp_path / "out.geojson")
    assert summary["rows"] == 1
    (feature,) = json.loads((tmp_path / "out.geojson").read_text())["features"]
    assert feature["properties"]["value"] == pytest.approx(294.65)
