"""One call for any file: gridded fields, radar volumes or observations."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from nowcast import _files, io, obs, radar
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError


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
        if groups and _files.head(file)[4:7] == b"BZh":
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


def _kind(path: Path) -> str:
    """By the first bytes: "volume", "observations", "fields", or "either" for containers of anything."""
    if path.is_dir():
        return "fields"
    head = _files.head(path)
    if lib.nwc_volume_sniff(head, len(head)) != ffi.NULL:
        return "volume"
    if lib.nwc_obs_sniff(head, len(head)) != ffi.NULL:
        return "observations"
    return "either" if head.startswith((b"\x89HDF", b"CDF")) else "fields"
