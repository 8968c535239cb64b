#!/usr/bin/env python3
"""Make bindings/python/nowcast/data/coastlines.npz from two shapefiles of Natural Earth (naturalearthdata.com).

usage: scripts/make_coastlines.py ne_50m_land.shp ne_50m_admin_0_boundary_lines_land.shp

Degrees become whole hundredths (1.1 km of latitude, finer than the 1:50 million source). Where land is cut along the
antimeridian and the south pole there is no coast, so these edges are left out. The two shapefiles are not in the
project; Debian has them in libmagics++-data.
"""

import struct
import sys
from pathlib import Path

import numpy as np

OUT = Path(__file__).parents[1] / "bindings" / "python" / "nowcast" / "data" / "coastlines.npz"


def lines(path: str) -> list[np.ndarray]:
    """Every part of every shape as (n, 2) hundredths of a degree: ESRI shapefile, types 3 (line) and 5 (polygon)."""
    data = Path(path).read_bytes()
    if struct.unpack(">i", data[:4])[0] != 9994:
        sys.exit(f"{path}: not a shapefile")
    found, at = [], 100
    while at < len(data):
        (length,) = struct.unpack(">4xi", data[at : at + 8])
        record = data[at + 8 : at + 8 + 2 * length]
        at += 8 + 2 * length
        kind, parts, points = struct.unpack("<i32x2i", record[:44])
        if kind not in (3, 5):
            sys.exit(f"{path}: shapes of type 3 or 5 expected, {kind} found")
        starts = np.frombuffer(record, "<i4", parts, 44)
        degrees = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
        found += np.split(np.round(100 * degrees).astype(np.int16), starts[1:])
    return found


def cut(line: np.ndarray) -> list[np.ndarray]:
    """The line without points that repeat and without edges along 180 degrees or a pole."""
    line = line[np.r_[True, (np.diff(line, axis=0) != 0).any(axis=1)]]
    a, b = line[:-1], line[1:]
    seam = (np.abs(a[:, 0]) == 18000) & (a[:, 0] == b[:, 0]) | (np.abs(a[:, 1]) == 9000) | (np.abs(b[:, 1]) == 9000)
    pieces, start = [], 0
    for edge in [*np.flatnonzero(seam), len(line) - 1]:
        if edge > start:
            pieces.append(line[start : edge + 1])
        start = edge + 1
    return pieces


def main() -> None:
    arrays = {}
    for name, path in zip(("coasts", "borders"), sys.argv[1:3], strict=True):
        pieces = [piece for line in lines(path) for piece in cut(line)]
        arrays[name] = np.concatenate(pieces)
        arrays[f"{name}_start"] = np.cumsum([0, *(len(piece) for piece in pieces)]).astype(np.int32)
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, **arrays)
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, " + ", ".join(f"{k} {len(v)}" for k, v in arrays.items()))


if __name__ == "__main__":
    main()
