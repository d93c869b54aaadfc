"""Outfits over HTTP: several garments on one model, a photo of the back, and a mask."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.api.http.state import AppState
from tests.support.api_client import BLANK, upload, work_off
from vmodel.service.jobs.request import download_inputs, read_shot
from vmodel.service.jobs.tables import JobRow, ShotRow
from vmodel.service.storage.file_store import write_local


@pytest.fixture(scope="module")
def tee(anna: TestClient, tee_photo: bytes) -> dict[str, Any]:
    found: dict[str, Any] = upload(anna, tee_photo, name="Tee").json()
    return found


@pytest.fixture(scope="module")
def skirt(anna: TestClient) -> dict[str, Any]:
    """Return a second garment that needs no reading of a photo."""
    found: dict[str, Any] = anna.post("/v1/designs", json={"block": "skirt", "size": "S", "name": "Skirt"}).json()
    return found


def test_an_outfit_reaches_the_worker_with_every_garments_files(
    anna: TestClient, here: AppState, tee: dict[str, Any], skirt: dict[str, Any], tmp_path: Path
) -> None:
    asked = {
        "garment_id": tee["id"],
        "worn_with": [{"garment_id": skirt["id"]}],
        "tucked": True,
        "shots": [{"model": "wm-ines", "size": "512x384"}],
    }
    assert anna.post("/v1/quotes", json=asked).json()["credits"] == 1
    job_id = anna.post("/v1/jobs", json=asked).json()["id"]
    account_id = anna.get("/v1/account").json()["id"]
    with here.database.reading() as session:
        row, shot = session.get_one(JobRow, job_id), session.get_one(ShotRow, f"{job_id}-s000")
        stored = read_shot(row.garment, shot.request)
    request = download_inputs(stored, lambda key: write_local(here.store, account_id, key, tmp_path))
    assert request.tucked
    (worn,) = request.outfit
    assert worn.photo.name.endswith(".design.json")
    assert worn.photo.is_file()
    in_use = anna.delete(f"/v1/garments/{skirt['id']}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "garment_in_use")
    work_off(here)
    assert anna.get(f"/v1/jobs/{job_id}").json()["state"] == "done"


def test_nobody_wears_anothers_garment_or_too_many(
    anna: TestClient, bert: TestClient, tee: dict[str, Any], skirt: dict[str, Any]
) -> None:
    theirs = upload(bert, BLANK).json()
    asked = {"garment_id": tee["id"], "shots": [{}]}
    assert anna.post("/v1/quotes", json={**asked, "worn_with": [{"garment_id": theirs["id"]}]}).status_code == 404
    four = [{"garment_id": skirt["id"]}] * 4
    assert anna.post("/v1/quotes", json={**asked, "worn_with": four}).status_code == 422
    coloured = [{"garment_id": skirt["id"], "colorway": "dawn"}]
    assert anna.post("/v1/quotes", json={**asked, "worn_with": coloured}).json()["code"] == "colorway_unknown"


def test_no_garment_of_a_childs_outfit_may_be_swimwear(anna: TestClient, tee: dict[str, Any], tee_photo: bytes) -> None:
    swimwear = upload(anna, tee_photo, category="swimwear")
    code = swimwear.json().get("code")
    if swimwear.status_code == 201:
        asked = {
            "garment_id": tee["id"],
            "worn_with": [{"garment_id": swimwear.json()["id"]}],
            "shots": [{"model": "ch-noah"}],
        }
        code = anna.post("/v1/quotes", json=asked).json()["code"]
    assert code in {"not_allowed_for_children", "unknown_category"}


def test_a_photo_of_the_back_can_be_given_seen_and_taken_away(
    anna: TestClient, bert: TestClient, tee: dict[str, Any], tee_photo: bytes
) -> None:
    address = f"/v1/garments/{tee['id']}/back"
    assert anna.get(address).status_code == 404
    assert anna.put(address, files={"back": ("back.jpg", tee_photo)}).json()["has_back"] is True
    assert anna.get(address).content == tee_photo
    assert bert.get(address).status_code == 404
    assert anna.delete(address).json()["has_back"] is False


def test_the_mask_that_is_found_can_be_fetched_and_given_back(
    anna: TestClient, bert: TestClient, tee: dict[str, Any]
) -> None:
    address = f"/v1/garments/{tee['id']}/mask"
    found = anna.get(address)
    assert found.headers["content-type"] == "image/png"
    assert bert.get(address).status_code == 404
    with Image.open(io.BytesIO(found.content)) as mask:
        grey = np.asarray(mask)
    assert grey.shape == (400, 300)
    assert (grey[200, 150], grey[5, 5]) == (255, 0)
    again = anna.put(address, files={"mask": ("m.png", found.content)}).json()
    assert again["understood"]["cutout"]["source"] == "mask"
    assert anna.get(address).content == found.content
    assert anna.delete(address).json()["has_mask"] is False
