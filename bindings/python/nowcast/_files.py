"""Files that appear whole or not at all."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from nowcast.errors import FileError


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name beside path to write to; the file takes path's place when it is whole, and is removed when it is not."""
    final = Path(path)
    if not final.parent.is_dir():
        raise FileError(f"{final}: no such folder")
    beside = final.with_name(f".{final.stem}.{uuid.uuid4().hex}{final.suffix}")
    try:
        yield beside
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
