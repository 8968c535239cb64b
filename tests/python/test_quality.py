"""Quality control: on simulated volumes where every gate is labelled, and on real ones."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import radar, sim
from nowcast.errors import ArgumentError, FileError, FormatError
from nowcast.sim import strategy

FILTERED = sum(bit for name, bit in radar.FLAGS.items() if name not in ("attenuated", "under_spoke"))


@pytest.fixture(scope="module")
def labelled() -> tuple[xr.DataTree, xr.DataTree]:
    """A squall line seen past clutter, an interfering transmitter and the sun; and the truth."""
    storm = sim.squall_line()
    plan = strategy.wsr88d("VCP 21", step=2.0)
    # Low and high repetition rate at 0.5 degrees, and 1.45 degrees.
    few = dataclasses.replace(
        plan, sweeps=tuple(dataclasses.replace(sweep, reach=min(sweep.reach, 146e3)) for sweep in plan.sweeps[:3])
    )
    site = sim.Site.near(storm, -40e3, -20e3)
    effects = sim.Effects(clutter=45.0, spoke=(201.0, 10.0))
    seen = sim.scan(storm, site, few, 600.0, effects=effects, seed=1)
    return radar.quality(seen.volume), seen.truth


def rates(pair: tuple[xr.DataTree, xr.DataTree], label: str, bits: int) -> tuple[int, int]:
    """How many echoes of a label have one of the bits, of how many."""
    hits = of = 0
    for name in ("sweep_0", "sweep_1", "sweep_2"):
        volume, truth = (tree[name] for tree in pair)
        echo = volume["DBZH"].values > radar.NOTHING_DBZ
        others = [truth[kind].values.astype(bool) for kind in ("clutter", "second_trip", "interference")]
        rain = echo & ~np.logical_or.reduce(others) & (truth["DBZH"].values > 0.0)
        chosen = rain if label == "rain" else truth[label].values.astype(bool) & echo
        hits += int(((volume["QFLAG"].values & bits) > 0)[chosen].sum())
        of += int(chosen.sum())
    return hits, of


def test_clutter_goes_and_rain_stays(labelled) -> None:
    lost, rain = rates(labelled, "rain", FILTERED)
    gone, clutter = rates(labelled, "clutter", FILTERED)
    assert min(rain, clutter) > 5_000
    assert lost <= 0.005 * rain
    # What stays is clutter within some dB of the rain it lies in.
    assert gone >= 0.8 * clutter


def test_spokes_are_found(labelled) -> None:
    found, spoke = rates(labelled, "interference", radar.FLAGS["spoke"])
    assert spoke > 1_000
    assert found >= 0.9 * spoke


def test_reasons_are_bits_with_meanings(labelled) -> None:
    flags = labelled[0]["sweep_0"]["QFLAG"]
    assert flags.dtype == np.int16
    assert flags.attrs["flag_meanings"].split() == list(radar.FLAGS)
    np.testing.assert_array_equal(flags.attrs["flag_masks"], [1 << k for k in range(len(radar.FLAGS))])
    counts = radar.flag_counts(labelled[0])
    assert list(counts) == list(radar.FLAGS)
    assert counts["clutter"] > 1000
    assert counts["blocked"] == 0


def test_what_the_file_brought_stays(labelled) -> None:
    volume = labelled[0]
    sweep = volume["sweep_0"]
    kept = (sweep["QFLAG"].values & FILTERED) == 0
    np.testing.assert_array_equal(sweep["DBZHQ"].values[kept], sweep["DBZH"].values[kept])
    assert (sweep["QIND"].values >= 0).all()
    assert (sweep["QIND"].values <= 1).all()
    assert sweep["DBZHQ"].attrs["_Undetect"] == radar.NOTHING_DBZ


def test_flags_go_through_another_step_and_a_file(labelled, tmp_path: Path) -> None:
    again = radar.quality(labelled[0])
    xr.testing.assert_equal(again["sweep_1"].to_dataset(), labelled[0]["sweep_1"].to_dataset())
    radar.write(labelled[0], tmp_path / "volume.nc")
    read = radar.read(tmp_path / "volume.nc")
    np.testing.assert_array_equal(read["sweep_0"]["QFLAG"].values, labelled[0]["sweep_0"]["QFLAG"].values)


def test_options_are_checked(labelled) -> None:
    with pytest.raises(ArgumentError, match="clutter_score: 0 to 1 expected, 2 given"):
        radar.quality(labelled[0], clutter_score=2.0)


def dry(volume: xr.DataTree, truth: xr.DataTree) -> xr.DataTree:
    """The volume with nothing but its clutter."""
    groups = {}
    for path, node in volume.subtree_with_keys:
        data = node.to_dataset(inherit=False)
        if "DBZH" in data:
            ground = truth[path]["clutter"].values.astype(bool)
            data = data.assign(DBZH=data["DBZH"].where(ground, radar.NOTHING_DBZ))
        groups[path] = data
    return xr.DataTree.from_dict(groups)


def test_a_clutter_map_is_learnt_and_kept(labelled, tmp_path: Path) -> None:
    quiet = dry(*labelled)
    ground = radar.ClutterMap()
    for _ in range(3):
        ground.add(quiet)
    ground.save(tmp_path / "map")
    copy = radar.ClutterMap.load(tmp_path / "map")
    assert copy.volumes == 3
    assert copy.to_bytes() == ground.to_bytes()
    found = copy.to_dataset()
    assert found["often"].dims == ("elevation", "azimuth", "range")
    assert float((found["often"] > 0.9).sum()) > 1000
    with_map = radar.quality(labelled[0], clutter_map=copy), labelled[1]
    before, after = (rates(pair, "clutter", FILTERED) for pair in (labelled, with_map))
    assert after[0] >= before[0]
    assert rates(with_map, "rain", FILTERED)[0] <= 0.005 * rates(with_map, "rain", FILTERED)[1]
    with pytest.raises(FormatError, match="NWCLUT01"):
        radar.ClutterMap.from_bytes(b"something else, longer than the head")
    with pytest.raises(FileError, match="No such file"):
        radar.ClutterMap.load(tmp_path / "none")


def test_the_sun_is_where_an_almanac_says() -> None:
    # Reda and Andreas (2004), table A5.1.
    azimuth, elevation = radar.sun_position("2003-10-17T19:30:30", 39.742476, -105.1786)
    assert azimuth == pytest.approx(194.34024, abs=0.01)
    assert elevation == pytest.approx(39.88838, abs=0.01)


def echoes(tree: xr.DataTree, names: Iterable[str]) -> tuple[int, int]:
    kept = of = 0
    for name in names:
        flags, dbz = tree[name]["QFLAG"].values, tree[name]["DBZH"].values
        strong = dbz >= 30.0
        kept += int((strong & ((flags & FILTERED) == 0)).sum())
        of += int(strong.sum())
    return kept, of


@pytest.mark.realdata
def test_what_an_analyst_kept_of_a_squall_line_is_kept(real_data: Path) -> None:
    name = "cfrad.20080411_182140.206_to_20080411_182632.190_KHTX_SUR.nc"
    tree = radar.quality(radar.read(real_data / "radar" / "cfradial" / name))
    kept = lost = 0
    for group in (name for name in tree.children if name.startswith("sweep_")):
        by_hand = np.isfinite(tree[group]["DBZ"].values)
        filtered = (tree[group]["QFLAG"].values & FILTERED) > 0
        kept += int(by_hand.sum())
        lost += int((by_hand & filtered).sum())
    assert kept == 452426
    assert lost <= 0.01 * kept


@pytest.mark.realdata
def test_clear_air_echo_of_a_morning_in_texas_is_no_weather(real_data: Path) -> None:
    tree = radar.quality(radar.read(real_data / "radar" / "nexrad" / "single" / "KLBB20160601_150025_V06"))
    counts = radar.flag_counts(tree)
    assert counts["non_meteo"] > 30_000
    kept, of = echoes(tree, [name for name in tree.children if "DBZHQ" in tree[name].data_vars])
    assert kept >= 0.97 * of
