"""Edits, their log, and fields corrected by them."""

import itertools
import json
import math
import multiprocessing
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from nowcast import _netcdf, desk, forecast
from nowcast.cli import main
from nowcast.desk import _area, _suggest
from nowcast.errors import ArgumentError, FileError, FormatError
from nowcast.grid import Grid

PLANE = Grid("+proj=aeqd +lat_0=34.9 +lon_0=-86.1 +ellps=WGS84 +units=m", 60, 50, -59e3, -49e3, 2000.0, 2000.0)
START = np.datetime64("2026-06-01T12:00", "ns")
TIMES = START + np.arange(7) * np.timedelta64(10, "m")
RING = [[-86.25, 34.75], [-85.9, 34.8], [-86.0, 35.05], [-86.3, 35.0], [-86.25, 34.75]]


def edit(id: str = "one", kind: str = "scale", values: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "kind": kind,
        "layer": "rain",
        "author": "Lin",
        "time": "2026-06-01T12:00:00Z",
        "valid": ["2026-06-01T12:00:00Z", "2026-06-01T13:00:00Z"],
        "reason": "gauges",
        "half_life_minutes": None,
        "area": {"type": "Polygon", "coordinates": [RING]},
        "feather_km": 12.0,
        "values": {"by": 1.5} if values is None else values,
    } | more


def fields(*, members: int = 0) -> xr.Dataset:
    """Showers with dry and unknown cells."""
    made = np.random.default_rng(5).gamma(0.4, 6.0, (max(members, 1), TIMES.size, 50, 60)).astype(np.float32)
    made[made < 1.0] = 0.0
    made[:, :, :3] = np.nan
    dims = ("time", "y", "x")
    attributes = {"units": "mm h-1", "grid_mapping": "crs"}
    coords = {"time": TIMES} | PLANE.coords()
    rain = (("member", *dims), made, attributes) if members else (dims, made[0], attributes)
    return xr.Dataset({"members" if members else "rain": rain}, coords)


def wind(u: float, v: float) -> xr.Dataset:
    attributes = {"units": "m s-1", "grid_mapping": "crs"}
    cells = {
        name: (("y", "x"), np.full((50, 60), speed, np.float32), attributes) for name, speed in (("u", u), ("v", v))
    }
    return xr.Dataset(cells, PLANE.coords())


# ---- edits ----


def test_an_edit_is_the_json_object_it_came_from() -> None:
    told = edit(half_life_minutes=30.0)
    assert json.loads(json.dumps(desk.check(told).plain)) == told
    assert desk.check(desk.check(told)) == desk.check(told)
    line = {"type": "LineString", "coordinates": [[-86.0, 35.0], [-85.8, 35.1]]}
    moved = edit(kind="move", values={"east_km": 10.0, "north_km": 0.0, "width_km": 20.0}, area=line)
    assert desk.check(moved).plain == moved
    local = edit(time="2026-06-01T20:00:00+08:00")
    assert desk.check(local).plain["time"] == "2026-06-01T12:00:00Z"


