"""Technical flats: a designer's vector drawing of a garment, front and back, as a flat-lay with an exact outline."""

from __future__ import annotations

import hashlib
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import cv2
import numpy as np

from vmodel.core.bounded_process import BoundExceeded, run_bounded
from vmodel.errors import GarmentNotFound, PhotoNotFound
from vmodel.garment.imaging.inpaint import fill_mirrored
from vmodel.garment.vector.artboard import (
    NOT_PAINTED,
    ROUGH_PX,
    Box,
    enclosed,
    paint_view,
    side_by_side,
    without_backdrop,
)
from vmodel.garment.vector.curves import split_length
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnreadable
from vmodel.garment.vector.svg_sanitiser import (
    LARGEST_BYTES,
    SVG,
    plain_colours,
    read_svg,
    recoloured,
    refuse_text,
    write_svg,
)
from vmodel.types import BoolArray, ByteArray, FlatLay, FloatArray

ENDINGS: Final = (".svg",)
LONGEST_SIDE_PX: Final = 2000
FITTING_SIDE_PX: Final = 640
"""Longer side of a fitting: several times what its picture resolves."""
_MARGIN: Final = 0.06
_UNITS: Final = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_SIDES: Final = {
    "front": {"front", "vorne", "vorderseite", "devant", "delantero", "frente", "正面", "前片", "前"},
    "back": {"back", "rear", "hinten", "rückseite", "dos", "espalda", "trasero", "背面", "后片", "后"},
}
_LEAST_FILLED: Final = 0.6
"""Share of the outline's inside that is painted, below which a drawing is taken for bare lines."""

_OUTLINED: Final = 0.5
"""Share of the edge along which a dark line runs, from which on it is the outline."""
_WIDEST_OUTLINE: Final = 0.012
_DARKER: Final = 12


@dataclass(frozen=True)
class TechnicalFlat:
    """A drawing as read, before anything is painted.

    Attributes:
        name: of the file.
        sha256: hex digest of the file.
        front: root of the drawing of the front.
        back: root of the drawing of the back; None where none is named so or drawn beside the front.
    """

    name: str
    sha256: str
    front: Element
    back: Element | None


def is_drawing(path: Path) -> bool:
    """Tell whether a file is read as a vector drawing."""
    return path.suffix.lower() in ENDINGS


def read_flat(path: Path) -> TechnicalFlat:
    """Read a technical flat.

    Groups whose id or layer name begins with "front" or "back" (or the same in some other languages) are the sides;
    without such names the same silhouette drawn twice beside each other is both, and anything else is the front.
    Paper and frames behind the garment are left out.

    Raises:
        PhotoNotFound: no such file.
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``vmodel.garment.vector.svg_sanitiser``.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DrawingTooLarge(path.name, f"is larger than {LARGEST_BYTES // 10**6} MB")
        content = path.read_bytes()
    except OSError:
        raise PhotoNotFound(str(path), is_folder=path.is_dir()) from None
    return parse_flat(content, path.name)


def parse_flat(content: bytes, name: str) -> TechnicalFlat:
    """Read a technical flat from the bytes of a file, in a bounded process; see ``read_flat``."""
    try:
        return run_bounded(_parse, content, name)
    except BoundExceeded as error:
        raise DrawingTooLarge(name, f"{error} to read") from None


def _parse(content: bytes, name: str) -> TechnicalFlat:
    root = read_svg(content, name)
    _set_view(root, name)
    fronts, backs = _groups(root, "front"), _groups(root, "back")
    front = _side(root, fronts, backs, name)
    back = _side(root, backs, fronts, name) if backs else None
    if not fronts and not backs:
        front, back = side_by_side(front, name) or (front, None)
    return TechnicalFlat(name, hashlib.sha256(content).hexdigest(), front, back)


def in_plain_colours(flat: TechnicalFlat) -> TechnicalFlat:
    """Recolour a drawing in colours that all its colourways have in common.

    Returns:
        The recoloured drawing. Its ``sha256`` does not depend on the original colours: it is equal for all colourways,
        unless one of them paints alike what others distinguish.
    """
    colours = plain_colours(flat.front)
    front = recoloured(flat.front, colours)
    back = None if flat.back is None else recoloured(flat.back, colours)
    return replace(flat, sha256=hashlib.sha256(write_svg(front)).hexdigest(), front=front, back=back)


def box_of(flat: TechnicalFlat, side: str) -> Box:
    """Find the box that a side fills, with a margin; no colour changes it.

    Raises:
        GarmentNotFound: nothing is painted.
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    root = deepcopy(_root_of(flat, side))
    left, top, width, height = (float(word) for word in root.attrib["viewBox"].split())
    rough = paint_view(root, (left, top, width, height), ROUGH_PX, flat.name)
    rows, columns = np.nonzero(rough[..., 3] > 8)
    if not len(rows):
        raise GarmentNotFound(flat.name)
    unit = max(width, height) / ROUGH_PX
    low = np.array([columns.min(), rows.min()]) * unit + (left, top)
    size = np.array([np.ptp(columns) + 1, np.ptp(rows) + 1]) * unit
    rim = _MARGIN * float(size.max())
    return float(low[0] - rim), float(low[1] - rim), float(size[0] + 2 * rim), float(size[1] + 2 * rim)


