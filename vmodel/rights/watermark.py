"""The invisible mark: put into a published picture, read back from copies of it.

A tile of plane waves, repeated over the picture, carries a 40-bit id and a keyed 24-bit check (``mark_code``,
``mark_pattern``). It is as strong as the picture's texture hides (``mark_visibility``), and its symbols are drawn so
that the picture itself speaks for no other id (``mark_shaping``). Reading tries the tiles where they were put, then
every scale (``mark_scan``), then every rotation, flip and aspect by the spectrum (``mark_search``), aligns and
folds the tiles (``mark_reading``) and decodes. With the original at hand, the two are laid on each other by their
features and the difference is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.rights.mark_code import PAYLOAD_BITS, decode_symbols
from vmodel.rights.mark_pattern import TILE, Pattern, draw_tile, pattern_of
from vmodel.rights.mark_reading import (
    Alignment,
    align,
    filter_straight,
    fold_filtered,
    fold_straight,
    other_places,
    symbols_of,
    whiten,
)
from vmodel.rights.mark_scan import scaled_guesses
from vmodel.rights.mark_search import COARSE, FINE, Guess, guesses, spectrum_of
from vmodel.rights.mark_shaping import shape_symbols
from vmodel.rights.mark_visibility import hiding, luma_of
from vmodel.rights.matching import Match, match_pictures
from vmodel.types import BoolArray, ByteArray, FloatArray

__all__ = ["PAYLOAD_BITS", "MarkReading", "embed_mark", "read_mark", "read_mark_with_original", "read_marks"]

LEAST_PSNR_DB = 43.0
"""A mark is never stronger than this peak signal-to-noise ratio."""
LEAST_SCORE = 5.0
"""Deviations below which a mark is not believed, whatever its check says."""
LEAST_SIDE_PX = 64
MOST_MARKS = 6
"""Marks that are looked for in one picture."""
_REFERENCE = 768
"""Shorter side in pixels up to which tiles have 125 pixels; larger pictures have larger tiles."""
_WORKING_PIXELS = 1_250_000
_WORTH_ALIGNING = 5.0
"""Deviations at which a scale is looked at more closely."""
_REGIONS = ((0, 1), (0, 1)), *(((y, y + 0.5), (x, x + 0.5)) for y in (0, 0.5) for x in (0, 0.5))
"""Shares of height and width that are searched one by one: the whole, and the quarters, of which a collage is made."""
_ASPECTS = 0.9, 1.1


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
    side, pattern, luma = tile_side(picture.shape[:2]), pattern_of(key), luma_of(picture)
    allowed = _at_most(hiding(luma, side / TILE) * strength)
    plain = _tiled(draw_tile(pattern, payload, side), luma.shape) * allowed
    sizes = shape_symbols(fold_straight(luma + plain, side, pattern), pattern, payload)
    change = _tiled(draw_tile(pattern, payload, side, sizes), luma.shape) * allowed
    marked = picture.copy()
    marked[..., :3] = np.clip(np.rint(picture[..., :3] + change[..., None]), 0, 255).astype(np.uint8)
    return marked


def _at_most(deviation: FloatArray) -> FloatArray:
    """Deviations of a mark, made smaller where they together would pass the least PSNR."""
    most = 255**2 / 10 ** (LEAST_PSNR_DB / 10) * 0.95
    power = float(np.mean(deviation * deviation))
    return deviation * np.float32(min(1.0, np.sqrt(most / power)))


def _tiled(tile: FloatArray, size: tuple[int, ...]) -> FloatArray:
    """(H, W) filled with tiles from the upper left corner."""
    (height, width), side = size, len(tile)
    return np.tile(tile, (-(-height // side), -(-width // side)))[:height, :width]


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
    pattern = pattern_of(key)
    straight = _read_straight(luma, pattern, shrunk)
    if straight:
        return straight
    residual = whiten(luma)
    for rows, columns in _REGIONS:
        region = luma[_part(rows, luma.shape[0]), _part(columns, luma.shape[1])]
        filtered = residual[_part(rows, luma.shape[0]), _part(columns, luma.shape[1])]
        for guess in scaled_guesses(filtered, key, 2, rows != (0, 1)) if min(region.shape) >= LEAST_SIDE_PX else []:
            readings = _read_at(region, guess, pattern, shrunk) if guess.score >= _WORTH_ALIGNING else []
            if readings:
                return readings
    for window, aspects in ((FINE, (1.0,)), (COARSE, _ASPECTS)):
        for guess in guesses(spectrum_of(residual, window), key, aspects, 3):
            readings = _read_at(luma, guess, pattern, shrunk) if guess.score >= _WORTH_ALIGNING else []
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


def _part(shares: tuple[float, float], length: int) -> slice:
    return slice(round(shares[0] * length), round(shares[1] * length))


def _read_straight(luma: FloatArray, pattern: Pattern, shrunk: float) -> list[MarkReading]:
    """Marks of a picture that was neither scaled nor turned: far fainter ones than the spectrum shows."""
    whole = tile_side(tuple(round(side * shrunk) for side in luma.shape)) / shrunk
    for tile_px in dict.fromkeys((whole, TILE / shrunk)):
        if not TILE / 4 < tile_px <= 2 * min(luma.shape):
            continue
        filtered = filter_straight(luma, tile_px)
        for flipped in (False, True):
            decoded = _decoded(fold_filtered(filtered, tile_px, pattern, flipped), pattern)
            if decoded:
                return [MarkReading(p, s, tile_px * shrunk, 0.0, flipped, 1.0) for p, s in decoded.items()]
    return []


def _read_at(luma: FloatArray, guess: Guess, pattern: Pattern, shrunk: float) -> list[MarkReading]:
    decoded, alignment = _first_decoded(align(luma, guess.to_picture(TILE), pattern), pattern)
    if alignment is None:
        return []
    matrix = alignment.to_picture[:2, :2]
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0] * (-1 if guess.flipped else 1))))
    tile_px = float(np.sqrt(abs(np.linalg.det(matrix)))) * TILE * shrunk
    return [
        MarkReading(payload, score, tile_px, turn, guess.flipped, guess.aspect) for payload, score in decoded.items()
    ]


def _first_decoded(
    alignments: Sequence[Alignment], pattern: Pattern
) -> tuple[dict[int, float], Alignment] | tuple[dict[int, float], None]:
    """What the first alignment says that says anything, and that alignment."""
    for alignment in alignments:
        decoded = _decoded(alignment, pattern)
        if decoded:
            return decoded, alignment
    return {}, None


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
    decoded, _ = _first_decoded(align(difference, np.eye(2) * side / TILE, pattern, flat=True), pattern)
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
