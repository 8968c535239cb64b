"""Volumes of the library as plain values and arrays, and as xarray sees them."""

import re
from collections.abc import Collection, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.indexes import Index

from nowcast import _field, _lib, _tree
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FormatError

NOTHING_DBZ = float(lib.NWC_NOTHING_DBZ)
"""In reflectivities: observed, and nothing there. NaN is not observed."""

_MOST_GATES = 32768  # in a ray, as in the library: what needs more to hold all of its moments is damaged

MODES = {
    lib.NWC_SWEEP_SURVEILLANCE: "azimuth_surveillance",
    lib.NWC_SWEEP_SECTOR: "sector",
    lib.NWC_SWEEP_RHI: "rhi",
    lib.NWC_SWEEP_VERTICAL_POINTING: "vertical_pointing",
    lib.NWC_SWEEP_MANUAL: "manual_ppi",
}

LONG_NAMES: dict[str, tuple[str | None, str]] = {
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
    "DBZHC": ("equivalent_reflectivity_factor", "equivalent reflectivity factor H, corrected for attenuation"),
    "DBZHG": ("equivalent_reflectivity_factor", "equivalent reflectivity factor H, brought down to the ground"),
    "ZDRC": ("log_differential_reflectivity_hv", "differential reflectivity, corrected for attenuation"),
    "PIA": (None, "attenuation by rain on the way, out and back"),
    "AH": (None, "specific attenuation H, one way"),
    "LDR": ("log_linear_depolarization_ratio_h", "linear depolarisation ratio"),
    "PHIDP": ("radar_differential_phase_hv", "differential phase"),
    "PHIDPC": ("radar_differential_phase_hv", "differential phase, unfolded, filtered, less that of the system"),
    "KDP": ("radar_specific_differential_phase_hv", "specific differential phase"),
    "KDPC": ("radar_specific_differential_phase_hv", "specific differential phase"),
    "RHOHV": ("radar_correlation_coefficient_hv", "correlation of H and V"),
    "RATE": ("rainfall_rate", "rate of rain"),
    "PTYPE": (None, "kind of precipitation"),
    "SNRH": ("signal_to_noise_ratio", "signal to noise ratio H"),
    "SNRV": ("signal_to_noise_ratio", "signal to noise ratio V"),
    "VFOLD": (None, "number of folds added to the radial velocity"),
    "VCONF": (None, "confidence of the unfolded radial velocity"),
    "CBB": (None, "part of the beam that the ground hides"),
    "DBZHB": ("equivalent_reflectivity_factor", "equivalent reflectivity factor H, corrected for beam blockage"),
    "EDR": (None, "eddy dissipation rate, its cube root"),
    "AZSHR": (None, "azimuthal shear of the radial velocity"),
    "DIVR": (None, "divergence along the beam of the radial velocity"),
    "SQIH": ("normalized_coherent_power", "signal quality index H"),
    "QIND": ("quality_indicator", "quality index"),
    "DBZHQ": ("equivalent_reflectivity_factor", "reflectivity of weather H"),
}

CODED = ("QFLAG", "CLASS")
"""Moments that are integers in a tree, of the kinds and reasons they stand for."""

Arrays = list[npt.NDArray[Any]]

_ROWS = 5
"""Arrays of a sweep before those of its moments: times, azimuths, elevations, Nyquist speeds, unambiguous ranges."""


def read_out(volume: Any, owner: Any = None, first: int = 0) -> tuple[dict[str, Any], Arrays]:
    """A volume, from a sweep on, as plain values and the arrays they speak of, which keep owner alive."""
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
    found["sweeps"] = [_sweep_facts(volume, index, arrays, owner or volume) for index in range(first, facts.n_sweeps)]
    return found, arrays


def _sweep_facts(volume: Any, index: int, arrays: Arrays, owner: Any) -> dict[str, Any]:
    sweep = ffi.new("nwc_sweep *")
    _lib.check(lib.nwc_volume_sweep(volume, index, sweep))
    arrays.append(_field.lent_row(sweep.time_ns, sweep.n_rays, np.int64, owner))
    for row in (sweep.azimuth_deg, sweep.elevation_deg, sweep.nyquist_m_s, sweep.unambiguous_range_m):
        arrays.append(_field.lent_row(row, sweep.n_rays, np.float32, owner))
    return {
        "mode": MODES[sweep.mode],
        "fixed_angle": None if np.isnan(sweep.fixed_angle_deg) else sweep.fixed_angle_deg,
        "incomplete": _lib.text(sweep.incomplete),
        "moments": _moment_facts(volume, index, sweep.n_moments, arrays, owner),
    }


