"""Figures of radar volumes and of what is made of them: sweeps on a map, cuts over height, winds over height."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _draw, _volume
from nowcast._georeference import Beam
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

_CELLS = 900
"""Along a side of the map of a sweep: a figure has no more pixels."""
_RINGS = (1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3)


def ppi(
    tree: xr.DataTree,
    moment: str | None = None,
    ax: Any = None,
    *,
    sweep: int = 0,
    reach: float | None = None,
    rings: bool = True,
    colors: str | None = "cma",
    local_time: str | None = None,
    coastlines: bool = True,
    borders: bool = True,
    scale: bool = True,
) -> Any:
    """Draw one sweep on a map about the radar: every pixel shows the gate it lies in.

    Parameters
    ----------
    tree : DataTree
        A volume as ``nowcast.open`` gives it, with the place of its radar.
    moment : str, optional
        What to draw; DBZH, or the sweep's first moment, when omitted.
    ax : matplotlib Axes, optional
        Where to draw; a new figure when omitted.
    sweep : int
        Number of the sweep, from 0; from the end where it is negative.
    reach : float, optional
        m along the ground to be shown around the radar; as far as the gates reach when omitted.
    rings : bool
        Whether to draw rings of range.
    colors, local_time, coastlines, borders, scale
        As in ``field``. Velocities are green towards the radar and red away from it.

    Returns
    -------
    The Axes.

    Raises
    ------
    ArgumentError : no such sweep or moment, or the place of the radar is not known.
    UnsupportedError : matplotlib is not installed.
    """
    data, moment, beam = _sweep_of(tree, sweep, moment)
    first, spacing = _volume.even_gates(data)
    edges = np.maximum(0.0, first + spacing * (np.arange(data.sizes["range"] + 1) - 0.5))
    _, ground = beam.path(float(np.median(data["elevation"])), edges)
    half = float(ground[-1]) if reach is None else reach
    if not half > 0.0:
        raise ArgumentError(f"reach: above 0 expected, {half:g} given")
    place = f"+lat_0={float(tree['latitude'])} +lon_0={float(tree['longitude'])}"
    step = 2.0 * half / _CELLS
    grid = Grid(f"+proj=aeqd {place} +ellps=WGS84", _CELLS, _CELLS, 0.5 * step - half, 0.5 * step - half, step, step)
    shown = xr.DataArray(
        _on_map(data, moment, grid, ground),
        dims=("y", "x"),
        coords={"time": data["time"].values.min()} | grid.coords(),
        attrs={
            "units": data[moment].attrs.get("units", ""),
            "long_name": f"{_name(data, moment)}, {_site(tree)}{float(np.median(data['elevation'])):.1f}°",
            "grid_mapping": "crs",
        },
    )
    ax = _draw.field(
        shown, ax, colors=colors, local_time=local_time, coastlines=coastlines, borders=borders, scale=scale
    )
    if rings:
        _rings(ax, half)
    return ax


def rhi(
    tree: xr.DataTree,
    moment: str | None = None,
    ax: Any = None,
    *,
    azimuth: float | None = None,
    sweep: int | None = None,
    reach: float | None = None,
    top: float = 20e3,
    colors: str | None = "cma",
    local_time: str | None = None,
    scale: bool = True,
) -> Any:
    """Draw beams over distance and height: those of an RHI, or of all sweeps of a volume towards one azimuth.

    Parameters
    ----------
    tree, moment, ax, colors, local_time, scale
        As in ``ppi``.
    azimuth : float, optional
        Degrees: of every sweep the ray nearest to it is drawn, as wide as the beam is.
    sweep : int, optional
        Number of an RHI sweep, in place of an azimuth.
    reach : float, optional
        m along the ground; as far as the gates reach when omitted.
    top : float
        m above mean sea level.

    Returns
    -------
    The Axes.

    Raises
    ------
    ArgumentError : neither azimuth nor sweep or both, no such sweep or moment.
    UnsupportedError : matplotlib is not installed.
    """
    if (azimuth is None) == (sweep is None):
        raise ArgumentError("azimuth, sweep: one of them expected")
    numbers = range(len(_volume.sweep_names(tree))) if sweep is None else [sweep]
    beams = [beam for number in numbers for beam in _beams(tree, number, moment, azimuth)]
    if not beams:
        raise ArgumentError(f"moment: one that a sweep has expected, {moment} given")
    first = beams[0]["data"]
    name = first.name
    known = xr.DataArray(np.concatenate([beam["data"].values for beam in beams]), attrs=first.attrs)
    cmap, norm, ticks = _over_unknown(known, colors)
    ax = _plain(ax, reach or max(float(beam["ground"].max()) for beam in beams), top)
    image = None
    for beam in beams:
        shape = (1, -1)
        cells = beam["data"].values.reshape(shape)
        image = ax.pcolormesh(
            1e-3 * beam["ground"], 1e-3 * beam["height"], cells, cmap=cmap, norm=norm, rasterized=True
        )
    if scale:
        _draw.scale_bar(known, ax, ticks, image=image)
    way = f"{azimuth:.1f}°" if azimuth is not None else f"{float(first['azimuth']):.1f}°"
    text = f"{first.attrs.get('long_name', name)}, {_site(tree)}towards {way}"
    times = np.concatenate([np.atleast_1d(beam["data"]["time"].values) for beam in beams])
    _titled(ax, text, times.min(), local_time)
    return ax


def section(
    da: xr.DataArray,
    ax: Any = None,
    *,
    colors: str | None = "cma",
    local_time: str | None = None,
    scale: bool = True,
) -> Any:
    """Draw a vertical section as ``nowcast.product.section`` makes it.

    Parameters
    ----------
    da : (z, distance) DataArray
        Dimensions of one element are dropped.
    ax, colors, local_time, scale
        As in ``field``.

    Returns
    -------
    The Axes.
    """
    da = da.squeeze([d for d in da.dims if d not in ("z", "distance") and da.sizes[d] == 1])
    if set(da.dims) != {"z", "distance"}:
        raise ArgumentError(f"da: one section of dimensions (z, distance) expected, {dict(da.sizes)} given")
    da = da.transpose("z", "distance")
    cmap, norm, ticks = _over_unknown(da, colors)
    metres = da["distance"].attrs.get("units") != "degrees"
    along, up = _edges((1e-3 if metres else 1.0) * da["distance"].values), 1e-3 * _edges(da["z"].values)
    ax = _plain(ax, float(along[-1]) * (1e3 if metres else 1.0), 1e3 * float(up[-1]))
    if not metres:
        ax.set_xlim(0.0, float(along[-1]))
        ax.set_xlabel("distance, degrees", fontsize=9)
    image = ax.pcolormesh(along, up, np.ma.masked_invalid(da.values), cmap=cmap, norm=norm, rasterized=True)
    if scale:
        _draw.scale_bar(da, ax, ticks, image=image)
    ends = [f"{float(da['latitude'][n]):.2f}°, {float(da['longitude'][n]):.2f}°" for n in (0, -1)]
    name = str(da.attrs.get("long_name") or da.name or "section")
    _titled(ax, f"{name}, from {ends[0]} to {ends[1]}", da["time"].values if "time" in da.coords else None, local_time)
    return ax


def wind_profile(profile: xr.Dataset, ax: Any = None, *, top: float | None = None) -> Any:
    """Draw the wind over height: its components with their standard errors, and barbs (m s-1: 2, 4 and 20).

    Parameters
    ----------
    profile : Dataset of ``nowcast.radar.wind_profile``
    ax : matplotlib Axes, optional
        Where to draw; a new figure when omitted.
    top : float, optional
        m above mean sea level; the highest wind when omitted.

    Returns
    -------
    The Axes.
    """
    for name in ("u", "v", "u_error", "v_error"):
        if name not in profile or profile[name].dims != ("height",):
            raise ArgumentError(f"profile: a variable {name} of dimension (height) expected")
    known = np.isfinite(profile["u"].values) & np.isfinite(profile["v"].values)
    height = 1e-3 * profile["height"].values
    if ax is None:
        _, ax = _draw.pyplot().subplots(figsize=(5.2, 6.4), layout="constrained", dpi=_draw.DPI)
    for name, label, colour in (("u", "to the east", "#d9541e"), ("v", "to the north", "#0b5fa5")):
        value, error = profile[name].values, profile[f"{name}_error"].values
        ax.plot(value, height, color=colour, label=label, linewidth=1.6)
        ax.fill_betweenx(height, value - error, value + error, color=colour, alpha=0.25, linewidth=0.0)
    ax.axvline(0.0, color=_draw.NET, linewidth=0.8)
    ax.set_ylim(0.0, 1e-3 * top if top else (float(height[known].max()) * 1.03 if known.any() else 1.0))
    west, east = ax.get_xlim()
    ax.set_xlim(west, east + 0.3 * (east - west))
    every = max(1, int(known.sum()) // 25)
    at = np.flatnonzero(known)[::every]
    place = np.full(at.size, east + 0.17 * (east - west))
    u, v = (profile[name].values[at] for name in ("u", "v"))
    steps = {"half": 2.0, "full": 4.0, "flag": 20.0}
    ax.barbs(place, height[at], u, v, length=5.5, linewidth=0.7, barb_increments=steps)
    ax.set_xlabel("wind, m s⁻¹", fontsize=9)
    ax.set_ylabel("height above mean sea level, km", fontsize=9)
    ax.legend(frameon=False, fontsize=9, loc="best")
    _tidy(ax)
    ax.set_title(_draw.bold(f"Wind by {profile.attrs.get('method', 'profile').upper()}"), loc="left", fontsize=10)
    return ax


# ---- volumes ----


def _sweep_of(tree: xr.DataTree, number: int, moment: str | None) -> tuple[xr.Dataset, str, Beam]:
    names = _volume.sweep_names(tree)
    if not -len(names) <= number < len(names):
        raise ArgumentError(f"sweep: one of {len(names)} expected, {number} given")
    data = tree[names[number]].to_dataset()
    there = [str(name) for name, variable in data.data_vars.items() if "range" in variable.dims]
    chosen = moment or ("DBZH" if "DBZH" in there else next(iter(there), ""))
    if chosen not in there:
        raise ArgumentError(f"moment: one of {', '.join(there) or 'none'} expected, {moment} given")
    return data, chosen, Beam.of(tree)


def _on_map(data: xr.Dataset, moment: str, grid: Grid, ground: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The gate each cell's centre lies in; ground is the distance of the edges of gates."""
    x, y = np.meshgrid(grid.x, grid.y)
    gate = np.searchsorted(ground, np.hypot(x, y), side="right") - 1
    azimuth = np.degrees(np.arctan2(x, y)) % 360.0
    order = np.argsort(data["azimuth"].values, kind="stable")
    rays = data["azimuth"].values[order].astype(np.float64)
    # One ray more on either side, so that the nearest is found across north.
    around = np.concatenate([rays[-1:] - 360.0, rays, rays[:1] + 360.0])
    after = np.clip(np.searchsorted(around, azimuth), 1, around.size - 1)
    near = after - (azimuth - around[after - 1] < around[after] - azimuth)
    spacing = float(np.median(np.diff(rays))) if rays.size > 1 else 1.0
    inside = (gate >= 0) & (gate < data.sizes["range"]) & (np.abs(azimuth - around[near]) <= max(0.75 * spacing, 0.3))
    ray = order[(near - 1) % rays.size]
    cells = data[moment].values.astype(np.float32)
    return np.where(inside, cells[ray, np.clip(gate, 0, data.sizes["range"] - 1)], np.float32(np.nan))


