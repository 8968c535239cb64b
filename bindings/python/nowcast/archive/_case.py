"""One case: its data, forecasts with their scores, and cycles; published whole, under a key of all it follows from."""

import dataclasses
import hashlib
import json
import os
import shutil
import time as clock
import uuid
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from nowcast import _lib, forecast, grid, io, motion, ops, sim, verify
from nowcast._files import checksum
from nowcast._isolation import apart
from nowcast.archive import _zarr
from nowcast.archive._fetch import fetch
from nowcast.archive._manifest import PERSISTENCE, Job, unset
from nowcast.errors import FileError, NoDataError, NowcastError
from nowcast.ops._config import Budget, Composite
from nowcast.ops._names import Pattern

VERSION = 1
"""Of what is in the folder of a case."""

FACTS = "case.json"
CYCLE = "cycle"
_PARTIAL = ".partial-"
_LEAST_FRAMES = 3
_AS_LONG_AS_IT_TAKES = 1e9

Status = Literal["done", "before", "skipped", "failed"]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a case: ``before`` where it had been done already; ``text`` is why it was not done."""

    manifest: str
    case: str
    status: Status
    folder: Path | None = None
    text: str = ""
    seconds: float = 0.0
    worker: int = 0


def scores_of(folder: Path) -> dict[str, Path]:
    """The files of scores in the folder of a case, by method."""
    return {path.stem.removeprefix("scores-"): path for path in sorted(folder.glob("scores-*.nc"))}


def perform(job: Job, output: Path, threads: int, again: bool = False) -> Outcome:
    """Do one case, unless its folder is there already.

    Parameters
    ----------
    job
        The case.
    output : folder
        Of the manifest; seen by all workers.
    threads : int
        Of the library, for this case; results are the same whatever it is.
    again : bool
        Do it though it is done.
    """
    began = clock.monotonic()

    def told(status: Status, folder: Path | None = None, text: str = "") -> Outcome:
        return Outcome(job.manifest.name, job.name, status, folder, text, clock.monotonic() - began, os.getpid())

    files = job.case.files or ()
    if missing := unset(tuple(files)):
        return told("skipped", text=f"{missing} is not set")
    try:
        with apart(), _lib.settings(threads=threads):
            paths = _paths(job, output)
            sums = {path.name: checksum(path) for path in paths}
            final = output / "cases" / f"{job.name}.{_key(job, sums)[:16]}"
            if (final / FACTS).is_file() and not again:
                return told("before", final)
            work = final.with_name(f"{_PARTIAL}{job.name}.{uuid.uuid4().hex}")
            work.mkdir(parents=True)
            try:
                _do(job, paths, work)
                facts = {"version": VERSION, "manifest": job.manifest.name, "case": job.name, "inputs": sums}
                facts |= {"software": _lib.version()}
                (work / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
                _publish(work, final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except NowcastError as error:
        return told("failed", text=str(error))
    except OSError as error:
        return told("failed", text=f"{error.filename or output}: {error.strerror or error}")
    return told("done", final)


def _publish(work: Path, final: Path) -> None:
    """Give a whole folder its name; others of the case, made by other keys or before, go."""
    if final.exists():
        shutil.rmtree(final)
    work.rename(final)
    name = final.name.rpartition(".")[0]
    for old in final.parent.glob(f"{name}.*"):
        if old != final and old.name.rpartition(".")[0] == name:
            shutil.rmtree(old, ignore_errors=True)


def clear(output: Path) -> None:
    """Remove what killed workers left of the cases of a manifest."""
    for left in (output / "cases").glob(f"{_PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def _key(job: Job, sums: dict[str, str]) -> str:
    """Of all that results follow from: the case without the places of its files, their sums, settings, version."""
    manifest = job.manifest
    said: dict[str, Any] = {"version": VERSION, "software": _lib.version(), "files": sums}
    said |= {"case": job.case.model_dump(mode="json", exclude={"files", "times"})}
    said |= {"span": None if job.span is None else job.span.model_dump(mode="json")}
    said |= manifest.model_dump(mode="json", include={"forecast", "verify"})
    if manifest.cycle is not None:
        config = ops.Config.load(manifest.cycle)
        said |= {"cycle": config.model_dump(mode="json", exclude={"output"})}
        said |= {"listed": {name: checksum(path) for name, path in sorted(_listed(job, config).items())}}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


# ---- data ----


def _paths(job: Job, output: Path) -> list[Path]:
    """The files of a case, brought from an archive where they are of one."""
    case = job.case
    if case.fetch is not None:
        assert job.span is not None
        return fetch(case.fetch.source, *job.span.ends, name=case.fetch.name, folder=output.parent / "cache")
    if case.files is None:
        return []
    if job.span is not None and all("%" in pattern for pattern in case.files):
        start, end = job.span.ends
        found = [path for pattern in case.files for _, path in Pattern(pattern).find(start, end)]
        if not found:
            raise NoDataError(f"{case.files[0]}: no file from {start} to {end}")
        return sorted(found)
    return [path for path in io.expand(case.files) if path.is_file()]


def frames_of(job: Job, paths: list[Path]) -> xr.DataArray:
    """Rain rate of a case, (time, y, x), mm h-1."""
    case, many = job.case, job.case.synthetic
    if many is not None:
        rain: xr.DataArray = sim.storms(
            seed=many.seed,
            minutes=many.minutes,
            step=many.step_minutes,
            n=many.n,
            dx=1e3 * many.spacing_km,
            cells=many.cells,
            growth=many.growth,
            start=many.start.isoformat(),
        )["rain"]
        return rain
    if case.coarsen == 1:
        data = io.open(paths, quantity=case.quantity)
    else:
        size = {"y": case.coarsen, "x": case.coarsen}
        whole = (io.open(path, quantity=case.quantity) for path in paths)  # one of them at a time in memory
        parts = [one.coarsen(size, boundary="trim").reduce(np.mean) for one in whole]
        data = xr.concat(parts, "time", combine_attrs="override").sortby("time")
    rain = grid.rain_rate(data, case.a, case.b)
    if job.span is not None:
        start, end = job.span.ends
        rain = rain.sel(time=(rain["time"] >= start) & (rain["time"] <= end))
    return rain


# ---- forecasts ----


def _do(job: Job, paths: list[Path], work: Path) -> None:
    """Run what the manifest says, into a folder."""
    if job.manifest.forecast is not None:
        frames = frames_of(job, paths)
        if frames.sizes["time"] < _LEAST_FRAMES + 1:
            raise NoDataError(f"{job.name}: {_LEAST_FRAMES + 1} frames expected, {frames.sizes['time']} found")
        for method, scores in _forecasts(job, frames, work).items():
            verify.to_netcdf(scores, work / f"scores-{method}.nc")
    if job.manifest.cycle is not None:
        _cycles(job, paths, work)


def _forecasts(job: Job, frames: xr.DataArray, work: Path) -> dict[str, xr.Dataset]:
    """Scores of each method, by the start of the forecast along ``case``."""
    options = job.manifest.forecast
    assert options is not None
    longest = np.timedelta64(round(6e10 * max(options.leads_minutes)), "ns")
    rows: dict[str, list[xr.Dataset]] = {method: [] for method in options.methods}
    for start in starts(frames["time"].values, longest, options.starts):
        past = _past(frames, start, options.past_minutes)
        try:
            flow = motion.estimate(past, method=options.motion)
        except NoDataError:
            flow = motion.calm(past)
        for method, scores in rows.items():
            made = _made(job, method, past, flow)
            scores.append(_scored(job, made, frames))
            if options.keep != "none":
                when = made["forecast_reference_time"].values.astype("datetime64[s]").item()
                name = work / f"{method}-{when:%Y%m%dT%H%M%S}"
                if options.keep == "zarr":
                    _zarr.write(made, name.with_suffix(".zarr"))
                else:
                    io.write(made, name.with_suffix(".nc"))
    return {method: xr.concat(scores, "case", combine_attrs="override") for method, scores in rows.items()}


def starts(times: np.ndarray, longest: np.timedelta64, most: int) -> list[int]:
    """Which frames forecasts start from: spread evenly over those with enough before and the longest lead behind.

    Raises
    ------
    NoDataError : there is none.
    """
    last = int(np.searchsorted(times, times[-1] - longest, side="right")) - 1
    first = _LEAST_FRAMES - 1
    if last < first:
        raise NoDataError(
            f"{_LEAST_FRAMES} frames and {longest.astype('timedelta64[m]')} after them expected, less found"
        )
    return sorted({int(n) for n in np.linspace(first, last, min(most, last - first + 1))})


def _past(frames: xr.DataArray, start: int, minutes: float) -> xr.DataArray:
    """The frames up to a start, three at least, that a forecast may look at."""
    times = frames["time"].values
    recent = int(np.searchsorted(times, times[start] - np.timedelta64(round(6e10 * minutes), "ns")))
    return frames.isel(time=slice(min(recent, start - _LEAST_FRAMES + 1), start + 1))


def _made(job: Job, method: str, past: xr.DataArray, flow: xr.Dataset) -> xr.DataArray:
    options = job.manifest.forecast
    assert options is not None
    leads = list(options.leads_minutes)
    if method == PERSISTENCE:
        return forecast.extrapolate(past.isel(time=-1), motion.calm(past), leads=leads, delay=False)
    if method in forecast.ENSEMBLES:
        return forecast.run(past, flow, method, leads=leads, members=options.members, seed=options.seed)
    return forecast.run(past, flow, method, leads=leads)


def _scored(job: Job, made: xr.DataArray, frames: xr.DataArray) -> xr.Dataset:
    score = verify.score_ensemble if "member" in made.dims else verify.score
    return score(made, frames, job.manifest.verify.thresholds, job.manifest.verify.windows)


# ---- cycles ----


def _listed(job: Job, config: ops.Config) -> dict[str, Path]:
    """The files that cycles over the span of a case may read by the configuration's own patterns."""
    if job.span is None:
        return {}
    start, end = job.span.ends
    sources: dict[str, tuple[str, float]] = {}
    for name, radar in config.radars.items():
        sources[f"radars.{name}"] = radar.files, 2.0 * radar.max_age_minutes
    if config.composite is not None and job.case.files is None and job.case.synthetic is None:
        sources["composite"] = config.composite.files, config.composite.max_age_minutes
    if config.model is not None:
        sources["model"] = config.model.files, 60.0 * config.model.max_age_hours
    found: dict[str, Path] = {}
    for name, (pattern, minutes) in sources.items():
        since = start - np.timedelta64(round(6e10 * minutes), "ns")
        found |= {f"{name}/{path.name}": path for _, path in Pattern(pattern).find(since, end)}
    return found


