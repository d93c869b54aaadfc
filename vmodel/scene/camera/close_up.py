"""Close-up of the head through a longer lens: a whole figure leaves too few pixels for eyes, lips and hair strands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from einops import reduce

from vmodel.scene.camera.framing import project_points
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry
from vmodel.types import Camera, FloatArray, IntArray

FINEST_PX = 480
"""Longest side of a close-up, pixels; a face larger than half of it gets none."""
_MOST = 4
_MARGIN_PX = 6
_RIM_PX = 4
_FEWEST_PX = 16


@dataclass(frozen=True)
class CloseUp:
    """Magnified window of a picture.

    Attributes:
        box: (top, left, height, width) in the picture's pixels.
        factor: pixels of the close-up to one of the picture, along a side.
        camera: the picture's, with a longer lens.
    """

    box: tuple[int, int, int, int]
    factor: int
    camera: Camera

    def lay(self, fine: FloatArray, picture: FloatArray) -> None:
        """Shrink the close-up into its window, in place; at the rim it fades into the picture.

        Args:
            fine: (h * factor, w * factor) or (..., 3) premultiplied linear light or coverage.
            picture: (H, W) or (H, W, 3), the same of the whole picture.
        """
        top, left, height, width = self.box
        window = picture[top : top + height, left : left + width]
        small = reduce(fine, "(h a) (w b) ... -> h w ...", "mean", a=self.factor, b=self.factor)
        share = self._share(picture.shape[0], picture.shape[1])
        window += (small - window) * (share if picture.ndim == 2 else share[..., None])

    def _share(self, height: int, width: int) -> FloatArray:
        """Return weights (h, w): 1 inside, falling to 0 at the rim, but not where the picture ends."""
        top, left, tall, wide = self.box
        ramps = []
        for first, length, whole in ((top, tall, height), (left, wide, width)):
            place = np.arange(length) + 0.5
            before = place if first > 0 else np.full(length, np.inf)
            after = length - place if first + length < whole else np.full(length, np.inf)
            ramps.append(np.clip(np.minimum(before, after) / _RIM_PX, 0, 1))
        return np.asarray(ramps[0][:, None] * ramps[1][None], np.float32)


def close_up(geometry: Geometry, camera: Camera) -> CloseUp | None:
    """Frame head and hair, two to four times as large.

    Args:
        geometry: who is seen; all hair lies inside the window.
        camera: of the whole picture.
    Returns:
        None where there is no head in the picture, or one that is large enough already.
    """
    face = geometry.vertices_m[geometry.triangles[geometry.part == PART_NAMES.index("face")].ravel()]
    low, high = _window(face, camera)
    if max(high - low) > FINEST_PX // 2:
        return None
    hair = geometry.subject.hair
    if hair is not None and len(hair.points_m):
        outer = _window(hair.points_m.reshape(-1, 3), camera)
        low, high = np.minimum(low, outer[0]), np.maximum(high, outer[1])
    width, height = (high - low).tolist()
    if min(width, height) < _FEWEST_PX:
        return None
    factor = min(_MOST, FINEST_PX // max(width, height))
    if factor < 2:
        return None
    box = (int(low[1]), int(low[0]), height, width)
    return CloseUp(box, factor, magnify(camera, box, factor))


def _window(points_m: FloatArray, camera: Camera) -> tuple[IntArray, IntArray]:
    """Return corners (x, y) round the points (N, 3) in front of the camera, clipped to the picture.

    The first corner is larger where no point is in front.
    """
    limit = np.array(camera.size[::-1])
    pixels, depth = project_points(points_m, camera)
    ahead = pixels[depth > 0]
    if len(ahead) == 0:
        return limit, np.zeros(2, int)
    low, high = np.floor(ahead.min(axis=0)) - _MARGIN_PX, np.ceil(ahead.max(axis=0)) + _MARGIN_PX
    return np.clip(low, 0, limit).astype(int), np.clip(high, 0, limit).astype(int)


def shrink(camera: Camera, longest: int) -> Camera:
    """Return the camera with fewer pixels.

    Args:
        camera: of any size.
        longest: longer side of the result, pixels; a picture that is no longer stays as it is.
    """
    share = min(1.0, longest / max(camera.size))
    return replace(
        camera,
        focal_px=camera.focal_px * share,
        centre_px=(camera.centre_px[0] * share, camera.centre_px[1] * share),
        size=(round(camera.size[0] * share), round(camera.size[1] * share)),
    )


def magnify(camera: Camera, box: tuple[int, int, int, int], factor: int) -> Camera:
    """Return the camera with a longer lens whose picture is a window of the first.

    Args:
        camera: of the whole picture.
        box: (top, left, height, width) of the window, pixels.
        factor: how many times as large.
    """
    top, left, height, width = box
    return replace(
        camera,
        focal_px=camera.focal_px * factor,
        centre_px=((camera.centre_px[0] - left) * factor, (camera.centre_px[1] - top) * factor),
        size=(height * factor, width * factor),
    )
