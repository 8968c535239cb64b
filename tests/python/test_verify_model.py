"""A model run scored by lead time from the command line: with stations kept back, and with fields on another grid."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

from nowcast import cli, errors, grid, io, jobs, model, obs, sim, verify
from nowcast._points import at_points

MINUTES = (20.0, 40.0, 60.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Files of a run of three lead times, erring in place, and the storm itself."""
    folder = tmp_path_factory.mktemp("run")
    storm = sim.supercell(particles=500)
    made = sim.model.run(storm, n=21, dx=5000.0, shift=(8000.0, 0.0))
    for minutes in MINUTES:
        made.write_grib(folder / f"run-{minutes:02.0f}.grib2", 60.0 * minutes)
    return folder, storm


def program(*words, code=0):
    result = CliRunner().invoke(cli.main, ["verify", *map(str, words)])
    assert result.exit_code == code, result.output
    return json.loads(result.output) if code == 0 else result.output


def test_stations_kept_back_score_a_run_by_lead_time(run):
    folder, storm = run
    x, y = (part.ravel() for part in np.meshgrid(np.linspace(-40e3, 40e3, 6), np.linspace(-35e3, 45e3, 6)))
    lon, lat = storm.lonlat(x, y)
    rows = []
    for minutes in MINUTES:
        seen = 290.0 + 0.2 * np.arange(x.size) + 0.05 * minutes
        rows += [
            {"station": f"{k:02d}", "longitude": lon[k], "latitude": lat[k], "time": storm.time(60.0 * minutes)}
            | {"air_temperature": seen[k], "station_height": 2.0}
            for k in range(x.size)
        ]
    pd.DataFrame(rows).to_csv(folder / "stations.csv", index=False)
    words = [folder / "run-*.grib2", "--stations", folder / "stations.csv", "--quantity", "air_temperature"]
    words += ["--variable", "2t", "--threshold", 295, "--tolerance", 1]
    whole = program(*words, "-o", folder / "scores.nc", "--json")
    assert whole["lead_minutes"] == list(MINUTES)
    scores = verify.from_netcdf(folder / "scores.nc")
    assert scores["n"].values.tolist() == [36] * 3

    table = obs.read(folder / "stations.csv")
    with model.open(sorted(folder.glob("run-*.grib2"))) as files:
        field = files.read("2t").squeeze(drop=True)
    expected = at_points(field, lon, lat).values - np.array(table["value"]).reshape(3, -1)
    np.testing.assert_allclose(scores["bias"], expected.mean(1), atol=1e-4)
    np.testing.assert_allclose(scores["rmse"], np.sqrt((expected**2).mean(1)), rtol=1e-4)

    chosen = {"stations": folder / "stations.csv", "quantity": "air_temperature", "variable": "2t", "tolerance": 1.0}
    part, summary = jobs.verification(folder / "run-*.grib2", **chosen, withhold=0.25, seed=3)
    assert summary["lead_minutes"] == list(MINUTES)
    assert part["n"].values.tolist() == [9] * 3
    with pytest.raises(errors.ArgumentError, match="quantity: one of air_temperature"):
        jobs.verification(folder / "run-20.grib2", stations=folder / "stations.csv", variable="2t")
    with pytest.raises(errors.ArgumentError, match="one of them expected"):
        jobs.verification(folder / "run-20.grib2")


def test_rain_of_a_run_is_what_fell_between_its_times_beside_a_composite_of_another_grid(run):
    folder, storm = run
    place = storm.grid(50e3, 1000.0)
    x, y = np.meshgrid(place.x, place.y)
    steps = np.array([[10.0, 30.0, 50.0][k] for k in range(3)])
    for minutes, end in zip(steps, MINUTES, strict=True):
        times = 60.0 * (minutes + np.linspace(-10.0, 10.0, 3))
        rate = np.mean([storm.rain_rate(x, y, t) for t in times], axis=0).astype(np.float32)
        field = xr.DataArray(
            rate[None],
            dims=("time", "y", "x"),
            coords={"time": [storm.time(60.0 * end)]} | place.coords(),
            attrs={"units": "mm h-1", "grid_mapping": "crs", "quantity": "RATE"},
            name="rate",
        )
        io.write(field, folder / f"seen-{end:02.0f}.nc")
    scores, _ = jobs.verification(folder / "run-*.grib2", folder / "seen-*.nc", thresholds=[1.0], windows=[3])
    assert (scores["n"] > 200).all()
    own = grid.Grid.of(_rain(folder))
    rates = _rain(folder)
    for k, end in enumerate(MINUTES):
        seen = grid.resample(io.open(folder / f"seen-{end:02.0f}.nc")[0], own, method="conservative")
        away = (rates[k] - seen.values).values
        assert scores["bias"].values[k] == pytest.approx(np.nanmean(away), abs=1e-4)
    assert (scores["fss"] > 0.1).all()


def _rain(folder):
    """Mean rates between the times of the run, by differences of its amounts."""
    with model.open(sorted(folder.glob("run-*.grib2"))) as files:
        amount = files.read("0-1-8").squeeze(drop=True)
    rates = amount.copy(data=np.diff(amount.values, axis=0, prepend=0.0) * 3.0)
    return rates.assign_attrs(units="mm h-1")
