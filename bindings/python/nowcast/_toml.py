"""TOML files whose faults are told by file, line and entry."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import pydantic

from nowcast._files import refusals
from nowcast.errors import ArgumentError

Entry = tuple[str | int, ...]
Model = TypeVar("Model", bound=pydantic.BaseModel)


def entry_lines(text: str) -> dict[Entry, int]:
    """The line, from 1, of each table and key of a text: ("rules", 0, "level"); keys of inline tables have none."""
    found: dict[Entry, int] = {}
    table: Entry = ()
    several: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            table = _parts(header[2])
            if header[1] == "[[":
                several[header[2]] = several.get(header[2], -1) + 1
                table = (*table, several[header[2]])
            found.setdefault(table, number)
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w-]+)*)\s*=""", line):
            found.setdefault((*table, *_parts(key[1])), number)
    return found


def _parts(name: str) -> Entry:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name))


def place(source: str, lines: Mapping[Entry, int], entry: Entry) -> str:
    """ "FILE: line 7: ", where an entry stands, or what of it is there; "FILE: " where nothing is."""
    for n in range(len(entry), 0, -1):
        if entry[:n] in lines:
            return f"{source}: line {lines[entry[:n]]}: "
    return f"{source}: "


def load(path: str | os.PathLike[str], kind: type[Model]) -> Model:
    """A file as the model that describes it.

    Raises
    ------
    FileError : the file cannot be read.
    ArgumentError : it is not TOML, lacks something, or has what there is no place for; a line for each.
    """
    try:
        with refusals(path):
            text = Path(path).read_text(encoding="utf-8")
        said = tomllib.loads(text)
        return kind(**said)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path}: {error}") from error
    except pydantic.ValidationError as error:
        lines = entry_lines(text)
        told = []
        for one in error.errors():
            message = one["msg"].removeprefix("Value error, ")
            if one["type"] == "extra_forbidden":
                message = "no such entry"
            name = ".".join(map(str, one["loc"]))
            told.append(place(str(path), lines, one["loc"]) + (f"{name}: " if name else "") + message)
        raise ArgumentError("\n".join(told)) from error
