"""Gridded files in and out."""

import dataclasses
import glob
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _field, _gif, _isolation, _lib
from nowcast._files import checksum, refusals
from nowcast._geojson import geojson
from nowcast._isolation import isolated
from nowcast._lib import ffi, lib
from nowcast._writer import Writer
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError
from nowcast.grid import Grid

__all__ = ["Layer", "describe", "geojson", "isolated", "layers", "open", "write"]

_logger = logging.getLogger("nowcast")

PathLike = str | os.PathLike[str]

# What a field of these units is called.
_NAMES = {
    "mm h-1": ("precipitation_rate", "lwe_precipitation_rate", "precipitation rate"),
    "m s-1": ("precipitation_rate", "lwe_precipitation_rate", "precipitation rate"),
    "mm": ("precipitation_amount", "lwe_thickness_of_precipitation_amount", "precipitation amount"),
    "dBZ": ("reflectivity", "equivalent_reflectivity_factor", "radar reflectivity"),
}
_HEAD = 4096
# Formats read by no library but this one.
_OWN = {"PGM", "NIMROD", "RADOLAN", "NEXRAD Level III", "SWAN", "MOC", "GEOTIFF"}
# Fields that describe others; never chosen when no quantity is asked for.
_QUALITY = {"QIND", "CLASS", "BRDR", "TMP", "quality", "age", "radars", "lowest_beam"}


@dataclasses.dataclass(frozen=True)
class Layer:
    """One field of a file with what the file says of it."""

    path: Path
    format: str
    cells: _field.Array
    """(y, x), south row first; NaN where not known"""
    grid: Grid
    units: str
    quantity: str
    """ODIM name where there is one: DBZH, RATE, ACRR"""
    name: str
    """what the file calls it"""
    source: str
    time: np.datetime64
    """valid time, UTC; the end of the interval of an amount"""
    reference: np.datetime64
    """when a forecast started; the same as time for an observation"""
    duration_s: float
    """length of the interval of an amount, else 0"""
    height_m: float = 0.0
    """above mean sea level, of one level of several, else 0"""
    members: int = 0
    """of the ensemble it belongs to; 0 for none"""
    member: int = 0
    """its place there, from 0"""

    def facts(self) -> dict[str, Any]:
        """All but the cells, as plain values."""
        facts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "cells"}
        return facts | {
            "path": str(self.path),
            "grid": dataclasses.asdict(self.grid),
            "time": int(self.time.astype("datetime64[ns]").astype(np.int64)),
            "reference": int(self.reference.astype("datetime64[ns]").astype(np.int64)),
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any], cells: _field.Array) -> "Layer":
        """The field that ``facts`` is of."""
        own = {"path": Path(facts["path"]), "grid": Grid(**facts["grid"]), "cells": cells}
        times = {name: np.datetime64(facts[name], "ns") for name in ("time", "reference")}
        return cls(**facts | own | times)


def layers(path: PathLike, *, sidecar: PathLike | None = None) -> list[Layer]:
    """All gridded fields of one file, whatever its format and compression.

    Parameters
    ----------
    path : path
    sidecar : path, optional
        Of float32 cells without a header: the text that says what they are.

    Raises
    ------
    FileError : the file cannot be read.
    FormatError : the file is damaged or ends too early.
    UnsupportedError : not a format this build reads.
    NoDataError : a good file without a grid.
    """
    path = Path(path)
    with refusals(path), path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"GIF8"):
        cells, grid, time = _gif.read(path)
        return [
            Layer(path, "GIF", cells, grid, "mm", "ACRR", "AQC", "MeteoSwiss", time, time, _gif.DURATION_S),
        ]
    child = _isolation.child()
    kind = _lib.text(lib.nwc_io_sniff(head, len(head)))
    if child and kind not in _OWN:
        read = child.call("layers", [str(path), *([] if sidecar is None else [str(sidecar)])], _isolation.library(kind))
        return [Layer.from_facts(*pair) for pair in zip(*read, strict=True)]
    # netCDF-C and HDF5 are not thread-safe, and xarray may call the same copies of them.
    out = ffi.new("nwc_raster **")
    text = ffi.NULL if sidecar is None else ffi.new("char[]", os.fsencode(sidecar))
    options = _lib.options("read", sidecar=text)
    with HDF5_LOCK, _lib.call() as ctx:
        _lib.check(lib.nwc_raster_open(ctx, os.fsencode(path), options, out))
    raster = ffi.gc(out[0], lib.nwc_raster_destroy)
    return [_layer(path, raster, index) for index in range(lib.nwc_raster_count(raster))]


