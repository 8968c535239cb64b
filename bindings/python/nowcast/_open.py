"""One call for any file: gridded fields, radar volumes, model fields or observations."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _files, io, model, obs, radar
from nowcast._follow import chunk_of
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FileError, FormatError, LibraryError, NoDataError, UnsupportedError

_logger = logging.getLogger("nowcast")
_ONE_VOLUME = np.timedelta64(10, "m")
_SAME_ANGLE = 0.02  # degrees
_OF_VOLUMES = {"site"}
_OF_MODELS = {"system"}
_OF_FOLLOWING = {"poll", "timeout", "late", "stop"}
_OF_OBSERVATIONS = {"near", "station", "columns", "kind", "utc_offset_hours", "stations", "station_columns"}


@overload
def open(paths: io.PathLike, *, follow: Literal[True], **options: Any) -> Iterator[xr.DataTree]: ...


@overload
def open(
    paths: io.PathLike | Sequence[io.PathLike], *, follow: Literal[False] = False, **options: Any
) -> xr.DataArray | xr.DataTree | list[xr.DataTree] | model.Model | pd.DataFrame: ...


def open(
    paths: io.PathLike | Sequence[io.PathLike], *, follow: bool = False, **options: Any
) -> xr.DataArray | xr.DataTree | list[xr.DataTree] | Iterator[xr.DataTree] | model.Model | pd.DataFrame:
    """Read what files hold, told by content: gridded fields, radar volumes, model fields, or observations at points.

    Parameters
    ----------
    paths : path, pattern, or several of them
        A folder stands for the radar volumes in it: real-time chunks of one volume are put together, and so are files
        of one sweep each, of one radar, whose times are within ten minutes and whose angles differ.
    follow : bool
        Give the sweeps of radar volumes one by one as they are complete, in a folder that files come into, or a file
        that grows: ``nowcast.radar.follow``, whose options then are taken.
    options
        As ``nowcast.io.open`` takes them, for fields; ``site`` of ``nowcast.radar.read``, for volumes; ``system`` of
        ``nowcast.model.open`` and ``quantity``, for model fields; those of ``nowcast.obs.read``, for observations. A
        table in text whose headings are not known is one of observations where ``columns`` is given. With
        ``on_error="skip"`` fields, volumes or observations that cannot be read are left out, and the log says so; what
        the files hold is then told by the first that is known.

    Returns
    -------
    For fields, as ``nowcast.io.open``, a (time, y, x) DataArray. For volumes, as ``nowcast.radar.read``, a DataTree for
    each file, in a list where there are several; real-time chunks that follow the one with the volume's header
    are parts of it; an iterator of sweeps with ``follow``. For model fields, a ``nowcast.model.Model`` of all files, or
    what its ``read`` gives of the quantity. For observations, as ``nowcast.obs.read``, one DataFrame.

    Raises
    ------
    ArgumentError : fields and volumes together; options of another kind; and as ``nowcast.io.open``.
    FileError, FormatError, UnsupportedError, NoDataError : as ``nowcast.io.layers``.
    """
    if follow:
        if not isinstance(paths, str | os.PathLike):
            raise ArgumentError("follow: one folder or file expected")
        return radar.follow(paths, **_only(options, _OF_FOLLOWING, f"{paths} is followed"))
    files = list(io.expand(paths))
    if files[0].is_dir():
        return _one_or_all([volume for folder in files for volume in _folder(folder, options)])
    skip = _skips(options)
    kind = _first_kind(files) if skip else _kind(files[0])
    if set(options) & _OF_OBSERVATIONS:
        kind = "observations"
    elif set(options) & _OF_MODELS:
        kind = "model"
    if kind == "model":
        return _open_model(paths, files[0], **options)
    if kind == "observations":
        return obs.read(files, **_only(options, _OF_OBSERVATIONS | {"on_error"}, f"{files[0]} holds observations"))
    if kind == "fields" or (kind == "either" and set(options) - _OF_VOLUMES - {"on_error"}):
        return io.open(paths, **options)
    _only(options, _OF_VOLUMES | {"on_error"}, f"{files[0]} is a radar volume")
    volumes: list[xr.DataTree] = []
    left_out: list[Exception] = []
    of_volumes = {name: value for name, value in options.items() if name in _OF_VOLUMES}
    for group in _groups(files):
        try:
            volumes.append(radar.read(group, **of_volumes))
        except (FileError, NoDataError, UnsupportedError) as error:
            if not skip and (kind == "volume" or volumes or isinstance(error, LibraryError)):
                raise
            damaged = isinstance(error, FileError) or _kind(group[0]) != "either"
            if kind == "either" and not volumes and not (skip and damaged):
                break  # it is something else
            left_out.append(error)
    if volumes:
        for failure in left_out:
            _logger.warning("left out: %s", failure)
        return _one_or_all(volumes)
    if kind == "volume":
        raise left_out[-1]
    others: tuple[Callable[[list[Path]], model.Model | pd.DataFrame], ...] = (model.open, obs.read)
    for read in others:
        try:
            return read(files)
        except LibraryError:
            raise
        except (FileError, NoDataError, UnsupportedError):
            continue
    return io.open(paths, **options)


def _groups(files: list[Path]) -> Iterator[list[Path]]:
    """Files of one volume each; real-time chunks go with the one that has the volume's header."""
    group = files[:1]
    for file in files[1:]:
        try:
            goes_on = _files.head(file)[4:7] == b"BZh"
        except FileError:
            goes_on = False  # reading it says why
        if not goes_on:
            yield group
            group = []
        group.append(file)
    yield group


