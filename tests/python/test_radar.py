"""Radar volumes in Python: NEXRAD files made byte by byte, and real ones."""

import bz2
import gc
import gzip
import lzma
import struct
import subprocess
import sys
import weakref
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import _field, _files, _lib, _tree, _volume, cli, errors, io, radar
from nowcast._lib import ffi, lib

RAYS, GATES = 8, 12


def message(ray: int, state: int, cut: int) -> bytes:
    """A message 1: reflectivity in gates of 1000 m from 0 m, velocity and width in gates of 250 m from -375 m."""
    azimuth = round(8 * 4096 * 45.0 * ray / 180.0)
    head = struct.pack(
        ">IHHHHHHHhhHHHHHfHHHHH",
        1000 * ray,
        15000,
        1480,
        azimuth,
        ray + 1,
        state,
        8 * 44,
        cut,
        0,
        -375,
        1000,
        250,
        GATES,
        4 * GATES,
        0,
        0.0,
        100,
        100 + GATES,
        100 + 5 * GATES,
        2,
        21,
    )
    body = bytearray(2400)
    body[: len(head)] = head
    struct.pack_into(">H", body, 60, 2600)
    body[100 : 100 + GATES] = bytes((ray + gate) % 200 for gate in range(GATES))
    body[100 + GATES : 100 + 9 * GATES] = bytes((3 * ray + gate) % 256 for gate in range(8 * GATES))
    return bytes(12) + struct.pack(">HBBHHIHH", 1208, 0, 1, 1, 15000, 0, 1, 1) + bytes(body) + bytes(4)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    path = tmp_path / "KHTX20110125_000000"
    states = [3, *[1] * (RAYS - 2), 4]
    path.write_bytes(
        b"AR2V0001.001"
        + struct.pack(">II", 15000, 0)
        + b"KHTX"
        + b"".join(map(message, range(RAYS), states, [1] * RAYS))
    )
    return path


def test_a_volume_is_a_tree_of_sweeps(volume: Path) -> None:
    tree = nowcast.open(volume)
    assert isinstance(tree, xr.DataTree)
    assert list(tree.children) == ["sweep_0"]
    assert tree.attrs["instrument_name"] == "KHTX"
    assert tree.attrs["scan_name"] == "VCP 21"
    assert tree.attrs["incomplete"] == ""
    sweep = tree["sweep_0"].ds
    assert sweep["azimuth"].values.tolist() == [45.0 * ray for ray in range(RAYS)]
    assert sweep["time"].values[3] == np.datetime64("2011-01-25T00:00:03")
    assert float(sweep["nyquist_velocity"][0]) == pytest.approx(26.0)
    assert sweep["DBZH"].attrs["standard_name"] == "equivalent_reflectivity_factor"


def test_moments_of_coarser_gates_repeat_them(volume: Path) -> None:
    sweep = radar.read(volume)["sweep_0"].ds
    assert sweep["range"].values[0] == -375.0
    assert sweep.sizes["range"] == 4 * GATES
    for gate, distance in enumerate(sweep["range"].values):
        code = 5 + int(np.floor(distance / 1000.0 + 0.5))
        expected = radar.NOTHING_DBZ if code == 0 else code / 2 - 33
        assert sweep["DBZH"].values[5, gate] == expected
        assert sweep["VRADH"].values[5, gate] == (15 + gate) / 2 - 64.5


def test_nothing_there_and_not_observed_are_kept_apart(volume: Path) -> None:
    sweep = radar.read(volume)["sweep_0"].ds
    assert sweep["DBZH"].values[0, 0] == sweep["DBZH"].attrs["_Undetect"] == -128.0
    assert np.isnan(sweep["VRADH"].values[0, :2]).all()
    assert sweep["VRADH_flags"].values[0, :3].tolist() == [0, 1, 0]
    assert sweep["VRADH"].attrs["ancillary_variables"] == "VRADH_flags"


def test_what_is_lent_outlives_the_tree_and_is_read_only(volume: Path) -> None:
    cells = radar.read(volume)["sweep_0"]["VRADH"].values
    before = cells.copy()
    with pytest.raises(ValueError, match="read-only"):
        cells[0, 0] = 1.0
    for _ in range(20):
        radar.read(volume)
    np.testing.assert_array_equal(cells, before)


