"""The wind in three dimensions: of simulated storms whose wind is known, read from files; and of real radars."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import cli, errors, obs, plot, radar, sim, wind
from nowcast.grid import Grid
from nowcast.sim import observe
from nowcast.sim.strategy import Radar, Strategy, Sweep

NOON = "2026-06-01T06:30"
MIDDLE = "2026-06-01T06:31:34"
ANGLES = (0.5, 1.5, 2.5, 3.5, 5.0, 7.0, 9.5, 12.5, 16.0, 20.0)
PLACES = ((15e3, -32e3), (75e3, -25e3))  # the storm is 42 km east of the origin then


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.supercell(particles=600)


@pytest.fixture(scope="module")
def files(storm: sim.Storm, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The storm as two radars see it, aliased at 27 m/s, in an ODIM file and an FM 301 one."""
    folder = tmp_path_factory.mktemp("volumes")
    plan = Strategy("two", Radar(), tuple(Sweep(angle, 1.5, 500.0, 80e3, prf=1000.0) for angle in ANGLES))
    paths = [folder / "one.h5", folder / "two.nc"]
    for (x, y), path in zip(PLACES, paths, strict=True):
        volume = sim.scan(storm, sim.Site.near(storm, x, y), plan, NOON).volume
        volume.attrs["instrument_name"] = path.stem
        radar.write(volume, path)
    return paths


@pytest.fixture(scope="module")
def seen(files: list[Path]) -> list[xr.DataTree]:
    return [radar.dealias(nowcast.open(path)) for path in files]


@pytest.fixture(scope="module")
def place(storm: sim.Storm) -> Grid:
    """About the storm, 45 km square."""
    return Grid(storm.projection, 31, 31, 20e3, -22e3, 1500.0, 1500.0, tuple(np.arange(500.0, 15001.0, 500.0)))


@pytest.fixture(scope="module")
def found(seen: list[xr.DataTree], place: Grid) -> xr.Dataset:
    return wind.retrieve(seen, place)


def truth(storm: sim.Storm, place: Grid) -> dict[str, np.ndarray]:
    """u, v, w of the storm at the cells of a grid, and whether there is echo, (z, y, x)."""
    flat = [part.ravel() for part in np.meshgrid(np.array(place.z) - storm.ground, place.y, place.x, indexing="ij")]
    t = np.full(flat[0].size, storm.seconds(MIDDLE))
    shape = (len(place.z), place.ny, place.nx)
    u, v, w = storm.wind(flat[2], flat[1], flat[0], t)
    fields = {"u": u, "v": v, "w": w, "echo": storm.at(flat[2], flat[1], flat[0], t)["DBZH"]}
    return {name: np.asarray(part, dtype=float).reshape(shape) for name, part in fields.items()}


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_two_radars_read_from_files_tell_the_wind_of_a_storm(storm, found, place) -> None:
    true = truth(storm, place)
    bits = found["sources"].values
    both = (bits == 3) & (true["echo"] > 10.0)
    assert both.sum() > 800
    error = {name: rms((found[name].values - true[name])[both]) for name in "uvw"}
    spread = {name: float(true[name][both].std()) for name in "uvw"}
    # Ten turns of two radars over 50 km: the narrow updraught of 30 m s-1 is seen, not resolved.
    assert error["u"] < 0.08 * spread["u"]
    assert error["v"] < 0.4 * spread["v"]
    assert error["w"] < 0.75 * spread["w"]
    assert np.corrcoef(found["w"].values[both], true["w"][both])[0, 1] > 0.75
    unseen = found["sources"].values == 0
    for name in "uvw":
        stated = found[f"{name}_error"].values
        assert rms(stated[both]) < 0.8 * rms(stated[unseen])  # known better where radars see
    lifted = both & (true["w"] > 5.0)
    assert found["w"].values[lifted].mean() > 0.3 * true["w"][lifted].mean()


