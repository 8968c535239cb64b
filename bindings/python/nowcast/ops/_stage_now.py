"""The stages that say what is: rain now, behind that of the cycles before, and its motion."""

import numpy as np
import xarray as xr

from nowcast import _netcdf, grid, io, mosaic, motion, product
from nowcast.errors import NoDataError
from nowcast.ops._work import Work


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
    rain = grid.rain_rate(lowest["lowest"], config.rain.a, config.rain.b)
    shown = xr.Dataset(
        {
            "reflectivity": product.composite(cube),
            "vil": product.vil(cube),
            "top": product.echo_top(cube)["top"],
            "lowest": lowest["lowest"],
            "lowest_height": lowest["height"],
            "quality": made["quality"].max("z", keep_attrs=True),
        },
        attrs=made.attrs,
    )
    _netcdf.write(shown, work.folder / "analysis.nc")
    work.echoes = grid.rain_rate(shown["reflectivity"], config.rain.a, config.rain.b)
    work.seen = shown[["reflectivity", "vil", "top"]].assign(rain=rain).isel(time=-1)
    return rain


def _remember(work: Work, now: xr.DataArray | None) -> None:
    """The frames that are young enough, those of before and the one of now."""
    past = work.young(work.state.frames)
    if past is not None and now is not None and now["time"].values[0] <= past["time"].values[-1]:
        work.reasons.append("nothing new since the last cycle")
    work.frames = work.state.frames = _behind(past, now)
    if work.config.radars and "hours" in work.config.stages:
        work.state.echoes = _behind(work.young(work.state.echoes), work.echoes)


def _behind(past: xr.DataArray | None, now: xr.DataArray | None) -> xr.DataArray | None:
    """Frames of before with that of now behind them, where it is later."""
    if now is None or (past is not None and now["time"].values[0] <= past["time"].values[-1]):
        return past
    if past is None:
        return now
    alike = [_alike(part, now) for part in (past, now)]
    return xr.concat(alike, "time", combine_attrs="override", coords="minimal", compat="override")


def _alike(frames: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """The same frames with no more than what frames of all cycles have."""
    kept = {name: like.coords[name] for name in ("y", "x", "crs")}
    attributes = {name: like.attrs[name] for name in ("units", "grid_mapping", "quantity") if name in like.attrs}
    return xr.DataArray(
        frames.values, {"time": frames["time"].values} | kept, ("time", "y", "x"), "rainfall_rate", attributes
    )


def follow(work: Work) -> None:
    """The motion of the rain."""
    frames = work.rain()
    try:
        if frames.sizes["time"] < 2:
            raise NoDataError("one frame: zero motion")
        work.flow = motion.estimate(frames, method=work.config.rain.motion)
    except NoDataError as error:
        work.flow = motion.calm(frames)
        if np.nanmax(frames.values[-1], initial=0.0) > 0.0:
            work.reasons.append(str(error))
    _netcdf.write(work.flow, work.folder / "motion.nc")
