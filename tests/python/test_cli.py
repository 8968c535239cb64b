"""The program nowcast from files to scores, and its answer to every kind of hard input."""

import gzip
import json
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner, Result

import nowcast
from nowcast import _cli_verify, io
from nowcast.cli import main
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

NY, NX = 90, 110
HEAD = """P5
# obstime {time}
# metersperpixel_x 1000
# metersperpixel_y 1000
# projection radar {{
# type stereographic
# centrallongitude 25
# centrallatitude 90
# truelatitude 60
# bottomleft {left} 57.93
# }}
{nx} {ny}
255
"""


def codes(minute: float, nx: int = NX, ny: int = NY) -> np.ndarray:
    """Storms of 10 to 45 dBZ that move 0.6 cells a minute east and 0.4 north, as codes, north row first."""
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    dbz = np.full((ny, nx), -32.0)
    for y0, x0, wide, peak in ((30, 25, 7, 45), (55, 40, 10, 35), (20, 70, 6, 40), (60, 75, 9, 30)):
        far = ((y - y0 - 0.4 * minute) ** 2 + (x - x0 - 0.6 * minute) ** 2) / wide**2
        dbz = np.maximum(dbz, peak - 12.0 * far)
    return np.where(dbz < 5.0, 0, np.round(2.0 * dbz + 64.0)).astype(np.uint8)[::-1]


def put(folder: Path, minute: int, image: np.ndarray, left: float = 18.6) -> Path:
    head = HEAD.format(time=f"2016092816{minute:02d}", left=left, nx=image.shape[1], ny=image.shape[0])
    path = folder / f"2016092816{minute:02d}.pgm.gz"
    path.write_bytes(gzip.compress(head.encode() + image.tobytes(), mtime=0))
    return path


@pytest.fixture
def storms(tmp_path: Path) -> Path:
    for minute in range(0, 40, 5):
        put(tmp_path, minute, codes(minute))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def forecast(inputs: list[Path], output: Path, *more: object) -> tuple[int, dict, xr.DataArray]:
    result = run("forecast", *inputs, "-o", output, "--json", *more)
    assert result.exit_code in (0, 3), result.output
    return result.exit_code, json.loads(result.stdout), nowcast.open(output)


def frames(folder: Path, *minutes: int) -> list[Path]:
    return [folder / f"2016092816{minute:02d}.pgm.gz" for minute in minutes]


def test_a_sequence_is_forecast_and_verified(storms: Path) -> None:
    output = storms / "f.nc"
    code, summary, made = forecast(frames(storms, 0, 5, 10), output, "--minutes", 25)
    assert code == 0
    assert summary["motion_status"] == "estimated"
    assert summary["lead_minutes"] == [5, 10, 15, 20, 25]
    assert summary["mean_speed_m_s"] == pytest.approx(1000 * np.hypot(0.6, 0.4) / 60, rel=0.1)
    assert made.shape == (5, NY, NX)
    scores = storms / "s.csv"
    result = run("verify", output, "--obs", storms / "*.pgm.gz", "-o", scores, "--json")
    assert result.exit_code == 0, result.output
    observed = nowcast.grid.rain_rate(nowcast.open(frames(storms, 35)))
    where = np.isfinite(made.values[-1])
    still = nowcast.grid.rain_rate(nowcast.open(frames(storms, 10)))
    error = np.abs(made.values[-1] - observed.values[0])[where].mean()
    assert error < 0.3 * np.abs(still.values[0] - observed.values[0])[where].mean()
    assert scores.read_text().count("\n") > 5


