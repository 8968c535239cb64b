"""KDP by Py-ART and wradlib, of the sweep phase.py has written: run by it with the interpreter that has them."""

import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

os.environ["PYART_QUIET"] = "1"
warnings.filterwarnings("ignore")

import pyart  # noqa: E402
import wradlib  # noqa: E402


def main() -> None:
    folder = Path(sys.argv[1])
    given = np.load(folder / "sweep.npz")
    band, gate_km = str(given["band"]), float(given["range"][1] - given["range"][0]) / 1e3
    # Each has the same mask and a phase that neither folds nor has the system's in it.
    phase = np.ma.masked_where(~given["good"], (given["PHIDP"] - given["system"] + 180.0) % 360.0 - 180.0)
    radar = pyart.testing.make_empty_ppi_radar(phase.shape[1], phase.shape[0], 1)
    radar.range["data"] = given["range"].astype(float)
    radar.azimuth["data"], radar.elevation["data"] = given["azimuth"], given["elevation"]
    radar.add_field("differential_phase", {"data": phase})
    radar.add_field("reflectivity", {"data": np.ma.masked_less(given["DBZH"], -100.0)})
    methods: dict[str, Any] = {
        "Py-ART kdp_maesaka": lambda: pyart.retrieve.kdp_maesaka(radar)[0]["data"],
        "Py-ART kdp_vulpiani": lambda: pyart.retrieve.kdp_vulpiani(radar, windsize=9, band=band)[0]["data"],
        "wradlib phidp_kdp_vulpiani": lambda: wradlib.dp.phidp_kdp_vulpiani(phase.filled(np.nan), gate_km, winlen=9)[1],
    }
    found = {}
    for name, method in methods.items():
        begun = time.process_time()
        kdp = np.ma.filled(method(), np.nan)
        found[name] = kdp
        found[f"{name} s"] = np.array(time.process_time() - begun)
    np.savez(folder / "peers.npz", **found)


if __name__ == "__main__":
    main()
