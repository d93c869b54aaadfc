"""Training data of sleeves that lie on the front: labels, and free sleeves that are laid there."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np

from pipelines.training.reader.layers.sleeves import SLEEVES, SleevedPhoto, view_of
from pipelines.training.reader.synthetic.folded_sleeves import Laid, fold, with_distractor
from vmodel.garment.recognition.network import SURFACE_SIZE

CLOTH, SLEEVE = (150, 60, 60), (60, 60, 160)
CORNERS = np.array(
    [[[250, 120], [240, 190], [380, 150], [372, 210]], [[150, 120], [160, 190], [20, 150], [28, 210]]], np.float64
)


def photo() -> SleevedPhoto:
    """Draw a top with blue sleeves beside it, on white."""
    rgb = np.full((400, 400, 3), 240, np.uint8)
    cv2.rectangle(rgb, (150, 110), (250, 330), CLOTH, -1)
    free = np.zeros((2, 400, 400), np.uint8)
    for each, corners in zip(free, CORNERS, strict=True):
        cv2.fillPoly(each, [corners[[0, 2, 3, 1]].astype(np.int32)], 1)
        each[:, 150:251] = 0
    rgb[free.any(0)] = SLEEVE
    mask = (rgb < 200).any(2)
    nothing = np.zeros((2, 400, 400), bool)
    affine = np.column_stack([0.9 * np.eye(2), [0, 0]])
    return SleevedPhoto("drawn.png", rgb, mask, affine, nothing, nothing[0], free > 0, CORNERS, False)


def laid(wanted: int = 5) -> list[tuple[SleevedPhoto, Laid]]:
    """Return garments with a sleeve on the front."""
    top, found = photo(), []
    for seed in range(200):
        each = fold(top.rgb, top.mask, top.free, top.corners, np.random.default_rng(seed))
        if each.lying.any():
            found.append((top, each))
        if len(found) == wanted:
            break
    return found


def test_labels_are_polygons_of_photos_that_are_learnt_from_or_measured() -> None:
    lines = [json.loads(line) for line in SLEEVES.read_text().splitlines()]
    assert len({line["photo"] for line in lines}) == len(lines)
    assert all(line["photo"].startswith("home/train/") for line in lines)
    drawn = [line for line in lines if {"left", "right"} & line.keys()]
    assert len(drawn) >= 40
    assert 0.4 < np.mean([line.get("measured", False) for line in drawn]) < 0.6
    assert sum(line.keys() == {"photo", "measured"} for line in lines) >= 150
    polygons = [line[side] for line in drawn for side in ("left", "right") if side in line]
    assert all(len(each) >= 6 and np.min(each) > -0.05 and np.max(each) < 1.05 for each in polygons)


def test_a_laid_sleeve_is_where_its_label_says_and_no_longer_beside_the_front() -> None:
    cases = laid()
    assert len(cases) == 5
    for top, each in cases:
        blue = each.rgb[..., 2] > each.rgb[..., 0].astype(int) + 25
        on_front = each.lying.any(0) & ~each.unsure
        assert blue[cv2.erode(on_front.astype(np.uint8), np.ones((5, 5))) > 0].mean() > 0.95
        trunk = np.zeros_like(blue)
        trunk[115:325, 155:246] = True
        assert (on_front & trunk).sum() > 200
        for number in np.flatnonzero(each.lying.any((1, 2))):
            gone = top.free[number] & ~each.garment
            assert not blue[cv2.erode(gone.astype(np.uint8), np.ones((5, 5))) > 0].any()


def test_nothing_is_labelled_a_sleeve_that_is_a_pocket_a_band_or_a_scarf() -> None:
    top = photo()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        picture = with_distractor(top.rgb, top.mask, np.full_like(top.rgb, 90), rng)
        assert (picture != top.rgb).any()
        assert (picture[~top.mask] == top.rgb[~top.mask]).mean() > 0.9


def test_a_mirrored_view_names_the_other_side() -> None:
    top, each = next((top, each) for top, each in laid() if each.lying.any((1, 2)).sum() == 1)
    known = replace(
        top, rgb=each.rgb, mask=each.garment, lying=each.lying, unsure=np.zeros_like(each.unsure), is_labelled=True
    )
    seen = {"left": 0, "right": 0}
    for seed in range(6):
        picture, goal, weight = view_of([], known, np.random.default_rng(seed))
        assert picture.shape == (SURFACE_SIZE, SURFACE_SIZE, 3)
        assert goal.shape == weight.shape == (2, SURFACE_SIZE // 4, SURFACE_SIZE // 4)
        seen["left" if goal[0].sum() > goal[1].sum() else "right"] += 1
        assert min(goal.sum((1, 2))) == 0
    assert min(seen.values()) > 0
