"""Run one job through the forecasts of pysteps and leave the results in a file: the peer's half of methods.py.

Usage: pysteps_methods_side.py JOB.npz RESULT.npz

The job is that of pysteps_side.py. All methods use dense Lucas-Kanade of three frames; S-PROG has six levels and is fed
decibels, ANVIL has six levels, a window of 25 cells and is fed rain rate in place of VIL. LINDA is run where the job
says so, with 25 corners as features, since its blobs want another package, and without perturbations. What was not
observed counts as dry, as all need, and is not known in the extrapolation.
"""

import contextlib
import io
import os
import sys

import numpy as np

job = np.load(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(int(job["threads"]))

import cv2  # noqa: E402  the number of threads must be in the environment before
from pysteps import extrapolation, motion, nowcasts  # noqa: E402
from pysteps.utils import transformation  # noqa: E402

from pysteps_side import decibels  # noqa: E402
from timing import peak_kib, timed  # noqa: E402

cv2.setNumThreads(int(job["threads"]))


def rain(decibel: np.ndarray) -> np.ndarray:
    """Back to mm h-1."""
    metadata = {"transform": "dB", "zerovalue": -15.0, "threshold": -10.0, "unit": "mm/h", "accutime": 5.0}
    return transformation.dB_transform(decibel, metadata, threshold=-10.0, inverse=True)[0]


def main() -> None:
    """Every method from one motion field, and the time each takes for all lead times up to the last."""
    frames = job["frames"].astype(np.float64)[:, ::-1]  # pysteps has row 0 in the north
    steps = [int(step) for step in job["steps"]]
    runs, threads = int(job["runs"]), int(job["threads"])
    flow = motion.get_method("LK")(decibels(frames[-3:]))
    dry = np.where(np.isfinite(frames), frames, 0.0)
    logarithmic = decibels(dry).filled(-15.0)
    extrapolate = extrapolation.get_method("semilagrangian")
    work = {
        "extrapolation": lambda: extrapolate(frames[-1], flow, max(steps), allow_nonfinite_values=True),
        "sprog": lambda: rain(
            nowcasts.get_method("sprog")(
                logarithmic[-3:], flow, max(steps), precip_thr=-10.0, n_cascade_levels=6, num_workers=threads
            )
        ),
        "anvil": lambda: nowcasts.get_method("anvil")(
            dry[-4:], flow, max(steps), n_cascade_levels=6, ar_window_radius=25, num_workers=threads
        ),
    }
    if job["linda"]:
        work["linda"] = lambda: nowcasts.get_method("linda")(
            dry[-3:],
            flow,
            max(steps),
            feature_method="shitomasi",
            max_num_features=25,
            add_perturbations=False,
            num_workers=threads,
        )
    result = {"methods": np.array(list(work))}
    for method, run in work.items():
        with contextlib.redirect_stdout(io.StringIO()):
            ahead, times = timed(run, runs)
        result[f"{method} forecast"] = np.asarray(ahead)[[step - 1 for step in steps]][:, ::-1].astype(np.float32)
        result[f"{method} times"] = times
        result[f"{method} peak_kib"] = peak_kib()
    np.savez(sys.argv[2], **result)


if __name__ == "__main__":
    main()
