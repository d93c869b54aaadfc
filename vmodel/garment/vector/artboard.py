"""Page of a drawing: removal of paper and frames behind the garment, separation of two sides drawn side by side."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element

import cv2
import numpy as np

from vmodel.garment.vector.curves import path_lines, transform_of
from vmodel.garment.vector.svg_rasteriser import render_svg
from vmodel.garment.vector.svg_sanitiser import SVG, write_svg
from vmodel.types import BoolArray, ByteArray, FloatArray

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height in the drawing's units."""

NOT_PAINTED: Final = {f"{SVG}{tag}" for tag in ("defs", "style", "symbol", "clipPath", "mask", "pattern", "stop")} | {
    f"{SVG}{tag}" for tag in ("linearGradient", "radialGradient")
}
ROUGH_PX: Final = 800
_MOST_BACKDROPS: Final = 2
"""Paper and a frame. Each check paints the drawing once more, which may be slow for an untrusted drawing."""
_WIDE: Final = 0.6
"""Share of the page's width and height that a backdrop has at least."""
_LEAST_ON_PAPER: Final = 0.02
_LEAST_ON_COLOUR: Final = 0.08
"""Least share of a backdrop that the garment on it fills: less is a pocket on a garment that is a rectangle itself."""
_FILLED: Final = 0.6
_SAME_SIZE: Final = 0.12
_SAME_SHAPE: Final = 0.85
_DETAIL: Final = 0.05
"""Share of the painted area below which a separate part is a label or a swatch."""


def paint_view(root: Element, box: Box, longest_px: int, name: str) -> ByteArray:
    """Paint the part of a drawing within a box.

    Args:
        root: of the drawing; its size is changed.
        box: in its units.
        longest_px: of the longer side.
        name: of the file, for messages.
    Returns:
        (h, w, 4) uint8 sRGB with straight alpha.
    Raises:
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    root.set("viewBox", " ".join(f"{value:.6g}" for value in box))
    scale = longest_px / max(box[2], box[3])
    width, height = max(1, round(box[2] * scale)), max(1, round(box[3] * scale))
    root.set("width", str(width))
    root.set("height", str(height))
    return render_svg(write_svg(root), (height, width), name)


def enclosed(lines: BoolArray) -> BoolArray:
    """Fill the area within the outermost lines; gaps as wide as a stroke are bridged."""
    reach = max(3, round(0.004 * max(lines.shape))) | 1
    closed = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(lines.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return filled > 0


def without_backdrop(root: Element, name: str) -> Element:
    """Remove paper, artboards and frames from a drawing: rectangles that enclose all the rest.

    Args:
        root: with a view box of plain numbers.
        name: of the file, for messages.
    Returns:
        The same root where there are none, otherwise a copy.
    Raises:
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    view, painted = _view(root), None
    for _ in range(_MOST_BACKDROPS):
        for place, box in _wide_rectangles(root, view):
            bare = _without(root, place)
            painted = paint_view(deepcopy(root), view, ROUGH_PX, name) if painted is None else painted
            rest = paint_view(deepcopy(bare), view, ROUGH_PX, name)
            if _lies_behind(painted, rest, box, view):
                root, painted = bare, rest
                break
        else:
            break
    return root


