"""Scores of probabilities, their bars and calibration, intervals of scores, and windows of ensembles."""

import pickle

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, forecast, verify
from nowcast.grid import Grid

GRID = Grid("+proj=laea +lat_0=55 +lon_0=10", nx=60, ny=50, x_first=0.0, y_first=0.0, dx=1000.0, dy=1000.0)
START = np.datetime64("2026-05-01T12:00", "ns")
LEADS = np.arange(1, 3) * np.timedelta64(10, "m")


def field(cells, dims, units, **coords):
    return xr.DataArray(
        cells.astype(np.float32),
        dims=dims,
        coords=coords | GRID.coords(),
        attrs={"units": units, "grid_mapping": "crs"},
    )


def made(seed):
    """Probabilities of two thresholds and times that say too much, and what came."""
    random = np.random.default_rng(seed)
    chance = random.random((2, 2, GRID.ny, GRID.nx)) ** 2
    rain = np.where(
        random.random(chance.shape[1:]) < chance[1], 9.0, np.where(random.random(chance.shape[1:]) < 0.3, 2.0, 0.0)
    )
    times = {"time": START + LEADS}
    said = field(np.sqrt(chance), ("threshold", "time", "y", "x"), "1", threshold=[1.0, 5.0], **times)
    said = said.assign_coords(lead_time=("time", LEADS))
    return said, field(rain, ("time", "y", "x"), "mm h-1", **times)


def test_scores_equal_numpy_at_every_lead_time_and_threshold():
    said, rain = made(1)
    scores = verify.score_probability(said, rain)
    for k in range(2):
        for t, threshold in enumerate((1.0, 5.0)):
            here = scores.isel(lead_time=k, threshold=t)
            p, event = said.values[t, k].ravel().astype(float), rain.values[k].ravel() >= threshold
            assert here.n == p.size
            assert here.brier == pytest.approx(((p - event) ** 2).mean())
            assert here.frequency == pytest.approx(event.mean())
            assert here.probability_forecast == pytest.approx(p.mean())
            parts = here.reliability - here.resolution + here.uncertainty + here.within
            assert parts == pytest.approx(here.brier.item())
            kind = np.rint(said.values[t, k].ravel() * np.float32(10.0)).astype(int)
            assert here.forecasts.values.tolist() == np.bincount(kind, minlength=11).tolist()
            assert here.events.values.tolist() == np.bincount(kind[event], minlength=11).tolist()
            np.testing.assert_allclose(here.pod, [(kind[event] >= c).mean() for c in range(11)])
            np.testing.assert_allclose(here.pofd, [(kind[~event] >= c).mean() for c in range(11)])
            area = np.trapezoid(here.pod[::-1], here.pofd[::-1])
            assert 0.0 <= here.roc_area - area < 0.02  # from no warning at all to the last class is one step more
    assert scores.threshold.attrs["units"] == "mm h-1"


def test_sums_merge_and_cases_pool_and_files_keep_them(tmp_path):
    cases = [verify.score_probability(*made(seed)) for seed in (1, 2, 3)]
    joined = xr.concat(cases, "case")
    pooled = verify.pool(joined)
    assert (pooled.events == joined.events.sum("case")).all()
    xr.testing.assert_allclose(pooled.brier, joined.brier.mean("case"))  # as many cells in each
    verify.to_netcdf(joined, tmp_path / "scores.nc")
    again = verify.from_netcdf(tmp_path / "scores.nc")
    xr.testing.assert_allclose(verify.pool(again).roc_area, pooled.roc_area)
    with pytest.raises(errors.FileError, match=r"absent\.nc"):
        verify.from_netcdf(tmp_path / "absent.nc")
    verify.to_csv(joined, tmp_path / "scores.csv")
    one = verify.ProbabilityScores([1.0, 5.0])
    one.add(made(1)[0].isel(time=0), made(1)[1].isel(time=0))
    other = pickle.loads(pickle.dumps(one))
    other.merge(one)
    assert (other.dataset().forecasts == 2 * one.dataset().forecasts).all()
    with pytest.raises(errors.ArgumentError, match="a kind of scores known here expected, 77 given"):
        verify.pool(joined.assign(sums=joined.sums * 0 + 77.0))


def test_one_threshold_may_be_an_attribute():
    said, rain = made(1)
    one = said.isel(threshold=1, drop=True).assign_attrs(limit=5.0)
    whole = verify.score_probability(said, rain).isel(threshold=[1])
    assert verify.score_probability(one, rain).brier.equals(whole.brier)
    with pytest.raises(errors.ArgumentError, match="a dimension threshold or an attribute limit"):
        verify.score_probability(one.drop_attrs(), rain)
    with pytest.raises(errors.ArgumentError, match=r"probabilities\[0\]: 0 to 1 expected"):
        verify.score_probability(said * 100.0, rain)


