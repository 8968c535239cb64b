"""What one cycle is told: a TOML file, checked as a whole before anything runs."""

import itertools
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic

from nowcast import _toml, forecast, hazard, motion, wind
from nowcast.grid import Grid
from nowcast.ops._names import Pattern

PathLike = str | os.PathLike[str]

Positive = Annotated[float, pydantic.Field(gt=0.0, allow_inf_nan=False)]
Box = tuple[float, float, float, float]
Share = Annotated[float, pydantic.Field(ge=0.0, le=1.0)]


_GRIB_GRIDS = re.compile(r"\+?proj=(longlat|latlong|lonlat|latlon|lcc|stere|merc)\b")


class _Table(pydantic.BaseModel):
    """A table of the file; what it has no place for is an error."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Region(_Table):
    """``[grid]``: the kilometre grid of all products."""

    longitude: Annotated[float, pydantic.Field(ge=-180.0, le=180.0)]
    latitude: Annotated[float, pydantic.Field(ge=-90.0, le=90.0)]
    width_km: Positive
    height_km: Positive
    spacing_km: Positive = 1.0
    projection: str | None = None
    """PROJ string; azimuthal equidistant about the middle when omitted"""
    levels_km: Positive = 0.5
    """between levels of the mosaic"""
    top_km: Positive = 18.0

    @property
    def flat(self) -> Grid:
        """The grid without levels."""
        about = f"+proj=aeqd +lat_0={self.latitude:g} +lon_0={self.longitude:g} +ellps=WGS84 +units=m"
        projection, step = self.projection or about, 1e3 * self.spacing_km
        x, y = Grid(projection, 1, 1, 0.0, 0.0, step, step).from_lonlat(self.longitude, self.latitude)
        nx, ny = (max(1, round(size / self.spacing_km)) for size in (self.width_km, self.height_km))
        return Grid(projection, nx, ny, float(x) - 0.5 * (nx - 1) * step, float(y) - 0.5 * (ny - 1) * step, step, step)

    def deep(self, levels_km: float, top_km: float) -> Grid:
        """The grid with levels up to a height."""
        flat, n = self.flat, max(1, int(top_km / levels_km + 1e-6))
        levels = tuple(1e3 * levels_km * (k + 1) for k in range(n))
        return Grid(flat.projection, flat.nx, flat.ny, flat.x_first, flat.y_first, flat.dx, flat.dy, levels)


class _Files(_Table):
    files: str
    """names with their time in them as strftime writes it: "/data/KHTX/%Y%m%d/KHTX%Y%m%d_%H%M%S_V06*" """

    @pydantic.field_validator("files")
    @classmethod
    def _timed(cls, value: str) -> str:
        Pattern(value)
        return value


class Radar(_Files):
    """``[radars.NAME]``: the volumes of one radar, each in a file of its own."""

    max_age_minutes: Positive = 15.0


class Composite(_Files):
    """``[composite]``: fields made elsewhere, in place of radars."""

    max_age_minutes: Positive = 15.0
    quantity: str | None = None


class ModelRun(_Files):
    """``[model]``: a run of the model is all files of one time; that time is when the run begins."""

    max_age_hours: Positive = 12.0
    runs: Annotated[int, pydantic.Field(ge=1, le=8)] = 1
    """newest runs that forecasts are joined to, their members one after the other; winds are the newest one's"""


class Mosaic(_Table):
    """``[mosaic]``"""

    motion: bool = True
    """bring what every ray saw to the time of the cycle"""
    quality: bool = True
    """leave out what is no weather"""


class Rain(_Table):
    """``[rain]``: Z = a R^b of reflectivity, and how long frames are kept."""

    a: Positive = 200.0
    b: Positive = 1.6
    minutes: Annotated[float, pydantic.Field(ge=10.0, le=360.0)] = 65.0
    motion: str = "variational"

    @pydantic.field_validator("motion")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in motion.METHODS:
            raise ValueError(f"one of {', '.join(motion.METHODS)} expected")
        return value


