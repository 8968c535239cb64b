"""What a cycle has and has made so far, which its stages hand on."""

import dataclasses
import time as clock
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr

from nowcast import cells, desk
from nowcast.errors import NoDataError
from nowcast.ops._config import Config
from nowcast.ops._inputs import Inputs
from nowcast.ops._state import State

T = TypeVar("T", xr.DataArray, xr.Dataset)


@dataclasses.dataclass
class Work:
    """What a cycle has and has made so far."""

    config: Config
    time: np.datetime64
    folder: Path
    archive: tuple[Path, ...]
    """folders that earlier cycles are in, the first that has one counts"""
    inputs: Inputs
    state: State
    began: float
    told_members: int | None = None
    """how many there were when this cycle ran before; as many as the time allows when None"""
    reasons: list[str] = dataclasses.field(default_factory=list)
    """why the stage at hand is not all it might be"""
    volumes: dict[str, list[xr.DataTree]] = dataclasses.field(default_factory=dict)
    seen: xr.Dataset | None = None
    """what the mosaic of radars shows, (y, x), named as cells take it: reflectivity, vil, top, rain"""
    echoes: xr.DataArray | None = None
    """the greatest reflectivity of the column now, as rain, (time, y, x)"""
    frames: xr.DataArray | None = None
    flow: xr.Dataset | None = None
    tracks: cells.Tracks | None = None
    storms: cells.Forecast | None = None
    members: xr.DataArray | None = None
    """The forecast, ([member], time, y, x)"""
    hours: list[xr.DataArray] = dataclasses.field(default_factory=list)
    """Rain of each hour to come, (member, time, y, x) with one time, mm"""
    model: xr.DataArray | None = None
    """Rain of the model, (..., time, y, x), mm h-1"""
    likely: xr.DataArray | None = None
    """The forecast as one field, (time, y, x)"""
    leads: list[float] = dataclasses.field(default_factory=list)
    """Minutes, of the forecast"""
    joined: xr.DataArray | None = None
    """Some members joined to the model, (member, time, y, x), at the first lead and whole hours"""
    low: xr.Dataset | None = None
    """The low-level wind of now and later, (time, height, y, x)"""
    seam: dict[str, list[float | None]] = dataclasses.field(default_factory=dict)
    """How forecast and model are joined, by lead; empty where there is no model"""
    made_members: int | None = None
    edits: list[desk.Edit] = dataclasses.field(default_factory=list)
    """What the desk's log says of this cycle"""
    acted: list[str] = dataclasses.field(default_factory=list)
    """ids of those that did something"""

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self.config.budget.seconds - (clock.monotonic() - self.began)

    def young(self, past: T | None) -> T | None:
        """Those of times past that are kept; None where there are none."""
        if past is None:
            return None
        oldest = self.time - minutes(self.config.rain.minutes)
        kept = past.sel(time=(past["time"] >= oldest) & (past["time"] <= self.time))
        return kept if kept.sizes["time"] else None

    def rain(self) -> xr.DataArray:
        """The frames of rain, (time, y, x). NoDataError: there are none."""
        if self.frames is None:
            raise NoDataError("no rain seen at this time or shortly before")
        return self.frames

    def motion(self) -> xr.Dataset:
        """The motion of the rain. NoDataError: there is none."""
        if self.flow is None:
            raise NoDataError("no motion")
        return self.flow


def minutes(many: float) -> np.timedelta64:
    """So many minutes."""
    return np.timedelta64(round(6e10 * many), "ns")
