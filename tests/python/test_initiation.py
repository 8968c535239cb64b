"""Hints of storms to come: near a line where two winds meet, and below a cloud that grows."""

import numpy as np
import pytest
import xarray as xr

from nowcast import cells, wind
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=118 +ellps=WGS84", 80, 60, -40e3, -30e3, 1000.0, 1000.0)
X, Y = np.meshgrid(PLACE.x / 1e3, PLACE.y / 1e3)


def wrap(values: np.ndarray, units: str, name: str = "field") -> xr.DataArray:
    coords = dict(PLACE.coords())
    if values.ndim == 3:
        coords["time"] = np.datetime64("2024-06-01T06:00", "ns") + np.arange(2) * np.timedelta64(10, "m")
    dims = ("time", "y", "x")[-values.ndim :]
    attributes = {"units": units, "grid_mapping": "crs"}
    return xr.DataArray(values.astype(np.float32), dims=dims, coords=coords, attrs=attributes, name=name)


def test_storms_may_form_near_lines_and_below_clouds_that_cool() -> None:
    echo = wrap(np.where(np.hypot(X + 5.0, Y) < 3.0, 45.0, -32.0), "dBZ")
    meeting = xr.Dataset({"u": wrap(-6.0 * np.tanh((X + 5.0) / 2.0), "m s-1"), "v": wrap(0.0 * X, "m s-1")})
    sky = np.stack([np.full(X.shape, 285.0)] * 2)
    sky[:, np.hypot(X - 25.0, Y) < 6.0] = [[270.0], [262.0]]
    found = cells.initiation(echo, wind.derivatives(meeting)["divergence"], wrap(sky, "K"))
    bit = cells.HINTS
    assert int(found.sel(x=-5e3, y=0.0)) == bit["storm"]
    assert int(found.sel(x=-5e3, y=15e3)) == bit["line"]
    assert int(found.sel(x=3e3, y=15e3)) == bit["line"]
    assert int(found.sel(x=8e3, y=15e3)) == 0
    assert int(found.sel(x=25e3, y=0.0)) == bit["cooling"] | bit["fast_cooling"]
    assert found.attrs["flag_meanings"].split() == list(bit)
    alone = cells.initiation(echo, wind.derivatives(meeting)["divergence"])
    assert int(alone.sel(x=25e3, y=0.0)) == bit["no_cloud"]
    turned = cells.initiation(echo[::-1], brightness=wrap(sky, "K"))
    assert int(turned.sel(x=25e3, y=0.0)) == bit["cooling"] | bit["fast_cooling"]


def test_what_is_wrong_is_named() -> None:
    echo, sky = wrap(0.0 * X, "dBZ"), wrap(np.stack([0.0 * X + 280.0] * 2), "K")
    with pytest.raises(ArgumentError, match="one of them"):
        cells.initiation(echo)
    with pytest.raises(ArgumentError, match="two times"):
        cells.initiation(echo, brightness=sky[:1])
    with pytest.raises(ArgumentError, match="the grid"):
        cells.initiation(echo[:-1], brightness=sky)
    with pytest.raises(ArgumentError, match="units of K"):
        cells.initiation(echo, brightness=sky.assign_attrs(units="degC"))
    with pytest.raises(ArgumentError, match="reach_m"):
        cells.initiation(echo, brightness=sky, reach_m=-1.0)
