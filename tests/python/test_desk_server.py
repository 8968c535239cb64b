"""The desk's server: who may ask, what is answered, fields in their places, and hostile input in every part."""

import gzip
import http.client
import json
import math
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import desk_case
import numpy as np
import pytest
import xarray as xr

from nowcast import desk, io
from nowcast.desk import _server_image
from nowcast.desk._server import MOST_BYTES, Server
from nowcast.desk._server_place import along
from nowcast.errors import ArgumentError, NowcastError
from nowcast.grid import Grid

EDIT: dict[str, Any] = {
    "kind": "scale",
    "layer": "rain",
    "author": "A",
    "valid": ["2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z"],
    "reason": "",
    "half_life_minutes": None,
    "area": None,
    "feather_km": 0.0,
    "values": {"by": 1.3},
}
SQUARE = {"type": "Polygon", "coordinates": [[[114, 22.4], [114.2, 22.4], [114.2, 22.6], [114, 22.6], [114, 22.4]]]}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with io.isolated():
        yield desk_case.make(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def server(output: Path, tmp_path: Path) -> Iterator[Server]:
    with Server(output, log=tmp_path / "edits.jsonl") as one:
        yield one


def ask(
    server: Server, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer; a body that is no bytes goes as JSON."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    given = ({"Content-Type": "application/json"} if body is not None else {}) | (headers or {})
    link.request(verb, path, sent, given)
    answer = link.getresponse()
    made = answer.status, answer.read(), dict(answer.getheaders())
    link.close()
    return made


def told(server: Server, path: str) -> Any:
    status, body, _ = ask(server, "GET", path)
    assert status == 200, body
    return json.loads(body)


def field(server: Server, query: str) -> tuple[dict[str, Any], np.ndarray]:
    """Heading and values of a packed field, as a page unpacks it."""
    status, body, headers = ask(server, "GET", f"/api/field?{query}")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    raw = gzip.decompress(body)
    length = struct.unpack("<I", raw[:4])[0]
    heading = json.loads(raw[4 : 4 + length])
    codes = np.frombuffer(raw[4 + length :], "<u2").reshape(heading["height"], heading["width"]).astype(float)
    codes[(codes == 0) | (codes == 65535)] = np.nan
    return heading, heading["low"] + (codes - 1.0) * heading["step"]


# ---- what is shown ----


def test_a_cycle_is_told_with_its_layers(server: Server, output: Path) -> None:
    info = told(server, "/api/cycle")
    assert info["cycle"] == (output / "latest").resolve().name
    assert {"rain", "probability_1", "probability_5", "total"} <= set(info["layers"])
    rain = info["layers"]["rain"]
    assert [one["ahead"] for one in rain["times"]] == [False, False] + 6 * [True]
    assert rain["times"][1]["time"] == info["time"]
    assert (rain["units"], rain["edit"], len(rain["steps"])) == ("mm h-1", "rain", len(rain["colours"]))
    assert told(server, f"/api/cycle?cycle={info['cycles'][-1]}")["cycle"] == info["cycles"][-1]
    assert told(server, "/api/storms")["warnings"]
    assert told(server, "/api/winds")["motion"]


def test_packed_values_are_those_of_the_file_in_their_places(server: Server, output: Path) -> None:
    info = told(server, "/api/cycle")
    heading, values = field(server, f"layer=rain&time={info['time']}")
    truth = io.open(output / "latest" / "rain.nc", quantity="RATE").isel(time=-1)
    grid = Grid.of(truth)
    lon, lat = grid.lonlat()
    # Each pixel's place is found from its number by the formulas of Web Mercator, in pixels of 256 on zoom 0.
    (south, west), (north, east) = heading["corners"]
    y = [math.log(math.tan(math.pi / 4 + math.radians(edge) / 2)) for edge in (south, north)]
    for j, i in ((0, 0), (5, 40), (24, 24), (47, 0), (30, 11), (47, 47)):
        northing = math.log(math.tan(math.pi / 4 + math.radians(lat[j, i]) / 2))
        row = int((y[1] - northing) / (y[1] - y[0]) * heading["height"])
        column = int((lon[j, i] - west) / (east - west) * heading["width"])
        assert values[row, column] == pytest.approx(truth.values[j, i], abs=heading["step"], nan_ok=True), (j, i)
    # What the picture covers is the area of the grid, to a pixel along its edges.
    assert np.isfinite(values).sum() > 0.8 * values.size


@pytest.mark.parametrize(
    "grid",
    [
        Grid("+proj=aeqd +lat_0=60 +lon_0=25 +ellps=WGS84 +units=m", 300, 200, -300e3, -200e3, 2e3, 2e3),
        Grid("+proj=aeqd +lat_0=-17 +lon_0=179.5 +ellps=WGS84 +units=m", 120, 90, -120e3, -90e3, 2e3, 2e3),
        Grid("+proj=longlat +ellps=WGS84", 80, 60, 100.0, 20.0, 0.05, 0.05),
    ],
)
def test_cells_lie_where_they_are_to_less_than_a_cell(grid: Grid) -> None:
    place = _server_image.frame(grid)
    ny, nx = place.cells.shape
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(0, ny, 300), rng.integers(0, nx, 300)
    span = [math.asinh(math.tan(math.radians(edge))) for edge in (place.south, place.north)]
    lat = np.degrees(np.arctan(np.sinh(span[1] - (rows + 0.5) / ny * (span[1] - span[0]))))
    lon = place.west + (columns + 0.5) / nx * (place.east - place.west)
    x, y = grid.from_lonlat(lon, lat)
    cells = place.cells[rows, columns]
    on = cells >= 0
    assert on.sum() > 150
    j, i = np.divmod(cells[on], grid.nx)
    assert np.abs((x[on] - grid.x_first) / grid.dx - i).max() <= 0.5 + 1e-9
    assert np.abs((y[on] - grid.y_first) / grid.dy - j).max() <= 0.5 + 1e-9
    # And what is off is off.
    off_x = (x[~on] < grid.x_first - grid.dx / 2) | (x[~on] > grid.x_first + (grid.nx - 0.5) * grid.dx)
    off_y = (y[~on] < grid.y_first - grid.dy / 2) | (y[~on] > grid.y_first + (grid.ny - 0.5) * grid.dy)
    assert (off_x | off_y).all()


def test_a_field_of_nothing_and_one_cell() -> None:
    for shape in ((1, 1), (1, 5)):
        grid = Grid("+proj=aeqd +lat_0=0 +lon_0=0 +ellps=WGS84 +units=m", shape[1], shape[0], 0.0, 0.0, 1e3, 1e3)
        data = xr.DataArray(np.full(shape, np.nan), grid.coords(), ("y", "x"), attrs={"grid_mapping": "crs"})
        raw = gzip.decompress(_server_image.packed(data))
        codes = np.frombuffer(raw[4 + struct.unpack("<I", raw[:4])[0] :], "<u2")
        assert set(np.unique(codes)) <= {0, 65535}
        assert 0 in codes


def test_files_that_are_damaged_or_gone_are_told(output: Path, tmp_path: Path) -> None:
    shutil.copytree(output, tmp_path / "out", symlinks=True)
    latest = (tmp_path / "out" / "latest").resolve()
    (latest / "forecast.nc").write_bytes((latest / "forecast.nc").read_bytes()[:500])
    with Server(tmp_path / "out", log=tmp_path / "edits.jsonl") as one:
        info = told(one, "/api/cycle")
        assert [line for line in info["degraded"] if line.startswith(f"{latest.name}/forecast.nc: ")]
        assert len(info["layers"]["rain"]["times"]) == 2  # what was seen is there
        (latest / "rain.nc").unlink()
        status, body, _ = ask(one, "GET", f"/api/field?layer=rain&time={info['time']}")
        assert status == 410, body
        assert len(told(one, "/api/cycle")["layers"]["rain"]["times"]) == 1
        log = tmp_path / "edits.jsonl"
        log.write_text("nonsense\n")
        status, body, _ = ask(one, "GET", "/api/edits")
        assert status in (400, 422)
        assert "line 1" in json.loads(body)["error"]
    with pytest.raises(NowcastError, match="line 1"):
        Server(tmp_path / "out", log=log)


def test_values_at_a_place_and_along_a_line(server: Server, output: Path) -> None:
    info = told(server, "/api/cycle")
    truth = io.open(output / "latest" / "rain.nc", quantity="RATE").isel(time=-1)
    j, i = np.unravel_index(np.nanargmax(truth.values), truth.shape)
    lon, lat = (float(part[j, i]) for part in Grid.of(truth).lonlat())
    point = told(server, f"/api/point?layer=rain&lon={lon}&lat={lat}")
    now = next(row for row in point["rows"] if row[0] == info["time"])
    assert now[1] == now[2] == pytest.approx(float(truth.values[j, i]))
    line = told(
        server, f"/api/section?layer=rain&time={info['time']}&lon1={lon}&lat1={lat}&lon2={lon}&lat2={lat + 0.2}"
    )
    assert line["raw"][0] == now[1]
    assert line["km"][-1] == pytest.approx(0.2 * math.pi * 6371 / 180, rel=1e-3)
    outside = told(server, "/api/point?layer=rain&lon=0&lat=0")
    assert {row[1] for row in outside["rows"]} == {None}
    with pytest.raises(ArgumentError, match="two places apart"):
        along([truth, truth], ((114.0, 22.0), (114.0, 22.0)))


# ---- edits ----


def test_edits_are_kept_undone_and_redone(server: Server, output: Path, tmp_path: Path) -> None:
    info = told(server, "/api/cycle")
    query = f"layer=rain&time={info['time']}"
    before = field(server, query)[1]
    status, body, _ = ask(server, "POST", "/api/edits", EDIT | {"area": SQUARE})
    assert status == 200, body
    id = json.loads(body)["edit"]["id"]
    after = field(server, f"{query}&which=corrected")[1]
    more = after / np.where(before > 0.1, before, np.nan)
    assert np.nanmax(more) == pytest.approx(1.3, abs=0.01)
    assert np.nanmin(more) == pytest.approx(1.0, abs=0.01)
    np.testing.assert_array_equal(field(server, query)[1], before)
    with Server(output, log=tmp_path / "edits.jsonl") as other:  # what is in the log is there for all
        assert told(other, "/api/edits")["active"] == [id]
    assert ask(server, "POST", "/api/undo", {"author": "B"})[0] == 200
    assert told(server, "/api/edits")["active"] == []
    np.testing.assert_allclose(field(server, f"{query}&which=corrected")[1], before, atol=0.01)
    assert ask(server, "POST", "/api/undo", {"author": "B"})[0] == 404
    assert ask(server, "POST", "/api/redo", {"author": "B"})[0] == 200
    assert told(server, "/api/edits")["active"] == [id]
    assert [one["action"] for one in told(server, "/api/edits")["entries"]] == ["add", "undo", "redo"]


def test_an_approved_warning_says_by_whom(server: Server) -> None:
    number = told(server, "/api/storms")["warnings"][0]["properties"]["warning"]
    edit = EDIT | {"kind": "warning_accept", "layer": "warnings", "values": {"warning": number}, "author": "<b>A</b>"}
    assert ask(server, "POST", "/api/edits", edit)[0] == 200
    warnings = [one["properties"] for one in told(server, "/api/storms")["warnings"]]
    by = {one["warning"]: one.get("approved_by") for one in warnings}
    assert by[number] == "<b>A</b>"
    assert set(by.values()) == {"<b>A</b>", None}


def test_cells_are_drawn_and_cancelled(server: Server) -> None:
    cells = told(server, "/api/storms")["cells"]
    track = cells[0]["properties"]["track"]
    for more in ({"kind": "cell_cancel", "values": {"track": track}}, {"kind": "cell_draw", "area": SQUARE}):
        assert ask(server, "POST", "/api/edits", EDIT | {"layer": "cells", "values": {}} | more)[0] == 200
    after = told(server, "/api/storms")
    assert track not in [one["properties"]["track"] for one in after["cells"] + after["ahead"]]
    assert str(track) not in after["ways"]
    assert len(after["cells"]) == len(cells)
    assert after["cells"][-1]["geometry"] == SQUARE


def test_what_is_suggested_is_listed_until_it_is_taken(output: Path, tmp_path: Path) -> None:
    made = EDIT | {"id": "suggested-1", "time": "2026-06-01T06:40:00Z", "suggested": True, "author": "suggestion"}
    file = tmp_path / "suggestions.json"
    with Server(output, log=tmp_path / "edits.jsonl", suggestions=file) as one:
        assert told(one, "/api/suggestions")["edits"] == []
        file.write_text(json.dumps([made]))
        edit = told(one, "/api/suggestions")["edits"][0]
        assert edit == made
        taken = {name: edit[name] for name in edit if name not in ("time", "suggested")} | {"author": "A"}
        assert ask(one, "POST", "/api/edits", taken)[0] == 200
        assert told(one, "/api/suggestions")["edits"] == []
        for text in ("{}", "[1]", "[", json.dumps([made | {"kind": "x"}])):
            file.write_text(text)
            status, body, _ = ask(one, "GET", "/api/suggestions")
            assert 400 <= status < 500, text
            assert json.loads(body)["error"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "explode"),
        ("kind", {}),
        ("layer", "../../etc/passwd"),
        ("author", ""),
        ("author", 5),
        ("author", "a" * 10_000),
        ("author", "a\u202eb"),
        ("time", "yesterday"),
        ("valid", ["2026-06-01T08:00:00Z", "2026-06-01T06:00:00Z"]),
        ("valid", "always"),
        ("reason", ["x"]),
        ("half_life_minutes", -1),
        ("half_life_minutes", "NaN"),
        ("area", {"type": "Point", "coordinates": [114, 22]}),
        ("area", {"type": "Polygon", "coordinates": [[[1e308, 0], [0, 1], [1, 1], [1e308, 0]]]}),
        ("area", {"type": "Polygon", "coordinates": [[["a", 0], [0, 1], [1, 1]]]}),
        ("area", "POLYGON"),
        ("feather_km", -3),
        ("feather_km", 1e300),
        ("values", {"by": "1.3"}),
        ("values", {"by": 1e300}),
        ("values", {"by": 1.3, "__proto__": 1}),
        ("values", None),
        ("id", "../x"),
        ("more", 1),
    ],
)
def test_hostile_edits_are_refused_with_the_entry_named(server: Server, name: str, value: Any, tmp_path: Path) -> None:
    status, body, headers = ask(server, "POST", "/api/edits", EDIT | {name: value})
    assert 400 <= status < 500, body
    assert headers["Content-Type"] == "application/json"
    assert name.split("_")[0] in json.loads(body)["error"]
    log = tmp_path / "edits.jsonl"
    assert not log.exists() or log.read_text() == ""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b"[" * 200_000, 400),
        (b'{"kind": NaN}', 400),
        (b'{"kind": Infinity}', 400),
        (b" " * (MOST_BYTES + 1), 413),
    ],
)
def test_what_is_no_edit_is_refused(server: Server, body: bytes, status: int) -> None:
    try:
        found, answer, _ = ask(server, "POST", "/api/edits", body)
    except ConnectionError:  # what is too large is not read to its end
        assert status == 413
        return
    assert found == status
    assert json.loads(answer)["error"]


