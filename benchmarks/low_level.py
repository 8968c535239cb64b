"""Forecasts of the low-level wind that radars saw, against what they see later.

Simulated storms, looked at by two radars every ten minutes, beside a model that has them elsewhere, late and too weak;
and five volumes of one real radar (KHTX, 2008-04-11). Every forecast starts from a retrieval and moves with the echo of
the volumes up to it; it is compared with the retrieval of the later volumes where these see, below 3 km, with the truth
where there is one, and with the radial velocities of the later volumes themselves. Beside it stand persistence, the
model alone and the background alone. ``make bench-low-level``; what came of it is in the guide, ``low_level.md``.
"""

import argparse
import functools
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast import sim, wind
from nowcast.grid import Grid

HEIGHTS = (100.0, 250.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0)
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
SECONDS = tuple(1800.0 + 600.0 * k for k in range(8))  # after a storm's start, when volumes begin
ANGLES = (0.5, 1.4, 2.6, 4.3, 7.0, 11.0)
PLAN = sim.strategy.Strategy(
    "six turns", sim.strategy.Radar(), tuple(sim.strategy.Sweep(a, 2.0, 1000.0, 100e3, prf=1300.0) for a in ANGLES)
)
ERRING: dict[str, Any] = {"shift": (12e3, -8e3), "delay": 900.0, "intensity": 0.8}
"""How the model has the storm: metres away, seconds late, and so much of its strength."""
EVERY = 4  # gates: one of so many is compared
LOW_DEG = 2.5  # of beams whose velocities are forecast: they stay below 3 km for 60 km

# Of a storm: how it is made, and the middle of the ground it crosses between 30 and 100 minutes, m.
STORMS: dict[str, tuple[Any, tuple[float, float]]] = {
    "squall line": (functools.partial(sim.squall_line, length=60e3, particles=3000), (60e3, 0.0)),
    "supercell": (functools.partial(sim.supercell, particles=2000), (60e3, -33e3)),
    "pulse cells": (
        functools.partial(sim.pulse_cells, cells=5, merge=False, split=False, particles=1000),
        (15e3, 15e3),
    ),
}

Scores = dict[str, list[float]]


# ---- what is forecast from ----


def echo_motion(volumes: Sequence[Sequence[xr.DataTree]], grid: Grid) -> xr.Dataset:
    """How echo moves, by the composites of successive looks of the same radars."""
    looks = [nowcast.mosaic.build(list(look), grid=grid) for look in volumes]
    frames = xr.concat([nowcast.product.composite(look["DBZH"]) for look in looks], "time")
    return nowcast.motion.estimate(frames)


def seen_later(found: xr.Dataset) -> xr.Dataset:
    """The wind of levels about which radars saw something."""
    bits = found["sources"].values > 0
    known = found[["u", "v"]].copy(
        data={name: np.where(bits, found[name].values, np.nan).astype(np.float32) for name in ("u", "v")}
    )
    return wind.levels(known, HEIGHTS, ground=float(found["ground_height"]), reach=500.0, gap=1000.0)


def low_levels(space: xr.Dataset, ground: float) -> xr.Dataset:
    """Winds on the levels that are compared."""
    return wind.levels(space, HEIGHTS, ground=ground)


def fitted_decay(before: xr.Dataset, motion: xr.Dataset) -> float:
    """Minutes in which increments of the analyses up to now, (time, height, y, x), lost their weight."""
    lag = np.diff(before["time"].values) / np.timedelta64(1, "m")
    every = float(np.median(lag))
    found = wind.fit_decay(before, motions=motion, longest=every * lag.size, every=every)
    return float(found.attrs["decay"])


def error(made: xr.Dataset, there: xr.Dataset) -> float:
    """Root mean square of a component, m s-1, where both are known."""
    parts = [
        (made[name].values.astype(float) - there[name].transpose(*made[name].dims).values) ** 2 for name in ("u", "v")
    ]
    known = np.isfinite(parts[0]) & np.isfinite(parts[1])
    return float(np.sqrt(np.mean([part[known].mean() for part in parts]))) if known.any() else np.nan


