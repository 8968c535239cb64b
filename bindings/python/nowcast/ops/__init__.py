"""The operational cycle: one configuration, every scan or every hour, from what is on disk to published products."""

from nowcast.ops._config import Config
from nowcast.ops._cycle import Outcome, replay, run
from nowcast.ops._publish import LockedError
from nowcast.ops._status import status, template

__all__ = ["Config", "LockedError", "Outcome", "replay", "run", "status", "template"]
