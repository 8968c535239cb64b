"""The program nowcast. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done but degraded, 4 another cycle is at work."""

import importlib.util
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import rich.console
import rich.progress
import rich.table

from nowcast import _cli_archive, _cli_desk, _cli_health, _cli_info, _cli_ops, _cli_verify, _lib, io, jobs
from nowcast._cli_parts import (
    DEGRADED,
    finish,
    inputs_argument,
    json_flag,
    numbers,
    on_error_option,
    progress,
    quantity_option,
    zr_option,
)
from nowcast._jobs_blend import JOINS
from nowcast.cells import METHODS as CELLS
from nowcast.errors import NoDataError, NowcastError, UnsupportedError
from nowcast.extract import rows_of
from nowcast.forecast import MEMBERS, SAMPLINGS
from nowcast.forecast import METHODS as FORECASTS
from nowcast.mosaic import METHODS as MOSAICS
from nowcast.mosaic import REFLECTIVITIES
from nowcast.motion import METHODS
from nowcast.radar import FORMATS


class _Program(click.Group):
    """A group of verbs whose failures are one line of text and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NowcastError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Program)
@click.version_option(_lib.version(), message=f"%(prog)s %(version)s\n{_lib.build_info()}")
@click.option("--threads", type=click.IntRange(0, 1024), default=0, help="0 for one per processor.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done.")
@click.pass_context
def main(ctx: click.Context, threads: int, verbose: bool) -> None:
    """Weather nowcasting: radar composites in, verified forecasts out."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(format="%(levelname)s %(message)s", level=level, stream=sys.stderr, force=True)
    ctx.with_resource(_lib.settings(threads=threads))
    ctx.with_resource(io.isolated())


@main.command()
@inputs_argument
@click.argument("output")
@quantity_option
@click.option("--on-error", type=click.Choice(["skip", "raise"]), default="raise", show_default=True)
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), help="Of a volume; by default OUTPUT's suffix says."
)
@json_flag
def convert(
    inputs: tuple[str, ...], output: str, quantity: str | None, on_error: str, form: str | None, as_json: bool
) -> None:
    """Write fields, a radar volume or observations in the format OUTPUT's suffix names.

    Fields as .nc (CF), .h5 (ODIM composite of one time), .grib2 or .tif; the volume that INPUTS are parts of as .nc
    (FM 301), .h5 (ODIM), .ar2v (NEXRAD Level II), .bin or .bin.bz2 (CMA standard format); observations as .csv or
    .geojson, a row or a point for each value.
    """
    summary = jobs.convert(inputs, output, quantity=quantity, on_error=on_error, format=form)
    finish(
        summary,
        as_json,
        f"{output}: " + ", ".join(f"{summary[what]} {what}" for what in ("times", "sweeps", "rows") if what in summary),
    )


