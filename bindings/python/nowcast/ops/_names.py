"""Names of files with their time in them, and which of them there are."""

import datetime
import glob
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from nowcast.errors import ArgumentError

_DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "H": 2, "M": 2, "S": 2}
"""How many there are of each code."""
_DAY = ("Ymd", "ymd", "Yj", "yj")


def moment(time: Any) -> np.datetime64:
    """UTC, of what NumPy takes, or of a text of ISO 8601: with a zone or none, 24:00, and second 60, which is 59 here.

    Raises
    ------
    ArgumentError : it is no time.
    """
    if not isinstance(time, str):
        return np.datetime64(time, "ns")
    plain = re.sub(r"(?<=\d\d:\d\d:)60", "59", time)
    text = re.sub(r"(?<=[T ])24:00(:00)?(?![\d:])", "00:00", plain)
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentError(f"time: ISO 8601 expected, {time!r} given") from error
    if found.tzinfo is not None:
        found = found.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(found, "ns") + np.timedelta64(24 if text != plain else 0, "h")


class Pattern:
    """A path with codes of strftime for the UTC in it (%Y %y %m %d %j %H %M %S) and, for the rest, * and ?.

    Raises
    ------
    ValueError : other codes, or codes that do not make a day.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folder, name = os.path.split(text)
        codes = re.findall(r"%(.)", text.replace("%%", ""))
        if unknown := sorted(set(codes) - set(_DIGITS)):
            raise ValueError(f"codes %{' %'.join(_DIGITS)} expected, %{' %'.join(unknown)} given")
        if not any(set(day) <= set(codes) for day in _DAY):
            raise ValueError("the time of a file in its name expected, as %Y%m%d_%H%M%S")
        if "%" in re.sub("%[^%]", "", name.replace("%%", "")):
            raise ValueError("a code after % expected")
        self._match = re.compile(_expression(text), re.DOTALL).fullmatch

    def find(self, first: np.datetime64, last: np.datetime64) -> list[tuple[np.datetime64, Path]]:
        """The files there are whose times lie from first to last, latest first, then by name."""
        found = []
        for folder in self._folders(first, last):
            try:
                paths = list(Path(folder).iterdir())
            except OSError:
                continue  # not there yet, or no longer
            for path in paths:
                time = self.time_of(str(path))
                if time is not None and first <= time <= last:
                    found.append((time, path))
        found.sort(key=lambda pair: str(pair[1]))
        found.sort(key=lambda pair: pair[0], reverse=True)
        return found

    def time_of(self, path: str) -> np.datetime64 | None:
        """The time in a path; None for a path that is not of this pattern."""
        matched = self._match(path)
        if matched is None:
            return None
        codes = {code: text for code, text in matched.groupdict().items() if text}
        if codes.get("S") == "60":
            codes["S"] = "59"  # a leap second, which datetime does not have
        midnight = codes.get("H") == "24" and not {codes.get("M", "00"), codes.get("S", "00")} - {"00"}
        if midnight:
            codes["H"] = "00"  # of the next day
        try:
            time = datetime.datetime.strptime(" ".join(codes.values()), " ".join(f"%{code}" for code in codes))
        except ValueError:
            return None  # a 31st of February
        return np.datetime64(time, "ns") + np.timedelta64(24 if midnight else 0, "h")

    def _folders(self, first: np.datetime64, last: np.datetime64) -> list[str]:
        """The folders that files of the times may be in."""
        if "%" not in self._folder and not glob.has_magic(self._folder):
            return [self._folder]
        minutes = np.arange(first.astype("datetime64[m]"), last.astype("datetime64[m]") + np.timedelta64(1, "m"))
        named = dict.fromkeys(time.item().strftime(self._folder) for time in minutes)
        if not glob.has_magic(self._folder):
            return list(named)
        return list(dict.fromkeys(path for name in named for path in glob.glob(name)))  # noqa: PTH207


def _expression(text: str) -> str:
    """A regular expression for paths: each code once with its name, further ones as the first was."""
    seen: set[str] = set()
    parts = []
    for piece in re.findall(r"%.|\*|\?|[^%*?]+", text, re.DOTALL):
        if piece == "%%":
            parts.append("%")
        elif piece.startswith("%"):
            code = piece[1]
            parts.append(f"(?P={code})" if code in seen else rf"(?P<{code}>\d{{{_DIGITS[code]}}})")
            seen.add(code)
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(piece) or re.escape(piece))
    return "".join(parts)
