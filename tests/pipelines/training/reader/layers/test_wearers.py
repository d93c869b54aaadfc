"""Training data of wearers: labels, views, and layers that learn for whom a garment is made."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.wearers import WEARERS, WornPhoto, fit, read_wearers, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import load_network

EXAMPLES = Path(__file__).parents[5] / "examples"


def example(name: str) -> np.ndarray:
    picture = Image.open(EXAMPLES / name).convert("RGB")
    picture.thumbnail((320, 320))
    return np.asarray(picture)


def test_labels_name_photos_that_are_learnt_from() -> None:
    lines = [json.loads(line) for line in WEARERS.read_text().splitlines()]
    assert len(lines) > 2000
    assert len({line["photo"] for line in lines}) == len(lines)
    assert all(line["photo"].startswith("home/train/") for line in lines)  # validation photos are only for measuring


def test_people_who_disagree_give_each_of_their_words_a_share_and_lost_photos_are_left_out(tmp_path: Path) -> None:
    Image.fromarray(example("logo-tee.jpg")).save(tmp_path / "here.png")
    lines = [{"photo": name, "made_for": ["adult", "man"]} for name in ("here.png", "gone.png")]
    (tmp_path / "wearers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (read,) = read_wearers(tmp_path, tmp_path / "wearers.jsonl")
    assert read.shares.tolist() == [0.25, 0.75, 0, 0]


def test_views_of_a_photo_differ() -> None:
    photo = WornPhoto(example("logo-tee.jpg"), np.array([0, 1, 0, 0]))
    views = [view_of(photo, None), *(view_of(photo, np.random.default_rng(seed)) for seed in range(3))]
    assert len({view.tobytes() for view in views}) == 4


@pytest.mark.slow
def test_layers_learn_for_whom_garments_are_made() -> None:
    network = copy.deepcopy(load_network(Settings().weights))
    known = [
        WornPhoto(example("logo-tee.jpg"), np.array([0, 1.0, 0, 0])),
        WornPhoto(example("summer-shorts.jpg"), np.array([0, 0, 1.0, 0])),
    ] * 24
    torch.manual_seed(0)
    before = network.encoder.state_dict()["_conv_stem.weight"].clone()
    fit(network, iter(known), np.random.default_rng(0))
    with torch.no_grad():
        answer = network(as_pictures([view_of(photo, None) for photo in known[:2]]))["made_for"]
    assert answer.argmax(1).tolist() == [1, 2]
    assert torch.equal(network.encoder.state_dict()["_conv_stem.weight"], before)
