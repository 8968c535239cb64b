"""Synthetic storms: mass is conserved, water is accounted for, and each kind looks like its kind."""

import numpy as np
import pytest

from nowcast import sim
from nowcast.errors import ArgumentError
from nowcast.sim import scattering
from nowcast.sim.flow import Life, Overturning, Path, Vortex
from nowcast.sim.particles import GROUND, falling_speed


@pytest.fixture(scope="module")
def supercell() -> sim.Storm:
    return sim.supercell(tornado=True, particles=2500)


@pytest.fixture(scope="module")
def cells() -> sim.Storm:
    return sim.pulse_cells(cells=1, particles=1200)


@pytest.fixture(scope="module")
def line() -> sim.Storm:
    return sim.squall_line(length=60e3, particles=3000)


def divergence_of_mass(storm: sim.Storm, x, y, z, t, h: float):
    """Central differences over 2 h of the flux of mass, and the size of its largest term."""

    def flux(dx: float, dy: float, dz: float, component: int):
        return storm.environment.density(z + dz) * storm.wind(x + dx, y + dy, z + dz, t)[component]

    terms = [
        (flux(h, 0, 0, 0) - flux(-h, 0, 0, 0)) / (2 * h),
        (flux(0, h, 0, 1) - flux(0, -h, 0, 1)) / (2 * h),
        (flux(0, 0, h, 2) - flux(0, 0, -h, 2)) / (2 * h),
    ]
    return sum(terms), np.max(np.abs(terms), axis=0)


@pytest.mark.parametrize("kind", ["supercell", "cells", "line"])
def test_the_divergence_of_mass_vanishes_as_the_square_of_the_step(kind, request) -> None:
    storm = request.getfixturevalue(kind)
    random = np.random.default_rng(5)
    x, y = random.uniform(-12e3, 12e3, (2, 1500))
    z, t = random.uniform(150.0, 13e3, 1500), random.uniform(0.0, 3000.0, 1500)
    # At the top of a block the second derivative jumps, and differences across it are of first order.
    z = z[np.all([np.abs(z - getattr(part, "depth", 0.0)) > 50.0 for part in storm.parts], axis=0)]
    x, y, t = x[: z.size], y[: z.size], t[: z.size]
    left = []
    for h in (40.0, 20.0, 10.0):
        residual, term = divergence_of_mass(storm, x, y, z, t, h)
        left.append(np.sqrt(np.mean(residual**2)))
    assert left[0] / left[1] == pytest.approx(4.0, rel=0.1)
    assert left[1] / left[2] == pytest.approx(4.0, rel=0.1)
    assert left[2] < 1e-3 * np.sqrt(np.mean(term**2))


@pytest.mark.parametrize("kind", ["supercell", "cells", "line"])
def test_a_point_has_the_same_wind_and_water_alone_and_among_others(kind, request) -> None:
    storm = request.getfixturevalue(kind)
    random = np.random.default_rng(6)
    x, y = random.uniform(-90e3, 90e3, (2, 300))
    x[::2], y[::2] = 0.2 * x[::2], 0.2 * y[::2]
    z, t = random.uniform(-100.0, 17e3, 300), random.uniform(-600.0, 3600.0, 300)
    wind, water = np.array(storm.wind(x, y, z, t)), storm.columns(x, y, z, t)
    for k in range(x.size):
        point = x[k], y[k], z[k], t[k]
        np.testing.assert_allclose(np.array(storm.wind(*point)), wind[:, k], atol=1e-10, rtol=1e-10)
        np.testing.assert_allclose(storm.columns(*point), water[k], rtol=1e-12)
    assert (water[:, 0] > 0).any()
    assert (water[:, 0] == 0).any()


def test_what_flows_into_a_box_flows_out(supercell) -> None:
    node, weight = np.polynomial.legendre.leggauss(96)
    half = 6000.0
    a, b = np.meshgrid(half * node, half * node)
    area = np.outer(weight, weight) * half**2
    up = 3000.0 + 3000.0 * node
    side, height = np.meshgrid(half * node, up)
    wall = np.outer(weight, weight) * half * 3000.0

    def through(x, y, z, component):
        wind = supercell.wind(x, y, z, 0.0)[component]
        base = (supercell.environment.u, supercell.environment.v, np.zeros(supercell.environment.z.size))[component]
        return supercell.environment.density(z) * (wind - supercell.environment.read(base, z))

    roof = np.sum(area * through(a, b, 6000.0, 2))
    sides = np.sum(wall * (through(half, side, height, 0) - through(-half, side, height, 0)))
    sides += np.sum(wall * (through(side, half, height, 1) - through(side, -half, height, 1)))
    assert roof > 1e8
    assert roof + sides == pytest.approx(0.0, abs=2e-4 * roof)


