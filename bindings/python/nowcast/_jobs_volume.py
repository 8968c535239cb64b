"""The verbs that begin with radar volumes: mosaics, winds, and the health of radars."""

import logging
import time as clock
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _netcdf, grid, io, radar
from nowcast import mosaic as mosaics
from nowcast import wind as winds
from nowcast._follow import Stop
from nowcast._open import open as open_any
from nowcast.errors import ArgumentError, NoDataError, NowcastError
from nowcast.model import Model

_logger = logging.getLogger("nowcast")


def mosaic(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    fields: Sequence[str] = ("DBZH", "VRADH"),
    method: str = "linear",
    reflectivity: str = "echo",
    radius: float = 200e3,
    dx: float = 1000.0,
    dz: float = 500.0,
    top: float = 20e3,
    time: str | None = None,
    max_age: float | None = None,
    motion: str | None = None,
    ground: io.PathLike | None = None,
    site: tuple[float, float, float] | str | None = None,
    on_error: str = "skip",
) -> dict[str, Any]:
    """Read radar volumes, make a three-dimensional mosaic of them, write it as CF netCDF.

    Parameters
    ----------
    inputs : paths, patterns or folders of radar volumes, as ``nowcast.open`` takes them
    output : path ending in .nc
    fields, method, reflectivity, time, max_age, motion
        As in ``nowcast.mosaic.build``; a motion that cannot be estimated makes the mosaic degraded. Fields that steps
        of ``nowcast.radar`` make are made where a volume lacks them: QIND and DBZHQ, VRADDH, AZSHR, DIVR, EDR, and
        with ``ground`` DBZHB. A field that no volume then has is left out, and makes the mosaic degraded.
    radius, dx, dz, top : float
        m: the grid is ``nowcast.grid.around`` the radars.
    ground : path of heights of the ground, optional
        What it hides of the beams is left out: ``nowcast.radar.blockage``.
    site : (latitude, longitude, altitude) or str, optional
        Of volumes that do not say where their radar is; or the name of a radar of NEXRAD.
    on_error : "skip" or "raise"
        What to do with files that cannot be read. Files left out, volumes that are not whole and radars that are late
        make the mosaic ``degraded``.

    Raises
    ------
    NoDataError : no volume has any of the fields.
    """
    began = clock.monotonic()
    _netcdf.check_name(output)
    volumes, left_out = _volumes(inputs, on_error, site)
    volumes = [_prepared(volume, fields, ground) for volume in volumes]
    there = {str(name) for tree in volumes for group in tree.children.values() for name in group.data_vars}
    absent = [name for name in fields if name not in there]
    chosen = [name for name in fields if name in there] or list(fields)
    place = grid.around(volumes, radius, dx=dx, dz=dz, top=top)
    made = mosaics.build(
        volumes,
        grid=place,
        fields=chosen,
        method=method,
        reflectivity=reflectivity,
        time=time,
        max_age=max_age,
        motion=motion,
    )
    incomplete = _incomplete(volumes)
    late = made.attrs["late"].split()
    degraded = bool(left_out or incomplete or late or absent) or _lacks_motion(made)
    made.attrs |= {"degraded": np.int32(degraded), "left_out": "\n".join(left_out)}
    _netcdf.write(made, output)
    return {
        "output": str(output),
        "times": [f"{when}Z" for when in made["time"].values.astype("datetime64[s]")],
        "radars": made.attrs["radars"].split(),
        "fields": chosen,
        "absent": absent,
        "cells": [made.sizes["z"], made.sizes["y"], made.sizes["x"]],
        "known": {name: float(np.isfinite(made[name].values).mean()) for name in chosen},
        "motion": made.attrs["motion_status"],
        "late": late,
        "incomplete": incomplete,
        "left_out": left_out,
        "degraded": degraded,
        "seconds": clock.monotonic() - began,
    }


