"""Figures: fields and motion on a map, animations, scores. Drawn with matplotlib, an optional package.

No-coverage (NaN) is light grey and no echo is white, so that *not observed* and *nothing there* stay apart to the eye.
"""

import os
import zoneinfo
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _map
from nowcast._files import replacing
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid, ascending

__all__ = ["animate", "field", "motion", "scores", "side_by_side"]

# Reflectivity colours by the lower end of their 5 dBZ: the mosaics of the China Meteorological Administration, and the
# radar displays of the National Weather Service of the United States.
_REFLECTIVITY = {
    "cma": (
        10.0,
        "01a0f6 00ecec 00d800 019000 ffff00 e7c000 ff9000 ff0000 d60000 c00000 ff00f0 9600b4 ad90f0",
    ),
    "nws": (
        5.0,
        "00ecec 01a0f6 0000f6 00ff00 00c800 009000 ffff00 e7c000 ff9000 ff0000 d60000 c00000 ff00ff 9955c9 fdfdfd",
    ),
}
_RAIN_STEPS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_RAIN = "c3e6f6 83c6ec 409cdc 1d60be 2aa84a f5e13c f79a1f e0261b a0128f"
_PIXELS, _DPI = 1500, 110
_UNKNOWN, _COAST, _BORDER, _NET, _INK = "#d9d9d9", "#333333", "#777777", "#b0b0b0", "#1f2d3d"
_UNITS = {"mm h-1": "mm h⁻¹", "m s-1": "m s⁻¹"}
_LINES = ("#0b5fa5", "#d9541e", "#2a9d4a", "#8a3fa0", "#7a7a7a", "#c9a000")


def field(
    da: xr.DataArray,
    ax: Any = None,
    *,
    colors: str | None = "cma",
    local_time: str | None = None,
    coastlines: bool = True,
    borders: bool = True,
    scale: bool = True,
) -> Any:
    """Draw one field on a map in its own projection.

    Parameters
    ----------
    da : (y, x) DataArray
        With the coordinates ``nowcast.open`` gives it; dimensions of one element are dropped.
    ax : matplotlib Axes, optional
        Where to draw; a new figure when omitted.
    colors : "cma", "nws" or None
        Reflectivity colours of the China Meteorological Administration or of the US National Weather Service. Rain has
        steps of its own with either. None gives an even scale from dark to light, as other quantities have.
    local_time : str, optional
        A time zone such as "Asia/Shanghai", to be named beside UTC.
    coastlines, borders : bool
        Whether to draw them: Natural Earth, 1:50 million, carried in the package.
    scale : bool
        Whether to draw the scale of colours.

    Returns
    -------
    The Axes.

    Raises
    ------
    UnsupportedError : matplotlib is not installed.
    ArgumentError : not one field on a grid, unknown colours or time zone.
    """
    da = _one_field(da)
    grid = Grid.of(da)
    title = _title(da, local_time)
    cmap, norm, ticks = _colours(da, colors)
    ax = _base_map(grid, ax, coastlines, borders)
    ax.imshow(
        _shown(da),
        origin="lower",
        extent=_map.box(grid),
        cmap=cmap,
        norm=norm,
        aspect=ax.get_aspect(),
        interpolation="nearest",
        zorder=1,
    )
    if scale:
        _scale(da, ax, ticks)
    ax.set_title(title, loc="left", fontsize=10, linespacing=1.35, color=_INK)
    return ax


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
        ax = _base_map(grid, None, True, True)
        ax.set_title(_bold("Motion of echoes"), loc="left", fontsize=10, color=_INK)
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
    _, _, ticks = _colours(fields[0], colors)
    if ticks is None:
        raise ArgumentError("fields: a quantity of stepped colours expected: dBZ, mm h-1 or mm, and colours")
    from matplotlib.figure import Figure

    width, height = _figure_size(Grid.of(fields[0]))
    figure = Figure(figsize=(0.56 * width * len(fields) + 0.8, 0.66 * height), layout="compressed", dpi=_DPI)
    figure.get_layout_engine().set(wspace=0.03)  # type: ignore[union-attr, call-arg, unused-ignore]
    axes = figure.subplots(1, len(fields), sharey=True)
    for ax, one in zip(axes, fields, strict=True):
        field(one, ax, colors=colors, local_time=local_time, scale=False)
    axes[0].tick_params(labelleft=True)
    if flow is not None:
        motion(flow, axes[0])
    _scale(fields[0], axes[0], ticks, beside=list(axes))
    _save(figure, path)
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
    _pyplot()
    from matplotlib.figure import Figure

    if set(da.dims) != {"time", "y", "x"} or not da.sizes["time"]:
        raise ArgumentError(f"da: dimensions (time, y, x) and at least one time expected, {dict(da.sizes)} given")
    if not frame_seconds > 0.0:
        raise ArgumentError(f"frame_seconds: above 0 expected, {frame_seconds:g} given")
    da = da.transpose("time", "y", "x")
    writer = _writer(Path(path), frame_seconds)
    figure = Figure(figsize=_figure_size(Grid.of(da)), layout="constrained", dpi=dpi)
    ax = field(
        da.isel(time=0), figure.add_subplot(), colors=colors, local_time=local_time,
        coastlines=coastlines, borders=borders,
    )  # fmt: skip
    _settle(figure)
    figure.set_layout_engine("none")
    with replacing(path) as beside, writer.saving(figure, str(beside), dpi):
        for index in [*range(da.sizes["time"]), -1]:
            frame = da.isel(time=index)
            ax.images[0].set_data(_shown(frame))
            ax.set_title(_title(frame, local_time), loc="left", fontsize=10, linespacing=1.35, color=_INK)
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
    _pyplot()
    from matplotlib.figure import Figure

    first = next(iter(named.values()))
    threshold = _chosen(named, "threshold", threshold, 1.0)
    window = int(_chosen(named, "window", window, 5))
    units = first.attrs.get("field_units", "")
    units = _UNITS.get(units, units)
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
    figure = Figure(figsize=(11.0, 3.7), layout="constrained", dpi=_DPI)
    for ax, (name, where, label, hint) in zip(figure.subplots(1, 3), panels, strict=True):
        for number, (forecast, one) in enumerate(named.items()):
            minutes = np.atleast_1d(one["lead_time"].values / np.timedelta64(1, "m"))
            values = np.atleast_1d(one[name].sel(where).values)
            marks = {"color": _LINES[number % len(_LINES)], "marker": "os^Dvx"[number % 6], "markersize": 4.5}
            ax.plot(minutes, values, label=forecast, linewidth=1.8, **marks)
        ax.set_title(label, loc="left", fontsize=10.5, color=_INK)
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
    _save(figure, path)
    return figure


