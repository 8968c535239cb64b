"""Datasets as CF netCDF-4: scores, mosaics, products and winds."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from nowcast._files import replacing
from nowcast.errors import FileError, UnsupportedError


def check_name(path: str | os.PathLike[str]) -> None:
    """Refuse a name that netCDF does not have, before any work is done for it."""
    if Path(path).suffix != ".nc":
        raise UnsupportedError(f"{path}: a name ending in .nc expected")


def read(path: str | os.PathLike[str]) -> xr.Dataset:
    """All that ``write`` wrote, in memory.

    Raises
    ------
    FileError : there is no such file, or it is not netCDF.
    """
    try:
        data = xr.load_dataset(path)
    except (OSError, ValueError) as error:
        raise FileError(f"{os.fspath(path)}: netCDF expected: {error}") from error
    if "lead_time" in data.coords and data["lead_time"].attrs.get("units") == "min":
        lead = data["lead_time"]
        attributes = {"standard_name": "forecast_period", "long_name": "time since the analysis"}
        span = pd.to_timedelta(lead.values.ravel(), "min").values.reshape(lead.shape)
        data = data.assign_coords(lead_time=(lead.dims, span, attributes))
    return data


def in_minutes(data: xr.Dataset) -> xr.Dataset:
    """The same with lead times as numbers, in minutes, as files have them."""
    if "lead_time" not in data.coords:
        return data
    lead = data["lead_time"]
    attributes = {"standard_name": "forecast_period", "units": "min", "long_name": "time since the analysis"}
    return data.assign_coords(lead_time=(lead.dims, lead.values / np.timedelta64(1, "m"), attributes))


def write(data: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write all that data hold, whole or not at all: lead times in minutes, fields packed, each level apart.

    Raises
    ------
    FileError : the file cannot be written.
    UnsupportedError : no package that writes netCDF is installed.
    """
    data = in_minutes(data.copy())
    for field in data.data_vars.values():
        if field.dims[-2:] == ("y", "x"):  # levels are read one by one
            chunk = (*(1 for _ in field.shape[:-2]), *field.shape[-2:])
            field.encoding |= {"zlib": True, "complevel": 1, "chunksizes": chunk}
    with replacing(path) as beside:
        try:
            data.to_netcdf(beside)
        except RuntimeError as error:  # of the library
            raise FileError(f"{os.fspath(path)}: {error}") from error
        except (ModuleNotFoundError, ValueError) as error:
            if "install" not in str(error):
                raise
            raise UnsupportedError("no package that writes netCDF: pip install 'libnowcast[netcdf]'") from error
