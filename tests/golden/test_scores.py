"""Every method is as good on every case as scores.csv says; update.py rewrites it when that is meant to change."""

import pandas as pd
import pytest

from update import EVENTS, KEYS, SEEDS, TABLE, Event, real_rows, synthetic_rows

# Machines differ in the last bits, which can turn a cell at a threshold over; mm/h for mae and rmse.
_WITHIN = 1e-3


def _compare(case: str, made: pd.DataFrame) -> None:
    kept = pd.read_csv(TABLE)
    kept = kept[kept["case"] == case].set_index(KEYS)["value"]
    made_values = made.set_index(KEYS)["value"]
    assert list(kept.index) == list(made_values.index), f"{case}: other rows than in {TABLE.name}: run update.py"
    change = made_values - kept
    moved = change[change.abs() > _WITHIN]
    assert moved.empty, f"{case}: the skill has changed; run update.py and say why:\n{moved}"


@pytest.mark.parametrize("seed", SEEDS)
def test_skill_on_synthetic_storms(seed: int) -> None:
    _compare(f"storms-{seed}", synthetic_rows(seed))


@pytest.mark.realdata
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_skill_on_real_events(event: Event) -> None:
    made = real_rows(event)
    if made is None:
        pytest.skip(f"no files of {event.name}")
    _compare(event.name, made)
