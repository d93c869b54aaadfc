"""Alignment of two pictures by their features (SIFT and RANSAC)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.types import FloatArray

LONGEST_PX = 1024
"""Longer side in pixels to which larger pictures are shrunk before features are found."""
_RATIO = 0.8
_OFF_PX = 3.0
_FEATURES = 3000


@dataclass(frozen=True)
class Features:
    """Points of a picture and descriptors of their surroundings.

    Attributes:
        points_px: (N, 2) float32 (x, y) in the picture's own pixels.
        descriptors: (N, 128) float32 (RootSIFT; Arandjelović and Zisserman 2012).
    """

    points_px: FloatArray
    descriptors: FloatArray


@dataclass(frozen=True)
class Match:
    """Two pictures that show the same.

    Attributes:
        homography: (3, 3) from the original's pixels to the copy's.
        inliers: how many pairs of features agree with it.
        flipped: whether the copy is mirrored.
    """

    homography: FloatArray
    inliers: int
    flipped: bool


def find_features(luma: FloatArray, most: int = _FEATURES) -> Features:
    """Find the features of a picture.

    Args:
        luma: (H, W) in 0..255.
        most: how many to keep, the clearest first.
    """
    shrink = min(1.0, LONGEST_PX / max(luma.shape))
    small = cv2.resize(luma, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else luma
    sift = cv2.SIFT.create(most, contrastThreshold=0.01)
    points, descriptors = sift.detectAndCompute(np.clip(small, 0, 255).astype(np.uint8), None)
    if not points:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    unit = np.sqrt(descriptors / (descriptors.sum(1, keepdims=True) + 1e-7)).astype(np.float32)
    return Features(np.array([point.pt for point in points], np.float32) / shrink, unit)


def mirror_features(features: Features, width: int) -> Features:
    """Compute the features of the mirrored picture without detecting them again.

    Args:
        features: of a picture.
        width: of the picture in pixels.
    """
    points = features.points_px * np.array([-1, 1], np.float32) + np.array([width - 1, 0], np.float32)
    return Features(points, mirror_sift(features.descriptors))


def mirror_sift(descriptors: FloatArray) -> FloatArray:
    """Mirror (N, 128) SIFT descriptors: reverse the rows of cells and negate the angles."""
    cells = descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
    return np.asarray(cells[..., (-np.arange(8)) % 8].reshape(-1, 128))


def match_features(copy: Features, original: Features) -> tuple[FloatArray, int] | None:
    """Fit the homography from the original to the copy, and count the pairs that agree; None below eight pairs."""
    if min(len(copy.points_px), len(original.points_px)) < 8:
        return None
    likeness = copy.descriptors @ original.descriptors.T
    nearest = np.argpartition(-likeness, 1, axis=1)[:, :2]
    pair = np.take_along_axis(likeness, nearest, 1)
    nearest, pair = np.take_along_axis(nearest, (-pair).argsort(1), 1), -np.sort(-pair, 1)
    distances = np.sqrt(np.maximum(2 - 2 * pair, 0))
    kept = distances[:, 0] < _RATIO * distances[:, 1]
    if kept.sum() < 8:
        return None
    ours, theirs = original.points_px[nearest[kept, 0]], copy.points_px[kept]
    homography, inside = cv2.findHomography(ours, theirs, cv2.USAC_MAGSAC, _OFF_PX, maxIters=3000, confidence=0.999)
    return None if homography is None else (np.asarray(homography, np.float64), int(inside.sum()))


def match_pictures(copy: FloatArray, original: FloatArray, fewest: int = 12) -> Match | None:
    """Find the original within a copy, mirrored or not.

    Args:
        copy: (H, W) luma in 0..255.
        original: (H, W) luma in 0..255.
        fewest: pairs of features below which it is no match.
    """
    wanted, best = find_features(original), None
    straight = find_features(copy)
    for flipped in (False, True):
        seen = mirror_features(straight, copy.shape[1]) if flipped else straight
        found = match_features(seen, wanted)
        if found is None or found[1] < fewest or (best is not None and found[1] <= best.inliers):
            continue
        mirror = np.array([[-1, 0, copy.shape[1] - 1], [0, 1, 0], [0, 0, 1.0]]) if flipped else np.eye(3)
        best = Match(mirror @ found[0], found[1], flipped)
    return best
