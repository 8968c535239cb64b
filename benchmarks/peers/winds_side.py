"""PyDDA's part of winds.py: the wind of two gridded radars. Run by a Python that has PyDDA.

usage: winds_side.py FOLDER SETTING     reads FOLDER/radars.npz, writes FOLDER/wind.npz
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
    import pydda
    from pydda.retrieval import wind_retrieve

SETTINGS = {
    "example": {"Co": 1.0, "Cm": 256.0, "wind_tol": 0.5},
    "sounding": {"Co": 1.0, "Cm": 256.0, "Cx": 0.01, "Cy": 0.01, "Cz": 0.01, "Cb": 0.01, "wind_tol": 0.1},
}
"""Those of its example of this very case, and the best of those that were tried."""


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
