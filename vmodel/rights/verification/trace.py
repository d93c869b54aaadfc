"""Origin of a picture, for an operator: seller, job and licence, and how the picture was recognised."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from vmodel.rights.registry.queries import find_by_file
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.result import Verification
from vmodel.rights.verification.verifier import Verifier


@dataclass(frozen=True)
class Trace:
    """Origin of a picture.

    Attributes:
        verdict, found_by, reason, state: see ``vmodel.rights.verification.result.Verification``.
        licence_id, seller_id, seller, job_id: empty where nothing was recognised.
        model, garment_sha256, pipeline, published_at: of the picture.
        exact_file: True if the file is byte for byte one that was published.
        film_second, at_second: as of ``Verification``.
    """

    verdict: str
    found_by: str
    reason: str
    state: str
    licence_id: str = ""
    seller_id: str = ""
    seller: str = ""
    job_id: str = ""
    model: str = ""
    garment_sha256: str = ""
    pipeline: str = ""
    published_at: str = ""
    exact_file: bool = False
    film_second: float | None = None
    at_second: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def lines(self) -> dict[str, str]:
        """Return names and values for display, without empty ones."""
        shown = {name: value for name, value in asdict(self).items() if value or isinstance(value, float)}
        return {name.replace("_", " "): str(value) for name, value in shown.items()}


def trace(content: bytes, name: str, verifier: Verifier) -> Trace:
    """Recognise a picture and look up its origin.

    Args:
        content: of the file.
        name: for messages.
        verifier: with the registry.
    Raises:
        UnreadablePhoto, PhotoTooLarge: it is no picture.
    """
    found = verifier.verify(content, name)
    if found.licence is None:
        return _unknown(found)
    with verifier.database.transaction() as session:
        shot = session.get(RegisteredShot, found.licence.id)
        exact = find_by_file(session, hashlib.sha256(content).hexdigest()) is not None
    if shot is None:
        return _unknown(found)
    return Trace(
        found.verdict.value,
        found.found_by,
        found.reason,
        found.state,
        shot.id,
        shot.seller_id,
        shot.seller,
        shot.job_id or "",
        shot.model_id,
        shot.garment_sha256,
        shot.pipeline,
        json.loads(shot.certificate)["licence"]["issued_at"],
        exact,
        found.film_second,
        found.at_second,
    )


def _unknown(found: Verification) -> Trace:
    return Trace(found.verdict.value, found.found_by, found.reason, found.state)
