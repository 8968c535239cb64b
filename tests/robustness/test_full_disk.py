"""Disks too small for what is written: an error, nothing left of the file, and a process that ends as others do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chaos import CONFIG, mounted
from nowcast import io, sim

TESTS = Path(__file__).parent.parent / "python"

# Each kind of file in turn, in one process, which then ends: what a library still holds of a file breaks it down there.
WRITE = """
import sys
from pathlib import Path
from nowcast import _netcdf, io, radar, sim
from nowcast.errors import FileError
folder = Path(sys.argv[1])
rain = sim.storms(minutes=30, step=5, n=64, dx=1000.0, cells=30)["rain"]
sys.path.insert(0, sys.argv[2])
from test_mosaic import made_volume
volume = made_volume()
writers = {
    "fields.nc": lambda path: io.write(rain, path),
    "fields.h5": lambda path: io.write(rain.isel(time=[0]), path),
    "fields.tif": lambda path: io.write(rain.isel(time=[0]), path),
    "data.nc": lambda path: _netcdf.write(rain.to_dataset(name="rain"), path),
    "volume.h5": lambda path: radar.write(volume, path),
    "volume.nc": lambda path: radar.write(volume, path),
    "volume.ar2v": lambda path: radar.write(volume, path),
}
for name, write in writers.items():
    try:
        write(folder / name)
        print(name, "written", (folder / name).stat().st_size)
    except FileError as error:
        print(name, "refused", str(error).splitlines()[0])
        assert not (folder / name).exists()
    (folder / name).unlink(missing_ok=True)
    assert not list(folder.iterdir()), name
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that small disks may be mounted at."""
    folder = tmp_path / "out"
    if sys.platform != "linux" or not mounted(folder, 4):
        pytest.skip("a tmpfs may not be mounted here")
    subprocess.run(["umount", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def put_in_place(folder: Path, kilobytes: int) -> None:
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)
    assert mounted(folder, kilobytes)


@pytest.mark.parametrize("kilobytes", [4, 28, 100, 4000])
def test_files_that_do_not_fit(disk: Path, kilobytes: int) -> None:
    put_in_place(disk, kilobytes)
    run = subprocess.run([sys.executable, "-c", WRITE, str(disk), str(TESTS)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    lines = run.stdout.splitlines()
    assert len(lines) == 7
    refused = [line for line in lines if " refused " in line]
    least, most = {4: (7, 7), 4000: (0, 0)}.get(kilobytes, (1, 6))
    assert least <= len(refused) <= most, lines
    for line in refused:
        assert str(disk) in line
        assert "kB left on its disk" in line or "space" in line or "HDF error" in line


@pytest.mark.parametrize("kilobytes", [16, 140])
def test_a_cycle_that_does_not_fit(disk: Path, kilobytes: int) -> None:
    rain = sim.storms(minutes=20, step=5, n=48, dx=2000.0, cells=60)["rain"]
    (disk.parent / "in").mkdir()
    (disk.parent / "cycle.toml").write_text(CONFIG)
    for index, when in enumerate(rain["time"].values):
        name = f"{when.astype('datetime64[m]').item():%Y%m%d%H%M}.h5"
        io.write(rain.isel(time=[index]), disk.parent / "in" / name)
    put_in_place(disk, kilobytes)
    command = [sys.executable, "-m", "nowcast.cli", "run", str(disk.parent / "cycle.toml")]
    when = str(np.datetime64(rain["time"].values[-1], "s"))
    run = subprocess.run(
        [*command, "--time", when], capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert run.returncode == 1, (run.returncode, run.stderr[-2000:])
    last = run.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert str(disk) in last
    assert not list(disk.glob("2*"))
