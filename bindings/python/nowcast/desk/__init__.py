"""Corrections by hand as data: edits, the log that keeps them, and fields corrected by them."""

from nowcast.desk._apply import apply
from nowcast.desk._edit import KINDS, Edit, check
from nowcast.desk._log import Entry, Log
from nowcast.desk._weights import weights

__all__ = ["KINDS", "Edit", "Entry", "Log", "apply", "check", "weights"]
