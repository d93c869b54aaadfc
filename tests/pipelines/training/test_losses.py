"""Training loss: relative weight of exposure and shade, and a step under bfloat16."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.embedded.exposure import BARE
from pipelines.embedded.network import TINY
from pipelines.training.dataset import Batch, PictureCache, make_batch
from pipelines.training.losses import loss_of, remove_mean_exposure
from pipelines.training.train import Plan, Trainer
from tests.support.training_pictures import write_picture


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    write_picture(tmp_path / "0000" / "000000.npz", 0, "train")
    picture_cache = PictureCache(tmp_path)
    picture_cache.scan()
    picture = picture_cache.load(picture_cache.train[0])
    return make_batch([picture], picture.shape, [0])


def test_how_bright_skin_is_on_the_whole_costs_little_and_its_shade_all(batch: Batch) -> None:
    skin = torch.isin(batch.conditions.parts, torch.tensor(BARE))[:, None]
    sure = replace(batch, lit=torch.ones_like(batch.lit))
    assert skin.sum() > 400
    brighter = 0.3 * skin.expand_as(batch.ratio)
    assert torch.allclose(remove_mean_exposure(brighter, sure), 0.2 * brighter, atol=1e-5)
    generator = torch.Generator().manual_seed(0)
    shade = torch.randn(batch.ratio.shape, generator=generator) * skin
    shade = shade - shade.sum(dim=(2, 3), keepdim=True) / skin.sum() * skin
    assert torch.allclose(remove_mean_exposure(shade, sure), shade, atol=1e-5)


@pytest.mark.parametrize("alone", [True, False])
def test_a_step_learns_under_bfloat16_as_on_a_card(batch: Batch, tmp_path: Path, alone: bool) -> None:
    """Any processor computes in bfloat16, however slowly; cards and newer processors always train in it."""
    trainer = Trainer(Plan(tmp_path, tmp_path, size=TINY))
    losses = []
    for fast in (False, True):
        generator = torch.Generator().manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            loss, _ = loss_of(trainer.network, batch, generator, trainer.backbone, alone)
        trainer.network.zero_grad()
        loss.backward()
        assert all(part.grad.isfinite().all() for part in trainer.network.parameters() if part.grad is not None)
        losses.append(float(loss.detach()))
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