@pytest.mark.parametrize(
    "query",
    [
        "layer=rain",
        "layer=rain&time=x",
        "layer=rain&time=nan",
        "layer=rain&time=1e400",
        "layer=..%2F..%2Fetc&time=0",
        "layer=rain&time=0",
        "cycle=..&layer=rain&time=0",
        "cycle=20260601T000000Z&layer=rain&time=0",
        "cycle=%00&layer=rain&time=0",
        "layer=__class__&time=0",
    ],
)
@pytest.mark.parametrize("what", ["field", "point", "section"])
def test_hostile_queries_are_refused(server: Server, what: str, query: str) -> None:
    status, body, _ = ask(server, "GET", f"/api/{what}?{query}&lat=x&lat1=91")
    assert 400 <= status < 500
    assert json.loads(body)["error"]


def test_too_many_fields_and_what_is_no_text(server: Server) -> None:
    assert ask(server, "GET", "/api/cycle?" + "&".join(f"a{n}=1" for n in range(50)))[0] == 400
    assert ask(server, "GET", "/api/cycle?cycle=%ff")[0] == 400
    assert ask(server, "POST", "/api/undo", {"author": "A", "id": 5})[0] == 400
    assert ask(server, "POST", "/api/undo", {"author": "A", "id": "nothing"})[0] == 400
    assert ask(server, "POST", "/api/undo", {})[0] in (400, 404)


