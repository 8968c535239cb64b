"""Hail of simulated storms beside their own severe hail index, which knows neither grid nor radar."""

import dataclasses

import numpy as np
import pytest

from nowcast import mosaic, product, sim
from nowcast.grid import Grid
from nowcast.sim.strategy import Radar, Strategy, Sweep

WHEN, LEAST_MM = 900.0, 5.0


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.supercell(seed=1, particles=4000)


@pytest.fixture(scope="module")
def cells(storm: sim.Storm) -> tuple[Grid, np.ndarray]:
    """A grid with levels, and MESH of the storm itself there, mm."""
    west, east, south, north, _ = next(storm.bounds(WHEN))
    flat = storm.grid(25e3, 1e3, x=0.5 * (west + east), y=0.5 * (south + north))
    levels = dataclasses.replace(flat, z=tuple(np.arange(500.0, 16e3, 500.0)))
    return levels, 2.54 * np.sqrt(storm.severe_hail(*np.meshgrid(flat.x, flat.y), WHEN))


def levels_of(storm: sim.Storm) -> tuple[float, float]:
    return storm.environment.height_of(273.15), storm.environment.height_of(253.15)


def errors(found: np.ndarray, truth: np.ndarray) -> tuple[float, float, str]:
    """Root mean square and mean, mm, where either has hail of 5 mm, and both in words."""
    off = (found - truth)[np.fmax(found, truth) >= LEAST_MM]
    rms, bias = float(np.sqrt(np.mean(off**2))), float(off.mean())
    return rms, bias, f"MESH: rms {rms:.2f} mm, bias {bias:.2f} mm over {off.size} cells, up to {truth.max():.1f} mm"


def test_the_index_of_even_rain_is_its_flux_times_the_weighted_depth() -> None:
    storm = sim.stratiform(rate=300.0, melting=False, top=9000.0)
    freezing, cold = levels_of(storm)
    dbz = float(storm.at(0.0, 0.0, 5000.0, 0.0)["DBZH"])
    assert dbz > 50.0
    expected = 0.1 * 5e-6 * 10.0 ** (0.084 * dbz) * (0.5 * (cold - freezing) + 9000.0 - cold)
    assert storm.severe_hail(np.zeros(3), 0.0, 0.0) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("step", "most"), [(500.0, 0.15), (1000.0, 0.3)])
def test_hail_of_levels_is_that_of_the_storm(storm: sim.Storm, cells: tuple[Grid, np.ndarray], step, most) -> None:
    levels, truth = cells
    levels = dataclasses.replace(levels, z=tuple(np.arange(step, 16e3, step)))
    cube = storm.on_grid(levels, levels.z, WHEN)["DBZH"]
    rms, bias, text = errors(product.hail(cube, *levels_of(storm))["mesh"].values, truth)
    assert rms < most, text
    assert abs(bias) < 0.1, text


def test_hail_of_a_volume_is_near_that_of_the_storm(storm: sim.Storm, cells: tuple[Grid, np.ndarray]) -> None:
    levels, truth = cells
    site = sim.Site.near(storm, levels.x[0] - 25e3, levels.y[0])
    sweeps = (Sweep(angle, 1.0, 250.0, 110e3, rate=1e6, at=0.0) for angle in (0.5, *np.arange(1.5, 16.0, 1.2)))
    effects = sim.Effects(noise=False, attenuation=False, second_trip=False)
    seen = sim.scan(storm, site, Strategy("at once", Radar(), tuple(sweeps)), WHEN, effects=effects)
    cube = mosaic.build(seen.volume, grid=levels, reflectivity="z")["DBZH"][0]
    rms, bias, text = errors(product.hail(cube, *levels_of(storm))["mesh"].values, truth)
    assert rms < 2.0, text
    assert abs(bias) < 0.5, text
