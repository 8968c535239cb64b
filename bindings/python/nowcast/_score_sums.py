"""What sums of scores have in common: fields handed down, merging, storing, and a Dataset of the scores."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

Field = xr.DataArray | npt.NDArray[Any]


class Sums(ABC):
    """Running sums behind a C handle: one array of numbers, from which all scores follow."""

    # What the names of the C functions begin with: all of them, or those that make and add.
    _functions: ClassVar[str]
    # And those that merge and store.
    _storing: ClassVar[str] = ""
    # The first of the sums, which says of what kind they are.
    _layout: ClassVar[int]
    # The long name of each score; those in the units of the fields, and in their square; the others have none.
    _labels: ClassVar[dict[str, str]]
    _in_units: ClassVar[tuple[str, ...]]
    _in_squared_units: ClassVar[tuple[str, ...]] = ()
    # Numbers of cells, which are no scores.
    _counts: ClassVar[tuple[str, ...]]

    _handle: Any

    @property
    @abstractmethod
    def _options(self) -> tuple[Any, ...]:
        """What the class is to be called with for sums of the same options."""

    @classmethod
    @abstractmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        """These, of a Dataset of scores."""

    @staticmethod
    def of_layout(layout: float) -> "type[Sums]":
        """The class of stored sums, by the first of them."""
        for kind in Sums.__subclasses__():
            if kind._layout == layout:
                return kind
        raise ArgumentError(f"sums: a kind of scores known here expected, {layout:g} given")

    @abstractmethod
    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Every score: its dimensions and its values."""

    @abstractmethod
    def _coords(self, units: str | None) -> dict[str, Any]:
        """The coordinates of those dimensions."""

    def _attributes(self) -> dict[str, Any]:
        """What a Dataset says of options that are no coordinates."""
        return {}

    def _make(self, options: Any) -> None:
        out = ffi.new(f"{self._storing or self._functions} **")
        with _lib.call() as ctx:
            _lib.check(self._function("create")(ctx, options, out))
        self._handle = ffi.gc(out[0], self._stored("destroy"))

    def _function(self, name: str) -> Any:
        return getattr(lib, f"{self._functions}_{name}")

    def _stored(self, name: str) -> Any:
        return getattr(lib, f"{self._storing or self._functions}_{name}")

    def _add(self, forecast: Field, observed: Field, use: Field | None, *, ensemble: bool) -> None:
        cells, units, grid = taken_apart(forecast)
        seen, observed_units, observed_grid = taken_apart(observed)
        if cells.ndim != 2 + ensemble:
            raise ArgumentError(f"forecast: {'(member, y, x)' if ensemble else '(y, x)'} expected, {cells.shape} given")
        _check_same_places(forecast, observed, grid, observed_grid)
        fields = _field.Fields(list(cells) if ensemble else [cells], units, grid)
        number = (len(cells),) if ensemble else ()
        second = _field.Fields([seen], observed_units, observed_grid)
        flags = ffi.NULL
        if use is not None:
            mask = np.asarray(_turned(use), dtype=np.bool_).view(np.uint8)
            flags = ffi.new("nwc_flags *")
            _field.point(flags, mask)
        with _lib.call() as ctx:
            _lib.check(self._function("add")(ctx, self._handle, fields.c, *number, second.c, flags))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self._options, self.sums)

    def merge(self, other: Any) -> None:
        """Add the sums of another, made with the same options."""
        if type(other) is not type(self):
            raise ArgumentError(f"other: {type(self).__name__} expected, {type(other).__name__} given")
        _lib.check(self._stored("merge")(self._handle, other._handle))

    @property
    def sums(self) -> npt.NDArray[np.float64]:
        """A copy of all sums as one array, laid out as the C function ``_get_state`` says."""
        sums = np.empty(self._stored("state_size")(self._handle))
        _lib.check(self._stored("get_state")(self._handle, ffi.cast("double *", sums.ctypes.data)))
        return sums

    def add_sums(self, sums: npt.ArrayLike) -> None:
        """Add stored sums, those of the same options."""
        values = np.ascontiguousarray(sums, dtype=np.float64)
        _lib.check(self._stored("add_state")(self._handle, ffi.cast("double *", values.ctypes.data), values.size))

    def dataset(self, units: str | None = None) -> xr.Dataset:
        """The scores so far; ``units`` are those of the fields, for the labels."""
        return dataset(self, self.sums, (), units)


def _restored(kind: type[Sums], options: tuple[Any, ...], sums: npt.NDArray[np.float64]) -> Sums:
    scores = kind(*options)
    scores.add_sums(sums)
    return scores


