"""One training sample, and the parts of a labelled photo that follow from its landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from vmodel.garment.recognition.network import LANDMARKS, PARTS
from vmodel.types import BoolArray, ByteArray, FloatArray

UNKNOWN: Final = 255
"""Part index of a pixel whose part is unknown."""
_SLACK: Final = 0.15
"""Bulge of a sleeve past the quadrangle of its landmarks, as a share of the armhole's height."""
_HANGER_GAP: Final = 0.03
"""Height above the neck from which a hanger is certain, as a share of the garment's size: labels err by half of it."""


_TRUNK: Final = ("neck_left", "shoulder_left", "armpit_left", "hem_left",
                 "hem_right", "armpit_right", "shoulder_right", "neck_right")  # fmt: skip
_WITHIN: Final = 0.03
"""Distance inside the lines between landmarks from which there is cloth, as a share of the garment's size."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and the network's goals for it.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB.
        mask: (H, W) float32 in 0..1, NaN where unknown; None if it is unknown everywhere.
        parts: (H, W) uint8 index into ``PARTS``, ``UNKNOWN`` where unknown.
        points: (len(LANDMARKS), 2) float32 pixels (x, y), NaN where the garment has none or none was labelled.
        weight: (len(LANDMARKS),) float32, trust in each point; a hidden one was estimated.
        choices: attribute -> value, as ``CHOICES`` lists them; unknown attributes are absent.
        is_drawn: parts are exact; those of a photo do not tell collar, strap and body apart.
    """

    rgb: ByteArray
    mask: FloatArray | None
    parts: ByteArray
    points: FloatArray
    weight: FloatArray
    choices: Mapping[str, str]
    is_drawn: bool = False


def parts_from_points(mask: FloatArray, points: Mapping[str, FloatArray], choices: Mapping[str, str]) -> ByteArray:
    """Derive the parts of a labelled photo from its landmarks, as far as they tell.

    Args:
        mask: (H, W) float32 in 0..1.
        points: landmark -> (2,) pixels.
        choices: attributes that are known.
    Returns:
        (H, W) uint8, see ``Sample``.
    """
    cloth = mask > 0.5
    parts = np.where(cloth, PARTS.index("body"), PARTS.index("background")).astype(np.uint8)
    parts[(mask > 0.15) & (mask < 0.85)] = UNKNOWN
    for side in ("left", "right"):
        sleeve = _sleeve(mask.shape, points, side)
        if sleeve is not None:
            parts[cloth & sleeve] = PARTS.index(f"sleeve_{side}")
        leg = _leg(mask.shape, points, side)
        if leg is not None:
            parts[cloth & leg] = PARTS.index(f"leg_{side}")
    if {"neck_left", "neck_right"} <= points.keys():
        _mark_neck(parts, cloth, points, choices)
    return parts


