"""Mosaics in Python: against analytic fields, a synthetic storm of known truth, and files of two real radars."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import errors, mosaic, radar
from nowcast.cli import main
from nowcast.grid import Grid, around

START = np.datetime64("2024-06-01T06:00", "ns")


def made_volume(
    lat: float = 32.5, lon: float = 119.8, *, name: str = "AAAA", begin: float = 0.0, value: float = 30.0
) -> xr.DataTree:
    """Reflectivity of one value but for a sector of nothing from 90 to 180 degrees; velocity is the azimuth's sine."""
    data = {}
    for number, angle in enumerate((0.5, 1.5, 3.0, 6.0, 12.0)):
        azimuth = np.arange(0.5, 360.0, 2.0)
        cells = np.full((azimuth.size, 300), value, np.float32)
        cells[(azimuth > 90.0) & (azimuth < 180.0)] = radar.NOTHING_DBZ
        speed = np.repeat(np.sin(np.radians(azimuth))[:, None], 300, axis=1).astype(np.float32)
        seconds = (begin + 20.0 * number + azimuth / 20.0) * 1e9
        data[f"sweep_{number}"] = xr.Dataset(
            {
                "DBZH": (("azimuth", "range"), cells, {"units": "dBZ"}),
                "VRADH": (("azimuth", "range"), speed, {"units": "m s-1"}),
                "sweep_fixed_angle": angle,
            },
            coords={
                "azimuth": azimuth,
                "elevation": ("azimuth", np.full(azimuth.size, angle)),
                "time": ("azimuth", START + seconds.astype("timedelta64[ns]")),
                "range": 250.0 + 500.0 * np.arange(300),
            },
        )
    root = xr.Dataset(
        coords={"latitude": lat, "longitude": lon, "altitude": 20.0}, attrs={"instrument_name": name, "site_name": name}
    )
    return radar.remake(xr.DataTree.from_dict({"/": root} | data))


@pytest.fixture(scope="module")
def volume() -> xr.DataTree:
    return made_volume()


def test_a_grid_about_radars_reaches_so_far_from_each() -> None:
    one, other = made_volume(), made_volume(33.2, 121.0)
    grid = around([one, other], 50e3, dx=1000.0, dz=500.0, top=10e3)
    assert grid.z[0] == 500.0
    assert grid.z[-1] == 10000.0
    for tree in (one, other):
        x, y = grid.from_lonlat(float(tree["longitude"]), float(tree["latitude"]))
        assert grid.x[0] <= x - 50e3 < x + 50e3 <= grid.x[-1]
        assert grid.y[0] <= y - 50e3 < y + 50e3 <= grid.y[-1]
    assert around(one, 50e3).nx == around(made_volume(33.6541399, -101.8141632), 50e3).nx == 101
    with pytest.raises(errors.ArgumentError, match="sizes above 0"):
        around(one, 50e3, dz=-1.0)


def test_a_mosaic_is_a_cf_dataset(volume: xr.DataTree) -> None:
    grid = around(volume, 60e3, dx=2000.0, dz=1000.0, top=8e3)
    cubes = mosaic.build(volume, grid=grid, fields=("DBZH", "VRADH"))
    assert dict(cubes.sizes) == {"time": 1, "z": 8, "y": 61, "x": 61}
    assert cubes["time"].values[0] == START + np.timedelta64(97_925, "ms")
    assert cubes["z"].attrs["standard_name"] == "altitude"
    assert cubes["DBZH"].attrs["grid_mapping"] == "crs"
    assert cubes["DBZH"].attrs["standard_name"] == "equivalent_reflectivity_factor"
    assert cubes["radars"].attrs["flag_meanings"] == "AAAA"
    assert cubes.grid == grid
    x, y = np.meshgrid(cubes["x"], cubes["y"])
    azimuth = np.degrees(np.arctan2(x, y)) % 360.0
    level = cubes.sel(z=2000.0).isel(time=0)
    echo = np.isfinite(level["DBZH"].values) & ((azimuth < 88.0) | (azimuth > 182.0))
    np.testing.assert_allclose(level["DBZH"].values[echo], 30.0, atol=1e-3)
    clear = np.isfinite(level["DBZH"].values) & (azimuth > 92.0) & (azimuth < 178.0)
    assert (level["DBZH"].values[clear] == -32.0).all()
    known = np.isfinite(level["VRADH"].values)
    assert known.sum() > 1000
    np.testing.assert_allclose(level["VRADH"].values[known], np.sin(np.radians(azimuth))[known], atol=1e-3)
    assert ((level["quality"].values > 0) == np.isfinite(level["DBZH"].values)).all()
    assert float(level["lowest_beam"].min()) < 60.0


