"""Radar volumes: sweeps of rays of gates, as xarray sees them.

A volume is an ``xarray.DataTree`` in the layout of WMO FM 301 (CfRadial 2): what is known of the whole at the root, and
a group ``sweep_0``, ``sweep_1`` ... for each turn of the antenna, in order of acquisition. xradar's accessors take it.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends.locks import HDF5_LOCK

from nowcast import _field, _files, _isolation, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, NowcastError

__all__ = ["FORMATS", "NOTHING_DBZ", "describe", "read", "write"]

NOTHING_DBZ = float(lib.NWC_NOTHING_DBZ)
"""In reflectivities: observed, and nothing there. NaN is not observed."""

_MODES = {
    lib.NWC_SWEEP_SURVEILLANCE: "azimuth_surveillance",
    lib.NWC_SWEEP_SECTOR: "sector",
    lib.NWC_SWEEP_RHI: "rhi",
    lib.NWC_SWEEP_VERTICAL_POINTING: "vertical_pointing",
    lib.NWC_SWEEP_MANUAL: "manual_ppi",
}
FORMATS = ("FM 301", "ODIM_H5", "NEXRAD Level II", "CMA standard")
"""What ``write`` writes."""

_LONG_NAMES = {
    "DBZH": ("equivalent_reflectivity_factor", "equivalent reflectivity factor H"),
    "DBZV": ("equivalent_reflectivity_factor", "equivalent reflectivity factor V"),
    "DBTH": ("equivalent_reflectivity_factor", "total power H (uncorrected reflectivity)"),
    "DBTV": ("equivalent_reflectivity_factor", "total power V (uncorrected reflectivity)"),
    "VRADH": ("radial_velocity_of_scatterers_away_from_instrument", "radial velocity away from the radar H"),
    "VRADV": ("radial_velocity_of_scatterers_away_from_instrument", "radial velocity away from the radar V"),
    "VRADDH": ("radial_velocity_of_scatterers_away_from_instrument", "unfolded radial velocity H"),
    "VRADDV": ("radial_velocity_of_scatterers_away_from_instrument", "unfolded radial velocity V"),
    "WRADH": ("radar_doppler_spectrum_width", "Doppler spectrum width H"),
    "WRADV": ("radar_doppler_spectrum_width", "Doppler spectrum width V"),
    "ZDR": ("log_differential_reflectivity_hv", "differential reflectivity"),
    "LDR": ("log_linear_depolarization_ratio_h", "linear depolarisation ratio"),
    "PHIDP": ("radar_differential_phase_hv", "differential phase"),
    "KDP": ("radar_specific_differential_phase_hv", "specific differential phase"),
    "RHOHV": ("radar_correlation_coefficient_hv", "correlation of H and V"),
    "SNRH": ("signal_to_noise_ratio", "signal to noise ratio H"),
    "SNRV": ("signal_to_noise_ratio", "signal to noise ratio V"),
    "SQIH": ("normalized_coherent_power", "signal quality index H"),
}

Arrays = list[npt.NDArray[Any]]


def read(
    paths: os.PathLike[str] | str | Sequence[os.PathLike[str] | str],
    *,
    site: tuple[float, float, float] | None = None,
) -> xr.DataTree:
    """Read one volume from a file, or from the files that are its parts.

    Parameters
    ----------
    paths : path, or paths
        Several are parts of one volume: real-time chunks in their order, or files of one sweep each. Formats are told
        by content.
    site : (latitude, longitude, altitude), optional
        Degrees, degrees, metres above mean sea level, for formats that do not say where the radar is.

    Returns
    -------
    DataTree in the FM 301 layout. Moments are float32 (azimuth, range), of one range axis in each sweep: a moment of
    coarser gates than another of its sweep repeats each of them, and one that reaches less far ends in NaN. All others
    share the volume's memory and are read-only. Rays stand in order of acquisition. The root's attribute ``incomplete``
    says why the volume is only part of one.

    Raises
    ------
    FileError, FormatError, UnsupportedError : as ``nowcast.io.layers``.
    NoDataError : there is no ray in it.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not several:
        raise ArgumentError("paths: at least one file expected, none given")
    facts, arrays = portable(several)
    if site is not None:
        facts |= dict(zip(("latitude", "longitude", "altitude"), map(float, site), strict=True))
    return _tree(facts, iter(arrays), [Path(path).name for path in several])


