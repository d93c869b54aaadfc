"""Textures of a fitted block: the photo warped part by part, and a back synthesised from it or photographed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from vmodel.garment.blocks.paint import Canvas, outline_alpha
from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.back_colour_match import agree_with_front
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.imaging.detect_details import placed_marks
from vmodel.garment.imaging.inpaint import bleed, fill_mirrored
from vmodel.garment.imaging.remove_details import fill_woven, sewn_marks
from vmodel.garment.imaging.shifted_cloth import LIGHT_CM, SOFT_CM, continue_cloth, fade_in
from vmodel.garment.imaging.warp import Places, sample
from vmodel.garment.pattern.cut.upper_draft import neck_curve
from vmodel.garment.pattern.details.collar_leaf import NO_LEAF, Leaf, has_lapels, measured_leaf, usual_leaf
from vmodel.garment.pattern.details.lying_sleeves import without_sleeves
from vmodel.garment.pattern.details.neckband import Neckband, below, find_neckband, with_neckband
from vmodel.garment.pattern.maps.legs import behind_front, legs_map
from vmodel.garment.pattern.maps.prints import printed_places
from vmodel.garment.pattern.maps.sleeves import share_of_sleeves
from vmodel.garment.pattern.maps.trunk import Source, skirt_map, upper_maps
from vmodel.garment.recognition.kind import is_patterned
from vmodel.types import BoolArray, ByteArray, Category, FloatArray, GarmentPhoto, Neckline

_STEP_PX: Final = 4
"""Pixels of the canvas between places at which a map is evaluated."""
_LEAP: Final = 8.0
"""Distance in the photo between two such places, over the usual one, from which on nothing lies between them."""
_EDGE_CM: Final = 3.5
"""Width of the zip, the buttons or the band along the edge of an open front."""
_PLACKET_CM: Final = 2.2
"""Half the width of a shirt's buttoned band."""
_MOST_PRINTED: Final = 0.6
"""Share of a garment that is printed up to which a print is taken off its back: beyond it no cloth is left to go on."""
_ROUND_COLLAR_CM: Final = 1.0
"""Width round a collar that its shadow and stitches take up."""
_SLEEVES_RIM_PX: Final = 6
"""Pixels along the edge of a sleeve that lies on the front that may be something else's."""
_LEVEL_CM: Final = 0.3
"""Distance of the upper edges of front and back up to which they count as level, and of the cloth that is taken up from
the front's."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """Textures of a block.

    Attributes:
        front, back: (H, W, 3) uint8 pictures of the block's canvas.
        stretch: distortion of a print, at most: ratio of its two directions.
        doubt: warning for the seller about the back's photo, or None.
        leaf: of the collar, with its places in ``collar``, or else in ``front``.
        collar: (h, W, 3) uint8 picture of the collar, which the front then lacks; None where the photo shows none.
    """

    front: ByteArray
    back: ByteArray
    stretch: float
    doubt: str | None = None
    leaf: Leaf = NO_LEAF
    collar: ByteArray | None = None


@dataclass(frozen=True, eq=False)
class _Side:
    """Canvas with a photo's pixels: its picture, the marks on it, and the collar that lies on it."""

    picture: ByteArray
    marks: BoolArray | None
    collar: BoolArray | None = None


