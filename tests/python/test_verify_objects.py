"""Scores by scale and of objects: matched in time, merged, stored, and what is wrong with single fields."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import errors, sim, verify


@pytest.fixture(scope="module")
def storm():
    """What was observed, and a forecast of it that moves too slowly and fades."""
    rain = sim.storms(seed=3, n=96, minutes=20)["rain"]
    later = rain.isel(time=slice(1, None))
    leads = (later.time - rain.time[0]).values
    slow = later.copy(data=0.8 * rain.isel(time=slice(0, -1)).values)
    return slow.assign_coords(lead_time=("time", leads)), later


def skill_by_numpy(forecast, observed, threshold, scales):
    """The intensity-scale skill of fields whose sides are multiples of the largest square, by means over squares."""
    known = np.isfinite(forecast) & np.isfinite(observed)
    f, o = (np.where(known, part >= np.float32(threshold), 0.0) for part in (forecast, observed))

    def means(field, side):
        blocks = field.reshape(field.shape[0] // side, side, -1, side).mean((1, 3))
        return blocks.repeat(side, 0).repeat(side, 1)

    levels = [means(f - o, 2**k) for k in range(scales + 1)]
    parts = [((a - b) ** 2).sum() for a, b in itertools.pairwise(levels)] + [(levels[-1] ** 2).sum()]
    said, came = f.sum() / known.sum(), o.sum() / known.sum()
    chance = said * (1 - came) + came * (1 - said)
    return 1 - np.array(parts) / known.sum() * (scales + 1) / chance


def test_intensity_scale_equals_numpy_at_every_lead_time(storm):
    slow, later = storm
    scores = verify.score_scales(slow, later, (0.5, 2.0), 5)
    for k in range(slow.sizes["time"]):
        for t, threshold in enumerate((0.5, 2.0)):
            expected = skill_by_numpy(slow.values[k], later.values[k], threshold, 5)
            np.testing.assert_allclose(scores.intensity_scale_skill[k, t], expected, atol=1e-10)
    whole = ((slow - later.values) ** 2).mean(("y", "x"))
    np.testing.assert_allclose(scores.wavelet_mse.sum("scale"), whole, rtol=1e-5)
    seen = np.where(np.isfinite(slow.values[0]), later.values[0], np.nan).astype(float)
    step = np.concatenate([np.diff(seen, axis=k).ravel() for k in (0, 1)])
    assert scores.structure_observed[0, 0] == pytest.approx(np.nanmean(step**2))
    assert scores.pairs[0, 0] == np.isfinite(step).sum()
    assert scores.scale.values.tolist() == [1, 2, 4, 8, 16, 32]


def test_scores_pool_merge_and_come_back_from_files(storm, tmp_path):
    slow, later = storm
    for score in (verify.score_scales, verify.score_objects):
        one = score(slow, later)
        both = verify.pool(xr.concat([one, one], "case"))
        name = "intensity_scale_skill" if "scale" in one.dims else "structure"
        xr.testing.assert_allclose(both[name], one[name])
        verify.to_netcdf(xr.concat([one, one], "case"), tmp_path / "scores.nc")
        xr.testing.assert_allclose(verify.pool(verify.from_netcdf(tmp_path / "scores.nc"))[name], one[name])
        verify.to_csv(one, tmp_path / "scores.csv")
        assert name in (tmp_path / "scores.csv").read_text()
    sums = verify.ObjectScores(verify.Objects(threshold=2.0))
    sums.add(slow.isel(time=0), later.isel(time=0))
    again = pickle.loads(pickle.dumps(sums))
    again.merge(sums)
    assert again.dataset().n == 2
    with pytest.raises(errors.ArgumentError, match="options"):
        sums.merge(verify.ObjectScores())


def test_objects_of_a_forecast_that_lags_behind_are_matched(storm):
    slow, later = storm
    objects = verify.Objects(threshold=2.0)
    scores = verify.score_objects(slow, later, objects)
    assert (scores.amplitude < -0.1).all()
    assert (scores.centre < 0.1).all()
    assert float(scores.pod.mean()) > 0.5
    first = verify.sal(slow.isel(time=0), later.isel(time=0), objects)
    assert first["amplitude"] == scores.amplitude.values[0]
    mean_f, mean_o = float(slow[0].mean()), float(later[0].mean())
    assert first["amplitude"] == pytest.approx(2 * (mean_f - mean_o) / (mean_f + mean_o), rel=1e-5)
    pairs, forecast, observed = verify.match_objects(slow.isel(time=0), later.isel(time=0), objects)
    assert len(forecast) == scores.objects_forecast.values[0]
    assert len(observed) == scores.objects_observed.values[0]
    assert len(pairs) == scores.matched.values[0]
    a, b = forecast.loc[pairs["forecast"]], observed.loc[pairs["observed"]]
    apart = np.hypot(a["x"].to_numpy() - b["x"].to_numpy(), a["y"].to_numpy() - b["y"].to_numpy())
    np.testing.assert_allclose(pairs["distance_m"], apart, rtol=0.02)
    assert pairs["interest"].is_monotonic_decreasing


def test_dry_fields_have_no_objects(storm):
    dry = storm[1].isel(time=0) * 0.0
    dry.attrs = storm[1].attrs
    found = verify.sal(dry, storm[1].isel(time=0))
    assert found["amplitude"] == -2.0
    assert np.isnan(found["structure"])
    pairs, forecast, _ = verify.match_objects(dry, dry)
    assert len(pairs) == len(forecast) == 0
    with pytest.raises(errors.ArgumentError, match=r"\(y, x\) expected"):
        verify.sal(storm[0], storm[1])
    with pytest.raises(errors.ArgumentError, match="radius"):
        verify.ObjectScores(verify.Objects(radius=-1.0))
    with pytest.raises(errors.ArgumentError, match="n_scales"):
        verify.ScaleScores(scales=0)


def tracks(spans, last):
    """Rows of tracks seen every ten minutes from the first to the last of these numbers."""
    rows = [(number, k) for number, (first, end) in enumerate(spans, 1) for k in range(first, end + 1)]
    times = pd.Timestamp("2026-06-01") + pd.to_timedelta([10 * k for _, k in rows], "min")
    table = pd.DataFrame({"track": [number for number, _ in rows], "time": times, "seen": True})
    ends = pd.DataFrame({"track": 99, "time": pd.to_datetime(["2026-06-01", times[0]]), "seen": False})
    ends["time"] = [pd.Timestamp("2026-06-01"), pd.Timestamp("2026-06-01") + pd.Timedelta(minutes=10 * last)]
    return pd.concat([table, ends])


def test_lifetimes_are_counted_and_cut_tracks_are_not_taken_for_short_ones():
    whole = verify.lifetimes(tracks([(1, 1), (2, 3), (1, 4), (3, 8)], 20), [0.0, 10.0, 20.0, 40.0])
    assert whole.ended.values.tolist() == [1, 1, 1, 1]  # of 0, 10, 30 and 50 minutes
    np.testing.assert_allclose(whole.survival, [0.75, 0.5, 0.25, 0.0])
    part = verify.lifetimes(tracks([(0, 1), (2, 2), (2, 5), (17, 20)], 20), [0.0, 10.0, 20.0, 40.0])
    assert part.ended.values.tolist() == [1, 0, 1, 0]
    assert part.cut.values.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(part.survival[:3], [0.75, 0.75, 0.75 * (1 - 1 / 1.5)])
    assert np.isnan(part.survival[3])
    both = verify.lifetimes(tracks([(1, 1), (2, 3), (1, 4), (3, 8)], 20), part.lifetime.values, before=part)
    assert both.ended.values.tolist() == [2, 1, 2, 1]
    with pytest.raises(errors.ArgumentError, match="rise from 0"):
        verify.lifetimes(tracks([(1, 1)], 2), [5.0, 10.0])
    with pytest.raises(errors.ArgumentError, match="before: the edges"):
        verify.lifetimes(tracks([(1, 1)], 2), before=part)
