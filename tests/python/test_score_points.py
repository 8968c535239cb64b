"""Forecasts scored with observations at points, and two of them compared."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import verify
from nowcast._points import at_points
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

NY, NX = 20, 30
GRID = Grid("+proj=laea +lat_0=50 +lon_0=10", NX, NY, 0.0, 0.0, 1000.0, 1000.0)
START = np.datetime64("2026-06-01T06:00", "ns")
FIVE = np.timedelta64(5, "m")


def forecast(members: int = 0) -> xr.DataArray:
    """Cells numbered from the south-west, plus the lead time's number; north row first."""
    cells = np.arange(NY * NX, dtype=np.float32).reshape(NY, NX)
    values = np.stack([cells + n for n in range(1, 4)])
    dims: tuple[str, ...] = ("time", "y", "x")
    if members:
        values = np.stack([values + m for m in range(members)])
        dims = ("member", *dims)
    lead = np.arange(1, 4) * FIVE
    coords = {"time": START + lead, "lead_time": ("time", lead), "forecast_reference_time": START} | GRID.coords()
    attributes = {"units": "mm h-1", "grid_mapping": "crs"}
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attributes).isel(y=slice(None, None, -1))


def table(rows: list[tuple[str, int, int, int, float]]) -> pd.DataFrame:
    """Amounts of five minutes of station, row, column, lead, rate in mm h-1."""
    lon, lat = GRID.to_lonlat([1000.0 * row[2] + 300.0 for row in rows], [1000.0 * row[1] - 300.0 for row in rows])
    return pd.DataFrame(
        {
            "time": pd.to_datetime([START + row[3] * FIVE for row in rows], utc=True),
            "station": pd.Categorical([row[0] for row in rows]),
            "quantity": pd.Categorical(["lwe_thickness_of_precipitation_amount"] * len(rows)),
            "value": [row[4] / 12.0 for row in rows],
            "longitude": lon,
            "latitude": lat,
            "duration": [300.0] * len(rows),
        }
    )


RAIN = "lwe_thickness_of_precipitation_amount"


def test_values_at_points_are_those_of_the_cells_they_lie_in() -> None:
    lon, lat = GRID.to_lonlat([0.0, 12400.0, 29499.0, 29501.0, -501.0], [0.0, 7600.0, 19499.0, 0.0, 3.0])
    found = at_points(forecast(), lon, lat)
    assert found.dims == ("time", "point")
    np.testing.assert_array_equal(found.values[0], [1.0, 8 * NX + 12 + 1, NY * NX, np.nan, np.nan])
    assert found["longitude"].attrs["units"] == "degrees_east"
    with pytest.raises(ArgumentError, match="two arrays of one length"):
        at_points(forecast(), [1.0, 2.0], [1.0])


def test_rates_are_scored_with_amounts_at_stations() -> None:
    rows = [("a", 2, 3, 1, 60.0), ("b", 5, 5, 1, 155.0), ("a", 2, 3, 2, 66.0), ("c", 0, 0, 9, 1.0)]
    scores = verify.score_points(forecast(), table(rows), RAIN, (64.0,))
    assert scores["n"].values.tolist() == [2, 1, 0]
    errors = [(64.0 - 60.0, 156.0 - 155.0), (65.0 - 66.0,)]
    np.testing.assert_allclose(scores["bias"].values[:2], [np.mean(part) for part in errors], rtol=1e-5)
    np.testing.assert_allclose(scores["mae"].values[:2], [np.mean(np.abs(part)) for part in errors], rtol=1e-5)
    assert scores["hits"].values[:, 0].tolist() == [1, 1, 0]
    assert scores["false_alarms"].values[:, 0].tolist() == [1, 0, 0]
    assert np.isnan(scores["bias"].values[2])
    one = verify.score_points(forecast(), table(rows), RAIN, (64.0,), stations=["b"])
    assert one["n"].values.tolist() == [1, 0, 0]
    wide = verify.score_points(forecast(), table(rows), RAIN, (64.0,), tolerance="5min")
    assert wide["n"].values.tolist() == [3, 3, 1]
    pooled = verify.pool(xr.concat([scores, one], "case"))
    assert pooled["n"].values.tolist() == [3, 1, 0]


