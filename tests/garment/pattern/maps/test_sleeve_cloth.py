"""Patterned sleeves that are bunched in their photo are cut from the trunk's cloth; others are worn as photographed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.maps.trunk import Source, upper_maps
from vmodel.types import FloatArray, GarmentPhoto

NAMES = [f"{name}_left" for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
STRIPE_PX = 10


def striped(seen: float = 0.4, cloth: str = "allover", plain_sleeves: bool = False) -> GarmentPhoto:
    """Return a striped top that shows only the outer share ``seen`` of its left sleeve's width."""
    photo = photo_of(drawn.long_sleeve())
    shoulder, armpit, outer, inner = (photo.points[name] for name in NAMES)
    inner = outer + 2 * (inner - outer)  # as wide as the worn one
    mask = cv2.fillPoly(photo.mask.astype(np.uint8), [np.round([shoulder, armpit, inner, outer]).astype(np.int32)], 1)
    last = outer + seen * (inner - outer)
    if seen < 1:
        hidden = [shoulder + (seen + 0.1) * (armpit - shoulder), last, 2 * inner - outer, armpit]
        cv2.fillPoly(mask, [np.round(hidden).astype(np.int32)], 0)
    rgb = np.full_like(photo.rgb, 60)
    rgb[np.arange(len(rgb)) // STRIPE_PX % 2 == 0] = (220, 210, 60)
    if plain_sleeves:
        rgb[:, np.abs(np.arange(rgb.shape[1]) - photo.middle("armpit")[0]) > photo.half("armpit")] = 60
    kind = replace(photo.kind, cloth=((cloth, 1.0),))
    points = {**photo.points, "cuff_inner_left": last}
    return replace(photo, rgb=rgb, mask=mask > 0, points=points, kind=kind, is_drawn=False)


def worn_on_left_sleeve(photo: GarmentPhoto, up: FloatArray) -> FloatArray:
    """Return the (n, 2) places of the photo along the middle of the worn left sleeve, at shares up from its end."""
    block = cut(photo)
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    places = (outer + inner) / 2 + up[:, None] * (shoulder + armpit - outer - inner) / 2
    return upper_maps(Source(photo, None, None), block, "front")[0](*places.T)


@pytest.mark.parametrize(
    ("photo", "from_trunk"),
    [
        pytest.param(striped(), True, id="bunched"),
        pytest.param(striped(seen=1.0), False, id="shown whole"),
        pytest.param(striped(cloth="plain"), False, id="not patterned"),
        pytest.param(striped(plain_sleeves=True), False, id="of another cloth"),
    ],
)
def test_a_bunched_sleeve_of_patterned_cloth_is_cut_from_the_trunks(photo: GarmentPhoto, from_trunk: bool) -> None:
    spots = worn_on_left_sleeve(photo, np.linspace(0.2, 0.7, 20))
    on_trunk = np.abs(spots[:, 0] - photo.middle("armpit")[0]) < photo.half("armpit")
    assert on_trunk.all() if from_trunk else not on_trunk.any()


def test_its_stripes_go_across_it_as_far_apart_as_on_the_trunk() -> None:
    photo = striped()
    spots = worn_on_left_sleeve(photo, np.linspace(0.2, 0.8, 200))
    colours = photo.rgb[spots[:, 1].astype(int), spots[:, 0].astype(int), 0] > 128
    block = cut(photo)
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    long_cm = 0.6 * float(np.linalg.norm(shoulder + armpit - outer - inner)) / 2
    hem = block.landmarks_cm["hem_left"]
    px_per_cm = (photo.points["hem_left"] - photo.points["armpit_left"])[1] / (armpit - hem)[1]
    assert np.abs(np.diff(colours.astype(int))).sum() == pytest.approx(long_cm * px_per_cm / STRIPE_PX, abs=2)


def test_its_end_stays_as_photographed() -> None:
    photo = striped()
    spots = worn_on_left_sleeve(photo, np.linspace(0.0, 0.05, 5))
    outer = photo.points["cuff_outer_left"]
    assert np.linalg.norm(spots - outer, axis=1).max() < 0.5 * photo.half("armpit")


def test_chest_pockets_are_not_copied_onto_it() -> None:
    photo = striped()
    block = cut(photo)
    spots = worn_on_left_sleeve(photo, np.linspace(0.3, 0.9, 50))
    armpit, hem = (photo.points[f"{name}_left"][1] for name in ("armpit", "hem"))
    px_per_cm = (hem - armpit) / (block.landmarks_cm["armpit_left"] - block.landmarks_cm["hem_left"])[1]
    assert spots[:, 1].min() > armpit + 10 * px_per_cm


def test_it_is_not_cut_from_cloth_that_a_sleeve_covers() -> None:
    photo = striped()
    spots = worn_on_left_sleeve(replace(photo, lying={"right": photo.mask}), np.linspace(0.2, 0.7, 20))
    assert not (np.abs(spots[:, 0] - photo.middle("armpit")[0]) < photo.half("armpit")).any()
