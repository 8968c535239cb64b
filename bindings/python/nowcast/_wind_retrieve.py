"""The wind in three dimensions from radars, a background and observations at points."""

import dataclasses
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _background, _dealias, _field, _lib, _volume, obs
from nowcast._lib import ffi, lib
from nowcast._open import open as open_any
from nowcast._wind_level import Array, names_of
from nowcast._wind_write import towards_north
from nowcast.errors import ArgumentError, ConvergenceError
from nowcast.grid import Grid, ascending

FLAGS = {
    "no_data": lib.NWC_WIND_NO_DATA,
    "own_profile": lib.NWC_WIND_OWN_PROFILE,
    "no_background": lib.NWC_WIND_NO_BACKGROUND,
    "one_source": lib.NWC_WIND_ONE_SOURCE,
    "low_lid": lib.NWC_WIND_LOW_LID,
    "not_converged": lib.NWC_WIND_NOT_CONVERGED,
    "no_crossing": lib.NWC_WIND_NO_CROSSING,
}
"""Bits of ``flags``: what is special about a wind."""

_SAID = {
    "no_data": "no observation: it is the background",
    "own_profile": "no background was given: a profile fitted to the data was taken",
    "no_background": "no background was given and none could be fitted: calm was taken",
    "one_source": "one radar alone: what lies across its beams is the background's, and w is not to be trusted",
    "low_lid": "data lie above the lid that was asked for, and were left out",
    "not_converged": "iterations ran out before the gradient was small enough",
    "no_crossing": "beams hardly anywhere cross at more than 20 degrees: w is not to be trusted",
}
_FIELDS = ("u", "v", "w", "u_error", "v_error", "w_error", "divergence", "vorticity")
_MOMENTS = ("VRADDH", "VRADH", "DBZH", "VCONF", "QIND")
_POINT_ERROR_M_S = 2.0
_POINT_HOURS = 1.0  # reports farther from the time are not used
_AGE_M_S = 1.0  # what an hour adds to the error of a report, in squares
_MAST_M = 10.0  # of a surface station

_logger = logging.getLogger("nowcast")

Background = _background.Source | str | os.PathLike[str]

# Of a source: the field of the C struct, and what it is.
_SOURCES = {
    "observations": ("n", "1", "observations, after averaging"),
    "stated_error": ("error", "m s-1", "root mean square of the errors that observations are given"),
    "before": ("before", "m s-1", "root mean square difference of the background to observations"),
    "after": ("after", "m s-1", "root mean square difference of the wind to observations"),
    "bias_before": ("bias_before", "m s-1", "mean of observations less background"),
    "bias_after": ("bias_after", "m s-1", "mean of observations less wind"),
}
_REPORT = {
    "iterations": ("iterations", "1", "iterations on the cells of the grid"),
    "iterations_coarse": ("coarse", "1", "iterations on coarser cells before"),
    "gradient": ("gradient", "1", "gradient at the end, as a part of that at the background"),
    "cost_data": ("cost_data", "1", "sum of squared differences to observations, each over its variance"),
    "cost_background": ("cost_background", "1", "the same of differences to the background"),
    "divergence_left": ("divergence", "s-1", "largest divergence of mass that is left"),
    "tendency_before": ("tendency_before", "s-2", "what vorticity's tendency is off by without the term of it"),
    "tendency_after": ("tendency_after", "s-2", "and with it; 0 where it was not asked for"),
    "ground_height": ("bottom_m", "m", "height above mean sea level below which there is no wind"),
    "lid_height": ("lid_m", "m", "height above mean sea level above which there is no wind"),
    "motion_u": ("motion_u_m_s", "m s-1", "motion along x by which rays were brought to one time"),
    "motion_v": ("motion_v_m_s", "m s-1", "motion along y by which rays were brought to one time"),
}


