"""One call for any file: gridded fields, radar volumes, model fields or observations."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from nowcast import _files, io, model, obs, radar
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError


_OF_VOLUMES = {"site"}
_OF_MODELS = {"system"}
_OF_OBSERVATIONS = {"near", "station", "columns", "kind", "utc_offset_hours"}


def open(
    paths: io.PathLike | Sequence[io.PathLike], **options: Any
) -> xr.DataArray | xr.DataTree | list[xr.DataTree] | model.Model | pd.DataFrame:
    """Read what files hold, told by content: gridded fields, radar volumes, model fields, or observations at points.

    Parameters
    ----------
    paths : path, pattern, or several of them
    options
        As ``nowcast.io.open`` takes them, for fields; ``site`` of ``nowcast.radar.read``, for volumes; ``system`` of
        ``nowcast.model.open`` and ``quantity``, for model fields; those of ``nowcast.obs.read``, for observations. A table in
        text whose headings are not known is one of observations where ``columns`` is given.

    Returns
    -------
    For fields, as ``nowcast.io.open``, a (time, y, x) DataArray. For volumes, as ``nowcast.radar.read``, a DataTree for
    each file, in a list where there are several; real-time chunks that follow the one with the volume's header
    are parts of it. For model fields, a ``nowcast.model.Model`` of all files, or what its ``read`` gives of the
    quantity. For observations, as ``nowcast.obs.read``, one DataFrame.

    Raises
    ------
    ArgumentError : fields and volumes together; options of another kind; and as ``nowcast.io.open``.
    FileError, FormatError, UnsupportedError, NoDataError : as ``nowcast.io.layers``.
    """
    files = list(io.expand(paths))
    kind = _kind(files[0])
    if set(options) & _OF_OBSERVATIONS:
        kind = "observations"
    elif set(options) & _OF_MODELS:
        kind = "model"
    if kind == "model":
        return _open_model(paths, files[0], **options)
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
        others: tuple[Callable[[], model.Model | pd.DataFrame], ...] = (lambda: model.open(paths), lambda: obs.read(files))
        for read in others:
            try:
                return read()
            except (FileError, NoDataError, UnsupportedError):
                continue
        return io.open(paths, **options)
    volumes += [radar.read(group, **options) for group in groups[1:]]
    return volumes[0] if len(volumes) == 1 else volumes


def _open_model(
    paths: io.PathLike | Sequence[io.PathLike], first: Path, quantity: str | None = None, **options: Any
) -> model.Model | xr.DataArray:
    found = model.open(paths, **_only(options, _OF_MODELS, f"{first} holds model fields"))
    return found if quantity is None else found.read(quantity)


def describe(path: io.PathLike) -> dict[str, Any]:
    """What is in a file, fields, a volume, model fields or observations, as plain values."""
    kind = _kind(Path(path))
    readers: dict[str, list[Callable[[io.PathLike], dict[str, Any]]]] = {
        "volume": [radar.describe],
        "model": [model.describe],
        "observations": [obs.describe],
        "fields": [io.describe],
        "either": [radar.describe, model.describe, obs.describe, io.describe],
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
    """By the first bytes: "volume", "model", "observations", "fields", or "either" for containers of anything."""
    if path.is_dir():
        return "fields"
    head = _files.head(path)
    if lib.nwc_volume_sniff(head, len(head)) != ffi.NULL:
        return "volume"
    if lib.nwc_obs_sniff(head, len(head)) != ffi.NULL:
        return "observations"
    if model.is_model(head, path.stat().st_size):
        return "model"
    return "either" if head.startswith((b"\x89HDF", b"CDF")) else "fields"
