"""Queries and updates of published pictures in the registry."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, new_id, now
from vmodel.core.hashing import canonical_json
from vmodel.errors import NotAllowedForChildren
from vmodel.rights.errors import (
    GarmentInReview,
    GarmentNotAttested,
    GarmentRefused,
    LicenceUnknown,
    LikenessWithoutConsent,
    ModelReserved,
)
from vmodel.rights.licence.certificate import Licence, Terms
from vmodel.rights.registry.tables import ExternalCode, Refusal, RegisteredShot, Rendition, Revocation

MARK_BITS = 40
_RULES = (
    *(GarmentInReview, GarmentNotAttested, GarmentRefused),
    *(LikenessWithoutConsent, ModelReserved, NotAllowedForChildren),
)
"""Errors that refuse a shot for whom or what it shows, not because of a fault in it."""


@dataclass(frozen=True)
class Work:
    """Identity of a work, by which a picture published again is recognised as the same.

    Attributes:
        seller_id: who publishes it.
        rendered_sha256: of the pixels before the mark.
        record_sha256: of the record of how it was made.
        terms: what the seller is granted.
        channel: whose label it carries; "" for none.
    """

    seller_id: str
    rendered_sha256: str
    record_sha256: str
    terms: Terms
    channel: str

    @property
    def sha256(self) -> str:
        """Hex digest of all attributes."""
        parts = [self.seller_id, self.rendered_sha256, self.record_sha256, self.channel]
        terms = [list(self.terms.uses), self.terms.territory, self.terms.months]
        return hashlib.sha256(canonical_json([*parts, *terms])).hexdigest()

    def mark(self, key: bytes, attempt: int) -> int:
        """Derive the work's payload: always the same, and opaque to all without the key.

        Args:
            key: secret of the installation.
            attempt: number of the try; another one gives another payload, in case the first is taken.
        """
        digest = hmac.digest(key, f"vmodel payload {attempt} {self.sha256}".encode(), "sha256")
        return int.from_bytes(digest[:8], "big") >> (64 - MARK_BITS)


def mark_text(mark: int) -> str:
    """Format a payload as in certificates and manifests."""
    return f"{mark:0{MARK_BITS // 4}x}"


def find_work(session: Session, work_sha256: str) -> RegisteredShot | None:
    """Find the picture that a work was published as."""
    return session.scalars(select(RegisteredShot).where(RegisteredShot.work_sha256 == work_sha256)).one_or_none()


def find_by_mark(session: Session, mark: int) -> RegisteredShot | None:
    """Find the picture that carries a payload."""
    return session.scalars(select(RegisteredShot).where(RegisteredShot.mark == mark)).one_or_none()


def find_by_pixels(session: Session, picture_sha256: str) -> RegisteredShot | None:
    """Find the first published picture with exactly these pixels."""
    found = select(RegisteredShot).where(RegisteredShot.picture_sha256 == picture_sha256)
    return session.scalars(found.order_by(RegisteredShot.created_at)).first()


def find_by_file(session: Session, file_sha256: str) -> RegisteredShot | None:
    """Find the picture that was published as exactly this file."""
    rendition = session.get(Rendition, file_sha256)
    return None if rendition is None else session.get(RegisteredShot, rendition.shot_id)


def get_shot(session: Session, licence_id: str) -> RegisteredShot:
    """Return the picture of a licence.

    Args:
        session: of the registry.
        licence_id: whole, or a prefix that no other licence has.
    Raises:
        LicenceUnknown: there is none, or there are several.
    """
    asked = licence_id.strip().lower()
    if not (4 <= len(asked) <= 32 and set(asked) <= set("0123456789abcdef")):
        raise LicenceUnknown(licence_id)
    found = session.scalars(select(RegisteredShot).where(RegisteredShot.id.startswith(asked)).limit(2)).all()
    if len(found) != 1:
        raise LicenceUnknown(licence_id)
    return found[0]


def add_rendition(session: Session, shot_id: str, file_sha256: str, file_format: str, manifest: bytes) -> None:
    """Record a file that a picture was published as."""
    if session.get(Rendition, file_sha256) is None:
        session.add(
            Rendition(
                file_sha256=file_sha256, shot_id=shot_id, file_format=file_format, manifest=manifest, created_at=now()
            )
        )


def renditions(session: Session, shot_id: str) -> list[Rendition]:
    """Return all files that a picture was published as, oldest first."""
    found = select(Rendition).where(Rendition.shot_id == shot_id).order_by(Rendition.created_at)
    return list(session.scalars(found))


def find_rendition(session: Session, licence_id: str, file_format: str = "") -> Rendition:
    """Find a published file of a picture, whose manifest can be given back to a copy that lost its own.

    Args:
        session: of the registry.
        licence_id: whole.
        file_format: preferred format, such as that of the copy; without a match, the oldest file is returned.
    Raises:
        LicenceUnknown: nothing was published under this licence.
    """
    made = renditions(session, licence_id)
    if not made:
        raise LicenceUnknown(licence_id)
    return next((each for each in made if each.file_format == file_format), made[0])


def find_revocation(session: Session, shot_id: str) -> Revocation | None:
    """Return why and when a licence was revoked; None if it was not."""
    return session.get(Revocation, shot_id)


def revoke(session: Session, licence_id: str, reason: str, revoked_by: str) -> RegisteredShot:
    """Revoke a licence; a second call changes nothing.

    Raises:
        LicenceUnknown: there is none with this id.
    """
    shot = get_shot(session, licence_id)
    if session.get(Revocation, shot.id) is None:
        session.add(Revocation(shot_id=shot.id, reason=reason, revoked_by=revoked_by, revoked_at=now()))
    return shot


def set_external_code(session: Session, licence_id: str, scheme: str, code: str) -> None:
    """Record the code that a registration centre issued for a picture; an empty code deletes it.

    Raises:
        LicenceUnknown: there is none with this id.
    """
    shot = get_shot(session, licence_id)
    session.execute(delete(ExternalCode).where(ExternalCode.shot_id == shot.id, ExternalCode.scheme == scheme))
    if code:
        session.add(ExternalCode(shot_id=shot.id, scheme=scheme, code=code, added_at=now()))


def external_codes(session: Session, shot_id: str) -> dict[str, str]:
    """Return the codes that registration centres issued: scheme -> code."""
    found = session.scalars(select(ExternalCode).where(ExternalCode.shot_id == shot_id))
    return {each.scheme: each.code for each in found}


def record_refusal(session: Session, seller_id: str, code: str, model_id: str, declared: str) -> None:
    """Record that a rule refused a shot; neither picture nor photo is kept."""
    session.add(
        Refusal(
            id=new_id(), seller_id=seller_id, code=code, model_id=model_id, declared=declared[:60], created_at=now()
        )
    )


@contextlib.contextmanager
def recording_refusals(
    database: Database, seller_id: str, model_id: str | None, declared: str | None
) -> Iterator[None]:
    """Record refusals raised within the context, without picture or photo, and raise them on to the caller.

    Args:
        database: of the registry.
        seller_id: who asks.
        model_id: who would be shown; None or "" if the model is chosen automatically.
        declared: category of the garment as typed; None or "" if nothing was declared.
    """
    try:
        yield
    except _RULES as refusal:
        with database.transaction() as session:
            record_refusal(session, seller_id, refusal.code, (model_id or "")[:100], declared or "")
        raise


def state_of(licence: Licence, revocation: Revocation | None, today: date) -> str:
    """Return the state of a licence: "revoked", "not yet valid", "expired" or "valid"."""
    if revocation is not None:
        return "revoked"
    if today < date.fromisoformat(licence.valid_from):
        return "not yet valid"
    return "expired" if licence.expired_on(today) else "valid"
