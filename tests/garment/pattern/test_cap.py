"""Cap sleeves are cut in one with the trunk, as long as in the photo, and show their own cloth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.pattern.cut.cap_sleeves import has_caps
from vmodel.garment.pattern.fit import fit_block
from vmodel.garment.pattern.maps.trunk import Source, upper_maps
from vmodel.types import GarmentPhoto


def with_longer_sleeves(photo: GarmentPhoto, times: float) -> GarmentPhoto:
    """Return the photo's landmarks with cuffs ``times`` as far from the armhole."""
    points = dict(photo.points)
    for side in SIDES:
        for cuff, root in (("cuff_outer", "shoulder"), ("cuff_inner", "armpit")):
            start = points[f"{root}_{side}"]
            points[f"{cuff}_{side}"] = start + times * (points[f"{cuff}_{side}"] - start)
    return replace(photo, points=points)


def test_only_sleeves_that_do_not_go_round_the_arm_are_caps() -> None:
    caps = photo_of(drawn.cap_sleeved_dress())
    assert has_caps(caps)
    assert not has_caps(with_longer_sleeves(caps, 4))
    assert not has_caps(photo_of(drawn.tee()))
    assert not has_caps(photo_of(drawn.dress()))


@pytest.mark.parametrize("times", [0.6, 1.0])
def test_a_cap_is_as_long_as_in_the_photo(times: float) -> None:
    photo = with_longer_sleeves(photo_of(drawn.cap_sleeved_dress()), times)
    block, scale = fit_block(photo, BODY, GENDER, "cotton", {})
    marks = block.landmarks_cm
    for side in SIDES:
        assert not any(name.startswith(("sleeve", "cuff")) and name.endswith(side) for name in block.front)
        long = np.linalg.norm(marks[f"cuff_outer_{side}"] - marks[f"shoulder_{side}"])
        assert long == pytest.approx(scale * photo.distance("shoulder", "cuff_outer"), rel=0.05)


def test_a_cap_wears_its_own_cloth_to_its_end() -> None:
    photo = photo_of(drawn.cap_sleeved_dress())
    block = cut(photo)
    places, _ = upper_maps(Source(photo, None, None), block, "front")
    for side in SIDES:
        shoulder, armpit, end = (block.landmarks_cm[f"{name}_{side}"] for name in ("shoulder", "armpit", "cuff_outer"))
        found = places(*(end[:, None]))[0]
        assert np.linalg.norm(found - photo.points[f"cuff_outer_{side}"]) < 0.06 * photo.half("shoulder")
        shares = np.random.default_rng(0).dirichlet([1, 1, 1], 400)
        columns, rows = places(*(shares @ np.array([shoulder, armpit, end])).T).astype(int).T
        assert photo.mask[rows, columns].mean() > 0.87
