"""Objects of forecasts beside those observed: SAL, matched objects, and the accumulator behind
``verify.score_objects``."""

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast._score_sums import Field, Sums, taken_apart
from nowcast.errors import ArgumentError


@dataclasses.dataclass(frozen=True)
class Objects:
    """What objects are; None for the library's default.

    Parameters
    ----------
    wet : float, optional
        SAL: cells at or above this are wet; 0.1.
    quantile, factor : float, optional
        SAL: objects are above factor (1/15) times this quantile (0.95) of the wet cells of a field.
    threshold : float, optional
        Matching: objects are where the smoothed field reaches this; 1.
    radius : float, optional
        Matching: cells, of the disc that a field is smoothed with; 2.
    least_area : float, optional
        Matching: m2; 0.
    reach : float, optional
        Matching: m, how far apart the middles of a pair may be; 60000.
    interest : float, optional
        Matching: the least total interest of a pair, 0 to 1; 0.7.
    """

    wet: float | None = None
    quantile: float | None = None
    factor: float | None = None
    threshold: float | None = None
    radius: float | None = None
    least_area: float | None = None
    reach: float | None = None
    interest: float | None = None

    def _to_c(self) -> Any:
        given = dataclasses.asdict(self)
        return _lib.options("verify_objects", reach_m=given.pop("reach"), **given)


class ObjectScores(Sums):
    """Running sums of objects of one stratum: a lead time, a case, a season.

    Two may be merged, also from other processes: they can be pickled, and ``sums`` stored. Its Dataset has the means of
    structure, amplitude and location (Wernli and others 2008) over pairs of fields, with and without their sign, and
    how many objects were matched (Davis and others 2006), how well, and how far apart.

    Parameters
    ----------
    objects : Objects, optional
    """

    _functions = "nwc_verify_objects"
    _storing = "nwc_verify_sums"
    _layout = 12
    _in_units = ()
    _counts = ("n", "n_structure", "n_amplitude", "objects_forecast", "objects_observed", "matched")
    _labels: ClassVar = {
        "n": "pairs of fields",
        "n_structure": "pairs of fields with objects in both",
        "n_amplitude": "pairs of fields of which one is wet",
        "structure": "mean structure",
        "structure_size": "mean structure without its sign",
        "amplitude": "mean amplitude",
        "amplitude_size": "mean amplitude without its sign",
        "location": "mean location",
        "centre": "part of location: centre of mass",
        "spread": "part of location: scatter of objects",
        "objects_forecast": "objects forecast",
        "objects_observed": "objects observed",
        "matched": "objects matched",
        "pod": "share of objects observed that are matched",
        "far": "share of objects forecast that are not matched",
        "csi": "critical success index of objects",
        "interest": "mean interest of matched objects",
        "distance_m": "mean distance of matched objects, m",
        "area_ratio": "mean area ratio of matched objects",
        "intersection": "mean common share of matched objects",
    }

    def __init__(self, objects: Objects | None = None) -> None:
        self.objects = objects or Objects()
        self._make(self.objects._to_c())

    @property
    def _options(self) -> tuple[Any, ...]:
        return (self.objects,)

    @classmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        names = [field.name for field in dataclasses.fields(Objects)]
        return (Objects(**{name: data.attrs[f"objects_{name}"] for name in names}),)

    def add(self, forecast: Field, observed: Field, use: Field | None = None) -> None:
        """Add one pair of fields on a grid, as ``Scores.add`` does."""
        self._add(forecast, observed, use, ensemble=False)

    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        scores = ffi.new("nwc_object_scores *")
        _lib.check(lib.nwc_verify_objects_get_scores(self._handle, scores))
        return {name: ((), getattr(scores, name)) for name, _ in ffi.typeof("nwc_object_scores").fields}

    def _coords(self, units: str | None) -> dict[str, Any]:
        return {}

    def _attributes(self) -> dict[str, Any]:
        names = [field.name for field in dataclasses.fields(Objects)]
        return {f"objects_{name}": value for name, value in zip(names, self.sums[1:9].tolist(), strict=True)}


def sal(forecast: xr.DataArray, observed: xr.DataArray, objects: Objects | None = None) -> pd.Series:
    """Structure, amplitude and location of one pair of fields of rain (Wernli and others 2008).

    Parameters
    ----------
    forecast, observed : (y, x) DataArray
        On one grid, in one unit; what is known in both counts.
    objects : Objects, optional
        Its first three.

    Returns
    -------
    Series of ``structure`` (-2 to 2; below 0: too small, too peaked), ``amplitude`` (-2 to 2), ``location`` (0 to 2)
    and its parts ``centre`` and ``spread``, and the numbers of objects. NaN where a field has no object.

    Raises
    ------
    ArgumentError : no grid; grids, shapes or units differ.
    """
    made = ffi.new("nwc_sal *")
    fields = _pair(forecast, observed)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_verify_sal(ctx, fields[0].c, fields[1].c, ffi.NULL, (objects or Objects())._to_c(), made))
    return pd.Series({name: getattr(made, name) for name, _ in ffi.typeof("nwc_sal").fields}, dtype=object)


def match_objects(
    forecast: xr.DataArray, observed: xr.DataArray, objects: Objects | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Objects of two fields matched one to one, best pairs first (Davis and others 2006).

    Parameters
    ----------
    forecast, observed : (y, x) DataArray
        On one grid, in one unit; what is known in both counts.
    objects : Objects, optional

    Returns
    -------
    The pairs, by the rows of the two tables that follow, with their ``interest``, ``distance_m``, ``area_ratio``,
    ``intersection``, ``angle_deg`` and ``aspect_ratio``; the objects of the forecast, and those observed.

    Raises
    ------
    ArgumentError : no grid; grids, shapes or units differ.
    """
    fields = _pair(forecast, observed)
    out, table = ffi.new("nwc_object_match **"), ffi.new("nwc_object_match_table *")
    with _lib.call() as ctx:
        options = (objects or Objects())._to_c()
        _lib.check(lib.nwc_object_match_find(ctx, fields[0].c, fields[1].c, ffi.NULL, options, out))
        match = ffi.gc(out[0], lib.nwc_object_match_destroy)
        _lib.check(lib.nwc_object_match_lend(match, table))
    kept = ("n", "area_m2", "x", "y", "longitude_deg", "latitude_deg", "peak", "major_m", "minor_m", "orientation_deg")
    found = (
        _frame(rows, n, kept) for rows, n in ((table.forecast, table.n_forecast), (table.observed, table.n_observed))
    )
    pairs = _frame(table.pairs, table.n_pairs, tuple(name for name, _ in ffi.typeof("nwc_object_pair").fields))
    return (pairs, *found)  # type: ignore[return-value]


def _pair(forecast: xr.DataArray, observed: xr.DataArray) -> list[_field.Fields]:
    parts = [taken_apart(field) for field in (forecast, observed)]
    if any(cells.ndim != 2 for cells, _, _ in parts):
        raise ArgumentError(f"forecast, observed: (y, x) expected, {forecast.dims} and {observed.dims} given")
    return [_field.Fields([cells], units, grid) for cells, units, grid in parts]


def _frame(rows: Any, n: int, names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: np.array([getattr(rows[k], name) for k in range(n)]) for name in names})
