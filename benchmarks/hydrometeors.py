"""Hydrometeor classes of simulated volumes beside what is in the middle of each gate. Part of ``make bench-quality``.

Volumes have noise, attenuation, clutter and second trips; what is asked of them is what the command line would: quality
control, phase, attenuation, classes. Printed is, for each content of gates with an echo, in which class they are, in %.
"""

import numpy as np

from nowcast import radar, sim
from nowcast.sim.strategy import Radar, Strategy, Sweep

COLUMNS = {
    "none": ("none",),
    "rain": ("drizzle", "rain", "big_drops"),
    "wet snow": ("wet_snow",),
    "dry": ("ice_crystals", "aggregates", "vertical_ice"),
    "graupel": ("light_graupel", "dense_graupel"),
    "hail": ("hail",),
}


def volumes() -> dict[str, tuple[sim.Storm, sim.Scan]]:
    storm, rain = sim.supercell(seed=1, particles=4000), sim.stratiform(rate=4.0)
    effects = sim.Effects(clutter=45.0)
    found = {}
    for name, antenna in {"S": Radar(), "C": Radar("C", "C", 1.0, 150.0, -4.0)}.items():
        sweeps = tuple(Sweep(angle, 1.0, 250.0, 70e3, 1500.0, rate=20.0) for angle in (0.5, 2.5, 5.0, 9.0, 14.0))
        plan = Strategy("supercell", antenna, sweeps)
        site = sim.Site.near(storm, -30e3, -20e3)
        found[f"supercell, {name}"] = storm, sim.scan(storm, site, plan, 900.0, seed=1, effects=effects)
        sweeps = tuple(Sweep(angle, 2.0, 500.0, 40e3, 1500.0, rate=20.0, stop=40.0) for angle in (1.0, 5.0, 10.0, 20.0))
        plan, site = Strategy("rain", antenna, sweeps), sim.Site.near(rain, 0.0, 0.0)
        found[f"widespread, {name}"] = rain, sim.scan(rain, site, plan, 0.0, seed=1, effects=effects)
    return found


def main() -> None:
    print(f"{'':16}{'content':14}{'gates':>8}", *(f"{name:>9}" for name in COLUMNS))
    for name, (storm, scan) in volumes().items():
        found = radar.attenuation(radar.phase(radar.quality(scan.volume)))
        classes = radar.hydrometeors(found, freezing_level=storm.environment.height_of(273.15))
        table = np.zeros((len(sim.CONTENTS), len(radar.HYDROMETEORS)), dtype=int)
        for sweep, content in sim.contents(storm, scan).items():
            echo = scan.volume[sweep]["DBZH"].values > radar.NOTHING_DBZ
            np.add.at(table, (content[echo], classes[sweep]["CLASS"].values[echo]), 1)
        for content, row in zip(sim.CONTENTS, table, strict=True):
            if row.sum() >= 100:
                parts = (sum(row[radar.HYDROMETEORS[each]] for each in group) for group in COLUMNS.values())
                print(f"{name:16}{content:14}{row.sum():8}", *(f"{100.0 * part / row.sum():9.1f}" for part in parts))


if __name__ == "__main__":
    main()
