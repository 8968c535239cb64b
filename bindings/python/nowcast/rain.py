"""Rain on grids: convective and stratiform, gauges beside radar, and amounts along the motion.

Rates and kinds of rain in the gates of a volume are in ``nowcast.radar``.
"""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _flow, _lib
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid, ascending

__all__ = ["Bias", "accumulate", "convective", "merge", "wet_bulb"]


def convective(
    dbz: xr.DataArray, *, intensity: float | None = None, background: float | None = None, cosine: bool = False
) -> xr.DataArray:
    """Tell convective rain from stratiform, on a level below the bright band (Steiner et al. 1995).

    Parameters
    ----------
    dbz : (y, x) DataArray, dBZ
    intensity : float, optional
        From here on echo is convective whatever is around; 40 dBZ when omitted.
    background : float, optional
        Radius of the disc over which the background is averaged, m; 11 km when omitted.
    cosine : bool
        The condition of Yuter and Houze (1997) instead for how far a core stands above its background.

    Returns
    -------
    (y, x) DataArray of uint8: 0 no echo, 1 stratiform, 2 convective, 255 not observed.
    """
    cells = _plane(dbz, "dbz")
    classes = np.empty(cells.shape, dtype=np.uint8)
    field = _field.Fields([ascending(dbz, cells)], dbz.attrs.get("units"), Grid.of(dbz))
    flags = ffi.new("nwc_flags *")
    turned = ascending(dbz, classes)
    flags.data = ffi.cast("uint8_t *", turned.ctypes.data)
    _field.layout(flags, turned)
    options = _lib.options("convective", intensity_dbz=intensity, background_m=background, cosine=int(cosine))
    with _lib.call() as ctx:
        _lib.check(lib.nwc_rain_convective(ctx, field.c, options, flags))
    meaning = {
        "flag_values": np.array([0, 1, 2, 255], dtype=np.uint8),
        "flag_meanings": "no_echo stratiform convective not_observed",
        "long_name": "convective and stratiform rain",
    }
    return _like(dbz, classes, "rain_class", meaning)


def accumulate(frames: xr.DataArray, flow: xr.Dataset) -> xr.DataArray:
    """Accumulate rain from frame to frame along its motion, so that fast showers leave a swath and not a row of spots.

    Parameters
    ----------
    frames : (time, y, x) DataArray, mm h-1
        Two or more times.
    flow : Dataset of ``u`` and ``v``, m s-1
        On the grid of frames, as ``nowcast.motion.estimate`` gives it.

    Returns
    -------
    (time, y, x) DataArray, mm: the amount from one frame to the next, at the time of the latter. Sum over time for the
    whole; NaN where neither frame is known for half of the time.
    """
    if frames.dims != ("time", "y", "x") or frames.sizes["time"] < 2:
        raise ArgumentError(f"frames: two or more times (time, y, x) expected, {frames.dims} given")
    grid = Grid.of(frames)
    cells = _field.as_float32(frames.values)
    seconds = np.diff(frames["time"].values.astype("datetime64[ns]").astype(np.int64)) * 1e-9
    amounts = np.empty((len(seconds), *cells.shape[1:]), dtype=np.float32)
    units = frames.attrs.get("units")
    fields = _field.Fields([ascending(frames, frame) for frame in cells], units, grid)
    motion = _flow.fields(flow, grid)
    out = _field.Fields([ascending(frames, amount) for amount in amounts], "mm", grid)
    with _lib.call() as ctx:
        for k, dt in enumerate(seconds):
            _lib.check(
                lib.nwc_forecast_accumulate(
                    ctx, fields.c + k, fields.c + k + 1, motion.c, motion.c + 1, dt, ffi.NULL, out.c + k
                )
            )
    made = frames.isel(time=slice(1, None)).copy(data=amounts).rename("rain_amount")
    keep = {name: frames.attrs[name] for name in ("grid_mapping",) if name in frames.attrs}
    made.attrs = keep | {"units": "mm", "standard_name": "thickness_of_rainfall_amount", "cell_methods": "time: sum"}
    return made


def wet_bulb(pressure: npt.ArrayLike, temperature: npt.ArrayLike, humidity: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The temperature that a wet thermometer shows (WMO-No. 8, annex 4.B), degC, from Pa, K and humidity, 0 to 1.

    NaN where one of them is not known.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (pressure, temperature, humidity)))
    given = [np.ascontiguousarray(part) for part in arrays]
    found = np.empty(arrays[0].shape)
    pointers = [ffi.cast("double *", part.ctypes.data) for part in (*given, found)]
    _lib.check(lib.nwc_rain_wet_bulb(found.size, *pointers))
    return found


