"""Training data of white cloth: labels, views at other exposures and on paper, a layer that tells it from grey."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.exposure import on_paper
from pipelines.training.reader.layers.whites import (
    ON_PAPER,
    VIEWS,
    WHITES,
    NeutralGarment,
    fit,
    read_whites,
    views_of,
)
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.delighting.exposure import WHITE
from vmodel.garment.recognition.network import GarmentReaderNet, load_network
from vmodel.types import ByteArray

ROWS, COLUMNS = slice(80, 240), slice(60, 200)
"""Where the garment lies."""


def room(cloth: float, light: float, seed: int = 0) -> ByteArray:
    """Return a photo of cloth that reflects so much, on boards, in a room of so much light."""
    rng = np.random.default_rng(seed)
    reflected = np.repeat(rng.uniform(0.1, 0.3, (10, 1)), 32, axis=0)[..., None] * np.array([1.0, 0.7, 0.45])
    photo = np.broadcast_to(reflected, (320, 260, 3)).copy()
    photo[ROWS, COLUMNS] = cloth
    return to_srgb(photo * light)


def garment(white: bool, light: float, seed: int = 0) -> NeutralGarment:
    cloth = 0.8 if white else 0.3
    mask = np.zeros((320, 260), np.float32)
    mask[ROWS, COLUMNS] = 1
    return NeutralGarment("room.jpg", room(cloth, light, seed), mask, float(np.log2(WHITE / cloth / light)), white)


def test_labels_name_photos_that_are_learnt_from() -> None:
    lines = [json.loads(line) for line in WHITES.read_text().splitlines()]
    assert len(lines) > 500
    assert len({line["photo"] for line in lines}) == len(lines)
    assert 0.3 < np.mean([line["white"] for line in lines]) < 0.7
    assert all(line["photo"].startswith("home/train/") for line in lines)  # validation photos are only for measuring


def test_a_white_garment_is_as_dark_as_its_room(tmp_path: Path, examples: Path) -> None:
    picture = np.asarray(Image.open(examples / "logo-tee.jpg").convert("RGB"))
    for name, stops in (("bright.png", 0.0), ("dim.png", -1.0)):
        Image.fromarray(to_srgb(to_linear(picture) * 2**stops)).save(tmp_path / name)
    labels = tmp_path / "whites.jsonl"
    lines = [{"photo": name, "white": True} for name in ("bright.png", "dim.png", "gone.png")]
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    bright, dim = read_whites(load_network(Settings().weights), tmp_path, labels)
    assert dim.white
    assert dim.stops - bright.stops == pytest.approx(1.0, abs=0.1)


def test_every_view_of_a_garment_has_its_label_and_paper_shows_white_cloth_white() -> None:
    for white in (True, False):
        shown = views_of(garment(white, 0.4), np.random.default_rng(0))
        assert len(shown) == VIEWS + ON_PAPER
        assert {float(value[0]) for _, value in shown} == {float(white)}
    paper = on_paper(garment(True, 0.4), np.random.default_rng(0))
    cloth = np.median(to_linear(paper.rgb[ROWS, COLUMNS]))
    assert cloth == pytest.approx(WHITE * 2**-paper.stops, abs=0.02)


@pytest.mark.slow
def test_a_layer_for_white_cloth_learns_and_leaves_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.white.load_state_dict(GarmentReaderNet().white.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    rng = np.random.default_rng(0)
    lights = rng.uniform(0.3, 0.9, 24)
    fit(network, [garment(bool(n % 2), light, n) for n, light in enumerate(lights)], rng)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("white.") for name in changed)
    white, grey = (
        network(as_pictures([views_of(garment(*each, seed=99), np.random.default_rng(0))[0][0]]))["white"][0]
        for each in ((True, 0.35), (False, 0.9))  # equally bright in their photos
    )
    assert white - grey > 1
