"""Cells by another package, of a sequence cells.py gives: run by it with the interpreter that has the package.

Usage: cells_side.py tobac|tdating REQUEST ANSWER, both .npz: ``dbz`` (time, y, x) on cells of 1 km, ``seconds`` between
times; and ``cells`` (frame, track, x, y in km), ``events`` (frame, x, y) of splits and merges, ``ahead`` (frame, track,
lead in frames, x, y) by the last velocity of a track, ``spent`` (s of processor).
"""

import datetime
import sys
import time as clock
import warnings

import numpy as np

warnings.filterwarnings("ignore")

LEADS = (2, 4, 6, 9)
THRESHOLDS = [35, 40, 45, 50, 55]  # dBZ


def tobac(dbz, seconds):
    import tobac
    import xarray as xr

    begin = np.datetime64("2024-06-01", "ns")
    times = begin + np.arange(len(dbz)) * np.timedelta64(int(seconds), "s")
    ny, nx = dbz.shape[1:]
    field = xr.DataArray(
        dbz, dims=("time", "y", "x"), coords={"time": times, "y": 1e3 * np.arange(ny), "x": 1e3 * np.arange(nx)}
    )
    features = tobac.feature_detection_multithreshold(
        field, dxy=1000, threshold=THRESHOLDS, n_min_threshold=10, target="maximum", position_threshold="weighted_diff"
    )
    linked = tobac.linking_trackpy(
        features, field, dt=seconds, dxy=1000, v_max=30, method_linking="predict", memory=1, stubs=1
    )
    rows = linked[["frame", "cell", "hdim_2", "hdim_1"]].to_numpy(dtype=float)
    merged = tobac.merge_split.merge_split_MEST(linked, 1000, distance=15000)
    events = []
    for kind, at in (("cell_starts_with_split", "first"), ("cell_ends_with_merge", "last")):
        flags = merged[kind].to_numpy().astype(bool)
        for cell in np.asarray(merged["cell"])[flags]:
            of = linked[linked["cell"] == cell].sort_values("frame")
            row = of.iloc[0 if at == "first" else -1]
            events.append((row["frame"], row["hdim_2"], row["hdim_1"]))
    return rows, events


def tdating(dbz, seconds):
    from pysteps.tracking import tdating as dating

    times = [datetime.datetime(2024, 6, 1) + datetime.timedelta(seconds=seconds * k) for k in range(len(dbz))]
    text = [when.strftime("%Y%m%d%H%M") for when in times]
    _, found, _ = dating.dating(dbz.astype(float), text, mintrack=1, output_splits_merges=True)
    rows, events = [], []
    for frame, cells in enumerate(found):
        for cell in cells.itertuples() if frame >= 2 else ():  # before, it does not follow
            if not cell.ID or np.isnan(cell.ID):
                continue
            rows.append((frame, cell.ID, cell.cen_x, cell.cen_y))
            if cell.results_from_split is True or cell.merged is True:
                events.append((frame, cell.cen_x, cell.cen_y))
    return np.array(rows), events


def ahead(rows):
    """Places by the velocity from the first of the last four frames of a track to the last."""
    made = []
    for track in np.unique(rows[:, 1]):
        way = rows[rows[:, 1] == track]
        way = way[np.argsort(way[:, 0])]
        for n in range(1, len(way)):
            back = way[max(n - 3, 0)]
            step = (way[n, 2:] - back[2:]) / max(way[n, 0] - back[0], 1.0)
            made += [(way[n, 0], track, lead, *(way[n, 2:] + lead * step)) for lead in LEADS]
    return np.array(made).reshape(-1, 5)


def main() -> None:
    request = dict(np.load(sys.argv[2]))
    began = clock.process_time()
    rows, events = {"tobac": tobac, "tdating": tdating}[sys.argv[1]](request["dbz"], float(request["seconds"]))
    spent = clock.process_time() - began
    rows = np.asarray(rows, dtype=float).reshape(-1, 4)
    rows = rows[rows[:, 1] > 0]
    np.savez(sys.argv[3], cells=rows, events=np.array(events, float).reshape(-1, 3), ahead=ahead(rows), spent=spent)


if __name__ == "__main__":
    main()
