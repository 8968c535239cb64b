"""The verb warn as a function: fields in, areas or warnings out, the state and the journal kept."""

import os
import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from nowcast import hazard, io
from nowcast._files import refusals, replacing
from nowcast.errors import ArgumentError


def warn(
    inputs: Sequence[str],
    output: io.PathLike,
    *,
    rules: str = "cma",
    places: io.PathLike | None = None,
    now: Any = None,
    state: io.PathLike | None = None,
    journal: io.PathLike | None = None,
    areas_only: bool = False,
    probability_of: Sequence[tuple[str, float]] = (),
    margin: float | None = None,
    most_points: int | None = None,
    restart: bool = False,
    on_error: str = "skip",
    **cap: Any,
) -> dict[str, Any]:
    """Hold fields against rules; write areas, or go on with warnings and write what became of them.

    Parameters
    ----------
    inputs : "QUANTITY=FILE" each
        Files or patterns of ``nowcast.open``, and what rules call them. Of several for one quantity the first
        counts where both have a time: observations, then forecasts.
    output : a .geojson file with ``areas_only``, else a folder
        It gets ``warnings.geojson``, ``places.csv`` and a CAP file for each message.
    rules : a file, or a name of ``nowcast.hazard.presets()``
    places : GeoJSON file, optional
        Without places rules for them are taken as rules for areas.
    now : time, optional
        UTC; as in ``nowcast.hazard.areas`` when omitted.
    state : path, optional
        Where warnings go on from, if it is there, and are kept.
    journal : path, optional
        Where a line of JSON for each event is appended.
    areas_only : bool
        Areas without warnings.
    probability_of : (quantity, threshold) each
        Inputs that hold the probability of reaching it.
    margin, most_points
        As in ``nowcast.hazard.areas``.
    restart : bool
        As in ``nowcast.hazard.Warner``.
    on_error : "skip" or "raise"
    **cap
        As in ``nowcast.hazard.Warner.cap``.
    """
    began = clock.monotonic()
    read = hazard.Rules.read(rules)
    read = read if places is not None else read.for_areas()
    fields, left_out = _fields(inputs, dict(probability_of), on_error)
    now = hazard.latest(fields) if now is None else pd.Timestamp(now)
    summary: dict[str, Any] = {"output": str(output), "now": f"{now:%Y-%m-%dT%H:%M:%SZ}", "rules": read.name}
    if areas_only:
        found = hazard.areas(fields, read, now, margin=margin, most_points=most_points)
        with replacing(output) as beside:
            beside.write_text(found.geojson(), encoding="utf-8")
        summary |= {"areas": len(found.areas)}
    else:
        warner = hazard.Warner(read, places or (), margin=margin, most_points=most_points, restart=restart)
        if state is not None and Path(state).exists():
            warner.restore(Path(state).read_bytes())
        told = warner.evaluate(fields, now)
        _write(told, Path(output), cap)
        _keep(warner, told, state, journal)
        summary |= {
            "warnings": int(told.warnings["active"].sum()),
            "events": told.events["event"].value_counts().sort_index().to_dict(),
        }
    return summary | {"left_out": left_out, "degraded": bool(left_out), "seconds": clock.monotonic() - began}


def _fields(inputs: Sequence[str], of: dict[str, float], on_error: str) -> tuple[list[xr.DataArray], list[str]]:
    fields: list[xr.DataArray] = []
    left_out: list[str] = []
    seen: dict[str, set[Any]] = {}
    for one in inputs:
        quantity, sign, pattern = one.partition("=")
        if not sign or not quantity or not pattern:
            raise ArgumentError(f"inputs: QUANTITY=FILE expected, {one} given")
        data = io.open(pattern, on_error=on_error)
        left_out += data.attrs.get("left_out", "").splitlines()
        times = data["time"].values
        before = seen.setdefault(quantity, set())
        data = data.isel(time=[number for number, time in enumerate(times) if time not in before]).rename(quantity)
        before.update(times)
        if quantity in of:
            data.attrs["probability_of"] = of[quantity]
        fields.append(data)
    return fields, left_out


def _write(told: hazard.Warnings, folder: Path, cap: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "warnings.geojson") as beside:
        beside.write_text(told.geojson(), encoding="utf-8")
    with replacing(folder / "places.csv") as beside:
        told.effects.to_csv(beside, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    told.to_cap(folder, **cap)


def _keep(warner: hazard.Warner, told: hazard.Warnings, state: io.PathLike | None, journal: io.PathLike | None) -> None:
    """The journal before the state: a crash between the two repeats lines and loses none."""
    if journal is not None:
        with refusals(journal), Path(journal).open("a", encoding="utf-8") as lines:
            lines.write(told.journal)
            lines.flush()
            os.fsync(lines.fileno())
    if state is not None:
        with replacing(state) as beside:
            beside.write_bytes(warner.save())
