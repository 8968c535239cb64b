"""The radar simulator: what it sees is what is there, and each effect is the one its theory gives."""

import dataclasses
import math

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import sim
from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.sim import _receiver, beam
from nowcast.sim._look import Look
from nowcast.sim.strategy import Radar, Strategy, Sweep

CLEAN = sim.Effects(noise=False, attenuation=False, second_trip=False, threshold=-99.0)


def plan(*sweeps: Sweep, **radar) -> Strategy:
    return Strategy("test", Radar(**radar), sweeps)


@pytest.fixture(scope="module")
def supercell() -> sim.Storm:
    return sim.supercell(particles=2500)


@pytest.fixture(scope="module")
def rain() -> sim.Storm:
    return sim.stratiform(rate=10.0, wind=(18.0, -11.0), melting=False)


def test_a_uniform_wind_is_a_sinusoid_in_azimuth(rain) -> None:
    site = sim.Site.near(rain, 40e3, 25e3)
    seen = sim.scan(rain, site, plan(Sweep(3.0, 2.0, 500.0, 20e3)), 0.0, effects=CLEAN).truth["sweep_0"]
    azimuth = np.radians(seen["azimuth"].values.astype(float))
    ground, height = beam.ray(seen["range"].values, 3.0, site.altitude)
    up = beam.local_elevation(3.0, ground)
    fall = float(rain.at(0.0, 0.0, 500.0, 0.0)["fall_speed"])
    expected = (18.0 * np.sin(azimuth) - 11.0 * np.cos(azimuth))[:, None] * np.cos(up) - fall * np.sin(up)
    inside = (height > 100.0) & (height < 2000.0)
    # The planes of storm and site differ by half a degree here at most.
    np.testing.assert_allclose(seen["VRADDH"].values[:, inside], expected[:, inside], atol=0.08)
    home = sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan(Sweep(3.0, 2.0, 500.0, 20e3)), 0.0, effects=CLEAN)
    seen = home.truth["sweep_0"]["VRADDH"].values[:, inside]
    np.testing.assert_allclose(seen, expected[:, inside], atol=0.012)


def test_aliasing_wraps_the_true_velocity(rain) -> None:
    slow = plan(Sweep(1.5, 2.0, 500.0, 20e3, prf=400.0))
    volume, truth = sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), slow, 0.0, effects=CLEAN)
    nyquist = 0.25 * 0.107 * 400.0
    assert float(volume["sweep_0"]["nyquist_velocity"][0]) == pytest.approx(nyquist)
    true, seen = truth["sweep_0"]["VRADDH"].values, volume["sweep_0"]["VRADH"].values
    assert np.nanmax(np.abs(true)) > 1.5 * nyquist
    turns = (true - seen) / (2.0 * nyquist)
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-4)
    assert set(np.unique(np.rint(turns))) == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize("rhi", [False, True])
def test_beams_average_as_a_finer_quadrature_does(supercell, rhi) -> None:
    site = sim.Site.near(supercell, -30e3, -10e3)
    step = 0.5 if rhi else 1.0
    sweep = Sweep(75.0, 0.5, 250.0, 60e3, start=0.0, stop=12.0, rhi=True) if rhi else Sweep(2.4, start=40.0, stop=110.0)
    sweep = dataclasses.replace(sweep, reach=60e3)
    radar = Radar()
    plane = beam.Plane(site.latitude, site.longitude, supercell.projection, 100e3)
    look = Look(supercell, plane, site.altitude, radar, sweep, 300.0)
    seen = look.see(240)
    dbz = 10 * np.log10(np.maximum(seen.zh, 1e-3))
    pick = np.argwhere(dbz > 25.0)
    pick = pick[np.linspace(0, len(pick) - 1, 16).astype(int)]
    sigma = 0.95 / (4 * np.sqrt(np.log(2)))
    node = np.linspace(-3.2, 3.2, 17)
    dwell = step * ((np.arange(5) + 0.5) / 5 - 0.5)
    off = np.add.outer(dwell, sigma * node / (1.0 if rhi else np.cos(np.radians(2.4)))).ravel()
    along = np.tile(np.exp(-0.5 * node**2), dwell.size)
    a, e, r = np.meshgrid(off, sigma * node, 0.35 * 235.0 * node[::2], indexing="ij")
    weight = along[:, None, None] * np.exp(-0.5 * node**2)[:, None] * np.exp(-0.5 * node[::2] ** 2)
    a, e, r, weight = (x.ravel() for x in (a, e, r, weight))
    wrong, slip = [], []
    for i, j in pick:
        turn, across = (e / np.cos(np.radians(look.elevation[i])), a) if rhi else (a, e)
        azimuth, elevation = look.azimuth[i] + turn, look.elevation[i] + across
        ground, height = beam.ray(look.ranges(240)[j] + r, elevation, site.altitude)
        x, y = plane.place(ground, azimuth)
        t = look.seconds[i] + a / sweep.rate
        columns = supercell.columns(x, y, height, t)[:, 0] * (height >= 0)
        u, v, w = supercell.wind(x, y, height, t)
        fall = supercell.at(x, y, height, t)["fall_speed"]
        up = beam.local_elevation(elevation, ground)
        angle = np.radians(azimuth)
        away = (u * np.sin(angle) + v * np.cos(angle)) * np.cos(up) + (w - np.nan_to_num(fall)) * np.sin(up)
        wrong.append(10 * np.log10(seen.zh[i, j] / np.average(columns, weights=weight)))
        slip.append(seen.velocity[i, j] - np.average(away, weights=weight * columns))
    # The storm's water has corners every 500 m, and at its edge only the rim of a beam meets any.
    assert np.median(np.abs(wrong)) < 0.06
    assert np.quantile(np.abs(wrong), 0.85) < 0.5
    assert np.median(np.abs(slip)) < 0.02
    assert np.abs(slip).max() < 0.3


