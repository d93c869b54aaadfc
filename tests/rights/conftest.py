"""Fixtures of the rights' tests: one finished shot, published by a separate installation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.files import sha256_of
from vmodel.publishing.publisher import Holder, Published, Publisher
from vmodel.rights.licence.certificate import Terms, WeightsUsed
from vmodel.rights.verification.verifier import Verifier
from vmodel.shot.pipeline_interface import GarmentReading, GeneratedImage, Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.types import (
    ByteArray,
    Category,
    ConditionMaps,
    Cutout,
    Drape,
    DrapeReport,
    FitReport,
    FlatLay,
    Garment,
    GarmentKind,
    Landmarks,
    Length,
    Neckline,
    Sleeve,
)

ROOT = Path(__file__).resolve().parents[2]

WEIGHTS = (WeightsUsed("garment_reader.safetensors", "Apache-2.0", "60a5"),)
SELLER = Holder("seller-a", "Atelier Ångström & Söhne", Terms(), "job-7")


def weights_of(pipeline: str) -> tuple[WeightsUsed, ...]:
    if pipeline == "research":
        return (*WEIGHTS, WeightsUsed("someone/else", "CC-BY-NC-4.0", "abc", research_only=True))
    return WEIGHTS


def worn_picture(column: int) -> ByteArray:
    """Return one of README's pictures: (640, 480, 3)."""
    with Image.open(ROOT / "docs" / "pictures" / "worn.jpg") as opened:
        left, bottom = 480 * column, opened.height
        return np.asarray(opened.convert("RGB").crop((left, bottom - 640, left + 480, bottom)))


def drawn_shot(picture: ByteArray, made_by: str = "draft") -> Shot:
    """Return a shot of the bundled T-shirt with this picture; no model is dressed for it."""
    photo = ROOT / "examples" / "logo-tee.jpg"
    with Image.open(photo) as opened:
        flat_lay = FlatLay(photo.name, sha256_of(photo), np.asarray(opened.convert("RGB")))
    kind = GarmentKind(Category.TOP, 0.97, Sleeve.SHORT, Neckline.CREW, Length.HIP)
    cutout = Cutout(np.ones(flat_lay.rgb.shape[:2], np.float32), "network", 0.9)
    garment = Garment(kind, (), (), (), {}, 0.05)
    reading = GarmentReading("tee", flat_lay, cutout, kind, Landmarks({}, {}), garment)
    nothing = np.zeros((0, 3), np.float32)
    drape = Drape(
        *(nothing, np.zeros((0, 3), np.int64), nothing[:, :2], picture[:0], picture[:0, 0, 0]),
        *(np.zeros((0, 2), np.int64), nothing[:, 0], np.zeros((0, 2), np.int64), "jersey"),
        DrapeReport(0.0, 1.0, 1.0, 1.1, 1.0, True, 100, 1, 2.0),
    )
    model = load_roster(Settings())["wm-ines"]
    fit = FitReport("regular", 8.0, None, None, 66.0, "guessed")
    request = ShotRequest(GarmentSource(photo), "wm-ines", "contrapposto", pipeline=made_by)
    maps = cast("ConditionMaps", None)
    return Shot(
        request, model, "contrapposto", reading, garment, fit, drape, maps, GeneratedImage(picture, made_by), {}
    )


@pytest.fixture(scope="session")
def worn_shot() -> Shot:
    """Return a shot whose picture is large enough for a mark."""
    return drawn_shot(worn_picture(0))


@pytest.fixture(scope="session")
def other_shot() -> Shot:
    """Return a shot with another picture."""
    return drawn_shot(worn_picture(1))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", public_url="https://shop.example")


@pytest.fixture
def publisher(settings: Settings) -> Publisher:
    return Publisher(settings, weights_of)


@pytest.fixture
def verifier(publisher: Publisher) -> Verifier:
    assert publisher.authority  # created before the first request
    return Verifier(publisher.settings, publisher.database)


@pytest.fixture
def publish(publisher: Publisher, worn_shot: Shot) -> Callable[[str], Published]:
    return lambda file_format: publisher.publish(worn_shot, file_format, SELLER)
