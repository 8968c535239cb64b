"""Write the C source of the extension module nowcast._nowcast.

Its declarations are the public headers themselves, preprocessed with NWC_CDEF. The only further text is CALLBACKS: the
C functions that are written in Python; tests/python/test_lib.py compares each with its typedef in the headers.
"""

import argparse
import subprocess
from pathlib import Path

import cffi

CALLBACKS = """
extern "Python" {
    void nowcast_log(nwc_log_level level, const char *text, void *user);
    int32_t nowcast_progress(const char *stage, double fraction, void *user);
}
"""


def declarations(include: Path, compiler: str) -> str:
    """Everything nowcast.h declares, as plain C without preprocessor lines."""
    command = [compiler, "-E", "-P", "-nostdinc", "-DNWC_CDEF", f"-I{include}", str(include / "nowcast" / "nowcast.h")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("include", type=Path, help="folder that holds nowcast/nowcast.h")
    parser.add_argument("output", type=Path, help="C file to write")
    parser.add_argument("--cc", default="cc", help="C compiler")
    parser.add_argument("--library", required=True, help="libnowcast.so; functions it lacks are left out")
    arguments = parser.parse_args()
    ffi = cffi.FFI()
    ffi.cdef(declarations(arguments.include, arguments.cc) + CALLBACKS)
    symbols = subprocess.run(
        ["nm", "-D", "--defined-only", arguments.library], check=True, capture_output=True, text=True
    )
    defined = {line.split()[-1] for line in symbols.stdout.splitlines()}
    for key in [k for k in ffi._parser._declarations if k.startswith("function ")]:
        if key.removeprefix("function ") not in defined:
            del ffi._parser._declarations[key]
    ffi.set_source("nowcast._nowcast", "#include <nowcast/nowcast.h>")
    ffi.emit_c_code(str(arguments.output))


if __name__ == "__main__":
    main()
