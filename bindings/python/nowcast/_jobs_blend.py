"""What the program's forecasts take of a weather model."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _blend, grid, io, model
from nowcast import forecast as forecasting
from nowcast._open import open as open_any
from nowcast.errors import ArgumentError

JOINS = ("blend", "enkf", "merge")
"""How members of steps are joined to a model: functions of ``nowcast.forecast``."""

_SECONDS = 3600.0  # of an hour: kg m-2 s-1 of water are as many mm


class Blend:
    """Runs of a model that forecasts are joined to, or none, and how well it has done in past cycles."""

    def __init__(
        self,
        paths: io.PathLike | Sequence[io.PathLike] | None,
        join: str | None,
        skill: io.PathLike | None,
        a: float,
        b: float,
    ) -> None:
        given = [] if paths is None else [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        if not given and (join is not None or skill is not None):
            raise ArgumentError("join, skill: none expected without a model to blend with")
        self.join = JOINS[0] if join is None else join
        if self.join not in JOINS:
            raise ArgumentError(f"join: one of {', '.join(JOINS)} expected, {join!r} given")
        if skill is not None and self.join != "blend":
            raise ArgumentError(f"skill: none expected with {self.join}, which learns none")
        self.runs = [rain_of(path, a, b) for path in given]
        self._path = skill
        self._before = _blend.BlendSkill()
        if skill is not None and Path(skill).exists():
            self._before = _blend.BlendSkill.load(skill)
        self._after = self._before

    def __bool__(self) -> bool:
        return bool(self.runs)

    def run(self, frames: xr.DataArray, flow: xr.Dataset, method: str, **options: Any) -> xr.DataArray:
        """As ``nowcast.forecast.run``, with the model where there is one; each call begins with the skill as it was."""
        if method == "steps" and self.runs and self.join == "blend":
            self._after = copy.deepcopy(self._before)
            return forecasting.blend(frames, flow, self.runs, skill=self._after, **options)
        if method == "steps" and self.runs and self.join == "enkf":
            return forecasting.enkf(frames, flow, self.runs, **options)
        made = forecasting.run(frames, flow, method, **options)
        if not self.runs:
            return made
        firsts = [run.isel(member=0, drop=True) if "member" in run.dims else run for run in self.runs]
        return forecasting.merge(made, firsts, flow=flow)

    @property
    def is_sequential(self) -> bool:
        """Whether each lead time goes on from the last, so that all have to be made at once."""
        return bool(self.runs) and self.join == "enkf"

    def status(self, frames: xr.DataArray, leads: list[float]) -> str | None:
        """How far the model reaches, as ``blend_status`` has it; None without one."""
        if not self.runs:
            return None
        start = np.atleast_1d(frames["time"].values)[-1].astype("datetime64[ns]")
        ahead = np.array([round(60e9 * lead) for lead in leads], dtype="timedelta64[ns]")
        return _blend.reach_of(self.runs, start + ahead)

    def close(self) -> None:
        """Keep what was learnt."""
        if self._path is not None:
            self._after.save(self._path)


def rain_of(path: io.PathLike, a: float, b: float) -> xr.DataArray:
    """The rain of a model's file, mm h-1: fields of rain, or the variable prate of model fields.

    Raises
    ------
    ArgumentError : it holds neither.
    """
    found = open_any(path)
    if isinstance(found, model.Model):
        names = set(found.table()["name"])
        if "prate" not in names:
            raise ArgumentError(f"{path}: rain in mm h-1, or prate, expected; there are {', '.join(sorted(names))}")
        rain = found.read("prate")
        return rain.copy(data=rain.values * np.float32(_SECONDS)).assign_attrs(units="mm h-1")
    if not isinstance(found, xr.DataArray):
        raise ArgumentError(f"{path}: fields of rain expected, something else found")
    return grid.rain_rate(found, a, b)
