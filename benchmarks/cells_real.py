"""Cells of real sequences: how long they live, how straight they go, how far they are from where they were forecast.

Of each sequence: tracks seen three times or more, their median duration, the root mean square distance of their places
from a straight way (linearity) and of their peaks from each other (consistency; Lakshmanan and Smith 2010), the time in
which half of the cells seen are no longer there, and the distance of forecasts from the track's later places with the
shares within the cones of 68 and 95 %. For the CINRAD sequence the same of that radar's own storm tracks (product 58),
each against its own later places, and how many of its cells have one of ours within 10 km. With ``--python`` the Gama
sequence and the Swiss composites are followed by tobac and T-DaTing (pysteps) too, of the interpreter that has them:
they take cells for squares of 1 km, are given -32 dBZ where nothing is known, and tell no peaks.

usage: cells_real.py [--python INTERPRETER] [FOLDER of test data]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

import nowcast
from nowcast import cells, motion, obs
from nowcast.errors import NoDataError

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from events import EVENTS, Event  # noqa: E402

Array = npt.NDArray[np.float64]
LEADS = (15.0, 30.0, 45.0, 60.0)
NEAR_M = 10e3
PEERS = ("tobac", "tdating")
SIDE = Path(__file__).parent / "peers" / "cells_side.py"
PUP = "radar/cinrad-pup/z9200-20110916"
SWISS = ("mch-20150515", "mch-20160711")
GAMA = "tracking/gama-20170930"
GAMA_SIDECAR = """\
ncols 500
nrows 500
xllcorner -50.3701
yllcorner -18.2131
xdim 0.0094348
ydim 0.0089886
nodata_value -99
projection +proj=longlat +datum=WGS84
units dBZ
quantity DBZH
source INPE
"""


def follow(fields: xr.DataArray, **options: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of tracks, seen, and of their forecasts."""
    tracker, rows, ahead = cells.Tracker(), [], []
    for k in range(fields.sizes["time"]):
        flow = None
        if k:
            try:
                flow = motion.estimate(fields[k - 1 : k + 1])
            except NoDataError:
                flow = None
        time = fields["time"].values[k]
        found = tracker.add(cells.identify(fields[k], **options), time, flow).cells
        seen = found[found["seen"]]
        rows.append(
            seen.assign(x=seen["x_mean"], y=seen["y_mean"])
        )  # as seen: the filter's places follow its forecasts
        told = tracker.forecast(LEADS).table
        ahead.append(told[told["cell"] > 0].assign(made=time))
    return tuple(on_plane(pd.concat(one, ignore_index=True), fields) for one in (rows, ahead))


def on_plane(table: pd.DataFrame, fields: xr.DataArray) -> pd.DataFrame:
    """Places in metres, east and north, whatever the grid."""
    grid = nowcast.grid.Grid.of(fields)
    if not grid.is_latlon:
        return table
    middle = f"+proj=aeqd +lat_0={float(fields['y'].mean())} +lon_0={float(fields['x'].mean())} +datum=WGS84"
    plane = nowcast.grid.Grid(middle, 1, 1, 0.0, 0.0, 1.0, 1.0)
    x, y = plane.from_lonlat(table["x"].to_numpy(), table["y"].to_numpy())
    return table.assign(x=x, y=y)


def place_at(way: pd.DataFrame, time: np.datetime64) -> Array | None:
    """Where a track is at a time, between two times no more than 15 minutes apart; None where it is not."""
    times = way["time"].to_numpy()
    after = int(np.searchsorted(times, time))
    if after < len(times) and times[after] == time:
        return way[["x", "y"]].to_numpy()[after]
    if after in (0, len(times)) or times[after] - times[after - 1] > np.timedelta64(15, "m"):
        return None
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    one, two = way[["x", "y"]].to_numpy()[after - 1 : after + 1]
    return one + share * (two - one)


