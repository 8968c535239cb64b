"""Fields corrected by edits: new ones, with what follows from them, that say which edits acted."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib, grid
from nowcast._lib import lib
from nowcast._wind_write import turned
from nowcast.desk import _area, _derived, _values, _weights
from nowcast.desk._edit import Edit, check
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

Source = xr.DataArray | xr.Dataset

_OPERATIONS = {
    "raise": lib.NWC_DESK_ADD,
    "lower": lib.NWC_DESK_ADD,
    "scale": lib.NWC_DESK_SCALE,
    "erase": lib.NWC_DESK_SCALE,
    "set": lib.NWC_DESK_SET,
    "replace": lib.NWC_DESK_BLEND,
    "blend": lib.NWC_DESK_BLEND,
    "motion": lib.NWC_DESK_BLEND,
}


@dataclasses.dataclass(frozen=True)
class _Limits:
    """What values of a unit may be."""

    nothing: float = -np.inf
    """values up to this say that nothing was seen"""
    least: float = -np.inf
    most: float = np.inf


_LIMITS = {
    "mm h-1": _Limits(0.0, 0.0),
    "mm": _Limits(0.0, 0.0),
    "kg m-2": _Limits(0.0, 0.0),
    "dBZ": _Limits(-32.0, -32.0),
    "%": _Limits(least=0.0, most=100.0),
}
_PROBABILITY = _Limits(least=0.0, most=1.0)


def apply(
    dataset: xr.Dataset,
    edits: Iterable[Mapping[str, Any] | Edit],
    *,
    sources: Mapping[str, Source] | None = None,
    at: Any = None,
) -> xr.Dataset:
    """Fields as edits have them, in the order of the edits.

    An edit acts on the variable that its layer names; "rain" are all rates in mm h-1, "dbz" all reflectivities,
    "members" all variables with members, "motion" is ``u`` with ``v``. Members, times and levels of a variable are
    changed alike, so that members stay coherent. At each valid time an edit has what its half life has left of it, and
    its area lies where the motion of the rain, ``sources["motion"]``, has brought it since its first valid time, unless
    it stands.

    What is not known stays so, except where another source takes its place; where nothing was seen ``raise``, ``lower``
    and ``scale`` do nothing. Rain is never below 0. Then what follows from members or rates is made anew: probabilities
    and quantiles from the members, amounts by what the rates of their time have gained or lost. Where no edit reaches,
    values keep their bits.

    Parameters
    ----------
    dataset : Dataset of variables (..., y, x)
        On one grid with its grid mapping, times in the coordinate ``time``; unchanged.
    edits : iterable of Edit or what ``check`` takes
        Those for cells and warnings do nothing here.
    sources : mapping, optional
        Fields that edits call by name, such as the model's, in the unit of the layer; on another grid they are brought
        to this one, between their times they are linear, and members that the layer has not count by their mean.
        "motion" is a Dataset of ``u`` and ``v`` on this grid.
    at : time, optional
        UTC, of variables without a time of their own.

    Returns
    -------
    Dataset with the same variables. One that was corrected has the ids of the edits in its attribute ``corrected_by``,
    and beside it ``NAME_correction``, the greatest weight of any edit, as its ancillary variable. The attribute
    ``corrections`` lists the edits that acted, as JSON.

    Raises
    ------
    ArgumentError : an edit is wrong, or wants a source that is not there or is of another unit; no grid; no time.
    """
    told = [check(edit) for edit in edits]
    work = _Desk(dataset, told, sources or {}, at)
    base = [str(name) for name in dataset.data_vars if _is_field(dataset[name]) and not _derived.follows(dataset[name])]
    for name in base:
        work.correct(name)
    if {"u", "v"} <= set(base):
        work.turn()
    for name in _derived.renew(dataset, work.made, work.acted):
        work.told(name)
    for name in map(str, dataset.data_vars):
        if name not in base and _is_field(dataset[name]):
            work.correct(name)
    return work.result()


def _is_field(variable: xr.DataArray) -> bool:
    return {"y", "x"} <= set(variable.dims) and variable.dtype.kind == "f"


def covers(edit: Edit, name: str, variable: xr.DataArray) -> bool:
    """Whether an edit's layer names a variable."""
    if edit.layer == name:
        return True
    if _derived.follows(variable):
        return False
    units = variable.attrs.get("units")
    return (
        (edit.layer == "rain" and units == "mm h-1")
        or (edit.layer == "dbz" and units == "dBZ")
        or (edit.layer == "members" and "member" in variable.dims)
    )


