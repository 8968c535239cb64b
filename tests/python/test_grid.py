"""Fields brought to other grids, smoothed and converted."""

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import errors, sim
from nowcast.grid import Grid, rain_rate, resample, smooth


@pytest.fixture(scope="module")
def rain() -> xr.DataArray:
    return sim.storms(minutes=5, n=64)["rain"]


def test_a_coarse_grid_holds_the_means(rain: xr.DataArray) -> None:
    own = Grid.of(rain)
    coarse = Grid(own.projection, 16, 16, own.x_first + 1500.0, own.y_first + 1500.0, 4000.0, 4000.0)
    seen = resample(rain, coarse, method="conservative", min_known=1.0)
    assert seen.dims == ("time", "y", "x")
    expected = rain.values.reshape(2, 16, 4, 16, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(seen.values, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(seen["time"].values, rain["time"].values)
    assert Grid.of(seen) == coarse


def test_rows_from_the_north_lie_in_the_same_place(rain: xr.DataArray) -> None:
    own = Grid.of(rain)
    other = Grid("+proj=longlat +ellps=WGS84", 20, 20, 113.9, 22.3, 0.02, 0.02)
    turned = rain.isel(y=slice(None, None, -1))
    assert Grid.of(turned) == own
    for method in ("nearest", "bilinear", "conservative"):
        np.testing.assert_array_equal(
            resample(rain, other, method=method).values, resample(turned, other, method=method).values
        )
    np.testing.assert_array_equal(smooth(rain, 2.0).values, smooth(turned, 2.0).isel(y=slice(None, None, -1)).values)


def test_a_box_is_a_mean(rain: xr.DataArray) -> None:
    boxed = smooth(rain, (3.0, 5.0), shape="box", min_known=1.0).values[0]
    assert boxed[30, 30] == pytest.approx(rain.values[0, 29:32, 28:33].mean(), rel=1e-5)
    assert np.isnan(boxed[0, 0])


def test_reflectivity_becomes_rain(rain: xr.DataArray) -> None:
    cells = np.array([[np.nan, -32.0], [23.0103, 40.0]], dtype=np.float32)
    data = xr.DataArray(cells, dims=("y", "x"), attrs={"units": "dBZ"})
    rate = rain_rate(data)
    assert np.isnan(rate.values[0, 0])
    np.testing.assert_allclose(rate.values.ravel()[1:], [0.0, 1.0, (1e4 / 200.0) ** (1 / 1.6)], rtol=1e-5)
    assert rain_rate(rain) is rain


def test_wrong_requests_are_refused(rain: xr.DataArray) -> None:
    with pytest.raises(errors.ArgumentError, match="method"):
        resample(rain, Grid.of(rain), method="best")
    with pytest.raises(errors.ArgumentError, match="size_y"):
        smooth(rain, -1.0)
    with pytest.raises(errors.ArgumentError, match="shape"):
        nowcast.grid.smooth(rain, 1.0, shape="round")
    with pytest.raises(errors.ArgumentError, match="a, b"):
        rain_rate(rain.assign_attrs(units="dBZ"), a=0.0)


def test_reflectivity_is_rain_turned_back() -> None:
    rain = xr.DataArray(
        np.array([[0.0, 0.5, 30.0, np.nan]], np.float32), dims=("y", "x"), attrs={"units": "mm h-1"}, name="rain"
    )
    made = nowcast.grid.reflectivity(rain)
    np.testing.assert_allclose(made.values[0, 1:3], 10.0 * np.log10(200.0 * np.array([0.5, 30.0]) ** 1.6), atol=1e-4)
    assert made.values[0, 0] == -32.0
    assert np.isnan(made.values[0, 3])
    np.testing.assert_allclose(nowcast.grid.rain_rate(made).values, rain.values, rtol=1e-5)
    with pytest.raises(errors.ArgumentError, match="mm h-1 expected"):
        nowcast.grid.reflectivity(made)
