"""Job routes: order pictures, watch, cancel, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import StreamingResponse

from app.api.http.auth import KeyFirst, Manager, Reader, Shooter
from app.api.http.error_handlers import Problem
from app.api.http.state import AppState, Here
from app.api.routes.job_events import stream_job
from app.api.schemas.jobs import JobAsked, JobMade, Quote, asked_shots, show_job
from vmodel.core.database import new_id
from vmodel.service.garments.records import find_garment, source_of
from vmodel.service.jobs.lifecycle import cancel_job, find_job, list_jobs, submit
from vmodel.service.jobs.request import JobRequest, with_outfit
from vmodel.service.jobs.validation import check_job
from vmodel.service.ledger.grants import current_balance
from vmodel.service.maintenance.retention import delete_job

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=KeyFirst)

Id = Annotated[str, Path(description="Id of the job.", max_length=64, examples=["019abcf0c0de7b0c8f0e5a6b7c8d9e0f"])]
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any unique text. The same key returns the same job, so you can repeat a request safely.",
        examples=["order-4711"],
    ),
]
_State = Annotated[
    list[str] | None, Query(description="List only jobs in these states.", max_length=6, examples=[["running"]])
]
_PAID: dict[int | str, dict[str, Any]] = {402: {"model": Problem}, 409: {"model": Problem}}


# Clients that were generated from the API's description know it by this id.
@router.post("/jobs", status_code=201, responses=_PAID, operation_id="ask_v1_jobs_post")
def create_job(asked: JobAsked, identity: Shooter, here: Here, idempotency_key: _Key = None) -> JobMade:
    """Order pictures of one garment, alone or in an outfit.

    The price is reserved until the pictures are delivered or cancelled, or fail.
    """
    request = _request(asked, identity.account_id, here, idempotency_key or new_id())
    return show_job(submit(here.database, here.plans, here.roster, request), here)


@router.post("/quotes")
def quote(asked: JobAsked, identity: Reader, here: Here) -> Quote:
    """Get the price of a job. Checks the request like a real job, but reserves no credits."""
    shots = check_job(_request(asked, identity.account_id, here, new_id()), here.roster)
    price = sum(here.plans.price_shot(shot.pipeline, shot.size, shot.steps) for shot in shots)
    monthly = here.plans.plan(identity.plan).monthly_credits
    return Quote(credits=price, available=current_balance(here.database, identity.account_id, monthly).available)


@router.get("/jobs")
def list_all(
    identity: Reader,
    here: Here,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[str | None, Query(max_length=64, description="Id of a job; lists only older ones.")] = None,
    state: _State = None,
) -> list[JobMade]:
    """List your jobs, newest first."""
    found = list_jobs(here.database, identity.account_id, limit, before, tuple(state or ()))
    return [show_job(job, here) for job in found]


@router.get("/jobs/{job_id}")
def get(job_id: Id, identity: Reader, here: Here) -> JobMade:
    """Show one job with its pictures, its position in the queue and the time left."""
    return show_job(find_job(here.database, identity.account_id, job_id), here)


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: Id, identity: Shooter, here: Here) -> JobMade:
    """Cancel a job. You keep and pay for delivered pictures; the credits for the others are returned."""
    return show_job(cancel_job(here.database, identity.account_id, job_id), here)


@router.delete("/jobs/{job_id}", status_code=204)
def delete(job_id: Id, identity: Manager, here: Here) -> None:
    """Cancel a job and delete its pictures. Delivered pictures stay charged."""
    delete_job(here.database, here.store, identity.account_id, job_id)


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "An event `job` with the whole job after every change.",
        }
    },
)
def events(job_id: Id, identity: Reader, here: Here) -> StreamingResponse:
    """Watch a job: server-sent events named `job`, each with the whole job, until it ends."""
    first = find_job(here.database, identity.account_id, job_id)
    return stream_job(here, identity, first)


def _request(asked: JobAsked, account_id: str, here: AppState, key: str) -> JobRequest:
    with here.database.reading() as session:
        garment = find_garment(session, account_id, asked.garment_id)
        further = [(find_garment(session, account_id, each.garment_id), each.colorway) for each in asked.worn_with]
    source = source_of(garment, here.store, asked.colorway)
    shots = with_outfit(
        asked_shots(asked.shots, here.roster),
        [source_of(each, here.store, colorway) for each, colorway in further],
        asked.tucked,
    )
    return JobRequest(account_id, source, shots, key, asked.priority)
