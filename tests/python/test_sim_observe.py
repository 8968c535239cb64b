"""Instruments and observers of a synthetic storm: they tell what was there, in forms that can be read."""

import numpy as np
import pandas as pd
import pytest

from nowcast import sim
from nowcast.errors import ArgumentError
from nowcast.sim import observe


@pytest.fixture(scope="module")
def supercell() -> sim.Storm:
    return sim.supercell(tornado=True, particles=2500)


@pytest.fixture(scope="module")
def line() -> sim.Storm:
    return sim.squall_line(length=60e3, particles=2500)


def test_a_balloon_drifts_with_the_wind_it_measures(supercell) -> None:
    far = observe.sounding(supercell, 300e3, 0.0, 0.0, ascent=5.0, every=20.0)
    base = supercell.environment
    height = far["height"].to_numpy()
    np.testing.assert_allclose(np.diff(height), 100.0)
    np.testing.assert_allclose(far["pressure"], base.read(base.pressure, height))
    u = -far["wind_speed"] * np.sin(np.radians(far["wind_direction"]))
    np.testing.assert_allclose(u, base.read(base.u, height), atol=1e-9)
    x, _ = supercell.grid(1e3, 1e3).from_lonlat(far["longitude"], far["latitude"])
    assert x[-1] - 300e3 == pytest.approx(u[:-1].sum() * 20.0, rel=1e-3)
    assert (np.diff(far["time"]) == np.timedelta64(20, "s")).all()
    assert (far["dew_point"] <= far["temperature"]).all()
    in_updraught = observe.sounding(supercell, 0.0, 0.0, 0.0, top=9e3)
    assert np.diff(in_updraught["height"]).max() > 200.0


def test_a_sounding_is_written_as_wyoming_does() -> None:
    # A level of Norman, 4 May 1999, as the university published it.
    level = {"pressure": 95900.0, "height": 345.0, "temperature": 295.35, "dew_point": 292.15}
    level |= {"relative_humidity": 0.82, "wind_direction": 160.0, "wind_speed": 18 * 0.514444}
    lines = observe.wyoming(pd.DataFrame([level])).splitlines()
    assert lines[0] == lines[3] == "-" * 77
    assert lines[1] == "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT   THTA   THTE   THTV"
    got = [float(text) for text in lines[4].split()]
    published = [959.0, 345, 22.2, 19.0, 82, 14.64, 160, 18, 298.9, 341.8, 301.5]
    for value, right, error in zip(got, published, [0.1, 1, 0.1, 0.1, 1, 0.08, 1, 1, 0.2, 0.4, 0.2], strict=True):
        assert value == pytest.approx(right, abs=error)


def test_a_profiler_errs_by_what_it_is_told(supercell) -> None:
    times = [60.0 * k for k in range(40)]
    table = observe.profiler(supercell, 200e3, 0.0, times, error=0.8, seed=3)
    base = supercell.environment
    error = -table["wind_speed"] * np.sin(np.radians(table["wind_direction"])) - base.read(base.u, table["height"])
    assert error.std() == pytest.approx(0.8, rel=0.05)
    assert abs(error.mean()) < 0.05
    exact = observe.profiler(supercell, 1e3, 0.0, [0.0], heights=[4000.0], error=0.0)
    assert exact["upward_wind"][0] == pytest.approx(float(supercell.wind(1e3, 0.0, 4000.0, 0.0)[2]))


def test_profiles_have_the_columns_of_the_cma(supercell) -> None:
    table = observe.profiler(supercell, 0.0, 0.0, [0.0, 360.0], heights=[100.0, 2000.0])
    lines = observe.cma_profiler(table, ground=12.0).splitlines()
    assert lines[0] == "WNDROBS 01.20"
    assert len(lines[1]) == 50
    assert lines[1].endswith("20260601060600")
    assert lines[2] == "ROBS"
    assert [len(text) for text in lines[3:5]] == [41, 41]
    assert lines[-1] == "NNNN"


def test_a_gust_front_turns_and_cools_the_air_and_rain_adds_up(line) -> None:
    minutes = observe.stations(line, [(40e3, 0.0)], 0.0, 4800.0, errors=False)
    before, after = minutes.iloc[0], minutes.iloc[int(minutes["temperature"].to_numpy().argmin())]
    assert after["temperature"] < before["temperature"] - 3.0
    assert minutes["gust"].max() > 15.0
    assert (minutes["gust"] >= minutes["wind_speed"]).all()
    assert (minutes["relative_humidity"] <= 1.0).all()
    tens = observe.gauges(line, [(40e3, 0.0)], 0.0, 4800.0, seed=2)
    assert tens["true_rain"].sum() == pytest.approx(minutes["rain"].sum(), rel=0.03)
    assert tens["true_rain"].sum() > 2.0
    assert tens["rain"].sum() == pytest.approx(tens["true_rain"].sum(), rel=0.15)
    np.testing.assert_allclose(np.rint(10 * tens["rain"]), 10 * tens["rain"], atol=1e-6)
    wrong = observe.stations(line, [(40e3, 0.0)], 0.0, 4800.0, seed=2)
    assert (wrong["temperature"] - minutes["temperature"]).std() == pytest.approx(0.1, rel=0.4)


