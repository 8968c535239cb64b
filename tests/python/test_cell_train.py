"""Learning hazards: what the library makes of the text is what scikit-learn says, and what is no better is not used."""

import numpy as np
import pandas as pd
import pytest

from nowcast import cells
from nowcast.errors import ArgumentError, NoDataError

pytest.importorskip("sklearn")


def storms(n: int = 1200, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Hail by MESH and VIL, not by what the published rules say of them; noise; some not known."""
    dice = np.random.default_rng(seed)
    table = pd.DataFrame({"mesh": dice.gamma(2.0, 6.0, n), "vil": dice.gamma(3.0, 8.0, n)})
    table["noise"] = dice.normal(size=n)
    score = 0.25 * (table["mesh"] - 14.0) + 0.05 * (table["vil"] - 24.0)
    seen = dice.random(n) < 1.0 / (1.0 + np.exp(-score.to_numpy()))
    table.loc[dice.random(n) < 0.1, "vil"] = np.nan
    return table, seen, np.repeat(np.arange(30), n // 30)


def test_logistic_regression_finds_its_truth() -> None:
    table, seen, days = storms()
    made = cells.train(table, seen, days, "hail_20")
    assert made.better
    assert made.scores.loc["learned", "brier"] < made.scores.loc["before", "brier"]
    assert made.scores.loc["learned", "roc_area"] > 0.8
    assert made.model.name == "baseline+learned"
    assert made.model.asks("rain_20") == ["rain_passing"]
    assert set(made.model.asks("hail_20")) == {"mesh", "vil", "noise"}
    truth = pd.DataFrame({"mesh": [14.0, 24.0], "vil": [24.0, 24.0], "noise": [0.0, 0.0]})
    assert made.model.evaluate(truth)["hail_20"].tolist() == pytest.approx([0.5, 1.0 / (1.0 + np.exp(-2.5))], abs=0.06)
    often = made.reliability[made.reliability["n"] > 50]
    assert (often["forecast"] - often["observed"]).abs().max() < 0.15


def test_trees_are_those_of_the_package() -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    table, seen, days = storms(600)
    table = table.fillna(table.median()).astype("f4").astype("f8")
    made = cells.train(table, seen, days, "hail_20", kind="trees", trees=20, depth=2, folds=3)
    fitted = GradientBoostingClassifier(n_estimators=20, max_depth=2, random_state=0).fit(table.to_numpy(), seen)
    score = fitted.decision_function(table.to_numpy())
    shift, stretch = (float(word) for word in made.learned.text.split("calibrate ")[1].split()[:2])
    expected = 1.0 / (1.0 + np.exp(-shift - stretch * score))
    np.testing.assert_allclose(made.learned.evaluate(table)["hail_20"], expected, atol=1e-9)


def test_what_is_no_better_is_not_used() -> None:
    table, _, days = storms(600)
    seen = np.random.default_rng(2).random(600) < cells.HazardModel().evaluate(table)["hail_20"].to_numpy()
    made = cells.train(table[["noise", "mesh"]].assign(mesh=table["noise"] ** 2), seen, days, "tornado")
    assert not made.better or made.scores.loc["learned", "brier"] < made.scores.loc["before", "brier"]
    poor = cells.train(table[["mesh"]].sample(frac=1.0, random_state=0), seen, days, "hail_20", before=made.learned)
    assert not poor.better
    assert poor.model.text == made.learned.text


def test_what_is_wrong_is_named() -> None:
    table, seen, days = storms(60)
    with pytest.raises(ArgumentError, match="kind"):
        cells.train(table, seen, days, "hail", kind="net")
    with pytest.raises(ArgumentError, match="hazard"):
        cells.train(table, seen, days, "snow")
    with pytest.raises(NoDataError, match="5 days"):
        cells.train(table, seen, np.zeros(60), "hail")
    with pytest.raises(NoDataError):
        cells.train(table, np.zeros(60), days, "hail")
    with pytest.raises(ArgumentError, match="as many"):
        cells.train(table, seen[:5], days, "hail")
