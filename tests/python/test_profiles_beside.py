"""Wind profiles of real volumes beside what others made of the same; the program of the benchmarks, held to bounds."""

import sys
from pathlib import Path

import pytest

from nowcast import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))

import profiles

pytestmark = pytest.mark.realdata


def scored(rows) -> dict[str, dict[str, float]]:
    return {label: verify.wind_scores(part).iloc[0].to_dict() for label, part in rows.items()}


def test_the_fit_is_that_of_vol2bird_on_the_gates_it_fitted(real_data: Path) -> None:
    score = scored(profiles.beside_vol2bird(real_data, ("sekkr", "sevil")))
    plain, same = score["least squares, same gates"], score["VVP, same gates"]
    assert plain["n"] == 23
    assert plain["vector_median"] < 0.01  # read, placed and turned as vol2bird has it
    assert same["n"] == 23
    assert abs(same["u_mean"]) < 0.1
    assert abs(same["v_mean"]) < 0.2
    assert same["u_rms"] < 0.5
    assert same["v_rms"] < 0.6
    by_rules = score["VVP, gates by its rules"]
    assert by_rules["n"] == 23
    assert abs(by_rules["u_mean"]) < 0.2
    assert abs(by_rules["v_mean"]) < 0.3
    assert by_rules["vector_median"] < 0.6


def test_rings_of_vad_are_those_of_the_rpg(real_data: Path) -> None:
    score = scored(profiles.beside_level3(real_data))
    rings = score["VAD, the same rings"]
    assert rings["n"] == 9
    assert abs(rings["u_mean"]) < 0.3
    assert abs(rings["v_mean"]) < 0.5
    assert rings["vector_rms"] < 0.8
    assert rings["direction_rms"] < 6.0
    assert score["VAD, 5 to 60 km"]["vector_rms"] < 3.0  # near a tornadic storm, where the wind changes over 50 km


def test_vad_of_velocities_in_classes_of_5_m_s_is_that_of_cinrad(real_data: Path) -> None:
    score = scored(profiles.beside_cinrad(real_data))["VAD, 5 to 60 km"]
    assert score["n"] > 240
    assert abs(score["u_mean"]) < 0.4
    assert abs(score["v_mean"]) < 1.2
    assert abs(score["speed_mean"]) < 1.0
    assert score["vector_median"] < 1.5
    assert abs(score["direction_mean"]) < 8.0


def test_a_sounding_far_off_has_the_same_jet(real_data: Path) -> None:
    rows = profiles.beside_sounding(real_data)
    score = scored(rows)["VVP, 5 to 60 km"]
    assert score["n"] > 60
    assert score["vector_rms"] < 9.0  # 200 km and six hours apart, a squall line coming
    assert abs(score["direction_mean"]) < 6.0
    assert scored(rows)["VAD, 5 to 60 km"]["vector_rms"] < 9.0
    vad, vvp = (rows[label].set_index("height") for label in ("VAD, 5 to 60 km", "VVP, 5 to 60 km"))
    apart = ((vad["u"] - vvp["u"]) ** 2 + (vad["v"] - vvp["v"]) ** 2).dropna() ** 0.5
    assert apart.max() < 6.0  # rings of still echo at 4 to 5 km made it 21
    by_layer = verify.wind_scores(rows["VVP, 5 to 60 km"], [0.0, 3000.0, 12000.0])
    assert by_layer["n"].min() > 10
    assert by_layer["vector_rms"].iloc[0] < 6.0
