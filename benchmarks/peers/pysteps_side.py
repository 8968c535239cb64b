"""Run one job through pysteps and leave the results in a file: the peer's half of compare.py, in its own environment.

Usage: pysteps_side.py JOB.npz RESULT.npz

The job holds ``frames`` (n, y, x), rain rate in mm h-1 with row 0 in the south and NaN where nothing was observed,
``steps`` (whole frame intervals), ``threads``, ``runs`` and ``method``, a name of its motion methods. The result holds
the forecast, the wall and processor times of every run after one that warms up, and the peak memory of the process.
"""

import os
import sys
from collections.abc import Callable

import numpy as np

job = np.load(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(int(job["threads"]))

import cv2  # noqa: E402  the number of threads must be in the environment before
from pysteps import extrapolation, motion  # noqa: E402
from pysteps.utils import transformation  # noqa: E402

from timing import peak_kib, timed  # noqa: E402

cv2.setNumThreads(int(job["threads"]))


def decibels(rate: np.ndarray) -> np.ma.MaskedArray:
    """The transform of pysteps' tutorials: 10 log10 R above 0.1 mm/h, -15 below, no data masked."""
    known = np.isfinite(rate)
    metadata = {"transform": None, "zerovalue": 0.0, "threshold": 0.1, "unit": "mm/h", "accutime": 5.0}
    decibel, _ = transformation.dB_transform(np.where(known, rate, 0.0), metadata, threshold=0.1, zerovalue=-15.0)
    return np.ma.masked_array(decibel, ~known)


def estimator(name: str, frames: np.ndarray) -> Callable[[], np.ndarray]:
    """A motion method with its own defaults, on the frames its documentation asks for; dry where it takes no mask."""
    estimate = motion.get_method(name)
    decibel = decibels(frames)
    if name == "LK":
        return lambda: estimate(decibel)
    if name == "VET":
        return lambda: estimate(decibel[-3:], verbose=False)
    if name == "proesmans":
        return lambda: estimate(decibel[-2:].filled(-15.0), verbose=False)
    if name == "DARTS":  # of nine frames and four wave numbers along time, as far as there are so many
        latest = decibel[-9:].filled(-15.0)
        return lambda: estimate(latest, N_t=min(4, len(latest) - 2), verbose=False)
    return lambda: estimate(decibel[-3:])


def main() -> None:
    """Motion by the job's method, extrapolation of the newest frame, and the time each takes."""
    frames = job["frames"].astype(np.float64)[:, ::-1]  # pysteps has row 0 in the north
    steps = [int(step) for step in job["steps"]]
    runs = int(job["runs"])
    extrapolate = extrapolation.get_method("semilagrangian")
    flow, motion_times = timed(estimator(str(job["method"]), frames), runs)
    motion_peak = peak_kib()
    ahead, extrapolation_times = timed(
        lambda: extrapolate(frames[-1], flow, max(steps), allow_nonfinite_values=True), runs
    )
    np.savez(
        sys.argv[2],
        forecast=ahead[[step - 1 for step in steps]][:, ::-1].astype(np.float32),
        motion_times=motion_times,
        extrapolation_times=extrapolation_times,
        motion_peak_kib=motion_peak,
        peak_kib=peak_kib(),
    )


if __name__ == "__main__":
    main()