def retrieve(
    volumes: xr.DataTree | Sequence[xr.DataTree] = (),
    grid: Grid | None = None,
    time: Any = None,
    *,
    background: Background | None = None,
    points: pd.DataFrame | None = None,
    gridded: Sequence[xr.Dataset] = (),
    dealias: bool = True,
    motion: tuple[float, float] | None = None,
    max_age: float | None = None,
    min_range: float | None = None,
    max_range: float | None = None,
    gate_error: float | None = None,
    place_error: float | None = None,
    fall_error: float | None = None,
    change: float | None = None,
    point_error: float = _POINT_ERROR_M_S,
    gridded_error: float | None = None,
    average: float | None = None,
    freezing: float | None = None,
    error: float | npt.ArrayLike | None = None,
    error_w: float | None = None,
    length: float | None = None,
    length_up: float | None = None,
    length_w: float | None = None,
    order: int | None = None,
    ground: float | xr.DataArray | None = None,
    lid: float | None = None,
    density_scale: float | None = None,
    tolerance: float | None = None,
    iterations: int | None = None,
    robust: float | None = None,
    ground_error: float | None = None,
    tendency_error: float | None = None,
) -> xr.Dataset:
    """The wind u, v, w that radars, a background and observations at points agree upon, and that conserves mass.

    Parameters
    ----------
    volumes : DataTree, or several of any radars
        As ``nowcast.open`` gives them. ``VRADDH`` is used where a volume has it, and gates whose ``VCONF`` is below a
        half or whose ``QIND`` is below a tenth are not.
    grid : Grid
        Of equally spaced levels ``z``, x and y in metres: ``nowcast.grid.around`` makes one. A lid above the echo is
        looked after.
    time : UTC, optional
        Of the wind; the middle of the volumes, in whole seconds, when omitted. Every ray is brought to it by the motion
        of the storm.
    background : optional
        What the wind is where no radar says otherwise: a Model, or the path of one; a table of ``nowcast.obs`` of
        soundings and profilers; a profile with ``u`` and ``v`` over ``height``; or a Dataset of ``u``, ``v`` (z, y, x)
        on the grid, along its axes, and perhaps ``error`` over z, as ``nowcast.radar.wind_background`` gives it.
        Profiles and models are brought to the grid by that function. When omitted, a profile is fitted to the data.
    points : table of ``nowcast.obs``, optional
        Winds of balloons, profilers and stations within an hour of the time, at their places.
    gridded : Datasets, optional
        Radial velocities that are on a grid (z, y, x) already: ``VRADDH`` or ``VRADH``, ``azimuth`` and ``elevation``
        of the beam (degrees), ``DBZH`` for the fall of the echo, and ``time``, which is the wind's when omitted.
    dealias : bool
        Volumes without ``VRADDH`` go through ``nowcast.radar.dealias`` first; False takes their ``VRADH`` as it is.
    motion : (u, v), optional
        m s-1, of the storm along x and y; the mean wind of the data from 2 to 6 km when omitted.
    max_age : float, optional
        s: rays farther from the time are left out; 600 when omitted.
    min_range, max_range : float, optional
        m, of gates; 2000 and 250000 when omitted.
    gate_error, place_error, fall_error, point_error, gridded_error : float, optional
        m s-1: of the velocity of a gate, 1 when omitted; what a mean over gates does not stand for, 0.3; of the speed
        at which echo is taken to fall, 3; of a wind at a point, 2; and of a velocity that is on a grid, 1.
    change : float, optional
        How fast the storm is taken to change while it is scanned, for stated errors, over the speed of the wind's
        departures from the background; 1 when omitted, 0 for one that does not change.
    average : float, optional
        m: gates are averaged over so much of a ray; the lesser side of a cell when omitted.
    freezing : float, optional
        m above mean sea level, from which height on down echo falls as rain; 4000 when omitted.
    error : float, or one for each level, optional
        m s-1, standard deviation of the background's u and v; what it states, else 2.5, when omitted.
    error_w : float, optional
        m s-1, of its w, which is 0; 3 when omitted.
    length, length_up, length_w : float, optional
        m over which its errors stay alike, horizontally, upward, and upward those of w; 6000, 3000 and ``length_up``
        when omitted.
    order : 2 or 4, optional
        Their correlation is exponential, when omitted, or smooth.
    ground : float, or (y, x) DataArray on the columns of the grid, optional
        m above mean sea level. At a number w is 0: the lowest of the grid's bottom and the antennas when omitted. Along
        heights air flows, w = u dh/dx + v dh/dy; below them nothing is known. NaN asks for nothing.
    ground_error : float, optional
        m s-1: what w may differ by from that along the heights of the ground; 0.1 when omitted.
    lid : float, optional
        m above mean sea level where w is 0 again; above all data and the grid when omitted.
    density_scale : float, optional
        m over which the density of air falls to 1/e; the standard atmosphere's density when omitted.
    tolerance, iterations : optional
        The search ends when the gradient is so small a part of that at the start, 0.02 when omitted, or after so many
        iterations, 60; it then says so, in ``flags`` and in the log.
    robust : float, optional
        Differences of so many errors count half as much, large ones hardly at all, where folds or clutter may have been
        left in; none does when omitted.
    tendency_error : float, optional
        s-2: standard deviation of what vertical vorticity changes in each cell otherwise than the wind has it, in a
        storm that moves and else stays as it is. When omitted nothing is asked of its tendency.

    Returns
    -------
    (z, y, x) Dataset of ``u``, ``v`` along the grid's x and y and ``w`` upward, m s-1, NaN below the ground and above
    the lid; ``u_error``, ``v_error`` and ``w_error``, their standard errors, m s-1; ``divergence`` and ``vorticity``,
    s-1; ``sources``, a bit for each source that has a datum in the cell, of which that at the ground is the last one;
    and ``ground`` (y, x), m, where heights were given. Over ``source`` what each had to say, and how
    the wind was found, which ``report`` puts in words; ``flags`` are bits that its attribute ``flag_meanings`` names.
    ``nowcast.wind.to_true`` turns u and v to the true east and north.

    Raises
    ------
    ArgumentError : a grid without levels or of degrees, a volume without a place, an option out of range.
    NoDataError : neither an observation nor a background.

    Of one radar alone ``w`` is not to be trusted. The same bits for every number of threads.
    """
    if grid is None or not grid.z:
        raise ArgumentError("grid: one with levels z expected")
    trees = [volumes] if isinstance(volumes, xr.DataTree) else list(volumes)
    if not all(isinstance(tree, xr.DataTree) for tree in trees):
        raise ArgumentError("volumes: DataTrees, as nowcast.open gives them, expected")
    ns = _time(time, trees, gridded, points)
    moment = np.datetime64(ns, "ns")
    held = _Input()
    first, stated = _first_guess(background, grid, moment, error)
    trees = [_with_velocities(tree, first, grid) if dealias else tree for tree in trees]
    held.take_volumes(trees)
    held.take_gridded(gridded, ns, gridded_error)
    if points is not None:
        held.take_points(points, moment, point_error)
    if first is not None:
        held.take_background(first, grid)
    if stated is not None:
        held.take_error(stated)
    heights = ground if isinstance(ground, xr.DataArray) and ground.ndim else None
    flat = None if heights is None else held.take_ground(heights, grid)
    options = _lib.options(
        "wind",
        motion_u_m_s=None if motion is None else motion[0],
        motion_v_m_s=None if motion is None else motion[1],
        max_age_s=max_age,
        min_range_m=min_range,
        max_range_m=max_range,
        gate_error_m_s=gate_error,
        place_error_m_s=place_error,
        fall_error_m_s=fall_error,
        change=change,
        range_m=average,
        freezing_m=freezing,
        error_m_s=float(np.asarray(error)) if error is not None and np.ndim(error) == 0 else None,
        error_w_m_s=error_w,
        length_h_m=length,
        length_v_m=length_up,
        length_w_m=length_w,
        order=order,
        ground_m=None if ground is None or flat is not None else float(ground),
        ground_error_m_s=ground_error,
        lid_m=lid,
        density_scale_m=density_scale,
        tolerance=tolerance,
        iterations=iterations,
        robust=robust,
        tendency_error_s2=tendency_error,
    )
    made, told = _called(held, grid, ns, options)
    names = _names(trees, gridded, points, flat is not None)[: told.n_sources]
    files = [str(tree.attrs.get("input_files", "")) for tree in trees]
    found = _dataset(made, told, grid, moment, names, "\n".join(filter(None, files)))
    if flat is not None:
        about = {"units": "m", "standard_name": "surface_altitude", "long_name": "height of the ground"}
        found["ground"] = (("y", "x"), flat, about | {"grid_mapping": "crs"})
    return found


