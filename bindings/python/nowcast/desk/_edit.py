"""One edit: what is corrected, where, when, by whom and why; checked whole before it is taken."""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
import pydantic

from nowcast.desk import _area, _values
from nowcast.errors import ArgumentError

KINDS = (*_values.FIELDS, *_values.TABLES)
"""What an edit may be."""

_AREA_WANTED = ("move", "erase", "motion", "cell_draw")
_LATEST, _EARLIEST = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2200, 1950))


def _utc(given: Any) -> datetime.datetime:
    if isinstance(given, datetime.datetime):
        time = given
    elif isinstance(given, str) and len(given) <= 40:
        try:
            time = datetime.datetime.fromisoformat(given)
        except ValueError:
            raise ValueError('a time like "2026-06-01T12:00:00Z" expected') from None
    else:
        raise ValueError('a time like "2026-06-01T12:00:00Z" expected')
    try:
        utc = time.replace(tzinfo=datetime.UTC) if time.tzinfo is None else time.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError("a time from 1950 to 2200 expected") from None
    if not _EARLIEST <= utc < _LATEST:
        raise ValueError("a time from 1950 to 2200 expected")
    return utc


def _pair(given: Any) -> Any:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise ValueError("two times, from and to, expected")
    return tuple(given)


def _area_of(given: Any) -> Any:
    return None if given is None else _area.checked(given)


def _known(given: str) -> str:
    if given not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)} expected")
    return given


Time = Annotated[datetime.datetime, pydantic.BeforeValidator(_utc)]
Span = Annotated[tuple[Time, Time], pydantic.BeforeValidator(_pair)]
Area = Annotated[dict[str, Any] | None, pydantic.BeforeValidator(_area_of)]
Printed = pydantic.AfterValidator(_values.printed)
Author = Annotated[str, pydantic.Field(strict=True, min_length=1, max_length=200), Printed]
Reason = Annotated[str, pydantic.Field(strict=True, max_length=4000), Printed]
Kind = Annotated[str, pydantic.AfterValidator(_known)]


class Edit(pydantic.BaseModel):
    """An edit as ``check`` gives it; ``model_dump(mode="json")`` and ``plain`` are the JSON object it came from."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    kind: Kind
    layer: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]
    author: Author
    time: Time
    """when it was made"""
    valid: Span
    """the valid times it acts on, both included; its area is where it was drawn at the first"""
    reason: Reason = ""
    half_life_minutes: Annotated[float, pydantic.Field(gt=0.0, le=1e6, allow_inf_nan=False)] | None = None
    """after ``time``; None: it acts in full as long as it is valid"""
    area: Area = None
    """Polygon, MultiPolygon or LineString; None: everywhere"""
    feather_km: Annotated[float, pydantic.Field(ge=0.0, le=1000.0, allow_inf_nan=False)] = 0.0
    values: Annotated[Any, pydantic.Field(validate_default=True)] = {}
    """of the kind"""
    suggested: bool = False
    """made by ``nowcast.desk.suggest``; one that a person takes over is no longer"""

    @pydantic.field_validator("values", mode="before")
    @classmethod
    def _of_kind(cls, given: Any, told: pydantic.ValidationInfo) -> Any:
        kind = told.data.get("kind")
        if kind is None:
            return None  # that the kind is wrong is told already
        if isinstance(given, pydantic.BaseModel):
            given = given.model_dump(by_alias=True)
        if not isinstance(given, Mapping):
            raise ValueError(f"an object expected, {type(given).__name__} given")
        try:
            return _values.model_of(kind).model_validate(dict(given))
        except pydantic.ValidationError as error:
            raise ValueError("; ".join(_values.error_lines(error))) from None

    @pydantic.field_serializer("values")
    def _as_object(self, values: Any) -> dict[str, Any]:
        made: dict[str, Any] = values.model_dump(by_alias=True, exclude_none=True)
        return made

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if self.valid[0] > self.valid[1]:
            raise ValueError("valid: times in order expected")
        if self.area is None and self.kind in _AREA_WANTED:
            raise ValueError(f"area: an area expected for {self.kind}")
        line, width = (
            self.area is not None and self.area["type"] == "LineString",
            getattr(self.values, "width_km", None),
        )
        if line != (width is not None):
            raise ValueError("values.width_km: the width of a line expected, and of nothing else")
        if self.kind == "cell_draw" and line:
            raise ValueError("area: a polygon expected for cell_draw")
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """The edit as a plain JSON object."""
        return self.model_dump(mode="json", exclude={"suggested"} if not self.suggested else None)

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64]:
        """The valid times it acts on."""
        return instant(self.valid[0]), instant(self.valid[1])

    def strength(self, time: np.datetime64) -> float:
        """How much of the edit is left at a valid time, 0 to 1; 0 where it is not valid."""
        first, last = self.span
        if not first <= time <= last:
            return 0.0
        since = float((time - instant(self.time)) / np.timedelta64(1, "s")) / 60.0
        return 1.0 if self.half_life_minutes is None or since <= 0.0 else float(0.5 ** (since / self.half_life_minutes))

    @property
    def moving(self) -> bool:
        """Whether its area goes along with the rain from the first valid time on."""
        told = getattr(self.values, "moving", None)
        return self.kind not in _values.STANDING if told is None else bool(told)


def instant(time: datetime.datetime) -> np.datetime64:
    """A time as NumPy has it, UTC."""
    return np.datetime64(time.replace(tzinfo=None), "ns")


def check(edit: Mapping[str, Any] | Edit) -> Edit:
    """An edit that is whole and makes sense, from a plain JSON object.

    Parameters
    ----------
    edit : mapping
        ``id``, ``kind``, ``layer``, ``author``, ``time``, ``valid``, ``reason``, ``half_life_minutes``, ``area``,
        ``feather_km`` and ``values``, as the guide has them.

    Raises
    ------
    ArgumentError : something is missing, of another type, out of range, or has no place; each entry is named.
    """
    if isinstance(edit, Edit):
        return edit
    if not isinstance(edit, Mapping):
        raise ArgumentError(f"edit: an object expected, {type(edit).__name__} given")
    try:
        return Edit.model_validate(dict(edit))
    except pydantic.ValidationError as error:
        raise ArgumentError("\n".join(f"edit: {line}" for line in _values.error_lines(error))) from None
    except RecursionError:
        raise ArgumentError("edit: lists in lists without an end") from None
