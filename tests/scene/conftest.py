"""Shared scenes of the renderer's tests."""

from __future__ import annotations

import pytest

from tests.support.garments.mannequin import make_hair, make_mannequin, make_shirt, make_skin
from vmodel.scene import Scene


@pytest.fixture(scope="session")
def dressed() -> Scene:
    body, posed = make_mannequin()
    drape, garment = make_shirt()
    return Scene(posed, body, make_skin(), make_hair(), drape, garment)


@pytest.fixture(scope="session")
def undressed() -> Scene:
    body, posed = make_mannequin()
    return Scene(posed, body, make_skin(), None, None, None)
