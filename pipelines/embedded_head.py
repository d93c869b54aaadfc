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
from vmodel.scene import PART_NAMES, magnify, render_conditions, render_draft
from vmodel.scene.background import paint_background, read_background
from vmodel.take import Take
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray

_HEAD = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")]
_FEWEST_PX = 24
_MARGIN = 0.18
_RIM = 0.12
"""Share of the window's sides over which the near view fades into the picture."""


@dataclass(frozen=True)
class NearHead:
    """What the longer lens sees.

    Attributes:
        box: (top, left, height, width) in the picture's pixels.
        factor: pixels of the near view to one of the picture, along a side.
        camera: the picture's, with a longer lens.
        maps: condition maps of the near view.
        draft: (height * factor, width * factor, 4) uint8 sRGB with straight alpha.
    """

    box: tuple[int, int, int, int]
    factor: int
    camera: Camera
    maps: ConditionMaps
    draft: ByteArray


def near_head(take: Take) -> NearHead | None:
    """Set the head up again, two to four times as large.

    Args:
        take: the whole picture.
    Returns:
        None where no head is seen, or where it is large enough already.
    """
    box = head_box(take.maps)
    if box is None:
        return None
    factor = min(4, LONGEST // max(box[2], box[3]))
    if factor < 2:
        return None
    camera = magnify(take.camera, box, factor)
    maps = render_conditions(take.scene, camera)
    draft = render_draft(take.scene, camera, maps, take.light, "transparent", take.seed)
    return NearHead(box, factor, camera, maps, draft)


def head_box(maps: ConditionMaps) -> tuple[int, int, int, int] | None:
    """(top, left, height, width) round face and hair with a margin, inside the picture; None where neither is seen."""
    spots = np.argwhere(np.isin(maps.parts, _HEAD) | (maps.hair_mask > 0.3))
    if len(spots) < _FEWEST_PX**2:
        return None
    low, high = spots.min(axis=0), spots.max(axis=0) + 1
    margin = int(np.ceil(_MARGIN * (high - low).max()))
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, maps.parts.shape)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


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
    top, left, height, width = head.box
    window = slice(top, top + height), slice(left, left + width)
    cover = lit[..., 3:].astype(np.float32) / 255
    colour, alpha = (
        np.asarray(reduce(part, "(h a) (w b) c -> h w c", "mean", a=head.factor, b=head.factor))
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
