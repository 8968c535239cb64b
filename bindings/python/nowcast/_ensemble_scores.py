"""Scores of ensembles: the accumulator behind ``verify.score_ensemble``."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nowcast import _lib
from nowcast._lib import ffi, lib
from nowcast._score_sums import Field, Sums, curve_of, curve_rows, threshold_coord, window_coord


class EnsembleScores(Sums):
    """Running sums of one stratum of ensemble forecasts: a lead time, a case, a season.

    Two may be merged, also from other processes: they can be pickled, and ``sums`` stored.

    Its Dataset has the continuous ranked probability score, also in the fair form (Ferro 2014) that does not depend on
    the number of members; bias and error of the ensemble mean, and the spread beside it; by threshold the Brier score,
    whole, fair and in parts (Murphy 1973), and the area under the ROC curve; by threshold and probability how often it
    was forecast (``forecasts``) and how often the event then came (``events``, ``observed_frequency``); and the rank
    histogram, in which ties are shared evenly. ``pod`` and ``pofd`` by probability are the ROC curve. By threshold and
    window there are fractions skill scores: of members with the observed, of members with one another
    (``fss_dispersion``; as large as that of members where these are as unlike one another as they are unlike the
    observed, Dey and others 2014), and of the neighbourhood probability (Schwartz and others 2010). With one member
    what needs a spread is NaN.

    Parameters
    ----------
    members : int, 1 to 1000
        How many there are in every forecast.
    thresholds : sequence of float, at most 64
        In the fields' units; an event is a value at or above one, both taken as float32.
    windows : sequence of int, at most 64
        As in ``Scores``.
    """

    _functions = "nwc_verify_ensemble"
    _layout = 3
    _in_units = ("crps", "crps_fair", "bias", "rmse", "spread")
    _counts = ("n", "forecasts", "events", "rank_histogram")
    _labels: ClassVar = {
        "n": "number of cells",
        "crps": "continuous ranked probability score",
        "crps_fair": "fair continuous ranked probability score",
        "bias": "mean of ensemble mean - observation",
        "rmse": "root mean square error of the ensemble mean",
        "spread": "root of the mean variance of members",
        "spread_skill": "spread, for the number of members, over the error of the ensemble mean",
        "brier": "Brier score",
        "brier_fair": "fair Brier score",
        "reliability": "reliability part of the Brier score",
        "resolution": "resolution part of the Brier score",
        "uncertainty": "uncertainty part of the Brier score",
        "brier_skill": "Brier skill score against the observed frequency",
        "roc_area": "area under the ROC curve",
        "forecasts": "cells in which this probability was forecast",
        "events": "cells in which the event then came",
        "observed_frequency": "share of them in which the event then came",
        "pod": "share of all events that had this probability or more",
        "pofd": "share of all that saw no event that had this probability or more",
        "fss_members": "fractions skill score of members",
        "fss_dispersion": "fractions skill score of members with one another",
        "fss_probability": "fractions skill score of the neighbourhood probability",
        "rank_histogram": "cells in which so many members are below the observed",
    }

    def __init__(
        self, members: int, thresholds: Sequence[float] = (0.1, 1.0, 5.0), windows: Sequence[int] = ()
    ) -> None:
        self.members = int(members)
        self.thresholds = tuple(float(t) for t in thresholds)
        self.windows = tuple(int(w) for w in windows)
        values, sides = ffi.new("double[]", list(self.thresholds)), ffi.new("int32_t[]", list(self.windows))
        options = _lib.options("verify_ensemble", thresholds=values, windows=sides, n_members=self.members)
        options.n_thresholds, options.n_windows = len(self.thresholds), len(self.windows)
        self._make(options)

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.members, self.thresholds, self.windows

    @classmethod
    def _options_of(cls, data: xr.Dataset) -> tuple[Any, ...]:
        return data.sizes["rank"] - 1, data["threshold"].values.tolist(), data["window"].values.tolist()

    def add(self, forecast: Field, observed: Field, use: Field | None = None) -> None:
        """Add one ensemble and what was observed.

        Parameters
        ----------
        forecast : (member, y, x) DataArray or array
            NaN where not known. Float32 is not copied.
        observed : (y, x) DataArray or array
            Of the same shape, units and grid. A cell counts where it and all members are known.
        use : (y, x) DataArray or array of bool, optional
            Where cells count; everywhere when omitted.

        Raises
        ------
        ArgumentError : shapes, units, grids or the number of members differ. Nothing is regridded here.
        """
        self._add(forecast, observed, use, ensemble=True)

    def _rows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        rows: dict[str, tuple[tuple[str, ...], Any]] = {}
        scores = ffi.new("nwc_ensemble_scores *")
        _lib.check(lib.nwc_verify_ensemble_get_scores(self._handle, scores))
        for name, _ in ffi.typeof("nwc_ensemble_scores").fields:
            rows[name] = (), getattr(scores, name)

        brier = ffi.new("nwc_brier[]", max(len(self.thresholds), 1))
        curves = []
        for t in range(len(self.thresholds)):
            _lib.check(lib.nwc_verify_ensemble_get_brier(self._handle, t, brier + t))
            curves.append(curve_of(self.members + 1, lib.nwc_verify_ensemble_get_curve, self._handle, t))
        for name, _ in ffi.typeof("nwc_brier").fields:
            values = np.array([getattr(brier[t], name) for t in range(len(self.thresholds))], np.float64)
            rows["brier_skill" if name == "skill" else name] = ("threshold",), values
        rows |= curve_rows(curves, self.members + 1)
        rows |= self._windows()

        ranks = np.empty(self.members + 1)
        _lib.check(lib.nwc_verify_ensemble_get_ranks(self._handle, ffi.cast("double *", ranks.ctypes.data)))
        rows["rank_histogram"] = ("rank",), ranks
        return rows

    def _windows(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Fractions skill scores by threshold and window."""
        names = [name for name, _ in ffi.typeof("nwc_ensemble_fss").fields]
        values = np.empty((len(names), len(self.thresholds), len(self.windows)))
        scores = ffi.new("nwc_ensemble_fss *")
        for t, w in np.ndindex(values.shape[1:]):
            _lib.check(lib.nwc_verify_ensemble_get_fss(self._handle, t, w, scores))
            values[:, t, w] = [getattr(scores, name) for name in names]
        return {f"fss_{name}": (("threshold", "window"), row) for name, row in zip(names, values, strict=True)}

    def _coords(self, units: str | None) -> dict[str, Any]:
        numbers = np.arange(self.members + 1)
        return {
            "threshold": threshold_coord(self.thresholds, units),
            "probability": ("probability", numbers / self.members, {"long_name": "probability forecast", "units": "1"}),
            "window": window_coord(self.windows),
            "rank": ("rank", numbers, {"long_name": "members below the observed", "units": "1"}),
        }
