"""Winds over height, whoever observed or forecast them, brought together level by level."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from nowcast import obs
from nowcast.errors import ArgumentError, NoDataError

Winds = xr.Dataset | pd.DataFrame

_Levels = npt.NDArray[np.float64]

CALM_M_S = 1.0  # below it a wind has no direction worth comparing
SAME_M = 0.01  # levels no farther apart are one: feet and metres do not meet to the last bit
_HEIGHTS = ("height", "z")


class Profile(NamedTuple):
    """One profile: levels from the lowest up, m above mean sea level, towards true east and north."""

    height: _Levels
    u: _Levels
    v: _Levels
    u_error: _Levels  # NaN where not known
    v_error: _Levels
    station: str
    time: pd.Timestamp  # UTC; NaT where not known


def profiles_of(winds: Winds, name: str) -> list[Profile]:
    """The profiles of a Dataset over height (and time), or of a table of observations, one for each report."""
    found = list(_from_table(winds) if isinstance(winds, pd.DataFrame) else _from_dataset(winds, name))
    return [profile for profile in found if profile.height.size]


def compare(profile: Winds, reference: Winds, *, gap: float = 500.0, within: float | None = None) -> pd.DataFrame:
    """Compare winds over height with others, level by level.

    Parameters
    ----------
    profile, reference : Dataset or DataFrame
        A Dataset with ``u`` and ``v`` towards true east and north over ``height`` or ``z`` (m above mean sea level)
        and, where there are several, ``time``: of ``nowcast.radar.wind_profile`` or ``nowcast.model.Model.column``. Or
        a table of ``nowcast.obs``: soundings, profilers, VAD profiles; each of its reports is a profile, and rows in
        doubt are left out.
    gap : m
        The profile is interpolated linearly to the levels of the reference, between two of its levels no farther
        apart than this, and not beyond them.
    within : s, optional
        How far apart in time two profiles may be where both times are known. Each of the reference then meets the one
        nearest in time; by default every one meets every other.

    Returns
    -------
    DataFrame with a row for each level of the reference where both are known: ``height``, ``time`` and ``station`` (of
    the reference), ``u``, ``v``, ``u_reference``, ``v_reference``, the differences profile less reference
    ``u_difference``, ``v_difference``, ``speed_difference`` and ``direction_difference`` (degrees, clockwise positive,
    NaN where either wind is below 1 m/s), and ``expected``, what the vector difference should be by the errors of
    both, NaN where neither is known.

    Raises
    ------
    ArgumentError : a Dataset with other dimensions, or no wind in it.
    NoDataError : they have no height in common.
    """
    if not gap > 0.0:
        raise ArgumentError(f"gap: above 0 m expected, {gap:g} given")
    if within is not None and not within >= 0.0:
        raise ArgumentError(f"within: 0 s or more expected, {within:g} given")
    some, others = profiles_of(profile, "profile"), profiles_of(reference, "reference")
    pairs = ((one, other) for other in others for one in _partners(some, other, within))
    tables = [table for one, other in pairs if len(table := _rows(one, other, gap))]
    if not tables:
        raise NoDataError("profile, reference: no height at which both are known")
    return pd.concat(tables, ignore_index=True)


def scores(rows: pd.DataFrame, layers: Sequence[float] | npt.NDArray[Any] | None = None) -> pd.DataFrame:
    """Means and root mean squares of differences of winds.

    Parameters
    ----------
    rows : DataFrame of ``compare_winds``, or several of them joined
    layers : m, increasing, optional
        Edges of layers of height; by default there is one, of all.

    Returns
    -------
    DataFrame with a row for each layer that has differences: ``bottom``, ``top``, ``n``, the means ``u_mean``,
    ``v_mean``, ``speed_mean`` and ``direction_mean`` (degrees, over winds that have a direction), the root mean squares
    ``u_rms``, ``v_rms``, ``vector_rms`` and ``direction_rms``, the median ``vector_median``, and ``expected_rms``.

    Raises
    ------
    ArgumentError : no rows, or layers that do not increase.
    """
    if rows.empty:
        raise ArgumentError("rows: at least one difference expected, none given")
    if layers is None:
        edges = np.array([-np.inf, np.inf])
    else:
        edges = np.asarray(layers, dtype=np.float64)
        if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0.0).all():
            raise ArgumentError("layers: two or more increasing heights expected")
    number = np.searchsorted(edges, rows["height"].to_numpy(), side="right") - 1
    inside = (number >= 0) & (number < edges.size - 1)
    found = [{"bottom": edges[k], "top": edges[k + 1]} | _score(rows[number == k]) for k in np.unique(number[inside])]
    return pd.DataFrame(found)


def _score(rows: pd.DataFrame) -> dict[str, float]:
    u, v = rows["u_difference"].to_numpy(), rows["v_difference"].to_numpy()
    turned = rows["direction_difference"].dropna().to_numpy()
    expected = rows["expected"].dropna().to_numpy()
    vector = np.hypot(u, v)
    return {
        "n": len(rows),
        "u_mean": float(u.mean()),
        "v_mean": float(v.mean()),
        "speed_mean": float(rows["speed_difference"].mean()),
        "direction_mean": float(turned.mean()) if turned.size else np.nan,
        "u_rms": _rms(u),
        "v_rms": _rms(v),
        "vector_rms": _rms(vector),
        "direction_rms": _rms(turned),
        "vector_median": float(np.median(vector)),
        "expected_rms": _rms(expected),
    }


def _rms(values: npt.NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else np.nan


def _partners(some: list[Profile], other: Profile, within: float | None) -> list[Profile]:
    if within is None:
        return some
    apart = [abs((one.time - other.time).total_seconds()) for one in some]
    known = [k for k, seconds in enumerate(apart) if seconds <= within]
    return [some[min(known, key=apart.__getitem__)]] if known else []


def _rows(profile: Profile, reference: Profile, gap: float) -> pd.DataFrame:
    """The rows of one pair."""
    at = reference.height
    upper = np.searchsorted(profile.height, at - SAME_M, side="left").clip(0, profile.height.size - 1)
    exact = np.abs(profile.height[upper] - at) <= SAME_M
    lower = np.where(exact, upper, upper - 1).clip(0)
    below, above = profile.height[lower], profile.height[upper]
    use = exact | ((below < at) & (at < above) & (above - below <= gap))
    step = np.where(above > below, above - below, 1.0)
    part = np.where(exact, 0.0, (at - below) / step)

    def there(values: _Levels) -> _Levels:
        found: _Levels = (values[lower] + part * (values[upper] - values[lower]))[use]
        return found

    u, v, u0, v0 = there(profile.u), there(profile.v), reference.u[use], reference.v[use]
    squares = [there(profile.u_error), there(profile.v_error), reference.u_error[use], reference.v_error[use]]
    known = np.isfinite(squares).any(axis=0) if len(u) else np.zeros(0, bool)
    expected = np.where(known, np.sqrt(np.nansum(np.square(squares), axis=0)), np.nan)
    turned = np.rad2deg(np.arctan2(u, v) - np.arctan2(u0, v0))
    turned = (turned + 180.0) % 360.0 - 180.0
    windy = (np.hypot(u, v) >= CALM_M_S) & (np.hypot(u0, v0) >= CALM_M_S)
    return pd.DataFrame(
        {
            "height": at[use],
            "time": reference.time,
            "station": reference.station,
            "u": u,
            "v": v,
            "u_reference": u0,
            "v_reference": v0,
            "u_difference": u - u0,
            "v_difference": v - v0,
            "speed_difference": np.hypot(u, v) - np.hypot(u0, v0),
            "direction_difference": np.where(windy, turned, np.nan),
            "expected": expected,
        }
    )


def _from_dataset(winds: xr.Dataset, name: str) -> Iterator[Profile]:
    vertical = next((dim for dim in _HEIGHTS if dim in winds.dims), None)
    if vertical is None or "u" not in winds or "v" not in winds:
        raise ArgumentError(f"{name}: u and v over height or z expected, there are {', '.join(map(str, winds))}")
    if winds["u"].attrs.get("standard_name") == "x_wind":
        raise ArgumentError(f"{name}: winds towards true east and north expected, these lie along a grid's axes")
    winds = winds.squeeze([str(dim) for dim, size in winds.sizes.items() if size == 1 and dim != vertical])
    others = set(winds["u"].dims) - {vertical, "time"}
    if others or set(winds["u"].dims) != set(winds["v"].dims):
        raise ArgumentError(f"{name}: one column expected, u has the dimensions {', '.join(map(str, winds['u'].dims))}")
    several = [winds.isel(time=k) for k in range(winds.sizes["time"])] if "time" in winds["u"].dims else [winds]
    for one in several:
        columns = [np.asarray(one[part].values, np.float64) for part in (vertical, "u", "v")]
        columns += [
            np.asarray(one[part].values, np.float64) if part in one else np.full_like(columns[0], np.nan)
            for part in ("u_error", "v_error")
        ]
        time: Any = pd.Timestamp(one["time"].values.item()) if "time" in one.coords else pd.NaT
        yield _profile(columns, str(one.attrs.get("station", "")), time)


def _from_table(table: pd.DataFrame) -> Iterator[Profile]:
    attributes = table.attrs
    table = table[table["flags"] & obs.SUSPECT == 0]
    table.attrs = attributes
    levels = obs.wide(obs.derive(table))
    if "eastward_wind" not in levels or "northward_wind" not in levels:
        return
    for _, report in levels.groupby("report", sort=False):
        columns = [report[part].to_numpy(np.float64) for part in ("height", "eastward_wind", "northward_wind")]
        columns += [np.full(len(report), np.nan)] * 2
        yield _profile(columns, str(report["station"].iloc[0]), report["time"].iloc[0])


def _profile(columns: list[_Levels], station: str, time: pd.Timestamp) -> Profile:
    """Levels in order of height; of two of one height the first."""
    known = np.isfinite(columns[:3]).all(axis=0)
    _, first = np.unique(columns[0][known], return_index=True)
    height, u, v, u_error, v_error = (column[known][first] for column in columns)
    return Profile(height, u, v, u_error, v_error, station, time)
