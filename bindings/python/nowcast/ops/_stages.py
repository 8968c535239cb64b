"""The stages of a cycle: each takes what those before it made, writes its products, and says where it fell short."""

from collections.abc import Callable

from nowcast.ops._config import Config
from nowcast.ops._stage_after import blow, score
from nowcast.ops._stage_ahead import ahead
from nowcast.ops._stage_desk import correct
from nowcast.ops._stage_hours import hourly
from nowcast.ops._stage_now import analysis, follow
from nowcast.ops._stage_storms import track, warn
from nowcast.ops._work import Work

Stage = Callable[[Work], None]

ALL: dict[str, Stage] = {
    "analysis": analysis,
    "motion": follow,
    "cells": track,
    "forecast": ahead,
    "warn": warn,
    "wind": blow,
    "hours": hourly,
    "desk": correct,
    "verify": score,
}
"""In their order: what warns comes before what costs."""

ALWAYS = ("analysis", "motion")
DROPPED = ("wind", "verify")
"""Those that are left where the time is up."""


def is_wanted(stage: str, config: Config) -> bool:
    """Whether a stage has a turn in cycles of a configuration."""
    return config.desk is not None if stage == "desk" else stage in ALWAYS or stage in config.stages
