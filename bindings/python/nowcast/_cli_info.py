"""The verb info: what is in files, in a few lines each."""

import json
from collections.abc import Iterator
from typing import Any

import click

from nowcast._cli_parts import inputs_argument, json_flag
from nowcast._open import describe


@click.command()
@inputs_argument
@json_flag
def info(inputs: tuple[str, ...], as_json: bool) -> None:
    """What is in files: fields and grids, sweeps of volumes, variables of models, stations and their values."""
    found = [describe(path) for path in inputs]
    if as_json:
        click.echo(json.dumps(found))
        return
    for file in found:
        click.echo(f"{file['path']}: {file['format']}")
        for line in _lines(file):
            click.echo(f"  {line}")


def _lines(file: dict[str, Any]) -> Iterator[str]:
    if "sweeps" in file:
        yield from _volume_lines(file)
    elif "quantities" in file:
        yield from _observation_lines(file)
    elif "variables" in file:
        yield from _model_lines(file)
    else:
        yield from map(_field_line, file["fields"])


def _observation_lines(file: dict[str, Any]) -> Iterator[str]:
    several = file["stations"]
    shown = [" ".join(filter(None, (station["kind"], station["id"], station["name"]))) for station in several[:5]]
    left = f" and {len(several) - len(shown)} more" if len(several) > len(shown) else ""
    times = {file["first_time"], file["last_time"]}
    when = "time not in the file" if None in times else " to ".join(sorted(times))
    yield f"{', '.join(shown)}{left}; {file['reports']} reports, {when}"
    if file["incomplete"]:
        yield f"incomplete: {file['incomplete']}"
    for row in file["quantities"]:
        reach = "" if row["min"] is None else f", {row['min']:g} to {row['max']:g} {row['units']}"
        yield f"{row['quantity']}: {row['values']} values{reach}"


def _model_lines(model: dict[str, Any]) -> Iterator[str]:
    runs, steps = model["reference_times"], model["steps_h"]
    members = f", {len(model['members'])} members" if model["members"] else ""
    yield (
        f"{model['messages']} fields, {runs[0]}" + (f" to {runs[-1]} ({len(runs)} runs)" if len(runs) > 1 else "")
    ) + f", +{steps[0]:g} to +{steps[-1]:g} h ({len(steps)} steps){members}"
    if model["incomplete"]:
        yield f"incomplete: {model['incomplete']}"
    for grid in model["grids"]:
        yield f"{grid['nx']} x {grid['ny']} cells of {grid['dx']:g} x {grid['dy']:g}, {grid['projection']}"
    for variable in model["variables"]:
        levels = variable["levels"]
        where = variable["level_type"] + (f" {levels[0]:g}" if levels else "")
        where += f" to {levels[-1]:g} ({len(levels)})" if len(levels) > 1 else ""
        statistic = "" if variable["statistic"] == "instant" else f", {variable['statistic']}"
        statistic += f", {variable['derived']}" if variable["derived"] else ""
        yield f"{variable['name']} [{variable['units']}] {where}{statistic}, {variable['fields']} fields"


def _field_line(field: dict[str, Any]) -> str:
    grid = field["grid"]
    reach = "nothing known" if field["min"] is None else f"{field['min']:g} to {field['max']:g}"
    level = f" at {field['height_m']:g} m" if field["height_m"] else ""
    level += f" member {field['member']} of {field['members']}" if field["members"] else ""
    when = field["time"] or "of no time"
    return (
        f"{field['quantity']} {when}{level} {reach} {field['units']}, "
        f"{field['known'] / field['cells']:.0%} known, {grid['nx']} x {grid['ny']} cells of "
        f"{grid['dx']:g} x {grid['dy']:g}, {grid['projection']}"
    )


def _volume_lines(volume: dict[str, Any]) -> Iterator[str]:
    place = [volume["latitude"], volume["longitude"], volume["altitude"]]
    where = "place not in the file" if None in place else "{:.4f} N {:.4f} E {:.0f} m".format(*place)
    yield " ".join(filter(None, (volume["site"], volume["site_name"], where, volume["time"], volume["scan_name"])))
    if volume["experimental"]:
        yield "experimental: no real file of this kind was at hand when its decoder was written"
    if volume["incomplete"]:
        yield f"incomplete: {volume['incomplete']}"
    for number, sweep in enumerate(volume["sweeps"]):
        angle = "?" if sweep["fixed_angle"] is None else f"{sweep['fixed_angle']:.2f}"
        nyquist = "" if sweep["nyquist"] is None else f", Nyquist {sweep['nyquist']:.2f} m s-1"
        moments = ", ".join(
            f"{moment['name']} {moment['gates']} x {moment['gate_spacing']:g} m"
            + ("" if moment["min"] is None else f" {moment['min']:g} to {moment['max']:g}")
            for moment in sweep["moments"]
        )
        yield f"{number}: {angle} degrees, {sweep['mode']}, {sweep['rays']} rays{nyquist}: {moments}"
