"""What happens to sellers' photos before they are uploaded, each with where the garment's pixels went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.distortions import saved
from vmodel.types import BoolArray, ByteArray, FloatArray

KEPT = np.array([[1.0, 0, 0], [0, 1.0, 0]])


@dataclass(frozen=True)
class Changed:
    """A changed photo.

    Attributes:
        rgb: (h, w, 3) uint8.
        moved: (2, 3), from pixels of the photo to pixels of the changed one; pixel centres at half-integers.
    """

    rgb: ByteArray
    moved: FloatArray

    @property
    def mirrors(self) -> bool:
        """True if left and right are exchanged."""
        return bool(np.linalg.det(self.moved[:, :2]) < 0)


Change = Callable[[ByteArray, FloatArray, np.random.Generator], Changed]


def carried(mask: BoolArray, changed: Changed) -> BoolArray:
    """A mask of the photo in the pixels of the changed one, (h, w) bool."""
    size = (changed.rgb.shape[1], changed.rgb.shape[0])
    shrink = float(np.sqrt(abs(np.linalg.det(changed.moved[:, :2]))))
    soft = mask.astype(np.float32)
    if shrink < 1:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.5 / shrink)
    return np.asarray(cv2.warpAffine(soft, _centres(changed.moved), size, flags=cv2.INTER_LINEAR) > 0.5)


def _centres(affine: FloatArray) -> FloatArray:
    """The affine for cv2, whose pixel centres lie at integers."""
    moved = np.asarray(affine, np.float64).copy()
    moved[:, 2] += moved[:, :2] @ [0.5, 0.5] - 0.5
    return moved


def _in_place(paint: Callable[[FloatArray, FloatArray, np.random.Generator], FloatArray]) -> Change:
    """A change of colours alone."""

    def change(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
        painted = paint(rgb.astype(np.float32), matte[..., None], rng)
        return Changed(np.clip(painted + 0.5, 0, 255).astype(np.uint8), KEPT)

    return change


def _compressed(quality: int) -> Change:
    return lambda rgb, matte, rng: Changed(saved(rgb, "JPEG", quality), KEPT)


def _scaled(longer: int) -> Change:
    def change(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
        size = np.array(rgb.shape[1::-1])
        new = np.round(size * longer / size.max()).astype(int)
        way = cv2.INTER_AREA if longer < size.max() else cv2.INTER_CUBIC
        scale = new / size
        moved = np.array([[scale[0], 0, 0], [0, scale[1], 0]])
        return Changed(np.asarray(cv2.resize(rgb, tuple(new.tolist()), interpolation=way), np.uint8), moved)

    return change


def _dyed(degrees: float) -> Change:
    """Turn the garment's hue at its own lightness."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))

    def paint(rgb: FloatArray, matte: FloatArray, rng: np.random.Generator) -> FloatArray:
        lab = cv2.cvtColor(np.asarray(rgb, np.float32) / 255, cv2.COLOR_RGB2LAB)
        a, b = lab[..., 1].copy(), lab[..., 2].copy()
        lab[..., 1], lab[..., 2] = cos * a - sin * b, sin * a + cos * b
        dyed = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255
        return np.asarray(rgb * (1 - matte) + dyed * matte)

    return _in_place(paint)


def _lit(*gains: float) -> Change:
    return _in_place(lambda rgb, matte, rng: rgb * np.array(gains, np.float32))


def _vignette(rgb: FloatArray, matte: FloatArray, rng: np.random.Generator) -> FloatArray:
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in rgb.shape[:2])
    return np.asarray(rgb * (1 - 0.14 * (y[:, None] ** 2 + x[None] ** 2))[..., None])


