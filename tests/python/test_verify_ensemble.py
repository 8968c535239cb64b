"""Scores of ensembles: matched in time and place, pooled, bootstrapped, written."""

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import errors, verify
from nowcast.grid import Grid

GRID = Grid("+proj=laea +lat_0=55 +lon_0=10", nx=23, ny=17, x_first=0.0, y_first=0.0, dx=1000.0, dy=1000.0)
START = np.datetime64("2026-05-01T12:00", "ns")
STEP = np.timedelta64(5, "m")
MEMBERS = 5


def rain(seed, *shape, missing=0.02):
    """Rain of half the cells, in steps of 0.5 so that members are often equal, some of it missing."""
    random = np.random.default_rng(seed)
    cells = np.round(2 * random.exponential(2.0, (*shape, GRID.ny, GRID.nx))) / 2
    cells *= random.random(cells.shape) < 0.5
    cells[random.random(cells.shape) < missing] = np.nan
    return cells.astype(np.float32)


def observed(cells, units="mm h-1"):
    times = START + STEP * np.arange(1, cells.shape[-3] + 1)
    attrs = {"units": units, "grid_mapping": "crs"}
    dims = ("member", "time", "y", "x")[-cells.ndim :]
    return xr.DataArray(cells, dims=dims, coords={"time": times, **GRID.coords()}, attrs=attrs)


def forecast(cells):
    data = observed(cells)
    return data.assign_coords(lead_time=("time", (data.time - START).values), forecast_reference_time=START)


def known(f, o):
    """Members and observed of the cells where all are known: (member, cell) and (cell,)."""
    where = np.isfinite(f).all(axis=0) & np.isfinite(o)
    return f[:, where].astype(float), o[where].astype(float)


def integrated_crps(f, o):
    """The integral of the squared distance of the members' distribution from the observed step, for each cell."""
    values = np.sort(np.concatenate([f, o[None]]), axis=0)
    middle = (values[1:] + values[:-1]) / 2
    below = (f[:, None] <= middle[None]).mean(axis=0)
    return ((below - (o[None] <= middle)) ** 2 * np.diff(values, axis=0)).sum(axis=0)


def test_scores_equal_numpy_at_every_lead_time():
    f, o = rain(1, MEMBERS, 3), rain(2, 3)
    result = verify.score_ensemble(forecast(f), observed(o), (0.5, 3))
    sizes = {"lead_time": 3, "threshold": 2, "window": 0, "probability": MEMBERS + 1, "rank": MEMBERS + 1}
    assert dict(result.sizes) == {**sizes, "sum": result.sizes["sum"]}
    assert list(result.lead_time.values) == [STEP, 2 * STEP, 3 * STEP]
    for k in range(3):
        here = result.isel(lead_time=k)
        a, b = known(f[:, k], o[k])
        assert here.n == b.size
        assert here.crps == pytest.approx(integrated_crps(a, b).mean())
        pairs = np.abs(a[:, None] - a[None]).sum(axis=(0, 1)).mean()
        assert here.crps_fair == pytest.approx(np.abs(a - b).mean() - pairs / (2 * MEMBERS * (MEMBERS - 1)))
        assert here.bias == pytest.approx(a.mean() - b.mean())
        assert here.rmse == pytest.approx(np.sqrt(((a.mean(axis=0) - b) ** 2).mean()))
        assert here.spread == pytest.approx(np.sqrt(a.var(axis=0, ddof=1).mean()))
        assert here.rank_histogram.sum() == pytest.approx(b.size)
        for t, threshold in enumerate((0.5, 3)):
            at = here.isel(threshold=t)
            p, event = (a >= threshold).mean(axis=0), b >= threshold
            assert at.brier == pytest.approx(((p - event) ** 2).mean())
            assert at.reliability - at.resolution + at.uncertainty == pytest.approx(at.brier.item())
            for j, probability in enumerate(result.probability.values):
                here_p = np.isclose(p, probability)
                assert at.forecasts[j] == here_p.sum()
                assert at.events[j] == (here_p & event).sum()
                share = event[here_p].mean() if here_p.any() else np.nan
                assert at.observed_frequency[j] == pytest.approx(share, nan_ok=True)
    assert result.crps.attrs["units"] == "mm h-1"
    assert result.brier.attrs["units"] == "1"
    assert result.forecast_reference_time == START


