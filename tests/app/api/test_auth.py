"""Access: keys, scopes, login sessions with their token, rate limits, and isolation between sellers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.http.auth import CSRF_HEADER, cookie_name
from app.api.http.state import AppState
from tests.support.api_client import BLANK, PASSWORD, client_of, new_account, upload, work_off
from vmodel.config import Settings
from vmodel.service.accounts.auth import MOST_KEYS, create_api_key, log_in, open_session, revoke_api_key

OPEN = {
    "/v1/health",
    "/v1/ready",
    "/v1/files/{token}",
    "/v1/verify",
    "/v1/licences/{licence_id}",
    "/v1/licences/{licence_id}/manifest",
    "/v1/rights/root",
}
"""Operations without a key: files by a signature, and public facts of a published picture."""

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/v1/designs/{design_id}"): {"block": "skirt", "size": "M"},
    ("PUT", "/v1/garments/{garment_id}/rights"): {"attested": True},
    ("POST", "/v1/keys/{key_id}/replacement"): {},
}
"""Bodies of the operations that take neither files nor a new name."""

FOR_EVERYBODY_OR_OPERATORS = ({"model_id"}, {"review_id"})
"""Path parameters of resources that belong to no seller."""

NOTHING = "0" * 32


def operations(api: FastAPI) -> list[tuple[str, str]]:
    """Return (method, path) of every operation in the API description."""
    return [
        (method.upper(), path)
        for path, item in api.openapi()["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def ask(client: TestClient, method: str, path: str, **names: str) -> Any:
    """Send a request whose path parameters come from ``names``, or are an id of nothing; returns the answer."""
    filled = re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], NOTHING), path)
    if method == "PATCH":
        return client.patch(filled, json={"name": "mine now"})
    if (method, path) in BODIES:
        return client.request(method, filled, json=BODIES[method, path])
    files = dict.fromkeys(("photo", "mask", "back"), ("a.png", BLANK)) if method in {"POST", "PUT"} else None
    return client.request(method, filled, files=files)


def test_without_a_key_every_address_asks_for_one(api: FastAPI, stranger: TestClient) -> None:
    for method, path in operations(api):
        answer = ask(stranger, method, path)
        if path in OPEN:
            assert answer.status_code in {200, 404, 422}, path
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid"), path
            assert answer.headers["www-authenticate"] == "Bearer"
    assert stranger.get("/metrics").status_code == 401


def test_unknown_and_revoked_keys_are_refused(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "revoked@shop.example")
    with here.database.transaction() as session:
        key = create_api_key(session, account_id)
    client = TestClient(api, headers={"Authorization": f"Bearer {key.token}"})
    assert client.get("/v1/models").status_code == 200
    with here.database.transaction() as session:
        revoke_api_key(session, key.id)
    assert client.get("/v1/models").status_code == 401
    for header in ("Bearer nonsense", "Basic YTpi", "Bearer ", f"Bearer {'x' * 5000}"):
        assert TestClient(api, headers={"Authorization": header}).get("/v1/models").status_code == 401


def test_a_key_does_only_what_its_scopes_allow(api: FastAPI, here: AppState, anna: TestClient) -> None:
    looking = client_of(api, new_account(here, "looking@shop.example"), ("read",))
    assert looking.get("/v1/garments").status_code == 200
    refused = upload(looking, BLANK)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert anna.get("/metrics").status_code == 403


def test_a_login_changes_things_only_with_its_pages_token(api: FastAPI, here: AppState) -> None:
    new_account(here, "page@shop.example")
    login = log_in(here.database, "page@shop.example", PASSWORD)
    page = TestClient(api, cookies={cookie_name(Settings()): login.token})
    assert page.get("/v1/garments").status_code == 200
    forged = upload(page, BLANK)
    assert (forged.status_code, forged.json()["code"]) == (403, "form_forged")
    page.headers[CSRF_HEADER] = "guessed"
    assert upload(page, BLANK).status_code == 403
    page.headers[CSRF_HEADER] = login.csrf
    assert upload(page, BLANK).status_code == 201
    assert TestClient(api, cookies={cookie_name(Settings()): "stolen?"}).get("/v1/garments").status_code == 401


def test_whoever_asks_too_often_is_told_when_to_come_back(api: FastAPI, here: AppState) -> None:
    client = client_of(api, new_account(here, "eager@shop.example", plan="slow"))
    answers = [client.get("/v1/poses") for _ in range(7)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert limited
    assert limited[0].json()["code"] == "rate_limited"
    assert 1 <= int(limited[0].headers["retry-after"]) <= 120


def test_all_keys_of_an_account_share_its_rate_and_its_page_has_another(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "many-keys@shop.example", plan="slow")
    clients = [client_of(api, account_id) for _ in range(6)]
    answers = [client.get("/v1/poses").status_code for client in clients for _ in range(2)]
    assert answers.count(200) <= 10  # five a minute, in two minutes at most
    assert answers[-1] == 429
    login = log_in(here.database, "many-keys@shop.example", PASSWORD)
    page = TestClient(api, cookies={cookie_name(Settings()): login.token})
    assert [page.get("/v1/poses").status_code for _ in range(20)] == [200] * 20
    assert client_of(api, new_account(here, "other-keys@shop.example", plan="slow")).get("/v1/poses").status_code == 200


def test_an_account_has_a_bounded_number_of_keys(api: FastAPI, here: AppState) -> None:
    account_id = new_account(here, "hoarder@shop.example")
    client = client_of(api, account_id)
    made = [client.post("/v1/keys", json={}) for _ in range(MOST_KEYS)]
    assert [answer.status_code for answer in made] == [201] * (MOST_KEYS - 1) + [409]
    assert made[-1].json()["code"] == "too_many_keys"
    assert "revoke one" in made[-1].json()["message"]
    client.delete(f"/v1/keys/{made[0].json()['id']}")
    assert client.post("/v1/keys", json={}).status_code == 201


@pytest.fixture(scope="module")
def possessions(anna: TestClient, here: AppState, tee_photo: bytes) -> dict[str, str]:
    """Return path parameter -> id of a resource of Anna's, a finished picture among them."""
    garment_id = upload(anna, tee_photo).json()["id"]
    job = anna.post("/v1/jobs", json={"garment_id": garment_id, "shots": [{"size": "512x384"}]}).json()
    work_off(here)
    key_id = anna.post("/v1/keys", json={}).json()["id"]
    webhook_id = anna.post("/v1/webhooks", json={"url": "https://8.8.8.8/"}).json()["id"]
    design_id = anna.post("/v1/designs", json={"block": "skirt", "size": "M"}).json()["id"]
    file_id = anna.post("/v1/prints", files={"file": ("p.png", BLANK, "image/png")}).json()["id"]
    own_id = anna.get("/v1/account").json()["id"]
    with here.database.transaction() as session:
        login_id = str(open_session(session, own_id).identity.login_id)
    made = {
        "login_id": login_id,
        "file_id": file_id,
        "design_id": design_id,
        "job_id": job["id"],
        "shot_id": job["shots"][0]["id"],
    }
    return {"garment_id": garment_id, "key_id": key_id, "webhook_id": webhook_id, **made}