def _beams(tree: xr.DataTree, number: int, moment: str | None, azimuth: float | None) -> list[dict[str, Any]]:
    """Rays of a sweep with the edges of their gates, (2, gates + 1): all, or the one towards an azimuth."""
    try:
        data, name, beam = _sweep_of(tree, number, moment)
    except ArgumentError:
        if azimuth is None:
            raise
        return []  # a sweep of a volume need not have every moment
    is_rhi = str(data["sweep_mode"].values) == "rhi"
    if is_rhi == (azimuth is not None):
        if azimuth is None:
            raise ArgumentError(f"sweep: an RHI expected, sweep {number} is of mode {data['sweep_mode'].values}")
        return []
    first, spacing = _volume.even_gates(data)
    edges = np.maximum(0.0, first + spacing * (np.arange(data.sizes["range"] + 1) - 0.5))
    ray_name = data["azimuth"].dims[0]
    rays = range(data.sizes[ray_name])
    half = 0.5 * float(tree.attrs.get("beam_width_v", 1.0))
    if azimuth is not None:
        away = np.abs((data["azimuth"].values - azimuth + 180.0) % 360.0 - 180.0)
        rays = range(int(away.argmin()), int(away.argmin()) + 1)
        if float(away.min()) > 2.0:
            return []
    elif data.sizes[ray_name] > 1:
        half = 0.5 * float(np.median(np.abs(np.diff(data["elevation"].values))))
    found = []
    for ray in rays:
        elevation = float(data["elevation"][ray])
        sides = [beam.path(float(np.clip(elevation + part, -90.0, 90.0)), edges) for part in (-half, half)]
        one = data[name].isel({ray_name: ray}).reset_coords(drop=False)[name]
        one = one.assign_coords(time=data["time"][ray].values, azimuth=float(data["azimuth"][ray]))
        one.attrs = one.attrs | {"long_name": _name(data, name)}
        found.append(
            {"data": one, "height": np.stack([s[0] for s in sides]), "ground": np.stack([s[1] for s in sides])}
        )
    return found


