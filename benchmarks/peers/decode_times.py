"""How long libnowcast, Py-ART, xradar, PyCINRAD and MetPy take to read a radar file, and unpacking alone, in one run.

Every package reads every file in a process of its own: median wall time of several runs after one that warms up, and
the peak memory, of which the import of the package is a part. Beside a file that is packed stands the time libbz2 or
zlib alone need for it, in C and with as many threads as the decoder has: the floor. Printed are the ratios:
``x floor``, ours over the unpacking, and ``x``, the peer's over ours.

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

from times_side import THREADS  # noqa: E402
from volumes import PEERS, volumes  # noqa: E402

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


def side(python: Path | str, package: str, runs: int, kind: str, files: list[Path]) -> dict[str, Any]:
    """What one package reports of one volume."""
    command = [str(python), str(HERE / "times_side.py"), package, str(runs), kind, *map(str, files)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    return json.loads(done.stdout or f'{{"error": "its process ended with {done.returncode}"}}')


def floor(program: Path, files: list[Path]) -> float:
    """Seconds unpacking alone takes; of several files the sum, 0 where nothing is packed."""
    command = [str(program), str(THREADS), *map(str, files)]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return sum(float(line.split()[0]) for line in lines)


def measure(given: argparse.Namespace, files: list[Path], kind: str) -> list[list[Any]]:
    """Print the lines of one volume."""
    name = files[0].name if len(files) == 1 else files[0].parent.name
    size = sum(file.stat().st_size for file in files) / 1e6
    unpacking = floor(given.unpack, files)
    rows: list[list[Any]] = []
    mine = 0.0
    print(f"{name}  {kind}, {size:.1f} MB" + (f", unpacking alone {1e3 * unpacking:.1f} ms" if unpacking else ""))
    for package in ("libnowcast", *PEERS.get(kind, ())):
        python = sys.executable if package == "libnowcast" else given.python
        found = side(python, package, given.runs, kind, files)
        if "error" in found:
            print(f"  {package:11s} not read by it ({found['error'][:100]})")
            continue
        seconds = float(np.median(np.array(found["times"])[:, 0]))
        ratio = f"{seconds / mine:8.1f} x" if mine else f"{seconds / unpacking:8.2f} x floor" if unpacking else ""
        mine = mine or seconds
        peak, imported = found["peak_kib"] // 1024, found["import_kib"] // 1024
        print(f"  {package:11s} {1e3 * seconds:9.1f} ms  peak {peak:5d} MiB, {imported:3d} of them imported  {ratio}")
        rows.append([name, kind, package, f"{seconds:.6f}", peak, imported, f"{unpacking:.6f}"])
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
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    rows: list[list[Any]] = []
    for _, files in volumes(given.data):
        if not re.search(given.only, str(files[0])):
            continue
        try:
            kind = radar.describe(files)["format"]
        except errors.NowcastError as error:
            print(f"{files[0].name}: {error}")
            continue
        rows += measure(given, files, kind)
    if given.csv:
        heads = ["file", "format", "package", "median_s", "peak_mib", "import_mib", "unpack_s"]
        with given.csv.open("w", newline="") as file:
            csv.writer(file).writerows([heads, *rows])


if __name__ == "__main__":
    main()
