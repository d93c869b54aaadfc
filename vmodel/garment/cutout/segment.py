"""Cut-out of the garment in a photo: from the seller's mask, the file's transparency, or the network's reading."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.errors import (
    AnimatedPhoto,
    GarmentNotFound,
    MaskMismatch,
    PersonInPhoto,
    PhotoTooSmall,
    SeveralGarments,
    UnreadablePhoto,
    UnsupportedPhoto,
)
from vmodel.garment.cutout.local_colour import drawn_by_colour
from vmodel.garment.cutout.matte import guided, refine_edge
from vmodel.garment.cutout.rembg_backend import matte_with_model
from vmodel.garment.imaging.contour import gap_row
from vmodel.garment.load_photo import read_grey
from vmodel.garment.recognition.kind import decide_kind, likeliest_kinds, seen_by_network
from vmodel.garment.recognition.landmarks import names_of
from vmodel.garment.recognition.network import LANDMARKS, load_network
from vmodel.garment.recognition.reader import PhotoReading, read_photo
from vmodel.types import BoolArray, ByteArray, Category, Cutout, FlatLay, FloatArray

WORK_SIDE: Final = 1024
_GUIDE_SIDE: Final = 512
_GUIDE_RADIUS: Final = 0.012
"""Radius of the guided filter that snaps the mask's edge, as a share of the longer side: two cells of the mask."""
_DOUBTED: Final = 0.3
"""Reduction of the mask where a place may not be the cloth's outer face, so that colours decide there. Ground between a
sleeve and the body is too narrow for the mask to see."""
_SURE: Final = 0.97
"""Value of the mask above which nothing is doubted: zips and hem bands of the ground's colour lie within the cloth."""
_LEAST_LEFT: Final = 0.8
"""Share of the network's mask that is left at least where the surface is doubted."""
_CLOTH_IN_HOLE: Final = 0.75
"""Mean of the network's mask in a hole above which the hole is cloth."""
_LEAST_AREA: Final = 0.012
_SIMILAR: Final = 0.35
"""Share of the largest piece's area above which another piece is a garment as well."""
_NOTHING, _SEVERAL = 0.8, 0.6
"""Probability above which a photo of nothing, or of several garments, is rejected. Of 6,196 views of clothes that lie
or hang, one garment each, two in ten thousand reach the second."""
_WORN, _PERHAPS_WORN, _CLEAR = 0.35, 0.2, 0.75
"""Probability of being worn above which a person is seen; the second suffices where the landmarks are less sure than
the third, because cloth on a body hides them."""
_LEAST_SURE: Final = 0.25
"""Confidence of the landmarks below which a photo shows no garment: those of noise have 0.1, of garments 0.6."""
_KEPT: Final = 0.03
"""Share of the largest piece's area below which a piece of the mask is a crumb."""
# Share of the rim that only the ground of an inverted mask covers, not a garment.
_INVERTED: Final = 0.9
_TRUNK: Final = ("armpit_left", "armpit_right", "hem_right", "hem_left")
_WELL_INSIDE: Final = 0.85
"""Share of the way from a trunk's middle to its corners within which landmarks that are a little off do not matter."""
_MOSTLY: Final = 0.8
"""Share of it that is seen as cloth where the landmarks are right."""
_PARTED: Final = 0.3
"""Probability that a front's edges lie apart from which on ground may be seen between them."""
_SURELY_BESIDE: Final = 0.05
"""Mask value up to which a place within the landmarks is ground all the same: beside a waist, below an arched hem.
Cloth there that the network misses mostly has more."""
_ROWS: Final = 256
"""Side in pixels of the square into which a trunk is turned."""
# Least half width of a mask's widest part, in longer sides of the photo.
_LEAST_HALF_WIDTH: Final = 0.01


def cut_out(flat_lay: FlatLay, mask: Path | None = None, category: Category | None = None) -> Cutout:
    """Find the garment in a photo.

    Args:
        flat_lay: the photo, at least 200 pixels on its shorter side.
        mask: black and white picture of the photo's size that overrides everything; white is garment.
        category: as stated; swimwear may be two pieces, one above the other.
    Returns:
        Matte of the photo's size, where it comes from and how sure it is.
    Raises:
        MaskMismatch: the mask has another size, is empty, covers the whole photo or shows no solid piece.
        PhotoNotFound: no mask file at the path.
        GarmentNotFound: the photo shows no garment.
        SeveralGarments: it shows more than one.
        PersonInPhoto: a person wears the garment.
        WeightsMissing: the network's weights are not installed.
    """
    if mask is not None:
        return Cutout(_read_mask(mask, flat_lay.rgb.shape[:2]), "mask", 1.0)
    if flat_lay.alpha is not None:
        if float(np.mean(flat_lay.alpha >= 0.5)) < _LEAST_AREA:
            raise GarmentNotFound(flat_lay.name, is_hidden=not (flat_lay.alpha >= 0.5).any())
        small = np.asarray(_at_work_size(flat_lay.alpha) >= 0.5)
        _only_garment(
            small, flat_lay.name, gap_row(small) is not None and _may_be_two(_read(flat_lay, "alpha"), category)
        )
        return Cutout(flat_lay.alpha, "alpha", 0.98)
    modelled = matte_with_model(flat_lay.rgb)
    if modelled is not None:
        return modelled
    return _cut_by_reading(flat_lay, _read(flat_lay, "network"), category)


