"""Blends of a nowcast with a model whose errors are known, beside either source alone: is a blend ever the worse one?

The model is what the composite observed later, 15 cells too far east, 7 too far north and 1.3 times too strong, every
15 minutes, on the middle 300 x 300 cells of real composites. Skill is that of one cycle 20 minutes before. Scores are
of cells known to the extrapolation, over all events: of the sources, of one blended field, and of the means of
ensembles. Starts are spread evenly; those of odd number are for choosing constants and those of even
number for the report.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import xarray as xr

import nowcast

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from events import EVENTS  # noqa: E402

EAST, NORTH, STRONGER, SIDE = 15, 7, 1.3, 300
LEADS, EVERY, BEFORE, FIRST = (1, 3, 6, 12, 18, 24), 3, 4, 7  # in steps of five minutes
SCORES = (("csi", 1.0), ("csi", 5.0), ("fss", 1.0), ("fss", 5.0), ("mae", None), ("rmse", None))


def pieces(frames: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """What is observed in the middle, and what a model that errs so would say there."""
    top, left = (frames.sizes["y"] - SIDE) // 2, (frames.sizes["x"] - SIDE) // 2
    seen = frames.isel(y=slice(top, top + SIDE), x=slice(left, left + SIDE))
    aside = frames.isel(y=slice(top - NORTH, top - NORTH + SIDE), x=slice(left - EAST, left - EAST + SIDE))
    return seen, seen.copy(data=np.float32(STRONGER) * aside.values)


def forecasts(seen: xr.DataArray, model: xr.DataArray, start: int, members: int) -> dict[str, xr.DataArray]:
    """Of one start: the sources and what is made of them."""
    skill = nowcast.forecast.BlendSkill()
    step = float((seen["time"].values[1] - seen["time"].values[0]) / np.timedelta64(1, "m"))
    leads = [step * k for k in LEADS]
    for now in (start - BEFORE, start):
        past, run = seen.isel(time=slice(now - 3, now + 1)), model.isel(time=slice(now, now + LEADS[-1] + 1, EVERY))
        flow = nowcast.motion.estimate(past)
        blended = nowcast.forecast.blend(past, flow, run, members=1, noise=False, skill=skill, leads=leads, delay=False)
    made = {"extrapolation": nowcast.forecast.extrapolate(past, flow, leads=leads, delay=False)}
    made["model"] = made["extrapolation"].copy(data=model.isel(time=[start + k for k in LEADS]).values)
    made["blend"] = blended.squeeze("member", drop=True)
    if members:
        ens = nowcast.forecast.blend(past, flow, run, members=members, skill=skill, leads=leads, delay=False)
        alone = nowcast.forecast.steps(past, flow, members=members, leads=leads, delay=False)
        made["mean of steps"], made["mean of blend"] = alone.mean("member"), ens.mean("member")
        made["mean of enkf"] = filtered(past, flow, run, members=members, step=step, leads=leads).mean("member")
    return made


def filtered(
    past: xr.DataArray, flow: xr.Dataset, run: xr.DataArray, *, members: int, step: float, leads: list[float]
) -> xr.DataArray:
    """By the Kalman filter, which corrects at every lead time: every ten minutes, and at those that are scored."""
    every = sorted({2.0 * step * k for k in range(1, LEADS[-1] // 2 + 1)} | set(leads))
    made = nowcast.forecast.enkf(past, flow, run, members=members, leads=every, delay=False)
    return made.isel(time=[every.index(lead) for lead in leads])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--events", nargs="*", default=["rmi-20210704", "mch-20150515"])
    parser.add_argument("--starts", choices=("odd", "even"), default="even")
    parser.add_argument("--members", type=int, default=0)
    given = parser.parse_args()
    cases: dict[str, list[xr.Dataset]] = {}
    for event in EVENTS:
        if event.name not in given.events:
            continue
        seen, model = pieces(event.read(event.paths(given.data)))
        starts = np.linspace(FIRST, seen.sizes["time"] - 1 - LEADS[-1], 4).astype(int)
        for start in starts[0 if given.starts == "odd" else 1 :: 2]:
            made = forecasts(seen, model, int(start), given.members)
            truth = seen.isel(time=[start + k for k in LEADS])
            known = np.isfinite(truth.values) & np.isfinite(made["extrapolation"].values)
            for name, ahead in made.items():
                field = made["extrapolation"].copy(data=np.where(known, ahead.values, np.float32(np.nan)))
                cases.setdefault(name, []).append(nowcast.verify.score(field, truth.where(known), (1.0, 5.0), (10,)))
    pooled = {name: nowcast.verify.pool(xr.concat(scores, "case")) for name, scores in cases.items()}
    for score, threshold in SCORES:
        print(score, threshold or "")
        for name, table in pooled.items():
            at = {} if threshold is None else {"threshold": threshold}
            values = table[score].sel(at)
            values = values.isel(window=0) if score == "fss" else values
            print(f"  {name:15s}", " ".join(f"{float(value):6.3f}" for value in values), flush=True)


if __name__ == "__main__":
    main()
