"""Volumes of one or several radars on one three-dimensional grid, at one time or at several."""

import dataclasses
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _echo_motion, _field, _lib, _volume
from nowcast._georeference import Profile, bend
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid, ascending

__all__ = ["METHODS", "MOTION_MISSING", "REFLECTIVITIES", "Live", "Lookup", "build", "forget"]

METHODS = {
    "linear": lib.NWC_MOSAIC_LINEAR,
    "nearest": lib.NWC_MOSAIC_NEAREST,
    "barnes": lib.NWC_MOSAIC_BARNES,
    "cressman": lib.NWC_MOSAIC_CRESSMAN,
}
"""How gates become a cell, by name."""

REFLECTIVITIES = {"echo": lib.NWC_MOSAIC_ECHO, "z": lib.NWC_MOSAIC_Z}
"""How reflectivities of gates become one, by name."""

MOTION_MISSING = _echo_motion.MISSING
"""What ``motion_status`` says where a mosaic lacks the motion that was to be estimated."""

_logger = logging.getLogger("nowcast")
_KEPT_BYTES = 1 << 30
_QUALITY = ("QIND", "CBB")


class Lookup:
    """Where the cells of a grid lie as the radar of a volume sees them.

    ``build`` makes and keeps those it needs, up to 1 GiB of them; ``forget`` lets go of them.
    """

    def __init__(self, volume: Any, grid: Grid, options: Any) -> None:
        out = ffi.new("nwc_mosaic_lookup **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_mosaic_lookup_create(ctx, volume, grid.to_c()[0], options, out))
        self.c = ffi.gc(out[0], lib.nwc_mosaic_lookup_destroy)

    def serves(self, volume: Any, grid: Grid, options: Any) -> bool:
        return bool(lib.nwc_mosaic_lookup_serves(self.c, volume, grid.to_c()[0], options))

    @property
    def nbytes(self) -> int:
        return int(lib.nwc_mosaic_lookup_bytes(self.c))


_kept: list[Lookup] = []
"""The one used last is the last."""
_lock = threading.Lock()


def forget() -> None:
    """Let go of the lookups that are kept."""
    with _lock:
        _kept.clear()


def _lookup(volume: Any, grid: Grid, options: Any) -> Lookup:
    with _lock:
        found = next((lookup for lookup in _kept if lookup.serves(volume, grid, options)), None)
        if found is not None:
            _kept.remove(found)
            _kept.append(found)
            return found
    made = Lookup(volume, grid, options)
    with _lock:
        _kept.append(made)
        while len(_kept) > 1 and sum(lookup.nbytes for lookup in _kept) > _KEPT_BYTES:
            _kept.pop(0)
    return made


@dataclasses.dataclass
class _Radar:
    """The volumes of one radar."""

    name: str
    trees: list[xr.DataTree]
    ends: list[np.datetime64]


def build(
    volumes: xr.DataTree | Sequence[xr.DataTree | Sequence[xr.DataTree]],
    *,
    grid: Grid,
    fields: Sequence[str] = ("DBZH",),
    method: str = "linear",
    reflectivity: str = "echo",
    motion: xr.Dataset | str | None = None,
    time: Any = None,
    max_age: float | None = None,
    max_range: float | None = None,
    min_known: float | None = None,
    beam_width: float | None = None,
    radius_min: float | None = None,
    radius_beams: float | None = None,
    quality_range: float | None = None,
    quality_age: float | None = None,
    blocked: float | None = None,
    beyond_beams: float | None = None,
    profile: Profile | None = None,
) -> xr.Dataset:
    """Bring volumes onto a grid: a mosaic of their radars for each time.

    Parameters
    ----------
    volumes : DataTree, or several
        In the FM 301 layout, of one or several radars, told apart by their place; those of a radar may be a list of
        their own.
    grid : Grid
        With levels ``z``, m above mean sea level: ``nowcast.grid.around`` makes one.
    fields : names of moments
        Velocities are those of the radar of the best quality. What some radars do not have comes from the others.
    method : "linear", "nearest", "barnes" or "cressman"
        Between two sweeps, two rays and two gates; the nearest of those; or all within a radius that grows with range.
    reflectivity : "echo" or "z"
        The mean dBZ of the gates with echo, as Z, times their share of the weight; or the mean Z, which keeps the sum
        and widens what is strong. Radars are averaged as Z.
    motion : Dataset of ``u`` and ``v`` on the grid, (y, x), m s-1; or "estimate"; optional
        By which every ray is brought to the time of the mosaic, as ``nowcast.motion.estimate`` gives it. "estimate"
        finds it from ``DBZH`` of the volume of every radar and the latest one that ended 2 to 15 minutes before, and
        averages what the radars tell, weighted by its quality. A radar without an earlier volume takes the others'
        motion; where none has one, or echo cannot be followed, the mosaic is made without, and says so.
    time : UTC, or several, optional
        Of the mosaics. When omitted, the ends of the volumes of the radar that has most of them; the latest end where
        no radar has more than one. Each takes of every radar the volume that ends nearest to it.
    max_age : float, optional
        s; what is farther from the time is left out. The library's default (900) when omitted.
    max_range, min_known, beam_width, radius_min, radius_beams, quality_range, quality_age, beyond_beams : float
        As in ``nwc_mosaic_options``, in m, parts of one, degrees, s and widths of the beam; the library's defaults when
        omitted.
    blocked : float, optional
        Gates of whose beam the ground hides at least this part (CBB, as ``nowcast.radar.blockage`` finds it) are as
        not observed; 0.7 when omitted.
    profile : (heights, refractivities), optional
        Through which beams are traced, as in ``nowcast.radar.Beam``; over four thirds of the earth when omitted.

    Returns
    -------
    (time, z, y, x) float32 Dataset of the fields and, for every cell, ``quality`` (0 to 1), ``age`` (s) and
    ``radars``, a bit for each; (time, y, x) ``lowest_beam`` (m above mean sea level). NaN is not observed; no echo is
    -32 dBZ. The attribute ``radars`` names the radars, lowest bit first; ``late`` those left out at any time for their
    age. ``.grid`` of it is the grid.

    ``motion_status`` is "none", "given", or of what was to be estimated: "estimated"; "no echo", and none is needed;
    "not followed" or "no two volumes", where it is missing; several where it differs from time to time. Then there are
    also (time, y, x) ``echo_u`` and ``echo_v``, the motion (m s-1, NaN where unknown), and (time) ``motion_radars``,
    a bit for each radar that told it.

    Raises
    ------
    ArgumentError : a grid without levels, a volume without a place, an option out of range.
    NoDataError : no volume has any of the fields.
    """
    names = [fields] if isinstance(fields, str) else list(fields)
    options = _options(
        grid,
        method,
        reflectivity,
        profile,
        max_age_s=max_age,
        max_range_m=max_range,
        min_known=min_known,
        beam_width_deg=beam_width,
        radius_min_m=radius_min,
        radius_beams=radius_beams,
        quality_range_m=quality_range,
        quality_age_s=quality_age,
        blocked=blocked,
        beyond_beams=beyond_beams,
    )
    radars = _radars(volumes)
    units = _units(radars, names)
    times = _times(radars, time)
    flow = _flow(motion, grid)
    pairs = _Pairs(radars, grid, options) if _estimated(motion) else None
    joined: list[_echo_motion.Joined] = []
    cells, bits = _cells(names, len(times), grid)
    late: list[str] = []
    volumes_c: dict[tuple[int, int], Any] = {}
    for index, moment in enumerate(times):
        inputs = ffi.new("nwc_mosaic_input[]", len(radars))
        held, told = [], []
        for number, radar in enumerate(radars):
            away = [abs(end - moment) for end in radar.ends]
            nearest = min(range(len(away)), key=lambda n: (away[n], -n))
            key = (number, nearest)
            if key not in volumes_c:
                volumes_c = {old: kept for old, kept in volumes_c.items() if old[0] != number}  # one of each radar
                volumes_c[key] = _volume.handle(radar.trees[nearest], [*names, *_QUALITY], flags=False)
            lookup = _lookup(volumes_c[key], grid, options)
            inputs[number].volume, inputs[number].lookup = volumes_c[key], lookup.c
            held.append(lookup)
            is_late = away[nearest] > np.timedelta64(int(options.max_age_s * 1e9), "ns")
            if pairs is not None:
                told.append(_echo_motion.NOTHING if is_late else pairs.told(number, nearest))
            if is_late and radar.name not in late:
                late.append(radar.name)
                _logger.warning("mosaic: %s is left out: its volume ends %s from %s", radar.name, away[nearest], moment)
        if pairs is not None:
            joined.append(_echo_motion.join(told, grid))
            flow = _fields_of(joined[-1].flow, grid)
        out, kept = _output(names, units, grid, {name: array[index] for name, array in cells.items()}, bits[index])
        with _lib.call() as ctx:
            ns = int(moment.astype("datetime64[ns]").astype(np.int64))
            _lib.check(lib.nwc_mosaic_build(ctx, inputs, len(radars), ns, *(f.c for f in flow), options, out))
        del kept
    files = [str(tree.attrs.get("input_files", "")) for radar in radars for tree in radar.trees]
    sites = [radar.name for radar in radars]
    made = _dataset(names, units, grid, times, cells, bits, sites, files, late, method)
    return _with_motion(made, motion, joined, sites)


class _Pairs:
    """What pairs of volumes tell of the motion of echoes; each is looked at once."""

    def __init__(self, radars: Sequence[_Radar], grid: Grid, options: Any) -> None:
        self._radars, self._grid, self._options = radars, grid, options
        self._frames: dict[tuple[int, int], _echo_motion.Frame] = {}
        self._told: dict[tuple[int, int], _echo_motion.Told] = {}

    def told(self, number: int, index: int) -> _echo_motion.Told:
        """By volume index of radar number and the one before."""
        if (number, index) not in self._told:
            ends = self._radars[number].ends
            earlier = _echo_motion.before(ends, ends[index])
            self._told[number, index] = (
                _echo_motion.NOTHING
                if earlier is None
                else _echo_motion.told(self._frame(number, earlier), self._frame(number, index), self._grid)
            )
        return self._told[number, index]

    def _frame(self, number: int, index: int) -> _echo_motion.Frame:
        if (number, index) not in self._frames:
            tree, end = self._radars[number].trees[index], self._radars[number].ends[index]
            volume = _volume.handle(tree, [_echo_motion.ECHO, *_QUALITY], flags=False)
            lookup = _lookup(volume, self._grid, self._options)

            def make(cells: npt.NDArray[np.float32]) -> None:
                inputs = ffi.new("nwc_mosaic_input *", {"volume": volume, "lookup": lookup.c})
                out, kept = _echo_output(cells, self._grid)
                with _lib.call() as ctx:
                    ns = int(end.astype(np.int64))
                    _lib.check(lib.nwc_mosaic_build(ctx, inputs, 1, ns, ffi.NULL, ffi.NULL, self._options, out))
                del kept

            time = _echo_motion.middle(_began(tree, _volume.sweep_names(tree)), end)
            self._frames[number, index] = _echo_motion.frame(time, self._grid, make)
        return self._frames[number, index]


class Live:
    """A mosaic of live data, which takes sweeps as they come: those of ``nowcast.radar.follow``, or whole volumes.

    ``build`` gives at any time what the newest sweeps make. Until a volume is whole, the elevations it has not come to
    are those of the volume before; where all radars' volumes are whole, the mosaic is, to the bit, the one that
    ``nowcast.mosaic.build`` makes of them.

    Parameters
    ----------
    grid, fields, method, reflectivity, profile : as for ``build``
    motion : "estimate", optional
        Find how echoes move whenever a volume becomes whole, by it and the latest whole one of its radar that ended 2
        to 15 minutes before, as ``build`` does; mosaics are then brought to their time by it.
    options : as for ``build``: max_age, max_range, min_known, beam_width, radius_min, radius_beams, quality_range,
        quality_age, beyond_beams

    Raises
    ------
    ArgumentError : a grid without levels, an option out of range or not known.
    """

    def __init__(
        self,
        grid: Grid,
        fields: Sequence[str] = ("DBZH",),
        *,
        method: str = "linear",
        reflectivity: str = "echo",
        profile: Profile | None = None,
        motion: str | None = None,
        **options: float | None,
    ) -> None:
        unknown = sorted(set(options) - set(_NAMED))
        if unknown:
            raise ArgumentError(f"options: {', '.join(_NAMED)} expected, {', '.join(unknown)} given")
        self.grid = grid
        self._names = [fields] if isinstance(fields, str) else list(fields)
        self._motion = "estimate" if _estimated(motion) else None
        self._taken = list(dict.fromkeys([*self._names, _echo_motion.ECHO] if self._motion else self._names))
        self._method, self._lock = method, threading.Lock()
        self._units: dict[str, str] = {}
        self._sites: list[str] = []
        self._files: dict[str, None] = {}  # of the sweeps taken last, in their order
        self._whole: list[list[tuple[np.datetime64, _echo_motion.Frame]]] = []  # of each radar, by their ends
        self._told: list[_echo_motion.Told] = []
        chosen = _options(grid, method, reflectivity, profile, **{_NAMED[name]: options[name] for name in options})
        self._max_age = np.timedelta64(int(chosen.max_age_s * 1e9), "ns")
        texts = [ffi.new("char[]", name.encode()) for name in self._taken]
        out = ffi.new("nwc_mosaic_live **")
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_mosaic_live_create(ctx, grid.to_c()[0], len(texts), ffi.new("char *[]", texts), chosen, out)
            )
        self._c = ffi.gc(out[0], lib.nwc_mosaic_live_destroy)

    def add(self, tree: xr.DataTree) -> None:
        """Take the sweeps of a tree: one, with the attribute ``complete`` at the last of a volume, or a whole volume.

        Raises
        ------
        ArgumentError : a radar whose place is not known, or one more than a mosaic can have.
        """
        groups = _volume.sweep_names(tree)
        volume = _volume.handle(tree, [*self._taken, *_QUALITY], flags=False)
        whole = str(tree.attrs.get("complete", str(not tree.attrs.get("incomplete")).lower())) == "true"
        sweep = ffi.new("nwc_mosaic_sweep *", {"volume": volume, "began_ns": _began(tree, groups)})
        with self._lock:
            for number in range(len(groups)):
                sweep.sweep, sweep.last = number, whole and number == len(groups) - 1
                with _lib.call() as ctx:
                    _lib.check(lib.nwc_mosaic_live_add(ctx, self._c, sweep))
            if lib.nwc_mosaic_live_radars(self._c) > len(self._sites):
                self._sites.append(str(tree.attrs.get("instrument_name") or f"radar_{len(self._sites)}"))
                self._whole.append([])
                self._told.append(_echo_motion.NOTHING)
            self._units = _known_units([tree]) | self._units
            for name in filter(None, str(tree.attrs.get("input_files", "")).split("\n")):
                self._files.pop(name, None)
                self._files[name] = None
            while len(self._files) > _MOST_FILES:
                del self._files[next(iter(self._files))]
            if whole and self._motion:
                self._follow(self._number(tree), sweep.began_ns)

    @property
    def radars(self) -> dict[str, np.datetime64]:
        """The radars met so far, and the time of the newest ray of each."""
        with self._lock:
            return dict(zip(self._sites, self._newest(), strict=True))

    def _newest(self) -> list[np.datetime64]:
        return [np.datetime64(about.newest_ns, "ns") for about in self._about()]

    def _about(self) -> Iterator[Any]:
        about = ffi.new("nwc_mosaic_radar *")
        for number in range(lib.nwc_mosaic_live_radars(self._c)):
            _lib.check(lib.nwc_mosaic_live_radar(self._c, number, about))
            yield about

    def _number(self, tree: xr.DataTree) -> int:
        """Of the radar of a tree that has been taken."""
        place = tuple(float(tree[name]) for name in ("latitude", "longitude", "altitude"))
        places = ((about.latitude_deg, about.longitude_deg, about.altitude_m) for about in self._about())
        return next(number for number, other in enumerate(places) if other == place)

    def _follow(self, number: int, began: int) -> None:
        """Find how the echoes moved that a radar saw, whose volume has become whole."""
        end = self._newest()[number]

        def make(cells: npt.NDArray[np.float32]) -> None:
            out, kept = _echo_output(cells, self.grid)
            with _lib.call() as ctx:
                ns = int(end.astype(np.int64))
                _lib.check(lib.nwc_mosaic_live_build(ctx, self._c, number, ns, ffi.NULL, ffi.NULL, out))
            del kept

        past = [(other, frame) for other, frame in self._whole[number] if end - _echo_motion.MOST <= other < end]
        last = _echo_motion.frame(_echo_motion.middle(began, end), self.grid, make)
        earlier = _echo_motion.before([other for other, _ in past], end)
        self._told[number] = (
            _echo_motion.NOTHING if earlier is None else _echo_motion.told(past[earlier][1], last, self.grid)
        )
        self._whole[number] = [*past, (end, last)]

    def build(self, *, time: Any = None, motion: xr.Dataset | None = None) -> xr.Dataset:
        """The mosaic for a time, by default that of the newest ray of all radars; a Dataset as ``build`` gives.

        Fields of which no sweep has come yet are left out. A motion that is given goes before one that is estimated.

        Raises
        ------
        NoDataError : no sweep with any of the fields has come.
        """
        with self._lock:
            names = [name for name in self._names if name in self._units]
            newest = self._newest()
            if not names or not newest:
                raise NoDataError(f"fields: no sweep with any of {', '.join(self._names)} has come yet")
            moment = max(newest) if time is None else np.datetime64(time, "ns")
            late = [site for site, last in zip(self._sites, newest, strict=True) if moment - last > self._max_age]
            units, flow = [self._units[name] for name in names], _flow(motion, self.grid)
            joined = []
            if motion is None and self._motion:
                told = [
                    one if whole and -self._max_age <= moment - whole[-1][0] <= self._max_age else _echo_motion.NOTHING
                    for one, whole in zip(self._told, self._whole, strict=True)
                ]
                joined = [_echo_motion.join(told, self.grid)]
                flow = _fields_of(joined[0].flow, self.grid)
            cells, bits = _cells(names, 1, self.grid)
            out, kept = _output(names, units, self.grid, {name: array[0] for name, array in cells.items()}, bits[0])
            with _lib.call() as ctx:
                ns = int(moment.astype(np.int64))
                _lib.check(lib.nwc_mosaic_live_build(ctx, self._c, -1, ns, *(f.c for f in flow), out))
            del kept
            files, sites = list(self._files), list(self._sites)
        made = _dataset(names, units, self.grid, [moment], cells, bits, sites, files, late, self._method)
        return _with_motion(made, self._motion if motion is None else motion, joined, sites)


