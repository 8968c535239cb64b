"""Hail of simulated storms by libnowcast, and by PyHail on grids of Py-ART, beside the storms' own severe hail index.

The truth is summed up every 50 m over the column of each cell; both sides see the same gates of VCP 12, all at one
moment and without noise, so that what differs is gridding and what hail makes of it. The first lines are of the echo
itself at the levels of a grid, without a radar. Errors are of MESH, mm, over cells where it or the truth is 5 mm or
more. ``make bench-products``.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from gridding import Array, axes, beside, gates_of, volume_of
from nowcast import grid, mosaic, product, sim

SIDE = Path(__file__).with_name("hail_side.py")
BEGIN, LEAST_MM, HALF_M, DX_M, TOP_M = 900.0, 5.0, 30e3, 1000.0, 16e3
DISTANCES = (50e3, 90e3, 130e3)


def storms() -> dict[str, sim.Storm]:
    return {
        "supercell": sim.supercell(seed=1),
        "supercell with larger hail": sim.supercell(seed=3),
        "pulse cells": sim.pulse_cells(seed=5),
    }


def mesh_of(shi: Array) -> Array:
    return 2.54 * np.sqrt(np.maximum(shi, 0.0))


def by_pyhail(python: str, cube: Array, place: grid.Grid, freezing: float, cold: float) -> Array:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "request.npz", Path(folder) / "answer.npz"
        np.savez(asked, DBZH=cube, levels=np.array([freezing, cold]), **axes(place))
        subprocess.run([python, SIDE, asked, answered], check=True, stdout=subprocess.DEVNULL)
        return mesh_of(np.load(answered)["shi"])


def around(storm: sim.Storm) -> grid.Grid:
    """Cells about the middle of what rains."""
    bounds = np.array([bound[:4] for bound in storm.bounds(BEGIN)])
    return storm.grid(HALF_M, DX_M, x=float(bounds[:, :2].mean()), y=float(bounds[:, 2:].mean()))


def show(name: str, found: dict[str, Array], truth: Array) -> None:
    known = np.logical_and.reduce([np.isfinite(values) for values in found.values()])
    print(f"{name:44}", end="")
    for side, values in found.items():
        where = known & (np.fmax(values, truth) >= LEAST_MM)
        off = values[where] - truth[where]
        rms, bias = np.sqrt(np.mean(off**2)), off.mean()
        print(f"   {side} {where.sum()} cells, {rms:.2f} ({bias:+.2f}), most {values[known].max():.1f}", end="")
    print(f"   truth {truth.max():.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="that of the environment with Py-ART and PyHail")
    python = parser.parse_args().python
    for name, storm in storms().items():
        place = around(storm)
        freezing, cold = (storm.environment.height_of(kelvin) for kelvin in (273.15, 253.15))
        truth = mesh_of(storm.severe_hail(*np.meshgrid(place.x, place.y), BEGIN))

        def ours(cube: xr.DataArray, freezing: float = freezing, cold: float = cold) -> Array:
            return product.hail(cube, freezing, cold)["mesh"].values

        for step in (250.0, 500.0, 1000.0):
            levels = dataclasses.replace(place, z=tuple(np.arange(step, TOP_M, step)))
            cube = storm.on_grid(levels, levels.z, BEGIN)["DBZH"]
            sides = {"libnowcast": ours(cube), "PyHail": by_pyhail(python, cube.values, levels, freezing, cold)}
            show(f"{name}, levels of {step:.0f} m", sides, truth)
        levels = dataclasses.replace(place, z=tuple(np.arange(500.0, TOP_M, 500.0)))
        for distance in DISTANCES:
            site = sim.Site.near(storm, place.x.mean() - distance, place.y.mean() - 0.2 * distance)
            plan = sim.strategy.wsr88d("VCP 12")
            at_once = (dataclasses.replace(s, rate=1e6, at=1e-3 * number) for number, s in enumerate(plan.sweeps))
            volume = volume_of(storm, site, dataclasses.replace(plan, sweeps=tuple(at_once)), BEGIN)
            sides = {
                what: ours(mosaic.build(volume, grid=levels, reflectivity=reflectivity)["DBZH"][0])
                for what, reflectivity in (("libnowcast", "echo"), ("mean Z", "z"))
            }
            east, north = grid.Grid(about(site), 1, 1, 0.0, 0.0, 1.0, 1.0).from_lonlat(*levels.lonlat())
            theirs = dataclasses.replace(levels, projection=about(site), x_first=east[0, 0], y_first=north[0, 0])
            gridded = beside(python, gates_of(volume) | axes(theirs) | {"runs": 1, "weighting": "Barnes2"})
            sides["PyHail"] = by_pyhail(python, gridded["DBZH"], theirs, freezing, cold)
            show(f"{name}, radar at {distance / 1e3:.0f} km", sides, truth)
        sys.stdout.flush()


def about(site: sim.Site) -> str:
    """The plane of Py-ART's grids; over these distances its axes are those of the storm's plane to 0.2 degrees."""
    return f"+proj=aeqd +lat_0={site.latitude!r} +lon_0={site.longitude!r} +ellps=WGS84 +units=m"


if __name__ == "__main__":
    main()
