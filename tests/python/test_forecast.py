"""Forecasts of composites that carry cells over until the next scan."""

import numpy as np
import pytest
import xarray as xr

from nowcast import forecast as forecasting
from nowcast import motion, sim
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

N = 60


def composite(scans: list[int], minutes: float = 2.0) -> xr.DataArray:
    """The west renewed in every frame, the east with what its scans say: frames of one number are the same there."""
    values = np.empty((len(scans), N, N), np.float32)
    for k, scan in enumerate(scans):
        values[k] = np.random.default_rng(1000 + k).uniform(1.0, 9.0, (N, N))
        values[k, :, N // 2 :] = np.random.default_rng(scan).uniform(1.0, 9.0, (N, N // 2))
    grid = Grid("+proj=laea +lat_0=50 +lon_0=10", N, N, 0.0, 0.0, 1000.0, 1000.0)
    steps = np.round(60e9 * minutes * np.arange(len(scans))).astype("timedelta64[ns]")
    coords = {"time": np.datetime64("2026-06-01T06:00", "ns") + steps} | grid.coords()
    attributes = {"units": "mm h-1", "grid_mapping": "crs"}
    return xr.DataArray(values, dims=("time", "y", "x"), coords=coords, attrs=attributes, name="rain")


SCANS = [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]  # every ten minutes, eight to ten minutes before the latest frame


def eastward(frames: xr.DataArray) -> xr.Dataset:
    flow = motion.calm(frames)
    flow["u"].values[:] = 1000.0 / 120.0  # a cell in two minutes
    return flow


def test_the_delay_of_a_ten_minute_scan() -> None:
    late = forecasting.delay(composite(SCANS), [2, 6, 10, 14, 30])
    assert late.dims == ("lead_time", "y", "x")
    assert late.attrs["units"] == "s"
    assert late.attrs["carried_over"] == pytest.approx(0.5 * 9 / 11, abs=0.02)
    assert (late.values[:, :, :20] == 0).all()
    # Renewed before the next frame, and then not for ten minutes.
    np.testing.assert_allclose(late.values[:, 30, 45], [120 - 600, 360 - 600, 0, 840 - 1200, 0])


def test_what_the_composite_will_show_is_forecast() -> None:
    frames = composite(SCANS)
    flow = eastward(frames)
    shown = forecasting.extrapolate(frames, flow, leads=[2, 6], travel=0.0)
    echo = forecasting.extrapolate(frames, flow, leads=[2, 6], travel=0.0, delay=False)
    latest = frames.values[-1]
    np.testing.assert_allclose(shown.values[0, 5:-5, 45:55], latest[5:-5, 40:50], atol=0.1)
    np.testing.assert_allclose(echo.values[0, 5:-5, 45:55], latest[5:-5, 44:54], atol=0.1)
    np.testing.assert_array_equal(shown.values[:, :, :20], echo.values[:, :, :20])
    assert shown.attrs["carried_over"] == pytest.approx(0.41, abs=0.02)
    assert "carried_over" not in echo.attrs


def test_a_delay_can_be_found_before_the_frames_are_let_go() -> None:
    frames = composite(SCANS)
    late = forecasting.delay(frames, [2, 6, 20])
    flow = eastward(frames)
    every = forecasting.extrapolate(frames, flow, leads=[2, 6, 20, 40])
    latest = frames.isel(time=-1)
    for some in ([2], [6, 20], [40]):
        made = forecasting.extrapolate(latest, flow, leads=some, delay=late)
        np.testing.assert_array_equal(made.values, every.values[[[2, 6, 20, 40].index(lead) for lead in some]])
    with pytest.raises(ArgumentError, match="delay: every lead time up to 20 minutes expected"):
        forecasting.extrapolate(latest, flow, leads=[4], delay=late)
    with pytest.raises(ArgumentError, match=r"delay: the shape \(60, 60\) of frames expected, \(60, 59\) given"):
        forecasting.extrapolate(latest, flow, leads=[2], delay=late[:, :, 1:])


def test_frames_renewed_at_every_step_or_without_a_time_before_are_carried_as_ever() -> None:
    for frames in (composite(list(range(6))), composite(SCANS)[-2:], composite(SCANS, minutes=15.0)):
        flow = eastward(frames)
        made = forecasting.extrapolate(frames, flow, leads=[5, 10])
        np.testing.assert_array_equal(made.values, forecasting.extrapolate(frames[-1], flow, leads=[5, 10]).values)
        assert "carried_over" not in made.attrs


def test_north_first_frames_have_the_same_delay_turned() -> None:
    frames = composite(SCANS)
    frames.values[:, N // 2 :, N // 2 :] = np.random.default_rng(5).uniform(1.0, 9.0, (len(SCANS), N // 2, N // 2))
    late = forecasting.delay(frames, [2, 6])
    np.testing.assert_array_equal(forecasting.delay(frames[:, ::-1], [2, 6]).values, late.values[:, ::-1])


def test_wrong_frames_and_leads_are_refused() -> None:
    frames = composite([0, 1, 2])
    with pytest.raises(ArgumentError, match=r"frames: dimensions \(time, y, x\) expected"):
        forecasting.delay(frames[0], [2])
    with pytest.raises(ArgumentError, match="leads_s: increasing lead times expected"):
        forecasting.delay(frames, [4, 2])
    with pytest.raises(ArgumentError, match="times_ns: increasing times expected"):
        forecasting.delay(frames[::-1], [2])


def growing_showers(n: int = 4, minutes: float = 5.0) -> xr.DataArray:
    """Rain that moves eastward by three cells from frame to frame and does not change otherwise."""
    frames = composite([0] * n, minutes)
    y, x = np.mgrid[0:N, 0:N]
    for k in range(n):
        rain = 12 * np.exp(-((y - 30) ** 2 + (x - 12 - 3 * k) ** 2) / 40) + 4 * np.exp(
            -((y - 12) ** 2 + (x - 5 - 3 * k) ** 2) / 8
        )
        frames.values[k] = np.where(rain > 0.1, rain, 0)
    return frames


def flow_of(frames: xr.DataArray, minutes: float = 5.0) -> xr.Dataset:
    flow = motion.calm(frames)
    flow["u"].values[:] = 3000.0 / (60.0 * minutes)
    return flow


def test_products_of_rain_that_only_moves_are_the_extrapolation() -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    sharp = forecasting.extrapolate(frames, flow, minutes=20, delay=False)
    made = forecasting.cascade(frames, flow, products=["sharp", "ranked", "textured", "mean"], minutes=20, delay=False)
    assert list(made.data_vars) == ["sharp", "ranked", "textured", "mean"]
    np.testing.assert_array_equal(made["sharp"].values, sharp.values)
    for product in ("ranked", "textured", "mean"):
        xr.testing.assert_equal(made[product].isnull(), sharp.isnull())
        # what entered since the oldest frame was in fewer frames
        np.testing.assert_allclose(made[product].values[:, :, 24:], sharp.values[:, :, 24:], atol=0.15, rtol=0.03)
        assert made[product].attrs["units"] == "mm h-1"
        np.testing.assert_array_equal(made[product]["time"].values, sharp["time"].values)
        np.testing.assert_array_equal(made[product]["lead_time"].values, sharp["lead_time"].values)


def test_ranked_and_textured_keep_the_values_of_sharp() -> None:
    frames = growing_showers()
    frames.values[:] *= np.random.default_rng(4).uniform(0.3, 1.7, frames.shape)
    made = forecasting.cascade(frames, flow_of(frames), products=["textured", "sharp", "ranked"], leads=[10, 40])
    for lead in range(2):
        sharp = np.sort(made["sharp"].values[lead], axis=None)
        for product in ("ranked", "textured"):
            values = np.sort(made[product].values[lead], axis=None)
            np.testing.assert_allclose(values, sharp, rtol=0.05, atol=0.02)
            assert (values > 0).sum() == pytest.approx((sharp > 0).sum(), rel=0.02)


def test_products_of_frames_north_first_and_float64() -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    turned = frames.isel(y=slice(None, None, -1)).astype(np.float64)
    plain = forecasting.cascade(frames, flow, minutes=10)["ranked"]
    made = forecasting.cascade(turned, flow.isel(y=slice(None, None, -1)), minutes=10)["ranked"]
    np.testing.assert_array_equal(made.values[:, ::-1], plain.values)


def test_what_products_refuse() -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    with pytest.raises(ArgumentError, match="products: some of sharp, ranked, textured, mean expected, 'best' given"):
        forecasting.cascade(frames, flow, products=["best"])
    with pytest.raises(ArgumentError, match=r"frames: dimensions \(time, y, x\) expected"):
        forecasting.cascade(frames[-1], flow)
    with pytest.raises(ArgumentError, match="frames: values of 0 or more expected, -1 at cell"):
        forecasting.cascade(frames - 1, flow, delay=False)
    with pytest.raises(NoDataError, match="frames: 2 expected"):
        forecasting.cascade(frames[-1:], flow)


def test_sprog_of_rain_that_only_moves_is_the_extrapolation() -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    sharp = forecasting.extrapolate(frames, flow, leads=[5, 20], delay=False)
    made = forecasting.sprog(frames, flow, leads=[5, 20], delay=False)
    assert made.dims == ("time", "y", "x")
    assert made.attrs["units"] == "mm h-1"
    xr.testing.assert_equal(made.isnull(), sharp.isnull())
    wet = sharp.values[:, :, 30:] > 0.5
    np.testing.assert_allclose(made.values[:, :, 30:][wet], sharp.values[:, :, 30:][wet], rtol=0.12)
    raw = forecasting.sprog(frames, flow, leads=[5], levels=8, order=1, threshold=0.2, match=False, delay=False)
    assert not ((raw.values > 0) & (raw.values < 0.199)).any()
    with pytest.raises(ArgumentError, match="levels: 3 to 16 expected, 2 given"):
        forecasting.sprog(frames, flow, levels=2)


@pytest.mark.parametrize("method", ["anvil", "linda"])
def test_rain_that_only_moves_goes_on_as_it_is(method: str) -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    sharp = forecasting.extrapolate(frames, flow, leads=[5, 20], delay=False)
    made = forecasting.run(frames, flow, method, leads=[5, 20], delay=False)
    assert made.dims == ("time", "y", "x")
    assert made.attrs["units"] == "mm h-1"
    xr.testing.assert_equal(made.isnull(), sharp.isnull())
    wet = sharp.values[:, :, 30:] > 0.5
    np.testing.assert_allclose(made.values[:, :, 30:][wet], sharp.values[:, :, 30:][wet], rtol=0.15)
    with pytest.raises(NoDataError, match="frames: 3 expected"):
        forecasting.run(frames[-2:], flow, method, delay=False)


def test_what_anvil_and_linda_refuse() -> None:
    frames = growing_showers()
    flow = flow_of(frames)
    with pytest.raises(ArgumentError, match="order: 1 or 2 expected, 3 given"):
        forecasting.anvil(frames, flow, order=3)
    with pytest.raises(ArgumentError, match="features: 1 to 1024 expected, 0 given"):
        forecasting.linda(frames, flow, features=0)
    with pytest.raises(ArgumentError, match="window_m: 0 or more expected, -5 given"):
        forecasting.linda(frames, flow, window=-5.0)


def test_anvil_gives_rain_from_what_is_in_the_air() -> None:
    rain = growing_showers()
    flow = flow_of(rain)
    liquid = (0.5 * rain).assign_attrs(rain.attrs | {"units": "kg m-2"}).rename("VIL")
    latest = rain.isel(time=-1)
    made = forecasting.anvil(liquid, flow, leads=[5, 20], rain=latest, delay=False)
    assert made.name == "rain"
    assert made.attrs["units"] == "mm h-1"
    alone = forecasting.anvil(rain, flow, leads=[5, 20], delay=False)
    np.testing.assert_allclose(made.values, alone.values, rtol=0.02, atol=0.02)
    north_first = forecasting.anvil(liquid, flow, leads=[5, 20], rain=latest[::-1], delay=False)
    np.testing.assert_array_equal(north_first.values, made.values)
    with pytest.raises(ArgumentError, match=r"rain: dimensions \(y, x\) expected"):
        forecasting.anvil(liquid, flow, rain=rain)
    with pytest.raises(ArgumentError, match="rain: "):
        forecasting.anvil(liquid, flow, rain=latest[1:])


@pytest.mark.parametrize("method", forecasting.ENSEMBLES)
def test_members_are_told_by_seed_and_number(method: str) -> None:
    frames = growing_showers()
    frames.values[:] *= np.random.default_rng(4).uniform(0.3, 1.7, frames.shape)
    flow = flow_of(frames)
    members_of = getattr(forecasting, method)
    made = members_of(frames, flow, minutes=10, members=3, seed=5, delay=False)
    assert made.dims == ("member", "time", "y", "x")
    assert made.shape[:2] == (3, 2)
    assert made["member"].values.tolist() == [0, 1, 2]
    assert made.attrs["units"] == "mm h-1"
    assert made["lead_time"].dims == ("time",)
    later = members_of(frames, flow, minutes=10, members=1, first=2, seed=5, delay=False)
    np.testing.assert_array_equal(later.values[0], made.values[2])
    assert later["member"].values.tolist() == [2]
    other = members_of(frames, flow, minutes=10, members=1, first=2, seed=6, delay=False)
    assert not np.array_equal(other.values, later.values, equal_nan=True)
    with pytest.raises(ArgumentError, match="members: 1 or more expected, 0 given"):
        members_of(frames, flow, members=0)


def test_the_greatest_of_a_window_is_that_of_its_frames() -> None:
    frames = sim.storms(minutes=60, n=40)["rain"]
    times = frames["time"].values
    made = forecasting.greatest(frames, times[3], times[7])
    np.testing.assert_array_equal(made.values, np.fmax.reduce(frames.values[3:8], axis=0))
    assert made.attrs["cell_methods"] == "time: maximum"
    assert made.attrs["duration_s"] == 1200.0
    assert made["time"].values == times[7]
    # A spot that jumps six cells between two frames leaves a track along the motion.
    spots = frames[:2].copy(data=np.zeros((2, 40, 40), np.float32))
    spots[0, 20, 10] = spots[1, 20, 16] = 8.0
    flow = motion.calm(frames)
    flow["u"] = flow["u"] + np.float32(6000.0 / 300.0)
    flow["u"].attrs = flow["v"].attrs
    row = forecasting.greatest(spots, times[0], times[1], flow=flow).values[20]
    assert (row[10:17] > 2.0).all()
    assert (row[[8, 18]] == 0.0).all()
    with pytest.raises(ArgumentError, match="none found"):
        forecasting.greatest(frames, times[-1] + np.timedelta64(1, "s"), times[-1] + np.timedelta64(9, "s"))
    with pytest.raises(ArgumentError, match=r"\(time, y, x\) expected"):
        forecasting.greatest(frames[0], times[0], times[1])
