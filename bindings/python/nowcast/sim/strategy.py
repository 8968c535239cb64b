"""What radars do: their antenna and transmitter, and the order in which they look around.

The plans are those of the services, made simple: one sweep for each cut, with the pulses that its repetition frequency
and speed of turning give.
"""

import dataclasses

from nowcast.errors import ArgumentError
from nowcast.sim.storm import WAVELENGTH

__all__ = ["Radar", "Strategy", "Sweep", "cinrad", "dual_prf", "phased_array", "rhi", "wsr88d"]

LIGHT = 299792458.0


@dataclasses.dataclass(frozen=True)
class Radar:
    """An antenna and what is behind it."""

    name: str = "WSR-88D"
    band: str = "S"
    """"S", "C" or "X"."""
    beam_width: float = 0.95
    """degrees between half powers, one way"""
    pulse: float = 235.0
    """half the length of the pulse in space, m"""
    noise: float = -8.0
    """reflectivity equal to the noise at 100 km, dBZ"""
    phase: float = 60.0
    """differential phase of the system, degrees"""
    coherent: bool = True
    """whether echoes of the pulse before keep their phase (klystron); else they are as noise (magnetron)"""

    def __post_init__(self) -> None:
        if self.band not in WAVELENGTH:
            raise ArgumentError(f'band: "S", "C" or "X" expected, "{self.band}" given')

    @property
    def wavelength(self) -> float:
        return WAVELENGTH[self.band]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """One turn of the antenna at an elevation ``angle``, or from the horizon up (rhi) at an azimuth ``angle``."""

    angle: float
    step: float = 1.0
    """degrees between rays"""
    gate: float = 250.0
    reach: float = 230e3
    """range of the last gate, m"""
    prf: float = 1000.0
    """Hz; the highest of two"""
    ratio: int = 0
    """of dual PRF: n for (n + 1) : n; 0 for one PRF"""
    rate: float = 20.0
    """degrees s-1"""
    start: float = 0.0
    stop: float = 360.0
    """azimuths, or elevations of an rhi, between which rays lie"""
    rhi: bool = False
    at: float | None = None
    """s after the start of the volume; by default when the sweep before has ended"""
    moments: tuple[str, ...] = ("DBZH", "VRADH", "WRADH", "ZDR", "PHIDP", "RHOHV", "SNRH", "SQIH")
    flag_folded: bool = False
    """whether echo overlaid by a second trip is made NaN in velocity and width, and flagged"""

    def __post_init__(self) -> None:
        if not (self.step > 0 and self.gate > 0 and self.reach > 0 and self.prf > 0 and self.rate > 0):
            raise ArgumentError("step, gate, reach, prf and rate of a sweep: above 0 expected")

    @property
    def rays(self) -> int:
        return max(1, round((self.stop - self.start) / self.step))

    @property
    def samples(self) -> float:
        """Pulses in a ray."""
        return max(self.prf * self.step / self.rate, 2.0)

    @property
    def seconds(self) -> float:
        return self.rays * self.step / self.rate

    @property
    def unambiguous(self) -> float:
        """Range of the last echo that comes before the next pulse, m."""
        return LIGHT / (2.0 * self.prf)

    def nyquist(self, wavelength: float) -> tuple[float, float]:
        """Of the sweep, m s-1: extended by dual PRF, and of its higher PRF alone."""
        own = 0.25 * wavelength * self.prf
        return (own * self.ratio if self.ratio else own), own


@dataclasses.dataclass(frozen=True)
class Strategy:
    """A plan of sweeps."""

    name: str
    radar: Radar
    sweeps: tuple[Sweep, ...]

    def starts(self) -> list[float]:
        """When each sweep begins, s after the volume does; a second passes between two."""
        times, now = [], 0.0
        for sweep in self.sweeps:
            times.append(now if sweep.at is None else sweep.at)
            now = times[-1] + sweep.seconds + 1.0
        return times

    @property
    def seconds(self) -> float:
        return max(start + sweep.seconds for start, sweep in zip(self.starts(), self.sweeps, strict=True))


