"""Inputs of the hub's pipelines: draft, garment and pose map as pictures; and conversion of their output to a shot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipelines.common.network_images import BACKDROP, cut_on_white, over_backdrop
from vmodel.shot.pipeline_interface import GarmentReading, RenderContext
from vmodel.types import ByteArray

MULTIPLE = 16
"""Divisor of sides in pixels: eight for the autoencoder, two for the patches."""
MOST_PX = 1024 * 1024
"""Area of the networks' training pictures; editors shrink references above it."""
_MARGIN = 0.05

#: (height, width) of a picture -> the size in which a network sees it.
Fit = Callable[[tuple[int, ...]], tuple[int, int]]


@dataclass(frozen=True)
class References:
    """Pictures in the order in which prompts number them.

    Attributes:
        draft: the picture rendered from geometry; over grey where it is transparent.
        garment: the flat-lay, cut out, whole, on white.
        pose_map: limbs in OpenPose colours on black, pixel on pixel with ``draft``.
    """

    draft: Image.Image
    garment: Image.Image
    pose_map: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of draft and pose map."""
        return self.draft.height, self.draft.width


def read_references(context: RenderContext, fit: Fit | None = None) -> References:
    """Return the context's pictures, in a size that the networks take.

    Args:
        context: the scene, framed and mapped.
        fit: chooses sizes; None = ``working_size``, by which a draft whose sides are multiples of 16 and whose area is
            a megapixel or less is shown pixel by pixel.
    """
    fit = fit or working_size
    height, width = fit(context.maps.pose_map.shape[:2])
    draft, pose_map = Image.fromarray(over_backdrop(context.draft)), Image.fromarray(context.maps.pose_map)
    if (width, height) != draft.size:
        draft = draft.resize((width, height), Image.Resampling.LANCZOS)
        pose_map = pose_map.resize((width, height), Image.Resampling.BILINEAR)
    return References(draft, frame_garment(context.reading, fit), pose_map)


def working_size(size: tuple[int, ...]) -> tuple[int, int]:
    """Return (height, width) in multiples of 16, of about the same shape, of at most a megapixel."""
    scale = min(1.0, (MOST_PX / (size[0] * size[1])) ** 0.5)
    height, width = (max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in size[:2])
    while height * width > MOST_PX:
        height, width = height - MULTIPLE * (height >= width), width - MULTIPLE * (width > height)
    return height, width


def frame_garment(reading: GarmentReading, fit: Fit = working_size) -> Image.Image:
    """Frame the cut-out flat-lay on white with a margin of a twentieth, in a size that the networks take."""
    cut = cut_on_white(reading.flat_lay.rgb, reading.cutout.matte)
    whole = Image.fromarray((np.clip(cut, 0, 255) + 0.5).astype(np.uint8))
    margin = round(_MARGIN * max(whole.size))
    # Two margins more than the garment, and never so narrow that an editor refuses it.
    least = max(whole.size) // 6
    height, width = (max(side, least) + 2 * margin for side in (whole.height, whole.width))
    framed = Image.new("RGB", (width, height), (255, 255, 255))
    framed.paste(whole, ((width - whole.width) // 2, (height - whole.height) // 2))
    fitted = fit((height, width))
    return framed.resize((fitted[1], fitted[0]), Image.Resampling.LANCZOS)


def as_shot(made: Image.Image, draft: ByteArray) -> ByteArray:
    """Return a network's picture in the size of the draft, with its transparency.

    Args:
        made: of any size.
        draft: (H, W, 3) or (H, W, 4) uint8 sRGB.
    Returns:
        The draft's shape, uint8 sRGB; straight alpha.
    """
    height, width = draft.shape[:2]
    if made.size != (width, height):
        made = made.resize((width, height), Image.Resampling.LANCZOS)
    picture = np.asarray(made.convert("RGB"))
    if draft.shape[2] == 3:
        return picture.copy()
    alpha = draft[..., 3:].astype(np.float32) / 255
    # The grey behind a half-covered pixel is removed again; where coverage is small, that would only show noise.
    bare = (picture - BACKDROP * (1 - alpha)) / np.maximum(alpha, 0.25)
    colour = np.where(alpha >= 0.25, np.clip(bare + 0.5, 0, 255), draft[..., :3]).astype(np.uint8)
    return np.dstack([colour, draft[..., 3]])
