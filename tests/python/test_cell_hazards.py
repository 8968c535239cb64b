"""Attributes, hazards and forecasts of cells: a hill of known way over fields of known values."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nowcast
from nowcast import cells, obs
from nowcast.errors import ArgumentError, FormatError
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=118 +ellps=WGS84", 80, 60, -40e3, -30e3, 1000.0, 1000.0)
TIMES = np.datetime64("2024-06-01T06:00", "ns") + np.arange(7) * np.timedelta64(5, "m")
X, Y = np.meshgrid(PLACE.x / 1e3, PLACE.y / 1e3)


def wrap(values: np.ndarray, units: str) -> xr.DataArray:
    dims = ("time", "y", "x")[-values.ndim :]
    coords = ({"time": TIMES} if values.ndim == 3 else {}) | PLACE.coords()
    return xr.DataArray(
        values.astype(np.float32), dims=dims, coords=coords, attrs={"units": units, "grid_mapping": "crs"}
    )


@pytest.fixture(scope="module")
def hill() -> xr.DataArray:
    """It goes east at 10 m/s."""
    return wrap(np.array([np.maximum(50.0 - ((X + 30.0 - 3.0 * t) ** 2 + Y**2) / 4.0, -32.0) for t in range(7)]), "dBZ")


@pytest.fixture(scope="module")
def fields(hill: xr.DataArray) -> xr.Dataset:
    rain = np.where(hill.values >= 35.0, 2.0 * (hill.values - 30.0), 0.0)
    steady = np.ones_like(hill.values)
    made = {
        "reflectivity": hill,
        "rain": wrap(rain, "mm h-1"),
        "vil": wrap(30.0 * steady, "kg m-2"),
        "top": wrap(10e3 * steady, "m"),
        "mesh": wrap(np.where(hill.values > 49.0, 10.0, 0.0) + 5.0 * np.arange(7)[:, None, None], "mm"),
        "wind_u": wrap(10.0 * steady, "m s-1"),
        "wind_v": wrap(-6.0 * steady, "m s-1"),
    }
    return xr.Dataset(made)


def strokes() -> pd.DataFrame:
    lon, lat = PLACE.to_lonlat(np.full(6, -12e3), np.zeros(6))
    times = TIMES[-1] - np.arange(6) * np.timedelta64(10, "s")
    return pd.DataFrame({"time": times, "longitude": lon, "latitude": lat, "quantity": "lightning_stroke"})


def test_attributes_are_columns_of_tracks_with_trends(hill: xr.DataArray, fields: xr.Dataset) -> None:
    found = cells.track(hill, None, attributes=fields, strokes=strokes())
    last = found.cells.iloc[-1]
    units = found.cells.attrs["units"]
    assert last["reflectivity"] == pytest.approx(last["peak"])
    assert last["rain_max"] == pytest.approx(2.0 * (last["peak"] - 30.0))
    assert last["vil_density"] == pytest.approx(3.0)
    assert last["gust_potential"] == pytest.approx(np.sqrt(20.628571 * 30.0 - 3.125e-6 * 1e8))
    assert last["mesh"] == pytest.approx(40.0)
    assert last["mesh_trend"] == pytest.approx(1.0)
    assert np.isnan(found.cells["mesh_trend"].iloc[1])
    assert last["rain_total"] == pytest.approx(0.5 * last["rain_mean"], rel=0.02)
    size = 2.0 * last["major"]  # it is round, and passes at 10 m/s
    assert last["rain_passing"] == pytest.approx(0.5 * (last["rain_max"] + last["rain_mean"]) * size / 3.6e4, rel=0.05)
    # Its way is 6 m/s to the left of a wind toward the south-east.
    assert last["deviation_right"] == pytest.approx(-6.0 * 10.0 / np.hypot(10.0, 6.0), abs=0.3)
    assert (last["mover"], last["mode"]) == ("left", "isolated")
    assert last["flash_rate"] == pytest.approx(3.0)
    assert last["flash_jump"] == 0.0
    assert (units["mesh"], units["mesh_trend"], units["rain_total"]) == ("mm", "mm min-1", "mm")


def test_samples_say_what_they_are_of(hill: xr.DataArray, fields: xr.Dataset) -> None:
    found, here = cells.identify(hill[0]), fields.isel(time=0)
    recipe = {
        "wet": cells.Sample("rain", "area", 20.0),
        "median": cells.Sample("rain", "percentile", 50.0),
        "near": cells.Sample("rain", "min", reach=3e3),
        "there": cells.Sample("rain", "at_max", at="reflectivity"),
    }
    table = cells.sample(found, here, recipe)
    inside = here["rain"].values[found.labels().values > 0]
    assert table["wet"].iloc[0] == pytest.approx(1e6 * (inside >= 20.0).sum(), rel=1e-3)
    assert table["median"].iloc[0] == pytest.approx(np.percentile(inside, 50.0))
    assert (table["near"].iloc[0], table["there"].iloc[0]) == (0.0, pytest.approx(inside.max()))
    with pytest.raises(ArgumentError, match="snow"):
        cells.sample(found, here, {"deep": cells.Sample("snow")})
    with pytest.raises(ArgumentError, match="kind"):
        cells.sample(found, here, {"deep": cells.Sample("rain", "most")})


def test_models_are_text_and_say_what_they_know() -> None:
    baseline = cells.HazardModel()
    assert baseline.name == "baseline"
    assert baseline.asks("rain_20") == ["rain_passing"]
    table = pd.DataFrame({"rain_passing": [20.0, 80.0, np.nan], "mode": ["isolated"] * 3})
    made = baseline.evaluate(table)
    assert made["rain_20"].iloc[0] == pytest.approx(0.5)
    assert made["rain_80"].iloc[1] == pytest.approx(0.5)
    assert np.isnan(made["rain_20"].iloc[2])
    assert made["tornado"].isna().all()
    assert baseline.evaluate(table, known=True)["rain_20"].tolist() == [1.0, 1.0, 0.0]
    assert baseline.evaluate(table, 1600.0 / 60.0)["rain_20"].iloc[0] == pytest.approx(0.25)
    with pytest.raises(FormatError, match="line 3"):
        cells.HazardModel("nowcast cell hazards 1\nmodel a\nhazard snow\n")
    with pytest.raises(ArgumentError, match="snow"):
        baseline.asks("snow")


def test_forecasts_go_where_the_cell_goes(hill: xr.DataArray, fields: xr.Dataset) -> None:
    tracker = cells.Tracker()
    for number, time in enumerate(TIMES):
        tracker.add(cells.identify(hill[number]), time, fields=fields.isel(time=number))
    made = tracker.forecast((0, 30, 60))
    assert made.table["lead"].tolist() == [0.0, 30.0, 60.0]
    assert made.table["time"].iloc[2] == TIMES[-1] + np.timedelta64(60, "m")
    assert made.table["x"].iloc[1] == pytest.approx(-12e3 + 18e3, abs=1e3)
    assert made.table["error_xx"].is_monotonic_increasing
    assert made.table.attrs["model"] == "baseline"
    assert 0.0 < made.table["rain_20"].iloc[2] < made.table["rain_20"].iloc[0] < 1.0
    assert made.table["tornado"].isna().all()
    swath = made.swath("rain_20", (0, 30))
    assert float(swath.sel(x=-12e3, y=0.0)) == pytest.approx(made.table["rain_20"].iloc[0], abs=0.02)
    assert float(swath.max()) <= made.table["rain_20"].max() + 1e-6
    assert float(swath.sel(x=-12e3, y=25e3)) == 0.0
    assert float(made.swath().sel(x=-12e3, y=0.0)) > 0.95
    features = json.loads(made.geojson())["features"]
    assert len(features) == 3
    assert features[0]["geometry"]["type"] == "Polygon"
    with pytest.raises(ArgumentError, match="minutes"):
        made.swath(None, (0, 45))
    with pytest.raises(ArgumentError, match="cells expected before"):
        cells.Tracker().forecast()


def test_swaths_are_blended_with_forecasts_of_grids(hill: xr.DataArray, fields: xr.Dataset) -> None:
    tracker = cells.Tracker()
    for number, time in enumerate(TIMES):
        tracker.add(cells.identify(hill[number]), time, fields=fields.isel(time=number))
    made = tracker.forecast((0, 20, 40, 60))
    alone = made.swath("rain_20", (20, 40))
    # Half of four members have 24 mm in any hour in the north, a quarter from 40 minutes on in the south.
    rates = np.zeros((4, 13, PLACE.ny, PLACE.nx), dtype=np.float32)
    rates[:2, :, Y[:, 0] > 0.0], rates[2:3, 8:, Y[:, 0] < -10.0] = 24.0, 60.0
    times = TIMES[-1] + np.arange(13) * np.timedelta64(10, "m")
    members = xr.DataArray(
        rates, dims=("member", "time", "y", "x"), coords={"time": times} | PLACE.coords(), attrs={"units": "mm h-1"}
    ).assign_attrs(grid_mapping="crs")
    blended, weight = made.swath("rain_20", (20, 40), beside=members), 2.0 ** (-1800.0 / 1600.0)
    share = np.where(Y > 0.0, 0.5, np.where(Y < -10.0, 0.25, 0.0))
    np.testing.assert_allclose(blended.values, weight * alone.values + (1.0 - weight) * share, atol=1e-5)
    chance = wrap(np.full(Y.shape, 0.3), "1")
    np.testing.assert_allclose(
        made.swath("hail", (0, 0), beside=chance).values, made.swath("hail", (0, 0)).values, atol=1e-6
    )
    with pytest.raises(ArgumentError, match="beside: members of rain"):
        made.swath("hail", (20, 40), beside=members)
    with pytest.raises(ArgumentError, match="beside: an hour"):
        made.swath("rain_20", (20, 40), beside=members.isel(time=slice(0, 5)))
    with pytest.raises(ArgumentError, match="beside: the grid"):
        made.swath("hail", (0, 0), beside=chance[:-1])


def test_cones_hold_what_they_say() -> None:
    tracker = cells.Tracker()
    place = wrap(np.maximum(50.0 - (X**2 + Y**2) / 4.0, -32.0), "dBZ")
    tracker.add(cells.identify(place), TIMES[0])
    made = tracker.forecast((30,))
    ring = np.array(made.cones(0.68)[0]["coordinates"][0])
    x, y = PLACE.from_lonlat(ring[:, 0], ring[:, 1])
    area = 0.5 * abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    row = made.table.iloc[0]
    spread = np.sqrt(row["error_xx"] * row["error_yy"] - row["error_xy"] ** 2)
    assert area == pytest.approx(-2.0 * np.log(0.32) * np.pi * spread, rel=0.01)


def test_a_tracker_restored_forecasts_the_same(hill: xr.DataArray, fields: xr.Dataset) -> None:
    whole, parted = cells.Tracker(), cells.Tracker()
    for number, time in enumerate(TIMES):
        here = cells.identify(hill[number]), time
        if number == 4:
            parted = cells.Tracker.restore(parted.save())
        one, two = (t.add(*here, fields=fields.isel(time=number)) for t in (whole, parted))
        pd.testing.assert_frame_equal(one.cells, two.cells, check_exact=True)
    pd.testing.assert_frame_equal(whole.forecast().table, parted.forecast().table, check_exact=True)


@pytest.mark.realdata
def test_the_radars_own_cells_are_found(real_data: Path) -> None:
    folder = real_data / "radar/cinrad-pup/z9200-20110916"
    fields = nowcast.open(sorted((folder / "CR-37").iterdir())[10:15])
    grid, near, all_of = Grid.of(fields), 0, 0
    found = cells.track(fields, None).cells.query("seen")
    for path in sorted((folder / "STI-58").iterdir())[10:15]:
        told = obs.read(path)
        told = told[told["lead"] == 0.0].drop_duplicates("station")
        here = found[(found["time"] - told["time"].iloc[0]).abs() < np.timedelta64(60, "s")]
        x, y = grid.from_lonlat(told["longitude"].to_numpy(), told["latitude"].to_numpy())
        away = np.hypot(x[:, None] - here["x_mean"].to_numpy(), y[:, None] - here["y_mean"].to_numpy())
        near, all_of = near + int((away.min(axis=1) <= 10e3).sum()), all_of + len(told)
    assert all_of >= 10
    assert near >= 0.9 * all_of


@pytest.mark.parametrize(
    ("name", "low", "high", "hazard"), [("wind_low", 12.0, 22.4, "gale_8"), ("mesh", 2.0, 29.0, "hail_20")]
)
def test_one_attribute_alone_tells_as_published(name: str, low: float, high: float, hazard: str) -> None:
    told = cells.HazardModel().evaluate(pd.DataFrame({name: [low, 0.5 * (low + high), high]}))[hazard]
    assert told.tolist() == pytest.approx([1.0 / (1.0 + np.exp(4.0)), 0.5, 1.0 / (1.0 + np.exp(-4.0))])
