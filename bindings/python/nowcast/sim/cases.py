"""Storms of the known kinds, made of draughts, vortices and pools of outflow whose places and strengths are drawn."""

import dataclasses

import numpy as np

from nowcast.errors import ArgumentError
from nowcast.sim.environment import Environment, hodograph
from nowcast.sim.flow import Life, Overturning, Path, Vortex
from nowcast.sim.particles import Array, Box, Deposits, fall_out
from nowcast.sim.storm import Storm
from nowcast.sim.water import Layer, Precipitation

__all__ = ["pulse_cells", "squall_line", "stratiform", "supercell"]

_TOP = 16000.0
_LEAN = (0.12, 0.08)


def supercell(
    *,
    seed: int = 1,
    environment: Environment | None = None,
    tornado: bool = False,
    cloud: float = 0.75,
    x: float = 0.0,
    y: float = 0.0,
    latitude: float = 22.5,
    longitude: float = 114.1,
    ground: float = 0.0,
    start: str = "2026-06-01T06:00",
    particles: int = 10000,
    dx: float = 500.0,
) -> Storm:
    """A right-moving supercell, mature from ``start`` on for two hours, at (x, y) then.

    A leaning updraught, a mesocyclone at its side, a forward and a rear flank downdraught with their outflow; with
    ``tornado`` a vortex of some 300 m at low levels, in the tip of the hook. Rain and hail are what the particles of
    that wind leave; ``cloud``, the part of the water of undiluted ascent that they can collect, makes hail larger.
    ``dx`` is the spacing of the box they are kept in.
    """
    random = np.random.Generator(np.random.Philox(seed))
    base = environment or Environment.weisman_klemp()
    u, v = _steering(base, deviate=7.5)
    path = Path(x, y, u, v)
    life = Life(birth=-3000.0, growth=1800.0, mature=8400.0, decay=1800.0)
    vary = random.uniform(0.9, 1.1, 6)
    blocks: tuple[Overturning | Vortex, ...] = (
        Overturning(13500.0, 4500.0, 4500.0, flux=26.0 * vary[0], lean=_LEAN, theta=4.0),
        Vortex(21.0 * vary[1], 2800.0, 4500.0, 4500.0, 2.5, 0.0, -800.0, _LEAN),
        Overturning(5000.0, 6500.0, 5000.0, surface=7.0 * vary[2], fall=4, x=7e3, y=7e3, theta=-3.0),
        Overturning(4500.0, 5500.0, 4500.0, surface=14.0 * vary[3], fall=5, n=4, x=-5.5e3, y=-3.5e3, theta=-5.0),
    )
    parts = [dataclasses.replace(block, life=life, path=path) for block in blocks]
    if tornado:
        strong = dataclasses.replace(life, birth=-600.0, growth=600.0, mature=3600.0, decay=900.0)
        parts.append(Vortex(38.0 * vary[4], 300.0, 300.0, 2500.0, 5.0, -4000.0, -1200.0, _LEAN, strong, path))
    steady = Storm(base, blocks)
    box = _box(-26e3, 46e3, -30e3, 38e3, dx)
    water = _water(steady, (u, v), (1000.0, 500.0, 6000.0, 6000.0), box, seed, particles, cloud=cloud)
    return Storm(
        base, tuple(parts), (Precipitation(water, path, life),), "supercell", seed, latitude, longitude, ground, start
    )


