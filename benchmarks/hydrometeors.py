"""Hydrometeor classes of simulated volumes beside what is in the middle of each gate. Part of ``make bench-quality``.

Volumes have noise, attenuation, clutter and second trips; what is asked of them is what the command line would: quality
control, phase, attenuation, classes. Printed is, for each content of gates with an echo, in which class they are, in %;
of graupel and hail also for the gates of a reflectivity, in truth, that the memberships of these classes allow.
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

STRONG = {"graupel": 30.0, "hail": 50.0}
"""dBZ from which on the memberships of either band give graupel or hail more than a half."""


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


def strong(content: str) -> str:
    return f"{content} {STRONG[content]:g} dBZ"


def main() -> None:
    print(f"{'':16}{'content':16}{'gates':>8}", *(f"{name:>9}" for name in COLUMNS))
    for name, (storm, scan) in volumes().items():
        found = radar.attenuation(radar.phase(radar.quality(scan.volume)))
        classes = radar.hydrometeors(found, freezing_level=storm.environment.height_of(273.15))
        kinds = len(radar.HYDROMETEORS)
        tables = {name: np.zeros(kinds, dtype=int) for name in (*sim.CONTENTS, *map(strong, STRONG))}
        for sweep, contents in sim.contents(storm, scan).items():
            echo = scan.volume[sweep]["DBZH"].values > radar.NOTHING_DBZ
            found_in, dbz = classes[sweep]["CLASS"].values.astype(int), scan.truth[sweep]["DBZH"].values
            for number, content in enumerate(sim.CONTENTS):
                here = echo & (contents == number)
                tables[content] += np.bincount(found_in[here], minlength=kinds)
                if content in STRONG:
                    here &= dbz >= STRONG[content]
                    tables[strong(content)] += np.bincount(found_in[here], minlength=kinds)
        for content, row in tables.items():
            if row.sum() >= 100:
                parts = (sum(row[radar.HYDROMETEORS[each]] for each in group) for group in COLUMNS.values())
                print(f"{name:16}{content:16}{row.sum():8}", *(f"{100.0 * part / row.sum():9.1f}" for part in parts))


if __name__ == "__main__":
    main()
