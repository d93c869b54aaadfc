"""Designs over HTTP: upload of a print or flat, flat preview, colourways, and shots of the design."""

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
from tests.support.api_client import client_of, new_account, picture, work_off
from vmodel.service.jobs.request import download_inputs, read_shot
from vmodel.service.storage.file_store import write_local

CHECKS = {"block": "skirt", "size": "M", "repeat_cm": 10, "ground": "#ffffff"}
FLAT = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 320"><g id="front">'
    b'<path d="M95 40 Q150 66 205 40 L285 95 L255 150 L222 130 L222 300 L78 300 L78 130 L45 150 L15 95 Z" '
    b'fill="#b8402c"/></g></svg>'
)


@pytest.fixture(scope="module")
def checks(anna: TestClient) -> dict[str, Any]:
    """Upload a repeat of black and white squares, two by two."""
    tile = np.kron([[0, 255], [255, 0]], np.ones((50, 50))).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(tile).convert("RGB").save(stream, "PNG")
    answer = anna.post("/v1/prints", files={"file": ("checks.png", stream.getvalue())})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def skirt(anna: TestClient, checks: dict[str, Any]) -> dict[str, Any]:
    """Store a design with one more colourway."""
    night = {"name": "night", "colours": {"#ffffff": "#101830"}}
    answer = anna.post("/v1/designs", json={**CHECKS, "name": "Checks", "print": checks["id"], "colorways": [night]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA")).astype(int)


def test_a_print_tells_its_size_and_colours(checks: dict[str, Any], stranger: TestClient) -> None:
    assert checks["size_px"] == [100, 100]
    assert sorted(checks["colours"]) == ["#000000", "#ffffff"]
    assert opened(stranger.get(checks["link"]).content).shape == (100, 100, 4)


def test_a_preview_lies_flat_at_the_scale_that_it_says(anna: TestClient, checks: dict[str, Any]) -> None:
    answer = anna.post("/v1/designs/preview", json={**CHECKS, "print": checks["id"]})
    assert answer.status_code == 200, answer.text
    picture = opened(answer.content)
    assert picture.shape == (680, 1024, 4)
    px_per_cm = float(answer.headers["x-px-per-cm"])
    row = picture[420, 120:400, 0] > 128
    changes = np.flatnonzero(np.diff(row.astype(int)))
    assert np.diff(changes).mean() == pytest.approx(5 * px_per_cm, rel=0.03)
    larger = anna.post("/v1/designs/preview", json={**CHECKS, "print": checks["id"], "repeat_cm": 20})
    wider = np.flatnonzero(np.diff((opened(larger.content)[420, 120:400, 0] > 128).astype(int)))
    assert np.diff(wider).mean() == pytest.approx(10 * px_per_cm, rel=0.03)


def test_each_colourway_is_drawn_in_its_colours(anna: TestClient, skirt: dict[str, Any]) -> None:
    assert [way["name"] for way in skirt["colorways"]] == ["", "night"]
    own, night = (
        opened(anna.get(f"/v1/designs/{skirt['id']}/picture", params={"colorway": way}).content)
        for way in ("", "night")
    )
    light, dark = own[own[..., 3] > 250][:, 0], night[night[..., 3] > 250][:, 0]
    assert (light > 240).mean() > 0.3
    assert (dark > 240).mean() < 0.02
    assert anna.get(f"/v1/designs/{skirt['id']}/picture", params={"colorway": "dawn"}).status_code == 404


def test_a_design_is_a_garment_of_its_own_measure(anna: TestClient, skirt: dict[str, Any]) -> None:
    garment = anna.get(f"/v1/garments/{skirt['id']}").json()
    assert (garment["is_design"], garment["colorways"]) == (True, ["night"])
    assert (garment["understood"]["category"], garment["understood"]["size_cm"]["source"]) == ("skirt", "design")
    assert 25 < garment["understood"]["size_cm"]["width"] < 50
    assert anna.get(f"/v1/garments/{skirt['id']}/photo").headers["content-type"] == "image/png"
    refused = anna.patch(f"/v1/garments/{skirt['id']}", json={"category": "dress"})
    assert (refused.status_code, refused.json()["code"]) == (422, "design_only")
    assert skirt["id"] in [each["id"] for each in anna.get("/v1/designs").json()]


def test_a_colourway_is_shot_as_the_file_that_the_library_reads(
    anna: TestClient, here: AppState, skirt: dict[str, Any], tmp_path: Path
) -> None:
    from vmodel.garment.designs.block_design import is_design, read_design

    account_id = anna.get("/v1/account").json()["id"]
    shots = [{"model": "wm-ines", "size": "512x384"}]
    asked = {"garment_id": skirt["id"], "colorway": "night", "shots": shots}
    assert anna.post("/v1/quotes", json=asked).json()["credits"] == 1
    job = anna.post("/v1/jobs", json=asked).json()
    assert job["photo"].startswith("/v1/files/")
    garment = {"photo": next(iter(_jobs_garment(here, job["id"]).values()))}
    shot = download_inputs(
        read_shot(garment, {**_request(here, job["id"])}),
        lambda key: write_local(here.store, account_id, key, tmp_path),
    )
    assert is_design(shot.garment.photo)
    design = read_design(shot.garment.photo)
    assert (design.block, design.ground) == ("skirt", "#101830")
    assert design.print is not None
    assert design.print.repeat_cm == 10
    assert design.print.tile[0, -1].tolist() == [16, 24, 48, 255]
    in_use = anna.delete(f"/v1/designs/{skirt['id']}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "garment_in_use")
    refused = anna.post("/v1/jobs", json={**asked, "colorway": "dawn"})
    assert (refused.status_code, refused.json()["code"]) == (422, "colorway_unknown")
    work_off(here)
    assert anna.get(f"/v1/jobs/{job['id']}").json()["state"] == "done"


def test_a_flat_is_understood_like_a_photo_and_recoloured(anna: TestClient) -> None:
    flat = anna.post("/v1/flats", files={"file": ("tee.svg", FLAT)}).json()
    assert (flat["has_back"], flat["colours"]) == (False, ["#b8402c"])
    blue = {"name": "blue", "colours": {"#b8402c": "#2040c0"}}
    asked = {"flat": flat["id"], "width_cm": 52, "colorways": [blue], "name": "Flat tee"}
    answer = anna.post("/v1/designs", json=asked)
    assert answer.status_code == 201, answer.text
    design = answer.json()
    assert design["understood"]["category"] == "top"
    assert design["understood"]["size_cm"]["width"] == 52
    drawn = opened(anna.get(f"/v1/designs/{design['id']}/picture", params={"colorway": "blue"}).content)
    assert drawn[340, 256].tolist() == [0x20, 0x40, 0xC0, 255]
    changed = anna.put(f"/v1/designs/{design['id']}", json={**asked, "name": "Again", "colorways": []}).json()
    assert (changed["name"], len(changed["colorways"])) == ("Again", 1)


@pytest.mark.parametrize(
    ("address", "content", "code"),
    [
        ("flats", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "drawing_unsafe"),
        (
            "flats",
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
            "drawing_unsafe",
        ),
        ("flats", b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>", "drawing_unsafe"),
        ("flats", b"\x89PNG no drawing", "drawing_unreadable"),
        ("prints", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "drawing_unsafe"),
        ("prints", b"<html>no picture", "photo_unreadable"),
        ("prints", b"", "photo_unreadable"),
    ],
)
def test_hostile_drawings_are_refused_and_not_kept(
    anna: TestClient, here: AppState, address: str, content: bytes, code: str
) -> None:
    before = len(list(here.store.every_file()))
    answer = anna.post(f"/v1/{address}", files={"file": ("../../x.svg", content)})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(list(here.store.every_file())) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"block": "tent"}, 422),
        ({"block": None}, 422),
        ({"flat": "0" * 64 + ".svg"}, 422),
        ({"print": "0" * 64 + ".png"}, 404),
        ({"print": "../../etc/passwd"}, 404),
        ({"size": "XXXS"}, 422),
        ({"model": "nobody"}, 422),
        ({"repeat_cm": 0}, 422),
        ({"ground": "red"}, 422),
        ({"material": "kryptonite"}, 422),
        ({"colorways": [{"name": "a", "colours": {}}, {"name": "a", "colours": {}}]}, 422),
    ],
)
def test_a_design_that_cannot_be_is_refused_in_a_sentence(
    anna: TestClient, change: dict[str, Any], status: int
) -> None:
    for address in ("/v1/designs/preview", "/v1/designs"):
        answer = anna.post(address, json={**CHECKS, **change})
        assert (answer.status_code, answer.json()["message"][-1]) == (status, "."), answer.text