# ---- simulated storms ----


class Case:
    """A simulated storm, its volumes and retrievals every ten minutes, and its model."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        seconds: Sequence[float] = SECONDS,
        dx: float = 2000.0,
        half: float = 60e3,
        plan: sim.strategy.Strategy = PLAN,
        **options: Any,
    ) -> None:
        make, (x, y) = STORMS[name]
        self.storm: sim.Storm = make(**options)
        n = round(2.0 * half / dx) + 1
        levels = tuple(np.arange(250.0, 14001.0, 500.0))
        self.grid = Grid(self.storm.projection, n, n, x - half, y - half, dx, dx, levels)
        self.seconds = list(seconds)
        self.model = self._model(folder)
        sites = [sim.Site.near(self.storm, x + side * 33e3, y - 35e3) for side in (-1.0, 1.0)]
        self.volumes: list[list[xr.DataTree]] = []
        self.found: list[xr.Dataset] = []
        for t in self.seconds:
            self.volumes.append([sim.scan(self.storm, site, plan, t, seed=k).volume for k, site in enumerate(sites)])
            time = self.storm.time(t + 0.5 * plan.seconds)[()]
            self.found.append(wind.retrieve(self.volumes[-1], self.grid, time, background=self.model))

    def _model(self, folder: Path) -> nowcast.model.Model:
        run = sim.model.run(self.storm, n=121, **ERRING)
        paths = []
        for minutes in (0, 30, 60, 90, 120):
            paths.append(folder / f"{self.storm.name.replace(' ', '-')}-{minutes}.grib2")
            run.write_grib(paths[-1], 60.0 * minutes)
        return nowcast.model.open(paths)

    def ground(self) -> float:
        return float(self.found[0]["ground_height"])

    def truth(self, time: Any) -> xr.Dataset:
        """The storm's own wind on the levels."""
        height, y, x = np.meshgrid(np.array(HEIGHTS) + self.ground(), self.grid.y, self.grid.x, indexing="ij")
        t = float((np.datetime64(time, "ns") - self.storm.time(0.0)) / np.timedelta64(1, "s"))
        winds = self.storm.wind(x, y, height - self.storm.ground, t)
        return xr.Dataset(
            {name: (("height", "y", "x"), part) for name, part in zip("uv", winds, strict=False)},
            coords={"height": list(HEIGHTS)},
        )

    def scores(self, start: int, scores: dict[float, Scores], truths: dict[float, Scores]) -> None:
        """Add the errors of the forecasts of a retrieval, by lead time, to those of later retrievals and the truth."""
        leads = [(t - self.seconds[start]) / 60.0 for t in self.seconds[start + 1 :]]
        ground = self.ground()
        now = low_levels(self.found[start], ground)
        motion = echo_motion(self.volumes[start - 1 : start + 1], self.grid)
        times = [found["time"].values for found in self.found[start:]]
        space = self.model.on_grid(("u", "v"), self.grid, heights=self.grid.z, times=times, below=500.0)
        model = low_levels(space, ground)
        own = {
            "forecast": wind.forecast(now, leads=leads, model=model, motion=motion),
            "without the model": wind.forecast(now, leads=leads, motion=motion),
        }
        for n, lead in enumerate(leads, 1):
            later = self.found[start + n]
            there = seen_later(later)
            true = self.truth(later["time"].values).where(np.isfinite(there["u"].transpose("height", "y", "x").values))
            candidates = {name: made.isel(time=n) for name, made in own.items()}
            candidates |= {"persistence": now, "model alone": model.isel(time=n), "background": _means(now)}
            for name, made in candidates.items():
                made = made[["u", "v"]].transpose("height", "y", "x")
                scores.setdefault(lead, {}).setdefault(name, []).append(error(made, there))
                truths.setdefault(lead, {}).setdefault(name, []).append(error(made, true))
            truths[lead].setdefault("later retrieval", []).append(error(low_levels(later, ground), true))


