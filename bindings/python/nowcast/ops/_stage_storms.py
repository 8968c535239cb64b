"""The stages about storms: cells, what they may bring, and warnings."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _netcdf, cells, hazard
from nowcast._files import replacing
from nowcast.errors import NoDataError
from nowcast.ops._stage_desk import valid_now
from nowcast.ops._work import Work, minutes

_LIMITS = {
    "hail": ("hail_size", 5.0),
    "hail_20": ("hail_size", 20.0),
    "gale_8": ("thunderstorm_gust", 17.2),
    "gale_9": ("thunderstorm_gust", 20.8),
    "gale_10": ("thunderstorm_gust", 24.5),
    "gale_11": ("thunderstorm_gust", 28.5),
    "lightning": ("lightning", 1.0),
}
"""Quantity and threshold (mm, m s-1, strokes) of which a hazard is the probability, as rules of warnings name them."""


def track(work: Work) -> None:
    """Cells, their tracks, what they may bring and where they go."""
    options, seen = work.config.cells, work.seen
    if seen is None and work.config.radars:
        raise NoDataError("no reflectivity at this time")
    field = work.rain().isel(time=-1) if seen is None else seen["reflectivity"]
    found = cells.identify(
        field, threshold=options.threshold, least_peak=options.least_peak, least_size=options.least_size
    )
    if work.state.tracker is None:
        work.state.tracker = cells.Tracker(patience=60.0 * options.patience_minutes)
    fields = xr.Dataset({"rain": field}) if seen is None else seen
    tracker = work.state.tracker
    work.tracks = tracker.add(found, field["time"].values, work.flow, fields=fields, geometry=True)
    for suffix in ("csv", "geojson"):
        cells.to_file(work.tracks, work.folder / f"cells.{suffix}")
    _table(work.tracks.events, work.folder / "events.csv")
    model = None if options.hazards is None else cells.HazardModel.read(options.hazards)
    work.storms = tracker.forecast(options.leads_minutes, model=model)
    if "hours" in work.config.stages:
        now = np.int64(field["time"].values.astype("datetime64[ns]").astype(np.int64))
        oldest = now - np.int64(round(60e9 * work.config.rain.minutes))
        kept = {when: one for when, one in work.state.storms.items() if oldest <= when < now}
        work.state.storms = kept | {int(now): tracker.forecast((0.0, work.config.every_minutes), model=model).save()}
    (work.folder / "storms.geojson").write_text(work.storms.geojson(), encoding="utf-8")
    swaths = {name: _passing(work, work.storms, name, options.leads_minutes) for name in cells.HAZARDS}
    _netcdf.write(xr.Dataset(swaths), work.folder / "swaths.nc")


def _passing(work: Work, storms: cells.Forecast, name: str, leads: tuple[float, ...]) -> xr.DataArray:
    """The probability of each place to be passed over by a hazard between successive leads, by the later one."""
    parts = [storms.swath(name, pair) for pair in itertools.pairwise(leads)]
    times = [work.time + minutes(lead) for lead in leads[1:]]
    joined = xr.concat(parts, pd.Index(times, name="time"), combine_attrs="override")
    return joined.assign_coords(forecast_reference_time=work.time)


def warn(work: Work) -> None:
    """Warnings that are issued, changed and ended: automatic guidance until a person approves it."""
    options = work.config.warn
    rules = hazard.Rules.read(options.rules)
    places = () if options.places is None else hazard.read_places(options.places)
    warner = hazard.Warner(rules if places else rules.for_areas(), places, restart=True)
    if work.state.warnings:
        warner.restore(work.state.warnings)
    told = warner.evaluate(_fields(work), work.time, work.tracks)
    folder = work.folder / "warnings"
    folder.mkdir()
    said = options.model_dump(include={"sender", "sender_name", "languages", "chinese"})
    told.to_cap(folder, **said)
    journal = told.journal
    for one in _decided(work, warner, told):
        one.to_cap(folder, **said)
        journal += one.journal
    work.state.warnings = warner.save()
    (folder / "warnings.geojson").write_text(warner.geojson(), encoding="utf-8")
    (folder / "journal.jsonl").write_text(journal, encoding="utf-8")
    _table(told.effects, folder / "places.csv")


def _decided(work: Work, warner: hazard.Warner, told: hazard.Warnings) -> Iterator[hazard.Warnings]:
    """What becomes of warnings that a person at the desk accepts or cancels, each once."""
    approved = dict(zip(told.warnings["warning"], told.warnings["approved"], strict=True))
    active = dict(zip(told.warnings["warning"], told.warnings["active"], strict=True))
    for kind, decide in (("warning_accept", warner.approve), ("warning_cancel", warner.cancel)):
        for edit in valid_now(work, kind):
            number = edit.values.warning
            if active.get(number, False) and not (kind == "warning_accept" and approved[number]):
                yield decide(number, edit.author, work.time)
                approved[number], active[number] = True, kind == "warning_accept"
                work.acted.append(edit.id)


def _fields(work: Work) -> list[xr.DataArray]:
    """What rules are held against: rain that was and will be, and the probabilities of what storms bring."""
    fields = []
    if work.frames is not None:
        now = work.frames["time"].values[-1]
        apart = minutes(work.config.warn.step_minutes)
        fields.append(_thinned(work.frames, now + apart, -apart).rename("rain_rate"))
        if work.members is not None:
            fields.append(_thinned(work.members, now, apart).rename("rain_rate"))
    if work.storms is not None:
        for name, (quantity, limit) in _LIMITS.items():
            passing = _passing(work, work.storms, name, work.config.cells.leads_minutes).rename(quantity)
            fields.append(passing.assign_attrs(probability_of=limit))
    return fields


def _thinned(data: xr.DataArray, start: np.datetime64, apart: np.timedelta64) -> xr.DataArray:
    """Times beyond a start, before it where apart is negative, at least so far from it and from one another."""
    times = data["time"].values
    kept: list[int] = []
    for number in range(len(times)) if apart > np.timedelta64(0) else reversed(range(len(times))):
        beyond = times[number] - (times[kept[-1]] if kept else start)
        if abs(beyond) >= abs(apart) and (beyond > np.timedelta64(0)) == (apart > np.timedelta64(0)):
            kept.append(number)
    return data.isel(time=sorted(kept))


def _table(rows: pd.DataFrame, path: Path) -> None:
    with replacing(path) as beside:
        rows.to_csv(beside, index=False, date_format=cells.TIME_FORMAT)
