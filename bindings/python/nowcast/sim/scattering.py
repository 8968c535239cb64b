"""What one particle does to a radar's waves: Rayleigh-Gans scattering by spheroids that lie flat or tumble.

Spheroids small beside the wavelength (Bringi and Chandrasekar 2001, sections 2.3 and 4.2): the polarisability along
axis i of a volume V is V (eps - 1) / (1 + L_i (eps - 1)). Raindrops lie flat, with the axis ratios of Brandes et al.
(2002); hail, graupel and snow are spheres that tumble, so that they add nothing to ZDR and KDP; what melts has the
permittivity of water. Hail that is not small beside a wavelength of 10.7 cm passes over to its geometric section;
resonances are left out, and so is that shorter wavelengths do so earlier.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

__all__ = ["ATTENUATION", "Echo", "drops", "spheres"]

Array = npt.NDArray[np.float64]

_WATER = 77.6 - 23.0j
_ICE = 3.17 - 0.005j
_K2 = 0.93
_HAIL_WAVELENGTH = 0.107

ATTENUATION = {"S": (0.017, 0.003), "C": (0.08, 0.02), "X": (0.28, 0.04)}
"""dB for each degree of KDP, of H and of H less V: what attenuation takes by default, with the sources said there."""


@dataclasses.dataclass(frozen=True)
class Echo:
    """Of one particle in a cubic metre."""

    zh: Array
    """mm6 m-3"""
    zv: Array
    kdp: Array
    """degrees km-1 at a wavelength of 1 m: it goes as its inverse"""


def drops(diameter: Array) -> Echo:
    """Raindrops of an equivolume diameter (m) seen from the side."""
    d = np.minimum(diameter * 1e3, 7.0)
    ratio = 0.9951 + 0.02510 * d - 0.03644 * d**2 + 0.005303 * d**3 - 0.0002492 * d**4
    eccentricity = np.sqrt(1.0 / np.minimum(ratio, 0.999) ** 2 - 1.0)
    upright = (1.0 + eccentricity**2) / eccentricity**2 * (1.0 - np.arctan(eccentricity) / eccentricity)
    flat = 0.5 * (1.0 - upright)
    along = [(_WATER - 1.0) / (1.0 + shape * (_WATER - 1.0)) for shape in (flat, upright)]
    zh, zv = (d**6 * np.abs(a / 3.0) ** 2 / _K2 for a in along)
    # k/2 Re(alpha_h - alpha_v) rad m-1 with k = 2 pi / wavelength
    kdp = np.degrees(np.pi * 1e3) * np.pi / 6.0 * (d * 1e-3) ** 3 * (along[0] - along[1]).real
    return Echo(zh, zv, kdp)


def spheres(diameter: Array, density: Array, wet: Array) -> Echo:
    """Ice of a bulk density (kg m-3); ``wet``, 0 to 1, turns its dielectric factor from ice to water."""
    share = np.clip(density / 917.0, 0.0, 1.0)
    factor = (_ICE - 1.0) / (_ICE + 2.0)
    dry2 = np.abs(share * factor) ** 2
    k2 = dry2 + (np.abs((_WATER - 1.0) / (_WATER + 2.0)) ** 2 - dry2) * wet
    # By Rayleigh pi^5 |K|^2 D^6 / wavelength^4; of large ones no more than their section times what its face reflects.
    small = np.pi**5 * k2 * diameter**6 / _HAIL_WAVELENGTH**4
    face = 0.25 * np.pi * diameter**2 * (0.08 + 0.56 * wet)
    section = small * face / np.maximum(small + face, 1e-30)
    z = 1e18 * section * _HAIL_WAVELENGTH**4 / (np.pi**5 * _K2)
    return Echo(z, z, np.zeros_like(z))