def squall_line(
    *,
    seed: int = 1,
    environment: Environment | None = None,
    length: float = 100e3,
    x: float = 0.0,
    y: float = 0.0,
    latitude: float = 22.5,
    longitude: float = 114.1,
    ground: float = 0.0,
    start: str = "2026-06-01T06:00",
    particles: int = 12000,
    dx: float = 1000.0,
) -> Storm:
    """A line that moves east, mature from ``start`` on for two hours, its middle at (x, y) then.

    A leading updraught leaning back over the cold pool, with stronger draughts along it, ascent in the region behind,
    rear inflow descending to the gust front, and the outflow behind that front.
    """
    random = np.random.Generator(np.random.Philox(seed))
    sheared = (np.array([0.0, 3000.0, 20e3]), np.array([0.0, 13.0, 13.0]), np.zeros(3))
    base = environment or Environment.weisman_klemp(wind=sheared)
    u, v = 16.0, 0.0
    path = Path(x, y, u, v)
    life = Life(birth=-5400.0, growth=2700.0, mature=9900.0, decay=2700.0)
    half = 0.5 * length
    bend = -0.15 / half
    line, jet = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)
    blocks = [
        Overturning(12500.0, 5000.0, half, flux=5.0, shape=line, lean=(-0.7, 0.0), theta=3.0),
        Overturning(12000.0, 22e3, half, flux=0.5, shape=line, rise=3, x=-30e3, lean=(-0.3, 0.0)),
        Overturning(12000.0, 24e3, half, surface=13.0, shape=jet, n=4, x=-22e3),
        Overturning(4000.0, 14e3, half, surface=8.0, shape=line, fall=4, n=6, x=-11e3, theta=-6.0),
    ]
    parts: list[Overturning | Vortex] = [
        dataclasses.replace(block, bend=bend, life=life, path=path) for block in blocks
    ]
    cores = max(1, round(length / 11e3))
    along = (np.arange(cores) + 0.5) / cores * 1.7 * half - 0.85 * half + random.uniform(-3e3, 3e3, cores)
    for place, strength in zip(along, random.uniform(3.0, 12.0, cores), strict=True):
        ahead = bend * place**2 + random.uniform(-2.5e3, 1e3)
        core = Overturning(13000.0, 3500.0, 4500.0, flux=strength, x=ahead, y=place, lean=(-0.5, 0.0), theta=2.0)
        parts.append(dataclasses.replace(core, life=life, path=path))
    steady = Storm(base, tuple(dataclasses.replace(part, path=Path(), life=Life()) for part in parts))
    box = _box(-80e3, 40e3, -half - 25e3, half + 25e3, dx)
    water = _water(steady, (u, v), (-12e3, 0.0, 22e3, half), box, seed, particles, duration=5400.0, cloud=0.5)
    return Storm(
        base, tuple(parts), (Precipitation(water, path, life),), "squall line", seed, latitude, longitude, ground, start
    )


def pulse_cells(
    *,
    seed: int = 1,
    cells: int = 5,
    merge: bool = True,
    split: bool = True,
    environment: Environment | None = None,
    half: float = 30e3,
    latitude: float = 22.5,
    longitude: float = 114.1,
    ground: float = 0.0,
    start: str = "2026-06-01T06:00",
    particles: int = 3000,
    dx: float = 500.0,
) -> Storm:
    """Short-lived cells within ``half`` metres of the origin: each rises, rains out and leaves an outflow that spreads.

    With ``merge`` two meet and go on as one place of rain; with ``split`` one becomes two that part at 40 minutes; each
    pair is in addition to ``cells``. Cells are born over the first hour.
    """
    if cells < 0:
        raise ArgumentError(f"cells: at least 0 expected, {cells} given")
    random = np.random.Generator(np.random.Philox(seed))
    base = environment or Environment.weisman_klemp(wind=hodograph("straight", speed=8.0, heading=60.0))
    u, v = _steering(base)
    life = Life(birth=0.0, growth=900.0, mature=900.0, decay=900.0)
    plans = []
    for _ in range(cells):
        place = random.uniform(-half, half, 2)
        born = dataclasses.replace(life, birth=random.uniform(0.0, 3600.0))
        plans.append((Path(place[0], place[1], u, v), born))
    if merge:
        place = random.uniform(-0.5 * half, 0.5 * half, 2)
        long = dataclasses.replace(life, birth=-600.0, mature=3600.0)
        for side in (-1.0, 1.0):
            plans.append((Path(place[0] + side * 8e3, place[1], u - 3.2 * side, v, 2400.0, u, v), long))
    if split:
        place = random.uniform(-0.5 * half, 0.5 * half, 2)
        long = dataclasses.replace(life, birth=-600.0, mature=4800.0, strength=0.6)
        for side in (-1.0, 1.0):
            plans.append((Path(place[0], place[1], u, v, 2400.0, u + 2.0 * side, v - 4.5 * side), long))
    updraught = Overturning(11500.0, 3000.0, 3000.0, flux=13.0, theta=3.0)
    steady = Storm(base, (updraught,))
    box = _box(-16e3, 16e3, -16e3, 16e3, dx)
    water = _water(steady, (u, v), (0.0, 0.0, 3500.0, 3500.0), box, seed, particles, fade=Life(-1.0, 1.0, 600.0, 900.0))
    parts: list[Overturning | Vortex] = []
    rain = []
    for path, own in plans:
        later = dataclasses.replace(own, birth=own.birth + 1200.0, growth=600.0, decay=1500.0)
        parts.append(dataclasses.replace(updraught, path=path, life=own))
        pool = Overturning(3500.0, 2500.0, 2500.0, surface=8.0, fall=4, n=4, spread=3.0, theta=-5.0)
        parts.append(dataclasses.replace(pool, path=path, life=later))
        rain.append(Precipitation(water, path, own))
    return Storm(base, tuple(parts), tuple(rain), "pulse cells", seed, latitude, longitude, ground, start)


