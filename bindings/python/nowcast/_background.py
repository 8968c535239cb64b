"""The wind to start from, before a retrieval: from radars, soundings and profilers over height, or from a model.

Whatever it is made of, it is finite, says how wrong it may be at each height, and flags what was made up.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _field, _lib, _volume, obs
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid
from nowcast.model import Model

FLAGS = {
    "beyond": lib.NWC_BACKGROUND_BEYOND,
    "gap": lib.NWC_BACKGROUND_GAP,
    "no_data": lib.NWC_BACKGROUND_NO_DATA,
    "late": lib.NWC_BACKGROUND_LATE,
    "missing_levels": lib.NWC_BACKGROUND_MISSING_LEVELS,
    "partial": lib.NWC_BACKGROUND_PARTIAL,
    "standard_air": lib.NWC_BACKGROUND_STANDARD_AIR,
}
"""Bits of ``flags``: what is special about a level."""

Source = xr.DataTree | Sequence[xr.DataTree] | pd.DataFrame | xr.Dataset | Model

# Of a level: the field of the C struct, unit, and what it is.
_VARIABLES = {
    "u": ("u_m_s", "m s-1", "wind to the east"),
    "v": ("v_m_s", "m s-1", "wind to the north"),
    "u_error": ("u_error_m_s", "m s-1", "standard error of u as the mean over the area"),
    "v_error": ("v_error_m_s", "m s-1", "standard error of v as the mean over the area"),
    "spread": ("spread_m_s", "m s-1", "standard deviation of either component in the area about its mean"),
    "error": ("error_m_s", "m s-1", "standard deviation of either component's difference to the wind of a place"),
    "density": ("density_kg_m3", "kg m-3", "density of the air"),
    "data": ("n", "1", "gates, points or cells about this height"),
    "flags": ("flags", "1", "what is special about this height"),
}
_STANDARD = {"u": "eastward_wind", "v": "northward_wind", "density": "air_density"}
_OBSERVED_HOURS = 3.0  # reports farther from the time wanted are not asked
_AGE_M_S = 1.0  # what an hour adds to the error of a report, in squares


def wind_over_height(
    source: Source,
    heights: npt.ArrayLike,
    *,
    time: Any = None,
    error: float | None = None,
    **options: Any,
) -> xr.Dataset:
    """The wind over height that radars, soundings or profilers tell, finite at every height.

    Parameters
    ----------
    source : DataTree, or several of any radars and times; or DataFrame; or Dataset
        Dealiased volumes; a table of ``nowcast.obs`` of soundings, profilers and VAD profiles; or a profile with ``u``
        and ``v`` towards true east and north over ``height``, and ``u_error`` where it has one.
    heights : m above mean sea level, increasing
    time : datetime-like, optional
        Of a table: reports within three hours of it are used, and count for less the farther they are from it.
    error : m s-1, optional
        Standard deviation of a point's u and v; 1 when omitted and the source does not say.
    options
        Fields of ``nwc_background_options``: ``moment``, ``min_range_m``, ``max_range_m``, ``min_elevation_deg``,
        ``max_elevation_deg``, ``box_m``, ``depth_m``, ``walk``, ``spread_m_s``, ``most_error_m_s``.

    Returns
    -------
    (height) Dataset of ``u`` and ``v``, towards true east and north; ``u_error`` and ``v_error``, their standard errors
    as means over the area, which grow away from what was observed; ``spread``, how much the wind of a place differs
    from them; ``error``, both together, for weights; ``density`` of the air; ``data``, how many gates or points; and
    ``flags``, bits that its attribute ``flag_meanings`` names.

    Raises
    ------
    ArgumentError : heights, an option, or a volume without a place.
    NoDataError : no wind in it at all.
    """
    z = np.ascontiguousarray(np.atleast_1d(np.asarray(heights, dtype=np.float64)))
    levels = _levels(source, z, time, error, options)
    up = {"units": "m", "positive": "up", "standard_name": "altitude", "long_name": "height above mean sea level"}
    return xr.Dataset(_columns(levels, "height"), coords={"height": ("height", z, up)})


def wind_background(
    source: Source,
    grid: Grid,
    *,
    time: Any = None,
    error: float | npt.ArrayLike | None = None,
    **options: Any,
) -> xr.Dataset:
    """The wind to start from, on a grid with levels: u and v along its axes, and w = 0.

    Parameters
    ----------
    source : as ``wind_over_height`` takes it, or a Model
        A model is interpolated in time and height, turned to the grid's axes and low-passed (a Gaussian of 15 km
        standard deviation), since its storms are elsewhere than those of the radars.
    grid : Grid with ``z``
    time : datetime-like
        Needed for a model; where it has no field for it, the nearest is taken and flagged ``late``.
    error : m s-1, optional
        Of points as in ``wind_over_height``; of a model the standard deviation of its low-passed wind, one for all
        levels or one for each; 3 when omitted.
    options
        As in ``wind_over_height``; of a model those of ``nwc_background_model_options``: ``vertical``, ``member``,
        ``reference_ns``, ``smooth_m``, ``max_age_s``, ``age_error_m_s``, ``walk``, ``most_error_m_s``.

    Returns
    -------
    Dataset of ``u`` and ``v`` (z, y, x), all finite; and over z ``error``, ``u_error``, ``v_error``, ``spread``,
    ``density``, ``data`` and ``flags`` of ``wind_over_height``, and its winds as ``u_mean`` and ``v_mean``, which of a
    model are the means over the grid along its axes.

    Raises
    ------
    ArgumentError : a grid without levels, or as ``wind_over_height``.
    NoDataError : no wind in it, or none of a time near enough.
    """
    if not grid.z:
        raise ArgumentError("grid: levels z expected, it has none")
    if isinstance(source, Model):
        if time is None:
            raise ArgumentError("time: that of the wind expected of a model, none given")
        u, v, rows = source.background(grid, time, error=error, **options)
        levels = ffi.new("nwc_background_level[]", len(grid.z))
        ffi.memmove(levels, rows, rows.nbytes)
    else:
        if error is not None and np.ndim(error):
            raise ArgumentError("error: one number expected for a wind over height")
        z = np.array(grid.z, dtype=np.float64)
        levels = _levels(source, z, time, None if error is None else float(np.asarray(error)), options)
        u, v = _on_grid(levels, grid)
    columns = _columns(levels, "z")
    means = {f"{name}_mean": columns.pop(name) for name in ("u", "v")}
    if isinstance(source, Model):
        for name, text in (("u_mean", "mean wind along x"), ("v_mean", "mean wind along y")):
            means[name] = (*means[name][:2], {"units": "m s-1", "long_name": text})
    along = ("eastward_wind", "northward_wind") if grid.is_latlon else ("x_wind", "y_wind")
    fields = {
        name: (("z", "y", "x"), cells, {"units": "m s-1", "standard_name": standard, "grid_mapping": "crs"})
        for name, cells, standard in (("u", u, along[0]), ("v", v, along[1]))
    }
    return xr.Dataset(fields | means | columns, coords=grid.levels() | grid.coords())


def _columns(levels: Any, dim: str) -> dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]:
    found: dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]] = {}
    for name, (field, units, text) in _VARIABLES.items():
        attributes: dict[str, Any] = {"units": units, "long_name": text}
        if name in _STANDARD:
            attributes["standard_name"] = _STANDARD[name]
        values = np.array([getattr(level, field) for level in levels])
        if name == "flags":
            values = values.astype(np.int32)
            attributes |= {"flag_masks": np.array(list(FLAGS.values()), np.int32), "flag_meanings": " ".join(FLAGS)}
        found[name] = ((dim,), values, attributes)
    return found


def _levels(source: Any, z: npt.NDArray[np.float64], time: Any, error: float | None, options: dict[str, Any]) -> Any:
    """An array of nwc_background_level."""
    kept: list[Any] = []
    moment = options.get("moment")
    if moment is not None:
        kept.append(ffi.new("char[]", moment.encode()))
        options = options | {"moment": kept[0]}
    try:
        chosen = _lib.options("background", **options)
    except AttributeError as wrong:
        raise ArgumentError(f"options: {wrong}") from None
    out = ffi.new("nwc_background_level[]", max(z.size, 1))
    heights = ffi.cast("double *", z.ctypes.data)
    if isinstance(source, pd.DataFrame | xr.Dataset):
        points = _points(source, time, error)
        with _lib.call() as ctx:
            _lib.check(lib.nwc_background_points(ctx, points, len(points), heights, z.size, chosen, out))
        return out
    trees = [source] if isinstance(source, xr.DataTree) else list(source)
    if not trees or not all(isinstance(tree, xr.DataTree) for tree in trees):
        raise ArgumentError("source: volumes, a table, a profile or a model expected")
    names = ("VRADDH", "VRADH") if moment is None else (moment,)
    handles = [_volume.handle(tree, names) for tree in trees]
    with _lib.call() as ctx:
        several = ffi.new("nwc_volume *[]", handles)
        _lib.check(lib.nwc_background_radars(ctx, several, len(handles), heights, z.size, chosen, out))
    return out


def _on_grid(levels: Any, grid: Grid) -> list[npt.NDArray[np.float32]]:
    cells = [np.empty((len(grid.z), grid.ny, grid.nx), dtype=np.float32) for _ in range(2)]
    fields = _field.Fields(cells, "m s-1", grid)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_background_on_grid(ctx, levels, len(levels), fields.c, fields.c + 1))
    return cells


def _points(source: pd.DataFrame | xr.Dataset, time: Any, error: float | None) -> Any:
    """An array of nwc_background_point."""
    table = _of_table(source, time, error) if isinstance(source, pd.DataFrame) else _of_dataset(source, error)
    points = ffi.new("nwc_background_point[]", len(table))
    for point, row in zip(points, table.to_numpy(dtype=np.float64), strict=True):
        point.height_m, point.u_m_s, point.v_m_s, point.error_m_s, point.pressure_pa, point.temperature_k = row
    return points


def _of_table(table: pd.DataFrame, time: Any, error: float | None) -> pd.DataFrame:
    attributes = table.attrs
    table = table[table["flags"] & obs.SUSPECT == 0]
    if time is not None:
        hours = (table["time"] - pd.Timestamp(time)).dt.total_seconds().abs() / 3600.0
        table = table[~(hours > _OBSERVED_HOURS)]  # a time that is not known is the caller's to vouch for
        if table.empty:
            raise NoDataError(f"source: a report within {_OBSERVED_HOURS:g} h of the time expected, there is none")
    table.attrs = attributes
    levels = obs.wide(obs.derive(table))
    for column in ("eastward_wind", "northward_wind", "air_temperature"):
        if column not in levels:
            levels[column] = np.nan
    age = 0.0 if time is None else (levels["time"] - pd.Timestamp(time)).dt.total_seconds().abs().fillna(0.0) / 3600.0
    of_one = 1.0 if error is None else error
    found = levels[["height", "eastward_wind", "northward_wind"]].copy()
    found["error"] = np.sqrt(of_one**2 + (_AGE_M_S * age) ** 2)
    found["pressure"] = levels["pressure"]
    found["temperature"] = levels["air_temperature"]
    return found


def _of_dataset(profile: xr.Dataset, error: float | None) -> pd.DataFrame:
    vertical = next((dim for dim in ("height", "z") if dim in profile.dims), None)
    if vertical is None or "u" not in profile or "v" not in profile or profile["u"].dims != (vertical,):
        raise ArgumentError("source: u and v over height expected")
    found = pd.DataFrame({"height": profile[vertical].values, "u": profile["u"].values, "v": profile["v"].values})
    found["error"] = profile["u_error"].values if error is None and "u_error" in profile else error
    return found.assign(pressure=np.nan, temperature=np.nan)
