"""What can go wrong, one class for each thing a caller can do about it."""

from typing import ClassVar


class NowcastError(Exception):
    """Any failure the library reports; ``status`` is the number of the C enum ``nwc_status``."""

    status: ClassVar[int] = 0


class ArgumentError(NowcastError, ValueError):
    """An argument has the wrong shape, unit or range: correct the call."""

    status = 1


class NoDataError(NowcastError):
    """The input holds nothing to work on: go on without this product."""

    status = 2


class FileError(NowcastError, OSError):
    """The system refused to read or write: look at path, rights, space."""

    status = 5


class FormatError(FileError):
    """A file is damaged or breaks its format: fetch it again."""

    status = 3


class LibraryError(FormatError):
    """A library that reads a format broke down on a file, or took too long, in the child process."""


class UnsupportedError(NowcastError):
    """Well formed, but this build or version cannot do it."""

    status = 4


class OutOfMemoryError(NowcastError, MemoryError):
    """Out of memory, or a size limit was met."""

    status = 6


class ConvergenceError(NowcastError):
    """An iteration ran out of steps."""

    status = 7


class CanceledError(NowcastError):
    """The call was asked to stop."""

    status = 8


class InternalError(NowcastError):
    """A fault of the library: please report it."""

    status = 9


BY_STATUS: dict[int, type[NowcastError]] = {
    kind.status: kind
    for kind in (
        ArgumentError,
        NoDataError,
        FormatError,
        UnsupportedError,
        FileError,
        OutOfMemoryError,
        ConvergenceError,
        CanceledError,
        InternalError,
    )
}
"""The class of each failing status."""
