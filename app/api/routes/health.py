"""Operations routes: liveness, readiness and metrics."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from app.api.http.auth import Operator
from app.api.http.error_handlers import Problem
from app.api.http.errors import Leaving, NotFound, NotReady
from app.api.http.state import Here
from vmodel.core.database import now
from vmodel.core.storage_faults import NoSpaceLeft, explain_fault
from vmodel.errors import VModelError
from vmodel.service.accounts.rate_limit import check_rate

_PROBES_A_MINUTE = 10**9
router = APIRouter(tags=["operations"])

_CONTACT_LASTS = timedelta(days=180)
"""Programs ask again after that time; RFC 9116 wants less than a year."""


class Health(BaseModel):
    """Status and version of the process."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])


@router.get("/v1/health")
async def health() -> Health:
    """Report that the process is alive. Needs no key and does not check the database or the file store."""
    return Health(status="ok", version=version("vmodel"))


@router.get("/v1/ready", responses={503: {"model": Problem}})
def ready(here: Here) -> Health:
    """Report whether the service can take requests: database and file store take data, and it is not shutting down.

    Needs no key. Use it for load balancers.
    """
    if here.leaving.is_set():
        raise Leaving
    try:
        # Written, because a full or locked database still answers what only reads.
        with here.database.brief() as session:
            check_rate(session, "ready", _PROBES_A_MINUTE, 60)
    except Exception as error:
        raise _not_ready("database", error) from error
    try:
        here.store.check()
    except VModelError as error:
        raise _not_ready("file store", error) from error
    return Health(status="ok", version=version("vmodel"))


@router.get("/.well-known/security.txt", include_in_schema=False)
def show_security_contact(here: Here) -> Response:
    """Tell where faults of this installation are reported (RFC 9116)."""
    settings = here.settings
    if settings.security_contact is None:
        raise NotFound
    lines = [f"Contact: {settings.security_contact}", f"Expires: {now() + _CONTACT_LASTS:%Y-%m-%dT00:00:00Z}"]
    if settings.is_https:
        lines.append(f"Canonical: {str(settings.public_url).rstrip('/')}/.well-known/security.txt")
    return Response("\n".join(lines) + "\n", media_type="text/plain; charset=utf-8")


def _not_ready(what: str, error: Exception) -> NotReady:
    known = error if isinstance(error, NoSpaceLeft) else explain_fault(error)
    return NotReady(what) if known is None else NotReady(what, known.reason)


@router.get("/metrics", response_class=Response, include_in_schema=False)
def metrics(_: Operator, here: Here) -> Response:
    """Get the metrics in Prometheus' text format, for a key with the scope "operate"."""
    return Response(generate_latest(here.registry), media_type=CONTENT_TYPE_LATEST)
