"""What all cases say together: sums merged by case or day, scores with intervals, a table and a page."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nowcast import _lib, verify
from nowcast._files import replacing
from nowcast.archive._case import CYCLE, Outcome, scores_of
from nowcast.archive._manifest import Manifest

REPORT, SCORES, POOLED = "report.md", "scores.csv", "pooled.csv"
_STATISTICS = ("score", "low", "high")


@dataclasses.dataclass(frozen=True)
class Pooled:
    """One method over all cases of a manifest."""

    manifest: Manifest
    method: str
    units: xr.Dataset
    """scores of each case, day or start, along ``case``"""
    together: xr.Dataset
    """of all, by ``statistic``: score, low, high; the latter two are NaN where there is one unit"""
    forecasts: int


def pooled(manifest: Manifest, outcomes: Sequence[Outcome]) -> list[Pooled]:
    """The scores of each method, from the files of cases that are done; these are looked into one at a time."""
    units: dict[str, dict[str, xr.Dataset]] = {}
    many: dict[str, int] = {}
    for outcome in outcomes:
        for method, path in scores_of(outcome.folder).items() if outcome.folder else ():
            data = verify.from_netcdf(path)
            many[method] = many.get(method, 0) + data.sizes["case"]
            for unit, part in _by_unit(manifest, outcome.case, data):
                kept = units.setdefault(method, {})
                kept[unit] = _merged([kept[unit], part]) if unit in kept else part
    said = manifest.forecast.methods if manifest.forecast else ()
    order = [method for method in (*said, CYCLE) if method in units]
    return [_pooled(manifest, method, units[method], many[method]) for method in order]


def _by_unit(manifest: Manifest, case: str, data: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """The sums of a file by what intervals are drawn of."""
    if manifest.report.by == "case":
        yield case, verify.pool(data)
        return
    by_day = manifest.report.by == "day"
    when = data["forecast_reference_time"].values.astype("datetime64[D]" if by_day else "datetime64[s]")
    for time in np.unique(when):
        unit = str(time) if by_day else f"{case} {time}Z"
        yield unit, verify.pool(data.isel(case=np.flatnonzero(when == time)))


def _merged(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    return verify.pool(xr.concat(parts, "case", combine_attrs="override"))


def _pooled(manifest: Manifest, method: str, units: dict[str, xr.Dataset], forecasts: int) -> Pooled:
    told = manifest.report
    names = sorted(units) if told.by == "day" else list(units)
    data = xr.concat([units[name] for name in names], "case", combine_attrs="override").assign_coords(case=names)
    if len(names) > 1:
        together = verify.intervals(data, level=told.level, n=told.draws)
    else:
        score = verify.pool(data).drop_vars("sums")
        empty = score.astype(np.float64) * np.nan
        together = xr.concat([score, empty, empty], xr.Variable("statistic", list(_STATISTICS)))
    return Pooled(manifest, method, data, together, forecasts)


def write(output: Path, runs: Sequence[tuple[Manifest, Sequence[Outcome]]]) -> list[Path]:
    """Write ``report.md``, ``scores.csv`` (every case, day, start) and ``pooled.csv`` (all together) into a folder."""
    sections, rows, totals = [], [], []
    for manifest, outcomes in runs:
        found = pooled(manifest, outcomes)
        sections.append(_section(manifest, outcomes, found))
        for one in found:
            named = {"manifest": manifest.name, "method": one.method}
            rows.append(verify.to_table(one.units).assign(**named))
            totals.append(_wide(one.together).assign(**named))
    head = f"Made by `nowcast archive`, libnowcast {_lib.version()}."
    with replacing(output / REPORT) as beside:
        beside.write_text("\n\n".join(["# Scores of archived cases", head, *sections]) + "\n", encoding="utf-8")
    for name, tables in ((SCORES, rows), (POOLED, totals)):
        with replacing(output / name) as beside:
            _table(tables).to_csv(beside, index=False, float_format="%.9g")
    return [output / name for name in (REPORT, SCORES, POOLED)]


def _table(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other, their names first."""
    joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"manifest": [], "method": []})
    return joined[["manifest", "method", *(name for name in joined if name not in ("manifest", "method"))]]


def _wide(together: xr.Dataset) -> pd.DataFrame:
    """A row for each score, with the ends of its interval beside it."""
    score, low, high = (verify.to_table(together.sel(statistic=name, drop=True)) for name in _STATISTICS)
    return score.assign(low=low["value"].to_numpy(), high=high["value"].to_numpy())


# ---- the page ----


def _section(manifest: Manifest, outcomes: Sequence[Outcome], found: Sequence[Pooled]) -> str:
    done = [one for one in outcomes if one.folder is not None]
    lines = [f"## {manifest.name}"]
    if manifest.note:
        lines.append(manifest.note)
    text = f"{len(done)} of {len(outcomes)} cases"
    if found:
        units, told = found[0].units.sizes["case"], manifest.report
        text += f", {found[0].forecasts} forecasts"
        text += f"; brackets hold {told.level:.0%} of {told.draws} draws of {units} {told.by}s" if units > 1 else ""
    lines.append(f"{text}.")
    for ensemble in (False, True):
        of_kind = [one for one in found if ("crps" in one.together) == ensemble]
        if of_kind:
            lines.append(_page_table(of_kind, ensemble))
    lost = [f"- {one.case}: {one.status}: {one.text}" for one in outcomes if one.folder is None]
    return "\n\n".join([*lines, *(["\n".join(lost)] if lost else [])])


def _page_table(found: Sequence[Pooled], ensemble: bool) -> str:
    """A row for each method and lead time."""
    columns = list(_columns(found[0].together, ensemble))
    rows = [["method", "lead, min", *(name for name, _, _ in columns)]]
    for one in found:
        for lead in one.together["lead_time"].values:
            at = one.together.sel(lead_time=lead)
            shown = (_shown(at[score].sel(**place)) for _, score, place in columns)
            rows.append([f"`{one.method}`", f"{lead / np.timedelta64(1, 'm'):g}", *shown])
    text = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([text[0], f"|{'---|' * len(rows[0])}", *text[1:]])


def _columns(data: xr.Dataset, ensemble: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Heading, score and place of each column."""
    limits = data["threshold"].values.tolist()
    for limit in limits:
        yield f"{'Brier' if ensemble else 'CSI'} {limit:g} mm/h", "brier" if ensemble else "csi", {"threshold": limit}
    windows = data["window"].values.tolist()
    if windows and not ensemble:
        side = windows[len(windows) // 2]
        for limit in limits:
            yield f"FSS {limit:g} mm/h, {side} cells", "fss", {"threshold": limit, "window": side}
    whole = (("CRPS, mm/h", "crps"), ("spread/skill", "spread_skill")) if ensemble else (("MAE, mm/h", "mae"),)
    for name, score in whole:
        yield name, score, {}


def _shown(score: xr.DataArray) -> str:
    value, low, high = (float(score.sel(statistic=name)) for name in _STATISTICS)
    if np.isnan(value):
        return ""
    return f"{value:.3f}" + ("" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]")
