"""Forecasts of the low-level wind and the product as a whole, as Python sees them."""

import logging

import numpy as np
import pytest
import xarray as xr

from nowcast import errors, sim, wind
from nowcast.grid import Grid

Z = tuple(np.arange(250.0, 7001.0, 450.0))
GRID = Grid("+proj=tmerc +lat_0=32 +lon_0=120 +k=1 +ellps=WGS84 +units=m", 50, 40, -25e3, -20e3, 1000.0, 1000.0, Z)
START = np.datetime64("2024-05-01T06:00", "ns")
MINUTE = np.timedelta64(1, "m")
ATTRS = {"units": "m s-1", "grid_mapping": "crs"}
X, Y = np.meshgrid(GRID.x, GRID.y)


def levels(u: np.ndarray, v: np.ndarray, heights: list[float], times: np.ndarray | None = None) -> xr.Dataset:
    shape = (len(heights), GRID.ny, GRID.nx)
    dims: tuple[str, ...] = ("height", "y", "x")
    coords = {"height": heights} | GRID.coords()
    if times is None:
        coords["time"] = START
    else:
        shape, dims = (len(times), *shape), ("time", *dims)
        coords["time"] = times
    data = {
        name: (dims, np.broadcast_to(cells, shape).astype(np.float32), ATTRS) for name, cells in (("u", u), ("v", v))
    }
    return xr.Dataset(data, coords=coords)


def bump(minutes: float) -> np.ndarray:
    """6 m/s about a place that moves east by 600 m in a minute."""
    return 6.0 * np.exp(-((X + 15e3 - 600.0 * minutes) ** 2 + Y**2) / (2.0 * 4e3**2))


FLOW = xr.Dataset(
    {name: (("y", "x"), np.full(X.shape, speed, np.float32), ATTRS) for name, speed in (("u", 10.0), ("v", 0.0))},
    coords=GRID.coords(),
)


@pytest.fixture
def analysis() -> xr.Dataset:
    return levels(8.0 + bump(0.0), np.array(2.0), [100.0, 500.0])


@pytest.fixture
def model() -> xr.Dataset:
    """8 m/s that grow by 1 m/s in an hour, every hour."""
    times = START + 60 * MINUTE * np.arange(8)
    return levels(8.0 + np.arange(8.0)[:, None, None, None], np.array(2.0), [100.0, 500.0, 900.0], times)


def test_a_forecast_goes_from_the_analysis_to_the_model(analysis: xr.Dataset, model: xr.Dataset) -> None:
    made = wind.forecast(analysis, minutes=420, step=10, model=model, motion=FLOW, model_error=3.0)
    assert made["u"].dims == ("time", "height", "y", "x")
    np.testing.assert_array_equal(made["u"].values[0], analysis["u"].values)
    np.testing.assert_array_equal(made["u"].values[-1], model["u"].sel(height=[100.0, 500.0]).values[-1])
    assert made["lead_time"].values[3] == 30 * MINUTE
    assert made["time"].values[3] == START + 30 * MINUTE
    assert made["forecast_reference_time"].values == START
    at = made.isel(time=2)
    peak = at["u"].isel(height=0).argmax(["y", "x"])
    assert abs(float(GRID.x[int(peak["x"])]) + 3e3) < 1100.0
    share = (np.exp(-20 / 45) - np.exp(-360 / 45)) / (1.0 - np.exp(-360 / 45))
    assert float(at["share"][0, 20, 30]) == pytest.approx(share, rel=1e-5)
    assert float(at["u"].max()) == pytest.approx(8.0 + 20 / 60 + share * 6.0, abs=0.15)
    assert (np.diff(made["error"].values, axis=0) >= 0.0).all()
    assert made["error"].values.max() == pytest.approx(3.0)
    assert made.attrs["model"] == "given"


def test_a_model_that_ends_early_or_comes_late_is_held(
    analysis: xr.Dataset, model: xr.Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "nowcast")
    short = wind.forecast(analysis, minutes=120, step=30, model=model.isel(time=slice(0, 2)), motion=FLOW)
    assert short.attrs["model"] == "held at its ends"
    assert "held" in caplog.text
    share = short["share"].values[-1]
    assert float(short["u"][-1, 0, -1, 0]) == pytest.approx(9.0, abs=float(share.max()) * 6.0)
    single = wind.forecast(analysis, minutes=60, step=30, model=model.isel(time=[3]), motion=FLOW)
    np.testing.assert_array_equal(single["u"].values[0], analysis["u"].values)
    late = wind.forecast(analysis, minutes=60, step=30, model=model.isel(time=slice(2, None)), motion=FLOW)
    np.testing.assert_array_equal(late["u"].values[0], analysis["u"].values)
    holes = model.where(model["height"] != 500.0)
    for name in ("u", "v"):
        holes[name].attrs = ATTRS
    assert np.isfinite(wind.forecast(analysis, model=holes, motion=FLOW)["u"].values).all()


