"""CRPS of an ensemble beside pysteps: values and processor seconds.

The ensemble is STEPS of this library on the first start of real events, 30 minutes ahead, and both sides get the same
members and observed rain. Where the observed equals a member pysteps leaves out the part between that member and the
next one; it is asked a second time with the observed lower by 1e-9, which then equals none, and the score changes by no
more than that. ``make bench-ensembles``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import nowcast
from nowcast.verify import EnsembleScores

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from events import EVENTS, forecasts  # noqa: E402
from timing import timed  # noqa: E402

MEMBERS, MINUTES, RUNS = 20, 30, 7
THRESHOLDS = (0.1, 1.0, 5.0)


def scored(members: np.ndarray, observed: np.ndarray, thresholds: tuple[float, ...]) -> EnsembleScores:
    """The sums of one ensemble."""
    scores = EnsembleScores(len(members), thresholds)
    scores.add(members, observed)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="that of the environment with pysteps")
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--events", nargs="*", default=["fmi-20160928", "mch-20150515"])
    given = parser.parse_args()
    print(f"{'':14}{'cells':>9}{'':>28}{'CRPS':>12}{'seconds':>9}")
    for event in EVENTS:
        if event.name not in given.events:
            continue
        _, past, seen = next(forecasts(event, event.read(event.paths(given.data))))
        ahead = nowcast.forecast.steps(
            past, nowcast.motion.estimate(past), members=MEMBERS, minutes=MINUTES, step=MINUTES
        )
        members = ahead.isel(time=0).values
        observed = seen.sel(time=ahead["time"].values[0]).values
        lines = []
        for thresholds in ((), THRESHOLDS):
            scores, times = timed(partial(scored, members, observed, thresholds), RUNS)
            table = scores.dataset()
            name = f"libnowcast, {len(thresholds)} thresholds"
            lines.append((int(table["n"]), name, float(table["crps"]), times[:, 1].min()))
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "in.npz", members=members, observed=observed, runs=RUNS)
            command = [given.python, HERE / "ensembles_side.py", Path(folder) / "in.npz", Path(folder) / "out.npz"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            theirs = np.load(Path(folder) / "out.npz")
        for name in ("pysteps", "pysteps, no ties"):
            lines.append((int(theirs["cells"]), name, *theirs[name]))
        for cells, name, crps, seconds in lines:
            print(f"{event.name:14}{cells:9d}{name:>28}{crps:12.7f}{seconds:9.4f}")


if __name__ == "__main__":
    main()
