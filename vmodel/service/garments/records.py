"""Sellers' garments: the photo, what was understood of it, and the seller's corrections."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Table, UtcDateTime, new_id, now
from vmodel.errors import SizeImplausible, VModelError
from vmodel.limits import GARMENT_CM
from vmodel.service.garments.errors import ColorwayUnknown, GarmentInUse, GarmentNotUnderstood, GarmentUnknown
from vmodel.service.jobs.request import DESIGN
from vmodel.service.jobs.tables import OPEN, JobRow, ShotRow
from vmodel.service.storage.file_store import FileStore

NAME_LENGTH = 120
_DESIGN_FILES = ("pattern_key", "pieces_key", "print_key", "tile_key", "drawn_key")
PAGE = 100
"""Maximum number of garments in one list."""
SHOWN_SIDE = 1200
"""Longest side of a cut-out's picture, in pixels."""
#: First bytes of picture formats -> suffix of the stored file.
_SUFFIX_OF_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG", "png"),
    (b"RIFF", "webp"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
)


@dataclass(frozen=True)
class StatedAttributes:
    """Seller's own statements about a garment, all optional.

    Attributes:
        category, material: names.
        width_cm: flat, from armpit to armpit, or of the waist.
        length_cm: from the neck point to the hem, or from the waist to the leg end.
        landmarks: name -> (x, y) in photo pixels; they replace the detected ones.
        worn_open: True if its front is worn open, False if closed, None if not stated.
    """

    category: str | None = None
    material: str | None = None
    width_cm: float | None = None
    length_cm: float | None = None
    landmarks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    worn_open: bool | None = None


@dataclass(frozen=True)
class RecognitionResult:
    """Description of a garment, read from its photo or its design.

    Attributes:
        found: plain values: category, confidence, stated, sleeve, neckline, length, open_front, cutout, photo_size
            (height, width), landmarks in photo pixels, size_cm, warnings, hypotheses, question.
        cutout_png: the garment alone on a transparent background, cropped to it, at most ``SHOWN_SIDE`` pixels.
    """

    found: dict[str, Any]
    cutout_png: bytes


class StoredGarment(Table):
    """Garment of one account.

    Attributes:
        name: the seller's name for it, or the photo's file name; pages that show it must escape it.
        photo_key, mask_key, back_key, cutout_key: of the file store.
        category, material, width_cm, length_cm, landmarks, worn_open: as the seller stated or corrected them; otherwise
            None.
        understood: ``RecognitionResult.found``; None while the photo could not be understood.
        problem: {"code", "message"} if it could not be.
        design: plain values of a garment that was drawn instead of photographed, see
            ``vmodel.service.garments.designs``; otherwise None.
        deleted_at: set when the seller deleted it; its files are gone then.
    """

    __tablename__ = "garment"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    photo_key: Mapped[str] = mapped_column(String(160))
    mask_key: Mapped[str | None] = mapped_column(String(160))
    back_key: Mapped[str | None] = mapped_column(String(160))
    cutout_key: Mapped[str | None] = mapped_column(String(160))
    category: Mapped[str | None] = mapped_column(String(32))
    material: Mapped[str | None] = mapped_column(String(64))
    width_cm: Mapped[float | None]
    length_cm: Mapped[float | None]
    landmarks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    worn_open: Mapped[bool | None]
    understood: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    problem: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    design: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def stated(self) -> StatedAttributes:
        """Seller's own statements about it."""
        marks = {name: (float(x), float(y)) for name, (x, y) in (self.landmarks or {}).items()}
        return StatedAttributes(self.category, self.material, self.width_cm, self.length_cm, marks, self.worn_open)

    @property
    def file_keys(self) -> tuple[str, ...]:
        """Keys of every file that belongs to it."""
        keys = (self.photo_key, self.mask_key, self.back_key, self.cutout_key, *self._design_keys)
        return tuple(key for key in keys if key is not None)

    @property
    def is_block(self) -> bool:
        """True for a design that is cut by formula and not read from a picture."""
        return self.design is not None and self.photo_key.endswith(f".{DESIGN}")

    @property
    def shown_key(self) -> str | None:
        """Key of the picture that a browser can show: the photo, or the drawing of a design."""
        return self.photo_key if self.design is None else self.cutout_key

    @property
    def colorways(self) -> Mapping[str, Mapping[str, Any]]:
        """Further colourways by name, each with "photo_key" and "drawn_key"."""
        return {str(way["name"]): way for way in (self.design or {}).get("colorways", ())}

    @property
    def _design_keys(self) -> tuple[str | None, ...]:
        plain = self.design or {}
        ways = (way[name] for way in self.colorways.values() for name in ("photo_key", "drawn_key"))
        return (*(plain.get(name) for name in _DESIGN_FILES), *ways)


