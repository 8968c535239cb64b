"""Run one job through the forecasts of libnowcast and leave the results in a file: our half of methods.py.

Usage: libnowcast_methods_side.py JOB.npz RESULT.npz

The job is that of libnowcast_side.py. The peak memory of each method is that of the process when it was done.
"""

import sys
from typing import Any

import numpy as np

import nowcast
from libnowcast_side import labelled
from timing import peak_kib, timed

METHODS = ("extrapolation", "sprog", "ranked", "textured", "mean", "anvil", "linda")


def main() -> None:
    """Every method from one motion field, and the time each takes for all lead times up to the last."""
    job = np.load(sys.argv[1])
    runs = int(job["runs"])
    frames = labelled(job)
    minutes = float((frames["time"].values[-1] - frames["time"].values[-2]) / np.timedelta64(1, "m"))
    steps = [int(step) for step in job["steps"]]
    leads = [minutes * (step + 1) for step in range(max(steps))]
    result: dict[str, Any] = {"methods": np.array(METHODS)}
    with nowcast.settings(threads=int(job["threads"])):
        flow = nowcast.motion.estimate(frames)
        for method in METHODS:
            ahead, times = timed(lambda m=method: nowcast.forecast.run(frames, flow, m, leads=leads), runs)
            result[f"{method} forecast"] = ahead.values[[step - 1 for step in steps]]
            result[f"{method} times"] = times
            result[f"{method} peak_kib"] = peak_kib()
    np.savez(sys.argv[2], **result)


if __name__ == "__main__":
    main()
