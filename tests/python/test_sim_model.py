"""Runs of a model of a synthetic storm: files hold what the storm has, as other libraries read them."""

import ctypes
import ctypes.util
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import sim
from nowcast.errors import ArgumentError, UnsupportedError
from nowcast.grid import Grid
from nowcast.sim import _grib2


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.supercell(particles=1500)


@pytest.fixture(scope="module")
def hills(storm) -> xr.DataArray:
    return sim.terrain(storm.grid(80e3, 1e3), seed=5, highest=600.0, sea=0.2)


@pytest.fixture(scope="module")
def wrf(storm, hills, tmp_path_factory) -> xr.Dataset:
    path = tmp_path_factory.mktemp("wrf") / "wrfout"
    made = sim.model.run(storm, n=31, dx=3000.0, terrain=hills, shift=(6000.0, 0.0), delay=600.0)
    made.write_wrf(path, 1800.0, levels=24)
    return xr.load_dataset(path, decode_times=False)


def earth_winds(data: xr.Dataset, level: int):
    """Towards east and north, by the formula of WRF's users' guide."""
    u, v = data["U"].values[0, level], data["V"].values[0, level]
    u, v = 0.5 * (u[:, 1:] + u[:, :-1]), 0.5 * (v[1:] + v[:-1])
    c, s = data["COSALPHA"].values[0], data["SINALPHA"].values[0]
    return u * c - v * s, v * c + u * s


def test_winds_of_a_wrf_file_are_those_of_the_displaced_storm(storm, wrf) -> None:
    height = (wrf["PH"] + wrf["PHB"]).values[0] / 9.81
    middle = 0.5 * (height[1:] + height[:-1])
    shape = middle.shape[1:]
    x, y = storm.grid(1e3, 1e3).from_lonlat(wrf["XLONG"].values[0], wrf["XLAT"].values[0])
    assert np.hypot(x[15, 15], y[15, 15]) < 10.0
    for level in (2, 10, 16):
        east, north = earth_winds(wrf, level)
        for j, i in ((4, 5), (15, 17), (25, 26)):
            # heights stretched by hills of at most 600 m change the wind less than a metre a second far from the storm
            u, v, _ = storm.wind(x[j, i] - 6000.0, y[j, i], middle[level, j, i] - wrf["HGT"].values[0, j, i], 1200.0)
            near = np.hypot(x[j, i] - 20e3, y[j, i]) < 25e3
            assert east[j, i] == pytest.approx(float(u), abs=3.0 if near else 1.0)
            assert north[j, i] == pytest.approx(float(v), abs=3.0 if near else 1.0)
    assert wrf["W"].values.max() > 8.0
    assert shape == (31, 31)


def test_a_wrf_file_is_hydrostatic_and_follows_the_ground(storm, wrf) -> None:
    height = (wrf["PH"] + wrf["PHB"]).values[0] / 9.81
    np.testing.assert_allclose(height[0], wrf["HGT"].values[0], atol=0.5)
    assert (np.diff(height, axis=0) > 0).all()
    pressure = (wrf["P"] + wrf["PB"]).values[0]
    middle = 0.5 * (height[1:] + height[:-1])
    base = storm.environment
    np.testing.assert_allclose(pressure[:18], base.read(base.pressure, middle[:18]), rtol=5e-3)
    kelvin = (wrf["T"].values[0] + 300.0) * (pressure / 1e5) ** 0.2857
    quiet = np.s_[3, 2:5, 2:5]
    np.testing.assert_allclose(kelvin[quiet], base.read(base.temperature, middle[quiet]), atol=0.3)
    column = (wrf["MU"] + wrf["MUB"]).values[0]
    np.testing.assert_allclose(column + 5000.0, wrf["PSFC"].values[0], rtol=1e-5)


def test_map_factors_and_rotation_of_a_wrf_file_are_those_of_its_projection(wrf) -> None:
    lat, lon = np.radians(wrf["XLAT"].values[0].astype(float)), np.radians(wrf["XLONG"].values[0].astype(float))
    ahead = np.s_[15, 16], np.s_[15, 14]
    east = (lon[ahead[0]] - lon[ahead[1]]) * np.cos(lat[15, 15]) * 6370e3
    north = (lat[ahead[0]] - lat[ahead[1]]) * 6370e3
    assert 6000.0 / np.hypot(east, north) == pytest.approx(float(wrf["MAPFAC_M"][0, 15, 15]), abs=2e-3)
    turned = np.arctan2(north, east)
    assert np.sin(turned) == pytest.approx(float(wrf["SINALPHA"][0, 15, 15]), abs=3e-3)
    assert wrf.attrs["TRUELAT1"] == 27.5
    assert wrf.attrs["MAP_PROJ"] == 1
    assert wrf["Times"].values.tolist() == [b"2026-06-01_06:30:00"]
    assert wrf["Times"].encoding["char_dim_name"] == "DateStrLen"


