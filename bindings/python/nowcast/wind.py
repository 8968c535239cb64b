"""The wind in three dimensions that radars see, and what is made of a wind in space.

``retrieve`` finds it. From it, or any other, come wind at heights above the ground and at 10 m, gusts, shear, jets,
convergence, forecasts and alarms.

A wind in space is a Dataset (..., z, y, x) of ``u``, ``v`` and, where it is known, ``w``, m s-1, on a grid with ``z``
in metres above mean sea level, however it was found: retrieved from radars, a model, or both.
"""

from nowcast._wind_alarm import Alarm, alarms
from nowcast._wind_forecast import fit_decay, forecast, low_level
from nowcast._wind_kinematics import (
    HELICITY_LAYERS,
    MICROBURST_M_S,
    SHEAR_LAYERS,
    burst,
    convergence_lines,
    derivatives,
    helicity,
    jet,
    outflow,
    shear,
    storm_motion,
)
from nowcast._wind_level import HEIGHTS, levels, near_ground
from nowcast._wind_retrieve import report, retrieve
from nowcast._wind_write import to_grid, to_true, write

__all__ = [
    "HEIGHTS",
    "HELICITY_LAYERS",
    "MICROBURST_M_S",
    "SHEAR_LAYERS",
    "Alarm",
    "alarms",
    "burst",
    "convergence_lines",
    "derivatives",
    "fit_decay",
    "forecast",
    "helicity",
    "jet",
    "levels",
    "low_level",
    "near_ground",
    "outflow",
    "report",
    "retrieve",
    "shear",
    "storm_motion",
    "to_grid",
    "to_true",
    "write",
]