def _began(tree: xr.DataTree, groups: list[str]) -> int:
    """When the volume began that the sweeps of a tree are of, ns: what they all say, or else the first of its rays."""
    said = str(tree["time_coverage_start"].values) if "time_coverage_start" in tree.variables else ""
    try:
        return int(np.datetime64(said.removesuffix("Z"), "ns").astype(np.int64))
    except ValueError:
        first = min(tree[group].to_dataset()["time"].values.min() for group in groups)
        return int(first.astype("datetime64[ns]").astype(np.int64))


_MOST_FILES = 256

_NAMED = {
    "max_age": "max_age_s",
    "max_range": "max_range_m",
    "min_known": "min_known",
    "beam_width": "beam_width_deg",
    "radius_min": "radius_min_m",
    "radius_beams": "radius_beams",
    "quality_range": "quality_range_m",
    "quality_age": "quality_age_s",
    "beyond_beams": "beyond_beams",
}
"""Options as they are called here and in C."""


def _options(grid: Grid, method: str, reflectivity: str, profile: Profile | None, **given: float | None) -> Any:
    """The C options, which keep a profile alive."""
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    if reflectivity not in REFLECTIVITIES:
        raise ArgumentError(f"reflectivity: one of {', '.join(REFLECTIVITIES)} expected, {reflectivity!r} given")
    if not grid.z:
        raise ArgumentError("grid: one with levels z expected; nowcast.grid.around makes one")
    options = _lib.options("mosaic", method=METHODS[method], reflectivity=REFLECTIVITIES[reflectivity], **given)
    return bend(options, profile)


