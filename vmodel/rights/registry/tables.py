"""Tables of the registry: published pictures with licences and files, refusals, reservations, consents, reviews."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vmodel.core.database import Table, UtcDateTime


class RegisteredShot(Table):
    """A published picture and its licence; both have the same id.

    Attributes:
        id: of the licence.
        work_sha256: of seller, pixels, record and terms: the same work published again finds its row by it.
        rendered_sha256, picture_sha256: of the pixels before and after the invisible mark.
        mark: payload of the invisible mark, 40 bits.
        mark_generation: of the key that embedded it, see ``vmodel.rights.provenance.keys``.
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
        Index(None, "model_id"),
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
    mark_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    model_id: Mapped[str] = mapped_column(String(100))
    pipeline: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    iscc: Mapped[str] = mapped_column(String(200))
    certificate: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ShotDescriptors(Table):
    """Descriptors that a published picture is recognised by; see ``vmodel.rights.fingerprint.descriptors``.

    Attributes:
        pdq: 32 bytes, the hash of the whole.
        points: 16 bytes a point.
    """

    __tablename__ = "shot_descriptors"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    pdq: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class FilmFrame(Table):
    """A frame of a published film, which is recognised by it; see ``vmodel.rights.fingerprint.film_frames``.

    Attributes:
        shot_id: of the still picture whose licence the film has.
        frames_sha256: of all kept frames of the film: the film published again finds its rows by it.
        at_ms: milliseconds from the film's beginning.
        pdq, points: as of ``ShotDescriptors``.
    """

    __tablename__ = "film_frame"
    __table_args__ = (Index(None, "shot_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"))
    frames_sha256: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int]
    pdq: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def second(self) -> float:
        """Seconds from the film's beginning."""
        return self.at_ms / 1000


class Revocation(Table):
    """A revoked licence."""

    __tablename__ = "revocation"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    revoked_by: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExternalCode(Table):
    """A code that a registration centre issued for a picture, China's DCI for example; never made here."""

    __tablename__ = "external_code"
    shot_id: Mapped[str] = mapped_column(ForeignKey("registered_shot.id", ondelete="CASCADE"), primary_key=True)
    scheme: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Refusal(Table):
    """A shot that a rule refused; neither picture nor photo is kept."""

    __tablename__ = "refusal"
    __table_args__ = (Index(None, "created_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(60))
    model_id: Mapped[str] = mapped_column(String(100))
    declared: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReservedModel(Table):
    """A virtual model that one seller has reserved; see ``vmodel.rights.policy.model_reservation``.

    Attributes:
        identity: the model's parameters as they were when it was reserved, JSON.
    """

    __tablename__ = "reserved_model"
    __table_args__ = (Index(None, "seller_id"),)
    model_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    identity: Mapped[str] = mapped_column(Text)
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Consent(Table):
    """A real person's written consent to a model that has their likeness; see ``vmodel.rights.policy.consent``.

    Attributes:
        person: name or the agency's number of the person.
        scope: channels where pictures may be shown, divided by commas; "any" for all.
        purpose, pay: in the contract's words.
        document_sha256: of the signed contract, which is kept elsewhere.
        valid_from, valid_until: days, ISO 8601; both always set.
    """

    __tablename__ = "consent"
    __table_args__ = (Index(None, "model_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(100))
    person: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    pay: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[str] = mapped_column(String(10))
    valid_until: Mapped[str] = mapped_column(String(10))
    noted_by: Mapped[str] = mapped_column(String(200))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SellerAttestation(Table):
    """A seller's attestation that the garments and photos of the account are theirs to use."""

    __tablename__ = "seller_attestation"
    seller_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    statement: Mapped[str] = mapped_column(Text)
    attested_by: Mapped[str] = mapped_column(String(200))
    attested_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GarmentPhoto(Table):
    """A seller's garment photo, and whether pictures may be made of it; see ``vmodel.rights.admission.garment_review``.

    Attributes:
        pdq, points: its descriptors, see ``vmodel.rights.fingerprint.descriptors``.
        state: "clear", "waiting", "approved" or "refused".
        findings: objections to it, JSON; [] for none.
        attested_at: when the seller attested this photo.
        decided_by, decided_at, note: of the review.
    """

    __tablename__ = "garment_photo"
    __table_args__ = (UniqueConstraint("seller_id", "photo_sha256"), Index(None, "state"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    photo_sha256: Mapped[str] = mapped_column(String(64))
    pdq: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16))
    findings: Mapped[str] = mapped_column(Text)
    attested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
