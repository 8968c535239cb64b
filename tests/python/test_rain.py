"""Rain from volumes, beside the rate that the simulated storm rains."""

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import sim
from nowcast.errors import ArgumentError, NoDataError
from nowcast.sim.strategy import Radar, Strategy, Sweep

RATE = 20.0


@pytest.fixture(scope="module", params=["S", "C", "X"])
def rain(request: pytest.FixtureRequest) -> xr.DataTree:
    storm = sim.stratiform(rate=RATE, melting=False)
    plan = Strategy("one turn", Radar(band=request.param), (Sweep(0.7, 2.0, reach=60e3, rate=24.0),))
    seen = sim.scan(storm, sim.Site.near(storm, 0.0, 0.0), plan, 3600.0, effects=sim.Effects(second_trip=False))
    return nowcast.radar.attenuation(nowcast.radar.phase(seen.volume))


@pytest.mark.parametrize(
    ("method", "mean", "error"),
    [
        ("z", 0.06, 0.25),
        ("kdp", 0.1, 0.25),
        ("z_zdr", 0.32, 0.4),  # at C band, whose law is not for drops that scatter as small ones do
        ("kdp_zdr", 0.15, 0.25),
        ("a", 0.18, 0.25),
        ("blend", 0.06, 0.25),
    ],
)
def test_the_rate_of_a_simulated_rain_is_found_by_every_method(
    rain: xr.DataTree, method: str, mean: float, error: float
) -> None:
    rate = nowcast.radar.rain_rate(rain, method=method)["sweep_0"]["RATE"]
    assert rate.attrs["units"] == "mm h-1"
    found = rate.values[:, rate["range"].values > 8e3]
    known = np.isfinite(found)
    assert known.mean() > 0.95
    bias = found[known].mean() / RATE - 1.0
    off = np.abs(found[known] - RATE).mean() / RATE
    text = f"{method}: mean off by {100 * bias:.1f} %, gates by {100 * off:.1f} %"
    assert abs(bias) < mean, text
    assert off < error, text


def test_another_pair_and_kinds_of_precipitation(rain: xr.DataTree) -> None:
    mild = nowcast.radar.rain_rate(rain, method="z", zr="tropical")["sweep_0"]["RATE"].values
    same = nowcast.radar.rain_rate(rain, method="z", zr=(250.0, 1.2))["sweep_0"]["RATE"].values
    np.testing.assert_array_equal(mild, same)
    kinds = nowcast.radar.precipitation_type(rain, [0.0, 1000.0, 4000.0], [12.0, 6.0, -12.0])["sweep_0"]["PTYPE"]
    assert kinds.attrs["flag_meanings"].split()[1] == "rain"
    assert (kinds.values == 1.0).mean() > 0.98
    snow = nowcast.radar.precipitation_type(rain, [0.0], [-5.0])["sweep_0"]["PTYPE"]
    assert (snow.values == 3.0).mean() > 0.98


def test_what_rain_cannot_be_found_from_is_said(rain: xr.DataTree) -> None:
    with pytest.raises(ArgumentError, match="method: one of blend"):
        nowcast.radar.rain_rate(rain, method="guess")
    with pytest.raises(ArgumentError, match="zr: one of"):
        nowcast.radar.rain_rate(rain, zr="guess")
    with pytest.raises(ArgumentError, match="as many of both"):
        nowcast.radar.precipitation_type(rain, [0.0, 1.0], [1.0])
    bare = rain["sweep_0"].to_dataset()[["DBZH", "sweep_mode", "sweep_fixed_angle"]]
    with pytest.raises(NoDataError, match="what the method needs"):
        nowcast.radar.rain_rate(xr.DataTree.from_dict({"/": rain.to_dataset(), "sweep_0": bare}), method="kdp")


# ---- the vertical profile ----


def test_a_bright_band_is_found_and_taken_off() -> None:
    storm = sim.stratiform(rate=4.0, melting=True)
    angles = (0.5, 1.3, 2.2, 3.5, 5.0, 8.0, 13.0, 20.0)
    reach = (100e3, 100e3, 100e3, 60e3, 60e3, 60e3, 40e3, 30e3)
    sweeps = (Sweep(angle, 8.0, 500.0, far, rate=80.0) for angle, far in zip(angles, reach, strict=True))
    plan = Strategy("eight turns", Radar(), tuple(sweeps))
    quiet = sim.Effects(noise=False, second_trip=False, attenuation=False)
    seen = sim.scan(storm, sim.Site.near(storm, 0.0, 0.0), plan, 3600.0, effects=quiet).volume
    profile = nowcast.radar.vpr(seen)
    assert profile.attrs["bright_db"] > 2.0
    assert 1500.0 < profile.attrs["bright_bottom"] < profile.attrs["bright_peak"] < profile.attrs["bright_top"] < 6000.0
    low = seen["sweep_2"]
    rain = float(np.median(low["DBZH"].values[:, low["range"].values < 15e3]))
    far = low["range"].values > 50e3
    off = [
        float(np.sqrt(np.mean((data.values[:, far] - rain) ** 2)))
        for data in (low["DBZH"], nowcast.radar.correct_vpr(seen, profile)["sweep_2"]["DBZHG"])
    ]
    assert off[1] < 0.65 * off[0], f"{off[0]:.2f} dB off the rain at the ground before, {off[1]:.2f} dB after"
    dry = xr.DataTree.from_dict(
        {"/": seen.to_dataset(), "sweep_0": low.to_dataset().assign(DBZH=low["DBZH"] * 0 - 128.0)}
    )
    with pytest.raises(NoDataError, match="stratiform rain"):
        nowcast.radar.vpr(dry)
    with pytest.raises(ArgumentError, match="heights equally apart"):
        nowcast.radar.correct_vpr(seen, profile[:5])


