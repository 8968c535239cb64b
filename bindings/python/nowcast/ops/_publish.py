"""Products of a cycle that appear whole or not at all, with a manifest of them; and those that grew old."""

import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from nowcast._files import checksum, refusals
from nowcast.errors import FormatError, NowcastError

VERSION = 1
"""Of manifests, and of the state beside them."""

MANIFEST = "manifest.json"
STATE = "state"
LATEST = "latest"
_FORM = "%Y%m%dT%H%M%SZ"
_PARTIAL = ".partial-"


class LockedError(NowcastError):
    """Another process is at work in the folder."""


def hold(folder: Path, what: str = "cycle") -> int:
    """Make a folder and keep others out until what is returned is closed.

    Raises
    ------
    LockedError : another process has it.
    FileError : it cannot be made or written to.
    """
    with refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise LockedError(f"{folder}: another {what} is at work here") from None
    return lock


def name_of(time: np.datetime64) -> str:
    """Of the folder of a cycle."""
    made: str = time.astype("datetime64[s]").item().strftime(_FORM)
    return made


def time_of(name: str) -> np.datetime64 | None:
    """The time of a folder's cycle; None for other folders."""
    digits = name.replace("T", "").removesuffix("Z")
    if len(name) != 16 or not digits.isdigit():
        return None
    try:
        time = np.datetime64(f"{name[:4]}-{name[4:6]}-{name[6:11]}:{name[11:13]}:{name[13:15]}", "ns")
    except ValueError:
        return None
    return time if name_of(time) == name else None


class Output:
    """The folder that cycles publish into, while no other cycle is at work there.

    Each cycle has a folder of its own, named by its time, that takes its name when it is whole: products, the manifest,
    and the state that the next cycle goes on from. What a killed cycle left is cleared away here.

    Raises
    ------
    LockedError : another process has it.
    FileError : it cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = hold(folder)
        for left in folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def before(self, time: np.datetime64) -> Path | None:
        """The folder of the latest cycle before a time."""
        earlier = [path for when, path in published(self.folder) if when < time]
        return earlier[-1] if earlier else None

    def begin(self, time: np.datetime64) -> Path:
        """An empty folder to work in."""
        work = self.folder / f"{_PARTIAL}{name_of(time)}"
        with refusals(work):
            (work / STATE).mkdir(parents=True)
        return work

    def publish(self, work: Path, time: np.datetime64, manifest: dict[str, Any]) -> Path:
        """Write the manifest of a folder worked in, make all of it lasting, and give it its name."""
        final = self.folder / name_of(time)
        with refusals(final):
            (work / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
            for path in (*sorted(work.rglob("*")), work):
                _sync(path)
            work.rename(final)
            _sync(self.folder)
            newest = published(self.folder)[-1][1]
            link = self.folder / f".{LATEST}"
            link.unlink(missing_ok=True)
            link.symlink_to(newest.name)
            link.rename(self.folder / LATEST)
        return final

    def prune(self, hours: float) -> list[str]:
        """Remove the folders of cycles that lie so long before the latest; their names."""
        all_ = published(self.folder)
        span = np.timedelta64(round(3.6e12 * hours), "ns")
        old = [path for when, path in all_ if when < all_[-1][0] - span]
        for path in old:
            gone = self.folder / f"{_PARTIAL}{path.name}"  # never half a folder under its name
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        return [path.name for path in old]


def published(folder: Path) -> list[tuple[np.datetime64, Path]]:
    """The cycles in a folder, earliest first."""
    found = [(time, path) for path in folder.iterdir() if (time := time_of(path.name)) is not None]
    return sorted((pair for pair in found if (pair[1] / MANIFEST).is_file()), key=lambda pair: pair[1].name)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a cycle.

    Raises
    ------
    FileError : there is none.
    FormatError : it is not one, or of another version.
    """
    path = folder / MANIFEST
    try:
        with refusals(path):
            found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FormatError(f"{path}: {error}") from error
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise FormatError(f"{path}: a manifest of version {VERSION} expected")
    return found


def products(work: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name, bytes and checksum of each file in a folder."""
    for path in sorted(work.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(work)), {"bytes": path.stat().st_size, "sha256": checksum(path)}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclasses.dataclass(frozen=True)
class Line:
    """What the log says of one stage."""

    cycle: str
    stage: str
    status: str
    seconds: float
    reasons: tuple[str, ...] = ()
    numbers: dict[str, list[float | None]] = dataclasses.field(default_factory=dict)


class Log:
    """Lines of JSON, in one file a day, and the latest figures for Prometheus's textfile collector."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, line: Line) -> None:
        """Append a line; a full disk loses it and nothing else."""
        folder = self._folder / "log"
        try:
            folder.mkdir(exist_ok=True)
            with (folder / f"{line.cycle[:8]}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(line)) + "\n")
        except OSError:
            pass

    def figures(self, region: str, rows: dict[str, float], stages: dict[str, float]) -> None:
        """Write ``nowcast.prom`` anew."""
        lines = [f'nowcast_{name}{{region="{region}"}} {value:.10g}' for name, value in rows.items()]
        lines += [
            f'nowcast_stage_seconds{{region="{region}",stage="{stage}"}} {value:.6g}' for stage, value in stages.items()
        ]
        path = self._folder / ".nowcast.prom"
        try:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            path.rename(self._folder / "nowcast.prom")
        except OSError:
            pass

    def prune(self, hours: float, latest: np.datetime64) -> None:
        """Remove the files of days that lie so long before the latest."""
        last = latest.astype("datetime64[D]") - np.timedelta64(int(hours // 24) + 1, "D")
        day = last.item().strftime("%Y%m%d")
        for path in (self._folder / "log").glob("????????.jsonl"):
            if path.stem < day:
                path.unlink(missing_ok=True)
