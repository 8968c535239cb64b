"""Many cases, one after another or on a Dask cluster; each is done once, whatever becomes of workers."""

import collections
import dataclasses
import importlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nowcast import _lib
from nowcast.archive import _case, _report, _zarr
from nowcast.archive._case import Outcome
from nowcast.archive._manifest import Job, Manifest
from nowcast.errors import ArgumentError, FileError, UnsupportedError
from nowcast.ops._config import PathLike
from nowcast.ops._publish import hold

LOG = "log.jsonl"
_MOST_LOST = 3


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of all cases, in the order of the manifests, and the files that say so."""

    outcomes: tuple[Outcome, ...]
    files: tuple[Path, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each status."""
        return dict(collections.Counter(one.status for one in self.outcomes))

    @property
    def degraded(self) -> list[str]:
        """Cases that were not done, a line each."""
        return [f"{one.manifest}: {one.case}: {one.text}" for one in self.outcomes if one.folder is None]


def run(
    manifests: Manifest | PathLike | Sequence[Manifest | PathLike],
    output: PathLike = "archive",
    *,
    workers: int | None = None,
    cluster: str | None = None,
    again: bool = False,
    progress: Callable[[Outcome, int, int], None] | None = None,
) -> Result:
    """Run every case of manifests and report their scores.

    A case whose results are in ``output`` already, made of the same files and settings by the same version, is not done
    again; a run that was killed goes on where it was. A case whose worker dies is given to another. Results are the
    same bits however many workers there are.

    Parameters
    ----------
    manifests : Manifest, path, or several of them
    output : folder
        Of results, MANIFEST/cases/CASE.KEY, and of the report over all manifests.
    workers : int, optional
        Processes on this machine, each with as many threads as ``nowcast.settings`` says, or else one; 0 for none
        beside this one, which needs no Dask. By default one for each processor.
    cluster : str, optional
        Address of a Dask scheduler, whose workers see the same files, instead.
    again : bool
        Do what is done too.
    progress : callable, optional
        ``progress(outcome, number, of)`` after each case.

    Returns
    -------
    Result. Cases that failed or were skipped are in it; they raise nothing.

    Raises
    ------
    ArgumentError : a manifest is wrong, or two have one name.
    FileError : a manifest cannot be read, or the output cannot be written.
    LockedError : another run is at work in the output.
    UnsupportedError : Dask, or Zarr where fields are to be kept so, is not installed.
    """
    told = _loaded(manifests)
    jobs = [job for manifest in told for job in manifest.jobs()]
    folder = Path(output).absolute()
    lock = hold(folder, "run")
    try:
        for manifest in told:
            _case.clear(folder / manifest.name)
        found: dict[tuple[str, str], Outcome] = {}
        arrive = (
            _serial(jobs, folder, again)
            if workers == 0 and not cluster
            else _spread(jobs, folder, again, workers, cluster)
        )
        for outcome in arrive:
            found[outcome.manifest, outcome.case] = outcome
            _log(folder, outcome)
            if progress:
                progress(outcome, len(found), len(jobs))
        outcomes = [found[job.manifest.name, job.name] for job in jobs]
        for manifest in told:
            _case.clear(folder / manifest.name)
        runs = [(manifest, [one for one in outcomes if one.manifest == manifest.name]) for manifest in told]
        return Result(tuple(outcomes), tuple(_report.write(folder, runs)))
    finally:
        os.close(lock)


def _loaded(manifests: Manifest | PathLike | Sequence[Manifest | PathLike]) -> list[Manifest]:
    several: Sequence[Manifest | PathLike]
    several = [manifests] if isinstance(manifests, Manifest | str | os.PathLike) else manifests
    told = [one if isinstance(one, Manifest) else Manifest.load(one) for one in several]
    names = [one.name for one in told]
    if not told or len(set(names)) < len(names):
        raise ArgumentError(f"manifests: one or more of different names expected, {', '.join(names) or 'none'} given")
    if any(one.forecast is not None and one.forecast.keep == "zarr" for one in told):
        _zarr.check()
    return told


def _serial(jobs: Sequence[Job], folder: Path, again: bool) -> Iterator[Outcome]:
    for job in jobs:
        yield _case.perform(job, folder / job.manifest.name, _lib.in_force().threads, again)


def _spread(
    jobs: Sequence[Job], folder: Path, again: bool, workers: int | None, cluster: str | None
) -> Iterator[Outcome]:
    """Cases as they are done on a cluster; Dask gives those of a worker that died to others."""
    distributed = _distributed()
    threads = _lib.in_force().threads or 1
    with _client(distributed, workers, cluster) as client:
        of = {}
        for number, job in enumerate(jobs):
            # Another key for each run: what is done is known by its folder alone.
            future = client.submit(
                _case.perform,
                job,
                folder / job.manifest.name,
                threads,
                again,
                pure=False,
                priority=-number,
            )
            of[future] = job
        for future in distributed.as_completed(of):
            yield _outcome(future, of.pop(future))


def _outcome(future: Any, job: Job) -> Outcome:
    if future.status == "finished":
        made: Outcome = future.result()
        future.release()
        return made
    error = future.exception()
    lost = type(error).__name__ == "KilledWorker"
    text = f"workers that had it died, {_MOST_LOST + 1} of them" if lost else f"{type(error).__name__}: {error}"
    return Outcome(job.manifest.name, job.name, "failed", text=text)


def _distributed() -> Any:
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise UnsupportedError("several workers: pip install 'libnowcast[archive]', or use 0 workers") from error
    logging.getLogger("distributed").setLevel(logging.ERROR)  # it tells of each worker that comes and goes
    return distributed


def _client(distributed: Any, workers: int | None, cluster: str | None) -> Any:
    """A client of a running cluster, or of one on this machine that ends with it."""
    if cluster is not None:
        if workers is not None:
            raise ArgumentError("workers: none expected beside cluster, which has its own")
        try:
            return distributed.Client(cluster, timeout=20)
        except (OSError, ValueError) as error:
            raise FileError(f"{cluster}: no Dask scheduler there: {error}") from error
    many = len(os.sched_getaffinity(0)) if workers is None else workers
    if many < 1:
        raise ArgumentError(f"workers: at least 0 expected, {many} given")
    return distributed.Client(
        n_workers=many,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
    )


def _log(folder: Path, outcome: Outcome) -> None:
    """Append a line: what became of a case, in how many seconds, by which process."""
    line = dataclasses.asdict(outcome) | {"folder": outcome.folder and str(outcome.folder)}
    try:
        with (folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except OSError as error:
        raise FileError(f"{folder / LOG}: {error.strerror or error}") from error
