"""The verbs of operations: run, status, config."""

import json
from pathlib import Path
from typing import Any

import click

from nowcast import ops
from nowcast._cli_parts import DEGRADED, LOCKED, json_flag
from nowcast._files import refusals

_config = click.argument("config", type=click.Path())


@click.command()
@_config
@click.option("--time", help="UTC of the cycle; by default the latest that is due.")
@click.option("--replay", nargs=2, metavar="START END", help="Run the cycles of a span of time again, into a folder.")
@click.option("--into", type=click.Path(), help="Of --replay: that folder.")
@json_flag
def run(config: str, time: str | None, replay: tuple[str, str] | None, into: str | None, as_json: bool) -> None:
    """Run one operational cycle, or those of an archive. Exit code 3: degraded; 4: another cycle is at work."""
    if (replay is None) != (into is None) or (replay and time):
        raise click.UsageError("--replay goes with --into, and not with --time")
    degraded = False
    try:
        outcomes = [ops.run(config, time)] if replay is None else ops.replay(config, *replay, into=into or "")
        for outcome in outcomes:
            degraded = degraded or bool(outcome.degraded)
            click.echo(json.dumps(outcome.manifest) if as_json else _line(outcome))
    except ops.LockedError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(LOCKED) from None
    if degraded:
        raise click.exceptions.Exit(DEGRADED)


def _line(outcome: ops.Outcome) -> str:
    if not outcome.fresh:
        return f"{outcome.folder}: was published before"
    spent = sum(outcome.manifest["seconds"].values())
    text = f"{outcome.folder}: {len(outcome.manifest['products'])} files in {spent:.1f} s"
    return "; ".join([text, *outcome.degraded])


@click.command()
@_config
@json_flag
def status(config: str, as_json: bool) -> None:
    """How old the latest cycle is, and what it lacked. Exit code 3: degraded, or nothing published yet."""
    found = ops.status(config)
    click.echo(json.dumps(found) if as_json else "\n".join(_lines(found)))
    if found["time"] is None or found["degraded"]:
        raise click.exceptions.Exit(DEGRADED)


def _lines(found: dict[str, Any]) -> list[str]:
    if found["time"] is None:
        return [f"{found['name']}: nothing published in {found['output']}"]
    first = (
        f"{found['name']}: {found['time']}, {found['age_minutes']:.0f} min ago, in {found['seconds']:.1f} s; "
        f"{found['degraded_cycles']} of {found['cycles']} cycles degraded"
    )
    stages = [f"  {one['stage']}: {'; '.join([one['status'], *one['reasons']])}" for one in found["stages"]]
    return [first, *stages, *(f"  {line}" for line in found.get("unreadable", ()))]


@click.group()
def config() -> None:
    """Configurations of cycles."""


@config.command()
@click.argument("path", type=click.Path())
@click.option("--name", default="region", show_default=True)
@click.option("--longitude", type=float, default=0.0, help="Of the middle, degrees.")
@click.option("--latitude", type=float, default=0.0, help="Of the middle, degrees.")
def new(path: str, name: str, longitude: float, latitude: float) -> None:
    """Write a configuration with every entry explained; nothing is overwritten."""
    with refusals(path), Path(path).open("x", encoding="utf-8") as file:
        file.write(ops.template(name, longitude, latitude))
    click.echo(path)


@config.command()
@_config
def check(config: str) -> None:
    """Say what is wrong with a configuration, without running anything."""
    told = ops.Config.load(config)
    click.echo(f"{config}: {told.name}, every {told.every_minutes:g} min, {', '.join(told.stages)}")
