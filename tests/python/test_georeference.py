"""Where gates lie, beside the published formulae."""

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, radar
from nowcast.grid import Grid


@pytest.fixture(scope="module")
def volume() -> xr.DataTree:
    rays, gates = 36, 80
    data = {}
    for number, angle in enumerate((0.5, 4.3)):
        azimuth = (10.0 * np.arange(rays) + 3.0) % 360.0
        data[f"sweep_{number}"] = xr.Dataset(
            {
                "DBZH": (("azimuth", "range"), np.zeros((rays, gates), np.float32), {"units": "dBZ"}),
                "sweep_fixed_angle": angle,
            },
            coords={
                "azimuth": azimuth,
                "elevation": ("azimuth", np.full(rays, angle)),
                "time": ("azimuth", np.full(rays, np.datetime64("2024-06-01", "ns"))),
                "range": 125.0 + 2500.0 * np.arange(gates),
            },
        )
    root = xr.Dataset(coords={"latitude": 32.5, "longitude": 119.8, "altitude": 20.0})
    return radar.remake(xr.DataTree.from_dict({"/": root} | data))


def test_gates_have_their_places(volume: xr.DataTree) -> None:
    tree = radar.georeference(volume)
    sweep = tree["sweep_1"].ds
    a2, b2, c2 = 6378137.0**2, 6356752.314245**2, np.cos(np.radians(32.5)) ** 2
    radius = np.sqrt((a2**2 * c2 + b2**2 * (1 - c2)) / (a2 * c2 + b2 * (1 - c2)))
    assert radar.Beam.of(volume).earth_radius == pytest.approx(radius, abs=1e-3)
    sphere = 4.0 / 3.0 * radius
    slant, angle = sweep["range"].values, np.radians(np.float32(4.3).astype(float))
    height = np.sqrt(slant**2 + (sphere + 20.0) ** 2 + 2 * slant * (sphere + 20.0) * np.sin(angle)) - sphere
    ground = sphere * np.arcsin(slant * np.cos(angle) / (sphere + height))
    np.testing.assert_allclose(sweep["z"].values[5], height, atol=1e-5)
    np.testing.assert_allclose(np.hypot(sweep["x"].values[5], sweep["y"].values[5]), ground, atol=1e-5)
    plane = Grid("+proj=aeqd +lat_0=32.5 +lon_0=119.8 +ellps=WGS84", 1, 1, 0.0, 0.0, 1.0, 1.0)
    x, y = plane.from_lonlat(sweep["longitude"], sweep["latitude"])
    np.testing.assert_allclose(x, sweep["x"], atol=1e-3)
    np.testing.assert_allclose(y, sweep["y"], atol=1e-3)
    assert sweep["x"].dims == ("azimuth", "range")
    assert sweep["crs_wkt"].attrs["grid_mapping_name"] == "azimuthal_equidistant"
    assert np.shares_memory(sweep["DBZH"].values, volume["sweep_1"]["DBZH"].values)
    assert "x" not in volume["sweep_1"].coords


def test_longitude_and_latitude_can_be_left_out(volume: xr.DataTree) -> None:
    sweep = radar.georeference(volume, lonlat=False)["sweep_0"].to_dataset(inherit=False)
    assert {"x", "y", "z"} <= set(sweep.coords)
    assert "longitude" not in sweep.coords


def test_a_moist_layer_at_the_ground_bends_beams_down(volume: xr.DataTree) -> None:
    height = np.array([0.0, 300.0, 1500.0, 8000.0])
    index = radar.refractivity(
        [1.013e5, 0.978e5, 0.85e5, 0.36e5], [300.0, 301.0, 292.0, 250.0], [3e3, 1.5e3, 8e2, 50.0]
    )
    assert index[0] == pytest.approx(77.6 * 1013 / 300 + 3.73e5 * 30 / 300**2, abs=1e-9)
    bent = radar.georeference(volume, profile=(height, index))["sweep_0"]["z"].values
    straight = radar.georeference(volume)["sweep_0"]["z"].values
    assert (bent[:, 40] < straight[:, 40] - 50.0).all()


def test_places_are_found_again() -> None:
    beam = radar.Beam(32.5, 119.8, 20.0, profile=([0.0, 1000.0], [330.0, 290.0]))
    azimuth, elevation, slant = np.meshgrid([0.0, 91.0, 200.0], [0.3, 1.0, 12.0], [2e3, 90e3, 460e3], indexing="ij")
    back = beam.find(*beam.locate(azimuth, elevation, slant))
    np.testing.assert_allclose(back[0], azimuth, atol=1e-5)
    np.testing.assert_allclose(back[1], elevation, atol=1e-4)
    np.testing.assert_allclose(back[2], slant, atol=0.5)


def test_a_volume_without_a_place_is_refused(volume: xr.DataTree) -> None:
    nowhere = volume.copy()
    nowhere["latitude"] = np.nan
    with pytest.raises(errors.ArgumentError, match="latitude, longitude and altitude of the antenna expected"):
        radar.georeference(nowhere)
    with pytest.raises(errors.ArgumentError, match="as many refractivities as heights"):
        radar.Beam(32.5, 119.8, 20.0, profile=([0.0, 1.0], [300.0]))
