"""Public archives: where the files of a day are listed, and how their names tell the time."""

import dataclasses
import re
from typing import Literal

import numpy as np

from nowcast.errors import ArgumentError
from nowcast.ops._names import Pattern

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]*").fullmatch
"""What a name in a listing may be: no folder, nothing hidden, nothing a shell or a file system takes for more."""


@dataclasses.dataclass(frozen=True)
class Source:
    """An open archive.

    Parameters
    ----------
    url : str
        What all of it begins with, without a slash at its end.
    listing : "s3" or "html"
        How a folder is listed: by the XML of a bucket of open cloud storage, or by links on a page.
    folder : str
        Of the files of a day, with codes of strftime for the day and {name} for the radar or the product.
    files : tuple of str
        Patterns of names, with codes of strftime for the time, * and ?, and {name}.
    what : str
        What it holds, and who gives it.
    name : str, optional
        The product, where none is asked for; without it one has to be.
    """

    url: str
    listing: Literal["s3", "html"]
    folder: str
    files: tuple[str, ...]
    what: str
    name: str | None = None

    def named(self, name: str | None) -> str:
        """The name to ask for.

        Raises
        ------
        ArgumentError : there is none, or it is no name.
        """
        wanted = name or self.name
        if wanted is None:
            raise ArgumentError(f"name: a radar expected, as KLBB: {self.what}")
        if not SAFE(wanted):
            raise ArgumentError(f"name: letters, digits and ._- expected, {wanted!r} given")
        return wanted

    def folders(self, name: str, start: np.datetime64, end: np.datetime64) -> list[str]:
        """The folders of the days from start to end, each ending in a slash; one where all days share it."""
        days = np.arange(start.astype("datetime64[D]"), end.astype("datetime64[D]") + np.timedelta64(1, "D"))
        template = self.folder.format(name=name)
        return list(dict.fromkeys(day.item().strftime(template) for day in days))

    def time_of(self, name: str, file: str) -> np.datetime64 | None:
        """The time in a file's name; None for a file of another kind."""
        for pattern in self.files:
            time = Pattern(pattern.format(name=name)).time_of(file)
            if time is not None:
                return time
        return None


SOURCES = {
    "nexrad": Source(
        "https://unidata-nexrad-level2.s3.amazonaws.com",
        "s3",
        "%Y/%m/%d/{name}/",
        ("{name}%Y%m%d_%H%M%S", "{name}%Y%m%d_%H%M%S.gz", "{name}%Y%m%d_%H%M%S_V0?", "{name}%Y%m%d_%H%M%S_V0?.gz"),
        "volumes of the radars of the United States, NEXRAD Level II (NOAA), 1991 on",
    ),
    "mrms": Source(
        "https://noaa-mrms-pds.s3.amazonaws.com",
        "s3",
        "CONUS/{name}/%Y%m%d/",
        ("MRMS_{name}_%Y%m%d-%H%M%S.grib2.gz",),
        "composites of the United States, MRMS (NOAA), October 2020 on",
        "PrecipRate_00.00",
    ),
    "mtarchive": Source(
        "https://mtarchive.geol.iastate.edu",
        "html",
        "%Y/%m/%d/mrms/ncep/{name}/",
        ("{name}_*_%Y%m%d-%H%M%S.grib2.gz",),
        "composites of the United States, MRMS (kept by Iowa State University), 2014 on",
        "PrecipRate",
    ),
    "dwd": Source(
        "https://opendata.dwd.de",
        "html",
        "weather/radar/composite/{name}/",
        ("DE1200_*%y%m%d%H%M.tar.bz2", "composite_{name}_%Y%m%d_%H%M*"),
        "composites of Germany (DWD), the last days",
        "rv",
    ),
    "dwd-radolan": Source(
        "https://opendata.dwd.de",
        "html",
        "climate_environment/CDC/grids_germany/hourly/radolan/recent/bin/",
        ("raa01-{name}_10000-%y%m%d%H%M-dwd---bin.gz",),
        "hourly rain of Germany by radars and gauges, RADOLAN (DWD), this year",
        "rw",
    ),
    "dwd-sweeps": Source(
        "https://opendata.dwd.de",
        "html",
        "weather/radar/sites/sweep_vol_z/{name}/hdf5/filter_polarimetric/",
        ("ras*-%Y%m%d%H%M%S??-*hd5",),
        "reflectivity of the radars of Germany, a sweep in a file (DWD), the last days",
    ),
}
"""By the name that ``nowcast fetch`` and manifests know them by."""