def _read(flat_lay: FlatLay, source: str) -> PhotoReading:
    return read_photo(load_network(Settings().weights), seen_by_network(flat_lay, source))


def _may_be_two(reading: PhotoReading, category: Category | None) -> bool:
    """Return whether the garment may be a bikini, whose top and brief are one article."""
    return Category.SWIMWEAR in {category, likeliest_kinds(reading)[0][0]}


def _cut_by_reading(flat_lay: FlatLay, reading: PhotoReading, category: Category | None) -> Cutout:
    if (reading.mask > 0.5).mean() < _LEAST_AREA:
        raise GarmentNotFound(flat_lay.name)
    if category is None and (reading.share("category", "none") > _NOTHING or surety(reading) < _LEAST_SURE):
        raise GarmentNotFound(flat_lay.name, is_other=True)
    worn = reading.share("laid", "worn")
    if worn > _WORN or (worn > _PERHAPS_WORN and surety(reading) < _CLEAR):
        raise PersonInPhoto(flat_lay.name)
    small = cv2.resize(flat_lay.rgb, reading.mask.shape[::-1], interpolation=cv2.INTER_AREA)
    seen = reading.surface.scaled(small.shape[1] / flat_lay.rgb.shape[1])
    doubt = _DOUBTED * seen.over("foreign", reading.mask.shape) * (reading.mask < _SURE)
    trunk = _closed_trunk(reading, small.shape[1] / flat_lay.rgb.shape[1])
    soft = np.where(trunk, 1, reading.mask)
    mask = drawn_to_edges(small, soft * (1 - doubt * ~trunk)) | trunk
    if _similar_pieces(mask) != 1 or mask.sum() < _LEAST_LEFT * (reading.mask > 0.5).sum():
        mask = drawn_to_edges(small, soft) | trunk  # doubt removes gaps, no part of a garment
    is_pair = gap_row(mask) is not None and _may_be_two(reading, category)
    if reading.share("garments", "several") > _SEVERAL and not is_pair:
        raise SeveralGarments(flat_lay.name, 2)
    mask = _only_garment(mask, flat_lay.name, is_pair)
    sure = float(reading.mask[mask].mean()) if mask.any() else 0.0
    return Cutout(refine_edge(flat_lay.rgb, mask, 2.5), "network", float(np.clip(2 * sure - 1, 0.05, 0.98)))


def _closed_trunk(reading: PhotoReading, scale: float) -> BoolArray:
    """Return the inside of a closed front, (h, w) bool, through which no ground can be seen; empty for other garments.

    Beside a waist, and below a hem that is cut in an arch, there is ground within the landmarks' quadrangle, too.

    Args:
        reading: of the photo.
        scale: pixels of the reading's mask per pixel of the photo.
    """
    inside = np.zeros(reading.mask.shape, np.uint8)
    if not decide_kind(reading).category.covers_upper or reading.parted > _PARTED:
        return inside > 0
    middle = np.mean([reading.points_px[name] for name in _TRUNK], axis=0)
    corners = [middle + _WELL_INSIDE * (reading.points_px[name] - middle) for name in _TRUNK]
    cv2.fillConvexPoly(inside, np.round(scale * np.array(corners)).astype(np.int32), 1)
    if not inside.any() or float((reading.mask[inside > 0] > 0.5).mean()) < _MOSTLY:
        return np.zeros(inside.shape, bool)
    window = 2 * max(1, round(_GUIDE_RADIUS * max(inside.shape))) + 1
    lowest = cv2.erode(reading.mask, np.ones((window, window), np.uint8))
    between = _between_cloth(reading.mask, scale * np.array(corners))
    return np.asarray((inside > 0) & (lowest > _SURELY_BESIDE) & between)


