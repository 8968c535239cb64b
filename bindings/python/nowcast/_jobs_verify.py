"""The verb verify as a function: a forecast or a model run beside what was observed, on grids or at stations."""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr

from nowcast import grid, io, model, obs, verify
from nowcast._forecast_products import Choice
from nowcast._jobs_blend import rain_of
from nowcast._open import open as open_any
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError

_logger = logging.getLogger("nowcast")


def verification(
    forecast: io.PathLike,
    observed: io.PathLike | Sequence[io.PathLike] = (),
    output: io.PathLike | None = None,
    *,
    stations: io.PathLike | Sequence[io.PathLike] = (),
    withhold: float | None = None,
    seed: int = 0,
    variable: str | None = None,
    tolerance: float = 0.0,
    by: str = "cells",
    calibration: io.PathLike | None = None,
    thresholds: Sequence[float] = (0.1, 1.0, 5.0),
    windows: Sequence[int] = (1, 5, 10, 20),
    quantity: str | None = None,
    a: float = 200.0,
    b: float = 1.6,
    on_error: str = "skip",
) -> tuple[xr.Dataset, dict[str, Any]]:
    """Score a forecast file or a model run by lead time; write the scores as ``.csv`` or ``.nc``.

    A forecast with members is scored as ``nowcast.verify.score_ensemble`` does.

    Parameters
    ----------
    forecast : path
        Fields, or model fields, of which ``variable`` is taken; when omitted rain, mm h-1, from rates or as the mean
        between the times of amounts.
    observed : paths of fields, or
    stations : paths of observations at points
        Fields on another grid are brought to that of a model (mean over its cells). Of points ``quantity`` is taken.
    withhold, seed : float, int
        Score only with this share of the stations, those that ``nowcast.verify.withhold`` keeps back with this seed, so
        that the analysis may use the others.
    tolerance : float
        Minutes that an observation may be from a valid time.
    by : "cells", "scales", "objects" or "probability"
        As ``nowcast.verify.score`` (of members ``score_ensemble``), ``score_scales``, ``score_objects`` with their
        defaults or, of one threshold, with objects of that, and ``score_probability``, of the variables
        ``probability_1`` and so on of the forecast that are of one of the thresholds.
        Scales and objects are of one field, not of members.
    calibration : path ending in .nc, optional
        Write the curves that ``nowcast.verify.calibration`` learns from these scores of members or probabilities.

    Returns
    -------
    The scores, and a summary whose ``missing_minutes`` are lead times at which nothing was observed; these, and
    files left out, make it ``degraded``.

    Raises
    ------
    ArgumentError : neither or both of observed and stations; no quantity of stations; scores of another kind than by
        cells of stations; no probability of a threshold; a calibration without probabilities.
    NoDataError : nothing was observed at any valid time.
    """
    suffix = None if output is None else Path(output).suffix
    if suffix not in (None, ".csv", ".nc"):
        raise UnsupportedError(f"{output}: a name ending in .csv or .nc expected")
    if bool(observed) == bool(stations):
        raise ArgumentError("observed, stations: one of them expected")
    if withhold is not None and not stations:
        raise ArgumentError("withhold: stations expected")
    if stations and by != "cells":
        raise ArgumentError(f"by: cells expected with stations, {by} given")
    made, of_model = _probabilities(forecast, thresholds) if by == "probability" else _forecast_of(forecast, variable)
    kind = _Kind.of(by, made, thresholds, windows)
    if calibration is not None and not kind.has_curves:
        raise ArgumentError("calibration: members, or scores by probability, expected")
    left_out: list[str] = []
    within = np.timedelta64(round(60e9 * tolerance), "ns")
    if stations:
        table = obs.read(stations)
        if quantity is None:
            raise ArgumentError(f"quantity: one of {', '.join(sorted(set(table['quantity'])))} expected, none given")
        if withhold is not None:
            table = verify.withhold(table, withhold, seed=seed)[1]
        scores = verify.score_points(made, table, quantity, thresholds, tolerance=within)
    else:
        regrid = grid.Grid.of(made) if of_model else None
        seen = _one_by_one(observed, quantity, on_error, left_out)
        of_rain = by == "probability" or made.attrs["units"] == "mm h-1"
        rates = (grid.rain_rate(one, a, b) if of_rain else one for one in seen)
        scores = _pooled(made, (_on(one, regrid) for one in rates), kind, within)
    minutes = scores["lead_time"].values / np.timedelta64(1, "m")
    counted = cases(scores).values
    missing = [float(m) for m, n in zip(minutes, counted, strict=True) if n == 0]
    if calibration is not None:
        verify.to_netcdf(verify.calibration(scores), calibration)
    if suffix == ".csv":
        verify.to_csv(scores, output)  # type: ignore[arg-type]
    elif suffix == ".nc":
        verify.to_netcdf(scores, output)  # type: ignore[arg-type]
    return scores, {
        "output": None if output is None else str(output),
        "lead_minutes": [float(m) for m in minutes],
        "missing_minutes": missing,
        "left_out": left_out,
        "degraded": bool(missing or left_out),
    }


_AMOUNT = "0-1-8"  # total precipitation since the start of its interval, by its numbers in GRIB


def _forecast_of(path: io.PathLike, variable: str | None) -> tuple[xr.DataArray, bool]:
    """The forecast in files, and whether it is of a model."""
    found = open_any(path)
    if not isinstance(found, model.Model):
        return io.open(path), False
    if variable in (None, "prate") and "prate" in set(found.table()["name"]):
        made = rain_of(path, 200.0, 1.6)
    elif variable is None and len(found.select(_AMOUNT, statistic="accum")):
        made = _rates(found)
    elif variable is None:
        return io.open(path), False
    else:
        made = found.read(variable)
    made = made if "time" in made.dims else made.expand_dims("time")
    single = [name for name, n in made.sizes.items() if n == 1 and name not in ("time", "y", "x")]
    made = made.isel(dict.fromkeys(single, 0))
    others = [str(name) for name in made.dims if name not in ("member", "time", "y", "x")]
    if others:
        raise ArgumentError(f"variable: {variable} by time alone expected, by {', '.join(others)} too found")
    return made, True


