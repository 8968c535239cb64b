"""The desk's page, served on this machine: who may ask, what is answered, and how it is started and shown.

The standard library's server is enough: one forecaster, one page. It listens on the loopback address. There it answers
only to its own name, so that a page of the web whose name is made to point here (DNS rebinding) is refused; elsewhere
it wants a token. Changes want the page's own origin too. Nothing is read by a name that a request gives: pages come
from a table made at the start, and data from what has been published.
"""

import functools
import hmac
import http.cookies
import http.server
import importlib.resources
import ipaddress
import json
import logging
import os
import secrets
import socket
import threading
import urllib.parse
import webbrowser
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nowcast.desk._server_api import Api, RefusedError
from nowcast.errors import ArgumentError, NowcastError, UnsupportedError

MOST_BYTES = 256 * 1024
"""Of what a page may send at once."""

_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png"}
_TYPES = {**_KINDS, "json": "application/json", "packed": "application/octet-stream"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"
)
_logger = logging.getLogger("nowcast")


class Server:
    """The desk's page over one folder of cycles, until it is closed.

    Parameters
    ----------
    output : folder that ``nowcast run`` publishes into
    log : file of the edits
    host : str
        Address to listen on; any but a loopback one wants a token.
    port : int
        0 for one that is free.
    token : str, optional
        What a page must bring, at least 16 characters; opened as ``url`` says it.
    suggestions : file, optional
        A list of edits as JSON, as ``nowcast.desk.suggest`` makes them, that a forecaster may take over; looked into
        whenever the page asks.

    Raises
    ------
    ArgumentError : no such folder; a host that others reach without a token; a short token.
    NowcastError : the address cannot be had, or the log cannot be read.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        *,
        log: str | os.PathLike[str],
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        suggestions: str | os.PathLike[str] | None = None,
    ) -> None:
        if not Path(output).is_dir():
            raise ArgumentError(f"{os.fspath(output)}: the folder of published cycles expected, none found")
        local = _is_loopback(host)
        if token is None and not local:
            raise ArgumentError(f"host: {host} can be reached by others, so a token is wanted")
        if token is not None and (len(token) < 16 or not token.isascii() or not token.isprintable()):
            raise ArgumentError("token: 16 characters of ASCII or more expected")
        api = Api(Path(output), Path(log), None if suggestions is None else Path(suggestions))
        answers = functools.partial(_Answers, api, token, host if local else None)
        try:
            self._http = (_Http6 if ":" in host else _Http)((host, port), answers)
        except (OSError, OverflowError) as error:
            raise NowcastError(f"{host}, port {port}: {error}") from error
        self.port: int = self._http.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}/" + (f"?token={urllib.parse.quote(token)}" if token else "")
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Answer from a thread of its own, unless it does already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="desk", daemon=True)
            self._thread.start()
        return self

    def run(self) -> None:
        """Answer until interrupted."""
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop, and let the address go."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that goes away amid an answer is nothing to tell."""
        _logger.debug("desk: a connection ended amid an answer", exc_info=True)


class _Http6(_Http):
    address_family = socket.AF_INET6


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def _pages() -> dict[str, tuple[str, bytes]]:
    """What there is of pages: kind and bytes by path."""
    folder = importlib.resources.files("nowcast.desk") / "static"
    found = {}
    for file in folder.iterdir():
        kind = _KINDS.get(Path(file.name).suffix)
        if kind is not None:
            found["/" if file.name == "index.html" else f"/static/{file.name}"] = (kind, file.read_bytes())
    return found


