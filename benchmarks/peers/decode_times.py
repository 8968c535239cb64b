"""How long libnowcast, Py-ART, xradar, PyCINRAD and MetPy take to read a radar file, and unpacking alone, in one run.

Every package reads every file in a process of its own: median wall time of several runs after one that warms up, and
the peak memory, of which the import of the package is a part. Beside a file that is packed stands the time libbz2 or
zlib alone need for it, in C and with as many threads as the decoder has: the floor. Printed are the ratios,
``x floor``, ours over the unpacking, and ``x``, the peer's over ours, and whether they are what they should be: at most
1.2 x the floor for what is packed, else at least 5 x the peer for ODIM_H5 and CfRadial and 10 x for other formats.

On a machine that others use, ``--processor`` compares the least processor time of one thread each. That is harder on
packed files: what several threads share while reading counts in full beside an unpacking that only one can do.

The peers live in an environment of their own: ``make bench-decode``.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from nowcast import errors, radar

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from volumes import PEERS, volumes  # noqa: E402

THREADS = 2
MOST_FLOORS = 1.2
LEAST = {"ODIM_H5": 5.0, "CfRadial 1": 5.0}
LEAST_OTHER = 10.0

# One or two of each kind; --all takes every file.
USUAL = "|".join(
    (
        "KLBB2016",
        "KHTX20080411_182140.gz",
        "KTLX19990503",
        "KTLX20190525",
        "TATL2024",
        "chunks-klot",
        "40_20181220",
        "behel.pvol",
        "frale_pvol",
        "knmi_polar",
        "182632.190_KHTX_SUR",
        "DOW8_RHI",
        "SUR210819",
        "cor-main",
        "MC3E_NPOL",
        "_SB_CAP",
        "_CAP_FMT",
        r"swp.1080411182230",
    )
)


def side(given: argparse.Namespace, package: str, kind: str, files: list[Path]) -> dict[str, Any]:
    """What one package reports of one volume."""
    python = sys.executable if package == "libnowcast" else given.python
    program = [str(python), str(HERE / "times_side.py")]
    command = [*program, package, str(given.runs), str(given.threads), kind, *map(str, files)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    return json.loads(done.stdout or f'{{"error": "its process ended with {done.returncode}"}}')


def floor(given: argparse.Namespace, files: list[Path]) -> float:
    """Seconds unpacking alone takes; of several files the sum, 0 where nothing is packed."""
    command = [str(given.unpack), str(given.threads), *map(str, files)]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return sum(float(line.split()[2 if given.processor else 0]) for line in lines)


def seconds_of(given: argparse.Namespace, found: dict[str, Any]) -> float:
    """What stands for all runs of a package: the median of the wall times, or the least processor time."""
    wall, processor = np.array(found["times"]).T
    return float(processor.min() if given.processor else np.median(wall))


def measure(given: argparse.Namespace, files: list[Path], kind: str, judged: list[bool]) -> list[list[Any]]:
    """Print the lines of one volume, and add to judged what each of its ratios with a target is."""
    name = files[0].name if len(files) == 1 else files[0].parent.name
    size = sum(file.stat().st_size for file in files) / 1e6
    unpacking = floor(given, files)
    least = LEAST.get(kind, LEAST_OTHER)
    rows: list[list[Any]] = []
    mine = 0.0
    print(f"{name}  {kind}, {size:.1f} MB" + (f", unpacking alone {1e3 * unpacking:.1f} ms" if unpacking else ""))
    for package in ("libnowcast", *PEERS.get(kind, ())):
        found = side(given, package, kind, files)
        if "error" in found:
            print(f"  {package:11s} not read by it ({found['error'][:100]})")
            continue
        seconds = seconds_of(given, found)
        ratio, met = "", None
        if mine:
            ratio = f"{seconds / mine:8.1f} x      "
            met = None if unpacking else seconds / mine >= least
        elif unpacking:
            ratio, met = f"{seconds / unpacking:8.2f} x floor", seconds / unpacking <= MOST_FLOORS
        if met is not None:
            judged.append(met)
            ratio += (
                "  met" if met else f"  MISSED: {f'{MOST_FLOORS:g} at most' if unpacking else f'{least:g} at least'}"
            )
        mine = mine or seconds
        peak, imported = found["peak_kib"] // 1024, found["import_kib"] // 1024
        print(f"  {package:11s} {1e3 * seconds:9.1f} ms  peak {peak:5d} MiB, {imported:3d} of them imported  {ratio}")
        rows.append([name, kind, package, f"{seconds:.6f}", peak, imported, f"{unpacking:.6f}", met])
    sys.stdout.flush()
    return rows


def main() -> None:
    """Time the usual files, or those asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the peers' environment")
    parser.add_argument("--unpack", type=Path, required=True, help="the program nowcast_unpack")
    default = Path(os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")) / "radar"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--only", default=USUAL, help="a regular expression that paths must contain")
    parser.add_argument("--all", action="store_const", const="", dest="only", help="every file")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, help=f"of our own; {THREADS} by default, 1 with --processor")
    parser.add_argument("--processor", action="store_true", help="processor time: for a machine that others use")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    given.threads = given.threads or (1 if given.processor else THREADS)
    rows: list[list[Any]] = []
    judged: list[bool] = []
    for _, files in volumes(given.data):
        if not re.search(given.only, str(files[0])):
            continue
        try:
            kind = radar.describe(files)["format"]
        except errors.NowcastError as error:
            print(f"{files[0].name}: {error}")
            continue
        rows += measure(given, files, kind, judged)
    print(f"{sum(judged)} of {len(judged)} ratios with a target meet it")
    if given.csv:
        heads = ["file", "format", "package", "median_s", "peak_mib", "import_mib", "unpack_s", "target_met"]
        with given.csv.open("w", newline="") as file:
            csv.writer(file).writerows([heads, *rows])


if __name__ == "__main__":
    main()
