"""``pysteps.motion``: motion in pixels per time step between frames (time, row, column)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nowcast import motion
from nowcast.compat.pysteps import _arrays
from nowcast.errors import NoDataError

__all__ = ["DARTS", "constant", "dense_lucaskanade", "farneback", "get_method", "proesmans", "vet"]

Method = Callable[..., _arrays.Array]

_FASTEST = 0.2  # m s-1: sixty pixels of a metre in a step
_MOST = 24


def _method(name: str, ours: str, least: int, most: float = np.inf) -> Method:
    def estimate(input_images: Any, **ignored: Any) -> _arrays.Array:
        if ignored.get("dense") is False:
            raise NotImplementedError("dense: sparse vectors are not handed out")
        frames = _arrays.known(input_images)
        if frames.ndim != 3:
            raise ValueError(f"input_images: three dimensions expected, {frames.ndim} given")
        if not least <= len(frames) <= most:
            raise ValueError(f"input_images: {least} to {most} frames expected, {len(frames)} given")
        rain = _arrays.field(_arrays.rain(frames)[0], "mm h-1")[-_MOST:]
        try:
            found = motion.estimate(rain, method=ours, max_speed=_FASTEST, max_frames=len(rain))
        except NoDataError:
            return np.zeros((2, *frames.shape[1:]))
        scale = _arrays.STEP_S / _arrays.SMALL_M
        return np.stack([found[component].values.astype(np.float64) * scale for component in "uv"])

    estimate.__name__ = name
    estimate.__doc__ = f"""Motion by ``nowcast.motion.estimate(method="{ours}")``.

    Parameters
    ----------
    input_images : (time, row, column) array or masked array
        mm/h, or decibels of it; masked or not finite where nothing was observed.
    ignored
        Options of the other package: ours has its own.

    Returns
    -------
    (2, row, column) array in pixels per time step; all 0 where nothing can be followed.

    Raises
    ------
    ValueError : other dimensions, or another number of frames than the method takes.
    NotImplementedError : ``dense=False``: sparse vectors are not handed out.
    """
    return estimate


dense_lucaskanade = _method("dense_lucaskanade", "lucas_kanade", 2)
vet = _method("vet", "vet", 2, 3)
proesmans = _method("proesmans", "proesmans", 2, 2)
farneback = _method("farneback", "farneback", 2)
DARTS = _method("DARTS", "darts", 2)
constant = _method("constant", "constant", 2)

_THEIRS: dict[str | None, Method] = {
    "lk": dense_lucaskanade,
    "lucaskanade": dense_lucaskanade,
    "vet": vet,
    "proesmans": proesmans,
    "farneback": farneback,
    "darts": DARTS,
    "constant": constant,
    None: lambda precip, *_, **__: np.zeros((2, *precip.shape[1:])),
}
_METHODS = {name: _method(name, name, 2) for name in motion.METHODS} | _THEIRS


def get_method(name: str | None) -> Method:
    """A method by pysteps' name for it, or by ours; of any case.

    Raises
    ------
    ValueError : there is none of that name.
    """
    key = name.lower() if isinstance(name, str) else name
    if key not in _METHODS:
        raise ValueError(f"name: one of {', '.join(str(known) for known in _METHODS)} expected, {name!r} given")
    return _METHODS[key]
