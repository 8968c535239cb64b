"""The log of edits: lines of JSON that are only ever added to, by any number of processes."""

import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pydantic

from nowcast.desk._edit import Author, Edit, Reason, Time, check, instant
from nowcast.errors import ArgumentError, FileError, FormatError

VERSION = 1
"""Of lines."""

PathLike = str | os.PathLike[str]
Action = Literal["add", "undo", "redo"]


class _Who(pydantic.BaseModel):
    """Who undoes or redoes, when and why: under the rules of an edit."""

    author: Author
    time: Time
    reason: Reason


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of a log."""

    action: Action
    id: str
    """of the edit"""
    author: str
    time: datetime.datetime
    reason: str
    edit: Edit | None = None
    """of what is added"""

    @property
    def plain(self) -> dict[str, Any]:
        """The line as a plain JSON object."""
        made = {"version": VERSION, "action": self.action, "id": self.id, "author": self.author}
        made |= {"time": f"{self.time.replace(tzinfo=None).isoformat()}Z", "reason": self.reason}
        return made | ({} if self.edit is None else {"edit": self.edit.plain})


class Log:
    """The log of edits in a file.

    A line counts once it is whole, with its end, and on disk: what a killed process left of one is no entry, and the
    next that adds takes its place. Any number of processes may add and read; each call holds a lock on the file. A line
    that is whole and makes no sense is an error, since what it undid would else act again.

    Parameters
    ----------
    path : of the file, which is made with the first entry; its folder must be there
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)

    def append(self, edit: Mapping[str, Any] | Edit) -> Edit:
        """Add an edit.

        Raises
        ------
        ArgumentError : it makes no sense, or one with its id is there already.
        FileError : the file cannot be written; nothing was added.
        """
        told = check(edit)
        with self._held() as (file, entries):
            if any(entry.edit is not None and entry.id == told.id for entry in entries):
                raise ArgumentError(f"id: {told.id} is in the log already")
            self._add(file, Entry("add", told.id, told.author, told.time, told.reason, told))
        return told

    def undo(self, id: str, *, author: str, reason: str, time: Any = None) -> None:
        """Let an edit act no longer; time is now by default.

        Raises
        ------
        ArgumentError : no such edit, or it is undone already.
        FileError : as of ``append``.
        """
        self._turn("undo", id, author, reason, time)

    def redo(self, id: str, *, author: str, reason: str, time: Any = None) -> None:
        """Let an edit that was undone act again, in its place among the others."""
        self._turn("redo", id, author, reason, time)

    def history(self) -> list[Entry]:
        """All entries, in their order.

        Raises
        ------
        FileError : the file cannot be read. One that is not there has no entries.
        FormatError : a line makes no sense: which.
        """
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FileError(f"{self.path}: {error.strerror or error}") from error
        try:
            return self._entries(self._read(file, fcntl.LOCK_SH))
        finally:
            os.close(file)

    def edits(self) -> dict[str, Edit]:
        """Every edit there ever was, by id."""
        return {entry.id: entry.edit for entry in self.history() if entry.edit is not None}

    def active(self, at: Any = None) -> list[Edit]:
        """The edits that are not undone, in the order they were added.

        Parameters
        ----------
        at : UTC, optional
            Only what was said up to then counts; all of the log when omitted.
        """
        until = None if at is None else np.datetime64(at, "ns")
        told = [entry for entry in self.history() if until is None or instant(entry.time) <= until]
        return list(_standing(told).values())

    def _turn(self, action: Action, id: str, author: str, reason: str, time: Any) -> None:
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        try:
            who = _Who(author=author, time=now if time is None else time, reason=reason)
        except pydantic.ValidationError as error:
            raise ArgumentError("; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())) from None
        with self._held() as (file, entries):
            if not any(entry.edit is not None and entry.id == id for entry in entries):
                raise ArgumentError(f"id: no edit {id!r:.80} in the log")
            if (id in _standing(entries)) != (action == "undo"):
                raise ArgumentError(f"id: {id} {'was undone already' if action == 'undo' else 'is not undone'}")
            self._add(file, Entry(action, id, who.author, who.time, who.reason))

    @contextlib.contextmanager
    def _held(self) -> Iterator[tuple[int, list[Entry]]]:
        """The file, at its end, while nobody else has it, and what is in it."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o664)
        except OSError as error:
            raise FileError(f"{self.path}: {error.strerror or error}") from error
        try:
            text = self._read(file, fcntl.LOCK_EX)
            os.lseek(file, text.rfind(b"\n") + 1, os.SEEK_SET)
            yield file, self._entries(text)
        finally:
            os.close(file)

    def _read(self, file: int, lock: int) -> bytes:
        """All of the file, once there is a lock on it; a device or a pipe has no end."""
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise FileError(f"{self.path}: a file expected, something else found")
        try:
            fcntl.flock(file, lock)
            with open(file, "rb", closefd=False) as reader:
                return reader.read()
        except OSError as error:
            raise FileError(f"{self.path}: {error.strerror or error}") from error

    def _add(self, file: int, entry: Entry) -> None:
        """Write a line where the last whole one ends, and make it lasting; where that fails nothing is added."""
        line = json.dumps(entry.plain, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        start = os.lseek(file, 0, os.SEEK_CUR)
        try:
            os.ftruncate(file, start)
            written = 0
            while written < len(line):
                written += os.write(file, line[written:])
            os.fsync(file)
            if start == 0:
                _sync_folder(self.path.absolute().parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(file, start)
            raise FileError(f"{self.path}: {error.strerror or error}") from error

    def _entries(self, text: bytes) -> list[Entry]:
        lines = text.split(b"\n")[:-1]  # what follows the last line's end was never whole
        return [self._entry(line, number) for number, line in enumerate(lines, start=1)]

    def _entry(self, line: bytes, number: int) -> Entry:
        place = f"{self.path}: line {number}"
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{place}: {error}") from None
        if not isinstance(said, dict) or said.get("version") != VERSION:
            raise FormatError(f"{place}: an entry of version {VERSION} expected")
        action, id = said.get("action"), said.get("id")
        if action not in ("add", "undo", "redo") or not isinstance(id, str):
            raise FormatError(f"{place}: an action, add, undo or redo, and an id expected")
        try:
            who = _Who.model_validate({name: said.get(name) for name in ("author", "time", "reason")})
            edit = check(said.get("edit", {})) if action == "add" else None
        except (pydantic.ValidationError, ArgumentError) as error:
            raise FormatError(f"{place}: {error}") from None
        return Entry(action, id, who.author, who.time, who.reason, edit)


def _standing(entries: list[Entry]) -> dict[str, Edit]:
    """The edits that the entries leave standing, in the order they were added."""
    added = {entry.id: entry.edit for entry in entries if entry.edit is not None}
    undone = set()
    for entry in entries:
        if entry.action == "undo":
            undone.add(entry.id)
        elif entry.action == "redo":
            undone.discard(entry.id)
    return {id: edit for id, edit in added.items() if id not in undone}


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
