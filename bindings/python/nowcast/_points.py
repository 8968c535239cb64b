"""Fields at points, and forecasts scored with a table of observations there."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import obs
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

Method = Literal["nearest", "bilinear"]


def at_points(
    data: xr.DataArray, longitude: npt.ArrayLike, latitude: npt.ArrayLike, method: Method = "nearest"
) -> xr.DataArray:
    """The values of the cells that points lie in, or between the centres of the nearest.

    Parameters
    ----------
    data : (..., y, x) DataArray
        With its grid mapping.
    longitude, latitude : array of degrees, of one length
    method : {"nearest", "bilinear"}
        Bilinear values are known where at least half of the four centres, by weight, are; reflectivity is averaged as
        Z.

    Returns
    -------
    (..., point) DataArray with ``longitude`` and ``latitude``; NaN outside the grid.
    """
    lon, lat = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (longitude, latitude))
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise ArgumentError(
            f"longitude, latitude: two arrays of one length expected, {lon.shape} and {lat.shape} given"
        )
    if not {"y", "x"} <= set(data.dims):
        raise ArgumentError(f"data: dimensions (..., y, x) expected, {data.dims} given")
    own = Grid.of(data)
    x, y = own.from_lonlat(lon, lat)
    if method not in ("nearest", "bilinear"):
        raise ArgumentError(f"method: nearest or bilinear expected, {method!r} given")
    column, row = (x - own.x_first) / own.dx, (y - own.y_first) / own.dy
    with np.errstate(invalid="ignore"):
        inside = (column >= -0.5) & (column < own.nx - 0.5) & (row >= -0.5) & (row < own.ny - 0.5)
    column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
    ascending = data.transpose(..., "y", "x").sortby(["y", "x"])
    if method == "nearest":
        nearest = np.rint(row).clip(0, own.ny - 1).astype(int), np.rint(column).clip(0, own.nx - 1).astype(int)
        cells = ascending.values[(..., *nearest)]
    else:
        cells = _between(ascending.values, row, column, data.attrs.get("units") == "dBZ")
    places = {
        "longitude": ("point", lon, {"units": "degrees_east", "standard_name": "longitude"}),
        "latitude": ("point", lat, {"units": "degrees_north", "standard_name": "latitude"}),
    }
    coords = {name: value for name, value in data.coords.items() if not {"y", "x"} & set(value.dims) and name != "crs"}
    attributes = {name: value for name, value in data.attrs.items() if name != "grid_mapping"}
    return xr.DataArray(
        np.where(inside, cells, np.nan),
        dims=(*ascending.dims[:-2], "point"),
        coords=coords | places,
        attrs=attributes,
        name=data.name,
    )


def _between(
    cells: npt.NDArray[Any], row: npt.NDArray[np.float64], column: npt.NDArray[np.float64], decibels: bool
) -> npt.NDArray[Any]:
    """Bilinear values of cells (..., y, x) over what is known of four centres; at the edges of the nearest ones."""
    ny, nx = cells.shape[-2:]
    south, west = np.floor(row), np.floor(column)
    sums, weights = np.zeros((*cells.shape[:-2], row.size)), np.zeros((*cells.shape[:-2], row.size))
    for j, i in np.ndindex(2, 2):
        share = np.abs(1 - j - (row - south)) * np.abs(1 - i - (column - west))
        at = (south + j).clip(0, ny - 1).astype(int), (west + i).clip(0, nx - 1).astype(int)
        value = cells[(..., *at)].astype(np.float64)
        known = np.isfinite(value)
        sums += share * np.where(known, 10.0 ** (value / 10.0) if decibels else value, 0.0)
        weights += share * known
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / weights
        return np.where(weights >= 0.5, 10.0 * np.log10(mean) if decibels else mean, np.nan)


def withhold(table: pd.DataFrame, share: float, *, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split observations by station: those to work with, and those that are kept back to score with.

    Parameters
    ----------
    table : DataFrame of ``nowcast.obs``
    share : float
        Of stations to be kept back, 0 to 1, rounded.
    seed : int
        The same seed keeps back the same stations, whatever the order of rows.

    Returns
    -------
    The rows of the others, and those of the stations kept back.
    """
    if not 0.0 <= share <= 1.0:
        raise ArgumentError(f"share: 0 to 1 expected, {share:g} given")
    stations = sorted(set(table["station"].astype(str)))
    order = np.random.default_rng(seed).permutation(len(stations))
    kept = {stations[k] for k in order[: round(share * len(stations))]}
    back = table["station"].astype(str).isin(kept)
    return table[~back], table[back]


def scores_at(
    like: Any,
    forecast: xr.DataArray,
    table: pd.DataFrame,
    quantity: str,
    stations: Iterable[str] | None,
    tolerance: pd.Timedelta,
) -> npt.NDArray[np.float64]:
    """The sums of each time of a forecast, as those of like, which is left empty.

    Raises
    ------
    NoDataError : nothing was observed at any of its times.
    """
    if quantity not in obs.QUANTITIES:
        raise ArgumentError(f"quantity: one of nowcast.obs.QUANTITIES expected, {quantity!r} given")
    rows = table[(table["quantity"].astype(str) == quantity) & table["value"].notna()]
    if stations is not None:
        rows = rows[rows["station"].astype(str).isin([str(station) for station in stations])]
    values = _in_units(rows, quantity, forecast.attrs.get("units"))
    rows, values = rows[np.isfinite(values)], values[np.isfinite(values)]
    when = pd.to_datetime(rows["time"], utc=True).dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    ensemble = "member" in forecast.dims
    ordered = forecast.transpose(*(("member",) if ensemble else ()), "time", "y", "x")
    found = at_points(ordered, rows["longitude"].to_numpy(), rows["latitude"].to_numpy())
    sums, any_at_all = [], False
    for k, valid in enumerate(ordered["time"].values.astype("datetime64[ns]")):
        near = np.abs(when - valid) <= tolerance.to_timedelta64()
        scores = type(like)(*like._options)
        if near.any():
            any_at_all = True
            made = found.isel(time=k).values[..., None, near].astype(np.float32)
            scores.add(made, values[None, near].astype(np.float32))
        sums.append(scores.sums)
    if not any_at_all:
        raise NoDataError(f"table: no {quantity} of the stations asked for at the forecast's times")
    return np.stack(sums)


def _in_units(rows: pd.DataFrame, quantity: str, units: str | None) -> npt.NDArray[np.float64]:
    """Observed values in a forecast's units; amounts of rain become rates by the time they fell in."""
    values, given = rows["value"].to_numpy(dtype=np.float64), obs.QUANTITIES[quantity]
    if given == units:
        return values
    if units == "mm h-1" and given == "mm":
        seconds = rows["duration"].to_numpy(dtype=np.float64)
        return np.where(seconds > 0.0, values * 3600.0 / np.where(seconds > 0.0, seconds, 1.0), np.nan)
    raise ArgumentError(f"table: {units} expected, as the forecast has, {quantity} is in {given}")
