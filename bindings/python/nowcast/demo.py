"""The whole chain on a synthetic storm: files, motion, forecast, scores beside the known truth."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import io, jobs, motion, sim, verify

__all__ = ["run"]

_PAST, _STEP, _MINUTES = 3, 5, 60


def run(folder: Path | str = "demo") -> xr.Dataset:
    """Write a sequence as ODIM_H5 composites, forecast its last hour from its first frames, print the scores."""
    folder = Path(folder)
    observed = folder / "observed"
    observed.mkdir(parents=True, exist_ok=True)
    truth = sim.storms(minutes=_MINUTES + _STEP * (_PAST - 1), step=_STEP)
    paths = []
    for index in range(truth.sizes["time"]):
        frame = truth["rain"].isel(time=[index])
        paths.append(observed / f"{np.datetime_as_string(frame['time'].values[0], 'm').replace(':', '')}.h5")
        io.write(frame, paths[-1])
    summary = jobs.forecast(paths[:_PAST], folder / "forecast.nc", minutes=_MINUTES, step=_STEP)
    scores, _ = jobs.verification(folder / "forecast.nc", paths[_PAST:], folder / "scores.csv")
    still = io.open(paths[_PAST - 1]).isel(time=0)
    seen = io.open(paths[_PAST:])
    print(f"motion {summary['motion_status']}, {_motion_error(truth):.2f} m s-1 rms from the truth where it rains")
    print("lead   CSI >= 1 mm/h          FSS >= 1 mm/h, 5 cells   MAE mm/h")
    print(" min   forecast  standing     forecast  standing       forecast  standing")
    for index, lead in enumerate(summary["lead_minutes"]):
        ours = scores.isel(lead_time=index)
        theirs = _standing(still, seen.isel(time=index))
        row = [f"{float(table[name].sel(**at)):9.3f}" for name, at in _SHOWN for table in (ours, theirs)]
        print(f"{lead:4.0f}  " + " ".join(row))
    print(f"files in {os.fspath(folder)}/: observed/*.h5 forecast.nc scores.csv")
    return scores


_SHOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("csi", {"threshold": 1.0}),
    ("fss", {"threshold": 1.0, "window": 5}),
    ("mae", {}),
)


def _standing(still: xr.DataArray, seen: xr.DataArray) -> xr.Dataset:
    """Scores of the latest frame taken for a forecast."""
    lead = seen["time"].values - still["time"].values
    guess = still.drop_vars("time").expand_dims(time=[seen["time"].values])
    guess = guess.assign_coords(lead_time=("time", [lead]))
    return verify.score(guess, seen.expand_dims("time"), (0.1, 1.0, 5.0), (1, 5, 10, 20)).isel(lead_time=0)


def _motion_error(truth: xr.Dataset) -> float:
    """Root mean square difference of the estimated and the true motion where it rains."""
    past = truth["rain"].isel(time=slice(0, _PAST))
    flow = motion.estimate(past)
    wet = past.values[-1] >= 0.1
    du = (flow["u"].values - truth["u"].values)[wet]
    dv = (flow["v"].values - truth["v"].values)[wet]
    return float(np.sqrt(np.mean(du**2 + dv**2)))