class _Desk:
    """A dataset on its way to be corrected."""

    def __init__(self, dataset: xr.Dataset, edits: Sequence[Edit], sources: Mapping[str, Source], at: Any) -> None:
        self.made = dataset.copy()
        self._edits = [edit for edit in edits if edit.kind in _values.FIELDS]
        self._sources, self._at = sources, at
        self.acted: dict[str, dict[str, Edit]] = {}
        """edits that acted, by variable and id"""
        self._shares: dict[str, xr.DataArray] = {}
        self._weights = _weights.Weights(sources.get("motion"))

    def correct(self, name: str) -> None:
        """Do to a variable what edits say."""
        variable = self.made[name]
        for edit in self._edits:
            if edit.kind != "motion" and covers(edit, name, variable):
                self._once(edit, {name: None})

    def turn(self) -> None:
        """Set the motion in the areas of edits that say it."""
        for edit in self._edits:
            if edit.kind == "motion" and edit.layer in ("motion", "u", "v"):
                along = _along(Grid.of(self.made["u"]), edit.values.eastward, edit.values.northward)
                self._once(edit, dict(zip(("u", "v"), along, strict=True)))

    def _once(self, edit: Edit, with_: Mapping[str, _field.Array | None]) -> None:
        """One edit on variables, each with the values it is to have, if they come from elsewhere."""
        for name, other in with_.items():
            variable = self.made[name]
            place, times = Grid.of(variable), self._times(variable)
            strengths = [edit.strength(time) for time in times]
            if not any(strengths):
                continue
            weight = self._weights.of(edit, place, times)
            at = np.flatnonzero([s > 0.0 and bool(w.any()) for s, w in zip(strengths, weight, strict=True)])
            if not at.size:
                continue
            if variable.dims[-2:] != ("y", "x"):
                raise ArgumentError(f"{name}: dimensions (..., y, x) expected, {variable.dims} given")
            cells = np.array(variable.values, dtype=np.float32)
            slices = np.moveaxis(cells, variable.dims.index("time"), 0) if "time" in variable.dims else cells[None]
            fresh = _others(edit, variable, times, self._sources) if edit.kind in ("replace", "blend") else None
            for k in at:
                here = other if fresh is None else fresh[k]
                part = ascending(variable, slices[k])
                beside = None if here is None else np.broadcast_to(here, part.shape)
                _change(edit, part, weight[k], strengths[k], variable, place, beside)
            self.made[name] = variable.copy(data=cells)
            self._note(edit, name, weight * np.asarray(strengths, dtype=np.float32)[:, None, None])

    def _note(self, edit: Edit, name: str, weight: npt.NDArray[np.float32]) -> None:
        """That an edit acted, and how much."""
        self.acted.setdefault(name, {})[edit.id] = edit
        variable = self.made[name]
        several = "time" in variable.dims
        like = variable.isel({dim: 0 for dim in variable.dims if dim not in ("time", "y", "x")}, drop=True)
        placed = np.stack([ascending(like, part) for part in weight])  # turning is its own inverse
        share = like.copy(data=placed if several else placed[0])
        if name in self._shares:
            share = share.copy(data=np.fmax(share.values, self._shares[name].values))
        keep = {key: variable.attrs[key] for key in ("grid_mapping",) if key in variable.attrs}
        share.attrs = keep | {"units": "1", "long_name": "greatest weight of any correction"}
        self._shares[name] = share

    def told(self, name: str) -> None:
        """A variable was made anew: note that it is so."""
        self.made[name].attrs["corrected_by"] = " ".join(self.acted[name])

    def _times(self, variable: xr.DataArray) -> npt.NDArray[np.datetime64]:
        if "time" in variable.coords:
            return np.atleast_1d(variable["time"].values.astype("datetime64[ns]"))
        if self._at is None:
            raise ArgumentError(f"at: the time of {variable.name} expected, which has none")
        return np.array([np.datetime64(self._at, "ns")])

    def result(self) -> xr.Dataset:
        """The dataset, with what acted."""
        for name, share in self._shares.items():
            variable, beside = self.made[name], f"{name}_correction"
            ancillary = f"{variable.attrs.get('ancillary_variables', '')} {beside}".strip()
            variable.attrs |= {"corrected_by": " ".join(self.acted[name]), "ancillary_variables": ancillary}
            self.made[beside] = share.rename(beside)
        acted = {id for one in self.acted.values() for id in one}
        told = [_brief(edit) for edit in self._edits if edit.id in acted]
        return self.made.assign_attrs(corrections=json.dumps(told))


def _brief(edit: Edit) -> dict[str, Any]:
    made = edit.plain
    return {name: made[name] for name in ("id", "kind", "layer", "author", "time", "reason")}


def limits_of(variable: xr.DataArray) -> _Limits:
    """What values of a variable may be."""
    units = variable.attrs.get("units")
    if units == "1" and "event" in variable.attrs:
        return _PROBABILITY
    return _LIMITS.get(str(units), _Limits())


