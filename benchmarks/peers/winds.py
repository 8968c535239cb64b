"""Three-dimensional winds of real storms by libnowcast and PyDDA, from the same radial velocities.

Darwin, 2006-01-20: two radars on a grid, as PyDDA's own example has them, and a radiosonde. Northern Alabama,
2008-04-11: raw volumes of KHTX and ARMOR; both take the same dealiased velocities, PyDDA after gridding by Py-ART.
A part of the velocities of one radar is withheld and predicted. ``make bench-winds``, with NOWCAST_TEST_DATA; what
PyDDA does is in winds_side.py, what came of it is in the guide, ``wind.md``.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

import nowcast
from nowcast import wind
from nowcast.grid import Grid
from timing import peak_kib, timed

Array = npt.NDArray[np.float64]

SIDE = Path(__file__).with_name("winds_side.py")
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
SCALE_M = 10e3  # of PyDDA's air, whose density falls to 1/e over it
ANGLES = (35.0, 145.0)  # between beams, for what is said of both radars
FREEZING_M = 4500.0
COLUMN_M = 10e3
EARTH_M = 4.0 / 3.0 * 6371e3  # over which beams are straight
LOW_DEG = 4.5  # of beams whose velocities are predicted: what echo falls hardly counts
SEED = 20060120
NEAR_M, NEAR_UP_M = 8e3, 3e3  # over which covariances of innovations are fitted
LEAST_KNOWN = 100  # velocities, for the mean wind of a level
CONVERGED = 0.002  # the tolerance with which columns that nobody saw have got their wind, too


# ---- Darwin ----


def darwin(data: Path = DATA) -> tuple[list[xr.Dataset], Grid, xr.DataArray]:
    """The two radars, their grid, and the sounding."""
    folder = data / "retrieval/darwin-20060120"
    found = []
    for name in ("cpol", "berr"):
        with xr.open_dataset(folder / f"{name}_200601200050.nc", decode_times=False) as raw:
            lon, lat = (float(raw[f"origin_{part}"][0]) for part in ("longitude", "latitude"))
            projection = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84 +units=m"
            z = tuple(raw["z"].values.astype(float))
            x, y = raw["x"].values.tolist(), raw["y"].values.tolist()
            grid = Grid(projection, len(x), len(y), x[0], y[0], x[1] - x[0], y[1] - y[0], z)
            place = {part: float(raw[f"radar_{part}"][0]) for part in ("longitude", "latitude")}
            names = {"VT": "VRADDH", "DT": "DBZH", "AZ": "azimuth", "EL": "elevation"}
            units = {"VT": "m s-1", "DT": "dBZ", "AZ": "degrees", "EL": "degrees"}
            cells = {
                new: (
                    ("z", "y", "x"),
                    raw[old].values[0].astype(np.float32),
                    {"units": units[old], "grid_mapping": "crs"},
                )
                for old, new in names.items()
            }
        coords = grid.levels() | grid.coords() | {"time": np.datetime64("2006-01-20T00:50", "ns")}
        found.append(xr.Dataset(cells, coords=coords, attrs={"instrument_name": name.upper()} | place))
    return found, grid, nowcast.open(folder / "test_sounding.cdf")


def withheld(radar: xr.Dataset, kind: str) -> npt.NDArray[np.bool_]:
    """A fifth of the velocities of a radar: grid points, or columns of 10 km, drawn by chance."""
    chance = np.random.default_rng(SEED)
    shape = radar["VRADDH"].shape
    if kind == "points":
        drawn = chance.random(shape) < 0.2
    else:
        j, i = ((radar[axis].values - radar[axis].values[0]) // COLUMN_M for axis in ("y", "x"))
        blocks = chance.random((int(j.max()) + 1, int(i.max()) + 1)) < 0.2
        drawn = np.broadcast_to(blocks[j.astype(int)[:, None], i.astype(int)[None, :]], shape)
    return drawn & np.isfinite(radar["VRADDH"].values)


def without(radar: xr.Dataset, drawn: npt.NDArray[np.bool_]) -> xr.Dataset:
    velocity = radar["VRADDH"]
    return radar.assign(VRADDH=velocity.copy(data=np.where(drawn, np.nan, velocity.values).astype(np.float32)))


# ---- northern Alabama ----


def alabama(data: Path = DATA) -> tuple[list[xr.DataTree], Grid]:
    """KHTX and ARMOR of 2008-04-11 18:22, checked and dealiased, and a grid about both."""
    paths = (
        "radar/nexrad/khtx-20080411/KHTX20080411_182140.gz",
        "retrieval/armor-khtx-20080411/armor_20080411_182230_from_dorade.nc",
    )
    volumes = [nowcast.radar.dealias(nowcast.radar.quality(nowcast.open(data / path))) for path in paths]
    return volumes, nowcast.grid.around(volumes, 45e3, dx=1500.0, dz=500.0, top=16e3)


def withheld_gates(volume: xr.DataTree, grid: Grid, kind: str) -> tuple[xr.DataTree, xr.Dataset]:
    """A volume without a fifth of its velocities, every fifth ray or columns of 10 km, or all, and the gates taken."""
    chance = np.random.default_rng(SEED)
    blocks = chance.random((100, 100)) < 0.2
    made, taken = volume.copy(), []
    placed = nowcast.radar.georeference(volume)
    for name in volume.children:
        sweep = placed[name].to_dataset()
        if "VRADDH" not in sweep:
            continue
        velocity = sweep["VRADDH"].values
        x, y = grid.from_lonlat(sweep["longitude"].values, sweep["latitude"].values)
        if kind == "all":
            drawn = np.ones(velocity.shape, dtype=bool)
        elif kind == "rays":
            drawn = np.broadcast_to(np.arange(len(velocity))[:, None] % 5 == 0, velocity.shape)
        else:
            drawn = blocks[
                ((y - grid.y[0]) // COLUMN_M).astype(int) % 100, ((x - grid.x[0]) // COLUMN_M).astype(int) % 100
            ]
        own = volume[name].to_dataset()
        made[name] = xr.DataTree(own.assign(VRADDH=own["VRADDH"].where(~drawn)))
        good = drawn & np.isfinite(velocity) & (own["VCONF"].values >= 0.5) & (own["QIND"].values >= 0.1)
        inside = (x > grid.x[0]) & (x < grid.x[-1]) & (y > grid.y[0]) & (y < grid.y[-1])
        inside &= (
            (sweep["z"].values > grid.z[0])
            & (sweep["z"].values < grid.z[-1])
            & (sweep["elevation"].values[:, None] < LOW_DEG)
        )
        at = np.nonzero(good & inside)
        cells = {"x": x[at], "y": y[at], "z": sweep["z"].values[at], "velocity": velocity[at]}
        cells |= {"azimuth": sweep["azimuth"].values[at[0]], "elevation": sweep["elevation"].values[at[0]]}
        cells |= {"time": sweep["time"].values[at[0]]}
        taken.append(xr.Dataset({key: ("gate", value) for key, value in cells.items()}))
    return made, xr.concat(taken, "gate")


def read_at(field: Array, grid: Grid, x: Array, y: Array, z: Array) -> Array:
    """A field (z, y, x) at places, linear between cells."""
    levels = np.array(grid.z)
    parts = [(z - levels[0]) / (levels[1] - levels[0]), (y - grid.y[0]) / grid.dy, (x - grid.x[0]) / grid.dx]
    first = [np.clip(part.astype(int), 0, size - 2) for part, size in zip(parts, field.shape, strict=True)]
    rest = [np.clip(part - low, 0.0, 1.0) for part, low in zip(parts, first, strict=True)]
    total = np.zeros(x.shape)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([part if up else 1.0 - part for part, up in zip(rest, corner, strict=True)], axis=0)
        total += weight * field[tuple(low + up for low, up in zip(first, corner, strict=True))]
    return total


def held_out_gates(volumes: list[xr.DataTree], grid: Grid, kind: str, **options: Any) -> tuple[float, float, int]:
    """Of velocities of the second radar that were withheld: errors of the wind, and of their mean, and how many."""
    thinned, gates = withheld_gates(volumes[1], grid, kind)
    made = wind.retrieve([volumes[0], thinned], grid, **options)
    seen, known = at_gates({name: made[name].values for name in "uvw"}, made, volumes, 1, gates, grid)
    velocity = gates["velocity"].values.astype(float)
    return rms((seen - velocity)[known]), rms((velocity - velocity[known].mean())[known]), int(known.sum())


def at_gates(
    found: dict[str, Array], made: xr.Dataset, volumes: list[xr.DataTree], number: int, gates: xr.Dataset, grid: Grid
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """What a radar would see at its gates of a wind found for the time and motion of made, and where both see well."""
    seconds = (gates["time"].values - made["time"].values) / np.timedelta64(1, "s")
    x = gates["x"].values - seconds * float(made["motion_u"])
    y = gates["y"].values - seconds * float(made["motion_v"])
    at = [read_at(found[name].astype(float), grid, x, y, gates["z"].values) for name in "uvw"]
    azimuth, elevation = (np.radians(gates[name].values.astype(float)) for name in ("azimuth", "elevation"))
    seen = (at[0] * np.sin(azimuth) + at[1] * np.cos(azimuth)) * np.cos(elevation) + at[2] * np.sin(elevation)
    beside = volumes[1 - number]
    other = grid.from_lonlat(float(beside["longitude"]), float(beside["latitude"]))
    apart = np.degrees(np.arctan2(x - float(other[0]), y - float(other[1])) - azimuth)
    apart = np.abs((apart + 180.0) % 360.0 - 180.0)
    there = (made["sources"].values >> (1 - number) & 1).astype(float)
    known = (apart > ANGLES[0]) & (apart < ANGLES[1]) & np.isfinite(seen)
    known &= read_at(there, grid, x, y, gates["z"].values) > 0.5
    return seen, known


# ---- what a wind is judged by ----


def fall_speed(radar: xr.Dataset) -> Array:
    """m s-1 at which echo is taken to fall, so that both sides are given, and judged by, velocities of air.

    Rain and snow by reflectivity (Atlas, Srivastava and Sekhon 1973), faster in thin air, one passing into the other
    over a kilometre; above that, strong echo falls as rain does. PyDDA's own law jumps by 6 m/s at 33 dBZ above the
    freezing level.
    """
    return fall_of(radar["DBZH"].values, radar["z"].values[:, None, None])


def fall_of(reflectivity: Array, z: Array) -> Array:
    dbz = np.clip(np.nan_to_num(reflectivity.astype(float), nan=20.0), 0.0, 60.0)
    rain, snow = 2.6 * 10.0 ** (0.0107 * dbz), 0.817 * 10.0 ** (0.0063 * dbz)
    melted = np.clip((FREEZING_M + 500.0 - z) / 1000.0, 0.0, 1.0)
    wet = np.maximum(melted, np.clip((dbz - 30.0) / 15.0, 0.0, 1.0))
    return np.asarray(np.exp(0.4 * z / SCALE_M) * (wet * rain + (1.0 - wet) * snow))


def radial(found: dict[str, Array], radar: xr.Dataset) -> Array:
    """What the radar would see of a wind: (z, y, x), m s-1."""
    azimuth, elevation = (np.radians(radar[name].values.astype(float)) for name in ("azimuth", "elevation"))
    fall = fall_speed(radar)
    flat = found["u"] * np.sin(azimuth) + found["v"] * np.cos(azimuth)
    return flat * np.cos(elevation) + (found["w"] - fall) * np.sin(elevation)


def still(radar: xr.Dataset) -> xr.Dataset:
    """The velocities of air: those of echo, its fall taken off."""
    elevation = np.radians(radar["elevation"].values.astype(float))
    air = radar["VRADDH"].values + fall_speed(radar) * np.sin(elevation)
    return radar.drop_vars("DBZH").assign(VRADDH=radar["VRADDH"].copy(data=air.astype(np.float32)))


def seen_well(radars: list[xr.Dataset]) -> npt.NDArray[np.bool_]:
    """Where both radars see, with beams that cross at 35 to 145 degrees."""
    both = np.isfinite(radars[0]["VRADDH"].values) & np.isfinite(radars[1]["VRADDH"].values)
    apart = np.abs((radars[0]["azimuth"].values - radars[1]["azimuth"].values + 180.0) % 360.0 - 180.0)
    return both & (apart > ANGLES[0]) & (apart < ANGLES[1])


def rms(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if known.size else np.nan


def continuity(found: dict[str, Array], grid: Grid, where: npt.NDArray[np.bool_]) -> float:
    """Root mean square of (d(rho u)/dx + d(rho v)/dy + d(rho w)/dz) / rho by centred differences, s-1."""
    rho = np.exp(-np.array(grid.z) / SCALE_M)[:, None, None]
    parts = [np.gradient(found[name], step, axis=axis) for name, axis, step in (("u", 2, grid.dx), ("v", 1, grid.dy))]
    up = np.gradient(rho * found["w"], np.array(grid.z), axis=0) / rho
    return rms((parts[0] + parts[1] + up)[where])


def judged(found: dict[str, Array], radars: list[xr.Dataset], grid: Grid) -> dict[str, Any]:
    where = seen_well(radars)
    inside = np.zeros_like(where)
    inside[1:-1, 1:-1, 1:-1] = where[1:-1, 1:-1, 1:-1]
    known = where & np.isfinite(found["w"])
    return {
        "radial": [rms((radial(found, radar) - radar["VRADDH"].values)[where]) for radar in radars],
        "continuity": continuity(found, grid, inside),
        "w": [float(found["w"][known].min()), float(found["w"][known].max())],
        "profile": [rms(found["w"][k][known[k]]) for k in range(len(grid.z))],
    }


# ---- errors from what velocities say ----


def innovations(radars: list[xr.Dataset], grid: Grid) -> list[Array]:
    """Velocities of air less those of the mean wind of each level, which is fitted to all of them: (z, y, x), m s-1."""
    velocities = [still(radar)["VRADDH"].values.astype(float) for radar in radars]
    beams = []
    for radar in radars:
        azimuth, elevation = (np.radians(radar[name].values.astype(float)) for name in ("azimuth", "elevation"))
        beams.append(np.stack([np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation)]))
    left = [np.full(velocity.shape, np.nan) for velocity in velocities]
    for k in range(len(grid.z)):
        known = [np.isfinite(velocity[k]) for velocity in velocities]
        if sum(int(one.sum()) for one in known) < LEAST_KNOWN:
            continue
        seen = np.concatenate([velocity[k][one] for velocity, one in zip(velocities, known, strict=True)])
        along = np.concatenate([beam[:, k][:, one].T for beam, one in zip(beams, known, strict=True)])
        mean = np.linalg.lstsq(along, seen, rcond=None)[0]
        for velocity, beam, rest in zip(velocities, beams, left, strict=True):
            rest[k] = velocity[k] - np.tensordot(mean, beam[:, k], 1)
    return left


def statistics(radars: list[xr.Dataset], grid: Grid) -> dict[str, float]:
    """The error of a background that is a mean profile, and its lengths, m: an exponential through the covariances of
    innovations of one radar with those nearby (Hollingsworth and Lonnberg 1986, Tellus 38A, 111)."""
    found = innovations(radars, grid)
    flat = [(grid.dx * n, _covariance(found, n, (1, 2))) for n in range(1, 1 + round(NEAR_M / grid.dx))]
    dz = grid.z[1] - grid.z[0]
    up = [(dz * n, _covariance(found, n, (0,))) for n in range(1, 1 + round(NEAR_UP_M / dz))]
    (slope, start), (slope_up, _) = (
        np.polyfit([lag for lag, _ in pairs], np.log([value for _, value in pairs]), 1) for pairs in (flat, up)
    )
    return {"error": float(np.exp(0.5 * start)), "length": float(-1.0 / slope), "length_up": float(-1.0 / slope_up)}


def _covariance(fields: list[Array], lag: int, axes: tuple[int, ...]) -> float:
    """The mean product of values that are some cells apart along one of the axes."""
    total, count = 0.0, 0
    for field in fields:
        for axis in axes:
            pairs = np.moveaxis(field, axis, 0)
            product = pairs[:-lag] * pairs[lag:]
            total, count = total + float(np.nansum(product)), count + int(np.isfinite(product).sum())
    return total / max(count, 1)


# ---- both sides ----


def ours(
    radars: list[xr.Dataset], grid: Grid, sounding: Any, runs: int = 1, **options: Any
) -> tuple[dict[str, Array], dict[str, float]]:
    """The wind of radars that are on a grid, and what it took."""
    made, times = timed(
        lambda: wind.retrieve(
            grid=grid,
            time="2006-01-20T00:50",
            background=sounding,
            gridded=[still(radar) for radar in radars],
            density_scale=SCALE_M,
            **options,
        ),
        runs,
    )
    found = {name: made[name].values.astype(float) for name in ("u", "v", "w")}
    took = {
        "seconds": float(np.median(times[:, 0])),
        "processor": float(np.median(times[:, 1])),
        "MiB": peak_kib() / 1024.0,
    }
    return found, took | {"iterations": float(made["iterations"]), "flags": float(made["flags"])}


def theirs(
    python: str, radars: list[xr.Dataset], grid: Grid, sounding: xr.Dataset, setting: str
) -> tuple[dict[str, Array], dict[str, float]]:
    """PyDDA's, with a setting of winds_side.py."""
    arrays: dict[str, Any] = {}
    for number, radar in enumerate(radars):
        arrays[f"VRADDH{number}"] = still(radar)["VRADDH"].values
        arrays |= {f"{part}{number}": radar[part].values for part in ("DBZH", "azimuth", "elevation")}
    places = [(radar.attrs["longitude"], radar.attrs["latitude"]) for radar in radars]
    return _by_their_side(python, arrays, grid, places, sounding, setting)


