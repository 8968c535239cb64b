"""libnowcast beside pysteps: motion, extrapolation and scores on the same real files in one run.

Each of our motion methods, by default the two that are meant for use, stands beside its namesake; those that have none
beside Lucas-Kanade. For every event and start both sides get the same frames of rain rate, with what the radars did not
observe left as not known; all forecasts are scored where they and the verifying frame are all known. Printed are the
pooled scores of both sides by lead time; whether each of ours is better (+), worse (-) or within one bootstrap standard
error of the paired difference over starts (=); the ratios of the times and the peak memory of every process. All of it
goes to a CSV file as well.

pysteps lives in an environment of its own, made from requirements.txt beside this file: ``make bench-peers``.
"""

import argparse
import csv
import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import nowcast

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from events import EVENTS, Event, forecasts  # noqa: E402

METHODS = ("variational", "lucas_kanade")
NAMESAKES = {"vet": "VET", "proesmans": "proesmans", "farneback": "farneback", "darts": "DARTS"}
WINDOW = 10  # cells, of the fractions skill score
SCORES: tuple[tuple[str, dict[str, float], int], ...] = (
    ("csi", {"threshold": 1.0}, 1),
    ("csi", {"threshold": 5.0}, 1),
    ("fss", {"threshold": 1.0, "window": WINDOW}, 1),
    ("fss", {"threshold": 5.0, "window": WINDOW}, 1),
    ("mae", {}, -1),
    ("rmse", {}, -1),
)


