"""Volumes followed while they arrive, and folders opened as volumes."""

import bz2
import gzip
import itertools
import struct
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import errors, radar

RAYS, GATES = 90, 20
ANGLES = (0.5, 1.5, 0.5, 2.5)  # one is put in between


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    rng = np.random.default_rng(7)
    root = xr.Dataset(
        coords={"latitude": 35.25, "longitude": -97.5, "altitude": 390.0},
        attrs={"instrument_name": "KTST", "scan_name": "VCP 21"},
    )
    start = np.datetime64("2026-05-28T20:26:40", "ns")
    groups = {"/": root}
    for number, angle in enumerate(ANGLES):
        cells = rng.integers(-20, 100, (RAYS, GATES)).astype(np.float32) / 2.0
        groups[f"sweep_{number}"] = xr.Dataset(
            {
                "sweep_mode": ((), "azimuth_surveillance"),
                "sweep_fixed_angle": ((), angle),
                "DBZH": (("azimuth", "range"), cells, {"units": "dBZ", "resolution": 0.5}),
            },
            coords={
                "azimuth": (("azimuth",), (4.0 * np.arange(RAYS) + 100.0).astype(np.float32) % 360.0),
                "elevation": (("azimuth",), np.full(RAYS, angle, np.float32)),
                "time": (
                    ("azimuth",),
                    start + np.arange(RAYS) * np.timedelta64(20, "ms") + number * np.timedelta64(9, "s"),
                ),
                "range": (("range",), 250.0 * np.arange(GATES) + 125.0),
            },
        )
    return xr.DataTree.from_dict(groups)


@pytest.fixture
def archive(tree: xr.DataTree, tmp_path: Path) -> Path:
    path = tmp_path / "archive.ar2v"
    radar.write(tree, path)
    return path


def chunks(archive: Path) -> list[tuple[str, bytes]]:
    """The names and contents of the chunks that an archive file came as: a record each, the first with the header."""
    content, at, found = archive.read_bytes(), 24, []
    while at < len(content):
        (word,) = struct.unpack_from(">i", content, at)
        end = at + 4 + abs(word)
        kind = "S" if not found else "I" if end < len(content) else "E"
        found.append((f"20260528-202640-{len(found) + 1:03d}-{kind}", content[0 if not found else at : end]))
        at = end
    return found


def check(given: list[xr.DataTree], whole: xr.DataTree) -> None:
    assert [name for one in given for name in one.children] == list(whole.children)
    for one in given:
        for name, sweep in one.children.items():
            xr.testing.assert_identical(sweep.to_dataset(), whole[name].to_dataset())


class Writing(threading.Thread):
    """Files that grow piece by piece, one after the other."""

    def __init__(self, folder: Path, files: list[tuple[str, bytes]], piece: int) -> None:
        super().__init__()
        self.folder, self.files, self.piece = folder, files, piece

    def run(self) -> None:
        for name, content in self.files:
            with (self.folder / name).open("wb") as file:
                for at in range(0, len(content), self.piece):
                    file.write(content[at : at + self.piece])
                    file.flush()
                    time.sleep(0.002)