def test_lookups_are_kept_and_change_nothing(volume: xr.DataTree) -> None:
    grid = around(volume, 40e3, dx=2000.0, dz=1000.0, top=8e3)
    mosaic.forget()
    first = mosaic.build(volume, grid=grid)
    second = mosaic.build(volume, grid=grid)
    assert len(mosaic._kept) == 1
    xr.testing.assert_identical(first, second)
    mosaic.build(volume, grid=grid, max_range=30e3)
    assert len(mosaic._kept) == 2
    mosaic.forget()
    assert not mosaic._kept


def test_volumes_of_one_radar_give_a_mosaic_each() -> None:
    volumes = [made_volume(begin=300.0 * n, value=20.0 + n) for n in range(3)]
    other = made_volume(33.2, 121.0, name="BBBB", begin=280.0, value=10.0)
    grid = around(volumes[0], 40e3, dx=4000.0, dz=1000.0, top=4e3)
    cubes = mosaic.build([volumes, other], grid=grid)
    assert cubes.sizes["time"] == 3
    assert cubes["DBZH"].attrs["units"] == "dBZ"
    near = cubes["DBZH"].sel(z=1000.0).sel(x=-20e3, y=20e3, method="nearest")
    np.testing.assert_allclose(near.values, [20.0, 21.0, 22.0], atol=0.2)
    assert cubes.attrs["radars"] == "AAAA BBBB"
    one = mosaic.build([volumes, other], grid=grid, time="2024-06-01T06:06:38")
    assert one.sizes["time"] == 1
    xr.testing.assert_allclose(one["DBZH"].isel(time=0, drop=True), cubes["DBZH"].isel(time=1, drop=True), atol=0.3)


def test_a_late_radar_is_named_and_left_out(volume: xr.DataTree) -> None:
    late = made_volume(32.5, 120.0, name="LATE", begin=-4000.0)
    grid = around(volume, 40e3, dx=4000.0, dz=1000.0, top=4e3)
    cubes = mosaic.build([volume, late], grid=grid)
    assert cubes.attrs["late"] == "LATE"
    assert set(np.unique(cubes["radars"])) <= {0, 1}
    xr.testing.assert_equal(cubes["DBZH"], mosaic.build(volume, grid=grid)["DBZH"])


def test_what_was_seen_is_brought_along_the_motion(volume: xr.DataTree) -> None:
    grid = around(volume, 60e3, dx=2000.0, dz=1000.0, top=4e3)
    still = mosaic.build(volume, grid=grid, time="2024-06-01T06:08")
    flow = still[["quality"]].isel(z=0, time=0, drop=True)
    flow = flow.assign(
        u=(("y", "x"), np.full((61, 61), 25.0, np.float32), {"units": "m s-1"}),
        v=(("y", "x"), np.zeros((61, 61), np.float32), {"units": "m s-1"}),
    )
    moved = mosaic.build(volume, grid=grid, time="2024-06-01T06:08", motion=flow)
    # What is clear begins eight minutes at 25 m/s farther east.
    row = {"z": 1000.0, "y": -30e3}
    edges = [float(cube["x"][(cube["DBZH"].isel(time=0).sel(row) == -32.0).values].min()) for cube in (still, moved)]
    assert edges[1] - edges[0] == pytest.approx(25.0 * 470.0, abs=2500.0)
    with pytest.raises(errors.ArgumentError, match="motion: the grid of the mosaic"):
        mosaic.build(volume, grid=around(volume, 40e3), motion=flow)


def test_what_cannot_be_built_is_refused(volume: xr.DataTree) -> None:
    grid = around(volume, 20e3, dx=4000.0)
    with pytest.raises(errors.ArgumentError, match="one with levels z expected"):
        mosaic.build(volume, grid=Grid("+proj=longlat", 2, 2, 119.0, 32.0, 0.1, 0.1))
    with pytest.raises(errors.NoDataError, match="none of KDP in the volumes; there are DBZH"):
        mosaic.build(volume, grid=grid, fields=("KDP",))
    with pytest.raises(errors.ArgumentError, match="KDP in none of the volumes"):
        mosaic.build(volume, grid=grid, fields=("DBZH", "KDP"))
    with pytest.raises(errors.ArgumentError, match="one of linear, nearest"):
        mosaic.build(volume, grid=grid, method="cubic")
    with pytest.raises(errors.ArgumentError, match="at least one expected"):
        mosaic.build([], grid=grid)
    with pytest.raises(errors.ArgumentError, match="min_known: 0 to 1"):
        mosaic.build(volume, grid=grid, min_known=2.0)


