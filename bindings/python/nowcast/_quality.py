"""Quality control of radar volumes: which gates are weather, and how good they are."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nowcast import _field, _lib, _volume
from nowcast._files import refusals, replacing
from nowcast._lib import ffi, lib

_INPUTS = ("DBZH", "DBTH", "VRADH", "WRADH", "ZDR", "PHIDP", "RHOHV", "SNRH", "SQIH", "PIA", "CBB")

FLAGS = {
    "noise": lib.NWC_QUALITY_NOISE,
    "speckle": lib.NWC_QUALITY_SPECKLE,
    "clutter": lib.NWC_QUALITY_CLUTTER,
    "anaprop": lib.NWC_QUALITY_ANAPROP,
    "spoke": lib.NWC_QUALITY_SPOKE,
    "sun": lib.NWC_QUALITY_SUN,
    "second_trip": lib.NWC_QUALITY_SECOND_TRIP,
    "non_meteo": lib.NWC_QUALITY_NON_METEO,
    "blocked": lib.NWC_QUALITY_BLOCKED,
    "attenuated": lib.NWC_QUALITY_ATTENUATED,
    "under_spoke": lib.NWC_QUALITY_UNDER_SPOKE,
}
"""Bits of QFLAG by name; those up to ``blocked`` take a gate out of DBZHQ."""


class ClutterMap:
    """Where the ground gives echoes to one radar, learnt from volumes of dry days.

    >>> ground = ClutterMap()
    >>> for path in dry_days:
    ...     ground.add(nowcast.radar.read(path))
    >>> ground.save("khtx.clutter")
    """

    def __init__(self, least_dbz: float = 5.0) -> None:
        """``least_dbz`` is from which on an echo counts."""
        out = ffi.new("nwc_clutter_map **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_clutter_map_create(ctx, least_dbz, out))
        self._map = ffi.gc(out[0], lib.nwc_clutter_map_destroy)

    def add(self, tree: xr.DataTree) -> None:
        """Look at a volume: its DBZH, in sweeps up to 5 degrees."""
        _lib.check(lib.nwc_clutter_map_add(self._map, _volume.handle(tree, ("DBZH",))))

    @property
    def volumes(self) -> int:
        """How many have been looked at."""
        n = ffi.new("int32_t *")
        _lib.check(lib.nwc_clutter_map_describe(self._map, n, ffi.NULL))
        return int(n[0])

    def to_dataset(self) -> xr.Dataset:
        """``often`` (part of the volumes with an echo) and ``mean`` (dBZ): (elevation, azimuth, range)."""
        n, angle = ffi.new("int32_t *"), ffi.new("double *")
        _lib.check(lib.nwc_clutter_map_describe(self._map, ffi.NULL, n))
        often, mean = ffi.new("nwc_field *"), ffi.new("nwc_field *")
        angles, found = [], []
        for index in range(n[0]):
            _lib.check(lib.nwc_clutter_map_elevation(self._map, index, angle, often, mean))
            angles.append(angle[0])
            found.append([_field.lent(field, self._map).copy() for field in (often, mean)])
        cells = np.array(found, dtype=np.float32).reshape(n[0], 2, 360, -1)
        dims = ("elevation", "azimuth", "range")
        return xr.Dataset(
            {"often": (dims, cells[:, 0], {"units": "1"}), "mean": (dims, cells[:, 1], {"units": "dBZ"})},
            coords={
                "elevation": ("elevation", angles, {"units": "degrees"}),
                "azimuth": ("azimuth", np.arange(360) + 0.5, {"units": "degrees"}),
                "range": ("range", (np.arange(cells.shape[3]) + 0.5) * 500.0, {"units": "m"}),
            },
            attrs={"volumes": self.volumes},
        )

    def to_bytes(self) -> bytes:
        """The same on every machine; ``from_bytes`` takes them."""
        size = ffi.new("int64_t *")
        _lib.check(lib.nwc_clutter_map_save(self._map, ffi.NULL, size))
        room = ffi.new("char[]", size[0])
        _lib.check(lib.nwc_clutter_map_save(self._map, room, size))
        return bytes(ffi.buffer(room, size[0]))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "ClutterMap":
        """What ``to_bytes`` gave. FormatError for anything else."""
        out = ffi.new("nwc_clutter_map **")
        with _lib.call() as ctx:
            _lib.check(lib.nwc_clutter_map_load(ctx, ffi.from_buffer(stored), len(stored), out))
        made = cls.__new__(cls)
        made._map = ffi.gc(out[0], lib.nwc_clutter_map_destroy)
        return made

    def save(self, path: os.PathLike[str] | str) -> None:
        """Into a file, whole or not at all."""
        with replacing(path) as part:
            part.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: os.PathLike[str] | str) -> "ClutterMap":
        """From a file that ``save`` wrote."""
        with refusals(path):
            stored = Path(path).read_bytes()
        return cls.from_bytes(stored)


def quality(
    tree: xr.DataTree,
    *,
    clutter_map: ClutterMap | None = None,
    least_snr: float | None = None,
    speckle_gates: int | None = None,
    clutter_score: float | None = None,
    non_meteo_score: float | None = None,
    blocked: float | None = None,
    nothing: float | None = None,
    range_scale: float | None = None,
) -> xr.DataTree:
    """Tell weather from what is not, and how good each gate is.

    Parameters
    ----------
    tree : volume in the FM 301 layout
        Sweeps with DBZH (else DBTH) are judged by that and by what else the volume has: VRADH, WRADH, ZDR, PHIDP,
        RHOHV, SNRH, SQIH, and CBB (0 to 1) and PIA (dB) where steps before have added them.
    clutter_map : what dry days have taught of the ground
    least_snr : dB above the noise below which a gate is noise; 1.5 by default
    speckle_gates : connected areas of fewer gates are speckle; 8 by default
    clutter_score, non_meteo_score : 0 to 1, from which on a gate is ground, or neither ground nor weather; 0.6 each
    blocked : part of the beam from which on a gate is blocked; 0.7 by default
    nothing : a filtered gate of less dBZ is observed, nothing there, as weather beneath is weaker; 10 by default
    range_scale : m, of the fall of quality with range, exp(-(r / scale) ** 2); 300 km by default

    Returns
    -------
    The volume with three moments more in its sweeps, on the gates of the reflectivity:

    - ``QFLAG``, int16, the reasons for doubt as bits (``FLAGS``, also in ``flag_masks`` and ``flag_meanings``);
    - ``QIND``, 0 to 1, how good a gate is;
    - ``DBZHQ``, the reflectivity of gates no reason takes out; others are NaN, or -128 where it was noise or speckle.

    A sweep of velocities alone has QFLAG and QIND of the gates of its neighbour.

    Raises
    ------
    NoDataError : no sweep has reflectivities.
    """
    volume = _volume.handle(tree, _INPUTS)
    options = _lib.options(
        "quality",
        least_snr_db=least_snr,
        speckle_gates=speckle_gates,
        clutter_score=clutter_score,
        non_meteo_score=non_meteo_score,
        blocked=blocked,
        nothing_dbz=nothing,
        range_scale_m=range_scale,
        map=None if clutter_map is None else clutter_map._map,
    )
    with _lib.call() as ctx:
        _lib.check(lib.nwc_quality_filter(ctx, volume, options, ffi.NULL))
    made = _volume.add_moments(tree, volume, ("QFLAG", "QIND", "DBZHQ"))
    meanings = {"flag_masks": np.array(list(FLAGS.values()), np.int16), "flag_meanings": " ".join(FLAGS)}
    return as_codes(made, "QFLAG", "reasons for doubt", meanings)


def as_codes(tree: xr.DataTree, name: str, long_name: str, meanings: dict[str, Any]) -> xr.DataTree:
    """A tree whose moment of that name is int16, with what its values mean; 0 where it was not known."""
    for group in _volume.sweep_names(tree):
        node = tree.children[group]
        if name not in node.data_vars:
            continue
        data = node.to_dataset(inherit=False)
        cells: npt.NDArray[np.int16] = np.nan_to_num(data[name].values).astype(np.int16)
        attributes = {"long_name": long_name, "units": "1", "coordinates": "elevation azimuth range"} | meanings
        node.dataset = data.assign({name: (data[name].dims, cells, attributes)})
    return tree


def flag_counts(tree: xr.DataTree, sweeps: Iterable[str] | None = None) -> dict[str, int]:
    """How many gates of a volume that ``quality`` made have each flag."""
    found = dict.fromkeys(FLAGS, 0)
    for group in _volume.sweep_names(tree) if sweeps is None else sweeps:
        if "QFLAG" in tree[group].data_vars and "DBZHQ" in tree[group].data_vars:
            cells = tree[group]["QFLAG"].values
            for name, bit in FLAGS.items():
                found[name] += int(np.count_nonzero(cells & bit))
    return found


def sun_position(time: Any, latitude: float, longitude: float) -> tuple[float, float]:
    """Where the sun stands: azimuth and elevation, degrees, with refraction; to 0.01 degrees from 1950 to 2050."""
    azimuth, elevation = ffi.new("double *"), ffi.new("double *")
    time_ns = int(np.datetime64(time, "ns").astype(np.int64))
    _lib.check(lib.nwc_sun_position(time_ns, latitude, longitude, azimuth, elevation))
    return azimuth[0], elevation[0]