def _skips(options: dict[str, Any]) -> bool:
    """Whether files that cannot be read are to be left out."""
    on_error = options.get("on_error", "raise")
    if on_error not in ("raise", "skip"):
        raise ArgumentError(f'on_error: "raise" or "skip" expected, {on_error!r} given')
    return bool(on_error == "skip")


def _first_kind(files: list[Path]) -> str:
    """The kind of the first file that is known to be anything."""
    for file in files:
        try:
            head = _files.head(file)
        except FileError:
            continue
        kind = _kind(file)
        if kind != "fields" or lib.nwc_io_sniff(head, len(head)) != ffi.NULL:
            return kind
    return "fields"


def _one_or_all(volumes: list[xr.DataTree]) -> xr.DataTree | list[xr.DataTree]:
    return volumes[0] if len(volumes) == 1 else volumes


def _open_model(
    paths: io.PathLike | Sequence[io.PathLike], first: Path, quantity: str | None = None, **options: Any
) -> model.Model | xr.DataArray:
    found = model.open(paths, **_only(options, _OF_MODELS, f"{first} holds model fields"))
    return found if quantity is None else found.read(quantity)


def _folder(folder: Path, options: dict[str, Any]) -> list[xr.DataTree]:
    """The volumes in a folder, by radar and time. Files of anything else are left out, and the log says so."""
    _only(options, _OF_VOLUMES, f"{folder} is read for radar volumes")
    parts: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            parts.setdefault(chunk_of(path)[0], []).append(path)
    found: list[tuple[list[Path], xr.DataTree]] = []
    for paths in parts.values():
        try:
            found.append((paths, radar.read(paths, **options)))
        except (FileError, FormatError, NoDataError, UnsupportedError) as error:
            _logger.warning("left out: %s", error)
    if not found:
        raise NoDataError(f"{folder}: no radar volume in it")
    found.sort(key=lambda pair: _place_of(pair[1]))
    groups: list[list[tuple[list[Path], xr.DataTree]]] = []
    for pair in found:
        if not (groups and _belongs(pair[1], [volume for _, volume in groups[-1]])):
            groups.append([])
        groups[-1].append(pair)
    return [
        group[0][1] if len(group) == 1 else radar.read([path for paths, _ in group for path in paths], **options)
        for group in groups
    ]


def _place_of(volume: xr.DataTree) -> tuple[str, str, str]:
    return (
        str(volume.attrs["format"]),
        str(volume.attrs["instrument_name"]),
        str(volume["time_coverage_start"].values),
    )


def _belongs(volume: xr.DataTree, before: list[xr.DataTree]) -> bool:
    """Whether a volume of one sweep goes on with others of one sweep each."""
    if any(len(one.children) != 1 for one in (volume, *before)) or _place_of(volume)[:2] != _place_of(before[0])[:2]:
        return False
    starts = [np.datetime64(_place_of(one)[2].rstrip("Z")) for one in (before[0], volume)]
    angles = [float(one["sweep_0"]["sweep_fixed_angle"]) for one in before]
    angle = float(volume["sweep_0"]["sweep_fixed_angle"])
    return bool(starts[1] - starts[0] < _ONE_VOLUME) and all(abs(angle - other) > _SAME_ANGLE for other in angles)


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
        except LibraryError:
            raise
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