def theirs_of_volumes(
    python: str,
    volumes: list[xr.DataTree],
    grid: Grid,
    time: Any,
    motion: tuple[float, float],
    sounding: xr.Dataset,
    setting: str,
) -> tuple[dict[str, Array], dict[str, float]]:
    """The same of volumes with VRADDH, which Py-ART brings to the grid, sweeps moved to one time by a motion, m/s."""
    arrays: dict[str, Any] = {}
    places = []
    middle = [np.meshgrid(np.array(grid.z), grid.y, grid.x, indexing="ij")[axis] for axis in (2, 1, 0)]
    for number, volume in enumerate(volumes):
        lon, lat, altitude = (float(volume[name]) for name in ("longitude", "latitude", "altitude"))
        places.append((lon, lat))
        x, y = (float(part) for part in grid.from_lonlat(lon, lat))
        away = np.hypot(middle[0] - x, middle[1] - y)
        arrays[f"azimuth{number}"] = np.degrees(np.arctan2(middle[0] - x, middle[1] - y))
        arrays[f"elevation{number}"] = np.degrees(np.arctan2(middle[2] - altitude - away**2 / (2.0 * EARTH_M), away))
        used = [sweep for sweep in (node.to_dataset() for node in volume.children.values()) if "VRADDH" in sweep]
        for k, sweep in enumerate(used):
            when = sweep["time"].values
            late = float(np.mean((when - np.datetime64(time, "ns")) / np.timedelta64(1, "s")))
            velocity = sweep["VRADDH"].values
            part = {name: sweep[name].values for name in ("azimuth", "elevation", "range")}
            part["DBZH"] = sweep["DBZH"].values if "DBZH" in sweep else np.full_like(velocity, np.nan)
            fall = fall_of(part["DBZH"], _heights(sweep, altitude))
            up = np.sin(np.radians(sweep["elevation"].values.astype(float)))[:, None]
            trusted = np.ones(fall.shape, dtype=bool)
            for name, least in (("VCONF", 0.5), ("QIND", 0.1)):
                if name in sweep:
                    trusted &= ~(sweep[name].values < least)
            part["VRADDH"] = np.where(trusted, velocity + fall * up, np.nan)
            part["place"] = np.array([lon, lat, altitude, -late * motion[0], -late * motion[1]])
            arrays |= {f"{name}{number}_{k}": value for name, value in part.items()}
    return _by_their_side(python, arrays, grid, places, sounding, setting)


