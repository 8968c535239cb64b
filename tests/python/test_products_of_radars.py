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


def analysis(tree: xr.DataTree, method: str = "linear") -> xr.DataArray:
    """Tilts on the cells, of a kilometre, of the composites of Level III."""
    place = f"+proj=aeqd +lat_0={float(tree['latitude'])} +lon_0={float(tree['longitude'])} +ellps=WGS84"
    levels = tuple(np.arange(500.0, 20001.0, 250.0))
    grid = Grid(place, CELLS.size, CELLS.size, CELLS[0], CELLS[0], 1000.0, 1000.0, levels)
    return mosaic.build(tree, grid=grid, fields=["DBZH"], method=method, reflectivity="z")["DBZH"]


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


def compared(what: str, ours: np.ndarray, theirs: np.ndarray, near: float, least: float) -> tuple[float, ...]:
    """Composites in classes: mean difference, shares within a class, in the same one, and of theirs that ours has."""
    there = (near < RANGE) & (RANGE < FAR) & (theirs >= least)
    both = there & (ours >= least)
    difference = (classes(ours) - theirs)[both]
    bias, share = told(what, difference, 5.0)
    same, found = float((np.abs(difference) < 1e-6).mean()), float(both.sum() / there.sum())
    print(f"  in the same class {same:.3f}; of {there.sum()} cells {found:.3f} have as much")
    return bias, share, same, found


TILTS = ("N0", "NA", "N1", "NB", "N2", "N3")


@pytest.fixture
def ktlx(real_data: Path) -> tuple[Path, xr.DataTree]:
    folder = real_data / "radar/nexrad-level3/ktlx-20130520"
    return folder, radar.read([next(folder.glob(f"*_{tilt}Q*")) for tilt in TILTS])


@pytest.mark.parametrize(("method", "least_same"), [("linear", 0.7), ("nearest", 0.85)])
def test_the_composite_of_tilts_is_that_of_the_radar(ktlx: tuple[Path, xr.DataTree], method, least_same) -> None:
    """Six tilts of up to 3.1 degrees: nearer than 100 km the volume has higher ones that are not at hand."""
    folder, tree = ktlx
    theirs = nowcast.open(next(folder.glob("*_NCR*"))).values[0]
    ours = product.composite(analysis(tree, method)).values[0]
    bias, share, same, found = compared(f"composite, {method}, beyond 100 km, dB", ours, theirs, 100e3, 20.0)
    assert abs(bias) < 1.0
    assert share > 0.95
    assert same > least_same
    assert found > 0.85


def greatest_gates(tree: xr.DataTree, further: float = 0.0, turned: float = 0.0) -> np.ndarray:
    """Of all tilts the greatest gate with the range (m) and azimuth of the middle of each cell, on a flat earth."""
    best = np.full(RANGE.shape, -np.inf)
    for sweep in tree.children.values():
        order = np.argsort(sweep["azimuth"].values)
        azimuth, away = sweep["azimuth"].values[order], sweep["range"].values
        tilt = np.nan_to_num(sweep["DBZH"].values[order], nan=-np.inf)
        sought = (AZIMUTH + turned) % 360.0
        after = np.searchsorted(azimuth, sought)
        near = np.stack([after - 1, after % azimuth.size])
        off = np.abs((sought - azimuth[near] + 180.0) % 360.0 - 180.0)
        ray = np.take_along_axis(near, off.argmin(axis=0)[None], 0)[0]
        gate = np.round((RANGE + further - away[0]) / (away[1] - away[0])).astype(int)
        there = (gate < away.size) & (gate >= 0) & (off.min(axis=0) < 1.0)
        best = np.fmax(best, np.where(there, tilt[ray, np.clip(gate, 0, away.size - 1)], -np.inf))
    return best


@pytest.mark.parametrize(
    ("radar_of", "near", "least", "least_same"), [("ktlx", 100e3, 20.0, 0.9), ("cinrad", 60e3, 10.0, 0.8)]
)
def test_a_composite_is_of_the_gates_at_the_middle_of_its_cells(real_data, ktlx, radar_of, near, least, least_same):
    """Classes are rounded down, and places are right to a part of a gate: half a gate off, many differ."""
    if radar_of == "ktlx":
        tree, theirs = ktlx[1], nowcast.open(next(ktlx[0].glob("*_NCR*"))).values[0]
    else:
        folder = real_data / "radar/cinrad-pup/z9200-20110916"
        theirs = nowcast.open(folder / "CR-37/20110916.013001.00.37.200").values[0]
        tree = radar.read(sorted((folder / "R-19").glob("20110916.013001*")))

    def same(further: float, turned: float) -> float:
        what = f"{radar_of} gates, {further:.0f} m further, turned by {turned} degrees, dB"
        return compared(what, greatest_gates(tree, further, turned), theirs, near, least)[2]

    right = same(0.0, 0.0)
    assert right > least_same
    for further, turned in ((-500.0, 0.0), (500.0, 0.0), (0.0, -0.5), (0.0, 0.5)):
        assert same(further, turned) < right - 0.08


def test_liquid_and_tops_of_tilts_follow_those_of_the_radar(ktlx: tuple[Path, xr.DataTree]) -> None:
    """Where the tilts pass over the top of the echo, beyond 140 km. Liquid of gates is less than of the greatest."""
    folder, tree = ktlx
    data, ground = analysis(tree), float(tree["altitude"])
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


