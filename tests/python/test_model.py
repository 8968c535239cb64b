"""Model fields: facts of real files, values on grids, systems described by TOML."""

import json
from pathlib import Path

import click.testing
import netCDF4
import numpy as np
import numpy.typing as npt
import pytest

import nowcast
from nowcast import cli, io, model
from nowcast.errors import ArgumentError, FileError, NoDataError
from nowcast.grid import Grid

GFS1 = "nwp/GFS_CONUS_191km_20090331_1800.grib1.part0"
MEPS = "nwp/Z__C_RJTD_20190605000000_MEPS_GPV_Rjp_L-pall_FH00-15_grib2.bin.0-20.xz"
NAM = "nwp/nam.t00z.awp21100.tm00.grib2"


@pytest.mark.realdata
def test_nam_has_the_known_facts(real_data: Path) -> None:
    nam = nowcast.open(real_data / NAM)
    assert isinstance(nam, model.Model)
    rows = nam.table()
    # 154 messages; v shares that of u in 27 of them
    assert rows["offset"].nunique() == 154
    assert len(rows) == 181
    assert set(rows["time"]) == {np.datetime64("2018-09-17T00:00", "ns")}
    assert len(nam.select("u", vertical="pressure")) == len(nam.select("v", vertical="pressure")) == 19
    gh = nam.read("gh", level=50000)
    assert gh.dims == ("y", "x")
    assert gh.shape == (65, 93)
    assert (float(gh.min()), float(gh.max())) == pytest.approx((5235.39, 5925.73), abs=0.005)
    assert float(gh.mean()) == pytest.approx(5770.49, abs=0.005)
    t = nam.read("air_temperature", level=50000, level_type="isobaricInhPa")
    assert (float(t.min()), float(t.max())) == pytest.approx((234.39, 271.39), abs=0.005)
    u = nam.read("0-2-2", level=50000)
    assert (float(u.min()), float(u.max())) == pytest.approx((-13.51, 55.08), abs=0.005)
    assert u.attrs["standard_name"] == "x_wind"
    low = nam.read("gh", level=85000)
    assert (float(low.min()), float(low.max())) == pytest.approx((1344.52, 1593.62), abs=0.005)


@pytest.mark.realdata
def test_the_corners_of_awips_grid_211_are_where_ncep_says(real_data: Path) -> None:
    """NCEP Office Note 388, table B: grid 211."""
    grid = model.open(real_data / NAM).grids[0]
    lon, lat = grid.lonlat()
    for place, west, north in (
        ((0, 0), 133.459, 12.190),
        ((-1, 0), 152.856, 54.536),
        ((-1, -1), 49.385, 57.290),
        ((0, -1), 65.091, 14.335),
    ):
        assert lon[place] == pytest.approx(-west, abs=2e-3)
        assert lat[place] == pytest.approx(north, abs=2e-3)


@pytest.mark.realdata
def test_winds_turn_as_noaa_publishes_for_this_projection(real_data: Path) -> None:
    """NCEP, of grids of 25 N and 95 W, 211 and 212: sin 25 degrees (0.422618) times the longitude from 95 W."""
    nam = model.open(real_data / NAM)
    along = [nam.read(name, level=50000, level_type="isobaricInhPa").values.astype(float) for name in "uv"]
    true = nam.read_wind(level=50000, level_type="isobaricInhPa")
    lon, _ = nam.grids[0].lonlat()
    angle = 0.422618 * np.radians(lon + 95.0)
    np.testing.assert_allclose(true["u"], along[0] * np.cos(angle) + along[1] * np.sin(angle), atol=2e-3)
    np.testing.assert_allclose(true["v"], along[1] * np.cos(angle) - along[0] * np.sin(angle), atol=2e-3)
    assert true["u"].attrs["standard_name"] == "eastward_wind"


@pytest.mark.realdata
def test_gfs_has_the_known_facts(real_data: Path) -> None:
    gfs = nowcast.open(real_data / "nwp/gfs.grb")
    rows = gfs.table()
    assert rows["offset"].nunique() == 308
    assert set(rows["step"]) == {np.timedelta64(72, "h")}
    gh = gfs.read("gh", level=50000)
    assert (float(gh.min()), float(gh.max()), float(gh.mean())) == pytest.approx((4718.19, 5927.68, 5497.05), abs=0.01)
    u = gfs.read("u", level=85000)
    assert (float(u.min()), float(u.max())) == pytest.approx((-36.40, 41.28), abs=0.005)
    assert u.sizes == {"y": 73, "x": 144}
    assert np.all(np.diff(u["y"]) > 0)
    # a constant field, whose message holds no values
    assert set(np.unique(gfs.read("cicep").values)) == {0.0}


