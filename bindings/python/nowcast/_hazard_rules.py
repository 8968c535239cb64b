"""Rules of warnings from TOML: read, checked by the library, and what is wrong told by file, key and line."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from nowcast import _files, _lib
from nowcast._lib import ffi, lib
from nowcast._toml import Entry, entry_lines, place
from nowcast.errors import ArgumentError, FormatError

SCHEMA = 1
_PRESETS = Path(__file__).parent / "data" / "rules"
_TARGETS = {"areas": lib.NWC_HAZARD_AREA, "places": lib.NWC_HAZARD_PLACE}

# Keys of a rule: what they are called in C, how many of its units one is, and the type.
_TEXTS = ("hazard", "group", "quantity", "units")
_NUMBERS = {
    "threshold": ("threshold", 1.0),
    "keep_threshold": ("keep_threshold", 1.0),
    "window_minutes": ("window_s", 60.0),
    "from_minutes": ("from_s", 60.0),
    "to_minutes": ("to_s", 60.0),
    "probability": ("probability", 1.0),
    "keep_probability": ("keep_probability", 1.0),
    "least_area_km2": ("least_area_m2", 1e6),
    "hold_minutes": ("hold_s", 60.0),
    "valid_minutes": ("valid_s", 60.0),
    "escalate_minutes": ("escalate_s", 60.0),
}
_KEYS = {"level", "for", "below", *_TEXTS, *_NUMBERS}
_KEY_OF = {c_name: key for key, (c_name, _) in _NUMBERS.items()} | {"target": "for"}


@dataclasses.dataclass(frozen=True)
class Rules:
    """Rules, what their levels are called, and the titles and codes of their hazards."""

    rules: tuple[Mapping[str, Any], ...]
    """as in TOML"""
    levels: tuple[str, ...]
    """from the least up"""
    name: str = ""
    titles: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    """of hazards, by language"""
    codes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """of hazards that have one"""
    source: str = "rules"
    _lines: Mapping[Entry, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(len(self.rules)):
            self._check(number)
        c_rules = self.to_c()[0]
        try:
            _lib.check(lib.nwc_hazard_rules_check(c_rules, len(self.rules)))
        except ArgumentError as error:
            raise ArgumentError(self._told(str(error))) from None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file, or one of those that come with the library, by name: "cma", "nws".

        Raises
        ------
        FileError : no such file. FormatError : no TOML, or keys that are not known; the error names file, key and line.
        ArgumentError : values out of range, rules that contradict each other; likewise.
        """
        file = _PRESETS / f"{path}.toml" if str(path) in presets() else Path(path)
        return cls.parse(_files.text(file), str(file))

    @classmethod
    def parse(cls, text: str, source: str = "rules") -> Self:
        """As ``read``, of a text; source is for errors."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FormatError(f"{source}: {error}") from None
        lines = entry_lines(text)
        known = {"schema", "name", "levels", "hazards", "rules"}
        for key in data.keys() - known:
            raise FormatError(f"{source}: {key}: one of {', '.join(sorted(known))} expected")
        if data.get("schema") != SCHEMA:
            raise FormatError(f"{source}: schema: {SCHEMA} expected, {data.get('schema')} found")
        levels, rules, hazards = data.get("levels", []), data.get("rules", []), data.get("hazards", {})
        if not isinstance(rules, list) or not rules or not all(isinstance(rule, dict) for rule in rules):
            raise FormatError(f"{source}: rules: at least one [[rules]] expected")
        if not isinstance(levels, list) or not levels or not all(isinstance(level, str) for level in levels):
            raise FormatError(f"{source}: levels: names of levels expected")
        titles, codes = _hazards(hazards, source)
        return cls(tuple(rules), tuple(levels), str(data.get("name", "")), titles, codes, source, lines)

    def for_areas(self) -> Self:
        """The same, for areas wherever they lie, none for places."""
        rules = tuple({k: v for k, v in rule.items() if k not in ("for", "group")} for rule in self.rules)
        return dataclasses.replace(self, rules=rules)

    def to_c(self) -> tuple[Any, list[Any]]:
        """An array of nwc_hazard_rule, and what it points to."""
        made, kept = ffi.new("nwc_hazard_rule[]", len(self.rules)), []
        for c_rule, rule in zip(made, self.rules, strict=True):
            lib.nwc_hazard_rule_init(ffi.addressof(c_rule))
            for key in _TEXTS:
                if key in rule:
                    kept.append(ffi.new("char[]", rule[key].encode()))
                    setattr(c_rule, key, kept[-1])
            for key, (name, of) in _NUMBERS.items():
                if key in rule:
                    setattr(c_rule, name, of * rule[key])
            c_rule.level = self.levels.index(rule["level"]) + 1
            c_rule.target = _TARGETS[rule.get("for", "areas")]
            c_rule.below = int(rule.get("below", False))
        return made, kept

    def _check(self, number: int) -> None:
        """Types and names; ranges are the library's."""
        rule = self.rules[number]
        for key, value in rule.items():
            if key not in _KEYS:
                raise FormatError(f"{self._at(number, key)}: one of {', '.join(sorted(_KEYS))} expected")
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            wanted = "a number" if key in _NUMBERS else "true or false" if key == "below" else "a text"
            if not (is_number if key in _NUMBERS else isinstance(value, bool if key == "below" else str)):
                raise FormatError(f"{self._at(number, key)}: {wanted} expected, {value!r} found")
        for key in ("hazard", "level", "quantity", "units", "threshold"):
            if key not in rule:
                raise FormatError(f"{self._at(number, key)}: expected, missing")
        for key, allowed in (("level", self.levels), ("for", tuple(_TARGETS))):
            if rule.get(key, allowed[0]) not in allowed:
                raise FormatError(f"{self._at(number, key)}: one of {', '.join(allowed)} expected, {rule[key]!r} found")

    def _at(self, number: int, key: str) -> str:
        where = place(self.source, self._lines, ("rules", number, key))
        return where + (key if self._lines else f"rule {number}: {key}")

    def _told(self, text: str) -> str:
        """The library's words with the places in the file: "rule 3: threshold_s: ..."."""
        several = re.match(r"rule (\d+), rule (\d+): (.*)", text)
        if several:
            places = " and ".join(self._at(int(number), "level") for number in several.groups()[:2])
            return f"{places}: {several[3]}"
        one = re.match(r"rule (\d+): (\w+): (.*)", text)
        return f"{self._at(int(one[1]), _KEY_OF.get(one[2], one[2]))}: {one[3]}" if one else text


def presets() -> list[str]:
    """Names of the rules that come with the library."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def _hazards(data: Any, source: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    titles, codes = {}, {}
    if not isinstance(data, dict):
        raise FormatError(f"{source}: hazards: tables expected")
    for hazard, facts in data.items():
        if not isinstance(facts, dict) or facts.keys() - {"title", "code"}:
            raise FormatError(f"{source}: hazards.{hazard}: title and code expected")
        titles[hazard] = {str(language): str(title) for language, title in facts.get("title", {}).items()}
        if "code" in facts:
            codes[hazard] = str(facts["code"])
    return titles, codes
