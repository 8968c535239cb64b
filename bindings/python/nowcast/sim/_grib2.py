"""GRIB 2 messages, as plain as they come: one field each, simple packing in 16 bits, a bitmap where cells are missing.

By the manual on codes of the WMO (306, volume I.2): grid templates 3.0 and 3.30, product templates 4.0 and 4.8, data
template 5.0. Numbers below zero are a sign and a magnitude.
"""

import dataclasses
import datetime
import re
import struct

import numpy as np
import numpy.typing as npt

from nowcast.errors import UnsupportedError
from nowcast.grid import Grid

__all__ = ["Product", "message"]

_MINUTE = 0
_BITS = 16


@dataclasses.dataclass(frozen=True)
class Product:
    """What a field is, and where: numbers of code tables 4.2 and 4.5."""

    category: int
    number: int
    level_type: int
    level: float = 0.0
    accumulated: bool = False
    """since the start of the run, else at a moment"""
    coordinates: tuple[float, ...] = ()
    """a and b of the half levels of a hybrid coordinate, all a first"""


def message(
    values: npt.NDArray[np.float64], grid: Grid, product: Product, start: datetime.datetime, minutes: int
) -> bytes:
    """One field (y, x), NaN where missing, valid so many minutes after the start of the run."""
    place = _grid_section(grid)
    sections = [_identification(start), place, _product_section(product, start, minutes), *_data_sections(values)]
    body = b"".join(sections) + b"7777"
    return b"GRIB" + struct.pack(">HBBQ", 0, 0, 2, 16 + len(body)) + body


def _section(number: int, content: bytes) -> bytes:
    return struct.pack(">IB", 5 + len(content), number) + content


def _signed(value: int, octets: int) -> bytes:
    top = 1 << (8 * octets - 1)
    return (abs(value) | (top if value < 0 else 0)).to_bytes(octets, "big")


def _when(time: datetime.datetime) -> bytes:
    return struct.pack(">HBBBBB", time.year, time.month, time.day, time.hour, time.minute, time.second)


def _identification(start: datetime.datetime) -> bytes:
    # Centre 38 (Beijing), tables 8, start of a forecast; a research product, a forecast.
    return _section(1, struct.pack(">HHBBB", 38, 0, 8, 0, 1) + _when(start) + bytes([2, 1]))


def _grid_section(grid: Grid) -> bytes:
    lon, lat = (a[0] for a in grid.to_lonlat([grid.x_first], [grid.y_first]))
    first = _signed(round(1e6 * lat), 4) + _signed(round(1e6 * (lon % 360.0)), 4)
    words = dict(re.findall(r"\+(\w+)=(\S+)", grid.projection))
    radius = struct.pack(">BBI", 1, 0, round(float(words.get("R", 6371229.0)))) + struct.pack(">BIBI", 0, 0, 0, 0)
    size = struct.pack(">II", grid.nx, grid.ny)
    if words.get("proj") == "lcc":
        degrees = {name: round(1e6 * float(words[name])) for name in ("lat_0", "lon_0", "lat_1", "lat_2")}
        content = radius + size + first + b"\x08" + _signed(degrees["lat_0"], 4)  # winds along the grid
        content += _signed(degrees["lon_0"] % 360_000_000, 4)
        content += struct.pack(">IIBB", round(1e3 * grid.dx), round(1e3 * grid.dy), 0, 0x40)
        content += _signed(degrees["lat_1"], 4) + _signed(degrees["lat_2"], 4) + _signed(-90_000_000, 4) + bytes(4)
        template = 30
    elif words.get("proj") == "longlat":
        east, north = (a[0] for a in grid.to_lonlat([grid.x[-1]], [grid.y[-1]]))
        last = _signed(round(1e6 * north), 4) + _signed(round(1e6 * (east % 360.0)), 4)
        steps = struct.pack(">IIB", round(1e6 * grid.dx), round(1e6 * grid.dy), 0x40)
        content = radius + size + struct.pack(">II", 0, 0xFFFFFFFF) + first + b"\x30" + last + steps
        template = 0
    else:
        raise UnsupportedError(f"GRIB: a grid +proj=lcc or +proj=longlat expected, {grid.projection} given")
    return _section(3, struct.pack(">BIBBH", 0, grid.nx * grid.ny, 0, 0, template) + content)


def _product_section(product: Product, start: datetime.datetime, minutes: int) -> bytes:
    # A level is a whole number times a power of ten.
    scale = 0 if float(product.level).is_integer() else 3
    level = struct.pack(">B", product.level_type) + _signed(scale, 1) + _signed(round(product.level * 10**scale), 4)
    begin = 0 if product.accumulated else minutes
    content = struct.pack(">BBBBBHBBI", product.category, product.number, 2, 0, 0, 0, 0, _MINUTE, begin)
    content += level + bytes([255, 255]) + b"\xff" * 4
    if product.accumulated:
        content += _when(start + datetime.timedelta(minutes=minutes)) + struct.pack(">BI", 1, 0)
        content += struct.pack(">BBBIBI", 1, 2, _MINUTE, minutes, 255, 0)
    content += b"".join(struct.pack(">f", value) for value in product.coordinates)
    template = 8 if product.accumulated else 0
    return _section(4, struct.pack(">HH", len(product.coordinates), template) + content)


def _data_sections(values: npt.NDArray[np.float64]) -> tuple[bytes, bytes, bytes]:
    cells = np.asarray(values, dtype=np.float64).ravel()
    known = np.isfinite(cells)
    packed = cells[known]
    least = np.float32(packed.min()) if packed.size else np.float32(0.0)
    if packed.size and float(least) > packed.min():
        least = np.nextafter(least, np.float32(-np.inf))
    span = float(packed.max()) - float(least) if packed.size else 0.0
    bits, power = (_BITS, int(np.ceil(np.log2(span / (2**_BITS - 1))))) if span > 0 else (0, 0)
    codes = np.rint((packed - float(least)) * 2.0**-power).astype(">u2") if bits else np.zeros(0, dtype=">u2")
    head = struct.pack(">IHf", packed.size, 0, least) + _signed(power, 2) + _signed(0, 2) + bytes([bits, 0])
    bitmap = b"\xff" if known.all() else b"\x00" + np.packbits(known).tobytes()
    return _section(5, head), _section(6, bitmap), _section(7, codes.tobytes())