def write(tree: xr.DataTree, path: os.PathLike[str] | str, *, format: str | None = None) -> None:
    """Write a volume in the layout ``read`` gives, whole or not at all.

    Parameters
    ----------
    tree : DataTree
        Groups ``sweep_0`` ... with coordinates ``azimuth``, ``elevation``, ``time`` and ``range`` (equally spaced);
        every float variable (ray, range) is written, by its units where FM 301 has no such name; others are not.
    path : path
    format : one of FORMATS, optional
        By default what the path ends in: ``.nc`` for FM 301 (CfRadial 2, netCDF-4), ``.h5`` or ``.hdf`` for ODIM_H5,
        ``.ar2v`` for NEXRAD Level II, ``.bin`` for the CMA standard format; the last two may be followed by ``.bz2``.
        Formats of codes keep the steps that values have, and have steps of their own for values without. What a format
        has no place for is refused; moments and parts of texts it has none for are left out, and the log says so.

    Raises
    ------
    ArgumentError : no sweep, no moment, gates not equally spaced.
    UnsupportedError : another format, or what it has no place for, such as an RHI in NEXRAD Level II.
    FileError : the system refused.
    """
    sweeps = sorted((name for name in tree.children if _SWEEP.fullmatch(name)), key=lambda name: int(name[6:]))
    if not sweeps:
        raise ArgumentError("tree: groups sweep_0 ... expected, none found")
    root = tree.to_dataset()
    said = {"instrument": str(root.attrs.get("source", "")).removeprefix("radar").strip()} | root.attrs
    texts = {name: ffi.new("char[]", str(said.get(attribute, "")).encode()) for name, attribute in _TEXTS.items()}
    facts = ffi.new("nwc_volume_facts *", texts)
    for name in ("latitude", "longitude", "altitude"):
        suffix = "m" if name == "altitude" else "deg"
        setattr(facts, f"{name}_{suffix}", float(root[name]) if name in root.variables else np.nan)
    for name, field in (
        ("frequency", "frequency_hz"),
        ("beam_width_h", "beam_width_h_deg"),
        ("beam_width_v", "beam_width_v_deg"),
    ):
        setattr(facts, field, float(root.attrs.get(name, np.nan)))
    datasets = [tree[name].to_dataset() for name in sweeps]
    facts.time_ns = min(int(data["time"].values.astype("datetime64[ns]").astype(np.int64).min()) for data in datasets)
    out = ffi.new("nwc_volume **")
    with HDF5_LOCK, _lib.call() as ctx:
        _lib.check(lib.nwc_volume_create(ctx, facts, out))
        volume = ffi.gc(out[0], lib.nwc_volume_destroy)
        for data in datasets:
            _add_sweep(volume, data)
        wanted = ffi.NULL if format is None else format.encode()
        _lib.check(lib.nwc_volume_write(ctx, volume, os.fsencode(path), wanted))


_SWEEP = re.compile(r"sweep_\d+")
_TEXTS = {
    "site": "instrument_name",
    "site_name": "site_name",
    "scan_name": "scan_name",
    "incomplete": "incomplete",
    "version": "version",
    "instrument": "instrument",
}


def _add_sweep(volume: Any, data: xr.Dataset) -> None:
    ray, n = data["azimuth"].dims[0], data["azimuth"].size
    keep = []

    def row(name: str, dtype: str) -> Any:
        if name not in data.variables:
            return ffi.NULL
        values = np.ascontiguousarray(np.broadcast_to(data[name].values, n).astype(dtype))
        keep.append(values)
        return ffi.cast("int64_t *" if dtype == "i8" else "float *", values.ctypes.data)

    data = data.assign_coords(azimuth=data["azimuth"] % 360.0)
    times = data["time"].values.astype("datetime64[ns]").astype(np.int64)
    keep.append(times)
    sweep = ffi.new("nwc_sweep *")
    mode = str(data["sweep_mode"].values) if "sweep_mode" in data else ""
    sweep.mode = {name: number for number, name in _MODES.items()}.get(mode, 0)
    angle = next((float(data[name]) for name in ("sweep_fixed_angle", "fixed_angle") if name in data), np.nan)
    sweep.fixed_angle_deg, sweep.n_rays = angle, n
    sweep.time_ns = ffi.cast("int64_t *", times.ctypes.data)
    sweep.azimuth_deg, sweep.elevation_deg = row("azimuth", "f4"), row("elevation", "f4")
    sweep.nyquist_m_s, sweep.unambiguous_range_m = row("nyquist_velocity", "f4"), row("unambiguous_range", "f4")
    incomplete = ffi.new("char[]", str(data.attrs.get("incomplete", "")).encode())
    sweep.incomplete = incomplete
    _lib.check(lib.nwc_volume_add_sweep(volume, sweep))
    gates = data["range"].values.astype(np.float64)
    spacing = float(gates[1] - gates[0]) if gates.size > 1 else 1.0
    if gates.size > 1 and np.abs(np.diff(gates) - spacing).max() > 0.01 * abs(spacing):
        raise ArgumentError("range: equally spaced gates expected")
    for name, variable in data.data_vars.items():
        if variable.dims == (ray, "range") and variable.dtype.kind == "f":
            _add_moment(volume, str(name), data, gates[0], spacing)


