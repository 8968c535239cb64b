"""Many cases: what is done once, what two workers make, and what is left when one is killed."""

import importlib.util
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import archive, forecast, io, motion, ops, sim, verify
from nowcast.archive import _case, _run
from nowcast.cli import main
from nowcast.errors import ArgumentError, NoDataError, UnsupportedError

DASK = importlib.util.find_spec("distributed") is not None
SMALL = """
name = "small"
note = "Made."
[forecast]
methods = ["persistence", "extrapolation"]
leads_minutes = [10, 20]
starts = 2
keep = "netcdf"
[report]
draws = 20
[cases.made]
synthetic = { count = COUNT, n = 24, spacing_km = 4, minutes = 40, cells = 8 }
"""


@pytest.fixture(scope="module", autouse=True)
def one_child() -> Iterator[None]:
    """Cases of this process share the process that reads their files."""
    with io.isolated():
        yield


def written(folder: Path, text: str = SMALL, count: int = 2) -> Path:
    path = folder / "manifest.toml"
    path.write_text(text.replace("COUNT", str(count)))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of results, by its name; the log has times in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (_run.LOG, ".lock")
    }


def test_scores_of_a_case_are_those_of_the_same_forecast_made_by_hand(tmp_path: Path) -> None:
    result = archive.run(written(tmp_path, count=1), tmp_path / "out", workers=0)
    assert result.counts == {"done": 1}
    assert not result.degraded
    rain = sim.storms(seed=1, n=24, dx=4000.0, minutes=40, cells=8)["rain"]
    sums = []
    for start in (2, 4):
        past = rain[start - 2 : start + 1]
        ahead = forecast.extrapolate(past, motion.estimate(past), leads=[10.0, 20.0])
        sums.append(verify.score(ahead, rain, (1.0, 5.0), (5,)))
    expected = verify.pool(xr.concat(sums, "case"))
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    mine = table[(table["method"] == "extrapolation") & (table["score"] == "mae")].sort_values("lead_time_min")
    np.testing.assert_allclose(mine["value"], expected["mae"], rtol=1e-8)
    pooled = pd.read_csv(tmp_path / "out" / "pooled.csv")
    assert pooled["low"].isna().all()  # one case says nothing of how cases differ
    folder = result.outcomes[0].folder
    assert folder is not None
    kept = nowcast.open(folder / "extrapolation-20260601T062000.nc")
    np.testing.assert_array_equal(kept.values, ahead.values)


def test_what_is_done_is_not_done_again_and_what_changed_is(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    archive.run(path, out, workers=0)
    before = tree(out)
    assert archive.run(path, out, workers=0).counts == {"before": 2}
    assert tree(out) == before
    assert archive.run(path, out, workers=0, again=True).counts == {"done": 2}
    assert tree(out) == before
    path.write_text(path.read_text().replace("[10, 20]", "[10]"))
    assert archive.run(path, out, workers=0).counts == {"done": 2}
    assert len(list((out / "small" / "cases").iterdir())) == 2  # those of the old settings are gone


def test_a_file_that_changed_is_a_case_anew_and_one_that_moved_is_not(tmp_path: Path) -> None:
    rain = sim.storms(n=24, dx=4000.0, minutes=40, cells=8)["rain"]
    folder = tmp_path / "observed"
    folder.mkdir()
    for frame in rain:
        io.write(frame, folder / f"{frame['time'].values.astype('datetime64[s]').item():%Y%m%d%H%M}.h5")
    text = SMALL[: SMALL.index("[cases")] + '[cases.seen]\nfiles = "observed/%Y%m%d%H%M.h5"\n'
    text += "times = [[2026-06-01T06:00:00, 2026-06-01T06:35:00]]\n"
    path, out = written(tmp_path, text), tmp_path / "out"
    assert archive.run(path, out, workers=0).counts == {"done": 1}
    shutil.move(folder, tmp_path / "moved")
    path.write_text(text.replace("observed/", "moved/"))
    assert archive.run(path, out, workers=0).counts == {"before": 1}
    io.write(rain[2] * 2.0, tmp_path / "moved" / "202606010610.h5")
    assert archive.run(path, out, workers=0).counts == {"done": 1}
    (tmp_path / "moved" / "202606010615.h5").write_bytes(b"nothing")
    result = archive.run(path, out, workers=0)
    assert result.counts == {"failed": 1}
    assert "202606010615.h5" in result.degraded[0]


def test_days_are_pooled_as_their_forecasts_would_be_together(tmp_path: Path) -> None:
    text = SMALL.replace("draws = 20", 'draws = 20\nby = "day"')
    text += "[cases.same]\nsynthetic = { seed = 5, n = 24, spacing_km = 4, minutes = 40, cells = 8 }\n"
    archive.run(written(tmp_path, text), tmp_path / "out", workers=0)
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert sorted(table["case"].unique()) == ["2026-06-01", "2026-06-02"]
    paths = sorted((tmp_path / "out" / "small" / "cases").glob("*/scores-extrapolation.nc"))
    files = {path.parent.name.split(".")[0]: verify.from_netcdf(path) for path in paths}
    first = verify.pool(xr.concat([files["made-1"], files["same"]], "case"))
    mine = table[(table["method"] == "extrapolation") & (table["score"] == "rmse") & (table["case"] == "2026-06-01")]
    np.testing.assert_allclose(mine.sort_values("lead_time_min")["value"], first["rmse"], rtol=1e-8)
    pooled = pd.read_csv(tmp_path / "out" / "pooled.csv")
    row = pooled[(pooled["score"] == "mae") & (pooled["method"] == "persistence")]
    assert ((row["low"] <= row["value"]) & (row["value"] <= row["high"])).all()


@pytest.mark.skipif(not DASK, reason="distributed is not installed")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_worker_killed_midway_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, count=6)
    archive.run(path, tmp_path / "serial", workers=0)
    alone = tree(tmp_path / "serial")
    killed = []

    def kill(outcome: archive.Outcome, number: int, of: int) -> None:
        if not killed and outcome.worker != os.getpid():
            killed.append(outcome.worker)
            os.kill(outcome.worker, signal.SIGKILL)

    result = archive.run(path, tmp_path / "spread", workers=2, progress=kill)
    assert killed
    assert not result.degraded  # one that was done when its worker died may be told as done before
    assert tree(tmp_path / "spread") == alone
    lines = [json.loads(line) for line in (tmp_path / "spread" / _run.LOG).read_text().splitlines()]
    assert len({line["worker"] for line in lines}) > 1


