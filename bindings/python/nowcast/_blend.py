"""Forecasts along the motion joined to those of a weather model."""

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib, grid
from nowcast._files import replacing
from nowcast._forecast_ahead import Ahead, timedeltas
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FormatError

Runs = xr.DataArray | Sequence[xr.DataArray]
"""Rain of one run of a model, or of several: of other models, or begun earlier."""

RAMP = (60.0, 240.0)
"""Minutes at which a nowcast begins to be merged with a model, and at which the model stands alone."""


@dataclasses.dataclass
class BlendSkill:
    """How well a model's rain agrees with what is observed, by level of wavelength: learnt from cycle to cycle.

    ``blend`` reads it and brings it up to date. Made anew, it has what Bowler et al. (2004) found.

    Parameters
    ----------
    levels : int, 3 to 16
        As ``blend`` takes them, from long waves to short.
    """

    levels: int = 6
    weight: float = dataclasses.field(init=False)
    """of what it knows, in cycles; those before fade within 30 days"""
    time_ns: int = dataclasses.field(init=False)
    """of the last cycle learnt from, since 1970; 0 for none"""
    correlation: list[float] = dataclasses.field(init=False)
    """of model and radar at the time of the newest frame, 0 to 1"""

    def __post_init__(self) -> None:
        if not 3 <= self.levels <= lib.NWC_BLEND_LEVELS:
            raise ArgumentError(f"levels: 3 to {lib.NWC_BLEND_LEVELS} expected, {self.levels} given")
        struct = ffi.new("nwc_blend_skill *")
        lib.nwc_blend_skill_init(struct, self.levels)
        self._take(struct)

    def _take(self, struct: Any) -> None:
        self.weight, self.time_ns = struct.weight, struct.time_ns
        self.correlation = list(struct.correlation[0 : self.levels])

    def _to_c(self) -> Any:
        numbers = self.correlation + [0.0] * (lib.NWC_BLEND_LEVELS - self.levels)
        return ffi.new("nwc_blend_skill *", (self.levels, self.weight, self.time_ns, numbers))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, whole or not at all."""
        with replacing(path) as beside:
            beside.write_text(json.dumps(dataclasses.asdict(self)) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what ``save`` wrote.

        Raises
        ------
        FormatError : another file.
        """
        try:
            stored = json.loads(Path(path).read_text())
            made = cls(stored["levels"])
            made.weight, made.time_ns = float(stored["weight"]), int(stored["time_ns"])
            made.correlation = [float(number) for number in stored["correlation"]]
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{path}: the skill of a model as BlendSkill.save writes it expected") from error
        if len(made.correlation) != made.levels:
            raise FormatError(f"{path}: {made.levels} correlations expected, {len(made.correlation)} found")
        return made