def test_rain_weakens_what_is_behind_it_by_twice_its_path(rain) -> None:
    sweep = Sweep(0.8, 1.0, 250.0, 40e3, prf=2000.0, stop=30.0)
    effects = dataclasses.replace(CLEAN, attenuation=True)
    volume, truth = sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan(sweep, band="X"), 0.0, effects=effects)
    kdp = float(rain.at(0.0, 0.0, 500.0, 0.0, band="X")["KDP"])
    here = rain.at(0.0, 0.0, 500.0, 0.0, band="X")
    r = volume["sweep_0"]["range"].values / 1e3
    far = r > 5.0
    two_way = 2.0 * 0.28 * kdp * r
    lost = float(here["DBZH"]) - volume["sweep_0"]["DBZH"].values
    np.testing.assert_allclose(lost[:, far], np.tile(two_way[far], (30, 1)), rtol=0.02, atol=0.05)
    np.testing.assert_allclose(volume["sweep_0"]["PHIDP"].values[0], 60.0 + 2.0 * kdp * r, rtol=0.01)
    zdr = float(here["ZDR"]) - volume["sweep_0"]["ZDR"].values[0]
    np.testing.assert_allclose(zdr[far], (2.0 * 0.04 * kdp * r)[far], atol=0.03)
    np.testing.assert_allclose(truth["sweep_0"]["attenuation"].values[0], two_way, rtol=0.02)
    np.testing.assert_allclose(truth["sweep_0"]["DBZH"].values[:, far], float(here["DBZH"]), atol=0.02)


def test_clutter_stands_still_from_scan_to_scan(supercell) -> None:
    site = sim.Site.near(supercell, -45e3, -25e3)
    low = plan(Sweep(0.5, reach=60e3))
    effects = sim.Effects(clutter=35.0)
    first, second = (sim.scan(supercell, site, low, t, seed=t, effects=effects) for t in (0, 360))
    a, b = (scan.truth["sweep_0"]["clutter"].values.astype(bool) for scan in (first, second))
    dry = (first.truth["sweep_0"]["DBZH"].values < 0) & (second.truth["sweep_0"]["DBZH"].values < 0)
    np.testing.assert_array_equal(a[dry], b[dry])
    echo = first.volume["sweep_0"]["DBZH"].values
    strong = a & (echo > 20.0)
    assert strong.sum() > 200
    assert np.nanmax(np.abs(first.volume["sweep_0"]["VRADH"].values[strong])) < 1.0
    assert np.nanmedian(first.volume["sweep_0"]["RHOHV"].values[strong]) < 0.8
    high = sim.scan(supercell, site, plan(Sweep(4.0, reach=60e3)), 0, effects=effects)
    assert (high.volume["sweep_0"]["DBZH"].values[a & dry] < 0).mean() > 0.9