def dataset(like: Sums, sums: npt.NDArray[np.float64], dims: tuple[str, ...], units: str | None) -> xr.Dataset:
    """The scores of several strata, sums being (*dims, sum) with the options of like."""
    shape = sums.shape[:-1]
    strata = [_restored(type(like), like._options, row)._rows() for row in sums.reshape(-1, sums.shape[-1])]
    variables: dict[str, Any] = {}
    for name, (own, first) in strata[0].items():
        values = np.stack([np.asarray(row[name][1]) for row in strata]).reshape(shape + np.shape(first))
        base = name.removesuffix("_wet")
        attrs = {"long_name": like._labels[base] + (", wet cells" if base != name else "")}
        if base in like._in_units and units is not None:
            attrs["units"] = units
        elif base not in (*like._in_units, *like._in_squared_units):
            attrs["units"] = "1"
        variables[name] = ((*dims, *own), values, attrs)
    source = f"{like._functions}_{'create' if like._storing else 'get_state'}"
    label = f"sums the scores are made from, as {source} lays them out"
    variables["sums"] = ((*dims, "sum"), sums, {"long_name": label})
    attributes: dict[str, Any] = {} if units is None else {"field_units": units}
    return xr.Dataset(variables, like._coords(units), attributes | like._attributes())


def pooled(like: Sums, sums: npt.NDArray[np.float64], cases: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """The sums of these cases together, each as often as it is named: (case, ..., sum) to (..., sum)."""
    total = np.empty(sums.shape[1:])
    for place in np.ndindex(total.shape[:-1]):
        scores = type(like)(*like._options)
        for case in cases:
            scores.add_sums(sums[(case, *place)])
        total[place] = scores.sums
    return total


def curve_of(n: int, get: Any, *arguments: Any) -> dict[str, npt.NDArray[Any]]:
    """The n classes of probabilities that a C function gives, by the names in nwc_probability_class."""
    curve = ffi.new("nwc_probability_class[]", n)
    _lib.check(get(*arguments, curve))
    fields = ffi.typeof("nwc_probability_class").fields
    return {
        name: np.array([getattr(one, name) for one in curve], np.int64 if kind.type.cname == "int64_t" else np.float64)
        for name, kind in fields
    }


def curve_rows(curves: list[dict[str, npt.NDArray[Any]]], n: int) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Rows of a Dataset: the n classes of every threshold."""
    names = {
        "forecasts": "forecasts",
        "events": "events",
        "frequency": "observed_frequency",
        "pod": "pod",
        "pofd": "pofd",
    }
    empty = np.empty((0, n))
    return {
        shown: (("threshold", "probability"), np.stack([curve[name] for curve in curves]) if curves else empty)
        for name, shown in names.items()
    }


def window_coord(windows: tuple[int, ...]) -> tuple[str, npt.NDArray[Any], dict[str, str]]:
    """The coordinate ``window``."""
    attrs = {"long_name": "side of the neighbourhood, cells", "units": "1"}
    return "window", np.array(windows, dtype=np.int64), attrs


def threshold_coord(thresholds: tuple[float, ...], units: str | None) -> tuple[str, npt.NDArray[Any], dict[str, str]]:
    """The coordinate ``threshold``."""
    attrs = {"long_name": "threshold"} | ({"units": units} if units is not None else {})
    return "threshold", np.array(thresholds, dtype=np.float64), attrs


# ---- fields ----


def _turned(field: Field) -> npt.NDArray[Any]:
    """The cells of a field as (..., y, x), both ascending where it says which way they run."""
    if not isinstance(field, xr.DataArray):
        return np.asarray(field)
    if set(field.dims) >= {"y", "x"}:
        field = field.transpose(..., "y", "x")
        if "y" in field.coords and "x" in field.coords:
            return ascending(field, field.values)
    return np.asarray(field.values)


def taken_apart(field: Field) -> tuple[_field.Array, str | None, Grid | None]:
    """Cells, units and grid of a field; None for what it does not say."""
    cells = _field.as_float32(_turned(field))
    if not isinstance(field, xr.DataArray):
        return cells, None, None
    mapping = field.coords.get(field.attrs.get("grid_mapping", "crs"))
    placed = mapping is not None and "proj_string" in mapping.attrs
    return cells, field.attrs.get("units"), Grid.of(field) if placed else None


def _check_same_places(forecast: Field, observed: Field, grid: Grid | None, observed_grid: Grid | None) -> None:
    """Refuse fields of which the library cannot tell that they lie in different places: those without a projection."""
    if not isinstance(forecast, xr.DataArray) or not isinstance(observed, xr.DataArray):
        return
    if (grid is None) != (observed_grid is None):
        raise ArgumentError("observed: the grid mapping of forecast expected; one of the two has none")
    for name in ("y", "x"):
        if grid is not None or name not in forecast.coords or name not in observed.coords:
            continue
        a, b = np.sort(forecast[name].values), np.sort(observed[name].values)
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-6):
            raise ArgumentError(f"observed: the grid of forecast expected; {name} differs")