def test_without_a_model_or_motion_there_is_a_forecast(analysis: xr.Dataset) -> None:
    made = wind.forecast(analysis, leads=[5.0, 7.5])
    assert made.sizes["time"] == 3
    assert made.attrs["model"] == "none"
    # Increments move with the mean wind of the levels, 8 m/s and more.
    first = made["u"].isel(time=2, height=0)
    assert float(GRID.x[int(first.argmax(["y", "x"])["x"])]) > -12.5e3
    turned = wind.forecast(analysis.isel(y=slice(None, None, -1)), leads=[5.0, 7.5])
    xr.testing.assert_allclose(turned.isel(y=slice(None, None, -1)), made)
    unknown = analysis.copy(data={name: np.full(analysis[name].shape, np.nan, np.float32) for name in ("u", "v")})
    assert np.isnan(wind.forecast(unknown)["u"].values).all()


def test_a_decay_is_found_again() -> None:
    times = START + 10 * MINUTE * np.arange(6)
    minutes = 10.0 * np.arange(6)
    u = np.stack([8.0 + np.exp(-m / 50.0) * bump(m) for m in minutes])[:, None]
    cases = levels(u, np.array(2.0), [100.0], times)
    model = levels(np.array(8.0), np.array(2.0), [100.0], times)
    made = wind.fit_decay(cases, model, FLOW, longest=50.0)
    assert made.attrs["decay"] == pytest.approx(50.0, rel=0.05)
    np.testing.assert_allclose(made["factor"].values[:3], np.exp(-made["lag"].values[:3] / 50.0), atol=0.02)
    assert (made["correlation"].values[:3] > 0.98).all()
    assert made["cells"].values[0] == 2 * 5 * GRID.nx * GRID.ny - 2 * 5 * 6 * GRID.ny  # what came in is not known
    twice = wind.fit_decay([cases, cases], [model, model], [FLOW, FLOW], longest=50.0)
    np.testing.assert_allclose(twice["factor"].values, made["factor"].values)
    assert wind.fit_decay(cases)["factor"].values[0] > 0.8
    assert np.isnan(wind.fit_decay(cases.isel(time=[0])).attrs["decay"])
    with pytest.raises(errors.ArgumentError, match="models: one for each"):
        wind.fit_decay([cases, cases], [model])
    with pytest.raises(errors.ArgumentError, match="longest"):
        wind.fit_decay(cases, every=0.0)


def test_wrong_forecasts_are_refused(analysis: xr.Dataset, model: xr.Dataset) -> None:
    with pytest.raises(errors.ArgumentError, match="height"):
        wind.forecast(analysis.isel(height=0))
    with pytest.raises(errors.ArgumentError, match="time"):
        wind.forecast(analysis.drop_vars("time"))
    with pytest.raises(errors.ArgumentError, match="500 m is not there"):
        wind.forecast(analysis, model=model.sel(height=[100.0, 900.0]))
    with pytest.raises(errors.ArgumentError, match="increasing"):
        wind.forecast(analysis, model=model.isel(time=[1, 0]))
    with pytest.raises(errors.ArgumentError, match="motion"):
        wind.forecast(analysis, motion=FLOW[["u"]])
    with pytest.raises(errors.ArgumentError, match="decay_s"):
        wind.forecast(analysis, decay=-1.0)


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.squall_line()


def truth(storm: sim.Storm, grid: Grid, minutes: float) -> xr.Dataset:
    """The wind in space of a storm, and its error and quality."""
    x, y, z = np.meshgrid(grid.x, grid.y, np.array(grid.z), indexing="xy")
    winds = storm.wind(x, y, z, 60.0 * minutes)
    coords = grid.levels() | grid.coords() | {"time": storm.time(60.0 * minutes)}
    dims = ("z", "y", "x")
    made = {
        name: (dims, np.moveaxis(part, 2, 0).astype(np.float32), ATTRS) for name, part in zip("uvw", winds, strict=True)
    }
    return xr.Dataset(made, coords=coords)


