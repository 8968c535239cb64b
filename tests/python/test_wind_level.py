"""The wind at heights above the ground and at 10 m, as Python sees it."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import errors, obs, wind
from nowcast.grid import Grid

Z = (20.0, 60.0, 100.0, 400.0, 1000.0, 2000.0, 3500.0, 6500.0)
GRID = Grid("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=32 +lon_0=100 +ellps=WGS84", 12, 9, 1.8e6, 1e5, 1000.0, 1000.0, Z)


def law(height: np.ndarray | float) -> np.ndarray:
    """Growth with height over a roughness of 0.1 m: the logarithm, and above 100 m straight on."""
    h = np.asarray(height, dtype=float)
    return np.where(h < 100.0, np.log(np.maximum(h, 0.1) / 0.1), math.log(1000.0) + (h - 100.0) / 100.0)


def field(cells: np.ndarray, units: str = "m s-1", **attrs: str) -> xr.DataArray:
    coords = GRID.levels() | GRID.coords()
    return xr.DataArray(
        cells.astype(np.float32),
        dims=("z", "y", "x"),
        coords=coords,
        attrs={"units": units, "grid_mapping": "crs"} | attrs,
    )


@pytest.fixture
def space() -> xr.Dataset:
    speed = np.broadcast_to(law(np.array(Z))[:, None, None], (len(Z), GRID.ny, GRID.nx))
    made = xr.Dataset(
        {
            "u": field(speed, standard_name="x_wind"),
            "v": field(-0.5 * speed, standard_name="y_wind"),
            "w": field(1e-3 * np.broadcast_to(np.array(Z)[:, None, None], speed.shape)),
            "u_error": field(np.full(speed.shape, 0.6)),
            "v_error": field(np.full(speed.shape, 0.8)),
        }
    )
    return made.assign_coords(time=np.datetime64("2024-05-01T06:00", "ns"))


def table(places: list[tuple[float, float]], u: float, v: float, gust: float) -> pd.DataFrame:
    """A report of every station a minute before six, and one two hours before that nobody wants."""
    rows = []
    for number, (lon, lat) in enumerate(places):
        for minutes, factor in ((-1, 1.0), (-120, 9.0)):
            for name, value in (
                ("wind_speed", math.hypot(u, v) * factor),
                ("wind_from_direction", math.degrees(math.atan2(-u, -v)) % 360.0),
                ("wind_speed_of_gust", gust),
            ):
                rows.append(
                    {
                        "time": pd.Timestamp("2024-05-01T06:00") + pd.Timedelta(minutes=minutes),
                        "station": f"S{number}", "kind": "surface", "quantity": name, "value": value,
                        "longitude": lon, "latitude": lat, "height": 10.0, "flags": 0, "lead": 0.0,
                    }
                )  # fmt: skip
    made = pd.DataFrame(rows)
    made.attrs["stations"] = [
        {"id": f"S{n}", "kind": "surface", "longitude": lon, "latitude": lat, "height": 0.0}
        for n, (lon, lat) in enumerate(places)
    ]
    return made


def test_levels_count_from_the_ground(space: xr.Dataset) -> None:
    made = wind.levels(space, ground=5.0)
    assert made["u"].dims == ("height", "y", "x")
    np.testing.assert_array_equal(made["height"].values, wind.HEIGHTS)
    assert made["height"].attrs["standard_name"] == "height"
    assert made["u"].attrs["standard_name"] == "x_wind"
    assert made["w"].attrs["units"] == "m s-1"
    flat = wind.levels(space, (50.0, 80.0, 100.0))
    np.testing.assert_allclose(flat["u"].values[:, 3, 4], law(np.array([50.0, 80.0, 100.0])), rtol=1e-5)
    np.testing.assert_allclose(flat["error"].values[2], math.sqrt(0.5), rtol=1e-5)
    assert (flat["quality"].values[2] == 1.0).all()
    assert float(flat["quality"][0, 0, 0]) < 1.0
    higher = wind.levels(space, (95.0,), ground=xr.full_like(space["u"][0], 5.0, dtype=float))
    np.testing.assert_allclose(higher["u"].values, law(100.0), rtol=1e-5)


def test_axes_and_times_may_run_any_way(space: xr.Dataset) -> None:
    plain = wind.levels(space, (50.0, 700.0))
    turned = wind.levels(space.isel(z=slice(None, None, -1), y=slice(None, None, -1)), (50.0, 700.0))
    xr.testing.assert_identical(turned.isel(y=slice(None, None, -1)), plain)
    several = wind.levels(xr.concat([space, space], "time"), (50.0, 700.0))
    assert several["u"].dims == ("time", "height", "y", "x")
    np.testing.assert_array_equal(several["v"].values[1], plain["v"].values)
    renamed = space.rename(u="ucomp", v="vcomp")
    np.testing.assert_array_equal(wind.levels(renamed, (50.0, 700.0))["u"].values, plain["u"].values)


def test_stations_draw_the_wind_and_gusts_at_ten_metres(space: xr.Dataset) -> None:
    plain = wind.near_ground(space)
    assert float(plain["gust"][0, 0]) == pytest.approx(
        math.hypot(1.0, 0.5) * math.log(100.0) * (1.0 + 7.2 * 0.4 / math.log(100.0)), rel=1e-5
    )
    lon, lat = GRID.to_lonlat(GRID.x[5], GRID.y[4])
    stations = table([(float(lon), float(lat))], 6.0, -2.0, 10.0)
    made = wind.near_ground(space, stations=stations)
    east = made["station_left_out_u"].item(), made["station_left_out_v"].item()
    before = plain["u"].values[4, 5], plain["v"].values[4, 5]
    assert math.hypot(*east) == pytest.approx(math.hypot(*before), rel=1e-5)
    speed = np.hypot(made["u"], made["v"]).values[4, 5]
    assert abs(speed - math.hypot(6.0, 2.0)) < abs(math.hypot(*before) - math.hypot(6.0, 2.0))
    assert float(made["gust"][4, 5]) > float(plain["gust"][4, 5]) + 0.4
    assert float(made["error"][4, 5]) < float(plain["error"][4, 5])
    assert made["station_use"].item() == 0
    assert made["station_u"].item() == pytest.approx(6.0)
    assert float(made["height"]) == 10.0
    # A suspect report, a forecast, and another time are not used.
    for changed in (
        stations.assign(flags=obs.FLAGS["out_of_range"]),
        stations.assign(lead=3600.0),
        stations.assign(kind="sounding"),
    ):
        changed.attrs = stations.attrs
        assert wind.near_ground(space, stations=changed).sizes["station"] == 0
    late = wind.near_ground(space, stations=stations, time="2024-05-01T12:00Z")
    assert late.sizes["station"] == 0
    np.testing.assert_array_equal(late["u"].values, plain["u"].values)


def test_calm_has_no_direction_and_variable_wind_is_not_known(space: xr.Dataset) -> None:
    lon, lat = GRID.to_lonlat([GRID.x[2], GRID.x[8]], [GRID.y[4], GRID.y[4]])
    stations = table(list(zip(map(float, lon), map(float, lat), strict=True)), 3.0, 0.0, math.nan)
    calm = (stations["station"] == "S0") & (stations["quantity"] == "wind_speed")
    stations.loc[calm, "value"] = 0.0
    stations.loc[stations["quantity"] == "wind_from_direction", "value"] = np.nan
    made = wind.near_ground(space, stations=stations)
    np.testing.assert_array_equal(made["station_use"].values, [0, 1])
    assert made["station_u"].values[0] == 0.0


def test_wrong_winds_are_refused(space: xr.Dataset) -> None:
    with pytest.raises(errors.ArgumentError, match="x_wind and y_wind"):
        wind.levels(space[["w"]])
    with pytest.raises(errors.ArgumentError, match=r"dimensions \(\.\.\., z, y, x\)"):
        wind.levels(space.isel(z=0))
    with pytest.raises(errors.ArgumentError, match="increasing"):
        wind.levels(space, (100.0, 50.0))
    with pytest.raises(errors.ArgumentError, match="ground"):
        wind.levels(space, ground=space["u"][0, :4])
    with pytest.raises(errors.ArgumentError, match="time"):
        wind.near_ground(space.drop_vars("time"), stations=table([], 0.0, 0.0, 0.0))
    with pytest.raises(errors.ArgumentError, match="window"):
        wind.near_ground(space, stations=table([(120.0, 32.0)], 0.0, 0.0, 0.0), window=-1.0)


@pytest.mark.realdata
def test_the_law_of_height_fits_soundings_nearly_as_well_as_any_factor_can(real_data: Path) -> None:
    """What nwc_wind_levels and its options say of soundings."""
    profiles = _profiles(real_data)
    assert len(profiles) == 6
    ratios, logarithm, variance = [], [], []
    for top in (250.0, 500.0, 750.0, 1000.0):
        for low in (50.0, 100.0, 200.0):
            high = np.array([np.interp(top, p[:, 0], p[:, c]) for p in profiles for c in (1, 2)])
            there = np.array([np.interp(low, p[:, 0], p[:, c]) for p in profiles for c in (1, 2)])
            best = high @ there / (high @ high)
            errors_of = [
                float(np.sqrt(np.mean((there - factor * high) ** 2)))
                for factor in (best, law(low) / law(top), math.log(low / 0.1) / math.log(top / 0.1))
            ]
            ratios.append(errors_of[1] / errors_of[0])
            logarithm.append(errors_of[2] / errors_of[0])
            variance.append(errors_of[1] ** 2 / (top - low))
    assert max(ratios) < 1.15
    assert max(logarithm) > 1.35
    assert np.median(variance) == pytest.approx(0.025, rel=0.4)


def _profiles(folder: Path) -> list[np.ndarray]:
    """Height above the ground, u and v of soundings that reach 3.5 km."""
    made = []
    names = ("bmx_sounding_20080411_12Z", "may4_sounding", "may22_sounding", "jan20_sounding")
    for path in [folder / f"obs/sounding/{name}.txt" for name in names] + [folder / "obs/profile-bufr/temp_hires.bufr"]:
        wide = obs.wide(obs.derive(obs.read(path)))
        made.append(wide[["height", "eastward_wind", "northward_wind"]].dropna().to_numpy())
    with xr.open_dataset(folder / "retrieval/darwin-20060120/test_sounding.cdf") as darwin:
        rows = np.array([darwin[name].values for name in ("alt", "u_wind", "v_wind")], dtype=float).T
        made.append(rows[(np.abs(rows) < 1e4).all(axis=1)])
    for number, rows in enumerate(made):
        rows = rows[np.unique(rows[:, 0], return_index=True)[1]]
        rows[:, 0] -= rows[0, 0]
        assert rows[-1, 0] > 3500.0
        made[number] = rows
    return made
