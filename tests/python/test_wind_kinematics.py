"""What a wind in space does, as Python sees it."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, io, wind
from nowcast.grid import Grid

Z = tuple(np.arange(100.0, 8001.0, 100.0))
GRID = Grid("+proj=tmerc +lat_0=32 +lon_0=120 +k=1 +ellps=WGS84 +units=m", 60, 50, -30e3, -25e3, 1000.0, 1000.0, Z)
X, Y = np.meshgrid(GRID.x, GRID.y)


def field(cells: np.ndarray, units: str = "m s-1") -> xr.DataArray:
    coords = GRID.levels() | GRID.coords()
    cells = np.broadcast_to(cells, (len(Z), GRID.ny, GRID.nx)).astype(np.float32)
    return xr.DataArray(cells, dims=("z", "y", "x"), coords=coords, attrs={"units": units, "grid_mapping": "crs"})


@pytest.fixture
def space() -> xr.Dataset:
    """Shear of 4 m/s in a kilometre to the east over a jet from the south at 600 m."""
    z = np.array(Z)[:, None, None]
    v = np.interp(z, [0.0, 600.0, 2000.0, 9000.0], [4.0, 19.0, 6.0, 6.0])
    return xr.Dataset({"u": field(2.0 + 4e-3 * z), "v": field(v)})


@pytest.fixture
def near() -> xr.Dataset:
    flat = {"units": "m s-1", "grid_mapping": "crs"}
    shape = (GRID.ny, GRID.nx)
    return xr.Dataset(
        {"u": (("y", "x"), np.full(shape, 2.04), flat), "v": (("y", "x"), np.full(shape, 4.25), flat)},
        coords=GRID.coords(),
    )


def test_shear_of_layers(space: xr.Dataset, near: xr.Dataset) -> None:
    made = wind.shear(space, near=near)
    assert made["shear"].dims == ("layer", "y", "x")
    np.testing.assert_array_equal(made["layer"].values, [500.0, 1000.0, 3000.0, 6000.0])
    np.testing.assert_array_equal(made["layer_bounds"].values[:, 0], 0.0)
    np.testing.assert_allclose(made["shear_u"].values[:, 3, 4], 4e-3 * (made["layer"].values - 10.0), rtol=1e-4)
    np.testing.assert_allclose(made["shear"].values, np.hypot(made["shear_u"], made["shear_v"]), rtol=1e-6)
    raised = wind.shear(space, ((0.0, 1000.0),), ground=100.0)
    assert float(raised["shear_u"][0, 0, 0]) == pytest.approx(2.0 + 4.4 - 2.8 * math.log(100.0) / math.log(1000.0))


def test_helicity_is_of_the_storm_that_is_asked_for(space: xr.Dataset, near: xr.Dataset) -> None:
    storms = wind.storm_motion(space, near=near)
    right = wind.helicity(space, near=near)
    given = wind.helicity(space, storms[["right_u", "right_v"]].rename(right_u="u", right_v="v"), near=near)
    np.testing.assert_array_equal(right.values, given.values)
    motion = (float(storms["left_u"][0, 0]), float(storms["left_v"][0, 0]))
    left = wind.helicity(space, "left", near=near)
    np.testing.assert_allclose(wind.helicity(space, motion, near=near).values, left.values, atol=0.05)
    # Of two storms helicity differs by twice the area between them and the ends of the hodograph.
    shear = wind.shear(space, wind.HELICITY_LAYERS, near=near)
    away_u, away_v = storms["right_u"] - storms["left_u"], storms["right_v"] - storms["left_v"]
    expected = away_u * shear["shear_v"] - away_v * shear["shear_u"]
    np.testing.assert_allclose((right - left).values, expected.transpose(*right.dims).values, atol=0.5)
    assert right.attrs["units"] == "m2 s-2"
    with pytest.raises(errors.ArgumentError, match="storm"):
        wind.helicity(space, "up")
    with pytest.raises(errors.ArgumentError, match="layers"):
        wind.shear(space, ())
    with pytest.raises(errors.ArgumentError, match="near"):
        wind.shear(space, near=near.isel(y=slice(3)))
    with pytest.raises(errors.ArgumentError, match="near"):
        wind.shear(space, near=near[["u"]])


def test_a_jet_at_six_hundred_metres(space: xr.Dataset, near: xr.Dataset) -> None:
    made = wind.jet(space.assign(u=space["u"] * 0.0), near=near * 0.0)
    assert float(made["jet"][1, 2]) == 2.0
    assert float(made["jet_height"][1, 2]) == 600.0
    assert float(made["jet_speed"][1, 2]) == pytest.approx(19.0)


def test_a_front_is_found_as_a_line_on_the_map(space: xr.Dataset) -> None:
    turn = -6.0 * np.tanh((X - 5200.0) / 2000.0)
    two = xr.concat([space.assign(u=field(turn)), space], "time").assign_coords(
        time=np.array(["2024-05-01T06:00", "2024-05-01T06:06"], dtype="datetime64[ns]")
    )
    low = wind.levels(two, (300.0, 1000.0))
    planes = wind.derivatives(low)
    assert planes["divergence"].dims == ("time", "height", "y", "x")
    assert float(planes["divergence"][0, 0].min()) == pytest.approx(-3e-3, rel=0.1)
    (line,) = wind.convergence_lines(low.isel(time=0, height=0))
    x, _ = GRID.from_lonlat(*np.array(line["geometry"]["coordinates"]).T)
    np.testing.assert_allclose(x, 5200.0, atol=40.0)
    assert line["properties"]["height_m"] == 300.0
    assert line["properties"]["length_m"] == pytest.approx(47e3, rel=0.05)
    text = json.loads(io.geojson([line]))
    assert text["features"][0]["properties"]["time"] == "2024-05-01T06:00:00Z"
    assert wind.convergence_lines(low.isel(time=1, height=0)) == []
    turned = low.isel(time=0, height=0, y=slice(None, None, -1))
    (same,) = wind.convergence_lines(turned)
    assert same == line
    with pytest.raises(errors.ArgumentError, match="one field"):
        wind.convergence_lines(low)


def test_an_outflow_stands_out(space: xr.Dataset) -> None:
    r2 = (X**2 + Y**2) / 1e6
    burst = 12e-3 * np.exp(0.5 * (1.0 - r2))
    low = wind.levels(space.assign(u=field(burst * X), v=field(burst * Y)), (100.0,)).isel(height=0)
    made = wind.outflow(low)
    j, i = np.unravel_index(np.nanargmax(made["outflow"].values), made["outflow"].shape)
    assert (GRID.x[i], GRID.y[j]) == (0.0, 0.0)
    assert float(made["outflow"].max()) > 1.5 * wind.MICROBURST_M_S
    with pytest.raises(errors.ArgumentError, match="within_m"):
        wind.outflow(low, 100.0)
    with pytest.raises(errors.ArgumentError, match="m s-1"):
        wind.outflow(low.assign(u=low["u"].assign_attrs(units="kt")))


def test_indices_of_bursts(space: xr.Dataset) -> None:
    z = np.array(Z)[:, None, None]
    made = wind.burst(space, field(303.15 - 8e-3 * z, "K"), field(np.where(z < 1500.0, 13e-3, 4e-3), "kg kg-1"))
    assert 15.0 < float(made["windex"][0, 0]) < 45.0
    expected = 0.5 * made["windex"] + 0.5 * np.hypot(*(wind.storm_motion(space)[f"mean_{c}"] for c in "uv"))
    np.testing.assert_allclose(made["gustex"].values, expected.values, rtol=1e-5)
