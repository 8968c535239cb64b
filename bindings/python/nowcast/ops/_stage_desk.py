"""The stage of corrections by hand: what edits make of a cycle's products, beside these."""

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xarray as xr

from nowcast import _netcdf, desk
from nowcast.errors import NowcastError
from nowcast.ops import _stage_ahead, _stage_hours
from nowcast.ops._work import Work, minutes

FOLDER = "corrected"
_FORECAST = ("rain", "members")
"""Layers of edits that act on the forecast."""


def load(work: Work, recorded: Sequence[str] | None) -> list[str]:
    """What the log says of this cycle, or the edits that it had when it ran before; why it is not all it might be.

    A log counts up to when the data of the cycle are taken to have arrived: what is said later is for the next.
    """
    told = work.config.desk
    if told is None:
        return []
    log = desk.Log(told.log)
    try:
        if recorded is None:
            active = log.active(work.time + minutes(work.config.delay_minutes))
            work.edits = [edit for edit in active if edit.span[1] >= work.time - minutes(work.config.rain.minutes)]
            return []
        known = log.edits()
    except NowcastError as error:
        return [str(error)]
    work.edits = [known[id] for id in recorded if id in known]
    return [f"{told.log}: edit {id} is there no more" for id in recorded if id not in known]


def correct(work: Work) -> None:
    """The products of the cycle as edits have them, in a folder of their own: those that change."""
    if not work.edits:
        return
    fixed = dataclasses.replace(work, folder=work.folder / FOLDER, state=copy.copy(work.state), reasons=[])
    fixed.folder.mkdir()
    hand = _Hand(work, fixed)
    for step in (hand.motion, hand.rain, hand.seen, hand.forecast, hand.cells, hand.warnings):
        _apart(work, step)
    if not any(fixed.folder.iterdir()):
        fixed.folder.rmdir()


def _apart(work: Work, step: Callable[[], None]) -> None:
    """One product: what is wrong with it does not take the others along."""
    try:
        step()
    except NowcastError as error:
        work.reasons.append(str(error))


class _Hand:
    """Edits at work on a cycle; fixed has what they have made so far, and the folder it goes to."""

    def __init__(self, work: Work, fixed: Work) -> None:
        self._work, self._fixed = work, fixed
        self._sources: dict[str, Any] = {} if work.model is None else {"model": work.model}
        self._edits = [edit for edit in work.edits if self._has_source(edit)]
        self._turned = False
        """the motion is another"""
        self._parted = False
        """members are others"""

    def _has_source(self, edit: desk.Edit) -> bool:
        name = getattr(edit.values, "source", None)
        if name is None or name in self._sources:
            return True
        self._work.reasons.append(f"edit {edit.id}: no source {name!r} in this cycle")
        return False

    def _applied(self, fields: Mapping[str, xr.DataArray]) -> xr.Dataset | None:
        """Fields as edits have them; None where none acted."""
        made = desk.apply(xr.Dataset(dict(fields)), self._edits, sources=self._sources, at=self._work.time)
        acted = [one["id"] for one in json.loads(made.attrs["corrections"])]
        self._note(acted)
        return made if acted else None

    def _note(self, acted: Sequence[str]) -> None:
        self._work.acted += [id for id in acted if id not in self._work.acted]

    def motion(self) -> None:
        """The motion, along which what follows moves."""
        flow = self._work.flow
        if flow is None:
            return
        made = self._applied({"u": flow["u"], "v": flow["v"]})
        self._turned = made is not None
        if made is not None:
            self._fixed.flow = flow.assign(u=made["u"], v=made["v"])
            _netcdf.write(made, self._fixed.folder / "motion.nc")
        self._sources["motion"] = self._fixed.flow

    def rain(self) -> None:
        """The frames of rain; the latest is published."""
        frames = self._work.frames
        if frames is None:
            return
        made = self._applied({"rain": frames})
        if made is not None:
            self._fixed.frames = made["rain"].rename(frames.name)
            last = made.isel(time=[-1]).rename(rain=str(frames.name), rain_correction="correction_weight")
            _netcdf.write(last, self._fixed.folder / "rain.nc")

    def seen(self) -> None:
        """The reflectivity that radars show."""
        if self._work.seen is not None:
            made = self._applied({"dbz": self._work.seen["reflectivity"]})
            if made is not None:
                made = made.rename(dbz="reflectivity", dbz_correction="correction_weight")
                _netcdf.write(made, self._fixed.folder / "analysis.nc")

    def forecast(self) -> None:
        """The forecast and the rain of hours: made again along another motion, or where it reaches on with a model."""
        work, fixed = self._work, self._fixed
        if work.likely is None or work.members is None:
            return
        reaching = [edit for edit in self._edits if edit.layer in _FORECAST and edit.span[1] > work.time]
        if not reaching and not self._turned:
            return
        method = str(work.likely.attrs["forecast_method"])
        one = self._applied({"rain": work.likely})
        fixed.told_members = work.made_members
        every, near = _stage_ahead.leads(work)
        again = self._turned or len(every) > near
        parts = _stage_ahead.made(dataclasses.replace(fixed, frames=work.frames), method) if again else [work.members]
        _stage_ahead.collect(fixed, (self._part(part) for part in parts))
        if one is None and not self._turned and not self._parted:
            return
        if one is None or self._turned or any(edit.layer == "members" for edit in reaching):
            fixed.likely = _stage_ahead.likely(fixed).assign_attrs(forecast_method=method)
        else:
            fixed.likely = one["rain"].rename(work.likely.name)
        weight = [] if one is None else [one["rain_correction"].rename("correction_weight")]
        _stage_ahead.write(fixed, *weight)
        if "hours" in work.config.stages:
            _stage_hours.hourly(fixed)

    def _part(self, part: xr.DataArray) -> xr.DataArray:
        """Some members as edits have them."""
        made = self._applied({"rain": part})
        self._parted = self._parted or made is not None
        return part if made is None else made["rain"].rename(part.name)

    def cells(self) -> None:
        """Cells with what is drawn, moved and said of them."""
        if self._work.tracks is not None:
            self._features(self._work.tracks.geojson(), "cells.geojson", "cell_")

    def warnings(self) -> None:
        """Warnings that are worded otherwise; those accepted and cancelled are so wherever they are published."""
        path = self._work.folder / "warnings" / "warnings.geojson"
        if path.is_file():
            self._features(path.read_text(encoding="utf-8"), "warnings.geojson", "warning_")

    def _features(self, text: str, name: str, kind: str) -> None:
        edits = [edit for edit in self._edits if edit.kind.startswith(kind)]
        made = desk.apply_features(text, edits, self._work.time)
        self._note(made["corrections"])
        if made["corrections"]:
            (self._fixed.folder / name).write_text(json.dumps(made, allow_nan=False), encoding="utf-8")


def valid_now(work: Work, kind: str) -> list[desk.Edit]:
    """The edits of a kind that are valid at the time of the cycle."""
    return [edit for edit in work.edits if edit.kind == kind and edit.strength(work.time) > 0.0]
