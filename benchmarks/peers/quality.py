"""Quality control beside Py-ART and wradlib: simulated sweeps with every gate labelled, the same for all.

Printed are, for each case, the part of the clutter that is found, the part of the rain that is lost, and processor
seconds. ``make bench-quality``.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import radar, sim
from nowcast.sim.strategy import Radar, Strategy, Sweep

HERE = Path(__file__).resolve().parent
MOMENTS = ("DBZH", "VRADH", "ZDR", "PHIDP", "RHOHV")
FILTERED = sum(bit for name, bit in radar.FLAGS.items() if name not in ("attenuated", "under_spoke"))


def cases() -> dict[str, sim.Scan]:
    """Two elevations each, at one repetition rate, so that every method has every moment."""
    effects = sim.Effects(clutter=45.0, second_trip=False)
    plans = {
        "S band, squall line": (sim.squall_line(), (-40e3, -20e3), Radar(), 1000.0, 250.0, 100e3),
        "C band, supercell": (sim.supercell(), (-40e3, -25e3), Radar("C", "C", 1.0, 150.0, -4.0), 1200.0, 250.0, 80e3),
        "X band, pulse cells": (sim.pulse_cells(), (0.0, 0.0), Radar("X", "X", 1.2, 60.0, 0.0), 2500.0, 125.0, 40e3),
    }
    found = {}
    for name, (storm, place, antenna, prf, gate, reach) in plans.items():
        sweeps = tuple(Sweep(angle, 1.0, gate, reach, prf, rate=18.0) for angle in (0.5, 1.5))
        site = sim.Site.near(storm, *place)
        found[name] = sim.scan(storm, site, Strategy(name, antenna, sweeps), 1200.0, seed=1, effects=effects)
    return found


def rates(volume: xr.DataTree, truth: xr.DataTree, gone: list[Any]) -> tuple[float, float]:
    """Part of the clutter that is found, and of the rain that is lost."""
    clutter_found = clutter = rain_lost = rain = 0
    for number, judged in enumerate(gone):
        echo = volume[f"sweep_{number}"]["DBZH"].values > radar.NOTHING_DBZ
        ground = truth[f"sweep_{number}"]["clutter"].values.astype(bool) & echo
        wet = echo & ~ground & (truth[f"sweep_{number}"]["DBZH"].values > 0.0)
        clutter, rain = clutter + int(ground.sum()), rain + int(wet.sum())
        clutter_found, rain_lost = clutter_found + int(judged[ground].sum()), rain_lost + int(judged[wet].sum())
    return clutter_found / max(clutter, 1), rain_lost / max(rain, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="that of the environment with Py-ART and wradlib")
    python = parser.parse_args().python
    print(f"{'':24}{'':14}{'clutter found':>14}{'rain lost':>12}{'seconds':>10}")
    for name, (volume, truth) in cases().items():
        sweeps = [volume[group] for group in ("sweep_0", "sweep_1")]
        given = {
            f"{number}/{moment}": sweep[moment].values
            for number, sweep in enumerate(sweeps)
            for moment in (*MOMENTS, "range", "azimuth", "elevation")
        }
        with tempfile.TemporaryDirectory() as folder:
            job, result = Path(folder) / "job.npz", Path(folder) / "result.npz"
            np.savez(job, **given)
            subprocess.run([python, HERE / "quality_side.py", job, result], check=True, stdout=subprocess.DEVNULL)
            with np.load(result) as answers:
                theirs = {key: answers[key] for key in answers.files}
        begun = time.process_time()
        checked = radar.quality(volume)
        ours = time.process_time() - begun
        gone = {"libnowcast": [(checked[g]["QFLAG"].values & FILTERED) > 0 for g in ("sweep_0", "sweep_1")]}
        seconds = {"libnowcast": ours}
        for method in ("Py-ART", "wradlib"):
            gone[method] = [theirs[f"{method}/{number}"] for number in range(2)]
            seconds[method] = float(theirs[f"{method}/seconds"])
        for method, judged in gone.items():
            found, lost = rates(volume, truth, judged)
            print(f"{name:24}{method:14}{found:14.2%}{lost:12.2%}{seconds[method]:10.3f}")


if __name__ == "__main__":
    main()
