"""What holds for every pair of forecast and observation."""

import pickle
from random import Random

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from given import PLANES, cells, on
from nowcast.grid import Grid
from nowcast.verify import EnsembleScores, Scores, pool, score

THRESHOLDS = (0.1, 1.0, 5.0)
WINDOWS = (1, 2, 5)


@st.composite
def pairs(draw: st.DrawFn, unknown: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Forecast and observation, small numbers often, so that thresholds are met and missed."""
    shape = draw(st.integers(1, 10)), draw(st.integers(1, 10))
    return draw(cells(shape, 0.0, 10.0, unknown)), draw(cells(shape, 0.0, 10.0, unknown))


def scores_of(*several: tuple[np.ndarray, np.ndarray]) -> Scores:
    scores = Scores(THRESHOLDS, WINDOWS, wet=0.1)
    for forecast, observed in several:
        scores.add(forecast, observed)
    return scores


def ratio(a: float, b: float) -> float:
    return a / b if b else np.nan


@given(st.lists(pairs(), min_size=1, max_size=4), st.data())
def test_parts_merged_are_the_whole(several: list[tuple[np.ndarray, np.ndarray]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(several)))
    whole, parts = scores_of(*several), scores_of(*several[:cut])
    parts.merge(pickle.loads(pickle.dumps(scores_of(*several[cut:]))))
    np.testing.assert_allclose(parts.sums, whole.sums, rtol=1e-12, atol=1e-12)
    merged, expected = parts.dataset(), whole.dataset()
    for name in ("n", "hits", "misses", "false_alarms", "correct_negatives"):
        np.testing.assert_array_equal(merged[name].values, expected[name].values)


@given(pairs())
def test_counts_and_errors_are_those_of_a_plain_loop(pair: tuple[np.ndarray, np.ndarray]) -> None:
    seen = scores_of(pair).dataset()
    known = np.isfinite(pair[0]) & np.isfinite(pair[1])
    f, o = (values[known].astype(np.float64) for values in pair)
    assert int(seen["n"]) == f.size
    if f.size:
        expected = {"bias": (f - o).mean(), "mae": np.abs(f - o).mean(), "rmse": np.sqrt(((f - o) ** 2).mean())}
        for name, value in expected.items():
            np.testing.assert_allclose(float(seen[name]), value, rtol=1e-9, atol=1e-9)
    for threshold in THRESHOLDS:
        at = seen.sel(threshold=threshold)
        limit = float(np.float32(threshold))
        hits, misses = int(((f >= limit) & (o >= limit)).sum()), int(((f < limit) & (o >= limit)).sum())
        alarms = int(((f >= limit) & (o < limit)).sum())
        assert (int(at["hits"]), int(at["misses"]), int(at["false_alarms"])) == (hits, misses, alarms)
        assert int(at["correct_negatives"]) == f.size - hits - misses - alarms
        for name, value in {
            "csi": ratio(hits, hits + misses + alarms),
            "pod": ratio(hits, hits + misses),
            "far": ratio(alarms, hits + alarms),
            "frequency_bias": ratio(hits + alarms, hits + misses),
        }.items():
            np.testing.assert_allclose(float(at[name]), value, rtol=1e-12)


@given(pairs())
def test_scores_keep_to_their_ranges(pair: tuple[np.ndarray, np.ndarray]) -> None:
    seen = scores_of(pair).dataset()
    ranges = dict.fromkeys(("csi", "pod", "far", "pofd", "accuracy", "f1", "fss"), (0.0, 1.0))
    ranges |= dict.fromkeys(("correlation", "hss", "pss", "mcc", "orss"), (-1.0, 1.0)) | {"gss": (-1.0 / 3.0, 1.0)}
    for name, (least, most) in ranges.items():
        values = seen[name].values[np.isfinite(seen[name].values)]
        assert ((values >= least - 1e-9) & (values <= most + 1e-9)).all(), name
    if int(seen["n"]):
        assert abs(float(seen["bias"])) <= float(seen["mae"]) + 1e-9
        assert float(seen["mae"]) <= float(seen["rmse"]) + 1e-9
        csi, pod, far = (seen[name].values for name in ("csi", "pod", "far"))
        both = (pod > 0.0) & (far < 1.0)
        np.testing.assert_allclose(1.0 / csi[both], 1.0 / pod[both] + 1.0 / (1.0 - far[both]) - 1.0, rtol=1e-9)


@given(pairs())
def test_a_field_scores_best_against_itself(pair: tuple[np.ndarray, np.ndarray]) -> None:
    seen = scores_of((pair[0], pair[0])).dataset()
    events = [bool((pair[0] >= np.float32(threshold)).any()) for threshold in THRESHOLDS]
    for name in ("csi", "pod", "fss"):
        values = seen[name].values[events]
        np.testing.assert_allclose(values, np.ones_like(values), rtol=1e-12)
        assert np.isnan(seen[name].values[np.logical_not(events)]).all()
    assert int(seen["n"]) == 0 or float(seen["rmse"]) == 0.0


@given(pairs())
def test_trading_places_trades_misses_for_false_alarms(pair: tuple[np.ndarray, np.ndarray]) -> None:
    there, back = scores_of(pair).dataset(), scores_of(pair[::-1]).dataset()
    for name in ("csi", "fss", "rmse", "correlation"):
        np.testing.assert_allclose(there[name].values, back[name].values, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(there["misses"].values, back["false_alarms"].values)


@given(pairs(), st.data())
def test_what_is_not_used_counts_as_not_known(pair: tuple[np.ndarray, np.ndarray], data: st.DataObject) -> None:
    forecast, observed = pair
    use = np.array(data.draw(st.lists(st.booleans(), min_size=forecast.size, max_size=forecast.size)))
    use = use.reshape(forecast.shape)
    scores = Scores(THRESHOLDS, WINDOWS, wet=0.1)
    scores.add(forecast, observed, use)
    blank = np.where(use, observed, np.float32(np.nan))
    np.testing.assert_array_equal(scores.sums, scores_of((forecast, blank)).sums)


@given(st.data(), st.integers(1, 3), st.integers(2, 3))
def test_pooled_cases_are_one_accumulation(data: st.DataObject, times: int, cases: int) -> None:
    grid = Grid(PLANES[0], 5, 6, 0.0, 0.0, 1000.0, 1000.0)
    pair = [[data.draw(cells((times, 6, 5), 0.0, 10.0)) for _ in range(cases)] for _ in range(2)]
    scored = []
    for forecast, observed in zip(*pair, strict=True):
        ahead = on(grid, forecast).assign_coords(forecast_reference_time=np.datetime64("2026-06-01T05:55", "ns"))
        scored.append(score(ahead, on(grid, observed), THRESHOLDS, WINDOWS, wet=0.1))
    pooled = pool(xr.concat(scored, dim="case"))
    for step in range(times):
        whole = scores_of(*((f[step], o[step]) for f, o in zip(*pair, strict=True)))
        np.testing.assert_allclose(pooled["sums"].values[step], whole.sums, rtol=1e-12, atol=1e-12)


# ---- ensembles ----


@st.composite
def ensembles(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Members and observation."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    members = draw(st.integers(1, 7))
    return draw(cells((members, *shape), 0.0, 10.0)), draw(cells(shape, 0.0, 10.0))


def ensemble_scores_of(*several: tuple[np.ndarray, np.ndarray]) -> EnsembleScores:
    scores = EnsembleScores(len(several[0][0]), THRESHOLDS)
    for members, observed in several:
        scores.add(members, observed)
    return scores


@given(ensembles(), st.randoms(use_true_random=False))
def test_members_have_no_order(pair: tuple[np.ndarray, np.ndarray], random: Random) -> None:
    members, observed = pair
    order = random.sample(range(len(members)), len(members))
    seen, other = ensemble_scores_of(pair), ensemble_scores_of((members[order], observed))
    np.testing.assert_allclose(other.sums, seen.sums, rtol=1e-11, atol=1e-11)


@given(ensembles())
def test_scores_of_an_ensemble_keep_to_their_ranges(pair: tuple[np.ndarray, np.ndarray]) -> None:
    seen = ensemble_scores_of(pair).dataset()
    n, members = int(seen["n"]), len(pair[0])
    assert n == (np.isfinite(pair[0]).all(axis=0) & np.isfinite(pair[1])).sum()
    np.testing.assert_allclose(float(seen["rank_histogram"].sum()), n, rtol=1e-9)
    assert (seen["forecasts"].sum("probability") == n).all()
    assert (seen["events"] <= seen["forecasts"]).all()
    if not n:
        return
    for name in ("brier", "reliability", "resolution", "uncertainty"):
        assert ((seen[name] >= 0.0) & (seen[name] <= 1.0)).all(), name
    np.testing.assert_allclose(seen["reliability"] - seen["resolution"] + seen["uncertainty"], seen["brier"], atol=1e-9)
    assert abs(float(seen["bias"])) <= float(seen["rmse"]) + 1e-9
    assert float(seen["crps"]) >= -1e-9
    if members > 1:
        assert float(seen["crps_fair"]) <= float(seen["crps"]) + 1e-9


@given(ensembles())
def test_members_given_twice_have_the_same_scores(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """The distribution is the same, and only what depends on the number of members differs."""
    seen = ensemble_scores_of(pair).dataset()
    twice = ensemble_scores_of((np.concatenate([pair[0], pair[0]]), pair[1])).dataset()
    for name in ("n", "crps", "bias", "rmse", "brier", "reliability", "resolution", "uncertainty", "roc_area"):
        np.testing.assert_allclose(twice[name].values, seen[name].values, rtol=1e-9, atol=1e-9)
