"""A fitting is the same garment on the same person, sooner: coarser cloth, half of the hair, smaller textures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.draft import DraftPipeline
from vmodel.config import Settings
from vmodel.designing import choose_wearer
from vmodel.garment.design import Design, write_design
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Shot


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shot, Shot]:
    folder = tmp_path_factory.mktemp("fitting")
    studio = Studio(Settings(home=folder / "home"))
    wearer, measures = choose_wearer("dress", "wm-ines", None, studio.roster)
    design = Path(folder / "dress.design.json")
    design.write_bytes(write_design(Design("dress", measures, None, "#7a3b2e", "#e8d9b0")))
    request = ShotRequest(GarmentSource(design), wearer.id, "standing", size=(680, 512), pipeline="draft", fitting=True)
    pipeline = DraftPipeline()
    return shoot(request, studio, pipeline), shoot(replace(request, fitting=False), studio, pipeline)


def test_a_fitting_shows_the_cut_where_the_final_picture_has_it(both: tuple[Shot, Shot]) -> None:
    first, final = (np.asarray(shot.maps.garment_mask) > 0.5 for shot in both)
    assert (first & final).sum() / (first | final).sum() > 0.94
    rows = [np.flatnonzero(mask.any(axis=1)) for mask in (first, final)]
    assert abs(rows[0][-1] - rows[1][-1]) <= 5  # hems within 1.5 cm


def test_a_fitting_is_coarser_and_worn_as_well(both: tuple[Shot, Shot]) -> None:
    first, final = (shot.drape.report for shot in both)
    assert first.vertices < 0.5 * final.vertices
    assert first.worn
    assert first.inside_share <= 0.001
    assert first.widest_seam_gap_mm <= 3


def test_a_final_picture_after_a_fitting_is_final(both: tuple[Shot, Shot]) -> None:
    first, final = both
    assert {"drape", "skin", "posing hair", "draft"} <= set(final.timings)  # nothing of the fitting stands in for it
    assert first.request.to_json()["fitting"]
    assert not np.array_equal(first.picture, final.picture)
