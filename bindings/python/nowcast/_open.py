"""One call for any file: gridded fields or radar volumes."""

import bz2
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from nowcast import io, radar
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError

_HEAD = 4096
_PACKED = 1 << 20  # a block of bzip2 is unpacked whole or not at all


def open(paths: io.PathLike | Sequence[io.PathLike], **options: Any) -> xr.DataArray | xr.DataTree | list[xr.DataTree]:
    """Read what files hold, told by content: gridded fields, or radar volumes.

    Parameters
    ----------
    paths : path, pattern, or several of them
    options
        As ``nowcast.io.open`` takes them, for fields; ``site`` of ``nowcast.radar.read``, for volumes.

    Returns
    -------
    For fields, as ``nowcast.io.open``, a (time, y, x) DataArray. For volumes, as ``nowcast.radar.read``, a DataTree for
    each file, in a list where there are several; real-time chunks that follow the one with the volume's header
    are parts of it.

    Raises
    ------
    ArgumentError : fields and volumes together; options of the other kind; and as ``nowcast.io.open``.
    FileError, FormatError, UnsupportedError, NoDataError : as ``nowcast.io.layers``.
    """
    files = list(io.expand(paths))
    kind = _kind(files[0])
    if kind == "fields" or (kind == "either" and set(options) - {"site"}):
        return io.open(paths, **options)
    wrong = sorted(set(options) - {"site"})
    if wrong:
        raise ArgumentError(f"{', '.join(wrong)}: {files[0]} is a radar volume, which takes the option site only")
    groups: list[list[Path]] = []
    for file in files:
        if groups and _head(file)[4:7] == b"BZh":
            groups[-1].append(file)
        else:
            groups.append([file])
    try:
        volumes = [radar.read(groups[0], **options)]
    except (FileError, NoDataError, UnsupportedError):
        if kind == "volume":
            raise
        return io.open(paths, **options)
    volumes += [radar.read(group, **options) for group in groups[1:]]
    return volumes[0] if len(volumes) == 1 else volumes


def describe(path: io.PathLike) -> dict[str, Any]:
    """What is in a file, fields or a volume, as plain values."""
    kind = _kind(Path(path))
    if kind != "fields":
        try:
            return radar.describe(path)
        except (FileError, NoDataError, UnsupportedError):
            if kind == "volume":
                raise
    return io.describe(path)


def _head(path: Path) -> bytes:
    """The first bytes of a file, freed of gzip and bzip2; fewer where it is damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(_PACKED)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    for _ in range(3):
        try:
            if head.startswith(b"\x1f\x8b"):
                head = zlib.decompressobj(wbits=31).decompress(head, _PACKED)
            elif head.startswith(b"BZh"):
                head = bz2.BZ2Decompressor().decompress(head, _PACKED)
            else:
                break
        except (OSError, zlib.error):
            return b""
    return head[:_HEAD]


def _kind(path: Path) -> str:
    """By the first bytes: "volume", "fields", or "either" for containers of anything."""
    if path.is_dir():
        return "fields"
    head = _head(path)
    if lib.nwc_volume_sniff(head, len(head)) != ffi.NULL:
        return "volume"
    return "either" if head.startswith((b"\x89HDF", b"CDF")) else "fields"
