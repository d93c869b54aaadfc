"""Pictures and films to be searched for copies: from a folder, a ZIP of a crawl, or a list of addresses."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from typing import TypeVar
from urllib.parse import urlsplit

from vmodel.rights.errors import EvidenceUnreadable
from vmodel.rights.fingerprint.query_image import MAX_MEGABYTES

T = TypeVar("T")

MAX_PICTURES = 100_000
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
_ENDINGS |= {".mp4", ".mov", ".m4v"}
_LONGEST_S = 20.0
_MAX_BYTES = MAX_MEGABYTES * 10**6


@dataclass(frozen=True)
class Found:
    """A file that may be a picture or a film.

    Attributes:
        where: path, member of the ZIP, or address.
        content: of the file; None if it could not be read.
        fault: why not; "" otherwise.
    """

    where: str
    content: bytes | None
    fault: str = ""


def open_source(source: Path, hosts: Iterable[str], trusted: SSLContext | None = None) -> Iterator[Found]:
    """Open a source and iterate over its pictures, one at a time.

    Args:
        source: a folder, a ZIP file, or a text file with one https address a line.
        hosts: allowed hosts of addresses; others are not fetched.
        trusted: TLS authorities to trust; None for the usual ones of the web.
    Raises:
        EvidenceUnreadable: it is none of them.
    """
    if source.is_dir():
        return _of_folder(source)
    if not source.is_file():
        raise EvidenceUnreadable(str(source), "is not there")
    if zipfile.is_zipfile(source):
        return _of_zip(source)
    if source.suffix.lower() not in {".txt", ".csv", ".list"}:
        raise EvidenceUnreadable(str(source), "is none of what can be searched")
    return _of_list(source, {host.lower() for host in hosts}, trusted)


def _of_folder(folder: Path) -> Iterator[Found]:
    root = folder.resolve()
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS and path.is_file())
    for path in _bounded(paths):
        where = str(path.relative_to(folder))
        # A link could lead anywhere on the machine, and its target would appear in the evidence.
        if not path.resolve().is_relative_to(root):
            yield Found(where, None, "leads out of the folder")
        elif path.stat().st_size > _MAX_BYTES:
            yield Found(where, None, f"larger than {MAX_MEGABYTES} megabytes")
        else:
            yield Found(where, path.read_bytes())


def _of_zip(path: Path) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = (each for each in archive.infolist() if Path(each.filename).suffix.lower() in _ENDINGS)
            for member in _bounded(members):
                yield _member(archive, member)
    except zipfile.BadZipFile:
        raise EvidenceUnreadable(str(path), "is a damaged ZIP file") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Found:
    try:
        with archive.open(member) as stream:
            # The size in a member's header is not trusted.
            content = stream.read(_MAX_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as error:
        return Found(member.filename, None, f"cannot be unpacked ({type(error).__name__})")
    if len(content) > _MAX_BYTES:
        return Found(member.filename, None, f"larger than {MAX_MEGABYTES} megabytes")
    return Found(member.filename, content)


def _of_list(path: Path, hosts: set[str], trusted: SSLContext | None) -> Iterator[Found]:
    import httpx

    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    verify = True if trusted is None else trusted
    # No redirects: they could lead to hosts that are not allowed.
    with httpx.Client(follow_redirects=False, timeout=_LONGEST_S, trust_env=False, verify=verify) as client:
        for address in _bounded(line for line in lines if line and not line.startswith("#")):
            yield _fetched(client, address, hosts)


def _fetched(client: object, address: str, hosts: set[str]) -> Found:
    import httpx

    assert isinstance(client, httpx.Client)
    try:
        parts = urlsplit(address)
        if parts.scheme != "https" or parts.username or (parts.hostname or "").lower() not in hosts:
            return Found(address, None, "not an https address of a host in VMODEL_MONITOR_HOSTS")
        with client.stream("GET", address) as answer:
            if answer.status_code != httpx.codes.OK:
                return Found(address, None, f"answers with status {answer.status_code}")
            content = bytearray()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _MAX_BYTES:
                    return Found(address, None, f"larger than {MAX_MEGABYTES} megabytes")
        return Found(address, bytes(content))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Found(address, None, f"cannot be fetched ({type(error).__name__})")


def _bounded(items: Iterable[T]) -> Iterator[T]:
    for count, item in enumerate(items):
        if count == MAX_PICTURES:
            return
        yield item
