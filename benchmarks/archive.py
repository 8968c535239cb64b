"""An archive of cases, one by one and on a Dask cluster whose worker is killed midway: results, seconds, scaling.

A hundred made cases and, where NOWCAST_TEST_DATA names the folder of real data, every event of ``benchmarks/events``
that is of files, on cells four times as wide. Files of results are compared byte for byte.

    make bench-archive
"""

import argparse
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

import nowcast
from nowcast import archive
from nowcast.archive import Manifest, Outcome, Result

HERE = Path(__file__).parent
MADE = {
    "name": "made",
    "forecast": {"methods": ("persistence", "extrapolation"), "leads_minutes": (10, 20), "starts": 2, "keep": "netcdf"},
    "report": {"draws": 100},
    "cases": {"storms": {"synthetic": {"n": 48, "spacing_km": 4.0, "minutes": 40.0, "cells": 12}}},
}


def manifests(count: int) -> list[Manifest]:
    """The made cases, and the events of files in a smaller form."""
    made = Manifest.model_validate(MADE)
    case = made.cases["storms"]
    assert case.synthetic is not None
    many = case.model_copy(update={"synthetic": case.synthetic.model_copy(update={"count": count})})
    found = [made.model_copy(update={"cases": {"storms": many}})]
    if not os.environ.get("NOWCAST_TEST_DATA"):
        print("no real cases: NOWCAST_TEST_DATA is not set")
        return found
    for path in sorted((HERE / "events").glob("*.toml")):
        event = Manifest.load(path)
        if event.forecast is None or any(case.files is None for case in event.cases.values()):
            continue
        small = event.forecast.model_copy(update={"methods": ("persistence", "extrapolation"), "starts": 2})
        cases = {name: case.model_copy(update={"coarsen": max(4, case.coarsen)}) for name, case in event.cases.items()}
        found.append(event.model_copy(update={"forecast": small, "cases": cases, "report": made.report}))
    return found


def measured(label: str, told: list[Manifest], output: Path, workers: int, kill_at: int = 0) -> tuple[Result, float]:
    """Run all cases anew; with kill_at the worker that brings so many-th result is killed. Seconds of the cases."""
    shutil.rmtree(output, ignore_errors=True)
    began, processor, ended = time.monotonic(), _processor(), [0.0]
    killed: list[int] = []

    def watch(outcome: Outcome, number: int, of: int) -> None:
        ended[0] = time.monotonic()
        if kill_at and number >= kill_at and not killed and outcome.worker != os.getpid():
            killed.append(outcome.worker)
            os.kill(outcome.worker, signal.SIGKILL)

    with nowcast.settings(threads=1):
        result = archive.run(told, output, workers=workers, progress=watch)
    cases, whole = ended[0] - began, time.monotonic() - began
    line = f"{label}: {', '.join(f'{n} {status}' for status, n in sorted(result.counts.items()))}; "
    line += f"cases {cases:.1f} s, with the report {whole:.1f} s; processor {_processor() - processor:.1f} s"
    if killed:
        line += f"; worker {killed[0]} killed after case {kill_at}"
    print(line, flush=True)
    for text in result.degraded:
        print(f"  {text}")
    return result, cases


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def differing(one: Path, other: Path) -> tuple[int, list[str]]:
    """How many files of results there are, and which are not the same in both."""
    names = {
        path.relative_to(root)
        for root in (one, other)
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("log.jsonl", ".lock")
    }
    bad = [str(name) for name in sorted(names) if _bytes(one / name) != _bytes(other / name)]
    return len(names), bad


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def main() -> int:
    """Both runs, and whether they are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("build/archive"))
    given = parser.parse_args()
    told = manifests(given.cases)
    of = sum(len(manifest.jobs()) for manifest in told)
    print(f"{of} cases, one thread each, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    alone, serial = measured("one after another", told, given.output / "serial", 0)
    label = f"{given.workers} workers"
    spread, parallel = measured(label, told, given.output / "spread", given.workers, kill_at=of // 2)
    many, bad = differing(given.output / "serial", given.output / "spread")
    print(f"{many} files compared, {len(bad)} differ{': ' + ', '.join(bad[:5]) if bad else ''}")
    print(f"scaling: {serial / parallel:.2f} x with {given.workers} workers, their start and the loss of one included")
    return int(bool(bad) or alone.degraded != spread.degraded)


if __name__ == "__main__":
    sys.exit(main())