def _add_moment(volume: Any, name: str, data: xr.Dataset, first: float, spacing: float) -> None:
    cells = _field.as_float32(data[name].values)
    flags = data[f"{name}_flags"].values.astype(np.uint8) if f"{name}_flags" in data else None
    names = ffi.new("char[]", name.encode()), ffi.new("char[]", str(data[name].attrs.get("own_name", name)).encode())
    moment = ffi.new("nwc_moment *")
    moment.name, moment.own_name = names
    units = ffi.new("char[]", str(data[name].attrs["units"]).encode()) if "units" in data[name].attrs else ffi.NULL
    moment.field.units = units
    moment.first_gate_m, moment.gate_spacing_m = first, spacing
    moment.resolution = float(data[name].attrs.get("resolution", 0.0))
    moment.field.data = ffi.cast("float *", cells.ctypes.data)
    moment.field.missing = float("nan")
    _field.layout(moment.field, cells)
    if flags is not None:
        moment.flags.data = ffi.cast("uint8_t *", flags.ctypes.data)
        _field.layout(moment.flags, flags)
    _lib.check(lib.nwc_volume_add_moment(volume, moment))


def describe(paths: os.PathLike[str] | str | Sequence[os.PathLike[str] | str]) -> dict[str, Any]:
    """What is in a volume, as plain values: format, site, time, sweeps, moments with their gates and values."""
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    facts, arrays = portable(several)
    rest = iter(arrays)
    for sweep in facts["sweeps"]:
        times, _, elevations, nyquist, _ = (next(rest) for _ in range(5))
        sweep |= {"time": _iso(times[0]), "rays": len(times), "elevation": float(np.median(elevations))}
        sweep["nyquist"] = None if np.isnan(nyquist).all() else float(np.nanmax(nyquist))
        for moment in sweep["moments"]:
            cells = next(rest)
            if moment.pop("flagged"):
                next(rest)
            echo = cells[np.isfinite(cells) & (cells != NOTHING_DBZ)]
            moment |= {"gates": cells.shape[1], "known": int(np.isfinite(cells).sum()), "values": int(echo.size)}
            moment |= {"min": float(echo.min()) if echo.size else None, "max": float(echo.max()) if echo.size else None}
    facts["time"] = _iso(np.int64(facts.pop("time_ns")))
    return {"path": str(several[0])} | facts


def portable(paths: Sequence[os.PathLike[str] | str]) -> tuple[dict[str, Any], Arrays]:
    """A volume as plain values and the arrays they speak of, read in a child process where reading is isolated."""
    child = _isolation.child()
    if child and not all(_is_own(path) for path in paths):
        return child.call("volume", [os.fspath(path) for path in paths])
    names = [ffi.new("char[]", os.fsencode(path)) for path in paths]
    out = ffi.new("nwc_volume **")
    with HDF5_LOCK, _lib.call() as ctx:
        _lib.check(lib.nwc_volume_open(ctx, ffi.new("char *[]", names), len(names), ffi.NULL, out))
    return _facts(ffi.gc(out[0], lib.nwc_volume_destroy))


def _is_own(path: os.PathLike[str] | str) -> bool:
    """Whether a file is of a format that no library but this one and those that unpack reads."""
    try:
        return not _files.head(path).startswith((b"\x89HDF", b"CDF"))
    except NowcastError:
        return True  # and reading it says why


