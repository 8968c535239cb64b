"""Tables of storms, cells and tracks: rows that the library lends as columns, and their outlines as GeoJSON."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

_NUMBERS = {"double": "f8", "int32_t": "i4", "int64_t": "i8"}


def _format(kind: Any) -> Any:
    return (_NUMBERS[kind.item.cname], (kind.length,)) if kind.kind == "array" else _NUMBERS[kind.cname]


def row_type(name: str) -> np.dtype[Any]:
    """A struct of plain numbers, and arrays of them, as NumPy reads it."""
    kind = ffi.typeof(name)
    parts = [(part, field.offset, _format(field.type)) for part, field in kind.fields]
    names, offsets, formats = (list(column) for column in zip(*parts, strict=True))
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": ffi.sizeof(kind)})


_CELL = row_type("nwc_cell")

# Columns of a table, what they are called in C, and their units.
_COLUMNS = {
    "cell": ("id", ""),
    "storm": ("storm", ""),
    "longitude": ("longitude_deg", "degrees_east"),
    "latitude": ("latitude_deg", "degrees_north"),
    "x": ("x", "grid"),
    "y": ("y", "grid"),
    "x_mean": ("x_mean", "grid"),
    "y_mean": ("y_mean", "grid"),
    "x_peak": ("x_peak", "grid"),
    "y_peak": ("y_peak", "grid"),
    "peak": ("peak", "field"),
    "mean": ("mean", "field"),
    "saddle": ("saddle", "field"),
    "area": ("area_m2", "m2"),
    "volume": ("volume_m3", "m3"),
    "height": ("z_m", "m"),
    "height_mean": ("z_mean_m", "m"),
    "height_peak": ("z_peak_m", "m"),
    "base": ("base_m", "m"),
    "top": ("top_m", "m"),
    "major": ("major_m", "m"),
    "minor": ("minor_m", "m"),
    "orientation": ("orientation_deg", "degree"),
    "grid_cells": ("n", ""),
    "edge_cells": ("at_edge", ""),
}
_OF_BODIES = ("volume", "height", "height_mean", "height_peak", "base", "top")


def units_of(grid: Grid, field_units: str) -> dict[str, str]:
    """Units of the columns of a table."""
    plane = "degree" if grid.is_latlon else "m"
    known = {"grid": plane, "field": field_units}
    return {name: known.get(units, units) for name, (_, units) in _COLUMNS.items()}


def table_of(
    rows: npt.NDArray[Any], grid: Grid, field_units: str, deep: bool, without: Collection[str] = ()
) -> pd.DataFrame:
    """A row for each cell or storm; heights and volumes of fields with levels alone."""
    left_out = {*without, *(() if deep else _OF_BODIES)}
    wanted = {name: c_name for name, (c_name, _) in _COLUMNS.items() if name not in left_out}
    table = pd.DataFrame({name: rows[c_name] for name, c_name in wanted.items()})
    units = units_of(grid, field_units)
    table.attrs["units"] = {name: units[name] for name in wanted}
    return table


def rows_at(pointer: Any, n: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """A copy of n rows that the library lends."""
    if not n:
        return np.empty(0, dtype=kind)
    return np.frombuffer(ffi.buffer(pointer, n * kind.itemsize), dtype=kind).copy()


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """The storms of one field and the cells in them, as ``nowcast.cells.identify`` gives them."""

    cells: pd.DataFrame
    """A row for each cell, by its label ``cell``."""
    storms: pd.DataFrame
    """A row for each storm, by its label ``storm``, with its number of cells as ``cells``."""
    grid: Grid
    """of the field, without its levels"""
    _field: xr.DataArray
    _handle: Any

    def labels(self, of: str = "cells", *, above: bool = False) -> xr.DataArray:
        """The label of every grid cell, int32, 0 where there is none.

        Parameters
        ----------
        of : "cells" or "storms"
        above : bool
            Of a field with levels, what is seen from above, (y, x): in each column that of the greatest value.
        """
        like = self._field.isel(z=0, drop=True) if above and "z" in self._field.dims else self._field
        made = np.zeros(like.shape, dtype=np.int32)
        view = ascending(self._field, made)
        struct = ffi.new("nwc_labels *")
        _field.point(struct, view)
        _lib.check(lib.nwc_cells_labels(self._handle, _of_storms(of), struct))
        return (
            like.copy(data=made)
            .rename(of)
            .assign_attrs({"long_name": f"labels of {of}", "units": "1", "grid_mapping": "crs"})
        )

    def outlines(self, of: str = "cells", *, holes: bool = True) -> list[dict[str, Any]]:
        """The outlines of cells or storms, seen from above, as geometries of GeoJSON in longitude and latitude.

        One for each row of the table, Polygon or MultiPolygon; a cell that lies wholly below others, seen from above,
        has a MultiPolygon of nothing. Rings follow the sides of grid cells and are simple.

        Parameters
        ----------
        of : "cells" or "storms"
        holes : bool
            Whether to keep holes.
        """
        out = ffi.new("nwc_outlines *")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_cells_outline(ctx, self._handle, _of_storms(of), int(holes), out))
        areas: list[list[list[list[list[float]]]]] = [[] for _ in range(len(getattr(self, of)))]
        if out.n_rings:
            x = np.frombuffer(ffi.buffer(out.x, 8 * out.n_points), dtype=np.float64)
            y = np.frombuffer(ffi.buffer(out.y, 8 * out.n_points), dtype=np.float64)
            places = np.stack(self.grid.to_lonlat(x.copy(), y.copy()), axis=1)
            first = 0
            for ring in range(out.n_rings):
                points = places[first : first + out.points[ring]].tolist()
                first += out.points[ring]
                of_one = areas[out.id[ring] - 1]
                if out.hole[ring]:
                    of_one[-1].append([*points, points[0]])
                else:
                    of_one.append([[*points, points[0]]])
        return [
            {"type": "Polygon", "coordinates": parts[0]}
            if len(parts) == 1
            else {"type": "MultiPolygon", "coordinates": parts}
            for parts in areas
        ]


def _of_storms(of: str) -> int:
    if of not in ("cells", "storms"):
        raise ArgumentError(f"of: cells or storms expected, {of!r} given")
    return int(of == "storms")


def identify(field: xr.DataArray, options: Mapping[str, Any]) -> Cells:
    """The cells of one field, options by their names in C."""
    dims = field.dims
    if dims not in (("y", "x"), ("z", "y", "x")):
        raise ArgumentError(f"field: dimensions (y, x) or (z, y, x) expected, {dims} given")
    grid, deep = Grid.of(field), "z" in dims
    whole = dataclasses.replace(grid, z=tuple(field["z"].values)) if deep else grid
    units = field.attrs.get("units", "")
    fields = _field.Fields([ascending(field, _field.as_float32(field.values))], units, whole)
    out, table = ffi.new("nwc_cells **"), ffi.new("nwc_cells_table *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_cells_identify(ctx, fields.c, _lib.options("cells", **options), out))
    handle = ffi.gc(out[0], lib.nwc_cells_destroy)
    _lib.check(lib.nwc_cells_lend(handle, table))
    cells, storms = rows_at(table.cells, table.n_cells, _CELL), rows_at(table.storms, table.n_storms, _CELL)
    of_storms = table_of(storms, grid, units, deep, ("cell", "saddle"))
    of_storms.insert(1, "cells", storms["n_cells"])
    # Only the place of the field is kept: its values are not wanted any more.
    place = xr.DataArray(np.broadcast_to(np.float32(0.0), field.shape), field.coords, dims)
    return Cells(table_of(cells, grid, units, deep), of_storms, grid, place, handle)


def values_of(table: pd.DataFrame) -> tuple[Any, npt.NDArray[np.float64], list[Any]]:
    """Columns of numbers as an nwc_cell_values without trends, and what it points to."""
    names = [str(name) for name in table.columns]
    values = np.ascontiguousarray(table.to_numpy(dtype="f8"))
    kept = [ffi.new("char[]", name.encode()) for name in names]
    kept.append(ffi.new("char *[]", kept))
    cells = ffi.new("nwc_cell_values *")
    cells.n_cells, cells.n_names, cells.names = len(table), len(names), kept[-1]
    cells.values = ffi.from_buffer("double[]", values)
    return cells, values, kept
