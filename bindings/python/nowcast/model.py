"""Model fields: what files of numerical weather prediction hold, single fields, and fields on grids of ours.

Names are ecCodes' short names whatever the file: "u", "v", "t", "gh", "q", "tp". Winds of ``read`` are as the file
stores them, those of ``read_wind`` point to true east and north, those of ``on_grid`` lie along the axes of its grid.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _isolation
from nowcast._lib import ffi, lib
from nowcast._model_handle import Handle
from nowcast._model_system import Name, PathLike, System
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

__all__ = ["Model", "Name", "System", "on_grid", "open"]

_ANY_TIME = -(2**63)
_VERTICALS = {
    lib.NWC_VERTICAL_OTHER: "other",
    lib.NWC_VERTICAL_SURFACE: "surface",
    lib.NWC_VERTICAL_PRESSURE: "pressure",
    lib.NWC_VERTICAL_HYBRID: "hybrid",
    lib.NWC_VERTICAL_HEIGHT_SEA: "height above sea",
    lib.NWC_VERTICAL_HEIGHT_GROUND: "height above ground",
    lib.NWC_VERTICAL_MEAN_SEA: "mean sea",
}
_KINDS = {name: number for number, name in _VERTICALS.items()}
# Attributes of the coordinate level.
_LEVELS = {
    "pressure": {"standard_name": "air_pressure", "units": "Pa", "positive": "down"},
    "hybrid": {"long_name": "model level", "units": "1"},
    "height above sea": {"standard_name": "altitude", "units": "m", "positive": "up"},
    "height above ground": {"standard_name": "height", "units": "m", "positive": "up"},
}
_ALONG_GRID = {"eastward_wind": "x_wind", "northward_wind": "y_wind"}


class Model:
    """The fields of one or several files. Made by ``open``; ``close`` gives their memory back."""

    def __init__(self, paths: Sequence[PathLike], system: System) -> None:
        self.paths = [Path(path) for path in paths]
        """the files, in the order given"""
        self._system = system
        self._child = _isolation.child()
        self._handle = None if self._child else Handle(paths, system)
        facts = self._handle.facts() if self._handle else self._ask("facts")[0]
        self.grids = [Grid(**grid) for grid in facts["grids"]]
        """the regular grids of the fields"""
        self.incomplete: str = facts["incomplete"]
        """why the fields are not all the files once held, or an empty text"""
        self._entries = _table(facts["entries"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the memory of the files; the table stays."""
        self._handle = None
        self._child = None

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        names = ", ".join(self._entries["name"].drop_duplicates())
        return f"<Model of {len(self._entries)} fields: {names}>"

    def _ask(self, do: str, **given: Any) -> tuple[Any, list[npt.NDArray[Any]]]:
        """Have the handle do something, wherever it is."""
        if self._handle is not None:
            return None, getattr(self._handle, do)(**given)
        if self._child is None:
            raise ArgumentError("the model is closed")
        request = json.dumps({"do": do, "system": self._system.model_dump_json(), "given": given})
        facts, arrays = self._child.call("model", [*map(str, self.paths), request], "ecCodes or netCDF-C")
        return facts, arrays

    def table(self) -> pd.DataFrame:
        """One row for each field: name, level, times, member, grid and the file's own numbers."""
        return self._entries.copy()

    def select(
        self,
        name: str | None = None,
        *,
        level: float | Sequence[float] | None = None,
        level_type: str | None = None,
        vertical: str | None = None,
        time: Any = None,
        step: Any = None,
        reference: Any = None,
        member: int | Sequence[int] | None = None,
        statistic: str | None = None,
        derived: str | None = None,
    ) -> pd.DataFrame:
        """The rows of the table that are asked for.

        Parameters
        ----------
        name : str, optional
            Short name, standard name, or "discipline-category-number".
        level : number or numbers, optional
            Pa, m or number of the level, as ``vertical`` says.
        level_type : str, optional
            ecCodes' typeOfLevel: "isobaricInhPa".
        vertical : str, optional
            "pressure", "hybrid", "height above sea", "height above ground", "surface", "mean sea" or "other".
        time, reference : datetime-like, optional
            Valid time and start of the forecast, UTC.
        step : timedelta-like, or hours, optional
        member : int or ints, optional
        statistic : str, optional
            "instant", "accum", "avg", "max", "min" ...
        derived : str, optional
            What of an ensemble or a distribution: "" for values themselves, "mean", "spread", "percentile 90",
            "probability above 0.5", the limit in the variable's unit.
        """
        rows = self._entries
        if name is not None:
            parts = ["discipline", "category", "number"]
            numbers = rows[parts].astype(str).agg("-".join, axis=1).str.removeprefix("-1-")
            rows = rows[(rows["name"] == name) | (rows["standard_name"] == name) | (numbers == name)]
        texts = {"level_type": level_type, "vertical": vertical, "statistic": statistic, "derived": derived}
        for column, wanted in texts.items():
            if wanted is not None:
                rows = rows[rows[column] == wanted]
        for column, moment in (("time", time), ("reference_time", reference)):
            if moment is not None:
                rows = rows[rows[column] == np.datetime64(moment, "ns")]
        if step is not None:
            lead = pd.Timedelta(hours=step) if isinstance(step, int | float) else pd.Timedelta(step)
            rows = rows[rows["step"] == lead]
        if level is not None:
            near = np.isclose(rows["level"].to_numpy()[:, None], np.atleast_1d(level), rtol=1e-6, atol=0.0)
            rows = rows[near.any(axis=1)]
        if member is not None:
            rows = rows[rows["member"].isin(np.atleast_1d(member))]
        return rows

    def read(self, name: str, **chosen: Any) -> xr.DataArray:
        """Read the fields of one variable, as the file stores them, on their own grid.

        Parameters
        ----------
        name : str
        chosen
            As ``select`` takes them; what is left must be on one grid and of one kind of levels.

        Returns
        -------
        (member, time, level, y, x) float32 DataArray, without those dimensions that have one value only: y and x
        ascending, NaN where a bitmap leaves a value out. Several runs with several steps are (forecast_reference_time,
        lead_time). Fields on no regular grid are (..., point) with ``longitude`` and ``latitude``.

        Raises
        ------
        NoDataError : nothing is left; the text says what there is.
        ArgumentError : fields that do not fit together; the text says in what they differ.
        FormatError, UnsupportedError : a damaged message; a packing this build lacks.
        """
        rows = self._chosen(name, chosen)
        return self._joined(rows, [self._ask("read", index=i, shape=self._shape(rows))[1][0] for i in rows.index])

    def read_wind(self, u: str = "u", v: str = "v", **chosen: Any) -> xr.Dataset:
        """Read both components of the wind, towards true east and north, on their own grid.

        Returns
        -------
        Dataset of ``u`` and ``v``, each as ``read`` gives it.
        """
        rows, others = self._chosen(u, chosen), self._chosen(v, chosen)
        keys = ["level", "level_type", "time", "reference_time", "member", "derived"]
        pairs = rows.reset_index().merge(others.reset_index(), on=keys, suffixes=("", "_v"))
        if len(pairs) != len(rows):
            raise NoDataError(f"{v}: a field for each of the {len(rows)} of {u} expected, {len(pairs)} found")
        shape = self._shape(rows)
        both = [
            self._ask("wind", u=int(i), v=int(j), shape=shape)[1]
            for i, j in zip(pairs["index"], pairs["index_v"], strict=True)
        ]
        rows = rows.assign(along_grid=False)
        parts = {"u": self._joined(rows, [pair[0] for pair in both])}
        parts["v"] = self._joined(others.loc[pairs["index_v"]].assign(along_grid=False), [pair[1] for pair in both])
        return xr.Dataset(parts)

    def hybrid(self, **chosen: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """a (Pa) and b of the half levels, from the top: pressure is a + b times that of the surface."""
        rows = self.select(vertical="hybrid", **chosen)
        if rows.empty:
            raise NoDataError("no field on hybrid levels")
        a, b = self._ask("hybrid", index=int(rows.index[0]))[1]
        return a, b

    def on_grid(
        self,
        names: str | Sequence[str],
        grid: Grid,
        *,
        heights: Sequence[float] | npt.NDArray[Any] | None = None,
        times: Any = None,
        members: int | Sequence[int] | None = None,
        reference: Any = None,
        vertical: str | None = None,
        below: float | None = None,
        above: float | None = None,
        under_ground: bool = False,
        derived: str | None = None,
    ) -> xr.Dataset:
        """Variables on a grid, at heights above mean sea level, at given times, of each member.

        Parameters
        ----------
        names : str or several
            Short names: "u", "v", "t", "q", "pres" ...
        grid : Grid
        heights : numbers, optional
            Metres above mean sea level, increasing. None for variables of a single level: "2t", "prmsl", "10u".
        times : datetime-like or several, optional
            Valid times, UTC, between the first and the last of the run; all of the file's when omitted.
        members : int or several, optional
            All there are when omitted.
        reference : datetime-like, optional
            Start of the run; the latest that covers a time when omitted.
        vertical : str, optional
            The kind of levels to use, as ``select`` takes it; the one with most of them when omitted.
        below, above : float, optional
            Metres by which the value of the lowest and the highest level goes on beyond them; 0 when omitted.
        under_ground : bool
            Keep values below the model's ground.
        derived : str, optional
            As ``select`` takes it; when omitted values themselves, or their mean where there are none.

        Returns
        -------
        (member, time, z, y, x) Dataset, without member for what is of no ensemble, without z where heights is None.
        NaN beyond the levels and under the ground. Winds lie along the grid's axes.
        """
        wanted = [names] if isinstance(names, str) else list(names)
        rows = pd.concat([self._values(name, derived) for name in wanted])
        if rows.empty and "pres" not in wanted:
            raise NoDataError(f"{', '.join(wanted)}: {self._there()}")
        rows = self._entries if rows.empty else rows
        moments = np.unique(rows["time"]) if times is None else np.atleast_1d(np.asarray(times, "datetime64[ns]"))
        number = sorted(rows["member"].unique()) if members is None else [int(m) for m in np.atleast_1d(members)]
        z = None if heights is None else [float(height) for height in heights]
        chosen = {
            "vertical": None if vertical is None else _KINDS[vertical],
            "below_m": below,
            "above_m": above,
            "under_ground": int(under_ground),
            "derived": derived,
            "reference_ns": None if reference is None else _ns(reference),
        }
        shape = (len(number), len(moments), *(() if z is None else (len(z),)), grid.ny, grid.nx)
        cells = {name: np.empty(shape, dtype=np.float32) for name in wanted}
        for m, t in itertools.product(range(len(number)), range(len(moments))):
            arrays = self._ask(
                "interpolate",
                names=wanted,
                grid=dataclasses.asdict(grid),
                heights=z,
                time=_ns(moments[t]),
                member=int(number[m]),
                **chosen,
            )[1]
            for name, array in zip(wanted, arrays, strict=True):
                cells[name][m, t] = array
        dims = ("member", "time", *(() if z is None else ("z",)), "y", "x")
        coords: dict[str, Any] = {
            "member": ("member", number, {"standard_name": "realization"}),
            "time": ("time", moments, {"standard_name": "time", "long_name": "valid time (UTC)"}),
        }
        if z is not None:
            coords["z"] = ("z", z, {"standard_name": "altitude", "units": "m", "positive": "up", "axis": "Z"})
        data = xr.Dataset(
            {name: (dims, cells[name], self._attributes(name, grid, derived)) for name in wanted},
            coords=coords | grid.coords(),
        )
        return data.isel(member=0, drop=True) if number == [lib.NWC_MODEL_NO_MEMBER] else data

    def column(
        self,
        longitude: float,
        latitude: float,
        heights: Sequence[float] | npt.NDArray[Any],
        names: Sequence[str] = ("u", "v"),
        **chosen: Any,
    ) -> xr.Dataset:
        """Variables above one place, as a sounding would find them.

        Parameters
        ----------
        longitude, latitude : degrees
        heights : m above mean sea level, increasing
        names : short names
        chosen
            ``times``, ``members``, ``below`` and the others of ``on_grid``.

        Returns
        -------
        (member, time, height) Dataset, without member for what is of no ensemble; winds towards true east and north.
        """
        place = Grid("+proj=longlat +datum=WGS84", 1, 1, longitude, latitude, 0.01, 0.01)
        found = self.on_grid(names, place, heights=heights, **chosen)
        found = found.isel(y=0, x=0).drop_vars("crs").rename(z="height", x="longitude", y="latitude")
        for variable in found.values():
            del variable.attrs["grid_mapping"]
        return found

    def background(
        self, grid: Grid, time: Any, *, error: npt.ArrayLike | None = None, **options: Any
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """What the background of a retrieval is made of: u and v (z, y, x), and the bytes of its levels."""
        errors = None if error is None else np.broadcast_to(np.asarray(error, np.float64), len(grid.z)).tolist()
        if isinstance(options.get("vertical"), str):
            options["vertical"] = _KINDS[options["vertical"]]
        wrong = set(options) - {field for field, _ in ffi.typeof("nwc_background_model_options").fields}
        if wrong:
            raise ArgumentError(f"options: fields of nwc_background_model_options expected, {', '.join(wrong)} given")
        given = {"grid": dataclasses.asdict(grid), "time": _ns(time), "error": errors}
        u, v, levels = self._ask("background", **given, **options)[1]
        return u, v, levels

    # ---- parts of these ----

    def _there(self) -> str:
        return f"there are {', '.join(sorted(self._entries['name'].unique()))}"

    def _chosen(self, name: str, chosen: dict[str, Any]) -> pd.DataFrame:
        rows = self.select(name, **chosen)
        if rows.empty:
            named = self.select(name)
            there = self._there() if named.empty else f"there are\n{_brief(named)}"
            raise NoDataError(f"{name}: no such field; {there}")
        for column in ("grid", "level_type", "statistic", "derived"):
            found = rows[column].unique()
            if len(found) > 1:
                there = ", ".join(str(one) or '""' for one in found)
                raise ArgumentError(f"{name}: fields of one {column} expected, there are {there}")
        return rows

    def _shape(self, rows: pd.DataFrame) -> tuple[int, ...]:
        number = int(rows["grid"].iloc[0])
        if number < 0:
            return (int(rows["points"].iloc[0]),)
        return (self.grids[number].ny, self.grids[number].nx)

    def _joined(self, rows: pd.DataFrame, fields: list[npt.NDArray[Any]]) -> xr.DataArray:
        """Fields as one array with the dimensions in which they differ."""
        first = rows.iloc[0]
        axes: dict[str, str] = {"member": "member"}
        several = rows["reference_time"].nunique() > 1 and rows["step"].nunique() > 1
        if several:
            axes |= {"forecast_reference_time": "reference_time", "lead_time": "step"}
        else:
            axes |= {"time": "time"}
        axes["level"] = "level"
        values = {dim: np.unique(rows[column].to_numpy()) for dim, column in axes.items()}
        sizes = tuple(len(found) for found in values.values())
        if len(rows) != np.prod(sizes) or rows.duplicated(list(axes.values())).any():
            raise ArgumentError(
                f"{first['name']}: one field for each of "
                + " x ".join(f"{size} {dim}" for dim, size in zip(values, sizes, strict=True))
                + f" expected, there are {len(rows)}:\n{_brief(rows)}"
            )
        shape = self._shape(rows)
        cells = np.empty((*sizes, *shape), dtype=np.float32)
        for row, field in zip(rows.to_dict("records"), fields, strict=True):
            place = tuple(
                int(np.searchsorted(values[dim], np.asarray(row[column]).astype(values[dim].dtype)))
                for dim, column in axes.items()
            )
            cells[place] = field
        dims, coords = self._coords(rows, values, several)
        attributes = _named(first) | {"statistic": first["statistic"], "level_type": first["level_type"]}
        if first["derived"]:
            attributes["derived"] = first["derived"]
        if first["grid"] >= 0:
            attributes["grid_mapping"] = "crs"
        attributes["input_files"] = "\n".join(self.paths[file].name for file in rows["file"].unique())
        name = first["name"]
        data = xr.DataArray(cells, dims=(*values, *dims), coords=coords, attrs=attributes, name=name)
        single = {dim: 0 for dim, size in zip(values, sizes, strict=True) if size == 1}
        data = data.isel(single)
        gone = [dim for dim in ("member", "level") if dim in single and _is_none(values[dim][0])]
        return data.drop_vars(gone)

    def _coords(
        self, rows: pd.DataFrame, values: dict[str, Any], several: bool
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        first = rows.iloc[0]
        coords: dict[str, Any] = {
            "member": ("member", values["member"], {"standard_name": "realization"}),
            "level": ("level", values["level"], dict(_LEVELS.get(first["vertical"], {}))),
        }
        moment = {"standard_name": "time", "long_name": "valid time (UTC)"}
        start = {"standard_name": "forecast_reference_time"}
        lead = {"standard_name": "forecast_period"}
        if several:
            runs, leads = values["forecast_reference_time"], values["lead_time"]
            coords["forecast_reference_time"] = ("forecast_reference_time", runs, start)
            coords["lead_time"] = ("lead_time", leads, lead)
            coords["time"] = (("forecast_reference_time", "lead_time"), runs[:, None] + leads[None, :], moment)
        else:
            by_time = rows.drop_duplicates("time").sort_values("time")
            coords["time"] = ("time", values["time"], moment)
            coords["lead_time"] = ("time", by_time["step"].to_numpy(), lead)
            runs = by_time["reference_time"].to_numpy()
            one = rows["reference_time"].nunique() == 1
            coords["forecast_reference_time"] = ((), runs[0], start) if one else ("time", runs, start)
        if first["grid"] >= 0:
            return ("y", "x"), coords | self.grids[int(first["grid"])].coords()
        lon, lat = self._ask("lonlat", index=int(rows.index[0]), points=int(first["points"]))[1]
        coords["longitude"] = ("point", lon, {"standard_name": "longitude", "units": "degrees_east"})
        coords["latitude"] = ("point", lat, {"standard_name": "latitude", "units": "degrees_north"})
        return ("point",), coords

    def _values(self, name: str, derived: str | None) -> pd.DataFrame:
        """The rows that stand for a variable where nothing else is asked for."""
        rows = self._entries[self._entries["name"] == name]
        if derived is None:
            derived = "" if (rows["derived"] == "").any() else "mean"
        return rows[rows["derived"] == derived]

    def _attributes(self, name: str, grid: Grid, derived: str | None) -> dict[str, Any]:
        rows = self._values(name, derived)
        if rows.empty:  # had from the levels
            return {"units": "Pa", "standard_name": "air_pressure", "long_name": "pressure", "grid_mapping": "crs"}
        row = rows.iloc[0].copy()
        row["along_grid"] = not grid.is_latlon
        return _named(row) | {"grid_mapping": "crs"}


def _named(row: pd.Series) -> dict[str, Any]:
    """Units and names of CF; components of wind are called by where they lie."""
    standard = row["standard_name"]
    standard = _ALONG_GRID.get(standard, standard) if row["along_grid"] else standard
    found = {"units": row["units"], "long_name": row["long_name"], "standard_name": standard}
    return {key: value for key, value in found.items() if value}


def _is_none(value: Any) -> bool:
    """No level, or no member."""
    return bool(value == lib.NWC_MODEL_NO_MEMBER or value != value)


def _table(entries: Iterable[dict[str, Any]]) -> pd.DataFrame:
    rows = pd.DataFrame(list(entries))
    for column, source in (("reference_time", "reference_ns"), ("start_time", "start_ns"), ("time", "time_ns")):
        rows[column] = rows.pop(source).to_numpy(dtype="datetime64[ns]")
    rows["step"] = rows["time"] - rows["reference_time"]
    rows["vertical"] = rows["vertical"].map(_VERTICALS)
    rows["grid"] = rows["grid"].fillna(-1).astype(int)
    rows["along_grid"] = rows["along_grid"].astype(bool)
    order = ["name", "vertical", "level_type", "level", "level_2", "reference_time", "step", "time", "start_time"]
    order += ["statistic", "derived", "member", "units", "standard_name", "long_name", "grid", "grid_type", "points"]
    return rows[[*order, "along_grid", "edition", "centre", "discipline", "category", "number", "file", "offset"]]


def _brief(rows: pd.DataFrame) -> str:
    columns = ["name", "level_type", "level", "reference_time", "step", "member", "statistic", "derived"]
    return str(rows[columns].head(12).to_string(index=False))


def _ns(time: Any) -> int:
    return int(np.datetime64(time, "ns").astype(np.int64))


# ---- functions ----


def open(paths: PathLike | Sequence[PathLike], *, system: System | PathLike | None = None) -> Model:
    """List the fields of model files: GRIB 1 and 2, packed or not, and output of WRF.

    Parameters
    ----------
    paths : path, pattern, or several of them
        The files of one or several runs.
    system : System, or path of a TOML file, optional
        What the files call their variables, where that is not as ecCodes or WRF do.

    Raises
    ------
    ArgumentError : nothing matches.
    FileError, FormatError, UnsupportedError, NoDataError : as ``nowcast.io.layers``.
    """
    from nowcast.io import expand  # it itself writes by way of this package's other modules

    described = System() if system is None else system if isinstance(system, System) else System.load(system)
    return Model(list(expand(paths)), described)


def on_grid(
    paths: PathLike | Sequence[PathLike] | Model,
    names: str | Sequence[str],
    grid: Grid,
    *,
    system: System | PathLike | None = None,
    **chosen: Any,
) -> xr.Dataset:
    """Variables of model files on a grid: ``open`` and ``Model.on_grid`` in one."""
    if isinstance(paths, Model):
        return paths.on_grid(names, grid, **chosen)
    with open(paths, system=system) as model:
        return model.on_grid(names, grid, **chosen)


def is_model(head: bytes, size: int) -> bool:
    """Whether the first bytes of a file, of size bytes when unpacked, begin model fields in GRIB.

    Not those of MRMS (discipline 209) and not a single amount of precipitation of edition 1, which are composites.
    """
    at = head.find(b"GRIB", 0, 256)
    if at < 0 or len(head) < at + 20:
        return False
    if head[at + 7] == 2:
        return head[at + 6] != 209
    length = int.from_bytes(head[at + 4 : at + 7])
    return head[at + 7] == 1 and not (head[at + 16] == 61 and at + length >= size)


def describe(path: PathLike) -> dict[str, Any]:
    """What is in a file, as plain values: the variables with their levels, times and members, and the grids."""
    with Model([path], System()) as model:
        rows = model.table()
        variables = []
        kinds = ["name", "level_type", "statistic", "derived"]
        for (name, level_type, statistic, derived), group in rows.groupby(kinds, sort=False):
            levels = [None if level != level else float(level) for level in np.unique(group["level"])]
            variables.append(
                {
                    "name": name,
                    "long_name": group["long_name"].iloc[0],
                    "units": group["units"].iloc[0],
                    "level_type": level_type,
                    "vertical": group["vertical"].iloc[0],
                    "levels": [level for level in levels if level is not None],
                    "statistic": statistic,
                    "derived": derived,
                    "fields": len(group),
                }
            )
        seconds = "datetime64[s]"
        members = [int(m) for m in sorted(rows["member"].unique()) if m != lib.NWC_MODEL_NO_MEMBER]
        return {
            "path": str(path),
            "format": {0: "WRF", 1: "GRIB 1", 2: "GRIB 2"}[int(rows["edition"].iloc[0])],
            "messages": len(rows),
            "incomplete": model.incomplete,
            "reference_times": [f"{t}Z" for t in np.unique(rows["reference_time"]).astype(seconds)],
            "steps_h": [float(s / np.timedelta64(1, "h")) for s in np.unique(rows["step"])],
            "members": members,
            "variables": variables,
            "grids": [dataclasses.asdict(grid) for grid in model.grids],
        }
