from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save tiny networks in a folder that stands for the hub."""
    from pipelines.hub.weights.catalogue import CATALOGUE
    from tests.support.tiny_models.base import save_as_published, tiny_klein
    from tests.support.tiny_models.catvton import save_catvton
    from tests.support.tiny_models.dwpose import write_dwpose
    from tests.support.tiny_models.fashn_vton import save_try_on
    from tests.support.tiny_models.qwen import save_qwen_edit
    from tests.support.tiny_models.sdxl import save_sdxl

    root = tmp_path_factory.mktemp("published")
    save_as_published(tiny_klein(), root, CATALOGUE["flux2-klein"].parts[0].repository)
    save_as_published(tiny_klein(), root, CATALOGUE["flux2-klein-base"].parts[0].repository)
    save_sdxl(root, *(part.repository for part in CATALOGUE["sdxl"].parts))
    save_qwen_edit(root, *(part.repository for part in CATALOGUE["qwen-edit"].parts))
    save_try_on(root, *(part.repository for part in CATALOGUE["fashn"].parts))
    write_dwpose(root / CATALOGUE["dwpose"].parts[0].repository, [(150.0, 60.0, 290.0, 620.0)])
    save_catvton(root, *(part.repository for part in CATALOGUE["catvton"].parts))
    return root
