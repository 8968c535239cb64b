"""Scores of forecasts against what happened then.

``score`` compares one forecast with observations at its valid times and gives a Dataset by lead time, threshold and
window. Its variable ``sums`` holds all the scores are made from, so that several such Datasets, joined along a new
dimension ``case``, can be pooled (``pool``) and their standard errors drawn (``bootstrap``) without the fields.
``score_ensemble`` does the same for an ensemble, ``score_probability`` for probabilities. ``Scores`` and its likes are
the accumulators below: one stratum, one pair of fields, or ensemble and field, at a time.

``score_scales`` and ``score_objects`` say at what scale a forecast errs and what becomes of its objects; ``sal`` and
``match_objects`` look at one pair of fields. ``score_points`` scores with observations at points; ``intervals`` says
how sure scores are, ``compare`` how surely two forecasts differ. ``calibration`` learns from scores what probabilities
mean, and ``calibrate`` applies it.

``score_warnings`` scores warnings with events, such as ``crossings`` finds in observed fields.

``compare_winds`` and ``wind_scores`` do the same for winds over height: radar profiles, soundings, profilers, models.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _lib, _netcdf
from nowcast._calibration import calibrate, calibration
from nowcast._ensemble_scores import EnsembleScores
from nowcast._files import replacing
from nowcast._lib import ffi, lib
from nowcast._lifetimes import lifetimes
from nowcast._object_scores import Objects, ObjectScores, match_objects, sal
from nowcast._points import scores_at, withhold
from nowcast._probability_scores import ProbabilityScores, consistency
from nowcast._scale_scores import ScaleScores
from nowcast._score_cases import bootstrap, compare, intervals, pool
from nowcast._score_sums import Field, Sums, dataset, threshold_coord, window_coord
from nowcast._verify_warnings import crossings, score_warnings, warning_messages
from nowcast._wind_profiles import compare as compare_winds
from nowcast._wind_profiles import scores as wind_scores
from nowcast.errors import ArgumentError, NoDataError

__all__ = [
    "EnsembleScores",
    "ObjectScores",
    "Objects",
    "ProbabilityScores",
    "ScaleScores",
    "Scores",
    "bootstrap",
    "calibrate",
    "calibration",
    "compare",
    "compare_winds",
    "consistency",
    "crossings",
    "from_netcdf",
    "intervals",
    "lifetimes",
    "match_objects",
    "pool",
    "sal",
    "score",
    "score_ensemble",
    "score_objects",
    "score_points",
    "score_probability",
    "score_scales",
    "score_warnings",
    "to_csv",
    "to_netcdf",
    "to_table",
    "warning_messages",
    "wind_scores",
    "withhold",
]


class Scores(Sums):
    """Running sums of one stratum: a lead time, a case, a season.

    Parameters
    ----------
    thresholds : sequence of float, at most 64
        In the fields' units; an event is a value at or above one, both taken as float32.
    windows : sequence of int, at most 64
        Sides of the square neighbourhoods of the fractions skill score, in cells, 1 to 4096.
    wet : float, optional
        A cell is wet where forecast or observation is at or above this; continuous scores of wet cells are then given
        beside those of all cells.

    Two may be merged, also from other processes: they can be pickled, and ``sums`` stored.
    """

    _functions = "nwc_verify"
    _layout = 1
    _in_units = ("mean_forecast", "mean_observed", "bias", "mae", "rmse")
    _in_squared_units = ("variance_forecast", "variance_observed")
    _counts = ("n", "hits", "misses", "false_alarms", "correct_negatives")
    _labels: ClassVar = {
        "n": "number of cells",
        "mean_forecast": "mean of the forecast",
        "mean_observed": "mean of the observation",
        "bias": "mean of forecast - observation",
        "mae": "mean absolute error",
        "rmse": "root mean square error",
        "variance_forecast": "variance of the forecast",
        "variance_observed": "variance of the observation",
        "correlation": "Pearson correlation",
        "hits": "hits",
        "misses": "misses",
        "false_alarms": "false alarms",
        "correct_negatives": "correct negatives",
        "csi": "critical success index",
        "pod": "probability of detection",
        "far": "false alarm ratio",
        "pofd": "probability of false detection",
        "frequency_bias": "frequency bias",
        "accuracy": "share of right answers",
        "hss": "Heidke skill score",
        "gss": "Gilbert skill score",
        "pss": "Peirce skill score",
        "odds_ratio": "odds ratio",
        "orss": "odds ratio skill score",
        "sedi": "symmetric extremal dependence index",
        "f1": "F1 score",
        "mcc": "Matthews correlation",
        "fss": "fractions skill score",
    }

    def __init__(
        self,
        thresholds: Sequence[float] = (0.1, 1.0, 5.0),
        windows: Sequence[int] = (1, 5, 10, 20),
        wet: float | None = None,
    ) -> None:
        self.thresholds = tuple(float(t) for t in thresholds)
        self.windows = tuple(int(w) for w in windows)
        self.wet = None if wet is None else float(wet)
        values, sides = ffi.new("double[]", list(self.thresholds)), ffi.new("int32_t[]", list(self.windows))
        options = _lib.options("verify", thresholds=values, windows=sides, wet_threshold=self.wet)
        options.n_thresholds, options.n_windows = len(self.thresholds), len(self.windows)
        self._make(options)

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.thresholds, self.windows, self.wet

    def add(self, forecast: Field, observed: Field, use: Field | None = None) -> None:
        """Add one pair of fields.

        Parameters
        ----------
        forecast, observed : (y, x) DataArray or array
            Of the same shape, units and grid; NaN where not known. Float32 is not copied.
        use : (y, x) DataArray or array of bool, optional
            Where cells count; everywhere when omitted.

        Raises
        ------
        ArgumentError : shapes, units or grids differ. Nothing is regridded here.
        """
        self._add(forecast, observed, use, ensemble=False)

    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        rows: dict[str, tuple[tuple[str, ...], Any]] = {}
        for wet in (0, 1) if self.wet is not None else (0,):
            struct = ffi.new("nwc_continuous *")
            _lib.check(lib.nwc_verify_get_continuous(self._handle, wet, struct))
            for name, _ in ffi.typeof("nwc_continuous").fields:
                rows[name + "_wet" * wet] = (), getattr(struct, name)
        tables = []
        for t in range(len(self.thresholds)):
            table = ffi.new("nwc_contingency *")
            _lib.check(lib.nwc_verify_get_contingency(self._handle, t, table))
            tables.append(table)
        for name, kind in ffi.typeof("nwc_contingency").fields:
            dtype = np.int64 if kind.type.cname == "int64_t" else np.float64
            values = np.array([getattr(t, name) for t in tables], dtype)
            rows["frequency_bias" if name == "bias" else name] = ("threshold",), values
        fss = np.empty((len(self.thresholds), len(self.windows)))
        value = ffi.new("double *")
        for t, w in np.ndindex(fss.shape):
            _lib.check(lib.nwc_verify_get_fss(self._handle, t, w, value))
            fss[t, w] = value[0]
        rows["fss"] = ("threshold", "window"), fss
        return rows

    def _coords(self, units: str | None) -> dict[str, Any]:
        return {"threshold": threshold_coord(self.thresholds, units), "window": window_coord(self.windows)}

    def _attributes(self) -> dict[str, Any]:
        return {} if self.wet is None else {"wet_threshold": self.wet}

    @classmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        return data["threshold"].values.tolist(), data["window"].values.tolist(), data.attrs.get("wet_threshold")


def score(
    forecast: xr.DataArray,
    observed: xr.DataArray,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    windows: Sequence[int] = (1, 5, 10, 20),
    *,
    wet: float | None = None,
    use: Field | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score a forecast at every lead time.

    Parameters
    ----------
    forecast : (time, y, x) DataArray
        ``time`` is when each field is valid; ``lead_time``, or else ``forecast_reference_time``, says how long before
        it was made.
    observed : (time, y, x) DataArray
        On the same grid, in the same units, at any times.
    thresholds, windows, wet, use
        As in ``Scores``.
    tolerance : timedelta, optional
        How far an observation may be from a valid time; the nearest is taken.

    Returns
    -------
    Dataset of all scores by (lead_time, threshold, window). Where nothing was observed for a lead time ``n`` is 0 and
    the scores are NaN.

    Raises
    ------
    ArgumentError : grids, shapes or units differ, or a time is missing.
    NoDataError : nothing was observed at any valid time.
    """
    return _scored_by_lead(Scores(thresholds, windows, wet), forecast, observed, use, tolerance)


