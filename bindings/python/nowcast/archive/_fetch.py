"""Files of public archives, from listings to a folder that keeps them."""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import html.parser
import json
import logging
import os
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nowcast._files import replacing
from nowcast.archive import _http
from nowcast.archive._http import Remote
from nowcast.archive._sources import SAFE, SOURCES, Source
from nowcast.errors import ArgumentError, FileError, FormatError, NoDataError
from nowcast.ops._config import PathLike

_logger = logging.getLogger("nowcast")
_AT_ONCE = 4
_MOST_PAGES = 1000
_SETTLED_S = 2 * 86400.0


def cache() -> Path:
    """Where files are kept when no folder is named: ``nowcast`` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nowcast"


def fetch(
    source: str | Source,
    start: Any,
    end: Any,
    *,
    name: str | None = None,
    folder: PathLike | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Bring the files of a public archive whose times lie from start to end.

    Parameters
    ----------
    source : str or Source
        One of ``SOURCES``, or another archive.
    start, end : UTC, both included
    name : str, optional
        The radar or product; by default the source's own.
    folder : path, optional
        That keeps them, as SOURCE/FOLDER OF THE DAY/FILE; ``cache()`` when omitted. What is there and is what it was is
        not brought again; listings of days long past are kept too, so that no network is needed then.
    progress : callable, optional
        ``progress(file, number, of)`` after each.

    Returns
    -------
    Their paths in the order of time.

    Raises
    ------
    ArgumentError : no such source, no name, or an end before the start.
    NoDataError : there are none of these times.
    FileError : the archive cannot be reached, or a file is not there.
    FormatError : a listing that is none, or a file that is not what the listing says.
    """
    label, archive = _source(source)
    first, last = np.datetime64(start, "ns"), np.datetime64(end, "ns")
    if last < first:
        raise ArgumentError(f"end: {start} or later expected, {end} given")
    wanted, root = archive.named(name), (cache() if folder is None else Path(folder)) / label
    found: dict[Path, tuple[np.datetime64, Remote]] = {}
    listings = {day: _listed(archive, day, root) for day in archive.folders(wanted, first, last)}
    for day, files in listings.items():
        for file, remote in files:
            moment = archive.time_of(wanted, file)
            if moment is not None and first <= moment <= last:
                found[root / day / file] = moment, remote
    if not found:
        raise NoDataError(f"{archive.url}: no file of {wanted} from {start} to {end}")
    paths = sorted(found, key=lambda path: (found[path][0], path.name))
    try:
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            fetched = pool.map(lambda path: _http.download(found[path][1], path), paths)
            for number, (path, fresh) in enumerate(zip(paths, fetched, strict=True), start=1):
                _logger.info("%s: %s", path, "fetched" if fresh else "was there")
                if progress:
                    progress(path.name, number, len(paths))
    except FileError:
        for day in listings:
            _kept(archive, day, root).unlink(missing_ok=True)
        raise
    if "%" in archive.folder and time.time() - float(last.astype("datetime64[s]").astype(np.int64)) > _SETTLED_S:
        for day, files in listings.items():
            _keep(files, _kept(archive, day, root))
    return paths


def _source(source: str | Source) -> tuple[str, Source]:
    if isinstance(source, Source):
        return urllib.parse.urlsplit(source.url).netloc.replace(":", "-"), source
    if source not in SOURCES:
        raise ArgumentError(f"source: one of {', '.join(SOURCES)} expected, {source!r} given")
    return source, SOURCES[source]


def _listed(archive: Source, day: str, root: Path) -> list[tuple[str, Remote]]:
    """Names and files of a folder, as kept, or from the archive."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        rows = json.loads(_kept(archive, day, root).read_text(encoding="utf-8"))
        return [(row["name"], Remote(row["url"], row["size"], row["md5"])) for row in rows]
    return list((_bucket if archive.listing == "s3" else _links)(archive, day))


def _kept(archive: Source, day: str, root: Path) -> Path:
    """Where the listing of a folder is kept."""
    of = hashlib.sha256(f"{archive.url}/{day}".encode()).hexdigest()[:16]
    return root / f".listing-{of}.json"


def _keep(files: Sequence[tuple[str, Remote]], path: Path) -> None:
    rows = [{"name": name, **dataclasses.asdict(remote)} for name, remote in files]
    with replacing(path) as beside:
        beside.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _bucket(archive: Source, prefix: str) -> Iterator[tuple[str, Remote]]:
    """Files of a folder of a bucket, by the listing of open cloud storage, version 2, page by page."""
    query = {"list-type": "2", "prefix": prefix, "delimiter": "/"}
    for _ in range(_MOST_PAGES):
        url = f"{archive.url}/?{urllib.parse.urlencode(query)}"
        body = _http.page(url)
        try:
            if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
                raise ElementTree.ParseError("declarations")
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError as error:
            raise FormatError(f"{url}: a listing in XML expected: {error}") from error
        if _local(root) != "ListBucketResult":
            raise FormatError(f"{url}: a listing of a bucket expected, {_local(root)} found")
        for entry in root:
            if _local(entry) != "Contents":
                continue
            said = {_local(part): part.text or "" for part in entry}
            key, size, tag = said.get("Key", ""), said.get("Size", ""), said.get("ETag", "").strip('"')
            file = key.removeprefix(prefix)
            if not key.startswith(prefix) or not _usable(file, url):
                continue
            md5 = tag if len(tag) == 32 and not set(tag) - set("0123456789abcdef") else None  # others are of parts
            known = int(size) if size.isdigit() else None
            yield file, Remote(f"{archive.url}/{urllib.parse.quote(key)}", known, md5)
        token = next((part.text for part in root if _local(part) == "NextContinuationToken"), None)
        if not token:
            return
        query["continuation-token"] = token
    raise FormatError(f"{archive.url}: {prefix}: a listing of at most {_MOST_PAGES} pages expected")


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


class _Links(html.parser.HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for key, value in attrs if key == "href" and value]


def _links(archive: Source, day: str) -> Iterator[tuple[str, Remote]]:
    """Files that a page of links names, of its own folder."""
    url = f"{archive.url}/{day}"
    reader = _Links()
    reader.feed(_http.page(url).decode("utf-8", "replace"))
    for link in dict.fromkeys(reader.found):
        whole = urllib.parse.urljoin(url, link)
        file = urllib.parse.unquote(whole.removeprefix(url))
        if (
            whole.startswith(url)
            and file
            and not file.endswith("/")
            and not file.startswith("?")
            and _usable(file, url)
        ):
            yield file, Remote(whole)


def _usable(file: str, url: str) -> bool:
    """Whether a name is one that a file may have here; others are left where they are."""
    if file and not SAFE(file):
        _logger.warning("%s: left out, as no name of a file: %r", url, file)
    return bool(file and SAFE(file))
