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
_CHUNK = 1 << 13
"""Points at a time: their arrays stay in the cache."""
_BLOCK = 64
"""Rows and columns of the lattice whose points come one behind the other."""
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
        sums = []
        for field in self._lattice(angle[rows], slant[columns]):
            turned, ray = turning.means(field, rows.start, sweep.rays)
            means, gate = ranging.means(turned.T, columns.start, gates)
            sums.append(means.T)
        zh, zv, zhv, kdp, first_moment, second_moment = sums
        there = np.where(zh > 0.0, zh, np.nan)
        velocity = first_moment / there
        width = np.sqrt(np.maximum(second_moment / there - velocity**2, 0.0) + _TURBULENCE**2)

        def placed(values: Array, nothing: float) -> Array:
            full = np.full((sweep.rays, gates), nothing)
            full[ray : ray + values.shape[0], gate : gate + values.shape[1]] = values
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
        """The fields at every point, averaged across the turning: (field, row, column)."""
        sweep, storm = self.sweep, self.storm
        shape = len(_FIELDS), angle.size, slant.size
        if angle.size == 0 or slant.size == 0:
            return np.zeros(shape)
        sums = np.zeros((shape[0], angle.size * slant.size))
        seconds = self.seconds[0] + (angle - (sweep.start + 0.5 * sweep.step)) / sweep.rate
        elevation = angle[:, None] if sweep.rhi else np.full((1, 1), sweep.angle)
        ground, _ = beam.ray(slant[None, :], elevation, self.altitude)
        azimuth = np.full((1, 1), sweep.angle) if sweep.rhi else angle[:, None]
        x, y = self.plane.place(ground, azimuth)
        rows, columns = _by_blocks(*np.nonzero(storm.over(x, y, seconds[:, None])))
        places = rows * slant.size + columns
        top = storm.ground + max(bound[4] for bound in storm.bounds(float(seconds[0])))
        for off, weight in zip(*beam.across(self.radar.beam_width), strict=True):
            # Across an RHI the offset is one of azimuth, which narrows towards the zenith.
            narrow = np.maximum(np.cos(np.radians(angle)), 0.1)
            towards = beam.heading(sweep.angle + off / narrow if sweep.rhi else angle)
            rays = _Points.along(slant, elevation if sweep.rhi else elevation + off, self.altitude)
            which = places if sweep.rhi else columns  # all rows but those of an RHI are alike
            for begin in range(0, places.size, _CHUNK):
                part = slice(begin, begin + _CHUNK)
                place, row, points = places[part], rows[part], rays.at(which[part])
                inside = np.flatnonzero((points.height >= storm.ground) & (points.height <= top))
                if inside.size < place.size:
                    place, row, points = place[inside], row[inside], points.at(inside)
                found = self._fields(points, (towards[0][row], towards[1][row]), seconds[row])
                for field, values in zip(sums, found, strict=True):
                    field[place] += weight * values
        return sums.reshape(shape)

    def _fields(self, points: "_Points", towards: tuple[Array, Array], t: Array) -> Array:
        """At points in a row: (field, point)."""
        storm = self.storm
        x, y = self.plane.along(points.ground, towards)
        z = points.height - storm.ground
        echo = storm.echo(x, y, z, t).T
        found = np.zeros((len(_FIELDS), t.size))
        found[:4] = echo[:4]
        wet = np.flatnonzero(echo[0] > 0.0)
        z_h, z_fall = echo[0, wet], echo[4, wet]
        u, v, w = storm.wind(x[wet], y[wet], z[wet], t[wet])
        points = points.at(wet)
        east, north = self.plane.outward(points.ground, (towards[0][wet], towards[1][wet]))
        away = (u * east + v * north) * points.level + (w - z_fall / z_h) * points.rise
        found[4, wet] = z_h * away
        found[5, wet] = z_h * away**2
        return found


@dataclasses.dataclass(frozen=True, eq=False)
class _Points:
    """Points of rays: distance along the ground and height, and the cosine and the sine of the elevation there."""

    ground: Array
    height: Array
    level: Array
    rise: Array

    @classmethod
    def along(cls, slant: Array, elevation: Array, altitude: float) -> "_Points":
        """Row by row, of elevations in a column (degrees)."""
        ground, height = beam.ray(slant[None, :], elevation, altitude)
        up = beam.local_elevation(elevation, ground)
        return cls(ground.ravel(), height.ravel(), np.cos(up).ravel(), np.sin(up).ravel())

    def at(self, which: npt.NDArray[np.int64]) -> "_Points":
        """Some of them."""
        return _Points(self.ground[which], self.height[which], self.level[which], self.rise[which])


def _by_blocks(
    row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of a lattice put in such an order that those of a chunk lie close together."""
    order = np.lexsort((column // _BLOCK, row // _BLOCK))
    return row[order], column[order]


def _span(which: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last that is set."""
    found = np.flatnonzero(which)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)
