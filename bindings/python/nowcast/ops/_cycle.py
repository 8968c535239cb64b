"""One cycle, and many over an archive: every stage has its turn whatever became of the others."""

import contextlib
import dataclasses
import hashlib
import logging
import time as clock
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nowcast import _lib
from nowcast._files import refusals
from nowcast._isolation import apart
from nowcast.errors import ArgumentError, NoDataError, NowcastError
from nowcast.ops import _publish, _stage_desk, _stages
from nowcast.ops._config import Config, PathLike
from nowcast.ops._inputs import Input, Inputs
from nowcast.ops._names import moment
from nowcast.ops._publish import Line, Log, Output
from nowcast.ops._state import State
from nowcast.ops._work import Work

_logger = logging.getLogger("nowcast")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a cycle."""

    time: np.datetime64
    folder: Path
    manifest: Mapping[str, Any]
    fresh: bool = True
    """False where it had been published before and nothing was done"""

    @property
    def degraded(self) -> list[str]:
        """What the cycle lacks, a line each; nothing when it is all it might be."""
        lines: list[str] = list(self.manifest["degraded"])
        return lines


def run(config: Config | PathLike, time: Any = None) -> Outcome:
    """Run one cycle: read what there is, make what can be made of it, publish it whole.

    Parameters
    ----------
    config : Config, or path of one
    time : UTC, optional
        Of the cycle: nothing later is looked at. By default the latest multiple of ``every_minutes`` that lies
        ``delay_minutes`` back.

    Returns
    -------
    Outcome. A cycle that was published before is not run again.

    Raises
    ------
    LockedError : another cycle is at work in the folder.
    ArgumentError : the configuration is wrong.
    FileError : the output cannot be written; what was published before is still there.
    """
    told = config if isinstance(config, Config) else Config.load(config)
    when = _due(told) if time is None else moment(time)
    with apart(), Output(told.output) as output:
        return _once(told, when, output, told.output, obey=False)


def replay(config: Config | PathLike, start: Any, end: Any, into: PathLike) -> Iterator[Outcome]:
    """Run the cycles of a span of time again, into another folder.

    Each reads the files that the cycle saw when it ran, and drops what it dropped, if its manifest is still in the
    configured output; the first goes on from the state that it went on from. Where there is no manifest the cycle takes
    all files of its time.

    Parameters
    ----------
    config : Config, or path of one
    start, end : UTC, both included
    into : folder, not the configured output

    Yields
    ------
    Outcome of each.
    """
    told = config if isinstance(config, Config) else Config.load(config)
    if Path(into).resolve() == told.output.resolve():
        raise ArgumentError(f"into: another folder than the output {told.output} expected")
    step = np.timedelta64(round(6e10 * told.every_minutes), "ns")
    times = np.arange(moment(start), moment(end) + np.timedelta64(1, "ns"), step)
    again = told.model_copy(update={"output": Path(into)})
    with apart(), Output(again.output) as output:
        for when in times:
            yield _once(again, when, output, told.output, obey=True)


def _due(config: Config) -> np.datetime64:
    every = np.int64(round(6e10 * config.every_minutes))
    now = np.int64(clock.time_ns()) - np.int64(round(6e10 * config.delay_minutes))
    return np.datetime64(int(now // every * every), "ns")


def _once(config: Config, time: np.datetime64, output: Output, live: Path, *, obey: bool) -> Outcome:
    """One cycle, into a folder that is held; live is where its manifest is, if it ran before and is to be obeyed."""
    name, final = _publish.name_of(time), output.folder / _publish.name_of(time)
    if (final / _publish.MANIFEST).is_file():
        return Outcome(time, final, _publish.read_manifest(final), fresh=False)
    log, began = Log(output.folder), clock.monotonic()
    recorded = _recorded(live / name) if obey else None
    seen = [Input(**one) for one in recorded["inputs"]] if recorded else None
    before = output.before(time)
    if before is None and recorded and recorded["state"]:
        before = live / recorded["state"]
    state = State() if before is None else State.load(before / _publish.STATE, config)
    work = Work(
        config=config,
        time=time,
        folder=output.begin(time),
        archive=(output.folder, live) if recorded else (output.folder,),
        inputs=Inputs(config, time, seen),
        state=state,
        began=began,
        told_members=recorded["members"] if recorded else None,
    )
    told, seconds, degraded, dropped = [], {}, [f"state: {line}" for line in state.lost], []
    degraded += [f"desk: {line}" for line in _stage_desk.load(work, _edits_of(recorded))]
    skipped = recorded["dropped"] if recorded else None
    for stage, function in _stages.ALL.items():
        if not _stages.is_wanted(stage, config):
            continue
        line = _turn(work, stage, function, name, skipped)
        log.add(line)
        told.append({"stage": stage, "status": line.status, "reasons": list(line.reasons)})
        seconds[stage] = line.seconds
        degraded += [f"{stage}: {reason}" for reason in line.reasons]
        if line.status == "dropped":
            dropped.append(stage)
    with refusals(work.folder):
        state.save(work.folder / _publish.STATE, config)
        made = dict(_publish.products(work.folder))
    manifest = {
        "version": _publish.VERSION,
        "time": f"{time.astype('datetime64[s]')}Z",
        "name": config.name,
        "software": _lib.version(),
        "config": hashlib.sha256(config.model_dump_json(exclude={"output"}).encode()).hexdigest(),
        "state": None if before is None else before.name,
        "inputs": [dataclasses.asdict(one) for one in work.inputs.seen],
        "members": work.made_members,
        "edits": [edit.id for edit in work.edits],
        "corrections": work.acted,
        "dropped": dropped,
        "stages": told,
        "degraded": degraded,
        "seam": work.seam,
        "seconds": seconds,
        "products": made,
    }
    folder = output.publish(work.folder, time, manifest)
    output.prune(config.keep_hours)
    log.prune(config.keep_hours, time)
    total = clock.monotonic() - began
    log.add(Line(name, "cycle", "degraded" if degraded else "done", total, tuple(degraded)))
    figures = {
        "cycle_time_seconds": float(time.astype("datetime64[s]").astype(np.int64)),
        "cycle_seconds": total,
        "cycle_degraded": float(bool(degraded)),
        "radars": float(len(work.volumes)),
        "members": float(work.made_members or 0),
    }
    log.figures(config.name, figures, seconds)
    return Outcome(time, folder, manifest)


def _edits_of(recorded: dict[str, Any] | None) -> list[str] | None:
    """The edits that a cycle had when it ran before; None where that is not known."""
    return None if recorded is None else recorded.get("edits")


def _turn(work: Work, stage: str, function: _stages.Stage, cycle: str, skipped: list[str] | None) -> Line:
    """Run one stage, and say how it went."""
    started = clock.monotonic()
    work.reasons = []
    late = work.left <= 0.0 if skipped is None else stage in skipped
    if late and stage in _stages.DROPPED:
        return Line(cycle, stage, "dropped", 0.0, ("no time left",))
    try:
        function(work)
        status = "degraded" if work.reasons else "done"
    except NoDataError as error:
        status = "nothing"
        work.reasons.append(str(error))
    except NowcastError as error:
        status = "failed"
        work.reasons.append(str(error))
    except Exception as error:  # a fault of ours must not take the other stages along
        _logger.exception("%s: %s", stage, error)
        status = "failed"
        work.reasons.append(f"{type(error).__name__}: {error}")
    seconds = clock.monotonic() - started
    _logger.info("%s %s: %s in %.2f s%s", cycle, stage, status, seconds, "".join(f"; {r}" for r in work.reasons))
    return Line(cycle, stage, status, seconds, tuple(work.reasons), work.seam if stage == "hours" else {})


def _recorded(folder: Path) -> dict[str, Any] | None:
    with contextlib.suppress(NowcastError):
        return _publish.read_manifest(folder)
    return None
