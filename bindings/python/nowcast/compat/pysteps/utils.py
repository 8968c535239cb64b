"""``pysteps.utils``: the transformation its scripts pass rain through."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nowcast.compat.pysteps import _arrays

__all__ = ["dB_transform", "get_method"]


def dB_transform(
    R: Any,
    metadata: dict[str, Any] | None = None,
    threshold: float | None = None,
    zerovalue: float | None = None,
    inverse: bool = False,
) -> tuple[_arrays.Array, dict[str, Any]]:
    """Decibels of rain, or back: the array and its metadata.

    Parameters
    ----------
    R : array
    metadata : dict, optional
        With ``transform``, ``threshold`` and ``zerovalue``, which are kept up.
    threshold : float, optional
        Below it there is no rain, in the units of R; metadata's when omitted, else the least above 0.
    zerovalue : float, optional
        What stands for no rain then; 5 below the threshold in decibels, or 0 on the way back, when omitted.
    inverse : bool
        From decibels to rain.
    """
    given = {"transform": "dB" if inverse else None} if metadata is None else metadata
    values, made = np.array(R, dtype=np.float64), dict(given)
    if inverse:
        if made.get("transform") not in ("dB", "BoxCox", None) or made.get("transform") == "BoxCox":
            raise ValueError(f"metadata: the transform dB expected, {made.get('transform')} given")
        least = made.get("threshold", -10.0) if threshold is None else threshold
        rate = 10.0 ** (0.1 * values)
        limit = 10.0 ** (0.1 * least)
        rate[rate < limit] = 0.0 if zerovalue is None else zerovalue
        return rate, made | {"transform": None, "threshold": limit, "zerovalue": zerovalue or 0.0}
    if made.get("transform") == "dB":
        return values, made
    rainy = values[values > 0]
    least = made.get("threshold", rainy.min() if rainy.size else 0.1) if threshold is None else threshold
    limit = 10.0 * np.log10(least)
    dry = limit - 5.0 if zerovalue is None else zerovalue
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = np.where(values < least, dry, 10.0 * np.log10(values))
    return decibels, made | {"transform": "dB", "threshold": limit, "zerovalue": dry}


def get_method(name: str) -> Callable[..., Any]:
    """``dB`` or ``decibel``: of any case.

    Raises
    ------
    ValueError : there is none of that name here.
    """
    if str(name).lower() not in ("db", "decibel"):
        raise ValueError(f"name: dB or decibel expected, {name!r} given")
    return dB_transform
