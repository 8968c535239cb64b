"""The verb desk: corrections in the browser, and their log and fields without one."""

import json
from pathlib import Path
from typing import Any

import click

from nowcast import _netcdf, desk
from nowcast._cli_parts import json_flag
from nowcast.errors import ArgumentError, FileError

_log = click.option("--log", type=click.Path(), required=True, help="Of edits.")


class _Desk(click.Group):
    """``nowcast desk OUTPUT`` is ``nowcast desk serve OUTPUT``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group("desk", cls=_Desk, subcommand_metavar="[RUN-OUTPUT] | COMMAND [ARGS]...")
def desk_verb() -> None:
    """Correct products by hand: in the browser, from the output of cycles; or as data."""


@desk_verb.command()
@click.argument("output", type=click.Path())
@_log
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any that is free.")
@click.option("--token", help="That a browser must tell; wanted for addresses other than this machine's own.")
@click.option("--suggestions", type=click.Path(), help="A list of suggested edits, as JSON.")
@click.option("--open", "open_browser", is_flag=True, help="Open a browser.")
def serve(
    output: str, log: str, host: str, port: int, token: str | None, suggestions: str | None, open_browser: bool
) -> None:
    """Serve the output of cycles as a map to correct."""
    desk.serve(output, log=log, host=host, port=port, token=token, open_browser=open_browser, suggestions=suggestions)


@desk_verb.command("log")
@click.argument("path", type=click.Path())
@click.option("--add", type=click.Path(), help="A file with an edit, or a list of them, as JSON.")
@click.option("--undo", metavar="ID", help="Let an edit act no longer.")
@click.option("--redo", metavar="ID", help="Let an edit that was undone act again.")
@click.option("--author", help="Of --undo and --redo.")
@click.option("--reason", default="", help="Of --undo and --redo.")
@json_flag
def log_verb(
    path: str, add: str | None, undo: str | None, redo: str | None, author: str | None, reason: str, as_json: bool
) -> None:
    """Show a log of edits, or add to it."""
    log = desk.Log(path)
    if (undo or redo) and not author:
        raise click.UsageError("--undo and --redo want --author")
    for edit in _edits(add) if add else []:
        log.append(edit)
    if undo:
        log.undo(undo, author=author or "", reason=reason)
    if redo:
        log.redo(redo, author=author or "", reason=reason)
    history = log.history()
    standing = {edit.id for edit in log.active()}
    if as_json:
        click.echo(json.dumps({"history": [entry.plain for entry in history], "active": sorted(standing)}))
        return
    for entry in history:
        what = f"{entry.edit.kind} {entry.edit.layer}" if entry.edit else ""
        state = "" if entry.edit is None or entry.id in standing else " (undone)"
        said = f"{entry.time:%Y-%m-%d %H:%M:%S}Z {entry.action} {entry.id} {what}{state}"
        click.echo(f"{said.rstrip()}; {entry.author}: {' '.join(entry.reason.split())}")


@desk_verb.command("apply")
@click.argument("path", type=click.Path())
@_log
@click.option("-o", "--output", type=click.Path(), required=True, help="netCDF.")
@click.option("--at", help="UTC, of fields without a time of their own.")
@click.option("--motion", type=click.Path(), help="netCDF of u and v, along which areas move.")
@json_flag
def apply_verb(path: str, log: str, output: str, at: str | None, motion: str | None, as_json: bool) -> None:
    """Correct the fields of a netCDF file by the edits of a log that are active."""
    _netcdf.check_name(output)
    sources = {} if motion is None else {"motion": _netcdf.read(motion)}
    made = desk.apply(_netcdf.read(path), desk.Log(log).active(), sources=sources, at=at)
    _netcdf.write(made, output)
    acted: list[dict[str, Any]] = json.loads(made.attrs["corrections"])
    said = [f"{one['kind']} {one['layer']}: {one['id']}" for one in acted]
    click.echo(json.dumps({"output": output, "corrections": acted}) if as_json else "\n".join([output, *said]))


def _edits(path: str) -> list[Any]:
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path}: {error}") from error
    return said if isinstance(said, list) else [said]