# ---- on grids ----


@pytest.fixture(scope="module")
def showers() -> xr.DataArray:
    grid = nowcast.grid.Grid("+proj=aeqd +lat_0=30 +lon_0=110 +R=6371000", 120, 80, -60e3, -40e3, 1e3, 1e3)
    x, y = np.meshgrid(grid.x, grid.y)
    times = np.datetime64("2026-06-01T06:00", "ns") + np.arange(4) * np.timedelta64(600, "s")
    cells = [40.0 * np.exp(-((x + 30e3 - 12e3 * k) ** 2 + y**2) / (2 * 3e3**2)) for k in range(4)]
    data = xr.DataArray(
        np.array(cells, dtype=np.float32), dims=("time", "y", "x"), coords={"time": times} | grid.coords()
    )
    return data.assign_attrs(units="mm h-1", grid_mapping="crs")


def test_amounts_along_the_motion_have_no_fishbone(showers: xr.DataArray) -> None:
    flow = nowcast.motion.calm(showers)
    flow["u"][:] = 20.0
    amount = nowcast.rain.accumulate(showers, flow)
    assert amount.attrs["units"] == "mm"
    assert amount.sizes["time"] == 3
    along = amount.sum("time").sel(y=0.0, method="nearest").sel(x=slice(-20e3, -4e3)).values
    # 40 mm/h over sqrt(2 pi) 3 km at 72 km/h, everywhere on the way.
    np.testing.assert_allclose(along, 40.0 * np.sqrt(2.0 * np.pi) * 3.0 / 72.0, rtol=0.02)
    summed = (showers[1:].sum("time") / 6.0).sel(y=0.0, method="nearest").sel(x=slice(-20e3, -4e3)).values
    assert summed.max() > 1.5 * summed.min()
    north_first = nowcast.rain.accumulate(showers[:, ::-1], flow)
    np.testing.assert_array_equal(north_first.values[:, ::-1], amount.values)
    with pytest.raises(ArgumentError, match="two or more times"):
        nowcast.rain.accumulate(showers[:1], flow)


def test_a_core_in_wide_rain_is_convective(showers: xr.DataArray) -> None:
    dbz = xr.full_like(showers[0], 20.0).assign_attrs(units="dBZ")
    dbz[40, 60] = 45.0
    dbz[10, 10] = np.nan
    kind = nowcast.rain.convective(dbz)
    assert kind.dtype == np.uint8
    assert kind.values[40, 60] == 2
    assert kind.values[10, 10] == 255
    # 379 cells of 20 dBZ and one of 45 have a mean of 22.6 dBZ: a radius of 1 km.
    assert (kind.values == 2).sum() == 5
    with pytest.raises(ArgumentError, match="units of dBZ"):
        nowcast.rain.convective(showers[0])


def test_gauges_correct_a_radar_that_sees_too_little(showers: xr.DataArray) -> None:
    random = np.random.default_rng(3)
    grid = nowcast.grid.Grid.of(showers)
    x, y = np.meshgrid(grid.x, grid.y)
    truth = 10.0 + 6.0 * np.sin(x / 15e3) * np.cos(y / 20e3)
    factor = 0.6 + 0.2 * x / 60e3
    radar = xr.full_like(showers[0], 0.0).copy(data=(truth * factor).astype(np.float32)).assign_attrs(units="mm")
    j, i = random.integers(0, 80, 40), random.integers(0, 120, 40)
    lon, lat = grid.to_lonlat(grid.x[i], grid.y[j])
    gauge = truth[j, i] * (1.0 + 0.05 * random.standard_normal(40))
    merged = nowcast.rain.merge(radar, lon, lat, gauge)
    assert merged.attrs["gauges"] == 40
    before, after = (float(np.sqrt(np.mean((field.values - truth) ** 2))) for field in (radar, merged))
    assert after < 0.25 * before, f"root mean square of {before:.2f} mm before, {after:.2f} after"
    bias = nowcast.rain.Bias()
    for _ in range(10):
        assert bias.update(gauge, radar.values[j, i]) == 40
    assert bias.factor == pytest.approx(gauge.sum() / radar.values[j, i].sum(), rel=0.1)
    with pytest.raises(ArgumentError, match="pairs"):
        bias.update([1.0], [1.0, 2.0])
    with pytest.raises(ArgumentError, match="one value for each"):
        nowcast.rain.merge(radar, lon, lat, gauge[:3])
