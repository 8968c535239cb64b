"""Calibrating hazards: what came by probabilities that are known is found again, on days not seen."""

import numpy as np
import pandas as pd
import pytest

from nowcast import cells
from nowcast.errors import ArgumentError

pytest.importorskip("sklearn")

TEXT = """nowcast cell hazards 1
model plain
hazard hail
sum 0.5
linear x 0 1 1   # a remark
calibrate 0.2 0.5
life 1600
least 0
hazard lightning
sum -1
linear x 0 1 1
least 0
"""
LEADS = (0.0, 30.0, 60.0, 120.0)


def true_hail(x: np.ndarray, minutes: float) -> np.ndarray:
    """Twice as steep as the model's score 0.2 + 0.5 (0.5 + x), more often, and lasting for 100 minutes."""
    return np.exp2(-minutes / 100.0) / (1.0 + np.exp(-(1.0 + 2.0 * (0.2 + 0.5 * (0.5 + x)))))


def forecasts(n: int = 900, sign: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Told by the model, and come by the truth; lightning by the model itself."""
    dice, model, rows, came, days = np.random.default_rng(3), cells.HazardModel(TEXT), [], [], []
    for lead in LEADS:
        x = dice.normal(0.0, 2.0, n)
        told = model.evaluate(pd.DataFrame({"x": x}), lead)
        rows.append(told.assign(lead=lead))
        hail = dice.random(n) < true_hail(sign * x, lead)
        came.append(pd.DataFrame({"hail": hail, "lightning": dice.random(n) < told["lightning"]}))
        days.append(np.arange(n) % 300)
    return pd.concat(rows, ignore_index=True), pd.concat(came, ignore_index=True), np.concatenate(days)


def test_the_true_probabilities_are_found() -> None:
    made = cells.calibrate(*forecasts(), model=cells.HazardModel(TEXT))
    x = np.linspace(-4.0, 4.0, 9)
    for lead in LEADS:
        told = made.model.evaluate(pd.DataFrame({"x": x}), lead)["hail"]
        np.testing.assert_allclose(told, true_hail(x, lead), atol=0.04)
    hail = made.scores.loc["hail"]
    assert hail["better"]
    assert hail["brier"] < hail["brier_before"] - 0.02
    assert hail["skill"] > hail["skill_before"]
    after = made.reliability.loc["hail", "after"]
    often = after[after["n"] > 100]
    assert (often["forecast"] - often["observed"]).abs().max() < 0.08
    assert made.model.name == "plain+calibrated"


def test_what_is_right_stays() -> None:
    made = cells.calibrate(*forecasts(), model=cells.HazardModel(TEXT))
    assert not made.scores.loc["lightning", "better"]
    own = TEXT[TEXT.index("hazard lightning") :]
    assert made.model.text.endswith(own)


def test_again_calibrated_it_stays_the_same() -> None:
    _, came, days = forecasts()
    made = cells.calibrate(*forecasts(), model=cells.HazardModel(TEXT)).model
    dice = np.random.default_rng(3)
    told = pd.concat(
        [made.evaluate(pd.DataFrame({"x": _x(dice)}), lead).assign(lead=lead) for lead in LEADS], ignore_index=True
    )
    again = cells.calibrate(told, came, days, model=made)
    assert not again.scores.loc["hail", "better"]
    assert again.model.text == made.text


def _x(dice: np.random.Generator, n: int = 900) -> np.ndarray:
    """As ``forecasts`` draws it."""
    x = dice.normal(0.0, 2.0, n)
    dice.random(n), dice.random(n)
    return x


def test_ranks_are_never_turned() -> None:
    made = cells.calibrate(*forecasts(sign=-1.0), model=cells.HazardModel(TEXT))
    told = made.model.evaluate(pd.DataFrame({"x": np.linspace(-4.0, 4.0, 9)}))["hail"]
    assert np.ptp(told) < 1e-6
    assert abs(made.scores.loc["hail", "skill"]) < 0.2


def test_what_is_not_known_does_not_count() -> None:
    table, came, days = forecasts()
    came = came.astype("f8")
    whole = cells.calibrate(table, came, days, model=cells.HazardModel(TEXT))
    more = pd.concat([table, table.iloc[:50].assign(hail=np.nan), table.iloc[:50]], ignore_index=True)
    said = pd.concat([came, came.iloc[:50], came.iloc[:50].assign(hail=np.nan, lightning=np.nan)], ignore_index=True)
    other = cells.calibrate(more, said, np.concatenate([days, days[:100]]), model=cells.HazardModel(TEXT))
    pd.testing.assert_series_equal(other.scores.loc["hail"], whole.scores.loc["hail"])


def test_too_little_is_said() -> None:
    table, came, days = forecasts()
    made = cells.calibrate(table, came.assign(hail=False), days, model=cells.HazardModel(TEXT))
    assert not made.scores.loc["hail", "better"]
    assert np.isnan(made.scores.loc["hail", "brier"])
    few = cells.calibrate(table, came, 0 * days, model=cells.HazardModel(TEXT))
    assert few.model.text == TEXT
    with pytest.raises(ArgumentError, match="rows"):
        cells.calibrate(table, came.iloc[1:], days)
    with pytest.raises(ArgumentError, match="rows"):
        cells.calibrate(table, came[[]], days)
    with pytest.raises(ArgumentError, match="folds"):
        cells.calibrate(table, came, days, folds=1)
