"""A person whose photo ends below the chin is a person; garments of skin's colours are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vmodel.garment.recognition.person import shows_person
from vmodel.types import BoolArray, ByteArray

SIZE = (800, 640)
NUDE, TAN, PINK = (222, 178, 152), (190, 150, 112), (226, 170, 165)
SKINS = [(232, 190, 165), (198, 140, 105), (120, 78, 56)]
Colour = tuple[int, int, int]
Points = list[tuple[float, float]]
# Right halves in centimetres, y down.
CAMISOLE: Points = [(0, 12), (9, 8), (9, -8), (11, -8), (11, 8), (19, 18), (18, 34), (22, 62), (0, 63)]
TRENCH: Points = [(0, 2), (8, 0), (22, 4), (34, 58), (26, 61), (22, 26), (20, 44), (30, 112), (0, 112)]
BELT: Points = [(0, 44), (21, 44), (21, 48), (0, 48)]
TEE: Points = [(0, 2), (8, 0), (22, 4), (40, 20), (31, 29), (25, 24), (24, 40), (25, 68), (0, 69)]
JEANS: Points = [(0, 0), (20, 0), (25, 22), (23, 100), (6, 100), (1.5, 30), (0, 27)]


def figure(skin: Colour) -> ByteArray:
    """A drawn person in a blue tee and dark trousers on white."""
    rgb = np.full((*SIZE, 3), 248, np.uint8)
    cv2.ellipse(rgb, (320, 95), (44, 56), 0, 0, 360, (50, 35, 30), -1)
    cv2.ellipse(rgb, (320, 110), (36, 46), 0, 0, 360, skin, -1)
    cv2.rectangle(rgb, (302, 145), (338, 190), skin, -1)
    cv2.line(rgb, (225, 260), (200, 430), skin, 28)
    cv2.line(rgb, (415, 260), (440, 430), skin, 28)
    tee = [(250, 185), (390, 185), (440, 290), (400, 300), (400, 440), (240, 440), (240, 300), (200, 290)]
    legs = [(240, 440), (400, 440), (395, 760), (335, 760), (320, 500), (305, 760), (245, 760)]
    cv2.fillPoly(rgb, [np.array(tee)], (50, 80, 160))
    cv2.fillPoly(rgb, [np.array(legs)], (40, 40, 45))
    shade = np.random.default_rng(0).normal(0, 1.5, (*SIZE, 1))
    return np.asarray(np.clip(cv2.GaussianBlur(rgb, (0, 0), 1.0) + shade, 0, 255), np.uint8)


def laid(layers: list[tuple[Points, Colour]], seed: int = 3) -> ByteArray:
    """Cloths on grey paper, one over the other, with folds."""
    rng, side = np.random.default_rng(seed), 720
    everything = np.concatenate([np.array(outline) for outline, _ in layers])
    scale = 0.84 * side / max(2 * everything[:, 0].max(), np.ptp(everything[:, 1]))
    top = (side - scale * np.ptp(everything[:, 1])) / 2 - scale * everything[:, 1].min()
    rgb = np.full((side, side, 3), (214.0, 213.0, 210.0))
    for outline, colour in layers:
        loop = np.array([*outline, *[(-x, y) for x, y in reversed(outline)]]) * scale + (side / 2, top)
        cover = cv2.fillPoly(np.zeros((side, side), np.uint8), [np.rint(loop).astype(np.int32)], 1)[..., None]
        folds = cv2.resize(rng.normal(1, 0.03, (12, 12)), (side, side), interpolation=cv2.INTER_CUBIC)[..., None]
        rgb = rgb * (1 - cover) + np.array(colour) * folds * cover
    rgb = cv2.GaussianBlur(rgb, (0, 0), 0.8) + rng.normal(0, 1.2, (side, side, 1))
    return np.asarray(np.clip(np.rint(rgb), 0, 255), np.uint8)


def differs(rgb: ByteArray, ground: Colour) -> BoolArray:
    return np.asarray(np.abs(rgb.astype(int) - ground).max(axis=-1) > 25)


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize(
    "part", [np.s_[:], np.s_[158:600], np.s_[158:]], ids=["whole", "to the knee", "without a head"]
)
def test_somebody_who_wears_the_garment_is_seen(skin: Colour, part: slice) -> None:
    rgb = np.ascontiguousarray(figure(skin)[part])
    assert shows_person(rgb, differs(rgb, (248, 248, 248)))


@pytest.mark.parametrize("part", [np.s_[:], np.s_[158:600]], ids=["whole", "cut off by the picture"])
def test_a_cream_yoke_and_cuffs_are_no_head_and_hands(part: slice) -> None:
    rgb = np.ascontiguousarray(figure((226, 219, 201))[part])
    assert not shows_person(rgb, differs(rgb, (248, 248, 248)))


@pytest.mark.parametrize(
    "layers",
    [
        [(CAMISOLE, NUDE)],
        [(TRENCH, TAN), (BELT, (150, 112, 80))],
        [(JEANS, PINK)],
        [(TEE, NUDE), ([(0, 58), (20, 58), (21, 68), (0, 68)], (40, 60, 110))],
    ],
    ids=["nude camisole", "tan trench coat", "pink trousers", "nude tee with a dark hem"],
)
@pytest.mark.parametrize("cropped", [False, True], ids=["whole", "cut off by the picture"])
def test_garments_of_skins_colours_are_no_persons(layers: list[tuple[Points, Colour]], cropped: bool) -> None:
    rgb = laid(layers)
    mask = differs(rgb, (214, 213, 210))
    top = int(mask.any(axis=1).argmax()) + 25 if cropped else 0
    assert not shows_person(np.ascontiguousarray(rgb[top:]), mask[top:])
