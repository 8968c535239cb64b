"""The stages that say what will be: the forecast, and the rain of whole hours."""

import copy
import itertools
import time as clock
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _netcdf, forecast, io
from nowcast._forecast_products import Choice
from nowcast._jobs_blend import rain_of
from nowcast._writer import Writer
from nowcast.errors import NoDataError, NowcastError
from nowcast.ops._work import Work

_RESERVE = 0.7  # of the time left that members may take; the rest is for what follows
_CHUNK_BYTES = 400_000_000
_HOUR = np.timedelta64(3_600_000_000_000, "ns")


def ahead(work: Work) -> None:
    """The forecast: its most likely field, probabilities and quantiles; and the rain of whole hours."""
    frames, options = work.rain(), work.config.forecast
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
    work.members = whole
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
    frames, flow, options = work.rain(), work.motion(), work.config.forecast
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
    if work.told_members is not None:
        return work.told_members
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
    last = work.rain().isel(time=slice(-1, None))
    start = last["time"].values[0].astype("datetime64[ns]")
    n = min(work.config.hours.ahead, int((made["time"].values[-1] - start) / _HOUR))
    # Members lie a few minutes apart and blur one another: following each from lead to lead takes minutes for nothing.
    flow = None if "member" in made.dims else work.flow
    return [
        _hour(forecast.total(last, made, start + k * _HOUR, start + (k + 1) * _HOUR, flow=flow), k + 1)
        for k in range(n)
    ]


def _hour(total: xr.DataArray, number: int) -> xr.DataArray:
    """Rain of one hour as (member, time, y, x), with its number as lead time; hour 0 is the observed one."""
    several = total if "member" in total.dims else total.expand_dims("member")
    placed = several.drop_vars("forecast_reference_time", errors="ignore").expand_dims("time", axis=1)
    return placed.assign_coords(lead_time=("time", [number * _HOUR]))


def hourly(work: Work) -> None:
    """The hour that was and those to come, in one layout: amounts, quantiles, probabilities."""
    options, frames = work.config.hours, work.rain()
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
