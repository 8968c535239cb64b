"""Hail and rotation of real volumes beside their published equations, by loops; and beside what a radar told."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import mosaic, product, radar
from nowcast.grid import Grid

pytestmark = pytest.mark.realdata

FREEZING, COLD = 3500.0, 6700.0  # m: what they are does not matter to the equations
STEP = 5.0  # m
FOLDER = "radar/nexrad"
PLACES = {"ktlx-19990503/KTLX19990503_235621.gz": {"latitude": 35.333, "longitude": -97.278, "altitude": 384.0}}
"""of a radar that does not say it"""
VOLUMES = ("khtx-20080411/KHTX20080411_182140.gz", "ktlx-19990503/KTLX19990503_235621.gz")


def plane(tree: xr.DataTree) -> str:
    return f"+proj=aeqd +lat_0={float(tree['latitude'])} +lon_0={float(tree['longitude'])} +ellps=WGS84"


def energy(dbz: np.ndarray) -> np.ndarray:
    """Witt et al. (1998), equations 1 and 2: flux of the kinetic energy of hail, J m-2 s-1; none is none."""
    weight = np.clip((dbz - 40.0) / 10.0, 0.0, 1.0)
    return np.where(weight > 0.0, 5e-6 * 10.0 ** (0.084 * np.where(np.isnan(dbz), -99.0, dbz)) * weight, 0.0)


def severe_hail(z: np.ndarray, flux: np.ndarray) -> float:
    """Equations 3 to 5, J m-1 s-1: the flux on a line from height to height, summed up in thin layers."""
    middles = np.arange(z[0] + 0.5 * STEP, z[-1], STEP)
    warmth = np.clip((middles - FREEZING) / (COLD - FREEZING), 0.0, 1.0)
    return 0.1 * STEP * float((warmth * np.interp(middles, z, flux)).sum())


@pytest.mark.parametrize("path", VOLUMES)
def test_hail_is_that_of_the_published_equations(real_data: Path, path: str) -> None:
    """Columns around the strongest gate of 30 to 90 km: 2.54 sqrt(SHI), and POSH with its warning threshold."""
    tree = nowcast.open(real_data / FOLDER / path)
    for name, value in PLACES.get(path, {}).items():
        tree[name] = value
    sweep = max((one for one in tree.children.values() if "DBZH" in one), key=lambda one: one["DBZH"].sizes["range"])
    away = sweep["range"].values
    dbz = np.where((away > 30e3) & (away < 90e3), sweep["DBZH"].values, -np.inf)
    ray, gate = np.unravel_index(int(np.nanargmax(dbz)), dbz.shape)
    x, y = (away[gate] * f(np.radians(float(sweep["azimuth"][ray]))) for f in (np.sin, np.cos))
    levels = tuple(np.arange(500.0, 16001.0, 500.0))
    grid = Grid(plane(tree), 7, 7, x - 6e3, y - 6e3, 2e3, 2e3, levels)
    cube = mosaic.build(tree, grid=grid, fields=["DBZH"])["DBZH"].isel(time=0, drop=True)
    found = product.hail(cube, FREEZING, COLD)
    z, columns, compared = np.array(levels), cube.values.reshape(len(levels), -1), 0
    for n, column in enumerate(columns.T):
        known = ~np.isnan(column)
        shi = severe_hail(z[known], energy(column[known]))
        threshold = max(57.5 * FREEZING / 1e3 - 121.0, 20.0)
        posh = np.clip(29.0 * np.log(shi / threshold) + 50.0, 0.0, 100.0) / 100.0 if shi > 0.0 else 0.0
        assert float(found["shi"].values.flat[n]) == pytest.approx(shi, rel=2e-4, abs=1e-3)
        assert float(found["mesh"].values.flat[n]) == pytest.approx(2.54 * np.sqrt(shi), rel=2e-4, abs=1e-2)
        assert float(found["posh"].values.flat[n]) == pytest.approx(posh, abs=1e-3)
        compared += shi > 1.0
    assert compared >= 5


def fitted(velocity: np.ndarray, azimuth: np.ndarray, away: np.ndarray, ray: int, gate: int) -> float:
    """Smith and Elmore (2004): a plane by least squares over known gates within 1250 m across and one gate along."""
    rows = []
    off = (azimuth - azimuth[ray] + 180.0) % 360.0 - 180.0
    beside = {int(np.where(off * side > 0.0, off * side, 999.0).argmin()) for side in (1.0, -1.0)}
    for other in np.flatnonzero(
        (np.abs(np.radians(off)) * away[gate] <= 1250.0) | np.isin(np.arange(off.size), list(beside))
    ):
        for at in range(gate - 1, gate + 2):
            if not np.isnan(velocity[other, at]):
                rows.append((1.0, away[gate] * np.radians(off[other]), away[at] - away[gate], velocity[other, at]))
    made = np.array(rows)
    return float(np.linalg.lstsq(made[:, :3], made[:, 3], rcond=None)[0][1])


@pytest.mark.parametrize("path", VOLUMES)
def test_rotation_is_that_of_a_plane_fitted_at_each_gate(real_data: Path, path: str) -> None:
    """The strongest of a sweep and others drawn, velocities as they were measured."""
    tree = nowcast.open(real_data / FOLDER / path)
    name = next(name for name, one in tree.children.items() if "VRADH" in one)
    alone = xr.DataTree.from_dict({"/": tree.to_dataset(), "/sweep_0": tree[name].to_dataset()})
    sweep = radar.shear(alone, moment="VRADH")["sweep_0"]
    shear, velocity = sweep["AZSHR"].values.copy(), sweep["VRADH"].values
    azimuth, away = sweep["azimuth"].values.astype(float), sweep["range"].values.astype(float)
    shear[:, (away < 5e3) | (away > 100e3)] = np.nan
    known = np.flatnonzero(~np.isnan(shear))
    strongest = known[np.argsort(-np.abs(shear.flat[known]), kind="stable")[:30]]
    drawn = np.random.default_rng(1).choice(known, 90, replace=False)
    for place in np.concatenate([strongest, drawn]):
        ray, gate = np.unravel_index(int(place), shear.shape)
        expected = fitted(velocity, azimuth, away, int(ray), int(gate))
        assert shear[ray, gate] == pytest.approx(expected, rel=1e-3, abs=2e-6)


TILTS = ("N0", "N1", "N2", "N3")


@pytest.fixture
def moore(real_data: Path) -> Path:
    return real_data / FOLDER.replace("nexrad", "nexrad-level3") / "ktlx-20130520"


def told(moore: Path, kind: str, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Longitudes, latitudes and values of what the radar's own program lists."""
    table = nowcast.open(next(moore.glob(f"*_{kind}*")))
    rows = table[(table["quantity"] == quantity) & (table["lead"] == 0.0)]
    return tuple(rows[name].to_numpy() for name in ("longitude", "latitude", "value"))


