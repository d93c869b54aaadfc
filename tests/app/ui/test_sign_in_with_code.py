"""Sign-in by the page's forms where the account has a second factor: password, then code."""

from __future__ import annotations

import html
import re
import time

import pyotp
import pytest
from fastapi.testclient import TestClient

from app.api.http.auth import CSRF_HEADER
from app.api.http.state import AppState
from app.ui.base.i18n import load_words
from tests.support.api_client import PASSWORD, new_account
from tests.support.browser_login import csrf_of, form_token, sign_in
from vmodel.service.accounts import auth

FACTOR = "/v1/account/second-factor"
WORDS = load_words("en")


def turn_on(here: AppState, browser: TestClient) -> tuple[pyotp.TOTP, list[str]]:
    """Turn the second factor on as the page does and return the app and the recovery codes."""
    browser.headers[CSRF_HEADER] = csrf_of(here, browser)
    made = browser.post(FACTOR, json={"password": PASSWORD}).json()
    app = pyotp.TOTP(made["secret"])
    # The code of the step before, so that the tests sign in with that of this one without waiting for the next.
    answer = browser.put(FACTOR, json={"code": app.at(time.time() - 30)})
    assert answer.status_code == 200, answer.text
    return app, answer.json()["recovery_codes"]


def ask_for_code(browser: TestClient, email: str) -> dict[str, str]:
    """Send the password and return the fields of the form for the code."""
    token = form_token(browser)
    answer = browser.post("/login", data={"email": email, "password": PASSWORD, "form": token})
    assert answer.status_code == 200
    assert "vmodel_session" not in browser.cookies
    assert html.escape(WORDS["sign_in"]["code_lead"]) in answer.text
    assert answer.headers["cache-control"] == "no-store"
    return fields_of(answer.text)


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(form|ticket)" value="([^"]*)"', page))


def send_code(browser: TestClient, fields: dict[str, str], code: str) -> tuple[int, str]:
    answer = browser.post("/login/code", data={**fields, "code": code})
    return answer.status_code, html.unescape(answer.text)


@pytest.mark.parametrize("role", ["seller", "operator"])
def test_a_seller_and_an_operator_sign_in_with_password_then_code(
    here: AppState, stranger: TestClient, role: str
) -> None:
    email = f"codes-{role}@shop.example"
    new_account(here, email, role, "house" if role == "operator" else "free")
    app, codes = turn_on(here, sign_in(stranger.app, email))
    fields = ask_for_code(stranger, email)
    wrong = "000000" if app.now() != "000000" else "111111"
    status, said = send_code(stranger, fields, wrong)
    assert (status, stranger.cookies.get("vmodel_session")) == (403, None)
    assert "The code is wrong" in said
    assert fields_of(said)["ticket"] == fields["ticket"], "the password need not be typed again"
    assert send_code(stranger, fields, app.now())[0] == 303
    assert stranger.get("/v1/account").json()["role"] == role
    other = TestClient(stranger.app, follow_redirects=False)
    assert send_code(other, ask_for_code(other, email), codes[0])[0] == 303


def test_the_password_alone_opens_nothing_and_a_foreign_form_is_refused(here: AppState, stranger: TestClient) -> None:
    new_account(here, "half@shop.example")
    app, _ = turn_on(here, sign_in(stranger.app, "half@shop.example"))
    fields = ask_for_code(stranger, "half@shop.example")
    assert stranger.get("/v1/account").status_code == 401
    assert stranger.get("/login/code").headers["location"] == "/login"
    status, _ = send_code(stranger, {**fields, "form": "guessed"}, app.now())
    assert (status, stranger.cookies.get("vmodel_session")) == (403, None)
    status, said = send_code(stranger, {**fields, "ticket": fields["ticket"][:-1]}, app.now())
    assert status == 401
    assert "enter your address and password again" in said
    assert 'name="password"' in said


def test_wrong_codes_are_slowed_and_the_form_says_how_long(
    here: AppState, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOGINS_PER_QUARTER", 2)
    new_account(here, "slow@shop.example")
    app, _ = turn_on(here, sign_in(stranger.app, "slow@shop.example"))
    fields = ask_for_code(stranger, "slow@shop.example")
    wrong = "000000" if app.now() != "000000" else "111111"
    assert [send_code(stranger, fields, wrong)[0] for _ in range(3)] == [403, 403, 429]
    status, said = send_code(stranger, fields, app.now())
    assert status == 429
    assert re.search(r"wait \d+ s", said)


def test_the_form_for_the_code_is_in_the_visitors_language(here: AppState, stranger: TestClient) -> None:
    new_account(here, "lan@shop.example")
    turn_on(here, sign_in(stranger.app, "lan@shop.example"))
    stranger.cookies.set("vmodel_language", "zh")
    token = form_token(stranger)
    data = {"email": "lan@shop.example", "password": PASSWORD, "form": token}
    assert load_words("zh")["sign_in"]["code_lead"] in stranger.post("/login", data=data).text
