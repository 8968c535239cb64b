"""The severe hail index by PyHail, of a cube hail.py gives it: run by it with the interpreter that has PyHail.

Usage: hail_side.py REQUEST ANSWER, both .npz: ``DBZH`` (z, y, x), ``x``, ``y``, ``z`` and ``levels`` (m), and ``shi``.
"""

import os
import sys

import numpy as np

os.environ["PYART_QUIET"] = "1"

import pyart
from pyhail import mesh_grid


def main() -> None:
    request = dict(np.load(sys.argv[1]))
    shape = request["DBZH"].shape
    limits = [(request[name][0], request[name][-1]) for name in ("z", "y", "x")]
    cube = pyart.testing.make_empty_grid(shape, limits)
    cube.radar_altitude = {"data": np.zeros(1)}
    cube.add_field("reflectivity", {"data": np.ma.masked_array(np.nan_to_num(request["DBZH"], nan=-32.0))})
    options = {"radar_band": "S", "mesh_method": "witt1998", "speckle_filter": False, "near_radar_mask_range": None}
    found = mesh_grid.main(cube, "reflectivity", request["levels"].tolist(), **options)
    np.savez(sys.argv[2], shi=found["shi"]["data"][0])


if __name__ == "__main__":
    main()