class Forecast(_Table):
    """``[forecast]``"""

    method: str = "steps"
    members: Annotated[int, pydantic.Field(ge=1, le=1000)] = 20
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**63)] = 0
    minutes: Positive = 120.0
    step_minutes: Positive = 5.0
    thresholds: tuple[Positive, ...] = (1.0, 5.0, 20.0)
    quantiles: tuple[Share, ...] = (0.1, 0.5, 0.9)
    join: Literal["blend", "enkf", "merge"] = "blend"
    """how members of steps are joined to the model"""
    feather_km: Annotated[float, pydantic.Field(ge=0.0, le=200.0)] = 20.0
    """within which of the edge of what radars know a forecast is brought to the model"""

    @pydantic.field_validator("method")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in forecast.METHODS:
            raise ValueError(f"one of {', '.join(forecast.METHODS)} expected")
        return value

    @property
    def is_ensemble(self) -> bool:
        """Whether the method makes members."""
        return self.method in forecast.ENSEMBLES


class Cells(_Table):
    """``[cells]``: options of ``nowcast.cells.identify``, on the greatest reflectivity of the column."""

    threshold: float | None = None
    least_peak: float | None = None
    least_size: Positive | None = None
    patience_minutes: Positive = 15.0
    leads_minutes: Annotated[tuple[Annotated[float, pydantic.Field(ge=0.0)], ...], pydantic.Field(min_length=2)] = (
        0.0,
        10.0,
        20.0,
        30.0,
        60.0,
    )
    """of where they go and what they bring, increasing"""
    hazards: Path | None = None
    """the text of a ``nowcast.cells.HazardModel``, trained or calibrated; that of published rules without it"""

    @pydantic.field_validator("leads_minutes")
    @classmethod
    def _increasing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= earlier for earlier, later in itertools.pairwise(value)):
            raise ValueError("increasing leads expected")
        return value


class Warn(_Table):
    """``[warn]``"""

    rules: str = "cma"
    """a name of ``nowcast.hazard.presets()``, or a file"""
    places: Path | None = None
    """GeoJSON; without it rules are for areas wherever they lie"""
    step_minutes: Positive = 5.0
    """between the fields of rain that rules are held against: windows over all members take their time"""
    sender: str = "nowcast@localhost"
    sender_name: str | None = None
    languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    chinese: bool = False
    """messages as the national platform has them"""


