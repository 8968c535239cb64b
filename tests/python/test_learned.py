"""Corrections by what was learned elsewhere: models in C beside NumPy, functions, networks in ONNX, training."""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import forecast, io, jobs, motion, sim
from nowcast.errors import ArgumentError, FileError, FormatError, UnsupportedError
from nowcast.forecast import GROWTH_INPUTS, GrowthModel, Tensors

TRAIN = Path(__file__).parents[2] / "examples" / "train_growth.py"
HEAD = "nowcast growth 1\nmodel test\nbase mean\n"
LEADS = [15.0, 60.0]


@pytest.fixture(scope="module")
def train() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("train_growth", TRAIN)
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_growth"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rain() -> xr.DataArray:
    return sim.storms(seed=3, minutes=90, n=100)["rain"]


@pytest.fixture(scope="module")
def past(rain) -> xr.DataArray:
    return rain.isel(time=slice(2, 6))


@pytest.fixture(scope="module")
def flow(past) -> xr.Dataset:
    return motion.estimate(past)


def network(seed: int) -> str:
    """A model of all inputs, its weights drawn."""
    random = np.random.default_rng(seed)
    lines = [f"input {name} {random.normal():.6g} {random.uniform(0.3, 1.0):.6g}" for name in GROWTH_INPUTS]
    below = len(GROWTH_INPUTS)
    for units in (13, 5, 1):
        lines.append(f"layer {units}")
        rows = random.normal(0.0, 0.6 / np.sqrt(below), (units, below + 1))
        lines += ["unit " + " ".join(f"{value:.6g}" for value in row) for row in rows]
        below = units
    return HEAD + "\n".join(lines) + "\n"


def test_c_says_what_numpy_says(train, past, flow) -> None:
    base = forecast.run(past, flow, "mean", leads=LEADS)
    inputs, amount = forecast.growth_inputs(past, flow, base, leads=LEADS)
    assert inputs.sizes["input"] == len(GROWTH_INPUTS)
    changed = 0
    for seed in range(3):
        text = network(seed)
        made = forecast.corrected(past, flow, GrowthModel(text), leads=LEADS).values.ravel()
        said = np.clip(train.evaluate(text, inputs.values.reshape(len(GROWTH_INPUTS), -1).T), -1.0, 2.0)
        of, before = amount.values.ravel(), base.values.ravel()
        expected = np.where(of > 0.0, np.maximum(before + said * of, 0.0), before)
        np.testing.assert_array_equal(np.isnan(made), np.isnan(before))
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-4)
        changed += np.sum(np.abs(made - before) > 0.01)
    assert changed > 5000


def test_a_grid_from_the_north_gives_the_same(past, flow) -> None:
    model = GrowthModel(network(1))
    made = forecast.corrected(past, flow, model, leads=LEADS)
    turned = forecast.corrected(
        past.isel(y=slice(None, None, -1)), flow.isel(y=slice(None, None, -1)), model, leads=LEADS
    )
    np.testing.assert_array_equal(turned.values[:, ::-1], made.values)

    def twice(given: Tensors) -> np.ndarray:
        return given.base * np.linspace(0.0, 2.0, given.base.shape[1], dtype=np.float32)[:, None]

    made = forecast.corrected(past, flow, twice, leads=LEADS)
    turned = forecast.corrected(
        past.isel(y=slice(None, None, -1)), flow.isel(y=slice(None, None, -1)), twice, leads=LEADS
    )
    np.testing.assert_array_equal(turned.values[:, ::-1], made.values)


def test_a_function_is_given_tensors(past, flow) -> None:
    seen = {}

    def nothing(given: Tensors) -> np.ndarray:
        seen["given"], seen["lagrangian"], seen["inputs"] = given, given.lagrangian(), given.inputs()
        return given.base

    made = forecast.corrected(past, flow, nothing, method="ranked", leads=LEADS)
    base = forecast.run(past, flow, "ranked", leads=LEADS)
    np.testing.assert_array_equal(made.values, base.values)
    assert made.attrs["corrected_by"] == "nothing"
    given = seen["given"]
    assert given.frames.shape == past.shape
    np.testing.assert_array_equal(given.ages, [900.0, 600.0, 300.0, 0.0])
    np.testing.assert_array_equal(given.leads, [900.0, 3600.0])
    assert given.u.shape == given.v.shape == past.shape[1:]
    assert seen["inputs"].shape == (len(GROWTH_INPUTS), *base.shape)
    # The frame before, carried for five minutes, is nearer to the newest than as it was.
    known = np.isfinite(seen["lagrangian"]).all(axis=0)
    still, carried = (np.abs(frames[-2] - frames[-1])[known].mean() for frames in (given.frames, seen["lagrangian"]))
    assert carried < 0.6 * still  # what is left is growth
    np.testing.assert_array_equal(seen["lagrangian"][-1], past.values[-1])
    with pytest.raises(ValueError, match="read-only"):
        given.base[0, 0, 0] = 1.0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda given: given.base[:1], "the shape"),
        (lambda given: given.base - 100.0, "0 or more expected, -"),
        (lambda given: given.base * np.nan, "finite values"),
        (lambda given: given.base + np.inf, "finite values"),
    ],
)
def test_what_a_function_gives_is_checked(past, flow, wrong, said) -> None:
    with pytest.raises(ArgumentError, match=said):
        forecast.corrected(past, flow, wrong, leads=LEADS)


