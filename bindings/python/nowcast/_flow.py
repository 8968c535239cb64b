"""A motion field as C has it."""

import xarray as xr

from nowcast import _field
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending


def fields(flow: xr.Dataset, grid: Grid, name: str = "flow") -> _field.Fields:
    """u and v of a motion, (y, x) each, one after the other; ArgumentError where it lies on another grid."""
    if Grid.of(flow) != grid:
        raise ArgumentError(f"{name}: the grid of frames expected, another given")
    parts = [flow[component].transpose("y", "x") for component in ("u", "v")]
    cells = [ascending(part, _field.as_float32(part.values)) for part in parts]
    return _field.Fields(cells, parts[0].attrs.get("units"), grid)
