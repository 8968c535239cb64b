"""Scores of many cases: pooled, their errors and intervals drawn, and two systems compared."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast._score_sums import Sums, dataset, pooled
from nowcast.errors import ArgumentError


def intervals(
    data: xr.Dataset, *, level: float = 0.95, n: int = 1000, seed: int = 0, block: int = 1, dim: str = "case"
) -> xr.Dataset:
    """Confidence intervals of every pooled score, by a block bootstrap of cases (percentiles; Künsch 1989).

    Parameters
    ----------
    data : Dataset with a dimension ``case``, in order of time, as ``pool`` takes
    level : float
        How often the interval is to hold the score, above 0 and below 1.
    n, seed, block
        As in ``compare``.

    Returns
    -------
    Dataset of every score by ``statistic``: the pooled ``score``, and the ``low`` and ``high`` end of its interval. A
    draw in which a score is not defined does not count for it.

    Raises
    ------
    ArgumentError : fewer than two cases, a block longer than half of them, or a level out of range.
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError(f"level: above 0 and below 1 expected, {level:g} given")
    draws = _drawn(data, dim, _in_blocks(_cases(data, dim), n, seed, block))
    draws = draws.drop_vars([name for name, score in draws.items() if score.size == 0])
    ends = _quantiles(draws.isel(draw=slice(1, None)), level)
    parts = {
        "score": draws.isel(draw=0),
        "low": ends.isel(quantile=0, drop=True),
        "high": ends.isel(quantile=1, drop=True),
    }
    return _by_statistic(parts)


def compare(
    data: xr.Dataset, beside: xr.Dataset, *, n: int = 1000, seed: int = 0, block: int = 1, dim: str = "case"
) -> xr.Dataset:
    """How two forecasts of the same cases differ, and how surely: a paired block bootstrap.

    Cases are drawn with replacement, the same for both, in blocks of those that follow one another and are alike
    (Künsch 1989; after the last comes the first again).

    Parameters
    ----------
    data, beside : Dataset with a dimension ``case``, in order of time, as ``pool`` takes
    n : int
        How many times all cases are drawn.
    seed : int
        The same seed draws the same cases.
    block : int
        Cases in a block: about as many as it takes until weather is another.

    Returns
    -------
    Dataset of every score by ``statistic``: the ``difference`` data - beside of the pooled scores, its standard
    ``error``, the ``low`` and ``high`` end of its 95 % interval, and the two-sided ``p`` that it is none.

    Raises
    ------
    ArgumentError : fewer than two cases, another number of them in ``beside``, or a block longer than half of them.
    """
    cases = _cases(data, dim)
    if beside.sizes.get(dim, 0) != cases:
        raise ArgumentError(f"beside: {cases} of {dim} expected, {beside.sizes.get(dim, 0)} given")
    rows = _in_blocks(cases, n, seed, block)
    all_draws = _drawn(data, dim, rows) - _drawn(beside, dim, rows)
    all_draws = all_draws.drop_vars([name for name, score in all_draws.items() if score.size == 0])
    whole, samples = all_draws.isel(draw=0), all_draws.isel(draw=slice(1, None))
    below, above = (samples <= 0.0).mean("draw"), (samples >= 0.0).mean("draw")
    least = below.where(below < above, above).clip(min=1.0 / n, max=0.5)
    ends = _quantiles(samples, 0.95)
    parts = {
        "difference": whole,
        "error": samples.std("draw", ddof=1),
        "low": ends.isel(quantile=0, drop=True),
        "high": ends.isel(quantile=1, drop=True),
        "p": (2.0 * least).where(samples.notnull().any("draw")),
    }
    return _by_statistic(parts)


def pool(data: xr.Dataset, dim: str = "case") -> xr.Dataset:
    """The scores of all cases together, from Datasets of ``score`` joined by ``xr.concat(..., dim="case")``.

    Sums are added, scores are not averaged: a case with more rain counts for more.
    """
    sums, like, dims = _sums_by_case(data, dim)
    joined = dataset(like, pooled(like, sums, np.arange(len(sums))), dims, data.attrs.get("field_units"))
    return joined.assign_coords({name: data[name] for name in dims if name in data.coords})