def test_an_echo_beyond_the_unambiguous_range_comes_back_nearer_and_weaker(supercell) -> None:
    site = sim.Site.near(supercell, -190e3, 0.0)
    sweep = Sweep(0.5, reach=147e3, prf=1000.0, flag_folded=True)
    whole = plan(Sweep(0.5, reach=290e3, prf=500.0))
    effects = dataclasses.replace(CLEAN, second_trip=True, threshold=-30.0)
    volume, truth = sim.scan(supercell, site, plan(sweep), 0.0, effects=effects)
    true = sim.scan(supercell, site, whole, 0.0, effects=CLEAN).truth["sweep_0"]["DBZH"].values
    echo = volume["sweep_0"]["DBZH"].values
    second = truth["sweep_0"]["second_trip"].values.astype(bool)
    i, j = np.unravel_index(np.argmax(np.where(second, echo, -128.0)), echo.shape)
    unambiguous = 299792458.0 / 2000.0
    r = volume["sweep_0"]["range"].values[j]
    beyond = round((r + unambiguous) / 250.0 - 0.5)
    assert echo[i, j] == pytest.approx(true[i, beyond] + 20 * np.log10(r / (r + unambiguous)), abs=0.3)
    assert volume["sweep_0"]["VRADH_flags"].values[i, j] == 1
    assert np.isnan(volume["sweep_0"]["VRADH"].values[i, j])
    without = sim.scan(supercell, site, plan(sweep), 0.0, effects=CLEAN).volume["sweep_0"]["DBZH"].values
    assert (without[second] == -128.0).all()


def test_two_repetition_rates_reach_further_and_sometimes_err(rain) -> None:
    sweep = Sweep(1.5, 1.0, 500.0, 30e3, prf=500.0, ratio=3, rate=15.0, start=90.0, stop=180.0)
    site = sim.Site.near(rain, 0.0, 0.0)
    volume, truth = sim.scan(rain, site, plan(sweep), 0.0, effects=CLEAN)
    nyquist = 0.25 * 0.107 * 500.0
    assert float(volume["sweep_0"]["nyquist_velocity"][0]) == pytest.approx(3 * nyquist)
    true = truth["sweep_0"]["VRADDH"].values
    assert np.nanmax(np.abs(true)) > 1.5 * nyquist
    np.testing.assert_allclose(volume["sweep_0"]["VRADH"].values, true, atol=1e-3)
    few = dataclasses.replace(sweep, rate=60.0)
    effects = sim.Effects(second_trip=False)
    noisy = sim.scan(rain, site, plan(few, noise=48.0), 0.0, effects=effects).volume["sweep_0"]["VRADH"].values
    error = noisy - true
    out = np.abs(error[np.isfinite(error)]) > nyquist
    assert 0.001 < out.mean() < 0.3
    jumps = error[np.isfinite(error)][out] / (2 * nyquist)
    assert np.abs(jumps - np.rint(jumps)).mean() < 0.2


def test_what_is_below_the_noise_is_observed_to_be_nothing() -> None:
    drizzle = sim.stratiform(rate=0.02, wind=(5.0, 0.0), melting=False)
    deaf = plan(Sweep(1.0, 1.0, 500.0, 60e3, stop=40.0), noise=20.0)
    effects = sim.Effects(second_trip=False)
    volume, truth = sim.scan(drizzle, sim.Site.near(drizzle, 0.0, 0.0), deaf, 0.0, effects=effects)
    echo, true = volume["sweep_0"]["DBZH"].values, truth["sweep_0"]["DBZH"].values
    far = volume["sweep_0"]["range"].values > 50e3
    assert (true[:, far] > -5.0).all()
    assert (echo[:, far] == -128.0).mean() > 0.95
    assert np.isnan(volume["sweep_0"]["VRADH"].values[echo == -128.0]).all()
    assert np.isfinite(echo).all()
    near = (volume["sweep_0"]["range"].values > 1e3) & (volume["sweep_0"]["range"].values < 2e3)
    assert (echo[:, near] > -10.0).mean() > 0.9