def merge(
    nowcast: xr.DataArray,
    model: Runs,
    *,
    ramp: tuple[float, float] = RAMP,
    salient: bool = True,
    flow: xr.Dataset | None = None,
    feather: float = 0.0,
) -> xr.DataArray:
    """Merge any forecast along the motion with a model's, cell by cell, by weights that pass from one to the other.

    Parameters
    ----------
    nowcast : (time, y, x) or (member, time, y, x) DataArray
        With ``lead_time``; 0 where there is nothing.
    model : (time, y, x) or (member, time, y, x) DataArray, or a sequence of them
        Of the same unit, on any grid, at any times: see ``blend``. Member k takes member k % n of the model.
    ramp : (float, float)
        Minutes of lead time up to which the nowcast stands alone, and from which the model does.
    salient : bool
        Where one is much the stronger it counts for more (Hwang et al. 2015); False: by lead time alone.
    flow : Dataset, optional
        Motion along which the model's rain is carried from one of its times to the next.
    feather : float
        m, within which of the edge of what it knows the nowcast is brought to the model, so that there is no step;
        unknown cells that no disc of 5 km radius fits among do not count.

    Returns
    -------
    DataArray like nowcast. Where one of the two is not known the other stands alone. The attribute ``blend_status``
    says how far the model reaches.

    Raises
    ------
    ArgumentError : dimensions, units or the ramp are wrong.
    """
    first, last = ramp
    if not 0.0 <= first < last:
        raise ArgumentError(f"ramp: two lead times, the second later, expected, {ramp} given")
    if "lead_time" not in nowcast.coords or nowcast.dims not in (("time", "y", "x"), ("member", "time", "y", "x")):
        raise ArgumentError(
            f"nowcast: (time, y, x) or (member, time, y, x) with lead_time expected, {nowcast.dims} given"
        )
    minutes = np.atleast_1d(nowcast["lead_time"].values) / np.timedelta64(1, "m")
    members = nowcast if "member" in nowcast.dims else nowcast.expand_dims("member")
    own, status = runs_on_frames(model, nowcast, np.atleast_1d(nowcast["time"].values), flow, feather)
    cells = _field.as_float32(members.values)
    made = np.empty(cells.shape, dtype=np.float32)
    units = nowcast.attrs.get("units")
    here = grid.Grid.of(nowcast)
    method = lib.NWC_MERGE_SALIENT if salient else lib.NWC_MERGE_LINEAR
    with _lib.call() as ctx:
        for member, lead in np.ndindex(cells.shape[:2]):
            # own is south row first whatever nowcast is
            given = [grid.ascending(nowcast, cells[member, lead]), own[member % len(own), lead]]
            fields, out = (
                _field.Fields(given, units, here),
                _field.Fields([grid.ascending(nowcast, made[member, lead])], units, here),
            )
            if feather:
                _lib.check(lib.nwc_forecast_feather(ctx, fields.c, fields.c + 1, feather, out.c))
                fields = _field.Fields([grid.ascending(nowcast, made[member, lead]), given[1]], units, here)
            weight = float(np.clip((last - minutes[lead]) / (last - first), 0.0, 1.0))
            _lib.check(lib.nwc_forecast_merge(ctx, fields.c, fields.c + 1, weight, method, out.c))
    merged = members.copy(data=made)
    merged.attrs = nowcast.attrs | {"blend_status": status}
    return merged if "member" in nowcast.dims else merged.isel(member=0, drop=True)


def on_frames(
    model: xr.DataArray, like: xr.DataArray, times: npt.NDArray[Any], flow: xr.Dataset | None, feather: float = 0.0
) -> tuple[npt.NDArray[np.float32], str]:
    """The model's rain (member, time, y, x), south row first, on the grid of like and at times; NaN beyond its own."""
    if model.dims not in (("time", "y", "x"), ("member", "time", "y", "x")):
        raise ArgumentError(f"model: (time, y, x) or (member, time, y, x) expected, {model.dims} given")
    if model.attrs.get("units") != like.attrs.get("units"):
        raise ArgumentError(f"model: {like.attrs.get('units')} expected, {model.attrs.get('units')} given")
    own = grid.Grid.of(like)
    several = (model if "member" in model.dims else model.expand_dims("member")).transpose("member", "time", "y", "x")
    if grid.Grid.of(model) != own:
        several = grid.resample(several, own)
    cells = grid.ascending(several, _field.as_float32(several.values))
    its = several["time"].values.astype("datetime64[ns]")
    if (np.diff(its) <= np.timedelta64(0, "ns")).any():
        raise ArgumentError("model: increasing times expected")
    wanted = times.astype("datetime64[ns]")
    there = np.searchsorted(its, wanted)
    exact = (there < len(its)) & (its[np.minimum(there, len(its) - 1)] == wanted)
    if len(there) and exact.all() and (np.diff(there) == 1).all():
        return cells[:, there[0] : there[0] + len(there)], reach_of(model, wanted)
    made = np.full((cells.shape[0], len(wanted), *cells.shape[2:]), np.nan, dtype=np.float32)
    made[:, exact] = cells[:, there[exact]]
    motion = None if flow is None else [_both_ways(flow[name], own) for name in ("u", "v")]
    for after in np.unique(there[~exact & (there > 0) & (there < len(its))]):
        inside = np.flatnonzero((there == after) & ~exact)
        since = (wanted[inside] - its[after - 1]) / np.timedelta64(1, "s")
        gap = float((its[after] - its[after - 1]) / np.timedelta64(1, "s"))
        for member in range(len(cells)):
            pair = cells[member, after - 1], cells[member, after]
            made[member, inside] = _between(pair, since, gap, motion, own, feather)
    return made, reach_of(model, wanted)


