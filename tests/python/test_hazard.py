"""Warnings from Python: rules as TOML, areas, places, lives, CAP by its schema, the verb."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from click.testing import CliRunner
from lxml import etree

import nowcast
from nowcast import hazard
from nowcast.cli import main
from nowcast.errors import ArgumentError, FileError, FormatError, NoDataError, UnsupportedError
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=121 +ellps=WGS84", 100, 60, -50e3, -30e3, 1000.0, 1000.0)
NOW = np.datetime64("2024-06-01T06:00", "ns")
MINUTE = np.timedelta64(1, "m")
RULES = """
schema = 1
levels = ["yellow", "red"]
[hazards.gale]
title = { en = "gale", zh = "大风" }
code = "11B06"
[[rules]]
hazard = "gale"
level = "yellow"
quantity = "gust"
units = "m s-1"
threshold = 17.2
to_minutes = 60
[[rules]]
hazard = "gale"
level = "red"
quantity = "gust"
units = "m s-1"
threshold = 28.5
to_minutes = 60
"""
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "schema" / "CAP-v1.2.xsd"))
CAP = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}


def storm(now: np.datetime64 = NOW, peak: float = 20.0, x: float = 20.0, minutes: int = 60) -> xr.DataArray:
    """A disc of 4 km that goes east by 1 km a minute, every 5 minutes."""
    ahead = np.arange(0, minutes + 1, 5)
    columns, rows = np.meshgrid(np.arange(PLACE.nx), np.arange(PLACE.ny))
    frames = [np.where(np.hypot(columns - x - m, rows - 30.0) <= 4.0, peak, 0.0) for m in ahead]
    return xr.DataArray(
        np.array(frames, dtype=np.float32),
        dims=("time", "y", "x"),
        coords={"time": ("time", now + ahead * MINUTE, {"standard_name": "time"}), "forecast_reference_time": now}
        | PLACE.coords(),
        attrs={"units": "m s-1", "grid_mapping": "crs", "quantity": "GUST", "long_name": "gust"},
        name="gust",
    )


def rules() -> hazard.Rules:
    return hazard.Rules.parse(RULES)


def place(x: float, y: float, **more: object) -> hazard.Place:
    """In columns and rows of the grid."""
    lon, lat = PLACE.to_lonlat([-50e3 + 1e3 * x], [-30e3 + 1e3 * y])
    return hazard.Place("p", {"type": "Point", "coordinates": [lon[0], lat[0]]}, **more)  # type: ignore[arg-type]


# ---- rules ----


@pytest.mark.parametrize("name", hazard.presets())
def test_rules_that_come_with_the_library_are_good(name: str) -> None:
    assert len(hazard.Rules.read(name).rules) >= 6


def test_the_national_signals_have_the_numbers_of_their_order() -> None:
    read = hazard.Rules.read("cma")
    rain = {r["level"]: (r["window_minutes"], r["threshold"]) for r in read.rules if r["hazard"] == "rain"}
    assert rain == {"blue": (720, 50), "yellow": (360, 50), "orange": (180, 50), "red": (180, 100)}
    gusts = [r["threshold"] for r in read.rules if r["hazard"] == "gale" and r["quantity"] == "gust"]
    assert gusts == [13.9, 20.8, 28.5, 37.0]
    assert read.codes["rain"] == "11B03"
    assert read.titles["thunderstorm_gale"]["zh"] == "雷雨大风"


@pytest.mark.parametrize(
    ("old", "new", "kind", "told"),
    [
        ("threshold = 28.5", 'threshold = "high"', FormatError, "a.toml: line 19: threshold: a number expected"),
        ("threshold = 28.5", "treshold = 28.5", FormatError, "a.toml: line 19: treshold: one of"),
        ("threshold = 28.5", "threshold = nan", ArgumentError, "a.toml: line 19: threshold: a finite number"),
        (
            "threshold = 28.5",
            "threshold = 10",
            ArgumentError,
            "line 9: level and a.toml: line 16: level: level 1 can never",
        ),
        ('level = "red"', 'level = "green"', FormatError, "a.toml: line 16: level: one of yellow, red expected"),
        (
            "threshold = 28.5",
            "threshold = 28.5\nhold_minutes = -1",
            ArgumentError,
            "a.toml: line 20: hold_minutes: 0 to",
        ),
        ("schema = 1", "schema = 2", FormatError, "a.toml: schema: 1 expected, 2 found"),
        ("schema = 1", "schema = ", FormatError, "a.toml: .*line 2"),
    ],
)
def test_what_is_wrong_with_rules_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, kind: type[Exception], told: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(RULES.replace(old, new))
    with pytest.raises(kind, match=told.replace("a.toml", str(path))):
        hazard.Rules.read(path)


def test_files_that_are_not_there_or_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.toml"):
        hazard.Rules.read(tmp_path / "none.toml")
    (tmp_path / "a.geojson").write_text("{")
    with pytest.raises(FormatError, match=r"a\.geojson: JSON"):
        hazard.read_places(tmp_path / "a.geojson")
    (tmp_path / "a.geojson").write_text('{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}')
    with pytest.raises(FormatError, match=r"a\.geojson: feature 0: a geometry"):
        hazard.read_places(tmp_path / "a.geojson")


# ---- areas and places ----


def test_areas_hold_the_swath_and_are_valid() -> None:
    found = hazard.areas(storm(), rules())
    assert list(found.areas["level"]) == ["yellow"]
    shape = shapely.from_geojson(json.dumps(found.areas["geometry"][0]))
    assert shape.is_valid
    assert len(shape.exterior.coords) <= 41
    x, y = np.meshgrid(PLACE.x, PLACE.y)
    lon, lat = PLACE.to_lonlat(x, y)
    swath = storm().max("time").values >= 17.2
    assert shapely.contains_xy(shape, lon[swath], lat[swath]).all()
    assert json.loads(found.geojson())["features"][0]["properties"]["status"] == "automatic guidance"
    with pytest.raises(NoDataError):
        hazard.areas(storm().rename("rain"), rules())


def test_places_are_told_when_from_where_and_how_likely() -> None:
    told = hazard.evaluate(
        None,
        storm(),
        rules(),
        [
            place(60, 30, name="Town"),
        ],
        NOW,
    )
    row = told.effects.iloc[0]
    assert (row["name"], row["hazard"], row["level"], row["warning"]) == ("Town", "gale", "yellow", 1)
    assert row["earliest"] == row["likeliest"] == pd.Timestamp("2024-06-01T06:40")
    assert row["distance"] == pytest.approx(36e3, abs=60)
    assert row["bearing"] == pytest.approx(270, abs=0.5)


def test_members_count_as_probability() -> None:
    members = xr.concat([storm(), storm(peak=0.0)], "member")
    assert hazard.areas(members, rules()).areas["probability"].tolist() == [0.5]
    with pytest.raises(ArgumentError, match="dimensions member, time, y, x expected, z found"):
        hazard.areas(storm().expand_dims("z"), rules())


# ---- lives ----


def test_warnings_go_on_are_saved_and_restored() -> None:
    warner, again = hazard.Warner(rules()), hazard.Warner(rules())
    first = warner.evaluate(storm())
    assert list(first.events["event"]) == ["issue"]
    again.restore(warner.save())
    later = storm(NOW + 5 * MINUTE, 30.0, 25.0)
    one, other = warner.evaluate(later), again.evaluate(later)
    assert one.journal == other.journal
    assert warner.save() == again.save()
    assert list(one.events["event"]) == ["upgrade"]
    assert list(one.events["level_before"]) == ["yellow"]
    with pytest.raises(ArgumentError, match="a time after 2024-06-01T06:05:00Z expected"):
        warner.evaluate(storm())
    with pytest.raises(FormatError):
        warner.restore(b"")
    state = bytearray(warner.save())
    state[8] += 1
    with pytest.raises(UnsupportedError):
        warner.restore(bytes(state))


def test_cells_lend_warnings_their_motion() -> None:
    fields = storm(minutes=20).drop_vars("forecast_reference_time").assign_attrs(units="dBZ", quantity="DBZH") * 2.5
    fields.attrs = {"units": "dBZ", "grid_mapping": "crs"}
    tracks = nowcast.cells.track(fields, None)
    told = hazard.evaluate(tracks, storm(NOW + 20 * MINUTE, x=40.0), rules())
    assert told.warnings["speed"][0] == pytest.approx(16.7, abs=2.0)
    assert told.warnings["towards"][0] == pytest.approx(90, abs=5)


def test_motion_in_warnings_is_by_true_north() -> None:
    """A storm that goes along the axis of a grid that is turned by 11.5 degrees, 20 degrees east of its middle."""
    turned = Grid("+proj=lcc +lat_1=30 +lat_2=40 +lat_0=35 +lon_0=100 +ellps=WGS84", 100, 60, 1.7e6, 0.0, 1e3, 1e3)
    fields = storm(minutes=20).drop_vars("forecast_reference_time") * 2.5
    fields = fields.drop_vars(["x", "y", "crs"], errors="ignore").assign_coords(turned.coords())
    fields.attrs = {"units": "dBZ", "grid_mapping": "crs"}
    tracks = nowcast.cells.track(fields, None)
    x, y = tracks.cells["x"].iloc[-1], tracks.cells["y"].iloc[-1]
    (lon, east), (lat, high) = turned.to_lonlat(np.array([x, x + 100.0]), np.array([y, y]))
    towards = np.degrees(np.arctan2((east - lon) * np.cos(np.radians(lat)), high - lat))
    assert abs(towards - 90.0) > 5.0
    field = fields[-1].assign_attrs(units="m s-1").rename("gust")
    told = hazard.evaluate(tracks, field, rules())
    assert told.warnings["towards"][0] == pytest.approx(towards, abs=1.0)


def test_tables_without_a_row_have_their_columns() -> None:
    told = [hazard.Warner(rules(), [place(60, 30)]).evaluate(storm(peak=peak)) for peak in (20.0, 0.0)]
    for name in ("warnings", "events", "effects"):
        some, none = (getattr(one, name) for one in told)
        assert len(some), name
        assert not len(none), name
        assert list(some.columns) == list(none.columns), name
        assert not some.isna().all(axis=0)[["warning", "level"]].any(), name
    assert told[1].warnings[told[1].warnings["active"]].empty


# ---- messages ----


def test_every_message_is_valid_by_the_schema_and_a_draft_until_approved() -> None:
    warner = hazard.Warner(rules(), [place(60, 30, name="A & <B>\x01")])
    for status in ("Draft", "Actual"):
        if status == "Draft":
            warner.evaluate(storm())
        else:
            warner.approve(1, "Forecaster", NOW + MINUTE)
        text = warner.cap(0, sender="a@b.org", sender_name="Office")
        message = etree.fromstring(text.encode())
        SCHEMA.assertValid(message)
        assert message.findtext("c:status", namespaces=CAP) == status
        assert message.findtext("c:msgType", namespaces=CAP) == "Alert"
        assert [info.findtext("c:language", namespaces=CAP) for info in message.findall("c:info", CAP)] == [
            "en-GB",
            "zh-CN",
        ]
        assert ("utomatic guidance" in text) == (status == "Draft")
        points = [
            tuple(map(float, pair.split(","))) for pair in message.findtext(".//c:polygon", namespaces=CAP).split()
        ]
        assert points[0] == points[-1]
        assert shapely.Polygon(points).is_valid
    for minutes in (5, 10, 30, 60):
        told = warner.evaluate(storm(NOW + minutes * MINUTE, 0.0), NOW + minutes * MINUTE)
        for number, event in enumerate(told.events["event"]):
            message = etree.fromstring(warner.cap(number).encode())
            SCHEMA.assertValid(message)
            if event == "cancel":
                assert message.findtext("c:msgType", namespaces=CAP) == "Cancel"
                assert "nwc-1-1" in message.findtext("c:references", namespaces=CAP)
    assert "11B06" in text


def test_a_district_that_crosses_itself_or_180_degrees_is_told_as_good_polygons() -> None:
    grid = Grid("+proj=longlat +datum=WGS84", 40, 40, 178.0, 10.0, 0.1, 0.1)
    gust = xr.DataArray(
        np.full((1, 40, 40), 20, np.float32),
        dims=("time", "y", "x"),
        coords={"time": [NOW]} | grid.coords(),
        attrs={"units": "m s-1", "grid_mapping": "crs"},
        name="gust",
    )
    ring = [[179.0, 11.0], [-179.0, 13.0], [-179.0, 11.0], [179.0, 13.0], [179.0, 11.0]]
    for_places = hazard.Rules.parse(RULES.replace("to_minutes", 'for = "places"\nto_minutes'))
    warner = hazard.Warner(for_places, [hazard.Place("d", {"type": "Polygon", "coordinates": [ring]})])
    warner.evaluate(gust)
    message = etree.fromstring(warner.cap(0).encode())
    SCHEMA.assertValid(message)
    told = message.findall("c:info", CAP)[0].findall(".//c:polygon", CAP)
    assert len(told) >= 2
    for polygon in told:
        points = [tuple(map(float, pair.split(","))) for pair in polygon.text.split()]
        assert shapely.Polygon(points).is_valid
        assert all(abs(lon) <= 180 for _, lon in points)


# ---- the verb ----


def test_the_verb_keeps_state_and_journal(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    for step in range(2):
        nowcast.io.write(storm(NOW + 5 * step * MINUTE, x=20.0 + 5 * step), tmp_path / f"{step}.nc")
    given = {"rules": str(tmp_path / "rules.toml"), "state": tmp_path / "s", "journal": tmp_path / "j"}
    first = nowcast.jobs.warn([f"gust={tmp_path}/0.nc"], tmp_path / "out", now=NOW, **given)
    assert (first["warnings"], first["events"]) == (1, {"issue": 1})
    command = ["warn", f"gust={tmp_path}/1.nc", "-o", str(tmp_path / "out"), "--time", "2024-06-01T06:05Z", "--json"]
    command += [part for name, value in given.items() for part in (f"--{name}", str(value))]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["warnings"] == 1
    lines = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert lines[0]["event"] == "issue"
    assert {line["warning"] for line in lines} == {1}
    SCHEMA.assertValid(etree.parse(tmp_path / "out" / "000001-001.xml"))
    drawn = json.loads((tmp_path / "out" / "warnings.geojson").read_text())["features"][0]
    assert shapely.from_geojson(json.dumps(drawn["geometry"])).is_valid
    only = nowcast.jobs.warn(
        [f"gust={tmp_path}/0.nc"], tmp_path / "a.geojson", areas_only=True, now=NOW, rules=given["rules"]
    )
    assert only["areas"] == len(json.loads((tmp_path / "a.geojson").read_text())["features"]) == 1
    with pytest.raises(ArgumentError, match=r"QUANTITY=FILE expected, x\.nc given"):
        nowcast.jobs.warn(["x.nc"], tmp_path / "y")


def test_a_map_of_warnings_is_drawn() -> None:
    told = hazard.evaluate(None, storm(), rules())
    ax = nowcast.plot.warnings(told, PLACE, levels=2)
    assert len(ax.patches) >= 1
    with pytest.raises(ArgumentError, match="grid"):
        nowcast.plot.warnings(told)
