"""Backgrounds of wind retrievals: of simulated storms whose wind is known, of soundings, of models that err."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import grid, io, obs, radar, sim
from nowcast import model as nwp
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid
from nowcast.sim import observe
from nowcast.sim.strategy import Radar, Strategy, Sweep

HEIGHTS = np.arange(500.0, 14500.0, 500.0)
NOON = "2026-06-01T06:30"


def flags(data: xr.Dataset, name: str) -> np.ndarray:
    attributes = data["flags"].attrs
    mask = dict(zip(attributes["flag_meanings"].split(), attributes["flag_masks"], strict=True))[name]
    return (data["flags"].values & mask) != 0


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.supercell(particles=600)


@pytest.fixture(scope="module")
def seen(storm) -> list[xr.DataTree]:
    """The storm as two radars see it, their velocities not aliased."""
    sweeps = tuple(Sweep(angle, 2.0, 1000.0, 90e3, prf=1600.0) for angle in (0.5, 1.5, 3.0, 5.0, 8.0, 12.0, 17.0))
    plan = Strategy("two", Radar(), sweeps)
    found = []
    for x, y in ((-35e3, -30e3), (40e3, -25e3)):
        volume, truth = sim.scan(storm, sim.Site.near(storm, x, y), plan, NOON)
        for name in volume.children:
            sweep = volume[name].to_dataset()
            if "VRADH" in sweep:
                volume[name] = xr.DataTree(sweep.assign(VRADDH=truth[name]["VRADDH"].where(sweep["VRADH"].notnull())))
        found.append(volume)
    return found


def of_echo(storm: sim.Storm, heights: np.ndarray) -> list[np.ndarray]:
    """Mean and standard deviation of the wind where there is echo, over height: u, v, and the spread of both."""
    t = storm.seconds(NOON)
    x, y = (part.ravel() for part in np.meshgrid(np.arange(-60e3, 60e3, 3e3), np.arange(-60e3, 60e3, 3e3)))
    found = []
    for height in heights:
        u, v, _ = storm.wind(x, y, np.full(x.shape, height), np.full(x.shape, t))
        wet = storm.over(x, y, np.full(x.shape, t))
        found.append((u[wet].mean(), v[wet].mean(), np.sqrt(0.5 * (u[wet].var() + v[wet].var()))))
    return list(np.array(found).T)


def test_two_radars_give_the_mean_wind_of_a_storm_within_their_stated_error(storm, seen) -> None:
    found = radar.wind_over_height(seen, HEIGHTS)
    for name, variable in found.items():
        assert np.isfinite(variable.values).all(), name
    u, v, spread = of_echo(storm, HEIGHTS)
    much = found["data"].values > 40
    assert much.sum() > 15
    off = np.concatenate([(found["u"].values - u)[much], (found["v"].values - v)[much]])
    stated = np.concatenate([found["u_error"].values[much], found["v_error"].values[much]])
    assert np.sqrt((off**2).mean()) < 2.0
    assert 0.4 < np.sqrt(((off / stated) ** 2).mean()) < 2.0
    assert (found["error"].values >= found["spread"].values).all()
    ratio = found["spread"].values[much] / spread[much]  # the truth is of all air beside and above echo
    assert 0.4 < np.median(ratio) < 1.5
    assert flags(found, "beyond")[-1]
    assert found["u_error"].values[-1] > 1.5 * found["u_error"].values[much].min()
    assert found["u"].attrs["standard_name"] == "eastward_wind"
    assert found["density"].values[0] == pytest.approx(1.167, abs=0.01)


def test_one_radar_of_the_two_is_enough_and_none_is_an_error_that_says_so(seen) -> None:
    both = radar.wind_over_height(seen, HEIGHTS)
    silent = seen[0].copy()
    for name in silent.children:
        sweep = silent[name].to_dataset()
        if "VRADDH" in sweep:
            silent[name] = xr.DataTree(sweep.assign(VRADDH=sweep["VRADDH"] * np.nan))
    one = radar.wind_over_height([silent, seen[1]], HEIGHTS)
    alone = radar.wind_over_height(seen[1], HEIGHTS)
    np.testing.assert_array_equal(one["u"], alone["u"])
    much = one["data"].values > 40
    assert much.sum() > 10
    assert np.abs(one["u"] - both["u"]).values[much].max() < 6.0
    with pytest.raises(NoDataError, match="no velocity"):
        radar.wind_over_height(silent, HEIGHTS)


def test_on_a_grid_the_wind_is_turned_and_finite_at_every_cell(storm, seen) -> None:
    there = Grid("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=40 +lon_0=100", 21, 19, 0.0, 0.0, 5e3, 5e3, z=(1000.0, 3000.0))
    x, y = there.from_lonlat(storm.longitude, storm.latitude)
    there = Grid(there.projection, 21, 19, float(x) - 50e3, float(y) - 45e3, 5e3, 5e3, z=there.z)
    data = radar.wind_background(seen, there)
    assert data["u"].dims == ("z", "y", "x")
    assert np.isfinite(data["u"]).all()
    assert data["u"].attrs["standard_name"] == "x_wind"
    assert Grid.of(data["u"].isel(z=0)).projection == there.projection
    over = radar.wind_over_height(seen, there.z)
    np.testing.assert_allclose(data["u_mean"], over["u"])
    np.testing.assert_allclose(np.hypot(data["u"], data["v"]).isel(y=3, x=4), np.hypot(over["u"], over["v"]), rtol=1e-5)
    assert abs(float(data["u"][0, 9, 10]) - float(over["u"][0])) > 0.3  # 20 degrees from the grid's middle


def test_a_sounding_of_the_storms_surroundings_is_found_again(storm) -> None:
    table = obs.decode(observe.wyoming(observe.sounding(storm, -70e3, -60e3, NOON)), near="2026-06-01T06:30")
    found = radar.wind_over_height(table, HEIGHTS)
    truth = [storm.wind(-70e3, -60e3, height, storm.seconds(NOON)) for height in HEIGHTS]
    assert np.abs(found["u"].values - [float(wind[0]) for wind in truth]).max() < 1.5
    assert np.abs(found["v"].values - [float(wind[1]) for wind in truth]).max() < 1.5
    assert (found["u_error"].values < 1.2).all()
    np.testing.assert_allclose(found["spread"], 3.0)
    assert not flags(found, "standard_air").any()
    hour_old = radar.wind_over_height(table, HEIGHTS, time="2026-06-01T08:30")
    assert (hour_old["u_error"] > found["u_error"]).all()
    with pytest.raises(NoDataError, match="within 3 h"):
        radar.wind_over_height(table, HEIGHTS, time="2026-06-02T06:30")


def test_a_profile_keeps_its_errors(seen) -> None:
    profile = xr.Dataset(
        {"u": ("height", [5.0, 9.0]), "v": ("height", [0.0, 4.0]), "u_error": ("height", [0.1, 5.0])},
        coords={"height": [1000.0, 4000.0]},
    )
    found = radar.wind_over_height(profile, [1000.0, 4000.0], walk=0.02, spread_m_s=0.0)
    assert float(found["u_error"][0]) < 0.2
    assert float(found["u_error"][1]) > 3.0
    given = radar.wind_over_height(profile, [1000.0, 4000.0], error=0.1, walk=0.02)
    assert float(given["u_error"][1]) < 0.2


def test_a_displaced_model_loses_its_storm_and_keeps_its_surroundings(storm, tmp_path: Path) -> None:
    made = sim.model.run(storm, n=61, dx=4000.0, shift=(15e3, -10e3))
    made.write_wrf(tmp_path / "wrfout", NOON, levels=24)
    there = dataclasses.replace(storm.grid(40e3, 2e3), z=(3000.0, 6000.0))
    x, y, z = np.meshgrid(there.x, there.y, there.z, indexing="ij")
    u, v, _ = (part.transpose(2, 1, 0) for part in storm.wind(x, y, z, np.full(x.shape, storm.seconds(NOON))))
    with nwp.open(tmp_path / "wrfout") as run:
        smooth = radar.wind_background(run, there, time=NOON)
        sharp = radar.wind_background(run, there, time=NOON, smooth_m=0.0)
        late = radar.wind_background(run, there, time="2026-06-01T08:30", error=2.0)
        with io.isolated(), nwp.open(tmp_path / "wrfout") as other:
            xr.testing.assert_identical(radar.wind_background(other, there, time=NOON), smooth)
        with pytest.raises(NoDataError, match="within"):
            radar.wind_background(run, there, time="2026-06-02T06:30")
        with pytest.raises(ArgumentError, match="time"):
            radar.wind_background(run, there)
        with pytest.raises(ArgumentError, match="smoothing"):
            radar.wind_background(run, there, time=NOON, smoothing=1.0)

    def off(data: xr.Dataset) -> float:
        return float(np.sqrt(((data["u"] - u) ** 2 + (data["v"] - v) ** 2).mean()))

    assert np.isfinite(smooth["u"]).all()
    assert off(smooth) < off(sharp)  # the truth has its storm elsewhere
    assert float(smooth["u"][0].std()) < float(sharp["u"][0].std())
    np.testing.assert_allclose(smooth["error"], 3.0)
    assert flags(late, "late").all()
    np.testing.assert_allclose(late["error"], np.sqrt(2.0**2 + 2.0**2))
    assert "u_mean" in smooth
    assert smooth["density"].values[1] == pytest.approx(0.66, abs=0.03)


def test_what_makes_no_background_is_refused(seen) -> None:
    with pytest.raises(ArgumentError, match="source"):
        radar.wind_over_height([], [1000.0])
    with pytest.raises(ArgumentError, match="levels z"):
        radar.wind_background(seen, Grid("+proj=longlat", 2, 2, 0.0, 0.0, 1.0, 1.0))
    with pytest.raises(ArgumentError, match="increasing heights"):
        radar.wind_over_height(seen, [1000.0, 500.0])
    with pytest.raises(ArgumentError, match="boxes"):
        radar.wind_over_height(seen, [1000.0], boxes=3)
    with pytest.raises(ArgumentError, match="u and v over height"):
        radar.wind_over_height(xr.Dataset({"u": ("x", [1.0])}), [1000.0])


@pytest.mark.realdata
def test_khtx_and_armor_start_from_one_wind(real_data: Path) -> None:
    khtx = radar.dealias(nowcast.open(real_data / "radar/nexrad/khtx-20080411/KHTX20080411_182140.gz"))
    armor = radar.dealias(nowcast.open(next((real_data / "retrieval/armor-khtx-20080411").glob("*.nc"))))
    there = grid.around(khtx, 60e3, dx=2e3, dz=1000.0)
    both = radar.wind_background([khtx, armor], there)
    assert np.isfinite(both["u"]).all()
    assert np.isfinite(both["error"]).all()
    level = radar.wind_profile(khtx, method="vvp", heights=there.z)
    near = radar.wind_over_height(khtx, there.z, max_range_m=60e3)
    good = (level["quality"] > 0.7).values
    assert good.sum() >= 5
    assert float(np.hypot(near["u"] - level["u"].values, near["v"] - level["v"].values)[good].max()) < 2.5
    alone = radar.wind_over_height(khtx, there.z)
    assert float(np.hypot(both["u_mean"] - alone["u"].values, both["v_mean"] - alone["v"].values).max()) < 6.0
    sounding = obs.read(real_data / "obs/sounding/bmx_sounding_20080411_12Z.txt", near="2008-04-11T12:00")
    before = radar.wind_over_height(sounding, there.z)
    apart = np.hypot(before["u"] - alone["u"], before["v"] - alone["v"])
    assert float(apart.sel(height=slice(0, 12e3)).mean()) < 9.0  # six hours and 200 km


@pytest.mark.realdata
def test_a_model_of_real_levels_is_finite_to_20_km(real_data: Path) -> None:
    there = grid.Grid("+proj=aeqd +lat_0=35 +lon_0=-90", 25, 25, -120e3, -120e3, 10e3, 10e3, z=(500.0, 5000.0, 20e3))
    with nwp.open(real_data / "nwp/nam.t00z.awp21100.tm00.grib2") as run:
        found = radar.wind_background(run, there, time="2018-09-17T03:00")
        assert np.isfinite(found["u"]).all()
        assert flags(found, "late").all()
        assert list(flags(found, "beyond")) == [False, False, True]
        assert float(found["error"][2]) > float(found["error"][1])
        plain = run.on_grid("u", there, heights=[5000.0])["u"].isel(time=0, z=0)
        assert float(np.abs(found["u"][1] - plain.values).max()) < 2.0  # 80 km cells: nothing to take
