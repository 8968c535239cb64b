"""The stage that says what will be: the forecast, and the rain of whole hours with its members."""

import copy
import itertools
import time as clock
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _blend, forecast, grid
from nowcast._forecast_products import Choice
from nowcast._jobs_blend import rain_of
from nowcast._writer import Writer
from nowcast.errors import ArgumentError, NoDataError, NowcastError
from nowcast.ops import _hours
from nowcast.ops._work import Work, minutes

_RESERVE = 0.7  # of the time left that members may take; the rest is for what follows
_CHUNK_BYTES = 400_000_000


def ahead(work: Work) -> None:
    """The forecast: its most likely field, probabilities and quantiles; and the rain of whole hours."""
    runs = _model_runs(work)
    work.model = _at_leads(work, runs) if runs else None
    method, started = work.config.forecast.method, clock.monotonic()
    parts = made(work, method)
    try:
        first = next(parts)
    except NoDataError as error:
        work.reasons.append(f"{error}; extrapolation in place of {method}")
        method, parts = "extrapolation", made(work, "extrapolation")
        first = next(parts)
    collect(work, itertools.chain([first], parts))
    if work.made_members:
        work.state.member_seconds = (clock.monotonic() - started) / work.made_members
    work.likely = likely(work).assign_attrs(forecast_method=method)
    write(work)


def leads(work: Work) -> tuple[list[float], int]:
    """The lead times of the forecast, minutes, and how many of them are published."""
    options = work.config.forecast
    reach = max(options.minutes, 60.0 * work.config.hours.ahead if work.model is not None else 0.0)
    every = forecast.lead_times(reach, options.step_minutes)
    return every, sum(lead <= options.minutes for lead in every)


def collect(work: Work, parts: Iterable[xr.DataArray]) -> None:
    """Keep what is published of a forecast that comes some members at a time, and the rain of its hours."""
    several: list[xr.DataArray] = []
    totals: list[list[xr.DataArray]] = []
    work.leads, near = leads(work)
    work.joined = None
    for part in parts:
        several.append(part.isel(time=slice(near)))
        totals.append(_totals(work, part))
        if work.model is not None and work.joined is None:
            work.joined = part.isel(time=[k for k, lead in enumerate(work.leads) if k == 0 or lead % 60.0 == 0.0])
    work.members = _joined(several)
    work.hours = [_joined(hour) for hour in zip(*totals, strict=True)]


def _joined(parts: Sequence[xr.DataArray]) -> xr.DataArray:
    return xr.concat(parts, "member", combine_attrs="override") if len(parts) > 1 else parts[0]


def likely(work: Work) -> xr.DataArray:
    """The forecast as one field."""
    whole = work.members
    assert whole is not None
    return forecast.matched_mean(whole).rename(work.rain().name) if "member" in whole.dims else whole


def write(work: Work, *more: xr.DataArray) -> None:
    """The forecast as one field, probabilities and quantiles, and more fields, in a file."""
    options, whole = work.config.forecast, work.members
    assert whole is not None
    assert work.likely is not None
    fractions = options.quantiles if "member" in whole.dims else ()
    with Writer(work.folder / "forecast.nc") as writer:
        for field in (work.likely, *Choice(options.thresholds, fractions).of(whole), *more):
            writer.add(field)