def test_bars_are_wider_for_fewer_samples():
    scores = verify.pool(xr.concat([verify.score_probability(*made(seed)) for seed in (1, 2)], "case"))
    all_cells, few = verify.consistency(scores), verify.consistency(scores, cells_per_sample=100.0)
    assert all_cells.low.dims == ("lead_time", "threshold", "probability")
    assert ((all_cells.high - all_cells.low) <= (few.high - few.low)).all()
    honest = np.random.default_rng(5).random((1, GRID.ny, GRID.nx)).astype(np.float32)
    event = (np.random.default_rng(6).random(honest.shape[1:]) < honest[0]).astype(np.float32)
    right = verify.ProbabilityScores([0.5])
    right.add(honest, event)
    curve = right.dataset()
    bars = verify.consistency(curve, level=0.999)
    within = (bars.low <= curve.observed_frequency) & (curve.observed_frequency <= bars.high)
    assert within.all()
    assert not (all_cells.low <= scores.observed_frequency).all()
    with pytest.raises(errors.ArgumentError, match="cells_per_sample"):
        verify.consistency(curve, cells_per_sample=0.0)
    with pytest.raises(errors.ArgumentError, match="scores of an ensemble or of probabilities"):
        verify.consistency(verify.Scores().dataset())


def test_calibration_learnt_from_past_cycles_mends_later_ones(tmp_path):
    past = verify.pool(xr.concat([verify.score_probability(*made(seed)) for seed in (1, 2, 3)], "case"))
    curves = verify.calibration(past, least=200)
    assert bool(curves.enough.all())
    verify.to_netcdf(curves, tmp_path / "curves.nc")
    said, rain = made(9)
    better = verify.calibrate(said, verify.from_netcdf(tmp_path / "curves.nc"))
    before, after = verify.score_probability(said, rain), verify.score_probability(better, rain)
    assert (after.brier < before.brier - 0.01).all()
    assert (after.reliability < 0.1 * before.reliability).all()
    assert better.dims == said.dims
    assert float(better.min()) >= 0.0
    one = verify.calibrate(
        said.isel(threshold=1, time=0, drop=True).assign_attrs(limit=5.0).assign_coords(lead_time=LEADS[0]), curves
    )
    np.testing.assert_array_equal(one.values, better.values[1, 0])
    north_first = verify.calibrate(said.isel(y=slice(None, None, -1)), curves)
    xr.testing.assert_equal(north_first.sortby("y"), better.sortby("y"))


def test_too_few_samples_are_told():
    few = verify.score_probability(*made(1))
    curves = verify.calibration(few, least=10000)
    assert not bool(curves.enough.any())
    with pytest.raises(errors.NoDataError, match="too few samples for lead_time"):
        verify.calibrate(made(2)[0], curves)
    with pytest.raises(errors.ArgumentError, match="none of threshold 7"):
        verify.calibrate(made(2)[0].assign_coords(threshold=[1.0, 7.0]), verify.calibration(few))
    with pytest.raises(errors.ArgumentError, match="a coordinate lead_time expected"):
        verify.calibrate(made(2)[0].drop_vars("lead_time"), verify.calibration(few))


def test_probabilities_of_an_ensemble_score_as_the_ensemble():
    random = np.random.default_rng(3)
    members = field(
        random.gamma(0.5, 4.0, (10, 2, GRID.ny, GRID.nx)), ("member", "time", "y", "x"), "mm h-1", time=START + LEADS
    )
    members = members.assign_coords(lead_time=("time", LEADS))
    rain = members.isel(member=0)
    ensemble = verify.score_ensemble(members, rain, (1.0, 5.0), (3,))
    scores = verify.score_probability(forecast.exceedance(members, [1.0, 5.0]), rain)
    for name in ("brier", "reliability", "roc_area", "forecasts", "events"):
        np.testing.assert_allclose(scores[name], ensemble[name], atol=1e-7)
    np.testing.assert_allclose(scores.pod, ensemble.pod)
    again = verify.pool(xr.concat([ensemble, ensemble], "case"))
    xr.testing.assert_allclose(again.fss_dispersion, ensemble.fss_dispersion)
    assert again.fss_probability.sizes["window"] == 1


def test_intervals_hold_the_score_of_many_cases():
    random = np.random.default_rng(7)
    cases = []
    for _ in range(40):
        one = verify.Scores((1.0,), (1,))
        rain = random.exponential(1.0, (12, 12))
        one.add(rain + random.normal(0.0, 1.0, rain.shape) + random.normal(0.0, 0.5), rain)
        cases.append(one.dataset())
    joined = xr.concat(cases, "case")
    found = verify.intervals(joined, level=0.9, n=400)
    half = 1.645 * joined.bias.std("case", ddof=0) / np.sqrt(40)
    assert found.bias.sel(statistic="high") - found.bias.sel(statistic="low") == pytest.approx(
        2 * half.item(), rel=0.15
    )
    assert found.bias.sel(statistic="score") == pytest.approx(verify.pool(joined).bias.item())
    assert (found.csi.sel(statistic="low") <= found.csi.sel(statistic="score")).all()
    with pytest.raises(errors.ArgumentError, match="level"):
        verify.intervals(joined, level=1.0)
    with pytest.raises(errors.ArgumentError, match="at least 2"):
        verify.intervals(joined.isel(case=[0]))
    with pytest.raises(errors.ArgumentError, match="block: 1 to 20"):
        verify.intervals(joined, block=21)
