"""How forecast and model are joined: amounts and areas of both and of the blend, and the step at the edge of radars."""

import logging

import numpy as np
import xarray as xr

from nowcast import _blend, forecast
from nowcast.ops._work import Work

_logger = logging.getLogger("nowcast")
_THRESHOLD = 1.0  # mm h-1, of areas

Numbers = dict[str, list[float | None]]


def report(work: Work) -> Numbers:
    """By lead time, of the first members: nothing where no model was joined.

    ``lead_minutes``; ``step`` and ``usual`` as ``forecast.edge`` gives them, mm h-1, None where there is no edge;
    ``mean_*``, mm h-1, and ``area_*``, the share of cells with 1 mm h-1, of ``blended``, ``nowcast`` and ``model``.
    """
    joined, model = work.joined, work.model
    if joined is None or model is None:
        return {}
    leads = joined["lead_time"].values / np.timedelta64(1, "m")
    frames = work.rain()
    plain = forecast.extrapolate(frames.isel(time=-1), work.motion(), leads=leads.tolist())
    cells, _ = _blend.on_frames(model, frames, joined["time"].values, work.flow, 1e3 * work.config.forecast.feather_km)
    its = xr.DataArray(cells, dims=("member", "time", "y", "x"), coords=plain.coords, attrs=plain.attrs)
    edge = forecast.edge(joined, plain)
    numbers = {"lead_minutes": leads, "step": edge["step"].values, "usual": edge["usual"].values}
    alone = plain.fillna(its.isel(member=0))  # beyond its reach there is nothing to compare
    hand = forecast.seam(joined, alone, its, (_THRESHOLD,))
    for source in hand["source"].values:
        numbers[f"mean_{source}"] = hand["mean"].sel(source=source).values
        numbers[f"area_{source}"] = hand["area"].sel(source=source).isel(threshold=0).values
    made = {name: [float(f"{x:.4g}") if np.isfinite(x) else None for x in values] for name, values in numbers.items()}
    for k, lead in enumerate(made["lead_minutes"]):
        _logger.info(
            "seam at %g min: step %s, usual %s mm h-1; mean %s of nowcast %s and model %s mm h-1",
            lead,
            *(made[name][k] for name in ("step", "usual", "mean_blended", "mean_nowcast", "mean_model")),
        )
    return made
