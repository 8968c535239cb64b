"""What a page of the desk may ask for, and what it is answered."""

import datetime
import functools
import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _map
from nowcast.desk import _server_place, _server_storms, _server_view
from nowcast.desk._edit import KINDS, Edit, check
from nowcast.desk._log import Log
from nowcast.desk._server_image import frame, packed
from nowcast.desk._server_view import Cycles, Layer, Shot, number, seconds
from nowcast.errors import ArgumentError, FileError, FormatError, NoDataError
from nowcast.grid import Grid
from nowcast.ops import _publish

_KEPT_BYTES = 96_000_000  # of pictures


class RefusedError(Exception):
    """A request that is not answered, with the status that says so."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Api:
    """The answers, one at a time: netCDF libraries want it so."""

    def __init__(self, output: Path, log: Path, suggestions: Path | None) -> None:
        self._cycles = Cycles(output)
        self._log, self._suggested = Log(log), suggestions
        self._log.history()  # one that cannot be read is told at once
        self._busy = threading.Lock()
        self._pictures: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "/api/cycles"): lambda given: {"cycles": self._cycles.names()[:1]},
            ("GET", "/api/cycle"): self._cycle,
            ("GET", "/api/field"): self._field,
            ("GET", "/api/storms"): self._storms,
            ("GET", "/api/winds"): self._winds,
            ("GET", "/api/point"): self._point,
            ("GET", "/api/section"): self._section,
            ("GET", "/api/scores"): lambda given: {"rows": _server_view.scores(self._folder(given))},
            ("GET", "/api/edits"): self._edits,
            ("GET", "/api/suggestions"): self._suggestions,
            ("POST", "/api/edits"): self._append,
            ("POST", "/api/undo"): functools.partial(self._turn, "undo"),
            ("POST", "/api/redo"): functools.partial(self._turn, "redo"),
        }

    def answer(self, verb: str, path: str, given: dict[str, Any]) -> tuple[str, bytes]:
        """Kind and bytes.

        Raises
        ------
        RefusedError : nothing is answered there.
        NowcastError : what was given makes no sense, or there is nothing of it.
        """
        with self._busy:
            route = self._routes.get((verb, path))
            if route is None:
                known = {place for _, place in self._routes}
                status = HTTPStatus.METHOD_NOT_ALLOWED if path in known else HTTPStatus.NOT_FOUND
                raise RefusedError(status, "nothing here")
            try:
                made = route(given)
            except NoDataError as error:
                raise RefusedError(HTTPStatus.NOT_FOUND, str(error)) from None
            except FileError:
                raise
            except OSError as error:
                self._cycles.forget()
                raise RefusedError(HTTPStatus.GONE, str(error)) from None
            return ("packed", made) if isinstance(made, bytes) else ("json", json.dumps(_plain(made)).encode())

    # ---- what is published ----

    def _folder(self, given: dict[str, Any]) -> Path:
        return self._cycles.folder(given.get("cycle"))

    def _layer(self, given: dict[str, Any]) -> Layer:
        layers = self._cycles.layers(self._folder(given))
        if given.get("layer") not in layers:
            raise NoDataError("no such layer in this cycle")
        return layers[given["layer"]]

    def _cycle(self, given: dict[str, Any]) -> dict[str, Any]:
        folder = self._folder(given)
        manifest = _publish.read_manifest(folder)
        layers = self._cycles.layers(folder)
        if not layers:
            raise NoDataError(f"{folder.name}: no fields in this cycle")
        grid = _server_view.grid_of(next(iter(layers.values())).shots)
        place = frame(grid)
        told = {name: layer.told() | _server_view.legend(layer) for name, layer in layers.items()}
        return {
            "cycles": self._cycles.names()[:200],
            "cycle": folder.name,
            "time": seconds(_server_view.time_of(folder)),
            "degraded": [*manifest["degraded"], *self._cycles.faults(folder)],
            "layers": told,
            "corners": place.corners,
            "lines": {name: _lines(grid, name) for name in ("coasts", "borders")},
            "edge": _edge(grid),
        }

    def _field(self, given: dict[str, Any]) -> bytes:
        shot = self._layer(given).shot(number(given, "time", -1e11, 1e11))
        edits = self._active() if given.get("which") == "corrected" else ()
        key = (str(shot.path), shot.variable, shot.index, *(edit.id for edit in edits))
        if key not in self._pictures:
            self._pictures[key] = packed(self._read(shot, edits))
            while sum(map(len, self._pictures.values())) > _KEPT_BYTES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(key)
        return self._pictures[key]

    def _read(self, shot: Shot, edits: Any) -> xr.DataArray:
        """The field of a shot, corrected by edits."""
        return _server_view.corrected(shot, edits) if edits else _server_view.read(shot)

    def _active(self) -> tuple[Edit, ...]:
        return tuple(self._log.active())

    def _storms(self, given: dict[str, Any]) -> dict[str, Any]:
        folder = self._folder(given)
        return _server_storms.storms(self._cycles.before(folder), self._active(), _server_view.time_of(folder))

    def _winds(self, given: dict[str, Any]) -> dict[str, Any]:
        return _server_storms.winds(self._folder(given))

    def _point(self, given: dict[str, Any]) -> dict[str, Any]:
        layer, place = self._layer(given), _server_place.place_of(given, "")
        edits = self._active()
        rows = [
            [seconds(shot.time), *_server_place.at([self._read(shot, some) for some in ((), edits)], place)]
            for shot in layer.shots
        ]
        return {"layer": layer.name, "units": layer.units, "place": place, "rows": rows}

    def _section(self, given: dict[str, Any]) -> dict[str, Any]:
        layer = self._layer(given)
        shot = layer.shot(number(given, "time", -1e11, 1e11))
        ends = (_server_place.place_of(given, "1"), _server_place.place_of(given, "2"))
        fields = [self._read(shot, edits) for edits in ((), self._active())]
        made = _server_place.along(fields, ends)
        return made | {"layer": layer.name, "units": layer.units} | _server_place.aloft(self._folder(given), ends)

    # ---- edits ----

    def _edits(self, given: dict[str, Any]) -> dict[str, Any]:
        standing = {edit.id for edit in self._log.active()}
        entries = [entry.plain for entry in self._log.history()]
        return {"entries": entries, "active": sorted(standing), "kinds": list(KINDS)}

    def _suggestions(self, given: dict[str, Any]) -> dict[str, Any]:
        """Those of the file that nobody has taken."""
        if self._suggested is None or not self._suggested.is_file():
            return {"edits": []}
        said = json.loads(self._suggested.read_text(encoding="utf-8"))
        if not isinstance(said, list):
            raise FormatError(f"{self._suggested}: a list of edits expected")
        taken = self._log.edits()
        return {"edits": [edit.plain for edit in map(check, said) if edit.id not in taken]}

    def _append(self, given: dict[str, Any]) -> dict[str, Any]:
        told = {"id": uuid.uuid4().hex, "time": _now(), **given}
        return {"edit": self._log.append(told).plain}

    def _turn(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        """Undo or redo the edit that is named, or the last one that can be."""
        id = given.get("id")
        if id is None:
            standing = {edit.id for edit in self._log.active()}
            said = [entry.id for entry in self._log.history() if (entry.id in standing) == (action == "undo")]
            if not said:
                raise NoDataError(f"nothing to {action}")
            id = said[-1]
        if not all(isinstance(one, str) for one in (id, given.get("author"), given.get("reason", ""))):
            raise ArgumentError("id, author, reason: texts expected")
        turn = self._log.undo if action == "undo" else self._log.redo
        turn(id, author=given["author"], reason=given.get("reason", ""), time=_now())
        return {"id": id}


def _now() -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plain(made: Any) -> Any:
    """As JSON has it: what is not a number becomes null."""
    if isinstance(made, dict):
        return {str(name): _plain(value) for name, value in made.items()}
    if isinstance(made, list | tuple):
        return [_plain(value) for value in made]
    if isinstance(made, float | np.floating):
        return float(made) if np.isfinite(made) else None
    return made


def _lines(grid: Grid, name: str) -> list[list[list[float]]]:
    """Coasts or borders near a grid, as lines of [latitude, longitude]."""
    lon, lat = grid.to_lonlat(*_map.carried(_wider(grid), name))
    breaks = np.flatnonzero(~np.isfinite(lon))
    parts = np.split(np.stack([lat, lon], axis=1), breaks)
    return [np.round(part[np.isfinite(part).all(axis=1)], 4).tolist() for part in parts if len(part) > 2]


def _wider(grid: Grid) -> Grid:
    """The grid with half of itself around it."""
    nx, ny = 2 * grid.nx, 2 * grid.ny
    x, y = grid.x_first - 0.5 * grid.nx * grid.dx, grid.y_first - 0.5 * grid.ny * grid.dy
    if grid.is_latlon:
        return grid
    return Grid(grid.projection, nx, ny, x, y, grid.dx, grid.dy)


def _edge(grid: Grid) -> list[list[float]]:
    """The outer edge of a grid as [latitude, longitude]."""
    west, east, south, north = _map.box(grid)
    x, y = np.linspace(west, east, 33), np.linspace(south, north, 33)
    same = np.ones(33)
    lon, lat = grid.to_lonlat(
        np.concatenate([x, east * same, x[::-1], west * same]),
        np.concatenate([south * same, y, north * same, y[::-1]]),
    )
    known = np.isfinite(lon) & np.isfinite(lat)
    made: list[list[float]] = np.round(np.stack([lat, lon], axis=1)[known], 5).tolist()
    return made
