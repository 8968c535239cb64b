"""Why a peer reads a file otherwise than libnowcast does: what volumes.py says beside each difference.

Every reason begins with the document that decides, the format's own. A difference for which there is none here is one
to look at: either the decoder is wrong, or the reason belongs here.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A difference: its kind, the moment and the file as regular expressions, the most it may be, and the reason."""

    kind: str
    why: str
    moment: str = ".*"
    at_most: float = float("inf")
    file: str = ""


_TEXTS_OF_RAYS = (
    Known(
        "azimuth|elevation|time",
        "OPERA data model 2.0, azangles, elangles, aztimes: texts that the peer does not read",
        at_most=900.0,
        file="dk(rom|sin)",
    ),
    Known(
        "one ray on|values|value only ours|value where ours.*|no echo only.*",
        "OPERA data model 2.0, azangles: without it rays stand up to two rows beside their direction",
        file="dk(rom|sin)",
    ),
)

KNOWN: dict[tuple[str, str], list[Known]] = {
    ("pyart", "NEXRAD Level II"): [
        Known(
            "finer gates",
            "ICD 2620002: a moment has gates of its own; Py-ART repeats them on the finest of the volume",
        ),
        Known(
            "value where ours is not observed",
            "ICD 2620002: the last message ends inside its widths; we keep moments that are whole",
            moment="WRADH",
            file="KTLX1991",
        ),
    ],
    ("pyart", "ODIM_H5"): [
        Known(
            "time",
            "OPERA data model 4.2, a1gate: the ray radiated first is the earliest; Py-ART counts from north, in "
            "whole seconds",
            at_most=70.0,
        ),
        Known(
            "order of rays",
            "OPERA data model 4.2, a1gate: Py-ART leaves rays in the order of rows, from north on; ours is that "
            "of radiation",
        ),
        *_TEXTS_OF_RAYS,
    ],
    ("pyart", "CfRadial 1"): [
        Known(
            "rays",
            "CfRadial 1.4, antenna_transition: a ray between sweeps is of none",
        ),
    ],
    ("pyart", "IRIS RAW"): [
        Known(
            "time",
            "IRIS manual M211319EN, 4, ymds_time: Py-ART leaves out the milliseconds of the start",
            at_most=1.0,
        ),
        Known(
            "range",
            "IRIS manual M211319EN, 4, task_range_info: it has the step, and a first bin at 0 begins there; Py-"
            "ART divides the reach, from a centre at 0",
        ),
        Known(
            "value where ours is not observed",
            "IRIS manual M211319EN, 4: code 0 is no data; Py-ART takes it for a class",
            moment="CLASS",
        ),
    ],
    ("xradar", "NEXRAD Level II"): [
        Known(
            "moment only ours",
            "ICD 2620002, message 1: widths have a pointer as velocities have; xradar drops them",
            moment="WRADH",
        ),
        Known(
            "range",
            "ICD 2620002, message 1: Doppler gates have a length and a first gate, which may be negative; xradar "
            "gives them those of reflectivity",
            moment="VRADH",
        ),
        Known(
            "value where ours is not observed",
            "ICD 2620002, message 1: each ray says how many gates it has; xradar reads as many as the first has, "
            "into the widths",
            moment="VRADH",
        ),
        Known(
            "no echo only theirs",
            "ICD 2620002: beyond the last gate nothing was observed; xradar fills rays up with code 0, below threshold",
            moment="DBZH",
        ),
        Known(
            "rays|azimuth",
            "ICD 2620010: the file ends after 120 rays; xradar moves those of such a sweep onto even azimuths and"
            " adds empty ones",
            file="msg31_compressed",
        ),
    ],
    ("xradar", "ODIM_H5"): [
        Known(
            "nyquist only ours",
            "OPERA data model 4.5: NI may stand at any level, and follows from wavelength, highprf and lowprf; "
            "xradar looks beside the sweep",
        ),
        Known(
            "order of rays",
            "OPERA data model 4.2: rays without times are in the order of a1gate and rpm; xradar has times alone",
        ),
        Known(
            "azimuth",
            "OPERA data model 2.2, astart: xradar leaves it out",
            at_most=0.5,
        ),
        *_TEXTS_OF_RAYS,
        Known(
            "moment only theirs",
            "OPERA data model 4.1: it is a quality field of the sweep, and no moment",
            moment="CLASS",
        ),
    ],
    ("xradar", "CfRadial 1"): [
        Known(
            "rays",
            "CfRadial 1.4, antenna_transition: a ray between sweeps is of none",
        ),
        Known(
            "order of rays",
            "CfRadial 1.4: rays stand as they were taken; xradar orders those of one time anew",
        ),
    ],
    ("xradar", "IRIS RAW"): [
        Known(
            "order of rays",
            "IRIS manual M211319EN, 4: rays stand as they were taken; xradar orders those of one second anew",
        ),
        Known(
            "one ray on",
            "IRIS manual M211319EN, 4: the data of a ray follow its own header; xradar lays moments one ray beside it",
        ),
        Known(
            "value where ours is no(t observed| echo)",
            "IRIS manual M211319EN, 4: code 0 is no data and the last code not scanned; xradar makes values of them",
        ),
        Known(
            "values",
            "IRIS manual M211319EN, 4, DB_SNR16: hundredths of dB about 32768; xradar halves the code",
            moment="SNRH",
        ),
        Known(
            "values",
            "IRIS manual M211319EN, 4, DB_RHOHV2, DB_SQI2: (N - 1) / 65533; xradar divides by 65536",
            moment="RHOHV|SQIH",
            at_most=1.0,
        ),
        Known(
            "values",
            "IRIS manual M211319EN, 4, DB_HCLASS: a byte for each gate; xradar reads two as one number",
            moment="CLASS",
        ),
        Known(
            "values|value only ours",
            "IRIS manual M211319EN, 4: an end code alone is a missing ray; xradar lays those behind it one on",
            file="SUR2108",
        ),
    ],
    ("xradar", "UF"): [
        Known(
            "time",
            "Barnes (1980), words 26 to 31: each ray has a time; xradar makes them from the first and a rate",
            at_most=60.0,
        ),
    ],
    ("metpy", "NEXRAD Level III"): [
        Known(
            "range",
            "ICD 2620001, table III: gates are as long as the product's resolution; MetPy has the reach of a product, "
            "which those of higher elevations fall short of",
            moment="DBZH|VRADH|HGHT",
        ),
        Known(
            "elevation|order of rays",
            "ICD 2620001, table III: a product of all elevations, ours at 0; MetPy gives that of the highest",
            file="_(DVL|EET)",
        ),
        Known(
            "value only ours",
            "ICD 2620001, notes to figure 3-6: code 0 is below the threshold, an amount of 0; MetPy has no value",
            moment="VIL|HGHT",
        ),
    ],
    ("cinrad", "CMA standard"): [
        Known(
            "range",
            "CMA standard 1.0 does not say what a range is of: we take the centre of gate i at i + 1/2 lengths, "
            "PyCINRAD at i + 1",
            at_most=500.0,
        ),
    ],
    ("cinrad", "CINRAD"): [
        Known(
            "range",
            "CINRAD rules of 2001: the range of the first gate is in the record; PyCINRAD puts gate i at i + 1 lengths",
            at_most=1000.0,
        ),
        Known(
            "value where ours is range folded",
            "CINRAD rules of 2001: code 1 is range folded; PyCINRAD masks 0 alone",
            moment="DBZH",
        ),
        Known(
            "values|value only ours|value where ours is not observed",
            "CINRAD rules of 2001, offsets of V and W: moments begin there, at even places; PyCINRAD takes them "
            "to follow at once",
            moment="VRADH|WRADH",
        ),
    ],
}


def reason_for(peer: str, kind: str, difference: str, moment: str, most: float, file: str) -> str | None:
    """The reason for a difference beside a peer, in a file of a format; None where none is known."""
    for known in KNOWN.get((peer, kind), ()):
        if (
            re.fullmatch(known.kind, difference)
            and re.fullmatch(known.moment, moment)
            and most <= known.at_most
            and re.search(known.file, file)
        ):
            return known.why
    return None
