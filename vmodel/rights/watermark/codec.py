"""Invisible mark (watermark): embedded in a published picture, read back from copies of it.

A tile of plane waves, repeated over the picture, carries a 40-bit id and a keyed 24-bit check (``payload_code``,
``carrier``), once in the luma and once in blue. It is as strong as the picture's texture hides
(``perceptual_mask``), and the luma's symbols are sized so that the picture itself favours no other id
(``informed_embedding``). Reading tries the tiles where they were put, then every scale (``scale_search``), then every
rotation, flip and aspect by the spectrum (``registration``). It aligns the tiles (``tile_alignment``), folds them
(``demodulation``) and decodes. If the original is at hand, the two pictures are aligned by their features and the mark
is read from their difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.core.colour import luma_of
from vmodel.rights.fingerprint.feature_matching import Match, match_pictures
from vmodel.rights.watermark.carrier import TILE, blue_pattern_of, draw_tile, pattern_of, tile_offset
from vmodel.rights.watermark.demodulation import (
    Folded,
    Place,
    filter_straight,
    fold,
    fold_filtered,
    fold_straight,
    places_of,
    symbols_of,
)
from vmodel.rights.watermark.informed_embedding import shape_symbols
from vmodel.rights.watermark.payload_code import PAYLOAD_BITS, decode_symbols
from vmodel.rights.watermark.perceptual_mask import masking_threshold, masking_thresholds
from vmodel.rights.watermark.planes import Plane, filter_plane, planes_of
from vmodel.rights.watermark.registration import (
    CandidateTransform,
    candidate_transforms,
    spectrum_of,
    symmetric_candidates,
    window_of,
)
from vmodel.rights.watermark.scale_search import scaled_candidates
from vmodel.rights.watermark.tile_alignment import align, cut_tiles, shown
from vmodel.types import BoolArray, ByteArray, FloatArray

__all__ = ["PAYLOAD_BITS", "MarkReading", "embed_mark", "read_mark", "read_mark_with_original", "read_marks"]

LEAST_PSNR_DB = 43.0
"""A mark is never stronger than this peak signal-to-noise ratio."""
LEAST_SCORE = 5.0
"""Score in deviations below which a mark is rejected, whatever its check says."""
SURE_SCORE = 7.0
"""Score from which several likely words are tested against the check; no noise reaches it."""
_LISTED = 16
LEAST_SCORE_IN_PLACE = 3.5
"""Like ``LEAST_SCORE``, for a mark that begins exactly where it would in an uncropped picture."""
LEAST_SIDE_PX = 64
MOST_MARKS = 6
"""Largest number of marks searched in one picture."""
_REFERENCE = 768
"""Shorter side in pixels up to which tiles have 125 pixels; larger pictures have larger tiles."""
_WORKING_PIXELS = 1_250_000
_OF_BLUE = 0.114 / 0.886
"""Share of a change of blue that is subtracted from red and green, so that the luma stays the same."""
_ROUNDING = 1 / 12
"""Mean square that rounding to whole levels adds to a change."""
_FREED_BYTES = 30 * 2**20
"""Just below 32 MiB, beyond which freeing a block no longer raises the C library's threshold for keeping memory."""
_WORTH_ALIGNING = 5.0
"""Score in deviations from which a candidate is aligned."""
_QUARTERS = tuple(((y, y + 0.5), (x, x + 0.5)) for y in (0, 0.5) for x in (0, 0.5))
"""Shares of height and width that are searched one by one: a collage is made of four pictures."""
_LEAST_PART_PX = 128
"""Shorter side of a quarter that is searched: about a tile."""
_ASPECTS = 0.9, 1.1


@dataclass(frozen=True)
class MarkReading:
    """Reading of a mark.

    Attributes:
        payload: the id.
        score: deviations of the mark above noise.
        tile_px: side of a tile in the picture; 125 where a picture of up to 768 pixels was not scaled.
        turn_degrees: rotation of the picture.
        flipped: True if it is mirrored.
        aspect: change of width over height.
    """

    payload: int
    score: float
    tile_px: float
    turn_degrees: float
    flipped: bool
    aspect: float


