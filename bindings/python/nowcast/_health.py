"""How radars are, told from their own data: per sweep, per volume, over time, and beside one another."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast._phase import attenuation, calibration, phase
from nowcast._quality import FLAGS, ClutterMap, flag_counts, quality
from nowcast.errors import ArgumentError, NoDataError, UnsupportedError

_MOMENTS = ("DBZH", "DBTH", "DBZHQ", "ZDR", "RHOHV", "SNRH")
_NOISE = {
    lib.NWC_NOISE_UNKNOWN: "unknown",
    lib.NWC_NOISE_RATIO: "SNRH",
    lib.NWC_NOISE_EDGE: "weakest shown",
    lib.NWC_NOISE_THROUGHOUT: "noise shown",
}
_SUN_DISC = 0.34  # degrees between half powers of a Gaussian as wide as the sun's disc of 0.57
_FEWEST_HITS = 5
_SPREAD = 0.2  # degrees that hits must differ by for an offset to be told
_APART = np.timedelta64(10, "m")
_NEAR_S, _ENOUGH = 60.0, 1000  # places seen within so short a time are compared alone, where there are so many


@dataclasses.dataclass(frozen=True)
class Health:
    """What ``health`` found. Numbers that nothing tells are NaN."""

    volumes: pd.DataFrame
    """A row for each volume: ``radar``, ``time``, ``sweeps``, ``missing_sweeps`` (elevations most volumes of the radar
    have and this one has not), ``missing_rays``, ``late_s`` (after the time that the radar's usual interval let expect,
    where that is more than half an interval), ``incomplete``, ``noise_dbz``, ``dbz_bias_db`` (with a freezing level),
    ``zdr_bias_db``, ``clutter_offset_db``, ``clutter_found``, ``sun_hits``, and the part of the echoes that each reason
    of ``QFLAG`` has."""
    sweeps: pd.DataFrame
    """A row for each sweep, as ``nwc_health_sweep`` has it."""
    sun: pd.DataFrame
    """A row for each ray that saw the sun, as ``nwc_sun_hit`` has it."""
    pointing: pd.DataFrame
    """A row for each radar with five hits of the sun: ``azimuth_offset`` and ``elevation_offset``, degrees that the
    antenna says more than is true, ``power_dbz`` of the sun at 1 km in the middle of the beam, ``zdr_db``, ``hits``,
    ``residual_db``."""
    pairs: pd.DataFrame
    """Reflectivity of radar ``a`` less that of ``b`` where they see the same place: medians (``difference_db``) and
    spreads (``spread_db``, of 16 to 84 %, halved) of ``places``, by range from the further of both (``range_km``) and
    height (``height_km``), of which the lower edges are given; NaN in both is all of them. Radars whose reaches overlap
    and that see no echo in common have a row of 0 places."""

    turns: pd.DataFrame
    """By how many degrees azimuths of ``radar`` are too large, those of ``beside`` being right (``azimuth_offset``).

    It is the turn with which reflectivities of both correlate best, with the motion of echoes (``east_m_s``,
    ``north_m_s``) between their times that does so too. ``correlation`` is that of them, and ``as_told`` that of the
    azimuths as they are, with the motion that suits them best. Of the two rows of a pair, the one that correlates
    better is likely right."""

    @property
    def degraded(self) -> bool:
        """A volume lacks sweeps or rays, came late, or is incomplete."""
        table = self.volumes
        bad = (table["missing_sweeps"] > 0) | (table["missing_rays"] > 0) | (table["late_s"] > 0)
        return bool((bad | (table["incomplete"] != "")).any())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; None where nothing is known."""
        tables = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: _plain(table) for name, table in tables.items()} | {"degraded": self.degraded}


