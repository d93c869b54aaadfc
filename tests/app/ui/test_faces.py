"""Models of the roster have their faces on the page."""

from __future__ import annotations

from pathlib import Path

from app.ui.base.templating import has_static
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings


def test_the_page_has_a_face_of_every_model_of_the_roster(tmp_path: Path) -> None:
    roster = load_roster(Settings(home=tmp_path))
    assert [name for name in roster if not has_static("pictures", f"face-{name}.webp")] == []