def test_a_wind_says_where_it_is_from_and_how_it_was_found(found, files) -> None:
    assert found["u"].dims == ("z", "y", "x")
    assert found["u"].attrs["standard_name"] == "x_wind"
    assert found["w"].attrs["standard_name"] == "upward_air_velocity"
    assert list(found["source"].values) == ["one", "two"]
    assert found["sources"].attrs["flag_meanings"] == "one two"
    assert all(path.name in found.attrs["input_files"] for path in files)
    assert (found["after"] < 0.6 * found["before"]).all()
    assert (abs(found["bias_after"]) < 0.1).all()
    assert float(found["divergence_left"]) < 1e-6
    text = wind.report(found)
    assert "one: " in text
    assert "a profile fitted to the data was taken" in text
    assert f"{int(found['observations'].sum())} observations" in text
    assert "alone" not in text


def test_a_wind_goes_on_to_levels_files_and_figures(found, tmp_path: Path) -> None:
    low = wind.levels(found, (500.0, 1500.0))
    np.testing.assert_allclose(low["u"].sel(height=1500.0), found["u"].sel(z=1500.0), atol=1e-3)
    wind.write(found, tmp_path / "wind.nc")
    with xr.open_dataset(tmp_path / "wind.nc") as read:
        assert wind.report(read) == wind.report(found)
        assert Grid.of(read["u"]) == Grid.of(found["u"])
        np.testing.assert_array_equal(read["w"], found["w"])
    east = wind.to_true(found)
    assert east["eastward_wind"].attrs["standard_name"] == "eastward_wind"
    speeds = [
        np.hypot(data[a], data[b]) for data, a, b in ((east, "eastward_wind", "northward_wind"), (found, "u", "v"))
    ]
    np.testing.assert_allclose(*speeds, rtol=1e-4)
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    assert "at 3000 m" in plot.wind(found.sel(z=3000.0)).get_title(loc="left").replace("\\ ", " ")
    start, end = (tuple(float(p) for p in Grid.of(found["u"]).to_lonlat(x, 0.0)) for x in (-20e3, 20e3))
    ax = plot.wind_section(found, start, end)
    assert any(type(part).__name__ == "QuadContourSet" for part in ax.collections)  # the upward wind
    plt.close("all")


def test_the_wind_is_the_same_for_every_number_of_threads(seen, place, found) -> None:
    with nowcast.settings(threads=1):
        alone = wind.retrieve(seen, place)
    for name in ("u", "v", "w", "sources"):
        np.testing.assert_array_equal(alone[name].values, found[name].values)


def test_velocities_are_dealiased_first_where_they_were_not(files, seen, place, found) -> None:
    raw = [nowcast.open(path) for path in files]
    np.testing.assert_array_equal(wind.retrieve(raw, place)["w"].values, found["w"].values)
    left = wind.retrieve(raw, place, dealias=False)
    assert float(left["after"].max()) > 1.5 * float(found["after"].max())


def test_backgrounds_are_soundings_profiles_models_and_fields(storm, seen, place, tmp_path: Path) -> None:
    far = dataclasses.replace(place, x_first=place.x_first - 20e3)
    table = obs.decode(observe.wyoming(observe.sounding(storm, -70e3, -60e3, NOON)), near="2026-06-01T06:30")
    of_sounding = wind.retrieve((), far, NOON, background=table)
    profile = radar.wind_over_height(table, far.z)
    assert "no observation" in wind.report(of_sounding)
    # Freed of divergence, what is the same everywhere stays as it is.
    np.testing.assert_allclose(of_sounding["u"].values.mean((1, 2)), profile["u"], atol=0.3)
    of_profile = wind.retrieve((), far, NOON, background=profile)
    np.testing.assert_allclose(of_profile["u"], of_sounding["u"], atol=0.3)
    fields = radar.wind_background(table, far, time=NOON)
    np.testing.assert_allclose(wind.retrieve((), far, NOON, background=fields)["u"], of_sounding["u"], atol=1e-4)
    sim.model.run(storm, n=21).write_grib(tmp_path / "model.grib2", NOON)
    with nowcast.open(tmp_path / "model.grib2") as model:
        given = wind.retrieve(seen, place, NOON, background=model)
    named = wind.retrieve(seen, place, NOON, background=tmp_path / "model.grib2")
    np.testing.assert_array_equal(given["w"].values, named["w"].values)
    assert "own_profile" not in wind.report(given)
    assert (given["after"] < 0.7 * given["before"]).all()
    with pytest.raises(errors.ArgumentError, match="another"):
        wind.retrieve(seen, place, NOON, background=fields)