@main.command()
@inputs_argument
@click.option("-o", "--output", required=True, help="CF netCDF to write.")
@click.option("--minutes", type=float, default=60.0, show_default=True, help="Longest lead time.")
@click.option("--step", type=float, default=5.0, show_default=True, help="Minutes between lead times.")
@click.option("--method", type=click.Choice(FORECASTS), default="extrapolation", show_default=True)
@click.option("--members", type=click.IntRange(1), help=f"Of an ensemble; {MEMBERS} by default.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Of its noise: the same members again; 0 by default.")
@click.option(
    "--probability",
    "probabilities",
    callback=numbers,
    help="mm h-1, as 1,5: the probability that each is reached, written besides.",
)
@click.option("--quantiles", callback=numbers, help="As .1,.5,.9: these quantiles of the members, written besides.")
@click.option(
    "--blend", multiple=True, help="Rain of a weather model to join the forecast to; again for each of several runs."
)
@click.option("--join", type=click.Choice(JOINS), help="How members of steps are joined to it; blend by default.")
@click.option("--skill", help="JSON file in which the model's skill is kept from cycle to cycle, for --join blend.")
@click.option("--learned", help="Model of growth and decay, as text, that corrects forecasts of its method.")
@click.option("--motion", "motion_method", type=click.Choice(list(METHODS)), default="variational", show_default=True)
@click.option("--sampling", type=click.Choice(list(SAMPLINGS)), help="How fields are read between cells.")
@click.option("--max-speed", type=float, help="m s-1; faster motion is taken for error.")
@click.option(
    "--frames", type=click.IntRange(2, 24), help="Latest frames to use; by default the method chooses of six."
)
@quantity_option
@zr_option
@on_error_option
@json_flag
def forecast(inputs: tuple[str, ...], output: str, zr: tuple[float, float], as_json: bool, **choices: Any) -> None:
    """Carry the latest of a sequence of fields into the future, in mm h-1.

    Methods: extrapolation, the latest field carried as it is; ranked, each scale damped as it lasts and the values of
    the extrapolation kept; textured, which keeps small scales too; mean, the expected amount; sprog, Seed's method;
    anvil, what changed goes on changing; linda, which smears rain too, by laws around its strongest cells; steps,
    sseps, which is steps by place, and linda_ensemble, ensembles whose members are all as likely.
    """
    with progress():
        summary = jobs.forecast(inputs, output, a=zr[0], b=zr[1], **choices)
    of = f" of {summary['members']} members (seed {summary['seed']})" if summary["members"] else ""
    text = (
        f"{output}: {summary['forecast_method']}{of} from {summary['reference_time']} to "
        f"+{summary['lead_minutes'][-1]:g} min; "
        f"motion {summary['motion_status']}, mean {summary['mean_speed_m_s']:.1f} m s-1"
    )
    if summary["blend_status"]:
        text += f"; model: {summary['blend_status']}"
    if summary["further"]:
        text += f"; and {', '.join(summary['further'])}"
    if summary["carried_over"]:
        text += f"; {summary['carried_over']:.0%} of the cells with echo carried over from frame to frame"
    finish(summary, as_json, text)


def _place(_: click.Context, option: click.Parameter, site: str | None) -> tuple[float, float, float] | str | None:
    """A place LON,LAT,HEIGHT as (latitude, longitude, altitude), or the name of a radar."""
    if site is None or "," not in site:
        return site
    try:
        lon, lat, height = (float(part) for part in site.split(","))
    except ValueError:
        raise click.BadParameter(f"LON,LAT,HEIGHT or a name expected, {site} given", param=option) from None
    return lat, lon, height


def _metres(_: click.Context, option: click.Parameter, km: float) -> float:
    return 1e3 * km


