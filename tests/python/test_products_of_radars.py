"""Products of real tilts beside those their radars made of the whole volume."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import mosaic, product, radar
from nowcast.grid import Grid

pytestmark = pytest.mark.realdata

FOOT = 0.3048
CELLS = 1000.0 * np.arange(464) - 231.5e3
RANGE = np.hypot(*np.meshgrid(CELLS, CELLS))
AZIMUTH = np.degrees(np.arctan2(*np.meshgrid(CELLS, CELLS))) % 360.0
FAR = 225e3


def analysis(tree: xr.DataTree) -> xr.DataArray:
    """Tilts on the cells, of a kilometre, of the composites of Level III."""
    place = f"+proj=aeqd +lat_0={float(tree['latitude'])} +lon_0={float(tree['longitude'])} +ellps=WGS84"
    levels = tuple(np.arange(500.0, 20001.0, 250.0))
    grid = Grid(place, CELLS.size, CELLS.size, CELLS[0], CELLS[0], 1000.0, 1000.0, levels)
    return mosaic.build(tree, grid=grid, fields=["DBZH"], reflectivity="z")["DBZH"]


def polar(path: Path, name: str) -> np.ndarray:
    """A product of rays of a degree and gates of a kilometre, on the cells."""
    sweep = nowcast.open(path)["sweep_0"].to_dataset()
    assert sweep["azimuth"].values[0] == 0.5
    assert sweep["range"].values[0] == 500.0
    return sweep[name].values[AZIMUTH.astype(int) % 360, (RANGE / 1000.0).astype(int)]


def classes(dbz: np.ndarray) -> np.ndarray:
    """Classes of 5 dB, rounded down as the sixteen levels of a product are."""
    return 5.0 * np.floor(dbz / 5.0)


def told(what: str, difference: np.ndarray, width: float) -> tuple[float, float]:
    """Mean difference, and the share within one class."""
    bias, share = float(difference.mean()), float((np.abs(difference) <= width + 1e-6).mean())
    print(f"{what}: {difference.size} cells, bias {bias:.2f}, within {width:g} {share:.3f}")
    return bias, share


@pytest.fixture
def ktlx(real_data: Path) -> tuple[Path, xr.DataArray, float]:
    folder = real_data / "radar/nexrad-level3/ktlx-20130520"
    tree = radar.read([next(folder.glob(f"*_{tilt}Q*")) for tilt in ("N0", "NA", "N1", "NB", "N2", "N3")])
    return folder, analysis(tree), float(tree["altitude"])


def test_the_composite_of_tilts_is_that_of_the_radar(ktlx: tuple[Path, xr.DataArray, float]) -> None:
    """Six tilts of up to 3.1 degrees: nearer than 100 km the volume has higher ones that are not at hand."""
    folder, data, _ = ktlx
    theirs = nowcast.open(next(folder.glob("*_NCR*"))).values[0]
    ours = product.composite(data).values[0]
    where = (RANGE > 100e3) & (RANGE < FAR) & (theirs >= 20.0) & (ours >= 20.0)
    assert where.sum() > 6000
    bias, share = told("composite beyond 100 km, dB", (classes(ours) - theirs)[where], 5.0)
    assert abs(bias) < 1.0
    assert share > 0.95


def test_liquid_and_tops_of_tilts_follow_those_of_the_radar(ktlx: tuple[Path, xr.DataArray, float]) -> None:
    """Where the tilts pass over the top of the echo, beyond 140 km. Liquid of gates is less than of the greatest."""
    folder, data, ground = ktlx
    found = product.echo_top(data)
    top, whole = found["top"].values[0], (found["open"].values[0] & 1) == 0
    ours, theirs = product.vil(data, ground=ground).values[0], polar(next(folder.glob("*_DVL*")), "VIL")
    within = (RANGE > 140e3) & (RANGE < FAR) & (top > 0.0) & whole
    where = within & (theirs >= 1.0)
    assert where.sum() > 900
    bias, share = told("liquid beyond 140 km, kg m-2", (ours - theirs)[where], 5.0)
    assert -4.0 < bias < 0.0
    assert share > 0.8
    assert np.corrcoef(ours[where], theirs[where])[0, 1] > 0.9
    tops = 1000.0 * polar(next(folder.glob("*_EET*")), "HGHT")
    where = within & (tops > 0.0)
    assert where.sum() > 1500
    bias, share = told("tops beyond 140 km, m", (top - tops)[where], 5000.0 * FOOT)
    assert abs(bias) < 600.0
    assert share > 0.75


def by_azimuth(path: Path, name: str) -> np.ndarray:
    """Rays of a degree from north on, 225 gates of a kilometre; -inf where nothing is known."""
    sweep = nowcast.open(path)["sweep_0"].to_dataset()
    order = np.argsort(np.floor(sweep["azimuth"].values))
    np.testing.assert_array_equal(np.floor(sweep["azimuth"].values[order]), np.arange(360))
    return np.nan_to_num(sweep[name].values[order, :225], nan=-np.inf)


def test_the_radar_takes_liquid_from_the_greatest_gates_that_touch_a_column(real_data: Path) -> None:
    """Federal Meteorological Handbook 11, part C (2017), 3.2.6: of every tilt the greatest gate, of any reflectivity.

    Depths are those of product 57: from the ground to the middle between tilts, and half a beam above the highest. A
    column touches two rays and two gates, as those of the radar do not begin at whole degrees.
    """
    folder = real_data / "radar/nexrad-level3/ktlx-20130520"
    tilts = [by_azimuth(next(folder.glob(f"*_{name}Q*")), "DBZH") for name in ("N0", "NA", "N1", "NB", "N2", "N3")]
    angles = np.radians([0.5, 0.9, 1.3, 1.8, 2.4, 3.1])
    edges = np.concatenate([[0.0], np.tan(0.5 * (angles[1:] + angles[:-1])), [np.tan(angles[-1] + np.radians(0.5))]])
    outer = 1000.0 * (np.arange(225) + 1.0)
    tops = outer * edges[:, None] + (np.arange(7) > 0)[:, None] * outer**2 / (2.0 * 4.0 / 3.0 * 6371e3)
    theirs = by_azimuth(next(folder.glob("*_DVL*")), "VIL")
    where = (np.arange(225) >= 140) & (tilts[-1] < 18.5) & (theirs >= 1.0)
    assert where.sum() > 300

    def ratio(touching: tuple[int, ...]) -> np.ndarray:
        shifts = [(ray, gate) for ray in touching for gate in touching]
        z = [np.max([np.roll(10.0 ** (0.1 * tilt), shift, (0, 1)) for shift in shifts], axis=0) for tilt in tilts]
        ours = sum(3.44e-6 * z[k] ** (4.0 / 7.0) * (tops[k + 1] - tops[k]) for k in range(6))
        return ours[where] / theirs[where]

    alone, greatest = ratio((0,)), ratio((0, 1))
    print(f"liquid by the radar's rule: {np.median(alone):.2f} of one gate, {np.median(greatest):.2f} of the greatest")
    assert np.median(alone) < 0.65
    assert 0.9 < np.median(greatest) < 1.05
    assert (np.abs(greatest - 1.0) < 0.2).mean() > 0.6


@pytest.mark.parametrize("time", ["013001", "030000"])
def test_the_composite_of_three_cinrad_tilts_is_that_of_the_radar(real_data: Path, time: str) -> None:
    """Tilts of 0.5, 1.5 and 3.4 degrees, in classes of 5 dB rounded down, from which nothing finer can come."""
    folder = real_data / "radar/cinrad-pup/z9200-20110916"
    theirs = nowcast.open(folder / f"CR-37/20110916.{time}.00.37.200").values[0]
    tree = radar.read(sorted((folder / "R-19").glob(f"20110916.{time}*")))
    ours = product.composite(analysis(tree)).values[0]
    where = (RANGE > 60e3) & (RANGE < FAR) & (theirs >= 10.0) & (ours >= 10.0)
    assert where.sum() > 2000
    bias, share = told(f"composite of {time}, beyond 60 km, dB", (classes(ours) - theirs)[where], 5.0)
    assert -4.0 < bias < 0.0
    assert share > 0.88