@pytest.mark.realdata
def test_gfs_of_edition_1_is_polar_stereographic_with_several_times(real_data: Path) -> None:
    gfs = nowcast.open(real_data / GFS1)
    assert isinstance(gfs, model.Model)
    assert [(grid.nx, grid.ny) for grid in gfs.grids] == [(65, 43)]
    assert "+proj=stere" in gfs.grids[0].projection
    t = gfs.read("t", vertical="pressure", level=50000)
    assert t.dims == ("time", "y", "x")
    assert 200 < float(t.min()) < float(t.max()) < 300


@pytest.mark.realdata
def test_pressure_levels_of_edition_1_have_the_known_facts(real_data: Path) -> None:
    levels = model.open(real_data / "nwp/pl_regular_ll.grib")
    assert len(levels) == 240
    t = levels.read("t", level=50000)
    assert t.dims == ("forecast_reference_time", "lead_time", "y", "x")
    first = t.isel(forecast_reference_time=0, lead_time=0)
    assert (float(first.min()), float(first.max())) == pytest.approx((230.218, 271.632), abs=1e-3)


@pytest.mark.realdata
def test_members_of_era5_have_the_known_facts(real_data: Path) -> None:
    era5 = model.open(real_data / "nwp/era5-levels-members.grib")
    assert len(era5) == 160
    z = era5.read("z", level=50000)
    assert z.dims == ("member", "time", "y", "x")
    assert z.sizes["member"] == 10
    first = z.isel(member=0, time=0)
    assert (float(first.min()), float(first.max())) == pytest.approx((46728.0, 58127.5), abs=0.5)


@pytest.mark.realdata
def test_meps_of_jma_is_read_through_xz(real_data: Path) -> None:
    meps = nowcast.open(real_data / MEPS)
    assert len(meps) == 20
    assert set(meps.table()["name"]) == {"u", "v", "t", "r", "gh"}
    u = meps.read("u", level=30000)
    assert u.sizes == {"y": 253, "x": 241}
    assert (float(u["y"][0]), float(u["y"][-1])) == pytest.approx((22.4, 47.6))
    assert set(meps.table()["member"]) == {0}


@pytest.mark.realdata
def test_hybrid_levels_carry_their_coefficients(real_data: Path) -> None:
    levels = model.open(real_data / "nwp/forecast_ml.grib")
    assert len(levels) == 550
    a, b = levels.hybrid()
    assert len(a) == 138
    assert (a[0], b[0], a[-1], b[-1]) == (0.0, 0.0, 0.0, 1.0)
    assert levels.read("t").sizes == {"level": 137, "y": 34, "x": 48}


@pytest.mark.realdata
def test_info_lists_every_model_file(real_data: Path) -> None:
    names = (GFS1, MEPS, NAM, "nwp/era5-levels-members.grib", "nwp/forecast_ml.grib", "nwp/gfs.grb")
    files = [real_data / name for name in (*names, "nwp/pl_regular_ll.grib")]
    found = click.testing.CliRunner().invoke(cli.main, ["info", "--json", *map(str, files)])
    assert found.exit_code == 0, found.output
    fields = {Path(file["path"]).name: file["messages"] for file in json.loads(found.output)}
    assert fields[Path(NAM).name] == 181
    assert sum(fields.values()) == 228 + 20 + 160 + 550 + 344 + 181 + 240
    text = click.testing.CliRunner().invoke(cli.main, ["info", *map(str, files)]).output
    assert "t [K] isobaricInhPa 10000 to 100000 (19), 19 fields" in text


@pytest.mark.realdata
def test_a_child_process_reads_the_same(real_data: Path) -> None:
    own = model.open(real_data / NAM).read("t", level=85000, vertical="pressure")
    with io.isolated():
        nam = model.open(real_data / NAM)
        np.testing.assert_array_equal(nam.read("t", level=85000, vertical="pressure").values, own.values)


@pytest.mark.realdata
def test_what_is_not_there_or_does_not_fit_says_what_is(real_data: Path) -> None:
    nam = model.open(real_data / NAM)
    with pytest.raises(NoDataError, match=r"there are .*absv"):
        nam.read("nothing")
    with pytest.raises(NoDataError, match="isobaricInhPa"):
        nam.read("t", level=12345)
    with pytest.raises(ArgumentError, match="one level_type expected"):
        nam.read("t")
    nam.close()
    with pytest.raises(ArgumentError, match="closed"):
        nam.read("t", level=50000, vertical="pressure")


def test_a_file_that_is_no_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("words")
    with pytest.raises(nowcast.errors.UnsupportedError, match="no GRIB message"):
        model.open(tmp_path / "text")
    with pytest.raises(ArgumentError, match="nothing matches"):
        model.open(str(tmp_path / "*.grib"))


