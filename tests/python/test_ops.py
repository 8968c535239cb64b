"""The operational cycle: composites and radars in, folders that are whole out, whatever happens on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from test_mosaic import made_volume

import nowcast
from nowcast import forecast, io, ops, radar, sim
from nowcast.cli import main
from nowcast.errors import ArgumentError, FileError
from nowcast.ops import _publish, _stage_storms
from nowcast.ops._names import Pattern

START = np.datetime64("2026-06-01T06:00", "ns")
STEP = np.timedelta64(5, "m")
REGION = """
[grid]
longitude = 114.1
latitude = 22.5
width_km = 96
height_km = 96
spacing_km = 2
"""


@pytest.fixture(scope="module", autouse=True)
def one_child() -> Iterator[None]:
    """Cycles share the process that reads their files."""
    with io.isolated():
        yield


@pytest.fixture(scope="module")
def truth() -> xr.DataArray:
    return sim.storms(minutes=100, step=5, n=48, dx=2000.0, cells=12)["rain"]


@pytest.fixture
def config(truth: xr.DataArray, tmp_path: Path) -> Path:
    """A folder of composites, and the configuration of cycles over it."""
    (tmp_path / "composite").mkdir()
    for index in range(truth.sizes["time"]):
        arrive(truth, index, tmp_path)
    mapping = truth["crs"].attrs["proj_string"]
    path = tmp_path / "cycle.toml"
    text = f"""
