"""The air that storms stand in, from a model or a sounding: heights of isotherms, and what falls at the ground."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import model, obs, rain
from nowcast._open import open as open_any
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

Source = model.Model | pd.DataFrame | os.PathLike[str] | str

_HEIGHTS = np.arange(0.0, 18_001.0, 250.0)
_TEMPERATURES = ("t", "air_temperature")
_HUMIDITIES = ("r", "q")
_RATIO = 0.622  # of the molar masses of water vapour and dry air
_HAIL = 0.5  # probability of severe hail from which on hail is what falls
_ECHO_DBZ = 0.0
_RAIN_FROM, _SNOW_BELOW = 2.0, 0.0  # degrees Celsius of the wet bulb (Sims and Liu 2015)
KINDS = "none rain mixed snow hail"


def surroundings(source: Source, grid: Grid, time: Any = None) -> xr.Dataset:
    """Heights of isotherms, and the wet-bulb temperature at the ground, on a grid.

    Parameters
    ----------
    source : Model, table of a sounding, or path of either
        A model with temperature, on levels whose heights are known, and relative or specific humidity; or a sounding,
        which holds everywhere.
    grid : Grid
    time : UTC, of a model; within its run, or the nearest that it has. The first when omitted.

    Returns
    -------
    (y, x) Dataset of ``freezing`` and ``cold``, heights of 0 and -20 degC, and, where there is humidity,
    ``wet_bulb_zero``, that of 0 degC of the wet bulb, m above mean sea level, and ``wet_bulb``, degC at the lowest
    level above the ground. The attribute ``valid_time`` says of when a model's are.

    Raises
    ------
    NoDataError : no temperature, or no heights, in the source.
    """
    from nowcast import product  # it itself offers this function

    found = source if isinstance(source, model.Model | pd.DataFrame) else open_any(source)
    if isinstance(found, model.Model):
        air, when = _of_model(found, grid, time), time
        when = str(air["time"].values.astype("datetime64[s]"))
    elif isinstance(found, pd.DataFrame):
        air, when = _of_sounding(found), ""
    else:
        raise ArgumentError(f"source: model fields or a sounding expected, {type(found).__name__} found")
    freezing, cold = (product.isotherm(air["t"], degrees + 273.15) for degrees in (0.0, -20.0))
    made = xr.Dataset({"freezing": freezing, "cold": cold})
    if "wet_bulb" in air:
        made["wet_bulb_zero"] = product.isotherm(air["wet_bulb"], 0.0)
        made["wet_bulb"] = product.lowest(air["wet_bulb"])["lowest"].rename("wet_bulb")
    names = {
        "freezing": "height of 0 degC",
        "cold": "height of -20 degC",
        "wet_bulb_zero": "height of 0 degC of the wet bulb",
        "wet_bulb": "wet-bulb temperature near the ground",
    }
    if isinstance(found, pd.DataFrame):
        coords = grid.coords()
        shape = (grid.ny, grid.nx)
        made = xr.Dataset(
            {name: (("y", "x"), np.full(shape, cells.item(), np.float32), cells.attrs) for name, cells in made.items()},
            coords=coords,
        )
    for name, field in made.items():
        field.attrs |= {"long_name": names[str(name)]}
    return made.drop_vars("time", errors="ignore").assign_attrs(valid_time=when)


def precipitation_kind(
    lowest: xr.DataArray, wet_bulb: xr.DataArray | float, posh: xr.DataArray | None = None
) -> xr.DataArray:
    """What falls at the ground where there is echo: 0 none, 1 rain, 2 mixed, 3 snow, 4 hail.

    Parameters
    ----------
    lowest : (..., y, x) DataArray, dBZ
        The lowest known reflectivity, as ``lowest`` gives it; there is echo from 0 dBZ on.
    wet_bulb : (y, x) DataArray or float, degC
        Near the ground: snow to 0 degrees, rain from 2 on (Sims and Liu 2015).
    posh : (..., y, x) DataArray, optional
        Probability of severe hail, as ``hail`` gives it: hail where it is at least one half and it does not freeze.

    Returns
    -------
    (..., y, x) float32 DataArray; NaN where nothing is known.
    """
    cells, bulb, hail = xr.broadcast(lowest, xr.DataArray(wet_bulb), xr.DataArray(0.0) if posh is None else posh)
    cells, bulb, hail = (part.transpose(*lowest.dims) for part in (cells, bulb, hail))
    echo, wet = cells.values >= _ECHO_DBZ, bulb.values
    kind = np.select([~echo, wet <= _SNOW_BELOW, hail.values >= _HAIL, wet >= _RAIN_FROM], [0.0, 3.0, 4.0, 1.0], 2.0)
    kind[np.isnan(cells.values) | np.isnan(wet)] = np.nan
    attributes = {
        "units": "1",
        "long_name": "kind of precipitation at the ground",
        "flag_values": np.arange(5, dtype=np.float32),
        "flag_meanings": KINDS,
        "grid_mapping": lowest.attrs.get("grid_mapping", "crs"),
    }
    return xr.DataArray(kind.astype(np.float32), lowest.coords, lowest.dims, "precipitation_kind", attributes)


def _of_model(source: model.Model, grid: Grid, time: Any) -> xr.Dataset:
    """Temperature, and the wet bulb's, on (z, y, x) over a grid."""
    rows = source.table()
    there = set(rows["name"])
    if "t" not in there:
        raise NoDataError(f"model: temperature (t) expected, there are {', '.join(sorted(there))}")
    times = np.unique(rows[rows["name"] == "t"]["time"].to_numpy(dtype="datetime64[ns]"))
    wanted = times[0] if time is None else np.datetime64(time, "ns")
    when = min(max(wanted, times[0]), times[-1])
    humidity = next((name for name in _HUMIDITIES if name in there), None)
    names = ["t", *([humidity, "pres"] if humidity else [])]
    flat = Grid(grid.projection, grid.nx, grid.ny, grid.x_first, grid.y_first, grid.dx, grid.dy)
    air = source.on_grid(names, flat, heights=_HEIGHTS, times=[when]).isel(time=0)
    if "member" in air.dims:
        air = air.mean("member", keep_attrs=True)
    if humidity:
        share = air["r"] / 100.0 if humidity == "r" else _humidity(air["q"], air["t"], air["pres"])
        air["wet_bulb"] = _wet(air["t"], share, air["pres"])
    return air