def test_a_system_is_described_by_toml(tmp_path: Path) -> None:
    path = tmp_path / "system.toml"
    path.write_text(
        'name = "PWAFS"\nwinds = "grid"\n[names]\n"0-2-2" = { name = "u" }\nT2M = { name = "2t", offset = 273.15 }\n'
    )
    system = model.System.load(path)
    assert system.names["T2M"].offset == 273.15
    path.write_text('winds = "up"\n')
    with pytest.raises(ArgumentError, match=r"line 1: winds: .*grid"):
        model.System.load(path)
    path.write_text('[names]\nT = { name = "t", stagger = "w" }\n')
    with pytest.raises(ArgumentError, match=r"line 2: names\.T\.stagger"):
        model.System.load(path)
    path.write_text("= 3")
    with pytest.raises(ArgumentError, match=r"system\.toml"):
        model.System.load(path)
    with pytest.raises(FileError, match="absent"):
        model.System.load(tmp_path / "absent.toml")


def test_turned_grids_count_degrees() -> None:
    grid = Grid("+proj=ob_tran +o_proj=longlat +o_lat_p=30 +o_lon_p=0 +lon_0=10", 3, 3, -1.0, -1.0, 1.0, 1.0)
    lon, lat = grid.lonlat()
    assert (lon[1, 1], lat[1, 1]) == pytest.approx((10.0, 60.0))
    x, _ = grid.from_lonlat(lon, lat)
    np.testing.assert_allclose(x, np.broadcast_to([-1.0, 0.0, 1.0], (3, 3)), atol=1e-9)
    assert grid.coords()["x"][2]["standard_name"] == "grid_longitude"


@pytest.mark.realdata
def test_levels_come_to_heights_on_a_grid(real_data: Path) -> None:
    grid = Grid("+proj=lcc +lat_1=25 +lat_2=25 +lat_0=25 +lon_0=-95 +R=6371229", 30, 20, -1e6, 5e5, 3e4, 3e4)
    nam = nowcast.open(real_data / NAM)
    data = model.on_grid(nam, ["u", "v", "gh", "pres"], grid, heights=[3000.0, 5500.0])
    assert data["u"].dims == ("time", "z", "y", "x")
    assert data["u"].attrs["standard_name"] == "x_wind"
    # geopotential height at a height: R z / (R + z)
    np.testing.assert_allclose(data["gh"].sel(z=5500.0), 6371229.0 * 5500.0 / (6371229.0 + 5500.0), atol=0.1)
    assert 50000 < float(data["pres"].sel(z=5500.0).mean()) < 53500  # low latitudes in September
    # on the grid's own axes, wind at the height of a level is that of the file
    place = {"y": 40, "x": 50}
    own = {name: float(nam.read(name, level=50000, level_type="isobaricInhPa")[place]) for name in ("u", "v", "gh")}
    height = 6371229.0 * own["gh"] / (6371229.0 - own["gh"])
    first = nam.grids[0]
    there = Grid(first.projection, 1, 1, float(first.x[50]), float(first.y[40]), first.dx, first.dy)
    at = nam.on_grid(["u", "v"], there, heights=[height])
    assert float(at["u"].squeeze()) == pytest.approx(own["u"], abs=0.01)
    assert float(at["v"].squeeze()) == pytest.approx(own["v"], abs=0.01)


@pytest.mark.realdata
def test_hybrid_levels_and_members_come_to_a_grid(real_data: Path) -> None:
    grid = Grid("+proj=longlat +R=6371229", 6, 5, 0.0, 45.0, 0.5, 0.5)
    levels = model.open(real_data / "nwp/forecast_ml.grib").on_grid(["t", "pres"], grid, heights=[5500.0, 9000.0])
    # the standard atmosphere within its weather
    assert 49500 < float(levels["pres"].isel(z=0).mean()) < 53000
    assert 29500 < float(levels["pres"].isel(z=1).mean()) < 33500
    assert 245 < float(levels["t"].isel(z=0).mean()) < 270
    members = model.open(real_data / "nwp/era5-levels-members.grib").on_grid("t", grid, heights=[3000.0])
    assert dict(members["t"].sizes) == {"member": 10, "time": 4, "z": 1, "y": 5, "x": 6}
    with io.isolated():
        apart = model.on_grid(real_data / "nwp/era5-levels-members.grib", "t", grid, heights=[3000.0], members=3)
    np.testing.assert_array_equal(apart["t"].values, members["t"].sel(member=[3]).values)