def test_trees_are_those_that_checks_would_make(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _tree._is_as_checked()
    tree = radar.read(volume)
    monkeypatch.setattr(_tree, "_is_as_checked", lambda: False)
    checked = radar.read(volume)
    xr.testing.assert_identical(tree, checked)
    assert list(map(_tree._facts, tree.subtree)) == list(map(_tree._facts, checked.subtree))
    assert tree["sweep_0"].parent is tree
    xr.testing.assert_identical(tree.copy(deep=True), checked)


def test_a_volume_nobody_holds_is_let_go_by_the_next(volume: Path) -> None:
    gc.disable()
    try:
        tree = radar.read(volume)
        seen, cells = weakref.ref(tree), tree["sweep_0"]["VRADH"].values
        before = cells.copy()
        radar.read(volume)
        assert tree["sweep_0"].parent is tree  # it is held
        sweep = tree["sweep_0"]
        del tree
        radar.read(volume)
        assert sweep.parent is seen()  # by one of its nodes
        assert sweep.path == "/sweep_0"
        sweeps = sweep.parent.children
        del sweep
        radar.read(volume)
        assert sweeps["sweep_0"].parent is seen()  # by the list of them
        del sweeps
        assert seen() is not None
        radar.read(volume)
        assert seen() is None
        np.testing.assert_array_equal(cells, before)
    finally:
        gc.enable()


def test_where_references_do_not_tell_nothing_is_let_go(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tree, "_nobody", lambda: None)
    gc.disable()
    try:
        seen = weakref.ref(radar.read(volume))
        radar.read(volume)
        assert seen() is not None
    finally:
        gc.enable()


def test_sweeps_of_the_same_gates_have_attributes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "KHTX20110125_000000"
    states = [3, *[1] * (RAYS - 2), 2, 0, *[1] * (RAYS - 2), 4]
    messages = map(message, 2 * list(range(RAYS)), states, [1] * RAYS + [2] * RAYS)
    path.write_bytes(b"AR2V0001.001" + struct.pack(">II", 15000, 0) + b"KHTX" + b"".join(messages))
    tree = radar.read(path)
    assert list(tree.children) == ["sweep_0", "sweep_1"]
    tree["sweep_0"]["range"].attrs["units"] = "km"
    assert tree["sweep_1"]["range"].attrs["units"] == "m"
    xr.testing.assert_equal(tree["sweep_0"]["range"], tree["sweep_1"]["range"])


def test_a_step_adds_its_moments_and_shares_the_rest(volume: Path) -> None:
    tree = radar.read(volume)
    handle = _volume.handle(tree, ["VRADH"])
    moment = ffi.new("nwc_moment *")
    assert lib.nwc_volume_find(handle, 0, b"DBZH", moment) == lib.NWC_ERR_NODATA
    _lib.check(lib.nwc_volume_find(handle, 0, b"VRADH", moment))
    name = ffi.new("char[]", b"VRADDH")
    moment.name = moment.own_name = name
    _lib.check(lib.nwc_volume_put_moment(handle, 0, moment))
    new = _volume.add_moments(tree, handle, ["VRADDH"])
    sweep = new["sweep_0"].ds
    del handle
    for _ in range(5):
        radar.read(volume)
    np.testing.assert_array_equal(sweep["VRADDH"], tree["sweep_0"]["VRADH"])
    assert sweep["VRADDH"].attrs["long_name"] == "unfolded radial velocity H"
    assert not sweep["VRADDH"].values.flags.writeable
    assert np.shares_memory(sweep["DBZH"].values, tree["sweep_0"]["DBZH"].values)
    assert "VRADDH" not in tree["sweep_0"]
    assert new.attrs == tree.attrs
    assert float(new["latitude"]) == float(tree["latitude"])
    assert list(new.children) == list(tree.children)


def test_moments_are_added_as_checks_would_add_them(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = radar.read(volume)
    handle = _volume.handle(tree, ["VRADH", "DBZH"])
    added = _volume.add_moments(tree, handle, ["VRADH"])
    monkeypatch.setattr(_tree, "_is_as_checked", lambda: False)
    checked = _volume.add_moments(tree, handle, ["VRADH"])
    xr.testing.assert_identical(added, checked)
    assert list(map(_tree._facts, added.subtree)) == list(map(_tree._facts, checked.subtree))
    added["sweep_0"]["DBZH"].attrs["units"] = "dB"
    assert tree["sweep_0"]["DBZH"].attrs["units"] == "dBZ"


def test_copies_of_trees_are_those_xarray_makes(volume: Path) -> None:
    tree = radar.read(volume)
    tree["sweep_0/inner"] = xr.Dataset({"cells": ("x", [1.0, 2.0])}, coords={"x": [3.0, 4.0]}, attrs={"of": "sweep_0"})
    tree["sweep_0/inner"].encoding["kept"] = True
    for given in (tree, tree["sweep_0"], tree["sweep_0/inner"]):
        ours, theirs = _tree.copy(given), given.copy()
        xr.testing.assert_identical(ours, theirs)
        assert list(map(_tree._facts, ours.subtree)) == list(map(_tree._facts, theirs.subtree))
    ours = _tree.copy(tree)
    ours["sweep_0/inner"].attrs["of"] = ours["sweep_0"]["azimuth"].attrs["units"] = "another"
    assert tree["sweep_0/inner"].attrs["of"] == "sweep_0"
    assert tree["sweep_0"]["azimuth"].attrs["units"] == "degrees"
    assert np.shares_memory(ours["sweep_0"]["DBZH"].values, tree["sweep_0"]["DBZH"].values)


def test_azimuths_may_be_given_beyond_a_turn(volume: Path) -> None:
    tree = radar.read(volume)
    azimuth = tree["sweep_0"]["azimuth"]
    turned = tree.copy()
    turned["sweep_0"] = turned["sweep_0"].to_dataset().assign_coords(azimuth=azimuth - 360.0)
    facts = [_volume.read_out(_volume.handle(given, []))[1][1] for given in (tree, turned)]
    np.testing.assert_allclose(facts[1], facts[0], atol=1e-4)
    assert (facts[1] >= 0.0).all()


def test_what_a_step_makes_of_fewer_gates_lies_on_the_range_axis(volume: Path) -> None:
    tree = radar.read(volume)
    handle = _volume.handle(tree, [])
    cells = np.arange(RAYS * 2, dtype=np.float32).reshape(RAYS, 2)
    moment = ffi.new("nwc_moment *")
    name, units = ffi.new("char[]", b"TEXTURE"), ffi.new("char[]", b"1")
    moment.name, moment.field.units, moment.field.missing = name, units, float("nan")
    moment.first_gate_m, moment.gate_spacing_m = 125.0, 500.0
    moment.field.data = ffi.cast("float *", cells.ctypes.data)
    _field.layout(moment.field, cells)
    _lib.check(lib.nwc_volume_put_moment(handle, 0, moment))
    sweep = _volume.add_moments(tree, handle, ["TEXTURE"])["sweep_0"].ds
    assert sweep["range"].values[:6].tolist() == [-375.0, -125.0, 125.0, 375.0, 625.0, 875.0]
    np.testing.assert_array_equal(sweep["TEXTURE"].values[3, :7], [np.nan, 6, 6, 7, 7, np.nan, np.nan])


def test_a_site_can_be_given(volume: Path) -> None:
    tree = nowcast.open(volume, site=(34.93, -86.08, 560.0))
    assert float(tree["altitude"]) == 560.0
    with pytest.raises(errors.ArgumentError, match="quantity"):
        nowcast.open(volume, quantity="DBZH")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("nexrad/single/KLBB20160601_150025_V06", "again.ar2v"),
        ("cinrad/Z_RADR_I_ZG170_20260329064800_O_DOR_YTD2_CAP_FMT.bin.bz2", "again.bin.bz2"),
        ("odim/wradlib/40_20181220_060630.pvol.h5", "again.h5"),
    ],
)
def test_a_real_volume_written_in_its_own_format_comes_back_as_it_was(
    real_data: Path, tmp_path: Path, source: str, name: str
) -> None:
    tree = nowcast.open(real_data / "radar" / source)
    radar.write(tree, tmp_path / name)
    again = nowcast.open(tmp_path / name)
    assert list(again.children) == list(tree.children)
    for group, sweep in tree.children.items():
        xr.testing.assert_allclose(again[group].to_dataset(), sweep.to_dataset(), rtol=0, atol=1e-5)
    kept = set(tree.attrs) - {"input_files", "format"}
    assert {key: again.attrs[key] for key in kept} == {key: tree.attrs[key] for key in kept}


