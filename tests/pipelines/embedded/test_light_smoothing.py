"""Light is applied evenly to the draft, whose texture and outlines stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.embedded.conditioning import Conditions
from pipelines.embedded.develop import TRACED_PLANES
from pipelines.embedded.light_smoothing import even_light
from pipelines.embedded.log_ratio import apply_ratio
from vmodel.scene import PART_NAMES

SIDE, EDGE = 40, 20
SKIN, CLOTH, EYE = (PART_NAMES.index(name) for name in ("skin", "garment", "eye"))


def half_and_half(left: int, colours: Tensor, cover: Tensor | None = None, right: int | None = None) -> Conditions:
    """Return one part left, backdrop or another part right, and a shared column; colours (3, SIDE, SIDE)."""
    columns = torch.arange(SIDE)
    share = torch.where(columns < EDGE, 1.0, torch.where(columns == EDGE, 0.5, 0.0)).expand(1, 1, SIDE, SIDE)
    nothing = torch.zeros(1, 1, SIDE, SIDE)
    parts = torch.where(columns < EDGE, left, 0 if right is None else right).expand(1, SIDE, SIDE)
    return Conditions(
        draft=colours[None], albedo=colours[None], normals=torch.zeros(1, 3, SIDE, SIDE), depth_m=nothing,
        parts=parts, garment=share if left == CLOTH else nothing,
        person=(share if right is None else torch.ones_like(share)), hair=nothing if cover is None else cover,
        pose=torch.zeros(1, 3, SIDE, SIDE), traced=torch.zeros(1, TRACED_PLANES, SIDE, SIDE),
    )  # fmt: skip


def flat(value: float) -> Tensor:
    return torch.full((3, SIDE, SIDE), value)


def test_what_changes_from_pixel_to_pixel_is_no_light_and_light_does_not_cross_a_border() -> None:
    given = torch.where(torch.arange(SIDE) <= EDGE, -0.3, 0.5).expand(1, 3, SIDE, SIDE)
    noise = 0.2 * torch.randn(given.shape, generator=torch.Generator().manual_seed(1))
    made = even_light(given + noise, half_and_half(CLOTH, flat(0.3), right=SKIN))
    off = torch.cat([(made - given)[..., :EDGE], (made - given)[..., EDGE + 1 :]], dim=3)
    assert off.std() < 0.3 * noise.std()
    assert made[..., : EDGE - 1].mean() == pytest.approx(-0.3, abs=0.03)
    assert made[..., EDGE - 1].mean() == pytest.approx(-0.3, abs=0.06)
    assert made[..., EDGE + 1].mean() == pytest.approx(0.5, abs=0.06)


def test_an_outline_stays_as_smooth_as_the_drafts() -> None:
    skin, wall = 0.1, 0.6
    share = torch.where(torch.arange(SIDE) < EDGE, 1.0, torch.where(torch.arange(SIDE) == EDGE, 0.5, 0.0))
    conditions = half_and_half(SKIN, (share * skin + (1 - share) * wall).expand(3, SIDE, SIDE))
    # A network's answer is arbitrary where a pixel is partly skin.
    given = torch.where(torch.arange(SIDE) < EDGE, float(np.log(3)), -1.5).expand(1, 3, SIDE, SIDE).clone()
    given[..., EDGE + 1 :] = 0
    lit = apply_ratio(conditions.draft, even_light(given, conditions))[0, 0, EDGE]
    bright = (skin + 0.02) * 3 - 0.02
    assert lit[EDGE] == pytest.approx(0.5 * bright + 0.5 * wall, abs=0.03)
    assert lit[: EDGE - 6].numpy() == pytest.approx(bright, abs=0.01)
    assert (lit[EDGE + 1 :] == wall).all()


def test_more_light_on_skin_does_not_multiply_its_gloss_but_a_print_keeps_its_contrast() -> None:
    specks = flat(0.1)
    specks[:, 10, 10] = 0.5
    given = torch.full((1, 3, SIDE, SIDE), float(np.log(2)))
    on_skin, on_cloth = (
        apply_ratio(specks[None], even_light(given, half_and_half(part, specks)))[0, 0] for part in (SKIN, CLOTH)
    )
    assert on_skin[10, 10] == pytest.approx(0.5 + 0.15, abs=0.03)
    assert on_cloth[10, 10] == pytest.approx(1.02, abs=0.01)
    assert float(on_skin[10, 4]) == pytest.approx(float(on_cloth[10, 4]), abs=0.001)


def test_eyes_strands_and_backdrop_keep_what_they_had() -> None:
    noise = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    eye = even_light(noise, half_and_half(EYE, flat(0.3)))
    assert torch.equal(eye, noise)
    strands = torch.full((1, 1, SIDE, SIDE), 0.4)
    assert torch.equal(even_light(noise, half_and_half(SKIN, flat(0.3), strands)), noise)
    assert torch.equal(even_light(noise, half_and_half(SKIN, flat(0.3)))[..., EDGE + 1 :], noise[..., EDGE + 1 :])