def health(
    volumes: Iterable[xr.DataTree],
    *,
    clutter_map: ClutterMap | None = None,
    freezing_level: float | None = None,
    filtered: bool = True,
    least_dbz: float | None = None,
    within: float | None = None,
) -> Health:
    """Look after radars by their own data.

    Parameters
    ----------
    volumes : of one radar or of several, in any order; read one after another
    clutter_map : of the radar, where there is one alone: the ground as a reference of reflectivity
    freezing_level : m above mean sea level; below it rain tells the bias of reflectivity, as ``calibration`` has it
    filtered : whether radars are compared where ``quality`` leaves an echo
        What rain on the way has taken is given back either way, where phases tell it.
    least_dbz : of both radars, 10 by default
    within : m between the gates that are compared, 750 by default

    Returns
    -------
    Health

    Raises
    ------
    NoDataError : no volume has reflectivities.
    """
    looked = [_Look(tree, clutter_map, filtered, freezing_level) for tree in volumes]
    if not looked:
        raise NoDataError("volumes: at least one expected, none given")
    looked.sort(key=lambda look: (look.radar, look.time))
    if clutter_map is not None and len({look.radar for look in looked}) > 1:
        raise ArgumentError("clutter_map: volumes of one radar expected, several given")
    for _, group in itertools.groupby(looked, key=lambda look: look.radar):
        _over_time(list(group))
    options = {"least_dbz": least_dbz, "within_m": within}
    sun = pd.DataFrame([hit for look in looked for hit in look.sun], columns=_SUN)
    return Health(
        volumes=pd.DataFrame([look.row for look in looked]),
        sweeps=pd.DataFrame([row for look in looked for row in look.sweeps]),
        sun=sun,
        pointing=_pointing(sun, {look.radar: look.beam_width for look in looked}),
        pairs=_pairs(looked, options),
        turns=_turns(looked, options),
    )


_SUN = (
    *("radar", "time", "sweep", "azimuth", "elevation", "sun_azimuth", "sun_elevation"),
    *("power_dbz", "above_noise_db", "zdr_db", "share"),
)


class _Look:
    """One volume looked at; what remains of it is small, but for the reflectivity to be compared."""

    def __init__(
        self, tree: xr.DataTree, clutter_map: ClutterMap | None, filtered: bool, freezing_level: float | None
    ) -> None:
        self.radar = str(tree.attrs.get("instrument_name") or tree.attrs.get("site_name") or "?")
        self.beam_width = float(tree.attrs.get("beam_width_h", 1.0))
        checked = quality(_with_attenuation(tree), clutter_map=clutter_map)
        self.handle = _volume.handle(_given_back(checked, filtered), _MOMENTS)
        self.time = np.datetime64(str(tree["time_coverage_start"].values).rstrip("Z"), "ns")
        self.place = np.radians(float(tree["latitude"])), np.radians(float(tree["longitude"]))
        self.placed = bool(np.isfinite(self.place).all())
        groups = _volume.sweep_names(tree)
        self.reach = max((float(tree[name].to_dataset()["range"].values[-1]) for name in groups), default=0.0)
        self.sweeps = [self._sweep(index, tree[name], clutter_map) for index, name in enumerate(groups)]
        self.sun = self._sun() if self.placed else []
        echoes = sum(_echoes(checked[name]) for name in groups if "DBZHQ" in checked[name].data_vars)
        counts = flag_counts(checked)
        table = pd.DataFrame(self.sweeps)
        zdr = table["zdr_vertical_db"].median()
        light = table["zdr_light_rain_db"].median() - 0.25
        self.row: dict[str, Any] = {
            "radar": self.radar,
            "time": pd.Timestamp(self.time),
            "sweeps": len(groups),
            "missing_sweeps": 0,
            "missing_rays": int(table["missing_rays"].sum()),
            "late_s": 0.0,
            "incomplete": str(tree.attrs.get("incomplete", "")),
            "noise_dbz": table["noise_dbz"].median(),
            "dbz_bias_db": _dbz_bias(checked, freezing_level),
            "zdr_bias_db": light if np.isnan(zdr) else zdr,
            "clutter_offset_db": table["clutter_offset_db"].median(),
            "clutter_found": table["clutter_found"].median(),
            "sun_hits": len(self.sun),
        } | {name: counts[name] / echoes if echoes else np.nan for name in FLAGS}

    def _sweep(self, index: int, data: Any, clutter_map: ClutterMap | None) -> dict[str, Any]:
        found = ffi.new("nwc_health_sweep *")
        with _lib.call() as ctx:
            map_ = ffi.NULL if clutter_map is None else clutter_map._map
            _lib.check(lib.nwc_health_look(ctx, self.handle, index, map_, found))
        row: dict[str, Any] = {"radar": self.radar, "time": pd.Timestamp(self.time), "sweep": index}
        row |= {"fixed_angle": float(data["sweep_fixed_angle"]), "rays": data["azimuth"].size}
        row |= {"incomplete": str(data.attrs.get("incomplete", ""))}
        row |= {name: getattr(found, name) for name in dir(found)}
        return row | {"noise_source": _NOISE[found.noise_source]}

    def _sun(self) -> list[dict[str, Any]]:
        n = ffi.new("int32_t *")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_health_sun(ctx, self.handle, ffi.NULL, 0, n))
            hits = ffi.new("nwc_sun_hit[]", max(n[0], 1))
            _lib.check(lib.nwc_health_sun(ctx, self.handle, hits, n[0], n))
        return [
            {
                "radar": self.radar,
                "time": pd.Timestamp(hit.time_ns),
                "sweep": hit.sweep,
                "azimuth": hit.azimuth_deg,
                "elevation": hit.elevation_deg,
                "sun_azimuth": hit.sun_azimuth_deg,
                "sun_elevation": hit.sun_elevation_deg,
                "power_dbz": hit.power_dbz,
                "above_noise_db": hit.above_noise_db,
                "zdr_db": hit.zdr_db,
                "share": hit.share,
            }
            for hit in hits[0 : n[0]]
        ]


