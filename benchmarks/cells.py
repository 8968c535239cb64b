"""Cells of made sequences whose ways are known, found and followed by libnowcast.

Each case is a sequence of reflectivity on 140 x 140 cells of 1 km, every 5 minutes for an hour: hills that move with a
common flow and a little way of their own, grow and decay, split and merge, on weak rain with noise, in steps of 0.5 dB.
A true cell counts while it is above 40 dBZ and 6 km from others. A split or merge is when the dip between two hills,
without noise, reaches 3 dB, or no longer does. ``make bench-cells``.

POD is the share of true cells within 5 km of one found, and again of those of 50 dBZ or more: above 68 and 96 % are the
figures of SCIT (Johnson et al. 1998, Wea. Forecasting 13, 263). FAR that of those found farther than 8 km from any true
one; purity the share of a track's cells that are of its commonest true cell; fragments the tracks of a true cell beside
the first; event CSI that of splits and merges, 15 minutes and 12 km being near enough. Behind each its 95 % range over
cases drawn again.

Below, how far cells are from where they were forecast, in km, and the share of them within the cones of 68 and 95 %.
``--keep FILE`` adds the numbers of each case to a file as they come, and takes those that are in it from there.
With ``--python`` the same of tobac and T-DaTing (pysteps), of the interpreter that has them, and the differences, with
their 95 % range over the same cases drawn again. They forecast by the velocity over the last four frames of a track.
"""

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
import time as clock
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import cells, motion
from nowcast.errors import NoDataError
from nowcast.grid import Grid

Array = npt.NDArray[np.float64]
SIZE, FRAMES, STEP_S, CASES, BOOTSTRAPS = 140, 13, 300.0, 30, 2000
NEAR_KM, FAR_KM, EVENT_KM, EVENT_FRAMES, LEAST_DBZ, STRONG_DBZ, DIP_DB = 5.0, 8.0, 12.0, 3, 40.0, 50.0, 3.0
LEADS = (2, 4, 6, 9)  # frames
FIRST = 2  # frame that is scored: T-DaTing does not follow before
PEERS = ("tobac", "tdating")
SIDE = Path(__file__).parent / "peers" / "cells_side.py"
SCORES = ("POD", "POD 50 dBZ", "FAR", "purity", "fragments", "event CSI")
PROJECTION = "+proj=aeqd +lat_0=45 +lon_0=10 +ellps=WGS84"
WIDE, TILES = (1226, 760), (9, 6)  # cells of a national composite, and the cases side by side that fill it


@dataclasses.dataclass
class Hill:
    """A true cell: km, km a frame, dBZ above the rain at its best, frames."""

    x: float
    y: float
    u: float
    v: float
    height: float
    width: float
    born: float
    dies: float

    def at(self, frame: int) -> tuple[float, float, float]:
        """Place and height; 0 where it is not there."""
        age = (frame - self.born) / (self.dies - self.born)
        alive = 0.0 <= age <= 1.0
        height = self.height * min(1.0, 4.0 * age, 4.0 * (1.0 - age)) if alive else 0.0
        since = frame - self.born
        return self.x + self.u * since, self.y + self.v * since, max(height, 0.0)


@dataclasses.dataclass
class Case:
    """A sequence of reflectivity, (time, y, x), its true cells (frame, cell, x, y, dBZ), and events (frame, x, y)."""

    dbz: npt.NDArray[np.float32]
    cells: Array
    events: Array


@dataclasses.dataclass
class Found:
    """What a method found: rows (frame, track, x, y), (frame, x, y) of splits and merges, (frame, track, lead, x, y) of
    forecasts, with how far the true place is away in cones of ours: (frame, track, lead, x, y, xx, xy, yy)."""

    cells: Array
    events: Array
    ahead: Array
    spent: float


def smooth_noise(dice: np.random.Generator, scale: float) -> Array:
    """Of mean 0 and variance 1, correlated over so many cells."""
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.rfftfreq(SIZE), indexing="ij"))
    made = np.fft.irfft2(np.fft.rfft2(dice.standard_normal((SIZE, SIZE))) * np.exp(-((k * scale) ** 2)), (SIZE, SIZE))
    return made / made.std()


def meeting(a: Hill, b: Hill, *, part: bool) -> list[tuple[float, float, float]]:
    """When two hills part or meet, and where between them: (frame, x, y); none where they do not in these frames."""
    dips = []
    for frame in range(FRAMES):
        (ax, ay, high), (bx, by, other) = a.at(frame), b.at(frame)
        s = np.hypot(bx - ax, by - ay) * np.linspace(0.0, 1.0, 101)
        way = np.maximum(
            high * np.exp(-((s / a.width) ** 2) / 2.0), other * np.exp(-(((s[-1] - s) / b.width) ** 2) / 2.0)
        )
        dips.append(min(high, other) - way.min() >= DIP_DB)
    frames = [f for f in range(1, FRAMES) if dips[f] != dips[f - 1] and dips[f] == part]
    return [(float(f), (a.at(f)[0] + b.at(f)[0]) / 2.0, (a.at(f)[1] + b.at(f)[1]) / 2.0) for f in frames[:1]]


