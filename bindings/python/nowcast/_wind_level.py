"""The wind at heights above the ground and at 10 m, from a wind in space."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _field, _lib, obs
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

HEIGHTS = (50.0, 100.0, 150.0, 200.0, 300.0, 500.0, 750.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0)
"""Heights above the ground of the low-level wind, m."""

USES = ("used", "unknown", "outside", "unlike")
"""What becomes of stations, by the numbers of ``nwc_wind_station_use``."""

Array = npt.NDArray[np.float32]
Flat = xr.DataArray | float | None

_NEAR = ("u", "v", "error", "quality")
_STANDARD = {
    "u": ("x_wind", "eastward_wind"),
    "v": ("y_wind", "northward_wind"),
    "w": ("upward_air_velocity",),
}
_FITS = {
    "u": ("u_m_s", "m s-1", "eastward wind that was observed, at 10 m"),
    "v": ("v_m_s", "m s-1", "northward wind that was observed, at 10 m"),
    "before_u": ("before_u", "m s-1", "eastward wind of the field before stations were merged"),
    "before_v": ("before_v", "m s-1", "northward wind of the field before stations were merged"),
    "left_out_u": ("left_out_u", "m s-1", "eastward wind made without the station"),
    "left_out_v": ("left_out_v", "m s-1", "northward wind made without the station"),
    "left_out_error": ("left_out_error_m_s", "m s-1", "error that observed less left_out should have"),
    "gust": ("gust_m_s", "m s-1", "gust that was observed"),
    "before_gust": ("before_gust", "m s-1", "gust of the field before stations were merged"),
    "left_out_gust": ("left_out_gust", "m s-1", "gust made without the station"),
}


class Space:
    """A wind in space as the library takes it: fields (..., z, y, x), a cube for each place along the leading axes."""

    def __init__(
        self, wind: xr.Dataset, ground: Flat = None, roughness: Flat = None, near: xr.Dataset | None = None
    ) -> None:
        u, v = _component(wind, "u"), _component(wind, "v")
        if u is None or v is None:
            raise ArgumentError("wind: variables u and v, or of standard names x_wind and y_wind, expected")
        if u.dims[-3:] != ("z", "y", "x"):
            raise ArgumentError(f"wind: dimensions (..., z, y, x) expected, {u.dims} given")
        self.like = u
        self.dataset = wind
        self.grid = Grid.of(u)
        self.leading = u.shape[:-3]
        z = np.asarray(u["z"].values, dtype=np.float64)
        self._down = z.size > 1 and z[0] > z[-1]
        self.levels = np.ascontiguousarray(z[::-1] if self._down else z)
        self.cells = {"u": self.cube(u, "u"), "v": self.cube(v, "v")}
        for name, field in (("w", _component(wind, "w")), ("error", _error(wind)), ("quality", wind.get("quality"))):
            if field is not None:
                self.cells[name] = self.cube(field, name)
        self.units = [str(one.attrs.get("units", "")) for one in (u, v)]
        self.ground = self.flat(wind.get("ground") if ground is None else ground, "ground")
        self.roughness = self.flat(roughness, "roughness")
        self.near = {} if near is None else {name: self.surface(near, name) for name in _NEAR if name in near}
        if near is not None and not {"u", "v"} <= set(self.near):
            raise ArgumentError("near: u and v at 10 m expected, as near_ground gives them")

    def surface(self, near: xr.Dataset, name: str) -> Array:
        """A field (..., y, x) at 10 m, on the columns of the wind and at its places along the leading axes."""
        field, dims = near[name], (*self.like.dims[:-3], "y", "x")
        shape = (*self.leading, self.grid.ny, self.grid.nx)
        if set(field.dims) != set(dims) or field.transpose(*dims).shape != shape:
            raise ArgumentError(f"near: {name} of shape {shape} expected, {field.shape} given")
        return ascending(near, _field.as_float32(field.transpose(*dims).values))

    def cube(self, field: xr.DataArray, name: str) -> Array:
        """The cells of another field of the wind, axes upward and ascending."""
        if set(field.dims) != set(self.like.dims) or any(field.sizes[d] != self.like.sizes[d] for d in field.dims):
            raise ArgumentError(f"{name}: {dict(self.like.sizes)} expected, {dict(field.sizes)} given")
        field = field.transpose(*self.like.dims)
        cells = ascending(field, _field.as_float32(field.values))
        return cells[..., ::-1, :, :] if self._down else cells

    def flat(self, value: Flat, name: str) -> Array | None:
        """A number, or a field (y, x) on the same columns."""
        if value is None:
            return None
        shape = (self.grid.ny, self.grid.nx)
        if isinstance(value, xr.DataArray) and value.ndim:
            field = value.squeeze(drop=True)
            if set(field.dims) != {"y", "x"} or field.transpose("y", "x").shape != shape:
                raise ArgumentError(f"{name}: the {shape} cells (y, x) of the wind expected, {value.shape} given")
            field = field.transpose("y", "x")
            return ascending(field, _field.as_float32(field.values))
        return np.full(shape, float(value), dtype=np.float32)

    def c_cube(self, place: tuple[int, ...]) -> tuple[Any, list[Any]]:
        """The C struct of the wind at one place along the leading axes, and what keeps it alive."""
        struct = ffi.new("nwc_wind_cube *")
        kept: list[Any] = [self.c_grid()]
        for name, array in self.cells.items():
            units = self.units["uv".index(name)] if name in ("u", "v") else None
            fields = _field.Fields([array[place]], units)
            fields.c[0].grid = kept[0][0]
            setattr(struct, name, fields.c)
            kept.append(fields)
        for name, flat in (("ground_m", self.ground), ("roughness_m", self.roughness)):
            if flat is not None:
                kept.append(_field.Fields([flat]))
                setattr(struct, name, kept[-1].c)
        for name, array in self.near.items():
            kept.append(_field.Fields([array[place]]))
            setattr(struct, f"{name}_10", kept[-1].c)
        return struct, kept

    def c_grid(self) -> tuple[Any, Any]:
        """The grid of the wind in C, with its levels, and what keeps it alive."""
        struct, text = self.grid.to_c()
        struct.nz, struct.z_m = self.levels.size, ffi.cast("double *", self.levels.ctypes.data)
        return struct, text

    def make(self, shape: tuple[int, ...], n: int, call: Callable[[Any, Any, list[Any]], int]) -> list[Array]:
        """n fields (..., *shape, y, x), by call(ctx, cube, outputs)."""
        made = [np.empty((*self.leading, *shape, self.grid.ny, self.grid.nx), dtype=np.float32) for _ in range(n)]
        for place in np.ndindex(self.leading):
            cube, kept = self.c_cube(place)
            outputs = [_field.Fields([array[place]], "m s-1", self.grid) for array in made]
            with _lib.call() as ctx:
                _lib.check(call(ctx, cube, [output.c for output in outputs]))
            del kept
        return made

    def coords(self) -> dict[str, Any]:
        """The coordinates of products: those of the wind without its levels."""
        return {str(name): value for name, value in self.like.coords.items() if "z" not in value.dims and name != "z"}

    def wrap(self, cells: Array, name: str, attributes: dict[str, Any], inner: Sequence[str] = ()) -> xr.DataArray:
        """A product of dimensions (..., *inner, y, x) on the columns of the wind."""
        mapping = {"grid_mapping": self.like.attrs.get("grid_mapping", "crs")}
        dims = (*self.like.dims[:-3], *inner, "y", "x")
        return xr.DataArray(
            ascending(self.like, cells), dims=dims, coords=self.coords(), attrs=attributes | mapping, name=name
        )


def _component(wind: xr.Dataset, name: str) -> xr.DataArray | None:
    if name in wind:
        return wind[name]
    found = [one for one in wind.data_vars.values() if one.attrs.get("standard_name") in _STANDARD[name]]
    return found[0] if found else None


def _error(wind: xr.Dataset) -> xr.DataArray | None:
    """The standard error of a horizontal component."""
    if "error" in wind:
        return wind["error"]
    if "u_error" in wind and "v_error" in wind:
        both: xr.DataArray = 0.5 * (wind["u_error"] ** 2 + wind["v_error"] ** 2)
        return both**0.5
    return None


def names_of(grid: Grid) -> dict[str, dict[str, Any]]:
    """The attributes of wind on a grid, by what it is."""
    east, north = ("eastward_wind", "northward_wind") if grid.is_latlon else ("x_wind", "y_wind")
    return {
        "u": {"units": "m s-1", "standard_name": east, "long_name": "wind along x"},
        "v": {"units": "m s-1", "standard_name": north, "long_name": "wind along y"},
        "w": {"units": "m s-1", "standard_name": "upward_air_velocity", "long_name": "upward wind"},
        "error": {"units": "m s-1", "long_name": "standard error of u and of v"},
        "quality": {"units": "1", "long_name": "quality of the wind: 1 known, 0 not known"},
        "gust": {"units": "m s-1", "standard_name": "wind_speed_of_gust", "long_name": "gust of 3 s"},
    }


def height_coordinate(heights: npt.ArrayLike) -> tuple[str, npt.NDArray[np.float64], dict[str, str]]:
    """The coordinate of levels above the ground, as CF has it."""
    attributes = {"units": "m", "standard_name": "height", "long_name": "height above the ground"}
    return "height", np.asarray(heights, dtype=np.float64), attributes | {"positive": "up", "axis": "Z"}


def level_options(**given: float | None) -> Any:
    return _lib.options("wind_level", **given)


def levels(
    wind: xr.Dataset,
    heights: Iterable[float] = HEIGHTS,
    *,
    ground: Flat = None,
    roughness: Flat = None,
    near: xr.Dataset | None = None,
    surface_layer: float | None = None,
    reach: float | None = None,
    gap: float | None = None,
) -> xr.Dataset:
    """The wind at heights above the ground.

    Between two known levels, and below the lowest, the wind is linear in the logarithm of height up to the depth of the
    surface layer, and in height above it; ``nwc_wind_levels`` says how, and on what grounds.

    Parameters
    ----------
    wind : (..., z, y, x) Dataset
        ``u`` and ``v`` along the grid's x and y, m s-1, and where there are such ``w``, ``quality`` (0 to 1) and
        ``error``, or ``u_error`` and ``v_error`` (m s-1); ``z`` in m above mean sea level. ``ground`` of it is that of
        the parameter, when this is omitted.
    heights : numbers
        m above the ground, increasing.
    ground : (y, x) DataArray or float, optional
        m above mean sea level; sea level when omitted. Where it is not known nothing is.
    roughness : (y, x) DataArray or float, optional
        Roughness length, m; 0.1 when omitted: farmland with scattered obstacles.
    near : (..., y, x) Dataset, optional
        The wind at 10 m, as ``near_ground`` gives it, which what is between it and the lowest level is then read from
        too.
    surface_layer : float, optional
        Its depth, m; 100 when omitted.
    reach, gap : float, optional
        m: so far below the lowest known level, 1000 when omitted; and levels farther apart leave unknown what is
        between them, 1500 when omitted.

    Returns
    -------
    (..., height, y, x) Dataset of ``u``, ``v``, ``error`` and ``quality``, and of ``w`` where there is one. Where wind
    is read far from any level, the error is larger and the quality lower. NaN is not known.
    """
    space = Space(wind, ground, roughness, near)
    chosen = np.ascontiguousarray([float(height) for height in heights], dtype=np.float64)
    options = level_options(surface_layer_m=surface_layer, reach_m=reach, gap_m=gap)
    names = ["u", "v", "error", "quality", *(["w"] if "w" in space.cells else [])]

    def call(ctx: Any, cube: Any, out: list[Any]) -> int:
        made = ffi.new("nwc_wind_levels_out *", dict(zip(names, out, strict=True)))
        height_m = ffi.cast("double *", chosen.ctypes.data)
        return int(lib.nwc_wind_levels(ctx, cube, height_m, chosen.size, options, made))

    arrays = dict(zip(names, space.make((chosen.size,), len(names), call), strict=True))
    about = names_of(space.grid)
    data = {
        name: space.wrap(arrays[name], name, about[name], ("height",))
        for name in ("u", "v", "w", "error", "quality")
        if name in arrays
    }
    made = xr.Dataset(data).assign_coords(height=height_coordinate(chosen))
    return made.assign_attrs({name: wind.attrs[name] for name in ("input_files",) if name in wind.attrs})


def near_ground(
    wind: xr.Dataset,
    *,
    ground: Flat = None,
    roughness: Flat = None,
    surface_layer: float | None = None,
    reach: float | None = None,
    stations: pd.DataFrame | None = None,
    time: Any = None,
    window: float = 1200.0,
    length: float | None = None,
    height_scale: float | None = None,
    field_error: float | None = None,
    station_error: float | None = None,
    reject: float | None = None,
    convection: Flat = None,
    theta_v: xr.DataArray | None = None,
    tke: xr.DataArray | None = None,
    turbulent: float | None = None,
    convective: float | None = None,
    mixing_top: float | None = None,
) -> xr.Dataset:
    """Wind and gusts at 10 m, with stations merged in where there are some.

    Parameters
    ----------
    wind, ground, roughness, surface_layer, reach
        As in ``levels``.
    stations : table of ``nowcast.obs``, optional
        Of its surface stations the wind at ``time`` is merged, and gusts: optimal interpolation of what they differ by,
        each being judged by what is made without it (``nwc_wind_merge``). Suspect rows are not used; forecasts neither.
    time : UTC, optional
        That of the wind when omitted.
    window : float
        s: of each station the report nearest to the time is taken, within half of this before or after.
    length, height_scale : float, optional
        m: how far what a station says reaches, along the ground, where it is down to a fifth, and up; 35000 and 200
        when omitted.
    field_error, station_error : float, optional
        m s-1: of the wind where it tells none, and of stations; 2 and 1 when omitted.
    reject : float, optional
        A station farther from what the others say than so many times the error this should have is left out; 4 when
        omitted.
    convection : (y, x) DataArray or float, optional
        0 (none) to 1 (deep): there gusts bring down 0.6 of the shear from 500 to 1500 m.
    theta_v, tke : (z, y, x) DataArray, optional
        Virtual potential temperature, K, on the grid of the wind: wind from above is then brought down as far as
        buoyancy lets it (Brasseur 2001); and turbulent kinetic energy, m2 s-2.
    turbulent, convective, mixing_top : float, optional
        As in ``nwc_wind_gust_options``: 7.2, 0.6 and 2000 m when omitted.

    Returns
    -------
    (..., y, x) Dataset of ``u``, ``v``, ``error``, ``quality`` and ``gust`` at 10 m; with stations, also along
    ``station`` what was observed, what the field said before, what is made without the station and the error which that
    should have (towards east and north), and ``station_use``.
    """
    lowest = levels(wind, (10.0,), ground=ground, roughness=roughness, surface_layer=surface_layer, reach=reach)
    made = lowest.isel(height=0)
    space = Space(wind, ground, roughness)
    made = made[["u", "v", "error", "quality"]]
    made["gust"] = _gusts(
        space, made, convection, theta_v, tke,
        level_options(surface_layer_m=surface_layer, reach_m=reach),
        _lib.options("wind_gust", turbulent=turbulent, convective=convective, mixing_top_m=mixing_top),
    )  # fmt: skip
    made = made.drop_vars("height").assign_coords(height=((), 10.0, height_coordinate([10.0])[2]))
    if stations is None:
        return made
    options = _lib.options(
        "wind_merge",
        length_m=length,
        height_m=height_scale,
        field_error_m_s=field_error,
        station_error_m_s=station_error,
        reject=reject,
        roughness_m=None if roughness is None or isinstance(roughness, xr.DataArray) else float(roughness),
    )
    return _merged(space, made, stations, time, window, options)


def _gusts(
    space: Space,
    wind10: xr.Dataset,
    convection: Flat,
    theta_v: xr.DataArray | None,
    tke: xr.DataArray | None,
    levels: Any,
    options: Any,
) -> xr.DataArray:
    cubes = {
        name: space.cube(field.broadcast_like(space.like), name)
        for name, field in (("theta_v", theta_v), ("tke", tke))
        if field is not None
    }
    deep = space.flat(convection, "convection")
    flat = {name: ascending(wind10[name], wind10[name].values) for name in ("u", "v")}
    places = iter(list(np.ndindex(space.leading)))

    def call(ctx: Any, cube: Any, out: list[Any]) -> int:
        place = next(places)
        given = ffi.new("nwc_wind_gust_input *")
        kept = []
        for name, array in (cubes | flat).items():
            kept.append(_field.Fields([array[place]], "m s-1"))
            setattr(given, name, kept[-1].c)
        if deep is not None:
            kept.append(_field.Fields([deep]))
            given.convection = kept[-1].c
        return int(lib.nwc_wind_gust(ctx, cube, given, levels, options, out[0]))

    (cells,) = space.make((), 1, call)
    return space.wrap(cells, "gust", names_of(space.grid)["gust"])


# ---- stations ----


def _merged(
    space: Space, made: xr.Dataset, stations: pd.DataFrame, time: Any, window: float, options: Any
) -> xr.Dataset:
    """Stations merged into fields at 10 m."""
    if space.leading not in ((), (1,)):
        raise ArgumentError(f"stations: a wind of one time expected, {dict(space.like.sizes)} given")
    if time is None:
        if "time" not in made.coords:
            raise ArgumentError("time: that of the wind expected, which tells none")
        time = np.ravel(made["time"].values)[0]
    found = observed(stations, time, window)
    arrays = {}
    for name in ("u", "v", "error", "gust"):
        arrays[name] = np.ascontiguousarray(ascending(made[name], made[name].values)).reshape(
            space.grid.ny, space.grid.nx
        )
    struct = ffi.new("nwc_wind_surface *")
    kept = []
    for name, array in arrays.items():
        kept.append(_field.Fields([array], "m s-1", space.grid))
        setattr(struct, name, kept[-1].c)
    if space.ground is not None:
        kept.append(_field.Fields([space.ground]))
        struct.ground_m = kept[-1].c
    rows = ffi.new("nwc_wind_station[]", max(1, len(found)))
    fits = ffi.new("nwc_wind_station_fit[]", max(1, len(found)))
    columns = ("longitude_deg", "latitude_deg", "height_m", "sensor_m", "u_m_s", "v_m_s", "gust_m_s")
    for row, values in zip(rows, found[list(columns)].to_numpy(np.float64), strict=False):
        for column, value in zip(columns, values, strict=True):
            setattr(row, column, value)
        row.error_m_s = math.nan
    with _lib.call() as ctx:
        _lib.check(lib.nwc_wind_merge(ctx, struct, rows, len(found), options, fits))
    for name, array in arrays.items():
        made[name] = made[name].copy(data=ascending(made[name], array.reshape(made[name].shape)))
    return made.assign_coords(
        station=("station", found["station"].to_numpy(str), {"long_name": "identifier of the station"}),
        station_longitude=("station", found["longitude_deg"].to_numpy(), {"units": "degrees_east"}),
        station_latitude=("station", found["latitude_deg"].to_numpy(), {"units": "degrees_north"}),
    ).assign(_fit_variables(fits, len(found)))


def _fit_variables(fits: Any, n: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, (member, units, text) in _FITS.items():
        values = np.array([getattr(fits[s], member) for s in range(n)], dtype=np.float64)
        made[f"station_{name}"] = ("station", values, {"units": units, "long_name": text})
    use = np.array([fits[s].use for s in range(n)], dtype=np.int8)
    flags = {"flag_values": np.arange(len(USES), dtype=np.int8), "flag_meanings": " ".join(USES)}
    made["station_use"] = ("station", use, flags | {"long_name": "what became of the station"})
    return made


def observed(table: pd.DataFrame, time: Any, window: float) -> pd.DataFrame:
    """A row for each surface station of a table: its place and the wind and gust nearest to a time."""
    if not window >= 0.0:
        raise ArgumentError(f"window: at least 0 s expected, {window:g} given")
    wanted = ("wind_speed", "wind_from_direction", "eastward_wind", "northward_wind", "wind_speed_of_gust")
    moment = pd.Timestamp(time)
    moment = moment.tz_convert(None) if moment.tzinfo else moment
    away = (table["time"] - moment).abs()
    good = (table["kind"].astype(str) == "surface") & table["quantity"].astype(str).isin(wanted)
    good &= away <= pd.Timedelta(seconds=0.5 * window)
    if "flags" in table.columns:
        good &= (table["flags"].to_numpy(np.int64) & obs.SUSPECT) == 0
    if "lead" in table.columns:
        good &= table["lead"].to_numpy(np.float64) == 0.0
    rows = table[good].assign(away=away[good]).sort_values("away", kind="stable")
    known = {station["id"]: station for station in table.attrs.get("stations", []) if station["kind"] == "surface"}
    return pd.DataFrame(
        [
            _station(str(name), group, known.get(str(name), {}))
            for name, group in rows.groupby("station", observed=True)
        ],
        columns=["station", "longitude_deg", "latitude_deg", "height_m", "sensor_m", "u_m_s", "v_m_s", "gust_m_s"],
    )


def _station(name: str, rows: pd.DataFrame, facts: dict[str, Any]) -> dict[str, Any]:
    """Rows of one station, nearest in time first."""
    first = rows.groupby(rows["quantity"].astype(str), sort=False)["value"].first()
    u, v = float(first.get("eastward_wind", math.nan)), float(first.get("northward_wind", math.nan))
    speed, come_from = float(first.get("wind_speed", math.nan)), float(first.get("wind_from_direction", math.nan))
    if math.isnan(u) or math.isnan(v):
        # Calm has no direction; a wind whose direction varies is not known.
        angle = 0.0 if speed == 0.0 else math.radians(come_from)
        u, v = -speed * math.sin(angle), -speed * math.cos(angle)
    place = {}
    for column in ("longitude", "latitude"):
        told = rows[column].dropna() if column in rows.columns else rows["value"][:0]
        place[f"{column}_deg"] = float(told.iloc[0]) if len(told) else _number(facts.get(column))
    ground = _number(facts.get("height"))
    heights = rows["height"].dropna() if "height" in rows.columns else rows["value"][:0]
    above = float(heights.iloc[0]) - ground if len(heights) else math.nan
    sensor = above if 1.0 <= above <= 200.0 else math.nan
    wind = {"u_m_s": u, "v_m_s": v, "gust_m_s": float(first.get("wind_speed_of_gust", math.nan))}
    return {"station": name, "height_m": ground, "sensor_m": sensor} | place | wind


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
