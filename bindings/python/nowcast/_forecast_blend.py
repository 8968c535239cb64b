"""STEPS joined to a weather model, by wavelength."""

from typing import Unpack

import numpy as np
import xarray as xr

from nowcast import _field, _lib
from nowcast._blend import BlendSkill, Runs, on_leads
from nowcast._forecast_ahead import Along, check_members, of_frames, sequence
from nowcast._forecast_waves import MEMBERS
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError
from nowcast.grid import ascending


def blend(
    frames: xr.DataArray,
    flow: xr.Dataset,
    model: Runs,
    *,
    members: int = MEMBERS,
    seed: int = 0,
    first: int = 0,
    noise: bool = True,
    skill: BlendSkill | None = None,
    levels: int | None = None,
    order: int | None = None,
    threshold: float | None = None,
    feather: float | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """STEPS with a model (Bowler et al. 2006, Seed et al. 2013, Imhoff et al. 2023): an ensemble of both and of noise.

    Each level of wavelength of the latest frame, of the model and of noise has a weight that follows from how well it
    foresees: the frame by its past, the model by how it compares with the frame now and did in past cycles.

    Parameters
    ----------
    frames, flow
        As in ``steps``.
    model : (time, y, x) or (member, time, y, x) DataArray, or a sequence of them
        Rain in the unit of frames, on any grid and at any times; between two of them it is carried along flow, and
        where it has none the forecast is of the frames alone, which the attribute ``blend_status`` says. Member k of
        the forecast takes member k % n. Of several runs, of other models or begun earlier, the members follow one
        another; each is weighed by how it compares with the frame now, and where it does not reach the next stands.
    members, seed, first : int
        As in ``steps``; first is a multiple of the model's members.
    noise : bool
        False: one field for each member of the model, with as much rain, and nearly as much texture, as both sources.
    skill : BlendSkill, optional
        Of past cycles; brought up to date. What is usual when omitted.
    levels, order, threshold
        As in ``sprog``; as many levels as skill has when it is given.
    feather : float, optional
        m, as ``merge`` takes it; 0 when omitted.
    **along
        minutes, step, leads, sampling, travel, delay, later: as in ``steps``.

    Returns
    -------
    (member, time, y, x) DataArray as ``steps`` gives it, with the attribute ``blend_status``.

    Raises
    ------
    ArgumentError, NoDataError : as ``cascade``; and for a model of another unit or other dimensions.
    """
    check_members(members, seed)
    ahead = of_frames(frames, flow, **along)
    fields, c_times = sequence(frames, ahead.grid)
    of_model, runs, status = on_leads(model, frames, flow, ahead, feather)
    if first % runs:
        raise ArgumentError(f"first: a multiple of the model's {runs} members expected, {first} given")
    cells = np.empty((members if noise else runs, len(ahead.seconds), *ahead.latest.shape), dtype=np.float32)
    units = ahead.latest.attrs.get("units")
    out = _field.Fields([ascending(ahead.latest, cells)], units, ahead.grid)
    known = skill if skill is not None else (BlendSkill() if levels is None else BlendSkill(levels))
    of_skill = known.levels if levels is None else levels
    chosen = _lib.options("blend", levels=of_skill, order=order, threshold=threshold, feather_m=feather)
    chosen.seed, chosen.first_member, chosen.noise = seed, first, noise
    learnt = known._to_c()
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_blend(
                ctx,
                *(fields.c, c_times, len(c_times), u, v, c_leads, n_leads),
                *(part.c for part in of_model),
                *(chosen, options, learnt, ffi.NULL, out.c),
            )
        )
    known._take(learnt)
    made = ahead.of_members(cells, first)
    made.attrs["blend_status"] = status
    return made
