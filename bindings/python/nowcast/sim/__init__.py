"""Synthetic storms of known truth, and what radars, stations and models would tell of them."""

from nowcast.sim import model, observe, strategy
from nowcast.sim._composite import storms
from nowcast.sim._contents import CONTENTS, contents
from nowcast.sim._terrain import terrain
from nowcast.sim.cases import pulse_cells, squall_line, stratiform, supercell
from nowcast.sim.environment import Environment, hodograph
from nowcast.sim.radar import Effects, Scan, Site, scan
from nowcast.sim.storm import Storm

__all__ = [
    "CONTENTS",
    "Effects",
    "Environment",
    "Scan",
    "Site",
    "Storm",
    "contents",
    "hodograph",
    "model",
    "observe",
    "pulse_cells",
    "scan",
    "squall_line",
    "storms",
    "strategy",
    "stratiform",
    "supercell",
    "terrain",
]
