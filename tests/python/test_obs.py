"""Observations in Python: the tidy table, options, isolation, and real files."""

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import cli, errors, obs
from nowcast._lib import ffi

SOUNDING = """\
   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT
    hPa     m      C      C      %    g/kg    deg   knot
---------------------------------------------------------
  959.0    345   22.2   19.0     82  14.64    160     18
  925.0    671   19.8   17.1     84  13.44    165     38
"""


def test_a_sounding_is_a_tidy_table() -> None:
    station = {"id": "OUN", "name": "Norman", "longitude": -97.44, "latitude": 35.18, "height": 345}
    table = obs.decode(SOUNDING, near="1999-05-04", station=station)
    assert table.attrs["format"] == "Wyoming"
    assert table.attrs["incomplete"] == ""
    assert len(table) == 2 * 6
    row = table[(table["quantity"] == "wind_speed") & (table["pressure"] == 92500)].iloc[0]
    assert row["value"] == pytest.approx(38 * 1852 / 3600)
    assert row["units"] == "m s-1"
    assert row["height"] == 671
    assert row["time"] == pd.Timestamp("1999-05-04")
    assert row["kind"] == "sounding"
    assert row["station"] == "OUN"
    assert obs.stations(table).to_dict("records") == [station | {"kind": "sounding", "trust": None}]


def test_files_that_cannot_be_read_are_left_out_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, empty, absent = tmp_path / "good.txt", tmp_path / "empty.txt", tmp_path / "absent.txt"
    good.write_text(SOUNDING)
    empty.write_text("nothing of the kind\n")
    with pytest.raises(errors.FileError, match=r"absent\.txt"):
        obs.read([good, absent, good])
    for read in (obs.read, nowcast.open):
        caplog.clear()
        table = read([good, empty, absent, good], on_error="skip")
        assert isinstance(table, pd.DataFrame)
        assert len(table) == 2 * len(obs.decode(SOUNDING))
        assert [line.split(":")[0] for line in table.attrs["left_out"].splitlines()] == ["empty.txt", "absent.txt"]
        assert [record.getMessage()[:9] for record in caplog.records] == ["left out:"] * 2
        assert obs.derive(table).attrs["left_out"] == table.attrs["left_out"]
    alone = obs.read([absent, good], on_error="skip")
    assert alone.attrs["left_out"].startswith("absent.txt: ")
    assert "left_out" not in obs.read([good, good], on_error="skip").attrs


def test_skipping_every_file_raises_what_the_last_one_did(tmp_path: Path) -> None:
    with pytest.raises(errors.FileError, match=r"two\.txt"):
        obs.read([tmp_path / "one.txt", tmp_path / "two.txt"], on_error="skip")
    with pytest.raises(errors.ArgumentError, match='on_error: "raise" or "skip" expected'):
        obs.read([tmp_path / "one.txt"], on_error="ignore")


