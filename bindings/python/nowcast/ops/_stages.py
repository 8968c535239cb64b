"""The stages of a cycle: each takes what those before it made, writes its products, and says where it fell short."""

import copy
import dataclasses
import itertools
import logging
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _netcdf, cells, forecast, grid, io, mosaic, motion, product, wind
from nowcast._files import replacing
from nowcast._forecast_products import Choice
from nowcast._jobs_blend import rain_of
from nowcast._writer import Writer
from nowcast.errors import NoDataError, NowcastError
from nowcast.ops._config import Config
from nowcast.ops._inputs import Inputs
from nowcast.ops._publish import name_of
from nowcast.ops._state import State, empty_scores

_logger = logging.getLogger("nowcast")
_RESERVE = 0.7  # of the time left that members may take; the rest is for what follows
_CHUNK_BYTES = 400_000_000
_HOUR = np.timedelta64(3_600_000_000_000, "ns")


@dataclasses.dataclass
class Work:
    """What a cycle has and has made so far."""

    config: Config
    time: np.datetime64
    folder: Path
    archive: Path
    """where earlier cycles are"""
    inputs: Inputs
    state: State
    began: float
    members: int | None = None
    """how many there were when this cycle ran before; as many as the time allows when None"""
    reasons: list[str] = dataclasses.field(default_factory=list)
    """why the stage at hand is not all it might be"""
    volumes: dict[str, list[xr.DataTree]] = dataclasses.field(default_factory=dict)
    reflectivity: xr.DataArray | None = None
    frames: xr.DataArray | None = None
    flow: xr.Dataset | None = None
    hours: list[xr.DataArray] = dataclasses.field(default_factory=list)
    """Rain of each hour to come, (member, time, y, x) with one time, mm"""
    made_members: int | None = None

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self.config.budget.seconds - (clock.monotonic() - self.began)


def _minutes(many: float) -> np.timedelta64:
    return np.timedelta64(round(6e10 * many), "ns")


# ---- what is ----


def analysis(work: Work) -> None:
    """Rain now, behind that of the cycles before; of radars the mosaic's products too."""
    now = _seen(work) if work.config.radars else work.inputs.composite()
    work.reasons += work.inputs.lacks()
    if now is not None:
        io.write(now, work.folder / "rain.nc")
    _remember(work, now)
    if now is None:
        raise NoDataError("no rain seen at this time")
    if not np.isfinite(now.values).any():
        work.reasons.append("nothing is known anywhere on the grid")


def _seen(work: Work) -> xr.DataArray | None:
    """What the radars see; (time, y, x) rain."""
    config = work.config
    work.volumes = work.inputs.volumes()
    if not work.volumes:
        return None
    name = "DBZHQ" if config.mosaic.quality else "DBZH"
    made = mosaic.build(
        list(work.volumes.values()),
        grid=config.grid.deep(config.grid.levels_km, config.grid.top_km),
        fields=[name],
        time=work.time,
        motion="estimate" if config.mosaic.motion else None,
        max_age=60.0 * max(radar.max_age_minutes for radar in config.radars.values()),
    )
    if late := made.attrs["late"]:
        work.reasons.append(f"late: {late}")
    if set(made.attrs["motion_status"].split(", ")) & set(mosaic.MOTION_MISSING):
        work.reasons.append(f"mosaic: motion {made.attrs['motion_status']}")
    cube = made[name]
    lowest = product.lowest(cube)
    work.reflectivity = product.composite(cube).isel(time=-1)
    shown = xr.Dataset(
        {
            "composite": product.composite(cube),
            "lowest": lowest["lowest"],
            "lowest_height": lowest["height"],
            "vil": product.vil(cube),
            "echo_top": product.echo_top(cube)["top"],
            "quality": made["quality"].max("z", keep_attrs=True),
        },
        attrs=made.attrs,
    )
    _netcdf.write(shown, work.folder / "analysis.nc")
    return grid.rain_rate(lowest["lowest"], config.rain.a, config.rain.b)


