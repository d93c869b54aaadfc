"""Views of a photo for the network, and maps from its cells back to the photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
import torch

from vmodel.core.parallel import one_thread, side_by_side
from vmodel.types import ByteArray, FloatArray

Answer = TypeVar("Answer")


def look_both_ways(look: Callable[[torch.Tensor], Answer], view: ByteArray) -> tuple[Answer, Answer]:
    """Run a network on a view and on its mirror image, in parallel.

    Args:
        look: the network, or one of its methods; given (1, 3, S, S) sRGB 0..1.
        view: (S, S, 3) uint8 sRGB.
    Returns:
        Its output for the view, and that for the mirror image, which is mirrored.
    """

    def answer(picture: ByteArray) -> Answer:
        plane = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None])).float().div(255)
        torch.set_num_threads(1)  # each thread has its own number; ``one_thread`` below restores that of this one
        with torch.inference_mode():
            return look(plane.contiguous(memory_format=torch.channels_last))

    with one_thread():
        ahead, mirrored = side_by_side(answer, [view, view[:, ::-1]])
    return ahead, mirrored


def to_photo(affine: FloatArray, stride: int) -> FloatArray:
    """Return cv2's (2, 3) map from cells of a view's map to pixels of the photo, both counted from their centres."""
    inverse = cv2.invertAffineTransform(np.asarray(affine, np.float64))
    inverse[:, :2] *= stride
    inverse[:, 2] += inverse[:, :2] @ [0.5, 0.5] - 0.5
    return np.asarray(inverse)


def resampled(rgb: ByteArray, affine: FloatArray, size: int | tuple[int, int]) -> ByteArray:
    """Resample the photo by an affine map to (height, width, 3), or to a square, averaged where it shrinks."""
    height, width = (size, size) if isinstance(size, int) else size
    shrink = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    own = np.asarray(affine, np.float64).copy()
    if shrink < 0.75:
        smaller = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
        ratio = np.array([rgb.shape[1] / smaller[0], rgb.shape[0] / smaller[1]])
        rgb = cv2.resize(rgb, smaller, interpolation=cv2.INTER_AREA)
        own[:, :2] *= ratio
    own[:, 2] += own[:, :2] @ [0.5, 0.5] - 0.5
    return np.asarray(
        cv2.warpAffine(rgb, own, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