def test_one_radar_alone_is_said_to_be_one(seen, place) -> None:
    assert "w is not to be trusted" in wind.report(wind.retrieve(seen[0], place, NOON))


def test_a_sounding_counts_where_it_is(storm, place) -> None:
    j, i = 14, 15
    text = observe.wyoming(observe.sounding(storm, place.x[i], place.y[j], NOON))
    unplaced = obs.decode(text, near="2026-06-01T06:30")
    with pytest.raises(errors.ArgumentError, match="none is known"):
        wind.retrieve((), place, NOON, points=unplaced)
    lon, lat = (float(part) for part in place.to_lonlat(place.x[i], place.y[j]))
    table = unplaced.assign(longitude=lon, latitude=lat)
    calm = xr.Dataset({name: ("height", [0.0, 0.0]) for name in "uv"}, coords={"height": [0.0, 15e3]})
    made = wind.retrieve((), place, NOON, background=calm, points=table, point_error=0.5, error=10.0)
    assert list(made["source"].values) == ["points"]
    assert int(made["observations"][0]) > 20
    above = radar.wind_over_height(table, place.z)
    high = slice(4, -4)
    off = np.hypot(
        made["u"][high, j] - above["u"].values[high, None], made["v"][high, j] - above["v"].values[high, None]
    )
    near, away = float(off[:, i].mean()), float(off[:, 0].mean())
    assert near < 2.0
    assert away > 2.0 * near  # there it is calm
    with pytest.raises(errors.ArgumentError, match="point_error"):
        wind.retrieve((), place, NOON, points=table, point_error=0.0)
    late = wind.retrieve((), place, "2026-06-01T12:00", background=calm, points=table)
    assert "no observation" in wind.report(late)


def on_a_grid(there: Grid, azimuth: float, east: float, north: float) -> xr.Dataset:
    """A uniform wind to the true east and north as beams of an azimuth see it, at the cells of a grid."""
    azimuths = np.full((len(there.z), there.ny, there.nx), azimuth)
    angle = np.radians(azimuths)
    cells = {
        "VRADH": (east * np.sin(angle) + north * np.cos(angle), "m s-1"),
        "azimuth": (azimuths, "degrees"),
        "elevation": (0.0 * azimuths, "degrees"),
    }
    data = {
        name: (("z", "y", "x"), values.astype(np.float32), {"units": units, "grid_mapping": "crs"})
        for name, (values, units) in cells.items()
    }
    coords = there.levels() | there.coords() | {"time": np.datetime64(NOON, "ns")}
    return xr.Dataset(data, coords=coords)


def test_velocities_on_a_turned_grid_tell_the_true_wind() -> None:
    z = tuple(np.arange(500.0, 8001.0, 500.0))
    there = Grid("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=32 +lon_0=100", 24, 20, 1.9e6, 2.0e5, 2000.0, 2000.0, z)
    both = [on_a_grid(there, azimuth, 12.0, -5.0) for azimuth in (70.0, 165.0)]
    made = wind.retrieve(grid=there, gridded=both)
    assert made["time"].values == np.datetime64(NOON)
    assert list(made["source"].values) == ["gridded (1)", "gridded (2)"]
    true = wind.to_true(made)
    inner = true.isel(y=slice(4, -4), x=slice(4, -4), z=slice(2, -2))
    np.testing.assert_allclose(inner["eastward_wind"], 12.0, atol=0.15)
    np.testing.assert_allclose(inner["northward_wind"], -5.0, atol=0.15)
    assert abs(float(made["v"].mean()) + 5.0) > 1.0  # along the grid's y it is not
    with pytest.raises(errors.ArgumentError, match="azimuth and elevation"):
        wind.retrieve(grid=there, gridded=[both[0].drop_vars("azimuth")])