def _around_radars(radius: float) -> Callable[[Any], Any]:
    """Options of the grid about radars, given in km, and of where these are; jobs take m."""

    def of_grid(name: str, default: float, text: str) -> Callable[[Any], Any]:
        return click.option(name, type=float, default=default, show_default=True, callback=_metres, help=text)

    options = (
        of_grid("--radius", radius, "km about every radar."),
        of_grid("--dx", 1.0, "Cells along x and y, km."),
        of_grid("--dz", 0.5, "Levels, km."),
        of_grid("--top", 20.0, "Highest level, km above mean sea level."),
        click.option(
            "--site",
            callback=_place,
            help="Where the radar is, of volumes that do not say: LON,LAT,HEIGHT (m), or a NEXRAD name.",
        ),
    )

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@main.command()
@inputs_argument
@click.option("-o", "--output", required=True, help="CF netCDF to write.")
@click.option("--field", "fields", multiple=True, default=("DBZH", "VRADH"), show_default=True, help="Moment to take.")
@click.option("--method", type=click.Choice(list(MOSAICS)), default="linear", show_default=True)
@click.option(
    "--reflectivity",
    type=click.Choice(list(REFLECTIVITIES)),
    default="echo",
    show_default=True,
    help="Mean dBZ of the gates with echo, or mean Z, as hail needs it.",
)
@_around_radars(200.0)
@click.option("--time", help="UTC of the mosaic; by default the ends of the volumes.")
@click.option("--max-age", type=float, help="s; sweeps farther from the time are left out.")
@click.option(
    "--motion",
    type=click.Choice(["estimate"]),
    help="Bring what every ray saw to the time of the mosaic, by the motion between volumes of a radar.",
)
@click.option("--follow", type=click.Choice(["sweep", "volume"]), help="Follow a folder, and write at each of these.")
@click.option("--timeout", type=float, help="s without anything new after which --follow ends; never by default.")
@click.option("--dem", "ground", help="Heights of the ground, GeoTIFF or netCDF: what they hide of beams is left out.")
@on_error_option
@json_flag
def mosaic(
    inputs: tuple[str, ...],
    output: str,
    follow: str | None,
    timeout: float | None,
    as_json: bool,
    **choices: Any,
) -> None:
    """Bring radar volumes, of one radar or several, onto a three-dimensional grid."""
    if follow is not None:
        _mosaic_live(inputs, output, as_json, every=follow, timeout=timeout, **choices)
        return
    with progress():
        summary = jobs.mosaic(inputs, output, **choices)
    known = ", ".join(f"{name} {share:.0%}" for name, share in summary["known"].items())
    when = " to ".join(dict.fromkeys((summary["times"][0], summary["times"][-1])))
    text = f"{output}: {', '.join(summary['radars'])}; {when}; known: {known}"
    text += f"; motion: {summary['motion']}" if summary["motion"] != "none" else ""
    for what in ("absent", "late", "incomplete", "left_out"):
        if summary[what]:
            text += f"; {what.replace('_', ' ')}: {', '.join(summary[what])}"
    finish(summary, as_json, text)


def _mosaic_live(inputs: tuple[str, ...], output: str, as_json: bool, **choices: Any) -> None:
    """Write and print one mosaic after the other; the last decides how it ends."""
    if len(inputs) != 1 or any([choices.pop(name) is not None for name in ("time", "ground", "site")]):
        raise click.UsageError("--follow goes with one folder, and not with --time, --dem and --site")
    del choices["on_error"]  # files that cannot be read are left out, and the log says so
    summary: dict[str, Any] = {}
    for summary in jobs.mosaic_live(inputs[0], output, **choices):
        text = f"{output}: {summary['time']}; {', '.join(summary['radars'])}"
        text += f"; motion: {summary['motion']}" if summary["motion"] != "none" else ""
        text += f"; late: {', '.join(summary['late'])}" if summary["late"] else ""
        click.echo(json.dumps(summary) if as_json else text)
    if not summary:
        raise NoDataError(f"{inputs[0]}: no sweep with any of {', '.join(choices['fields'])} came")
    if summary["degraded"]:
        raise click.exceptions.Exit(DEGRADED)


@main.command()
@inputs_argument
@click.option("-o", "--output", required=True, help="CF netCDF to write.")
@click.option("--background", help="A model, or soundings and profilers; by default a profile fitted to the volumes.")
@click.option("--low-level", help="CF netCDF to write besides: the low-level wind, now and in the next hours.")
@click.option("--minutes", type=float, default=120.0, show_default=True, help="The last of its lead times.")
@click.option("--step", type=float, default=10.0, show_default=True, help="Minutes between them.")
@click.option("--ground", type=float, help="m above mean sea level, of its heights.")
@click.option("--stations", multiple=True, help="Observations near the ground that it is drawn to; may be repeated.")
@_around_radars(80.0)
@click.option("--time", help="UTC of the wind; by default the middle of the volumes.")
@click.option("--max-age", type=float, help="s; rays farther from the time are left out.")
@on_error_option
@json_flag
def wind(
    inputs: tuple[str, ...],
    output: str,
    as_json: bool,
    **choices: Any,
) -> None:
    """Find the wind in three dimensions that radar volumes of one time agree upon, and of it the low-level wind."""
    with progress():
        summary = jobs.wind(inputs, output, **choices)
    text = f"{output}: {summary['report']}"
    if summary["low_level"]:
        text += f"\n{summary['low_level']}: low-level wind, to +{choices['minutes']:g} min"
    for what in ("incomplete", "left_out"):
        if summary[what]:
            text += f"\n{what.replace('_', ' ')}: {', '.join(summary[what])}"
    finish(summary, as_json, text)