def paint(photo: GarmentPhoto, block: Block, canvas: Canvas, back: GarmentPhoto | None, cm_per_px: float) -> Cloth:
    """Paint the textures of a fitted block with a photo's own cloth.

    Args:
        photo: upright, see ``fit.upright``.
        block: fitted to it.
        canvas: of the block.
        back: photo of the back, upright, its landmarks with the wearer's sides; None to make one from the front.
        cm_per_px: scale of the photo.
    """
    front, stretch = _side_of(photo, block, canvas, "front")
    leaf, collar = NO_LEAF, None
    if block.kind.neckline == Neckline.COLLAR:
        seen = None
        if photo.collar is not None and photo.neck_edge is not None:
            seen = measured_leaf(block, photo.neck_edge, photo.collar, cm_per_px)
        if seen is None:
            leaf = usual_leaf(block, canvas)
        else:
            collar, leaf = _cut_out(seen, photo)
            if not block.kind.open_front:  # the lapels of an open one lie where they are printed
                front = _without_collar(front, block, canvas)
    doubt = None
    if back is None:
        whole = front
        if block.kind.open_front:
            whole = _closed_front(photo, block, canvas)
            whole = whole if collar is None else _without_collar(replace(whole, collar=front.collar), block, canvas)
        if photo.opening is not None:
            whole = _without_edges(whole, block, canvas, _EDGE_CM)
        elif block.kind.neckline == Neckline.COLLAR and not photo.is_drawn:
            whole = _without_edges(whole, block, canvas, _PLACKET_CM)
        band = None if photo.neck_edge is None else find_neckband(front.picture, block.front["neck"], canvas)
        behind = _made_back(whole, block, canvas, band if photo.collar is None and photo.opening is None else None)
    else:
        behind = _side_of(back, block, canvas, "back")[0].picture
        if not back.is_drawn:  # no light falls on a drawing
            sides = [canvas.to_pixels(line) for name, line in block.front.items() if name.startswith("side")]
            behind, doubt = agree_with_front(front.picture, behind, outline_alpha(block, canvas) > 0.5, sides)
    return Cloth(front.picture, behind, stretch, doubt, leaf, collar)


