"""Models of hazards, forecasts of cells, and the places cells pass over."""

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _cells_table, _field, _files, _geojson, _lib
from nowcast._forecast_times import total
from nowcast._lib import ffi, lib
from nowcast._probability import exceedance
from nowcast.errors import ArgumentError, FormatError
from nowcast.grid import Grid, ascending

HAZARDS = tuple(_lib.text(lib.nwc_cell_hazard_name(number)) for number in range(lib.NWC_CELL_HAZARDS))
"""Hazards by name, with their steps: mm in an hour, Beaufort force, mm of hail."""

MINUTES = tuple(float(minutes) for minutes in range(0, 121, 10))
"""Leads of a forecast when none are said."""

_HALF_LIFE_S = 1600.0  # half of the cells are gone
_ROW = _cells_table.row_type("nwc_cell_forecast")
_UNITS = {
    "lead": "min",
    "longitude": "degrees_east",
    "latitude": "degrees_north",
    "u": "m s-1",
    "v": "m s-1",
    "error_xx": "m2",
    "error_xy": "m2",
    "error_yy": "m2",
    "major": "m",
    "minor": "m",
    "orientation": "degree",
    "area": "m2",
    "alive": "1",
} | dict.fromkeys(HAZARDS, "1")


class HazardModel:
    """How attributes of cells become probabilities: text, as ``cell_hazard.h`` describes it.

    Parameters
    ----------
    text : str, optional
        The model of published rules when omitted.

    Raises
    ------
    FormatError : a line that is wrong.
    """

    def __init__(self, text: str | None = None) -> None:
        self.text = _lib.text(lib.nwc_hazard_baseline()) if text is None else text
        """the model itself"""
        data, out = self.text.encode(), ffi.new("nwc_hazard_model **")
        _lib.check(lib.nwc_hazard_model_read(ffi.NULL, ffi.from_buffer("char[]", data), len(data), out))
        self._handle = ffi.gc(out[0], lib.nwc_hazard_model_destroy)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The model in a file.

        Raises
        ------
        FileError : it cannot be read. FormatError : no text, or a line that is wrong; names the file and the line.
        """
        told = _files.text(path)
        try:
            return cls(told)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    @property
    def name(self) -> str:
        """As the text says."""
        return _lib.text(lib.nwc_hazard_model_name(self._handle))

    def asks(self, hazard: str) -> list[str]:
        """The attributes a hazard asks for; none where the model does not have it."""
        n, name = ffi.new("int32_t *"), ffi.new("char **")
        number = hazard_number(hazard)
        _lib.check(lib.nwc_hazard_model_asks(self._handle, number, 0, n, ffi.NULL))
        names = []
        for i in range(n[0]):
            _lib.check(lib.nwc_hazard_model_asks(self._handle, number, i, n, name))
            names.append(_lib.text(name[0]))
        return names

    def evaluate(self, table: pd.DataFrame, minutes: float = 0.0, *, known: bool = False) -> pd.DataFrame:
        """Probabilities of all hazards for rows of attributes, without trends.

        Parameters
        ----------
        table : DataFrame with attributes by name; NaN where not known
        minutes : float
            Lead.
        known : bool
            Whether to give, in place of probabilities, the share of what the model weighs that is known.
        """
        names = [str(name) for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]
        cells, values, kept = _cells_table.values_of(table[names])
        made, shares = (np.empty((len(table), len(HAZARDS))) for _ in range(2))
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_hazard_model_evaluate(
                    ctx,
                    self._handle,
                    cells,
                    ffi.new("double[]", [60.0 * minutes]),
                    1,
                    1200.0,
                    *(ffi.from_buffer("double[]", one) for one in (made, shares)),
                )
            )
        del values, kept
        return pd.DataFrame(shares if known else made, columns=list(HAZARDS), index=table.index)


def hazard_number(hazard: str | None) -> int:
    """-1 for None, the cell itself."""
    if hazard is None:
        return -1
    if hazard not in HAZARDS:
        raise ArgumentError(f"hazard: one of {', '.join(HAZARDS)} expected, {hazard!r} given")
    return HAZARDS.index(hazard)


@dataclasses.dataclass(frozen=True, eq=False)
class Forecast:
    """Where cells will be and what they may bring."""

    table: pd.DataFrame
    """A row for each track and lead: ``time`` (UTC for which it is), ``lead`` (min), ``track``, ``cell`` (its label
    now, or 0), ``longitude``, ``latitude``, ``x``, ``y``, ``u``, ``v``, the covariance of the error of x and y
    ``error_xx``, ``error_xy``, ``error_yy`` (m2), the ellipse ``major``, ``minor``, ``orientation``, ``area``,
    ``peak``, ``alive``, and the probability of each of HAZARDS. Units are in ``attrs["units"]``, the name of the model
    in ``attrs["model"]``."""
    grid: Grid
    time: np.datetime64
    """UTC, from which it is"""
    _rows: npt.NDArray[Any]
    _minutes: tuple[float, ...]

    def swath(
        self,
        hazard: str | None = None,
        minutes: tuple[float, float] | None = None,
        *,
        beside: xr.DataArray | None = None,
    ) -> xr.DataArray:
        """The probability of each place, (y, x), to be passed over by a hazard within some leads.

        Parameters
        ----------
        hazard : one of HAZARDS, or None for the cells themselves
        minutes : (first, last) of the leads of the forecast, optional
            All of them when omitted.
        beside : (member, time, y, x) DataArray in mm h-1, or one of units "1", optional
            The forecast on the cells' grid to be blended with: an ensemble of rain, of which the share of members
            counts that reach a rain hazard's amount in an hour that begins in the leads; or, for any hazard, the
            probability, (y, x), or (time, y, x), of which the greatest between the leads counts. Cells weigh
            2^(-t / 1600 s), t being the middle of the leads (``nwc_cells_swath_blend``).

        Raises
        ------
        ArgumentError : leads that are none; another grid, units or dimensions of what lies beside.
        """
        first, last = (self._minutes[0], self._minutes[-1]) if minutes is None else minutes
        if first not in self._minutes or last not in self._minutes:
            raise ArgumentError(f"minutes: two of {', '.join(f'{m:g}' for m in self._minutes)} expected")
        n_leads = len(self._minutes)
        field = xr.DataArray(
            np.zeros((self.grid.ny, self.grid.nx), dtype=np.float32),
            dims=("y", "x"),
            coords=self.grid.coords(),
            name=hazard or "cells",
            attrs={"units": "1", "grid_mapping": "crs", "long_name": f"probability of {hazard or 'cells'} passing"},
        )
        out = _field.Fields([ascending(field, field.values)], "1", self.grid)
        rows = np.ascontiguousarray(self._rows)
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_cells_swath(
                    ctx,
                    ffi.from_buffer("nwc_cell_forecast[]", rows) if len(rows) else ffi.NULL,
                    len(rows) // n_leads,
                    n_leads,
                    hazard_number(hazard),
                    self._minutes.index(first),
                    self._minutes.index(last),
                    out.c,
                )
            )
            if beside is not None:
                other = _field.Fields([self._beside(beside, hazard, first, last)], "1", self.grid)
                middle = 30.0 * (first + last)
                _lib.check(lib.nwc_cells_swath_blend(ctx, out.c, other.c, middle, _HALF_LIFE_S, out.c))
        return field

    def _beside(self, given: xr.DataArray, hazard: str | None, first: float, last: float) -> npt.NDArray[np.float32]:
        """The probability of a hazard between leads by another forecast, (y, x)."""
        if Grid.of(given) != self.grid:
            raise ArgumentError("beside: the grid of the cells expected, another given")
        begin, end = (self.time + np.timedelta64(round(60e9 * lead), "ns") for lead in (first, last))
        if given.attrs.get("units") == "mm h-1" and "member" in given.dims and str(hazard).startswith("rain_"):
            times = given["time"].values
            hour = np.timedelta64(1, "h")
            starts = [time for time in times if begin <= time <= end and time + hour <= times[-1]]
            if not starts:
                raise ArgumentError("beside: an hour that begins between the leads expected, none found")
            amounts = [total(None, given, time, time + hour).drop_vars("time", errors="ignore") for time in starts]
            most = xr.concat(amounts, "begin", coords="minimal", compat="override").max("begin", keep_attrs=True)
            given = exceedance(most, float(str(hazard).removeprefix("rain_")))
        elif given.attrs.get("units") == "1" and "time" in given.dims:
            given = given.sel(time=slice(begin, end)).max("time", keep_attrs=True)
        if given.attrs.get("units") != "1" or set(given.dims) != {"y", "x"}:
            raise ArgumentError('beside: members of rain in mm h-1 for a rain hazard, or probabilities ("1"), expected')
        cells: npt.NDArray[np.float32] = ascending(given, _field.as_float32(given.transpose("y", "x").values))
        return cells

    def cones(self, share: float = 0.95, *, points: int = 72) -> list[dict[str, Any]]:
        """The ellipse that holds the cell's middle with a probability, as a polygon of GeoJSON for each row."""
        if not 0.0 < share < 1.0 or points < 8:
            raise ArgumentError("share, points: above 0 and below 1, and 8 or more expected")
        angle = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
        circle = np.sqrt(-2.0 * np.log1p(-share)) * np.stack([np.cos(angle), np.sin(angle)])
        shapes = []
        for row in self._rows:
            covariance = np.array([[row["xx_m2"], row["xy_m2"]], [row["xy_m2"], row["yy_m2"]]])
            spread, axes = np.linalg.eigh(covariance)
            ring = axes @ (np.sqrt(np.maximum(spread, 0.0))[:, None] * circle)
            # Metres as parts of the grid, which may be in degrees.
            scale = self._scale(row)
            lon, lat = self.grid.to_lonlat(row["x"] + ring[0] * scale[0], row["y"] + ring[1] * scale[1])
            places = np.stack([lon, lat], axis=1).tolist()
            shapes.append({"type": "Polygon", "coordinates": [[*places, places[0]]]})
        return shapes

    def save(self) -> bytes:
        """All that is known but the grid, as bytes to be kept."""
        facts = {
            "time": str(self.time),
            "minutes": self._minutes,
            "model": self.table.attrs["model"],
            "row": _ROW.itemsize,
        }
        return json.dumps(facts).encode() + b"\n" + self._rows.tobytes()

    @classmethod
    def restore(cls, state: bytes, grid: Grid) -> Self:
        """The forecast that was saved, on the grid it was made on.

        Raises
        ------
        FormatError : bytes that are cut, or none of a forecast.
        """
        head, _, rows = state.partition(b"\n")
        try:
            facts = json.loads(head)
            time = np.datetime64(facts["time"], "ns")
            minutes, model = tuple(float(one) for one in facts["minutes"]), str(facts["model"])
            good = facts["row"] == _ROW.itemsize and len(rows) % (_ROW.itemsize * len(minutes)) == 0
        except (ValueError, KeyError, TypeError, ZeroDivisionError):
            good = False
        if not good:
            raise FormatError("state: the bytes of a forecast of cells expected")
        return _forecast(np.frombuffer(rows, dtype=_ROW), grid, time, minutes, model, cls)

    def _scale(self, row: Any) -> tuple[float, float]:
        if not self.grid.is_latlon:
            return 1.0, 1.0
        degree = 111195.0
        return 1.0 / (degree * np.cos(np.radians(row["y"]))), 1.0 / degree

    def geojson(self, *, share: float = 0.95, decimals: int = _geojson.DECIMALS) -> str:
        """A feature for each row of ``table``, with the cone of a share."""
        names = list(map(str, self.table.columns))
        rows = self.table.itertuples(index=False)
        return _geojson.geojson(
            (
                {"type": "Feature", "geometry": shape, "properties": dict(zip(names, row, strict=True))}
                for row, shape in zip(rows, self.cones(share), strict=True)
            ),
            decimals=decimals,
        )


