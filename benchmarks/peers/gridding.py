"""Volumes on three-dimensional grids beside Py-ART: errors against a storm of known truth, and times.

Usage: gridding.py --python PYTHON_WITH_PYART [--volume NEXRAD_LEVEL_II] [--runs N]

The truth is that of nowcast.sim at the middle of the volume, at points; both sides see the same gates, without noise or
folding, and nothing below 0 dBZ. Cells count where the truth has an echo of at least 5 dBZ and all have a value.

Twice: as if the radar looked in all directions at once, which is gridding alone, and as it turns, when what it saw
first has moved on by the middle of the volume. Then libnowcast is also given the motion between this volume and the
one before, estimated from their mosaics; Py-ART has no way to use one.
"""

import argparse
import dataclasses
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, _volume, grid, mosaic, motion, product, radar, sim
from timing import timed

HERE = Path(__file__).resolve().parent
RANGES_KM = (0, 30, 60, 90, 120)
HEIGHTS_KM = (0, 2, 5, 9, 15)
FIELDS = ("DBZH", "VRADH")
LEAST_DBZ = 0.0
Array = npt.NDArray[Any]


@dataclasses.dataclass
class Case:
    """A volume of known truth, its gates as arrays, and the truth on the grid."""

    volume: xr.DataTree
    before: xr.DataTree | None
    """the volume before, where the radar turns"""
    gates: dict[str, Array]
    place: grid.Grid
    time: np.datetime64
    truth: dict[str, Array]
    range_km: Array


def case_of(distance: float, seed: int, *, at_once: bool = False) -> Case:
    """A supercell seen from so far in the west, m, in VCP 12; at_once: in no time."""
    storm = sim.supercell(seed=seed, particles=3000)
    site = sim.Site.near(storm, -distance, -0.2 * distance)
    plan, begin = sim.strategy.wsr88d("VCP 12"), 600.0
    if at_once:
        sweeps = (dataclasses.replace(s, rate=1e6, at=1e-3 * number) for number, s in enumerate(plan.sweeps))
        plan = dataclasses.replace(plan, sweeps=tuple(sweeps))
    volume = volume_of(storm, site, plan, begin)
    before = None if at_once else volume_of(storm, site, plan, begin - plan.seconds - 5.0)
    place = grid.around(volume, distance + 40e3, dx=1000.0, dz=500.0, top=15e3)
    time = storm.time(begin + 0.5 * plan.seconds)
    return Case(volume, before, gates_of(volume), place, time, *truth_of(storm, volume, place, time))


def volume_of(storm: sim.Storm, site: sim.Site, plan: sim.strategy.Strategy, begin: float) -> xr.DataTree:
    """What both sides grid: reflectivity with nothing below 0 dBZ, and unfolded velocity where there is echo."""
    effects = sim.Effects(noise=False, attenuation=False, second_trip=False)
    scan = sim.scan(storm, site, plan, begin, effects=effects)
    sweeps = {}
    for name in _volume.sweep_names(scan.truth):
        data = scan.truth[name].to_dataset()
        data = data[["DBZH", "VRADDH", "sweep_fixed_angle", "sweep_mode"]].rename(VRADDH="VRADH")
        data["DBZH"] = data["DBZH"].where((data["DBZH"] >= LEAST_DBZ) | data["DBZH"].isnull(), radar.NOTHING_DBZ)
        data["VRADH"] = data["VRADH"].where(data["DBZH"] != radar.NOTHING_DBZ)
        data["DBZH"].attrs["units"], data["VRADH"].attrs["units"] = "dBZ", "m s-1"
        sweeps[name] = data
    root = scan.truth.to_dataset()
    return radar.remake(xr.DataTree.from_dict({"/": root} | sweeps))


def flow_of(case: Case) -> xr.Dataset:
    """The motion between the mosaics of the volume before and this one, of their greatest reflectivity over heights."""
    cubes = mosaic.build([case.before, case.volume], grid=case.place)
    return motion.estimate(product.composite(cubes["DBZH"]))


def truth_of(
    storm: sim.Storm, volume: xr.DataTree, place: grid.Grid, time: np.datetime64
) -> tuple[dict[str, Array], Array]:
    """Reflectivity and radial velocity (of the air and what falls in it) at the cells, and their range, km."""
    seen = storm.on_grid(place, place.z, str(time))
    beam = radar.Beam.of(volume)
    lon, lat = place.lonlat()
    shape = (len(place.z), place.ny, place.nx)
    height = np.broadcast_to(np.array(place.z)[:, None, None], shape)
    azimuth, elevation, slant = beam.find(np.broadcast_to(lon, shape), np.broadcast_to(lat, shape), height)
    angle, turn = np.radians(elevation), np.radians(azimuth)
    fall = seen["fall_speed"].values if "fall_speed" in seen else 0.0
    level = seen["u"].values * np.sin(turn) + seen["v"].values * np.cos(turn)
    velocity = level * np.cos(angle) + (seen["w"].values - fall) * np.sin(angle)
    return {"DBZH": seen["DBZH"].values, "VRADH": velocity}, slant / 1e3


