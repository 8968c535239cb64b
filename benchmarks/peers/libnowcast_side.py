"""Run one job through libnowcast and leave the results in a file: our half of compare.py.

Usage: libnowcast_side.py JOB.npz RESULT.npz

The job is the one pysteps_side.py takes, with the grid, the ``times`` and the ``method`` besides.
"""

import sys

import numpy as np
import xarray as xr

import nowcast
from timing import peak_kib, timed


def labelled(job: np.lib.npyio.NpzFile) -> xr.DataArray:
    """The job's frames as nowcast.open would give them."""
    nx, ny, *rest = job["grid"].tolist()
    grid = nowcast.grid.Grid(str(job["projection"]), int(nx), int(ny), *rest)
    coords = {"time": job["times"]} | grid.coords()
    attributes = {"units": "mm h-1", "grid_mapping": "crs"}
    return xr.DataArray(job["frames"], dims=("time", "y", "x"), coords=coords, attrs=attributes)


def main() -> None:
    """Motion by the job's method, extrapolation of the newest frame, and the time each takes."""
    job = np.load(sys.argv[1])
    runs, method = int(job["runs"]), str(job["method"])
    frames = labelled(job)
    minutes = float((frames["time"].values[-1] - frames["time"].values[-2]) / np.timedelta64(1, "m"))
    steps = [int(step) for step in job["steps"]]
    leads = [minutes * (step + 1) for step in range(max(steps))]
    with nowcast.settings(threads=int(job["threads"])):
        flow, motion_times = timed(lambda: nowcast.motion.estimate(frames, method=method), runs)
        motion_peak = peak_kib()
        ahead, extrapolation_times = timed(lambda: nowcast.forecast.extrapolate(frames, flow, leads=leads), runs)
    np.savez(
        sys.argv[2],
        forecast=ahead.values[[step - 1 for step in steps]],
        motion_times=motion_times,
        extrapolation_times=extrapolation_times,
        motion_peak_kib=motion_peak,
        peak_kib=peak_kib(),
    )


if __name__ == "__main__":
    main()
