"""Sellers' garments: the photo, what was understood of it, and what the seller corrected."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.database import Moment, Table, new_id, now
from vmodel.errors import SizeImplausible, VModelError
from vmodel.service.garment_errors import ColorwayUnknown, GarmentInUse, GarmentNotUnderstood, GarmentUnknown
from vmodel.service.job_request import DESIGN
from vmodel.service.job_tables import OPEN, JobRow, ShotRow
from vmodel.service.store import FileStore

NAME_LENGTH = 120
_DESIGN_FILES = ("pattern_key", "pieces_key", "print_key", "tile_key", "drawn_key")
PAGE = 100
"""Most garments of one list."""
SHOWN_SIDE = 1200
"""Longest side of a cut-out's picture, in pixels."""
#: Picture formats by their first bytes; the suffix under which a file is kept.
_SUFFIX_OF_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG", "png"),
    (b"RIFF", "webp"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
)


@dataclass(frozen=True)
class Stated:
    """What the seller says of a garment; nothing of it is needed.

    Attributes:
        category, material: words.
        width_cm: flat, from armpit to armpit, or of the waist.
        length_cm: from the neck point to the hem, or from the waist to the leg end.
        landmarks: name -> (x, y) pixels of the photo, in place of what was found.
        worn_open: its front is worn open, or closed.
    """

    category: str | None = None
    material: str | None = None
    width_cm: float | None = None
    length_cm: float | None = None
    landmarks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    worn_open: bool | None = None


@dataclass(frozen=True)
class Understanding:
    """What was understood of a garment.

    Attributes:
        found: plain values: category, confidence, stated, sleeve, neckline, length, open_front, cutout, photo_size
            (height, width), landmarks in photo pixels, size_cm, warnings, hypotheses, question.
        cutout_png: the garment alone on a transparent ground, cropped to it, at most ``SHOWN_SIDE`` pixels.
    """

    found: dict[str, Any]
    cutout_png: bytes


class StoredGarment(Table):
    """A garment of one account.

    Attributes:
        name: the seller's word for it, or the photo's file name; shown, so it must be escaped.
        photo_key, mask_key, back_key, cutout_key: of the file store.
        category, material, width_cm, length_cm, landmarks, worn_open: as the seller stated or corrected them, else
            None.
        understood: ``Understanding.found``; None while the photo could not be understood.
        problem: {"code", "message"} where it could not be.
        design: of what was drawn instead of photographed, see ``vmodel.service.designs``; else None.
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
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def stated(self) -> Stated:
        """What the seller said of it."""
        marks = {name: (float(x), float(y)) for name, (x, y) in (self.landmarks or {}).items()}
        return Stated(self.category, self.material, self.width_cm, self.length_cm, marks, self.worn_open)

    @property
    def file_keys(self) -> tuple[str, ...]:
        """Keys of every file that belongs to it."""
        keys = (self.photo_key, self.mask_key, self.back_key, self.cutout_key, *self._design_keys)
        return tuple(key for key in keys if key is not None)

    @property
    def is_block(self) -> bool:
        """True for a design that is cut by formula: nothing of it is read from a picture."""
        return self.design is not None and self.photo_key.endswith(f".{DESIGN}")

    @property
    def shown_key(self) -> str | None:
        """What a browser can show of it: the photo, or what was drawn."""
        return self.photo_key if self.design is None else self.cutout_key

    @property
    def colorways(self) -> Mapping[str, Mapping[str, Any]]:
        """Its further colourways by name: "photo_key" and "drawn_key" of each."""
        return {str(way["name"]): way for way in (self.design or {}).get("colorways", ())}

    @property
    def _design_keys(self) -> tuple[str | None, ...]:
        plain = self.design or {}
        ways = (way[name] for way in self.colorways.values() for name in ("photo_key", "drawn_key"))
        return (*(plain.get(name) for name in _DESIGN_FILES), *ways)


def check_stated(stated: Stated) -> None:
    """Refuse what the seller says before a photo is read.

    Raises:
        UnknownCategory, UnknownMaterial, SizeImplausible: see there.
    """
    from vmodel.drape.materials import load_material
    from vmodel.rights.policy import read_category

    read_category(stated.category)
    if stated.material is not None:
        load_material(stated.material)
    for what, value in (("width", stated.width_cm), ("length", stated.length_cm)):
        if value is not None and not 5 <= value <= 250:  # also refuses NaN
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
    stated: Stated,
    outcome: Understanding | VModelError,
) -> StoredGarment:
    """Keep an uploaded garment.

    Args:
        session: of an open transaction.
        account_id: whose it is.
        name: as the seller calls it; see ``plain_name``.
        files: where its files are kept.
        stated: what the seller said.
        outcome: what was understood, or why it could not be.
    """
    garment = StoredGarment(
        id=new_id(), account_id=account_id, name=plain_name(name), photo_key=files.photo, created_at=now()
    )
    change_garment(garment, files, stated, outcome)
    session.add(garment)
    session.flush()
    return garment


def change_garment(
    garment: StoredGarment, files: GarmentFiles, stated: Stated, outcome: Understanding | VModelError
) -> None:
    """Put corrections and a new reading in place of the old ones; see ``keep_garment``."""
    garment.mask_key, garment.back_key, garment.cutout_key = files.mask, files.back, files.cutout
    for each in fields(stated):
        value = getattr(stated, each.name)
        setattr(garment, each.name, value if each.name != "landmarks" else _plain_marks(stated))
    garment.understood = outcome.found if isinstance(outcome, Understanding) else None
    garment.problem = {"code": outcome.code, "message": str(outcome)} if isinstance(outcome, VModelError) else None
    garment.changed_at = now()


def find_garment(session: Session, account_id: str, garment_id: str) -> StoredGarment:
    """A garment of this account.

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
    """Garments of an account, the newest first.

    Args:
        session: of an open transaction.
        account_id: whose.
        limit: at most ``PAGE``.
        before: id; only garments older than it.
    """
    wanted = select(StoredGarment).where(StoredGarment.account_id == account_id, StoredGarment.deleted_at.is_(None))
    if before is not None:
        wanted = wanted.where(StoredGarment.id < before)
    return list(session.scalars(wanted.order_by(StoredGarment.id.desc()).limit(max(1, min(limit, PAGE)))))