# ---- who may ask ----


@pytest.mark.parametrize(
    "path",
    [
        "/static/../_server.py",
        "/static/%2e%2e/_server.py",
        "/static//etc/passwd",
        "//etc/passwd",
        "/static/",
        "/x",
        "/static/desk.js/..",
    ],
)
def test_nothing_is_read_by_its_path(server: Server, path: str) -> None:
    status, body, _ = ask(server, "GET", path)
    assert (status, json.loads(body)) == (404, {"error": "nothing here"})


def test_other_names_and_origins_are_refused(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1:{server.port + 1}", ""):
        assert ask(server, "GET", "/api/cycles", headers={"Host": host})[0] == 403, host
    assert ask(server, "GET", "/api/cycles", headers={"Host": f"localhost:{server.port}"})[0] == 200
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
        assert ask(server, "POST", "/api/undo", {"author": "A"}, {"Origin": origin})[0] == 403, origin
    assert ask(server, "POST", "/api/undo", {"author": "A"}, {"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask(server, "POST", "/api/undo", {"author": "A"}, {"Origin": f"http://{own}"})[0] == 404
    plain = ask(server, "POST", "/api/undo", {"author": "A"}, {"Content-Type": "text/plain"})
    assert plain[0] == 415
    assert ask(server, "DELETE", "/api/edits")[0] == 501
    assert ask(server, "POST", "/api/cycle", {})[0] == 405


def test_pages_load_nothing_from_outside(server: Server) -> None:
    status, page, headers = ask(server, "GET", "/")
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"://" not in page
    for name in ("api", "charts", "desk", "draw", "keys", "lists", "map", "texts"):
        status, script, headers = ask(server, "GET", f"/static/{name}.js")
        assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert b"innerHTML" not in script
        assert b"://" not in script.replace(b"http://www.w3.org/2000/svg", b"")


def test_requests_that_are_not_whole_end(server: Server) -> None:
    for raw in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"NONSENSE / HTTP/1.1\r\n\r\n",
        b"POST /api/edits HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as link:
            link.sendall(raw)
            link.shutdown(socket.SHUT_WR)
            answer = link.recv(100_000)
            assert answer.split(b" ", 2)[1][:1] in b"45", answer


def test_a_token_is_wanted_where_others_reach(output: Path, tmp_path: Path) -> None:
    log = tmp_path / "edits.jsonl"
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(ArgumentError, match="token"):
            Server(output, log=log, host=host)
    with pytest.raises(ArgumentError, match="16 characters"):
        Server(output, log=log, token="short")
    token = "a-token-of-some-length"
    with Server(output, log=log, token=token) as one:
        assert ask(one, "GET", "/")[0] == 401
        assert ask(one, "GET", "/api/cycles")[0] == 401
        assert ask(one, "GET", "/?token=a-token-of-some-lengtH")[0] == 401
        assert ask(one, "GET", "/?token=%ff")[0] == 400
        status, _, headers = ask(one, "GET", f"/?token={token}")
        assert (status, headers["Location"]) == (303, "./")
        assert "HttpOnly" in headers["Set-Cookie"]
        assert "SameSite=Strict" in headers["Set-Cookie"]
        cookie = headers["Set-Cookie"].split(";")[0]
        assert ask(one, "GET", "/", headers={"Cookie": cookie})[0] == 200
        assert ask(one, "GET", "/api/cycles", headers={"Authorization": f"Bearer {token}"})[0] == 200
        assert ask(one, "GET", "/api/cycles", headers={"Cookie": cookie[:-1]})[0] == 401
        assert token in one.url


def test_a_frame_for_notebooks(output: Path, tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    frame = desk.show(output, log=tmp_path / "edits.jsonl", height=500)
    with frame.server as one:
        assert (frame.src, frame.height) == (one.url, 500)
        assert ask(one, "GET", "/")[0] == 200


def test_a_served_desk_says_where_and_ends_when_interrupted(output: Path, tmp_path: Path) -> None:
    code = f"from nowcast import desk; desk.serve({str(output)!r}, log={str(tmp_path / 'log')!r}, host='127.0.0.1')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{url}api/cycles", timeout=30) as answer:
            assert answer.status == 200
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 0


def test_an_output_that_is_empty_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="none found"):
        Server(tmp_path / "none", log=tmp_path / "edits.jsonl")
    (tmp_path / "out").mkdir()
    with Server(tmp_path / "out", log=tmp_path / "edits.jsonl") as one:
        status, body, _ = ask(one, "GET", "/api/cycle")
        assert (status, json.loads(body)["error"]) == (404, "no cycle has been published yet")
