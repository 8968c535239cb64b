"""What a cycle reads: the newest files of each source that are whole, and why others were left out."""

import dataclasses
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from nowcast import grid, io, model, radar
from nowcast._files import checksum, refusals
from nowcast._open import open as open_any
from nowcast._volume import sweep_names
from nowcast.errors import ArgumentError, FileError, NoDataError, NowcastError
from nowcast.ops._config import Composite, Config, Radar
from nowcast.ops._names import Pattern

_logger = logging.getLogger("nowcast")
_MOST_TRIED = 3
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Input:
    """A file that a cycle looked into."""

    source: str
    path: str
    time: str
    bytes: int
    sha256: str
    problem: str = ""
    """why it was not used; empty for one that was"""


class Inputs:
    """The sources of a configuration as they were at a time.

    Parameters
    ----------
    config, time
        Of the cycle. Files of later times are not looked at, whenever they came.
    recorded : sequence of Input, optional
        What the cycle of this time saw: these files alone are read, if they are still the same.
    """

    def __init__(self, config: Config, time: np.datetime64, recorded: Sequence[Input] | None = None) -> None:
        self._config, self._time, self._recorded = config, time, recorded
        self.seen: list[Input] = []
        self._missing: list[str] = []
        self._runs: list[list[Path]] | None = None

    def lacks(self) -> list[str]:
        """What was wanted since this was last asked and is not there, a line each."""
        told, self._missing = self._missing, []
        return told

    # ---- radars ----

    def volumes(self) -> dict[str, list[xr.DataTree]]:
        """Of each radar that is not silent its newest whole volume, behind the one before where there is one.

        Where no whole one is young enough, the newest that is not is taken.
        """
        wanted = 2 if self._config.mosaic.motion else 1
        found: dict[str, list[xr.DataTree]] = {}
        for name, source in self._config.radars.items():
            what = f"radars.{name}"
            volumes = self._newest(what, source, self._whole, wanted) or self._newest(what, source, self._volume)
            if volumes:
                found[name] = volumes[::-1]
                if lacks := volumes[0].attrs["incomplete"]:
                    self._missing.append(f"{what}: {lacks}")
            else:
                self._silent(what, source)
        return found

    def _whole(self, path: Path) -> xr.DataTree:
        tree = self._volume(path)
        if tree.attrs["incomplete"]:
            raise NoDataError(f"{path}: {tree.attrs['incomplete']}")
        return tree

    def _volume(self, path: Path) -> xr.DataTree:
        tree = open_any(path)
        if not isinstance(tree, xr.DataTree):
            raise ArgumentError(f"{path}: a radar volume expected, something else found")
        ends = max(np.asarray(tree[f"{group}/time"].values).max() for group in sweep_names(tree))
        if ends > self._time:
            raise NoDataError(f"{path}: ends at {_text(ends)}, after the cycle")
        return radar.quality(tree) if self._config.mosaic.quality else tree

    # ---- composites and models ----

    def composite(self) -> xr.DataArray | None:
        """The newest composite, mm h-1, (time, y, x) with one time, on the grid of the cycle; None without one."""
        source = self._config.composite
        assert source is not None
        found = self._newest("composite", source, self._rain)
        if not found:
            self._silent("composite", source)
        return found[0] if found else None

    def _rain(self, path: Path) -> xr.DataArray:
        source = self._config.composite
        data = io.open(path, quantity=source.quantity if source else None, on_error="raise").isel(time=[-1])
        if data["time"].values[0] > self._time:
            raise NoDataError(f"{path}: is of {_text(data['time'].values[0])}, after the cycle")
        rain = grid.rain_rate(data, self._config.rain.a, self._config.rain.b)
        wanted = self._config.grid.flat
        return rain if grid.Grid.of(rain) == wanted else grid.resample(rain, wanted)

    def model_runs(self) -> list[list[Path]]:
        """The files of each of the newest runs of the model that can be read; none where it is too old or absent."""
        if self._runs is None:
            self._runs = self._newest_runs()
        return self._runs

    def _newest_runs(self) -> list[list[Path]]:
        source = self._config.model
        if source is None:
            return []
        oldest = self._time - np.timedelta64(round(3.6e12 * source.max_age_hours), "ns")
        listed = self._listed("model", source.files, oldest)
        runs: list[list[Path]] = []
        for run in list(dict.fromkeys(time for time, _ in listed))[: _MOST_TRIED - 1 + source.runs]:
            if len(runs) == source.runs:
                break
            paths = [path for time, path in listed if time == run]
            good = [path for path in paths if self._try("model", run, path, _model_file) is not None]
            if good and len(good) < len(paths):
                self._missing.append(
                    f"model: {len(paths) - len(good)} of {len(paths)} files of its run of {_text(run)}"
                )
            if good:
                runs.append(good)
        if not runs:
            self._missing.append(f"model: no run within {source.max_age_hours:g} h")
        return runs

    # ---- files ----

    def _newest(self, what: str, source: Radar | Composite, read: Callable[[Path], T], wanted: int = 1) -> list[T]:
        """Up to so many of a source's files, newest first; the first must be young enough."""
        age = np.timedelta64(round(6e10 * source.max_age_minutes), "ns")
        found: list[T] = []
        for tried, (time, path) in enumerate(self._listed(what, source.files, self._time - 2 * age)):
            if len(found) == wanted or tried == _MOST_TRIED + wanted or (not found and time < self._time - age):
                break
            made = self._try(what, time, path, read)
            if made is not None:
                found.append(made)
        return found

    def _silent(self, what: str, source: Radar | Composite) -> None:
        self._missing.append(f"{what}: nothing that can be used within {source.max_age_minutes:g} min")

    def _listed(self, source: str, files: str, oldest: np.datetime64) -> list[tuple[np.datetime64, Path]]:
        if self._recorded is None:
            return Pattern(files).find(oldest, self._time)
        return [(np.datetime64(one.time, "ns"), Path(one.path)) for one in self._recorded if one.source == source]

    def _try(self, source: str, time: np.datetime64, path: Path, read: Callable[[Path], T]) -> T | None:
        """What a file holds; None, and the reason kept, where it cannot be used."""
        size, checksum, problem, made = 0, "", "", None
        try:
            size, checksum = _sum_of(path)
            self._check_same(source, path, checksum)
            made = read(path)
        except NowcastError as error:
            problem = str(error)
            _logger.warning("%s: left out: %s", source, problem)
        self.seen = [one for one in self.seen if (one.source, one.path) != (source, str(path))]
        self.seen.append(Input(source, str(path), _text(time), size, checksum, problem))
        return made

    def _check_same(self, source: str, path: Path, checksum: str) -> None:
        for one in self._recorded or ():
            if (one.source, one.path) == (source, str(path)) and one.sha256 != checksum:
                raise FileError(f"{path}: is not what it was when the cycle ran")


def _model_file(path: Path) -> bool:
    """True for a file of fields or of model fields."""
    if not isinstance(open_any(path), model.Model | xr.DataArray):
        raise ArgumentError(f"{path}: fields of a model expected, something else found")
    return True


def _sum_of(path: Path) -> tuple[int, str]:
    """Bytes and checksum of a file."""
    with refusals(path):
        return path.stat().st_size, checksum(path)


def _text(time: Any) -> str:
    return f"{np.datetime64(time, 's')}"
