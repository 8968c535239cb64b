"""Known good outputs of IMPROVER (Met Office, CC BY 4.0): extrapolation, accumulation and optical flow beside ours."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

import nowcast
from nowcast import forecast, motion

Cells = npt.NDArray[np.float32]
LEAST = 1.0 / 32.0  # mm h-1: the least rain of the composite; weaker is none, and no hills enhance it
MM_H = 3.6e6  # of m s-1

pytestmark = pytest.mark.realdata


@pytest.fixture
def folder(real_data: Path) -> Path:
    return real_data / "composite/improver"


def _flow(path: Path) -> xr.Dataset:
    parts = [nowcast.open(path, quantity=f"precipitation_advection_{axis}_velocity")[-1] for axis in "xy"]
    return xr.Dataset({"u": parts[0], "v": parts[1]})


def _enhanced(rain: Cells, hills: Cells) -> Cells:
    return np.where(rain >= LEAST, rain + hills, rain)


def _without(rain: xr.DataArray, hills: Cells) -> xr.DataArray:
    """Rain as it would be without hills, which is what travels."""
    return rain.copy(data=np.where(rain >= LEAST, np.maximum(rain - hills, np.float32(LEAST)), rain))


def _same(ours: Cells, known: Cells, within: float) -> float:
    """Of the cells that both know, the share that are the same to a rounding."""
    both = np.isfinite(ours) & np.isfinite(known)
    return float(np.mean(np.abs(ours - known)[both] <= within))


def test_the_known_extrapolation_is_ours_by_the_nearest_cell_along_a_motion_that_stays(folder: Path) -> None:
    """What is left: trajectories that end by a border of cells, and a rim of half a cell that is not known there."""
    place = folder / "nowcast-extrapolate"
    rain = nowcast.open(place / "201811031600_radar_rainrate_composite_UK_regridded.nc")[-1]
    hills = nowcast.open(place / "orographic_enhancement.nc").values * np.float32(MM_H)
    known = nowcast.open(place / "extrapolate/kgo.nc")
    leads = [float(lead / np.timedelta64(1, "m")) for lead in known["lead_time"].values]
    flow = _flow(place / "optical_flow_uv.nc")
    made = forecast.extrapolate(_without(rain, hills[0]), flow, leads=leads, sampling="nearest", travel=0.0)
    for n, lead in enumerate(leads):
        ours = _enhanced(made.values[n], hills[0 if lead <= 30.0 else 1])  # of the nearest hour
        assert _same(ours, known.values[n], 1e-4) > 0.995
        assert not (np.isnan(ours) & np.isfinite(known.values[n])).any()
        assert (np.isfinite(ours) & np.isnan(known.values[n])).sum() < 300
    assert _same(_enhanced(made.values[0], hills[0]), known.values[0], 1e-5) == 1.0


def test_the_known_accumulation_is_ours_by_the_minute(folder: Path) -> None:
    place = folder / "nowcast-accumulate/basic"
    rain = nowcast.open(place / "201811031600_radar_rainrate_composite_UK_regridded.nc")[-1]
    hills = nowcast.open(place / "20181103T1600Z-PT0003H00M-orographic_enhancement.nc").values[0] * np.float32(MM_H)
    known = nowcast.open(place / "kgo.nc")
    flow = _flow(place / "optical_flow_uv.nc")
    leads = [float(minute) for minute in range(31)]
    made = forecast.extrapolate(_without(rain, hills), flow, leads=leads, sampling="nearest", travel=0.0)
    rates = np.stack([_enhanced(field, hills) for field in made.values])
    for window in range(2):
        part = rates[15 * window : 15 * window + 16]
        amount = 0.5 * (part[1:] + part[:-1]).sum(axis=0) / np.float32(60.0)
        assert _same(amount, known.values[window], 1e-4) > 0.99
        assert float(np.nansum(amount * np.isfinite(known.values[window]))) == pytest.approx(
            float(np.nansum(known.values[window])), rel=1e-3
        )


def test_our_motion_foresees_the_last_frame_better_than_the_known_flow(folder: Path) -> None:
    """The known flow is smoothed to 2 m/s and hardly differs from none: ours is told by what it foresees."""
    place = folder / "nowcast-optical-flow/basic"
    names = [f"20181103{time}_radar_rainrate_composite_UK_regridded.nc" for time in ("1530", "1545", "1600")]
    frames = nowcast.open([place / name for name in names])
    seen = frames.values[2]

    def error(flow: xr.Dataset) -> float:
        carried = forecast.extrapolate(frames[0], flow, leads=[30.0], travel=0.0).values[0]
        return float(np.nanmean(np.abs(carried - seen)))

    known = _flow(place / "kgo.nc")
    assert float(np.hypot(known["u"], known["v"]).max()) < 3.0
    still, theirs, ours = (error(flow) for flow in (motion.calm(frames), known, motion.estimate(frames)))
    assert ours < 0.75 * theirs
    assert theirs < still
