"""Edges between which a sleeve's cloth is followed in its photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.maps.sleeves import edges_of_sleeve


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
    names = [f"{name}_left" for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
    block = cut(photo)
    _, ends = edges_of_sleeve(photo, names, [block.landmarks_cm[name] for name in names])
    beside = ends[(ends[:, 1] > armpit[1] + 40) & (ends[:, 1] < armpit[1] + 90)]
    away = cv2.distanceTransform((~photo.mask).astype(np.uint8), cv2.DIST_L2, 5)
    assert len(beside) >= 2
    assert max(away[round(float(y)), round(float(x))] for x, y in beside) < 3
