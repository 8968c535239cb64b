"""Sequences of rain whose motion, growth and decay are known exactly."""

import numpy as np
import xarray as xr

from nowcast.errors import ArgumentError
from nowcast.grid import Grid

__all__ = ["storms"]

_COAST = "+proj=aeqd +lat_0=22.5 +lon_0=114.1 +ellps=WGS84 +units=m"
_LIFE_S = (2400.0, 7200.0)


def storms(
    *,
    seed: int = 1,
    minutes: float = 120,
    step: float = 5,
    n: int = 256,
    dx: float = 1000.0,
    cells: int = 40,
    growth: bool = True,
    start: str = "2026-06-01T06:00",
) -> xr.Dataset:
    """A sequence of rain rates: convective cells and wide weak rain, carried by a wind that turns about the centre.

    Every cell is an ellipse of Gaussian rain whose centre follows the motion ``u``, ``v`` exactly and whose axes turn
    with it. Its peak rises and falls as the squared sine of its age; without ``growth`` it stays.

    Parameters
    ----------
    seed : int
        Makes the case; the same seed gives the same bits.
    minutes, step : float
        Times 0, step, ... up to minutes after start.
    n : int
        Cells along x and along y; ``dx`` is their size in metres.
    cells : int
        Convective cells alive at some time.

    Returns
    -------
    Dataset of ``rain`` (time, y, x) in mm h-1, NaN in the corners beyond the radar's reach; the true ``u`` and ``v``
    (y, x) in m s-1; and for each cell its ``birth`` and ``life`` (s from start), ``peak`` (mm h-1) and place at start
    ``cell_x``, ``cell_y`` (m).
    """
    if not (step > 0 and minutes >= 0 and n >= 1 and dx > 0 and cells >= 0):
        raise ArgumentError("step, dx above 0, minutes and cells at least 0, n at least 1 expected")
    random = np.random.Generator(np.random.Philox(seed))
    half = 0.5 * n * dx
    grid = Grid(_COAST, n, n, -half + 0.5 * dx, -half + 0.5 * dx, dx, dx)
    speed, heading = random.uniform(8.0, 16.0), random.uniform(0.0, 2.0 * np.pi)
    u0, v0 = speed * np.cos(heading), speed * np.sin(heading)
    turn = random.uniform(-1.0, 1.0) * 3.0 / half  # s-1: 3 m s-1 at the edge
    wide = max(1, cells // 3)
    total = cells + wide
    x0, y0 = random.uniform(-1.6 * half, 1.6 * half, (2, total))
    radius = np.concatenate([random.uniform(3e3, 9e3, cells), random.uniform(2e4, 4e4, wide)])
    aspect, angle = random.uniform(0.5, 1.0, total), random.uniform(0.0, np.pi, total)
    peak = np.concatenate([random.gamma(2.0, 12.0, cells) + 3.0, random.uniform(0.5, 2.5, wide)])
    life = random.uniform(*_LIFE_S, total)
    birth = random.uniform(-0.7, 0.9, total) * 60.0 * max(minutes, step)

    x, y = np.meshgrid(grid.x, grid.y)
    seconds = 60.0 * step * np.arange(int(minutes / step + 1e-9) + 1)
    rain = np.zeros((seconds.size, n, n), dtype=np.float32)
    for field, t in zip(rain, seconds, strict=True):
        centre_x, centre_y = _carried(x0, y0, t, u0, v0, turn)
        for k in range(total):
            age = (t - birth[k]) / life[k]
            strength = peak[k] if k >= cells or not growth else peak[k] * np.sin(np.pi * np.clip(age, 0.0, 1.0)) ** 2
            if strength < 0.05:
                continue
            turned = angle[k] + turn * t
            along = (x - centre_x[k]) * np.cos(turned) + (y - centre_y[k]) * np.sin(turned)
            across = (y - centre_y[k]) * np.cos(turned) - (x - centre_x[k]) * np.sin(turned)
            far2 = (along / radius[k]) ** 2 + (across / (radius[k] * aspect[k])) ** 2
            np.maximum(field, strength * np.exp(-far2), out=field, casting="same_kind")
    rain[rain < 0.05] = 0.0
    rain[:, np.hypot(x, y) > 1.2 * half] = np.nan

    times = np.datetime64(start, "ns") + np.array([round(1e9 * s) for s in seconds], dtype="timedelta64[ns]")
    coords = {"time": ("time", times, {"standard_name": "time", "long_name": "valid time (UTC)"})} | grid.coords()
    attributes = {"units": "mm h-1", "standard_name": "lwe_precipitation_rate", "long_name": "precipitation rate"}
    attributes |= {"grid_mapping": "crs", "quantity": "RATE", "source": f"nowcast.sim.storms, seed {seed}"}
    data = xr.Dataset(coords=coords)
    data["rain"] = (("time", "y", "x"), rain, attributes)
    for name, values in (("u", u0 - turn * y), ("v", v0 + turn * x)):
        data[name] = (("y", "x"), values.astype(np.float32), {"units": "m s-1", "grid_mapping": "crs"})
    for name, values in (("birth", birth), ("life", life), ("peak", peak), ("cell_x", x0), ("cell_y", y0)):
        data[name] = ("cell", values[:cells])
    return data.assign_attrs(seed=seed)


def _carried(x: np.ndarray, y: np.ndarray, t: float, u: float, v: float, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """Where points are after t seconds in the motion (u - turn y, v + turn x): a rotation about (-v, u) / turn."""
    if abs(turn * t) < 1e-12:
        return x + u * t, y + v * t
    pole_x, pole_y = -v / turn, u / turn
    c, s = np.cos(turn * t), np.sin(turn * t)
    return pole_x + c * (x - pole_x) - s * (y - pole_y), pole_y + s * (x - pole_x) + c * (y - pole_y)
