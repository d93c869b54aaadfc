"""Search for copies of registered pictures among outside ones, surest first, with the evidence side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from vmodel.core.database import now
from vmodel.errors import VModelError
from vmodel.rights.fingerprint.query_image import read_query_image
from vmodel.rights.html import STYLE, page, picture_uri, rows
from vmodel.rights.licence.certificate import moment_text
from vmodel.rights.provenance.c2pa import sniff_mime
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.crawl_sources import Found
from vmodel.rights.verification.result import Verification
from vmodel.rights.verification.verifier import Verifier
from vmodel.rights.verification.video_verifier import FILM
from vmodel.rights.watermark.film_decoder import Frame
from vmodel.rights.watermark.video import frames_of
from vmodel.types import ByteArray

_FRAMES = 4
"""Frames of a film that are compared with the original; the most similar one is shown."""
_SURE = {"pixels": 3, "manifest": 3, "mark": 2, "likeness": 1}
_STYLE = (
    STYLE
    + """
body{max-width:1080px}.pair{display:grid;grid-template-columns:1fr 1fr 1.3fr;gap:20px;padding:18px 0;
border-bottom:1px solid #ddd8d2;break-inside:avoid}.pair img{width:100%;border:1px solid #ddd8d2}
figure{margin:0}figcaption{font-size:12px;color:#7a736b;margin-top:4px;word-break:break-all}
"""
)


@dataclass(frozen=True)
class CopyMatch:
    """An outside picture in which a registered one is recognised.

    Attributes:
        where: path or address of the picture.
        content: the file.
        picture: (H, W, 3) uint8, as a viewer shows it; of a film, the frame that is most like the original.
        original: (H, W, 3) uint8, the registered picture, or a frame of the registered film; None if it is not kept
            any more.
        found: verdict with the licence; for films, with the seconds of the two pictures.
        alike: share of the original's details that agree, 0..1.
        at: when it was searched.
    """

    where: str
    content: bytes
    picture: ByteArray
    original: ByteArray | None
    found: Verification
    alike: float
    at: datetime

    @property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return hashlib.sha256(self.content).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        licence = self.found.licence
        return {
            "where": self.where,
            "sha256": self.sha256,
            "alike": round(self.alike, 3),
            "seen_at": moment_text(self.at),
            "licence": licence.id if licence else "",
            "seller": licence.seller if licence else "",
            "verdict": self.found.verdict.value,
            "found_by": self.found.found_by,
            "state": self.found.state,
            "reason": self.found.reason,
            "film_second": self.found.film_second,
            "at_second": self.found.at_second,
        }


@dataclass(frozen=True)
class Search:
    """Result of a search.

    Attributes:
        looked_at: number of files that were pictures.
        matches: surest first.
        passed_over: where -> reason why it could not be read.
    """

    looked_at: int
    matches: tuple[CopyMatch, ...]
    passed_over: tuple[tuple[str, str], ...]


def search(source: Iterable[Found], verifier: Verifier) -> Search:
    """Search every picture of a source for copies.

    Args:
        source: of ``vmodel.rights.verification.crawl_sources``.
        verifier: with the registry.
    """
    matches, passed_over, looked_at = [], [], 0
    for each in source:
        if each.content is None:
            passed_over.append((each.where, each.fault))
            continue
        try:
            found = verifier.verify(each.content, each.where)
            match = None if found.licence is None else _copy_match(each.where, each.content, found, verifier)
        except VModelError as error:
            passed_over.append((each.where, str(error)))
            continue
        looked_at += 1
        if match is not None:
            matches.append(match)
    return Search(looked_at, tuple(sorted(matches, key=_rank)), tuple(passed_over))


def _copy_match(where: str, content: bytes, found: Verification, verifier: Verifier) -> CopyMatch:
    """Build a match with its evidence: the picture, or the film's frame most like what is registered."""
    frames = _frames_of(content, where, verifier)
    with verifier.database.reading() as session:
        shot = None if found.licence is None else session.get(RegisteredShot, found.licence.id)
    if shot is None:
        return CopyMatch(where, content, frames[0].picture, None, found, 0.0, now())
    pairs = [(frame, verifier.registered.compare(frame.picture, shot)) for frame in frames]
    frame, shown = max(pairs, key=lambda pair: 0.0 if pair[1] is None else pair[1].share)
    if shown is None:
        return CopyMatch(where, content, frame.picture, None, found, 0.0, now())
    at_second = frame.second if sniff_mime(content) == FILM else None
    found = replace(found, film_second=shown.second, at_second=at_second)
    return CopyMatch(where, content, frame.picture, shown.original, found, shown.share, now())


def _frames_of(content: bytes, where: str, verifier: Verifier) -> list[Frame]:
    """Return some frames of a film, or the picture of a file as its only frame."""
    if sniff_mime(content) == FILM:
        return frames_of(content, where, _FRAMES)
    return [Frame(read_query_image(content, where, verifier.settings.max_megapixels).rgb, 0.0)]


def _rank(match: CopyMatch) -> tuple[int, float, str]:
    return -_SURE.get(match.found.found_by, 0), -match.alike, match.where


def write_report(found: Search, title: str) -> str:
    """Render a page with every match beside its original; all values are escaped, and the page loads nothing.

    Args:
        found: of ``search``.
        title: what was searched.
    """
    counted = f"{found.looked_at} pictures looked at, {len(found.matches)} recognised"
    passed = f", {len(found.passed_over)} passed over" if found.passed_over else ""
    pairs = "".join(write_pair(match) for match in found.matches)
    left = rows(dict(found.passed_over)) if found.passed_over else ""
    body = (
        f'<div class="head"><h1>Search for copies</h1><span class="state">{escape(title)}</span></div>'
        f"<p>{counted}{passed}.</p>{pairs}{'<h2>Passed over</h2>' + left if left else ''}"
    )
    return page("Search for copies", body, _STYLE)


def write_comparison(match: CopyMatch) -> str:
    """Render a page with one match beside its original."""
    return page("Comparison", f'<div class="head"><h1>Comparison</h1></div>{write_pair(match)}', _STYLE)


def write_pair(match: CopyMatch) -> str:
    """Render one match beside its original as HTML."""
    plain = match.to_json()
    facts = {
        "Verdict": plain["verdict"],
        "Recognised by": plain["found_by"],
        "Because": plain["reason"],
        "Details that agree": f"{match.alike:.0%}",
        "Licence": f"{plain['licence']} ({plain['state']})",
        "Licensed to": plain["seller"],
        **_seconds(match.found),
        "Seen": plain["seen_at"],
        "File, SHA-256": plain["sha256"],
    }
    original = (
        "<figure><figcaption>the original is not kept any more</figcaption></figure>"
        if match.original is None
        else _figure(match.original, "registered")
    )
    return f'<div class="pair">{original}{_figure(match.picture, match.where)}<div>{rows(facts)}</div></div>'


def _seconds(found: Verification) -> dict[str, str]:
    """List the seconds of the two pictures in their films."""
    named = {"Second of the registered film": found.film_second, "Second of the file": found.at_second}
    return {name: f"{second:.1f}" for name, second in named.items() if second is not None}


def _figure(picture: ByteArray, caption: str) -> str:
    return f'<figure><img alt="" src="{picture_uri(picture, 640)}"><figcaption>{escape(caption)}</figcaption></figure>'
