"""Learning a model of hazards from attributes and what was seen, beside the model it would take the place of."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nowcast._cell_forecast import HazardModel, hazard_number
from nowcast.errors import ArgumentError, NoDataError, UnsupportedError

Array = npt.NDArray[np.float64]
KINDS = ("logistic", "trees")
_BOOTSTRAPS, _BINS = 1000, 10


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """What was learned of one hazard, and whether it is used."""

    model: HazardModel
    """The model before, with the learned hazard where that is ``better``."""
    learned: HazardModel
    """What was learned, of this hazard alone."""
    better: bool
    """Whether its Brier score, on days it was not fitted to, is below that of the model before for 97.5 % of days drawn
    again."""
    scores: pd.DataFrame
    """Rows "learned" and "before": ``brier``, ``skill`` (against the share of the training days), ``roc_area``; and
    ``brier_low``, ``brier_high`` of the difference in row "learned"."""
    reliability: pd.DataFrame
    """Of what was learned, by tenths: mean ``forecast``, share ``observed``, number ``n``."""


def train(
    table: pd.DataFrame,
    seen: npt.ArrayLike,
    days: npt.ArrayLike,
    hazard: str,
    *,
    kind: str = "logistic",
    before: HazardModel | None = None,
    name: str = "learned",
    folds: int = 5,
    trees: int = 60,
    depth: int = 3,
    life: float | None = None,
) -> Trained:
    """Learn a hazard from attributes of cells and what was seen of them.

    Whole days are held out in turn: what is learned is scored, and its scale set (Platt), on days it has not seen.

    Parameters
    ----------
    table : DataFrame with a row for each cell and time
        Its columns of numbers are the attributes, NaN where not known; one called ``lead`` is the lead in minutes.
    seen : for each row whether the hazard came
    days : for each row what must not be parted: a day, or a storm
    hazard : one of HAZARDS
    kind : "logistic" or "trees"
        Logistic regression of standardised attributes, or boosted trees.
    before : HazardModel, optional
        The one to be beaten; that of published rules when omitted.
    folds : int
        Parts of the days, at least 2.
    trees, depth : int
        Of "trees".
    life : float, optional
        s: half of the hazard is gone after so long; never when omitted, as where ``lead`` is an attribute.

    Raises
    ------
    UnsupportedError : scikit-learn is not installed.
    NoDataError : no row with it or none without, or fewer days than folds.
    """
    hazard_number(hazard)
    if kind not in KINDS:
        raise ArgumentError(f"kind: one of {', '.join(KINDS)} expected, {kind!r} given")
    try:
        import sklearn.linear_model  # noqa: F401
    except ImportError as error:
        raise UnsupportedError("train: scikit-learn is wanted, which is not installed: libnowcast[train]") from error
    before = before if before is not None else HazardModel()
    names = [str(column) for column in table.columns if pd.api.types.is_numeric_dtype(table[column])]
    x, y = table[names].to_numpy(dtype="f8"), np.asarray(seen).astype(bool)
    group = pd.factorize(np.asarray(days))[0]
    if not names or len(x) != len(y) or len(x) != len(group):
        raise ArgumentError("table, seen, days: attributes, and as many of each, expected")
    if folds < 2 or y.all() or not y.any() or group.max() + 1 < folds:
        raise NoDataError(f"seen, days: rows with {hazard} and without on {max(folds, 2)} days or more expected")

    def fit(of: Array, came: npt.NDArray[np.bool_]) -> str:
        return _logistic(of, came, names) if kind == "logistic" else _trees(of, came, names, trees, depth)

    def block(body: str, shift: float = 0.0, stretch: float = 1.0) -> str:
        lived = "never" if life is None else repr(float(life))
        return f"hazard {hazard}\n{body}calibrate {shift!r} {stretch!r}\nlife {lived}\nleast 0\n"

    def model(text: str) -> HazardModel:
        return HazardModel(f"nowcast cell hazards 1\nmodel {name}\n{text}")

    fold = folds_of(group, folds)
    score, climate = np.empty(len(y)), np.empty(len(y))
    for k in range(folds):
        out = fold == k
        made = model(block(fit(x[~out], y[~out]))).evaluate(table[out])[hazard].to_numpy()
        score[out] = np.log(made / (1.0 - made))
        climate[out] = y[~out].mean()
    calibrated = np.empty(len(y))
    for k in range(folds):
        out = fold == k
        shift, stretch = _platt(score[~out], y[~out])
        calibrated[out] = 1.0 / (1.0 + np.exp(-shift - stretch * score[out]))
    earlier = before.evaluate(table)[hazard].to_numpy()
    earlier = np.where(np.isnan(earlier), climate, earlier)
    learned = model(block(fit(x, y), *_platt(score, y)))
    gain = (calibrated - y) ** 2 - (earlier - y) ** 2
    low, high = range_by_group(gain, group)
    scores = pd.DataFrame([scores_of(one, y, climate) for one in (calibrated, earlier)], index=["learned", "before"])
    scores.loc["learned", ["brier_low", "brier_high"]] = low, high
    better = bool(high < 0.0)
    used = HazardModel(_replace(before.text, hazard, learned.text, name)) if better else before
    return Trained(used, learned, better, scores, reliability_of(calibrated, y))


def folds_of(group: npt.NDArray[np.intp], folds: int) -> npt.NDArray[np.intp]:
    """The part each row is of: days go, the largest first, to the part that has the fewest rows."""
    sizes = np.bincount(group)
    load, part = np.zeros(folds), np.empty(len(sizes), dtype=np.intp)
    for day in np.argsort(-sizes, kind="stable"):
        part[day] = load.argmin()
        load[part[day]] += sizes[day]
    return part[group]


def _logistic(x: Array, y: npt.NDArray[np.bool_], names: list[str]) -> str:
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(x).all(axis=0)
    mean, scale = np.zeros(len(names)), np.ones(len(names))
    mean[known], scale[known] = np.nanmean(x[:, known], axis=0), np.nanstd(x[:, known], axis=0)
    known &= scale > 0.0
    scaled = np.nan_to_num((x[:, known] - mean[known]) / scale[known])
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(scaled, y)
    terms = zip(np.array(names)[known], mean[known], scale[known], fitted.coef_[0], strict=True)
    lines = [f"linear {name} {float(m)!r} {float(s)!r} {float(w)!r}" for name, m, s, w in terms]
    return "\n".join([f"sum {float(fitted.intercept_[0])!r}", *lines]) + "\n"


def _trees(x: Array, y: npt.NDArray[np.bool_], names: list[str], trees: int, depth: int) -> str:
    from sklearn.ensemble import GradientBoostingClassifier

    # What is not known goes the way of the median.
    unknown = np.isnan(x).all(axis=0)
    median = np.where(unknown, 0.0, np.nanmedian(np.where(unknown, 0.0, x), axis=0))
    fitted = GradientBoostingClassifier(
        n_estimators=trees, max_depth=depth, learning_rate=0.1, subsample=1.0, random_state=0
    ).fit(np.where(np.isnan(x), median, x), y)
    share = float(y.mean())
    lines = [f"sum {float(np.log(share / (1.0 - share)))!r}"]
    for estimator in fitted.estimators_[:, 0]:
        lines += ["tree", *_nodes(estimator.tree_, names, median, fitted.learning_rate)]
    return "\n".join(lines) + "\n"


def _nodes(tree: Any, names: list[str], median: Array, rate: float) -> list[str]:
    """The nodes of a tree, each before those it goes on to, as scikit-learn has them."""
    lines = []
    for node in range(tree.node_count):
        low, high = int(tree.children_left[node]), int(tree.children_right[node])
        if low < 0:
            lines.append(f"leaf {rate * float(tree.value[node].item())!r}")
            continue
        feature, at = int(tree.feature[node]), float(tree.threshold[node])
        unknown = low if median[feature] <= at else high
        # They go low at the threshold itself, ours below it alone.
        lines.append(f"split {names[feature]} {float(np.nextafter(at, np.inf))!r} {low} {high} {unknown}")
    return lines


def _platt(score: Array, y: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Shift and stretch of scores that make them probabilities."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(score[:, None], y)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def range_by_group(gain: Array, group: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Of the mean over days drawn again, from 2.5 to 97.5 %."""
    sums, counts = np.bincount(group, gain), np.bincount(group)
    drawn = np.random.default_rng(0).integers(0, len(sums), (_BOOTSTRAPS, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def scores_of(forecast: Array, y: npt.NDArray[np.bool_], climate: Array) -> dict[str, float]:
    brier = float(np.mean((forecast - y) ** 2))
    rank = pd.Series(forecast).rank().to_numpy()
    yes, no = int(y.sum()), int((~y).sum())
    area = (rank[y].sum() - yes * (yes + 1) / 2.0) / (yes * no)
    return {"brier": brier, "skill": 1.0 - brier / float(np.mean((climate - y) ** 2)), "roc_area": float(area)}


def reliability_of(forecast: Array, y: npt.NDArray[np.bool_]) -> pd.DataFrame:
    of = np.minimum((forecast * _BINS).astype(int), _BINS - 1)
    rows = pd.DataFrame({"bin": of, "forecast": forecast, "observed": y.astype("f8")})
    return rows.groupby("bin").agg(forecast=("forecast", "mean"), observed=("observed", "mean"), n=("observed", "size"))


def _replace(text: str, hazard: str, learned: str, name: str) -> str:
    """The text of a model with one hazard as learned."""
    kept, inside = [], False
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["hazard"]:
            inside = words[1:] == [hazard]
        if words[:1] == ["model"]:
            line = f"model {words[1]}+{name}"[:60]
        if not inside:
            kept.append(line)
    return "\n".join(kept) + "\n" + "".join(line + "\n" for line in learned.splitlines()[2:])
