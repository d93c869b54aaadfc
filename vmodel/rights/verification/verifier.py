"""Verification of a picture: authentic, altered, a copy or unknown, and who may use it.

The signed manifest is checked first. A picture without one is recognised by its exact pixels, by its invisible mark,
or by its likeness to a registered picture. A mark counts only if the picture shows what the mark's licence was given
for, so that a mark moved to another picture is detected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography import x509

from vmodel.errors import UnreadablePhoto
from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.rights.fingerprint.query_image import QueryImage, read_query_image
from vmodel.rights.licence.certificate import Licence
from vmodel.rights.licence.certificate_file import certificate_of, load_certificate_json, record_was_changed
from vmodel.rights.provenance.c2pa import MIME_TYPES, Provenance, Trust, read_provenance, sniff_mime
from vmodel.rights.registry.queries import find_by_file, find_by_pixels
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.lookup import Lookup
from vmodel.rights.verification.result import CHANGED, Verdict, Verification, describe_match
from vmodel.rights.verification.video_verifier import FILM, verify_clip


class Verifier(Lookup):
    """Verifier of pictures against one installation's registry and the roots that it trusts."""

    def verify(self, content: bytes, name: str) -> Verification:
        """Verify a file.

        Args:
            content: of the file.
            name: for messages.
        Raises:
            UnreadablePhoto, PhotoTooLarge: it is no picture, and nothing of ours is in it.
        """
        manifest = self._manifest(content)
        if sniff_mime(content) == FILM:
            return verify_clip(content, name, manifest, self)
        try:
            query = read_query_image(content, name, self.settings.max_megapixels)
        except UnreadablePhoto:
            damaged = None if manifest is None else self._judge_damaged(manifest)
            if damaged is None:
                raise
            return damaged
        if manifest is not None and manifest.certificate is not None:
            return self._judge_manifest(query, manifest)
        return self.recognise(query)

    def recognise(self, query: QueryImage) -> Verification:
        """Recognise a picture by what it shows alone."""
        with self.database.transaction() as session:
            exact = find_by_pixels(session, pixels_sha256(query.samples))
        if exact is not None:
            return self._as_copy(exact, "pixels", "it has exactly the pixels of a registered picture")
        marked = self._read_mark(query)
        if marked is not None:
            return self._judge_marked(query, marked)
        alike = self.look_alike(query.rgb)
        if alike is not None:
            found = self._as_copy(alike.shot, "likeness", f"it shows {describe_match(alike, 'a registered')}")
            return replace(found, film_second=alike.second)
        return Verification(Verdict.UNKNOWN, "no picture of this registry is recognised in it")

    def _judge_marked(self, query: QueryImage, shot: RegisteredShot) -> Verification:
        """Judge a picture that carries a mark: somebody may have moved the mark there from another picture."""
        from vmodel.rights.fingerprint.image_similarity import SAME
        from vmodel.rights.fingerprint.registry_match import NEXT_TO

        shown = self.registered.compare(query.rgb, shot)
        if shown is None:
            if self.registered.is_described(query.rgb, shot):
                reason = "its invisible mark names the licence, and what is kept of that picture agrees"
                return self._as_copy(shot, "mark", reason)
            reason = (
                "it carries the invisible mark of a licence whose picture was erased, and does not show that picture"
            )
            return Verification(Verdict.UNKNOWN, reason)
        if shown.share < (SAME if shown.second is None else NEXT_TO):
            reason = "it carries the invisible mark of a licence that was given for another picture"
            return self.with_licence(Verdict.ALTERED, reason, "mark", shot)
        reason = f"its invisible mark names the licence, and it shows {describe_match(shown, 'that')}"
        return replace(self._as_copy(shot, "mark", reason), film_second=shown.second)

    def _judge_manifest(self, query: QueryImage, manifest: Provenance) -> Verification:
        try:
            licence = self.check(manifest.certificate or {})
        except CertificateInvalid as error:
            found = self.recognise(query)
            stranger = Verification(Verdict.UNKNOWN, f"its licence certificate {error.reason}")
            return stranger if found.verdict is Verdict.UNKNOWN else found
        if manifest.trust is Trust.WELL_FORMED:
            # Somebody else has signed it: then only what the picture shows counts, not the licence that was put in.
            found = self.recognise(query)
            if found.licence is not None and found.licence.id == licence.id:
                return found
            fault: str | None = "somebody else signed it and put in the licence of another picture"
        elif manifest.trust is Trust.BROKEN:
            fault = CHANGED
        else:
            # The registry knows its own files to the byte. A work that was published again on another processor
            # may differ by a rounding from the pixels that its licence names.
            is_ours = self._is_published(query, licence)
            fault = None if is_ours else _fault_of(query, licence, manifest) or self._foreign_bytes(licence)
        if fault is not None:
            return self.answer(Verdict.ALTERED, fault, "manifest", licence)
        return self.answer(Verdict.AUTHENTIC, "its signed manifest is whole", "manifest", licence)

    def _is_published(self, query: QueryImage, licence: Licence) -> bool:
        with self.database.transaction() as session:
            shot = find_by_file(session, query.sha256)
            return shot is not None and shot.id == licence.id

    def _foreign_bytes(self, licence: Licence) -> str | None:
        """Return the fault of a signed file that was never published: bytes that no signature covers were changed."""
        with self.database.transaction() as session:
            if session.get(RegisteredShot, licence.id) is None:
                return None
        return "picture and licence are as signed, but bytes around the signature were changed"

    def _judge_damaged(self, manifest: Provenance) -> Verification | None:
        try:
            licence = self.check(manifest.certificate or {})
        except CertificateInvalid:
            return None
        return self.answer(Verdict.ALTERED, CHANGED, "manifest", licence)

    def _manifest(self, content: bytes) -> Provenance | None:
        mime = sniff_mime(content)
        return read_provenance(content, mime, _pem(self.roots)) if mime else None

    def _read_mark(self, query: QueryImage) -> RegisteredShot | None:
        from vmodel.rights.watermark.codec import read_mark

        def read(key: bytes) -> int | None:
            reading = read_mark(query.rgb, key)
            return None if reading is None else reading.payload

        return self.read_marked(read)

    def _as_copy(self, shot: RegisteredShot, found_by: str, reason: str) -> Verification:
        return self.with_licence(Verdict.COPY, reason, found_by, shot)


