"""What a simulated radar looked at: what is in the middle of each of its gates."""

import numpy as np
import numpy.typing as npt

from nowcast import radar as volumes
from nowcast.sim import beam
from nowcast.sim.particles import COLUMNS
from nowcast.sim.radar import Scan
from nowcast.sim.storm import Storm

__all__ = ["CONTENTS", "contents"]

CONTENTS = ("nothing", "rain", "melting", "snow", "graupel", "hail", "clutter", "second_trip", "interference")
"""What most of the power of a gate comes from, in the order of their numbers."""
_MASSES = [COLUMNS.index(name) for name in ("zh", "z_hail", "rain", "snow", "graupel", "hail")]
_PART = 0.1  # of the mass that rain and snow each have at least where it melts


def contents(storm: Storm, scan: Scan) -> dict[str, npt.NDArray[np.int8]]:
    """Where in ``CONTENTS`` what is in the middle of each gate stands: (ray, gate) for each sweep, by name.

    Hail gives half of the reflectivity or more; otherwise it is what has the greatest mass, hail among graupel.
    """
    root = scan.truth
    site = float(root["latitude"]), float(root["longitude"]), float(root["altitude"])
    sweeps = {name: root[name].to_dataset() for name in root.children if name.startswith("sweep_")}
    furthest = max(float(sweep["range"].values[-1]) for sweep in sweeps.values())
    plane = beam.Plane(*site[:2], storm.projection, furthest + 1e3)
    found = {}
    for name, sweep in sweeps.items():
        seconds = (sweep["time"].values - np.datetime64(storm.start, "ns")) / np.timedelta64(1, "s")
        rays = zip(sweep["azimuth"].values, sweep["elevation"].values, seconds, strict=True)
        air = []
        for azimuth, elevation, t in rays:
            along, height = beam.ray(sweep["range"].values, float(elevation), site[2])
            x, y = plane.place(along, np.full_like(along, azimuth))
            air.append(storm.columns(x, y, height, np.full_like(along, t)))
        zh, z_hail, rain, snow, graupel, hail = np.moveaxis(np.array(air)[..., _MASSES], -1, 0)
        masses = np.array([rain, snow, graupel + hail])
        kind = np.array([1, 3, 4])[masses.argmax(axis=0)]
        part = _PART * masses.sum(axis=0)
        kind = np.where((kind < 4) & (rain > part) & (snow > part), CONTENTS.index("melting"), kind)
        kind = np.where(z_hail > 0.5 * zh, CONTENTS.index("hail"), kind)
        kind = np.where((sweep["DBZH"].values > volumes.NOTHING_DBZ) & (masses.sum(axis=0) > 0.0), kind, 0)
        for other in ("clutter", "second_trip", "interference"):
            kind = np.where(sweep[other].values > 0, CONTENTS.index(other), kind)
        found[name] = kind.astype(np.int8)
    return found
