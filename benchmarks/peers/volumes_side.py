"""Read radar volumes through another package and leave their values in files: the peers' half of volumes.py.

Usage: volumes_side.py PEER FOLDER

Each line of standard input is a JSON list of a format and the files of one volume. The answer is one line of JSON: an
``error``, or ``path``, a .npz file in FOLDER. Of sweep number s it holds ``s.time`` (ns since 1970), ``s.azimuth``,
``s.elevation``, ``s.nyquist`` and, of every moment, ``s.NAME`` (ray, gate; NaN where the peer gives no value),
``s.NAME.range`` (m, of the centres) and, where the peer tells no echo from not observed, ``s.NAME.nothing``.
"""

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Reader = Callable[[str, list[str]], Any]


def joined(files: list[str]) -> str:
    """The path of one file: the only one, or all of them one behind the other."""
    if len(files) == 1:
        return files[0]
    with tempfile.NamedTemporaryFile(delete=False) as whole:
        for file in files:
            whole.write(Path(file).read_bytes())
    return whole.name


# ---- Py-ART ----


def read_pyart(kind: str, files: list[str]) -> Any:
    """A pyart.core.Radar with everything in memory, its fields under the file's own names."""
    import pyart

    path = joined(files)
    options: dict[str, Any] = {"file_field_names": True}
    if kind == "NEXRAD Level II":
        return pyart.io.read_nexrad_archive(path, linear_interp=False, station="KTLX", **options)
    readers = {
        "ODIM_H5": pyart.aux_io.read_odim_h5,
        "CfRadial 1": pyart.io.read_cfradial,
        "IRIS RAW": pyart.io.read_sigmet,
        "UF": pyart.io.read_uf,
    }
    if kind not in readers:
        raise NotImplementedError(f"no reader of {kind}")
    return readers[kind](path, **options)


def arrays_of_pyart(kind: str, radar: Any) -> Arrays:
    arrays: Arrays = {}
    start = np.datetime64(radar.time["units"].split("since")[1].strip().rstrip("Z").replace(" ", "T"), "ns")
    times = start + (np.asarray(radar.time["data"], dtype="f8") * 1e9).round().astype("timedelta64[ns]")
    limits = (radar.instrument_parameters or {}).get("nyquist_velocity")
    for s, (first, last) in enumerate(
        zip(radar.sweep_start_ray_index["data"], radar.sweep_end_ray_index["data"], strict=True)
    ):
        rays = slice(int(first), int(last) + 1)
        arrays[f"{s}.time"] = times[rays].astype("i8")
        arrays[f"{s}.azimuth"] = np.asarray(radar.azimuth["data"][rays])
        arrays[f"{s}.elevation"] = np.asarray(radar.elevation["data"][rays])
        if limits is not None:
            arrays[f"{s}.nyquist"] = np.ma.filled(limits["data"][rays].astype("f4"), np.nan)
        for name, field in radar.fields.items():
            cells = np.ma.masked_invalid(field["data"][rays])
            if not cells.mask.all():
                arrays[f"{s}.{name}"] = np.ma.filled(cells.astype("f4"), np.nan)
                arrays[f"{s}.{name}.range"] = np.asarray(radar.range["data"])
    return arrays


# ---- xradar ----


def read_xradar(kind: str, files: list[str]) -> Any:
    """A DataTree with everything in memory, its rays in order of time."""
    import xradar

    readers = {
        "NEXRAD Level II": xradar.io.open_nexradlevel2_datatree,
        "ODIM_H5": xradar.io.open_odim_datatree,
        "CfRadial 1": xradar.io.open_cfradial1_datatree,
        "IRIS RAW": xradar.io.open_iris_datatree,
        "UF": xradar.io.open_uf_datatree,
    }
    if kind not in readers:
        raise NotImplementedError(f"no reader of {kind}")
    options = {"incomplete_sweep": "pad"} if kind == "NEXRAD Level II" else {}
    if kind == "UF":  # fields under the file's own names: of several that it gives one name, it keeps the last
        xradar.io.backends.uf.uf_mapping.clear()
    return readers[kind](unpacked(joined(files)), first_dim="time", **options).load()


def unpacked(path: str) -> str:
    """The path of the same file without gzip and bzip2 around it, which xradar leaves to its caller."""
    import bz2
    import gzip

    data = Path(path).read_bytes()
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress)):
        if data.startswith(magic):
            with tempfile.NamedTemporaryFile(delete=False) as whole:
                whole.write(unpack(data))
            return whole.name
    return path


def arrays_of_xradar(kind: str, tree: Any) -> Arrays:
    arrays: Arrays = {}
    names = sorted((name for name in tree.children if name.startswith("sweep_")), key=lambda name: int(name[6:]))
    for s, name in enumerate(names):
        sweep = tree[name].to_dataset()
        arrays[f"{s}.time"] = sweep["time"].values.astype("datetime64[ns]").astype("i8")
        arrays[f"{s}.azimuth"], arrays[f"{s}.elevation"] = sweep["azimuth"].values, sweep["elevation"].values
        if "nyquist_velocity" in sweep:
            nyquist = np.asarray(sweep["nyquist_velocity"].values, dtype="f4")  # None becomes NaN
            arrays[f"{s}.nyquist"] = np.broadcast_to(nyquist, sweep["azimuth"].shape)
        for moment, cells in sweep.data_vars.items():
            if cells.ndim != 2 or cells.dims[-1] != "range" or not np.isfinite(cells.values).any():
                continue
            values = cells.values.astype("f4")
            scale, offset = (cells.encoding.get(k, d) for k, d in (("scale_factor", 1.0), ("add_offset", 0.0)))
            undetect = cells.attrs.get("_Undetect", 0.0 if kind == "NEXRAD Level II" else None)
            if undetect is not None:
                arrays[f"{s}.{moment}.nothing"] = nothing = values == np.float32(undetect * scale + offset)
                values[nothing] = np.nan
            if kind == "NEXRAD Level II":  # of whose codes 0, below threshold, and 1, range folded, it makes values
                values[values == np.float32(scale + offset)] = np.nan
            arrays[f"{s}.{moment}"] = values
            arrays[f"{s}.{moment}.range"] = sweep["range"].values
    return arrays


