"""Ensembles joined to those of a model by a Kalman filter."""

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import nowcast
from nowcast import forecast as forecasting
from nowcast.errors import ArgumentError


def ensembles(seed: int, members: int, models: int, shape: tuple[int, int]) -> tuple[xr.DataArray, xr.DataArray]:
    """Of smooth numbers, the models' about another mean."""
    draw = np.random.default_rng(seed)
    made = []
    for n, mean in ((members, 0.0), (models, 1.5)):
        cells = draw.normal(mean, 1.0, (n, *shape)).cumsum(axis=2).astype(np.float32)
        coords = {"y": 1000.0 * np.arange(shape[0]), "x": 1000.0 * np.arange(shape[1])}
        crs = xr.Variable((), 0, nowcast.sim.storms(seed=1, n=32, minutes=5)["rain"]["crs"].attrs)
        made.append(
            xr.DataArray(
                cells,
                dims=("member", "y", "x"),
                coords=coords | {"crs": crs},
                attrs={"units": "dBZ", "grid_mapping": "crs"},
            )
        )
    for some in made:
        some["x"].attrs = some["y"].attrs = {"units": "m"}
    return made[0], made[1]


def dense(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], explained: float, error: float
) -> tuple[npt.NDArray[np.float64], float]:
    """The same by components and a gain matrix that are made whole, and the mean gain."""
    both = np.concatenate([x, y])
    _, sizes, components = np.linalg.svd(both - both.mean(axis=0), full_matrices=False)
    rank = np.count_nonzero(sizes**2 > 1e-10 * sizes[0] ** 2)
    held = np.cumsum(sizes**2) / (sizes**2).sum()
    kept = min(rank, int(np.searchsorted(held, explained - 1e-12)) + 1)
    p = np.var(x @ components.T, axis=0, ddof=1)
    r = np.var(y @ components.T, axis=0, ddof=1) if len(y) > 1 else np.zeros(len(p))
    r = r + error**2 * x.shape[1] * p / p.sum()
    gain = np.where(np.arange(len(p)) < kept, p / (p + r), 0.0)
    matrix = components.T @ np.diag(gain) @ components
    moved = x + (y[np.arange(len(x)) % len(y)] - x) @ matrix.T
    return moved, float((gain * sizes**2).sum() / (sizes**2).sum())


@pytest.mark.parametrize(("members", "models"), [(6, 6), (9, 4), (4, 9), (5, 1)])
@pytest.mark.parametrize("explained", [1.0, 0.9])
def test_a_correction_is_that_of_a_whole_gain_matrix(members: int, models: int, explained: float) -> None:
    x, y = ensembles(3, members, models, (6, 7))
    made = forecasting.kalman(x, y, explained=explained, model_error=1.3)
    flat = [some.values.reshape(len(some), -1).astype(np.float64) for some in (x, y)]
    expected, gain = dense(flat[0], flat[1], explained, 1.3)
    np.testing.assert_allclose(made.values.reshape(members, -1), expected, atol=2e-5)
    assert made.attrs["gain"] == pytest.approx(gain, abs=1e-6)
    assert made.attrs["units"] == "dBZ"


def test_components_hold_all_that_members_are_made_of() -> None:
    x, y = ensembles(5, 7, 3, (8, 9))
    taken = forecasting.kalman(x, y, nowcast_inflation=1e15)
    np.testing.assert_allclose(taken.values, y.values[np.arange(7) % 3], atol=1e-4)
    left = forecasting.kalman(x, y, model_inflation=1e15)
    np.testing.assert_allclose(left.values, x.values, atol=1e-5)


def case() -> tuple[xr.DataArray, xr.DataArray, xr.Dataset]:
    storm = nowcast.sim.storms(seed=2, n=64, minutes=105, cells=40)["rain"].fillna(0.0)
    return storm[:10], storm, nowcast.motion.estimate(storm[:10])