def runs_on_frames(
    model: Runs, like: xr.DataArray, times: npt.NDArray[Any], flow: xr.Dataset | None, feather: float = 0.0
) -> tuple[npt.NDArray[np.float32], str]:
    """As ``on_frames``, of several runs one after the other; where one has nothing the next that has some stands."""
    runs = [model] if isinstance(model, xr.DataArray) else list(model)
    if not runs:
        raise ArgumentError("model: a run at least expected, none given")
    parts = [on_frames(run, like, times, flow, feather) for run in runs]
    if len(parts) == 1:
        return parts[0]
    cells = np.concatenate([part for part, _ in parts])
    known = np.isfinite(cells).any(axis=(2, 3))
    for member, time in np.argwhere(~known):
        others = (member + np.arange(1, len(cells))) % len(cells)
        others = others[known[others, time]]
        if len(others):
            cells[member, time] = cells[others[0], time]
    return cells, reach_of(runs, times.astype("datetime64[ns]"))


def on_leads(
    model: Runs, frames: xr.DataArray, flow: xr.Dataset, ahead: Ahead, feather: float | None
) -> tuple[list[_field.Fields], int, str]:
    """The model's rain now and at the lead times as C takes it, how many members it has, and its ``blend_status``."""
    now = frames["time"].values[-1:].astype("datetime64[ns]")
    own, _ = runs_on_frames(model, frames, now, flow)
    coming, status = runs_on_frames(model, frames, now + timedeltas(ahead.seconds), flow, feather or 0.0)
    units = ahead.latest.attrs.get("units")
    return [_field.Fields([part], units, ahead.grid) for part in (own[:, 0], coming)], len(own), status


def reach_of(model: Runs, times: npt.NDArray[np.datetime64]) -> str:
    """Which of these times a model has, as ``blend_status`` says it: "blended" where it has all."""
    runs = [model] if isinstance(model, xr.DataArray) else model
    spans = [(run["time"].values.min(), run["time"].values.max()) for run in runs]
    inside = np.logical_or.reduce([(times >= first) & (times <= last) for first, last in spans])
    if inside.all():
        return "blended"
    if not inside.any():
        return "the model has none of these times: along the motion alone"
    last = max(last for _, last in spans)
    if times[-1] > last:
        return f"the model ends at {last.astype('datetime64[s]')}Z"
    return f"the model begins at {min(first for first, _ in spans).astype('datetime64[s]')}Z"


def _both_ways(component: xr.DataArray, own: grid.Grid) -> list[_field.Fields]:
    """A component of the motion, forwards and back."""
    values = grid.ascending(component, _field.as_float32(component.transpose("y", "x").values))
    return [_field.Fields([part], component.attrs.get("units"), own) for part in (values, -values)]


