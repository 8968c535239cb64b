"""Grids and fields to hold properties against."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nowcast.grid import Grid

# Conformal, equal-area and equidistant, of ellipsoids and a sphere; each is asked for where it is used.
PLANES = (
    "+proj=aeqd +lat_0=22.3 +lon_0=114.2 +ellps=WGS84",
    "+proj=laea +lat_0=55 +lon_0=10 +x_0=1950000 +y_0=-2100000 +ellps=WGS84",
    "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=44 +lat_2=49 +R=6371229",
    "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +a=6378137 +b=6356752.3142451802",
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy",
)
_ORIGIN = {PLANES[1]: (1950e3, -2100e3), PLANES[3]: (0.0, -4000e3), PLANES[4]: (400e3, 300e3)}
LATLON = "+proj=longlat +ellps=WGS84"


@st.composite
def grids(draw: st.DrawFn, least: int = 1, most: int = 12, latlon: bool = True) -> Grid:
    """Any grid of least to most cells along each axis."""
    projection = draw(st.sampled_from((*PLANES, LATLON) if latlon else PLANES))
    nx, ny = draw(st.integers(least, most)), draw(st.integers(least, most))
    if projection == LATLON:
        dx, dy = draw(st.floats(0.001, 1.0)), draw(st.floats(0.001, 1.0))
        return Grid(projection, nx, ny, draw(st.floats(-170.0, 150.0)), draw(st.floats(-75.0, 60.0)), dx, dy)
    dx, dy = draw(st.floats(100.0, 5000.0)), draw(st.floats(100.0, 5000.0))
    x, y = _ORIGIN.get(projection, (0.0, 0.0))
    return Grid(projection, nx, ny, x + draw(st.floats(-300e3, 300e3)), y + draw(st.floats(-300e3, 300e3)), dx, dy)


def cells(
    shape: tuple[int, ...], low: float = 0.0, high: float = 200.0, unknown: bool = True
) -> st.SearchStrategy[np.ndarray]:
    """float32 cells between low and high, many of them low, some NaN."""
    wide = {"width": 32, "allow_subnormal": False}
    elements = [st.just(low), st.floats(low, high, **wide)] + ([st.just(np.nan)] if unknown else [])
    return hnp.arrays(np.float32, shape, elements=st.one_of(elements), fill=st.just(low))


def on(grid: Grid, values: np.ndarray, units: str = "mm h-1", quantity: str = "RATE") -> xr.DataArray:
    """Cells as a field of one time, or of times five minutes apart."""
    start = np.datetime64("2026-06-01T06:00", "ns")
    times = start + np.timedelta64(5, "m") * np.arange(len(values)) if values.ndim == 3 else start
    coords = grid.coords() | {"time": ("time", times) if values.ndim == 3 else times}
    attributes = {"units": units, "quantity": quantity, "grid_mapping": "crs"}
    return xr.DataArray(values, dims=("time", "y", "x")[-values.ndim :], coords=coords, attrs=attributes, name="rain")


@st.composite
def fields(draw: st.DrawFn, least: int = 1, most: int = 12, latlon: bool = True, unknown: bool = True) -> xr.DataArray:
    """Rain of one time on any grid."""
    grid = draw(grids(least, most, latlon))
    return on(grid, draw(cells((grid.ny, grid.nx), unknown=unknown)))