def test_a_composite_that_carries_cells_over_is_told(tmp_path: Path) -> None:
    inputs = []
    for minute in range(0, 10, 2):
        scan = minute // 6
        image = codes(6 * scan)
        rough = np.random.default_rng(scan).integers(0, 9, image.shape)
        inputs.append(put(tmp_path, minute, np.where(image > 0, image + rough, 0).astype(np.uint8)))
    choices = ("--minutes", 8, "--step", 2)
    _, summary, _ = forecast(inputs, tmp_path / "f.nc", *choices)
    assert summary["carried_over"] == pytest.approx(0.75, abs=0.05)
    with xr.open_dataset(tmp_path / "f.nc") as written:
        told = [data.attrs["carried_over"] for data in written.values() if "carried_over" in data.attrs]
    assert told == [pytest.approx(summary["carried_over"])]
    result = run("forecast", *inputs, "-o", tmp_path / "f.nc", *choices)
    assert "of the cells with echo carried over from frame to frame" in result.output
    assert forecast(inputs[:2], tmp_path / "f.nc", *choices)[1]["carried_over"] == 0


def test_no_rain_is_a_good_forecast_of_no_rain(tmp_path: Path) -> None:
    inputs = [put(tmp_path, minute, np.zeros((NY, NX), np.uint8)) for minute in (0, 5, 10)]
    code, summary, made = forecast(inputs, tmp_path / "f.nc")
    assert code == 0
    assert summary["motion_status"] == "no echo: zero motion"
    assert (made.values == 0).all()


def test_one_frame_stays_where_it_is_and_is_degraded(storms: Path) -> None:
    code, summary, made = forecast(frames(storms, 0), storms / "f.nc", "--minutes", 10)
    assert code == 3
    assert summary["motion_status"] == "one frame: zero motion"
    np.testing.assert_array_equal(made.values[0], nowcast.grid.rain_rate(nowcast.open(frames(storms, 0))).values[0])


def told(output: Path, attribute: str) -> list[object]:
    """What the fields of a file say."""
    with xr.open_dataset(output) as written:
        return [data.attrs[attribute] for data in written.values() if attribute in data.attrs]


def test_every_method_forecasts_the_storms_and_says_its_name(storms: Path) -> None:
    output = storms / "f.nc"
    plain = forecast(frames(storms, 0, 5, 10), output, "--minutes", 20)[2].values
    assert told(output, "forecast_method") == ["extrapolation"]
    for method in ("ranked", "textured", "mean", "sprog", "anvil", "linda"):
        choices = ("--minutes", 20, "--method", method, "--motion", "lucas_kanade")
        code, summary, made = forecast(frames(storms, 0, 5, 10), output, *choices)
        assert code == 0
        assert summary["forecast_method"] == method
        assert told(output, "forecast_method") == [method]
        assert told(output, "degraded") == [0]
        both = np.isfinite(made.values) & np.isfinite(plain)
        assert np.corrcoef(made.values[both], plain[both])[0, 1] > 0.8


def test_a_method_that_compares_frames_extrapolates_a_single_one(storms: Path) -> None:
    output = storms / "f.nc"
    code, summary, made = forecast(frames(storms, 0), output, "--minutes", 10, "--method", "ranked")
    assert code == 3
    assert summary["forecast_method"] == "extrapolation"
    assert told(output, "forecast_method") == ["extrapolation"]
    assert told(output, "degraded") == [1]
    np.testing.assert_array_equal(made.values[0], nowcast.grid.rain_rate(nowcast.open(frames(storms, 0))).values[0])


def test_no_rain_is_a_good_forecast_of_no_rain_by_every_method(tmp_path: Path) -> None:
    inputs = [put(tmp_path, minute, np.zeros((NY, NX), np.uint8)) for minute in (0, 5, 10)]
    for method in set(nowcast.forecast.METHODS) - set(nowcast.forecast.ENSEMBLES):
        code, summary, made = forecast(inputs, tmp_path / "f.nc", "--method", method)
        assert code == 0
        assert summary["forecast_method"] == method
        assert (made.values == 0).all()


def ensemble(inputs: list[Path], output: Path, *more: object) -> tuple[int, dict, xr.DataArray]:
    """A forecast by STEPS, of lead times 5 and 10 min, as xarray reads it."""
    choices = ("--method", "steps", "--minutes", 10, "--motion", "lucas_kanade")
    result = run("forecast", *inputs, "-o", output, "--json", *choices, *more)
    assert result.exit_code in (0, 3), result.output
    with xr.open_dataset(output) as written:
        return result.exit_code, json.loads(result.stdout), written["precipitation_rate"].load()


