"""A cycle of four radars, 500 x 500 km at 1 km, with winds, cells and 20 members to two hours: seconds and memory.

Three simulated storms seen by four radars every six minutes; the third cycle is the one that counts, with what earlier
ones have left.

    make bench-cycle
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nowcast import radar, sim

CENTRE = (22.5, 114.1)
SITES = ((-60e3, -50e3), (70e3, -40e3), (-50e3, 70e3), (60e3, 60e3))
EVERY = 360.0
CONFIG = """
name = "four"
output = "out"
every_minutes = 6
stages = ["cells", "forecast", "warn", "hours", "wind", "verify"]
{radars}
[forecast]
members = {members}
minutes = 120
step_minutes = 5
[verify]
leads_minutes = [6, 12]
[budget]
seconds = 3600
[grid]
longitude = 114.1
latitude = 22.5
width_km = {width}
height_km = {width}
"""


def write_volumes(folder: Path, cycles: int) -> np.datetime64:
    """Volumes of the radars for so many cycles; the time of the first cycle."""
    storm = sim.squall_line(latitude=CENTRE[0], longitude=CENTRE[1])
    strategy = sim.strategy.wsr88d("VCP 12")
    for number, (x, y) in enumerate(SITES):
        site = sim.Site.near(storm, x, y, name=f"SIM{number}")
        for k in range(cycles + 1):
            volume = sim.scan(storm, site, strategy, 2400.0 + EVERY * k, seed=10 * number + k).volume
            began = min(np.asarray(sweep["time"].values).min() for sweep in volume.children.values())
            radar.write(volume, folder / f"SIM{number}_{began.astype('datetime64[s]').item():%Y%m%d_%H%M%S}.ar2v")
    start = np.datetime64(storm.start, "ns")
    return start + np.timedelta64(int(1e9 * (2400.0 + EVERY + strategy.seconds + 1.0)), "ns")


def main() -> None:
    """Print the seconds of each stage of the last cycle, its memory and products."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=20)
    parser.add_argument("--width", type=int, default=500, help="km")
    parser.add_argument("--cycles", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "in").mkdir()
        first = write_volumes(folder / "in", given.cycles)
        tables = "\n".join(f'[radars.SIM{n}]\nfiles = "in/SIM{n}_%Y%m%d_%H%M%S.ar2v"' for n in range(len(SITES)))
        (folder / "cycle.toml").write_text(CONFIG.format(radars=tables, members=given.members, width=given.width))
        for k in range(given.cycles):
            when = first + np.timedelta64(int(1e9 * EVERY * k), "ns")
            began = time.monotonic()
            command = [
                sys.executable,
                "-m",
                "nowcast.cli",
                "run",
                str(folder / "cycle.toml"),
                "--time",
                str(when),
                "--json",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            spent = time.monotonic() - began
        manifest = json.loads(done.stdout)
    for stage, seconds in manifest["seconds"].items():
        print(f"{stage:10} {seconds:7.2f} s")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"whole      {spent:7.2f} s on the clock, start of the program and publishing too")
    print(f"memory     {usage.ru_maxrss / 2**20:7.2f} GiB at most")
    print(f"members {manifest['members']}, {len(manifest['products'])} files, exit code {done.returncode}")
    print("\n".join(manifest["degraded"]) or "nothing lacks")


if __name__ == "__main__":
    main()
