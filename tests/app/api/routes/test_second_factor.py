"""Second factor over HTTP, as the page's account section and programs use it."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.factory import create_app
from app.api.http.state import AppState
from tests.support.api_client import PASSWORD, client_of, new_account
from vmodel.config import Settings
from vmodel.service.accounts.auth import log_in
from vmodel.service.errors import CodeNeeded

FACTOR = "/v1/account/second-factor"


@pytest.fixture
def owner(api: FastAPI, here: AppState, request: pytest.FixtureRequest) -> TestClient:
    return client_of(api, new_account(here, f"{request.node.name[:50]}@shop.example"))


def test_it_is_set_up_renewed_and_turned_off_and_the_key_works_all_the_time(owner: TestClient) -> None:
    assert owner.get(FACTOR).json() == {"on": False, "since": None, "recovery_codes": 0}
    made = owner.post(FACTOR, json={"password": PASSWORD})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    link = pyotp.parse_uri(made.json()["uri"])
    assert (link.secret, link.issuer) == (made.json()["secret"], "vmodel")
    assert ElementTree.fromstring(made.json()["qr_svg"]).tag == "svg"
    assert "style=" not in made.json()["qr_svg"], "the page's policy forbids it"
    assert owner.get(FACTOR).json()["on"] is False
    app = pyotp.TOTP(made.json()["secret"])
    codes = owner.put(FACTOR, json={"code": app.at(time.time() - 30)}).json()["recovery_codes"]
    shown = owner.get(FACTOR).json()
    assert (shown["on"], shown["recovery_codes"]) == (True, 10)
    again = owner.post(FACTOR, json={"password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (409, "second_factor_on")
    change = owner.put("/v1/account/password", json={"old": PASSWORD, "new": "quite another password"})
    assert (change.status_code, change.json()["code"]) == (403, "code_needed")
    new = owner.post(f"{FACTOR}/recovery-codes", json={"password": PASSWORD, "code": app.now()})
    assert not set(new.json()["recovery_codes"]) & set(codes)
    old = owner.post(f"{FACTOR}/removal", json={"password": PASSWORD, "code": codes[0]})
    assert (old.status_code, old.json()["code"]) == (403, "code_wrong")
    both = {"password": PASSWORD, "code": new.json()["recovery_codes"][0]}
    assert owner.post(f"{FACTOR}/removal", json=both).status_code == 204
    assert owner.get(FACTOR).json()["on"] is False


def test_a_wrong_password_is_refused_with_its_remedy(owner: TestClient) -> None:
    asked = {"password": "not it at all", "code": "123456"}
    for path, sent in (("", {"password": "not it at all"}), ("/removal", asked), ("/recovery-codes", asked)):
        refused = owner.post(f"{FACTOR}{path}", json=sent)
        assert (refused.status_code, refused.json()["code"]) == (403, "own_password_wrong")
    off = owner.post(f"{FACTOR}/removal", json={**asked, "password": PASSWORD})
    assert (off.status_code, off.json()["code"]) == (409, "second_factor_off")


def test_a_key_that_only_reads_sees_it_and_changes_nothing(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "reads-factor@shop.example")
    reading = client_of(api, account_id, ("read",))
    assert reading.get(FACTOR).status_code == 200
    assert reading.post(FACTOR, json={"password": PASSWORD}).json()["code"] == "scope_missing"
    assert log_in(here.database, "reads-factor@shop.example", PASSWORD).token


def test_the_name_in_the_app_tells_which_installation_it_is(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, public_url="https://photos.house.example/shop"))
    with TestClient(app):
        owner = client_of(app, new_account(app.state.installation, "lin@shop.example"))
        link = pyotp.parse_uri(owner.post(FACTOR, json={"password": PASSWORD}).json()["uri"])
    assert (link.issuer, link.name) == ("vmodel photos.house.example", "lin@shop.example")


def test_neither_secret_nor_code_gets_into_a_log(
    owner: TestClient, here: AppState, capfd: pytest.CaptureFixture[str]
) -> None:
    made = owner.post(FACTOR, json={"password": PASSWORD}).json()
    code = pyotp.TOTP(made["secret"]).now()
    codes = owner.put(FACTOR, json={"code": code}).json()["recovery_codes"]
    owner.post(f"{FACTOR}/removal", json={"password": PASSWORD, "code": ["not", "text", codes[0]]})
    with pytest.raises(CodeNeeded):
        log_in(here.database, pyotp.parse_uri(made["uri"]).name, PASSWORD)
    written = "".join(path.read_text(errors="replace") for path in here.settings.home.rglob("*.txt"))
    said = "".join(capfd.readouterr()) + written
    assert FACTOR in said
    assert not any(each in said for each in (made["secret"], code, *codes))
