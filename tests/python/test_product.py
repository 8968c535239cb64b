"""Products of columns, and shear of volumes, as Python sees them."""

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, product, radar
from nowcast.grid import Grid

LEVELS = np.array([500.0, 1500.0, 3000.0, 5000.0, 8000.0, 12000.0])


@pytest.fixture
def cube() -> xr.DataArray:
    """Two times of a 50 dBZ core over no echo; nothing is known at the lowest level, nor above 8 km in the west."""
    grid = Grid("+proj=laea +lat_0=30 +lon_0=114 +ellps=WGS84", 12, 10, -6000.0, -5000.0, 1000.0, 1000.0)
    cells = np.full((2, LEVELS.size, 10, 12), -32.0, dtype=np.float32)
    cells[:, :5, 4:7, 5:9] = 50.0
    cells[1, 2] += 1.0
    cells[:, 0] = np.nan
    cells[:, 5, :, :6] = np.nan
    times = np.array(["2024-05-01T00:00", "2024-05-01T00:06"], dtype="datetime64[ns]")
    coords = {"time": times, "z": ("z", LEVELS, {"units": "m"})} | grid.coords()
    attrs = {"units": "dBZ", "long_name": "reflectivity", "grid_mapping": "crs"}
    return xr.DataArray(cells, dims=("time", "z", "y", "x"), coords=coords, attrs=attrs, name="DBZH")


def test_a_composite_is_the_greatest_of_each_column(cube: xr.DataArray) -> None:
    made = product.composite(cube)
    np.testing.assert_array_equal(made.values, np.nanmax(cube.values, axis=1))
    assert made.dims == ("time", "y", "x")
    assert made.attrs["units"] == "dBZ"
    assert Grid.of(made) == Grid.of(cube)
    low = product.layer_max(cube, 0.0, 2000.0, ground=1000.0)
    np.testing.assert_array_equal(low["greatest"].values, np.nanmax(cube.values[:, 1:3], axis=1))
    assert set(np.unique(low["height"].values)) == {1500.0, 3000.0}


def test_axes_may_run_either_way(cube: xr.DataArray) -> None:
    turned = cube.isel(z=slice(None, None, -1), y=slice(None, None, -1))
    for make in (product.composite, product.vil, lambda data: product.cappi(data, 4000.0)):
        xr.testing.assert_identical(make(turned).isel(y=slice(None, None, -1)), make(cube))


def test_tops_say_where_they_are_open(cube: xr.DataArray) -> None:
    made = product.echo_top(cube, 20.0)
    core = made.isel(time=0, y=5)
    share = 30.0 / 82.0  # from 50 down to 20 dBZ on the way to -32
    assert float(core["top"].isel(x=7)) == pytest.approx(8000.0 + 4000.0 * share, abs=0.1)
    assert float(core["top"].isel(x=5)) == 8000.0
    np.testing.assert_array_equal(core["open"].values[[5, 7, 0]], [3, 2, 0])
    assert float(core["top"].isel(x=0)) == 0.0
    assert float(core["base"].isel(x=7)) == 1500.0
    assert made["open"].dtype == np.uint8


def test_liquid_and_its_density(cube: xr.DataArray) -> None:
    liquid = product.vil(cube).isel(time=0, y=5, x=7)
    z = 10.0**5.0
    # 1.5 km down to sea level, 6.5 km of core, 4 km of half its Z
    expected = 3.44e-6 * (z ** (4 / 7) * 8000.0 + (z / 2.0) ** (4 / 7) * 4000.0)
    assert float(liquid) == pytest.approx(expected, rel=1e-5)
    top = float(product.echo_top(cube)["top"].isel(time=0, y=5, x=7))
    density = product.vil_density(cube)
    assert float(density.isel(time=0, y=5, x=7)) == pytest.approx(1000.0 * expected / top, rel=1e-4)
    assert float(density.isel(time=0, y=0, x=0)) == 0.0
    assert density.attrs["units"] == "g m-3"


def test_hail_of_a_core(cube: xr.DataArray) -> None:
    made = product.hail(cube, 4000.0, xr.full_like(product.composite(cube)[0], 7000.0))
    core = made.isel(time=0, y=5, x=5)
    # To 8 km, above which nothing is known; all hail at 50 dBZ.
    expected = 0.1 * 5e-6 * 10.0**4.2 * (3000.0 / 2.0 + 1000.0)
    assert float(core["shi"]) == pytest.approx(expected, rel=5e-3)
    assert float(core["mesh"]) == pytest.approx(2.54 * expected**0.5, rel=5e-3)
    assert float(made["shi"].isel(time=0, y=0, x=0)) == 0.0
    assert made["mesh"].attrs["units"] == "mm"
    assert set(made) == {"shi", "posh", "mesh", "mesh75", "mesh95", "poh"}


def test_a_section_runs_from_place_to_place(cube: xr.DataArray) -> None:
    grid = Grid.of(cube)
    lon, lat = grid.to_lonlat([-5500.0, 4500.0], [0.0, 0.0])
    made = product.section(cube, (float(lon[0]), float(lat[0])), (float(lon[1]), float(lat[1])), spacing=1000.0)
    assert made.dims == ("time", "z", "distance")
    assert made.sizes["distance"] == 11
    between = 10.0 * np.log10(0.5 * 10.0**5.0)  # halfway from no echo into the core
    np.testing.assert_allclose(made.values[0, 1, 4:9], [between, 50.0, 50.0, 50.0, between], atol=1e-3)
    np.testing.assert_allclose(made["longitude"].values[[0, -1]], lon)
    with pytest.raises(errors.ArgumentError, match="spacing"):
        product.section(cube, (114.0, 30.0), (114.1, 30.0), spacing=0.0)


def test_wrong_analyses_are_refused(cube: xr.DataArray) -> None:
    with pytest.raises(errors.ArgumentError, match=r"dimensions \(\.\.\., z, y, x\)"):
        product.composite(cube.isel(z=0))
    with pytest.raises(errors.ArgumentError, match="units"):
        product.vil(cube.assign_attrs(units="m s-1"))
    with pytest.raises(errors.ArgumentError, match="ground"):
        product.vil(cube, ground=cube.isel(time=0, z=0, x=slice(2, None)))


def test_shear_of_a_volume_is_that_of_its_plane() -> None:
    azimuth, gates = np.arange(0.5, 360.0, 1.0), 3000.0 + 250.0 * np.arange(100)
    slope, growth = 20.0, 1.5e-3
    velocity = slope * np.deg2rad(azimuth)[:, None] + growth * gates[None, :] - 60.0
    sweep = xr.Dataset(
        {
            "VRADH": (("azimuth", "range"), velocity.astype(np.float32), {"units": "m s-1"}),
            "sweep_fixed_angle": ((), 0.5),
            "sweep_mode": ((), "azimuth_surveillance"),
        },
        coords={
            "azimuth": azimuth,
            "elevation": ("azimuth", np.full(360, 0.5)),
            "time": ("azimuth", np.datetime64("2024-05-01", "ns") + np.arange(360)),
            "range": gates,
        },
    )
    place = xr.Dataset(coords={"latitude": 30.0, "longitude": 114.0, "altitude": 50.0})
    made = radar.shear(xr.DataTree.from_dict({"/": place, "sweep_0": sweep}))["sweep_0"]
    shear = made["AZSHR"].values[30:330]
    np.testing.assert_allclose(shear, np.broadcast_to(slope / gates, shear.shape), rtol=1e-3)
    np.testing.assert_allclose(made["DIVR"].values[30:330], growth, rtol=1e-3)
    assert made["AZSHR"].attrs["units"] == "s-1"
