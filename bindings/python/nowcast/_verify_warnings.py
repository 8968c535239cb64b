"""Warnings beside what was seen: events found in time, false alarms, lead times, areas, each with how sure it is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import _cells_table
from nowcast._lib import lib
from nowcast.errors import ArgumentError
from nowcast.grid import Grid

if TYPE_CHECKING:
    from nowcast.hazard import Warnings

_Z = 1.959964  # of 95 %
_LONG_S = 1800.0
_MESSAGE = ("hazard", "level", "warning", "begin", "end", "geometry")
_EVENT = ("hazard", "level", "time", "longitude", "latitude")


def warning_messages(told: "Iterable[Warnings]") -> pd.DataFrame:
    """What was warned of, message by message: from when it was sent to the next of its warning, its end or expiry.

    Parameters
    ----------
    told : Warnings of successive times, as ``nowcast.hazard.Warner.evaluate`` gives them

    Returns
    -------
    ``hazard``, ``level`` (a number), ``warning``, ``begin``, ``end``, ``geometry`` (of an area, or of the place).
    """
    rows: list[dict[str, Any]] = []
    latest: dict[Any, dict[str, Any]] = {}
    for one in told:
        rules, places = one._warner.rules, {place.id: place.geometry for place in one._warner.places}
        warnings: dict[Any, Any] = {row.warning: row for row in one.warnings.itertuples(index=False)}
        events: Iterable[Any] = one.events.itertuples(index=False)
        for event in events:
            if (before := latest.pop(event.warning, None)) is not None:
                before["end"] = min(before["end"], event.time)
            row = warnings[event.warning]
            if event.event in ("cancel", "expire") or not row.active:
                continue
            latest[event.warning] = {
                "hazard": row.hazard,
                "level": rules.levels.index(row.level) + 1,
                "warning": row.warning,
                "begin": event.time,
                "end": row.expires,
                "geometry": row.geometry or places.get(row.place),
            }
            rows.append(latest[event.warning])
    return pd.DataFrame(rows, columns=list(_MESSAGE))


def crossings(
    observed: xr.DataArray, threshold: float, *, hazard: str, level: int = 1, least_size: float = 0.0
) -> pd.DataFrame:
    """Events of an observed field: connected areas that reach a threshold at any time, by when and where they first do.

    Parameters
    ----------
    observed : (time, y, x) DataArray
    threshold : float
        In its units.
    hazard, level
        What warnings of it are called.
    least_size : float
        m2 of an area, at any time, that counts.

    Returns
    -------
    ``hazard``, ``level``, ``time``, ``longitude``, ``latitude``, ``area`` (m2).
    """
    if set(observed.dims) != {"time", "y", "x"}:
        raise ArgumentError(f"observed: dimensions time, y, x expected, {observed.dims} given")
    data = observed.transpose("time", "y", "x").sortby("y").sortby("x")
    most = data.max("time").assign_attrs(observed.attrs)
    options = {
        "method": lib.NWC_CELLS_SINGLE,
        "threshold": threshold,
        "least_peak": threshold,
        "least_size": least_size,
    }
    found = _cells_table.identify(most, options)
    labels, reached = found.labels("storms").values, data.values >= threshold
    longitude, latitude = Grid.of(data).to_lonlat(*np.meshgrid(data["x"].values, data["y"].values))
    rows = []
    for storm in found.storms.itertuples(index=False):
        here = reached & (labels == storm.storm)
        first = int(np.argmax(here.any(axis=(1, 2))))
        j, i = np.argwhere(here[first])[len(np.argwhere(here[first])) // 2]
        rows.append((hazard, level, data["time"].values[first], longitude[j, i], latitude[j, i], storm.area))
    return pd.DataFrame(rows, columns=[*_EVENT, "area"])


def score_warnings(
    messages: pd.DataFrame,
    events: pd.DataFrame,
    observed: xr.DataArray | None = None,
    threshold: float | None = None,
    *,
    tolerance: float = 600.0,
    samples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score warnings by events, for each hazard and level of these.

    Parameters
    ----------
    messages : as ``warning_messages`` makes them
        Those of a level count for it and all below.
    events : as ``crossings`` makes them, or reports: ``hazard``, ``level``, ``time``, ``longitude``, ``latitude``
    observed : (time, y, x) DataArray, optional
        With ``threshold``: what makes a warning true besides events, and the observed area; else events alone do.
    threshold : float, optional
    tolerance : float
        s after an event within which a warning still counts as monitoring it.
    samples, seed
        Of the bootstrap.

    Returns
    -------
    A row for each hazard and level: ``events``, ``warnings``; ``pod`` (forecast before they began), ``monitored``
    (forecast, or warned of within the tolerance), ``far``, ``csi``, ``lead`` (s, mean of events forecast), ``lead_all``
    (of all, those missed as 0), ``share_30`` (of all events, those forecast 30 minutes or more ahead), ``area_bias``
    (warned over observed area); each with ``_low`` and ``_high`` of its 95 % interval but for the last.

    Raises
    ------
    ArgumentError : columns that are missing.
    """
    for name, table, wanted in (("messages", messages, _MESSAGE), ("events", events, _EVENT)):
        if missing := set(wanted) - set(table.columns):
            raise ArgumentError(f"{name}: columns {', '.join(sorted(missing))} expected, missing")
    rows = []
    for (hazard, level), own in events.groupby(["hazard", "level"], sort=True):
        sent = messages[(messages["hazard"] == hazard) & (messages["level"] >= level)]
        lead = np.array([_lead(sent, event, tolerance) for event in own.itertuples(index=False)])
        true = _true(sent, own, observed, threshold)
        row = {"hazard": hazard, "level": level, "events": len(own), "warnings": len(true)}
        rows.append(row | _scores(lead, true, samples, seed) | {"area_bias": _area_bias(sent, observed, threshold)})
    return pd.DataFrame(rows)


