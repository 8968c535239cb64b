"""Whole hours of a cycle: rain, reflectivity, winds and hazards, observed and to come, in every format and cut."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr

from nowcast import forecast, io, model, ops, sim, wind
from nowcast.errors import ArgumentError
from nowcast.grid import Grid
from nowcast.ops import _hours, _names
from nowcast.ops._config import Hours

START = np.datetime64("2026-06-01T06:00", "ns")
HOUR, QUARTER = np.timedelta64(1, "h"), np.timedelta64(15, "m")
LCC = "+proj=lcc +lat_1=20 +lat_2=25 +lat_0=22.5 +lon_0=114.1 +R=6371229"
WIND = 8.0, -3.0
AREA = {"type": "Polygon", "coordinates": [[[114.0, 22.4], [114.3, 22.35], [114.25, 22.6], [114.0, 22.4]]]}
CONFIG = """
name = "bay"
output = "out"
every_minutes = 15
stages = ["cells", "forecast", "wind", "hours"]
[composite]
files = "composite/%Y%m%d%H%M.nc"
[model]
files = "model/%Y%m%d%H_*"
[forecast]
members = 4
minutes = 120
step_minutes = 15
[cells]
threshold = 5
least_peak = 10
[wind]
spacing_km = 4
levels_km = 0.5
top_km = 4
[hours]
ahead = 3
thresholds = [1, 10]
formats = ["nc", "grib2", "tif"]
cuts = {box = [113.9, 22.3, 114.2, 22.6], district = "district.geojson", far = [10, 50, 11, 51]}
[grid]
longitude = 114.1
latitude = 22.5
width_km = 96
height_km = 80
spacing_km = 2
projection = "LCC"
""".replace("LCC", LCC)


@pytest.fixture(scope="module", autouse=True)
def one_child() -> Iterator[None]:
    with io.isolated():
        yield


def write_inputs(folder: Path) -> None:
    """Composites of 75 minutes, and a run whose rain is twice too much, with one wind everywhere."""
    rain = sim.storms(minutes=300, step=15, n=48, dx=2000.0, cells=30)["rain"]
    (folder / "composite").mkdir()
    for k in range(6):
        when = rain["time"].values[k].astype("datetime64[m]").item()
        seen = rain[k : k + 1].where(rain["x"] < 10e3).transpose("time", "y", "x")
        io.write(seen.assign_attrs(rain.attrs), folder / "composite" / f"{when:%Y%m%d%H%M}.nc")
    (folder / "model").mkdir()
    wide = Grid(LCC, 40, 40, -78e3, -78e3, 4000.0, 4000.0)
    its = rain[::4].fillna(0.0)
    its = its.copy(data=2.0 * its.values + 0.5).assign_coords(forecast_reference_time=START).assign_attrs(rain.attrs)
    io.write(its, folder / "model" / "2026060106_rain.nc")
    flat = wide.coords()
    times = START + np.arange(6) * HOUR
    air = {
        name: (
            ("time", "z", "y", "x"),
            np.full((6, 4, 40, 40), value, np.float32),
            {"units": "m s-1", "grid_mapping": "crs"},
        )
        for name, value in zip("uv", WIND, strict=True)
    }
    levels = ("z", [50.0, 1000.0, 2000.0, 5000.0], {"standard_name": "altitude", "units": "m"})
    run = xr.Dataset(air, coords=flat | {"z": levels, "time": times, "forecast_reference_time": START})
    wind.write(run, folder / "model" / "2026060106_wind.grib2")
    (folder / "district.geojson").write_text(json.dumps(AREA))
    (folder / "cycle.toml").write_text(CONFIG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("hours")
    write_inputs(made)
    return made


@pytest.fixture(scope="module")
def outcome(folder: Path) -> ops.Outcome:
    return [ops.run(folder / "cycle.toml", START + k * QUARTER) for k in range(5)][-1]


@pytest.fixture(scope="module")
def hours(outcome: ops.Outcome) -> xr.Dataset:
    return xr.load_dataset(outcome.folder / "hours.nc", decode_timedelta=True)


# ---- what there is ----


def test_all_hours_have_one_layout(outcome: ops.Outcome, hours: xr.Dataset) -> None:
    assert outcome.degraded == ["hours: cut far: it lies outside of the grid"]
    ends = START + HOUR * np.arange(1, 5)
    np.testing.assert_array_equal(hours["time"].values, ends)
    np.testing.assert_array_equal(hours["time_bnds"].values[:, 0], ends - HOUR)
    assert hours["lead_time"].values.tolist() == [0.0, 60.0, 120.0, 180.0]
    for name in ("precipitation_amount", "probability_10", "quantile_0p9", "reflectivity_max", "gust", "lightning"):
        assert hours[name].dims == ("time", "y", "x"), name
        assert hours[name].attrs["duration_s"] == 3600.0, name
    assert hours["u"].dims == ("time", "height", "y", "x")
    assert hours["height"].values.tolist() == [10.0, 100.0, 500.0]
    assert hours["rain_source"].values.tolist()[:2] == [1, 6]
    assert (hours["rain_source"].values[1:] & 4).all()
    assert hours["reflectivity_max"].attrs["ancillary_variables"] == "rain_source"
    assert hours["wind_source"].values.tolist() == [1, 6, 6, 6]
    assert hours["storm_source"].values.tolist() == [1, 2, 2, 0]  # cells are forecast for two hours
    assert np.isnan(hours["cell_swath"].values[3]).all()
    assert hours["cell_swath"].values[1].max() > 0.5
    assert set(np.unique(hours["coverage"].values[0])) == {0, 1}
    assert set(np.unique(hours["coverage"].values[1])) == {4, 6}
    assert set(np.unique(hours["coverage"].values[1:])) == {4, 6}
    known = np.isfinite(hours["precipitation_amount"].values)
    np.testing.assert_array_equal(hours["coverage"].values > 0, known)


def test_hours_are_what_their_inputs_say(outcome: ops.Outcome, hours: xr.Dataset) -> None:
    frames = [io.open(outcome.folder.parent / ops._publish.name_of(START + k * QUARTER) / "rain.nc") for k in range(5)]
    seen = np.stack([one.values[0] for one in frames])
    trapezoids = (0.5 * (seen[1:] + seen[:-1])).mean(axis=0)
    amount = hours["precipitation_amount"].values[0]
    both = np.isfinite(amount) & np.isfinite(trapezoids)
    assert both.sum() > 0.9 * np.isfinite(trapezoids).sum()
    assert amount[both].sum() == pytest.approx(trapezoids[both].sum(), rel=0.1)
    # The greatest is at least that of the frames, and no more than their greatest anywhere.
    rate = 10.0 ** ((hours["reflectivity_max"].values[0] - 10.0 * np.log10(200.0)) / 16.0)
    most = np.fmax.reduce(seen)
    known = np.isfinite(most) & (most > 0.1)
    assert (rate[known] >= 0.999 * most[known]).all()
    assert np.nanmax(rate) <= 1.05 * np.nanmax(most)
    # One wind everywhere is that wind at all hours, at heights where nothing slows it.
    for name, value in zip("uv", WIND, strict=True):
        np.testing.assert_allclose(hours[name].sel(height=500.0).values, value, atol=0.06)
    speed = np.hypot(hours["u"].values[:, 0], hours["v"].values[:, 0])
    assert (hours["gust"].values >= speed - 0.02).all()
    assert (np.diff(hours["quantile_0p9"].values - hours["quantile_0p1"].values, axis=0) > 0.0).any()


def test_beyond_the_radar_the_model_stands_and_the_seam_is_told(outcome: ops.Outcome, hours: xr.Dataset) -> None:
    seam = outcome.manifest["seam"]
    assert seam["lead_minutes"] == [15.0, 60.0, 120.0, 180.0]
    steps = [pair for pair in zip(seam["step"], seam["usual"], strict=True) if pair[0] is not None]
    assert len(steps) >= 2
    assert all(step > 0.0 and usual > 0.0 for step, usual in steps)
    np.testing.assert_array_equal(hours.attrs["seam_step"], np.array(seam["step"], dtype=float))
    day = (outcome.folder.parent / "log" / "20260601.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in day]
    assert [line["numbers"] for line in told if line["stage"] == "hours"][-1] == seam
    east = hours["precipitation_amount"].isel(x=slice(40, None)).values
    assert np.isnan(east[0]).all()
    assert np.isfinite(east[1:]).all()
    assert outcome.manifest["members"] == 4


def test_a_replay_has_the_same_hours(outcome: ops.Outcome, folder: Path, tmp_path: Path) -> None:
    (again,) = ops.replay(folder / "cycle.toml", outcome.time, outcome.time, tmp_path / "again")
    with xr.open_dataset(outcome.folder / "hours.nc") as one, xr.open_dataset(again.folder / "hours.nc") as other:
        xr.testing.assert_identical(one, other)
    for name in ("hours.grib2", "hour_0.tif", "hour_3.tif"):
        assert (outcome.folder / name).read_bytes() == (again.folder / name).read_bytes()


# ---- cuts and formats ----


@pytest.mark.parametrize("name", ["box", "district"])
def test_a_cut_is_the_whole_cell_for_cell(outcome: ops.Outcome, hours: xr.Dataset, name: str) -> None:
    part = xr.load_dataset(outcome.folder / "cuts" / name / "hours.nc", decode_timedelta=True)
    assert 2 < part.sizes["x"] < hours.sizes["x"]
    whole = hours.sel(x=part["x"], y=part["y"])
    xr.testing.assert_identical(part.drop_vars("area_share"), whole)
    lon, lat = Grid.of(part).lonlat()
    share = part["area_share"].values
    if name == "box":
        inner = (lon > 113.93) & (lon < 114.17) & (lat > 22.33) & (lat < 22.57)
        assert (share[inner] == 1.0).all()
    area = (0.3 * 111.19 * np.cos(np.radians(22.45)), 0.3 * 111.19) if name == "box" else (0.0, 0.0)
    if name == "box":
        assert 4.0 * share.sum() == pytest.approx(area[0] * area[1], rel=0.01)
    with (
        rasterio.open(outcome.folder / "cuts" / name / "hour_1.tif") as cut,
        rasterio.open(outcome.folder / "hour_1.tif") as all_,
    ):
        window = all_.window(*cut.bounds).round_offsets().round_lengths()
        np.testing.assert_array_equal(cut.read(range(1, cut.count)), all_.read(window=window))
    # GRIB packs each message anew: equal to within a step of either.
    mine, all_ = (amounts(outcome.folder / at, hours) for at in (f"cuts/{name}", "."))
    rows, columns = (np.searchsorted(hours[axis].values, part[axis].values) for axis in "yx")
    theirs = all_[..., rows[:, None], columns]
    np.testing.assert_array_equal(np.isnan(mine), np.isnan(theirs))
    assert np.nanmax(np.abs(mine - theirs)) <= np.nanmax(all_) / 65535.0


def amounts(folder: Path, hours: xr.Dataset, code: str = "0-1-8") -> np.ndarray:
    """What GRIB has of each hour; runs differ, since an observed hour begins with itself."""
    with model.open(folder / "hours.grib2") as found:
        return np.stack([found.read(code, derived="", time=end).values for end in hours["time"].values])


def test_grib_tells_what_each_field_is(outcome: ops.Outcome, hours: xr.Dataset) -> None:
    found = model.open(outcome.folder / "hours.grib2")
    table = found.table()
    table["code"] = table[["discipline", "category", "number"]].astype(str).agg("-".join, axis=1)
    told = set(table[["code", "statistic", "derived"]].itertuples(index=False, name=None))
    for expected in (
        ("0-1-8", "accum", ""),
        ("0-1-8", "accum", "percentile 90"),
        ("0-1-8", "accum", "probability above 10"),
        ("0-2-2", "avg", ""),
        ("0-2-3", "avg", ""),
        ("0-2-22", "max", ""),
        ("0-2-22", "max", "probability above 17.2"),
        ("0-16-5", "max", ""),
        ("0-19-2", "max", ""),
    ):
        assert expected in told, (expected, sorted(told))
    winds = table[table["category"] == 2]
    assert set(winds["level_type"]) == {"heightAboveGround"}
    assert sorted(winds[winds["code"] == "0-2-2"]["level"].unique()) == [10.0, 100.0, 500.0]
    assert set(winds[winds["code"] == "0-2-22"]["level"]) == {10.0}
    gust = table[(table["code"] == "0-2-22") & (table["derived"] == "")]
    assert gust["time"].tolist() == list(hours["time"].values)
    assert sorted(gust["step"] / HOUR) == [1.0, 1.0, 2.0, 3.0]  # of the observed hour from its own beginning
    found.close()
    step = float(hours["precipitation_amount"].max()) / 65535.0
    np.testing.assert_allclose(amounts(outcome.folder, hours), hours["precipitation_amount"].values, atol=step)
    struck = amounts(outcome.folder, hours.isel(time=slice(3)), "0-19-2")
    np.testing.assert_allclose(struck / 100.0, hours["lightning"].values[:3], atol=2e-5)


def test_a_geotiff_has_a_band_for_each_field(outcome: ops.Outcome, hours: xr.Dataset) -> None:
    for number in range(4):
        with rasterio.open(outcome.folder / f"hour_{number}.tif") as file:
            bands = dict(zip(file.descriptions, file.read(), strict=True))
            assert file.tags(1)["time"] == f"{hours['time'].values[number].astype('datetime64[s]')}Z"
        assert {"precipitation_amount", "u_100m", "gust", "hail", "coverage", "reflectivity_max"} <= set(bands)
        np.testing.assert_array_equal(bands["u_100m"][::-1], hours["u"].sel(height=100.0).values[number])
        np.testing.assert_array_equal(bands["coverage"][::-1], hours["coverage"].values[number])


# ---- which hours ----


def frames_of(*times: str) -> xr.DataArray:
    return xr.DataArray(np.zeros(len(times)), {"time": np.array(times, dtype="datetime64[ns]")}, ("time",))


@pytest.mark.parametrize(
    ("options", "now", "observed", "begun"),
    [
        ({}, "2026-06-01T06:25", "2026-06-01T05:25", "2026-06-01T06:25"),
        ({"start": "clock"}, "2026-06-01T06:25", "2026-06-01T05:00", "2026-06-01T06:00"),
        ({"start": "clock"}, "2026-06-01T06:00", "2026-06-01T05:00", "2026-06-01T06:00"),
        ({"start": "clock"}, "2026-06-02T00:00", "2026-06-01T23:00", "2026-06-02T00:00"),
        ({"start": "clock"}, "2027-01-01T00:10", "2026-12-31T23:00", "2027-01-01T00:00"),
        ({"start": "clock"}, "2016-12-31T23:59:59", "2016-12-31T22:00", "2016-12-31T23:00"),
        ({"start": "clock"}, "2017-01-01T00:00", "2016-12-31T23:00", "2017-01-01T00:00"),
        ({"start": "clock", "offset_minutes": 30}, "2026-06-01T06:25", "2026-06-01T04:30", "2026-06-01T05:30"),
        ({"start": "clock", "offset_minutes": 45}, "2026-06-01T06:45", "2026-06-01T05:45", "2026-06-01T06:45"),
        ({"start": "clock"}, "1969-12-31T23:10", "1969-12-31T22:00", "1969-12-31T23:00"),
    ],
)
def test_hours_of_a_clock(options: dict[str, Any], now: str, observed: str, begun: str) -> None:
    made = _hours.plan(Hours(**options), frames_of(now))
    assert [str(one.start.astype("datetime64[m]")) for one in made.observed] == [observed]
    assert [str(one.start.astype("datetime64[m]")) for one in made.ahead][:1] == [begun]
    assert len(made.ahead) == 6
    assert all(one.end - one.start == HOUR for one in made.observed + made.ahead)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-01T24:00", "2026-06-02T00:00"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00"),
        ("2026-06-01T06:00+08:00", "2026-05-31T22:00"),
        ("2026-06-01 06:00-03:30", "2026-06-01T09:30"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
        ("2026-06-01T06:00:00", "2026-06-01T06:00"),
    ],
)
def test_times_are_told_as_iso_8601_has_them(text: str, expected: str) -> None:
    assert _names.moment(text) == np.datetime64(expected)


def test_what_is_no_time_is_refused() -> None:
    for text in ("noon", "2026-06-01T24:30", "2026-02-30T00:00"):
        with pytest.raises(ArgumentError, match="time: ISO 8601 expected"):
            _names.moment(text)
    assert _names.Pattern("R%Y%m%d%H%M").time_of("R202606302400") == np.datetime64("2026-07-01T00:00")
    assert _names.Pattern("R%Y%m%d%H%M").time_of("R202606302410") is None


def test_hours_are_made_by_every_cycle_or_by_those_of_the_hour() -> None:
    on, off = np.datetime64("2026-06-01T06:00", "ns"), np.datetime64("2026-06-01T06:05", "ns")
    assert [_hours.due(Hours(), time) for time in (on, off)] == [True, True]
    assert [_hours.due(Hours(each="hour"), time) for time in (on, off)] == [True, False]
    half = Hours(each="hour", offset_minutes=30)
    assert [_hours.due(half, time) for time in (on, on + 2 * QUARTER)] == [False, True]


def test_a_forecast_is_joined_to_the_newest_runs(folder: Path, tmp_path: Path) -> None:
    text = (folder / "cycle.toml").read_text().replace('"cells", "forecast", "wind", "hours"', '"forecast"')
    (tmp_path / "model").mkdir()
    rain = io.open(folder / "model" / "2026060106_rain.nc")
    for begun, times in ((3, 3.0), (6, 1.0)):  # twice 1.5, and as it was
        io.write(rain.copy(data=times * rain.values), tmp_path / "model" / f"20260601{begun:02}_rain.nc")
    text = text.replace('"composite/', f'"{folder}/composite/').replace('"model/', f'"{tmp_path}/model/')
    made = {}
    for runs in (1, 2, 3):
        (tmp_path / f"{runs}.toml").write_text(
            text.replace("[forecast]", f"runs = {runs}\n[forecast]").replace('"out"', f'"{tmp_path}/out{runs}"')
        )
        made[runs] = [ops.run(tmp_path / f"{runs}.toml", START + k * QUARTER) for k in range(2)][-1]
    read = {runs: xr.load_dataset(one.folder / "forecast.nc", decode_timedelta=True) for runs, one in made.items()}
    seen = [
        {Path(one["path"]).name for one in json.loads((made[runs].folder / "manifest.json").read_text())["inputs"]}
        for runs in (1, 2)
    ]
    assert seen[1] - seen[0] == {"2026060103_rain.nc"}
    beyond = read[1]["x"] > 15e3  # of radars, where the model stands alone
    wet = [float(read[runs]["probability_5"].where(beyond).mean()) for runs in (1, 2)]
    assert wet[1] > 1.1 * wet[0] > 0.0
    xr.testing.assert_equal(read[2].drop_attrs(), read[3].drop_attrs())  # there are two
    (tmp_path / "4.toml").write_text(
        text.replace("[forecast]", 'runs = 2\n[forecast]\njoin = "enkf"').replace('"out"', f'"{tmp_path}/out4"')
    )
    filtered = [ops.run(tmp_path / "4.toml", START + k * QUARTER) for k in range(2)][-1]
    assert filtered.manifest["members"] == 4
    likely = xr.load_dataset(filtered.folder / "forecast.nc", decode_timedelta=True)
    assert likely["probability_5"].notnull().all()
    assert not likely["probability_5"].equals(read[2]["probability_5"])


def test_an_hour_that_has_begun_is_seen_and_forecast(folder: Path, tmp_path: Path) -> None:
    text = (folder / "cycle.toml").read_text().replace("ahead = 3", 'ahead = 2\nstart = "clock"')
    text = text.replace('"composite/', f'"{folder}/composite/').replace('"model/', f'"{folder}/model/')
    text = text.replace("[forecast]\n", '[rain]\nminutes = 120\n[forecast]\nmethod = "extrapolation"\n')
    (tmp_path / "district.geojson").write_text(json.dumps(AREA))
    (tmp_path / "cycle.toml").write_text(text)
    made = [ops.run(tmp_path / "cycle.toml", START + k * QUARTER) for k in (0, 2, 4, 5)][-1]
    hours = xr.load_dataset(made.folder / "hours.nc", decode_timedelta=True)
    np.testing.assert_array_equal(hours["time"].values, START + HOUR * np.arange(1, 4))
    assert hours["lead_time"].values.tolist() == [-15.0, 45.0, 105.0]
    assert hours["rain_source"].values.tolist() == [1, 7, 6]
    frames = io.open(made.folder / "state" / "frames.nc")
    flow = xr.load_dataset(made.folder / "motion.nc")
    rain = io.open(folder / "model" / "2026060106_rain.nc")
    ahead = forecast.extrapolate(frames[-1], flow, leads=np.arange(15, 121, 15).tolist())
    ahead = forecast.merge(ahead, rain, flow=flow, feather=20e3)
    alone = forecast.total(frames, ahead, START + HOUR, START + 2 * HOUR, flow=flow)
    np.testing.assert_allclose(hours["precipitation_amount"].values[1], alone.values, rtol=1e-4, atol=1e-4)
    steps = model.open(made.folder / "hours.grib2").table()
    amount = steps[(steps["category"] == 1) & (steps["number"] == 8) & (steps["derived"] == "")]
    assert sorted(amount["time"]) == list(hours["time"].values)
    assert (amount["statistic"] == "accum").all()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (f'projection = "{LCC}"', "", "hours.formats: for grib2"),
        ("ahead = 3", "ahead = 7", "hours.ahead"),
        ("ahead = 3", 'ahead = 3\nstart = "clock"', "rain.minutes: 120 or more"),
        ("ahead = 3", "ahead = 3\nbehind = 2", "rain.minutes: 120 or more"),
        ("ahead = 3", "heights_m = [10, 99]", "hours.heights_m: .*increasing heights"),
        ("ahead = 3", "offset_minutes = 60", "hours.offset_minutes"),
        ("ahead = 3", 'grib = {tornado = "0-19"}', "hours.grib.tornado"),
        ("[113.9, 22.3, 114.2, 22.6]", "[113.9, 22.6, 114.2, 22.3]", "hours.cuts: .*box: west, south"),
    ],
)
def test_wrong_hours_are_refused(folder: Path, tmp_path: Path, before: str, after: str, told: str) -> None:
    text = (folder / "cycle.toml").read_text()
    assert before in text
    (tmp_path / "cycle.toml").write_text(text.replace(before, after))
    with pytest.raises(ArgumentError, match=told):
        ops.Config.load(tmp_path / "cycle.toml")
