"""A hood that lies above the neck in the photo is worn down: it stands round the neck and hangs on the back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.garment.hood import RISE
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.types import Category, FloatArray, Garment, Neckline

HALF_NECK = 44.0
OUTLINE = [
    (0, 20), (48, 34), (62, 72), (HALF_NECK, 124), (104, 146), (186, 330), (148, 348), (108, 226), (106, 410), (0, 412),
]  # fmt: skip
FACE = [(0, 40), (30, 52), (38, 84), (26, 128)]
LOW = 150


def hooded(open_front: bool = False) -> Garment:
    gap = [(14, LOW), (14, 412), (0, 412)] if open_front else [(0, LOW)]
    picture = drawn.draw(OUTLINE, [*FACE, *gap], "hoodie.png")
    category = Category.OUTERWEAR if open_front else Category.TOP
    kind, landmarks = understand(*picture, category=category)
    return infer_pattern(*picture, replace(kind, neckline=Neckline.HOOD, open_front=open_front), landmarks)


@pytest.fixture(scope="module")
def hoodie() -> Garment:
    return hooded()


def test_the_hood_rises_a_hands_breadth_above_the_shoulders_and_no_further(hoodie: Garment) -> None:
    panels = {panel.name: panel.edges for panel in hoodie.panels}
    for edges in panels.values():
        shoulder = edges["shoulder_left"][-1][1]
        half = np.ptp([edges["stand_left"][0][0], edges["stand_right"][-1][0]]) / 2
        top = max(float(line[:, 1].max()) for line in edges.values())
        assert top - shoulder == pytest.approx(RISE * half, abs=0.1 * half)
    lowest = panels["front"]["neck"][panels["front"]["neck"][:, 1].argmin()]
    assert (hoodie.panels[0].panel_to_texture @ [*lowest, 1])[1] == pytest.approx(LOW, abs=24)
    sewn = {seam.first[1] for seam in hoodie.seams}
    assert {"stand_left", "stand_right"} <= sewn


def test_a_bag_is_drawn_on_the_back_and_not_on_the_front(hoodie: Garment) -> None:
    front, back = (light_along_the_middle(hoodie, k) for k in (0, 1))
    assert np.ptp(back) > 10
    assert np.ptp(front) < 2


def light_along_the_middle(garment: Garment, texture: int) -> FloatArray:
    """Luma beside the middle of a panel from below the neck to its waist, smoothed over five pixels."""
    to_texture = garment.panels[0].panel_to_texture
    low = garment.panels[0].edges["neck"][:, 1].min()
    column, row = (int(v) for v in to_texture @ [12.0, low - 16.0, 1.0])
    strip = garment.textures[texture][row : row + 150, column : column + 6].astype(float).mean(axis=(1, 2))
    return np.convolve(strip, np.ones(5) / 5, "valid")


def test_a_hooded_front_that_lies_open_is_cut_without_the_hood() -> None:
    panels = {panel.name: panel.edges for panel in hooded(open_front=True).panels}
    top = max(float(line[:, 1].max()) for line in panels["back"].values())
    assert top - panels["back"]["shoulder_left"][-1][1] < 0.1 * HALF_NECK
