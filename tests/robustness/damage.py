"""Real files cut short and with bytes changed, and what becomes of them when they are opened.

Everything has to be answered: data, part of them with the reason, or an error that names the file and what is wrong.
A worker process opens the files as the command line does, own formats in process and those of other libraries in a
child, so that a crash, a hang or too much memory is seen here and the rest goes on.

As a program it prints a table of all folders; with a record it goes on where it was stopped.
"""

import argparse
import bz2
import contextlib
import gc
import gzip
import json
import os
import random
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60.0
"""No file takes longer, on a busy machine."""
MEMORY_BYTES = 6 << 30
"""Address space of the worker, of which libraries alone take much; what a file may take is 1 GiB."""
FOLDERS = ("radar", "composite", "nwp", "obs")
DATA_SUFFIXES = (".idx", ".md", ".txt.license")
ANSWERS = ("data", "unsaid", "part", "error", "library fault")
"""What becomes of a file: unsaid are data of one cut short, less than the whole file has, with no reason."""
FAULT = re.compile("failed while reading it|took longer than")


@dataclass
class Tally:
    """What became of a file, or of those of one format."""

    files: int = 0
    seconds: float = 0.0
    peak_mib: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """What was answered otherwise than it has to be, and how to make the file again."""


# ---- damage ----


def unpacked(data: bytes) -> bytes | None:
    """What is in a gzip or bzip2 file; None for any other."""
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress)):
        if data.startswith(magic):
            return unpack(data)
    return None


def damaged(data: bytes, cuts: int, flips: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """How, and the bytes: cut at random places, then with up to eight changed; packed files unpacked half the time."""
    dice = random.Random(seed)
    inside = unpacked(data)
    for number in range(cuts + flips):
        base = inside if inside is not None and number % 2 else data
        form = "unpacked " if base is inside else ""
        if number < cuts:
            size = dice.randrange(len(base))
            yield f"{form}cut at {size}", base[:size]
            continue
        changed = bytearray(base)
        # Headers are where a byte decides: every other change is among the first.
        places = [dice.randrange(min(len(base), 8192) if k % 2 else len(base)) for k in range(dice.randint(1, 8))]
        for place in places:
            changed[place] ^= dice.randint(1, 255)
        yield f"{form}changed at {sorted(places)}", bytes(changed)


# ---- opening ----


def digest(found: object) -> str:
    """Of all that was read, names and values."""
    import numpy as np
    import pandas as pd
    import xarray as xr

    check = 0
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, xr.DataTree):
            datasets = [node.to_dataset() for node in one.subtree]
        elif isinstance(one, xr.DataArray):
            datasets = [one.to_dataset(name="field")]
        else:
            table = one if isinstance(one, pd.DataFrame) else one.table()  # type: ignore[attr-defined]
            datasets = []
            check = zlib.crc32(table.to_json(orient="split", double_precision=15).encode(), check)
        for dataset in datasets:
            for name, variable in dataset.variables.items():
                values = np.ascontiguousarray(variable.values)
                check = zlib.crc32(f"{name} {values.shape}".encode(), check)
                plain = repr(values.tolist()).encode() if values.dtype == object else values.reshape(-1).view(np.uint8)
                check = zlib.crc32(plain, check)
    return f"{check:08x}"


