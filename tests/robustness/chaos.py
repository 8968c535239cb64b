"""Many operational cycles with kills, damaged and missing files and full disks: what is published is whole.

Each cycle runs in a process of its own, over composites of a made storm. One in three meets with something: a kill
at some moment, a newest file that is cut short or noise or absent, or a disk that is too small (where
this may mount a tmpfs). After each all that is published is compared with its manifest.

    python tests/robustness/chaos.py --cycles 200
"""

import argparse
import collections
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nowcast import io, ops, sim
from nowcast.ops import _publish

STEP = np.timedelta64(5, "m")
TROUBLES = ("killed", "cut", "noise", "absent", "full disk")
CONFIG = """
name = "chaos"
output = "out"
keep_hours = 1
[composite]
files = "in/%Y%m%d%H%M.h5"
[forecast]
members = 4
minutes = 60
step_minutes = 10
[verify]
leads_minutes = [10, 20]
[grid]
longitude = 114.1
latitude = 22.5
width_km = 96
height_km = 96
spacing_km = 2
"""


def whole(out: Path) -> str:
    """What is wrong with anything published; nothing when all is as its manifest says."""
    for _, folder in _publish.published(out):
        told = _publish.read_manifest(folder)["products"]
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        if there != {*told, _publish.MANIFEST}:
            return f"{folder}: {sorted(there ^ {*told, _publish.MANIFEST})}"
        for name, one in told.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != one["sha256"]:
                return f"{folder / name}: other bytes"
    return ""


def mounted(folder: Path, kilobytes: int) -> bool:
    """Put a small disk in place of a folder."""
    folder.mkdir(exist_ok=True)
    return (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], capture_output=True
        ).returncode
        == 0
    )


def cycle(config: Path, when: np.datetime64, kill_after: float | None = None) -> int:
    """The exit code of one cycle in a process of its own, killed after so many seconds of its work."""
    command = [sys.executable, "-m", "nowcast.cli", "run", str(config), "--time", str(when)]
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    if kill_after is not None:
        while not list((config.parent / "out").glob(".partial-*")) and child.poll() is None:
            time.sleep(0.002)
        time.sleep(kill_after)
        child.send_signal(signal.SIGKILL)
    return child.wait()


def run(folder: Path, cycles: int, seed: int) -> tuple[collections.Counter[str], list[str]]:
    """What happened in so many cycles, and all that was wrong."""
    random = np.random.default_rng(seed)
    rain = sim.storms(minutes=600, step=5, n=48, dx=2000.0, cells=60)["rain"]
    config, out = folder / "cycle.toml", folder / "out"
    config.write_text(CONFIG)
    (folder / "in").mkdir()
    out.mkdir()
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    first = rain["time"].values[0]
    for number in range(cycles):
        when = first + number * STEP
        frame = rain.isel(time=[number % rain.sizes["time"]])
        path = folder / "in" / f"{when.astype('datetime64[m]').item():%Y%m%d%H%M}.h5"
        io.write(frame.assign_coords(time=[when]), path)
        trouble = str(random.choice(TROUBLES)) if random.random() < 1.0 / 3.0 else "none"
        if trouble == "cut":
            path.write_bytes(path.read_bytes()[: random.integers(0, path.stat().st_size)])
        elif trouble == "noise":
            path.write_bytes(random.bytes(5000))
        elif trouble == "absent":
            path.unlink()
        small = trouble == "full disk" and mounted(out, int(random.integers(16, 200)))
        code = cycle(config, when, float(random.uniform(0.0, 1.5)) if trouble == "killed" else None)
        if small:
            subprocess.run(["umount", str(out)], check=True)
        name = f"{trouble if trouble != 'full disk' or small else 'none'}: {code}"
        counts[name] += 1
        if problem := whole(out):
            wrong.append(f"cycle {number}, {name}: {problem}")
        if code not in {"killed": (0, 3, -signal.SIGKILL), "full disk": (0, 1, 3)}.get(trouble, (0, 3)):
            wrong.append(f"cycle {number}, {name}")
        if trouble == "none":
            told = ops.status(config)
            lost = [line for line in told["degraded"] if line.startswith("state: ")]
            if told["time"] != f"{when.astype('datetime64[s]')}Z" or lost:
                wrong.append(f"cycle {number}: {told['time']}, {lost}")
    return counts, wrong


def main() -> None:
    """Print the counts; status 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts, wrong = run(Path(folder), given.cycles, given.seed)
    for name, count in sorted(counts.items()):
        print(f"{name:16} {count:4d}   (what happened: exit code, cycles)")
    print("\n".join(wrong) or "all that was published is whole")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
