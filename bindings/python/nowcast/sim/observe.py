"""What instruments other than radars would tell of a storm, and what people would report.

Tables are DataFrames of one row for each level, minute or event, in SI units but for degrees and millimetres of rain,
times UTC; ``write_csv`` puts one into a file whose columns are named with their units. Soundings can be had as the text
of the University of Wyoming, profiles of the wind as that of the CMA.

Hail is what arrives at the ground, gusts are the wind at 10 m, lightning is drawn at the storm's own flash density, and
amounts of rain are those that fell: nothing here looks at reflectivity.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nowcast.errors import ArgumentError
from nowcast.sim.environment import saturation
from nowcast.sim.flow import Vortex
from nowcast.sim.storm import Storm, Time

__all__ = [
    "cma_profiler",
    "field_mill",
    "flashes",
    "gauges",
    "profiler",
    "reports",
    "sounding",
    "stations",
    "write_csv",
    "wyoming",
]

Array = npt.NDArray[np.float64]
Places = Sequence[tuple[float, float]]

_KNOT = 0.514444
_UNITS = {
    "time": "UTC",
    "longitude": "deg",
    "latitude": "deg",
    "height": "m",
    "pressure": "Pa",
    "temperature": "K",
    "dew_point": "K",
    "relative_humidity": "1",
    "wind_direction": "deg",
    "wind_speed": "m s-1",
    "gust": "m s-1",
    "upward_wind": "m s-1",
    "rain": "mm",
    "true_rain": "mm",
    "peak_current": "kA",
    "field": "kV m-1",
}


def sounding(
    storm: Storm, x: float, y: float, time: Time, *, ascent: float = 5.0, top: float = 18e3, every: float = 10.0
) -> pd.DataFrame:
    """A balloon released at a place, which rises at ``ascent`` m s-1 through the air and drifts with the wind.

    A row every so many seconds until it is ``top`` metres above the ground or has flown for two hours.
    """
    if not (ascent > 0 and every > 0):
        raise ArgumentError("ascent and every: above 0 expected")
    t, z = storm.seconds(time), 0.0
    rows = []
    for _ in range(int(7200.0 / every)):
        u, v, w = (float(a) for a in storm.wind(x, y, z, t))
        air = {name: float(value) for name, value in storm.at(x, y, z, t).items()}
        rows.append((t, x, y, z, u, v, air["pressure"], air["temperature"], air["humidity"]))
        x, y, z, t = x + u * every, y + v * every, max(z + (w + ascent) * every, 0.0), t + every
        if z > top:
            break
    t_, x_, y_, z_, u_, v_, pressure, temperature, humidity = (np.array(column) for column in zip(*rows, strict=True))
    lon, lat = storm.lonlat(x_, y_)
    table = {"time": storm.time(t_), "longitude": lon, "latitude": lat, "height": z_ + storm.ground}
    table |= _moist(pressure, temperature, humidity) | _from(u_, v_)
    return pd.DataFrame(table)


def wyoming(table: pd.DataFrame) -> str:
    """A sounding as the University of Wyoming writes it."""
    names = ("PRES", "HGHT", "TEMP", "DWPT", "RELH", "MIXR", "DRCT", "SKNT", "THTA", "THTE", "THTV")
    units = ("hPa", "m", "C", "C", "%", "g/kg", "deg", "knot", "K", "K", "K")
    rule = "-" * 77
    lines = [rule, "".join(f"{name:>7}" for name in names), "".join(f"{unit:>7}" for unit in units), rule]
    kelvin, pascal = table["temperature"].to_numpy(), table["pressure"].to_numpy()
    dew = table["dew_point"].to_numpy()
    vapour = 611.2 * np.exp(17.67 * (dew - 273.15) / (dew - 29.65))
    mixing = 0.622 * vapour / (pascal - vapour)
    theta = kelvin * (1e5 / pascal) ** 0.2854
    # Bolton (1980), equations 21 and 43
    lcl = 2840.0 / (3.5 * np.log(kelvin) - np.log(vapour / 100.0) - 4.805) + 55.0
    grams = 1e3 * mixing
    equivalent = kelvin * (1e5 / pascal) ** (0.2854 * (1.0 - 0.28e-3 * grams))
    equivalent *= np.exp((3.376 / lcl - 0.00254) * grams * (1.0 + 0.81e-3 * grams))
    virtual = theta * (1.0 + 0.61 * mixing)
    columns = zip(
        pascal / 100.0,
        table["height"],
        kelvin - 273.15,
        dew - 273.15,
        100.0 * table["relative_humidity"],
        grams,
        table["wind_direction"],
        table["wind_speed"] / _KNOT,
        theta,
        equivalent,
        virtual,
        strict=True,
    )
    for p, h, c, d, r, m, way, knots, th, te, tv in columns:
        lines.append(
            f"{p:7.1f}{h:7.0f}{c:7.1f}{d:7.1f}{r:7.0f}{m:7.2f}{way:7.0f}{knots:7.0f}{th:7.1f}{te:7.1f}{tv:7.1f}"
        )
    return "\n".join(lines) + "\n"


def profiler(
    storm: Storm,
    x: float,
    y: float,
    times: Sequence[Time],
    *,
    heights: npt.ArrayLike = tuple(range(100, 8001, 100)),
    error: float = 0.5,
    seed: int = 0,
) -> pd.DataFrame:
    """Winds above a place at heights over the ground (m), with errors of ``error`` m s-1 in each component."""
    random = np.random.Generator(np.random.Philox(seed))
    levels = np.asarray(heights, dtype=np.float64)
    lon, lat = storm.lonlat(x, y)
    tables = []
    for time in times:
        t = storm.seconds(time)
        u, v, w = (a + error * random.standard_normal(levels.size) for a in storm.wind(x, y, levels, t))
        table = {"time": storm.time(t), "longitude": float(lon), "latitude": float(lat)}
        table |= {"height": levels + storm.ground} | _from(u, v) | {"upward_wind": w}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def cma_profiler(table: pd.DataFrame, *, station: str = "59493", ground: float = 0.0) -> str:
    """The last time of a profiler's table as the real-time text of the CMA (WNDROBS), with heights over the ground."""
    last = table[table["time"] == table["time"].max()]
    first = last.iloc[0]
    place = f"{first['longitude']:9.4f} {first['latitude']:8.4f} {ground:7.1f}"
    head = f"{station:>5} {place} PB {first['time']:%Y%m%d%H%M%S}"
    lines = ["WNDROBS 01.20", head, "ROBS"]
    for _, row in last.iterrows():
        lines.append(
            f"{row['height'] - ground:05.0f} {row['wind_direction']:05.1f} {row['wind_speed']:05.1f} "
            f"{-row['upward_wind']:06.1f} 100 100 1.0e-015"
        )
    return "\n".join([*lines, "NNNN"]) + "\n"


