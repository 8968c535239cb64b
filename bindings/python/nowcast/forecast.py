"""Fields carried into the future."""

from typing import Any

import xarray as xr

from nowcast._forecast_ahead import DELAY_MINUTES, SAMPLINGS, delay, lead_times
from nowcast._forecast_carried import PRODUCTS, cascade, extrapolate
from nowcast._forecast_local import anvil, linda
from nowcast._forecast_waves import MEMBERS, sprog, steps
from nowcast.errors import ArgumentError

__all__ = [
    "DELAY_MINUTES",
    "MEMBERS",
    "METHODS",
    "PRODUCTS",
    "SAMPLINGS",
    "anvil",
    "cascade",
    "delay",
    "extrapolate",
    "lead_times",
    "linda",
    "run",
    "sprog",
    "steps",
]

METHODS = ("extrapolation", "ranked", "textured", "mean", "sprog", "anvil", "linda", "steps")
"""What ``run`` makes, by name: ``extrapolate``, a product of ``cascade``, the function of the name, or an ensemble."""

_FUNCTIONS = {"extrapolation": extrapolate, "sprog": sprog, "anvil": anvil, "linda": linda, "steps": steps}


def run(frames: xr.DataArray, flow: xr.Dataset, method: str = "extrapolation", **options: Any) -> xr.DataArray:
    """A forecast by the name of its method, with the options that ``extrapolate`` takes: (time, y, x).

    An ensemble, of "steps", is (member, time, y, x), and also takes ``members``, ``seed`` and ``first``.
    """
    if method not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {method!r} given")
    if method in _FUNCTIONS:
        return _FUNCTIONS[method](frames, flow, **options)
    return cascade(frames, flow, products=[method], **options)[method].rename(frames.name)