def _between(
    pair: tuple[npt.NDArray[np.float32], ...],
    since: npt.NDArray[np.float64],
    gap: float,
    motion: list[list[_field.Fields]] | None,
    own: grid.Grid,
    feather: float,
) -> npt.NDArray[np.float32]:
    """Rain (since, y, x) between two times: the earlier carried forward and the later back, each as near as it is.

    Towards where one of them is not known it is brought to the other within the feather's length. Where motion brings
    what neither knows, as at a corner of the grid, both count as they stand.
    """
    shape = len(since), *pair[0].shape
    parts = [np.broadcast_to(one, shape) for one in pair]
    if motion is not None:
        options = _lib.options("extrapolate", travel=0.0)
        order = np.argsort(since, kind="stable")
        with _lib.call() as ctx:
            for way, leads in enumerate((since[order], gap - since[order][::-1])):
                source, out = _field.Fields([pair[way]], "mm h-1", own), np.empty(shape, np.float32)
                carried, c_leads = _field.Fields([out], "mm h-1", own), ffi.new("double[]", leads.tolist())
                u, v = (component[way].c for component in motion)
                _lib.check(
                    lib.nwc_forecast_extrapolate(ctx, source.c, 1, u, v, c_leads, len(leads), options, carried.c)
                )
                parts[way] = np.empty_like(out)
                parts[way][order if way == 0 else order[::-1]] = out
            if feather:
                plain = [_field.Fields(list(part), "mm h-1", own) for part in parts]
                parts = [np.empty_like(part) for part in parts]
                joined = [_field.Fields(list(part), "mm h-1", own) for part in parts]
                for way, k in np.ndindex(2, len(since)):
                    one, other, out = plain[way].c + k, plain[1 - way].c + k, joined[way].c + k
                    _lib.check(lib.nwc_forecast_feather(ctx, one, other, feather, out))
    share = (since / gap).astype(np.float32)[:, None, None]
    made = _mixed(parts[0], parts[1], share)
    return np.where(np.isnan(made), _mixed(pair[0], pair[1], share), made)


