"""The real events that methods are compared on, as sequences of rain rate.

An event is a pattern of files below ``composite/`` in the folder of real data (NOWCAST_TEST_DATA); the data's README
says where they come from. Forecasts start from frames spread evenly over the sequence, so that none is chosen by hand.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

import nowcast

LEAST_FRAMES = 3
"""A forecast may look at so many frames, and at those before them that are of the last ten minutes."""


@dataclasses.dataclass(frozen=True)
class Event:
    """A sequence of composites: lead times are in steps of the sequence, ``z_r`` is a and b of Z = a R^b."""

    name: str
    pattern: str
    steps: tuple[int, ...]
    z_r: tuple[float, float] = (200.0, 1.6)
    coarsen: int = 1
    starts: int = 8

    def paths(self, data: Path) -> list[Path]:
        """Its files in the order of time."""
        return sorted((data / "composite").glob(self.pattern))

    def read(self, paths: list[Path]) -> xr.DataArray:
        """Rain rate (time, y, x), mm h-1; cells are joined to larger ones where the event says so."""
        if self.coarsen == 1:
            return nowcast.grid.rain_rate(nowcast.open(paths), *self.z_r)
        size = {"y": self.coarsen, "x": self.coarsen}
        parts = [nowcast.open(path).coarsen(size, boundary="trim").reduce(np.mean) for path in paths]
        return nowcast.grid.rain_rate(xr.concat(parts, "time"), *self.z_r)

    def start_indices(self, frames: int) -> list[int]:
        """Which frames forecasts start from."""
        first, last = LEAST_FRAMES - 1, frames - 1 - max(self.steps)
        return sorted({int(n) for n in np.linspace(first, last, min(self.starts, last - first + 1))})


EVENTS = (
    Event("fmi-20160928", "fmi-20160928/*.pgm.gz", (1, 3, 6, 12), z_r=(223.0, 1.53)),
    Event("mch-20150515", "mch-20150515/*.gif", (1, 3, 6, 12)),
    Event("mch-20160711", "mch-20160711/*.gif", (1, 3, 6, 12)),
    Event("rmi-20210704", "rmi-20210704/*.hdf", (1, 3, 6, 12)),
    Event("bom-20180616", "bom-20180616/*.nc", (1, 3, 5, 10)),
    Event("mrms-20190610", "mrms-20190610/*.grib2", (1, 3, 5, 7), coarsen=4),
)


def forecasts(event: Event, frames: xr.DataArray) -> Iterator[tuple[int, xr.DataArray, xr.DataArray]]:
    """For each start: its number, the frames up to it, and what was observed at the lead times."""
    for start in event.start_indices(frames.sizes["time"]):
        times = frames["time"].values
        recent = int(np.searchsorted(times, times[start] - np.timedelta64(10, "m")))
        past = frames.isel(time=slice(min(recent, start - LEAST_FRAMES + 1), start + 1))
        yield start, past, frames.isel(time=[start + step for step in event.steps])
