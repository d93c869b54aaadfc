"""Scores of the figure for ``vmodel.quality.gate``: outline, face and hands, compared with geometry and draft."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene import PART_NAMES
from vmodel.types import BoolArray, ConditionMaps, FloatArray

_FACE = ("face", "lips", "eye", "mouth")
_HANDS = ("hand",)
_REACH_PX = 10.0
_OFF_PX = 2.5
_SMALLEST_PX = 60


def outline_score(made: FloatArray, drawn: FloatArray, maps: ConditionMaps, scale: float) -> float:
    """Return the share of the figure's outline that the picture draws where geometry has it.

    The strongest step of colour along the outline's normal must lie within 2.5 pixels (at 1024) of it. Points where the
    draft itself shows no step are ignored.

    Args:
        made: (H, W, 3) OKLab of the picture.
        drawn: (H, W, 3) OKLab of the draft.
        maps: their condition maps.
        scale: long side over 1024.
    Returns:
        0..1; 1 where nothing can be tested.
    """
    points, normals = _outline(maps.person_mask)
    reach = max(_REACH_PX * scale, 5.0)
    along = np.arange(-reach, reach + 0.5, 0.5, dtype=np.float32)
    x = points[:, :1] + normals[:, :1] * along - 0.5
    y = points[:, 1:] + normals[:, 1:] * along - 0.5
    height, width = maps.person_mask.shape
    inside = (x.min(axis=1) > 0) & (y.min(axis=1) > 0) & (x.max(axis=1) < width - 1) & (y.max(axis=1) < height - 1)
    if inside.sum() < 16:
        return 1.0
    off_made, step_made = _strongest(made, x[inside], y[inside], along)
    off_drawn, step_drawn = _strongest(drawn, x[inside], y[inside], along)
    limit = max(_OFF_PX * scale, 1.5)
    asked = (np.abs(off_drawn) <= 0.6 * limit) & (step_drawn > 0.03)
    if asked.sum() < 16:
        return 1.0
    found = (np.abs(off_made) <= limit) & (step_made > 0.35 * step_drawn)
    return float(found[asked].mean())


def face_score(made: FloatArray, drawn: FloatArray, maps: ConditionMaps) -> float:
    """Score the face: skin of a person's hue, dark eyes, no smear and no blotches, features in place.

    Args:
        made: (H, W, 3) OKLab of the picture.
        drawn: (H, W, 3) OKLab of the draft.
        maps: their condition maps.
    Returns:
        0..1; 1 where the face is too small or turned away.
    """
    face = _visible(maps, _FACE)
    scores = _skin_scores(made, drawn, face, contrast_range=(0.6, 2.5))
    eyes = face & (maps.parts == PART_NAMES.index("eye"))
    if scores and eyes.sum() >= 12:
        scores.append(_darkness_score(made[..., 0], drawn[..., 0], face, eyes))
    return min(scores, default=1.0)


def hands_score(made: FloatArray, drawn: FloatArray, maps: ConditionMaps) -> float:
    """Score the hands like the face, but without eyes and with a wider range of contrast."""
    return min(_skin_scores(made, drawn, _visible(maps, _HANDS), contrast_range=(0.45, 3.0)), default=1.0)


def _outline(person: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (N, 2) points on the figure's outline and (N, 2) unit normals that point out of it."""
    smooth = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.5)
    contours, _ = cv2.findContours((person > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    found = [contour[::2, 0] for contour in contours if len(contour) > 20]
    if not found:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    pixels = np.concatenate(found)
    slope_x = -cv2.Sobel(smooth, cv2.CV_32F, 1, 0)[pixels[:, 1], pixels[:, 0]]
    slope_y = -cv2.Sobel(smooth, cv2.CV_32F, 0, 1)[pixels[:, 1], pixels[:, 0]]
    steep = np.hypot(slope_x, slope_y)
    kept = steep > 0.05
    normals = np.stack([slope_x, slope_y], axis=1)[kept] / steep[kept, None]
    # A contour runs through the outermost pixels of the figure; the outline is half a pixel farther.
    return (pixels[kept] + 0.5 + 0.5 * normals).astype(np.float32), normals.astype(np.float32)


def _strongest(picture: FloatArray, x: FloatArray, y: FloatArray, along: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the place of the strongest step of colour on each profile, and its size."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.7)
    profile = cv2.remap(soft, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    span = 3
    step = np.linalg.norm(profile[:, 2 * span :] - profile[:, : -2 * span], axis=2)
    middle = along[span:-span]
    # Among equally strong steps, the one nearest to the outline counts.
    best = np.argmax(step * (1 - 0.02 * np.abs(middle)), axis=1)
    return middle[best], step[np.arange(len(step)), best]


def _visible(maps: ConditionMaps, names: tuple[str, ...]) -> BoolArray:
    chosen = np.isin(maps.parts, [PART_NAMES.index(name) for name in names])
    return np.asarray(chosen & (maps.hair_mask < 0.1) & (maps.person_mask > 0.99))


def _skin_scores(
    made: FloatArray, drawn: FloatArray, part: BoolArray, contrast_range: tuple[float, float]
) -> list[float]:
    """Score hue, contrast and place of features on a part of the body; empty if it is too small."""
    core = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if core.sum() < _SMALLEST_PX:
        return []
    shift = np.abs(np.median(made[core] - drawn[core], axis=0))
    hue = 1 - float(np.hypot(shift[1], shift[2]) / 0.10 + max(shift[0] - 0.05, 0) / 0.40)
    spread = np.linalg.norm((made - drawn)[core][:, 1:] - np.median((made - drawn)[core][:, 1:], axis=0), axis=1)
    blotches = 1 - float(np.percentile(spread, 90)) / 0.10
    # Features scale with the part: what matters on a face of 30 pixels is a pixel wide, on one of 300, ten.
    size = float(np.sqrt(core.sum()))
    fine_made, fine_drawn = (_features(picture[..., 0], core, size / 12) for picture in (made, drawn))
    low, high = contrast_range
    contrast = float(np.sqrt((fine_made**2).mean() / max(float((fine_drawn**2).mean()), 1e-8)))
    sharp = min(contrast / low, high / max(contrast, 1e-6), 1.0)
    place = float((fine_made * fine_drawn).mean() / np.sqrt((fine_made**2).mean() * (fine_drawn**2).mean() + 1e-12))
    return [float(np.clip(score, 0, 1)) for score in (hue, blotches, sharp, place / 0.7)]


def _features(lightness: FloatArray, part: BoolArray, sigma: float) -> FloatArray:
    """Return the lightness relative to its neighbourhood within the part, on the part's pixels."""
    weight = part.astype(np.float32)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    mean = cv2.GaussianBlur(lightness * weight, (0, 0), sigma) / total
    return np.asarray((lightness - mean)[part], np.float32)


def _darkness_score(made: FloatArray, drawn: FloatArray, face: BoolArray, eyes: BoolArray) -> float:
    """Score how much darker than the skin irises and lashes are, relative to the draft; 1 from 70 % on."""
    dark_made, dark_drawn = (float(np.median(light[face]) - np.percentile(light[eyes], 20)) for light in (made, drawn))
    if dark_drawn < 0.05:
        return 1.0
    return float(np.clip(dark_made / dark_drawn / 0.7, 0, 1))
