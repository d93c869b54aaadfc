"""Reflection of the model in a floor that shines."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene.place.view import mirror_share
from vmodel.types import Camera, FloatArray

_FADE = 0.05
"""Share of the picture's height over which a reflection fades: floors are rough."""
_SOFT = 0.0022


def mirror_person(
    plate: FloatArray, colour: FloatArray, cover: FloatArray, depth_m: FloatArray, name: str, camera: Camera
) -> FloatArray:
    """Add the model's reflection to an empty place.

    Args:
        plate: (H, W, 3) linear light from ``paint_place``.
        colour: (H, W, 3) of the model, times coverage.
        cover: (H, W) coverage.
        depth_m: (H, W) of the model, 0 elsewhere.
        name: of the place.
        camera: level.
    Returns:
        (H, W, 3); the plate itself where its floor does not shine or is not seen.
    """
    share = mirror_share(name, camera)
    rows = np.flatnonzero(share)
    seen = np.flatnonzero((depth_m > 0).any(axis=0))
    if len(rows) == 0 or len(seen) == 0:
        return plate
    # Each column is mirrored about the floor under what is lowest in it, mostly a shoe.
    lowest = camera.size[0] - 1 - np.argmax(depth_m[::-1] > 0, axis=0)
    lowest[np.setdiff1d(np.arange(camera.size[1]), seen)] = 0
    below = depth_m[lowest, np.arange(camera.size[1])]
    about = camera.centre_px[1] + float(camera.position_m[2]) * camera.focal_px / np.maximum(below, 0.1)
    from_row = np.round(2 * about[None] - (rows[:, None] + 0.5) - 0.5).astype(int)
    there = (from_row >= 0) & (from_row <= lowest[None]) & (below > 0)[None]
    source = np.clip(from_row, 0, camera.size[0] - 1), np.arange(camera.size[1])[None]
    away = np.maximum(rows[:, None] + 0.5 - about[None], 0) / camera.size[0]
    strength = there * np.exp(-away / _FADE)
    image = np.concatenate([colour[source], cover[source][..., None]], axis=2) * strength[..., None]
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), _SOFT * camera.size[0])
    image *= share[rows, None, None]
    result = plate.copy()
    result[rows] = result[rows] * (1 - image[..., 3:]) + image[..., :3]
    return result