def mosaic_live(
    folder: io.PathLike,
    output: io.PathLike,
    *,
    fields: Sequence[str] = ("DBZH", "VRADH"),
    method: str = "linear",
    reflectivity: str = "echo",
    radius: float = 200e3,
    dx: float = 1000.0,
    dz: float = 500.0,
    top: float = 20e3,
    max_age: float | None = None,
    motion: str | None = None,
    every: str = "sweep",
    poll: float = 1.0,
    timeout: float | None = None,
    stop: Stop | None = None,
) -> Iterator[dict[str, Any]]:
    """Follow a folder to which radar volumes are added, and write the mosaic anew whenever a sweep has come.

    Parameters
    ----------
    folder, poll, timeout, stop : as for ``nowcast.radar.follow``
    output : path ending in .nc, which always holds a whole mosaic once there is one
    fields, method, reflectivity, max_age, motion : as for ``nowcast.mosaic.Live``
    radius, dx, dz, top : float
        m: the grid is ``nowcast.grid.around`` the radar met first; of others it has what lies on it.
    every : "sweep" or "volume"
        When to write.

    Yields
    ------
    a summary of each mosaic written; ``degraded`` where a radar is late, or no motion could be estimated.
    """
    _netcdf.check_name(output)
    if every not in ("sweep", "volume"):
        raise ArgumentError(f'every: "sweep" or "volume" expected, {every!r} given')
    live: mosaics.Live | None = None
    for sweep in radar.follow(folder, poll=poll, timeout=timeout, stop=stop):
        began = clock.monotonic()
        try:
            if live is None:
                place = grid.around(sweep, radius, dx=dx, dz=dz, top=top)
                live = mosaics.Live(
                    place, fields, method=method, reflectivity=reflectivity, max_age=max_age, motion=motion
                )
            live.add(sweep)
            if every == "volume" and sweep.attrs["complete"] != "true":
                continue
            made = live.build()
        except NoDataError:
            continue  # none of the fields yet
        except ArgumentError as error:
            if live is None:
                raise
            _logger.warning("left out: %s", error)
            continue
        late = made.attrs["late"].split()
        degraded = bool(late) or _lacks_motion(made)
        made.attrs["degraded"] = np.int32(degraded)
        _netcdf.write(made, output)
        yield {
            "output": str(output),
            "time": f"{made['time'].values[0].astype('datetime64[s]')}Z",
            "radars": made.attrs["radars"].split(),
            "fields": [name for name in fields if name in made],
            "motion": made.attrs["motion_status"],
            "late": late,
            "degraded": degraded,
            "seconds": clock.monotonic() - began,
        }


def _lacks_motion(made: xr.Dataset) -> bool:
    """Whether the motion of a mosaic was to be estimated, and was not at any time."""
    return bool(set(made.attrs["motion_status"].split(", ")) & set(mosaics.MOTION_MISSING))


_STEPS = (
    ({"QFLAG", "QIND", "DBZHQ", "EDR"}, radar.quality),
    ({"VRADDH", "AZSHR", "DIVR", "EDR"}, radar.dealias),
    ({"AZSHR", "DIVR", "EDR"}, radar.shear),
    ({"EDR"}, radar.turbulence),
    ({"DBZHB"}, radar.correct_blockage),
)
"""What is made of a volume, in this order, and by which step."""


def _prepared(volume: xr.DataTree, fields: Sequence[str], ground: io.PathLike | None) -> xr.DataTree:
    """A volume with those of the fields that it lacks and steps can make, and with what the ground hides."""
    have = {str(name) for group in volume.children.values() for name in group.data_vars}
    if ground is not None:
        volume = radar.blockage(volume, ground)
    for makes, step in _STEPS:
        if not makes & (set(fields) - have) or (step is radar.dealias and "VRADDH" in have):
            continue
        try:
            volume = step(volume)
        except (ArgumentError, NoDataError) as error:
            _logger.warning("%s: %s", volume.attrs["instrument_name"], error)
    return volume