def check_stated(stated: StatedAttributes) -> None:
    """Reject invalid statements of the seller before a photo is read.

    Raises:
        UnknownCategory, UnknownMaterial, SizeImplausible: see there.
    """
    from vmodel.drape.cloth.materials import load_material
    from vmodel.rights.policy.minors import read_category

    read_category(stated.category)
    if stated.material is not None:
        load_material(stated.material)
    for what, value in (("width", stated.width_cm), ("length", stated.length_cm)):
        if value is not None and not GARMENT_CM[0] <= value <= GARMENT_CM[1]:  # also refuses NaN
            raise SizeImplausible(f"A {what} of {value:g} cm is not that of a garment")


@dataclass(frozen=True)
class GarmentFiles:
    """Keys of a garment's files in the store."""

    photo: str
    mask: str | None = None
    back: str | None = None
    cutout: str | None = None


def keep_garment(
    session: Session,
    account_id: str,
    name: str,
    files: GarmentFiles,
    stated: StatedAttributes,
    outcome: RecognitionResult | VModelError,
) -> StoredGarment:
    """Store an uploaded garment.

    Args:
        session: of an open transaction.
        account_id: the owner.
        name: as the seller calls it; see ``plain_name``.
        files: keys of its files.
        stated: the seller's statements.
        outcome: what was understood, or the error that prevented it.
    """
    garment = StoredGarment(
        id=new_id(), account_id=account_id, name=plain_name(name), photo_key=files.photo, created_at=now()
    )
    change_garment(garment, files, stated, outcome)
    session.add(garment)
    session.flush()
    return garment


def change_garment(
    garment: StoredGarment, files: GarmentFiles, stated: StatedAttributes, outcome: RecognitionResult | VModelError
) -> None:
    """Replace a garment's corrections and reading; see ``keep_garment``."""
    garment.mask_key, garment.back_key, garment.cutout_key = files.mask, files.back, files.cutout
    for each in fields(stated):
        value = getattr(stated, each.name)
        setattr(garment, each.name, value if each.name != "landmarks" else _plain_marks(stated))
    garment.understood = outcome.found if isinstance(outcome, RecognitionResult) else None
    garment.problem = {"code": outcome.code, "message": str(outcome)} if isinstance(outcome, VModelError) else None
    garment.changed_at = now()


def find_garment(session: Session, account_id: str, garment_id: str) -> StoredGarment:
    """Return a garment of this account.

    Raises:
        GarmentUnknown: there is none, it was deleted, or it is another account's.
    """
    found = session.get(StoredGarment, garment_id)
    if found is None or found.account_id != account_id or found.deleted_at is not None:
        raise GarmentUnknown(garment_id)
    return found


def list_garments(
    session: Session, account_id: str, limit: int = PAGE, before: str | None = None
) -> list[StoredGarment]:
    """List garments of an account, the newest first.

    Args:
        session: of an open transaction.
        account_id: the owner.
        limit: at most ``PAGE``.
        before: id; only garments older than it.
    """
    wanted = select(StoredGarment).where(StoredGarment.account_id == account_id, StoredGarment.deleted_at.is_(None))
    if before is not None:
        wanted = wanted.where(StoredGarment.id < before)
    return list(session.scalars(wanted.order_by(StoredGarment.id.desc()).limit(max(1, min(limit, PAGE)))))


def garments_of_photos(session: Session, account_id: str, photos: Iterable[str]) -> list[StoredGarment]:
    """List an account's garments whose photo is one of these, and all its designs, the oldest first.

    Args:
        session: of an open transaction.
        account_id: the owner.
        photos: keys of the file store. A design has one key per colourway inside JSON, which the query does not search.
    """
    named = or_(StoredGarment.photo_key.in_(list(photos)), StoredGarment.design.is_not(None))
    own = (StoredGarment.account_id == account_id) & StoredGarment.deleted_at.is_(None)
    return list(session.scalars(select(StoredGarment).where(own, named).order_by(StoredGarment.id)))


