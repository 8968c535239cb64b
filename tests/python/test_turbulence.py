"""Turbulence from spectrum width, beside the variance of waves drawn at random, and on a real volume."""

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nowcast import radar
from nowcast.errors import NoDataError


def volume(width: float, spacing: float) -> xr.DataTree:
    """One sweep of a beam of a degree, all spectra of one width."""
    azimuth, gates = np.arange(0.5, 360.0, 10.0), spacing * np.arange(1, 201)
    sweep = xr.Dataset(
        {"WRADH": (("azimuth", "range"), np.full((36, 200), width, np.float32), {"units": "m s-1"})},
        coords={
            "azimuth": ("azimuth", azimuth),
            "elevation": ("azimuth", np.zeros(36)),
            "time": ("azimuth", np.full(36, np.datetime64("2024-06-01", "ns"))),
            "range": ("range", gates),
        },
    )
    root = xr.Dataset(coords={"latitude": 40.0, "longitude": 100.0, "altitude": 10.0})
    return radar.remake(xr.DataTree.from_dict({"/": root, "sweep_0": sweep}))


def variance(rate: float, sigma: tuple[float, float]) -> float:
    """The variance along the beam within a Gaussian volume, deep and wide: the mean over waves drawn at random."""
    random = np.random.default_rng(4)
    n, span = 400_000, np.log(1e7)
    k = np.exp(random.uniform(0.0, span, n)) * 2.0 * np.pi / 1e6
    cosine = random.uniform(-1.0, 1.0, n)
    energy = 1.6 * rate ** (2.0 / 3.0) * k ** (-5.0 / 3.0)
    squared = k**2 * (sigma[0] ** 2 * cosine**2 + sigma[1] ** 2 * (1.0 - cosine**2))
    return float(np.mean(energy * (1.0 - cosine**2) * (1.0 - np.exp(-squared)) * k) * span)


def test_made_turbulence_is_found_again() -> None:
    beam = math.radians(1.0) / (4.0 * math.sqrt(math.log(2.0)))
    for gate in (10, 80, 199):
        sigma = 0.35 * 250.0, 250.0 * (gate + 1) * beam
        width = math.sqrt(variance(0.3**3, sigma))
        found = radar.turbulence(volume(width, 250.0), fall=0.0)["sweep_0"]["EDR"]
        assert float(found[3, gate]) == pytest.approx(0.3, rel=0.02)
        assert found.attrs["units"] == "m^(2/3) s-1"


def test_a_volume_without_widths_says_so() -> None:
    tree = volume(2.0, 250.0)
    tree["sweep_0"] = xr.DataTree(tree["sweep_0"].to_dataset().rename(WRADH="DBZH"))
    with pytest.raises(NoDataError, match="no sweep has WRADH"):
        radar.turbulence(tree)


@pytest.mark.realdata
def test_a_line_of_storms_is_as_turbulent_as_storms_are(real_data: Path) -> None:
    tree = radar.read(real_data / "radar/nexrad/khtx-20080411/KHTX20080411_182140.gz")
    seen = radar.turbulence(radar.shear(radar.dealias(tree)))
    all_of_it = radar.turbulence(tree, remove_shear=False)
    both = []
    for name in seen.children:
        sweep = seen[name]
        if "EDR" in sweep and "DBZH" in sweep:
            storm = (sweep["DBZH"] >= 20.0) & (sweep["range"] > 20e3) & np.isfinite(sweep["EDR"])
            both.append([tree[name]["EDR"].values[storm.values] for tree in (seen, all_of_it)])
    edr, wide = (np.concatenate(parts) for parts in zip(*both, strict=True))
    assert edr.size > 30_000
    assert (edr <= wide + 1e-6).all()
    assert 0.05 < np.median(edr) < 0.4
    assert np.quantile(edr, 0.99) < 1.2