def make_hills(dice: np.random.Generator) -> tuple[list[Hill], Array]:
    """Single cells, pairs that part and pairs that meet; and the events of these."""
    hills: list[Hill] = []
    events: list[tuple[float, float, float]] = []
    flow = dice.uniform(1.0, 5.0) * np.exp(1j * dice.uniform(0.0, 2.0 * np.pi))

    def new(x: float, y: float, way: complex, born: float, dies: float) -> Hill:
        return Hill(x, y, way.real, way.imag, dice.uniform(24.0, 36.0), dice.uniform(3.0, 6.0), born, dies)

    for kind in ["single"] * 5 + ["split"] * 2 + ["merge"] * 2:
        x, y = dice.uniform(20.0, SIZE - 20.0, 2)
        own = flow + complex(*dice.normal(0.0, 0.5, 2))
        born = dice.uniform(-6.0, 8.0)
        if kind == "single":
            hills.append(new(x, y, own, born, born + dice.uniform(6.0, 20.0)))
            continue
        meet, apart = float(dice.integers(4, 9)), 1.2 * np.exp(1j * dice.uniform(0.0, 2.0 * np.pi))
        if kind == "split":
            hills.append(new(x, y, own, -4.0, FRAMES + 4.0))
            at = complex(x, y) + own * (meet + 4.0)
            hills.append(new(at.real, at.imag, own + apart, meet - 1.5, FRAMES + 4.0))
            events += meeting(*hills[-2:], part=True)
        else:
            hills.append(new(x, y, own, -4.0, FRAMES + 4.0))
            at = complex(x, y) + own * (meet + 4.0)
            start = at - (own + apart) * (meet + 4.0)
            hills.append(new(start.real, start.imag, own + apart, -4.0, meet + 1.5))
            events += meeting(*hills[-2:], part=False)
    return hills, np.array(events).reshape(-1, 3)


def make_case(seed: int) -> Case:
    dice = np.random.default_rng(seed)
    hills, events = make_hills(dice)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    rain = 16.0 + 5.0 * smooth_noise(dice, 60.0)
    frames, rows = [], []
    for frame in range(FRAMES):
        dbz = rain + 1.5 * smooth_noise(dice, 4.0)
        for number, hill in enumerate(hills):
            cx, cy, height = hill.at(frame)
            if height <= 0.0:
                continue
            dbz = np.maximum(dbz, 20.0 + height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2.0 * hill.width**2)))
            if 20.0 + height > LEAST_DBZ and 0.0 <= cx <= SIZE - 1 and 0.0 <= cy <= SIZE - 1:
                rows.append((frame, number, cx, cy, 20.0 + height))
        dbz += 0.5 * smooth_noise(dice, 3.0)
        frames.append(np.where(dbz < 5.0, -32.0, np.floor(2.0 * dbz) / 2.0).astype(np.float32))
    inside = (events[:, 1:] > 10.0).all(axis=1) & (events[:, 1:] < SIZE - 10.0).all(axis=1)
    return Case(np.array(frames), apart(np.array(rows)), events[inside])


def apart(rows: Array) -> Array:
    """Cells nearer than 6 km to an earlier one cannot be told from it, by anybody: they are left out."""
    kept = []
    for row in rows:
        if all(row[0] != other[0] or np.hypot(*(row[2:4] - other[2:4])) >= 6.0 for other in kept):
            kept.append(row)
    return np.array(kept)


def ours(case: Case, moves: bool = True) -> Found:
    times = np.datetime64("2024-06-01", "ns") + np.arange(FRAMES) * np.timedelta64(int(STEP_S), "s")
    ny, nx = case.dbz.shape[1:]
    place = Grid(PROJECTION, nx, ny, 0.0, 0.0, 1000.0, 1000.0)
    fields = xr.DataArray(
        case.dbz,
        dims=("time", "y", "x"),
        coords={"time": times} | place.coords(),
        attrs={"units": "dBZ", "grid_mapping": "crs"},
    )
    began = clock.process_time()
    tracker, rows, events, ahead = cells.Tracker(), [], [], []
    for frame in range(FRAMES):
        flow = None
        if frame and moves:
            try:
                flow = motion.estimate(fields[frame - 1 : frame + 1])
            except NoDataError:
                flow = None
        found = tracker.add(cells.identify(fields[frame]), times[frame], flow)
        table = found.cells[found.cells["seen"]]
        at = {row.track: (row.x_mean / 1e3, row.y_mean / 1e3) for row in table.itertuples()}
        rows += [(frame, track, *place) for track, place in at.items()]
        turned = found.events[found.events["event"].isin(["split", "merge"])]
        events += [(frame, *at[event.other]) for event in turned.itertuples() if event.other in at]
        told = tracker.forecast([STEP_S / 60.0 * lead for lead in LEADS]).table
        told = told[told["cell"] > 0]
        lead = told["lead"] * 60.0 / STEP_S
        spread = [told[name] / 1e6 for name in ("error_xx", "error_xy", "error_yy")]
        columns = [np.full(len(told), frame), told["track"], lead, told["x"] / 1e3, told["y"] / 1e3, *spread]
        ahead.append(np.stack(columns, axis=1).astype(np.float64))
    spent = clock.process_time() - began
    return Found(
        np.array(rows, dtype=np.float64),
        np.array(events, dtype=np.float64).reshape(-1, 3),
        np.concatenate(ahead),
        spent,
    )


