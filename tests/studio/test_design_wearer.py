"""A print on a design keeps its size on the body, and designs can be worn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import prints
from pipelines.registry import load_pipeline
from vmodel.body.model.body import build_body
from vmodel.body.shoes.catalogue import CANVAS_SHOES
from vmodel.drape.simulate.put_on import DrapeSettings
from vmodel.errors import BadUsage
from vmodel.garment.blocks.library import BLOCKS, is_for_children
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.designs.block_design import Design, write_design
from vmodel.shoot import shoot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.design_wearer import choose_wearer
from vmodel.studio.stage_cache import StageCache

COARSE = DrapeSettings(spacing_cm=2.5, hang_frames=30, move_frames=24, settle_frames=30)
"""Coarse but quick: fine enough to measure a square of ten centimetres and the width of a sleeve."""


@pytest.mark.slow
def test_a_checkerboard_of_ten_centimetres_measures_ten_on_the_body_in_every_size(stages: StageCache) -> None:
    flat = {size: prints.worn_block("tee", size, stages, COARSE) for size in prints.GROWN_UPS}
    assert sum(len(found.squares) > 0 for found in flat.values()) >= len(flat) / 2  # on some bodies none lies flat
    for size, found in flat.items():
        if len(found.squares):
            off = np.abs(found.squares - 1).max(axis=1)
            assert np.median(off) <= prints.BAR, size
            assert (off <= prints.BAR).mean() > 0.9, size


@pytest.mark.slow
@pytest.mark.parametrize("size", ["XL", "4XL"])
def test_over_a_full_belly_a_skirt_turns_instead_of_stretching_its_print(size: str, stages: StageCache) -> None:
    found = prints.worn_block("skirt", size, stages)  # at the resolution of pictures: coarse cloth hides it
    assert len(found.squares) >= 4
    off = np.abs(found.squares - 1).max(axis=1)
    assert np.median(off) < 0.01
    assert (off <= prints.BAR).mean() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "size"),
    [
        *(("trousers", size) for size in ("XS", "M", "XL")),
        *(("shorts", size) for size in ("S", "3XL")),
        ("child-trousers", "134"),
        ("child-shorts", "164"),
    ],
)
def test_trousers_go_round_thighs_without_stretching_their_print(block: str, size: str, stages: StageCache) -> None:
    found = prints.worn_block(block, size, stages, COARSE)
    assert len(found.squares) >= 1  # few lie flat on narrow or bent legs
    assert (np.abs(np.median(found.squares, axis=0) - 1) < 0.015).all()
    assert (np.abs(found.squares - 1) <= prints.BAR).all(axis=1).mean() >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("block", ["trousers", "shorts"])
def test_no_cloth_is_caught_between_thighs_that_touch(block: str, stages: StageCache) -> None:
    found = prints.worn_block(block, "4XL", stages)  # at the resolution of pictures: coarse cloth hides it
    assert len(found.squares) >= 50
    assert (np.abs(found.squares - 1) <= prints.BAR).all(axis=1).mean() >= 0.97


@pytest.mark.slow
def test_another_print_on_the_same_cut_costs_only_its_own_pixels(stages: StageCache, tmp_path: Path) -> None:
    wearer, measures = choose_wearer("shorts", "wm-ines", None, stages.roster)
    shots = []
    for repeat_cm in (6.0, 20.0):
        path = tmp_path / f"{repeat_cm:.0f}.design.json"
        path.write_bytes(write_design(Design("shorts", measures, PrintRepeat(prints.checkerboard(), repeat_cm))))
        request = ShotRequest(
            GarmentSource(path), model=wearer.id, pose="standing", size=(384, 288), shoes=CANVAS_SHOES
        )
        shots.append(shoot(request, stages, load_pipeline("draft")))
    first, second = shots
    assert "posing hair" in first.timings
    assert not {"posing hair", "skin"} & set(second.timings)
    assert second.timings["conditions"] < first.timings["conditions"]  # no mesh to refine, no rays to trace
    np.testing.assert_array_equal(second.drape.vertices_m, first.drape.vertices_m)
    assert (second.picture != first.picture).any(axis=2).mean() > 0.02
    alone = shoot(second.request, StageCache(stages.settings), load_pipeline("draft"))
    np.testing.assert_array_equal(second.picture, alone.picture)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "size"),
    [
        ("shirt", "L"),
        ("hoodie", "S"),
        ("coat", "2XL"),
        ("child-hoodie", "128"),
    ],
)
def test_long_sleeves_of_blocks_are_wide_enough_for_an_arm(block: str, size: str, stages: StageCache) -> None:
    prints.worn_block(block, size, stages, COARSE)  # raises DrapeFailed where it is too tight


def test_a_design_without_a_size_is_made_to_its_wearer_s_measure(stages: StageCache) -> None:
    wearer, measures = choose_wearer("skirt", "wm-ines", None, stages.roster)
    assert wearer.id == "wm-ines"
    assert measures == build_body(stages.roster["wm-ines"]).measurements
    someone, _ = choose_wearer("skirt", None, "XL", stages.roster)
    assert (someone.size, someone.gender) == ("XL", "woman")
    _, larger = choose_wearer("skirt", "wm-ines", "XL", stages.roster)
    assert larger.hip > measures.hip + 5


def test_a_block_or_a_size_that_nobody_knows_is_named(stages: StageCache) -> None:
    with pytest.raises(BadUsage, match="cape"):
        choose_wearer("cape", None, None, stages.roster)
    with pytest.raises(BadUsage, match="46"):
        choose_wearer("tee", None, "46", stages.roster)


def test_what_is_drafted_for_children_is_worn_by_children_only(stages: StageCache) -> None:
    childish = [block for block in BLOCKS if is_for_children(block)]
    assert childish
    for block in childish:
        wearer, _ = choose_wearer(block, None, None, stages.roster)
        assert wearer.is_child
        with pytest.raises(BadUsage, match="drafted for children"):
            choose_wearer(block, "wm-ines", None, stages.roster)
    with pytest.raises(BadUsage, match="No virtual child has the size M"):
        choose_wearer("child-tee", None, "M", stages.roster)
