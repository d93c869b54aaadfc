"""Labels of the drawn garments agree with one another and with the picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest

from pipelines.training.reader.samples import Sample
from pipelines.training.reader.synthetic.background import paint_ground
from pipelines.training.reader.synthetic.kinds import KINDS
from pipelines.training.reader.synthetic.sample import draw_sample, paint
from vmodel.garment.recognition.network import CHOICES, LANDMARKS, PARTS

SIDE = 128


@lru_cache(maxsize=1)
def samples() -> list[tuple[str, Sample]]:
    """Draw twelve samples of every kind."""
    found = []
    for kind, (_, draw) in KINDS.items():
        for seed in range(12):
            rng = np.random.default_rng([seed, len(kind)])
            found.append((kind, paint(rng, draw(rng), paint_ground(rng, None, SIDE))))
    return found


def landmarks(sample: Sample) -> dict[str, np.ndarray]:
    return {name: place for name, place in zip(LANDMARKS, sample.points, strict=True) if not np.isnan(place[0])}


def test_every_sample_is_whole() -> None:
    for kind, sample in samples():
        assert sample.is_drawn
        assert sample.rgb.shape == (SIDE, SIDE, 3)
        assert sample.rgb.dtype == np.uint8
        assert sample.mask is not None
        assert sample.mask.dtype == np.float32
        assert sample.mask.shape == sample.parts.shape == (SIDE, SIDE)
        assert 0 <= sample.mask.min() <= sample.mask.max() <= 1
        assert (sample.mask > 0.5).mean() > 0.01, kind
        assert sample.parts.dtype == np.uint8
        assert sample.points.dtype == sample.weight.dtype == np.float32
        assert np.array_equal(sample.weight > 0, ~np.isnan(sample.points[:, 0]))
        for attribute, value in sample.choices.items():
            assert value in CHOICES[attribute]


def test_parts_lie_within_mask_or_on_hanger() -> None:
    for kind, sample in samples():
        assert sample.mask is not None
        cloth = (sample.parts > 0) & (sample.parts != PARTS.index("hanger"))
        assert np.array_equal(cloth, sample.mask > 0.5), kind
        hanger = (sample.parts == PARTS.index("hanger")).any()
        assert hanger == (sample.choices["laid"] == "hanger"), kind


def test_landmarks_lie_on_the_garment() -> None:
    for kind, sample in samples():
        away = cv2.distanceTransform((sample.parts == 0).astype(np.uint8), cv2.DIST_L2, 5)
        for name, place in landmarks(sample).items():
            assert 0 <= place.min() <= place.max() <= SIDE, (kind, name)
            if sample.weight[LANDMARKS.index(name)] == 1:
                x, y = np.clip(place.astype(int), 0, SIDE - 1)
                assert away[y, x] < 0.03 * SIDE, (kind, name, sample.choices)


def test_left_is_on_the_viewers_right() -> None:
    for kind, sample in samples():
        places = landmarks(sample)
        for name, place in places.items():
            if name.endswith("_left") and not name.startswith(("leg_inner", "cuff")):
                assert place[0] > places[name.replace("_left", "_right")][0], (kind, name)
        for part in ("sleeve", "leg"):
            left, right = (sample.parts == PARTS.index(f"{part}_{side}") for side in ("left", "right"))
            if left.any() and right.any():
                assert np.nonzero(left)[1].mean() > np.nonzero(right)[1].mean(), kind


def test_attributes_agree_with_parts_and_landmarks() -> None:
    for kind, sample in samples():
        choices, places, seen = sample.choices, landmarks(sample), set(np.unique(sample.parts))
        has = {name: PARTS.index(name) in seen for name in PARTS}
        sleeved = choices.get("sleeve") in {"short", "three-quarter", "long"}
        assert (has["sleeve_left"] or has["sleeve_right"]) == sleeved, kind
        assert ("cuff_outer_left" in places or "cuff_outer_right" in places) == sleeved, kind
        if choices.get("neckline") == "hood":
            assert has["hood"], kind
        if choices.get("neckline") in {"collar", "high"}:
            assert has["collar"], kind
        if choices.get("sleeve") == "strap":
            assert has["strap"], kind
        legs = choices["category"] in {"trousers", "shorts", "jumpsuit"}
        if legs:
            assert has["leg_left"], kind
            assert has["leg_right"], kind
            assert "crotch" in places, kind
        if choices["category"] in {"top", "dress", "outerwear", "skirt"}:
            assert {"hem_left", "hem_mid", "hem_right"} <= places.keys(), kind
            assert seen.isdisjoint({PARTS.index("leg_left"), PARTS.index("leg_right")}), kind
        if choices["face"] == "back":
            assert "neck_front" not in places, kind
            assert not has["inside"], kind


def test_open_fronts_show_lining_or_ground() -> None:
    for _, sample in samples():
        if sample.choices.get("closure") == "open":
            assert (sample.parts == PARTS.index("inside")).any()


@pytest.mark.parametrize("attribute", ["category", "sleeve", "neckline", "closure", "laid", "face"])
def test_every_value_appears(attribute: str) -> None:
    never = {"category": {"none"}, "laid": {"held", "worn"}}.get(attribute, set())
    seen = {sample.choices.get(attribute) for _, sample in samples()}
    assert seen >= set(CHOICES[attribute]) - never


def test_same_seed_same_sample() -> None:
    ground = np.random.default_rng(5).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    for background in (None, ground):
        first, second = (draw_sample(np.random.default_rng(11), background, SIDE) for _ in range(2))
        assert np.array_equal(first.rgb, second.rgb)
        assert np.array_equal(first.parts, second.parts)
        assert np.array_equal(first.points, second.points, equal_nan=True)
        assert first.choices == second.choices


def test_background_shows_around_the_garment() -> None:
    ground = np.zeros((64, 64, 3), np.uint8)
    ground[..., 1] = 200
    sample = draw_sample(np.random.default_rng(3), ground, SIDE)
    far = cv2.dilate((sample.parts > 0).astype(np.uint8), np.ones((25, 25), np.uint8)) == 0
    assert (sample.rgb[far][:, 1] > 100).mean() > 0.9
    assert sample.rgb[far][:, 0].mean() < 30
