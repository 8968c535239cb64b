"""Dealiasing of simulated and real volumes, aliased again at lower Nyquist velocities."""

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
ANGLES = (0.5, 0.9, 1.3, 1.8, 2.4, 3.1, 4.0, 5.1, 6.4, 8.0)  # of VCP 12
CAPTAINS_FLAT = "radar/odim/wradlib/40_20181220_060630.pvol.h5"
KHTX = "radar/cfradial/cfrad.20080411_182140.206_to_20080411_182632.190_KHTX_SUR.nc"


def aliased(tree: xr.DataTree, moment: str, nyquist: float, noise: float = 0.0, seed: int = 0) -> xr.DataTree:
    """A volume of VRADH alone, of what a radar of that Nyquist velocity would have measured; truth is the moment."""
    random = np.random.Generator(np.random.Philox(seed))
    groups = {"/": tree.to_dataset()}
    for name in tree.children:
        sweep = tree[name].to_dataset()
        if moment not in sweep:
            continue
        true = sweep[moment] + noise * random.standard_normal(sweep[moment].shape)
        folded = ((true + nyquist) % (2 * nyquist) - nyquist).astype(np.float32).assign_attrs(units="m s-1")
        rays = np.full(sweep["azimuth"].size, nyquist, np.float32)
        groups[name] = xr.Dataset(
            {"VRADH": folded, "truth": true, "nyquist_velocity": ((sweep["azimuth"].dims[0],), rays)},
            coords=sweep.coords,
        ).assign(sweep_mode=sweep["sweep_mode"], sweep_fixed_angle=sweep["sweep_fixed_angle"])
    return xr.DataTree.from_dict(groups)


def score(tree: xr.DataTree, nyquist: float) -> tuple[float, float]:
    """The part of the gates that are right, and of those called confident that are wrong."""
    total = right = sure = misled = 0
    for name in tree.children:
        sweep = tree[name].to_dataset()
        known = np.isfinite(sweep["truth"].values)
        ok = np.abs(sweep["VRADDH"].values - sweep["truth"].values) < 0.5 * nyquist
        confident = known & (sweep["VCONF"].values >= 0.5)
        total, right = total + known.sum(), right + (ok & known).sum()
        sure, misled = sure + confident.sum(), misled + (confident & ~ok).sum()
    return right / total, misled / max(sure, 1)


@pytest.fixture(scope="module")
def supercell() -> xr.DataTree:
    """What is behind the gates around a supercell with a tornado, 43 km away."""
    storm = sim.supercell(tornado=True, particles=2500)
    sweeps = tuple(Sweep(angle, 1.0, 250.0, 80e3, start=0.0, stop=120.0) for angle in ANGLES)
    site = sim.Site.near(storm, -35e3, -25e3)
    effects = sim.Effects(second_trip=False)
    return sim.scan(storm, site, Strategy("test", Radar(), sweeps), 1800.0, effects=effects).truth


@pytest.mark.parametrize(("nyquist", "least"), [(8.0, 0.97), (12.0, 0.99), (16.0, 0.999), (25.0, 0.999)])
def test_a_supercell_comes_back_from_low_nyquist_velocities(supercell, nyquist, least) -> None:
    done = radar.dealias(aliased(supercell, "VRADDH", nyquist, noise=1.0))
    right, misled = score(done, nyquist)
    assert right >= least
    assert misled <= 0.001


def test_a_profile_of_the_environment_is_taken(supercell) -> None:
    base = sim.supercell(particles=10).environment
    profile = xr.Dataset({"u": ("height", base.u), "v": ("height", base.v)}, coords={"height": base.z + 50.0})
    done = radar.dealias(aliased(supercell, "VRADDH", 8.0, noise=1.0), profile)
    right, misled = score(done, 8.0)
    assert right >= 0.97
    assert misled <= 0.001
    confidence = np.concatenate([done[name]["VCONF"].values.ravel() for name in done.children])
    assert np.mean(confidence[np.isfinite(confidence)] >= 0.5) > 0.3  # a lone storm does not tell its wind by itself
    with pytest.raises(ArgumentError, match="v missing"):
        radar.dealias(supercell, profile.drop_vars("v"), moment="VRADDH", output="V")


def test_folds_are_whole_numbers_and_all_else_is_shared(supercell) -> None:
    given = aliased(supercell, "VRADDH", 10.0)
    done = radar.dealias(given)
    sweep = done["sweep_1"].to_dataset()
    folds = sweep["VFOLD"].values[np.isfinite(sweep["VFOLD"].values)]
    assert set(np.unique(folds)) <= set(range(-6, 7))
    np.testing.assert_allclose(sweep["VRADDH"], sweep["VRADH"] + 20.0 * sweep["VFOLD"], atol=1e-4)
    assert sweep["VRADDH"].attrs["units"] == "m s-1"
    assert np.shares_memory(sweep["VRADH"].values, given["sweep_1"]["VRADH"].values)
    again = radar.dealias(given, previous=done)
    assert score(again, 10.0)[0] >= 0.999


def test_a_volume_without_velocities_is_no_data(supercell) -> None:
    with pytest.raises(NoDataError, match="VRADV"):
        radar.dealias(supercell, moment="VRADV")


@pytest.mark.realdata
@pytest.mark.parametrize(("nyquist", "least"), [(8.0, 0.97), (12.0, 0.99), (16.0, 0.999), (25.0, 0.999)])
def test_a_hand_edited_volume_comes_back_from_low_nyquist_velocities(nyquist, least) -> None:
    edited = nowcast.open(DATA / KHTX)
    right, misled = score(radar.dealias(aliased(edited, "VRADDH", nyquist)), nyquist)
    assert right >= least
    assert misled <= 0.001


@pytest.mark.realdata
def test_a_raw_volume_is_dealiased_as_a_hand_did_it() -> None:
    edited = nowcast.open(DATA / KHTX)
    done = radar.dealias(edited, output="VCOR")
    total = right = 0
    for name in done.children:
        sweep = done[name].to_dataset()
        both = np.isfinite(sweep["VRADDH"].values) & np.isfinite(sweep["VCOR"].values)
        total += both.sum()
        right += (np.abs(sweep["VRADDH"].values - sweep["VCOR"].values)[both] < 14.0).sum()
    assert total > 390_000
    assert right / total > 0.995


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("nyquist", "least", "least_whole"),
    [(8.0, 0.93, 0.985), (12.0, 0.957, 0.99), (16.0, 0.972, 0.994), (25.0, 0.988, 0.999)],
)
def test_velocities_of_two_pulse_rates_come_back_where_the_reference_hangs_together(
    nyquist, least, least_whole
) -> None:
    done = radar.dealias(aliased(nowcast.open(DATA / CAPTAINS_FLAT), "VRADDH", nyquist))
    right, misled = score(done, nyquist)
    assert right >= least
    assert misled <= 0.001
    gates = found = 0
    for name in done.children:
        truth, made = done[name]["truth"].values, done[name]["VRADDH"].values
        around = [np.roll(truth, step, (0, 1)) for step in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        whole = np.all([np.abs(truth - other) < 0.5 * nyquist for other in around], axis=0)  # False beside the unknown
        gates += whole.sum()
        found += (whole & (np.abs(made - truth) < 0.5 * nyquist)).sum()
    assert gates > 100_000
    assert found / gates >= least_whole
