"""Corrections by hand as data: edits, the log that keeps them, fields corrected by them, and a page to make them on."""

from nowcast.desk._apply import apply
from nowcast.desk._edit import KINDS, Edit, check
from nowcast.desk._features import apply_features
from nowcast.desk._log import Entry, Log
from nowcast.desk._server import Server, serve, show
from nowcast.desk._suggest import suggest
from nowcast.desk._value import value
from nowcast.desk._weights import weights

__all__ = [
    "KINDS",
    "Edit",
    "Entry",
    "Log",
    "Server",
    "apply",
    "apply_features",
    "check",
    "serve",
    "show",
    "suggest",
    "value",
    "weights",
]
