"""Learn a model of growth and decay from sequences of rain, for nowcast.forecast.corrected.

    python examples/train_growth.py -o model.txt "may/*.h5" "july/*.h5"     each pattern is one event
    python examples/train_growth.py -o model.txt --storms 24                synthetic storms

A network of two layers of rectified units learns, from what the last frames say of a place, what the expected rain
("mean") lacks of what was seen there later. Events are held out in turn first, up to five parts of them: the remarks at
the head of the model say what the correction was worth there. Needs nothing but NumPy besides libnowcast.
"""

import argparse
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast.forecast import GROWTH_INPUTS, GrowthModel

Array = npt.NDArray[np.float32]

LEADS = (15.0, 30.0, 60.0, 120.0)
PAST = 4
"""Frames that a forecast is made of."""

LEFT_OUT = ("rain_128", "recent_128", "trend_128", "wet_128")
UNITS = (24, 12)
STEP, DECAY, BATCH, EPOCHS = 2e-3, 0.5, 1024, 8


@dataclasses.dataclass(frozen=True)
class Samples:
    """Cells of forecasts: inputs (cell, input), what a change is told in, the forecast, and what was seen."""

    inputs: Array
    amount: Array
    base: Array
    seen: Array


def forecasts(frames: xr.DataArray, start: int) -> tuple[xr.DataArray, xr.Dataset, dict[float, int]]:
    """The frames up to a start, their motion, and the number of the frame seen at each lead that there is one for."""
    past = frames.isel(time=slice(max(0, start - PAST + 1), start + 1))
    minutes = (frames["time"].values - frames["time"].values[start]) / np.timedelta64(1, "m")
    later = {lead: int(np.abs(minutes - lead).argmin()) for lead in LEADS}
    ahead = {float(minutes[n]): n for lead, n in later.items() if abs(minutes[n] - lead) <= 3.0}
    return past, nowcast.motion.estimate(past), ahead


def spread(frames: xr.DataArray, several: int) -> list[int]:
    """Starts that have their past and all leads, or if there is none, the first that has its past."""
    times = frames["time"].values
    last = int(np.searchsorted(times, times[-1] - np.timedelta64(int(LEADS[-1]), "m")))
    return sorted(set(np.linspace(PAST - 1, max(last, PAST - 1), several).astype(int).tolist()))


def gather(frames: xr.DataArray, starts: Sequence[int], cells: int, seed: int = 0) -> Samples:
    """So many cells for each start and lead, drawn by their amount, so that heavy rain is not lost among drizzle."""
    random = np.random.default_rng(seed)
    parts = []
    for start in starts:
        past, flow, ahead = forecasts(frames, start)
        base = nowcast.forecast.run(past, flow, "mean", leads=list(ahead))
        inputs, amount = nowcast.forecast.growth_inputs(past, flow, base, leads=list(ahead))
        for k, number in enumerate(ahead.values()):
            seen, of = frames.isel(time=number).values, amount.values[k]
            chance = np.where(np.isfinite(seen) & (of > 0.0), of, 0.0).ravel().astype("f8")
            if not chance.any():
                continue
            drawn = random.choice(chance.size, cells, p=chance / chance.sum())
            told = inputs.values[:, k].reshape(len(GROWTH_INPUTS), -1)[:, drawn].T
            parts.append((told, of.ravel()[drawn], base.values[k].ravel()[drawn], seen.ravel()[drawn]))
    return Samples(*(np.concatenate(of, dtype=np.float32) for of in zip(*parts, strict=True)))


def together(several: Sequence[Samples]) -> Samples:
    fields = [field.name for field in dataclasses.fields(Samples)]
    return Samples(*(np.concatenate([getattr(one, field) for one in several]) for field in fields))


def fit(samples: Samples, name: str, remarks: str = "", seed: int = 0) -> str:
    """The text of a model: least squared error in amounts, by Adam (Kingma and Ba 2015)."""
    random = np.random.default_rng(seed)
    chosen = [n for n, of in enumerate(GROWTH_INPUTS) if of not in LEFT_OUT]
    mean, scale = samples.inputs[:, chosen].mean(0), samples.inputs[:, chosen].std(0) + np.float32(1e-3)
    x = np.clip((samples.inputs[:, chosen] - mean) / scale, -4.0, 4.0)
    y = np.clip((samples.seen - samples.base) / samples.amount, -1.0, 5.0)
    layers = network(x, y[:, None], random)
    lines = [*(f"# {line}".rstrip() for line in remarks.splitlines()), "nowcast growth 1", f"model {name}", "base mean"]
    for k, number in enumerate(chosen):
        lines.append(f"input {GROWTH_INPUTS[number]} {mean[k]:.7g} {scale[k]:.7g}")
    for weights, bias in layers:
        lines.append(f"layer {len(bias)}")
        for unit in range(len(bias)):
            lines.append(" ".join(["unit", f"{bias[unit]:.7g}", *(f"{w:.7g}" for w in weights[:, unit])]))
    return "\n".join(lines) + "\n"


