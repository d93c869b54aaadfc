"""One finished shot, published by an installation of the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vmodel.config import Settings
from vmodel.publish import Holder, Published, Publisher
from vmodel.rights.certificate import Terms, WeightsUsed
from vmodel.rights.verify import Verifier
from vmodel.take import Photograph, Shot
from vmodel.types import ByteArray

WEIGHTS = (WeightsUsed("garment_silhouette.safetensors", "Apache-2.0", "60a5"),)
SELLER = Holder("seller-a", "Atelier Ångström & Söhne", Terms(), "job-7")


def weights_of(pipeline: str) -> tuple[WeightsUsed, ...]:
    if pipeline == "research":
        return (*WEIGHTS, WeightsUsed("someone/else", "CC-BY-NC-4.0", "abc", research_only=True))
    return WEIGHTS


def worn_picture(column: int) -> ByteArray:
    """One of README's pictures: (640, 480, 3)."""
    with Image.open(Path(__file__).resolve().parents[2] / "docs" / "pictures" / "worn.jpg") as opened:
        left, bottom = 480 * column, opened.height
        return np.asarray(opened.convert("RGB").crop((left, bottom - 640, left + 480, bottom)))


@pytest.fixture(scope="session")
def worn_shot(tee_shot: Shot) -> Shot:
    """A shot whose picture is large enough for a mark and cheap to have."""
    return replace(tee_shot, photograph=Photograph(worn_picture(0), "draft"))


@pytest.fixture(scope="session")
def other_shot(tee_shot: Shot) -> Shot:
    """Another picture."""
    return replace(tee_shot, photograph=Photograph(worn_picture(1), "draft"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", public_url="https://shop.example")


@pytest.fixture
def publisher(settings: Settings) -> Publisher:
    return Publisher(settings, weights_of)


@pytest.fixture
def verifier(publisher: Publisher) -> Verifier:
    assert publisher.authority  # made before anybody asks
    return Verifier(publisher.settings, publisher.database)


@pytest.fixture
def publish(publisher: Publisher, worn_shot: Shot) -> Callable[[str], Published]:
    return lambda file_format: publisher.publish(worn_shot, file_format, SELLER)
