"""A radar that scans a storm: the volume it would write, and the truth behind every gate of it."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import radar as volumes
from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.sim import _receiver, beam
from nowcast.sim._look import Look, Seen
from nowcast.sim._terrain import height_at
from nowcast.sim.scattering import ATTENUATION
from nowcast.sim.storm import Storm, Time
from nowcast.sim.strategy import LIGHT, Radar, Strategy, Sweep

__all__ = ["Effects", "Scan", "Site", "scan"]

Array = npt.NDArray[np.float64]

_BLIND = 0.95  # of the beam blocked: nothing is observed behind
_CLUTTER_WIDTH = 0.3


@dataclasses.dataclass(frozen=True)
class Site:
    """Where a radar stands: degrees, and the antenna's height above mean sea level in metres."""

    latitude: float
    longitude: float
    altitude: float = 50.0
    name: str = "SIM"

    @classmethod
    def near(cls, storm: Storm, x: float, y: float, altitude: float = 50.0, name: str = "SIM") -> "Site":
        """At a place of a storm's plane, m."""
        lon, lat = storm.lonlat(x, y)
        return cls(float(lat), float(lon), altitude, name)


@dataclasses.dataclass(frozen=True)
class Effects:
    """What stands between the truth and a volume."""

    noise: bool = True
    """errors of few samples; what lies below the noise is not seen either way"""
    threshold: float = 2.0
    """least ratio of signal to noise that is shown, dB"""
    attenuation: bool = True
    second_trip: bool = True
    clutter: float | None = None
    """reflectivity of the ground in the middle of a beam, dBZ, at the mean of its pattern; None for no clutter"""
    clutter_seed: int = 7
    """of the pattern, which stays from scan to scan"""
    terrain: xr.DataArray | None = None
    """heights above mean sea level (m) on a grid: what blocks beams, and where clutter stands"""
    sun: tuple[float, float] | None = None
    """azimuth and elevation of the sun, degrees"""
    spoke: tuple[float, float] | None = None
    """azimuth of an interfering transmitter, degrees, and its power above the noise, dB"""


class Scan(NamedTuple):
    """A volume and the truth behind it, both in the FM 301 layout and of the same rays and gates.

    The truth has DBZH (neither attenuated nor blocked, -128 where there is nothing), VRADDH (not aliased), WRADH, ZDR,
    KDP, PHIDP (without the system's), RHOHV, and what was done to each gate: ``attenuation`` (two-way, dB),
    ``blocked`` (part of the beam), ``clutter``, ``second_trip`` and ``interference`` (1 where that is the most of it).
    """

    volume: xr.DataTree
    truth: xr.DataTree


def scan(
    storm: Storm, site: Site, strategy: Strategy, time: Time, *, seed: int = 0, effects: Effects | None = None
) -> Scan:
    """Scan a storm, which moves and changes meanwhile.

    Parameters
    ----------
    time : when the volume begins: UTC, or seconds after the storm's start
    seed : of the noise
    effects : what goes wrong on the way; attenuation, second trips and noise by default

    Returns
    -------
    The volume, as ``nowcast.radar.read`` would give it, and the truth.
    """
    effects = effects or Effects()
    t = storm.seconds(time)
    furthest = max(sweep.reach + sweep.unambiguous for sweep in strategy.sweeps) + 1e3
    plane = beam.Plane(site.latitude, site.longitude, storm.projection, min(furthest, 600e3))
    seen, truth = {}, {}
    for number, (sweep, start) in enumerate(zip(strategy.sweeps, strategy.starts(), strict=True)):
        random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, number])))
        look = Look(storm, plane, site.altitude, strategy.radar, sweep, t + start)
        receiver = _Receiver(look, site, effects, random if effects.noise else None)
        name = f"sweep_{number}"
        seen[name], truth[name] = (
            _dataset(number, look, strategy.radar, storm.start, fields)
            for fields in (receiver.volume(), receiver.truth())
        )
    root = _root(site, strategy)
    volume = volumes.remake(xr.DataTree.from_dict({"/": root} | seen))
    return Scan(volume, xr.DataTree.from_dict({"/": root} | truth))


