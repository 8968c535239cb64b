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

_STATISTICS = {
    "sum": lib.NWC_STATISTIC_SUM,
    "mean": lib.NWC_STATISTIC_MEAN,
    "maximum": lib.NWC_STATISTIC_MAX,
    "minimum": lib.NWC_STATISTIC_MIN,
}
"""By what ``cell_methods`` says of time."""
_EVENTS = {"at least": lib.NWC_EVENT_AT_LEAST, "below": lib.NWC_EVENT_BELOW}


class Writer:
    """Write fields of successive times to one file, which appears when the ``with`` block ends well."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._grib = os.fspath(path).endswith((".grib2", ".grb2"))
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

    def add(self, data: xr.DataArray, *, members: int | None = None) -> None:
        """Append the times of data, (time, y, x), or (member, time, y, x) for GRIB and netCDF.

        ``members`` is how many the whole ensemble has, where data has some of them, told by its coordinate ``member``.
        """
        if data.dims not in (("time", "y", "x"), ("member", "time", "y", "x")):
            raise ArgumentError(f"data: dimensions (time, y, x) or (member, time, y, x) expected, {data.dims} given")
        grid = Grid.of(data)
        name = str(data.name or "field")
        for key in ("centre", "subCentre"):
            if self._grib and key in data.attrs:
                with HDF5_LOCK:
                    _lib.check(lib.nwc_writer_number(self._handle, ffi.NULL, key.encode(), float(data.attrs[key])))
        here = data.sizes.get("member", 0)
        first = 0 if members is None else int(data["member"][0])
        for member in range(max(here, 1)):
            fields = data.isel(member=member) if here else data
            for index in range(data.sizes["time"]):
                self._add(fields.isel(time=index), name, grid, here if members is None else members, first + member)
        if name not in self._described:
            self._described.add(name)
            self._describe(name, {key: value for key, value in data.attrs.items() if key not in _OWN})

    def _add(self, data: xr.DataArray, name: str, grid: Grid, members: int, member: int) -> None:
        fields = _field.Fields([ascending(data, _field.as_float32(data.values))], data.attrs.get("units"), grid)
        layer = ffi.new("nwc_layer *")
        event = data.attrs.get("event")
        # A probability is told from its quantity by its name where there is no other way.
        quantity = "" if event is not None and not self._grib else data.attrs.get("quantity", "")
        texts = [ffi.new("char[]", str(text).encode()) for text in (quantity, data.attrs.get("source", ""))]
        variable = ffi.new("char[]", name.encode())
        layer.field = fields.c[0]
        layer.name, layer.quantity, layer.source = variable, texts[0], texts[1]
        layer.time_ns = _ns(data["time"])
        layer.reference_ns = _ns(data.coords.get("forecast_reference_time", data["time"]))
        layer.duration_s = float(data.attrs.get("duration_s", 0.0))
        layer.statistic = _STATISTICS.get(str(data.attrs.get("cell_methods", "")).removeprefix("time: "), 0)
        layer.members, layer.member = members, member
        if self._grib and "quantile" in data.attrs:
            layer.percentile = _percentile(float(data.attrs["quantile"]))
        if event is not None and self._grib:  # elsewhere they are attributes as others are
            if event not in _EVENTS:
                raise ArgumentError(f"data: an event of {', '.join(_EVENTS)} expected, {event!r} given")
            layer.event, layer.limit = _EVENTS[event], float(data.attrs.get("limit", np.nan))
        height = data.coords.get("height")
        if self._grib and height is not None and height.attrs.get("standard_name") == "height":
            layer.above_ground_m = float(height)
        z = data.coords.get("z")
        if self._grib and z is not None and z.ndim == 0 and z.attrs.get("standard_name") == "altitude":
            layer.height_m = float(z)
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


def _percentile(fraction: float) -> int:
    percent = round(100.0 * fraction)
    if not 1 <= percent <= 99 or abs(percent - 100.0 * fraction) > 1e-6:
        raise ArgumentError(f"data: for GRIB a quantile of whole percent, 0.01 to 0.99, expected, {fraction:g} given")
    return percent


def _ns(time: xr.DataArray) -> int:
    return int(time.values.astype("datetime64[ns]").astype(np.int64))
