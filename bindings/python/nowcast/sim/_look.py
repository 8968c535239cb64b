"""What the beams of a sweep average, before any receiver: by far the most of the work of a scan."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from nowcast.sim import beam
from nowcast.sim.storm import Storm
from nowcast.sim.strategy import Radar, Sweep

__all__ = ["Look", "Seen"]

Array = npt.NDArray[np.float64]

_FIELDS = ("zh", "zv", "zhv", "kdp", "zv_r", "zv_r2")
_CHUNK = 100_000
_TURBULENCE = 1.0  # m s-1, of eddies smaller than the beam


@dataclasses.dataclass(frozen=True, eq=False)
class Seen:
    """Means over the beam: (ray, gate); reflectivities in mm6 m-3, 0 where there is nothing."""

    zh: Array
    zv: Array
    zhv: Array
    kdp: Array
    """at a wavelength of 1 m"""
    velocity: Array
    """m s-1, of what falls, outwards; NaN where there is nothing"""
    width: Array


class Look:
    """The rays and gates of a sweep, and the lattice they are averaged from."""

    def __init__(self, storm: Storm, plane: beam.Plane, altitude: float, radar: Radar, sweep: Sweep, t: float) -> None:
        """``t`` is when the sweep begins, s after the storm's start."""
        self.storm, self.plane, self.altitude, self.radar, self.sweep = storm, plane, altitude, radar, sweep
        narrow = 1.0 if sweep.rhi else math.cos(math.radians(sweep.angle))
        self._turning = beam.around(radar.beam_width / max(narrow, 0.1), sweep.step)
        self._ranging = beam.along_ray(radar.pulse, sweep.gate)
        angle = sweep.start + sweep.step * (np.arange(sweep.rays) + 0.5)
        fixed = np.full(sweep.rays, sweep.angle)
        self.azimuth = np.asarray(fixed if sweep.rhi else angle % 360.0, dtype=np.float64)
        self.elevation = np.asarray(angle if sweep.rhi else fixed, dtype=np.float64)
        self.seconds = t + (angle - sweep.start) / sweep.rate

    def ranges(self, gates: int) -> Array:
        """Of the centres of the gates, m."""
        return self.sweep.gate * (np.arange(gates, dtype=np.float64) + 0.5)

    def see(self, gates: int) -> Seen:
        """The means of so many gates."""
        turning, ranging, sweep = self._turning, self._ranging, self.sweep
        angle = sweep.start + sweep.step * (0.5 + turning.points(sweep.rays) / turning.every)
        slant = np.maximum(sweep.gate * (0.5 + ranging.points(gates) / ranging.every), 1.0)
        rows, columns = self._window(angle, slant)
        lattice = self._lattice(angle[rows], slant[columns])
        turned, ray = turning.means(lattice, rows.start, sweep.rays)
        means, gate = ranging.means(np.swapaxes(turned, 0, 1), columns.start, gates)
        sums = np.swapaxes(means, 0, 1)
        zh, zv, zhv, kdp, first_moment, second_moment = np.moveaxis(sums, -1, 0)
        there = np.where(zh > 0.0, zh, np.nan)
        velocity = first_moment / there
        width = np.sqrt(np.maximum(second_moment / there - velocity**2, 0.0) + _TURBULENCE**2)

        def placed(values: Array, nothing: float) -> Array:
            full = np.full((sweep.rays, gates), nothing)
            full[ray : ray + sums.shape[0], gate : gate + sums.shape[1]] = values
            return full

        zh, zv, zhv, kdp = (placed(values, 0.0) for values in (zh, zv, zhv, kdp))
        return Seen(zh, zv, zhv, kdp, placed(velocity, np.nan), placed(width, np.nan))

    def _window(self, angle: Array, slant: Array) -> tuple[slice, slice]:
        """The rows and columns of the lattice that can meet an echo."""
        sweep = self.sweep
        lowest = 0.0 if sweep.rhi else sweep.angle
        ground = beam.ray(slant, lowest, self.altitude)[0]
        rows, columns = np.zeros(angle.size, dtype=bool), np.zeros(slant.size, dtype=bool)
        middle = 0.5 * (self.seconds[0] + self.seconds[-1])
        for west, east, south, north, _ in self.storm.bounds(float(middle)):
            if not math.isfinite(west):
                return slice(0, angle.size), slice(0, slant.size)
            # What moves during the sweep moves less than this.
            radius = 0.5 * math.hypot(east - west, north - south) + 60.0 * max(sweep.seconds, 1.0)
            distance, azimuth = self.plane.polar(0.5 * (west + east), 0.5 * (south + north))
            apart = 180.0 if distance <= radius else math.degrees(math.asin(radius / distance)) + 2.0
            looking = np.full(angle.size, sweep.angle) if sweep.rhi else angle
            met = np.abs((looking - azimuth + 180.0) % 360.0 - 180.0) <= apart
            if met.any():
                rows |= met
                # Rays of an RHI that climb reach a place above the ground later than its first ray does.
                columns |= (ground >= distance - radius) & ((ground <= distance + radius) | sweep.rhi)
        return _span(rows), _span(columns)

    def _lattice(self, angle: Array, slant: Array) -> Array:
        """The fields at every point, averaged across the turning: (row, column, field)."""
        sweep, storm = self.sweep, self.storm
        sums = np.zeros((angle.size, slant.size, len(_FIELDS)))
        if not sums.size:
            return sums
        seconds = self.seconds[0] + (angle - (sweep.start + 0.5 * sweep.step)) / sweep.rate
        elevation = angle[:, None] if sweep.rhi else np.full((1, 1), sweep.angle)
        ground, _ = beam.ray(slant[None, :], elevation, self.altitude)
        azimuth = np.full((1, 1), sweep.angle) if sweep.rhi else angle[:, None]
        x, y = self.plane.place(ground, azimuth)
        row, column = np.nonzero(storm.over(x, y, seconds[:, None]))
        top = max(bound[4] for bound in storm.bounds(float(seconds[0])))
        for begin in range(0, row.size, _CHUNK):
            part = slice(begin, begin + _CHUNK)
            i, j = row[part], column[part]
            for off, weight in zip(*beam.across(self.radar.beam_width), strict=True):
                # Across an RHI the offset is one of azimuth, which narrows towards the zenith.
                turned = off / np.maximum(np.cos(np.radians(angle[i])), 0.1)
                up = angle[i] if sweep.rhi else np.full(i.size, sweep.angle + off)
                along, height = beam.ray(slant[j], up, self.altitude)
                inside = (height >= storm.ground) & (height <= storm.ground + top)
                if inside.any():
                    k = np.flatnonzero(inside)
                    looking = np.full(k.size, sweep.angle) + turned[k] if sweep.rhi else angle[i[k]]
                    found = self._points(along[k], height[k], looking, up[k], seconds[i[k]])
                    sums[i[k], j[k]] += weight * found
        return sums

    def _points(self, ground: Array, height: Array, azimuth: Array, elevation: Array, t: Array) -> Array:
        storm = self.storm
        x, y = self.plane.place(ground, azimuth)
        z = height - storm.ground
        found = np.zeros((ground.size, len(_FIELDS)))
        echo = storm.echo(x, y, z, t)
        found[:, :4] = echo[:, :4]
        wet = np.flatnonzero(echo[:, 0] > 0.0)
        z_h, z_fall = echo[wet, 0], echo[wet, 4]
        u, v, w = storm.wind(x[wet], y[wet], z[wet], t[wet])
        east, north = self.plane.outward(ground[wet], azimuth[wet])
        up = beam.local_elevation(elevation[wet], ground[wet])
        away = (u * east + v * north) * np.cos(up) + (w - z_fall / z_h) * np.sin(up)
        found[wet, 4] = z_h * away
        found[wet, 5] = z_h * away**2
        return found


def _span(which: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last that is set."""
    found = np.flatnonzero(which)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)