def _of_sounding(table: pd.DataFrame) -> xr.Dataset:
    """The same, on one column."""
    wide = obs.wide(obs.derive(table))
    if "air_temperature" not in wide or not wide["height"].notna().any():
        raise NoDataError("sounding: temperatures at known heights expected, none found")
    rows = (
        wide[wide["air_temperature"].notna() & wide["height"].notna()].drop_duplicates("height").sort_values("height")
    )
    if len(rows) < 2:
        raise NoDataError("sounding: temperatures at two heights or more expected")
    grid = Grid("+proj=longlat +ellps=WGS84", 1, 1, 0.0, 0.0, 1.0, 1.0)
    coords = {"z": ("z", rows["height"].to_numpy(np.float64), {"units": "m"})} | grid.coords()

    def column(values: npt.ArrayLike, units: str) -> xr.DataArray:
        cells = np.asarray(values, np.float32)[:, None, None]
        return xr.DataArray(cells, coords, ("z", "y", "x"), attrs={"units": units, "grid_mapping": "crs"})

    air = xr.Dataset({"t": column(rows["air_temperature"], "K")})
    if "relative_humidity" in rows and "pressure" in rows:
        share, pressure = column(rows["relative_humidity"], "1"), column(rows["pressure"], "Pa")
        air["wet_bulb"] = _wet(air["t"], share, pressure)
    return air


def _humidity(specific: xr.DataArray, temperature: xr.DataArray, pressure: xr.DataArray) -> xr.DataArray:
    """Relative to saturation over water (Magnus' formula of WMO-No. 8), 0 to 1."""
    vapour = specific * pressure / (_RATIO + (1.0 - _RATIO) * specific)
    celsius = temperature - 273.15
    return vapour / (611.2 * np.exp(17.62 * celsius / (243.12 + celsius)))


def _wet(temperature: xr.DataArray, humidity: xr.DataArray, pressure: xr.DataArray) -> xr.DataArray:
    cells = rain.wet_bulb(pressure.values, temperature.values, humidity.values).astype(np.float32)
    attributes = {"units": "degC", "grid_mapping": temperature.attrs.get("grid_mapping", "crs")}
    return temperature.copy(data=cells).assign_attrs(attributes)