ANGLES = np.radians([0.5, 0.9, 1.3, 1.8, 2.4, 3.1])
AWAY = 1000.0 * np.arange(225)
"""Where gates begin, m."""


@pytest.fixture
def rays(ktlx: tuple[Path, xr.DataTree]) -> list[np.ndarray]:
    return [by_azimuth(next(ktlx[0].glob(f"*_{name}Q*")), "DBZH") for name in TILTS]


def greatest(tilts: list[np.ndarray], shifts: tuple[int, ...]) -> np.ndarray:
    """Of every tilt the greatest gate among those so far behind and aside: (tilt, ray, gate)."""
    near = [(ray, gate) for ray in shifts for gate in shifts]
    return np.array([np.max([np.roll(tilt, shift, (0, 1)) for shift in near], axis=0) for tilt in tilts])


def test_the_radar_takes_liquid_from_the_greatest_gates_that_touch_a_column(ktlx, rays) -> None:
    """Federal Meteorological Handbook 11, part C (2017), 3.2.6: of every tilt the greatest gate, of any reflectivity.

    Depths are those of product 57: from the ground to the middle between tilts, and half a beam above the highest. A
    column touches two rays and two gates, as those of the radar do not begin at whole degrees.
    """
    edges = np.concatenate([[0.0], np.tan(0.5 * (ANGLES[1:] + ANGLES[:-1])), [np.tan(ANGLES[-1] + np.radians(0.5))]])
    outer = AWAY + 1000.0
    tops = outer * edges[:, None] + (np.arange(7) > 0)[:, None] * outer**2 / (2.0 * 4.0 / 3.0 * 6371e3)
    theirs = by_azimuth(next(ktlx[0].glob("*_DVL*")), "VIL")
    where = (AWAY >= 140e3) & (rays[-1] < 18.5) & (theirs >= 1.0)
    assert where.sum() > 300

    def ratio(shifts: tuple[int, ...]) -> np.ndarray:
        z = 10.0 ** (0.1 * greatest(rays, shifts))
        ours = sum(3.44e-6 * z[k] ** (4.0 / 7.0) * (tops[k + 1] - tops[k]) for k in range(6))
        return ours[where] / theirs[where]

    alone, most = ratio((0,)), ratio((0, 1))
    print(f"liquid by the radar's rule: {np.median(alone):.2f} of one gate, {np.median(most):.2f} of the greatest")
    assert np.median(alone) < 0.65
    assert 0.9 < np.median(most) < 1.05
    assert (np.abs(most - 1.0) < 0.2).mean() > 0.6


def test_the_radar_takes_tops_from_the_greatest_gates_that_touch_a_column(ktlx, rays) -> None:
    """Between the highest tilt with 18.5 dBZ and the next, linearly in dBZ; heights are above mean sea level."""
    theirs = 1000.0 * by_azimuth(next(ktlx[0].glob("*_EET*")), "HGHT")
    earth, away = 4.0 / 3.0 * 6371e3, AWAY + 500.0
    beams = np.sqrt(away**2 + earth**2 + 2.0 * earth * away * np.sin(ANGLES)[:, None]) - earth

    def tops(shifts: tuple[int, ...]) -> np.ndarray:
        z, found = np.maximum(greatest(rays, shifts), -32.0), np.full(theirs.shape, np.nan)
        for k in range(5):
            share = (z[k] - 18.5) / np.maximum(z[k] - z[k + 1], 1e-3)
            ends = (z[k] >= 18.5) & (z[k + 1] < 18.5)
            found = np.where(ends, beams[k] + share * (beams[k + 1] - beams[k]), found)
        return found + float(ktlx[1]["altitude"])

    shares = []
    for shifts in ((0,), (-1, 0)):
        ours = tops(shifts)
        where = (AWAY >= 140e3) & (rays[-1] < 18.5) & np.isfinite(ours) & (theirs > 0.0)
        what = f"tops by the radar's rule, {len(shifts) ** 2} gates, m"
        shares.append(told(what, (ours - theirs)[where], 5000.0 * FOOT)[1])
    assert shares[0] < 0.75
    assert shares[1] > 0.8


@pytest.mark.parametrize("time", ["013001", "030000"])
@pytest.mark.parametrize(("method", "least_same", "least_found"), [("linear", 0.3, 0.55), ("nearest", 0.6, 0.78)])
def test_the_composite_of_three_cinrad_tilts_is_that_of_the_radar(
    real_data: Path, time: str, method: str, least_same: float, least_found: float
) -> None:
    """Tilts of 0.5, 1.5 and 3.4 degrees, in classes of 5 dB rounded down, from which nothing finer can come."""
    folder = real_data / "radar/cinrad-pup/z9200-20110916"
    theirs = nowcast.open(folder / f"CR-37/20110916.{time}.00.37.200").values[0]
    tree = radar.read(sorted((folder / "R-19").glob(f"20110916.{time}*")))
    ours = product.composite(analysis(tree, method)).values[0]
    bias, share, same, found = compared(f"composite of {time}, {method}, beyond 60 km, dB", ours, theirs, 60e3, 10.0)
    assert -4.0 < bias < 0.0
    assert share > 0.88
    assert same > least_same
    assert found > least_found
