"""What holds for every grid and every field on it."""

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from given import PLANES, cells, fields, grids, on
from nowcast.grid import RESAMPLINGS, SMOOTHINGS, Grid, rain_rate, resample, smooth

sizes = st.one_of(st.just(0.0), st.floats(0.1, 6.0))


@given(grids())
def test_longitude_and_latitude_lead_back(grid: Grid) -> None:
    x, y = grid.from_lonlat(*grid.lonlat())
    exact = 1e-9 if grid.is_latlon else 1e-3
    np.testing.assert_allclose(x, np.broadcast_to(grid.x, x.shape), rtol=0.0, atol=exact)
    np.testing.assert_allclose(y, np.broadcast_to(grid.y[:, None], y.shape), rtol=0.0, atol=exact)


@given(grids(least=2))
def test_coordinates_tell_their_grid(grid: Grid) -> None:
    field = on(grid, np.zeros((grid.ny, grid.nx), dtype=np.float32))
    for seen in (Grid.of(field), Grid.of(field[::-1, ::-1])):
        assert (seen.projection, seen.nx, seen.ny) == (grid.projection, grid.nx, grid.ny)
        for name in ("x_first", "y_first", "dx", "dy"):
            np.testing.assert_allclose(getattr(seen, name), getattr(grid, name), rtol=1e-9, atol=1e-9)


@given(fields(least=2), st.sampled_from(sorted(RESAMPLINGS)))
def test_the_same_grid_changes_nothing(field: xr.DataArray, method: str) -> None:
    before = field.values.copy()
    seen = resample(field, Grid.of(field), method=method)
    np.testing.assert_array_equal(seen.values == 0.0, before == 0.0)
    np.testing.assert_allclose(seen.values, before, rtol=1e-6)
    np.testing.assert_array_equal(field.values, before)


@given(st.data(), grids(least=2, most=4), st.integers(1, 5), st.integers(1, 5), st.floats(0.0, 1.0))
def test_a_coarse_cell_is_the_mean_of_what_is_known(
    data: st.DataObject, coarse: Grid, across: int, up: int, min_known: float
) -> None:
    dx, dy = coarse.dx / across, coarse.dy / up
    south_west = coarse.x_first - 0.5 * (coarse.dx - dx), coarse.y_first - 0.5 * (coarse.dy - dy)
    fine = Grid(coarse.projection, coarse.nx * across, coarse.ny * up, *south_west, dx, dy)
    field = on(fine, data.draw(cells((fine.ny, fine.nx))))
    seen = resample(field, coarse, method="conservative", min_known=min_known).values
    blocks = field.values.reshape(coarse.ny, up, coarse.nx, across).transpose(0, 2, 1, 3)
    blocks = blocks.reshape(coarse.ny, coarse.nx, -1).astype(np.float64)
    known = np.isfinite(blocks).sum(axis=-1)
    mean = np.nansum(blocks, axis=-1) / np.maximum(known, 1)
    share = known / (across * up)
    np.testing.assert_array_equal(np.isnan(seen)[share == 0.0], True)
    tie = np.abs(share - min_known) < 1e-6  # either is right where the share is the limit but for rounding
    expected = np.where((share >= min_known) & (known > 0), mean, np.nan)
    np.testing.assert_allclose(seen[~tie], expected[~tie], rtol=1e-5, atol=1e-5)


@given(st.sampled_from(PLANES), *[st.floats(-50.0, 50.0)] * 3, *[st.floats(-0.5, 0.5)] * 2, st.floats(0.2, 1.0))
def test_between_cells_a_plane_stays_a_plane(
    projection: str, base: float, slope_x: float, slope_y: float, off_x: float, off_y: float, finer: float
) -> None:
    own = Grid(projection, 9, 8, 0.0, 0.0, 1000.0, 2000.0)
    other = Grid(projection, 6, 5, 1000.0 * (1.0 + off_x), 2000.0 * (1.0 + off_y), 1000.0 * finer, 2000.0 * finer)

    def plane(grid: Grid) -> np.ndarray:
        return base + slope_x * grid.x[None, :] / 1e3 + slope_y * grid.y[:, None] / 1e3

    seen = resample(on(own, plane(own).astype(np.float32)), other, method="bilinear")
    np.testing.assert_allclose(seen.values, plane(other), rtol=1e-5, atol=1e-2)