def network(x: Array, y: Array, random: np.random.Generator) -> list[tuple[Array, Array]]:
    """Weights and biases of layers. The last begins at zero: with nothing to be learned the forecast stays as it is."""
    sizes = (x.shape[1], *UNITS, 1)
    values = []
    for below, units in itertools.pairwise(sizes):
        spread = 0.0 if units == 1 else np.sqrt(2.0 / below)
        values += [random.normal(0.0, spread, (below, units)).astype("f4"), np.zeros(units, "f4")]
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    total = EPOCHS * (len(x) // BATCH)
    for number, rows in enumerate(batches(len(x), random)):
        slopes = gradients(values, x[rows], y[rows])
        rate = STEP * 0.5 * (1.0 + np.cos(np.pi * number / total))
        for k, slope in enumerate(slopes):
            first[k] += 0.1 * (slope - first[k])
            second[k] += 0.001 * (slope**2 - second[k])
            ahead = first[k] / (1.0 - 0.9 ** (number + 1)), second[k] / (1.0 - 0.999 ** (number + 1))
            values[k] -= np.float32(rate) * (ahead[0] / (np.sqrt(ahead[1]) + 1e-8) + np.float32(DECAY) * values[k])
    return list(zip(values[::2], values[1::2], strict=True))


def batches(n: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.intp]]:
    for _ in range(EPOCHS):
        order = random.permutation(n)
        for at in range(n // BATCH):
            yield order[at * BATCH : (at + 1) * BATCH]


def gradients(values: list[Array], x: Array, y: Array) -> list[Array]:
    """Of half the mean squared error."""
    levels = [x]
    for k in range(0, len(values), 2):
        level = levels[-1] @ values[k] + values[k + 1]
        levels.append(level if k + 2 == len(values) else np.maximum(level, 0.0))
    error = (levels[-1] - y) / np.float32(len(x))
    slopes: list[Array] = []
    for k in range(len(values) - 2, -1, -2):
        below = levels[k // 2]
        slopes = [below.T @ error, error.sum(0), *slopes]
        error = (error @ values[k].T) * (below > 0.0)
    return slopes


def sequences(given: argparse.Namespace) -> Iterator[xr.DataArray]:
    """Rain, mm h-1, of each event."""
    for pattern in given.events:
        yield nowcast.grid.rain_rate(nowcast.open(pattern), *given.z_r)
    for seed in range(given.storms):
        yield nowcast.sim.storms(seed=seed, minutes=180, n=192)["rain"]


def worth(samples: Samples, model: GrowthModel) -> tuple[float, float]:
    """Root mean squared error of the forecast and of the corrected one, mm h-1, over cells drawn by their amount."""
    told = np.ascontiguousarray(samples.inputs)
    change = np.clip(evaluate(model.text, told), -1.0, 2.0)
    made = np.maximum(samples.base + change * samples.amount, 0.0)
    return tuple(float(np.sqrt(np.mean((one - samples.seen) ** 2))) for one in (samples.base, made))


def evaluate(text: str, told: Array) -> Array:
    """What the network of a text says of inputs (cell, input): the same as libnowcast does, in NumPy."""
    level, units = [], []
    layers = []
    for line in text.splitlines():
        word, *rest = line.split("#")[0].split() or [""]
        if word == "input":
            value = (told[:, GROWTH_INPUTS.index(rest[0])] - np.float32(rest[1])) / np.float32(rest[2])
            level.append(np.clip(value, -4.0, 4.0))
        elif word == "layer":
            units = []
            layers.append(units)
        elif word == "unit":
            units.append(np.array(rest, dtype="f4"))
    x = np.stack(level, axis=1)
    for k, rows in enumerate(layers):
        weights = np.stack(rows)
        x = x @ weights[:, 1:].T + weights[:, 0]
        x = x if k + 1 == len(layers) else np.maximum(x, 0.0)
    return x[:, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", nargs="*", help="patterns of files, one for each event")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--name", default="learned")
    parser.add_argument("--data", default="", help="what the data are, for the remarks")
    parser.add_argument("--storms", type=int, default=0, help="synthetic storms besides")
    parser.add_argument("--starts", type=int, default=4, help="of each event")
    parser.add_argument("--cells", type=int, default=4000, help="for each start and lead")
    parser.add_argument("--z-r", type=float, nargs=2, default=(200.0, 1.6), help="of reflectivity")
    given = parser.parse_args()
    parts: list[Samples] = []
    for frames in sequences(given):
        parts.append(gather(frames, spread(frames, given.starts), given.cells, seed=len(parts)))
        print(f"event {len(parts)}: {len(parts[-1].amount)} cells", flush=True)
    if len(parts) < 2:
        parser.error("two events or more expected: one is held out at a time")
    groups = [parts[n :: min(len(parts), 5)] for n in range(min(len(parts), 5))]
    errors = []
    for k, held in enumerate(groups):
        others = together([one for n, group in enumerate(groups) if n != k for one in group])
        errors.append(worth(together(held), GrowthModel(fit(others, given.name))))
        print("held out: error {:.3f}, corrected {:.3f} mm h-1".format(*errors[-1]), flush=True)
    before, after = np.sqrt(np.mean(np.square(errors), axis=0))
    cells, leads = sum(len(one.amount) for one in parts), ", ".join(f"{lead:g}" for lead in LEADS)
    remarks = f"""Growth and decay, learned by examples/train_growth.py.
Data: {given.data or "not said"}; {len(parts)} events, {cells} cells, leads of {leads} min.
Root mean squared error on events held out, of cells drawn by their amount, mm h-1:
{before:.3f} of the forecast, {after:.3f} corrected.
Limits: rain like that of the data, on grids and in steps like theirs; leads up to {LEADS[-1]:g} min."""
    given.output.write_text(fit(together(parts), given.name, remarks), encoding="utf-8")


if __name__ == "__main__":
    main()
