"""Views of a photo: what the network looks at, and the way back from its cells to the photo."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from vmodel.types import ByteArray, FloatArray


def both_ways(view: ByteArray) -> torch.Tensor:
    """(2, 3, S, S) a view and its mirror image for the network."""
    pictures = np.stack([view, view[:, ::-1]]).transpose(0, 3, 1, 2)
    batch = torch.from_numpy(np.ascontiguousarray(pictures)).float().div(255)
    return batch.contiguous(memory_format=torch.channels_last)


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