def _mixed(
    early: npt.NDArray[np.float32], late: npt.NDArray[np.float32], share: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """What is known of two fields, the later one by its share."""
    mean = (np.float32(1.0) - share) * early + share * late
    return np.where(np.isnan(early), late, np.where(np.isnan(late), early, mean))


def seam(
    blended: xr.DataArray,
    nowcast: xr.DataArray,
    model: xr.DataArray,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
) -> xr.Dataset:
    """What a hand-over from nowcast to model looks like: amount, area and spectrum of all three by lead time.

    Parameters
    ----------
    blended, nowcast, model : (time, y, x) or (member, time, y, x) DataArray
        At the same times on the same grid; members are taken together.
    thresholds : sequence of float
        In their unit.

    Returns
    -------
    Dataset by ``source`` ("blended", "nowcast", "model") and ``time``: ``mean``, of cells known in all three; ``area``,
    the share of them at or above each ``threshold``; ``power``, variance of waves by ``band``, whose wavelengths are
    from that many cells to twice as many, what is not known being 0.

    Raises
    ------
    ArgumentError : shapes differ.
    """
    sources = {"blended": blended, "nowcast": nowcast, "model": model}
    taken: dict[str, npt.NDArray[np.float64]] = {}
    for name, data in sources.items():
        several = data if "member" in data.dims else data.expand_dims("member")
        cells = several.transpose("member", "time", "y", "x").values.astype(np.float64)
        if cells.shape[1:] != (blended.sizes["time"], blended.sizes["y"], blended.sizes["x"]):
            raise ArgumentError(f"{name}: the times and the shape of blended expected, {cells.shape[1:]} given")
        taken[name] = cells
    known = np.logical_and.reduce([np.isfinite(cells).all(axis=0) for cells in taken.values()])
    count = np.maximum(known.sum(axis=(1, 2)), 1)
    height, width = known.shape[1:]
    bands = 2 ** np.arange(1, max(2, int(np.log2(max(height, width)))))
    waves = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    twice = np.where((np.arange(waves.shape[1]) == 0) | (2 * np.arange(waves.shape[1]) == width), 1.0, 2.0)
    means, areas, powers = [], [], []
    for cells in taken.values():
        part = np.where(known, cells, 0.0)
        means.append(part.sum(axis=(2, 3)).mean(axis=0) / count)
        above = [((cells >= t) & known).sum(axis=(2, 3)).mean(axis=0) / count for t in thresholds]
        areas.append(np.stack(above, axis=-1))
        power = (np.abs(np.fft.rfft2(part)) ** 2).mean(axis=0) * twice / (height * width) ** 2
        in_band = [(waves <= 1.0 / size) & (waves > 0.5 / size) for size in bands]
        powers.append(np.stack([(power * chosen).sum(axis=(1, 2)) for chosen in in_band], axis=-1))
    unit = blended.attrs.get("units", "")
    return xr.Dataset(
        {
            "mean": (("source", "time"), np.array(means), {"units": unit, "long_name": "mean"}),
            "area": (("source", "time", "threshold"), np.array(areas), {"units": "1", "long_name": "share of cells"}),
            "power": (("source", "time", "band"), np.array(powers), {"units": f"({unit})2", "long_name": "variance"}),
        },
        coords={
            "source": list(sources),
            "time": blended["time"].variable,
            "threshold": ("threshold", np.asarray(thresholds, dtype=np.float64), {"units": unit}),
            "band": ("band", bands, {"units": "1", "long_name": "shortest wavelength, cells"}),
        }
        | ({"lead_time": blended["lead_time"].variable} if "lead_time" in blended.coords else {}),
    )


def edge(blended: xr.DataArray, nowcast: xr.DataArray, *, width: int = 10) -> xr.Dataset:
    """What the edge of what a nowcast knows, beyond which a model stands for it, looks like in a blend.

    Parameters
    ----------
    blended : (time, y, x) or (member, time, y, x) DataArray
    nowcast : (time, y, x) DataArray
        At the same times on the same grid; NaN where not known.
    width : int
        Cells on both sides of the edge that are compared with it.

    Returns
    -------
    Dataset by ``time``: ``step``, the mean of what neighbours differ by across the edge, whatever its sign; ``usual``,
    that of neighbours beside it; ``bias``, the mean of what lies beyond less what lies within; ``pairs``, how many
    neighbours the edge parts. NaN where there is no edge.

    Raises
    ------
    ArgumentError : shapes differ.
    """
    several = blended if "member" in blended.dims else blended.expand_dims("member")
    cells = several.transpose("member", "time", "y", "x").values
    known = np.isfinite(nowcast.transpose("time", "y", "x").values)
    if cells.shape[1:] != known.shape:
        raise ArgumentError(f"nowcast: the times and the shape of blended expected, {known.shape} given")
    sums = np.zeros((known.shape[0], 5))  # |difference| and number across and beside, difference across
    for time, axis in np.ndindex(known.shape[0], 2):
        within = np.moveaxis(known[time], axis, -1)
        crossed = within[:, 1:] != within[:, :-1]
        beside = np.zeros_like(crossed)
        for k in range(1, min(width, crossed.shape[1] - 1) + 1):
            beside[:, k:] |= crossed[:, :-k]
            beside[:, :-k] |= crossed[:, k:]
        beside &= ~crossed
        outward = np.where(within[:, 1:], -1.0, 1.0)
        for member in cells[:, time]:
            differ = np.diff(np.moveaxis(member, axis, -1).astype(np.float64))
            there = np.isfinite(differ)
            across, near = differ[crossed & there], differ[beside & there]
            signed = (differ * outward)[crossed & there].sum()
            sums[time] += [np.abs(across).sum(), across.size, np.abs(near).sum(), near.size, signed]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {"step": sums[:, 0] / sums[:, 1], "usual": sums[:, 2] / sums[:, 3], "bias": sums[:, 4] / sums[:, 1]}
    texts = {"step": "mean step across the edge", "usual": "mean step beside it", "bias": "beyond the edge less within"}
    unit = {"units": blended.attrs.get("units", "")}
    made = xr.Dataset({name: ("time", values, unit | {"long_name": texts[name]}) for name, values in found.items()})
    made["pairs"] = ("time", (sums[:, 1] / max(len(cells), 1)).round().astype(np.int64), {"units": "1"})
    return made.assign_coords(
        {name: several[name].variable for name in ("time", "lead_time") if name in several.coords}
    )
