"""Wind profiles of real volumes beside what others made of the same: vol2bird, VAD of NEXRAD and CINRAD, a sounding.

Printed are, of each pair, the number of levels, and of the differences ours less theirs the means and root mean squares
of u and v, of speed and direction, and the median of the vector. ``make bench-profiles``, with NOWCAST_TEST_DATA. What
each pair is to show stands with its function; what came of it is in the guide, ``wind_profile.md``.
"""

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

import nowcast
from nowcast import obs, radar, verify
from nowcast.errors import NoDataError

Rows = dict[str, pd.DataFrame]

EUROPE = ("bezav", "frbol", "frcol", "frnim", "fropo", "nldhl", "sekkr", "sevil")  # vol2bird saw flight over these
DEPTH_M = 200.0
MILE_M = 1852.0


def sweeps(volume: xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    for name in volume.children:
        if name.startswith("sweep") and "VRADH" in (sweep := volume[name].to_dataset()):
            yield name, sweep


def with_velocities(volume: xr.DataTree, velocities: dict[str, np.ndarray]) -> xr.DataTree:
    """The volume with other velocities, sweep by sweep."""
    made = volume.copy()
    for name, sweep in sweeps(volume):
        values = velocities[name].astype(np.float32)
        made[name] = xr.DataTree(sweep.assign(VRADH=sweep["VRADH"].copy(data=values)))
    return made


# ---- vol2bird ----


def around(values: np.ndarray, beyond: float) -> np.ndarray:
    """A gate and its eight neighbours, (9, ray, gate); rays go round."""
    wide = np.pad(np.pad(values, ((1, 1), (0, 0)), mode="wrap"), ((0, 0), (1, 1)), constant_values=beyond)
    ny, nx = values.shape
    return np.stack([wide[j : j + ny, i : i + nx] for j in range(3) for i in range(3)])


def labelled(mask: np.ndarray) -> np.ndarray:
    """A number for each group of gates that touch, corners too; -1 elsewhere."""
    label = np.where(mask, np.arange(mask.size).reshape(mask.shape), -1)
    while True:
        most = np.where(mask, around(label, -1).max(axis=0), -1)
        most = np.where(mask, most.ravel()[most.clip(0)], -1)  # labels of labels: long groups in few steps
        if (most == label).all():
            return label
        label = most


def weather(sweep: xr.Dataset, dbz: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Gates vol2bird takes for rain, and those within 5 km (Dokter et al. 2011; the settings its files state)."""
    velocity = sweep["VRADH"].values.astype(np.float64)
    both = np.where(np.isfinite(velocity) & np.isfinite(dbz), velocity, np.nan)
    apart = both - around(both, np.nan)
    count = np.isfinite(apart).sum(axis=0)
    mean = np.nansum(apart, axis=0) / count.clip(1)
    texture = np.sqrt((np.nansum(apart**2, axis=0) / count.clip(1) - mean**2).clip(0.0))
    texture[(count < 4) | np.isnan(both)] = np.nan
    enough = (around(dbz, np.nan) > 0.0).sum(axis=0) > 5
    label = labelled((dbz >= 0.0) & enough & (distance < 30e3))
    wet = np.zeros(label.shape, dtype=bool)
    for number in np.unique(label[label >= 0]):
        cell = label == number
        doubtful = cell & ~(np.isfinite(texture) & (np.abs(both) >= 1.0))
        good = cell & ~doubtful
        dry = good.any() and dbz[good].mean() < 15.0 and texture[good].mean() > 5.0
        if cell.sum() >= 4 and not (dry and doubtful.sum() <= 0.5 * cell.sum()):
            wet |= cell
    turn = 2.0 * np.pi * np.arange(len(wet))[:, None] / len(wet)
    x, y = distance * np.sin(turn), distance * np.cos(turn)
    fringe = np.zeros_like(wet)
    for j, i in zip(*np.nonzero(wet & ~around(wet, True).all(axis=0)), strict=True):
        fringe |= (x - x[j, i]) ** 2 + (y - y[j, i]) ** 2 <= 5000.0**2
    return wet | fringe


def of_vol2bird(volume: xr.DataTree) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """By sweep, heights of gates as vol2bird 0.2.2 has them, and velocities it fits, as "birds ..." those of flight.

    It measures ranges from the antenna, whatever the file says of the first gate, and has beams straight over a flat
    earth: so the numbers of gates it states for all echo are met exactly.
    """
    heights, velocities = {}, {}
    for name, sweep in sweeps(volume):
        step = float(sweep["range"][1] - sweep["range"][0])
        distance = np.broadcast_to((np.arange(sweep.sizes["range"]) + 0.5) * step, sweep["VRADH"].shape)
        velocity, dbz = sweep["VRADH"].values, sweep["DBZH"].values.astype(np.float64)
        dbz = np.where(dbz > radar.NOTHING_DBZ, dbz, np.nan)
        slow = float(sweep["nyquist_velocity"][0]) < 20.0
        use = np.isfinite(velocity) & np.isfinite(dbz) & (np.abs(velocity) >= 1.0) & (not slow)
        use &= (distance >= 5e3) & (distance <= 25e3)
        heights[name] = distance * np.sin(np.deg2rad(float(sweep["sweep_fixed_angle"]))) + float(volume["altitude"])
        near = distance[0] < 36e3
        rain = np.zeros(use.shape, dtype=bool)
        rain[:, near] = weather(sweep.isel(range=near), dbz[:, near], distance[:, near])
        velocities[name] = np.where(use, velocity, np.nan)
        velocities[f"birds {name}"] = np.where(use & ~rain & (dbz <= 20.0), velocity, np.nan)
    return heights, velocities


def least_squares(layer: dict[str, np.ndarray], volume: xr.DataTree) -> tuple[np.ndarray, int]:
    """u, v and w of a layer as vol2bird fits them, twice, without what is 10 m/s off the first; and the gates left."""
    velocity, east, north, up = [], [], [], []
    for name, sweep in sweeps(volume):
        ray, gate = np.nonzero(np.isfinite(layer[name]))
        azimuth, elevation = np.deg2rad(sweep["azimuth"].values[ray]), np.deg2rad(float(sweep["sweep_fixed_angle"]))
        velocity.append(layer[name][ray, gate])
        east.append(np.sin(azimuth) * np.cos(elevation))
        north.append(np.cos(azimuth) * np.cos(elevation))
        up.append(np.full(len(ray), np.sin(elevation)))
    y, a = np.concatenate(velocity), np.stack([np.concatenate(part) for part in (east, north, up)], axis=1)
    if len(y) < 25:
        return np.full(3, np.nan), 0
    first = np.linalg.lstsq(a, y, rcond=None)[0]
    near = np.abs(y - a @ first) <= 10.0
    return np.linalg.lstsq(a[near], y[near], rcond=None)[0], int(near.sum())


def same_gates(volume: xr.DataTree, counts: dict[float, int]) -> tuple[list[xr.Dataset], list[xr.Dataset]]:
    """VVP and least squares of the very gates vol2bird fitted, where the number it states is met to a hundredth."""
    heights, velocities = of_vol2bird(volume)
    robust, plain = [], []
    for middle, count in counts.items():
        layer = {}
        for name, height in heights.items():
            inside = (height >= middle - 0.5 * DEPTH_M) & (height <= middle + 0.5 * DEPTH_M)
            layer[name] = np.where(inside, velocities[f"birds {name}"], np.nan)
        (u, v, _), number = least_squares(layer, volume)
        if not 0.99 * count <= number <= 1.01 * count:
            continue
        plain.append(xr.Dataset({"u": ("height", [u]), "v": ("height", [v])}, coords={"height": [middle]}))
        try:  # all the gates left: the layer is deep, since their heights over the round earth differ by up to 40 m
            robust.append(
                radar.wind_profile(
                    with_velocities(volume, layer),
                    method="vvp",
                    heights=[middle],
                    depth=1000.0,
                    ranges=(4e3, 26e3),
                    elevations=(0.0, 90.0),
                    min_points=25,
                )
            )
        except NoDataError:
            continue
    return robust, plain


def beside_vol2bird(data: Path, radars: tuple[str, ...] = EUROPE) -> Rows:
    """VVP beside the profiles vol2bird 0.2.2 made of the same volumes, on an October night of much migration.

    Rows go from the comparison of the fit to that of what each is for: the very gates it fitted, by least squares to
    show that they are, and by ours; gates by its rules, in layers of ours; all gates of 5 to 25 km, rain and birds.
    """
    folder = data / "radar/odim/europe-20151010"
    labels = (
        "least squares, same gates",
        "VVP, same gates",
        "VVP, gates by its rules",
        "VVP, all gates",
        "VAD, all gates",
    )
    rows: dict[str, list[pd.DataFrame]] = {label: [] for label in labels}
    settings = {"depth": DEPTH_M, "ranges": (5e3, 25e3), "elevations": (0.0, 90.0), "min_points": 25}
    for name in radars:
        day = "20151009" if name == "bezav" else "20151010"
        volume = nowcast.open(folder / f"pvol/{name}_pvol_{day}T0000Z.h5")
        profile = folder / f"vp/{name}_vp_{day}T0000Z.h5"
        table = obs.read(profile)
        table = table[table["quantity"].isin(["wind_speed", "wind_from_direction"])]
        with h5py.File(profile) as stored:
            columns = {
                group["what"].attrs["quantity"].decode(): group["data"][:, 0] for group in stored["dataset1"].values()
            }
        heights = sorted(set(table["height"]))
        counts = dict(zip(columns["HGHT"] + 0.5 * DEPTH_M, columns["n"], strict=True))
        robust, plain = same_gates(volume, {height: int(counts[height]) for height in heights})
        for label, found in (("VVP, same gates", robust), ("least squares, same gates", plain)):
            if found:
                rows[label].append(verify.compare_winds(xr.concat(found, "height"), table))
        _, velocities = of_vol2bird(volume)
        birds = {sweep: velocities[f"birds {sweep}"] for sweep, _ in sweeps(volume)}
        for label, made, method in (
            ("VVP, gates by its rules", with_velocities(volume, birds), "vvp"),
            ("VVP, all gates", volume, "vvp"),
            ("VAD, all gates", volume, "vad"),
        ):
            ours = radar.wind_profile(made, method=method, heights=heights, **settings)
            rows[label].append(verify.compare_winds(ours, table))
    return {label: pd.concat(parts, ignore_index=True) for label, parts in rows.items()}


# ---- products of the networks ----

NUMBER = rb"\s+(-?[\d.]+)"
LINE = re.compile(rb"P\s+(\d{3})" + 2 * NUMBER + rb"\s+\S+" + 3 * NUMBER + rb"\s+\S+" + 2 * NUMBER)


def beside_level3(data: Path) -> Rows:
    """VAD of the velocity tilts of KTLX on 2013-05-20 beside the RPG's of the same volume (product 48, NVW).

    Its table says from which ring each wind is: the same rings, and all of a level between 5 and 60 km. With a tornado
    at 22 km the winds near and far differ; they are not to be equal in the second row.
    """
    folder = data / "radar/nexrad-level3/ktlx-20130520"
    product = folder / "KOUN_SDUS34_NVWTLX_201305202016"
    table = obs.read(product)
    table = table[table["time"] == table["time"].max()]
    tilts = [nowcast.open(next(folder.glob(f"*_N{k}UTLX_*"))) for k in range(4)]
    angles = [float(tilt["sweep_0"]["sweep_fixed_angle"]) for tilt in tilts]
    rings = []
    for line in LINE.finditer(product.read_bytes()):
        height, distance, angle = 30.48 * float(line[1]), MILE_M * float(line[7]), float(line[8])
        if angle not in np.round(angles, 1):
            continue
        ring = radar.wind_profile(
            tilts,
            heights=[height],
            depth=500.0,
            ranges=(distance - 1500.0, distance + 1500.0),
            elevations=(angle - 0.1, angle + 0.1),
        )
        rings.append(verify.compare_winds(ring, table))
    heights = sorted({height for row in rings for height in row["height"]})
    whole = verify.compare_winds(radar.wind_profile(tilts, heights=heights), table)
    return {"VAD, the same rings": pd.concat(rings, ignore_index=True), "VAD, 5 to 60 km": whole}


def middles(volume: xr.DataTree, bounds: np.ndarray) -> dict[str, np.ndarray]:
    """Velocities of a product of classes, read as the bound nearer to zero, moved to the middles of their classes."""
    found = {}
    for name, sweep in sweeps(volume):
        velocity = sweep["VRADH"].values.astype(np.float64)
        number = np.searchsorted(bounds, np.abs(np.where(np.isfinite(velocity), velocity, 0.0)) - 1e-3)
        last = len(bounds) - 1
        width = np.where(
            number < last, bounds[(number + 1).clip(0, last)] - bounds[number], bounds[last] - bounds[last - 1]
        )
        found[name] = velocity + np.where(velocity < 0.0, -0.5, 0.5) * width
    return found


def beside_cinrad(data: Path) -> Rows:
    """VAD of three tilts of Guangzhou in classes of 5 m/s (V-27) beside the VAD product (VWP-48) of 30 volumes."""
    folder = data / "radar/cinrad-pup/z9200-20110916"
    rows = []
    for product in sorted((folder / "VWP-48").iterdir()):
        table = obs.read(product)
        table = table[table["time"] == table["time"].max()]
        tilts = [nowcast.open(file) for file in sorted((folder / "V-27").glob(f"{product.name[:15]}*"))]
        values = [np.abs(sweep["VRADH"].values) for tilt in tilts for _, sweep in sweeps(tilt)]
        # beside 0 and the first bounds of either sign, 1 and 2 knots, every bound is there with both signs
        bounds = np.unique(np.concatenate([some[np.isfinite(some)] for some in values]))
        made = [with_velocities(tilt, middles(tilt, bounds)) for tilt in tilts]
        ours = radar.wind_profile(made, heights=sorted(set(table["height"])))
        rows.append(verify.compare_winds(ours, table))
    return {"VAD, 5 to 60 km": pd.concat(rows, ignore_index=True)}


def beside_sounding(data: Path) -> Rows:
    """KHTX, 18:11 to 18:36, beside the sounding of Birmingham at 12:00, 200 km south, ahead of a squall line."""
    table = obs.read(data / "obs/sounding/bmx_sounding_20080411_12Z.txt", near="2008-04-11T12:00")
    files = sorted((data / "radar/nexrad/khtx-20080411").iterdir())
    volumes = [radar.dealias(nowcast.open(file)) for file in files]
    heights = np.arange(400.0, 12000.0, 400.0)
    return {
        label: verify.compare_winds(radar.wind_profile(volumes, method=method, heights=heights), table)
        for label, method in (("VVP, 5 to 60 km", "vvp"), ("VAD, 5 to 60 km", "vad"))
    }


BESIDE = {
    "vol2bird, 8 European radars, 2015-10-10 00 UTC": beside_vol2bird,
    "NEXRAD VAD product, KTLX, 2013-05-20 20:16 UTC": beside_level3,
    "CINRAD VWP product, Guangzhou, 2011-09-16, 30 volumes": beside_cinrad,
    "sounding BMX 2008-04-11 12 UTC, KHTX 18:11 to 18:36 UTC": beside_sounding,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("NOWCAST_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    data = parser.parse_args().data
    head = ("levels", "u mean", "v mean", "u rms", "v rms", "speed", "degrees", "median")
    print(f"{'m/s, ours less theirs':26}" + "".join(f"{name:>9}" for name in head))
    for title, beside in BESIDE.items():
        print(title)
        for label, rows in beside(data).items():
            score = verify.wind_scores(rows).iloc[0]
            parts = ("u_mean", "v_mean", "u_rms", "v_rms", "speed_mean", "direction_mean", "vector_median")
            print(f"  {label:24}{int(score['n']):9d}" + "".join(f"{score[part]:9.2f}" for part in parts))


if __name__ == "__main__":
    main()
