"""Every radar volume read by libnowcast and by Py-ART, xradar, PyCINRAD or MetPy, and compared gate for gate.

Compared are the sweeps, their rays with azimuth, elevation, time and Nyquist speed, and every moment that both sides
have: where its gates are, its values, and which gates have one. One line for each file and peer says that all is equal,
or how many kinds of difference there are; each of them follows on a line of its own, with the reason for it that
known.py holds. A difference without a reason ends the program with status 1.

The peers live in an environment of their own, made from the requirements beside this file: ``make bench-volumes``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nowcast import errors, radar

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from known import reason_for  # noqa: E402

PEERS = {
    "NEXRAD Level II": ("pyart", "xradar"),
    "ODIM_H5": ("pyart", "xradar"),
    "CfRadial 1": ("pyart", "xradar"),
    "IRIS RAW": ("pyart", "xradar"),
    "UF": ("pyart", "xradar"),
    "CINRAD": ("cinrad",),
    "CMA standard": ("cinrad",),
    "NEXRAD Level III": ("metpy",),
    "CINRAD PUP": ("metpy",),
}
FOLDERS = {
    "nexrad": "NEXRAD Level II",
    "odim": "ODIM_H5",
    "cfradial": "CfRadial 1",
    "sigmet": "IRIS RAW",
    "uf": "UF",
    "dorade": "DORADE",
    "cinrad": "CINRAD",
    "nexrad-level3": "NEXRAD Level III",
    "cinrad-pup": "CINRAD PUP",
}
# Profiles, composites, and products that are grids, tables of cells or winds and no rays of gates.
NOT_VOLUMES = re.compile(r"/vp/|\.comp\.|_(NCR|NST|NSS|NHI|NMD|NTV|NVW)TLX|/(CR-37|ET-41|VWP-48|VIL-57|STI-58)/")
# What the peers call moments, in small letters, where it is neither our name nor the file's own.
NAMES = {
    "ref": "DBZH",
    "tref": "DBTH",
    "vel": "VRADH",
    "vel2": "V2",
    "sw": "WRADH",
    "width": "WRADH",
    "width2": "W2",
    "rho": "RHOHV",
    "phi": "PHIDP",
    "hclass2": "CLASS",
    "snr16": "SNRH",
    "hclass": "CLASS",
    "db_hclass": "CLASS",
    "db_hclass2": "CLASS",
}

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


@dataclass
class Volume:
    """What one side found, in the layout of volumes_side.py; ours has names of moments besides, and folded gates."""

    arrays: Arrays
    names: list[dict[str, str]] = field(default_factory=list)

    @property
    def sweeps(self) -> int:
        return len({name.split(".")[0] for name in self.arrays})

    def moments(self, sweep: int) -> list[str]:
        return [name.split(".")[1] for name in self.arrays if name.startswith(f"{sweep}.") and name.endswith(".range")]


@dataclass
class Difference:
    """Of one kind, over all sweeps: how often and how much."""

    kind: str
    moment: str = ""
    sweeps: list[int] = field(default_factory=list)
    count: int = 0
    most: float = 0.0


class Differences(dict[tuple[str, str], Difference]):
    def add(self, kind: str, sweep: int, count: int, most: float = 0.0, moment: str = "") -> None:
        if count:
            found = self.setdefault((kind, moment), Difference(kind, moment))
            found.sweeps.append(sweep)
            found.count += count
            found.most = max(found.most, most)


# ---- the sides ----


def ours(files: list[Path]) -> tuple[str, Volume]:
    """The format and what libnowcast finds, every moment on the gates it has in the file."""
    facts, arrays = radar.portable(files)
    rest = iter(arrays)
    volume = Volume({})
    for s, sweep in enumerate(facts["sweeps"]):
        for name in ("time", "azimuth", "elevation", "nyquist", "unambiguous"):
            volume.arrays[f"{s}.{name}"] = next(rest)
        names = {}
        for moment in sweep["moments"]:
            cells, name = next(rest), moment["name"]
            folded = next(rest) != 0 if moment["flagged"] else np.zeros(cells.shape, bool)
            nothing = cells == radar.NOTHING_DBZ
            gates = moment["first_gate"] + moment["gate_spacing"] * np.arange(cells.shape[1])
            names |= {name.lower(): name, moment["own_name"].strip().lower(): name}
            volume.arrays |= {
                f"{s}.{name}": np.where(nothing, np.float32(np.nan), cells),
                f"{s}.{name}.range": gates,
                f"{s}.{name}.nothing": nothing,
                f"{s}.{name}.folded": folded,
            }
        volume.names.append(names)
    return facts["format"], volume


class Peer:
    """A process that reads volumes through another package."""

    def __init__(self, name: str, python: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [str(python), str(HERE / "volumes_side.py"), name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def read(self, kind: str, files: list[Path]) -> Volume | str:
        """What it finds, or why it finds nothing."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([kind, [str(file) for file in files]]), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline() or '{"error": "its process ended"}')
        if "error" in answer:
            return str(answer["error"])
        with np.load(answer["path"]) as found:
            volume = Volume(dict(found))
        Path(answer["path"]).unlink()
        return volume

    def close(self) -> None:
        self.process.communicate()


