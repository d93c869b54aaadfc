"""Wearer of garments whose cut a test states in centimetres."""

from __future__ import annotations

import pytest

from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def body(settings: Settings) -> Body:
    return build_body(load_roster(settings)["wm-ines"])