def test_rings_of_many_points_are_seen_as_they_are() -> None:
    for n in (*range(140, 160), 1000):
        around = np.linspace(0.0, 2.0 * math.pi, n, endpoint=False)
        ring = np.stack([-86.0 + np.cos(around), 35.0 + np.sin(around)], axis=1).tolist()
        assert desk.check(edit(area={"type": "Polygon", "coordinates": [ring]})).plain["area"]["coordinates"] == [ring]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"values": {"by": math.nan}}, "values: by"),
        ({"values": {"by": 1e308}}, "values: by"),
        ({"values": {"by": -1.0}}, "values: by"),
        ({"values": {"by": "2"}}, "values: by"),
        ({"values": {"by": True}}, "values: by"),
        ({"values": {"by": 1.0, "to": 2.0}}, "values: to: no such entry"),
        ({"values": {}}, "values: by: expected"),
        ({"values": [1]}, "values: an object"),
        ({"kind": "explode"}, "kind: one of raise"),
        ({"kind": ["scale"]}, "kind"),
        ({"kind": "move", "values": {"east_km": 1e9, "north_km": 0.0}}, "values: east_km"),
        ({"kind": "erase", "values": {}, "area": None}, "an area expected for erase"),
        ({"layer": "../rain"}, "layer"),
        ({"id": "a b"}, "id"),
        ({"id": "a\n"}, "id"),
        ({"author": ""}, "author"),
        ({"author": "x" * 201}, "author"),
        ({"author": "a\x00b"}, "author: no control characters expected, U\\+0000 at 1"),
        ({"author": "\ud800"}, "author"),
        ({"reason": "\u202eevil"}, "reason: no control characters"),
        ({"reason": "x" * 5000}, "reason"),
        ({"reason": None}, "reason"),
        ({"time": 1e9}, "time: a time like"),
        ({"time": "yesterday"}, "time: a time like"),
        ({"time": "9999-12-31T23:59:59-23:00"}, "time: a time from"),
        ({"valid": ["2026-06-01T13:00:00Z", "2026-06-01T12:00:00Z"]}, "valid: times in order"),
        ({"valid": ["2026-06-01T13:00:00Z"]}, "valid: two times"),
        ({"valid": "2026-06-01T13:00:00Z"}, "valid: two times"),
        ({"half_life_minutes": 0.0}, "half_life_minutes"),
        ({"half_life_minutes": math.inf}, "half_life_minutes"),
        ({"feather_km": -1.0}, "feather_km"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}, "area: part 0: at least 3 points"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 1]]]}}, "area: part 0: edges"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2]]]}}, "area: part 0: a ring around"),
        ({"area": {"type": "Polygon", "coordinates": [[[i, 0] for i in range(100_000)]]}}, "at most 10000 points"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, math.nan], [2, 0]]]}}, "a place on the earth"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], ["1", 1], [2, 0]]]}}, "longitude and latitude"),
        ({"area": {"type": "Polygon", "coordinates": []}}, "a list that is not empty"),
        ({"area": {"type": "Point", "coordinates": [0, 0]}}, "area: type"),
        ({"area": "POLYGON((0 0))"}, "area: a geometry"),
        ({"area": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}, "width of a line"),
        ({"suggested": "yes"}, "suggested"),
        ({"more": 1}, "more: no such entry"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        desk.check(edit() | wrong)


def test_nothing_else_is_an_edit() -> None:
    for wrong in (None, 5, "edit", [], {}):
        with pytest.raises(ArgumentError, match="edit"):
            desk.check(wrong)  # type: ignore[arg-type]
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ArgumentError, match="edit"):
        desk.check(edit(area={"type": "MultiPolygon", "coordinates": deep}))


# ---- the log ----


def test_undone_and_redone_in_its_place(tmp_path: Path) -> None:
    log = desk.Log(tmp_path / "log.jsonl")
    assert log.history() == []
    assert log.active() == []
    for id in ("a", "b", "c"):
        log.append(edit(id))
    log.undo("a", author="Wu", reason="not so", time="2026-06-01T12:10:00Z")
    assert [one.id for one in log.active()] == ["b", "c"]
    assert [one.id for one in log.active("2026-06-01T12:05")] == ["a", "b", "c"]
    with pytest.raises(ArgumentError, match="undone already"):
        log.undo("a", author="Wu", reason="")
    log.redo("a", author="Wu", reason="it was", time="2026-06-01T12:20:00Z")
    assert [one.id for one in log.active()] == ["a", "b", "c"]
    for wrong, text in (("b", "is not undone"), ("nobody", "no edit")):
        with pytest.raises(ArgumentError, match=text):
            log.redo(wrong, author="Wu", reason="")
    with pytest.raises(ArgumentError, match="in the log already"):
        log.append(edit("a"))
    with pytest.raises(ArgumentError, match="author"):
        log.undo("a", author="\x07", reason="")
    assert [(one.action, one.id, one.author) for one in log.history()[3:]] == [("undo", "a", "Wu"), ("redo", "a", "Wu")]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 5


