"""Garment rights routes: the seller's attestation, findings about a photo, and the operator's review."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from app.api.http.auth import KeyFirst, Manager, Operator, Reader, Shooter
from app.api.http.state import AppState, Here
from app.api.http.strict_model import StrictModel
from vmodel.rights.admission.garment_review import (
    STATEMENT,
    WAITING,
    GarmentReviewer,
    attest,
    decide,
    find_attestation,
    find_photo,
    find_review,
    list_reviews,
)
from vmodel.rights.admission.review_image import side_by_side
from vmodel.rights.registry.tables import GarmentPhoto
from vmodel.service.accounts.audit_log import audit
from vmodel.service.garments.records import find_garment

router = APIRouter(prefix="/v1", tags=["garment rights"], route_class=KeyFirst)

GarmentId = Annotated[str, Path(description="Id of the garment.", max_length=64)]
ReviewId = Annotated[str, Path(description="Id of the review.", max_length=64)]


class Word(StrictModel):
    """Your statement that you may use a garment, or all garments of the account, and their photos."""

    attested: bool = Field(description="true to state that you may use them", examples=[True])
    statement: str = Field(
        default=STATEMENT, max_length=2000, description="text of the statement; only used for the account"
    )


class Attestation(BaseModel):
    """Statement of the account. `attested_at` is null until you give it."""

    statement: str
    attested_at: datetime | None


class Found(BaseModel):
    """An objection to a photo."""

    kind: str = Field(description="kind of objection: copy, brand, mark or face", examples=["brand"])
    what: str = Field(examples=["It shows the word “nike”."])


class GarmentRights(BaseModel):
    """Whether you may make pictures of a garment."""

    state: str = Field(description="unseen, clear, waiting, approved or refused", examples=["clear"])
    findings: list[Found]
    attested_at: datetime | None = Field(description="when you attested for this photo; null if not")
    note: str = Field(description="note from the reviewer")


class Review(BaseModel):
    """A photo as its reviewer sees it."""

    id: str = Field(examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])
    seller_id: str
    state: str = Field(examples=["waiting"])
    findings: list[dict[str, Any]] = Field(description="objections: kind, what, and the evidence")
    attested_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    note: str
    created_at: datetime

    @classmethod
    def of(cls, row: GarmentPhoto) -> Review:
        """Return a photo as its reviewer sees it."""
        plain = {name: getattr(row, name) for name in cls.model_fields if name != "findings"}
        return cls(findings=json.loads(row.findings), **plain)


class Decision(StrictModel):
    """Decision on a photo under review."""

    approve: bool = Field(description="true to allow pictures of it, false to refuse it", examples=[True])
    note: str = Field(default="", max_length=2000, description="reason, shown to the seller")


@router.get("/attestation")
def get_attestation(identity: Reader, here: Here) -> Attestation:
    """Show the statement of your account about all its garments."""
    with here.database.reading() as session:
        row = find_attestation(session, identity.account_id)
    return Attestation(statement=row.statement if row else STATEMENT, attested_at=row.attested_at if row else None)


@router.put("/attestation")
def put_attestation(word: Word, identity: Manager, here: Here) -> Attestation:
    """State once that you may use all garments of the account, or withdraw the statement."""
    with here.database.transaction() as session:
        if word.attested:
            row = attest(session, identity.account_id, identity.subject, word.statement)
            return Attestation(statement=row.statement, attested_at=row.attested_at)
        held = find_attestation(session, identity.account_id)
        if held is not None:
            session.delete(held)
    return Attestation(statement=STATEMENT, attested_at=None)


@router.get("/garments/{garment_id}/rights")
def get_rights(garment_id: GarmentId, identity: Reader, here: Here) -> GarmentRights:
    """Show objections to a garment's photo. The check runs with its first picture or when you attest."""
    with here.database.reading() as session:
        key = find_garment(session, identity.account_id, garment_id).photo_key
    with here.database.reading() as session:
        return _shown(find_photo(session, identity.account_id, sha256_of_key(key)))


@router.put("/garments/{garment_id}/rights")
async def attest_garment(garment_id: GarmentId, word: Word, identity: Shooter, here: Here) -> GarmentRights:
    """State that you may use a garment and its photo, and check the photo now."""
    with here.database.reading() as session:
        garment = find_garment(session, identity.account_id, garment_id)
    shown = garment.photo_key if garment.shown_key is None else garment.shown_key
    examining = _examining(here, identity.account_id, sha256_of_key(garment.photo_key), shown, word.attested)
    return _shown(await here.reading_pool.run(identity.account_id, examining))


@router.get("/reviews")
def list_waiting(
    _: Operator,
    here: Here,
    state: Annotated[str, Query(pattern="^(waiting|approved|refused|all)$")] = WAITING,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[Review]:
    """List garment photos that wait for a decision, oldest first."""
    with here.database.reading() as session:
        return [Review.of(row) for row in list_reviews(session, None if state == "all" else state, limit)]


@router.get("/reviews/{review_id}/picture", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def get_picture(review_id: ReviewId, _: Operator, here: Here) -> Response:
    """Get the photo next to the other seller's photo that it copies."""
    with here.database.reading() as session:
        row = find_review(session, review_id)
    return Response(side_by_side(GarmentReviewer(here.settings, here.database), row), media_type="image/jpeg")


@router.post("/reviews/{review_id}")
def decide_review(review_id: ReviewId, decision: Decision, identity: Operator, here: Here) -> Review:
    """Approve a photo, so that jobs can use it, or refuse it, so that jobs with it fail."""
    with here.database.transaction() as session:
        row = decide(session, review_id, decision.approve, identity.account_id, decision.note)
        audit(session, identity.account_id, "garment.reviewed", photo=row.id, state=row.state)
        return Review.of(row)


def sha256_of_key(key: str) -> str:
    """Return the hash of a stored file, which is its name in the store."""
    return key.rpartition("/")[2].partition(".")[0]


def _examining(here: AppState, account_id: str, digest: str, key: str, attested: bool) -> Callable[[], GarmentPhoto]:
    def examine() -> GarmentPhoto:
        from vmodel.service.garments.recognition import read_photo

        content = here.store.get(account_id, key)
        rgb = read_photo(content, "The photo", here.settings).rgb
        return GarmentReviewer(here.settings, here.database).examine(account_id, digest, rgb, attested)

    return examine


def _shown(row: GarmentPhoto | None) -> GarmentRights:
    if row is None:
        return GarmentRights(state="unseen", findings=[], attested_at=None, note="")
    found = [Found(kind=each["kind"], what=each["what"]) for each in json.loads(row.findings)]
    return GarmentRights(state=row.state, findings=found, attested_at=row.attested_at, note=row.note)
