"""Attributes of cells: what fields hold under them, lightning, what follows from both, and how all of it changes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _cells_table, _field, _lib
from nowcast._cells_table import Cells
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

KINDS = {
    "max": lib.NWC_SAMPLE_MAX,
    "min": lib.NWC_SAMPLE_MIN,
    "mean": lib.NWC_SAMPLE_MEAN,
    "percentile": lib.NWC_SAMPLE_PERCENTILE,
    "area": lib.NWC_SAMPLE_AREA,
    "at_peak": lib.NWC_SAMPLE_AT_PEAK,
    "at_max": lib.NWC_SAMPLE_AT_MAX,
}
"""How the values of a field at a cell become a number, by name."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """One attribute: of which field, and how."""

    field: str
    """the name of a variable, (y, x) on the grid of the cells"""
    kind: str = "max"
    """one of KINDS"""
    parameter: float = 0.0
    """percent of "percentile", threshold of "area" """
    at: str = ""
    """of "at_max": the variable whose greatest value tells where"""
    reach: float = 0.0
    """m: grid cells at most so far from the cell count too"""


RECIPE = {
    "reflectivity": Sample("reflectivity"),
    "reflectivity_height": Sample("reflectivity_height", "at_max", at="reflectivity"),
    "reflectivity_cold": Sample("reflectivity_cold"),
    "vil": Sample("vil"),
    "top": Sample("top"),
    "mesh": Sample("mesh"),
    "mesh_area": Sample("mesh", "area", 20.0),
    "posh": Sample("posh"),
    "poh": Sample("poh"),
    "rain_max": Sample("rain"),
    "rain_mean": Sample("rain", "mean"),
    "shear_low": Sample("shear_low", reach=2e3),
    "shear_mid": Sample("shear_mid", reach=2e3),
    "velocity_difference": Sample("velocity_difference", reach=2e3),
    "debris_area": Sample("debris", "area", 0.5, reach=2e3),
    "divergence_low": Sample("divergence_low", reach=5e3),
    "divergence_aloft": Sample("divergence_aloft"),
    "wind_low": Sample("wind_low", reach=5e3),
    "gust": Sample("gust", reach=5e3),
    "electric_field": Sample("electric_field", reach=10e3),
    "cape": Sample("cape", "mean", reach=20e3),
    "helicity": Sample("helicity", "mean", reach=20e3),
    "freezing_level": Sample("freezing_level", "mean", reach=20e3),
    "shear_deep": Sample("shear_deep", "mean", reach=20e3),
    "shear_u": Sample("shear_u", "mean", reach=20e3),
    "shear_v": Sample("shear_v", "mean", reach=20e3),
    "wind_u": Sample("wind_u", "mean", reach=20e3),
    "wind_v": Sample("wind_v", "mean", reach=20e3),
}
"""Attributes by name, as models of hazards ask for them. Those whose fields are not given are not known."""

UNITS = {
    "area": "m2",
    "flash_rate": "min-1",
    "flash_sigmas": "1",
    "flash_jump": "1",
    "vil_density": "g m-3",
    "gust_potential": "m s-1",
    "rain_passing": "mm",
    "deviation_right": "m s-1",
    "mesh_area": "m2",
    "debris_area": "m2",
}
"""Of attributes that have not that of a field."""

MODES = ("isolated", "cluster", "line", "supercell")
"""By the numbers of nwc_storm_mode."""

LIGHTNING = "lightning_"
_MOVERS = {lib.NWC_STORM_LEFT: "left", lib.NWC_STORM_STRAIGHT: "", lib.NWC_STORM_RIGHT: "right"}
_DERIVED = _cells_table.row_type("nwc_cell_derived")
_WANTED = {
    "vil_density": ("vil", "top"),
    "gust_potential": ("vil", "top"),
    "rain_passing": ("rain_max", "rain_mean"),
    "deviation_right": ("wind_u", "wind_v"),
}


def sample(found: Cells, fields: xr.Dataset, recipe: Mapping[str, Sample] | None = None) -> pd.DataFrame:
    """Values of fields under cells, or near them.

    Parameters
    ----------
    found : what ``identify`` gave
    fields : Dataset of (y, x) variables on the grid of the cells
        NaN where not known.
    recipe : mapping of names to Sample, optional
        ``RECIPE`` when omitted, of which attributes are left out whose fields are not there.

    Returns
    -------
    DataFrame with a row for each cell, by its label; units in ``attrs["units"]``.

    Raises
    ------
    ArgumentError : another grid; a sample that is none, or of a field that is not there.
    """
    wanted = dict(recipe if recipe is not None else _possible(fields))
    used = sorted({name for one in wanted.values() for name in (one.field, one.at) if name})
    missing = [name for name in used if name not in fields]
    if missing:
        raise ArgumentError(f"fields: {', '.join(missing)} expected, not found")
    table = pd.DataFrame(index=pd.Index(found.cells["cell"], name="cell"))
    table.attrs["units"] = {
        name: UNITS.get(name, str(fields[one.field].attrs.get("units", ""))) for name, one in wanted.items()
    }
    if not wanted or not len(table):
        return table.assign(**{name: np.empty(len(table)) for name in wanted})
    if Grid.of(fields[used[0]]) != found.grid:
        raise ArgumentError("fields: the grid of the cells expected, another given")
    held = [_flat(fields, name, found.grid) for name in used]
    c_fields = ffi.new("nwc_field[]", [one.c[0] for one in held])
    samples = ffi.new("nwc_cell_sample[]", len(wanted))
    for struct, (name, one) in zip(samples, wanted.items(), strict=True):
        if one.kind not in KINDS:
            raise ArgumentError(f"{name}: a kind of {', '.join(KINDS)} expected, {one.kind!r} given")
        struct.kind, struct.field, struct.parameter = KINDS[one.kind], used.index(one.field), one.parameter
        struct.other, struct.reach_m = used.index(one.at) if one.at else 0, one.reach
    values = np.empty((len(table), len(wanted)))
    with _lib.call() as ctx:
        out = ffi.from_buffer("double[]", values)
        _lib.check(lib.nwc_cells_sample(ctx, found._handle, c_fields, len(held), samples, len(wanted), out))
    for number, name in enumerate(wanted):
        table[name] = values[:, number]
    return table


def _possible(fields: xr.Dataset) -> dict[str, Sample]:
    return {name: one for name, one in RECIPE.items() if one.field in fields and (not one.at or one.at in fields)}


def _flat(fields: xr.Dataset, name: str, grid: Grid) -> _field.Fields:
    field = fields[name]
    if field.dims != ("y", "x"):
        raise ArgumentError(f"{name}: dimensions (y, x) expected, {field.dims} given")
    return _field.Fields([ascending(field, _field.as_float32(field.values))], str(field.attrs.get("units", "")), grid)


def flashes(
    found: Cells, strokes: pd.DataFrame, time: Any, velocity: tuple[Any, Any] | None = None, **options: float
) -> pd.DataFrame:
    """Flash rates of cells, and lightning jumps (Schultz et al. 2009).

    Parameters
    ----------
    found : what ``identify`` gave
    strokes : DataFrame with ``time``, ``longitude``, ``latitude``
        As ``nowcast.obs.open`` gives them: where there is a column ``quantity``, rows of lightning alone count.
    time : UTC, now
    velocity : (u, v) of the cells, m s-1 along the grid's axes, optional
        Flashes move on with their cell.
    **options
        ``reach_m``, ``group_s``, ``group_m``, ``bin_s``, ``least_rate``, ``sigmas`` of ``nwc_flash_options``.

    Returns
    -------
    DataFrame by label: ``flash_rate`` (min-1, over the latest two minutes), ``flash_sigmas`` (its growth over the
    standard deviation of those before), ``flash_jump`` (1 for a jump, else 0).
    """
    if "quantity" in strokes:
        strokes = strokes[strokes["quantity"].astype(str).str.startswith(LIGHTNING)]
    when = np.ascontiguousarray(strokes["time"].to_numpy(dtype="datetime64[ns]").astype("i8"))
    place = [np.ascontiguousarray(strokes[name].to_numpy(dtype="f8")) for name in ("longitude", "latitude")]
    moving = [np.ascontiguousarray(one, dtype="f8") for one in velocity] if velocity is not None else []
    out = ffi.new("nwc_cell_flashes[]", max(len(found.cells), 1))
    now = int(np.datetime64(time, "ns").astype("i8"))
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_cells_flashes(
                ctx,
                found._handle,
                *([ffi.from_buffer("double[]", one) for one in moving] or [ffi.NULL, ffi.NULL]),
                now,
                len(when),
                ffi.from_buffer("int64_t[]", when),
                *(ffi.from_buffer("double[]", one) for one in place),
                _lib.options("flash", **options),
                out,
            )
        )
    rows = _cells_table.rows_at(out, len(found.cells), _cells_table.row_type("nwc_cell_flashes"))
    return pd.DataFrame(
        {"flash_rate": rows["rate"], "flash_sigmas": rows["sigmas"], "flash_jump": rows["jump"].astype("f8")},
        index=pd.Index(found.cells["cell"], name="cell"),
    )


def derive(table: pd.DataFrame, found: Cells, u: npt.ArrayLike, v: npt.ArrayLike) -> pd.DataFrame:
    """What follows from attributes and the velocity of cells, put into their table, by label.

    ``vil_density`` (g m-3); ``gust_potential`` (m s-1, Stewart 1996); ``rain_passing`` (mm: mean of the greatest and
    the mean rate times the time the ellipse of the cell takes to pass, an hour at most); ``deviation_right`` (m s-1: of
    the cell's velocity from the mean wind, to the right of the shear or, where that is not known, of the mean wind);
    ``mode`` (one of MODES) and ``mover`` ("right", "left" or "").
    """
    made, names = table.copy(), [str(name) for name in table.columns]
    cells, rows, kept = _cells_table.values_of(table[names])
    out = ffi.new("nwc_cell_derived[]", max(len(table), 1))
    way = [ffi.from_buffer("double[]", np.ascontiguousarray(one, dtype="f8")) for one in (u, v)]
    with _lib.call():
        _lib.check(lib.nwc_cells_derive(found._handle, cells, *way, out))
    del rows, kept
    told = _cells_table.rows_at(out, len(table), _DERIVED)
    for name, of in _WANTED.items():
        if set(of) <= set(names):
            made[name] = told[name]
    made["mode"] = pd.Series([MODES[mode] for mode in told["mode"]], index=made.index, dtype=object)
    made["mover"] = pd.Series([_MOVERS[mover] for mover in told["mover"]], index=made.index, dtype=object)
    made.attrs["units"] = table.attrs.get("units", {}) | {k: u for k, u in UNITS.items() if k in made}
    return made


class History:
    """Attributes of tracks over the last minutes (``nwc_cell_history``)."""

    def __init__(self, names: list[str], window: float = 1200.0) -> None:
        texts = [ffi.new("char[]", name.encode()) for name in names]
        out = ffi.new("nwc_cell_history **")
        _lib.check(lib.nwc_cell_history_create(ffi.NULL, len(names), ffi.new("char *[]", texts), window, out))
        self.handle = ffi.gc(out[0], lib.nwc_cell_history_destroy)
        self.names = names

    @classmethod
    def restore(cls, state: bytes) -> "History":
        out = ffi.new("nwc_cell_history **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_cell_history_restore(ctx, ffi.from_buffer("uint8_t[]", state), len(state), out))
        made = cls.__new__(cls)
        made.handle = ffi.gc(out[0], lib.nwc_cell_history_destroy)
        values, _ = made._lend()
        made.names = [_lib.text(values.names[n]) for n in range(values.n_names)]
        return made

    def save(self) -> bytes:
        data, size = ffi.new("uint8_t **"), ffi.new("int64_t *")
        _lib.check(lib.nwc_cell_history_save(self.handle, data, size))
        return bytes(ffi.buffer(data[0], size[0]))

    def add(self, tracks: Any, values: npt.NDArray[np.float64]) -> None:
        rows = np.ascontiguousarray(values, dtype="f8")
        _lib.check(lib.nwc_cell_history_add(self.handle, tracks, ffi.from_buffer("double[]", rows)))

    def _lend(self) -> tuple[Any, Any]:
        values, totals = ffi.new("nwc_cell_values *"), ffi.new("double **")
        _lib.check(lib.nwc_cell_history_lend(self.handle, values, totals))
        return values, totals[0]

    def values(self) -> Any:
        """The nwc_cell_values it lends."""
        return self._lend()[0]

    def table(self) -> pd.DataFrame:
        """Values, ``<name>_trend`` (per minute) and ``rain_total`` (mm), a row for each point of the tracker."""
        lent, totals = self._lend()
        shape, n = (lent.n_cells, lent.n_names), lent.n_cells * lent.n_names
        arrays = [
            np.frombuffer(ffi.buffer(one, 8 * n), dtype="f8").reshape(shape).copy() if n else np.empty(shape)
            for one in (lent.values, lent.trends, totals)
        ]
        made = {name: arrays[0][:, k] for k, name in enumerate(self.names)}
        made |= {f"{name}_trend": 60.0 * arrays[1][:, k] for k, name in enumerate(self.names)}
        if "rain_mean" in self.names:
            made["rain_total"] = arrays[2][:, self.names.index("rain_mean")] / 3600.0
        return pd.DataFrame(made)
