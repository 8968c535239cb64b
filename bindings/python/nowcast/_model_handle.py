"""Files of model fields through the library, in this process or, by way of ``portable``, in a child of it."""

import dataclasses
import functools
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from xarray.backends.locks import HDF5_LOCK

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast._model_system import STAGGERS, WINDS, PathLike, System
from nowcast.grid import Grid

_PLAIN = ("name", "long_name", "standard_name", "units", "level_type", "statistic", "derived", "grid_type")
_NUMBERS = ("edition", "centre", "discipline", "category", "number", "vertical", "level", "level_2", "reference_ns")
_MORE = ("start_ns", "time_ns", "member", "along_grid", "points", "file", "offset")


class Handle:
    """The C handle of files that are open in this process."""

    def __init__(self, paths: Sequence[PathLike], system: System) -> None:
        texts = [ffi.new("char[]", os.fsencode(path)) for path in paths]
        kept: list[Any] = []

        def text(value: str | None) -> Any:
            kept.append(ffi.NULL if value is None else ffi.new("char[]", value.encode()))
            return kept[-1]

        names = ffi.new("nwc_model_name[]", max(len(system.names), 1))
        for struct, (file_name, name) in zip(names, system.names.items(), strict=False):
            struct.file_name, struct.name, struct.units = text(file_name), text(name.name), text(name.units)
            struct.scale, struct.offset, struct.stagger = name.scale, name.offset, STAGGERS[name.stagger]
        options = _lib.options("model", projection=text(system.projection), winds=WINDS[system.winds])
        options.names, options.n_names = names, len(system.names)
        out = ffi.new("nwc_model **")
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_model_open(ctx, ffi.new("char *[]", texts), len(texts), options, out))
        self._model = ffi.gc(out[0], lib.nwc_model_destroy)

    def facts(self) -> dict[str, Any]:
        """The entries as plain values; grids once each."""
        grids: dict[Any, int] = {}
        found: list[dict[str, Any]] = []
        entry = ffi.new("nwc_model_entry *")
        entries = []
        for index in range(lib.nwc_model_count(self._model)):
            _lib.check(lib.nwc_model_entry_at(self._model, index, entry))
            facts: dict[str, Any] = {name: _lib.text(getattr(entry, name)) for name in _PLAIN}
            facts |= {name: getattr(entry, name) for name in _NUMBERS + _MORE}
            facts["grid"] = None
            if entry.grid:
                if entry.grid not in grids:
                    grids[entry.grid] = len(found)
                    grid = entry.grid
                    found.append(
                        dataclasses.asdict(
                            Grid(
                                _lib.text(grid.projection),
                                grid.nx,
                                grid.ny,
                                grid.x_first,
                                grid.y_first,
                                grid.dx,
                                grid.dy,
                            )
                        )
                    )
                facts["grid"] = grids[entry.grid]
            entries.append(facts)
        incomplete = _lib.text(lib.nwc_model_incomplete(self._model))
        return {"entries": entries, "grids": found, "incomplete": incomplete}

    def read(self, index: int, shape: Sequence[int]) -> list[npt.NDArray[Any]]:
        fields = self._fields(1, shape)
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_model_read(ctx, self._model, index, fields.c))
        return list(fields.arrays)

    def wind(self, u: int, v: int, shape: Sequence[int]) -> list[npt.NDArray[Any]]:
        fields = self._fields(2, shape)
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_model_read_wind(ctx, self._model, u, v, fields.c, fields.c + 1))
        return list(fields.arrays)

    def lonlat(self, index: int, points: int) -> list[npt.NDArray[Any]]:
        lon, lat = np.empty(points), np.empty(points)
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_model_lonlat(ctx, self._model, index, _doubles(lon), _doubles(lat)))
        return [lon, lat]

    def hybrid(self, index: int) -> list[npt.NDArray[Any]]:
        count = ffi.new("int64_t *")
        with HDF5_LOCK:
            _lib.check(lib.nwc_model_hybrid(self._model, index, 0, ffi.NULL, ffi.NULL, count))
            a, b = np.empty(count[0]), np.empty(count[0])
            _lib.check(lib.nwc_model_hybrid(self._model, index, a.size, _doubles(a), _doubles(b), count))
        return [a, b]

    def interpolate(
        self, names: Sequence[str], grid: dict[str, Any], heights: Sequence[float] | None, time: int, **chosen: Any
    ) -> list[npt.NDArray[Any]]:
        target = Grid(**grid)
        shape = (*(() if heights is None else (len(heights),)), target.ny, target.nx)
        fields = _field.Fields([np.empty(shape, dtype=np.float32) for _ in names], None, target)
        z = np.array([] if heights is None else heights, dtype=np.float64)
        for index in range(len(names)):
            fields.c[index].grid.nz = z.size
            fields.c[index].grid.z_m = _doubles(z) if z.size else ffi.NULL
        texts = [ffi.new("char[]", name.encode()) for name in names]
        derived = None if chosen.get("derived") is None else ffi.new("char[]", chosen["derived"].encode())
        options = _lib.options("model_interpolate", **(chosen | {"derived": derived}))
        with HDF5_LOCK, _lib.call() as ctx:
            pointers = ffi.new("char *[]", texts)
            _lib.check(lib.nwc_model_interpolate(ctx, self._model, pointers, len(names), time, options, fields.c))
        return list(fields.arrays)

    def background(
        self, grid: dict[str, Any], time: int, error: Sequence[float] | None, **chosen: Any
    ) -> list[npt.NDArray[Any]]:
        """u, v, and the bytes of the levels."""
        target = Grid(**grid)
        shape = (len(target.z), target.ny, target.nx)
        fields = _field.Fields([np.empty(shape, dtype=np.float32) for _ in range(2)], "m s-1", target)
        options = _lib.options("background_model", **chosen)
        errors = np.array([] if error is None else error, dtype=np.float64)
        if errors.size:
            options.error_m_s = _doubles(errors)
        levels = ffi.new("nwc_background_level[]", len(target.z))
        with HDF5_LOCK, _lib.call() as ctx:
            _lib.check(lib.nwc_background_model(ctx, self._model, time, options, fields.c, fields.c + 1, levels))
        return [*fields.arrays, np.frombuffer(ffi.buffer(levels), dtype=np.uint8).copy()]

    @staticmethod
    def _fields(n: int, shape: Sequence[int]) -> _field.Fields:
        return _field.Fields([np.empty(tuple(shape), dtype=np.float32) for _ in range(n)])


def _doubles(array: npt.NDArray[np.float64]) -> Any:
    return ffi.cast("double *", array.ctypes.data)


@functools.lru_cache(maxsize=1)
def _handle_of(paths: tuple[str, ...], system: str) -> Handle:
    """The files a child process was asked about last."""
    return Handle(paths, System.model_validate_json(system))


def portable(request: Sequence[PathLike]) -> tuple[Any, list[npt.NDArray[Any]]]:
    """What is asked of the files given, in a process of its own: paths, then the request as JSON."""
    *paths, text = (os.fspath(part) for part in request)
    what = json.loads(text)
    if what["do"] == "facts":
        _handle_of.cache_clear()  # they are opened anew, and may have changed
    handle = _handle_of(tuple(paths), what["system"])
    if what["do"] == "facts":
        return handle.facts(), []
    return None, getattr(handle, what["do"])(**what["given"])