def _cut_out(leaf: Leaf, photo: GarmentPhoto) -> tuple[ByteArray, Leaf]:
    """Return the part of a photo round its collar, (h, w, 3) uint8, and the leaf with its places there.

    All of it is collar, mirrored at its edges: a worn collar reaches past the one in the photo.
    """
    assert photo.collar is not None
    rows, columns = (np.flatnonzero(photo.collar.any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    moved = leaf.lines_px - np.array([columns[0], rows[0]])
    return fill_mirrored(photo.rgb[part], photo.collar[part]), leaf._replace(lines_px=moved)


def _without_collar(front: _Side, block: Block, canvas: Canvas) -> _Side:
    """Replace a collar's picture by the cloth below it: the worn collar need not cover the place where it lay.

    What lies between its halves goes as well, as far as the neck or, below lapels, as far as they reach: the photo may
    show the inside of the back there.
    """
    if front.collar is None or not front.collar.any():
        return front
    width = 2 * round(_ROUND_COLLAR_CM * canvas.px_per_cm) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    near = cv2.dilate(front.collar.astype(np.uint8), kernel)
    between = np.zeros_like(near)
    lowest = round(float(canvas.to_pixels(block.front["neck"])[:, 1].max()))
    # the bands of a placket that hangs open below the collar's ends are the front's own
    if has_lapels(block) or lowest < np.flatnonzero(front.collar.any(axis=1))[-1]:
        cv2.fillConvexPoly(between, cv2.convexHull(cv2.findNonZero(near)), 1)
    if not has_lapels(block):
        between[lowest:] = 0
    return replace(front, picture=_continued(front.picture, (near | between) > 0, block, canvas, upright=True))


def _continued(
    picture: ByteArray, covered: BoolArray, block: Block, canvas: Canvas, upright: bool = False
) -> ByteArray:
    """Let the trunk's cloth go on in places (H, W) that show something else; see ``continue_cloth``."""
    cloth = outline_alpha(block, canvas) > 0
    trunk = cloth & (_fine(canvas, share_of_sleeves(block))[..., 0] < 0.5)
    shown = continue_cloth(picture, trunk & ~covered, covered, LIGHT_CM * canvas.px_per_cm, upright)
    return fade_in(shown, picture, covered, ~cloth, SOFT_CM * canvas.px_per_cm)


def _side_of(photo: GarmentPhoto, block: Block, canvas: Canvas, side: str) -> tuple[_Side, float]:
    source = _marked(photo)
    if block.kind.category.covers_upper:
        at, stretch = upper_maps(source, block, side)
    elif block.kind.category == Category.SKIRT:
        at, stretch = skirt_map(source, block, side)
    else:
        at, stretch = legs_map(photo, block, side, printed_places(photo, source.printed, block, side))
    return _rendered(source, block, canvas, at), stretch


def _closed_front(photo: GarmentPhoto, block: Block, canvas: Canvas) -> _Side:
    """Render the front as if it were closed, so that the back made from it has cloth in its middle."""
    source = _marked(photo)
    return _rendered(source, block, canvas, upper_maps(source, block, "front", closed=True)[0])


def _without_edges(front: _Side, block: Block, canvas: Canvas, wide_cm: float) -> _Side:
    """Replace the edges that meet in the middle (zips, buttons and bands) by cloth from beside them."""
    edges = (np.abs(canvas.grid_cm()[0]) < wide_cm) & (outline_alpha(block, canvas) > 0)
    marks = None if front.marks is None else front.marks & ~edges
    return replace(front, picture=_continued(front.picture, edges, block, canvas), marks=marks)


def _marked(photo: GarmentPhoto) -> Source:
    if is_patterned(photo.kind):
        return Source(photo, None, None)
    marks = placed_marks(photo.rgb, photo.mask)
    there = [each for each in (marks, photo.printed) if each is not None]
    printed = np.any(there, axis=0) if there else None
    for lying in photo.lying.values():
        marks, printed = (None if each is None else each & ~lying for each in (marks, printed))
    if photo.kind.category.covers_upper and printed is not None:  # washed trousers are taken for printed ones
        marks = printed if printed.sum() < _MOST_PRINTED * photo.mask.sum() else marks
    return Source(photo, None if marks is None else marks | sewn_marks(photo.rgb, photo.mask), printed)


def _made_back(front: _Side, block: Block, canvas: Canvas, band: Neckband | None) -> ByteArray:
    """Make a back from the front: remove what is printed or sewn on once, extend the cloth up to the back's edge.

    A band along the front's neck goes on along the back's.
    """
    plain = _without_marks(front, block, canvas)
    if block.pieces and not block.kind.category.covers_upper:
        return _resampled(plain, canvas, lambda x, y: behind_front(block, x, y))
    if block.kind.neckline == Neckline.HALTER:  # its back is bare above the armpits
        return plain
    whole = _drawn_up(plain, block, canvas, 0.0 if band is None else band.width_cm)
    return whole if band is None else with_neckband(whole, band, block.back["neck"], canvas)


def _rendered(source: Source, block: Block, canvas: Canvas, places: Places) -> _Side:
    """Render the canvas with the photo's pixels, marks and collar, without sleeves that lie on its trunk."""
    fine = _fine(canvas, places)
    marks, collar = (None if each is None else _seen(each, fine) for each in (source.marks, source.photo.collar))
    side = _Side(sample(source.photo.rgb, fine), marks, collar)
    return _without_sleeves(side, source, block, canvas, fine) if source.photo.lying else side


def _without_sleeves(side: _Side, source: Source, block: Block, canvas: Canvas, fine: FloatArray) -> _Side:
    """Replace sleeves that lie on a trunk, and what was taken for marks there.

    Where both lie there, the worn ones show nothing but them: beside them the photo shows the trunk, or ground.
    """
    photo, picture = source.photo, side.picture
    there = np.any(list(photo.lying.values()), axis=0)
    share = _fine(canvas, share_of_sleeves(block))[..., :1]
    if set(SIDES) <= photo.lying.keys():
        sleeves = sample(bleed(photo.rgb, there, _SLEEVES_RIM_PX), fine)
        picture = ((1 - share) * picture + share * sleeves).astype(np.uint8)
    shown = photo.mask if source.printed is None else photo.mask & ~source.printed
    cloth = _seen(shown if photo.collar is None else shown & ~photo.collar, fine)
    trunk = (share[..., 0] < 0.5) & (outline_alpha(block, canvas) > 0)
    picture, covered = without_sleeves(picture, _seen(there, fine), trunk, cloth, canvas)
    return replace(side, picture=picture, marks=None if side.marks is None else side.marks & ~covered)


def _seen(mask: BoolArray, fine: FloatArray) -> BoolArray:
    """Return (H, W) bool of a canvas, given the (H, W, 2) places of the photo that it shows."""
    return np.asarray(sample(np.asarray(mask * np.uint8(255)), fine) > 127)


def _fine(canvas: Canvas, places: Places) -> FloatArray:
    """Evaluate a map at every pixel of the canvas, (H, W, 2) float32, interpolated from a coarse grid where smooth."""
    height, width = canvas.size
    rows, columns = -(-height // _STEP_PX), -(-width // _STEP_PX)
    y, x = np.mgrid[:rows, :columns] * float(_STEP_PX) + _STEP_PX / 2
    coarse = places(x / canvas.px_per_cm + canvas.low_cm[0], (height - y) / canvas.px_per_cm + canvas.low_cm[1])
    whole = cv2.resize(coarse.astype(np.float32), (columns * _STEP_PX, rows * _STEP_PX), interpolation=cv2.INTER_LINEAR)
    jumps = cv2.resize(_jumps(coarse).astype(np.uint8), whole.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    at = np.nonzero(jumps)
    whole[at] = places(
        (at[1] + 0.5) / canvas.px_per_cm + canvas.low_cm[0],
        (height - at[0] - 0.5) / canvas.px_per_cm + canvas.low_cm[1],
    )
    return np.asarray(whole[:height, :width])


def _jumps(coarse: FloatArray) -> BoolArray:
    """Find the places (rows, columns) of a coarse map beside which it leaps to another part of the photo."""
    across, up = (np.linalg.norm(np.diff(coarse, axis=axis), axis=-1) for axis in (1, 0))
    leaps = [each > max(_LEAP * float(np.median(each)), 1.0) for each in (across, up)]
    found = np.zeros(coarse.shape[:2], bool)
    found[:, 1:] |= leaps[0]
    found[:, :-1] |= leaps[0]
    found[1:] |= leaps[1]
    found[:-1] |= leaps[1]
    return found


def _resampled(
    picture: ByteArray, canvas: Canvas, places_cm: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
) -> ByteArray:
    """Resample a canvas's picture at other places of the same canvas, given in cm."""

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        moved = np.stack(places_cm(x, y), axis=-1)
        return canvas.to_pixels(moved.reshape(-1, 2)).reshape(moved.shape)

    return sample(picture, _fine(canvas, at))


def _drawn_up(plain: ByteArray, block: Block, canvas: Canvas, band_cm: float) -> ByteArray:
    """Let the front's cloth go on above its upper edge, or a band along it, up to the back's edge, which is higher."""
    top = "neck" if "neck" in block.front else "waist"
    upper = _cloths_edge(block, top)
    lines = [line[np.argsort(line[:, 0])] for line in (below(upper, band_cm) if band_cm else upper, block.back[top])]
    x, y = canvas.grid_cm()
    low, high = (np.interp(x, *line.T) for line in lines)
    if float((high - low).max()) < _LEVEL_CM:
        return plain
    covered = (y > low - _LEVEL_CM) & (y < high + 1.0) & (np.abs(x) < np.abs(lines[0][:, 0]).max())
    return _continued(plain, covered, block, canvas, upright=True)


def _cloths_edge(block: Block, top: str) -> FloatArray:
    """Return the (n, 2) upper edge of the front's cloth.

    Below a stand round the neck the photo shows the inside of the back, so the cloth ends at the neck's curve.
    """
    if "stand_left" not in block.front:
        return block.front[top]
    neck, lowest = block.landmarks_cm["neck_left"], block.landmarks_cm["neck_front"]
    beside = np.array([neck[0] + 0.3, float(block.back[top][0, 1])])
    return np.vstack([beside, neck_curve(float(neck[0]), -float(lowest[1]), 2.0), beside * (-1, 1)])


def _without_marks(front: _Side, block: Block, canvas: Canvas) -> ByteArray:
    """Return the front without prints, buttons and plackets, or unchanged where the print is all-over."""
    if front.marks is None:
        return front.picture.copy()
    mask, marks = outline_alpha(block, canvas) > 0.5, front.marks
    if block.kind.category.covers_upper:
        marks = marks & _torso(block, canvas)
    width = 2 * max(2, round(0.005 * max(marks.shape))) + 1
    marks = cv2.dilate(marks.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
    return fill_woven(front.picture, ~marks, mask) if marks.any() else front.picture.copy()


def _torso(block: Block, canvas: Canvas) -> BoolArray:
    """Return the (H, W) bool mask of the canvas between the armpits."""
    ends = canvas.to_pixels(np.array([block.landmarks_cm[f"armpit_{side}"] for side in SIDES]))[:, 0]
    torso = np.zeros(canvas.size, bool)
    torso[:, max(0, int(ends.min())) : int(np.ceil(ends.max()))] = True
    return torso