def report(wind: xr.Dataset) -> str:
    """How a wind of ``retrieve`` was found, in words: its sources, what is special about it, and how far it got."""
    mask = int(wind["flags"])
    number = {name: float(wind[name]) for name in _REPORT}
    lines = [
        f"wind at {wind['time'].values.astype('datetime64[s]')}Z, {wind.sizes['z']} x {wind.sizes['y']} x "
        f"{wind.sizes['x']} cells, ground {number['ground_height']:.0f} m, lid {number['lid_height']:.0f} m",
        f"{number['iterations_coarse']:.0f} iterations on coarser cells and {number['iterations']:.0f} on these; "
        f"gradient {number['gradient']:.3f} of that at the start; divergence left {number['divergence_left']:.1e} s-1",
        f"cost {number['cost_data']:.0f} of data and {number['cost_background']:.0f} of background, of "
        f"{int(wind['observations'].sum())} observations; "
        f"motion {number['motion_u']:.1f}, {number['motion_v']:.1f} m s-1",
    ]
    for k, name in enumerate(wind["source"].values):
        one = {part: float(wind[part][k]) for part in _SOURCES}
        text = f"{name}: {one['observations']:.0f} observations"
        if one["observations"]:
            text += (
                f" of error {one['stated_error']:.2f}; off by {one['before']:.2f} before and {one['after']:.2f} after, "
                f"in the mean {one['bias_before']:+.2f} and {one['bias_after']:+.2f} m s-1"
            )
        lines.append(text)
    lines += [_SAID[name] for name, bit in FLAGS.items() if mask & bit]
    return "\n".join(lines)


