"""KDP, attenuation and rain by Py-ART and wradlib, of the sweeps phase.py writes: run by it with their interpreter."""

import functools
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

os.environ["PYART_QUIET"] = "1"
warnings.filterwarnings("ignore")

import pyart  # noqa: E402
import wradlib  # noqa: E402


class Given:
    """The sweep; everybody has the same mask, and a phase that neither folds nor has the system's in it."""

    def __init__(self, folder: Path) -> None:
        given = np.load(folder / "sweep.npz")
        self.what = [str(name) for name in given["what"]]
        self.band, self.mask = str(given["band"]), ~given["good"]
        self.gate_km = float(given["range"][1] - given["range"][0]) / 1e3
        self.phase = self.masked((given["PHIDP"] - given["system"] + 180.0) % 360.0 - 180.0)
        self.radar = pyart.testing.make_empty_ppi_radar(self.mask.shape[1], self.mask.shape[0], 1)
        self.radar.range["data"] = given["range"].astype(float)
        self.radar.range["meters_between_gates"] = 1e3 * self.gate_km
        self.radar.azimuth["data"], self.radar.elevation["data"] = given["azimuth"], given["elevation"]
        self.radar.instrument_parameters = {"frequency": {"data": np.array([float(given["frequency"])])}}
        self.put("differential_phase", self.phase)
        self.put("reflectivity", self.masked(given["DBZH"]))
        self.put("differential_reflectivity", self.masked(given["ZDR"]))
        self.smoothed = self.masked(given["phase"])

    def masked(self, values: Any) -> Any:
        return np.ma.masked_where(self.mask | ~np.isfinite(np.ma.filled(values, np.nan)), np.ma.filled(values, np.nan))

    def put(self, name: str, values: Any) -> None:
        self.radar.add_field(name, {"data": values}, replace_existing=True)

    @functools.cached_property
    def maesaka(self) -> tuple[Any, Any]:
        """KDP and the phase that goes with it."""
        kdp, phase, _ = pyart.retrieve.kdp_maesaka(self.radar)
        return kdp["data"], self.masked(phase["data"])

    def correct(self, method: Callable[..., Any], phase: Any) -> Any:
        """Attenuation with a phase already smooth, of the whole ray."""
        self.put("corrected_differential_phase", phase)
        every = pyart.filters.GateFilter(self.radar)
        every.exclude_masked("reflectivity")
        return method(self.radar, fzl=20e3, doc=0, gatefilter=every, temp_ref="fixed_fzl")


def kdp(given: Given) -> dict[str, Any]:
    retrieve = pyart.retrieve
    phase, gate_km = given.phase.filled(np.nan), given.gate_km
    return {
        "Py-ART kdp_maesaka": lambda: given.maesaka[0],
        "Py-ART kdp_vulpiani": lambda: retrieve.kdp_vulpiani(given.radar, windsize=9, band=given.band)[0]["data"],
        "wradlib phidp_kdp_vulpiani": lambda: wradlib.dp.phidp_kdp_vulpiani(phase, gate_km, winlen=9)[1],
    }


def attenuation(given: Given) -> dict[str, Any]:
    own = given.maesaka[1]
    zphi, linear = pyart.correct.calculate_attenuation_zphi, pyart.correct.calculate_attenuation_philinear
    return {
        "Py-ART zphi, phase of kdp_maesaka": lambda: given.correct(zphi, own)[1]["data"],
        "Py-ART zphi, libnowcast's phase": lambda: given.correct(zphi, given.smoothed)[1]["data"],
        "Py-ART linear, phase of kdp_maesaka": lambda: given.correct(linear, own)[1]["data"],
        "Py-ART linear, libnowcast's phase": lambda: given.correct(linear, given.smoothed)[1]["data"],
    }


def rain(given: Given) -> dict[str, Any]:
    found, phase = pyart.retrieve.kdp_vulpiani(given.radar, windsize=9, band=given.band)
    given.put("specific_differential_phase", given.masked(found["data"]))
    specific, _, corrected, *_ = given.correct(pyart.correct.calculate_attenuation_zphi, given.masked(phase["data"]))
    given.put("specific_attenuation", specific["data"])
    given.put("corrected_reflectivity", corrected["data"])
    z, qpe = {"refl_field": "corrected_reflectivity"}, pyart.retrieve.qpe
    return {
        "Py-ART z": lambda: qpe.est_rain_rate_z(given.radar, **z)["data"],
        "Py-ART zpoly": lambda: qpe.est_rain_rate_zpoly(given.radar, **z)["data"],
        "Py-ART za": lambda: qpe.est_rain_rate_za(given.radar, thresh=0.04, **z)["data"],
        "Py-ART zkdp": lambda: qpe.est_rain_rate_zkdp(given.radar, thresh=10.0, **z)["data"],
    }


MAKERS = {"KDP": kdp, "PIA": attenuation, "RATE": rain}


def answer(folder: Path) -> None:
    given = Given(folder)
    found: dict[str, Any] = {}
    for what in given.what:
        for name, method in MAKERS[what](given).items():
            begun = time.process_time()
            found[f"{what}/{name}"] = np.ma.filled(np.ma.asarray(method(), dtype=float), np.nan)
            found[f"{what}/{name} s"] = np.array(time.process_time() - begun)
    np.savez(folder / "peers.npz", **found)


def main() -> None:
    for folder in sys.argv[1:]:
        answer(Path(folder))


if __name__ == "__main__":
    main()