def _moment_facts(
    volume: Any, index: int, count: int, arrays: Arrays, owner: Any, names: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Of the moments of a sweep that are in names, all by default; arrays takes their cells, and flags behind them."""
    moment, found = ffi.new("nwc_moment *"), []
    for number in range(count):
        _lib.check(lib.nwc_volume_moment(volume, index, number, moment))
        name = _lib.text(moment.name)
        if names is not None and name not in names:
            continue
        shape = (moment.field.dim[0], moment.field.dim[1])
        arrays.append(_field.lent_row(moment.field.data, shape, np.float32, owner))
        if moment.flags.data:
            arrays.append(_field.lent_row(moment.flags.data, shape, np.uint8, owner))
        found.append(
            {
                "name": name,
                "own_name": _lib.text(moment.own_name),
                "units": _lib.text(moment.field.units),
                "first_gate": moment.first_gate_m,
                "gate_spacing": moment.gate_spacing_m,
                "resolution": moment.resolution,
                "flagged": bool(moment.flags.data),
            }
        )
    return found


_Axis = tuple[float, float, int]
"""Range of the first gate of a sweep, the spacing of its gates, and how many there are."""

_PLACES = {
    "latitude": {"units": "degrees_north", "long_name": "latitude of the antenna", "standard_name": "latitude"},
    "longitude": {"units": "degrees_east", "long_name": "longitude of the antenna", "standard_name": "longitude"},
    "altitude": {
        "units": "m",
        "long_name": "height of the antenna above mean sea level",
        "standard_name": "altitude",
    },
}
_AZIMUTH = {
    "units": "degrees",
    "axis": "radial_azimuth_coordinate",
    "standard_name": "ray_azimuth_angle",
    "long_name": "azimuth from true north",
}
_ELEVATION = {
    "units": "degrees",
    "axis": "radial_elevation_coordinate",
    "standard_name": "ray_elevation_angle",
    "long_name": "elevation",
}
_NYQUIST = {"units": "m s-1", "long_name": "unambiguous Doppler velocity"}
_FLAG = {"flag_masks": np.uint8(lib.NWC_GATE_RANGE_FOLDED), "flag_meanings": "range_folded"}


def tree(facts: dict[str, Any], arrays: Any, files: list[str], first: int = 0) -> xr.DataTree:
    """A volume in the FM 301 layout; first is the number of its first sweep."""
    ranges: dict[_Axis, Index] = {}
    sweeps = {f"sweep_{n}": _sweep(n, sweep, arrays, ranges) for n, sweep in enumerate(facts["sweeps"], start=first)}
    place: _tree.Variables = {name: _tree.variable((), _number(facts[name]), text) for name, text in _PLACES.items()}
    last = max(sweep.coords["time"].values.max() for sweep in sweeps.values())
    angles = np.array([_number(sweep["fixed_angle"]) for sweep in facts["sweeps"]])
    scalars = {
        "volume_number": np.int32(0),
        "platform_type": "fixed",
        "instrument_type": "radar",
        "time_coverage_start": iso(np.int64(facts["time_ns"])),
        "time_coverage_end": iso(last.astype(np.int64)),
    }
    data: _tree.Variables = {name: _tree.variable((), value) for name, value in scalars.items()}
    data["sweep_group_name"] = _tree.variable(("sweep",), np.array(list(sweeps)))
    data["sweep_fixed_angle"] = _tree.variable(("sweep",), angles)
    attrs: dict[Hashable, Any] = {
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
    attrs |= {name: facts[name] for name in ("frequency", "beam_width_h", "beam_width_v") if facts[name] is not None}
    return _tree.tree(_tree.Group(data, place, attrs=attrs), sweeps)


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _axis(number: int, moments: list[tuple[dict[str, Any], npt.NDArray[Any], Any]]) -> _Axis:
    """The range axis that has room for all moments of a sweep, of the finest gates there are."""
    spacing = min((moment["gate_spacing"] for moment, _, _ in moments), default=1.0)
    finest = [moment["first_gate"] for moment, _, _ in moments if moment["gate_spacing"] == spacing]
    first = min(finest, default=0.0)
    ends = [(m["first_gate"] + (cells.shape[1] - 0.5) * m["gate_spacing"]) for m, cells, _ in moments]
    n_gates = max((int((end - first) / spacing + 0.5) for end in ends), default=0)
    if n_gates > _MOST_GATES:
        raise FormatError(
            f"sweep {number}: a range axis of at most {_MOST_GATES} gates expected, found gates of {spacing:g} m "
            f"and others that reach to {max(ends):g} m"
        )
    return first, spacing, n_gates


def _sweep(number: int, facts: dict[str, Any], arrays: Any, ranges: dict[_Axis, Index]) -> _tree.Group:
    """One sweep; ranges keeps the indexes of range axes that others may have too."""
    times, azimuth, elevation, nyquist, unambiguous = (next(arrays) for _ in range(_ROWS))
    ray = "elevation" if facts["mode"] == "rhi" else "azimuth"
    moments = [(moment, next(arrays), next(arrays) if moment["flagged"] else None) for moment in facts["moments"]]
    axis = first, spacing, n_gates = _axis(number, moments)
    gates: npt.NDArray[np.float64] = first + spacing * np.arange(n_gates, dtype=np.float64)
    rays = (ray,)
    sweep = _tree.Group(
        {
            "sweep_number": _tree.variable((), np.int32(number)),
            "sweep_mode": _tree.variable((), facts["mode"]),
            "sweep_fixed_angle": _tree.variable((), _number(facts["fixed_angle"]), {"units": "degrees"}),
            "prt_mode": _tree.variable((), "not_set"),
            "follow_mode": _tree.variable((), "none"),
            "nyquist_velocity": _tree.variable(rays, nyquist, _NYQUIST),
            "unambiguous_range": _tree.variable(rays, unambiguous, {"units": "m"}),
        },
        {
            "azimuth": _tree.variable(rays, azimuth, _AZIMUTH),
            "elevation": _tree.variable(rays, elevation, _ELEVATION),
            "time": _tree.variable(rays, times.astype("datetime64[ns]"), {"standard_name": "time"}),
            "range": _tree.variable(
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
        },
        attrs={"incomplete": facts["incomplete"]},
    )
    for moment, cells, flags in moments:
        sweep.data |= _variables(moment, cells, flags, ray, gates, spacing)
    _tree.index(sweep, ray)
    ranges[axis] = _tree.index(sweep, "range", ranges.get(axis))
    return sweep


def _variables(
    moment: dict[str, Any],
    cells: npt.NDArray[Any],
    flags: npt.NDArray[Any] | None,
    ray: Hashable,
    gates: npt.NDArray[np.float64],
    spacing: float,
) -> _tree.Variables:
    """A moment, and its flags where it has any, as variables of a sweep with these gates."""
    name, own = moment["name"], moment["own_name"]
    standard, long_name = LONG_NAMES.get(name, (None, own))
    attributes = {"units": moment["units"], "long_name": long_name, "coordinates": "elevation azimuth range"}
    if standard:
        attributes["standard_name"] = standard
    attributes["own_name"], attributes["resolution"] = own, moment["resolution"]
    if moment["units"] == "dBZ":
        attributes["_Undetect"] = np.float32(NOTHING_DBZ)
    made: _tree.Variables = {}
    cells, flags = _on_gates(moment, cells, flags, gates, spacing)
    if flags is not None:
        attributes["ancillary_variables"] = f"{name}_flags"
        made[f"{name}_flags"] = _tree.variable((ray, "range"), flags, _FLAG)
    made[name] = _tree.variable((ray, "range"), cells, attributes)
    return made


def _on_gates(
    moment: dict[str, Any],
    cells: npt.NDArray[Any],
    flags: npt.NDArray[Any] | None,
    gates: npt.NDArray[np.float64],
    spacing: float,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """A moment and its flags on the range axis of its sweep: the arrays themselves where they have these gates."""
    same_first = -0.5 <= (gates[0] - moment["first_gate"]) / moment["gate_spacing"] < 0.5
    if cells.shape[1] == gates.size and moment["gate_spacing"] == spacing and same_first:
        return cells, flags
    given, to, to_flags = ffi.new("nwc_moment *"), ffi.new("nwc_field *"), ffi.NULL
    given.first_gate_m, given.gate_spacing_m = moment["first_gate"], moment["gate_spacing"]
    placed, placed_flags = np.empty((cells.shape[0], gates.size), np.float32), None
    _field.point(given.field, cells)
    _field.point(to, placed)
    if flags is not None:
        placed_flags, to_flags = np.empty(placed.shape, np.uint8), ffi.new("nwc_flags *")
        _field.point(given.flags, flags)
        _field.point(to_flags, placed_flags)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_moment_regate(ctx, given, gates[0], spacing, to, to_flags))
    return placed, placed_flags


_SWEEP = re.compile(r"sweep_\d+")
_TEXTS = {
    "site": "instrument_name",
    "site_name": "site_name",
    "scan_name": "scan_name",
    "incomplete": "incomplete",
    "version": "version",
    "instrument": "instrument",
}


def sweep_names(tree: xr.DataTree) -> list[str]:
    """The groups that are sweeps, in their order: that of the sweeps of ``handle``."""
    return sorted((name for name in tree.children if _SWEEP.fullmatch(name)), key=lambda name: int(name[6:]))


def handle(tree: xr.DataTree, names: Collection[str] | None = None, *, flags: bool = True) -> Any:
    """The C volume of a tree, with those of its moments that are in names, all by default, and their flags.

    Cells that are float32 and contiguous are not copied: the volume keeps the arrays, which must not change.
    """
    sweeps = sweep_names(tree)
    if not sweeps:
        raise ArgumentError("tree: groups sweep_0 ... expected, none found")
    root = tree.variables
    said = {"instrument": str(tree.attrs.get("source", "")).removeprefix("radar").strip()} | tree.attrs
    texts = {name: ffi.new("char[]", str(said.get(attribute, "")).encode()) for name, attribute in _TEXTS.items()}
    facts = ffi.new("nwc_volume_facts *", texts)
    for name in ("latitude", "longitude", "altitude"):
        suffix = "m" if name == "altitude" else "deg"
        setattr(facts, f"{name}_{suffix}", float(root[name].values) if name in root else np.nan)
    for name, field in (
        ("frequency", "frequency_hz"),
        ("beam_width_h", "beam_width_h_deg"),
        ("beam_width_v", "beam_width_v_deg"),
    ):
        setattr(facts, field, float(tree.attrs.get(name, np.nan)))
    nodes = [tree.children[name] for name in sweeps]
    times = [node.variables["time"].values.astype("datetime64[ns]").astype(np.int64) for node in nodes]
    facts.time_ns = min(int(time.min()) for time in times)
    out = ffi.new("nwc_volume **")
    with _lib.call() as ctx:
        _lib.check(lib.nwc_volume_create(ctx, facts, out))
    lent: list[npt.NDArray[Any]] = []

    def destroy(volume: Any) -> None:
        lib.nwc_volume_destroy(volume)
        lent.clear()

    volume = ffi.gc(out[0], destroy)
    for node, time in zip(nodes, times, strict=True):
        _add_sweep(volume, node, time, names, flags, lent)
    return volume


def add_moments(tree: xr.DataTree, volume: Any, names: Collection[str]) -> xr.DataTree:
    """A tree with those moments of its ``handle`` that are in names, in the handle's memory; it shares all else."""
    made, sweep = _tree.copy(tree), ffi.new("nwc_sweep *")
    for index, group in enumerate(sweep_names(tree)):
        node, arrays = made.children[group], Arrays()
        data = node.variables
        _lib.check(lib.nwc_volume_sweep(volume, index, sweep))
        facts = _moment_facts(volume, index, sweep.n_moments, arrays, volume, names)
        rest = iter(arrays)
        gates = data["range"].values.astype(np.float64)
        new: _tree.Variables = {}
        for moment in facts:
            cells, flags = next(rest), next(rest) if moment["flagged"] else None
            new |= _variables(moment, cells, flags, data["azimuth"].dims[0], gates, _spacing(gates))
        _tree.add(node, new)
    _tree.let_go()
    return made


def _add_sweep(
    volume: Any,
    node: xr.DataTree,
    times: npt.NDArray[np.int64],
    names: Collection[str] | None,
    flagged: bool,
    lent: list[npt.NDArray[Any]],
) -> None:
    """Append a sweep; lent takes the arrays whose memory it then uses. Variables are bare: arrays take long to make."""
    variables = node.variables
    ray, n = variables["azimuth"].dims[0], variables["azimuth"].size
    keep = []

    def row(name: str, dtype: str) -> Any:
        if name not in variables:
            return ffi.NULL
        values = variables[name].values
        if name == "azimuth" and not (values.min() >= 0.0 and values.max() < 360.0):
            values = values % 360.0
        keep.append(np.ascontiguousarray(values if values.shape == (n,) else np.broadcast_to(values, n), dtype))
        return ffi.cast("int64_t *" if dtype == "i8" else "float *", keep[-1].ctypes.data)

    sweep = ffi.new("nwc_sweep *")
    mode = str(variables["sweep_mode"].values) if "sweep_mode" in variables else ""
    sweep.mode = {name: number for number, name in MODES.items()}.get(mode, 0)
    angles = (variables[name] for name in ("sweep_fixed_angle", "fixed_angle") if name in variables)
    sweep.fixed_angle_deg, sweep.n_rays = next((float(angle) for angle in angles), np.nan), n
    sweep.time_ns = ffi.cast("int64_t *", times.ctypes.data)
    sweep.azimuth_deg, sweep.elevation_deg = row("azimuth", "f4"), row("elevation", "f4")
    sweep.nyquist_m_s, sweep.unambiguous_range_m = row("nyquist_velocity", "f4"), row("unambiguous_range", "f4")
    incomplete = ffi.new("char[]", str(node.attrs.get("incomplete", "")).encode())
    sweep.incomplete = incomplete
    _lib.check(lib.nwc_volume_add_sweep(volume, sweep))
    first, spacing = even_gates(node)
    for name, variable in variables.items():
        if (names is not None and name not in names) or variable.dims != (ray, "range") or name in node.coords:
            continue
        if variable.dtype.kind == "f" or (variable.dtype.kind in "iu" and name in CODED):
            flags = variables.get(f"{name}_flags") if flagged else None
            _add_moment(volume, str(name), variable, flags, first, spacing, lent)


def even_gates(data: xr.Dataset | xr.DataTree) -> tuple[float, float]:
    """Range of the first gate of a sweep, and the spacing of its gates."""
    gates = data.variables["range"].values.astype(np.float64)
    spacing = _spacing(gates)
    if gates.size > 1 and np.abs(np.diff(gates) - spacing).max() > 0.01 * abs(spacing):
        raise ArgumentError("range: equally spaced gates expected")
    return float(gates[0]), spacing


def _spacing(gates: npt.NDArray[np.float64]) -> float:
    return float(gates[1] - gates[0]) if gates.size > 1 else 1.0


def _add_moment(
    volume: Any,
    name: str,
    variable: xr.Variable,
    flagged: xr.Variable | None,
    first: float,
    spacing: float,
    lent: list[npt.NDArray[Any]],
) -> None:
    cells, attributes = _field.as_float32(variable.values), variable.attrs
    flags = None if flagged is None else flagged.values.astype(np.uint8)
    names = ffi.new("char[]", name.encode()), ffi.new("char[]", str(attributes.get("own_name", name)).encode())
    moment = ffi.new("nwc_moment *")
    moment.name, moment.own_name = names
    units = ffi.new("char[]", str(attributes["units"]).encode()) if "units" in attributes else ffi.NULL
    moment.field.units = units
    moment.first_gate_m, moment.gate_spacing_m = first, spacing
    moment.resolution = float(attributes.get("resolution", 0.0))
    _field.point(moment.field, cells)
    moment.field.missing = float("nan")
    if flags is not None:
        _field.point(moment.flags, flags)
    if cells.strides == (4 * cells.shape[1], 4):
        lent.append(cells)
        _lib.check(lib.nwc_volume_lend_moment(volume, moment))
    else:
        _lib.check(lib.nwc_volume_add_moment(volume, moment))


def iso(time_ns: np.int64) -> str:
    return f"{np.datetime64(int(time_ns), 'ns').astype('datetime64[s]')}Z"
