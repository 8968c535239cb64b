"""The door for what was learned elsewhere: tensors in, a corrected forecast out."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field
from nowcast._forecast_ahead import Along
from nowcast._forecast_carried import extrapolate
from nowcast._forecast_growth import GrowthModel, growth_inputs
from nowcast._forecast_run import METHODS, run
from nowcast.errors import ArgumentError, FormatError, UnsupportedError
from nowcast.grid import ascending

Array = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Tensors:
    """What a correction is given: float32, y northward, x eastward, NaN where not known; not to be written to."""

    frames: Array
    """(frame, y, x) mm h-1 as observed, the oldest first."""
    ages: Array
    """(frame,) s before the newest, which is 0."""
    u: Array
    """(y, x) m s-1 along x."""
    v: Array
    """(y, x) m s-1 along y."""
    base: Array
    """(lead, y, x) mm h-1: the forecast to be corrected."""
    leads: Array
    """(lead,) s."""
    _given: tuple[xr.DataArray, xr.Dataset, xr.DataArray, Along] = dataclasses.field(repr=False)

    def lagrangian(self) -> Array:
        """(frame, y, x) mm h-1: the frames, each carried along the motion to where the newest is."""
        frames, flow, _, _ = self._given
        carried = [self.frames[-1]]
        for n in range(frames.sizes["time"] - 2, -1, -1):
            age = [float(self.ages[n]) / 60.0]
            one = extrapolate(frames.isel(time=n), flow, leads=age, sampling="bilinear", travel=0.0, delay=False)
            carried.insert(0, ascending(frames, one.values)[0])
        return np.stack(carried)

    def inputs(self) -> Array:
        """(input, lead, y, x): ``nowcast.forecast.GROWTH_INPUTS`` of every cell, carried as the forecast is."""
        frames, flow, base, along = self._given
        return ascending(frames, growth_inputs(frames, flow, base, **along)[0].values)


Correction = Callable[[Tensors], npt.ArrayLike]
"""Gives (lead, y, x), mm h-1, for what it is given: known where ``base`` is, finite, and not below 0."""


def corrected(
    frames: xr.DataArray,
    flow: xr.Dataset,
    by: GrowthModel | Correction,
    *,
    method: str | None = None,
    **along: Unpack[Along],
) -> xr.DataArray:
    """A forecast, corrected by what was learned from data.

    Parameters
    ----------
    frames : (time, y, x) DataArray, mm h-1
        As for ``cascade``.
    flow : Dataset of ``u`` and ``v``, m s-1
    by : GrowthModel, or a function of ``Tensors``
        The function gives (lead, y, x), in the order of ``Tensors.base``; ``onnx`` makes one of a file.
    method : str, optional
        The forecast to be corrected, one field of ``METHODS``; when omitted that of the model, "mean" of a function.
    **along
        As in ``extrapolate``.

    Returns
    -------
    (time, y, x) DataArray as ``run`` gives it, known where it was. The attribute ``corrected_by`` names what did it.

    Raises
    ------
    ArgumentError : frames are not rain in mm h-1, the model is for another method, or what the function gives has
        another shape, is not finite where the forecast is known, or is below 0.
    """
    named = by.base if isinstance(by, GrowthModel) else "mean"
    chosen = named if method is None else method
    if isinstance(by, GrowthModel) and chosen != named:
        raise ArgumentError(f"method: {named}, which the model {by.name} was made for, expected, {chosen!r} given")
    if chosen not in METHODS:
        raise ArgumentError(f"method: one of {', '.join(METHODS)} expected, {chosen!r} given")
    if frames.attrs.get("units") != "mm h-1":
        raise ArgumentError(f"frames: rain in mm h-1 expected, {frames.attrs.get('units')} given")
    base = run(frames, flow, chosen, **along)
    if "member" in base.dims:
        raise ArgumentError(f"method: one that makes a single field expected, {chosen!r} given")
    if isinstance(by, GrowthModel):
        return by.correct(frames, flow, base, **along).assign_attrs(corrected_by=by.name)
    given = _tensors(frames, flow, base, along)
    made = _checked(by(given), given.base)
    name = getattr(by, "__name__", type(by).__name__)
    return base.copy(data=ascending(frames, made)).assign_attrs(corrected_by=name)


def onnx(path: str | os.PathLike[str]) -> Correction:
    """A correction by a network in an ONNX file, run by onnxruntime on the processor.

    Its inputs are named as attributes or methods of ``Tensors`` ("frames", "ages", "u", "v", "base", "leads",
    "lagrangian", "inputs") and have their shapes, without a batch; its first output is the forecast.

    Raises
    ------
    UnsupportedError : onnxruntime is not installed.
    FormatError : the file is no network, or asks for what there is not.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise UnsupportedError(f"{path}: onnxruntime is wanted, which is not installed") from error
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise FormatError(f"{path}: a network in ONNX expected: {error}") from error
    names = [one.name for one in session.get_inputs()]
    offered = ("frames", "ages", "u", "v", "base", "leads", "lagrangian", "inputs")
    for name in names:
        if name not in offered:
            raise FormatError(f"{path}: inputs of {', '.join(offered)} expected, {name!r} found")

    def network(given: Tensors) -> Any:
        asked = {name: getattr(given, name) for name in names}
        feed = {name: np.ascontiguousarray(one() if callable(one) else one) for name, one in asked.items()}
        return session.run(None, feed)[0]

    network.__name__ = Path(path).name
    return network


def _tensors(frames: xr.DataArray, flow: xr.Dataset, base: xr.DataArray, along: Along) -> Tensors:
    def of(one: xr.DataArray) -> Array:
        made = ascending(one, _field.as_float32(one.values)).view()
        made.flags.writeable = False
        return made

    second = np.timedelta64(1, "s")
    times = frames["time"].values.astype("datetime64[ns]")
    ages = ((times[-1] - times) / second).astype(np.float32)
    leads = (base["lead_time"].values / second).astype(np.float32)
    return Tensors(of(frames), ages, of(flow["u"]), of(flow["v"]), of(base), leads, (frames, flow, base, along))


def _checked(made: npt.ArrayLike, base: Array) -> Array:
    """What a function gave, unknown where the forecast is."""
    cells = np.array(made, dtype=np.float32)
    if cells.shape != base.shape:
        raise ArgumentError(f"by: the shape {base.shape} of the forecast expected, {cells.shape} given")
    known = ~np.isnan(base)
    wrong = known & ~(np.isfinite(cells) & (cells >= 0.0))
    if wrong.any():
        at = tuple(int(n) for n in np.argwhere(wrong)[0])
        raise ArgumentError(f"by: finite values of 0 or more expected, {cells[at]:g} at (lead, y, x) = {at} given")
    cells[~known] = np.nan
    return cells
