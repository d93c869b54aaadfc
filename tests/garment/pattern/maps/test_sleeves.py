"""Edges between which a sleeve's cloth is followed in its photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.details.sleeves_seen import find_beside
from vmodel.garment.pattern.maps.sleeve_edges import edges_of_sleeve
from vmodel.garment.recognition.network import PARTS
from vmodel.types import BoolArray, FloatArray, GarmentPhoto

NAMES = [f"{name}_left" for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]


def hanging() -> tuple[GarmentPhoto, BoolArray]:
    """Return a top of one colour whose left sleeve hangs down along its side, and the (H, W) bool mask of it."""
    photo = photo_of(drawn.long_sleeve())
    armpit, hem, shoulder = (photo.points[f"{name}_left"] for name in ("armpit", "hem", "shoulder"))
    sign, wide = np.sign(armpit[0] - photo.middle("armpit")[0]), 0.35 * photo.half("armpit")
    rows, columns = np.mgrid[: photo.mask.shape[0], : photo.mask.shape[1]]
    edge = np.interp(rows, (armpit[1], hem[1]), (armpit[0], hem[0]))
    off = (columns - edge) * sign
    old = (off > 0) & (rows > shoulder[1])
    sleeve = (off > 0) & (off < wide) & (rows > shoulder[1] + 10) & (rows < hem[1] - 20)
    rgb = photo.rgb.copy()
    rgb[old | sleeve] = drawn.CLOTH
    low = float(hem[1] - 20)
    x = float(np.interp(low, (armpit[1], hem[1]), (armpit[0], hem[0])))
    points = {**photo.points, "cuff_inner_left": np.array([x + 2 * sign, low])}
    points["cuff_outer_left"] = np.array([x + (wide - 2) * sign, low])
    points["shoulder_left"] = np.array([float(armpit[0]) + (wide - 4) * sign, float(shoulder[1]) + 12])
    return replace(photo, rgb=rgb, mask=photo.mask & ~old | sleeve, points=points), sleeve


def beyond_armpit(edge: FloatArray, photo: GarmentPhoto) -> FloatArray:
    """Return the (n, 2) places of an edge that lie well below the left armpit."""
    return edge[edge[:, 1] > photo.points["armpit_left"][1] + 0.2 * photo.half("armpit")]


def test_a_hanging_sleeve_takes_no_cloth_from_the_trunk_beside_it() -> None:
    photo, sleeve = hanging()
    parts = np.where(photo.mask, PARTS.index("body"), 0).astype(np.uint8)
    parts[sleeve] = PARTS.index("sleeve_left")
    seen = find_beside(parts, photo)
    assert set(seen) == {"left"}
    corners = [cut(photo).landmarks_cm[name] for name in NAMES]
    trunk = cv2.distanceTransform((~sleeve).astype(np.uint8), cv2.DIST_L2, 5)

    def deepest(edge: FloatArray) -> float:
        return max(float(trunk[round(y), round(x)]) for x, y in beyond_armpit(edge, photo))

    assert deepest(edges_of_sleeve(photo, NAMES, corners, seen["left"])[1]) < 4
    assert deepest(edges_of_sleeve(photo, NAMES, corners)[1]) > 10  # one colour, no gap: nothing else tells


def test_a_part_that_is_not_where_the_sleeve_lies_is_not_believed() -> None:
    photo, sleeve = hanging()
    parts = np.where(photo.mask, PARTS.index("body"), 0).astype(np.uint8)
    parts[sleeve[:, ::-1]] = PARTS.index("sleeve_left")
    assert not find_beside(parts, photo)


@pytest.mark.parametrize("deep_px", [10, 14])
def test_a_sleeve_ends_with_its_cloth_where_it_is_narrow(deep_px: int) -> None:
    photo = photo_of(drawn.long_sleeve())
    armpit, inner = (photo.points[f"{name}_left"] for name in ("armpit", "cuff_inner"))
    outwards = np.sign(inner[0] - armpit[0])
    rows, columns = np.mgrid[: photo.mask.shape[0], : photo.mask.shape[1]]
    edge = np.interp(rows, (armpit[1], inner[1]), (armpit[0], inner[0]))
    bay = ((columns - edge) * outwards < deep_px) & ((columns - armpit[0]) * outwards > 0)
    bay &= (rows > armpit[1] + 30) & (rows < armpit[1] + 100)
    photo = replace(photo, mask=photo.mask & ~bay)
    block = cut(photo)
    _, ends = edges_of_sleeve(photo, NAMES, [block.landmarks_cm[name] for name in NAMES])
    beside = ends[(ends[:, 1] > armpit[1] + 40) & (ends[:, 1] < armpit[1] + 90)]
    away = cv2.distanceTransform((~photo.mask).astype(np.uint8), cv2.DIST_L2, 5)
    assert len(beside) >= 2
    assert max(away[round(float(y)), round(float(x))] for x, y in beside) < 3


def test_a_folded_short_sleeve_is_followed_into_the_trunk() -> None:
    photo = photo_of(drawn.tee())
    corners = [cut(photo).landmarks_cm[name] for name in NAMES]
    flat = edges_of_sleeve(photo, NAMES, corners)[1]
    folded = replace(photo, points={**photo.points, "armpit_left": photo.points["cuff_inner_left"] + (0.0, 1.0)})
    inner = edges_of_sleeve(folded, NAMES, corners)[1]
    long_px = float(np.linalg.norm(flat[-1] - flat[1]))
    assert np.linalg.norm(inner[-1] - inner[1]) > 0.7 * long_px
    away = cv2.distanceTransform((~photo.mask).astype(np.uint8), cv2.DIST_L2, 5)
    assert max(away[round(float(y)), round(float(x))] for x, y in inner[1:]) < 3
