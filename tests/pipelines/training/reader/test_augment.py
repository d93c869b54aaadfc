"""Views for training the garment reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.training.reader.augment import close_view, training_view, without_garment
from pipelines.training.reader.samples import Sample
from pipelines.training.reader.synthetic.sample import draw_sample
from vmodel.garment.recognition.closeup import closeup
from vmodel.garment.recognition.network import CHOICES, CLOSE, CLOSE_SIZE, LANDMARKS, PARTS


def drawn(has_neck: bool) -> Sample:
    """Draw the first garment with a neck, or without."""
    samples = (draw_sample(np.random.default_rng(seed)) for seed in range(100))
    return next(each for each in samples if np.isfinite(each.points[LANDMARKS.index("neck_left")]).all() == has_neck)


@pytest.mark.parametrize("seed", range(6))
def test_a_view_of_nothing_has_no_garment_in_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = training_view(without_garment(drawn(has_neck=True), rng), 96, rng)
    assert view.mask.max() == 0
    assert (view.parts == PARTS.index("background")).all()
    assert np.isnan(view.points).all()
    assert dict(zip(CHOICES, view.choices, strict=True))["category"] == CHOICES["category"].index("none")


def test_ground_is_taken_from_beside_the_garment() -> None:
    right = np.arange(200)[None, :] >= np.full((200, 1), 100)
    rgb = np.where(right[..., None], np.array([200, 0, 0], np.uint8), np.array([0, 200, 0], np.uint8))
    sample = replace(drawn(has_neck=True), rgb=rgb, mask=right.astype(np.float32), is_drawn=False)
    seen = [without_garment(sample, np.random.default_rng(seed)).rgb for seed in range(40)]
    grounds = [rgb for rgb in seen if (rgb == (0, 200, 0)).all()]
    assert len(grounds) > 5
    assert not any((rgb == (200, 0, 0)).all(axis=2).mean() > 0.1 for rgb in seen)


def test_a_close_up_shows_the_neck_upright_whatever_way_the_garment_lies() -> None:
    upright = {"neck_left": (60.0, 40.0), "neck_right": (40.0, 40.0), "shoulder_left": (80.0, 45.0),
               "shoulder_right": (20.0, 45.0), "neck_front": (50.0, 55.0)}  # fmt: skip
    for quarters in range(4):
        turn = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), quarters)
        points = {name: turn @ np.array(at) for name, at in upright.items()}
        affine = closeup(points)
        assert affine is not None
        seen = {name: affine[:, :2] @ at + affine[:, 2] for name, at in points.items()}
        assert seen["neck_left"][0] > CLOSE_SIZE / 2 > seen["neck_right"][0]
        assert seen["neck_front"][1] > seen["neck_left"][1]
        assert all((at > 0).all() and (at < CLOSE_SIZE).all() for at in seen.values())


def test_close_ups_say_what_is_known_of_the_neck_and_others_are_not_made() -> None:
    sample, rng = drawn(has_neck=True), np.random.default_rng(0)
    close = close_view(sample, rng)
    assert close is not None
    picture, choices = close
    assert picture.shape == (CLOSE_SIZE, CLOSE_SIZE, 3)
    assert [CHOICES[name][index] for name, index in zip(CLOSE, choices, strict=True) if index >= 0] == [
        sample.choices[name] for name in CLOSE if name in sample.choices
    ]
    assert close_view(drawn(has_neck=False), rng) is None
