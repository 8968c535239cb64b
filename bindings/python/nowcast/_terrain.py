"""What the ground hides of a radar's beams."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib, _volume
from nowcast._georeference import Beam
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

Ground = xr.DataArray | os.PathLike[str] | str
"""Heights above mean sea level, m: (y, x) on a grid, or a GeoTIFF or CF netCDF file of them."""

_METRES = ("", "1", "m", "metre", "meter", "metres", "meters")
_REFLECTIVITIES = ("DBZH", "DBTH", "DBZHC")


def blockage(
    tree: xr.DataTree,
    ground: Ground,
    *,
    beam_width: float | None = None,
    nearest: float | None = None,
    parts: int | None = None,
) -> xr.DataTree:
    """Say how much of the beam the ground hides from each gate.

    Parameters
    ----------
    tree : volume in the FM 301 layout
        With latitude, longitude and altitude of the antenna.
    ground : (y, x) DataArray, m above mean sea level, or path
        Heights about the radar on any grid; NaN, and what is outside the grid, hides nothing. Of a file the first
        field: GeoTIFF, or CF netCDF.
    beam_width : degrees between half powers, of volumes that do not say; 1 when omitted
    nearest : m, ground nearer than this hides nothing; 1000 when omitted
    parts : of the beam, side by side, 1 to 64; 9 when omitted

    Returns
    -------
    The volume with ``CBB`` in every sweep: the part of the beam's cross-section between half powers, 0 to 1, that the
    ground hides up to the gate (Bech et al. 2003). ``quality`` and ``nowcast.mosaic.build`` take note of it.

    Raises
    ------
    NoDataError : no height is known within reach of the radar.
    """
    volume = _volume.handle(tree)
    heights = _heights(ground)
    options = _lib.options("terrain", beam_width_deg=beam_width, nearest_m=nearest, parts=parts)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_terrain_block(ctx, volume, heights.c, options))
    return _volume.add_moments(tree, volume, ("CBB",))


def correct_blockage(tree: xr.DataTree, *, moment: str | None = None, most: float | None = None) -> xr.DataTree:
    """Make up for the power that ``CBB`` says is hidden.

    Parameters
    ----------
    tree : what ``blockage`` gave
    moment : the reflectivity; DBZHC, and DBZH in sweeps without it, when omitted
    most : greatest hidden part that is corrected for, what is behind more is not known; 0.7 when omitted

    Returns
    -------
    The volume with ``DBZHB``: more by -10 log10(1 - CBB) dB.

    Raises
    ------
    NoDataError : no sweep has the reflectivity and ``CBB``.
    """
    wanted = _REFLECTIVITIES if moment is None else (moment,)
    volume = _volume.handle(tree, (*wanted, "CBB"))
    name = ffi.NULL if moment is None else ffi.new("char[]", moment.encode())
    options = _lib.options("terrain", moment=name, most=most)
    with _lib.call() as ctx:
        _lib.check(lib.nwc_terrain_correct(ctx, volume, options))
    return _volume.add_moments(tree, volume, ("DBZHB",))


def blockage_table(
    beam: Beam,
    ground: Ground,
    *,
    azimuth: npt.ArrayLike,
    elevation: npt.ArrayLike,
    range: npt.ArrayLike,
    width: float | tuple[float, float] = 1.0,
    nearest: float | None = None,
    parts: int | None = None,
) -> xr.Dataset:
    """What the ground hides of any beams: for every elevation and azimuth, along equally spaced gates.

    Parameters
    ----------
    beam : of the radar, such as ``Beam.of(volume)``
    ground, nearest, parts : as in ``blockage``
    azimuth, elevation : degrees
    range : m, of the centres of gates, equally spaced
    width : degrees between half powers, or (horizontally, vertically)

    Returns
    -------
    (elevation, azimuth, range) Dataset of ``PBB``, hidden by the ground within the gate, and ``CBB``, and by what lies
    before it, 0 to 1, and of ``ground``, m above mean sea level below the middle of the gate.
    """
    across, up = (width, width) if isinstance(width, int | float) else width
    angles = [np.atleast_1d(np.asarray(part, dtype=np.float32)) for part in (elevation, azimuth)]
    gates = np.atleast_1d(np.asarray(range, dtype=np.float64))
    spacing = float(gates[1] - gates[0]) if gates.size > 1 else 1.0
    if gates.ndim != 1 or any(part.ndim != 1 for part in angles):
        raise ArgumentError("azimuth, elevation, range: one dimension each expected")
    if gates.size > 1 and np.abs(np.diff(gates) - spacing).max() > 0.01 * abs(spacing):
        raise ArgumentError("range: equally spaced gates expected")
    shape = (angles[0].size, angles[1].size, gates.size)
    made = {name: np.empty(shape, dtype=np.float32) for name in _TABLE}
    heights = _heights(ground)
    options = _lib.options("terrain", nearest_m=nearest, parts=parts)
    for number, angle in enumerate(angles[0]):
        up_by = np.full(angles[1].size, angle, dtype=np.float32)
        rays = [ffi.cast("float *", part.ctypes.data) for part in (angles[1], up_by)]
        out = [ffi.cast("float *", made[name][number].ctypes.data) for name in _TABLE]
        place = (gates.size, float(gates[0]), spacing)
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_terrain_table(ctx, beam.c, heights.c, across, up, angles[1].size, *rays, *place, options, *out)
            )
    dims = ("elevation", "azimuth", "range")
    coords: dict[str, Any] = {
        "elevation": ("elevation", angles[0], {"units": "degrees"}),
        "azimuth": ("azimuth", angles[1], {"units": "degrees"}),
        "range": ("range", gates, {"units": "m"}),
    }
    return xr.Dataset({name: (dims, made[name], _TABLE[name]) for name in _TABLE}, coords=coords)


_TABLE = {
    "PBB": {"units": "1", "long_name": "part of the beam that the ground within the gate hides"},
    "CBB": {"units": "1", "long_name": "part of the beam that the ground up to the gate hides"},
    "ground": {"units": "m", "standard_name": "surface_altitude", "long_name": "height of the ground"},
}


def _heights(ground: Ground) -> _field.Fields:
    """Heights as a field of the library."""
    from nowcast import grid, io  # they themselves come by way of this package's other modules

    if isinstance(ground, xr.DataArray):
        flat = ground.squeeze(drop=True)
        if flat.dims != ("y", "x"):
            raise ArgumentError(f"ground: (y, x) expected, {ground.dims} given")
        cells, units = grid.ascending(flat, _field.as_float32(flat.values)), str(flat.attrs.get("units", ""))
        place = grid.Grid.of(flat)
    else:
        layer = io.layers(ground)[0]
        cells, units, place = layer.cells, layer.units, layer.grid
    if units not in _METRES:
        raise ArgumentError(f"ground: units of m expected, {units!r} given")
    return _field.Fields([cells], "m", place)
