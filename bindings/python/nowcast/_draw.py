"""What figures share: maps, colours, scales and titles. Drawn with matplotlib, an optional package."""

import os
import zoneinfo
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _map
from nowcast._files import replacing
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid, ascending

# Reflectivity colours by the lower end of their 5 dBZ: the mosaics of the China Meteorological Administration, and the
# radar displays of the National Weather Service of the United States.
REFLECTIVITY = {
    "cma": (
        10.0,
        "01a0f6 00ecec 00d800 019000 ffff00 e7c000 ff9000 ff0000 d60000 c00000 ff00f0 9600b4 ad90f0",
    ),
    "nws": (
        5.0,
        "00ecec 01a0f6 0000f6 00ff00 00c800 009000 ffff00 e7c000 ff9000 ff0000 d60000 c00000 ff00ff 9955c9 fdfdfd",
    ),
}
# Towards the radar green, away from it red, as on the displays of the National Weather Service.
VELOCITY = "00f0f0 00c000 006400 a0a0a0 640000 d00000 ffb0b0"
RAIN_STEPS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
RAIN = "c3e6f6 83c6ec 409cdc 1d60be 2aa84a f5e13c f79a1f e0261b a0128f"
PIXELS, DPI = 1500, 110
UNKNOWN, COAST, BORDER, NET, INK = "#d9d9d9", "#333333", "#777777", "#b0b0b0", "#1f2d3d"
UNITS = {"mm h-1": "mm h⁻¹", "m s-1": "m s⁻¹"}


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
    da = one_field(da)
    grid = Grid.of(da)
    text = heading(da, local_time)
    cmap, norm, ticks = colours(da, colors)
    ax = base_map(grid, ax, coastlines, borders)
    ax.imshow(
        shown(da),
        origin="lower",
        extent=_map.box(grid),
        cmap=cmap,
        norm=norm,
        aspect=ax.get_aspect(),
        interpolation="nearest",
        zorder=1,
    )
    if scale:
        scale_bar(da, ax, ticks)
    ax.set_title(text, loc="left", fontsize=10, linespacing=1.35, color=INK)
    return ax


# ---- what is drawn with ----


def pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise UnsupportedError("figures are drawn with matplotlib: pip install 'libnowcast[plot]'") from None
    return plt


def save(figure: Any, path: str | os.PathLike[str] | None) -> None:
    """Write a figure where a path is given."""
    if path is None:
        return
    kinds = figure.canvas.get_supported_filetypes()
    if Path(path).suffix[1:] not in kinds:
        raise UnsupportedError(f"{path}: a name ending in one of {', '.join(sorted(kinds))} expected")
    settle(figure)
    with replacing(path) as beside:
        figure.savefig(beside)


def settle(figure: Any) -> None:
    """Lay a figure out: what a layout gives room to is measured as the draw before left it, so it takes two."""
    for _ in range(2):
        figure.draw_without_rendering()


