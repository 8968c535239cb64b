"""Winds over height compared: Datasets, tables of observations and columns of a model."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nowcast import model as nwp
from nowcast import obs, sim, verify
from nowcast.errors import ArgumentError, NoDataError


def over(height, u, v, **more) -> xr.Dataset:
    return xr.Dataset({"u": ("height", u), "v": ("height", v)} | more, coords={"height": height})


def sounding(rows: str, near: str = "1999-05-04") -> pd.DataFrame:
    return obs.decode(rows, near=near, station={"id": "OUN", "longitude": -97.44, "latitude": 35.18, "height": 345})


TABLE = """   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT
    hPa     m      C      C      %    g/kg    deg   knot
  959.0    500   22.2   19.0     82  14.64    180     20
  930.0    750   20.4   18.0     86  14.12    270     20
  900.0   1000   19.0   17.0     88  14.12    270     40
"""
KNOT = 1852.0 / 3600.0


def test_differences_are_those_of_winds_interpolated_to_the_levels_of_the_reference() -> None:
    profile = over([400.0, 600.0, 1000.0], [0.0, 4.0, 8.0], [10.0, 12.0, 12.0])
    rows = verify.compare_winds(profile, sounding(TABLE))
    assert rows["height"].to_list() == [500.0, 750.0, 1000.0]
    assert rows["u"].to_list() == pytest.approx([2.0, 5.5, 8.0])
    assert rows["v"].to_list() == pytest.approx([11.0, 12.0, 12.0])
    assert rows["u_reference"].to_list() == pytest.approx([0.0, 20 * KNOT, 40 * KNOT], abs=1e-9)
    assert rows["v_reference"].to_list() == pytest.approx([20 * KNOT, 0.0, 0.0], abs=1e-9)
    assert rows["u_difference"].to_list() == pytest.approx([2.0, 5.5 - 20 * KNOT, 8.0 - 40 * KNOT])
    assert rows["speed_difference"].iloc[0] == pytest.approx(np.hypot(2.0, 11.0) - 20 * KNOT)
    assert rows["direction_difference"].iloc[0] == pytest.approx(np.rad2deg(np.arctan2(2.0, 11.0)))
    assert set(rows["station"]) == {"OUN"}
    assert rows["expected"].isna().all()


def test_directions_differ_the_short_way_round_and_calms_have_none() -> None:
    from_350 = over([0.0, 100.0], [np.sin(np.deg2rad(170.0)) * 5.0, 0.3], [np.cos(np.deg2rad(170.0)) * 5.0, 0.3])
    from_10 = over([0.0, 100.0], [np.sin(np.deg2rad(-170.0)) * 5.0, 5.0], [np.cos(np.deg2rad(-170.0)) * 5.0, 5.0])
    rows = verify.compare_winds(from_10, from_350)
    assert rows["direction_difference"].iloc[0] == pytest.approx(20.0)
    assert np.isnan(rows["direction_difference"].iloc[1])


def test_nothing_is_extrapolated_nor_interpolated_over_a_gap_or_an_unknown_level() -> None:
    profile = over([100.0, 300.0, 500.0, 1500.0], [1.0, np.nan, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0])
    reference = over(np.arange(0.0, 2000.0, 100.0), np.zeros(20), np.zeros(20))
    rows = verify.compare_winds(profile, reference, gap=300.0)
    assert rows["height"].to_list() == [100.0, 500.0, 1500.0]
    rows = verify.compare_winds(profile, reference, gap=400.0)
    assert rows["u"].to_list() == pytest.approx([1.0, 1.5, 2.0, 2.5, 3.0, 4.0])


def test_errors_of_both_say_what_to_expect() -> None:
    errors = {"u_error": ("height", [3.0, np.nan]), "v_error": ("height", [4.0, np.nan])}
    known = over([0.0, 100.0], [1.0, 1.0], [1.0, 1.0], **errors)
    rows = verify.compare_winds(known, known)
    assert rows["expected"].iloc[0] == pytest.approx(np.hypot(5.0, 5.0))
    assert np.isnan(rows["expected"].iloc[1])


def test_profiles_of_several_times_meet_the_nearest_within_reach() -> None:
    times = np.array(["2020-01-01T00:00", "2020-01-01T00:10", "2020-01-01T00:20"], "datetime64[ns]")
    several = xr.Dataset(
        {"u": (("time", "height"), [[1.0], [2.0], [3.0]]), "v": (("time", "height"), [[0.0], [0.0], [0.0]])},
        coords={"time": times, "height": [500.0]},
    )
    one = over([500.0], [0.0], [0.0]).assign_coords(time=np.datetime64("2020-01-01T00:13", "ns"))
    assert verify.compare_winds(several, one)["u"].to_list() == [1.0, 2.0, 3.0]
    assert verify.compare_winds(several, one, within=300.0)["u"].to_list() == [2.0]
    assert verify.compare_winds(one, several, within=200.0)["u_reference"].to_list() == [2.0]
    with pytest.raises(NoDataError):
        verify.compare_winds(several, one, within=60.0)


def test_rows_in_doubt_do_not_count() -> None:
    table = sounding(TABLE)
    table.loc[table["height"] == 750.0, "flags"] |= obs.FLAGS["doubted"]
    profile = over([400.0, 600.0, 1000.0], [0.0, 4.0, 8.0], [10.0, 12.0, 12.0])
    assert verify.compare_winds(profile, table)["height"].to_list() == [500.0, 1000.0]


def test_scores_are_means_and_squares_by_layer() -> None:
    a = over([100.0, 200.0, 1200.0], [1.0, 3.0, 5.0], [2.0, 2.0, 2.0])
    b = over([100.0, 200.0, 1200.0], [0.0, 0.0, 4.0], [2.0, 6.0, 2.0])
    rows = verify.compare_winds(a, b)
    low, high = verify.wind_scores(rows, [0.0, 1000.0, 2000.0]).to_dict("records")
    assert (low["bottom"], low["top"], low["n"], high["n"]) == (0.0, 1000.0, 2, 1)
    assert (low["u_mean"], low["v_mean"]) == (2.0, -2.0)
    assert low["u_rms"] == pytest.approx(np.sqrt(5.0))
    assert low["vector_rms"] == pytest.approx(np.sqrt((1.0 + 9.0 + 16.0) / 2.0))
    assert low["vector_median"] == pytest.approx(3.0)
    whole = verify.wind_scores(rows).iloc[0]
    assert (whole["n"], whole["u_mean"]) == (3, pytest.approx(5.0 / 3.0))


def test_what_is_no_profile_is_refused() -> None:
    good = over([0.0, 100.0], [1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ArgumentError, match="reference: u and v"):
        verify.compare_winds(good, good.drop_vars("v"))
    with pytest.raises(ArgumentError, match="profile: one column"):
        verify.compare_winds(good.expand_dims(x=[0, 1]), good)
    with pytest.raises(ArgumentError, match="true east"):
        verify.compare_winds(good.assign(u=good["u"].assign_attrs(standard_name="x_wind")), good)
    with pytest.raises(ArgumentError, match="gap"):
        verify.compare_winds(good, good, gap=0.0)
    with pytest.raises(ArgumentError, match="within"):
        verify.compare_winds(good, good, within=-1.0)
    with pytest.raises(NoDataError):
        verify.compare_winds(good, good.assign_coords(height=[1000.0, 1100.0]))
    with pytest.raises(ArgumentError, match="layers"):
        verify.wind_scores(verify.compare_winds(good, good), [100.0])
    with pytest.raises(ArgumentError, match="rows"):
        verify.wind_scores(verify.compare_winds(good, good).iloc[:0])


def test_a_column_of_a_model_is_a_profile(tmp_path: Path) -> None:
    storm = sim.supercell(particles=200)
    made = sim.model.run(storm, n=21, dx=3000.0)
    made.write_wrf(tmp_path / "wrfout", 600.0, levels=24)
    with nwp.open(tmp_path / "wrfout") as model:
        longitude, latitude = (float(part[0]) for part in storm.grid(1e3, 1e3).to_lonlat([9e3], [-12e3]))
        heights = [500.0, 1500.0, 3000.0, 6000.0]
        column = model.column(longitude, latitude, heights)
        assert column["u"].dims == ("time", "height")
        assert column["u"].attrs["standard_name"] == "eastward_wind"
        truth = [storm.wind(9e3, -12e3, height, 600.0) for height in heights]
        expected = over(heights, [float(part[0]) for part in truth], [float(part[1]) for part in truth])
        score = verify.wind_scores(verify.compare_winds(column, expected)).iloc[0]
    assert score["n"] == 4
    assert score["vector_rms"] < 1.0


@pytest.mark.realdata
def test_a_sounding_meets_itself_and_the_model_of_another_day(real_data: Path) -> None:
    table = obs.read(real_data / "obs/sounding/bmx_sounding_20080411_12Z.txt", near=datetime(2008, 4, 11, 12))
    rows = verify.compare_winds(table, table)
    assert len(rows) > 60
    assert verify.wind_scores(rows)["vector_rms"].iloc[0] == 0.0
    with nwp.open(real_data / "nwp/nam.t00z.awp21100.tm00.grib2") as model:
        column = model.column(-86.8, 33.2, [1000.0, 3000.0, 5000.0])
    rows = verify.compare_winds(table, column, gap=1000.0)
    assert rows["height"].to_list() == [1000.0, 3000.0, 5000.0]
    with pytest.raises(NoDataError):
        verify.compare_winds(table, column, within=3600.0)