def _cells(
    names: list[str], times: int, grid: Grid
) -> tuple[dict[str, npt.NDArray[np.float32]], npt.NDArray[np.int32]]:
    """Room for fields and what describes them, and for the bits of the radars."""
    shape = (times, len(grid.z), grid.ny, grid.nx)
    cells = {name: np.empty(shape, np.float32) for name in (*names, "quality", "age")}
    cells["lowest_beam"] = np.empty((shape[0], *shape[2:]), np.float32)
    return cells, np.empty(shape, np.int32)


def _radars(volumes: Any) -> list[_Radar]:
    """Volumes by the place of their radar, in the order in which they are met."""
    found: dict[tuple[float, ...], _Radar] = {}
    for tree in _flat([volumes] if isinstance(volumes, xr.DataTree) else volumes):
        place = tuple(float(tree[n]) if n in tree.variables else np.nan for n in ("latitude", "longitude", "altitude"))
        if not np.isfinite(place).all():
            raise ArgumentError("volumes: latitude, longitude and altitude of every radar expected, one is not known")
        groups = _volume.sweep_names(tree)
        if not groups:
            raise ArgumentError("volumes: groups sweep_0 ... expected, none found")
        end = max(tree[group].to_dataset()["time"].values.max() for group in groups).astype("datetime64[ns]")
        name = str(tree.attrs.get("instrument_name") or f"radar_{len(found)}")
        radar = found.setdefault(place, _Radar(name, [], []))
        radar.trees.append(tree)
        radar.ends.append(end)
    if not found:
        raise ArgumentError("volumes: at least one expected, none given")
    return list(found.values())