def over_a_hill() -> tuple[Grid, xr.Dataset, xr.DataArray]:
    """A wind of 10 m/s towards a hill of 1 km."""
    grid = Grid(
        "+proj=aeqd +lat_0=45 +lon_0=10", 24, 20, -11.5e3, -9.5e3, 1e3, 1e3, tuple(np.arange(250.0, 6001.0, 500.0))
    )
    cells = np.zeros((len(grid.z), grid.ny, grid.nx), np.float32)
    about = {"units": "m s-1", "grid_mapping": "crs"}
    coords = grid.levels() | grid.coords()
    first = xr.Dataset({"u": (("z", "y", "x"), cells + 10.0, about), "v": (("z", "y", "x"), cells, about)}, coords)
    height = 1000.0 * np.exp(-(grid.x[None, :] ** 2 + grid.y[:, None] ** 2) / 5e3**2)
    return grid, first, xr.DataArray(height, {"y": grid.y, "x": grid.x}, ("y", "x"))


def test_air_flows_along_the_ground_and_not_in_it() -> None:
    grid, first, height = over_a_hill()
    made = wind.retrieve((), grid, NOON, background=first, ground=height[::-1])  # from the north on
    assert list(made["source"].values) == ["ground"]
    assert float(made["after"][0]) < 0.05 < 0.3 < float(made["before"][0])
    inside = np.array(grid.z)[:, None, None] < made["ground"].values
    assert inside.sum() > 10
    assert np.array_equal(np.isnan(made["w"].values), inside)
    assert np.array_equal(made["ground"].values, height.values.astype(np.float32))
    low = made["w"].isel(z=1).values
    assert np.nanmean(low[8:12, 6:10]) > 0.8  # on the windward slope
    assert np.nanmean(low[8:12, 14:18]) < -0.8
    assert "ground: 480 observations" in wind.report(made)
    assert int(made["flags"]) & wind_flags(made)["no_data"]
    level = wind.levels(made, (300.0,))  # above the ground that the wind brings along
    assert np.isfinite(level["u"].values).all()
    with pytest.raises(errors.ArgumentError, match="ground: heights on the columns"):
        wind.retrieve((), grid, NOON, background=first, ground=height.assign_coords(x=height["x"] + 500.0))
    with pytest.raises(errors.ArgumentError, match="ground: dimensions"):
        wind.retrieve((), grid, NOON, background=first, ground=height.isel(y=0))


def wind_flags(made: xr.Dataset) -> dict[str, int]:
    about = made["flags"].attrs
    return dict(zip(about["flag_meanings"].split(), about["flag_masks"].tolist(), strict=True))


def test_a_tendency_of_vorticity_that_is_asked_for_is_told(seen, place, found) -> None:
    assert float(found["tendency_after"]) == 0.0
    made = wind.retrieve(seen, place, tendency_error=1e-5)  # 4e-6 without
    assert 0.0 < float(made["tendency_after"]) < float(made["tendency_before"])


def test_what_is_wrong_is_named(seen, place) -> None:
    with pytest.raises(errors.ArgumentError, match="levels z"):
        wind.retrieve(seen, dataclasses.replace(place, z=()), NOON)
    with pytest.raises(errors.ArgumentError, match="DataTrees"):
        wind.retrieve(["volume.h5"], place, NOON)  # type: ignore[list-item]
    with pytest.raises(errors.ArgumentError, match="nothing that is given tells one"):
        wind.retrieve((), place)
    with pytest.raises(errors.NoDataError, match="neither"):
        wind.retrieve((), place, NOON)
    with pytest.raises(errors.ArgumentError, match="gate_error"):
        wind.retrieve(seen, place, NOON, gate_error=0.0)
    with pytest.raises(errors.ArgumentError, match="one for each of 30 levels"):
        wind.retrieve(seen, place, NOON, error=[1.0, 2.0])


