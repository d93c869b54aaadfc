"""Content of a stored picture as a training step receives it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.embedded.log_ratio import OFFSET, project_ratio
from pipelines.training.dataset import PictureCache, make_batch
from tests.support.training_pictures import write_picture
from vmodel.core.colour import to_srgb
from vmodel.scene import PART_NAMES


def test_skin_between_strands_gets_its_light_once(tmp_path: Path) -> None:
    """Half of every pixel of a face is black strands; the ratio contains the photograph's light as it was seen."""
    path = tmp_path / "0000" / "000000.npz"
    write_picture(path, 0, "train")
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    face = arrays["parts"] == PART_NAMES.index("face")
    strands, skin, brighter = 0.03, 0.4, 1.3
    for name, light in (("draft", 1.0), ("target", brighter)):
        arrays[name][face] = to_srgb(np.full((1, 1, 3), 0.5 * strands + 0.5 * skin * light, np.float32))[0, 0]
    arrays["hair"][face] = 128
    np.savez_compressed(path, **arrays)

    picture_cache = PictureCache(tmp_path)
    picture_cache.scan()
    picture = picture_cache.load(picture_cache.train[0])
    batch = make_batch([picture], picture.shape, [0])
    seen = (0.5 * (strands + skin * brighter) + OFFSET) / (0.5 * (strands + skin) + OFFSET)
    between = (batch.conditions.hair > 0.4) & (batch.conditions.hair < 0.6)
    told = batch.ratio[between.expand_as(batch.ratio)]
    assert len(told) > 1000
    assert told.mean() == pytest.approx(np.log(seen), abs=0.01)

    # The light on the skin itself, as a network predicts it, gives nearly the same.
    light = torch.full_like(batch.ratio, float(np.log((skin * brighter + OFFSET) / (skin + OFFSET))))
    shown = project_ratio(light, batch.conditions.garment, batch.lit)[between.expand_as(batch.ratio)]
    assert shown.mean() == pytest.approx(np.log(seen), rel=0.25)