def test_another_seller_gets_nothing_of_a_design(
    anna: TestClient, bert: TestClient, skirt: dict[str, Any], checks: dict[str, Any]
) -> None:
    address = f"/v1/designs/{skirt['id']}"
    for path in (
        address,
        f"{address}/picture",
        f"{address}/picture?colorway=night",
        f"/v1/garments/{skirt['id']}/photo",
    ):
        assert anna.get(path).status_code == 200
        assert bert.get(path).status_code == 404
    assert bert.put(address, json=CHECKS).status_code == 404
    assert bert.delete(address).status_code == 404
    assert bert.post("/v1/designs/preview", json={**CHECKS, "print": checks["id"]}).status_code == 404
    assert bert.post("/v1/designs", json={**CHECKS, "print": checks["id"]}).status_code == 404
    worn = {"garment_id": skirt["id"], "shots": [{}]}
    assert bert.post("/v1/jobs", json=worn).status_code == 404
    assert bert.get("/v1/designs").json() == []


def test_a_deleted_design_takes_its_files_along_but_not_a_print_that_another_needs(
    api: FastAPI, here: AppState, checks: dict[str, Any], anna: TestClient
) -> None:
    carla_id = new_account(here, "carla@shop.example")
    carla = client_of(api, carla_id)
    tile = anna.get(f"/v1/files/{checks['link'].rpartition('/')[2]}").content
    print_id = carla.post("/v1/prints", files={"file": ("c.png", tile)}).json()["id"]
    first, second = (
        carla.post("/v1/designs", json={**CHECKS, "print": print_id, "repeat_cm": cm}).json()["id"] for cm in (8, 12)
    )
    assert carla.delete(f"/v1/designs/{first}").status_code == 204
    assert here.store.has(carla_id, f"{carla_id}/{print_id}")
    assert carla.delete(f"/v1/designs/{second}").status_code == 204
    assert not [file.key for file in here.store.keys(carla_id) if file.key.endswith((".design", print_id))]


