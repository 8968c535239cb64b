"""Growth and decay by a model that was learned, evaluated in C."""

import os
from pathlib import Path
from typing import Self, Unpack

import numpy as np
import xarray as xr

from nowcast import _field, _files, _lib
from nowcast._forecast_ahead import Ahead, Along, of_frames, sequence
from nowcast._lib import ffi, lib
from nowcast.errors import ArgumentError, FormatError
from nowcast.grid import ascending

GROWTH_INPUTS = tuple(_lib.text(lib.nwc_growth_input_name(number)) for number in range(lib.NWC_GROWTH_INPUTS))
"""What a model of growth can ask for, by name, as ``forecast_growth.h`` describes it."""

_EXAMPLE = Path(__file__).parent / "data" / "growth.txt"


class GrowthModel:
    """How rain around a place and its changes become a change of a forecast: text, as ``forecast_growth.h`` has it.

    Parameters
    ----------
    text : str, optional
        The example that the library carries when omitted, learned from synthetic storms: the remarks it begins with
        say how it was made and what it is worth. It shows the way, and is for no real rain.

    Raises
    ------
    FormatError : a line that is wrong.
    """

    def __init__(self, text: str | None = None) -> None:
        self.text = _EXAMPLE.read_text(encoding="utf-8") if text is None else text
        """the model itself"""
        data, out = self.text.encode(), ffi.new("nwc_growth_model **")
        _lib.check(lib.nwc_growth_model_read(ffi.NULL, ffi.from_buffer("char[]", data), len(data), out))
        self._handle = ffi.gc(out[0], lib.nwc_growth_model_destroy)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The model in a file.

        Raises
        ------
        FileError : it cannot be read. FormatError : no text, or a line that is wrong; names the file and the line.
        """
        told = _files.text(path)
        try:
            return cls(told)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    @property
    def name(self) -> str:
        """As the text says."""
        return _lib.text(lib.nwc_growth_model_name(self._handle))

    @property
    def base(self) -> str:
        """The method, of ``nowcast.forecast.METHODS``, whose forecasts the model was made for."""
        return _lib.text(lib.nwc_growth_model_base(self._handle))

    def correct(
        self, frames: xr.DataArray, flow: xr.Dataset, base: xr.DataArray, **along: Unpack[Along]
    ) -> xr.DataArray:
        """A forecast (time, y, x) corrected; frames, flow and options are those it was made of."""
        ahead, given = _ahead(frames, flow, base, along)
        fields, c_times = sequence(frames, ahead.grid)
        cells, out = ahead.room(1)
        u, v, c_leads, n_leads, options = ahead.c
        with _lib.call() as ctx:
            _lib.check(
                lib.nwc_forecast_growth(
                    ctx, self._handle, fields.c, c_times, len(c_times), u, v, c_leads, n_leads, given.c, options, out.c
                )
            )
        return base.copy(data=cells[0])


def growth_inputs(
    frames: xr.DataArray, flow: xr.Dataset, base: xr.DataArray, **along: Unpack[Along]
) -> tuple[xr.DataArray, xr.DataArray]:
    """What a model of growth is told of every cell, for learning one.

    Parameters
    ----------
    frames : (time, y, x) DataArray, mm h-1
    flow : Dataset of ``u`` and ``v``, m s-1
    base : (time, y, x) DataArray
        The forecast to be corrected, made from them by the same options.
    **along
        As in ``extrapolate``.

    Returns
    -------
    (input, time, y, x) DataArray, ``input`` being ``GROWTH_INPUTS``, NaN where not known; and (time, y, x) the amount,
    mm h-1, that a change is told in: -1 where there is no rain for a change, NaN where not known.
    """
    ahead, given = _ahead(frames, flow, base, along)
    fields, c_times = sequence(frames, ahead.grid)
    told = np.empty((len(GROWTH_INPUTS), *base.shape), dtype=np.float32)
    amount, c_amount = ahead.room(1)
    c_told = _field.Fields([ascending(ahead.latest, one) for one in told], None, ahead.grid)
    u, v, c_leads, n_leads, options = ahead.c
    with _lib.call() as ctx:
        _lib.check(
            lib.nwc_forecast_growth_inputs(
                ctx, fields.c, c_times, len(c_times), u, v, c_leads, n_leads, given.c, options, c_told.c, c_amount.c
            )
        )
    inputs = xr.DataArray(
        told, dims=("input", *base.dims), coords={"input": list(GROWTH_INPUTS)} | dict(base.coords), name="inputs"
    )
    return inputs, base.copy(data=amount[0]).rename("amount")


def _ahead(frames: xr.DataArray, flow: xr.Dataset, base: xr.DataArray, along: Along) -> tuple[Ahead, _field.Fields]:
    """Ahead of frames of rain, and the base as C has it."""
    if frames.attrs.get("units") != "mm h-1":
        raise ArgumentError(f"frames: rain in mm h-1 expected, {frames.attrs.get('units')} given")
    ahead = of_frames(frames, flow, **along)
    wanted = (len(ahead.seconds), *ahead.latest.shape)
    if base.dims != ("time", "y", "x") or base.shape != wanted:
        raise ArgumentError(f"base: (time, y, x) of shape {wanted} expected, {base.dims} of {base.shape} given")
    cells = _field.as_float32(base.values)
    return ahead, _field.Fields([ascending(ahead.latest, cells)], base.attrs.get("units"), ahead.grid)