def test_nothing_flows_through_the_ground(supercell, line) -> None:
    x, y = np.meshgrid(np.linspace(-20e3, 20e3, 41), np.linspace(-20e3, 20e3, 41))
    for storm in (supercell, line):
        assert np.abs(storm.wind(x, y, 0.0, 600.0)[2]).max() == 0.0


def test_blocks_reach_the_strengths_they_are_given() -> None:
    calm = sim.Environment.weisman_klemp(wind=sim.hodograph("calm"))
    steady = {"life": Life(), "path": Path()}
    vortex = sim.Storm(calm, (Vortex(30.0, 2000.0, 3000.0, 2000.0, reach=1e6, **steady),))
    r = np.linspace(100.0, 8000.0, 800)
    speed = vortex.wind(r, 0.0, 3000.0, 0.0)[1]
    assert speed.max() == pytest.approx(30.0, rel=1e-3)
    assert r[np.argmax(speed)] == pytest.approx(2000.0, abs=15.0)
    # Rott (1958): the circulation of the core is 1 - exp(-1.2564 r^2)
    assert speed[-1] * r[-1] / (30.0 * 2000.0) == pytest.approx(1.0 / (1.0 - np.exp(-1.256431)), rel=1e-3)
    draught = sim.Storm(calm, (Overturning(12e3, 4e3, 4e3, flux=20.0, **steady),))
    z = np.linspace(0.0, 12e3, 1201)
    assert (draught.wind(0.0, 0.0, z, 0.0)[2] * calm.density(z)).max() == pytest.approx(20.0, rel=1e-4)
    pool = sim.Storm(calm, (Overturning(4e3, 8e3, 8e3, surface=15.0, fall=4, n=4, **steady),))
    outflow = pool.wind(np.linspace(0.0, 12e3, 1201), 0.0, 0.0, 0.0)[0] * calm.density(0.0) / 1.2
    assert outflow.max() == pytest.approx(15.0, rel=1e-4)


def test_a_seed_makes_a_storm() -> None:
    def numbers(seed: int):
        storm = sim.pulse_cells(seed=seed, cells=2, particles=200, merge=False, dx=1000.0)
        return storm.on_grid(storm.grid(10e3, 2e3), [1000.0, 5000.0], 1800.0)

    first, again, other = numbers(3), numbers(3), numbers(4)
    for name in first:
        np.testing.assert_array_equal(first[name].values, again[name].values)
    assert not np.array_equal(first["u"].values, other["u"].values)


def test_water_at_the_ground_is_what_fell(supercell) -> None:
    deposits = supercell.water[0].deposits
    box = deposits.box
    arrived = deposits.ground[..., [GROUND.index("rain"), GROUND.index("hail")]].sum() * box.dx**2
    assert arrived == pytest.approx(deposits.fallen, rel=1e-4)
    assert deposits.precipitated == pytest.approx(0.2 * deposits.condensed)
    assert 0.5 * deposits.precipitated < deposits.fallen <= deposits.precipitated * 1.0001


def test_a_supercell_has_a_vault_a_hook_a_mesocyclone_and_a_tornado(supercell) -> None:
    x = np.arange(-15e3, 15e3, 250.0)
    x, y = np.meshgrid(x, x)
    low, high = supercell.at(x, y, 2500.0, 0.0), supercell.at(x, y, 8000.0, 0.0)
    core = np.unravel_index(np.argmax(low["w"]), low["w"].shape)
    near = np.hypot(x - x[core], y - y[core])
    assert low["DBZH"][near < 500.0].max() < 0.0
    assert high["DBZH"][near < 4000.0].max() > 45.0
    assert low["DBZH"][(near > 2000.0) & (near < 8000.0)].max() > 50.0
    # the hook: strong echo south-west of the updraught and none between
    south_west = (x < x[core] - 1000.0) & (y < y[core] + 500.0) & (y > y[core] - 4000.0)
    assert supercell.at(x, y, 500.0, 0.0)["DBZH"][south_west].max() > 35.0
    middle = supercell.at(x, y, 4500.0, 0.0)
    assert np.ptp(middle["v"][near < 5000.0]) > 30.0
    close = np.arange(-1500.0, 1500.0, 50.0)
    close_x, close_y = np.meshgrid(close - 4000.0, close - 1200.0)
    v = supercell.wind(close_x, close_y, 300.0, 0.0)[1]
    assert np.ptp(v) > 60.0
    # and rain or hail turns with it, for a radar to see
    assert supercell.at(-4000.0, -1200.0, 500.0, 0.0)["DBZH"] > 10.0


