"""Values at points, along routes and in areas, as tables: against cells looked up, and shares counted."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

from nowcast import cli, errors, extract, io, jobs
from nowcast.grid import Grid

GRID = Grid("+proj=laea +lat_0=48 +lon_0=11", nx=40, ny=30, x_first=-20e3, y_first=-15e3, dx=1000.0, dy=1000.0)
START = np.datetime64("2026-05-01T12:00", "ns")
TIMES = START + np.arange(4) * np.timedelta64(10, "m")


def field(cells, units="mm h-1"):
    dims = ("member", "time", "y", "x")[4 - cells.ndim :]
    coords = GRID.coords() | ({"time": TIMES} if "time" in dims else {})
    data = xr.DataArray(
        cells.astype(np.float32), dims=dims, coords=coords, attrs={"units": units, "grid_mapping": "crs"}, name="rain"
    )
    return data.assign_coords(lead_time=("time", TIMES - START)) if "time" in dims else data


@pytest.fixture(scope="module")
def plane():
    """A field that is linear in x, y and time."""
    x, y = np.meshgrid(GRID.x, GRID.y)
    return field(np.stack([1e-3 * x + 2e-3 * y + 10.0 * k for k in range(4)]))


def test_points_are_read_from_their_cell_or_between_centres(plane):
    x, y = np.array([-19.7e3, 3.2e3, 0.0, 90e3]), np.array([-14.8e3, 4.4e3, 0.0, 0.0])
    lon, lat = GRID.to_lonlat(x, y)
    table = extract.points(plane, lon, lat, names=["a", "b", "c", "far"])
    assert list(table.columns) == ["place", "longitude", "latitude", "time", "lead_minutes", "value"]
    assert len(table) == 16
    b = table[table["place"] == "b"]["value"].to_numpy()
    np.testing.assert_allclose(b, 3.0 + 8.0 + 10.0 * np.arange(4), rtol=1e-6)
    assert table[table["place"] == "far"]["value"].isna().all()
    assert table["lead_minutes"].unique().tolist() == [0.0, 10.0, 20.0, 30.0]
    between = extract.points(plane, lon, lat, method="bilinear").set_index(["place", "lead_minutes"])["value"]
    assert between["2", 0.0] == pytest.approx(3.2 + 8.8, rel=1e-5)
    holed = plane.where((plane.x != 3000.0) | (plane.y != 4000.0))
    part = extract.points(holed, lon[1:2], lat[1:2], method="bilinear")["value"].iloc[0]
    shares = {(0, 1): 0.2 * 0.6, (1, 0): 0.8 * 0.4, (1, 1): 0.2 * 0.4}  # (y, x) of the centres that are known
    known = sum(share * (3.0 + i + 8.0 + 2 * j) for (j, i), share in shares.items()) / sum(shares.values())
    assert part == pytest.approx(known, rel=1e-5) if sum(shares.values()) >= 0.5 else np.isnan(part)
    dbz = field(np.where(np.arange(40) < 20, 10.0, 40.0) * np.ones((30, 1)), "dBZ")
    lon, lat = GRID.to_lonlat(-500.0, 0.0)
    assert extract.points(dbz, lon, lat, method="bilinear")["value"].iloc[0] == pytest.approx(
        10 * np.log10((10 + 1e4) / 2), rel=1e-5
    )


def test_a_route_has_values_where_and_when_one_is_there(plane):
    lon, lat = GRID.to_lonlat([-10e3, 10e3, 10e3], [-5e3, -5e3, 10e3])
    table = extract.route(plane, lon, lat, step=1000.0, method="bilinear")
    assert table["distance"].max() == pytest.approx(35e3, rel=5e-3)
    corner = table[np.isclose(table["longitude"], lon[1]) & np.isclose(table["latitude"], lat[1])]
    np.testing.assert_allclose(corner["value"], 10.0 - 10.0 + 10.0 * np.arange(4), atol=1e-3)
    times = [START, START + np.timedelta64(15, "m"), START + np.timedelta64(40, "m")]
    moving = extract.route(plane, lon, lat, times, step=1000.0, method="bilinear")
    assert moving["distance"].is_monotonic_increasing
    there = moving[moving["distance"] == corner["distance"].iloc[0]].iloc[0]
    assert there["value"] == pytest.approx(15.0, abs=1e-2)  # 0 there, and 10 for each 10 minutes
    assert moving[moving["time"] > TIMES[-1]]["value"].isna().all()
    assert moving[moving["time"] <= TIMES[-1]]["value"].notna().all()
    with pytest.raises(errors.ArgumentError, match="3 that do not fall"):
        extract.route(plane, lon, lat, times[::-1])
    with pytest.raises(errors.ArgumentError, match="two or more way points"):
        extract.route(plane, lon[:1], lat[:1])
    with pytest.raises(errors.ArgumentError, match="step"):
        extract.route(plane, lon, lat, step=0.0)


def ring(x, y):
    lon, lat = GRID.to_lonlat(np.asarray(x, float), np.asarray(y, float))
    places = np.stack([lon, lat], -1).tolist()
    return [*places, places[0]]


def test_areas_count_each_cell_by_what_they_cover_of_it(plane):
    outer, hole = ring([-8e3, 9e3, 3e3, -6e3], [-9e3, -4e3, 8e3, 5e3]), ring([-1e3, 2e3, 0.0], [-1e3, 0.0, 2e3])
    geometry = {"type": "Polygon", "coordinates": [outer, hole]}
    feature = {"type": "Feature", "properties": {"name": "basin"}, "geometry": geometry}
    table = extract.areas(plane, {"type": "FeatureCollection", "features": [feature]}, [0.0, 5.0])
    assert table["place"].unique().tolist() == ["basin"]

    # Many points in every cell: even or odd crossings of both rings in the plane, short edges being straight enough.
    n = 20
    x, y = np.meshgrid(*(a[0] + 1e3 * ((np.arange(n * a.size) + 0.5) / n - 0.5) for a in (GRID.x, GRID.y)))
    inside = np.zeros(x.shape, dtype=bool)
    for line in (outer, hole):
        px, py = GRID.from_lonlat(*np.array(line).T)
        for a in range(len(px) - 1):
            cross = (py[a] > y) != (py[a + 1] > y)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= cross & (x < px[a] + (px[a + 1] - px[a]) * (y - py[a]) / (py[a + 1] - py[a]))
    share = inside.reshape(GRID.ny, n, GRID.nx, n).mean((1, 3))
    np.testing.assert_allclose(extract.coverage(GRID, geometry), share, atol=0.06)
    for k in range(4):
        row, cells = table.iloc[k], plane.values[k]
        assert row["mean"] == pytest.approx((share * cells).sum() / share.sum(), abs=0.02)
        assert row["max"] == pytest.approx(cells[share > 0].max(), abs=3.0)
        assert row["over_5"] == pytest.approx((share * (cells >= 5.0)).sum() / share.sum(), abs=0.01)
        assert row["total"] == pytest.approx(row["mean"] * share.sum() * 1e6, rel=0.01, abs=1e6)
    np.testing.assert_allclose(table["known"], 1.0)


def test_areas_of_little_that_is_known_are_not_known(plane):
    box = {"type": "Polygon", "coordinates": [ring([-5e3, 5e3, 5e3, -5e3], [-5e3, -5e3, 5e3, 5e3])]}
    amount = plane.isel(time=0, drop=True) * 0.0 + 2.0
    amount.attrs = plane.attrs | {"units": "mm"}
    row = extract.areas(amount, box).iloc[0]
    assert row["mean"] == pytest.approx(2.0)
    assert row["total"] == pytest.approx(2e-3 * 1e8, rel=0.01)  # m3
    half = extract.areas(amount.where(amount.x < -1000.0), box, least_known=0.5).iloc[0]
    assert np.isnan(half["mean"])
    assert half["known"] == pytest.approx(0.35, abs=0.01)
    assert extract.areas(amount.where(amount.x < -1000.0), box, least_known=0.3).iloc[0]["mean"] == pytest.approx(2.0)
    away = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]}
    gone = extract.areas(amount, away).iloc[0]
    assert np.isnan(gone["mean"])
    assert gone["known"] == 0.0


def test_members_are_kept_or_summarised_and_onset_is_told(plane):
    members = field(np.stack([plane.values + 5.0 * m for m in range(5)]))
    lon, lat = GRID.to_lonlat([0.0], [0.0])
    table = extract.points(members, lon, lat)
    assert len(table) == 20
    one = extract.summary(table, [0.5])
    assert one["mean"].tolist() == pytest.approx([10.0, 20.0, 30.0, 40.0])
    assert one["q50"].tolist() == pytest.approx([10.0, 20.0, 30.0, 40.0])
    assert one["greatest"].iloc[0] == pytest.approx(20.0)
    told = extract.begin(members, lon, lat, 25.0)
    np.testing.assert_allclose(told["onset"], [25.0, 20.0, 15.0, 10.0, 5.0], atol=1e-4)
    assert np.isinf(told["end"]).all()
    with pytest.raises(errors.ArgumentError, match="columns member and value"):
        extract.summary(extract.points(plane, lon, lat))
    with pytest.raises(errors.ArgumentError, match="names: 1 expected"):
        extract.points(plane, lon, lat, names=["a", "b"])
    with pytest.raises(errors.ArgumentError, match="nearest or bilinear"):
        extract.points(plane, lon, lat, method="cubic")


def test_the_verb_writes_tables_of_each_kind(plane, tmp_path):
    io.write(plane.clip(0.0), tmp_path / "rain.nc")
    lon, lat = GRID.to_lonlat([0.0, 5e3], [0.0, 5e3])
    pd.DataFrame({"name": ["here", "there"], "lon": lon, "lat": lat}).to_csv(tmp_path / "places.csv", index=False)
    line = {"type": "LineString", "coordinates": np.stack([lon, lat], -1).tolist()}
    (tmp_path / "road.geojson").write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": line}))
    box = {"type": "Polygon", "coordinates": [ring([-5e3, 5e3, 5e3], [-5e3, -5e3, 5e3])]}
    (tmp_path / "areas.geojson").write_text(json.dumps(box))

    def run(*words, code=0):
        result = CliRunner().invoke(cli.main, ["extract", str(tmp_path / "rain.nc"), *map(str, words)])
        assert result.exit_code == code, result.output
        return result.output

    run("--points", tmp_path / "places.csv", "-o", tmp_path / "a.csv")
    values = pd.read_csv(tmp_path / "a.csv")
    assert values["place"].tolist() == ["here"] * 4 + ["there"] * 4
    np.testing.assert_allclose(values["value"], [0.0, 10.0, 20.0, 30.0, 15.0, 25.0, 35.0, 45.0], atol=0.01)
    jobs.extract(tmp_path / "rain.nc", tmp_path / "a.json", areas=tmp_path / "areas.geojson", thresholds=[5.0])
    rows = json.loads((tmp_path / "a.json").read_text())
    assert len(rows) == 4
    assert rows[0]["time"] == "2026-05-01T12:00:00Z"
    assert 0.0 < rows[0]["over_5"] < 1.0
    jobs.extract(tmp_path / "rain.nc", tmp_path / "a.nc", route=tmp_path / "road.geojson")
    with xr.open_dataset(tmp_path / "a.nc") as stored:
        assert stored.sizes["row"] % 4 == 0
    told = json.loads(run("--points", f"{lon[0]},{lat[0]}", "--onset", "--threshold", 15, "--json"))
    assert told["table"][0]["onset"] == pytest.approx(15.0, abs=0.01)
    assert "longitude,latitude" in run("--points", "11,48", "--points", "11", code=2)
    with pytest.raises(errors.ArgumentError, match="one of them expected"):
        jobs.extract(tmp_path / "rain.nc", points=[(11.0, 48.0)], areas="x.geojson")
    with pytest.raises(errors.FileError, match=r"absent\.csv"):
        jobs.extract(tmp_path / "rain.nc", points=tmp_path / "absent.csv")
    with pytest.raises(errors.UnsupportedError, match=r"\.json"):
        jobs.extract(tmp_path / "rain.nc", "a.txt", points=[(11.0, 48.0)])
