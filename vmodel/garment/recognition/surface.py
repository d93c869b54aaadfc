"""Surface of a photographed garment: plain cloth, print, or not the outer face of its cloth at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vmodel.garment.recognition.closeup import surface_closeup
from vmodel.garment.recognition.network import SURFACE, SURFACE_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import look_both_ways, resampled, to_photo
from vmodel.types import ByteArray, FloatArray


@dataclass(frozen=True, eq=False)
class Surface:
    """Surface of a garment.

    Attributes:
        shares: name in ``SURFACE`` -> (S, S) float32 probability, valid within the garment.
        affine: (2, 3) map from the photo to a view four times as large.
    """

    shares: Mapping[str, FloatArray]
    affine: FloatArray

    def over(self, what: str, shape: tuple[int, ...]) -> FloatArray:
        """Return the (H, W) float32 probability of one of ``SURFACE`` all over the photo."""
        plane = cv2.warpAffine(self.shares[what], to_photo(self.affine, 4), shape[1::-1], flags=cv2.INTER_LINEAR)
        return np.asarray(plane)

    def scaled(self, scale: float) -> Surface:
        """Return the same surface for the photo at another size."""
        return replace(self, affine=np.column_stack([self.affine[:, :2] / scale, self.affine[:, 2]]))


def read_surface(network: GarmentReaderNet, rgb: ByteArray, upright: FloatArray) -> Surface:
    """Classify each place of a garment's surface.

    Args:
        network: from ``load_network``.
        rgb: (H, W, 3) uint8 sRGB, the photo.
        upright: (2, 3) map from the photo to a picture of ``SIZE`` pixels that the garment fills, turned upright.
    """
    affine = surface_closeup(upright)
    ahead, mirrored = look_both_ways(network.surface_of, resampled(rgb, affine, SURFACE_SIZE))
    told = ((ahead[0] + mirrored[0].flip(-1)) / 2).sigmoid().numpy()
    return Surface(dict(zip(SURFACE, told, strict=True)), affine)
