"""Intake of garments: uploaded files are read first, and stored only if they are usable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.api.http.state import AppState
from vmodel.errors import (
    AnimatedPhoto,
    MaskMismatch,
    PersonInPhoto,
    PhotoTooLarge,
    PhotoTooSmall,
    UnreadablePhoto,
    UnsupportedPhoto,
    VModelError,
)
from vmodel.rights.policy.minors import read_category
from vmodel.service.garments.errors import DesignOnly
from vmodel.service.garments.records import (
    GarmentFiles,
    RecognitionResult,
    StatedAttributes,
    StoredGarment,
    change_garment,
    check_stated,
    find_garment,
    keep_garment,
    plain_name,
    suffix_of,
    unneeded_files,
)
from vmodel.service.garments.uploads import are_kept

#: Errors of files that are not stored: no usable picture, no match for the photo, or a person in it.
_REFUSED = (
    *(AnimatedPhoto, MaskMismatch, PersonInPhoto, PhotoTooLarge, PhotoTooSmall, UnreadablePhoto, UnsupportedPhoto),
)


@dataclass(frozen=True)
class Uploaded:
    """Files of one garment as uploaded."""

    photo: bytes
    mask: bytes | None = None
    back: bytes | None = None


@dataclass(frozen=True)
class Change:
    """Changes to a garment.

    Attributes:
        name: None keeps the old one.
        stated: fields of ``StatedAttributes`` that change.
        mask: None keeps the old one, empty removes it.
        back: None keeps the old one, empty removes it.
    """

    name: str | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)
    mask: bytes | None = None
    back: bytes | None = None

    @property
    def is_only_a_name(self) -> bool:
        """Flag that only the name changes, so that the photo need not be read again."""
        return not self.stated and self.mask is None and self.back is None


def ingest_garment(
    here: AppState, account_id: str, name: str, uploaded: Uploaded, stated: StatedAttributes
) -> StoredGarment:
    """Read and store the files of a new garment; run it in the reading pool, since it takes seconds of a processor.

    Raises:
        VModelError: a file is not usable, or the stated properties fit no garment.
    """
    check_stated(stated)
    called = plain_name(name)
    outcome = _read(uploaded, called, stated, here)
    while True:
        photo = here.keep(account_id, uploaded.photo, suffix_of(uploaded.photo))
        files = GarmentFiles(
            photo,
            _put(here, account_id, uploaded.mask),
            _put(here, account_id, uploaded.back),
            _put_cutout(here, account_id, outcome),
        )
        with here.database.transaction() as session:
            if are_kept(session, account_id, (files.photo, files.mask, files.back, files.cutout)):
                return keep_garment(session, account_id, called, files, stated, outcome)


def read_change(here: AppState, account_id: str, garment_id: str, change: Change) -> StoredGarment:
    """Correct a garment and read its photo again, in the reading pool, unless only its name changes.

    Raises:
        GarmentUnknown: not one of this account.
        DesignOnly: it is a block, of which only the name can be changed here.
        VModelError: the change does not fit the photo; nothing has changed then.
    """
    with here.database.transaction() as session:
        old = find_garment(session, account_id, garment_id)
        if change.name is not None:
            old.name = plain_name(change.name) if change.is_only_a_name else old.name
    if change.is_only_a_name:
        return old
    if old.is_block:
        raise DesignOnly
    stated = replace(old.stated, **change.stated)
    check_stated(stated)
    mask = here.store.get(account_id, old.mask_key) if change.mask is None and old.mask_key else change.mask or None
    uploaded = Uploaded(here.store.get(account_id, old.photo_key), mask, change.back or None)
    outcome = _read(uploaded, old.name, stated, here, old.photo_key.rpartition(".")[2])
    if isinstance(outcome, VModelError):
        raise outcome
    while True:
        written = (
            _put(here, account_id, mask),
            _put(here, account_id, change.back or None),
            _put_cutout(here, account_id, outcome),
        )
        with here.database.transaction() as session:
            if not are_kept(session, account_id, written):
                continue
            garment = find_garment(session, account_id, garment_id)
            # Another change may have replaced the back meanwhile.
            back = garment.back_key if change.back is None else written[1]
            change_garment(garment, GarmentFiles(garment.photo_key, written[0], back, written[2]), stated, outcome)
            garment.name = garment.name if change.name is None else plain_name(change.name)
            session.flush()
            gone = unneeded_files(session, account_id, old.file_keys)
        here.drop(account_id, gone)
        return garment


def read_mask(here: AppState, account_id: str, garment_id: str) -> bytes:
    """Draw the mask of the garment in a photo; run it in the reading pool.

    Returns:
        PNG of the photo's size, grey, white is garment. It is all black if no garment was found.
    Raises:
        GarmentUnknown: not one of this account.
        DesignOnly: a design has no photo.
    """
    from vmodel.service.garments.recognition import draw_mask, read_photo

    with here.database.reading() as session:
        garment = find_garment(session, account_id, garment_id)
    if garment.design is not None:
        raise DesignOnly
    photo = read_photo(here.store.get(account_id, garment.photo_key), garment.name, here.settings)
    mask = here.store.get(account_id, garment.mask_key) if garment.mask_key else None
    return draw_mask(photo, mask, garment.category)


def read_painted(here: AppState, account_id: str, garment_id: str, painted: bytes) -> StoredGarment:
    """Store a mask that was painted on a smaller picture of the photo; run it in the reading pool.

    Raises:
        MaskMismatch: it is no picture, of another shape than the photo, empty, or covers everything.
        VModelError: as of ``read_change``.
    """
    from vmodel.service.garments.recognition import fit_mask

    with here.database.reading() as session:
        garment = find_garment(session, account_id, garment_id)
    if garment.design is not None:
        raise DesignOnly
    mask = fit_mask(painted, here.store.get(account_id, garment.photo_key), here.settings)
    return read_change(here, account_id, garment_id, Change(mask=mask))


def _read(
    uploaded: Uploaded, name: str, stated: StatedAttributes, here: AppState, suffix: str = ""
) -> RecognitionResult | VModelError:
    """Return what the photo shows, or the error why it could not be recognised.

    Raises:
        VModelError: a file is not usable.
    """
    from vmodel.service.garments.recognition import LAST_READ, describe_garment, read_garment, read_photo

    ending = ".svg" if suffix == "svg" else ""
    category = read_category(stated.category)
    key = LAST_READ.key_of(uploaded.photo, uploaded.mask, f"{name}/{ending}", category)
    read = LAST_READ.get(key)
    flat_lay = None if read else read_photo(uploaded.photo, name, here.settings, ending)
    if uploaded.back is not None:
        read_photo(uploaded.back, name, here.settings)
    try:
        if flat_lay is not None:
            read = LAST_READ.keep(key, read_garment(flat_lay, uploaded.mask, category))
        assert read is not None
        return describe_garment(read, stated, here.roster)
    except _REFUSED:
        raise
    except VModelError as error:
        return error


def _put(here: AppState, account_id: str, content: bytes | None) -> str | None:
    return None if content is None else here.keep(account_id, content, suffix_of(content))


def _put_cutout(here: AppState, account_id: str, outcome: RecognitionResult | VModelError) -> str | None:
    return here.keep(account_id, outcome.cutout_png, "png") if isinstance(outcome, RecognitionResult) else None
