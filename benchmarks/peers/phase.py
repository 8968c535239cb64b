"""KDP of a simulated storm by libnowcast, Py-ART and wradlib beside the truth: errors and time of one processor.

usage: phase.py PYTHON, an interpreter with what requirements.txt pins; libnowcast is that of the one running this.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import nowcast
from nowcast import sim
from nowcast.sim.strategy import Radar, Strategy, Sweep

SYSTEM = 60.0
SIDE = Path(__file__).with_name("phase_side.py")


def main() -> None:
    storm = sim.supercell(seed=1)
    site = sim.Site.near(storm, -40e3, -20e3)
    print(f"{'band':4} {'method':28} {'s':>7} {'known':>6} {'rms':>6} {'bias':>7} {'strong':>7}  degrees km-1")
    for band in "SCX":
        plan = Strategy("one turn", Radar(band=band), (Sweep(0.5, reach=120e3),))
        seen = sim.scan(storm, site, plan, 3600.0, effects=sim.Effects(second_trip=False))
        truth = seen.truth["sweep_0"]
        for name, (kdp, seconds) in (ours(seen) | theirs(seen, band)).items():
            show(band, name, kdp, seconds, truth["KDP"].values, truth["DBZH"].values > 10.0)


def ours(seen: sim.Scan) -> dict[str, Any]:
    found = {}
    with nowcast.settings(threads=1):
        for method in ("variational", "least_squares"):
            begun = time.process_time()
            kdp = nowcast.radar.phase(seen.volume, method=method)["sweep_0"]["KDP"].values
            found[f"libnowcast {method}"] = (kdp, time.process_time() - begun)
    return found


def theirs(seen: sim.Scan, band: str) -> dict[str, Any]:
    sweep = seen.volume["sweep_0"]
    good = np.isfinite(sweep["PHIDP"].values) & (sweep["RHOHV"].values > 0.85)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = {moment: sweep[moment].values for moment in ("PHIDP", "DBZH", "range", "azimuth", "elevation")}
        np.savez(folder / "sweep.npz", **arrays, good=good, band=np.array(band), system=np.array(SYSTEM))
        subprocess.run([sys.argv[1], str(SIDE), name], check=True, stdout=subprocess.DEVNULL)
        with np.load(folder / "peers.npz") as made:
            names = [key for key in made.files if not key.endswith(" s")]
            return {key: (np.where(good, made[key], np.nan), float(made[f"{key} s"])) for key in names}


def show(band: str, name: str, kdp: Any, seconds: float, truth: Any, rain: Any) -> None:
    known = rain & np.isfinite(kdp) & np.isfinite(truth)
    error, strong = kdp[known] - truth[known], truth[known] > 0.5
    rms, hard = np.sqrt(np.mean(error**2)), np.sqrt(np.mean(error[strong] ** 2))
    share = known.sum() / rain.sum()
    print(f"{band:4} {name:28} {seconds:7.3f} {share:6.2f} {rms:6.3f} {error.mean():7.3f} {hard:7.3f}")


if __name__ == "__main__":
    main()