def _between_cloth(mask: FloatArray, corners: FloatArray) -> BoolArray:
    """Return what is cloth, or lies between cloth, within a trunk of (4, 2) corners, (h, w) bool."""
    across = np.array([[_ROWS, 0], [0, 0], [0, _ROWS], [_ROWS, _ROWS]], np.float32)
    to_rows = cv2.getPerspectiveTransform(corners.astype(np.float32), across)
    cloth = cv2.warpPerspective(mask, to_rows, (_ROWS, _ROWS)) > 0.5
    begun, ended = (np.maximum.accumulate(cloth[:, ::way], axis=1)[:, ::way] for way in (1, -1))
    back = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    return np.asarray(cv2.warpPerspective((begun & ended).astype(np.uint8), to_rows, mask.shape[::-1], flags=back) > 0)


def surety(reading: PhotoReading) -> float:
    """Return the mean confidence of the landmarks that the likeliest kind has, 0..1: low where there is no garment."""
    return float(np.mean([reading.confidence[name] for name in names_of(decide_kind(reading)) if name in LANDMARKS]))


def drawn_to_edges(rgb: ByteArray, soft: FloatArray) -> BoolArray:
    """Snap the edge of the network's mask to the picture's, and fill holes that are cloth; return (h, w) bool."""
    height, width = soft.shape
    scale = min(1.0, _GUIDE_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    less, coarse = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (rgb, soft))
    fine = guided(less, coarse, max(2, round(_GUIDE_RADIUS * max(size))))
    drawn = _without_holes(drawn_by_colour(less, coarse, fine), coarse).astype(np.float32)
    return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)


def _without_holes(mask: BoolArray, soft: FloatArray) -> BoolArray:
    """Fill holes of a mask where the network sees cloth, such as a trim of the ground's colour within the cloth."""
    _, labels = cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)
    count = np.bincount(labels.ravel())
    seen = np.bincount(labels.ravel(), soft.ravel().astype(np.float64)) / np.maximum(count, 1)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    filled = np.setdiff1d(np.flatnonzero(seen > _CLOTH_IN_HOLE), outside)
    return np.asarray(mask | np.isin(labels, filled))


def _only_garment(mask: BoolArray, name: str, is_pair: bool) -> BoolArray:
    """Keep the garment, which may be a pair of pieces, without crumbs.

    Raises:
        GarmentNotFound: nothing is there.
        SeveralGarments: a further piece is nearly as large as the first.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        raise GarmentNotFound(name)
    similar = _similar_pieces(mask)
    if similar > (2 if is_pair else 1):
        raise SeveralGarments(name, similar)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas > _KEPT * areas.max())
    return np.asarray(np.isin(labels, kept))


def _similar_pieces(mask: BoolArray) -> int:
    """Count the pieces of a mask that are nearly as large as its largest."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int((areas > _SIMILAR * areas.max(initial=0)).sum())


def _read_mask(path: Path, size: tuple[int, ...]) -> FloatArray:
    try:
        grey = read_grey(path, Settings())
    except PhotoTooSmall as error:
        raise _of_another_size(path, error.size, size) from error
    except (AnimatedPhoto, UnreadablePhoto, UnsupportedPhoto) as error:
        raise MaskMismatch(path.name, "is not a readable picture") from error
    if grey.shape != tuple(size):
        raise _of_another_size(path, grey.shape, size)
    covered = float(np.mean(grey >= 128))
    if covered < 0.002 or covered > 0.998:
        raise MaskMismatch(path.name, "is empty" if covered < 0.5 else "covers the whole photo")
    small = np.asarray(_at_work_size(grey) >= 128, np.uint8)
    if float(small[_rim(small.shape)].mean()) > _INVERTED:
        raise MaskMismatch(path.name, "is white all round the photo's rim, where the garment should be white")
    # Outside counts as cloth: what touches the photo's rim is as wide as it looks.
    radius = max(2, round(_LEAST_HALF_WIDTH * max(small.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    if not cv2.erode(small, disc).any():
        raise MaskMismatch(path.name, "shows nothing as wide as a garment, only lines or specks")
    return grey.astype(np.float32) / 255


def _rim(size: tuple[int, ...]) -> BoolArray:
    """Return the (H, W) bool mask of the outermost pixels."""
    rim = np.ones(size, bool)
    wide = max(1, round(0.004 * max(size)))
    rim[wide:-wide, wide:-wide] = False
    return rim


def _of_another_size(mask: Path, its: tuple[int, ...], photos: tuple[int, ...]) -> MaskMismatch:
    return MaskMismatch(mask.name, f"is {its[1]}x{its[0]} pixels and the photo {photos[1]}x{photos[0]}")


def _at_work_size(picture: FloatArray | ByteArray) -> FloatArray | ByteArray:
    height, width = picture.shape[:2]
    scale = WORK_SIDE / max(height, width)
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA))
