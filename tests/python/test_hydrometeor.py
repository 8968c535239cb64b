"""Hydrometeor classes: of simulated volumes whose melting level is known, and beside those stored in a real one."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import radar, sim
from nowcast.errors import ArgumentError, NoDataError
from nowcast.sim import beam
from nowcast.sim.strategy import Radar, Strategy, Sweep

CLASS = radar.HYDROMETEORS


@pytest.fixture(scope="module", params=["S", "C", "X"])
def widespread(request) -> tuple[xr.DataTree, float]:
    """What is behind the gates of a volume of widespread rain, and the height at which snow begins to melt."""
    storm = sim.stratiform(rate=4.0)
    sweeps = tuple(Sweep(angle, 4.0, 500.0, 30e3, prf=2000.0, stop=40.0) for angle in (1.0, 6.0, 15.0, 25.0))
    plan = Strategy("sector", Radar(band=request.param), sweeps)
    truth = sim.scan(storm, sim.Site.near(storm, 0.0, 0.0), plan, 0.0).truth
    return truth, storm.environment.height_of(273.15)


def shares(tree: xr.DataTree, low: float, high: float) -> dict[str, float]:
    """The parts of each class among the gates of a layer that have one."""
    found = []
    for name in (name for name in tree.children if name.startswith("sweep_")):
        sweep = tree[name]
        height = beam.ray(sweep["range"].values, float(sweep["sweep_fixed_angle"]), 50.0)[1]
        found.append(sweep["CLASS"].values[:, (height >= low) & (height < high)].ravel())
    cells = np.concatenate(found)
    cells = cells[cells > 0]
    assert cells.size > 50
    return {name: float((cells == value).mean()) for name, value in CLASS.items()}


def test_rain_is_below_snow_above_and_wet_snow_between(widespread) -> None:
    truth, freezing = widespread
    classes = radar.hydrometeors(truth, freezing_level=freezing)
    below = shares(classes, 0.0, freezing - 1500.0)
    assert below["rain"] + below["drizzle"] + below["big_drops"] > 0.97
    above = shares(classes, freezing + 1500.0, freezing + 4000.0)
    assert above["aggregates"] + above["ice_crystals"] + above["vertical_ice"] > 0.97
    melting = shares(classes, freezing - 700.0, freezing - 100.0)
    assert melting["wet_snow"] > 0.2
    assert max(below["wet_snow"], above["wet_snow"]) < 0.02


def test_a_profile_and_a_freezing_level_agree(widespread) -> None:
    truth, freezing = widespread
    one = radar.hydrometeors(truth, freezing_level=freezing)
    heights = np.arange(0.0, 12000.0, 250.0)
    other = radar.hydrometeors(truth, (heights, (freezing - heights) * 6.5e-3))
    for name in ("sweep_0", "sweep_3"):
        assert (one[name]["CLASS"].values != other[name]["CLASS"].values).mean() < 0.001
    cells = one["sweep_0"]["CLASS"]
    assert cells.dtype == np.int16
    assert cells.attrs["flag_meanings"].split() == list(CLASS)


def test_what_is_asked_wrongly_is_told(widespread) -> None:
    truth, _ = widespread
    with pytest.raises(ArgumentError, match='"S", "C" or "X" expected, "K" given'):
        radar.hydrometeors(truth, band="K")
    with pytest.raises(ArgumentError, match="both given"):
        radar.hydrometeors(truth, ([0, 1], [1, 0]), freezing_level=3000.0)
    with pytest.raises(ArgumentError, match="as many temperatures as heights"):
        radar.hydrometeors(truth, ([0, 1, 2], [1, 0]))
    single = truth.map_over_datasets(lambda data: data.drop_vars(["ZDR", "RHOHV"], errors="ignore"))
    with pytest.raises(NoDataError, match="ZDR or RHOHV"):
        radar.hydrometeors(single)


def test_classes_are_of_what_is_in_the_gates_of_a_storm_and_none_of_clutter() -> None:
    """The volume has noise, attenuation, clutter and second trips; the storm knows what is in the middle of gates."""
    storm = sim.supercell(seed=1, particles=3000)
    sweeps = tuple(Sweep(angle, 1.5, 250.0, 70e3, prf=1500.0, rate=20.0) for angle in (0.5, 3.0, 6.0, 10.0))
    site, effects = sim.Site.near(storm, -30e3, -20e3), sim.Effects(clutter=45.0)
    scan = sim.scan(storm, site, Strategy("plan", Radar(), sweeps), 900.0, seed=1, effects=effects)
    found = radar.attenuation(radar.phase(radar.quality(scan.volume)))
    classes = radar.hydrometeors(found, freezing_level=storm.environment.height_of(273.15))
    table = np.zeros((len(sim.CONTENTS), len(CLASS)), dtype=int)
    for name, content in sim.contents(storm, scan).items():
        echo = scan.volume[name]["DBZH"].values > radar.NOTHING_DBZ
        np.add.at(table, (content[echo], classes[name]["CLASS"].values[echo]), 1)
    print(table)

    def part(content: str, *names: str) -> float:
        row = table[sim.CONTENTS.index(content)]
        return float(row[[CLASS[name] for name in names]].sum() / row.sum())

    assert table.sum(axis=1)[[sim.CONTENTS.index(name) for name in ("rain", "snow", "graupel", "clutter")]].min() > 100
    assert part("clutter", "none") > 0.99
    dry = ("ice_crystals", "aggregates", "vertical_ice")
    assert part("rain", "drizzle", "rain", "big_drops") > 0.78
    assert part("snow", *dry) > 0.9
    assert part("melting", "wet_snow") > 0.7
    assert part("graupel", "light_graupel", "dense_graupel", "hail", *dry) > 0.6  # the rest melts
    assert part("hail", "hail", "light_graupel", "dense_graupel") > 0.4
    for name in ("rain", "snow", "melting", "graupel", "hail"):
        assert part(name, "none") < 0.01


def test_what_is_in_gates_is_what_is_in_the_storm_there() -> None:
    storm = sim.stratiform(rate=4.0)
    sweeps = (Sweep(20.0, 10.0, 250.0, 30e3, prf=2000.0, stop=40.0),)
    scan = sim.scan(storm, sim.Site.near(storm, 0.0, 0.0), Strategy("plan", Radar(), sweeps), 0.0)
    content = sim.contents(storm, scan)["sweep_0"]
    height = beam.ray(scan.truth["sweep_0"]["range"].values, 20.0, 50.0)[1]
    freezing = storm.environment.height_of(273.15)
    kinds = [set(np.unique(content[:, where])) for where in (height < freezing - 1500.0, height > freezing + 200.0)]
    rain, melting, snow = (sim.CONTENTS.index(name) for name in ("rain", "melting", "snow"))
    assert kinds[0] == {rain}
    assert kinds[1] - {0} == {snow}
    between = (height > freezing - 1000.0) & (height < freezing)
    assert melting in content[:, between]
    assert not (content[:, between] == 0).any()


@pytest.mark.realdata
def test_no_weather_of_npol_is_filtered_out(real_data: Path) -> None:
    """Where the file has no class it has no ZDR, RHOHV and phase either: only speckle can be told there."""
    volume = radar.read(real_data / "radar" / "uf" / "MC3E_NPOL_2011_0524_2356_hid.uf.gz")
    checked = radar.quality(volume)
    table = np.zeros((2, 2), dtype=int)
    blind = []
    for name in ("sweep_0", "sweep_1", "sweep_2"):
        echo = volume[name]["DBZH"].values > radar.NOTHING_DBZ
        weather = volume[name]["CLASS"].values[echo] > 0
        kept = checked[name]["DBZHQ"].values[echo] > radar.NOTHING_DBZ
        np.add.at(table, (weather.astype(int), kept.astype(int)), 1)
        blind.append(np.isnan(volume[name]["RHOHV"].values[echo][~weather]).mean())
    print(table)
    assert table[1].sum() == 114852
    assert table[1, 0] < 12
    assert table[0, 0] > 1000
    assert min(blind) > 0.99


@pytest.mark.realdata
def test_classes_are_those_stored_with_the_rhis_of_a_tornado_outbreak(real_data: Path) -> None:
    volume = radar.read(real_data / "radar" / "uf" / "MC3E_NPOL_2011_0524_2356_hid.uf.gz")
    stored = {name: volume[name]["CLASS"].values for name in ("sweep_0", "sweep_1", "sweep_2")}
    ours = radar.hydrometeors(volume, freezing_level=3800.0, band="S")
    table = np.zeros((11, 11), dtype=int)
    for name, theirs in stored.items():
        mine = ours[name]["CLASS"].values
        both = (theirs > 0) & (mine > 0)
        np.add.at(table, (theirs[both].astype(int), mine[both]), 1)
    assert table.sum() == 114852
    print(table[1:, 1:])
    agreed = table.diagonal() / np.maximum(table.sum(axis=1), 1)
    assert table.trace() >= 0.8 * table.sum()
    # The stored ones come of another version of the same memberships, and of a temperature that is not stored.
    least = {"rain": 0.65, "ice_crystals": 0.65, "aggregates": 0.93, "wet_snow": 0.68, "light_graupel": 0.85}
    least |= {"dense_graupel": 0.95, "hail": 0.9, "big_drops": 0.9}
    assert all(agreed[CLASS[name]] >= part for name, part in least.items())
    # Liquid and frozen, which matters most, are hardly ever taken for one another.
    liquid, frozen = [CLASS["drizzle"], CLASS["rain"]], [CLASS["ice_crystals"], CLASS["aggregates"]]
    assert table[np.ix_(liquid, frozen)].sum() + table[np.ix_(frozen, liquid)].sum() < 0.001 * table.sum()
