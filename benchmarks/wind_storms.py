"""Winds of simulated storms, whose wind is known: how far w is off, and how far the wind says that it is.

Three storms that move and change are looked at by two radars 70 km apart, in the plan of the weather service (VCP 12,
four minutes); what they say of them is compared with the wind of the middle of their volumes where both see echo and
their beams cross at 30 to 150 degrees. Then the same with ten models in turn as background that have the storm
elsewhere, late and of other strength. ``make bench-storms``; what came of it is in the guide, ``wind.md``.
"""

import argparse
import dataclasses
import functools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast import sim, wind
from nowcast.grid import Grid

sys.path.insert(0, str(Path(__file__).with_name("peers")))

import winds

Array = npt.NDArray[np.float64]

START = 1800.0  # s after the storm's start, when volumes begin
APART_M = 70e3
AWAY_M = 40e3  # from the line between the radars to the middle of the storm
LOBE = (30.0, 150.0)  # degrees between beams
LEAST_DBZ = 10.0
LID_M = 16e3
CLASSES = 5
MODELS = 10
DEEP = {"error_w": 8.0, "length_w": 10e3}  # errors of w, of draughts that reach through the storm
SEED = 20260601


@dataclasses.dataclass(frozen=True)
class Case:
    """A storm, and its middle at the time of the volumes, m."""

    make: Callable[..., sim.Storm]
    x: float
    y: float
    half: float = 35e3


CASES = {
    "squall line": Case(functools.partial(sim.squall_line, length=60e3, particles=3000), 26e3, 0.0),
    "pulse cells": Case(
        functools.partial(sim.pulse_cells, cells=5, merge=False, split=False, particles=1000), 8e3, 4e3
    ),
    "supercell": Case(functools.partial(sim.supercell, particles=2000), 50e3, -5e3),
}


class Seen:
    """What two radars saw of a storm, and its true wind."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        seed: int = 1,
        dx: float = 1000.0,
        plan: sim.strategy.Strategy | None = None,
    ) -> None:
        case, plan = CASES[name], plan or sim.strategy.wsr88d()
        self.name, self.seed, self.storm = f"{name.replace(' ', '-')}-{seed}", seed, case.make(seed=seed)
        n = round(2.0 * case.half / dx) + 1
        levels = tuple(np.arange(250.0, LID_M, 500.0))
        self.grid = Grid(self.storm.projection, n, n, case.x - case.half, case.y - case.half, dx, dx, levels)
        self.places = [(case.x + side * 0.5 * APART_M, case.y - AWAY_M) for side in (-1.0, 1.0)]
        self.time = self.storm.time(START + 0.5 * plan.seconds)[()]
        self.volumes = [self._volume(folder, plan, number) for number in range(2)]
        self.true = self._truth()

    def _volume(self, folder: Path, plan: sim.strategy.Strategy, number: int) -> xr.DataTree:
        path = folder / f"{self.name}-{number}.nc"
        if not path.exists():
            site = sim.Site.near(self.storm, *self.places[number])
            volume = sim.scan(self.storm, site, plan, START, seed=2 * (self.seed - 1) + number).volume
            volume.attrs["instrument_name"] = "west" if number == 0 else "east"
            nowcast.radar.write(nowcast.radar.dealias(volume), path)
        return nowcast.open(path)

    def _truth(self) -> dict[str, Array]:
        """u, v, w, reflectivity and the angle between beams at the cells of the grid, (z, y, x)."""
        z, y, x = np.meshgrid(np.array(self.grid.z) - self.storm.ground, self.grid.y, self.grid.x, indexing="ij")
        found = self.storm.at(x, y, z, self.storm.seconds(self.time))
        towards = [np.arctan2(x - place[0], y - place[1]) for place in self.places]
        apart = np.abs((np.degrees(towards[1] - towards[0]) + 180.0) % 360.0 - 180.0)
        return {name: np.asarray(found[name], dtype=float) for name in ("u", "v", "w", "DBZH")} | {"apart": apart}

    def where(self, found: xr.Dataset) -> npt.NDArray[np.bool_]:
        """The cells that are judged."""
        apart = self.true["apart"]
        lobe = (apart > LOBE[0]) & (apart < LOBE[1])
        return lobe & (found["sources"].values & 3 == 3) & (self.true["DBZH"] > LEAST_DBZ)

    def retrieve(self, **options: Any) -> xr.Dataset:
        return wind.retrieve(self.volumes, self.grid, self.time, **options)


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def judged(seen: Seen, found: xr.Dataset) -> dict[str, float]:
    """Errors of a wind where it is judged, and of what it says of them."""
    where = seen.where(found)
    true = {name: seen.true[name][where] for name in "uvw"}
    made = {name: found[name].values[where].astype(float) for name in "uvw"}
    told = {f"error {name}": rms(made[name] - true[name]) for name in "uvw"}
    told |= {
        "cells": float(where.sum()),
        "true w": rms(true["w"]),
        "ratio": told["error w"] / rms(true["w"]),
        "correlation": float(np.corrcoef(made["w"], true["w"])[0, 1]),
        "peak": float(made["w"].max() / true["w"].max()),
        "strongest": float(true["w"].max()),
    }
    for name in "uvw":
        if f"{name}_error" not in found:
            continue
        off, stated = np.abs(made[name] - true[name]), found[f"{name}_error"].values[where].astype(float)
        told[f"within {name}"] = float(np.mean(off <= stated))
        parts = np.array_split(off[np.argsort(stated, kind="stable")], CLASSES)
        told[f"trusted {name}"], told[f"doubted {name}"] = rms(parts[0]), rms(parts[-1])
    return told


# ---- models that err ----


def models(seen: Seen, folder: Path) -> Iterator[nowcast.model.Model]:
    """Runs that have the storm 8 to 20 km elsewhere, 5 to 20 minutes late, and of 0.7 to 1.3 of its strength."""
    chance = np.random.default_rng(SEED)
    for number in range(MODELS):
        angle, far = chance.uniform(0.0, 2.0 * np.pi), chance.uniform(8e3, 20e3)
        erring: dict[str, Any] = {
            "shift": (far * np.cos(angle), far * np.sin(angle)),
            "delay": chance.uniform(300.0, 1200.0),
            "intensity": chance.uniform(0.7, 1.3),
        }
        run = sim.model.run(seen.storm, n=101, **erring)
        paths = []
        for t in (START, START + 300.0):  # about the time of the wind
            paths.append(folder / f"model-{seen.name}-{number}-{t:.0f}.grib2")
            if not paths[-1].exists():
                run.write_grib(paths[-1], t)
        yield nowcast.model.open(paths)


def with_models(seen: Seen, folder: Path, **options: Any) -> tuple[Array, Array]:
    """Errors of u, v and w with each model as background, and of u and v of each alone, m/s: (model, component)."""
    winds, alone = [], []
    for model in models(seen, folder):
        found = seen.retrieve(background=model, **options)
        where = seen.where(found)
        there = model.on_grid(("u", "v"), seen.grid, heights=seen.grid.z, times=[seen.time]).isel(time=0)
        for errors, made in ((winds, found), (alone, there)):
            errors.append([rms((made[name].values - seen.true[name])[where]) for name in "uvw" if name in made])
        model.close()
    return np.array(winds), np.array(alone)


# ---- the tables ----


def theirs(seen: Seen, found: xr.Dataset, python: str) -> xr.Dataset:
    """PyDDA's wind, from velocities that Py-ART has brought to the grid, moved by the motion that was found."""
    base = seen.storm.environment
    sounding = xr.Dataset(
        {name: ("z", base.read(getattr(base, name), np.array(seen.grid.z) - seen.storm.ground)) for name in "uv"}
    )
    motion = (float(found["motion_u"]), float(found["motion_v"]))
    made, _ = winds.theirs_of_volumes(python, seen.volumes, seen.grid, seen.time, motion, sounding, "sounding")
    return found[["sources"]].assign({name: (("z", "y", "x"), made[name]) for name in "uvw"})


