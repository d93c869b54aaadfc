"""The registry: every published picture, its licence, and what is known of garments, models and consents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vmodel.database import Moment, Table


class RegisteredShot(Table):
    """A published picture and its licence; both have the same id.

    Attributes:
        id: of the licence.
        work_sha256: of seller, pixels, record and terms: the same work published again finds its row by it.
        rendered_sha256, picture_sha256: of the pixels before and after the invisible mark.
        mark: payload of the invisible mark, 48 bits.
        certificate: canonical JSON.
        iscc: ISO 24138 code of the picture.
        valid_until: last day, ISO 8601; "" for no end.
    """

    __tablename__ = "registered_shot"
    __table_args__ = (
        UniqueConstraint("work_sha256"),
        UniqueConstraint("mark"),
        Index(None, "picture_sha256"),
        Index(None, "seller_id", "created_at"),
        Index(None, "garment_sha256"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    seller: Mapped[str] = mapped_column(String(200))
    job_id: Mapped[str | None] = mapped_column(String(64))
    work_sha256: Mapped[str] = mapped_column(String(64))
    rendered_sha256: Mapped[str] = mapped_column(String(64))
    picture_sha256: Mapped[str] = mapped_column(String(64))
    record_sha256: Mapped[str] = mapped_column(String(64))
    garment_sha256: Mapped[str] = mapped_column(String(64))
    mark: Mapped[int] = mapped_column(BigInteger)
    model_id: Mapped[str] = mapped_column(String(100))
    pipeline: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    iscc: Mapped[str] = mapped_column(String(200))
    certificate: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Rendition(Table):
    """A file that a picture was published as.

    Attributes:
        file_sha256: of its bytes.
        manifest: its C2PA manifest, to be given back to a copy that lost it.
    """

    __tablename__ = "rendition"
    __table_args__ = (Index(None, "shot_id"),)
    file_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"))
    file_format: Mapped[str] = mapped_column(String(10))
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


class ShotDescriptors(Table):
    """What a published picture is recognised by; see ``vmodel.rights.descriptors``.

    Attributes:
        pdq: 32 bytes, the hash of the whole.
        points: 16 bytes a point.
    """

    __tablename__ = "shot_descriptors"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    pdq: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class Revocation(Table):
    """A licence that was taken back."""

    __tablename__ = "revocation"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    revoked_by: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[datetime] = mapped_column(Moment)


class ExternalCode(Table):
    """A code that a registration centre issued for a picture, China's DCI for example; never made here."""

    __tablename__ = "external_code"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    scheme: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(Moment)


class GarmentPhoto(Table):
    """A flat-lay photo that a seller has declared to be its own.

    Attributes:
        sha256: of the file.
        pdq: perceptual hash, 64 hexadecimal digits.
    """

    __tablename__ = "garment_photo"
    __table_args__ = (UniqueConstraint("seller_id", "sha256"), Index(None, "sha256"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    pdq: Mapped[str] = mapped_column(String(64))
    attested_at: Mapped[datetime] = mapped_column(Moment)


class ModelReservation(Table):
    """A virtual model that one seller alone may use.

    Attributes:
        identity: the model's place in the space of faces, JSON; see ``vmodel.rights.models``.
        ends_on: last day, ISO 8601; "" for no end.
    """

    __tablename__ = "model_reservation"
    model_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    identity: Mapped[str] = mapped_column(Text)
    reserved_at: Mapped[datetime] = mapped_column(Moment)
    ends_on: Mapped[str] = mapped_column(String(10))


class Consent(Table):
    """A real person's written consent to a likeness of theirs.

    Attributes:
        scope: uses that the person agreed to, one a line.
        pay: as agreed, in words.
        starts_on, ends_on: days, ISO 8601; a consent without an end is not one.
        document_sha256: of the signed paper.
    """

    __tablename__ = "consent"
    __table_args__ = (Index(None, "model_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(100))
    person: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    pay: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[str] = mapped_column(String(10))
    ends_on: Mapped[str] = mapped_column(String(10))
    document_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)


class Review(Table):
    """Something that a person has to look at before it is trusted.

    Attributes:
        kind: "brand-words", "copied-photo", "marked-photo".
        subject_sha256: of the file in question.
        evidence: JSON for whoever decides.
        state: "open", "cleared" or "refused".
    """

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("kind", "seller_id", "subject_sha256"), Index(None, "state", "created_at"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    seller_id: Mapped[str] = mapped_column(String(64))
    subject_sha256: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


class Refusal(Table):
    """A shot that a rule refused; the picture is not kept, nor the photo."""

    __tablename__ = "refusal"
    __table_args__ = (Index(None, "created_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(60))
    model_id: Mapped[str] = mapped_column(String(100))
    declared: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)
