"""What a wind in space does: shear, motion of storms, helicity, jets, divergence and its lines, outflow, bursts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast._wind_level import Array, Flat, Space
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

SHEAR_LAYERS = ((0.0, 500.0), (0.0, 1000.0), (0.0, 3000.0), (0.0, 6000.0))
"""Layers above the ground that shear is told of, m."""

HELICITY_LAYERS = ((0.0, 1000.0), (0.0, 3000.0))
"""Layers above the ground that helicity is told of, m."""

MICROBURST_M_S = 10.0
"""Outflow from which on it is one of a microburst (Wilson et al. 1984), m s-1."""

Layers = Sequence[tuple[float, float]]

_STORM = {
    "mean_u": "mean wind from the ground to 6 km, along x",
    "mean_v": "mean wind from the ground to 6 km, along y",
    "right_u": "motion of a supercell to the right of the shear, along x",
    "right_v": "motion of a supercell to the right of the shear, along y",
    "left_u": "motion of a supercell to the left of the shear, along x",
    "left_v": "motion of a supercell to the left of the shear, along y",
}


def shear(
    wind: xr.Dataset, layers: Layers = SHEAR_LAYERS, *, ground: Flat = None, near: xr.Dataset | None = None
) -> xr.Dataset:
    """The wind at the top of layers less that at their bottom.

    Parameters
    ----------
    wind, ground, near
        As in ``levels``: ``near`` is the wind at 10 m, where layers from the ground begin; by the law of ``levels``
        when omitted.
    layers : pairs of numbers
        Bottom and top, m above the ground.

    Returns
    -------
    (..., layer, y, x) Dataset of ``shear_u``, ``shear_v`` and ``shear``, m s-1, ``layer`` being the top, with
    ``layer_bounds``. NaN where a layer is not known throughout.
    """
    space = Space(wind, ground, None, near)
    parts = [
        space.make((), 2, lambda ctx, cube, out, low=low, high=high: lib.nwc_wind_shear(  # type: ignore[misc]
            ctx, cube, low, high, ffi.NULL, out[0], out[1]))
        for low, high in _checked(layers)
    ]  # fmt: skip
    u, v = (np.stack([part[c] for part in parts], axis=-3) for c in range(2))
    texts = {"shear_u": "bulk shear along x", "shear_v": "bulk shear along y", "shear": "bulk shear"}
    return _layered(space, {"shear_u": u, "shear_v": v, "shear": np.hypot(u, v)}, texts, "m s-1", layers)


def storm_motion(wind: xr.Dataset, *, ground: Flat = None, near: xr.Dataset | None = None) -> xr.Dataset:
    """How supercells would move (Bunkers et al. 2000), m s-1 along the grid's x and y.

    Parameters
    ----------
    wind, ground, near
        As in ``shear``.

    Returns
    -------
    (..., y, x) Dataset of the mean wind from the ground to 6 km, ``mean_u`` and ``mean_v``, and of the motion 7.5 m s-1
    to the right and the left of the shear, ``right_u``, ``right_v``, ``left_u`` and ``left_v``. NaN where the wind is
    not known up to 6 km.
    """
    space = Space(wind, ground, None, near)

    def call(ctx: Any, cube: Any, out: list[Any]) -> int:
        storm = ffi.new("nwc_wind_storm *", dict(zip(_STORM, out, strict=True)))
        return int(lib.nwc_wind_storm_motion(ctx, cube, ffi.NULL, storm))

    arrays = space.make((), len(_STORM), call)
    return xr.Dataset(
        {
            name: space.wrap(array, name, {"units": "m s-1", "long_name": text})
            for (name, text), array in zip(_STORM.items(), arrays, strict=True)
        }
    )


def helicity(
    wind: xr.Dataset,
    storm: str | xr.Dataset | tuple[float, float] = "right",
    layers: Layers = HELICITY_LAYERS,
    *,
    ground: Flat = None,
    near: xr.Dataset | None = None,
) -> xr.DataArray:
    """Storm-relative helicity, m2 s-2.

    Parameters
    ----------
    wind, ground, near
        As in ``shear``.
    storm : "right", "left", "mean", Dataset of ``u`` and ``v``, or a pair of numbers
        Motion of the storm, m s-1 along the grid's x and y: one that ``storm_motion`` gives, a field of any, or one for
        all.
    layers : pairs of numbers
        Bottom and top, m above the ground.

    Returns
    -------
    (..., layer, y, x) DataArray; positive where the wind relative to the storm veers with height. NaN where a layer, or
    the motion, is not known.
    """
    space = Space(wind, ground, None, near)
    if isinstance(storm, str):
        if storm not in ("right", "left", "mean"):
            raise ArgumentError(f'storm: "right", "left" or "mean" expected, {storm!r} given')
        storms = storm_motion(wind, ground=ground, near=near)
        motion = [space.surface(storms, f"{storm}_{c}") for c in "uv"]
    else:
        shape = (*space.leading, space.grid.ny, space.grid.nx)
        parts = [storm[c] for c in "uv"] if isinstance(storm, xr.Dataset) else list(storm)
        motion = [np.broadcast_to(_motion(space, part), shape) for part in parts]
    made = []
    for low, high in _checked(layers):
        places = iter(list(np.ndindex(space.leading)))

        def call(ctx: Any, cube: Any, out: list[Any]) -> int:
            place = next(places)  # noqa: B023
            fields = [_field.Fields([part[place]]) for part in motion]
            return int(
                lib.nwc_wind_helicity(ctx, cube, fields[0].c, fields[1].c, low, high, ffi.NULL, out[0])  # noqa: B023
            )

        made += space.make((), 1, call)
    text = {"helicity": "storm-relative helicity"}
    found = _layered(space, {"helicity": np.stack(made, axis=-3)}, text, "m2 s-2", layers)["helicity"]
    del found["layer"].attrs["bounds"]  # which only a Dataset can have
    return found


def _motion(space: Space, value: xr.DataArray | float) -> Array:
    flat = space.flat(value, "storm")
    assert flat is not None
    return flat


def jet(wind: xr.Dataset, *, ground: Flat = None, near: xr.Dataset | None = None) -> xr.Dataset:
    """Low-level jets by the categories of Bonner (1968) and Whiteman et al. (1997).

    Parameters
    ----------
    wind, ground, near
        As in ``shear``.

    Returns
    -------
    (..., y, x) Dataset of ``jet`` (0 to 3, -1 for none, NaN where not known), ``jet_height`` (m above the ground),
    ``jet_u``, ``jet_v`` and ``jet_speed`` (m s-1). Category 0 has 10 m s-1 and a fall of 5 up to the next minimum or
    3 km, 1 has 12 and 6, 2 has 16 and 8, 3 has 20 and 10.
    """
    space = Space(wind, ground, None, near)

    def call(ctx: Any, cube: Any, out: list[Any]) -> int:
        made = ffi.new("nwc_wind_jet_out *", dict(zip(("category", "height_m", "u", "v"), out, strict=True)))
        return int(lib.nwc_wind_jet(ctx, cube, ffi.NULL, made))

    category, height, u, v = space.make((), 4, call)
    about = {
        "jet": (category, "1", "category of the low-level jet; -1 for none"),
        "jet_height": (height, "m", "height of the low-level jet above the ground"),
        "jet_u": (u, "m s-1", "wind of the low-level jet along x"),
        "jet_v": (v, "m s-1", "wind of the low-level jet along y"),
        "jet_speed": (np.hypot(u, v), "m s-1", "speed of the low-level jet"),
    }
    return xr.Dataset(
        {
            name: space.wrap(array, name, {"units": units, "long_name": text})
            for name, (array, units, text) in about.items()
        }
    )


def burst(
    wind: xr.Dataset,
    temperature: xr.DataArray,
    humidity: xr.DataArray,
    *,
    ground: Flat = None,
    near: xr.Dataset | None = None,
) -> xr.Dataset:
    """The gusts that downdraughts could bring: WINDEX (McCann 1994) and GUSTEX (Geerts 2001).

    Parameters
    ----------
    wind, ground, near
        As in ``shear``.
    temperature, humidity : (..., z, y, x) DataArray
        K, and specific humidity, kg kg-1, on the grid of the wind.

    Returns
    -------
    (..., y, x) Dataset of ``windex`` and ``gustex``, m s-1; NaN where no melting level is known, or for GUSTEX no wind
    up to 6 km.
    """
    space = Space(wind, ground, None, near)
    cubes = [
        space.cube(field.broadcast_like(space.like), name)
        for name, field in (("temperature", temperature), ("humidity", humidity))
    ]
    places = iter(list(np.ndindex(space.leading)))

    def call(ctx: Any, cube: Any, out: list[Any]) -> int:
        place = next(places)
        fields = [_field.Fields([array[place]]) for array in cubes]
        return int(lib.nwc_wind_burst(ctx, cube, fields[0].c, fields[1].c, ffi.NULL, out[0], out[1]))

    arrays = space.make((), 2, call)
    texts = {"windex": "WINDEX: gust of downdraughts", "gustex": "GUSTEX: gust of downdraughts and the mean wind"}
    return xr.Dataset(
        {
            name: space.wrap(array, name, {"units": "m s-1", "long_name": text})
            for (name, text), array in zip(texts.items(), arrays, strict=True)
        }
    )


def _checked(layers: Layers) -> list[tuple[float, float]]:
    found = [(float(low), float(high)) for low, high in layers]
    if not found:
        raise ArgumentError("layers: at least one expected, none given")
    return found


def _layered(space: Space, arrays: dict[str, Array], texts: dict[str, str], units: str, layers: Layers) -> xr.Dataset:
    """Fields (..., layer, y, x) with the coordinate of their layers."""
    bounds = np.array(_checked(layers))
    made = xr.Dataset(
        {
            name: space.wrap(array, name, {"units": units, "long_name": texts[name]}, ("layer",))
            for name, array in arrays.items()
        }
    )
    about = {"units": "m", "positive": "up", "long_name": "top of the layer above the ground", "bounds": "layer_bounds"}
    return made.assign_coords(layer=("layer", bounds[:, 1], about), layer_bounds=(("layer", "bound"), bounds))


# ---- planes ----


def derivatives(levels: xr.Dataset) -> xr.Dataset:
    """Divergence and vorticity along surfaces, such as those at heights above the ground that ``levels`` gives.

    Parameters
    ----------
    levels : (..., y, x) Dataset of ``u`` and ``v``, m s-1 along the grid's x and y

    Returns
    -------
    (..., y, x) Dataset of ``divergence`` and ``vorticity``, s-1. On surfaces at one height above the ground divergence
    is that of the layers which follow it: what makes air leave the ground.
    """
    u, v, grid = _plane(levels)
    made = [np.empty(u.shape, dtype=np.float32) for _ in range(2)]
    for place in np.ndindex(u.shape[:-2]):
        wind = [_field.Fields([part[place]], "m s-1", grid) for part in (u, v)]
        out = [_field.Fields([part[place]], "s-1", grid) for part in made]
        with _lib.call() as ctx:
            _lib.check(lib.nwc_wind_derivatives(ctx, *(field.c for field in (*wind, *out))))
    texts = {
        "divergence": ("divergence_of_wind", "divergence of the wind"),
        "vorticity": ("atmosphere_relative_vorticity", "vorticity of the wind"),
    }
    return xr.Dataset(
        {
            name: _like(levels["u"], cells, name, {"units": "s-1", "standard_name": standard, "long_name": text})
            for (name, (standard, text)), cells in zip(texts.items(), made, strict=True)
        }
    )


def outflow(levels: xr.Dataset, within: float = 4000.0) -> xr.Dataset:
    """By how much the wind at the ends of lines through a cell differs along them, on the mean of eight directions.

    Radars that saw a downburst from all sides would measure that: from 10 m s-1 on, within 4 km, it is a microburst
    (Wilson et al. 1984).

    Parameters
    ----------
    levels : (..., y, x) Dataset of ``u`` and ``v``, m s-1
        Near the ground, such as ``near_ground`` gives.
    within : float
        m: greatest length of a line, at least twice that of a cell.

    Returns
    -------
    (..., y, x) Dataset of ``outflow``, m s-1, the greatest of all lengths, and ``outflow_length``, m.
    """
    u, v, grid = _plane(levels)
    made = [np.empty(u.shape, dtype=np.float32) for _ in range(2)]
    for place in np.ndindex(u.shape[:-2]):
        wind = [_field.Fields([part[place]], "m s-1", grid) for part in (u, v)]
        out = [_field.Fields([part[place]]) for part in made]
        with _lib.call() as ctx:
            _lib.check(lib.nwc_wind_outflow(ctx, wind[0].c, wind[1].c, float(within), out[0].c, out[1].c))
    texts = {"outflow": ("m s-1", "difference of the wind across an outflow"), "outflow_length": ("m", "length of it")}
    return xr.Dataset(
        {
            name: _like(levels["u"], cells, name, {"units": units, "long_name": text})
            for (name, (units, text)), cells in zip(texts.items(), made, strict=True)
        }
    )


def convergence_lines(
    levels: xr.Dataset,
    *,
    scale: float | None = None,
    strong: float | None = None,
    weak: float | None = None,
    least_length: float | None = None,
) -> list[dict[str, Any]]:
    """Lines of convergence: ridges of the smoothed field (Steger 1998).

    Parameters
    ----------
    levels : (y, x) Dataset of ``u`` and ``v``, m s-1, or of ``divergence``, s-1
        At one height and time.
    scale : float, optional
        m: standard deviation of the smoothing; 2500, or 1.5 cells where that is more, when omitted.
    strong, weak : float, optional
        s-1: a line has at least so much convergence somewhere, and goes on down to so much; 5e-4 and 2.5e-4 when
        omitted.
    least_length : float, optional
        m: shorter ones are left out; 10 km when omitted.

    Returns
    -------
    Features as ``nowcast.io.geojson`` takes them, the strongest first: lines, with ``length_m``, ``convergence`` (mean)
    and ``convergence_max``, s-1, and where the wind tells them ``time`` and ``height_m``.
    """
    if "divergence" not in levels:
        levels = derivatives(levels)
    divergence = levels["divergence"].squeeze(drop=False)
    if set(divergence.dims) != {"y", "x"}:
        raise ArgumentError(f"levels: one field (y, x) expected, {dict(divergence.sizes)} given")
    divergence = divergence.transpose("y", "x")
    grid = Grid.of(divergence)
    cells = -ascending(divergence, _field.as_float32(divergence.values))
    field, out = _field.Fields([cells], "s-1", grid), ffi.new("nwc_wind_lines **")
    options = _lib.options("wind_line", scale_m=scale, strong=strong, weak=weak, least_m=least_length)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_wind_find_lines(ctx, field.c, options, out, ffi.NULL))
    lines, line = ffi.gc(out[0], lib.nwc_wind_lines_destroy), ffi.new("nwc_wind_line *")
    about: dict[str, Any] = {}
    if "time" in divergence.coords and not np.isnat(divergence["time"].values):
        about["time"] = divergence["time"].values
    if "height" in divergence.coords:
        about["height_m"] = float(divergence["height"])
    features = []
    for index in range(lib.nwc_wind_lines_count(lines)):
        _lib.check(lib.nwc_wind_lines_get(lines, index, line))
        x, y = (np.frombuffer(ffi.buffer(part, 8 * line.n), dtype=np.float64) for part in (line.x, line.y))
        lon, lat = grid.to_lonlat(x, y)
        features.append(
            {
                "type": "Feature",
                "id": f"line-{index + 1}",
                "geometry": {"type": "LineString", "coordinates": np.column_stack([lon, lat]).tolist()},
                "properties": about
                | {
                    "length_m": round(line.length_m, 1),
                    "convergence": float(line.mean_convergence),
                    "convergence_max": float(line.most_convergence),
                },
            }
        )
    return features


def _plane(levels: xr.Dataset) -> tuple[Array, Array, Grid]:
    for name in ("u", "v"):
        if name not in levels or levels[name].dims[-2:] != ("y", "x"):
            raise ArgumentError(f"levels: {name} of dimensions (..., y, x) expected")
        if levels[name].attrs.get("units") != "m s-1":
            raise ArgumentError(f"levels: {name} in m s-1 expected, {levels[name].attrs.get('units')!r} given")
    u, v = (ascending(levels[name], _field.as_float32(levels[name].values)) for name in ("u", "v"))
    if u.shape != v.shape:
        raise ArgumentError(f"levels: u and v of one shape expected, {u.shape} and {v.shape} given")
    return u, v, Grid.of(levels["u"])


def _like(field: xr.DataArray, cells: Array, name: str, attributes: dict[str, Any]) -> xr.DataArray:
    made = field.copy(data=ascending(field, cells)).rename(name)
    made.attrs = attributes | {"grid_mapping": field.attrs.get("grid_mapping", "crs")}
    return made