@pytest.mark.parametrize(("width", "snr"), [(1.0, 20.0), (3.0, 20.0), (2.0, 3.0)])
def test_errors_are_those_of_a_processor_of_time_series(width, snr) -> None:
    nyquist, samples, trials = 13.0, 64, 3000
    random = np.random.default_rng(1)
    # Zrnic (1975): noise shaped in the spectrum, long enough that the ends do not meet.
    n = 4 * samples
    v = np.fft.fftfreq(n) * 2 * nyquist
    shape = np.sqrt(sum(np.exp(-0.5 * ((v - 2.0 + 2 * k * nyquist) / width) ** 2) for k in (-1, 0, 1)))
    white = random.standard_normal((2, trials, n))
    signal = np.fft.ifft((white[0] + 1j * white[1]) * shape, axis=1)[:, :samples]
    signal /= np.sqrt(np.mean(np.abs(signal) ** 2))
    white = random.standard_normal((2, trials, samples))
    signal += 10 ** (-snr / 20) * (white[0] + 1j * white[1]) / np.sqrt(2)
    lag = np.mean(signal[:, 1:] * np.conj(signal[:, :-1]), axis=1)
    measured = np.std(np.angle(lag * np.exp(-2j * np.pi / nyquist)) * nyquist / np.pi)
    power = _receiver.Power.of(np.ones(trials), np.full(trials, 2.0), np.full(trials, width), nyquist)
    noise = np.full(trials, 10 ** (-snr / 10))
    ours = np.std(_receiver.doppler(power, noise, nyquist, samples, np.random.default_rng(2))[0])
    assert ours == pytest.approx(measured, rel=0.2)
    if snr > 10:
        spread = np.std(10 * np.log10(np.mean(np.abs(signal) ** 2, axis=1)))
        apart = _receiver.independent(samples, np.full(trials, width), nyquist)
        ours = _receiver.power(np.ones(trials), noise, apart, samples, np.random.default_rng(3)) + noise
        assert np.std(10 * np.log10(ours)) == pytest.approx(spread, rel=0.25)


def test_a_ridge_blocks_the_beams_that_meet_it(rain) -> None:
    grid = Grid(rain.projection, 121, 121, -60e3, -60e3, 1e3, 1e3)
    x, _ = np.meshgrid(grid.x, grid.y)
    heights = xr.DataArray(np.where(np.abs(x - 20e3) < 1500.0, 350.0, 0.0), grid.coords(), ("y", "x"))
    effects = dataclasses.replace(CLEAN, terrain=heights)
    site = sim.Site.near(rain, 0.0, 0.0, altitude=100.0)
    angles = (0.1, 0.7, 2.5)
    sweeps = (Sweep(angle, 2.0, 500.0, 32e3, start=80.0, stop=280.0) for angle in angles)
    volume, truth = sim.scan(rain, site, plan(*sweeps), 0.0, effects=effects)
    east, west = 4, 95  # at 89 and 271 degrees
    sigma = 0.95 / (4 * np.sqrt(np.log(2)))
    for number, angle in enumerate(angles):
        blocked = truth[f"sweep_{number}"]["blocked"].values
        ground = 18.8e3
        crest = np.degrees((350.0 - 100.0) / ground - 0.5 * ground / beam.EARTH)
        expected = 0.5 * (1 + math.erf((crest - angle) / sigma / math.sqrt(2)))
        assert blocked[east, 60] == pytest.approx(expected, abs=0.08)
        # The other way there is the sea alone, which a beam at 0.1 degrees grazes.
        assert (blocked[west, :60] < 0.6).all()
    assert (truth["sweep_2"]["blocked"].values[west] < 1e-6).all()
    lost = truth["sweep_1"]["DBZH"].values - volume["sweep_1"]["DBZH"].values
    assert lost[east, 60] == pytest.approx(-10 * np.log10(1 - truth["sweep_1"]["blocked"].values[east, 60]), abs=0.05)
    assert np.isnan(volume["sweep_0"]["DBZH"].values[east, 60])


def test_sun_and_foreign_transmitters_are_spokes(rain) -> None:
    quiet = rain.displaced(intensity=0.0)
    effects = sim.Effects(sun=(101.0, 1.2), spoke=(250.0, 15.0), second_trip=False)
    volume, truth = sim.scan(quiet, sim.Site.near(rain, 0.0, 0.0), plan(Sweep(1.0, reach=50e3)), 0.0, effects=effects)
    shown = (volume["sweep_0"]["DBZH"].values > -100.0).mean(axis=1)
    azimuth = volume["sweep_0"]["azimuth"].values
    assert (shown[np.abs(azimuth - 250.0) < 0.6] > 0.95).all()
    assert (shown[np.abs(azimuth - 101.0) < 0.6] > 0.3).all()
    assert shown[(np.abs(azimuth - 250.0) > 5.0) & (np.abs(azimuth - 101.0) > 3.0)].max() < 0.3
    marked = truth["sweep_0"]["interference"].values.any(axis=1)
    assert marked[np.abs(azimuth - 250.0) < 0.6].all()


