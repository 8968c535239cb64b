"""Warnings on a map."""

import json
from typing import Any

from nowcast import _draw
from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.hazard import Areas, Warnings

_COLOURS = ("#2b6cc4", "#f2c811", "#f08a24", "#cc2222")


def warnings(found: Warnings | Areas, grid: Grid | None = None, ax: Any = None, *, levels: int = 4) -> Any:
    """Draw active warnings, or areas: their rings or places, in the colours of their levels, with their numbers.

    Parameters
    ----------
    found : Warnings or Areas
        Of the latest call of their ``Warner``.
    grid : Grid, optional
        Of the fields, for a new map; with ``ax`` it says where degrees are on it.
    ax : matplotlib Axes, optional
        A map ``field`` drew on this grid.
    levels : int
        How many there are: the highest is red, the next orange, yellow, blue.

    Returns
    -------
    The Axes.

    Raises
    ------
    ArgumentError : no grid.
    UnsupportedError : matplotlib is not installed.
    """
    if grid is None:
        raise ArgumentError("grid: that of the fields expected, none given")
    if levels < 1:
        raise ArgumentError(f"levels: 1 or more expected, {levels} given")
    if ax is None:
        ax = _draw.base_map(grid, None, True, True)
        ax.set_title(
            _draw.bold("Warnings, automatic guidance" if isinstance(found, Warnings) else "Hazard areas"),
            loc="left", fontsize=10, color=_draw.INK,
        )  # fmt: skip
    for feature in json.loads(found.geojson())["features"]:
        known, geometry = feature["properties"], feature["geometry"]
        colour = _COLOURS[max(0, min(3, 3 - (levels - known["level"])))]
        if geometry["type"] == "Point":
            x, y = grid.from_lonlat(*([value] for value in geometry["coordinates"][:2]))
            ax.plot(x, y, "o", color=colour, markeredgecolor=_draw.INK, markersize=8, zorder=7)
            continue
        areas = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        for rings in areas:
            x, y = grid.from_lonlat([point[0] for point in rings[0]], [point[1] for point in rings[0]])
            ax.fill(x, y, facecolor=colour, alpha=0.25, zorder=5)
            ax.plot(x, y, color=colour, linewidth=1.8, zorder=6)
        label = f"{known.get('warning', '')} {known['hazard']}".strip()
        ax.annotate(label, (x[0], y[0]), fontsize=7.5, color=_draw.INK, zorder=7)
    return ax