def _flat(volumes: Iterable[Any]) -> Iterable[xr.DataTree]:
    for item in volumes:
        if isinstance(item, xr.DataTree):
            yield item
        else:
            yield from _flat(item)


def _units(radars: list[_Radar], names: list[str]) -> list[str]:
    """Units of the fields; those no volume has are refused."""
    known = _known_units([tree for radar in radars for tree in radar.trees])
    missing = [name for name in names if name not in known]
    if len(missing) == len(names):
        raise NoDataError(f"fields: none of {', '.join(names)} in the volumes; there are {', '.join(sorted(known))}")
    if missing:
        raise ArgumentError(
            f"fields: {', '.join(missing)} in none of the volumes; there are {', '.join(sorted(known))}"
        )
    return [known[name] for name in names]


def _known_units(trees: list[xr.DataTree]) -> dict[str, str]:
    """The units of the moments in trees."""
    known: dict[str, str] = {}
    for tree in trees:
        for group in _volume.sweep_names(tree):
            data = tree[group].to_dataset()
            for name in data.data_vars:
                variable = data.variables[name]
                if variable.ndim == 2 and "units" in variable.attrs:
                    known.setdefault(str(name), str(variable.attrs["units"]))
    return known


def _times(radars: list[_Radar], time: Any) -> list[np.datetime64]:
    if time is not None:
        given = np.atleast_1d(np.asarray(time, dtype="datetime64[ns]"))
        if given.ndim != 1 or not given.size or np.isnat(given).any():
            raise ArgumentError("time: one time or several expected")
        return list(given)
    most = max(radars, key=lambda radar: len(radar.ends))
    return sorted(most.ends) if len(most.ends) > 1 else [max(radar.ends[0] for radar in radars)]


