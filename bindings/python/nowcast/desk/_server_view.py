"""What the desk shows of published cycles: which layers there are, their times, and the cells of each."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _netcdf
from nowcast.desk._apply import apply
from nowcast.desk._derived import follows
from nowcast.desk._edit import Edit
from nowcast.desk._server_image import OWN, colours
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid
from nowcast.ops import _publish

_EARLIER = np.timedelta64(2, "h")
"""How far back what was observed is shown."""

_SHOWN = (
    ("rain", "rain.nc", "precipitation_rate|rainfall_rate"),
    ("rain", "forecast.nc", "precipitation_rate|rainfall_rate"),
    ("reflectivity", "analysis.nc", "reflectivity"),
    ("probability", "forecast.nc", "probability_.*"),
    ("quantile", "forecast.nc", "quantile_.*"),
    ("total", "hours.nc", "precipitation_amount"),
    ("total_probability", "hours.nc", "probability_.*"),
    ("total_quantile", "hours.nc", "quantile_.*"),
    ("swath", "swaths.nc", ".*"),
    ("gust", "low_level.nc", "gust"),
    ("vil", "analysis.nc", "vil"),
    ("top", "analysis.nc", "top"),
    ("lowest", "analysis.nc", "lowest"),
    ("quality", "analysis.nc", "quality"),
)
"""Kind of layer, file, and the names of its variables; kinds of one name are one layer, earlier files first."""

_OBSERVED = ("rain.nc", "analysis.nc")


@dataclasses.dataclass(frozen=True)
class Shot:
    """A field of a layer: when it is of, and where it lies."""

    time: np.datetime64
    path: Path
    variable: str
    index: int | None
    ahead: bool
    """Whether it is forecast."""


@dataclasses.dataclass(frozen=True)
class Layer:
    """A quantity that can be shown at its times."""

    name: str
    """As ``rain``, ``probability_5``; that of an edit's layer."""
    kind: str
    units: str
    limit: float | None
    """Threshold or share that it is of."""
    shots: tuple[Shot, ...]

    def told(self) -> dict[str, Any]:
        """As JSON; times are in s since 1970."""
        times = [{"time": seconds(shot.time), "ahead": shot.ahead} for shot in self.shots]
        return {"kind": self.kind, "units": self.units, "limit": self.limit, "times": times, "edit": self.edited}

    @property
    def edited(self) -> str:
        """The name by which edits call it."""
        variable = self.shots[-1].variable
        return {"rain": "rain", "reflectivity": "dbz", "lowest": "dbz"}.get(self.kind, variable)

    def shot(self, when: float) -> Shot:
        """That of a time, s since 1970."""
        for one in self.shots:
            if abs(seconds(one.time) - when) < 0.5:
                return one
        raise NoDataError(f"{self.name}: nothing of {when:g} s since 1970")


def time_of(folder: Path) -> np.datetime64:
    """Of a cycle."""
    time = _publish.time_of(folder.name)
    assert time is not None  # folders come from those that were published
    return time


def seconds(time: np.datetime64) -> float:
    """Since 1970."""
    return float(time.astype("datetime64[ms]").astype(np.int64)) / 1e3


