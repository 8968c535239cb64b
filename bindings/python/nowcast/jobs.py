"""The verbs of the command line as functions: files in, files out, a summary of plain values back."""

import contextlib
import importlib.metadata
import importlib.util
import logging
import os
import platform
import sys
import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _lib, _netcdf, grid, io, model, motion, obs, radar
from nowcast import forecast as forecasting
from nowcast import product as products
from nowcast._forecast_products import Choice
from nowcast._jobs_blend import Blend
from nowcast._jobs_cells import cells
from nowcast._jobs_extract import extract
from nowcast._jobs_verify import verification
from nowcast._jobs_volume import health, mosaic, mosaic_live, wind
from nowcast._jobs_warn import warn
from nowcast._open import open as open_any
from nowcast._writer import Writer
from nowcast.errors import ArgumentError, FileError, NoDataError, UnsupportedError

__all__ = [
    "cells",
    "convert",
    "doctor",
    "extract",
    "forecast",
    "health",
    "mosaic",
    "mosaic_live",
    "product",
    "verification",
    "warn",
    "wind",
]

_logger = logging.getLogger("nowcast")

_BATCH_BYTES = 200_000_000
_MEMBER_BYTES = 2_000_000_000  # of its lead times: where these are cut, a member is made from its start again
_ECHO_MM_H = 0.1
_FRAMES = 6