def _with_attenuation(tree: xr.DataTree) -> xr.DataTree:
    """With what rain on the way has taken, where there are phases and the band is known."""
    try:
        return attenuation(phase(tree))
    except (NoDataError, ArgumentError, UnsupportedError):
        return tree


def _dbz_bias(checked: xr.DataTree, freezing_level: float | None) -> float:
    """By how much reflectivity is too high beside phase and ZDR, in rain; NaN where nothing tells.

    Ice would pass for rain where it is not known how high rain reaches.
    """
    if freezing_level is None:
        return np.nan
    try:
        return calibration(checked, freezing_level=freezing_level)["dbz_bias"]
    except (NoDataError, ArgumentError, UnsupportedError):
        return np.nan


def _given_back(checked: xr.DataTree, filtered: bool) -> xr.DataTree:
    """As radars are compared: DBZHQ and ZDR as they were before rain took its part, of what is not filtered DBZH."""
    groups = {}
    for path, node in checked.subtree_with_keys:
        data = node.to_dataset(inherit=False)
        name = "DBZHQ" if filtered else "DBZH" if "DBZH" in data else "DBTH"
        if name in data:
            seen = data[name]
            lost = np.where(seen > _volume.NOTHING_DBZ, data["PIA"], 0.0) if "PIA" in data else 0.0
            data = data.assign(DBZHQ=(seen + lost).astype(np.float32).assign_attrs(seen.attrs))
        if "ZDRC" in data and "PIA" in data:
            data = data.assign(ZDR=data["ZDRC"])
        groups[path] = data
    return xr.DataTree.from_dict(groups)


def _echoes(sweep: Any) -> int:
    name = "DBZH" if "DBZH" in sweep.data_vars else "DBTH"
    return int(np.count_nonzero(sweep[name].values > _volume.NOTHING_DBZ))


def _over_time(looked: list[_Look]) -> None:
    """Fill in what volumes of one radar tell of each other."""
    plans = [Counter(round(row["fixed_angle"], 1) for row in look.sweeps) for look in looked]
    usual = Counter(tuple(sorted(plan.elements())) for plan in plans).most_common(1)[0][0]
    times = np.array([look.time for look in looked]).astype(np.int64) * 1e-9
    steps = np.diff(times)
    interval = float(np.median(steps)) if steps.size >= 2 else np.nan
    for number, (look, plan) in enumerate(zip(looked, plans, strict=True)):
        if len(looked) >= 3:
            look.row["missing_sweeps"] = sum((Counter(usual) - plan).values())
        late = steps[number - 1] - interval if number else 0.0
        look.row["late_s"] = float(late) if late > 0.5 * interval else 0.0