def test_a_search_cut_short_says_so(seen, place, caplog) -> None:
    made = wind.retrieve(seen, place, NOON, iterations=1, tolerance=1e-6)
    assert "iterations ran out" in wind.report(made)
    assert "gradient" in caplog.text
    assert np.isfinite(made["w"].values).any()


def test_the_verb_writes_a_wind_and_a_summary(files, tmp_path: Path) -> None:
    output = tmp_path / "wind.nc"
    common = ["-o", str(output), "--radius", "30", "--dx", "2", "--dz", "1", "--top", "12"]
    result = CliRunner().invoke(cli.main, ["wind", *map(str, files), *common, "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["special"] == ["own_profile"]
    assert set(summary["sources"]) == {"one", "two"}
    with xr.open_dataset(output) as read:
        assert wind.report(read) == summary["report"]
        assert [read.sizes[name] for name in ("z", "y", "x")] == summary["cells"]
    broken = tmp_path / "broken.nc"
    broken.write_bytes(b"CDF\x01 no more than that")
    result = CliRunner().invoke(cli.main, ["wind", str(files[0]), *common, "--background", str(broken)])
    assert result.exit_code == cli.DEGRADED, result.output
    assert "w is not to be trusted" in result.stdout
    assert "broken.nc" in result.stdout


def test_the_verb_writes_the_low_level_wind_too(files, tmp_path: Path) -> None:
    output, low = tmp_path / "wind.nc", tmp_path / "low.nc"
    common = ["-o", str(output), "--radius", "30", "--dx", "2", "--dz", "1", "--top", "12", "--ground", "100"]
    asked = ["--low-level", str(low), "--minutes", "20", "--step", "10"]
    result = CliRunner().invoke(cli.main, ["wind", *map(str, files), *common, *asked, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["low_level"] == str(low)
    with xr.open_dataset(output) as space, xr.open_dataset(low) as made:
        assert made.sizes["time"] == 3
        expected = wind.low_level(space.load(), minutes=20, step=10, ground=100.0)
        np.testing.assert_allclose(made["u"], expected["u"], atol=1e-5)
        assert float(made["shear"].max()) > 0.0
    result = CliRunner().invoke(cli.main, ["wind", *map(str, files), *common, *asked, "--stations", "none.csv"])
    assert result.exit_code == cli.DEGRADED, result.output
    assert "none.csv" in result.stdout
    result = CliRunner().invoke(cli.main, ["wind", *map(str, files), *common, "--low-level", "low.txt"])
    assert result.exit_code == 1, result.output
    assert "low.txt" in result.output


def test_the_low_level_forecast_goes_over_to_a_model(storm, files, tmp_path: Path) -> None:
    output, low, model = tmp_path / "wind.nc", tmp_path / "low.nc", tmp_path / "model.grib2"
    sim.model.run(storm, n=41, dx=5000.0, intensity=0.5).write_grib(model, 5400.0)
    place = {"radius": 30e3, "dx": 2000.0, "dz": 1000.0, "top": 12e3}
    summary = nowcast.jobs.wind(
        files, output, background=model, low_level=low, minutes=120, step=60, ground=0.0, **place
    )
    assert not summary["left_out"]
    with xr.open_dataset(low) as made, xr.open_dataset(output) as space, nowcast.model.open(model) as run:
        there = run.on_grid(["u", "v"], Grid.of(space["u"]), heights=space["z"].values).isel(time=0)
        apart = []
        for lead in range(3):
            level = made.isel(time=lead).sel(height=[1000.0, 2000.0, 3000.0])
            beside = wind.levels(there, level["height"].values)
            apart.append(float(np.sqrt(((level["u"] - beside["u"]) ** 2).mean())))
        assert apart[0] > 2.0 * apart[1] > 3.0 * apart[2]