def test_members_are_scored_at_stations() -> None:
    rows = [("a", 2, 3, 1, 65.0)]
    scores = verify.score_points(forecast(3), table(rows), RAIN, (65.0,))
    assert scores["crps"].values[0] == pytest.approx(2 / 3 - 4 / 9, rel=1e-4)  # 64, 65, 66 about 65
    assert scores["forecasts"].sel(probability=2 / 3, method="nearest").values[0, 0] == 1


def test_what_is_not_there_is_said() -> None:
    rows = [("a", 2, 3, 1, 60.0)]
    with pytest.raises(NoDataError, match="of the stations asked for"):
        verify.score_points(forecast(), table(rows), RAIN, stations=["z"])
    with pytest.raises(ArgumentError, match="one of nowcast"):
        verify.score_points(forecast(), table(rows), "rain")
    with pytest.raises(ArgumentError, match="table: dBZ expected"):
        verify.score_points(forecast().assign_attrs(units="dBZ"), table(rows), RAIN)


def test_stations_kept_back_are_the_same_whatever_the_order() -> None:
    rows = [(name, 2, 3, k, 1.0) for k in (1, 2) for name in "abcdefghij"]
    data = table(rows)
    rest, back = verify.withhold(data, 0.3, seed=4)
    assert len(rest) == 14
    assert back["station"].nunique() == 3
    assert not set(rest["station"]) & set(back["station"])
    again = verify.withhold(data.iloc[::-1], 0.3, seed=4)[1]
    assert set(again["station"]) == set(back["station"])
    assert set(verify.withhold(data, 0.3, seed=5)[1]["station"]) != set(back["station"])
    with pytest.raises(ArgumentError, match="share: 0 to 1"):
        verify.withhold(data, 1.5)


def cases(noise: float, seed: int, n: int = 40) -> xr.Dataset:
    """Scores of n forecasts of the same truth, each with errors of this size."""
    rng = np.random.default_rng(1)
    errors = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        truth = rng.gamma(0.5, 2.0, (8, 8)).astype(np.float32)
        scores = verify.Scores((1.0,), ())
        scores.add(truth + noise * errors.normal(size=truth.shape).astype(np.float32), truth)
        made.append(scores.dataset())
    return xr.concat(made, "case")


def test_a_better_forecast_is_told_from_a_worse_one_and_equal_ones_are_not() -> None:
    good, bad, other = cases(0.5, 2), cases(0.8, 3), cases(0.5, 4)
    found = verify.compare(good, bad)
    assert found["statistic"].values.tolist() == ["difference", "error", "low", "high", "p"]
    mae = {name: float(found["mae"].sel(statistic=name)) for name in found["statistic"].values}
    expected = float(verify.pool(good)["mae"] - verify.pool(bad)["mae"])
    assert mae["difference"] == pytest.approx(expected, rel=1e-12)
    assert mae["low"] < mae["difference"] < mae["high"] < 0.0
    assert mae["p"] <= 0.002
    # Errors of normal noise: |e| has the variance s^2 (1 - 2 / pi).
    assert mae["error"] == pytest.approx(np.sqrt((0.25 + 0.64) * (1 - 2 / np.pi) / (40 * 64)), rel=0.25)
    assert float(verify.compare(good, other)["mae"].sel(statistic="p")) > 0.01
    same = verify.compare(good, good)
    assert float(same["mae"].sel(statistic="p")) == 1.0
    assert float(same["mae"].sel(statistic="error")) == 0.0


def test_blocks_of_cases_alike_are_less_sure() -> None:
    alone, bad = cases(0.5, 2, 20), cases(0.8, 3, 20)
    alike = [xr.concat([data.isel(case=[k]) for k in range(20) for _ in range(4)], "case") for data in (alone, bad)]
    error = [float(verify.compare(*alike, block=block)["mae"].sel(statistic="error")) for block in (1, 4)]
    assert error[1] > 1.5 * error[0]
    with pytest.raises(ArgumentError, match="block: 1 to 10 expected, 11 given"):
        verify.compare(alone, bad, block=11)
    with pytest.raises(ArgumentError, match="beside: 20 of case expected, 3 given"):
        verify.compare(alone, bad.isel(case=slice(3)))
