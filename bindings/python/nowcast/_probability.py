"""What follows from the members of a forecast: probabilities, quantiles, means, how central each is."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

_GROWTH = 1000.0  # m of radius for each minute of lead time, of a forecast without members


def exceedance(
    forecast: xr.DataArray,
    thresholds: float | Sequence[float],
    *,
    radius: float | None = None,
    growth: float | None = None,
) -> xr.DataArray:
    """The probability that thresholds are reached: the share of members that do, in a cell or within a radius of it.

    Of a forecast without members it is the Lagrangian probability (Germann and Zawadzki 2004): the share of the cells
    around, within a radius that grows with lead time, since what was seen will be somewhere there.

    Parameters
    ----------
    forecast : (member, ..., y, x) or (..., y, x) DataArray
        Of any unit. A cell is known where at least half of its members are, that is not NaN.
    thresholds : float or sequence of float
        In the forecast's unit; a value reaches one by >=, both as float32.
    radius : float, optional
        m over the ground; 0 when omitted.
    growth : float, optional
        m that the radius grows for each minute of ``lead_time``; when both are omitted 0 for an ensemble, 1000 for one
        field.

    Returns
    -------
    (..., y, x) DataArray, 0 to 1, NaN where not known; of several thresholds (threshold, ..., y, x). Its attributes
    ``event`` and ``limit`` say of what it is the probability, as ``nowcast.io.write`` puts them into GRIB.

    Raises
    ------
    ArgumentError : dimensions, thresholds or radius are wrong; or no grid mapping, or ``lead_time``, where a radius is.
    """
    several = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    limits = ffi.new("double[]", several.tolist())
    members = _Members(forecast)
    if growth is None:
        growth = _GROWTH if radius is None and not members.several else 0.0
    reach = members.radii(radius or 0.0, growth)
    made = members.room(len(several))
    with _lib.call() as ctx:
        for place, fields, out in members.each(made):
            _lib.check(lib.nwc_forecast_exceedance(ctx, *fields, limits, len(several), float(reach[place]), out))
    unit = forecast.attrs.get("units", "")
    attributes: dict[str, Any] = {"units": "1", "event": "at least", "long_name": "probability that a value is reached"}
    attributes |= {name: forecast.attrs[name] for name in ("quantity",) if name in forecast.attrs}
    if np.ndim(thresholds):
        coord = ("threshold", several, {"long_name": "threshold", "units": unit})
        return members.described(made, "probability", attributes, threshold=coord)
    attributes |= {"limit": float(several[0]), "long_name": f"probability of {several[0]:g} {unit} or more".rstrip()}
    return members.described(made[0], "probability", attributes)


def quantiles(forecast: xr.DataArray, fractions: float | Sequence[float]) -> xr.DataArray:
    """Quantiles of the members of every cell (Hyndman and Fan 1996, definition 7, as NumPy has them).

    Parameters
    ----------
    forecast : (member, ..., y, x) DataArray
        Of any unit; infinite values are values. A cell is known where at least half of its members are.
    fractions : float or sequence of float
        0 (least) to 1 (greatest).

    Returns
    -------
    (..., y, x) DataArray in the forecast's unit; of several fractions (quantile, ..., y, x).

    Raises
    ------
    ArgumentError : no dimension ``member``; fractions are out of range.
    """
    several = np.atleast_1d(np.asarray(fractions, dtype=np.float64))
    wanted = ffi.new("double[]", several.tolist())
    members = _Members(forecast, ensemble=True)
    made = members.room(len(several))
    with _lib.call() as ctx:
        for _, fields, out in members.each(made):
            _lib.check(lib.nwc_forecast_quantiles(ctx, *fields, wanted, len(several), out))
    attributes = forecast.attrs | {"long_name": f"quantile of members: {_name_of(forecast)}"}
    if np.ndim(fractions):
        coord = ("quantile", several, {"long_name": "share of members below", "units": "1"})
        return members.described(made, forecast.name, attributes, quantile=coord)
    return members.described(made[0], forecast.name, attributes | {"quantile": float(several[0])})


def ensemble_mean(forecast: xr.DataArray) -> xr.Dataset:
    """The mean of the members of every cell, and their standard deviation about it.

    Parameters
    ----------
    forecast : (member, ..., y, x) DataArray
        A cell is known where at least half of its members are.

    Returns
    -------
    (..., y, x) Dataset of ``mean`` and ``spread`` (divisor one less than the members; NaN where there is one), in the
    forecast's unit.

    Raises
    ------
    ArgumentError : no dimension ``member``.
    """
    members = _Members(forecast, ensemble=True)
    made = members.room(2)
    with _lib.call() as ctx:
        for place, fields, _ in members.each():
            mean, spread = (members.out(made[(k, *place)]) for k in range(2))
            _lib.check(lib.nwc_forecast_mean(ctx, *fields, mean.c, spread.c))
    names = {"mean": "mean of members", "spread": "standard deviation of members"}
    return xr.Dataset(
        {
            name: members.described(cells, name, forecast.attrs | {"long_name": f"{text}: {_name_of(forecast)}"})
            for cells, (name, text) in zip(made, names.items(), strict=True)
        }
    )


def matched_mean(forecast: xr.DataArray) -> xr.DataArray:
    """The probability-matched mean (Ebert 2001): the pattern of the mean with the values of the members, by rank.

    The mean itself is too weak and too wide. Ranks are right to 1/128 of a mean; the least mean has the least value.

    Parameters
    ----------
    forecast : (member, ..., y, x) DataArray
        A cell is known where at least half of its members are.

    Returns
    -------
    (..., y, x) DataArray in the forecast's unit.

    Raises
    ------
    ArgumentError : no dimension ``member``.
    """
    members = _Members(forecast, ensemble=True)
    made = members.room(1)
    with _lib.call() as ctx:
        for place, fields, _ in members.each():
            out = members.out(made[(0, *place)])
            _lib.check(lib.nwc_forecast_matched_mean(ctx, *fields, out.c))
    attributes = forecast.attrs | {"long_name": f"probability-matched mean: {_name_of(forecast)}"}
    return members.described(made[0], forecast.name, attributes)


def band_depth(forecast: xr.DataArray, threshold: float | None = None) -> xr.DataArray:
    """How central each member is: the share of cells and of pairs of members whose values enclose its own.

    The modified band depth of López-Pintado and Romo (2009). The deepest member is the most typical field, the
    shallowest the most extreme.

    Parameters
    ----------
    forecast : (member, ..., y, x) DataArray
    threshold : float, optional
        Cells count where all members are known and one reaches this; where all are known when omitted.

    Returns
    -------
    (member, ...) DataArray, 2 / members to 1; NaN where no cell counts.

    Raises
    ------
    ArgumentError : no dimension ``member``.
    """
    members = _Members(forecast, ensemble=True)
    depths = np.empty((forecast.sizes["member"], *members.leading))
    one = np.empty(len(depths))
    least = -np.inf if threshold is None else threshold
    with _lib.call() as ctx:
        for place, fields, _ in members.each():
            pointer = ffi.cast("double *", one.ctypes.data)
            _lib.check(lib.nwc_forecast_band_depth(ctx, *fields, least, pointer))
            at: tuple[Any, ...] = (slice(None), *place)
            depths[at] = one
    coords = {
        name: value for name, value in members.data.coords.items() if not {"y", "x"} & set(value.dims) and name != "crs"
    }
    attributes = {"units": "1", "long_name": "modified band depth"}
    return xr.DataArray(depths, dims=members.data.dims[:-2], coords=coords, attrs=attributes, name="band_depth")


def _name_of(forecast: xr.DataArray) -> str:
    return str(forecast.attrs.get("long_name", forecast.name))


class _Members:
    """A forecast as (member, ..., y, x), gone through time by time."""

    def __init__(self, forecast: xr.DataArray, *, ensemble: bool = False) -> None:
        if not {"y", "x"} <= set(forecast.dims) or (ensemble and "member" not in forecast.dims):
            expected = "(member, ..., y, x)" if ensemble else "(..., y, x)"
            raise ArgumentError(f"forecast: dimensions {expected} expected, {forecast.dims} given")
        self.several = "member" in forecast.dims
        data = forecast if self.several else forecast.expand_dims("member")
        self.data = data.transpose("member", ..., "y", "x")
        self.cells = _field.as_float32(self.data.values)
        self.leading: tuple[int, ...] = self.cells.shape[1:-2]
        mapping = forecast.coords.get(forecast.attrs.get("grid_mapping", "crs"))
        self.grid = Grid.of(forecast) if mapping is not None and "proj_string" in mapping.attrs else None

    def radii(self, radius: float, growth: float) -> npt.NDArray[np.float64]:
        """m, for each time."""
        if growth == 0.0:
            return np.full(self.leading, radius)
        if "lead_time" not in self.data.coords:
            raise ArgumentError("forecast: a coordinate lead_time expected for a radius that grows, none found")
        lead = self.data["lead_time"]
        minutes = xr.DataArray(lead.values / np.timedelta64(1, "m"), dims=lead.dims)
        like = self.data.isel(member=0, y=0, x=0, drop=True)
        grown = xr.zeros_like(like, dtype=np.float64).reset_coords(drop=True) + (radius + growth * minutes)
        return np.asarray(grown.transpose(*like.dims).values)

    def room(self, n: int) -> _field.Array:
        """Cells (n, ..., y, x)."""
        return np.empty((n, *self.cells.shape[1:]), dtype=np.float32)

    def out(self, cells: _field.Array) -> _field.Fields:
        return _field.Fields([ascending(self.data, cells)], None, self.grid)

    def each(self, made: npt.NDArray[Any] | None = None) -> Iterator[tuple[tuple[int, ...], tuple[Any, int], Any]]:
        """Every time's place, its members and their number, and the (n, y, x) of made there."""
        for place in np.ndindex(self.leading):
            parts = [ascending(self.data, member[place]) for member in self.cells]
            fields = _field.Fields(parts, self.data.attrs.get("units"), self.grid)
            out = None if made is None else self.out(made[(slice(None), *place)])
            yield place, (fields.c, len(parts)), None if out is None else out.c

    def described(self, cells: _field.Array, name: Any, attributes: dict[str, Any], **coord: Any) -> xr.DataArray:
        """Cells (..., y, x), or with a coordinate before these, where the forecast is."""
        like = self.data.isel(member=0, drop=True)
        keep = {key: self.data.attrs[key] for key in ("grid_mapping", "source") if key in self.data.attrs}
        return xr.DataArray(
            cells,
            dims=(*coord, *like.dims),
            coords=coord | dict(like.coords),
            attrs=keep | attributes,
            name=name,
        )
