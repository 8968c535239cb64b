"""What follows from members and rates, made anew where these were corrected."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from nowcast import forecast
from nowcast.desk._edit import Edit
from nowcast.errors import ArgumentError

Acted = dict[str, dict[str, Edit]]


def follows(variable: xr.DataArray) -> bool:
    """Whether a variable is made of others: a probability, a quantile, an amount."""
    return is_probability(variable) or "quantile" in variable.attrs or _is_total(variable)


def is_probability(variable: xr.DataArray) -> bool:
    """Whether it is the probability that a threshold is reached."""
    return variable.attrs.get("event") == "at least" and "limit" in variable.attrs


def _is_total(variable: xr.DataArray) -> bool:
    return variable.attrs.get("cell_methods") == "time: sum" and variable.attrs.get("units") == "mm"


def renew(raw: xr.Dataset, made: xr.Dataset, acted: Acted) -> Iterator[str]:
    """Make anew, in made, what follows from variables that were corrected; the names, acted being told of them."""
    corrected = [name for name in acted if "time" in made[name].dims]
    for name in map(str, raw.data_vars):
        if not follows(raw[name]):
            continue
        for source in corrected:
            fresh = _fresh(raw, made, name, source)
            if fresh is not None:
                made[name] = fresh
                acted.setdefault(name, {}).update(acted[source])
                yield name
                break


def _fresh(raw: xr.Dataset, made: xr.Dataset, name: str, source: str) -> xr.DataArray | None:
    """A variable that follows from another, made anew; None where it does not follow from that."""
    variable, given = raw[name], made[source]
    if given.attrs.get("units") != "mm h-1":
        return None
    if _is_total(variable):
        return _total(variable, raw[source], given)
    if "member" not in given.dims or set(given.dims) - {"member"} != set(variable.dims):
        return None
    if is_probability(variable):
        fresh = forecast.exceedance(given, float(variable.attrs["limit"]))
    else:
        fresh = forecast.quantiles(given, float(variable.attrs["quantile"]))
    return variable.copy(data=fresh.transpose(*variable.dims).values)


def _total(amount: xr.DataArray, raw: xr.DataArray, made: xr.DataArray) -> xr.DataArray | None:
    """An amount with what rates have gained or lost in its time; None where the rates cover none of it."""
    if ("member" in amount.dims) != ("member" in made.dims) or "time" not in amount.coords:
        return None
    span = np.timedelta64(round(1e9 * float(amount.attrs.get("duration_s", 0.0))), "ns")
    several = amount if "time" in amount.dims else amount.expand_dims("time")
    cells, covered = np.array(several.transpose("time", ...).values, dtype=np.float32), False
    for k, end in enumerate(several["time"].values.astype("datetime64[ns]")):
        try:
            before, after = (_sum(rates, end - span, end) for rates in (raw, made))
        except ArgumentError:  # the rates do not cover it
            continue
        covered = True
        gained = (after - before).transpose(*(dim for dim in several.dims if dim != "time")).values
        changed = np.isfinite(gained) & (gained != 0.0)
        cells[k] = np.where(changed, np.fmax(cells[k] + np.where(changed, gained, 0.0), 0.0), cells[k])
    if not covered:
        return None
    placed = xr.DataArray(cells, dims=("time", *(dim for dim in several.dims if dim != "time")))
    return amount.copy(data=(placed if "time" in amount.dims else placed.isel(time=0)).transpose(*amount.dims).values)


def _sum(rates: xr.DataArray, start: Any, end: Any) -> xr.DataArray:
    return forecast.total(None, rates, start, end)
