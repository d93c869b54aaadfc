"""Fittings: fast previews of the same garment and person with coarser cloth, half of the hair, smaller textures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.draft import DraftPipeline
from vmodel.config import Settings
from vmodel.garment.designs.block_design import Design, write_design
from vmodel.garment.designs.colourway import recolour_file
from vmodel.garment.designs.pattern_design import SewnDesign, write_sewn_design
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.design_wearer import choose_wearer
from vmodel.studio.read_garment import check_rights, read_pattern
from vmodel.studio.stage_cache import StageCache


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[Shot, Shot]:
    folder = tmp_path_factory.mktemp("fitting")
    stages = StageCache(Settings(home=home))
    wearer, measures = choose_wearer("dress", "wm-ines", None, stages.roster)
    design = Path(folder / "dress.design.json")
    design.write_bytes(write_design(Design("dress", measures, None, "#7a3b2e", "#e8d9b0")))
    request = ShotRequest(GarmentSource(design), wearer.id, "standing", size=(680, 512), pipeline="draft", fitting=True)
    pipeline = DraftPipeline()
    return shoot(request, stages, pipeline), shoot(replace(request, fitting=False), stages, pipeline)


def test_a_fitting_shows_the_cut_where_the_final_picture_has_it(both: tuple[Shot, Shot]) -> None:
    first, final = (np.asarray(shot.maps.garment_mask) > 0.5 for shot in both)
    assert (first & final).sum() / (first | final).sum() > 0.9  # coarse cloth falls otherwise beside a hand
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
    assert {"drape", "skin", "posing hair", "draft"} <= set(final.timings)  # no result of the fitting is reused for it
    assert first.request.to_json()["fitting"]
    assert not np.array_equal(first.picture, final.picture)


@pytest.fixture(scope="module")
def coloured_flat(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the example drawing as a dark colourway: its body is darker than its outline."""
    path = tmp_path_factory.mktemp("flat") / "raglan-tee-night.svg"
    path.write_bytes(recolour_file(examples / "raglan-tee.svg", {"#f0e6d2": "#15202b", "#b8402c": "#e0c060"}))
    return path


def test_a_drawing_is_recognised_once_for_the_fittings_of_all_its_colourways(
    examples: Path, coloured_flat: Path, tmp_path: Path
) -> None:
    stages = StageCache(Settings(home=tmp_path))
    first = read_pattern(GarmentSource(examples / "raglan-tee.svg"), stages, fitting=True)
    assert "understanding" in stages.timings
    stages.reset_timings()
    second = read_pattern(GarmentSource(coloured_flat), stages, fitting=True)
    assert "understanding" not in stages.timings
    assert first.garment.photo is not None
    assert second.garment.photo is not None
    points = first.garment.photo.points, second.garment.photo.points
    assert all(np.array_equal(points[0][name], points[1][name]) for name in points[0])
    middle = first.flat_lay.rgb.shape[0] * 4 // 5, first.flat_lay.rgb.shape[1] // 2
    assert first.flat_lay.rgb[middle].tolist() == [0xF0, 0xE6, 0xD2]
    assert second.garment.photo.rgb[middle].tolist() == [0x15, 0x20, 0x2B]


def test_a_drawing_is_recognised_for_a_fitting_as_for_the_final_picture(examples: Path, tmp_path: Path) -> None:
    stages, source = StageCache(Settings(home=tmp_path)), GarmentSource(examples / "raglan-tee.svg")
    first, final = read_pattern(source, stages, fitting=True), read_pattern(source, stages)
    assert (first.kind.category, first.kind.sleeve, first.kind.neckline, first.kind.length) == (
        final.kind.category,
        final.kind.sleeve,
        final.kind.neckline,
        final.kind.length,
    )
    sides = [max(reading.flat_lay.rgb.shape) for reading in (first, final)]
    assert sides == [640, 2000]
    for name, point in final.landmarks.points_px.items():
        apart = np.abs(first.landmarks.points_px[name] / 640 - point / 2000)
        # The height of a straight side's narrowest place is meaningless.
        assert (apart[0] if name.startswith(("waist", "hip")) else np.linalg.norm(apart)) < 0.02, name


def test_masks_landmarks_and_backs_keep_the_pixels_of_the_final_drawing(examples: Path, tmp_path: Path) -> None:
    stages, flat = StageCache(Settings(home=tmp_path)), examples / "raglan-tee.svg"
    reading = read_pattern(GarmentSource(flat, back=flat), stages, fitting=True)
    assert max(reading.flat_lay.rgb.shape) == 2000


def test_children_s_rules_look_at_the_final_picture_s_drawing(examples: Path, tmp_path: Path) -> None:
    stages, source = StageCache(Settings(home=tmp_path)), GarmentSource(examples / "raglan-tee.svg")
    reading = read_pattern(source, stages, fitting=True)
    stages.reset_timings()
    check_rights(stages.roster["ch-mila"], source, reading, stages)
    assert {"reading", "detecting"} <= set(stages.timings)


def test_a_sewn_fitting_in_another_colourway_is_neither_cut_nor_draped_again(
    examples: Path, home: Path, tmp_path: Path
) -> None:
    content = (examples / "dress-pattern.svg").read_bytes()
    sewn = SewnDesign("dress-pattern.svg", content)
    stages, pipeline, shots = StageCache(Settings(home=home)), DraftPipeline(), []
    for name, colours in (("own", {}), ("moss", {"#b8cbd8": "#3a5f4a"})):
        path = tmp_path / f"{name}.design.json"
        path.write_bytes(write_sewn_design(sewn.in_colours(colours)))
        request = ShotRequest(
            GarmentSource(path), "wm-ines", "standing", size=(680, 512), pipeline="draft", fitting=True
        )
        shots.append(shoot(request, stages, pipeline))
    own, moss = shots
    assert own.drape.report.vertices < 3500
    assert own.drape.report.worn
    assert max(max(sheet.shape) for sheet in own.garment.textures) <= 1201
    assert {"drape", "posing hair"}.isdisjoint(moss.timings)
    assert moss.drape is own.drape
    worn = np.asarray(moss.maps.garment_mask) > 0.9
    assert np.median(own.picture[worn], axis=0)[2] > np.median(moss.picture[worn], axis=0)[2] + 25
