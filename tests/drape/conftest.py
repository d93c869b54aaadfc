"""Wearer of garments whose cut a test states in centimetres."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)


@pytest.fixture(scope="module")
def body(settings: Settings) -> Body:
    return build_body(load_roster(settings)["wm-ines"])
