"""The forecasts of libnowcast beside those of pysteps: extrapolation, S-PROG, ANVIL and LINDA, on the same real files.

For every event and start both sides get the same four frames of rain rate, with what the radars did not observe left as
not known; all forecasts are scored where they and the verifying frame are all known. Printed are pooled scores by lead
time, how many of them are better, worse, or within one bootstrap standard error of the paired difference over starts
from those of the peer of the same kind, and for the first start of each event the seconds and the memory of either
side.

pysteps lives in an environment of its own, made from requirements.txt beside this file: ``make bench-methods``.
"""

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import nowcast
from compare import SCORES, job_of, run_side, scored

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from events import EVENTS, Event  # noqa: E402

FRAMES = 4
LIKE = {
    "extrapolation": "pysteps extrapolation",
    "sprog": "pysteps sprog",
    "ranked": "pysteps sprog",
    "textured": "pysteps anvil",
    "mean": "pysteps sprog",
    "anvil": "pysteps anvil",
    "linda": "pysteps linda",
}
"""Each of ours, and the peer of its kind."""


def starts(event: Event, frames: xr.DataArray, n: int) -> Iterator[tuple[xr.DataArray, xr.DataArray]]:
    """For starts spread evenly over the sequence: the frames up to each, and what was observed at the lead times."""
    first, last = FRAMES - 1, frames.sizes["time"] - 1 - max(event.steps)
    for start in sorted({int(k) for k in np.linspace(first, last, min(n, last - first + 1))}):
        past = frames.isel(time=slice(start - FRAMES + 1, start + 1))
        yield past, frames.isel(time=[start + step for step in event.steps])


def both_sides(past: xr.DataArray, event: Event, given: argparse.Namespace, runs: int, folder: Path) -> dict[str, Any]:
    """What either side made of one start, by method: forecasts, wall and processor seconds, peak memory."""
    job = job_of(past, event, given.threads, runs) | {"linda": given.linda}
    sides = {
        "pysteps ": run_side(given.python, "pysteps_methods_side.py", job, folder),
        "": run_side(sys.executable, "libnowcast_methods_side.py", job, folder),
    }
    made = {}
    for side, result in sides.items():
        for method in result["methods"].tolist():
            made[side + method] = {what: result[f"{method} {what}"] for what in ("forecast", "times", "peak_kib")}
    return made


def compare_event(event: Event, given: argparse.Namespace, rows: list[list[Any]], tally: dict[str, list[int]]) -> None:
    """All starts of one event scored; the first one also timed."""
    frames = event.read(event.paths(given.data))
    cases: dict[str, list[xr.Dataset]] = {}
    print(f"\n{event.name}  {frames.sizes['y']} x {frames.sizes['x']}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, (past, seen) in enumerate(starts(event, frames, given.starts)):
            made = both_sides(past, event, given, given.runs if number == 0 else 1, Path(folder))
            if number == 0:
                print_times(event, made, rows)
            for name, scores in scored(made, past, seen).items():
                cases.setdefault(name, []).append(scores)
    print_scores(event, {name: xr.concat(every, "case") for name, every in cases.items()}, rows, tally)


def print_times(event: Event, made: dict[str, Any], rows: list[list[Any]]) -> None:
    """Median wall time, least processor time with its ratio to the peer's, and peak memory of the process."""
    for name, result in made.items():
        wall, processor = float(np.median(result["times"][:, 0])), float(result["times"][:, 1].min())
        peer = LIKE.get(name)
        ratio = f"{made[peer]['times'][:, 1].min() / processor:6.1f} x" if peer in made else ""
        mib = int(result["peak_kib"]) // 1024
        print(f"  {name:22s} {wall:8.3f} s  cpu {processor:8.3f} s  {ratio:8s}  peak {mib} MiB", flush=True)
        for what, value in (("wall_s", wall), ("cpu_s", processor), ("peak_mib", mib)):
            rows.append([event.name, name, what, "", "", value])


def print_scores(
    event: Event, cases: dict[str, xr.Dataset], rows: list[list[Any]], tally: dict[str, list[int]]
) -> None:
    """Pooled scores by lead time, with a mark for each of ours against its peer."""
    pooled = {name: nowcast.verify.pool(scores) for name, scores in cases.items()}
    like = {name: peer for name, peer in LIKE.items() if peer in cases}
    errors = {name: nowcast.verify.bootstrap(cases[name], beside=cases[peer]) for name, peer in like.items()}
    number = next(iter(cases.values())).sizes["case"]
    print(f"  {'lead':>8s} {'':22s}    CSI1    CSI5    FSS1    FSS5     MAE    RMSE   ({number} starts)")
    for k, lead in enumerate(next(iter(pooled.values()))["lead_time"].values):
        minutes = float(lead / np.timedelta64(1, "m"))
        for name, scores in pooled.items():
            values = [float(scores[score].isel(lead_time=k).sel(**at)) for score, at, _ in SCORES]
            marks = ""
            for (score, at, sign), value in zip(SCORES, values, strict=True):
                rows.append([event.name, name, score, minutes, at.get("threshold", ""), value])
                if name not in like:
                    continue
                gain = sign * (value - float(pooled[like[name]][score].isel(lead_time=k).sel(**at)))
                within = abs(gain) <= float(errors[name][score].isel(lead_time=k).sel(**at))
                mark = 1 if within else 0 if gain > 0 else 2
                marks += "+=-"[mark]
                tally.setdefault(f"{name} {score} {at.get('threshold', '')}".strip(), [0, 0, 0])[mark] += 1
            line = " ".join(f"{value:7.4f}" for value in values)
            print(f"  {minutes:4.0f} min {name:22s} {line}  {marks}", flush=True)


def main() -> None:
    """Compare on the events asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the environment with pysteps")
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--events", nargs="*", default=[event.name for event in EVENTS if event.coarsen == 1])
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--linda", action="store_true", help="pysteps' LINDA too: many minutes for each start")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    rows: list[list[Any]] = []
    tally: dict[str, list[int]] = {}
    for event in EVENTS:
        if event.name in given.events:
            compare_event(event, given, rows, tally)
    print("\nbetter, within one standard error, worse than the peer of the same kind, over events and leads:")
    for what, (better, within, worse) in sorted(tally.items()):
        print(f"  {what:24s} {better:3d} {within:3d} {worse:3d}   beside {LIKE[what.split()[0]]}")
    if given.csv:
        with given.csv.open("w", newline="") as file:
            csv.writer(file).writerows([["event", "forecast", "what", "lead_min", "threshold", "value"], *rows])


if __name__ == "__main__":
    main()
