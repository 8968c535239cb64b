"""What holds for every field that is carried along, and every motion."""

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import nowcast
from given import PLANES, cells, fields, on
from nowcast.forecast import SAMPLINGS, delay, extrapolate
from nowcast.grid import Grid
from nowcast.motion import METHODS, calm, estimate

samplings = st.sampled_from(sorted(SAMPLINGS))
speeds = st.floats(-60.0, 60.0, width=32)


def flow_of(field: xr.DataArray, u: object, v: object) -> xr.Dataset:
    """A motion on the grid of a field, from numbers or cells."""
    flow = calm(field)
    for name, values in (("u", u), ("v", v)):
        flow[name].values[:] = values
    return flow


@st.composite
def moving(draw: st.DrawFn) -> tuple[xr.DataArray, xr.Dataset]:
    """Any field with any motion, unknown in places but not everywhere."""
    field = draw(fields(least=2))
    flow = flow_of(field, *(draw(cells(field.shape, -60.0, 60.0)) for _ in range(2)))
    for name in ("u", "v"):
        flow[name].values[0, 0] = draw(speeds)
    return field, flow


def same_bits(a: xr.DataArray, b: xr.DataArray) -> bool:
    return a.values.tobytes() == b.values.tobytes()


@given(moving(), samplings)
def test_lead_0_is_the_field_itself(case: tuple[xr.DataArray, xr.Dataset], sampling: str) -> None:
    field, flow = case
    assert same_bits(extrapolate(field, flow, leads=[0.0], sampling=sampling)[0], field)


@given(fields(least=2), samplings, st.floats(1.0, 1440.0))
def test_without_motion_nothing_changes(field: xr.DataArray, sampling: str, minutes: float) -> None:
    assert same_bits(extrapolate(field, calm(field), leads=[minutes], sampling=sampling)[0], field)


@given(st.data(), samplings, st.integers(-3, 3), st.integers(-3, 3))
def test_whole_cells_of_motion_shift_the_bits(data: st.DataObject, sampling: str, right: int, up: int) -> None:
    # Here, about the origin of the projection, a metre in the plane is one over the ground.
    field = on(Grid(PLANES[0], 12, 11, -6000.0, -5000.0, 1000.0, 1000.0), data.draw(cells((11, 12))))
    seen = extrapolate(field, flow_of(field, right / 0.6, up / 0.6), leads=[10.0, 20.0], sampling=sampling)
    for n in (1, 2):
        expected = field.shift(x=n * right, y=n * up)
        np.testing.assert_array_equal(seen.values[n - 1], expected.values)


@given(moving(), st.sampled_from(["nearest", "bilinear"]), st.floats(0.0, 1.0))
def test_values_stay_within_the_range(case: tuple[xr.DataArray, xr.Dataset], sampling: str, travel: float) -> None:
    field, flow = case
    seen = extrapolate(field, flow, minutes=30, step=10, sampling=sampling, travel=travel).values
    known = seen[np.isfinite(seen)]
    if sampling == "nearest":
        assert np.isin(known, field.values).all()
    elif known.size:
        slack = 1e-6 * np.nanmax(field.values)
        assert np.nanmin(field.values) - slack <= known.min()
        assert known.max() <= np.nanmax(field.values) + slack


@given(moving(), samplings, st.sets(st.integers(0, 24), min_size=1, max_size=6), st.data())
def test_some_leads_are_those_of_all(
    case: tuple[xr.DataArray, xr.Dataset], sampling: str, steps: set[int], data: st.DataObject
) -> None:
    field, flow = case
    leads = [5.0 * step for step in sorted(steps)]
    some = sorted(data.draw(st.sets(st.sampled_from(leads), min_size=1)))
    every = extrapolate(field, flow, leads=leads, sampling=sampling)
    chosen = every.isel(time=[leads.index(lead) for lead in some])
    assert same_bits(extrapolate(field, flow, leads=some, sampling=sampling), chosen)


@given(moving(), samplings, st.integers(2, 7))
def test_threads_and_the_order_of_rows_change_no_bit(
    case: tuple[xr.DataArray, xr.Dataset], sampling: str, threads: int
) -> None:
    field, flow = case
    with nowcast.settings(threads=1):
        alone = extrapolate(field, flow, minutes=20, step=10, sampling=sampling)
    with nowcast.settings(threads=threads):
        assert same_bits(extrapolate(field, flow, minutes=20, step=10, sampling=sampling), alone)
    turned = extrapolate(field[::-1, ::-1], flow, minutes=20, step=10, sampling=sampling)
    assert same_bits(turned[:, ::-1, ::-1], alone)


@given(st.data(), st.integers(1, 7), st.integers(2, 7))
def test_delays_are_known_the_same_on_all_threads_and_none_without_carried_cells(
    data: st.DataObject, times: int, threads: int
) -> None:
    ny, nx = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 24))
    frames = on(Grid(PLANES[0], nx, ny, 0.0, 0.0, 1000.0, 1000.0), data.draw(cells((times, ny, nx))))
    before = frames.values.tobytes()
    with nowcast.settings(threads=1):
        alone = delay(frames, [0.0, 5.0, 10.0, 25.0])
    with nowcast.settings(threads=threads):
        late = delay(frames, [0.0, 5.0, 10.0, 25.0])
    assert frames.values.tobytes() == before
    assert same_bits(late, alone)
    assert same_bits(delay(frames, [5.0]), late[1:2])
    assert np.isfinite(late.values).all()
    assert (late.values[[0, 3]] == 0).all()
    assert 0.0 <= late.attrs["carried_over"] <= 1.0
    # The longest period is ten minutes.
    assert (np.abs(late.values) <= 600.0).all()
    if not late.attrs["carried_over"]:
        assert (late.values == 0).all()


@settings(max_examples=15)
@given(st.data(), st.sampled_from(sorted(METHODS)), st.integers(2, 4), st.floats(1.0, 200.0))
def test_motion_is_within_its_limit_or_an_error_of_ours(
    data: st.DataObject, method: str, times: int, max_speed: float
) -> None:
    ny, nx = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 24))
    frames = on(Grid(PLANES[0], nx, ny, 0.0, 0.0, 1000.0, 1000.0), data.draw(cells((times, ny, nx))))
    before = frames.values.tobytes()
    try:
        flow = estimate(frames, method=method, max_speed=max_speed)
    except nowcast.NowcastError:
        return
    finally:
        assert frames.values.tobytes() == before
    assert (np.hypot(flow["u"].values, flow["v"].values) <= max_speed * (1.0 + 1e-6)).all()
    assert ((flow["quality"].values >= 0.0) & (flow["quality"].values <= 1.0)).all()