def score_ensemble(
    forecast: xr.DataArray,
    observed: xr.DataArray,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    windows: Sequence[int] = (),
    *,
    use: Field | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score an ensemble at every lead time, its members being equally likely.

    Parameters
    ----------
    forecast : (member, time, y, x) DataArray
        Its times as in ``score``.
    observed, use, tolerance
        As in ``score``.
    thresholds, windows
        As in ``EnsembleScores``.

    Returns
    -------
    Dataset of all scores by (lead_time, threshold, window), with counts by ``probability`` and ``rank``. Where nothing
    was observed for a lead time ``n`` is 0 and the scores are NaN.

    Raises
    ------
    ArgumentError : no dimension ``member``; grids, shapes or units differ, or a time is missing.
    NoDataError : nothing was observed at any valid time.
    """
    if "member" not in forecast.dims:
        raise ArgumentError(f"forecast: a dimension member expected, {forecast.dims} given")
    like = EnsembleScores(forecast.sizes["member"], thresholds, windows)
    return _scored_by_lead(like, forecast, observed, use, tolerance)


def score_probability(
    probability: xr.DataArray,
    observed: xr.DataArray,
    *,
    classes: int = 11,
    use: Field | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score probabilities that thresholds are reached at every lead time.

    Parameters
    ----------
    probability : (threshold, time, y, x) or (time, y, x) DataArray
        As ``nowcast.forecast.exceedance`` gives it: 0 to 1, with a coordinate ``threshold`` or an attribute ``limit``;
        its times as in ``score``.
    observed, use, tolerance
        As in ``score``; not probabilities but what they are of.
    classes
        As in ``ProbabilityScores``.

    Returns
    -------
    Dataset of all scores by (lead_time, threshold), with a curve by ``probability``.

    Raises
    ------
    ArgumentError : no threshold; probabilities out of range; grids or shapes differ, or a time is missing.
    NoDataError : nothing was observed at any valid time.
    """
    if "threshold" not in probability.dims:
        if "limit" not in probability.attrs:
            raise ArgumentError("probability: a dimension threshold or an attribute limit expected, neither found")
        probability = probability.expand_dims(threshold=[probability.attrs["limit"]])
    like = ProbabilityScores(probability["threshold"].values.tolist(), classes)
    return _scored_by_lead(like, probability.transpose("threshold", ..., "y", "x"), observed, use, tolerance)


def score_scales(
    forecast: xr.DataArray,
    observed: xr.DataArray,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    scales: int = 8,
    *,
    use: Field | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score a forecast by scale at every lead time: intensity-scale skill, error by wavelets, structure functions.

    Parameters
    ----------
    forecast, observed, use, tolerance
        As in ``score``.
    thresholds, scales
        As in ``ScaleScores``.

    Returns
    -------
    Dataset of all scores by (lead_time, threshold, scale, lag).

    Raises
    ------
    ArgumentError, NoDataError : as in ``score``.
    """
    return _scored_by_lead(ScaleScores(thresholds, scales), forecast, observed, use, tolerance)


def score_objects(
    forecast: xr.DataArray,
    observed: xr.DataArray,
    objects: Objects | None = None,
    *,
    use: Field | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score the objects of a forecast at every lead time: structure, amplitude, location, and objects matched.

    Parameters
    ----------
    forecast, observed, use, tolerance
        As in ``score``; with their grid mapping.
    objects
        As in ``ObjectScores``.

    Returns
    -------
    Dataset of all scores by lead_time.

    Raises
    ------
    ArgumentError, NoDataError : as in ``score``.
    """
    return _scored_by_lead(ObjectScores(objects), forecast, observed, use, tolerance)


def score_points(
    forecast: xr.DataArray,
    table: pd.DataFrame,
    quantity: str,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    *,
    stations: Iterable[str] | None = None,
    tolerance: str | np.timedelta64 = "0s",
) -> xr.Dataset:
    """Score a forecast at every lead time with observations at points, in the cells these lie in.

    Parameters
    ----------
    forecast : (time, y, x) or (member, time, y, x) DataArray
        Its times as in ``score``; a model run as well as a nowcast.
    table : DataFrame
        As ``nowcast.obs.read`` gives it. All values count: leave out flagged ones, and stations the forecast was made
        with, beforehand (``withhold``).
    quantity : str
        Of the table, in the forecast's unit; amounts of rain stand beside rates as the mean rate of their interval.
    thresholds
        As in ``Scores`` and ``EnsembleScores``.
    stations : iterable of str, optional
        Only these.
    tolerance : timedelta, optional
        How far an observation may be from a valid time; all that are no farther count.

    Returns
    -------
    Dataset as ``score`` gives it without windows, or as ``score_ensemble`` does; ``pool`` and ``bootstrap`` take it.

    Raises
    ------
    ArgumentError : the quantity is not known or in another unit, or a time is missing.
    NoDataError : nothing was observed at any valid time.
    """
    forecast = forecast if "time" in forecast.dims else forecast.expand_dims("time")
    like: Scores | EnsembleScores = Scores(thresholds, ())
    if "member" in forecast.dims:
        like = EnsembleScores(forecast.sizes["member"], thresholds)
    leads = _lead_times(forecast)
    sums = scores_at(like, forecast, table, quantity, stations, pd.Timedelta(tolerance))
    data = dataset(like, sums, ("lead_time",), forecast.attrs.get("units"))
    return data.assign_coords(lead_time=("lead_time", leads, {"long_name": "time since the forecast was made"}))


_KEYS = ("case", "lead_time", "threshold", "window", "scale", "lag", "probability", "rank")


def to_csv(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write scores as a tidy table: a row for each score at each case, lead time, threshold and so on.

    The columns are ``case``, ``lead_time_min``, ``threshold``, ``window``, ``scale``, ``lag``, ``probability`` and
    ``rank`` as far as they exist, lead time in minutes, then ``score`` and ``value``; what a score does not depend on
    is left empty. ``sums`` are not written.
    """
    table = to_table(data)
    with replacing(path) as beside:
        table.to_csv(beside, index=False, float_format="%.9g")


def to_table(data: xr.Dataset) -> pd.DataFrame:
    """Scores as the table that ``to_csv`` writes."""
    parts = []
    for name, values in data.drop_vars("sums", errors="ignore").data_vars.items():
        if values.size == 0:
            continue
        part = (
            values.to_dataframe(name="value").reset_index() if values.ndim else pd.DataFrame({"value": [values.item()]})
        )
        part["score"] = str(name)
        parts.append(part)
    table = pd.concat(parts)
    keys = [key for key in _KEYS if key in table]
    table = table[[*keys, "score", "value"]]
    for key in ("window", "scale", "lag", "rank"):
        if key in table:
            table[key] = table[key].astype("Int64")
    if "lead_time" in table:
        table["lead_time"] = pd.to_timedelta(table["lead_time"]).dt.total_seconds() / 60.0
        table = table.rename(columns={"lead_time": "lead_time_min"})
    return table


def to_netcdf(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write scores, and the sums behind them, as netCDF; lead time in minutes.

    Raises
    ------
    UnsupportedError : no package that writes netCDF is installed.
    """
    _netcdf.write(data, path)


def from_netcdf(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read scores, or curves of ``calibration``, that ``to_netcdf`` wrote, into memory.

    Raises
    ------
    FileError : there is no such file, or it is not netCDF.
    """
    return _netcdf.read(path)


# ---- times ----


def _scored_by_lead(
    like: Any,
    forecast: xr.DataArray,
    observed: xr.DataArray,
    use: Field | None,
    tolerance: str | np.timedelta64,
) -> xr.Dataset:
    """The scores of each lead time, as those of like, which is left empty."""
    forecast = forecast if "time" in forecast.dims else forecast.expand_dims("time")
    observed = observed if "time" in observed.dims else observed.expand_dims("time")
    leads, found = _lead_times(forecast), _matches(forecast, observed, tolerance)
    sums = []
    for step, match in enumerate(found):
        scores = type(like)(*like._options)
        if match >= 0:
            scores.add(forecast.isel(time=step), observed.isel(time=match), use)
        sums.append(scores.sums)
    data = dataset(like, np.stack(sums), ("lead_time",), observed.attrs.get("units"))
    data = data.assign_coords(lead_time=("lead_time", leads, {"long_name": "time since the forecast was made"}))
    if "forecast_reference_time" in forecast.coords and forecast["forecast_reference_time"].ndim == 0:
        data = data.assign_coords(forecast_reference_time=forecast["forecast_reference_time"].variable)
    return data


def _lead_times(forecast: xr.DataArray) -> npt.NDArray[np.timedelta64]:
    if "lead_time" in forecast.coords:
        leads = np.broadcast_to(forecast["lead_time"].values, forecast.sizes["time"])
    elif "forecast_reference_time" in forecast.coords and "time" in forecast.coords:
        leads = np.atleast_1d((forecast["time"] - forecast["forecast_reference_time"]).values)
    else:
        raise ArgumentError("forecast: a coordinate lead_time or forecast_reference_time expected, none found")
    return leads.astype("timedelta64[ns]")


def _matches(forecast: xr.DataArray, observed: xr.DataArray, tolerance: str | np.timedelta64) -> npt.NDArray[np.intp]:
    """For each forecast time the index of the observation nearest to it, -1 where none is within tolerance."""
    for data, name in ((forecast, "forecast"), (observed, "observed")):
        if "time" not in data.coords:
            raise ArgumentError(f"{name}: a coordinate time expected, none found")
    valid = np.atleast_1d(forecast["time"].values)
    seen = np.atleast_1d(observed["time"].values)
    away = np.abs(valid[:, None] - seen[None, :])
    nearest = away.argmin(axis=1)
    found = np.where(away[np.arange(valid.size), nearest] <= pd.Timedelta(tolerance).to_timedelta64(), nearest, -1)
    if (found < 0).all():
        times = f"{valid.min()} to {valid.max()}; there are {seen.min()} to {seen.max()}"
        raise NoDataError(f"observed: nothing at the forecast's times, {times}")
    return found
