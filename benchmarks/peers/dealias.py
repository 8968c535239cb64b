"""Volumes of known velocity put to lower Nyquist velocities, and dealiased by libnowcast, Py-ART and UNRAVEL.

Cases are storms of ``nowcast.sim`` and, where NOWCAST_TEST_DATA names the folder, real volumes: KHTX 2008-04-11 as
edited by hand; Captains Flat 2018-12-20 with the velocities its agency dealiased; and KTLX 1999-05-03, of which those
gates count that all three methods put on one fold from the Nyquist velocity it was measured at. Simulated ones have
noise of 1 m/s and gaps by a seed: gates, rays and rings that are missing. Constants of libnowcast were chosen on the
first three simulated cases, KHTX and Captains Flat; those marked * had no part in it. No method is told the wind, but
with ``--told`` libnowcast is run once more where it knows that of the storm's surroundings, 2 m/s wrong in u and v.

Of each case, Nyquist velocity and method one line: per cent of the gates that are right, of all and of those in
couplets, which are where neighbours across rays differ by 4 m/s and more in truth, and two gates around. Those among
them where true neighbours differ by the Nyquist velocity or more, from which nothing can tell what is right, stand
apart as "over". For libnowcast also the part called confident, and of that the part that is wrong. Then why gates are
wrong, per cent of all gates, by patches of wrong gates beside each other: "alone", nothing known is beside the patch;
"torn", the reference differs more from what is beside it than the answer does (differences over the Nyquist velocity,
their square up to a half, straight on beyond); "missed", it differs less; "m. sure" are missed with confidence. Last,
processor seconds and those that went by, of libnowcast on two threads; each the least of two calls and of the seeds.

With ``--raw`` volumes are dealiased as they were measured, and compared with what is known of them: two of the
above, and a Swedish scan that another package dealiased, which is a peer's answer and no truth.

    .venv/bin/python benchmarks/peers/dealias.py --python build/peers/bin/python [--cases ...] [--seeds N]
"""

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a thread that waits is not at work

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast import radar, sim
from nowcast.sim.environment import hodograph

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", HERE.parents[1].parent / "shared" / "data"))
PEERS = ("pyart", "unravel")
THREADS = 2
CALLS = 2
NOISE = 1.0  # m s-1
TOLD_ERROR = 2.0  # m s-1, of u and v
COUPLET = 4.0  # m s-1 from ray to ray
SURE = 0.5

Times = tuple[float, float]
"""Processor seconds of a call, and those that went by."""

Sweep = dict[str, npt.NDArray[Any]]
"""``azimuth``, ``elevation``, ``range``, ``truth`` without noise; once aliased ``whole``, ``measured``, ``nyquist``."""


def scanned(storm: sim.Storm, x: float, y: float) -> list[Sweep]:
    """What a radar at (x, y) measures of a storm at Doppler sweeps of VCP 12, each velocity on its true fold."""
    site = sim.Site.near(storm, x, y)
    plan = sim.strategy.wsr88d("VCP 12")
    plan = dataclasses.replace(plan, sweeps=tuple(sweep for sweep in plan.sweeps if "VRADH" in sweep.moments))
    seen, truth = sim.scan(storm, site, plan, 1800.0, seed=1)
    found = []
    for name in seen.children:
        data, true = seen[name].to_dataset(), truth[name].to_dataset()
        turn = 2.0 * data["nyquist_velocity"].values[:, None]
        measured, right = data["VRADH"].values, true["VRADDH"].values
        whole = measured + turn * np.rint((right - measured) / turn)
        found.append(_sweep(data, np.where(true["second_trip"].values == 0, whole, np.nan)))
    return found


Wind = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]


def surroundings(wind: Wind) -> sim.Environment:
    """Those of Weisman and Klemp, with heights, u and v of another wind."""
    z, u, v = (np.asarray(part, np.float64) for part in wind)
    return sim.Environment.weisman_klemp(wind=(z, u, v))


def rain(wind: Wind) -> sim.Storm:
    """Rain everywhere in a wind of height alone."""
    return dataclasses.replace(sim.stratiform(top=9000.0), environment=surroundings(wind))


