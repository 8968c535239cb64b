"""Files of public archives, from a server on this machine that behaves as badly as servers do."""

import dataclasses
import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from nowcast import archive
from nowcast.archive import SOURCES, Source, _fetch, _http, fetch
from nowcast.cli import main
from nowcast.errors import ArgumentError, FileError, FormatError, NoDataError

DAY = "CONUS/PrecipRate_00.00/20260601/"
SPAN = "2026-06-01T06:00", "2026-06-01T06:04"


def name_at(minute: int) -> str:
    return f"MRMS_PrecipRate_00.00_20260601-06{minute:02d}00.grib2.gz"


class Server(http.server.ThreadingHTTPServer):
    """Files, and what goes wrong with them: queues of answers by path, each used once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.page = ""
        self.per_page = 1000
        self.md5: dict[str, str] = {}
        self.extra: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def listing(self, query: dict[str, list[str]]) -> bytes:
        keys = [*(key for key in sorted(self.files) if key.startswith(query["prefix"][0])), *self.extra]
        first = int(query.get("continuation-token", ["0"])[0])
        text = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        for key in keys[first : first + self.per_page]:
            body = self.files.get(key, b"")
            tag = self.md5.get(key, hashlib.md5(body).hexdigest())
            text += f"<Contents><Key>{key}</Key><Size>{len(body)}</Size><ETag>&quot;{tag}&quot;</ETag></Contents>"
        if first + self.per_page < len(keys):
            text += f"<NextContinuationToken>{first + self.per_page}</NextContinuationToken>"
        return (text + "</ListBucketResult>").encode()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, code: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(code)
        for key, value in {"Content-Length": str(len(body) if length is None else length), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.close_connection = True

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        key = urllib.parse.unquote(parts.path).lstrip("/")
        self.server.asked.append((key, self.headers["Range"]))
        fault = next(iter(self.server.faults.get(key, [])), None)
        if fault is not None:
            self.server.faults[key].pop(0)
        if isinstance(fault, int) and fault >= 300:
            self.answer(fault, b"no", Retry_After="0")
        elif parts.query:
            self.answer(200, self.server.listing(urllib.parse.parse_qs(parts.query)))
        elif key.endswith("/"):
            self.answer(200, self.server.page.encode())
        elif key not in self.server.files:
            self.answer(404, b"")
        else:
            self.file(self.server.files[key], fault)

    def file(self, body: bytes, fault: Any) -> None:
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        wanted, same = self.headers["Range"], self.headers["If-Range"] == tag
        if fault == "whole" or not (wanted and same):
            part = body[: len(body) // 2] if fault == "cut" else body
            self.answer(200, part, len(body), ETag=tag)
            return
        first = int(wanted.removeprefix("bytes=").rstrip("-"))
        told = f"bytes {first}-{len(body) - 1}/{len(body)}"
        self.answer(206, body[first:], ETag=tag, Content_Range=told)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(_http, "WAIT_S", 0.01)
    made = Server()
    for minute in (0, 2, 4, 6):
        made.files[DAY + name_at(minute)] = np.random.default_rng(minute).bytes(20_000)
    monkeypatch.setitem(SOURCES, "mrms", dataclasses.replace(SOURCES["mrms"], url=made.url))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def asked(server: Server, minute: int) -> list[str | None]:
    return [span for key, span in server.asked if key == DAY + name_at(minute)]


def test_files_of_the_times_come_whole_and_are_not_brought_again(server: Server, tmp_path: Path) -> None:
    paths = fetch("mrms", *SPAN, folder=tmp_path)
    assert [path.name for path in paths] == [name_at(minute) for minute in (0, 2, 4)]
    assert all(path.read_bytes() == server.files[DAY + path.name] for path in paths)
    many = len(server.asked)
    assert fetch("mrms", *SPAN, folder=tmp_path) == paths
    assert len(server.asked) == many
    paths[1].write_bytes(paths[1].read_bytes()[:-1] + b"x")  # of the same size
    fetch("mrms", *SPAN, folder=tmp_path)
    assert paths[1].read_bytes() == server.files[DAY + paths[1].name]
    assert (len(asked(server, 0)), len(asked(server, 2))) == (1, 2)


def test_a_listing_goes_on_over_pages(server: Server, tmp_path: Path) -> None:
    server.per_page = 1
    assert len(fetch("mrms", *SPAN, folder=tmp_path)) == 3


def test_a_body_that_broke_off_is_gone_on_from(server: Server, tmp_path: Path) -> None:
    server.faults[DAY + name_at(2)] = ["cut"]
    paths = fetch("mrms", *SPAN, folder=tmp_path)
    assert paths[1].read_bytes() == server.files[DAY + name_at(2)]
    assert asked(server, 2) == [None, "bytes=10000-"]
    assert [path.suffix for path in paths[0].parent.iterdir() if path.name.startswith(".")] == [".json"] * 3


def test_a_run_that_ended_is_gone_on_from_unless_the_file_is_another(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "TRIES", 1)
    server.faults[DAY + name_at(2)] = ["cut"]
    with pytest.raises(FileError, match="10000 of 20000 bytes came"):
        fetch("mrms", *SPAN, folder=tmp_path)
    assert not (tmp_path / "mrms" / DAY / name_at(2)).exists()
    server.files[DAY + name_at(2)] = b"another" * 1000
    paths = fetch("mrms", *SPAN, folder=tmp_path)
    assert paths[1].read_bytes() == b"another" * 1000


def test_a_server_that_ignores_ranges_begins_anew(server: Server, tmp_path: Path) -> None:
    server.faults[DAY + name_at(2)] = ["cut", "whole"]
    paths = fetch("mrms", *SPAN, folder=tmp_path)
    assert paths[1].read_bytes() == server.files[DAY + name_at(2)]


def test_a_server_that_is_busy_is_asked_again_and_one_that_stays_so_is_told(server: Server, tmp_path: Path) -> None:
    server.faults[DAY + name_at(0)] = [503, 429]
    server.faults[""] = [503]
    assert len(fetch("mrms", *SPAN, folder=tmp_path)) == 3
    assert len(asked(server, 0)) == 3
    server.faults[DAY + name_at(6)] = [503] * _http.TRIES
    with pytest.raises(FileError, match=rf"{name_at(6)}: 503 .*, 5 times"):
        fetch("mrms", SPAN[0], "2026-06-01T06:06", folder=tmp_path)


def test_a_file_that_is_gone_is_told_at_once(server: Server, tmp_path: Path) -> None:
    server.extra = [DAY + name_at(3)]
    with pytest.raises(FileError, match=rf"{name_at(3)}: 404 Not Found$"):
        fetch("mrms", *SPAN, folder=tmp_path)
    assert len(asked(server, 3)) == 1


def test_what_is_not_what_the_listing_says_is_refused(server: Server, tmp_path: Path) -> None:
    server.md5[DAY + name_at(2)] = "0" * 32
    with pytest.raises(FormatError, match=f"{name_at(2)}: MD5 0{{32}} expected, "):
        fetch("mrms", *SPAN, folder=tmp_path)
    folder = tmp_path / "mrms" / DAY
    assert not [path for path in folder.iterdir() if path.name.startswith(f".{name_at(2)}")]
    assert not (folder / name_at(2)).exists()
    server.md5[DAY + name_at(2)] = "0" * 32 + "-7"  # of parts, which is no MD5
    assert len(fetch("mrms", *SPAN, folder=tmp_path)) == 3


@pytest.mark.parametrize(
    "hostile",
    ["../../../../evil", "a/b.grib2.gz", ".hidden", "MRMS_x;rm", "..", f"{name_at(1)}\n", "MRMS_\u202e.gz"],
)
def test_hostile_names_of_a_bucket_stay_there(server: Server, tmp_path: Path, hostile: str) -> None:
    server.extra = [DAY + hostile, f"../{name_at(1)}", "elsewhere/" + name_at(1)]
    assert len(fetch("mrms", *SPAN, folder=tmp_path / "in")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b"<ListBucketResult><Contents>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult>&b;</ListBucketResult>',
        b"",
    ],
)
def test_a_listing_that_is_none_is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(server, "listing", lambda query: body)
    with pytest.raises(FormatError, match="a listing"):
        fetch("mrms", *SPAN, folder=tmp_path)


def test_links_of_a_page_are_files_of_its_own_folder_alone(server: Server, tmp_path: Path) -> None:
    source = Source(server.url, "html", "radar/{name}/", ("r-{name}-%Y%m%d%H%M.bin",), "made", "rv")
    good, far = "r-rv-202606010600.bin", "r-rv-202606010601.bin"
    server.files[f"radar/rv/{good}"] = b"rain"
    server.page = f"""
        <a href="../">up</a> <a href="{good}">{good}</a> <a href="{good}">again</a> <a href="?C=M">sort</a>
        <a href="http://elsewhere.invalid/{far}">x</a> <a href="../../{far}">x</a> <a href="%2e%2e%2f{far}">x</a>
        <a href="/radar/{far}">x</a> <a href="file:///etc/{far}">x</a> <a>none</a> <a href="sub/">sub</a>
    """
    paths = fetch(source, *SPAN, folder=tmp_path)
    assert [path.read_bytes() for path in paths] == [b"rain"]
    assert [key for key, _ in server.asked] == ["radar/rv/", f"radar/rv/{good}"]


def test_days_long_past_need_no_network_once_they_are_here(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fetch.time, "time", lambda: 1780300000.0)  # hours later
    paths = fetch("mrms", *SPAN, folder=tmp_path)
    many = len(server.asked)
    assert fetch("mrms", *SPAN, folder=tmp_path) == paths
    assert len(server.asked) == many + 1  # the listing
    monkeypatch.setattr(_fetch.time, "time", lambda: 4e9)
    for more in (2, 2):
        assert fetch("mrms", *SPAN, folder=tmp_path) == paths
        assert len(server.asked) == many + more


def test_what_is_asked_wrongly_is_told(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="source: one of nexrad"):
        fetch("moon", *SPAN)
    with pytest.raises(ArgumentError, match="name: a radar expected"):
        fetch("nexrad", *SPAN)
    with pytest.raises(ArgumentError, match="letters, digits"):
        fetch("mrms", *SPAN, name="../x")
    with pytest.raises(ArgumentError, match="or later expected"):
        fetch("mrms", *SPAN[::-1])
    with pytest.raises(NoDataError, match=r"no file of PrecipRate_00\.00"):
        fetch("mrms", "2026-06-03", "2026-06-03T01:00", folder=tmp_path)
    gone = dataclasses.replace(SOURCES["mrms"], url="http://127.0.0.1:9")
    with pytest.raises(FileError, match="refused, 5 times"):
        fetch(gone, *SPAN, folder=tmp_path)


@pytest.mark.parametrize(
    ("source", "name", "folder", "file"),
    [
        ("nexrad", "KLBB", "2016/06/01/KLBB/", "KLBB20160601_150025_V06"),
        ("mrms", None, "CONUS/PrecipRate_00.00/20160601/", "MRMS_PrecipRate_00.00_20160601-150025.grib2.gz"),
        ("mtarchive", None, "2016/06/01/mrms/ncep/PrecipRate/", "PrecipRate_00.00_20160601-150025.grib2.gz"),
        ("dwd", None, "weather/radar/composite/rv/", "DE1200_RV1606011500.tar.bz2"),
    ],
)
def test_names_of_each_archive_tell_their_time(source: str, name: str | None, folder: str, file: str) -> None:
    one = SOURCES[source]
    wanted, day = one.named(name), np.datetime64("2016-06-01T12:00", "ns")
    assert one.folders(wanted, day, day) == [folder]
    moment = one.time_of(wanted, file)
    assert moment is not None
    assert abs(moment - np.datetime64("2016-06-01T15:00:25")) <= np.timedelta64(25, "s")
    assert one.time_of(wanted, file.replace("2016", "2O16").replace("1606", "16O6")) is None


def test_the_verb_prints_paths_and_a_case_takes_its_files_from_there(server: Server, tmp_path: Path) -> None:
    given = ["fetch", "mrms", *SPAN, "-o", str(tmp_path), "--json"]
    result = CliRunner().invoke(main, given)
    assert result.exit_code == 0
    assert [Path(path).name for path in json.loads(result.stdout)] == [name_at(minute) for minute in (0, 2, 4)]
    assert CliRunner().invoke(main, [*given[:2], "yesterday", *given[3:]]).exit_code == 2
    manifest = tmp_path / "m.toml"
    manifest.write_text(
        f'name = "m"\n[forecast]\n[cases.one]\nfetch = {{ source = "mrms" }}\ntimes = [[{SPAN[0]}:00, {SPAN[1]}:00]]\n'
    )
    outcome = archive.run(manifest, tmp_path / "out", workers=0).outcomes[0]
    assert outcome.status == "failed"  # bytes without meaning, which is what reading them says
    assert name_at(0) in outcome.text
    assert (tmp_path / "out" / "cache" / "mrms" / DAY / name_at(4)).exists()
