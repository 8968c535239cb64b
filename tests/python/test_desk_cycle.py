"""Corrections in the cycle: corrected products beside raw ones, replayed to the same bits, and both scored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from test_ops import at, config, one_child, same_data, steps, truth  # noqa: F401

from nowcast import desk, ops
from nowcast.ops import _publish


def edit(id: str, kind: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One over the middle of the region from 06:00 to 08:00."""
    ring = [[113.9, 22.3], [114.3, 22.3], [114.3, 22.7], [113.9, 22.7], [113.9, 22.3]]
    return {
        "id": id,
        "kind": kind,
        "layer": "rain",
        "author": "Lin",
        "time": "2026-06-01T06:05:00Z",
        "valid": ["2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z"],
        "reason": "gauges",
        "half_life_minutes": 60.0,
        "area": {"type": "Polygon", "coordinates": [ring]},
        "feather_km": 5.0,
        "values": values,
    } | more


@pytest.fixture
def desked(config: Path) -> Path:  # noqa: F811
    """A configuration with a desk."""
    config.write_text(config.read_text().replace("[forecast]", '[desk]\nlog = "desk.jsonl"\n[forecast]', 1))
    return config


def test_corrected_products_lie_beside_raw_ones_and_replay_gives_the_same(desked: Path, tmp_path: Path) -> None:
    steps(desked)
    log = desk.Log(tmp_path / "desk.jsonl")
    ops.run(desked, at(0))
    log.append(edit("a1", "scale", {"by": 1.5}))
    log.append(edit("gone", "raise", {"by": 3.0}))
    log.undo("gone", author="Lin", reason="wrong", time="2026-06-01T06:05:00Z")
    log.append(edit("far", "set", {"to": 9.0}, valid=["2026-06-02T06:00:00Z", "2026-06-02T08:00:00Z"]))
    log.append(edit("m1", "motion", {"eastward": 0.0, "northward": 0.0}, layer="motion"))
    first, second = ops.run(desked, at(1)), ops.run(desked, at(2))
    assert not first.degraded[1:], first.degraded
    for outcome in (first, second):
        assert outcome.manifest["edits"] == ["a1", "far", "m1"]
        assert sorted(outcome.manifest["corrections"]) == ["a1", "m1"]
        made = {name for name in outcome.manifest["products"] if name.startswith("corrected/")}
        assert {"corrected/rain.nc", "corrected/motion.nc", "corrected/forecast.nc"} <= made
    with xr.open_dataset(first.folder / "corrected/rain.nc") as fixed, xr.open_dataset(first.folder / "rain.nc") as raw:
        weight = fixed["correction_weight"].values[0]
        before = next(one for one in raw.data_vars.values() if one.ndim == 3).values[-1]
        after = fixed["rainfall_rate"].values[0]
        np.testing.assert_allclose(after, before * (1.0 + 0.5 * weight), rtol=1e-5)
        assert np.array_equal(after[weight == 0.0], before[weight == 0.0], equal_nan=True)
        assert weight.max() == 1.0
    log.append(
        edit("later", "erase", {}, time="2026-06-01T06:30:00Z")
    )  # said after the cycles, which it does not change
    log.undo("a1", author="Lin", reason="no more", time="2026-06-01T06:30:00Z")
    again = list(ops.replay(desked, at(0), at(2), tmp_path / "again"))
    for one, other in zip((first, second), again[1:], strict=True):
        same_data(one.folder, other.folder)


def test_members_stay_members_and_probabilities_are_theirs(desked: Path, tmp_path: Path) -> None:
    steps(desked)
    desk.Log(tmp_path / "desk.jsonl").append(edit("a1", "raise", {"by": 30.0}, half_life_minutes=None))
    ops.run(desked, at(1))
    made = ops.run(desked, at(2)).folder
    with xr.open_dataset(made / "corrected/forecast.nc") as fixed, xr.open_dataset(made / "forecast.nc") as raw:
        assert set(fixed.data_vars) - set(raw.data_vars) == {"correction_weight"}
        weight = fixed["correction_weight"].values
        for name in ("probability_20", "quantile_0p9", "probability_1"):
            before, after = raw[name].values, fixed[name].values
            assert (after[weight == 0.0] == before[weight == 0.0])[np.isfinite(before[weight == 0.0])].all()
            if name.startswith("probability"):
                assert np.nanmin(after) >= 0.0
                assert np.nanmax(after) <= 1.0
        inner = weight == 1.0
        before, after = raw["probability_20"].values[inner], fixed["probability_20"].values[inner]
        assert (after >= raw["probability_1"].values[inner]).all()  # 1 mm/h and 30 more are above 20
        assert after.sum() > before.sum()