T = TypeVar("T", bound=Forecast)


def forecast(
    tracker: Any, table: Any, values: Any, grid: Grid, minutes: Sequence[float] | None, model: HazardModel | None
) -> Forecast:
    """The forecast of a tracker's handle and what it lends; values: an nwc_cell_values, or NULL."""
    n_points, time = int(table.n_points), np.datetime64(int(table.time_ns), "ns")
    leads = MINUTES if minutes is None else tuple(float(one) for one in minutes)
    if not leads:
        raise ArgumentError("minutes: leads expected, none given")
    model = model if model is not None else HazardModel()
    rows = np.zeros(max(n_points * len(leads), 1), dtype=_ROW)
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_cells_forecast(
                ctx,
                tracker,
                values,
                model._handle,
                ffi.new("double[]", [60.0 * one for one in leads]),
                len(leads),
                _lib.options("cell_forecast"),
                ffi.from_buffer("nwc_cell_forecast[]", rows),
            )
        )
    return _forecast(rows[: n_points * len(leads)], grid, time, leads, model.name, Forecast)


def _forecast(
    rows: npt.NDArray[Any], grid: Grid, time: np.datetime64, minutes: tuple[float, ...], model: str, kind: type[T]
) -> T:
    table = pd.DataFrame(
        {
            "time": rows["time_ns"].astype("datetime64[ns]"),
            "lead": rows["lead_s"] / 60.0,
            "track": rows["track"],
            "cell": rows["cell"],
            "longitude": rows["longitude_deg"],
            "latitude": rows["latitude_deg"],
            "x": rows["x"],
            "y": rows["y"],
            "u": rows["u"],
            "v": rows["v"],
            "error_xx": rows["xx_m2"],
            "error_xy": rows["xy_m2"],
            "error_yy": rows["yy_m2"],
            "major": rows["major_m"],
            "minor": rows["minor_m"],
            "orientation": rows["orientation_deg"],
            "area": rows["area_m2"],
            "peak": rows["peak"],
            "alive": rows["alive"],
        }
        | {name: rows["probability"][:, number] for number, name in enumerate(HAZARDS)}
    )
    table.attrs |= {"units": {name: _UNITS.get(name, "") for name in table.columns}, "model": model}
    return kind(table, grid, time, rows, minutes)
