"""The stage of whole hours: those that were and those to come, in one layout, whole and cut to areas."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _blend, _lib, forecast
from nowcast._forecast_products import Choice
from nowcast.errors import NoDataError, NowcastError
from nowcast.ops import _hours, _hours_files, _seam
from nowcast.ops._work import Work


def hourly(work: Work) -> None:
    """Rain, reflectivity, winds, and what cells may bring: for each hour what there is a source of."""
    options = work.config.hours
    if not _hours.due(options, work.time):
        return
    frames = work.rain()
    hours = _hours.plan(options, frames)
    rain = _rain(work, hours)
    echoes = _hours.reflectivity(work, hours)
    parts = [rain, echoes, _hours.winds(work, hours), _hours.storms(work, hours)]
    made = [part for part in parts if part.sizes.get("time")]
    if not made:
        raise NoDataError("no hour that is known whole")
    for stage, part, what in (("wind", parts[2], "wind"), ("cells", parts[3], "cells")):
        if stage in work.config.stages and not part.sizes.get("time"):
            work.reasons.append(f"no hour with {what}")
    last = max(part["time"].values[-1] for part in ([rain] if work.hours else made))
    ends = [window.end for window in hours.observed + hours.ahead if window.end <= last or window.end <= hours.now]
    whole = _laid_out(made, np.array(ends, dtype="datetime64[ns]"), hours.now)
    work.seam = _seam.report(work)
    whole.attrs |= {f"seam_{name}": np.array(values, dtype=np.float64) for name, values in work.seam.items()}
    whole.attrs |= {
        "title": "whole hours, observed and to come",
        "source": f"libnowcast {_lib.version()}",
        "Conventions": "CF-1.11",
    }
    _hours_files.write(whole, work.folder, options)
    for name, area in options.cuts.items():
        try:
            part = _hours_files.cut(whole, area)
        except NowcastError as error:
            work.reasons.append(f"cut {name}: {error}")
            continue
        _hours_files.write(part, work.folder / "cuts" / name, options)


# ---- rain ----


def _rain(work: Work, hours: _hours.Plan) -> xr.Dataset:
    """Amounts, quantiles and probabilities of each hour, and what each cell of them is made of."""
    frames, options = work.rain(), work.config.hours
    times = frames["time"].values
    totals = list(work.hours)
    for window in reversed(hours.observed):
        if times.size > 1 and times[0] <= window.start and window.end <= times[-1]:
            whole = forecast.total(None, _hours.since(frames, window.start), *window, flow=work.flow)
            totals.insert(0, _hours.placed(whole.expand_dims("member"), hours.now))
        else:
            work.reasons.append("the observed hour is not known whole")
    if not work.hours:
        work.reasons.append("no forecast of a whole hour")
    if not totals:
        return xr.Dataset()
    choice = Choice(options.thresholds, options.quantiles)
    made = [_of_members(total, choice) for total in totals]
    rain = xr.concat(made, "time", combine_attrs="override", coords="minimal", compat="override")
    rain["coverage"] = _coverage(work, hours, rain)
    bits = np.bitwise_or.reduce(rain["coverage"].values.reshape(rain.sizes["time"], -1), axis=1)
    return rain.assign(rain_source=("time", bits))


def _of_members(total: xr.DataArray, choice: Choice) -> xr.Dataset:
    several = total if "member" in total.dims else total.expand_dims("member")
    amount = forecast.ensemble_mean(several)["mean"].rename(total.name).assign_attrs(total.attrs)
    of_time = {name: total.attrs[name] for name in ("duration_s", "cell_methods")}
    fields = [field.assign_attrs(of_time) for field in choice.of(several)]
    return xr.Dataset({str(field.name): field for field in (amount, *fields)})


def _coverage(work: Work, hours: _hours.Plan, rain: xr.Dataset) -> xr.DataArray:
    """Of each cell and hour, what its rain is made of: bits as those of hours."""
    amount = rain["precipitation_amount"]
    ends = amount["time"].values
    bits = np.zeros(amount.shape, dtype=np.uint8)
    last = work.rain().isel(time=-1)
    leads = [float((end - hours.now) / np.timedelta64(1, "m")) for end in ends if end > hours.now]
    first = len(ends) - len(leads)
    bits[:first] = _hours.OBSERVED
    if leads:
        carried = forecast.extrapolate(last, work.motion(), leads=leads)
        bits[first:] |= _bit(np.isfinite(carried.values), _hours.NOWCAST)
        if work.model is not None:
            cells, _ = _blend.on_frames(work.model, work.rain(), ends[first:], None)
            bits[first:] |= _bit(np.isfinite(np.fmax.reduce(cells)), _hours.MODEL)
        if ends[first] - _hours.HOUR < hours.now:
            bits[first] |= _bit(np.isfinite(last.values), _hours.OBSERVED)
    bits[~np.isfinite(amount.values)] = 0
    return amount.copy(data=bits).assign_attrs({})


def _bit(there: npt.NDArray[np.bool_], bit: int) -> npt.NDArray[np.uint8]:
    return there.astype(np.uint8) * np.uint8(bit)


# ---- layout ----


def _laid_out(parts: list[xr.Dataset], ends: npt.NDArray[np.datetime64], now: np.datetime64) -> xr.Dataset:
    """All fields at all hours: NaN, or no bit, where there is no source."""
    whole = xr.Dataset()
    place = {name: parts[0][name] for name in ("y", "x", "crs")}
    for part in parts:
        flags = {name: 0 for name, field in part.data_vars.items() if field.dtype == np.uint8}
        filled = part.drop_vars("lead_time", errors="ignore").reindex(time=ends, fill_value=flags).assign_coords(place)
        of = next((name for name in part.data_vars if str(name).endswith("_source")), None)
        for name, field in filled.data_vars.items():
            kept = dict(part[name].attrs)
            if name in flags:
                what = "cells of rain" if name == "coverage" else str(name).removesuffix("_source")
                kept = _hours.SOURCES | {"long_name": f"what {what} is made of", "units": "1"}
                kept |= {"grid_mapping": "crs"} if name == "coverage" else {}
            else:
                kept["ancillary_variables"] = str(of or "rain_source")
            whole[name] = field.transpose("time", ...)
            whole[name].attrs = kept
    bounds = np.stack([ends - _hours.HOUR, ends], axis=1)
    whole = whole.assign_coords(
        time=("time", ends, {"standard_name": "time", "long_name": "end of the hour (UTC)", "bounds": "time_bnds"}),
        lead_time=("time", ends - now, {"standard_name": "forecast_period"}),
        forecast_reference_time=((), now, {"standard_name": "forecast_reference_time"}),
    )
    whole["time"].encoding = {"units": "seconds since 1970-01-01", "dtype": "int64"}  # of its bounds too
    return whole.assign(time_bnds=(("time", "bound"), bounds))
