"""Tracks of cells on a map."""

from typing import Any

import numpy as np

from nowcast import _draw
from nowcast.cells import Tracks
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

_PAST, _NOW, _AHEAD = "#1f2d3d", "#d9541e", "#0b5fa5"


def tracks(
    found: Tracks, grid: Grid | None = None, ax: Any = None, *, minutes: float = 30.0, least_seen: int = 2
) -> Any:
    """Draw the ways of cells: where they were, where they are at the last time, and where their velocity takes them.

    Parameters
    ----------
    found : Tracks
        As ``nowcast.cells.track`` gives them.
    grid : Grid, optional
        Of the fields, for a new map; with ``ax`` only if that is no map yet.
    ax : matplotlib Axes, optional
        A map ``field`` drew on the same grid.
    minutes : float
        How far ahead, 0 or more.
    least_seen : int
        Leave out what was seen less often.

    Returns
    -------
    The Axes.

    Raises
    ------
    ArgumentError : neither grid nor ax.
    UnsupportedError : matplotlib is not installed.
    """
    if ax is None and grid is None:
        raise ArgumentError("grid, ax: one of them expected, none given")
    if not minutes >= 0.0:
        raise ArgumentError(f"minutes: 0 or more expected, {minutes:g} given")
    if ax is None:
        assert grid is not None
        ax = _draw.base_map(grid, None, True, True)
        ax.set_title(_draw.bold("Tracks of cells"), loc="left", fontsize=10, color=_draw.INK)
    table = found.cells
    if not len(table):
        return ax
    last = table["time"].max()
    degrees = table.attrs.get("units", {}).get("x_mean") == "degree"
    for number, rows in table[table["seen"]].groupby("track"):
        if len(rows) < least_seen:
            continue
        ax.plot(rows["x"], rows["y"], color=_PAST, linewidth=1.4, zorder=6, solid_capstyle="round")
        now = rows.iloc[-1]
        if now["time"] != last:
            continue
        ax.plot(now["x"], now["y"], "o", color=_NOW, markersize=4.5, zorder=7)
        ax.annotate(
            str(number),
            (now["x"], now["y"]),
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=7.5,
            color=_NOW,
            zorder=7,
        )
        if np.isfinite(now["u"]) and minutes > 0.0:
            ahead = 60.0 * minutes * np.array([now["u"], now["v"]])
            if degrees:  # of a sphere of the Earth's size: a line on a map wants no more
                ahead /= 111_195.0 * np.array([np.cos(np.radians(now["y"])), 1.0])
            ax.plot(
                [now["x"], now["x"] + ahead[0]], [now["y"], now["y"] + ahead[1]],
                color=_AHEAD, linewidth=1.2, linestyle=(0, (3, 2)), zorder=6,
            )  # fmt: skip
    return ax