def forecast(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    minutes: float = 60,
    step: float = 5,
    method: str = "extrapolation",
    members: int | None = None,
    seed: int | None = None,
    probabilities: Sequence[float] = (),
    quantiles: Sequence[float] = (),
    blend: io.PathLike | Sequence[io.PathLike] | None = None,
    join: str | None = None,
    skill: io.PathLike | None = None,
    learned: io.PathLike | None = None,
    motion_method: str = "variational",
    sampling: str | None = None,
    max_speed: float | None = None,
    frames: int | None = None,
    quantity: str | None = None,
    a: float = 200.0,
    b: float = 1.6,
    on_error: str = "skip",
) -> dict[str, Any]:
    """Read a sequence, estimate its motion, carry its latest field on, write the forecast in mm h-1 as CF netCDF.

    Lead times are computed and written a few at a time: memory holds the frames and the motion, not the forecast. Of
    an ensemble a few members are, or one with all its lead times, up to 2 GB of these; the file has them along the
    dimension ``realization``, before time.

    A method that compares frames needs two of them, 3.5 to 30 minutes apart; without them the latest is extrapolated,
    and the forecast is ``degraded``. ``forecast_method``, in the summary and the file, says what was done. In place of
    an ensemble there is then one field at a time, without the dimension ``realization``; ``members`` and ``seed`` in
    the summary are None, as they are by other methods.

    Where the composite carries cells over until the next scan, what it will show is forecast, as
    ``nowcast.forecast.delay`` has it; ``carried_over`` is then the share of such cells, 0 elsewhere.

    The answer to hard input is in the summary and in the file's attributes: ``motion_status`` is "estimated"; "no
    echo: zero motion" when it does not rain, a good forecast; or, with ``degraded``, "one frame: zero motion" and "not
    followed: zero motion" when echoes stay where they are for want of a motion. Files left out also make it
    ``degraded``.

    Parameters
    ----------
    inputs, quantity, on_error
        As in ``nowcast.open``; ``frames`` are its latest times to be used, 2 to 24; when omitted six are
        read, and the method chooses.
    output : path ending in .nc
    minutes, step, sampling
        As in ``nowcast.forecast.extrapolate``.
    method
        One of ``nowcast.forecast.METHODS``.
    members, seed : int, optional
        Of a method of ``nowcast.forecast.ENSEMBLES``, as in ``nowcast.forecast.steps``: 20 and 0 when omitted.
    probabilities : sequence of float
        mm h-1: the file has the probability of reaching each besides, as ``nowcast.forecast.exceedance`` gives it, in
        variables such as ``probability_1``. All members of a lead time are then in memory at once.
    quantiles : sequence of float
        0 to 1: and these quantiles of the members, in variables such as ``quantile_0p9``. Of an ensemble only.
    blend : path or sequence of paths, optional
        Rain of a weather model, fields in any unit of rain or model fields with ``prate``, to which the forecast is
        joined: members of ``method="steps"`` as ``nowcast.forecast.blend`` does, all others by
        ``nowcast.forecast.merge``. Several are runs of other models, or of one begun at other times, the first of them
        being what a forecast without members takes. ``blend_status`` says how far they reach; where they do not reach
        all lead times the forecast is ``degraded``.
    join : str, optional
        How members of ``steps`` are joined to it: "blend" (when omitted), "enkf" or "merge", as the functions of
        ``nowcast.forecast`` do; with "enkf" all lead times of all members are in memory at once.
    skill : path, optional
        Of a JSON file in which what is known of the model's skill is kept from cycle to cycle, for "blend".
    learned : path, optional
        Of a model of growth, as ``nowcast.forecast.GrowthModel`` reads it, that corrects forecasts of the method it was
        made for. ``corrected_by``, in the summary and the file, names it; None where nothing was corrected.
    motion_method, max_speed
        ``method`` and ``max_speed`` of ``nowcast.motion.estimate``.
    a, b : float
        Z-R relation for reflectivity, as in ``nowcast.grid.rain_rate``.

    Raises
    ------
    NoDataError : the latest frame is known nowhere.
    """
    began = clock.monotonic()
    if method not in forecasting.METHODS:
        raise ArgumentError(f"method: one of {', '.join(forecasting.METHODS)} expected, {method!r} given")
    ensemble: dict[str, int] = {}
    if method in forecasting.ENSEMBLES:
        ensemble = {"members": forecasting.MEMBERS if members is None else members, "seed": seed or 0}
        if not 1 <= ensemble["members"] < 2**31:
            raise ArgumentError(f"members: 1 to 2^31 - 1 expected, {members} given")
    elif members is not None or seed is not None:
        raise ArgumentError(f"members, seed: none expected for the method {method}, {members} and {seed} given")
    further = Choice(tuple(map(float, probabilities)), tuple(map(float, quantiles)))
    if further.fractions and method not in forecasting.ENSEMBLES:
        raise ArgumentError(f"quantiles: none expected for the method {method}, which has no members")
    model = None if learned is None else forecasting.GrowthModel.read(learned)
    if model is not None and method != model.base:
        raise ArgumentError(f"method: {model.base}, which {learned} was made for, expected, {method!r} given")
    if model is not None and blend:
        raise ArgumentError("learned, blend: one of them expected, both given")
    if frames is not None and not 2 <= frames <= 24:
        raise ArgumentError(f"frames: 2 to 24 expected, {frames} given")
    _netcdf.check_name(output)
    leads = forecasting.lead_times(minutes, step)
    if join not in (None, "merge") and method != "steps":
        raise ArgumentError(f"method: steps expected to be joined by {join}, {method} given")
    joined = Blend(blend or None, join, skill, a, b)
    rain = grid.rain_rate(io.open(inputs, quantity=quantity, on_error=on_error, last=frames or _FRAMES), a, b)
    if not np.isfinite(rain.values[-1]).any():
        raise NoDataError(f"{rain.attrs['input_files'].splitlines()[-1].split()[0]}: the latest frame is known nowhere")
    flow, degraded = _motion(rain, motion_method, max_speed, frames)
    near = [lead for lead in leads if lead <= forecasting.DELAY_MINUTES]
    delay = forecasting.delay(rain, near) if near else None
    carried_over = float(delay.attrs["carried_over"]) if delay is not None and delay.values.any() else 0.0
    options: dict[str, Any] = {"sampling": sampling, "delay": False if delay is None else delay}
    if method != "extrapolation":
        try:
            # Without the model: whether there is enough of a past.
            forecasting.run(rain, flow, method, leads=leads[:1], **options, **ensemble and ensemble | {"members": 1})
        except NoDataError:
            method, degraded, ensemble, model = "extrapolation", True, {}, None
            further = Choice(further.thresholds)
    latest = rain.isel(time=-1)
    left_out = rain.attrs.get("left_out", "").splitlines()
    given = latest if method == "extrapolation" else rain
    blend_status = joined.status(given, leads)
    degraded = degraded or blend_status not in (None, "blended")
    given.attrs |= {"degraded": np.int32(degraded or bool(left_out)), "forecast_method": method}
    if model is not None:
        given.attrs["corrected_by"] = model.name
    if ensemble:
        given.attrs["seed"] = str(ensemble["seed"])  # netCDF's numbers here are double, which 2^64 - 1 is not
    del rain
    at_once = ensemble.get("members", 1) if further or joined else 1
    batch = max(1, (_MEMBER_BYTES if ensemble else _BATCH_BYTES) // (4 * latest.size * at_once))
    batch = len(leads) if joined.is_sequential else batch
    with Writer(output) as writer:
        for start in range(0, len(leads), batch):
            options["leads"] = leads[start : start + batch]
            if not ensemble or further or joined:
                made = joined.run(given, flow, method, **options, **ensemble)
                if model is not None:
                    made = model.correct(given, flow, made, **options)
                for field in (made, *further.of(made)):
                    writer.add(field)
                continue
            few = max(1, _BATCH_BYTES // (4 * latest.size * len(options["leads"])))
            for first in range(0, ensemble["members"], few):
                some = ensemble | {"first": first, "members": min(few, ensemble["members"] - first)}
                writer.add(forecasting.run(given, flow, method, **options, **some), members=ensemble["members"])
    joined.close()
    speed = np.hypot(flow["u"].values, flow["v"].values)
    return {
        "output": str(output),
        "reference_time": f"{latest['time'].values.astype('datetime64[s]')}Z",
        "lead_minutes": leads,
        "forecast_method": method,
        "members": ensemble.get("members"),
        "seed": ensemble.get("seed"),
        "further": further.names(),
        "blend_status": blend_status,
        "corrected_by": None if model is None else model.name,
        "motion_status": flow.attrs["motion_status"],
        "mean_speed_m_s": float(np.nanmean(speed)),
        "carried_over": carried_over,
        "left_out": left_out,
        "degraded": bool(given.attrs["degraded"]),
        "seconds": clock.monotonic() - began,
    }


def _motion(rain: xr.DataArray, method: str, max_speed: float | None, frames: int | None) -> tuple[xr.Dataset, bool]:
    """The motion to forecast with, its attribute motion_status, and whether it stands for one that is missing."""
    if rain.sizes["time"] < 2:
        flow, degraded = motion.calm(rain), True
        flow.attrs["motion_status"] = "one frame: zero motion"
        return flow, degraded
    try:
        return motion.estimate(rain, method=method, max_speed=max_speed, max_frames=frames), False
    except NoDataError:
        degraded = bool(np.nanmax(rain.values) >= _ECHO_MM_H)
        flow = motion.calm(rain)
        flow.attrs["motion_status"] = "not followed: zero motion" if degraded else "no echo: zero motion"
        return flow, degraded


def product(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    quantity: str = "DBZH",
    heights: Sequence[float] = (1000.0, 3000.0, 5000.0),
    tops: Sequence[float] = (18.5, 45.0),
    freezing: float | None = None,
    cold: float | None = None,
    ground: float | None = None,
    air: io.PathLike | None = None,
    tracks: Sequence[float] = (30.0, 60.0, 120.0, 360.0),
    advect: bool = False,
    on_error: str = "skip",
) -> dict[str, Any]:
    """Read three-dimensional analyses, derive the products of their columns, write them as CF netCDF.

    Parameters
    ----------
    inputs : paths or patterns of files of (time, z, y, x), such as ``mosaic`` writes
    output : path ending in .nc
    quantity : the reflectivity to take
    heights : m above mean sea level, of CAPPIs
    tops : dBZ, of tops of echo
    freezing, cold : float, optional
        Heights of 0 and -20 degC, m above mean sea level: with both there is hail.
    air : path of model fields or of a sounding, optional
        These heights come from there, for the latest time, and with its humidity the kind of precipitation.
    tracks : minutes
        Where the file has AZSHR, there is rotation; of several times, the greatest of it in the minutes before.
    advect : bool
        Tracks along the motion of the composite between times.
    ground : float, optional
        m above mean sea level; sea level when omitted.
    on_error : "skip" or "raise"
        What to do with files that cannot be read; those left out make the products ``degraded``.

    Raises
    ------
    ArgumentError : an analysis without heights or not in dBZ; one of ``freezing`` and ``cold`` without the other.
    """
    began = clock.monotonic()
    _netcdf.check_name(output)
    if (freezing is None) != (cold is None):
        raise ArgumentError("freezing, cold: both expected or neither, one given")
    data = io.open(inputs, quantity=quantity, on_error=on_error)
    if "z" not in data.dims:
        raise ArgumentError(f"{quantity}: an analysis (time, z, y, x) expected, {data.dims} found")
    others = _others(inputs, {"AZSHR", "EDR"}, on_error)
    highest, low, top = products.layer_max(data), products.lowest(data), {t: products.echo_top(data, t) for t in tops}
    made = xr.Dataset(
        {
            "composite": highest["greatest"],
            "composite_height": highest["height"],
            "lowest": low["lowest"],
            "lowest_height": low["height"],
            "vil": products.vil(data, ground=ground),
            "vil_density": products.vil_density(data, ground=ground),
        }
    )
    for threshold, found in top.items():
        label = f"{threshold:g}".replace(".", "p").replace("-", "m")
        made.update({f"echo_{name}_{label}": field for name, field in found.items()})
    if heights:
        levels = [products.cappi(data, height) for height in heights]
        cappi = xr.concat(levels, "height").rename(height="z").transpose("time", "z", "y", "x").sortby("z")
        made["cappi"] = cappi.assign_attrs(long_name="reflectivity at one height")
        made["z"].attrs |= {"axis": "Z"}
    if "AZSHR" in others:
        made.update(_rotation(others["AZSHR"], highest["greatest"], ground, tracks, advect))
    if "EDR" in others:
        turbulent = products.layer_max(others["EDR"])
        made["edr"] = turbulent["greatest"].assign_attrs(long_name="greatest eddy dissipation rate, cube root")
        made["edr_height"] = turbulent["height"]
    around: xr.Dataset | None = None
    heights_of: list[xr.DataArray | float | None] = [freezing, cold]
    if air is not None:
        around = products.surroundings(air, grid.Grid.of(data), data["time"].values[-1])
        heights_of = [
            around[name] if given is None else given for name, given in (("freezing", freezing), ("cold", cold))
        ]
        made["freezing_level"] = around["freezing"]
    if heights_of[0] is not None and heights_of[1] is not None:
        made.update(products.hail(data, heights_of[0], heights_of[1], ground=ground))
    if around is not None and "wet_bulb" in around:
        made["wet_bulb"] = around["wet_bulb"]
        made["precipitation_kind"] = products.precipitation_kind(low["lowest"], around["wet_bulb"], made["posh"])
    left_out = data.attrs.get("left_out", "").splitlines()
    made.attrs = {
        "Conventions": "CF-1.8",
        "title": "products of a three-dimensional radar analysis",
        "source": f"libnowcast {_lib.version()}",
        "input_files": data.attrs["input_files"],
        "left_out": "\n".join(left_out),
        "degraded": np.int32(bool(left_out)),
    } | ({} if around is None else {"air": str(air), "air_time": around.attrs["valid_time"]})
    for variable in made.data_vars.values():
        for own in ("quantity", "source", "format", "input_files", "left_out"):
            variable.attrs.pop(own, None)
    _netcdf.write(made, output)
    return {
        "output": str(output),
        "times": [f"{when}Z" for when in made["time"].values.astype("datetime64[s]")],
        "products": sorted(map(str, made.data_vars)),
        "cells": [data.sizes["z"], data.sizes["y"], data.sizes["x"]],
        "greatest": {str(name): _greatest(field) for name, field in made.data_vars.items()},
        "left_out": left_out,
        "degraded": bool(left_out),
        "seconds": clock.monotonic() - began,
    }


def _others(inputs: io.PathLike | Sequence[io.PathLike], names: set[str], on_error: str) -> dict[str, xr.DataArray]:
    """Further fields that analyses may have, of those names: what the first that can be read has."""
    there: set[str] = set()
    for path in io.expand(inputs):
        with contextlib.suppress(FileError, NoDataError, UnsupportedError):
            there = {layer.quantity for layer in io.layers(path)}
            break
    return {name: io.open(inputs, quantity=name, on_error=on_error) for name in sorted(names & there)}


def _rotation(
    shear: xr.DataArray, composite: xr.DataArray, ground: float | None, tracks: Sequence[float], advect: bool
) -> dict[str, xr.DataArray]:
    """Rotation of two layers, and of several times its tracks."""
    layers = products.rotation(shear, ground=ground)
    made = {f"rotation_{name}": layer for name, layer in layers.items()}
    if shear.sizes["time"] < 2:
        return made
    flow: xr.Dataset | None = None
    if advect:
        try:
            flow = motion.estimate(composite)
        except NoDataError as error:
            _logger.warning("tracks are not carried along: %s", error)
    for name, layer in layers.items():
        for minutes in tracks:
            made[f"rotation_track_{name}_{minutes:g}"] = products.track(layer, minutes, flow=flow)
    return made


def _greatest(field: xr.DataArray) -> float | None:
    """The greatest value of a field, None where nothing is known."""
    value = float(np.fmax.reduce(field.values, axis=None))
    return value if np.isfinite(value) else None


def convert(
    inputs: io.PathLike | Sequence[io.PathLike],
    output: io.PathLike,
    *,
    quantity: str | None = None,
    on_error: str = "raise",
    format: str | None = None,
) -> dict[str, Any]:
    """Read fields, a radar volume or observations of any format and write what the output's suffix names.

    A volume may be written in one of ``radar.FORMATS``, whatever the suffix.
    """
    choices: dict[str, Any] = {"quantity": quantity} if quantity else {}
    if on_error != "raise":
        choices["on_error"] = on_error
    data = open_any(inputs, follow=False, **choices)
    if isinstance(data, list):
        raise ArgumentError(f"inputs: one volume expected, {len(data)} found")
    if isinstance(data, xr.DataTree):
        radar.write(data, output, format=format)
        missing = data.attrs["incomplete"]
        return {"output": str(output), "sweeps": len(data.children), "incomplete": missing, "degraded": bool(missing)}
    if isinstance(data, pd.DataFrame):
        obs.write(data, output)
        missing, left_out = data.attrs["incomplete"], data.attrs.get("left_out", "").splitlines()
        summary = {"output": str(output), "rows": len(data), "incomplete": missing, "left_out": left_out}
        return summary | {"degraded": bool(missing or left_out)}
    if isinstance(data, model.Model):
        names = ", ".join(sorted(set(data.table()["name"])))
        raise ArgumentError(f"quantity: one of the model's variables expected, none given; there are {names}")
    if format is not None:
        raise ArgumentError(f"format: a radar volume expected for {format}, fields found")
    io.write(data, output)
    left_out = data.attrs.get("left_out", "").splitlines()
    return {"output": str(output), "times": data.sizes.get("time", 1), "left_out": left_out, "degraded": bool(left_out)}


def doctor() -> dict[str, Any]:
    """What is installed and where; ``problems`` lists what does not work."""
    problems = []
    try:
        lon, lat = grid.Grid("+proj=laea +lat_0=50 +lon_0=10", 1, 1, 0.0, 0.0, 1000.0, 1000.0).lonlat()
        if abs(lon.item() - 10.0) + abs(lat.item() - 50.0) > 1e-6:
            problems.append(f"PROJ puts the centre of a projection at {lon.item()}, {lat.item()}")
    except Exception as error:
        problems.append(f"PROJ does not work: {error}")
    packages: dict[str, str | None] = {}
    for name in ("numpy", "xarray", "pandas", "cffi", "click", "rich", "pillow", "netCDF4", "matplotlib"):
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = None
    data = os.environ.get("NOWCAST_TEST_DATA")
    if data and not Path(data).is_dir():
        problems.append(f"NOWCAST_TEST_DATA: no folder {data}")
    return {
        "version": _lib.version(),
        "build": _lib.build_info(),
        "package": str(Path(__file__).parent),
        "threads": _lib.default_threads(),
        "instructions": f"x86-64-v{_lib.simd_level() + 1}" if platform.machine() == "x86_64" else "portable",
        "python": f"{platform.python_version()} {sys.executable}",
        "packages": packages,
        "test_data": data,
        "problems": problems,
    }
