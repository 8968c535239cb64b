"""Calibrating a model of hazards by forecasts of it that were verified."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pandas as pd

from nowcast._cell_forecast import HAZARDS, HazardModel
from nowcast._cell_train import folds_of, range_by_group, reliability_of, scores_of
from nowcast.errors import ArgumentError, UnsupportedError

Array = npt.NDArray[np.float64]
_LEAST = 1e-12  # of a probability, and of 1 less it
_SPREAD = (2.0, 1.0, 2.0)  # of shift, stretch and rate (by hour) about those of the model, before a day is seen: chosen


@dataclasses.dataclass(frozen=True, eq=False)
class Calibrated:
    """What forecasts of a model meant, and the model that says so."""

    model: HazardModel
    """The model, with the hazards that are ``better`` calibrated: its lines ``calibrate`` and ``life``."""
    scores: pd.DataFrame
    """By hazard: ``n``, share that ``came``; of forecasts as they were and of those calibrated on days not seen
    ``brier_before``, ``brier``, ``skill_before``, ``skill`` (against the share of the other days), ``roc_before``,
    ``roc``, and their means ``mean_before``, ``mean``; ``gain_low``, ``gain_high``: 95 % of the difference of Brier
    scores, over days drawn again; ``better``: whether all of that is below 0. NaN where too little came."""
    reliability: pd.DataFrame
    """By hazard, "before" or "after", and tenth: mean ``forecast``, share ``observed``, number ``n``."""


def calibrate(
    table: pd.DataFrame,
    came: pd.DataFrame,
    days: npt.ArrayLike,
    *,
    model: HazardModel | None = None,
    name: str = "calibrated",
    folds: int = 5,
) -> Calibrated:
    """Learn what a model's probabilities of hazards mean from forecasts that were verified.

    A hazard's score s, of which the logistic function is its probability now, becomes A + B s with B at least 0, and
    half of it is gone after a time of its own: three numbers of the greatest likelihood, with the targets of Platt
    (1999, Advances in Large Margin Classifiers), in which a day counts once, since cells of a day are alike, and few
    days leave the model near what it was. So cells keep their ranks at each lead. Whole days are held out in turn.

    Parameters
    ----------
    table : rows of ``Forecast.table`` of the model, put together: ``lead`` (min) and the probability of each hazard
    came : for each row whether a hazard came, by name of the hazard; NaN where that is not known
        Hazards that it does not have stay as they are.
    days : for each row what must not be parted: a day, or a storm
    model : HazardModel, optional
        That which made the forecasts; that of published rules when omitted.
    folds : int
        Parts of the days, at least 2.

    Raises
    ------
    UnsupportedError : SciPy, which comes with libnowcast[train], is not installed.
    """
    try:
        import scipy.optimize  # noqa: F401
    except ImportError as error:
        raise UnsupportedError("calibrate: SciPy is wanted, which is not installed: libnowcast[train]") from error
    model = model if model is not None else HazardModel()
    hazards = [hazard for hazard in HAZARDS if hazard in came.columns]
    group = np.asarray(days)
    if not hazards or "lead" not in table or len(table) != len(came) or len(table) != len(group):
        raise ArgumentError("table, came, days: forecasts with leads, as many rows of hazards and of days, expected")
    if folds < 2:
        raise ArgumentError(f"folds: at least 2 expected, {folds} given")
    text, rows = model.text, []
    diagrams: dict[tuple[str, str], pd.DataFrame] = {}
    for hazard in hazards:
        known = ~(table[hazard].isna() | came[hazard].isna()).to_numpy()
        seen = came[hazard].to_numpy()[known].astype(bool)
        hours = table["lead"].to_numpy(dtype="f8")[known] / 60.0
        day = pd.factorize(group[known])[0]
        row: dict[str, float | bool] = {"n": len(seen), "came": float(np.mean(seen)) if len(seen) else np.nan}
        rows.append(row | {"better": False})
        if not len(seen) or seen.all() or not seen.any() or day.max() + 1 < folds:
            continue
        rule = _Rule.of(text, hazard)
        before = table[hazard].to_numpy(dtype="f8")[known]
        score = rule.score(before, hours)
        after, climate = np.empty(len(seen)), np.empty(len(seen))
        fold = folds_of(day, folds)
        for k in range(folds):
            out = fold == k
            fitted = _Rule.fit(score[~out], hours[~out], seen[~out], len(set(day[~out])), rule)
            after[out] = fitted.probability(score[out], hours[out])
            climate[out] = seen[~out].mean()
        low, high = range_by_group((after - seen) ** 2 - (before - seen) ** 2, day)
        for suffix, forecast in (("_before", before), ("", after)):
            told = scores_of(forecast, seen, climate)
            row |= {f"brier{suffix}": told["brier"], f"skill{suffix}": told["skill"], f"roc{suffix}": told["roc_area"]}
            row[f"mean{suffix}"] = float(forecast.mean())
        diagrams |= {(hazard, "before"): reliability_of(before, seen), (hazard, "after"): reliability_of(after, seen)}
        rows[-1] = row | {"gain_low": low, "gain_high": high, "better": bool(high < 0.0)}
        if high < 0.0:
            text = _Rule.fit(score, hours, seen, day.max() + 1, rule).put(text, hazard, name)
    reliability = pd.concat(diagrams, names=["hazard", "forecasts", "bin"]).sort_index() if diagrams else pd.DataFrame()
    return Calibrated(HazardModel(text), pd.DataFrame(rows, index=pd.Index(hazards, name="hazard")), reliability)


@dataclasses.dataclass(frozen=True)
class _Rule:
    """How the score of a hazard becomes its probability: 2^(-hours rate) / (1 + exp(-shift - stretch score))."""

    shift: float = 0.0
    stretch: float = 1.0
    rate: float = 0.0

    @classmethod
    def of(cls, text: str, hazard: str) -> "_Rule":
        """Of the score as the model has it, which its calibration is part of."""
        life = [words[1] for words in _statements(text, hazard) if words[:1] == ["life"]]
        return cls(rate=0.0 if not life or life[-1] == "never" else 3600.0 / float(life[-1]))

    @classmethod
    def fit(cls, score: Array, hours: Array, seen: npt.NDArray[np.bool_], days: int, before: "_Rule") -> "_Rule":
        from scipy.optimize import minimize

        yes, no = float(seen.sum()), float((~seen).sum())
        target = np.where(seen, (yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0))
        begin = np.array([before.shift, before.stretch, before.rate])

        def loss(at: Array) -> float:
            p = np.clip(cls(*at).probability(score, hours), _LEAST, 1.0 - _LEAST)
            told = float(np.mean(target * np.log(p) + (1.0 - target) * np.log1p(-p)))
            return 0.5 * float(np.sum(((at - begin) / _SPREAD) ** 2)) - days * told

        found = minimize(loss, begin, method="L-BFGS-B", bounds=((None, None), (0, None), (0, None)))
        return cls(*(float(number) for number in found.x))

    def probability(self, score: Array, hours: Array) -> Array:
        made: Array = np.exp2(-hours * self.rate) / (
            1.0 + np.exp(-np.maximum(self.shift + self.stretch * score, -500.0))
        )
        return made

    def score(self, probability: Array, hours: Array) -> Array:
        """What it was that became a probability."""
        now = np.clip(probability * np.exp2(hours * self.rate), _LEAST, 1.0 - _LEAST)
        made: Array = np.log(now / (1.0 - now))
        return made

    def put(self, text: str, hazard: str, name: str) -> str:
        """The text of a model with one hazard calibrated."""
        earlier = [words for words in _statements(text, hazard) if words[:1] == ["calibrate"]]
        shift, stretch = (float(word) for word in earlier[-1][1:3]) if earlier else (0.0, 1.0)
        life = "never" if self.rate < 1e-3 else repr(3600.0 / self.rate)
        said = [f"calibrate {self.shift + self.stretch * shift!r} {self.stretch * stretch!r}", f"life {life}"]
        kept, inside = [], False
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if words[:1] == ["model"] and not words[1].endswith(f"+{name}"):
                line = f"model {words[1]}+{name}"[:60]
            if words[:1] == ["hazard"]:
                inside = words[1:] == [hazard]
            if not (inside and words[:1] in (["calibrate"], ["life"])):
                kept.append(line)
            if words == ["hazard", hazard]:
                kept += said
        return "\n".join(kept) + "\n"


def _statements(text: str, hazard: str) -> list[list[str]]:
    """The words of the lines of a hazard."""
    found, inside = [], False
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["hazard"]:
            inside = words[1:] == [hazard]
        elif inside and words:
            found.append(words)
    return found
