"""Probabilities of hazards of simulated storms beside what the storms do. ``make bench-hazards``.

Storms of ``nowcast.sim`` of all kinds, some weaker and some stronger, are seen without error every 5 minutes:
reflectivity on cells of 1 km and 15 levels, the products of its columns, rain by Z = 300 R^1.4 up to 53 dBZ at the
lowest level, the wind's rotation and divergence between cells 2 km apart, the wind 1 km up and the gusts that
``nowcast.wind.near_ground`` reads down from there, and the sounding. Debris, gate-to-gate differences and lightning
are not given. Their cells are followed, and forecast after 20, 40 and 60 minutes for up to two hours.

What came is by the physics of the storm, not by any rule: within 5 km of the ellipse of the cell, moved on as the
nearest storm truly moves, rain at a place in the hour around the time, wind at 10 m, hail at the ground, and at least
one flash of the flux of graupel (McCaul et al. 2009), within 5 minutes of it; of tornadoes a vortex with a core below
500 m whose vorticity, by the wind itself 500 m up, is 0.1 s-1 or more.

For each hazard and lead: cases, how often it came, mean probability, the Brier score in its parts (Murphy 1973), its
skill against the frequency, with the 95 % range over storms drawn again, and the area under the ROC curve. Below, of
all leads together, each class of probability: how often it was said, its mean, how often the hazard came. At the end
the same calibrated (``nowcast.cells.calibrate``), each storm by what others taught.
"""

import argparse
import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import cells, product, sim, verify, wind
from nowcast.grid import Grid
from nowcast.sim.flow import Vortex
from nowcast.sim.water import Precipitation

Array = npt.NDArray[np.float64]
STORMS, BOOTSTRAPS, CLASSES, FOLDS = 12, 1000, 11, 10
MINUTE, STEP_S, ISSUE_MINUTES = 60.0, 300.0, (20, 40, 60)
LEADS = (0.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0)  # min
LEVELS = np.arange(1000.0, 15001.0, 1000.0)
STRENGTHS = (1.0, 0.7, 1.3)
RAIN_MM = (20.0, 30.0, 50.0, 80.0)
GUSTS = (17.2, 20.8, 24.5, 28.5)
NEAR_M, HAIL_M, CORE_M, TORNADO = 5e3, 0.02, 500.0, 0.1
NOTHING_DBZ, MARGIN_M = -32.0, 15e3
HAIL_FLUX = 1e-6  # kg m-2 s-1: a stone of 5 mm on a square metre each minute


@dataclasses.dataclass
class Told:
    """Of a storm: rows (lead), probabilities and what came, (row, hazard)."""

    lead: Array
    probability: Array
    came: npt.NDArray[np.bool_]


