"""PyDDA's part of winds.py and wind_storms.py: the wind of two radars. Run by a Python that has PyDDA.

usage: winds_side.py FOLDER SETTING     reads FOLDER/radars.npz, writes FOLDER/wind.npz

Radars are on the grid already, or come sweep by sweep and are brought there by Py-ART, each sweep moved by the motion
of the storm to one time.
"""

import contextlib
import io
import sys
import types
from pathlib import Path

import numpy as np
import xarray as xr

from timing import peak_kib, timed

# PyDDA's tests fetch sample files as they are imported, and it imports them.
sys.modules["pydda.tests"] = types.ModuleType("pydda.tests")
with contextlib.redirect_stdout(io.StringIO()):
    import pyart
    import pydda
    from pydda.retrieval import wind_retrieve

SETTINGS = {
    "example": {"Co": 1.0, "Cm": 256.0, "wind_tol": 0.5},
    "sounding": {"Co": 1.0, "Cm": 256.0, "Cx": 0.01, "Cy": 0.01, "Cz": 0.01, "Cb": 0.01, "wind_tol": 0.1},
}
"""Those of its example of this very case, and the best of those that were tried."""


SWEEP = ("azimuth", "elevation", "range", "VRADDH", "DBZH", "place")
METRES_PER_DEGREE = 111195.0


def sweep_of(given: dict[str, np.ndarray], number: int, sweep: int) -> pyart.core.Radar:
    """One sweep of a radar as Py-ART has it; place: longitude, latitude, altitude, and m it is moved along x and y."""
    part = {name: given[f"{name}{number}_{sweep}"] for name in SWEEP}
    made = pyart.testing.make_empty_ppi_radar(part["range"].size, part["azimuth"].size, 1)
    for name in ("azimuth", "elevation", "range"):
        getattr(made, name)["data"] = part[name].astype(np.float64)
    lon, lat, altitude, x, y = part["place"]
    made.latitude["data"] = np.array([lat + y / METRES_PER_DEGREE])
    made.longitude["data"] = np.array([lon + x / (METRES_PER_DEGREE * np.cos(np.radians(lat)))])
    made.altitude["data"] = np.array([altitude])
    made.init_gate_x_y_z()
    made.init_gate_longitude_latitude()
    made.init_gate_altitude()
    for name in ("VRADDH", "DBZH"):
        made.add_field(name, {"data": np.ma.masked_invalid(part[name]), "_FillValue": -9999.0})
    return made


def bring_to_grid(given: dict[str, np.ndarray]) -> None:
    """VRADDH and DBZH of each radar on the grid, from its sweeps, by weights of Barnes about the beams."""
    axes = [given[axis] for axis in ("z", "y", "x")]
    for number in range(2):
        count = sum(name.startswith(f"range{number}_") for name in given)
        _, _, lon, lat = given["places"][number]
        made = pyart.map.grid_from_radars(
            tuple(sweep_of(given, number, sweep) for sweep in range(count)),
            grid_shape=tuple(axis.size for axis in axes),
            grid_limits=tuple((axis[0], axis[-1]) for axis in axes),
            grid_origin=(lat, lon),
            grid_origin_alt=0.0,
            fields=["VRADDH", "DBZH"],
            weighting_function="Barnes2",
            gridding_algo="map_gates_to_grid",
            roi_func="dist_beam",
            min_radius=1000.0,
        )
        for name in ("VRADDH", "DBZH"):
            given[f"{name}{number}"] = np.ma.filled(made.fields[name]["data"], np.nan)


def dataset(given: dict[str, np.ndarray], number: int) -> xr.Dataset:
    """A radar as PyDDA has it: (time, z, y, x) fields, the place of the radar, and of every point."""
    z, y, x = (given[axis] for axis in ("z", "y", "x"))
    point_z, point_y, point_x = np.meshgrid(z, y, x, indexing="ij")
    cells = {"VT": "VRADDH", "DT": "DBZH", "AZ": "azimuth", "EL": "elevation"}
    data = {
        name: (("time", "z", "y", "x"), given[f"{of}{number}"][None].astype(np.float64)) for name, of in cells.items()
    }
    data |= {
        name: (("z", "y", "x"), cell)
        for name, cell in (("point_x", point_x), ("point_y", point_y), ("point_z", point_z))
    }
    lon, lat, origin_lon, origin_lat = given["places"][number]
    data |= {"radar_longitude": ("nradar", [lon]), "radar_latitude": ("nradar", [lat])}
    data |= {"origin_longitude": ("time", [origin_lon]), "origin_latitude": ("time", [origin_lat])}
    made = xr.Dataset(data, coords={"time": [0.0], "z": z, "y": y, "x": x})
    projection = {"proj": "pyart_aeqd", "_include_lon_0_lat_0": "true"}
    made["projection"] = xr.DataArray(1, attrs=projection)
    made.attrs["first_grid_name"] = "DT"
    return made


def no_fall(grid: xr.Dataset, refl_field: str | None = None, frz: float = 0.0) -> np.ndarray:
    """The velocities are those of air already."""
    return np.where(np.isfinite(grid["VT"].values), 0.0, np.nan)


def main() -> None:
    folder, setting = Path(sys.argv[1]), sys.argv[2]
    with np.load(folder / "radars.npz") as stored:
        given = {name: stored[name] for name in stored.files}
    wind_retrieve.calculate_fall_speed = no_fall
    options = SETTINGS[setting] | {"upper_bc": 1, "engine": "scipy", "parallel": True}
    if "Cb" in options:
        options |= {"u_back": given["u"], "v_back": given["v"], "z_back": given["z"]}
    shape = tuple(given[axis].size for axis in ("z", "y", "x"))

    def work() -> tuple[list[xr.Dataset], object]:
        if "range0_0" in given:
            bring_to_grid(given)
        radars = [dataset(given, number) for number in range(2)]
        with contextlib.redirect_stdout(io.StringIO()):
            return pydda.retrieval.get_dd_wind_field(
                radars,
                u_init=np.zeros(shape),
                v_init=np.zeros(shape),
                w_init=np.zeros(shape),
                vel_name="VT",
                refl_field="DT",
                mask_outside_opt=False,
                mask_w_outside_opt=False,
                low_pass_filter=False,
                **options,
            )

    (made, _), times = timed(work, 1)
    fields = {part: np.asarray(made[0][part].values, dtype=float).reshape(shape) for part in "uvw"}
    np.savez(folder / "wind.npz", seconds=times[0, 0], processor=times[0, 1], MiB=peak_kib() / 1024.0, **fields)


if __name__ == "__main__":
    main()
