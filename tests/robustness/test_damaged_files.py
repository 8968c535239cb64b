"""Real files cut short and with bytes changed: all are answered. A few here, more with the tests marked long."""

import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from damage import Tally, Worker, damage, damaged, families, read_record, shares


def answers(data: Path, cuts: int, flips: int, files: int) -> tuple[Counter[str], list[str]]:
    """What became of damaged files of all folders, and what was wrong with it."""
    kinds: Counter[str] = Counter()
    broken: list[str] = []
    worker = Worker()
    with tempfile.TemporaryDirectory() as folder:
        for path, share in (one for paths in families(data, files=files).values() for one in shares(paths, flips)):
            tally = damage(worker, path, cuts, share, Path(folder))
            kinds += tally.kinds
            broken += tally.broken
    worker.close()
    return kinds, broken


def test_damage_is_the_same_every_time() -> None:
    data = bytes(range(256)) * 8
    once, again = (list(damaged(data, 5, 5, seed=3)) for _ in range(2))
    assert once == again
    assert all(len(cut) < len(data) for _, cut in once[:5])
    assert all(1 <= sum(a != b for a, b in zip(changed, data, strict=True)) <= 8 for _, changed in once[5:])


def test_a_file_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    place = tmp_path / "nothing"
    place.write_bytes(b"")
    worker = Worker()
    kind, text, *_ = worker.open(place)
    worker.close()
    assert kind == "error"
    assert "nothing: byte 0: the file is empty" in text


def test_a_record_gives_back_the_files_done_with_as_many_cuts_and_flips(tmp_path: Path) -> None:
    tally = Tally(files=1, seconds=2.5, peak_mib=90, kinds=Counter(error=4, data=1), broken=["a cut at 3: hang: over"])
    record = tmp_path / "record.jsonl"
    lines = [{"file": name, "asked": asked, **vars(tally)} for name, asked in (("a", [2, 3]), ("b", [2, 4]))]
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_record(record, 2, 3) == {"a": tally}
    assert read_record(tmp_path / "none", 2, 3) == read_record(None, 2, 3) == {}


def test_flips_are_shared_among_the_files_of_a_format() -> None:
    assert [share for _, share in shares([Path("a"), Path("b"), Path("c")], 8)] == [2, 3, 3]


@pytest.mark.realdata
def test_a_few_damaged_files_of_every_folder_are_answered(real_data: Path) -> None:
    kinds, broken = answers(real_data, cuts=1, flips=3, files=1)
    assert not broken
    assert kinds["error"] > 0
    assert kinds["data"] + kinds["part"] > 0


@pytest.mark.realdata
@pytest.mark.long
def test_many_damaged_files_of_every_folder_are_answered(real_data: Path) -> None:
    _, broken = answers(real_data, cuts=100, flips=500, files=2)
    assert not broken
