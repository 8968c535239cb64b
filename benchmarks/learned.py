"""What a learned correction of growth and decay is worth on real events that it never saw.

Each event in turn is left out, a model is learned from the odd starts of all others by examples/train_growth.py, and
forecasts of the even starts of the one left out are scored: the expected rain, the same corrected, the sharp and the
ranked product, and the corrected one with the values of the sharp one by rank. Differences to the best method of the
same kind come with 95 % intervals, from a paired bootstrap of blocks of starts that follow one another.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from events import EVENTS, Event
from nowcast.forecast import GrowthModel

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "examples"))
import train_growth as growth  # noqa: E402

SCORES = (
    ("rmse", {}),
    ("mae", {}),
    ("csi", {"threshold": 1.0}),
    ("csi", {"threshold": 5.0}),
    ("fss", {"threshold": 1.0, "window": 10}),
    ("fss", {"threshold": 5.0, "window": 10}),
)
LIKE = {"corrected": "mean", "corrected, ranked": "ranked"}
BLOCK = 2
"""Starts in a block of the bootstrap."""


def by_rank(field: npt.NDArray[np.float32], values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The values of one field in the order of another; both known in the same cells."""
    known = np.isfinite(field) & np.isfinite(values)
    made = np.full_like(field, np.nan)
    order = np.empty(int(known.sum()), dtype=np.float32)
    order[np.argsort(field[known], kind="stable")] = np.sort(values[known])
    made[known] = order
    return made


def forecasts(frames: xr.DataArray, start: int, model: GrowthModel) -> tuple[dict[str, xr.DataArray], xr.DataArray]:
    """Forecasts by name, and what was seen; known in the same cells."""
    past, flow, ahead = growth.forecasts(frames, start)
    leads = list(ahead)
    made = dict(nowcast.forecast.cascade(past, flow, products=("sharp", "ranked", "mean"), leads=leads).items())
    made["corrected"] = model.correct(past, flow, made["mean"], leads=leads)
    ranked = [by_rank(*pair) for pair in zip(made["corrected"].values, made["sharp"].values, strict=True)]
    made["corrected, ranked"] = made["corrected"].copy(data=np.stack(ranked))
    seen = frames.isel(time=list(ahead.values())).assign_coords(time=made["mean"]["time"])
    known = np.logical_and.reduce([np.isfinite(one.values) for one in (seen, *made.values())])
    return {str(name): one.where(known) for name, one in made.items()}, seen.where(known)


def score(event: Event, data: Path, model: GrowthModel, several: int) -> dict[str, list[xr.Dataset]]:
    """Scores of the even starts."""
    frames = event.read(event.paths(data))
    cases: dict[str, list[xr.Dataset]] = {}
    for start in growth.spread(frames, several)[1::2]:
        made, seen = forecasts(frames, start, model)
        for name, one in made.items():
            scores = nowcast.verify.score(one, seen, (1.0, 5.0), (10,)).assign_coords(lead_time=list(growth.LEADS))
            cases.setdefault(name, []).append(scores.drop_vars("forecast_reference_time"))
    return cases


def table(title: str, cases: dict[str, list[xr.Dataset]]) -> None:
    joined = {name: xr.concat(scores, "case") for name, scores in cases.items()}
    pooled = {name: nowcast.verify.pool(scores) for name, scores in joined.items()}
    beside = {name: nowcast.verify.compare(joined[name], joined[like], block=BLOCK) for name, like in LIKE.items()}
    print(f"\n{title}: leads of {', '.join(f'{lead:g}' for lead in growth.LEADS)} min")
    for name, at in SCORES:
        print(f"{name} {at.get('threshold', '')}")
        for method, scores in pooled.items():
            line = " ".join(f"{float(value):7.4f}" for value in scores[name].sel(at))
            if method in LIKE:
                found = beside[method][name].sel(at)
                ends = [found.sel(statistic=end).values for end in ("difference", "low", "high")]
                line += "   " + " ".join(f"{d:+.4f} ({a:+.4f} {b:+.4f})" for d, a, b in zip(*ends, strict=True))
            print(f"  {method:18s} {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--starts", type=int, default=8, help="of each event, odd and even")
    parser.add_argument("--cells", type=int, default=4000, help="for each start and lead")
    given = parser.parse_args()
    events = [event for event in EVENTS if not event.name.startswith("mrms")]
    samples = {}
    for event in events:
        frames = event.read(event.paths(given.data))
        samples[event.name] = growth.gather(frames, growth.spread(frames, given.starts)[::2], given.cells)
        print(f"{event.name}: {len(samples[event.name].amount)} cells of odd starts", flush=True)
    all_cases: dict[str, list[xr.Dataset]] = {}
    for event in events:
        others = growth.together([one for name, one in samples.items() if name != event.name])
        cases = score(event, given.data, GrowthModel(growth.fit(others, "others")), given.starts)
        table(event.name, cases)
        for name, scores in cases.items():
            all_cases.setdefault(name, []).extend(scores)
    table("all events", all_cases)


if __name__ == "__main__":
    main()
