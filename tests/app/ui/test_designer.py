"""Designer's page: side files of a garment through the page's own routes, and isolation between sellers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.api.http.state import AppState
from app.ui.base.templating import STATIC_FOLDERS
from tests.support.api_client import upload, work_off
from tests.support.browser_login import csrf_of


@pytest.fixture(scope="module")
def photo(examples: Any) -> bytes:
    stream = io.BytesIO()
    with Image.open(examples / "logo-tee.jpg") as opened:
        opened.resize((300, 400), Image.Resampling.LANCZOS).save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.fixture(scope="module")
def token(here: AppState, anna: TestClient) -> dict[str, str]:
    return {"X-CSRF-Token": csrf_of(here, anna)}


@pytest.fixture(scope="module")
def tee(anna: TestClient, token: dict[str, str], photo: bytes) -> dict[str, Any]:
    anna.headers.update(token)
    found: dict[str, Any] = upload(anna, photo).json()
    return found


def painted(size: tuple[int, int]) -> bytes:
    mask = np.zeros(size, np.uint8)
    mask[size[0] // 4 : -size[0] // 8, size[1] // 4 : -size[1] // 4] = 255
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    return stream.getvalue()


def test_a_painted_mask_need_not_have_the_photos_size(anna: TestClient, tee: dict[str, Any]) -> None:
    address = f"/ui/garments/{tee['id']}/mask"
    assert anna.post(address, files={"file": ("mask.png", painted((200, 150)))}).status_code == 200
    garment = anna.get(f"/v1/garments/{tee['id']}").json()
    assert (garment["has_mask"], garment["understood"]["cutout"]["source"]) == (True, "mask")
    for wrong in (painted((200, 200)), b"no picture"):
        refused = anna.post(address, files={"file": ("mask.png", wrong)})
        assert (refused.status_code, refused.json()["code"]) == (422, "mask_mismatch")
    assert anna.delete(f"/v1/garments/{tee['id']}/mask").status_code == 200
    assert anna.get(f"/v1/garments/{tee['id']}").json()["has_mask"] is False


def test_the_back_is_given_shown_and_taken_away(
    anna: TestClient, bert: TestClient, here: AppState, tee: dict[str, Any], photo: bytes
) -> None:
    address, shown = f"/v1/garments/{tee['id']}/back", f"/ui/garments/{tee['id']}/back?w=160"
    assert anna.put(address, files={"back": ("back.jpg", photo)}).status_code == 200
    assert anna.get(shown).headers["content-type"] == "image/webp"
    assert bert.get(shown).status_code == 404
    theirs = {"X-CSRF-Token": csrf_of(here, bert)}
    assert bert.put(address, files={"back": ("back.jpg", photo)}, headers=theirs).status_code == 404
    assert bert.delete(address, headers=theirs).status_code == 404
    assert anna.delete(address).status_code == 200
    assert anna.get(shown).status_code == 404


def test_a_change_needs_the_pages_token(anna: TestClient, tee: dict[str, Any]) -> None:
    guessed = {"X-CSRF-Token": "guessed"}
    for address in (f"/v1/garments/{tee['id']}/back", f"/v1/designs/{tee['id']}"):
        assert anna.delete(address, headers=guessed).status_code == 403
    mask = {"file": ("mask.png", painted((200, 150)))}
    assert anna.post(f"/ui/garments/{tee['id']}/mask", files=mask, headers=guessed).status_code == 403


def test_a_designs_pictures_show_its_drawing_and_open_for_its_owner_only(
    anna: TestClient, bert: TestClient, here: AppState, tee: dict[str, Any]
) -> None:
    design = anna.post("/v1/designs", json={"block": "tee", "size": "S"}).json()
    shots = [{"model": "wm-ines", "size": "512x384"}]
    job = anna.post("/v1/jobs", json={"garment_id": design["id"], "shots": shots}).json()
    work_off(here)
    for address in (f"/ui/jobs/{job['id']}/photo?w=120", f"/ui/garments/{design['id']}/photo?w=160"):
        assert anna.get(address).headers["content-type"] == "image/webp"
        assert bert.get(address).status_code == 404
    model3d = f"/v1/shots/{job['shots'][0]['id']}/model3d"
    assert anna.get(model3d).status_code == bert.get(model3d).status_code == 404


def test_a_picture_of_the_page_is_shown_to_anybody(site: FastAPI) -> None:
    answer = TestClient(site).get("/ui/static/example.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


def test_a_file_beside_the_pages_that_no_page_shows_is_not_found(
    site: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    monkeypatch.setitem(STATIC_FOLDERS, "static", tmp_path)
    assert TestClient(site).get("/ui/static/notes.txt").status_code == 404