def _rates(found: model.Model) -> xr.DataArray:
    """Mean rates of rain, mm h-1, from the time before to each time, of amounts since the start of the run or of an
    interval."""
    amount = found.read(_AMOUNT, statistic="accum")
    amount = amount if "time" in amount.dims else amount.expand_dims("time")
    rows = found.select(_AMOUNT, statistic="accum").drop_duplicates("time").sort_values("time")
    starts, ends = (rows[name].to_numpy(dtype="datetime64[ns]") for name in ("start_time", "time"))
    goes_on = np.concatenate([[False], starts[1:] == starts[:-1]])
    hours = (ends - np.where(goes_on, np.roll(ends, 1), starts)) / np.timedelta64(1, "h")
    by_time = amount.transpose("time", ...)
    wide = (slice(None), *[None] * (by_time.ndim - 1))
    fallen = by_time.values - np.where(goes_on[wide], np.roll(by_time.values, 1, axis=0), 0.0)
    metres = amount.attrs.get("units") == "m"
    rates = np.maximum(fallen, 0.0) * (1e3 if metres else 1.0) / hours[wide]
    made = by_time.copy(data=rates.astype(np.float32)).transpose(*amount.dims)
    return made.assign_attrs(units="mm h-1", long_name="mean rate of precipitation since the time before")


def cases(scores: xr.Dataset) -> xr.DataArray:
    """Of each lead time: how many cells, fields or, by scales, pairs of neighbours were scored."""
    counts = scores["n"] if "n" in scores else scores["pairs"]
    return counts.max([dim for dim in counts.dims if dim != "lead_time"])


@dataclasses.dataclass(frozen=True)
class _Kind:
    """How fields are scored: a function, and what it takes besides them."""

    score: Callable[..., xr.Dataset]
    options: tuple[Any, ...]
    has_curves: bool = False

    @classmethod
    def of(cls, by: str, made: xr.DataArray, thresholds: Sequence[float], windows: Sequence[int]) -> Self:
        if by == "cells":
            several = "member" in made.dims
            return cls(verify.score_ensemble if several else verify.score, (thresholds, windows), several)
        if by == "probability":
            return cls(verify.score_probability, (), True)
        if "member" in made.dims:
            raise ArgumentError(f"by: cells or probability expected of members, {by} given")
        if by == "scales":
            return cls(verify.score_scales, (thresholds,))
        if by != "objects":
            raise ArgumentError(f"by: cells, scales, objects or probability expected, {by!r} given")
        return cls(verify.score_objects, (verify.Objects(threshold=thresholds[0]) if len(thresholds) == 1 else None,))


def _probabilities(path: io.PathLike, thresholds: Sequence[float]) -> tuple[xr.DataArray, bool]:
    """The probabilities of those thresholds that a forecast has, (threshold, time, y, x)."""
    found = []
    for threshold in thresholds:
        try:
            found.append(io.open(path, quantity=Choice((threshold,)).names()[0]).expand_dims(threshold=[threshold]))
        except NoDataError as error:
            _logger.info("no probability of %g: %s", threshold, error)
    if not found:
        raise ArgumentError(
            f"{path}: the probability of a threshold expected, of {', '.join(map(str, thresholds))} none"
        )
    return xr.concat(found, "threshold", combine_attrs="override", coords="minimal", compat="override"), False


def _pooled(made: xr.DataArray, observed: Iterator[xr.DataArray], kind: _Kind, tolerance: np.timedelta64) -> xr.Dataset:
    """The scores with all fields observed, of which memory holds one."""
    parts: list[xr.Dataset] = []
    for seen in observed:
        try:
            parts.append(kind.score(made, seen, *kind.options, tolerance=tolerance))
        except NoDataError as error:  # of a time that nothing was forecast for
            nothing = error
    if not parts:
        raise nothing
    scores = verify.pool(xr.concat(parts, "case"))
    if "forecast_reference_time" in parts[0].coords:
        scores = scores.assign_coords(forecast_reference_time=parts[0]["forecast_reference_time"])
    return scores


def _on(seen: xr.DataArray, to: grid.Grid | None) -> xr.DataArray:
    """A field on another grid, the mean over its cells; as it is where it is on it already."""
    if to is None or grid.Grid.of(seen) == to:
        return seen
    return grid.resample(seen, to, method="conservative")


def _one_by_one(
    paths: io.PathLike | Sequence[io.PathLike], quantity: str | None, on_error: str, left_out: list[str]
) -> Iterator[xr.DataArray]:
    """What each file holds, one after the other, so that memory holds one; what cannot be read is added to left_out."""
    times: dict[np.datetime64, Path] = {}
    failure: Exception | None = None
    for path in io.expand(paths):
        try:
            seen = io.open(path, quantity=quantity)
        except (FileError, NoDataError, UnsupportedError) as error:
            if on_error == "raise":
                raise
            _logger.warning("left out: %s", error)
            left_out.append(f"{path.name}: {error}")
            failure = error
            continue
        quantity = quantity or seen.attrs["quantity"]
        for valid in seen["time"].values:
            if valid in times:
                raise ArgumentError(f"{path}: one field for each time expected, {times[valid]} has {valid} too")
            times[valid] = path
        yield seen
    if not times and failure is not None:
        raise failure