def test_vortices_the_radar_told_are_where_the_velocity_turns(moore: Path) -> None:
    """NTV and NMD of the day of Moore, four tilts: the program's list is the only reference, and no truth."""
    tree = radar.read([next(moore.glob(f"*_{tilt}U*")) for tilt in TILTS])  # unfolded by the radar's own program
    turned = radar.shear(tree)
    place, found = Grid(plane(tree), 2, 2, 0.0, 0.0, 1e3, 1e3), {}
    for kind in ("NTV", "NMD"):
        lon, lat, strength = told(moore, kind, "gate_to_gate_velocity_difference")
        for x, y, difference in zip(*place.from_lonlat(lon, lat), strength, strict=True):
            if np.hypot(x, y) > 120e3:
                continue
            most = max(strongest_near(sweep, float(x), float(y)) for sweep in turned.children.values())
            found.setdefault(kind, []).append(most)
            print(
                f"{kind} {x / 1e3:.0f}, {y / 1e3:.0f} km: {difference:.0f} m/s from gate to gate, ours {most:.4f} s-1"
            )
    assert (len(found["NTV"]), len(found["NMD"])) == (4, 3)
    assert min(found["NTV"] + found["NMD"]) > 0.005  # half of the vorticity of a mesocyclone (Doswell and Burgess 1993)
    assert found["NTV"][0] == max(found["NTV"]) > 0.02
    gates = np.concatenate([one["AZSHR"].values[:, :480].ravel() for one in turned.children.values()])
    often = float((gates[~np.isnan(gates)] > 0.005).mean())
    print(f"as much at {100.0 * often:.2f} % of all gates of 120 km")
    assert often < 0.02


def strongest_near(sweep: xr.DataTree, x: float, y: float) -> float:
    """The greatest azimuthal shear of a tilt within 3 km of a place."""
    azimuth, away = np.radians(sweep["azimuth"].values), sweep["range"].values
    off = np.hypot(np.outer(np.sin(azimuth), away) - x, np.outer(np.cos(azimuth), away) - y)
    here = np.where(off <= 3e3, sweep["AZSHR"].values, np.nan)
    return float(np.nanmax(here)) if not np.isnan(here).all() else 0.0


def test_hail_the_radar_told_is_near_ours(moore: Path) -> None:
    """NHI beyond 100 km, of the six tilts at hand, with its own heights of 0 and -20 degC: no truth either."""
    tree = radar.read([next(moore.glob(f"*_{tilt}Q*")) for tilt in ("N0", "NA", "N1", "NB", "N2", "N3")])
    grid = Grid(plane(tree), 211, 211, -210e3, -210e3, 2e3, 2e3, tuple(np.arange(1000.0, 16001.0, 500.0)))
    cube = mosaic.build(tree, grid=grid, fields=["DBZH"], reflectivity="z")["DBZH"].isel(time=0, drop=True)
    ours, pairs = product.hail(cube, 4237.0, 6888.0)["mesh"].values, []
    lon, lat, size = told(moore, "NHI", "hail_size")
    for x, y, theirs in zip(*grid.from_lonlat(lon, lat), size, strict=True):
        if not 100e3 < np.hypot(x, y) < 200e3 or not theirs > 0.0:
            continue
        near = np.hypot(*np.meshgrid(grid.x - x, grid.y - y)) <= 8e3
        pairs.append((float(theirs), float(np.nanmax(ours[near]))))
        print(f"{x / 1e3:.0f}, {y / 1e3:.0f} km: hail of {theirs:.0f} mm told, ours {pairs[-1][1]:.0f} mm")
    theirs, mesh = np.array(pairs).T
    print(f"{len(pairs)} cells, mean {theirs.mean():.0f} mm told and {mesh.mean():.0f} mm of ours")
    assert len(pairs) >= 4
    assert abs(mesh.mean() - theirs.mean()) < 10.0
    assert np.abs(mesh - theirs).max() < 15.0
