"""Fields carried into the future."""

from typing import Any

import xarray as xr

from nowcast._blend import BlendSkill, edge, merge, seam
from nowcast._forecast_ahead import DELAY_MINUTES, SAMPLINGS, delay, lead_times
from nowcast._forecast_blend import blend
from nowcast._forecast_carried import PRODUCTS, cascade, extrapolate
from nowcast._forecast_local import anvil, linda, linda_ensemble, sseps
from nowcast._forecast_times import greatest, onset, total
from nowcast._forecast_waves import MEMBERS, sprog, steps
from nowcast._probability import band_depth, ensemble_mean, exceedance, matched_mean, quantiles
from nowcast.errors import ArgumentError

__all__ = [
    "DELAY_MINUTES",
    "ENSEMBLES",
    "MEMBERS",
    "METHODS",
    "PRODUCTS",
    "SAMPLINGS",
    "BlendSkill",
    "anvil",
    "band_depth",
    "blend",
    "cascade",
    "delay",
    "edge",
    "ensemble_mean",
    "exceedance",
    "extrapolate",
    "greatest",
    "lead_times",
    "linda",
    "linda_ensemble",
    "matched_mean",
    "merge",
    "onset",
    "quantiles",
    "run",
    "seam",
    "sprog",
    "sseps",
    "steps",
    "total",
]

ENSEMBLES = ("steps", "sseps", "linda_ensemble")
"""Those of ``METHODS`` that make members."""

METHODS = ("extrapolation", "ranked", "textured", "mean", "sprog", "anvil", "linda", *ENSEMBLES)
"""What ``run`` makes, by name: ``extrapolate``, a product of ``cascade``, or the function of the name."""

_FUNCTIONS = {
    "extrapolation": extrapolate,
    "sprog": sprog,
    "anvil": anvil,
    "linda": linda,
    "steps": steps,
    "sseps": sseps,
    "linda_ensemble": linda_ensemble,
}


def run(frames: xr.DataArray, flow: xr.Dataset, method: str = "extrapolation", **options: Any) -> xr.DataArray:
    """A forecast by the name of its method, with the options that ``extrapolate`` takes: (time, y, x).

    An ensemble, of one of ``ENSEMBLES``, is (member, time, y, x), and also takes ``members``, ``seed`` and ``first``.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    if method in _FUNCTIONS:
        return _FUNCTIONS[method](frames, flow, **options)
    return cascade(frames, flow, products=[method], **options)[method].rename(frames.name)
