"""A garment of guessed size that does not go on is tried in the next sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import garments
import pytest

from vmodel.body.model import build_body
from vmodel.body.pose import load_pose
from vmodel.body.roster import load_roster
from vmodel.config import Settings
from vmodel.drape import drape_outfit
from vmodel.dressing import in_a_size_that_goes_on
from vmodel.errors import DrapeFailed
from vmodel.garment.scale import NEXT_SIZE, let_grow
from vmodel.types import Drape, Garment


def test_a_tee_that_is_too_tight_goes_on_in_a_larger_size(tmp_path: Path) -> None:
    body = build_body(load_roster(Settings())["wm-ines"])

    def put_on(worn: Sequence[Garment]) -> tuple[Garment, Drape]:
        return drape_outfit(worn, body, load_pose("standing"), Settings(home=tmp_path))

    tight = let_grow(garments.tee(), 0.75)
    with pytest.raises(DrapeFailed, match="too tight"):
        in_a_size_that_goes_on([tight], put_on, 0)
    larger, worn = in_a_size_that_goes_on([tight], put_on, 2)
    assert larger.cm_per_px / tight.cm_per_px in (pytest.approx(NEXT_SIZE), pytest.approx(NEXT_SIZE**2))
    assert larger.cm_per_px * larger.panels[0].panel_to_texture[0, 0] == pytest.approx(
        tight.cm_per_px * tight.panels[0].panel_to_texture[0, 0]
    )
    assert worn.report.stretch_p99 < 1.2