def run_side(python: Path | str, script: str, job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Give a job to one side in a process of its own."""
    np.savez(folder / "job.npz", **job)
    command = [str(python), str(HERE / script), str(folder / "job.npz"), str(folder / "result.npz")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with np.load(folder / "result.npz") as result:
        return dict(result)


def job_of(past: xr.DataArray, event: Event, threads: int, runs: int) -> dict[str, Any]:
    """What both sides are given of one start."""
    grid = nowcast.grid.Grid.of(past)
    return {
        "frames": past.values,
        "times": past["time"].values,
        "steps": event.steps,
        "threads": threads,
        "runs": runs,
        "projection": grid.projection,
        "grid": np.array([grid.nx, grid.ny, grid.x_first, grid.y_first, grid.dx, grid.dy]),
    }


def peer_of(method: str) -> str:
    """The name of the side that a method of ours is compared with."""
    return f"pysteps {NAMESAKES.get(method, 'LK')}"


def compare_start(past: xr.DataArray, event: Event, given: argparse.Namespace, runs: int, folder: Path) -> dict:
    """The results of all sides for one start."""
    job = job_of(past, event, given.threads, runs)
    results = {}
    for side in dict.fromkeys(peer_of(method) for method in given.motions):
        results[side] = run_side(given.python, "pysteps_side.py", job | {"method": side.split()[1]}, folder)
    for method in given.motions:
        results[method] = run_side(sys.executable, "libnowcast_side.py", job | {"method": method}, folder)
    return results


def scored(results: dict[str, Any], past: xr.DataArray, seen: xr.DataArray) -> dict[str, xr.Dataset]:
    """Scores of every side where all of them and the observation are known."""
    common = np.isfinite(seen.values)
    for result in results.values():
        common &= np.isfinite(result["forecast"])
    lead = seen["time"].values - past["time"].values[-1]
    observed = seen.where(common)
    scores = {}
    for side, result in results.items():
        forecast = seen.copy(data=np.where(common, result["forecast"], np.float32(np.nan)))
        forecast = forecast.assign_coords(lead_time=("time", lead))
        scores[side] = nowcast.verify.score(forecast, observed, (1.0, 5.0), (WINDOW,))
    return scores


def compare_event(event: Event, given: argparse.Namespace, rows: list[list[Any]]) -> None:
    """All starts of one event scored; the first one also timed."""
    paths = event.paths(given.data)
    if not paths:
        raise SystemExit(f"{event.name}: no files {event.pattern} below {given.data / 'composite'}")
    frames = event.read(paths)
    by_side: dict[str, list[xr.Dataset]] = {}
    with tempfile.TemporaryDirectory() as name:
        for number, (_, past, seen) in enumerate(forecasts(event, frames)):
            results = compare_start(past, event, given, given.runs if number == 0 else 1, Path(name))
            if number == 0:
                print(f"\n{event.name}  {frames.sizes['y']} x {frames.sizes['x']}")
                print_times(event, results, rows)
            for side, scores in scored(results, past, seen).items():
                by_side.setdefault(side, []).append(scores)
    print_scores(event, {side: xr.concat(cases, "case") for side, cases in by_side.items()}, rows)


def print_times(event: Event, results: dict[str, Any], rows: list[list[Any]]) -> None:
    """Median wall time and least processor time of each side, the ratio of wall times, and peak memory."""
    for part, peak in (("motion", "motion_peak_kib"), ("extrapolation", "peak_kib")):
        for side, result in results.items():
            wall, processor = np.median(result[f"{part}_times"], axis=0)[0], result[f"{part}_times"][:, 1].min()
            beside = results[side if side.startswith("pysteps") else peer_of(side)]
            ratio = np.median(beside[f"{part}_times"][:, 0]) / wall
            mib = int(result[peak]) // 1024
            print(f"  {part:14s} {side:17s} {wall:8.4f} s  cpu {processor:8.4f} s  {ratio:6.1f} x  peak {mib} MiB")
            rows += [[event.name, side, part, "", name, value] for name, value in (("wall_s", wall), ("peak_mib", mib))]


def print_scores(event: Event, cases: dict[str, xr.Dataset], rows: list[list[Any]]) -> None:
    """Pooled scores by lead time, with a mark for each of ours."""
    pooled = {side: nowcast.verify.pool(scores) for side, scores in cases.items()}
    first = pooled[next(iter(pooled))]
    starts = cases[next(iter(cases))].sizes["case"]
    print(f"  {'lead':>8s} {'side':17s}    CSI1    CSI5    FSS1    FSS5     MAE    RMSE   ({starts} starts)")
    ours = [side for side in cases if not side.startswith("pysteps")]
    errors = {side: nowcast.verify.bootstrap(cases[side], beside=cases[peer_of(side)]) for side in ours}
    for k, lead in enumerate(first["lead_time"].values):
        minutes = float(lead / np.timedelta64(1, "m"))
        for side, scores in pooled.items():
            values = [float(scores[name].isel(lead_time=k).sel(**at)) for name, at, _ in SCORES]
            marks = ""
            for (name, at, sign), value in zip(SCORES, values, strict=True):
                if side not in ours:
                    break
                gain = sign * (value - float(pooled[peer_of(side)][name].isel(lead_time=k).sel(**at)))
                within = abs(gain) <= float(errors[side][name].isel(lead_time=k).sel(**at))
                marks += "=" if within else "+" if gain > 0 else "-"
            print(f"  {minutes:4.0f} min {side:17s} " + " ".join(f"{value:7.4f}" for value in values) + f"  {marks}")
            for (name, at, _), value in zip(SCORES, values, strict=True):
                rows.append([event.name, side, name, minutes, at.get("threshold", ""), value])


def main() -> None:
    """Compare on the events asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the environment with pysteps")
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--events", nargs="*", default=[event.name for event in EVENTS])
    parser.add_argument("--motions", nargs="*", default=list(METHODS), choices=list(nowcast.motion.METHODS))
    parser.add_argument("--starts", type=int, help="forecasts of an event, spread over it; those of the events' table")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    rows: list[list[Any]] = []
    for event in EVENTS:
        if event.name in given.events:
            compare_event(dataclasses.replace(event, starts=given.starts or event.starts), given, rows)
    if given.csv:
        with given.csv.open("w", newline="") as file:
            csv.writer(file).writerows([["event", "side", "what", "lead_min", "detail", "value"], *rows])


if __name__ == "__main__":
    main()
