"""Figures of the wind: level maps with barbs or streamlines, time and height at a point, sections, hodographs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _draw, _map, product
from nowcast import _wind_kinematics as kinematics
from nowcast._plot_radar import _edges, _tidy, _titled
from nowcast._wind_write import towards_north
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

BARBS = {
    "cma": {"half": 2.0, "full": 4.0, "flag": 20.0},
    "wmo": {"half": 2.5722, "full": 5.1444, "flag": 25.722},
}
"""m s-1 of the parts of a barb: those of the China Meteorological Administration, and 5, 10 and 50 knots."""

BEAUFORT = (1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7)
"""m s-1 from which on wind is of force 2, 3 ... 12."""

# White is calm, a gale (force 8) begins with orange, so that barbs are seen on what is usual.
_SPEED = "e4f1fa c3e1f3 a3d4c8 b9e08a e3ee7a fbe05b fdb863 f2803c e0452f b3123f 7a0f6e"
_LAYERS = ((0.0, 1e3, "#d7191c"), (1e3, 3e3, "#f08a24"), (3e3, 6e3, "#2a9d4a"), (6e3, 12e3, "#0b5fa5"))
_LIFT = (-20.0, -10.0, -5.0, -2.0, -1.0, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)


def wind(
    fields: xr.Dataset,
    ax: Any = None,
    *,
    kind: str = "barbs",
    barbs: str = "cma",
    every: int | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    local_time: str | None = None,
    coastlines: bool = True,
    borders: bool = True,
    scale: bool = True,
) -> Any:
    """Draw the wind of one level on a map: its speed, and barbs or streamlines.

    Parameters
    ----------
    fields : (y, x) Dataset of ``u`` and ``v``, m s-1 along x and y of its grid
        As ``nowcast.wind.levels`` gives it for one height; dimensions of one element are dropped.
    ax : matplotlib Axes, optional
        Where to draw; a new figure when omitted.
    kind : "barbs" or "streamlines"
    barbs : "cma" or "wmo"
        A full barb is 4 m s-1 and a flag 20, or 10 and 50 knots.
    every : int, optional
        A barb for each so many cells; about twenty along the longer side when omitted.
    lines : features, optional
        Lines to be drawn, as ``nowcast.wind.convergence_lines`` gives them.
    local_time, coastlines, borders, scale
        As in ``field``.

    Returns
    -------
    The Axes.
    """
    if kind not in ("barbs", "streamlines"):
        raise ArgumentError(f'kind: "barbs" or "streamlines" expected, {kind!r} given')
    if every is not None and every < 1:
        raise ArgumentError(f"every: at least 1 expected, {every} given")
    steps = _steps(barbs)
    u, v = (_draw.one_field(_component(fields, name)) for name in ("u", "v"))
    grid = Grid.of(u)
    speed = u.copy(data=np.hypot(u.values, v.values))
    speed.attrs |= {"long_name": f"Wind{_where(u)}", "units": "m s-1"}
    if "lead_time" in speed.coords and not speed["lead_time"].values.astype(np.int64):
        speed = speed.drop_vars("lead_time")  # the analysis
    text = _draw.heading(speed, local_time)
    cmap, norm = _colours()
    ax = _draw.base_map(grid, ax, coastlines, borders)
    ax.imshow(
        _draw.shown(speed), origin="lower", extent=_map.box(grid), cmap=cmap, norm=norm, aspect=ax.get_aspect(),
        interpolation="nearest", zorder=1,
    )  # fmt: skip
    if scale:
        _draw.scale_bar(speed, ax, list(BEAUFORT))
    ax.set_title(text, loc="left", fontsize=10, linespacing=1.35, color=_draw.INK)
    east, north = ascending(u, u.values), ascending(v, v.values)
    if kind == "barbs":
        every = every or max(1, round(max(grid.nx, grid.ny) / 20))
        j, i = (slice((n % every or every) // 2, None, every) for n in (grid.ny, grid.nx))
        known = np.isfinite(east[j, i]) & np.isfinite(north[j, i])
        x, y = np.meshgrid(grid.x[i], grid.y[j])
        ax.barbs(
            x[known],
            y[known],
            east[j, i][known],
            north[j, i][known],
            length=5.0,
            linewidth=0.6,
            barb_increments=steps,
            flip_barb=_southern(grid),
            zorder=5,
        )
    elif min(grid.nx, grid.ny) > 1 and np.isfinite(east).any():
        # On a map of degrees a unit along x is shorter on the ground than one along y.
        along = east / np.cos(np.radians(grid.y))[:, None] if grid.is_latlon else east
        known = np.isfinite(along) & np.isfinite(north)
        parts = [np.ma.masked_array(np.where(known, part, 0.0), ~known) for part in (along, north)]
        ax.streamplot(grid.x, grid.y, *parts, color="black", linewidth=0.7, arrowsize=0.8, density=1.4, zorder=5)
        west, right, south, top = _map.box(grid)
        ax.set_xlim(west, right)
        ax.set_ylim(south, top)
    for line in lines:
        place = np.array(line["geometry"]["coordinates"], dtype=np.float64)
        at_x, at_y = grid.from_lonlat(place[:, 0], place[:, 1])
        ax.plot(at_x, at_y, color="#d9001b", linewidth=2.2, solid_capstyle="round", zorder=6)
    return ax


def wind_time_height(
    fields: xr.Dataset,
    place: tuple[float, float],
    ax: Any = None,
    *,
    barbs: str = "cma",
    top: float | None = None,
    local_time: str | None = None,
) -> Any:
    """Draw the wind above a place over time: speed, and barbs towards true north.

    Parameters
    ----------
    fields : (time, height, y, x) Dataset of ``u`` and ``v``, m s-1
        As ``nowcast.wind.forecast`` or ``low_level`` gives it.
    place : (longitude, latitude)
        Degrees; that of the cell it lies in is drawn.
    ax : matplotlib Axes, optional
    barbs : "cma" or "wmo"
    top : float, optional
        m above the ground; the highest level when omitted.
    local_time : str, optional
        A time zone such as "Asia/Shanghai", to be named beside UTC.

    Returns
    -------
    The Axes.
    """
    steps = _steps(barbs)
    u, v = (_at(_component(fields, name), place, ("time", "height")) for name in ("u", "v"))
    east, north = towards_north(u.values, v.values, Grid.of(_component(fields, "u")), place)
    times = u["time"].values.astype("datetime64[ns]")
    minutes = (times - times[0]) / np.timedelta64(1, "m")
    height = np.asarray(u["height"].values, dtype=np.float64)
    if ax is None:
        _, ax = _draw.pyplot().subplots(figsize=(8.6, 4.8), layout="constrained", dpi=_draw.DPI)
    speed = u.copy(data=np.hypot(east, north)).assign_attrs(units="m s-1")
    cmap, norm = _colours()
    image = ax.pcolormesh(_edges(minutes), _edges(height), speed.values.T, cmap=cmap, norm=norm, shading="flat")
    levels = _apart(height, (top or float(height[-1])) / 18.0)
    x, y = np.meshgrid(minutes, height[levels], indexing="ij")
    east, north = east[:, levels], north[:, levels]
    known = np.isfinite(east) & np.isfinite(north)
    ax.barbs(
        x[known], y[known], east[known], north[known], length=5.5, linewidth=0.7, barb_increments=steps,
        flip_barb=place[1] < 0.0,
    )  # fmt: skip
    ax.set_facecolor(_draw.UNKNOWN)
    ax.set_ylim(0.0, top or float(_edges(height)[-1]))
    ax.set_xlabel("minutes after the first time", fontsize=9)
    ax.set_ylabel("height above the ground, m", fontsize=9)
    _draw.scale_bar(speed, ax, list(BEAUFORT), image=image)
    _tidy(ax)
    _titled(ax, f"Wind at {_degrees(place)}", times[0], local_time)
    return ax


def wind_section(
    fields: xr.Dataset,
    start: tuple[float, float],
    end: tuple[float, float],
    ax: Any = None,
    *,
    barbs: str = "cma",
    top: float | None = None,
    local_time: str | None = None,
) -> Any:
    """Draw the wind in a vertical section: speed, barbs towards true north, and where there is one the upward wind.

    Parameters
    ----------
    fields : (z, y, x) or (height, y, x) Dataset of ``u``, ``v`` and perhaps ``w``, m s-1
        Of one time.
    start, end : (longitude, latitude)
        Degrees.
    ax : matplotlib Axes, optional
    barbs : "cma" or "wmo"
    top : float, optional
        m; the highest level when omitted.
    local_time : str, optional

    Returns
    -------
    The Axes.
    """
    steps = _steps(barbs)
    vertical = "height" if "height" in fields["u"].dims else "z"
    parts = {}
    for name in ("u", "v", *(["w"] if "w" in fields else [])):
        field = fields[name].squeeze([d for d in fields[name].dims if d not in (vertical, "y", "x")])
        parts[name] = product.section(field.rename({vertical: "z"}) if vertical != "z" else field, start, end)
    u, v = parts["u"], parts["v"]
    height, distance = u["z"].values, u["distance"].values
    if ax is None:
        _, ax = _draw.pyplot().subplots(figsize=(9.0, 4.8), layout="constrained", dpi=_draw.DPI)
    speed = u.copy(data=np.hypot(u.values, v.values)).assign_attrs(units="m s-1")
    cmap, norm = _colours()
    factor = 1.0 if u["distance"].attrs["units"] == "degrees" else 1e-3
    image = ax.pcolormesh(
        factor * _edges(distance), 1e-3 * _edges(height), speed.values, cmap=cmap, norm=norm, shading="flat"
    )
    if "w" in parts and min(parts["w"].shape) > 1:
        known = np.isfinite(parts["w"].values)
        values = np.ma.masked_invalid(parts["w"].values)
        if known.any():
            ax.contour(
                factor * distance, 1e-3 * height, values, levels=_LIFT, colors="black", linewidths=0.8,
                negative_linestyles="dashed",
            )  # fmt: skip
    _section_barbs(ax, u, v, Grid.of(fields["u"]), factor, steps)
    ax.set_facecolor(_draw.UNKNOWN)
    ax.set_ylim(0.0, 1e-3 * top if top else float(1e-3 * _edges(height)[-1]))
    unit = "degrees" if factor == 1.0 else "km"
    ax.set_xlabel(f"distance from {_degrees(start)} to {_degrees(end)}, {unit}", fontsize=9)
    above = "the ground" if vertical == "height" else "mean sea level"
    ax.set_ylabel(f"height above {above}, km", fontsize=9)
    _draw.scale_bar(speed, ax, list(BEAUFORT), image=image)
    _tidy(ax)
    time = fields["u"]["time"].values if "time" in fields["u"].coords else None
    _titled(ax, "Wind in a section", None if time is None else np.ravel(time)[0], local_time)
    return ax


def _section_barbs(
    ax: Any, u: xr.DataArray, v: xr.DataArray, grid: Grid, factor: float, steps: dict[str, float]
) -> None:
    columns = np.arange(u.sizes["distance"])[:: max(1, u.sizes["distance"] // 16)]
    levels = np.arange(u.sizes["z"])[:: max(1, u.sizes["z"] // 14)]
    for column in columns:
        place = (float(u["longitude"][column]), float(u["latitude"][column]))
        one = [part.values[levels, column] for part in (u, v)]
        known = np.isfinite(one[0]) & np.isfinite(one[1])
        if not known.any():
            continue
        east, north = towards_north(one[0][known], one[1][known], grid, place)
        at = np.full(known.sum(), factor * float(u["distance"][column]))
        ax.barbs(
            at, 1e-3 * u["z"].values[levels][known], east, north, length=5.0, linewidth=0.6, barb_increments=steps,
            flip_barb=place[1] < 0.0,
        )  # fmt: skip


def hodograph(
    space: xr.Dataset,
    place: tuple[float, float],
    ax: Any = None,
    *,
    ground: xr.DataArray | float | None = None,
    near: xr.Dataset | None = None,
    top: float = 10e3,
    local_time: str | None = None,
) -> Any:
    """Draw the hodograph of a column, towards true east and north, with the motion of storms and their helicity.

    Parameters
    ----------
    space : (z, y, x) Dataset of ``u`` and ``v``, m s-1
        A wind in space of one time.
    place : (longitude, latitude)
        Degrees; that of the cell it lies in is drawn.
    ax : matplotlib Axes, optional
    ground, near
        As in ``nowcast.wind.shear``: heights are above that ground, and ``near`` is the wind at 10 m.
    top : float
        m above the ground.
    local_time : str, optional

    Returns
    -------
    The Axes.
    """
    u = _component(space, "u")
    grid = Grid.of(u)
    j, i = _cell(u, grid, place)
    cell = {"y": slice(j, j + 1), "x": slice(i, i + 1)}
    one = space[["u", "v"]].isel(cell)
    one = one.squeeze([d for d in one.dims if d not in ("z", "y", "x") and one.sizes[d] == 1])
    below = ground.isel(cell) if isinstance(ground, xr.DataArray) else ground
    beside = None if near is None else near[["u", "v"]].isel(cell)
    zero = 0.0 if below is None else float(np.ravel(np.asarray(below))[0])
    height = np.asarray(one["z"].values, dtype=np.float64) - zero
    east, north = towards_north(one["u"].values[:, 0, 0], one["v"].values[:, 0, 0], grid, place)
    keep = (height > 10.0) & (height <= top) & np.isfinite(east) & np.isfinite(north)
    order = np.argsort(height[keep], kind="stable")
    height, east, north = height[keep][order], east[keep][order], north[keep][order]
    if beside is not None:
        first = towards_north(np.ravel(beside["u"].values), np.ravel(beside["v"].values), grid, place)
        if np.isfinite(first).all():
            height, east, north = np.r_[10.0, height], np.r_[first[0], east], np.r_[first[1], north]
    if ax is None:
        _, ax = _draw.pyplot().subplots(figsize=(6.4, 6.4), layout="constrained", dpi=_draw.DPI)
    for low, high, colour in _LAYERS:
        # Of a layer the points in it, and the one above, so that the line does not break.
        inside = np.flatnonzero((height >= low) & (height <= high))
        if not inside.size:
            continue
        inside = np.r_[inside, inside[-1] + 1] if inside[-1] + 1 < height.size else inside
        text = f"{low / 1e3:g} to {high / 1e3:g} km"
        ax.plot(east[inside], north[inside], color=colour, linewidth=2.2, label=text)
    for at in (0.5e3, 1e3, 3e3, 6e3):
        if height.size and height[0] <= at <= height[-1]:
            x, y = np.interp(at, height, east), np.interp(at, height, north)
            ax.plot(x, y, "o", color="black", markersize=3.5)
            ax.annotate(f"{at / 1e3:g}", (x, y), textcoords="offset points", xytext=(5, 4), fontsize=8)
    _movers(ax, one, below, beside, grid, place)
    _rings(ax, east, north)
    _tidy(ax)
    time = one["u"]["time"].values if "time" in one["u"].coords else None
    _titled(ax, f"Hodograph at {_degrees(place)}", time, local_time)
    return ax


def _movers(ax: Any, one: xr.Dataset, ground: Any, near: xr.Dataset | None, grid: Grid, place: Any) -> None:
    """The motion of storms, and helicity about the right mover."""
    storms = kinematics.storm_motion(one, ground=ground, near=near)
    for name, mark, colour in (("mean", "s", "#555555"), ("right", "^", "#8a3fa0"), ("left", "v", "#c9a000")):
        wind = [np.ravel(storms[f"{name}_{c}"].values) for c in "uv"]
        x, y = towards_north(wind[0], wind[1], grid, place)
        if np.isfinite(x).all():
            text = "mean wind to 6 km" if name == "mean" else f"{name} mover"
            ax.plot(x, y, mark, color=colour, markersize=7, linestyle="none", label=text)
    spin = np.ravel(kinematics.helicity(one, "right", ground=ground, near=near).values)
    texts = [
        f"{low / 1e3:g} to {high / 1e3:g} km: {value:.0f} m² s⁻²"
        for (low, high), value in zip(kinematics.HELICITY_LAYERS, spin, strict=True)
        if np.isfinite(value)
    ]
    if texts:
        ax.text(
            0.02, 0.02, "helicity, right mover\n" + "\n".join(texts), transform=ax.transAxes, fontsize=8.5, va="bottom"
        )


def _rings(ax: Any, east: npt.NDArray[Any], north: npt.NDArray[Any]) -> None:
    from matplotlib.patches import Circle

    most = float(np.hypot(east, north).max()) if east.size else 10.0
    step = 5.0 if most <= 20.0 else 10.0
    reach = step * np.ceil(1.1 * max(most, 10.0) / step)
    for radius in np.arange(step, reach + 0.1 * step, step):
        ax.add_patch(Circle((0.0, 0.0), radius, fill=False, color=_draw.NET, linewidth=0.7, zorder=0))
        ax.text(0.0, radius, f"{radius:g}", fontsize=7.5, ha="center", va="bottom", color="#555555")
    ax.axhline(0.0, color=_draw.NET, linewidth=0.7, zorder=0)
    ax.axvline(0.0, color=_draw.NET, linewidth=0.7, zorder=0)
    ax.set_aspect("equal")
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_xlabel("to the east, m s⁻¹", fontsize=9)
    ax.set_ylabel("to the north, m s⁻¹", fontsize=9)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=8.5, loc="upper left")


# ---- what they share ----


def _colours() -> tuple[Any, Any]:
    """Colours of speed, by force."""
    _draw.pyplot()
    from matplotlib import colors as mcolors

    listed = [f"#{name}" for name in _SPEED.split()]
    cmap = mcolors.ListedColormap(listed[:-1]).with_extremes(bad=_draw.UNKNOWN, under="white", over=listed[-1])
    cmap.colorbar_extend = "both"  # type: ignore[assignment, unused-ignore]
    return cmap, mcolors.BoundaryNorm(np.array(BEAUFORT), cmap.N)


def _apart(height: npt.NDArray[np.float64], least: float) -> list[int]:
    """Levels none of which is nearer to the next than so much."""
    kept: list[int] = []
    for k, here in enumerate(height):
        if not kept or here - height[kept[-1]] >= least:
            kept.append(k)
    return kept


def _steps(barbs: str) -> dict[str, float]:
    if barbs not in BARBS:
        raise ArgumentError(f"barbs: one of {', '.join(BARBS)} expected, {barbs!r} given")
    return BARBS[barbs]


def _component(fields: xr.Dataset, name: str) -> xr.DataArray:
    if name not in fields or not {"y", "x"} <= set(fields[name].dims):
        raise ArgumentError(f"fields: a variable {name} of dimensions (..., y, x) expected")
    return fields[name]


def _where(u: xr.DataArray) -> str:
    if "height" in u.coords and not u["height"].dims:
        return f" at {float(u['height']):g} m above the ground"
    if "z" in u.coords and not u["z"].dims:
        return f" at {float(u['z']):g} m"
    return ""


def _degrees(place: tuple[float, float]) -> str:
    lon, lat = (place[0] + 180.0) % 360.0 - 180.0, place[1]
    return f"{abs(lat):.2f}°{'N' if lat >= 0 else 'S'} {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"


def _southern(grid: Grid) -> bool:
    west, east, south, north = _map.box(grid)
    _, lat = grid.to_lonlat(0.5 * (west + east), 0.5 * (south + north))
    return bool(lat < 0.0)


def _cell(field: xr.DataArray, grid: Grid, place: tuple[float, float]) -> tuple[int, int]:
    """Indices along y and x of the cell a place lies in, as the field has them."""
    x, y = grid.from_lonlat(*place)
    if grid.is_latlon:
        x = x + 360.0 * np.rint((0.5 * (grid.x[0] + grid.x[-1]) - x) / 360.0)
    i, j = np.rint((x - grid.x_first) / grid.dx), np.rint((y - grid.y_first) / grid.dy)
    if not (0 <= i < grid.nx and 0 <= j < grid.ny):
        raise ArgumentError(f"place: one within the grid expected, {_degrees(place)} given")
    down, left = (field[axis].size > 1 and field[axis].values[0] > field[axis].values[-1] for axis in ("y", "x"))
    return int(grid.ny - 1 - j if down else j), int(grid.nx - 1 - i if left else i)


def _at(field: xr.DataArray, place: tuple[float, float], dims: tuple[str, ...]) -> xr.DataArray:
    """A field at the cell a place lies in, of these dimensions."""
    j, i = _cell(field, Grid.of(field), place)
    one = field.isel(y=j, x=i)
    one = one.squeeze([d for d in one.dims if d not in dims and one.sizes[d] == 1])
    for dim in dims:
        if dim not in one.dims and dim in one.coords:
            one = one.expand_dims(dim)
    if set(one.dims) != set(dims):
        raise ArgumentError(f"fields: dimensions {(*dims, 'y', 'x')} expected, {field.dims} given")
    return one.transpose(*dims)