def test_what_a_killed_worker_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "out" / "small" / "cases" / f"{_case._PARTIAL}made-1.1234"
    left.mkdir(parents=True)
    (left / "scores-persistence.nc").write_bytes(b"half")
    archive.run(written(tmp_path, count=1), tmp_path / "out", workers=0)
    assert [path.name.split(".")[0] for path in left.parent.iterdir()] == ["made"]


def test_cases_that_cannot_be_done_are_told_and_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    text = SMALL + '[cases.absent]\nfiles = "$NOWHERE/*.h5"\n[cases.none]\nfiles = "none/*.h5"\n'
    text += "[cases.short]\nsynthetic = { n = 24, minutes = 20 }\n"
    path = written(tmp_path, text, 1)
    result = CliRunner().invoke(main, ["archive", str(path), "-o", str(tmp_path / "out"), "--workers", "0", "--json"])
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["counts"] == {"done": 1, "skipped": 1, "failed": 2}
    report = (tmp_path / "out" / "report.md").read_text()
    assert "- absent: skipped: NOWHERE is not set" in report
    assert "- none: failed: paths: nothing matches" in report
    assert "- short: failed:" in report
    assert "1 of 4 cases, 2 forecasts." in report


def test_another_run_at_work_in_the_folder_is_told(tmp_path: Path) -> None:
    lock = ops._publish.hold(tmp_path / "out", "run")
    path = str(written(tmp_path, count=1))
    result = CliRunner().invoke(main, ["archive", path, "-o", str(tmp_path / "out"), "--workers", "0"])
    os.close(lock)
    assert result.exit_code == 4
    assert "another run is at work here" in result.output


