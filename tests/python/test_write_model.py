"""Forecast fields as GRIB 2 and GeoTIFF, as other readers see them."""

from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio import warp

from nowcast import cli, io, model
from nowcast.errors import ArgumentError, NoDataError, UnsupportedError
from nowcast.grid import Grid

PROJECTIONS = (
    "+proj=longlat +ellps=WGS84",
    "+proj=longlat +R=6371229",
    "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=35 +lon_0=105 +x_0=5000 +R=6371229",
    "+proj=lcc +lat_1=40 +lat_0=40 +lon_0=10 +ellps=WGS84",
    "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=25 +ellps=bessel",
    "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=30 +ellps=WGS84",
    "+proj=laea +lat_0=50 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80",
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy",
    "+proj=merc +lat_ts=20 +lon_0=100 +ellps=WGS84",
    "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +ellps=GRS80",
    "+proj=aeqd +lat_0=45 +lon_0=5 +ellps=WGS84",
)


def forecast(grid: Grid, **attributes: Any) -> xr.DataArray:
    start = np.datetime64("2019-06-05T12:00", "ns")
    times = start + np.array([10, 20, 30]) * np.timedelta64(1, "m")
    cells = np.arange(3 * grid.ny * grid.nx, dtype=np.float32).reshape(3, grid.ny, grid.nx) / 8
    cells[:, 0, 1] = np.nan
    coords = {"time": ("time", times), "forecast_reference_time": ((), start)}
    names = {"units": "mm h-1", "quantity": "RATE", "grid_mapping": "crs"}
    return xr.DataArray(
        cells, dims=("time", "y", "x"), coords=coords | grid.coords(), attrs=names | attributes, name="rain"
    )


def around(projection: str, nx: int = 7, ny: int = 130) -> Grid:
    """A grid in the middle of a projection."""
    if "longlat" in projection:
        return Grid(projection, nx, ny, 10.0, 40.0, 0.02, 0.01)
    parts = dict(part.lstrip("+").split("=") for part in projection.split())
    lat = {"90": 70.0, "-90": -70.0}.get(parts.get("lat_0", ""), float(parts.get("lat_0", parts.get("lat_ts", "20"))))
    x, y = Grid(projection, 1, 1, 0.0, 0.0, 1.0, 1.0).from_lonlat(float(parts["lon_0"]) + 2.0, lat)
    return Grid(projection, nx, ny, float(x), float(y), 2000.0, 1000.0)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_gdal_finds_a_geotiff_where_it_was_written(projection: str, tmp_path: Path) -> None:
    grid = around(projection)
    rain = forecast(grid)
    io.write(rain, tmp_path / "rain.tif")
    with rasterio.open(tmp_path / "rain.tif") as file:
        assert (file.count, file.height, file.width) == (3, grid.ny, grid.nx)
        assert file.dtypes == ("float32",) * 3
        assert np.isnan(file.nodata)
        np.testing.assert_array_equal(file.read()[:, ::-1], rain.values)
        assert file.descriptions == ("rain",) * 3
        assert file.units == ("mm h-1",) * 3
        assert file.tags(2)["time"] == "2019-06-05T12:20:00Z"
        assert file.tags(2)["lead_time_s"] == "1200"
        lon, lat = grid.lonlat()
        for row, column in ((0, 0), (0, grid.nx - 1), (grid.ny - 1, 3)):
            x, y = file.xy(grid.ny - 1 - row, column)
            ellipsoid = " ".join(part for part in projection.split() if part[:3] in ("+el", "+R="))
            place = warp.transform(file.crs, f"+proj=longlat {ellipsoid} +no_defs", [x], [y])
            assert place[0][0] == pytest.approx(lon[row, column], abs=1e-7)
            assert place[1][0] == pytest.approx(lat[row, column], abs=1e-7)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_a_geotiff_is_read_back(projection: str, tmp_path: Path) -> None:
    grid = around(projection)
    rain = forecast(grid)
    io.write(rain, tmp_path / "rain.tif")
    back = io.open(tmp_path / "rain.tif")
    np.testing.assert_array_equal(back.values, rain.values)
    np.testing.assert_array_equal(back["time"], rain["time"])
    np.testing.assert_array_equal(back["forecast_reference_time"], rain["forecast_reference_time"])
    assert (back.attrs["units"], back.attrs["quantity"]) == ("mm h-1", "RATE")
    np.testing.assert_allclose(Grid.of(back).lonlat(), grid.lonlat(), atol=1e-9)


def test_what_geotiff_has_no_place_for_is_refused(tmp_path: Path) -> None:
    turned = "+proj=ob_tran +o_proj=longlat +o_lat_p=30 +o_lon_p=0 +lon_0=10"
    with pytest.raises(UnsupportedError, match="ob_tran"):
        io.write(forecast(Grid(turned, 4, 3, 0.0, 0.0, 0.1, 0.1)), tmp_path / "rain.tif")
    assert not list(tmp_path.iterdir())
    with pytest.raises(UnsupportedError, match=r"\.grib2, \.grb2, \.tif"):
        io.write(forecast(around(PROJECTIONS[0])), tmp_path / "rain.png")