def gates_of(volume: xr.DataTree) -> dict[str, Array]:
    """All rays of a volume as arrays of the longest, NaN where there is nothing: what other packages work on."""
    sweeps = [volume[name].to_dataset() for name in _volume.sweep_names(volume)]
    gates = max(sweep.sizes["range"] for sweep in sweeps)
    longest = next(sweep for sweep in sweeps if sweep.sizes["range"] == gates)

    def padded(name: str) -> Array:
        rows = [np.full((sweep.sizes["azimuth"], gates), np.nan, "f4") for sweep in sweeps]
        for row, sweep in zip(rows, sweeps, strict=True):
            values = sweep[name].values
            row[:, : values.shape[1]] = np.where(values == radar.NOTHING_DBZ, np.nan, values)
        return np.concatenate(rows)

    counts = [sweep.sizes["azimuth"] for sweep in sweeps]
    times = np.concatenate([sweep["time"].values for sweep in sweeps])
    return {
        "range": longest["range"].values,
        "azimuth": np.concatenate([sweep["azimuth"].values for sweep in sweeps]),
        "elevation": np.concatenate([sweep["elevation"].values for sweep in sweeps]),
        "seconds": (times - times.min()) / np.timedelta64(1, "s"),
        "first": np.cumsum([0, *counts[:-1]]),
        "DBZH": padded("DBZH"),
        "VRADH": padded("VRADH"),
        **{name: np.array(float(volume[name])) for name in ("latitude", "longitude", "altitude")},
    }


def beside(python: str, request: dict[str, Any]) -> dict[str, Array]:
    """What the peer makes of a request."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "request.npz", Path(folder) / "answer.npz"
        np.savez(asked, **request)
        subprocess.run(
            [str(Path(python).absolute()), str(HERE / "gridding_side.py"), str(asked), str(answered)],
            check=True,
            cwd=HERE,
        )
        return dict(np.load(answered))


def axes(place: grid.Grid) -> dict[str, Array]:
    return {"x": place.x, "y": place.y, "z": np.array(place.z)}


def errors(case: Case, sides: dict[str, dict[str, Array]]) -> None:
    """Root mean square errors by range and by height, over the cells all sides know."""
    echo = case.truth["DBZH"] >= 5.0
    known = echo & np.logical_and.reduce([np.isfinite(side[name]) for side in sides.values() for name in FIELDS])
    for name, side in sides.items():
        share = (echo & np.isfinite(side["DBZH"])).sum() / echo.sum()
        print(f"{name:28} gives a value to {share:.1%} of {echo.sum()} cells with echo")
    height_km = np.broadcast_to(np.array(case.place.z)[:, None, None] / 1e3, echo.shape)
    for what, where, edges in (("range", case.range_km, RANGES_KM), ("height", height_km, HEIGHTS_KM)):
        for low, high in itertools.pairwise(edges):
            cells = known & (where >= low) & (where < high)
            if cells.sum() < 200:
                continue
            print(f"  {what} {low:3d} to {high:3d} km, {cells.sum():7d} cells", end="")
            for name, side in sides.items():
                off = [np.sqrt(np.mean((side[f][cells] - case.truth[f][cells]) ** 2)) for f in FIELDS]
                print(f"   {name} {off[0]:5.2f} dB {off[1]:5.2f} m/s", end="")
            print()


def ours(volume: xr.DataTree, place: grid.Grid, **options: Any) -> dict[str, Array]:
    made = mosaic.build(volume, grid=place, fields=FIELDS, **options)
    return {name: np.where(made[name].values[0] <= -32.0, np.nan, made[name].values[0]) for name in FIELDS}


def gridded(volume: xr.DataTree, place: grid.Grid, first: bool) -> None:
    if first:
        mosaic.forget()
    mosaic.build(volume, grid=place, fields=FIELDS)


def times(path: str, python: str, runs: int) -> None:
    """A volume of many gates on 41 levels of 401 x 401 cells, reading not counted."""
    volume = radar.read(path)
    place = grid.around(volume, 200e3, dx=1000.0, dz=500.0, top=20.5e3)
    print(f"{path}: two fields on {len(place.z)} x {place.ny} x {place.nx} cells")
    for threads in (1, 2):
        with _lib.settings(threads=threads):
            for what in ("first time", "lookup kept"):
                took = timed(lambda first=what == "first time": gridded(volume, place, first), runs)[1]
                best = f"wall {took[:, 0].min():6.3f} s, CPU {took[:, 1].min():6.3f} s"
                print(f"  libnowcast, {threads} threads, {what:12} {best}")
    request = {name: np.array(float(volume[name])) for name in ("latitude", "longitude", "altitude")}
    for weighting in ("Barnes2", "Nearest"):
        asked = request | axes(place) | {"runs": 1, "weighting": weighting, "path": path}
        answer = beside(python, asked)
        print(f"  Py-ART {weighting:8} wall {answer['wall'].min():6.3f} s, CPU {answer['cpu'].min():6.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="the Python that has Py-ART")
    parser.add_argument("--volume", help="a NEXRAD Level II file to be timed with")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    for distance, at_once in itertools.product((35e3, 80e3), (True, False)):
        case = case_of(distance, seed=1, at_once=at_once)
        print(f"supercell {distance / 1e3:.0f} km from the radar, {'at once' if at_once else 'as it turns'}")
        sides = {"linear": ours(case.volume, case.place, time=case.time)}
        if not at_once:
            sides["linear, moved"] = ours(case.volume, case.place, time=case.time, motion=flow_of(case))
        sides["linear, mean Z"] = ours(case.volume, case.place, time=case.time, reflectivity="z")
        sides["barnes"] = ours(case.volume, case.place, time=case.time, method="barnes")
        for weighting in ("Barnes2", "Cressman", "Nearest"):
            asked = case.gates | axes(case.place) | {"runs": 1, "weighting": weighting}
            answer = beside(arguments.python, asked)
            sides[f"Py-ART {weighting}"] = {name: answer[name] for name in FIELDS}
        errors(case, sides)
        sys.stdout.flush()
    if arguments.volume:
        times(arguments.volume, arguments.python, arguments.runs)


if __name__ == "__main__":
    main()
