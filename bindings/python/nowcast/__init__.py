"""Weather nowcasting: radar composites in, verified forecasts out."""

from nowcast import errors, grid, verify
from nowcast._lib import build_info, settings, version
from nowcast.errors import NowcastError

__version__ = version()

__all__ = ["NowcastError", "__version__", "build_info", "errors", "grid", "settings", "verify"]
