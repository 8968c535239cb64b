"""Hints of where storms may form."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

HINTS = {
    "line": lib.NWC_INITIATION_LINE,
    "cooling": lib.NWC_INITIATION_COOLING,
    "fast_cooling": lib.NWC_INITIATION_FAST_COOLING,
    "storm": lib.NWC_INITIATION_STORM,
    "no_cloud": lib.NWC_INITIATION_NO_CLOUD,
}
"""What a bit of ``initiation`` means, by name."""


def initiation(
    reflectivity: xr.DataArray,
    divergence: xr.DataArray | None = None,
    brightness: xr.DataArray | None = None,
    **options: float,
) -> xr.DataArray:
    """Where storms may form: near lines of convergence, and below cloud tops that cool.

    Hints and no probabilities: they have been scored on no place. Lines are those of a wind near the ground; clouds
    tell nothing below other clouds.

    Parameters
    ----------
    reflectivity : (y, x) DataArray, dBZ
        Where there is a storm already there is no hint.
    divergence : (y, x) DataArray, s-1, optional
        Near the ground, as ``nowcast.wind.derivatives`` gives it: its lines are those of
        ``nowcast.wind.convergence_lines``.
    brightness : (time, y, x) DataArray, K, optional
        Of a satellite's channel about 10.7 micrometres, at two times 1 to 60 minutes apart.
    **options
        ``reach_m``, ``storm_dbz``, ``cooling_k``, ``fast_k``, ``freezing_k``, ``drift_m`` of
        ``nwc_initiation_options``.

    Returns
    -------
    (y, x) DataArray of bits as in HINTS, also in ``flag_masks`` and ``flag_meanings``.

    Raises
    ------
    ArgumentError : neither divergence nor brightness; other grids, units or dimensions; options out of range.
    """
    if divergence is None and brightness is None:
        raise ArgumentError("divergence, brightness: one of them expected, none given")
    grid = Grid.of(reflectivity)
    echo = _plane(reflectivity, "reflectivity", grid)
    ridges, kept = _ridges(divergence, grid)
    clouds, seconds = _clouds(brightness, grid)
    made: npt.NDArray[np.uint8] = np.zeros((grid.ny, grid.nx), dtype=np.uint8)
    flags = ffi.new("nwc_flags *")
    flags.data = ffi.cast("uint8_t *", made.ctypes.data)
    _field.layout(flags, made)
    with _lib.call() as ctx:
        chosen = _lib.options("initiation", **options)
        pair = [one.c for one in clouds] or [ffi.NULL, ffi.NULL]
        _lib.check(lib.nwc_initiation_find(ctx, echo.c, ridges, *pair, seconds, chosen, flags))
    del kept
    attributes: dict[str, Any] = {"units": "1", "grid_mapping": "crs", "long_name": "hints of storms to come"}
    attributes |= {"flag_masks": np.array([*HINTS.values()], dtype=np.uint8), "flag_meanings": " ".join(HINTS)}
    made_of = reflectivity.transpose("y", "x").copy(data=ascending(reflectivity, made)).rename("initiation")
    made_of.attrs = attributes
    return made_of


def _plane(data: xr.DataArray, name: str, grid: Grid) -> _field.Fields:
    if set(data.dims) != {"y", "x"}:
        raise ArgumentError(f"{name}: dimensions (y, x) expected, {data.dims} given")
    if Grid.of(data) != grid:
        raise ArgumentError(f"{name}: the grid of the reflectivity expected, another given")
    cells = ascending(data, _field.as_float32(data.transpose("y", "x").values))
    return _field.Fields([cells], data.attrs.get("units"), grid)


def _ridges(divergence: xr.DataArray | None, grid: Grid) -> tuple[Any, Any]:
    """Lines of convergence as nwc_labels, and what it points to."""
    if divergence is None:
        return ffi.NULL, None
    field = _plane((-divergence).assign_attrs(divergence.attrs), "divergence", grid)
    numbers: npt.NDArray[np.int32] = np.zeros((grid.ny, grid.nx), dtype=np.int32)
    labels, lines = ffi.new("nwc_labels *"), ffi.new("nwc_wind_lines **")
    labels.data = ffi.cast("int32_t *", numbers.ctypes.data)
    _field.layout(labels, numbers)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_wind_find_lines(ctx, field.c, ffi.NULL, lines, labels))
    lib.nwc_wind_lines_destroy(lines[0])
    return labels, numbers


def _clouds(brightness: xr.DataArray | None, grid: Grid) -> tuple[list[_field.Fields], float]:
    """Brightness now and before, and the seconds between."""
    if brightness is None:
        return [], 0.0
    if brightness.sizes.get("time") != 2:
        raise ArgumentError(f"brightness: two times expected, {brightness.sizes.get('time', 0)} given")
    before, now = (_plane(brightness.isel(time=k), "brightness", grid) for k in range(2))
    times = brightness["time"].values
    return [now, before], float((times[1] - times[0]) / np.timedelta64(1, "ns")) / 1e9
