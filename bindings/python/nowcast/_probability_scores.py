"""Scores of probabilities: the accumulator behind ``verify.score_probability``, and bars for its curve."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nowcast import _lib
from nowcast._lib import ffi, lib
from nowcast._score_sums import Field, Sums, curve_of, curve_rows, threshold_coord
from nowcast.errors import ArgumentError


class ProbabilityScores(Sums):
    """Running sums of one stratum of probabilities that thresholds are reached: a lead time, a case, a season.

    Two may be merged, also from other processes: they can be pickled, and ``sums`` stored.

    Its Dataset has by threshold the Brier score of every cell by its own probability, in parts (reliability,
    resolution, uncertainty, and ``within``, what classes hide), and the area under the ROC curve; by threshold and
    class of probability how often it was forecast, its mean (``mean_probability``), how often the event then came, and
    the ROC curve, ``pod`` and ``pofd``.

    Parameters
    ----------
    thresholds : sequence of float, 1 to 64
        Of what is observed; an event is a value at or above one, both taken as float32.
    classes : int, 2 to 1001
        A probability p is counted in class p (classes - 1), rounded: eleven are 0, 0.1, 0.2 and so on.
    """

    _functions = "nwc_verify_probability"
    _storing = "nwc_verify_sums"
    _layout = 10
    _in_units = ()
    _counts = ("n", "forecasts", "events")
    _labels: ClassVar = {
        "n": "number of cells",
        "probability_forecast": "mean probability",
        "frequency": "share of cells in which the event came",
        "brier": "Brier score",
        "reliability": "reliability part of the Brier score",
        "resolution": "resolution part of the Brier score",
        "uncertainty": "uncertainty part of the Brier score",
        "within": "part of the Brier score within classes",
        "brier_skill": "Brier skill score against the observed frequency",
        "roc_area": "area under the ROC curve",
        "forecasts": "cells in which this class was forecast",
        "events": "cells in which the event then came",
        "mean_probability": "mean probability of the class",
        "observed_frequency": "share of them in which the event then came",
        "pod": "share of all events that had this probability or more",
        "pofd": "share of all that saw no event that had this probability or more",
    }

    def __init__(self, thresholds: Sequence[float], classes: int = 11) -> None:
        self.thresholds = tuple(float(t) for t in thresholds)
        self.classes = int(classes)
        values = ffi.new("double[]", list(self.thresholds))
        options = _lib.options("verify_probability", thresholds=values, n_classes=self.classes)
        options.n_thresholds = len(self.thresholds)
        self._make(options)

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.thresholds, self.classes

    @classmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        return data["threshold"].values.tolist(), data.sizes["probability"]

    def add(self, probability: Field, observed: Field, use: Field | None = None) -> None:
        """Add probabilities of one time and what was observed.

        Parameters
        ----------
        probability : (threshold, y, x) DataArray or array
            0 to 1, NaN where not known; thresholds in the order given. Float32 is not copied.
        observed : (y, x) DataArray or array
            Of the same shape and grid. A cell counts for a threshold where both are known.
        use : (y, x) DataArray or array of bool, optional
            Where cells count; everywhere when omitted.

        Raises
        ------
        ArgumentError : shapes, grids or the number of thresholds differ, or a probability is below 0 or above 1.
        """
        self._add(probability, observed, use, ensemble=True)

    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        scores = ffi.new("nwc_probability_scores[]", len(self.thresholds))
        curves = []
        for t in range(len(self.thresholds)):
            _lib.check(lib.nwc_verify_probability_get_scores(self._handle, t, scores + t))
            curves.append(curve_of(self.classes, lib.nwc_verify_probability_get_curve, self._handle, t))
        shown = {"skill": "brier_skill", "mean_probability": "probability_forecast"}
        rows: dict[str, tuple[tuple[str, ...], Any]] = {
            shown.get(name, name): (("threshold",), np.array([getattr(one, name) for one in scores]))
            for name, _ in ffi.typeof("nwc_probability_scores").fields
        }
        means = np.stack([curve["probability"] for curve in curves])
        return rows | curve_rows(curves, self.classes) | {"mean_probability": (("threshold", "probability"), means)}

    def _coords(self, units: str | None) -> dict[str, Any]:
        middles = np.arange(self.classes) / (self.classes - 1)
        return {
            "threshold": threshold_coord(self.thresholds, units),
            "probability": ("probability", middles, {"long_name": "class of probability", "units": "1"}),
        }


def consistency(data: xr.Dataset, *, cells_per_sample: float = 1.0, level: float = 0.9) -> xr.Dataset:
    """Consistency bars of a reliability diagram: between which frequencies events come, were the probabilities right.

    Parameters
    ----------
    data : Dataset of ``score_ensemble`` or ``score_probability``, perhaps pooled
    cells_per_sample : float
        How many cells count as one, since those beside each other are alike: about the area of a storm in cells, times
        the scores' times in which it is the same. With 1 bars are far too narrow for fields.
    level : float
        Share of outcomes between the bars.

    Returns
    -------
    Dataset of ``low`` and ``high`` for each class, to be drawn over ``mean_probability`` or ``probability`` (Bröcker
    and Smith 2007).

    Raises
    ------
    ArgumentError : no curve in data; a number out of range.
    """
    forecasts, means, _ = curve_parts(data)
    bars = np.empty((2, *forecasts.shape))
    for place in np.ndindex(forecasts.shape[:-1]):
        curve = class_array(forecasts.values[place], means.values[place])
        rows = [np.empty(forecasts.shape[-1]) for _ in range(2)]
        pointers = [ffi.cast("double *", row.ctypes.data) for row in rows]
        _lib.check(lib.nwc_verify_consistency(curve, len(rows[0]), cells_per_sample, level, *pointers))
        bars[(slice(None), *place)] = rows
    names = {"low": "least frequency that is consistent", "high": "greatest frequency that is consistent"}
    return xr.Dataset(
        {
            name: forecasts.copy(data=row).assign_attrs(long_name=text, units="1")
            for row, (name, text) in zip(bars, names.items(), strict=True)
        },
        attrs={"cells_per_sample": cells_per_sample, "level": level},
    )


def curve_parts(data: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Forecasts, mean probabilities and events of the classes of scores, (..., probability)."""
    if "forecasts" not in data or "probability" not in data.dims:
        raise ArgumentError("data: scores of an ensemble or of probabilities expected")
    forecasts = data["forecasts"].transpose(..., "probability")
    means = data["mean_probability"] if "mean_probability" in data else data["probability"]
    return (
        forecasts,
        means.broadcast_like(forecasts).transpose(*forecasts.dims),
        data["events"].transpose(*forecasts.dims),
    )


def class_array(forecasts: Any, means: Any, events: Any = None) -> Any:
    """An nwc_probability_class[] of these."""
    curve = ffi.new("nwc_probability_class[]", len(forecasts))
    for k, one in enumerate(curve):
        one.forecasts, one.probability = int(forecasts[k]), float(means[k])
        if events is not None:
            one.events = int(events[k])
    return curve
