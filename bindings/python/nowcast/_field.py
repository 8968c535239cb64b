"""Arrays seen as nwc_field.

Float32 memory goes down as it is, whatever its strides; any other type is converted once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nowcast._lib import ffi
from nowcast.errors import ArgumentError

if TYPE_CHECKING:
    from nowcast.grid import Grid

Array = npt.NDArray[np.float32]


def as_float32(array: npt.ArrayLike) -> Array:
    """The array itself where it is float32 in this machine's byte order and aligned, else a converted copy."""
    cells = np.asarray(array)
    if cells.dtype != np.float32 or not cells.flags.aligned or any(s % cells.itemsize for s in cells.strides):
        cells = np.array(cells, dtype=np.float32)
    return cells


class Fields:
    """A C array of fields over NumPy arrays on one grid; keeps all that it points to alive.

    Axis order of each array is (..., y, x), y and x ascending (hand in a flipped view where they are not).
    """

    def __init__(self, arrays: Sequence[Array], units: str | None = None, grid: "Grid | None" = None) -> None:
        self.arrays = list(arrays)
        self._units = ffi.new("char[]", units.encode()) if units is not None else ffi.NULL
        self._grid = grid.to_c() if grid is not None else (ffi.NULL,)
        self.c = ffi.new("nwc_field[]", len(self.arrays))
        for field, array in zip(self.c, self.arrays, strict=True):
            if array.dtype != np.float32:
                raise ArgumentError(f"float32 cells expected, {array.dtype} given")
            point(field, array)
            field.missing = float("nan")
            field.units = self._units
            field.grid = self._grid[0]


def layout(struct: Any, array: npt.NDArray[Any]) -> None:
    """Write an array's dimensions and strides, in cells, into an nwc_field, nwc_labels or nwc_flags."""
    if not 1 <= array.ndim <= len(struct.dim):
        raise ArgumentError(f"1 to {len(struct.dim)} dimensions expected, {array.ndim} given")
    struct.ndim = array.ndim
    for axis in range(array.ndim):
        struct.dim[axis] = array.shape[axis]
        struct.stride[axis] = array.strides[axis] // array.itemsize


def point(struct: Any, array: npt.NDArray[Any]) -> None:
    """Let an nwc_field or nwc_flags have the cells of an array, float32 or uint8."""
    struct.data = ffi.cast(ffi.typeof(struct.data), array.ctypes.data)
    layout(struct, array)


def lent(field: Any, owner: Any) -> Array:
    """A read-only array over a field the library lends; it keeps owner, the handle the cells belong to, alive."""
    shape = tuple(field.dim[0 : field.ndim])
    strides = tuple(field.stride[0 : field.ndim])
    # NumPy wants the memory as one block: from the lowest address to the highest.
    lowest = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s < 0)
    highest = sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if s > 0)
    cells = ffi.cast("float *", int(ffi.cast("uintptr_t", field.data)) + 4 * lowest)
    memory = ffi.gc(cells, lambda _, keep=owner: None)
    block = np.frombuffer(ffi.buffer(memory, 4 * (highest - lowest + 1)), dtype=np.float32)
    array = np.lib.stride_tricks.as_strided(block[-lowest:], shape, tuple(4 * s for s in strides), writeable=False)
    return array


class _Lent:
    """Memory the library lends, as NumPy asks for it."""

    __slots__ = ("__array_interface__", "_owner")

    def __init__(self, interface: dict[str, Any], owner: Any) -> None:
        self.__array_interface__ = interface
        self._owner = owner


def lent_row(pointer: Any, shape: int | tuple[int, ...], dtype: npt.DTypeLike, owner: Any) -> npt.NDArray[Any]:
    """A read-only array over numbers the library lends; it keeps owner, the handle they belong to, alive."""
    interface = {
        "data": (int(ffi.cast("uintptr_t", pointer)), True),
        "shape": shape if isinstance(shape, tuple) else (shape,),
        "typestr": np.dtype(dtype).str,
        "version": 3,
    }
    return np.asarray(_Lent(interface, owner))
