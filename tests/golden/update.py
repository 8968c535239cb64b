"""The skill of every method on every case, as scores.csv beside this file keeps it.

Run as a program it writes the table anew; ``test_scores.py`` compares. Synthetic cases are always there; real ones,
named with the checksum of their files, only where NOWCAST_TEST_DATA is, and their rows stay where it is not.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import nowcast

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", ROOT.parent / "shared" / "data"))
TABLE = HERE / "scores.csv"
sys.path.insert(0, str(ROOT / "benchmarks"))

from events import EVENTS, LEAST_FRAMES, Event, forecasts  # noqa: E402

METHODS = ("standing", "lucas_kanade", "variational")
SEEDS = (1, 2, 3)
KEYS = ["case", "checksum", "method", "lead_min", "score", "threshold"]
_SCORES = (("csi", 1.0), ("csi", 5.0), ("fss", 1.0), ("fss", 5.0), ("mae", 0.0), ("rmse", 0.0))  # 0: of all cells
_WINDOW = 10


def predict(method: str, past: xr.DataArray, leads: list[float]) -> xr.DataArray:
    """A forecast by a method; "standing" leaves the rain where it is."""
    flow = nowcast.motion.calm(past) if method == "standing" else nowcast.motion.estimate(past, method=method)
    return nowcast.forecast.extrapolate(past, flow, leads=leads)


def synthetic(seed: int) -> xr.DataArray:
    """Storms of known motion: what is looked at and the hour after it."""
    return nowcast.sim.storms(seed=seed, minutes=5.0 * (LEAST_FRAMES - 1 + 12))["rain"]


def rows(case: str, checksum: str, event: Event, frames: xr.DataArray) -> Iterator[tuple[object, ...]]:
    """The rows of one case: scores pooled over all its starts, where all forecasts are known."""
    cases: dict[str, list[xr.Dataset]] = {method: [] for method in METHODS}
    for _, past, seen in forecasts(event, frames):
        minutes = (seen["time"].values - past["time"].values[-1]) / np.timedelta64(1, "m")
        made = {method: predict(method, past, minutes.tolist()) for method in METHODS}
        common = np.isfinite(seen.values)
        for forecast in made.values():
            common &= np.isfinite(forecast.values)
        for method, forecast in made.items():
            known = forecast.copy(data=np.where(common, forecast.values, np.float32(np.nan)))
            cases[method].append(nowcast.verify.score(known, seen, (1.0, 5.0), (_WINDOW,)))
    for method, scores in cases.items():
        pooled = nowcast.verify.pool(xr.concat(scores, "case"))
        for k, lead in enumerate(pooled["lead_time"].values):
            for score, threshold in _SCORES:
                value = pooled[score].isel(lead_time=k)
                value = value.sel(threshold=threshold) if threshold else value
                yield case, checksum, method, float(lead / np.timedelta64(1, "m")), score, threshold, value.item()


def checksum_of(paths: list[Path]) -> str:
    """Of the names and contents of a case's files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def synthetic_rows(seed: int) -> pd.DataFrame:
    """The rows of a synthetic case."""
    event = Event(f"storms-{seed}", "", (1, 3, 6, 12))
    return table(rows(event.name, f"seed {seed}", event, synthetic(seed)))


def real_rows(event: Event) -> pd.DataFrame | None:
    """The rows of a real case; None where its files are not there."""
    paths = event.paths(DATA)
    return table(rows(event.name, checksum_of(paths), event, event.read(paths))) if paths else None


def table(found: Iterator[tuple[object, ...]]) -> pd.DataFrame:
    """Rows as a table, the value to six digits."""
    made = pd.DataFrame(found, columns=[*KEYS, "value"])
    return made.assign(value=made["value"].map(lambda value: float(f"{value:.6g}")))


def main() -> None:
    """Write the table."""
    old = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=[*KEYS, "value"])
    parts = [synthetic_rows(seed) for seed in SEEDS]
    for event in EVENTS:
        made = real_rows(event)
        parts.append(old[old["case"] == event.name] if made is None else made)
    pd.concat(parts).to_csv(TABLE, index=False)


if __name__ == "__main__":
    main()
