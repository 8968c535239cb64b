"""Health of radars: on simulated volumes whose faults are known, and on real ones."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

from nowcast import radar, sim
from nowcast._cli_health import tables
from nowcast.cli import main
from nowcast.errors import ArgumentError, NoDataError
from nowcast.sim.strategy import Radar, Strategy, Sweep


def plan(*angles: float, **more: float) -> Strategy:
    sweeps = tuple(Sweep(angle, 2.0, 500.0, 60e3, prf=1000.0, rate=40.0) for angle in angles)
    return Strategy("plan", Radar(), tuple(dataclasses.replace(sweep, **more) for sweep in sweeps))


@pytest.fixture(scope="module")
def rain() -> sim.Storm:
    return sim.stratiform(rate=5.0, wind=(5.0, 2.0), melting=False)


def renamed(tree: xr.DataTree, name: str) -> xr.DataTree:
    tree.attrs = tree.attrs | {"instrument_name": name}
    return tree


def changed(tree: xr.DataTree, **offsets: float) -> xr.DataTree:
    """With so much more of a moment."""
    groups = {}
    for path, node in tree.subtree_with_keys:
        data = node.to_dataset(inherit=False)
        for name, offset in offsets.items():
            if name in data:
                data = data.assign({name: data[name].where(data[name] == radar.NOTHING_DBZ, data[name] + offset)})
                data[name].attrs.update(node[name].attrs)
        groups[path] = data
    return xr.DataTree.from_dict(groups)


def test_a_radar_that_is_too_weak_shows_beside_another(rain) -> None:
    near, far = sim.Site.near(rain, -20e3, 0.0), sim.Site.near(rain, 20e3, 5e3)
    strategy = plan(1.0, 2.0, start=45.0, stop=135.0), plan(1.0, 2.0, start=225.0, stop=315.0)
    volumes = [
        sim.scan(rain, site, one, 0.0, seed=seed).volume
        for seed, (site, one) in enumerate(zip((near, far), strategy, strict=True))
    ]
    found = radar.health([renamed(volumes[0], "A"), renamed(changed(volumes[1], DBZH=-2.5), "B")])
    whole = found.pairs[found.pairs["range_km"].isna() & found.pairs["height_km"].isna()].iloc[0]
    assert (whole["a"], whole["b"]) == ("A", "B")
    assert whole["places"] > 1000
    assert whole["difference_db"] == pytest.approx(2.5, abs=0.3)
    by_range = found.pairs[found.pairs["height_km"].isna() & found.pairs["range_km"].notna()]
    assert by_range["places"].sum() == whole["places"]


def test_what_rain_takes_at_a_shorter_wave_is_no_difference_of_calibration() -> None:
    heavy = sim.stratiform(rate=25.0, wind=(5.0, 2.0), melting=False)
    near, far = sim.Site.near(heavy, -20e3, 0.0), sim.Site.near(heavy, 20e3, 5e3)
    sweeps = plan(1.0, 2.0, start=45.0, stop=135.0), plan(1.0, 2.0, start=225.0, stop=315.0)
    plans = dataclasses.replace(sweeps[0], radar=Radar("C", "C")), sweeps[1]
    volumes = [sim.scan(heavy, site, one, 0.0, seed=3).volume for site, one in zip((near, far), plans, strict=True)]
    names = renamed(volumes[0], "C"), renamed(volumes[1], "S")
    blind = names[0].map_over_datasets(lambda data: data.drop_vars("PHIDP", errors="ignore"))
    found = []
    for first in (blind, names[0]):
        pairs = radar.health([first, names[1]]).pairs
        found.append(pairs[pairs["range_km"].isna() & pairs["height_km"].isna()]["difference_db"].iloc[0])
    assert found[0] < -1.0, f"without phases {found[0]:.2f} dB"
    assert abs(found[1]) < 0.4, f"with phases {found[1]:.2f} dB"


def test_rain_tells_a_bias_of_reflectivity_where_its_height_is_known() -> None:
    heavy = sim.stratiform(rate=25.0, wind=(5.0, 2.0), melting=False)
    sweeps = dataclasses.replace(plan(1.0, start=45.0, stop=135.0), radar=Radar("C", "C"))
    right = sim.scan(heavy, sim.Site.near(heavy, -20e3, 0.0), sweeps, 0.0, seed=3).volume
    strong = changed(right, DBZH=1.5)
    found = radar.health([renamed(right, "A"), renamed(strong, "B")], freezing_level=4000.0).volumes["dbz_bias_db"]
    assert found[0] == pytest.approx(0.0, abs=1.0), f"{found[0]:.2f} dB"
    assert found[1] - found[0] == pytest.approx(1.5, abs=0.4), f"{found[0]:.2f}, {found[1]:.2f} dB"
    assert radar.health([right]).volumes["dbz_bias_db"].isna().all()
    blind = right.map_over_datasets(lambda data: data.drop_vars(["PHIDP", "ZDR"], errors="ignore"))
    assert radar.health([blind], freezing_level=4000.0).volumes["dbz_bias_db"].isna().all()


def test_radars_that_see_nothing_in_common_are_told_apart_from_those_out_of_reach(rain) -> None:
    places = {"A": (-20e3, 0.0), "B": (20e3, 0.0), "C": (400e3, 0.0)}
    volumes = []
    for name, place in places.items():
        seen = sim.scan(rain, sim.Site.near(rain, *place), plan(1.0, start=45.0, stop=135.0), 0.0, seed=1).volume
        volumes.append(renamed(changed(seen, DBZH=-60.0), name))
    pairs = radar.health(volumes).pairs
    assert pairs[["a", "b", "places"]].values.tolist() == [["A", "B", 0]]
    assert np.isnan(pairs["difference_db"].iloc[0])


def turned(tree: xr.DataTree, degrees: float) -> xr.DataTree:
    """As of an antenna whose azimuths are so many degrees too large."""
    groups = {}
    for path, node in tree.subtree_with_keys:
        data = node.to_dataset(inherit=False)
        if "azimuth" in data.coords:
            azimuth = (data["azimuth"] + degrees) % 360.0
            data = data.assign_coords(azimuth=azimuth.astype(np.float32).assign_attrs(data["azimuth"].attrs))
        groups[path] = data
    return xr.DataTree.from_dict(groups)


def test_azimuths_that_are_too_large_show_beside_another_radar_though_echoes_move() -> None:
    storm = sim.supercell(seed=1, particles=1500)
    west, east, south, north, _ = next(storm.bounds(900.0))
    middle = 0.5 * (west + east), 0.5 * (south + north)
    volumes = []
    upward = (1.0, 2.5, 4.0, 6.0, 8.5, 11.0)
    for name, x, y, first, angles, off in (
        ("A", -35e3, 10e3, 60.0, upward, 1.25),
        ("B", -20e3, -30e3, 0.0, upward[::-1], 0.0),
    ):
        site = sim.Site.near(storm, middle[0] + x, middle[1] + y)
        sector = Sweep(1.0, 1.0, 500.0, 70e3, prf=1500.0, rate=10.0, start=first, stop=first + 90.0)
        sweeps = tuple(dataclasses.replace(sector, angle=angle) for angle in angles)
        volume = sim.scan(storm, site, Strategy("plan", Radar(), sweeps), 900.0, seed=1).volume
        volumes.append(renamed(turned(volume, off), name))
    found = radar.health(volumes)
    turns = found.turns.set_index("radar")
    print(turns.to_string())
    assert list(turns["beside"]) == ["B", "A"]
    assert turns.loc["A", "azimuth_offset"] == pytest.approx(1.25, abs=0.25)
    assert turns.loc["A", "correlation"] > turns.loc["A", "as_told"] + 0.01
    assert turns.loc["A", "correlation"] > turns.loc["B", "correlation"]
    titles = [table.title for table in tables(found)]
    assert "azimuths beside another radar" in titles
    assert "A less B, dB, by height and range from the further" in titles


def test_where_the_antenna_points_is_told_by_the_sun() -> None:
    storm = sim.supercell()
    site = sim.Site.near(storm, 400e3, 0.0)
    # A time of the storm's day at which the sun stands 3 degrees high there.
    times = storm.time(0.0) + np.arange(0, 86400, 20).astype("timedelta64[s]")
    sun = np.array([radar.sun_position(time, site.latitude, site.longitude) for time in times])
    number = int(np.argmin(np.abs(sun[:, 1] - 3.2)))
    azimuth, elevation = sun[number].tolist()
    few = plan(2.4, 2.7, 3.0, 3.3, 3.6, step=0.25, start=azimuth - 3.0, stop=azimuth + 3.0, rate=20.0, at=0.0)
    effects = sim.Effects(sun=(azimuth + 0.4, elevation - 0.2), second_trip=False)
    volume = sim.scan(storm, site, few, times[number], seed=3, effects=effects).volume
    found = radar.health([volume])
    assert len(found.sun) >= 5
    told = found.pointing.iloc[0]
    assert told["azimuth_offset"] == pytest.approx(0.4, abs=0.1)
    assert told["elevation_offset"] == pytest.approx(-0.2, abs=0.1)
    assert told["residual_db"] < 1.0


@pytest.fixture(scope="module")
def series(rain) -> list[xr.DataTree]:
    """Six volumes every 300 s, but for the fourth, which comes 400 s late, and the fifth, which lacks a sweep."""
    one = sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan(1.0, 3.0, 6.0, stop=360.0, reach=20e3), 0.0, seed=1).volume
    made = []
    for number, seconds in enumerate((0, 300, 600, 1300, 1600, 1900)):
        groups = {}
        for path, node in one.subtree_with_keys:
            data = node.to_dataset(inherit=False)
            if "time" in data:
                data = data.assign_coords(time=data["time"] + np.timedelta64(seconds, "s"))
            groups[path] = data
        if number == 4:
            groups = {path: data for path, data in groups.items() if not path.endswith("sweep_1")}
            groups = {path.replace("sweep_2", "sweep_1"): data for path, data in groups.items()}
        made.append(radar.remake(xr.DataTree.from_dict(groups)))
    return made


def test_what_is_late_or_missing_is_told(series) -> None:
    found = radar.health(series[::-1])
    assert list(found.volumes["late_s"]) == [0.0, 0.0, 0.0, 400.0, 0.0, 0.0]
    assert list(found.volumes["missing_sweeps"]) == [0, 0, 0, 0, 1, 0]
    assert found.degraded
    assert not radar.health(series[:3]).degraded
    assert len(found.sweeps) == 17
    assert found.volumes["noise_dbz"].to_numpy() == pytest.approx(-48.0, abs=0.5)
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["volumes"][3]["late_s"] == 400.0
    assert plain["volumes"][0]["clutter_offset_db"] is None


def test_what_is_asked_wrongly_is_told(series) -> None:
    with pytest.raises(NoDataError, match="at least one"):
        radar.health([])
    with pytest.raises(ArgumentError, match="volumes of one radar"):
        radar.health([series[0], renamed(series[1].copy(), "other")], clutter_map=radar.ClutterMap())


def test_the_program_prints_a_table_or_json(series, tmp_path: Path) -> None:
    for number, volume in enumerate(series[:3]):
        radar.write(volume, tmp_path / f"volume_{number}.nc")
    (tmp_path / "broken.nc").write_bytes(b"no volume")
    inputs = [str(tmp_path / f"volume_{number}.nc") for number in range(3)]
    run = CliRunner().invoke(main, ["health", *inputs])
    assert run.exit_code == 0, run.output
    assert "noise" in run.output
    assert "nothing missing" in run.output
    run = CliRunner().invoke(main, ["health", *inputs, str(tmp_path / "broken.nc"), "--json"])
    assert run.exit_code == 3, run.output
    told = json.loads(run.output)
    assert len(told["volumes"]) == 3
    assert len(told["left_out"]) == 1


def whole_of(found: radar.Health) -> pd.DataFrame:
    """Pairs over all heights and ranges, by their names."""
    pairs = found.pairs
    return pairs[pairs["range_km"].isna() & pairs["height_km"].isna()].set_index(["a", "b"])


@pytest.mark.realdata
def test_armor_is_a_decibel_below_khtx(real_data: Path) -> None:
    folder = real_data / "radar"
    khtx = radar.read(folder / "nexrad" / "khtx-20080411" / "KHTX20080411_182140.gz")
    armor = radar.read(sorted((folder / "dorade" / "armor-20080411").glob("*.gz")))
    found = radar.health([khtx, armor])
    pairs = found.pairs
    print(pairs[pairs["height_km"].isna() | pairs["range_km"].isna()].to_string())
    whole = whole_of(found).loc[("ARMOR", "KHTX")]
    assert whole["places"] > 10_000
    # A C band radar that looks through a squall line, whose phase says what that takes, beside one at S band.
    assert -1.5 < whole["difference_db"] < -0.2
    assert found.volumes.set_index("radar").loc["ARMOR", "missing_rays"] == 1
    turns = found.turns.set_index("radar")
    print(turns.to_string())
    assert turns.loc["ARMOR", "azimuth_offset"] == pytest.approx(1.3, abs=0.3)
    assert turns.loc["ARMOR", "correlation"] > turns["as_told"].max() + 0.02
    assert turns.loc["ARMOR", "correlation"] > turns.loc["KHTX", "correlation"] + 0.02


@pytest.mark.realdata
def test_overlapping_radars_of_france_agree_within_their_calibration(real_data: Path) -> None:
    folder = real_data / "radar" / "odim" / "europe-20151010" / "pvol"
    found = radar.health(radar.read(path) for path in sorted(folder.glob("fr*.h5")))
    pairs = whole_of(found)
    print(pairs.to_string())
    near = pairs.loc[("frbol", "frnim")]
    assert near["places"] > 1000
    assert abs(near["difference_db"]) < 2.0
    print(found.turns.to_string())
    assert not found.degraded


@pytest.mark.realdata
def test_radars_of_sweden_have_no_echo_in_common_on_a_dry_day(real_data: Path) -> None:
    folder = real_data / "radar" / "odim" / "sweden-20090501"
    found = radar.health(radar.read(path) for path in sorted(folder.glob("*.h5")))
    assert len(found.volumes) == 12
    assert found.pairs["places"].max() == 0
