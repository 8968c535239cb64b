"""What holds for every radar volume that is written: it is read as it was, within the steps of its codes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nowcast
from nowcast import radar

SUFFIXES = {"ODIM_H5": "h5", "NEXRAD Level II": "ar2v", "CMA standard": "bin", "FM 301": "nc"}
# The coarsest steps of values that have none of their own.
USUAL = {"DBZH": 0.5, "VRADH": 0.5, "ZDR": 0.0625, "PHIDP": 1.0 / 2.8361}


@st.composite
def moments(draw: st.DrawFn, name: str, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
    """Values of a moment on a step, 0 for none, with gates of nothing and gates not known."""
    step = draw(st.sampled_from((0.0, 0.5, 0.25, 0.1, 0.01, 1.0 / 3.0)))
    most = {"DBZH": 90, "VRADH": 60, "ZDR": 12, "PHIDP": 359}[name]
    least = 0.0 if name == "PHIDP" else -most / 3.0
    if step:
        codes = draw(hnp.arrays(np.int32, shape, elements=st.integers(0, int((most - least) / step))))
        values = (least + step * codes).astype(np.float32)
    else:
        values = draw(hnp.arrays(np.float32, shape, elements=st.floats(least, most, width=32)))
    missing = draw(hnp.arrays(np.int8, shape, elements=st.sampled_from((0, 0, 0, 1, 2))))
    values[missing == 1] = np.nan
    values[missing == 2] = radar.NOTHING_DBZ if name == "DBZH" else np.nan
    return values, step


@st.composite
def volumes(draw: st.DrawFn) -> xr.DataTree:
    """One to three turns of a few rays and gates."""
    spacing = draw(st.sampled_from((75.0, 250.0, 1000.0)))
    root = xr.Dataset(
        coords={"latitude": 35.25, "longitude": -97.5, "altitude": float(draw(st.integers(-50, 4000)))},
        attrs={"instrument_name": "KTST", "scan_name": "VCP 21", "frequency": 2.875e9},
    )
    tree = {"/": root}
    start = np.datetime64("2026-05-28T20:26:40", "ns")
    for number in range(draw(st.integers(1, 3))):
        rays, gates = draw(st.integers(2, 12)), draw(st.integers(1, 9))
        names = draw(st.lists(st.sampled_from(sorted(USUAL)), min_size=1, max_size=4, unique=True))
        turned = draw(st.floats(0.0, 359.0, width=32))
        data = {"sweep_mode": ((), "azimuth_surveillance"), "sweep_fixed_angle": ((), 0.5 + number)}
        for name in names:
            values, step = draw(moments(name, (rays, gates)))
            data[name] = (("azimuth", "range"), values, {"resolution": step})
        coords = {
            "azimuth": (("azimuth",), ((turned + 360.0 / rays * np.arange(rays)) % 360.0).astype(np.float32) % 360.0),
            "elevation": (("azimuth",), np.full(rays, 0.5 + number, np.float32)),
            "time": (("azimuth",), start + (np.arange(rays) + 60 * number) * np.timedelta64(50, "ms")),
            "range": (("range",), spacing * (0.5 + np.arange(gates))),
        }
        tree[f"sweep_{number}"] = xr.Dataset(data, coords=coords)
    return xr.DataTree.from_dict(tree)


def off_by(name: str, form: str, written: xr.DataArray) -> float:
    """How far values may be from what was written."""
    step = written.attrs["resolution"]
    if form in ("FM 301", "ODIM_H5"):
        return 1e-4
    if not step:
        return 0.51 * USUAL[name]
    return 0.051 * step + 1e-4 if form == "CMA standard" else 1e-4


@given(volumes(), st.sampled_from(sorted(SUFFIXES)))
def test_what_is_written_is_read_again(tree: xr.DataTree, form: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"volume.{SUFFIXES[form]}"
        before = tree.copy(deep=True)
        radar.write(tree, path)
        xr.testing.assert_identical(tree, before)
        if form == "FM 301":
            with xr.open_datatree(path) as opened:
                again = opened.load()
        else:
            again = nowcast.open(path)
    assert [name for name in again.children if name.startswith("sweep")] == list(tree.children)
    for group in tree.children:
        written, read = tree[group].to_dataset(), again[group].to_dataset()
        if form == "FM 301":
            read = read.swap_dims(time="azimuth")
        written, read = written.sortby("time"), read.sortby("time")
        np.testing.assert_allclose(read["azimuth"], written["azimuth"], rtol=0.0, atol=1e-4)
        late = np.abs(read["time"].values - written["time"].values)
        assert late.max() <= np.timedelta64(1, "us")
        for name in set(USUAL) & set(written.data_vars):
            given_values = written[name].values
            if name not in read:  # a moment of which no gate is known may have lost its gates, not its sweep
                assert np.isnan(given_values).all()
                continue
            found = read[name].values[:, : given_values.shape[1]]
            known = np.isfinite(given_values[:, : found.shape[1]])
            np.testing.assert_array_equal(np.isfinite(found), known)
            assert np.isnan(given_values[:, found.shape[1] :]).all()
            nothing = given_values[:, : found.shape[1]] == radar.NOTHING_DBZ
            np.testing.assert_array_equal(found == radar.NOTHING_DBZ, nothing)
            np.testing.assert_allclose(
                found[known], given_values[:, : found.shape[1]][known], rtol=0.0, atol=off_by(name, form, written[name])
            )
