"""The embedded model changes only light on cloth: prints stay as strong, and folds of the garment remain."""

from __future__ import annotations

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from pipelines.embedded.log_ratio import LIMIT, apply_ratio, limit_on_cloth, to_srgb
from vmodel.types import FloatArray

SIZE = (512, 384)


def striped() -> Tensor:
    """Return (1, 3, H, W) linear light: stripes of nearly white and black cloth, ten pixels wide."""
    rows = (torch.arange(SIZE[0]) // 10 % 2).float()
    return (0.04 + 0.84 * rows)[None, None, :, None].expand(1, 3, *SIZE).contiguous()


def everywhere() -> Tensor:
    return torch.ones(1, 1, *SIZE)


def uniform(value: float) -> Tensor:
    return torch.full((1, 3, *SIZE), value)


def shown(draft: Tensor, ratio: Tensor) -> FloatArray:
    """Return (H, W) linear light as a display shows it."""
    return np.asarray((to_srgb(apply_ratio(draft, ratio))[0, 0] ** 2.2).numpy())


def contrast(picture: FloatArray) -> float:
    bright, dark = picture[110:119, 100:300].mean(), picture[121:129, 100:300].mean()
    return float(bright / dark)


def test_more_light_on_stripes_keeps_their_contrast() -> None:
    draft = striped()
    before = contrast(shown(draft, uniform(0.0)))
    held = shown(draft, limit_on_cloth(uniform(0.4), uniform(0.0), everywhere(), draft))
    assert abs(contrast(held) / before - 1) < 0.05
    assert contrast(shown(draft, uniform(0.4))) < 0.85 * before


def test_dark_cloth_is_lit_as_the_model_says() -> None:
    draft = uniform(0.2)
    lit = limit_on_cloth(uniform(0.3), uniform(0.0), everywhere(), draft)
    torch.testing.assert_close(lit, uniform(0.3), atol=0.02, rtol=0)


def test_shade_may_be_deep_on_cloth_of_any_colour() -> None:
    lit = limit_on_cloth(uniform(-0.5), uniform(0.0), everywhere(), striped())
    torch.testing.assert_close(lit, uniform(-0.5), atol=1e-3, rtol=0)


def test_what_goes_with_the_print_is_no_light_on_cloth() -> None:
    follows = 0.2 * (2 * (striped() > 0.5).float() - 1)
    lit = limit_on_cloth(follows, uniform(0.0), everywhere(), uniform(0.3))
    assert lit.abs().max() < 0.1 * LIMIT
    assert lit[..., 100:400, :].std() < 0.2 * follows.std()


def test_creases_that_were_traced_keep_their_depth() -> None:
    creases = 0.2 * (2 * (striped() > 0.5).float() - 1)
    lit = limit_on_cloth(creases, creases, everywhere(), uniform(0.3))
    assert lit[..., 100:400, :].std() > 0.6 * creases.std()


def test_skin_beside_cloth_is_left_to_the_model() -> None:
    garment = rearrange((torch.arange(SIZE[1]) > 200).float(), "w -> 1 1 1 w").expand(1, 1, *SIZE)
    ratio = 0.3 * torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    lit = limit_on_cloth(ratio, uniform(0.0), garment, uniform(0.3))
    torch.testing.assert_close(lit[..., :200], ratio[..., :200])
    assert lit[..., 201:].std() < 0.1