@pytest.mark.realdata
def test_a_model_file_inside_xz_is_told(real_data: Path) -> None:
    path = next((real_data / "nwp").glob("*.xz"))
    assert _files.head(path).startswith(b"GRIB")


def test_a_volume_cut_short_says_so(volume: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(volume.read_bytes()[: 24 + 2432 * 5 + 100])
    tree = radar.read(short)
    assert tree["sweep_0"].sizes["azimuth"] == 5
    assert tree.attrs["incomplete"] == "the file is damaged or ends early"
    short.write_bytes(volume.read_bytes()[:100])
    with pytest.raises(errors.NoDataError, match="short: no radial"):
        radar.read(short)
    with pytest.raises(errors.FileError, match="absent"):
        radar.read(tmp_path / "absent")


def test_gates_too_unlike_for_one_axis_are_an_error_not_memory(volume: Path, tmp_path: Path) -> None:
    damaged = bytearray(volume.read_bytes())
    for ray in range(RAYS):
        struct.pack_into(">HH", damaged, 24 + 2432 * ray + 28 + 22, 1, 65000)
    place = tmp_path / "damaged"
    place.write_bytes(damaged)
    with pytest.raises(errors.FormatError, match=r"damaged: sweep 0: a range axis of at most 32768 gates .* 1 m and"):
        radar.read(place)


def test_several_volumes_come_as_a_list(volume: Path, tmp_path: Path) -> None:
    (tmp_path / "KHTX20110125_000500").write_bytes(volume.read_bytes())
    volumes = nowcast.open(str(tmp_path / "KHTX*"))
    assert isinstance(volumes, list)
    assert len(volumes) == 2


def test_volumes_that_cannot_be_read_are_left_out_where_that_is_wanted(
    volume: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    radar.write(nowcast.open(volume), tmp_path / "c.nc")
    (tmp_path / "a.txt").write_text("Read me first.\n")
    (tmp_path / "b.nc").write_bytes((tmp_path / "c.nc").read_bytes()[:3000])
    (tmp_path / "d.ar2v").write_bytes(volume.read_bytes()[:30])
    (tmp_path / "e.ar2v").write_bytes(volume.read_bytes())
    for names, left_out in (("abcde", "abd"), ("cde", "d"), ("edcba", "dba"), ("e", "")):
        files = [next(tmp_path.glob(f"{name}.*")) for name in names]
        caplog.clear()
        found = nowcast.open([*files, tmp_path / "none"], on_error="skip")
        read = found if isinstance(found, list) else [found]
        formats = [str(tree.attrs["format"]).split()[0] for tree in read]
        assert formats == [{"c": "FM", "e": "NEXRAD"}[name] for name in names if name not in left_out]
        told = [Path(record.getMessage().split(": ")[1]).name[0] for record in caplog.records]
        assert told == [*left_out, "n"]
    with pytest.raises(errors.FileError, match="none"):
        nowcast.open([tmp_path / "e.ar2v", tmp_path / "none"])
    with pytest.raises(errors.NoDataError, match=r"d\.ar2v"):
        nowcast.open(tmp_path / "d.ar2v", on_error="skip")
    with pytest.raises(errors.ArgumentError, match='on_error: "raise" or "skip" expected'):
        nowcast.open(volume, on_error="ignore")


@pytest.mark.parametrize("pack", ["gzip", "bz2", "xz", "zip", "zip of xz"])
def test_packed_volumes_are_told_and_read_as_they_are(volume: Path, tmp_path: Path, pack: str) -> None:
    path, content = tmp_path / "packed", volume.read_bytes()
    if pack.startswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("volume", lzma.compress(content) if "xz" in pack else content)
    else:
        module = {"gzip": gzip, "bz2": bz2, "xz": lzma}[pack]
        path.write_bytes(module.compress(content))
    plain, packed = nowcast.open(volume), nowcast.open(path)
    xr.testing.assert_identical(packed["sweep_0"].to_dataset(), plain["sweep_0"].to_dataset())


def test_a_child_reads_the_same(volume: Path) -> None:
    here = radar.read(volume)
    child = radar._isolation.Child(8 << 30, 60.0)
    try:
        facts, arrays = child.call("volume", [str(volume)])
    finally:
        child.close()
    own_facts, own_arrays = radar.portable([volume])
    assert facts == own_facts
    assert [array.tobytes() for array in arrays] == [array.tobytes() for array in own_arrays]
    assert here.attrs["site_name"] == facts["site"]


def test_info_names_what_is_in_a_volume(volume: Path) -> None:
    result = CliRunner().invoke(cli.main, ["info", str(volume)])
    assert result.exit_code == 0, result.output
    assert "NEXRAD Level II" in result.output
    assert "8 rays, Nyquist 26.00 m s-1: DBZH 12 x 1000 m" in result.output


@pytest.mark.realdata
def test_real_chunks_make_one_volume(real_data: Path) -> None:
    tree = nowcast.open(str(real_data / "radar/nexrad/chunks-klot-20190617/*"))
    assert isinstance(tree, xr.DataTree)
    assert len(tree.children) == 8
    assert sum(sweep.sizes["azimuth"] for sweep in tree.children.values()) == 5040
    assert float(tree["latitude"]) == pytest.approx(41.6044, abs=5e-5)


def test_a_volume_without_a_radial_is_described_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "20110204-000130-001-S"
    path.write_bytes(struct.pack(">12sII4s", b"AR2V0006.381", 15000, 90_000, b"KTLX"))  # 2011-01-25, 90 s
    facts = radar.describe(path)
    assert {name: facts[name] for name in ("path", "format", "version", "site", "time", "incomplete", "sweeps")} == {
        "path": str(path),
        "format": "NEXRAD Level II",
        "version": "AR2V0006",
        "site": "KTLX",
        "time": "2011-01-25T00:01:30Z",
        "incomplete": "no radial in it",
        "sweeps": [],
    }
    shown = CliRunner().invoke(cli.main, ["info", str(path)]).output
    assert "KTLX place not in the file 2011-01-25T00:01:30Z\n  incomplete: no radial in it" in shown
    with pytest.raises(errors.NoDataError, match="no radial in it"):
        nowcast.open(path)
    path.write_bytes(struct.pack(">12sII4s", b"AR2V0006.381", 1 << 31, 0, b"KTLX"))  # no day is so late
    with pytest.raises(errors.NoDataError, match="no radial in it"):
        radar.describe(path)


@pytest.mark.realdata
def test_the_first_real_chunk_is_described_by_its_header(real_data: Path) -> None:
    path = real_data / "radar/nexrad/chunks-klot-20190617/20190617-181704-001-S"
    facts, whole = radar.describe(path), radar.describe(sorted(path.parent.iterdir()))
    assert facts.keys() == whole.keys()
    assert (facts["site"], facts["time"], facts["version"]) == ("KLOT", "2019-06-17T18:17:04Z", whole["version"])


@pytest.mark.realdata
def test_chunks_that_are_missing_cost_their_radials_and_no_more(real_data: Path) -> None:
    chunks = sorted((real_data / "radar/nexrad/chunks-klot-20190617").iterdir())
    whole = radar.read(chunks)
    headless = radar.read(chunks[1:])  # without the volume's header and the pattern
    assert headless.attrs["incomplete"] == ""
    assert float(headless["latitude"]) == float(whole["latitude"])
    for name, sweep in whole.children.items():
        xr.testing.assert_identical(headless[name]["DBZH"], sweep["DBZH"])
        planned, found = float(sweep["sweep_fixed_angle"]), float(headless[name]["sweep_fixed_angle"])
        assert found == pytest.approx(planned, abs=0.1)  # the median of the rays
    early = radar.read(chunks[:31])  # the upper cuts never came
    assert early.attrs["incomplete"] == "its last radials are missing"
    assert len(early.children) == 5
    for name, sweep in early.children.items():
        xr.testing.assert_identical(whole[name].to_dataset(), sweep.to_dataset())
    gap = radar.read(chunks[:7] + chunks[13:])  # a whole cut is missing in between
    assert len(gap.children) == 7
    xr.testing.assert_identical(gap["sweep_1"]["DBZH"], whole["sweep_2"]["DBZH"])


@pytest.mark.realdata
def test_super_resolution_and_legacy_cuts_of_one_volume(real_data: Path) -> None:
    tree = nowcast.open(real_data / "radar/nexrad/single/KLBB20160601_150025_V06")
    rays = [sweep.sizes["azimuth"] for sweep in tree.children.values()]
    assert rays == [720] * 4 + [360] * 7
    assert tree["sweep_0"]["DBZH"].shape == (720, 1832)
    assert float(tree["sweep_0"]["range"][0]) == 2125.0
    assert float(tree["sweep_1"]["nyquist_velocity"][0]) == pytest.approx(22.56)
    assert np.median(np.diff(np.sort(tree["sweep_0"]["azimuth"].values))) == pytest.approx(0.5, abs=0.01)
    assert np.median(np.diff(np.sort(tree["sweep_6"]["azimuth"].values))) == pytest.approx(1.0, abs=0.01)


@pytest.mark.realdata
def test_five_volumes_of_one_storm(real_data: Path) -> None:
    volumes = nowcast.open(str(real_data / "radar/nexrad/khtx-20080411/*.gz"))
    assert [len(volume.children) for volume in volumes] == [16] * 5
    strong = [int((v["sweep_0"]["DBZH"].values >= 40).sum()) for v in volumes]
    assert strong == [2055, 2153, 2206, 2376, 2561]
    starts = [str(v["sweep_0"]["time"].values.min().astype("datetime64[ms]"))[11:] for v in volumes]
    assert starts == ["18:11:43.771", "18:16:42.207", "18:21:40.206", "18:26:38.693", "18:31:37.195"]


READ_ROUND_AND_ROUND = """
import gc, sys
from nowcast import radar

largest = 0
for _ in range(4):
    for path in sys.argv[1:]:
        tree = radar.read(path)
        largest = max(largest, sum(moment.nbytes for group in tree.leaves for moment in group.data_vars.values()))
        tree = None
        gc.collect()
    with open("/proc/self/statm") as statm:
        print(int(statm.read().split()[1]) * 4096)
print(largest)
"""


@pytest.mark.realdata
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
def test_memory_is_given_back_from_volume_to_volume(real_data: Path) -> None:
    paths = sorted(str(path) for path in (real_data / "radar" / "nexrad" / "khtx-20080411").iterdir())
    command = [sys.executable, "-c", READ_ROUND_AND_ROUND, *paths]
    *held, largest = map(int, subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
    assert max(held[1:]) < held[0] + largest


def test_fields_open_as_before(tmp_path: Path) -> None:
    rain = nowcast.sim.storms(minutes=5, n=32)["rain"]
    io.write(rain, tmp_path / "rain.nc")
    np.testing.assert_array_equal(nowcast.open(tmp_path / "rain.nc").values, rain.values)


def test_fm_301_is_read_by_xarray_as_it_was(volume: Path, tmp_path: Path) -> None:
    tree = radar.read(volume, site=(34.93, -86.08, 560.0))
    radar.write(tree, tmp_path / "volume.nc")
    back = xr.open_datatree(tmp_path / "volume.nc")
    assert back.attrs["instrument_name"] == "KHTX"
    assert float(back["altitude"]) == 560.0
    one, other = tree["sweep_0"].to_dataset(), back["sweep_0"].to_dataset()
    for name in ("DBZH", "VRADH", "WRADH"):
        np.testing.assert_array_equal(other[name].values, one[name].values)
    for name in ("azimuth", "elevation", "time", "range", "nyquist_velocity"):
        np.testing.assert_array_equal(other[name].values, one[name].values)
    assert str(other["sweep_mode"].values) == "azimuth_surveillance"
    back.close()


def test_fm_301_is_read_back_as_it_was(volume: Path, tmp_path: Path) -> None:
    tree = radar.read(volume, site=(34.93, -86.08, 560.0))
    radar.write(tree, tmp_path / "own.nc")
    tree.to_netcdf(tmp_path / "xarray.nc")  # flags too, and times in units of its own
    for name in ("own.nc", "xarray.nc"):
        back = nowcast.open(tmp_path / name)
        assert isinstance(back, xr.DataTree)
        assert back.attrs["format"].startswith("FM 301")
        assert back.attrs["experimental"] == "true"
        one, other = tree["sweep_0"].to_dataset(), back["sweep_0"].to_dataset()
        for variable in ("azimuth", "elevation", "time", "range", "nyquist_velocity", "DBZH", "VRADH", "WRADH"):
            np.testing.assert_array_equal(other[variable].values, one[variable].values)
    np.testing.assert_array_equal(other["VRADH_flags"].values, one["VRADH_flags"].values)
    result = CliRunner().invoke(cli.main, ["info", str(tmp_path / "own.nc")])
    assert result.exit_code == 0, result.output
    assert "FM 301" in result.output
    result = CliRunner().invoke(cli.main, ["convert", str(tmp_path / "own.nc"), str(tmp_path / "again.nc")])
    assert result.exit_code == 0, result.output


def test_files_of_xradar_are_read(tmp_path: Path) -> None:
    """Laid out as xradar 0.12 does: numbers for names of groups, codes with _Undetect as float, rays along time."""
    codes = np.array([[0, 64, 255], [66, 0, 255], [70, 72, 74], [1, 2, 3]], dtype=np.uint8)
    sweep = xr.Dataset(
        {
            "DBZH": (
                ("time", "range"),
                codes,
                {"units": "dBZ", "scale_factor": 0.5, "add_offset": -32.0, "_FillValue": np.uint8(255)}
                | {"_Undetect": np.float32(0.0), "coordinates": "elevation azimuth range"},
            ),
            "sweep_mode": ((), "azimuth_surveillance"),
            "sweep_fixed_angle": ((), np.float32(0.5)),
        },
        coords={
            "time": (("time",), np.arange(4) * 250000, {"units": "microseconds since 2011-05-24 23:56:01"}),
            "azimuth": (("time",), np.array([0.0, 90.0, 180.0, 270.0])),
            "elevation": (("time",), np.full(4, 0.5)),
            "range": (("range",), np.array([75.0, 225.0, 375.0], dtype=np.float32), {"units": "meters"}),
        },
    )
    root = xr.Dataset({"sweep_group_name": (("sweep",), np.array([0])), "latitude": ((), 36.5)})
    xr.DataTree.from_dict({"/": root, "/sweep_0": sweep}).to_netcdf(tmp_path / "volume.nc")
    tree = radar.read(tmp_path / "volume.nc")
    read = tree["sweep_0"].to_dataset()
    expected = np.where(codes == 255, np.nan, np.where(codes == 0, -128.0, 0.5 * codes - 32.0))
    np.testing.assert_array_equal(read["DBZH"].values, expected)
    assert str(read["time"].values[3])[:23] == "2011-05-24T23:56:01.750"
    assert float(tree["latitude"]) == 36.5


def test_a_format_may_be_asked_for_whatever_the_name(volume: Path, tmp_path: Path) -> None:
    tree = radar.read(volume, site=(35.25, -97.5, 400.0))
    radar.write(tree, tmp_path / "anything", format="NEXRAD Level II")
    assert radar.describe(tmp_path / "anything")["format"] == "NEXRAD Level II"
    with pytest.raises(errors.UnsupportedError, match="asked for GRIB"):
        radar.write(tree, tmp_path / "other", format="GRIB")
    with pytest.raises(errors.UnsupportedError, match=r"a name ending in \.nc"):
        radar.write(tree, tmp_path / "packed.nc.bz2")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith((".", "o"))) == []


def test_moments_of_other_names_keep_their_units(volume: Path, tmp_path: Path) -> None:
    tree = radar.read(volume)
    sweep = tree["sweep_0"].to_dataset()
    sweep["TEXTURE"] = sweep["VRADH"].copy().assign_attrs(units="m s-1")
    tree["sweep_0"] = sweep
    radar.write(tree, tmp_path / "volume.nc")
    back = xr.open_datatree(tmp_path / "volume.nc")
    assert back["sweep_0"]["TEXTURE"].attrs["units"] == "m s-1"
    np.testing.assert_array_equal(back["sweep_0"]["TEXTURE"].values, sweep["TEXTURE"].values)
    back.close()
    del sweep["TEXTURE"].attrs["units"]
    tree["sweep_0"] = sweep
    with pytest.raises(errors.ArgumentError, match="another and its units"):
        radar.write(tree, tmp_path / "without.nc")


def test_convert_writes_volumes_and_refuses_what_it_cannot(volume: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.main, ["convert", str(volume), str(tmp_path / "out.nc")])
    assert result.exit_code == 0, result.output
    assert "1 sweeps" in result.output
    for name in ("out.h5", "out.bin", "out.bin.bz2"):
        assert CliRunner().invoke(cli.main, ["convert", str(volume), str(tmp_path / name)]).exit_code == 0
        assert list(nowcast.open(tmp_path / name).children) == ["sweep_0"]
    asked = ["convert", str(volume), str(tmp_path / "out.dat"), "--format", "CMA standard"]
    assert CliRunner().invoke(cli.main, asked).exit_code == 0
    assert radar.describe(tmp_path / "out.dat")["format"] == "CMA standard"
    tree = radar.read(volume)
    with pytest.raises(errors.UnsupportedError, match=r"out\.txt"):
        radar.write(tree, tmp_path / "out.txt")
    with pytest.raises(errors.ArgumentError, match="sweep_0"):
        radar.write(xr.DataTree(), tmp_path / "out.nc")
    uneven = tree.copy()
    uneven["sweep_0"] = uneven["sweep_0"].to_dataset().assign_coords(range=np.arange(4 * GATES) ** 2.0)
    with pytest.raises(errors.ArgumentError, match="equally spaced"):
        radar.write(uneven, tmp_path / "uneven.nc")
    assert not (tmp_path / "uneven.nc").exists()


@pytest.mark.realdata
def test_sweep_files_of_dorade_are_one_volume(real_data: Path) -> None:
    tree = radar.read(sorted((real_data / "radar/dorade/armor-20080411").glob("*.gz")))
    angles = [round(float(sweep["sweep_fixed_angle"]), 1) for sweep in tree.children.values()]
    assert angles == [0.5, 1.3, 2.2, 3.1, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 11.0, 12.0]
    assert [sweep.sizes["azimuth"] for sweep in tree.children.values()] == [360] * 9 + [359] + [360] * 2
    assert max(float(sweep["DBZH"].max()) for sweep in tree.children.values()) == pytest.approx(70.3, abs=0.05)
    derived = radar.read(real_data / "retrieval/armor-khtx-20080411/armor_20080411_182230_from_dorade.nc")
    for one, other in zip(tree.children.values(), derived.children.values(), strict=True):
        for name in ("DBZH", "VRADH", "RHOHV", "ZDR", "PHIDP"):
            np.testing.assert_allclose(one[name].values, other[name].values, atol=1e-4)


@pytest.mark.realdata
def test_universal_format_holds_what_is_known_of_it(real_data: Path) -> None:
    tree = nowcast.open(real_data / "radar/uf/example_uf_ppi.uf")
    assert isinstance(tree, xr.DataTree)
    sweep = tree["sweep_0"].ds
    assert str(sweep["time"].values[0])[:19] == "2011-05-20T10:54:16"
    assert sweep.sizes["range"] == 667
    assert sweep["range"].values[:2].tolist() == [30.0, 90.0]
    assert (float(sweep["azimuth"][0]), float(sweep["elevation"][0])) == (359.9375, 0.484375)
    assert float(tree["latitude"]) == pytest.approx(36.49, abs=0.005)
    assert float(tree["longitude"]) == pytest.approx(-97.59, abs=0.005)
    assert float(tree["altitude"]) == 214.0
    assert tree.attrs["frequency"] == pytest.approx(9.69026e9, abs=1e4)
    assert float(sweep["nyquist_velocity"][0]) == pytest.approx(17.22)
    assert float(sweep["DBZH"].max()) == pytest.approx(53.06)
    tree = radar.read(real_data / "radar/uf/MC3E_NPOL_2011_0524_2356_hid.uf.gz")
    assert [sweep.sizes["elevation"] for sweep in tree.children.values()] == [195, 196, 194]
    assert [float(sweep["sweep_fixed_angle"]) for sweep in tree.children.values()] == [171.0, 172.0, 173.0]
    assert {str(sweep["sweep_mode"].values) for sweep in tree.children.values()} == {"rhi"}
    assert tree.attrs["incomplete"] == ""
    classes = np.unique(tree["sweep_1"]["CLASS"].values)
    assert set(classes[np.isfinite(classes)]) <= set(range(-1, 11))


@pytest.mark.realdata
def test_odim_volumes_and_composites_are_told_apart(real_data: Path) -> None:
    folder = real_data / "radar/odim"
    tree = nowcast.open(folder / "wradlib/behel.pvol.hdf")
    assert isinstance(tree, xr.DataTree)
    assert sum(int((sweep["DBZH"].values > 35).sum()) for sweep in tree.children.values()) == 134148
    composite = nowcast.open(folder / "wradlib/belgium.comp.hdf")
    assert isinstance(composite, xr.DataArray)
    avesnes = radar.read(sorted((folder / "lfpw-20230420").glob("*.h5")))
    assert [round(float(sweep["sweep_fixed_angle"]), 1) for sweep in avesnes.children.values()] == [
        8.0,
        3.6,
        1.6,
        1.0,
        0.4,
    ]
    runner = CliRunner()
    result = runner.invoke(
        cli.main, ["info", str(folder / "wradlib/behel.pvol.hdf"), str(folder / "wradlib/belgium.comp.hdf")]
    )
    assert result.exit_code == 0, result.output
    assert "behel" in result.output
    assert "ACRR" in result.output