def test_nobody_reaches_what_is_anothers(
    api: FastAPI, anna: TestClient, bert: TestClient, possessions: dict[str, str]
) -> None:
    asked = 0
    for method, path in operations(api):
        names = set(re.findall(r"\{(\w+)\}", path))
        if not names or path in OPEN or names in FOR_EVERYBODY_OR_OPERATORS:
            continue
        assert names <= set(possessions), f"the test lacks a possession for {path}"
        answer, of_nothing = ask(bert, method, path, **possessions), ask(bert, method, path)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
        hidden = answer.text.replace(answer.json()["request_id"], "")
        for own_id in sorted(possessions.values(), key=len, reverse=True):
            hidden = hidden.replace(own_id, NOTHING)
        assert hidden == of_nothing.text.replace(of_nothing.json()["request_id"], ""), path
        asked += 1
    assert asked >= 20
    assert anna.get(f"/v1/garments/{possessions['garment_id']}").status_code == 200
    assert anna.get(f"/v1/shots/{possessions['shot_id']}/picture").status_code == 200
    assert anna.get("/v1/keys").json()[-1]["revoked_at"] is None
    assert [*bert.get("/v1/garments").json(), *bert.get("/v1/jobs").json()] == []
    taken = {"garment_id": possessions["garment_id"], "shots": [{}]}
    assert bert.post("/v1/jobs", json=taken).json()["code"] == "garment_unknown"


def test_a_name_that_holds_a_script_stays_text(anna: TestClient, operator: TestClient) -> None:
    garment = upload(anna, BLANK, name="<script>alert(1)</script>\r\nSet-Cookie: a=b").json()
    answer = anna.get(f"/v1/garments/{garment['id']}")
    assert answer.headers["content-type"] == "application/json"
    assert "set-cookie" not in answer.headers
    assert "\n" not in garment["name"]
    assert "vmodel_http_requests_total" in operator.get("/metrics").text
    assert garment["id"] not in operator.get("/metrics").text
