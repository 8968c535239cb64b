"""Products of a 3-D analysis: column maxima, tops, liquid, hail, rotation, single heights and vertical sections.

An analysis is a DataArray (..., z, y, x) with ``z`` in metres above mean sea level. NaN is not known; where something
is known and there is no echo, products say so by a value: 0 for heights, amounts and probabilities.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _flow, _lib
from nowcast._lib import ffi, lib
from nowcast._lightning import flash_density
from nowcast._surroundings import precipitation_kind, surroundings
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = [
    "cappi",
    "composite",
    "echo_top",
    "flash_density",
    "hail",
    "isotherm",
    "layer_max",
    "lowest",
    "precipitation_kind",
    "rotation",
    "section",
    "surroundings",
    "track",
    "vil",
    "vil_density",
]

_HAIL = {
    "shi": ("J m-1 s-1", "severe hail index"),
    "posh": ("1", "probability of severe hail"),
    "mesh": ("mm", "maximum expected size of hail (Witt et al. 1998)"),
    "mesh75": ("mm", "size of hail, 75th percentile (Murillo and Homeyer 2019)"),
    "mesh95": ("mm", "size of hail, 95th percentile (Murillo and Homeyer 2019)"),
    "poh": ("1", "probability of hail of any size"),
}
_ROTATION = {"low": (0.0, 2000.0), "mid": (3000.0, 6000.0)}
"""Layers above the ground, m."""
_HEIGHT = {"units": "m", "standard_name": "altitude", "positive": "up"}


class _Cube:
    """An analysis as fields (z, y, x) of the library, one for each place along its leading dimensions."""

    def __init__(self, data: xr.DataArray) -> None:
        if data.dims[-3:] != ("z", "y", "x"):
            raise ArgumentError(f"data: dimensions (..., z, y, x) expected, {data.dims} given")
        self.data = data
        self.grid = Grid.of(data)
        self.units = data.attrs.get("units")
        self.levels = np.ascontiguousarray(data["z"].values, dtype=np.float64)
        cells = ascending(data, _field.as_float32(data.values))
        if self.levels.size > 1 and self.levels[0] > self.levels[-1]:
            self.levels, cells = np.ascontiguousarray(self.levels[::-1]), cells[..., ::-1, :, :]
        self.cells = cells
        self.leading = data.shape[:-3]

    def field(self, place: tuple[int, ...]) -> _field.Fields:
        fields = _field.Fields([self.cells[place]], self.units)
        self.c_grid, self._text = self.grid.to_c()
        self.c_grid.nz, self.c_grid.z_m = self.levels.size, ffi.cast("double *", self.levels.ctypes.data)
        fields.c[0].grid = self.c_grid
        return fields

    def flat(self, value: xr.DataArray | float | None, name: str) -> _field.Fields | None:
        """A number, or a field (y, x) on the same columns, as a field of the library."""
        if value is None:
            return None
        shape = (self.grid.ny, self.grid.nx)
        if isinstance(value, xr.DataArray) and value.ndim:
            if value.dims != ("y", "x") or value.shape != shape:
                raise ArgumentError(f"{name}: the {shape} cells (y, x) of the analysis expected, {value.shape} given")
            return _field.Fields([ascending(value, _field.as_float32(value.values))])
        return _field.Fields([np.full(shape, float(value), dtype=np.float32)])

    def make(self, n: int, call: Callable[[Any, Any, list[Any]], int]) -> list[npt.NDArray[np.float32]]:
        """n products (..., y, x), by call(ctx, field, outputs)."""
        made = [np.empty((*self.leading, self.grid.ny, self.grid.nx), dtype=np.float32) for _ in range(n)]
        for place in np.ndindex(self.leading):
            field, outputs = self.field(place), [_field.Fields([array[place]]) for array in made]
            with _lib.call() as ctx:
                _lib.check(call(ctx, field.c, [output.c for output in outputs]))
        return made

    def wrap(self, cells: npt.NDArray[Any], name: str, attributes: dict[str, Any]) -> xr.DataArray:
        """A product as a DataArray on the columns of the analysis."""
        coords = {key: value for key, value in self.data.coords.items() if "z" not in value.dims and key != "z"}
        dims = (*self.data.dims[:-3], "y", "x")
        mapping = {"grid_mapping": self.data.attrs.get("grid_mapping", "crs")}
        return xr.DataArray(
            ascending(self.data, cells), dims=dims, coords=coords, attrs=attributes | mapping, name=name
        )

    def like(self, long_name: str) -> dict[str, Any]:
        """The attributes of the analysis under another description."""
        return self.data.attrs | {"long_name": long_name}


def _c(fields: _field.Fields | None) -> Any:
    return ffi.NULL if fields is None else fields.c


def layer_max(
    data: xr.DataArray, low: float = -math.inf, high: float = math.inf, *, ground: xr.DataArray | float | None = None
) -> xr.Dataset:
    """The greatest value of every column within a layer, and the height of the lowest level that has it.

    Parameters
    ----------
    data : (..., z, y, x) DataArray
    low, high : float
        m, levels from low to high count: above the ground where one is given, else above mean sea level.
    ground : (y, x) DataArray or float, optional
        m above mean sea level.

    Returns
    -------
    (..., y, x) Dataset of ``greatest`` and ``height``.
    """
    cube = _Cube(data)
    under = cube.flat(ground, "ground")
    greatest, height = cube.make(
        2, lambda ctx, field, out: lib.nwc_product_layer_max(ctx, field, _c(under), low, high, out[0], out[1])
    )
    return xr.Dataset(
        {
            "greatest": cube.wrap(greatest, "greatest", cube.like("greatest value of the column")),
            "height": cube.wrap(height, "height", _HEIGHT | {"long_name": "height of the greatest value"}),
        }
    )


def composite(data: xr.DataArray) -> xr.DataArray:
    """The greatest value of every column, (..., y, x)."""
    return layer_max(data)["greatest"].rename("composite")


def lowest(data: xr.DataArray) -> xr.Dataset:
    """The lowest known value of every column (the hybrid scan) and the height of its level: ``lowest``, ``height``."""
    cube = _Cube(data)
    value, height = cube.make(2, lambda ctx, field, out: lib.nwc_product_lowest(ctx, field, out[0], out[1]))
    return xr.Dataset(
        {
            "lowest": cube.wrap(value, "lowest", cube.like("lowest known value of the column")),
            "height": cube.wrap(height, "height", _HEIGHT | {"long_name": "height of the lowest known value"}),
        }
    )


def cappi(data: xr.DataArray, height: float) -> xr.DataArray:
    """The analysis at one height, m above mean sea level, linearly between levels, reflectivity as Z; (..., y, x)."""
    cube = _Cube(data)
    (level,) = cube.make(1, lambda ctx, field, out: lib.nwc_product_cappi(ctx, field, height, out[0]))
    made = cube.wrap(level, "cappi", cube.like(f"{data.attrs.get('long_name', data.name)} at {height:g} m"))
    return made.assign_coords(height=((), float(height), _HEIGHT | {"long_name": "height above mean sea level"}))


def echo_top(data: xr.DataArray, threshold: float = 18.5) -> xr.Dataset:
    """The highest and lowest height at which the reflectivity of a column reaches a threshold.

    Parameters
    ----------
    data : (..., z, y, x) DataArray, dBZ
    threshold : float
        dBZ: 18.5 is usual for tops of echo, 45 for hail.

    Returns
    -------
    (..., y, x) Dataset of ``top`` and ``base``, m above mean sea level, linearly in dBZ between levels, 0 where the
    threshold is nowhere reached, and ``open``, bits: 1 where nothing is known above the top, 2 where nothing is below
    the base.
    """
    cube = _Cube(data)
    bits: npt.NDArray[np.uint8] = np.empty((*cube.leading, cube.grid.ny, cube.grid.nx), dtype=np.uint8)
    places = iter(list(np.ndindex(cube.leading)))

    def call(ctx: Any, field: Any, out: list[Any]) -> int:
        flags = ffi.new("nwc_flags *")
        array = bits[next(places)]
        flags.data = ffi.cast("uint8_t *", array.ctypes.data)
        _field.layout(flags, array)
        return int(lib.nwc_product_echo_top(ctx, field, threshold, out[0], out[1], flags))

    top, base = cube.make(2, call)
    masks = np.array([lib.NWC_COLUMN_TOP_OPEN, lib.NWC_COLUMN_BASE_OPEN], dtype=np.uint8)
    meanings = {"flag_masks": masks, "flag_meanings": "top_may_be_higher base_may_be_lower", "units": "1"}
    meanings |= {"long_name": "where what is known ends within the echo"}
    return xr.Dataset(
        {
            "top": cube.wrap(top, "top", _HEIGHT | {"long_name": f"top of echo of {threshold:g} dBZ"}),
            "base": cube.wrap(base, "base", _HEIGHT | {"long_name": f"base of echo of {threshold:g} dBZ"}),
            "open": cube.wrap(bits, "open", meanings),
        }
    )


def vil(
    data: xr.DataArray,
    *,
    ground: xr.DataArray | float | None = None,
    cap: float | None = None,
    reach: float | None = None,
) -> xr.DataArray:
    """Vertically integrated liquid (Greene and Clark 1972), kg m-2.

    Parameters
    ----------
    data : (..., z, y, x) DataArray, dBZ
    ground : (y, x) DataArray or float, optional
        m above mean sea level; sea level when omitted.
    cap : float, optional
        dBZ: greater reflectivity, hail, counts as this; 56 when omitted.
    reach : float, optional
        m: the lowest known value holds that far down, at most to the ground; 3000 when omitted.

    Returns
    -------
    (..., y, x) DataArray.
    """
    cube = _Cube(data)
    under = cube.flat(ground, "ground")
    options = _lib.options("vil", cap_dbz=cap, reach_m=reach)
    (made,) = cube.make(1, lambda ctx, field, out: lib.nwc_product_vil(ctx, field, _c(under), options, out[0]))
    return cube.wrap(made, "vil", {"units": "kg m-2", "long_name": "vertically integrated liquid"})


def vil_density(data: xr.DataArray, *, ground: xr.DataArray | float | None = None) -> xr.DataArray:
    """Liquid over the depth of the echo of 18.5 dBZ (Amburn and Wolf 1997), g m-3; 0 without echo."""
    liquid, top = vil(data, ground=ground), echo_top(data)["top"]
    depth = top - (0.0 if ground is None else ground)
    density = (1000.0 * liquid / depth).where(depth > 0.0, depth * 0.0)
    made: xr.DataArray = density.transpose(*liquid.dims).astype(np.float32).rename("vil_density")
    made.attrs = liquid.attrs | {"units": "g m-3", "long_name": "density of vertically integrated liquid"}
    return made


def hail(
    data: xr.DataArray,
    freezing: xr.DataArray | float,
    cold: xr.DataArray | float,
    *,
    ground: xr.DataArray | float | None = None,
) -> xr.Dataset:
    """Hail from the reflectivity above the freezing level.

    Parameters
    ----------
    data : (..., z, y, x) DataArray, dBZ
    freezing, cold : (y, x) DataArray or float
        Heights of 0 and -20 degC, m above mean sea level, from a model or a sounding.
    ground : (y, x) DataArray or float, optional
        m above mean sea level; sea level when omitted.

    Returns
    -------
    (..., y, x) Dataset of ``shi`` (J m-1 s-1), ``posh`` and ``poh`` (0 to 1), ``mesh``, ``mesh75`` and ``mesh95`` (mm).
    """
    cube = _Cube(data)
    fields = [cube.flat(freezing, "freezing"), cube.flat(cold, "cold"), cube.flat(ground, "ground")]

    def call(ctx: Any, field: Any, out: list[Any]) -> int:
        made = ffi.new("nwc_hail *", dict(zip(_HAIL, out, strict=True)))
        return int(lib.nwc_product_hail(ctx, field, *map(_c, fields), made))

    arrays = cube.make(len(_HAIL), call)
    return xr.Dataset(
        {
            name: cube.wrap(array, name, {"units": units, "long_name": text})
            for (name, (units, text)), array in zip(_HAIL.items(), arrays, strict=True)
        }
    )


def isotherm(data: xr.DataArray, value: float) -> xr.DataArray:
    """The highest height at which a field that falls upward falls below a value, m above mean sea level, (..., y, x).

    Linearly between levels; of the lowest known level where all that is known lies below the value, NaN where it is
    reached at the highest known one.
    """
    cube = _Cube(data)
    (height,) = cube.make(1, lambda ctx, field, out: lib.nwc_product_isotherm(ctx, field, value, out[0]))
    return cube.wrap(height, "isotherm", _HEIGHT | {"long_name": f"height of {value:g} {cube.units or ''}".rstrip()})


def rotation(shear: xr.DataArray, *, ground: xr.DataArray | float | None = None) -> xr.Dataset:
    """The greatest azimuthal shear from the ground to 2 km, and from 3 to 6 km.

    Parameters
    ----------
    shear : (..., z, y, x) DataArray, s-1
        ``AZSHR`` of ``nowcast.radar.shear``, on a grid.
    ground : (y, x) DataArray or float, optional
        m above mean sea level; sea level when omitted.

    Returns
    -------
    (..., y, x) Dataset of ``low`` and ``mid``, s-1: cyclonic in the northern hemisphere where it is above 0.
    """
    made = {name: layer_max(shear, *layer, ground=ground)["greatest"] for name, layer in _ROTATION.items()}
    for name, (bottom, top) in _ROTATION.items():
        text = f"greatest azimuthal shear {bottom / 1e3:g} to {top / 1e3:g} km above the ground"
        made[name] = made[name].rename(name).assign_attrs(long_name=text, units="s-1")
    return xr.Dataset(made)


def track(frames: xr.DataArray, minutes: float, *, flow: xr.Dataset | None = None) -> xr.DataArray:
    """The greatest value that every cell has had in the minutes before: tracks of rotation, swaths of hail.

    Parameters
    ----------
    frames : (time, y, x) DataArray
    minutes : float
        30, 60, 120 and 360 are usual.
    flow : Dataset of ``u`` and ``v``, m s-1, optional
        On the grid of frames: what is between two of them, along the motion, then counts too, so that what moves fast
        leaves a track and not a row of spots. Over more than half an hour nothing is followed.

    Returns
    -------
    (time, y, x) DataArray, at each time of the frames; NaN where no frame is known.
    """
    if frames.dims != ("time", "y", "x"):
        raise ArgumentError(f"frames: dimensions (time, y, x) expected, {frames.dims} given")
    if not minutes > 0.0:
        raise ArgumentError(f"minutes: above 0 expected, {minutes:g} given")
    cells = _field.as_float32(frames.values)
    times = frames["time"].values.astype("datetime64[ns]").astype(np.int64)
    if (np.diff(times) <= 0).any():
        raise ArgumentError("frames: increasing times expected")
    between = None if flow is None else _between(frames, cells, times, flow)
    made = np.empty(cells.shape, dtype=np.float32)
    for k, time in enumerate(times):
        first = int(np.searchsorted(times, time - int(minutes * 60e9)))
        parts = [cells[first : k + 1]] + ([] if between is None else [between[first:k]])
        made[k] = np.fmax.reduce(np.concatenate(parts), axis=0)
    text = f"greatest {frames.attrs.get('long_name', frames.name)} in {minutes:g} minutes"
    keep = {name: frames.attrs[name] for name in ("units", "grid_mapping") if name in frames.attrs}
    name = f"{frames.name}_track" if frames.name else "track"
    return frames.copy(data=made).rename(name).assign_attrs(keep | {"long_name": text, "cell_methods": "time: maximum"})


def _between(
    frames: xr.DataArray, cells: npt.NDArray[np.float32], times: npt.NDArray[np.int64], flow: xr.Dataset
) -> npt.NDArray[np.float32]:
    """The greatest values from each frame to the next."""
    grid, units = Grid.of(frames), frames.attrs.get("units")
    fields = _field.Fields([ascending(frames, frame) for frame in cells], units, grid)
    motion = _flow.fields(flow, grid)
    made = np.empty((max(0, len(times) - 1), *cells.shape[1:]), dtype=np.float32)
    out = _field.Fields([ascending(frames, swath) for swath in made], units, grid)
    stamps = ffi.new("int64_t[]", times.tolist())
    with _lib.call() as ctx:
        for k in range(len(made)):
            window = min(1e-9 * float(times[k + 1] - times[k]) + 0.5, 86400.0)
            pair = (fields.c + k, stamps + k, 2, motion.c, motion.c + 1)
            _lib.check(lib.nwc_forecast_swath(ctx, *pair, window, ffi.NULL, out.c + k))
    return made


def section(
    data: xr.DataArray, start: tuple[float, float], end: tuple[float, float], *, spacing: float | None = None
) -> xr.DataArray:
    """A vertical section along the straight line, in the grid's plane, between two places.

    Parameters
    ----------
    data : (..., z, y, x) DataArray
    start, end : (longitude, latitude)
        Degrees.
    spacing : float, optional
        Between the points, in the grid's unit; half a cell when omitted.

    Returns
    -------
    (..., z, distance) DataArray, with ``longitude`` and ``latitude`` along ``distance``, which is in the grid's unit.
    """
    cube = _Cube(data)
    step = spacing if spacing is not None else 0.5 * min(cube.grid.dx, cube.grid.dy)
    if not step > 0.0:
        raise ArgumentError(f"spacing: above 0 expected, {step:g} given")
    (x0, x1), (y0, y1) = cube.grid.from_lonlat(*np.transpose(np.array([start, end], dtype=np.float64)))
    length = math.hypot(x1 - x0, y1 - y0)
    if not math.isfinite(length):
        raise ArgumentError("start, end: places the grid's projection can show expected")
    n = int(length / step + 1e-6) + 1
    distance = step * np.arange(n, dtype=np.float64)
    share = distance / length if length > 0.0 else distance
    x, y = np.ascontiguousarray(x0 + share * (x1 - x0)), np.ascontiguousarray(y0 + share * (y1 - y0))
    made = np.empty((*cube.leading, cube.levels.size, n), dtype=np.float32)
    for place in np.ndindex(cube.leading):
        field, out = cube.field(place), _field.Fields([made[place]])
        points = [ffi.cast("double *", axis.ctypes.data) for axis in (x, y)]
        with _lib.call() as ctx:
            _lib.check(lib.nwc_product_section(ctx, field.c, n, *points, out.c))
    longitude, latitude = cube.grid.to_lonlat(x, y)
    coords = {name: value for name, value in data.coords.items() if not {"z", "y", "x"} & set(value.dims)}
    unit = "degrees" if cube.grid.is_latlon else "m"
    return xr.DataArray(
        made,
        dims=(*data.dims[:-3], "z", "distance"),
        coords=coords
        | {
            "z": ("z", cube.levels, data["z"].attrs),
            "distance": ("distance", distance, {"units": unit, "long_name": "distance along the section"}),
            "longitude": ("distance", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
            "latitude": ("distance", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        },
        attrs={name: value for name, value in data.attrs.items() if name != "grid_mapping"},
        name=data.name,
    )
