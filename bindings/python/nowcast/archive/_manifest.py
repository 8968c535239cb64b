"""What an archive run is told: a TOML file of cases and of what to run on each, checked as a whole beforehand."""

import dataclasses
import datetime
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pydantic

from nowcast import _toml, forecast, motion
from nowcast.archive._sources import SOURCES
from nowcast.errors import ArgumentError
from nowcast.ops import Config
from nowcast.ops._config import PathLike, Positive

PERSISTENCE = "persistence"
"""The latest frame standing still, which any forecast is to beat."""

METHODS = (PERSISTENCE, *forecast.METHODS)

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
Name = Annotated[str, pydantic.Field(pattern=_NAME)]


class _Table(pydantic.BaseModel):
    """A table of the file; what it has no place for is an error."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def _utc(value: datetime.datetime) -> datetime.datetime:
    return value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)


Time = Annotated[datetime.datetime, pydantic.AfterValidator(_utc)]
"""UTC where it names no zone"""


class Span(_Table):
    """From a time to another, both included."""

    start: Time
    end: Time

    @pydantic.model_validator(mode="before")
    @classmethod
    def _pair(cls, value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) != 2:
            return value
        return {"start": value[0], "end": value[1]}

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError("a start and an end expected, the end comes first")
        return self

    @property
    def ends(self) -> tuple[np.datetime64, np.datetime64]:
        """Both as NumPy has them."""
        return np.datetime64(self.start, "ns"), np.datetime64(self.end, "ns")


class Synthetic(_Table):
    """``synthetic`` of a case: sequences of ``nowcast.sim.storms``, each of another seed, a day after the last."""

    seed: Annotated[int, pydantic.Field(ge=0, lt=2**62)] = 1
    count: Annotated[int, pydantic.Field(ge=1, le=100_000)] = 1
    start: Time = datetime.datetime(2026, 6, 1, 6)
    minutes: Positive = 120.0
    step_minutes: Positive = 5.0
    n: Annotated[int, pydantic.Field(ge=1, le=8192)] = 256
    spacing_km: Positive = 1.0
    cells: Annotated[int, pydantic.Field(ge=0)] = 40
    growth: bool = True


class Fetch(_Table):
    """``fetch`` of a case: files of a public archive."""

    source: str
    name: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """the radar, or the product; by default the source's own"""

    @pydantic.field_validator("source")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in SOURCES:
            raise ValueError(f"one of {', '.join(SOURCES)} expected")
        return value


class Case(_Table):
    """``[cases.NAME]``: where data come from, and of which times. Without a source they are those of the cycle."""

    files: str | tuple[str, ...] | None = None
    """paths or patterns, beginning at the manifest's folder; $NAME is the environment's"""
    synthetic: Synthetic | None = None
    fetch: Fetch | None = None
    times: tuple[Span, ...] = ()
    """[start, end] of each part, which is a case of its own; all times when there are none"""
    quantity: str | None = None
    a: Positive = 200.0
    b: Positive = 1.6
    """Z = a R^b of reflectivity"""
    coarsen: Annotated[int, pydantic.Field(ge=1, le=64)] = 1
    """cells along x and y that are joined to one"""

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("files", "synthetic", "fetch") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"one source expected, {' and '.join(given)} given")
        if self.synthetic is not None and self.times:
            raise ValueError("times: none expected beside synthetic, which has its own start")
        if self.files is None and self.synthetic is None and not self.times:
            raise ValueError("times expected")
        return self


class Forecast(_Table):
    """``[forecast]``: methods that are run on each case and scored."""

    methods: Annotated[tuple[str, ...], pydantic.Field(min_length=1)] = (PERSISTENCE, "extrapolation")
    leads_minutes: Annotated[tuple[Positive, ...], pydantic.Field(min_length=1)] = (10.0, 30.0, 60.0)
    starts: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 4
    """forecasts of a case, from frames spread evenly over it"""
    past_minutes: Positive = 10.0
    """of frames they look at, three at least"""
    members: Annotated[int, pydantic.Field(ge=1, le=1000)] = 10
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**63)] = 0
    motion: str = "variational"
    keep: Literal["none", "netcdf", "zarr"] = "none"
    """what becomes of the fields"""

    @pydantic.field_validator("methods")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in METHODS]:
            raise ValueError(f"some of {', '.join(METHODS)} expected, {', '.join(unknown)} given")
        if len(set(value)) < len(value):
            raise ValueError("each method once expected")
        return value

    @pydantic.field_validator("leads_minutes")
    @classmethod
    def _increasing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("increasing leads expected")
        return value

    @pydantic.field_validator("motion")
    @classmethod
    def _motion(cls, value: str) -> str:
        if value not in motion.METHODS:
            raise ValueError(f"one of {', '.join(motion.METHODS)} expected")
        return value


