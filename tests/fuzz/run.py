"""Run the fuzz programs for so much CPU time each, in as many sittings as it takes, and keep the record of it.

Inputs found are kept in build/fuzz/corpus, findings in build/fuzz/findings. A program begins with the committed inputs,
and with the real files of its format where NOWCAST_TEST_DATA names the folder of them. One with a finding is left until
the program is started again.
"""

import argparse
import bz2
import contextlib
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "fuzz"
MOST_BYTES = 1 << 14
MOST_SEEDS = 40
REAL = {
    "nexrad": "radar/nexrad",
    "nexrad_stream": "radar/nexrad",
    "cma": "radar/cinrad",
    "cma_stream": "radar/cinrad",
    "cinrad_legacy": "radar/cinrad",
    "iris": "radar/sigmet",
    "dorade": "radar/dorade",
    "uf": "radar/uf",
    "level3_polar": "radar/nexrad-level3",
    "level3_grid": "radar/nexrad-level3",
    "level3_table": "radar/nexrad-level3",
    "hdf5": "radar/odim",
    "netcdf": "radar/cfradial",
    "grib": "nwp",
    "grib_message": "nwp",
    "bufr": "obs/profile-bufr",
    "bufr_message": "obs/profile-bufr",
    "pgm": "composite/fmi-20160928",
    "radolan": "composite/dwd-rv-20221018",
    "wyoming": "obs/sounding",
    "csv": "obs/surface",
    "lma": "obs/lightning",
    "uspln": "obs/lightning",
}
"""Folders of real files, by decoder."""
LIBRARIES = ("hdf5", "netcdf", "grib", "bufr")
"""Programs of the libraries of others. They go on after a finding, and leaks and sizes refused are none: the child
process bears them."""
LIBRARY_FAULT = re.compile(": lib(hdf5|netcdf|eccodes)")
MOST_WHOLE = 1 << 16
"""Of HDF5 and netCDF, whose first part is nothing."""


@dataclass
class Record:
    """What has been run of one program so far."""

    cpu_s: float = 0.0
    executions: int = 0
    edges: int = 0
    inputs: int = 0
    findings: list[str] = field(default_factory=list)
    """Signatures, each once."""


# ---- inputs to begin with ----


def unpacked(data: bytes) -> bytes:
    """A file freed of its packing, as far as it goes; of NEXRAD Level II the records too, without that of metadata."""
    with contextlib.suppress(OSError, EOFError, ValueError):
        if data.startswith(b"\x1f\x8b"):
            return unpacked(gzip.decompress(data))
        if data.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(data, 1 << 24)
    if data.startswith((b"AR2V", b"ARCHIVE2")) and data[28:31] == b"BZh":
        first = abs(struct.unpack_from(">i", data, 24)[0])
        return data[:24] + unpacked(data[24 + 4 + first + 4 :])
    return data