name = "bay"
output = "out"
stages = ["cells", "forecast", "hours", "verify"]
[composite]
files = "composite/%Y%m%d%H%M.h5"
[forecast]
method = "extrapolation"
members = 3
minutes = 60
step_minutes = 10
[verify]
leads_minutes = [10]
{REGION}projection = "{mapping}"
"""
    path.write_text(text)
    return path


def arrive(truth: xr.DataArray, index: int, folder: Path) -> Path:
    frame = truth.isel(time=[index])
    path = folder / "composite" / f"{frame['time'].values[0].astype('datetime64[m]').item():%Y%m%d%H%M}.h5"
    io.write(frame, path)
    return path


def at(index: int) -> np.datetime64:
    return START + index * STEP


def steps(config: Path) -> None:
    """Make it a configuration of ensembles."""
    config.write_text(config.read_text().replace('method = "extrapolation"', 'method = "steps"'))


def same_data(one: Path, other: Path) -> None:
    """All products of two cycles hold the same."""
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    for name in names:
        if name.endswith(".nc"):
            with xr.open_dataset(one / name) as a, xr.open_dataset(other / name) as b:
                xr.testing.assert_equal(a, b)
        elif name not in (_publish.MANIFEST, "state/state.json"):  # these tell how long it took
            assert (one / name).read_bytes() == (other / name).read_bytes(), name


# ---- names with times ----


def test_names_tell_times(tmp_path: Path) -> None:
    pattern = Pattern(f"{tmp_path}/%Y/%m%d/R_%Y%m%d_%H%M%S_?.nc*")
    for day, name in (
        ("0601", "R_20260601_055500_a.nc"),
        ("0601", "R_20260601_060000_b.nc.gz"),
        ("0531", "R_20260531_235900_a.nc"),
    ):
        (tmp_path / "2026" / day).mkdir(parents=True, exist_ok=True)
        (tmp_path / "2026" / day / name).touch()
    (tmp_path / "2026" / "0601" / "R_20260531_055500_a.nc").touch()  # the day of its folder is another
    (tmp_path / "2026" / "0601" / "R_20260601_255500_a.nc").touch()
    found = pattern.find(np.datetime64("2026-05-31T23:59"), START)
    assert [path.name for _, path in found] == [
        "R_20260601_060000_b.nc.gz",
        "R_20260601_055500_a.nc",
        "R_20260531_235900_a.nc",
    ]
    assert found[0][0] == START
    assert pattern.find(START + STEP, START + 2 * STEP) == []
    leap = Pattern("%Y%m%d%H%M%S")
    assert leap.time_of("20161231235960") == np.datetime64("2016-12-31T23:59:59")
    assert leap.time_of("20260230000000") is None


@pytest.mark.parametrize("text", ["radar/*.nc", "%H%M.nc", "%Y%m%d%Q.nc"])
def test_names_without_a_day_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Pattern(text)


# ---- configuration ----


def test_a_configuration_to_begin_with_is_good(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    result = CliRunner().invoke(main, ["config", "new", str(path), "--name", "bay", "--longitude", "114.1"])
    assert result.exit_code == 0, result.output
    made = ops.Config.load(path)
    assert (made.name, made.grid.longitude) == ("bay", 114.1)
    assert made.radars["FIRST"].files.startswith(str(tmp_path))
    # What it spells out is what is taken when it is left out.
    bare = {
        "name": "bay",
        "output": made.output,
        "grid": {"longitude": 0, "latitude": 0, "width_km": 1, "height_km": 1},
    }
    plain = ops.Config(**bare, radars=made.radars)
    for table in ("mosaic", "rain", "forecast", "cells", "warn", "hours", "wind", "verify", "budget"):
        assert getattr(made, table) == getattr(plain, table), table
    again = CliRunner().invoke(main, ["config", "new", str(path)])
    assert again.exit_code == 1
    assert "exists" in again.output


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("members = 3", "member = 3", ": line 9: forecast.member: no such entry"),
        ("members = 3", 'members = "few"', ": line 9: forecast.members: "),
        ("minutes = 60", "minutes = -1", ": line 10: forecast.minutes: "),
        ("%Y%m%d%H%M.h5", "latest.h5", ": line 6: composite.files: the time of a file"),
        ("width_km = 96", "", ": line 15: grid.width_km: Field required"),
        ('output = "out"', "", ": output: Field required"),
        ("[composite]", "[composites]", ": line 5: composites: no such entry"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(config: Path, before: str, after: str, told: str) -> None:
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    with pytest.raises(ArgumentError) as caught:
        ops.run(config, START)
    assert f"{config}{told}" in str(caught.value)
    assert not (config.parent / "out").exists()


# ---- cycles ----


def test_cycles_publish_forecasts_that_hold(config: Path, truth: xr.DataArray) -> None:
    outcomes = [ops.run(config, at(index)) for index in range(13, 17)]
    first, last = outcomes[0], outcomes[-1]
    assert "motion: one frame: zero motion" in first.degraded
    assert last.degraded == ["hours: the observed hour is not known whole"]
    assert (config.parent / "out" / "latest").resolve() == last.folder
    ahead = io.open(last.folder / "forecast.nc", quantity="RATE")
    assert ahead.sizes["time"] == 6
    with xr.open_dataset(last.folder / "scores.nc") as scores:
        now = truth.isel(time=16)
        forecast_for = io.open(outcomes[1].folder / "forecast.nc", quantity="RATE").isel(time=0)
        known = np.isfinite(now.values) & np.isfinite(forecast_for.values)
        # Two forecasts of ten minutes fell due: those of the first two cycles, at the last two.
        assert int(scores["n"].squeeze()) > int(known.sum())
        assert 0.0 < float(scores["mae"].squeeze()) < 1.0
    manifest = json.loads((last.folder / "manifest.json").read_text())
    assert manifest["state"] == outcomes[-2].folder.name
    assert manifest["inputs"][0]["path"].endswith("202606010720.h5")
    for name, told in manifest["products"].items():
        assert (last.folder / name).stat().st_size == told["bytes"], name


def test_a_forecast_is_that_of_its_method(config: Path, truth: xr.DataArray) -> None:
    last = [ops.run(config, at(index)) for index in (12, 13)][-1]
    made = io.open(last.folder / "forecast.nc", quantity="RATE")
    frames = truth.isel(time=slice(12, 14))
    with xr.open_dataset(last.folder / "motion.nc") as flow:
        alone = forecast.extrapolate(frames.isel(time=-1), flow.load(), leads=[10, 20, 30, 40, 50, 60])
    np.testing.assert_allclose(made.values, alone.values, atol=0.01)


def test_hours_add_up(config: Path, truth: xr.DataArray) -> None:
    for index in range(0, 13, 4):
        last = ops.run(config, at(index))
    assert last.degraded == []
    with xr.open_dataset(last.folder / "hours.nc", decode_timedelta=True) as hours:
        assert hours.sizes["time"] == 2
        observed = hours["precipitation_amount"].isel(time=0).values
        every = truth.isel(time=slice(0, 13)).values
        by_trapezoids = 0.5 * (every[1:] + every[:-1]).mean(0)
        # Of every twenty minutes, followed along the motion: cells differ, the sum hardly does.
        assert np.nansum(observed) == pytest.approx(np.nansum(by_trapezoids), rel=0.05)
        share = hours["probability_1"].isel(time=0).values
        assert np.array_equal(share[np.isfinite(share)], observed[np.isfinite(share)] >= 1.0)


def test_the_same_cycle_is_not_run_twice(config: Path) -> None:
    first = ops.run(config, at(3))
    before = (first.folder / "manifest.json").stat().st_mtime_ns
    second = ops.run(config, at(3))
    assert not second.fresh
    assert (first.folder / "manifest.json").stat().st_mtime_ns == before


RULES = """
schema = 1
levels = ["low", "high"]
[[rules]]
hazard = "rain"
level = "low"
quantity = "rain_rate"
units = "mm h-1"
threshold = 3
to_minutes = 30
least_area_km2 = 30
[[rules]]
hazard = "hail"
level = "high"
quantity = "hail_size"
units = "mm"
threshold = 20
"""


def warn_by(config: Path, rules: str) -> None:
    """Make it a configuration of warnings."""
    (config.parent / "rules.toml").write_text(rules)
    text = config.read_text().replace('"forecast", "hours"', '"forecast", "warn", "hours"')
    config.write_text(text + '\n[warn]\nrules = "rules.toml"\nsender = "test@example.org"\n')


def test_a_cycle_without_warnings_is_whole(config: Path) -> None:
    warn_by(config, RULES.replace("threshold = 3", "threshold = 500"))
    made = ops.run(config, at(6))
    assert not [line for line in made.degraded if line.startswith("warn: ")]
    assert (made.folder / "warnings" / "journal.jsonl").read_text() == ""


def test_hazards_are_those_of_a_model_that_is_given(config: Path) -> None:
    (config.parent / "own.txt").write_text("nowcast cell hazards 1\nmodel own\nhazard hail\nsum 0\nleast 0\n")
    config.write_text(config.read_text() + '[cells]\nhazards = "own.txt"\nthreshold = 1\nleast_peak = 2\n')
    made = ops.run(config, at(6))
    storms = json.loads((made.folder / "storms.geojson").read_text())["features"]
    assert storms
    assert {one["properties"]["hail"] for one in storms} == {0.5}
    assert {one["properties"]["rain_20"] for one in storms} == {None}
    (config.parent / "own.txt").write_text("nowcast cell hazards 1\nmodel own\nhazard snow\n")
    assert any(f"{config.parent / 'own.txt'}: model: line 3: " in line for line in ops.run(config, at(7)).degraded)
    (config.parent / "own.txt").unlink()
    assert f"cells: {config.parent / 'own.txt'}: No such file or directory" in ops.run(config, at(8)).degraded


def test_warnings_live_from_cycle_to_cycle(config: Path) -> None:
    warn_by(config, RULES)
    journal: list[dict[str, Any]] = []
    for index in range(6, 12):
        made = ops.run(config, at(index))
        assert not [line for line in made.degraded if line.startswith("warn: ")]
        folder = made.folder / "warnings"
        lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        # A message for each event that has one, and marked as what nobody approved.
        messages = sorted(path.name for path in folder.glob("*.xml"))
        assert len(messages) == sum(line["event"] != "expire" for line in lines)
        assert all("<status>Draft</status>" in (folder / name).read_text() for name in messages)
        journal += lines
    assert [line["event"] for line in journal].count("issue") >= 1
    issued = [line["warning"] for line in journal if line["event"] == "issue"]
    assert len(set(issued)) == len(issued)
    assert {line["warning"] for line in journal} == set(issued)
    shapes = json.loads((folder / "warnings.geojson").read_text())["features"]
    assert {shape["geometry"]["type"] for shape in shapes} <= {"Polygon", "MultiPolygon"}


def test_rules_see_rain_at_times_that_lie_apart() -> None:
    times = START + np.array([0, 5, 10, 21, 30, 35]) * np.timedelta64(1, "m")
    data = xr.DataArray(np.arange(6), {"time": times}, ("time",))
    quarter = np.timedelta64(15, "m")
    assert _stage_storms._thinned(data, START, quarter).values.tolist() == [3]
    assert _stage_storms._thinned(data, START - quarter, quarter).values.tolist() == [0, 3]
    assert _stage_storms._thinned(data, times[-1] + quarter, -quarter).values.tolist() == [2, 5]


def test_a_replay_has_the_same_bits(config: Path, truth: xr.DataArray, tmp_path: Path) -> None:
    late = config.parent / "composite" / "202606010705.h5"
    kept = late.read_bytes()
    late.unlink()  # arrives after its cycle has run
    steps(config)
    live = [ops.run(config, at(index)) for index in range(11, 16)]
    late.write_bytes(kept)
    again = list(ops.replay(config, at(12), at(15), tmp_path / "again"))
    for one, other in zip(live[1:], again, strict=True):
        same_data(one.folder, other.folder)
        assert one.manifest["inputs"] == other.manifest["inputs"]
    # What falls due in a replay that begins later was forecast before it began.
    for one, other in zip(live[3:], ops.replay(config, at(14), at(15), tmp_path / "later"), strict=True):
        assert (one.folder / "scores.nc").exists()
        same_data(one.folder, other.folder)
    free = list(
        ops.replay(
            ops.Config.load(config).model_copy(update={"output": tmp_path / "none"}), at(12), at(13), tmp_path / "free"
        )
    )
    assert "analysis" not in " ".join(free[1].degraded)


def test_a_replay_drops_what_was_dropped(config: Path, tmp_path: Path) -> None:
    steps(config)
    config.write_text(config.read_text() + "[budget]\nseconds = 0.001\n")
    live = [ops.run(config, at(index)) for index in (10, 11, 12)]
    assert live[-1].manifest["members"] == 1
    assert live[-1].manifest["dropped"] == ["verify"]
    config.write_text(config.read_text().replace("seconds = 0.001", "seconds = 1000"))
    again = list(ops.replay(config, at(10), at(12), tmp_path / "again"))
    assert again[-1].manifest["members"] == 1
    same_data(live[-1].folder, again[-1].folder)


# ---- hard input ----


def test_an_hour_without_data(config: Path) -> None:
    ops.run(config, at(5))
    shutil.move(config.parent / "composite", config.parent / "elsewhere")
    without = ops.run(config, at(6))
    assert "composite: nothing that can be used within 15 min" in " ".join(without.degraded)
    assert (without.folder / "forecast.nc").exists()  # of what was seen five minutes ago
    much_later = ops.run(config, at(40))
    assert not (much_later.folder / "forecast.nc").exists()
    shutil.move(config.parent / "elsewhere", config.parent / "composite")
    after = ops.run(config, at(7))
    assert (after.folder / "rain.nc").exists()
    assert after.degraded == ["hours: the observed hour is not known whole"]


def test_garbage_is_left_out_and_named(config: Path) -> None:
    for index in (5, 6):
        ops.run(config, at(index))
    bad = config.parent / "composite" / "202606010635.h5"
    bad.write_bytes(bad.read_bytes()[:700])
    made = ops.run(config, at(7))
    problem = [one["problem"] for one in made.manifest["inputs"] if one["problem"]]
    assert len(problem) == 1
    assert str(bad) in problem[0]
    assert "analysis: nothing new since the last cycle" in made.degraded
    assert (made.folder / "forecast.nc").exists()


def test_a_state_that_cannot_be_read_begins_anew(config: Path) -> None:
    first = ops.run(config, at(5))
    for name in ("frames.nc", "tracks.bin", "state.json"):
        path = first.folder / "state" / name
        path.write_bytes(path.read_bytes()[:20])
        made = ops.run(config, at(6))
        assert [line for line in made.degraded if line.startswith("state: ")], name
        assert (made.folder / "forecast.nc").exists()
        shutil.rmtree(made.folder)


def test_two_cycles_at_once(config: Path) -> None:
    out = config.parent / "out"
    with _publish.Output(out):
        result = CliRunner().invoke(main, ["run", str(config), "--time", "2026-06-01T06:30"])
    assert result.exit_code == 4, result.output
    assert _publish.published(out) == []
    assert CliRunner().invoke(main, ["run", str(config), "--time", "2026-06-01T06:30"]).exit_code == 3


def test_old_cycles_go(config: Path) -> None:
    config.write_text(config.read_text().replace('output = "out"', 'output = "out"\nkeep_hours = 0.26'))
    for index in range(6):
        ops.run(config, at(index))
    names = sorted(path.name for path in (config.parent / "out").iterdir() if _publish.time_of(path.name) is not None)
    assert names == [_publish.name_of(at(index)) for index in range(2, 6)]


def test_a_clock_that_jumps_back(config: Path) -> None:
    ops.run(config, at(8))
    earlier = ops.run(config, at(6))
    assert earlier.manifest["state"] is None
    assert (config.parent / "out" / "latest").resolve().name == _publish.name_of(at(8))


def test_output_that_cannot_be_written(config: Path) -> None:
    (config.parent / "out").write_text("a file where the folder should be")
    with pytest.raises(FileError, match="out"):
        ops.run(config, at(5))


def test_a_killed_cycle_leaves_nothing_half(config: Path) -> None:
    ops.run(config, at(9))
    out = config.parent / "out"
    code = f"from nowcast import ops; ops.run({str(config)!r}, '2026-06-01T06:50')"
    for wait in (0.0, 0.15, 0.4):
        child = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONWARNINGS": "error"})
        while not list(out.glob(".partial-*")) and child.poll() is None:
            time.sleep(0.005)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        for _, folder in _publish.published(out):
            told = _publish.read_manifest(folder)["products"]
            assert all((folder / name).stat().st_size == one["bytes"] for name, one in told.items())
    made = ops.run(config, at(10))
    assert made.manifest["state"] == _publish.name_of(at(9))
    assert list(out.glob(".partial-*")) == []


def test_status(config: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["status", str(config)]).exit_code == 3
    ops.run(config, at(9))
    ops.run(config, at(10))
    result = runner.invoke(main, ["status", str(config), "--json"])
    told = json.loads(result.output)
    assert told["time"] == "2026-06-01T06:50:00Z"
    assert told["cycles"] == 2
    assert "2026-06-01T06:50:00Z" in runner.invoke(main, ["status", str(config)]).output
    lines = [json.loads(line) for line in (config.parent / "out" / "log" / "20260601.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines[-7:]] == [
        "analysis",
        "motion",
        "cells",
        "forecast",
        "hours",
        "verify",
        "cycle",
    ]
    assert 'nowcast_cycle_time_seconds{region="bay"} 1780296600' in (config.parent / "out" / "nowcast.prom").read_text()


# ---- radars ----


def with_nyquist(volume: xr.DataTree) -> xr.DataTree:
    def told(sweep: xr.Dataset) -> xr.Dataset:
        return sweep.assign(nyquist_velocity=sweep["elevation"] * 0.0 + 20.0) if "elevation" in sweep else sweep

    return radar.remake(volume.map_over_datasets(told))


def test_cycles_of_two_radars_one_of_which_falls_silent(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for k in range(3):
        for name, longitude, begin in (("AAAA", 114.1, 0.0), ("BBBB", 114.7, 30.0)):
            if (name, k) == ("BBBB", 2):
                continue
            volume = with_nyquist(made_volume(22.5, longitude, name=name, begin=300.0 * k + begin))
            radar.write(volume, tmp_path / "in" / f"{name}_{k}.nc")
            ends = max(volume[group]["time"].values.max() for group in volume.children)
            when = ends.astype("datetime64[s]").item()
            (tmp_path / "in" / f"{name}_{k}.nc").rename(tmp_path / "in" / f"{name}_{when:%Y%m%d_%H%M%S}.nc")
    text = f"""
