"""Descriptors that recognise a picture among millions: one hash of the whole and 64 of its points.

PDQ (Meta, 2019) is a 256-bit hash of the whole picture. It survives compression, scaling and changes of light, but
not a crop of a tenth. Points are SIFT features (Lowe, 2004) as 128 bits each, 1 where the histogram is above its
median. They survive crops, rotation, collages and text. They are spread evenly, so that each part of the picture has
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.core.colour import luma_of
from vmodel.types import ByteArray, FloatArray

PDQ_BYTES, POINT_BYTES = 32, 16
KEPT_POINTS = 64
"""Points of a registered picture."""
ASKED_POINTS = 256
"""Points of a picture that is looked up."""
_LONGEST_PX = 320
_CELLS = 8


@dataclass(frozen=True)
class Descriptors:
    """Hash of the whole picture and hashes of its points.

    Attributes:
        pdq: (32,) uint8.
        points: (N, 16) uint8.
    """

    pdq: ByteArray
    points: ByteArray


def describe(picture: ByteArray) -> Descriptors:
    """Hash a picture and its points in order to register it.

    Args:
        picture: (H, W), (H, W, 3) or (H, W, 4) uint8.
    """
    return Descriptors(hash_whole(picture), bits_of(describe_points(luma_of(picture), KEPT_POINTS)))


def hash_whole(picture: ByteArray) -> ByteArray:
    """Compute the PDQ hash of a picture, (32,) uint8."""
    import pdqhash

    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    shrink = min(1.0, 512 / max(rgb.shape[:2]))
    small = cv2.resize(rgb[..., :3], None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
    bits, _ = pdqhash.compute(np.ascontiguousarray(small[..., :3]))
    return np.packbits(np.asarray(bits, np.uint8))


def describe_points(luma: FloatArray, most: int) -> FloatArray:
    """Compute the SIFT descriptors of the clearest points of each part of a picture, (N, 128) float32.

    Args:
        luma: (H, W) in 0..255.
        most: bound on N.
    """
    shrink = _LONGEST_PX / max(luma.shape)
    way = cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR
    small = np.clip(cv2.resize(luma, None, fx=shrink, fy=shrink, interpolation=way), 0, 255).astype(np.uint8)
    found, values = cv2.SIFT.create(0, contrastThreshold=0.02).detectAndCompute(small, None)
    if not found:
        return np.zeros((0, 128), np.float32)
    return np.asarray(values[_spread(np.array([[*p.pt, p.size, p.response] for p in found]), small.shape, most)])


def bits_of(descriptors: FloatArray) -> ByteArray:
    """Reduce (N, 128) descriptors to their bits, (N, 16) uint8."""
    return np.packbits(descriptors > np.median(descriptors, 1, keepdims=True), axis=1)


def _spread(points: FloatArray, size: tuple[int, ...], most: int) -> list[int]:
    """Return the indices of the clearest and largest points, taking one of each cell in turn."""
    cell = (points[:, 1] / size[0] * _CELLS).astype(int) * _CELLS + (points[:, 0] / size[1] * _CELLS).astype(int)
    order = np.argsort(-points[:, 3] * np.sqrt(points[:, 2]), kind="stable")
    rank = np.empty(len(points), int)
    seen: dict[int, int] = {}
    for index in order:
        rank[index] = seen[int(cell[index])] = seen.get(int(cell[index]), -1) + 1
    return [int(index) for index in order[np.argsort(rank[order], kind="stable")][:most]]