def _facts(volume: Any) -> tuple[dict[str, Any], Arrays]:
    facts = ffi.new("nwc_volume_facts *")
    _lib.check(lib.nwc_volume_describe(volume, facts))
    texts = ("format", "version", "site", "site_name", "instrument", "scan_name", "incomplete")
    numbers = {
        "latitude": facts.latitude_deg,
        "longitude": facts.longitude_deg,
        "altitude": facts.altitude_m,
        "frequency": facts.frequency_hz,
        "beam_width_h": facts.beam_width_h_deg,
        "beam_width_v": facts.beam_width_v_deg,
    }
    found: dict[str, Any] = {name: _lib.text(getattr(facts, name)) for name in texts}
    found |= {name: None if np.isnan(number) else number for name, number in numbers.items()}
    found |= {"time_ns": facts.time_ns, "experimental": bool(facts.experimental)}
    arrays: Arrays = []
    found["sweeps"] = [_sweep_facts(volume, index, arrays) for index in range(facts.n_sweeps)]
    return found, arrays


def _sweep_facts(volume: Any, index: int, arrays: Arrays) -> dict[str, Any]:
    sweep, moment = ffi.new("nwc_sweep *"), ffi.new("nwc_moment *")
    _lib.check(lib.nwc_volume_sweep(volume, index, sweep))
    arrays.append(_field.lent_row(sweep.time_ns, sweep.n_rays, np.int64, volume))
    for row in (sweep.azimuth_deg, sweep.elevation_deg, sweep.nyquist_m_s, sweep.unambiguous_range_m):
        arrays.append(_field.lent_row(row, sweep.n_rays, np.float32, volume))
    moments = []
    for number in range(sweep.n_moments):
        _lib.check(lib.nwc_volume_moment(volume, index, number, moment))
        gates = sweep.n_rays * moment.field.dim[1]
        shape = (sweep.n_rays, moment.field.dim[1])
        arrays.append(_field.lent_row(moment.field.data, gates, np.float32, volume).reshape(shape))
        if moment.flags.data:
            arrays.append(_field.lent_row(moment.flags.data, gates, np.uint8, volume).reshape(shape))
        moments.append(
            {
                "name": _lib.text(moment.name),
                "own_name": _lib.text(moment.own_name),
                "units": _lib.text(moment.field.units),
                "first_gate": moment.first_gate_m,
                "gate_spacing": moment.gate_spacing_m,
                "resolution": moment.resolution,
                "flagged": bool(moment.flags.data),
            }
        )
    return {
        "mode": _MODES[sweep.mode],
        "fixed_angle": None if np.isnan(sweep.fixed_angle_deg) else sweep.fixed_angle_deg,
        "incomplete": _lib.text(sweep.incomplete),
        "moments": moments,
    }


def _tree(facts: dict[str, Any], arrays: Any, files: list[str]) -> xr.DataTree:
    sweeps = {f"sweep_{number}": _sweep(number, sweep, arrays) for number, sweep in enumerate(facts["sweeps"])}
    position = {
        "latitude": ("degrees_north", "latitude of the antenna"),
        "longitude": ("degrees_east", "longitude of the antenna"),
        "altitude": ("m", "height of the antenna above mean sea level"),
    }
    place = {
        name: (
            (),
            np.nan if facts[name] is None else facts[name],
            {"units": units, "long_name": text, "standard_name": name},
        )
        for name, (units, text) in position.items()
    }
    last = max(int(sweep["time"].values.astype(np.int64).max()) for sweep in sweeps.values())
    root = xr.Dataset(
        {
            "volume_number": ((), np.int32(0)),
            "platform_type": ((), "fixed"),
            "instrument_type": ((), "radar"),
            "time_coverage_start": ((), _iso(np.int64(facts["time_ns"]))),
            "time_coverage_end": ((), _iso(np.int64(last))),
            "sweep_group_name": (("sweep",), list(sweeps)),
            "sweep_fixed_angle": (("sweep",), [float(sweep["sweep_fixed_angle"]) for sweep in sweeps.values()]),
        },
        coords=place,
        attrs={
            "Conventions": "CF-1.8, WMO CF-1.0",
            "wmo__cf_profile": "FM 301-2022",
            "instrument_name": facts["site"] or facts["site_name"],
            "site_name": facts["site_name"] or facts["site"],
            "scan_name": facts["scan_name"],
            "platform_is_mobile": "false",
            "source": " ".join(filter(None, ("radar", facts["instrument"]))),
            "format": " ".join(filter(None, (facts["format"], facts["version"]))),
            "experimental": str(facts["experimental"]).lower(),
            "incomplete": facts["incomplete"],
            "input_files": "\n".join(files),
        }
        | {name: facts[name] for name in ("frequency", "beam_width_h", "beam_width_v") if facts[name] is not None},
    )
    return xr.DataTree.from_dict({"/": root} | sweeps)


