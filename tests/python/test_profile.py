"""Wind profiles of simulated and real volumes."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import radar, sim
from nowcast.errors import ArgumentError, NoDataError
from nowcast.sim.strategy import Radar, Strategy, Sweep

DATA = Path(os.environ.get("NOWCAST_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="module")
def rain() -> xr.DataTree:
    storm = sim.stratiform(rate=5.0, wind=(24.0, -11.0), melting=False)
    sweeps = tuple(Sweep(angle, 2.0, 500.0, 30e3, prf=400.0) for angle in (2.0, 4.0, 8.0))
    site = sim.Site.near(storm, 0.0, 0.0)
    effects = sim.Effects(second_trip=False)
    return sim.scan(storm, site, Strategy("test", Radar(), sweeps), 0.0, effects=effects).volume


def test_gvad_finds_the_wind_of_a_simulated_aliased_volume(rain) -> None:
    assert float(rain["sweep_0"]["nyquist_velocity"][0]) < 11.0
    profile = radar.wind_profile(rain, method="gvad", heights=[600.0, 1000.0, 1500.0])
    np.testing.assert_allclose(profile["u"], 24.0, atol=0.5)
    np.testing.assert_allclose(profile["v"], -11.0, atol=0.5)
    assert (profile["quality"] > 0.7).all()
    assert (profile["points"] > 100).all()
    assert profile["u"].attrs["standard_name"] == "eastward_wind"
    assert profile["height"].attrs["units"] == "m"


def test_heights_have_a_default_and_levels_without_echo_are_unknown(rain) -> None:
    profile = radar.wind_profile(rain, method="gvad")
    assert profile["height"].values[0] == pytest.approx(float(rain["altitude"]) + 100.0)
    assert np.isnan(profile["u"].values[-1])
    assert profile["points"].values[-1] == 0


def test_wrong_methods_and_no_volume_are_refused(rain) -> None:
    with pytest.raises(ArgumentError, match="method"):
        radar.wind_profile(rain, method="guess")
    with pytest.raises(ArgumentError, match="volumes"):
        radar.wind_profile([])
    with pytest.raises(NoDataError):
        radar.wind_profile(rain, heights=[19e3])


@pytest.mark.realdata
def test_aliasing_a_real_volume_again_does_not_change_its_wind() -> None:
    volume = nowcast.open(DATA / "radar/nexrad/khtx-20080411/KHTX20080411_182140.gz")
    heights = [600.0, 1200.0, 1800.0, 2400.0, 3000.0, 3600.0]
    whole = radar.wind_profile(volume, method="vvp", heights=heights)  # Nyquist velocities of 28 to 35 m/s
    for name in volume.children:
        sweep = volume[name].to_dataset()
        if "VRADH" in sweep:
            wrapped = (sweep["VRADH"] + 12.0) % 24.0 - 12.0
            slow = xr.full_like(sweep["nyquist_velocity"], 12.0)
            volume[name] = xr.DataTree(
                sweep.assign(VRADH=wrapped.assign_attrs(sweep["VRADH"].attrs), nyquist_velocity=slow)
            )
    again = radar.wind_profile(volume, method="gvad", heights=heights)
    assert float(np.hypot(again["u"] - whole["u"], again["v"] - whole["v"]).max()) < 1.5
    assert float(whole["v"].max()) > 15.0  # the low-level jet ahead of the squall line


@pytest.mark.realdata
def test_what_cannot_be_a_wind_is_not_given() -> None:
    """At 7.7 km differences of aliased velocities, with a gap of 69 degrees, fit 458 m/s best."""
    volume = nowcast.open(DATA / "radar/nexrad/single/KLBB20160601_150025_V06")
    profile = radar.wind_profile(volume, method="gvad")
    assert float(np.hypot(profile["u"], profile["v"]).max()) < 40.0
    assert int(profile["u"].notnull().sum()) > 25
