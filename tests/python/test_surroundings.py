"""The air around storms, rotation and its tracks, and the verbs that use them."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner, Result

from nowcast import model, obs, product, radar, rain, sim, verify
from nowcast.cli import main
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=118 +ellps=WGS84", 40, 30, -20e3, -15e3, 1000.0, 1000.0)
LEVELS = np.arange(500.0, 9001.0, 500.0)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def cube(cells: np.ndarray, units: str, quantity: str, minutes: list[int]) -> xr.DataArray:
    times = np.datetime64("2024-06-01T06:00", "ns") + np.array(minutes) * np.timedelta64(60, "s")
    coords = {"time": ("time", times), "z": ("z", LEVELS, {"units": "m", "standard_name": "altitude", "axis": "Z"})}
    attributes = {"units": units, "grid_mapping": "crs", "quantity": quantity, "long_name": quantity}
    made = np.broadcast_to(cells, (len(minutes), LEVELS.size, PLACE.ny, PLACE.nx)).astype(np.float32)
    return xr.DataArray(made, coords | PLACE.coords(), ("time", "z", "y", "x"), quantity, attributes)


def vortex(minutes: list[int]) -> xr.DataArray:
    """Shear of .02 s-1, twice that from 3 km up, that passes by at 20 m/s from west to east."""
    x = np.arange(PLACE.nx) * 1.0 - 20.0
    y = np.arange(PLACE.ny) * 1.0 - 15.0
    at = -18.0 + 1.2 * np.array(minutes)
    shape = np.exp(-((x[None, :] - at[:, None, None]) ** 2 + y[:, None] ** 2) / 4.0)
    height = np.where(LEVELS < 3000.0, 0.02, 0.04)
    return cube(height[None, :, None, None] * shape[:, None], "s-1", "AZSHR", minutes)


def test_rotation_is_the_greatest_shear_of_two_layers() -> None:
    shear = vortex([10])
    found = product.rotation(shear, ground=200.0)
    assert float(found["low"].max()) == pytest.approx(0.02, rel=0.01)
    assert float(found["mid"].max()) == pytest.approx(0.04, rel=0.01)
    assert found["low"].attrs["units"] == "s-1"
    assert "0 to 2 km" in found["low"].attrs["long_name"]
    assert float(product.rotation(shear, ground=1500.0)["low"].max()) == pytest.approx(0.04, rel=0.01)


def test_tracks_are_of_the_minutes_before_and_filled_along_the_motion() -> None:
    frames = product.rotation(vortex([0, 10, 20, 30]))["low"]
    alone = product.track(frames, 15.0)
    np.testing.assert_array_equal(alone[0], frames[0])
    np.testing.assert_array_equal(alone[3], np.fmax(frames[2], frames[3]))
    np.testing.assert_array_equal(product.track(frames, 20.0)[3], frames[1:].max("time"))
    flow = xr.Dataset(
        {
            name: (("y", "x"), np.full((30, 40), speed, np.float32), {"units": "m s-1", "grid_mapping": "crs"})
            for name, speed in (("u", 20.0), ("v", 0.0))
        },
        coords=PLACE.coords(),
    )
    filled = product.track(frames, 15.0, flow=flow)
    along = filled[3, 15].sel(x=slice(6e3, 18e3))
    assert float(along.min()) > 0.017
    assert float(alone[3, 15].sel(x=slice(6e3, 18e3)).min()) < 0.005
    assert (filled.values >= alone.values).all()
    assert filled.attrs["cell_methods"] == "time: maximum"
    with pytest.raises(ArgumentError, match="minutes: above 0"):
        product.track(frames, 0.0)
    with pytest.raises(ArgumentError, match=r"\(time, y, x\) expected"):
        product.track(frames[0], 30.0)


def sounding(path: Path) -> Path:
    """20 degC at the sea, 6.5 K/km, half of saturation."""
    height = np.arange(0.0, 12_001.0, 500.0)
    celsius = 20.0 - 6.5e-3 * height
    pressure = 101325.0 * (1.0 - 6.5e-3 * height / 293.15) ** 5.2561
    lines = ["time,station,height,pressure,t,rh"]
    lines += [
        f"2024-06-01T06:00:00Z,S,{z:.1f},{p:.3f},{t:.3f},50" for z, p, t in zip(height, pressure, celsius, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


COLUMNS = {
    "t": ("air_temperature", "degC"),
    "rh": ("relative_humidity", "%"),
    "time": "time",
    "station": "station",
    "height": "height",
    "pressure": "pressure",
}


def test_a_sounding_holds_everywhere(tmp_path: Path) -> None:
    table = obs.read(sounding(tmp_path / "s.csv"), columns=COLUMNS, kind="sounding")
    found = product.surroundings(table, PLACE)
    assert found["freezing"].shape == (30, 40)
    np.testing.assert_allclose(found["freezing"], 20.0 / 6.5e-3, atol=1.0)
    np.testing.assert_allclose(found["cold"], 40.0 / 6.5e-3, atol=1.0)
    np.testing.assert_allclose(found["wet_bulb"], rain.wet_bulb(101325.0, 293.15, 0.5), atol=0.05)
    zero = float(found["wet_bulb_zero"][0, 0])
    assert 1500.0 < zero < 2500.0
    pressure = 101325.0 * (1.0 - 6.5e-3 * zero / 293.15) ** 5.2561
    assert float(rain.wet_bulb(pressure, 293.15 - 6.5e-3 * zero, 0.5)) == pytest.approx(0.0, abs=0.05)


def test_a_model_says_the_same_as_a_balloon_through_the_same_air(tmp_path: Path) -> None:
    storm = sim.stratiform(rate=2.0, wind=(5.0, 0.0))
    sim.model.run(storm, n=15, dx=10e3).write_grib(tmp_path / "run.grib2", 0.0)
    grid = storm.grid(20e3, 5e3)
    with model.open(tmp_path / "run.grib2") as fields:
        found = product.surroundings(fields, grid, storm.time(0.0))
    text = sim.observe.wyoming(sim.observe.sounding(storm, 0.0, 0.0, 0.0, every=60.0))
    balloon = product.surroundings(obs.decode(text), grid)
    for name in ("freezing", "cold", "wet_bulb_zero"):
        np.testing.assert_allclose(found[name], balloon[name].values, atol=150.0, err_msg=name)
    assert found.attrs["valid_time"]


def test_kinds_of_precipitation_follow_the_wet_bulb() -> None:
    lowest = xr.DataArray([[-32.0, 30.0, 30.0, 30.0, 55.0, 55.0, np.nan]], dims=("y", "x"))
    bulb = xr.DataArray([[5.0, 5.0, 1.0, -2.0, 8.0, -1.0, 5.0]], dims=("y", "x"))
    posh = xr.DataArray([[0.0, 0.0, 0.0, 0.0, 0.8, 0.8, 0.0]], dims=("y", "x"))
    found = product.precipitation_kind(lowest, bulb, posh)
    np.testing.assert_array_equal(found, [[0.0, 1.0, 2.0, 3.0, 4.0, 3.0, np.nan]])
    np.testing.assert_array_equal(product.precipitation_kind(lowest, 3.0)[0, :4], [0.0, 1.0, 1.0, 1.0])


def test_the_verb_finds_rotation_turbulence_and_hail(tmp_path: Path) -> None:
    minutes = [0, 5, 10]
    shear = vortex(minutes)
    dbz = cube(np.full((1, 1, 1, 1), 45.0), "dBZ", "DBZH", minutes) - 0.004 * xr.DataArray(LEVELS, dims="z")
    dbz = dbz.transpose("time", "z", "y", "x").astype(np.float32).assign_attrs(shear.attrs | {"units": "dBZ"})
    edr = cube(np.full((1, 1, 1, 1), 0.25), "m^(2/3) s-1", "EDR", minutes)
    data = xr.Dataset({"DBZH": dbz.assign_attrs(quantity="DBZH"), "AZSHR": shear, "EDR": edr})
    verify.to_netcdf(data, tmp_path / "cube.nc")
    storm = sim.stratiform(rate=2.0, wind=(5.0, 0.0))
    balloon = sim.observe.sounding(storm, 0.0, 0.0, 0.0, every=60.0)
    (tmp_path / "air.txt").write_text(sim.observe.wyoming(balloon))
    out = tmp_path / "products.nc"
    result = run("product", tmp_path / "cube.nc", "-o", out, "--model", tmp_path / "air.txt", "--track", 30, "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert {"rotation_low", "rotation_mid", "rotation_track_low_30", "rotation_track_mid_30", "edr"} <= set(
        made["products"]
    )
    assert {"posh", "freezing_level", "wet_bulb", "precipitation_kind"} <= set(made["products"])
    assert made["greatest"]["rotation_track_mid_30"] == pytest.approx(0.04, rel=0.02)
    assert made["greatest"]["edr"] == pytest.approx(0.25)
    result = run("product", tmp_path / "cube.nc", "-o", out, "--track", 30, "--advect")
    assert result.exit_code == 0, result.output
    with xr.open_dataset(out) as products:
        assert products["rotation_track_low_30"].dims == ("time", "y", "x")
        assert "posh" not in products


@pytest.mark.realdata
def test_a_volume_without_a_place_is_given_one(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "radar/nexrad/ktlx-19990503/KTLX19990503_235621.gz"
    small = ("--radius", 30, "--dx", 3, "--dz", 2, "--top", 8)
    assert run("mosaic", path, "-o", tmp_path / "a.nc", *small).exit_code == 1
    fields = ("--field", "DBZH", "--field", "AZSHR", "--field", "EDR")
    result = run("mosaic", path, "-o", tmp_path / "a.nc", *small, *fields, "--site", "KTLX", "--json")
    assert result.exit_code == 0, result.output
    known = json.loads(result.stdout)["known"]
    assert known["DBZH"] > 0.5
    assert known["AZSHR"] > 0.05
    assert known["EDR"] > 0.05
    with xr.open_dataset(tmp_path / "a.nc") as named:
        assert float(named["AZSHR"].max()) > 0.002
    result = run("mosaic", path, "-o", tmp_path / "b.nc", *small, "--site", "-97.2778,35.3331,384")
    assert result.exit_code == 0, result.output
    assert run("mosaic", path, "-o", tmp_path / "b.nc", *small, "--site", "1,2").exit_code == 2
    assert "KTLY" in run("mosaic", path, "-o", tmp_path / "b.nc", *small, "--site", "KTLY").output
    assert radar.site_of("KTLX")[0] == pytest.approx(35.333, abs=0.01)
    with pytest.raises(NoDataError, match="NEXRAD"):
        radar.site_of("ZZZZ")
