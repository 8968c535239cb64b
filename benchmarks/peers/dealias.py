"""Volumes of known velocity put to lower Nyquist velocities, and dealiased by libnowcast, Py-ART and UNRAVEL.

Cases are storms of ``nowcast.sim`` and, where NOWCAST_TEST_DATA names the folder, two real volumes: KHTX 2008-04-11 as
edited by hand, and an Australian one with the velocities its agency dealiased, which are not without faults. Simulated
ones are given noise of 1 m/s and gaps by a seed: gates, rays and rings that are missing. No method is told the wind.

Of each case, Nyquist velocity and method one line: per cent of the gates that are right, of all and of those in
couplets, which are where neighbours across rays differ by 4 m/s and more in truth, and two gates around. Those among
them where true neighbours differ by the Nyquist velocity or more, from which nothing can tell what is right, stand
apart as "over". For libnowcast also the part called confident, and of that the part that is wrong. Last, processor
seconds, the least of the seeds.

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

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast import radar, sim

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", ""))
PEERS = ("pyart", "unravel")
THREADS = 2
NOISE = 1.0  # m s-1
COUPLET = 4.0  # m s-1 from ray to ray
SURE = 0.5

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


def sheared() -> sim.Storm:
    """Rain everywhere in a wind of 3 m/s at the ground and 48 m/s at 12 km."""
    z = np.array([0.0, 1000.0, 3000.0, 6000.0, 12000.0, 20000.0])
    wind = z, np.array([3.0, 10.0, 20.0, 33.0, 48.0, 40.0]), np.array([-8.0, 6.0, 10.0, 12.0, 5.0, 0.0])
    return dataclasses.replace(sim.stratiform(top=9000.0), environment=sim.Environment.weisman_klemp(wind=wind))


def real(path: str) -> list[Sweep]:
    """The sweeps of a file with dealiased velocities."""
    volume = nowcast.open(DATA / path)
    datasets = [volume[name].to_dataset() for name in volume.children]
    return [_sweep(data, data["VRADDH"].values) for data in datasets if "VRADDH" in data]


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


CASES: dict[str, Callable[[], list[Sweep]]] = {
    "supercell": lambda: scanned(sim.supercell(tornado=True), -35e3, -25e3),
    "squall line": lambda: scanned(sim.squall_line(seed=2), 15e3, -10e3),
    "sheared rain": lambda: scanned(sheared(), 0.0, 0.0),
    "KHTX": lambda: real("radar/cfradial/cfrad.20080411_182140.206_to_20080411_182632.190_KHTX_SUR.nc"),
    "Captains Flat": lambda: real("radar/odim/wradlib/40_20181220_060630.pvol.h5"),
}
REAL = ("KHTX", "Captains Flat")


def alias(sweeps: list[Sweep], nyquist: float, seed: int | None) -> list[Sweep]:
    """As a radar of that Nyquist velocity would have it; with noise and gaps where there is a seed."""
    random = np.random.Generator(np.random.Philox(seed or 0))
    made = []
    for sweep in sweeps:
        whole = sweep["truth"].astype(np.float64)
        if seed is not None:
            whole += NOISE * random.standard_normal(whole.shape)
            whole[random.random(whole.shape) < 0.05] = np.nan
            whole[(random.integers(whole.shape[0]) + np.arange(4)) % whole.shape[0]] = np.nan
            ring = random.integers(whole.shape[1])
            whole[:, ring : ring + 5] = np.nan
        measured = ((whole + nyquist) % (2.0 * nyquist) - nyquist).astype(np.float32)
        rays = np.full(whole.shape[0], nyquist, np.float32)
        made.append(sweep | {"whole": whole, "measured": measured, "nyquist": rays})
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


def ours(sweeps: list[Sweep]) -> tuple[list[npt.NDArray[np.float32]], list[npt.NDArray[np.float32]], float]:
    """Velocities, confidence and processor seconds of libnowcast."""
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
        before = time.process_time()
        done = radar.dealias(tree)
        spent = time.process_time() - before
    names = [f"sweep_{number}" for number in range(len(sweeps))]
    return [done[name]["VRADDH"].values for name in names], [done[name]["VCONF"].values for name in names], spent


def theirs(python: str, peer: str, sweeps: list[Sweep]) -> tuple[list[npt.NDArray[np.float32]], float]:
    """Velocities and processor seconds of a peer, in an interpreter of its own."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        names = ("azimuth", "elevation", "range", "measured", "nyquist")
        np.savez(given, **{f"{name}_{k}": sweep[name] for k, sweep in enumerate(sweeps) for name in names})
        subprocess.run([python, HERE / "dealias_side.py", peer, given, made], check=True, stdout=subprocess.DEVNULL)
        with np.load(made) as arrays:
            return [arrays[f"velocity_{k}"] for k in range(len(sweeps))], float(arrays["seconds"])


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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="interpreter that has the peers; without it libnowcast runs alone")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--nyquist", nargs="+", type=float, default=[8.0, 12.0, 16.0, 25.0])
    parser.add_argument(
        "--seeds", type=int, default=3, help="of noise and gaps; real volumes are run once, as they are"
    )
    arguments = parser.parse_args()
    print(
        f"{'case':14}{'Nyquist':>8} {'method':11}{'right':>9}{'couplets':>9}{'over':>8}{'sure':>8}{'misled':>8}{'s':>8}"
    )
    for case in arguments.cases:
        if case in REAL and not DATA.is_dir():
            print(f"{case}: NOWCAST_TEST_DATA names no folder", file=sys.stderr)
            continue
        sweeps = CASES[case]()
        seeds = [None] if case in REAL else range(arguments.seeds)
        for nyquist in arguments.nyquist:
            volumes = [alias(sweeps, nyquist, seed) for seed in seeds]
            for method in ("libnowcast", *(PEERS if arguments.python else ())):
                scores, seconds = [], []
                for volume in volumes:
                    if method == "libnowcast":
                        velocities, confidence, spent = ours(volume)
                        scores.append(score(volume, velocities, confidence, nyquist))
                    else:
                        velocities, spent = theirs(arguments.python, method, volume)
                        scores.append(score(volume, velocities, None, nyquist))
                    seconds.append(spent)
                mean = np.mean(scores, axis=0)
                tail = f"{mean[3]:8.2f}{mean[4]:8.3f}" if method == "libnowcast" else " " * 16
                line = f"{case:14}{nyquist:8.0f} {method:11}{mean[0]:9.3f}{mean[1]:9.2f}{mean[2]:8.1f}{tail}"
                print(f"{line}{min(seconds):8.2f}", flush=True)


if __name__ == "__main__":
    main()
