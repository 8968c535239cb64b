"""Motion that is told beforehand, how far it may be off, and forecasts along one that changes."""

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

from nowcast import errors, forecast, grid, motion

Cells = npt.NDArray[np.float64]
N = 128
GRID = grid.Grid("+proj=aeqd +lat_0=50 +lon_0=10", N, N, 0.0, 0.0, 1000.0, 1000.0)
START = np.datetime64("2024-06-01T12:00", "ns")
MINUTE = np.timedelta64(60_000_000_000, "ns")


def _field(cells: npt.ArrayLike, minutes: float, name: str = "rainfall_rate", units: str = "mm h-1") -> xr.DataArray:
    time = START + np.timedelta64(round(6e10 * minutes), "ns")
    coords = {"time": time} | GRID.coords()
    attrs = {"units": units, "grid_mapping": "crs"}
    return xr.DataArray(np.asarray(cells, dtype=np.float32), coords, ("y", "x"), name, attrs)


def _flow(u: npt.ArrayLike, v: npt.ArrayLike, minutes: float = 0.0) -> xr.Dataset:
    parts = {"u": np.broadcast_to(u, (N, N)), "v": np.broadcast_to(v, (N, N))}
    return xr.Dataset({name: _field(cells, minutes, name, "m s-1") for name, cells in parts.items()})


def _noise(rng: np.random.Generator, slope: float) -> Cells:
    """Of variance 1, its amplitudes falling by a power of the wave number."""
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(N), np.fft.fftfreq(N)))
    k[0, 0] = np.inf
    cells = np.fft.ifft2(np.fft.fft2(rng.standard_normal((N, N))) * k**-slope).real
    return np.asarray(cells / cells.std())


def _smooth(rng: np.random.Generator, size: float) -> Cells:
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(N), np.fft.fftfreq(N)))
    cells = np.fft.ifft2(np.fft.fft2(rng.standard_normal((N, N))) * np.exp(-2.0 * (np.pi * k * size) ** 2)).real
    return np.asarray((cells - cells.mean()) / cells.std())


def _storm(seed: int) -> tuple[xr.DataArray, xr.Dataset]:
    """Four frames of rain, each partly new, and the motion that carries them: as sheared as the error was fitted to."""
    rng = np.random.default_rng(seed)
    mean, shear = rng.uniform(-12.0, 12.0, 2), rng.uniform(1.0, 4.0)
    size = rng.uniform(25.0, 60.0)
    flow = _flow(*(m + shear * _smooth(rng, size) for m in mean))
    logs, dry, fresh = _noise(rng, 1.4), rng.uniform(0.0, 0.9), rng.uniform(0.08, 0.25)
    frames = []
    for k in range(4):
        rain = np.where(logs > dry, (10.0 ** (0.1 * (12.0 + 14.0 * (logs - dry))) / 200.0) ** 0.625, 0.0)
        frames.append(_field(rain, 5.0 * k))
        moved = forecast.extrapolate(_field(logs, 0.0), flow, leads=[5.0], travel=0.0, sampling="cubic").values[0]
        filled = np.where(np.isnan(moved), _noise(rng, 1.4), moved)
        logs = np.sqrt(1.0 - fresh**2) * filled + fresh * _noise(rng, 1.0)
    return xr.concat(frames, "time"), flow


def test_two_thirds_of_the_errors_are_within_the_stated_one() -> None:
    """Over storms of other seeds, and made in another way, than those it was fitted to."""
    within = []
    for seed in range(6):
        frames, truth = _storm(seed)
        before = motion.estimate(frames[:-1])
        flow = motion.estimate(frames)
        stated = motion.error(flow, before).values
        for name in ("u", "v"):
            within.append(np.abs(flow[name].values - truth[name].values) < stated)
    share = np.mean(within)
    assert 0.55 < share < 0.8, share