class _Answers(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 30  # s that a silent connection is kept

    def __init__(self, api: Api, token: str | None, local: str | None, *rest: Any) -> None:
        self._api, self._token, self._local = api, token, local
        super().__init__(*rest)

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, verb: str) -> None:
        try:
            sent = self._read() if verb == "POST" else b""
            url = urllib.parse.urlsplit(self.path)
            query = urllib.parse.parse_qs(url.query, max_num_fields=20, errors="strict")
            self._check_host()
            if verb == "GET" and url.path == "/" and self._token and "token" in query:
                return self._enter(query["token"][0])
            self._check_token()
            if verb == "GET" and url.path in _pages():
                return self._send(HTTPStatus.OK, *_pages()[url.path])
            given = self._object(sent) if verb == "POST" else {name: values[-1] for name, values in query.items()}
            kind, made = self._api.answer(verb, url.path, given)
            self._send(HTTPStatus.OK, _TYPES[kind], made, packed=kind == "packed")
        except RefusedError as error:
            self.send_error(error.status, str(error))
        except (ValueError, RecursionError) as error:  # also NowcastErrors of arguments
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
        except NowcastError as error:
            self.send_error(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except OSError:
            raise  # the page is gone
        except Exception:
            _logger.exception("desk: %s failed", verb)
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, "the desk failed at this; its log says where")

    # ---- who may ask ----

    def _check_host(self) -> None:
        """Refuse other names than those of this machine, and changes that another page asks for."""
        named = self.headers.get_all("Host") or []
        if len(named) != 1:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "one Host expected")
        if self._local is not None and named[0].lower() not in self._names():
            raise RefusedError(HTTPStatus.FORBIDDEN, "this desk answers to its own address only")
        origin = self.headers.get("Origin")
        if origin is not None and urllib.parse.urlsplit(origin).netloc != named[0]:
            raise RefusedError(HTTPStatus.FORBIDDEN, "only the desk's own page may ask")
        if self.command == "POST" and self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise RefusedError(HTTPStatus.FORBIDDEN, "only the desk's own page may ask")

    def _names(self) -> set[str]:
        port = self.connection.getsockname()[1]
        return {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]", str(self._local))}

    def _cookie(self) -> str:
        return f"nowcast_desk_{self.connection.getsockname()[1]}"

    def _check_token(self) -> None:
        if self._token is None:
            return
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        try:
            kept = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(self._cookie())
        except http.cookies.CookieError:
            kept = None
        if not (self._is_token(given) or (kept is not None and self._is_token(urllib.parse.unquote(kept.value)))):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "a token is wanted: open the address that the desk printed")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="replace"), str(self._token).encode())

    def _enter(self, given: str) -> None:
        """Keep a right token as a cookie, and take it out of the address."""
        if not self._is_token(given):
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED, "another token is wanted: open the address that the desk printed"
            )
        value = f"{self._cookie()}={urllib.parse.quote(given)}; HttpOnly; SameSite=Strict; Path=/"
        self._send(HTTPStatus.SEE_OTHER, "text/plain", b"", more={"Location": "./", "Set-Cookie": value})

    # ---- what comes and goes ----

    def _read(self) -> bytes:
        """What a page sends, read before it is judged, so that the answer reaches it."""
        size = self.headers.get("Content-Length") or ""
        if self.headers.get("Transfer-Encoding") or not (size.isascii() and size.isdecimal()):
            self.close_connection = True
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "Content-Length expected")
        if len(size) > 12 or int(size) > MOST_BYTES:
            self.close_connection = True
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{MOST_BYTES} bytes at most expected")
        return self.rfile.read(int(size))

    def _object(self, sent: bytes) -> dict[str, Any]:
        """The object of JSON in it."""
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/json expected")
        made = json.loads(sent.decode(), parse_constant=_no_number)
        if not isinstance(made, dict):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "an object of JSON expected")
        return made

    def _send(
        self, status: int, kind: str, body: bytes, *, packed: bool = False, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        for name, value in (
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
            *(more or {}).items(),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is wrong, as JSON: also what the standard library finds wrong with a request."""
        text = message or HTTPStatus(code).phrase
        self._send(code, "application/json", json.dumps({"error": text}).encode(), more=_closing(self.close_connection))

    def version_string(self) -> str:
        return "nowcast"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing of a request, which may hold a token."""


def _closing(closing: bool) -> dict[str, str]:
    return {"Connection": "close"} if closing else {}


def _no_number(text: str) -> float:
    raise ValueError(f"{text}: a number expected")


def serve(
    output: str | os.PathLike[str],
    *,
    log: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    open_browser: bool = False,
    suggestions: str | os.PathLike[str] | None = None,
) -> None:
    """Serve the desk's page until interrupted; the address is printed. Parameters and errors are those of ``Server``.

    Where others can reach the host and no token is given, one is made and printed with the address.
    """
    if token is None and not _is_loopback(host):
        token = secrets.token_urlsafe(24)
    server = Server(output, log=log, host=host, port=port, token=token, suggestions=suggestions)
    print(f"desk: {server.url}", flush=True)
    if open_browser:
        webbrowser.open(server.url)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def show(
    output: str | os.PathLike[str],
    *,
    log: str | os.PathLike[str],
    suggestions: str | os.PathLike[str] | None = None,
    height: int = 720,
) -> Any:
    """The desk in a notebook: a frame of this height in pixels. Its server lives as long as the kernel.

    Returns
    -------
    An ``IPython.display.IFrame``; its attribute ``server`` is the ``Server``, to be closed earlier.

    Raises
    ------
    UnsupportedError : IPython is not installed.
    """
    try:
        from IPython.display import IFrame
    except ImportError:
        raise UnsupportedError("the desk in a notebook wants IPython: pip install ipython") from None
    server = Server(output, log=log, suggestions=suggestions).start()
    made: Any = IFrame(server.url, width="100%", height=height)
    made.server = server
    return made
