"""Sleeves cover their arms."""

from __future__ import annotations

import garments
import numpy as np
import pytest

from vmodel.body.model import Body, build_body
from vmodel.body.roster import load_roster
from vmodel.config import Settings
from vmodel.drape.cloth import Cloth
from vmodel.drape.covered import BARE_LIMIT, bare_share
from vmodel.drape.dress import DrapeSettings, Dressed, attempt_pose, dress
from vmodel.drape.sewn_cloth import mesh_cloth
from vmodel.types import Garment

Worn = tuple[Garment, Cloth, Dressed, Body]


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Worn:
    body = build_body(load_roster(Settings(home=tmp_path_factory.mktemp("home")))["wm-ines"])
    garment = garments.tee()
    options = DrapeSettings(spacing_cm=2.0)
    cloth = mesh_cloth(garment, options.spacing_cm)
    return garment, cloth, dress(garment, cloth, body, attempt_pose(garment, body, 0), options), body


def test_a_worn_tee_covers_the_upper_arm_as_far_as_its_sleeve_reaches(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    posed = body.posed(dressed.pose)
    assert bare_share(cloth, dressed.positions_m, dressed.on_arm, body, posed) < 0.5 * BARE_LIMIT


def test_a_sleeve_torn_through_the_arm_leaves_it_bare(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    posed = body.posed(dressed.pose)
    shoulder, elbow = (np.asarray(posed.joints_m[f"{bone}.L"]) for bone in ("upperarm01", "lowerarm01"))
    axis = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
    up = np.array([0.0, 0.0, 1.0]) - axis[2] * axis
    up /= np.linalg.norm(up)
    torn = np.array(dressed.positions_m, float)
    height = (torn - shoulder) @ up
    below = (dressed.on_arm > 0.3) & (height < 0)
    torn[below] -= 2 * height[below, None] * up
    assert bare_share(cloth, torn, dressed.on_arm, body, posed) > 2 * BARE_LIMIT


def test_garments_without_sleeves_leave_no_arm_bare(worn: Worn) -> None:
    _, cloth, dressed, body = worn
    none = np.zeros_like(dressed.on_arm)
    assert bare_share(cloth, dressed.positions_m, none, body, body.posed(dressed.pose)) == 0
