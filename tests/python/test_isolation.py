"""Reading in a child process: the same answer, and a fault there is an error here."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import _isolation, _open, errors, io, model, obs, settings, sim
from nowcast.grid import Grid


@pytest.fixture(scope="module")
def rain() -> xr.DataArray:
    return sim.storms(minutes=10, n=64)["rain"]


def faulty(program: str, seconds: float = 20.0) -> _isolation.Child:
    """A child that runs a program of one line in place of the reader."""
    return _isolation.Child(1 << 30, seconds, (sys.executable, "-c", program))


@pytest.mark.parametrize("suffix", [".nc", ".h5"])
def test_a_child_gives_what_this_process_reads(rain: xr.DataArray, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rain{suffix}"
    io.write(rain if suffix == ".nc" else rain.isel(time=0), path)
    here = io.layers(path)
    with io.isolated():
        there = io.layers(path)
    assert [layer.facts() for layer in there] == [layer.facts() for layer in here]
    for one, other in zip(here, there, strict=True):
        assert one.cells.tobytes() == other.cells.tobytes()


def test_errors_come_through_and_the_child_lives_on(rain: xr.DataArray, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.nc", tmp_path / "bad.nc"
    io.write(rain, good)
    bad.write_bytes(good.read_bytes()[:3000])
    with pytest.raises(errors.FormatError) as here:
        io.layers(bad)
    with io.isolated():
        with pytest.raises(errors.FormatError) as there:
            io.layers(bad)
        assert len(io.layers(good)) == rain.sizes["time"]
        child = _isolation.child()
        assert child is not None
        before = child._process
        io.layers(good)
        assert child._process is before
    assert str(here.value) == str(there.value)
    assert before is not None
    assert before.poll() is not None


def test_a_model_opened_again_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rain.grib2"
    grid = Grid("+proj=longlat +ellps=WGS84", 4, 5, 10.0, 40.0, 0.02, 0.01)
    with io.isolated():
        for n in (1, 2):
            times = np.datetime64("2026-06-01T12:00", "ns") + np.arange(n) * np.timedelta64(1, "h")
            coords = {"time": times} | grid.coords()
            names = {"units": "mm h-1", "quantity": "RATE", "grid_mapping": "crs"}
            io.write(xr.DataArray(np.ones((n, 5, 4), np.float32), coords, ("time", "y", "x"), "rain", names), path)
            with model.open(path) as opened:
                assert len(opened) == n


def bufr(descriptor: int) -> bytes:
    """A message of one subset of one element, F X Y as a number, with the sections of edition 4."""
    identification = bytes([0, 0, 22, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 29, 0, 7, 230, 6, 1, 12, 0, 0])
    description = bytes([0, 0, 9, 0, 0, 1, 0x80]) + descriptor.to_bytes(2, "big")
    body = identification + description + bytes([0, 0, 8, 0, 0, 0, 0, 0]) + b"7777"
    return b"BUFR" + (8 + len(body)).to_bytes(3, "big") + b"\4" + body


def test_what_a_library_prints_in_the_child_is_not_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.bufr"
    path.write_bytes(bufr(25 << 8 | 192))  # 0 25 192, which no table has
    with pytest.raises(errors.NowcastError):
        obs.read(path)
    assert "025192" in capfd.readouterr().err  # ecCodes in this process
    with io.isolated(), pytest.raises(errors.NowcastError, match="odd"):
        obs.read(path)
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_the_child_itself_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    child = _isolation.Child(8 << 30, 60.0)
    with pytest.raises(errors.FormatError, match="failed while reading it"):
        child.call("no such reader", [str(tmp_path)])
    assert "KeyError: 'no such reader'" in capfd.readouterr().err


def test_a_crash_names_file_library_and_signal() -> None:
    child = faulty("import os, sys; sys.stdin.readline(); os.abort()")
    with pytest.raises(errors.FormatError, match=r"a\.h5: HDF5 failed while reading it: .* SIGABRT"):
        child.call("layers", ["a.h5"], "HDF5")
    with pytest.raises(errors.FormatError, match="SIGABRT"):  # and again with a new one
        child.call("layers", ["a.h5"], "HDF5")


def test_an_answer_is_put_together_whatever_pieces_it_comes_in() -> None:
    program = """
