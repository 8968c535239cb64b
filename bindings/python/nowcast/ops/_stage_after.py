"""The stages that come last: the wind in three dimensions, and how forecasts of earlier cycles did."""

import numpy as np
import xarray as xr

from nowcast import _netcdf, grid, io, wind
from nowcast.errors import NoDataError, NowcastError
from nowcast.ops._publish import name_of
from nowcast.ops._state import empty_scores
from nowcast.ops._work import Work, minutes


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
    now = work.rain().isel(time=-1)
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
            scores.dataset("mm h-1").expand_dims(lead_time=[minutes(lead)])
            for lead, scores in sorted(work.state.scores.items())
        ]
        _netcdf.write(xr.concat(tables, "lead_time", combine_attrs="override"), work.folder / "scores.nc")


def _fallen_due(work: Work, lead: float, now: xr.DataArray) -> xr.DataArray | None:
    """The field that an earlier cycle forecast for now; None where there is none."""
    path = work.archive / name_of(work.time - minutes(lead)) / "forecast.nc"
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
