"""Review of garment photos: attestation, copies of other sellers' photos, brand words, registered marks, faces.

Any finding puts a photo into the review queue, where a person decides. No picture is published of a photo that waits
or was refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.core.colour import on_white
from vmodel.core.database import Database, new_id, now
from vmodel.core.files import sha256_of
from vmodel.rights.admission.brand_words import find_brand_words, read_brands
from vmodel.rights.admission.face_detection import find_faces
from vmodel.rights.admission.logo_detection import find_marks, read_marks_folder
from vmodel.rights.errors import GarmentInReview, GarmentNotAttested, GarmentRefused, ReviewUnknown
from vmodel.rights.fingerprint.copy_index import find_copies
from vmodel.rights.fingerprint.descriptors import describe
from vmodel.rights.fingerprint.image_similarity import SAME, likeness
from vmodel.rights.fingerprint.index_store import open_index
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.tables import GarmentPhoto, SellerAttestation
from vmodel.types import ByteArray

CLEAR, WAITING, APPROVED, REFUSED = "clear", "waiting", "approved", "refused"
STATES = (CLEAR, WAITING, APPROVED, REFUSED)
STATEMENT = "The garments and their photos are mine, or I have leave to use them."
_KEPT_PX = 900
_SAME_FILE = "same file"
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Finding:
    """An objection to a garment photo.

    Attributes:
        kind: "copy", "brand", "mark" or "face".
        what: one sentence for the seller; it names no other seller.
        evidence: for the operator: of a copy the other photo and seller, of a brand what was read.
    """

    kind: str
    what: str
    evidence: dict[str, Any] = field(default_factory=dict)


class GarmentReviewer:
    """Examination of garment photos, each photo of a seller once.

    Args:
        settings: of the installation.
        database: of the registry.
        brands: words to look for; None for the installation's list. No text is read if there are none.
    """

    def __init__(self, settings: Settings, database: Database, brands: Sequence[str] | None = None) -> None:
        self.settings, self.database = settings, database
        self._brands = read_brands(settings) if brands is None else brands
        self._kept = Originals(settings, "garments")

    def examine(self, seller_id: str, photo_sha256: str, rgb: ByteArray, attested: bool = False) -> GarmentPhoto:
        """Record a photo with all findings; a known photo is not examined again.

        Args:
            seller_id: whose photo it is.
            photo_sha256: of the file.
            rgb: (H, W, 3) uint8 sRGB, or with alpha.
            attested: the seller says that it is theirs to use.
        Raises:
            RightsListInvalid: the operator's list of brands or marks cannot be used.
        """
        with self.database.transaction() as session:
            known = find_photo(session, seller_id, photo_sha256)
            if known is not None:
                known.attested_at = known.attested_at or (now() if attested else None)
                return known
        picture = _small(on_white(rgb))
        findings = self._look(seller_id, photo_sha256, picture)
        described = describe(picture)
        row = GarmentPhoto(
            id=new_id(),
            seller_id=seller_id,
            photo_sha256=photo_sha256,
            pdq=described.pdq.tobytes(),
            points=described.points.tobytes(),
            state=WAITING if findings else CLEAR,
            findings=json.dumps([asdict(each) for each in findings], ensure_ascii=False),
            attested_at=now() if attested else None,
            decided_by=None,
            decided_at=None,
            note="",
            created_at=now(),
        )
        self._kept.put(row.id, picture)
        try:
            with self.database.transaction() as session:
                session.add(row)
        except IntegrityError:
            # Another process has examined it in the meantime.
            self._kept.delete(row.id)
            return self.examine(seller_id, photo_sha256, rgb, attested)
        return row

    def picture(self, photo_id: str) -> ByteArray | None:
        """Return the photo as kept for comparison, (H, W, 3) uint8 sRGB; None if it is not there."""
        return self._kept.get(photo_id)

    def _look(self, seller_id: str, photo_sha256: str, picture: ByteArray) -> list[Finding]:
        findings = self._copies(seller_id, photo_sha256, picture)
        for word in find_brand_words(picture, self._brands) if self._brands else ():
            findings.append(Finding("brand", f"It shows the word “{word.name}”.", asdict(word)))
        for mark in find_marks(picture, read_marks_folder(self.settings)):
            findings.append(Finding("mark", f"It shows the registered mark “{mark.name}”.", asdict(mark)))
        for face in (find_faces(picture, self.settings) or [])[:1]:
            findings.append(Finding("face", "It shows a face.", {"score": round(face.score, 3), "box_px": face.box_px}))
        return findings

    def _copies(self, seller_id: str, photo_sha256: str, picture: ByteArray) -> list[Finding]:
        """Find a photo of another seller that this one copies, with their likeness; [] if there is none."""
        others = GarmentPhoto.seller_id != seller_id
        with self.database.reading() as session:
            same = session.scalars(
                select(GarmentPhoto).where(others, GarmentPhoto.photo_sha256 == photo_sha256)
            ).first()
        if same is not None:
            return [_copy_of(same, _SAME_FILE)]
        candidates = find_copies(picture, open_index(self.settings, self.database, "garments"), top=4)
        for candidate in candidates:
            with self.database.reading() as session:
                other = session.get(GarmentPhoto, candidate.name)
            if other is None or other.seller_id == seller_id or other.state == REFUSED:
                continue
            kept = self.picture(other.id)
            alike = 0.0 if kept is None else likeness(picture, kept)
            if alike >= SAME:
                return [_copy_of(other, round(alike, 3))]
        return []


def find_photo(session: Session, seller_id: str, photo_sha256: str) -> GarmentPhoto | None:
    """Find a seller's photo; None if it was not examined yet."""
    wanted = (GarmentPhoto.seller_id == seller_id) & (GarmentPhoto.photo_sha256 == photo_sha256)
    return session.scalars(select(GarmentPhoto).where(wanted)).one_or_none()


