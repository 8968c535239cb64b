"""Differential phase and what follows from it, beside the truth of simulated storms and beside real radars."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nowcast
from nowcast import sim
from nowcast.errors import ArgumentError, NoDataError
from nowcast.sim.strategy import Radar, Strategy, Sweep

DATA = Path(os.environ.get("NOWCAST_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="module")
def storm() -> sim.Storm:
    return sim.supercell(seed=1)


@pytest.fixture(scope="module", params=["S", "C", "X"])
def scan(request: pytest.FixtureRequest, storm: sim.Storm) -> sim.Scan:
    radar = Radar(band=request.param)
    plan = Strategy("one turn", radar, (Sweep(0.5, reach=120e3),))
    site = sim.Site.near(storm, -40e3, -20e3)
    return sim.scan(storm, site, plan, 3600.0, effects=sim.Effects(second_trip=False))


def band_of(scan: sim.Scan) -> str:
    return "S" if scan.volume.attrs["frequency"] < 4e9 else "C" if scan.volume.attrs["frequency"] < 8e9 else "X"


def errors(found: xr.DataArray, truth: xr.DataArray, where: np.ndarray) -> tuple[float, float, str]:
    """Root mean square, mean, and both in words."""
    error = (found.values - truth.values)[where & np.isfinite(found.values) & np.isfinite(truth.values)]
    rms, bias = float(np.sqrt(np.mean(error**2))), float(error.mean())
    return rms, bias, f"{found.name}: rms {rms:.3f}, bias {bias:.3f} over {error.size} gates"


@pytest.mark.parametrize("method", ["variational", "least_squares"])
def test_kdp_of_a_simulated_storm_is_near_the_truth(scan: sim.Scan, method: str) -> None:
    seen = nowcast.radar.phase(scan.volume, method=method)
    assert seen.attrs["system_phase"] == pytest.approx(60.0, abs=0.5)
    assert seen.attrs["phase_period"] == 360.0
    sweep, truth = seen["sweep_0"], scan.truth["sweep_0"]
    rain = truth["DBZH"].values > 10.0
    most = {"S": 0.16, "C": 0.16, "X": 0.18}[band_of(scan)]
    rms, bias, text = errors(sweep["KDP"], truth["KDP"], rain)
    assert rms < most, text
    assert abs(bias) < 0.05, text
    rms, bias, text = errors(sweep["PHIDPC"], truth["PHIDP"], rain)
    assert rms < 1.5, text
    assert abs(bias) < 0.5, text
    known = np.isfinite(sweep["KDP"].values[rain]).mean()
    assert known > 0.95, f"KDP known in {known:.3f} of the rain"
    if method == "variational":
        assert np.nanmin(sweep["KDP"].values) >= 0.0


def test_folding_and_the_phase_of_the_system_do_not_change_kdp(scan: sim.Scan) -> None:
    plain = nowcast.radar.phase(scan.volume)["sweep_0"]["KDP"].values
    turned = scan.volume.copy()
    phase = turned["sweep_0"]["PHIDP"]
    turned["sweep_0"] = turned["sweep_0"].to_dataset().assign(PHIDP=(phase + 295.0) % 360.0)
    folded = nowcast.radar.phase(turned)
    assert folded.attrs["system_phase"] % 360.0 == pytest.approx(355.0, abs=0.5)
    np.testing.assert_allclose(folded["sweep_0"]["KDP"].values, plain, atol=2e-3)


def test_the_volume_given_is_not_changed_and_its_kdp_stays(scan: sim.Scan) -> None:
    data = scan.volume["sweep_0"].to_dataset()
    own = xr.full_like(data["DBZH"], 3.25).assign_attrs(units="degrees km-1")
    volume = xr.DataTree.from_dict({"/": scan.volume.to_dataset(), "sweep_0": data.assign(KDP=own)})
    seen = nowcast.radar.phase(volume)
    assert "KDPC" not in volume["sweep_0"]
    assert "PHIDPC" not in volume["sweep_0"]
    assert (seen["sweep_0"]["KDP"] == 3.25).all()
    np.testing.assert_array_equal(seen["sweep_0"]["KDPC"], nowcast.radar.phase(scan.volume)["sweep_0"]["KDP"])
    assert seen["sweep_0"]["PHIDPC"].attrs["units"] == "degrees"


def test_what_cannot_be_done_is_said(scan: sim.Scan) -> None:
    with pytest.raises(ArgumentError, match="method: one of variational"):
        nowcast.radar.phase(scan.volume, method="guess")
    with pytest.raises(ArgumentError, match="period_deg"):
        nowcast.radar.phase(scan.volume, period=90.0)
    data = scan.volume["sweep_0"].to_dataset()[["DBZH", "sweep_mode", "sweep_fixed_angle"]]
    with pytest.raises(NoDataError, match="PHIDP"):
        nowcast.radar.phase(xr.DataTree.from_dict({"/": scan.volume.to_dataset(), "sweep_0": data}))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "period", "offset", "alike"),
    [
        ("radar/cinrad/Z_RADR_I_ZG170_20260329064800_O_DOR_YTD2_CAP_FMT.bin.bz2", 360.0, 50.2, 0.65),
        ("radar/sigmet/cor-main131125105503.RAW2049", 180.0, 15.6, 0.7),
        ("radar/uf/example_uf_ppi.uf", 360.0, 114.2, 0.9),
    ],
)
def test_kdp_of_real_radars_goes_with_that_of_their_makers(
    file: str, period: float, offset: float, alike: float
) -> None:
    seen = nowcast.radar.phase(nowcast.radar.read(DATA / file))
    assert seen.attrs["phase_period"] == period
    assert seen.attrs["system_phase"] == pytest.approx(offset, abs=2.0)
    sweep = seen["sweep_0"]
    ours, theirs = sweep["KDPC"].values, sweep["KDP"].values
    both = np.isfinite(ours) & np.isfinite(theirs)
    together = np.corrcoef(ours[both], theirs[both])[0, 1]
    assert together > alike, f"correlation of {together:.3f} over {both.sum()} gates"


# ---- attenuation ----


# The simulator attenuates by a multiple of KDP: the linear method's own ground. Hail reflects and raises no phase.
@pytest.mark.parametrize(
    ("method", "most"), [("zphi", {"S": 0.03, "C": 0.08, "X": 0.45}), ("linear", {"S": 0.03, "C": 0.06, "X": 0.2})]
)
def test_attenuation_of_a_simulated_storm_is_given_back(scan: sim.Scan, method: str, most: dict[str, float]) -> None:
    seen = nowcast.radar.attenuation(nowcast.radar.phase(scan.volume), method=method)["sweep_0"]
    truth = scan.truth["sweep_0"]
    rain = (truth["DBZH"].values > 10.0) & (scan.volume["sweep_0"]["DBZH"].values > 0.0)
    lost = float(truth["attenuation"].values[rain].max())
    rms, _, text = errors(seen["PIA"], truth["attenuation"], rain)
    text = f"{text}, of up to {lost:.2f} dB"
    assert rms < most[band_of(scan)], text
    before = scan.volume["sweep_0"]["DBZH"].values[rain] - truth["DBZH"].values[rain]
    after = seen["DBZHC"].values[rain] - truth["DBZH"].values[rain]
    assert np.abs(after.mean()) <= np.abs(before.mean()) + 0.02, (
        f"{before.mean():.3f} dB before, {after.mean():.3f} after"
    )
    assert seen["ZDRC"].attrs["units"] == "dB"
    assert seen["AH"].attrs["units"] == "dB km-1"


def test_calibration_of_a_simulated_radar_is_found_to_be_off(scan: sim.Scan) -> None:
    seen = nowcast.radar.phase(scan.volume)
    options = {"freezing_level": 4000.0, "least_phase": 4.0}  # few stretches of so small a storm have the usual 6
    right = nowcast.radar.calibration(seen, **options)
    data = seen["sweep_0"].to_dataset()
    echo = data["DBZH"] > -100.0
    wrong = data.assign(DBZH=(data["DBZH"] + 2.0 * echo).assign_attrs(data["DBZH"].attrs), ZDR=data["ZDR"] + 0.3)
    wrong["ZDR"].attrs["units"] = "dB"
    off = nowcast.radar.calibration(xr.DataTree.from_dict({"/": seen.to_dataset(), "sweep_0": wrong}), **options)
    assert right["rain_gates"] > 300
    assert right["zdr_rain_bias"] == pytest.approx(0.0, abs=0.1), f"ZDR off by {right['zdr_rain_bias']:.3f} dB"
    # 2 dB more move gates of light rain into the next class, where 0.06 dB more ZDR is expected.
    assert off["zdr_rain_bias"] - right["zdr_rain_bias"] == pytest.approx(0.25, abs=0.08)
    if band_of(scan) != "S":  # there the phase rises too little over this storm; elsewhere its hail is in Z
        assert right["dbz_bias"] == pytest.approx(0.0, abs=1.5), f"Z off by {right['dbz_bias']:.2f} dB"
        assert 0.8 < off["dbz_bias"] - right["dbz_bias"] < 2.2, f"{right['dbz_bias']:.2f}, {off['dbz_bias']:.2f} dB"


def test_steps_that_need_a_band_say_so(scan: sim.Scan) -> None:
    seen = nowcast.radar.phase(scan.volume)
    seen.attrs = {name: value for name, value in seen.attrs.items() if name != "frequency"}
    with pytest.raises(ArgumentError, match="band: to be given"):
        nowcast.radar.attenuation(seen)
    with pytest.raises(ArgumentError, match='band: "S", "C" or "X"'):
        nowcast.radar.attenuation(seen, band="K")
    assert "PIA" in nowcast.radar.attenuation(seen, band="S", adaptive=True)["sweep_0"]
    seen.attrs = seen.attrs | {"format": "NEXRAD Level II AR2V0006"}
    assert np.isfinite(nowcast.radar.calibration(seen)["zdr_rain_bias"])
    with pytest.raises(ArgumentError, match="method: one of zphi"):
        nowcast.radar.attenuation(seen, method="guess")
    with pytest.raises(NoDataError, match="PHIDPC"):
        nowcast.radar.attenuation(scan.volume)