def _heights(sweep: xr.Dataset, altitude: float) -> Array:
    """Of gates above mean sea level."""
    elevation, away = np.radians(sweep["elevation"].values.astype(float))[:, None], sweep["range"].values[None, :]
    return np.asarray(altitude + away * np.sin(elevation) + (away * np.cos(elevation)) ** 2 / (2.0 * EARTH_M))


def _by_their_side(
    python: str,
    arrays: dict[str, Any],
    grid: Grid,
    places: list[tuple[float, float]],
    sounding: xr.Dataset,
    setting: str,
) -> tuple[dict[str, Array], dict[str, float]]:
    origin = [float(part) for part in grid.to_lonlat(0.0, 0.0)]
    arrays = {"z": np.array(grid.z), "y": grid.y, "x": grid.x, **arrays}
    arrays["places"] = np.array([[*place, *origin] for place in places])
    arrays |= {part: sounding[part].values for part in ("u", "v")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "radars.npz", **arrays)
        subprocess.run([python, SIDE, name, setting], check=True, stdout=subprocess.DEVNULL)
        with np.load(folder / "wind.npz") as made:
            return {part: made[part] for part in "uvw"}, {
                part: float(made[part]) for part in ("seconds", "processor", "MiB")
            }


def profile_of(sounding: Any, grid: Grid) -> xr.Dataset:
    """u and v of a sounding at the levels of a grid."""
    return nowcast.radar.wind_over_height(sounding, grid.z)


