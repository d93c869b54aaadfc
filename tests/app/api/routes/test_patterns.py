"""Sewing patterns over HTTP: upload, pieces, flat preview, storage as a design, and shots."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.api.http.state import AppState
from scripts.make_patterns import dress, write_svg
from tests.support.api_client import work_off
from vmodel.service.jobs.request import download_inputs, read_shot
from vmodel.service.jobs.tables import JobRow, ShotRow
from vmodel.service.storage.file_store import write_local

ROOT = Path(__file__).resolve().parents[4]
FILES = {
    "svg": ROOT / "examples" / "dress-pattern.svg",
    "dxf": ROOT / "examples" / "dress-pattern.dxf",
    "json": ROOT / "tests" / "garment" / "sewing" / "files" / "pygarment_tunic.json",
}
NIGHT = {"name": "night", "colours": {"#a9bfcf": "#101830", "#ffffff": "#802020"}}


def uploaded(seller: TestClient, path: Path) -> dict[str, Any]:
    answer = seller.post("/v1/patterns", files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def pattern(anna: TestClient) -> dict[str, Any]:
    """Upload the example dress."""
    return uploaded(anna, FILES["svg"])


@pytest.fixture(scope="module")
def tile(anna: TestClient) -> str:
    """Return the id of an uploaded repeat: white, and a quarter of it black."""
    picture = np.full((40, 40, 3), 255, np.uint8)
    picture[:20, :20] = 0
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return str(anna.post("/v1/prints", files={"file": ("dots.png", stream.getvalue())}).json()["id"])


@pytest.fixture(scope="module")
def dress_kept(anna: TestClient, pattern: dict[str, Any]) -> dict[str, Any]:
    """Store the dress as a design: a skirt of chiffon, and one more colourway."""
    asked = {
        "name": "Dress",
        "pattern": pattern["id"],
        "material": "jersey",
        "piece_materials": {"skirt": "chiffon"},
        "colorways": [NIGHT],
    }
    answer = anna.post("/v1/designs", json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGBA")).astype(int)


@pytest.mark.parametrize(
    ("kind", "name", "area_cm2", "size_cm"),
    [
        ("svg", "skirt_front", 3977.0, (76.5, 56.5)),
        ("dxf", "skirt_front", 3977.0, (76.5, 56.5)),
        ("json", "flounce_front", 1560.0, (78.0, 20.0)),
    ],
)
def test_a_pattern_tells_its_pieces_in_their_size(
    anna: TestClient, kind: str, name: str, area_cm2: float, size_cm: tuple[float, float]
) -> None:
    told = uploaded(anna, FILES[kind])
    assert told["id"].endswith(f".{kind}")
    assert len(told["pieces"]) == (4 if kind == "json" else 8)
    piece = next(piece for piece in told["pieces"] if piece["piece"] == name)
    assert piece["area_cm2"] == pytest.approx(area_cm2, rel=0.01)
    assert piece["size_cm"] == pytest.approx(size_cm, abs=0.6)
    assert all(seam["first_cm"] > 0 for seam in told["seams"])
    drawn = opened(anna.get(told["link"]).content)
    assert (drawn[..., 3] == 0).mean() > 0.1
    assert (drawn[..., 3] > 250).mean() > 0.3


def test_a_seam_that_does_not_match_is_refused_with_both_edges_and_their_lengths(
    anna: TestClient, here: AppState
) -> None:
    width = next(-each.controls[0, 0] for each in dress()[6].lines if each.name == "seam-side_skirt_l")
    wrong = write_svg(_longer(width)).encode()
    before = len(list(here.store.every_file()))
    answer = anna.post("/v1/patterns", files={"file": ("dress.svg", wrong)})
    assert (answer.status_code, answer.json()["code"]) == (422, "seam_mismatch")
    told = answer.json()["message"]
    assert "seam-side_skirt_l.5 of skirt_front is 56.2 cm" in told
    assert "seam-side_skirt_l.6 of skirt_back_left is 61.2 cm" in told
    assert "make them match" in told
    assert len(list(here.store.every_file())) == before


def _longer(width: float) -> list[Any]:
    """Return the dress with a side seam of the back's skirt that is 5 cm too long."""
    from dataclasses import replace

    found, first, second = dress(), np.array([-width - 5.0, -56.0]), np.array([-width - 5.4, -61.0])

    def moved(line: Any) -> Any:
        near = np.linalg.norm(line.controls - first, axis=1) < 0.01
        return replace(line, controls=np.where(near[:, None], second, line.controls))

    return [
        replace(each, lines=tuple(moved(line) for line in each.lines)) if each.name == "skirt_back_left" else each
        for each in found
    ]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/><g id='piece-a'/></svg>", "drawing_unsafe"),
        ("a.svg", b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>", "drawing_unsafe"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>", "sewing_unreadable"),
        ("a.dxf", b"no drawing", "sewing_unreadable"),
        ("a.json", b"[" * 100_000, "sewing_unreadable"),
        ("../../a.pdf", b"%PDF", "sewing_unreadable"),
        ("pattern", b"", "sewing_unreadable"),
    ],
)  # fmt: skip
def test_hostile_patterns_are_refused_and_not_kept(
    anna: TestClient, here: AppState, name: str, content: bytes, code: str
) -> None:
    before = len(list(here.store.every_file()))
    answer = anna.post("/v1/patterns", files={"file": (name, content)})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["message"].endswith(".")
    assert len(list(here.store.every_file())) == before


