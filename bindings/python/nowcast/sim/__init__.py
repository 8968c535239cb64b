"""Synthetic storms of known truth, and what radars, stations and models would tell of them."""

from nowcast.sim._composite import storms
from nowcast.sim.cases import pulse_cells, squall_line, stratiform, supercell
from nowcast.sim.environment import Environment, hodograph
from nowcast.sim.storm import Storm

__all__ = [
    "Environment",
    "Storm",
    "hodograph",
    "pulse_cells",
    "squall_line",
    "storms",
    "stratiform",
    "supercell",
]
