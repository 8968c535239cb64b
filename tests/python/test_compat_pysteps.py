"""Functions with the conventions of pysteps: pixels per step, row 0 in the north, rates or decibels."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nowcast import motion as our_motion
from nowcast.compat import pysteps
from nowcast.compat.pysteps import extrapolation, motion, nowcasts, utils, verification

N = 120


def frames(u: int, v: int, n: int = 3) -> np.ndarray:
    """Rain without period, mm/h, that moves by u columns and v rows in a step, and comes in again beyond."""
    k = np.fft.fftfreq(N)
    faded = np.exp(-((k[:, None] ** 2 + k[None, :] ** 2) / 0.03**2))
    noise = np.random.default_rng(7).normal(size=(N, N))
    field = np.fft.ifft2(np.fft.fft2(noise) * faded).real
    rain = np.maximum(field / field.std() + 0.5, 0.0) ** 2
    return np.array([np.roll(rain, (v * step, u * step), axis=(0, 1)) for step in range(n)])


@pytest.mark.parametrize("name", ["LK", "lucaskanade", "VET", "proesmans", "farneback", "DARTS", "constant", "trec"])
def test_motion_is_in_pixels_along_columns_and_rows(name: str) -> None:
    seen = frames(3, -2)[-2:]
    decibels = utils.dB_transform(seen, threshold=0.1, zerovalue=-15.0)[0]
    for given in (seen, decibels, np.ma.masked_less(seen, -1.0)):
        found = motion.get_method(name)(given, verbose=False)
        assert found.shape == (2, N, N)
        np.testing.assert_allclose(found[0, 40:-40, 40:-40], 3.0, atol=0.25)
        np.testing.assert_allclose(found[1, 40:-40, 40:-40], -2.0, atol=0.25)


def test_no_rain_has_no_motion() -> None:
    for name in ("LK", "VET", "proesmans", "farneback", "DARTS", "constant", *our_motion.METHODS):
        np.testing.assert_array_equal(motion.get_method(name)(np.zeros((2, 20, 30))), np.zeros((2, 20, 30)))
    np.testing.assert_array_equal(motion.get_method(None)(np.ones((2, 4, 5))), np.zeros((2, 4, 5)))


def test_wrong_frames_and_names_are_refused() -> None:
    with pytest.raises(ValueError, match="three dimensions expected, 2 given"):
        motion.vet(np.zeros((4, 5)))
    with pytest.raises(ValueError, match="2 to 3 frames expected, 4 given"):
        motion.vet(np.zeros((4, 5, 6)))
    with pytest.raises(NotImplementedError, match="sparse vectors"):
        motion.dense_lucaskanade(np.zeros((2, 5, 6)), dense=False)
    for door in (motion, extrapolation, nowcasts, verification, utils):
        with pytest.raises(ValueError, match=r"expected|is not here"):
            door.get_method("nothing of the kind")
    with pytest.raises(TypeError, match="a string expected"):
        nowcasts.get_method(None)  # type: ignore[arg-type]


def test_whole_pixels_are_carried_exactly() -> None:
    field = np.random.default_rng(1).uniform(0.0, 9.0, (20, 30))
    velocity = np.stack([np.full_like(field, 2.0), np.full_like(field, 1.0)])
    carried = extrapolation.extrapolate(field, velocity, 3)
    for step in (1, 2, 3):
        assert np.isnan(carried[step - 1, :step]).all()
        assert np.isnan(carried[step - 1, :, : 2 * step]).all()
        np.testing.assert_allclose(carried[step - 1, step:, 2 * step :], field[:-step, : -2 * step], rtol=1e-5)
    some = extrapolation.extrapolate(field, velocity, [0.5, 2.0], outval="min", interp_order=0)
    np.testing.assert_allclose(some[1, :2], field.min(), rtol=1e-6)
    half = extrapolation.extrapolate(field, 2.0 * velocity, 3, vel_timestep=2)
    np.testing.assert_allclose(half, carried, rtol=1e-6)
    np.testing.assert_array_equal(extrapolation.get_method("eulerian")(field, velocity, 2), [field, field])


def test_what_extrapolation_refuses() -> None:
    field, velocity = np.ones((8, 9)), np.zeros((2, 8, 9))
    with pytest.raises(ValueError, match="precip: finite values expected"):
        extrapolation.extrapolate(np.where(field > 0, np.nan, 0.0), velocity, 1, allow_nonfinite_values=True)
    field[3, 3] = np.nan
    with pytest.raises(ValueError, match="precip: finite values expected"):
        extrapolation.extrapolate(field, velocity, 1)
    assert np.isnan(extrapolation.extrapolate(field, velocity, 1, allow_nonfinite_values=True)[0, 3, 3])
    with pytest.raises(ValueError, match="velocity: shape"):
        extrapolation.extrapolate(field, np.zeros((2, 9, 8)), 1)
    with pytest.raises(ValueError, match="ascending"):
        extrapolation.extrapolate(np.ones((8, 9)), velocity, [2, 1])
    with pytest.raises(ValueError, match="interp_order"):
        extrapolation.extrapolate(np.ones((8, 9)), velocity, 1, interp_order=2)
    with pytest.raises(NotImplementedError, match="paths"):
        extrapolation.extrapolate(np.ones((8, 9)), velocity, 1, return_displacement=True)


def test_forecasts_come_in_the_units_they_are_made_of() -> None:
    seen = frames(2, 1)
    decibels = utils.dB_transform(seen, threshold=0.1, zerovalue=-15.0)[0]
    velocity = np.stack([np.full((N, N), 2.0), np.full((N, N), 1.0)])
    rate = nowcasts.get_method("sprog")(seen, velocity, 2, precip_thr=0.1)
    made = nowcasts.get_method("sprog")(decibels, velocity, 2, precip_thr=-10.0)
    assert rate.shape == made.shape == (2, N, N)
    known = np.isfinite(made) & (made > -10.0)
    np.testing.assert_allclose(10.0 ** (0.1 * made[known]), rate[known], rtol=0.05, atol=0.05)
    assert set(np.unique(made[np.isfinite(made) & ~known])) <= {-15.0}
    members: list[np.ndarray] = []
    ensemble = nowcasts.get_method("STEPS")(
        decibels,
        velocity,
        2,
        n_ens_members=3,
        precip_thr=-10.0,
        kmperpixel=1.0,
        timestep=5,
        seed=4,
        callback=members.append,
    )
    assert ensemble.shape == (3, 2, N, N)
    np.testing.assert_array_equal(members[1], ensemble[:, 1])
    with pytest.raises(ValueError, match="3 frames expected"):
        nowcasts.steps(decibels[:2], velocity, 2)
    about = {"xpixelsize": 1000.0, "accutime": 5, "threshold": -10.0}
    options = {"n_ens_members": 2, "vel_pert_method": "bps", "seed": 4, "callback": members.append}
    local = nowcasts.get_method("sseps")(decibels, about, velocity, 2, win_size=(40, 24), **options)
    assert local.shape == (2, 2, N, N)
    np.testing.assert_array_equal(members[-1], local[:, -1])
    in_rates = nowcasts.sseps(seen, about | {"threshold": 0.1}, velocity, 2, win_size=32, **options)
    known = np.isfinite(local) & (local > -10.0)
    np.testing.assert_allclose(10.0 ** (0.1 * local[known]), in_rates[known], rtol=0.05, atol=0.05)
    extrapolated = nowcasts.get_method("extrapolation")(decibels[-1], velocity, 2)
    np.testing.assert_allclose(extrapolated[0, 1:, 2:], decibels[-1][:-1, :-2], rtol=1e-4, atol=1e-4)


def test_scores_are_those_of_plain_sums() -> None:
    rng = np.random.default_rng(3)
    forecast, observed = rng.integers(0, 5, (2, 40, 50)).astype(float)
    forecast[0, 0] = np.nan
    known = np.isfinite(forecast)
    yes, seen = forecast[known] > 2.0, observed[known] > 2.0
    hits, misses, false = (yes & seen).sum(), (~yes & seen).sum(), (yes & ~seen).sum()
    scores = verification.det_cat_fct(forecast, observed, 2.0, ["CSI", "pod", "FAR"])
    assert scores == pytest.approx(
        {"CSI": hits / (hits + misses + false), "POD": hits / (hits + misses), "FAR": false / (hits + false)}
    )
    assert verification.get_method("CSI")(forecast, observed, thr=2.0) == pytest.approx({"CSI": scores["CSI"]})
    difference = (forecast - observed)[known]
    amounts = verification.det_cont_fct(forecast, observed)
    assert amounts["ME"] == pytest.approx(difference.mean())
    assert amounts["MAE"] == pytest.approx(np.abs(difference).mean())
    assert amounts["MSE"] == pytest.approx((difference**2).mean())
    assert amounts["corr_p"] == pytest.approx(np.corrcoef(forecast[known], observed[known])[0, 1])
    assert verification.get_method("FSS")(observed, observed, 2.0, 5) == pytest.approx(1.0)
    members = np.stack([observed, observed + 1.0])
    assert verification.get_method("CRPS", type="probabilistic")(members, observed) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="NMSE given"):
        verification.det_cont_fct(forecast, observed, "NMSE")


def test_decibels_and_back() -> None:
    rate = np.array([[0.0, 0.05, 0.1, 1.0, 20.0, np.nan]])
    decibels, metadata = utils.dB_transform(rate, threshold=0.1, zerovalue=-15.0)
    np.testing.assert_allclose(decibels, [[-15.0, -15.0, -10.0, 0.0, 13.0103, np.nan]], atol=1e-4)
    back, _ = utils.get_method("dB")(decibels, metadata, inverse=True)
    np.testing.assert_allclose(back, [[0.0, 0.0, 0.1, 1.0, 20.0, np.nan]], rtol=1e-6)


def test_a_script_runs_by_our_methods(tmp_path: Path) -> None:
    """With a package of that name and its doors in the place of pysteps."""
    for part in ("motion", "extrapolation", "nowcasts", "verification"):
        folder = tmp_path / "pysteps" / part
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("from .interface import get_method\n")
        (folder / "interface.py").write_text("def get_method(name):\n    return f'theirs {name}'\n")
    parts = [
        "motion/lucaskanade",
        "motion/vet",
        "motion/proesmans",
        "motion/farneback",
        "motion/darts",
        "motion/constant",
    ]
    parts += [
        "extrapolation/semilagrangian",
        "nowcasts/extrapolation",
        "nowcasts/sprog",
        "nowcasts/sseps",
        "nowcasts/steps",
    ]
    for part in [*parts, "verification/spatialscores", "verification/probscores"]:
        (tmp_path / "pysteps" / f"{part}.py").write_text("")
    (tmp_path / "pysteps" / "__init__.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom pysteps import motion, nowcasts\nfrom pysteps.extrapolation import semilagrangian\n"
        "print(motion.get_method('LK').__module__, nowcasts.get_method('anvil'), semilagrangian.extrapolate.__module__,"
        " sys.argv[1])\n"
    )
    command = [sys.executable, "-m", "nowcast.compat.pysteps", str(script), "more"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}, check=True)
    ours = "nowcast.compat.pysteps"
    assert done.stdout.split() == [f"{ours}.motion", "theirs", "anvil", f"{ours}.extrapolation", "more"]
    assert callable(pysteps.install)
