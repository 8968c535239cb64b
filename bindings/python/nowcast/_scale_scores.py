"""Scores by scale: the accumulator behind ``verify.score_scales``."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nowcast import _lib
from nowcast._lib import ffi, lib
from nowcast._score_sums import Field, Sums, threshold_coord


class ScaleScores(Sums):
    """Running sums of one stratum by scale: a lead time, a case, a season.

    Two may be merged, also from other processes: they can be pickled, and ``sums`` stored.

    Scales are those of the Haar wavelet: differences between means over squares of ``scale`` cells and of twice as
    many, the last being all that is larger. Its Dataset has by scale the parts of the mean squared error
    (``wavelet_mse``) and of the mean squares of forecast and observed; by threshold and scale the intensity-scale skill
    score (Casati and others 2004); and by lag the structure functions, mean squared differences of cells so far apart.

    Parameters
    ----------
    thresholds : sequence of float, at most 64
        In the fields' units; an event is a value at or above one, both taken as float32.
    scales : int, 1 to 16
        How many: 1, 2, 4 ... cells. Those that fit into the grid a few times mean something.
    """

    _functions = "nwc_verify_scales"
    _storing = "nwc_verify_sums"
    _layout = 11
    _in_units = ()
    _in_squared_units = (
        "wavelet_mse",
        "energy_forecast",
        "energy_observed",
        "structure_forecast",
        "structure_observed",
    )
    _counts = ("pairs",)
    _labels: ClassVar = {
        "wavelet_mse": "part of the mean squared error",
        "energy_forecast": "part of the mean square of the forecast",
        "energy_observed": "part of the mean square of the observation",
        "event_mse": "part of the mean squared error of events",
        "intensity_scale_skill": "intensity-scale skill score",
        "pairs": "pairs of cells",
        "structure_forecast": "mean squared difference of the forecast's cells",
        "structure_observed": "mean squared difference of the observation's cells",
    }

    def __init__(self, thresholds: Sequence[float] = (0.1, 1.0, 5.0), scales: int = 8) -> None:
        self.thresholds = tuple(float(t) for t in thresholds)
        self.scales = int(scales)
        values = ffi.new("double[]", list(self.thresholds))
        options = _lib.options("verify_scales", thresholds=values, n_scales=self.scales)
        options.n_thresholds = len(self.thresholds)
        self._make(options)

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.thresholds, self.scales

    @classmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        return data["threshold"].values.tolist(), data.sizes["lag"]

    def add(self, forecast: Field, observed: Field, use: Field | None = None) -> None:
        """Add one pair of fields, as ``Scores.add`` does; what is not known in both is 0 in both."""
        self._add(forecast, observed, use, ensemble=False)

    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        scores = ffi.new("nwc_scale_score[]", self.scales + 1)
        lags = ffi.new("nwc_structure[]", self.scales)
        rows: dict[str, tuple[tuple[str, ...], Any]] = {}
        _lib.check(lib.nwc_verify_scales_get_scores(self._handle, -1, scores))
        for shown, name in (("wavelet_mse", "mse"), ("energy_forecast",) * 2, ("energy_observed",) * 2):
            rows[shown] = ("scale",), np.array([getattr(one, name) for one in scores])
        events = np.empty((2, len(self.thresholds), self.scales + 1))
        for t in range(len(self.thresholds)):
            _lib.check(lib.nwc_verify_scales_get_scores(self._handle, t, scores))
            events[:, t] = [[one.mse for one in scores], [one.skill for one in scores]]
        rows["event_mse"] = ("threshold", "scale"), events[0]
        rows["intensity_scale_skill"] = ("threshold", "scale"), events[1]
        _lib.check(lib.nwc_verify_scales_get_structure(self._handle, lags))
        rows["pairs"] = ("lag",), np.array([one.n for one in lags], np.int64)
        rows["structure_forecast"] = ("lag",), np.array([one.forecast for one in lags])
        rows["structure_observed"] = ("lag",), np.array([one.observed for one in lags])
        return rows

    def _coords(self, units: str | None) -> dict[str, Any]:
        sides = 2 ** np.arange(self.scales + 1)
        return {
            "threshold": threshold_coord(self.thresholds, units),
            "scale": ("scale", sides, {"long_name": "side of squares, cells", "units": "1"}),
            "lag": ("lag", sides[:-1], {"long_name": "distance of cells, cells", "units": "1"}),
        }