class _Receiver:
    """One sweep on its way from means over beams to moments."""

    def __init__(self, look: Look, site: Site, effects: Effects, random: np.random.Generator | None) -> None:
        self.look, self.effects, self.random = look, effects, random
        sweep = look.sweep
        self.gates = int(sweep.reach / sweep.gate)
        folded = round(sweep.unambiguous / sweep.gate)
        if self.gates < 1 or self.gates > folded:
            raise ArgumentError(
                f"reach: within the unambiguous range of {sweep.unambiguous:.0f} m expected, {sweep.reach:.0f} given"
            )
        self.range = look.ranges(self.gates)
        full = look.see(folded + self.gates if effects.second_trip else self.gates)
        kdp = full.kdp / look.radar.wavelength
        # To the middle of a gate: all before it and half its own, out and back.
        phase = 2e-3 * sweep.gate * (np.cumsum(kdp, axis=1) - 0.5 * kdp)
        by_phase, by_difference = ATTENUATION[look.radar.band] if effects.attenuation else (0.0, 0.0)
        far_range = look.ranges(full.zh.shape[1])
        blocked = self._ground(site, far_range)
        loss = 10.0 ** (-0.1 * by_phase * phase) * (1.0 - blocked)
        here, there = slice(0, self.gates), slice(folded, folded + self.gates)
        self.seen = Seen(**{field.name: getattr(full, field.name)[:, here] for field in dataclasses.fields(full)})
        self.kdp, self.phase, self.loss_db = kdp[:, here], phase[:, here], by_phase * phase[:, here]
        self.zh, self.zv = (full.zh * loss)[:, here], (full.zv * loss * 10.0 ** (0.1 * by_difference * phase))[:, here]
        self.zhv = full.zhv[:, here] * np.sqrt(loss * loss * 10.0 ** (0.1 * by_difference * phase))[:, here]
        self.second = np.zeros_like(self.zh)
        self.second_velocity, self.second_width = np.zeros_like(self.zh), np.ones_like(self.zh)
        if effects.second_trip:
            nearer = (self.range / far_range[there]) ** 2
            self.second = (full.zh * loss)[:, there] * nearer
            self.second_velocity, self.second_width = full.velocity[:, there], full.width[:, there]
        self.blocked = blocked[:, here]
        self.noise = 10.0 ** (0.1 * look.radar.noise) * (self.range / 100e3) ** 2 * np.ones_like(self.zh)
        self.interference = self._interference()
        self.clutter = self._clutter()

    def _ground(self, site: Site, slant: Array) -> Array:
        """How much of the beam is blocked, (ray, gate); notes at what angle the ground is seen (radians)."""
        look = self.look
        along = beam.ray(slant, 0.0, site.altitude)[0]
        heights = np.zeros((look.azimuth.size, slant.size))
        if self.effects.terrain is not None:
            where = Grid.of(self.effects.terrain)
            plane = beam.Plane(site.latitude, site.longitude, where.projection, float(slant[-1]) + 1e3)
            x, y = plane.place(along[None, :], look.azimuth[:, None])
            heights = height_at(self.effects.terrain, x, y)
        self.ground_angle = (heights - site.altitude) / along - 0.5 * along / beam.EARTH
        horizon = np.maximum.accumulate(self.ground_angle, axis=1)
        self.visible = self.ground_angle >= horizon
        sigma = np.radians(beam.two_way(look.radar.beam_width))
        if self.effects.terrain is None:
            return np.zeros_like(heights)
        return _below((horizon - np.radians(look.elevation)[:, None]) / sigma)

    def _clutter(self) -> Array:
        level = self.effects.clutter
        if level is None:
            return np.zeros_like(self.zh)
        look = self.look
        ground = beam.ray(self.range, 0.0, look.altitude)[0]
        x, y = look.plane.place(ground[None, :], look.azimuth[:, None])
        off = self.ground_angle[:, : self.gates] - np.radians(look.elevation)[:, None]
        lit = np.exp(-0.5 * (off / np.radians(beam.two_way(look.radar.beam_width))) ** 2)
        pattern = _receiver.clutter_map(x, y, self.effects.clutter_seed)
        return np.asarray(10.0 ** (0.1 * level) * pattern * lit * self.visible[:, : self.gates])

    def _interference(self) -> Array:
        """Power that is no echo, in units of the noise."""
        look, power = self.look, np.zeros_like(self.zh)
        one_way = np.sqrt(2.0) * beam.two_way(look.radar.beam_width)
        for source in (self.effects.sun, self.effects.spoke):
            if source is None:
                continue
            off = (look.azimuth - source[0] + 180.0) % 360.0 - 180.0
            level = 8.0  # of an S band radar that looks into the quiet sun
            if source is self.effects.spoke:
                level, up = source[1], np.zeros_like(off)
            else:
                off = off * np.cos(np.radians(look.elevation))
                up = look.elevation - source[1]
            seen = 10.0 ** (0.1 * level) * np.exp(-0.5 * (off**2 + up**2) / one_way**2)
            power += np.where(seen > 0.01, seen, 0.0)[:, None] * self.noise
        return np.asarray(power)

    def _echo(self, nyquist: float) -> _receiver.Power:
        power = _receiver.Power.of(self.zh, self.seen.velocity, self.seen.width, nyquist)
        if self.effects.clutter is not None:
            still = np.zeros_like(self.clutter)
            power.add(_receiver.Power.of(self.clutter, still, still + _CLUTTER_WIDTH, nyquist))
        if self.second.any():
            second = _receiver.Power.of(self.second, self.second_velocity, self.second_width, nyquist)
            power.add(second, coherent=self.look.radar.coherent)
        power.add(_receiver.Power(self.interference, np.zeros(self.zh.shape, dtype=complex)))
        return power

    def volume(self) -> dict[str, Any]:
        """The moments the sweep has."""
        look, random = self.look, self.random
        sweep = look.sweep
        extended, nyquist = sweep.nyquist(look.radar.wavelength)
        echo = self._echo(nyquist)
        velocity, width, quality = _receiver.doppler(echo, self.noise, nyquist, sweep.samples, random)
        if sweep.ratio:
            low = nyquist * sweep.ratio / (sweep.ratio + 1)
            other = _receiver.doppler(self._echo(low), self.noise, low, sweep.samples, random)[0]
            velocity = _receiver.wrap(_receiver.unfold(velocity, other, nyquist, sweep.ratio), extended)
        signal = echo.total
        apart = _receiver.independent(sweep.samples, width, nyquist)
        ratio = self.noise / np.maximum(signal, 1e-30)
        h, v = self.zh + self.clutter + self.second, self.zv + self.clutter + self.second
        alike = self.zhv + 0.6 * self.clutter + 0.95 * self.second
        correlation = np.clip(alike / np.sqrt(np.maximum(h * v, 1e-60)), 0.05, 0.999)
        correlation = correlation * np.minimum(h / np.maximum(signal, 1e-30), 1.0)
        noisy = np.maximum(correlation / (1.0 + np.minimum(ratio, 1e3)), 0.01)
        with np.errstate(divide="ignore", invalid="ignore"):
            dbz = 10.0 * np.log10(signal)
            zdr = 10.0 * np.log10(h / v)
        phidp = look.radar.phase + self.phase
        if random is not None:
            normal = random.standard_normal
            measured = _receiver.power(signal, self.noise, apart, sweep.samples, random)
            dbz = 10.0 * np.log10(np.maximum(measured, 1e-30))
            zdr = zdr + 4.343 * np.sqrt(2.0 * (1.0 - noisy**2) / apart) * normal(dbz.shape)
            scatter = np.degrees(np.sqrt(np.minimum((1.0 / noisy**2 - 1.0) / (2.0 * apart), 10.0)))
            phidp = phidp + scatter * normal(dbz.shape)
            correlation = correlation + (1.0 - noisy**2) / np.sqrt(2.0 * apart) * normal(dbz.shape)
        snr = dbz - 10.0 * np.log10(self.noise)
        shown = snr >= self.effects.threshold
        blind = self.blocked > _BLIND
        fields = {
            "DBZH": np.where(shown, dbz, volumes.NOTHING_DBZ),
            "VRADH": velocity,
            "WRADH": width,
            "ZDR": zdr,
            "PHIDP": phidp % 360.0,
            "RHOHV": np.clip(correlation, 0.0, 1.0),
            "SNRH": snr,
            "SQIH": quality,
        }
        masked = {
            name: np.where(shown, values, np.nan) if name != "DBZH" else values for name, values in fields.items()
        }
        found = {name: np.where(blind, np.nan, masked[name]) for name in sweep.moments}
        return found | (self._folded(found) if sweep.flag_folded else {})

    def _folded(self, found: dict[str, Array]) -> dict[str, Any]:
        """Velocity and width without the gates a second trip overlies, and the flags that say so."""
        strong = self.second > np.maximum(0.3 * (self.zh + self.clutter), self.noise)
        flagged: dict[str, Any] = {}
        for name in ("VRADH", "WRADH"):
            if name in found:
                flagged[name] = np.where(strong, np.nan, found[name])
                flagged[f"{name}_flags"] = strong.astype(np.uint8)
        return flagged

    def truth(self) -> dict[str, Any]:
        """What is behind each gate."""
        seen = self.seen
        there = seen.zh > 1e-4
        zh, zv = np.where(there, seen.zh, np.nan), np.where(there, seen.zv, np.nan)
        first = self.zh + self.clutter
        return {
            "DBZH": np.where(there, 10.0 * np.log10(np.where(there, seen.zh, 1.0)), volumes.NOTHING_DBZ),
            "VRADDH": np.where(there, seen.velocity, np.nan),
            "WRADH": np.where(there, seen.width, np.nan),
            "ZDR": 10.0 * np.log10(zh / zv),
            "KDP": np.where(there, self.kdp, np.nan),
            "PHIDP": self.phase,
            "RHOHV": seen.zhv / np.sqrt(zh * zv),
            "attenuation": self.loss_db,
            "blocked": self.blocked,
            "clutter": (self.clutter > np.maximum(self.zh + self.second, 1e-4)).astype(np.uint8),
            "second_trip": (self.second > np.maximum(first, 1e-4)).astype(np.uint8),
            "interference": (self.interference > np.maximum(first + self.second, 1e-4)).astype(np.uint8),
        }


