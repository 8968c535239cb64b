"""What follows from members: probabilities, quantiles, means, times of onset, totals."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import forecast as forecasting
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

NY, NX, TIMES, MEMBERS = 24, 30, 4, 5
MINUTE = np.timedelta64(60, "s")


def ensemble(members: int = MEMBERS, seed: int = 1) -> xr.DataArray:
    """Rain of half-millimetres, a tenth of it not known, north row first."""
    rng = np.random.default_rng(seed)
    values = np.floor(2.0 * rng.gamma(0.5, 2.0, (members, TIMES, NY, NX))).astype(np.float32) / 2.0
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    grid = Grid("+proj=laea +lat_0=50 +lon_0=10", NX, NY, 0.0, 0.0, 1000.0, 1000.0)
    start = np.datetime64("2026-06-01T06:00", "ns")
    lead = (5 * np.arange(1, TIMES + 1) * MINUTE).astype("timedelta64[ns]")
    coords = {
        "member": np.arange(members),
        "time": start + lead,
        "lead_time": ("time", lead),
        "forecast_reference_time": start,
    } | grid.coords()
    attributes = {"units": "mm h-1", "grid_mapping": "crs", "quantity": "RATE", "long_name": "rain"}
    made = xr.DataArray(
        values, dims=("member", "time", "y", "x"), coords=coords, attrs=attributes, name="precipitation_rate"
    )
    return made.isel(y=slice(None, None, -1))


def enough(data: xr.DataArray) -> np.ndarray:
    return np.isfinite(data.values).mean(axis=data.dims.index("member")) >= 0.5


def test_probabilities_are_shares_of_known_members() -> None:
    ens = ensemble()
    with np.errstate(invalid="ignore"):
        share = (ens.values >= 1.0).sum(0) / np.isfinite(ens.values).sum(0)
    prob = forecasting.exceedance(ens, 1.0)
    assert prob.dims == ("time", "y", "x")
    assert prob.name == "probability"
    assert (prob.attrs["units"], prob.attrs["event"], prob.attrs["limit"]) == ("1", "at least", 1.0)
    np.testing.assert_allclose(prob.values, np.where(enough(ens), share, np.nan), rtol=1e-6)
    xr.testing.assert_identical(prob.coords.to_dataset(), ens.isel(member=0, drop=True).coords.to_dataset())
    several = forecasting.exceedance(ens, [1.0, 4.0])
    assert several.dims == ("threshold", "time", "y", "x")
    assert several["threshold"].attrs["units"] == "mm h-1"
    np.testing.assert_array_equal(several.sel(threshold=1.0).values, prob.values)


def test_probabilities_around_a_cell_count_a_disc() -> None:
    ens = ensemble(2)
    prob = forecasting.exceedance(ens, 1.0, radius=2500.0)
    y, x = np.mgrid[:NY, :NX]
    for j, i in ((0, 0), (10, 20), (23, 29)):
        near = np.hypot(y - j, x - i) <= 2.5
        part = ens.values[:, 1][:, near]
        assert prob.values[1, j, i] == pytest.approx((part >= 1.0).sum() / np.isfinite(part).sum(), rel=1e-6) or (
            np.isnan(prob.values[1, j, i]) and not enough(ens)[1, j, i]
        )


def test_one_field_gives_the_lagrangian_probability_with_a_radius_that_grows() -> None:
    one = ensemble(1).isel(member=0, drop=True)
    found = forecasting.exceedance(one, 1.0)
    for n in range(TIMES):
        at = one.isel(time=n)
        np.testing.assert_array_equal(
            found.values[n], forecasting.exceedance(at, 1.0, radius=5000.0 * (n + 1), growth=0.0).values
        )
    assert found.attrs["limit"] == 1.0
    still = forecasting.exceedance(one, 1.0, radius=0.0)
    np.testing.assert_array_equal(still.values, np.where(np.isfinite(one.values), one.values >= 1.0, np.nan))


def test_quantiles_means_and_spread_are_those_of_numpy() -> None:
    ens = ensemble()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of cells that no member knows
        expected = np.nanquantile(ens.values.astype(np.float64), [0.1, 0.5, 0.9], axis=0)
        mean, spread = np.nanmean(ens.values, axis=0), np.nanstd(ens.values, axis=0, ddof=1)
    found = forecasting.quantiles(ens, [0.1, 0.5, 0.9])
    assert found.dims == ("quantile", "time", "y", "x")
    assert found.attrs["units"] == "mm h-1"
    np.testing.assert_allclose(found.values, np.where(enough(ens), expected, np.nan), rtol=1e-6)
    np.testing.assert_array_equal(forecasting.quantiles(ens, 0.5).values, found.sel(quantile=0.5).values)
    both = forecasting.ensemble_mean(ens)
    np.testing.assert_allclose(both["mean"].values, np.where(enough(ens), mean, np.nan), rtol=1e-5)
    np.testing.assert_allclose(both["spread"].values, np.where(enough(ens), spread, np.nan), rtol=1e-5, atol=1e-6)
    matched = forecasting.matched_mean(ens)
    assert matched.dims == ("time", "y", "x")
    known = np.isfinite(matched.values[0])
    assert np.array_equal(known, np.isfinite(both["mean"].values[0]))
    pooled = np.sort(ens.values[:, 0][np.isfinite(ens.values[:, 0])])
    assert 0.9 * pooled[-1] <= matched.values[0][known].max() <= pooled[-1]
    assert both["mean"].values[0][known].max() < 0.8 * pooled[-1]


def test_the_deepest_member_is_the_one_in_the_middle() -> None:
    ens = ensemble().fillna(0.0)
    ens.values[:] = np.array([4.0, 0.0, 2.0, 1.0, 3.0], np.float32)[:, None, None, None]
    depth = forecasting.band_depth(ens)
    assert depth.dims == ("member", "time")
    np.testing.assert_allclose(depth.values[:, 0], [0.4, 0.4, 0.8, 0.7, 0.7])
    assert np.isnan(forecasting.band_depth(ens, threshold=9.0).values).all()


def test_onset_and_end_in_minutes_of_cells_and_of_points() -> None:
    ens = ensemble().fillna(0.0)
    ens.values[:] = 0.0
    ens.values[0, :, 3, 4] = [0.0, 2.0, 2.0, 0.0]  # reached between 5 and 10 minutes
    ens.values[1, :, 3, 4] = [1.0, 1.0, 1.0, 1.0]
    found = forecasting.onset(ens, 1.0)
    assert found["onset"].dims == ("member", "y", "x")
    assert found["onset"].attrs["units"] == "min"
    at = found.isel(y=3, x=4)
    np.testing.assert_allclose(at["onset"].values, [7.5, 5.0, np.inf, np.inf, np.inf])
    np.testing.assert_allclose(at["end"].values, [17.5, np.inf, np.nan, np.nan, np.nan])
    point = forecasting.onset(ens.isel(y=3, x=4), 1.0)
    assert point["onset"].dims == ("member",)
    np.testing.assert_array_equal(point["onset"].values, at["onset"].values)
    soon = forecasting.quantiles(found["onset"], 0.25)  # a quarter of the members have begun by then
    assert soon.dims == ("y", "x")
    assert float(soon[3, 4]) == 7.5
    assert np.isinf(soon.values[0, 0])


def test_totals_run_across_what_was_observed_and_what_is_forecast() -> None:
    ens = ensemble()
    ens.values[:] = np.arange(1.0, 6.0, dtype=np.float32)[:, None, None, None] * 12.0
    start = ens["forecast_reference_time"].values
    observed = ens.isel(member=0, time=slice(0, 3), drop=True).drop_vars(["lead_time", "forecast_reference_time"])
    observed = observed.copy(deep=True).assign_coords(time=start - np.array([10, 5, 0]) * MINUTE)
    observed.values[:] = 6.0
    found = forecasting.total(observed, ens, start - 5 * MINUTE, start + 20 * MINUTE)
    assert found.dims == ("member", "y", "x")
    assert (found.attrs["units"], found.attrs["duration_s"]) == ("mm", 1500.0)
    assert found["time"].values == start + 20 * MINUTE
    # Five minutes of 6 mm/h, five from there to the forecast, fifteen of it.
    expected = 0.5 + (6.0 + 12.0 * np.arange(1, 6)) / 24.0 + 3.0 * np.arange(1, 6)
    np.testing.assert_allclose(found.values, np.broadcast_to(expected[:, None, None], found.shape), rtol=1e-6)
    alone = forecasting.total(None, ens.isel(member=2), start + 5 * MINUTE, start + 20 * MINUTE)
    np.testing.assert_allclose(alone.values, 9.0, rtol=1e-6)
    flow = nowcast.motion.calm(observed)
    moving = forecasting.total(observed, ens.isel(member=2), start, start + 20 * MINUTE, flow=flow)
    np.testing.assert_allclose(moving.values, (6.0 + 36.0) / 24.0 + 9.0, rtol=1e-5)


def test_an_hour_of_members_is_a_total_of_each() -> None:
    storm = nowcast.sim.storms(seed=3, n=64, minutes=15)["rain"]
    flow = nowcast.motion.estimate(storm)
    ens = forecasting.steps(storm, flow, members=3, minutes=15)
    start = storm["time"].values[-2]
    found = forecasting.total(storm, ens, start, start + 20 * MINUTE, flow=flow)
    plain = forecasting.total(storm, ens, start, start + 20 * MINUTE)
    inside = (slice(None), slice(10, -10), slice(10, -10))
    assert np.isfinite(found.values[inside]).mean() > 0.9
    # The same water, spread along the way.
    assert np.nansum(found.values[inside]) == pytest.approx(np.nansum(plain.values[inside]), rel=0.05)
    assert not np.allclose(found.values[0], found.values[1], equal_nan=True)


def test_what_is_asked_wrongly_is_refused_by_name() -> None:
    ens = ensemble(2)
    flat = ens.isel(member=0, drop=True)
    for call in (
        lambda: forecasting.quantiles(flat, 0.5),
        lambda: forecasting.matched_mean(flat),
        lambda: forecasting.ensemble_mean(flat),
        lambda: forecasting.band_depth(flat),
    ):
        with pytest.raises(ArgumentError, match=r"forecast: dimensions \(member, ..., y, x\) expected"):
            call()
    with pytest.raises(ArgumentError, match=r"thresholds\[1\]: a finite number"):
        forecasting.exceedance(ens, [1.0, np.nan])
    with pytest.raises(ArgumentError, match="lead_time expected for a radius that grows"):
        forecasting.exceedance(flat.drop_vars("lead_time"), 1.0)
    with pytest.raises(ArgumentError, match="radius_m: 0 to"):
        forecasting.exceedance(ens, 1.0, radius=-1.0)
    with pytest.raises(ArgumentError, match=r"fractions\[0\]: 0 to 1"):
        forecasting.quantiles(ens, 1.5)
    with pytest.raises(ArgumentError, match="a dimension time expected"):
        forecasting.onset(ens.isel(time=0), 1.0)
    with pytest.raises(ArgumentError, match="gap_s: 0 to"):
        forecasting.onset(ens, 1.0, gap=-1.0)
    times = ens["time"].values
    with pytest.raises(ArgumentError, match="begin_ns, end_ns: a window within"):
        forecasting.total(None, ens, times[0], times[-1] + MINUTE)
    with pytest.raises(ArgumentError, match="observed: mm h-1 expected, dBZ given"):
        forecasting.total(flat.assign_attrs(units="dBZ"), ens, times[0], times[-1])


def test_probabilities_and_totals_are_written_and_read_again(tmp_path: Path) -> None:
    ens = ensemble().fillna(0.0)
    prob = forecasting.exceedance(ens, 1.0)
    nowcast.io.write(prob, tmp_path / "p.nc")
    back = nowcast.open(tmp_path / "p.nc")
    assert back.name == "probability"
    assert back.attrs["units"] == "1"
    np.testing.assert_array_equal(back.values, prob.isel(y=slice(None, None, -1)).values)
    whole = forecasting.total(None, ens, ens["time"].values[0], ens["time"].values[-1])
    nowcast.io.write(whole.expand_dims("time", axis=1), tmp_path / "t.nc")
    again = nowcast.open(tmp_path / "t.nc")
    assert again.dims == ("member", "time", "y", "x")
    assert again.attrs["quantity"] == "ACRR"
    np.testing.assert_array_equal(again.values[:, 0], whole.isel(y=slice(None, None, -1)).values)


def test_ensembles_are_read_as_they_were_written(tmp_path: Path) -> None:
    ens = ensemble(3)
    nowcast.io.write(ens, tmp_path / "e.nc")
    back = nowcast.open(tmp_path / "e.nc")
    assert back.dims == ("member", "time", "y", "x")
    assert back["member"].values.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(back.values, ens.isel(y=slice(None, None, -1)).values)
    np.testing.assert_array_equal(back["lead_time"].values, ens["lead_time"].values)
    assert back["forecast_reference_time"].values == ens["forecast_reference_time"].values
    late = nowcast.open(tmp_path / "e.nc", last=1)
    np.testing.assert_array_equal(late.values, back.isel(time=slice(-1, None)).values)
    assert nowcast.io.describe(tmp_path / "e.nc")["fields"][4]["member"] == 1
    with nowcast.io.isolated():
        xr.testing.assert_identical(nowcast.open(tmp_path / "e.nc"), back)
    one = xr.open_dataset(tmp_path / "e.nc")
    one.isel(realization=[0]).to_netcdf(tmp_path / "one.nc")
    assert nowcast.open(tmp_path / "one.nc").sizes["member"] == 1
    one.rename(realization="member").to_netcdf(tmp_path / "named.nc")
    np.testing.assert_array_equal(nowcast.open(tmp_path / "named.nc").values, back.values)