def test_a_converted_table_says_what_was_left_out(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(SOUNDING)
    bad.write_text("nothing of the kind\n")
    summary = nowcast.jobs.convert([good, bad], tmp_path / "rows.csv", on_error="skip")
    assert summary["degraded"]
    assert summary["left_out"][0].startswith("bad.txt: ")


def test_what_is_not_known_is_nan_and_nat() -> None:
    table = obs.decode(SOUNDING)
    assert table["time"].isna().all()
    assert table["latitude"].isna().all()
    assert obs.stations(table)["id"].tolist() == [""]


def test_a_wide_table_has_a_row_for_each_level() -> None:
    table = obs.wide(obs.decode(SOUNDING, near="1999-05-04"))
    assert table["height"].tolist() == [345, 671]
    assert table["air_temperature"].to_numpy() == pytest.approx([295.35, 292.95])
    assert table["relative_humidity"].to_numpy() == pytest.approx([0.82, 0.84])


def test_times_with_a_zone_are_brought_to_utc() -> None:
    table = obs.decode(SOUNDING, near=pd.Timestamp("1999-05-04T08:00", tz="Asia/Shanghai"))
    assert table["time"].iloc[0] == pd.Timestamp("1999-05-04")


def test_files_are_told_by_content_and_joined(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(SOUNDING)
    table = nowcast.open(tmp_path / "a", near="1999-05-04")
    assert isinstance(table, pd.DataFrame)
    both = nowcast.open([tmp_path / "a", tmp_path / "b"])
    assert isinstance(both, pd.DataFrame)
    assert both["report"].tolist() == [0] * 12 + [1] * 12
    assert len(both.attrs["stations"]) == 1
    with pytest.raises(errors.ArgumentError, match=r"quantity: .* holds observations"):
        nowcast.open(tmp_path / "a", quantity="RATE")
    with pytest.raises(errors.FileError, match="No such file"):
        obs.read(tmp_path / "c")


def test_wrong_options_are_told() -> None:
    with pytest.raises(errors.ArgumentError, match="kind: one of surface"):
        obs.decode(SOUNDING, kind="ship")
    with pytest.raises(errors.ArgumentError, match="columns: T: a quantity or one of"):
        obs.decode(SOUNDING, columns={"T": "temperature"})
    with pytest.raises(errors.ArgumentError, match="station: height, id"):
        obs.decode(SOUNDING, station={"ident": "x"})
    with pytest.raises(errors.ArgumentError, match="at least one file"):
        obs.read([])


def test_every_flag_and_quantity_has_a_name() -> None:
    assert len(set(obs.FLAGS.values())) == len(obs.FLAGS)
    assert obs.QUANTITIES["air_temperature"] == "K"
    assert sum(obs.FLAGS.values()) == 4095


def test_info_lists_stations_and_quantities(tmp_path: Path) -> None:
    path = tmp_path / "sounding.txt"
    path.write_text(SOUNDING)
    answer = CliRunner().invoke(cli.main, ["info", str(path)])
    assert answer.exit_code == 0
    assert "Wyoming" in answer.output
    assert "wind_speed: 2 values, 9.26 to 19.5489 m s-1" in answer.output
    answer = CliRunner().invoke(cli.main, ["info", "--json", str(path)])
    assert json.loads(answer.output)[0]["quantities"][0]["values"] == 2


def test_convert_writes_a_row_for_each_value(tmp_path: Path) -> None:
    path = tmp_path / "sounding.txt"
    path.write_text(SOUNDING)
    answer = CliRunner().invoke(cli.main, ["convert", str(path), str(tmp_path / "sounding.csv")])
    assert answer.exit_code == 0
    assert "12 rows" in answer.output
    assert pd.read_csv(tmp_path / "sounding.csv")["value"].tolist() == obs.read(path)["value"].tolist()
    answer = CliRunner().invoke(cli.main, ["convert", str(path), str(tmp_path / "sounding.h5")])
    assert answer.exit_code == 1
    assert not (tmp_path / "sounding.h5").exists()


def network(n: int = 12, steps: int = 36) -> str:
    """Temperatures of stations 12 km apart, of which number 5 is 6 degrees too warm."""
    lines = ["time,station,longitude,latitude,height,tmpc"]
    for step in range(steps):
        for k in range(n):
            place = f"{120 + 0.125 * (k % 4)},{32 + 0.1 * (k // 4)},{10 * k}"
            value = 20 + 3 * np.sin(0.2 * step) - 0.065 * k + (6 if k == 5 else 0)
            lines.append(f"2026-06-01T{step // 6:02d}:{step % 6}0,S{k},{place},{value:.2f}")
    return "\n".join(lines)


def test_a_row_is_laid_out_as_in_c() -> None:
    struct = {name: field for name, field in ffi.typeof("nwc_obs_row").fields}
    assert ffi.sizeof("nwc_obs_row") == obs._ROW.itemsize
    for name, (_, offset) in obs._ROW.fields.items():
        assert struct[name].offset == offset


def test_checks_flag_the_liar_and_keep_every_row() -> None:
    table = obs.decode(network())
    checked = obs.check(table)
    liar = checked["station"] == "S5"
    assert (checked["flags"] & obs.FLAGS["unlike_neighbours"] != 0).tolist() == liar.tolist()
    assert (checked["flags"] & obs.SUSPECT != 0).sum() == liar.sum()
    assert set(checked.loc[~liar, "quality"]) == {1.0}
    trust = obs.stations(checked).set_index("id")["trust"]
    assert trust["S5"] < 0.25 < 0.95 < trust.drop("S5").min()
    pd.testing.assert_frame_equal(checked.drop(columns=["flags", "quality"]), table.drop(columns=["flags", "quality"]))
    assert (table["flags"] == 0).all()
    assert (obs.check(table, tests=["step"])["flags"] == 0).all()
    with pytest.raises(errors.ArgumentError, match="radius_m"):
        obs.check(table, radius_m=-1.0)
    with pytest.raises(errors.ArgumentError, match=r"options: .*radius"):
        obs.check(table, radius=1.0)
    with pytest.raises(errors.ArgumentError, match="tests: some of"):
        obs.check(table, tests=["colour"])
    with pytest.raises(errors.ArgumentError, match="columns quantity expected"):
        obs.check(table.drop(columns="quantity"))


def test_components_and_levels_are_derived() -> None:
    table = obs.decode(SOUNDING, near="1999-05-04")
    pressures_only = table[table["quantity"] != "geopotential_height"].assign(height=np.nan)
    for given in (table, pressures_only):
        more = obs.wide(obs.derive(given))
        assert len(more) == 2
        angle = np.deg2rad(more["wind_from_direction"])
        assert more["eastward_wind"].to_numpy() == pytest.approx(-more["wind_speed"] * np.sin(angle))
        assert more["northward_wind"].to_numpy() == pytest.approx(-more["wind_speed"] * np.cos(angle))
    assert more["height"].tolist() == pytest.approx([462, 762], abs=1)  # of the standard atmosphere


def test_gauges_are_checked_beside_a_radar() -> None:
    grid = nowcast.grid.Grid("+proj=longlat +datum=WGS84", 9, 7, 119.9, 31.9, 0.1, 0.1)
    times = pd.date_range("2026-06-01", periods=7, freq="10min")
    cells = np.zeros((7, 7, 9), dtype=np.float32)
    cells[:, :, :4] = 12.0
    rates = xr.DataArray(
        cells,
        dims=("time", "y", "x"),
        coords={"time": times} | grid.coords(),
        attrs={"units": "mm h-1", "grid_mapping": "crs"},
    )
    gauges = "time,station,lon,lat,p01m\n2026-06-01T01:00,A,120,32.2,11\n2026-06-01T01:00,B,120,32.2,0\n"
    for given in (rates, rates.isel(y=slice(None, None, -1))):  # south or north first
        checked = obs.check_radar(obs.decode(gauges), given)
        assert checked["flags"].tolist() == [0, obs.FLAGS["unlike_radar"]]
    with pytest.raises(errors.ArgumentError, match="units mm h-1 expected"):
        obs.check_radar(obs.decode(gauges), rates.assign_attrs(units="mm"))


WYOMING = {
    # levels, levels with wind, first and last pressure (hPa), warmest (C): counted with grep and awk in the files
    "bmx_sounding_20080411_12Z.txt": (138, 135, 1000.0, 8.4, 19.0),
    "may4_sounding.txt": (31, 30, 1000.0, 268.6, 22.2),
    "may22_sounding.txt": (77, 75, 1000.0, 70.0, 24.4),
    "jan20_sounding.txt": (74, 73, 1000.0, 100.0, 7.8),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", WYOMING)
def test_real_soundings_of_wyoming(real_data: Path, name: str) -> None:
    levels, winds, first, last, warmest = WYOMING[name]
    path = real_data / "obs/sounding" / name
    table = obs.read(path)
    heights = table[table["quantity"] == "geopotential_height"]
    assert len(heights) == levels
    assert (table["quantity"] == "wind_speed").sum() == winds
    assert heights["pressure"].iloc[0] == pytest.approx(100 * first)
    assert heights["pressure"].iloc[-1] == pytest.approx(100 * last)
    temperature = table[table["quantity"] == "air_temperature"]["value"]
    assert temperature.max() == pytest.approx(warmest + 273.15)
    # Every line of the table, read by NumPy in the same columns.
    lines = [line for line in path.read_text().splitlines()[4:] if line[:7].strip()]
    speeds = [float(line[49:56]) for line in lines if line[49:56].strip()]
    assert table[table["quantity"] == "wind_speed"]["value"].to_numpy() == pytest.approx(np.array(speeds) * 1852 / 3600)


@pytest.mark.realdata
def test_the_real_profiles_of_bufkit(real_data: Path) -> None:
    table = obs.read(real_data / "nwp/rap_oun.buf")
    assert table["time"].nunique() == 22
    assert table["time"].min() == pd.Timestamp("2018-12-19T04:00")
    assert table["lead"].max() == 21 * 3600
    first = obs.wide(table[(table["report"] == 0)])
    assert len(first) == 50
    assert first["pressure"].iloc[0] == pytest.approx(97160)
    assert first["wind_speed"].iloc[1] == pytest.approx(17.04 * 1852 / 3600)
    assert obs.stations(table).iloc[0].to_dict() == {
        "id": "OUN",
        "name": "",
        "kind": "model",
        "longitude": -97.47,
        "latitude": 35.23,
        "height": 350.0,
        "trust": None,
    }


@pytest.mark.realdata
def test_real_sources_in_netcdf_are_those_in_text(real_data: Path) -> None:
    folder = real_data / "obs/lightning/wtlma-20231224"
    table = nowcast.open(folder / "lma_clustered.nc")
    assert (table.attrs["format"], table.attrs["incomplete"]) == ("LMA", "")
    sources = table[table["quantity"] == "lightning_vhf_source"]
    assert len(sources) == 21084
    compared = 0
    for path in sorted(folder.glob("*.dat.gz")):
        text = obs.read(path)
        text = text[text["quantity"] == "lightning_vhf_source"]
        if text.empty:  # a second without lightning
            continue
        same = sources[sources["time"].between(text["time"].min(), text["time"].max())]
        assert (text["time"].to_numpy() - same["time"].to_numpy()).astype("int64") == pytest.approx(0, abs=1)
        for column in ("latitude", "longitude", "height", "value"):  # of 32 bits in netCDF
            assert same[column].to_numpy() == pytest.approx(text[column].to_numpy(), rel=1e-7, abs=1e-6)
        compared += len(same)
    assert compared > 5000


@pytest.mark.realdata
def test_the_real_wind_profiles_of_odim(real_data: Path) -> None:
    folder = real_data / "radar/odim/europe-20151010/vp"
    table = nowcast.open(folder / "frnim_vp_20151010T0000Z.h5")
    station = table.attrs["stations"][0]
    assert (station["id"], station["name"], station["kind"], station["height"]) == ("frnim", "N\u00eemes", "vad", 70.0)
    assert (station["latitude"], station["longitude"]) == pytest.approx((43.806, 4.503), abs=1e-3)
    assert set(table["time"]) == {pd.Timestamp("2015-10-10T00:14:01")}
    levels = obs.wide(table).set_index("height")
    assert levels.index.max() <= 5900
    winds = levels.loc[[300, 500, 700, 900, 1100]]  # the file has lower edges, and 204.0 degrees as where things go
    assert winds["wind_speed"].to_list() == pytest.approx([21.67, 20.21, 13.22, 10.83, 8.65], abs=0.005)
    assert winds["wind_from_direction"].to_list() == pytest.approx([24.0, 20.1, 16.8, 21.5, 28.7], abs=0.05)
    files = sorted(folder.glob("*.h5"))
    assert len(files) == 16
    for file in files:
        some = nowcast.open(file)
        assert (some.attrs["format"], some.attrs["incomplete"]) == ("ODIM_H5", "")
        assert some.attrs["stations"][0]["id"] == file.name[:5]
        with h5py.File(file) as stored:
            groups = stored["dataset1"].values()
            speeds = next(group["data"][:, 0] for group in groups if group["what"].attrs["quantity"] == b"ff")
        known = some[some["quantity"] == "wind_speed"]["value"]
        assert known.to_numpy() == pytest.approx(speeds[np.isfinite(speeds)])  # of some radars none


def count(table: pd.DataFrame) -> dict[str, int]:
    return table["quantity"].value_counts().loc[lambda n: n > 0].to_dict()


@pytest.mark.realdata
def test_the_real_wind_profiler_of_japan(real_data: Path) -> None:
    table = obs.read(real_data / "obs/profile-bufr/A_IUPC41RJTD280000_C_RJTD_20191028001631_4.bufr")
    assert table.attrs["incomplete"] == ""
    assert obs.stations(table)["id"].tolist() == ["47406", "47417"]
    first = obs.stations(table).iloc[0]
    assert (first["latitude"], first["longitude"], first["height"]) == pytest.approx((43.95, 141.63, 23))
    levels = obs.wide(table[table["report"] == 0]).head(3)
    assert (levels["height"] - 23).tolist() == pytest.approx([291, 582, 873])
    assert levels["eastward_wind"].tolist() == pytest.approx([7.6, 2.1, 6.8])
    assert levels["northward_wind"].tolist() == pytest.approx([1.9, 1.2, 1.0])
    assert levels["upward_air_velocity"].iloc[0] == pytest.approx(-0.36)
    assert set(table["duration"]) == {600.0}
    assert table["time"].min() == pd.Timestamp("2019-10-27T23:10")


@pytest.mark.realdata
def test_the_real_vad_profiles(real_data: Path) -> None:
    table = obs.read(real_data / "obs/profile-bufr/vad.bufr")
    assert table["report"].nunique() == 25
    assert set(table["kind"]) == {"vad"}
    levels = obs.wide(table[table["report"] == 0])
    assert levels["height"].tolist() == [2000, 2500]
    assert levels["wind_from_direction"].tolist() == [291, 276]
    assert levels["wind_speed"].tolist() == pytest.approx([4.2, 7.6])
    assert levels["time"].iloc[0] == pd.Timestamp("2013-09-17T11:03")


# Values that ecCodes' own Python interface finds in these files, missing ones left out.
BUFR = {
    "profile-bufr/temp-windprof1.bufr": (
        1,
        {"wind_speed": 45, "wind_from_direction": 45, "upward_air_velocity": 45, "signal_to_noise_ratio": 68},
    ),
    "profile-bufr/pilot-gts3.bufr": (1, {"wind_speed": 54, "wind_from_direction": 54}),
    "profile-bufr/C05060.bufr": (1, {"air_temperature": 77, "dew_point_temperature": 77, "wind_speed": 77}),
    "profile-bufr/temp_hires.bufr": (1, {"air_temperature": 448, "geopotential_height": 448, "wind_speed": 448}),
    "profile-bufr/A_IUSN01BABJ290000_C_RJTD_20191029025504_87.bufr": (
        12,
        {"air_temperature": 816, "dew_point_temperature": 400, "wind_speed": 555},
    ),
    "profile-bufr/A_ISMN01BABJ050000_C_RJTD_20191105001745_39.bufr": (
        28,
        {"air_temperature": 28, "wind_speed": 28, "wind_speed_of_gust": 56, "visibility_in_air": 28},
    ),
    "surface/Z__C_EDZW_20210516120400_bda01,synop_bufr_GER_999999_999999__MW_466.bufr": (
        1028,
        {"air_temperature": 961, "wind_speed": 292, "wind_from_direction": 292, "air_pressure": 204},
    ),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", BUFR)
def test_real_bufr_files_have_the_values_ecCodes_finds(real_data: Path, name: str) -> None:
    reports, counts = BUFR[name]
    table = obs.read(real_data / "obs" / name)
    assert table.attrs["incomplete"] == ""
    assert table["report"].nunique() == reports
    assert count(table).items() >= counts.items()
    assert table["time"].notna().all()
    assert table["latitude"].notna().all()


@pytest.mark.realdata
def test_a_real_sounding_drifts(real_data: Path) -> None:
    table = obs.read(real_data / "obs/profile-bufr/temp_hires.bufr")
    last = obs.wide(table).iloc[-1]
    assert last["pressure"] == 50000
    assert last["geopotential_height"] == pytest.approx(5673.7)
    assert last["latitude"] == pytest.approx(47.8341 + 0.00799)
    assert last["longitude"] == pytest.approx(10.8667 + 0.05787)
    assert last["time"] == pd.Timestamp("2025-02-23T10:45:04") + pd.Timedelta(seconds=887)


@pytest.mark.realdata
def test_minutes_of_rain_have_their_own_times(real_data: Path) -> None:
    table = obs.read(real_data / "obs" / list(BUFR)[-1])
    rain = table[table["quantity"] == "lwe_thickness_of_precipitation_amount"]
    minutes = rain[rain["duration"] == 60]
    per_report = minutes.groupby("report")
    assert (per_report["time"].nunique() == per_report.size()).all()
    tens = rain[rain["duration"] == 600].set_index("report")["value"]
    sums = per_report["value"].sum()[per_report.size() == 10]
    both = sums.index.intersection(tens.index)
    assert len(both) > 500
    # Minutes are hundredths, tens of them tenths of a millimetre, some of them measured by another instrument.
    assert (np.abs(sums[both] - tens[both]) < 0.1).mean() > 0.95


@pytest.mark.realdata
def test_bufr_is_read_by_a_child_where_reading_is_isolated(real_data: Path) -> None:
    path = real_data / "obs/profile-bufr/vad.bufr"
    here = obs.read(path)
    with nowcast.io.isolated():
        there = obs.read(path)
    pd.testing.assert_frame_equal(here, there)
    assert here.attrs == there.attrs


def test_a_table_in_text_is_read_by_a_map_of_its_columns() -> None:
    text = "Zeit;Ort;T;R10\n2026-06-01 14:10;A1;20,5;0.4\n2026-06-01 14:20;A1;21.0;1.2\n"
    columns: obs.Columns = {
        "Zeit": "time",
        "Ort": "station",
        "T": ("air_temperature", "degC"),
        "R10": ("lwe_thickness_of_precipitation_amount", "mm", 600),
    }
    table = obs.decode(text, columns=columns, utc_offset_hours=8)
    assert count(table) == {"lwe_thickness_of_precipitation_amount": 2, "air_temperature": 1}
    assert table["time"].iloc[0] == pd.Timestamp("2026-06-01T06:10")
    assert table["duration"].max() == 600
    with pytest.raises(errors.ArgumentError, match="a unit of K expected, kt given"):
        obs.decode(text, columns={"T": ("air_temperature", "kt")})
    with pytest.raises(errors.ArgumentError, match="X is not one of the table's 4"):
        obs.decode(text, columns={"X": "time"})


def test_stations_of_a_list_get_their_places(tmp_path: Path) -> None:
    reports = tmp_path / "reports.txt"
    reports.write_text(
        "METAR KHSV 110053Z 17014KT 10SM FEW010 24/M01 A2986=\nMETAR EDDF 110050Z 24005KT 9999 05/01 Q1013=\n"
    )
    listed = tmp_path / "stations.csv"
    listed.write_text("icao,lon,lat,elev,city\nKHSV,-86.775,34.637,191.7,Huntsville\nZSNJ, 118.862,31.742,,\n,1,2,3,\n")
    names = {"icao": "station", "lon": "longitude", "lat": "latitude", "elev": "height", "city": "name"}
    frame = pd.read_csv(listed).rename(columns=names)
    with nowcast.io.isolated():
        isolated = obs.read(reports, near="2008-04-11", stations=listed, station_columns=names)
    for table in (isolated, nowcast.open(reports, near="2008-04-11", stations=frame)):
        at = table[table["station"] == "KHSV"]
        assert set(at["longitude"]) == {-86.775}
        assert set(at["latitude"]) == {34.637}
        assert sorted(set(at["height"])) == pytest.approx([191.7, 191.7 + 304.8])
        assert table[table["station"] == "EDDF"]["longitude"].isna().all()
        assert obs.stations(table)["name"].tolist() == ["Huntsville", ""]
    with pytest.raises(errors.ArgumentError, match=r"stations\.csv: columns latitude, longitude, station expected"):
        obs.read(reports, stations=listed)
    with pytest.raises(errors.ArgumentError, match="stations: latitude: a number expected, 'north' found"):
        obs.read(reports, stations=pd.DataFrame({"station": ["A"], "longitude": [1], "latitude": ["north"]}))
    with pytest.raises(errors.FileError, match=r"none\.csv"):
        obs.read(reports, stations=tmp_path / "none.csv")


@pytest.mark.realdata
def test_the_real_metars_of_alabama(real_data: Path) -> None:
    path = real_data / "obs/surface/asos.csv"
    table = obs.read(path, near="2008-04-11")
    lines = path.read_text().splitlines()
    assert table["report"].nunique() == len(lines) - 1 == 155  # the last line goes on with the one before
    assert set(obs.stations(table)["id"]) == {"KMDQ", "KHSV", "KDCU", "KHUA"}
    assert table["time"].dt.normalize().unique().tolist() == [pd.Timestamp("2008-04-11")]
    # 160 degrees, 13 gusting to 19 knots, 10 miles, 4700 and 5000 feet, 25 and 15 degrees, 29.85 inches
    first = table[table["report"] == 0].set_index("quantity")["value"]
    assert first["wind_speed"] == pytest.approx(13 * 1852 / 3600)
    assert first["wind_speed_of_gust"] == pytest.approx(19 * 1852 / 3600)
    assert first["wind_from_direction"] == 160
    assert first["visibility_in_air"] == pytest.approx(16093.44)
    assert first["cloud_base_height_above_ground"].tolist() == pytest.approx([4700 * 0.3048, 5000 * 0.3048])
    assert first["altimeter_setting"] == pytest.approx(29.85 * 3386.389)
    # Tenths of degrees by a regular expression, independent of the decoder.
    tenths = pd.Series(lines).str.extract(r" T([01])(\d{3})[01]\d{3}\b").dropna().astype(int)
    expected = tenths[1].where(tenths[0] == 0, -tenths[1]) / 10 + 273.15
    found = table[table["quantity"] == "air_temperature"].set_index("report")["value"]
    assert found.loc[expected.index].to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.realdata
def test_the_real_strokes_of_uspln(real_data: Path) -> None:
    table = obs.read(real_data / "obs/lightning/uspln_20061023.18")
    assert len(table) == 3483
    assert table.attrs["incomplete"] == ""
    assert table["value"].iloc[0] == pytest.approx(-26800)
    assert table["time"].iloc[0] == pd.Timestamp("2006-10-23T17:59:39")


@pytest.mark.realdata
def test_the_real_sources_of_the_mapping_array(real_data: Path) -> None:
    folder = real_data / "obs/lightning/wtlma-20231224"
    files = sorted(folder.glob("WTLMA*.gz"))
    table = obs.read(files)
    assert len(files) == 16
    assert table.attrs["incomplete"] == ""
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).decode().split("*** data ***\n")[1:]]
    data = np.array([line.split()[:6] for part in lines for line in part.splitlines()], dtype=float)
    sources = table[table["quantity"] == "lightning_vhf_source"]
    assert len(sources) == len(data)
    assert sources["latitude"].to_numpy() == pytest.approx(data[:, 1], abs=1e-12)
    assert sources["height"].to_numpy() == pytest.approx(data[:, 3])
    assert sources["value"].to_numpy() == pytest.approx(data[:, 5])
    seconds = (sources["time"] - pd.Timestamp("2023-12-24")).dt.total_seconds()
    assert seconds.to_numpy() == pytest.approx(data[:, 0], abs=1e-8)


@pytest.mark.realdata
def test_the_small_real_samples_of_strokes(real_data: Path) -> None:
    folder = real_data / "obs/lightning/wtlma-20231224"
    table = obs.read(folder / "gld360enldnns_20231224_daily_v1_lit.raw")
    assert table[table["quantity"] == "lightning_cloud_stroke"]["value"].tolist() == pytest.approx([12000, -15000])
    table = obs.read(folder / "lxarchive_pulse20231224.csv")
    assert table[table["quantity"] == "lightning_cloud_stroke"]["value"].tolist() == [12345, 15790]
    assert table[table["quantity"] == "lightning_ground_stroke"]["value"].tolist() == [9876]


@pytest.mark.realdata
def test_the_real_lightning_mapper_as_xarray_reads_it(real_data: Path) -> None:
    path = real_data / "obs/lightning/OR_GLM-L2-LCFA_G16_s20181830433000_e20181830433200_c20181830433231.nc"
    table = nowcast.open(path)
    assert isinstance(table, pd.DataFrame)
    assert table.attrs["format"] == "GLM"
    with xr.open_dataset(path) as data:
        for name, time in (
            ("flash", "_time_offset_of_last_event"),
            ("group", "_time_offset"),
            ("event", "_time_offset"),
        ):
            rows = table[table["quantity"] == f"lightning_optical_{name}"]
            assert len(rows) == data[f"{name}_id"].size
            assert rows["latitude"].to_numpy() == pytest.approx(data[f"{name}_lat"].values, abs=1e-5)
            assert rows["longitude"].to_numpy() == pytest.approx(data[f"{name}_lon"].values, abs=1e-5)
            assert rows["value"].to_numpy() == pytest.approx(data[f"{name}_energy"].values, rel=1e-6)
            assert (rows["time"].to_numpy() == data[f"{name}{time}"].values).all()
        areas = table[table["quantity"] == "lightning_area"]["value"].to_numpy()
        both = np.concatenate([data["flash_area"].values, data["group_area"].values])
        assert areas == pytest.approx(1e6 * both, rel=1e-6)


@pytest.mark.realdata
def test_the_real_radiosonde_of_darwin(real_data: Path) -> None:
    table = nowcast.open(real_data / "retrieval/darwin-20060120/test_sounding.cdf")
    assert isinstance(table, pd.DataFrame)
    assert table.attrs["format"] == "ARM sonde"
    assert table["time"].min() == pd.Timestamp("2006-01-19T23:16")
    assert count(table)["air_temperature"] == 3354
    winds = table[table["quantity"].isin(["eastward_wind", "northward_wind"])].groupby("quantity", observed=True)
    reach = winds["value"].agg(["min", "max"])
    assert reach.loc["eastward_wind"].tolist() == pytest.approx([-36.4, 18.2], abs=0.05)
    assert reach.loc["northward_wind"].tolist() == pytest.approx([-11.6, 11.3], abs=0.05)
    assert obs.stations(table)["id"].tolist() == ["twpC3"]


@pytest.mark.realdata
def test_fields_and_volumes_are_not_taken_for_observations(real_data: Path) -> None:
    for name in ("composite/bom-20180616", "radar/cfradial"):
        path = next(iter(sorted((real_data / name).glob("*.nc*"))))
        assert not isinstance(nowcast.open(path), pd.DataFrame)