def _pointing(sun: pd.DataFrame, widths: dict[str, float]) -> pd.DataFrame:
    """Where the antenna points: the middle of a Gaussian, as wide as beam and sun together, through the powers of hits.

    Huuskonen and Holleman (2007), eq. 9, with the width known as in Altube et al. (2015).
    """
    rows = []
    for name, hits in sun.groupby("radar"):
        if len(hits) < _FEWEST_HITS:
            continue
        x = (hits["azimuth"] - hits["sun_azimuth"] + 180.0) % 360.0 - 180.0
        x = (x * np.cos(np.radians(hits["sun_elevation"]))).to_numpy()
        y = (hits["elevation"] - hits["sun_elevation"]).to_numpy()
        curve = 40.0 * np.log10(2.0) / np.hypot(widths[str(name)], _SUN_DISC) ** 2
        told = [x.std() >= _SPREAD, y.std() >= _SPREAD]
        columns = [np.ones_like(x), *(values for values, known in zip((x, y), told, strict=True) if known)]
        rounded = hits["power_dbz"].to_numpy() + curve * (x**2 + y**2)
        solution, *_ = np.linalg.lstsq(np.column_stack(columns), rounded, rcond=None)
        slopes = iter(solution[1:])
        offset = [next(slopes) / (2.0 * curve) if known else np.nan for known in told]
        rows.append(
            {
                "radar": name,
                "azimuth_offset": offset[0] / np.cos(np.radians(float(hits["sun_elevation"].mean()))),
                "elevation_offset": offset[1],
                "power_dbz": solution[0] + curve * np.nansum(np.square(offset)),
                "zdr_db": hits["zdr_db"].median(),
                "hits": len(hits),
                "residual_db": float(np.std(rounded - np.column_stack(columns) @ solution)),
            }
        )
    names = ("radar", "azimuth_offset", "elevation_offset", "power_dbz", "zdr_db", "hits", "residual_db")
    return pd.DataFrame(rows, columns=names)


_PAIRS = ("a", "b", "range_km", "height_km", "places", "difference_db", "spread_db")


def _pairs(looked: list[_Look], given: dict[str, float | None]) -> pd.DataFrame:
    rows = []
    for a, b, both in _beside(looked):
        found = [compare(look.handle, other.handle, given) for look, other in both]
        rows += _bins(a, b, _nearest_in_time(pd.concat(found)))
    return pd.DataFrame(rows, columns=_PAIRS)


def _beside(looked: list[_Look]) -> Iterator[tuple[str, str, list[tuple[_Look, _Look]]]]:
    """Radars within reach of one another, and volumes of the first with those of the second nearest in time."""
    groups = {radar: list(group) for radar, group in itertools.groupby(looked, key=lambda look: look.radar)}
    for a, b in itertools.combinations(groups, 2):
        both = [(look, min(groups[b], key=lambda other: abs(other.time - look.time))) for look in groups[a]]
        both = [
            (look, other) for look, other in both if abs(other.time - look.time) <= _APART and _overlap(look, other)
        ]
        if both:
            yield a, b, both


_TURNS = (*("radar", "beside", "azimuth_offset", "correlation", "as_told", "east_m_s", "north_m_s", "places"),)
_SOUGHT, _FEWEST = 10_000, 500  # gates for each turn and motion that is tried, and places that must have both
_MOTION = (20.0, 10.0, 5.0)  # m s-1 about the best so far, ever narrower
_TURN = ((2.0, 5.0), (1.0, 3.0), (0.5, 2.0))  # degrees, and m s-1 about the motion that suits azimuths as they are


def _turns(looked: list[_Look], given: dict[str, float | None]) -> pd.DataFrame:
    rows = []
    for _, _, both in _beside(looked):
        one, other = min(both, key=lambda pair: abs(pair[1].time - pair[0].time))
        ahead, back = _alike(one, other, given), _alike(other, one, given)
        if ahead(0.0, 0.0, 0.0)[1] < _FEWEST:
            continue
        motion = _highest(_still(ahead), np.zeros(2), [(width, width) for width in _MOTION])
        rows += [_turn(one, other, ahead, motion), _turn(other, one, back, motion)]
    return pd.DataFrame(rows, columns=_TURNS)


_Alike = Callable[[float, float, float], tuple[float, int]]
_Place = npt.NDArray[np.float64]


def _alike(one: _Look, other: _Look, given: dict[str, float | None]) -> _Alike:
    """How two volumes correlate with the first turned and a motion of echoes, and over how many places."""

    def alike(turn: float, east: float, north: float) -> tuple[float, int]:
        options = given | {"turn_deg": turn, "east_m_s": east, "north_m_s": north, "n_sought": _SOUGHT}
        table = compare(one.handle, other.handle, options)
        if len(table) < _FEWEST:
            return -1.0, len(table)
        return float(np.corrcoef(table["dbz_a"], table["dbz_b"])[0, 1]), len(table)

    return alike


def _still(alike: _Alike) -> Callable[[_Place], float]:
    return lambda motion: alike(0.0, *motion)[0]


