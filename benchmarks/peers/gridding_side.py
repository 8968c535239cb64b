"""Grid volumes with Py-ART: the peer's half of gridding.py.

Usage: gridding_side.py REQUEST ANSWER

REQUEST is a .npz of ``latitude``, ``longitude``, ``altitude``, ``x``, ``y``, ``z`` (m, about the radar and above mean
sea level), ``runs``, ``weighting`` and either ``path``, a NEXRAD Level II file, or the gates: ``range``, ``azimuth``,
``elevation``, ``seconds``, ``first`` (ray of each sweep), ``DBZH`` and ``VRADH`` (ray, gate; NaN is masked). ANSWER has
the fields (z, y, x), NaN where masked, and ``wall`` and ``cpu`` of the runs, s.
"""

import sys
import warnings
from typing import Any

import numpy as np

from timing import timed

NAMES = {"DBZH": "reflectivity", "VRADH": "velocity"}


def radar_of(request: Any) -> Any:
    """The volume as Py-ART has it."""
    import pyart

    if "path" in request:
        return pyart.io.read_nexrad_archive(str(request["path"]))
    rays, first = request["azimuth"].size, request["first"]
    last = np.append(first[1:], rays) - 1
    radar = pyart.testing.make_empty_ppi_radar(request["range"].size, rays, 1)
    radar.range["data"] = request["range"]
    radar.azimuth["data"], radar.elevation["data"] = request["azimuth"], request["elevation"]
    radar.time = {"data": request["seconds"], "units": "seconds since 2026-01-01T00:00:00Z"}
    for name in ("latitude", "longitude", "altitude"):
        getattr(radar, name)["data"] = np.array([float(request[name])])
    radar.nsweeps = first.size
    radar.sweep_start_ray_index["data"], radar.sweep_end_ray_index["data"] = first, last
    radar.fixed_angle["data"] = request["elevation"][first]
    radar.sweep_number["data"], radar.sweep_mode["data"] = np.arange(first.size), np.array(["ppi"] * first.size)
    radar.init_gate_x_y_z()
    radar.init_gate_longitude_latitude()
    radar.init_gate_altitude()
    for name, own in NAMES.items():
        radar.add_field(own, {"data": np.ma.masked_invalid(request[name])}, replace_existing=True)
    return radar


def main() -> None:
    warnings.simplefilter("ignore")
    import pyart

    request = dict(np.load(sys.argv[1]))
    radar = radar_of(request)
    x, y, z = request["x"], request["y"], request["z"]

    def work() -> Any:
        return pyart.map.grid_from_radars(
            (radar,),
            grid_shape=(z.size, y.size, x.size),
            grid_limits=((z[0], z[-1]), (y[0], y[-1]), (x[0], x[-1])),
            grid_origin=(float(request["latitude"]), float(request["longitude"])),
            grid_origin_alt=0.0,
            fields=list(NAMES.values()),
            weighting_function=str(request["weighting"]),
            gridding_algo="map_gates_to_grid",
        )

    grid, times = timed(work, int(request["runs"]))
    fields = {name: np.ma.filled(grid.fields[own]["data"], np.nan).astype("f4") for name, own in NAMES.items()}
    np.savez(sys.argv[2], wall=times[:, 0], cpu=times[:, 1], **fields)


if __name__ == "__main__":
    main()
