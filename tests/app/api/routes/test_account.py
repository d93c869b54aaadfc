"""Account over HTTP: a seller's own password, keys and logins."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http.auth import CSRF_HEADER, cookie_name
from app.api.http.state import AppState
from app.api.routes.keys import KeyAsked, KeyReplacement, create, replace
from tests.support.api_client import PASSWORD, client_of, new_account
from vmodel.config import Settings
from vmodel.core.database import now
from vmodel.service.accounts.auth import create_api_key, find_session, list_api_keys, log_in, open_session
from vmodel.service.accounts.users import set_password
from vmodel.service.errors import SessionInvalid

NEW = "quite another password"
COOKIE = cookie_name(Settings())


def page_of(api: FastAPI, here: AppState, email: str, password: str = PASSWORD) -> TestClient:
    """Return a browser that is signed in and sends its page's token."""
    login = log_in(here.database, email, password)
    return TestClient(api, cookies={COOKIE: login.token}, headers={CSRF_HEADER: login.csrf})


def test_a_page_that_changes_the_password_goes_on_with_a_new_cookie_and_all_others_end(
    api: FastAPI, here: AppState
) -> None:
    new_account(here, "change@shop.example")
    mine, other = (page_of(api, here, "change@shop.example") for _ in range(2))
    before = mine.cookies[COOKIE]
    wrong = mine.put("/v1/account/password", json={"old": "not it at all", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "old_password_wrong")
    assert other.get("/v1/account").status_code == 200
    mine.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0"
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
    (shown,) = again.get("/v1/logins").json()
    assert (shown["browser"], shown["current"]) == ("Firefox, Windows", True)
    weak = again.put("/v1/account/password", json={"old": NEW, "new": "short"})
    assert (weak.status_code, weak.json()["code"]) == (422, "password_weak")


def test_a_password_is_not_changed_by_another_sites_form_nor_by_a_key_that_only_reads(
    api: FastAPI, here: AppState
) -> None:
    account_id = new_account(here, "forged@shop.example")
    page = page_of(api, here, "forged@shop.example")
    page.headers[CSRF_HEADER] = "guessed"
    asked = {"old": PASSWORD, "new": NEW}
    assert page.put("/v1/account/password", json=asked).json()["code"] == "form_forged"
    reading = client_of(api, account_id, ("read",))
    assert reading.put("/v1/account/password", json=asked).json()["code"] == "scope_missing"
    assert log_in(here.database, "forged@shop.example", PASSWORD).token


def test_a_key_ends_after_a_year_unless_it_is_asked_for_another_time(api: FastAPI, here: AppState) -> None:
    client = client_of(api, new_account(here, "days@shop.example"))

    def days_of(ends: str | None) -> int | None:
        return None if ends is None else round((datetime.fromisoformat(ends) - now()) / timedelta(days=1))

    asked: list[dict[str, str]] = [{}, {"days": "30"}, {"days": "never"}]
    made = [client.post("/v1/keys", json=each).json() for each in asked]
    assert [days_of(key["expires_at"]) for key in made] == [365, 30, None]
    assert client.post("/v1/keys", json={"days": "31"}).json()["code"] == "request_invalid"
    assert [days_of(key["expires_at"]) for key in client.get("/v1/keys").json()[1:]] == [365, 30, None]


def test_a_program_replaces_its_own_key_and_both_work_until_the_grace_is_over(api: FastAPI, here: AppState) -> None:
    client = client_of(api, new_account(here, "rotate@shop.example"))
    (own,) = client.get("/v1/keys").json()
    made = client.post(f"/v1/keys/{own['id']}/replacement", json={"grace_hours": 1})
    assert made.status_code == 201
    fresh = TestClient(api, headers={"Authorization": f"Bearer {made.json()['token']}"})
    assert made.json()["scopes"] == own["scopes"]
    assert client.get("/v1/account").status_code == fresh.get("/v1/account").status_code == 200
    assert fresh.post(f"/v1/keys/{own['id']}/replacement", json={"grace_hours": 0}).status_code == 201
    refused = client.get("/v1/account")
    assert (refused.status_code, refused.json()["code"]) == (401, "key_expired")
    assert "make a new one on the account page" in refused.json()["message"]


def test_a_key_does_not_gain_scopes_by_replacing_a_stronger_one(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "weak-key@shop.example")
    strong = client_of(api, account_id)
    (own,) = strong.get("/v1/keys").json()
    weak = client_of(api, account_id, ("manage",))
    refused = weak.post(f"/v1/keys/{own['id']}/replacement", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert strong.get("/v1/account").status_code == 200


def test_a_request_that_began_before_its_login_ended_makes_no_key(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "late@shop.example")
    with here.database.transaction() as session:
        login, key_id = open_session(session, account_id), create_api_key(session, account_id).id
        set_password(session, account_id, NEW, keep_keys=True)
    with pytest.raises(SessionInvalid):
        create(KeyAsked(), login.identity, here)
    with pytest.raises(SessionInvalid):
        replace(key_id, KeyReplacement(), login.identity, here)
    with here.database.reading() as session:
        assert [key.id for key in list_api_keys(session, account_id)] == [key_id]


def test_a_revoked_key_is_not_replaced(api: FastAPI, here: AppState) -> None:
    client = client_of(api, new_account(here, "leaked@shop.example"))
    leaked = client.post("/v1/keys", json={}).json()["id"]
    assert client.delete(f"/v1/keys/{leaked}").status_code == 204
    refused = client.post(f"/v1/keys/{leaked}/replacement", json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_a_seller_sees_and_ends_logins_over_the_api(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "logins@shop.example")
    mine, phone, office = (page_of(api, here, "logins@shop.example") for _ in range(3))
    listed = mine.get("/v1/logins").json()
    assert [login["current"] for login in listed] == [False, False, True]
    (of_phone,) = (login["id"] for login in phone.get("/v1/logins").json() if login["current"])
    assert mine.delete(f"/v1/logins/{of_phone}").status_code == 204
    assert (phone.get("/v1/account").status_code, office.get("/v1/account").status_code) == (401, 200)
    gone = mine.delete(f"/v1/logins/{of_phone}")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert mine.delete("/v1/logins").status_code == 204
    assert (mine.get("/v1/account").status_code, office.get("/v1/account").status_code) == (200, 401)
    program = client_of(api, account_id)
    assert [login["current"] for login in program.get("/v1/logins").json()] == [False]
    assert program.delete("/v1/logins").status_code == 204
    assert mine.get("/v1/account").status_code == 401


def test_an_owner_reads_of_new_keys_over_the_api_and_others_do_not(api: FastAPI, here: AppState) -> None:
    account_id, other_id = (new_account(here, f"{name}@shop.example") for name in ("told", "not-told"))
    mine, other = client_of(api, account_id), client_of(api, other_id)
    made = mine.post("/v1/keys", json={"name": "visit http://evil.example", "scopes": ["read"]}).json()
    new = mine.post(f"/v1/keys/{made['id']}/replacement", json={}).json()
    shown = mine.get("/v1/account/notices").json()
    texts = [
        f"The API key {made['prefix']} was replaced by {new['prefix']}.",
        f"An API key was made, {made['prefix']}.",
    ]
    assert [notice["text"] for notice in shown["notices"]] == texts
    assert (shown["unread"], shown["notices"][1]["details"]) == (2, {"prefix": made["prefix"]})
    assert made["token"] not in str(shown)
    assert "evil" not in str(shown)
    older = shown["notices"][1]["id"]
    assert other.post("/v1/account/notices/read", json={"until": older}).status_code == 204
    assert mine.get("/v1/account/notices").json()["unread"] == 2
    assert mine.post("/v1/account/notices/read", json={"until": older}).status_code == 204
    assert mine.get("/v1/account/notices?limit=1").json()["unread"] == 1
    assert [bool(each["read_at"]) for each in mine.get("/v1/account/notices").json()["notices"]] == [False, True]
    assert other.get("/v1/account/notices").json() == {"unread": 0, "notices": []}
    reading = client_of(api, account_id, scopes=("read",))
    assert reading.get("/v1/account/notices").status_code == 403