def test_flashes_come_as_often_and_where_the_storm_makes_them(supercell) -> None:
    found = observe.flashes(supercell, 0.0, 1800.0, seed=4)
    grid = supercell.grid(40e3, 1e3, x=8e3)
    x, y = np.meshgrid(grid.x, grid.y)
    per_minute = [supercell.flash_density(x, y, t).sum() for t in (0.0, 900.0, 1790.0)]
    expected = 30.0 * np.mean(per_minute)
    assert abs(len(found) - expected) < 5.0 * np.sqrt(expected)
    assert found["time"].is_monotonic_increasing
    path = supercell.parts[0].path
    seconds = (found["time"] - np.datetime64(supercell.start)) / np.timedelta64(1, "s")
    off = np.hypot(found["x"] - path.at(seconds)[0], found["y"] - path.at(seconds)[1])
    assert off.quantile(0.9) < 12e3
    again = observe.flashes(supercell, 0.0, 1800.0, seed=4)
    pd.testing.assert_frame_equal(found, again)
    assert observe.flashes(sim.stratiform(), 0.0, 600.0).empty


def test_a_field_mill_feels_the_storm_above_it_and_each_flash(supercell) -> None:
    found = observe.flashes(supercell, 0.0, 600.0, seed=4)
    far = observe.field_mill(supercell, 400e3, 0.0, 0.0, 600.0, found)
    np.testing.assert_allclose(far["field"], 0.12, atol=0.02)
    near = observe.field_mill(supercell, 3e3, 1e3, 0.0, 600.0, found)["field"].to_numpy()
    assert near.min() < -1.0
    one = found.iloc[[0]].assign(time=supercell.time([300.2]))
    none = observe.field_mill(supercell, 3e3, 1e3, 0.0, 600.0, one.iloc[:0])["field"].to_numpy()
    with_one = observe.field_mill(supercell, 3e3, 1e3, 0.0, 600.0, one)["field"].to_numpy()
    jump = with_one - none
    assert (jump[:300] == 0.0).all()
    assert jump[300] > 0.2  # less negative charge above
    assert jump[420] < 0.5 * jump[300]


def test_people_report_what_reached_the_ground(supercell) -> None:
    table = observe.reports(supercell, 0.0, 1800.0, seen=1.0, hail=0.008, half=30e3)
    kinds = set(table["kind"])
    assert {"hail", "gust", "tornado"} <= kinds
    assert (table.loc[table["kind"] == "hail", "value"] >= 0.008).all()
    assert (table.loc[table["kind"] == "gust", "value"] >= 17.2).all()
    path = supercell.parts[0].path
    tornado = table[table["kind"] == "tornado"]
    x, y = supercell.grid(1e3, 1e3).from_lonlat(tornado["longitude"], tornado["latitude"])
    seconds = (tornado["time"] - np.datetime64(supercell.start)) / np.timedelta64(1, "s")
    assert np.hypot(x - path.at(seconds)[0], y - path.at(seconds)[1]).max() < 5e3
    fewer = observe.reports(supercell, 0.0, 600.0, seen=0.0, half=30e3)
    assert set(fewer["kind"]) <= {"tornado"}
    calm = observe.reports(sim.stratiform(rate=1.0, wind=(3.0, 0.0)), 0.0, 300.0)
    assert calm.empty


def test_steady_rain_floods_when_an_hour_of_it_is_enough() -> None:
    heavy = sim.stratiform(rate=40.0, wind=(2.0, 0.0))
    table = observe.reports(heavy, 0.0, 3600.0, half=5e3, seen=1.0)
    assert set(table["kind"]) == {"flash flood"}
    assert table["value"].max() == pytest.approx(40.0, rel=0.01)


def test_tables_survive_as_csv_with_their_units(supercell, tmp_path) -> None:
    table = observe.stations(supercell, [(0.0, 0.0), (5e3, 5e3)], 0.0, 300.0)
    observe.write_csv(table, tmp_path / "stations.csv")
    again = pd.read_csv(tmp_path / "stations.csv", parse_dates=["time"])
    assert list(again.columns[:5]) == ["station", "time", "longitude (deg)", "latitude (deg)", "height (m)"]
    np.testing.assert_allclose(again["temperature (K)"], table["temperature"], rtol=1e-6)
    assert (again["time"].dt.tz_localize(None).to_numpy() == table["time"].to_numpy()).all()


def test_wrong_arguments_are_told(supercell) -> None:
    with pytest.raises(ArgumentError, match="ascent and every: above 0 expected"):
        observe.sounding(supercell, 0.0, 0.0, 0.0, ascent=0.0)