def several(model: xr.DataArray, aside: list[int]) -> xr.DataArray:
    """Members of a model whose rain is so many cells too far east."""
    parts = [model.copy(data=np.roll(model.values, cells, axis=-1)) for cells in aside]
    return xr.concat(parts, "member").transpose("member", "time", "y", "x").assign_attrs(model.attrs)


def test_members_have_times_gains_and_a_status() -> None:
    past, model, flow = case()
    made = forecasting.enkf(past, flow, several(model, [2, 4, 6]), minutes=30, step=10, members=4, seed=3)
    assert made.dims == ("member", "time", "y", "x")
    assert made.attrs["blend_status"] == "blended"
    assert made["gain"].dims == ("time",)
    assert ((made["gain"] > 0.0) & (made["gain"] < 1.0)).all()
    assert np.isfinite(made.values).all()
    again = forecasting.enkf(past, flow, several(model, [2, 4, 6]), minutes=30, step=10, members=2, seed=3)
    np.testing.assert_array_equal(again.values, made.values[:2])
    other = forecasting.enkf(past, flow, several(model, [2, 4, 6]), minutes=30, step=10, members=2, seed=4)
    assert not np.array_equal(other.values, again.values)


def test_a_model_that_is_right_now_is_followed_more_than_one_far_away() -> None:
    past, model, flow = case()
    near, far = (
        forecasting.enkf(past, flow, several(model, aside), leads=[10, 60], members=2)["gain"].values
        for aside in ([0, 1, -1], [30, 31, 29])
    )
    assert (near > 0.9).all()
    assert (far > 0.0).all()
    assert (far < 0.5 * near).all()


def test_a_model_that_is_late_or_dry_is_ordinary() -> None:
    past, model, flow = case()
    late = model.assign_coords(time=model["time"] - np.timedelta64(6, "h"))
    made = forecasting.enkf(past, flow, late, leads=[10], members=1)
    assert made.attrs["blend_status"].startswith("the model has none of these times")
    assert made["gain"].item() == 0.0
    assert np.nanmean(made.values) == pytest.approx(float(past.values[-1].mean()), rel=0.2)
    dry = forecasting.enkf(0.0 * past, nowcast.motion.calm(past), 0.0 * model, leads=[10], members=2)
    assert (dry.values == 0.0).all()


def test_a_feathered_edge_has_a_small_part_of_its_step() -> None:
    past, model, flow = case()
    wetter = model.copy(data=4.0 * model.values + 2.0)
    seen = past.where(past["x"] < float(past["x"][40])).transpose("time", "y", "x").assign_attrs(past.attrs)
    plain = forecasting.extrapolate(seen, flow, leads=[5, 60])
    bare, feathered = (
        forecasting.edge(forecasting.enkf(seen, flow, wetter, leads=[5, 60], members=2, feather=feather), plain)
        for feather in (0.0, 20e3)
    )
    assert (bare["bias"] > 0.5).all()
    # The first cell within is a twentieth of the way in decibels, of which there are 28 from 20 mm/h to dry.
    assert (abs(feathered["bias"]) < (1.0 - 10.0**-0.14) * bare["bias"]).all()


def test_what_is_asked_wrongly_is_refused_by_name() -> None:
    past, model, flow = case()
    x, y = ensembles(1, 3, 3, (5, 5))
    with pytest.raises(ArgumentError, match="model: mm h-1 expected, dBZ given"):
        forecasting.enkf(past, flow, model.assign_attrs(units="dBZ"), leads=[5])
    with pytest.raises(ArgumentError, match="explained: above 0 to 1"):
        forecasting.enkf(past, flow, model, leads=[5], explained=1.5)
    with pytest.raises(ArgumentError, match=r"nowcast: \(member, y, x\) expected"):
        forecasting.kalman(x[0], y)
    with pytest.raises(ArgumentError, match="model: the grid of nowcast"):
        forecasting.kalman(x, y[:, :4])
    with pytest.raises(ArgumentError, match="model: dBZ expected, mm given"):
        forecasting.kalman(x, y.assign_attrs(units="mm"))
