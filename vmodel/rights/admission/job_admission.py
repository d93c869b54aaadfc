"""Admission check of a job, before any work: may this seller use this garment and this model?"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from vmodel.config import Settings
from vmodel.core.database import Database
from vmodel.core.files import sha256_of
from vmodel.garment.designs.block_design import is_design
from vmodel.garment.vector.technical_flat import is_drawing
from vmodel.rights.admission.garment_review import GarmentReviewer, check_garment, check_state, find_photo
from vmodel.rights.admission.uploaded_rasters import rasters_of
from vmodel.rights.policy.consent import likeness_of
from vmodel.rights.policy.minors import check_likeness
from vmodel.rights.policy.model_reservation import check_exclusive
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
    """Refuse a job whose picture would be refused at publication; examine a photo seen for the first time.

    Args:
        settings: of the installation.
        database: of the registry.
        seller_id: whose job it is.
        photo: of the garment, or a designer's file: of that its print and the pictures inside it are examined.
        model: requested model; None if one will be chosen automatically.
        channel: where the picture will be shown; None for anywhere.
        back: photo of the garment's back, examined too; the seller's attestation of the garment covers it.
    Raises:
        GarmentInReview, GarmentRefused: a photo of the garment waits for its review, or was refused.
        GarmentNotAttested: the installation requires the seller's attestation, and none was given.
        ModelReserved: another seller has reserved the model, or one like it.
        LikenessWithoutConsent: the model is like a real person, and no consent covers the picture.
        NotAllowedForChildren: the model is under 18 and like a real person.
        RightsListInvalid: the operator's list of brands or marks cannot be used.
    """
    digests = [_examined(settings, database, seller_id, each) for each in (photo, back) if each is not None]
    with database.reading() as session:
        for digest in chain.from_iterable(digests):
            check_state(session, seller_id, digest)
        check_garment(session, settings, seller_id, digests[0][0])
        if model is not None:
            check_exclusive(session, model, seller_id)
            check_likeness(model, likeness_of(session, settings, model.id, channel))


def _examined(settings: Settings, database: Database, seller_id: str, file: Path) -> list[str]:
    """Return the SHA-256 of a file and of each picture that it brings; examine the pictures that are new."""
    digests = [sha256_of(file)]
    # A drawing or design may be known because it was attested, while what it brings still waits for its review.
    if not (is_design(file) or is_drawing(file)):
        with database.reading() as session:
            if find_photo(session, seller_id, digests[0]) is not None:
                return digests
    reviewer = GarmentReviewer(settings, database)
    for digest, picture in rasters_of(file, settings):
        reviewer.examine(seller_id, digest, picture)
        digests.append(digest)
    return list(dict.fromkeys(digests))
