"""Where the gates of a volume lie, and how beams bend."""

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _lib, _volume
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

Array = npt.NDArray[np.float64]
Profile = tuple[npt.ArrayLike, npt.ArrayLike]
"""Heights above mean sea level (m), increasing, and refractivity there (N units)."""


_kept: "weakref.WeakKeyDictionary[Any, tuple[Array, Array]]" = weakref.WeakKeyDictionary()
"""The profiles that options point to."""


def bend(options: Any, profile: Profile | None) -> Any:
    """The same options, with a profile that lives as long as they do."""
    if profile is not None:
        height, index = (np.ascontiguousarray(part, dtype=np.float64) for part in profile)
        if height.ndim != 1 or height.shape != index.shape:
            raise ArgumentError("profile: as many refractivities as heights expected")
        options.n_levels, options.height_m, options.refractivity = height.size, _doubles(height), _doubles(index)
        _kept[options] = height, index
    return options


class Beam:
    """The beams of a radar: over four thirds of the earth, or through a profile of refractivity.

    Parameters
    ----------
    latitude, longitude, altitude : of the antenna, degrees and m above mean sea level
    profile : (heights, refractivities), optional
    """

    def __init__(self, latitude: float, longitude: float, altitude: float, profile: Profile | None = None) -> None:
        options = bend(_lib.options("beam"), profile)
        out = ffi.new("nwc_beam **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_beam_create(ctx, latitude, longitude, altitude, options, out))
        self.c = ffi.gc(out[0], lib.nwc_beam_destroy)

    @classmethod
    def of(cls, tree: xr.DataTree, profile: Profile | None = None) -> "Beam":
        """Those of a volume."""
        latitude, longitude, altitude = (float(tree[n]) if n in tree.variables else np.nan for n in _PLACE)
        if not np.isfinite([latitude, longitude, altitude]).all():
            raise ArgumentError("tree: latitude, longitude and altitude of the antenna expected, one is not known")
        return cls(latitude, longitude, altitude, profile)

    @property
    def earth_radius(self) -> float:
        """From the centre of the earth to the ellipsoid at the radar, m."""
        return float(lib.nwc_beam_earth_radius(self.c))

    def locate(
        self, azimuth: npt.ArrayLike, elevation: npt.ArrayLike, range: npt.ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Longitude, latitude (degrees) and height (m above mean sea level) of places seen from the antenna."""
        return self._points(lib.nwc_beam_locate, azimuth, elevation, range)

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike, height: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Azimuth, elevation (degrees) and range (m) of places; NaN where no beam arrives."""
        return self._points(lib.nwc_beam_find, lon, lat, height)

    def path(self, elevation: float, range: npt.ArrayLike) -> tuple[Array, Array]:
        """Height (m above mean sea level) and distance along the ground (m) of one beam at increasing ranges."""
        gates = np.ascontiguousarray(range, dtype=np.float64)
        height, ground = np.empty_like(gates), np.empty_like(gates)
        with _lib.call():
            pointers = [_doubles(part) for part in (gates, height, ground)]
            _lib.check(lib.nwc_beam_path(self.c, elevation, gates.size, *pointers, ffi.NULL))
        return height, ground

    def _points(self, convert: Any, *given: npt.ArrayLike) -> tuple[Array, Array, Array]:
        arrays = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in given))
        a, b, c = (np.array(part, order="C") for part in arrays)
        pointers = [_doubles(part) for part in (a, b, c)]
        with _lib.call() as ctx:
            _lib.check(convert(ctx, self.c, a.size, *pointers, *pointers))
        return a, b, c


def georeference(tree: xr.DataTree, *, lonlat: bool = True, profile: Profile | None = None) -> xr.DataTree:
    """Say where the gates of a volume lie.

    Parameters
    ----------
    tree : DataTree in the FM 301 layout
        With latitude, longitude and altitude of the antenna.
    lonlat : bool
        Add ``longitude`` and ``latitude`` too.
    profile : (heights, refractivities), optional
        m above mean sea level, increasing, and N units (``refractivity`` computes them): beams are traced through it.
        Over four thirds of the earth's radius when omitted.

    Returns
    -------
    A tree whose sweeps have the coordinates ``x``, ``y`` (m, azimuthal equidistant projection about the radar) and
    ``z`` (m above mean sea level), (ray, range) each, ``longitude`` and ``latitude`` of the gates, and ``crs_wkt`` with
    the CF attributes of the projection, as xradar names them; it shares all else.

    Raises
    ------
    ArgumentError : the place of the antenna is not known.
    """
    beam = Beam.of(tree, profile)
    groups = {path: node.to_dataset(inherit=False) for path, node in tree.subtree_with_keys}
    mapping = {
        "grid_mapping_name": "azimuthal_equidistant",
        "latitude_of_projection_origin": float(tree["latitude"]),
        "longitude_of_projection_origin": float(tree["longitude"]),
        "false_easting": 0.0,
        "false_northing": 0.0,
        "semi_major_axis": 6378137.0,
        "inverse_flattening": 298.257223563,
    }
    names = list(_DESCRIPTION) if lonlat else list(_DESCRIPTION)[:3]
    for group in _volume.sweep_names(tree):
        data = groups[group]
        ray = data["azimuth"].dims[0]
        azimuth, elevation = (np.ascontiguousarray(data[name].values, np.float32) for name in ("azimuth", "elevation"))
        gates = _volume.even_gates(data)
        place = {name: np.empty((azimuth.size, data.sizes["range"])) for name in names}
        pointers = [_doubles(place[name]) if name in place else ffi.NULL for name in _DESCRIPTION]
        rays = [ffi.cast("float *", part.ctypes.data) for part in (azimuth, elevation)]
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_beam_place_gates(ctx, beam.c, azimuth.size, *rays, data.sizes["range"], *gates, *pointers)
            )
        coords = {name: ((ray, "range"), place[name], _DESCRIPTION[name]) for name in names}
        groups[group] = data.assign_coords(coords | {"crs_wkt": ((), np.int32(0), mapping)})
    return xr.DataTree.from_dict(groups, name=tree.name)


def refractivity(pressure: npt.ArrayLike, temperature: npt.ArrayLike, vapour_pressure: npt.ArrayLike) -> Array:
    """Refractivity of air (N units) from pressure, temperature and the partial pressure of water vapour (Pa, K, Pa).

    By Smith and Weintraub (1953); NaN where one of them is not known.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (pressure, temperature, vapour_pressure)))
    p, t, e = (np.ascontiguousarray(part) for part in arrays)
    found = np.empty(p.shape)
    _lib.check(lib.nwc_beam_refractivity(p.size, *(_doubles(part) for part in (p, t, e, found))))
    return found


_PLACE = ("latitude", "longitude", "altitude")
_DESCRIPTION = {
    "x": {"standard_name": "projection_x_coordinate", "long_name": "distance east of the radar", "units": "m"},
    "y": {
        "standard_name": "projection_y_coordinate",
        "long_name": "distance north of the radar",
        "units": "m",
    },
    "z": {
        "standard_name": "altitude",
        "long_name": "height above mean sea level",
        "units": "m",
        "positive": "up",
    },
    "longitude": {"standard_name": "longitude", "long_name": "longitude of the gate", "units": "degrees_east"},
    "latitude": {"standard_name": "latitude", "long_name": "latitude of the gate", "units": "degrees_north"},
}


def _doubles(array: Array) -> Any:
    return ffi.cast("double *", array.ctypes.data)