@pytest.mark.realdata
def test_surface_fields_come_to_a_flat_grid(real_data: Path) -> None:
    grid = Grid("+proj=longlat +R=6371229", 10, 5, -5.0, 45.0, 1.0, 1.0)
    flat = model.on_grid(real_data / "nwp/gfs.grb", ["2t", "prmsl", "10u"], grid)
    assert flat["2t"].dims == ("time", "y", "x")
    assert 270 < float(flat["2t"].mean()) < 300
    assert float(flat["2t"].isel(time=0).sel(x=0.0, y=45.0)) == float(
        model.open(real_data / "nwp/gfs.grb").read("2t").sel(x=0.0, y=45.0)
    )


@pytest.mark.realdata
def test_a_variable_of_a_model_is_converted(real_data: Path, tmp_path: Path) -> None:
    run = click.testing.CliRunner().invoke
    gfs = str(real_data / "nwp/gfs.grb")
    found = run(cli.main, ["convert", gfs, str(tmp_path / "p.nc"), "--quantity", "prmsl", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["times"] == 1
    back = nowcast.open(tmp_path / "p.nc")
    assert float(back.min()) == float(model.open(gfs).read("prmsl").min())
    without = run(cli.main, ["convert", gfs, str(tmp_path / "p.nc")])
    assert without.exit_code == 1
    assert "there are 0-3-196, 10u" in without.output
    wrong = run(cli.main, ["convert", gfs, str(tmp_path / "p.nc"), "--on-error", "skip"])
    assert "on_error" in wrong.output


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A netCDF file of a C grid, 5 x 4 mass points, 3 levels, with the names of examples/systems/pwafs.toml."""
    grid = Grid("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=30 +lon_0=118 +R=6370000", 5, 4, 1e5, 2e5, 9000.0, 9000.0)
    lon, lat = grid.lonlat()
    with netCDF4.Dataset(tmp_path / "own.nc", "w") as file:
        for name, size in {"Time": 1, "z": 3, "zs": 4, "y": 4, "x": 5, "ys": 5, "xs": 6, "text": 19}.items():
            file.createDimension(name, size)

        def put(name: str, dims: tuple[str, ...], values: npt.ArrayLike) -> None:
            file.createVariable(name, "f4", dims)[:] = values

        file.createVariable("Times", "S1", ("Time", "text"))[:] = np.array([list("2026-06-01_06:00:00")], "S1")
        put("XLAT_M", ("Time", "y", "x"), lat)
        put("XLONG_M", ("Time", "y", "x"), lon)
        put("UU", ("Time", "z", "y", "xs"), np.broadcast_to(np.arange(6.0), (1, 3, 4, 6)))
        put("VV", ("Time", "z", "ys", "x"), np.broadcast_to(np.arange(5.0)[:, None], (1, 3, 5, 5)))
        put("HEIGHT", ("Time", "zs", "y", "x"), np.broadcast_to(1000.0 * np.arange(4)[:, None, None], (1, 4, 4, 5)))
        put("TEMP", ("Time", "z", "y", "x"), np.broadcast_to(20.0 - 5 * np.arange(3)[:, None, None], (1, 3, 4, 5)))
        put("PRESSURE", ("Time", "z", "y", "x"), np.full((1, 3, 4, 5), 900.0))
    return tmp_path / "own.nc"


def test_the_example_of_a_system_reads_its_files(own_file: Path) -> None:
    system = model.System.load(Path(__file__).parents[2] / "examples/systems/pwafs.toml")
    with pytest.raises(nowcast.errors.NowcastError):
        model.open(own_file)
    projection = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=30 +lon_0=118 +R=6370000"
    own = nowcast.open(own_file, system=system.model_copy(update={"projection": projection}))
    assert set(own.table()["name"]) == {"u", "v", "gh", "t", "pres"}
    np.testing.assert_allclose(own.read("u", level=2).values, np.broadcast_to(np.arange(5) + 0.5, (4, 5)))
    np.testing.assert_allclose(own.read("v", level=2).values[:, 0], np.arange(4) + 0.5)
    assert float(own.read("t", level=1)[0, 0]) == pytest.approx(293.15)
    assert float(own.read("pres", level=1)[0, 0]) == pytest.approx(90000.0)
    there = own.on_grid(["t", "u"], Grid(projection, 2, 2, 1.09e5, 2.09e5, 9000.0, 9000.0), heights=[1000.0])
    # levels at 500 and 1500 m: half way from 20 to 15 degrees
    assert there["t"].values == pytest.approx(290.65, abs=0.02)
    with io.isolated():
        apart = model.open(own_file, system=system.model_copy(update={"projection": projection}))
        assert float(apart.read("t", level=1)[0, 0]) == pytest.approx(293.15)
