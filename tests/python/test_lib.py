"""The door to C: an empty context, every status a class, callbacks as the headers say."""

import re
from pathlib import Path

import pytest

import nowcast
from nowcast import _lib, errors
from nowcast._lib import ffi, lib

ROOT = Path(__file__).parents[2]


def test_the_library_and_the_version_file_agree():
    assert nowcast.__version__ == (ROOT / "VERSION").read_text().strip()


def test_an_empty_context_has_threads():
    with _lib.call() as ctx:
        assert lib.nwc_ctx_threads(ctx) >= 1
    with nowcast.settings(threads=3), _lib.call() as ctx:
        assert lib.nwc_ctx_threads(ctx) == 3


def test_a_refused_setting_says_so():
    with nowcast.settings(threads=5000), pytest.raises(errors.ArgumentError, match="threads"), _lib.call():
        pass


def test_every_status_has_its_class():
    names = ffi.typeof("nwc_status").elements
    assert set(errors.BY_STATUS) == set(names) - {0}
    for status, kind in errors.BY_STATUS.items():
        assert kind.status == status
        with pytest.raises(kind) as caught:
            _lib.check(status)
        assert caught.value.status == status


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(errors.ArgumentError, ValueError), (errors.FileError, OSError), (errors.OutOfMemoryError, MemoryError)],
)
def test_errors_are_also_the_builtin_ones(kind, builtin):
    assert issubclass(kind, builtin)
    assert issubclass(kind, errors.NowcastError)
    assert issubclass(errors.FormatError, errors.FileError)


@pytest.mark.parametrize("name", ["log", "progress"])
def test_callbacks_are_those_of_the_headers(name):
    wanted = ffi.typeof(f"nwc_{name}_fn")
    given = ffi.typeof(getattr(lib, f"nowcast_{name}"))
    assert given is wanted


def test_only_lib_imports_the_compiled_module():
    package = ROOT / "bindings" / "python" / "nowcast"
    users = {
        path.name for path in package.rglob("*.py") if re.search(r"nowcast\._nowcast|import _nowcast", path.read_text())
    }
    assert users == {"_lib.py"}
