"""Forecasts of the low-level wind from volumes, beside persistence; the program of the benchmarks, held to bounds."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nowcast.sim.strategy import Radar, Strategy, Sweep

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import low_level


def test_forecasts_of_a_simulated_line_are_better_than_persistence(tmp_path: Path) -> None:
    turns = tuple(Sweep(angle, 3.0, 1500.0, 90e3, prf=1500.0) for angle in (0.6, 2.0, 4.5, 9.0))
    case = low_level.Case(
        "squall line",
        tmp_path,
        seconds=(1800.0, 2400.0, 3600.0, 6000.0),
        dx=3000.0,
        plan=Strategy("four turns", Radar(), turns),
        length=30e3,
        particles=600,
    )
    retrieved: dict[float, low_level.Scores] = {}
    true: dict[float, low_level.Scores] = {}
    case.scores(1, retrieved, true)
    assert list(retrieved) == [20.0, 60.0]
    for scores in (retrieved, true):
        for lead, row in scores.items():
            (made,), (alone,), (still,), (model,) = (
                row[name] for name in ("forecast", "without the model", "persistence", "model alone")
            )
            assert 0.3 < made < 0.9 * still, (lead, row)
            assert alone < 0.95 * still, (lead, row)
            assert made < model + 0.02, (lead, row)  # four turns of few rays hardly tell more than that model does


@pytest.mark.realdata
def test_forecasts_of_a_real_line_are_better_than_persistence_and_the_mean(real_data: Path) -> None:
    levels, velocities = low_level.real(real_data)
    for scores in (levels, velocities):
        assert list(scores) == [5.0, 10.0, 15.0]
        errors = {
            name: np.array([np.sqrt(np.mean(np.square(row[name]))) for row in scores.values()])
            for name in ("decay as before", "persistence", "background")
        }
        assert (errors["decay as before"] < errors["persistence"]).all(), errors
        assert (errors["decay as before"] < errors["background"]).all(), errors
    assert errors["decay as before"][0] < 3.6  # of single gates, clutter left in
