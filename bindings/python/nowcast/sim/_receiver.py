"""From what a beam averages to what a receiver makes of it: aliasing, noise, clutter and the errors of few samples.

Echoes that overlie each other add their power and their covariance at the lag of one pulse, as they do in a pulse pair
processor, and so does aliasing come about: the velocity is the phase of that sum. The errors are those of the theory of
contiguous pairs (Doviak and Zrnic 1993, sections 6.3 to 6.5; Bringi and Chandrasekar 2001, section 6.4).
"""

import dataclasses

import numpy as np
import numpy.typing as npt

__all__ = ["Power", "clutter_map", "doppler", "independent", "power", "unfold", "wrap"]

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Random = np.random.Generator | None


@dataclasses.dataclass
class Power:
    """What comes back: power as reflectivity (mm6 m-3), and its covariance from one pulse to the next."""

    total: Array
    lag: Complex

    @classmethod
    def of(cls, power: Array, velocity: Array, width: Array, nyquist: float) -> "Power":
        """One echo of a Gaussian spectrum."""
        correlation = np.exp(-0.5 * (np.pi * width / nyquist) ** 2 + 1j * np.pi * velocity / nyquist)
        return cls(power, np.where(power > 0.0, power * np.nan_to_num(correlation), 0.0))

    def add(self, other: "Power", *, coherent: bool = True) -> None:
        """Lay another echo over it; without its phase it adds power alone."""
        self.total = self.total + other.total
        self.lag = self.lag + other.lag if coherent else self.lag


def wrap(velocity: Array, nyquist: float) -> Array:
    """Into [-nyquist, nyquist)."""
    return (velocity + nyquist) % (2.0 * nyquist) - nyquist


def independent(samples: float, width: Array, nyquist: float) -> Array:
    """How many independent samples so many pulses are."""
    spectrum = np.maximum(width, 0.1) / (4.0 * nyquist)
    return np.asarray(samples / np.clip(1.0 / (4.0 * np.sqrt(np.pi) * spectrum), 1.0, samples))


def power(signal: Array, noise: Array, apart: Array, samples: float, random: np.random.Generator) -> Array:
    """Power of the signal as measured, which is that of both less the noise's mean: below 0 where chance has it so.

    The signal has ``apart`` independent samples, the noise as many as there are pulses; their sum goes as chi square.
    """
    share = signal / (signal + noise)
    many = 1.0 / (share**2 / apart + (1.0 - share**2) / samples)
    return np.asarray((signal + noise) * random.gamma(many) / many - noise)


def doppler(power: Power, noise: Array, nyquist: float, samples: float, random: Random) -> tuple[Array, Array, Array]:
    """Velocity, width (m s-1) and the signal quality index, with their errors where ``random`` is given."""
    coherence = np.clip(np.abs(power.lag) / np.maximum(power.total, 1e-30), 1e-6, 1.0 - 1e-9)
    velocity = np.angle(power.lag) * nyquist / np.pi
    width = nyquist / np.pi * np.sqrt(-2.0 * np.log(coherence))
    quality = np.abs(power.lag) / (power.total + noise)
    if random is None:
        return velocity, width, quality
    ratio = np.minimum(noise / np.maximum(power.total, 1e-30), 1e3)
    pairs = samples / independent(samples, width, nyquist)
    spread = (1.0 - coherence**2) * pairs + ratio**2 + 2.0 * ratio * (1.0 - coherence**4)
    error = nyquist / np.pi * np.sqrt(np.minimum(spread / (2.0 * samples * coherence**2), 3.0))
    velocity = wrap(velocity + error * random.standard_normal(velocity.shape), nyquist)
    return velocity, np.abs(width + error * random.standard_normal(width.shape)), quality


def unfold(high: Array, low: Array, nyquist: float, n: int) -> Array:
    """The velocity that two repetition rates as n + 1 to n agree upon; where noise misleads, it is out by 2 nyquist.

    ``nyquist`` is that of the higher rate, that of the lower n / (n + 1) of it; the answer lies within n times it.
    """
    other = nyquist * n / (n + 1)
    best, least = high, np.full(high.shape, np.inf)
    for fold in range(-n, n + 1):
        guess = high + 2.0 * fold * nyquist
        apart = np.abs(wrap(guess - low, other))
        closer = (apart < least) & (np.abs(guess) <= n * nyquist * (1.0 + 1e-9))
        best, least = np.where(closer, guess, best), np.where(closer, apart, least)
    return best


def clutter_map(x: Array, y: Array, seed: int) -> Array:
    """Reflectivity of the ground at places (m), about 1: a pattern of a seed, cells of 250 m in patches of 4 km."""
    fine = _hash(np.floor(x / 250.0), np.floor(y / 250.0), seed)
    i, j = np.floor(x / 4000.0), np.floor(y / 4000.0)
    a, b = x / 4000.0 - i, y / 4000.0 - j
    corners = [_hash(i + di, j + dj, seed + 1) for dj in (0, 1) for di in (0, 1)]
    patch = (1 - b) * ((1 - a) * corners[0] + a * corners[1]) + b * ((1 - a) * corners[2] + a * corners[3])
    return np.asarray(-np.log(np.maximum(fine, 1e-6)) * 16.0 * np.maximum(patch - 0.5, 0.0) ** 2)


def _hash(i: Array, j: Array, seed: int) -> Array:
    """Numbers in [0, 1) that cells and a seed determine: the mixing of SplitMix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        word = i.astype(np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        word = word + j.astype(np.int64).view(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        word = word + np.uint64(seed & 0xFFFFFFFF) * np.uint64(0x165667B19E3779F9)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word = word ^ (word >> np.uint64(31))
    return np.asarray((word >> np.uint64(11)).astype(np.float64) * 2.0**-53)
