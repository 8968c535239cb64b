"""What the verbs of the program share: options, a bar of progress, the last line and the exit codes."""

import contextlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import click
import rich.console
import rich.progress

from nowcast import _lib

DEGRADED, LOCKED = 3, 4
"""Exit codes."""


@contextlib.contextmanager
def progress() -> Iterator[None]:
    """A bar on a terminal, elsewhere one log line for each stage."""
    console = rich.console.Console(stderr=True)
    if not console.is_terminal:
        seen: set[str] = set()

        def line(stage: str, fraction: float) -> None:
            if stage not in seen:
                seen.add(stage)
                logging.getLogger("nowcast").info("%s", stage)

        with _lib.settings(progress=line):
            yield
        return
    with rich.progress.Progress(console=console, transient=True) as bars:
        tasks: dict[str, rich.progress.TaskID] = {}

        def move(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=fraction)

        with _lib.settings(progress=move):
            yield


def finish(summary: dict[str, Any], as_json: bool, text: str) -> None:
    """Print the summary, say what was left out, and exit with 3 when it is degraded."""
    if as_json:
        click.echo(json.dumps(summary))
    else:
        click.echo(text)
    if summary.get("degraded"):
        raise click.exceptions.Exit(DEGRADED)


def numbers(_: click.Context, option: click.Parameter, text: str | None) -> list[float]:
    """Numbers with commas between them."""
    try:
        return [float(part) for part in text.split(",")] if text is not None else []
    except ValueError:
        raise click.BadParameter(f"numbers with commas between them expected, {text} given", param=option) from None


json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
quantity_option = click.option("--quantity", help="Field to take, such as RATE, ACRR, DBZH; the first one by default.")
inputs_argument = click.argument("inputs", nargs=-1, required=True)
on_error_option = click.option(
    "--on-error",
    type=click.Choice(["skip", "raise"]),
    default="skip",
    show_default=True,
    help="Leave damaged or missing files out, or stop at them.",
)
zr_option = click.option(
    "--zr", type=(float, float), default=(200.0, 1.6), show_default=True, help="a and b of Z = a R^b, for reflectivity."
)