@main.command()
@inputs_argument
@click.option("-o", "--output", required=True, help="CF netCDF to write.")
@click.option("--quantity", default="DBZH", show_default=True, help="The reflectivity to take.")
@click.option(
    "--height", "heights", type=float, multiple=True, default=(1.0, 3.0, 5.0), show_default=True, help="Of CAPPIs, km."
)
@click.option(
    "--top", "tops", type=float, multiple=True, default=(18.5, 45.0), show_default=True, help="dBZ, of tops of echo."
)
@click.option("--freezing", type=float, help="Height of 0 degC, km above mean sea level; with --cold there is hail.")
@click.option("--cold", type=float, help="Height of -20 degC, km above mean sea level.")
@click.option("--ground", type=float, help="Height of the ground, km above mean sea level.")
@click.option("--model", "air", help="Model fields or a sounding: heights of 0 and -20 degC, kind of precipitation.")
@click.option(
    "--track",
    "tracks",
    type=float,
    multiple=True,
    default=(30.0, 60.0, 120.0, 360.0),
    show_default=True,
    help="Minutes, of tracks of rotation.",
)
@click.option("--advect", is_flag=True, help="Carry what leaves tracks along the motion between times.")
@on_error_option
@json_flag
def product(
    inputs: tuple[str, ...],
    output: str,
    heights: tuple[float, ...],
    freezing: float | None,
    cold: float | None,
    ground: float | None,
    as_json: bool,
    **choices: Any,
) -> None:
    """Derive products from three-dimensional analyses: composite, CAPPI, tops, liquid, hail; rotation and turbulence
    of those that have AZSHR and EDR."""
    levels = {"freezing": freezing, "cold": cold, "ground": ground}
    choices |= {name: None if km is None else 1e3 * km for name, km in levels.items()}
    choices["heights"] = [1e3 * km for km in heights]
    with progress():
        summary = jobs.product(inputs, output, **choices)
    greatest = summary["greatest"]
    shown = {"composite": "dBZ", "vil": "kg m-2", "mesh": "mm"}
    text = f"{output}: {len(summary['products'])} products of {len(summary['times'])} times; greatest " + ", ".join(
        f"{name} {greatest[name]:.1f} {unit}" for name, unit in shown.items() if greatest.get(name) is not None
    )
    if summary["left_out"]:
        text += f"; left out: {', '.join(summary['left_out'])}"
    finish(summary, as_json, text)


@main.command()
@inputs_argument
@click.option("-o", "--output", required=True, help="Tracks to write: .csv, .geojson (with outlines) or .parquet.")
@click.option("--events", help="CSV to write besides: births, splits, merges and ends.")
@click.option("--method", type=click.Choice(list(CELLS)), default="tree", show_default=True)
@click.option("--threshold", type=float, help="Of a storm, in the units of the field; 35 by default.")
@click.option("--least-peak", type=float, help="Which storm and cell reach; 40 by default.")
@click.option("--saliency", type=float, help="Of a peak above the saddle to the next; 5 by default.")
@click.option("--least-size", type=float, help="Of a storm, m2, of fields with levels m3; 10 km2 or 30 km3 by default.")
@click.option("--closing", type=float, help="m; storms at most so far apart are one; 0 by default.")
@click.option("--patience", type=float, help="s; a track not seen for longer ends; 900 by default.")
@click.option("--motion/--no-motion", default=True, show_default=True, help="Estimate the motion between fields.")
@quantity_option
@on_error_option
@json_flag
def cells(inputs: tuple[str, ...], output: str, as_json: bool, **choices: Any) -> None:
    """Find the cells of a sequence of fields and follow them; a row for each track and time."""
    with progress():
        summary = jobs.cells(inputs, output, **choices)
    what = ", ".join(f"{n} {name}" for name, n in summary["events"].items()) or "none"
    text = (
        f"{output}: {summary['tracks']} tracks of {summary['cells']} cells at {len(summary['times'])} times, "
        f"the longest {summary['longest_minutes']:.0f} min; events: {what}"
    )
    if summary["left_out"]:
        text += f"; left out: {', '.join(summary['left_out'])}"
    finish(summary, as_json, text)


