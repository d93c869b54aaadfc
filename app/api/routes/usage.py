"""Usage routes: an account's credits, its plan and its statements."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from app.api.http.auth import Reader
from app.api.http.content_policy import PRINTED, write_policy
from app.api.http.state import Here
from vmodel.core.database import now
from vmodel.service.ledger.entries import period_of
from vmodel.service.ledger.grants import current_balance
from vmodel.service.ledger.statement_html import as_html
from vmodel.service.ledger.statements import as_csv, as_json, list_periods, make_statement

router = APIRouter(prefix="/v1/usage", tags=["usage"])


class Form(StrEnum):
    """File format of a statement."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Language(StrEnum):
    """Language of a printed statement."""

    ENGLISH = "en"
    CHINESE = "zh"


class PlanShown(BaseModel):
    """Limits of the account's plan."""

    name: str = Field(examples=["free"])
    monthly_credits: int = Field(description="free credits per month", examples=[50])
    concurrent_jobs: int = Field(description="job parts that can run at the same time", examples=[1])
    pictures_a_day: int = Field(examples=[100])
    requests_a_minute: int = Field(examples=[120])


class Usage(BaseModel):
    """Your credits and your plan."""

    available: int = Field(description="credits that you can spend", examples=[46])
    reserved: int = Field(description="credits reserved for pictures in progress", examples=[4])
    consumed: int = Field(description="credits spent on delivered pictures so far", examples=[0])
    plan: PlanShown
    prices: dict[str, int] = Field(
        description="credits per picture of the smallest size, by pipeline", examples=[{"draft": 1}]
    )


@router.get("")
def get(identity: Reader, here: Here) -> Usage:
    """Show your credits and what your plan allows."""
    plan = here.plans.plan(identity.plan)
    books = current_balance(here.database, identity.account_id, plan.monthly_credits)
    return Usage(
        available=books.available,
        reserved=books.reserved,
        consumed=books.consumed,
        plan=PlanShown(name=identity.plan, **plan.model_dump()),
        prices=here.plans.pipelines,
    )


@router.get("/periods")
def periods(identity: Reader, here: Here) -> list[str]:
    """List the months that have entries, newest first."""
    with here.database.reading() as session:
        return list_periods(session, identity.account_id)


@router.get(
    "/statement",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "text/csv": {}, "text/html": {}}}},
)
def statement(
    identity: Reader,
    here: Here,
    period: Annotated[
        str | None,
        Query(max_length=10, description="Month, such as 2026-11. Default: this month.", examples=["2026-11"]),
    ] = None,
    form: Annotated[Form, Query(description="json, csv, or html for printing")] = Form.JSON,
    language: Annotated[Language, Query(description="language of the html page")] = Language.ENGLISH,
) -> Response:
    """Get the statement of one month, line by line. Its sums match your balance."""
    with here.database.reading() as session:
        made = make_statement(session, identity.account_id, period or period_of(now()))
    name = f"vmodel-{made.period}"
    if form is Form.CSV:
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(as_csv(made), media_type="text/csv; charset=utf-8", headers=headers)
    if form is Form.HTML:
        page = as_html(made, now(), language.value)
        policy = write_policy({**PRINTED, "sandbox": "allow-modals"}, page)
        headers = {"Content-Security-Policy": policy}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)
    return Response(as_json(made, now()), media_type="application/json")