def _means(now: xr.Dataset) -> xr.Dataset:
    """The mean of each level everywhere."""
    return now[["u", "v"]].map(lambda field: field.mean(("y", "x")).broadcast_like(field))


def simulated(names: Iterable[str]) -> None:
    """Print the errors of forecasts of simulated storms."""
    scores: dict[float, Scores] = {}
    truths: dict[float, Scores] = {}
    for name in names:
        own: dict[float, Scores] = {}
        true: dict[float, Scores] = {}
        with tempfile.TemporaryDirectory() as folder:
            Case(name, Path(folder)).scores(1, own, true)
        show(f"{name}: against the later retrieval, m/s", own)
        show(f"{name}: against the truth, m/s", true)
        for total, part in ((scores, own), (truths, true)):
            for lead, row in part.items():
                for key, values in row.items():
                    total.setdefault(lead, {}).setdefault(key, []).extend(values)
    show("all: against the later retrieval, m/s", scores)
    show("all: against the truth where radars see, m/s", truths)


# ---- KHTX ----


def khtx(data: Path = DATA, dx: float = 2000.0) -> tuple[list[xr.DataTree], list[xr.Dataset], Grid]:
    """The five volumes, checked and dealiased, their winds, and the grid."""
    paths = sorted((data / "radar/nexrad/khtx-20080411").glob("KHTX*.gz"))
    volumes = [nowcast.radar.dealias(nowcast.radar.quality(nowcast.open(path))) for path in paths]
    grid = nowcast.grid.around(volumes[0], 80e3, dx=dx, dz=500.0, top=14e3)
    return volumes, [wind.retrieve(volume, grid, robust=3.0) for volume in volumes], grid


def low_gates(volume: xr.DataTree, grid: Grid) -> list[xr.Dataset]:
    """The velocities of the low sweeps of a volume: places on the grid, directions, and the mean time of each sweep."""
    placed, made = nowcast.radar.georeference(volume), []
    for name in volume.children:
        sweep = placed[name].to_dataset()
        if "VRADDH" not in sweep or float(sweep["elevation"].mean()) > LOW_DEG:
            continue
        x, y = grid.from_lonlat(sweep["longitude"].values, sweep["latitude"].values)
        height = sweep["z"].values - float(volume["altitude"])
        good = np.isfinite(sweep["VRADDH"].values) & (sweep["VCONF"].values >= 0.5) & (sweep["QIND"].values >= 0.1)
        good &= (x > grid.x[0]) & (x < grid.x[-1]) & (y > grid.y[0]) & (y < grid.y[-1])
        good &= (height > HEIGHTS[0]) & (height < HEIGHTS[-1])
        at = np.nonzero(good)
        cells = {"x": x[at], "y": y[at], "height": height[at], "velocity": sweep["VRADDH"].values[at]}
        cells |= {name: np.broadcast_to(sweep[name].values[:, None], good.shape)[at]
                  for name in ("azimuth", "elevation")}  # fmt: skip
        found = xr.Dataset({key: ("gate", value[::EVERY].astype(float)) for key, value in cells.items()})
        ns = sweep["time"].values.astype("datetime64[ns]").astype(np.int64)
        made.append(found.assign_coords(time=np.datetime64(int(np.median(ns)), "ns")))
    return made


def read_at(field: xr.DataArray, axes: Sequence[str], places: xr.Dataset) -> npt.NDArray[np.float64]:
    """A field at places, linear along each of its axes, which are increasing and need not be even."""
    first, rest = [], []
    for name in axes:
        axis, at = field[name].values.astype(float), places[name].values
        low = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, axis.size - 2)
        first.append(low)
        rest.append((at - axis[low]) / (axis[low + 1] - axis[low]))
    values = field.transpose(*axes).values.astype(float)
    total = np.zeros(first[0].shape)
    for corner in np.ndindex(*(2 for _ in axes)):
        weight = np.prod([part if up else 1.0 - part for part, up in zip(rest, corner, strict=True)], axis=0)
        total += weight * values[tuple(low + up for low, up in zip(first, corner, strict=True))]
    return total


