"""Functions with the names, arguments and conventions of pysteps, computed by this package.

Arrays are (time, row, column), row 0 in the north; motion is in pixels per time step, x first, positive along columns
and along rows; rain is in mm/h or in decibels of it; what is not known is masked or not finite. ``install`` puts these
functions in the place of those of an installed pysteps; ``python -m nowcast.compat.pysteps SCRIPT`` runs a script so.
"""

from nowcast.compat.pysteps import extrapolation, motion, nowcasts, utils, verification
from nowcast.compat.pysteps._install import install

__all__ = ["extrapolation", "install", "motion", "nowcasts", "utils", "verification"]
