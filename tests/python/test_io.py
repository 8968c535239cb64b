"""Files written by the package, read by others and by itself."""

import gzip
import struct
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import errors, forecast, io, jobs, motion, sim


@pytest.fixture(scope="module")
def rain() -> xr.DataArray:
    return sim.storms(minutes=15, n=64)["rain"]


def test_xarray_reads_what_is_written(rain: xr.DataArray, tmp_path: Path) -> None:
    io.write(rain, tmp_path / "rain.nc")
    with xr.open_dataset(tmp_path / "rain.nc") as seen:
        np.testing.assert_array_equal(seen["rain"].values, rain.values)
        np.testing.assert_array_equal(seen["time"].values, rain["time"].values)
        assert seen["rain"].attrs["standard_name"] == "lwe_precipitation_rate"
        assert seen["crs"].attrs["grid_mapping_name"] == "azimuthal_equidistant"
        assert seen["x"].attrs["units"] == "m"


def test_open_gives_back_what_write_took(rain: xr.DataArray, tmp_path: Path) -> None:
    io.write(rain, tmp_path / "rain.nc")
    for index in range(rain.sizes["time"]):
        io.write(rain.isel(time=index), tmp_path / f"{index}.h5")
    for paths in (tmp_path / "rain.nc", str(tmp_path / "*.h5")):
        back = nowcast.open(paths)
        np.testing.assert_array_equal(back.values, rain.values)
        np.testing.assert_array_equal(back["time"].values, rain["time"].values)
        assert back.attrs["quantity"] == "RATE"
        assert np.allclose(back["y"].values, rain["y"].values, atol=1e-3)


def test_odim_is_laid_out_as_the_model_says(rain: xr.DataArray, tmp_path: Path) -> None:
    io.write(rain.isel(time=0), tmp_path / "rain.h5")
    with netCDF4.Dataset(tmp_path / "rain.h5") as file:  # any reader of HDF5 will do
        assert file.Conventions == "ODIM_H5/V2_4"
        assert file["what"].object == "COMP"
        assert file["what"].date == "20260601"
        assert file["what"].time == "060000"
        what = file["dataset1/data1/what"]
        assert what.quantity == "RATE"
        cells = file["dataset1/data1/data"][:]
        north = rain.values[0, ::-1]
        assert ((cells == what.nodata) == np.isnan(north)).all()
        assert ((cells == what.undetect) == (north == 0.0)).all()


