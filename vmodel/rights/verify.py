"""Is this picture authentic, altered, a copy, or unknown? And who may use it?

The signed manifest is asked first. A picture without one is recognised by its exact pixels, by its invisible mark, or
by its likeness to a registered picture; a mark counts only where the picture shows what the mark's licence was given
for, so that a mark moved to another picture is found out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from vmodel.config import Settings
from vmodel.database import Database, now
from vmodel.errors import UnreadablePhoto
from vmodel.rights.certificate import Licence, check_certificate, parse_licence
from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.keys import Authority, keys_folder, read_authority
from vmodel.rights.originals import Originals
from vmodel.rights.papers import certificate_of, read_paper, record_was_changed
from vmodel.rights.pixels import pixels_sha256
from vmodel.rights.provenance import MIME_TYPES, Provenance, Trust, read_provenance, sniff_mime
from vmodel.rights.registry import RegisteredShot
from vmodel.rights.shots import external_codes, find_by_file, find_by_mark, find_by_pixels, find_revocation, state_of
from vmodel.rights.suspect import Suspect, read_suspect
from vmodel.rights.verify_clip import FILM, verify_clip
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from vmodel.rights.copies import CopyIndex
    from vmodel.rights.resemblance import Registered, Resemblance

CHANGED = "it was changed after it was signed"


class Verdict(StrEnum):
    """First word of an answer."""

    AUTHENTIC = "authentic"
    ALTERED = "altered"
    COPY = "copy"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verification:
    """What was found out about a picture.

    Attributes:
        verdict: in one word.
        reason: in one sentence.
        found_by: "manifest", "pixels", "mark" or "likeness"; "" for an unknown picture.
        licence: that was given for the picture; None for an unknown one.
        state: of the licence: "valid", "revoked", "expired", "not yet valid", or "unchecked" where no registry knows
            it; "" without a licence.
        codes: scheme -> code of registration centres.
        film_second: of the published film, where a frame of it is what the picture shows.
        at_second: of the file, where it is a film and one of its frames was recognised.
    """

    verdict: Verdict
    reason: str
    found_by: str = ""
    licence: Licence | None = None
    state: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    film_second: float | None = None
    at_second: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values that anybody may see."""
        plain = asdict(self) | {"verdict": self.verdict.value, "codes": dict(self.codes)}
        if self.licence is not None:
            plain["licence"] = self.licence.to_json()
        return plain


