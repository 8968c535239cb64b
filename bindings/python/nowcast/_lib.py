"""The only door to C: contexts, statuses turned into exceptions, callbacks.

A call into the library is written

    with _lib.call() as ctx:
        _lib.check(_lib.lib.nwc_...(ctx, ...))

CFFI lets other threads run meanwhile. The progress callback lets Python look at signals, so Ctrl-C stops a long call:
what a callback raises is kept, the library is asked to cancel, and check() raises the original.
"""

import contextlib
import contextvars
import dataclasses
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from nowcast import errors
from nowcast._nowcast import ffi as ffi
from nowcast._nowcast import lib as lib

_logger = logging.getLogger("nowcast")
_CARRIED = Path(__file__).parent / "carried"  # data of ecCodes and PROJ, where the wheel has them
_PYTHON_LEVEL = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)

Progress = Callable[[str, float], Any]
"""Called with the name of the stage and how much of it is done, 0 to 1."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """How calls run: ``threads`` (0 for one per processor; never changes a result) and ``progress``."""

    threads: int = 0
    progress: Progress | None = None


_DEFAULTS = Settings()
_settings: contextvars.ContextVar[Settings] = contextvars.ContextVar("nowcast_settings", default=_DEFAULTS)


@contextlib.contextmanager
def settings(*, threads: int | None = None, progress: Progress | None = None) -> Iterator[Settings]:
    """Set threads or progress for the calls inside a ``with`` block, in this thread.

    Parameters
    ----------
    threads : int, optional
        1 to 1024, or 0 for one per processor. Results are the same bits whatever it is.
    progress : callable, optional
        ``progress(stage, fraction)``, called now and then. What it raises stops the call and comes out of it.
    """
    old = _settings.get()
    new = Settings(old.threads if threads is None else threads, old.progress if progress is None else progress)
    token = _settings.set(new)
    try:
        yield new
    finally:
        _settings.reset(token)


def in_force() -> Settings:
    """The settings of calls made here."""
    return _settings.get()


class _Call:
    """What the callbacks of one running call share."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.raised: BaseException | None = None


_running: contextvars.ContextVar[_Call | None] = contextvars.ContextVar("nowcast_running", default=None)


def _keep(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Keep what a callback raised, wherever in it that was; C sees the callback's error value."""
    call = ffi.from_handle(trace.tb_frame.f_locals["user"]) if trace else _running.get()
    if call and call.raised is None:
        call.raised = error


@ffi.def_extern(error=1, onerror=_keep)  # type: ignore[untyped-decorator]
def nowcast_progress(stage: Any, fraction: float, user: Any) -> int:
    call = ffi.from_handle(user)
    if call.raised is None and call.progress is not None:
        call.progress(ffi.string(stage).decode() if stage else "", fraction)
    return int(call.raised is not None)


@ffi.def_extern(onerror=_keep)  # type: ignore[untyped-decorator]
def nowcast_log(level: int, text: Any, user: Any) -> None:
    _logger.log(_PYTHON_LEVEL[level], "%s", ffi.string(text).decode(errors="replace"))


@contextlib.contextmanager
def call() -> Iterator[Any]:
    """A context for the library calls inside the ``with`` block, made by the settings in force."""
    chosen = _settings.get()
    state = _Call(chosen.progress)
    handle = ffi.new_handle(state)
    options = ffi.new("nwc_ctx_options *")
    lib.nwc_ctx_options_init(options)
    options.threads = chosen.threads
    options.log = lib.nowcast_log
    options.progress = lib.nowcast_progress
    options.log_user = options.progress_user = handle
    out = ffi.new("nwc_ctx **")
    check(lib.nwc_ctx_create(options, out))
    token = _running.set(state)
    try:
        yield out[0]
    finally:
        _running.reset(token)
        lib.nwc_ctx_destroy(out[0])


def check(status: int) -> None:
    """Raise what a status means; the error text is that of this thread's last call, so call this at once."""
    running = _running.get()
    if running and running.raised is not None:
        raised, running.raised = running.raised, None
        raise raised
    if status:
        text = ffi.string(lib.nwc_error_text()).decode(errors="replace")
        raise errors.BY_STATUS.get(status, errors.InternalError)(text)


def options(kind: str, **given: Any) -> Any:
    """The options struct ``nwc_<kind>_options`` as its init function fills it, except for what is not None in given."""
    struct = ffi.new(f"nwc_{kind}_options *")
    getattr(lib, f"nwc_{kind}_options_init")(struct)
    for name, value in given.items():
        if value is not None:
            setattr(struct, name, value)
    return struct


def text(pointer: Any) -> str:
    """A C string; empty for NULL."""
    return ffi.string(pointer).decode(errors="replace") if pointer else ""


def version() -> str:
    """The version of the C library."""
    return text(lib.nwc_version())


def build_info() -> str:
    """How the C library was built."""
    return text(lib.nwc_build_info())


def default_threads() -> int:
    """The number of threads calls use when settings do not say."""
    return int(lib.nwc_ctx_threads(ffi.NULL))


def simd_level() -> int:
    """The instruction level of the kernels on this processor, an ``nwc_simd_level``."""
    return int(lib.nwc_ctx_simd(ffi.NULL))


if _CARRIED.is_dir():
    check(lib.nwc_io_data_folder(os.fsencode(_CARRIED)))