def test_an_ensemble_is_written_as_cf_has_it(storms: Path) -> None:
    inputs = frames(storms, 0, 5, 10, 15)
    code, summary, made = ensemble(inputs, storms / "f.nc", "--members", 3, "--seed", 2**64 - 1)
    assert code == 0
    assert summary["forecast_method"] == "steps"
    assert (summary["members"], summary["seed"]) == (3, 2**64 - 1)
    assert made.dims == ("realization", "time", "y", "x")
    assert made.shape == (3, 2, NY, NX)
    assert made["realization"].values.tolist() == [0, 1, 2]
    assert made["realization"].attrs["standard_name"] == "realization"
    assert made.attrs["standard_name"] == "lwe_precipitation_rate"
    assert made.attrs["seed"] == str(2**64 - 1)
    assert made.attrs["forecast_method"] == "steps"
    assert made["lead_time"].dims == ("time",)
    rain = nowcast.grid.rain_rate(nowcast.open(inputs))
    flow = nowcast.motion.estimate(rain, method="lucas_kanade")
    expected = nowcast.forecast.steps(rain, flow, minutes=10, members=3, seed=2**64 - 1)
    np.testing.assert_array_equal(made.values, expected.values)
    text = run("forecast", *inputs, "-o", storms / "f.nc", "--method", "steps", "--minutes", 5).output
    assert "steps of 20 members (seed 0)" in text


