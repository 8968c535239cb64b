"""Cells and warnings as GeoJSON features, corrected by edits."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from nowcast.desk import _area, _values
from nowcast.desk._edit import Edit, check
from nowcast.errors import ArgumentError

Feature = dict[str, Any]


def apply_features(
    collection: Mapping[str, Any] | str, edits: Iterable[Mapping[str, Any] | Edit], at: Any
) -> dict[str, Any]:
    """Cells or warnings as edits have them, in the order of the edits.

    ``cell_draw`` adds a cell, whose property ``track`` is minus its number among those drawn; ``cell_move``,
    ``cell_class`` and ``cell_cancel`` act on the rows of a ``track``; ``warning_accept``, ``warning_edit`` and
    ``warning_cancel`` on the feature of a ``warning``. A cell or warning that is there no more is left alone.

    Parameters
    ----------
    collection : FeatureCollection, as a mapping or text
        What ``Tracks.geojson`` or ``Warnings.geojson`` give; unchanged.
    edits : iterable of Edit or what ``check`` takes
        Those for fields do nothing here.
    at : time
        UTC: edits that are not valid then do nothing.

    Returns
    -------
    FeatureCollection. What was corrected has the ids of the edits in its property ``corrected_by``; the member
    ``corrections`` lists those that acted.

    Raises
    ------
    ArgumentError : an edit is wrong, or no collection of features.
    """
    given = json.loads(collection) if isinstance(collection, str) else collection
    if not isinstance(given, Mapping) or not isinstance(given.get("features"), list):
        raise ArgumentError("collection: a FeatureCollection expected")
    features = [dict(one, properties=dict(one.get("properties") or {})) for one in given["features"]]
    acted, time, drawn = [], np.datetime64(at, "ns"), 0
    for edit in map(check, edits):
        if edit.kind not in _values.TABLES or edit.strength(time) == 0.0:
            continue
        if edit.kind == "cell_draw":
            drawn += 1
            features.append(_drawn(edit, drawn, time))
        hit = edit.kind == "cell_draw"
        for feature in list(features):
            if edit.kind != "cell_draw" and _meant(edit, feature):
                hit = True
                if edit.kind in ("cell_cancel", "warning_cancel"):
                    features.remove(feature)
                else:
                    _DONE[edit.kind](edit, feature)
                    _sign(edit, feature)
        if hit:
            acted.append(edit.id)
    return {**given, "features": features, "corrections": acted}


def _meant(edit: Edit, feature: Feature) -> bool:
    """Whether an edit acts on a feature."""
    name = "track" if edit.kind.startswith("cell") else "warning"
    return name in feature["properties"] and str(feature["properties"][name]) == str(getattr(edit.values, name))


def _drawn(edit: Edit, number: int, time: np.datetime64) -> Feature:
    assert edit.area is not None
    longitude, latitude = _area.middle_of(edit.area)
    values = edit.values
    told = {"class": values.cls, "eastward": values.eastward, "northward": values.northward}
    properties = {"time": f"{time.astype('datetime64[s]')}Z", "track": -number, "seen": True}
    properties |= {"longitude": longitude, "latitude": latitude} | {k: v for k, v in told.items() if v is not None}
    feature = {"type": "Feature", "geometry": edit.area, "properties": properties}
    _sign(edit, feature)
    return feature


def _sign(edit: Edit, feature: Feature) -> None:
    before = feature["properties"].get("corrected_by", "")
    feature["properties"]["corrected_by"] = f"{before} {edit.id}".strip()


def _move(edit: Edit, feature: Feature) -> None:
    way = edit.values.east_km, edit.values.north_km
    if feature.get("geometry"):
        feature["geometry"] = _area.moved(feature["geometry"], *way)
    properties = feature["properties"]
    if properties.get("longitude") is not None and properties.get("latitude") is not None:
        point = {"type": "Point", "coordinates": [properties["longitude"], properties["latitude"]]}
        properties["longitude"], properties["latitude"] = _area.moved(point, *way)["coordinates"]


def _class(edit: Edit, feature: Feature) -> None:
    feature["properties"]["class"] = edit.values.cls


def _accept(edit: Edit, feature: Feature) -> None:
    feature["properties"] |= {"status": "approved", "approved_by": edit.author}


def _reword(edit: Edit, feature: Feature) -> None:
    feature["properties"] |= edit.values.model_dump(exclude={"warning"}, exclude_none=True)


_DONE: dict[str, Callable[[Edit, Feature], None]] = {
    "cell_move": _move,
    "cell_class": _class,
    "warning_accept": _accept,
    "warning_edit": _reword,
}