def _pairs(_: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> Any:
    """A file of places, or longitude,latitude as often as it is given."""
    if not texts:
        return ()
    try:
        pairs = [tuple(float(part) for part in text.split(",")) for text in texts]
    except ValueError:
        pairs = []
    if all(len(pair) == 2 for pair in pairs) and pairs:
        return pairs
    if len(texts) == 1:
        return texts[0]
    raise click.BadParameter("one file, or longitude,latitude several times expected", param=option)


@main.command()
@inputs_argument
@click.option("-o", "--output", help="Table to write: .csv, .json or .nc; printed when omitted.")
@click.option("--points", multiple=True, callback=_pairs, help="CSV or GeoJSON of points, or longitude,latitude.")
@click.option("--route", multiple=True, callback=_pairs, help="The same of a route, perhaps with times.")
@click.option("--areas", help="GeoJSON of polygons: mean, greatest, total and shares over thresholds.")
@click.option("--threshold", "thresholds", type=float, multiple=True, help="For shares of areas, and for --onset.")
@click.option("--onset", is_flag=True, help="When the threshold is reached at the points, and when no longer.")
@click.option("--method", type=click.Choice(["nearest", "bilinear"]), default="nearest", show_default=True)
@click.option("--members", type=click.Choice(["keep", "summary"]), default="keep", show_default=True)
@click.option("--step", type=float, help="m between the points of a route; half a cell by default.")
@quantity_option
@on_error_option
@json_flag
def extract(inputs: tuple[str, ...], output: str | None, as_json: bool, **choices: Any) -> None:
    """Take the values of fields at points, along a route or in areas, as a table."""
    with progress():
        table, summary = jobs.extract(inputs, output, **choices)
    if output is None:
        summary["table"] = rows_of(table)
    text = f"{output}: {summary['rows']} rows of {summary['places']} places"
    text = text if output else table.to_csv(index=False).rstrip()
    finish(summary, as_json, text)


@main.command()
@click.argument("inputs", nargs=-1, required=True, metavar="QUANTITY=FILE...")
@click.option("-o", "--output", required=True, help="Folder for GeoJSON, CSV and CAP; a .geojson file of areas alone.")
@click.option("--rules", default="cma", show_default=True, help="TOML file, or cma, nws.")
@click.option("--places", help="GeoJSON of places or districts; without it warnings are for areas.")
@click.option("--time", "now", help="UTC; where forecasts begin by default, else the latest time.")
@click.option("--state", help="File that warnings go on from, and are kept in.")
@click.option("--journal", help="File that a line of JSON for each event is appended to.")
@click.option("--areas-only", is_flag=True, help="Areas, without warnings.")
@click.option(
    "--probability-of", type=(str, float), multiple=True, help="Quantity and threshold an input is the probability of."
)
@click.option("--margin", type=float, help="m, how far areas reach beyond their cells; 2000 by default.")
@click.option("--most-points", type=int, help="Of an area; 40 by default.")
@click.option("--restart", is_flag=True, help="Begin anew where time went back.")
@click.option("--sender", default="nowcast@localhost", show_default=True, help="Of CAP messages.")
@click.option("--sender-name", help="The same by name.")
@click.option("--chinese", is_flag=True, help="CAP by the profile of the Chinese warning platform.")
@on_error_option
@json_flag
def warn(inputs: tuple[str, ...], output: str, as_json: bool, **choices: Any) -> None:
    """Hold fields against rules: warnings that go on from call to call, as GeoJSON and CAP; automatic guidance."""
    with progress():
        summary = jobs.warn(inputs, output, **choices)
    if "areas" in summary:
        text = f"{output}: {summary['areas']} areas at {summary['now']}"
    else:
        what = ", ".join(f"{n} {name}" for name, n in summary["events"].items()) or "none"
        text = f"{output}: {summary['warnings']} warnings at {summary['now']}; events: {what}"
    if summary["left_out"]:
        text += f"; left out: {', '.join(summary['left_out'])}"
    finish(summary, as_json, text)


@main.command()
@click.argument("forecast")
@click.option("--obs", "observed", multiple=True, help="Observed file or pattern; may be repeated.")
@click.argument("more_observed", nargs=-1)
@click.option("-o", "--output", help="Scores to write: .csv or .nc.")
@click.option("--threshold", "thresholds", type=float, multiple=True, default=(0.1, 1.0, 5.0), show_default=True)
@click.option("--window", "windows", type=int, multiple=True, default=(1, 5, 10, 20), show_default=True)
@click.option("--stations", multiple=True, help="Observations at points, instead of --obs; --quantity says of what.")
@click.option(
    "--withhold", type=click.FloatRange(0, 1), help="Score with this share of the stations, kept back by name."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of those kept back.")
@click.option("--variable", help="Of a model run; by default rain, mm h-1, of rates or amounts.")
@click.option("--tolerance", type=float, default=0.0, help="Minutes an observation may be from a valid time.")
@click.option(
    "--by",
    type=click.Choice(_cli_verify.BY),
    default="cells",
    show_default=True,
    help="Cell by cell; by scales of wavelets; by objects, those of --threshold if one is given; or the probabilities "
    "of the thresholds that the forecast has.",
)
@click.option("--calibration", help="Curves learnt of probabilities to write, .nc; of members or --by probability.")
@quantity_option
@zr_option
@on_error_option
@json_flag
def verify(
    forecast: str,
    observed: tuple[str, ...],
    more_observed: tuple[str, ...],
    output: str | None,
    zr: tuple[float, float],
    as_json: bool,
    **choices: Any,
) -> None:
    """Score FORECAST with what was observed then; one with members by CRPS, Brier score, spread and ranks.

    Files after the first of --obs may follow without it: --obs a.h5 b.h5 c.h5.
    """
    with progress():
        scores, summary = jobs.verification(forecast, (*observed, *more_observed), output, a=zr[0], b=zr[1], **choices)
    if as_json:
        summary["scores"] = _cli_verify.numbers(scores, choices["by"])
    else:
        rich.console.Console(width=120).print(_cli_verify.table(scores, summary["lead_minutes"], choices["by"]))
    finish(summary, as_json, output or "")


for _verb in (
    _cli_archive.archive,
    _cli_archive.fetch,
    _cli_desk.desk_verb,
    _cli_health.health,
    _cli_info.info,
    _cli_ops.config,
    _cli_ops.run,
    _cli_ops.status,
):
    main.add_command(_verb)


@main.command()
@click.option("-o", "--output", default="demo", show_default=True, help="Folder for files and figures.")
def demo(output: str) -> None:
    """The whole chain on a synthetic storm: files, forecast, scores, figures."""
    if importlib.util.find_spec("nowcast.demo") is None:
        raise UnsupportedError("this build has no demo")
    demo_module = importlib.import_module("nowcast.demo")
    demo_module.run(Path(output))


@main.command()
@json_flag
def doctor(as_json: bool) -> None:
    """What is installed and where; exit code 1 when something does not work."""
    found = jobs.doctor()
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, value in found.items():
            if name == "packages":
                value = ", ".join(f"{package} {version or 'absent'}" for package, version in value.items())
            elif name == "problems":
                value = "; ".join(value) or "none"
            click.echo(f"{name:12} {value}")
    if found["problems"]:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
