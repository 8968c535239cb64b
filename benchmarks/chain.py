"""One volume of fourteen sweeps or so from its file to a mosaic of 241 x 241 x 31 cells and all products of it.

Prints the seconds of the processor and of the clock that each step takes, the best of some runs; the steps of
dealiasing and of quality are among them where the package has them. The lookup of the mosaic is made anew in each run.

    make bench-chain VOLUME=...
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nowcast
from nowcast import mosaic, product, radar
from nowcast.grid import Grid

N, DX = 241, 1000.0
LEVELS = tuple(500.0 * k for k in range(1, 32))
FREEZING, COLD = 4000.0, 7000.0
OF_VOLUMES = ("quality", "dealias", "phase", "attenuation", "rain_rate", "shear")


def measured(name: str, step: Callable[[], Any], times: dict[str, tuple[float, float]]) -> Any:
    """What a step gives; its seconds of processor and clock go to the table where they are its best."""
    processor, clock = time.process_time(), time.perf_counter()
    made = step()
    taken = time.process_time() - processor, time.perf_counter() - clock
    times[name] = min(times.get(name, taken), taken)
    return made


def chain(path: Path, times: dict[str, tuple[float, float]]) -> tuple[int, ...]:
    """The whole chain once; the shape of the mosaic."""
    tree = measured("read", lambda: radar.read(path), times)
    for name in OF_VOLUMES:
        step = getattr(radar, name, None)
        if step is not None:
            tree = measured(name, lambda step=step, tree=tree: tried(step, tree), times)
    mosaic.forget()
    place = f"+proj=aeqd +lat_0={float(tree['latitude'])} +lon_0={float(tree['longitude'])} +ellps=WGS84"
    first = -0.5 * DX * (N - 1)
    grid = Grid(place, N, N, first, first, DX, DX, LEVELS)
    fields = ["DBZH", "VRADDH" if any("VRADDH" in sweep for sweep in tree.children.values()) else "VRADH"]
    made = measured("mosaic", lambda: mosaic.build(tree, grid=grid, fields=fields), times)
    measured("mosaic, lookup kept", lambda: mosaic.build(tree, grid=grid, fields=fields), times)
    data = made["DBZH"]
    steps: dict[str, Callable[[], Any]] = {
        "composite": lambda: product.composite(data),
        "lowest": lambda: product.lowest(data),
        "cappi, 3 heights": lambda: [product.cappi(data, height) for height in (1000.0, 3000.0, 5000.0)],
        "echo tops, 2": lambda: [product.echo_top(data, dbz) for dbz in (18.5, 45.0)],
        "vil and its density": lambda: (product.vil(data), product.vil_density(data)),
        "hail": lambda: product.hail(data, FREEZING, COLD),
    }
    for name, step in steps.items():
        measured(name, step, times)
    return data.shape[1:]


def tried(step: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with what a step adds, or as it was where the radar lacks what the step needs."""
    try:
        return step(tree)
    except nowcast.errors.NowcastError as error:
        print(f"{step.__name__}: {error}")
        return tree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("volume", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    times: dict[str, tuple[float, float]] = {}
    for _ in range(arguments.runs):
        shape = chain(arguments.volume, times)
    print(f"{arguments.volume.name}: {' x '.join(map(str, shape))} cells, best of {arguments.runs} runs")
    print(f"{'step':24}{'processor, s':>14}{'clock, s':>12}")
    for name, (processor, clock) in times.items():
        print(f"{name:24}{processor:14.3f}{clock:12.3f}")
    whole = [sum(pair[k] for name, pair in times.items() if name != "mosaic, lookup kept") for k in (0, 1)]
    print(f"{'whole chain':24}{whole[0]:14.3f}{whole[1]:12.3f}")


if __name__ == "__main__":
    main()
