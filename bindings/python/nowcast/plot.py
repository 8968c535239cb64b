"""Figures: fields and motion on a map, animations, scores. Drawn with matplotlib, an optional package.

No-coverage (NaN) is light grey and no echo is white, so that *not observed* and *nothing there* stay apart to the eye.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _draw, _map
from nowcast._draw import field
from nowcast._files import replacing
from nowcast._plot_cells import tracks
from nowcast._plot_hazard import warnings
from nowcast._plot_radar import ppi, rhi, section, wind_profile
from nowcast._plot_wind import BARBS, hodograph, wind, wind_section, wind_time_height
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid, ascending

__all__ = [
    "BARBS",
    "animate",
    "field",
    "hodograph",
    "motion",
    "ppi",
    "rhi",
    "scores",
    "section",
    "side_by_side",
    "tracks",
    "warnings",
    "wind",
    "wind_profile",
    "wind_section",
    "wind_time_height",
]

_LINES = ("#0b5fa5", "#d9541e", "#2a9d4a", "#8a3fa0", "#7a7a7a", "#c9a000")


def motion(flow: xr.Dataset, ax: Any = None, *, every: int | None = None) -> Any:
    """Draw a motion field as arrows.

    Parameters
    ----------
    flow : Dataset of ``u`` and ``v``, m s-1 along x and y of its grid
        As ``nowcast.motion.estimate`` gives it. Where it is not known there is no arrow.
    ax : matplotlib Axes, optional
        A map ``field`` drew on the same grid; a new map when omitted.
    every : int, optional
        An arrow for each so many cells; about twenty along the longer side when omitted.

    Returns
    -------
    The Axes.
    """
    for name in ("u", "v"):
        if name not in flow or set(flow[name].dims) != {"y", "x"}:
            raise ArgumentError(f"flow: a variable {name} of dimensions (y, x) expected")
    if every is not None and every < 1:
        raise ArgumentError(f"every: at least 1 expected, {every} given")
    grid = Grid.of(flow)
    if ax is None:
        ax = _draw.base_map(grid, None, True, True)
        ax.set_title(_draw.bold("Motion of echoes"), loc="left", fontsize=10, color=_draw.INK)
    every = every or max(1, round(max(grid.nx, grid.ny) / 20))
    u, v = (ascending(flow, flow[name].transpose("y", "x").values) for name in ("u", "v"))
    # Arrows sit amid the cells they stand for. u and v run along the plane's own axes, which are the map's.
    j, i = (slice((n % every or every) // 2, None, every) for n in (grid.ny, grid.nx))
    u, v = u[j, i], v[j, i]
    known = np.isfinite(u) & np.isfinite(v)
    x, y = np.meshgrid(grid.x[i], grid.y[j])
    speed = np.hypot(u, v)[known]
    typical = float(np.percentile(speed, 90)) if speed.size else 0.0
    key = next(k for k in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0) if k >= min(typical, 200.0))
    west, east, _, _ = _map.box(grid)
    # The arrow of the key is as long as the distance between arrows; a single one gets a fifth of the map.
    length = min(1.1 * every * grid.dx, 0.2 * (east - west))
    arrows = ax.quiver(
        x[known],
        y[known],
        u[known],
        v[known],
        color="black",
        units="width",
        scale=key * (east - west) / length,
        scale_units="width",
        width=0.0022,
        headwidth=4.5,
        headlength=5.0,
        headaxislength=4.5,
        minlength=0.1,
        zorder=5,
    )
    ax.quiverkey(
        arrows, 0.84, 1.025, key, f"{key:g} m s⁻¹", labelpos="E", coordinates="axes", fontproperties={"size": 9}
    )
    return ax


def side_by_side(
    fields: Sequence[xr.DataArray],
    path: str | os.PathLike[str] | None = None,
    *,
    flow: xr.Dataset | None = None,
    colors: str | None = "cma",
    local_time: str | None = None,
) -> Any:
    """Draw fields of one quantity on one grid in a row with one scale, such as a forecast and what then happened.

    Parameters
    ----------
    fields : two or more (y, x) DataArrays
    path : path, optional
        Where to write the figure, whole or not at all; its suffix says the format (.png, .pdf, .svg).
    flow : Dataset of ``u`` and ``v``, optional
        Motion to be drawn on the first field.
    colors, local_time
        As in ``field``; without colours of steps each field would have a scale of its own, so None is refused.

    Returns
    -------
    The matplotlib Figure.
    """
    if len(fields) < 2 or any(Grid.of(one) != Grid.of(fields[0]) for one in fields):
        raise ArgumentError("fields: two or more on one grid expected")
    if any(one.attrs.get("units") != fields[0].attrs.get("units") for one in fields):
        raise ArgumentError("fields: the same units expected")
    _, _, ticks = _draw.colours(fields[0], colors)
    if ticks is None:
        raise ArgumentError("fields: a quantity of stepped colours expected: dBZ, mm h-1 or mm, and colours")
    from matplotlib.figure import Figure

    width, height = _draw.figure_size(Grid.of(fields[0]))
    figure = Figure(figsize=(0.56 * width * len(fields) + 0.8, 0.66 * height), layout="compressed", dpi=_draw.DPI)
    figure.get_layout_engine().set(wspace=0.03)  # type: ignore[union-attr, call-arg, unused-ignore]
    axes = figure.subplots(1, len(fields), sharey=True)
    for ax, one in zip(axes, fields, strict=True):
        field(one, ax, colors=colors, local_time=local_time, scale=False)
    axes[0].tick_params(labelleft=True)
    if flow is not None:
        motion(flow, axes[0])
    _draw.scale_bar(fields[0], axes[0], ticks, beside=list(axes))
    _draw.save(figure, path)
    return figure


def animate(
    da: xr.DataArray,
    path: str | os.PathLike[str],
    *,
    frame_seconds: float = 0.3,
    colors: str | None = "cma",
    local_time: str | None = None,
    coastlines: bool = True,
    borders: bool = True,
    dpi: float = 100,
) -> None:
    """Write a sequence as a moving map; the file appears whole or not at all.

    Parameters
    ----------
    da : (time, y, x) DataArray
    path : path ending in .gif or .mp4
    frame_seconds : float
        How long each field is shown; the last one stays twice as long.
    colors, local_time, coastlines, borders
        As in ``field``.
    dpi : float
        Pixels for each inch of a figure of about 7 x 6 inches.

    Raises
    ------
    UnsupportedError : another suffix; or .mp4 and no program ffmpeg; or matplotlib or Pillow is not installed.
    ArgumentError : no times, or frame_seconds not above 0.
    """
    _draw.pyplot()
    from matplotlib.figure import Figure

    if set(da.dims) != {"time", "y", "x"} or not da.sizes["time"]:
        raise ArgumentError(f"da: dimensions (time, y, x) and at least one time expected, {dict(da.sizes)} given")
    if not frame_seconds > 0.0:
        raise ArgumentError(f"frame_seconds: above 0 expected, {frame_seconds:g} given")
    da = da.transpose("time", "y", "x")
    writer = _writer(Path(path), frame_seconds)
    figure = Figure(figsize=_draw.figure_size(Grid.of(da)), layout="constrained", dpi=dpi)
    ax = field(
        da.isel(time=0), figure.add_subplot(), colors=colors, local_time=local_time,
        coastlines=coastlines, borders=borders,
    )  # fmt: skip
    _draw.settle(figure)
    figure.set_layout_engine("none")
    with replacing(path) as beside, writer.saving(figure, str(beside), dpi):
        for index in [*range(da.sizes["time"]), -1]:
            frame = da.isel(time=index)
            ax.images[0].set_data(_draw.shown(frame))
            ax.set_title(_draw.heading(frame, local_time), loc="left", fontsize=10, linespacing=1.35, color=_draw.INK)
            writer.grab_frame()


def scores(
    data: xr.Dataset | Mapping[str, xr.Dataset],
    path: str | os.PathLike[str] | None = None,
    *,
    threshold: float | None = None,
    window: int | None = None,
) -> Any:
    """Draw CSI, FSS and mean absolute error by lead time.

    Parameters
    ----------
    data : Dataset of ``nowcast.verify.score``, or several of them by name
    path : path, optional
        Where to write the figure, whole or not at all; its suffix says the format (.png, .pdf, .svg).
    threshold : float, optional
        One of the scores' own, of CSI and FSS; the one nearest to 1 when omitted.
    window : int, optional
        One of the scores' own, of FSS; the one nearest to 5 cells when omitted.

    Returns
    -------
    The matplotlib Figure.

    Raises
    ------
    ArgumentError : no scores, or scores without this threshold or window.
    UnsupportedError : matplotlib is not installed, or does not write files of this suffix.
    """
    named = {"": data} if isinstance(data, xr.Dataset) else dict(data)
    if not named:
        raise ArgumentError("data: at least one Dataset of scores expected, none given")
    _draw.pyplot()
    from matplotlib.figure import Figure

    first = next(iter(named.values()))
    threshold = _chosen(named, "threshold", threshold, 1.0)
    window = int(_chosen(named, "window", window, 5))
    units = first.attrs.get("field_units", "")
    units = _draw.UNITS.get(units, units)
    panels: tuple[tuple[str, dict[str, float], str, str], ...] = (
        ("csi", {"threshold": threshold}, f"CSI, ≥ {threshold:g} {units}", "1 is perfect"),
        (
            "fss",
            {"threshold": threshold, "window": window},
            f"FSS, ≥ {threshold:g} {units}, {window} x {window} cells",
            "1 is perfect",
        ),
        ("mae", {}, f"Mean absolute error, {units}", "0 is perfect"),
    )
    figure = Figure(figsize=(11.0, 3.7), layout="constrained", dpi=_draw.DPI)
    for ax, (name, where, label, hint) in zip(figure.subplots(1, 3), panels, strict=True):
        for number, (forecast, one) in enumerate(named.items()):
            minutes = np.atleast_1d(one["lead_time"].values / np.timedelta64(1, "m"))
            values = np.atleast_1d(one[name].sel(where).values)
            marks = {"color": _LINES[number % len(_LINES)], "marker": "os^Dvx"[number % 6], "markersize": 4.5}
            ax.plot(minutes, values, label=forecast, linewidth=1.8, **marks)
        ax.set_title(label, loc="left", fontsize=10.5, color=_draw.INK)
        ax.set_xlabel(f"lead time, min ({hint})", fontsize=9)
        ax.set_ylim(0.0, 1.0 if name != "mae" else None)
        ax.set_xlim(left=0.0)
        ax.grid(color="#e4e4e4", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=9, length=3)
        ax.spines[["top", "right"]].set_visible(False)
    if "" not in named:
        figure.legend(
            *figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(named), frameon=False
        )
    _draw.save(figure, path)
    return figure


def _writer(path: Path, frame_seconds: float) -> Any:
    """What makes frames a file of the kind its name says."""
    from matplotlib import animation

    if path.suffix == ".gif":
        return animation.PillowWriter(fps=1.0 / frame_seconds)  # type: ignore[arg-type, unused-ignore]
    if path.suffix != ".mp4":
        raise UnsupportedError(f"{path}: a name ending in .gif or .mp4 expected")
    if not animation.FFMpegWriter.isAvailable():
        raise UnsupportedError(f"{path}: mp4 is written by the program ffmpeg, which is not installed; .gif needs none")
    return animation.FFMpegWriter(fps=1.0 / frame_seconds, codec="h264")  # type: ignore[arg-type, unused-ignore]


def _chosen(named: Mapping[str, xr.Dataset], coordinate: str, wanted: float | None, usual: float) -> float:
    """The threshold or window all scores have: the one asked for, or that nearest to the usual."""
    common = [
        v
        for v in next(iter(named.values()))[coordinate].values
        if all(v in d[coordinate].values for d in named.values())
    ]
    if wanted is None and common:
        return float(min(common, key=lambda v: abs(v - usual)))
    if wanted is None or wanted not in common:
        there = ", ".join(f"{v:g}" for v in common) or "none in common"
        raise ArgumentError(f"{coordinate}: one of the scores' own expected, {there}; {wanted} given")
    return float(wanted)