def _volumes(
    inputs: io.PathLike | Sequence[io.PathLike],
    on_error: str,
    site: tuple[float, float, float] | str | None = None,
) -> tuple[list[xr.DataTree], list[str]]:
    """The volumes in files, and the files left out with the reason; site is for those that do not say theirs."""
    found: list[xr.DataTree] = []
    left_out: list[str] = []
    failure: NowcastError | None = None
    for path in io.expand(inputs):
        try:
            data = open_any(path)
            several = data if isinstance(data, list) else [data]
            if not all(isinstance(volume, xr.DataTree) for volume in several):
                raise ArgumentError(f"{path}: radar volumes expected, something else found")
            trees = [volume for volume in several if isinstance(volume, xr.DataTree)]
            if site is not None and not all(np.isfinite(float(volume["latitude"])) for volume in trees):
                data = open_any(path, site=site)
                several = data if isinstance(data, list) else [data]
        except NowcastError as error:
            if on_error != "skip":
                raise
            _logger.warning("left out: %s", error)
            left_out.append(f"{path.name}: {error}")
            failure = error
            continue
        found += several  # type: ignore[arg-type]
    if not found:
        raise failure or NoDataError("inputs: no radar volume found")
    return found, left_out


def _incomplete(volumes: Sequence[xr.DataTree]) -> list[str]:
    """What is missing of volumes that are not whole."""
    return [
        f"{tree.attrs['instrument_name']}: {tree.attrs['incomplete']}" for tree in volumes if tree.attrs["incomplete"]
    ]


def wind(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    background: io.PathLike | None = None,
    low_level: io.PathLike | None = None,
    minutes: float = 120.0,
    step: float = 10.0,
    ground: float | None = None,
    stations: Sequence[io.PathLike] = (),
    radius: float = 80e3,
    dx: float = 1000.0,
    dz: float = 500.0,
    top: float = 20e3,
    time: str | None = None,
    max_age: float | None = None,
    site: tuple[float, float, float] | str | None = None,
    on_error: str = "skip",
) -> dict[str, Any]:
    """Read radar volumes, find the wind in three dimensions that they agree upon, write it as CF netCDF; and of it the
    low-level wind, now and in the next hours, if that is asked for.

    Parameters
    ----------
    inputs : paths, patterns or folders of radar volumes, as ``nowcast.open`` takes them
    output : path ending in .nc
    background : path, optional
        Of a model, or of soundings and profilers; without one a profile is fitted to the volumes.
    low_level : path, optional
        Ending in .nc: ``nowcast.wind.low_level`` is written there. Its forecast goes over to the background where that
        is a model.
    minutes, step : float
        Of its lead times.
    ground : float, optional
        m above mean sea level: the ground of its heights, that of the wind's grid or 0 when omitted.
    stations : paths
        Observations of wind near the ground that its wind at 10 m is drawn to, as ``nowcast.open`` takes them.
    radius, dx, dz, top : float
        m: the grid is ``nowcast.grid.around`` the radars.
    time, max_age
        As in ``nowcast.wind.retrieve``.
    site : (latitude, longitude, altitude) or str, optional
        Of volumes that do not say where their radar is; or the name of a radar of NEXRAD.
    on_error : "skip" or "raise"
        What to do with files that cannot be read, background and stations too. Files left out, volumes that are not
        whole, one radar alone, and a search that ran out of iterations make the wind ``degraded``.

    Raises
    ------
    NoDataError : no volume has velocities near enough in time.
    """
    began = clock.monotonic()
    _netcdf.check_name(output)
    if low_level is not None:
        _netcdf.check_name(low_level)
    volumes, left_out = _volumes(inputs, on_error, site)
    first = None if background is None else _beside(background, on_error, left_out)
    near = [table for path in stations if (table := _beside(path, on_error, left_out)) is not None]
    place = grid.around(volumes, radius, dx=dx, dz=dz, top=top)
    made = winds.retrieve(volumes, place, time, background=first, max_age=max_age)
    if not int(made["observations"].sum()):
        raise NoDataError("inputs: velocities near enough to the time expected, there are none")
    incomplete = _incomplete(volumes)
    about = made["flags"].attrs
    bits = zip(about["flag_meanings"].split(), about["flag_masks"], strict=True)
    special = [name for name, bit in bits if int(made["flags"]) & int(bit)]
    degraded = bool(left_out or incomplete or {"one_source", "no_crossing", "not_converged"} & set(special))
    made.attrs |= {"degraded": np.int32(degraded), "left_out": "\n".join(left_out)}
    if low_level is not None:
        model = _model_beside(first, made, minutes)
        options = {"stations": pd.concat(near, ignore_index=True)} if near else {}
        product = winds.low_level(made, minutes=minutes, step=step, ground=ground, model=model, **options)
        winds.write(product, low_level)
    winds.write(made, output)
    upward = made["w"].values
    return {
        "output": str(output),
        "low_level": None if low_level is None else str(low_level),
        "time": f"{made['time'].values.astype('datetime64[s]')}Z",
        "sources": {
            str(name): {part: float(made[part][k]) for part in ("observations", "before", "after")}
            for k, name in enumerate(made["source"].values)
        },
        "cells": [made.sizes["z"], made.sizes["y"], made.sizes["x"]],
        "upward_wind": [float(np.nanmin(upward)), float(np.nanmax(upward))],
        "special": special,
        "report": winds.report(made),
        "incomplete": incomplete,
        "left_out": left_out,
        "degraded": degraded,
        "seconds": clock.monotonic() - began,
    }


