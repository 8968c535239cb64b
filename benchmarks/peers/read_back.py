"""Volumes written by libnowcast, read by other packages and compared value by value.

A volume is made by rule, written in every format that ``nowcast.radar.write`` knows, and given to the packages that
read that format: xradar, Py-ART, wradlib, pycwr and PyCINRAD, in an environment of their own (requirements.txt beside
this file): ``make read-back``. Every gate, ray and fact they give back is compared with what was written. One line is
printed for each format, package, sweep and moment: values compared, gates that only one side knows, the largest
difference, and what the format's codes allow; then whether angles, ranges, times and the place are as they were
written. The exit code is 1 where anything is further off than allowed.

Known and allowed for: PyCINRAD and pycwr put a gate at its far end, half a gate beyond its centre; PyCINRAD gives the
radar the height of the ground, which libnowcast does not know. Of ODIM_H5, Py-ART takes the data groups of the first
sweep for those of all, so that each is given to it in a file of its own, and lets time begin at a whole second.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import radar

HERE = Path(__file__).resolve().parent
RAYS, GATES, SPACING = 360, 160, 250.0
START = np.datetime64("2026-05-28T20:26:40.250", "ns")
STEPS = {"DBZH": 0.5, "VRADH": 0.5, "WRADH": 0.5, "ZDR": 1.0 / 16.0, "PHIDP": 0.0, "RHOHV": 0.0}
SWEEPS = (("DBZH", "ZDR", "PHIDP", "RHOHV"), ("DBZH", "VRADH", "WRADH"))
SUFFIX = {"FM 301": "nc", "ODIM_H5": "h5", "NEXRAD Level II": "ar2v", "CMA standard": "bin"}
READERS = {
    "FM 301": ("xradar",),
    "ODIM_H5": ("xradar", "pyart", "wradlib"),
    "NEXRAD Level II": ("xradar", "pyart"),
    "CMA standard": ("pycwr", "cinrad"),
}
# What codes of the usual steps may be off where values have no step.
ALLOWED = {
    "NEXRAD Level II": {"PHIDP": 0.5 / 2.8361, "RHOHV": 0.5 / 300.0},
    "CMA standard": {"PHIDP": 0.005, "RHOHV": 0.0025},
}


def values(name: str, rng: np.random.Generator) -> np.ndarray:
    """Values of a moment on its step, or of none, as the quantity has them."""
    shape, step = (RAYS, GATES), STEPS[name]
    least, most = {
        "DBZH": (-20.0, 70.0),
        "VRADH": (-26.0, 26.0),
        "WRADH": (0.0, 12.0),
        "ZDR": (-3.0, 6.0),
        "PHIDP": (0.0, 359.0),
        "RHOHV": (0.3, 1.0),
    }[name]
    if step:
        return (least + step * rng.integers(0, int((most - least) / step), shape)).astype(np.float32)
    return rng.uniform(least, most, shape).astype(np.float32)


def volume() -> xr.DataTree:
    """Two sweeps of 360 rays that begin anywhere; nothing there, not observed and range folded here and there."""
    rng = np.random.default_rng(20260528)
    root = xr.Dataset(
        coords={"latitude": 35.25, "longitude": -97.5, "altitude": 390.0},
        attrs={"instrument_name": "KTST", "scan_name": "VCP 21", "frequency": 2.875e9, "beam_width_h": 0.9375},
    )
    tree = {"/": root}
    for number, moments in enumerate(SWEEPS):
        azimuth = (120.5 + number * 77.0 + np.arange(RAYS)) % 360.0
        data: dict[str, Any] = {
            "sweep_mode": ((), "azimuth_surveillance"),
            "sweep_fixed_angle": ((), 0.5 + number),
            "nyquist_velocity": (("azimuth",), np.full(RAYS, 26.25, np.float32)),
            "unambiguous_range": (("azimuth",), np.full(RAYS, 137200.0, np.float32)),
        }
        for name in moments:
            cells = values(name, rng)
            empty = rng.random((RAYS, GATES)) < 0.3
            cells[empty] = radar.NOTHING_DBZ if name == "DBZH" else np.nan
            attrs = {"units": "dBZ"} if name == "DBZH" else {}
            data[name] = (("azimuth", "range"), cells, attrs | {"resolution": STEPS[name]})
        coords = {
            "azimuth": (("azimuth",), azimuth.astype(np.float32)),
            "elevation": (("azimuth",), np.full(RAYS, 0.5 + number, np.float32)),
            "time": (
                ("azimuth",),
                START + np.arange(RAYS) * np.timedelta64(50, "ms") + number * np.timedelta64(20, "s"),
            ),
            "range": (("range",), SPACING * (0.5 + np.arange(GATES))),
        }
        tree[f"sweep_{number}"] = xr.Dataset(data, coords=coords)
    return xr.DataTree.from_dict(tree)


def read_with(python: Path, package: str, path: Path, folder: Path) -> dict[str, np.ndarray]:
    """What a package reads of a file, in a process of its own."""
    result = folder / "result.npz"
    result.unlink(missing_ok=True)
    subprocess.run([python, HERE / "reader_side.py", package, path, result], check=True, stdout=subprocess.DEVNULL)
    with np.load(result) as found:
        return dict(found)


def read_sweeps_with(python: Path, package: str, tree: xr.DataTree, folder: Path) -> dict[str, np.ndarray]:
    """The same, of an ODIM_H5 file for each sweep."""
    found = {}
    for number in range(len(SWEEPS)):
        alone = xr.DataTree.from_dict({"/": tree.to_dataset(), "sweep_0": tree[f"sweep_{number}"].to_dataset()})
        radar.write(alone, folder / "alone.h5")
        for name, read in read_with(python, package, folder / "alone.h5", folder).items():
            found[f"{number}{name[1:]}" if "/" in name else name] = read
    return found


def compare(form: str, package: str, tree: xr.DataTree, found: dict[str, np.ndarray]) -> bool:
    """Print how far what was read is from what was written; whether all is within what is allowed."""
    good = True
    for number, moments in enumerate(SWEEPS):
        sweep = tree[f"sweep_{number}"].to_dataset().sortby("azimuth")
        order = np.argsort(found[f"{number}/azimuth"])
        for name in moments:
            line = f"{form:16} {package:8} {number} {name:6}"
            if f"{number}/{name}" not in found:
                print(line, "not read")
                continue
            written, read = sweep[name].values, found[f"{number}/{name}"][order][:, :GATES]
            known = np.isfinite(written) & (written != radar.NOTHING_DBZ)
            there = np.isfinite(read) & (read > radar.NOTHING_DBZ)
            only = int((known != there).sum())
            off = float(np.abs(written - read)[known & there].max())
            allowed = ALLOWED.get(form, {}).get(name, 0.0) + 1e-5
            good &= only == 0 and off <= allowed
            print(line, f"{int(known.sum()):7d} values, {only:4d} known to one side, off by {off:.2g} of {allowed:.2g}")
        half = 0.5 * SPACING if package in ("pycwr", "cinrad") else 0.0
        offs = {
            "azimuth": np.abs(found[f"{number}/azimuth"][order] - sweep["azimuth"].values).max() / 1e-3,
            "range": np.abs(found[f"{number}/range"][:GATES] - half - sweep["range"].values).max() / 1.0,
            "angle": abs(float(found[f"{number}/angle"]) - float(sweep["sweep_fixed_angle"])) / 6e-3,
        }
        if f"{number}/time" in found:
            late = found[f"{number}/time"][order].astype("datetime64[ns]") - sweep["time"].values
            offs["time"] = np.abs(late).max() / np.timedelta64(
                1000 if (form, package) == ("ODIM_H5", "pyart") else 2, "ms"
            )
        if number == 0:
            for what, within in (("latitude", 1e-4), ("longitude", 1e-4), ("altitude", 0.5)):
                if not (package == "cinrad" and what == "altitude"):
                    offs[what] = abs(float(found[what]) - float(tree[what])) / within
        if f"{number}/nyquist" in found:
            offs["nyquist"] = abs(float(found[f"{number}/nyquist"]) - 26.25) / 0.01
        far = [what for what, parts in offs.items() if not parts <= 1.0]
        good &= not far
        print(f"{form:16} {package:8} {number} {'':6}", f"{', '.join(offs)}: {far or 'all as written'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", type=Path, required=True, help="python of the environment with the other packages")
    arguments = parser.parse_args()
    tree, good = volume(), True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form, packages in READERS.items():
            path = folder / f"KTST20260528_202640.{SUFFIX[form]}"
            radar.write(tree, path, format=form)
            for package in packages:
                try:
                    if (form, package) == ("ODIM_H5", "pyart"):
                        found = read_sweeps_with(arguments.python, package, tree, folder)
                    else:
                        found = read_with(arguments.python, package, path, folder)
                except subprocess.CalledProcessError:
                    print(f"{form:16} {package:8} cannot read it")
                    good = False
                else:
                    good &= compare(form, package, tree, found)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
