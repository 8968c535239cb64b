"""Weather or not, gate by gate, by Py-ART and wradlib on the sweeps quality.py gives them.

Both leave it to the caller to put textures together: this is done as their documentation shows, with their own
thresholds. Arguments: a file of what to judge, and one to write the answers to.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyart
import wradlib


def of_pyart(sweep: dict[str, Any]) -> np.ndarray:
    """Gates that textures of four moments let pass, without specks of fewer than ten."""
    radar = pyart.testing.make_empty_ppi_radar(sweep["range"].size, sweep["azimuth"].size, 1)
    radar.range["data"] = sweep["range"]
    radar.azimuth["data"], radar.elevation["data"] = sweep["azimuth"], sweep["elevation"]
    names = {"DBZH": "reflectivity", "ZDR": "differential_reflectivity"}
    names |= {"PHIDP": "differential_phase", "RHOHV": "cross_correlation_ratio"}
    for moment, name in names.items():
        values = np.where(sweep["DBZH"] > -100.0, sweep[moment], np.nan)
        radar.add_field(name, {"data": np.ma.masked_invalid(values), "units": "", "long_name": name})
    passed = pyart.filters.moment_and_texture_based_gate_filter(
        radar,
        zdr_field="differential_reflectivity",
        rhv_field="cross_correlation_ratio",
        phi_field="differential_phase",
        refl_field="reflectivity",
    )
    return pyart.correct.despeckle_field(radar, "reflectivity", gatefilter=passed, size=10).gate_excluded


def of_wradlib(sweep: dict[str, Any]) -> np.ndarray:
    """The fuzzy logic of Vulpiani et al. (2012), without a clutter map."""
    echo = sweep["DBZH"] > -100.0
    seen = {name: np.where(echo, sweep[name], np.nan) for name in ("ZDR", "RHOHV", "PHIDP", "VRADH")}
    data = {
        "zdr": wradlib.dp.texture(seen["ZDR"]),
        "rho": wradlib.dp.texture(seen["RHOHV"]),
        "phi": wradlib.dp.texture(seen["PHIDP"]),
        "dop": seen["VRADH"],
        "map": np.zeros(echo.shape),
        "rho2": seen["RHOHV"],
    }
    weather, _ = wradlib.classify.classify_echo_fuzzy(data)
    return np.asarray(weather) < 0.5


METHODS: dict[str, Callable[[dict[str, Any]], np.ndarray]] = {"Py-ART": of_pyart, "wradlib": of_wradlib}


def main() -> None:
    with np.load(sys.argv[1]) as given:
        keys = sorted({key.split("/")[0] for key in given.files}, key=int)
        sweeps = [{key.split("/")[1]: given[key] for key in given.files if key.split("/")[0] == n} for n in keys]
    answers: dict[str, Any] = {}
    for method, judge in METHODS.items():
        seconds = 0.0
        for number, sweep in enumerate(sweeps):
            begun = time.process_time()
            answers[f"{method}/{number}"] = judge(sweep)
            seconds += time.process_time() - begun
        answers[f"{method}/seconds"] = seconds
    np.savez(sys.argv[2], **answers)


if __name__ == "__main__":
    main()
