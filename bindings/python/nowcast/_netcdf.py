"""Fields as CF netCDF: one variable (time, y, x) with its grid mapping, written a few times at a time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _lib
from nowcast._files import replacing
from nowcast.errors import ArgumentError, FileError, UnsupportedError

_EPOCH = np.datetime64(0, "ns")
_TIME = {"units": "seconds since 1970-01-01 00:00:00", "calendar": "standard"}
_CHUNK = 512


def _package() -> Any:
    try:
        import netCDF4
    except ImportError:
        raise UnsupportedError("netCDF is written with netCDF4: pip install 'libnowcast[netcdf]'") from None
    return netCDF4


class Writer:
    """Write fields of successive times to one file, which appears when the ``with`` block ends well."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._stack = contextlib.ExitStack()
        self._path = Path(path)
        self._file: Any = None
        self._beside: Path

    def __enter__(self) -> Self:
        package = _package()
        with contextlib.ExitStack() as stack:
            self._beside = stack.enter_context(replacing(self._path))
            with self._failing():
                self._file = package.Dataset(self._beside, "w", format="NETCDF4")
            stack.callback(self._close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def add(self, data: xr.DataArray) -> None:
        """Append the times of data, a (time, y, x) array; the first call lays the file out."""
        if data.dims != ("time", "y", "x"):
            raise ArgumentError(f"data: dimensions (time, y, x) expected, {data.dims} given")
        with self._failing():
            if "time" not in self._file.dimensions:
                self._lay_out(data)
            start = len(self._file.dimensions["time"])
            self._file["time"][start:] = _seconds(data["time"].values)
            if "lead_time" in data.coords:
                self._file["lead_time"][start:] = data["lead_time"].values / np.timedelta64(1, "s")
            variable = self._file[_name(data)]
            for index, field in enumerate(data.values):
                variable[start + index] = field

    def _lay_out(self, data: xr.DataArray) -> None:
        file = self._file
        file.Conventions = "CF-1.10"
        file.source = f"libnowcast {_lib.version()}"
        for name, size in (("time", None), ("y", data.sizes["y"]), ("x", data.sizes["x"])):
            file.createDimension(name, size)
        for name in ("y", "x"):
            variable = file.createVariable(name, "f8", (name,))
            variable.setncatts(data[name].attrs)
            variable[:] = data[name].values
        file.createVariable("time", "f8", ("time",)).setncatts(data["time"].attrs | _TIME)
        auxiliary = []
        if "lead_time" in data.coords:
            auxiliary.append("lead_time")
            variable = file.createVariable("lead_time", "f8", ("time",))
            variable.setncatts(data["lead_time"].attrs | {"units": "s"})
        if "forecast_reference_time" in data.coords:
            auxiliary.append("forecast_reference_time")
            variable = file.createVariable("forecast_reference_time", "f8", ())
            variable.setncatts(data["forecast_reference_time"].attrs | _TIME)
            variable[...] = _seconds(data["forecast_reference_time"].values)
        file.createVariable("crs", "i4", ()).setncatts(data["crs"].attrs)
        chunks = (1, min(_CHUNK, data.sizes["y"]), min(_CHUNK, data.sizes["x"]))
        variable = file.createVariable(
            _name(data),
            "f4",
            ("time", "y", "x"),
            compression="zlib",
            complevel=1,
            chunksizes=chunks,
            fill_value=np.float32(np.nan),
        )
        variable.setncatts(data.attrs)
        if auxiliary:
            variable.coordinates = " ".join(auxiliary)

    def _close(self) -> None:
        with self._failing():
            self._file.close()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """One thread at a time in HDF5; what it reports names the file."""
        try:
            with HDF5_LOCK:
                yield
        except (OSError, RuntimeError) as error:
            raise FileError(f"{self._path}: {error}") from error


def _name(data: xr.DataArray) -> str:
    return str(data.name or "field")


def _seconds(times: Any) -> Any:
    return (times.astype("datetime64[ns]") - _EPOCH) / np.timedelta64(1, "s")
