"""How the cycles of a configuration are doing, and a configuration to begin with."""

import importlib.resources
import time as clock
from typing import Any

import numpy as np

from nowcast.errors import NowcastError
from nowcast.ops import _publish
from nowcast.ops._config import Config, PathLike


def status(config: Config | PathLike) -> dict[str, Any]:
    """What the latest cycle was, how old it is and what it lacked; and how many of those kept were degraded.

    ``age_minutes`` is from the clock; ``time`` is None where nothing has been published yet.
    """
    told = config if isinstance(config, Config) else Config.load(config)
    found = _publish.published(told.output) if told.output.is_dir() else []
    made: dict[str, Any] = {"name": told.name, "output": str(told.output), "cycles": len(found), "time": None}
    manifests = []
    for _, folder in found:
        try:
            manifests.append(_publish.read_manifest(folder))
        except NowcastError as error:
            made.setdefault("unreadable", []).append(str(error))
    if manifests:
        last = manifests[-1]
        age = clock.time() - float(np.datetime64(last["time"].rstrip("Z"), "s").astype(np.int64))
        made |= {"time": last["time"], "age_minutes": age / 60.0, "degraded": last["degraded"]}
        made |= {"seconds": sum(last["seconds"].values()), "stages": last["stages"], "members": last["members"]}
        made["degraded_cycles"] = sum(bool(one["degraded"]) for one in manifests)
    return made


def template(name: str = "region", longitude: float = 0.0, latitude: float = 0.0) -> str:
    """A configuration with every entry explained, to be filled in."""
    text = importlib.resources.files("nowcast").joinpath("data/cycle.toml").read_text(encoding="utf-8")
    for entry, value in (("NAME", name), ("LONGITUDE", f"{longitude:g}"), ("LATITUDE", f"{latitude:g}")):
        text = text.replace(f"@{entry}@", value)
    return text
