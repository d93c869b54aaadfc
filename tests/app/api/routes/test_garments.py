"""Garments over HTTP: upload of a photo, what was recognised, and corrections."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.api.http.state import AppState
from app.api.intake.garments import Change, _put_cutout, read_change
from tests.support.api_client import BLANK, picture, upload


@pytest.fixture(scope="module")
def tee(anna: TestClient, tee_photo: bytes) -> dict[str, Any]:
    answer = upload(anna, tee_photo, name="Summer tee")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_uploaded_photo_is_understood_at_once(tee: dict[str, Any]) -> None:
    understood = tee["understood"]
    assert tee["problem"] is None
    assert (understood["category"], understood["sleeve"], understood["stated"]) == ("top", "short", False)
    assert understood["photo_size"] == [400, 300]
    x, y = understood["landmarks"]["hem_left"]
    assert 150 < x < 300
    assert 250 < y < 400
    assert 40 < understood["size_cm"]["width"] < 60
    assert 50 < understood["size_cm"]["length"] < 85


def test_the_cutout_shows_the_garment_on_a_transparent_ground(
    anna: TestClient, stranger: TestClient, tee: dict[str, Any]
) -> None:
    answer = stranger.get(tee["links"]["cutout"])
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as cutout:
        alpha = np.asarray(cutout)[..., 3]
    assert 0.4 < (alpha > 128).mean() < 0.95
    assert alpha[0, 0] == 0
    assert anna.get(f"/v1/garments/{tee['id']}/cutout").content == answer.content


def test_the_photo_comes_back_as_it_was_uploaded(anna: TestClient, tee: dict[str, Any], tee_photo: bytes) -> None:
    answer = anna.get(f"/v1/garments/{tee['id']}/photo")
    assert answer.content == tee_photo
    assert answer.headers["content-type"] == "image/jpeg"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_corrections_are_read_again_with_the_sellers_word(anna: TestClient, tee_photo: bytes) -> None:
    garment = upload(anna, tee_photo).json()
    address = f"/v1/garments/{garment['id']}"
    corrected = anna.patch(address, json={"category": "dress", "width_cm": 51, "name": "Tunic"}).json()
    assert corrected["name"] == "Tunic"
    assert (corrected["understood"]["category"], corrected["understood"]["stated"]) == ("dress", True)
    assert corrected["understood"]["size_cm"]["width"] == 51
    assert corrected["understood"]["size_cm"]["source"] == "width"
    taken_back = anna.patch(address, json={"category": None}).json()
    assert (taken_back["understood"]["category"], taken_back["category"]) == ("top", None)
    assert taken_back["width_cm"] == 51
    moved = anna.patch(address, json={"landmarks": {"hem_left": [200, 350]}}).json()
    assert moved["understood"]["landmarks"]["hem_left"] == pytest.approx([200, 350], abs=13)
    assert anna.get(address).json() == moved
    assert moved["worn_open"] is None
    assert anna.patch(address, json={"worn_open": True}).json()["worn_open"] is True
    assert anna.patch(address, json={"worn_open": None}).json()["worn_open"] is None


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        ({"category": "spacesuit"}, "unknown_category"),
        ({"material": "kryptonite"}, "unknown_material"),
        ({"width_cm": 900}, "size_implausible"),
        ({"category": "skirt", "worn_open": True}, "usage"),
        ({"landmarks": {"elbow": [1, 1]}}, "landmarks_invalid"),
        ({"landmarks": {"hem_left": [-5, 1]}}, "landmarks_invalid"),
        ({"colour": "red"}, "request_invalid"),
    ],
)
def test_a_correction_that_fits_no_garment_is_refused_and_changes_nothing(
    anna: TestClient, tee: dict[str, Any], correction: dict[str, Any], code: str
) -> None:
    address = f"/v1/garments/{tee['id']}"
    answer = anna.patch(address, json=correction)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert anna.get(address).json()["understood"] == tee["understood"]


def test_a_mask_overrides_the_cutout_and_can_be_taken_back(anna: TestClient, tee_photo: bytes) -> None:
    garment = upload(anna, tee_photo).json()
    address = f"/v1/garments/{garment['id']}"
    drawn = np.zeros((400, 300), np.uint8)
    drawn[75:350, 75:225] = 255
    stream = io.BytesIO()
    Image.fromarray(drawn).save(stream, "PNG")
    masked = anna.put(f"{address}/mask", files={"mask": ("m.png", stream.getvalue())}).json()
    assert (masked["has_mask"], masked["understood"]["cutout"]["source"]) == (True, "mask")
    wrong = anna.put(f"{address}/mask", files={"mask": ("m.png", picture((255, 255, 255)))})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "mask_mismatch")
    back = anna.delete(f"{address}/mask").json()
    assert (back["has_mask"], back["understood"]["cutout"]["source"]) == (False, "network")


def test_a_photo_without_a_garment_is_kept_with_its_problem(anna: TestClient) -> None:
    answer = upload(anna, BLANK)
    assert answer.status_code == 201
    garment = answer.json()
    assert (garment["understood"], garment["problem"]["code"]) == (None, "garment_not_found")
    assert anna.patch(f"/v1/garments/{garment['id']}", json={"name": "Nothing"}).json()["name"] == "Nothing"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "photo_unreadable"),
        (b"\xff\xd8\xff\xe0 cut short", 422, "photo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "photo_unsupported"),
        (b"<html><script>alert(1)</script>", 415, "photo_unsupported"),
        (b"%PDF-1.7 not a picture", 415, "photo_unsupported"),
        (picture((9, 9, 9), (60, 60)), 422, "photo_too_small"),
        (picture((9, 9, 9), (9000, 9000)), 413, "photo_too_large"),
        (b"\x89PNG" + b"x" * 9_000_000, 413, "body_too_large"),
    ],
    ids=["empty", "cut short", "svg", "html", "pdf", "tiny", "bomb", "too many bytes"],
)
def test_hostile_uploads_are_refused_and_not_kept(
    anna: TestClient, here: AppState, content: bytes, status: int, code: str
) -> None:
    before = len(list(here.store.every_file()))
    answer = upload(anna, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(list(here.store.every_file())) == before


def test_an_upload_that_hides_its_size_is_cut_off(anna: TestClient) -> None:
    def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        for _ in range(20):
            yield b"\xff" * 1_000_000

    answer = anna.post("/v1/garments", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a\x00b.jpg", "\u202egpj.exe"]
)
def test_a_file_name_is_a_word_and_never_a_path(anna: TestClient, here: AppState, name: str) -> None:
    garment = upload(anna, BLANK, name=name).json()
    assert "/" not in garment["name"]
    assert "\\" not in garment["name"]
    assert "\u202e" not in garment["name"]
    folder = here.settings.home / "files"
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in folder.rglob("*"))


def test_garments_are_listed_newest_first_in_pages(bert: TestClient) -> None:
    made = [upload(bert, BLANK, name=f"tee {i}").json()["id"] for i in range(3)]
    first = bert.get("/v1/garments", params={"limit": 2}).json()
    assert [each["id"] for each in first] == made[:0:-1]
    rest = bert.get("/v1/garments", params={"before": first[-1]["id"]}).json()
    assert [each["id"] for each in rest] == made[:1]


def test_a_deleted_garment_takes_its_files_along_unless_another_needs_them(
    bert: TestClient, stranger: TestClient
) -> None:
    first, second = upload(bert, BLANK, name="one").json(), upload(bert, BLANK, name="two").json()
    assert bert.delete(f"/v1/garments/{first['id']}").status_code == 204
    assert bert.get(f"/v1/garments/{first['id']}").status_code == 404
    assert stranger.get(second["links"]["photo"]).content == BLANK
    for garment in bert.get("/v1/garments").json():
        bert.delete(f"/v1/garments/{garment['id']}")
    assert stranger.get(second["links"]["photo"]).status_code == 404


def test_a_link_opens_one_file_and_cannot_be_turned_into_another(stranger: TestClient, tee: dict[str, Any]) -> None:
    link = tee["links"]["photo"]
    assert stranger.get(link).status_code == 200
    sealed = link[:12] + ("A" if link[12] == "B" else "B") + link[13:]
    for changed in (link[:-4] + "AAAA", sealed, "/v1/files/..%2f..%2fsecret", "/v1/files/x"):
        assert stranger.get(changed).status_code == 404


def test_a_photo_that_is_uploaded_again_while_its_garment_is_deleted_is_kept(
    here: AppState, anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = picture((200, 210, 220))
    first = upload(anna, photo).json()
    deleting: list[str] = []

    def delete_now(here: AppState, account_id: str, *rest: Any) -> str | None:
        """Delete the first garment after the new one's photo was stored and before its row is written."""
        if not deleting:
            deleting.append(first["id"])
            assert anna.delete(f"/v1/garments/{first['id']}").status_code == 204
        return _put_cutout(here, account_id, *rest)

    monkeypatch.setattr("app.api.intake.garments._put_cutout", delete_now)
    again = upload(anna, photo).json()
    assert deleting
    assert anna.get(f"/v1/garments/{again['id']}/photo").content == photo


def test_a_correction_keeps_the_back_that_came_while_its_photo_was_read(
    here: AppState, anna: TestClient, tee_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    garment, coming = upload(anna, tee_photo).json(), [tee_photo]
    address = f"/v1/garments/{garment['id']}"

    def come_now(here: AppState, account_id: str, *rest: Any) -> str | None:
        if coming:
            read_change(here, account_id, garment["id"], Change(back=coming.pop()))
        return _put_cutout(here, account_id, *rest)

    monkeypatch.setattr("app.api.intake.garments._put_cutout", come_now)
    assert anna.patch(address, json={"width_cm": 51}).status_code == 200
    assert anna.get(f"{address}/back").content == tee_photo
