"""Uploaded drawings and patterns: no parser of them runs in the process of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vmodel.garment.sewing.formats import dxf, garmentcode, load
from vmodel.garment.vector import curves, svg_sanitiser

FLAT = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 0L9 9L0 9Z" fill="#b8402c"/></svg>'
EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


@pytest.fixture
def _parsers_here_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise AssertionError("a stranger's file was parsed in this process")

    for module, name in (
        (svg_sanitiser, "iterparse"),
        (svg_sanitiser, "_checked_style"),
        (curves, "_commands"),
        (dxf, "read_blocks"),
        (garmentcode, "_piece"),
        (load, "joined_pattern"),
    ):
        monkeypatch.setattr(module, name, fail)


@pytest.mark.usefixtures("_parsers_here_fail")
def test_drawings_and_patterns_are_parsed_in_other_processes(anna: TestClient) -> None:
    flat = anna.post("/v1/flats", files={"file": ("flat.svg", FLAT)})
    assert flat.status_code == 201, flat.text
    assert flat.json()["colours"] == ["#b8402c"]
    assert anna.post("/v1/prints", files={"file": ("print.svg", FLAT)}).status_code == 201
    for name in ("dress-pattern.dxf", "dress-pattern.svg"):
        taken = anna.post("/v1/patterns", files={"file": (name, (EXAMPLES / name).read_bytes())})
        assert taken.status_code == 201, taken.text
    drawn = anna.post("/v1/designs/preview", json={"flat": flat.json()["id"]})
    assert drawn.status_code == 200, drawn.text


@pytest.mark.usefixtures("_parsers_here_fail")
@pytest.mark.parametrize(
    ("address", "name", "content", "reason"),
    [
        ("/v1/flats", "flat.svg", b"<svg", "cannot be drawn"),
        ("/v1/prints", "print.svg", b"<svg><script/></svg>", "cannot be drawn"),
        ("/v1/patterns", "a.dxf", b"no drawing", "it is no DXF"),
        ("/v1/patterns", "a.json", json.dumps({"pattern": {"panels": {}}}).encode(), "it has 0 panels"),
    ],
)
def test_the_reason_of_a_refusal_comes_from_there(
    address: str, name: str, content: bytes, reason: str, anna: TestClient
) -> None:
    answer = anna.post(address, files={"file": (name, content)})
    assert answer.status_code == 422, answer.text
    assert reason in answer.json()["message"]


LOOP = '{{"pattern": {{"panels": {{"{name}": {panel}}}, "stitches": []}}, "properties": {{"units_in_meter": {units}}}}}'
PANEL = (
    '{"vertices": [[0, 0], [40, 0], [40, 40], [0, 40]], "translation": [0, 0, 10], "rotation": [0, 0, 0], "edges": '
    '[{"endpoints": [0, 1]}, {"endpoints": [1, 2]}, {"endpoints": [2, 3]}, {"endpoints": [3, 0]}]}'
)
POINT = (
    '{"vertices": [[0, 0], [0, 0]], "translation": [0, 0, 10], "rotation": [0, 0, 0], "edges": [{"endpoints": [0, 1]}]}'
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LOOP.format(name="front", panel=PANEL, units=0), "no GarmentCode file"),
        (LOOP.format(name="front", panel=PANEL, units="1e-320"), "no GarmentCode file"),
        (LOOP.format(name="front", panel=POINT, units=100), "fewer than three corners"),
        (LOOP.format(name="\\ud800", panel=PANEL, units=100), "half a character"),
        (LOOP.format(name="\\u0000", panel=PANEL, units=100), "half a character"),
    ],
)
def test_a_pattern_of_no_size_or_without_a_name_that_can_be_written_is_refused(
    content: str, reason: str, anna: TestClient
) -> None:
    answer = anna.post("/v1/patterns", files={"file": ("a.json", content.encode())})
    assert answer.status_code == 422, answer.text
    assert reason in answer.json()["message"]


PAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="90cm" height="90cm" viewBox="0 0 {view}">{inside}</svg>'
LONG = "a" * 500_000


@pytest.mark.parametrize(
    ("address", "name", "content"),
    [
        ("/v1/patterns", "a.svg", PAGE.format(view="9 9", inside=f'<g id="piece-a"><polygon points="{LONG}"/></g>')),
        ("/v1/patterns", "a.json", LOOP.format(name=LONG, panel=PANEL, units=100)),
        ("/v1/patterns", "a.json", LOOP.format(name=f"front {LONG[:300]}", panel=PANEL, units=100)),
        ("/v1/flats", "a.svg", PAGE.format(view="9 9", inside=f"<{LONG}/>")),
    ],
)
def test_a_refusal_quotes_little_of_a_long_text(address: str, name: str, content: str, anna: TestClient) -> None:
    answer = anna.post(address, files={"file": (name, content.encode())})
    assert answer.status_code == 422, answer.text[:1000]
    assert len(answer.text) < 2000


def test_a_drawing_of_next_to_no_size_is_refused(anna: TestClient) -> None:
    drawn = PAGE.format(view="1e-320 1e-320", inside='<rect width="9" height="9"/>')
    answer = anna.post("/v1/flats", files={"file": ("a.svg", drawn.encode())})
    if answer.status_code == 201:
        answer = anna.post("/v1/designs/preview", json={"flat": answer.json()["id"]})
    assert answer.status_code == 422, answer.text
    assert "it has no size" in answer.json()["message"]


def test_a_piece_whose_id_escapes_half_a_character_keeps_it_as_written(anna: TestClient) -> None:
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg" width="9cm" viewBox="0 0 9 9"><g id="piece-a_xD800_"/></svg>'
    answer = anna.post("/v1/patterns", files={"file": ("a.svg", drawn)})
    assert answer.status_code == 422
    assert "a_xD800_" in answer.json()["message"]


def test_a_period_in_other_digits_is_no_period(anna: TestClient) -> None:
    answer = anna.get("/v1/usage/statement", params={"period": "٢٠٢٦-11", "form": "csv"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "period_invalid"
