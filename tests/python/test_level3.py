"""NEXRAD Level III and CINRAD PUP products in Python: real ones."""

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import nowcast
from nowcast import cli, errors, radar

pytestmark = pytest.mark.realdata


@pytest.fixture
def nexrad(real_data: Path) -> Path:
    return real_data / "radar/nexrad-level3/ktlx-20130520"


@pytest.fixture
def cinrad(real_data: Path) -> Path:
    return real_data / "radar/cinrad-pup/z9200-20110916"


def stated(path: Path) -> tuple[int, int]:
    """The two numbers of the description that most products give to their extremes."""
    message = path.read_bytes()
    if message.startswith(b"SDUS"):
        message = message[message.index(b"TLX\r\r\n") + 6 :]
    return struct.unpack_from(">hh", message, 92)


def sweep_of(path: Path) -> xr.Dataset:
    tree = nowcast.open(path)
    assert isinstance(tree, xr.DataTree)
    return tree["sweep_0"].to_dataset()


@pytest.mark.parametrize("tilt", ["N0", "NA", "N1", "NB", "N2", "N3"])
def test_the_strongest_echo_is_the_one_the_product_states(nexrad: Path, tilt: str) -> None:
    path = next(nexrad.glob(f"*_{tilt}Q*"))
    sweep = sweep_of(path)
    assert sweep.sizes["azimuth"] == 360
    assert abs(float(sweep["DBZH"].max()) - stated(path)[0]) <= 0.5
    assert (sweep["DBZH"].values == -128.0).any()


@pytest.mark.parametrize("tilt", ["N0", "N1", "N2", "N3"])
def test_the_strongest_winds_are_the_ones_the_product_states(nexrad: Path, tilt: str) -> None:
    path = next(nexrad.glob(f"*_{tilt}U*"))
    sweep = sweep_of(path)
    knots = sweep["VRADH"].values * 3600 / 1852
    towards, away = stated(path)
    assert np.nanmin(knots) == pytest.approx(towards, abs=1.0)
    assert np.nanmax(knots) == pytest.approx(away, abs=1.0)
    folded = sweep["VRADH_flags"].values == 1
    assert folded.any()
    assert np.isnan(sweep["VRADH"].values[folded]).all()


def test_sixteen_levels_are_the_digital_values_rounded_down(nexrad: Path) -> None:
    coarse, fine = (sweep_of(next(nexrad.glob(f"*_{name}*")))["DBZH"].values[:, :230] for name in ("N0R", "N0Q"))
    expected = np.where(fine < 5, -128.0, 5 * np.floor(fine / 5))
    np.testing.assert_array_equal(coarse, expected)


def test_composites_and_polar_products_of_all_elevations_agree(nexrad: Path) -> None:
    composite = nowcast.open(next(nexrad.glob("*_NCR*")))
    assert composite.shape == (1, 464, 464)
    assert float(composite.max()) == 65.0
    assert composite.attrs["quantity"] == "DBZH"
    vil, tops = (sweep_of(next(nexrad.glob(f"*_{name}*"))) for name in ("DVL", "EET"))
    assert float(vil["VIL"].max()) == pytest.approx(79.5, abs=0.1)
    assert vil["VIL"].attrs["units"] == "kg m-2"
    assert float(tops["HGHT"].max()) == pytest.approx(60 * 0.3048, abs=1e-3)
    # The heaviest column is that of cell Y1, 215 degrees and 91 nautical miles away: VIL 79, top 44.4 kft.
    ray = int(np.abs(vil["azimuth"].values - 215.5).argmin())
    near = vil["VIL"].values[ray - 3 : ray + 4, 160:178]
    assert near.max() >= 60.0


def test_tilts_make_one_volume(nexrad: Path, cinrad: Path) -> None:
    tree = radar.read([next(nexrad.glob(f"*_{tilt}Q*")) for tilt in ("N0", "NA", "N1", "NB", "N2", "N3")])
    angles = [float(sweep["sweep_fixed_angle"]) for sweep in tree.children.values()]
    assert angles == pytest.approx([0.5, 0.9, 1.3, 1.8, 2.4, 3.1])
    with pytest.raises(errors.ArgumentError, match="a part of one volume expected"):
        radar.read([next(nexrad.glob("*_N0Q*")), cinrad / "R-19/20110916.013001.01.19.200"])