def test_air_follows_the_ground_of_a_run(storm, hills) -> None:
    calm = sim.Storm(storm.environment, latitude=storm.latitude, longitude=storm.longitude)
    made = sim.model.run(calm, n=41, dx=1000.0, terrain=hills)
    places = made.places(made.grid)
    low = places.fields(places.ground, 0.0)
    slope_y, slope_x = np.gradient(places.ground, 1000.0)
    np.testing.assert_allclose(low["w"], low["u"] * slope_x + low["v"] * slope_y, atol=1e-6)
    lid = places.fields(np.full_like(places.ground, 20e3), 0.0)
    np.testing.assert_allclose(lid["w"], 0.0, atol=1e-9)


def test_terrain_is_written_as_a_field_of_netcdf(hills, tmp_path) -> None:
    hills.to_netcdf(tmp_path / "hills.nc", engine="netcdf4")
    with xr.open_dataarray(tmp_path / "hills.nc", engine="netcdf4") as again:
        np.testing.assert_array_equal(again.values, hills.values)
        assert Grid.of(again) == Grid.of(hills)


def test_rain_since_the_start_is_that_of_gauges(storm) -> None:
    made = sim.model.run(storm, n=3, dx=3000.0, start=0.0, shift=(-2000.0, 0.0))
    places = made.places(made.grid)
    rain = places.rain(1800.0)
    gauge = sim.observe.gauges(made.storm, [(float(places.x[1, 1]), float(places.y[1, 1]))], 0.0, 1800.0)
    assert rain[1, 1] == pytest.approx(gauge["true_rain"].sum(), rel=0.05)
    assert rain[1, 1] > 0.05


