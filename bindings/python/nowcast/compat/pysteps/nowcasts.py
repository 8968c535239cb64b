"""``pysteps.nowcasts``: forecasts in the units of what they are made of, rain rate or decibels of it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nowcast import forecast
from nowcast.compat.pysteps import _arrays
from nowcast.compat.pysteps import extrapolation as _extrapolation

__all__ = ["extrapolation", "get_method", "sprog", "sseps", "steps"]

_STEP_MIN = 5.0


def extrapolation(precip: Any, velocity: Any, timesteps: Any, **options: Any) -> _arrays.Array:
    """The newest frame (row, column) carried along: (timestep, row, column).

    ``extrap_kwargs`` are those of ``extrapolation.extrapolate``; ``measure_time`` is not answered.
    """
    chosen = {"allow_nonfinite_values": True} | dict(options.get("extrap_kwargs") or {})
    return _extrapolation.get_method(options.get("extrap_method", "semilagrangian"))(
        precip, velocity, timesteps, **chosen
    )


def _ahead(precip: Any, order: int, pixel_m: float, minutes: float) -> tuple[Any, float | None]:
    frames = _arrays.known(precip)
    if frames.ndim != 3 or len(frames) < order + 1:
        raise ValueError(f"precip: three dimensions and {order + 1} frames expected, shape {frames.shape} given")
    rate, dry = _arrays.rain(frames)
    return _arrays.field(rate, "mm h-1", pixel_m=pixel_m, step_s=60.0 * minutes), dry


def _threshold(precip_thr: float | None, dry: float | None) -> float | None:
    return precip_thr if precip_thr is None or dry is None else float(10.0 ** (0.1 * precip_thr))


def sprog(
    precip: Any,
    velocity: Any,
    timesteps: Any,
    precip_thr: float | None = None,
    n_cascade_levels: int = 6,
    ar_order: int = 2,
    probmatching_method: str | None = "cdf",
    **ignored: Any,
) -> _arrays.Array:
    """S-PROG by ``nowcast.forecast.sprog``.

    Parameters
    ----------
    precip : (ar_order + 1 or more, row, column) array
        mm/h, or decibels of it.
    velocity : (2, row, column) array, pixels per step
    timesteps : int or list of float
    precip_thr : float, optional
        In the units of precip; the library's when omitted.
    probmatching_method : "cdf" or None
        None: as the cascade gives it, without the distribution of what was seen.
    ignored
        Options of the other package that ours has its own of.

    Returns
    -------
    (timestep, row, column) array in the units of precip.
    """
    frames, dry = _ahead(precip, ar_order, 1000.0, _STEP_MIN)
    made = forecast.sprog(
        frames,
        _arrays.flow(frames, velocity, pixel_m=1000.0),
        leads=_arrays.leads(timesteps, _STEP_MIN),
        levels=n_cascade_levels,
        order=ar_order,
        threshold=_threshold(precip_thr, dry),
        match=probmatching_method is not None,
        delay=False,
    ).values
    return made if dry is None else _arrays.decibels(made, dry, precip_thr)


def steps(
    precip: Any,
    velocity: Any,
    timesteps: Any,
    n_ens_members: int = 24,
    n_cascade_levels: int = 6,
    precip_thr: float | None = None,
    kmperpixel: float | None = None,
    timestep: float | None = None,
    ar_order: int = 2,
    vel_pert_method: str | None = "bps",
    seed: int | None = None,
    callback: Callable[[_arrays.Array], None] | None = None,
    return_output: bool = True,
    **ignored: Any,
) -> _arrays.Array | None:
    """STEPS by ``nowcast.forecast.steps``.

    Parameters
    ----------
    precip : (ar_order + 1 or more, row, column) array
        mm/h, or decibels of it.
    velocity : (2, row, column) array, pixels per step
    timesteps : int or list of float
    precip_thr : float, optional
        In the units of precip; the library's when omitted.
    kmperpixel, timestep : float, optional
        Size of a pixel, km, and minutes of a step: 1 and 5 when omitted.
    vel_pert_method : "bps" or None
        None: all members move alike.
    seed : int, optional
        The same members again; 0 when omitted.
    callback : callable, optional
        Called with (member, row, column) of each time step.
    ignored
        Options of the other package that ours has its own of.

    Returns
    -------
    (member, timestep, row, column) array in the units of precip; None unless ``return_output``.
    """
    pixel_m, minutes = 1000.0 * (kmperpixel or 1.0), timestep or _STEP_MIN
    frames, dry = _ahead(precip, ar_order, pixel_m, minutes)
    made = forecast.steps(
        frames,
        _arrays.flow(frames, velocity, pixel_m=pixel_m, step_s=60.0 * minutes),
        leads=_arrays.leads(timesteps, minutes),
        members=n_ens_members,
        seed=seed or 0,
        levels=n_cascade_levels,
        order=ar_order,
        threshold=_threshold(precip_thr, dry),
        vary_motion=vel_pert_method is not None,
        delay=False,
    ).values
    return _given(made, dry, precip_thr, callback, return_output)


def sseps(
    precip: Any,
    metadata: dict[str, Any],
    velocity: Any,
    timesteps: Any,
    n_ens_members: int = 24,
    n_cascade_levels: int = 6,
    win_size: Any = 256,
    ar_order: int = 2,
    vel_pert_method: str | None = None,
    seed: int | None = None,
    callback: Callable[[_arrays.Array], None] | None = None,
    return_output: bool = True,
    **ignored: Any,
) -> _arrays.Array | None:
    """SSEPS by ``nowcast.forecast.sseps``.

    Parameters
    ----------
    precip : (ar_order + 1 or more, row, column) array
        mm/h, or decibels of it.
    metadata : dict
        ``accutime`` in minutes, ``xpixelsize`` in m and ``threshold`` in the units of precip.
    velocity : (2, row, column) array, pixels per step
    timesteps : int or list of float
    win_size : int or (int, int)
        Of the windows, pixels; of two the mean.
    vel_pert_method : "bps" or None
        None: all members move alike.
    n_ens_members, n_cascade_levels, ar_order, seed, callback, return_output
        As in ``steps``.
    ignored
        Options of the other package that ours has its own of.

    Returns
    -------
    (member, timestep, row, column) array in the units of precip; None unless ``return_output``.
    """
    pixel_m, minutes = float(metadata["xpixelsize"]), float(metadata["accutime"])
    frames, dry = _ahead(precip, ar_order, pixel_m, minutes)
    made = forecast.sseps(
        frames,
        _arrays.flow(frames, velocity, pixel_m=pixel_m, step_s=60.0 * minutes),
        leads=_arrays.leads(timesteps, minutes),
        members=n_ens_members,
        seed=seed or 0,
        levels=n_cascade_levels,
        order=ar_order,
        threshold=_threshold(metadata["threshold"], dry),
        vary_motion=vel_pert_method is not None,
        window=pixel_m * float(np.mean(win_size)),
        delay=False,
    ).values
    return _given(made, dry, metadata["threshold"], callback, return_output)


def _given(
    made: _arrays.Array,
    dry: float | None,
    threshold: float | None,
    callback: Callable[[_arrays.Array], None] | None,
    return_output: bool,
) -> _arrays.Array | None:
    """Members in the units of what was given, handed out as was asked."""
    if dry is not None:
        made = _arrays.decibels(made, dry, threshold)
    if callback is not None:
        for step in range(made.shape[1]):
            callback(made[:, step])
    return made if return_output else None


def _eulerian(precip: Any, velocity: Any, timesteps: Any, *_: Any, **__: Any) -> _arrays.Array:
    return _extrapolation.eulerian_persistence(precip, velocity, timesteps)


_METHODS: dict[str, Callable[..., Any]] = {
    "extrapolation": extrapolation,
    "lagrangian": extrapolation,
    "eulerian": _eulerian,
    "sprog": sprog,
    "sseps": sseps,
    "steps": steps,
}


def get_method(name: str) -> Callable[..., Any]:
    """A forecast by pysteps' name for it.

    Raises
    ------
    TypeError : name is no string.
    ValueError : there is none of that name here.
    """
    if not isinstance(name, str):
        raise TypeError(f"name: a string expected, {name!r} given")
    if name.lower() not in _METHODS:
        raise ValueError(f"name: one of {', '.join(_METHODS)} expected, {name!r} given")
    return _METHODS[name.lower()]