def errors(rows: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    """By lead: mean and median distance in km, shares in cones where there are any, number."""
    ways = {track: way.sort_values("time") for track, way in rows.groupby("track")}
    found = []
    for row in ahead.itertuples():
        true = place_at(ways[row.track], row.time.to_datetime64()) if row.track in ways else None
        if true is None:
            continue
        off = true - (row.x, row.y)
        square = np.nan
        if hasattr(row, "error_xx"):
            spread = np.array([[row.error_xx, row.error_xy], [row.error_xy, row.error_yy]])
            square = float(off @ np.linalg.solve(spread, off))
        found.append((row.lead, np.hypot(*off) / 1e3, square <= -2.0 * np.log(0.32), square <= -2.0 * np.log(0.05)))
    table = pd.DataFrame(found, columns=["lead", "km", "in_68", "in_95"])
    of = table.groupby("lead")
    return of.agg(
        mean=("km", "mean"), median=("km", "median"), in_68=("in_68", "mean"), in_95=("in_95", "mean"), n=("km", "size")
    )


def life(rows: pd.DataFrame) -> dict[str, float]:
    """Statistics of tracks (Lakshmanan and Smith 2010)."""
    minutes, off, spread = [], [], []
    for _, way in rows.groupby("track"):
        if len(way) < 3:
            continue
        t = (way["time"] - way["time"].iloc[0]).dt.total_seconds().to_numpy()
        line = [np.polyval(np.polyfit(t, way[name].to_numpy(), 1), t) - way[name].to_numpy() for name in ("x", "y")]
        minutes.append(t[-1] / 60.0)
        off.append(np.sqrt(np.mean(line[0] ** 2 + line[1] ** 2)) / 1e3)
        spread.append(np.std(way["peak"].to_numpy()))
    return {
        "tracks": len(minutes),
        "median minutes": float(np.median(minutes)),
        "off a line, km": float(np.median(off)),
        "spread of peaks, dB": float(np.median(spread)),
        "half life, min": half_life(rows),
    }


def half_life(rows: pd.DataFrame) -> float:
    """Minutes in which half of the cells seen at a time are no longer there, by those there after 30 minutes."""
    last = rows.groupby("track")["time"].max()
    end = rows["time"].max() - np.timedelta64(30, "m")
    now = rows[rows["time"] <= end]
    alive = (last.loc[now["track"]].to_numpy() >= (now["time"] + np.timedelta64(30, "m")).to_numpy()).mean()
    return float(30.0 / -np.log2(alive)) if 0.0 < alive < 1.0 else np.nan


def own_tracks(folder: Path, like: xr.DataArray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The storm tracks of the radar itself: their cells, and their forecasts."""
    grid = nowcast.grid.Grid.of(like)
    rows = []
    for path in sorted((folder / "STI-58").iterdir()):
        table = obs.read(path).drop_duplicates(["station", "lead"])
        rows.append(table.assign(made=table["time"] - pd.to_timedelta(table["lead"], unit="s")))
    told = pd.concat(rows, ignore_index=True)
    x, y = grid.from_lonlat(told["longitude"].to_numpy(), told["latitude"].to_numpy())
    told = told.assign(x=x, y=y, track=told["station"].astype(str), lead=told["lead"] / 60.0)
    return told[told["lead"] == 0.0], told[told["lead"] > 0.0]


def theirs(fields: xr.DataArray, python: str, peer: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of another package's tracks, and of their forecasts."""
    times = fields["time"].values
    minutes = float(np.median(np.diff(times)) / np.timedelta64(1, "m"))
    with tempfile.TemporaryDirectory() as folder:
        request, answer = Path(folder) / "request.npz", Path(folder) / "answer.npz"
        np.savez(request, dbz=np.nan_to_num(fields.values, nan=-32.0), seconds=60.0 * minutes)
        subprocess.run([python, str(SIDE), peer, str(request), str(answer)], check=True, stdout=subprocess.DEVNULL)
        made = dict(np.load(answer))
    rows = pd.DataFrame(made["cells"], columns=["frame", "track", "x", "y"])
    ahead = pd.DataFrame(made["ahead"], columns=["frame", "track", "frames", "x", "y"])
    ahead["lead"] = ahead["frames"] * minutes
    for table in (rows, ahead):
        table[["x", "y"]] *= 1e3
        table["time"] = times[table["frame"].astype(int)]
    rows["peak"], ahead["time"] = np.nan, ahead["time"] + pd.to_timedelta(ahead["lead"], unit="min")
    return rows, ahead[ahead["lead"] <= max(LEADS)]


def report(name: str, fields: xr.DataArray, **options: float) -> pd.DataFrame:
    rows, ahead = follow(fields, **options)
    print(f"\n{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in life(rows).items()))
    print(errors(rows, ahead).round(3).to_string())
    return rows


def beside(fields: xr.DataArray, python: str | None) -> None:
    """The same of the other packages."""
    for peer in PEERS if python else ():
        rows, ahead = theirs(fields, python or "", peer)
        print(f"\n{peer}: " + ", ".join(f"{key} {value:.4g}" for key, value in life(rows).items()))
        print(errors(rows, ahead).drop(columns=["in_68", "in_95"]).round(3).to_string(), flush=True)


def reflectivity_of(event: Event, folder: Path) -> xr.DataArray:
    """A sequence of rain as reflectivity, by its own relation."""
    rain, (a, b) = event.read(event.paths(folder)), event.z_r
    dbz = np.where(rain > 0.0, 10.0 * np.log10(a * np.maximum(rain, 1e-3) ** b), rain.where(rain.isnull(), -32.0))
    return rain.copy(data=dbz.astype(np.float32)).assign_attrs(units="dBZ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("NOWCAST_TEST_DATA", "../shared/data"))
    parser.add_argument("--python", help="interpreter that has tobac and pysteps with scikit-image")
    given = parser.parse_args()
    folder = Path(given.folder)
    with tempfile.TemporaryDirectory() as scratch:
        sidecar = Path(scratch) / "gama.hdr"
        sidecar.write_text(GAMA_SIDECAR)
        gama = nowcast.open(sorted((folder / GAMA).iterdir()), sidecar=sidecar).load()
    report("Gama, 2017-09-30, every 10 minutes", gama)
    beside(gama, given.python)
    for event in EVENTS:
        if event.name in SWISS:
            fields = reflectivity_of(event, folder)
            report(f"{event.name}, every 5 minutes", fields)
            beside(fields, given.python)
    fields = nowcast.open(sorted((folder / PUP / "CR-37").iterdir()))
    rows = report("Guangzhou, 2011-09-16, every 6 minutes", fields)
    own, ahead = own_tracks(folder / PUP, fields)
    print("its own storm tracks (product 58)")
    print(errors(own, ahead).drop(columns=["in_68", "in_95"]).round(3).to_string())
    near = 0
    for row in own.itertuples():
        here = rows[(rows["time"] - row.time).abs() < np.timedelta64(60, "s")]
        near += bool(len(here)) and float(np.hypot(here["x"] - row.x, here["y"] - row.y).min()) <= NEAR_M
    print(f"{near} of {len(own)} of its cells have one of ours within 10 km")


if __name__ == "__main__":
    main()
