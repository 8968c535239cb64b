"""Beam blockage beside wradlib, and rays followed one by one until they meet the ground, over the same hills.

Printed are, by elevation, the mean and the greatest departure from the rays, and processor seconds for all rays of a
sweep. wradlib is given heights at the centres of gates, as its notebook does. ``make bench-terrain``.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nowcast import radar, sim
from nowcast.grid import Grid

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from traced import hidden  # noqa: E402

AZIMUTH = np.arange(0.5, 360.0, 1.0)
RANGE = np.arange(250.0, 100e3, 500.0)
EVERY, FINE_M = 6, 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="that of the environment with wradlib")
    python = parser.parse_args().python
    place = Grid("+proj=aeqd +lat_0=46 +lon_0=11 +ellps=WGS84", 1101, 1101, -110e3, -110e3, 200.0, 200.0)
    ground = sim.terrain(place, seed=5, hills=150, highest=3000.0)
    beam = radar.Beam(46.0, 11.0, 400.0)
    print(f"{'':12}{'gates partly hidden':>20}{'':>14}{'mean':>9}{'greatest':>10}{'seconds':>10}")
    for elevation in (0.5, 1.0, 2.0):
        began = time.process_time()
        table = radar.blockage_table(beam, ground, azimuth=AZIMUTH, elevation=elevation, range=RANGE)
        seconds = time.process_time() - began
        height = np.array(beam.path(elevation, RANGE)[0])
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "in.npz", ground=table["ground"][0], height=height, range=RANGE, nearest=1000.0)
            command = [python, HERE / "terrain_side.py", Path(folder) / "in.npz", Path(folder) / "out.npz"]
            subprocess.run(command, check=True)
            theirs = np.load(Path(folder) / "out.npz")
            found = {
                "libnowcast": (table["CBB"].values[0], seconds),
                "wradlib": (theirs["cbb"], float(theirs["seconds"])),
            }
        truth = np.array(
            [hidden(beam, ground, azimuth, elevation, RANGE + 250.0, FINE_M) for azimuth in AZIMUTH[::EVERY]]
        )
        partly = (truth > 0.02) & (truth < 0.98)
        for name, (part, took) in found.items():
            away = np.abs(part[::EVERY] - truth)[partly]
            print(
                f"{f'{elevation:g} degrees':12}{partly.sum():20d}{name:>14}"
                f"{away.mean():9.4f}{away.max():10.3f}{took:10.3f}"
            )


if __name__ == "__main__":
    main()
