"""Scores of warnings: events, false alarms and lead times that are counted by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nowcast
from nowcast import hazard, verify
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

PLACE = Grid("+proj=longlat +datum=WGS84", 40, 30, 120.0, 30.0, 0.01, 0.01)
NOW = pd.Timestamp("2024-06-01T06:00")


def square(x: float, y: float, half: float = 0.02) -> dict[str, object]:
    ring = [
        [x - half, y - half],
        [x + half, y - half],
        [x + half, y + half],
        [x - half, y + half],
        [x - half, y - half],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def message(warning: int, begin: float, end: float, x: float, y: float = 30.1, level: int = 1) -> dict[str, object]:
    times = {"begin": NOW + pd.Timedelta(begin, "min"), "end": NOW + pd.Timedelta(end, "min")}
    return {"hazard": "gale", "level": level, "warning": warning, "geometry": square(x, y)} | times


def event(minute: float, x: float, y: float = 30.1, level: int = 1) -> dict[str, object]:
    when = NOW + pd.Timedelta(minute, "min")
    return {"hazard": "gale", "level": level, "time": when, "longitude": x, "latitude": y}


def test_forecast_and_monitored_events_and_false_alarms_are_counted_apart() -> None:
    messages = pd.DataFrame(
        [
            message(1, 0, 20, 120.1),
            message(1, 20, 60, 120.1),  # unbroken: lead is from 0 on
            message(2, 62, 90, 120.2),  # 2 minutes after its event
            message(3, 0, 60, 120.3),  # nothing happens
            message(4, 0, 30, 120.35),  # over before its event
        ]
    )
    events = pd.DataFrame([event(40, 120.1), event(60, 120.2), event(40, 120.35), event(10, 120.25)])
    row = verify.score_warnings(messages, events).iloc[0]
    assert (row["events"], row["warnings"]) == (4, 4)
    assert row["pod"] == 0.25
    assert row["monitored"] == 0.5
    assert row["far"] == 0.75  # 2 began after its event, 3 and 4 had none
    assert row["csi"] == pytest.approx(1 / (1 / 0.25 + 1 / 0.25 - 1))
    assert row["lead"] == 2400.0
    assert row["lead_all"] == 600.0
    assert row["share_30"] == 0.25
    # Wilson's interval of 1 in 4, from a table.
    assert row["pod_low"] == pytest.approx(0.0456, abs=1e-4)
    assert row["pod_high"] == pytest.approx(0.6994, abs=1e-4)
    assert np.isnan(row["area_bias"])


def test_a_higher_level_counts_for_lower_ones_and_not_the_other_way() -> None:
    messages = pd.DataFrame([message(1, 0, 60, 120.1, level=2)])
    events = pd.DataFrame([event(30, 120.1, level=1), event(30, 120.1, level=2), event(30, 120.1, level=3)])
    assert verify.score_warnings(messages, events)["pod"].tolist() == [1.0, 1.0, 0.0]


def test_no_warning_misses_all_and_has_no_false_alarm() -> None:
    empty = pd.DataFrame(columns=["hazard", "level", "warning", "begin", "end", "geometry"])
    row = verify.score_warnings(empty, pd.DataFrame([event(0, 120.1)])).iloc[0]
    assert (row["pod"], row["csi"], row["lead_all"]) == (0.0, 0.0, 0.0)
    assert np.isnan(row["far"])
    assert verify.score_warnings(empty, pd.DataFrame(columns=list(event(0, 0)))).empty
    with pytest.raises(ArgumentError, match="events: columns time expected"):
        verify.score_warnings(empty, pd.DataFrame([event(0, 120.1)]).drop(columns="time"))


def test_a_moving_storm_is_warned_of_as_its_motion_says() -> None:
    """A disc goes east by one cell a minute; perfect forecasts to 30 minutes; a second appears from nothing."""
    columns, rows = np.meshgrid(np.arange(PLACE.nx), np.arange(PLACE.ny))

    def field(minute: float) -> np.ndarray:
        late = (np.hypot(columns - 30, rows - 25) <= 2) & (minute >= 40)
        return np.where((np.hypot(columns - minute * 0.5, rows - 10) <= 3) | late, 20.0, 0.0)

    def fields(minutes: np.ndarray, now: pd.Timestamp, known: float) -> xr.DataArray:
        cells = [field(m) if m < 40 or known >= 40 else np.where(rows < 20, field(m), 0.0) for m in minutes]
        times = NOW.to_datetime64() + minutes * np.timedelta64(1, "m")
        return xr.DataArray(
            np.array(cells, dtype=np.float32),
            dims=("time", "y", "x"),
            coords={"time": times, "forecast_reference_time": now.to_datetime64()} | PLACE.coords(),
            attrs={"units": "m s-1", "grid_mapping": "crs"},
            name="gust",
        )

    rules = hazard.Rules(
        ({"hazard": "gale", "level": "on", "quantity": "gust", "units": "m s-1", "threshold": 17.2, "to_minutes": 30},),
        ("on",),
    )
    warner, told = hazard.Warner(rules, margin=500.0), []
    for minute in range(0, 60, 5):
        now = NOW + pd.Timedelta(minute, "min")
        with nowcast.settings(threads=1):
            told.append(warner.evaluate(fields(np.arange(minute, minute + 31, 5), now, minute)))
    observed = fields(np.arange(0, 60, 5), NOW, 60)
    events = verify.crossings(observed, 17.2, hazard="gale")
    assert len(events) == 2
    assert events["time"].tolist() == [NOW, NOW + pd.Timedelta(40, "min")]
    row = verify.score_warnings(verify.warning_messages(told), events, observed, 17.2, samples=100).iloc[0]
    assert row["monitored"] == 1.0  # both at once
    assert row["pod"] == 0.0  # neither before it began
    assert row["far"] == 0.0
    # Cells that forecasts ever held, and those with all within two cells of them, over those seen.
    ahead = np.max([field(minute) for minute in range(0, 86, 5)], axis=0) > 0
    near = np.zeros_like(ahead)
    for down in range(-2, 3):
        for right in range(-2, 3):
            near |= np.roll(ahead, (down, right), (0, 1))
    seen = (observed.max("time").values >= 17.2).sum()
    assert ahead.sum() / seen <= row["area_bias"] <= near.sum() / seen
    # At a place on its way the first storm is forecast: lead is how far the forecasts reach, to their step.
    way = pd.DataFrame([event(40, 120.0 + 0.01 * 20, 30.1)])
    assert verify.score_warnings(verify.warning_messages(told), way)["lead"][0] == pytest.approx(2400, abs=600)
