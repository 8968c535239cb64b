"""Mosaics whose motion is found from volumes: against storms of known motion, and two real radars."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import errors, mosaic, radar, sim
from nowcast.cli import main
from nowcast.grid import Grid, around
from nowcast.sim.strategy import Radar, Strategy, Sweep

SWEEPS = tuple(Sweep(angle, 2.0, 500.0, 90e3, rate=5.0, moments=("DBZH",)) for angle in (0.5, 2.0, 4.0, 7.0))
PLAN = Strategy("slow", Radar(), SWEEPS)  # almost five minutes
EFFECTS = sim.Effects(noise=False, attenuation=False, second_trip=False)
BEGIN, APART = 1500.0, 130.0


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    """A supercell that moves at 17 m/s."""
    return sim.supercell(particles=1500)


def moved(storm: sim.Storm) -> tuple[float, float]:
    return storm.parts[0].path.u, storm.parts[0].path.v


@pytest.fixture(scope="module")
def seen(storm: sim.Storm) -> list[list[xr.DataTree]]:
    """Two volumes of each of two radars, of which the second began two minutes earlier."""
    x, y = (BEGIN * speed for speed in moved(storm))
    places = ((x - 50e3, y - 20e3, "WEST"), (x + 30e3, y - 55e3, "SOUTH"))
    sites = [sim.Site.near(storm, px, py, name=name) for px, py, name in places]
    times = [[BEGIN - late - before for before in (PLAN.seconds + 5.0, 0.0)] for late in (0.0, APART)]
    return [[clean(storm, site, t) for t in of] for site, of in zip(sites, times, strict=True)]


def clean(storm: sim.Storm, site: sim.Site, begin: float) -> xr.DataTree:
    """A volume without noise, and without echo below 0 dBZ."""
    truth = sim.scan(storm, site, PLAN, begin, effects=EFFECTS).truth
    sweeps = {}
    for name in truth.children:
        data = truth[name].to_dataset()[["DBZH", "sweep_fixed_angle", "sweep_mode"]]
        cells = data["DBZH"].where(data["DBZH"] >= 0.0, radar.NOTHING_DBZ).where(data["DBZH"].notnull())
        sweeps[name] = data.assign(DBZH=cells.assign_attrs(units="dBZ"))
    return radar.remake(xr.DataTree.from_dict({"/": truth.to_dataset()} | sweeps))


@pytest.fixture(scope="module")
def place(storm: sim.Storm) -> Grid:
    x, y = (BEGIN * speed for speed in moved(storm))
    return dataclasses.replace(storm.grid(40e3, 1000.0, x=x, y=y), z=tuple(np.arange(1000.0, 9001.0, 500.0)))


def flow_of(grid: Grid, u: float, v: float) -> xr.Dataset:
    flow = xr.Dataset(coords=grid.coords())
    for name, speed in (("u", u), ("v", v)):
        flow[name] = (("y", "x"), np.full((grid.ny, grid.nx), speed, np.float32), {"units": "m s-1"})
    return flow


def found(made: xr.Dataset) -> xr.Dataset:
    """The motion that was estimated, as it could be given."""
    return made[["echo_u", "echo_v"]].isel(time=0, drop=True).rename(echo_u="u", echo_v="v")


def off(storm: sim.Storm, grid: Grid, *cubes: xr.Dataset) -> list[float]:
    """Root mean square errors of mosaics, dB, at the cells that all know where the truth is an echo."""
    truth = storm.on_grid(grid, grid.z, cubes[0]["time"].values[0])["DBZH"].values
    made = [cube["DBZH"].values[0] for cube in cubes]
    there = (truth > 5.0) & np.isfinite(made).all(axis=0)
    assert there.sum() > 2000
    return [float(np.sqrt(np.mean((cells - truth)[there] ** 2))) for cells in made]


def test_the_motion_is_that_of_the_storm_and_brings_its_echo_to_one_time(storm, seen, place) -> None:
    u, v = moved(storm)
    time = storm.time(BEGIN + PLAN.seconds)
    still, made = (mosaic.build(seen, grid=place, time=time, motion=motion) for motion in (None, "estimate"))
    true = mosaic.build(seen, grid=place, time=time, motion=flow_of(place, u, v))
    assert [cube.attrs["motion_status"] for cube in (still, made, true)] == ["none", "estimated", "given"]
    assert made["motion_radars"].values == [3]
    echo = made["DBZH"].isel(time=0).max("z").values > 20.0
    wrong = np.hypot(made["echo_u"].values[0] - u, made["echo_v"].values[0] - v)[echo]
    assert np.sqrt(np.mean(wrong**2)) < 1.5
    without, estimated, best = off(storm, place, still, made, true)
    assert without > 1.8 * best
    assert estimated < best + 0.1 * (without - best)


def test_threads_change_no_bit(seen, place) -> None:
    made = []
    for threads in (1, 2, 3, 7):
        with nowcast.settings(threads=threads):
            made.append(mosaic.build(seen, grid=place, motion="estimate"))
    for other in made[1:]:
        xr.testing.assert_identical(made[0], other)


def test_a_radar_without_an_earlier_volume_takes_the_motion_of_the_others(seen, place) -> None:
    made = mosaic.build([seen[0], seen[1][1]], grid=place, motion="estimate", time=end(seen[0][1]))
    alone = mosaic.build(seen[0], grid=place, motion="estimate", time=end(seen[0][1]))
    assert made["motion_radars"].values == [1]
    np.testing.assert_array_equal(made["echo_u"], alone["echo_u"])
    given = mosaic.build([seen[0], seen[1][1]], grid=place, motion=found(made), time=end(seen[0][1]))
    xr.testing.assert_equal(given["DBZH"], made["DBZH"])


def end(tree: xr.DataTree) -> np.datetime64:
    return max(tree[name]["time"].values.max() for name in tree.children)


def shifted(tree: xr.DataTree, seconds: float) -> xr.DataTree:
    """The same volume at another time."""
    late = np.timedelta64(int(1e9 * seconds), "ns")
    sweeps = {name: tree[name].to_dataset() for name in tree.children}
    sweeps = {name: data.assign_coords(time=data["time"] + late) for name, data in sweeps.items()}
    return radar.remake(xr.DataTree.from_dict({"/": tree.to_dataset()} | sweeps))


@pytest.mark.parametrize("apart", [100.0, 1000.0])
def test_volumes_too_near_or_too_far_in_time_tell_no_motion(seen, place, apart, caplog) -> None:
    one = seen[0][1]
    made = mosaic.build([shifted(one, -apart), one], grid=place, time=end(one), motion="estimate")
    assert made.attrs["motion_status"] == "no two volumes"
    assert made["motion_radars"].values == [0]
    assert np.isnan(made["echo_u"].values).all()
    assert "made without motion: no two volumes" in caplog.text
    xr.testing.assert_equal(made["DBZH"], mosaic.build(one, grid=place)["DBZH"])


def test_each_mosaic_of_several_has_the_motion_of_its_volumes(seen, place) -> None:
    made = mosaic.build(seen[0], grid=place, motion="estimate")
    assert made.sizes["time"] == 2
    assert made.attrs["motion_status"] == "no two volumes, estimated"
    np.testing.assert_array_equal(made["motion_radars"], [0, 1])


def test_without_echo_there_is_no_motion_and_none_is_missed(seen, place, caplog) -> None:
    clear = []
    for tree in seen[0]:
        sweeps = {name: tree[name].to_dataset() for name in tree.children}
        for data in sweeps.values():
            data["DBZH"] = data["DBZH"].where(data["DBZH"].isnull(), radar.NOTHING_DBZ).assign_attrs(units="dBZ")
        clear.append(radar.remake(xr.DataTree.from_dict({"/": tree.to_dataset()} | sweeps)))
    made = mosaic.build(clear, grid=place, time=end(clear[1]), motion="estimate")
    assert made.attrs["motion_status"] == "no echo"
    assert not caplog.text


def test_another_motion_is_refused(seen, place) -> None:
    with pytest.raises(errors.ArgumentError, match="a Dataset, \"estimate\" or None expected, 'guess' given"):
        mosaic.build(seen[0], grid=place, motion="guess")
    with pytest.raises(errors.ArgumentError, match="'guess' given"):
        mosaic.Live(place, motion="guess")


@pytest.mark.parametrize("fields", [("DBZH",), ("DBZH", "VRADH")])
def test_a_live_mosaic_finds_the_same_motion_when_volumes_become_whole(seen, place, fields) -> None:
    live = mosaic.Live(place, fields, motion="estimate")
    statuses = []
    for tree in (seen[1][0], seen[0][0], seen[1][1], seen[0][1]):
        live.add(tree)
        statuses.append(live.build().attrs["motion_status"])
    assert statuses == ["no two volumes"] * 2 + ["estimated"] * 2
    made = mosaic.build([seen[1], seen[0]], grid=place, time=end(seen[0][1]), motion="estimate")
    xr.testing.assert_identical(live.build().drop_attrs(), made.drop_attrs())
    assert live.build(motion=flow_of(place, 0.0, 0.0)).attrs["motion_status"] == "given"
    late = live.build(time=end(seen[0][1]) + np.timedelta64(1000, "s"))
    assert late.attrs["motion_status"] == "no two volumes"


def test_the_program_finds_a_motion_or_is_degraded(seen, tmp_path: Path) -> None:
    folder, out = tmp_path / "coming", tmp_path / "out.nc"
    folder.mkdir()
    for number, tree in enumerate(seen[0]):
        radar.write(tree, folder / f"{number}.nc")
    common = ["-o", str(out), "--radius", "80", "--field", "DBZH", "--top", "8", "--motion", "estimate"]
    files = [str(folder / "0.nc"), str(folder / "1.nc")]
    done = CliRunner().invoke(main, ["mosaic", *files, *common, "--time", str(end(seen[0][1])), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["motion"] == "estimated"
    with xr.open_dataset(out) as cubes:
        assert cubes["echo_u"].dims == ("time", "y", "x")
    degraded = CliRunner().invoke(main, ["mosaic", files[0], *common])
    assert degraded.exit_code == 3
    assert "motion: no two volumes" in degraded.stdout
    followed = CliRunner().invoke(main, ["mosaic", str(folder), *common, "--timeout", "0", "--follow", "volume"])
    assert followed.exit_code == 0, followed.output
    assert followed.stdout.splitlines()[0].endswith("motion: no two volumes")
    assert followed.stdout.splitlines()[-1].endswith("motion: estimated")


@pytest.mark.realdata
def test_two_real_radars_agree_once_the_motion_of_one_is_found(real_data: Path) -> None:
    folder = real_data / "radar/nexrad/khtx-20080411"
    khtx = [nowcast.open(folder / f"KHTX20080411_{time}.gz") for time in ("181643", "182140")]
    armor = nowcast.open(real_data / "retrieval/armor-khtx-20080411/armor_20080411_182230_from_dorade.nc")
    grid, time = around(armor, 60e3, dx=1000.0, dz=1000.0, top=8e3), "2008-04-11T18:25"
    made = mosaic.build([khtx, armor], grid=grid, time=time, motion="estimate")
    assert made.attrs["radars"] == "KHTX ARMOR"
    assert made["motion_radars"].values == [1]

    def agreement(motion: xr.Dataset | None) -> float:
        """Correlation where both see more than 20 dBZ."""
        a, b = (mosaic.build(tree, grid=grid, time=time, motion=motion)["DBZH"].values for tree in (khtx[1], armor))
        both = (a > 20.0) & (b > 20.0)
        assert both.sum() > 10000
        return float(np.corrcoef(a[both], b[both])[0, 1])

    assert agreement(found(made)) > agreement(None) + 0.12
