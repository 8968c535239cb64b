"""MeteoSwiss precipitation composites: GIF images whose palette index stands for the amount fallen in five minutes.

The geometry is that of the Swiss grid CH1903 (LV03), 1 km, 710 x 640 cells; the time stands in the file's name
(product AQC, two digits of year, day of year, hour, minute). Read with Pillow, an optional package.
"""

import datetime
import re
from pathlib import Path

import numpy as np

from nowcast._field import Array
from nowcast.errors import FormatError, UnsupportedError
from nowcast.grid import Grid

DURATION_S = 300.0
_PROJECTION = (
    "+proj=somerc +lat_0=46.9524055555556 +lon_0=7.43958333333333 +k_0=1 +x_0=600000 +y_0=200000 +ellps=bessel "
    "+towgs84=674.374,15.056,405.346,0,0,0,0 +units=m +no_defs"
)
_NAME = re.compile(r"AQC(\d{2})(\d{3})(\d{2})(\d{2})")
_SHAPE = (640, 710)


def _amounts() -> Array:
    """Millimetres in five minutes for each palette index, by Z = 316 R^1.5; 255 is no data."""
    code = np.arange(256)
    amount = np.where((code >= 2) & (code <= 250), (10.0 ** ((code - 71.5) / 20.0) / 316.0) ** (1.0 / 1.5), 0.0)
    amount[255] = np.nan
    return amount.astype(np.float32)


def read(path: Path) -> tuple[Array, Grid, np.datetime64]:
    """Amounts in mm as (y, x), south row first, their grid, and the end of the five minutes, UTC."""
    try:
        from PIL import Image
    except ImportError:
        raise UnsupportedError(f"{path}: a GIF is read with Pillow: pip install 'libnowcast[gif]'") from None
    name = _NAME.match(path.name)
    if not name:
        raise UnsupportedError(f"{path}: a GIF named AQCyydddhhmm (MeteoSwiss) expected")
    try:
        with Image.open(path) as image:
            mode, codes = image.mode, np.asarray(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise FormatError(f"{path}: a damaged GIF: {error}") from error
    if mode != "P" or codes.shape != _SHAPE:
        raise UnsupportedError(f"{path}: 710 x 640 palette indices expected, {mode} {codes.shape} found")
    year, day, hour, minute = (int(part) for part in name.groups())
    if not (1 <= day <= 366 and hour < 24 and minute < 60):
        raise FormatError(f"{path}: day of year, hour and minute expected in the name")
    time = datetime.datetime(2000 + year, 1, 1) + datetime.timedelta(days=day - 1, hours=hour, minutes=minute)
    grid = Grid(_PROJECTION, nx=710, ny=640, x_first=255500.0, y_first=-159500.0, dx=1000.0, dy=1000.0)
    return _amounts()[codes[::-1]], grid, np.datetime64(time, "ns")