SETTINGS = {
    "PyDDA, its example (Cm 256)": "example",
    "PyDDA, sounding and smoothness .01": "sounding",
}


def show(title: str, radars: list[xr.Dataset], grid: Grid, background: Any, python: str | None) -> None:
    print(f"{title}: {len(grid.z)} x {grid.ny} x {grid.nx} points, {int(seen_well(radars).sum())} seen well by both")
    kinds = ("points", "columns")
    head = ("s", "cpu s", "MiB", "radial 1", "radial 2", "mass, 1/s", "w least", "w most",
            *(f"{kind} {number + 1}" for number in range(2) for kind in kinds))  # fmt: skip
    print(f"{'':38}" + "".join(f"{name:>10}" for name in head))
    profiles: dict[str, list[float]] = {}
    for label, run in sides(radars, grid, background, python):
        found, took = run(radars)
        told = judged(found, radars, grid)
        profiles[label] = told["profile"]
        held = [held_out(run, radars, kind, number) for number in range(2) for kind in kinds]
        numbers = [took["seconds"], took["processor"], took["MiB"], *told["radial"]]
        print(
            f"{label:38}" + "".join(f"{one:10.2f}" for one in numbers) + f"{told['continuity']:10.1e}"
            + "".join(f"{one:10.2f}" for one in (*told["w"], *held))
        )  # fmt: skip
    print("root mean square of w by height, m/s")
    print(f"{'km':38}" + "".join(f"{1e-3 * grid.z[k]:7.1f}" for k in range(1, len(grid.z), 4)))
    for label, profile in profiles.items():
        print(f"{label:38}" + "".join(f"{profile[k]:7.2f}" for k in range(1, len(grid.z), 4)))


