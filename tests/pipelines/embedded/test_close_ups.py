"""Close-ups of head and hands: rendered again through a longer lens and blended back into the picture."""

from dataclasses import replace

import cv2
import numpy as np

from pipelines.embedded.close_ups import NearView, lay_near, near_views
from vmodel.scene import PART_NAMES, frame_camera, render_conditions
from vmodel.shot.pipeline_interface import RenderContext

HAND, FACE = PART_NAMES.index("hand"), PART_NAMES.index("face")


def shown_in(near: NearView, context: RenderContext, part: int) -> float:
    """Return the share of a part's pixels that lie within the close-up's window."""
    top, left, height, width = near.window.box
    where = context.maps.parts == part
    return float(where[top : top + height, left : left + width].sum() / max(where.sum(), 1))


def test_the_head_and_each_hand_are_seen_near(tee_context: RenderContext) -> None:
    head, *hands = near_views(tee_context)
    assert shown_in(head, tee_context, FACE) == 1
    assert len(hands) == 2
    assert sum(shown_in(hand, tee_context, HAND) for hand in hands) > 0.98
    for near in (head, *hands):
        assert near.window.factor >= 2
        assert near.draft.shape[:2] == tuple(near.window.factor * side for side in near.window.box[2:])
    for hand in hands:
        small = cv2.resize(
            (hand.maps.parts == HAND).astype(np.float32), hand.window.box[:1:-1], interpolation=cv2.INTER_AREA
        )
        top, left, height, width = hand.window.box
        there = tee_context.maps.parts[top : top + height, left : left + width] == HAND
        assert np.abs(small - there).mean() < 0.03


def test_a_picture_that_shows_hands_large_is_not_set_up_again(tee_context: RenderContext) -> None:
    size = (3072, 2304)
    camera = frame_camera(tee_context.scene.posed, tee_context.scene.drape, "front", "full", size)
    large = replace(tee_context, camera=camera, maps=render_conditions(tee_context.scene, camera))
    assert [shown_in(near, large, HAND) for near in near_views(large)] in ([], [0.0])


def test_what_was_seen_near_leaves_no_mark_in_the_picture(
    tee_context: RenderContext, transparent_context: RenderContext
) -> None:
    """Blended back unlit, a close-up equals the draft in slightly finer detail."""
    for context in (tee_context, transparent_context):
        for near in near_views(context):
            laid = lay_near(near.draft, near, context.draft, context)
            apart = np.abs(laid[..., :3].astype(int) - context.draft[..., :3])
            top, left, height, width = near.window.box
            inside = apart[top : top + height, left : left + width]
            assert inside.mean() < 3
            assert apart.sum() == inside.sum()
            rim = np.concatenate([inside[[0, -1]].reshape(-1), inside[:, [0, -1]].reshape(-1)])
            assert rim.max() <= 6
