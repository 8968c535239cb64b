"""Files over HTTP: tried again, taken up where they broke off, checked, and whole or not there."""

import contextlib
import dataclasses
import fcntl
import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from io import BufferedRandom
from pathlib import Path
from typing import Any

from nowcast import _lib
from nowcast._files import checksum, replacing
from nowcast.errors import FileError, FormatError

TRIES = 5
WAIT_S = 1.0
"""Before the second try; twice as long before each further one."""
TIMEOUT_S = 60.0
_LONGEST_WAIT_S = 60.0
_CHUNK = 1 << 20
_LONGEST_PAGE = 1 << 26
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_BROKEN = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


def _opener() -> urllib.request.OpenerDirector:
    """What opens http and https and nothing else, wherever it is sent on to."""
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        made.add_handler(handler)
    return made


@contextlib.contextmanager
def _answer(url: str, headers: Mapping[str, str]) -> Iterator[Any]:
    request = urllib.request.Request(url, headers={"User-Agent": f"libnowcast/{_lib.version()}", **headers})
    with _opener().open(request, timeout=TIMEOUT_S) as answer:
        yield answer


def _tries(url: str) -> Iterator["_Try"]:
    """Tries of a request, with longer and longer waits between; the last failure is the caller's error."""
    for number in range(1, TRIES + 1):
        this = _Try(url, last=number == TRIES)
        yield this
        if this.problem is None:
            return
        time.sleep(min(this.wait or WAIT_S * 2.0 ** (number - 1), _LONGEST_WAIT_S))


class _Try:
    """One of several tries; a failure that another try may mend is kept, others go on as errors of ours."""

    def __init__(self, url: str, last: bool) -> None:
        self._url, self._last = url, last
        self.problem: str | None = None
        self.wait = 0.0

    def __enter__(self) -> "_Try":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, (*_BROKEN, _ShortError)):
            return False
        again = True
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            self.problem, again = f"{error.code} {error.reason}", error.code in _AGAIN
            told = error.headers.get("Retry-After", "") if error.headers else ""
            self.wait = float(told) if told.isdigit() else 0.0
        else:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            self.problem = f"{reason}" or type(error).__name__
        if self._last or not again:
            tried = f", {TRIES} times" if again and TRIES > 1 else ""
            raise FileError(f"{self._url}: {self.problem}{tried}") from error
        return True


class _ShortError(Exception):
    """A body that ended before its end."""


def page(url: str) -> bytes:
    """The body of an answer, of a size that a listing may have.

    Raises
    ------
    FileError : the server has no such page, or cannot be reached.
    FormatError : it is longer than any listing is.
    """
    body = b""
    for this in _tries(url):
        with this, _answer(url, {}) as answer:
            body = answer.read(_LONGEST_PAGE + 1)
            _check_length(answer, len(body))
    if len(body) > _LONGEST_PAGE:
        raise FormatError(f"{url}: a listing of at most {_LONGEST_PAGE} bytes expected")
    return body


def _check_length(answer: Any, got: int) -> None:
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and got < int(told):
        raise _ShortError(f"{got} of {told} bytes came")


@dataclasses.dataclass(frozen=True)
class Remote:
    """A file of an archive, and what the listing says of it."""

    url: str
    size: int | None = None
    md5: str | None = None


def download(remote: Remote, path: Path) -> bool:
    """Bring a file to a path, unless it is there and is what it was; whether it had to be brought.

    What came before a connection broke off is kept beside the path, hidden, and gone on from. Beside the file are its
    address, size and SHA-256, by which it is known the next time.

    Raises
    ------
    FileError : the server has no such file or cannot be reached, or the disk refuses.
    FormatError : what came is not what the listing says: size or checksum.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path, ".part").open("a+b") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            if _kept(remote, path):
                _beside(path, ".part").unlink(missing_ok=True)
                return False
            for this in _tries(remote.url):
                with this:
                    _bring(remote, path, part)
            _check(remote, part, path)
            part.flush()
            facts = {"url": remote.url, "size": part.seek(0, 2), "sha256": checksum(part.name)}
            with replacing(_beside(path, ".json")) as beside:
                beside.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            Path(part.name).replace(path)
            _beside(path, ".etag").unlink(missing_ok=True)
            return True
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error


def _bring(remote: Remote, path: Path, part: BufferedRandom) -> None:
    """What is missing of a file, behind what there is of it, if it is still the same file."""
    tag, have = _beside(path, ".etag"), part.seek(0, 2)
    known = tag.read_text(encoding="utf-8") if have and tag.exists() else ""
    headers = {"Range": f"bytes={have}-", "If-Range": known} if known else {}
    if remote.size is not None and have == remote.size and known:
        return
    try:
        with _answer(remote.url, headers) as answer:
            if not (answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")):
                part.truncate(0)
                have = 0
            etag = answer.headers.get("ETag", "")
            tag.write_text(etag if etag.startswith('"') else "", encoding="utf-8")  # a weak one is of no use for this
            came = 0
            while chunk := answer.read(_CHUNK):
                came += len(chunk)
                if remote.size is not None and have + came > remote.size:
                    break
                part.write(chunk)
            part.flush()
            _check_length(answer, came)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # not a part of what is there now
            part.truncate(0)
            error.close()
            raise _ShortError("what had come is of another file") from error
        raise


def _check(remote: Remote, part: BufferedRandom, path: Path) -> None:
    """Refuse, and remove, what is not what the listing says."""
    size = part.seek(0, 2)
    problem = ""
    if remote.size is not None and size != remote.size:
        problem = f"{remote.size} bytes expected, {'more' if size > remote.size else size} came"
    elif remote.md5 is not None:
        part.seek(0)
        found = hashlib.file_digest(part, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != remote.md5:
            problem = f"MD5 {remote.md5} expected, {found} came"
    if problem:
        _beside(path, ".part").unlink(missing_ok=True)
        _beside(path, ".etag").unlink(missing_ok=True)
        raise FormatError(f"{remote.url}: {problem}")


def _kept(remote: Remote, path: Path) -> bool:
    """Whether a file is there, whole, and the one that the listing has."""
    try:
        facts = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
        same = path.stat().st_size == facts["size"] and remote.size in (None, facts["size"])
        return bool(same and facts["url"] == remote.url and checksum(path) == facts["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}{suffix}")