import sys
line = b'{"facts": "%s", "arrays": [["<i4", [2]], ["|u1", [70000]]]}\\n' % (b"long" * 50000)
for _ in sys.stdin.buffer:
    answer = line + bytes([1, 0, 0, 0, 2, 0, 0, 0]) + b"\\n" * 70000
    for start in range(0, len(answer), 30011):
        sys.stdout.buffer.write(answer[start : start + 30011])
        sys.stdout.buffer.flush()
"""
    child = faulty(program)
    for _ in range(2):
        facts, (few, many) = child.call("layers", ["a.h5"])
        assert facts == "long" * 50000
        assert few.tolist() == [1, 2]
        assert bytes(many) == b"\n" * 70000
    child.close()


def test_half_an_answer_is_none() -> None:
    child = faulty("""print('{"facts": [], "arrays": [["<f4", [100, 100]]]}', flush=True)""")
    with pytest.raises(errors.FormatError, match="exit code 0"):
        child.call("layers", ["a.h5"], "HDF5")
    child = faulty("print('no JSON', flush=True)")
    with pytest.raises(errors.FormatError, match="exit code 0"):
        child.call("layers", ["a.h5"], "HDF5")


def test_a_child_that_spins_is_stopped() -> None:
    child = faulty("import time; time.sleep(60)", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(errors.FormatError, match=r"a\.grib: ecCodes took longer than 0\.3 s"):
        child.call("layers", ["a.grib"], "ecCodes")
    assert time.monotonic() - began < 10
    assert child._process is None


def test_a_file_that_brings_a_library_down_is_not_tried_by_other_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, path = tmp_path / "asked", tmp_path / "a.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    program = f"import os, sys; open({str(asked)!r}, 'a').write(sys.stdin.readline()); os.abort()"
    monkeypatch.setattr(_isolation, "child", lambda: faulty(program))
    for read in (nowcast.open, _open.describe):
        asked.unlink(missing_ok=True)
        with pytest.raises(errors.LibraryError, match=r"a\.h5: HDF5.* failed while reading it: .* SIGABRT"):
            read(path)
        assert len(asked.read_text().splitlines()) == 1


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_memory_is_limited_whatever_the_number_of_threads(rain: xr.DataArray, tmp_path: Path, threads: int) -> None:
    path = tmp_path / "large.nc"
    cells = np.zeros((8000, 8000), dtype=np.float32)
    grid = io.Grid("+proj=laea +lat_0=30 +lon_0=120", 8000, 8000, 0.0, 0.0, 500.0, 500.0)
    coords = grid.coords() | {"time": np.datetime64("2026-06-01T06:00", "ns")}
    attrs = {"units": "mm h-1", "grid_mapping": "crs", "quantity": "RATE"}
    io.write(xr.DataArray(cells, dims=("y", "x"), coords=coords, attrs=attrs, name="rain"), path)
    small = tmp_path / "small.nc"
    io.write(rain, small)
    # Enough for a small file; a quarter of a GiB does not fit in, nor with it what eight threads have for stacks.
    with settings(threads=threads), io.isolated(memory_bytes=100 << 20):
        assert io.layers(small)
        with pytest.raises((errors.OutOfMemoryError, errors.FormatError), match="large"):
            io.layers(path)
        assert io.layers(small)


def test_own_formats_need_no_child(rain: xr.DataArray, tmp_path: Path) -> None:
    (tmp_path / "empty.pgm").write_bytes(b"P5\n# obstime 201609281445\n4 4\n255\n")
    with io.isolated():
        with pytest.raises(errors.FormatError):
            io.layers(tmp_path / "empty.pgm")
        child = _isolation.child()
        assert child is not None
        assert child._process is None


def test_ctrl_c_is_not_for_the_child(rain: xr.DataArray, tmp_path: Path) -> None:
    io.write(rain, tmp_path / "rain.nc")
    with io.isolated():
        io.layers(tmp_path / "rain.nc")
        child = _isolation.child()
        assert child is not None
        assert child._process is not None
        assert os.getsid(child._process.pid) == child._process.pid != os.getsid(0)
        os.kill(child._process.pid, signal.SIGKILL)  # one lost between files is replaced
        child._process.wait()
        assert io.layers(tmp_path / "rain.nc")