def bootstrap(
    data: xr.Dataset, beside: xr.Dataset | None = None, *, n: int = 500, seed: int = 0, dim: str = "case"
) -> xr.Dataset:
    """Standard errors of pooled scores, by drawing cases with replacement (Efron 1979).

    A draw in which a score is not defined does not count for it.

    Parameters
    ----------
    data : Dataset with a dimension ``case``, as ``pool`` takes
    beside : Dataset, optional
        Scores of another forecast of the same cases; the standard errors are then those of data's scores minus its own,
        which are smaller since both meet the same weather.
    n : int
        How many times all cases are drawn; the standard errors are themselves uncertain by 1 / sqrt(2 n).
    seed : int
        The same seed draws the same cases.

    Raises
    ------
    ArgumentError : fewer than two cases, or another number of them in ``beside``.
    """
    cases = _cases(data, dim)
    if beside is not None and beside.sizes.get(dim, 0) != cases:
        raise ArgumentError(f"beside: {cases} of {dim} expected, {beside.sizes.get(dim, 0)} given")
    drawn = np.random.default_rng(seed).integers(0, cases, (n, cases))
    samples = _drawn(data, dim, drawn)
    if beside is not None:
        samples = samples - _drawn(beside, dim, drawn)
    return samples.std("draw", ddof=1, keep_attrs=True)


def _sums_by_case(data: xr.Dataset, dim: str) -> tuple[npt.NDArray[np.float64], Sums, tuple[str, ...]]:
    """The sums as (case, ..., sum), empty sums of their options, and the names of the dimensions between."""
    if "sums" not in data or dim not in data["sums"].dims:
        raise ArgumentError(f"data: scores with sums by {dim} expected; join them with xr.concat(..., dim={dim!r})")
    sums = data["sums"].transpose(dim, ..., "sum")
    kind = Sums.of_layout(sums.values.flat[0])
    like = kind(*kind._options_of(data))
    return sums.values, like, tuple(str(name) for name in sums.dims[1:-1])


def _drawn(data: xr.Dataset, dim: str, drawn: npt.NDArray[np.integer[Any]]) -> xr.Dataset:
    """The scores, without counts, of each row of drawn cases, along a dimension draw."""
    sums, like, dims = _sums_by_case(data, dim)
    totals = np.stack([pooled(like, sums, cases) for cases in drawn])
    samples = dataset(like, totals, ("draw", *dims), data.attrs.get("field_units"))
    samples = samples.assign_coords({name: data[name] for name in dims if name in data.coords})
    return samples.drop_vars([n for n in samples.data_vars if str(n).removesuffix("_wet") in (*like._counts, "sums")])


def _quantiles(draws: xr.Dataset, level: float) -> xr.Dataset:
    """Both ends of the middle of the draws; NaN for a score that is defined in none."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        return draws.quantile([0.5 - level / 2, 0.5 + level / 2], "draw")


def _by_statistic(parts: dict[str, xr.Dataset]) -> xr.Dataset:
    statistic = xr.Variable("statistic", list(parts))
    joined: xr.Dataset = xr.concat(list(parts.values()), statistic, coords="minimal", compat="override")
    return joined


def _cases(data: xr.Dataset, dim: str) -> int:
    """How many cases there are, two at least."""
    cases = data.sizes.get(dim, 0)
    if cases < 2:
        raise ArgumentError(f"{dim}: at least 2 expected, {cases} given")
    return cases


def _in_blocks(cases: int, n: int, seed: int, block: int) -> npt.NDArray[np.integer[Any]]:
    """All cases once, then n rows of as many, drawn in blocks that follow one another; after the last is the first."""
    if not 1 <= block <= max(cases // 2, 1):
        raise ArgumentError(f"block: 1 to {max(cases // 2, 1)} expected, {block} given")
    starts = np.random.default_rng(seed).integers(0, cases, (n, -(-cases // block)))
    drawn = ((starts[..., None] + np.arange(block)) % cases).reshape(n, -1)[:, :cases]
    return np.concatenate([np.arange(cases)[None, :], drawn])