def _time(time: Any, trees: Sequence[xr.DataTree], gridded: Sequence[xr.Dataset], points: pd.DataFrame | None) -> int:
    """When the wind is to be, ns of UTC: as told, or the middle of what was observed."""
    if time is not None:
        told = pd.Timestamp(time)
        return _ns((told.tz_convert(None) if told.tzinfo else told).to_datetime64())
    middles = [_middle(tree) for tree in trees]
    middles += [_ns(one["time"].values.ravel()[0]) for one in gridded if "time" in one.coords]
    if not middles and points is not None:
        middles = [_ns(moment) for moment in points["time"].to_numpy()]
    if not middles:
        raise ArgumentError("time: that of the wind expected, nothing that is given tells one")
    first = min(middles)
    return (first + int(np.median(np.array(middles) - first))) // 10**9 * 10**9


def _ns(moment: Any) -> int:
    return int(np.asarray(moment).astype("datetime64[ns]").astype(np.int64))


def _middle(tree: xr.DataTree) -> int:
    times = [np.asarray(tree[name]["time"].values) for name in _volume.sweep_names(tree)]
    first, last = min(_ns(one.min()) for one in times), max(_ns(one.max()) for one in times)
    return first + (last - first) // 2


# ---- what goes in ----


def _first_guess(
    background: Background | None, grid: Grid, time: Any, error: float | npt.ArrayLike | None
) -> tuple[xr.Dataset | None, npt.NDArray[np.float64] | None]:
    """The background on the grid, and its error at every level where that is stated."""
    levels = len(grid.z)
    stated = None if error is None or np.ndim(error) == 0 else np.asarray(error, dtype=np.float64)
    if background is not None and isinstance(background, str | os.PathLike):
        found: Any = open_any(background)
        first = _background.wind_background(found, grid, time=time)
    elif isinstance(background, xr.Dataset) and "u" in background and background["u"].ndim == 3:
        first = background
    elif background is None:
        first = None
    else:
        first = _background.wind_background(background, grid, time=time)
    if first is not None and error is None and "error" in first and first["error"].dims == ("z",):
        stated = first["error"].values.astype(np.float64)
    if stated is not None and stated.shape != (levels,):
        raise ArgumentError(f"error: one for each of {levels} levels expected, shape {stated.shape} given")
    return first, stated