def test_chunks_give_sweeps_as_they_arrive(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "chunks"
    folder.mkdir()
    writing = Writing(folder, chunks(archive), 700)
    writing.start()
    given = list(itertools.islice(radar.follow(folder, poll=0.02, timeout=20.0), len(ANGLES)))
    writing.join()
    check(given, nowcast.open(archive))
    assert [float(one[name]["sweep_fixed_angle"]) for one in given for name in one.children] == pytest.approx(
        ANGLES, abs=0.003
    )
    assert [one.attrs["complete"] for one in given] == ["false"] * 3 + ["true"]
    assert given[0].attrs["instrument_name"] == "KTST"
    assert given[-1].attrs["input_files"].split("\n") == [name for name, _ in writing.files]


@pytest.mark.parametrize("suffix", ["ar2v", "bin"])
def test_a_file_that_grows_gives_sweeps_until_it_is_whole(tree: xr.DataTree, tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    radar.write(tree, whole)
    growing = tmp_path / "growing"
    growing.write_bytes(b"")
    writing = Writing(tmp_path, [("growing", whole.read_bytes())], 997)
    writing.start()
    given = list(radar.follow(growing, poll=0.02, timeout=20.0))  # it ends with the volume
    writing.join()
    check(given, nowcast.open(whole))
    assert given[-1].attrs["complete"] == "true"


def test_a_chunk_that_never_comes_costs_what_was_in_it(archive: Path, tmp_path: Path) -> None:
    files = chunks(archive)
    assert len(files) == 4  # metadata and 360 radials
    for name, content in files[:2] + files[3:]:
        (tmp_path / name).write_bytes(content)
    archive.unlink()
    given = list(radar.follow(tmp_path, poll=0.02, late=0.1, timeout=0.5))
    assert [name for one in given for name in one.children] == ["sweep_0", "sweep_1", "sweep_2", "sweep_3"]
    assert [one[name].attrs["incomplete"] for one in given for name in one.children] == [
        "",
        "its last rays are missing",
        "its first rays are missing",
        "",
    ]
    at_once = list(radar.follow(tmp_path, timeout=0))
    assert len(at_once) == len(given)


def test_packed_and_other_files_are_read_when_they_no_longer_grow(
    tree: xr.DataTree, archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.ar2v.gz").write_bytes(gzip.compress(archive.read_bytes()))
    radar.write(tree, folder / "b.h5")
    (folder / "c.txt").write_text("no radar has written this, and it is long enough to be looked at")
    (folder / ".hidden").write_bytes(archive.read_bytes())
    given = list(radar.follow(folder, timeout=0))
    assert [one.attrs["input_files"] for one in given] == ["a.ar2v.gz"] * 4 + ["b.h5"] * 4
    assert [one.attrs["complete"] for one in given] == (["false"] * 3 + ["true"]) * 2
    check(given[:4], nowcast.open(archive))


def test_a_volume_that_stops_growing_is_given_up_and_says_so(archive: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    content = archive.read_bytes()
    cut.write_bytes(content[: len(content) - 100])
    given = list(radar.follow(cut, poll=0.02, timeout=0.1))
    assert [one.attrs["complete"] for one in given] == ["false"] * len(given)
    assert given[-1].attrs["incomplete"] == "the file is damaged or ends early"
    whole = nowcast.open(cut)
    check(given, whole)


def test_following_can_be_stopped(archive: Path) -> None:
    stop = threading.Event()
    given = []
    for one in radar.follow(archive.parent, poll=0.02, stop=stop):
        given.append(one)
        stop.set()
    assert len(given) == 1
    assert list(radar.follow(archive.parent, poll=0.02, stop=lambda: True)) == []


def test_open_follows_where_it_is_asked_to(archive: Path) -> None:
    for path in (archive.parent, str(archive)):
        check(list(nowcast.open(path, follow=True, timeout=0)), nowcast.open(archive))
    with pytest.raises(errors.ArgumentError, match=r"site: .* is followed"):
        nowcast.open(archive, follow=True, site=(35.0, -97.0, 400.0))
    with pytest.raises(errors.ArgumentError, match="one folder or file"):
        nowcast.open([archive, archive], follow=True)


def test_what_cannot_be_followed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.ArgumentError, match="nothing found"):
        radar.follow(tmp_path / "absent")
    with pytest.raises(errors.ArgumentError, match="poll"):
        radar.follow(tmp_path, poll=0.0)
    other = tmp_path / "other"
    other.write_text("neither a radar volume nor anything else that is read, but long enough")
    with pytest.raises(errors.UnsupportedError, match="other"):
        list(radar.follow(other, timeout=0))
    assert list(radar.follow(tmp_path, timeout=0)) == []


def test_a_folder_opens_as_its_volumes_by_radar_and_time(tree: xr.DataTree, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in chunks(archive):
        (folder / name).write_bytes(content)
    for number in (3, 1, 0):  # files of one sweep each, of one volume
        sweep = tree[f"sweep_{number}"].to_dataset()
        alone = xr.DataTree.from_dict({"/": tree.to_dataset(), "sweep_0": sweep})
        radar.write(alone, folder / f"sweep{number}.h5")
    (folder / "notes.txt").write_text("nothing")
    volumes = nowcast.open(folder)
    assert [len(volume.children) for volume in volumes] == [4, 3]
    assert [float(sweep["sweep_fixed_angle"]) for sweep in volumes[1].children.values()] == [0.5, 1.5, 2.5]
    with pytest.raises(errors.ArgumentError, match="quantity"):
        nowcast.open(folder, quantity="DBZH")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(errors.NoDataError, match="no radar volume"):
        nowcast.open(empty)


@pytest.mark.realdata
def test_real_chunks_give_the_sweeps_of_the_volume(real_data: Path) -> None:
    folder = real_data / "radar/nexrad/chunks-klot-20190617"
    given = list(radar.follow(folder, timeout=0))
    assert len(given) == 8
    check(given, radar.read(sorted(folder.iterdir())))
    assert len(given[0].attrs["input_files"].split("\n")) < 10  # the first sweep comes long before the last chunk


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folder", "sweeps"),
    [
        ("nexrad/chunks-klot-20190617", [8]),
        ("odim/lfpw-20230420", [5]),
        ("dorade/armor-20080411", [12]),
        ("nexrad/khtx-20080411", [16] * 5),
    ],
)
def test_real_folders_open_as_their_volumes(real_data: Path, folder: str, sweeps: list[int]) -> None:
    volumes = nowcast.open(real_data / "radar" / folder)
    volumes = volumes if isinstance(volumes, list) else [volumes]
    assert [len(volume.children) for volume in volumes] == sweeps


@pytest.mark.realdata
def test_a_real_file_of_2001_gives_its_sweeps(real_data: Path, tmp_path: Path) -> None:
    packed = real_data / "radar/cinrad/Z_RADR_I_Z9398_20140704080600_O_DOR_SB_CAP.bin.bz2"
    grown = tmp_path / packed.name.removesuffix(".bz2")
    grown.write_bytes(bz2.decompress(packed.read_bytes()))
    given = list(radar.follow(grown, poll=0.02, timeout=0.0))
    check(given, nowcast.open(packed))
    assert given[0].attrs["instrument_name"] == "Z9398"
    assert given[-1].attrs["complete"] == "true"
