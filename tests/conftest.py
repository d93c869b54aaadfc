"""What the tests share: a home of their own, the examples, and one finished shot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vmodel.request import ShotRequest
    from vmodel.studio import Studio
    from vmodel.take import Shot

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """VMODEL_HOME for all tests, so that no test reads or changes the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMODEL_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def flat_lays() -> Path:
    """Folder of real flat-lay photos; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("FLATLAYS", ROOT.parent / "shared" / "flatlays"))
    if not (folder / "labels.tsv").is_file():
        pytest.skip("no real flat-lay photos here; set FLATLAYS to their folder")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """Folder of the bundled example flat-lays."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def studio(home: Path) -> Studio:
    """A studio that stays warm for the whole run."""
    from vmodel.config import Settings
    from vmodel.studio import Studio

    return Studio(Settings(home=home))


@pytest.fixture(scope="session")
def tee_request(examples: Path) -> ShotRequest:
    """The example T-shirt at the smallest size."""
    from vmodel.request import GarmentSource, ShotRequest

    return ShotRequest(GarmentSource(examples / "logo-tee.jpg"), size=(512, 384))


@pytest.fixture(scope="session")
def tee_shot(studio: Studio, tee_request: ShotRequest) -> Shot:
    """The example T-shirt, worn: made once for every test that only looks at a finished shot."""
    from pipelines.loading import load_pipeline
    from vmodel.shoot import shoot

    return shoot(tee_request, studio, load_pipeline("draft"))