def _below(x: Array) -> Array:
    """The part of a Gaussian below x standard deviations, by Abramowitz and Stegun (1964), 26.2.17: to 1e-7."""
    size = np.minimum(np.abs(x), 8.0)
    k = 1.0 / (1.0 + 0.2316419 * size)
    series = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    tail = np.exp(-0.5 * size**2) / np.sqrt(2.0 * np.pi) * series
    return np.asarray(np.where(x > 0, 1.0 - tail, tail))


def _dataset(number: int, look: Look, radar: Radar, start: str, fields: dict[str, Any]) -> xr.Dataset:
    sweep: Sweep = look.sweep
    ray = "elevation" if sweep.rhi else "azimuth"
    gates = int(sweep.reach / sweep.gate)
    when = np.datetime64(start, "ns") + np.rint(1e9 * look.seconds).astype("timedelta64[ns]")
    units = {"DBZH": "dBZ", "ZDR": "dB", "PHIDP": "degrees", "KDP": "degrees km-1", "attenuation": "dB", "SNRH": "dB"}
    units |= {"VRADH": "m s-1", "VRADDH": "m s-1", "WRADH": "m s-1"}
    mode = "rhi" if sweep.rhi else "azimuth_surveillance" if sweep.rays * sweep.step >= 359.0 else "sector"
    data = xr.Dataset(
        {
            "sweep_number": ((), np.int32(number)),
            "sweep_mode": ((), mode),
            "sweep_fixed_angle": ((), sweep.angle, {"units": "degrees"}),
            "nyquist_velocity": ((ray,), np.full(sweep.rays, sweep.nyquist(radar.wavelength)[0], np.float32)),
            "unambiguous_range": ((ray,), np.full(sweep.rays, sweep.unambiguous, np.float32)),
        },
        coords={
            "azimuth": ((ray,), look.azimuth.astype(np.float32), {"units": "degrees"}),
            "elevation": ((ray,), look.elevation.astype(np.float32), {"units": "degrees"}),
            "time": ((ray,), when),
            "range": (("range",), look.ranges(gates), {"units": "m"}),
        },
    )
    for name, values in fields.items():
        kept = values if values.dtype == np.uint8 else values.astype(np.float32)
        data[name] = ((ray, "range"), kept, {"units": units.get(name, "1")})
        if name == "DBZH":
            data[name].attrs["_Undetect"] = np.float32(volumes.NOTHING_DBZ)
    return data


def _root(site: Site, strategy: Strategy) -> xr.Dataset:
    radar = strategy.radar
    place = {"latitude": site.latitude, "longitude": site.longitude, "altitude": site.altitude}
    return xr.Dataset(
        coords={name: ((), value) for name, value in place.items()},
        attrs={
            "instrument_name": site.name,
            "site_name": site.name,
            "instrument": radar.name,
            "scan_name": strategy.name,
            "frequency": LIGHT / radar.wavelength,
            "beam_width_h": radar.beam_width,
            "beam_width_v": radar.beam_width,
        },
    )