class _Calm:
    c = ffi.NULL


def _estimated(motion: xr.Dataset | str | None) -> bool:
    """Whether the motion is to be estimated."""
    if isinstance(motion, str) and motion != "estimate":
        raise ArgumentError(f'motion: a Dataset, "estimate" or None expected, {motion!r} given')
    return isinstance(motion, str)


def _flow(motion: xr.Dataset | str | None, grid: Grid) -> list[Any]:
    """The fields of a motion that is given."""
    if motion is None or isinstance(motion, str):
        return [_Calm(), _Calm()]
    if dataclasses.replace(Grid.of(motion), z=grid.z) != grid:
        raise ArgumentError("motion: the grid of the mosaic expected, another given")
    fields = []
    for name in ("u", "v"):
        component = motion[name].squeeze(drop=True).transpose("y", "x")
        array = ascending(component, _field.as_float32(component.values))
        fields.append(_field.Fields([array], component.attrs.get("units"), grid))
    return fields


def _fields_of(components: Sequence[npt.NDArray[np.float32]] | None, grid: Grid) -> list[Any]:
    """The fields of a motion that is estimated."""
    return [_Calm(), _Calm()] if components is None else [_field.Fields([c], "m s-1", grid) for c in components]


def _with_motion(
    made: xr.Dataset, motion: xr.Dataset | str | None, joined: Sequence[_echo_motion.Joined], sites: Sequence[str]
) -> xr.Dataset:
    """A mosaic, with what is to be said of its motion."""
    if joined:
        made = made.assign(_echo_motion.describe(joined, sites))
    made.attrs["motion_status"] = _echo_motion.say(joined) if joined else "none" if motion is None else "given"
    return made


