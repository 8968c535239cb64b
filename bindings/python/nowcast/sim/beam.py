"""Where a beam goes and what it averages.

Rays bend as over an earth of four thirds its radius (Doviak and Zrnic 1993, section 2.2). A sample is the mean of what
is in its volume, weighted by the Gaussian two-way pattern of a beam widened by the turning of the antenna during the
dwell (Zrnic and Doviak 1976), and by a Gaussian in range of 0.35 pulses (Doviak and Zrnic 1993, section 4.4).

Neighbouring rays and gates share the points they are averaged from: these lie on a lattice finer than the rays, at
least two in a beam width, which sums of a Gaussian need for a part in a thousand. Across the other direction of the
beam there are five points of Gauss and Hermite.
"""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from nowcast.grid import Grid

__all__ = ["EARTH", "Plane", "Smoothing", "across", "along_ray", "around", "heading", "local_elevation", "ray"]

Array = npt.NDArray[np.float64]

EARTH = 4.0 / 3.0 * 6371e3


def ray(slant: Array, elevation: npt.ArrayLike, altitude: float) -> tuple[Array, Array]:
    """Distance along the ground and height above mean sea level of places at a range and elevation (degrees)."""
    angle = np.radians(np.asarray(elevation, dtype=np.float64))
    base = EARTH + altitude
    height = np.sqrt(slant**2 + base**2 + 2.0 * slant * base * np.sin(angle))
    ground = EARTH * np.arcsin(slant * np.cos(angle) / height)
    return np.asarray(ground), np.asarray(height - EARTH)


def local_elevation(elevation: npt.ArrayLike, ground: Array) -> Array:
    """Elevation of the ray (radians) seen from where it is."""
    return np.radians(np.asarray(elevation, dtype=np.float64)) + ground / EARTH


def heading(azimuth: npt.ArrayLike) -> tuple[Array, Array]:
    """Parts of a step eastward and northward, of azimuths in degrees."""
    angle = np.radians(np.asarray(azimuth, dtype=np.float64))
    return np.sin(angle), np.cos(angle)


@dataclasses.dataclass(frozen=True)
class Smoothing:
    """A lattice ``every`` times finer than the samples, and the weights of its points about one."""

    every: int
    weights: Array
    """2 reach + 1 of them"""

    @property
    def reach(self) -> int:
        return self.weights.size // 2

    def points(self, samples: int) -> npt.NDArray[np.int64]:
        """Where the lattice of so many samples lies, from the first sample on, in its own steps."""
        return np.arange(-self.reach, (samples - 1) * self.every + self.reach + 1)

    def means(self, lattice: Array, first: int, samples: int) -> tuple[Array, int]:
        """Means along the first axis, of a lattice of which the points from ``first`` on are given, all others 0.

        Also which of the samples is the first that those points touch.
        """
        every, last = self.every, first + lattice.shape[0] - 1
        low, high = max(-(-(first - 2 * self.reach) // every), 0), min(last // every, samples - 1)
        mean = np.zeros((max(high - low + 1, 0), *lattice.shape[1:]))
        for offset, weight in enumerate(self.weights):
            begin, end = max(low, -(-(first - offset) // every)), min(high, (last - offset) // every)
            if begin <= end:
                source = slice(begin * every + offset - first, end * every + offset - first + 1, every)
                mean[begin - low : end - low + 1] += weight * lattice[source]
        return mean, low


def around(beam_width: float, step: float) -> Smoothing:
    """Along the turning of the antenna: rays ``step`` degrees apart."""
    sigma = two_way(beam_width)
    every = max(1, math.ceil(step / (0.5 * beam_width)))
    spacing = step / every
    reach = math.ceil((3.0 * sigma + 0.5 * step) / spacing)
    off = spacing * np.arange(-reach, reach + 1)
    scale = 1.0 / (math.sqrt(2.0) * sigma)
    edges = [math.erf((x + 0.5 * step) * scale) - math.erf((x - 0.5 * step) * scale) for x in off]
    return Smoothing(every, np.array(edges) / sum(edges))


def along_ray(pulse: float, gate: float) -> Smoothing:
    """In range."""
    sigma = 0.35 * pulse
    every = max(1, math.ceil(gate / (1.6 * sigma))) if gate >= 100.0 else 1
    spacing = gate / every
    reach = math.ceil(3.0 * sigma / spacing)
    weights = np.exp(-0.5 * (spacing * np.arange(-reach, reach + 1) / sigma) ** 2)
    return Smoothing(every, weights / weights.sum())


def across(beam_width: float) -> tuple[Array, Array]:
    """Offsets (degrees) and weights across the turning of the antenna."""
    node, weight = np.polynomial.hermite_e.hermegauss(5)
    return two_way(beam_width) * node, weight / weight.sum()


def two_way(beam_width: float) -> float:
    """Standard deviation of the two-way pattern, in the unit of the width between half powers."""
    return beam_width / (4.0 * math.sqrt(math.log(2.0)))


class Plane:
    """The plane about a radar laid on another: cubic polynomials fitted to PROJ's answers out to a radius."""

    def __init__(self, latitude: float, longitude: float, projection: str, radius: float) -> None:
        own = f"+proj=aeqd +lat_0={latitude:.9g} +lon_0={longitude:.9g} +ellps=WGS84 +units=m"
        here = Grid(own, 15, 15, -radius, -radius, radius / 7.0, radius / 7.0)
        there = Grid(projection, 1, 1, 0.0, 0.0, 1.0, 1.0)
        x, y = np.meshgrid(here.x / radius, here.y / radius)
        target = np.stack([a.ravel() / radius for a in there.from_lonlat(*here.lonlat())], axis=1)
        self._radius = radius
        self._terms = np.linalg.lstsq(_powers(x.ravel(), y.ravel()), target, rcond=None)[0]

    def place(self, ground: Array, azimuth: Array) -> tuple[Array, Array]:
        """x and y of places at a distance and azimuth (degrees)."""
        return self.along(ground, heading(azimuth))

    def along(self, ground: Array, towards: tuple[Array, Array]) -> tuple[Array, Array]:
        """The same, of headings."""
        near = ground / self._radius
        x, y = near * towards[0], near * towards[1]
        return self._cubic(x, y, 0), self._cubic(x, y, 1)

    def _cubic(self, x: Array, y: Array, axis: int) -> Array:
        one, e, n, ee, en, nn, eee, een, enn, nnn = (self._radius * self._terms[:, axis]).tolist()
        along_x = x * (e + x * (ee + eee * x + een * y) + y * (en + enn * y))
        return np.asarray(one + along_x + y * (n + y * (nn + nnn * y)))

    def outward(self, ground: Array, towards: tuple[Array, Array]) -> tuple[Array, Array]:
        """The unit vector away from the radar, along x and y, at distances along headings."""
        step = 1e-4 * self._radius
        ahead, behind = self.along(ground + step, towards), self.along(ground - step, towards)
        dx, dy = ahead[0] - behind[0], ahead[1] - behind[1]
        size = np.hypot(dx, dy)
        return dx / size, dy / size

    def polar(self, x: float, y: float) -> tuple[float, float]:
        """Distance and azimuth (degrees) of a place, to a few hundred metres: by the linear terms alone."""
        origin, east, north = self._terms[:3] * np.array([[self._radius], [1.0], [1.0]])
        a = np.linalg.solve(np.stack([east, north], axis=1), np.array([x, y]) - origin)
        return float(np.hypot(*a)), float(np.degrees(np.arctan2(a[0], a[1])) % 360.0)


def _powers(x: Array, y: Array) -> Array:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3], axis=-1)