def serve() -> None:
    """Be the worker: answer the paths on standard input, one line of JSON each."""
    import nowcast

    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with nowcast.io.isolated(memory_bytes=MEMORY_BYTES, seconds=SECONDS / 2):
        for line in sys.stdin:
            path = json.loads(line)
            kind, text, digested = "data", "", ""
            try:
                found = nowcast.open(path)
                digested = digest(found)
                trees = found if isinstance(found, list) else [found]
                reasons = [tree.attrs if hasattr(tree, "attrs") else vars(tree) for tree in trees]
                text = "; ".join(str(reason.get("incomplete", "")) for reason in reasons)
                kind = "part" if text.strip("; ") else "data"
            except nowcast.errors.NowcastError as error:
                text = str(error)
                kind = "library fault" if FAULT.search(text) else "error"
                if os.fspath(path) not in text or len(text) < len(path) + 8:
                    kind = "unclear"
            except Exception as error:  # nothing else may come out
                kind, text = "unexpected", f"{type(error).__name__}: {error}"
            peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
            print(json.dumps([kind, text, digested, peak // 1024]), file=answers, flush=True)
            found = trees = None
            gc.collect()  # what is held is what one file takes
            gc.freeze()  # what is left is of libraries, and is not looked through again


class Worker:
    """A process that opens files one by one, begun anew when it ends."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def open(self, path: Path) -> tuple[str, str, str, int]:
        """The kind of answer, its text, the digest of data, and the most memory the worker has held so far, in MiB."""
        if self.process is None:
            command = [sys.executable, __file__, "--serve"]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(str(path)), file=self.process.stdin, flush=True)
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if line:
            kind, text, digested, peak = json.loads(line)
            return kind, text, digested, peak
        if not ready:
            self.process.kill()
        code = self.process.wait()
        self.process = None
        kind, text = ("crash", f"the process ended with {code}") if ready else ("hang", f"over {SECONDS:g} s")
        return kind, text, "", 0

    def close(self) -> None:
        if self.process:
            self.process.communicate()


# ---- all files ----


def families(data: Path, folders: tuple[str, ...] = FOLDERS, files: int = 0) -> dict[str, list[Path]]:
    """Real files by folder, each of one format; of each folder the first ``files``, or all for 0."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted((data / folder).rglob("*")):
            if path.is_file() and not path.name.endswith(DATA_SUFFIXES) and "__pycache__" not in path.parts:
                found.setdefault(str(path.parent.relative_to(data)), []).append(path)
    return {folder: paths[:files] if files else paths for folder, paths in found.items()}


def damage(worker: Worker, path: Path, cuts: int, flips: int, folder: Path) -> Tally:
    """Open a file cut ``cuts`` times and changed ``flips`` times, from a copy in ``folder``."""
    tally = Tally(files=1)
    began = time.monotonic()
    place = folder / path.name
    place.write_bytes(path.read_bytes())
    whole = worker.open(place)[2]
    for number, (how, data) in enumerate(damaged(path.read_bytes(), cuts, flips, seed=sum(path.name.encode()))):
        place.write_bytes(data)
        kind, text, digested, peak = worker.open(place)
        if kind == "data" and number < cuts and digested != whole:
            kind = "unsaid"
        tally.kinds[kind] += 1
        tally.peak_mib = max(tally.peak_mib, peak)
        if kind not in ANSWERS:
            tally.broken.append(f"{path.name} {how}: {kind}: {text}")
    place.unlink(missing_ok=True)
    tally.seconds = time.monotonic() - began
    return tally


def shares(paths: list[Path], flips: int) -> Iterator[tuple[Path, int]]:
    """The files of a format, and how many of its flips fall to each."""
    for number, path in enumerate(paths):
        yield path, flips * (number + 1) // len(paths) - flips * number // len(paths)


def added(tallies: Iterable[Tally]) -> Tally:
    """What became of all files together."""
    total = Tally()
    for tally in tallies:
        total.files += tally.files
        total.seconds += tally.seconds
        total.peak_mib = max(total.peak_mib, tally.peak_mib)
        total.kinds += tally.kinds
        total.broken += tally.broken
    return total


# ---- the record ----


def read_record(record: Path | None, cuts: int, flips: int) -> dict[str, Tally]:
    """Files done before with as many cuts and flips, by their path below the data."""
    done: dict[str, Tally] = {}
    if record and record.exists():
        for line in record.read_text().splitlines():
            entry = json.loads(line)
            name, asked, kinds = entry.pop("file"), entry.pop("asked"), Counter(entry.pop("kinds"))
            if asked == [cuts, flips]:
                done[name] = Tally(kinds=kinds, **entry)
    return done


def print_table(paths: dict[str, list[Path]], data: Path, done: dict[str, Tally]) -> None:
    """A line for each format of which files are done, and one for all."""
    print(f"{'folder':40s}   files   opened   data unsaid   part  error  library  wrong  MiB      s")
    rows = {
        family: (added(done[name] for path in files if (name := str(path.relative_to(data))) in done), len(files))
        for family, files in paths.items()
    }
    rows["all"] = (added(tally for tally, _ in rows.values()), sum(files for _, files in rows.values()))
    for family, (tally, files) in rows.items():
        counts = [tally.kinds[kind] for kind in ANSWERS]
        numbers = (f"{tally.files}/{files}", sum(tally.kinds.values()), *counts, len(tally.broken), tally.peak_mib)
        print(
            "{:40s} {:>7s} {:8d} {:6d} {:6d} {:6d} {:6d} {:8d} {:6d} {:5d} {:6.0f}".format(
                family, *numbers, tally.seconds
            )
        )


def main() -> None:
    """Open damaged files and print the table; status 1 where an answer was not what it has to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, default=os.environ.get("NOWCAST_TEST_DATA"))
    parser.add_argument("--cuts", type=int, default=200, help="of each file")
    parser.add_argument("--flips", type=int, default=2000, help="of each folder")
    parser.add_argument("--files", type=int, default=0, help="of each folder; 0 for all")
    parser.add_argument("--only", default="", help="a regular expression that folders must contain")
    parser.add_argument(
        "--record", type=Path, help="where each file done is noted; those that are there are not done again"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no file after so long")
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    end = time.monotonic() + 60.0 * given.minutes
    paths = {
        family: sorted(files, key=lambda path: path.stat().st_size)
        for family, files in families(given.data, files=given.files).items()
        if re.search(given.only, family)
    }
    done = read_record(given.record, given.cuts, given.flips)
    worker = Worker()
    with tempfile.TemporaryDirectory() as name:
        todo = [
            (number, path.stat().st_size, path, flips)
            for files in paths.values()
            for number, (path, flips) in enumerate(shares(files, given.flips))
        ]
        # The smallest file of every format comes first, so that a short sitting meets all of them.
        for *_, path, flips in sorted(todo):
            key = str(path.relative_to(given.data))
            if key in done or time.monotonic() > end:
                continue
            tally = done[key] = damage(worker, path, given.cuts, flips, Path(name))
            for line in tally.broken[:20]:
                print(f"{key}: {line[:300]}", flush=True)
            if given.record:
                with given.record.open("a") as record:
                    print(json.dumps({"file": key, "asked": [given.cuts, given.flips], **vars(tally)}), file=record)
    worker.close()
    print_table(paths, given.data, done)
    sys.exit(any(tally.broken for tally in done.values()))


if __name__ == "__main__":
    main()
