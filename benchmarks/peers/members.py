"""Ensembles of libnowcast beside those of pysteps: STEPS and SSEPS, on the same real frames.

Both sides get the same frames of rain rate and make as many members, pysteps with dense Lucas-Kanade and ours with the
default motion. Members are scored where all of both sides and the verifying frame are known: fair CRPS, Brier scores at
1 and 5 mm/h, and spread over the error of the mean. Seconds are of processor, of all members and lead times, motion not
counted. One start is no climate: the first of those asked for is the second of three that are spread evenly.
"""

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import nowcast
from compare import job_of, run_side
from methods import starts
from nowcast.verify import EnsembleScores

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from events import EVENTS  # noqa: E402
from timing import timed  # noqa: E402

METHODS = ("steps", "sseps")
THRESHOLDS = (1.0, 5.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the environment with pysteps")
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--events", nargs="*", default=["rmi-20210704"])
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--start", type=int, default=1, help="number of the start, of three")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    for event in EVENTS:
        if event.name not in given.events:
            continue
        past, seen = list(starts(event, event.read(event.paths(given.data)), 3))[given.start]
        job = job_of(past, event, given.threads, 1) | {"methods": METHODS, "members": given.members}
        leads = ((seen["time"].values - past["time"].values[-1]) / np.timedelta64(1, "m")).tolist()
        made = {}
        with tempfile.TemporaryDirectory() as folder:
            theirs = run_side(given.python, "members_side.py", job, Path(folder))
        with nowcast.settings(threads=given.threads):
            flow = nowcast.motion.estimate(past)
            for method in METHODS:
                made[f"pysteps {method}"] = theirs[f"{method} members"], float(theirs[f"{method} s"])
                work = partial(nowcast.forecast.run, past, flow, method, leads=leads, members=given.members)
                ahead, times = timed(work, 1)
                made[method] = ahead.values, float(times[0, 1])
        known = np.isfinite(seen.values)
        for members, _ in made.values():
            known &= np.isfinite(members).all(axis=0)
        print(f"{event.name}  {given.members} members, leads {', '.join(f'{lead:g}' for lead in leads)} min")
        for name, (members, seconds) in made.items():
            lines = []
            for k in range(len(leads)):
                scores = EnsembleScores(given.members, THRESHOLDS)
                nothing = np.float32(np.nan)
                scores.add(np.where(known[k], members[:, k], nothing), np.where(known[k], seen.values[k], nothing))
                table = scores.dataset()
                brier = [float(table["brier_fair"].sel(threshold=threshold)) for threshold in THRESHOLDS]
                lines.append([float(table["crps_fair"]), *brier, float(table["spread_skill"])])
            text = "  ".join(" ".join(f"{value:.4f}" for value in column) for column in zip(*lines, strict=True))
            print(f"  {name:15s} {seconds:7.2f} s  {text}", flush=True)


if __name__ == "__main__":
    main()