def test_statistics_and_quantiles_are_told_in_grib(tmp_path: Path) -> None:
    rain = forecast(around(PROJECTIONS[2]), duration_s=600.0)
    for name, attributes, statistic, derived in (
        ("a", {"cell_methods": "time: maximum"}, "max", ""),
        ("b", {"cell_methods": "time: mean"}, "avg", ""),
        ("c", {"quantile": 0.9, "cell_methods": "time: sum"}, "accum", "percentile 90"),
    ):
        io.write(rain.assign_attrs(attributes), tmp_path / f"{name}.grib2")
        found = model.open(tmp_path / f"{name}.grib2").table()
        assert set(found["statistic"]) == {statistic}, name
        assert set(found["derived"]) == {derived}, name
    with pytest.raises(ArgumentError, match="whole percent"):
        io.write(rain.assign_attrs(quantile=0.999), tmp_path / "d.grib2")


def test_a_forecast_comes_back_from_grib(tmp_path: Path) -> None:
    rain = forecast(around(PROJECTIONS[2]), centre=38)
    io.write(rain, tmp_path / "rain.grib2")
    found = model.open(tmp_path / "rain.grib2")
    back = found.read("0-1-7")
    np.testing.assert_array_equal(back["time"].values, rain["time"].values)
    np.testing.assert_allclose(back.values * 3600.0, rain.values, atol=float(rain.max()) / 65535)
    assert list(found.table()["centre"].unique()) == [38]
    for one, other in zip(found.grids[0].lonlat(), Grid.of(rain).lonlat(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)


def test_values_and_probabilities_of_one_file_are_told_apart(tmp_path: Path) -> None:
    grid = around(PROJECTIONS[0])
    rain, likely = forecast(grid), forecast(grid, units="1", event="at least", limit=5.0).clip(max=1.0)
    parts = []
    for field in (likely, rain):
        io.write(field, tmp_path / "part.grib2")
        parts.append((tmp_path / "part.grib2").read_bytes())
    path = tmp_path / "both.grib2"
    path.write_bytes(b"".join(parts))
    found = model.open(path)
    name = found.table()["name"].iloc[0]
    limit = "probability above 0.00138889"
    assert list(found.table()["derived"].unique()) == [limit, ""]
    with pytest.raises(ArgumentError, match=f'one derived expected, there are {limit}, ""'):
        found.read(name)
    assert found.read(name, derived="").attrs["units"] == "kg m-2 s-1"
    atol = float(rain.max()) / 65535
    np.testing.assert_allclose(found.on_grid(name, grid)[name].values * 3600.0, rain.values, atol=atol)
    share = found.on_grid(name, grid, derived=limit)[name]
    assert share.attrs["units"] == "%"
    np.testing.assert_allclose(share.values, 100.0 * likely.values, atol=0.002)
    with pytest.raises(NoDataError):
        found.on_grid(name, grid, derived="spread")
    told = click.testing.CliRunner().invoke(cli.main, ["info", str(path)]).output
    assert f"prate [%] surface, {limit}, 3 fields" in told
    assert "prate [kg m-2 s-1] surface, 3 fields" in told


def test_members_and_probabilities_come_back_from_grib(tmp_path: Path) -> None:
    rain = forecast(around(PROJECTIONS[0]))
    members = xr.concat([rain, rain + 1.0], "member").assign_attrs(rain.attrs)
    io.write(members.transpose("member", "time", "y", "x"), tmp_path / "members.grib2")
    rows = model.open(tmp_path / "members.grib2").table()
    assert sorted(rows["member"]) == [0, 0, 0, 1, 1, 1]
    likely = forecast(around(PROJECTIONS[0]), units="1", event="at least", limit=5.0).clip(max=1.0)
    io.write(likely, tmp_path / "likely.grib2")
    back = model.open(tmp_path / "likely.grib2").read("0-1-7")
    assert float(back.max()) == pytest.approx(100.0)
    assert back.attrs["units"] == "%"
    assert back.attrs["derived"] == "probability above 0.00138889"  # 5 mm/h in kg m-2 s-1
    assert "standard_name" not in back.attrs
    with pytest.raises(ArgumentError, match="at least, below"):
        io.write(likely.assign_attrs(event="over"), tmp_path / "likely.grib2")
    io.write(likely, tmp_path / "likely.nc")  # attributes there


def test_members_are_realizations_in_netcdf(tmp_path: Path) -> None:
    rain = forecast(around(PROJECTIONS[0]))
    members = xr.concat([rain, rain + 1.0], "member").assign_attrs(rain.attrs).transpose("member", "time", "y", "x")
    io.write(members, tmp_path / "members.nc")
    with xr.open_dataset(tmp_path / "members.nc") as back:
        written = back[str(rain.name)]
        assert written.dims == ("realization", "time", "y", "x")
        assert written["realization"].attrs["standard_name"] == "realization"
        np.testing.assert_array_equal(written.values, members.values.astype(np.float32))
        np.testing.assert_array_equal(written["time"].values, rain["time"].values)