def delete_garment(session: Session, account_id: str, garment_id: str) -> list[str]:
    """Delete a garment.

    Returns:
        Keys of the files that the account no longer needs; the caller deletes them after the commit.
    Raises:
        GarmentUnknown: see ``find_garment``.
        GarmentInUse: a job that has not ended needs its files.
    """
    garment = find_garment(session, account_id, garment_id)
    keys = garment.file_keys
    if files_in_use(session, account_id) & set(keys):
        raise GarmentInUse(garment_id)
    _forget(garment)
    session.flush()
    return unneeded_files(session, account_id, keys)


def forget_garments(session: Session, account_id: str) -> None:
    """Mark every garment of an account as deleted and clear its details; the caller deletes the files."""
    live = select(StoredGarment).where(StoredGarment.account_id == account_id, StoredGarment.deleted_at.is_(None))
    for garment in session.scalars(live):
        _forget(garment)
    session.flush()


def unneeded_files(session: Session, account_id: str, keys: Iterable[str]) -> list[str]:
    """Return those of these files that neither a garment nor an open job of the account needs."""
    asked = list(dict.fromkeys(keys))
    # Designs name further files inside JSON, which the query does not search; an account has few designs.
    places = (StoredGarment.photo_key, StoredGarment.mask_key, StoredGarment.back_key, StoredGarment.cutout_key)
    rows = select(StoredGarment).where(
        StoredGarment.account_id == account_id,
        StoredGarment.deleted_at.is_(None),
        or_(*(place.in_(asked) for place in places), StoredGarment.design.is_not(None)),
    )
    needed = {key for garment in session.scalars(rows) for key in garment.file_keys}
    needed |= files_in_use(session, account_id)
    return [key for key in asked if key not in needed]


def files_in_use(session: Session, account_id: str) -> set[str]:
    """Return the keys of the garment files that open jobs of the account still need."""
    open_jobs = select(JobRow.garment).where(JobRow.account_id == account_id, JobRow.state.in_(OPEN))
    open_shots = select(ShotRow.request).where(ShotRow.account_id == account_id, ShotRow.state.in_(OPEN))
    outfits = (garment for request in session.scalars(open_shots) for garment in request.get("outfit", ()))
    return {str(value) for garment in (*session.scalars(open_jobs), *outfits) for value in garment.values()}


def source_of(garment: StoredGarment, store: FileStore, colorway: str = "") -> dict[str, Any]:
    """Return a garment as a job names it: fields of ``vmodel.shot.request.GarmentSource``, files as keys of the store.

    Args:
        garment: of the table.
        store: receives corrected landmarks as a file.
        colorway: of a design; empty for its own colours.
    Raises:
        GarmentNotUnderstood: nothing was found in its photo.
        ColorwayUnknown: it has no colourway of this name.
    """
    if garment.understood is None:
        raise GarmentNotUnderstood(garment.id, (garment.problem or {}).get("message", "correct it first."))
    if colorway and colorway not in garment.colorways:
        raise ColorwayUnknown(colorway, garment.colorways)
    source: dict[str, Any] = {
        "photo": garment.colorways[colorway]["photo_key"] if colorway else garment.photo_key,
        "mask": garment.mask_key,
        "back": garment.back_key,
        "category": garment.category,
        "material": garment.material,
        "width_cm": garment.width_cm,
        "length_cm": garment.length_cm,
        "worn_open": garment.worn_open,
    }
    if garment.landmarks:
        content = json.dumps({"landmarks": garment.landmarks}, sort_keys=True).encode()
        source["landmarks"] = store.put(garment.account_id, content, "json")
    return {name: value for name, value in source.items() if value is not None}


def plain_name(name: str) -> str:
    """Return a name in its stored form: one line without folders, control and direction characters, cut to length."""
    kept = "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.replace("\\", "/").split("/")[-1].split())[:NAME_LENGTH] or "garment"


def suffix_of(content: bytes) -> str:
    """Return the file suffix of a picture that was decoded, by its first bytes."""
    return next((suffix for magic, suffix in _SUFFIX_OF_MAGIC if content.startswith(magic)), "heic")


def _plain_marks(stated: StatedAttributes) -> dict[str, list[float]] | None:
    return {name: [float(x), float(y)] for name, (x, y) in stated.landmarks.items()} or None


def _forget(garment: StoredGarment) -> None:
    garment.deleted_at = now()
    garment.name, garment.landmarks, garment.understood, garment.problem, garment.design = "", None, None, None, None
