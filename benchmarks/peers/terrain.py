"""Beam blockage beside wradlib, and rays followed one by one until they meet the ground, over the same hills.

Printed are, by elevation, the mean and the greatest departure from the rays, and processor seconds for all rays of a
sweep. wradlib is given heights at the centres of gates, as its notebook does. ``make bench-terrain``.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import radar, sim
from nowcast.grid import Grid

HERE = Path(__file__).resolve().parent
Array = npt.NDArray[np.float64]
AZIMUTH = np.arange(0.5, 360.0, 1.0)
RANGE = np.arange(250.0, 100e3, 500.0)
EVERY, FINE_M = 6, 50.0


def traced(beam: radar.Beam, ground: xr.DataArray, azimuth: float, elevation: float) -> Array:
    """The share of 250 rays within a beam of a degree that have met the ground up to the far edge of each gate."""
    grid, cells = Grid.of(ground), ground.values
    side = np.linspace(-0.97, 0.97, 18)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    x, y = x[x**2 + y**2 <= 1.0], y[x**2 + y**2 <= 1.0]
    fine = np.arange(1000.0, RANGE[-1] + 250.0, FINE_M)
    met = np.zeros((x.size, fine.size), bool)
    for ray in range(x.size):
        height, along = beam.path(elevation + 0.5 * y[ray], fine)
        turn = np.deg2rad(azimuth + 0.5 * x[ray] / np.cos(np.deg2rad(elevation)))
        i = (along * np.sin(turn) - grid.x_first) / grid.dx
        j = (along * np.cos(turn) - grid.y_first) / grid.dy
        west, south = i.astype(int), j.astype(int)
        a, b = i - west, j - south
        low = (1 - a) * cells[south, west] + a * cells[south, west + 1]
        high = (1 - a) * cells[south + 1, west] + a * cells[south + 1, west + 1]
        met[ray] = np.maximum.accumulate((1 - b) * low + b * high > height)
    share: Array = met.mean(axis=0)[np.clip(np.searchsorted(fine, RANGE + 250.0) - 1, 0, None)]
    return share


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
        truth = np.array([traced(beam, ground, azimuth, elevation) for azimuth in AZIMUTH[::EVERY]])
        partly = (truth > 0.02) & (truth < 0.98)
        for name, (part, took) in found.items():
            away = np.abs(part[::EVERY] - truth)[partly]
            print(
                f"{f'{elevation:g} degrees':12}{partly.sum():20d}{name:>14}"
                f"{away.mean():9.4f}{away.max():10.3f}{took:10.3f}"
            )


if __name__ == "__main__":
    main()