def embed_mark(picture: ByteArray, payload: int, key: bytes, strength: float = 1.0) -> ByteArray:
    """Embed the mark in a picture.

    Args:
        picture: (H, W, 3 or 4) uint8 sRGB; transparency stays as it is.
        payload: id below 2**40.
        key: secret of the installation.
        strength: 1 is invisible; the mark's size in grey levels grows with it, down to a PSNR of 43 dB.
    Returns:
        uint8, same shape; a new array.
    """
    _keep_freed_memory()
    side, luma = tile_side(picture.shape[:2]), luma_of(picture)
    allowed, in_blue = _at_most(*(hidden * strength for hidden in masking_thresholds(luma, side / TILE)))
    pattern = pattern_of(key)
    plain = _drawn(draw_tile(pattern, payload, side), allowed)
    sizes = shape_symbols(fold_straight(Plane(np.asarray(cv2.add(luma, plain, dst=luma)), pattern), side), payload)
    change = _drawn(draw_tile(pattern, payload, side, sizes), allowed)
    blue = _drawn(draw_tile(blue_pattern_of(key), payload, side), in_blue)
    others = np.asarray(cv2.scaleAdd(blue, -_OF_BLUE, change))
    return _added(picture, (others, others, np.asarray(cv2.add(change, blue, dst=blue))))


def _keep_freed_memory() -> None:
    """Let the next arrays reuse the memory of earlier ones.

    The GNU C library returns freed memory to the system, and takes it again page by page, unless a larger block was
    freed before. Without this, a third of the time of a mark went into clearing pages. The block itself is never
    touched.
    """
    np.empty(_FREED_BYTES, np.uint8)