# ---- comparing ----


def across_north(angle: Array) -> Array:
    return (angle + 180.0) % 360.0 - 180.0


def common_rays(mine: Volume, theirs: Volume, s: int, found: Differences) -> tuple[Array, Array]:
    """Numbers of rays on both sides that are the same ones: as they come, else of one time, else of one direction."""
    sides = [side.arrays for side in (mine, theirs)]
    azimuths = [side[f"{s}.azimuth"].astype("f8") % 360.0 for side in sides]
    elevations = [side.get(f"{s}.elevation", mine.arrays[f"{s}.elevation"]) for side in sides]
    sizes = [angle.size for angle in azimuths]
    found.add("rays", s, abs(sizes[0] - sizes[1]))
    if sizes[0] == sizes[1]:
        away = np.abs(across_north(azimuths[0] - azimuths[1])), np.abs(elevations[0] - elevations[1])
        if max(away[0].max(), away[1].max()) < 0.51:
            return np.arange(sizes[0]), np.arange(sizes[0])
        found.add("order of rays", s, 1)
    times = [side[f"{s}.time"] // 1000000 for side in sides if f"{s}.time" in side]
    if len(times) == 2 and all(np.unique(time).size == time.size for time in times):
        _, one, other = np.intersect1d(*times, assume_unique=True, return_indices=True)
        if one.size == min(sizes):
            return one, other
    angles = elevations if np.ptp(elevations[0]) > 5.0 else azimuths
    if sizes[0] == sizes[1]:
        orders = [np.argsort(angle, kind="stable") for angle in angles]
        away = [
            np.abs(across_north(angles[0][orders[0]] - np.roll(angles[1][orders[1]], k))).mean() for k in (0, 1, -1)
        ]
        return orders[0], np.roll(orders[1], (0, 1, -1)[int(np.argmin(away))])
    apart = np.abs(across_north(angles[0][:, None].astype("f8") - angles[1][None, :]))
    nearest = apart.argmin(axis=1)
    good = (apart.min(axis=1) < 0.25) & (apart.argmin(axis=0)[nearest] == np.arange(sizes[0]))
    return np.flatnonzero(good), nearest[good]


def compare_rays(mine: Volume, theirs: Volume, s: int, orders: tuple[Array, Array], found: Differences) -> None:
    limits = {"azimuth": 1e-4, "elevation": 1e-4, "time": 1e-3, "nyquist": 1e-4}
    for name, limit in limits.items():
        if f"{s}.{name}" not in theirs.arrays:
            continue
        a, b = mine.arrays[f"{s}.{name}"][orders[0]], theirs.arrays[f"{s}.{name}"][orders[1]]
        apart = (a - b) / 1e9 if name == "time" else a.astype("f8") - b
        apart = np.abs(across_north(apart) if name == "azimuth" else apart)
        known = np.isfinite(a) & np.isfinite(b)
        found.add(name, s, int((apart[known] > limit).sum()), float(apart[known].max(initial=0.0)))
        if name == "nyquist":
            found.add("nyquist only theirs", s, int((np.isnan(a) & (b > 0)).sum()), float(np.nanmax(b, initial=0.0)))
            found.add("nyquist only ours", s, int((np.isfinite(a) & ~(b > 0)).sum()))


def common_gates(a: Array, b: Array, s: int, name: str, found: Differences) -> tuple[Array, Array]:
    """Which of our gates each of theirs is in, and whether there is one: by number unless theirs are shorter."""
    spacing = (a[-1] - a[0]) / (a.size - 1) if a.size > 1 else 1.0
    finer = b.size > 1 and b[1] - b[0] < spacing - 0.5 and b.size != a.size
    if not finer:
        same = min(a.size, b.size)
        apart = np.abs(a[:same] - b[:same])
        found.add("range", s, int((apart > 0.05).sum()), float(apart.max()), name)
        place = np.arange(b.size)
    else:  # what lies on the edge of two gates is of the nearer one
        place = np.floor((b - a[0]) / spacing + 0.5 - 1e-6).astype(int)
        found.add("finer gates", s, 1, moment=name)
    return np.clip(place, 0, a.size - 1), (place >= 0) & (place < a.size)


def differs(a: Array, b: Array) -> Array:
    """Where two sides both have a value and not the same one, beyond what float32 makes of it."""
    known = np.isfinite(a) & np.isfinite(b)
    limit = 2e-6 + 2e-7 * np.abs(b[known]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        return known & (np.abs(a.astype("f8") - b) > limit)


def compare_moment(
    mine: Volume, theirs: Volume, s: int, name: str, other: str, orders: tuple[Array, Array], found: Differences
) -> None:
    place, there = common_gates(mine.arrays[f"{s}.{name}.range"], theirs.arrays[f"{s}.{other}.range"], s, name, found)

    def taken(what: str) -> Array:
        cells = mine.arrays[f"{s}.{name}{what}"][orders[0]][:, place]
        return np.where(there, cells, False) if cells.dtype == bool else np.where(there, cells, np.float32(np.nan))

    a, nothing, folded = taken(""), taken(".nothing"), taken(".folded")
    b = theirs.arrays[f"{s}.{other}"][orders[1]]
    wrong = {k: int(differs(a, np.roll(b, k, axis=0)).sum()) for k in (0, 1, -1)}
    turn = next((k for k, count in wrong.items() if count < 0.02 * wrong[0]), 0)
    found.add("one ray on", s, abs(turn), moment=name)
    b = np.roll(b, turn, axis=0)
    both = np.isfinite(a) & np.isfinite(b)
    apart = np.abs(a[both].astype("f8") - b[both])
    found.add("values", s, int(differs(a, b).sum()), float(apart.max(initial=0.0)), name)
    found.add("value only ours", s, int((np.isfinite(a) & np.isnan(b)).sum()), moment=name)
    beyond = mine.arrays[f"{s}.{name}"][:, place[there].max(initial=-1) + 1 :]
    found.add("gates only ours", s, int(np.isfinite(beyond).sum()), moment=name)
    only = np.isfinite(b) & np.isnan(a)
    for kind, where in (
        ("value where ours is no echo", nothing),
        ("value where ours is range folded", folded),
        ("value where ours is not observed", ~nothing & ~folded),
    ):
        found.add(kind, s, int((only & where).sum()), moment=name)
    if f"{s}.{other}.nothing" in theirs.arrays and nothing.any():
        empty = np.roll(theirs.arrays[f"{s}.{other}.nothing"][orders[1]], turn, axis=0)
        found.add("no echo only ours", s, int((nothing & ~empty & np.isnan(b)).sum()), moment=name)
        found.add("no echo only theirs", s, int((empty & ~nothing).sum()), moment=name)


def compare(mine: Volume, theirs: Volume) -> Differences:
    """All differences of two volumes."""
    found = Differences()
    found.add("sweeps", 0, abs(mine.sweeps - theirs.sweeps))
    for s in range(min(mine.sweeps, theirs.sweeps)):
        orders = common_rays(mine, theirs, s, found)
        found.add(
            "rays without a like",
            s,
            min(mine.arrays[f"{s}.azimuth"].size, theirs.arrays[f"{s}.azimuth"].size) - orders[0].size,
        )
        compare_rays(mine, theirs, s, orders, found)
        names = dict(mine.names[s])
        seen = set()
        for other in theirs.moments(s):
            name = names.get(other.lower()) or names.get(NAMES.get(other.lower(), "").lower())
            if name is None:
                found.add("moment only theirs", s, 1, moment=other)
                continue
            seen.add(name)
            compare_moment(mine, theirs, s, name, other, orders, found)
        for name in mine.moments(s):
            if name not in seen and np.isfinite(mine.arrays[f"{s}.{name}"]).any():
                found.add("moment only ours", s, 1, moment=name)
    return found


# ---- all files ----


def left_out(data: Path, only: str) -> int:
    """How many files are no volumes."""
    files = (file for folder in FOLDERS for file in (data / folder).rglob("*") if file.is_file())
    return sum(bool(NOT_VOLUMES.search(str(file)) and re.search(only, str(file))) for file in files)


def volumes(data: Path) -> Iterator[tuple[str, list[Path]]]:
    """The files of each volume: real-time chunks of one folder together, any other file alone."""
    for folder, kind in FOLDERS.items():
        chunks: dict[Path, list[Path]] = {}
        for file in sorted((data / folder).rglob("*")):
            if not file.is_file() or NOT_VOLUMES.search(str(file)):
                continue
            if re.search(r"-\d{3}-[SIE]$", file.name):
                chunks.setdefault(file.parent, []).append(file)
            else:
                yield kind, [file]
        for files in chunks.values():
            yield kind, files


def report(data: Path, files: list[Path], kind: str, peer: str, found: Differences) -> int:
    """Print the lines of one file and peer; the number of differences without a reason."""
    place = files[0].relative_to(data) if len(files) == 1 else files[0].parent.relative_to(data)
    unexplained = 0
    lines = []
    for difference in found.values():
        why = reason_for(peer, kind, difference.kind, difference.moment, difference.most, str(files[0]))
        unexplained += why is None
        sweeps = difference.sweeps
        where = f"sweep {sweeps[0]}" if len(sweeps) == 1 else f"{len(sweeps)} sweeps from {sweeps[0]}"
        size = f", at most {difference.most:.6g}" if difference.most else ""
        what = f"{difference.kind} {difference.moment}".rstrip()
        lines.append(f"    {what}: {difference.count} in {where}{size} -- {why or 'NOT EXPLAINED'}")
    summary = "equal" if not found else f"{len(found)} differences" + (f", {unexplained} open" if unexplained else "")
    print(f"{place}  {kind} beside {peer}: {summary}", flush=True)
    for line in lines:
        print(line)
    return unexplained


def main() -> None:
    """Compare all files, or those asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the peers' environment")
    default = Path(os.environ.get("NOWCAST_TEST_DATA", HERE.parents[2] / "shared" / "data")) / "radar"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--only", default="", help="a regular expression that paths must contain")
    given = parser.parse_args()
    read = unread = pairs = equal = differences = unexplained = 0
    with tempfile.TemporaryDirectory() as name:
        peers = {
            peer: Peer(peer, given.python, Path(name)) for peer in sorted({p for ps in PEERS.values() for p in ps})
        }
        for _, files in volumes(given.data):
            if not re.search(given.only, str(files[0])):
                continue
            try:
                kind, mine = ours(files)
            except errors.NowcastError as error:
                print(f"{files[0].relative_to(given.data)}: {error}")
                unexplained += 1
                continue
            read += 1
            if kind not in PEERS:
                print(f"{files[0].relative_to(given.data)}  {kind}: no peer reads this format")
            for peer in PEERS.get(kind, ()):
                theirs = peers[peer].read(kind, files)
                if isinstance(theirs, str):
                    print(f"{files[0].relative_to(given.data)}  {kind} beside {peer}: not read by it ({theirs})")
                    unread += 1
                    continue
                found = compare(mine, theirs)
                pairs, equal, differences = pairs + 1, equal + (not found), differences + len(found)
                unexplained += report(given.data, files, kind, peer, found)
        for peer in peers.values():
            peer.close()
    print(f"{left_out(given.data, given.only)} files left out: profiles, composites, products that are grids or tables")
    print(f"{read} volumes, {pairs} comparisons, {unread} more not read by the peer, {equal} equal in everything")
    print(f"{differences} kinds of difference, {unexplained} without a reason")
    sys.exit(unexplained > 0)


if __name__ == "__main__":
    main()
