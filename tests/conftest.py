"""What all Python tests share: real data where there is any."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("NOWCAST_TEST_DATA", ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not DATA.is_dir():
        absent = pytest.mark.skip(reason=f"no real data at {DATA}: set NOWCAST_TEST_DATA")
        for item in items:
            if item.get_closest_marker("realdata"):
                item.add_marker(absent)


@pytest.fixture
def real_data() -> Path:
    """The folder of real data; for tests marked realdata."""
    return DATA
