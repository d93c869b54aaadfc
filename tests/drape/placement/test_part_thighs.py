"""Touching thighs leave room for the cloth between them."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body, build_body
from vmodel.body.pose.library import load_pose
from vmodel.drape.placement.part_thighs import GAP_M, THIGH_BONES, parted_thighs, separate_thighs
from vmodel.garment.designs.block_design import Design, make_garment
from vmodel.studio.stage_cache import StageCache
from vmodel.types import FloatArray


@pytest.fixture(scope="module")
def stout(stages: StageCache) -> Body:
    return build_body(stages.roster["wm-moana"])


def apart_m(body: Body, vertices_m: FloatArray) -> float:
    """Return the least distance from the right thigh to the left one at any height; negative where they overlap."""
    left, right = (
        vertices_m[vertices_on(body.surface, [f"{bone}.{side}" for bone in THIGH_BONES].__contains__)] for side in "LR"
    )
    gaps = []
    for z in np.arange(max(left[:, 2].min(), right[:, 2].min()) + 0.02, body.measurements.inseam / 100, 0.02):
        inner, outer = (side[np.abs(side[:, 2] - z) < 0.015, 0] for side in (left, right))
        if len(inner) and len(outer):
            gaps.append(inner.min() - outer.max())
    return float(min(gaps))


@pytest.mark.parametrize("pose", ["standing", "walking"])
def test_thighs_that_lie_in_one_another_are_parted(pose: str, stout: Body) -> None:
    before = np.asarray(stout.posed(load_pose(pose)).vertices_m)
    after = parted_thighs(stout)(before)
    if pose == "standing":
        assert apart_m(stout, before) < -0.03
        assert apart_m(stout, after) > -GAP_M  # measured sideways; the legs stand a little askew
    moved = np.linalg.norm(after - before, axis=1)
    assert 0 < moved.max() < 0.06
    assert (moved > 0).mean() < 0.05  # the insides of the thighs and nothing else


def test_thighs_that_do_not_touch_stay_as_they_are(stages: StageCache) -> None:
    body = build_body(stages.roster["mn-minh"])
    before = np.asarray(body.posed(load_pose("standing")).vertices_m)
    moved = np.linalg.norm(parted_thighs(body)(before) - before, axis=1)
    assert (moved > 0.001).mean() < 0.002


def test_a_skirt_meets_the_body_as_it_is(stout: Body) -> None:
    posed = stout.posed(load_pose("standing"))
    skirt, trousers = (make_garment(Design(name, stout.measurements), name)[3] for name in ("skirt", "trousers"))
    assert separate_thighs(skirt, stout, posed) is posed
    assert separate_thighs(trousers, stout, posed) is not posed
