"""What files say, as lines to compare between two builds, and the bytes of a GRIB 2 that is written.

usage: python wheel_check.py FILE...
"""

import hashlib
import sys
import tempfile
from pathlib import Path

import pandas as pd
import xarray as xr

import nowcast
from nowcast import sim


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def said_of(path: Path) -> list[str]:
    """A line for what is in a file, and one for the values of each of its first fields."""
    data = nowcast.open(path)
    if isinstance(data, pd.DataFrame):
        return [f"{len(data)} observations {digest(data.to_csv().encode())}"]
    if isinstance(data, xr.DataArray):
        return [f"{data.sizes} {data['crs'].attrs['proj_string']} {digest(data.values.tobytes())}"]
    table = data.table()
    first = table.iloc[0]
    values = data.read(first["name"], vertical=first["vertical"], time=first["time"], statistic=first["statistic"])
    return [
        f"{len(table)} fields {digest(table.to_csv().encode())}",
        f"{first['name']} {digest(values.values.tobytes())}",
    ]


def written(folder: Path) -> str:
    """Rain written as GRIB 2 and read again."""
    rain = sim.storms(n=32, minutes=5)["rain"].isel(time=[0])
    degrees = nowcast.grid.Grid("+proj=longlat +ellps=WGS84", 32, 32, 114.0, 22.0, 0.01, 0.01)
    rain = xr.DataArray(rain.values, dims=rain.dims, coords={"time": rain["time"]} | degrees.coords(), attrs=rain.attrs)
    nowcast.io.write(rain, folder / "rain.grib2")
    again = nowcast.open(folder / "rain.grib2")
    return f"written: {again!r} {digest((folder / 'rain.grib2').read_bytes())}"


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        for line in said_of(path):
            print(f"{path.name}: {line}")
    with tempfile.TemporaryDirectory() as folder:
        print(written(Path(folder)))


if __name__ == "__main__":
    main()