def draw_flat(
    flat: TechnicalFlat,
    side: str,
    colours: dict[str, str] | None = None,
    longest_px: int = LONGEST_SIDE_PX,
    box: Box | None = None,
) -> FlatLay:
    """Paint one side as a flat-lay of its own.

    Args:
        flat: as read.
        side: "front" or "back", which must be there.
        colours: a colourway, see ``vmodel.garment.vector.svg_sanitiser.recoloured``.
        longest_px: of the longer side.
        box: what to paint, from ``box_of``; None to find it.
    Returns:
        At most ``longest_px`` pixels a side, with the drawing's exact outline as ``alpha``. A drawing of bare lines is
        filled with white cloth.
    Raises:
        GarmentNotFound: nothing is painted.
        DrawingUnreadable, DrawingTooLarge: the renderer refuses it.
    """
    root = _root_of(flat, side)
    root = recoloured(root, colours) if colours else deepcopy(root)
    painted = paint_view(root, box or box_of(flat, side), longest_px, flat.name)
    rgb, alpha = _as_cloth(painted)
    return FlatLay(flat.name, flat.sha256, rgb, alpha)


def _root_of(flat: TechnicalFlat, side: str) -> Element:
    root = flat.front if side == "front" else flat.back
    if root is None:
        raise GarmentNotFound(flat.name)
    return root


def _as_cloth(painted: ByteArray) -> tuple[ByteArray, FloatArray]:
    """Return colours and outline; the area that bare lines enclose becomes cloth."""
    alpha = painted[..., 3].astype(np.float32) / 255
    rgb = np.where(painted[..., 3:] > 0, painted[..., :3], np.uint8(255))
    inside = enclosed(alpha > 0.5)
    if (alpha > 0.5).sum() < _LEAST_FILLED * inside.sum():
        on_white = rgb * alpha[..., None] + 255.0 * (1 - alpha[..., None])
        rgb, alpha = np.rint(on_white).astype(np.uint8), np.maximum(alpha, inside).astype(np.float32)
    return _without_outline(np.asarray(rgb, np.uint8), alpha > 0.5), alpha


