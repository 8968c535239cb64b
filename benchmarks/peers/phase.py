"""KDP, attenuation and rain by libnowcast, Py-ART and wradlib, of simulated sweeps whose truth is known.

All are given the same moments and the same gates of rain; what Py-ART and wradlib do with them is in phase_side.py.
Seconds are of one processor. The whole is five minutes of a processor, most of them simulation; ``--storms``,
``--bands`` and ``--rates`` leave rows and columns out and change none. ``make bench-products``.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import nowcast
from nowcast import radar, sim
from nowcast.sim.strategy import Radar, Strategy, Sweep

Array = npt.NDArray[np.float64]

SIDE = Path(__file__).with_name("phase_side.py")
SYSTEM = 60.0
RATES = (1.0, 3.0, 10.0, 30.0, 80.0)
NEAR_M = 8e3
EFFECTS = sim.Effects(second_trip=False)


STORMS: dict[str, tuple[Callable[[], sim.Storm], tuple[float, float]]] = {
    "supercell": (lambda: sim.supercell(seed=1), (-40e3, -20e3)),
    "squall line": (lambda: sim.squall_line(seed=1), (-60e3, -10e3)),
    "pulse cells": (lambda: sim.pulse_cells(seed=5), (-30e3, 20e3)),
}
"""Each with where the radar stands."""


def scans(storms: list[str], bands: list[str]) -> Iterator[tuple[str, str, sim.Scan]]:
    """A turn at 0.5 degrees of each storm by a radar of each band."""
    for name in storms:
        make, place = STORMS[name]
        storm = make()
        for band in bands:
            plan = Strategy("one turn", Radar(band=band), (Sweep(0.5, reach=120e3),))
            yield name, band, sim.scan(storm, sim.Site.near(storm, *place), plan, 3600.0, effects=EFFECTS)


def uniform(rate: float, band: str) -> sim.Scan:
    """Half a turn in rain that is the same everywhere."""
    storm = sim.stratiform(rate=rate, melting=False)
    plan = Strategy("half a turn", Radar(band=band), (Sweep(0.7, 2.0, reach=40e3, rate=24.0, stop=180.0),))
    return sim.scan(storm, sim.Site.near(storm, 0.0, 0.0), plan, 3600.0, effects=EFFECTS)


def ours(seen: sim.Scan) -> dict[str, tuple[Array, float]]:
    """By "what/name": the answer, and seconds."""
    found: dict[str, tuple[Array, float]] = {}

    def note(key: str, moment: str, make: Callable[[], Any]) -> Any:
        begun = time.process_time()
        tree = make()
        found[key] = (tree["sweep_0"][moment].values, time.process_time() - begun)
        return tree

    with nowcast.settings(threads=1):
        note("KDP/libnowcast least squares", "KDP", lambda: radar.phase(seen.volume, method="least_squares"))
        phase = note("KDP/libnowcast variational", "KDP", lambda: radar.phase(seen.volume))
        found["phase"] = (phase["sweep_0"]["PHIDPC"].values, 0.0)
        note("PIA/libnowcast linear", "PIA", lambda: radar.attenuation(phase, method="linear"))
        whole = note("PIA/libnowcast ZPHI", "PIA", lambda: radar.attenuation(phase))
        for method in ("z", "z_zdr", "blend"):
            note(f"RATE/libnowcast {method}", "RATE", lambda method=method: radar.rain_rate(whole, method=method))
    return found


Asked = tuple[sim.Scan, str, Array]
"""A scan, its band, and libnowcast's phase of it."""


def theirs(python: str, asked: list[Asked], what: tuple[str, ...]) -> list[dict[str, tuple[Array, float]]]:
    """The answers of the peers to each scan, all in one interpreter."""
    moments = ("PHIDP", "DBZH", "ZDR", "range", "azimuth", "elevation")
    good, found = [], []
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(len(asked))]
        for folder, (seen, band, phase) in zip(folders, asked, strict=True):
            sweep = seen.volume["sweep_0"]
            good.append(np.isfinite(sweep["PHIDP"].values) & (sweep["RHOHV"].values > 0.85))
            arrays = {moment: sweep[moment].values for moment in moments}
            arrays |= {"good": good[-1], "band": np.array(band), "system": np.array(SYSTEM), "what": np.array(what)}
            arrays |= {"phase": phase, "frequency": np.array(seen.volume.attrs["frequency"])}
            folder.mkdir()
            np.savez(folder / "sweep.npz", **arrays)
        subprocess.run([python, SIDE, *folders], check=True, stdout=subprocess.DEVNULL)
        for folder, known in zip(folders, good, strict=True):
            with np.load(folder / "peers.npz") as made:
                names = [key for key in made.files if not key.endswith(" s")]
                found.append({key: (np.where(known, made[key], np.nan), float(made[f"{key} s"])) for key in names})
    return found


