"""Training data of surfaces: labels on photos, views of garments, and the questions put to the network."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.surface import SURFACES, LabelledSurface, fit, read_surfaces, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import SURFACE, SURFACE_SIZE, GarmentReaderNet, load_network
from vmodel.types import ByteArray, FloatArray

OUTLINE, BADGE, LINING = (
    np.array(corners, float)
    for corners in (
        [[150, 100], [450, 100], [450, 520], [150, 520]],
        [[240, 200], [330, 200], [330, 290], [240, 290]],
        [[200, 480], [400, 480], [400, 521], [200, 521]],
    )
)
CELLS = SURFACE_SIZE // 4


def photo_of_a_badge(seed: int = 0) -> ByteArray:
    """Draw light cloth on a brown ground, a blue badge on it, and a dark lining below its hem."""
    rgb = np.full((600, 600, 3), (120, 90, 60), np.uint8)
    for polygon, colour in ((OUTLINE, (215, 215, 210)), (BADGE, (60, 70, 160)), (LINING, (40, 38, 40))):
        cv2.fillPoly(rgb, [np.round(polygon).astype(np.int32)], colour)
    return np.clip(rgb + np.random.default_rng(seed).normal(0, 4, rgb.shape), 0, 255).astype(np.uint8)


def surface(seed: int = 0) -> LabelledSurface:
    mask = np.zeros((600, 600), np.uint8)
    cv2.fillPoly(mask, [np.round(OUTLINE).astype(np.int32)], 255)
    scale = SURFACE_SIZE / 500
    affine = np.array([[scale, 0, -50 * scale], [0, scale, -60 * scale]])
    return LabelledSurface("badge.png", photo_of_a_badge(seed), mask, affine, (BADGE,), (LINING,))


def shown(view: FloatArray, what: str) -> FloatArray:
    return np.asarray(view[SURFACE.index(what)])


def test_labels_name_photos_that_are_learnt_from_and_lie_in_them() -> None:
    lines = [json.loads(line) for line in SURFACES.read_text().splitlines()]
    assert len(lines) > 300
    for line in lines:
        assert line["photo"].startswith("home/train/")  # validation photos are only for measuring
        assert line["print"] in {"none", "some", "all"}
        assert bool(line["areas"]) == (line["print"] == "some")
        for polygon in (*line["areas"], *line["foreign"]):
            places = np.array(polygon)
            assert len(places) >= 3
            assert (places > -0.05).all()
            assert (places < 1.05).all()


def test_a_photo_is_read_round_its_garment_and_polygons_lie_where_they_were_drawn(tmp_path: Path) -> None:
    Image.fromarray(np.kron(photo_of_a_badge(), np.ones((3, 3, 1), np.uint8))).save(tmp_path / "badge.png")
    label = {"photo": "badge.png", "print": "some", "areas": [(BADGE / 600).tolist()], "foreign": []}
    everywhere = {**label, "print": "all", "areas": []}
    labels = tmp_path / "surface.jsonl"
    labels.write_text("".join(json.dumps(each) + "\n" for each in (label, label | {"photo": "gone.png"}, everywhere)))
    read, printed = read_surfaces(load_network(Settings().weights), tmp_path, labels)
    assert printed.prints is None
    assert read.prints is not None
    x, y = np.round(read.prints[0].mean(0)).astype(int)
    assert read.rgb[y, x, 2] > read.rgb[y, x, 0] + 60
    picture, told, _ = view_of(read, None)
    blue = picture[..., 2].astype(int) - picture[..., 0] > 60
    where = cv2.resize(np.float32(blue), (CELLS, CELLS), interpolation=cv2.INTER_AREA) > 0.9
    assert where.sum() > 20
    assert shown(told, "print")[where].mean() > 0.95
    away = cv2.dilate(where.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert shown(told, "print")[away].max() < 0.05


def test_a_view_and_its_goal_show_the_badge_and_the_lining_where_they_are() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        picture, told, asked = view_of(surface(), rng)
        tone = cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        own = (shown(told, "print") < 0.05) & (shown(asked, "print") > 0.95)
        badge = (shown(told, "print") > 0.95) & (shown(asked, "print") > 0.95)
        lining = (shown(told, "foreign") > 0.95) & (shown(asked, "foreign") > 2)
        assert tone[badge].mean() < 0.75 * tone[own].mean()
        assert tone[lining].mean() < 0.5 * tone[own].mean()
        assert not shown(asked, "print")[lining].any()  # prints are asked only of cloth


@pytest.mark.slow
def test_layers_for_surfaces_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.surface.load_state_dict(GarmentReaderNet().surface.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit(network, [surface(seed) for seed in range(4)], np.random.default_rng(0), views=16)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("surface.") for name in changed)
    picture, goal, asked = view_of(surface(9), None)
    with torch.inference_mode():
        told = network.surface_of(as_pictures([picture]))[0].sigmoid().numpy()
    for what in SURFACE:
        known = shown(asked, what) > 0.9
        truth, answer = (shown(each, what)[known] > 0.5 for each in (goal, told))
        assert (truth & answer).sum() / (truth | answer).sum() > 0.7