def test_cycles_over_a_case_are_those_of_a_replay(tmp_path: Path) -> None:
    rain = sim.storms(seed=1, n=24, dx=4000.0, minutes=30, cells=8)["rain"]
    (tmp_path / "cycle.toml").write_text(
        f"""
        name = "bay"
        output = "live"
        stages = ["forecast", "verify"]
        [composite]
        files = "seen/%Y%m%d%H%M%S.h5"
        [forecast]
        method = "extrapolation"
        minutes = 20
        step_minutes = 10
        [verify]
        leads_minutes = [10]
        [grid]
        longitude = 114.1
        latitude = 22.5
        width_km = 96
        height_km = 96
        spacing_km = 4
        projection = "{rain["crs"].attrs["proj_string"]}"
        """
    )
    text = 'name = "cycles"\ncycle = "cycle.toml"\n[cases.made]\n'
    text += "synthetic = { n = 24, spacing_km = 4, minutes = 30, cells = 8 }\n"
    result = archive.run(written(tmp_path, text), tmp_path / "out", workers=0)
    assert result.counts == {"done": 1}, result.degraded
    folder = result.outcomes[0].folder
    assert folder is not None
    (tmp_path / "seen").mkdir()
    for frame in rain:
        io.write(frame, tmp_path / "seen" / f"{frame['time'].values.astype('datetime64[s]').item():%Y%m%d%H%M%S}.h5")
    span = rain["time"].values[0], rain["time"].values[-1]
    last = list(ops.replay(tmp_path / "cycle.toml", *span, into=tmp_path / "again"))[-1]
    expected = verify.from_netcdf(last.folder / "scores.nc")
    found = verify.from_netcdf(folder / "scores-cycle.nc")
    np.testing.assert_array_equal(found["sums"][0], expected["sums"])
    assert (folder / "cycles" / last.folder.name / "forecast.nc").read_bytes() == (
        last.folder / "forecast.nc"
    ).read_bytes()
    assert "`cycle` | 10 |" in (tmp_path / "out" / "report.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("starts = 2", "stars = 2", 7, "forecast.stars: no such entry"),
        ('"extrapolation"]', '"astrology"]', 5, "forecast.methods: some of"),
        ("[10, 20]", "[20, 10]", 6, "forecast.leads_minutes: increasing leads expected"),
        ("synthetic =", 'files = "a"\nsynthetic =', 11, "cases.made: one source expected, files and synthetic given"),
        ("[cases.made]", '[cases."../made"]', 11, "cases"),
        ("draws = 20", "draws = 20\n[cases.day]\nfiles = 'a'\ntimes = [['2026-06-02', '2026-06-01']]", 13, "the end"),
        ("draws = 20", "draws = 20\n[cases.day]\nfetch = {source = 'moon'}", 12, "one of nexrad"),
        ("draws = 20", "draws = 20\n[cases.day]\nfetch = {source = 'mrms'}", 11, "times expected"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_told_by_line(
    tmp_path: Path, old: str, new: str, line: int, text: str
) -> None:
    path = written(tmp_path, SMALL.replace(old, new))
    with pytest.raises(ArgumentError) as error:
        archive.Manifest.load(path)
    assert text in str(error.value)
    assert f"{path}: line {line}: " in str(error.value)


def test_manifests_and_cases_have_names_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL + "[cases.made-1]\nsynthetic = {}\n")
    with pytest.raises(ArgumentError, match="several are made-1"):
        archive.run(path, tmp_path / "out", workers=0)
    with pytest.raises(ArgumentError, match="different names expected, small, small given"):
        archive.run([path, path], tmp_path / "out", workers=0)


def test_starts_lie_evenly_between_enough_frames_and_the_longest_lead() -> None:
    times = np.datetime64("2026-06-01T06:00", "ns") + np.arange(13) * np.timedelta64(5, "m")
    assert _case.starts(times, np.timedelta64(30, "m"), 3) == [2, 4, 6]
    assert _case.starts(times, np.timedelta64(50, "m"), 3) == [2]
    with pytest.raises(NoDataError):
        _case.starts(times, np.timedelta64(55, "m"), 3)


def test_what_is_missing_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, SMALL.replace('"netcdf"', '"zarr"'), 1)
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'libnowcast\[archive\]'"):
        archive.run(path, tmp_path / "out", workers=0)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'libnowcast\[archive\]'"):
        archive.run(written(tmp_path), tmp_path / "out", workers=2)


def test_fields_kept_as_zarr_are_the_same(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    result = archive.run(written(tmp_path, SMALL.replace('"netcdf"', '"zarr"'), 1), tmp_path / "z", workers=0)
    other = archive.run(written(tmp_path, SMALL, 1), tmp_path / "n", workers=0)
    stores = [one.outcomes[0].folder for one in (result, other)]
    assert stores[0] is not None and stores[1] is not None  # noqa: PT018
    data = xr.open_zarr(stores[0] / "extrapolation-20260601T061000.zarr", consolidated=False, chunks=None)
    same = nowcast.open(stores[1] / "extrapolation-20260601T061000.nc")
    (name,) = data.data_vars
    np.testing.assert_array_equal(data[name].values, same.values)
    assert data["crs"].attrs["proj_string"] == same["crs"].attrs["proj_string"]


@pytest.mark.long
def test_the_published_table_is_what_the_manifests_give(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    paths = [root / "benchmarks" / "events" / f"made-{kind}.toml" for kind in ("growing", "steady")]
    archive.run(paths, tmp_path, workers=0)
    report = (tmp_path / "report.md").read_text()
    published = (root / "docs" / "guide" / "benchmarks.md").read_text()
    rows = [line for line in report.splitlines() if line.startswith("| `")]
    assert len(rows) == 2 * 4 * 3
    assert [row for row in rows if row not in published] == []


@pytest.mark.realdata
def test_every_published_event_can_be_read_and_its_files_are_there(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOWCAST_TEST_DATA", str(real_data))
    for path in sorted((Path(__file__).parents[2] / "benchmarks" / "events").glob("*.toml")):
        for case in archive.Manifest.load(path).cases.values():
            assert case.synthetic is not None or len(list(io.expand(case.files or ()))) >= 12