def _sweep(number: int, facts: dict[str, Any], arrays: Any) -> xr.Dataset:
    times, azimuth, elevation, nyquist, unambiguous = (next(arrays) for _ in range(5))
    ray = "elevation" if facts["mode"] == "rhi" else "azimuth"
    angle = {"units": "degrees", "axis": "radial_azimuth_coordinate"}
    moments = [(moment, next(arrays), next(arrays) if moment["flagged"] else None) for moment in facts["moments"]]
    spacing = min((moment["gate_spacing"] for moment, _, _ in moments), default=1.0)
    finest = [moment["first_gate"] for moment, _, _ in moments if moment["gate_spacing"] == spacing]
    first = min(finest, default=0.0)
    ends = [(m["first_gate"] + (cells.shape[1] - 0.5) * m["gate_spacing"]) for m, cells, _ in moments]
    n_gates = max((int((end - first) / spacing + 0.5) for end in ends), default=0)
    gates: npt.NDArray[np.float64] = first + spacing * np.arange(n_gates, dtype=np.float64)
    data: dict[str, Any] = {
        "sweep_number": ((), np.int32(number)),
        "sweep_mode": ((), facts["mode"]),
        "sweep_fixed_angle": (
            (),
            np.nan if facts["fixed_angle"] is None else facts["fixed_angle"],
            {"units": "degrees"},
        ),
        "prt_mode": ((), "not_set"),
        "follow_mode": ((), "none"),
        "nyquist_velocity": ((ray,), nyquist, {"units": "m s-1", "long_name": "unambiguous Doppler velocity"}),
        "unambiguous_range": ((ray,), unambiguous, {"units": "m"}),
    }
    for moment, cells, flags in moments:
        name, own = moment["name"], moment["own_name"]
        standard, long_name = _LONG_NAMES.get(name, (None, own))
        attributes = {"units": moment["units"], "long_name": long_name, "coordinates": "elevation azimuth range"}
        attributes |= {"standard_name": standard} if standard else {}
        attributes |= {"own_name": own, "resolution": moment["resolution"]}
        if moment["units"] == "dBZ":
            attributes["_Undetect"] = np.float32(NOTHING_DBZ)
        if flags is not None:
            attributes["ancillary_variables"] = f"{name}_flags"
            meaning = {"flag_masks": np.uint8(lib.NWC_GATE_RANGE_FOLDED), "flag_meanings": "range_folded"}
            data[f"{name}_flags"] = ((ray, "range"), _on_gates(flags, moment, gates, spacing, 0), meaning)
        data[name] = ((ray, "range"), _on_gates(cells, moment, gates, spacing, np.nan), attributes)
    coords = {
        "azimuth": (
            (ray,),
            azimuth,
            angle | {"standard_name": "ray_azimuth_angle", "long_name": "azimuth from true north"},
        ),
        "elevation": (
            (ray,),
            elevation,
            angle
            | {"axis": "radial_elevation_coordinate", "standard_name": "ray_elevation_angle", "long_name": "elevation"},
        ),
        "time": ((ray,), times.view("datetime64[ns]"), {"standard_name": "time"}),
        "range": (
            ("range",),
            gates,
            {
                "units": "m",
                "standard_name": "projection_range_coordinate",
                "long_name": "range of the centre of the gate",
                "axis": "radial_range_coordinate",
                "meters_to_center_of_first_gate": first,
                "meters_between_gates": spacing,
            },
        ),
    }
    return xr.Dataset(data, coords=coords, attrs={"incomplete": facts["incomplete"]})


def _on_gates(
    cells: npt.NDArray[Any], moment: dict[str, Any], gates: npt.NDArray[np.float64], spacing: float, unknown: float
) -> npt.NDArray[Any]:
    """A moment on the range axis of its sweep: the array itself where it has these gates."""
    here = np.floor((gates - moment["first_gate"]) / moment["gate_spacing"] + 0.5).astype(np.int64)
    if here.size == cells.shape[1] and here[0] == 0 and moment["gate_spacing"] == spacing:
        return cells
    inside = (here >= 0) & (here < cells.shape[1])
    placed = np.full((cells.shape[0], gates.size), unknown, dtype=cells.dtype)
    placed[:, inside] = cells[:, here[inside]]
    return placed


def _iso(time_ns: np.int64) -> str:
    return f"{np.datetime64(int(time_ns), 'ns').astype('datetime64[s]')}Z"
