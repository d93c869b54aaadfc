"""Floor as a level camera sees it."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene.shading.visibility import ShadowMap
from vmodel.types import Camera, FloatArray


def subject_m(camera: Camera) -> float:
    """Return the camera's distance from the middle of the studio, where the model stands, in metres."""
    return -float(camera.position_m @ camera.rotation[2])


def floor_depth(camera: Camera, rows: FloatArray | None = None) -> FloatArray:
    """Return the metres behind the model at which rows meet the floor; very large above the horizon.

    Args:
        camera: level.
        rows: (R,) places in the picture; None for the middle of each row.
    """
    rows = np.arange(camera.size[0]) + 0.5 if rows is None else rows
    below = np.maximum(rows - camera.centre_px[1], 1e-3)
    return np.asarray(float(camera.position_m[2]) * camera.focal_px / below - subject_m(camera))


def row_of_floor(camera: Camera, behind_m: float) -> float:
    """Return the row in the picture, perhaps outside it, of the floor at a distance behind the model."""
    depth = subject_m(camera) + behind_m
    return camera.centre_px[1] + float(camera.position_m[2]) * camera.focal_px / depth


def first_floor_row(camera: Camera, ends_m: float) -> int:
    """Return the first row that shows the floor in front of where it ends; the picture's height if none does."""
    return int(np.clip(np.ceil(row_of_floor(camera, ends_m) - 0.5), 0, camera.size[0]))


def across_m(camera: Camera, depth_m: FloatArray) -> FloatArray:
    """Return the metres (..., W) to the camera's right of the studio's middle, for depths (...) from the camera."""
    columns = (np.arange(camera.size[1]) + 0.5 - camera.centre_px[0]) / camera.focal_px
    return np.asarray(float(camera.position_m @ camera.rotation[0]) + depth_m[..., None] * columns, np.float32)


def floor_light(camera: Camera, floor: ShadowMap, ends_m: float, fade_m: float = 0.5) -> FloatArray:
    """Return the share (H, W) of light that reaches the floor seen at each pixel; 1 where no floor is seen.

    Args:
        camera: level.
        floor: shadow of the model.
        ends_m: where the floor ends behind the model; within ``fade_m`` of it, shadows fade.
        fade_m: 0 where they go on to the wall.
    """
    light = np.ones(camera.size, np.float32)
    first = first_floor_row(camera, ends_m)
    if first >= camera.size[0]:
        return light
    behind = floor_depth(camera)[first:]
    right, forward = camera.rotation[0], camera.rotation[2]
    across = across_m(camera, behind + subject_m(camera))
    x = across * right[0] + behind[:, None] * forward[0]
    y = across * right[1] + behind[:, None] * forward[1]
    found = floor.seen_at(x, y)
    fade = np.clip((ends_m - behind) / fade_m, 0, 1)[:, None] if fade_m else 1.0
    light[first:] = 1 - (1 - found) * fade
    return light


def smooth_step(x: FloatArray) -> FloatArray:
    """Return 0..1 for x in 0..1, with level ends."""
    inside = np.clip(x, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside))


def enlarged(small: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Enlarge smooth values to (height, width)."""
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC))
