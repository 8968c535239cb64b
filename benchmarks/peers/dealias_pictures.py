"""A volume as measured, and as libnowcast, Py-ART and UNRAVEL dealias it, drawn side by side into build/.

KTLX 1999-05-03, of the supercell of Bridge Creek and Moore, when no volume is named; nothing drawn is kept in the tree.

    .venv/bin/python benchmarks/peers/dealias_pictures.py --python build/peers/bin/python [--volume FILE] [--sweeps ...]
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

import nowcast
from dealias import DATA, PEERS, Sweep, measured, ours, theirs

SPEED = 60.0  # m s-1, where the colours end
WIDTH = 4.2  # inches of a map


def edges(middle: npt.NDArray[Any], first: float, last: float) -> npt.NDArray[Any]:
    return np.concatenate([[first], 0.5 * (middle[1:] + middle[:-1]), [last]])


def draw(ax: Any, sweep: Sweep, values: npt.NDArray[Any], half: float, at: tuple[float, float], sure: bool) -> Any:
    """Gates within half metres of a place, metres from the radar."""
    rays, gates = sweep["azimuth"].astype(np.float64), sweep["range"].astype(np.float64)
    north, spacing = 0.5 * (rays[0] + rays[-1] - 360.0), gates[1] - gates[0]
    azimuth = np.radians(edges(rays, north, north + 360.0))[:, None]
    ground = 1e-3 * edges(gates, gates[0] - 0.5 * spacing, gates[-1] + 0.5 * spacing)[None, :]
    ground *= np.cos(np.radians(float(np.median(sweep["elevation"]))))
    low, high, colours = (0.0, 1.0, "viridis") if sure else (-SPEED, SPEED, "RdBu_r")
    shown = np.ma.masked_invalid(values)
    mesh = ax.pcolormesh(ground * np.sin(azimuth), ground * np.cos(azimuth), shown, cmap=colours, vmin=low, vmax=high)
    ax.set_xlim(1e-3 * (at[0] - half), 1e-3 * (at[0] + half))
    ax.set_ylim(1e-3 * (at[1] - half), 1e-3 * (at[1] + half))
    ax.set_aspect("equal")
    return mesh


def main() -> None:
    """Dealias and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="interpreter that has the peers; without it libnowcast is drawn alone")
    parser.add_argument("--volume", type=Path, default=DATA / "radar/nexrad/ktlx-19990503/KTLX19990503_235621.gz")
    parser.add_argument("--sweeps", nargs="+", type=int, default=[0, 3], help="of those with velocities, from 0")
    parser.add_argument("--half", type=float, default=25e3, help="m from the middle to the edges")
    parser.add_argument(
        "--at", nargs=2, type=float, default=[-36e3, -10e3], help="the middle: m east and north of the radar"
    )
    parser.add_argument("--out", type=Path, default=Path("build/dealias"))
    arguments = parser.parse_args()
    sweeps = measured(nowcast.open(arguments.volume))
    velocities, confidence, _ = ours(sweeps)
    columns = [("measured", [sweep["measured"] for sweep in sweeps]), ("libnowcast", velocities)]
    if arguments.python:
        columns += [(peer, theirs(arguments.python, peer, sweeps)[0]) for peer in PEERS]
    columns.append(("confidence", confidence))
    shape = len(arguments.sweeps), len(columns)
    size = WIDTH * shape[1] + 1.0, WIDTH * shape[0]
    figure, axes = plt.subplots(*shape, figsize=size, squeeze=False, layout="constrained", sharex=True, sharey=True)
    for row, number in enumerate(arguments.sweeps):
        sweep = sweeps[number]
        for column, (name, values) in enumerate(columns):
            ax, sure = axes[row, column], name == "confidence"
            mesh = draw(ax, sweep, values[number], arguments.half, tuple(arguments.at), sure)
            ax.set_title(f"{name}, {float(np.median(sweep['elevation'])):.1f}°", fontsize=10)
            if column >= len(columns) - 2:
                figure.colorbar(mesh, ax=ax, label="confidence" if sure else "m/s, away from the radar")
    figure.supxlabel("km east of the radar")
    figure.supylabel("km north of the radar")
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"{arguments.volume.name.split('.')[0]}.png"
    figure.savefig(path, dpi=110)
    print(path)


if __name__ == "__main__":
    main()
