"""Alarms in areas, as Python sees them."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, io, wind
from nowcast.grid import Grid

GRID = Grid("+proj=aeqd +lat_0=32 +lon_0=121 +ellps=WGS84", 80, 60, -40e3, -30e3, 1000.0, 1000.0)
HEIGHTS = [10.0, 100.0, 500.0]
HARBOUR = {
    "type": "Feature",
    "properties": {"name": "harbour"},
    "geometry": {"type": "Polygon", "coordinates": [[[121.0, 32.0], [121.2, 32.0], [121.2, 32.15], [121.0, 32.15]]]},
}
INLAND = {
    "type": "Polygon",
    "coordinates": [[[120.6, 31.8], [120.9, 31.8], [120.9, 31.95], [120.6, 31.95], [120.6, 31.8]]],
}


@pytest.fixture
def forecast() -> xr.Dataset:
    """A core of 25 m/s that moves east by 10 km every ten minutes, over 10 m/s of everything else."""
    x, y = np.meshgrid(GRID.x, GRID.y)
    times = np.datetime64("2024-05-01T06:00", "ns") + np.arange(3) * np.timedelta64(10, "m")
    speed = np.full((3, len(HEIGHTS), GRID.ny, GRID.nx), 10.0, dtype=np.float32)
    for t in range(3):
        speed[t, 1, np.hypot(x - (-10e3 + 10e3 * t), y - 8e3) < 4e3] = 25.0
    attrs = {"units": "m s-1", "grid_mapping": "crs"}
    dims = ("time", "height", "y", "x")
    made = xr.Dataset(
        {"u": (dims, 0.6 * speed, attrs), "v": (dims, -0.8 * speed, attrs), "error": (dims, 0.0 * speed + 2.0, attrs)},
        coords={"time": times, "height": HEIGHTS} | GRID.coords(),
    )
    return made.assign_coords(lead_time=("time", times - times[0]))


def test_an_alarm_says_where_when_and_how_much(forecast: xr.Dataset) -> None:
    found = wind.alarms(forecast, [HARBOUR, INLAND], {100.0: 20.0, 500.0: 20.0})
    assert [(alarm.area, alarm.height, alarm.lead) for alarm in found] == [
        ("harbour", 100.0, np.timedelta64(10, "m")),
        ("harbour", 100.0, np.timedelta64(20, "m")),
    ]
    first = found[0]
    assert first.time == np.datetime64("2024-05-01T06:10")
    assert first.value == pytest.approx(25.0)
    x, y = GRID.from_lonlat(first.longitude, first.latitude)
    assert np.hypot(x - 0.0, y - 8e3) < 4e3
    assert 121.0 <= first.longitude <= 121.2
    assert first.area_km2 == pytest.approx(first.cells, rel=0.01)
    assert 20 < first.cells < 50
    assert first.probability == pytest.approx(0.9938, abs=1e-3)
    collection = json.loads(io.geojson(found))
    assert collection["features"][0]["properties"]["lead_minutes"] == 10.0
    assert collection["features"][0]["properties"]["area"] == "harbour"


def test_less_likely_winds_are_told_when_asked_for(forecast: xr.Dataset) -> None:
    assert wind.alarms(forecast, INLAND, {10.0: 12.0}) == []
    found = wind.alarms(forecast, INLAND, {10.0: 12.0}, likely=0.15)
    assert len(found) == 3
    assert found[0].area == "1"
    assert found[0].probability == pytest.approx(0.1587, abs=1e-3)


def test_areas_come_from_files_and_texts(forecast: xr.Dataset, tmp_path: Path) -> None:
    collection = {
        "type": "FeatureCollection",
        "features": [HARBOUR, {"type": "Feature", "id": "in", "geometry": INLAND}],
    }
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps(collection))
    gusts = (1.5 * np.hypot(forecast["u"], forecast["v"])).sel(height=100.0)
    expected = wind.alarms(gusts, collection, 30.0)
    assert [alarm.height for alarm in expected] == [100.0, 100.0]
    for given in (path, str(path), json.dumps(collection), [HARBOUR, INLAND], HARBOUR):
        assert [(a.time, a.value, a.cells) for a in wind.alarms(gusts, given, 30.0)] == [
            (a.time, a.value, a.cells) for a in expected
        ]
    assert {alarm.area for alarm in wind.alarms(gusts, path, 5.0)} == {"harbour", "in"}
    single = wind.alarms(gusts.isel(time=1), path, 30.0)
    assert [alarm.lead for alarm in single] == [np.timedelta64(10, "m")]
    plain = wind.alarms(gusts.isel(time=1).drop_vars(["time", "lead_time", "height"]), path, 30.0)
    assert np.isnat(plain[0].time)
    assert plain[0].height == 0.0


def test_what_is_not_known_raises_no_alarm(forecast: xr.Dataset) -> None:
    assert wind.alarms(forecast * np.nan, HARBOUR, 1.0) == []
    assert wind.alarms(forecast.isel(y=slice(1), x=slice(1)), HARBOUR, 1.0) == []


def test_wrong_areas_and_limits_are_refused(forecast: xr.Dataset, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[121.0, 32.0], [121.1, 32.0]]}
    with pytest.raises(errors.ArgumentError, match="area 0: a Polygon"):
        wind.alarms(forecast, line, 10.0)
    with pytest.raises(errors.ArgumentError, match="at least one area"):
        wind.alarms(forecast, [], 10.0)
    with pytest.raises(errors.ArgumentError, match="heights of 10, 100, 500 m expected, 70 given"):
        wind.alarms(forecast, HARBOUR, {70.0: 10.0})
    with pytest.raises(errors.ArgumentError, match="at least one expected"):
        wind.alarms(forecast, HARBOUR, {})
    with pytest.raises(errors.ArgumentError, match="likely"):
        wind.alarms(forecast, HARBOUR, 10.0, likely=0.0)
    with pytest.raises(errors.ArgumentError, match="u and v"):
        wind.alarms(forecast[["u"]], HARBOUR, 10.0)
    with pytest.raises(errors.FileError, match="no-such"):
        wind.alarms(forecast, tmp_path / "no-such.geojson", 10.0)
    (tmp_path / "bad.geojson").write_text("{nothing")
    with pytest.raises(errors.FormatError, match=r"bad\.geojson"):
        wind.alarms(forecast, tmp_path / "bad.geojson", 10.0)