# ---- what is drawn with ----


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise UnsupportedError("figures are drawn with matplotlib: pip install 'libnowcast[plot]'") from None
    return plt


def _save(figure: Any, path: str | os.PathLike[str] | None) -> None:
    """Write a figure where a path is given."""
    if path is None:
        return
    kinds = figure.canvas.get_supported_filetypes()
    if Path(path).suffix[1:] not in kinds:
        raise UnsupportedError(f"{path}: a name ending in one of {', '.join(sorted(kinds))} expected")
    _settle(figure)
    with replacing(path) as beside:
        figure.savefig(beside)


def _settle(figure: Any) -> None:
    """Lay a figure out: what a layout gives room to is measured as the draw before left it, so it takes two."""
    for _ in range(2):
        figure.draw_without_rendering()


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


def _colours(da: xr.DataArray, colors: str | None) -> tuple[Any, Any, Any]:
    """Colour map, norm, and the numbers at the scale (None: chosen by matplotlib)."""
    _pyplot()
    from matplotlib import colors as mcolors

    if colors is not None and colors not in _REFLECTIVITY:
        raise ArgumentError(f'colors: "cma", "nws" or None expected, {colors!r} given')
    units = da.attrs.get("units")
    if colors is None or units not in ("dBZ", "mm h-1", "mm"):
        import matplotlib as mpl

        known = da.values[np.isfinite(da.values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        low = 0.0 if 0.0 <= low < high else low
        cmap = mpl.colormaps["viridis"].with_extremes(bad=_UNKNOWN)
        return cmap, mcolors.Normalize(low, high if high > low else low + 1.0), None
    if units == "dBZ":
        first, names = _REFLECTIVITY[colors]
        steps = [first + 5.0 * k for k in range(len(names.split()))]
    else:
        names, steps = _RAIN, list(_RAIN_STEPS)
    listed = [f"#{name}" for name in names.split()]
    # The last colour is that of all above; nothing is drawn below the first step.
    cmap = mcolors.ListedColormap(listed[:-1]).with_extremes(bad=_UNKNOWN, under=(1, 1, 1, 0), over=listed[-1])
    norm = mcolors.BoundaryNorm(np.array(steps, dtype=np.float32), cmap.N)
    cmap.colorbar_extend = "max"  # type: ignore[assignment, unused-ignore]
    return cmap, norm, steps


def _scale(da: xr.DataArray, ax: Any, ticks: list[float] | None, beside: Any = None) -> None:
    """The scale of colours of the image in ax, with its units, beside one Axes or several."""
    units = da.attrs.get("units", "")
    several = ax if beside is None else beside
    bar = ax.figure.colorbar(ax.images[0], ax=several, ticks=ticks, spacing="uniform", shrink=0.86, aspect=28, pad=0.02)
    bar.set_label(_UNITS.get(units, "" if units == "1" else units), fontsize=9)
    bar.ax.tick_params(labelsize=8.5, length=2)
    if ticks is not None:
        bar.ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)


def _figure_size(grid: Grid) -> tuple[float, float]:
    """Inches for a map with its scale and title, neither side out of all proportion."""
    return 7.4, float(np.clip(6.0 / _shape(grid), 3.2, 9.0)) + 0.6


def _shape(grid: Grid) -> float:
    """Width over height of the map on the ground."""
    west, east, south, north = _map.box(grid)
    return (east - west) / ((north - south) * (_stretch(grid)))


def _stretch(grid: Grid) -> float:
    """How much longer a unit of y is drawn than one of x: on a grid of degrees, 1 / cos(latitude) amid it."""
    if not grid.is_latlon:
        return 1.0
    _, _, south, north = _map.box(grid)
    return 1.0 / max(0.2, float(np.cos(np.radians(0.5 * (south + north)))))


def _base_map(grid: Grid, ax: Any, coastlines: bool, borders: bool) -> Any:
    """Axes in the grid's plane with graticule, coasts and borders."""
    if ax is None:
        _, ax = _pyplot().subplots(figsize=_figure_size(grid), layout="constrained")
    west, east, south, north = _map.box(grid)
    # A strip a few cells wide would be a hairline: it is drawn wider than it is.
    ax.set_aspect(_stretch(grid) if 1 / 8 <= _shape(grid) <= 8 else "auto")
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.autoscale(False)
    net = _map.graticule(grid)
    ax.plot(*net["line"], color=_NET, linewidth=0.5, linestyle=(0, (5, 4)), zorder=2, scalex=False, scaley=False)
    ax.set_xticks([at for at, _ in net["x"]], [label for _, label in net["x"]])
    ax.set_yticks([at for at, _ in net["y"]], [label for _, label in net["y"]])
    ax.tick_params(labelsize=8.5, length=3, width=0.6)
    for name, shown, colour, width in (("coasts", coastlines, _COAST, 0.8), ("borders", borders, _BORDER, 0.6)):
        if shown:
            x, y = _map.carried(grid, name)
            ax.plot(x, y, color=colour, linewidth=width, zorder=3, scalex=False, scaley=False)
    for spine in ax.spines.values():
        spine.set_linewidth(0.6)
    return ax


def _shown(da: xr.DataArray) -> Any:
    """The cells as drawn, south row first: of a field with more than a figure has pixels, every second, third ..."""
    step = max(1, max(da.shape) // _PIXELS)
    return ascending(da, da.values)[step // 2 :: step, step // 2 :: step]


# ---- what is said ----


def _one_field(da: xr.DataArray) -> xr.DataArray:
    da = da.squeeze([d for d in da.dims if d not in ("y", "x") and da.sizes[d] == 1])
    if set(da.dims) != {"y", "x"}:
        raise ArgumentError(f"da: one field of dimensions (y, x) expected, {dict(da.sizes)} given")
    if not da.size:
        raise ArgumentError("da: at least one cell expected, none given")
    return da.transpose("y", "x")


def _bold(text: str) -> str:
    """Bold where matplotlib sets text, which takes its own signs for spaces."""
    return r"$\bf{" + text.replace("_", r"\_").replace(" ", r"\ ") + "}$"


def _title(da: xr.DataArray, local_time: str | None) -> str:
    """What it is; when, in UTC and in local time; how far ahead of what."""
    name = str(da.attrs.get("long_name") or da.name or "field")
    text = [_bold(name[:1].upper() + name[1:])]
    if da.attrs.get("duration_s"):
        text[0] += f"  in {float(da.attrs['duration_s']) / 60.0:g} min"
    if "time" in da.coords and not np.isnat(da["time"].values):
        text.append(_clock(da["time"].values, local_time))
        if "lead_time" in da.coords:
            minutes = float(da["lead_time"].values / np.timedelta64(1, "m"))
            text[0] += f"  forecast, +{minutes:g} min"
    return "\n".join(text)


def _clock(time: Any, local_time: str | None) -> str:
    seconds = time.astype("datetime64[s]")
    text = f"{str(seconds)[:16].replace('T', ' ')} UTC"
    if local_time is None:
        return text
    try:
        zone = zoneinfo.ZoneInfo(local_time)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ArgumentError(f'local_time: a zone such as "Asia/Shanghai" expected, {local_time!r} given') from None
    import datetime

    there = seconds.astype(datetime.datetime).replace(tzinfo=datetime.UTC).astimezone(zone)
    day = "" if text.startswith(f"{there:%Y-%m-%d}") else f"{there:%Y-%m-%d} "
    return f"{text}  ({day}{there:%H:%M} {local_time.split('/')[-1].replace('_', ' ')})"


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
