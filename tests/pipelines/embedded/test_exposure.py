"""Exposure: traced light gets the brightness of a photograph, in the picture and in the close-up of the head."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipelines.embedded.close_ups import near_head
from pipelines.embedded.develop import TRACED_PLANES, develop_light
from pipelines.embedded.exposure import ExposedView, normalise_exposure, skin_exposure_gain
from vmodel.core.colour import to_srgb
from vmodel.scene import PART_NAMES, shrink, trace_light
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import FloatArray

GARMENT, FACE, HAIR, NOBODY = (PART_NAMES.index(name) for name in ("garment", "face", "hair", "background"))
SIZE = (40, 60)
COLUMN = np.arange(SIZE[1])[None]


def view(change: FloatArray, skin: float = 0.06) -> ExposedView:
    """Return cloth left, a face in the middle, nobody on the right; ``change`` is the traced log ratio (H, W, 3)."""
    parts = np.broadcast_to(np.where(COLUMN < 20, GARMENT, np.where(COLUMN < 40, FACE, NOBODY)), SIZE)
    traced = np.concatenate([change, np.full((*SIZE, TRACED_PLANES - 3), 0.7)], axis=2).astype(np.float32)
    draft = to_srgb(np.broadcast_to(np.where(COLUMN < 20, 0.4, skin)[..., None], (*SIZE, 3)).astype(np.float32))
    return ExposedView(traced, draft, parts.astype(np.uint8), np.zeros(SIZE, np.float32))


def shaded(*levels: float) -> FloatArray:
    """Return (H, W, 3): a separate level for each third of the columns, the lower half darker by 0.4."""
    level = np.repeat(levels, 20)[None, :, None] - 0.4 * (np.arange(SIZE[0]) >= SIZE[0] // 2)[:, None, None]
    return np.broadcast_to(level, (*SIZE, 3)).astype(np.float32)


def test_cloth_is_as_bright_as_in_the_draft_and_dark_skin_brighter_and_shade_stays() -> None:
    (normalised,) = normalise_exposure([view(shaded(0.5, -0.3, 0.0))])
    assert abs(normalised[:, :20, :3].mean()) < 1e-5
    assert abs(normalised[:, 20:40, :3].mean() - np.log(1.3)) < 1e-3
    assert np.allclose(normalised[0, :40, 0] - normalised[-1, :40, 0], 0.4, atol=1e-5)
    assert np.allclose(normalised[:, 40:, :3], shaded(0, 0, 0)[:, 40:])
    assert (normalised[..., 3:] == np.float32(0.7)).all()


def test_the_darker_skin_is_the_brighter_it_is_photographed() -> None:
    lifts = [skin_exposure_gain(np.full(3, level)) for level in (0.02, 0.1, 0.15, 0.3)]
    assert lifts[0] == 1.3
    assert lifts[-1] == 1.0
    assert lifts == sorted(lifts, reverse=True)


def test_light_that_colours_skin_as_a_whole_is_balanced() -> None:
    red = shaded(0.0, 0.0, 0.0) + np.array([0.2, 0.0, -0.1], np.float32)
    (normalised,) = normalise_exposure([view(red)])
    assert np.ptp(normalised[:, 20:40, :3].mean(axis=(0, 1))) < 1e-5


def test_a_near_view_is_exposed_like_the_picture_it_belongs_to() -> None:
    whole, near = view(shaded(0.5, -0.3, 0.0)), view(shaded(0.1, 0.2, 0.0))
    first, second = normalise_exposure([whole, near])
    for columns in (slice(0, 20), slice(20, 40)):
        pairs = (first, whole), (second, near)
        changes = [after[:, columns, :3] - before.light[:, columns, :3] for after, before in pairs]
        assert np.allclose(changes[0], changes[1], atol=1e-5)
    both, _ = normalise_exposure([whole, near], references=2)
    assert abs(both[:, :20, :3].mean() - 0.2) < 1e-5


def test_skin_under_thin_hair_makes_no_step_at_the_hairline() -> None:
    seen = view(shaded(0.0, -0.5, 0.0))
    hair = np.broadcast_to(np.clip((COLUMN - 24) / 16, 0, 1), SIZE) * (COLUMN < 40)
    parts = np.where(hair > 0.5, HAIR, seen.parts).astype(np.uint8)
    (normalised,) = normalise_exposure([replace(seen, parts=parts, hair=hair.astype(np.float32))])
    change = (normalised - seen.light)[5, 20:40, 0]
    assert change[0] > 0.5
    assert np.abs(np.diff(change)).max() < 0.07


def test_a_few_pixels_are_no_measure() -> None:
    seen = view(shaded(0.5, -0.3, 0.0))
    parts = np.where(np.arange(SIZE[0])[:, None] < 9, seen.parts, NOBODY).astype(np.uint8)
    (normalised,) = normalise_exposure([replace(seen, parts=parts)])
    assert np.array_equal(normalised, seen.light)


def test_a_real_take_and_its_head_seen_near_are_exposed_alike(tee_context: RenderContext) -> None:
    head = near_head(tee_context)
    assert head is not None
    sides = (tee_context.camera, tee_context.draft, tee_context.maps), (head.window.camera, head.draft, head.maps)
    traced = [trace_light(tee_context.scene, shrink(camera, 192), tee_context.light) for camera, _, _ in sides]
    views = [
        ExposedView(light, draft, maps.parts, maps.hair_mask)
        for light, (_, draft, maps) in zip(develop_light(traced), sides, strict=True)
    ]
    normalised = normalise_exposure(views)
    skin = []
    for seen, made in zip(views, normalised, strict=True):
        height, width = seen.parts.shape
        before, after = (
            cv2.resize(light[..., :3], (width, height), interpolation=cv2.INTER_NEAREST) for light in (seen.light, made)
        )
        if seen is views[0]:
            assert abs(after[seen.parts == GARMENT].mean()) < 0.02
        face = (seen.parts == FACE) & (seen.hair < 0.01)
        skin.append(np.median((after - before)[face], axis=0))
    assert np.abs(skin[0]).max() > 0.02
    assert np.allclose(*skin, atol=1e-3)