@given(st.data(), grids(most=20), sizes, sizes, st.sampled_from(sorted(SMOOTHINGS)), st.floats(0.0, 1.0))
def test_smoothing_stays_within_the_range_and_keeps_what_is_constant(
    data: st.DataObject, grid: Grid, size_y: float, size_x: float, shape: str, min_known: float
) -> None:
    values = data.draw(cells((grid.ny, grid.nx)))
    options = {"size": (size_y, size_x), "shape": shape, "min_known": min_known}
    seen = smooth(on(grid, values), **options).values
    known = np.isfinite(seen)
    if known.any():
        slack = 1e-5 * np.nanmax(values)
        assert np.nanmin(values) - slack <= seen[known].min()
        assert seen[known].max() <= np.nanmax(values) + slack
    constant = smooth(on(grid, np.where(np.isnan(values), values, np.float32(7.3))), **options).values
    np.testing.assert_array_equal(np.isnan(constant), ~known)
    np.testing.assert_allclose(constant[known], 7.3, rtol=1e-5)


@given(fields(), st.sampled_from(sorted(SMOOTHINGS)))
def test_a_filter_of_no_size_changes_nothing(field: xr.DataArray, shape: str) -> None:
    np.testing.assert_allclose(smooth(field, 0.0, shape=shape).values, field.values, rtol=1e-6)


@given(st.data(), grids(most=14), st.integers(0, 3), st.integers(0, 3), st.floats(0.0, 1.0))
def test_a_box_is_the_mean_of_its_known_cells(
    data: st.DataObject, grid: Grid, half_y: int, half_x: int, min_known: float
) -> None:
    values = data.draw(cells((grid.ny, grid.nx)))
    size = 2 * half_y + 1, 2 * half_x + 1
    seen = smooth(on(grid, values), size, shape="box", min_known=min_known).values
    around = np.pad(values.astype(np.float64), ((half_y, half_y), (half_x, half_x)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(around, size).reshape(*values.shape, -1)
    known = np.isfinite(windows).sum(axis=-1)
    share = known / windows.shape[-1]
    expected = np.nansum(windows, axis=-1) / np.maximum(known, 1)
    expected[(share < min_known) | (known == 0)] = np.nan
    settled = np.abs(share - min_known) > 1e-6
    settled |= known == 0
    np.testing.assert_allclose(seen[settled], expected[settled], rtol=1e-4, atol=1e-4)


@given(st.data(), st.floats(50.0, 500.0), st.floats(1.0, 2.5))
def test_rain_rises_with_reflectivity_and_leads_back(data: st.DataObject, a: float, b: float) -> None:
    field = on(Grid(PLANES[0], 9, 4, 0.0, 0.0, 1e3, 1e3), data.draw(cells((4, 9), -32.0, 75.0)), "dBZ", "DBZH")
    rate = rain_rate(field, a, b).values.astype(np.float64)
    np.testing.assert_array_equal(np.isnan(rate), np.isnan(field.values))
    np.testing.assert_array_equal(rate == 0.0, field.values < -10.0)
    order = np.argsort(field.values, axis=None)
    assert (np.diff(rate.ravel()[order][: np.isfinite(rate).sum()]) >= 0.0).all()
    wet = rate > 0.0
    np.testing.assert_allclose(10.0 * np.log10(a * rate[wet] ** b), field.values[wet], atol=1e-3)


@given(fields(), st.floats(60.0, 86400.0))
def test_amounts_and_rates_agree(field: xr.DataArray, seconds: float) -> None:
    amount = (field * np.float32(seconds / 3600.0)).assign_attrs(field.attrs, units="mm", duration_s=seconds)
    per_second = (field / np.float32(3.6e6)).assign_attrs(field.attrs, units="m s-1")
    for other in (amount, per_second):
        rate = rain_rate(other)
        assert rate.attrs["units"] == "mm h-1"
        assert "duration_s" not in rate.attrs
        np.testing.assert_allclose(rate.values, field.values, rtol=1e-5, atol=1e-30)
