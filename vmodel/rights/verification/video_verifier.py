"""Verification of films: by the signed manifest, then by the mark in their frames, then by what the frames show."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.licence.certificate import Licence
from vmodel.rights.provenance.c2pa import MIME_TYPES, Provenance, Trust
from vmodel.rights.registry.queries import find_by_file
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.lookup import Lookup
from vmodel.rights.verification.result import CHANGED, Verdict, Verification, describe_match
from vmodel.rights.watermark.video import frames_of, read_mark_of_frames

FILM = MIME_TYPES["mp4"]
_COMPARED = 8
"""Frames without a mark that are compared with what is registered."""


def verify_clip(content: bytes, name: str, manifest: Provenance | None, lookup: Lookup) -> Verification:
    """Verify a film.

    Args:
        content: of the file.
        name: of the file, for messages.
        manifest: that was read from it, or None.
        lookup: of the registry.
    Raises:
        UnreadablePhoto, PhotoTooLarge: it is no film, and nothing of ours is in it.
    """
    licence = _licence_of(manifest, lookup)
    if manifest is not None and licence is not None and manifest.trust is not Trust.WELL_FORMED:
        if manifest.trust is Trust.BROKEN or not _was_published(content, licence, lookup):
            return lookup.answer(Verdict.ALTERED, CHANGED, "manifest", licence)
        return lookup.answer(Verdict.AUTHENTIC, "its signed manifest is whole", "manifest", licence)
    return _recognise(content, name, lookup)


def _licence_of(manifest: Provenance | None, lookup: Lookup) -> Licence | None:
    if manifest is None or manifest.certificate is None:
        return None
    try:
        return lookup.check(manifest.certificate)
    except CertificateInvalid:
        return None


def _was_published(content: bytes, licence: Licence, lookup: Lookup) -> bool:
    """Return True for a file that the registry knows, and for a licence of another registry."""
    with lookup.database.transaction() as session:
        if session.get(RegisteredShot, licence.id) is None:
            return True
        known = find_by_file(session, hashlib.sha256(content).hexdigest())
    return known is not None and known.id == licence.id


def _recognise(content: bytes, name: str, lookup: Lookup) -> Verification:
    """Recognise a film by its frames: by their mark, or by a registered picture that one of them shows."""
    shot = _marked(content, name, lookup)
    if shot is not None:
        reason = "the invisible mark in its frames names the licence"
        return lookup.with_licence(Verdict.COPY, reason, "mark", shot)
    for frame in frames_of(content, name, _COMPARED):
        alike = lookup.look_alike(frame.picture)
        if alike is not None:
            reason = f"its frame at second {frame.second:.1f} shows {describe_match(alike, 'a registered')}"
            found = lookup.with_licence(Verdict.COPY, reason, "likeness", alike.shot)
            return replace(found, film_second=alike.second, at_second=frame.second)
    return Verification(Verdict.UNKNOWN, "no picture of this registry is recognised in it")


def _marked(content: bytes, name: str, lookup: Lookup) -> RegisteredShot | None:
    if lookup.authority is None:
        return None
    frames = frames_of(content, name, spread=False)

    def read(key: bytes) -> int | None:
        found = read_mark_of_frames(frames, key)
        return None if found is None else found[0]

    return lookup.read_marked(read)