def test_probabilities_and_quantiles_are_written_besides_and_members_are_verified(
    storms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = frames(storms, 0, 5, 10, 15)
    further = ("--members", 3, "--probability", "1,0.5", "--quantiles", ".1,.9")
    _, summary, made = ensemble(inputs, storms / "f.nc", *further)
    names = ["probability_1", "probability_0p5", "quantile_0p1", "quantile_0p9"]
    assert summary["further"] == names
    rain = nowcast.open(storms / "f.nc")
    assert rain.dims == ("member", "time", "y", "x")
    np.testing.assert_array_equal(rain.values, made.values)
    with xr.open_dataset(storms / "f.nc") as written:
        assert set(names) < set(written.data_vars)
        expected = {
            "probability_1": nowcast.forecast.exceedance(rain, 1.0),
            "quantile_0p9": nowcast.forecast.quantiles(rain, 0.9),
        }
        for name, field in expected.items():
            np.testing.assert_array_equal(written[name].values, field.values)
        assert (written["probability_1"].attrs["event"], written["probability_1"].attrs["limit"]) == ("at least", 1.0)
    assert nowcast.open(storms / "f.nc", quantity="probability_1").dims == ("time", "y", "x")
    monkeypatch.setattr(nowcast.jobs, "_MEMBER_BYTES", 1)  # lead times one by one
    xr.testing.assert_identical(ensemble(inputs, storms / "f.nc", *further)[2], made)

    result = run("verify", storms / "f.nc", "--obs", storms / "*.pgm.gz", "-o", storms / "s.nc", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["scores"]
    observed = nowcast.grid.rain_rate(nowcast.open(storms / "*.pgm.gz"))
    scores = nowcast.verify.score_ensemble(rain, observed)
    np.testing.assert_allclose(told["crps"], scores["crps"].values, rtol=1e-9)
    np.testing.assert_allclose(told["brier"], scores["brier"].values, rtol=1e-9)
    assert len(told["spread_skill"]) == 2
    with xr.open_dataset(storms / "s.nc") as stored:
        np.testing.assert_array_equal(stored["rank_histogram"].values, scores["rank_histogram"].values)
    table = run("verify", storms / "f.nc", "--obs", storms / "*.pgm.gz").output
    assert "CRPS" in table
    assert "Brier 0.1" in table
    assert "member 2 of 3" in run("info", storms / "f.nc").output


def test_forecasts_are_verified_by_scales_objects_and_probabilities(storms: Path) -> None:
    inputs, output, curves = frames(storms, 0, 5, 10), storms / "f.nc", storms / "curves.nc"
    nowcast.jobs.forecast(inputs, output, minutes=10, probabilities=[1.0])
    made, observed = nowcast.open(output), nowcast.grid.rain_rate(nowcast.open(storms / "*.pgm.gz"))
    chances = nowcast.open(output, quantity="probability_1").expand_dims(threshold=[1.0])
    objects = nowcast.verify.Objects(threshold=1.0)
    expected = {
        "scales": (nowcast.verify.score_scales(made, observed), "intensity_scale_skill", "MSE 2"),
        "objects": (nowcast.verify.score_objects(made, observed, objects), "location", "location"),
        "probability": (nowcast.verify.score_probability(chances, observed), "brier", "Brier skill 1"),
    }
    for by, (scores, name, head) in expected.items():
        thresholds = [1.0] if by == "objects" else [0.1, 1.0, 5.0]
        path = curves if by == "probability" else None
        told, summary = nowcast.jobs.verification(
            output, storms / "*.pgm.gz", by=by, thresholds=thresholds, calibration=path
        )
        np.testing.assert_allclose(told[name].values, scores[name].values, rtol=1e-9)
        assert not summary["missing_minutes"]
        table = _cli_verify.table(told, summary["lead_minutes"], by)
        assert head in [column.header for column in table.columns]
        assert len(table.rows) == 2
    learnt = nowcast.verify.from_netcdf(curves)
    np.testing.assert_array_equal(learnt["enough"], nowcast.verify.calibration(expected["probability"][0])["enough"])
    result = run("verify", output, "--obs", storms / "*.pgm.gz", "--by", "objects", "--threshold", 1, "--json")
    assert result.exit_code == 0, result.output
    np.testing.assert_allclose(json.loads(result.stdout)["scores"]["location"], expected["objects"][0]["location"])
    for wrong in ({"calibration": curves}, {"by": "probability", "thresholds": [7.0]}, {"by": "colour"}):
        with pytest.raises(nowcast.errors.ArgumentError, match="expected"):
            nowcast.jobs.verification(output, storms / "*.pgm.gz", **wrong)


def test_the_probability_of_one_field_is_lagrangian_and_quantiles_want_members(storms: Path) -> None:
    inputs = frames(storms, 0, 5, 10)
    _, summary, made = forecast(inputs, storms / "f.nc", "--minutes", 10, "--probability", "1")
    assert summary["further"] == ["probability_1"]
    found = nowcast.open(storms / "f.nc", quantity="probability_1")
    np.testing.assert_array_equal(found.values, nowcast.forecast.exceedance(made, 1.0).values)
    assert ((found.values > 0.0) & (found.values < 1.0)).any()
    result = run("forecast", *inputs, "-o", storms / "f.nc", "--quantiles", "0.5")
    assert result.exit_code == 1
    assert "quantiles: none expected for the method extrapolation" in result.stderr
    assert run("forecast", *inputs, "-o", storms / "f.nc", "--probability", "1;2").exit_code == 2
    code, summary, _ = forecast(
        inputs[:1], storms / "g.nc", "--minutes", 5, "--method", "steps", "--probability", "1", "--quantiles", "0.5"
    )
    assert (code, summary["further"]) == (3, ["probability_1"])


def test_a_forecast_is_joined_to_a_model(storms: Path) -> None:
    inputs = frames(storms, 0, 5, 10)
    rain = nowcast.grid.rain_rate(nowcast.open(storms / "*.pgm.gz"))
    nowcast.io.write(rain.copy(data=2.0 * rain.values), storms / "model.nc")
    model = nowcast.open(storms / "model.nc")
    further = ("--blend", storms / "model.nc", "--skill", storms / "skill.json", "--members", 2)
    code, summary, made = ensemble(inputs, storms / "f.nc", *further)
    assert (code, summary["blend_status"]) == (0, "blended")
    assert made.attrs["blend_status"] == "blended"
    flow = nowcast.motion.estimate(rain[:3], method="lucas_kanade")
    skill = nowcast.forecast.BlendSkill()
    expected = nowcast.forecast.blend(rain[:3], flow, model, minutes=10, members=2, skill=skill)
    np.testing.assert_array_equal(made.values, expected.values)
    assert nowcast.forecast.BlendSkill.load(storms / "skill.json") == skill
    assert ensemble(inputs, storms / "f.nc", *further)[1]["blend_status"] == "blended"  # with that skill
    nowcast.io.write(rain.copy(data=0.5 * rain.values), storms / "other.nc")
    _, _, made = ensemble(
        inputs, storms / "f.nc", "--members", 2, "--blend", storms / "model.nc", "--blend", storms / "other.nc"
    )
    runs = [model, nowcast.open(storms / "other.nc")]
    expected = nowcast.forecast.blend(rain[:3], flow, runs, minutes=10, members=2)
    np.testing.assert_array_equal(made.values, expected.values)
    enkf = "--members", 4, "--blend", storms / "model.nc", "--join", "enkf"
    _, _, made = ensemble(inputs, storms / "f.nc", *enkf)
    expected = nowcast.forecast.enkf(rain[:3], flow, model, minutes=10, members=4)
    np.testing.assert_array_equal(made.values, expected.values)
    for wrong, told in (
        (("--method", "ranked", "--blend", storms / "model.nc", "--join", "enkf"), "steps expected"),
        (("--method", "steps", "--join", "enkf"), "none expected without a model"),
        (("--method", "steps", *enkf, "--skill", storms / "skill.json"), "which learns none"),
    ):
        assert told in run("forecast", *inputs, "-o", storms / "g.nc", *wrong).stderr
    code, summary, merged = forecast(inputs, storms / "g.nc", "--minutes", 30, "--blend", storms / "model.nc")
    assert (code, summary["blend_status"]) == (3, "the model ends at 2016-09-28T16:35:00Z")
    plain = nowcast.forecast.extrapolate(rain[:3], nowcast.motion.estimate(rain[:3]), minutes=30)
    np.testing.assert_array_equal(merged.values, nowcast.forecast.merge(plain, model).values)
    assert (
        "model: the model ends"
        in run("forecast", *inputs, "-o", storms / "g.nc", "--blend", storms / "model.nc").output
    )
    result = run("forecast", *inputs, "-o", storms / "g.nc", "--skill", storms / "skill.json")
    assert result.exit_code == 1
    assert "skill: none expected without a model" in result.stderr


def test_members_are_the_same_however_they_are_cut(storms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = frames(storms, 0, 5, 10)
    whole = ensemble(inputs, storms / "f.nc", "--members", 3)[2]
    one = 4 * NY * NX
    for batch, member in ((4 * one, 2 * one), (2 * one, one), (1, 1)):
        monkeypatch.setattr(nowcast.jobs, "_BATCH_BYTES", batch)
        monkeypatch.setattr(nowcast.jobs, "_MEMBER_BYTES", member)
        xr.testing.assert_identical(ensemble(inputs, storms / "f.nc", "--members", 3)[2], whole)


def test_memory_does_not_grow_with_members(storms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = 4 * NY * NX
    monkeypatch.setattr(nowcast.jobs, "_BATCH_BYTES", 2 * one)  # a member of two lead times

    def peak(members: int) -> int:
        tracemalloc.start()
        nowcast.jobs.forecast(frames(storms, 0, 5, 10), storms / "f.nc", minutes=10, method="steps", members=members)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)  # what is imported and kept
    assert peak(12) < peak(2) + 2 * one  # 20 more of these, held at once


def test_an_ensemble_of_one_frame_is_its_extrapolation(storms: Path) -> None:
    code, summary, made = ensemble(frames(storms, 0), storms / "f.nc", "--members", 3)
    assert code == 3
    assert summary["forecast_method"] == "extrapolation"
    assert summary["members"] is None
    assert summary["seed"] is None
    assert made.dims == ("time", "y", "x")
    assert made.attrs["degraded"] == 1
    assert "seed" not in made.attrs


def test_an_ensemble_of_no_rain_has_none(tmp_path: Path) -> None:
    inputs = [put(tmp_path, minute, np.zeros((NY, NX), np.uint8)) for minute in (0, 5, 10)]
    for method in nowcast.forecast.ENSEMBLES:
        code, summary, made = ensemble(inputs, tmp_path / "f.nc", "--members", 2, "--method", method)
        assert code == 0
        assert summary["forecast_method"] == method
        assert summary["members"] == 2
        assert made.shape == (2, 2, NY, NX)
        assert (made.values == 0).all()


def test_members_and_seeds_that_make_no_ensemble_are_refused(storms: Path) -> None:
    choices = (*frames(storms, 0, 5, 10), "-o", storms / "f.nc")
    for more in (("--members", 3), ("--seed", 0, "--method", "ranked")):
        result = run("forecast", *choices, *more)
        assert result.exit_code == 1
        assert "members, seed: none expected for the method" in result.stderr
    assert run("forecast", *choices, "--method", "steps", "--members", 0).exit_code == 2
    assert run("forecast", *choices, "--method", "steps", "--seed", -1).exit_code == 2
    with pytest.raises(ArgumentError, match=r"members: 1 to 2\^31 - 1 expected, 0 given"):
        nowcast.jobs.forecast(frames(storms, 0, 5), storms / "f.nc", method="steps", members=0)
    with pytest.raises(ArgumentError, match=r"seed: 0 to 2\^64 - 1 expected, -1 given"):
        nowcast.jobs.forecast(frames(storms, 0, 5), storms / "f.nc", method="steps", seed=-1)
    assert not (storms / "f.nc").exists()


def test_a_truncated_frame_is_left_out_by_name(storms: Path) -> None:
    broken = frames(storms, 5)[0]
    broken.write_bytes(broken.read_bytes()[:200])
    code, summary, _ = forecast(frames(storms, 0, 5, 10), storms / "f.nc")
    assert code == 3
    assert broken.name in summary["left_out"][0]
    assert "ends early" in summary["left_out"][0]
    assert summary["mean_speed_m_s"] == pytest.approx(1000 * np.hypot(0.6, 0.4) / 60, rel=0.1)


def test_uneven_times_give_the_same_motion(storms: Path) -> None:
    code, summary, _ = forecast(frames(storms, 0, 5, 15), storms / "f.nc")
    assert code == 0
    assert summary["mean_speed_m_s"] == pytest.approx(1000 * np.hypot(0.6, 0.4) / 60, rel=0.1)


def test_frames_of_different_geometry_are_one_error_that_names_them(storms: Path) -> None:
    other = put(storms, 10, codes(10), left=19.6)
    result = run("forecast", *frames(storms, 0, 5), other, "-o", storms / "f.nc")
    assert result.exit_code == 1
    assert other.name in result.stderr
    assert not (storms / "f.nc").exists()


def test_a_field_known_nowhere_is_one_error(tmp_path: Path) -> None:
    inputs = [put(tmp_path, minute, np.full((NY, NX), 255, np.uint8)) for minute in (0, 5, 10)]
    result = run("forecast", *inputs, "-o", tmp_path / "f.nc")
    assert result.exit_code == 1
    assert "known nowhere" in result.stderr
    assert inputs[-1].name in result.stderr


def test_a_grid_of_one_row_is_carried(tmp_path: Path) -> None:
    inputs = [put(tmp_path, minute, codes(minute, ny=60)[20:21]) for minute in (0, 5, 10)]
    _, _, made = forecast(inputs, tmp_path / "f.nc")
    assert made.shape == (12, 1, NX)


def test_wrong_use_and_failure_have_their_codes(storms: Path) -> None:
    assert run("forecast").exit_code == 2
    assert run("forecast", storms / "none.pgm", "-o", storms / "f.nc").exit_code in (1, 2)
    text = storms / "text"
    text.write_text("not a radar composite")
    result = run("info", text)
    assert result.exit_code == 1
    assert str(text) in result.stderr


def test_a_failed_forecast_leaves_the_last_good_file(storms: Path) -> None:
    output = storms / "f.nc"
    forecast(frames(storms, 0, 5, 10), output)
    kept = output.read_bytes()
    shutil.copy(frames(storms, 0)[0], storms / "twice.pgm.gz")
    result = run("forecast", *frames(storms, 0, 5), storms / "twice.pgm.gz", "-o", output)
    assert result.exit_code == 1
    assert output.read_bytes() == kept
    assert not list(storms.glob(".*"))


def test_threads_do_not_change_a_bit(storms: Path) -> None:
    made = []
    for threads in (1, 2, 3, 7):
        output = storms / f"{threads}.nc"
        result = run("--threads", threads, "forecast", *frames(storms, 0, 5, 10), "-o", output)
        assert result.exit_code == 0, result.output
        made.append(nowcast.open(output).values)
    for other in made[1:]:
        np.testing.assert_array_equal(made[0], other)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("pattern", "past", "valid"),
    [
        (
            "fmi-20160928/{}_fmi.radar.composite.lowest_FIN_SUOMI1.pgm.gz",
            "201609281550 201609281555 201609281600",
            693397,
        ),
        ("rmi-20210704/{}00.rad.best.comp.rate.qpe.hdf", "202107041650 202107041655 202107041700", 300000),
    ],
)
def test_a_real_event_is_forecast_better_than_standing_still(
    real_data: Path, tmp_path: Path, pattern: str, past: str, valid: int
) -> None:
    folder = real_data / "composite"
    inputs = [folder / pattern.format(time) for time in past.split()]
    code, summary, made = forecast(inputs, tmp_path / "f.nc", "--minutes", 30)
    assert code == 0
    assert summary["motion_status"] == "estimated"
    seen = nowcast.grid.rain_rate(nowcast.open(folder / pattern.format(past.split()[-1][:8] + "*")))
    seen = seen.sel(time=made["time"][-1:])
    still = nowcast.grid.rain_rate(nowcast.open(inputs[-1])).values[0]
    known = np.isfinite(made.values[-1]) & np.isfinite(seen.values[0]) & np.isfinite(still)
    assert known.sum() > 0.9 * valid

    def csi(field: np.ndarray) -> float:
        a, b = field[known] >= 1.0, seen.values[0][known] >= 1.0
        return (a & b).sum() / (a | b).sum()

    assert csi(made.values[-1]) > 1.3 * csi(still)


@pytest.mark.long
def test_a_continent_of_kilometres_fits_two_gibibytes(tmp_path: Path) -> None:
    """3500 x 7000 cells, six frames two minutes apart, twelve lead times, in a process of its own."""
    rows, columns = np.mgrid[0:3500, 0:7000].astype(np.float32)
    grid = Grid("+proj=longlat +R=6371200", 7000, 3500, -129.995, 20.005, 0.01, 0.01)
    for frame in range(6):
        wave = np.sin((columns - 1.5 * frame) / 41.0) * np.sin(rows / 37.0) + np.sin((columns + rows) / 301.0)
        cells = np.where(wave > 1.0, 10.0 * (wave - 1.0), 0.0).astype(np.float32)
        time = np.datetime64("2026-06-01T06:00", "ns") + np.timedelta64(2 * frame, "m")
        attributes = {"units": "mm h-1", "grid_mapping": "crs", "quantity": "RATE"}
        data = xr.DataArray(
            cells, dims=("y", "x"), coords=grid.coords() | {"time": time}, attrs=attributes, name="rain"
        )
        io.write(data, tmp_path / f"{frame}.nc")
        del wave, cells, data
    program = (
        "import resource, sys; from nowcast import jobs; jobs.forecast(sys.argv[1], sys.argv[2]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "?.nc"), str(tmp_path / "forecast.nc")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 2 * 1024 * 1024  # KiB
