"""The verbs of archives: archive, fetch."""

import json
from pathlib import Path
from typing import Any

import click

from nowcast import archive as archives
from nowcast._cli_parts import DEGRADED, LOCKED, json_flag
from nowcast.ops import LockedError

_output = click.option("-o", "--output", type=click.Path(path_type=Path), default="archive", show_default=True)


@click.command()
@click.argument("manifests", nargs=-1, required=True, type=click.Path())
@_output
@click.option("--workers", type=click.IntRange(0, 1024), help="Processes; 0 for none; by default one per processor.")
@click.option("--cluster", help="Address of a Dask scheduler, tcp://HOST:PORT, instead.")
@click.option("--again", is_flag=True, help="Do what is done too.")
@json_flag
def archive(
    manifests: tuple[str, ...],
    output: Path,
    workers: int | None,
    cluster: str | None,
    again: bool,
    as_json: bool,
) -> None:
    """Run and score many cases, in parallel; what is done is not done again. Exit code 3: some could not be done."""

    def tell(one: archives.Outcome, number: int, of: int) -> None:
        if not as_json:
            text = f": {one.text}" if one.text else ""
            click.echo(f"{number}/{of} {one.manifest} {one.case}: {one.status} in {one.seconds:.1f} s{text}", err=True)

    try:
        result = archives.run(manifests, output, workers=workers, cluster=cluster, again=again, progress=tell)
    except LockedError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(LOCKED) from None
    if as_json:
        click.echo(json.dumps(_summary(result)))
    else:
        counts = ", ".join(f"{many} {status}" for status, many in sorted(result.counts.items()))
        click.echo(f"{output}: {counts}; {', '.join(path.name for path in result.files)}")
    if result.degraded:
        raise click.exceptions.Exit(DEGRADED)


def _summary(result: archives.Result) -> dict[str, Any]:
    return {"counts": result.counts, "files": [str(path) for path in result.files], "degraded": result.degraded}


@click.command(epilog="; ".join(f"{name}: {source.what}" for name, source in archives.SOURCES.items()))
@click.argument("source", type=click.Choice(list(archives.SOURCES)))
@click.argument("start")
@click.argument("end")
@click.option("--name", help="The radar or product; by default the source's own.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder; by default one in the user's cache.")
@json_flag
def fetch(source: str, start: str, end: str, name: str | None, output: Path | None, as_json: bool) -> None:
    """Bring the files of a public archive from START to END (UTC), unless they are there; their paths are printed."""

    def tell(file: str, number: int, of: int) -> None:
        click.echo(f"{number}/{of} {file}", err=True)

    try:
        paths = archives.fetch(source, start, end, name=name, folder=output, progress=None if as_json else tell)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(json.dumps([str(path) for path in paths]) if as_json else "\n".join(map(str, paths)))
