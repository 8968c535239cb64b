"""A look into files, their checksums, and files that appear whole or not at all."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from nowcast import _lib
from nowcast._lib import ffi, lib
from nowcast.errors import FileError, FormatError

_HEAD = 4096


def head(path: str | os.PathLike[str]) -> bytes:
    """The first bytes of what a file holds, freed of its packing."""
    room, size = ffi.new("uint8_t[]", _HEAD), ffi.new("size_t *")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_io_head(ctx, os.fsencode(path), room, _HEAD, size))
    return bytes(ffi.buffer(room, size[0]))


def checksum(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def refusals(path: str | os.PathLike[str]) -> Iterator[None]:
    """What the system refuses within is a FileError that names path."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{os.fspath(path)}: {error.strerror or error}") from error


def text(path: str | os.PathLike[str]) -> str:
    """What a file of text says. FileError: it cannot be read; FormatError: it is not in UTF-8."""
    try:
        with refusals(path):
            return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{os.fspath(path)}: UTF-8 expected, {error.reason} at byte {error.start}") from None


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name beside path to write to; the file takes path's place when it is whole, and is removed when it is not."""
    final = Path(path)
    if not final.parent.is_dir():
        raise FileError(f"{final}: no such folder")
    beside = final.with_name(f".{final.stem}.{uuid.uuid4().hex}{final.suffix}")
    try:
        with refusals(path):
            yield beside
            beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
