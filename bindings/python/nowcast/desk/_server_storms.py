"""Cells with their tracks and cones, warnings and winds, as a page draws them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import wind
from nowcast.desk._edit import Edit
from nowcast.desk._features import apply_features
from nowcast.grid import Grid, ascending

_WINDS = (("motion", "motion.nc"), ("wind", "low_level.nc"))
_ARROWS = 20  # along the longer side


def storms(folders: list[Path], edits: Sequence[Edit], time: np.datetime64) -> dict[str, Any]:
    """Cells of the last cycle, where they were in those before, where they go, and warnings, as edits have them."""
    ways: dict[str, list[list[float]]] = {}
    for folder in folders:
        latest = {}
        for cell in features(folder / "cells.geojson"):
            told = cell["properties"]
            if told.get("track") and told.get("longitude") is not None:
                latest[str(told["track"])] = [told["longitude"], told["latitude"]]
        for track, place in latest.items():
            ways.setdefault(track, []).append(place)
    now, drawn = folders[-1], [edit for edit in edits if edit.kind != "cell_draw"]
    made = {
        "cells": _corrected(now / "cells.geojson", edits, time),
        "ahead": _corrected(now / "storms.geojson", drawn, time),
        "warnings": _corrected(now / "warnings" / "warnings.geojson", edits, time),
    }
    left = {str(cell["properties"].get("track")) for cell in made["cells"]}
    return made | {"ways": {track: way for track, way in ways.items() if track in left}}


def _corrected(path: Path, edits: Sequence[Edit], time: np.datetime64) -> list[dict[str, Any]]:
    kind = "warning_" if path.parent.name == "warnings" else "cell_"
    given = {"type": "FeatureCollection", "features": features(path)}
    made = apply_features(given, [edit for edit in edits if edit.kind.startswith(kind)], time)
    found: list[dict[str, Any]] = made["features"]
    return found


def features(path: Path) -> list[dict[str, Any]]:
    """Those of a GeoJSON file; none where it is not there."""
    if not path.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return found


def winds(folder: Path) -> dict[str, Any]:
    """Arrows of each wind there is: longitude, latitude, eastward and northward m s-1."""
    found = {}
    for name, file in _WINDS:
        if (folder / file).is_file():
            with xr.open_dataset(folder / file, decode_coords="all") as data:
                found[name] = arrows(data)
    return found


def arrows(data: xr.Dataset) -> list[list[float]]:
    """A wind thinned to what an eye can take, towards true east and north."""
    flat = data[["u", "v"]].load()
    for dim in [d for d in flat.dims if d not in ("y", "x")]:
        flat = flat.isel({dim: 0})
    grid = Grid.of(flat["u"])
    turned = wind.to_true(flat)
    every = max(1, max(grid.nx, grid.ny) // _ARROWS)
    pick = (slice(every // 2, None, every),) * 2
    lon, lat = grid.lonlat()
    parts = [ascending(flat, turned[name].values) for name in ("eastward_wind", "northward_wind")]
    columns = [np.asarray(part)[pick].ravel() for part in (lon, lat, *parts)]
    known = np.isfinite(np.stack(columns)).all(axis=0)
    rows: list[list[float]] = np.round(np.stack(columns, axis=1)[known].astype(np.float64), 5).tolist()
    return rows
