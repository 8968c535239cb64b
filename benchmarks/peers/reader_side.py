"""A file read by another package: ``reader_side.py PACKAGE FILE RESULT.npz``, for read_back.py.

Given back are, for each sweep, azimuths, ranges, the fixed angle, times and Nyquist speeds where the package has them,
and the moments under our names, NaN where the package knows nothing; and the place of the radar.
"""

import sys
import warnings
from collections.abc import Iterator

import numpy as np

warnings.filterwarnings("ignore")

PYART = {
    "reflectivity": "DBZH",
    "reflectivity_horizontal": "DBZH",
    "velocity": "VRADH",
    "velocity_horizontal": "VRADH",
    "spectrum_width": "WRADH",
    "spectrum_width_horizontal": "WRADH",
    "differential_reflectivity": "ZDR",
    "differential_phase": "PHIDP",
    "cross_correlation_ratio": "RHOHV",
}
PYCWR = {"dBZ": "DBZH", "V": "VRADH", "W": "WRADH", "ZDR": "ZDR", "PhiDP": "PHIDP", "CC": "RHOHV"}
CINRAD = {"REF": "DBZH", "VEL": "VRADH", "SW": "WRADH", "ZDR": "ZDR", "PHI": "PHIDP", "RHO": "RHOHV"}

Found = Iterator[tuple[str, object]]


def xradar(path: str) -> Found:
    import xradar as xd

    openers = {"h5": xd.io.open_odim_datatree, "ar2v": xd.io.open_nexradlevel2_datatree}
    tree = openers.get(path.rpartition(".")[2], xd.io.open_cfradial2_datatree)(path)
    for what in ("latitude", "longitude", "altitude"):
        yield what, tree[what].values
    for number, name in enumerate(sorted(child for child in tree.children if child.startswith("sweep_"))):
        sweep = tree[name].to_dataset()
        if "azimuth" not in sweep.dims:
            sweep = sweep.swap_dims(time="azimuth")
        yield f"{number}/azimuth", sweep["azimuth"].values
        yield f"{number}/range", sweep["range"].values
        yield f"{number}/time", sweep["time"].values.astype("datetime64[ns]").astype(np.int64)
        yield f"{number}/angle", sweep["sweep_fixed_angle" if "sweep_fixed_angle" in sweep else "fixed_angle"].values
        if "nyquist_velocity" in sweep:
            yield f"{number}/nyquist", np.median(sweep["nyquist_velocity"].values)
        for moment in set(PYART.values()) & set(sweep.data_vars):
            cells = sweep[moment].values
            coded = sweep[moment].encoding
            offset, step = coded.get("add_offset", 0.0), coded.get("scale_factor", 1.0)
            if path.endswith("ar2v"):  # codes 0 and 1, which xradar leaves in
                cells = np.where(cells < offset + 1.5 * step, np.nan, cells)
            if path.endswith("h5"):  # which it leaves in too, and tells by a code
                nothing = sweep[moment].attrs["_Undetect"] * step + offset
                cells = np.where(np.abs(cells - nothing) < 0.1 * step, np.nan, cells)
            yield f"{number}/{moment}", cells


def pyart(path: str) -> Found:
    import pyart

    read = pyart.aux_io.read_odim_h5 if path.endswith("h5") else pyart.io.read_nexrad_archive
    whole = read(path)
    for what in ("latitude", "longitude", "altitude"):
        yield what, getattr(whole, what)["data"][0]
    for number in range(whole.nsweeps):
        part = whole.extract_sweeps([number])
        start = np.datetime64(part.time["units"].removeprefix("seconds since ").rstrip("Z"), "ns")
        yield f"{number}/azimuth", part.azimuth["data"] % 360.0
        yield f"{number}/range", part.range["data"]
        yield f"{number}/time", (start + (1e9 * part.time["data"]).astype("timedelta64[ns]")).astype(np.int64)
        yield f"{number}/angle", part.fixed_angle["data"][0]
        if part.instrument_parameters and "nyquist_velocity" in part.instrument_parameters:
            yield f"{number}/nyquist", part.instrument_parameters["nyquist_velocity"]["data"][0]
        for name, field in part.fields.items():
            cells = np.ma.filled(field["data"].astype(float), np.nan)
            if name in PYART and np.isfinite(cells).any():
                yield f"{number}/{PYART[name]}", cells


def wradlib(path: str) -> Found:
    import wradlib

    file = wradlib.io.read_opera_hdf5(path)
    for what, name in (("latitude", "lat"), ("longitude", "lon"), ("altitude", "height")):
        yield what, file["where"][name]
    for number in range(file["how"]["scan_count"]):
        where, how = file[f"dataset{number + 1}/where"], file[f"dataset{number + 1}/how"]
        width = (how["stopazA"] - how["startazA"]) % 360.0
        yield f"{number}/azimuth", (how["startazA"] + 0.5 * width) % 360.0
        yield f"{number}/range", where["rstart"] + where["rscale"] * (0.5 + np.arange(where["nbins"]))
        yield f"{number}/time", (1e9 * 0.5 * (how["startazT"] + how["stopazT"])).astype(np.int64)
        yield f"{number}/angle", where["elangle"]
        yield f"{number}/nyquist", how["NI"]
        for data in range(1, 20):
            what = file.get(f"dataset{number + 1}/data{data}/what")
            if what is not None:
                raw = file[f"dataset{number + 1}/data{data}/data"].astype(float)
                nothing = (raw == what["nodata"]) | (raw == what["undetect"])
                quantity = what["quantity"].decode() if isinstance(what["quantity"], bytes) else what["quantity"]
                yield f"{number}/{quantity}", np.where(nothing, np.nan, raw * what["gain"] + what["offset"])


def pycwr(path: str) -> Found:
    from pycwr.io import read_auto

    file = read_auto(path)
    for what in ("latitude", "longitude", "altitude"):
        yield what, file.scan_info[what].values
    for number, sweep in enumerate(file.fields):
        yield f"{number}/azimuth", sweep["azimuth"].values
        yield f"{number}/range", sweep["range"].values
        yield f"{number}/time", sweep["time"].values.astype("datetime64[ns]").astype(np.int64)
        yield f"{number}/angle", file.scan_info["fixed_angle"].values[number]
        yield f"{number}/nyquist", file.scan_info["nyquist_velocity"].values[number]
        for name, moment in PYCWR.items():
            if name in sweep and np.isfinite(sweep[name].values).any():
                yield f"{number}/{moment}", sweep[name].values


def cinrad(path: str) -> Found:
    import cinrad

    file = cinrad.io.StandardData(path)
    yield "latitude", file.stationlat
    yield "longitude", file.stationlon
    yield "altitude", file.radarheight
    for number in range(len(file.el)):
        yield f"{number}/angle", file.el[number]
        for name in set(file.available_product(number)) & set(CINRAD):
            data = file.get_data(number, 40.0, name)
            yield f"{number}/azimuth", np.degrees(data["azimuth"].values) % 360.0
            yield f"{number}/range", 1e3 * data["distance"].values
            yield f"{number}/{CINRAD[name]}", data[name].values


if __name__ == "__main__":
    package, file_name, result = sys.argv[1:]
    np.savez(result, **dict(globals()[package](file_name)))
