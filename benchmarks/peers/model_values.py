"""Model fields beside ecCodes for Python and cfgrib: every value and every place of every field of every file.

usage: model_values.py --python build/peers/bin/python [FILE...]

Without files: those of model fields in the folder of real data (NOWCAST_TEST_DATA).

The other packages run in their own environment (make bench-peers makes it): this program starts itself there.
"""

import argparse
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def begins_with_grib(path: Path) -> bool:
    """Whether a file, packed by xz or not, has a GRIB message in its first bytes."""
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as file:
        return b"GRIB" in file.read(64)


def peer(path: Path, output: Path) -> None:
    """Values of all fields as ecCodes has them, one file each, places of the first, and means by cfgrib."""
    import cfgrib
    import eccodes

    eccodes.codes_grib_multi_support_on()
    start = time.perf_counter()
    count = 0
    with path.open("rb") as file:
        while True:
            try:
                handle = eccodes.codes_grib_new_from_file(file)
            except eccodes.CodesInternalError:
                break  # the last message is cut off
            if handle is None:
                break
            eccodes.codes_set(handle, "missingValue", 1e30)
            values = eccodes.codes_get_values(handle)
            values[values >= 1e30] = np.nan
            np.save(output / f"{count}.npy", values)
            if count == 0:
                places = [eccodes.codes_get_array(handle, name) for name in ("latitudes", "longitudes")]
                np.save(output / "places.npy", np.array(places))
            eccodes.codes_release(handle)
            count += 1
    print(f"ecCodes {eccodes.codes_get_api_version()}: {count} fields, {time.perf_counter() - start:.2f} s")
    means = {}
    for data in cfgrib.open_datasets(str(path), backend_kwargs={"indexpath": ""}):
        for name, variable in data.data_vars.items():
            if variable.attrs.get("GRIB_typeOfLevel") == "isobaricInhPa":
                short = variable.attrs["GRIB_shortName"]
                means.setdefault(str(short), float(variable.astype("f8").mean()))
                del name
    np.save(output / "cfgrib.npy", means, allow_pickle=True)


def compare(path: Path, python: str) -> bool:
    """Print one line for a file, and say whether all is equal."""
    import nowcast

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        plain = output / "plain"  # a copy: cfgrib writes an index beside what it reads
        plain.write_bytes(lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes())
        command = [python, __file__, "--peer", str(plain), str(output)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        start = time.perf_counter()
        model = nowcast.model.open(path)
        table = model.table()
        worst, cells, unlike = 0.0, 0, []
        fields = [model._ask("read", index=i, shape=model._shape(table.loc[[i]]))[1][0] for i in table.index]
        seconds = time.perf_counter() - start
        count = len(list(output.glob("[0-9]*.npy")))
        for index, ours in zip(table.index, fields, strict=True):
            theirs = np.load(output / f"{index}.npy")
            grid = table.loc[index, "grid"]
            if grid >= 0:  # all files here run from west to east; either from the north or from the south
                theirs = theirs.reshape(ours.shape)
                if index == 0:
                    north_first = np.load(output / "places.npy")[0][0] > np.load(output / "places.npy")[0][-1]
                theirs = theirs[::-1] if north_first else theirs
            known = np.isfinite(theirs)
            if not np.array_equal(known, np.isfinite(ours)):
                unlike.append(index)
            rounding = np.spacing(np.abs(theirs[known]).astype(np.float32))
            error = np.abs(ours[known].astype(np.float64) - theirs[known]) / rounding
            worst = max(worst, float(error.max(initial=0.0)))
            cells += ours.size
        # Places of the first field, on the ground
        lon, lat = model._ask("lonlat", index=0, points=int(table["points"].iloc[0]))[1]
        their_lat, their_lon = (
            part.reshape(fields[0].shape)[:: -1 if north_first else 1].reshape(-1)
            for part in np.load(output / "places.npy")
        )
        east = (lon - their_lon + 180.0) % 360.0 - 180.0
        off_m = float(np.hypot(east * np.cos(np.radians(lat)), lat - their_lat).max() * 111195.0)
        means = np.load(output / "cfgrib.npy", allow_pickle=True).item()
        share = 0.0
        for name, mean in means.items():
            rows = model.select(name, level_type="isobaricInhPa")
            ours = np.mean([fields[i].astype("f8").mean() for i in rows.index])
            share = max(share, abs(ours / mean - 1.0))
    good = worst <= 0.5 and not unlike and count == len(table) and off_m < 50.0 and share < 1e-5
    print(
        f"{path.name}: {len(table)} fields of {count}, {cells} values, worst {worst:.2f} of the last bit of float32, "
        f"{len(unlike)} fields with other gaps, places within {off_m:.2f} m, means of cfgrib's {len(means)} variables "
        f"within {share:.1e}; {said}; libnowcast {seconds:.2f} s: {'equal' if good else 'DIFFERENT'}"
    )
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="interpreter that has eccodes and cfgrib")
    parser.add_argument("--peer", nargs=2, type=Path, metavar=("FILE", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.peer:
        peer(*arguments.peer)
        sys.stdout.flush()
        os._exit(0)  # libraries of the wheels there free the same memory twice as they are unloaded
    data = Path(os.environ.get("NOWCAST_TEST_DATA", ROOT.parent / "shared" / "data"))
    files = arguments.files or [path for path in sorted((data / "nwp").iterdir()) if begins_with_grib(path)]
    results = [compare(path, arguments.python) for path in files]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
