"""API on Postgres and S3, in two processes: the same path from a photo to a deleted picture."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.api.factory import create_app
from tests.support.api_client import BLANK, client_of, new_account, upload, work_off
from vmodel.config import Settings
from vmodel.service.accounts.auth import log_in
from vmodel.service.errors import WrongPassword

NOTHING = "0" * 32


@pytest.fixture
def house(tmp_path: Path, new_postgres: str, s3_files: str) -> Iterator[list[FastAPI]]:
    """Yield the apps of two processes of one installation."""
    shared = {"database_url": new_postgres, "files_url": s3_files, "secret": "one secret for all machines of it"}
    apps = [create_app(Settings(home=tmp_path / name, **shared)) for name in ("first", "second")]  # type: ignore[arg-type]
    yield apps
    for app in apps:
        app.state.installation.close()


def test_what_one_machine_takes_in_another_answers_for(house: list[FastAPI], examples: Path) -> None:
    first, second = house
    here = first.state.installation
    account_id = new_account(here, "seller@shop.example")
    seller = client_of(first, account_id)
    elsewhere = TestClient(second, headers=seller.headers)
    with Image.open(examples / "logo-tee.jpg") as photo:
        stream = io.BytesIO()
        photo.resize((300, 400)).save(stream, "JPEG")
    garment = upload(seller, stream.getvalue()).json()
    assert elsewhere.get(garment["links"]["photo"]).content == stream.getvalue()
    asked = {"garment_id": garment["id"], "shots": [{"size": "512x384", "seed": 3}]}
    key = {"Idempotency-Key": "order"}
    job, again = (each.post("/v1/jobs", json=asked, headers=key).json() for each in (seller, elsewhere))
    assert job["id"] == again["id"]
    work_off(second.state.installation)
    done = seller.get(f"/v1/jobs/{job['id']}").json()
    assert (done["state"], done["charged"]) == ("done", 1)
    with Image.open(io.BytesIO(elsewhere.get(f"/v1/shots/{done['shots'][0]['id']}/picture").content)) as picture:
        assert picture.getpixel((0, 0)) == (3, 120, 90)
    assert elsewhere.get("/v1/usage").json()["consumed"] == 1
    erased = elsewhere.delete("/v1/account/content", params={"confirm": "delete-everything"}).json()
    assert erased["files"] >= 4
    assert list(here.store.keys(account_id)) == []


def test_no_text_that_postgres_cannot_keep_gets_as_far_as_postgres(house: list[FastAPI]) -> None:
    api = house[0]
    seller = client_of(api, new_account(api.state.installation, "nul@shop.example"))
    asked = 0
    for path, item in api.openapi()["paths"].items():
        for method, operation in item.items():
            if "{" in path:
                answer = seller.request(method, re.sub(r"\{\w+\}", "a%00b", path))
                assert answer.status_code == 404, f"{method} {path}: {answer.text}"
                asked += 1
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    answer = seller.request(method, f"{path}?{parameter['name']}=%00")
                    assert answer.status_code in {404, 422}, f"{method} {path}: {answer.text}"
                    asked += 1
    assert asked > 40
    for path, body in (
        ("jobs", {"garment_id": "\0", "shots": [{}]}),
        ("jobs", {"garment_id": NOTHING, "shots": [{"pose": "\0"}]}),
        ("quotes", {"garment_id": NOTHING, "shots": [{}], "worn_with": [{"garment_id": "a\0"}]}),
        ("keys", {"name": "my\0key"}),
        ("designs", {"block": "skirt", "name": "a\0b"}),
    ):
        answer = seller.post(f"/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), f"{path}: {answer.text}"
    named = upload(seller, BLANK, name="a\0b", category="to\0p")
    assert named.status_code == 422
    with pytest.raises(WrongPassword):
        log_in(api.state.installation.database, "nul@shop.example\0", "\0 wrong password")
