"""What is shown runs: the notebook and the Python of the README and of the guide."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import nowcast
from nowcast import sim

ROOT = Path(__file__).parents[2]


def run_notebook(name: str, folder: Path) -> int:
    """Run a notebook in a folder; the number of pictures in it."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "examples" / "notebooks" / name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the notebook is kept without outputs"
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute(env=os.environ | {"IPYTHONDIR": str(folder / ".ipython")})
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


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "guide").glob("*.md")), ids=lambda page: page.stem)
def test_the_python_of_the_guide_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(block, names)