def _with_velocities(tree: xr.DataTree, first: xr.Dataset | None, grid: Grid) -> xr.DataTree:
    """The volume with VRADDH."""
    names = {str(name) for group in tree.children.values() for name in group.data_vars}
    if "VRADDH" in names or "VRADH" not in names:
        return tree
    return _dealias.dealias(tree, profile=None if first is None else _profile(first, grid, tree))


def _profile(first: xr.Dataset, grid: Grid, tree: xr.DataTree) -> xr.Dataset:
    """The mean of a background over height, towards true east and north at a radar."""
    u, v = (first[name].mean(("y", "x"), skipna=True).values.astype(np.float64) for name in ("u", "v"))
    east, north = towards_north(u, v, grid, (float(tree["longitude"]), float(tree["latitude"])))
    known = np.isfinite(east) & np.isfinite(north)
    return xr.Dataset(
        {"u": ("height", east[known]), "v": ("height", north[known])}, coords={"height": first["z"].values[known]}
    )


class _Input:
    """An nwc_wind_input, and all that it points to."""

    def __init__(self) -> None:
        self.c = ffi.new("nwc_wind_input *")
        self._kept: list[Any] = []

    def take_volumes(self, trees: Sequence[xr.DataTree]) -> None:
        handles = [_volume.handle(tree, _MOMENTS) for tree in trees]
        pointers = ffi.new("nwc_volume *[]", handles)
        self.c.volumes, self.c.n_volumes = pointers, len(handles)
        self._kept += [handles, pointers]

    def take_gridded(self, several: Sequence[xr.Dataset], ns: int, error: float | None) -> None:
        structs = ffi.new("nwc_wind_gridded[]", max(1, len(several)))
        for struct, data in zip(structs, several, strict=False):
            name = next((name for name in ("VRADDH", "VRADH") if name in data), None)
            wanted = {"velocity": name, "azimuth_deg": "azimuth", "elevation_deg": "elevation", "dbz": "DBZH"}
            missing = [variable for variable in ("azimuth", "elevation") if variable not in data]
            if name is None or missing:
                raise ArgumentError(f"gridded: VRADDH or VRADH, azimuth and elevation expected, {list(data)} given")
            grid = _grid_of(data[name])
            for member, variable in wanted.items():
                if variable not in data:
                    continue
                units = {"velocity": "m s-1", "dbz": "dBZ"}.get(member, "degrees")
                setattr(struct, member, self._cube(data[variable], units, grid, f"gridded: {variable}"))
            if "time" in data.coords:
                struct.age_s = 1e-9 * (ns - _ns(data["time"].values.ravel()[0]))
            struct.error_m_s = 0.0 if error is None else error
        self.c.gridded, self.c.n_gridded = structs, len(several)
        self._kept.append(structs)

    def take_points(self, table: pd.DataFrame, time: np.datetime64, error: float) -> None:
        if not error > 0.0:
            raise ArgumentError(f"point_error: above 0 expected, {error:g} given")
        rows = _winds(table, time, error)
        structs = ffi.new("nwc_wind_point[]", max(1, len(rows)))
        for struct, row in zip(structs, rows.to_numpy(np.float64), strict=False):
            struct.lon_deg, struct.lat_deg, struct.height_m, struct.u_m_s, struct.v_m_s, struct.error_m_s = row
        self.c.points, self.c.n_points = structs, len(rows)
        self._kept.append(structs)

    def take_background(self, first: xr.Dataset, grid: Grid) -> None:
        if dataclasses.replace(grid, z=()) != Grid.of(first["u"]) or not np.allclose(first["z"].values, grid.z):
            raise ArgumentError("background: u and v on the grid of the wind expected, they are on another")
        for name in ("u", "v", "w"):
            if name in first:
                setattr(self.c, f"background_{name}", self._cube(first[name], "m s-1", grid, f"background: {name}"))

    def take_ground(self, heights: xr.DataArray, grid: Grid) -> Array:
        """The heights as they are taken: (y, x), both ascending."""
        flat = heights.squeeze(
            [dim for dim in heights.dims if dim not in ("y", "x") and heights.sizes[dim] == 1], drop=True
        )
        if set(flat.dims) != {"y", "x"}:
            raise ArgumentError(f"ground: dimensions (y, x) expected, {heights.dims} given")
        flat = flat.transpose("y", "x")
        if not all(
            flat.sizes[a] == own.size and np.allclose(np.sort(flat[a]), own)
            for a, own in (("y", grid.y), ("x", grid.x))
        ):
            raise ArgumentError("ground: heights on the columns of the grid expected, they are on other ones")
        cells = ascending(flat, _field.as_float32(flat.values))
        fields = _field.Fields([cells], "m")
        self._kept.append(fields)
        self.c.ground = fields.c
        return cells

    def take_error(self, stated: npt.NDArray[np.float64]) -> None:
        cells = np.ascontiguousarray(stated)
        self.c.background_error_m_s = ffi.cast("double *", cells.ctypes.data)
        self._kept.append(cells)

    def _cube(self, data: xr.DataArray, units: str, grid: Grid, what: str) -> Any:
        cube = data.squeeze([dim for dim in data.dims if dim not in ("z", "y", "x") and data.sizes[dim] == 1])
        if cube.dims != ("z", "y", "x"):
            raise ArgumentError(f"{what}: dimensions (z, y, x) expected, {data.dims} given")
        fields = _field.Fields([ascending(cube, _field.as_float32(cube.values))], units, grid)
        self._kept.append(fields)
        return fields.c


