"""Training data of illuminants: neutral garments, views in light of other colours, and layers that see it."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers import illuminant
from pipelines.training.reader.layers.illuminant import NEUTRALS, NeutralPhoto, fit, on_paper, read_neutrals, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.recognition.network import GarmentReaderNet, load_network
from vmodel.types import ByteArray, FloatArray

EXAMPLE = Path(__file__).parents[5] / "examples" / "summer-shorts.jpg"


def example(illuminant: FloatArray) -> ByteArray:
    """Return an example's photo, its light changed."""
    picture = Image.open(EXAMPLE).convert("RGB")
    picture.thumbnail((320, 320))
    return to_srgb(to_linear(np.asarray(picture)) * np.exp([illuminant[0], 0.0, illuminant[1]]))


def neutral_photo(rgb: ByteArray, illuminant: FloatArray) -> NeutralPhoto:
    mask = np.zeros(rgb.shape[:2], np.float32)
    mask[80:240, 60:200] = 1
    return NeutralPhoto("example.jpg", rgb, mask, illuminant)


def test_labels_name_photos_that_are_learnt_from() -> None:
    lines = [json.loads(line) for line in NEUTRALS.read_text().splitlines()]
    assert len(lines) > 500
    assert len({line["photo"] for line in lines}) == len(lines)
    assert {line["colour"] for line in lines} == {"white", "grey", "black"}
    assert all(line["photo"].startswith("home/train/") for line in lines)  # validation photos are only for measuring


def test_the_colour_of_white_cloth_is_that_of_its_light(tmp_path: Path) -> None:
    white = np.full((600, 600, 3), (70, 60, 50), np.uint8)
    cv2.fillPoly(white, [np.array([[180, 120], [420, 120], [430, 500], [170, 500]])], (200, 200, 200))
    light = np.array([0.2, -0.3])
    photo = to_srgb(to_linear(white) * np.exp([light[0], 0, light[1]]))
    Image.fromarray(photo).save(tmp_path / "warm.png")
    labels = tmp_path / "neutrals.jsonl"
    lines = [{"photo": name, "colour": "white"} for name in ("warm.png", "gone.png")]
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (read,) = read_neutrals(load_network(Settings().weights), tmp_path, labels)
    assert read.illuminant == pytest.approx(light, abs=0.03)


def test_a_view_in_other_light_has_that_light() -> None:
    neutral = neutral_photo(example(np.zeros(2)), np.array([0.1, 0.05]))
    plain, _ = view_of(neutral, None)
    view, light = view_of(neutral, np.random.default_rng(2))
    change = to_linear(view).mean((0, 1)) / to_linear(plain).mean((0, 1))
    seen = np.log([change[0] / change[1], change[2] / change[1]])
    assert light - neutral.illuminant == pytest.approx(seen, abs=0.03)


def test_white_paper_has_the_colour_of_its_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illuminant, "_PAPER", (0.4, 0.6))  # nothing is burnt out
    neutral = neutral_photo(np.full((300, 260, 3), 90, np.uint8), np.array([0.3, -0.3]))
    papers = [on_paper(neutral, np.random.default_rng(seed)) for seed in range(12)]
    assert sum(bool(paper.illuminant.any()) for paper in papers) > 3
    for paper in papers:
        corner = to_linear(paper.rgb[:20, :20]).mean((0, 1))
        seen = np.log([corner[0] / corner[1], corner[2] / corner[1]])
        assert seen == pytest.approx(paper.illuminant, abs=0.02)
        assert (paper.rgb[150, 130] == 90).all()


@pytest.mark.slow
def test_layers_for_illuminants_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.illuminant.load_state_dict(GarmentReaderNet().illuminant.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    rng = np.random.default_rng(0)
    lights = rng.normal(0, 0.15, (24, 2))
    fit(network, [neutral_photo(example(light), light) for light in lights], rng)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("illuminant.") for name in changed)
    warm, cool = (
        network(as_pictures([view_of(neutral_photo(example(light), light), None)[0]]))["illuminant"][0]
        for light in (np.array([0.2, -0.2]), np.array([-0.2, 0.2]))
    )
    assert warm[0] - cool[0] > 0.2
    assert cool[1] - warm[1] > 0.2
