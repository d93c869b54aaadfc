"""Account over HTTP: a seller's own password."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http.auth import CSRF_HEADER, cookie_name
from app.api.http.state import Installation
from tests.support.api_client import PASSWORD, client_of, new_account
from vmodel.config import Settings
from vmodel.service.accounts.auth import find_session, log_in

NEW = "quite another password"
COOKIE = cookie_name(Settings())


def page_of(api: FastAPI, here: Installation, email: str, password: str = PASSWORD) -> TestClient:
    """Return a browser that is signed in and sends its page's token."""
    login = log_in(here.database, email, password)
    return TestClient(api, cookies={COOKIE: login.token}, headers={CSRF_HEADER: login.csrf})


def test_a_page_that_changes_the_password_goes_on_with_a_new_cookie_and_all_others_end(
    api: FastAPI, here: Installation
) -> None:
    new_account(here, "change@shop.example")
    mine, other = (page_of(api, here, "change@shop.example") for _ in range(2))
    before = mine.cookies[COOKIE]
    wrong = mine.put("/v1/account/password", json={"old": "not it at all", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "old_password_wrong")
    assert other.get("/v1/account").status_code == 200
    answer = mine.put("/v1/account/password", json={"old": PASSWORD, "new": NEW})
    assert answer.status_code == 204
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert TestClient(api, cookies={COOKIE: before}).get("/v1/account").status_code == 401
    assert other.get("/v1/account").status_code == 401
    fresh = answer.cookies[COOKIE]
    with here.database.reading() as session:
        csrf = find_session(session, fresh).csrf
    again = TestClient(api, cookies={COOKIE: fresh}, headers={CSRF_HEADER: csrf})
    weak = again.put("/v1/account/password", json={"old": NEW, "new": "short"})
    assert (weak.status_code, weak.json()["code"]) == (422, "password_weak")


def test_a_password_is_not_changed_by_another_sites_form_nor_by_a_key_that_only_reads(
    api: FastAPI, here: Installation
) -> None:
    account_id = new_account(here, "forged@shop.example")
    page = page_of(api, here, "forged@shop.example")
    page.headers[CSRF_HEADER] = "guessed"
    asked = {"old": PASSWORD, "new": NEW}
    assert page.put("/v1/account/password", json=asked).json()["code"] == "form_forged"
    reading = client_of(api, account_id, ("read",))
    assert reading.put("/v1/account/password", json=asked).json()["code"] == "scope_missing"
    assert log_in(here.database, "forged@shop.example", PASSWORD).token
