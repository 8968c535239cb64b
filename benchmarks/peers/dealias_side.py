"""Dealias one volume through another package: a side of dealias.py.

Usage: dealias_side.py pyart|unravel GIVEN.npz MADE.npz

GIVEN has ``azimuth_0``, ``elevation_0``, ``range_0``, ``measured_0``, ``nyquist_0`` ... for each sweep; MADE gets
``velocity_0`` ... and the ``times`` of a call, processor seconds and those that went by, each the least of two.
UNRAVEL, whose code is compiled on the way, is called once before; it takes one Nyquist velocity, that of the lowest
sweep, and sweeps must have gates of one spacing.
"""

import sys
import time
import warnings
from typing import Any

import numpy as np

warnings.simplefilter("ignore")

import pyart  # noqa: E402

CALLS = 2


def radar_of(given: Any, sweeps: int) -> Any:
    """The volume as Py-ART has it."""
    rays = [given[f"azimuth_{k}"].size for k in range(sweeps)]
    gates = max(given[f"range_{k}"].size for k in range(sweeps))
    radar = pyart.testing.make_empty_ppi_radar(gates, sum(rays), 1)
    velocity = np.ma.masked_all((sum(rays), gates), "f8")
    ends = np.cumsum(rays)
    for k, end in enumerate(ends):
        measured = given[f"measured_{k}"]
        velocity[end - rays[k] : end, : measured.shape[1]] = np.ma.masked_invalid(measured)
    spacing = float(np.diff(given["range_0"][:2])[0])
    first = float(given["range_0"][0])
    radar.nsweeps = sweeps
    radar.range = {
        "data": first + spacing * np.arange(gates),
        "meters_to_center_of_first_gate": first,
        "meters_between_gates": spacing,
    }
    radar.azimuth["data"] = np.concatenate([given[f"azimuth_{k}"] for k in range(sweeps)]).astype(float)
    radar.elevation["data"] = np.concatenate([given[f"elevation_{k}"] for k in range(sweeps)]).astype(float)
    radar.sweep_start_ray_index = {"data": (ends - rays).astype("i4")}
    radar.sweep_end_ray_index = {"data": (ends - 1).astype("i4")}
    radar.sweep_number = {"data": np.arange(sweeps)}
    radar.sweep_mode = {"data": np.array(["azimuth_surveillance"] * sweeps)}
    radar.fixed_angle = {"data": np.array([float(np.median(given[f"elevation_{k}"])) for k in range(sweeps)])}
    nyquist = np.concatenate([given[f"nyquist_{k}"] for k in range(sweeps)])
    radar.instrument_parameters = {"nyquist_velocity": {"data": nyquist.astype("f4")}}
    radar.init_gate_x_y_z()
    radar.add_field("velocity", {"data": velocity, "units": "m/s"})
    level = np.ma.array(np.where(velocity.mask, 0.0, 20.0), mask=velocity.mask)
    radar.add_field("reflectivity", {"data": level, "units": "dBZ"})
    return radar


def main() -> None:
    """Dealias, time and write."""
    peer, given_path, made_path = sys.argv[1:]
    with np.load(given_path) as arrays:
        given = dict(arrays)
    sweeps = sum(name.startswith("azimuth_") for name in given)
    radar = radar_of(given, sweeps)
    gates = pyart.filters.GateFilter(radar)
    gates.exclude_masked("velocity")
    nyquist = [float(given[f"nyquist_{k}"][0]) for k in range(sweeps)]
    if peer == "unravel":
        import unravel

        def run() -> Any:
            done = unravel.unravel_3D_pyart(
                radar, "velocity", "reflectivity", gatefilter=gates, nyquist_velocity=nyquist[0]
            )
            return done[0] if isinstance(done, tuple) else done

        run()
    else:

        def run() -> Any:
            done = pyart.correct.dealias_region_based(
                radar, vel_field="velocity", nyquist_vel=nyquist, gatefilter=gates, centered=True
            )
            return done["data"]

    spent = []
    for _ in range(CALLS):
        before = time.process_time(), time.perf_counter()
        velocity = run()
        spent.append((time.process_time() - before[0], time.perf_counter() - before[1]))
    whole = np.ma.filled(np.ma.asarray(velocity, dtype="f8"), np.nan)
    made, row = {}, 0
    for k in range(sweeps):
        rays, reach = given[f"measured_{k}"].shape
        made[f"velocity_{k}"] = whole[row : row + rays, :reach]
        row += rays
    np.savez(made_path, times=np.min(spent, axis=0), **made)


if __name__ == "__main__":
    main()