class Codes:
    """ecCodes, called as it is."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("eccodes")
        if name is None:
            pytest.skip("no ecCodes to read with")
        self.lib = ctypes.CDLL(name)
        self.lib.codes_handle_new_from_message_copy.restype = ctypes.c_void_p
        self.lib.codes_handle_new_from_message_copy.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]

    def read(self, raw: bytes, *names: str) -> tuple[dict[str, float], np.ndarray]:
        handle = ctypes.c_void_p(self.lib.codes_handle_new_from_message_copy(None, raw, len(raw)))
        assert handle.value
        keys = {}
        for name in names:
            value = ctypes.c_double()
            assert self.lib.codes_get_double(handle, name.encode(), ctypes.byref(value)) == 0, name
            keys[name] = value.value
        assert self.lib.codes_set_double(handle, b"missingValue", ctypes.c_double(-1e34)) == 0
        size = ctypes.c_size_t()
        assert self.lib.codes_get_size(handle, b"values", ctypes.byref(size)) == 0
        values = np.empty(size.value)
        pointer = values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        assert self.lib.codes_get_double_array(handle, b"values", pointer, ctypes.byref(size)) == 0
        self.lib.codes_handle_delete(handle)
        return keys, values


def messages(path: Path) -> list[bytes]:
    raw, found, at = path.read_bytes(), [], 0
    while at < len(raw):
        assert raw[at : at + 4] == b"GRIB"
        size = int.from_bytes(raw[at + 8 : at + 16], "big")
        found.append(raw[at : at + size])
        at += size
    return found


KEYS = ("parameterCategory", "parameterNumber", "typeOfFirstFixedSurface", "level")


@pytest.mark.parametrize("projection", ["lambert", "latlon"])
def test_eccodes_reads_pressure_levels_as_they_were(storm, hills, tmp_path, projection) -> None:
    codes = Codes()
    made = sim.model.run(storm, n=13, dx=6000.0, projection=projection, terrain=hills, start=0.0)
    made.write_grib(tmp_path / "run.grib2", 5400.0)
    places = made.places(made.grid)
    seen = {}
    for raw in messages(tmp_path / "run.grib2"):
        more = ("forecastTime", "indicatorOfUnitOfTimeRange", "Nx", "latitudeOfFirstGridPointInDegrees", "dataTime")
        keys, values = codes.read(raw, *KEYS, *more)
        assert keys["Nx"] == 13
        assert keys["dataTime"] == 600
        assert keys["latitudeOfFirstGridPointInDegrees"] == pytest.approx(places.latitude[0, 0], abs=1e-6)
        seen[tuple(int(keys[key]) for key in KEYS)] = keys, values.reshape(13, 13)
    assert len(seen) == 21 * 10 + 7
    keys, wind = seen[2, 2, 100, 500]
    assert (keys["forecastTime"], keys["indicatorOfUnitOfTimeRange"]) == (90, 0)
    height = places.height_of(np.full((13, 13), 5e4))
    expected = places.fields(height, 5400.0)["u"]
    assert np.abs(wind - expected).max() < 1.1 * np.ptp(expected) / 65535 + 1e-5
    np.testing.assert_allclose(seen[3, 5, 100, 500][1], height, atol=0.1)
    lowest = seen[0, 0, 100, 1000][1]
    np.testing.assert_array_equal(lowest == -1e34, places.height_of(np.full((13, 13), 1e5)) < places.ground)
    np.testing.assert_allclose(seen[3, 5, 1, 0][1], places.ground, atol=0.01)
    np.testing.assert_allclose(seen[1, 8, 1, 0][1], places.rain(5400.0), atol=0.01)


def test_eccodes_reads_hybrid_levels_and_their_coordinate(storm, hills, tmp_path) -> None:
    codes = Codes()
    made = sim.model.run(storm, n=9, dx=6000.0, terrain=hills)
    made.write_grib(tmp_path / "run.grib2", 600.0, levels="hybrid", layers=20)
    places, (a, b) = made.places(made.grid), sim.model.hybrid(20)
    surface, top = places.pressure_of(places.ground), 0
    for raw in messages(tmp_path / "run.grib2"):
        keys, values = codes.read(raw, *KEYS, "NV")
        if keys["typeOfFirstFixedSurface"] != 105:
            continue
        assert keys["NV"] == 42
        if (keys["parameterCategory"], keys["parameterNumber"]) == (3, 0):
            k = int(keys["level"]) - 1
            right = 0.5 * (a[k] + a[k + 1]) + 0.5 * (b[k] + b[k + 1]) * surface
            np.testing.assert_allclose(values.reshape(9, 9), right, rtol=1e-5)
            top += 1
    assert top == 20
    assert a[0] == 5000.0
    assert (a[-1], b[-1]) == (0.0, 1.0)
    for pressure in (6e4, 1.05e5):
        assert (np.diff(a + b * pressure) > 0).all()


def test_a_constant_field_and_one_all_missing_are_messages_too() -> None:
    codes = Codes()
    grid = Grid("+proj=longlat +R=6370000", 4, 3, 113.0, 22.0, 0.5, 0.5)
    start = datetime(2026, 6, 1, 6)
    for field in (np.full((3, 4), 7.25), np.full((3, 4), np.nan), np.where(np.eye(3, 4) > 0, -3.5, np.nan)):
        raw = _grib2.message(field, grid, _grib2.Product(0, 0, 103, 1.5), start, 10)
        _, values = codes.read(raw, "level")
        np.testing.assert_array_equal(values.reshape(3, 4), np.where(np.isnan(field), -1e34, field))


def test_wrong_arguments_are_told(storm, tmp_path) -> None:
    with pytest.raises(ArgumentError, match="n at least 3 and dx above 0 expected"):
        sim.model.run(storm, n=2)
    with pytest.raises(ArgumentError, match='projection: "lambert" or "latlon" expected, "polar" given'):
        sim.model.run(storm, projection="polar")
    made = sim.model.run(storm, n=5, projection="latlon")
    with pytest.raises(UnsupportedError, match="WRF: a grid \\+proj=lcc expected"):
        made.write_wrf(tmp_path / "x", 0.0)
    with pytest.raises(ArgumentError, match="time: not before the start of the run expected"):
        made.write_grib(tmp_path / "x", -600.0)
    with pytest.raises(ArgumentError, match='levels: "pressure" or "hybrid" expected, "sigma" given'):
        made.write_grib(tmp_path / "x", 0.0, levels="sigma")
    with pytest.raises(ArgumentError, match="levels: at least 2 expected, 1 given"):
        sim.model.run(storm, n=5).write_wrf(tmp_path / "x", 0.0, levels=1)
    with pytest.raises(UnsupportedError, match="GRIB: a grid"):
        _grib2.message(np.zeros((1, 1)), storm.grid(0.0, 1e3), _grib2.Product(0, 0, 1), None, 0)