def _mirrored(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
    return Changed(np.ascontiguousarray(rgb[:, ::-1]), np.array([[-1.0, 0, rgb.shape[1]], [0, 1, 0]]))


def _room(matte: FloatArray) -> tuple[int, int, int, int]:
    """Pixels between the garment and the photo's left, top, right and lower side."""
    rows, columns = np.nonzero((matte > 0.5).any(1))[0], np.nonzero((matte > 0.5).any(0))[0]
    height, width = matte.shape
    return int(columns[0]), int(rows[0]), int(width - 1 - columns[-1]), int(height - 1 - rows[-1])


def _padded(rgb: ByteArray, matte: FloatArray, sides: tuple[int, int, int, int]) -> ByteArray:
    """The photo on more of its ground: each margin is mirrored outwards as often as needed."""
    wide = rgb
    for (before, after), room, axis in (
        ((sides[0], sides[2]), _room(matte)[::2], 1),
        ((sides[1], sides[3]), _room(matte)[1::2], 0),
    ):
        strips = [max(4, side - round(0.02 * max(rgb.shape))) for side in room]
        first, last = (
            np.take(wide, range(strips[0]), axis),
            np.take(wide, range(wide.shape[axis] - strips[1], wide.shape[axis]), axis),
        )
        grow = [(0, 0), (0, 0), (0, 0)]
        grow[axis] = (before, 0)
        first = np.pad(first, grow, "symmetric")
        grow[axis] = (0, after)
        last = np.pad(last, grow, "symmetric")
        middle = np.take(wide, range(strips[0], wide.shape[axis] - strips[1]), axis)
        wide = np.concatenate([first, middle, last], axis)
    return np.ascontiguousarray(wide)


def _with_wide_margin(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
    least = round(0.08 * max(rgb.shape))
    left, top, right, low = (max(side, least) for side in _room(matte))
    moved = np.array([[1.0, 0, left], [0, 1, top]])
    return Changed(_padded(rgb, matte, (left, top, right, low)), moved)


def _cropped(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
    left, top, right, low = _room(matte)
    height, width = matte.shape
    kept = round(0.03 * max(height - top - low, width - left - right))
    x, y = max(0, left - kept), max(0, top - kept)
    part = rgb[y : height - max(0, low - kept), x : width - max(0, right - kept)]
    return Changed(np.ascontiguousarray(part), np.array([[1.0, 0, -x], [0, 1, -y]]))


def _turned(degrees: float) -> Change:
    def change(rgb: ByteArray, matte: FloatArray, rng: np.random.Generator) -> Changed:
        height, width = matte.shape
        room = round(0.12 * max(height, width))
        wide = _padded(rgb, matte, (room, room, room, room))
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        rows, columns = np.nonzero(matte > 0.5)
        spots = np.stack([columns, rows], 1) @ turn[:, :2].T + turn[:, 2]
        spare = 0.02 * max(height, width)
        low = np.minimum(np.floor(spots.min(0) - spare), 0)
        high = np.maximum(np.ceil(spots.max(0) + spare), [width, height])
        turn[:, 2] -= low
        from_wide = turn.copy()
        from_wide[:, 2] -= turn[:, :2] @ [room, room]
        size = tuple((high - low).astype(int).tolist())
        picture = cv2.warpAffine(wide, _centres(from_wide), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        return Changed(np.asarray(picture, np.uint8), turn)

    return change


CHANGES: dict[str, Change] = {
    "JPEG 70": _compressed(70),
    "JPEG 40": _compressed(40),
    "600 pixels": _scaled(600),
    "3000 pixels": _scaled(3000),
    "noise": _in_place(lambda rgb, matte, rng: rgb + rng.normal(0, 8, rgb.shape).astype(np.float32)),
    "warm light": _lit(1.08, 1.0, 0.84),
    "cold light": _lit(0.86, 1.0, 1.08),
    "brighter": _lit(1.25, 1.25, 1.25),
    "darker": _lit(0.75, 0.75, 0.75),
    "vignette": _in_place(_vignette),
    "dyed by 90 degrees": _dyed(90),
    "dyed by 180 degrees": _dyed(180),
    "darker paper": _in_place(lambda rgb, matte, rng: rgb * (0.72 + 0.28 * matte)),
    "mirrored": _mirrored,
    "wide margin": _with_wide_margin,
    "tight crop": _cropped,
    "turned by -4 degrees": _turned(-4),
    "turned by 4 degrees": _turned(4),
}
"""Name -> change; the ones of colour leave every pixel in its place."""
