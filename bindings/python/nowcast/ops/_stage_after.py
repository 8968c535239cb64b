"""The stages that come last: the wind in three dimensions, and how forecasts of earlier cycles did."""

from pathlib import Path

import numpy as np
import xarray as xr

from nowcast import _netcdf, grid, io, model, wind
from nowcast._open import open as open_any
from nowcast.errors import NoDataError, NowcastError
from nowcast.ops._publish import name_of
from nowcast.ops._stage_desk import FOLDER
from nowcast.ops._state import empty_scores
from nowcast.ops._work import Work, minutes
from nowcast.verify import Scores


def blow(work: Work) -> None:
    """The wind in three dimensions that radars see beside the model, and the low-level wind of it."""
    options, hours = work.config.wind, work.config.hours
    region = work.config.grid.model_copy(update={"spacing_km": options.spacing_km})
    place = region.deep(options.levels_km, options.top_km)
    air = _air(work, place)
    made = None if air is None else air.isel(time=0)
    if work.volumes:
        volumes = [several[-1] for several in work.volumes.values()]
        made = wind.retrieve(volumes, place, work.time, background=made)
        if not int(made["observations"].sum()) and air is None:
            raise NoDataError("no velocities near enough in time")
        wind.write(made, work.folder / "wind.nc")
    if made is None:
        raise NoDataError("no radar and no wind of a model at this time")
    work.low = wind.low_level(made, minutes=options.minutes, model=air)
    wind.write(work.low, work.folder / "low_level.nc")
    if "hours" not in work.config.stages:
        return
    heights = [height for height in hours.heights_m if height > 10.0]
    if air is not None:
        reach = float((air["time"].values[-1] - work.time) / minutes(1.0))
        leads = [lead for lead in _LEADS if lead <= reach]
        work.low = wind.low_level(made, leads=leads or None, minutes=0.0, heights=heights, model=air)
    _keep(work, work.low)


_LEADS = (*range(10, 61, 10), *range(75, 361, 15))
"""Minutes, of winds of the hours to come."""


def _air(work: Work, place: grid.Grid) -> xr.Dataset | None:
    """The model's wind now and later, (time, z, y, x); None where it has none."""
    holding = []
    for path in next(iter(work.inputs.model_runs()), []):
        found = open_any(path)
        if isinstance(found, model.Model):
            with found:
                if {"u", "v"} <= set(found.table()["name"]):
                    holding.append(path)
    if not holding:
        return None
    with model.open(holding) as run:
        times = np.unique(run.select("u")["time"].to_numpy().astype("datetime64[ns]"))
        last = work.time + minutes(60.0 * (work.config.hours.ahead + 1))
        later = times[(times > work.time) & (times <= last)]
        if times[0] > work.time or not later.size:
            work.reasons.append(f"model: its winds are of {times[0]} to {times[-1]}")
            return None
        wanted = np.concatenate([[work.time], later])
        air = run.on_grid(["u", "v"], place, heights=place.z, times=wanted)
    return air.mean("member", keep_attrs=True) if "member" in air.dims else air


def _keep(work: Work, low: xr.Dataset) -> None:
    """The low-level wind of now behind those of before."""
    heights = list(work.config.hours.heights_m)
    now = low[["u", "v", "gust"]].sel(height=heights).isel(time=[0])
    now = now.drop_vars(["lead_time", "forecast_reference_time"])
    past = work.young(work.state.winds)
    if past is not None and past["time"].values[-1] < work.time and np.array_equal(past["height"], heights):
        now = xr.concat([past, now], "time", combine_attrs="override", coords="minimal", compat="override")
    work.state.winds = now


def score(work: Work) -> None:
    """Forecasts of earlier cycles for now, scored, and the scores of all cycles so far; corrected ones beside."""
    now = work.rain().isel(time=-1)
    if now["time"].values != work.time and work.config.radars:
        raise NoDataError("no rain seen at this time")
    _score(work, now, work.state.scores, work.folder)
    if work.config.desk is not None:
        _score(work, now, work.state.corrected, work.folder / FOLDER, FOLDER)


def _score(work: Work, now: xr.DataArray, sums: dict[float, Scores], folder: Path, which: str = "") -> None:
    """Add to the scores of each lead, and write them all; of corrected forecasts where there are some."""
    for lead in work.config.verify.leads_minutes:
        made = _fallen_due(work, lead, now, which)
        if made is not None:
            sums.setdefault(lead, empty_scores(work.config)).add(made, now)
    if sums:
        tables = [
            scores.dataset("mm h-1").expand_dims(lead_time=[minutes(lead)]) for lead, scores in sorted(sums.items())
        ]
        folder.mkdir(exist_ok=True)
        _netcdf.write(xr.concat(tables, "lead_time", combine_attrs="override"), folder / "scores.nc")


def _fallen_due(work: Work, lead: float, now: xr.DataArray, which: str) -> xr.DataArray | None:
    """The field that an earlier cycle forecast for now; None where there is none."""
    name = name_of(work.time - minutes(lead))
    paths = (folder / name / part / "forecast.nc" for folder in work.archive for part in (which, ""))
    path = next((path for path in paths if path.exists()), None)
    if path is None:
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
