"""The air a storm stands in: temperature, humidity, pressure, density and wind as functions of height alone.

The analytic sounding is that of Weisman and Klemp (1982, equations 1 to 3): potential temperature rising as the five
fourths power of height up to the tropopause, isothermal above, relative humidity falling likewise, the mixing ratio
capped near the ground. Pressure follows hydrostatically.
"""

import dataclasses
import functools
from typing import Literal

import numpy as np
import numpy.typing as npt

from nowcast.errors import ArgumentError

__all__ = ["Environment", "hodograph", "saturation"]

Array = npt.NDArray[np.float64]

G, R_DRY, CP = 9.81, 287.04, 1004.7
_DZ, _TOP = 25.0, 20000.0
_TROPOPAUSE = 12000.0


@dataclasses.dataclass(frozen=True, eq=False)
class Environment:
    """Profiles over heights ``z`` (m above the ground, ascending from 0), read linearly between them."""

    z: Array
    u: Array
    """m s-1 along x; ``v`` along y."""
    v: Array
    temperature: Array
    """K"""
    humidity: Array
    """kg of vapour in a kg of dry air"""
    pressure: Array
    """Pa"""

    def __post_init__(self) -> None:
        if self.z[0] != 0.0 or not (np.diff(self.z) > 0).all():
            raise ArgumentError("z: heights rising from 0 expected")

    @classmethod
    def weisman_klemp(
        cls, *, wind: tuple[Array, Array, Array] | None = None, theta: float = 300.0, humidity: float = 0.014
    ) -> "Environment":
        """The sounding of Weisman and Klemp (1982) with a wind of heights, u, v; by default a curved hodograph.

        ``theta`` is the potential temperature at the ground (K), ``humidity`` the greatest mixing ratio (kg kg-1).
        """
        z = np.arange(0.0, _TOP + _DZ, _DZ)
        rise = np.minimum(z / _TROPOPAUSE, 1.0) ** 1.25
        top_theta, top_kelvin = theta + 43.0, 213.0
        potential = theta + (top_theta - theta) * rise
        above = np.maximum(z - _TROPOPAUSE, 0.0)
        potential *= np.exp(G * above / (CP * top_kelvin))
        slope = G / (CP * potential)
        fall = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(z))])
        exner = 1.0 - fall
        pressure = 1e5 * exner ** (CP / R_DRY)
        temperature = potential * exner
        vapour = np.minimum((1.0 - 0.75 * rise) * saturation(temperature, pressure), humidity)
        at, u, v = hodograph("curved") if wind is None else wind
        return cls(z, np.interp(z, at, u), np.interp(z, at, v), temperature, vapour, pressure)

    def read(self, profile: Array, z: npt.ArrayLike) -> Array:
        """A profile at other heights."""
        if not self._step:
            return np.asarray(np.interp(np.asarray(z, dtype=np.float64), self.z, profile), dtype=np.float64)
        level = np.clip(np.asarray(z, dtype=np.float64) / self._step, 0.0, profile.size - 1.000001)
        below = level.astype(np.int64)
        return np.asarray(profile[below] + (level - below) * np.diff(profile)[below])

    @functools.cached_property
    def _step(self) -> float:
        """Of equally spaced heights; 0 where they are not."""
        step = float(self.z[1])
        return step if np.allclose(np.diff(self.z), step) else 0.0

    def density(self, z: npt.ArrayLike) -> Array:
        """Of the base state, kg m-3; the density of the anelastic continuity equation."""
        return np.exp(self.read(self._log_density, z))

    @functools.cached_property
    def _log_density(self) -> Array:
        virtual = self.temperature * (1.0 + 0.608 * self.humidity)
        return np.asarray(np.log(self.pressure / (R_DRY * virtual)))

    def height_of(self, kelvin: float) -> float:
        """The height where the temperature first falls to this, m."""
        below = self.temperature <= kelvin
        if not below.any():
            raise ArgumentError(f"kelvin: a temperature the sounding falls to expected, {kelvin:g} given")
        k = int(np.argmax(below))
        if k == 0:
            return 0.0
        share = (self.temperature[k - 1] - kelvin) / (self.temperature[k - 1] - self.temperature[k])
        return float(self.z[k - 1] + share * (self.z[k] - self.z[k - 1]))


def saturation(kelvin: npt.ArrayLike, pascal: npt.ArrayLike) -> Array:
    """Mixing ratio of saturation over water, kg kg-1 (Bolton 1980, equation 10)."""
    celsius = np.asarray(kelvin, dtype=np.float64) - 273.15
    vapour = 611.2 * np.exp(17.67 * celsius / (celsius + 243.5))
    return np.asarray(0.622 * vapour / np.maximum(np.asarray(pascal) - vapour, 1.0))


def hodograph(
    kind: Literal["curved", "straight", "calm"], *, speed: float = 30.0, heading: float = 90.0
) -> tuple[Array, Array, Array]:
    """A wind profile: heights (m), u and v (m s-1).

    "curved" turns clockwise by a quarter circle up to 2 km and grows along ``heading`` (degrees, towards which the
    shear points) up to 6 km, as the profiles of Weisman and Klemp (1984); "straight" grows along it from the ground;
    ``speed`` is the change of wind from the ground to 6 km.
    """
    z = np.arange(0.0, _TOP + 100.0, 100.0)
    if kind == "curved":
        bend = 0.25 * speed
        turn = 0.5 * np.pi * np.minimum(z / 2000.0, 1.0)
        along = bend * (1.0 - np.cos(turn)) + (speed - bend) * np.clip((z - 2000.0) / 4000.0, 0.0, 1.0)
        across = bend * (np.sin(turn) - 1.0)
    elif kind == "straight":
        along, across = speed * np.minimum(z / 6000.0, 1.0), np.zeros_like(z)
    elif kind == "calm":
        along, across = np.zeros_like(z), np.zeros_like(z)
    else:
        raise ArgumentError(f'kind: "curved", "straight" or "calm" expected, "{kind}" given')
    angle = np.radians(90.0 - heading)
    return z, along * np.cos(angle) - across * np.sin(angle), along * np.sin(angle) + across * np.cos(angle)
