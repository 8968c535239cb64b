"""Fields written to files by the library, in the format a name ends in; the file appears whole or not at all."""

import os
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

# Attributes that the library writes itself.
_OWN = {
    "units",
    "grid_mapping",
    "quantity",
    "source",
    "duration_s",
    "cell_methods",
    "coordinates",
    "_FillValue",
    "format",
}


class Writer:
    """Write fields of successive times to one file, which appears when the ``with`` block ends well."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._handle: Any = ffi.NULL
        self._described: set[str] = set()

    def __enter__(self) -> Self:
        out = ffi.new("nwc_writer **")
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_writer_create(ctx, os.fsencode(self._path), out))
        self._handle = out[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with HDF5_LOCK:
                    _lib.check(lib.nwc_writer_close(self._handle))
        finally:
            with HDF5_LOCK:
                lib.nwc_writer_destroy(self._handle)
            self._handle = ffi.NULL

    def add(self, data: xr.DataArray) -> None:
        """Append the times of data, a (time, y, x) array."""
        if data.dims != ("time", "y", "x"):
            raise ArgumentError(f"data: dimensions (time, y, x) expected, {data.dims} given")
        grid = Grid.of(data)
        name = str(data.name or "field")
        for index in range(data.sizes["time"]):
            self._add(data.isel(time=index), name, grid)
        if name not in self._described:
            self._described.add(name)
            self._describe(name, {key: value for key, value in data.attrs.items() if key not in _OWN})

    def _add(self, data: xr.DataArray, name: str, grid: Grid) -> None:
        fields = _field.Fields([ascending(data, _field.as_float32(data.values))], data.attrs.get("units"), grid)
        layer = ffi.new("nwc_layer *")
        texts = [ffi.new("char[]", str(data.attrs.get(key, "")).encode()) for key in ("quantity", "source")]
        variable = ffi.new("char[]", name.encode())
        layer.field = fields.c[0]
        layer.name, layer.quantity, layer.source = variable, texts[0], texts[1]
        layer.time_ns = _ns(data["time"])
        layer.reference_ns = _ns(data.coords.get("forecast_reference_time", data["time"]))
        layer.duration_s = float(data.attrs.get("duration_s", 0.0))
        with HDF5_LOCK:
            _lib.check(lib.nwc_writer_add(self._handle, layer))

    def _describe(self, name: str, attributes: dict[str, Any]) -> None:
        for key, value in attributes.items():
            with HDF5_LOCK:
                if isinstance(value, str):
                    status = lib.nwc_writer_text(self._handle, name.encode(), key.encode(), value.encode())
                elif isinstance(value, int | float | np.number | np.bool_):
                    status = lib.nwc_writer_number(self._handle, name.encode(), key.encode(), float(value))
                else:
                    continue
                _lib.check(status)


def _ns(time: xr.DataArray) -> int:
    return int(time.values.astype("datetime64[ns]").astype(np.int64))
