"""A garment's photo made ready for a pattern: no larger than textures need, and with the garment upright."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.inpaint import extent
from vmodel.garment.pattern.maps.sleeves import with_whole_cuffs
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, Cutout, FlatLay, FloatArray, GarmentPhoto, Landmarks, Neckline

_LEVEL_DEG: Final = 3.0
"""Tilt of a garment in its photo below which it is not turned upright."""
_LONGEST_PX: Final = 2400
"""Longest side of an upright photo: textures are at most 1,800 px long, and are sampled from it."""
_MARGIN: Final = 0.04
"""Room left round the garment on each side, as a share of its extent."""


def bounded(
    flat_lay: FlatLay,
    cutout: Cutout,
    landmarks: Landmarks,
    surface: Surface | None = None,
    inside: BoolArray | None = None,
) -> tuple[FlatLay, Cutout, Landmarks, Surface | None, BoolArray | None]:
    """Make a photo smaller if its garment is larger than ``upright`` leaves it: a phone's has twelve megapixels.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        landmarks: its points.
        surface: see ``make_pattern``.
        inside: see ``make_pattern``.
    Returns:
        The same five at the smaller size.
    """
    scale = _LONGEST_PX / (1 + 2 * _MARGIN) / extent(cutout.mask)
    if scale >= 1:
        return flat_lay, cutout, landmarks, surface, inside
    height, width = cutout.mask.shape
    size = (round(width * scale), round(height * scale))
    ratio = np.array([size[0] / width, size[1] / height])
    matte = cv2.resize(cutout.matte, size, interpolation=cv2.INTER_AREA)
    smaller = None if inside is None else cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return (
        replace(flat_lay, rgb=cv2.resize(flat_lay.rgb, size, interpolation=cv2.INTER_AREA), alpha=None),
        replace(cutout, matte=matte),
        replace(landmarks, points_px={name: point * ratio for name, point in landmarks.points_px.items()}),
        None if surface is None else surface.scaled(scale),
        smaller,
    )


def upright(photo: GarmentPhoto) -> GarmentPhoto:
    """Turn the photo so that the garment hangs straight down, crop it to the garment and bound its size."""
    upper = "armpit" if photo.kind.neckline == Neckline.ASYMMETRIC else "neck"
    top = photo.middle(upper if photo.kind.category.covers_upper else "waist")
    ends = ("leg_outer", "leg_inner") if photo.kind.category.has_legs else ("hem",)
    low = np.mean([photo.middle(name) for name in ends], axis=0)
    way = low - top
    angle = float(np.degrees(np.arctan2(way[0], way[1])))  # positive: the hem lies to the right
    if abs(angle) < _LEVEL_DEG:
        angle = 0.0
    rows, columns = np.nonzero(photo.mask.any(1))[0], np.nonzero(photo.mask.any(0))[0]
    corners = np.array([[x, y] for x in (columns[0], columns[-1] + 1) for y in (rows[0], rows[-1] + 1)], np.float64)
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = corners @ rotation.T
    margin = _MARGIN * float(np.ptp(turned, axis=0).max())
    first, sides = turned.min(0) - margin, np.ptp(turned, axis=0) + 2 * margin
    scale = min(1.0, _LONGEST_PX / float(sides.max()))
    affine = np.column_stack([scale * rotation, -scale * first])
    size = tuple(int(np.ceil(value * scale)) for value in sides)
    return with_whole_cuffs(_moved(photo, affine, (size[0], size[1])))


def _moved(photo: GarmentPhoto, affine: FloatArray, size: tuple[int, int]) -> GarmentPhoto:
    """Transform the photo by an affine map; size is (width, height)."""
    at = affine.copy()
    at[:, 2] += at[:, :2] @ [0.5, 0.5] - 0.5  # cv2's pixel centres lie at integers
    shrink = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    rgb = photo.rgb
    if shrink < 0.7:  # warpAffine skips pixels where it shrinks: average first
        small = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
        rgb = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
        ratio = np.array([photo.rgb.shape[1] / small[0], photo.rgb.shape[0] / small[1]])
        own = np.column_stack([affine[:, :2] * ratio, affine[:, 2]])
        own[:, 2] += own[:, :2] @ [0.5, 0.5] - 0.5
    else:
        own = at
    picture = cv2.warpAffine(rgb, own, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    mask, collar, printed = (
        None if each is None else cv2.warpAffine(each.astype(np.uint8), at, size, flags=cv2.INTER_NEAREST) > 0
        for each in (photo.mask, photo.collar, photo.printed)
    )
    assert mask is not None
    points = {name: affine[:, :2] @ point + affine[:, 2] for name, point in photo.points.items()}
    opening, edge = (
        None if line is None else line @ affine[:, :2].T + affine[:, 2] for line in (photo.opening, photo.neck_edge)
    )
    moved = replace(photo, rgb=np.asarray(picture, np.uint8), mask=mask, points=points, opening=opening, neck_edge=edge)
    moved = replace(moved, collar=collar, printed=printed)
    lying, beside = (
        {
            side: cv2.warpAffine(each.astype(np.uint8), at, size, flags=cv2.INTER_NEAREST) > 0
            for side, each in of.items()
        }
        for of in (photo.lying, photo.beside)
    )
    return replace(moved, lying=lying, beside=beside)