def test_wrong_arguments_are_named(past, flow) -> None:
    model = GrowthModel(network(0))
    with pytest.raises(
        ArgumentError, match="method: mean, which the model test was made for, expected, 'ranked' given"
    ):
        forecast.corrected(past, flow, model, method="ranked")
    with pytest.raises(ArgumentError, match="method: one that makes a single field"):
        forecast.corrected(past, flow, lambda given: given.base, method="steps", leads=[15.0], members=2)
    with pytest.raises(ArgumentError, match="rain in mm h-1 expected, dBZ given"):
        forecast.corrected(past.assign_attrs(units="dBZ"), flow, model)
    with pytest.raises(ArgumentError, match="base: "):
        model.correct(past, flow, past, leads=LEADS)


def test_a_file_that_is_no_model_is_named_with_its_line(tmp_path) -> None:
    path = tmp_path / "model.txt"
    whole = network(0)
    for text, said in (
        (whole[: len(whole) // 2], "line 3[0-9]: "),
        (whole.replace("layer 13", "layer 1300000000"), "line 25: layer and a number of units"),
        (whole.replace("input now ", "input now nan "), "line 5: input"),
        ("", "line 1: nowcast growth 1 expected"),
    ):
        path.write_text(text)
        with pytest.raises(FormatError, match=f"model.txt: model: {said}"):
            GrowthModel.read(path)
    path.write_bytes(b"nowcast \xff")
    with pytest.raises(FormatError, match=r"model.txt: UTF-8 expected, .* at byte 8"):
        GrowthModel.read(path)
    with pytest.raises(FileError, match=r"absent\.txt: No such file"):
        GrowthModel.read(tmp_path / "absent.txt")
    path.write_text(whole)
    assert GrowthModel.read(path).name == "test"


def test_onnx_says_what_it_wants(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UnsupportedError, match=r"net.onnx: onnxruntime is wanted, which is not installed"):
        forecast.onnx(tmp_path / "net.onnx")


class Session:
    """Stands for onnxruntime's: adds the mean of the frames."""

    def __init__(self, path: str, providers: list[str]) -> None:
        if Path(path).name == "bad.onnx":
            raise RuntimeError("no protobuf")
        self.names = ["base", "lagrangian"] if Path(path).name == "net.onnx" else ["snow"]

    def get_inputs(self) -> list[types.SimpleNamespace]:
        return [types.SimpleNamespace(name=name) for name in self.names]

    def run(self, names: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert all(one.dtype == np.float32 and one.flags.c_contiguous for one in feed.values())
        return [feed["base"] + np.nan_to_num(feed["lagrangian"].mean(axis=0))]


def test_a_network_is_given_what_it_names(monkeypatch, past, flow) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", types.SimpleNamespace(InferenceSession=Session))
    made = forecast.corrected(past.fillna(0.0), flow, forecast.onnx("net.onnx"), leads=[0.0])
    assert made.attrs["corrected_by"] == "net.onnx"
    base = forecast.run(past.fillna(0.0), flow, "mean", leads=[0.0])
    assert float((made - base).mean()) > 0.1
    with pytest.raises(FormatError, match=r"inputs of frames, .* expected, 'snow' found"):
        forecast.onnx("other.onnx")
    with pytest.raises(FormatError, match=r"bad.onnx: a network in ONNX expected: no protobuf"):
        forecast.onnx("bad.onnx")


def test_the_verb_corrects_what_it_writes(past, flow, tmp_path) -> None:
    path, output = tmp_path / "model.txt", tmp_path / "forecast.nc"
    path.write_text(network(2))
    io.write(past, tmp_path / "past.nc")
    summary = jobs.forecast(tmp_path / "past.nc", output, method="mean", minutes=30, step=15, learned=path)
    assert summary["corrected_by"] == "test"
    written, plain = nowcast.open(output), forecast.run(past, flow, "mean", leads=[15.0, 30.0])
    made = forecast.corrected(past, flow, GrowthModel.read(path), leads=[15.0, 30.0])
    np.testing.assert_allclose(written.values, made.values, atol=0.01)
    assert float(np.abs(made - plain).max()) > 1.0
    with pytest.raises(ArgumentError, match=r"method: mean, which .*model.txt was made for, expected, 'ranked' given"):
        jobs.forecast(tmp_path / "past.nc", output, method="ranked", learned=path)


def test_what_is_there_to_be_learned_is_learned(train) -> None:
    """Forecasts that are a third too low where it was wet all around, and right elsewhere."""
    random = np.random.default_rng(0)
    inputs = random.uniform(0.0, 1.0, (40000, len(GROWTH_INPUTS))).astype("f4")
    amount, base = (random.uniform(1.0, 5.0, 40000).astype("f4") for _ in range(2))
    wet = inputs[:, GROWTH_INPUTS.index("wet_32")] > 0.5
    seen = (base + np.where(wet, 0.3, 0.0) * amount + random.normal(0.0, 0.1, 40000)).astype("f4")
    half = [train.Samples(*(one[n::2] for one in (inputs, amount, base, seen))) for n in range(2)]
    model = GrowthModel(train.fit(half[0], "made"))
    before, after = train.worth(half[1], model)
    assert before > 0.6
    assert after < 0.35


def test_the_example_beats_the_forecast_on_a_storm_it_never_saw(train) -> None:
    model = GrowthModel()
    assert model.base == "mean"
    assert "Data: " in model.text
    errors = []
    for seed in (901, 902, 903):
        rain = sim.storms(seed=seed, minutes=120, n=160)["rain"]
        past = rain.isel(time=slice(5, 9))
        flow = motion.estimate(past)
        base = forecast.run(past, flow, "mean", leads=[30.0, 60.0])
        made = forecast.corrected(past, flow, model, leads=[30.0, 60.0])
        seen = rain.isel(time=[14, 20]).values
        errors.append([float(np.nanmean((one.values - seen) ** 2)) for one in (base, made)])
    before, after = np.mean(errors, axis=0)
    assert after < before