_VCP = {
    "VCP 12": (3, 24.0, (0.5, 0.9, 1.3, 1.8, 2.4, 3.1, 4.0, 5.1, 6.4, 8.0, 10.0, 12.5, 15.6, 19.5)),
    "VCP 21": (2, 11.5, (0.5, 1.45, 2.4, 3.35, 4.3, 6.0, 9.9, 14.6, 19.5)),
    "VCP 215": (3, 15.0, (0.5, 0.9, 1.3, 1.8, 2.4, 3.1, 4.0, 5.1, 6.4, 8.0, 10.0, 12.0, 14.0, 16.7, 19.5)),
}
_SURVEY = ("DBZH", "ZDR", "PHIDP", "RHOHV", "SNRH")
_DOPPLER = ("DBZH", "VRADH", "WRADH", "SNRH", "SQIH")


def wsr88d(plan: str = "VCP 12", *, step: float = 1.0) -> Strategy:
    """S band: VCP 12, 21 or 215. The lowest elevations are looked at twice, at a low and at a high repetition rate."""
    if plan not in _VCP:
        raise ArgumentError(f"plan: one of {', '.join(_VCP)} expected, {plan} given")
    split, rate, angles = _VCP[plan]
    return Strategy(plan, Radar(), _split(split, rate, angles, step))


def cinrad(*, step: float = 1.0) -> Strategy:
    """S band, VCP 21 of the CMA: eleven sweeps at nine elevations in six minutes, the lowest two looked at twice."""
    angles = (0.5, 1.5, 2.4, 3.4, 4.3, 6.0, 9.9, 14.6, 19.5)
    return Strategy("VCP21", Radar("CINRAD/SA"), _split(2, 11.5, angles, step))


def _split(split: int, rate: float, angles: tuple[float, ...], step: float) -> tuple[Sweep, ...]:
    sweeps = []
    for number, angle in enumerate(angles):
        # What is higher than 20 km is not looked at.
        reach = min(460e3, 20e3 / max(angle, 0.5) * 57.3)
        if number < split:
            sweeps.append(Sweep(angle, step, reach=reach, prf=322.0, rate=rate, moments=_SURVEY))
            fast = Sweep(angle, step, reach=min(reach, 147.5e3), prf=1014.0, rate=rate, moments=_DOPPLER)
            sweeps.append(dataclasses.replace(fast, flag_folded=True))
        else:
            sweeps.append(Sweep(angle, step, reach=min(reach, 147.5e3), prf=1014.0, rate=rate))
    return tuple(sweeps)


def dual_prf(*, step: float = 1.0) -> Strategy:
    """C band with PRFs of 1200 and 900 Hz, a magnetron, ten elevations in five minutes."""
    radar = Radar("C band", "C", 1.0, 150.0, -4.0, coherent=False)
    angles = (0.5, 1.0, 1.5, 2.5, 3.5, 5.0, 7.0, 10.0, 15.0, 20.0)
    sweeps = (Sweep(a, step, 250.0, min(124e3, 20e3 / a * 57.3), 1200.0, 3, 13.0) for a in angles)
    return Strategy("dual PRF", radar, tuple(sweeps))


def phased_array(*, step: float = 0.9, gate: float = 60.0) -> Strategy:
    """X band: twelve elevations at once up to 45 km, in a turn of one minute."""
    radar = Radar("X phased array", "X", 1.8, 30.0, 2.0)
    sweeps = (
        Sweep(0.9 + 1.8 * k, step, gate, min(45e3, 20e3 / (0.9 + 1.8 * k) * 57.3), 3000.0, rate=6.0, at=0.0)
        for k in range(12)
    )
    return Strategy("phased array", radar, tuple(sweeps))


def rhi(azimuth: float, *, radar: Radar | None = None, top: float = 40.0, reach: float = 100e3) -> Strategy:
    """Up from the horizon at one azimuth, in steps of half a degree."""
    return Strategy("RHI", radar or Radar(), (Sweep(azimuth, 0.5, 250.0, reach, 1000.0, 0, 6.0, 0.0, top, True),))
