"""Beam blockage: files of heights, volumes, tables, quality and mosaics."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from nowcast import io, mosaic, radar, sim
from nowcast.cli import main
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid, around

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from traced import hidden

RANGE = np.arange(500.0, 80e3, 1000.0)


def turn(elevation: float, number: int) -> xr.Dataset:
    """A sweep of 90 rays through echo of 30 dBZ with holes, 1 degree wide."""
    azimuth = np.arange(1.0, 360.0, 4.0)
    cells = np.full((azimuth.size, RANGE.size), 30.0, np.float32)
    cells[::5, ::3] = radar.NOTHING_DBZ
    start = np.datetime64("2024-06-01T12:00:00", "ns") + np.timedelta64(20 * number, "s")
    return xr.Dataset(
        {
            "DBZH": (("azimuth", "range"), cells, {"units": "dBZ"}),
            "sweep_mode": ((), "azimuth_surveillance"),
            "sweep_fixed_angle": ((), elevation),
        },
        coords={
            "azimuth": ("azimuth", azimuth.astype(np.float32)),
            "elevation": ("azimuth", np.full(azimuth.size, elevation, np.float32)),
            "time": ("azimuth", start + np.arange(azimuth.size) * np.timedelta64(100, "ms")),
            "range": ("range", RANGE),
        },
    )


@pytest.fixture(scope="module")
def scene() -> tuple[xr.DataTree, xr.DataArray]:
    """A volume of a radar on a plain, and hills about it."""
    root = xr.Dataset(coords={"latitude": 46.0, "longitude": 11.0, "altitude": 400.0}, attrs={"instrument_name": "X"})
    sweeps = {f"sweep_{k}": turn(angle, k) for k, angle in enumerate((0.5, 1.5, 4.0))}
    place = Grid("+proj=aeqd +lat_0=46 +lon_0=11 +ellps=WGS84", 401, 401, -100e3, -100e3, 500.0, 500.0)
    return radar.remake(xr.DataTree.from_dict({"/": root} | sweeps)), sim.terrain(place, seed=5, highest=3000.0)


def test_the_part_hidden_is_that_of_rays_that_meet_the_ground(scene: tuple[xr.DataTree, xr.DataArray]) -> None:
    volume, ground = scene
    seen, beam = radar.blockage(volume, ground), radar.Beam.of(volume)
    expected, found = [], []
    gates = np.arange(9_500.0, 80_000.0, 10_000.0)
    for number in range(2):
        sweep = seen[f"sweep_{number}"]
        for ray in range(0, sweep.sizes["azimuth"], 7):
            azimuth = float(sweep["azimuth"][ray])
            expected.append(hidden(beam, ground, azimuth, float(sweep["elevation"][ray]), gates + 500.0, 100.0))
            found.append(sweep["CBB"].isel(azimuth=ray).sel(range=gates, method="nearest").values)
    difference = np.array(found) - np.array(expected)
    partly = (np.array(expected) > 0.05) & (np.array(expected) < 0.95)
    assert partly.sum() > 30
    assert np.abs(difference).mean() < 0.005
    assert np.abs(difference).max() < 0.05
    assert not seen["sweep_2"]["CBB"].isnull().any()
    assert "CBB" not in volume["sweep_0"]


def test_files_of_heights_give_what_arrays_give(scene: tuple[xr.DataTree, xr.DataArray], tmp_path: Path) -> None:
    volume, ground = scene
    expected = radar.blockage(volume, ground)["sweep_0"]["CBB"].values
    io.write(ground.expand_dims(time=[np.datetime64("2024-01-01", "ns")]), tmp_path / "ground.tif")
    ground.to_netcdf(tmp_path / "ground.nc")
    for name in ("ground.tif", "ground.nc"):
        np.testing.assert_array_equal(radar.blockage(volume, tmp_path / name)["sweep_0"]["CBB"], expected)
    upside_down = ground.isel(y=slice(None, None, -1))
    np.testing.assert_array_equal(radar.blockage(volume, upside_down)["sweep_0"]["CBB"], expected)


def test_what_is_hidden_is_made_up_for(scene: tuple[xr.DataTree, xr.DataArray]) -> None:
    volume, ground = scene
    seen = radar.blockage(volume, ground)
    sweep = seen["sweep_0"].to_dataset()
    part = sweep["CBB"]
    weaker = sweep.assign(
        DBZH=(sweep["DBZH"] + 10.0 * np.log10(1.0 - part.clip(max=0.9))).assign_attrs(sweep["DBZH"].attrs)
    )
    nothing = sweep["DBZH"] == radar.NOTHING_DBZ
    weaker["DBZH"] = weaker["DBZH"].where(~nothing, radar.NOTHING_DBZ)
    seen["sweep_0"] = xr.DataTree(weaker)
    right = radar.correct_blockage(seen, most=0.6)["sweep_0"]["DBZHB"]
    kept = (part <= 0.6).values
    np.testing.assert_allclose(right.values[kept], sweep["DBZH"].values[kept], atol=1e-4)
    assert np.isnan(right.values[(part > 0.6).values]).all()
    assert (part.values[kept] > 0.1).sum() > 50
    with pytest.raises(NoDataError, match="a reflectivity and CBB"):
        radar.correct_blockage(volume)


def test_what_a_simulated_scan_lost_behind_hills_is_made_up_for() -> None:
    storm = sim.stratiform(rate=10.0, wind=(8.0, 3.0), melting=False)
    sweeps = tuple(sim.strategy.Sweep(angle, 6.0, 1000.0, 60e3) for angle in (0.5, 1.2))
    plan = sim.strategy.Strategy("SMALL", sim.strategy.Radar(), sweeps)
    ground = sim.terrain(storm.grid(100e3, 500.0), seed=5, highest=2500.0)
    effects = sim.Effects(noise=False, attenuation=False, second_trip=False, terrain=ground)
    volume, truth = sim.scan(storm, sim.Site.near(storm, 0.0, 0.0, altitude=300.0), plan, 0.0, effects=effects)
    right = radar.correct_blockage(radar.blockage(volume, ground))
    for name in ("sweep_0", "sweep_1"):
        part, lost = right[name]["CBB"].values, truth[name]["blocked"].values  # of a beam without sharp edges
        assert np.abs(part - lost).mean() < 0.02
        assert np.abs(part - lost).max() < 0.08
        seen = (lost > 0.05) & (part < 0.7) & (truth[name]["DBZH"].values > 0.0) & (volume[name]["DBZH"].values > 0.0)
        before, after = (right[name][dbz].values[seen] - truth[name]["DBZH"].values[seen] for dbz in ("DBZH", "DBZHB"))
        assert seen.sum() > 200
        assert before.mean() < -0.9
        assert abs(after.mean()) < 0.12
        assert after.std() < 0.2


def test_quality_and_mosaics_leave_out_what_is_hidden(scene: tuple[xr.DataTree, xr.DataArray]) -> None:
    volume, ground = scene
    seen = radar.blockage(volume, ground)
    checked = radar.quality(seen)["sweep_0"]
    hidden = (checked["CBB"] >= 0.7).values & np.isfinite(checked["DBZH"].values)
    assert hidden.sum() > 100
    assert (checked["QFLAG"].values[hidden] & radar.FLAGS["blocked"]).all()
    assert (checked["QIND"].values[hidden] == 0.0).all()
    grid = around(volume, 60e3, dx=2e3, dz=500.0, top=6e3)
    free, behind = (mosaic.build(tree, grid=grid) for tree in (volume, seen))
    kept = mosaic.build(seen, grid=grid, blocked=1.0)
    known = [np.isfinite(cube["DBZH"].values) for cube in (free, kept, behind)]
    assert known[0].sum() > known[1].sum() > known[2].sum() > 0.6 * known[0].sum()
    assert not (known[2] & ~known[0]).any()
    lowest = behind["lowest_beam"].values - free["lowest_beam"].values
    assert np.nanmin(lowest) == 0.0
    assert np.nanmax(lowest) > 300.0
    assert (np.nan_to_num(behind["quality"].values) <= np.nan_to_num(free["quality"].values) + 1e-6).all()


def test_the_verb_leaves_out_what_the_ground_hides(scene: tuple[xr.DataTree, xr.DataArray], tmp_path: Path) -> None:
    volume, ground = scene
    radar.write(volume, tmp_path / "volume.nc")
    ground.to_netcdf(tmp_path / "ground.nc")
    known = []
    for more in ((), ("--dem", str(tmp_path / "ground.nc"), "--field", "DBZHB")):
        small = ("--radius", "60", "--dx", "2", "--dz", "0.5", "--top", "6", "--field", "DBZH")
        out = str(tmp_path / "cube.nc")
        result = CliRunner().invoke(main, ["mosaic", str(tmp_path / "volume.nc"), "-o", out, *small, *more, "--json"])
        assert result.exit_code == 0, result.output
        known.append(json.loads(result.stdout)["known"])
    assert known[1]["DBZH"] < 0.97 * known[0]["DBZH"]
    assert 0.0 < known[1]["DBZHB"] <= known[1]["DBZH"]
    result = CliRunner().invoke(main, ["info", str(tmp_path / "ground.nc")])
    assert "of no time" in result.output


def test_a_table_holds_what_a_volume_gets(scene: tuple[xr.DataTree, xr.DataArray]) -> None:
    volume, ground = scene
    sweep = radar.blockage(volume, ground)["sweep_1"]
    table = radar.blockage_table(
        radar.Beam.of(volume),
        ground,
        azimuth=sweep["azimuth"].values,
        elevation=[float(sweep["elevation"][0]), 20.0],
        range=sweep["range"].values,
    )
    np.testing.assert_allclose(table["CBB"][0], sweep["CBB"], atol=0.01)
    assert float(table["CBB"][1].max()) == 0.0
    running = np.maximum.accumulate(np.nan_to_num(table["PBB"].values), axis=-1)
    assert (table["CBB"].values >= running - 1e-6).all()
    assert float(ground.max()) > float(table["ground"].max()) > 0.6 * float(ground.max())


def test_wrong_heights_are_refused(scene: tuple[xr.DataTree, xr.DataArray]) -> None:
    volume, ground = scene
    with pytest.raises(ArgumentError, match="units of m expected, 'km' given"):
        radar.blockage(volume, ground.assign_attrs(units="km"))
    with pytest.raises(ArgumentError, match=r"\(y, x\) expected"):
        radar.blockage(volume, ground.isel(y=0))
    with pytest.raises(NoDataError, match="heights within"):
        radar.blockage(volume, ground * np.nan)
    with pytest.raises(ArgumentError, match="equally spaced"):
        radar.blockage_table(radar.Beam.of(volume), ground, azimuth=0.0, elevation=0.5, range=[1e3, 2e3, 4e3])
