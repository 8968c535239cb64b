"""The weight of every cell in an edit's area at valid times, the area going along with the motion of the rain."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import forecast
from nowcast.desk import _area
from nowcast.desk._edit import Edit
from nowcast.errors import ArgumentError, NoDataError
from nowcast.grid import Grid

_LONGEST = 1440.0  # minutes that an area is followed; then it is nowhere


class Weights:
    """Weights of areas on grids, each found once.

    Parameters
    ----------
    flow : Dataset of ``u`` and ``v``, optional
        Along which areas move, in the way extrapolation carries rain; without it all stand.
    """

    def __init__(self, flow: Any = None) -> None:
        if flow is not None and not (isinstance(flow, xr.Dataset) and {"u", "v"} <= set(flow)):
            raise ArgumentError("sources: motion: a Dataset of u and v expected")
        self._flow = flow
        self._drawn: dict[tuple[str, Grid], npt.NDArray[np.float32]] = {}
        self._carried: dict[tuple[str, Grid, float], npt.NDArray[np.float32]] = {}

    def of(self, edit: Edit, place: Grid, times: Sequence[np.datetime64] | npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(time, y, x), 0 to 1, without what its half life takes; 0 where an edit is not valid."""
        key = edit.id, place
        if key not in self._drawn:
            width = getattr(edit.values, "width_km", None)
            self._drawn[key] = _area.weight_of(place, edit.area, edit.feather_km, width)
        first, last = edit.span
        since = [float((time - first) / np.timedelta64(1, "s")) / 60.0 for time in times]
        follows = edit.moving and edit.area is not None and self._flow is not None
        if follows:
            self._carry(edit, place, sorted({lead for lead in since if 0.0 < lead <= _LONGEST}))
        made = np.zeros((len(times), place.ny, place.nx), dtype=np.float32)
        for k, (time, lead) in enumerate(zip(times, since, strict=True)):
            if not first <= time <= last or (follows and lead > _LONGEST):
                continue
            made[k] = self._carried[(*key, lead)] if follows and lead > 0.0 else self._drawn[key]
        return made

    def _carry(self, edit: Edit, place: Grid, leads: list[float]) -> None:
        wanted = [lead for lead in leads if (edit.id, place, lead) not in self._carried]
        drawn = self._drawn[edit.id, place]
        if not wanted or self._flow is None:
            return
        coords = place.coords() | {"time": edit.span[0]}
        field = xr.DataArray(drawn, coords, ("y", "x"), "weight", {"units": "1", "grid_mapping": "crs"})
        try:
            carried = forecast.extrapolate(field, self._flow, leads=wanted, sampling="bilinear", delay=False).values
        except NoDataError:  # no motion is known anywhere
            carried = np.broadcast_to(drawn, (len(wanted), *drawn.shape))
        for lead, weight in zip(wanted, carried, strict=True):
            self._carried[edit.id, place, lead] = np.clip(np.nan_to_num(weight), 0.0, 1.0)


def weights(edit: Edit, place: Grid, times: Sequence[Any], *, flow: xr.Dataset | None = None) -> xr.DataArray:
    """How much every cell takes part in an edit at valid times, what its half life takes included.

    Parameters
    ----------
    edit : Edit
    place : Grid
        Without levels.
    times : sequence of UTC
    flow : Dataset of ``u`` and ``v``, m s-1, optional
        On that grid; areas that move go along with it.

    Returns
    -------
    (time, y, x) DataArray, 0 to 1.
    """
    stamps = np.array([np.datetime64(time, "ns") for time in times])
    made = Weights(flow).of(edit, place, stamps)
    left = np.array([edit.strength(time) for time in stamps], dtype=np.float32)
    attributes = {"units": "1", "long_name": "weight of the correction", "grid_mapping": "crs"}
    coords = {"time": stamps} | place.coords()
    return xr.DataArray(made * left[:, None, None], coords, ("time", "y", "x"), "weight", attributes)
