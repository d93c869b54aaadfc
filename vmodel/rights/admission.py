"""Before work is spent on a job of a house with several sellers: may they have this garment and this model?"""

from __future__ import annotations

import contextlib
from pathlib import Path

from vmodel.config import Settings
from vmodel.database import Database
from vmodel.errors import InputError
from vmodel.files import sha256_of
from vmodel.garment.design import is_design
from vmodel.garment.reading import read_flat_lay
from vmodel.rights.consent import likeness_of
from vmodel.rights.exclusive import check_exclusive
from vmodel.rights.garments import GarmentDesk, check_garment, check_state, find_photo
from vmodel.rights.policy import check_likeness
from vmodel.types import VirtualModel


def admit_job(
    settings: Settings,
    database: Database,
    seller_id: str,
    photo: Path,
    model: VirtualModel | None = None,
    channel: str | None = None,
    back: Path | None = None,
) -> None:
    """Refuse what would be refused when the picture is published; a photo seen for the first time is examined.

    Args:
        settings: of the installation.
        database: of the registry.
        seller_id: whose job it is.
        photo: of the garment; a designer's vector file is their own work and is not examined.
        model: that was asked for; None if one will be cast.
        channel: where the picture will be shown; None for anywhere.
        back: photo of the garment's back, examined too; the seller's word for the garment holds for it.
    Raises:
        GarmentInReview, GarmentRefused, GarmentNotAttested: a photo of the garment stands against it.
        ModelReserved: another seller has the model, or one like it, alone.
        LikenessWithoutConsent, NotAllowedForChildren: the model is like a real person.
        RightsListInvalid: the operator's list of brands or marks cannot be used.
    """
    digests = [_examined(settings, database, seller_id, each) for each in (photo, back) if each is not None]
    with database.reading() as session:
        for digest in digests:
            check_state(session, seller_id, digest)
        check_garment(session, settings, seller_id, digests[0])
        if model is not None:
            check_exclusive(session, model, seller_id)
            check_likeness(model, likeness_of(session, settings, model.id, channel))


def _examined(settings: Settings, database: Database, seller_id: str, photo: Path) -> str:
    """SHA-256 of a photo that was examined now or before."""
    digest = sha256_of(photo)
    with database.reading() as session:
        known = find_photo(session, seller_id, digest) is not None
    if not known and not is_design(photo):
        flat_lay = None
        # What is no photo is a designer's own drawing, or is refused when it is read.
        with contextlib.suppress(InputError):
            flat_lay = read_flat_lay(photo, settings)
        if flat_lay is not None:
            GarmentDesk(settings, database).examine(seller_id, digest, flat_lay.rgb)
    return digest
