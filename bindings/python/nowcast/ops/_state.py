"""What one cycle hands on to the next: frames, winds, tracks, the model's skill, scores, the cost of a member."""

import dataclasses
import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr

from nowcast import _netcdf, cells, grid, io, verify
from nowcast.errors import FormatError, NowcastError
from nowcast.forecast import BlendSkill
from nowcast.ops._config import Config
from nowcast.ops._publish import VERSION

_FRAMES, _TRACKER, _WARNINGS = "frames.nc", "tracks.bin", "warnings.bin"
_ECHOES, _WINDS, _STORMS = "echoes.nc", "winds.nc", "storms.npz"
_SKILL, _SCORES, _CORRECTED, _FACTS = "skill.json", "scores.npz", "corrected.npz", "state.json"


@dataclasses.dataclass
class State:
    """Empty at the first cycle, and what cannot be read or is of another grid begins anew."""

    frames: xr.DataArray | None = None
    echoes: xr.DataArray | None = None
    """the greatest reflectivity of the column, as rain by the configured relation, mm h-1, (time, y, x)"""
    winds: xr.Dataset | None = None
    """low-level winds that were, (time, height, y, x), to a hundredth of m s-1"""
    storms: dict[int, bytes] = dataclasses.field(default_factory=dict)
    """forecasts of cells (``cells.Forecast.save``) by when they were made, ns"""
    tracker: cells.Tracker | None = None
    warnings: bytes = b""
    """of ``nowcast.hazard.Warner``"""
    skill: BlendSkill | None = None
    scores: dict[float, verify.Scores] = dataclasses.field(default_factory=dict)
    """by lead time, minutes"""
    corrected: dict[float, verify.Scores] = dataclasses.field(default_factory=dict)
    """as scores, of forecasts corrected at the desk, or as they were where nothing was"""
    member_seconds: float = 0.0
    """0 where not known"""
    lost: list[str] = dataclasses.field(default_factory=list)
    """what begins anew though there was something, and why"""

    @classmethod
    def load(cls, folder: Path, config: Config) -> Self:
        """What a cycle left in a folder."""
        state = cls()
        facts = state._part("state", lambda: _facts(folder / _FACTS))
        if facts is None:
            return state
        state.member_seconds = float(facts["member_seconds"])
        if facts["grid"] != _grid_of(config):
            state.lost.append("state: of another grid")
            return state
        if (folder / _FRAMES).exists():
            state.frames = state._part("frames", lambda: io.open(folder / _FRAMES, on_error="raise"))
        if (folder / _ECHOES).exists():
            state.echoes = state._part("echoes", lambda: io.open(folder / _ECHOES, on_error="raise"))
        if (folder / _WINDS).exists():
            state.winds = state._part("winds", lambda: _netcdf.read(folder / _WINDS).astype(np.float32))
        if (folder / _STORMS).exists():
            state.storms = state._part("storms", lambda: _storms(folder / _STORMS)) or {}
        if (folder / _TRACKER).exists():
            state.tracker = state._part("tracks", lambda: cells.Tracker.restore((folder / _TRACKER).read_bytes()))
        if (folder / _WARNINGS).exists():
            state.warnings = state._part("warnings", (folder / _WARNINGS).read_bytes) or b""
        if (folder / _SKILL).exists():
            state.skill = state._part("skill", lambda: BlendSkill.load(folder / _SKILL))
        if (folder / _SCORES).exists():
            state.scores = state._part("scores", lambda: _scores(folder / _SCORES, config)) or {}
        if (folder / _CORRECTED).exists():
            state.corrected = state._part("corrected scores", lambda: _scores(folder / _CORRECTED, config)) or {}
        return state

    def _part(self, what: str, read: Any) -> Any:
        try:
            return read()
        except (NowcastError, OSError, ValueError, KeyError) as error:
            self.lost.append(f"{what}: {error}")
            return None

    def save(self, folder: Path, config: Config) -> None:
        """Write all of it into an empty folder."""
        facts = {"version": VERSION, "grid": _grid_of(config), "member_seconds": self.member_seconds}
        (folder / _FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if self.frames is not None:
            io.write(self.frames, folder / _FRAMES)
        if self.echoes is not None:
            io.write(self.echoes, folder / _ECHOES)
        if self.winds is not None:
            _netcdf.write(_packed(self.winds), folder / _WINDS)
        if self.storms:
            bytes_ = {str(when): np.frombuffer(one, np.uint8) for when, one in self.storms.items()}
            np.savez_compressed(folder / _STORMS, allow_pickle=False, **bytes_)
        if self.tracker is not None:
            (folder / _TRACKER).write_bytes(self.tracker.save())
        if self.warnings:
            (folder / _WARNINGS).write_bytes(self.warnings)
        if self.skill is not None:
            self.skill.save(folder / _SKILL)
        for name, scores in ((_SCORES, self.scores), (_CORRECTED, self.corrected)):
            if scores:
                sums = np.array([one.sums for one in scores.values()])
                np.savez(folder / name, leads=np.array(list(scores)), sums=sums)


def _facts(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found.get("version") != VERSION:
        raise FormatError(f"{path}: version {VERSION} expected")
    return found


def _storms(path: Path) -> dict[int, bytes]:
    with np.load(path) as file:
        return {int(when): file[when].tobytes() for when in file.files}


def _packed(winds: xr.Dataset) -> xr.Dataset:
    """The same, to be written in hundredths."""
    packed = winds.copy()
    for field in packed.data_vars.values():
        field.encoding = {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768}
    packed["time"].encoding = {"units": "seconds since 1970-01-01", "dtype": "int64"}
    return packed


def _scores(path: Path, config: Config) -> dict[float, verify.Scores]:
    made = {}
    with np.load(path) as file:
        for lead, sums in zip(file["leads"].tolist(), file["sums"], strict=True):
            made[lead] = empty_scores(config)
            made[lead].add_sums(sums)
    return made


def empty_scores(config: Config) -> verify.Scores:
    """Sums of the scores a configuration asks for."""
    return verify.Scores(config.verify.thresholds, config.verify.windows)


def _grid_of(config: Config) -> dict[str, Any]:
    flat: grid.Grid = config.grid.flat
    return {"projection": flat.projection, "nx": flat.nx, "ny": flat.ny, "x_first": flat.x_first} | {
        "y_first": flat.y_first,
        "dx": flat.dx,
        "dy": flat.dy,
    }