def _at_most(luma: FloatArray, blue: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower the mark's deviations in luma and blue if together they would fall below the least PSNR.

    The strongest are lowered first: strong texture masks most of the mark that it hides, so little is lost there.
    """
    most = 255**2 / 10 ** (LEAST_PSNR_DB / 10) * 0.96 - _ROUNDING
    in_blue = _mean_square(blue) * (1 + 2 * _OF_BLUE**2) / 3
    lowered = np.asarray(cv2.min(luma, float(_ceiling(np.ascontiguousarray(luma[::4, ::4]), most - in_blue))))
    smaller = min(1.0, float(np.sqrt(most / (_mean_square(lowered) + in_blue))))
    return (lowered, blue) if smaller == 1 else (lowered * np.float32(smaller), blue * np.float32(smaller))


def _mean_square(values: FloatArray) -> float:
    return float(cv2.norm(values, cv2.NORM_L2SQR)) / values.size


def _ceiling(deviations: FloatArray, power: float) -> np.float32:
    """Find the value to lower the largest deviations to, so that their mean square is not above ``power``."""
    low, high = 0.0, float(deviations.max())
    if _mean_square(deviations) > power:
        for _ in range(12):
            middle = (low + high) / 2
            square = _mean_square(np.asarray(cv2.min(deviations, middle)))
            low, high = (low, middle) if square > power else (middle, high)
        high = low
    return np.float32(high)


def _added(picture: ByteArray, changes: Sequence[FloatArray]) -> ByteArray:
    """Return a new (H, W, 3 or 4) with its colours changed, rounded and kept within 0..255; transparency stays."""
    channels = list(cv2.split(picture))
    for channel, change in zip(channels, changes, strict=False):
        cv2.add(channel, change, dst=channel, dtype=cv2.CV_8U)
    return np.asarray(cv2.merge(channels))


def _drawn(tile: FloatArray, deviations: FloatArray) -> FloatArray:
    """Fill (H, W) with tiles from the upper left corner, as strong as each pixel's deviation."""
    (height, width), side = deviations.shape, len(tile)
    tiled = np.tile(tile, (-(-height // side), -(-width // side)))[:height, :width]
    return np.asarray(cv2.multiply(tiled, deviations), np.float32)


def tile_side(size: tuple[int, ...]) -> int:
    """Return the side of a tile in pixels for a picture of (height, width)."""
    return max(TILE, round(TILE * min(size[:2]) / _REFERENCE) | 1)


def read_mark(picture: ByteArray, key: bytes) -> MarkReading | None:
    """Read the mark of a picture that may have been cropped, scaled, turned, mirrored, squeezed or compressed.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8.
        key: secret of the installation.
    Returns:
        The clearest mark; None where no mark of this key is found.
    """
    return next(iter(read_marks(picture, key, 1)), None)


def read_marks(picture: ByteArray, key: bytes, most: int = MOST_MARKS) -> list[MarkReading]:
    """Read all marks of a picture; it has several if copies of several buyers were averaged.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8.
        key: secret of the installation.
        most: number of marks after which the search ends.
    Returns:
        The clearest mark first; each payload once.
    """
    planes = planes_of(picture, key, _WORKING_PIXELS)
    shrunk = picture.shape[0] / planes[0].shape[0]
    if min(planes[0].shape) < LEAST_SIDE_PX:
        return []
    straight = _read_straight(planes, shrunk, most)
    if straight:
        return straight
    for rows, columns, plane, candidate in _searched(planes):
        parts = [whole.part(rows, columns) for whole in planes]
        readings = _read_at(parts, parts[planes.index(plane)], candidate, shrunk, most)
        if readings:
            return readings
    return []


def _searched(planes: Sequence[Plane]) -> Iterator[tuple[slice, slice, Plane, CandidateTransform]]:
    """Yield where the mark may be: part of the picture, the plane searched, and the candidate; cheap ones first."""
    smaller = [_smaller(plane) for plane in planes]
    whole = slice(None), slice(None)
    for (residual, shrunk), plane in zip(smaller, planes, strict=True):
        for candidate in scaled_candidates(residual, plane.pattern, 2, shrunk):
            yield *whole, plane, candidate
    for (residual, shrunk), plane in zip(smaller, planes, strict=True):
        aspects = (1.0, *_ASPECTS) if plane is planes[0] else (1.0,)
        found = candidate_transforms(
            spectrum_of(residual, window_of(residual, shrunk)), plane.pattern, aspects, 3, shrunk
        )
        for candidate in found if plane.pattern.side == TILE else symmetric_candidates(found):
            yield *whole, plane, candidate
    for rows, columns in _QUARTERS if min(planes[0].shape) >= 2 * _LEAST_PART_PX else ():
        for (residual, shrunk), plane in zip(smaller, planes, strict=True):
            part = residual[_part(rows, residual.shape[0]), _part(columns, residual.shape[1])]
            parts = _part(rows, plane.shape[0]), _part(columns, plane.shape[1])
            for candidate in scaled_candidates(part, plane.pattern, 1, shrunk, smaller=True):
                yield *parts, plane, candidate


def _smaller(plane: Plane) -> tuple[FloatArray, float]:
    """Filter a plane for searching; return it and how much it was shrunk: slow waves need half the resolution."""
    if plane.pattern.side == TILE:
        return filter_plane(plane.values, plane.pattern), 1.0
    half = cv2.resize(plane.values, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return filter_plane(np.asarray(half), plane.pattern), 2.0


def _part(shares: tuple[float, float], length: int) -> slice:
    return slice(round(shares[0] * length), round(shares[1] * length))


def _read_straight(planes: Sequence[Plane], shrunk: float, most: int) -> list[MarkReading]:
    """Read marks of a picture that was neither scaled nor rotated: far fainter ones than the spectrum shows."""
    size = planes[0].shape
    whole = tile_side(tuple(round(side * shrunk) for side in size)) / shrunk
    for tile_px in dict.fromkeys((whole, TILE / shrunk)):
        if not TILE / 4 < tile_px <= 2 * min(size):
            continue
        filtered = [filter_straight(plane, tile_px) for plane in planes]
        for flipped in (False, True):
            folded = [fold_filtered(f, p.pattern, flipped) for f, p in zip(filtered, planes, strict=True)]
            decoded = _decoded(folded, planes[0].pattern.key, most, not flipped)
            if decoded:
                return [MarkReading(p, s, tile_px * shrunk, 0.0, flipped, 1.0) for p, s in decoded.items()]
    return []


def _read_at(
    planes: Sequence[Plane], plane: Plane, candidate: CandidateTransform, shrunk: float, most: int
) -> list[MarkReading]:
    """Read the marks near one plane's candidate."""
    if candidate.score < _WORTH_ALIGNING:
        return []
    placed, decoded = candidate.to_picture, _unaligned(planes, candidate, most) if candidate.upright else {}
    if not decoded:
        tiles = align(plane, placed)
        if tiles is None:
            return []
        placed, decoded = tiles.to_picture, _first_decoded(planes, plane, tiles.to_picture, most)
    turn = float(np.degrees(np.arctan2(placed[1, 0], placed[0, 0] * (-1 if candidate.flipped else 1))))
    tile_px = float(np.sqrt(abs(np.linalg.det(placed[:2, :2])))) * shrunk
    return [MarkReading(p, score, tile_px, turn, candidate.flipped, candidate.aspect) for p, score in decoded.items()]


def _unaligned(planes: Sequence[Plane], candidate: CandidateTransform, most: int) -> dict[int, float]:
    """Read marks at the scale as found: a mark may agree over the whole picture but too little in any part."""
    tiles = [(plane, cut_tiles(plane, candidate.to_picture)) for plane in planes]
    folded = [fold(cut, plane.pattern) for plane, cut in tiles if cut is not None]
    return _decoded(folded, planes[0].pattern.key, most)


def _first_decoded(
    planes: Sequence[Plane], leading: Plane, to_picture: FloatArray, most: int, flat: bool = False
) -> dict[int, float]:
    """Read marks of tiles folded alike, as the mark is made for, else weighted by how much of it each shows."""
    key = leading.pattern.key
    cut = [(plane, cut_tiles(plane, to_picture, flat)) for plane in planes]
    tiles = [(plane, found) for plane, found in cut if found is not None]
    decoded = _decoded([fold(found, plane.pattern) for plane, found in tiles], key, most)
    if decoded or not tiles:
        return decoded
    weight = next((shown(found, plane.pattern) for plane, found in tiles if plane is leading), None)
    return _decoded([fold(found, plane.pattern, weight) for plane, found in tiles], key, most)


def _decoded(planes: Sequence[Folded], key: bytes, most: int, uncropped: bool = False) -> dict[int, float]:
    """Decode at most ``most`` marks of a folded picture: payload -> score, the clearest first.

    If the picture begins with a whole tile, a mark hardly above noise is accepted if it begins where its payload says.
    The luma is decoded alone as well: its many symbols keep several buyers apart, blue's few do not.
    """
    found: dict[int, float] = {}
    for place in places_of(planes, MOST_MARKS) if planes else []:
        if len(found) == most or place.score < (LEAST_SCORE_IN_PLACE if uncropped else LEAST_SCORE):
            break
        payload = _word_at(place, place.planes, key, uncropped)
        if payload is None and len(planes) > 1:
            payload = _word_at(place, place.planes[-1:], key, uncropped)
        if payload is not None:
            found.setdefault(payload, place.score)
    return found


def _word_at(place: Place, planes: Sequence[Folded], key: bytes, uncropped: bool) -> int | None:
    """Decode the payload at a place: the likeliest word, or one of a list if score or place exclude chance."""
    soft, sure = symbols_of(planes), place.score >= SURE_SCORE
    if place.score >= LEAST_SCORE:
        payload = decode_symbols(soft, key, _LISTED if sure else 1)
        if payload is not None:
            return payload
    payload = decode_symbols(soft, key, _LISTED) if uncropped and not sure else None
    return payload if payload is not None and place.begins_at(tile_offset(planes[0].pattern, payload)) else None


def read_mark_with_original(picture: ByteArray, original: ByteArray, key: bytes) -> MarkReading | None:
    """Read the mark of a badly degraded copy with the help of the picture as it was before it was marked.

    Args:
        picture: (H, W), (H, W, 3 or 4) uint8, the suspected copy.
        original: (H, W, 3 or 4) uint8, unmarked, or marked with this very payload's picture minus the mark.
        key: secret of the installation.
    Returns:
        None where no mark of this key is in the difference, nor in the picture itself.
    """
    luma, source = luma_of(picture), luma_of(original)
    match = match_pictures(luma, source) or _same_frame(luma, source)
    read = None if match is None else _read_difference(luma, source, match, key)
    return read or read_mark(picture, key)


def _same_frame(luma: FloatArray, source: FloatArray) -> Match | None:
    """Take the copy as the whole original, scaled: for pictures without features."""
    across, down = luma.shape[1] / source.shape[1], luma.shape[0] / source.shape[0]
    return Match(np.diag([across, down, 1.0]), 0, False) if abs(across / down - 1) < 0.02 else None


def _read_difference(luma: FloatArray, source: FloatArray, match: Match, key: bytes) -> MarkReading | None:
    """Warp the copy onto the original, subtract, and read the mark in the difference."""
    height, width = source.shape
    back = np.linalg.inv(match.homography)
    copy = cv2.warpPerspective(luma, back, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones_like(luma), back, (width, height)) > 0.99
    side = tile_side(source.shape)
    difference = Plane(_left_over(copy, source, inside), pattern_of(key))
    tiles = align(difference, np.eye(2) * side, flat=True)
    decoded = {} if tiles is None else _first_decoded([difference], difference, tiles.to_picture, 1, flat=True)
    if not decoded:
        return None
    scale = np.linalg.inv(back)[:2, :2]
    tile_px = float(np.sqrt(abs(np.linalg.det(scale)))) * side
    turn = float(np.degrees(np.arctan2(scale[1, 0], scale[0, 0])))
    payload, score = next(iter(decoded.items()))
    return MarkReading(payload, score, tile_px, turn, match.flipped, 1.0)


def _left_over(copy: FloatArray, source: FloatArray, inside: BoolArray) -> FloatArray:
    """Subtract the original from the copy after matching their tones, weighted by how much it hides."""
    sigma = 6.0
    means = [cv2.GaussianBlur(values, (0, 0), sigma) for values in (copy, source)]
    bands = [values - mean for values, mean in zip((copy, source), means, strict=True)]
    shared = cv2.GaussianBlur(bands[0] * bands[1], (0, 0), sigma)
    power = cv2.GaussianBlur(bands[1] ** 2, (0, 0), sigma)
    left = (bands[0] - bands[1] * (shared + 1.0) / (power + 1.0)) * inside
    deviation = np.sqrt(np.maximum(cv2.GaussianBlur(left * left, (0, 0), sigma), 0))
    bounded = np.clip(left, -3 * deviation, 3 * deviation)
    return np.asarray(bounded * masking_threshold(source) / (deviation**2 + 0.3), np.float32)
