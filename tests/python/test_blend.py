"""Forecasts along the motion joined to those of a model."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import _blend
from nowcast import forecast as forecasting
from nowcast.errors import ArgumentError, FormatError, NoDataError
from nowcast.grid import Grid

MINUTE = np.timedelta64(60, "s")


def case(seed: int = 2, n: int = 96) -> tuple[xr.DataArray, xr.DataArray, xr.Dataset]:
    """A sequence of 45 min, what comes in the next 120, and the motion."""
    storm = nowcast.sim.storms(seed=seed, n=n, minutes=165, cells=60)["rain"].fillna(0.0)
    return storm[:10], storm[9:], nowcast.motion.estimate(storm[:10])


def moved(rain: xr.DataArray, cells: int, gain: float) -> xr.DataArray:
    """A model whose rain is so many cells too far east and so much too strong."""
    return rain.copy(data=np.roll(rain.values, cells, axis=-1) * np.float32(gain))


def test_members_of_a_blend_have_times_members_and_a_status() -> None:
    past, later, flow = case()
    made = forecasting.blend(past, flow, moved(later, 5, 1.2), minutes=30, step=10, members=3, seed=4)
    assert made.dims == ("member", "time", "y", "x")
    assert made.attrs["blend_status"] == "blended"
    assert made.attrs["units"] == "mm h-1"
    assert made["lead_time"].values.tolist() == [600 * 10**9, 1200 * 10**9, 1800 * 10**9]
    assert np.isfinite(made.values).all()
    again = forecasting.blend(past, flow, moved(later, 5, 1.2), leads=[30], members=2, first=1, seed=4)
    np.testing.assert_array_equal(again.values[:, 0], made.values[1:, 2])
    assert again["member"].values.tolist() == [1, 2]
    other = forecasting.blend(past, flow, moved(later, 5, 1.2), leads=[30], members=1, seed=5)
    assert not np.array_equal(other.values[0, 0], made.values[0, 2])


def test_a_perfect_model_is_handed_over_to_and_a_bad_one_is_not_at_once() -> None:
    past, later, flow = case()
    whole = xr.concat([past, later[1:]], "time")
    last = later[24:25]
    error = {}
    for name, model in (("perfect", whole), ("bad", moved(whole, 40, 2.0))):
        made = forecasting.blend(past, flow, model, leads=[10, 120], noise=False)
        error[name] = [float(np.abs(made.values[0, k] - later.values[n]).mean()) for k, n in enumerate((2, 24))]
    plain = forecasting.extrapolate(past, flow, leads=[10, 120])
    error["nowcast"] = [
        float(np.abs(plain.values[k] - later.values[n])[np.isfinite(plain.values[k])].mean())
        for k, n in enumerate((2, 24))
    ]
    assert last["time"].values[0] == plain["time"].values[1]
    assert error["perfect"][1] < 0.5 * error["nowcast"][1]
    assert error["bad"][0] < 0.5 * float(np.abs(moved(whole, 40, 2.0).values[11] - later.values[2]).mean())


def test_rain_in_one_source_alone_or_in_none_is_ordinary() -> None:
    past, later, flow = case()
    dry = 0.0 * past
    calm = nowcast.motion.calm(past)
    none = forecasting.blend(dry, calm, 0.0 * later, minutes=10, members=2)
    assert (none.values == 0.0).all()
    model_only = forecasting.blend(dry, calm, later, leads=[5, 120], members=2)
    assert np.isfinite(model_only.values).all()
    assert model_only.values[:, 0].mean() < 0.05 * later.values[1].mean()
    assert model_only.values[:, 1].mean() > model_only.values[:, 0].mean()
    radar_only = forecasting.blend(past, flow, 0.0 * later, leads=[5, 120], members=2)
    assert np.isfinite(radar_only.values).all()
    assert radar_only.values[:, 0].mean() > 0.5 * past.values[-1].mean()


def test_a_model_that_is_late_or_absent_is_told_and_nothing_fails() -> None:
    past, later, flow = case()
    late = later.assign_coords(time=later["time"] - 6 * 60 * MINUTE)
    made = forecasting.blend(past, flow, late, minutes=20, step=10, members=2)
    assert made.attrs["blend_status"].startswith("the model has none of these times")
    assert np.nanmean(made.values[:, 0]) == pytest.approx(past.values[-1].mean(), rel=0.2)
    short = forecasting.blend(past, flow, later[:3], minutes=20, step=10, members=1)
    assert short.attrs["blend_status"].startswith("the model ends at 2026-06-01T")
    with pytest.raises(NoDataError):
        forecasting.blend(past[-1:], flow, later, minutes=10)


def test_edges_that_one_source_does_not_know_are_those_of_the_other() -> None:
    past, later, flow = case()
    past, later = past.copy(deep=True), later.copy(deep=True)
    past.values[:, :, :20] = np.nan
    later.values[:, :10] = np.nan
    made = forecasting.blend(past, flow, later, leads=[5], members=2)
    assert np.isfinite(made.values[:, 0, 10:, :]).all()
    assert np.isfinite(made.values[:, 0, :, 40:]).all()
    assert np.isnan(made.values[:, 0, :10, :10]).all()
    both = forecasting.merge(forecasting.extrapolate(past, flow, leads=[5]), later)
    assert np.isfinite(both.values[0, 10:, :]).all()


def test_rain_of_a_model_is_carried_between_its_times_and_brought_to_the_grid() -> None:
    past, later, flow = case()
    whole = xr.concat([past, later[1:]], "time")
    half_hours = whole[3::6]  # 15, 45, 75 ... minutes
    plain = forecasting.extrapolate(past, flow, leads=[15, 60])
    weights = (0.0, 1e-6)  # the model alone
    along = forecasting.merge(plain, half_hours, ramp=weights, flow=flow)
    across = forecasting.merge(plain, half_hours, ramp=weights)
    truth = later.values[[3, 12]]
    inside = (slice(None), slice(15, -15), slice(15, -15))
    assert np.abs(along.values - truth)[inside].mean() < 0.7 * np.abs(across.values - truth)[inside].mean()
    coarse = nowcast.grid.resample(whole, Grid.of(whole), method="nearest").coarsen(y=2, x=2).mean()
    made = forecasting.blend(past, flow, coarse.assign_attrs(whole.attrs), leads=[30], members=1)
    assert made.shape[2:] == past.shape[1:]


def test_times_between_those_of_a_model_are_had_one_by_one_or_together() -> None:
    past, later, flow = case()
    several = later.expand_dims(member=2) * xr.DataArray([1.0, 2.0], dims="member")
    model = several.isel(time=slice(0, None, 6)).where(later["x"] < 30e3).astype("f4").assign_attrs(later.attrs)
    times = later["time"].values[[9, 2, 6, 5, 11, 3]]  # in no order; one is the model's own
    together, _ = _blend.on_frames(model, past, times, flow, 10e3)
    for k, time in enumerate(times):
        alone, _ = _blend.on_frames(model, past, np.array([time]), flow, 10e3)
        np.testing.assert_allclose(together[:, k], alone[:, 0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(together[1], 2.0 * together[0])


def test_a_model_is_known_at_corners_that_motion_brings_nothing_to() -> None:
    past, later, flow = case()
    ones = later.isel(time=[0, 12]).copy(data=np.stack([np.full(later.shape[1:], rate, np.float32) for rate in (2, 4)]))
    fast = flow.copy()
    for name in ("u", "v"):
        fast[name] = flow[name].copy(data=np.full(flow[name].shape, 20.0))
    half = later["time"].values[[6]]
    made, _ = _blend.on_frames(ones, past, half, fast, 10e3)
    np.testing.assert_allclose(made[0, 0, [0, -1], [-1, 0]], 3.0, rtol=1e-6)  # south-east and north-west
    assert np.isfinite(made).all()


def test_linear_merging_passes_from_one_to_the_other() -> None:
    past, later, flow = case()
    plain = forecasting.extrapolate(past, flow, leads=[10, 20, 30])
    model = moved(later, 10, 1.5)
    made = forecasting.merge(plain, model, ramp=(10, 30), salient=False)
    known = np.isfinite(plain.values)
    at = [model.sel(time=time).values for time in plain["time"].values]
    np.testing.assert_array_equal(made.values[0][known[0]], plain.values[0][known[0]])
    np.testing.assert_allclose(
        made.values[1][known[1]], 0.5 * (plain.values[1] + at[1])[known[1]], rtol=1e-5, atol=1e-5
    )
    np.testing.assert_array_equal(made.values[2], at[2])
    salient = forecasting.merge(plain, model, ramp=(10, 30))
    high, low = plain.values[1] > 0.5 * np.nanmax(plain.values[1]), at[1] < 0.2 * at[1].max()
    strong = known[1] & high & low
    assert strong.any()
    assert (salient.values[1][strong] > made.values[1][strong]).mean() > 0.9
    members = forecasting.steps(past, flow, leads=[10, 20, 30], members=2)
    two = xr.concat([model, later], "member").transpose("member", "time", "y", "x")
    merged = forecasting.merge(members, two, ramp=(10, 30), salient=False)
    np.testing.assert_array_equal(merged.values[1, 2], later.sel(time=plain["time"].values[2]).values)


def test_skill_is_learnt_from_cycle_to_cycle_and_kept(tmp_path: Path) -> None:
    past, later, flow = case()
    whole = xr.concat([past, later[1:]], "time")
    skill = nowcast.forecast.BlendSkill()
    assert skill.correlation[0] == 0.848
    forecasting.blend(past, flow, moved(whole, 60, 1.0), leads=[5], members=1, skill=skill)
    assert skill.weight == 21.0
    assert skill.time_ns == int(past["time"].values[-1].astype("datetime64[ns]").astype(np.int64))
    assert skill.correlation[0] < 0.848
    once = list(skill.correlation)
    forecasting.blend(past, flow, moved(whole, 60, 1.0), leads=[5], members=1, skill=skill)  # of the same cycle
    assert skill.correlation == once
    skill.save(tmp_path / "skill.json")
    assert nowcast.forecast.BlendSkill.load(tmp_path / "skill.json") == skill
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(FormatError, match=r"other.json: the skill of a model"):
        nowcast.forecast.BlendSkill.load(tmp_path / "other.json")
    with pytest.raises(ArgumentError, match="levels: 3 to 16"):
        nowcast.forecast.BlendSkill(2)


def test_the_seam_is_reported_by_amount_area_and_spectrum() -> None:
    past, later, flow = case()
    whole = xr.concat([past, later[1:]], "time")
    model = moved(whole, 8, 1.5)
    plain = forecasting.extrapolate(past, flow, leads=[10, 60, 120]).fillna(0.0)
    made = forecasting.blend(past, flow, model, leads=[10, 60, 120], members=2)
    its = plain.copy(data=np.stack([model.sel(time=time).values for time in plain["time"].values]))
    found = forecasting.seam(made, plain, its, thresholds=(1.0,))
    assert found["mean"].dims == ("source", "time")
    np.testing.assert_allclose(found["mean"].sel(source="model"), its.values.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(
        found["area"].sel(source="nowcast", threshold=1.0), (plain.values >= 1.0).mean(axis=(1, 2))
    )
    whole_power = found["power"].sum("band").sel(source="model").values
    assert (whole_power <= its.values.var(axis=(1, 2)) * 1.001).all()
    assert (whole_power >= 0.5 * its.values.var(axis=(1, 2))).all()
    between = [sorted(found["mean"].sel(source=name).values[k] for name in ("nowcast", "model")) for k in range(3)]
    for k, (low, high) in enumerate(between):
        assert 0.9 * low <= float(found["mean"].sel(source="blended")[k]) <= 1.1 * high


def beyond_reach() -> tuple[xr.DataArray, xr.DataArray, xr.Dataset]:
    """Frames of a radar in the west, a model of four times as much rain everywhere, and the motion."""
    past, later, flow = case(seed=5)
    model = xr.concat([past, later[1:]], "time")
    model = model.copy(data=4.0 * model.values + 2.0)
    seen = past.where(past["x"] < float(past["x"][60]))
    return seen.transpose("time", "y", "x").assign_attrs(past.attrs), model, flow


@pytest.mark.parametrize("method", ["merge", "blend"])
def test_a_feathered_edge_has_no_step(method: str) -> None:
    seen, model, flow = beyond_reach()
    plain = forecasting.extrapolate(seen, flow, leads=[5, 60])
    made = {}
    for feather in (0.0, 20e3):
        if method == "merge":
            joined = forecasting.merge(plain, model, flow=flow, feather=feather)
        else:
            joined = forecasting.blend(seen, flow, model, leads=[5, 60], members=2, feather=feather)
        made[feather] = forecasting.edge(joined, plain)
    assert (made[0.0]["pairs"] >= 90).all()
    assert (made[0.0]["bias"] > 0.5).all()
    assert made[0.0]["step"][0] > 5.0 * made[0.0]["usual"][0]
    assert (made[20e3]["step"] < 1.2 * made[20e3]["usual"]).all()
    assert (abs(made[20e3]["bias"]) < 0.1 * abs(made[0.0]["bias"]) + 0.05).all()


def test_the_step_at_an_edge_is_what_neighbours_differ_by() -> None:
    seen, model, _ = beyond_reach()
    known = seen[:1].copy(data=np.where(np.arange(96) < 60, 1.0, np.nan)[None, None].repeat(96, 1).astype(np.float32))
    blended = known.copy(data=(0.5 * np.arange(96) + 3.0 * (np.arange(96) >= 60))[None, None].repeat(96, 1))
    found = forecasting.edge(blended, known)
    assert found["step"].item() == pytest.approx(3.5)
    assert found["bias"].item() == pytest.approx(3.5)
    assert found["usual"].item() == pytest.approx(0.5)
    assert found["pairs"].item() == 96
    assert np.isnan(forecasting.edge(blended, known.fillna(1.0))["step"].item())
    with pytest.raises(ArgumentError, match="the times and the shape of blended"):
        forecasting.edge(model, known)


def test_what_is_asked_wrongly_is_refused_by_name() -> None:
    past, later, flow = case(n=64)
    with pytest.raises(ArgumentError, match="model: mm h-1 expected, dBZ given"):
        forecasting.blend(past, flow, later.assign_attrs(units="dBZ"), minutes=5)
    with pytest.raises(ArgumentError, match=r"model: \(time, y, x\) or \(member, time, y, x\) expected"):
        forecasting.blend(past, flow, later[0], minutes=5)
    two = xr.concat([later, later], "member").transpose("member", "time", "y", "x")
    with pytest.raises(ArgumentError, match="first: a multiple of the model's 2 members expected, 1 given"):
        forecasting.blend(past, flow, two, minutes=5, first=1)
    with pytest.raises(ArgumentError, match="members: 1 or more"):
        forecasting.blend(past, flow, later, minutes=5, members=0)
    with pytest.raises(ArgumentError, match="model: increasing times"):
        forecasting.blend(past, flow, later[::-1], minutes=5)
    with pytest.raises(ArgumentError, match="skill: 5 levels expected"):
        forecasting.blend(past, flow, later, minutes=5, levels=5, skill=nowcast.forecast.BlendSkill())
    plain = forecasting.extrapolate(past, flow, minutes=5)
    with pytest.raises(ArgumentError, match="ramp: two lead times"):
        forecasting.merge(plain, later, ramp=(30, 30))
    with pytest.raises(ArgumentError, match="with lead_time expected"):
        forecasting.merge(plain.drop_vars("lead_time"), later)


# ---- several runs ----


def test_members_follow_the_runs_of_several_models_in_turn() -> None:
    past, later, flow = case()
    one, other = moved(later, 5, 1.2), moved(later, -9, 0.7)
    options = {"leads": [15, 60], "seed": 3}
    both = forecasting.blend(past, flow, [one, other], members=4, **options)
    assert both.attrs["blend_status"] == "blended"
    for model, mine in ((one, [0, 2]), (other, [1, 3])):
        alone = forecasting.blend(past, flow, model, members=4, **options)
        np.testing.assert_array_equal(both.values[mine], alone.values[mine])
    assert forecasting.blend(past, flow, [one, other], noise=False, **options).sizes["member"] == 2
    several = xr.concat([one, other], "member")
    members = forecasting.enkf(past, flow, [one, other], members=10, **options)
    np.testing.assert_array_equal(members.values, forecasting.enkf(past, flow, several, members=10, **options).values)
    with pytest.raises(ArgumentError, match="a run at least"):
        forecasting.blend(past, flow, [], members=1, **options)
    with pytest.raises(ArgumentError, match="multiple of the model's 2 members"):
        forecasting.blend(past, flow, [one, other], members=1, first=1, **options)


def test_where_a_run_ends_the_next_stands_for_it() -> None:
    past, later, flow = case()
    ended, late = later[:7], later.assign_coords(time=later["time"] + 24 * 60 * MINUTE)
    options = {"leads": [10, 60], "members": 3, "seed": 1}
    made = forecasting.blend(past, flow, [ended, later, late], **options)
    assert made.attrs["blend_status"] == "blended"
    np.testing.assert_array_equal(made.values, forecasting.blend(past, flow, [later] * 3, **options).values)
    short = forecasting.blend(past, flow, [ended, later[:9]], **options)
    assert short.attrs["blend_status"] == f"the model ends at {later['time'].values[8].astype('datetime64[s]')}Z"
    plain = forecasting.extrapolate(past, flow, leads=[10, 60])
    merged = forecasting.merge(plain, [ended, later], flow=flow)
    np.testing.assert_array_equal(merged.values, forecasting.merge(plain, later, flow=flow).values)