def portable(paths: Sequence[PathLike]) -> tuple[list[dict[str, Any]], list[_field.Array]]:
    """The fields of a file, and of its sidecar where that is given too, as plain values, and their cells."""
    found = layers(paths[0], sidecar=paths[1] if len(paths) > 1 else None)
    return [layer.facts() for layer in found], [layer.cells for layer in found]


def _layer(path: Path, raster: Any, index: int) -> Layer:
    layer = ffi.new("nwc_layer *")
    _lib.check(lib.nwc_raster_layer(raster, index, layer))
    grid = layer.field.grid
    return Layer(
        path=path,
        format=_lib.text(lib.nwc_raster_format(raster)),
        cells=_field.lent(layer.field, raster),
        grid=Grid(_lib.text(grid.projection), grid.nx, grid.ny, grid.x_first, grid.y_first, grid.dx, grid.dy),
        units=_lib.text(layer.field.units),
        quantity=_lib.text(layer.quantity),
        name=_lib.text(layer.name),
        source=_lib.text(layer.source),
        time=np.datetime64(layer.time_ns, "ns"),
        reference=np.datetime64(layer.reference_ns, "ns"),
        duration_s=layer.duration_s,
        height_m=layer.height_m,
        members=layer.members,
        member=layer.member,
    )


def open(
    paths: PathLike | Sequence[PathLike],
    *,
    quantity: str | None = None,
    on_error: str = "raise",
    last: int | None = None,
    sidecar: PathLike | None = None,
) -> xr.DataArray:
    """Read gridded fields into one array, sorted by time.

    Parameters
    ----------
    paths : path, pattern, or several of them
        A pattern is one of the shell, such as ``fmi/*.pgm.gz``. Formats are told by content: ODIM_H5 and KNMI
        composites, CF netCDF, GRIB of MRMS and Stage IV, PGM of FMI, NIMROD, RADOLAN, grids of NEXRAD Level III,
        CINRAD PUP, SWAN and MOC, GeoTIFF, packed or not, in tar or not, GIF of MeteoSwiss.
    quantity : str, optional
        The field to take ("RATE", "ACRR", "DBZH" ...); the first that is not a quality field when omitted.
    on_error : "raise" or "skip"
        What to do about a file that cannot be read, is damaged, of another format or holds no such field. Skipped
        files are logged as warnings and named in the attribute ``left_out``; where all are, the last error is raised.
    last : int, optional
        Keep the latest times only, so that memory holds no more than these.
    sidecar : path, optional
        Of files of float32 cells without a header: the one text that says what they all are.

    Returns
    -------
    (time, y, x) float32 DataArray, y and x ascending, NaN where not known, ``time`` the valid time (UTC); of grids of
    several levels (time, z, y, x), z ascending; of ensembles in netCDF (member, time, y, x). A
    forecast also has ``lead_time`` and ``forecast_reference_time``.

    Raises
    ------
    ArgumentError : nothing matches, two fields of one time, grids or units that differ; the text names the files.
    FileError, FormatError, UnsupportedError, NoDataError : as ``layers``.
    """
    if on_error not in ("raise", "skip"):
        raise ArgumentError(f'on_error: "raise" or "skip" expected, {on_error!r} given')
    if last is not None and last < 1:
        raise ArgumentError(f"last: at least 1 expected, {last} given")
    taken: list[Layer] = []
    left_out: list[str] = []
    places: dict[tuple[np.datetime64, float, int], Path] = {}
    for path in expand(paths):
        try:
            chosen = _choose(
                layers(path, sidecar=sidecar), quantity if quantity or not taken else taken[0].quantity, path
            )
        except (FileError, NoDataError, UnsupportedError) as error:
            if on_error == "raise":
                raise
            _logger.warning("left out: %s", error)
            left_out.append(f"{path.name}: {error}")
            failure: Exception = error
            continue
        for layer in chosen:
            place = layer.time, layer.height_m, layer.member
            if place in places:
                raise ArgumentError(f"{path}: one field for each time expected, {places[place]} has {layer.time} too")
            if taken:
                _check_alike(layer, taken[0])
            places[place] = path
            taken.append(layer)
        if last is not None:
            latest = sorted({layer.time for layer in taken})[-last:]
            taken = [layer for layer in taken if layer.time >= latest[0]]
    if not taken:
        raise failure
    taken.sort(key=lambda layer: (layer.member, layer.time, layer.height_m))
    return _joined(taken, left_out)


