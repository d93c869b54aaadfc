"""A print on a design keeps its size on the body."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.loading import load_pipeline
from vmodel.body.model import build_body
from vmodel.designing import choose_wearer
from vmodel.errors import BadUsage
from vmodel.garment.block_cut import BLOCKS, is_for_children
from vmodel.garment.design import ENDING, Design, write_design
from vmodel.garment.print_repeat import PrintRepeat
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Shot

CHECK_CM = 10.0
FLAT_DEG = 11.0


def checkerboard() -> np.ndarray:
    """A tile of two by two squares."""
    tile = np.full((64, 64, 4), 255, np.uint8)
    tile[:32, :32, :3] = tile[32:, 32:, :3] = (30, 60, 110)
    return tile


def squares_on_the_front_cm(shot: Shot) -> np.ndarray:
    """Width and height of the checkerboard's squares where the front of the draped torso is flat, along the cloth.

    (n, 2) cm: the mean stretch of the cloth under each square, across and along, times its size on the design. Flat is
    a square whose cloth bends little: over the bust and under the arms a fitted cut stretches.
    """
    garment, worn = shot.garment, shot.drape
    front = worn.panel == 0
    affine = garment.panels[0].panel_to_texture
    corners_cm = (worn.texture_px[front] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
    corners_m = worn.vertices_m[worn.triangles[front]].astype(float)
    flat = np.stack([corners_cm[:, 1] - corners_cm[:, 0], corners_cm[:, 2] - corners_cm[:, 0]], axis=2)
    bent = np.stack([corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0]], axis=2) * 100
    stretch = np.linalg.norm(bent @ np.linalg.inv(flat), axis=1)
    area = np.abs(np.linalg.det(flat)) / 2
    facing = np.cross(bent[..., 0], bent[..., 1])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    middle = corners_cm.mean(1)
    marks = garment.landmarks_cm
    chest, low = float(marks["armpit_left"][0]), float(marks["hem_left"][1])
    top = float(marks["armpit_left"][1])
    cell = np.floor(middle / CHECK_CM).astype(int)
    found = []
    for place in {tuple(each) for each in cell}:
        inside = (cell == place).all(1)
        whole = area[inside].sum() > 0.95 * CHECK_CM**2
        centre = (np.array(place) + 0.5) * CHECK_CM
        bend = np.degrees(np.arccos(np.linalg.norm(np.average(facing[inside], axis=0, weights=area[inside]))))
        if whole and bend < FLAT_DEG and abs(centre[0]) < 0.75 * chest and low < centre[1] < top:
            found.append(CHECK_CM * np.average(stretch[inside], axis=0, weights=area[inside]))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "size"), [("wm-ines", None)])
def test_a_checkerboard_of_ten_centimetres_measures_ten_on_the_body(
    model: str | None, size: str | None, studio: Studio, tmp_path: Path
) -> None:
    wearer, measures = choose_wearer("tee", model, size, studio.roster)
    design = tmp_path / f"tee{ENDING}"
    design.write_bytes(write_design(Design("tee", measures, PrintRepeat(checkerboard(), 2 * CHECK_CM))))
    request = ShotRequest(GarmentSource(design), wearer.id, size=(512, 384))
    squares = squares_on_the_front_cm(shoot(request, studio, load_pipeline("draft")))
    assert len(squares) >= 3
    assert np.abs(squares / CHECK_CM - 1).max() <= 0.03


def test_a_design_without_a_size_is_made_to_its_wearer_s_measure(studio: Studio) -> None:
    wearer, measures = choose_wearer("skirt", "wm-ines", None, studio.roster)
    assert wearer.id == "wm-ines"
    assert measures == build_body(studio.roster["wm-ines"]).measurements
    someone, _ = choose_wearer("skirt", None, "XL", studio.roster)
    assert (someone.size, someone.gender) == ("XL", "woman")
    _, larger = choose_wearer("skirt", "wm-ines", "XL", studio.roster)
    assert larger.hip > measures.hip + 5


def test_a_block_or_a_size_that_nobody_knows_is_named(studio: Studio) -> None:
    with pytest.raises(BadUsage, match="cape"):
        choose_wearer("cape", None, None, studio.roster)
    with pytest.raises(BadUsage, match="46"):
        choose_wearer("tee", None, "46", studio.roster)


def test_what_is_drafted_for_children_is_worn_by_children_only(studio: Studio) -> None:
    childish = [block for block in BLOCKS if is_for_children(block)]
    assert childish
    for block in childish:
        wearer, _ = choose_wearer(block, None, None, studio.roster)
        assert wearer.is_child
        with pytest.raises(BadUsage, match="drafted for children"):
            choose_wearer(block, "wm-ines", None, studio.roster)
    with pytest.raises(BadUsage, match="No virtual child has the size M"):
        choose_wearer("child-tee", None, "M", studio.roster)