def seed(decoder: str, folder: Path) -> None:
    """Put the beginnings of real files into a folder, behind the byte that says they are as they are."""
    data = os.environ.get("NOWCAST_TEST_DATA")
    if not data or decoder not in REAL or folder.exists():
        return
    paths = sorted(path for path in (Path(data) / REAL[decoder]).rglob("*") if path.is_file())
    folder.mkdir(parents=True)
    for path in paths[:: 1 + len(paths) // MOST_SEEDS]:
        content = unpacked(path.read_bytes())
        if decoder not in ("hdf5", "netcdf") or len(content) < MOST_WHOLE:
            (folder / path.name).write_bytes(b"\0" + content[: most_bytes(decoder) - 1])


def most_bytes(decoder: str) -> int:
    """Of an input."""
    return MOST_WHOLE if decoder in ("hdf5", "netcdf") else MOST_BYTES


# ---- one sitting ----


def signature(command: list[str], artifact: Path, environment: dict[str, str]) -> str:
    """Where an input found fails: the kind, and the innermost function of a library of others or of our own sources."""
    kind = artifact.name.split("-")[0]
    try:
        result = subprocess.run([*command, str(artifact)], capture_output=True, timeout=300, env=environment)
    except subprocess.TimeoutExpired:
        return f"{kind}: over 300 s"
    for line in result.stderr.decode(errors="replace").splitlines():
        if found := re.match(r"\s+#\d+ 0x[0-9a-f]+ (?:in (\S+))?.*?(lib(?:hdf5|netcdf|eccodes)|libnowcast/src)", line):
            return f"{kind}: {'own' if found[2] == 'libnowcast/src' else found[2]} {found[1] or ''}".rstrip()
    return f"{kind}: {'not again' if result.returncode == 0 else 'no frame of these'}"


def sit(decoder: str, seconds: float) -> Record:
    """Run one program for so long, on the clock."""
    corpus, findings, real = (BUILD / name / decoder for name in ("corpus", "findings", "real"))
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    seed(decoder, real)
    before = set(findings.iterdir())
    program = str(BUILD / "tests" / "fuzz" / f"nowcast_fuzz_{decoder}")
    environment = dict(os.environ)
    limits = ["-timeout=120", "-rss_limit_mb=2048"]
    if decoder in LIBRARIES:
        environment["ASAN_OPTIONS"] = "detect_leaks=0:allocator_may_return_null=1"
        limits += ["-detect_leaks=0"]
    command = [
        program,
        *limits,
        *(["-fork=1", "-ignore_crashes=1", "-ignore_timeouts=1", "-ignore_ooms=1"] if decoder in LIBRARIES else []),
        f"-max_total_time={max(1, round(seconds))}",
        f"-max_len={most_bytes(decoder)}",
        "-report_slow_units=120",
        "-print_final_stats=1",
        f"-artifact_prefix={findings}/",
        str(corpus),
        *(str(folder) for folder in (HERE / "corpus" / decoder, real) if folder.is_dir()),
    ]
    with (BUILD / f"{decoder}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = (BUILD / f"{decoder}.log").read_text(errors="replace")
    edges = [int(number) for number in re.findall(r"cov: (\d+)", text)]
    executions = re.findall(r"number_of_executed_units: (\d+)", text) or re.findall(r"^#(\d+)", text, re.M)
    artifacts = sorted(set(findings.iterdir()) - before)
    new = sorted({signature([program, *limits], artifact, environment) for artifact in artifacts})
    if process.returncode and not new:
        new = [f"exit code {process.returncode}: no input kept"]
    return Record(
        usage.ru_utime + usage.ru_stime,
        int(executions[-1]) if executions else 0,
        max(edges, default=0),
        len(list(corpus.iterdir())),
        new,
    )


# ---- the record ----


def read_record(path: Path) -> dict[str, Record]:
    """By decoder: times and executions of all sittings, edges and inputs of the last one, all findings."""
    total: dict[str, Record] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        sum_ = total.setdefault(entry.pop("decoder"), Record())
        one = Record(**entry)
        sum_.cpu_s += one.cpu_s
        sum_.executions += one.executions
        sum_.edges, sum_.inputs = max(sum_.edges, one.edges), one.inputs
        sum_.findings = sorted({*sum_.findings, *one.findings})
    return total


def table(record: dict[str, Record], decoders: list[str]) -> Iterator[str]:
    """The record as a table in Markdown."""
    yield "| decoder | CPU minutes | executions | edges | inputs kept | findings, of these in libraries |"
    yield "|---|---|---|---|---|---|"
    for decoder in decoders:
        one = record.get(decoder, Record())
        numbers = f"{one.cpu_s / 60:.1f} | {one.executions:,} | {one.edges:,} | {one.inputs:,} | {len(one.findings)}"
        elsewhere = sum(LIBRARY_FAULT.search(finding) is not None for finding in one.findings)
        yield f"| {decoder} | {numbers}{f', {elsewhere}' if elsewhere else ''} |"


def main() -> None:
    """Run what is due; status 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decoders", nargs="*", help="in this order; all by default")
    parser.add_argument("--minutes", type=float, default=30.0, help="of CPU time that each is to have had in all")
    parser.add_argument("--more", type=float, help="minutes of CPU time for each now, whatever it has had")
    parser.add_argument("--for", dest="for_minutes", type=float, default=float("inf"), help="begin none after so long")
    parser.add_argument("--slice", type=float, default=600.0, help="seconds of one sitting")
    parser.add_argument("--jobs", type=int, default=1, help="programs at a time")
    parser.add_argument("--record", type=Path, default=BUILD / "record.jsonl")
    parser.add_argument("--table", action="store_true", help="print the record and run nothing")
    given = parser.parse_args()
    prefix = "nowcast_fuzz_"
    built = sorted(path.name[len(prefix) :] for path in (BUILD / "tests" / "fuzz").glob(prefix + "*"))
    decoders = given.decoders or built
    if unknown := set(decoders) - set(built):
        sys.exit(f"no fuzz program for {', '.join(sorted(unknown))}; there are {', '.join(built)}")
    end = time.monotonic() + 60.0 * given.for_minutes
    record = read_record(given.record)
    wanted = {
        decoder: given.minutes if given.more is None else given.more + record.get(decoder, Record()).cpu_s / 60.0
        for decoder in decoders
    }
    lock = threading.Lock()
    waiting = [] if given.table else list(decoders)
    found: list[str] = []

    def work() -> None:
        while True:
            with lock:
                if not waiting or time.monotonic() > end:
                    return
                decoder = waiting.pop(0)
                due = 60.0 * wanted[decoder] - record.get(decoder, Record()).cpu_s
            if due <= 0.0:
                continue
            # A busy machine gives a part of the time on the clock.
            one = sit(decoder, min(max(10.0, 3.0 * due), given.slice, max(1.0, end - time.monotonic())))
            with lock:
                with given.record.open("a") as file:
                    print(json.dumps({"decoder": decoder, **vars(one)}), file=file)
                record.update(read_record(given.record))
                if one.findings:
                    print(f"{decoder}: {', '.join(one.findings)}; see {BUILD / decoder}.log", flush=True)
                if any(LIBRARY_FAULT.search(finding) is None for finding in one.findings):
                    found.append(decoder)
                else:
                    waiting.insert(0, decoder)

    workers = [threading.Thread(target=work) for _ in range(given.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("\n".join(table(record, decoders)))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