class Cycles:
    """The cycles in a folder. What one published stays as it is, so what is known of it is kept."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._layers: dict[str, dict[str, Layer]] = {}
        self._faults: dict[str, list[str]] = {}

    def names(self) -> list[str]:
        """Of the folders, latest first."""
        return [path.name for _, path in reversed(_publish.published(self._output))]

    def folder(self, name: str | None) -> Path:
        """Of a cycle by its name, the latest where it is None; a name is looked for among those that there are."""
        known = self.names()
        if not known:
            raise NoDataError("no cycle has been published yet")
        if name is not None and name not in known:
            raise NoDataError("no cycle of this name")
        return self._output / (name or known[0])

    def before(self, folder: Path) -> list[Path]:
        """The folders of the cycles that were seen with this one, itself last."""
        own = time_of(folder)
        return [path for when, path in _publish.published(self._output) if own - _EARLIER <= when <= own]

    def layers(self, folder: Path) -> dict[str, Layer]:
        """All layers of a cycle by name."""
        if folder.name not in self._layers:
            if len(self._layers) > 20:
                self.forget()
            self._layers[folder.name] = self._find(folder)
        return self._layers[folder.name]

    def faults(self, folder: Path) -> list[str]:
        """The files of a cycle that cannot be read, and why."""
        return self._faults.get(folder.name, [])

    def forget(self) -> None:
        """What is known of layers: files have gone meanwhile, as those of old cycles do."""
        self._layers.clear()
        self._faults.clear()

    def _find(self, folder: Path) -> dict[str, Layer]:
        found: dict[str, Layer] = {}
        for kind, file, pattern in _SHOWN:
            folders = self.before(folder) if file in _OBSERVED else [folder]
            for place in folders:
                try:
                    several = list(_of_file(kind, place / file, pattern))
                except (OSError, ValueError) as error:
                    told = f"{place.name}/{file}: {error}"
                    if told not in self._faults.setdefault(folder.name, []):
                        self._faults[folder.name].append(told)
                    continue
                for layer in several:
                    shots = (*found[layer.name].shots, *layer.shots) if layer.name in found else layer.shots
                    by_time = {shot.time: shot for shot in shots}
                    ordered = tuple(by_time[time] for time in sorted(by_time))
                    found[layer.name] = dataclasses.replace(found.get(layer.name, layer), shots=ordered)
        return found


def _of_file(kind: str, path: Path, pattern: str) -> Iterator[Layer]:
    """The layers of a file; none where there is no such file."""
    if not path.is_file():
        return
    with xr.open_dataset(path, decode_coords="all") as data:
        for name, field in data.data_vars.items():
            if not re.fullmatch(pattern, str(name)) or not {"y", "x"} <= set(field.dims):
                continue
            if set(field.dims) - {"time", "y", "x"}:
                continue
            times = np.atleast_1d(field["time"].values).astype("datetime64[ns]")
            ahead = path.name not in _OBSERVED
            start = time_of(path.parent)
            shots = tuple(
                Shot(time, path, str(name), k if "time" in field.dims else None, ahead and bool(time > start))
                for k, time in enumerate(times)
            )
            limit = field.attrs.get("limit", field.attrs.get("quantile"))
            own = kind if kind in ("rain", "total") else _name(kind, str(name))
            yield Layer(own, kind, str(field.attrs.get("units", "1")), None if limit is None else float(limit), shots)


def _name(kind: str, variable: str) -> str:
    """Of a layer: ``probability_1``, ``total_probability_1``, ``swath_hail``."""
    whole = kind.split("_")[0]
    return variable if variable.startswith(whole) else f"{whole}_{variable}"


def read(shot: Shot) -> xr.DataArray:
    """The (y, x) field of a shot."""
    field = _one(shot)
    return field if shot.index is None else field.isel(time=0)


def _one(shot: Shot) -> xr.DataArray:
    """The field of a shot with its time, if it has one."""
    with xr.open_dataset(shot.path, decode_coords="all") as data:
        field = data[shot.variable]
        return (field if shot.index is None else field.isel(time=[shot.index])).load()


def corrected(shot: Shot, edits: Sequence[Edit]) -> xr.DataArray:
    """The (y, x) field of a shot as edits have it; areas go along with the motion that its cycle found.

    Probabilities, quantiles and amounts follow from members that are not published: they are those that the cycle
    corrected, where it did, with what is said of themselves since.
    """
    published = shot.path.parent / "corrected" / shot.path.name
    field = _one(shot)
    if published.is_file() and follows(field):
        field = _one(dataclasses.replace(shot, path=published))
    acted = field.attrs.get("corrected_by", "").split()
    beside = shot.path.parent / "motion.nc"
    sources = {}
    if beside.is_file():
        with xr.open_dataset(beside, decode_coords="all") as data:
            sources["motion"] = data[["u", "v"]].load()
    left = [edit for edit in edits if edit.id not in acted]
    made = apply(field.to_dataset(name=shot.variable), left, sources=sources, at=shot.time)[shot.variable]
    return made if shot.index is None else made.isel(time=0)


def legend(layer: Layer) -> dict[str, Any]:
    """Steps and colours of a layer; even ones are from the least to the greatest of its last time."""
    if layer.units in OWN:
        return colours(layer.units, (0.0, 1.0))
    values = read(layer.shots[-1]).values
    known = values[np.isfinite(values)]
    return colours(layer.units, (float(known.min()), float(known.max())) if known.size else (0.0, 1.0))


def scores(folder: Path) -> list[dict[str, Any]]:
    """How forecasts did so far, as published and as corrected, by lead in minutes: mean absolute error, and hits."""
    rows: dict[float, dict[str, Any]] = {}
    for which, path in (("raw", folder / "scores.nc"), ("corrected", folder / "corrected" / "scores.nc")):
        if not path.is_file():
            continue
        table = _netcdf.read(path)
        for k, lead in enumerate(np.atleast_1d(table["lead_time"].values / np.timedelta64(1, "m"))):
            of_lead = table.isel(lead_time=k)
            middle = of_lead.sizes["threshold"] // 2
            row = rows.setdefault(float(lead), {"lead": float(lead), "threshold": float(table["threshold"][middle])})
            row[which] = {"mae": float(of_lead["mae"]), "csi": float(of_lead["csi"][middle])}
    return [rows[lead] for lead in sorted(rows)]


def number(given: dict[str, Any], name: str, low: float, high: float) -> float:
    """A number that a page sends, within a range."""
    try:
        value = float(given[name])
    except KeyError:
        raise ArgumentError(f"{name}: a number expected, none given") from None
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: a number expected") from None
    if not low <= value <= high:
        raise ArgumentError(f"{name}: {low:g} to {high:g} expected, {value:g} given")
    return value


def grid_of(shots: Sequence[Shot]) -> Grid:
    """That of a layer."""
    return Grid.of(read(shots[-1]))
