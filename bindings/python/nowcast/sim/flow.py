"""Winds that conserve mass exactly, made of blocks that may be added.

The anelastic continuity equation, d(rho u)/dx + d(rho v)/dy + d(rho w)/dz = 0 with rho(z), is linear, so a sum of winds
that obey it obeys it. Two blocks do so by construction, whatever rho(z), the time factor or the place:

* an overturning, rho (u, v) = -f'(z) P(x, y) and rho w = f(z) div P, for any f with f(0) = 0 and any vector P;
* a vortex, (u, v) = h(z) V(r) e_theta, w = 0.

Either may lean, and the first may bend: with the axis at X(y, z) a field (u, v, w)(x - X, y, z) needs
u + v dX/dy + w dX/dz in place of u, which keeps the equation.

P here is (c0 a + c1 x, c2 y) exp(-s^(n/2)), s = (x/a)^2 + (y/b)^2, in axes turned along the block: one half of (x, y)
is a round draught with its ring of return flow, n = 2; with n = 6 and a falling f it is a pool of outflow with a sharp
front and lifting along it; (x, 0) is a draught along a line, (a, 0) a jet.
"""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

__all__ = ["Life", "Overturning", "Path", "Points", "Vortex"]

Array = npt.NDArray[np.float64]
Wind = tuple[Array, Array, Array]
Span = tuple[float, float]

_BURGERS = 1.2564312086261697
"""Where (1 - exp(-a x^2)) / x is greatest at x = 1: exp(a) = 1 + 2 a."""
_FAR = 40.0
"""s beyond which a block is nothing: exp(-40) of it, or less than a double can hold."""
_LEAST_EXPONENT = 745.2
_FEW = 0.6
"""Of points near enough: more are taken with those that are not."""


@dataclasses.dataclass(frozen=True)
class Life:
    """How strong something is with time: 0 at ``birth``, 1 after ``growth``, for ``mature``, 0 after ``decay`` (s)."""

    birth: float = -3600.0
    growth: float = 1800.0
    mature: float = math.inf
    decay: float = 1800.0
    strength: float = 1.0

    def at(self, t: npt.ArrayLike) -> Array:
        age = np.asarray(t, dtype=np.float64) - self.birth
        rising = np.clip(age / self.growth, 0.0, 1.0)
        falling = np.clip((self.end - self.birth - age) / self.decay, 0.0, 1.0)
        return np.asarray(self.strength * (_ease(rising) * _ease(falling)))

    @property
    def end(self) -> float:
        """When nothing is left, s."""
        return self.birth + self.growth + self.mature + self.decay


def _ease(x: Array) -> Array:
    return x * x * (3.0 - 2.0 * x)


@dataclasses.dataclass(frozen=True)
class Path:
    """Where something is: at (x, y) at time 0, moving with (u, v), and with (u_after, v_after) from ``turn`` (s) on."""

    x: float = 0.0
    y: float = 0.0
    u: float = 0.0
    v: float = 0.0
    turn: float = math.inf
    u_after: float = 0.0
    v_after: float = 0.0

    def at(self, t: npt.ArrayLike) -> tuple[Array, Array]:
        t = np.asarray(t, dtype=np.float64)
        before, after = np.minimum(t, self.turn), np.maximum(t - self.turn, 0.0)
        return (self.x + self.u * before + self.u_after * after), (self.y + self.v * before + self.v_after * after)


class Points:
    """Points in a row, each with a time and a density, and what blocks of one path or one life all ask of them."""

    def __init__(self, x: Array, y: Array, z: Array, t: Array, rho: Array) -> None:
        self.x, self.y, self.z, self.t, self.rho = x, y, z, t, rho
        self._places: dict[Path, tuple[Array, Array]] = {}
        self._boxes: dict[Path, tuple[Span, Span, Span]] = {}
        self._strengths: dict[Life, Array] = {}

    def place(self, path: Path) -> tuple[Array, Array]:
        """Where what moves along a path is at their times."""
        if path not in self._places:
            self._places[path] = path.at(self.t)
        return self._places[path]

    def box(self, path: Path) -> "tuple[Span, Span, Span]":
        """Least and greatest x and y from what moves along a path, and z."""
        if path not in self._boxes:
            at_x, at_y = (_span(at) for at in self.place(path))
            x, y = _span(self.x), _span(self.y)
            self._boxes[path] = ((x[0] - at_x[1], x[1] - at_x[0]), (y[0] - at_y[1], y[1] - at_y[0]), _span(self.z))
        return self._boxes[path]

    def strength(self, life: Life) -> Array:
        """Of what lives so, over the density."""
        if life not in self._strengths:
            self._strengths[life] = life.at(self.t) / self.rho
        return self._strengths[life]


