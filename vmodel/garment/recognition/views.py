"""Views of a photo: what the network looks at, and the way back from its cells to the photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
import torch

from vmodel.threads import one_thread, side_by_side
from vmodel.types import ByteArray, FloatArray

Answer = TypeVar("Answer")


def look_both_ways(look: Callable[[torch.Tensor], Answer], view: ByteArray) -> tuple[Answer, Answer]:
    """Let a network look at a view and at its mirror image, side by side.

    Args:
        look: the network, or one of its methods; given (1, 3, S, S) sRGB 0..1.
        view: (S, S, 3) uint8 sRGB.
    Returns:
        Its answer to the view, and that to the mirror image, which is mirrored.
    """

    def answer(picture: ByteArray) -> Answer:
        plane = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None])).float().div(255)
        torch.set_num_threads(1)  # each thread has a number of its own; that of this one is given back below
        with torch.inference_mode():
            return look(plane.contiguous(memory_format=torch.channels_last))

    with one_thread():
        ahead, mirrored = side_by_side(answer, [view, view[:, ::-1]])
    return ahead, mirrored


def to_photo(affine: FloatArray, stride: int) -> FloatArray:
    """(2, 3) for cv2: from cells of a view's map to pixels of the photo, both counted from their centres."""
    inverse = cv2.invertAffineTransform(np.asarray(affine, np.float64))
    inverse[:, :2] *= stride
    inverse[:, 2] += inverse[:, :2] @ [0.5, 0.5] - 0.5
    return np.asarray(inverse)


def resampled(rgb: ByteArray, affine: FloatArray, side: int) -> ByteArray:
    """(side, side, 3) the photo under an affine map, averaged where it shrinks."""
    shrink = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    own = np.asarray(affine, np.float64).copy()
    if shrink < 0.75:
        size = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
        ratio = np.array([rgb.shape[1] / size[0], rgb.shape[0] / size[1]])
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        own[:, :2] *= ratio
    own[:, 2] += own[:, :2] @ [0.5, 0.5] - 0.5
    return np.asarray(cv2.warpAffine(rgb, own, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