def test_a_preview_lies_flat_at_the_scale_that_it_says(anna: TestClient, pattern: dict[str, Any], tile: str) -> None:
    plain = anna.post("/v1/designs/preview", json={"pattern": pattern["id"]})
    assert plain.status_code == 200, plain.text
    drawn = opened(plain.content)
    assert drawn.shape == (680, 1024, 4)
    rows = np.flatnonzero(drawn[:, :512, 3].any(1))
    # From the shoulder to the hem, measured along the flat dress.
    assert np.ptp(rows) / float(plain.headers["x-px-per-cm"]) == pytest.approx(94, abs=2)
    assert drawn[450, 256].tolist() == [0xA9, 0xBF, 0xCF, 255]
    assert float(plain.headers["x-seam-mismatch-cm"]) == 0
    printed = anna.post("/v1/designs/preview", json={"pattern": pattern["id"], "print": tile, "repeat_cm": 10})
    # The middle of the skirt, through two rows of the print.
    row = opened(printed.content)[400:520, 150:360, 0]
    assert 0.15 < (row < 128).mean() < 0.35
    assert float(printed.headers["x-seam-mismatch-cm"]) > 0.5


def test_a_kept_pattern_is_a_garment_of_its_own_measure(anna: TestClient, dress_kept: dict[str, Any]) -> None:
    garment = anna.get(f"/v1/garments/{dress_kept['id']}").json()
    assert (garment["is_design"], garment["colorways"]) == (True, ["night"])
    understood = garment["understood"]
    assert (understood["category"], understood["size_cm"]["source"]) == ("dress", "pattern")
    assert understood["size_cm"]["length"] == pytest.approx(93, abs=3)
    again = anna.get(f"/v1/designs/{dress_kept['id']}").json()
    assert again["asked"]["piece_materials"] == {"skirt": "chiffon"}
    materials = {piece["piece"]: piece["material"] for piece in again["pieces"]}
    assert (materials["skirt_front"], materials["bodice_front"]) == ("chiffon", None)
    assert again["colours"] == ["#a9bfcf", "#b8cbd8"]
    assert again["has_back"] is True
    assert opened(anna.get(again["pieces_picture"]).content)[..., 3].any()
    night = opened(anna.get(f"/v1/designs/{dress_kept['id']}/picture", params={"colorway": "night"}).content)
    assert night[450, 256].tolist() == [0x10, 0x18, 0x30, 255]
    refused = anna.patch(f"/v1/garments/{dress_kept['id']}", json={"category": "top"})
    assert (refused.status_code, refused.json()["code"]) == (422, "design_only")