def _change(
    edit: Edit,
    cells: _field.Array,
    weight: _field.Array,
    strength: float,
    variable: xr.DataArray,
    place: Grid,
    other: _field.Array | None,
) -> None:
    """Do what an edit says to cells (..., y, x), ascending, in place."""
    units, limits = variable.attrs.get("units"), limits_of(variable)
    if edit.kind == "move":
        _move(edit, cells, weight, strength, units, limits, place)
        return
    amount = {"raise": 1.0, "lower": -1.0}.get(edit.kind, 1.0) * _amount(edit)
    change = _lib.options(
        "desk_change",
        operation=_OPERATIONS[edit.kind],
        amount=amount,
        nothing=limits.nothing,
        least=limits.least,
        most=limits.most,
    )
    share = weight * np.float32(strength)
    fields, out = _field.Fields([cells, share], units), _field.Fields([cells], units)
    beside = None if other is None else _field.Fields([_field.as_float32(other)], units)
    with _lib.call() as ctx:
        second = _lib.ffi.NULL if beside is None else beside.c
        _lib.check(lib.nwc_desk_change(ctx, fields.c, fields.c + 1, change, second, out.c))


def _amount(edit: Edit) -> float:
    values = edit.values
    if edit.kind == "erase":
        return 0.0
    if edit.kind in ("replace", "motion"):
        return 1.0
    return float(values.weight if edit.kind == "blend" else values.to if edit.kind == "set" else values.by)


def _move(
    edit: Edit,
    cells: _field.Array,
    weight: _field.Array,
    strength: float,
    units: str | None,
    limits: _Limits,
    place: Grid,
) -> None:
    """Move what is in an area; what is left of the edit is so much of the way."""
    if not np.isfinite(limits.nothing):
        raise ArgumentError(f"{edit.id}: move: a layer where nothing can be left behind expected, {units!r} given")
    way = (strength * edit.values.east_km, strength * edit.values.north_km)
    assert edit.area is not None
    step = _area.cells_to(place, _area.middle_of(edit.area), *way)
    before = cells.copy()
    fields, out = _field.Fields([before, weight], units), _field.Fields([cells], units)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_desk_move(ctx, fields.c, fields.c + 1, *step, limits.nothing, out.c))


def _along(place: Grid, eastward: float, northward: float) -> list[_field.Array]:
    """A motion over the ground along a grid's x and y, (y, x) each."""
    shape, coords = (place.ny, place.nx), place.coords()
    told = [
        xr.DataArray(np.full(shape, speed, np.float32), coords, ("y", "x"), attrs={"grid_mapping": "crs"})
        for speed in (eastward, northward)
    ]
    return [part.values for part in turned(*told, to_true=False)]


def _others(
    edit: Edit, variable: xr.DataArray, times: npt.NDArray[np.datetime64], sources: Mapping[str, Source]
) -> list[_field.Array | None]:
    """Another source's values at each time, (..., y, x) ascending on the grid of a variable."""
    name = edit.values.source
    if name not in sources:
        raise ArgumentError(f"{edit.id}: source {name!r}: one of {', '.join(sources) or 'none'} given")
    source = sources[name]
    if isinstance(source, xr.Dataset):
        if variable.name not in source:
            raise ArgumentError(f"{edit.id}: source {name!r}: no variable {variable.name}")
        source = source[variable.name]
    if source.attrs.get("units") != variable.attrs.get("units"):
        raise ArgumentError(f"{edit.id}: source {name!r}: {variable.attrs.get('units')!r} expected as unit")
    if "member" in source.dims and source.sizes["member"] != variable.sizes.get("member"):
        source = source.mean("member", keep_attrs=True)
    if not set(source.dims) <= set(variable.dims) | {"time"}:
        raise ArgumentError(f"{edit.id}: source {name!r}: dimensions of {variable.dims} expected, {source.dims} given")
    place, rest = Grid.of(variable), [dim for dim in variable.dims if dim != "time"]
    found: list[_field.Array | None] = []
    for time in times:
        one = _at_time(source, time)
        one = one.transpose(*(dim for dim in rest if dim in one.dims))
        if Grid.of(one) != place:
            one = grid.resample(one, place)
        absent = [k for k, dim in enumerate(rest) if dim not in one.dims]
        found.append(np.expand_dims(ascending(one, _field.as_float32(one.values)), tuple(absent)))
    return found


def _at_time(source: xr.DataArray, time: np.datetime64) -> xr.DataArray:
    """A source at a time, linear between two of its own; not known before the first and after the last."""
    if "time" not in source.dims:
        return source
    own = source["time"].values.astype("datetime64[ns]")
    after = int(np.searchsorted(own, time))
    if after < own.size and own[after] == time:
        return source.isel(time=after)
    if after in (0, own.size):
        return xr.full_like(source.isel(time=0), np.nan)
    share = float((time - own[after - 1]) / (own[after] - own[after - 1]))
    before, later = source.isel(time=after - 1), source.isel(time=after)
    return before.copy(data=(before.values + share * (later.values - before.values)).astype(np.float32))
