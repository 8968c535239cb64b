"""What a model system calls things in its files: the description that a TOML file or a script gives."""

import os
from typing import Self

import pydantic

from nowcast import _toml
from nowcast._lib import lib

PathLike = str | os.PathLike[str]

STAGGERS = {
    "by name": lib.NWC_STAGGER_BY_NAME,
    "none": lib.NWC_STAGGER_NONE,
    "x": lib.NWC_STAGGER_X,
    "y": lib.NWC_STAGGER_Y,
    "z": lib.NWC_STAGGER_Z,
}
WINDS = {"file": -1, "earth": 0, "grid": 1}


class Name(pydantic.BaseModel):
    """What a variable of a system's files is to be called."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str
    """the short name it gets: "u" """
    units: str | None = None
    """those the values have once scaled; of the file when omitted"""
    scale: float = 1.0
    offset: float = 0.0
    stagger: str = "by name"
    """of netCDF: "none", "x", "y", "z", or "by name" of the dimension as WRF has them"""

    @pydantic.field_validator("stagger")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in STAGGERS:
            raise ValueError(f"one of {', '.join(STAGGERS)} expected")
        return value


class System(pydantic.BaseModel):
    """How the files of a model system are to be understood: a TOML file, or these fields.

    ::

        name = "PWAFS"
        winds = "grid"
        [names]
        "0-2-2" = { name = "u" }            # GRIB 2: discipline-category-number
        UU = { name = "u", stagger = "x" }  # netCDF: the variable
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    projection: str | None = None
    """PROJ string of netCDF files, in place of what their attributes say"""
    winds: str = "file"
    """where components of wind lie: along the "grid", to the east and north of the "earth", or as the "file" says"""
    names: dict[str, Name] = {}
    """by what the file calls them: a short name, "discipline-category-number", or a netCDF variable"""

    @pydantic.field_validator("winds")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in WINDS:
            raise ValueError(f"one of {', '.join(WINDS)} expected")
        return value

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """The system a TOML file describes.

        Raises
        ------
        FileError : the file cannot be read.
        ArgumentError : it is not TOML, or says what a system has no place for; the text names file, line and entry.
        """
        return _toml.load(path, cls)
