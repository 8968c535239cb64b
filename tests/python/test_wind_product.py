"""The low-level wind on other grids, in files and in figures."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, model, plot, wind
from nowcast.grid import Grid

Z = tuple(np.arange(250.0, 7001.0, 450.0))
LCC = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=32 +lon_0=100 +R=6371229 +units=m"
GRID = Grid(LCC, 40, 30, 1.9e6, 2.0e5, 2000.0, 2000.0, Z)
ATTRS = {"units": "m s-1", "grid_mapping": "crs"}
MIDDLE = tuple(float(part) for part in GRID.to_lonlat(GRID.x[20], GRID.y[15]))


@pytest.fixture(scope="module")
def space() -> xr.Dataset:
    """Westerly shear over southerly air, along the axes of a grid that is turned by ten degrees."""
    z = np.array(Z)[:, None, None]
    shape = (len(Z), GRID.ny, GRID.nx)
    x, y = np.meshgrid(GRID.x - GRID.x[20], GRID.y - GRID.y[15])
    cells = {
        "u": 3.0 + 3e-3 * z + 4.0 * np.tanh(-x / 4000.0),
        "v": 8.0 * np.exp(-z / 2000.0) + 0.0 * x,
        "w": 2.0 * np.exp(-((x / 6e3) ** 2) - ((z - 3e3) / 2e3) ** 2) + 0.0 * y,
    }
    made = {
        name: (("z", "y", "x"), np.broadcast_to(part, shape).astype(np.float32), ATTRS) for name, part in cells.items()
    }
    coords = GRID.levels() | GRID.coords() | {"time": np.datetime64("2024-05-01T06:00", "ns")}
    return xr.Dataset(made, coords=coords)


@pytest.fixture(scope="module")
def product(space: xr.Dataset) -> xr.Dataset:
    return wind.low_level(space, minutes=20, step=10, heights=(100.0, 500.0, 1500.0))


def test_netcdf_keeps_everything_with_heights_above_the_ground(product: xr.Dataset, tmp_path: Path) -> None:
    wind.write(product, tmp_path / "low.nc")
    with xr.open_dataset(tmp_path / "low.nc") as read:
        assert set(read.data_vars) == set(product.data_vars)
        assert read["height"].attrs["standard_name"] == "height"
        assert read["height"].attrs["positive"] == "up"
        assert read["u"].attrs["standard_name"] == "x_wind"
        assert read["u"].attrs["grid_mapping"] == "crs" or read["u"].encoding["grid_mapping"] == "crs"
        np.testing.assert_array_equal(read["time"].values, product["time"].values)
        for name in ("u", "gust", "shear", "helicity", "quality"):
            np.testing.assert_array_equal(read[name].values, product[name].values)
        assert Grid.of(read["u"]) == Grid.of(product["u"])
    with xr.open_dataset(tmp_path / "low.nc", decode_times=False) as raw:
        np.testing.assert_array_equal(raw["lead_time"].values, [0.0, 10.0, 20.0])
        assert raw["lead_time"].attrs["units"] == "min"
    assert [path.name for path in tmp_path.iterdir()] == ["low.nc"]


def test_grib_has_levels_above_the_ground_and_winds_along_the_grid(product: xr.Dataset, tmp_path: Path) -> None:
    wind.write(product, tmp_path / "low.grib2")
    with model.open(tmp_path / "low.grib2") as read:
        table = read.table()
        winds = table[table["vertical"] == "height above ground"]
        assert sorted(winds["level"].unique()) == [10.0, 100.0, 500.0, 1500.0]
        assert winds["step"].nunique() == 3
        assert set(table.loc[table["level"] == 500.0, "name"]) >= {"u", "v", "wz"}
        assert winds.loc[winds["name"].isin(["u", "v", "10u", "10v"]), "along_grid"].all()
        name = table.loc[(table["level"] == 500.0) & (table["name"] == "u"), "name"].iloc[0]
        u = read.read(name, level=500.0, step=np.timedelta64(10, "m"))
        np.testing.assert_allclose(u.values, product["u"].sel(height=500.0).values[1], atol=2e-3)
    with pytest.raises(errors.UnsupportedError, match=r"\.nc or \.grib2"):
        wind.write(product, tmp_path / "low.txt")
    with pytest.raises(errors.ArgumentError, match="u, v, w, gust"):
        wind.write(product[["share"]], tmp_path / "low.grib2")


def test_grib_has_wind_in_space_above_mean_sea_level(tmp_path: Path) -> None:
    place = Grid(LCC, 12, 9, 0.0, 0.0, 2000.0, 2000.0, (250.0, 750.5, 3000.0))
    cells = np.random.default_rng(3).normal(0.0, 5.0, (3, 3, 9, 12)).astype(np.float32)
    names = ("u", "v", "w")
    about = {"units": "m s-1", "grid_mapping": "crs"}
    space = xr.Dataset(
        {name: (("z", "y", "x"), part, about) for name, part in zip(names, cells, strict=True)},
        coords=place.levels() | place.coords() | {"time": np.datetime64("2024-05-01T06:00", "ns")},
    )
    wind.write(space, tmp_path / "space.grib2")
    with model.open(tmp_path / "space.grib2") as read:
        table = read.table()
        assert len(table) == 9
        assert set(table["vertical"]) == {"height above sea"}
        assert sorted(table["level"].unique()) == [250.0, 750.5, 3000.0]
        for name, part in zip(("u", "v", "wz"), cells, strict=True):
            for k, level in enumerate(place.z):
                np.testing.assert_allclose(read.read(name, level=level).values, part[k], atol=1e-3)
        back = read.on_grid(("u", "v"), place, heights=[500.25])  # the middle between two levels
        np.testing.assert_allclose(back["u"].values[0, 0, 1:-1, 1:-1], cells[0, :2, 1:-1, 1:-1].mean(axis=0), atol=2e-3)


def test_wind_turns_with_the_grid(product: xr.Dataset, tmp_path: Path) -> None:
    longlat = Grid("+proj=longlat +R=6371229", 20, 15, MIDDLE[0] - 0.2, MIDDLE[1] - 0.14, 0.02, 0.02)
    made = wind.to_grid(product, longlat)
    assert made["u"].attrs["standard_name"] == "eastward_wind"
    assert set(made.data_vars) == set(product.data_vars)
    speed, expected = (np.hypot(part["u"], part["v"]) for part in (made, product))
    j, i = 7, 10
    x, y = GRID.from_lonlat(longlat.x[i], longlat.y[j])
    near = expected.sel(x=float(x), y=float(y), method="nearest")
    np.testing.assert_allclose(speed[..., j, i].values, near.values, atol=0.4)
    # The grid's +y points ten degrees and more to the west of north, or the east.
    angle = np.arctan2(made["v"], made["u"]) - np.arctan2(*(near_of(product, name, x, y) for name in ("v", "u")))
    turn = float(np.degrees(angle[0, 1, j, i]))
    assert abs(turn) > 5.0
    back = wind.to_grid(made, Grid(LCC, 8, 6, GRID.x[17], GRID.y[13], 2000.0, 2000.0))
    inner = product["v"].isel(y=slice(13, 19), x=slice(17, 25))
    np.testing.assert_allclose(back["v"].values, inner.values, atol=0.3)
    wind.write(made, tmp_path / "low.grib2")
    around = wind.to_grid(product, Grid("+proj=aeqd +lat_0=32 +lon_0=121 +ellps=WGS84", 9, 9, -9e3, -9e3, 2e3, 2e3))
    with pytest.raises(errors.UnsupportedError, match="grid"):
        wind.write(around, tmp_path / "other.grib2")
    assert not (tmp_path / "other.grib2").exists()


def near_of(product: xr.Dataset, name: str, x: float, y: float) -> xr.DataArray:
    return product[name].sel(x=float(x), y=float(y), method="nearest")


# ---- figures ----


@pytest.fixture(autouse=True)
def closed():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_a_map_shows_speed_and_barbs_or_streamlines(product: xr.Dataset) -> None:
    low = product.isel(time=1).sel(height=100.0)
    ax = plot.wind(low)
    assert r"100\ m\ above\ the\ ground" in ax.get_title(loc="left")
    assert "+10 min" in ax.get_title(loc="left")
    assert "forecast" not in plot.wind(product.isel(time=0, height=0)).get_title(loc="left")
    barbs = next(part for part in ax.collections if type(part).__name__ == "Barbs")
    assert 100 < len(barbs.u) < 900
    image = ax.images[0]
    assert image.norm.boundaries[6] == pytest.approx(17.2)
    lines = wind.convergence_lines(low[["u", "v"]], strong=2e-4, weak=1e-4)
    assert lines
    drawn = plot.wind(low, kind="streamlines", lines=lines)
    assert any(line.get_linewidth() == 2.2 for line in drawn.lines)
    few = plot.wind(low, every=10)
    assert len(next(part for part in few.collections if type(part).__name__ == "Barbs").u) == 12
    assert plot.wind(low * np.nan) is not None
    with pytest.raises(errors.ArgumentError, match="kind"):
        plot.wind(low, kind="arrows")
    with pytest.raises(errors.ArgumentError, match="barbs"):
        plot.wind(low, barbs="knots")
    with pytest.raises(errors.ArgumentError, match="every"):
        plot.wind(low, every=0)
    with pytest.raises(errors.ArgumentError, match="variable v"):
        plot.wind(low[["u"]])


def test_time_and_height_above_a_place(product: xr.Dataset) -> None:
    ax = plot.wind_time_height(product, MIDDLE, local_time="Asia/Shanghai")
    assert "14:00 Shanghai" in ax.get_title(loc="left")
    barbs = next(part for part in ax.collections if type(part).__name__ == "Barbs")
    # Towards true north: the speed is that of the grid's components, the direction is not.
    at = product.isel(time=0, height=-1).sel(x=GRID.x[20], y=GRID.y[15], method="nearest")
    assert np.hypot(barbs.u, barbs.v).max() == pytest.approx(
        float(np.hypot(product["u"], product["v"])[..., 15, 20].max())
    )
    assert abs(barbs.u[3] - float(at["u"])) > 0.3
    with pytest.raises(errors.ArgumentError, match="within the grid"):
        plot.wind_time_height(product, (0.0, 0.0))


def test_a_section_has_barbs_and_lift(space: xr.Dataset, product: xr.Dataset) -> None:
    start, end = (tuple(float(p) for p in GRID.to_lonlat(GRID.x[i], GRID.y[15])) for i in (5, 35))
    ax = plot.wind_section(space, start, end, top=5000.0)
    assert ax.get_ylim() == (0.0, 5.0)
    assert "mean sea level" in ax.get_ylabel()
    kinds = {type(part).__name__ for part in ax.collections}
    assert {"Barbs", "QuadMesh"} <= kinds
    low = plot.wind_section(product.isel(time=0), start, end)
    assert "the ground" in low.get_ylabel()


def test_a_hodograph_tells_storms_and_helicity(space: xr.Dataset) -> None:
    near = wind.near_ground(space)
    ax = plot.hodograph(space, MIDDLE, near=near)
    labels = ax.get_legend_handles_labels()[1]
    assert {"0 to 1 km", "3 to 6 km", "right mover", "left mover"} <= set(labels)
    text = " ".join(part.get_text() for part in ax.texts)
    spin = wind.helicity(space, near=near)
    assert f"0 to 3 km: {float(spin[1, 15, 20]):.0f} m" in text
    nothing = space.copy(data={name: np.full(space[name].shape, np.nan, np.float32) for name in space.data_vars})
    assert plot.hodograph(nothing, MIDDLE).lines is not None
    flipped = plot.hodograph(space.isel(y=slice(None, None, -1)), MIDDLE, ground=100.0)
    assert flipped.get_title(loc="left") == ax.get_title(loc="left")
