"""One call for any file: gridded fields, radar volumes or observations."""

import bz2
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from nowcast import io, obs, radar
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError

_HEAD = 4096
_PACKED = 1 << 20  # a block of bzip2 is unpacked whole or not at all


_OF_VOLUMES = {"site"}
_OF_OBSERVATIONS = {"near", "station", "columns", "kind", "utc_offset_hours"}


def open(
    paths: io.PathLike | Sequence[io.PathLike], **options: Any
) -> xr.DataArray | xr.DataTree | list[xr.DataTree] | pd.DataFrame:
    """Read what files hold, told by content: gridded fields, radar volumes, or observations at points.

    Parameters
    ----------
    paths : path, pattern, or several of them
    options
        As ``nowcast.io.open`` takes them, for fields; ``site`` of ``nowcast.radar.read``, for volumes; those of
        ``nowcast.obs.read``, for observations. A table in text whose headings are not known is one of observations
        where ``columns`` is given.

    Returns
    -------
    For fields, as ``nowcast.io.open``, a (time, y, x) DataArray. For volumes, as ``nowcast.radar.read``, a DataTree for
    each file, in a list where there are several; real-time chunks that follow the one with the volume's header
    are parts of it. For observations, as ``nowcast.obs.read``, one DataFrame.

    Raises
    ------
    ArgumentError : fields and volumes together; options of another kind; and as ``nowcast.io.open``.
    FileError, FormatError, UnsupportedError, NoDataError : as ``nowcast.io.layers``.
    """
    files = list(io.expand(paths))
    kind = _kind(files[0])
    if set(options) & _OF_OBSERVATIONS:
        kind = "observations"
    if kind == "observations":
        return obs.read(files, **_only(options, _OF_OBSERVATIONS, f"{files[0]} holds observations"))
    if kind == "fields" or (kind == "either" and set(options) - _OF_VOLUMES):
        return io.open(paths, **options)
    _only(options, _OF_VOLUMES, f"{files[0]} is a radar volume")
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
        try:
            return obs.read(files)
        except (FileError, NoDataError, UnsupportedError):
            return io.open(paths, **options)
    volumes += [radar.read(group, **options) for group in groups[1:]]
    return volumes[0] if len(volumes) == 1 else volumes


def describe(path: io.PathLike) -> dict[str, Any]:
    """What is in a file, fields, a volume or observations, as plain values."""
    kind = _kind(Path(path))
    readers: dict[str, list[Callable[[io.PathLike], dict[str, Any]]]] = {
        "volume": [radar.describe],
        "observations": [obs.describe],
        "fields": [io.describe],
        "either": [radar.describe, obs.describe, io.describe],
    }
    *first, last = readers[kind]
    for reader in first:
        try:
            return reader(path)
        except (FileError, NoDataError, UnsupportedError):
            continue
    return last(path)


def _only(options: dict[str, Any], known: set[str], what: str) -> dict[str, Any]:
    """The options, all of which must be known."""
    wrong = sorted(set(options) - known)
    if wrong:
        raise ArgumentError(f"{', '.join(wrong)}: {what}, which takes the options {', '.join(sorted(known))} only")
    return options


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
    """By the first bytes: "volume", "observations", "fields", or "either" for containers of anything."""
    if path.is_dir():
        return "fields"
    head = _head(path)
    if lib.nwc_volume_sniff(head, len(head)) != ffi.NULL:
        return "volume"
    if lib.nwc_obs_sniff(head, len(head)) != ffi.NULL:
        return "observations"
    return "either" if head.startswith((b"\x89HDF", b"CDF")) else "fields"