def show(names: list[str], seeds: list[int], folder: Path, python: str | None) -> None:
    head = ("cells", "true w", "strongest", "error u", "error v", "error w", "ratio", "correlation", "peak")
    head += tuple(f"within {name}" for name in "uvw")
    print(f"{'':14}" + "".join(f"{name:>12}" for name in head) + "   trusted / doubted fifth, u, v, w")
    for name, seed in ((name, seed) for name in names for seed in seeds):
        seen = Seen(name, folder, seed=seed)
        for label, options in ((seen.name, {}), ("  deep errors", DEEP)):
            found = seen.retrieve(**options)
            told = judged(seen, found)
            fifths = ", ".join(f"{told[f'trusted {part}']:.2f} / {told[f'doubted {part}']:.2f}" for part in "uvw")
            print(f"{label:14}" + "".join(f"{told[key]:12.2f}" for key in head) + f"   {fifths}", flush=True)
        if python:
            told = judged(seen, theirs(seen, found, python))
            print(f"{'  PyDDA':14}" + "".join(f"{told.get(key, np.nan):12.2f}" for key in head), flush=True)


def show_models(name: str, folder: Path) -> None:
    """Of the first draw of a storm alone: models take most of the time."""
    seen = Seen(name, folder)
    with_each, alone = with_models(seen, folder)
    own = judged(seen, seen.retrieve())
    print(f"\n{name}, {MODELS} models that err, mean errors of u, v, w, m/s")
    for label, errors in (
        ("own profile", [own[f"error {part}"] for part in "uvw"]),
        ("model as background", with_each.mean(0)),
        ("model alone", alone.mean(0)),
    ):
        print(f"{label:22}" + "".join(f"{value:8.2f}" for value in errors), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storm", action="append", choices=list(CASES), help="these alone")
    parser.add_argument("--seed", action="append", type=int, help="draws of them; 1 without any")
    parser.add_argument("--only", choices=("radars", "models"), help="without models, or with models alone")
    parser.add_argument("--python", help="a Python that has PyDDA and Py-ART; ours alone without one")
    parser.add_argument("--folder", type=Path, help="where volumes are kept, to be read from there the next time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        names = arguments.storm or list(CASES)
        if arguments.only != "models":
            show(names, arguments.seed or [1], folder, arguments.python)
        for storm in names if arguments.only != "radars" else ():
            show_models(storm, folder)


if __name__ == "__main__":
    main()
