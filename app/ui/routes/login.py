"""Routes to sign in and out and to choose the language: plain forms that work without JavaScript."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.api.http.auth import agent_of, check_origin, cookie_name, keep_cookie, keep_login, origin_of
from app.api.http.before_body import before_body
from app.api.http.content_policy import FORM, write_policy
from app.api.http.error_handlers import status_of
from app.api.http.errors import BodyInvalid
from app.api.http.state import AppState, Here
from app.ui.base.i18n import LANGUAGES, explain_error, load_words
from app.ui.base.session import LANGUAGE_COOKIE, find_login, language_of
from app.ui.base.templating import render, static_url
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import Login, close_session, log_in, verify_csrf_token
from vmodel.service.accounts.second_factor import issue_ticket, log_in_with_code
from vmodel.service.errors import (
    CodeNeeded,
    CodeWrong,
    FormForged,
    RateLimited,
    SecondFactorUnreadable,
    SessionInvalid,
    SignInTooLong,
    WrongPassword,
)


async def _refuse_files(request: Request) -> None:
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise BodyInvalid("this form takes no files")


router = APIRouter(include_in_schema=False, route_class=before_body(_refuse_files))

_FORM_COOKIE = "vmodel_form"
_DAY_S = 86_400
_Text = Annotated[str, Form(max_length=400)]


@router.get("/")
def begin(request: Request) -> Response:
    """Redirect to the page in the visitor's language."""
    return RedirectResponse(f"/{language_of(request)}/", 303)


@router.get("/login")
def show_form(request: Request, here: Here) -> Response:
    """Show the sign-in form; redirect a visitor who is signed in to the page."""
    try:
        find_login(request, here)
    except SessionInvalid:
        return _form(request, here)
    return begin(request)


@router.post("/login")
def sign_in(request: Request, here: Here, email: _Text = "", password: _Text = "", form: _Text = "") -> Response:
    """Check the password, and begin a login or ask for the code of the second factor."""
    try:
        _check_form(request, here, form)
        login = log_in(here.database, email, password, origin_of(request), agent_of(request))
    except CodeNeeded as needed:
        return _form(request, here, ticket=issue_ticket(here.secret, needed))
    except (WrongPassword, RateLimited, FormForged) as error:
        return _form(request, here, error, email[:200])
    return _enter(request, here, login)


@router.post("/login/code")
def sign_in_with_code(request: Request, here: Here, ticket: _Text = "", code: _Text = "", form: _Text = "") -> Response:
    """Check the code that follows the password, and begin a login."""
    try:
        _check_form(request, here, form)
        login = log_in_with_code(here.database, here.secret, ticket, code, origin_of(request), agent_of(request))
    except (CodeWrong, RateLimited, SecondFactorUnreadable) as error:
        return _form(request, here, error, ticket=ticket)
    except (SignInTooLong, FormForged) as error:
        return _form(request, here, error)
    return _enter(request, here, login)


@router.get("/login/code")
def begin_again(request: Request) -> Response:
    """Redirect a visitor who reloads the form for the code to that for the password."""
    return RedirectResponse("/login", 303)


def _check_form(request: Request, here: AppState, form: str) -> None:
    check_origin(request)
    expected = request.cookies.get(cookie_name(here.settings, _FORM_COOKIE), "")
    if not expected or not hmac.compare_digest(expected.encode(), form.encode()):
        raise FormForged


def _enter(request: Request, here: AppState, login: Login) -> Response:
    answer = RedirectResponse(f"/{language_of(request)}/", 303)
    keep_login(request, here, answer, login)
    _forget(here, answer, cookie_name(here.settings, _FORM_COOKIE))
    return answer


@router.post("/logout")
def sign_out(request: Request, here: Here, csrf: _Text = "") -> Response:
    """End the login."""
    check_origin(request)
    answer = RedirectResponse("/login", 303)
    try:
        login = find_login(request, here)
    except SessionInvalid:
        return answer
    verify_csrf_token(login, csrf)
    with here.database.transaction() as session:
        close_session(session, request.cookies[cookie_name(here.settings)])
    _forget(here, answer, cookie_name(here.settings))
    return answer


@router.get("/favicon.ico")
def show_mark() -> Response:
    """Redirect to the icon of a browser's tab."""
    return RedirectResponse(static_url("static", "mark.svg"), 303)


@router.get("/language/{language}")
def choose(request: Request, language: str) -> Response:
    """Switch to another language, and remember it in a cookie."""
    chosen = language if language in LANGUAGES else language_of(request)
    answer = RedirectResponse(f"/{chosen}/", 303)
    answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * _DAY_S, samesite="lax")
    return answer


def _form(
    request: Request, here: AppState, error: VModelError | None = None, email: str = "", ticket: str = ""
) -> Response:
    """Show the form for address and password or, with a ticket, the one for the code."""
    known = request.cookies.get(cookie_name(here.settings, _FORM_COOKIE), "")
    token = known if re.fullmatch(r"[A-Za-z0-9_-]{43}", known) else secrets.token_urlsafe(32)
    page = render(
        "login.html",
        language_of(request),
        form=token,
        email=email,
        ticket=ticket,
        message="" if error is None else explain_error(error, load_words(language_of(request))),
        languages=_other_languages(request),
    )
    headers = {"Content-Security-Policy": write_policy(FORM), "Cache-Control": "no-store"}
    answer = HTMLResponse(page, 200 if error is None else status_of(error), headers)
    keep_cookie(request, here, answer, cookie_name(here.settings, _FORM_COOKIE), token, _DAY_S)
    return answer


def _other_languages(request: Request) -> list[tuple[str, str]]:
    return [(each, load_words(each)["language"]) for each in LANGUAGES if each != language_of(request)]


def _forget(here: AppState, answer: Response, name: str) -> None:
    # Browsers ignore a deletion of a __Host- cookie that is not itself secure.
    answer.delete_cookie(name, secure=here.settings.is_https)
