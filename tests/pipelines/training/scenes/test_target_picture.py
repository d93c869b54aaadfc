"""The photograph of a training scene is completed with hair, outline and backdrop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.embedded.conditioning import Conditions, stack_conditions
from pipelines.embedded.develop import TRACED_PLANES
from pipelines.training.scenes.scene import in_one_colour
from pipelines.training.scenes.target_picture import (
    Overlay,
    develop,
    middle_of_cloth,
    settle_exposure,
    with_backdrop,
    with_texture,
)
from vmodel.core.colour import to_linear, to_srgb
from vmodel.scene import PART_NAMES, render_conditions
from vmodel.scene.hair.rasteriser import StrandLayer
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ConditionMaps, FloatArray


def bare_maps(albedo: FloatArray) -> ConditionMaps:
    """Return maps with colours and empty planes."""
    plane, vector = np.zeros(albedo.shape[:2], np.float32), np.zeros(albedo.shape, np.float32)
    parts, warp = plane.astype(np.uint8), vector[..., :2]
    keypoints = np.zeros((18, 3), np.float32)
    return ConditionMaps(
        vector.astype(np.uint8), keypoints, vector, plane, parts, plane, plane, plane, warp, parts, albedo
    )


def told(draft: FloatArray, person: FloatArray, garment: FloatArray) -> Conditions:
    """Return conditions of bare skin, partly under cloth, without hair; ``draft`` is linear light."""
    size, skin = draft.shape[:2], PART_NAMES.index("skin")
    nothing = np.zeros((*size, 3), np.float32)
    arrays = {
        "draft": to_srgb(np.asarray(draft, np.float32)), "albedo": nothing, "normals": nothing, "pose_map": nothing,
        "parts": np.where(garment > 0.5, PART_NAMES.index("garment"), skin), "garment": 255 * garment,
        "person": 255 * person, "hair": nothing[..., 0], "depth_m": nothing[..., 0],
        "traced": np.zeros((*size, TRACED_PLANES)),
    }  # fmt: skip
    return stack_conditions([arrays])


def test_no_backdrop_shines_between_an_outline_and_the_hair_behind_it() -> None:
    size = (24, 24)
    body, hair = np.full(size, 0.1, np.float32), np.full(size, 0.9, np.float32)
    strands = StrandLayer(np.full((*size, 3), 0.9 * 0.05, np.float32), hair, hair, np.zeros(size, np.float32), hair)
    white = np.ones((*size, 3), np.float32)
    photograph = np.dstack([np.full((*size, 3), 0.3, np.float32), np.ones(size, np.float32)])
    overlay = Overlay(strands, body, np.zeros(size, np.float32), white, 0.0)
    plain = np.ones(3, np.float32)
    made = to_linear(develop(photograph, overlay, bare_maps(white), 1.0, plain, None))
    # A tenth of skin over dark hair; the white backdrop is covered.
    assert made.max() < 0.2


def test_folds_of_cloth_are_deeper_but_its_colours_stay() -> None:
    size = (40, 40)
    nothing, whole = np.zeros(size, np.float32), np.ones(size, np.float32)
    bald = StrandLayer(np.zeros((*size, 3), np.float32), nothing, nothing, nothing, nothing)
    dyed = np.where(np.arange(40)[:, None, None] < 20, [0.5, 0.1, 0.1], [0.02, 0.02, 0.1]).astype(np.float32)
    dyed = np.broadcast_to(dyed, (*size, 3))
    light = np.where(np.arange(40) < 10, 0.5, 1.0).astype(np.float32)[None, :, None]
    photograph = np.dstack([dyed * light, whole])
    overlay = Overlay(bald, whole, whole, np.ones((*size, 3), np.float32), 0.3)
    plain = np.ones(3, np.float32)
    middle = middle_of_cloth(photograph, overlay, 1.0, bare_maps(dyed))
    made = to_linear(develop(photograph, overlay, bare_maps(dyed), 1.0, plain, middle))
    for row in (8, 32):
        lit, shaded = made[row, 30], made[row, 4]
        assert np.allclose(lit, dyed[row, 0], atol=0.02)
        assert shaded[2] / lit[2] < 0.47
        assert np.allclose(shaded / shaded.sum(), lit / lit.sum(), atol=0.06)


def test_a_dark_piece_of_cloth_stays_as_dark_as_in_the_whole_picture() -> None:
    size = (40, 40)
    nothing, whole = np.zeros(size, np.float32), np.ones(size, np.float32)
    bald = StrandLayer(np.zeros((*size, 3), np.float32), nothing, nothing, nothing, nothing)
    grey, plain = np.full((*size, 3), 0.4, np.float32), np.ones(3, np.float32)
    light = np.where(np.arange(40) < 10, 0.5, 1.0).astype(np.float32)[None, :, None]
    photograph = np.dstack([grey * light, whole])
    overlay, maps = Overlay(bald, whole, whole, np.ones((*size, 3), np.float32), 0.3), bare_maps(grey)
    middle = middle_of_cloth(photograph, overlay, 1.0, maps)
    all_of_it = develop(photograph, overlay, maps, 1.0, plain, middle)
    near = np.repeat(photograph[:, :8], 5, axis=1)
    piece = develop(near, overlay, maps, 1.0, plain, middle)
    assert abs(int(piece[20, 20, 0]) - int(all_of_it[20, 4, 0])) <= 1
    nowhere = replace(overlay, cloth=nothing)
    assert middle_of_cloth(photograph, nowhere, 1.0, maps) is None


def test_a_print_stays_sharp_and_in_its_colours_under_the_photographs_light() -> None:
    size = (60, 60)
    stripes = np.where(np.arange(60)[None, :, None] % 6 < 3, [0.6, 0.5, 0.4], [0.3, 0.02, 0.03]).astype(np.float32)
    draft, plain = np.broadcast_to(stripes, (*size, 3)), np.full((*size, 3), [0.45, 0.26, 0.21], np.float32)
    shade = np.linspace(0.6, 1.1, 60, dtype=np.float32)[:, None, None]
    cloth = np.where(np.arange(60)[:, None] < 50, 1, 0).astype(np.float32) * np.ones(size, np.float32)
    target = to_srgb(plain * shade)
    made = with_texture(target, to_srgb(plain), told(draft, cloth, cloth))
    ratio = (to_linear(made[5:45, 5:55]) + 0.02) / (draft[5:45, 5:55] + 0.02)
    assert np.abs(ratio / ratio.mean(axis=(1, 2), keepdims=True) - 1).max() < 0.08
    assert np.ptp(ratio, axis=2).max() < 0.05
    assert np.abs(ratio.mean(axis=(1, 2)) / shade[5:45, 0, 0] - 1).max() < 0.1


def test_the_edge_of_printed_cloth_has_its_print_and_what_is_behind() -> None:
    size = (40, 40)
    cover = np.where(np.arange(40) < 20, 1.0, np.where(np.arange(40) == 20, 0.5, 0))[None, :, None]
    cover = np.broadcast_to(cover.astype(np.float32), (*size, 1))
    red, grey, skin, shade = np.array([0.6, 0.05, 0.05]), np.full(3, 0.25), np.array([0.5, 0.3, 0.2]), 0.7
    draft, plain = (cover * dye + (1 - cover) * skin for dye in (red, grey))
    target = cover * grey * shade + (1 - cover) * skin * 1.2
    told_of_it = told(draft, np.ones(size), cover[..., 0])
    made = to_linear(with_texture(*(to_srgb(part.astype(np.float32)) for part in (target, plain)), told_of_it))
    assert np.allclose(made[20, 20], 0.5 * red * shade + 0.5 * skin * 1.2, atol=0.02)
    assert np.allclose(made[20, 10], red * shade, atol=0.02)
    assert np.allclose(made[20, 30], skin * 1.2, atol=0.02)


def test_what_the_denoiser_wiped_off_skin_is_there_in_its_light() -> None:
    size = (40, 40)
    pores = np.random.default_rng(1).uniform(0.9, 1.1, (*size, 1)).astype(np.float32)
    skin, shade = np.array([0.5, 0.3, 0.2]) * pores, np.linspace(0.6, 1.4, 40)[:, None, None]
    target = np.array([0.5, 0.3, 0.2]) * shade * np.ones((*size, 3))
    draft = to_srgb(skin.astype(np.float32))
    made = to_linear(with_texture(to_srgb(target.astype(np.float32)), draft, told(skin, np.ones(size), np.zeros(size))))
    detail = [np.log(each[6:34, 6:34] / each[6:34, 6:34].mean(axis=1, keepdims=True)) for each in (made, skin)]
    assert np.corrcoef(detail[0].ravel(), detail[1].ravel())[0, 1] > 0.95
    assert np.allclose(made[6:34, 6:34].mean(axis=1), target[6:34, 6:34].mean(axis=1), rtol=0.06)


def test_cloth_to_be_photographed_has_the_mean_colour_of_its_print_and_all_else_of_the_scene(
    tee_context: RenderContext,
) -> None:
    scene = tee_context.scene
    plain = in_one_colour(scene)
    assert scene.garment is not None
    assert plain.garment is not None
    for printed, dyed in zip(scene.garment.textures, plain.garment.textures, strict=True):
        assert dyed.shape == printed.shape
        assert np.ptp(dyed.reshape(-1, 3), axis=0).max() == 0
        assert np.allclose(to_linear(dyed)[0, 0], to_linear(printed).mean(axis=(0, 1)), atol=0.01)
    assert plain.geometry.vertices_m is scene.geometry.vertices_m
    seen, before = (render_conditions(each, tee_context.camera) for each in (plain, scene))
    cloth = seen.garment_mask > 0.98
    assert np.ptp(seen.albedo[cloth], axis=0).max() < np.ptp(before.albedo[cloth], axis=0).max()
    assert np.array_equal(seen.albedo[seen.garment_mask == 0], before.albedo[before.garment_mask == 0])


def test_folds_of_plain_cloth_keep_their_light() -> None:
    size = (60, 60)
    draft = np.full((*size, 3), 0.3, np.float32)
    fold = (1 + 0.3 * np.sin(np.arange(60) * 2 * np.pi / 12)).astype(np.float32)[None, :, None]
    everywhere = np.ones(size)
    made = to_linear(with_texture(to_srgb(draft * fold), to_srgb(draft), told(draft, everywhere, everywhere)))
    assert np.corrcoef(made[30, 8:52, 0], fold[0, 8:52, 0])[0, 1] > 0.99


def test_nobody_means_the_drafts_own_pixels() -> None:
    size = (8, 8)
    nothing = np.zeros(size, np.float32)
    there = np.where(np.arange(8)[None] < 4, 1, 0).astype(np.float32) * np.ones(size, np.float32)
    bald = StrandLayer(np.zeros((*size, 3), np.float32), nothing, nothing, nothing, nothing)
    overlay = Overlay(bald, there, nothing, np.ones((*size, 3), np.float32), 0.0)
    target, draft = np.full((*size, 3), 90, np.uint8), np.full((*size, 3), 200, np.uint8)
    made = with_backdrop(target, draft, overlay)
    assert (made[:, :4] == 90).all()
    assert (made[:, 4:] == 200).all()


def test_cloth_gets_the_drafts_brightness_and_dark_skin_more_and_shade_stays() -> None:
    size = (40, 40)
    left = np.arange(40)[None] < 20
    parts = np.where(left, PART_NAMES.index("garment"), PART_NAMES.index("skin")).astype(np.uint8)
    parts = np.broadcast_to(parts, size)
    shade = np.where(np.arange(40) < 20, 0.6, 1.0)[:, None, None].astype(np.float32)
    draft = np.broadcast_to(np.where(left[..., None], 0.4, 0.06), (*size, 3)).astype(np.float32)
    maps = replace(bare_maps(draft), parts=parts)
    views = settle_exposure([to_srgb(draft * shade * 1.4)] * 2, [to_srgb(draft)] * 2, [maps] * 2)
    assert len(views) == 2
    made = to_linear(views[1])
    for columns, lift in ((slice(0, 20), 1.0), (slice(20, 40), 1.3)):
        ratio = made[:, columns] / draft[:, columns]
        assert abs(np.exp(np.log(ratio).mean()) / lift - 1) < 0.1
        assert abs(ratio[:20].mean() / ratio[20:].mean() - 0.6) < 0.05


def test_skin_that_shows_through_thin_hair_is_as_bright_as_bare_skin_beside_it() -> None:
    """A hairline has no step: Cycles' light under strands gets the face's exposure."""
    size = (40, 40)
    cover = np.broadcast_to(np.clip((np.arange(40)[None] - 15) / 20, 0, 0.6), size).astype(np.float32)
    parts = np.where(cover > 0.5, PART_NAMES.index("hair"), PART_NAMES.index("face")).astype(np.uint8)
    whole, nothing = np.ones(size, np.float32), np.zeros(size, np.float32)
    black = StrandLayer(np.zeros((*size, 3), np.float32), cover, nothing, nothing, cover)
    overlay = Overlay(black, whole, nothing, np.ones((*size, 3), np.float32), 0.0)
    maps = replace(bare_maps(np.ones((*size, 3), np.float32)), parts=parts, hair_mask=cover)
    photograph = np.dstack([np.full((*size, 3), 0.1, np.float32), whole])
    made = develop(photograph, overlay, maps, 1.0, np.full(3, 1.5, np.float32), None)
    drafts = [to_srgb(np.full((*size, 3), 0.2, np.float32) * (1 - cover[..., None]))] * 2
    shown = to_linear(settle_exposure([made, made], drafts, [maps, maps])[0]).mean(axis=(0, 2))
    assert np.abs(np.diff(shown)).max() < 0.04 * shown.max() + np.abs(np.diff(cover[0])).max() * shown.max()