class Verifier:
    """Checks pictures against one installation's registry, and against the roots that it trusts."""

    def __init__(self, settings: Settings, database: Database, roots: Sequence[x509.Certificate] = ()) -> None:
        """Prepare for checking; keys are used where there are some, never made.

        Args:
            settings: of the installation.
            database: of the registry.
            roots: of other installations, trusted too.
        """
        self.settings = settings
        self.database = database
        folder = keys_folder(settings)
        self.authority: Authority | None = read_authority(folder) if folder.is_dir() else None
        self.roots = [*([self.authority.root] if self.authority else []), *roots]
        self.originals = Originals(settings)
        self._index: CopyIndex | None = None
        self._stale = False

    @cached_property
    def registered(self) -> Registered:
        """What pictures are compared with."""
        from vmodel.rights.resemblance import Registered

        return Registered(self.database, self.originals)

    def verify(self, content: bytes, name: str) -> Verification:
        """Find out what a file is.

        Args:
            content: of the file.
            name: for messages.
        Raises:
            UnreadablePhoto, PhotoTooLarge: it is no picture, and nothing of ours is in it.
        """
        manifest = self._manifest(content)
        if sniff_mime(content) == FILM:
            return verify_clip(content, manifest, self)
        try:
            suspect = read_suspect(content, name, self.settings.max_megapixels)
        except UnreadablePhoto:
            damaged = None if manifest is None else self._judge_damaged(manifest)
            if damaged is None:
                raise
            return damaged
        if manifest is not None and manifest.certificate is not None:
            return self._judge_manifest(suspect, manifest)
        return self.recognise(suspect)

    def recognise(self, suspect: Suspect) -> Verification:
        """Find out whose a picture is by what it shows alone."""
        with self.database.transaction() as session:
            exact = find_by_pixels(session, pixels_sha256(suspect.samples))
        if exact is not None:
            return self._as_copy(exact, "pixels", "it has exactly the pixels of a registered picture")
        marked = self._read_mark(suspect)
        if marked is not None:
            return self._judge_marked(suspect, marked)
        alike = self.look_alike(suspect.rgb)
        if alike is not None:
            found = self._as_copy(alike.shot, "likeness", f"it shows {named(alike, 'a registered')}")
            return replace(found, film_second=alike.second)
        return Verification(Verdict.UNKNOWN, "no picture of this registry is recognised in it")

    def _judge_marked(self, suspect: Suspect, shot: RegisteredShot) -> Verification:
        """Whose a picture is that carries a mark: somebody may have moved the mark there from another picture."""
        from vmodel.rights.likeness import SAME
        from vmodel.rights.resemblance import NEXT_TO

        shown = self.registered.compare(suspect.rgb, shot)
        if shown is None:
            # Without the original nothing speaks against the mark.
            return self._as_copy(shot, "mark", "its invisible mark names the licence")
        if shown.share < (SAME if shown.second is None else NEXT_TO):
            reason = "it carries the invisible mark of a licence that was given for another picture"
            return self.with_licence(Verdict.ALTERED, reason, "mark", shot)
        reason = f"its invisible mark names the licence, and it shows {named(shown, 'that')}"
        return replace(self._as_copy(shot, "mark", reason), film_second=shown.second)

    def _judge_manifest(self, suspect: Suspect, manifest: Provenance) -> Verification:
        try:
            licence = check_certificate(manifest.certificate or {}, self.roots)
        except CertificateInvalid as error:
            found = self.recognise(suspect)
            stranger = Verification(Verdict.UNKNOWN, f"its licence certificate {error.reason}")
            return stranger if found.verdict is Verdict.UNKNOWN else found
        if manifest.trust is Trust.WELL_FORMED:
            # Somebody else has signed it: then only what the picture shows counts, not the licence that was put in.
            found = self.recognise(suspect)
            if found.licence is not None and found.licence.id == licence.id:
                return found
            fault: str | None = "somebody else signed it and put in the licence of another picture"
        elif manifest.trust is Trust.BROKEN:
            fault = CHANGED
        else:
            # The registry knows its own files to the byte. A work that was published once more on another processor
            # may differ by a rounding from the pixels that its licence names.
            is_ours = self._is_published(suspect, licence)
            fault = None if is_ours else _fault_of(suspect, licence, manifest) or self._foreign_bytes(licence)
        if fault is not None:
            return self.answer(Verdict.ALTERED, fault, "manifest", licence)
        return self.answer(Verdict.AUTHENTIC, "its signed manifest is whole", "manifest", licence)

    def _is_published(self, suspect: Suspect, licence: Licence) -> bool:
        with self.database.transaction() as session:
            shot = find_by_file(session, suspect.sha256)
            return shot is not None and shot.id == licence.id

    def _foreign_bytes(self, licence: Licence) -> str | None:
        """What is wrong with a signed file that was never published: room that no signature covers was used."""
        with self.database.transaction() as session:
            if session.get(RegisteredShot, licence.id) is None:
                return None
        return "picture and licence are as signed, but bytes around the signature were changed"

    def _judge_damaged(self, manifest: Provenance) -> Verification | None:
        try:
            licence = check_certificate(manifest.certificate or {}, self.roots)
        except CertificateInvalid:
            return None
        return self.answer(Verdict.ALTERED, CHANGED, "manifest", licence)

    def _manifest(self, content: bytes) -> Provenance | None:
        mime = sniff_mime(content)
        return read_provenance(content, mime, _pem(self.roots)) if mime else None

    def _read_mark(self, suspect: Suspect) -> RegisteredShot | None:
        from vmodel.rights.watermark import read_mark

        if self.authority is None:
            return None
        reading = read_mark(suspect.rgb, self.authority.mark_key)
        if reading is None:
            return None
        with self.database.transaction() as session:
            return find_by_mark(session, reading.payload)

    def look_alike(self, picture: ByteArray) -> Resemblance | None:
        """What of all that is registered a picture, (H, W, 3) uint8, shows; the most alike where there are several."""
        return self.registered.find(picture, self._opened_index())

    def refresh(self) -> None:
        """Take in what was published since the last answer, once the index is asked again."""
        self._stale = True

    def _opened_index(self) -> CopyIndex:
        from vmodel.rights.catalogue import bring_up_to_date, open_index

        if self._index is None:
            self._index = open_index(self.settings, self.database)
        elif self._stale:
            self._index = bring_up_to_date(self._index, self.settings, self.database)
        self._stale = False
        return self._index

    def _as_copy(self, shot: RegisteredShot, found_by: str, reason: str) -> Verification:
        return self.with_licence(Verdict.COPY, reason, found_by, shot)

    def with_licence(self, verdict: Verdict, reason: str, found_by: str, shot: RegisteredShot) -> Verification:
        """An answer with the licence of a registered picture."""
        return self.answer(verdict, reason, found_by, parse_licence(json.loads(shot.certificate)))

    def answer(self, verdict: Verdict, reason: str, found_by: str, licence: Licence) -> Verification:
        """An answer with what the registry says of the licence today."""
        with self.database.transaction() as session:
            known = session.get(RegisteredShot, licence.id) is not None
            revocation = find_revocation(session, licence.id)
            codes = external_codes(session, licence.id)
        if revocation is not None:
            reason = f"{reason}; its licence was revoked on {revocation.revoked_at:%Y-%m-%d}: {revocation.reason}"
        state = state_of(licence, revocation, now().date()) if known else _unchecked(licence, now().date())
        return Verification(verdict, reason, found_by, licence, state, tuple(sorted(codes.items())))


