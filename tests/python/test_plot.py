"""Figures: what colour a value has, what is written on them, and that files appear whole or not at all."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import nowcast
from nowcast import _draw, plot, sim, verify
from nowcast import forecast as forecasting
from nowcast.errors import ArgumentError, FileError, UnsupportedError
from nowcast.grid import Grid

plt = pytest.importorskip("matplotlib.pyplot")

LAEA = "+proj=laea +lat_0=52 +lon_0=10 +ellps=WGS84 +units=m"
LONGLAT = "+proj=longlat +ellps=WGS84"
GREY = (217, 217, 217)


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def made(cells: np.ndarray, units: str = "mm h-1", projection: str = LAEA, step: float = 1e3) -> xr.DataArray:
    cells = np.asarray(cells, dtype=np.float32)
    grid = Grid(projection, cells.shape[1], cells.shape[0], 0.0, 0.0, step, step)
    coords = {"time": np.datetime64("2026-06-01T22:30", "ns")} | grid.coords()
    attrs = {"units": units, "long_name": "test field", "grid_mapping": "crs"}
    return xr.DataArray(cells, dims=("y", "x"), coords=coords, attrs=attrs, name="test")


def colour(ax, value: float) -> tuple[int, ...]:
    image = ax.images[0]
    return tuple(np.round(255 * np.array(image.cmap(image.norm(np.ma.masked_invalid([value])))[0])).astype(int))


@pytest.mark.parametrize(
    ("units", "colors", "value", "expected"),
    [
        ("dBZ", "cma", 12.0, (0x01, 0xA0, 0xF6)),
        ("dBZ", "cma", 30.0, (0xFF, 0xFF, 0x00)),
        ("dBZ", "cma", 29.9, (0x01, 0x90, 0x00)),
        ("dBZ", "cma", 47.5, (0xFF, 0x00, 0x00)),
        ("dBZ", "cma", 71.0, (0xAD, 0x90, 0xF0)),
        ("dBZ", "nws", 5.0, (0x00, 0xEC, 0xEC)),
        ("dBZ", "nws", 52.0, (0xFF, 0x00, 0x00)),
        ("mm h-1", "cma", 0.1, (0xC3, 0xE6, 0xF6)),
        ("mm h-1", "cma", 6.0, (0x2A, 0xA8, 0x4A)),
        ("mm h-1", "nws", 150.0, (0xA0, 0x12, 0x8F)),
    ],
)
def test_a_value_has_its_colour(units: str, colors: str, value: float, expected: tuple[int, ...]) -> None:
    ax = plot.field(made(np.full((4, 4), value), units), colors=colors)
    assert colour(ax, np.float32(value)) == (*expected, 255)


def test_no_echo_is_white_and_not_observed_is_grey(tmp_path: Path) -> None:
    cells = np.zeros((40, 40))
    cells[:, :20] = np.nan
    ax = plot.field(made(cells), coastlines=False, borders=False)
    assert colour(ax, np.nan) == (*GREY, 255)
    ax.figure.savefig(tmp_path / "a.png", dpi=100)
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    box = ax.get_window_extent()
    row = pixels[int(pixels.shape[0] - 0.45 * (box.y0 + box.y1)) :][:1][0]
    left, right = (row[int(box.x0 + share * box.width)] for share in (0.21, 0.79))
    assert tuple(left) == GREY
    assert tuple(right) == (255, 255, 255)


def test_north_is_up_whichever_way_the_rows_run() -> None:
    cells = np.arange(12.0).reshape(3, 4)
    field = made(cells)
    up, down = plot.field(field), plot.field(field.isel(y=slice(None, None, -1)))
    for ax in (up, down):
        np.testing.assert_array_equal(ax.images[0].get_array().data, cells)
        assert ax.images[0].origin == "lower"
        assert ax.images[0].get_extent() == [-500.0, 3500.0, -500.0, 2500.0]


def test_the_title_names_quantity_and_times() -> None:
    field = made(np.ones((4, 4))).assign_coords(lead_time=np.timedelta64(30, "m"))
    title = plot.field(field, local_time="Asia/Shanghai").get_title(loc="left")
    assert "Test\\ field" in title
    assert "forecast, +30 min" in title
    assert "2026-06-01 22:30 UTC" in title
    assert "(2026-06-02 06:30 Shanghai)" in title
    assert "(23:30 Lisbon)" in plot.field(field, local_time="Europe/Lisbon").get_title(loc="left")


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2)])
@pytest.mark.parametrize("value", [np.nan, 0.0, 3.0])
@pytest.mark.parametrize(("projection", "step"), [(LAEA, 1e3), (LONGLAT, 0.5)])
def test_the_smallest_and_emptiest_fields_are_drawn(
    shape: tuple[int, int], value: float, projection: str, step: float
) -> None:
    for colors in ("cma", None):
        ax = plot.field(made(np.full(shape, value), projection=projection, step=step), colors=colors)
        ax.figure.canvas.draw()


def test_what_cannot_be_drawn_says_why() -> None:
    field = made(np.ones((4, 4)))
    with pytest.raises(ArgumentError, match=r"one field of dimensions \(y, x\) expected"):
        plot.field(xr.concat([field, field], "time"))
    with pytest.raises(ArgumentError, match='"cma", "nws" or None expected, \'jet\' given'):
        plot.field(field, colors="jet")
    with pytest.raises(ArgumentError, match="a zone such as"):
        plot.field(field, local_time="Mars/Olympus")
    with pytest.raises(ArgumentError, match="proj_string"):
        plot.field(field.drop_vars("crs"))


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnsupportedError, match=r"pip install 'libnowcast\[plot\]'"):
        plot.field(made(np.ones((4, 4))))


def test_arrows_point_along_the_grid_and_stay_out_of_the_unknown() -> None:
    field = made(np.ones((40, 40)))
    u = field.copy(data=np.full((40, 40), 3.0, np.float32))
    u.values[:, :20] = np.nan
    flow = xr.Dataset({"u": u, "v": field.copy(data=np.full((40, 40), -4.0, np.float32))})
    flow["u"].attrs["units"] = flow["v"].attrs["units"] = "m s-1"
    ax = plot.motion(flow, plot.field(field), every=4)
    (arrows,) = [c for c in ax.collections if hasattr(c, "U")]
    assert arrows.N == 50
    assert (arrows.X > 19e3).all()
    np.testing.assert_allclose(arrows.U, 3.0)
    np.testing.assert_allclose(arrows.V, -4.0)
    plot.motion(flow * np.nan).figure.canvas.draw()
    with pytest.raises(ArgumentError, match="every: at least 1"):
        plot.motion(flow, every=0)


@pytest.fixture(scope="module")
def storms() -> xr.Dataset:
    return sim.storms(n=96, minutes=30)


def test_an_animation_has_a_frame_for_each_time(storms: xr.Dataset, tmp_path: Path) -> None:
    rain = storms["rain"]
    plot.animate(rain, tmp_path / "a.gif", frame_seconds=0.2, dpi=50)
    with Image.open(tmp_path / "a.gif") as image:
        # The last field is shown twice as long: as two frames, or as one of twice the time.
        durations = []
        for frame in range(image.n_frames):
            image.seek(frame)
            durations.append(image.info["duration"])
        assert image.n_frames in (rain.sizes["time"], rain.sizes["time"] + 1)
    assert sum(durations) == 200 * (rain.sizes["time"] + 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_an_animation_that_fails_leaves_the_last_good_one(
    storms: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"good")
    titles = _draw.heading

    def fail(da: xr.DataArray, local_time: str | None) -> str:
        if da["time"].values == storms["time"].values[3]:
            raise RuntimeError("no")
        return titles(da, local_time)

    monkeypatch.setattr(_draw, "heading", fail)
    with pytest.raises(RuntimeError):
        plot.animate(storms["rain"], path, dpi=40)
    assert path.read_bytes() == b"good"
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_a_film_hands_each_frame_to_ffmpeg(storms: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "bin" / "ffmpeg"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\nfor last; do :; done\ncat > "$last"\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(stub.parent), prepend=":")
    rain = storms["rain"]
    plot.animate(rain, tmp_path / "a.mp4", dpi=50)
    frames = rain.sizes["time"] + 1
    pixels, rest = divmod((tmp_path / "a.mp4").stat().st_size, 4 * frames)
    assert rest == 0
    assert pixels % 370 == 0
    assert pixels // 370 % 2 == 0


@pytest.mark.realdata
@pytest.mark.parametrize("pattern", ["fmi-20160928/201609281600*", "rmi-20210704/202107041600*", "mch-20150515/*.gif"])
def test_a_real_composite_is_drawn_with_coasts_or_borders(real_data: Path, pattern: str) -> None:
    path = sorted((real_data / "composite").glob(pattern))[0]
    ax = plot.field(nowcast.open(path))
    ax.figure.canvas.draw()
    assert sum(np.isfinite(line.get_xdata()).sum() for line in ax.lines[1:]) > 100


def test_an_animation_says_what_it_wants(storms: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rain = storms["rain"]
    with pytest.raises(UnsupportedError, match=r"\.gif or \.mp4"):
        plot.animate(rain, tmp_path / "a.avi")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedError, match="ffmpeg"):
        plot.animate(rain, tmp_path / "a.mp4")
    with pytest.raises(ArgumentError, match="at least one time"):
        plot.animate(rain.isel(time=slice(0, 0)), tmp_path / "a.gif")
    with pytest.raises(ArgumentError, match="frame_seconds"):
        plot.animate(rain, tmp_path / "a.gif", frame_seconds=0)
    with pytest.raises(FileError, match="no such folder"):
        plot.animate(rain, tmp_path / "none" / "a.gif")


def test_scores_of_several_forecasts_are_drawn_by_lead_time(storms: xr.Dataset, tmp_path: Path) -> None:
    rain = storms["rain"]
    ahead = forecasting.extrapolate(rain.isel(time=2), storms[["u", "v"]], minutes=20)
    one = verify.score(ahead, rain)
    figure = plot.scores({"forecast": one, "again": one}, tmp_path / "s.png")
    for ax, name in zip(figure.axes, ("csi", "fss", "mae"), strict=True):
        first, second = ax.get_lines()
        np.testing.assert_array_equal(first.get_xdata(), [5, 10, 15, 20])
        where = {"threshold": 1.0, "window": 5}
        expected = one[name].sel({k: v for k, v in where.items() if k in one[name].dims}).values
        np.testing.assert_array_equal(second.get_ydata(), expected)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["forecast", "again"]
    with Image.open(tmp_path / "s.png") as image:
        assert image.width > 1000
    assert not plot.scores(one, threshold=5.0).legends
    with pytest.raises(ArgumentError, match=r"threshold: one of the scores' own expected, 0.1, 1, 5; 2.0 given"):
        plot.scores(one, threshold=2.0)
    with pytest.raises(ArgumentError, match="at least one Dataset"):
        plot.scores({})


def test_a_figure_that_cannot_be_written_leaves_nothing(storms: xr.Dataset, tmp_path: Path) -> None:
    rain = storms["rain"]
    one = verify.score(forecasting.extrapolate(rain.isel(time=2), storms[["u", "v"]], minutes=10), rain)
    with pytest.raises(UnsupportedError, match=r"s\.xyz"):
        plot.scores(one, tmp_path / "s.xyz")
    assert not list(tmp_path.iterdir())


def test_fields_side_by_side_share_one_scale(storms: xr.Dataset, tmp_path: Path) -> None:
    rain = storms["rain"]
    figure = plot.side_by_side([rain[0], rain[2], rain[4]], tmp_path / "a.png", flow=storms[["u", "v"]])
    maps = [ax for ax in figure.axes if ax.images]
    assert len(maps) == 3
    assert len(figure.axes) == 4
    assert (tmp_path / "a.png").exists()
    with pytest.raises(ArgumentError, match="two or more on one grid"):
        plot.side_by_side([rain[0], rain[2, :-1]])
    with pytest.raises(ArgumentError, match="the same units"):
        plot.side_by_side([rain[0], rain[2].assign_attrs(units="dBZ")])
    with pytest.raises(ArgumentError, match="stepped colours"):
        plot.side_by_side([rain[0], rain[2]], colors=None)


# ---- radar ----


@pytest.fixture(scope="module")
def volume() -> xr.DataTree:
    """Three sweeps: 30 dBZ in the quadrant east to south, else nothing; velocity grows to the north. One RHI."""
    groups: dict[str, xr.Dataset] = {
        "/": xr.Dataset(
            coords={"latitude": 52.0, "longitude": 10.0, "altitude": 100.0}, attrs={"instrument_name": "TEST"}
        )
    }
    for number, (mode, angle) in enumerate(
        [("azimuth_surveillance", 0.5), ("azimuth_surveillance", 2.5), ("rhi", 45.0)]
    ):
        turn = np.arange(0.5, 360.0) if mode != "rhi" else np.full(40, angle)
        lift = np.full(360, angle) if mode != "rhi" else np.arange(40) * 0.5 + 0.25
        gates = 500.0 + 1000.0 * np.arange(100)
        echo = np.where((turn > 90.0) & (turn < 180.0), 30.0, -128.0) if mode != "rhi" else np.full(40, 40.0)
        cells = np.broadcast_to(echo[:, None], (turn.size, 100)).astype(np.float32)
        speed = np.broadcast_to(20.0 * np.cos(np.radians(turn))[:, None], cells.shape).astype(np.float32)
        ray = "elevation" if mode == "rhi" else "azimuth"
        coords = {"azimuth": (ray, turn), "elevation": (ray, lift), "range": gates}
        coords |= {"time": (ray, np.datetime64("2026-06-01T22:30", "ns") + np.arange(turn.size))}
        groups[f"sweep_{number}"] = xr.Dataset(
            {
                "DBZH": ((ray, "range"), cells, {"units": "dBZ", "long_name": "reflectivity"}),
                "VRADH": ((ray, "range"), speed, {"units": "m s-1", "long_name": "velocity"}),
                "sweep_mode": ((), mode),
                "sweep_fixed_angle": ((), angle),
            },
            coords=coords,
        )
    return xr.DataTree.from_dict(groups)


def test_a_sweep_lies_on_the_map_as_the_radar_saw_it(volume: xr.DataTree) -> None:
    ax = plot.ppi(volume, reach=80e3)
    image = ax.images[0]
    shown, (west, east, south, north) = np.asarray(image.get_array()), image.get_extent()
    assert (west, east, south, north) == pytest.approx((-80e3, 80e3, -80e3, 80e3))

    def at(x: float, y: float) -> float:
        side = shown.shape[0]
        return float(shown[int((y - south) / (north - south) * side), int((x - west) / (east - west) * side)])

    assert at(30e3, -30e3) == 30.0
    assert at(30e3, 30e3) == at(-30e3, -30e3) == at(-30e3, 30e3) == -128.0
    assert at(5e3, -60e3) == 30.0
    assert at(-5e3, -60e3) == -128.0
    assert "TEST" in ax.get_title(loc="left")
    beyond = plot.ppi(volume, "VRADH", sweep=1, reach=120e3).images[0]
    assert np.ma.getmaskarray(np.ma.masked_invalid(beyond.get_array()))[2, 2]
    red, green, blue = (beyond.cmap(beyond.norm(value))[:3] for value in (18.0, -12.0, 0.0))
    assert red[0] > red[1]
    assert green[1] > green[0]
    assert blue[0] == pytest.approx(blue[1], abs=0.02)


def test_beams_are_cut_over_height(volume: xr.DataTree) -> None:
    ax = plot.rhi(volume, azimuth=135.2)
    low, high = ax.collections
    heights = np.array([low.get_coordinates()[:, -1, 1], high.get_coordinates()[:, -1, 1]]).ravel()
    # Half a degree below and above .5 and 2.5 degrees at 100 km of range: over four thirds of the earth's radius.
    radius = 4.0 / 3.0 * 6365e3
    for height, angle in zip(heights, (0.0, 1.0, 2.0, 3.0), strict=True):
        exact = np.sqrt(1e10 + radius**2 + 2e5 * radius * np.sin(np.radians(angle))) - radius + 100.0
        assert 1e3 * height == pytest.approx(exact, abs=30.0)
    assert float(np.max(low.get_array())) == 30.0
    assert len(plot.rhi(volume, sweep=2, top=10e3).collections) == 40
    with pytest.raises(ArgumentError, match="one of them"):
        plot.rhi(volume)
    with pytest.raises(ArgumentError, match="an RHI expected"):
        plot.rhi(volume, sweep=0)
    with pytest.raises(ArgumentError, match="sweep: one of 3"):
        plot.ppi(volume, sweep=3)
    with pytest.raises(ArgumentError, match="moment"):
        plot.ppi(volume, "ZDR")


def test_a_section_and_a_wind_profile_are_drawn() -> None:
    coords = {"z": [500.0, 1500.0, 3000.0], "distance": ("distance", [0.0, 1e3, 2e3, 3e3], {"units": "m"})}
    coords |= {"latitude": ("distance", np.full(4, 52.0)), "longitude": ("distance", np.linspace(10.0, 10.1, 4))}
    cells = np.arange(12.0).reshape(3, 4)
    da = xr.DataArray(cells, dims=("z", "distance"), coords=coords, attrs={"units": "dBZ"}, name="DBZH")
    (mesh,) = plot.section(da).collections
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 4), cells)
    np.testing.assert_allclose(mesh.get_coordinates()[:, 0, 1], [0.0, 1.0, 2.25, 3.75])
    with pytest.raises(ArgumentError, match="one section"):
        plot.section(da.isel(z=0))
    height = 200.0 * np.arange(1, 30)
    parts = {name: ("height", height * 2e-3) for name in ("u", "v")}
    parts |= {f"{name}_error": ("height", np.full(29, 0.5)) for name in ("u", "v")}
    ax = plot.wind_profile(xr.Dataset(parts, coords={"height": height}, attrs={"method": "vad"}))
    np.testing.assert_allclose(ax.lines[0].get_xdata(), height * 2e-3)
    with pytest.raises(ArgumentError, match="a variable u"):
        plot.wind_profile(xr.Dataset())
