"""The operator's desk on the command line: models, consents, reviews."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.cli.main import run
from tests.rights.conftest import weights_of
from vmodel.config import Settings
from vmodel.publishing.publisher import Publisher
from vmodel.rights.admission.brand_words import read_words
from vmodel.rights.fingerprint.film_frames import FrameSampler, register_film
from vmodel.shot.pipeline_interface import Shot


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.strip()


def test_a_model_is_reserved_listed_and_released(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rights", "reserve", "wm-ines", "--seller", "anna"]) == 0
    assert said(capsys).startswith("wm-ines: reserved for anna")
    assert run(["rights", "reserve", "wm-ines"]) == 2
    assert "model_reserved" in capsys.readouterr().err
    assert run(["rights", "reserved", "--json"]) == 0
    assert [row["seller"] for row in json.loads(said(capsys))] == ["anna"]
    assert run(["rights", "release", "wm-ines"]) == 0
    assert run(["rights", "release", "wm-ines"]) == 2


def test_a_consent_is_noted_with_its_contract_and_withdrawn(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = house / "contract.pdf"
    asked = ["rights", "consent", "add", "wm-like", "--person", "Agency no. 17", "--document", str(contract)]
    asked += ["--purpose", "shop pictures", "--pay", "200 EUR", "--until", "2035-01-31", "--scope", "shopify"]
    assert run(asked) == 2
    contract.write_bytes(b"signed")
    assert run(asked) == 0
    consent = said(capsys)
    assert run(["rights", "consent", "list", "--json"]) == 0
    (shown,) = json.loads(said(capsys))
    assert (shown["id"], shown["scope"], shown["state"]) == (consent, "shopify", "noted")
    assert run(["rights", "consent", "withdraw", consent]) == 0
    assert run(["rights", "consent", "withdraw", "0" * 32]) == 2


def test_a_brand_on_a_photo_is_read_shown_and_refused(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, shown = house / "photo.png", house / "shown.jpg"
    image = Image.new("RGB", (480, 480), (205, 205, 208))
    font = ImageFont.load_default(60)
    ImageDraw.Draw(image).text((240, 220), "BURBERRY", fill=(30, 40, 90), font=font, anchor="mm")
    image.save(photo)
    assert [text for text, _ in read_words(np.asarray(image))] == ["BURBERRY"]
    assert run(["rights", "check", str(photo), "--json"]) == 1
    found = json.loads(said(capsys))
    assert (found["state"], found["findings"][0]["evidence"]["name"]) == ("waiting", "burberry")
    assert run(["rights", "review", "list"]) == 0
    assert "burberry" in said(capsys)
    assert run(["rights", "review", "show", found["id"], "--out", str(shown)]) == 0
    assert shown.read_bytes().startswith(b"\xff\xd8")
    assert run(["rights", "review", "approve", found["id"]]) == 0
    assert run(["rights", "check", str(photo)]) == 0
    assert run(["rights", "review", "refuse", found["id"], "--note", "no licence"]) == 0
    assert run(["rights", "review", "list", "--state", "refused", "--json"]) == 0
    assert json.loads(said(capsys).splitlines()[-1])["note"] == "no licence"
    assert run(["rights", "review", "list", "--state", "lost"]) == 2
    assert run(["rights", "attest", "--by", "anna"]) == 0


def test_a_file_that_is_no_detector_is_refused(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rights", "detector", str(house / "missing.whl")]) == 2
    assert "detector_invalid" in capsys.readouterr().err


def test_a_copys_manifest_is_written_to_a_file(
    house: Path, worn_shot: Shot, other_shot: Shot, capsys: pytest.CaptureFixture[str]
) -> None:
    published = Publisher(Settings(), weights_of).publish(worn_shot, "png")
    copy, out = house / "copy.jpg", house / "lost.c2pa"
    Image.fromarray(published.picture).save(copy, quality=85)
    assert run(["verify", str(copy), "--manifest", str(out)]) == 1
    assert said(capsys).startswith("copy: ")
    assert out.read_bytes() in published.content
    stranger = house / "stranger.jpg"
    Image.fromarray(other_shot.picture).save(stranger)
    assert run(["verify", str(stranger), "--manifest", str(house / "none.c2pa")]) == 1
    assert not (house / "none.c2pa").exists()
    assert run(["verify", str(copy), str(copy), "--manifest", str(out)]) == 2
    assert "one FILE" in capsys.readouterr().err


def test_the_second_of_a_film_is_said(
    house: Path, worn_shot: Shot, other_shot: Shot, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = Publisher(Settings(), weights_of)
    licence = publisher.publish(worn_shot, "png").licence
    sampler = FrameSampler([other_shot.picture] * 2, 25)
    assert sum(1 for _ in sampler) == 2
    register_film(publisher.database, publisher.originals, licence.id, sampler.kept)
    taken = house / "taken.jpg"
    Image.fromarray(other_shot.picture).save(taken)
    assert run(["verify", str(taken), "--json"]) == 1
    found = json.loads(said(capsys))
    assert (found["verdict"], found["film_second"], found["at_second"]) == ("copy", 0.0, None)
    assert run(["trace", str(taken)]) == 0
    assert "film second: 0.0" in said(capsys)