def theirs(case: Case, python: str, peer: str) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        request, answer = Path(folder) / "request.npz", Path(folder) / "answer.npz"
        np.savez(request, dbz=case.dbz, seconds=STEP_S)
        subprocess.run([python, str(SIDE), peer, str(request), str(answer)], check=True, stdout=subprocess.DEVNULL)
        made = np.load(answer)
        return Found(made["cells"], made["events"], made["ahead"], float(made["spent"]))


def ahead_of(case: Case, found: Found) -> Array:
    """By lead: sum of errors (km), within the cone of 68 %, of 95 %, and how many."""
    sums = np.zeros((len(LEADS), 4))
    places = {(row[0], row[1]): row[2:4] for row in found.cells}
    truth = {(row[0], row[1]): row[2:4] for row in case.cells}
    for row in found.ahead:
        here = places.get((row[0], row[1]))
        now = case.cells[case.cells[:, 0] == row[0]]
        if row[0] < FIRST or here is None or not len(now):
            continue
        away = np.hypot(now[:, 2] - here[0], now[:, 3] - here[1])
        there = truth.get((row[0] + row[2], now[away.argmin(), 1]))
        if away.min() > NEAR_KM or there is None:
            continue
        off = there - row[3:5]
        lead = LEADS.index(int(row[2]))
        sums[lead, 0] += np.hypot(*off)
        sums[lead, 3] += 1.0
        if len(row) > 5:
            square = off @ np.linalg.solve(np.array([[row[5], row[6]], [row[6], row[7]]]), off)
            sums[lead, 1] += square <= -2.0 * np.log(0.32)
            sums[lead, 2] += square <= -2.0 * np.log(0.05)
    return sums


def nearest_pairs(away: Array, limit: float) -> list[tuple[int, int]]:
    """Rows and columns paired, the nearest first, none farther apart than the limit."""
    made: list[tuple[int, int]] = []
    left = np.where(away <= limit, away, np.inf)
    while left.size and np.isfinite(left.min()):
        row, column = np.unravel_index(int(left.argmin()), left.shape)
        left[row, :] = left[:, column] = np.inf
        made.append((int(row), int(column)))
    return made


def score(case: Case, found: Found) -> Array:
    """The numbers whose ratios the scores are, (score, over and under)."""
    hits = strong = alarms = 0
    tracks: dict[int, list[int]] = {}
    truths: dict[int, list[int]] = {}
    for frame in range(FIRST, FRAMES):
        true, seen = case.cells[case.cells[:, 0] == frame], found.cells[found.cells[:, 0] == frame]
        away = np.hypot(true[:, None, 2] - seen[None, :, 2], true[:, None, 3] - seen[None, :, 3])
        alarms += int((away.min(axis=0) > FAR_KM).sum()) if len(true) else len(seen)
        for t, s in nearest_pairs(away, NEAR_KM):
            hits += 1
            strong += int(true[t, 4] >= STRONG_DBZ)
            tracks.setdefault(int(seen[s, 1]), []).append(int(true[t, 1]))
            truths.setdefault(int(true[t, 1]), []).append(int(seen[s, 1]))
    counted = case.cells[case.cells[:, 0] >= FIRST]
    pure = sum(max(map(of.count, set(of))) for of in tracks.values())
    right = event_hits(case.events, found.events)
    return np.array(
        [
            (hits, len(counted)),
            (strong, int((counted[:, 4] >= STRONG_DBZ).sum())),
            (alarms, int((found.cells[:, 0] >= FIRST).sum())),
            (pure, sum(map(len, tracks.values()))),
            (sum(len(set(of)) - 1 for of in truths.values()), len(truths)),
            (right, len(case.events) + len(found.events) - right),
        ],
        dtype=np.float64,
    )