def check_state(session: Session, seller_id: str, photo_sha256: str) -> GarmentPhoto | None:
    """Refuse a photo that waits for its review or was refused; a photo not yet examined passes.

    Returns:
        Record of the photo; None if it was not examined yet.
    Raises:
        GarmentInReview, GarmentRefused: see above.
    """
    row = find_photo(session, seller_id, photo_sha256)
    if row is not None and row.state == REFUSED:
        raise GarmentRefused(row.note)
    if row is not None and row.state == WAITING:
        first = next(iter(json.loads(row.findings)), {"what": "it was flagged"})
        raise GarmentInReview(str(first["what"]).rstrip("."))
    return row


def check_garment(session: Session, settings: Settings, seller_id: str, photo_sha256: str) -> None:
    """Check as ``check_state``, and refuse a photo without the attestation that the installation requires.

    Raises:
        GarmentInReview, GarmentRefused: see ``check_state``.
        GarmentNotAttested: the seller's attestation is required, and neither photo nor account has it.
    """
    row = check_state(session, seller_id, photo_sha256)
    attested = row is not None and row.attested_at is not None
    if settings.require_attestation and not attested and find_attestation(session, seller_id) is None:
        raise GarmentNotAttested


def check_backs(session: Session, seller_id: str, backs: Iterable[Path | None]) -> None:
    """Check photos of garments' backs as ``check_state``; None and missing files are skipped.

    Raises:
        GarmentInReview, GarmentRefused: see ``check_state``.
    """
    for back in backs:
        if back is not None and back.is_file():
            check_state(session, seller_id, sha256_of(back))


def decide(session: Session, photo_id: str, approve: bool, decided_by: str, note: str = "") -> GarmentPhoto:
    """Decide a review; the last decision counts.

    Args:
        session: of an open transaction.
        photo_id: of ``GarmentPhoto``, whole or a prefix that no other id has.
        approve: pictures may be made of it.
        decided_by: who decides.
        note: reason, which the seller reads.
    Raises:
        ReviewUnknown: there is no such photo, or there are several.
    """
    row = find_review(session, photo_id)
    row.state = APPROVED if approve else REFUSED
    row.decided_by, row.decided_at, row.note = decided_by[:200], now(), _plain(note)
    return row


def find_review(session: Session, photo_id: str) -> GarmentPhoto:
    """Find a photo by its id, whole or a prefix.

    Raises:
        ReviewUnknown: there is none, or there are several.
    """
    asked = photo_id.strip().lower()
    if not (8 <= len(asked) <= 32 and set(asked) <= set("0123456789abcdef")):
        raise ReviewUnknown(photo_id[:40])
    found = session.scalars(select(GarmentPhoto).where(GarmentPhoto.id.startswith(asked)).limit(2)).all()
    if len(found) != 1:
        raise ReviewUnknown(photo_id[:40])
    return found[0]


def list_reviews(session: Session, state: str | None = WAITING, most: int = 100) -> list[GarmentPhoto]:
    """Return the photos in a state, oldest first; state None returns all that are not clear."""
    wanted = select(GarmentPhoto).order_by(GarmentPhoto.id).limit(most)
    wanted = wanted.where(GarmentPhoto.state != CLEAR if state is None else GarmentPhoto.state == state)
    return list(session.scalars(wanted))


def attest(session: Session, seller_id: str, attested_by: str, statement: str = STATEMENT) -> SellerAttestation:
    """Record a seller's attestation for all garments of the account, replacing an earlier one."""
    row = session.get(SellerAttestation, seller_id) or SellerAttestation(seller_id=seller_id)
    row.statement, row.attested_by, row.attested_at = _plain(statement) or STATEMENT, attested_by[:200], now()
    session.add(row)
    return row


def find_attestation(session: Session, seller_id: str) -> SellerAttestation | None:
    """Return the seller's attestation for the account; None if there is none."""
    return session.get(SellerAttestation, seller_id)


def _plain(text: str) -> str:
    """Clean an external text so that every database can store it: no control characters, no lone surrogates."""
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()[:_LONGEST_TEXT]


def _copy_of(other: GarmentPhoto, alike: float | str) -> Finding:
    evidence = {
        "photo": other.id,
        "seller_id": other.seller_id,
        "since": f"{other.created_at:%Y-%m-%d}",
        "alike": alike,
    }
    return Finding("copy", "It shows the same as another seller's earlier photo.", evidence)


def _small(picture: ByteArray) -> ByteArray:
    shrink = min(1.0, _KEPT_PX / max(picture.shape[:2]))
    if shrink == 1.0:
        return picture
    return np.ascontiguousarray(cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