class Hours(_Table):
    """``[hours]``: grids of whole hours, observed and to come."""

    ahead: Annotated[int, pydantic.Field(ge=1, le=6)] = 6
    """as far as the model reaches; without one, as far as the forecast does"""
    behind: Annotated[int, pydantic.Field(ge=1, le=5)] = 1
    """observed ones"""
    start: Literal["cycle", "clock"] = "cycle"
    """hours end and begin at the time of the cycle, or when a clock strikes"""
    offset_minutes: Annotated[int, pydantic.Field(ge=0, lt=60)] = 0
    """of that clock: what it is behind UTC or ahead of it beyond whole hours"""
    each: Literal["cycle", "hour"] = "cycle"
    """made by every cycle, or by those of whole hours of the clock"""
    thresholds: tuple[Positive, ...] = (1.0, 10.0, 20.0, 50.0)
    """mm"""
    quantiles: tuple[Share, ...] = (0.1, 0.5, 0.9)
    heights_m: Annotated[tuple[float, ...], pydantic.Field(min_length=1)] = (10.0, 100.0, 500.0)
    """of winds above the ground, increasing"""
    formats: tuple[Literal["nc", "grib2", "tif"], ...] = ("nc",)
    grib: dict[str, Annotated[str, pydantic.Field(pattern=r"^\d{1,3}-\d{1,3}-\d{1,3}$")]] = {}
    """discipline-category-number of hazards that GRIB has none for"""
    cuts: dict[Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]+$")], Box | Path] = {}
    """areas by name whose part of the grid is written apart: west, south, east, north, or a file of GeoJSON"""

    @pydantic.field_validator("heights_m")
    @classmethod
    def _of_the_product(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        there = (10.0, *wind.HEIGHTS)
        if list(value) != sorted(set(value)) or not set(value) <= set(there):
            raise ValueError(f"increasing heights of {', '.join(f'{height:g}' for height in there)} expected")
        return value

    @pydantic.field_validator("cuts")
    @classmethod
    def _boxes(cls, value: dict[str, Box | Path]) -> dict[str, Box | Path]:
        for name, area in value.items():
            if not isinstance(area, Path) and not (-90.0 <= area[1] < area[3] <= 90.0 and area[0] != area[2]):
                raise ValueError(f"{name}: west, south, east, north in degrees expected")
        return value


class Wind(_Table):
    """``[wind]``: the wind in three dimensions of radars, a model or both, and the low-level product of it."""

    spacing_km: Positive = 2.0
    levels_km: Positive = 0.5
    top_km: Positive = 12.0
    minutes: Positive = 60.0


class Verify(_Table):
    """``[verify]``: earlier cycles' forecasts of now."""

    leads_minutes: tuple[Positive, ...] = (10.0, 30.0, 60.0, 120.0)
    thresholds: tuple[Positive, ...] = (0.1, 1.0, 5.0)
    windows: tuple[Annotated[int, pydantic.Field(ge=1)], ...] = (1, 5, 11)


class Desk(_Table):
    """``[desk]``: corrections by hand, published beside what they correct."""

    log: Path
    """of edits, as ``nowcast.desk.Log`` keeps it; none yet is none"""


class Budget(_Table):
    """``[budget]``: seconds of a cycle; where they run out members are dropped first, then stages that may be."""

    seconds: Positive = 240.0


class Config(_Table):
    """One region and what is to be made of it, every so many minutes."""

    name: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]+$")]
    output: Path
    every_minutes: Annotated[float, pydantic.Field(gt=0.0, le=1440.0)] = 5.0
    delay_minutes: Annotated[float, pydantic.Field(ge=0.0)] = 0.0
    """how long after its time a cycle that is given none takes data to have arrived"""
    keep_hours: Positive = 48.0
    stages: tuple[Literal["cells", "forecast", "warn", "hours", "wind", "verify"], ...] = (
        "cells",
        "forecast",
        "warn",
        "hours",
        "verify",
    )
    grid: Region
    radars: dict[str, Radar] = {}
    composite: Composite | None = None
    model: ModelRun | None = None
    mosaic: Mosaic = Mosaic()
    rain: Rain = Rain()
    forecast: Forecast = Forecast()
    cells: Cells = Cells()
    warn: Warn = Warn()
    hours: Hours = Hours()
    wind: Wind = Wind()
    verify: Verify = Verify()
    desk: Desk | None = None
    budget: Budget = Budget()

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.radars) == (self.composite is not None):
            raise ValueError("either radars or a composite expected")
        if "wind" in self.stages and not self.radars and self.model is None:
            raise ValueError("wind: radars or a model expected")
        return self

    @pydantic.model_validator(mode="after")
    def _whole_hours(self) -> Self:
        if "hours" not in self.stages:
            return self
        longest = 60.0 * (self.hours.behind + (self.hours.start == "clock"))
        if self.rain.minutes < longest and (self.hours.behind > 1 or self.hours.start == "clock"):
            raise ValueError(f"rain.minutes: {longest:g} or more expected for the observed hours")
        if "grib2" in self.hours.formats and not _GRIB_GRIDS.search(self.grid.projection or ""):
            raise ValueError(
                "hours.formats: for grib2 a grid.projection of +proj=longlat, lcc, stere or merc expected, "
                f"{self.grid.projection or 'none'} given"
            )
        return self

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """The configuration a TOML file gives; names of files in it are beside the file.

        Raises
        ------
        FileError : the file cannot be read.
        ArgumentError : it is not TOML, lacks something, or has what there is no place for: file, line and entry.
        """
        return _toml.load(path, cls)._beside(Path(path).absolute().parent)

    def _beside(self, folder: Path) -> Self:
        """The same with names that begin at a folder."""

        def whole(files: _Files) -> Any:
            return files.model_copy(update={"files": str(folder / files.files)})

        update: dict[str, Any] = {
            "output": folder / self.output,
            "radars": {name: whole(radar) for name, radar in self.radars.items()},
        }
        warn: dict[str, Any] = {}
        if self.warn.places is not None:
            warn["places"] = folder / self.warn.places
        if self.cells.hazards is not None:
            update["cells"] = self.cells.model_copy(update={"hazards": folder / self.cells.hazards})
        if self.warn.rules not in hazard.presets():
            warn["rules"] = str(folder / self.warn.rules)
        cuts = {name: folder / area if isinstance(area, Path) else area for name, area in self.hours.cuts.items()}
        update["hours"] = self.hours.model_copy(update={"cuts": cuts})
        update["warn"] = self.warn.model_copy(update=warn)
        if self.desk is not None:
            update["desk"] = self.desk.model_copy(update={"log": folder / self.desk.log})
        for name in ("composite", "model"):
            if (given := getattr(self, name)) is not None:
                update[name] = whole(given)
        return self.model_copy(update=update)