class Verify(_Table):
    """``[verify]``: mm h-1, and sides of neighbourhoods in cells."""

    thresholds: Annotated[tuple[Positive, ...], pydantic.Field(min_length=1, max_length=64)] = (1.0, 5.0)
    windows: Annotated[
        tuple[Annotated[int, pydantic.Field(ge=1, le=4096)], ...], pydantic.Field(min_length=1, max_length=64)
    ] = (5,)


class Report(_Table):
    """``[report]``: intervals by drawing cases, days, or forecasts by their starts, with replacement."""

    by: Literal["case", "day", "start"] = "case"
    level: Annotated[float, pydantic.Field(gt=0.0, lt=1.0)] = 0.95
    draws: Annotated[int, pydantic.Field(ge=10, le=100_000)] = 500


class Manifest(_Table):
    """Cases that are pooled, and what to run on each: forecasts, an operational cycle, or both."""

    name: Name
    note: str = ""
    """a line of the report: whose data, by what licence"""
    cycle: Path | None = None
    """a configuration of ``nowcast run``, replayed over the times of each case"""
    forecast: Forecast | None = None
    verify: Verify = Verify()
    report: Report = Report()
    cases: Annotated[dict[Name, Case], pydantic.Field(min_length=1)]

    @pydantic.model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if self.cycle is None and self.forecast is None:
            raise ValueError("forecast or cycle expected")
        for name, case in self.cases.items():
            own = case.files is None and case.synthetic is None and case.fetch is None
            if own and (self.cycle is None or self.forecast is not None):
                raise ValueError(f"cases.{name}: files, synthetic or fetch expected")
        return self

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """The manifest a TOML file gives; names of files in it are beside the file.

        Raises
        ------
        FileError : the file cannot be read.
        ArgumentError : it is not TOML, lacks something, or has what there is no place for: file, line and entry. So of
            the configuration of the cycle.
        """
        made = _toml.load(path, cls)
        folder = Path(path).absolute().parent
        if made.cycle is not None:
            Config.load(folder / made.cycle)

        def whole(case: Case) -> Case:
            if case.files is None:
                return case
            several = (case.files,) if isinstance(case.files, str) else case.files
            return case.model_copy(update={"files": tuple(str(folder / os.path.expandvars(one)) for one in several)})

        update = {"cases": {name: whole(case) for name, case in made.cases.items()}}
        return made.model_copy(update=update | {"cycle": made.cycle and folder / made.cycle})

    def jobs(self) -> "list[Job]":
        """Every case for itself, in the order of the file.

        Raises
        ------
        ArgumentError : two would have one name.
        """
        made = [Job(self, *part) for name, case in self.cases.items() for part in _parts(name, case)]
        names = [job.name for job in made]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ArgumentError(f"{self.name}: cases of different names expected, several are {', '.join(twice)}")
        return made


@dataclasses.dataclass(frozen=True)
class Job:
    """One case of a manifest: what a worker is given."""

    manifest: Manifest
    name: str
    case: Case
    span: Span | None


def _parts(name: str, case: Case) -> list[tuple[str, Case, Span | None]]:
    """A case for each seed and each span of time."""
    if (many := case.synthetic) is not None:
        digits = len(str(many.seed + many.count - 1))
        made: list[tuple[str, Case, Span | None]] = []
        for n in range(many.count):
            own = {"seed": many.seed + n, "count": 1, "start": many.start + datetime.timedelta(days=n)}
            one = case.model_copy(update={"synthetic": many.model_copy(update=own)})
            made.append((f"{name}-{many.seed + n:0{digits}d}" if many.count > 1 else name, one, None))
        return made
    if len(case.times) > 1:
        return [(f"{name}-{span.start:%Y%m%dT%H%M%S}", case, span) for span in case.times]
    return [(name, case, case.times[0] if case.times else None)]


def unset(paths: tuple[str, ...]) -> str | None:
    """The first variable of the environment that paths name and that was not set when the manifest was read."""
    found = re.search(r"\$\{?(\w+)\}?", " ".join(paths))
    return found[1] if found else None