def test_all_products_of_cinrad_are_read(cinrad: Path) -> None:
    count = 0
    for folder in ("R-19", "V-27"):
        for path in sorted((cinrad / folder).iterdir()):
            tree = nowcast.open(path)
            assert isinstance(tree, xr.DataTree)
            assert tree.attrs["instrument_name"] == "Z9200"
            assert tree.attrs["incomplete"] == ""
            assert 360 <= tree["sweep_0"].sizes["azimuth"] <= 380
            assert float(tree["latitude"]) == pytest.approx(23.004)
            count += 1
    for folder in ("CR-37", "ET-41", "VIL-57"):
        fields = nowcast.open(str(cinrad / folder / "*"))
        assert str(fields["time"].values[0].astype("datetime64[s]")) == "2011-09-16T01:30:01"
        count += fields.sizes["time"]
    assert count == 276


def test_echo_tops_and_liquid_of_cinrad_reach_the_level_below_what_is_stated(cinrad: Path) -> None:
    for folder, unit in (("ET-41", 0.3048), ("VIL-57", 1.0)):
        for path in sorted((cinrad / folder).iterdir()):
            highest = float(nowcast.open(path).max()) / unit
            assert highest == pytest.approx(max(5 * (stated(path)[0] // 5), 0), abs=1e-3), path


def test_info_tells_of_products(nexrad: Path, cinrad: Path) -> None:
    paths = [next(nexrad.glob("*_N0U*")), cinrad / "CR-37/20110916.013001.00.37.200"]
    result = CliRunner().invoke(cli.main, ["info", *map(str, paths)])
    assert result.exit_code == 0, result.output
    assert "NEXRAD Level III" in result.output
    assert "VRADH 1200 x 250 m" in result.output
    assert "CINRAD PUP" in result.output


def cells_of(path: Path) -> pd.DataFrame:
    """A row for each storm cell now: quantities as columns."""
    table = nowcast.open(path)
    now = table[table["lead"] == 0]
    return now.pivot_table(index="station", columns="quantity", values="value", dropna=False)


def test_every_product_is_read(nexrad: Path, cinrad: Path) -> None:
    kinds = [type(nowcast.open(path)) for path in [*nexrad.iterdir(), *cinrad.glob("*/*")] if path.is_file()]
    assert len(kinds) == 22 + 336
    assert kinds.count(pd.DataFrame) == 6 + 60
    assert kinds.count(xr.DataTree) == 15 + 186
    assert kinds.count(xr.DataArray) == 1 + 90


def test_storm_cells_of_the_day_of_moore(nexrad: Path) -> None:
    path = next(nexrad.glob("*_NST*"))
    tracks = cells_of(path)
    assert len(tracks) == 22
    assert tracks.loc["Y1", "cell_from_direction"] == 250
    assert tracks.loc["Y1", "cell_speed"] == pytest.approx(20 * 1852 / 3600)
    assert tracks.loc["Y1", "equivalent_reflectivity_factor"] == 66
    table = nowcast.open(path)
    place = table[table["station"] == "Y1"].iloc[0]
    # 215 degrees and 91 nautical miles from the radar, by the sphere
    assert place["latitude"] == pytest.approx(35.333 + 91 / 60 * np.cos(np.radians(215)), abs=0.02)
    assert place["longitude"] == pytest.approx(-97.278 + 91 / 60 * np.sin(np.radians(215)) / np.cos(0.606), abs=0.02)
    ahead = table[(table["station"] == "V0") & (table["quantity"] == "position_error")]
    assert ahead["lead"].tolist() == [900.0, 1800.0, 2700.0, 3600.0]
    hail = cells_of(next(nexrad.glob("*_NHI*"))).loc["Y1"]
    assert hail["hail_probability"] == hail["severe_hail_probability"] == 1
    assert hail["hail_size"] == pytest.approx(63.5)


def test_storm_cells_and_winds_of_guangzhou(cinrad: Path) -> None:
    tracks = nowcast.open(str(cinrad / "STI-58/*"))
    count = tracks[tracks["lead"] == 0].groupby("time")["station"].nunique()
    for time, cells in (("01:30:01", 2), ("02:00:00", 3), ("03:00:00", 10), ("03:36:01", 8), ("04:24:00", 15)):
        assert count[f"2011-09-16 {time}"] == cells
    winds = nowcast.open(cinrad / "VWP-48/20110916.013001.00.48.200")
    assert (winds["quantity"] == "wind_speed").sum() == 111
    assert winds["station"].unique().tolist() == ["Z9200"]
    # The strongest of the last time: 21 knots from 41 degrees at 900 x 10 feet, by the headers.
    last = winds[(winds["time"] == winds["time"].max()) & (winds["height"].round() == 2743)].set_index("quantity")[
        "value"
    ]
    assert last["wind_speed"] == pytest.approx(21 * 1852 / 3600)
    assert last["wind_from_direction"] == 41
