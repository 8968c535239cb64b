"""Grids: where the cells of a field lie."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError

__all__ = ["RESAMPLINGS", "SMOOTHINGS", "Grid", "around", "rain_rate", "reflectivity", "resample", "smooth"]

RESAMPLINGS = {
    "nearest": lib.NWC_RESAMPLE_NEAREST,
    "bilinear": lib.NWC_RESAMPLE_BILINEAR,
    "conservative": lib.NWC_RESAMPLE_CONSERVATIVE,
}
"""How a field is brought to another grid, by name."""

SMOOTHINGS = {"gaussian": lib.NWC_SMOOTH_GAUSSIAN, "box": lib.NWC_SMOOTH_BOX}
"""The shapes of smoothing filters, by name."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid of cells, equally spaced in x and y, ascending: west to east and south to north.

    ``projection`` is a PROJ string; x and y are metres in its plane, or degrees of longitude and latitude where it is
    "+proj=longlat ...", of a turned Earth where it is "+proj=ob_tran +o_proj=longlat ...". ``x_first`` and ``y_first``
    are the centre of the south-westernmost cell. ``z`` are levels, m above mean sea level, ascending; a flat grid has
    none.
    """

    projection: str
    nx: int
    ny: int
    x_first: float
    y_first: float
    dx: float
    dy: float
    z: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "z", tuple(map(float, self.z)))  # a list is taken too, and is one after JSON
        with _lib.call() as ctx:
            _lib.check(lib.nwc_grid_check(ctx, self.to_c()[0]))

    @property
    def is_latlon(self) -> bool:
        """Whether x and y are degrees of longitude and latitude."""
        return bool(lib.nwc_grid_is_latlon(self.to_c()[0]))

    @property
    def x(self) -> npt.NDArray[np.float64]:
        """Centres of the cells along x."""
        return self.x_first + self.dx * np.arange(self.nx, dtype=np.float64)

    @property
    def y(self) -> npt.NDArray[np.float64]:
        """Centres of the cells along y."""
        return self.y_first + self.dy * np.arange(self.ny, dtype=np.float64)

    def to_c(self) -> tuple[Any, Any]:
        """The C struct, and the text it points to."""
        text = _c_text(self.projection)
        struct = ffi.new("nwc_grid *")
        struct.projection = text
        struct.nx, struct.ny = self.nx, self.ny
        struct.x_first, struct.y_first, struct.dx, struct.dy = self.x_first, self.y_first, self.dx, self.dy
        if self.z:
            struct.nz, struct.z_m = len(self.z), _c_levels(self.z)
        return struct, text

    def coords(self) -> dict[str, Any]:
        """Coordinates of a flat DataArray on this grid: ``y``, ``x`` and the grid mapping ``crs``, as CF has them."""
        mapping: dict[str, Any]
        if self.is_latlon:
            x = {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east", "axis": "X"}
            y = {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north", "axis": "Y"}
            mapping = {"grid_mapping_name": "latitude_longitude"}
        elif "+o_proj=longlat" in self.projection:
            x = {"standard_name": "grid_longitude", "long_name": "longitude of the turned grid", "units": "degrees"}
            y = {"standard_name": "grid_latitude", "long_name": "latitude of the turned grid", "units": "degrees"}
            x |= {"axis": "X"}
            y |= {"axis": "Y"}
            mapping = {}
        else:
            x = {"standard_name": "projection_x_coordinate", "long_name": "x in the projection's plane"}
            y = {"standard_name": "projection_y_coordinate", "long_name": "y in the projection's plane"}
            x |= {"units": "m", "axis": "X"}
            y |= {"units": "m", "axis": "Y"}
            mapping = _mapping(self.projection)
        return {
            "y": ("y", self.y, y),
            "x": ("x", self.x, x),
            "crs": ((), np.int32(0), mapping | {"proj_string": self.projection}),
        }

    def levels(self) -> dict[str, Any]:
        """The coordinate ``z`` of a DataArray on the levels of this grid, with CF attributes."""
        description = {"standard_name": "altitude", "long_name": "height above mean sea level", "units": "m"}
        return {"z": ("z", np.array(self.z, dtype=np.float64), description | {"positive": "up", "axis": "Z"})}

    @classmethod
    def of(cls, data: xr.DataArray | xr.Dataset) -> "Grid":
        """The grid a DataArray lies on, from its ``x``, ``y`` and grid mapping.

        Raises
        ------
        ArgumentError : no grid mapping with a ``proj_string``, or x or y not equally spaced.
        """
        mapping = data.coords.get(data.attrs.get("grid_mapping", "crs"))
        projection = mapping.attrs.get("proj_string") if mapping is not None else None
        if not projection:
            raise ArgumentError("a grid mapping coordinate with the attribute proj_string expected, none found")
        x_first, dx = _spacing(data, "x")
        y_first, dy = _spacing(data, "y")
        # One row or column has no spacing of its own: cells are then taken for square.
        dx, dy = dx or dy or 1000.0, dy or dx or 1000.0
        return cls(projection, data.sizes["x"], data.sizes["y"], x_first, y_first, dx, dy)

    def lonlat(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Longitude and latitude of every cell's centre, (y, x) each, degrees; NaN where the projection has none."""
        return self.to_lonlat(*np.meshgrid(self.x, self.y))

    def to_lonlat(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Longitude and latitude (degrees) of points given by x and y; NaN where the projection has none."""
        pair = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        lon, lat = (np.array(a, order="C") for a in pair)
        with _lib.call() as ctx:
            pointers = [ffi.cast("double *", a.ctypes.data) for a in (lon, lat)]
            _lib.check(lib.nwc_grid_to_lonlat(ctx, self.to_c()[0], lon.size, *pointers, *pointers))
        return lon, lat

    def from_lonlat(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """x and y of points given by longitude and latitude, degrees; NaN where the projection has none."""
        pair = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
        x, y = (np.array(a, order="C") for a in pair)
        with _lib.call() as ctx:
            pointers = [ffi.cast("double *", a.ctypes.data) for a in (x, y)]
            _lib.check(lib.nwc_grid_from_lonlat(ctx, self.to_c()[0], x.size, *pointers, *pointers))
        return x, y


def rain_rate(data: xr.DataArray, a: float = 200.0, b: float = 1.6) -> xr.DataArray:
    """Precipitation rate in mm h-1 from whatever a field holds.

    Parameters
    ----------
    data : DataArray in mm h-1, m s-1, mm or dBZ
        An amount in mm needs the attribute ``duration_s``, the seconds it fell in.
    a, b : float
        Of Z = a R^b, Z in mm6 m-3 and R in mm h-1; for dBZ only. The defaults are those of Marshall and Palmer (1948).
        Reflectivity below -10 dBZ is no rain.

    Raises
    ------
    ArgumentError : other units, or an amount of unknown duration.
    """
    units = data.attrs.get("units")
    cells: npt.NDArray[Any] = data.values
    rate: npt.NDArray[Any]
    if units == "mm h-1":
        return data
    if units == "m s-1":
        rate = cells * np.float32(3.6e6)
    elif units == "mm":
        duration = data.attrs.get("duration_s", 0.0)
        if not duration > 0.0:
            raise ArgumentError("data: an attribute duration_s above 0 expected with units mm")
        rate = cells * np.float32(3600.0 / duration)
    elif units == "dBZ":
        rate = np.empty(cells.shape, dtype=np.float32)
        for place in np.ndindex(cells.shape[:-2]):
            fields = _field.Fields([_field.as_float32(cells[place])], "dBZ")
            out_fields = _field.Fields([rate[place]], "mm h-1")
            with _lib.call() as ctx:
                _lib.check(lib.nwc_grid_rate_from_dbz(ctx, fields.c, a, b, out_fields.c))
    else:
        raise ArgumentError(f"data: units of mm h-1, m s-1, mm or dBZ expected, {units!r} given")
    out = data.copy(data=rate.astype(np.float32, copy=False))
    out.name = "precipitation_rate"
    for name in ("duration_s", "cell_methods"):
        out.attrs.pop(name, None)
    out.attrs |= {
        "units": "mm h-1",
        "standard_name": "lwe_precipitation_rate",
        "long_name": "precipitation rate",
        "quantity": "RATE",
    }
    if units == "dBZ":
        out.attrs["z_r_relation"] = f"Z = {a:g} R^{b:g}"
    return out


def reflectivity(rate: xr.DataArray, a: float = 200.0, b: float = 1.6) -> xr.DataArray:
    """Reflectivity, dBZ, of rain in mm h-1: the inverse of ``rain_rate``; no rain is -32 dBZ.

    Parameters
    ----------
    rate : (..., y, x) DataArray, mm h-1
    a, b : float
        Of Z = a R^b, Z in mm6 m-3 and R in mm h-1.

    Raises
    ------
    ArgumentError : other units.
    """
    if rate.attrs.get("units") != "mm h-1":
        raise ArgumentError(f"rate: mm h-1 expected, {rate.attrs.get('units')!r} given")
    cells = np.empty(rate.shape, dtype=np.float32)
    for place in np.ndindex(cells.shape[:-2]):
        fields = _field.Fields([_field.as_float32(rate.values[place])], "mm h-1")
        out = _field.Fields([cells[place]], "dBZ")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_grid_dbz_from_rate(ctx, fields.c, a, b, out.c))
    names = {"units": "dBZ", "standard_name": "equivalent_reflectivity_factor", "long_name": "reflectivity"}
    names |= {"quantity": "DBZH", "z_r_relation": f"Z = {a:g} R^{b:g}"}
    return rate.copy(data=cells).rename("reflectivity").assign_attrs(names)


def resample(
    data: xr.DataArray, grid: Grid, *, method: str = "bilinear", min_known: float | None = None
) -> xr.DataArray:
    """Bring a field to another grid, of any projection. Reflectivity is averaged as Z.

    Parameters
    ----------
    data : (..., y, x) DataArray
        With its grid mapping and units.
    grid : Grid
        Where the result lies.
    method : "nearest", "bilinear" or "conservative"
        The cell that holds the centre, between the four nearest centres, or the mean over the area of the new cell.
    min_known : float, optional
        A cell is known where at least this share of what it is made of is, 0 to 1; the library's default (0.5) when
        omitted.

    Returns
    -------
    (..., y, x) float32 DataArray; NaN outside the grid of data.
    """
    if method not in RESAMPLINGS:
        raise ArgumentError(f"method: one of {', '.join(RESAMPLINGS)} expected, {method!r} given")
    source, units = _source(data), data.attrs.get("units")
    options = _lib.options("resample", method=RESAMPLINGS[method], min_known=min_known)
    own = Grid.of(data)
    cells = np.empty((*source.shape[:-2], grid.ny, grid.nx), dtype=np.float32)
    for place in np.ndindex(source.shape[:-2]):
        fields, out = _field.Fields([source[place]], units, own), _field.Fields([cells[place]], units, grid)
        with _lib.call() as ctx:
            _lib.check(lib.nwc_grid_resample(ctx, fields.c, options, out.c))
    coords = {name: value for name, value in data.coords.items() if not {"y", "x"} & set(value.dims) and name != "crs"}
    attributes = data.attrs | {"grid_mapping": "crs"}
    dims = (*data.dims[:-2], "y", "x")
    return xr.DataArray(cells, dims=dims, coords=coords | grid.coords(), attrs=attributes, name=data.name)


def smooth(
    data: xr.DataArray, size: float | tuple[float, float], *, shape: str = "gaussian", min_known: float = 0.5
) -> xr.DataArray:
    """Smooth a field over what is known. Reflectivity is averaged as Z.

    Parameters
    ----------
    data : (..., y, x) DataArray
    size : float or (float, float)
        Cells, or cells along y and along x: the standard deviation of a Gaussian, the full width of a box.
    shape : "gaussian" or "box"
    min_known : float
        A cell is known where at least this share of the filter's weight lies on known cells, 0 to 1.
    """
    if shape not in SMOOTHINGS:
        raise ArgumentError(f"shape: one of {', '.join(SMOOTHINGS)} expected, {shape!r} given")
    size_y, size_x = size if isinstance(size, tuple) else (size, size)
    source, units = _source(data), data.attrs.get("units")
    cells = np.empty(source.shape, dtype=np.float32)
    for place in np.ndindex(source.shape[:-2]):
        fields, out = _field.Fields([source[place]], units), _field.Fields([cells[place]], units)
        with _lib.call() as ctx:
            _lib.check(lib.nwc_grid_smooth(ctx, fields.c, SMOOTHINGS[shape], size_y, size_x, min_known, out.c))
    return data.copy(data=ascending(data, cells))


def _source(data: xr.DataArray) -> npt.NDArray[np.float32]:
    """The cells of a field whose last dimensions are y and x, both ascending."""
    if data.dims[-2:] != ("y", "x"):
        raise ArgumentError(f"data: dimensions (..., y, x) expected, {data.dims} given")
    return ascending(data, _field.as_float32(data.values))


def around(
    volumes: xr.DataTree | Sequence[xr.DataTree],
    radius: float,
    *,
    dx: float = 1000.0,
    dy: float | None = None,
    dz: float = 500.0,
    top: float = 20e3,
) -> Grid:
    """A grid with levels about a radar, or about several: azimuthal equidistant, all within radius of one of them.

    Parameters
    ----------
    volumes : DataTree, or several
        Of radars whose place is known.
    radius : float
        m; the grid reaches at least so far from every radar along x and y.
    dx, dy : float
        Size of a cell, m; dy is dx when omitted.
    dz, top : float
        Levels at dz, 2 dz, ... up to top, m above mean sea level.
    """
    trees = [volumes] if isinstance(volumes, xr.DataTree) else list(volumes)
    dy = dx if dy is None else dy
    if not trees or not (radius > 0.0 and dx > 0.0 and dy > 0.0 and 0.0 < dz <= top):
        raise ArgumentError("volumes, radius, dx, dy, dz: a volume and sizes above 0 expected, dz at most top")
    place = np.array(
        [[float(tree[n]) if n in tree.variables else np.nan for n in ("longitude", "latitude")] for tree in trees]
    )
    if not np.isfinite(place).all():
        raise ArgumentError("volumes: latitude and longitude of every radar expected, one is not known")
    east = (place[:, 0] - place[0, 0] + 180.0) % 360.0 - 180.0  # of the first, across the date line too
    centre = place[0, 0] + 0.5 * (east.min() + east.max()), 0.5 * (place[:, 1].min() + place[:, 1].max())
    projection = f"+proj=aeqd +lat_0={centre[1]:.6f} +lon_0={centre[0]:.6f} +ellps=WGS84 +units=m"
    x, y = Grid(projection, 1, 1, 0.0, 0.0, dx, dy).from_lonlat(place[:, 0], place[:, 1])
    # Whole cells from the centre of the projection, which is the centre of a cell, and is rounded to centimetres.
    west, east_cells = (int(np.ceil(far / dx - 1e-3)) for far in (radius - x.min(), radius + x.max()))
    south, north = (int(np.ceil(far / dy - 1e-3)) for far in (radius - y.min(), radius + y.max()))
    levels = tuple(float(dz * k) for k in range(1, int(top / dz + 1e-6) + 1))
    return Grid(projection, west + east_cells + 1, south + north + 1, -west * dx, -south * dy, dx, dy, levels)


_AZIMUTHAL = {"aeqd": "azimuthal_equidistant", "laea": "lambert_azimuthal_equal_area"}


def _mapping(projection: str) -> dict[str, Any]:
    """The attributes CF has for an azimuthal projection of WGS84; none for others, which ``proj_string`` says."""
    said = dict(word.lstrip("+").partition("=")[::2] for word in projection.split())
    name = _AZIMUTHAL.get(said.get("proj", ""))
    if name is None or said.get("ellps") != "WGS84":
        return {}
    return {
        "grid_mapping_name": name,
        "latitude_of_projection_origin": float(said.get("lat_0", 0.0)),
        "longitude_of_projection_origin": float(said.get("lon_0", 0.0)),
        "false_easting": float(said.get("x_0", 0.0)),
        "false_northing": float(said.get("y_0", 0.0)),
        "semi_major_axis": 6378137.0,
        "inverse_flattening": 298.257223563,
    }


@functools.cache
def _c_levels(levels: tuple[float, ...]) -> Any:
    """As ``_c_text``."""
    return ffi.new("double[]", levels)


@functools.cache
def _c_text(text: str) -> Any:
    """A C string that lives as long as the process: the struct that points to it does not keep it alive."""
    return ffi.new("char[]", text.encode())


def _spacing(data: xr.DataArray | xr.Dataset, name: str) -> tuple[float, float]:
    """The smallest value of a coordinate and its spacing, whichever way it runs; 0 for a single cell."""
    if name not in data.coords:
        raise ArgumentError(f"{name}: a coordinate expected, none found")
    values = np.asarray(data[name].values, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ArgumentError(f"{name}: finite values along one dimension expected")
    if values.size == 1:
        return float(values[0]), 0.0
    step = (values[-1] - values[0]) / (values.size - 1)
    even = values[0] + step * np.arange(values.size)
    if step == 0.0 or np.abs(values - even).max() > 1e-3 * abs(step):
        raise ArgumentError(f"{name}: equal spacing expected")
    return float(values.min()), abs(float(step))


def ascending(data: xr.DataArray | xr.Dataset, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view of an array (..., y, x) shaped like data, turned so that y and x ascend."""
    if data.sizes["y"] > 1 and data["y"].values[0] > data["y"].values[-1]:
        array = array[..., ::-1, :]
    if data.sizes["x"] > 1 and data["x"].values[0] > data["x"].values[-1]:
        array = array[..., ::-1]
    return array