def _cycles(job: Job, paths: list[Path], work: Path) -> None:
    """Replay cycles over a case into ``cycles``; the scores of the last are those of all."""
    assert job.manifest.cycle is not None
    config = ops.Config.load(job.manifest.cycle)
    # Nothing is dropped for want of time: results must not follow from how busy a machine is.
    update: dict[str, Any] = {"budget": Budget(seconds=_AS_LONG_AS_IT_TAKES), "keep_hours": 1e6}
    span = None if job.span is None else job.span.ends
    given = work / "given"
    if job.case.synthetic is not None or job.case.files is not None:
        if config.composite is None:
            raise FileError(f"{job.manifest.cycle}: a composite expected for cases with files, radars found")
        frames = frames_of(job, paths)
        given.mkdir()
        for frame in frames:
            io.write(frame, given / f"{frame['time'].values.astype('datetime64[s]').item():%Y%m%d%H%M%S}.h5")
        update["composite"] = Composite(files=str(given / "%Y%m%d%H%M%S.h5"), quantity="RATE")
        span = span or (frames["time"].values[0], frames["time"].values[-1])
    if span is None:
        raise NoDataError(f"{job.name}: times expected")
    outcomes = list(ops.replay(config.model_copy(update=update), *span, into=work / "cycles"))
    shutil.rmtree(given, ignore_errors=True)
    last = outcomes[-1].folder / "scores.nc"
    if last.exists():
        found = verify.from_netcdf(last).expand_dims(case=1)
        when = np.array([span[0]], dtype="datetime64[ns]")
        verify.to_netcdf(found.assign_coords(forecast_reference_time=("case", when)), work / f"scores-{CYCLE}.nc")
