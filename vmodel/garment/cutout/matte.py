"""Alpha matte of the edge: the share of each edge pixel that is cloth, at the photo's full size."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.contour import distance_to_edge
from vmodel.types import BoolArray, ByteArray, FloatArray

# Colour difference (0..255) above which an edge pixel's colour counts more than the mask's outline.
_TELLING_CONTRAST: Final = 14.0


def guided(rgb: ByteArray, mask: FloatArray, radius: int, slack: float = 4e-4) -> FloatArray:
    """Snap the edge of a soft mask to the edges of the picture by a guided filter (He, Sun and Tang 2013).

    Args:
        rgb: (H, W, 3) uint8, the guide.
        mask: (H, W) float32 in 0..1.
        radius: of the windows, in pixels.
        slack: how much colour may vary within cloth before it counts as an edge.
    Returns:
        (H, W) float32 in 0..1.
    """
    guide, size = rgb.astype(np.float32) / 255, (2 * radius + 1, 2 * radius + 1)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_REFLECT_101))

    centre, level = mean(guide), mean(mask)
    together = mean(guide * mask[..., None]) - centre * level[..., None]
    rr, gg, bb, gb, rb, rg = (
        mean(guide[..., i] * guide[..., j]).astype(np.float64) - centre[..., i] * centre[..., j] + slack * (i == j)
        for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
    )
    # Inverted by hand: numpy's solver takes ten times as long over matrices of three rows.
    inverse = np.stack(
        [
            *(gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg),
            *(rb * gb - rg * bb, rr * bb - rb * rb, rg * rb - rr * gb),
            *(rg * gb - rb * gg, rg * rb - rr * gb, rr * gg - rg * rg),
        ],
        axis=-1,
    ).reshape(*mask.shape, 3, 3)
    volume = rr * inverse[..., 0, 0] + rg * inverse[..., 0, 1] + rb * inverse[..., 0, 2]
    slope = ((inverse * together[..., None, :]).sum(-1) / volume[..., None]).astype(np.float32)
    offset = level - (slope * centre).sum(-1)
    return np.asarray(np.clip((mean(slope) * guide).sum(-1) + mean(offset), 0, 1), np.float32)


def refine_edge(rgb: ByteArray, mask: BoolArray, reach_px: float = 3.0) -> FloatArray:
    """Turn a mask made at a smaller size into a matte of the photo's size.

    Each edge pixel is unmixed between the colours of cloth and ground beside it; where these are alike, the outline
    itself decides. Cloth and ground colours vary slowly along the edge, so they are gathered at the mask's size.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (h, w) bool, the same picture at its size or smaller.
        reach_px: how far the true edge may lie from the mask's, in mask pixels.
    Returns:
        (H, W) float32 in 0..1.
    """
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, mask.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    inside = distance_to_edge(mask)
    outside = distance_to_edge(~mask)
    cloth = _beside_edge(small, inside, reach_px)
    ground = _beside_edge(small, outside, reach_px)
    signed = cv2.resize(np.where(mask, inside - 0.5, 0.5 - outside), (width, height), interpolation=cv2.INTER_LINEAR)
    matte = (signed > 0).astype(np.float32)
    rows, columns = np.nonzero(np.abs(signed) < reach_px)
    if rows.size == 0:
        return np.asarray(matte)
    x = (columns + 0.5) * (mask.shape[1] / width) - 0.5
    y = (rows + 0.5) * (mask.shape[0] / height) - 0.5
    here = rgb[rows, columns].astype(np.float32)
    matte[rows, columns] = _unmix(here, _sample(cloth, x, y), _sample(ground, x, y), signed[rows, columns], reach_px)
    return np.asarray(matte)


def _beside_edge(colours: FloatArray, depth: FloatArray, reach_px: float) -> FloatArray:
    """Return a region's mean colour near each pixel, weighted by depth so that thin straps still have a colour."""
    weight = np.minimum(depth / reach_px, 1.0) ** 3
    weight[depth > 4 * reach_px] = 0
    gathered = cv2.GaussianBlur(np.dstack([colours * weight[..., None], weight]), (0, 0), 1.3 * reach_px)
    return np.asarray(gathered[..., :3] / np.maximum(gathered[..., 3:], 1e-6), np.float32)


def _sample(field: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    # remap takes fewer than 32768 rows or columns, so the points are folded into a block.
    count, block = x.size, 4096
    pad = -count % block
    x_map = np.pad(x, (0, pad)).reshape(-1, block).astype(np.float32)
    y_map = np.pad(y, (0, pad)).reshape(-1, block).astype(np.float32)
    sampled = cv2.remap(field, x_map, y_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled.reshape(-1, field.shape[2])[:count])


def _unmix(here: FloatArray, cloth: FloatArray, ground: FloatArray, signed: FloatArray, reach_px: float) -> FloatArray:
    across = cloth - ground
    contrast = (across * across).sum(-1)
    by_colour = np.clip(((here - ground) * across).sum(-1) / np.maximum(contrast, 1e-3), 0, 1)
    # JPEG ringing leaves a few per cent of cloth far outside and of ground far inside.
    by_colour = np.clip((by_colour - 0.06) / 0.88, 0, 1)
    by_outline = np.clip(0.5 + signed / 1.6, 0, 1)
    trust = contrast / (contrast + _TELLING_CONTRAST**2)
    blend = trust * by_colour + (1 - trust) * by_outline
    # Prints reach the edge in colours that the means do not predict: the outline bounds the share by colour.
    least = np.clip((signed - 0.55 * reach_px) / (0.45 * reach_px), 0, 1)
    most = np.clip(1 + (signed + 0.3 * reach_px) / (0.7 * reach_px), 0, 1)
    return np.asarray(np.clip(blend, least, most), np.float32)
