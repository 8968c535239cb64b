"""``pysteps.extrapolation``: a field carried along a motion in pixels per time step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nowcast import forecast
from nowcast.compat.pysteps import _arrays

__all__ = ["eulerian_persistence", "extrapolate", "get_method"]

_SAMPLINGS = {0: "nearest", 1: "bilinear", 3: "cubic"}
_STEP_MIN = 1.0  # a step is taken for a minute: up to 1440 of them


def extrapolate(
    precip: Any,
    velocity: Any,
    timesteps: Any,
    outval: float | str = np.nan,
    xy_coords: Any = None,
    allow_nonfinite_values: bool = False,
    vel_timestep: float = 1,
    interp_order: int = 1,
    **options: Any,
) -> _arrays.Array:
    """Backward semi-Lagrangian extrapolation through a motion that stays, by ``nowcast.forecast.extrapolate``.

    Parameters
    ----------
    precip : (row, column) array
        Of anything; not finite where not known.
    velocity : (2, row, column) array
        Pixels per ``vel_timestep`` steps.
    timesteps : int or list of float
        How many steps, or which, ascending.
    outval : float or "min"
        What comes from beyond the grid; "min" is the least of precip.
    xy_coords
        Not needed.
    allow_nonfinite_values : bool
        Refuse what is not finite unless True.
    interp_order : 0, 1 or 3
    options
        ``verbose``, ``n_iter`` and ``map_coordinates_mode`` change nothing here.

    Returns
    -------
    (timestep, row, column) array.

    Raises
    ------
    ValueError : shapes, order of time steps, or values that are not finite.
    NotImplementedError : ``return_displacement`` or ``displacement_prev``: paths are not handed out.
    """
    if options.get("return_displacement") or options.get("displacement_prev") is not None:
        raise NotImplementedError("return_displacement, displacement_prev: paths are not handed out")
    field, motion = _arrays.known(precip), _arrays.known(velocity)
    if field.ndim != 2 or motion.ndim != 3:
        raise ValueError(f"precip, velocity: two and three dimensions expected, {field.ndim} and {motion.ndim} given")
    if motion.shape != (2, *field.shape):
        raise ValueError(f"velocity: shape {(2, *field.shape)} expected, {motion.shape} given")
    for name, values in (("precip", field), ("velocity", motion)):
        finite = np.isfinite(values)
        if not finite.any() or not (allow_nonfinite_values or finite.all()):
            raise ValueError(f"{name}: finite values expected")
    if interp_order not in _SAMPLINGS:
        raise ValueError(f"interp_order: 0, 1 or 3 expected, {interp_order} given")
    carried = _carried(field, motion / vel_timestep, timesteps, _SAMPLINGS[interp_order])
    value = np.nanmin(_arrays.known(field)) if outval == "min" else float(outval)
    if not np.isnan(value):
        outside = np.isnan(
            _carried(np.zeros_like(field, dtype=np.float64), motion / vel_timestep, timesteps, "nearest")
        )
        carried[outside] = value
    return carried


def _carried(field: _arrays.Array, velocity: _arrays.Array, timesteps: Any, sampling: str) -> _arrays.Array:
    step_s = 60.0 * _STEP_MIN
    frames = _arrays.field(_arrays.known(field)[None], "1", step_s=step_s)
    flow = _arrays.flow(frames, velocity, step_s=step_s)
    leads = _arrays.leads(timesteps, _STEP_MIN)
    made = forecast.extrapolate(frames, flow, leads=leads, sampling=sampling, travel=0.0, delay=False)
    return made.values.astype(np.float64)


def eulerian_persistence(precip: Any, velocity: Any, timesteps: Any, *_: Any, **__: Any) -> _arrays.Array:
    """The field as it is at every time step: (timestep, row, column)."""
    return np.repeat(np.asarray(precip)[None], len(_arrays.leads(timesteps, _STEP_MIN)), axis=0)


def get_method(name: str) -> Callable[..., _arrays.Array]:
    """``semilagrangian`` or ``eulerian``.

    Raises
    ------
    ValueError : there is none of that name.
    """
    methods = {"semilagrangian": extrapolate, "eulerian": eulerian_persistence}
    if str(name).lower() not in methods:
        raise ValueError(f"name: one of {', '.join(methods)} expected, {name!r} given")
    return methods[str(name).lower()]
