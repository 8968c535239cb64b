"""Cells: hills of known place found and followed, tables, outlines, files, the verb."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import cells, verify
from nowcast.cli import main
from nowcast.errors import ArgumentError, FormatError, NoDataError, UnsupportedError
from nowcast.grid import Grid

PLACE = Grid("+proj=aeqd +lat_0=32 +lon_0=118 +ellps=WGS84", 80, 60, -40e3, -30e3, 1000.0, 1000.0)
TIMES = np.datetime64("2024-06-01T06:00", "ns") + np.arange(7) * np.timedelta64(5, "m")


def hills(places: list[tuple[float, float, float]], place: Grid = PLACE) -> np.ndarray:
    """Paraboloids of places (x, y in km) and height."""
    x, y = np.meshgrid(np.arange(place.nx) - 40.0, np.arange(place.ny) - 30.0)
    return np.max([h - ((x - a) ** 2 + (y - b) ** 2) / 4.0 for a, b, h in places] + [np.full(x.shape, -32.0)], axis=0)


def sequence(north_first: bool = False) -> xr.DataArray:
    """One hill goes east at 10 m/s; two that are one storm stay where they are."""
    frames = [hills([(-30.0 + 3.0 * t, 10.0, 50.0), (3.0, -15.0, 48.0), (15.0, -15.0, 52.0)]) for t in range(7)]
    attributes = {"units": "dBZ", "grid_mapping": "crs", "quantity": "DBZH", "long_name": "reflectivity"}
    made = xr.DataArray(
        np.array(frames, dtype=np.float32),
        dims=("time", "y", "x"),
        coords={"time": ("time", TIMES, {"standard_name": "time"})} | PLACE.coords(),
        attrs=attributes,
        name="DBZH",
    )
    return made.isel(y=slice(None, None, -1)) if north_first else made


def test_storms_and_cells_are_tables_with_units() -> None:
    found = cells.identify(sequence().isel(time=0))
    assert len(found.cells) == 3
    assert len(found.storms) == 2
    assert sorted(found.storms["cells"]) == [1, 2]
    assert found.cells.attrs["units"]["area"] == "m2"
    assert found.cells.attrs["units"]["peak"] == "dBZ"
    east = found.cells[found.cells["peak"] == 52.0].iloc[0]
    assert (east["x_peak"], east["y_peak"]) == (15e3, -15e3)
    lon, lat = PLACE.to_lonlat(east["x"], east["y"])
    assert east["longitude"] == pytest.approx(float(lon))
    assert east["latitude"] == pytest.approx(float(lat))
    assert east["area"] == pytest.approx(1e6 * east["grid_cells"], rel=1e-3)
    assert "volume" not in found.cells
    assert found.cells["saddle"].isna().sum() == 1


def test_labels_lie_on_the_field_whichever_way_it_runs() -> None:
    south, north = (cells.identify(sequence(flip).isel(time=0)).labels() for flip in (False, True))
    assert south.dtype == np.int32
    assert south.dims == ("y", "x")
    xr.testing.assert_identical(south, north.isel(y=slice(None, None, -1)))
    assert Grid.of(south) == PLACE
    field = sequence().isel(time=0).values
    assert field[south.values > 0].min() >= 35.0
    storms = cells.identify(sequence().isel(time=0)).labels("storms")
    assert ((storms.values > 0) == (field >= 35.0)).all()
    with pytest.raises(ArgumentError, match="cells or storms"):
        cells.identify(sequence().isel(time=0)).labels("all")


def test_outlines_hold_the_area_of_their_cells() -> None:
    found = cells.identify(sequence().isel(time=0))
    for outline, (_, row) in zip(found.outlines(), found.cells.iterrows(), strict=True):
        assert outline["type"] == "Polygon"
        ring = np.array(outline["coordinates"][0])
        assert (ring[0] == ring[-1]).all()
        x, y = PLACE.from_lonlat(ring[:, 0], ring[:, 1])
        area = 0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])
        assert area == pytest.approx(row["area"], rel=1e-3)


def test_bodies_have_heights() -> None:
    flat = sequence().isel(time=0)
    levels = np.array([1000.0, 2000.0, 3000.0, 4000.0])
    deep = xr.concat([flat, flat + 2.0, flat - 5.0, flat - 60.0], "z").assign_attrs(flat.attrs).assign_coords(z=levels)
    found = cells.identify(deep.astype(np.float32))
    assert {"volume", "base", "top"} <= set(found.cells)
    assert found.cells["top"].max() == 3000.0
    assert (found.cells["height_peak"] == 2000.0).all()
    assert found.labels().shape == deep.shape
    assert found.labels(above=True).dims == ("y", "x")


@pytest.mark.parametrize("flow", ["estimate", None])
def test_tracks_keep_their_numbers_and_velocities(flow: str | None) -> None:
    found = cells.track(sequence(), flow)
    assert found.events["event"].tolist() == ["birth"] * 3
    assert found.cells.groupby("track").size().tolist() == [7, 7, 7]
    last = found.cells[found.cells["time"] == TIMES[-1]].set_index("peak")
    assert last.loc[50.0, "u"] == pytest.approx(10.0, abs=0.5)
    assert last.loc[52.0, "u"] == pytest.approx(0.0, abs=0.5)
    assert last["age"].tolist() == [1800.0] * 3
    assert found.cells.attrs["units"]["u"] == "m s-1"


def test_a_wind_in_space_moves_cells() -> None:
    grid = PLACE.coords()
    shape = (2, PLACE.ny, PLACE.nx)
    about = {"units": "m s-1", "grid_mapping": "crs"}
    wind = xr.Dataset(
        {"u": (("z", "y", "x"), np.full(shape, 10.0), about), "v": (("z", "y", "x"), np.zeros(shape), about)},
        coords=grid,
    )
    found = cells.track(sequence().isel(time=slice(0, 1)), None, wind)
    assert found.cells["u"].tolist() == [10.0] * 3
    with pytest.raises(ArgumentError, match="both given"):
        cells.track(sequence(), wind.isel(z=0), wind)
    with pytest.raises(ArgumentError, match="dimension z"):
        cells.track(sequence(), None, wind.isel(z=0))


def test_a_tracker_is_saved_and_goes_on() -> None:
    frames = sequence()
    found = [cells.identify(frames.isel(time=t)) for t in range(7)]
    whole, parted = cells.Tracker(), cells.Tracker(patience=600.0)
    parted = cells.Tracker.restore(cells.Tracker().save())
    for number, (one, time) in enumerate(zip(found, TIMES, strict=True)):
        if number == 4:
            parted = cells.Tracker.restore(parted.save())
        pd.testing.assert_frame_equal(whole.add(one, time).cells, parted.add(one, time).cells, check_exact=True)
    with pytest.raises(ArgumentError, match="a time after 2024-06-01T06:30:00Z"):
        whole.add(found[0], TIMES[0])
    for state in (b"", b"other bytes than those of a tracker", parted.save()[:-1]):
        with pytest.raises(FormatError):
            cells.Tracker.restore(state)


def test_nothing_there_is_an_empty_table() -> None:
    nothing = sequence().isel(time=slice(0, 2)).copy()
    nothing.values[0], nothing.values[1] = -32.0, np.nan
    found = cells.track(nothing)
    assert len(found.cells) == 0
    assert len(found.events) == 0
    assert json.loads(found.geojson())["features"] == []
    with pytest.raises(NoDataError):
        cells.track([])


def test_what_is_wrong_is_named() -> None:
    field = sequence().isel(time=0)
    with pytest.raises(ArgumentError, match="method"):
        cells.identify(field, method="flood")
    with pytest.raises(ArgumentError, match="saliency"):
        cells.identify(field, saliency=0.0)
    with pytest.raises(ArgumentError, match="dimensions"):
        cells.identify(sequence())
    with pytest.raises(ArgumentError, match="flow"):
        cells.track(sequence(), "guess")
    with pytest.raises(ArgumentError, match="a time of each"):
        cells.track(field.drop_vars("time"))
    with pytest.raises(ArgumentError, match="patience_s"):
        cells.Tracker(patience=-1.0)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    verify.to_netcdf(sequence().to_dataset(), tmp_path / "rain.nc")
    return tmp_path / "rain.nc"


def test_the_verb_writes_tables_and_events(recorded: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    out = tmp_path / "tracks.csv"
    result = CliRunner().invoke(main, ["cells", str(recorded), "-o", str(out), "--events", str(events), "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.output)
    assert summary["tracks"] == 3
    assert summary["cells"] == 21
    assert summary["longest_minutes"] == 30.0
    rows = pd.read_csv(out)
    assert len(rows) == 21
    assert rows["time"].iloc[-1] == "2024-06-01T06:30:00Z"
    assert pd.read_csv(events)["event"].tolist() == ["birth"] * 3
    shapes = tmp_path / "tracks.geojson"
    result = CliRunner().invoke(main, ["cells", str(recorded), "-o", str(shapes), "--no-motion", "--saliency", "20"])
    assert result.exit_code == 0
    assert "2 tracks of 14 cells at 7 times" in result.output
    features = json.loads(shapes.read_text())["features"]
    assert len(features) == 14
    assert {feature["geometry"]["type"] for feature in features} == {"Polygon"}
    result = CliRunner().invoke(main, ["cells", str(recorded), "-o", str(tmp_path / "tracks.txt")])
    assert result.exit_code == 1
    assert ".csv, .geojson, .parquet" in result.output


def test_parquet_says_what_it_needs(tmp_path: Path) -> None:
    found = cells.track(sequence())
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(UnsupportedError, match="pyarrow"):
            cells.to_file(found, tmp_path / "tracks.parquet")
        assert not list(tmp_path.iterdir())
    else:
        cells.to_file(found, tmp_path / "tracks.parquet")
        assert len(pd.read_parquet(tmp_path / "tracks.parquet")) == 21


def test_tracks_are_drawn_on_a_map() -> None:
    pytest.importorskip("matplotlib").use("agg")
    frames = sequence()
    found = cells.track(frames, None)
    ax = nowcast.plot.tracks(found, ax=nowcast.plot.field(frames.isel(time=-1)))
    assert [text.get_text() for text in ax.texts if text.get_text() in "123"] == ["1", "2", "3"]
    way = [line for line in ax.lines if len(line.get_xdata()) == 7 and np.ptp(line.get_xdata()) > 10e3]
    assert len(way) == 1
    assert np.ptp(way[0].get_xdata()) == pytest.approx(18e3, abs=500.0)
    assert nowcast.plot.tracks(found, PLACE, least_seen=99) is not None
    with pytest.raises(ArgumentError, match="grid, ax"):
        nowcast.plot.tracks(found)