def _jobs_garment(here: AppState, job_id: str) -> dict[str, Any]:
    from vmodel.service.jobs.tables import JobRow

    with here.database.reading() as session:
        return dict(session.get_one(JobRow, job_id).garment)


def _request(here: AppState, job_id: str) -> dict[str, Any]:
    from vmodel.service.jobs.tables import ShotRow

    with here.database.reading() as session:
        return dict(session.get_one(ShotRow, f"{job_id}-s000").request)


def test_a_plans_storage_is_bounded_and_a_print_can_be_deleted(api: FastAPI, here: AppState) -> None:
    client = client_of(api, new_account(here, "small@shop.example", plan="small"))

    def send(colour: int) -> Any:
        return client.post("/v1/prints", files={"file": ("p.png", picture((colour, 0, 0)), "image/png")})

    sent = [send(colour) for colour in range(0, 90, 30)]
    assert [each.status_code for each in sent] == [201, 201, 409], "each print counts with its small picture"
    assert sent[-1].json()["code"] == "storage_full"
    print_id = sent[0].json()["id"]
    assert client.delete(f"/v1/prints/{print_id}").status_code == 204
    assert client.delete(f"/v1/prints/{print_id}").status_code == 404
    assert client.delete("/v1/flats/..%2fx").status_code == 404
