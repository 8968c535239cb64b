"""The verb product, from a mosaic's file to a file of products, and its answer to hard input."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner, Result

import nowcast
from nowcast import product, verify
from nowcast.cli import main
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=118 +ellps=WGS84", 12, 9, 0.0, 0.0, 1000.0, 1000.0)
LEVELS = np.arange(500.0, 12001.0, 500.0)
PEAK, DECAY = 60.0, 0.004  # dBZ at the ground, dBZ per m


def analysis() -> xr.Dataset:
    """A tower that weakens upward in one half, nothing in the rest but for a corner that nobody sees."""
    cells = np.full((1, LEVELS.size, PLACE.ny, PLACE.nx), -32.0, np.float32)
    cells[0, :, :, 6:] = (PEAK - DECAY * LEVELS)[:, None, None]
    cells[0, :, :2, :2] = np.nan
    attributes = {"units": "dBZ", "grid_mapping": "crs", "quantity": "DBZH", "long_name": "reflectivity"}
    speed = {"units": "m s-1", "grid_mapping": "crs", "quantity": "VRADH"}
    coords = {
        "time": ("time", np.array(["2024-06-01T06:00"], "datetime64[ns]"), {"standard_name": "time"}),
        "z": ("z", LEVELS, {"units": "m", "standard_name": "altitude", "positive": "up", "axis": "Z"}),
    }
    dims = ("time", "z", "y", "x")
    return xr.Dataset(
        {"DBZH": (dims, cells, attributes), "VRADH": (dims, np.ones_like(cells), speed)}, coords=coords | PLACE.coords()
    )


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    verify.to_netcdf(analysis(), tmp_path / "mosaic.nc")
    return tmp_path / "mosaic.nc"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_mosaic_is_opened_as_a_cube(mosaic: Path) -> None:
    made = analysis()
    for name in ("DBZH", "VRADH"):
        read = nowcast.open(mosaic, quantity=name)
        assert read.dims == ("time", "z", "y", "x")
        np.testing.assert_array_equal(read.values, made[name].values)
        np.testing.assert_array_equal(read["z"], LEVELS)
        assert read.attrs["units"] == made[name].attrs["units"]
    assert read.name == "vradh"


def test_products_of_a_file_are_those_of_the_analysis(mosaic: Path) -> None:
    output = mosaic.with_name("products.nc")
    result = run("product", mosaic, "-o", output, "--freezing", 4, "--cold", 7, "--ground", 0.1, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["cells"] == [LEVELS.size, PLACE.ny, PLACE.nx]
    assert summary["greatest"]["composite"] == pytest.approx(PEAK - DECAY * 500.0)
    data = analysis()["DBZH"]
    with xr.open_dataset(output) as made:
        assert set(made.data_vars) == set(summary["products"])
        expected = {
            "composite": product.composite(data),
            "vil": product.vil(data, ground=100.0),
            "vil_density": product.vil_density(data, ground=100.0),
            "mesh": product.hail(data, 4000.0, 7000.0, ground=100.0)["mesh"],
            "echo_top_18p5": product.echo_top(data)["top"],
        }
        for name, field in expected.items():
            np.testing.assert_array_equal(made[name].values, field.values, err_msg=name)
        inside = made.isel(y=4, x=8, time=0)
        assert float(inside["echo_top_18p5"]) == pytest.approx((PEAK - 18.5) / DECAY)
        assert float(inside["echo_top_45"]) == pytest.approx((PEAK - 45.0) / DECAY)
        assert float(inside["echo_base_45"]) == 500.0
        for height in (1000.0, 3000.0, 5000.0):
            assert float(inside["cappi"].sel(z=height)) == pytest.approx(PEAK - DECAY * height, abs=1e-4)
        assert float(made["echo_top_45"].isel(time=0, y=4, x=3)) == 0.0
        assert np.isnan(made["composite"].isel(time=0, y=0, x=0))
        assert "mosaic.nc sha256:" in made.attrs["input_files"]
    levels = nowcast.open(output, quantity="cappi")
    assert levels["z"].values.tolist() == [1000.0, 3000.0, 5000.0]


def test_without_heights_of_temperature_there_is_no_hail(mosaic: Path) -> None:
    output = mosaic.with_name("products.nc")
    result = run("product", mosaic, "-o", output, "--height", 2.25, "--top", 30)
    assert result.exit_code == 0, result.output
    assert "greatest composite 58.0 dBZ" in result.output
    half_way = 10.0 * np.log10((10.0**5.2 + 10.0**5.0) / 2.0)  # 52 and 50 dBZ, as Z
    with xr.open_dataset(output) as made:
        assert "mesh" not in made
        assert float(made["cappi"].isel(time=0, z=0, y=4, x=8)) == pytest.approx(half_way, abs=1e-3)
        assert "echo_top_30" in made


def test_a_damaged_analysis_is_left_out_and_the_products_are_degraded(mosaic: Path) -> None:
    broken = mosaic.with_name("a.nc")
    broken.write_bytes(mosaic.read_bytes()[:3000])
    output = mosaic.with_name("products.nc")
    result = run("product", broken, mosaic, "-o", output, "--json")
    assert result.exit_code == 3, result.output
    assert "a.nc" in json.loads(result.stdout)["left_out"][0]
    assert run("product", broken, mosaic, "-o", output, "--on-error", "raise").exit_code == 1


def test_wrong_use_is_told(mosaic: Path) -> None:
    output = mosaic.with_name("products.nc")
    for arguments, told in (
        ((mosaic, "-o", output, "--freezing", 4), "both expected or neither"),
        ((mosaic, "-o", mosaic.with_name("p.h5")), "ending in .nc expected"),
        ((mosaic, "-o", output, "--quantity", "TH"), "no field TH"),
        ((mosaic, "-o", output, "--quantity", "VRADH"), "dBZ"),
    ):
        result = run("product", *arguments)
        assert result.exit_code == 1
        assert told in result.stderr
        assert not output.exists()
    flat = analysis()["DBZH"].isel(z=0, drop=True)
    nowcast.io.write(flat, mosaic.with_name("flat.nc"))
    result = run("product", mosaic.with_name("flat.nc"), "-o", output)
    assert result.exit_code == 1
    assert "an analysis (time, z, y, x) expected" in result.stderr
    assert run("product").exit_code == 2
