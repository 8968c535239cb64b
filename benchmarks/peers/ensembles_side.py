"""CRPS by pysteps: members and observed in, the score and least processor seconds out."""

import sys
from functools import partial

import numpy as np
from pysteps.verification.probscores import CRPS

from timing import timed


def main() -> None:
    given = np.load(sys.argv[1])
    members, observed, runs = given["members"], given["observed"], int(given["runs"])
    result = {"cells": np.sum(np.isfinite(members).all(axis=0) & np.isfinite(observed))}
    untied = observed.astype(np.float64) - 1e-9
    for name, seen in (("pysteps", observed), ("pysteps, no ties", untied)):
        score, times = timed(partial(CRPS, members, seen), runs)
        result[name] = np.array([score, times[:, 1].min()])
    np.savez(sys.argv[2], **result)


if __name__ == "__main__":
    main()
