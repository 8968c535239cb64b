"""Fields as Zarr stores."""

from pathlib import Path

import xarray as xr

from nowcast import _netcdf
from nowcast.errors import UnsupportedError


def check() -> None:
    """Refuse before any work is done for it.

    Raises
    ------
    UnsupportedError : the package zarr is not installed.
    """
    try:
        import zarr  # noqa: F401
    except ModuleNotFoundError as error:
        raise UnsupportedError("Zarr: pip install 'libnowcast[archive]'") from error


def write(field: xr.DataArray, path: Path) -> None:
    """Write a field with its grid as a store of version 3, each level a chunk; lead times in minutes."""
    check()
    data = _netcdf.in_minutes(field.to_dataset())
    chunks = (*(1 for _ in field.shape[:-2]), *field.shape[-2:])
    data.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding={str(field.name): {"chunks": chunks}})
