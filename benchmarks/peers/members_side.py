"""Run one job through the ensembles of pysteps and leave the members in a file: the peer's half of members.py.

Usage: members_side.py JOB.npz RESULT.npz

What was not observed counts as dry, as all need. Windows of SSEPS are 128 cells wide; motion is not perturbed in STEPS
alone, whose default that is here as there.
"""

import contextlib
import io
import os
import sys

import numpy as np

job = np.load(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(int(job["threads"]))

from pysteps import motion, nowcasts  # noqa: E402

from pysteps_methods_side import rain  # noqa: E402
from pysteps_side import decibels  # noqa: E402
from timing import timed  # noqa: E402


def main() -> None:
    """The members asked for at the lead times asked for, and processor seconds of each method."""
    frames = job["frames"].astype(np.float64)[:, ::-1]  # pysteps has row 0 in the north
    steps, members = [int(step) for step in job["steps"]], int(job["members"])
    minutes = float((job["times"][-1] - job["times"][-2]) / np.timedelta64(1, "m"))
    pixel_m = float(job["grid"][4])
    flow = motion.get_method("LK")(decibels(frames[-3:]))
    echo = decibels(np.where(np.isfinite(frames), frames, 0.0)).filled(-15.0)[-3:]
    about = {"accutime": minutes, "xpixelsize": pixel_m, "threshold": -10.0, "zerovalue": -15.0}
    options = {"n_ens_members": members, "n_cascade_levels": 6, "seed": 1, "num_workers": int(job["threads"])}
    work = {
        "steps": lambda: nowcasts.get_method("steps")(
            echo, flow, max(steps), precip_thr=-10.0, kmperpixel=1e-3 * pixel_m, timestep=minutes, **options
        ),
        "sseps": lambda: nowcasts.get_method("sseps")(
            echo, about, flow, max(steps), win_size=128, vel_pert_method="bps", **options
        ),
    }
    result = {}
    for method in job["methods"].tolist():
        with contextlib.redirect_stdout(io.StringIO()):
            ahead, times = timed(work[method], 1)
        kept = rain(np.asarray(ahead)[:, [step - 1 for step in steps]])
        result[f"{method} members"] = kept[:, :, ::-1].astype(np.float32)
        result[f"{method} s"] = times[0, 1]
    np.savez(sys.argv[2], **result)


if __name__ == "__main__":
    main()
