"""What holds for every field that is written, and for whatever bytes a file holds."""

import bz2
import gzip
import struct
import tarfile
import warnings
from io import BytesIO
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st

import nowcast
from given import cells, fields, grids, on
from nowcast import io, sim
from nowcast.grid import Grid

# What files of each format begin with, so that noise gets past the door.
BEGINNINGS = (
    b"",
    b"\x89HDF\r\n\x1a\n",
    b"CDF\x01",
    b"CDF\x02",
    b"CDF\x05",
    b"GRIB\x00\x00\x40\x01",
    b"GRIB\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x01\x00",
    b"P5\n",
    b"P5\n# obstime 202606010600\n4 4\n255\n",
    b"\x00\x00\x02\x00",
    b"RV010600100000626BY0000",
    b"\x1f\x8b\x08\x00",
    b"BZh9",
    b"GIF89a",
    b"GIF89a\xc6\x02\x80\x02\xf7\x00\x00",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def check_kept(data: xr.DataArray, path: Path) -> None:
    """Write, open, compare: values and places of NaN to the bit, times, units and grid."""
    io.write(data, path)
    back = nowcast.open(path)
    expected = data if "time" in data.dims else data.expand_dims("time")
    np.testing.assert_array_equal(back.values, expected.values)
    np.testing.assert_array_equal(back["time"].values, expected["time"].values)
    assert (back.attrs["units"], back.attrs["quantity"]) == (data.attrs["units"], data.attrs["quantity"])
    seen, own = Grid.of(back), Grid.of(data)
    for x, y in ((own.x[[0, -1]], seen.x[[0, -1]]), (own.y[[0, -1]], seen.y[[0, -1]])):
        np.testing.assert_allclose(y, x, rtol=0.0, atol=1e-7 if own.is_latlon else 1e-2)
    for seen_degrees, degrees in zip(seen.lonlat(), own.lonlat(), strict=True):
        np.testing.assert_allclose(seen_degrees, degrees, rtol=0.0, atol=1e-6)


@given(st.data(), grids(least=2), st.integers(1, 3))
def test_netcdf_keeps_everything(folder: Path, data: st.DataObject, grid: Grid, times: int) -> None:
    check_kept(on(grid, data.draw(cells((times, grid.ny, grid.nx)))), folder / "field.nc")


@given(fields(least=2), st.integers(0, 2**32 - 1))
def test_odim_keeps_everything(folder: Path, field: xr.DataArray, second: int) -> None:
    check_kept(field.assign_coords(time=np.datetime64(second, "s").astype("datetime64[ns]")), folder / "field.h5")


@given(st.data(), grids(least=2))
def test_odim_keeps_reflectivity(folder: Path, data: st.DataObject, grid: Grid) -> None:
    values = data.draw(cells((grid.ny, grid.nx), -32.0, 80.0))
    check_kept(on(grid, values, "dBZ", "DBZH"), folder / "reflectivity.h5")


def check_survived(path: Path) -> None:
    """The file opens, or is refused by an error of the package that names it."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        try:
            io.describe(path)
            return
        except nowcast.NowcastError as error:
            refusal = str(error)
    assert str(path) in refusal


@settings(max_examples=400)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=600), st.sampled_from(["noise", "AQC261520600VF.gif"]))
@example(BEGINNINGS[-1], b"", "AQC261520600VF.gif")
def test_noise_is_refused_or_read(folder: Path, beginning: bytes, noise: bytes, name: str) -> None:
    (folder / name).write_bytes(beginning + noise)
    check_survived(folder / name)


def nimrod() -> bytes:
    """2 rows of 3 cells, 1/32 mm/h, at 16:05 from 15:50."""
    wholes = [2020, 5, 1, 16, 5, 0, 2020, 5, 1, 15, 50, 1, 2, -32767, 0, 2, 3, 2, 213]
    head = struct.pack(">31h", *wholes, *[0] * 11, -1)
    head += struct.pack(">6f", 0.0, 0.0, 501000.0, 1000.0, 301000.0, 2000.0)
    head = (head.ljust(354, b"\0") + b"mm/h*32 a radar").ljust(512, b"\0")
    return struct.pack(">i512sii6hi", 512, head, 512, 12, 0, 1, 2, 32, -1, 64, 12)


def pgm() -> bytes:
    """3 rows of 4 cells as FMI has them."""
    head = (
        "P5\n# obstime 201609281600\n# metersperpixel_x 999.674053\n# metersperpixel_y 999.62859\n"
        "# projection radar {\n# type stereographic\n# centrallongitude 25\n# centrallatitude 90\n# truelatitude 60\n"
        "# bottomleft 18.600000 57.930000\n# }\n4 3\n255\n"
    )
    return head.encode() + bytes((0, 64, 255, 84, 1, 2, 3, 4, 100, 120, 140, 254))


def archive(content: bytes) -> bytes:
    """Two members of the same content, one of them named as no format is."""
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as members:
        for name in ("first", "CDF"):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            members.addfile(member, BytesIO(content))
    return out.getvalue()


@pytest.fixture(scope="module")
def ours() -> list[bytes]:
    """Good files of formats and packings that the library itself takes apart, with what zlib and bzip2 unpack."""
    plain = [nimrod(), pgm(), archive(nimrod())]
    return plain + [gzip.compress(content, mtime=0) for content in plain] + [bz2.compress(plain[1])]


@pytest.fixture(scope="module")
def every(ours: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """These, and good files of netCDF and ODIM_H5."""
    folder = tmp_path_factory.mktemp("made")
    rain = sim.storms(minutes=5, n=8)["rain"]
    io.write(rain, folder / "rain.nc")
    io.write(rain[0], folder / "rain.h5")
    with (
        netCDF4.Dataset(folder / "rain.nc") as source,
        netCDF4.Dataset(folder / "classic.nc", "w", format="NETCDF3_CLASSIC") as classic,
    ):
        for name, dimension in source.dimensions.items():
            classic.createDimension(name, dimension.size)
        for name, variable in source.variables.items():
            kind = "i4" if variable.dtype.kind in "iu" else variable.dtype
            copy = classic.createVariable(name, kind, variable.dimensions)
            copy.setncatts({key: variable.getncattr(key) for key in variable.ncattrs() if key != "_FillValue"})
            copy[...] = variable[...]
    grids = [(folder / name).read_bytes() for name in ("rain.nc", "rain.h5", "classic.nc")]
    return [*ours, *grids, gzip.compress(grids[1], mtime=0)]


def test_the_made_files_are_good(every: list[bytes], folder: Path) -> None:
    for content in every:
        (folder / "good").write_bytes(content)
        assert len(io.layers(folder / "good")) >= 1


@settings(max_examples=200)
@given(st.data())
def test_shortened_files_are_refused_or_read(folder: Path, every: list[bytes], data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(every))
    (folder / "short").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    check_survived(folder / "short")


# Not those of netCDF and HDF5: what their libraries do about such bytes is theirs.
@settings(max_examples=200)
@given(st.data())
def test_damaged_files_are_refused_or_read(folder: Path, ours: list[bytes], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(ours)))
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(places, min_size=1, max_size=8)):
        content[place] = byte
    (folder / "damaged").write_bytes(content)
    check_survived(folder / "damaged")