def stratiform(
    *,
    rate: float = 5.0,
    wind: tuple[float, float] | None = None,
    melting: bool = True,
    top: float = 8000.0,
    latitude: float = 22.5,
    longitude: float = 114.1,
    ground: float = 0.0,
    start: str = "2026-06-01T06:00",
) -> Storm:
    """Rain of one rate (mm h-1) everywhere, in a wind of u, v at all heights or that of the sounding.

    With ``melting`` there is a bright band and snow above it, without it is rain up to ``top``.
    """
    if not rate > 0:
        raise ArgumentError(f"rate: above 0 expected, {rate:g} given")
    profile = None
    if wind is not None:
        z = np.array([0.0, 20e3])
        profile = (z, np.full(2, wind[0]), np.full(2, wind[1]))
    base = Environment.weisman_klemp(wind=profile)
    layer = Layer(rate, top, base if melting else None)
    return Storm(base, (), (layer,), "stratiform rain", 0, latitude, longitude, ground, start)


def _steering(base: Environment, deviate: float = 0.0) -> tuple[float, float]:
    """Mean wind up to 6 km, and ``deviate`` m s-1 to the right of the shear of that layer (Bunkers et al. 2000)."""
    z = np.arange(0.0, 6001.0, 250.0)
    u, v = base.read(base.u, z), base.read(base.v, z)
    shear = np.array([np.mean(u[-3:]) - np.mean(u[:3]), np.mean(v[-3:]) - np.mean(v[:3])])
    right = np.array([shear[1], -shear[0]]) / max(float(np.hypot(*shear)), 1e-6)
    return float(np.mean(u) + deviate * right[0]), float(np.mean(v) + deviate * right[1])


def _box(west: float, east: float, south: float, north: float, dx: float) -> Box:
    nx, ny = round((east - west) / dx) + 1, round((north - south) / dx) + 1
    return Box(west, south, nx, ny, round(_TOP / 500.0) + 1, dx, 500.0)


def _water(
    steady: Storm,
    motion: tuple[float, float],
    source: tuple[float, float, float, float],
    box: Box,
    seed: int,
    particles: int,
    *,
    duration: float = 3600.0,
    cloud: float = 0.6,
    fade: Life | None = None,
) -> Deposits:
    """What the mature wind leaves; with ``fade`` the storm's own wind goes as that, by the age of the particles."""

    def flow(x: Array, y: Array, z: Array, age: float) -> tuple[Array, Array, Array]:
        u, v, w = steady.displaced(intensity=float(fade.at(age)) if fade else 1.0).wind(x, y, z, 0.0)
        return u - motion[0], v - motion[1], w

    return fall_out(
        steady.environment, flow, source, box, seed=seed, particles=particles, duration=duration, cloud=cloud
    )
