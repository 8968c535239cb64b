"""Rain, hail and snow that a wind makes: particles grown in the updraught, carried by the wind and falling through it.

Embryos start where air rises and its vapour condenses, as many as vapour condenses there; each then rides the wind of
the mature storm, grows by collecting cloud water, freezes, melts, sheds, breaks up and evaporates until it reaches the
ground. A particle stands for a steady flux of its like, so the time it spends in a box gives the amounts there. Size
sorting, the vault under the updraught and the hook where the vortex turns the rain about come out of this; no amount
is taken from any rule about echoes. Numbers are scaled once, so that a stated part of the vapour condensed leaves
the cloud as precipitation.

Sources: falling speed of drops, Atlas et al. (1973); of ice, the drag on a sphere; melting and evaporation, Pruppacher
and Klett (1997, section 13.2); growth by continuous collection.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nowcast.sim import scattering
from nowcast.sim.environment import Environment, G, saturation

__all__ = ["COLUMNS", "Box", "Deposits", "fall_out", "falling_speed"]

Array = npt.NDArray[np.float64]
Flow = Callable[[Array, Array, Array, float], tuple[Array, Array, Array]]

COLUMNS = ("zh", "zv", "zhv", "kdp", "z_fall", "rain", "graupel", "hail", "snow", "z_hail", "z_hail_size", "age")
"""What is known in a box. zh, zv, zhv (their geometric mean times the correlation) and z_hail: mm6 m-3; kdp: at a
wavelength of 1 m; z_fall: zh times falling speed; rain ... snow: kg m-3; z_hail_size: z_hail times diameter (m);
age: s since the embryo, times kg m-3."""
GROUND = ("rain", "hail", "hail_size", "age")
"""What arrives: kg m-2 s-1; hail_size times hail in m; age times the sum of rain and hail."""

_STEP_S = 15.0
_LATENT = 3.34e5
_STILL = 0.025  # heat conductivity of air, W m-1 K-1
_VISCOSITY = 1.5e-5
_LARGEST_DROP = 5e-3
_HAIL = 5e-3  # the least diameter of hail
_CLOUD_S = 420.0  # that droplets need to become an embryo
_DILUTION = 5.0  # how much rarer undiluted air is, as the power of e
_DIFFUSION = 150.0  # of the eddies a particle is in, m2 s-1


@dataclasses.dataclass(frozen=True)
class Box:
    """Where amounts are kept: nx, ny, nz points, dx and dz apart, the first at (x, y, 0), relative to the storm."""

    x: float
    y: float
    nx: int
    ny: int
    nz: int
    dx: float
    dz: float


@dataclasses.dataclass(frozen=True, eq=False)
class Deposits:
    """What a steady source leaves in a box."""

    box: Box
    air: npt.NDArray[np.float32]
    """(z, y, x, COLUMNS)"""
    ground: npt.NDArray[np.float32]
    """(y, x, GROUND)"""
    condensed: float
    """vapour condensing in the source, kg s-1"""
    precipitated: float
    """of it, what leaves the cloud as particles"""
    fallen: float
    """of that, what reaches the ground before the last step"""


@dataclasses.dataclass
class _Swarm:
    """Particles in flight: arrays of one length."""

    x: Array
    y: Array
    z: Array
    number: Array
    """s-1"""
    ice: Array
    """kg of ice in one"""
    volume: Array
    """m3 of that ice"""
    water: Array
    """kg of liquid with it"""
    share: Array
    """of the cloud water it could collect in an undiluted updraught, how much there is on its way"""

    def keep(self, which: npt.NDArray[np.bool_]) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name)[which])


def falling_speed(diameter: Array, density: Array, air: Array, *, liquid: bool) -> Array:
    """m s-1: drops by Atlas et al. (1973) with the density factor of Foote and du Toit (1969), ice by drag."""
    if liquid:
        return np.maximum(9.65 - 10.3 * np.exp(-600.0 * diameter), 0.0) * (1.2 / air) ** 0.4
    drag = 0.6 + 0.4 * np.exp(-diameter / 5e-3) + 2.0 * np.exp(-density / 150.0)
    return np.sqrt(4.0 * G * density * diameter / (3.0 * drag * air))


def fall_out(
    environment: Environment,
    flow: Flow,
    source: tuple[float, float, float, float],
    box: Box,
    *,
    seed: int,
    particles: int = 6000,
    efficiency: float = 0.2,
    cloud: float = 0.6,
    duration: float = 3600.0,
) -> Deposits:
    """Follow the particles of a steady wind.

    Parameters
    ----------
    flow : u, v, w of x, y, z relative to the moving storm, and of the age of the particles (s)
    source : x, y of its middle and half widths along x and y, where embryos may start
    efficiency : part of the condensed vapour that leaves as precipitation
    cloud : part of the water of undiluted ascent that the luckiest particles can collect
    """
    random = np.random.Generator(np.random.Philox(seed))
    condensed, swarm = _embryos(environment, flow, source, particles, cloud, random)
    ledger = _Ledger(box)
    age, fallen, flying = 0.0, 0.0, 0.0
    while swarm.x.size and age < duration:
        fallen += _step(environment, flow, swarm, ledger, age, random)
        age += _STEP_S
    flying = float(np.sum(swarm.number * (swarm.ice + swarm.water)))
    made = fallen + flying + ledger.gone
    scale = efficiency * condensed / made if made > 0 else 0.0
    air, ground = ledger.totals(scale)
    return Deposits(box, air, ground, condensed, scale * made, scale * fallen)


def _condensation(environment: Environment, z: Array) -> Array:
    """kg m-3 of vapour lost by a saturated column for each m it rises; density included."""
    step = 100.0
    below, above = (
        saturation(environment.read(environment.temperature, h), environment.read(environment.pressure, h))
        for h in (z - 0.5 * step, z + 0.5 * step)
    )
    return np.asarray(environment.density(z) * np.maximum(below - above, 0.0) / step)


def _embryos(
    environment: Environment,
    flow: Flow,
    source: tuple[float, float, float, float],
    particles: int,
    cloud: float,
    random: np.random.Generator,
) -> tuple[float, _Swarm]:
    base, top = environment.height_of(288.0), environment.height_of(235.0)
    tries = 16 * particles
    x = source[0] + source[2] * random.uniform(-1.0, 1.0, tries)
    y = source[1] + source[3] * random.uniform(-1.0, 1.0, tries)
    z = random.uniform(base, top, tries)
    rate = np.maximum(flow(x, y, z, 0.0)[2] - 1.0, 0.0) * _condensation(environment, z)
    condensed = float(rate.mean()) * 4.0 * source[2] * source[3] * (top - base)
    total = np.cumsum(rate)
    if total[-1] <= 0.0:
        return 0.0, _Swarm(*(np.zeros(0) for _ in range(8)))
    chosen = np.searchsorted(total, (np.arange(particles) + random.uniform(0.0, 1.0)) / particles * total[-1])
    chosen = np.minimum(chosen, tries - 1)
    x, y, z = x[chosen], y[chosen], z[chosen]
    for _ in range(round(_CLOUD_S / _STEP_S)):
        u, v, w = flow(x, y, z, 0.0)
        u, v, w = flow(x + 0.5 * _STEP_S * u, y + 0.5 * _STEP_S * v, z + 0.5 * _STEP_S * w, 0.0)
        x, y, z = x + _STEP_S * u, y + _STEP_S * v, z + _STEP_S * w
    # Drawn evenly in log D and weighted, so that the few large ones are many in the sample.
    diameter = np.exp(random.uniform(np.log(3e-4), np.log(6e-3), particles))
    number = diameter * np.exp(-diameter / 4.5e-4)
    celsius = environment.read(environment.temperature, z) - 273.15
    frozen = celsius < -10.0 * random.uniform(0.5, 1.5, particles)
    flake = celsius < -18.0
    size = np.pi / 6.0 * diameter**3
    density = np.where(flake, 120.0, 900.0)
    ice = np.where(frozen, size * density, 0.0)
    # Few meet air that is hardly diluted: sizes of hail fall off as an exponential. Drawn evenly and weighted, too.
    share = random.uniform(0.0, 1.0, particles)
    number *= np.exp(-_DILUTION * share)
    volume, water = np.where(frozen, size, 0.0), np.where(frozen, 0.0, size * 1000.0)
    return condensed, _Swarm(x, y, z, number, ice, volume, water, cloud * share)


def _step(
    environment: Environment,
    flow: Flow,
    swarm: _Swarm,
    ledger: "_Ledger",
    age: float,
    random: np.random.Generator,
) -> float:
    """Move the particles on by a step, note where they were; the flux that reached the ground, kg s-1."""
    rho = environment.density(swarm.z)
    celsius = environment.read(environment.temperature, swarm.z) - 273.15
    u, v, w = flow(swarm.x, swarm.y, swarm.z, age)
    speed, kinds = _speeds(swarm, rho)
    _change(environment, swarm, celsius, rho, w, speed)
    midway = 0.5 * _STEP_S
    x, y = swarm.x + midway * u, swarm.y + midway * v
    z = np.maximum(swarm.z + midway * (w - speed), 0.0)
    u, v, w = flow(x, y, z, age)
    share = random.uniform(0.0, 1.0, swarm.x.size)
    drop = w - speed
    held = np.where(swarm.z + _STEP_S * drop < 0.0, swarm.z / np.maximum(-drop, 1e-6), _STEP_S)
    ledger.add(swarm, kinds, speed, held, age, (u * share * held, v * share * held, drop * share * held))
    walk = np.sqrt(2.0 * _DIFFUSION * _STEP_S)
    swarm.x += held * u + walk * random.standard_normal(swarm.x.size)
    swarm.y += held * v + walk * random.standard_normal(swarm.x.size)
    swarm.z += held * drop
    down = held < _STEP_S
    fallen = ledger.land(swarm, down, age)
    swarm.keep(~down & ledger.inside(swarm) & (swarm.ice + swarm.water > 1e-10))
    return fallen


@dataclasses.dataclass(frozen=True)
class _Kinds:
    """Sizes of the two parts of each particle."""

    core: Array
    """diameter of the ice, m"""
    density: Array
    drop: Array
    """diameter of the liquid as a drop, m"""
    drops: Array
    """how many such drops"""
    wet: Array
    """part of the mass that is liquid"""
    liquid: npt.NDArray[np.bool_]


def _speeds(swarm: _Swarm, rho: Array) -> tuple[Array, _Kinds]:
    mass = swarm.ice + swarm.water
    wet = swarm.water / np.maximum(mass, 1e-30)
    liquid = wet > 0.9
    core = np.cbrt(6.0 / np.pi * swarm.volume)
    density = np.where(swarm.volume > 0, swarm.ice / np.maximum(swarm.volume, 1e-30), 900.0)
    whole = np.cbrt(6.0 / np.pi * swarm.water / 1000.0)
    # Meltwater of large ice is shed in drops of 2 mm; too large drops break.
    drop = np.where(liquid, np.minimum(whole, _LARGEST_DROP), np.minimum(whole, 2e-3))
    drops = swarm.water / np.maximum(np.pi / 6.0 * 1000.0 * drop**3, 1e-30)
    fast = falling_speed(core, density, rho, liquid=False)
    slow = falling_speed(drop, np.full_like(drop, 1000.0), rho, liquid=True)
    speed = np.where(liquid, slow, fast + (slow - fast) * np.where(core < _HAIL, wet, 0.0))
    return speed, _Kinds(core, density, drop, drops, wet, liquid)


def _change(environment: Environment, swarm: _Swarm, celsius: Array, rho: Array, w: Array, speed: Array) -> None:
    """Grow, freeze, melt and evaporate for a step."""
    _, kinds = _speeds(swarm, rho)
    size = np.maximum(np.where(kinds.liquid, kinds.drop, kinds.core), 1e-4)
    ventilated = 0.78 + 0.276 * np.sqrt(speed * size / _VISCOSITY)
    pressure = environment.read(environment.pressure, swarm.z)
    vapour = environment.read(environment.humidity, swarm.z)
    full = saturation(celsius + 273.15, pressure)
    cloud = swarm.share * rho * np.maximum(environment.humidity[0] - full, 0.0) * np.clip(w / 8.0, 0.0, 1.0)
    cloud *= np.clip((celsius + 38.0) / 28.0, 0.0, 1.0)
    count = np.where(kinds.liquid, kinds.drops, 1.0)
    caught = count * 0.25 * np.pi * size**2 * speed * 0.7 * cloud * _STEP_S
    riming = ~kinds.liquid & (celsius < 0.0)
    swarm.ice += np.where(riming, caught, 0.0)
    swarm.volume += np.where(riming, caught, 0.0) / np.where(celsius > -15.0, 850.0, 600.0)
    swarm.water += np.where(riming, 0.0, caught)
    # A drop freezes whole below -10 degrees; what little liquid ice carries, at once.
    freezing = (celsius < -10.0) | ((celsius < 0.0) & ~kinds.liquid)
    swarm.volume += np.where(freezing, swarm.water / 900.0, 0.0)
    swarm.ice += np.where(freezing, swarm.water, 0.0)
    swarm.water = np.where(freezing, 0.0, swarm.water)
    melted = 2.0 * np.pi * kinds.core * _STILL * np.maximum(celsius, 0.0) * ventilated / _LATENT * _STEP_S
    melted = np.minimum(melted, swarm.ice)
    swarm.volume *= 1.0 - melted / np.maximum(swarm.ice, 1e-30)
    swarm.ice -= melted
    swarm.water += melted
    lack = rho * np.maximum(full - vapour, 0.0) * (w < 1.0)
    lost = count * 2.0 * np.pi * size * 1e-5 * lack * ventilated * _STEP_S
    swarm.water -= np.where(kinds.liquid, np.minimum(lost, swarm.water), 0.0)


class _Ledger:
    """Where the particles were, and for how long."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.cells: list[npt.NDArray[np.int64]] = []
        self.rows: list[Array] = []
        self.hits: list[tuple[npt.NDArray[np.int64], Array]] = []
        self.gone = 0.0

    def inside(self, swarm: _Swarm) -> npt.NDArray[np.bool_]:
        box = self.box
        within = (swarm.x > box.x) & (swarm.x < box.x + (box.nx - 1) * box.dx)
        within &= (swarm.y > box.y) & (swarm.y < box.y + (box.ny - 1) * box.dx) & (swarm.z < (box.nz - 1) * box.dz)
        self.gone += float(np.sum((swarm.number * (swarm.ice + swarm.water))[~within & (swarm.z > 0.0)]))
        return within

    def _column(self, x: Array, y: Array) -> npt.NDArray[np.int64]:
        box = self.box
        i = np.clip(np.rint((x - box.x) / box.dx), 0, box.nx - 1).astype(np.int64)
        j = np.clip(np.rint((y - box.y) / box.dx), 0, box.ny - 1).astype(np.int64)
        return j * box.nx + i

    def add(
        self, swarm: _Swarm, kinds: _Kinds, speed: Array, held: Array, age: float, moved: tuple[Array, Array, Array]
    ) -> None:
        box = self.box
        k = np.clip(np.rint((swarm.z + moved[2]) / box.dz), 0, box.nz - 1).astype(np.int64)
        self.cells.append(k * box.nx * box.ny + self._column(swarm.x + moved[0], swarm.y + moved[1]))
        volume = box.dx**2 * np.where(k == 0, 0.5, 1.0) * box.dz
        n = swarm.number * held / volume
        rain = scattering.drops(np.maximum(kinds.drop, 1e-5))
        ice = scattering.spheres(kinds.core, kinds.density, np.clip(4.0 * kinds.wet, 0.0, 1.0))
        solid = swarm.ice * n
        hail = (kinds.core >= _HAIL) & (kinds.density > 500.0)
        snow = kinds.density < 300.0
        z_rain, z_ice = n * kinds.drops * rain.zh, n * ice.zh
        alike = np.where(hail, 0.95, np.where(snow, 0.985, 0.98)) - 0.06 * (kinds.wet > 0.02) * (~kinds.liquid)
        z_hail = np.where(hail, z_ice, 0.0)
        z_rain_v = n * kinds.drops * rain.zv
        self.rows.append(
            np.stack(
                [
                    z_rain + z_ice,
                    z_rain_v + z_ice,
                    0.993 * np.sqrt(z_rain * z_rain_v) + alike * z_ice,
                    n * kinds.drops * rain.kdp,
                    (z_rain + z_ice) * speed,
                    n * swarm.water,
                    np.where(hail | snow, 0.0, solid),
                    np.where(hail, solid, 0.0),
                    np.where(snow, solid, 0.0),
                    z_hail,
                    z_hail * kinds.core,
                    age * (n * swarm.water + solid),
                ]
            )
        )

    def land(self, swarm: _Swarm, down: npt.NDArray[np.bool_], age: float) -> float:
        n = swarm.number[down] / self.box.dx**2
        rain, ice = n * swarm.water[down], n * swarm.ice[down]
        core = np.cbrt(6.0 / np.pi * swarm.volume[down])
        rows = np.stack([rain, ice, ice * core, age * (rain + ice)])
        self.hits.append((self._column(swarm.x[down], swarm.y[down]), rows))
        return float(np.sum(rain + ice)) * self.box.dx**2

    def totals(self, scale: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        box = self.box
        shape = (box.nz, box.ny, box.nx)
        air = np.zeros((*shape, len(COLUMNS)), dtype=np.float32)
        ground = np.zeros((*shape[1:], len(GROUND)), dtype=np.float32)
        if self.cells:
            cells, rows = np.concatenate(self.cells), np.concatenate(self.rows, axis=1)
            for column, row in enumerate(rows):
                sums = np.bincount(cells, row, air[..., 0].size).reshape(shape).astype(np.float64)
                air[..., column] = scale * _smooth(sums, (0, 1, 2, 1, 2))
            cells = np.concatenate([cells for cells, _ in self.hits])
            rows = np.concatenate([rows for _, rows in self.hits], axis=1)
            for column, row in enumerate(rows):
                sums = np.bincount(cells, row, ground[..., 0].size).reshape(shape[1:]).astype(np.float64)
                ground[..., column] = scale * _smooth(sums, (0, 1, 0, 1, 0, 1))
        return air, ground


def _smooth(cells: Array, axes: tuple[int, ...]) -> Array:
    """A quarter, a half and a quarter along each axis; nothing passes the edges."""
    for axis in axes:
        line = np.moveaxis(cells, axis, 0)
        blurred = 0.5 * line
        blurred[1:] += 0.25 * line[:-1]
        blurred[:-1] += 0.25 * line[1:]
        blurred[0] += 0.25 * line[0]
        blurred[-1] += 0.25 * line[-1]
        cells = np.moveaxis(blurred, 0, axis)
    return cells