def test_a_kept_pattern_is_shot_as_the_file_that_the_library_reads(
    anna: TestClient, here: AppState, dress_kept: dict[str, Any], tmp_path: Path
) -> None:
    from vmodel.garment.designs.block_design import is_design
    from vmodel.garment.designs.pattern_design import read_sewn_design

    account_id = anna.get("/v1/account").json()["id"]
    shots = [{"model": "wm-ines", "size": "512x384"}]
    asked = {"garment_id": dress_kept["id"], "colorway": "night", "shots": shots}
    job = anna.post("/v1/jobs", json=asked).json()
    with here.database.reading() as session:
        garment = dict(session.get_one(JobRow, job["id"]).garment)
        request = dict(session.get_one(ShotRow, f"{job['id']}-s000").request)
    shot = download_inputs(read_shot(garment, request), lambda key: write_local(here.store, account_id, key, tmp_path))
    assert is_design(shot.garment.photo)
    assert shot.garment.material == "jersey"
    design = read_sewn_design(shot.garment.photo)
    assert design is not None
    assert (design.content, design.name) == (FILES["svg"].read_bytes(), "pattern.svg")
    assert (design.material, design.materials) == ("jersey", {"skirt": "chiffon"})
    assert design.colours == NIGHT["colours"]
    work_off(here)
    assert anna.get(f"/v1/jobs/{job['id']}").json()["state"] == "done"


def test_a_design_is_replaced_and_takes_its_files_along(
    anna: TestClient, here: AppState, tile: str, pattern: dict[str, Any]
) -> None:
    account_id = anna.get("/v1/account").json()["id"]
    tunic = uploaded(anna, FILES["json"])
    asked = {"pattern": tunic["id"], "print": tile, "ground": "#804020", "colorways": [NIGHT]}
    design = anna.post("/v1/designs", json=asked).json()
    assert design["colours"] == ["#ffffff", "#000000"]
    assert design["name"] == "pattern"
    changed = anna.put(f"/v1/designs/{design['id']}", json={"pattern": tunic["id"], "ground": "#804020"})
    assert changed.status_code == 200, changed.text
    drawn = opened(anna.get(f"/v1/designs/{design['id']}/picture").content)
    assert drawn[340, 256].tolist() == [0x80, 0x40, 0x20, 255]
    assert here.store.has(account_id, f"{account_id}/{tunic['id']}")
    assert anna.delete(f"/v1/designs/{design['id']}").status_code == 204
    assert not here.store.has(account_id, f"{account_id}/{tunic['id']}")
    assert here.store.has(account_id, f"{account_id}/{pattern['id']}")


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"block": "tee"}, 422, "name one of the three"),
        ({"width_cm": 50}, 422, "leave width_cm out"),
        ({"size": "M", "category": "top"}, 422, "leave size and category out"),
        ({"piece_materials": {"collar": "silk"}}, 422, "no piece collar; its pieces are bodice_front"),
        ({"piece_materials": {"skirt": "kryptonite"}}, 422, "kryptonite"),
        ({"material": "kryptonite"}, 422, "kryptonite"),
        ({"pattern": "0" * 64 + ".dxf"}, 404, ""),
        ({"pattern": "../../etc/passwd"}, 404, ""),
        ({"pattern": None, "block": "tee", "piece_materials": {"front": "silk"}}, 422, "belong to a pattern"),
    ],
)
def test_what_a_pattern_cannot_be_is_refused_in_a_sentence(
    anna: TestClient, pattern: dict[str, Any], change: dict[str, Any], status: int, told: str
) -> None:
    for address in ("/v1/designs/preview", "/v1/designs"):
        answer = anna.post(address, json={"pattern": pattern["id"], **change})
        assert (answer.status_code, answer.json()["message"][-1]) == (status, "."), answer.text
        assert told in answer.json()["message"]


def test_another_seller_gets_nothing_of_a_pattern(
    anna: TestClient, bert: TestClient, pattern: dict[str, Any], dress_kept: dict[str, Any]
) -> None:
    asked = {"pattern": pattern["id"]}
    for address in ("/v1/designs/preview", "/v1/designs"):
        assert bert.post(address, json=asked).status_code == 404
    address = f"/v1/designs/{dress_kept['id']}"
    assert anna.get(f"{address}/picture").status_code == 200
    for path in (address, f"{address}/picture", f"/v1/garments/{dress_kept['id']}/photo"):
        assert bert.get(path).status_code == 404
    assert bert.put(address, json=asked).status_code == 404
    assert bert.post("/v1/jobs", json={"garment_id": dress_kept["id"], "shots": [{}]}).status_code == 404
    assert bert.get("/v1/designs").json() == []
