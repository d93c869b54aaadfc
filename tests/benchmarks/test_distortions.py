from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.common.distortions import CHANGES


@pytest.mark.parametrize("name", list(CHANGES))
def test_every_change_gives_another_picture_and_leaves_its_source_alone(name: str) -> None:
    with Image.open(Path("examples") / "logo-tee.jpg") as opened:
        picture = np.asarray(opened.convert("RGB").resize((192, 256)))
    before = picture.copy()
    changed = CHANGES[name](picture)
    assert changed.dtype == np.uint8
    assert changed.shape[2] == 3
    assert changed.shape != picture.shape or (changed != picture).any()
    assert (picture == before).all()
