"""Grids of whole hours as files: CF netCDF, GRIB 2 and GeoTIFF, of the whole grid or what an area covers of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _netcdf, extract
from nowcast._wind_alarm import read_areas
from nowcast._writer import Writer
from nowcast.errors import NoDataError
from nowcast.grid import Grid
from nowcast.ops._config import Hours

_PERCENT = {"lightning": "0-19-2"}
"""Probabilities that GRIB has a number for: of thunderstorms, which lightning makes them."""
_EVENTS: dict[str, dict[str, Any]] = {
    "hail": {"quantity": "0-1-73", "limit": 0.0},
    "gale_8": {"quantity": "0-2-22", "limit": 17.2},
    "gale_9": {"quantity": "0-2-22", "limit": 20.8},
    "gale_10": {"quantity": "0-2-22", "limit": 24.5},
    "gale_11": {"quantity": "0-2-22", "limit": 28.5},
}
"""Of what hazards are the probability: hail that falls, and gusts."""
_AT_10_M = ("gust", "gale_8", "gale_9", "gale_10", "gale_11")
_SHARE = "area_share"


def write(hours: xr.Dataset, folder: Path, options: Hours) -> None:
    """``hours.nc`` and ``hours.grib2`` of all hours, ``hour_N.tif`` of each: 0 is the one observed last."""
    folder.mkdir(parents=True, exist_ok=True)
    if "nc" in options.formats:
        _netcdf.write(hours, folder / "hours.nc")
    if "grib2" in options.formats:
        _write_grib(hours, folder / "hours.grib2", options.grib)
    if "tif" in options.formats:
        for k in range(hours.sizes["time"]):
            with Writer(folder / f"hour_{k - options.behind + 1}.tif") as writer:
                for field in _flat(hours):
                    writer.add(field.isel(time=[k]))


def _flat(hours: xr.Dataset) -> Iterator[xr.DataArray]:
    """All fields as (time, y, x), heights apart; flags as numbers."""
    for name, field in hours.data_vars.items():
        if field.dims[-2:] != ("y", "x"):
            continue
        if "time" not in field.dims:
            field = field.expand_dims(time=hours["time"])
        plain = field.astype(np.float32).assign_attrs(field.attrs)
        if "height" not in field.dims:
            yield plain
            continue
        for level in plain.transpose("height", ...):
            yield level.rename(f"{name}_{float(level['height']):g}m")


def _write_grib(hours: xr.Dataset, path: Path, numbers: dict[str, str]) -> None:
    """Fields that GRIB has a number for, of the hours that there are; what has none is left out."""
    reference = hours["forecast_reference_time"].values
    with Writer(path) as writer:
        for field in map(lambda one: _numbered(one, numbers), _flat(hours)):
            if field is None:
                continue
            for k, end in enumerate(hours["time"].values):
                hour = field.isel(time=[k])
                if not np.isfinite(hour.values).any():
                    continue
                # An hour that has begun starts with itself.
                begun = end if end <= reference else min(reference, end - np.timedelta64(1, "h"))
                writer.add(hour.assign_coords(forecast_reference_time=begun))


def _numbered(field: xr.DataArray, numbers: dict[str, str]) -> xr.DataArray | None:
    """A field with what the writer takes for GRIB; None where there is no number for it."""
    name = str(field.name)
    percent = numbers.get(name) or _PERCENT.get(name)
    if percent is not None:
        return (100.0 * field).assign_attrs(field.attrs | {"units": "%", "quantity": percent})
    if name.startswith("quantile_"):
        field = field.assign_attrs(quantity="ACRR")
    if name in _EVENTS:
        field = field.assign_attrs(event="at least", **_EVENTS[name])
    if "quantity" not in field.attrs:
        return None
    if name in _AT_10_M:
        field = field.assign_coords(height=((), 10.0, {"standard_name": "height", "units": "m", "positive": "up"}))
    return field


# ---- cuts ----


def cut(hours: xr.Dataset, area: tuple[float, float, float, float] | Path) -> xr.Dataset:
    """The smallest part of the grid that holds an area, cell for cell, with the share of each cell that is of the area.

    Raises
    ------
    NoDataError : the area lies outside of the grid.
    """
    grid = Grid.of(hours)
    share: npt.NDArray[np.float32] = np.zeros((grid.ny, grid.nx), dtype=np.float32)
    for geometry in [_box(area)] if isinstance(area, tuple) else [shape for _, shape in read_areas(area)]:
        np.maximum(share, extract.coverage(grid, geometry), out=share)
    if not (share > 0.0).any():
        raise NoDataError("it lies outside of the grid")
    places = [_span(np.flatnonzero((share > 0.0).any(axis=axis)), share.shape[1 - axis]) for axis in (1, 0)]
    part = hours.isel(y=places[0], x=places[1])
    covered = share[places[0], places[1]]
    about = {"units": "1", "long_name": "share of the cell that is of the area", "grid_mapping": "crs"}
    return part.assign({_SHARE: (("y", "x"), covered, about)})


def _span(found: npt.NDArray[np.intp], size: int) -> slice:
    """From the first to the last, two cells at least: one alone has no spacing."""
    first, last = int(found[0]), int(found[-1])
    if first == last:
        first, last = (first - 1, last) if last == size - 1 else (first, last + 1)
    return slice(max(first, 0), last + 1)


def _box(area: tuple[float, float, float, float]) -> dict[str, Any]:
    """A polygon whose sides follow meridians and parallels."""
    west, south, east, north = area
    east += 360.0 if east < west else 0.0
    part, still = np.linspace(0.0, 1.0, 33)[:-1], np.zeros(32)
    across, up = (
        np.concatenate([part, still + 1.0, 1.0 - part, still]),
        np.concatenate([still, part, still + 1.0, 1.0 - part]),
    )
    lon, lat = west + (east - west) * across, south + (north - south) * up
    ring = [[float((x + 180.0) % 360.0 - 180.0), float(y)] for x, y in zip(lon, lat, strict=True)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