def write(data: xr.DataArray, path: PathLike) -> None:
    """Write a field, (time, y, x) or (y, x), in the format its name ends in.

    ``.nc`` is CF netCDF-4, of (member, time, y, x) too, its dimensions then being (realization, time, y, x); ``.h5`` or
    ``.hdf`` an ODIM_H5 composite, of one time and not a forecast; ``.tif`` a GeoTIFF with a band for each time. Cells
    are stored as float32, as they are. ``.grib2`` is GRIB 2, packed in 16 bits, of (member, time, y, x) too;
    ``quantity`` is RATE, ACRR, DBZH, VIL or "discipline-category-number", and the attributes ``event`` ("at least" or
    "below") and ``limit`` make it a probability. The file appears whole or not at all.

    Raises
    ------
    UnsupportedError : another ending, or what the format has no place for.
    FileError : the system refused.
    """
    with Writer(path) as writer:
        writer.add(data if "time" in data.dims else data.expand_dims("time"))


def describe(path: PathLike) -> dict[str, Any]:
    """What is in a file, as plain values: format, and for each field its quantity, units, times, grid and range."""
    found = layers(path)
    return {
        "path": str(path),
        "format": found[0].format,
        "fields": [
            {
                "quantity": layer.quantity,
                "name": layer.name,
                "units": layer.units,
                "source": layer.source,
                "time": _iso(layer.time),
                "reference_time": _iso(layer.reference),
                "duration_s": layer.duration_s,
                "height_m": layer.height_m,
                "members": layer.members,
                "member": layer.member,
                "grid": dataclasses.asdict(layer.grid),
                "known": int(np.isfinite(layer.cells).sum()),
                "cells": layer.cells.size,
                "min": _finite(layer.cells, np.fmin),
                "max": _finite(layer.cells, np.fmax),
            }
            for layer in found
        ],
    }


def _finite(cells: _field.Array, least: Any) -> float | None:
    value = float(least.reduce(cells, axis=None))
    return value if np.isfinite(value) else None


def _iso(time: np.datetime64) -> str | None:
    return None if np.isnat(time) else f"{time.astype('datetime64[s]')}Z"


def expand(paths: PathLike | Sequence[PathLike]) -> Iterator[Path]:
    """Every file that paths and patterns name, each pattern in the order of names."""
    several: Iterable[PathLike] = [paths] if isinstance(paths, str | os.PathLike) else paths
    count = 0
    for path in several:
        text = os.fspath(path)
        matches = [text] if Path(text).exists() or not glob.has_magic(text) else sorted(glob.glob(text))  # noqa: PTH207
        if not matches:
            raise ArgumentError(f"paths: nothing matches {text}")
        for match in matches:
            count += 1
            yield Path(match)
    if not count:
        raise ArgumentError("paths: at least one file expected, none given")