def verify_paper(
    content: bytes, path: Path, verifier: Verifier, record_sha256: Callable[[Mapping[str, Any]], str]
) -> Verification:
    """Check a sidecar or a certificate, and that the picture beside a sidecar is the one it was given for.

    Args:
        content: of the file.
        path: of the file; the picture that a sidecar names is searched in the same folder.
        verifier: checks the picture.
        record_sha256: of ``vmodel.publishing.sidecar``.
    """
    try:
        paper = load_certificate_json(content)
        licence = verifier.check(certificate_of(paper))
    except CertificateInvalid as error:
        verdict = Verdict.ALTERED if error.altered else Verdict.UNKNOWN
        return Verification(verdict, f"the licence certificate {error.reason}")
    if record_was_changed(paper, licence.record_sha256, record_sha256):
        reason = "the sidecar was changed after its licence was signed"
        return verifier.answer(Verdict.ALTERED, reason, "manifest", licence)
    picture = path.parent / Path(str(paper.get("picture", ""))).name
    if "certificate" in paper and picture.is_file():
        found = verifier.verify(picture.read_bytes(), picture.name)
        if found.licence is None or found.licence.id != licence.id:
            reason = f"the licence was given for another picture than {picture.name}"
            return verifier.answer(Verdict.ALTERED, reason, "manifest", licence)
    return verifier.answer(Verdict.AUTHENTIC, "the certificate's signature is whole", "manifest", licence)


def _fault_of(query: QueryImage, licence: Licence, manifest: Provenance) -> str | None:
    """Return what does not fit together in a file whose signature is valid; None if all fits."""
    if manifest.mark != licence.mark:
        return "its manifest is bound to another mark than its licence"
    if manifest.resized:
        return None
    height, width = query.samples.shape[:2]
    if (height, width) != (licence.height, licence.width):
        return "its licence was given for a picture of another size"
    if query.mime == MIME_TYPES["png"] and pixels_sha256(query.samples) != licence.picture_sha256:
        return "its licence was given for another picture"
    return None


def _pem(roots: Sequence[x509.Certificate]) -> str | None:
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(root.public_bytes(Encoding.PEM).decode() for root in roots) or None
