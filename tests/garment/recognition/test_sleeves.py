"""Sleeves that lie on the front, as the network sees them on a drawing of knitted cloth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vmodel.config import Settings
from vmodel.garment.pattern.details.sleeves_seen import find_lying
from vmodel.garment.recognition.network import SIZE, load_network
from vmodel.garment.recognition.surface import Surface, read_mask_and_surface
from vmodel.types import BoolArray, ByteArray, Category, FloatArray, GarmentKind, Sleeve

SIDE = 600
CLOTH, GROUND = (70, 95, 130), (214, 204, 190)
TRUNK = [(250, 90), (210, 110), (195, 250), (200, 510), (400, 510), (405, 250), (390, 110), (350, 90), (320, 112)]
FREE = [(385, 110), (450, 140), (540, 420), (480, 445), (395, 250)]
ACROSS = [(212, 112), (170, 135), (120, 255), (130, 295), (165, 312), (330, 395), (352, 345), (210, 262), (205, 240)]


def place_of(outline: list[tuple[int, int]]) -> BoolArray:
    place = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(place, [np.array(outline, np.int32)], 1)
    return place > 0


def knit(colour: tuple[int, int, int], rng: np.random.Generator) -> FloatArray:
    stitches, folds = (
        cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)), (0, 0), deviation)[..., None] for deviation in (1.2, 25)
    )
    return np.asarray(np.array(colour) + 7 * stitches / stitches.std() + 8 * folds / folds.std())


def photo(right_lies: bool) -> ByteArray:
    """Draw a top whose right sleeve lies across the front, with its shadow, or beside it."""
    rng = np.random.default_rng(0)
    beside = [(SIDE - x, y) for x, y in FREE]
    picture = knit(GROUND, rng)
    for outline in (FREE, TRUNK, ACROSS) if right_lies else (FREE, beside, TRUNK):
        cover = cv2.GaussianBlur(place_of(outline).astype(np.float64), (0, 0), 1)
        shadow = 1 - 0.4 * cv2.GaussianBlur(cover, (0, 0), 8) * (1 - cover)
        lit = 1 - 0.25 * (1 - cv2.GaussianBlur(cover, (0, 0), 5)) * cover
        picture = picture * (shadow * (1 - cover))[..., None] + knit(CLOTH, rng) * (cover * lit)[..., None]
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def surface_of(rgb: ByteArray) -> Surface:
    upright = np.column_stack([SIZE / SIDE * np.eye(2), [0, 0]])
    return read_mask_and_surface(load_network(Settings().weights), rgb, upright)[1]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_sleeve_on_the_front_is_seen_where_it_lies_and_by_its_side(mirrored: bool) -> None:
    rgb, place = photo(right_lies=True), place_of(ACROSS)
    whole = place | place_of(TRUNK) | place_of(FREE)
    if mirrored:
        rgb, place, whole = (np.ascontiguousarray(each[:, ::-1]) for each in (rgb, place, whole))
    lying = find_lying(surface_of(rgb), whole, GarmentKind(Category.TOP, 1.0, sleeve=Sleeve.LONG))
    assert list(lying) == ["left" if mirrored else "right"]
    (found,) = lying.values()
    assert (found & place).sum() / (found | place).sum() > 0.6


def test_sleeves_beside_the_front_are_not_taken_for_such() -> None:
    surface = surface_of(photo(right_lies=False))
    kind = GarmentKind(Category.TOP, 1.0, sleeve=Sleeve.LONG)
    assert find_lying(surface, np.ones((SIDE, SIDE), bool), kind) == {}
