"""python -m nowcast.compat.pysteps SCRIPT [ARGUMENT...]: a script written for pysteps, by our methods."""

import runpy
import sys

from nowcast.compat.pysteps import install

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m nowcast.compat.pysteps SCRIPT [ARGUMENT...]")
    install()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
