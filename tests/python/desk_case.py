"""Published cycles for tests of the desk: made rain in a small region, with cells and warnings."""

from pathlib import Path

import numpy as np
import xarray as xr

from nowcast import io, ops, sim

START = np.datetime64("2026-06-01T06:00", "ns")
STEP = np.timedelta64(5, "m")
FIRST = 7
"""The step of the first cycle."""

CONFIG = """
name = "bay"
output = "out"
stages = ["cells", "forecast", "warn", "hours"]
[composite]
files = "composite/%Y%m%d%H%M.h5"
[forecast]
method = "extrapolation"
minutes = 60
step_minutes = 10
quantiles = []
thresholds = [1, 5]
[cells]
threshold = 4
least_peak = 6
[warn]
rules = "rules.toml"
[hours]
quantiles = []
[desk]
log = "edits.jsonl"
[grid]
longitude = 114.1
latitude = 22.5
width_km = 96
height_km = 96
spacing_km = 2
"""
RULES = """
schema = 1
levels = ["low", "high"]
[[rules]]
hazard = "rain"
level = "low"
quantity = "rain_rate"
units = "mm h-1"
threshold = 3
to_minutes = 30
least_area_km2 = 30
[[rules]]
hazard = "rain"
level = "high"
quantity = "rain_rate"
units = "mm h-1"
threshold = 15
to_minutes = 30
least_area_km2 = 20
"""


def make(folder: Path, cycles: int = 2) -> Path:
    """Run cycles in a folder; what they published."""
    rain = sim.storms(minutes=60, step=5, n=48, dx=2000.0, cells=12)["rain"]
    (folder / "composite").mkdir()
    for index in range(FIRST, rain.sizes["time"]):
        arrive(rain, index, folder)
    (folder / "rules.toml").write_text(RULES)
    (folder / "cycle.toml").write_text(f'{CONFIG}projection = "{rain["crs"].attrs["proj_string"]}"\n')
    for index in range(cycles):
        run(folder, index)
    return folder / "out"


def arrive(rain: xr.DataArray, index: int, folder: Path) -> None:
    frame = rain.isel(time=[index])
    when = frame["time"].values[0].astype("datetime64[m]").item()
    io.write(frame, folder / "composite" / f"{when:%Y%m%d%H%M}.h5")


def run(folder: Path, index: int) -> Path:
    """Another cycle; its folder."""
    return ops.run(folder / "cycle.toml", START + (FIRST + index) * STEP).folder
