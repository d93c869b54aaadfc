"""Documents about a registered picture: the certificate's page, and the data for a registration centre."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from vmodel.core.database import now
from vmodel.rights.licence.certificate import parse_licence
from vmodel.rights.licence.certificate_html import write_certificate_page
from vmodel.rights.registry.queries import external_codes, find_revocation, renditions, state_of
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.types import ByteArray


def certificate_page(session: Session, shot: RegisteredShot, picture: ByteArray | None) -> str:
    """Render the certificate of a picture as a printable HTML page, with the licence's state today.

    Args:
        session: of the registry.
        shot: whose licence it is.
        picture: (H, W, 3) uint8 sRGB to show; None for none.
    """
    certificate = json.loads(shot.certificate)
    licence = parse_licence(certificate)
    state = state_of(licence, find_revocation(session, shot.id), now().date())
    return write_certificate_page(licence, state, certificate["signature"], picture, external_codes(session, shot.id))


def registration_data(session: Session, shot: RegisteredShot) -> dict[str, Any]:
    """Return the data for China's digital copyright registration (GB/T 45913-2025); the centre issues the code.

    Args:
        session: of the registry.
        shot: the picture to be registered.
    """
    files = renditions(session, shot.id)
    return {
        "workName": f"{shot.category}, {shot.model_id}, {shot.created_at:%Y-%m-%d}",
        "workCategory": "photographic or graphic work made with the help of a computer",
        "author": shot.seller,
        "copyrightOwner": shot.seller,
        "rightType": "all rights",
        "creationDate": f"{shot.created_at:%Y-%m-%d}",
        "creationPlace": "",
        "generatedByAI": True,
        "generator": f"vmodel, pipeline {shot.pipeline}",
        "workFingerPrint": [each.file_sha256.upper() for each in files],
        "licence": shot.id,
        "externalCodes": external_codes(session, shot.id),
    }