def errors(found: Array, truth: Array, where: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Part known, root mean square and mean of the error."""
    known = where & np.isfinite(found) & np.isfinite(truth)
    error = found[known] - truth[known]
    return known.sum() / where.sum(), float(np.sqrt(np.mean(error**2))), float(error.mean())


def show_storms(python: str, storms: list[str], bands: list[str]) -> None:
    """KDP, where the truth is above 10 dBZ, and attenuation likewise."""
    heads = {"KDP": "KDP above 0.5", "PIA": "above 1 dB"}
    units = {"KDP": "degrees km-1", "PIA": "dB"}
    truths, strong = {"KDP": "KDP", "PIA": "attenuation"}, {"KDP": 0.5, "PIA": 1.0}
    tables: dict[str, list[str]] = {what: [] for what in heads}
    seen_by = list(scans(storms, bands))
    own = [ours(seen) for *_, seen in seen_by]
    asked = [(seen, band, mine.pop("phase")[0]) for (_, band, seen), mine in zip(seen_by, own, strict=True)]
    for (name, band, seen), mine, peers in zip(seen_by, own, theirs(python, asked, tuple(heads)), strict=True):
        truth = seen.truth["sweep_0"]
        rain = (truth["DBZH"].values > 10.0) & (seen.volume["sweep_0"]["DBZH"].values > radar.NOTHING_DBZ)
        for key, (values, seconds) in (mine | peers).items():
            what, _, method = key.partition("/")
            if what not in heads:
                continue
            true = truth[truths[what]].values.astype(float)
            known, rms, bias = errors(values, true, rain)
            most = rain & (true > strong[what])
            hard = errors(values, true, most)[1] if most.any() else np.nan
            place = f"{name:12}{band:3}{method:36}"
            tables[what].append(f"{place}{seconds:9.3f}{known:7.2f}{rms:8.3f}{bias:8.3f}{hard:10.3f}")
    for what, rows in tables.items():
        print(f"{what}, {units[what]}")
        print(f"{'':51}{'seconds':>9}{'known':>7}{'rms':>8}{'mean':>8}  rms {heads[what]}")
        print("\n".join(rows))


def show_rain(python: str, rates: list[float], bands: list[str]) -> None:
    """Of rain that is the same everywhere, from 8 km on: what is known, mean and root mean square error."""
    print("rain: part known, mean error and root mean square error, per cent of the rate")
    print(f"{'':24}" + "".join(f"{rate:16g} mm/h" for rate in rates))
    for band in bands:
        rows: dict[str, str] = {}
        seen_at = [uniform(rate, band) for rate in rates]
        own = [ours(seen) for seen in seen_at]
        asked = [(seen, band, mine.pop("phase")[0]) for seen, mine in zip(seen_at, own, strict=True)]
        for rate, seen, mine, peers in zip(rates, seen_at, own, theirs(python, asked, ("RATE",)), strict=True):
            for key, (values, _) in (mine | peers).items():
                if not key.startswith("RATE/"):
                    continue
                where = np.broadcast_to(seen.volume["sweep_0"]["range"].values > NEAR_M, values.shape)
                known, rms, bias = errors(values, np.full(values.shape, rate), where)
                text = f"{100 * known:7.0f} {100 * bias / rate:+5.0f} {100 * rms / rate:5.0f}"
                rows[key] = rows.get(key, "") + f"{text:>21}"
        for key, text in rows.items():
            print(f"{band}  {key.removeprefix('RATE/'):21}{text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="that of the environment with Py-ART and wradlib")
    parser.add_argument("--storms", nargs="*", choices=[*STORMS], default=[*STORMS])
    parser.add_argument("--bands", nargs="+", choices=[*"SCX"], default=[*"SCX"])
    parser.add_argument("--rates", nargs="*", type=float, default=RATES, help="of rain, mm/h")
    arguments = parser.parse_args()
    if arguments.storms:
        show_storms(arguments.python, arguments.storms, arguments.bands)
    if arguments.rates:
        show_rain(arguments.python, arguments.rates, arguments.bands)


if __name__ == "__main__":
    main()