def missed_cloth(mask: FloatArray, points: Mapping[str, FloatArray]) -> BoolArray:
    """Return an (H, W) mask of cloth between landmarks that the teacher missed, such as a pale sleeve on pale ground.

    Such pixels may also be ground beside a bent sleeve, so nothing is known of them.
    """
    inside = np.zeros(mask.shape, bool)
    if all(name in points for name in _TRUNK):
        inside |= _filled(mask.shape, np.array([points[name] for name in _TRUNK]))
    for side in ("left", "right"):
        names = [f"{name}_{side}" for name in ("shoulder", "cuff_outer", "cuff_inner", "armpit")]
        if all(name in points for name in names):
            inside |= _filled(mask.shape, np.array([points[name] for name in names]))
    if not inside.any():
        return inside
    size = float(np.ptp(np.array(list(points.values())), axis=0).max())
    width = 2 * max(1, round(_WITHIN * size)) + 1
    inside = cv2.erode(inside.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
    return np.asarray(inside & (mask < 0.5))


def _mark_neck(
    parts: ByteArray, cloth: BoolArray, points: Mapping[str, FloatArray], choices: Mapping[str, str]
) -> None:
    """Mark hood, hanger and the visible inside in ``parts``."""
    left, right = points["neck_left"], points["neck_right"]
    neckline = choices.get("neckline")
    spread = np.array(list(points.values()))
    size = float(np.ptp(spread, axis=0).max())
    height = _height_above(cloth.shape, right, left)
    if neckline == "hood":
        parts[cloth & (height > 0)] = PARTS.index("hood")
        return
    if choices.get("laid") == "hanger":
        top = max((float(_above(points["neck_back"], right, left)) if "neck_back" in points else 0.0), 0.0)
        parts[cloth & (height > top)] = UNKNOWN
        parts[cloth & (height > top + _HANGER_GAP * size)] = PARTS.index("hanger")
    if "neck_back" not in points or "neck_front" not in points or choices.get("face") == "back":
        return
    opening = np.concatenate([_curve(left, points["neck_back"], right), _curve(right, points["neck_front"], left)])
    area = _filled(cloth.shape, opening)
    parts[cloth & area] = UNKNOWN if neckline in {"collar", "high", None} else PARTS.index("inside")


def _curve(start: FloatArray, middle: FloatArray, end: FloatArray) -> FloatArray:
    """Return (12, 2) points of a parabola through three points."""
    t = np.linspace(0, 1, 12)[:, None]
    control = 2 * middle - (start + end) / 2
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def _sleeve(size: tuple[int, ...], points: Mapping[str, FloatArray], side: str) -> BoolArray | None:
    names = [f"{name}_{side}" for name in ("shoulder", "cuff_outer", "cuff_inner", "armpit")]
    if not all(name in points for name in names):
        return None
    shoulder, outer, inner, armpit = (points[name] for name in names)
    reach = _SLACK * float(np.linalg.norm(shoulder - armpit))
    area = _filled(size, np.array([shoulder, outer, inner, armpit]))
    width = 2 * max(1, round(reach)) + 1
    area = cv2.dilate(area.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))) > 0
    beyond = _height_above(size, shoulder, armpit)
    cuff = float(_above((outer + inner) / 2, shoulder, armpit))
    return np.asarray(area & (beyond * np.sign(cuff) > 0))


def _leg(size: tuple[int, ...], points: Mapping[str, FloatArray], side: str) -> BoolArray | None:
    names = (f"leg_outer_{side}", f"leg_inner_{side}", "crotch", f"hip_{side}")
    if not all(name in points for name in names):
        return None
    outer, inner, crotch, hip = (points[name] for name in names)
    area = _filled(size, np.array([crotch, inner, outer, hip]))
    width = 2 * max(1, round(_SLACK * float(np.linalg.norm(outer - inner)))) + 1
    return np.asarray(cv2.dilate(area.astype(np.uint8), np.ones((width, width), np.uint8)) > 0)


def _filled(size: tuple[int, ...], polygon: FloatArray) -> BoolArray:
    area = np.zeros(size[:2], np.uint8)
    cv2.fillPoly(area, [np.round(polygon).astype(np.int32)], 1)
    return area > 0


def _above(point: FloatArray, right: FloatArray, left: FloatArray) -> float:
    """Return a point's signed distance from a line in pixels; positive above where left lies on the right."""
    way = (left - right) / max(float(np.linalg.norm(left - right)), 1e-6)
    return float((point[0] - right[0]) * way[1] - (point[1] - right[1]) * way[0])


def _height_above(size: tuple[int, ...], right: FloatArray, left: FloatArray) -> FloatArray:
    """Return (H, W) ``_above`` of every pixel's centre."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    way = (left - right) / max(float(np.linalg.norm(left - right)), 1e-6)
    return np.asarray((columns - right[0]) * way[1] - (rows - right[1]) * way[0], np.float32)


def as_array(points: Mapping[str, FloatArray]) -> FloatArray:
    """Return (len(LANDMARKS), 2) float32, NaN where a landmark is absent."""
    found = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    for name, point in points.items():
        found[LANDMARKS.index(name)] = point
    return found
