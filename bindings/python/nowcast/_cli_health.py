"""The verb health: tables of what radars lack and how they differ."""

from collections.abc import Iterator

import click
import pandas as pd
import rich.console
import rich.table

from nowcast import jobs
from nowcast._cli_parts import finish, inputs_argument, json_flag, on_error_option, progress
from nowcast.radar import Health


@click.command()
@inputs_argument
@click.option("--map", "clutter_map", help="Clutter map of the radar, as nowcast.radar.ClutterMap saves it.")
@click.option("--freezing", type=float, help="Height of 0 degC, km above mean sea level: rain tells the bias of dBZ.")
@on_error_option
@json_flag
def health(
    inputs: tuple[str, ...], clutter_map: str | None, freezing: float | None, on_error: str, as_json: bool
) -> None:
    """How radars are, by volumes of theirs: noise, biases, the sun, the ground, what is missing or late, and how they
    compare where they see the same.

    INPUTS are files of one volume each, or folders of volumes; of one radar over time, or of several.
    """
    with progress():
        level = None if freezing is None else 1e3 * freezing
        found, summary = jobs.health(inputs, clutter_map=clutter_map, freezing_level=level, on_error=on_error)
    if not as_json:
        console = rich.console.Console(width=120)
        for table in tables(found):
            console.print(table)
        for line in summary["left_out"]:
            click.echo(f"left out: {line}")
    finish(summary, as_json, "degraded" if summary["degraded"] else "nothing missing")


def tables(found: Health) -> Iterator[rich.table.Table]:
    """The volumes, where antennas point, and pairs of radars by height and range."""
    columns = {
        "radar": "radar",
        "time": "time",
        "sweeps": "sweeps",
        "missing_sweeps": "missing",
        "missing_rays": "rays missing",
        "late_s": "late, s",
        "noise_dbz": "noise, dBZ at 1 km",
        "dbz_bias_db": "dBZ bias, dB",
        "zdr_bias_db": "ZDR bias, dB",
        "clutter_offset_db": "ground, dB",
        "sun_hits": "sun",
    }
    yield _table("volumes", columns, found.volumes)
    if len(found.pointing):
        columns = {"radar": "radar", "azimuth_offset": "azimuth, degrees", "elevation_offset": "elevation, degrees"}
        columns |= {"power_dbz": "sun, dBZ at 1 km", "zdr_db": "ZDR, dB", "hits": "hits"}
        yield _table("pointing by the sun: what the antenna says, less what is true", columns, found.pointing)
    if len(found.turns):
        columns = {"radar": "radar", "beside": "beside", "azimuth_offset": "too large by, degrees"}
        columns |= {"correlation": "correlation so", "as_told": "as told", "places": "places"}
        yield _table("azimuths beside another radar", columns, found.turns)
    little = []
    for _, rows in found.pairs.groupby(["a", "b"]):
        a, b, places = str(rows["a"].iloc[0]), str(rows["b"].iloc[0]), int(rows["places"].iloc[0])
        if places >= _FEWEST_PLACES:
            yield _pair_table(f"{a} less {b}, dB, by height and range from the further", rows)
        else:
            little.append(f"{a} and {b} ({places})")
    if little:
        lines = rich.table.Table("radars within reach of one another, and how few places have an echo in both")
        lines.add_row(", ".join(little))
        yield lines


_FEWEST_PLACES = 30  # of which a difference is printed


def _pair_table(title: str, rows: pd.DataFrame) -> rich.table.Table:
    """Heights down, and the spread, the number of places and ranges across; the first row is of all heights."""
    ranges = sorted(rows["range_km"].dropna().unique())
    heads = [f"{low:.0f} km" for low in ranges]
    table = rich.table.Table("height", "all", "spread", "places", *heads, title=title, title_justify="left")
    for _, level in rows.groupby("height_km", dropna=False, sort=False):
        level = level.set_index(level["range_km"].fillna(-1.0))
        few = level["places"] < _FEWEST_PLACES
        shown = level["difference_db"].map("{:+.1f}".format).where(~few, "")
        whole = level.loc[-1.0]
        height: str = "all" if pd.isna(whole["height_km"]) else f"{whole['height_km']:.0f} km"
        cells = [shown.get(low, "") for low in ranges]
        table.add_row(height, shown[-1.0], f"{whole['spread_db']:.1f}", str(whole["places"]), *cells)
    return table


def _table(title: str, columns: dict[str, str], rows: pd.DataFrame) -> rich.table.Table:
    table = rich.table.Table(*columns.values(), title=title, title_justify="left")
    for row in rows[list(columns)].itertuples(index=False):
        table.add_row(
            *("" if value != value else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row)
        )
    return table