def test_a_torn_line_is_no_entry_and_the_next_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = desk.Log(path)
    log.append(edit("a"))
    whole = path.read_bytes()
    log.append(edit("b"))
    both = path.read_bytes()
    for size in range(len(whole), len(both)):
        path.write_bytes(both[:size])
        assert [one.id for one in log.active()] == ["a"]
    log.append(edit("c"))
    assert [one.id for one in log.active()] == ["a", "c"]
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"\xff",
        b"[" * 5000,
        b'{"version":1,"action":"drop","id":"a"}',
        b'{"version":2,"action":"add","id":"a"}',
        b"",
    ],
)
def test_a_line_that_makes_no_sense_is_an_error_with_its_place(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    desk.Log(path).append(edit("a"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(FormatError, match="line 2"):
        desk.Log(path).active()
    with pytest.raises(FormatError, match="line 2"):
        desk.Log(path).append(edit("b"))


def test_where_nothing_can_be_written_nothing_is_added(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"):
        desk.Log(tmp_path / "nowhere" / "log.jsonl").append(edit())
    with pytest.raises(FileError, match="a file expected"):
        desk.Log("/dev/zero").append(edit())
    with pytest.raises(FileError, match="a file expected"):
        desk.Log("/dev/zero").history()
    log = desk.Log(tmp_path / "log.jsonl")
    log.append(edit("a"))
    whole = log.path.read_bytes()
    held = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, held[1]))  # as a disk that fills up within a line
    try:
        with pytest.raises(FileError, match=r"log\.jsonl"):
            log.append(edit("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
        signal.signal(signal.SIGXFSZ, before)
    assert log.path.read_bytes() == whole


def _write(path: str, who: str, many: int) -> None:
    log = desk.Log(path)
    for k in range(many):
        log.append(edit(f"{who}{k}"))


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(str(path), who, 12)) for who in "ab"]
    for one in writers:
        one.start()
    for one in writers:
        one.join(120)
        assert one.exitcode == 0
    ids = [one.id for one in desk.Log(path).active()]
    assert len(ids) == 24
    for who in "ab":
        assert [id for id in ids if id[0] == who] == [f"{who}{k}" for k in range(12)]


def test_a_writer_killed_at_any_moment_leaves_a_log_of_whole_edits(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    program = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_desk import desk, edit
log = desk.Log({str(path)!r})
for k in range(100000):
    log.append(edit(f"k{{k}}", reason="x" * 3000)); print(k, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(6)]
        time.sleep(0.013)
        child.send_signal(signal.SIGKILL)
        told += child.stdout.read().split()
    log = desk.Log(path)
    ids = [one.id for one in log.active()]
    assert ids == [f"k{k}" for k in range(len(ids))]
    assert len(ids) >= len(told)  # what was told to be there is there
    log.append(edit("after"))
    assert [one.id for one in log.active()] == [*ids, "after"]


# ---- fields ----


def far(lon: float, lat: float, ring: Any) -> float:
    """km from a place to a ring, over many points of its edges."""
    best = math.inf
    for (a, b), (c, d) in itertools.pairwise(ring):
        s = np.linspace(0.0, 1.0, 600)
        x, y = np.radians(a + (c - a) * s), np.radians(b + (d - b) * s)
        p, q = math.radians(lon), math.radians(lat)
        half = np.sin(0.5 * (y - q)) ** 2 + np.cos(y) * math.cos(q) * np.sin(0.5 * (x - p)) ** 2
        best = min(best, float(2.0 * 6371.0 * np.arcsin(np.sqrt(half)).min()))
    return best


def inside(lon: float, lat: float, ring: Any) -> bool:
    """By the angles under which the edges are seen."""
    around = 0.0
    for (a, b), (c, d) in itertools.pairwise(ring):
        turn = math.atan2(d - lat, c - lon) - math.atan2(b - lat, a - lon)
        around += (turn + math.pi) % (2.0 * math.pi) - math.pi
    return abs(around) > math.pi


def test_weights_fall_with_the_distance_from_the_polygon() -> None:
    weight = desk.weights(desk.check(edit()), PLANE, [START]).values[0]
    lon, lat = PLANE.lonlat()
    distances, values = [], []
    for cell in np.random.default_rng(1).choice(weight.size, 400, replace=False):
        place = float(lon.ravel()[cell]), float(lat.ravel()[cell])
        distance = 0.0 if inside(*place, RING) else far(*place, RING)
        s = min(distance / 12.0, 1.0)
        assert weight.ravel()[cell] == pytest.approx(1.0 - s * s * (3.0 - 2.0 * s), abs=2e-3)
        distances.append(distance)
        values.append(weight.ravel()[cell])
    order = np.argsort(distances)
    assert (np.diff(np.array(values)[order]) <= 1e-3).all()
    assert 0.0 < np.mean(values) < 0.7


@pytest.mark.parametrize("middle", [(-86.1, 34.9), (-80.0, 38.0), (-85.0, 60.0), (179.9, 10.0)])
def test_weights_of_a_part_of_a_grid_are_those_of_the_whole(middle: tuple[float, float]) -> None:
    for projection in ("+proj=lcc +lat_1=25 +lat_2=60 +lat_0=40 +lon_0=-95", "+proj=merc +lon_0=-86", PLANE.projection):
        x, y = Grid(projection, 1, 1, 0.0, 0.0, 1.0, 1.0).from_lonlat(-86.0, 35.5)
        place = Grid(projection, 90, 80, float(x) - 9e5, float(y) - 8e5, 20e3, 20e3)
        ring = [[middle[0] + 2.0 * math.cos(a), middle[1] + 1.5 * math.sin(a)] for a in np.linspace(0.0, 6.0, 9)]
        area = {"type": "Polygon", "coordinates": [ring]}
        part, whole = _area.weight_of(place, area, 300.0, None), _area._weight_of(place, area, 300.0, None)
        np.testing.assert_allclose(part, whole, atol=1e-6)
        assert np.array_equal(part == 0.0, whole == 0.0)
        assert bool(part.any()) == (middle[1] in (34.9, 38.0))  # the others lie off the grids


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("raise", {"by": 2.0}, lambda f, w: np.where(f > 0.0, f + 2.0 * w, f)),
        ("lower", {"by": 2.0}, lambda f, w: np.where(f > 0.0, np.maximum(f - 2.0 * w, 0.0), f)),
        ("scale", {"by": 1.3}, lambda f, w: f * (1.0 + 0.3 * w)),
        ("set", {"to": 4.0}, lambda f, w: f + w * (4.0 - f)),
        ("erase", {}, lambda f, w: f * (1.0 - w)),
    ],
)
def test_fields_are_changed_within_the_area_alone(kind: str, values: Any, expected: Any) -> None:
    data = fields()
    before = data.copy(deep=True)
    made = desk.apply(data, [edit("e", kind, values)])
    xr.testing.assert_identical(data, before)
    raw, fixed, weight = data["rain"].values, made["rain"].values, made["rain_correction"].values
    np.testing.assert_allclose(fixed, expected(raw, weight), rtol=2e-6, atol=1e-6)
    assert np.array_equal(fixed[weight == 0.0], raw[weight == 0.0], equal_nan=True)
    assert np.array_equal(np.isnan(fixed), np.isnan(raw))
    assert np.nanmin(fixed) >= 0.0
    assert made["rain"].attrs["corrected_by"] == "e"
    assert json.loads(made.attrs["corrections"])[0]["author"] == "Lin"


def test_a_feature_is_moved_whole_with_all_members_alike() -> None:
    data = fields(members=3).fillna(0.0)
    data["members"].values[:, :, :, 40:] = 0.0
    moved = edit("m", "move", {"east_km": 20.0, "north_km": 8.0}, layer="members")
    made = desk.apply(data, [moved])["members"].values
    raw = data["members"].values
    sums = made.sum(axis=(2, 3), dtype=np.float64)
    np.testing.assert_allclose(sums, raw.sum(axis=(2, 3), dtype=np.float64), rtol=1e-6)
    alone = desk.apply(data.isel(member=[1]), [moved])["members"].values
    assert np.array_equal(alone[0], made[1])
    # What lay well within is found 10 cells further east and 4 further north (map and ground differ by little here).
    spot = xr.zeros_like(data)
    spot["members"].values[:, :, 25, 28] = 50.0
    there = desk.apply(spot, [moved])["members"].values[0, 0]
    j, i = np.indices(there.shape)
    assert (there * j).sum() / there.sum() == pytest.approx(29.0, abs=0.05)
    assert (there * i).sum() / there.sum() == pytest.approx(38.0, abs=0.05)


def test_edits_decay_and_go_along_with_the_rain() -> None:
    told = edit("s", "set", {"to": 9.0}, half_life_minutes=20.0, feather_km=6.0)
    made = desk.apply(fields(), [told], sources={"motion": wind(10.0, 0.0)})["rain_correction"].values
    np.testing.assert_allclose(made.max(axis=(1, 2)), 0.5 ** (np.arange(7) / 2.0), rtol=1e-3)
    middle = [(one * np.arange(60)).sum() / one.sum() for one in made]
    np.testing.assert_allclose(np.diff(middle), 3.0, atol=0.05)  # 10 m/s for 10 min over cells of 2 km
    for still in (told | {"kind": "erase", "values": {}}, told | {"values": {"to": 9.0, "moving": False}}):
        stood = desk.apply(fields(), [still], sources={"motion": wind(10.0, 0.0)})["rain_correction"].values
        assert (stood[6] > 0.0).sum() == (stood[0] > 0.0).sum()
    late = told | {"valid": ["2026-06-01T12:20:00Z", "2026-06-01T12:40:00Z"]}
    part = desk.apply(fields(), [late])["rain_correction"].values
    assert [bool(one.any()) for one in part] == [False, False, True, True, True, False, False]


def test_what_follows_from_members_and_rates_is_made_anew() -> None:
    data = fields(members=4)
    rain = data["members"]
    data["likely"] = rain.mean("member", keep_attrs=True)
    data["chance"] = forecast.exceedance(rain, 5.0)
    data["most"] = forecast.quantiles(rain, 0.9)
    made = desk.apply(data, [edit("r", "raise", {"by": 3.0}), edit("s", "set", {"to": 30.0}, layer="members")])
    fixed = made["members"]
    np.testing.assert_array_equal(made["chance"].values, forecast.exceedance(fixed, 5.0).values)
    np.testing.assert_array_equal(made["most"].values, forecast.quantiles(fixed, 0.9).values)
    assert np.nanmin(made["chance"].values) >= 0.0
    assert np.nanmax(made["chance"].values) <= 1.0
    assert made["chance"].attrs["corrected_by"] == "r s"
    for name in ("chance", "most"):
        off = made["members_correction"].values == 0.0
        assert np.array_equal(made[name].values[off], data[name].values[off], equal_nan=True)


def test_amounts_equal_the_sum_of_corrected_rates() -> None:
    data = fields()
    total = forecast.total(None, data["rain"], TIMES[0], TIMES[-1]).expand_dims("time")
    joined = data.assign(amount=total.reindex(time=TIMES))
    made = desk.apply(joined, [edit("x", "scale", {"by": 3.0}), edit("y", "erase", {})])
    expected = forecast.total(None, made["rain"], TIMES[0], TIMES[-1]).values
    np.testing.assert_allclose(made["amount"].values[-1], expected, rtol=1e-4, atol=1e-4)
    outside = made["rain_correction"].values[0] == 0.0
    assert np.array_equal(made["amount"].values[-1][outside], joined["amount"].values[-1][outside], equal_nan=True)


def test_probabilities_that_are_corrected_themselves_stay_within_bounds() -> None:
    data = fields(members=4)
    chance = forecast.exceedance(data["members"], 5.0).to_dataset(name="chance")
    for kind, values in (("raise", {"by": 0.9}), ("lower", {"by": 0.9}), ("scale", {"by": 50.0}), ("set", {"to": 7.0})):
        made = desk.apply(chance, [edit("p", kind, values, layer="chance")])["chance"].values
        assert np.nanmin(made) >= 0.0
        assert np.nanmax(made) <= 1.0
        assert not np.array_equal(made, chance["chance"].values, equal_nan=True)


def test_another_source_takes_the_place_of_a_field_or_is_blended_with_it() -> None:
    data = fields()
    wide = Grid(PLANE.projection, 30, 30, -70e3, -70e3, 5000.0, 5000.0)
    other = xr.DataArray(
        np.stack([np.full((30, 30), value, np.float32) for value in (2.0, 8.0)]),
        {"time": TIMES[[0, 6]]} | wide.coords(),
        ("time", "y", "x"),
        attrs={"units": "mm h-1", "grid_mapping": "crs"},
    )
    made = desk.apply(data, [edit("r", "replace", {"source": "model"})], sources={"model": other})
    inner = made["rain_correction"].values[0] == 1.0
    for k in range(7):
        np.testing.assert_allclose(made["rain"].values[k][inner], 2.0 + k, rtol=1e-6)
    half = desk.apply(data, [edit("b", "blend", {"source": "model", "weight": 0.5})], sources={"model": other})
    expected = 0.5 * data["rain"].values[3][inner] + 0.5 * 5.0
    np.testing.assert_allclose(half["rain"].values[3][inner], expected, rtol=1e-6)
    with pytest.raises(ArgumentError, match="source 'radar': one of model"):
        desk.apply(data, [edit("r", "replace", {"source": "radar"})], sources={"model": other})
    with pytest.raises(ArgumentError, match="'mm h-1' expected as unit"):
        desk.apply(data, [edit("r", "replace", {"source": "model"})], sources={"model": other.assign_attrs(units="mm")})


def test_the_motion_of_an_area_is_set_towards_true_north() -> None:
    far_east = Grid(PLANE.projection, 60, 50, 4e5, -49e3, 2000.0, 2000.0)  # where the grid's north is not true north
    flow = wind(10.0, 0.0).assign_coords(far_east.coords())
    lon, lat = (float(part[25, 30]) for part in far_east.lonlat())
    ring = [[lon - 0.1, lat - 0.1], [lon + 0.1, lat - 0.1], [lon + 0.1, lat + 0.1], [lon - 0.1, lat + 0.1]]
    area = {"type": "Polygon", "coordinates": [ring]}
    north = edit("n", "motion", {"eastward": 0.0, "northward": 12.0}, layer="motion", area=area)
    made = desk.apply(flow, [north], at=START)
    here = far_east.from_lonlat([lon, lon], [lat, lat + 0.01])
    along = np.array([here[0][1] - here[0][0], here[1][1] - here[1][0]])
    expected = 12.0 * along / np.hypot(*along)
    np.testing.assert_allclose([made["u"].values[25, 30], made["v"].values[25, 30]], expected, atol=0.02)
    assert made["u"].values[0, 0] == 10.0


def test_north_first_rows_one_cell_and_nothing_known_are_no_special_case() -> None:
    data, told = fields(), [edit("s", "set", {"to": 4.0}), edit("m", "move", {"east_km": 9.0, "north_km": 5.0})]
    turned = desk.apply(data.isel(y=slice(None, None, -1)), told)
    straight = desk.apply(data, told).isel(y=slice(None, None, -1))
    xr.testing.assert_equal(turned, straight)
    for small in (data.isel(y=[25], x=[30]), data.isel(y=[25]), xr.full_like(data, np.nan)):
        made = desk.apply(small, told)
        assert np.array_equal(np.isnan(made["rain"].values), np.isnan(small["rain"].values))
    assert not desk.apply(data, []).attrs["corrections"].strip("[]")
    assert "rain_correction" not in desk.apply(
        data, [edit(area={"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1]]]})]
    )


# ---- cells and warnings ----


def test_cells_and_warnings_are_corrected_as_features() -> None:
    cells = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-86.0, 35.0]},
                "properties": {"track": track, "longitude": -86.0, "latitude": 35.0},
            }
            for track in (1, 2, 3)
        ],
    }
    on_cells: dict[str, Any] = {"layer": "cells", "area": None, "feather_km": 0.0}
    told = [
        edit("a", "cell_move", {"track": 1, "east_km": 0.0, "north_km": 111.19}, **on_cells),
        edit("b", "cell_class", {"track": 2, "class": "supercell"}, **on_cells),
        edit("c", "cell_cancel", {"track": 3}, **on_cells),
        edit("d", "cell_draw", {"class": "squall line"}, layer="cells"),
        edit("e", "cell_cancel", {"track": 99}, **on_cells),
    ]
    made = desk.apply_features(cells, told, "2026-06-01T12:30")
    assert [one["properties"]["track"] for one in made["features"]] == [1, 2, -1]
    assert made["features"][0]["geometry"]["coordinates"] == pytest.approx([-86.0, 36.0], abs=1e-3)
    assert made["features"][1]["properties"]["class"] == "supercell"
    assert made["features"][2]["geometry"]["type"] == "Polygon"
    assert made["corrections"] == ["a", "b", "c", "d"]
    assert len(cells["features"]) == 3
    assert desk.apply_features(json.dumps(cells), told, "2026-06-02")["corrections"] == []
    warning = {
        "type": "Feature",
        "geometry": None,
        "properties": {"warning": 7, "status": "automatic guidance", "level": 1},
    }
    said = [
        edit("w", "warning_accept", {"warning": 7}, **on_cells),
        edit("x", "warning_edit", {"warning": 7, "level": 2}, **on_cells),
    ]
    (one,) = desk.apply_features({"features": [warning]}, said, START)["features"]
    assert one["properties"] == {
        "warning": 7,
        "status": "approved",
        "approved_by": "Lin",
        "level": 2,
        "corrected_by": "w x",
    }