@dataclasses.dataclass
class Bias:
    """By how much gauges have lately measured more than radar: a Kalman filter (Smith and Krajewski 1991).

    ``persistence`` is the correlation of the bias from one update to the next, ``spread`` and ``pair_error`` are
    standard deviations of its logarithm over the years and of one gauge beside its cell.
    """

    persistence: float = 0.9
    spread: float = 0.4
    pair_error: float = 0.8
    least: float = 0.5
    """mm that gauge and radar must both have"""
    log_bias: float = 0.0
    variance: float | None = None
    """of the error of ``log_bias``; the square of ``spread`` to begin with"""

    @property
    def factor(self) -> float:
        """What radar rain is to be multiplied by."""
        return float(np.exp(self.log_bias))

    def update(self, gauge: npt.ArrayLike, radar: npt.ArrayLike) -> int:
        """Take in pairs of mm measured since; returns how many of them told anything."""
        pairs = [np.ascontiguousarray(amount, dtype=np.float64).ravel() for amount in (gauge, radar)]
        if pairs[0].size != pairs[1].size:
            raise ArgumentError(f"gauge, radar: pairs expected, {pairs[0].size} and {pairs[1].size} given")
        options = _lib.options(
            "gauge_bias",
            persistence=self.persistence,
            spread=self.spread,
            pair_error=self.pair_error,
            least_mm=self.least,
        )
        variance = self.spread**2 if self.variance is None else self.variance
        state = ffi.new("nwc_gauge_bias *", {"log_bias": self.log_bias, "variance": variance})
        used = ffi.new("int64_t *")
        c_pairs = [ffi.cast("double *", amount.ctypes.data) for amount in pairs]
        _lib.check(lib.nwc_rain_gauge_bias(state, pairs[0].size, *c_pairs, options, used))
        self.log_bias, self.variance = state.log_bias, state.variance
        return int(used[0])


def merge(
    radar: xr.DataArray,
    longitude: npt.ArrayLike,
    latitude: npt.ArrayLike,
    gauge: npt.ArrayLike,
    *,
    length: float | None = None,
    nugget: float | None = None,
) -> xr.DataArray:
    """Merge gauges into a field of rain: conditional merging (Sinclair and Pegram 2005).

    Parameters
    ----------
    radar : (y, x) DataArray
        Amounts or rates; NaN where not observed.
    longitude, latitude : arrays, degrees
    gauge : array of as many, in the unit of radar
        NaN takes no part, and neither does a gauge outside the radar's cells.
    length : float, optional
        Metres over which the correlation of differences falls to 1/e; 30 km when omitted.
    nugget : float, optional
        Share of their variance that is the gauges' own error; 0.1 when omitted.

    Returns
    -------
    (y, x) DataArray: the radar's pattern, drawn to the gauges; the attribute ``gauges`` is how many took part.
    """
    grid = Grid.of(radar)
    values = np.ascontiguousarray(gauge, dtype=np.float64).ravel()
    x, y = (np.ascontiguousarray(np.ravel(place), dtype=np.float64) for place in grid.from_lonlat(longitude, latitude))
    if not x.size == y.size == values.size:
        raise ArgumentError(f"gauge: one value for each of {x.size} places expected, {values.size} given")
    cells = _plane(radar, "radar")
    merged = np.empty(cells.shape, dtype=np.float32)
    units = radar.attrs.get("units")
    field = _field.Fields([ascending(radar, cells)], units, grid)
    out = _field.Fields([ascending(radar, merged)], units, grid)
    used = ffi.new("int64_t *")
    options = _lib.options("merge", length_m=length, nugget=nugget)
    with _lib.call() as ctx:
        arrays = [ffi.cast("double *", array.ctypes.data) for array in (x, y, values)]
        _lib.check(lib.nwc_rain_merge(ctx, field.c, x.size, *arrays, options, out.c, used))
    return _like(radar, merged, radar.name, radar.attrs | {"gauges": int(used[0])})


def _plane(data: xr.DataArray, name: str) -> npt.NDArray[np.float32]:
    if data.dims != ("y", "x"):
        raise ArgumentError(f"{name}: dimensions (y, x) expected, {data.dims} given")
    return _field.as_float32(data.values)


def _like(data: xr.DataArray, cells: npt.NDArray[Any], name: Any, attributes: dict[str, Any]) -> xr.DataArray:
    made = data.copy(data=cells).rename(name)
    keep = {key: data.attrs[key] for key in ("grid_mapping",) if key in data.attrs}
    made.attrs = keep | attributes
    return made
