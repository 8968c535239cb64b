"""Bodies of water in a storm, read at places and times: what particles left in a box, or rain that is everywhere."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nowcast.sim import scattering
from nowcast.sim.environment import Environment
from nowcast.sim.flow import Life, Path
from nowcast.sim.particles import COLUMNS, GROUND, Deposits

__all__ = ["Layer", "Precipitation"]

Array = npt.NDArray[np.float64]

_MASSES = [COLUMNS.index(name) for name in ("rain", "graupel", "hail", "snow")]


@dataclasses.dataclass(frozen=True, eq=False)
class Precipitation:
    """Deposits that travel along a path, and live as the draught that made them: what is seen now began its age ago."""

    deposits: Deposits
    path: Path
    life: Life

    def bounds(self, t: float) -> tuple[float, float, float, float, float]:
        """x from and to, y from and to, top: beyond is nothing, m."""
        box = self.deposits.box
        x, y = self.path.at(t)
        west, south = float(x) + box.x, float(y) + box.y
        return west, west + (box.nx - 1) * box.dx, south, south + (box.ny - 1) * box.dx, (box.nz - 1) * box.dz

    def over(self, x: Array, y: Array, t: Array) -> npt.NDArray[np.bool_]:
        """Whether anything may be above points of the plane."""
        box = self.deposits.box
        at_x, at_y = self.path.at(t)
        i, j = np.rint((x - at_x - box.x) / box.dx), np.rint((y - at_y - box.y) / box.dx)
        inside = (i >= 0) & (i < box.nx) & (j >= 0) & (j < box.ny)
        return np.asarray(inside & self._plan[np.where(inside, j, 0).astype(int), np.where(inside, i, 0).astype(int)])

    @functools.cached_property
    def _plan(self) -> npt.NDArray[np.bool_]:
        """Columns of the box with anything in them or in their neighbours'."""
        wet = np.pad((self.deposits.air[..., 0] > 0.0).any(axis=0), 1)
        wide = wet[1:-1] | wet[:-2] | wet[2:]
        return np.asarray(wide[:, 1:-1] | wide[:, :-2] | wide[:, 2:])

    def air(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """COLUMNS at points, read trilinearly: (point, column)."""
        amounts = _read(self._air, self._shape, self._where(x, y, z, t))
        mass = amounts[:, _MASSES].sum(axis=1)
        return amounts * self._strength(mass, amounts[:, COLUMNS.index("age")], t)[:, None]

    def echo(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """The first five of COLUMNS, what a beam needs, for less than half the work."""
        amounts = _read(self._echo, self._shape, self._where(x, y, z, t))
        return amounts[:, :5] * self._strength(amounts[:, 5], amounts[:, 6], t)[:, None]

    def ground(self, x: Array, y: Array, t: Array) -> Array:
        """GROUND at points: (point, column)."""
        amounts = _read(self._ground, self._shape[1:], self._where(x, y, x, t)[1:])
        mass = amounts[:, GROUND.index("rain")] + amounts[:, GROUND.index("hail")]
        return amounts * self._strength(mass, amounts[:, GROUND.index("age")], t)[:, None]

    @property
    def _shape(self) -> tuple[int, ...]:
        return self.deposits.air.shape[:-1]

    @functools.cached_property
    def _air(self) -> npt.NDArray[np.float32]:
        return _columns(self.deposits.air)

    @functools.cached_property
    def _ground(self) -> npt.NDArray[np.float32]:
        return _columns(self.deposits.ground)

    @functools.cached_property
    def _echo(self) -> npt.NDArray[np.float32]:
        air = self.deposits.air
        return _columns(
            np.concatenate([air[..., :5], air[..., _MASSES].sum(axis=-1, keepdims=True), air[..., -1:]], axis=-1)
        )

    def _where(self, x: Array, y: Array, z: Array, t: Array) -> tuple[Array, Array, Array]:
        box = self.deposits.box
        at_x, at_y = self.path.at(t)
        return z / box.dz, (y - at_y - box.y) / box.dx, (x - at_x - box.x) / box.dx

    def _strength(self, mass: Array, aged: Array, t: Array) -> Array:
        """Of the draught when what is here now began."""
        return self.life.at(t - aged / np.maximum(mass, 1e-30))


@dataclasses.dataclass(frozen=True, eq=False)
class Layer:
    """Rain and snow that are the same everywhere: of one rate (mm h-1), with drops as Marshall and Palmer (1948).

    Above the 0 degree level of ``environment`` it is snow of the same flux; without an environment, rain up to ``top``.
    """

    rate: float
    top: float = 8000.0
    environment: Environment | None = None

    def bounds(self, t: float) -> tuple[float, float, float, float, float]:
        """No bounds but the top."""
        return -np.inf, np.inf, -np.inf, np.inf, self.top

    def over(self, x: Array, y: Array, t: Array) -> npt.NDArray[np.bool_]:
        """Whether anything may be above points of the plane: it is."""
        return np.ones(x.shape, dtype=bool)

    def air(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """COLUMNS at points: (point, column)."""
        return self._amounts(z, len(COLUMNS))

    def echo(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """The first five of COLUMNS."""
        return self._amounts(z, 5)

    def _amounts(self, z: Array, columns: int) -> Array:
        rain, snow = (kind[:columns] for kind in self._kinds())
        here = (z <= self.top).astype(np.float64)
        if self.environment is None:
            return here[:, None] * rain
        above = z - self.environment.height_of(273.15)
        melting = np.exp(-(((above + 200.0) / 150.0) ** 2))
        frozen = np.clip((above + 300.0) / 300.0, 0.0, 1.0)
        amounts = (here * (1.0 - frozen))[:, None] * rain
        amounts += (here * frozen * np.exp(-np.maximum(above, 0.0) / 2000.0))[:, None] * snow
        bright = 1.0 + 3.0 * melting
        for name, factor in (("zh", 1.0), ("zv", 1.0 - 0.1 * melting), ("zhv", 1.0 - 0.13 * melting), ("z_fall", 1.0)):
            amounts[:, COLUMNS.index(name)] *= bright * factor
        return amounts

    def ground(self, x: Array, y: Array, t: Array) -> Array:
        """GROUND at points: (point, column)."""
        amounts = np.zeros((x.size, len(GROUND)))
        amounts[:, GROUND.index("rain")] = self.rate / 3600.0
        return amounts

    def _kinds(self) -> tuple[Array, Array]:
        """COLUMNS of the rain, and of the snow above it."""
        size = np.arange(1e-4, 6e-3, 5e-5)
        slope = 4100.0 * self.rate**-0.21
        number = 8e6 * np.exp(-slope * size) * 5e-5
        speed = np.maximum(9.65 - 10.3 * np.exp(-600.0 * size), 0.0)
        mass = 1000.0 * np.pi / 6.0 * size**3 * number
        number *= self.rate / 3600.0 / float(np.sum(mass * speed))
        mass = 1000.0 * np.pi / 6.0 * size**3 * number
        echo = scattering.drops(size)
        zh, zv = float(np.sum(number * echo.zh)), float(np.sum(number * echo.zv))
        rain, snow = np.zeros(len(COLUMNS)), np.zeros(len(COLUMNS))
        values = {"zh": zh, "zv": zv, "zhv": 0.993 * np.sqrt(zh * zv), "kdp": float(np.sum(number * echo.kdp))}
        values |= {"z_fall": float(np.sum(number * echo.zh * speed)), "rain": float(np.sum(mass))}
        for name, value in values.items():
            rain[COLUMNS.index(name)] = value
        values = {"zh": 0.25 * zh, "zv": 0.25 * zh, "zhv": 0.985 * 0.25 * zh, "z_fall": 0.3 * zh}
        values |= {"snow": self.rate / 3600.0 / 1.2}
        for name, value in values.items():
            snow[COLUMNS.index(name)] = value
        return rain, snow


def _columns(table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A table with its columns one behind the other: (column, point)."""
    return np.ascontiguousarray(table.reshape(-1, table.shape[-1]).T)


def _read(columns: npt.NDArray[np.float32], shape: tuple[int, ...], where: Sequence[Array]) -> Array:
    """Columns over points of this shape read linearly between these: (point, column).

    0 outside; below the first z, of three axes, that of it.
    """
    lowest = np.maximum(where[0], 0.0) if len(shape) == 3 else where[0]
    inside = np.ones(where[0].shape, dtype=bool)
    for size, at in zip(shape, (lowest, *where[1:]), strict=True):
        inside &= (at >= 0.0) & (at <= size - 1)
    found = np.zeros((columns.shape[0], where[0].size))
    within = np.flatnonzero(inside)
    weights, index = [np.ones(within.size)], [np.zeros(within.size, dtype=np.int64)]
    for size, at in zip(shape, (lowest, *where[1:]), strict=True):
        near = at[within]
        first = np.minimum(np.floor(near).astype(np.int64), max(size - 2, 0))
        share = near - first
        step = min(1, size - 1)
        weights = [weight * part for part in (1.0 - share, share) for weight in weights]
        index = [i * size + (first + up * step) for up in (0, 1) for i in index]
    for column, values in zip(found, columns, strict=True):
        total = weights[0] * values.take(index[0])
        for weight, i in zip(weights[1:], index[1:], strict=True):
            total += weight * values.take(i)
        column[within] = total
    return found.T
