"""Close views of head and hands: rendered again at a higher zoom, lit there and pasted back into the picture.

In a whole-figure picture a face is a hundred pixels high and a finger four wide, too few for the network to draw eyes
and knuckles. The camera therefore gets a longer lens for each, and its view is shrunk to the picture's pixels
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from einops import reduce

from pipelines.embedded.sampling import LONGEST
from vmodel.core.colour import to_linear, to_srgb
from vmodel.scene import PART_NAMES, CloseUp, close_up, magnify, render_conditions, render_draft
from vmodel.scene.render.background import paint_background, read_background
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import BoolArray, ByteArray, ConditionMaps, FloatArray

_HEAD = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")]
_HAND = PART_NAMES.index("hand")
_HANDS_PX = 320
"""Longest side of the longer lens's view of a hand."""
_HANDS = 2
_FEWEST_PX = 24
_FEWEST_OF_HAND_PX = 10
_MARGIN = 0.18
_RIM = 0.12
"""Share of the window's sides over which the near view fades into the picture."""


@dataclass(frozen=True)
class NearView:
    """View of the longer lens.

    Attributes:
        window: its place in the picture.
        maps: condition maps of the near view.
        draft: (h * factor, w * factor, 4) uint8 sRGB with straight alpha.
        traced_px: longer side at which light is traced.
    """

    window: CloseUp
    maps: ConditionMaps
    draft: ByteArray
    traced_px: int


def near_views(context: RenderContext) -> Iterator[NearView]:
    """Yield views of head and hands that are seen, two to four times as large; skip those that are large already.

    Args:
        context: the whole picture; its draft may be drawn concurrently.
    """
    head = near_head(context)
    if head is not None:
        yield head
    for window in _windows_of_hands(context):
        yield _seen_near(context, window, max(window.box[2:]))


def near_head(context: RenderContext) -> NearView | None:
    """Return the head two to four times as large.

    Args:
        context: the whole picture; its draft is drawn if it has not been.
    Returns:
        None where no head is seen, or where it is large enough already.
    """
    drawn_with_all = close_up(context.scene.geometry, context.camera)
    window = drawn_with_all or _window_of_head(context)
    if window is None:
        return None
    if drawn_with_all is not None:
        _ = context.draft  # the scene keeps its close-up
    return _seen_near(context, window, LONGEST // 2)


def _seen_near(context: RenderContext, window: CloseUp, traced_px: int) -> NearView:
    maps = render_conditions(context.scene, window.camera)
    draft = render_draft(context.scene, window.camera, maps, context.light, "transparent", context.seed)
    return NearView(window, maps, draft, traced_px)


def _window_of_head(context: RenderContext) -> CloseUp | None:
    """Return a window round face and hair; long hair that the body hides would make the draft's window too large."""
    maps = context.maps
    head = np.isin(maps.parts, _HEAD) | (maps.hair_mask > 0.3)
    return _window(context, head, LONGEST) if np.count_nonzero(head) >= _FEWEST_PX**2 else None


def _windows_of_hands(context: RenderContext) -> list[CloseUp]:
    """Return a window for each hand; clasped hands share one."""
    hands = (context.maps.parts == _HAND).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hands)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    largest = [1 + int(i) for i in np.argsort(-areas, kind="stable")[:_HANDS] if areas[i] >= _FEWEST_OF_HAND_PX**2]
    windows = [_window(context, np.asarray(labels == label), _HANDS_PX) for label in largest]
    return [window for window in windows if window is not None]


def _window(context: RenderContext, where: BoolArray, longest: int) -> CloseUp | None:
    """Return a window round some pixels with a margin; None where it is large enough already."""
    spots = np.argwhere(where)
    low, high = spots.min(axis=0), spots.max(axis=0) + 1
    margin = int(np.ceil(_MARGIN * (high - low).max()))
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, where.shape)
    box = int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])
    factor = min(4, longest // max(box[2], box[3]))
    return None if factor < 2 else CloseUp(box, factor, magnify(context.camera, box, factor))


def lay_near(lit: ByteArray, near: NearView, picture: ByteArray, context: RenderContext) -> ByteArray:
    """Shrink the lit near view and paste it into the picture.

    Args:
        lit: (h, w, 4) uint8 sRGB of the near view, straight alpha.
        near: its place in the picture.
        picture: (H, W, 3), or (H, W, 4) with straight alpha.
        context: of the picture.
    Returns:
        The picture's shape; an alpha channel is unchanged.
    """
    top, left, height, width = near.window.box
    window = slice(top, top + height), slice(left, left + width)
    cover = lit[..., 3:].astype(np.float32) / 255
    colour, alpha = (
        np.asarray(reduce(part, "(h a) (w b) c -> h w c", "mean", a=near.window.factor, b=near.window.factor))
        for part in (to_linear(lit[..., :3]) * cover, cover)
    )
    whole = to_linear(np.ascontiguousarray(picture[window][..., :3]))
    if picture.shape[2] == 4:
        shown = colour / np.maximum(alpha, 1e-3)
    else:
        shown = colour + _backdrop(context)[window] * (1 - alpha)
    # A sliver that the picture's own samples missed would show on its backdrop; hair may be finer.
    hair = reduce(near.maps.hair_mask, "(h a) (w b) -> h w", "max", a=near.window.factor, b=near.window.factor)
    known = (context.maps.person_mask[window] > 0) | (hair > 0)
    share = _inside(height, width)[..., None] * np.clip(8 * alpha, 0, 1) * known[..., None]
    result = picture.copy()
    result[window][..., :3] = to_srgb(whole + (shown - whole) * share)
    return result


def _backdrop(context: RenderContext) -> FloatArray:
    """Return (H, W, 3) linear light of the backdrop behind the person."""
    lighting = context.scene.lighting_for(context.light, context.camera, context.seed)
    return paint_background(read_background(context.background), context.camera, lighting)


def _inside(height: int, width: int) -> FloatArray:
    """Return (height, width) weights: 1 in the middle, falling smoothly to 0 at the rim."""
    ramps = []
    for side in (height, width):
        place = (np.arange(side) + 0.5) / side
        edge = np.clip(np.minimum(place, 1 - place) / _RIM, 0, 1)
        ramps.append(edge * edge * (3 - 2 * edge))
    return np.asarray(ramps[0][:, None] * ramps[1][None], np.float32)
