"""Garments of photos are cut for bodies of every size and can be sewn and put on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import Polygon

from tests.support.garments import flat_lays as drawn
from vmodel.errors import SizeImplausible
from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.inpaint import extent
from vmodel.garment.pattern.fit import fit_block
from vmodel.garment.pattern.upright import upright
from vmodel.garment.recognition.landmarks import loop_order
from vmodel.garment.sizing import measure
from vmodel.types import Category, FloatArray, GarmentPhoto, Neckline

BARE_SHOULDERS = ("off-shoulder", "halter", "one shoulder")
PHOTOS: dict[str, GarmentPhoto] = {}


def photo_of(name: str) -> GarmentPhoto:
    if name not in PHOTOS:
        photo = drawn.ALL[name]().pattern().photo
        assert photo is not None
        PHOTOS[name] = upright(photo)
    return PHOTOS[name]


def block_of(name: str, wearer: str) -> Block:
    gender, body = drawn.BODIES[wearer]
    return fit_block(photo_of(name), body, gender, "cotton", {})[0]


def length(line: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


everything_on_everybody = pytest.mark.parametrize(("name", "wearer"), [(n, w) for n in drawn.ALL for w in drawn.BODIES])
on_everybody = pytest.mark.parametrize("wearer", drawn.BODIES)


@everything_on_everybody
def test_panels_are_closed_outlines_that_do_not_cross_themselves(name: str, wearer: str) -> None:
    for piece in block_of(name, wearer).cut:
        lines = list(piece.edges.values())
        for line, following in zip(lines, (*lines[1:], lines[0]), strict=True):
            assert np.allclose(line[-1], following[0], atol=1e-6)
        outline = Polygon(np.concatenate([line[:-1] for line in lines]))
        assert outline.is_valid
        assert outline.exterior.is_ccw


@everything_on_everybody
def test_edges_that_are_sewn_together_are_equally_long(name: str, wearer: str) -> None:
    block = block_of(name, wearer)
    cut = {piece.name: piece.edges for piece in block.cut}
    assert block.seams
    for seam in block.seams:
        first, second = (length(cut[piece][edge]) for piece, edge in (seam.first, seam.second))
        assert first == pytest.approx(second, rel=0.03)


@everything_on_everybody
def test_every_garment_goes_round_its_wearer(name: str, wearer: str) -> None:
    body, block = drawn.BODIES[wearer][1], block_of(name, wearer)
    marks = block.landmarks_cm
    assert set(loop_order(block.kind)) <= set(marks)
    if block.kind.category.covers_upper:
        assert 4 * marks["armpit_left"][0] >= body.chest + 1
    if block.kind.category in {Category.DRESS, Category.JUMPSUIT}:
        hip_y = body.hip_height - body.neck_height
        line = block.front["side_left"]
        assert 4 * np.interp(hip_y, line[:, 1], line[:, 0]) >= body.hip
    if not block.kind.category.covers_upper:
        assert 4 * marks["hip_left"][0] >= body.hip


@pytest.mark.parametrize("name", [n for n, f in drawn.ALL.items() if f().kind.category.covers_upper])
@on_everybody
def test_the_neck_passes_through_its_opening(name: str, wearer: str) -> None:
    body, block = drawn.BODIES[wearer][1], block_of(name, wearer)
    if block.kind.neckline == Neckline.STRAPLESS:
        return
    assert length(block.front["neck"]) + length(block.back["neck"]) > body.neck
    assert block.landmarks_cm["neck_left"][0] < block.landmarks_cm["shoulder_left"][0]


@pytest.mark.parametrize("name", BARE_SHOULDERS)
@pytest.mark.parametrize("category", [Category.TOP, Category.DRESS, Category.JUMPSUIT])
@on_everybody
def test_bare_shoulders_are_bare_whatever_hangs_below(name: str, category: Category, wearer: str) -> None:
    gender, body = drawn.BODIES[wearer]
    photo, legs = photo_of(name), photo_of("jumpsuit")
    photo = replace(photo, points={**legs.points, **photo.points}, kind=replace(photo.kind, category=category))
    block = fit_block(photo, body, gender, "cotton", {})[0]
    marks, back = block.landmarks_cm, next(piece for piece in block.cut if piece.name == "back")
    lines = [line for piece in block.cut for line in piece.edges.values()]
    if name == "off-shoulder":  # no cloth between the shoulders, and enough round both arms and the trunk between them
        between = [line[np.abs(line[:, 0]) < body.shoulder_width / 2] for line in lines]
        assert max(line[:, 1].max() for line in between if len(line)) < -0.03 * body.height
        assert 2 * length(block.front["neck"]) > 1.1 * body.chest
    elif name == "halter":
        assert max(line[:, 1].max() for line in back.edges.values()) <= 0.75 * marks["armpit_left"][1]
        assert marks["shoulder_left"][0] < 0.75 * body.shoulder_width / 2
    else:
        right = [line[line[:, 0] < -0.5 * marks["armpit_left"][0]] for line in lines]
        assert max(line[:, 1].max() for line in right if len(line)) < 0.4 * marks["armpit_left"][1]
        assert "shoulder_left" in block.front
        assert "shoulder_right" not in block.front


def test_one_shoulder_is_carried_on_the_side_that_the_photo_shows() -> None:
    photo = photo_of("one shoulder")
    wide = photo.mask.shape[1]
    swap = {"left": "right", "right": "left"}
    points = {
        "_".join(swap.get(word, word) for word in name.split("_")): np.array([wide - at[0], at[1]])
        for name, at in photo.points.items()
    }
    mirrored = replace(photo, rgb=photo.rgb[:, ::-1], mask=photo.mask[:, ::-1], points=points)
    block = fit_block(mirrored, drawn.WOMAN, "woman", "cotton", {})[0]
    assert "shoulder_right" in block.front
    assert "shoulder_left" not in block.front


def test_a_strapless_dress_is_as_long_as_its_photo_says() -> None:
    """The length runs from its upper edge: the neck has no cloth."""
    garment = drawn.strapless_dress().fitted(length_cm=92.0)
    tops = [float(line[:, 1].max()) for panel in garment.panels for line in panel.edges.values()]
    low = float(garment.panels[0].edges["side_left"][:, 1].min())
    assert max(tops) - low == pytest.approx(92.0, rel=0.02)


@pytest.mark.parametrize("name", ["tee", "long sleeve", "shirt", "hoodie", "coat"])
@on_everybody
def test_a_sleeve_leaves_room_for_the_arm_and_ends_outside_the_trunk(name: str, wearer: str) -> None:
    body, block = drawn.BODIES[wearer][1], block_of(name, wearer)
    under, side = block.front["sleeve_under_left"], block.front["side_left"]
    root = length(np.stack([block.landmarks_cm["armpit_left"], block.landmarks_cm["shoulder_left"]]))
    assert 2 * root > 0.33 * body.chest
    beside = np.interp(under[1:, 1], side[:, 1], side[:, 0])
    assert (under[1:, 0] > beside).all()
    if name in {"long sleeve", "shirt", "hoodie", "coat"}:
        assert 0.8 * body.arm_length < length(block.front["sleeve_top_left"]) < 1.35 * body.arm_length


@pytest.mark.parametrize("name", ["trousers", "shorts", "jumpsuit", "skirt", "dress", "coat"])
@on_everybody
def test_nothing_reaches_the_floor(name: str, wearer: str) -> None:
    body, block = drawn.BODIES[wearer][1], block_of(name, wearer)
    from_floor = body.neck_height if block.kind.category.covers_upper else body.waist_height
    lowest = min(float(line[:, 1].min()) for line in block.front.values())
    assert from_floor + lowest > 0


def test_short_garments_stay_short_and_long_ones_long() -> None:
    ends = {
        name: min(line[:, 1].min() for line in block_of(name, "woman S").front.values())
        for name in ("trousers", "shorts")
    }
    assert ends["shorts"] > 0.62 * ends["trousers"]


@pytest.mark.parametrize("length_cm", [58.0, 75.0])
def test_a_stated_length_is_the_length_of_the_garment(length_cm: float) -> None:
    garment = drawn.tee().fitted(length_cm=length_cm)
    assert measure.garment_length(garment) == pytest.approx(length_cm, rel=0.01)
    assert garment.scale_source == "length"


def test_a_stated_width_is_the_width_of_the_garment_and_a_larger_size_is_longer_as_well() -> None:
    small, large = (drawn.tee().fitted(width_cm=width_cm) for width_cm in (44, 60))
    for garment, width_cm in ((small, 44), (large, 60)):
        assert measure.chest_width(garment) == pytest.approx(width_cm, rel=0.01)
        assert garment.scale_source == "width"
        assert garment.cm_per_px > 0
    assert measure.garment_length(large) > measure.garment_length(small)


@pytest.mark.parametrize(
    ("name", "width_cm", "length_cm"), [("trousers", 36.0, 92.0), ("skirt", 44.0, 84.0), ("shorts", 42.0, 48.0)]
)
def test_what_hangs_from_the_waist_has_the_waistband_and_length_that_were_stated(
    name: str, width_cm: float, length_cm: float
) -> None:
    garment = drawn.ALL[name]().fitted(width_cm=width_cm, length_cm=length_cm)
    assert measure.waistband_width(garment) == pytest.approx(width_cm, rel=0.02)
    assert measure.garment_length(garment) == pytest.approx(length_cm, rel=0.03)
    assert garment.scale_source == "width"


@pytest.mark.parametrize("width", [0.0, -40.0, 3.0, 400.0, float("nan"), float("inf")])
def test_a_width_that_no_garment_has_is_refused(width: float) -> None:
    with pytest.raises(SizeImplausible):
        drawn.tee().fitted(width_cm=width)


@pytest.mark.parametrize("name", ["skirt", "tee", "shorts"])
def test_a_large_size_is_wider_and_hardly_longer(name: str) -> None:
    """Most photos show a small sample."""
    small, large = (block_of(name, wearer) for wearer in ("woman S", "woman 4XL"))
    lengths = [-min(float(line[:, 1].min()) for line in block.front.values()) for block in (small, large)]
    widths = [max(float(line[:, 0].max()) for n, line in b.front.items() if n == "side_left") for b in (small, large)]
    assert lengths[1] < 1.25 * lengths[0]
    assert widths[1] > 1.35 * widths[0]


def test_a_child_wears_the_same_photo_in_its_own_size() -> None:
    adult, child = drawn.tee().fitted(), drawn.tee().fitted(drawn.CHILD, "girl")
    assert 0.98 < 2 * measure.chest_width(child) / drawn.CHILD.chest < 1.4
    assert measure.garment_length(child) < 0.75 * measure.garment_length(adult)


def test_a_tee_on_a_hidden_form_is_widened() -> None:
    narrow = drawn.tee().moved(np.array([[0.8, 0, 52.0], [0, 1, 0]]), drawn.SIZE)
    as_form = narrow.of_kind(laid="form").fitted()
    in_photo = 0.8 * 260 / 390
    assert measure.chest_width(as_form) / measure.garment_length(as_form) > 1.1 * in_photo


def test_openings_are_where_people_put_heads_arms_and_legs_through() -> None:
    expected = {
        "tee": {"neck", "hem", "cuff_left", "cuff_right"},
        "dress": {"neck", "hem", "armhole_left", "armhole_right"},
        "camisole": {"neck", "hem", "armhole_left", "armhole_right"},
        "strapless": {"neck", "hem"},
        "off-shoulder": {"neck", "hem", "cuff_left", "cuff_right"},
        "halter": {"neck", "hem", "armhole_left", "armhole_right", "top", "nape"},
        "one shoulder": {"neck", "hem", "armhole_left"},
        "jumpsuit": {"neck", "leg_left", "leg_right", "armhole_left", "armhole_right"},
        "trousers": {"waist", "leg_left", "leg_right"},
        "skirt": {"waist", "hem"},
    }
    for name, openings in expected.items():
        block = block_of(name, "woman S")
        sewn = {end for seam in block.seams for end in (seam.first, seam.second)}
        free = {edge for piece in block.cut for edge in piece.edges if (piece.name, edge) not in sewn}
        assert free == openings, name


def test_the_back_of_a_garment_on_straps_is_open_as_well() -> None:
    block = block_of("camisole", "woman S")
    marks = block.landmarks_cm
    assert block.back["neck"][:, 1].min() < 0.75 * marks["armpit_left"][1]
    assert block_of("tee", "woman S").back["neck"][:, 1].min() > -3


def test_a_phones_twelve_megapixels_make_the_same_garment_from_fewer_pixels() -> None:
    small = drawn.tee()
    height, width = small.mask.shape
    large = small.moved(np.array([[6.0, 0, 0], [0, 6.0, 0]]), (6 * height, 6 * width))
    photos = [each.pattern().photo for each in (small, large)]
    assert photos[0] is not None
    assert photos[1] is not None
    assert extent(photos[1].mask) < 2400 < extent(large.mask)
    gender, body = drawn.BODIES["man M"]
    cuts = [fit_block(upright(photo), body, gender, "cotton", {})[0].cut for photo in photos if photo is not None]
    areas = [[Polygon(np.concatenate([*piece.edges.values()])).area for piece in cut] for cut in cuts]
    assert areas[1] == pytest.approx(areas[0], rel=0.01)