def test_order_of_dimensions_and_the_way_rows_run_do_not_matter():
    f, o = forecast(rain(1, MEMBERS, 2)), observed(rain(2, 2))
    plain = verify.score_ensemble(f, o)
    turned = verify.score_ensemble(f.transpose("time", "y", "x", "member"), o.isel(y=slice(None, None, -1)))
    assert turned.equals(plain)
    assert not verify.score_ensemble(f, o.shift(x=1)).crps.equals(plain.crps)


def test_a_mask_leaves_cells_out():
    f, o = rain(1, MEMBERS, 2), rain(2, 2)
    mask = np.random.default_rng(3).random((GRID.ny, GRID.nx)) < 0.5
    masked = verify.score_ensemble(forecast(f), observed(o), use=mask)
    assert masked.equals(verify.score_ensemble(forecast(f), observed(np.where(mask, o, np.nan))))


def test_one_member_has_no_spread():
    f, o = rain(1, 1, 1), rain(2, 1)
    result = verify.score_ensemble(forecast(f), observed(o)).isel(lead_time=0)
    one = verify.score(forecast(f[0]), observed(o)).isel(lead_time=0)
    assert result.crps == pytest.approx(one.mae.item())
    assert result.rmse == pytest.approx(one.rmse.item())
    np.testing.assert_allclose(result.brier, 1 - one.accuracy)
    assert np.isnan([result.crps_fair, result.spread, result.spread_skill, *result.brier_fair]).all()


def test_a_time_without_observation_is_flagged():
    f, o = rain(1, MEMBERS, 3), rain(2, 3)
    late = observed(o).isel(time=[1])
    result = verify.score_ensemble(forecast(f), late)
    assert result.n.values[[0, 2]].tolist() == [0, 0]
    assert np.isnan(result.crps.values[[0, 2]]).all()
    assert np.isnan(result.brier.values[[0, 2]]).all()
    assert result.crps.values[1] == pytest.approx(integrated_crps(*known(f[:, 1], o[1])).mean())


def test_what_does_not_fit_is_refused():
    f, o = forecast(rain(1, MEMBERS, 2)), observed(rain(2, 2))
    with pytest.raises(errors.ArgumentError, match="a dimension member expected"):
        verify.score_ensemble(f.isel(member=0), o)
    with pytest.raises(errors.ArgumentError, match="units"):
        verify.score_ensemble(f, o.assign_attrs(units="dBZ"))
    scores = verify.EnsembleScores(3)
    with pytest.raises(errors.ArgumentError, match="members: 3 fields expected, 5 given"):
        scores.add(f.isel(time=0), o.isel(time=0))
    with pytest.raises(errors.ArgumentError, match=r"\(member, y, x\) expected"):
        scores.add(f.isel(time=0, member=0), o.isel(time=0))
    with pytest.raises(errors.ArgumentError, match=r"\(y, x\) expected"):
        verify.Scores().add(f.isel(time=0), o.isel(time=0))
    with pytest.raises(errors.ArgumentError, match="EnsembleScores expected, Scores given"):
        scores.merge(verify.Scores())
    with pytest.raises(errors.ArgumentError, match="number of members"):
        scores.merge(verify.EnsembleScores(4))
    with pytest.raises(errors.ArgumentError, match="n_members: 1 to 1000"):
        verify.EnsembleScores(0)
    with pytest.raises(errors.ArgumentError, match="values expected"):
        scores.add_sums(verify.Scores().sums)