def garments_of_photos(session: Session, account_id: str, photos: Iterable[str]) -> list[StoredGarment]:
    """Garments of an account whose photo is one of these, and all its designs, the oldest first.

    Args:
        session: of an open transaction.
        account_id: whose.
        photos: keys of the file store. A design has a key a colourway, where no database looks.
    """
    named = or_(StoredGarment.photo_key.in_(list(photos)), StoredGarment.design.is_not(None))
    own = (StoredGarment.account_id == account_id) & StoredGarment.deleted_at.is_(None)
    return list(session.scalars(select(StoredGarment).where(own, named).order_by(StoredGarment.id)))


def delete_garment(session: Session, account_id: str, garment_id: str) -> list[str]:
    """Delete a garment.

    Returns:
        Keys of the files that no other garment of the account needs; the caller deletes them once this is kept.
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
    """Forget every garment of an account; its files are the caller's to delete."""
    live = select(StoredGarment).where(StoredGarment.account_id == account_id, StoredGarment.deleted_at.is_(None))
    for garment in session.scalars(live):
        _forget(garment)
    session.flush()


def unneeded_files(session: Session, account_id: str, keys: Iterable[str]) -> list[str]:
    """Which of these files neither a garment nor an open job of the account needs."""
    asked = list(dict.fromkeys(keys))
    # Designs name further files where no database looks; an account has few of them.
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
    """Keys of the garment files that jobs of the account still need."""
    open_jobs = select(JobRow.garment).where(JobRow.account_id == account_id, JobRow.state.in_(OPEN))
    open_shots = select(ShotRow.request).where(ShotRow.account_id == account_id, ShotRow.state.in_(OPEN))
    outfits = (garment for request in session.scalars(open_shots) for garment in request.get("outfit", ()))
    return {str(value) for garment in (*session.scalars(open_jobs), *outfits) for value in garment.values()}


def source_of(garment: StoredGarment, store: FileStore, colorway: str = "") -> dict[str, Any]:
    """A garment as a job names it: fields of ``vmodel.request.GarmentSource``, files as keys of the store.

    Args:
        garment: of the table.
        store: corrected landmarks are put there as a file.
        colorway: of a design; empty for its own colours.
    Raises:
        GarmentNotUnderstood: nothing was found in its photo.
        ColorwayUnknown: it has none of this name.
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
    """A name in the form in which it is kept: one line without control and direction characters, cut to length."""
    kept = "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.replace("\\", "/").split("/")[-1].split())[:NAME_LENGTH] or "garment"


def suffix_of(content: bytes) -> str:
    """Suffix of a picture that was decoded, by its first bytes."""
    return next((suffix for magic, suffix in _SUFFIX_OF_MAGIC if content.startswith(magic)), "heic")


def _plain_marks(stated: Stated) -> dict[str, list[float]] | None:
    return {name: [float(x), float(y)] for name, (x, y) in stated.landmarks.items()} or None


def _forget(garment: StoredGarment) -> None:
    garment.deleted_at = now()
    garment.name, garment.landmarks, garment.understood, garment.problem, garment.design = "", None, None, None, None