# ---- value and suggestions ----


def test_each_correction_has_the_value_of_what_it_changed() -> None:
    data = fields().fillna(0.0)
    truth = desk.apply(data, [edit("t", "scale", {"by": 2.0})])["rain"]
    ring = [[-86.7, 34.5], [-86.6, 34.5], [-86.6, 34.6], [-86.7, 34.6]]
    elsewhere = {"type": "Polygon", "coordinates": [ring]}
    told = [
        edit("good", "scale", {"by": 2.0}),
        edit("bad", "raise", {"by": 20.0}, area=elsewhere),
        edit("off", valid=["2027-01-01T00:00Z"] * 2),
    ]
    table = desk.value(data["rain"], told, truth)
    gain = table[table["score"] == "rmse"].set_index("edit")["gain"]
    assert set(gain.index) == {"all", "good", "bad"}
    assert gain["good"] > 0.0 > gain["bad"]
    alone = desk.value(data["rain"], told[:1], truth)
    row = alone[(alone["edit"] == "good") & (alone["score"] == "rmse")].iloc[0]
    assert row["with_it"] == 0.0
    expected = float(np.sqrt(np.mean((data["rain"] - truth).values.astype(np.float64) ** 2)))
    assert row["without"] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ArgumentError, match="observed: a time"):
        desk.value(data["rain"], told, truth.assign_coords(time=TIMES + np.timedelta64(1, "D")))


