"""Winds of real storms, and velocities that were withheld; the program of the benchmarks, held to bounds."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nowcast import wind

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))

import winds

pytestmark = pytest.mark.realdata


def test_darwin_on_a_grid_tells_velocities_that_were_withheld(real_data: Path) -> None:
    radars, grid, sounding = winds.darwin(real_data)
    found, took = winds.ours(radars, grid, sounding)
    told = winds.judged(found, radars, grid)
    assert max(told["radial"]) < 0.8
    assert took["iterations"] < 20
    assert -20.0 < told["w"][0] < -5.0
    assert 10.0 < told["w"][1] < 30.0
    alone = {"u": np.zeros_like(found["u"]), "v": np.zeros_like(found["u"]), "w": np.zeros_like(found["u"])}
    profile = winds.profile_of(sounding, grid)
    for name in ("u", "v"):
        alone[name] += profile[name].values[:, None, None]
    for kind, most in (("points", 0.9), ("columns", 2.5)):
        drawn = winds.withheld(radars[0], kind) & winds.seen_well(radars)
        assert winds.rms((winds.radial(alone, radars[0]) - radars[0]["VRADDH"].values)[drawn]) > 5.0
        assert winds.held_out(lambda given: winds.ours(given, grid, None), radars, kind) < most


def test_errors_that_velocities_of_darwin_tell_are_better_where_columns_are_withheld(real_data: Path) -> None:
    radars, grid, _ = winds.darwin(real_data)

    def with_statistics(given: list) -> tuple:
        told = winds.statistics(given, grid)
        assert 3.0 < told["error"] < 3.6
        assert 8e3 < told["length"] < 11e3
        assert 2e3 < told["length_up"] < 3.5e3
        return winds.ours(given, grid, None, tolerance=winds.CONVERGED, **told)

    as_it_is = winds.held_out(lambda given: winds.ours(given, grid, None), radars, "columns", 1)
    assert winds.held_out(with_statistics, radars, "columns", 1) < min(1.8, 0.9 * as_it_is)


def test_raw_volumes_of_alabama_tell_velocities_that_were_withheld(real_data: Path) -> None:
    volumes, grid = winds.alabama(real_data)
    made = wind.retrieve(volumes, grid)
    assert list(made["source"].values) == ["KHTX", "ARMOR"]
    assert (made["after"] < 0.4 * made["before"]).all()
    assert 15.0 < float(made["motion_u"]) < 30.0  # the line moved to the north-east, as its reports have it
    assert 8.0 < float(made["motion_v"]) < 25.0
    low = made["w"].values[made["sources"].values == 3]
    assert low.min() > -15.0
    assert low.max() < 30.0
    error, alone, gates = winds.held_out_gates(volumes, grid, "columns")
    assert gates > 10000
    assert alone > 7.0
    assert error < 2.4  # of single gates, which are off by 1 m/s themselves
