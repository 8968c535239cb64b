"""Cumulative blockage by wradlib: heights of the ground at gates in, the part of the beam that is hidden out."""

import sys
import time

import numpy as np
import wradlib as wrl


def main() -> None:
    given = np.load(sys.argv[1])
    radius = wrl.util.half_power_radius(given["range"], 1.0)
    began = time.process_time()
    with np.errstate(invalid="ignore"):  # of ground beyond the beam's edges, which it sets afterwards
        part = wrl.qual.beam_block_frac(given["ground"], given["height"][None, :], radius[None, :])
    part = np.where(given["range"] < given["nearest"], 0.0, part)
    whole = wrl.qual.cum_beam_block_frac(part)
    np.savez(sys.argv[2], cbb=np.asarray(whole), seconds=time.process_time() - began)


if __name__ == "__main__":
    main()