def _span(values: Array) -> Span:
    return float(values.min()), float(values.max())


def _times(factor: float, span: Span) -> Span:
    low, high = factor * span[0], factor * span[1]
    return min(low, high), max(low, high)


def _from_zero(span: Span) -> float:
    """How far a span is from 0, at least."""
    return max(span[0], -span[1], 0.0)


@dataclasses.dataclass(frozen=True)
class Overturning:
    """A draught, a pool of outflow, a line or a jet.

    Its strength is ``flux``, the greatest rho w on the axis (kg m-2 s-1; for c0 = 0), or ``surface``, the greatest
    horizontal speed at the ground in air of 1.2 kg m-3 (m s-1, positive away from the axis or along the jet; rise 1).
    """

    depth: float
    a: float
    b: float
    flux: float = 0.0
    surface: float = 0.0
    shape: tuple[float, float, float] = (0.0, 0.5, 0.5)
    rise: int = 1
    """f = (z/depth)^rise (1 - z/depth)^fall, scaled"""
    fall: int = 2
    n: int = 2
    angle: float = 0.0
    """from x to the block's own first axis, radians, anticlockwise"""
    x: float = 0.0
    y: float = 0.0
    """of the axis at the ground, from the path"""
    lean: tuple[float, float] = (0.0, 0.0)
    """m of x and of y for each m of height"""
    bend: float = 0.0
    """m-1: the block's first axis starts bend y^2 further along"""
    spread: float = 0.0
    """m s-1 by which a and b grow after birth"""
    theta: float = 0.0
    """potential temperature at the centre less that of the environment, K"""
    life: Life = Life()
    path: Path = Path()

    def add(self, points: Points, wind: Wind) -> None:
        """Add its wind to u, v, w of points."""
        reach2 = min(_FAR, _LEAST_EXPONENT ** (2.0 / self.n))
        if points.t.size == 0 or self._beyond(points, reach2):
            return
        x, y, near2, size = self._own(points)
        strength, z = points.strength(self.life), points.z
        here = np.flatnonzero((near2 < reach2) & (z < self.depth))
        some = here.size < _FEW * near2.size
        if some:
            x, y, near2, z, strength = x[here], y[here], near2[here], z[here], strength[here]
            size = size[here] if self.spread else size
        px, py, divergence = self._plan(x, y, near2, size)
        f, slope = (strength * profile for profile in self._profile(z, size))
        w = f * divergence
        for component, values in zip(
            wind, (w * self.lean[0] - slope * px, w * self.lean[1] - slope * py, w), strict=True
        ):
            if some:
                component[here] += values
            else:
                component += values

    def _beyond(self, points: Points, reach2: float) -> bool:
        """Whether all points are too far away, as far as the box around them tells."""
        (west, east), (south, north), height = points.box(self.path)
        if height[0] >= self.depth:
            return True
        if self.angle or self.spread:
            return False
        lean_x, lean_y = _times(self.lean[0], height), _times(self.lean[1], height)
        y = south - self.y - lean_y[1], north - self.y - lean_y[0]
        squares = _from_zero(y) ** 2, max(y[0] ** 2, y[1] ** 2)
        bend = _times(self.bend, squares)
        x = west - self.x - lean_x[1] - bend[1], east - self.x - lean_x[0] - bend[0]
        return (_from_zero(x) / self.a) ** 2 + squares[0] / self.b**2 >= reach2

    def warmth(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """Potential temperature less that of the environment, K."""
        if self.theta == 0.0:
            return np.zeros(np.broadcast(x, z).shape)
        near2 = self._own(Points(x, y, z, t, np.ones(())))[2]
        up = np.clip(z / self.depth, 0.0, 1.0)
        vertical = np.sin(np.pi * up) if self.theta > 0 else (1.0 - up) ** self.fall
        return np.asarray(self.theta * self._shade(near2) * vertical * self.life.at(t))

    def _own(self, points: Points) -> tuple[Array, Array, Array, Array]:
        """x and y along its own axes, s, and the growth of a and b."""
        x, y, z = points.x, points.y, points.z
        at_x, at_y = points.place(self.path)
        x = x - (at_x + self.x + self.lean[0] * z)
        y = y - (at_y + self.y + self.lean[1] * z)
        if self.angle:
            c, s = math.cos(self.angle), math.sin(self.angle)
            x, y = c * x + s * y, c * y - s * x
        size = np.ones(())
        if self.spread:
            size = 1.0 + self.spread * np.maximum(points.t - self.life.birth, 0.0) / self.a
        if self.bend:
            x = x - self.bend * y * y
        return x, y, (x / (self.a * size)) ** 2 + (y / (self.b * size)) ** 2, size

    def _shade(self, near2: Array) -> Array:
        """exp(-s^(n/2))."""
        return np.asarray(np.exp(-(np.minimum(near2, _FAR) ** (self.n // 2))))

    def _plan(self, x: Array, y: Array, near2: Array, size: Array) -> tuple[Array, Array, Array]:
        """P along x and y, and div P."""
        a, b = self.a * size, self.b * size
        e = self._shade(near2)
        steep = self.n * near2 ** (self.n // 2 - 1) * e
        c0, c1, c2 = self.shape
        px, py = (c0 * a + c1 * x) * e, c2 * y * e
        dx, dy = -steep * x / a**2, -steep * y / b**2
        divergence = (c1 + c2) * e + (c0 * a + c1 * x) * dx + c2 * y * dy
        if self.bend:
            px = px + 2.0 * self.bend * y * py
        if not self.angle:
            return px, py, divergence
        c, s = math.cos(self.angle), math.sin(self.angle)
        return c * px - s * py, s * px + c * py, divergence

    def _profile(self, z: Array, size: Array) -> tuple[Array, Array]:
        """f and f' of the mature block; 0 above the depth."""
        p, q = self.rise, self.fall
        up = np.clip(z / self.depth, 0.0, 1.0)
        scale: Array
        if self.surface:
            # |P| along the first axis is greatest at x = a n^(-1/n), where it is c1 x exp(-1/n); a jet's is c0 a.
            reach = self.n ** (-1.0 / self.n) * math.exp(-1.0 / self.n) * self.shape[1]
            scale = -self.surface * 1.2 * self.depth / (self.a * size * (reach or self.shape[0]))
        else:
            peak = p / (p + q)
            scale = np.asarray(self.flux) / (peak**p * (1.0 - peak) ** q * (self.shape[1] + self.shape[2]))
        f = scale * up**p * (1.0 - up) ** q
        slope = scale / self.depth * (p * up ** (p - 1) * (1.0 - up) ** q - q * up**p * (1.0 - up) ** (q - 1))
        return f, slope


@dataclasses.dataclass(frozen=True)
class Vortex:
    """A vortex of Burgers (1948) and Rott (1958), ended smoothly far out; ``speed`` is greatest at ``core``."""

    speed: float
    core: float
    height: float
    """of the greatest speed; it falls off as a Gaussian of ``half_depth`` above and below"""
    half_depth: float
    reach: float = 8.0
    """radius, in cores, of the Gaussian that ends it"""
    x: float = 0.0
    y: float = 0.0
    lean: tuple[float, float] = (0.0, 0.0)
    life: Life = Life()
    path: Path = Path()

    def add(self, points: Points, wind: Wind) -> None:
        """Add its wind to u, v, w of points."""
        x, y, z = points.x, points.y, points.z
        at_x, at_y = points.place(self.path)
        x = x - (at_x + self.x + self.lean[0] * z)
        y = y - (at_y + self.y + self.lean[1] * z)
        near2 = np.maximum((x * x + y * y) / self.core**2, 1e-12)
        spin = -np.expm1(-_BURGERS * near2) / near2 / -math.expm1(-_BURGERS)
        spin = spin * np.exp(-near2 / self.reach**2) * np.exp(-(((z - self.height) / self.half_depth) ** 2))
        spin = spin * (self.life.at(points.t) * self.speed / self.core)
        u, v, _ = wind
        u -= spin * y
        v += spin * x

    def warmth(self, x: Array, y: Array, z: Array, t: Array) -> Array:
        """None."""
        return np.zeros(np.broadcast(x, z).shape)
