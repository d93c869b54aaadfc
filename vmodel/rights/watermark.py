"""The invisible mark: put into a published picture, read back from copies of it.

A tile of plane waves, repeated over the picture, carries a 40-bit id and a keyed 24-bit check (``mark_code``,
``mark_pattern``). It is as strong as the picture's texture hides (``mark_visibility``). Reading finds scale,
rotation, flip and aspect in the picture's spectrum (``mark_search``), aligns and folds the tiles (``mark_reading``) and
decodes. With the original at hand, the two are laid on each other by their features and the difference is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.rights.mark_code import PAYLOAD_BITS, decode_symbols
from vmodel.rights.mark_pattern import TILE, Pattern, draw_tile, pattern_of
from vmodel.rights.mark_reading import Alignment, align, other_places, symbols_of, whiten
from vmodel.rights.mark_search import COARSE, FINE, Guess, guesses, spectrum_of
from vmodel.rights.mark_visibility import hiding, luma_of
from vmodel.rights.matching import Match, match_pictures
from vmodel.types import BoolArray, ByteArray, FloatArray

__all__ = ["PAYLOAD_BITS", "MarkReading", "embed_mark", "read_mark", "read_mark_with_original", "read_marks"]

LEAST_PSNR_DB = 43.0
"""A mark is never stronger than this peak signal-to-noise ratio."""
LEAST_SCORE = 7.0
"""Deviations below which a mark is not believed, whatever its check says."""
LEAST_SIDE_PX = 64
MOST_MARKS = 6
"""Marks that are looked for in one picture."""
_REFERENCE = 768
"""Shorter side in pixels up to which tiles have 125 pixels; larger pictures have larger tiles."""
_WORKING_PIXELS = 1_250_000
_ASPECTS = tuple(round(1 + step / 100, 2) for step in (-8, 8, -14, 14))


@dataclass(frozen=True)
class MarkReading:
    """A mark that was read.

    Attributes:
        payload: the id.
        score: deviations by which the mark stands above noise.
        tile_px: side of a tile in the picture; 125 where a picture of up to 768 pixels was not scaled.
        turn_degrees: how the picture was turned.
        flipped: whether it is mirrored.
        aspect: change of width over height.
    """

    payload: int
    score: float
    tile_px: float
    turn_degrees: float
    flipped: bool
    aspect: float


def embed_mark(picture: ByteArray, payload: int, key: bytes, strength: float = 1.0) -> ByteArray:
    """Put the mark into a picture.

    Args:
        picture: (H, W, 3 or 4) uint8 sRGB; transparency stays as it is.
        payload: id below 2**40.
        key: secret of the installation.
        strength: 1 is invisible; the mark's size in grey levels grows with it, down to a PSNR of 43 dB.
    Returns:
        uint8, same shape; a new array.
    """
    side = tile_side(picture.shape[:2])
    tile = draw_tile(pattern_of(key), payload, side)
    luma = luma_of(picture)
    height, width = luma.shape
    tiled = np.tile(tile, (-(-height // side), -(-width // side)))[:height, :width]
    most = 255**2 / 10 ** (LEAST_PSNR_DB / 10) * 0.98
    change = tiled * hiding(luma, side / TILE, most) * strength
    power = float(np.mean(change * change))
    if power > most:
        change *= np.sqrt(most / power)
    marked = picture.copy()
    marked[..., :3] = np.clip(np.rint(picture[..., :3] + change[..., None]), 0, 255).astype(np.uint8)
    return marked


def tile_side(size: tuple[int, ...]) -> int:
    """Side of a tile in pixels for a picture of (height, width)."""
    return max(TILE, round(TILE * min(size[:2]) / _REFERENCE) | 1)


def read_mark(picture: ByteArray, key: bytes) -> MarkReading | None:
    """Read the mark of a picture that may have been cropped, scaled, turned, mirrored, squeezed or compressed.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8.
        key: secret of the installation.
    Returns:
        The clearest mark; None where no mark of this key is found.
    """
    return next(iter(read_marks(picture, key)), None)


def read_marks(picture: ByteArray, key: bytes) -> list[MarkReading]:
    """Read all marks of a picture, of which there are several where copies of several buyers were averaged.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8.
        key: secret of the installation.
    Returns:
        The clearest mark first; each payload once.
    """
    luma, shrunk = _working(luma_of(picture))
    if min(luma.shape) < LEAST_SIDE_PX:
        return []
    residual, pattern = whiten(luma), pattern_of(key)
    for window, aspects, most in ((FINE, (1.0,), 4), (COARSE, _ASPECTS, 4)):
        for guess in guesses(spectrum_of(residual, window), key, aspects, most):
            readings = _read_at(luma, guess, pattern, shrunk)
            if readings:
                return readings
    return []


def _working(luma: FloatArray) -> tuple[FloatArray, float]:
    """A copy of at most 1.25 megapixels, and by how much it is smaller."""
    shrunk = max(1.0, np.sqrt(luma.size / _WORKING_PIXELS))
    if shrunk == 1.0:
        return luma, 1.0
    size = round(luma.shape[1] / shrunk), round(luma.shape[0] / shrunk)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA)), float(shrunk)


def _read_at(luma: FloatArray, guess: Guess, pattern: Pattern, shrunk: float) -> list[MarkReading]:
    alignment = align(luma, guess.to_picture(TILE), pattern)
    if alignment is None:
        return []
    matrix = alignment.to_picture[:2, :2]
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0] * (-1 if guess.flipped else 1))))
    tile_px = float(np.sqrt(abs(np.linalg.det(matrix)))) * TILE * shrunk
    return [
        MarkReading(payload, score, tile_px, turn, guess.flipped, guess.aspect)
        for payload, score in _decoded(alignment, pattern).items()
    ]


def _decoded(alignment: Alignment, pattern: Pattern) -> dict[int, float]:
    """Payload -> score of the marks of an aligned picture, the clearest first."""
    found: dict[int, float] = {}
    for place in other_places(alignment, pattern, MOST_MARKS):
        payload = decode_symbols(symbols_of(place, pattern), pattern.key) if place.score >= LEAST_SCORE else None
        if payload is not None:
            found.setdefault(payload, place.score)
    return found


def read_mark_with_original(picture: ByteArray, original: ByteArray, key: bytes) -> MarkReading | None:
    """Read the mark of a badly treated copy with the help of the picture as it was before it was marked.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8, the suspected copy.
        original: (H, W, 3 or 4) uint8, unmarked, or marked with this very payload's picture minus the mark.
        key: secret of the installation.
    Returns:
        None where no mark of this key is in the difference, nor in the picture itself.
    """
    luma, source = luma_of(picture), luma_of(original)
    match = match_pictures(luma, source) or _same_frame(luma, source)
    read = None if match is None else _read_difference(luma, source, match, pattern_of(key))
    return read or read_mark(picture, key)


def _same_frame(luma: FloatArray, source: FloatArray) -> Match | None:
    """The copy as the whole original, scaled: for pictures without features."""
    across, down = luma.shape[1] / source.shape[1], luma.shape[0] / source.shape[0]
    return Match(np.diag([across, down, 1.0]), 0, False) if abs(across / down - 1) < 0.02 else None


def _read_difference(luma: FloatArray, source: FloatArray, match: Match, pattern: Pattern) -> MarkReading | None:
    """Bring the copy to the original's place, subtract, and read what is left over."""
    height, width = source.shape
    back = np.linalg.inv(match.homography)
    copy = cv2.warpPerspective(luma, back, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones_like(luma), back, (width, height)) > 0.99
    side = tile_side(source.shape)
    difference = _left_over(copy, source, inside)
    alignment = align(difference, np.eye(2) * side / TILE, pattern, flat=True)
    decoded = {} if alignment is None else _decoded(alignment, pattern)
    if not decoded:
        return None
    scale = np.linalg.inv(back)[:2, :2]
    tile_px = float(np.sqrt(abs(np.linalg.det(scale)))) * side
    turn = float(np.degrees(np.arctan2(scale[1, 0], scale[0, 0])))
    payload, score = next(iter(decoded.items()))
    return MarkReading(payload, score, tile_px, turn, match.flipped, 1.0)


def _left_over(copy: FloatArray, source: FloatArray, inside: BoolArray) -> FloatArray:
    """What a copy has more than its original, after their tones were brought together, weighted by what hides it."""
    sigma = 6.0
    means = [cv2.GaussianBlur(values, (0, 0), sigma) for values in (copy, source)]
    bands = [values - mean for values, mean in zip((copy, source), means, strict=True)]
    shared = cv2.GaussianBlur(bands[0] * bands[1], (0, 0), sigma)
    power = cv2.GaussianBlur(bands[1] ** 2, (0, 0), sigma)
    left = (bands[0] - bands[1] * (shared + 1.0) / (power + 1.0)) * inside
    deviation = np.sqrt(np.maximum(cv2.GaussianBlur(left * left, (0, 0), sigma), 0))
    bounded = np.clip(left, -3 * deviation, 3 * deviation)
    return np.asarray(bounded * hiding(source) / (deviation**2 + 0.3), np.float32)