def test_odim_refuses_what_it_has_no_place_for(rain: xr.DataArray, tmp_path: Path) -> None:
    ahead = forecast.extrapolate(rain, motion.estimate(rain), minutes=10)
    for data in (rain, ahead.isel(time=0)):
        with pytest.raises(errors.UnsupportedError, match=r"rain\.h5"):
            io.write(data, tmp_path / "rain.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_no_format_is_refused(rain: xr.DataArray, tmp_path: Path) -> None:
    with pytest.raises(errors.UnsupportedError, match=r"\.nc, \.h5, \.hdf, .*\.grib2, \.grb2, \.tif"):
        io.write(rain, tmp_path / "rain.txt")
    with pytest.raises(errors.FileError, match="no/where"):
        io.write(rain, "no/where/rain.nc")


@pytest.mark.realdata
def test_accumulations_and_nowcasts_of_services_open(real_data: Path) -> None:
    melbourne = nowcast.open(str(real_data / "composite/bom-20180616/2_20180616_10*.nc"))
    assert melbourne.sizes == {"time": 10, "y": 512, "x": 512}
    assert float(melbourne[0].max()) == pytest.approx(3.2)
    known = nowcast.open(real_data / "composite/improver/nowcast-extrapolate/extrapolate/kgo.nc")
    assert int(np.isfinite(known.values).sum()) == 255894
    assert known["lead_time"].values[-1] == np.timedelta64(90, "m")


def test_levels_of_a_file_are_an_axis(tmp_path: Path) -> None:
    header = bytearray(1024)
    header[:11] = b"diamond 131"
    struct.pack_into("<9H", header, 66, 2023, 3, 16, 11, 30, 6, 3, 2, 2)
    struct.pack_into("<6f", header, 88, 110.0, 35.0, 110.25, 34.875, 0.25, 0.25)
    struct.pack_into("<2f", header, 112, 0.5, 3.0)
    for minute in (30, 36):
        struct.pack_into("<H", header, 74, minute)
        (tmp_path / f"{minute}.bin").write_bytes(bytes(header) + bytes([0, 66, 68, 70, 72, 74] * 2))
    cube = io.open(str(tmp_path / "*.bin"))
    assert cube.dims == ("time", "z", "y", "x")
    assert cube.shape == (2, 2, 2, 3)
    assert cube["z"].values.tolist() == [500.0, 3000.0]
    assert cube["y"].values.tolist() == [34.75, 35.0]
    assert cube.values[0, 0].tolist() == [[2.0, 3.0, 4.0], [-32.0, 0.0, 1.0]]
    assert io.open(str(tmp_path / "*.bin"), last=1).shape == (1, 2, 2, 3)
    assert io.describe(tmp_path / "30.bin")["fields"][1]["height_m"] == 3000.0
    struct.pack_into("<H", header, 82, 1)
    struct.pack_into("<H", header, 74, 42)
    (tmp_path / "42.bin").write_bytes(bytes(header) + bytes(6))
    with pytest.raises(errors.ArgumentError, match="the same levels at all times"):
        io.open(str(tmp_path / "*.bin"))


SIDECAR = """\
ncols 500
nrows 500
xllcorner -50.3701
yllcorner -18.2131
xdim 0.0094348
ydim 0.0089886
nodata_value -99
projection +proj=longlat +datum=WGS84
units dBZ
quantity DBZH
source INPE
"""


@pytest.mark.realdata
def test_real_cells_without_a_header_are_read_with_a_sidecar(real_data: Path, tmp_path: Path) -> None:
    sidecar = tmp_path / "gama.hdr"
    sidecar.write_text(SIDECAR)
    files = sorted((real_data / "tracking/gama-20170930").glob("*.dat.gz"))
    data = io.open(files[:6], sidecar=sidecar)
    assert data.shape == (6, 500, 500)
    assert data["time"].values[[0, -1]].tolist() == [
        np.datetime64("2017-09-30T15:00", "ns").astype(int),
        np.datetime64("2017-09-30T15:50", "ns").astype(int),
    ]
    assert float(data["x"][0]) == pytest.approx(-50.3701 + 0.5 * 0.0094348)
    assert float(data["y"][-1]) == pytest.approx(-13.7188, abs=0.006)
    raw = np.frombuffer(gzip.decompress(files[0].read_bytes()), dtype="<f4").reshape(500, 500)
    expected = np.where(raw == -99, np.nan, raw)[::-1]
    np.testing.assert_array_equal(data.values[0], expected)
    with io.isolated():  # packed files go to a child
        np.testing.assert_array_equal(io.layers(files[0], sidecar=sidecar)[0].cells, expected)
    with pytest.raises(errors.UnsupportedError):
        io.layers(files[0])


def test_a_folder_of_mixed_files_is_read_for_what_can_be(
    rain: xr.DataArray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for index in range(2):
        io.write(rain.isel(time=index), tmp_path / f"b{index}.h5")
    (tmp_path / "a.txt").write_text("Read me first.\n")
    (tmp_path / "c.h5").write_bytes((tmp_path / "b0.h5").read_bytes()[:500])
    (tmp_path / "d").mkdir()
    (tmp_path / "e.bin").write_bytes(bytes(range(256)) * 20)
    for read in (io.open, nowcast.open):
        caplog.clear()
        seen = read(str(tmp_path / "*"), on_error="skip")
        np.testing.assert_array_equal(seen.values, rain.values[:2])
        left_out = [line.split(":")[0] for line in seen.attrs["left_out"].splitlines()]
        assert left_out == ["a.txt", "c.h5", "d", "e.bin"]
        assert len(caplog.records) == 4
    with pytest.raises(errors.UnsupportedError, match=r"a\.txt"):
        io.open(str(tmp_path / "*"))
    with pytest.raises(errors.UnsupportedError, match=r"e\.bin"):
        io.open([tmp_path / "a.txt", tmp_path / "e.bin"], on_error="skip")


def test_files_of_no_format_are_left_out_of_scores(rain: xr.DataArray, tmp_path: Path) -> None:
    io.write(forecast.extrapolate(rain, motion.estimate(rain), minutes=5), tmp_path / "ahead.nc")
    later = rain.isel(time=[-1]).assign_coords(time=rain["time"].values[[-1]] + np.timedelta64(5, "m"))
    io.write(later, tmp_path / "seen1.nc")
    (tmp_path / "seen0.txt").write_text("nothing\n")
    _, summary = jobs.verification(tmp_path / "ahead.nc", str(tmp_path / "seen*"))
    assert [line.split(":")[0] for line in summary["left_out"]] == ["seen0.txt"]
    assert summary["degraded"]


def test_a_gif_that_says_it_is_enormous_is_damaged(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "AQC161932050V_00005.801.gif"
    image.new("P", (2, 2)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:6] + struct.pack("<HH", 65000, 45000) + whole[10:])
    with pytest.raises(errors.FormatError, match=r"801\.gif: a damaged GIF: Image size"):
        nowcast.open(path)
