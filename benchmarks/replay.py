"""Two hours of real thunderstorms cycle by cycle under cron's empty environment, then replayed in one go: equal bits?

Composites of Belgium every five minutes; a model run that is what came later, 15 km too far east and 1.3 times too
strong, with winds of its own; three places to warn; and a forecaster's correction made midway. The replay begins with
the state that was recorded before its first cycle. Printed are the times of the stages, the products, what was warned,
and the number of files whose data are the same.

    make bench-replay
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

import nowcast
from nowcast import desk
from nowcast.grid import Grid
from nowcast.ops import _publish

HERE = Path(__file__).resolve().parent
EVENT = "rmi-20210704"
FIRST, LAST = np.datetime64("2021-07-04T16:00"), np.datetime64("2021-07-04T18:00")
STEP, HOUR = np.timedelta64(5, "m"), np.timedelta64(1, "h")
EAST, STRONGER = 15e3, 1.3
LCC = "+proj=lcc +lat_1=50 +lat_2=51 +lat_0=50.6 +lon_0=4.7 +R=6371229"
PLACES = {"Brussels": (4.35, 50.85), "Liège": (5.57, 50.63), "Namur": (4.87, 50.47)}
CONFIG = """
name = "belgium"
output = "out"
stages = ["cells", "forecast", "warn", "hours", "wind", "verify"]
[composite]
files = "{data}/%Y%m%d%H%M%S.rad.best.comp.rate.qpe.hdf"
[model]
files = "model/%Y%m%d%H_*"
[forecast]
members = {members}
minutes = 120
[warn]
rules = "cma"
places = "places.geojson"
[wind]
spacing_km = 4
top_km = 6
[hours]
ahead = 2
[verify]
leads_minutes = [10, 30, 60]
[desk]
log = "desk.jsonl"
[grid]
longitude = 4.7
latitude = 50.6
width_km = 240
height_km = 240
"""
CORRECTION = {
    "id": "west",
    "kind": "scale",
    "layer": "rain",
    "author": "Peeters",
    "time": "2021-07-04T17:00:00Z",
    "valid": ["2021-07-04T17:00:00Z", "2021-07-04T18:30:00Z"],
    "reason": "gauges say more",
    "half_life_minutes": 60.0,
    "area": {"type": "Polygon", "coordinates": [[[3.6, 50.2], [4.6, 50.2], [4.6, 51.0], [3.6, 51.0], [3.6, 50.2]]]},
    "feather_km": 10.0,
    "values": {"by": 1.3},
}


def prepare(folder: Path, data: Path, members: int) -> Path:
    """The configuration and all that it names."""
    (folder / "cycle.toml").write_text(CONFIG.format(data=data, members=members))
    features = [
        {
            "type": "Feature",
            "id": name,
            "properties": {"name": name},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for name, place in PLACES.items()
    ]
    (folder / "places.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (folder / "model").mkdir()
    hourly = [nowcast.open(path) for path in sorted(data.glob("20210704??0000.*"))]
    rain = xr.concat(hourly, "time")
    rain = rain.copy(data=STRONGER * rain.fillna(0.0).values).assign_attrs(hourly[0].attrs)
    aside = rain.assign_coords(x=rain["x"] + EAST, forecast_reference_time=FIRST.astype("datetime64[ns]"))
    nowcast.io.write(aside, folder / "model" / "2021070416_rain.nc")
    wide = Grid(LCC, 16, 16, -225e3, -225e3, 30e3, 30e3)
    times = FIRST.astype("datetime64[ns]") + HOUR * np.arange(6)
    parts = {
        name: (
            ("time", "z", "y", "x"),
            np.full((6, 4, 16, 16), value, np.float32),
            {"units": "m s-1", "grid_mapping": "crs"},
        )
        for name, value in (("u", 6.0), ("v", 9.0))
    }
    levels = ("z", [50.0, 1000.0, 3000.0, 6000.0], {"standard_name": "altitude", "units": "m"})
    coords = wide.coords() | {"z": levels, "time": times, "forecast_reference_time": times[0]}
    nowcast.wind.write(xr.Dataset(parts, coords=coords), folder / "model" / "2021070416_wind.grib2")
    return folder / "cycle.toml"


def run(*words: object) -> list[dict[str, object]]:
    """The manifests that ``nowcast run`` prints, of a process that cron would start."""
    command = [sys.executable, "-m", "nowcast.cli", "run", *map(str, words), "--json"]
    done = subprocess.run(command, env={"HOME": "/", "PATH": "/usr/bin:/bin"}, cwd="/", capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def times() -> Iterator[np.datetime64]:
    yield from np.arange(FIRST, LAST + STEP, STEP)


def same(one: Path, other: Path) -> bool:
    """Whether two products hold the same data; the history within netCDF files tells when they were written."""
    if one.suffix == ".nc":
        with xr.open_dataset(one) as a, xr.open_dataset(other) as b:
            return a.identical(b)
    return one.read_bytes() == other.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("NOWCAST_TEST_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--members", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = prepare(folder, (given.data / "composite" / EVENT).resolve(), given.members)
        told = []
        for time in times():
            if time == FIRST + HOUR:
                desk.Log(folder / "desk.jsonl").append(CORRECTION)
            told += run(config, "--time", time)
            print(
                time,
                f"{sum(told[-1]['seconds'].values()):.1f} s",
                "; ".join(told[-1]["degraded"]) or "whole",
                flush=True,
            )
        again = run(config, "--replay", FIRST + HOUR, LAST, "--into", folder / "again")
        report(told, again, folder)


def report(told: list[dict[str, object]], again: list[dict[str, object]], folder: Path) -> None:
    """Print what came of it; an error when anything differs."""
    print("seconds of each stage, median and most")
    for stage in told[-1]["seconds"]:
        spent = [one["seconds"].get(stage, 0.0) for one in told]
        print(f"  {stage:10} {np.median(spent):6.2f} {max(spent):6.2f}")
    print("products of the last cycle:", *sorted(told[-1]["products"]))
    for time in times():
        for line in (folder / "out" / _publish.name_of(time) / "warnings" / "journal.jsonl").read_text().splitlines():
            one = json.loads(line)
            print(
                " ",
                str(time)[11:],
                *(one.get(key) for key in ("event", "reason", "warning", "hazard", "level", "place")),
            )
    differ, count = [], 0
    for time in times():
        path = _publish.name_of(time)
        if not (folder / "again" / path).exists():
            continue
        for product in json.loads((folder / "out" / path / _publish.MANIFEST).read_text())["products"]:
            count += 1
            if product != "state/state.json" and not same(
                folder / "out" / path / product, folder / "again" / path / product
            ):
                differ.append(f"{path}/{product}")
    print(f"{len(again)} cycles replayed, {count} files, {len(differ)} of which differ", *differ)
    if differ or not again:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