name = "two"
output = "out"
stages = ["cells", "forecast", "wind", "verify"]
[radars.AAAA]
files = "in/AAAA_%Y%m%d_%H%M%S.nc"
[radars.BBBB]
files = "in/BBBB_%Y%m%d_%H%M%S.nc"
max_age_minutes = 4
[forecast]
method = "extrapolation"
minutes = 20
[wind]
spacing_km = 6
levels_km = 1
top_km = 6
{REGION}levels_km = 1
top_km = 6
"""
    (tmp_path / "cycle.toml").write_text(text)
    ends = sorted(path.name[5:20] for path in (tmp_path / "in").glob("AAAA*"))
    times = [
        np.datetime64(f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[9:11]}:{t[11:13]}:{t[13:15]}", "ns") + np.timedelta64(60, "s")
        for t in ends
    ]
    made = [ops.run(tmp_path / "cycle.toml", when) for when in times]
    analyses = [xr.open_dataset(one.folder / "analysis.nc") for one in made]
    assert [one.attrs["radars"] for one in analyses] == ["AAAA BBBB", "AAAA BBBB", "AAAA"]
    assert "radars.BBBB: nothing that can be used within 4 min" in " ".join(made[2].degraded)
    for one in analyses:
        one.close()
    # The cycle's wind is that of the volumes alone.
    files = [one["path"] for one in made[1].manifest["inputs"] if ends[1] in one["path"] or "BBBB" in one["path"]]
    volumes = {path: radar.quality(nowcast.open(path)) for path in files}
    newest = [max((p for p in volumes if name in p), default="") for name in ("AAAA", "BBBB")]
    place = ops.Config.load(tmp_path / "cycle.toml").grid.model_copy(update={"spacing_km": 6.0}).deep(1.0, 6.0)
    alone = nowcast.wind.retrieve([volumes[path] for path in newest], place, times[1])
    with xr.open_dataset(made[1].folder / "wind.nc") as wind:
        np.testing.assert_array_equal(wind["u"].values, alone["u"].values)
    assert (made[2].folder / "forecast.nc").exists()