def test_the_error_says_what_is_wrong() -> None:
    flow = _flow(5.0, 5.0).assign(quality=_field(np.zeros((N, N)), 0.0, "quality", "1"))
    with pytest.raises(errors.NoDataError, match="nothing was followed"):
        motion.error(flow, flow)
    with pytest.raises(errors.ArgumentError, match="before: the grid"):
        motion.error(flow, _flow(5.0, 5.0).assign_coords(x=GRID.x + 500.0))


def test_a_warm_start_finds_the_motion_and_a_background_fills_what_is_empty() -> None:
    frames, truth = _storm(3)
    cold = motion.estimate(frames)
    warm = motion.estimate(frames, before=motion.estimate(frames[:-1]))
    off = [float(np.hypot(flow["u"] - truth["u"], flow["v"] - truth["v"]).mean()) for flow in (cold, warm)]
    assert off[1] < off[0] + 0.1, off
    dry = frames.where(frames["x"] < 40e3, 0.0).transpose("time", "y", "x")
    wind = _flow(-8.0, 3.0)
    filled = motion.estimate(dry, background=wind)
    alone = motion.estimate(dry)
    far = {"x": slice(110, None)}
    assert abs(filled["u"].isel(far) + 8.0).mean() < 0.5 * abs(alone["u"].isel(far) + 8.0).mean()


def test_without_echo_the_background_is_the_motion() -> None:
    frames = xr.concat([_field(np.zeros((N, N)), minutes) for minutes in (0.0, 5.0, 10.0)], "time")
    flow = motion.estimate(frames, background=_flow(-8.0, 3.0))
    assert flow.attrs["motion_status"] == "background"
    np.testing.assert_allclose(flow["u"], -8.0, atol=0.05)
    np.testing.assert_array_equal(flow["quality"], 0.0)
    with pytest.raises(errors.NoDataError):
        motion.estimate(frames)
    with pytest.raises(errors.ArgumentError, match="background: none expected"):
        motion.estimate(frames, background=_flow(-8.0, 3.0), method="trec")


def test_forecasts_follow_a_motion_that_changes() -> None:
    """From 10 m/s to -10 m/s at 20 min: back where it began by then, and at 30 min 6 km behind."""
    rain = _field(np.random.default_rng(0).random((N, N)), 0.0)
    made = forecast.extrapolate(
        rain, _flow(10.0, 0.0), leads=[20.0, 30.0], sampling="nearest", later=_flow(-10.0, 0.0, 20.0)
    )
    inner = slice(20, N - 20)
    np.testing.assert_array_equal(made.values[0][:, inner], rain.values[:, inner])
    np.testing.assert_array_equal(made.values[1][:, inner], np.roll(rain.values, -6, axis=1)[:, inner])
    with pytest.raises(errors.ArgumentError, match="later_s"):
        forecast.extrapolate(rain, _flow(10.0, 0.0), later=_flow(-10.0, 0.0, -5.0))
    with pytest.raises(errors.ArgumentError, match="coordinate time"):
        forecast.extrapolate(rain, _flow(10.0, 0.0), later=_flow(-10.0, 0.0).drop_vars("time"))


def test_motion_ahead_goes_on_as_it_changed() -> None:
    ahead = motion.ahead(_flow(10.0, 2.0, 30.0), _flow(7.0, 2.0, 0.0), 60.0, share=0.5)
    np.testing.assert_allclose(ahead["u"], 13.0, rtol=1e-6)
    np.testing.assert_allclose(ahead["v"], 2.0, rtol=1e-6)
    assert ahead["time"].values == START + 90 * MINUTE
    with pytest.raises(errors.ArgumentError, match="before: an earlier time"):
        motion.ahead(_flow(1.0, 1.0), _flow(1.0, 1.0), 60.0)
    with pytest.raises(errors.ArgumentError, match="minutes and share"):
        motion.ahead(_flow(1.0, 1.0, 5.0), _flow(1.0, 1.0), 0.0)
