"""Synthetic storms: the truth they claim is the truth they show."""

import numpy as np
import pytest

import nowcast
from nowcast import demo, sim
from nowcast import forecast as forecasting


def test_a_seed_makes_a_case() -> None:
    first, again, other = (sim.storms(seed=seed, minutes=10, n=64) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first["rain"].values, again["rain"].values)
    assert not np.array_equal(first["rain"].values, other["rain"].values)


def test_the_true_motion_carries_one_frame_to_the_next() -> None:
    truth = sim.storms(minutes=30, n=160, growth=False)
    carried = forecasting.extrapolate(
        truth["rain"].isel(time=0), truth[["u", "v"]], leads=[30], sampling="cubic", travel=0.0
    )
    known = np.isfinite(carried.values[0]) & np.isfinite(truth["rain"].values[-1])
    a, b = carried.values[0][known], truth["rain"].values[-1][known]
    assert np.corrcoef(a, b)[0, 1] > 0.995


def test_cells_grow_and_decay_as_told() -> None:
    truth = sim.storms(minutes=120, n=256)
    seconds = (truth["time"] - truth["time"][0]).values / np.timedelta64(1, "s")
    for t, field in zip(seconds, truth["rain"].values, strict=True):
        age = np.clip((t - truth["birth"].values) / truth["life"].values, 0.0, 1.0)
        strength = truth["peak"].values * np.sin(np.pi * age) ** 2
        assert np.nanmax(field) <= max(strength.max(), 2.5) * 1.0001
    assert np.isnan(truth["rain"].values[:, 0, 0]).all()


def test_the_demo_beats_standing_still(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.delenv("NOWCAST_TEST_DATA", raising=False)
    scores = demo.run(tmp_path / "demo")
    assert scores.sizes["lead_time"] == 12
    last = capsys.readouterr().out.splitlines()[-2].split()
    assert last[0] == "60"
    assert float(last[1]) > float(last[2])
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert written == {"observed", "forecast.nc", "scores.csv", "storm.png", "forecast.gif", "scores.png"}


@pytest.mark.realdata
@pytest.mark.long
def test_the_demo_forecasts_the_real_events_there_are(tmp_path, capsys, monkeypatch, real_data) -> None:
    monkeypatch.setenv("NOWCAST_TEST_DATA", str(real_data))
    demo.run(tmp_path / "demo")
    shown = capsys.readouterr().out
    for event in ("bom-20180616", "fmi-20160928", "mch-20150515", "mch-20160711", "mrms-20190610", "rmi-20210704"):
        assert f"{event} " in shown
        assert nowcast.open(tmp_path / "demo" / f"{event}.nc").sizes["time"] >= 5