def stations(
    storm: Storm,
    places: Places,
    start: Time,
    stop: Time,
    *,
    errors: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Series of every minute at places (x, y): air, mean wind and greatest gust of the minute, rain in it.

    ``errors`` are those of good instruments: 0.1 K, 10 Pa, 2 % of humidity, 0.3 m s-1.
    """
    random = np.random.Generator(np.random.Philox(seed))
    minutes = np.arange(storm.seconds(start), storm.seconds(stop) + 1e-6, 60.0)
    # Ten looks into the minute before.
    t = minutes[:, None] - 57.0 + 6.0 * np.arange(10)
    tables = []
    for number, (x, y) in enumerate(places):
        u, v, _ = storm.wind(x, y, 10.0, t)
        air = storm.at(x, y, 2.0, minutes)
        rain = storm.rain_rate(x, y, t).mean(axis=1) / 60.0
        lon, lat = storm.lonlat(x, y)
        noise = random.standard_normal((5, minutes.size)) if errors else np.zeros((5, minutes.size))
        moist = _moist(
            air["pressure"] + 10.0 * noise[0],
            air["temperature"] + 0.1 * noise[1],
            air["humidity"] * (1.0 + 0.02 * noise[2]),
        )
        wind = _from(u.mean(axis=1) + 0.3 * noise[3], v.mean(axis=1) + 0.3 * noise[4])
        table: dict[str, Any] = {"station": f"S{number:03d}", "time": storm.time(minutes)}
        table |= {"longitude": float(lon), "latitude": float(lat), "height": storm.ground} | moist | wind
        table |= {"gust": np.maximum(np.hypot(u, v).max(axis=1), wind["wind_speed"]), "rain": rain}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def gauges(
    storm: Storm, places: Places, start: Time, stop: Time, *, minutes: float = 10.0, tip: float = 0.1, seed: int = 0
) -> pd.DataFrame:
    """Rain in intervals that end at ``time``: by tipping buckets, each wrong by some per cent, and the true amount."""
    random = np.random.Generator(np.random.Philox(seed))
    length = 60.0 * minutes
    ends = np.arange(storm.seconds(start) + length, storm.seconds(stop) + 1e-6, length)
    node, weight = np.polynomial.legendre.leggauss(max(4, round(minutes)))
    t = ends[:, None] - 0.5 * length * (1.0 - node)
    tables = []
    for number, (x, y) in enumerate(places):
        true = storm.rain_rate(x, y, t) @ weight * 0.5 * minutes / 60.0
        caught = np.cumsum(true) * (1.0 + 0.03 * random.standard_normal())
        shown = np.diff(np.floor(caught / tip + 1e-9) * tip, prepend=0.0)
        lon, lat = storm.lonlat(x, y)
        table = {"gauge": f"G{number:03d}", "time": storm.time(ends), "longitude": float(lon), "latitude": float(lat)}
        tables.append(pd.DataFrame(table | {"minutes": minutes, "rain": shown, "true_rain": true}))
    return pd.concat(tables, ignore_index=True)


def flashes(
    storm: Storm, start: Time, stop: Time, *, half: float = 60e3, seed: int = 0, ground_share: float = 0.25
) -> pd.DataFrame:
    """Lightning drawn at the storm's flash density within ``half`` metres of where it is: a Poisson process.

    Columns time, longitude, latitude, peak_current (kA, signed) and type ("CG", "IC"); x and y in the storm's plane.
    """
    random = np.random.Generator(np.random.Philox(seed))
    begin, end = storm.seconds(start), storm.seconds(stop)
    step, dx = 60.0, 1000.0
    rows = []
    for t in np.arange(begin, end, step):
        span = min(step, end - t)
        density, xs, ys = _density(storm, t + 0.5 * span, half, dx)
        count = random.poisson(density.sum() * (dx / 1e3) ** 2 * span / 60.0)
        if not count:
            continue
        share = np.cumsum(density.ravel()) / density.sum()
        cell = np.minimum(np.searchsorted(share, random.uniform(0.0, 1.0, count)), density.size - 1)
        spread = random.uniform(-0.5 * dx, 0.5 * dx, (2, count))
        when = t + np.sort(random.uniform(0.0, span, count))
        rows.append(np.stack([when, xs.ravel()[cell] + spread[0], ys.ravel()[cell] + spread[1]]))
    t_, x, y = np.concatenate(rows, axis=1) if rows else np.zeros((3, 0))
    cloud = random.uniform(0.0, 1.0, t_.size) >= ground_share
    size = np.exp(random.normal(np.log(20.0), 0.6, t_.size))
    current = np.where(cloud, 0.4, 1.0) * np.where(random.uniform(0.0, 1.0, t_.size) < 0.9, -size, size)
    lon, lat = storm.lonlat(x, y)
    table = {"time": storm.time(t_), "longitude": lon, "latitude": lat, "peak_current": current}
    return pd.DataFrame(table | {"type": np.where(cloud, "IC", "CG"), "x": x, "y": y})


def field_mill(
    storm: Storm, x: float, y: float, start: Time, stop: Time, strokes: pd.DataFrame, *, step: float = 1.0
) -> pd.DataFrame:
    """The potential gradient at the ground (kV m-1, fair weather +0.12) under the storm's tripole of charge.

    Charge of 15 C a flash is separated at the mean rate of flashes and taken away by each of ``strokes``, made by
    ``flashes``; negative at -15 degrees, positive at -40 and, a fifth of it, at 0 degrees. The ground is a conductor.
    """
    times = np.arange(storm.seconds(start), storm.seconds(stop) + 1e-6, step)
    marks = np.arange(times[0], times[-1] + 60.0, 60.0)
    rate, centre_x, centre_y = [], [], []
    for t in marks:
        density, xs, ys = _density(storm, t, 60e3, 2000.0)
        total = max(float(density.sum()), 1e-12)
        rate.append(4.0 * total / 60.0)
        centre_x.append(float((density * xs).sum()) / total)
        centre_y.append(float((density * ys).sum()) / total)
    per_second = np.interp(times, marks, rate)
    seconds = (strokes["time"].to_numpy() - np.datetime64(storm.start, "ns")) / np.timedelta64(1, "s")
    struck = np.histogram(seconds, bins=np.append(times, times[-1] + step))[0]
    charge, held = np.zeros(times.size), 60.0 * per_second[0] / (per_second[0] + 0.05)
    for k in range(times.size):
        rest = 60.0 * per_second[k] / (per_second[k] + 0.05)
        held = max(held + 15.0 * (per_second[k] * step - struck[k]) + (rest - held) * step / 60.0, 0.0)
        charge[k] = held
    away2 = (np.interp(times, marks, centre_x) - x) ** 2 + (np.interp(times, marks, centre_y) - y) ** 2
    field = np.full(times.size, 0.12)
    for kelvin, share in ((233.15, 1.0), (258.15, -1.0), (273.15, 0.2)):
        z = storm.environment.height_of(kelvin)
        field += 1e-3 * share * charge * z / (2.0 * np.pi * 8.854e-12 * (away2 + z * z) ** 1.5)
    lon, lat = storm.lonlat(x, y)
    return pd.DataFrame({"time": storm.time(times), "longitude": float(lon), "latitude": float(lat), "field": field})


def reports(
    storm: Storm,
    start: Time,
    stop: Time,
    *,
    half: float = 60e3,
    seed: int = 0,
    seen: float = 0.5,
    hail: float = 0.01,
    gust: float = 17.2,
    rain: float = 20.0,
) -> pd.DataFrame:
    """What people would report: one line for each kind and place of 5 km, where somebody looks, at its worst minute.

    Parameters
    ----------
    half : how far from the origin and the storm's path is looked, m
    seen : part of the places where there is somebody
    hail, gust, rain : least diameter (m), wind (m s-1) and rain within an hour (mm) reported

    Returns
    -------
    Table of time, longitude, latitude, kind ("hail", "gust", "tornado", "flash flood"), value and unit. A tornado is
    where a vortex of a core below 1 km turns at 30 m s-1 or more at 10 m; its value is that speed.
    """
    random = np.random.Generator(np.random.Philox(seed))
    times = np.arange(storm.seconds(start), storm.seconds(stop) + 1e-6, 60.0)
    dx, block = 1000.0, 5
    boxes = [bounds for t in (times[0], times[-1]) for bounds in storm.bounds(float(t)) if np.isfinite(bounds[0])]
    reach = max([half, *(abs(edge) for bounds in boxes for edge in bounds[:4])])
    n = 2 * int(np.ceil(reach / dx / block)) * block
    axis = dx * (np.arange(n) - 0.5 * (n - 1))
    x, y = np.meshgrid(axis, axis)
    somebody = random.uniform(0.0, 1.0, (n // block, n // block)) < seen
    fields = {name: np.zeros((times.size, *somebody.shape)) for name in ("hail", "gust")}
    hourly, amount = np.zeros((times.size, *somebody.shape)), np.zeros((times.size, n, n), dtype=np.float32)
    for k, t in enumerate(times):
        ground = storm.surface(x, y, float(t))
        fields["hail"][k] = _worst(np.where(ground["hail_rate"] > 1e-6, ground["ground_hail_size"], 0.0), block)
        fields["gust"][k] = _worst(ground["gust"], block)
        amount[k] = ground["rain_rate"] / 60.0
        hourly[k] = _worst(amount[max(k - 59, 0) : k + 1].sum(axis=0, dtype=np.float64), block)
    fields["flash flood"] = hourly
    rows = []
    for kind, least, unit in (("hail", hail, "m"), ("gust", gust, "m s-1"), ("flash flood", rain, "mm h-1")):
        values = fields[kind]
        for j, i in np.argwhere((values.max(axis=0) >= least) & somebody):
            k = int(values[:, j, i].argmax())
            rows.append((times[k], axis[i * block : (i + 1) * block].mean(), axis[j * block : (j + 1) * block].mean(),
                         kind, values[k, j, i], unit))  # fmt: skip
    rows += _tornadoes(storm, times)
    rows.sort(key=lambda row: (row[0], row[3], row[1], row[2]))
    t_, x_, y_ = (np.array([row[k] for row in rows], dtype=np.float64) for k in range(3))
    lon, lat = storm.lonlat(x_, y_)
    table = {"time": storm.time(t_), "longitude": lon, "latitude": lat, "kind": [row[3] for row in rows]}
    return pd.DataFrame(table | {"value": [row[4] for row in rows], "unit": [row[5] for row in rows]})


def write_csv(table: pd.DataFrame, path: os.PathLike[str] | str) -> None:
    """A table as CSV: the unit of a column stands in brackets behind its name, times are ISO 8601 in UTC."""
    named = table.rename(columns={name: f"{name} ({unit})" for name, unit in _UNITS.items() if unit != "UTC"})
    text = named.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ", float_format="%.7g", lineterminator="\n")
    Path(path).write_text(text, encoding="utf-8")


def _tornadoes(storm: Storm, times: Array) -> list[tuple[float, float, float, str, float, str]]:
    """Each tornado every five minutes."""
    rows = []
    for part in storm.parts:
        if isinstance(part, Vortex) and part.core < 1000.0:
            for t in times[::5]:
                x, y = (float(a) for a in part.path.at(t - storm.delay))
                x, y = x + part.x + storm.shift[0], y + part.y + storm.shift[1]
                decay = float(np.exp(-(((10.0 - part.height) / part.half_depth) ** 2)))
                speed = part.speed * float(part.life.at(t - storm.delay)) * storm.intensity * decay
                if speed >= 30.0:
                    rows.append((float(t), x, y, "tornado", speed, "m s-1"))
    return rows


def _worst(field: Array, block: int) -> Array:
    n = field.shape[0] // block
    return np.asarray(field.reshape(n, block, n, block).max(axis=(1, 3)))


def _density(storm: Storm, t: float, half: float, dx: float) -> tuple[Array, Array, Array]:
    """Flash density on a grid about where the storm is, and its x and y."""
    boxes = [bounds for bounds in storm.bounds(t) if np.isfinite(bounds[0])]
    x = float(np.mean([0.5 * (b[0] + b[1]) for b in boxes])) if boxes else 0.0
    y = float(np.mean([0.5 * (b[2] + b[3]) for b in boxes])) if boxes else 0.0
    axis = np.arange(-half, half + 1.0, dx)
    xs, ys = np.meshgrid(x + axis, y + axis)
    return storm.flash_density(xs, ys, t), xs, ys


def _moist(pressure: Array, temperature: Array, humidity: Array) -> dict[str, Array]:
    vapour = humidity * pressure / (0.622 + humidity)
    logarithm = np.log(np.maximum(vapour, 1e-3) / 611.2)
    dew = 273.15 + 243.5 * logarithm / (17.67 - logarithm)
    relative = np.minimum(humidity / saturation(temperature, pressure), 1.0)
    dew = np.minimum(dew, temperature)
    return {"pressure": pressure, "temperature": temperature, "dew_point": dew, "relative_humidity": relative}


def _from(u: Array, v: Array) -> dict[str, Array]:
    """Wind as speed and the direction it comes from."""
    return {"wind_direction": np.degrees(np.arctan2(-u, -v)) % 360.0, "wind_speed": np.hypot(u, v)}