SHEARED = (0.0, 1e3, 3e3, 6e3, 12e3, 20e3), (3.0, 10.0, 20.0, 33.0, 48.0, 40.0), (-8.0, 6.0, 10.0, 12.0, 5.0, 0.0)
JET = (
    (0.0, 400.0, 900.0, 2e3, 5e3, 10e3, 20e3),
    (2.0, 12.0, 18.0, 12.0, 18.0, 30.0, 25.0),
    (6.0, 18.0, 24.0, 12.0, 4.0, -6.0, 0.0),
)
TILTED = (0.0, 3e3, 20e3), (5.0, 22.0, 30.0), (6.0, 10.0, 4.0)


def whole(path: str) -> list[Sweep]:
    """The sweeps of a file with dealiased velocities."""
    volume = nowcast.open(DATA / path)
    datasets = [volume[name].to_dataset() for name in volume.children]
    return [_sweep(data, data["VRADDH"].values) for data in datasets if "VRADDH" in data]


def measured(volume: xr.DataTree, moment: str = "VRADH") -> list[Sweep]:
    """What a volume has, as it was measured; the truth is the same, for want of a better one."""
    found = []
    for name in volume.children:
        data = volume[name].to_dataset()
        if moment not in data or not np.isfinite(data["nyquist_velocity"].values).all():
            continue
        sweep = _sweep(data, data[moment].values)
        order = np.argsort(data["azimuth"].values, kind="stable")
        nyquist = data["nyquist_velocity"].values[order].astype(np.float32)
        found.append(sweep | {"whole": sweep["truth"], "measured": sweep["truth"], "nyquist": nyquist})
    return found


def agreed(path: str, python: str | None) -> list[Sweep]:
    """A volume as measured, of the gates that all methods put on one fold, and on that fold."""
    if python is None:
        return []
    sweeps = measured(nowcast.open(DATA / path))
    answers = [ours(sweeps)[0]] + [theirs(python, peer, sweeps)[0] for peer in PEERS]
    for number, sweep in enumerate(sweeps):
        same = np.ones(sweep["truth"].shape, bool)
        for answer in answers[1:]:
            same &= np.abs(answer[number] - answers[0][number]) < sweep["nyquist"][:, None]
        sweep["truth"] = np.where(same, answers[0][number], np.float32(np.nan))
    return sweeps


def _sweep(data: xr.Dataset, truth: npt.NDArray[np.float32]) -> Sweep:
    order = np.argsort(data["azimuth"].values, kind="stable")
    gates = np.flatnonzero(np.isfinite(truth).any(0))
    reach = int(gates[-1]) + 1 if gates.size else 8
    return {
        "azimuth": data["azimuth"].values[order],
        "elevation": data["elevation"].values[order],
        "range": data["range"].values[:reach],
        "truth": truth[order, :reach].astype(np.float32),
    }


STORMS: dict[str, tuple[Callable[[], sim.Storm], float, float]] = {
    "supercell": (lambda: sim.supercell(tornado=True), -35e3, -25e3),
    "squall line": (lambda: sim.squall_line(seed=2), 15e3, -10e3),
    "sheared rain": (lambda: rain(SHEARED), 0.0, 0.0),
    "* supercell 5": (
        lambda: sim.supercell(
            seed=5, tornado=True, environment=surroundings(hodograph("straight", speed=35.0, heading=70.0))
        ),
        20e3,
        -40e3,
    ),
    "* supercell 9": (
        lambda: sim.supercell(seed=9, tornado=True, environment=surroundings(hodograph("curved", heading=20.0))),
        -15e3,
        35e3,
    ),
    "* line 7": (lambda: sim.squall_line(seed=7, environment=surroundings(TILTED)), -30e3, 20e3),
    "* cells 3": (
        lambda: sim.pulse_cells(seed=3, environment=surroundings(hodograph("straight", speed=22.0, heading=120.0))),
        -5e3,
        5e3,
    ),
    "* low jet": (lambda: rain(JET), 0.0, 0.0),
}
"""Storms, and where the radar stands."""
KHTX = "radar/cfradial/cfrad.20080411_182140.206_to_20080411_182632.190_KHTX_SUR.nc"
FLAT = "radar/odim/wradlib/40_20181220_060630.pvol.h5"
KTLX = "radar/nexrad/ktlx-19990503/KTLX19990503_235621.gz"
SWEDEN = "radar/odim/dealias-sevar-20111127"
REAL: dict[str, Callable[[str | None], list[Sweep]]] = {
    "KHTX": lambda _: whole(KHTX),
    "Captains Flat": lambda _: whole(FLAT),
    "* KTLX 1999": lambda python: agreed(KTLX, python),
}


