"""GeoTIFF as GDAL and this library write it, and heights of the ground in netCDF, which have no time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from rasterio import warp

import nowcast
from nowcast import errors, io

LAYOUTS: dict[str, dict[str, Any]] = {
    "int16 in tiles, predictor 2": {
        "dtype": "int16",
        "crs": "EPSG:4326",
        "tiled": True,
        "blockxsize": 32,
        "blockysize": 16,
        "compress": "deflate",
        "predictor": 2,
        "nodata": -32768,
    },
    "float32, predictor 3, BigTIFF": {
        "dtype": "float32",
        "crs": "EPSG:32632",
        "compress": "deflate",
        "predictor": 3,
        "BIGTIFF": "YES",
        "nodata": -3.4028234663852886e38,
    },
    "float32 in tiles, predictor 2": {
        "dtype": "float32",
        "crs": "EPSG:3035",
        "tiled": True,
        "blockxsize": 16,
        "blockysize": 16,
        "compress": "deflate",
        "predictor": 2,
        "nodata": np.nan,
    },
    "uint8 as it is, most significant byte first": {"dtype": "uint8", "crs": "EPSG:3395", "ENDIANNESS": "BIG"},
    "float64 in one strip": {"dtype": "float64", "crs": "EPSG:4258", "blockysize": 40},
    "uint16": {"dtype": "uint16", "crs": "EPSG:3857", "compress": "deflate"},
    "sparse": {
        "dtype": "int32",
        "crs": "EPSG:25833",
        "tiled": True,
        "blockxsize": 16,
        "blockysize": 16,
        "SPARSE_OK": "TRUE",
        "nodata": 7,
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_gdal_writes_is_read(layout: str, tmp_path: Path) -> None:
    options = LAYOUTS[layout]
    cells = (np.arange(40 * 50).reshape(40, 50) % 251).astype(options["dtype"])
    degrees = options["crs"] in ("EPSG:4326", "EPSG:4258")
    west, north, step = (7.0, 48.0, 0.01) if degrees else (500_000.0, 5_000_000.0, 100.0)
    place = Affine(step, 0.0, west, 0.0, -2 * step, north)
    path = tmp_path / "a.tif"
    with rasterio.open(path, "w", driver="GTiff", height=40, width=50, count=1, transform=place, **options) as file:
        file.write(cells, 1)
        file.set_band_description(1, "height")
        file.set_band_unit(1, "metre")
    (layer,) = io.layers(path)
    assert (layer.format, layer.name, layer.units, layer.grid.nx, layer.grid.ny) == ("GEOTIFF", "height", "m", 50, 40)
    assert np.isnat(layer.time)
    expected = cells[::-1].astype(np.float32)
    expected[cells[::-1] == options.get("nodata", 255)] = np.nan
    np.testing.assert_array_equal(layer.cells, expected)
    assert (layer.grid.x_first, layer.grid.dx) == pytest.approx((west + 0.5 * step, step))
    assert (layer.grid.y_first, layer.grid.dy) == pytest.approx((north - 79.0 * step, 2 * step))
    lon, lat = layer.grid.lonlat()
    with rasterio.open(path) as file:
        geographic = file.crs if degrees else "+proj=longlat +ellps=WGS84 +no_defs"
        # To some metres: what a datum is shifted by is not applied.
        place_of = warp.transform(file.crs, geographic, *([value] for value in file.xy(39, 0)))
    assert (lon[0, 0], lat[0, 0]) == pytest.approx((place_of[0][0], place_of[1][0]), abs=2e-3)
    assert nowcast.open(path).dims == ("time", "y", "x")


def test_heights_in_netcdf_need_no_time(tmp_path: Path) -> None:
    height = xr.DataArray(
        np.arange(12, dtype=np.int16).reshape(3, 4),
        dims=("lat", "lon"),
        coords={
            "lat": ("lat", [10.0, 10.5, 11.0], {"units": "degrees_north"}),
            "lon": ("lon", [1.0, 1.5, 2.0, 2.5], {"units": "degrees_east"}),
        },
        attrs={"units": "m", "standard_name": "height_above_mean_sea_level"},
        name="elevation",
    )
    height.to_netcdf(tmp_path / "dem.nc")
    (layer,) = io.layers(tmp_path / "dem.nc")
    assert (layer.quantity, layer.units) == ("elevation", "m")
    assert np.isnat(layer.time)
    np.testing.assert_array_equal(layer.cells, height.values)
    assert io.describe(tmp_path / "dem.nc")["fields"][0]["time"] is None
    rain = height.astype(np.float32).expand_dims(time=[np.datetime64("2024-06-01", "ns")]).rename("rain")
    both = xr.Dataset({"elevation": height, "rain": rain.assign_attrs(units="mm h-1", standard_name="rainfall_rate")})
    both.to_netcdf(tmp_path / "both.nc")
    assert io.open(tmp_path / "both.nc").attrs["quantity"] == "RATE"
    assert io.open(tmp_path / "both.nc", quantity="elevation").sizes["time"] == 1


def test_a_packing_that_is_not_read_says_what_is(tmp_path: Path) -> None:
    place = Affine(0.1, 0.0, 7.0, 0.0, -0.1, 48.0)
    shape: dict[str, Any] = {"height": 4, "width": 5, "count": 1, "dtype": "int16", "crs": "EPSG:4326"}
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", transform=place, compress="lzw", **shape) as file:
        file.write(np.ones((4, 5), np.int16), 1)
    with pytest.raises(errors.UnsupportedError, match=r"compression 5: none .* or deflate"):
        io.layers(tmp_path / "a.tif")
