"""Radar volumes followed while they arrive: real-time chunks, files that grow, files that come one by one."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, NowcastError, UnsupportedError

_logger = logging.getLogger("nowcast")
_BLOCK = 1 << 20
_CHUNK = re.compile(r"(.*\d{8}-\d{6})-(\d{3})-[SIE]")
# The station in the names of China's network, as reading at once takes it: files of 2001 do not say it themselves.
_STATION = re.compile(r"Z_RADR_I_([^_]{1,7})")

Stop = threading.Event | Callable[[], bool]


def follow(
    path: os.PathLike[str] | str,
    *,
    poll: float = 1.0,
    timeout: float | None = None,
    late: float = 30.0,
    stop: Stop | None = None,
) -> Iterator[xr.DataTree]:
    """Give the sweeps of radar volumes as they arrive.

    NEXRAD Level II, as real-time chunks (``YYYYMMDD-HHMMSS-NNN-S``, ``-I``, ``-E``) or as files that grow, CINRAD of
    2001 and the CMA standard format give each sweep as soon as it is whole, in the order in which the antenna took
    them, those put in between too; nothing is decoded twice. Packed files and those of other formats are read when they
    no longer grow.

    Parameters
    ----------
    path : a file, or a folder to which files are added
        What is in the folder already comes first, in the order of names.
    poll : float
        Seconds between looks; and how long a file must have stayed as it is to be taken for whole.
    timeout : float, optional
        Stop when nothing has come for so many seconds; 0 to give what is there and no more. By default never.
    late : float
        Seconds to wait for a chunk that is missing, for a volume to go on after the next has begun, or for a file that
        cannot be read yet; then it is given up.
    stop : threading.Event, or callable, optional
        Looked at between polls; when it is set, or true, no more is given.

    Yields
    ------
    DataTree as ``nowcast.radar.read`` gives, of one sweep, its group named by its place in the volume: ``sweep_3``.
    The root's attribute ``complete`` is "true" with the last sweep of a whole volume; where a volume is given up, that
    of its last sweep says in ``incomplete`` what is missing.

    Raises
    ------
    ArgumentError : there is no such path, poll is not above 0.
    NowcastError : a file given as path cannot be read. One of a folder is left out, and the log says so.
    """
    place = Path(path)
    if not place.exists():
        raise ArgumentError(f"{place}: a file or a folder expected, nothing found")
    if not poll > 0.0:
        raise ArgumentError(f"poll: seconds above 0 expected, {poll} given")
    return _follow(place, poll, timeout, late, stop)


def _follow(place: Path, poll: float, timeout: float | None, late: float, stop: Stop | None) -> Iterator[xr.DataTree]:
    volumes: dict[str, _Volume] = {}
    last = time.monotonic()
    try:
        while not _stopped(stop):
            found = _parts(place)
            for key in sorted(found):
                volume = volumes.setdefault(key, _Volume(alone=place.is_file()))
                volume.parts = found[key]
                for sweep in (
                    volume.advance(poll, late, followed=key != max(found)) if timeout != 0 else volume.finish()
                ):
                    yield sweep
                    if _stopped(stop):
                        return
                last = max(last, volume.changed)
            alone = place.is_file() and all(volume.done for volume in volumes.values())
            if alone or timeout == 0 or (timeout is not None and time.monotonic() - last >= timeout):
                break
            _wait(stop, poll)
        for key in sorted(volumes):
            if not _stopped(stop):
                yield from volumes[key].finish()
    finally:
        for volume in volumes.values():
            volume.close()


def _stopped(stop: Stop | None) -> bool:
    if stop is None:
        return False
    return stop.is_set() if isinstance(stop, threading.Event) else bool(stop())


def _wait(stop: Stop | None, seconds: float) -> None:
    if isinstance(stop, threading.Event):
        stop.wait(seconds)
    else:
        time.sleep(seconds)


def chunk_of(path: Path) -> tuple[str, int]:
    """The volume that a real-time chunk is of, by its name, and its number; the name and 0 for any other file."""
    match = _CHUNK.fullmatch(path.name)
    return (match[1], int(match[2])) if match else (path.name, 0)


def _parts(place: Path) -> dict[str, dict[int, Path]]:
    """The files of each volume by their numbers."""
    if place.is_file():
        return {place.name: {0: place}}
    parts: dict[str, dict[int, Path]] = {}
    for path in place.iterdir():
        if path.is_file() and not path.name.startswith("."):
            key, number = chunk_of(path)
            parts.setdefault(key, {})[number] = path
    return parts


class _Volume:
    """One volume: its files so far, and how far it is read. Times are monotonic seconds."""

    def __init__(self, *, alone: bool) -> None:
        self.parts: dict[int, Path] = {}
        self.done = False
        self.changed = time.monotonic()  # when it grew last
        self._alone = alone
        self._stream: Any = None
        self._whole = False  # read at once, not while it grows
        self._given = 0
        self._number = 0  # of the part being read
        self._offset = 0
        self._size = -1

    def close(self) -> None:
        """Let go of what was read."""
        self._stream, self.done = None, True

    def finish(self) -> Iterator[xr.DataTree]:
        """All that is there: nothing more will come."""
        yield from self.advance(0.0, 0.0, followed=True)

    def advance(self, settle: float, late: float, *, followed: bool) -> Iterator[xr.DataTree]:
        """Sweeps that have become whole. A file as it was for settle seconds is whole; followed: others came after."""
        try:
            while not self.done and self._choose(settle, late):
                if not self._whole:
                    try:
                        yield from self._feed()
                    except UnsupportedError:
                        if self._stream is not None and self._given:
                            raise
                        self._whole, self._stream = True, None
                if self._whole:
                    yield from self._read(settle, late)
                if self.done or not self._next(settle):
                    break
            if not self.done and followed and self._stream is not None and self._still() >= late:
                try:
                    yield from self._collect(end=True)
                except UnsupportedError:  # too short to be told before
                    self._whole, self._stream = True, None
                    yield from self._read(settle, late)
        except (NowcastError, OSError) as error:
            self.close()
            if self._alone:
                raise
            _logger.warning("%s: left out: %s", self._path().name, error)

    def _path(self) -> Path:
        return self.parts.get(self._number) or self.parts[min(self.parts)]

    def _still(self) -> float:
        """How long nothing has changed, by our looks and by the file's own time."""
        return max(time.monotonic() - self.changed, 0.0)

    def _choose(self, settle: float, late: float) -> bool:
        """Whether there is a part to read; a missing one is waited for, then passed over."""
        first = min(self.parts)
        if self._number not in self.parts:
            wanted = self._number or 1
            later = [number for number in self.parts if number >= wanted]
            if first != 0 and not later:
                return False
            if first != 0 and wanted not in self.parts and self._still() < late:
                return False
            self._number, self._offset, self._size = (0 if first == 0 else min(later)), 0, -1
        size = self._path().stat().st_size
        if size != self._size:
            self._size, self.changed = size, time.monotonic()
        return True

    def _settled(self, settle: float) -> bool:
        return self._still() >= settle or time.time() - self._path().stat().st_mtime >= settle

    def _next(self, settle: float) -> bool:
        """Go on to the next part where this one is whole."""
        if self._number == 0 or self._whole or not self._settled(settle):
            return False
        if not any(number > self._number for number in self.parts):
            return False
        self._number, self._offset, self._size, self.changed = self._number + 1, 0, -1, time.monotonic()
        return True

    def _feed(self) -> Iterator[xr.DataTree]:
        """Give the stream what the file has grown by."""
        if self._stream is None:
            out = ffi.new("nwc_volume_stream **")
            with _lib.call() as ctx:
                _lib.check(lib.nwc_volume_stream_create(ctx, ffi.NULL, out))
            self._stream = ffi.gc(out[0], lib.nwc_volume_stream_destroy)
        with self._path().open("rb") as file:
            file.seek(self._offset)
            while not self.done and (block := file.read(_BLOCK)):
                self._offset += len(block)
                with _lib.call() as ctx:
                    _lib.check(lib.nwc_volume_stream_feed(ctx, self._stream, block, len(block)))
                yield from self._collect(end=False)

    def _collect(self, *, end: bool) -> Iterator[xr.DataTree]:
        """The sweeps that have not been given yet; at the end what there is of the last one too."""
        volume, complete = ffi.new("nwc_volume **"), ffi.new("int32_t *")
        _lib.check(lib.nwc_volume_stream_look(self._stream, volume, complete))
        if end or complete[0]:
            self.done = True
            with _lib.call() as ctx:
                _lib.check(lib.nwc_volume_stream_end(ctx, self._stream))
        if not volume[0]:
            return
        facts, arrays = _volume.read_out(volume[0], self._stream, self._given)
        named = _STATION.match(self._path().name)
        if named and not facts["site"]:
            facts["site"] = named[1]
        rest, files = iter(arrays), [self.parts[number].name for number in sorted(self.parts) if number <= self._number]
        sweeps = facts["sweeps"]
        for place, sweep in enumerate(sweeps):
            tree = _volume.tree(facts | {"sweeps": [sweep]}, rest, files, self._given)
            last = self.done and place == len(sweeps) - 1
            tree.attrs["complete"] = str(last and not facts["incomplete"]).lower()
            self._given += 1
            yield tree
        if self.done:
            self._stream = None

    def _read(self, settle: float, late: float) -> Iterator[xr.DataTree]:
        """Read the file at once, when it no longer grows; one that is not whole may still be on its way."""
        from nowcast import radar  # it needs this module itself

        patient = not (self._still() >= late or time.time() - self._path().stat().st_mtime >= late)
        if not self._settled(settle):
            return
        try:
            tree = radar.read(self._path())
        except NowcastError:
            if patient:
                return
            raise
        if tree.attrs["incomplete"] and patient:
            return
        self.done = True
        root, names = tree.to_dataset(), list(tree.children)
        for place, name in enumerate(names):
            one = xr.DataTree.from_dict({"/": root.isel(sweep=[place]), name: tree[name].to_dataset()})
            last = place == len(names) - 1
            one.attrs["complete"] = str(last and not tree.attrs["incomplete"]).lower()
            yield one
