"""What the registry is asked about published pictures, and told of them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from vmodel.database import Database, new_id, now
from vmodel.errors import NotAllowedForChildren
from vmodel.hashing import canonical_json
from vmodel.rights.certificate import Licence, Terms
from vmodel.rights.errors import (
    GarmentInReview,
    GarmentNotAttested,
    GarmentRefused,
    LicenceUnknown,
    LikenessWithoutConsent,
    ModelReserved,
)
from vmodel.rights.registry import ExternalCode, Refusal, RegisteredShot, Rendition, Revocation

MARK_BITS = 40
_RULES = (
    *(GarmentInReview, GarmentNotAttested, GarmentRefused),
    *(LikenessWithoutConsent, ModelReserved, NotAllowedForChildren),
)
"""What refuses a shot for whom or what it shows, and not because something is wrong with it."""


@dataclass(frozen=True)
class Work:
    """What makes a picture the same work when it is published again.

    Attributes:
        seller_id: who publishes it.
        rendered_sha256: of the pixels before the mark.
        record_sha256: of how it came about.
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
        """Hex digest of all of it."""
        parts = [self.seller_id, self.rendered_sha256, self.record_sha256, self.channel]
        terms = [list(self.terms.uses), self.terms.territory, self.terms.months]
        return hashlib.sha256(canonical_json([*parts, *terms])).hexdigest()

    def mark(self, key: bytes, attempt: int) -> int:
        """The work's payload: opaque to all without the key, the same whenever it is asked for.

        Args:
            key: secret of the installation.
            attempt: another one gives another payload, for when the first is taken.
        """
        digest = hmac.digest(key, f"vmodel payload {attempt} {self.sha256}".encode(), "sha256")
        return int.from_bytes(digest[:8], "big") >> (64 - MARK_BITS)


def mark_text(mark: int) -> str:
    """A payload as certificates and manifests write it."""
    return f"{mark:0{MARK_BITS // 4}x}"


def find_work(session: Session, work_sha256: str) -> RegisteredShot | None:
    """The picture that a work was published as."""
    return session.scalars(select(RegisteredShot).where(RegisteredShot.work_sha256 == work_sha256)).one_or_none()


def find_by_mark(session: Session, mark: int) -> RegisteredShot | None:
    """The picture that carries a payload."""
    return session.scalars(select(RegisteredShot).where(RegisteredShot.mark == mark)).one_or_none()


def find_by_pixels(session: Session, picture_sha256: str) -> RegisteredShot | None:
    """A picture with exactly these pixels."""
    found = select(RegisteredShot).where(RegisteredShot.picture_sha256 == picture_sha256)
    return session.scalars(found.order_by(RegisteredShot.created_at)).first()


def find_by_file(session: Session, file_sha256: str) -> RegisteredShot | None:
    """The picture that exactly this file was published as."""
    rendition = session.get(Rendition, file_sha256)
    return None if rendition is None else session.get(RegisteredShot, rendition.shot_id)


def get_shot(session: Session, licence_id: str) -> RegisteredShot:
    """The picture of a licence.

    Args:
        session: of the registry.
        licence_id: whole, or its beginning if no other licence begins so.
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
    """Remember a file that a picture was published as."""
    if session.get(Rendition, file_sha256) is None:
        session.add(
            Rendition(
                file_sha256=file_sha256, shot_id=shot_id, file_format=file_format, manifest=manifest, created_at=now()
            )
        )


def renditions(session: Session, shot_id: str) -> list[Rendition]:
    """All files that a picture was published as, oldest first."""
    found = select(Rendition).where(Rendition.shot_id == shot_id).order_by(Rendition.created_at)
    return list(session.scalars(found))


def find_rendition(session: Session, licence_id: str, file_format: str = "") -> Rendition:
    """A file that a picture was published as, whose manifest can be given back to a copy that lost its own.

    Args:
        session: of the registry.
        licence_id: whole.
        file_format: that is preferred, such as that of the copy; the oldest file where there is none.
    Raises:
        LicenceUnknown: nothing was published under this licence.
    """
    made = renditions(session, licence_id)
    if not made:
        raise LicenceUnknown(licence_id)
    return next((each for each in made if each.file_format == file_format), made[0])


def find_revocation(session: Session, shot_id: str) -> Revocation | None:
    """Why and when a licence was taken back; None if it was not."""
    return session.get(Revocation, shot_id)


def revoke(session: Session, licence_id: str, reason: str, revoked_by: str) -> RegisteredShot:
    """Take a licence back; a second time changes nothing.

    Raises:
        LicenceUnknown: there is none with this id.
    """
    shot = get_shot(session, licence_id)
    if session.get(Revocation, shot.id) is None:
        session.add(Revocation(shot_id=shot.id, reason=reason, revoked_by=revoked_by, revoked_at=now()))
    return shot


def set_external_code(session: Session, licence_id: str, scheme: str, code: str) -> None:
    """Note the code that a registration centre issued for a picture; an empty one forgets it.

    Raises:
        LicenceUnknown: there is none with this id.
    """
    shot = get_shot(session, licence_id)
    session.execute(delete(ExternalCode).where(ExternalCode.shot_id == shot.id, ExternalCode.scheme == scheme))
    if code:
        session.add(ExternalCode(shot_id=shot.id, scheme=scheme, code=code, added_at=now()))


def external_codes(session: Session, shot_id: str) -> dict[str, str]:
    """Scheme -> code that a registration centre issued."""
    found = session.scalars(select(ExternalCode).where(ExternalCode.shot_id == shot_id))
    return {each.scheme: each.code for each in found}


def note_refusal(session: Session, seller_id: str, code: str, model_id: str, declared: str) -> None:
    """Note that a rule refused a shot; neither picture nor photo is kept."""
    session.add(
        Refusal(
            id=new_id(), seller_id=seller_id, code=code, model_id=model_id, declared=declared[:60], created_at=now()
        )
    )


@contextlib.contextmanager
def noting_refusals(database: Database, seller_id: str, model_id: str | None, declared: str | None) -> Iterator[None]:
    """Note what a rule refuses in the meantime, without picture or photo; the refusal itself goes on to the caller.

    Args:
        database: of the registry.
        seller_id: who asks.
        model_id: who would be shown; None or "" if somebody is cast.
        declared: category of the garment as typed; None or "" if nothing was declared.
    """
    try:
        yield
    except _RULES as refusal:
        with database.transaction() as session:
            note_refusal(session, seller_id, refusal.code, (model_id or "")[:100], declared or "")
        raise


def state_of(licence: Licence, revocation: Revocation | None, today: date) -> str:
    """ "revoked", "not yet valid", "expired" or "valid"."""
    if revocation is not None:
        return "revoked"
    if today < date.fromisoformat(licence.valid_from):
        return "not yet valid"
    return "expired" if licence.expired_on(today) else "valid"