def _echo_output(cells: npt.NDArray[np.float32], grid: Grid) -> tuple[Any, Any]:
    """The C struct for the reflectivity alone, and all it points to."""
    wanted = _field.Fields([cells], "dBZ", grid)
    text = ffi.new("char[]", _echo_motion.ECHO.encode())
    names = ffi.new("char *[]", [text])
    out = ffi.new("nwc_mosaic_output *", {"n_fields": 1, "names": names, "fields": wanted.c})
    return out, (wanted, text, names)


def _output(
    names: list[str],
    units: list[str],
    grid: Grid,
    cells: dict[str, npt.NDArray[np.float32]],
    bits: npt.NDArray[np.int32],
) -> tuple[Any, Any]:
    """The C struct, and all it points to."""
    wanted = [_field.Fields([cells[name]], unit, grid) for name, unit in zip(names, units, strict=True)]
    table = ffi.new("nwc_field[]", [field.c[0] for field in wanted])
    texts = [ffi.new("char[]", name.encode()) for name in names]
    pointers = ffi.new("char *[]", texts)
    about = [_field.Fields([cells[name]], unit, grid) for name, unit in (("quality", "1"), ("age", "s"))]
    lowest = _field.Fields([cells["lowest_beam"]], "m", grid)
    labels = ffi.new("nwc_labels *")
    labels.data = ffi.cast("int32_t *", bits.ctypes.data)
    _field.layout(labels, bits)
    out = ffi.new("nwc_mosaic_output *")
    out.n_fields, out.names, out.fields = len(names), pointers, table
    out.quality, out.age_s, out.lowest_m, out.radars = about[0].c, about[1].c, lowest.c, labels
    return out, (wanted, table, texts, pointers, about, lowest, labels)


