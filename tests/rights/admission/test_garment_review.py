"""Garment photos: copies of other sellers' photos, brand words and registered marks wait for a review."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw, ImageFont

from app.api.factory import create_app
from app.ui.routes import public_pages
from tests.support.api_client import client_of, new_account, upload
from vmodel.config import Settings
from vmodel.core.database import Database
from vmodel.core.files import sha256_of
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.designs.block_design import Design, write_design
from vmodel.publishing.publisher import Holder, Publisher
from vmodel.rights.admission.brand_words import match_brands, read_brands
from vmodel.rights.admission.garment_review import (
    GarmentReviewer,
    attest,
    check_garment,
    decide,
    find_review,
    list_reviews,
)
from vmodel.rights.admission.job_admission import admit_job
from vmodel.rights.admission.logo_detection import find_marks, read_marks_folder
from vmodel.rights.admission.review_image import side_by_side
from vmodel.rights.errors import (
    GarmentInReview,
    GarmentNotAttested,
    GarmentRefused,
    ReviewUnknown,
    RightsListInvalid,
)
from vmodel.rights.licence.certificate import Terms
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import BodyMeasurements, ByteArray

ROOT = Path(__file__).resolve().parents[3]


def opened(name: str, size: int = 800) -> ByteArray:
    with Image.open(ROOT / "examples" / f"{name}.jpg") as photo:
        image = photo.convert("RGB")
        image.thumbnail((size, size))
        return np.asarray(image)


def printed(word: str) -> ByteArray:
    """Draw a grey shirt front with a word on it."""
    image = Image.new("RGB", (640, 640), (205, 205, 208))
    font = ImageFont.load_default(64)
    ImageDraw.Draw(image).text((320, 300), word, fill=(30, 40, 90), font=font, anchor="mm")
    return np.asarray(image)


def digest(picture: ByteArray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


@pytest.fixture
def reviewer(settings: Settings, publisher: Publisher) -> GarmentReviewer:
    return GarmentReviewer(settings, publisher.database)


def test_a_copy_of_another_sellers_photo_waits_with_the_evidence(settings: Settings, publisher: Publisher) -> None:
    reviewer = GarmentReviewer(settings, publisher.database, brands=())
    tee = opened("logo-tee")
    stolen = np.ascontiguousarray(tee[30:-20, 25:-10])
    for seller, picture in (("anna", tee), ("anna", stolen), ("carla", opened("floral-dress"))):
        assert reviewer.examine(seller, digest(picture), picture).state == "clear"
    row = reviewer.examine("bert", digest(stolen), stolen)
    assert row.state == "waiting"
    (finding,) = json.loads(row.findings)
    assert (finding["kind"], finding["evidence"]["seller_id"]) == ("copy", "anna")
    assert "anna" not in finding["what"]
    same = reviewer.examine("dora", digest(tee), tee)
    assert json.loads(same.findings)[0]["evidence"]["alike"] == "same file"
    with Image.open(io.BytesIO(side_by_side(reviewer, row))) as shown:
        assert shown.width > 1.2 * shown.height


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NIKE", "nike"),
        ("The North\nFace", "the north face"),
        ("HERMÈS paris", "hermes"),
        ("guccl", None),
        ("BURBERY", "burberry"),
        ("adidas®", "adidas"),
        ("snike attack", None),
        ("Tidefolk Coastal Supply 1987", None),
        ("pumpkin", None),
    ],
)
def test_a_name_is_recognised_whatever_its_case_and_signs(text: str, name: str | None) -> None:
    found = match_brands([(line, 0.9) for line in text.split("\n")], read_brands(Settings()))
    assert [word.name for word in found] == ([name] if name else [])
    assert match_brands([(text, 0.3)], read_brands(Settings())) == []


def test_the_operator_adds_names_in_a_file(tmp_path: Path) -> None:
    own = tmp_path / "brands.yaml"
    own.write_text("- Tidefolk\n")
    brands = read_brands(Settings(brands=own))
    assert {"Tidefolk", "nike"} <= set(brands)
    assert [word.name for word in match_brands([("tidefolk", 0.9)], brands)] == ["Tidefolk"]
    for wrong in ("a: b", "- 3", "- '-'", "]["):
        own.write_text(wrong)
        with pytest.raises(RightsListInvalid):
            read_brands(Settings(brands=own))


def test_a_registered_mark_is_found_on_its_garment_and_on_no_other(tmp_path: Path) -> None:
    tee = opened("logo-tee", 1600)
    height, width = tee.shape[:2]
    logo = tee[round(0.36 * height) : round(0.56 * height), round(0.34 * width) : round(0.66 * width)]
    Image.fromarray(logo).save(tmp_path / "tidefolk.png")
    marks = read_marks_folder(Settings(registered_marks=tmp_path))
    turned = np.asarray(Image.fromarray(opened("logo-tee", 1000)).rotate(12, fillcolor=(240, 240, 240)))
    assert [mark.name for mark in find_marks(turned, marks)] == ["tidefolk"]
    for other in sorted({path.stem for path in (ROOT / "examples").glob("*.jpg")} - {"logo-tee"}):
        assert find_marks(opened(other, 1000), marks) == []
    assert read_marks_folder(Settings()) == {}
    (tmp_path / "broken.png").write_bytes(b"none")
    with pytest.raises(RightsListInvalid):
        read_marks_folder(Settings(registered_marks=tmp_path))


def test_pictures_of_a_photo_wait_for_the_decision_and_a_refused_one_fails(
    publisher: Publisher, worn_shot: Shot, reviewer: GarmentReviewer
) -> None:
    holder = Holder("anna", "Anna", Terms())
    row = reviewer.examine("anna", worn_shot.reading.flat_lay.sha256, printed("VERSACE"))
    with pytest.raises(GarmentInReview, match="versace"):
        publisher.publish(worn_shot, "jpeg", holder)
    with publisher.database.transaction() as session:
        assert [each.id for each in list_reviews(session)] == [row.id]
        decide(session, row.id, True, "olga", "has a licence")
    assert publisher.publish(worn_shot, "jpeg", holder)
    with publisher.database.transaction() as session:
        assert list_reviews(session) == []
        decide(session, row.id[:20], False, "olga", "counterfeit")
    with pytest.raises(GarmentRefused, match="counterfeit"):
        publisher.publish(worn_shot, "jpeg", holder)
    other = publisher.publish(worn_shot, "jpeg", replace(holder, seller_id="bert"))
    assert other.licence.seller_id == "bert"


def test_no_picture_is_published_whose_back_photo_was_refused(
    publisher: Publisher, worn_shot: Shot, reviewer: GarmentReviewer, tmp_path: Path
) -> None:
    back = tmp_path / "back.png"
    Image.fromarray(printed("BURBERRY")).save(back)
    row = reviewer.examine("anna", sha256_of(back), printed("BURBERRY"))
    holder = Holder("anna", "Anna", Terms())
    source = replace(worn_shot.request.garment, back=back)
    shot = replace(worn_shot, request=replace(worn_shot.request, garment=source))
    with pytest.raises(GarmentInReview, match="burberry"):
        publisher.publish(shot, "jpeg", holder)
    with publisher.database.transaction() as session:
        decide(session, row.id, True, "olga")
    assert publisher.publish(shot, "jpeg", holder)


@pytest.mark.parametrize("asked", ["", "%", "0" * 32, "zz" * 8])
def test_a_review_that_there_is_none_of_is_said_so(any_database: Database, asked: str) -> None:
    with any_database.transaction() as session, pytest.raises(ReviewUnknown):
        find_review(session, asked)


def test_a_job_is_admitted_or_not_before_any_work(tmp_path: Path, publisher: Publisher) -> None:
    plain = tmp_path / "plain.png"
    Image.fromarray(printed("")).save(plain)
    admit_job(publisher.settings, publisher.database, "anna", plain)
    strict = publisher.settings.model_copy(update={"require_attestation": True})
    with pytest.raises(GarmentNotAttested):
        admit_job(strict, publisher.database, "anna", plain)
    with publisher.database.transaction() as session:
        assert attest(session, "anna", "anna", "mine\0\ud800").statement == "mine"
        check_garment(session, strict, "anna", "0" * 64)


def test_a_brand_on_the_back_of_a_garment_waits_for_its_review_too(tmp_path: Path, publisher: Publisher) -> None:
    front, back = tmp_path / "front.png", tmp_path / "back.png"
    Image.fromarray(printed("")).save(front)
    Image.fromarray(printed("BURBERRY")).save(back)
    strict = publisher.settings.model_copy(update={"require_attestation": True})
    with publisher.database.transaction() as session:
        attest(session, "anna", "anna")
    admit_job(strict, publisher.database, "anna", front)
    with pytest.raises(GarmentInReview, match="burberry"):
        admit_job(strict, publisher.database, "anna", front, back=back)
    with publisher.database.transaction() as session:
        (waiting,) = list_reviews(session)
        decide(session, waiting.id, True, "olga", "has a licence")
    admit_job(strict, publisher.database, "anna", front, back=back)


def drawing_with(links: str) -> bytes:
    """Return a drawing of a tee with a picture on it."""
    picture = f'<image x="40" y="40" width="30" height="30" {links}/>'
    path = "M30 10H70L95 25 85 45 78 40V95H22V40L15 45 5 25z"
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100"'
    return f'<svg {head}><path d="{path}" fill="#b8402c"/>{picture}</svg>'.encode()


def link_to(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def test_a_brand_in_a_print_or_inside_a_drawing_waits_for_its_review(tmp_path: Path, publisher: Publisher) -> None:
    body = BodyMeasurements(**dict.fromkeys([each.name for each in fields(BodyMeasurements)], 70.0))
    tile = np.dstack([printed("BURBERRY"), np.full((640, 640), 255, np.uint8)])
    design, drawing = tmp_path / "skirt.design.json", tmp_path / "flat.svg"
    design.write_bytes(write_design(Design("skirt", body, PrintRepeat(tile, 20.0))))
    drawing.write_bytes(drawing_with(f'href="{link_to(png_of(printed("BURBERRY")))}"'))
    for seller, file, found in (("anna", design, "burberry"), ("bert", drawing, "another seller's")):
        for _ in range(2):  # what waits once waits until somebody decides
            with pytest.raises(GarmentInReview, match=found):
                admit_job(publisher.settings, publisher.database, seller, file)
        with publisher.database.transaction() as session:
            (waiting,) = list_reviews(session)
            decide(session, waiting.id, True, "olga", "has a licence")
        admit_job(publisher.settings, publisher.database, seller, file)


def test_an_attested_drawing_does_not_answer_for_the_picture_in_it(tmp_path: Path, publisher: Publisher) -> None:
    drawing = tmp_path / "flat.svg"
    plain, branded = (link_to(png_of(printed(text))) for text in ("", "BURBERRY"))
    for links in (f'href="{branded}" xlink:href="{plain}"', f'xlink:href="{plain}" href="{branded}"'):
        drawing.write_bytes(drawing_with(links))
        reviewer = GarmentReviewer(publisher.settings, publisher.database)
        assert reviewer.examine("anna", sha256_of(drawing), printed(""), attested=True).state == "clear"
        with pytest.raises(GarmentInReview, match="burberry"):
            admit_job(publisher.settings, publisher.database, "anna", drawing)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    app = create_app(Settings(home=tmp_path_factory.mktemp("garment-rights")))
    app.include_router(public_pages.router)
    with TestClient(app):
        yield app


def png_of(picture: ByteArray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def test_an_uploaded_print_is_examined_and_a_design_can_be_attested(api: FastAPI) -> None:
    here = api.state.installation
    frida = client_of(api, new_account(here, "frida@shop.example"))
    gerda = client_of(api, new_account(here, "gerda@house.example", "operator"), ("read", "operate"))
    uploaded = frida.post("/v1/prints", files={"file": ("p.png", png_of(printed("BURBERRY")), "image/png")})
    assert uploaded.status_code == 201
    (waiting,) = gerda.get("/v1/reviews").json()
    assert gerda.post(f"/v1/reviews/{waiting['id']}", json={"approve": True}).json()["state"] == "approved"
    design = frida.post("/v1/designs", json={"block": "skirt", "size": "M"}).json()
    assert frida.put(f"/v1/garments/{design['id']}/rights", json={"attested": True}).json()["state"] == "clear"


def test_a_drawing_with_an_empty_or_a_damaged_picture_is_answered(api: FastAPI) -> None:
    emil = client_of(api, new_account(api.state.installation, "emil@shop.example"))

    def sent(links: str) -> tuple[int, str]:
        answer = emil.post("/v1/flats", files={"file": ("tee.svg", drawing_with(links))})
        return answer.status_code, answer.json().get("code", "")

    damaged = png_of(printed("BURBERRY"))[:600]
    assert [sent(each) for each in ("", 'href="#none"')] == [(201, "")] * 2
    assert sent(f'href="{link_to(damaged)}"') == (422, "drawing_unreadable")


def test_seller_and_operator_meet_over_http(api: FastAPI) -> None:
    here = api.state.installation
    anna = client_of(api, new_account(here, "anna@shop.example"))
    bert = client_of(api, new_account(here, "bert@shop.example"))
    olga = client_of(api, new_account(here, "olga@house.example", "operator"), ("read", "manage", "operate"))
    tee = png_of(opened("logo-tee", 500))
    mine, theirs = (upload(who, tee, category="top").json()["id"] for who in (anna, bert))
    assert anna.get(f"/v1/garments/{mine}/rights").json()["state"] == "unseen"
    word = anna.put(f"/v1/garments/{mine}/rights", json={"attested": True}).json()
    assert word["state"] == "clear"
    assert word["attested_at"]
    copied = bert.put(f"/v1/garments/{theirs}/rights", json={"attested": True}).json()
    assert copied["state"] == "waiting"
    assert "seller_id" not in str(copied)
    job = {"garment_id": theirs, "shots": [{"model": "wm-ines"}]}
    assert bert.post("/v1/jobs", json=job, headers={"Idempotency-Key": "a"}).json()["code"] == "garment_in_review"
    assert bert.get("/v1/reviews").status_code == 403
    assert bert.get(f"/v1/garments/{mine}/rights").status_code == 404
    (waiting,) = olga.get("/v1/reviews").json()
    assert waiting["findings"][0]["kind"] == "copy"
    assert olga.get(f"/v1/reviews/{waiting['id']}/picture").headers["content-type"] == "image/jpeg"
    decided = olga.post(f"/v1/reviews/{waiting['id']}", json={"approve": False, "note": "not yours"}).json()
    assert decided["state"] == "refused"
    assert bert.post("/v1/jobs", json=job, headers={"Idempotency-Key": "b"}).json()["code"] == "garment_refused"
    olga.post(f"/v1/reviews/{waiting['id']}", json={"approve": True})
    assert bert.post("/v1/jobs", json=job, headers={"Idempotency-Key": "c"}).status_code == 201
    assert anna.put("/v1/attestation", json={"attested": True}).json()["attested_at"]
    assert anna.put("/v1/attestation", json={"attested": False}).json()["attested_at"] is None


def test_a_seller_has_a_model_alone_over_http(api: FastAPI) -> None:
    here = api.state.installation
    carla = client_of(api, new_account(here, "carla@shop.example"))
    dora = client_of(api, new_account(here, "dora@shop.example"))
    assert carla.put("/v1/reservations/mn-kenji").json()["model"] == "mn-kenji"
    assert carla.put("/v1/reservations/mn-omar").json()["code"] == "too_many_reserved"
    assert carla.put("/v1/reservations/nobody").status_code == 404
    assert dora.put("/v1/reservations/mn-kenji").json()["code"] == "model_reserved"
    assert dora.get("/v1/models/mn-kenji/card").json()["exclusive"] is True
    assert dora.get("/v1/models/wm-ines/card").json()["origin"] == "invented"
    tee = upload(dora, png_of(opened("logo-tee", 500)), category="top").json()["id"]
    job = {"garment_id": tee, "shots": [{"model": "mn-kenji"}]}
    assert dora.post("/v1/jobs", json=job, headers={"Idempotency-Key": "a"}).json()["code"] == "model_reserved"
    assert dora.delete("/v1/reservations/mn-kenji").status_code == 404
    assert carla.delete("/v1/reservations/mn-kenji").status_code == 204
    assert dora.post("/v1/jobs", json=job, headers={"Idempotency-Key": "b"}).status_code == 201
    assert "does not exist" in TestClient(api).get("/model/mn-kenji").text
