"""Surface of a photographed garment: plain cloth, print, or not the outer face of its cloth at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from vmodel.garment.recognition.closeup import surface_closeup
from vmodel.garment.recognition.network import SLEEVES, SURFACE, SURFACE_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import look_both_ways, resampled, to_photo
from vmodel.types import ByteArray, FloatArray


@dataclass(frozen=True, eq=False)
class Surface:
    """Surface of a garment.

    Attributes:
        shares: name in ``SURFACE`` or ``SLEEVES`` -> (S, S) float32 probability, valid within the garment.
        affine: (2, 3) map from the photo to a view four times as large.
        illuminant: (2,) natural logarithms of red and of blue over green that white cloth has in its light;
            0 in white light.
        exposure: stops by which its photo has to be brightened to show it as in daylight.
        white: probability that most of its cloth is white.
    """

    shares: Mapping[str, FloatArray]
    affine: FloatArray
    illuminant: FloatArray = field(default_factory=lambda: np.zeros(2))
    exposure: float = 0.0
    white: float = 0.0

    def over(self, what: str, shape: tuple[int, ...]) -> FloatArray:
        """Return the (H, W) float32 probability of one of ``shares`` all over the photo."""
        plane = cv2.warpAffine(self.shares[what], to_photo(self.affine, 4), shape[1::-1], flags=cv2.INTER_LINEAR)
        return np.asarray(plane)

    def scaled(self, scale: float) -> Surface:
        """Return the same surface for the photo at another size."""
        return replace(self, affine=np.column_stack([self.affine[:, :2] / scale, self.affine[:, 2]]))


def read_mask_and_surface(network: GarmentReaderNet, rgb: ByteArray, upright: FloatArray) -> tuple[FloatArray, Surface]:
    """Find the garment's pixels, and classify each place of its surface.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB, the photo.
        upright: (2, 3) map from the photo to a picture of ``SIZE`` pixels that the garment fills, turned upright.
    Returns:
        (H, W) float32 probability of the garment, and its surface.
    """
    affine = surface_closeup(upright)
    ahead, mirrored = look_both_ways(network.whole_garment, resampled(rgb, affine, SURFACE_SIZE))
    outline, told, lying = (
        ((one[0] + other[0].flip(-1)) / 2).sigmoid().numpy()
        for one, other in zip(ahead, (*mirrored[:2], mirrored[2].flip(1)), strict=True)
    )
    mask = cv2.warpAffine(outline, to_photo(affine, 2), rgb.shape[1::-1], flags=cv2.INTER_LINEAR)
    shares = dict(zip((*SURFACE, *SLEEVES), (*told, *lying), strict=True))
    return np.asarray(mask, np.float32), Surface(shares, affine)