def _choose(found: list[Layer], quantity: str | None, path: Path) -> list[Layer]:
    """The fields of one quantity."""
    if quantity is None:
        data = [layer for layer in found if layer.quantity not in _QUALITY]
        timed = [layer for layer in data if not np.isnat(layer.time)]  # before heights of the ground beside them
        quantity = next((layer.quantity for layer in timed or data), None)
    chosen = [layer for layer in found if quantity in (layer.quantity, layer.name)]
    if not chosen:
        there = ", ".join(sorted({layer.quantity for layer in found})) or "none"
        raise NoDataError(f"{path}: no field {quantity or 'of data'}; there are: {there}")
    return chosen


def _check_alike(layer: Layer, first: Layer) -> None:
    for what in ("grid", "units", "duration_s", "members"):
        given, expected = getattr(layer, what), getattr(first, what)
        if given != expected:
            raise ArgumentError(f"{layer.path}: {what} of {first.path} expected, {expected}; {given} found")
    if layer.reference != layer.time and layer.reference != first.reference:
        raise ArgumentError(f"{layer.path}: fields of one forecast expected, {first.path} is of another")


def _joined(taken: list[Layer], left_out: list[str]) -> xr.DataArray:
    """Layers, sorted by time, as one array; each is let go once it is copied."""
    first = taken[0]
    names: tuple[str, str | None, str] = (first.quantity.lower() or "field", None, first.name)
    if first.units != "m s-1" or first.quantity == "RATE":  # else a velocity
        names = _NAMES.get(first.units, names)
    name, standard_name, long_name = names
    times = np.unique(np.array([layer.time for layer in taken]))
    heights = np.unique([layer.height_m for layer in taken])
    if len(taken) != max(first.members, 1) * len(times) * len(heights):
        raise ArgumentError(f"{first.path}: the same levels at all times expected, there are {heights.tolist()} m")
    references = {layer.reference for layer in taken}
    forecast = any(layer.reference != layer.time for layer in taken)
    files = [f"{path.name} sha256:{checksum(path)}" for path in dict.fromkeys(layer.path for layer in taken)]
    cells: _field.Array = np.empty((len(taken), first.grid.ny, first.grid.nx), dtype=np.float32)
    for index in range(len(taken)):
        cells[index] = taken[0].cells
        del taken[0]
    attributes: dict[str, Any] = {"units": first.units, "long_name": long_name, "grid_mapping": "crs"}
    if standard_name:
        attributes["standard_name"] = standard_name
    attributes |= {"quantity": first.quantity, "source": first.source, "format": first.format}
    if first.duration_s:
        attributes |= {"duration_s": first.duration_s, "cell_methods": "time: sum"}
    attributes["input_files"] = "\n".join(files)
    if left_out:
        attributes["left_out"] = "\n".join(left_out)
    coords: dict[str, Any] = {"time": ("time", times, {"standard_name": "time", "long_name": "valid time (UTC)"})}
    dims: tuple[str, ...] = ("time", "y", "x")
    if len(heights) > 1 or heights[0]:
        dims = ("time", "z", "y", "x")
        cells = cells.reshape(-1, len(heights), *cells.shape[1:])
        coords["z"] = ("z", heights, {"units": "m", "standard_name": "altitude", "positive": "up", "axis": "Z"})
    if first.members:
        dims = ("member", *dims)
        cells = cells.reshape(first.members, len(times), -1, *cells.shape[-2:])[:, :, slice(None) if "z" in dims else 0]
        coords["member"] = ("member", np.arange(first.members), {"standard_name": "realization"})
    if forecast and len(references) == 1:
        start = references.pop()
        coords["lead_time"] = ("time", times - start, {"standard_name": "forecast_period"})
        coords["forecast_reference_time"] = ((), start, {"standard_name": "forecast_reference_time"})
    return xr.DataArray(cells, dims=dims, coords=coords | first.grid.coords(), attrs=attributes, name=name)