def _lead(sent: pd.DataFrame, event: Any, tolerance: float) -> float:
    """s from the beginning of unbroken warning to the event; below 0 for one after it; NaN for none."""
    time = pd.Timestamp(event.time)
    here = [bool(_within(geometry, event.longitude, event.latitude)) for geometry in sent["geometry"]]
    over = sent[np.array(here, dtype=bool)].sort_values("begin")
    start: Any = None
    end: Any = None
    for begin, stop in zip(over["begin"], over["end"], strict=True):
        if begin > time + pd.Timedelta(tolerance, "s"):
            break
        if end is None or begin > end:
            start = begin
        end = stop if end is None else max(end, stop)
    if start is None or end is None or end <= time:
        return float("nan")
    return float((time - start).total_seconds())


def _within(geometry: Any, longitude: Any, latitude: Any) -> Any:
    """Whether points lie in a geometry of GeoJSON: even-odd over all rings. A point is what is within 5 km of it."""
    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    if geometry["type"] == "Point":
        x, y = geometry["coordinates"][:2]
        east = _turned(lon - x) * np.cos(np.radians(y))
        return np.hypot(east, lat - y) * 111.195 <= 5.0
    areas = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    inside = np.zeros(lon.shape, dtype=bool)
    for ring in (np.array(ring)[:, :2] for rings in areas for ring in rings):
        x = ring[0, 0] + np.concatenate([[0.0], np.cumsum(_turned(np.diff(ring[:, 0])))])
        east = x.mean() + _turned(lon - x.mean())
        for (ax, ay), (bx, by) in zip(
            zip(x[:-1], ring[:-1, 1], strict=True), zip(x[1:], ring[1:, 1], strict=True), strict=True
        ):
            if ay != by:
                inside ^= ((ay > lat) != (by > lat)) & (east < ax + (bx - ax) * (lat - ay) / (by - ay))
    return inside


def _turned(degrees: Any) -> Any:
    return (np.asarray(degrees) + 180.0) % 360.0 - 180.0