def test_the_program_writes_a_mosaic_and_says_what_is_missing(tmp_path: Path) -> None:
    radar.write(made_volume(), tmp_path / "a.nc")
    radar.write(made_volume(32.9, 120.3, name="BBBB", begin=30.0), tmp_path / "b.nc")
    (tmp_path / "broken.nc").write_bytes(b"CDF\x01 no")
    out = tmp_path / "out.nc"
    common = ["mosaic", str(tmp_path / "a.nc"), str(tmp_path / "b.nc"), "-o", str(out), "--radius", "30", "--dx", "3"]
    done = CliRunner().invoke(main, [*common, "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["radars"] == ["AAAA", "BBBB"]
    assert summary["known"]["DBZH"] > 0.1
    with xr.open_dataset(out) as cubes:
        assert cubes["DBZH"].dims == ("time", "z", "y", "x")
        assert cubes["crs"].attrs["grid_mapping_name"] == "azimuthal_equidistant"
        assert int(cubes["radars"].max()) == 3
    degraded = CliRunner().invoke(main, [*common, str(tmp_path / "broken.nc")])
    assert degraded.exit_code == 3
    assert "left out: broken.nc" in degraded.stdout
    degraded = CliRunner().invoke(main, [*common, "--field", "DBZH", "--field", "ZDR"])
    assert degraded.exit_code == 3
    assert "absent: ZDR" in degraded.stdout
    failed = CliRunner().invoke(main, ["mosaic", str(tmp_path / "broken.nc"), "-o", str(out)])
    assert failed.exit_code == 1
    assert CliRunner().invoke(main, ["mosaic", str(tmp_path / "a.nc"), "-o", str(tmp_path / "out.txt")]).exit_code == 1
    assert CliRunner().invoke(main, ["mosaic"]).exit_code == 2


def test_the_program_averages_z_when_asked_to(tmp_path: Path) -> None:
    def uneven(data: xr.Dataset) -> xr.Dataset:
        return data.assign(DBZH=data["DBZH"] - 20.0 * (np.arange(data.sizes["range"]) % 2)) if "DBZH" in data else data

    radar.write(radar.remake(made_volume().map_over_datasets(uneven)), tmp_path / "a.nc")
    greatest = {}
    for how in ("echo", "z"):
        out = tmp_path / f"{how}.nc"
        asked = ["mosaic", str(tmp_path / "a.nc"), "-o", str(out), "--radius", "20", "--dx", "2", "--reflectivity", how]
        run = CliRunner().invoke(main, asked)
        assert run.exit_code == 0, run.output
        with xr.open_dataset(out) as cubes:
            greatest[how] = cubes["DBZH"].load()
    there = greatest["echo"] > -30.0
    more = (greatest["z"] - greatest["echo"]).where(there)
    assert float(more.min()) > -1e-3
    # Of 30 and 10 dBZ with weights w and 1 - w, they differ most where w is 0.207.
    w = 1.0 / (2.0 * np.log(10.0)) - 10.0 / 990.0
    assert float(more.max()) == pytest.approx(10.0 * np.log10(10.0 + 990.0 * w) - 10.0 - 20.0 * w, abs=0.05)


def sweeps_of(tree: xr.DataTree) -> list[xr.DataTree]:
    """The sweeps of a volume as they come, the last saying that it is."""
    names = sorted(tree.children)
    root, made = tree.to_dataset(), []
    for number, name in enumerate(names):
        one = xr.DataTree.from_dict({"/": root.isel(sweep=[number]), name: tree[name].to_dataset()})
        one.attrs["complete"] = str(number == len(names) - 1).lower()
        made.append(one)
    return made


def test_a_live_mosaic_comes_to_that_of_the_volumes() -> None:
    old, new = made_volume(begin=0.0, value=20.0), made_volume(begin=300.0, value=30.0)
    other = made_volume(33.2, 121.0, name="BBBB", begin=280.0, value=10.0)
    grid = around([new, other], 40e3, dx=4000.0, dz=1000.0, top=4e3)
    live = mosaic.Live(grid, ("DBZH", "VRADH"))
    with pytest.raises(errors.NoDataError, match="no sweep with any of DBZH, VRADH"):
        live.build()
    live.add(old)  # a whole volume at once
    for sweep in sweeps_of(new)[:2]:
        live.add(sweep)
    near = {"z": 1000.0, "x": -100e3, "y": -10e3}
    half = live.build()
    assert half.attrs["radars"] == "AAAA"
    assert half["DBZH"].isel(time=0).sel(near, method="nearest") == pytest.approx(30.0, abs=0.5)  # between 0.5 and 1.5
    high = half["age"].isel(time=0).max()
    assert float(high) > 250.0  # the upper sweeps are those of the volume before
    for sweep in [*sweeps_of(new)[2:], *sweeps_of(other)]:
        live.add(sweep)
    whole = mosaic.build([new, other], grid=grid, fields=("DBZH", "VRADH"))
    xr.testing.assert_identical(live.build().drop_attrs(), whole.drop_attrs())
    assert live.build().attrs["radars"] == whole.attrs["radars"] == "AAAA BBBB"
    assert live.radars["AAAA"] == START + np.timedelta64(397_925, "ms")
    late = live.build(time=START + np.timedelta64(1290, "s"))
    assert late.attrs["late"] == "BBBB"
    with pytest.raises(errors.ArgumentError, match="max_reach given"):
        mosaic.Live(grid, max_reach=3.0)


def test_beams_of_a_mosaic_go_through_a_profile(volume: xr.DataTree) -> None:
    grid = around(volume, 120e3, dx=10000.0, dz=1000.0, top=4e3)
    height = np.array([0.0, 500.0, 2000.0, 10000.0])
    profile = (height, np.array([350.0, 300.0, 260.0, 110.0]))
    mosaic.forget()
    bent = mosaic.build(volume, grid=grid, profile=profile)
    straight = mosaic.build(volume, grid=grid)
    assert len(mosaic._kept) == 2
    assert float((straight["lowest_beam"] - bent["lowest_beam"]).max()) > 100.0
    beam = radar.Beam.of(volume, profile)
    _, _, expected = beam.locate(90.0, 0.5, 100e3)
    found = bent["lowest_beam"].isel(time=0).sel(x=100e3, y=0.0, method="nearest")
    assert float(found) == pytest.approx(float(np.squeeze(expected)), abs=120.0)


def test_the_program_follows_a_folder(tmp_path: Path) -> None:
    folder, out = tmp_path / "coming", tmp_path / "out.nc"
    folder.mkdir()
    radar.write(made_volume(), folder / "a.nc")
    radar.write(made_volume(32.9, 120.3, name="BBBB", begin=30.0), folder / "b.nc")
    common = ["mosaic", str(folder), "-o", str(out), "--radius", "30", "--dx", "3", "--timeout", "0"]
    done = CliRunner().invoke(main, [*common, "--follow", "volume"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].endswith("; AAAA, BBBB")
    with xr.open_dataset(out) as cubes:
        assert int(cubes["radars"].max()) == 3
    each = CliRunner().invoke(main, [*common, "--follow", "sweep", "--json"])
    assert len(each.stdout.splitlines()) == 10
    assert CliRunner().invoke(main, [*common, "--follow", "sweep", "--time", "2024-06-01"]).exit_code == 2
    assert CliRunner().invoke(main, [*common, "--follow", "sweep", "--field", "KDP"]).exit_code == 1


@pytest.mark.realdata
def test_a_real_volume_followed_comes_to_its_mosaic(real_data: Path) -> None:
    path = real_data / "radar/nexrad/single/KLBB20160601_150025_V06"
    whole = radar.read(path)
    grid = around(whole, 60e3, dx=2000.0, dz=1000.0, top=8e3)
    live = mosaic.Live(grid, ("DBZH", "VRADH"))
    for sweep in radar.follow(path, timeout=0.0):
        live.add(sweep)
    made = mosaic.build(whole, grid=grid, fields=("DBZH", "VRADH"))
    xr.testing.assert_identical(live.build().drop_attrs(), made.drop_attrs())
    assert live.build().attrs["input_files"] == made.attrs["input_files"]


@pytest.mark.realdata
def test_two_real_radars_agree_once_their_storms_are_brought_to_one_time(real_data: Path) -> None:
    khtx = nowcast.open(real_data / "radar/nexrad/khtx-20080411/KHTX20080411_182140.gz")
    armor = nowcast.open(real_data / "retrieval/armor-khtx-20080411/armor_20080411_182230_from_dorade.nc")
    grid = around(armor, 60e3, dx=1000.0, dz=1000.0, top=8e3)

    def agreement(u: float, v: float) -> float:
        """Correlation where both see more than 20 dBZ."""
        motion = xr.Dataset(coords=grid.coords())
        for name, speed in (("u", u), ("v", v)):
            motion[name] = (("y", "x"), np.full((grid.ny, grid.nx), speed, np.float32), {"units": "m s-1"})
        a, b = (
            mosaic.build(tree, grid=grid, time="2008-04-11T18:24", motion=motion)["DBZH"].values
            for tree in (khtx, armor)
        )
        both = (a > 20.0) & (b > 20.0)
        assert both.sum() > 10000
        return float(np.corrcoef(a[both], b[both])[0, 1])

    still, moved = agreement(0.0, 0.0), agreement(24.0, 20.0)  # storms went north-east
    assert still > 0.6
    assert moved > still + 0.1