def made(work: Work, method: str) -> Iterator[xr.DataArray]:
    """The forecast, some members at a time."""
    frames, flow, options, rain = work.rain(), work.motion(), work.config.forecast, work.model
    at, feather = leads(work)[0], 1e3 * options.feather_km
    if method not in forecast.ENSEMBLES:
        given = frames.isel(time=-1) if method == "extrapolation" else frames
        one = forecast.run(given, flow, method, leads=at)
        yield one if rain is None else forecast.merge(one, rain, flow=flow, feather=feather)
        return
    members = _members(work)
    if members < options.members:
        work.reasons.append(f"{members} of {options.members} members")
    of_model = 1 if rain is None else rain.sizes.get("member", 1)
    few = max(1, _CHUNK_BYTES // (4 * frames[-1].size * len(at)) // of_model) * of_model
    known = work.state.skill or forecast.BlendSkill()
    learnt = known
    seed = (options.seed + int(work.time.astype("datetime64[s]").astype(np.int64))) % 2**63
    filtered = rain is not None and method == "steps" and options.join == "enkf"
    if rain is not None and filtered:  # which compares all members with one another
        yield forecast.enkf(frames, flow, rain, members=members, seed=seed, feather=feather, leads=at)
    for first in range(0, 0 if filtered else members, few):
        some: dict[str, Any] = {"members": min(few, members - first), "first": first, "seed": seed}
        if rain is None:
            yield forecast.run(frames, flow, method, leads=at, **some)
        elif method == "steps" and options.join == "blend":
            learnt = copy.deepcopy(known)  # once a cycle, whatever the chunks
            yield forecast.blend(frames, flow, rain, skill=learnt, feather=feather, leads=at, **some)
        else:
            one = forecast.run(frames, flow, method, leads=at, **some)
            yield forecast.merge(one, rain, flow=flow, feather=feather)
    work.made_members, work.state.skill = members, learnt


def _members(work: Work) -> int:
    """As many as are wanted, as the time left allows, or as there were when this cycle ran before."""
    if work.told_members is not None:
        return work.told_members
    wanted, cost = work.config.forecast.members, work.state.member_seconds
    return wanted if cost <= 0.0 else int(np.clip(_RESERVE * work.left / cost, 1, wanted))


def _model_runs(work: Work) -> list[xr.DataArray]:
    """The rain of each of the newest runs of the model that has some, mm h-1."""
    runs = [_model_run(work, paths) for paths in work.inputs.model_runs()]
    work.reasons += work.inputs.lacks()
    return [run for run in runs if run is not None]


def _model_run(work: Work, paths: list[Path]) -> xr.DataArray | None:
    found, without = [], []
    for path in paths:
        try:
            found.append(rain_of(path, work.config.rain.a, work.config.rain.b))
        except ArgumentError as error:
            without.append(str(error))  # files of a run may have the wind alone
        except NowcastError as error:
            work.reasons.append(str(error))
    if not found:
        work.reasons += without
        return None
    joined = xr.concat(found, "time", combine_attrs="override").sortby("time") if len(found) > 1 else found[0]
    return joined.drop_duplicates("time")


def _at_leads(work: Work, runs: list[xr.DataArray]) -> xr.DataArray:
    """The model's rain now and at the lead times, on the frames' grid: once for all that joins it to something."""
    frames, feather = work.rain(), 1e3 * work.config.forecast.feather_km
    spans = [run["time"].values.astype("datetime64[ns]")[[0, -1]] for run in runs]
    begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
    now = frames["time"].values[-1].astype("datetime64[ns]")
    times = np.union1d(now + np.array([minutes(lead) for lead in (0.0, *leads(work)[0])]), [begin, end])
    times = times[(times >= max(now, begin)) & (times <= end)]
    if not times.size:
        return runs[0]
    cells, _ = _blend.runs_on_frames(runs, frames, times, work.flow, feather)
    coords = grid.Grid.of(frames).coords() | {"time": times}
    attrs = runs[0].attrs | {"grid_mapping": "crs"}
    made = xr.DataArray(cells, coords, ("member", "time", "y", "x"), runs[0].name, attrs)
    return made if len(cells) > 1 else made.isel(member=0)


def _totals(work: Work, made: xr.DataArray) -> list[xr.DataArray]:
    """Rain of each hour of a forecast, mm, with its members, also of one that has begun."""
    if "hours" not in work.config.stages or not _hours.due(work.config.hours, work.time):
        return []
    frames = work.rain()
    plan = _hours.plan(work.config.hours, frames)
    # Members lie a few minutes apart and blur one another: following each from lead to lead takes minutes for nothing.
    flow = None if "member" in made.dims else work.flow
    return [
        _hours.placed(forecast.total(_hours.since(frames, window.start), made, *window, flow=flow), plan.now)
        for window in plan.ahead
        if window.start >= frames["time"].values[0] and window.end <= made["time"].values[-1]
    ]