def alias(sweeps: list[Sweep], nyquist: float, seed: int | None) -> list[Sweep]:
    """As a radar of that Nyquist velocity would have it; with noise and gaps where there is a seed."""
    random = np.random.Generator(np.random.Philox(seed or 0))
    made = []
    for sweep in sweeps:
        full = sweep["truth"].astype(np.float64)
        if seed is not None:
            full += NOISE * random.standard_normal(full.shape)
            full[random.random(full.shape) < 0.05] = np.nan
            full[(random.integers(full.shape[0]) + np.arange(4)) % full.shape[0]] = np.nan
            ring = random.integers(full.shape[1])
            full[:, ring : ring + 5] = np.nan
        folded = ((full + nyquist) % (2.0 * nyquist) - nyquist).astype(np.float32)
        rays = np.full(full.shape[0], nyquist, np.float32)
        made.append(sweep | {"whole": full, "measured": folded, "nyquist": rays})
    return made


def couplets(sweep: Sweep, nyquist: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Gates in couplets that neighbours can tell, and those they cannot."""
    truth = sweep["truth"]
    across = np.abs(np.nan_to_num(np.roll(truth, -1, 0) - truth))
    along = np.abs(np.nan_to_num(np.diff(truth, axis=1, append=truth[:, -1:])))
    turning = across > COUPLET
    turning |= np.roll(turning, 1, 0)
    near = turning.copy()
    for step in (-2, -1, 1, 2):
        near |= np.roll(turning, step, 0) | np.roll(turning, step, 1)
    over = (across >= nyquist) | (along >= nyquist)
    over |= np.roll(over, 1, 0) | np.roll(over, 1, 1)
    return near & ~over, near & over


def ours(
    sweeps: list[Sweep], profile: xr.Dataset | None = None
) -> tuple[list[npt.NDArray[np.float32]], list[npt.NDArray[np.float32]], Times]:
    """Velocities, confidence and times of libnowcast."""
    groups = {"/": xr.Dataset(coords={"latitude": 35.0, "longitude": -97.0, "altitude": 50.0})}
    for number, sweep in enumerate(sweeps):
        times = np.full(sweep["azimuth"].size, np.datetime64("2020-01-01", "ns"))
        rays = {name: ("azimuth", sweep[name]) for name in ("azimuth", "elevation")} | {"time": ("azimuth", times)}
        groups[f"sweep_{number}"] = xr.Dataset(
            {
                "VRADH": (("azimuth", "range"), sweep["measured"], {"units": "m s-1"}),
                "nyquist_velocity": (("azimuth",), sweep["nyquist"]),
                "sweep_mode": ((), "azimuth_surveillance"),
            },
            coords=rays | {"range": ("range", sweep["range"])},
        )
    tree = xr.DataTree.from_dict(groups)
    with nowcast.settings(threads=THREADS):
        spent = []
        for _ in range(CALLS):
            before = time.process_time(), time.perf_counter()
            done = radar.dealias(tree, profile)
            spent.append((time.process_time() - before[0], time.perf_counter() - before[1]))
    names = [f"sweep_{number}" for number in range(len(sweeps))]
    return [done[name]["VRADDH"].values for name in names], [done[name]["VCONF"].values for name in names], least(spent)


def least(times: list[Times]) -> Times:
    processor, elapsed = zip(*times, strict=True)
    return min(processor), min(elapsed)


def theirs(python: str, peer: str, sweeps: list[Sweep]) -> tuple[list[npt.NDArray[np.float32]], Times]:
    """Velocities and times of a peer, in an interpreter of its own."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        names = ("azimuth", "elevation", "range", "measured", "nyquist")
        np.savez(given, **{f"{name}_{k}": sweep[name] for k, sweep in enumerate(sweeps) for name in names})
        subprocess.run([python, HERE / "dealias_side.py", peer, given, made], check=True, stdout=subprocess.DEVNULL)
        with np.load(made) as arrays:
            processor, elapsed = arrays["times"]
            return [arrays[f"velocity_{k}"] for k in range(len(sweeps))], (float(processor), float(elapsed))


def per_cent(part: int, of: int) -> float:
    return 100.0 * part / of if of else np.nan


def score(
    sweeps: list[Sweep], velocities: list[Any], confidence: list[Any] | None, nyquist: float
) -> tuple[float, float, float, float, float]:
    """Per cent right of all, in couplets and where nothing tells; confident; and wrong among those."""
    gates, right = np.zeros(3, int), np.zeros(3, int)
    sure = misled = 0
    for k, sweep in enumerate(sweeps):
        known = np.isfinite(sweep["whole"])
        ok = np.abs(velocities[k] - sweep["whole"]) < 0.5 * nyquist
        for group, where in enumerate((known, *couplets(sweep, nyquist))):
            gates[group] += (known & where).sum()
            right[group] += (known & where & ok).sum()
        if confidence is not None:
            confident = known & (confidence[k] >= SURE)
            sure, misled = sure + int(confident.sum()), misled + int((confident & ~ok).sum())
    parts = [per_cent(int(r), int(n)) for r, n in zip(right, gates, strict=True)]
    return parts[0], parts[1], parts[2], per_cent(sure, int(gates[0])), per_cent(misled, sure)


def cost(difference: npt.NDArray[Any], nyquist: float) -> npt.NDArray[Any]:
    parts = np.abs(difference) / nyquist
    return np.where(parts < 0.5, parts**2, parts - 0.25)


def causes(sweep: Sweep, velocity: npt.NDArray[Any], confidence: npt.NDArray[Any], nyquist: float) -> Any:
    """How many wrong gates are in patches that are alone, torn or missed; and of the last, how many are confident."""
    truth = sweep["whole"]
    rays, gates = truth.shape
    known = np.isfinite(truth)
    error = np.zeros(truth.shape, int)
    error[known] = np.rint((velocity[known] - truth[known]) / (2.0 * nyquist))
    count, seen = np.zeros(4, int), error == 0
    for start in zip(*np.nonzero(error), strict=True):
        if seen[start]:
            continue
        patch, beside, seen[start] = [start], [], True
        for ray, gate in patch:  # grows meanwhile
            steps = [((ray + 1) % rays, gate), ((ray - 1) % rays, gate), (ray, gate + 1), (ray, gate - 1)]
            for there in steps:
                if not 0 <= there[1] < gates or not known[there]:
                    continue
                if error[there] != error[start]:
                    beside.append(((ray, gate), there))
                elif not seen[there]:
                    seen[there] = True
                    patch.append(there)
        kind = 0
        if beside:
            inner, outer = (tuple(np.array(side).T) for side in zip(*beside, strict=True))
            there = cost(truth[inner] - truth[outer], nyquist).sum()
            kind = 1 if there > cost(velocity[inner] - velocity[outer], nyquist).sum() else 2
        count[kind] += len(patch)
        if kind == 2:
            count[3] += int((confidence[tuple(np.array(patch).T)] >= SURE).sum())
    return count


def raw(python: str | None) -> None:
    """Volumes as they were measured, and what is known of them."""
    scan = nowcast.open(DATA / SWEDEN / "dealiased_scan.h5")
    reference = {
        "KHTX": (measured(nowcast.open(DATA / KHTX)), whole(KHTX)),
        "Captains Flat": (measured(nowcast.open(DATA / FLAT)), whole(FLAT)),
        "Sweden, scan 0": (measured(nowcast.open(DATA / SWEDEN / "var-20111127T194500Z.h5")), measured(scan)),
    }
    print(f"{'as measured':16}{'method':11}{'same fold':>10}{'of gates':>10}")
    for case, (sweeps, known) in reference.items():
        for method in ("libnowcast", *(PEERS if python else ())):
            velocities = ours(sweeps)[0] if method == "libnowcast" else theirs(python or "", method, sweeps)[0]
            same = gates = 0
            for sweep, velocity, other in zip(sweeps, velocities, known, strict=False):
                reach = min(velocity.shape[1], other["truth"].shape[1])
                apart = np.abs(velocity[:, :reach] - other["truth"][:, :reach])
                gates += int(np.isfinite(apart).sum())
                same += int((apart < sweep["nyquist"][:, None]).sum())
            print(f"{case:16}{method:11}{per_cent(same, gates):10.3f}{gates:10}", flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="interpreter that has the peers; without it libnowcast runs alone")
    cases = [*STORMS, *REAL]
    parser.add_argument("--cases", nargs="+", choices=cases, default=cases)
    parser.add_argument("--nyquist", nargs="+", type=float, default=[8.0, 12.0, 16.0, 25.0])
    parser.add_argument(
        "--seeds", type=int, default=3, help="of noise and gaps; real volumes are run once, as they are"
    )
    parser.add_argument("--told", action="store_true", help="run libnowcast with a wind beforehand, too")
    parser.add_argument("--raw", action="store_true", help="compare volumes as they were measured, and nothing else")
    arguments = parser.parse_args()
    if arguments.raw:
        raw(arguments.python)
        return
    print(
        f"{'case':14}{'Nyquist':>8} {'method':11}{'right':>9}{'couplets':>9}{'over':>8}{'sure':>8}{'misled':>8}"
        f"{'alone':>8}{'torn':>8}{'missed':>8}{'m. sure':>8}{'s':>8}{'elapsed':>8}"
    )
    for case in arguments.cases:
        if case in REAL and not DATA.is_dir():
            print(f"{case}: no folder {DATA}, which NOWCAST_TEST_DATA names", file=sys.stderr)
            continue
        told = None
        if case in REAL:
            sweeps = REAL[case](arguments.python)
        else:
            make, x, y = STORMS[case]
            storm = make()
            sweeps = scanned(storm, x, y)
            base = storm.environment
            wind = {"u": ("height", base.u + TOLD_ERROR), "v": ("height", base.v - TOLD_ERROR)}
            told = xr.Dataset(wind, coords={"height": base.z})
        if not sweeps:
            print(f"{case}: the peers are needed to say what is right", file=sys.stderr)
            continue
        seeds = [None] if case in REAL else range(arguments.seeds)
        mine = ("libnowcast", "told") if arguments.told and told is not None else ("libnowcast",)
        for nyquist in arguments.nyquist:
            volumes = [alias(sweeps, nyquist, seed) for seed in seeds]
            for method in (*mine, *(PEERS if arguments.python else ())):
                scores, seconds, why = [], [], np.zeros(4)
                for volume in volumes:
                    if method in mine:
                        velocities, confidence, spent = ours(volume, told if method == "told" else None)
                        scores.append(score(volume, velocities, confidence, nyquist))
                        gates = sum(int(np.isfinite(sweep["whole"]).sum()) for sweep in volume)
                        for sweep, velocity, sure in zip(volume, velocities, confidence, strict=True):
                            why += causes(sweep, velocity, sure, nyquist) * (100.0 / gates / len(volumes))
                    else:
                        velocities, spent = theirs(arguments.python, method, volume)
                        scores.append(score(volume, velocities, None, nyquist))
                    seconds.append(spent)
                mean = np.mean(scores, axis=0)
                tail = " " * 48
                if method in mine:
                    tail = f"{mean[3]:8.2f}{mean[4]:8.3f}{why[0]:8.3f}{why[1]:8.3f}{why[2]:8.3f}{why[3]:8.4f}"
                line = f"{case:14}{nyquist:8.0f} {method:11}{mean[0]:9.3f}{mean[1]:9.2f}{mean[2]:8.1f}{tail}"
                processor, elapsed = least(seconds)
                print(f"{line}{processor:8.3f}{elapsed:8.3f}", flush=True)


if __name__ == "__main__":
    main()