def numbers_of(method: str, seed: int, python: str, keep: Path | None) -> tuple[Array, Array, float]:
    """What ``score`` and ``ahead_of`` give, and the processor's seconds, of a case; from the file where it has them."""
    lines = keep.read_text().splitlines() if keep and keep.exists() else []
    for line in map(json.loads, lines):
        if (line["method"], line["seed"]) == (method, seed):
            return np.array(line["score"]), np.array(line["ahead"]), line["spent"]
    case = make_case(seed)
    found = ours(case) if method == "libnowcast" else theirs(case, python, method)
    told, ahead = score(case, found), ahead_of(case, found)
    if keep:
        of = {"method": method, "seed": seed, "score": told.tolist(), "ahead": ahead.tolist(), "spent": found.spent}
        with keep.open("a") as file:
            file.write(json.dumps(of) + "\n")
    return told, ahead, found.spent


def event_hits(true: Array, seen: Array) -> int:
    if not len(true) or not len(seen):
        return 0
    away = np.hypot(true[:, None, 1] - seen[None, :, 1], true[:, None, 2] - seen[None, :, 2])
    away[np.abs(true[:, None, 0] - seen[None, :, 0]) > EVENT_FRAMES] = np.inf
    return len(nearest_pairs(away, EVENT_KM))


def ratios(numbers: Array) -> Array:
    """Scores of cases summed up, (..., case, score, 2)."""
    over, under = np.moveaxis(numbers.sum(axis=-3), -1, 0)
    return over / np.maximum(under, 1.0)


def between(values: Array) -> str:
    return "{:.3f} to {:.3f}".format(*np.percentile(values, (2.5, 97.5), axis=0))


def report(name: str, numbers: Array, ahead: Array, drawn: npt.NDArray[np.intp], beside: Array | None) -> None:
    """Scores of a method, (case, score, 2) and (case, lead, 4); beside: ours, to be compared with."""
    print(f"\n{name}")
    whole, again = ratios(numbers), ratios(numbers[drawn])
    for k, score_name in enumerate(SCORES):
        pair = numbers.sum(axis=0)[k]
        line = f"{score_name:12}{whole[k]:8.3f}   {between(again[:, k])}   {pair[0]:.0f} of {pair[1]:.0f}"
        if beside is not None:
            line += f"   ours less this: {between(ratios(beside[drawn])[:, k] - again[:, k])}"
        print(line)
    for k, lead in enumerate(LEADS):
        sums = ahead.sum(axis=0)[k]
        if not sums[3]:
            continue
        line = f"{lead * STEP_S / 60.0:3.0f} min ahead {sums[0] / sums[3]:6.2f} km of {sums[3]:.0f}"
        if beside is None:
            line += f"; within cones of 68 % {sums[1] / sums[3]:.3f}, of 95 % {sums[2] / sums[3]:.3f}"
        print(line)


def wide_times(methods: tuple[str, ...], python: str | None) -> None:
    """Milliseconds of processor that a frame of a national composite takes, through Python."""
    one = make_case(0)
    ours(one)  # what is imported at first use
    wide = dataclasses.replace(one, dbz=np.tile(one.dbz, (1, *TILES))[:, : WIDE[0], : WIDE[1]].copy())
    print(f"\nmilliseconds of processor a frame of {WIDE[0]} x {WIDE[1]} cells, everything included")
    for method in methods:
        found = ours(wide) if method == "libnowcast" else theirs(wide, python or "", method)
        line = f"{method:12}{1e3 * found.spent / FRAMES:8.0f}   {len(found.cells) / FRAMES:.0f} cells a frame"
        if method == "libnowcast":
            line += f"; {1e3 * ours(wide, moves=False).spent / FRAMES:.0f} without the motion between fields"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--python", help="interpreter that has tobac and pysteps with scikit-image")
    parser.add_argument("--keep", type=Path, help="file of the numbers of cases, read and added to")
    parser.add_argument("--wide", action="store_true", help="only what frames of 1226 x 760 cells take")
    given = parser.parse_args()
    if given.wide:
        return wide_times(("libnowcast", *(PEERS if given.python else ())), given.python)
    drawn = np.random.default_rng(1).integers(0, given.cases, (BOOTSTRAPS, given.cases))
    methods = ("libnowcast", *(PEERS if given.python else ()))
    # Case by case, so that what is kept when it is stopped is of all methods.
    made = [[numbers_of(method, seed, given.python, given.keep) for method in methods] for seed in range(given.cases)]
    first: Array | None = None
    for method, of in zip(methods, zip(*made, strict=True), strict=True):
        numbers, ahead = (np.array([one[k] for one in of]) for k in range(2))
        report(method, numbers, ahead, drawn, first)
        first = numbers if first is None else first
        spent = 1e3 * sum(one[2] for one in of) / FRAMES / given.cases
        print(f"{spent:.1f} ms of processor a frame, with the motion between fields and what is forecast")


if __name__ == "__main__":
    sys.exit(main())
