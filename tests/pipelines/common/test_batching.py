"""Several poses are prepared first and photographed in one batch; each shot equals the one made alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.common.batching import shoot_batched
from vmodel.body.shoes.catalogue import CANVAS_SHOES
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Failure, RenderContext, Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray

pytestmark = pytest.mark.slow


class Negative:
    """Pipeline that inverts drafts, shifted by the seed, and records the batch sizes."""

    name = "negative"
    generative = False

    def __init__(self, at_once: int) -> None:
        self.at_once, self.batches = at_once, list[int]()

    def __call__(self, context: RenderContext) -> ByteArray:
        return self.make([context])[0]

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        self.batches.append(len(contexts))
        return [np.roll(255 - context.draft, context.seed, axis=1) for context in contexts]


def test_a_batch_gives_each_shot_its_own_picture_and_a_failure_stops_no_other(
    stages: StageCache, tee_request: ShotRequest, tee_shot: Shot, tmp_path: Path
) -> None:
    # A shot names the shoes that were chosen. Without a model, every seed would dress another person: one does.
    asked = replace(tee_request, shoes=CANVAS_SHOES, seed=2)
    gone = replace(asked, garment=GarmentSource(tmp_path / "gone.jpg"))
    front, side = (
        replace(asked, model=tee_shot.model.id, seed=seed, view=view) for seed, view in ((1, "front"), (3, "side"))
    )
    requests = [front, gone, asked, side]
    together, alone = Negative(at_once=3), Negative(at_once=1)
    results = list(shoot_batched(requests, stages, together, tmp_path))
    assert together.batches == [2, 1]
    for request, result in zip(requests, results, strict=True):
        if request is gone:
            assert isinstance(result, Failure)
            assert result.code == "photo_not_found"
            continue
        single = shoot(request, stages, alone)
        assert isinstance(result, Shot)
        assert result.request == request
        assert result.generated.made_by == "negative"
        assert np.array_equal(result.picture, single.picture)
        assert "negative" in result.timings