def _dataset(
    names: list[str],
    units: list[str],
    grid: Grid,
    times: list[np.datetime64],
    cells: dict[str, npt.NDArray[np.float32]],
    bits: npt.NDArray[np.int32],
    sites: list[str],
    files: list[str],
    late: list[str],
    method: str,
) -> xr.Dataset:
    described: dict[str, tuple[str, str | None, str]] = {
        "quality": ("1", None, "quality of the best radar: 0 none, 1 near, fresh and in the middle of a beam"),
        "age": ("s", None, "age of what the cell is made of at the time of the mosaic"),
        "lowest_beam": ("m", "altitude", "height above mean sea level of the lowest beam that passes"),
    }
    data: dict[str, Any] = {}
    for name, array in cells.items():
        unit = units[names.index(name)] if name in names else described[name][0]
        standard, text = _volume.LONG_NAMES.get(name, (None, name)) if name in names else described[name][1:]
        attributes: dict[str, Any] = {"units": unit, "long_name": text, "grid_mapping": "crs"}
        attributes |= {"standard_name": standard} if standard else {}
        if name in names:
            attributes |= {"ancillary_variables": "quality age radars", "quantity": name}
        dims = ("time", "z", "y", "x") if array.ndim == 4 else ("time", "y", "x")
        data[name] = (dims, array, attributes)
    meanings = " ".join(site.replace(" ", "_") for site in sites)
    data["radars"] = (
        ("time", "z", "y", "x"),
        bits,
        {
            "long_name": "radars that know a field here",
            "units": "1",
            "flag_masks": np.left_shift(1, np.arange(len(sites), dtype=np.int32)).astype(np.int32),
            "flag_meanings": meanings,
            "grid_mapping": "crs",
        },
    )
    coords = {"time": ("time", np.array(times, dtype="datetime64[ns]"), {"standard_name": "time", "axis": "T"})}
    attributes = {
        "Conventions": "CF-1.8",
        "title": "three-dimensional radar mosaic",
        "source": f"libnowcast {_lib.version()}, {method}",
        "radars": meanings,
        "late": " ".join(late),
        "input_files": "\n".join(filter(None, files)),
    }
    return xr.Dataset(data, coords=coords | grid.levels() | grid.coords(), attrs=attributes)


@xr.register_dataset_accessor("grid")  # type: ignore[no-untyped-call, untyped-decorator]
def _grid_of(data: xr.Dataset) -> Grid:
    """``dataset.grid``: the grid it lies on, with its levels where it has any."""
    levels = tuple(float(z) for z in data["z"].values) if "z" in data.coords else ()
    return dataclasses.replace(Grid.of(data), z=levels)
