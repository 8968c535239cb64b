"""How both sides of the comparison are timed."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def timed(work: Callable[[], Any], runs: int) -> tuple[Any, npt.NDArray[np.float64]]:
    """The result of work(), and wall and processor seconds of each run; of several the first only warms up."""
    times = []
    for _ in range(runs + (runs > 1)):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    return result, np.array(times[-runs:])


def peak_kib() -> int:
    """The most memory this process has held; getrusage counts what the process it was forked from held too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
