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
    [("z", 0.06, 0.25), ("kdp", 0.1, 0.4), ("kdp_zdr", 0.15, 0.4), ("a", 0.18, 0.25), ("blend", 0.2, 0.4)],
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