def _true(
    sent: pd.DataFrame, own: pd.DataFrame, observed: xr.DataArray | None, threshold: float | None
) -> npt.NDArray[np.bool_]:
    """Of each warning whether anything happened in the area and time of one of its messages."""
    cells = None
    if observed is not None and threshold is not None:
        lon, lat = Grid.of(observed).to_lonlat(*np.meshgrid(observed["x"].values, observed["y"].values))
        cells = observed.transpose("time", "y", "x").values >= threshold, observed["time"].values, lon, lat

    def happened(message: Any) -> bool:
        when = own[(own["time"] >= message.begin) & (own["time"] < message.end)]
        if any(_within(message.geometry, row.longitude, row.latitude) for row in when.itertuples(index=False)):
            return True
        if cells is None:
            return False
        reached, times, lon, lat = cells
        now = (times >= message.begin.to_datetime64()) & (times < message.end.to_datetime64())
        return bool((reached[now].any(axis=0) & _within(message.geometry, lon, lat)).any())

    said = {number: [happened(row) for row in rows.itertuples(index=False)] for number, rows in sent.groupby("warning")}
    return np.array([any(one) for one in said.values()], dtype=bool)


def _wilson(hits: int, n: int) -> tuple[float, float, float]:
    """A proportion and its interval (Wilson 1927)."""
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    share, z2 = hits / n, _Z * _Z / n
    half = _Z * np.sqrt(share * (1.0 - share) / n + z2 / (4.0 * n)) / (1.0 + z2)
    middle = (share + z2 / 2.0) / (1.0 + z2)
    return share, float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _csi(lead: Any, true: Any) -> float:
    """From the share of events forecast and of warnings that are true: 1 / (1 / POD + 1 / SR - 1)."""
    pod, success = float(np.mean(lead > 0)) if len(lead) else 0.0, float(np.mean(true)) if len(true) else 0.0
    return 1.0 / (1.0 / pod + 1.0 / success - 1.0) if pod > 0.0 and success > 0.0 else 0.0


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _scores(lead: Any, true: Any, samples: int, seed: int) -> dict[str, float]:
    ahead, known = np.nan_to_num(np.maximum(lead, 0.0)), ~np.isnan(lead)
    out: dict[str, float] = {}
    for name, hits, n in (
        ("pod", int((ahead > 0).sum()), len(lead)),
        ("monitored", int(known.sum()), len(lead)),
        ("far", int((~true).sum()), len(true)),
        ("share_30", int((ahead >= _LONG_S).sum()), len(lead)),
    ):
        out[name], out[f"{name}_low"], out[f"{name}_high"] = _wilson(hits, n)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(samples):
        a = ahead[random.integers(0, len(ahead), len(ahead))]
        t = true[random.integers(0, len(true), len(true))] if len(true) else true
        drawn.append((_csi(a, t), _mean(a[a > 0]), _mean(a)))
    for place, (name, value) in enumerate(
        {"csi": _csi(ahead, true), "lead": _mean(ahead[ahead > 0]), "lead_all": _mean(ahead)}.items()
    ):
        column = np.array([one[place] for one in drawn])
        column = column[~np.isnan(column)]
        low, high = np.quantile(column, [0.025, 0.975]) if len(column) else (float("nan"), float("nan"))
        out[name], out[f"{name}_low"], out[f"{name}_high"] = value, float(low), float(high)
    return out


def _area_bias(sent: pd.DataFrame, observed: xr.DataArray | None, threshold: float | None) -> float:
    """Cells ever warned of over those that ever reached the threshold."""
    if observed is None or threshold is None:
        return float("nan")
    lon, lat = Grid.of(observed).to_lonlat(*np.meshgrid(observed["x"].values, observed["y"].values))
    warned = np.zeros(lon.shape, dtype=bool)
    for geometry in sent["geometry"]:
        warned |= _within(geometry, lon, lat)
    reached = (observed.transpose("time", "y", "x").values >= threshold).any(axis=0)
    return float(warned.sum() / reached.sum()) if reached.any() else float("nan")