def test_a_squall_line_has_rear_inflow_a_gust_front_and_weaker_rain_behind(line) -> None:
    x = np.arange(-60e3, 30e3, 500.0)
    row = line.at(x, 0.0, 1000.0, 0.0)
    assert row["w"].max() > 2.0
    front = x[np.argmax(row["w"])]
    echo = row["DBZH"]
    assert echo[(x > front - 15e3) & (x < front + 2e3)].max() > 45.0
    behind = echo[(x < front - 20e3) & (x > front - 30e3)]
    assert 15.0 < np.median(behind) < 45.0
    assert echo[x > front + 6e3].max() < 0.0
    calm = line.environment
    inflow = line.wind(-22e3, 0.0, 1000.0, 0.0)[0] - calm.read(calm.u, 1000.0)
    aloft = line.wind(-22e3, 0.0, 8000.0, 0.0)[0] - calm.read(calm.u, 8000.0)
    assert inflow > 5.0
    assert aloft < -3.0
    gust = line.surface(x, 0.0, 0.0)["gust"]
    assert gust[(x > front - 10e3) & (x < front + 3e3)].max() > 17.0
    assert gust[x > front + 15e3].max() < 3.0


def test_a_cell_rains_after_it_rises_and_after_it_has_died(cells) -> None:
    part = cells.water[0]
    seconds = part.life.birth + np.arange(0.0, 5400.0, 120.0)
    aloft, rain = [], []
    around = np.arange(-6e3, 6.1e3, 1e3)
    dx, dy = np.meshgrid(around, around)
    for t in seconds:
        x, y = part.path.at(t)
        flat = [np.ravel(a) for a in (x + dx, y + dy)]
        when = np.full(dx.size, t)
        aloft.append(part.air(*flat, np.full(dx.size, 7000.0), when)[:, 0].max())
        rain.append(part.ground(*flat, when)[:, 0].sum())
    began_aloft, began_rain = (np.argmax(np.array(a) > 0.1 * max(a)) for a in (aloft, rain))
    assert seconds[began_rain] - seconds[began_aloft] >= 240.0
    dead = seconds > part.life.end
    assert np.array(rain)[dead][0] > 0.05 * max(rain)
    assert rain[-1] < 0.01 * max(rain)


def test_one_cell_becomes_two_and_two_become_one() -> None:
    def apart(storm: sim.Storm, t: float) -> float:
        first, second = (np.array(part.path.at(t)) for part in storm.water)
        return float(np.hypot(*(first - second)))

    parting = sim.pulse_cells(cells=0, merge=False, particles=50)
    assert apart(parting, 2000.0) == 0.0
    assert apart(parting, 4800.0) > 20e3
    meeting = sim.pulse_cells(cells=0, split=False, particles=50)
    assert apart(meeting, 0.0) == pytest.approx(16e3)
    assert apart(meeting, 2400.0) == pytest.approx(640.0)
    assert apart(meeting, 4000.0) == pytest.approx(640.0)


def test_a_displaced_storm_is_the_same_elsewhere_and_later(supercell) -> None:
    moved = supercell.displaced(shift=(3000.0, -2000.0), delay=600.0, intensity=1.0)
    x, y = np.meshgrid(np.linspace(-8e3, 8e3, 9), np.linspace(-8e3, 8e3, 9))
    here, there = supercell.at(x, y, 3000.0, 900.0), moved.at(x + 3000.0, y - 2000.0, 3000.0, 1500.0)
    for name in here:
        np.testing.assert_allclose(here[name], there[name], rtol=1e-9, atol=1e-9)
    weak = supercell.displaced(intensity=0.5)
    np.testing.assert_allclose(weak.wind(x, y, 3000.0, 0.0)[2], 0.5 * supercell.wind(x, y, 3000.0, 0.0)[2])


def test_a_grid_of_another_projection_holds_the_storm_at_the_same_places(supercell) -> None:
    lonlat = sim.Storm.grid(supercell, 5e3, 1e3).lonlat()
    place = lonlat[0][7, 8], lonlat[1][7, 8]
    grid = type(supercell.grid(1e3, 1e3))("+proj=longlat +ellps=WGS84", 2, 2, *place, 0.01, 0.01)
    there = supercell.on_grid(grid, [3000.0], "2026-06-01T06:10")
    here = supercell.at(3000.0, 2000.0, 3000.0, 600.0)
    assert float(there["w"][0, 0, 0]) == pytest.approx(float(here["w"]), rel=1e-5)
    assert set(there.dims) == {"z", "y", "x"}