def _turn(one: _Look, other: _Look, alike: _Alike, motion: _Place) -> dict[str, Any]:
    begin = np.array([0.0, *motion])
    best = _highest(lambda at: alike(*at)[0], begin, [(turn, speed, speed) for turn, speed in _TURN])
    correlation, places = alike(*best)
    row = {"radar": one.radar, "beside": other.radar, "azimuth_offset": best[0], "correlation": correlation}
    return row | {"as_told": alike(*begin)[0], "east_m_s": best[1], "north_m_s": best[2], "places": places}


def _highest(value: Callable[[_Place], float], begin: _Place, widths: Sequence[Sequence[float]]) -> _Place:
    """Where a function is highest: the best of three places along each axis, about the best so far, and in the end the
    top of a parabola along each."""
    best = begin
    for width in widths:
        steps = itertools.product((-1.0, 0.0, 1.0), repeat=begin.size)
        best = max([best + np.multiply(step, width) for step in steps], key=value)
    for axis in range(begin.size):
        step = np.eye(begin.size)[axis] * widths[-1]
        below, here, above = (value(best + k * step) for k in (-1.0, 0.0, 1.0))
        bend = below - 2.0 * here + above
        if bend < 0.0:
            best = best + np.clip(0.5 * (below - above) / bend, -0.5, 0.5) * step
    return best


def _overlap(a: _Look, b: _Look) -> bool:
    """Whether the reaches of two radars do, over a round earth."""
    if not (a.placed and b.placed):
        return False
    (north, east), (other_north, other_east) = a.place, b.place
    level = np.cos(north) * np.cos(other_north) * np.sin(0.5 * (east - other_east)) ** 2
    away = 2.0 * 6371e3 * np.arcsin(np.sqrt(np.sin(0.5 * (north - other_north)) ** 2 + level))
    return bool(away < a.reach + b.reach)


def _nearest_in_time(table: pd.DataFrame) -> pd.DataFrame:
    near = table[np.abs(table["apart_s"]) <= _NEAR_S]
    return near if len(near) >= _ENOUGH else table


def compare(a: Any, b: Any, given: dict[str, float | None]) -> pd.DataFrame:
    """The places two handles see, a row for each."""
    options = _lib.options("health_compare", **given)
    n = ffi.new("int64_t *")
    pairs = ffi.new("nwc_health_pair[]", options.n_sought)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_health_compare(ctx, a, b, options, pairs, options.n_sought, n))
    names = ("dbz_a", "dbz_b", "range_a_m", "range_b_m", "height_m", "apart_m", "apart_s")
    memory = ffi.buffer(pairs, n[0] * ffi.sizeof("nwc_health_pair"))
    return pd.DataFrame(np.frombuffer(memory, np.float32).reshape(-1, len(names)).copy(), columns=names)


def _bins(a: str, b: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    difference = table["dbz_a"] - table["dbz_b"]
    further = table[["range_a_m", "range_b_m"]].max(axis=1)
    of_range, of_height = (further // 25e3) * 25.0, table["height_m"] // 1e3
    rows = [{"range_km": np.nan, "height_km": np.nan} | _statistics(difference)]
    for low, values in difference.groupby(of_range):
        rows.append({"range_km": low, "height_km": np.nan} | _statistics(values))
    for low, values in difference.groupby(of_height):
        rows.append({"range_km": np.nan, "height_km": low} | _statistics(values))
    for (low, height), values in difference.groupby([of_range, of_height]):
        rows.append({"range_km": low, "height_km": height} | _statistics(values))
    return [{"a": a, "b": b} | row for row in rows]


def _statistics(values: pd.Series) -> dict[str, Any]:
    if values.empty:
        return {"places": 0, "difference_db": np.nan, "spread_db": np.nan}
    low, high = values.quantile([0.16, 0.84])
    return {"places": len(values), "difference_db": float(values.median()), "spread_db": float(high - low) / 2.0}


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    def value(cell: Any) -> Any:
        if isinstance(cell, pd.Timestamp):
            return cell.isoformat() + "Z"
        if isinstance(cell, float | np.floating):
            return round(float(cell), 4) if np.isfinite(cell) else None
        return int(cell) if isinstance(cell, np.integer) else cell

    return [{str(name): value(cell) for name, cell in row.items()} for row in table.to_dict("records")]
