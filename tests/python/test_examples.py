"""What is shown runs: the notebook and the Python of the README and of the guide."""

import dataclasses
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nowcast
from nowcast import radar, sim

ROOT = Path(__file__).parents[2]


def run_notebook(name: str, folder: Path, data: Path | None = None) -> int:
    """Run a notebook in a folder, with the folder of real data or without; the number of pictures in it."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "examples" / "notebooks" / name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the notebook is kept without outputs"
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
    around = {key: value for key, value in os.environ.items() if key != "NOWCAST_TEST_DATA"}
    around |= {"IPYTHONDIR": str(folder / ".ipython")} | ({} if data is None else {"NOWCAST_TEST_DATA": str(data)})
    client.execute(env=around)
    return sum("image/png" in out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", []))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_runs_and_writes_what_it_says(tmp_path: Path) -> None:
    assert run_notebook("nowcast_hour.ipynb", tmp_path) == 3
    for name in ("forecast.nc", "forecast.gif", "half-an-hour.png", "scores.csv", "scores.png"):
        assert (tmp_path / name).stat().st_size > 1000
    ahead = nowcast.open(tmp_path / "forecast.nc")
    assert ahead.sizes["time"] == 12


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_of_two_radars_goes_from_volumes_to_products(tmp_path: Path) -> None:
    assert run_notebook("mosaic.ipynb", tmp_path) == 3
    composite = nowcast.open(tmp_path / "products.nc", quantity="composite")
    assert 40.0 < float(composite.max()) < 75.0
    assert nowcast.open(tmp_path / "mosaic.nc").sizes["z"] == 30


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_of_wind_goes_from_simulated_volumes_to_updraughts(tmp_path: Path) -> None:
    assert run_notebook("wind.ipynb", tmp_path) == 6
    assert (tmp_path / "west.h5").exists()
    check_winds(tmp_path, 5.0, 25.0)


@pytest.mark.parametrize(
    ("name", "pictures", "written"),
    [
        ("first_look", 1, "east-40.h5"),
        ("ingest", 2, "cut.ar2v"),
        ("cells_and_warnings", 3, "rules.toml"),
        ("operations", 1, "out/latest/manifest.json"),
        ("ensembles", 2, "basin.csv"),
        ("blending", 2, "skill.json"),
        ("verification", 1, "cycles.nc"),
        ("archive", 1, "results/report.md"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebooks_of_the_gallery_run_and_write_what_they_say(
    name: str, pictures: int, written: str, tmp_path: Path
) -> None:
    assert run_notebook(f"{name}.ipynb", tmp_path) == pictures
    assert (tmp_path / written).stat().st_size > 100


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_of_cells_follows_real_storms(tmp_path: Path, real_data: Path) -> None:
    assert run_notebook("cells_and_warnings.ipynb", tmp_path, real_data) == 6


def test_the_gallery_shows_all_notebooks() -> None:
    shown = set(re.findall(r"^notebooks/(\w+)$", (ROOT / "docs" / "gallery" / "index.md").read_text(), re.MULTILINE))
    assert shown == {path.stem for path in (ROOT / "examples" / "notebooks").glob("*.ipynb")}


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_of_wind_goes_from_real_volumes_to_updraughts(tmp_path: Path, real_data: Path) -> None:
    assert run_notebook("wind.ipynb", tmp_path, real_data) == 6
    assert not (tmp_path / "west.h5").exists()
    check_winds(tmp_path, 10.0, 30.0)


def check_winds(folder: Path, least: float, most: float) -> None:
    """What the notebook of wind writes: an updraught between limits, m/s, where both radars see; and a forecast."""
    with xr.open_dataset(folder / "wind.nc") as found:
        both = found["w"].where(found["sources"] == 3)
        assert least < float(both.max()) < most
    with xr.open_dataset(folder / "low.nc") as low:
        assert low.sizes["time"] == 4
        assert np.isfinite(low["u"].sel(height=500.0)).all()


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rain = sim.storms(n=96, minutes=70)["rain"]
    for index, frame in enumerate(rain):
        folder = tmp_path / ("radar" if index < 3 else "later")
        folder.mkdir(exist_ok=True)
        nowcast.io.write(frame, folder / f"{np.datetime_as_string(frame['time'].values, 'm').replace(':', '')}.h5")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert nowcast.open(tmp_path / "forecast.nc").sizes["time"] == 12
    assert (tmp_path / "forecast.gif").exists()


@pytest.fixture(scope="module")
def volume() -> xr.DataTree:
    """A radar within wide rain, in three turns."""
    rain = sim.stratiform(rate=8.0, wind=(14.0, -6.0), melting=True)
    turns = tuple(sim.strategy.Sweep(angle, 2.0, 500.0, 30e3, prf=900.0) for angle in (1.5, 6.0, 20.0))
    plan = sim.strategy.Strategy("three turns", sim.strategy.Radar(), turns)
    return sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan, 0.0).volume


def given(page: str, volume: xr.DataTree) -> dict[str, object]:
    """What a page of the guide takes for given: the names it uses, and files in the working directory."""
    heights = np.array([0.0, 3000.0, 6000.0, 12000.0])
    temperatures = np.array([20.0, 3.0, -15.0, -50.0])
    paths = [
        "first.nc",
        "second.nc",
        "KHTX20080411_182140.gz",
        "KHTX20080411_182213_V03.gz",
        "armor_20080411_182230.nc",
    ]
    if page in ("health", "mosaic", "pyart", "pydda", "quality"):
        Path("khtx-20080411").mkdir()
        for path in [*paths, *(f"khtx-20080411/{number}.gz" for number in range(2))]:
            radar.write(volume, path, format="FM 301")
    names: dict[str, object] = {"paths": paths[:2], "dry_days": paths[:2]}
    if page == "terrain":
        place = nowcast.grid.around(volume, 40e3, dx=500.0)
        radar.write(volume, "volume.h5")
        ground = sim.terrain(dataclasses.replace(place, z=()))
        nowcast.io.write(ground.expand_dims(time=[np.datetime64("2024-01-01", "ns")]), "heights.tif")
    if page == "desk":
        frames = sim.storms(n=64, minutes=60)["rain"]
        flow = xr.Dataset({name: frames[0].copy(data=np.full(frames.shape[1:], 5.0)) for name in "uv"})
        for part in flow.values():
            part.attrs["units"] = "m s-1"
        longitude, latitude = (part[20:44:8, 20:44:8].ravel() for part in nowcast.grid.Grid.of(frames).lonlat())
        hour = frames.mean("time").assign_attrs(units="mm", grid_mapping="crs", cell_methods="time: sum")
        amount = 1.5 * hour.values[20:44:8, 20:44:8].ravel()
        names |= {"nwc": nowcast, "xr": xr, "frames": frames, "flow": flow, "model": frames, "hour": hour}
        names |= {"forecast": {"rain": frames}, "observed": frames}
        names |= {"gauges": pd.DataFrame({"longitude": longitude, "latitude": latitude, "amount": amount})}
    if page == "desk_screen":
        Path("out").mkdir()
    if page == "hydrometeor":
        names |= {"checked": volume, "heights": heights, "temperatures": temperatures}
    if page == "mosaic":
        names |= {"pressure": 101325.0 * np.exp(-heights / 8000.0), "temperature": 273.15 + temperatures}
        names |= {"vapour_pressure": np.array([1500.0, 500.0, 100.0, 1.0]), "height": heights}
    if page == "pysteps":
        shown = sim.storms(n=64, minutes=75)["rain"].values[:, ::-1]
        names |= {"rain": shown[:4], "observed": shown[-1]}
    if page == "phase":
        frames = sim.storms(n=64, minutes=15)["rain"]
        longitude, latitude = (part[30:34, 30] for part in nowcast.grid.Grid.of(frames).lonlat())
        names |= {"volume": volume, "height": heights, "wet_bulb": temperatures - 1.0, "frames": frames}
        names |= {
            "dbz": (10.0 * np.log10(200.0 * frames[0].clip(0.01) ** 1.6)).assign_attrs(units="dBZ", grid_mapping="crs")
        }
        names |= {"longitude": longitude, "latitude": latitude, "gauges": np.array([1.0, 2.0, 0.5, 3.0])}
    return names


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "guide").glob("*.md")), ids=lambda page: page.stem)
def test_the_python_of_the_guide_runs(
    page: Path, volume: xr.DataTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    names = given(page.stem, volume) if blocks else {}
    for block in blocks:
        exec(block, names)