def test_gauges_suggest_a_factor_where_they_differ_together_and_nowhere_else() -> None:
    rng = np.random.default_rng(8)
    field = (
        fields()["rain"].isel(time=0, drop=True).copy(data=np.full((50, 60), 4.0, np.float32)).assign_attrs(units="mm")
    )
    lon, lat = PLANE.to_lonlat(rng.uniform(-55e3, 55e3, 60), rng.uniform(-45e3, 45e3, 60))
    noise = np.exp(0.2 * rng.standard_normal(60))
    assert desk.suggest(field, lon, lat, 4.0 * noise, at=START, radius_km=20.0) == []
    wrong = lon < -86.35
    (one,) = desk.suggest(field, lon, lat, np.where(wrong, 8.0, 4.0) * noise, at=START, radius_km=20.0)
    assert one.suggested
    assert one.kind == "scale"
    assert one.values.by == pytest.approx(2.0, rel=0.25)
    assert "stations within 20 km" in one.reason
    assert desk.check(one.plain) == one
    weight = desk.weights(one, PLANE, [START]).values[0]
    assert (weight * PLANE.lonlat()[0]).sum() / weight.sum() < -86.3
    (cold,) = desk.suggest(
        field.assign_attrs(units="degC"),
        lon,
        lat,
        4.0 - np.where(wrong, 3.0, 0.0) + 0.3 * noise,
        at=START,
        layer="t",
        radius_km=20.0,
    )[:1]
    assert cold.kind == "lower"
    assert desk.suggest(field, [], [], [], at=START) == []
    assert desk.suggest(field, lon, lat, np.full(60, np.nan), at=START) == []
    with pytest.raises(ArgumentError, match="one length"):
        desk.suggest(field, lon, lat, [1.0], at=START)


