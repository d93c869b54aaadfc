"""Training data of outlines: labels on photos, views of garments, and trims of other colours along their edges."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.outline import (
    OUTLINES,
    LabelledOutline,
    coarse_mask,
    filled,
    fit,
    read_agreed,
    read_outlines,
    trimmed,
    view_of,
)
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import SURFACE_SIZE, GarmentReaderNet, load_network
from vmodel.types import ByteArray

CORNERS = np.array([[150, 100], [450, 100], [450, 520], [150, 520]])
STRIPE = np.array([[420, 100], [450, 100], [450, 520], [420, 520]])


def photo_of_a_striped_side(seed: int = 0) -> tuple[ByteArray, ByteArray]:
    """Draw navy cloth with a white stripe at its right edge on a grey ground; return the photo and its mask."""
    rgb, mask = np.full((600, 600, 3), (150, 150, 145), np.uint8), np.zeros((600, 600), np.uint8)
    cv2.fillPoly(rgb, [CORNERS], (35, 40, 80))
    cv2.fillPoly(rgb, [STRIPE], (235, 235, 235))
    cv2.fillPoly(mask, [CORNERS], 255)
    return np.clip(rgb + np.random.default_rng(seed).normal(0, 4, rgb.shape), 0, 255).astype(np.uint8), mask


def outline(seed: int = 0) -> LabelledOutline:
    rgb, mask = photo_of_a_striped_side(seed)
    scale = SURFACE_SIZE / 500
    affine = np.array([[scale, 0, -50 * scale], [0, scale, -60 * scale]])
    return LabelledOutline("stripe.png", rgb, mask, np.full((600, 600), 255, np.uint8), affine)


def test_labels_name_photos_that_are_learnt_from_and_lie_in_them() -> None:
    lines = [json.loads(line) for line in OUTLINES.read_text().splitlines()]
    assert len(lines) > 300
    assert len({line["photo"] for line in lines}) == len(lines)
    for line in lines:
        assert line["photo"].startswith("home/train/")  # validation photos are only for measuring
        assert 0.01 < (filled(line["outline"], (200, 200)) > 0).mean() < 0.99
        for ring in (*line["outline"], *line["unsure"]):
            places = np.array(ring)
            assert len(places) >= 3
            assert (places > -10).all()
            assert (places < 1010).all()


def test_a_hole_is_no_garment_and_what_is_unsure_is_not_asked(tmp_path: Path) -> None:
    photo, _ = photo_of_a_striped_side()
    Image.fromarray(photo).save(tmp_path / "stripe.png")
    hole = [[400, 400], [500, 400], [500, 500], [400, 500]]
    label = {"photo": "stripe.png", "outline": [(CORNERS / 0.6).tolist(), hole], "unsure": [hole]}
    labels = tmp_path / "outlines.jsonl"
    labels.write_text("".join(json.dumps(each) + "\n" for each in (label, label | {"photo": "gone.png"})))
    (read,) = read_outlines(load_network(Settings().weights), tmp_path, labels)
    height, width = read.mask.shape
    assert read.mask[round(0.45 * height), round(0.45 * width)] == 0
    assert read.asked[round(0.45 * height), round(0.45 * width)] == 0
    assert read.mask[round(0.3 * height), round(0.72 * width)] == 255  # the stripe is cloth
    assert read.mask[round(0.3 * height), round(0.9 * width)] == 0


def test_photos_where_the_teacher_saw_something_else_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "train" / "t-shirt"
    folder.mkdir(parents=True)
    (folder.parent / "shoes").mkdir()
    example = Image.open(Path(__file__).parents[5] / "examples" / "logo-tee.jpg").convert("RGB")
    example.thumbnail((640, 640))
    network = load_network(Settings().weights)
    seen = np.uint8(255 * (coarse_mask(network, np.asarray(example)) > 0.5))
    half = seen.copy()
    half[: seen.shape[0] // 2] = 0
    masks = {"agreed": seen, "other": half, "known": seen, "struck": seen, "corrected": seen, "../shoes/no": seen}
    for name, mask in masks.items():
        example.save(folder / f"{name}.jpg")
        Image.fromarray(mask).save(folder / f"{name}.mask.png")
    example.save(folder / "unmasked.jpg")
    (folder / "struck.bad").touch()
    (folder / "corrected.corrected.png").touch()
    (agreed,) = read_agreed(network, tmp_path, ["home/train/t-shirt/known.jpg"])
    assert agreed.photo == "agreed.jpg"
    assert (agreed.asked == 255).all()


def test_a_view_and_its_goal_show_the_garment_where_it_is() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        picture, told, asked = view_of(outline(), rng)
        tone = cv2.resize(picture, told.shape, interpolation=cv2.INTER_AREA).mean(2)
        assert told[:6, :6].max() == told[-6:, -6:].max() == 0
        assert tone[told > 0.99].mean() < 0.7 * tone[told < 0.01].mean()
        assert told.max() == 1
        assert asked.max() > asked.min() > 0  # the edge counts more than what lies far from it


def test_a_trim_is_drawn_on_the_garment_only() -> None:
    rgb, mask = photo_of_a_striped_side()
    changed = np.zeros(mask.shape, bool)
    for seed in range(12):
        changed |= (trimmed(rgb, mask > 127, np.random.default_rng(seed)) != rgb).any(2)
    assert changed[mask > 127].mean() > 0.05
    outside = cv2.dilate(mask, np.ones((7, 7))) == 0
    assert not changed[outside].any()


@pytest.mark.slow
def test_layers_for_outlines_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.outline.load_state_dict(GarmentReaderNet().outline.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit(network, [outline(seed) for seed in range(8)], [outline(seed) for seed in range(8)], np.random.default_rng(0))
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("outline.") for name in changed)
    picture, goal, _ = view_of(outline(9), None)
    with torch.inference_mode():
        told = network.outline_of(as_pictures([picture]))[0].sigmoid().numpy()
    truth, answer = goal > 0.5, told > 0.5
    assert (truth & answer).sum() / (truth | answer).sum() > 0.85  # from random layers, whose first weights are chance
