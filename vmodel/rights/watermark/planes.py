"""Planes of a picture that carry the mark, luma and blue, and the filter that brings it out in each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.core.colour import luma_of
from vmodel.rights.watermark.carrier import TILE, CarrierPattern, blue_pattern_of, pattern_of
from vmodel.rights.watermark.perceptual_mask import band_of, enlarged, texture_masking, texture_of
from vmodel.rights.watermark.whitening import whiten_spectrum
from vmodel.types import ByteArray, FloatArray

_DEVIATIONS = 3.0
_UNSURE = 2.8
"""Grey levels of noise assumed in any copy: quieter places get no more weight, for compression wipes them out."""
_ON_FLAT = 0.1
"""Grey levels of the mark expected on flat ground: fewer than drawn, because copies lose it there first."""
_UNSURE_BLUE = 0.6
_BLUE_BAND, _BLUE_AROUND = (9, 9), (7, 7)


@dataclass(frozen=True, eq=False)
class Plane:
    """One plane of a picture.

    Attributes:
        values: (H, W) float32.
        pattern: of the key, as this plane carries it.
    """

    values: FloatArray
    pattern: CarrierPattern

    def part(self, rows: slice, columns: slice) -> Plane:
        """Cut out a part of the plane."""
        return Plane(self.values[rows, columns], self.pattern)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        height, width = self.values.shape
        return height, width


def planes_of(picture: ByteArray, key: bytes, most_pixels: float = np.inf) -> tuple[Plane, ...]:
    """Split a picture into blue, unless it has no colour, and luma.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8.
        key: secret of the installation.
        most_pixels: larger pictures are shrunk to it.
    """
    luma = luma_of(picture)
    blue = None if picture.ndim == 2 else blue_of(picture, luma)
    shrunk = max(1.0, float(np.sqrt(luma.size / most_pixels)))
    size = round(luma.shape[1] / shrunk), round(luma.shape[0] / shrunk)
    found = [] if blue is None or not blue.any() else [Plane(blue, blue_pattern_of(key))]
    planes = (*found, Plane(luma, pattern_of(key)))
    if shrunk == 1:
        return planes
    small = (cv2.resize(plane.values, size, interpolation=cv2.INTER_AREA) for plane in planes)
    return tuple(Plane(np.asarray(values), plane.pattern) for values, plane in zip(small, planes, strict=True))


def blue_of(picture: ByteArray, luma: FloatArray) -> FloatArray:
    """Subtract luma from blue, as in JPEG's second plane: (H, W) float32 in levels of blue."""
    return np.asarray(picture[..., 2] - luma, np.float32)


def filter_plane(values: FloatArray, pattern: CarrierPattern) -> FloatArray:
    """Filter a plane at the pattern's scale so that the mark stands out: (H, W) float32."""
    return matched_filter(values) if pattern.side == TILE else matched_filter_blue(values)


def matched_filter(luma: FloatArray) -> FloatArray:
    """Apply the matched filter for a mark as strong as its surroundings hide: (H, W) float32."""
    strength = enlarged(texture_masking(texture_of(luma), _ON_FLAT), luma.shape)
    return np.asarray(cv2.multiply(whiten_spectrum(band_of(luma), _UNSURE**2), strength, dst=strength))


def matched_filter_blue(blue: FloatArray) -> FloatArray:
    """Apply the matched filter for blue, where the mark has about the same strength everywhere: (H, W) float32."""
    band = np.asarray(blue - cv2.blur(cv2.blur(blue, _BLUE_BAND), _BLUE_BAND), np.float32)
    power = cv2.max(cv2.blur(cv2.multiply(band, band), _BLUE_AROUND), 0.0)
    most = cv2.sqrt(power) * np.float32(_DEVIATIONS)
    bounded = cv2.max(cv2.min(band, most), -most)
    return np.asarray(cv2.divide(bounded, power + np.float32(_UNSURE_BLUE**2)), np.float32)