def test_the_chance_of_a_mean_is_students() -> None:
    # Tables of Student's t: 5 % beyond 2.776 for 4 degrees of freedom, 1 % beyond 3.250 for 9.
    for t, freedom, p in ((2.776445, 4, 0.05), (3.249836, 9, 0.01)):
        n = freedom + 1
        off = np.linspace(-1.0, 1.0, n)
        off += t * np.std(off, ddof=1) / math.sqrt(n)
        assert _suggest.chance(off) == pytest.approx(p, rel=1e-3)
    assert _suggest.chance(np.zeros(5)) == 1.0


# ---- the program ----


def test_the_program_keeps_a_log_and_corrects_a_file(tmp_path: Path) -> None:
    run = CliRunner()
    log, one, raw, out = (str(tmp_path / name) for name in ("log.jsonl", "edit.json", "raw.nc", "out.nc"))
    Path(one).write_text(json.dumps([edit("a"), edit("b", "erase", {})]))
    _netcdf.write(fields(), raw)
    shown = run.invoke(main, ["desk", "log", log, "--add", one, "--undo", "b", "--author", "Wu", "--reason", "real"])
    assert shown.exit_code == 0, shown.output
    assert "undo b; Wu: real" in shown.output.replace("  ", " ")
    told = run.invoke(main, ["desk", "apply", raw, "--log", log, "-o", out, "--json"])
    assert told.exit_code == 0, told.output
    assert [one["id"] for one in json.loads(told.output)["corrections"]] == ["a"]
    made = _netcdf.read(out)
    np.testing.assert_array_equal(made["rain"].values, desk.apply(fields(), [edit("a")])["rain"].values)
    assert run.invoke(main, ["desk", "log", log, "--undo", "a"]).exit_code == 2
    Path(one).write_text("{")
    assert run.invoke(main, ["desk", "log", log, "--add", one]).exit_code == 1