def sides(radars: list[xr.Dataset], grid: Grid, background: Any, python: str | None) -> Iterator[tuple[str, Any]]:
    yield "libnowcast, sounding", lambda given: ours(given, grid, background)
    yield "libnowcast, its own profile", lambda given: ours(given, grid, None)
    yield (
        "libnowcast, errors of innovations",
        lambda given: ours(given, grid, None, tolerance=CONVERGED, **statistics(given, grid)),
    )
    if python:
        sounding = profile_of(background, grid)
        for label, setting in SETTINGS.items():
            yield label, lambda given, setting=setting: theirs(python, given, grid, sounding, setting)


def held_out(run: Any, radars: list[xr.Dataset], kind: str, number: int = 0) -> float:
    """Error of the radial velocities of one of the radars that were withheld, where both see well."""
    drawn = withheld(radars[number], kind)
    given = [without(radar, drawn) if n == number else radar for n, radar in enumerate(radars)]
    found, _ = run(given)
    return rms((radial(found, radars[number]) - radars[number]["VRADDH"].values)[drawn & seen_well(radars)])


def beside_alabama(data: Path, python: str) -> None:
    """Both sides without every fifth ray of ARMOR. The sounding of PyDDA is the mean wind of each level of ours."""
    volumes, grid = alabama(data)
    thinned, withheld_rays = withheld_gates(volumes[1], grid, "rays")
    given = [volumes[0], thinned]
    made, times = timed(lambda: wind.retrieve(given, grid), 1)
    took = {"seconds": times[0, 0], "processor": times[0, 1], "MiB": peak_kib() / 1024.0}
    own = {name: made[name].values.astype(float) for name in "uvw"}
    motion = (float(made["motion_u"]), float(made["motion_v"]))
    profile = made[["u", "v"]].mean(("y", "x")).interpolate_na("z", fill_value="extrapolate")
    other, other_took = theirs_of_volumes(python, given, grid, made["time"].values, motion, profile, "sounding")
    both = made["sources"].values & 3 == 3
    inside = np.zeros_like(both)
    inside[1:-1, 1:-1, 1:-1] = both[1:-1, 1:-1, 1:-1]
    head = ("s", "cpu s", "MiB", "KHTX", "ARMOR", "withheld", "mass, 1/s", "w least", "w most")
    print(f"\nwithout every fifth ray of ARMOR\n{'':14}" + "".join(f"{name:>10}" for name in head))
    for label, found, cost in (("libnowcast", own, took), ("PyDDA", other, other_took)):
        sets = [(n, withheld_gates(volume, grid, "all")[1]) for n, volume in enumerate(given)] + [(1, withheld_rays)]
        off = []
        for number, gates in sets:
            seen, known = at_gates(found, made, volumes, number, gates, grid)
            off.append(rms((seen - gates["velocity"].values)[known]))
        w = found["w"][both]
        numbers = [cost[name] for name in ("seconds", "processor", "MiB")] + off
        print(
            f"{label:14}" + "".join(f"{one:10.2f}" for one in numbers)
            + f"{continuity(found, grid, inside):10.1e}{np.nanmin(w):10.2f}{np.nanmax(w):10.2f}"
        )  # fmt: skip


def show_alabama(data: Path) -> None:
    """What velocities of ARMOR are off by that were withheld."""
    volumes, grid = alabama(data)
    made, times = timed(lambda: wind.retrieve(volumes, grid), 1)
    print(f"\nNorthern Alabama 2008-04-11 18:24 UTC, {times[0, 0]:.1f} s, {times[0, 1]:.1f} cpu s")
    print(wind.report(made))
    both = made["w"].values[made["sources"].values == 3]
    print(f"w where both see: {both.min():.1f} to {both.max():.1f} m/s")
    for kind in ("rays", "columns"):
        error, alone, n = held_out_gates(volumes, grid, kind)
        print(f"withheld {kind}: {error:.2f} m/s of {n} gates of ARMOR, which vary by {alone:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--python", help="a Python that has PyDDA; ours alone without one")
    arguments = parser.parse_args()
    radars, grid, sounding = darwin(arguments.data)
    show("Darwin 2006-01-20 00:50 UTC, CPOL and Berrima", radars, grid, sounding, arguments.python)
    show_alabama(arguments.data)
    if arguments.python:
        beside_alabama(arguments.data, arguments.python)


if __name__ == "__main__":
    main()