def test_rain_of_a_rate_has_the_reflectivity_of_its_drops() -> None:
    for rate in (1.0, 5.0, 30.0):
        storm = sim.stratiform(rate=rate, melting=False)
        seen = storm.at(0.0, 0.0, 1000.0, 0.0)
        # Marshall and Palmer (1948): Z = 200 R^1.6
        assert seen["DBZH"] == pytest.approx(10 * np.log10(200 * rate**1.6), abs=2.0)
        assert storm.surface(0.0, 0.0, 0.0)["rain_rate"] == pytest.approx(rate)
    heavy = sim.stratiform(rate=30.0, melting=False)
    by_band = [float(heavy.at(0.0, 0.0, 1000.0, 0.0, band=band)["KDP"]) for band in ("S", "X")]
    assert by_band[1] / by_band[0] == pytest.approx(0.107 / 0.0319)
    # about R = 50.7 KDP^0.85 at 10 cm (Ryzhkov et al. 2005)
    assert by_band[0] == pytest.approx((30.0 / 50.7) ** (1 / 0.85), rel=0.3)


def test_small_drops_scatter_as_spheres_and_large_ones_lie_flat() -> None:
    size = np.array([2e-4, 1e-3, 3e-3, 5e-3])
    echo = scattering.drops(size)
    zdr = 10 * np.log10(echo.zh / echo.zv)
    assert zdr[0] == pytest.approx(0.0, abs=0.06)
    assert echo.zh[0] == pytest.approx(0.2**6, rel=0.02)
    # Seliga and Bringi (1976) and later: about 1.6 dB at 3 mm, 3.5 at 5 mm
    assert zdr[2] == pytest.approx(1.7, abs=0.5)
    assert zdr[3] == pytest.approx(3.5, abs=0.7)
    dry = scattering.spheres(np.array([1e-3]), np.array([917.0]), np.array([0.0]))
    assert dry.zh[0] == pytest.approx(0.176 / 0.93, rel=0.02)


def test_particles_fall_as_fast_as_measured() -> None:
    air = np.array([1.2])
    drop = falling_speed(np.array([3e-3]), np.array([1000.0]), air, liquid=True)
    assert drop[0] == pytest.approx(8.06, abs=0.2)  # Gunn and Kinzer (1949)
    stone = falling_speed(np.array([2e-2]), np.array([900.0]), air, liquid=False)
    assert 15.0 < stone[0] < 22.0


def test_the_sounding_is_hydrostatic_and_falls_to_zero_degrees_in_the_lower_half() -> None:
    base = sim.Environment.weisman_klemp()
    z = np.arange(100.0, 15e3, 100.0)
    slope = (base.read(base.pressure, z + 25.0) - base.read(base.pressure, z - 25.0)) / 50.0
    dry = base.read(base.pressure, z) / (287.04 * base.read(base.temperature, z))
    np.testing.assert_allclose(slope, -9.81 * dry, rtol=2e-3)
    assert 3500.0 < base.height_of(273.15) < 4800.0
    assert base.read(base.temperature, base.height_of(258.15)) == pytest.approx(258.15, abs=0.01)


def test_lightning_comes_where_graupel_rises(supercell) -> None:
    grid = supercell.grid(15e3, 1e3)
    field = supercell.on_grid(grid, [7000.0], 0.0)
    flashes = field["flash_density"].values
    assert 1.0 < flashes.sum() < 200.0
    assert (field["w"].values[0][flashes > 0.05] > 2.0).all()


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ArgumentError, match='kind: "curved", "straight" or "calm" expected, "bent" given'):
        sim.hodograph("bent")
    with pytest.raises(ArgumentError, match="rate: above 0 expected, 0 given"):
        sim.stratiform(rate=0.0)
    with pytest.raises(ArgumentError, match="cells: at least 0 expected, -1 given"):
        sim.pulse_cells(cells=-1)
    storm = sim.stratiform()
    with pytest.raises(ArgumentError, match='band: "S", "C" or "X" expected, "K" given'):
        storm.at(0.0, 0.0, 0.0, 0.0, band="K")
    with pytest.raises(ArgumentError, match="intensity: at least 0 expected, -1 given"):
        storm.displaced(intensity=-1.0)
    with pytest.raises(ArgumentError, match="z: heights rising from 0 expected"):
        sim.Environment(*(np.array([1.0, 2.0]) for _ in range(6)))
    with pytest.raises(ArgumentError, match="kelvin: a temperature the sounding falls to expected, 100 given"):
        storm.environment.height_of(100.0)
