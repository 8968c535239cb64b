"""Files read in a child process, so that a fault inside a library is an error and not the end of this program.

The child runs serve(): it takes one line of JSON for each file and answers with another, followed by the
arrays it speaks of. It lives until its owner goes, or until a file has brought it down.
"""

import contextlib
import contextvars
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, errors

__all__ = ["Child", "apart", "child", "isolated"]

_LIBRARIES = {"HDF5": "HDF5", "NETCDF": "netCDF-C", "GRIB": "ecCodes", "BUFR": "ecCodes"}
_CHUNK = 1 << 22
_MOST_THREADS = 1024


def library(format_name: str) -> str:
    """Who reads a format, for the text of an error."""
    return _LIBRARIES.get(format_name, "HDF5, netCDF-C or ecCodes")


class Child:
    """A reading process, started when first asked and again after it was lost. Any thread may ask."""

    def __init__(self, memory_bytes: int, seconds: float, command: Sequence[str] | None = None) -> None:
        self._seconds = seconds
        threads = _lib.in_force().threads
        self._command = command or (
            sys.executable,
            "-c",
            f"from nowcast._isolation import serve; serve({memory_bytes}, {threads})",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._ahead = b""  # of the answer, what was read with its line
        self._lock = threading.Lock()

    def call(self, what: str, paths: Sequence[str], reader: str = "") -> tuple[Any, list[npt.NDArray[Any]]]:
        """What a reader says of files, as plain values, and the arrays it read; reader names the library in errors.

        Raises
        ------
        LibraryError : the process ended or took too long; and whatever reading the files raised there.
        """
        name, reader = paths[0], reader or library("")
        with self._lock:
            process = self._running()
            deadline = time.monotonic() + self._seconds
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps([what, *paths]).encode() + b"\n")
                process.stdin.flush()
                answer = json.loads(self._line(deadline))
                if "status" in answer:
                    raise errors.BY_STATUS.get(answer["status"], errors.InternalError)(answer["text"])
                return answer["facts"], [self._array(dtype, shape, deadline) for dtype, shape in answer["arrays"]]
            except TimeoutError:
                self._stop()
                raise errors.LibraryError(
                    f"{name}: {reader} took longer than {self._seconds:g} s to read it and was stopped"
                ) from None
            except (EOFError, BrokenPipeError, ValueError):
                raise errors.LibraryError(f"{name}: {reader} failed while reading it: {self._stop()}") from None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()  # something ended it since the last file
        if self._process is None:
            # A session of its own: Ctrl-C is for this program, which then ends its child.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
            )
        return self._process

    def _stop(self) -> str:
        """End the process and say how it ended."""
        process, self._process, self._ahead = self._process, None, b""
        if process is None:
            return "it was not running"
        try:
            code = process.wait(timeout=0.5)  # one that crashed may take a moment to be gone
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        return f"its process ended with {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"

    def _take(self, size: int, deadline: float) -> bytes:
        """At most size bytes of the answer, as soon as there are any."""
        if self._ahead:
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        assert self._process is not None
        assert self._process.stdout is not None
        file = self._process.stdout.fileno()
        ready, _, _ = select.select([file], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        taken = os.read(file, size)
        if not taken:
            raise EOFError
        return taken

    def _line(self, deadline: float) -> bytes:
        parts = [self._take(_CHUNK, deadline)]
        while b"\n" not in parts[-1]:
            parts.append(self._take(_CHUNK, deadline))
        line, _, self._ahead = b"".join(parts).partition(b"\n")  # what follows is cells
        return line

    def _array(self, dtype: str, shape: Sequence[int], deadline: float) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = np.empty(shape, dtype=dtype)
        rest = memoryview(array.reshape(-1).view(np.uint8).data)
        while rest:
            part = self._take(min(len(rest), _CHUNK), deadline)
            rest[: len(part)] = part
            rest = rest[len(part) :]
        return array


_child: contextvars.ContextVar[Child | None] = contextvars.ContextVar("nowcast_child", default=None)


def child() -> Child | None:
    """The process to read with, where reading is isolated."""
    return _child.get()


@contextlib.contextmanager
def isolated(*, memory_bytes: int = 8 << 30, seconds: float = 300.0) -> Iterator[None]:
    """Read HDF5, netCDF, GRIB, BUFR and packed files in a child process while the ``with`` block lasts, in this thread.

    A file that makes a library crash, spin or grow is then a ``LibraryError`` that names file and library, and the next
    file is read as if nothing had happened. The command line always reads like this. The child has as many threads as
    ``nowcast.settings`` say here.

    Parameters
    ----------
    memory_bytes : int
        What the child may allocate beyond what it holds, its libraries and the stacks of its threads, when it begins.
    seconds : float
        Time one file may take.
    """
    reader = Child(memory_bytes, seconds)
    token = _child.set(reader)
    try:
        yield
    finally:
        _child.reset(token)
        reader.close()


def apart() -> contextlib.AbstractContextManager[None]:
    """Files are read in another process, the caller's where there is one."""
    return contextlib.nullcontext() if child() is not None else isolated()


def _allow(memory_bytes: int) -> None:
    """Let this process allocate so much more than it has, and no more."""
    from nowcast import grid

    # The first work for several threads starts them: their stacks are no part of what a file takes.
    grid.rain_rate(xr.DataArray(np.zeros((_MOST_THREADS, 1), np.float32), dims=("y", "x"), attrs={"units": "dBZ"}))
    held = 0
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text().splitlines()
        held = next((int(line.split()[1]) << 10 for line in status if line.startswith("VmData:")), 0)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + memory_bytes
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))


def serve(memory_bytes: int, threads: int) -> None:
    """Be the child: answer the paths on standard input until it ends."""
    with _lib.settings(threads=threads):
        _serve(memory_bytes)


def _serve(memory_bytes: int) -> None:
    from nowcast import _model_handle, io, obs, radar  # they themselves need this module

    readers: dict[str, Callable[[Sequence[str]], tuple[Any, list[npt.NDArray[Any]]]]]
    readers = {
        "layers": io.portable,
        "volume": radar.portable,
        "observations": obs.portable,
        "model": _model_handle.portable,
    }
    _allow(memory_bytes)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints is no part of an answer, and its reason comes as an error; Python's own errors are shown.
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    for line in sys.stdin.buffer:
        what, *paths = json.loads(line)
        arrays: list[npt.NDArray[Any]] = []
        try:
            facts, arrays = readers[what](paths)
            answer = {"facts": facts, "arrays": [(array.dtype.str, array.shape) for array in arrays]}
        except errors.NowcastError as error:
            answer = {"status": error.status, "text": str(error)}
        except MemoryError:
            answer = {"status": errors.OutOfMemoryError.status, "text": f"{paths[0]}: more memory needed than allowed"}
        answers.write(json.dumps(answer).encode() + b"\n")
        for array in arrays:
            answers.write(np.ascontiguousarray(array).data)
        answers.flush()
