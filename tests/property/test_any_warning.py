"""Areas of any set of cells: rings valid by an independent package, of few points, no slivers, with every cell."""

import numpy as np
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import nowcast
from nowcast import hazard
from nowcast.grid import Grid

GRIDS = (
    Grid("+proj=aeqd +lat_0=32 +lon_0=121 +ellps=WGS84", 30, 24, -15e3, -12e3, 1000.0, 1000.0),
    Grid("+proj=longlat +datum=WGS84", 30, 24, 179.8, -16.0, 0.02, 0.02),
    Grid("+proj=stere +lat_0=90 +lon_0=0 +ellps=WGS84", 30, 24, 5e5, -12e3, 1000.0, 1000.0),
)
RULES = hazard.Rules(({"hazard": "h", "level": "one", "quantity": "q", "units": "1", "threshold": 0.5},), ("one",))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2), st.integers(0, 2**32 - 1), st.floats(0.002, 0.6), st.integers(4, 60), st.floats(300.0, 5000.0)
)
def test_rings_are_valid_small_wide_and_hold_all_cells(
    which: int, seed: int, share: float, most: int, margin: float
) -> None:
    grid = GRIDS[which]
    on = np.random.default_rng(seed).random((grid.ny, grid.nx)) < share
    field = xr.DataArray(
        on.astype(np.float32),
        dims=("y", "x"),
        coords={"time": np.datetime64("2024-06-01", "ns")} | grid.coords(),
        attrs={"units": "1", "grid_mapping": "crs"},
        name="q",
    )
    with nowcast.settings(threads=1):
        found = hazard.areas(field, RULES, margin=margin, most_points=most).areas
    lon, lat = grid.to_lonlat(*np.meshgrid(grid.x, grid.y))
    held = np.zeros_like(on)
    for geometry in found["geometry"] if len(found) else []:
        ring = np.array(geometry["coordinates"][0])
        shape = shapely.Polygon(ring)
        assert shape.is_valid
        assert shape.exterior.is_ccw
        assert len(ring) - 1 <= most
        scale = np.array([111195.0 * np.cos(np.radians(ring[:, 1].mean())), 111195.0])
        metres = shapely.Polygon(ring * scale)
        assert not metres.buffer(-0.5 * margin).is_empty  # nowhere only a sliver
        assert 4 * np.pi * metres.area / metres.length**2 > 0.005
        turns = np.round((ring[0, 0] - lon) / 360.0) * 360.0
        held |= shapely.contains_xy(shape, lon + turns, lat)
    assert held[on].all()