def test_a_volume_survives_a_file(supercell, tmp_path) -> None:
    volume, _ = sim.scan(supercell, sim.Site.near(supercell, -45e3, -25e3), plan(Sweep(0.5, 2.0, reach=90e3)), 60.0)
    nowcast.radar.write(volume, tmp_path / "volume.nc")
    again = xr.open_datatree(tmp_path / "volume.nc", engine="netcdf4")
    for name in ("DBZH", "VRADH", "ZDR", "PHIDP", "azimuth", "time"):
        np.testing.assert_array_equal(again["sweep_0"][name].values, volume["sweep_0"][name].values)
    assert again.attrs["scan_name"] == "test"
    times = volume["sweep_0"]["time"].values
    assert (times[-1] - times[0]) / np.timedelta64(1, "ms") == pytest.approx(1e3 * 358.0 / 20.0, abs=1.0)
    assert times[0] > np.datetime64("2026-06-01T06:01:00")


def test_a_seed_makes_the_noise_and_nothing_else(supercell) -> None:
    site, strategy = sim.Site.near(supercell, -45e3, -25e3), plan(Sweep(0.5, 2.0, reach=90e3))
    one, same, other = (sim.scan(supercell, site, strategy, 0.0, seed=seed) for seed in (1, 1, 2))
    for name in ("DBZH", "VRADH", "ZDR"):
        np.testing.assert_array_equal(one.volume["sweep_0"][name].values, same.volume["sweep_0"][name].values)
        assert not np.array_equal(
            one.volume["sweep_0"][name].values, other.volume["sweep_0"][name].values, equal_nan=True
        )
    xr.testing.assert_identical(one.truth["sweep_0"].to_dataset(), other.truth["sweep_0"].to_dataset())


def test_the_plans_are_those_of_the_services() -> None:
    plans = [sim.strategy.wsr88d(name) for name in ("VCP 12", "VCP 21", "VCP 215")]
    plans += [sim.strategy.cinrad(), sim.strategy.dual_prf(), sim.strategy.phased_array()]
    angles = [len({sweep.angle for sweep in strategy.sweeps}) for strategy in plans]
    assert angles == [14, 9, 15, 9, 10, 12]
    assert len(plans[3].sweeps) == 11
    minutes = [strategy.seconds / 60.0 for strategy in plans]
    assert minutes == pytest.approx([4.5, 5.9, 7.4, 5.9, 4.8, 1.0], abs=0.3)
    for strategy in plans:
        for sweep in strategy.sweeps:
            assert sweep.reach <= sweep.unambiguous
    up = sim.strategy.rhi(45.0)
    assert up.sweeps[0].rays == 80


def test_planes_agree_with_the_projection(rain) -> None:
    plane = beam.Plane(23.3, 113.2, rain.projection, 300e3)
    azimuth, ground = np.meshgrid(np.arange(0.0, 360.0, 7.0), np.linspace(1e3, 230e3, 12))
    x, y = plane.place(ground, azimuth)
    here = Grid("+proj=aeqd +lat_0=23.3 +lon_0=113.2 +ellps=WGS84 +units=m", 1, 1, 0.0, 0.0, 1.0, 1.0)
    for k in np.ndindex(azimuth.shape):
        east, north = ground[k] * np.sin(np.radians(azimuth[k])), ground[k] * np.cos(np.radians(azimuth[k]))
        point = dataclasses.replace(here, x_first=east, y_first=north).lonlat()
        right = rain.grid(1e3, 1e3).from_lonlat(*point)
        assert np.hypot(x[k] - right[0], y[k] - right[1]) < 5.0


def test_wrong_plans_are_told(rain) -> None:
    with pytest.raises(ArgumentError, match="plan: one of VCP 12, VCP 21, VCP 215 expected, VCP 99 given"):
        sim.strategy.wsr88d("VCP 99")
    with pytest.raises(ArgumentError, match='band: "S", "C" or "X" expected, "K" given'):
        Radar(band="K")
    with pytest.raises(ArgumentError, match="above 0 expected"):
        Sweep(0.5, step=0.0)
    with pytest.raises(ArgumentError, match="reach: within the unambiguous range of 149896 m expected, 200000 given"):
        sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan(Sweep(0.5, reach=200e3)), 0.0)
    with pytest.raises(ArgumentError, match="hills at least 1"):
        sim.terrain(rain.grid(1e3, 1e3), hills=0)


def test_hills_are_as_high_as_told_and_leave_sea(rain) -> None:
    heights = sim.terrain(rain.grid(50e3, 1e3), seed=3, highest=900.0, sea=0.4)
    assert float(heights.max()) == pytest.approx(900.0)
    assert float((heights == 0.0).mean()) == pytest.approx(0.4, abs=0.02)
    assert heights.attrs["units"] == "m"
