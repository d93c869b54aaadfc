"""Arms lie in their sleeves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.garments import by_formula
from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.simulate.arm_coverage import TORN_LIMIT, torn_share
from vmodel.drape.simulate.put_on import DrapeSettings, Dressed, attempt_pose, dress
from vmodel.types import FloatArray, Garment

Worn = tuple[Garment, Cloth, Dressed, Body]


@pytest.fixture(scope="module")
def worn(body: Body) -> Worn:
    garment = by_formula.tee()
    options = DrapeSettings(spacing_cm=2.0)
    cloth = mesh_cloth(garment, options.spacing_cm)
    return garment, cloth, dress(garment, cloth, body, attempt_pose(garment, body, 0), options), body


def test_the_arms_of_a_worn_tee_lie_in_its_sleeves(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    assert torn_share(cloth, dressed.positions_m, body, body.posed(dressed.pose)) < 0.2 * TORN_LIMIT


def left_arm(body: Body, dressed: Dressed) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return shoulder, axis, and the direction up across it."""
    posed = body.posed(dressed.pose)
    shoulder, elbow = (np.asarray(posed.joints_m[f"{bone}.L"], float) for bone in ("upperarm01", "lowerarm01"))
    axis = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
    up = np.array([0.0, 0.0, 1.0]) - axis[2] * axis
    return shoulder, axis, up / np.linalg.norm(up)


def test_a_sleeve_torn_through_the_arm_leaves_it_outside(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    shoulder, _, up = left_arm(body, dressed)
    torn = np.array(dressed.positions_m, float)
    height = (torn - shoulder) @ up
    below = (dressed.on_arm > 0.3) & (height < 0)
    torn[below] -= 2 * height[below, None] * up
    assert torn_share(cloth, torn, body, body.posed(dressed.pose)) > 2 * TORN_LIMIT


def test_a_sleeve_that_hangs_beside_its_arm_is_found(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    _, _, up = left_arm(body, dressed)
    beside = np.array(dressed.positions_m, float)
    beside[dressed.on_arm > 0.3] -= 0.15 * up
    assert torn_share(cloth, beside, body, body.posed(dressed.pose)) > 2 * TORN_LIMIT


def test_a_sleeve_inside_the_arm_that_it_should_lie_round_is_found(worn: Worn) -> None:
    """The bone stays in the cloth, the skin does not: the arm pokes through all round."""
    _, cloth, dressed, body = worn
    shoulder, axis, _ = left_arm(body, dressed)
    shrunk = np.array(dressed.positions_m, float)
    sleeve = (dressed.on_arm > 0.3) & ((shrunk - shoulder) @ axis > 0)
    along = ((shrunk[sleeve] - shoulder) @ axis)[:, None] * axis
    shrunk[sleeve] = shoulder + along + 0.35 * (shrunk[sleeve] - shoulder - along)
    assert torn_share(cloth, shrunk, body, body.posed(dressed.pose)) > 2 * TORN_LIMIT


def test_a_wide_short_sleeve_that_shows_the_arm_from_below_is_worn(worn: Worn) -> None:
    """Its lower half is pushed back to the shoulder, as a flutter sleeve is cut."""
    _, cloth, dressed, body = worn
    shoulder, axis, up = left_arm(body, dressed)
    short = np.array(dressed.positions_m, float)
    low = (dressed.on_arm > 0.6) & ((short - shoulder) @ up < 0)
    out = np.maximum((short[low] - shoulder) @ axis - 0.09, 0)
    short[low] -= 0.9 * out[:, None] * axis
    short[low] -= 0.02 * up
    assert torn_share(cloth, short, body, body.posed(dressed.pose)) < TORN_LIMIT


def test_garments_without_sleeves_have_none_to_tear(worn: Worn) -> None:
    *_, body = worn
    garment = by_formula.dress()
    cloth = mesh_cloth(garment, 2.0)
    pose = attempt_pose(garment, body, 0)
    bare = dress(garment, cloth, body, pose, DrapeSettings(spacing_cm=2.0))
    assert torn_share(cloth, bare.positions_m, body, body.posed(pose)) == 0