def make_storm(number: int) -> sim.Storm:
    """A supercell, one with a tornado, a squall line, single cells, in turn."""
    seed, strength = 100 + number, STRENGTHS[number // 4 % len(STRENGTHS)]
    kind = number % 4
    if kind < 2:
        storm = sim.supercell(seed=seed, tornado=kind == 1, particles=5000, cloud=0.6 + 0.05 * (number // 4 % 5))
    elif kind == 2:
        storm = sim.squall_line(seed=seed, length=40e3 + 10e3 * (number // 4), particles=6000)
    else:
        storm = sim.pulse_cells(seed=seed)
    return storm.displaced(intensity=strength)


def echo_of(storm: sim.Storm, x: Array, y: Array, z: float, t: float) -> Array:
    """dBZ of places at a height."""
    found = np.full(x.shape, NOTHING_DBZ)
    wet = storm.over(x, y, t)
    n = int(wet.sum())
    zh = storm.echo(x[wet], y[wet], np.full(n, z), np.full(n, t))[:, 0]
    found[wet] = 10.0 * np.log10(np.maximum(zh, 10.0 ** (0.1 * NOTHING_DBZ)))
    return found


def seen(storm: sim.Storm, grid: Grid, t: float) -> xr.Dataset:
    """What a mosaic, a perfect retrieval and a sounding tell: (y, x) fields."""
    x, y = np.meshgrid(grid.x, grid.y)
    base, coords = storm.environment, grid.coords() | {"time": ((), storm.time(t))}
    coords["z"] = ("z", LEVELS, {"units": "m", "standard_name": "altitude", "positive": "up", "axis": "Z"})
    flows = [storm.wind(x, y, z, t)[:2] for z in LEVELS]
    u, v = (np.stack([flow[k] for flow in flows]) for k in range(2))
    cubes = {
        "DBZH": ("dBZ", np.stack([echo_of(storm, x, y, z, t) for z in LEVELS])),
        "u": ("m s-1", u),
        "v": ("m s-1", v),
    }
    data = xr.Dataset(
        {
            name: (("z", "y", "x"), values.astype(np.float32), {"units": units, "grid_mapping": "crs"})
            for name, (units, values) in cubes.items()
        },
        coords=coords,
    )
    dbz = data["DBZH"]
    freezing, cold, colder = (base.height_of(kelvin) for kelvin in (273.15, 253.15, 263.15))
    hail = product.hail(dbz, freezing, cold)
    lowest = np.minimum(dbz[0], 53.0)
    spin, spread = np.zeros_like(u), np.zeros_like(u)
    inner = np.s_[:, 1:-1, 1:-1]
    du, dv = (np.gradient(part, grid.dy, grid.dx, axis=(1, 2)) for part in (u, v))
    spin[inner], spread[inner] = 0.5 * (dv[1] - du[0])[inner], (du[1] + dv[0])[inner]
    z = LEVELS
    low, mid, aloft = z <= 2000.0, (z >= 3000.0) & (z <= 6000.0), z >= 8000.0
    flat = {
        "reflectivity": (product.composite(dbz).values, "dBZ"),
        "reflectivity_cold": (dbz.values[z >= colder].max(axis=0), "dBZ"),
        "vil": (product.vil(dbz).values, "kg m-2"),
        "top": (product.echo_top(dbz)["top"].values, "m"),
        "mesh": (hail["mesh"].values, "mm"),
        "posh": (hail["posh"].values, "1"),
        "poh": (hail["poh"].values, "1"),
        "rain": ((10.0 ** (0.1 * lowest.values) / 300.0) ** (1.0 / 1.4), "mm h-1"),
        "shear_low": (spin[low].max(axis=0), "s-1"),
        "shear_mid": (spin[mid].max(axis=0), "s-1"),
        "divergence_low": (spread[0], "s-1"),
        "divergence_aloft": (spread[aloft].max(axis=0), "s-1"),
    }
    steer = [float(np.mean(base.read(flow, np.arange(0.0, 6001.0, 250.0)))) for flow in (base.u, base.v)]
    near = wind.near_ground(data[["u", "v"]], ground=0.0)
    flat |= {"gust": (near["gust"].values, "m s-1"), "wind_low": (np.hypot(u[0], v[0]), "m s-1")}
    flat |= {
        name: (np.full(grid_shape(grid), one), "m s-1") for name, one in zip(("wind_u", "wind_v"), steer, strict=True)
    }
    coords = grid.coords() | {"time": data["time"]}
    return xr.Dataset(
        {
            name: (("y", "x"), values.astype(np.float32), {"units": units, "grid_mapping": "crs"})
            for name, (values, units) in flat.items()
        },
        coords=coords,
    )


def grid_of(storm: sim.Storm) -> Grid:
    """Cells of 1 km wherever there is rain in the hour, and 15 km around."""
    bounds = np.array([bound[:4] for t in (0.0, MINUTE * ISSUE_MINUTES[-1]) for bound in storm.bounds(t)])
    west, south = np.floor((bounds[:, [0, 2]].min(axis=0) - MARGIN_M) / 1e3) * 1e3
    east, north = bounds[:, [1, 3]].max(axis=0) + MARGIN_M
    return Grid(storm.projection, int((east - west) / 1e3) + 1, int((north - south) / 1e3) + 1, west, south, 1e3, 1e3)


def grid_shape(grid: Grid) -> tuple[int, int]:
    return grid.ny, grid.nx


def nearest_path(storm: sim.Storm, x: float, y: float, t: float) -> tuple[Precipitation, float, float]:
    """The body of water whose middle is nearest, and where that is."""

    def middle(water: Precipitation) -> tuple[float, float]:
        west, east, south, north, _ = water.bounds(t)
        return 0.5 * (west + east), 0.5 * (south + north)

    bodies = [water for water in storm.water if isinstance(water, Precipitation)]
    best = min(bodies, key=lambda water: np.hypot(middle(water)[0] - x, middle(water)[1] - y))
    return best, *middle(best)


def around(row: object, x: float, y: float) -> tuple[Array, Array]:
    """Places 1 km apart within NEAR_M of an ellipse about (x, y)."""
    major, minor = row.major + NEAR_M, row.minor + NEAR_M
    reach = np.arange(-np.ceil(major / 1e3), np.ceil(major / 1e3) + 1.0) * 1e3
    dx, dy = (one.ravel() for one in np.meshgrid(reach, reach))
    angle = np.radians(row.orientation)
    along, across = dx * np.sin(angle) + dy * np.cos(angle), dx * np.cos(angle) - dy * np.sin(angle)
    inside = (along / major) ** 2 + (across / minor) ** 2 <= 1.0
    return x + dx[inside], y + dy[inside]


def vorticity(storm: sim.Storm, x: Array, y: Array, t: float) -> float:
    """The greatest of narrow vortices among places, 500 m up."""
    most = 0.0
    for part in storm.parts:
        if not isinstance(part, Vortex) or part.core >= CORE_M:
            continue
        at_x, at_y = part.path.at(t)
        cx, cy = float(at_x) + part.x + part.lean[0] * 500.0, float(at_y) + part.y + part.lean[1] * 500.0
        if np.hypot(x - cx, y - cy).min() > 1e3:
            continue
        step = 0.2 * part.core
        _, v, _ = storm.wind([cx - step, cx + step], [cy, cy], 500.0, t)
        u, _, _ = storm.wind([cx, cx], [cy - step, cy + step], 500.0, t)
        most = max(most, float(v[1] - v[0] - u[1] + u[0]) / (2.0 * step))
    return most


def what_came(storm: sim.Storm, x: Array, y: Array, t: float) -> npt.NDArray[np.bool_]:
    """By hazard, of places at a time."""
    hour = t + np.arange(-1800.0, 1801.0, STEP_S)
    weights = np.full(hour.size, STEP_S / 3600.0)
    weights[[0, -1]] *= 0.5
    rain = sum(w * storm.rain_rate(x, y, when) for w, when in zip(weights, hour, strict=True)).max()
    ground = [storm.surface(x, y, when) for when in (t - STEP_S, t, t + STEP_S)]
    gust = max(float(one["gust"].max()) for one in ground)
    falls = [one["ground_hail_size"][one["hail_rate"] > HAIL_FLUX] for one in ground]
    size = max((float(one.max()) for one in falls if one.size), default=0.0)
    flashes = 10.0 * float(np.mean([one["flash_density"].sum() for one in ground]))  # of km2 and ten minutes
    spin = max(vorticity(storm, x, y, when) for when in (t - STEP_S, t, t + STEP_S))
    made = {f"rain_{mm:g}": rain >= mm for mm in RAIN_MM} | {f"gale_{8 + k}": gust >= g for k, g in enumerate(GUSTS)}
    made |= {"hail": size > 0.0, "hail_20": size >= HAIL_M, "tornado": spin >= TORNADO, "lightning": flashes >= 1.0}
    return np.array([made[name] for name in cells.HAZARDS])


def rows_of(
    storm: sim.Storm, tracker: cells.Tracker, found: cells.Tracks, t: float
) -> Iterator[tuple[float, Array, Array]]:
    """Lead, probabilities and what came, of all cells seen now."""
    told = tracker.forecast(LEADS).table
    for row in found.cells[found.cells["seen"]].itertuples():
        body, x, y = nearest_path(storm, row.x, row.y, t)
        for lead, ahead in told[told["track"] == row.track].groupby("lead"):
            later = t + MINUTE * float(lead)
            west, east, south, north, _ = body.bounds(later)
            moved = 0.5 * (west + east) - x, 0.5 * (south + north) - y
            places = around(row, row.x + moved[0], row.y + moved[1])
            yield float(lead), ahead[list(cells.HAZARDS)].to_numpy()[0], what_came(storm, *places, later)


def play(number: int) -> Told:
    """A storm seen, followed and forecast."""
    storm, tracker, rows = make_storm(number), cells.Tracker(), []
    grid = grid_of(storm)
    for t in np.arange(0.0, MINUTE * ISSUE_MINUTES[-1] + 1.0, STEP_S):
        fields = seen(storm, grid, t)
        found = tracker.add(cells.identify(fields["reflectivity"]), fields["time"].values, fields=fields)
        if t / MINUTE in ISSUE_MINUTES:
            rows += list(rows_of(storm, tracker, found, t))
    lead, probability, came = zip(*rows, strict=True) if rows else ((), (), ())
    n = len(cells.HAZARDS)
    return Told(np.array(lead), np.array(probability).reshape(-1, n), np.array(came, dtype=bool).reshape(-1, n))


def scored(probability: Array, came: npt.NDArray[np.bool_]) -> xr.Dataset:
    sums = verify.ProbabilityScores([0.5], CLASSES)
    sums.add(probability[None, None].astype(np.float32), came[None].astype(np.float32))
    return sums.dataset().isel(threshold=0)


def skill_range(told: list[Told], hazard: int, lead: float | None) -> str:
    """Of the Brier skill score, over storms drawn again, beside the frequency of those drawn."""
    sums = []
    for one in told:
        use = ~np.isnan(one.probability[:, hazard]) & ((one.lead == lead) | (lead is None))
        p, o = one.probability[use, hazard], one.came[use, hazard].astype(float)
        sums.append((((p - o) ** 2).sum(), o.sum(), o.size))
    drawn = np.random.default_rng(1).integers(0, len(told), (BOOTSTRAPS, len(told)))
    brier, events, n = np.moveaxis(np.array(sums)[drawn].sum(axis=1), -1, 0)
    share = events / np.maximum(n, 1.0)
    spread = share * (1.0 - share)
    skill = (1.0 - brier / np.maximum(n, 1.0) / np.where(spread > 0.0, spread, np.nan))[spread > 0.0]
    return "{:.2f} to {:.2f}".format(*np.percentile(skill, (2.5, 97.5))) if skill.size else "-"


def report(told: list[Told]) -> None:
    lead, probability = np.concatenate([one.lead for one in told]), np.concatenate([one.probability for one in told])
    came = np.concatenate([one.came for one in told])
    print("hazard     lead     n  came  mean   Brier  reliability resolution uncertainty  skill (range)  ROC area")
    for number, name in enumerate(cells.HAZARDS):
        for minutes in (None, *LEADS):
            use = ~np.isnan(probability[:, number]) & ((lead == minutes) | (minutes is None))
            if not use.any():
                continue
            one = scored(probability[use, number], came[use, number])
            line = f"{name:10} {'all' if minutes is None else f'{minutes:.0f}':>4} {int(one['n']):5} "
            line += f"{float(one['frequency']):.3f} {float(one['probability_forecast']):.3f}  "
            line += "  ".join(
                f"{float(one[part]):.4f}" for part in ("brier", "reliability", "resolution", "uncertainty")
            )
            skill = 1.0 - float(one["brier"]) / max(float(one["uncertainty"]), 1e-12)
            shown = f"{skill:6.2f}" if one["uncertainty"] > 0.0 else "     -"
            print(line + f"  {shown} ({skill_range(told, number, minutes)})  {float(one['roc_area']):.3f}")
    print("\nhazard     class: said, mean probability, came")
    for number, name in enumerate(cells.HAZARDS):
        use = ~np.isnan(probability[:, number])
        if not use.any():
            continue
        one = scored(probability[use, number], came[use, number])
        often = [k for k in range(CLASSES) if one["forecasts"][k] > 0]
        parts = [
            f"{int(one['forecasts'][k])}, {float(one['mean_probability'][k]):.2f}, "
            f"{float(one['events'][k] / one['forecasts'][k]):.2f}"
            for k in often
        ]
        print(f"{name:10} " + "; ".join(parts))


def report_calibrated(told: list[Told]) -> None:
    table = pd.DataFrame(np.concatenate([one.probability for one in told]), columns=list(cells.HAZARDS))
    table["lead"] = np.concatenate([one.lead for one in told])
    came = pd.DataFrame(np.concatenate([one.came for one in told]), columns=list(cells.HAZARDS))
    storm = np.repeat(np.arange(len(told)), [one.lead.size for one in told])
    made = cells.calibrate(table, came, storm, folds=min(FOLDS, len(told)))
    print("\ncalibrated on other storms\n" + made.scores.round(3).to_string())
    print("\n" + made.reliability.round(3).to_string())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--storms", type=int, nargs="+", default=[*range(STORMS)], help="numbers, by which they are made"
    )
    given = parser.parse_args()
    told = [play(number) for number in given.storms]
    told = [one for one in told if one.lead.size]
    report(told)
    if len(told) > 1:
        report_calibrated(told)


if __name__ == "__main__":
    main()