def _grid_of(data: xr.DataArray) -> Grid:
    if "z" not in data.coords:
        raise ArgumentError(f"gridded: levels z expected, dimensions {data.dims} given")
    return dataclasses.replace(Grid.of(data), z=tuple(data["z"].values.astype(float)))


def _winds(table: pd.DataFrame, time: np.datetime64, error: float) -> pd.DataFrame:
    """Longitude, latitude, height, u, v and error of the winds of a table that are near enough in time."""
    attributes = table.attrs
    away = (table["time"] - pd.Timestamp(time)).abs()
    table = table[(table["flags"] & obs.SUSPECT == 0) & (away <= pd.Timedelta(hours=_POINT_HOURS))]
    table = table[table["lead"].fillna(0.0) == 0.0]
    columns = ["longitude", "latitude", "height", "eastward_wind", "northward_wind", "error"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    table.attrs = attributes
    found = obs.wide(obs.derive(table))
    missing = [name for name in ("eastward_wind", "northward_wind") if name not in found]
    if missing:
        return pd.DataFrame(columns=columns)
    facts = pd.DataFrame(attributes.get("stations", []), columns=["id", "longitude", "latitude", "height"]).set_index(
        "id"
    )
    known = facts.astype(float)[~facts.index.duplicated()].reindex(found["station"].astype(str)).reset_index(drop=True)
    masts = (found["kind"].astype(str) == "surface") & found["height"].isna()
    found.loc[masts, "height"] = known["height"][masts] + _MAST_M
    for name in ("longitude", "latitude"):
        found[name] = found[name].fillna(known[name])
    if found[["longitude", "latitude"]].isna().all().any():
        raise ArgumentError("points: longitudes and latitudes expected, none is known")
    hours = (found["time"] - pd.Timestamp(time)).dt.total_seconds().abs() / 3600.0
    found["error"] = np.sqrt(error**2 + (_AGE_M_S * hours) ** 2)
    return found[columns].dropna()


# ---- what comes out ----


def _called(held: _Input, grid: Grid, ns: int, options: Any) -> tuple[Mapping[str, npt.NDArray[Any]], Any]:
    shape = (len(grid.z), grid.ny, grid.nx)
    made: dict[str, Array] = {name: np.empty(shape, dtype=np.float32) for name in _FIELDS}
    bits = np.zeros(shape, dtype=np.int32)
    out, told = ffi.new("nwc_wind_output *"), ffi.new("nwc_wind_report *")
    kept = []
    for name, cells in made.items():
        kept.append(_field.Fields([cells], "s-1" if name in ("divergence", "vorticity") else "m s-1", grid))
        setattr(out, f"error_{name[0]}" if name.endswith("_error") else name, kept[-1].c)
    labels = ffi.new("nwc_labels *")
    labels.data = ffi.cast("int32_t *", bits.ctypes.data)
    _field.layout(labels, bits)
    out.sources = labels
    with _lib.call() as ctx:
        try:
            _lib.check(lib.nwc_wind_retrieve(ctx, held.c, ns, options, out, told))
        except ConvergenceError as failure:  # the best that was found, and its flag says so
            _logger.warning("%s", failure)
    return made | {"sources": bits}, told


def _names(
    trees: Sequence[xr.DataTree], gridded: Iterable[xr.Dataset], points: pd.DataFrame | None, hilly: bool
) -> list[str]:
    """Of the sources, in the order of their bits; those of one radar are told apart by a number."""
    names = [str(tree.attrs.get("instrument_name") or "radar") for tree in trees]
    names += [str(data.attrs.get("instrument_name") or "gridded") for data in gridded]
    names += [] if points is None else ["points"]
    names += ["ground"] if hilly else []
    counts: dict[str, int] = {}
    made = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        made.append(f"{name} ({counts[name]})" if names.count(name) > 1 else name)
    return made


def _dataset(
    made: Mapping[str, npt.NDArray[Any]], told: Any, grid: Grid, time: np.datetime64, names: list[str], files: str
) -> xr.Dataset:
    about: dict[str, dict[str, Any]] = {name: dict(names_of(grid)[name]) for name in ("u", "v", "w")}
    for name in ("u", "v", "w"):
        standard = f"{about[name]['standard_name']} standard_error"
        text = f"standard error of {about[name]['long_name']}"
        about[f"{name}_error"] = {"units": "m s-1", "standard_name": standard, "long_name": text}
    about["divergence"] = {
        "units": "s-1",
        "standard_name": "divergence_of_wind",
        "long_name": "divergence of the horizontal wind",
    }
    about["vorticity"] = {
        "units": "s-1",
        "standard_name": "atmosphere_relative_vorticity",
        "long_name": "vorticity about the vertical",
    }
    about["sources"] = {"units": "1", "long_name": "sources that have a datum in the cell"}
    if names:
        about["sources"] |= {
            "flag_masks": np.left_shift(1, np.arange(len(names))).astype(np.int32),
            "flag_meanings": " ".join(name.replace(" ", "_") for name in names),
        }
    data: dict[str, Any] = {
        name: (("z", "y", "x"), cells, about[name] | {"grid_mapping": "crs"}) for name, cells in made.items()
    }
    for name, (field, units, text) in _SOURCES.items():
        values = np.array([getattr(told.sources[k], field) for k in range(len(names))])
        data[name] = ("source", values, {"units": units, "long_name": text})
    for name, (field, units, text) in _REPORT.items():
        data[name] = ((), np.asarray(getattr(told, field)), {"units": units, "long_name": text})
    masks = {"flag_masks": np.array(list(FLAGS.values()), np.int32), "flag_meanings": " ".join(FLAGS)}
    data["flags"] = ((), np.int32(told.flags), {"long_name": "what is special about the wind"} | masks)
    coords = grid.levels() | grid.coords()
    coords |= {
        "time": ((), time, {"standard_name": "time", "long_name": "time of the wind"}),
        "source": ("source", np.array(names, dtype=str), {"long_name": "what was observed by"}),
    }
    return xr.Dataset(data, coords=coords, attrs={"input_files": files} if files else {})
