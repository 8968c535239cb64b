"""Many cases: archived storms and made ones, forecast, replayed and scored in parallel; and files of public archives.

A ``Manifest`` names cases and what to run on them, ``run`` does it and reports, ``fetch`` brings files.
"""

from nowcast.archive._case import Outcome
from nowcast.archive._fetch import cache, fetch
from nowcast.archive._manifest import Manifest
from nowcast.archive._run import Result, run
from nowcast.archive._sources import SOURCES, Source

__all__ = ["SOURCES", "Manifest", "Outcome", "Result", "Source", "cache", "fetch", "run"]