def _beside(path: io.PathLike, on_error: str, left_out: list[str]) -> Any:
    """What is in a file beside the volumes; None, and the file named in left_out, where it cannot be read."""
    try:
        return open_any(path)
    except NowcastError as error:
        if on_error != "skip":
            raise
        _logger.warning("left out: %s", error)
        left_out.append(f"{Path(path).name}: {error}")
        return None


def _model_beside(first: Any, made: xr.Dataset, minutes: float) -> xr.Dataset | None:
    """The wind of a model on the grid of a wind in space, from its time before to its time after the forecast."""
    if not isinstance(first, Model):
        return None
    begins = made["time"].values.astype("datetime64[ns]")
    ends = begins + np.timedelta64(round(6e10 * minutes), "ns")
    times = np.unique(first.table()["time"])
    covering = times[max(np.searchsorted(times, begins, "right") - 1, 0) : np.searchsorted(times, ends) + 1]
    if not covering.size:
        covering = times[-1:]
    there = first.on_grid(["u", "v"], grid.Grid.of(made["u"]), heights=made["z"].values, times=covering)
    return there.mean("member", keep_attrs=True) if "member" in there.dims else there


def health(
    inputs: io.PathLike | Sequence[io.PathLike],
    *,
    clutter_map: io.PathLike | None = None,
    freezing_level: float | None = None,
    on_error: str = "skip",
) -> tuple[radar.Health, dict[str, Any]]:
    """Look after radars by volumes of theirs: ``nowcast.radar.health``, and the same as plain values.

    Parameters
    ----------
    inputs : as ``nowcast.open`` takes them
        Each file is a volume, and a folder holds the volumes that are in it.
    clutter_map : a file that ``nowcast.radar.ClutterMap.save`` wrote
    freezing_level : m above mean sea level, for the bias of reflectivity
    on_error : "skip" or "raise"
        Volumes that cannot be read are named in ``left_out``, and make the summary ``degraded``.
    """
    left_out: list[str] = []

    def volumes() -> Iterator[xr.DataTree]:
        for path in io.expand(inputs):
            try:
                found = open_any(path)
            except NowcastError as error:
                if on_error == "raise":
                    raise
                left_out.append(str(error))
                continue
            for one in found if isinstance(found, list) else [found]:
                if not isinstance(one, xr.DataTree):
                    raise ArgumentError(f"{path}: a radar volume expected")
                yield one

    ground = None if clutter_map is None else radar.ClutterMap.load(clutter_map)
    looked = radar.health(volumes(), clutter_map=ground, freezing_level=freezing_level)
    summary = looked.to_dict() | {"left_out": left_out}
    summary["degraded"] = summary["degraded"] or bool(left_out)
    return looked, summary
