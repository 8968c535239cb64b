"""The density of strokes, and its forecast along the motion of rain."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import forecast, grid, product
from nowcast.errors import ArgumentError

NOW = np.datetime64("2024-06-01T12:00", "ns")
FLAT = grid.Grid("+proj=aeqd +lat_0=50 +lon_0=10", 60, 50, 0.0, 0.0, 2000.0, 2000.0)


def flow_on(own: grid.Grid, u: float, v: float) -> xr.Dataset:
    def part(value: float) -> xr.DataArray:
        attrs = {"units": "m s-1", "grid_mapping": "crs"}
        return xr.DataArray(np.full((own.ny, own.nx), value, np.float32), own.coords(), ("y", "x"), attrs=attrs)

    return xr.Dataset({"u": part(u), "v": part(v)}).assign_coords(time=NOW)


def strokes_at(own: grid.Grid, cells: list[tuple[int, int]], ages_s: list[float]) -> pd.DataFrame:
    lon, lat = own.to_lonlat([own.x[i] for _, i in cells], [own.y[j] for j, _ in cells])
    times = NOW - np.array([round(1e9 * age) for age in ages_s], dtype="timedelta64[ns]")
    return pd.DataFrame({"time": times, "longitude": lon, "latitude": lat})


def test_strokes_are_counted_where_the_motion_has_carried_them() -> None:
    """Half as old, half as far; what is older than the window, younger than now or beyond the grid does not count."""
    strokes = strokes_at(FLAT, [(10, 10), (10, 10), (30, 40), (30, 40), (49, 59)], [400.0, 200.0, 700.0, -5.0, 500.0])
    density = product.flash_density(strokes, flow_on(FLAT, 20.0, -10.0), minutes=10.0, spread_km=0.0)
    expected = np.zeros((50, 60))
    expected[8, 14] = expected[9, 12] = 1.0 / (4.0 * 10.0)
    np.testing.assert_allclose(density.values, expected, rtol=1e-6)
    assert density.attrs["units"] == "km-2 min-1"
    spread = product.flash_density(strokes, flow_on(FLAT, 20.0, -10.0), spread_km=4.0)
    assert float(spread.sum()) == pytest.approx(expected.sum(), rel=1e-3)
    assert float(spread.max()) < 0.1 * expected.max()
    still = product.flash_density(strokes[:2], flow_on(FLAT, np.nan, 0.0), spread_km=0.0)
    assert int(np.count_nonzero(still)) == 1


def test_cells_of_degrees_are_narrower_to_the_north() -> None:
    own = grid.Grid("+proj=longlat +datum=WGS84", 80, 60, 8.0, 59.7, 0.02, 0.01)
    strokes = strokes_at(own, [(30, 20)], [600.0 - 1.0])
    density = product.flash_density(strokes, flow_on(own, 10.0, 0.0), spread_km=0.0)
    side_km = 0.01 * 111.195
    assert tuple(int(k[0]) for k in np.nonzero(density.values)) == (30, 20 + round(5.99 / side_km))
    assert float(density.max()) == pytest.approx(1.0 / (10.0 * side_km**2), rel=1e-3)


def test_a_density_is_forecast_along_the_same_motion() -> None:
    flow = flow_on(FLAT, 20.0, 0.0)
    density = product.flash_density(strokes_at(FLAT, [(20, 10)], [0.0]), flow, spread_km=0.0)
    made = forecast.extrapolate(density, flow, leads=[10.0], sampling="nearest", travel=0.0)
    assert made.attrs["units"] == "km-2 min-1"
    np.testing.assert_array_equal(made.values[0][:, 7:], density.values[:, 1:-6])


def test_other_observations_no_strokes_and_wrong_options() -> None:
    flow = flow_on(FLAT, 5.0, 5.0)
    strokes = strokes_at(FLAT, [(5, 5), (6, 6)], [10.0, 10.0]).assign(quantity=["lightning_cg", "temperature"])
    assert int(np.count_nonzero(product.flash_density(strokes, flow, spread_km=0.0))) == 1
    assert not product.flash_density(strokes[:0], flow).values.any()
    with pytest.raises(ArgumentError, match="minutes and spread_km"):
        product.flash_density(strokes, flow, minutes=0.0)
    with pytest.raises(ArgumentError, match="time: one expected"):
        product.flash_density(strokes, flow.drop_vars("time"))