def side_by_side(root: Element, name: str) -> tuple[Element, Element] | None:
    """Separate front and back of a garment that are drawn beside each other unnamed; the front is on the left.

    Returns:
        Two copies whose view boxes show one side each, or None where the drawing does not hold the same silhouette
        twice.
    Raises:
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    view = _view(root)
    inside = enclosed(paint_view(deepcopy(root), view, ROUGH_PX, name)[..., 3] > 8)
    parts, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    large = [part for part in range(1, parts) if stats[part, cv2.CC_STAT_AREA] > _DETAIL * inside.sum()]
    if len(large) != 2:
        return None
    left, right = sorted(large, key=lambda part: int(stats[part, cv2.CC_STAT_LEFT]))
    end, begin = int(stats[left, :3:2].sum()), int(stats[right, cv2.CC_STAT_LEFT])
    sizes = stats[[left, right]][:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].astype(float)
    if end > begin or (np.abs(sizes[0] - sizes[1]) > _SAME_SIZE * sizes.max(axis=0)).any():
        return None
    shapes = [_framed(labels == part) for part in (left, right)]
    if (shapes[0] & shapes[1]).sum() < _SAME_SHAPE * (shapes[0] | shapes[1]).sum():
        return None
    middle = view[0] + (end + begin) / 2 * max(view[2:]) / ROUGH_PX
    front, back = deepcopy(root), deepcopy(root)
    for side, low, high in ((front, view[0], middle), (back, middle, view[0] + view[2])):
        side.set("viewBox", f"{low:.6g} {view[1]:.6g} {high - low:.6g} {view[3]:.6g}")
    return front, back


def _framed(shape: BoolArray) -> BoolArray:
    rows, columns = np.nonzero(shape)
    part = shape[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.uint8)
    return np.asarray(cv2.resize(part, (200, 200), interpolation=cv2.INTER_AREA) > 0)


def _view(root: Element) -> Box:
    left, top, width, height = (float(word) for word in root.attrib["viewBox"].split())
    return left, top, width, height


def _without(root: Element, place: int) -> Element:
    copy = deepcopy(root)
    elements = list(copy.iter())
    parents = {id(child): parent for parent in elements for child in parent}
    parents[id(elements[place])].remove(elements[place])
    return copy


def _lies_behind(painted: ByteArray, rest: ByteArray, box: Box, view: Box) -> bool:
    """Tell whether all other paint lies within a rectangle and is large enough to be the garment."""
    unit = max(view[2:]) / ROUGH_PX
    alpha = rest[..., 3]
    inside = enclosed(alpha > 8)
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return False
    low = np.array([columns.min(), rows.min()]) * unit + view[:2]
    high = np.array([columns.max() + 1, rows.max() + 1]) * unit + view[:2]
    start = np.maximum(box[:2], view[:2])
    end = np.minimum(np.add(box[:2], box[2:]), np.add(view[:2], view[2:]))
    if (low < start - 2 * unit).any() or (high > end + 2 * unit).any():
        return False
    corner = np.rint((start - view[:2] + 0.02 * (end - start)) / unit).astype(int)
    paper = painted[corner[1], corner[0]]
    # Nobody fills the pocket of a garment and leaves the garment bare.
    is_paper = paper.min() > 240 or (paper[3] < 8 and (alpha[inside] > 128).mean() > _FILLED)
    least = _LEAST_ON_PAPER if is_paper else _LEAST_ON_COLOUR
    share = float(inside.sum()) * unit**2 / float(np.prod(end - start))
    return least < share < 0.95


def _wide_rectangles(root: Element, view: Box) -> list[tuple[int, Box]]:
    """Find upright rectangles that span most of the page: (place in document order, box) of each."""
    places = {id(element): place for place, element in enumerate(root.iter())}
    found = []
    for element, affine in _painted(root, np.eye(2, 3)):
        try:
            corners = _corners(element)
        except ValueError:
            continue
        if corners is None:
            continue
        at = corners @ affine[:, :2].T + affine[:, 2]
        low, high = at.min(axis=0), at.max(axis=0)
        upright = np.isclose(at, low, atol=1e-3 * max(view[2:])) | np.isclose(at, high, atol=1e-3 * max(view[2:]))
        if upright.all() and (high - low > _WIDE * np.array(view[2:])).all():
            found.append((places[id(element)], (float(low[0]), float(low[1]), *map(float, high - low))))
    return [(place, (box[0], box[1], box[2], box[3])) for place, box in found[:_MOST_BACKDROPS]]


def _painted(element: Element, affine: FloatArray) -> Iterator[tuple[Element, FloatArray]]:
    for child in element:
        if child.tag in NOT_PAINTED or child.tag == f"{SVG}svg":
            continue
        try:
            step = transform_of(child.get("transform", ""))
        except ValueError:
            continue
        inner = np.hstack([affine[:, :2] @ step[:, :2], affine[:, :2] @ step[:, 2:] + affine[:, 2:]])
        yield child, inner
        yield from _painted(child, inner)


def _corners(element: Element) -> FloatArray | None:
    """Return the (4, 2) corners of a rectangle, drawn as such or as a path; None for anything else."""
    kind = str(element.tag).removeprefix(SVG)
    if kind == "rect":
        left, top, width, height = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    if kind == "path" and len(element.get("d", "")) < 200:
        runs = path_lines(element.get("d", ""))
        if len(runs) == 1:
            steps = np.linalg.norm(runs[0] - np.roll(runs[0], 1, axis=0), axis=1)
            corners = runs[0][steps > 1e-6 * (1 + np.abs(runs[0]).max())]
            return corners if len(corners) == 4 else None
    return None
