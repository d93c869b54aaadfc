from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vmodel.errors import UnreadablePhoto
from vmodel.film import write_film
from vmodel.rights.clips import mark_frames, read_mark_of_clip

KEY = b"a secret of this installation 01"


def test_a_moving_clips_mark_is_read_from_its_frames(tmp_path: Path) -> None:
    with Image.open("examples/logo-tee.jpg") as opened:
        still = np.asarray(opened.convert("RGB").resize((600, 800)))
    moving = (np.ascontiguousarray(still[4 * step : 4 * step + 640, 40 : 40 + 480]) for step in range(14))
    write_film(tmp_path / "clip.mp4", mark_frames(moving, 987654321, KEY), 25)
    assert read_mark_of_clip(tmp_path / "clip.mp4", KEY) == (987654321, 2)
    assert read_mark_of_clip(tmp_path / "clip.mp4", b"another installation's secret 02", most=1) is None


def test_what_is_no_film_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0" * 5000)
    with pytest.raises(UnreadablePhoto, match="no film"):
        read_mark_of_clip(tmp_path / "clip.mp4", KEY)