def verify_paper(
    content: bytes, path: Path, verifier: Verifier, record_sha256: Callable[[Mapping[str, Any]], str]
) -> Verification:
    """Check a sidecar or a certificate, and that the picture beside a sidecar is the one it was given for.

    Args:
        content: of the file.
        path: of the file; the picture that a sidecar names is looked for beside it.
        verifier: checks the picture.
        record_sha256: of ``vmodel.sidecar``.
    """
    try:
        paper = read_paper(content)
        licence = check_certificate(certificate_of(paper), verifier.roots)
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


def _fault_of(suspect: Suspect, licence: Licence, manifest: Provenance) -> str | None:
    """What does not fit together in a file whose signature is whole."""
    if manifest.mark != licence.mark:
        return "its manifest is bound to another mark than its licence"
    if manifest.resized:
        return None
    height, width = suspect.samples.shape[:2]
    if (height, width) != (licence.height, licence.width):
        return "its licence was given for a picture of another size"
    if suspect.mime == MIME_TYPES["png"] and pixels_sha256(suspect.samples) != licence.picture_sha256:
        return "its licence was given for another picture"
    return None


def named(shown: Resemblance, which: str) -> str:
    """A picture or film in a sentence: "a registered film at second 3.2"."""
    return f"{which} picture" if shown.second is None else f"{which} film at second {shown.second:.1f}"


def _unchecked(licence: Licence, today: date) -> str:
    state = state_of(licence, None, today)
    return "unchecked" if state == "valid" else state


def _pem(roots: Sequence[x509.Certificate]) -> str | None:
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(root.public_bytes(Encoding.PEM).decode() for root in roots) or None