def colours(da: xr.DataArray, colors: str | None) -> tuple[Any, Any, Any]:
    """Colour map, norm, and the numbers at the scale (None: chosen by matplotlib)."""
    pyplot()
    from matplotlib import colors as mcolors

    if colors is not None and colors not in REFLECTIVITY:
        raise ArgumentError(f'colors: "cma", "nws" or None expected, {colors!r} given')
    units = da.attrs.get("units")
    if colors is None or units not in ("dBZ", "mm h-1", "mm"):
        import matplotlib as mpl

        known = da.values[np.isfinite(da.values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if colors is not None and units == "m s-1" and low < 0.0:
            shades = [f"#{name}" for name in VELOCITY.split()]
            cmap = mcolors.LinearSegmentedColormap.from_list("velocity", shades).with_extremes(bad=UNKNOWN)
            return cmap, mcolors.Normalize(-max(-low, high), max(-low, high)), None
        low = 0.0 if 0.0 <= low < high else low
        cmap = mpl.colormaps["viridis"].with_extremes(bad=UNKNOWN)
        return cmap, mcolors.Normalize(low, high if high > low else low + 1.0), None
    if units == "dBZ":
        first, names = REFLECTIVITY[colors]
        steps = [first + 5.0 * k for k in range(len(names.split()))]
    else:
        names, steps = RAIN, list(RAIN_STEPS)
    listed = [f"#{name}" for name in names.split()]
    # The last colour is that of all above; nothing is drawn below the first step.
    cmap = mcolors.ListedColormap(listed[:-1]).with_extremes(bad=UNKNOWN, under=(1, 1, 1, 0), over=listed[-1])
    norm = mcolors.BoundaryNorm(np.array(steps, dtype=np.float32), cmap.N)
    cmap.colorbar_extend = "max"  # type: ignore[assignment, unused-ignore]
    return cmap, norm, steps


def scale_bar(da: xr.DataArray, ax: Any, ticks: list[float] | None, beside: Any = None, image: Any = None) -> None:
    """The scale of colours of an image, or that of the image in ax, with its units, beside one Axes or several."""
    units = da.attrs.get("units", "")
    several = ax if beside is None else beside
    bar = ax.figure.colorbar(
        image or ax.images[0], ax=several, ticks=ticks, spacing="uniform", shrink=0.86, aspect=28, pad=0.02
    )
    bar.set_label(UNITS.get(units, "" if units == "1" else units), fontsize=9)
    bar.ax.tick_params(labelsize=8.5, length=2)
    if ticks is not None:
        bar.ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)


def figure_size(grid: Grid) -> tuple[float, float]:
    """Inches for a map with its scale and title, neither side out of all proportion."""
    return 7.4, float(np.clip(6.0 / shape(grid), 3.2, 9.0)) + 0.6


def shape(grid: Grid) -> float:
    """Width over height of the map on the ground."""
    west, east, south, north = _map.box(grid)
    return (east - west) / ((north - south) * (stretch(grid)))


def stretch(grid: Grid) -> float:
    """How much longer a unit of y is drawn than one of x: on a grid of degrees, 1 / cos(latitude) amid it."""
    if not grid.is_latlon:
        return 1.0
    _, _, south, north = _map.box(grid)
    return 1.0 / max(0.2, float(np.cos(np.radians(0.5 * (south + north)))))


def base_map(grid: Grid, ax: Any, coastlines: bool, borders: bool) -> Any:
    """Axes in the grid's plane with graticule, coasts and borders."""
    if ax is None:
        _, ax = pyplot().subplots(figsize=figure_size(grid), layout="constrained")
    west, east, south, north = _map.box(grid)
    # A strip a few cells wide would be a hairline: it is drawn wider than it is.
    ax.set_aspect(stretch(grid) if 1 / 8 <= shape(grid) <= 8 else "auto")
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.autoscale(False)
    net = _map.graticule(grid)
    ax.plot(*net["line"], color=NET, linewidth=0.5, linestyle=(0, (5, 4)), zorder=2, scalex=False, scaley=False)
    ax.set_xticks([at for at, _ in net["x"]], [label for _, label in net["x"]])
    ax.set_yticks([at for at, _ in net["y"]], [label for _, label in net["y"]])
    ax.tick_params(labelsize=8.5, length=3, width=0.6)
    for name, shown, colour, width in (("coasts", coastlines, COAST, 0.8), ("borders", borders, BORDER, 0.6)):
        if shown:
            x, y = _map.carried(grid, name)
            ax.plot(x, y, color=colour, linewidth=width, zorder=3, scalex=False, scaley=False)
    for spine in ax.spines.values():
        spine.set_linewidth(0.6)
    return ax


def shown(da: xr.DataArray) -> Any:
    """The cells as drawn, south row first: of a field with more than a figure has pixels, every second, third ..."""
    step = max(1, max(da.shape) // PIXELS)
    return ascending(da, da.values)[step // 2 :: step, step // 2 :: step]


# ---- what is said ----


def one_field(da: xr.DataArray) -> xr.DataArray:
    da = da.squeeze([d for d in da.dims if d not in ("y", "x") and da.sizes[d] == 1])
    if set(da.dims) != {"y", "x"}:
        raise ArgumentError(f"da: one field of dimensions (y, x) expected, {dict(da.sizes)} given")
    if not da.size:
        raise ArgumentError("da: at least one cell expected, none given")
    return da.transpose("y", "x")


def bold(text: str) -> str:
    """Bold where matplotlib sets text, which takes its own signs for spaces."""
    return r"$\bf{" + text.replace("_", r"\_").replace(" ", r"\ ") + "}$"


def heading(da: xr.DataArray, local_time: str | None) -> str:
    """What it is; when, in UTC and in local time; how far ahead of what."""
    name = str(da.attrs.get("long_name") or da.name or "field")
    text = [bold(name[:1].upper() + name[1:])]
    if da.attrs.get("duration_s"):
        text[0] += f"  in {float(da.attrs['duration_s']) / 60.0:g} min"
    if "time" in da.coords and not np.isnat(da["time"].values):
        text.append(clock(da["time"].values, local_time))
        if "lead_time" in da.coords:
            minutes = float(da["lead_time"].values / np.timedelta64(1, "m"))
            text[0] += f"  forecast, +{minutes:g} min"
    return "\n".join(text)


def clock(time: Any, local_time: str | None) -> str:
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