def _name(data: xr.Dataset, moment: str) -> str:
    return str(data[moment].attrs.get("long_name") or moment)


def _site(tree: xr.DataTree) -> str:
    site = str(tree.attrs.get("instrument_name") or tree.attrs.get("site_name") or "")
    return f"{site}, " if site else ""


# ---- Axes ----


def _rings(ax: Any, reach: float) -> None:
    from matplotlib.patches import Circle

    step = next((s for s in _RINGS if reach / s <= 5.0), _RINGS[-1])
    for radius in np.arange(step, reach * 1.0001, step):
        ax.add_patch(Circle((0.0, 0.0), radius, fill=False, color="#555555", linewidth=0.5, zorder=4))
        ax.text(0.0, radius, f"{1e-3 * radius:g} km", fontsize=7, ha="center", va="bottom", color="#333333", zorder=4)


def _over_unknown(da: xr.DataArray, colors: str | None) -> tuple[Any, Any, Any]:
    """Colours for Axes whose ground says that nothing is known: no echo hides it."""
    cmap, norm, ticks = _draw.colours(da, colors)
    return (cmap if ticks is None else cmap.with_extremes(under="white")), norm, ticks


def _plain(ax: Any, reach: float, top: float) -> Any:
    """Axes of distance and height."""
    if ax is None:
        _, ax = _draw.pyplot().subplots(figsize=(9.0, 4.2), layout="constrained", dpi=_draw.DPI)
    ax.set_facecolor(_draw.UNKNOWN)
    ax.set_xlim(0.0, 1e-3 * reach)
    ax.set_ylim(0.0, 1e-3 * top)
    ax.set_xlabel("distance along the ground, km", fontsize=9)
    ax.set_ylabel("height above mean sea level, km", fontsize=9)
    _tidy(ax)
    return ax


def _tidy(ax: Any) -> None:
    ax.tick_params(labelsize=8.5, length=3)
    ax.spines[["top", "right"]].set_visible(False)


def _titled(ax: Any, text: str, time: Any, local_time: str | None) -> None:
    lines = [_draw.bold(text[:1].upper() + text[1:])]
    if time is not None and not np.isnat(time):
        lines.append(_draw.clock(time, local_time))
    ax.set_title("\n".join(lines), loc="left", fontsize=10, linespacing=1.35, color=_draw.INK)


def _edges(centres: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Edges midway between centres, the outermost as far out as the next is in."""
    at = np.asarray(centres, dtype=np.float64)
    if at.size == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    middle = 0.5 * (at[1:] + at[:-1])
    return np.concatenate([[2.0 * at[0] - middle[0]], middle, [2.0 * at[-1] - middle[-1]]])
