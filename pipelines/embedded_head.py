"""The head seen near: set up again at a higher zoom, lit there and laid back into the picture.

In a whole-figure picture a face is a hundred pixels high, fewer than the network needs to draw eyes and strands. The
camera is therefore given a longer lens for the head; what it sees shrinks to the picture's pixels afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from einops import reduce

from pipelines.embedded_sampling import LONGEST
from vmodel.images import to_linear, to_srgb
from vmodel.scene import PART_NAMES, CloseUp, close_up, magnify, render_conditions, render_draft
from vmodel.scene.background import paint_background, read_background
from vmodel.take import Take
from vmodel.types import ByteArray, ConditionMaps, FloatArray

_HEAD = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")]
_FEWEST_PX = 24
_MARGIN = 0.18
_RIM = 0.12
"""Share of the window's sides over which the near view fades into the picture."""


@dataclass(frozen=True)
class NearHead:
    """What the longer lens sees.

    Attributes:
        window: where it belongs in the picture.
        maps: condition maps of the near view.
        draft: (h * factor, w * factor, 4) uint8 sRGB with straight alpha.
    """

    window: CloseUp
    maps: ConditionMaps
    draft: ByteArray


def near_head(take: Take) -> NearHead | None:
    """The head two to four times as large.

    Args:
        take: the whole picture; its draft is drawn if it has not been.
    Returns:
        None where no head is seen, or where it is large enough already.
    """
    drawn_with_all = close_up(take.scene.geometry, take.camera)
    window = drawn_with_all or _window_of_what_is_seen(take)
    if window is None:
        return None
    if drawn_with_all is not None:
        _ = take.draft  # the scene keeps its close-up
    maps = render_conditions(take.scene, window.camera)
    draft = render_draft(take.scene, window.camera, maps, take.light, "transparent", take.seed)
    return NearHead(window, maps, draft)


def _window_of_what_is_seen(take: Take) -> CloseUp | None:
    """A window round face and hair with a margin: long hair that the body hides would make the draft's too large."""
    maps = take.maps
    spots = np.argwhere(np.isin(maps.parts, _HEAD) | (maps.hair_mask > 0.3))
    if len(spots) < _FEWEST_PX**2:
        return None
    low, high = spots.min(axis=0), spots.max(axis=0) + 1
    margin = int(np.ceil(_MARGIN * (high - low).max()))
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, maps.parts.shape)
    box = int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])
    factor = min(4, LONGEST // max(box[2], box[3]))
    return None if factor < 2 else CloseUp(box, factor, magnify(take.camera, box, factor))


def lay_head(lit: ByteArray, head: NearHead, picture: ByteArray, take: Take) -> ByteArray:
    """Shrink the lit near view and lay it into the picture.

    Args:
        lit: (h, w, 4) uint8 sRGB of the near view, straight alpha.
        head: where it belongs.
        picture: (H, W, 3), or (H, W, 4) with straight alpha.
        take: of the picture.
    Returns:
        The picture's shape; an alpha channel is unchanged.
    """
    top, left, height, width = head.window.box
    window = slice(top, top + height), slice(left, left + width)
    cover = lit[..., 3:].astype(np.float32) / 255
    colour, alpha = (
        np.asarray(reduce(part, "(h a) (w b) c -> h w c", "mean", a=head.window.factor, b=head.window.factor))
        for part in (to_linear(lit[..., :3]) * cover, cover)
    )
    whole = to_linear(np.ascontiguousarray(picture[window][..., :3]))
    if picture.shape[2] == 4:
        shown = colour / np.maximum(alpha, 1e-3)
    else:
        shown = colour + _backdrop(take)[window] * (1 - alpha)
    share = _inside(height, width)[..., None] * np.clip(8 * alpha, 0, 1)
    result = picture.copy()
    result[window][..., :3] = to_srgb(whole + (shown - whole) * share)
    return result


def _backdrop(take: Take) -> FloatArray:
    """(H, W, 3) linear light of what stands behind the person."""
    floor = take.scene.lit(take.light, take.camera, take.seed).floor
    return paint_background(read_background(take.background), take.camera, floor)


def _inside(height: int, width: int) -> FloatArray:
    """(height, width) 1 in the middle, falling smoothly to 0 at the rim."""
    ramps = []
    for side in (height, width):
        place = (np.arange(side) + 0.5) / side
        edge = np.clip(np.minimum(place, 1 - place) / _RIM, 0, 1)
        ramps.append(edge * edge * (3 - 2 * edge))
    return np.asarray(ramps[0][:, None] * ramps[1][None], np.float32)
