"""Two hours of simulated storms, forecast and warned of as they come: what becomes of warnings, and its sense."""

import json
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nowcast
from nowcast import forecast, hazard, motion, sim, verify
from nowcast.grid import Grid

Replay = tuple[list[hazard.Warnings], xr.DataArray]
HOLD = pd.Timedelta(20, "min")
LEVELS = (10.0, 20.0, 40.0)  # mm h-1


def rules() -> hazard.Rules:
    common = {"hazard": "heavy_rain", "quantity": "rain_rate", "units": "mm h-1", "to_minutes": 30, "hold_minutes": 20}
    made = tuple(
        common | {"level": name, "threshold": least, "keep_threshold": 0.7 * least, "least_area_km2": 4.0}
        for name, least in zip(("yellow", "orange", "red"), LEVELS, strict=True)
    )
    return hazard.Rules(made, ("yellow", "orange", "red"))


@pytest.fixture(scope="module")
def replay() -> Replay:
    """What an operator would have done each ten minutes, the state kept as bytes between."""
    rain = sim.storms(seed=4, n=64, cells=10, minutes=140, step=10)["rain"].rename("rain_rate")
    lon, lat = Grid.of(rain).to_lonlat([0.0], [0.0])
    place = hazard.Place("middle", {"type": "Point", "coordinates": [float(lon[0]), float(lat[0])]}, radius=5000.0)
    told, state = [], None
    with nowcast.settings(threads=1):
        for last in range(2, rain.sizes["time"]):
            known = rain[last - 2 : last + 1]
            flow = motion.estimate(known)
            ahead = forecast.extrapolate(known[-1], flow, minutes=30, step=10).rename("rain_rate")
            warner = hazard.Warner(rules(), [place])
            if state is not None:
                warner.restore(state)
            told.append(warner.evaluate([known[-1], ahead], known["time"].values[-1]))
            state = warner.save()
    print("".join(one.journal for one in told))
    return told, rain[2:]


def test_every_warning_has_one_beginning_one_end_and_an_unbroken_chain(
    replay: Replay,
) -> None:
    lives = defaultdict(list)
    for one in replay[0]:
        for line in one.journal.splitlines():
            event = json.loads(line)
            lives[event["warning"]].append(event)
    assert len(lives) >= 3
    for events in lives.values():
        kinds = [event["event"] for event in events]
        assert kinds[0] == "issue"
        assert "issue" not in kinds[1:]
        assert all(kind not in ("cancel", "expire") for kind in kinds[:-1])
        assert [event["message"] for event in events] == list(range(1, len(events) + 1))
        for before, after in pairwise(events):
            assert after["level_before"] == before["level"]
            assert (after["level"] > before["level"]) == (after["event"] == "upgrade")
            assert after["event"] == "cancel" or after["time"] < before["expires"] or after["event"] == "expire"
    assert any(event["event"] == "cancel" for events in lives.values() for event in events)


def test_nothing_flaps(replay: Replay) -> None:
    """No level comes back within the hold of having been left, and not every cycle has a message for every warning."""
    messages = active = 0
    raised: dict[tuple[int, int], pd.Timestamp] = {}
    for one in replay[0]:
        active += len(one.warnings)
        messages += len(one.events)
        for event in one.events.itertuples(index=False):
            number = (event.warning, event.level)
            if event.event == "downgrade":
                assert event.time - raised[event.warning, event.level_before] >= HOLD
            raised[number] = event.time
    assert messages < 0.8 * active


def test_what_is_seen_is_warned_of(replay: Replay) -> None:
    told, rain = replay
    events = verify.crossings(rain, 20.0, hazard="heavy_rain", level=2, least_size=4e6)
    row = verify.score_warnings(verify.warning_messages(told), events, rain, 20.0, samples=200).iloc[0]
    print(row)
    assert row["monitored"] == 1.0
    assert np.isfinite(row["csi"])