def test_raw_and_corrected_forecasts_are_scored_side_by_side(desked: Path, tmp_path: Path) -> None:
    log = desk.Log(tmp_path / "desk.jsonl")
    log.append(edit("bad", "scale", {"by": 4.0}, half_life_minutes=None))
    outcomes = [ops.run(desked, at(k)) for k in range(4)]
    folder = outcomes[-1].folder
    with xr.open_dataset(folder / "scores.nc") as raw, xr.open_dataset(folder / "corrected/scores.nc") as fixed:
        assert float(fixed["rmse"].values.ravel()[0]) > float(raw["rmse"].values.ravel()[0])
        assert set(raw.data_vars) == set(fixed.data_vars)


def test_a_log_that_makes_no_sense_leaves_the_cycle_without_corrections(desked: Path, tmp_path: Path) -> None:
    log = desk.Log(tmp_path / "desk.jsonl")
    log.append(edit("a1", "scale", {"by": 2.0}))
    log.append(edit("a2", "replace", {"source": "model"}))
    outcome = ops.run(desked, at(1))
    assert any("a2: no source 'model'" in line for line in outcome.degraded)
    assert outcome.manifest["corrections"] == ["a1"]
    text = (tmp_path / "desk.jsonl").read_text()
    (tmp_path / "desk.jsonl").write_text("{}\n" + text)
    outcome = ops.run(desked, at(2))
    assert any(line.startswith("desk: ") and "line 1" in line for line in outcome.degraded)
    assert outcome.manifest["edits"] == []
    assert not (outcome.folder / "corrected/rain.nc").exists()
    (tmp_path / "desk.jsonl").unlink()
    assert not any("desk" in line for line in ops.run(desked, at(3)).degraded)  # no log is no edits


def test_what_the_desk_says_of_cells(desked: Path, tmp_path: Path) -> None:
    desked.write_text(desked.read_text() + "[cells]\nthreshold = 1.0\nleast_peak = 2.0\n")
    log = desk.Log(tmp_path / "desk.jsonl")
    first = ops.run(desked, at(1))
    features = json.loads((first.folder / "cells.geojson").read_text())["features"]
    track = features[0]["properties"]["track"]
    log.append(edit("c1", "cell_cancel", {"track": track}, layer="cells", area=None, feather_km=0.0))
    log.append(edit("c2", "cell_draw", {"class": "supercell"}, layer="cells"))
    second = ops.run(desked, at(2))
    made = json.loads((second.folder / "corrected/cells.geojson").read_text())["features"]
    raw = json.loads((second.folder / "cells.geojson").read_text())["features"]
    assert track in {one["properties"]["track"] for one in raw}
    assert track not in {one["properties"]["track"] for one in made}
    assert made[-1]["properties"]["class"] == "supercell"
    assert set(second.manifest["corrections"]) == {"c1", "c2"}
    assert _publish.read_manifest(second.folder)["edits"] == ["c1", "c2"]


def test_a_warning_accepted_at_the_desk_is_an_approved_message(desked: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("""
schema = 1
levels = ["low"]
[[rules]]
hazard = "rain"
level = "low"
quantity = "rain_rate"
units = "mm h-1"
threshold = 3
to_minutes = 30
least_area_km2 = 30
""")
    text = desked.read_text().replace('"forecast", "hours", "verify"', '"forecast", "warn"')
    desked.write_text(text + '\n[warn]\nrules = "rules.toml"\nsender = "test@example.org"\n')
    first = ops.run(desked, at(6)).folder / "warnings"
    number = json.loads((first / "warnings.geojson").read_text())["features"][0]["properties"]["warning"]
    accept = edit("ok", "warning_accept", {"warning": number}, layer="warnings", area=None, feather_km=0.0)
    desk.Log(tmp_path / "desk.jsonl").append(accept)
    second = ops.run(desked, at(7))
    assert second.manifest["corrections"] == ["ok"]
    folder = second.folder / "warnings"
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    (approved,) = [line for line in lines if line["event"] == "approve"]
    assert (approved["warning"], approved["by"]) == (number, "Lin")
    message = (folder / f"{number:06d}-{approved['message']:03d}.xml").read_text()
    assert "<status>Actual</status>" in message
    shown = json.loads((folder / "warnings.geojson").read_text())["features"]
    assert [one["properties"]["status"] for one in shown if one["properties"]["warning"] == number] == ["approved"]
