"""Quasi-vertical profiles against means worked out by hand."""

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, radar

ANGLE = 20.0


def made(cells: np.ndarray, name: str = "DBZH", units: str = "dBZ") -> xr.DataTree:
    azimuth = (np.arange(cells.shape[0]) + 0.5) * 360.0 / cells.shape[0]
    sweep = xr.Dataset(
        {name: (("azimuth", "range"), cells.astype(np.float32), {"units": units}), "sweep_fixed_angle": ANGLE},
        coords={
            "azimuth": azimuth,
            "elevation": ("azimuth", np.full(azimuth.size, ANGLE)),
            "time": ("azimuth", np.full(azimuth.size, np.datetime64("2024-06-01T06:00", "ns"))),
            "range": 500.0 + 1000.0 * np.arange(cells.shape[1]),
        },
    )
    root = xr.Dataset(coords={"latitude": 32.0, "longitude": 118.0, "altitude": 100.0})
    return radar.remake(xr.DataTree.from_dict({"/": root, "sweep_0": sweep}))


def test_reflectivity_is_averaged_as_z_and_nothing_counts_as_none() -> None:
    cells = np.full((8, 4), 30.0)
    cells[:4, 1] = 40.0
    cells[4:, 2] = radar.NOTHING_DBZ
    cells[:, 3] = radar.NOTHING_DBZ
    profile = radar.quasi_vertical_profile(made(cells))
    expected = [30.0, 10.0 * np.log10(5500.0), 10.0 * np.log10(500.0), radar.NOTHING_DBZ]
    np.testing.assert_allclose(profile["DBZH"], expected, atol=1e-4)
    assert (profile["known"].values == 1.0).all()


def test_heights_are_those_of_the_beam_over_four_thirds_of_the_earth() -> None:
    profile = radar.quasi_vertical_profile(made(np.zeros((8, 30))))
    earth = 4.0 / 3.0 * 6371e3
    slant = profile["range"].values
    expected = 100.0 + np.sqrt(slant**2 + earth**2 + 2.0 * slant * earth * np.sin(np.radians(ANGLE))) - earth
    np.testing.assert_allclose(profile["height"], expected, atol=1.0)


def test_what_too_few_rays_know_is_not_known() -> None:
    cells = np.full((8, 3), 0.98)
    cells[:5, 1] = np.nan
    cells[:4, 2] = np.nan
    profile = radar.quasi_vertical_profile(made(cells, "RHOHV", "1"), "RHOHV")
    np.testing.assert_allclose(profile["RHOHV"], [0.98, np.nan, 0.98], atol=1e-6)
    np.testing.assert_allclose(profile["known"], [1.0, 0.375, 0.5])
    every = radar.quasi_vertical_profile(made(cells, "RHOHV", "1"), "RHOHV", min_known=0.1)
    assert np.isfinite(every["RHOHV"]).all()


def test_wrong_use_is_told() -> None:
    tree = made(np.zeros((8, 3)))
    with pytest.raises(errors.ArgumentError, match="sweep: one of 1 expected, number 1 given"):
        radar.quasi_vertical_profile(tree, sweep=1)
    with pytest.raises(errors.ArgumentError, match="min_known"):
        radar.quasi_vertical_profile(tree, min_known=0.0)
    with pytest.raises(errors.NoDataError, match="no moment ZDR; there are: DBZH"):
        radar.quasi_vertical_profile(tree, "ZDR")
