"""What each kind of edit is told beside its area: a model for each."""

from typing import Annotated, Any

import pydantic

Number = Annotated[float, pydantic.Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Kilometres = Annotated[float, pydantic.Field(ge=-2000.0, le=2000.0, allow_inf_nan=False)]
Speed = Annotated[float, pydantic.Field(ge=-150.0, le=150.0, allow_inf_nan=False)]
Name = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]


class Values(pydantic.BaseModel):
    """What any kind may be told: ``erase`` is told no more."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    width_km: Annotated[float, pydantic.Field(gt=0.0, le=1000.0, allow_inf_nan=False)] | None = None
    """of a line"""
    moving: bool | None = None
    """whether the area goes along with the motion of the rain; when omitted, as the kind has it"""


class By(Values):
    """In the layer's unit."""

    by: Number


class Scale(Values):
    """A factor; of reflectivity, of Z."""

    by: Annotated[float, pydantic.Field(ge=0.0, le=1000.0, allow_inf_nan=False)]


class To(Values):
    """In the layer's unit."""

    to: Number


class Move(Values):
    """Where to."""

    east_km: Kilometres
    north_km: Kilometres


class Motion(Values):
    """m s-1 over the ground."""

    eastward: Speed
    northward: Speed


class Source(Values):
    """A name of another field of the layer, such as the model's."""

    source: Name


class Blend(Source):
    """How much of it."""

    weight: Annotated[float, pydantic.Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class Cell(pydantic.BaseModel):
    """The track of a cell."""

    model_config = Values.model_config

    track: Annotated[int, pydantic.Field(ge=0, lt=2**53)]


class CellDraw(pydantic.BaseModel):
    """A cell that is not among the tracks: its class, its motion if it is known."""

    model_config = Values.model_config

    cls: Annotated[str | None, pydantic.Field(alias="class", pattern=r"^[\w -]{1,60}$")] = None
    eastward: Speed | None = None
    northward: Speed | None = None


class CellMove(Cell):
    """Where to."""

    east_km: Kilometres
    north_km: Kilometres


class CellClass(Cell):
    """What it is."""

    cls: Annotated[str, pydantic.Field(alias="class", pattern=r"^[\w -]{1,60}$")]


class Warned(pydantic.BaseModel):
    """The number of a warning."""

    model_config = Values.model_config

    warning: Annotated[int, pydantic.Field(ge=1, lt=2**53)]


class WarningEdit(Warned):
    """Properties of the warning that are said otherwise."""

    level: Annotated[int, pydantic.Field(ge=0, le=100)] | None = None
    end: Annotated[str | None, pydantic.Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")] = None
    text: Annotated[str | None, pydantic.Field(max_length=4000)] = None

    @pydantic.field_validator("text")
    @classmethod
    def _printed(cls, value: str | None) -> str | None:
        return None if value is None else printed(value)


def printed(value: str) -> str:
    """A text without control characters other than line ends and tabs, nor marks that turn the direction of writing."""
    for place, letter in enumerate(value):
        if (ord(letter) < 32 and letter not in "\n\t") or 127 <= ord(letter) < 160 or letter in _TURNING:
            raise ValueError(f"no control characters expected, U+{ord(letter):04X} at {place}")
    return value


_TURNING = "\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

FIELDS: dict[str, type[Values]] = {
    "raise": By,
    "lower": By,
    "scale": Scale,
    "set": To,
    "move": Move,
    "erase": Values,
    "motion": Motion,
    "replace": Source,
    "blend": Blend,
}
"""Kinds that act on fields."""

TABLES: dict[str, type[pydantic.BaseModel]] = {
    "cell_draw": CellDraw,
    "cell_move": CellMove,
    "cell_class": CellClass,
    "cell_cancel": Cell,
    "warning_accept": Warned,
    "warning_edit": WarningEdit,
    "warning_cancel": Warned,
}
"""Kinds that act on cells and warnings."""

STANDING = ("erase", "motion")
"""Kinds whose area stays where it is: what stands there does not go along with the rain."""


def error_lines(error: pydantic.ValidationError) -> list[str]:
    """Each entry that is wrong, and why."""
    lines = []
    for one in error.errors(include_input=False, include_url=False):
        message = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            message = "no such entry"
        elif one["type"] == "missing":
            message = "expected, none given"
        name = ".".join(str(part)[:60] for part in one["loc"])
        lines.append(f"{name}: {message}" if name else message)
    return lines


def model_of(kind: str) -> type[Any]:
    """The model of a kind's values."""
    return (FIELDS | TABLES)[kind]