def radial_error(made: xr.Dataset, gates: xr.Dataset) -> npt.NDArray[np.float64]:
    """Differences of a wind on levels, (height, y, x), to the velocities of gates, m s-1."""
    u, v = (read_at(made[name], ("height", "y", "x"), gates) for name in ("u", "v"))
    azimuth, elevation = (np.radians(gates[name].values) for name in ("azimuth", "elevation"))
    seen = (u * np.sin(azimuth) + v * np.cos(azimuth)) * np.cos(elevation)
    return np.asarray(seen - gates["velocity"].values)


def real(data: Path) -> tuple[dict[float, Scores], dict[float, Scores]]:
    """Errors of forecasts of KHTX by lead time, minutes: to the later retrieval, and to later radial velocities."""
    volumes, found, grid = khtx(data)
    levels: dict[float, Scores] = {}
    velocities: dict[float, dict[str, list[npt.NDArray[np.float64]]]] = {}
    for start in range(1, len(found) - 1):
        ground = float(found[start]["ground_height"])
        now = low_levels(found[start], ground)
        motion = echo_motion([[volume] for volume in volumes[: start + 1]], grid)
        before = xr.concat([low_levels(one, ground)[["u", "v"]] for one in found[: start + 1]], "time")
        decay = fitted_decay(before, motion)
        for later in range(start + 1, len(found)):
            lead = 5.0 * (later - start)
            there = seen_later(found[later])
            for name, made in _candidates(now, motion, decay, found[later]["time"].values).items():
                levels.setdefault(lead, {}).setdefault(name, []).append(error(made, there))
            for gates in low_gates(volumes[later], grid):
                for name, made in _candidates(now, motion, decay, gates["time"].values).items():
                    row = velocities.setdefault(lead, {}).setdefault(name, [])
                    row.append(radial_error(made, gates))
    pooled = {
        lead: {name: [_rms(np.concatenate(parts))] for name, parts in row.items()} for lead, row in velocities.items()
    }
    return levels, pooled


def _candidates(now: xr.Dataset, motion: xr.Dataset, decay: float, time: Any) -> dict[str, xr.Dataset]:
    lead = float((time - now["time"].values) / np.timedelta64(1, "m"))
    made = {
        "forecast": wind.forecast(now, leads=[lead], motion=motion).isel(time=1),
        "decay as before": wind.forecast(now, leads=[lead], motion=motion, decay=decay).isel(time=1),
        "moved alone": wind.forecast(now, leads=[lead], motion=motion, decay=1e6).isel(time=1),
        "persistence": now,
        "background": _means(now),
    }
    return {name: one[["u", "v"]].transpose("height", "y", "x") for name, one in made.items()}


def _rms(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if known.size else np.nan


# ---- the tables ----


def show(title: str, scores: dict[float, Scores]) -> None:
    leads = sorted(scores)
    names = list(scores[leads[0]])
    print(f"\n{title}\n{'lead, min':20}" + "".join(f"{lead:8.0f}" for lead in leads))
    for name in names:
        row = [np.sqrt(np.mean(np.square(scores[lead][name]))) for lead in leads]
        print(f"{name:20}" + "".join(f"{value:8.2f}" for value in row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--storm", action="append", choices=list(STORMS), help="these alone; none of KHTX then")
    arguments = parser.parse_args()
    if arguments.storm is None and (arguments.data / "radar/nexrad/khtx-20080411").exists():
        levels, velocities = real(arguments.data)
        show("KHTX 2008-04-11: against the later retrieval where the radar sees, m/s", levels)
        show("KHTX 2008-04-11: against later radial velocities below 3 km, m/s", velocities)
    simulated(arguments.storm or STORMS)


if __name__ == "__main__":
    main()
