"""Read one radar volume again and again through one package, and print how long it takes: a side of decode_times.py.

Usage: times_side.py PACKAGE RUNS THREADS FORMAT FILE...

One line of JSON: ``times``, wall and processor seconds of each run after one that warms up; ``import_kib`` and
``peak_kib``, the most memory the process has held before the first and after the last; or ``error``.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from timing import peak_kib, timed


def reader_of(package: str, threads: int) -> Callable[[str, list[str]], Any]:
    """How a package reads a volume of a format; its import is not part of what is timed."""
    if package != "libnowcast":
        from volumes_side import PEERS

        read, _ = PEERS[package]
        return read
    import nowcast

    def read_ours(kind: str, files: list[str]) -> Any:
        with nowcast.settings(threads=threads):
            return nowcast.open(files)

    return read_ours


def main() -> None:
    """Time and report."""
    package, runs, threads, kind, *files = sys.argv[1:]
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print is no part of the answer
    try:
        read = reader_of(package, int(threads))
        if package == "pyart":
            import pyart  # noqa: F401
        if package == "xradar":
            import xradar  # noqa: F401
        if package == "cinrad":
            import cinrad.io  # noqa: F401
        if package == "metpy":
            import metpy.io  # noqa: F401
        imported = peak_kib()
        _, times = timed(lambda: read(kind, files), int(runs))
        answer = {"times": times.tolist(), "import_kib": imported, "peak_kib": peak_kib()}
    except Exception as error:  # whatever a package raises is an answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
