"""``pysteps.verification``: scores of arrays, by the sums of ``nowcast.verify``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nowcast import verify
from nowcast.compat.pysteps import _arrays

__all__ = ["CRPS", "det_cat_fct", "det_cont_fct", "fss", "get_method"]

_CATEGORICAL = {
    "ACC": "accuracy",
    "BIAS": "frequency_bias",
    "CSI": "csi",
    "ETS": "gss",
    "F1": "f1",
    "FA": "pofd",
    "FAR": "far",
    "GSS": "gss",
    "HK": "pss",
    "HSS": "hss",
    "MCC": "mcc",
    "POD": "pod",
    "SEDI": "sedi",
}
_CONTINUOUS = ("ME", "MAE", "MSE", "RMSE", "corr_p")


def _named(scores: str | Sequence[str], known: Sequence[str]) -> list[str]:
    """The scores asked for, as they are spelt here; all of them for none."""
    asked = [scores] if isinstance(scores, str) else list(scores)
    if asked == [""]:
        return list(known)
    spelt = {name.lower(): name for name in known}
    missing = [name for name in asked if name.lower() not in spelt]
    if missing:
        raise ValueError(f"scores: of {', '.join(known)} expected, {', '.join(missing)} given")
    return [spelt[name.lower()] for name in asked]


def _flat(values: Any) -> _arrays.Array:
    return np.atleast_2d(_arrays.known(values)).reshape(1, -1).astype(np.float32)


def _above(threshold: float) -> float:
    """What is at or above this is above the threshold: pysteps' events are."""
    return float(np.nextafter(np.float32(threshold), np.float32(np.inf)))


def det_cat_fct(pred: Any, obs: Any, thr: float, scores: str | Sequence[str] = "") -> dict[str, float]:
    """Scores of yes and no: events are values above ``thr``; what is not finite in either is left out.

    Raises
    ------
    ValueError : a score that is not here.
    """
    sums = verify.Scores((_above(thr),), ())
    sums.add(_flat(pred), _flat(obs))
    table = sums.dataset()
    return {name: float(table[_CATEGORICAL[name]].squeeze()) for name in _named(scores, list(_CATEGORICAL))}


def det_cont_fct(pred: Any, obs: Any, scores: str | Sequence[str] = "") -> dict[str, float]:
    """Scores of amounts: ME, MAE, MSE, RMSE and corr_p.

    Raises
    ------
    ValueError : a score that is not here.
    """
    sums = verify.Scores((0.0,), ())
    sums.add(_flat(pred), _flat(obs))
    table = sums.dataset()
    values = {
        "ME": float(table["bias"]),
        "MAE": float(table["mae"]),
        "MSE": float(table["rmse"]) ** 2,
        "RMSE": float(table["rmse"]),
        "corr_p": float(table["correlation"]),
    }
    return {name: values[name] for name in _named(scores, _CONTINUOUS)}


def fss(X_f: Any, X_o: Any, thr: float, scale: float) -> float:
    """Fractions skill score of events at or above ``thr`` in squares of ``scale`` cells, (row, column) arrays.

    Raises
    ------
    ValueError : other dimensions or shapes.
    """
    forecast, observed = _arrays.known(X_f), _arrays.known(X_o)
    if forecast.ndim != 2 or forecast.shape != observed.shape:
        raise ValueError(f"X_f, X_o: one shape of two dimensions expected, {forecast.shape} and {observed.shape} given")
    sums = verify.Scores((float(thr),), (int(scale),))
    sums.add(forecast.astype(np.float32), observed.astype(np.float32))
    return float(sums.dataset()["fss"].squeeze())


def CRPS(X_f: Any, X_o: Any) -> float:
    """Continuous ranked probability score of (member, ...) forecasts, in their units."""
    forecast, observed = _arrays.known(X_f), _arrays.known(X_o)
    members = forecast.reshape(len(forecast), 1, -1).astype(np.float32)
    sums = verify.EnsembleScores(len(members), (0.0,))
    sums.add(members, observed.reshape(1, -1).astype(np.float32))
    return float(sums.dataset()["crps"])


def get_method(name: str, type: str = "deterministic") -> Callable[..., Any]:
    """A function of forecast and observation by pysteps' name of the score.

    Raises
    ------
    ValueError : there is none of that name here.
    """
    key = str(name).lower()
    if type == "deterministic" and key in (known.lower() for known in _CATEGORICAL):
        return lambda fct, obs, thr, **_: det_cat_fct(fct, obs, thr, [key])
    if type == "deterministic" and key in (known.lower() for known in _CONTINUOUS):
        return lambda fct, obs, **_: det_cont_fct(fct, obs, [key])
    if type == "deterministic" and key == "fss":
        return fss
    if type == "probabilistic" and key == "crps":
        return CRPS
    raise ValueError(f"name, type: a {type} score {name!r} is not here")
