"""The coastlines the package carries, and how they and the graticule come into a grid's plane."""

import importlib.resources

import numpy as np
import pytest

from nowcast import _map
from nowcast.grid import Grid

LAEA = "+proj=laea +lat_0=52 +lon_0=10 +ellps=WGS84 +units=m"


@pytest.fixture(scope="module")
def coasts() -> np.ndarray:
    return _map._carried("coasts")


@pytest.mark.parametrize(
    ("lon", "lat", "land"),
    [
        (116.4, 39.9, True),  # Beijing
        (-3.7, 40.4, True),  # Madrid
        (134.0, -25.0, True),  # central Australia
        (-58.0, -10.0, True),  # Mato Grosso
        (0.0, -85.0, True),  # Antarctica
        (-30.0, 40.0, False),  # Atlantic
        (122.0, 35.0, False),  # Yellow Sea
        (3.0, 56.0, False),  # North Sea
        (179.0, 0.5, False),  # Pacific
    ],
)
def test_a_meridian_crosses_the_coast_oddly_often_from_land(
    coasts: np.ndarray, lon: float, lat: float, land: bool
) -> None:
    a, b = coasts[:-1], coasts[1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (lon + 1e-5 - a[:, 0]) / (b[:, 0] - a[:, 0])
        crossing = (share >= 0) & (share < 1) & (a[:, 1] + share * (b[:, 1] - a[:, 1]) > lat)
    assert crossing.sum() % 2 == land


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(-5.20, 49.96), (18.47, -34.36), (115.14, -34.37), (-9.50, 38.78), (25.78, 71.17)],
    ids=["Lizard Point", "Cape of Good Hope", "Cape Leeuwin", "Cabo da Roca", "North Cape"],
)
def test_the_coast_passes_known_capes(coasts: np.ndarray, lon: float, lat: float) -> None:
    km = 111.0 * np.hypot((coasts[:, 0] - lon) * np.cos(np.radians(lat)), coasts[:, 1] - lat)
    assert np.nanmin(km) < 12.0


def test_a_border_passes_basel_and_none_passes_paris() -> None:
    borders = _map._carried("borders")
    for lon, lat, near in ((7.59, 47.56, True), (2.35, 48.86, False)):
        km = 111.0 * np.hypot((borders[:, 0] - lon) * np.cos(np.radians(lat)), borders[:, 1] - lat)
        assert (np.nanmin(km) < 15.0) == near


def test_lines_stay_near_the_box_and_follow_the_projection() -> None:
    grid = Grid(LAEA, 400, 400, -400e3, -400e3, 2e3, 2e3)
    x, y = _map.carried(grid, "coasts")
    assert np.isfinite(x).sum() > 100
    west, east, south, north = _map.box(grid)
    longest = np.nanmax(np.hypot(np.diff(x), np.diff(y)))
    assert longest < 100e3
    assert np.nanmin(x) > west - longest
    assert np.nanmax(x) < east + longest
    assert np.nanmin(y) > south - longest
    assert np.nanmax(y) < north + longest
    # Cuxhaven lies on the coast: 8.70 E, 53.88 N.
    px, py = grid.from_lonlat(8.70, 53.88)
    assert np.nanmin(np.hypot(x - px, y - py)) < 12e3


@pytest.mark.parametrize("first", [-179.5, 0.5, 100.5])
def test_a_world_map_has_no_line_across_it(first: float) -> None:
    grid = Grid("+proj=longlat +ellps=WGS84", 360, 180, first, -89.5, 1.0, 1.0)
    for x, y in (_map.carried(grid, "coasts"), _map.graticule(grid)["line"]):
        assert np.nanmax(np.hypot(np.diff(x), np.diff(y))) < 2.0
        assert np.isfinite(x).sum() > 1000


def test_a_mercator_map_is_cut_at_its_seam() -> None:
    grid = Grid("+proj=merc +lon_0=100 +ellps=WGS84 +units=m", 400, 200, -2e7, -1e7, 1e5, 1e5)
    x, y = _map.carried(grid, "coasts")
    assert np.nanmax(np.hypot(np.diff(x), np.diff(y))) < 1e6


def test_meridians_and_parallels_meet_the_edges_where_they_should() -> None:
    lines = _map.graticule(Grid("+proj=longlat +ellps=WGS84", 41, 21, 110.0, 20.0, 0.1, 0.1))
    assert [label for _, label in lines["x"]] == ["110°E", "111°E", "112°E", "113°E", "114°E"]
    np.testing.assert_allclose([at for at, _ in lines["x"]], [110, 111, 112, 113, 114], atol=1e-9)
    assert [label for _, label in lines["y"]] == ["20°N", "20.5°N", "21°N", "21.5°N", "22°N"]
    aeqd = _map.graticule(Grid(LAEA, 200, 200, -199e3, -199e3, 2e3, 2e3))
    assert "10°E" in [label for _, label in aeqd["x"]]
    assert dict((label, at) for at, label in aeqd["x"])["10°E"] == pytest.approx(0.0, abs=500.0)


def test_labels_keep_apart_and_180_has_no_side() -> None:
    globe = _map.graticule(Grid("+proj=ortho +lat_0=0 +lon_0=105 +ellps=WGS84", 200, 200, -6.3e6, -6.3e6, 63e3, 63e3))
    places = [at for at, _ in globe["x"]]
    assert (np.diff(places) >= 0.08 * 200 * 63e3).all()
    pacific = _map.graticule(Grid("+proj=longlat +ellps=WGS84", 200, 100, 172.0, -23.0, 0.08, 0.08))
    assert [label for _, label in pacific["x"]][3:6] == ["178°E", "180°", "178°W"]


@pytest.mark.parametrize(("nx", "ny"), [(1, 1), (1, 9), (9, 1)])
def test_the_smallest_grids_have_lines(nx: int, ny: int) -> None:
    grid = Grid(LAEA, nx, ny, 0.0, 0.0, 1e3, 1e3)
    _map.carried(grid, "coasts")
    assert _map.graticule(grid)["x"] or _map.graticule(grid)["y"]


def test_the_data_is_found_and_small() -> None:
    file = importlib.resources.files("nowcast") / "data" / "coastlines.npz"
    assert file.is_file()
    assert len(file.read_bytes()) < 1_000_000
