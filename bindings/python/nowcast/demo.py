"""The whole chain on a synthetic storm: files, motion, forecast, scores beside the known truth, figures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import grid, io, jobs, motion, plot, sim, verify
from nowcast.errors import UnsupportedError

__all__ = ["run"]

_PAST, _STEP, _MINUTES = 3, 5, 60
_LEAST_FRAMES = 3


def run(folder: Path | str = "demo") -> xr.Dataset:
    """Write a sequence as ODIM_H5 composites, forecast its last hour from its first frames, print the scores.

    Figures are drawn where matplotlib is installed. Where NOWCAST_TEST_DATA names a folder, the sequences in the
    folders of its ``composite`` are forecast and scored as well.
    """
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
    observations = grid.rain_rate(io.open(paths))
    flow = motion.estimate(observations[:_PAST])
    standing = _standing(observations)
    wrong = _motion_error(flow, truth)
    print(f"motion {summary['motion_status']}, {wrong:.2f} m s-1 rms from the truth where it rains")
    print("lead   CSI >= 1 mm/h          FSS >= 1 mm/h, 5 cells   MAE mm/h")
    print(" min   forecast  standing     forecast  standing       forecast  standing")
    for index, lead in enumerate(summary["lead_minutes"]):
        both = scores.isel(lead_time=index), standing.isel(lead_time=index)
        row = [f"{float(table[name].sel(**at)):9.3f}" for name, at in _SHOWN for table in both]
        print(f"{lead:4.0f}  " + " ".join(row))
    files = "observed/*.h5 forecast.nc scores.csv"
    try:
        _draw(folder, observations, flow, {"forecast": scores, "standing still": standing})
        files += " storm.png forecast.gif scores.png"
    except UnsupportedError as error:
        print(f"no figures: {error}")
    print(f"files in {os.fspath(folder)}/: {files}")
    if data := os.environ.get("NOWCAST_TEST_DATA"):
        _real(Path(data) / "composite", folder)
    return scores


def _real(composites: Path, folder: Path) -> None:
    """Forecast the second half of every sequence from the frames before it, and print the scores."""
    print("event              lead  CSI >= 1 mm/h  FSS >= 1 mm/h, 5 cells  MAE mm/h")
    for event in sorted(path for path in composites.glob("*") if path.is_dir()):
        paths = sorted(path for path in event.iterdir() if path.is_file())
        start = len(paths) // 2
        if start < _LEAST_FRAMES:
            continue
        first, second = (io.layers(path)[0].time for path in paths[start : start + 2])
        step = float((second - first) / np.timedelta64(1, "m"))
        steps = min(int(_MINUTES / step), len(paths) - 1 - start)
        output = folder / f"{event.name}.nc"
        jobs.forecast(paths[max(0, start - 5) : start + 1], output, minutes=step * steps, step=step)
        later = paths[start + 1 : start + 1 + steps]
        scores, _ = jobs.verification(output, later, folder / f"{event.name}.csv")
        for index in sorted({0, steps // 4, steps // 2, steps - 1}):
            row = [float(scores[name].isel(lead_time=index).sel(**at)) for name, at in _SHOWN]
            print(f"{event.name:18s} {step * (index + 1):4.0f} {row[0]:14.3f} {row[1]:23.3f} {row[2]:9.3f}")


_SHOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("csi", {"threshold": 1.0}),
    ("fss", {"threshold": 1.0, "window": 5}),
    ("mae", {}),
)


def _standing(observations: xr.DataArray) -> xr.Dataset:
    """Scores of the latest frame taken for the forecast of every later time."""
    still, seen = observations.isel(time=_PAST - 1), observations.isel(time=slice(_PAST, None))
    guess = seen.copy(data=np.broadcast_to(still.values, seen.shape).copy())
    guess = guess.assign_coords(lead_time=("time", (seen["time"] - still["time"]).values))
    return verify.score(guess, seen, (0.1, 1.0, 5.0), (1, 5, 10, 20))


def _motion_error(flow: xr.Dataset, truth: xr.Dataset) -> float:
    """Root mean square difference of the estimated and the true motion where it rains."""
    wet = truth["rain"].values[_PAST - 1] >= 0.1
    du = (flow["u"].values - truth["u"].values)[wet]
    dv = (flow["v"].values - truth["v"].values)[wet]
    return float(np.sqrt(np.mean(du**2 + dv**2)))


def _draw(folder: Path, observations: xr.DataArray, flow: xr.Dataset, scores: dict[str, xr.Dataset]) -> None:
    """The last observation with its motion, a forecast, and what then happened; the forecast moving; the scores."""
    ahead = io.open(folder / "forecast.nc")
    shown = ahead.sizes["time"] // 2 - 1
    then = observations.sel(time=ahead["time"].values[shown])
    plot.side_by_side(
        [observations.isel(time=_PAST - 1), ahead.isel(time=shown), then],
        folder / "storm.png",
        flow=flow,
    )
    plot.animate(ahead, folder / "forecast.gif", local_time="Asia/Shanghai")
    plot.scores(scores, folder / "scores.png")