def test_the_product_of_a_squall_line_is_better_than_persistence_and_the_model(storm: sim.Storm) -> None:
    flat = storm.grid(60e3, 3000.0)
    grid = Grid(flat.projection, flat.nx, flat.ny, flat.x_first, flat.y_first, 3000.0, 3000.0, Z)
    elsewhere = storm.displaced(shift=(12e3, -8e3), delay=900.0, intensity=0.8)
    now = truth(storm, grid, 40.0)
    beside = xr.concat([truth(elsewhere, grid, m) for m in (40.0, 70.0, 100.0)], "time")
    rng = np.random.default_rng(1)
    for name in ("u", "v"):
        now[name] = now[name] + rng.normal(0.0, 0.5, now[name].shape).astype(np.float32)
        now[name].attrs = ATTRS
    steering = {"u": 15.5, "v": 0.2}  # of the echo, which moves faster than the wind
    motion = xr.Dataset(
        {name: (("y", "x"), np.full((grid.ny, grid.nx), speed, np.float32), ATTRS) for name, speed in steering.items()},
        coords=grid.coords(),
    )
    made = wind.low_level(now, minutes=60, step=10, model=beside, motion=motion)
    assert made["u"].dims == ("time", "height", "y", "x")
    assert made.sizes["height"] == 13
    assert set(made["gust"].dims) == {"time", "y", "x"}
    for lead in (10, 20, 30, 60):
        there = wind.levels(truth(storm, grid, 40.0 + lead), made["height"].values)
        ahead = made.isel(time=lead // 10)
        other = wind.forecast(made.isel(time=0)[["u", "v"]], leads=[lead], model=_levels_of(beside, made), decay=1e-3)
        error = {
            "product": _rms(ahead, there),
            "persistence": _rms(made.isel(time=0), there),
            "model": _rms(other.isel(time=1), there),
        }
        assert error["product"] < error["persistence"], (lead, error)
        assert error["product"] < error["model"], (lead, error)


def _levels_of(model: xr.Dataset, made: xr.Dataset) -> xr.Dataset:
    return wind.levels(model[["u", "v"]], made["height"].values)


def _rms(a: xr.Dataset, b: xr.Dataset) -> float:
    inner = {"y": slice(3, -3), "x": slice(3, -3)}
    parts = [((a[name] - b[name]) ** 2).isel(inner).mean() for name in ("u", "v")]
    return float(np.sqrt(sum(map(float, parts))))


def test_the_product_has_all_its_parts(storm: sim.Storm) -> None:
    flat = storm.grid(20e3, 1000.0)
    grid = Grid(flat.projection, flat.nx, flat.ny, flat.x_first, flat.y_first, 1000.0, 1000.0, Z)
    now = truth(storm, grid, 40.0)
    z = np.array(Z)[:, None, None]
    shape = now["u"].shape
    warm = now["u"].copy(data=np.broadcast_to(302.0 - 7e-3 * z, shape)).assign_attrs(units="K")
    moist = now["u"].copy(data=np.broadcast_to(15e-3 * np.exp(-z / 2500.0), shape)).assign_attrs(units="kg kg-1")
    made = wind.low_level(now, minutes=20, step=10, heights=(100.0, 500.0, 1000.0), temperature=warm, humidity=moist)
    expected = {"u", "v", "error", "share", "divergence", "vorticity", "gust", "outflow", "quality", "w", "shear"}
    expected |= {"shear_u", "shear_v", "helicity", "mean_u", "right_u", "left_v", "jet", "jet_height", "jet_speed"}
    expected |= {"windex", "gustex"}
    assert expected <= set(made.data_vars)
    assert made["u"].dims == ("time", "height", "y", "x")
    assert made["w"].dims == ("height", "y", "x")
    assert made["helicity"].dims == ("helicity_layer", "y", "x")
    assert (made["gust"] >= np.hypot(made["u"], made["v"]).isel(height=0) - 1e-4).all()
    alone = wind.low_level(now, minutes=0, heights=(100.0, 500.0, 1000.0))
    assert alone.sizes["time"] == 1
    np.testing.assert_array_equal(alone["u"].values[0], made["u"].values[0])
    np.testing.assert_allclose(alone["gust"].values[0], made["gust"].values[0], atol=1e-4)
    unknown = now.copy(data={name: np.full(shape, np.nan, np.float32) for name in "uvw"})
    lost = wind.low_level(unknown, minutes=10)
    assert np.isnan(lost["u"].values).all()
    assert (lost["quality"].values == 0.0).all()
    with pytest.raises(errors.ArgumentError, match="one time"):
        wind.low_level(xr.concat([now, now], "time"))
