"""Weather nowcasting: radar composites in, verified forecasts out."""

from nowcast import (
    archive,
    cells,
    desk,
    errors,
    extract,
    forecast,
    grid,
    hazard,
    io,
    jobs,
    model,
    mosaic,
    motion,
    obs,
    ops,
    plot,
    product,
    radar,
    rain,
    sim,
    verify,
    wind,
)
from nowcast._lib import build_info, settings, version
from nowcast._open import open
from nowcast.errors import NowcastError

__version__ = version()

__all__ = [
    "NowcastError",
    "__version__",
    "archive",
    "build_info",
    "cells",
    "desk",
    "errors",
    "extract",
    "forecast",
    "grid",
    "hazard",
    "io",
    "jobs",
    "model",
    "mosaic",
    "motion",
    "obs",
    "open",
    "ops",
    "plot",
    "product",
    "radar",
    "rain",
    "settings",
    "sim",
    "verify",
    "wind",
]