def _remember(work: Work, now: xr.DataArray | None) -> None:
    """The frames that are young enough, those of before and the one of now."""
    oldest = work.time - _minutes(work.config.rain.minutes)
    past = work.state.frames
    if past is not None:
        past = past.sel(time=(past["time"] >= oldest) & (past["time"] <= work.time))
    if now is None:
        frames = past
    elif past is None or not past.sizes["time"]:
        frames = now
    elif now["time"].values[0] <= past["time"].values[-1]:
        work.reasons.append("nothing new since the last cycle")
        frames = past
    else:
        alike = [_alike(part, now) for part in (past, now)]
        frames = xr.concat(alike, "time", combine_attrs="override", coords="minimal", compat="override")
    work.frames = work.state.frames = frames if frames is not None and frames.sizes["time"] else None


def _alike(frames: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """The same frames with no more than what frames of all cycles have."""
    kept = {name: like.coords[name] for name in ("y", "x", "crs")}
    attributes = {name: like.attrs[name] for name in ("units", "grid_mapping", "quantity") if name in like.attrs}
    return xr.DataArray(
        frames.values, {"time": frames["time"].values} | kept, ("time", "y", "x"), "rainfall_rate", attributes
    )


def follow(work: Work) -> None:
    """The motion of the rain."""
    frames = _frames(work)
    try:
        if frames.sizes["time"] < 2:
            raise NoDataError("one frame: zero motion")
        work.flow = motion.estimate(frames, method=work.config.rain.motion)
    except NoDataError as error:
        work.flow = motion.calm(frames)
        if np.nanmax(frames.values[-1], initial=0.0) > 0.0:
            work.reasons.append(str(error))
    _netcdf.write(work.flow, work.folder / "motion.nc")


def _frames(work: Work) -> xr.DataArray:
    if work.frames is None:
        raise NoDataError("no rain seen at this time or shortly before")
    return work.frames


def _flow(work: Work) -> xr.Dataset:
    if work.flow is None:
        raise NoDataError("no motion")
    return work.flow


def track(work: Work) -> None:
    """Cells and their tracks."""
    if work.reflectivity is not None:
        field = work.reflectivity
    elif work.config.radars:
        raise NoDataError("no reflectivity at this time")
    else:
        field = _frames(work).isel(time=-1)
    options = work.config.cells
    found = cells.identify(
        field, threshold=options.threshold, least_peak=options.least_peak, least_size=options.least_size
    )
    if work.state.tracker is None:
        work.state.tracker = cells.Tracker(patience=60.0 * options.patience_minutes)
    tracks = work.state.tracker.add(found, field["time"].values, work.flow, geometry=True)
    for suffix in ("csv", "geojson"):
        cells.to_file(tracks, work.folder / f"cells.{suffix}")
    with replacing(work.folder / "events.csv") as beside:
        tracks.events.to_csv(beside, index=False, date_format=cells.TIME_FORMAT)


# ---- what will be ----


def ahead(work: Work) -> None:
    """The forecast: its most likely field, probabilities and quantiles; and the rain of whole hours."""
    frames, options = _frames(work), work.config.forecast
    rain = _model(work)
    reach = max(options.minutes, 60.0 * work.config.hours.ahead if rain is not None else 0.0)
    leads = forecast.lead_times(reach, options.step_minutes)
    near = sum(lead <= options.minutes for lead in leads)
    method, started = options.method, clock.monotonic()
    parts = _made(work, method, leads, rain)
    try:
        first = next(parts)
    except NoDataError as error:
        work.reasons.append(f"{error}; extrapolation in place of {method}")
        method, parts = "extrapolation", _made(work, "extrapolation", leads, rain)
        first = next(parts)
    several = []
    totals: list[list[xr.DataArray]] = []
    for made in itertools.chain([first], parts):
        several.append(made.isel(time=slice(near)))
        totals.append(_totals(work, made))
    made_of = "member" in several[0].dims
    if work.made_members:
        work.state.member_seconds = (clock.monotonic() - started) / work.made_members
    whole = xr.concat(several, "member", combine_attrs="override") if len(several) > 1 else several[0]
    work.hours = [
        xr.concat(parts, "member", combine_attrs="override") if len(parts) > 1 else parts[0]
        for parts in zip(*totals, strict=True)
    ]
    likely = forecast.matched_mean(whole).rename(frames.name) if made_of else whole
    likely.attrs |= {"forecast_method": method}
    fractions = options.quantiles if made_of else ()
    with Writer(work.folder / "forecast.nc") as writer:
        for field in (likely, *Choice(options.thresholds, fractions).of(whole)):
            writer.add(field)


def _made(work: Work, method: str, leads: list[float], rain: xr.DataArray | None) -> Iterator[xr.DataArray]:
    """The forecast, some members at a time."""
    frames, flow, options = _frames(work), _flow(work), work.config.forecast
    if method not in forecast.ENSEMBLES:
        given = frames.isel(time=-1) if method == "extrapolation" else frames
        made = forecast.run(given, flow, method, leads=leads)
        yield made if rain is None else forecast.merge(made, rain, flow=flow)
        return
    members = _members(work)
    if members < options.members:
        work.reasons.append(f"{members} of {options.members} members")
    of_model = 1 if rain is None else rain.sizes.get("member", 1)
    few = max(1, _CHUNK_BYTES // (4 * frames[-1].size * len(leads)) // of_model) * of_model
    known = work.state.skill or forecast.BlendSkill()
    learnt = known
    seed = (options.seed + int(work.time.astype("datetime64[s]").astype(np.int64))) % 2**63
    for first in range(0, members, few):
        some: dict[str, Any] = {"members": min(few, members - first), "first": first, "seed": seed}
        if rain is None:
            yield forecast.run(frames, flow, method, leads=leads, **some)
        elif method == "steps":
            learnt = copy.deepcopy(known)  # once a cycle, whatever the chunks
            yield forecast.blend(frames, flow, rain, skill=learnt, leads=leads, **some)
        else:
            yield forecast.merge(forecast.run(frames, flow, method, leads=leads, **some), rain, flow=flow)
    work.made_members, work.state.skill = members, learnt


def _members(work: Work) -> int:
    """As many as are wanted, as the time left allows, or as there were when this cycle ran before."""
    if work.members is not None:
        return work.members
    wanted, cost = work.config.forecast.members, work.state.member_seconds
    return wanted if cost <= 0.0 else int(np.clip(_RESERVE * work.left / cost, 1, wanted))


def _model(work: Work) -> xr.DataArray | None:
    """The rain of the newest run of the model, mm h-1; None without one."""
    paths = work.inputs.model_run()
    work.reasons += work.inputs.lacks()
    found = []
    for path in paths:
        try:
            found.append(rain_of(path, work.config.rain.a, work.config.rain.b))
        except NowcastError as error:
            work.reasons.append(str(error))
    if not found:
        return None
    joined = xr.concat(found, "time", combine_attrs="override").sortby("time") if len(found) > 1 else found[0]
    return joined.drop_duplicates("time")


def _totals(work: Work, made: xr.DataArray) -> list[xr.DataArray]:
    """Rain of each whole hour of a forecast, mm, with its members."""
    if "hours" not in work.config.stages:
        return []
    last = _frames(work).isel(time=slice(-1, None))
    start = last["time"].values[0].astype("datetime64[ns]")
    n = min(work.config.hours.ahead, int((made["time"].values[-1] - start) / _HOUR))
    return [
        _hour(forecast.total(last, made, start + k * _HOUR, start + (k + 1) * _HOUR, flow=work.flow), k + 1)
        for k in range(n)
    ]


def _hour(total: xr.DataArray, number: int) -> xr.DataArray:
    """Rain of one hour as (member, time, y, x), with its number as lead time; hour 0 is the observed one."""
    several = total if "member" in total.dims else total.expand_dims("member")
    placed = several.drop_vars("forecast_reference_time", errors="ignore").expand_dims("time", axis=1)
    return placed.assign_coords(lead_time=("time", [number * _HOUR]))


def hourly(work: Work) -> None:
    """The hour that was and those to come, in one layout: amounts, quantiles, probabilities."""
    options, frames = work.config.hours, _frames(work)
    end = frames["time"].values[-1].astype("datetime64[ns]")
    hours = list(work.hours)
    if frames.sizes["time"] > 1 and frames["time"].values[0] <= end - _HOUR:
        hours.insert(0, _hour(forecast.total(None, frames, end - _HOUR, end, flow=work.flow), 0))
    else:
        work.reasons.append("the observed hour is not known whole")
    if not work.hours:
        work.reasons.append("no forecast of a whole hour")
    if not hours:
        raise NoDataError("no hour that is known whole")
    choice = Choice(options.thresholds, options.quantiles)
    parts = []
    for total in hours:
        amount = forecast.ensemble_mean(total)["mean"].rename(total.name).assign_attrs(total.attrs)
        parts.append(xr.Dataset({str(field.name): field for field in (amount, *choice.of(total))}))
    whole = xr.concat(parts, "time", combine_attrs="override", coords="minimal", compat="override")
    whole = whole.assign_coords(forecast_reference_time=end)
    for form in options.formats:
        _write_hours(whole, work.folder, form)


def _write_hours(hours: xr.Dataset, folder: Path, form: str) -> None:
    if form == "nc":
        _netcdf.write(hours, folder / "hours.nc")
    elif form == "grib2":
        io.write(hours["precipitation_amount"], folder / "hours.grib2")
    else:
        for k in range(hours.sizes["time"]):
            number = int(hours["lead_time"].values[k] / _HOUR)
            io.write(hours["precipitation_amount"].isel(time=[k]), folder / f"hour_{number}.tif")


# ---- wind, and how earlier cycles did ----


def blow(work: Work) -> None:
    """The wind in three dimensions, and the low-level wind of it."""
    options = work.config.wind
    if not work.volumes:
        raise NoDataError("no radar at this time")
    region = work.config.grid.model_copy(update={"spacing_km": options.spacing_km})
    volumes = [several[-1] for several in work.volumes.values()]
    made = wind.retrieve(volumes, region.deep(options.levels_km, options.top_km), work.time)
    if not int(made["observations"].sum()):
        raise NoDataError("no velocities near enough in time")
    wind.write(made, work.folder / "wind.nc")
    wind.write(wind.low_level(made, minutes=options.minutes), work.folder / "low_level.nc")


def score(work: Work) -> None:
    """Forecasts of earlier cycles for now, scored, and the scores of all cycles so far."""
    now = _frames(work).isel(time=-1)
    if now["time"].values != work.time and work.config.radars:
        raise NoDataError("no rain seen at this time")
    for lead in work.config.verify.leads_minutes:
        made = _fallen_due(work, lead, now)
        if made is None:
            continue
        if lead not in work.state.scores:
            work.state.scores[lead] = empty_scores(work.config)
        work.state.scores[lead].add(made, now)
    if work.state.scores:
        tables = [
            scores.dataset("mm h-1").expand_dims(lead_time=[_minutes(lead)])
            for lead, scores in sorted(work.state.scores.items())
        ]
        _netcdf.write(xr.concat(tables, "lead_time", combine_attrs="override"), work.folder / "scores.nc")


def _fallen_due(work: Work, lead: float, now: xr.DataArray) -> xr.DataArray | None:
    """The field that an earlier cycle forecast for now; None where there is none."""
    path = work.archive / name_of(work.time - _minutes(lead)) / "forecast.nc"
    if not path.exists():
        return None
    try:
        made = io.open(path, quantity="RATE", on_error="raise")
    except NowcastError as error:
        work.reasons.append(str(error))
        return None
    if grid.Grid.of(made) != work.config.grid.flat:
        return None
    at = np.flatnonzero(made["time"].values == now["time"].values)
    return made.isel(time=int(at[0])) if at.size else None


Stage = Callable[[Work], None]

ALL: dict[str, Stage] = {
    "analysis": analysis,
    "motion": follow,
    "cells": track,
    "forecast": ahead,
    "hours": hourly,
    "wind": blow,
    "verify": score,
}
"""In their order."""

ALWAYS = ("analysis", "motion")
DROPPED = ("wind", "verify")
"""Those that are left where the time is up."""
