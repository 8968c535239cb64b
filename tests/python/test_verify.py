"""Scores: matched in time and place, pooled, bootstrapped, written."""

import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import errors, verify
from nowcast.grid import Grid

GRID = Grid("+proj=laea +lat_0=55 +lon_0=10", nx=40, ny=30, x_first=0.0, y_first=0.0, dx=1000.0, dy=1000.0)
START = np.datetime64("2026-05-01T12:00", "ns")
STEP = np.timedelta64(5, "m")
DATA = Path(os.environ.get("NOWCAST_TEST_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def rain(seed, steps=3, grid=GRID, missing=0.05):
    random = np.random.default_rng(seed)
    cells = random.exponential(2.0, (steps, grid.ny, grid.nx)) * (random.random((steps, grid.ny, grid.nx)) < 0.5)
    cells[random.random(cells.shape) < missing] = np.nan
    return cells.astype(np.float32)


def observed(cells, grid=GRID, first=1, units="mm h-1"):
    times = START + STEP * np.arange(first, first + len(cells))
    attrs = {"units": units, "grid_mapping": "crs"}
    return xr.DataArray(cells, dims=("time", "y", "x"), coords={"time": times, **grid.coords()}, attrs=attrs)


def forecast(cells, **more):
    data = observed(cells, **more)
    return data.assign_coords(lead_time=("time", (data.time - START).values), forecast_reference_time=START)


def plain(f, o, threshold):
    known = np.isfinite(f) & np.isfinite(o)
    f, o = f[known], o[known]
    hits = int(((f >= threshold) & (o >= threshold)).sum())
    return hits, int((o >= threshold).sum()) - hits, int((f >= threshold).sum()) - hits, known.sum()


def test_scores_equal_numpy_at_every_lead_time():
    f, o = rain(1), rain(2)
    result = verify.score(forecast(f), observed(o), thresholds=(0.5, 3), windows=(1, 4), wet=0.5)
    assert dict(result.sizes) == {"lead_time": 3, "threshold": 2, "window": 2, "sum": result.sizes["sum"]}
    assert list(result.lead_time.values) == [STEP, 2 * STEP, 3 * STEP]
    assert result.csi.dims == ("lead_time", "threshold")
    assert result.fss.dims == ("lead_time", "threshold", "window")
    for k in range(3):
        known = np.isfinite(f[k]) & np.isfinite(o[k])
        a, b = f[k][known].astype(float), o[k][known].astype(float)
        here = result.isel(lead_time=k)
        assert here.n == known.sum()
        assert here.mae == pytest.approx(np.abs(a - b).mean())
        assert here.rmse == pytest.approx(np.sqrt(((a - b) ** 2).mean()))
        assert here.bias == pytest.approx(a.mean() - b.mean())
        assert here.correlation == pytest.approx(np.corrcoef(a, b)[0, 1])
        wet = (a >= 0.5) | (b >= 0.5)
        assert here.n_wet == wet.sum()
        assert here.mae_wet == pytest.approx(np.abs(a - b)[wet].mean())
        for t, threshold in enumerate((0.5, 3)):
            hits, misses, false_alarms, n = plain(f[k], o[k], threshold)
            table = here.isel(threshold=t)
            assert (table.hits, table.misses, table.false_alarms) == (hits, misses, false_alarms)
            assert table.correct_negatives == n - hits - misses - false_alarms
            assert table.csi == pytest.approx(hits / (hits + misses + false_alarms))
            assert table.frequency_bias == pytest.approx((hits + false_alarms) / (hits + misses))
            # In windows of one cell the fractions are the events.
            squares = 2 * hits + misses + false_alarms
            assert table.fss[0] == pytest.approx(1 - (misses + false_alarms) / squares)
    assert result.mae.attrs["units"] == "mm h-1"
    assert result.forecast_reference_time == START


def test_valid_times_are_matched_and_a_missing_one_is_flagged():
    f, o = rain(1), rain(2)
    late = observed(o[:1], first=2)
    result = verify.score(forecast(f), late)
    assert result.n.values.tolist() == [0, int((np.isfinite(f[1]) & np.isfinite(o[0])).sum()), 0]
    assert np.isnan(result.csi.values[[0, 2]]).all()
    assert np.isfinite(result.csi.values[1]).all()
    off = late.assign_coords(time=late.time + np.timedelta64(40, "s"))
    with pytest.raises(errors.NoDataError, match="nothing at the forecast's times"):
        verify.score(forecast(f), off)
    assert verify.score(forecast(f), off, tolerance="1min").equals(result)


def test_times_are_needed():
    f, o = forecast(rain(1)), observed(rain(2))
    with pytest.raises(errors.ArgumentError, match="lead_time or forecast_reference_time"):
        verify.score(f.drop_vars(["lead_time", "forecast_reference_time"]), o)
    with pytest.raises(errors.ArgumentError, match="observed: a coordinate time"):
        verify.score(f, o.drop_vars("time"))
    by_reference = verify.score(f.drop_vars("lead_time"), o)
    assert by_reference.equals(verify.score(f, o))
    one = verify.score(f.isel(time=1), o)
    assert one.sizes["lead_time"] == 1
    assert one.fss.values[0] == pytest.approx(by_reference.fss.values[1], nan_ok=True)


@pytest.mark.parametrize("changed", ["x_first", "dx", "nx", "projection"])
def test_another_grid_is_refused(changed):
    other = {"x_first": 500.0, "dx": 1100.0, "nx": 39, "projection": "+proj=laea +lat_0=56 +lon_0=10"}[changed]
    grid = Grid(**{**{k: getattr(GRID, k) for k in GRID.__dataclass_fields__}, changed: other})
    with pytest.raises(errors.ArgumentError, match="observed"):
        verify.score(forecast(rain(1)), observed(rain(2, grid=grid), grid=grid))


def test_other_units_or_no_grid_are_refused():
    f, o = forecast(rain(1)), observed(rain(2))
    with pytest.raises(errors.ArgumentError, match="units"):
        verify.score(f, o.assign_attrs(units="dBZ"))
    with pytest.raises(errors.ArgumentError, match="grid mapping"):
        verify.score(f, o.drop_vars("crs"))
    bare_f, bare_o = f.drop_vars("crs"), o.drop_vars("crs")
    assert verify.score(bare_f, bare_o).equals(verify.score(f, o))
    with pytest.raises(errors.ArgumentError, match="x differs"):
        verify.score(bare_f, bare_o.assign_coords(x=bare_o.x + 1000.0))


def test_the_way_rows_run_does_not_matter():
    f, o = forecast(rain(1)), observed(rain(2))
    plain_result = verify.score(f, o)
    turned = verify.score(f.isel(y=slice(None, None, -1)), o.transpose("time", "x", "y"))
    assert turned.equals(plain_result)


def test_a_mask_leaves_cells_out():
    f, o = rain(1), rain(2)
    mask = np.random.default_rng(3).random((GRID.ny, GRID.nx)) < 0.5
    masked = verify.score(forecast(f), observed(o), use=mask)
    hidden = verify.score(forecast(np.where(mask, f, np.nan)), observed(o))
    assert masked.equals(hidden)


def test_parts_merge_also_through_pickle():
    f, o = rain(1, steps=4), rain(2, steps=4)
    whole, parts = verify.Scores(wet=0.1), []
    for a, b in zip(f, o, strict=True):
        whole.add(a, b)
        part = verify.Scores(wet=0.1)
        part.add(a, b)
        parts.append(pickle.loads(pickle.dumps(part)))
    merged = parts[0]
    for part in parts[1:]:
        merged.merge(part)
    xr.testing.assert_allclose(whole.dataset(), merged.dataset(), rtol=1e-12)
    assert whole.dataset().fss.equals(merged.dataset().fss)
    with pytest.raises(errors.ArgumentError, match="thresholds"):
        merged.merge(verify.Scores(thresholds=(7, 8, 9), wet=0.1))
    with pytest.raises(errors.ArgumentError, match="values expected"):
        merged.add_sums([1.0, 2.0])


def test_scores_of_nothing_are_nan():
    table = verify.Scores().dataset()
    assert table.n == 0
    assert np.isnan(table.mae)
    assert np.isnan(table.fss).all()
    empty = verify.Scores(thresholds=(), windows=())
    empty.add(np.ones((1, 1)), np.zeros((1, 1)))
    assert empty.dataset().mae == 1.0


def test_options_out_of_range_are_refused():
    with pytest.raises(errors.ArgumentError, match="windows"):
        verify.Scores(windows=(0,))
    with pytest.raises(errors.ArgumentError, match="thresholds"):
        verify.Scores(thresholds=(np.inf,))


@pytest.fixture(scope="module")
def cases():
    """Six cases whose forecast is the observation and noise, more of it later; and a noisier forecast beside."""
    good, poor = [], []
    for seed in range(6):
        o = rain(seed, missing=0.0)
        noise = rain(100 + seed, missing=0.0)
        weight = np.array([0.2, 0.4, 0.6], dtype=np.float32)[:, None, None]
        good.append(verify.score(forecast(o + weight * noise), observed(o), windows=(1, 5)))
        poor.append(verify.score(forecast(o + 2 * weight * noise), observed(o), windows=(1, 5)))
    return xr.concat(good, "case"), xr.concat(poor, "case")


def test_pooled_cases_equal_all_fields_at_once(cases):
    pooled = verify.pool(cases[0])
    assert pooled.csi.dims == ("lead_time", "threshold")
    assert (pooled.hits == cases[0].hits.sum("case")).all()
    weights = cases[0].n / cases[0].n.sum("case")
    xr.testing.assert_allclose(pooled.mae, (cases[0].mae * weights).sum("case"))
    assert list(pooled.lead_time.values) == list(cases[0].lead_time.values)
    with pytest.raises(errors.ArgumentError, match=r"xr\.concat"):
        verify.pool(cases[0].drop_vars("sums"))


def test_bootstrap_errors_are_those_of_a_mean(cases):
    good, poor = cases
    errors_of = verify.bootstrap(good, n=400, seed=1)
    # The cells are as many in each case, so pooled MAE is the mean of the cases', and its standard error known.
    expected = good.mae.std("case", ddof=0) / np.sqrt(6)
    np.testing.assert_allclose(errors_of.mae, expected, rtol=0.15)
    assert "hits" not in errors_of
    assert errors_of.equals(verify.bootstrap(good, n=400, seed=1))
    beside = verify.bootstrap(good, poor, n=400, seed=1)
    expected = (good.mae - poor.mae).std("case", ddof=0) / np.sqrt(6)
    np.testing.assert_allclose(beside.mae, expected, rtol=0.15)
    with pytest.raises(errors.ArgumentError, match="at least 2"):
        verify.bootstrap(good.isel(case=[0]))
    with pytest.raises(errors.ArgumentError, match="beside: 6"):
        verify.bootstrap(good, poor.isel(case=[0, 1]))


def test_a_table_has_one_row_for_each_score(cases, tmp_path):
    path = tmp_path / "scores.csv"
    verify.to_csv(cases[0].assign_coords(case=list("abcdef")), path)
    table = pd.read_csv(path)
    assert list(table.columns) == ["case", "lead_time_min", "threshold", "window", "score", "value"]
    row = table[(table.case == "c") & (table.lead_time_min == 10) & (table.threshold == 1) & (table.score == "csi")]
    assert row.window.isna().all()
    assert row.value.item() == pytest.approx(cases[0].csi.values[2, 1, 1], rel=1e-8)
    fss = table[(table.score == "fss") & (table.case == "c")]
    assert len(fss) == 3 * 3 * 2
    verify.to_csv(verify.Scores().dataset(), path)
    assert list(pd.read_csv(path).columns) == ["threshold", "window", "score", "value"]
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]
    with pytest.raises(errors.FileError, match="no such folder"):
        verify.to_csv(cases[0], tmp_path / "nowhere" / "scores.csv")


def test_netcdf_keeps_scores_and_sums(cases, tmp_path):
    pytest.importorskip("netCDF4")
    path = tmp_path / "scores.nc"
    verify.to_netcdf(cases[0], path)
    with xr.open_dataset(path) as back:
        back.load()
    assert back.lead_time.values.tolist() == [5.0, 10.0, 15.0]
    assert back.lead_time.attrs["units"] == "min"
    np.testing.assert_array_equal(back.csi, cases[0].csi)
    assert verify.pool(back).fss.equals(verify.pool(cases[0]).fss.assign_coords(lead_time=back.lead_time))


def test_without_a_netcdf_package_the_error_says_what_to_install(cases, tmp_path, monkeypatch):
    def missing(*_):
        raise ValueError("cannot write netCDF files with xarray.Dataset.to_netcdf() because none is installed")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", missing)
    with pytest.raises(errors.UnsupportedError, match=r"libnowcast\[netcdf\]"):
        verify.to_netcdf(cases[0], tmp_path / "scores.nc")


@pytest.mark.realdata
def test_fss_of_a_real_pair_is_the_published_one():
    image = pytest.importorskip("PIL.Image")
    folder = DATA / "composite" / "mch-20150515"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")

    def accumulation(time):
        with image.open(next(folder.glob(f"*{time}F*.gif"))) as opened:
            code = np.array(opened, dtype=float)
        value = (10 ** ((code - 71.5) / 20) / 316) ** (1 / 1.5)
        return np.where(code == 255, np.nan, np.where((code < 2) | (code > 250), 0.0, value)).astype(np.float32)

    scores = verify.Scores(thresholds=(1.0,), windows=(10,))
    scores.add(accumulation("1625"), accumulation("1630"))
    assert scores.dataset().fss.item() == pytest.approx(0.85161531, abs=1e-8)