def test_parts_merge_also_through_pickle():
    f, o = rain(1, 4, MEMBERS), rain(2, 4)
    whole, merged = verify.EnsembleScores(MEMBERS), verify.EnsembleScores(MEMBERS)
    for a, b in zip(f, o, strict=True):
        whole.add(a, b)
        part = verify.EnsembleScores(MEMBERS)
        part.add(a, b)
        merged.merge(pickle.loads(pickle.dumps(part)))
    xr.testing.assert_allclose(whole.dataset(), merged.dataset(), rtol=1e-12)
    assert whole.dataset().brier.equals(merged.dataset().brier)


def test_scores_of_nothing_are_nan():
    table = verify.EnsembleScores(MEMBERS, ()).dataset()
    assert table.n == 0
    assert np.isnan(table.crps)
    assert table.brier.shape == (0,)
    assert (table.rank_histogram == 0).all()


@pytest.fixture(scope="module")
def cases():
    """Six cases: the observed and members about it, and members farther away beside."""
    good, poor = [], []
    for seed in range(6):
        o, noise = rain(seed, 2, missing=0.0), rain(100 + seed, MEMBERS, 2, missing=0.0)
        good.append(verify.score_ensemble(forecast(o + noise), observed(o), (1.0, 3.0)))
        poor.append(verify.score_ensemble(forecast(o + 2 * noise), observed(o), (1.0, 3.0)))
    return xr.concat(good, "case"), xr.concat(poor, "case")


def test_pooled_cases_equal_all_fields_at_once(cases):
    pooled = verify.pool(cases[0])
    xr.testing.assert_allclose(pooled.crps, cases[0].crps.mean("case"))  # as many cells in each
    assert (pooled.forecasts == cases[0].forecasts.sum("case")).all()
    xr.testing.assert_allclose(pooled.rank_histogram, cases[0].rank_histogram.sum("case"))
    assert list(pooled.lead_time.values) == list(cases[0].lead_time.values)
    assert list(pooled.threshold.values) == [1.0, 3.0]


def test_bootstrap_errors_are_those_of_a_mean(cases):
    good, poor = cases
    drawn = verify.bootstrap(good, n=400, seed=1)
    np.testing.assert_allclose(drawn.crps, good.crps.std("case", ddof=0) / np.sqrt(6), rtol=0.15)
    assert not {"n", "forecasts", "events", "rank_histogram", "sums"} & set(drawn.data_vars)
    beside = verify.bootstrap(good, poor, n=400, seed=1)
    expected = (good.brier - poor.brier).std("case", ddof=0) / np.sqrt(6)
    np.testing.assert_allclose(beside.brier, expected, rtol=0.15)


def test_a_table_has_one_row_for_each_score(cases, tmp_path):
    path = tmp_path / "scores.csv"
    verify.to_csv(cases[0].assign_coords(case=list("abcdef")), path)
    table = pd.read_csv(path)
    assert list(table.columns) == ["case", "lead_time_min", "threshold", "probability", "rank", "score", "value"]
    ranks = table[(table.case == "c") & (table.lead_time_min == 10) & (table.score == "rank_histogram")]
    assert ranks["rank"].tolist() == list(range(MEMBERS + 1))
    np.testing.assert_allclose(ranks.value, cases[0].rank_histogram.values[2, 1], rtol=1e-8)
    brier = table[(table.case == "c") & (table.lead_time_min == 10) & (table.score == "brier")]
    np.testing.assert_allclose(brier.value, cases[0].brier.values[2, 1], rtol=1e-8)
    assert len(table[(table.score == "events") & (table.case == "a")]) == 2 * 2 * (MEMBERS + 1)


def test_netcdf_keeps_scores_and_sums(cases, tmp_path):
    pytest.importorskip("netCDF4")
    path = tmp_path / "scores.nc"
    verify.to_netcdf(cases[0], path)
    with xr.open_dataset(path) as back:
        back.load()
    np.testing.assert_array_equal(back.crps, cases[0].crps)
    np.testing.assert_array_equal(verify.pool(back).brier, verify.pool(cases[0]).brier)
