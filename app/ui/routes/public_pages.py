"""Public pages without login and JavaScript: verify a picture, see a licence or the card of a model."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.http.auth import check_origin
from app.api.http.before_body import before_body
from app.api.http.content_policy import FORM, PRINTED, write_policy
from app.api.http.error_handlers import status_of
from app.api.http.errors import NotFound
from app.api.http.state import Here
from app.api.rights.public import Answer, LicenceId, look_up
from app.api.rights.public_verifier import (
    LOOKED_AT_A_MINUTE,
    MOST_BYTES,
    PublicVerifierDep,
    check_size,
    count_verification,
)
from app.ui.base.i18n import LANGUAGES, explain_error, load_words
from app.ui.base.session import language_of
from app.ui.base.templating import render
from vmodel.errors import VModelError
from vmodel.rights.licence.certificate import parse_licence
from vmodel.rights.licence.certificate_html import write_certificate_page
from vmodel.rights.policy.model_card import card_of, card_page
from vmodel.rights.registry.original_store import Originals


async def _count_first(request: Request) -> Response | None:
    try:
        await count_verification(request)
    except VModelError as error:
        spoken = _spoken(request, request.query_params.get("language"))
        return _page(spoken, problem=explain_error(error, load_words(spoken)), status=status_of(error))
    return None


router = APIRouter(include_in_schema=False, route_class=before_body(_count_first))

_SHOWN_PX = 160
"""Longest side of the picture on a licence's page: enough to see which one it is, too small to be of use."""
_Language = Annotated[str | None, Query(max_length=8)]


@router.get("/verify")
def ask(request: Request, language: _Language = None) -> Response:
    """Show the form for verifying a picture."""
    return _page(_spoken(request, language))


@router.post("/verify")
async def answer(
    request: Request,
    verifier: PublicVerifierDep,
    file: Annotated[UploadFile | None, File()] = None,
    language: _Language = None,
) -> Response:
    """Verify the uploaded file and show the result."""
    spoken = _spoken(request, language)
    try:
        check_origin(request)
        content = b"" if file is None else await file.read(MOST_BYTES + 1)
        check_size(content)
        if not content:
            return _page(spoken)
        found = Answer.of(await verifier.verify(content, "The file", request.state.network))
    except VModelError as error:
        return _page(spoken, problem=explain_error(error, load_words(spoken)), status=status_of(error))
    return _page(spoken, found)


@router.get("/licence/{licence_id}")
def show_licence(licence_id: LicenceId, request: Request, here: Here, verifier: PublicVerifierDep) -> Response:
    """Show the certificate of a licence as a page, with its state today."""
    try:
        verifier.count(request, "licence", LOOKED_AT_A_MINUTE)
        shot, state, reason, codes = look_up(here, licence_id)
    except VModelError as error:
        spoken = _spoken(request, None)
        return _page(spoken, problem=explain_error(error, load_words(spoken)), status=status_of(error))
    certificate = json.loads(shot.certificate)
    shown = f"{state}: {reason}" if reason else state
    small = Originals(here.settings).small(shot.id, _SHOWN_PX)
    page = write_certificate_page(parse_licence(certificate), shown, certificate["signature"], small, codes)
    return _printed(page)


@router.get("/model/{model_id}")
def show_card(
    model_id: Annotated[str, InPath(max_length=100)], request: Request, here: Here, verifier: PublicVerifierDep
) -> Response:
    """Show the card of a virtual model, with its origin."""
    try:
        verifier.count(request, "licence", LOOKED_AT_A_MINUTE)
        if model_id not in here.roster:
            raise NotFound("model")
        with here.database.reading() as session:
            card = card_of(session, here.settings, here.roster[model_id])
    except VModelError as error:
        spoken = _spoken(request, None)
        return _page(spoken, problem=explain_error(error, load_words(spoken)), status=status_of(error))
    return _printed(card_page(card))


@router.get("/licence")
def begin() -> Response:
    """Redirect a visitor without a licence id to the form for verifying a picture."""
    return RedirectResponse("/verify", 303)


def _spoken(request: Request, asked: str | None) -> str:
    return asked if asked in LANGUAGES else language_of(request)


def _page(language: str, found: Answer | None = None, problem: str = "", status: int = 200) -> Response:
    licence = None if found is None else found.licence
    known = found is not None and found.state not in {"", "unchecked"}
    other = next(each for each in LANGUAGES if each != language)
    values = {"other": other, "found": found, "licence": licence, "known": known}
    page = render("verify.html", language, tone=_tone(found), problem=problem, **values)
    return HTMLResponse(page, status, {"Content-Security-Policy": write_policy(FORM), "Cache-Control": "no-store"})


def _printed(page: str) -> Response:
    policy = write_policy(PRINTED, page)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def _tone(found: Answer | None) -> str:
    if found is None or found.verdict == "unknown":
        return ""
    if found.verdict == "altered" or found.state in {"revoked", "expired", "not yet valid"}:
        return "bad"
    return "good" if found.verdict == "authentic" else ""
