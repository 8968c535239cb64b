"""Forecasts by the name of their method."""

from typing import Any

import xarray as xr

from nowcast._forecast_carried import cascade, extrapolate
from nowcast._forecast_local import anvil, linda, linda_ensemble, sseps
from nowcast._forecast_waves import sprog, steps
from nowcast.errors import ArgumentError

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