def _without_outline(rgb: ByteArray, mask: BoolArray) -> ByteArray:
    """Remove the dark line around a drawing, because cloth has none where the sides are sewn.

    A line is taken for the outline if it runs along most of the edge; its width is the depth at which it ends.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    widest = max(4, round(_WIDEST_OUTLINE * max(mask.shape)))
    cloth = fill_mirrored(rgb, depth > widest)
    darker = cloth.astype(np.int16).mean(2) - rgb.astype(np.int16).mean(2) > _DARKER
    shares = [float(darker[mask & (depth > low) & (depth <= low + 1)].mean()) for low in range(1, widest)]
    if not shares or max(shares[:2]) < _OUTLINED:
        return rgb
    width = next((low for low, share in enumerate(shares, 1) if share < _OUTLINED / 4), widest)
    return fill_mirrored(rgb, depth > width + 1.5)


def _set_view(root: Element, name: str) -> None:
    """Give the drawing a view box of plain numbers."""
    try:
        view = [float(word) for word in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if word]
        if not view:
            view = [0.0, 0.0, length_px(root.get("width", "")), length_px(root.get("height", ""))]
    except ValueError:
        view = []
    if len(view) != 4 or not np.isfinite(view).all() or min(view[2:]) < 1e-6 or max(map(abs, view)) > 1e7:
        raise DrawingUnreadable(name, "it has no size")
    root.set("viewBox", " ".join(f"{value:.6g}" for value in view))
    root.attrib.pop("preserveAspectRatio", None)


def length_px(length: str) -> float:
    """Convert a length of a drawing's page to pixels, at 96 to the inch.

    Raises:
        ValueError: it is no length, or a share of another one.
    """
    number, unit = split_length(length)
    if unit not in _UNITS:
        raise ValueError(unit)
    return number * _UNITS[unit]


def _groups(root: Element, side: str) -> list[int]:
    """Find the places (in document order) of the outermost groups that are named after a side."""
    found: list[int] = []
    places = {id(element): place for place, element in enumerate(root.iter())}

    def search(element: Element) -> None:
        for child in element:
            if child.tag == f"{SVG}g" and _side_of(child) == side:
                found.append(places[id(child)])
            else:
                search(child)

    search(root)
    return found


def _side_of(group: Element) -> str:
    for label in (group.get("data-name", ""), group.get("id", "")):
        words = re.sub(r"_x[0-9A-Fa-f]{2,4}_|[\W\d_]+", " ", label.lower()).split()
        for side, names in _SIDES.items():
            if words and (words[0] in names or any(label.startswith(name) for name in names if not name.isascii())):
                return side
    return ""


def _side(root: Element, wanted: list[int], other: list[int], name: str) -> Element:
    only = _only(root, wanted, other)
    refuse_text(only, name)
    return without_backdrop(only, name)


def _only(root: Element, wanted: list[int], other: list[int]) -> Element:
    """Copy a drawing to paint one side; the other one, or all that is no side, is kept for references only."""
    copy = deepcopy(root)
    elements = list(copy.iter())
    parents = {id(child): parent for parent in elements for child in parent}
    chosen = [elements[place] for place in wanted]
    kept = {id(inner) for group in chosen for inner in group.iter()}
    for group in chosen:
        _show(group)
        above = parents.get(id(group))
        while above is not None:
            kept.add(id(above))
            _show(above)
            above = parents.get(id(above))
    put_by = [elements[place] for place in other]
    if chosen:
        painted = [element for element in elements if element.tag not in NOT_PAINTED and id(element) not in kept]
        put_by = [element for element in painted if id(parents.get(id(element), element)) in kept]
    for element in put_by:
        parent = parents[id(element)]
        shelf = Element(f"{SVG}defs")
        parent[list(parent).index(element)] = shelf
        if element.tag != f"{SVG}text":  # notes beside the garment are no part of it
            _strip_text(element)
            shelf.append(element)
    return copy


def _strip_text(element: Element) -> None:
    for parent in list(element.iter()):
        for child in [child for child in parent if child.tag == f"{SVG}text"]:
            parent.remove(child)


def _show(element: Element) -> None:
    """Make a layer visible that the designer switched off, because it belongs to the requested side."""
    if element.get("display") == "none":
        del element.attrib["display"]
    if "style" in element.attrib:
        element.set("style", re.sub(r"display\s*:\s*none\s*;?", "", element.attrib["style"]))