# ---- PyCINRAD ----

CINRAD_MOMENTS = ("TREF", "REF", "VEL", "SW", "SQI", "ZDR", "LDR", "RHO", "PHI", "KDP", "SNRH", "SNRV")


def read_cinrad(kind: str, files: list[str]) -> Any:
    """A reader of PyCINRAD, which has all data in memory."""
    from cinrad.io import CinradReader, StandardData

    readers = {"CINRAD": lambda path: CinradReader(path, radar_type="SB"), "CMA standard": StandardData}
    if kind not in readers:
        raise NotImplementedError(f"no reader of {kind}")
    return readers[kind](files[0])


def arrays_of_cinrad(kind: str, radar: Any) -> Arrays:
    """Through get_raw, per elevation; the older reader has no time for each ray."""
    arrays: Arrays = {}
    legacy = kind == "CINRAD"
    for s in range(len(radar.data)):
        if legacy:
            arrays[f"{s}.azimuth"] = np.rad2deg(radar.data[s]["azimuth"])
            nyquist = radar.nyquist_v[s]
        else:
            arrays[f"{s}.azimuth"] = np.array(radar.aux[s]["azimuth"])
            arrays[f"{s}.elevation"] = np.array(radar.aux[s]["elevation"])
            nyquist = radar.scan_config[s].nyquist_spd
        arrays[f"{s}.nyquist"] = np.full(arrays[f"{s}.azimuth"].size, nyquist)
        for name in CINRAD_MOMENTS:
            if not np.size(radar.data[s].get(name, ())):
                continue
            gates = np.shape(radar.data[s][name])[1]
            if legacy:
                length = 1000.0 * float(radar.Rreso if name == "REF" else radar.Vreso)
            else:
                config = radar.scan_config[s]
                length = float(config.dop_reso if name in ("VEL", "SW") else config.log_reso)
            reach = (gates + 0.5) * length / 1000.0
            cells = radar.get_raw(s, reach, name)
            cells = cells[0] if isinstance(cells, tuple) else cells
            arrays[f"{s}.{name}"] = np.ma.filled(cells.astype("f4"), np.nan)
            arrays[f"{s}.{name}.range"] = radar.get_range(reach, length / 1000.0) * 1000.0
    if not legacy:
        rays = np.cumsum([0] + [arrays[f"{s}.azimuth"].size for s in range(len(radar.data))])
        times = (np.array(radar._time_radial) * 1e9).round().astype("i8")
        arrays |= {f"{s}.time": times[rays[s] : rays[s + 1]] for s in range(len(radar.data))}
    return arrays


# ---- MetPy ----

KNOT = 1852.0 / 3600.0
# Of products of rays: our name of what they show, and one of their units in ours.
METPY_PRODUCTS = {
    19: ("DBZH", 1.0),
    27: ("VRADH", KNOT),
    32: ("DHR", 1.0),
    56: ("SRM", KNOT),
    94: ("DBZH", 1.0),
    99: ("VRADH", 1.0),
    134: ("VIL", 1.0),
    135: ("HGHT", 0.3048),
}


def read_metpy(kind: str, files: list[str]) -> Any:
    """A Level3File; it reads the products of CINRAD too, which have the same layout."""
    from metpy.io import Level3File

    return Level3File(files[0])


def arrays_of_metpy(kind: str, product: Any) -> Arrays:
    """One sweep of one moment; a product has no time of each ray."""
    name, unit = METPY_PRODUCTS[product.prod_desc.prod_code]
    rays = product.sym_block[0][0]
    starts, ends = np.array(rays["start_az"]), np.array(rays["end_az"])
    codes = np.array([np.frombuffer(ray, "u1") if isinstance(ray, bytes) else ray for ray in rays["data"]], dtype=int)
    cells = product.map_data(codes)
    cells = cells[0] if isinstance(cells, tuple) else cells  # echo tops have a flag besides
    spacing = 1000.0 * product.max_range / codes.shape[1]
    arrays = {
        "0.azimuth": 0.5 * (starts + ends) % 360.0,
        "0.time": np.full(starts.size, np.datetime64(product.metadata["vol_time"], "ns").astype("i8")),
        f"0.{name}": (unit * cells).astype("f4"),
        f"0.{name}.range": (rays["first"] + 0.5 + np.arange(codes.shape[1])) * spacing,
    }
    if product.metadata.get("el_angle"):
        arrays["0.elevation"] = np.full(starts.size, product.metadata["el_angle"])
    return arrays


PEERS: dict[str, tuple[Reader, Callable[[str, Any], Arrays]]] = {
    "pyart": (read_pyart, arrays_of_pyart),
    "xradar": (read_xradar, arrays_of_xradar),
    "cinrad": (read_cinrad, arrays_of_cinrad),
    "metpy": (read_metpy, arrays_of_metpy),
}


def main() -> None:
    """Answer volume by volume; what the packages print goes to standard error."""
    read, arrays_of = PEERS[sys.argv[1]]
    folder = Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for number, line in enumerate(sys.stdin):
        kind, files = json.loads(line)
        try:
            path = folder / f"{sys.argv[1]}{number}.npz"
            np.savez(path, **arrays_of(kind, read(kind, files)))
            answer = {"path": str(path)}
        except Exception as error:  # whatever a peer raises is an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
