"""Probabilities calibrated by what running scores have learnt of them."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast._probability_scores import class_array, curve_parts
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import ascending


def calibration(data: xr.Dataset, *, least: int = 1000) -> xr.Dataset:
    """Learn what probabilities mean from scores of past cycles: the nearest curve that never falls (Ayer and others
    1955).

    Parameters
    ----------
    data : Dataset of ``score_ensemble`` or ``score_probability``
        Pooled over the cycles so far (``pool``), by lead time and threshold.
    least : int
        Cells of a class that is taken for itself; smaller ones are taken together. Cells of one storm are alike, so
        that these are to be of several storms.

    Returns
    -------
    Dataset of the knots of a curve for every lead time and threshold: ``forecast`` and what it means, ``calibrated``;
    NaN behind the last, and everywhere where samples are too few (fewer than two classes, or no event): ``enough`` is
    then false. It can be stored, and be learnt anew as cycles come.

    Raises
    ------
    ArgumentError : no curve in data, or least is below 1.
    """
    forecasts, means, events = curve_parts(data)
    n = forecasts.shape[-1]
    knots = np.full((2, *forecasts.shape), np.nan)
    enough = np.zeros(forecasts.shape[:-1], dtype=np.bool_)
    count = ffi.new("int32_t *")
    for place in np.ndindex(enough.shape):
        curve = class_array(forecasts.values[place], means.values[place], events.values[place])
        rows = np.empty((2, n))
        pointers = [ffi.cast("double *", row.ctypes.data) for row in rows]
        try:
            _lib.check(lib.nwc_calibration_learn(curve, n, least, count, *pointers))
        except NoDataError:
            continue
        enough[place] = True
        knots[(slice(None), *place, slice(0, count[0]))] = rows[:, : count[0]]
    dims = forecasts.dims[:-1]
    coords = {name: data[name].variable for name in dims if name in data.coords}
    by_knot = (*dims, "knot")
    return xr.Dataset(
        {
            "forecast": (by_knot, knots[0], {"long_name": "probability forecast", "units": "1"}),
            "calibrated": (by_knot, knots[1], {"long_name": "probability that it means", "units": "1"}),
            "enough": (dims, enough, {"long_name": "whether samples are enough"}),
        },
        coords,
        {"least": least},
    )


def calibrate(probability: xr.DataArray, curves: xr.Dataset) -> xr.DataArray:
    """Calibrate probabilities by curves that ``calibration`` has learnt, of the nearest lead time and the same
    threshold.

    Parameters
    ----------
    probability : (..., y, x) DataArray
        As ``nowcast.forecast.exceedance`` gives it, by ``threshold`` and ``time`` or one of both; with ``lead_time``
        where curves are by it.
    curves : Dataset

    Returns
    -------
    DataArray like probability.

    Raises
    ------
    ArgumentError : no lead time, or no curve of a threshold.
    NoDataError : a curve wanted has too few samples.
    """
    data = probability.transpose(..., "y", "x")
    cells = _field.as_float32(data.values)
    made = np.empty_like(cells)
    with _lib.call() as ctx:
        for place in np.ndindex(cells.shape[:-2]):
            one = data.isel(dict(zip(data.dims, place, strict=False)), drop=False)
            curve = _curve_for(one, curves)
            known = np.isfinite(curve["forecast"].values)
            knots = [np.ascontiguousarray(curve[name].values[known]) for name in ("forecast", "calibrated")]
            pointers = [ffi.cast("double *", row.ctypes.data) for row in knots]
            into, out = (_field.Fields([ascending(data, part[place])]) for part in (cells, made))
            _lib.check(lib.nwc_calibration_apply(ctx, len(knots[0]), *pointers, into.c, out.c))
    result = data.copy(data=made).transpose(*probability.dims)
    result.attrs["long_name"] = "calibrated " + str(probability.attrs.get("long_name", "probability"))
    return result


def _curve_for(one: xr.DataArray, curves: xr.Dataset) -> xr.Dataset:
    """The curve of the same threshold and the nearest lead time."""
    wanted: dict[Hashable, Any] = {}
    for name in curves["enough"].dims:
        if name in one.coords:
            wanted[name] = one.coords[name].values
        elif name == "threshold" and "limit" in one.attrs:
            wanted[name] = one.attrs["limit"]
        else:
            raise ArgumentError(f"probability: a coordinate {name} expected, none found")
    for name, value in wanted.items():
        away = np.abs(curves[name].values - value)
        if name == "threshold" and away.min() > 1e-6 * (1.0 + abs(float(value))):
            raise ArgumentError(f"curves: none of threshold {value:g}, there are {curves[name].values.tolist()}")
        curves = curves.isel({name: int(away.argmin())})
    if not bool(curves["enough"]):
        asked = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise NoDataError(f"curves: too few samples for {asked}; classes of {curves.attrs['least']} expected")
    return curves
