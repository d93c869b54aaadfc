"""Pictures of a block's panels: print at its true size, trims, seams and stitches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from vmodel.garment.blocks.library import Block, Trim
from vmodel.garment.blocks.print_repeat import PrintRepeat, lay_print
from vmodel.types import BoolArray, ByteArray, FloatArray

LONGEST_SIDE_PX: Final = 1800
FINEST_PX_PER_CM: Final = 20.0
_MARGIN_CM: Final = 3.0
_SEAM_CM: Final = 0.09
_SUBPIXEL: Final = 4
_FINE: Final = 1 << _SUBPIXEL


@dataclass(frozen=True)
class Colours:
    """sRGB colours 0..255 of everything except the print.

    Attributes:
        ground: the cloth.
        trim: bands, collars, buttons.
    """

    ground: tuple[int, int, int]
    trim: tuple[int, int, int]


@dataclass(frozen=True)
class Canvas:
    """Position of a block on its picture.

    Attributes:
        size: (height, width) in pixels.
        px_per_cm: resolution.
        low_cm: x of the left and y of the lower border.
    """

    size: tuple[int, int]
    px_per_cm: float
    low_cm: tuple[float, float]

    @property
    def panel_to_texture(self) -> FloatArray:
        """(2, 3) affine: panel cm -> picture (x, y) pixels."""
        k = self.px_per_cm
        return np.array([[k, 0.0, -self.low_cm[0] * k], [0.0, -k, self.size[0] + self.low_cm[1] * k]])

    def to_pixels(self, points_cm: FloatArray) -> FloatArray:
        """Convert (n, 2) points of the panel to picture pixels."""
        affine = self.panel_to_texture
        return np.asarray(points_cm @ affine[:, :2].T + affine[:, 2])

    def window(self, points_cm: FloatArray, reach_cm: float) -> tuple[tuple[slice, slice], Canvas]:
        """Return the part of the picture within reach of some points: its rows and columns, and a canvas of it."""
        points = self.to_pixels(np.atleast_2d(points_cm))
        reach = reach_cm * self.px_per_cm + 2
        left, top = (max(0, int(value)) for value in points.min(0) - reach)
        right, low = (
            int(min(end, np.ceil(value))) for end, value in zip(self.size[::-1], points.max(0) + reach, strict=True)
        )
        below_cm = self.low_cm[1] + (self.size[0] - low) / self.px_per_cm
        part = Canvas((low - top, right - left), self.px_per_cm, (self.low_cm[0] + left / self.px_per_cm, below_cm))
        return (slice(top, low), slice(left, right)), part

    def grid_cm(self) -> tuple[FloatArray, FloatArray]:
        """Return x to the right and y up of every pixel's centre, each (H, W)."""
        rows, columns = np.mgrid[: self.size[0], : self.size[1]] + 0.5
        x = columns / self.px_per_cm + self.low_cm[0]
        y = (self.size[0] - rows) / self.px_per_cm + self.low_cm[1]
        return x.astype(np.float32), y.astype(np.float32)


def lay_out(block: Block, finest_px_per_cm: float = FINEST_PX_PER_CM) -> Canvas:
    """Make a canvas on which front and back of a block fit.

    Args:
        block: cut.
        finest_px_per_cm: resolution; lower where the picture would be longer than ``LONGEST_SIDE_PX``.
    """
    points = np.concatenate([line for piece in block.cut for line in piece.edges.values()])
    low, high = points.min(0) - _MARGIN_CM, points.max(0) + _MARGIN_CM
    px_per_cm = min(finest_px_per_cm, LONGEST_SIDE_PX / float((high - low).max()))
    width, height = (int(value) for value in np.ceil((high - low) * px_per_cm))
    return Canvas((height, width), px_per_cm, (float(low[0]), float(low[1])))


def paint_side(block: Block, side: str, canvas: Canvas, print_: PrintRepeat | None, colours: Colours) -> ByteArray:
    """Paint the cloth of one side, seen from outside, past the outline too, so that no border shows at a seam.

    The print is aligned with the middle of front and back; on sleeves it follows their grain, from the shoulder down.

    Args:
        block: cut.
        side: "front" or "back"; the back keeps the front's x, so it is painted mirrored, and reads right from behind.
        canvas: from ``lay_out``.
        print_: None for plain cloth.
        colours: of ground and trims.
    Returns:
        (H, W, 3) uint8 sRGB.
    """
    x, y = canvas.grid_cm()
    out = -1.0 if side == "back" else 1.0
    cloth = _print_on(print_, out * x, y, canvas.px_per_cm, colours)
    for outline, axis in block.sleeves:
        top = outline[[0, 3]].mean(0)
        down = np.array([axis[0], axis[1]])
        across = np.array([-down[1], down[0]])
        where = _sleeve(outline, canvas, x, y)
        along_x = out * ((x - top[0]) * across[0] + (y - top[1]) * across[1])
        along_y = -((x - top[0]) * down[0] + (y - top[1]) * down[1])
        worn = print_ and replace(print_, offset_cm=(0.0, 0.0))
        sleeve = _print_on(worn, along_x, along_y, canvas.px_per_cm, colours)
        cloth = np.where(where[..., None], sleeve, cloth)
        _sew_on(cloth, Trim("line", outline[[0, 3]]), canvas, colours)
    for trim in block.trims.get(side, ()):
        _sew_on(cloth, trim, canvas, colours)
    return np.asarray(np.clip(cloth + 0.5, 0, 255), np.uint8)


def outline_alpha(block: Block, canvas: Canvas, front_only: bool = False) -> FloatArray:
    """Return the (H, W) float32 coverage 0..1 of the garment lying flat, or of its front alone."""
    covered = np.zeros(canvas.size, np.uint8)
    for edges in (block.front,) if front_only else (block.front, block.back):
        loop = np.concatenate([line[:-1] for line in edges.values()])
        fixed = np.round((canvas.to_pixels(loop) - 0.5) * _FINE).astype(np.int32)
        layer = np.zeros(canvas.size, np.uint8)
        cv2.fillPoly(layer, [fixed], 255, cv2.LINE_AA, _SUBPIXEL)
        covered = np.maximum(covered, layer)
    return covered.astype(np.float32) / 255


def seam_mismatch_cm(block: Block, print_: PrintRepeat) -> float:
    """Return the offset in cm between the prints of back and front at the side seams, at the height of the hip.

    Both prints are centred, so they match where the whole girth is a multiple of the repeat; 0 for a perfect match, at
    most half a repeat.
    """
    sides = [line for name, line in block.back.items() if name.startswith("side")]
    lowest = max(float(line[:, 1].min()) for line in sides)
    level = lowest + 0.1 * float(np.ptp(sides[0][:, 1]))
    ends = [float(np.interp(level, *line[np.argsort(line[:, 1])].T[::-1])) for line in sides]
    width = abs(ends[0] - ends[1])
    rest = width % print_.repeat_cm
    return min(rest, print_.repeat_cm - rest)


def _print_on(
    print_: PrintRepeat | None, x: FloatArray, y: FloatArray, px_per_cm: float, colours: Colours
) -> FloatArray:
    ground = np.array(colours.ground, np.float32)
    if print_ is None:
        return np.broadcast_to(ground, (*x.shape, 3)).copy()
    ink = lay_print(print_, x, y, px_per_cm)
    return np.asarray(ink[..., :3] + ground * (1 - ink[..., 3:] / 255), np.float32)


def _sleeve(outline: FloatArray, canvas: Canvas, x: FloatArray, y: FloatArray) -> BoolArray:
    """Return the pixels of a sleeve and a little past it, but not across the armhole."""
    mask = np.zeros(canvas.size, np.uint8)
    cv2.fillPoly(mask, [np.round(canvas.to_pixels(outline)).astype(np.int32)], 1)
    reach = 2 * round(1.5 * canvas.px_per_cm) + 1
    mask = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    shoulder, armpit, cuff = outline[0], outline[3], outline[1]
    way = armpit - shoulder

    def beyond(px: FloatArray, py: FloatArray) -> FloatArray:
        return np.asarray(way[0] * (py - shoulder[1]) - way[1] * (px - shoulder[0]))

    return np.asarray((mask > 0) & (beyond(x, y) * np.sign(beyond(cuff[0], cuff[1])) > 0))


def _sew_on(cloth: FloatArray, trim: Trim, canvas: Canvas, colours: Colours) -> None:
    """Paint a trim onto the cloth in place, and only where the trim is."""
    where, part = canvas.window(trim.line_cm, 3.0 if trim.kind == "hood" else trim.width_cm + 0.5)
    below, tint = cloth[where], np.array(colours.trim if trim.colour is None else trim.colour, np.float32)
    if trim.kind in {"line", "pocket"}:
        cloth[where] = _line(below, part, trim.line_cm, _SEAM_CM * (1.6 if trim.kind == "pocket" else 1.0))
    elif trim.kind == "hood":
        cloth[where] = _lying_hood(below, part, trim.line_cm)
    elif trim.kind == "button":
        cloth[where] = _button(below, part, trim, tint)
    elif trim.kind == "stitch":
        away, (x, y) = _distance_cm(part, trim.line_cm), part.grid_cm()
        thread = (np.abs(away - trim.width_cm) < 0.6 * _SEAM_CM) & (np.mod(x + y, 0.5) < 0.32)
        cloth[where] = np.where(thread[..., None], 0.78 * below if trim.colour is None else tint, below)
    else:
        away = _distance_cm(part, trim.line_cm)
        inside = np.clip((trim.width_cm - away) * part.px_per_cm + 0.5, 0, 1)[..., None]
        seam = np.abs(away - trim.width_cm) < _SEAM_CM
        cloth[where] = np.where(seam[..., None], 0.78 * below, below * (1 - inside) + tint * inside)


def _distance_cm(canvas: Canvas, line_cm: FloatArray) -> FloatArray:
    """Return the (H, W) distance in cm of every pixel from a polyline."""
    off = np.ones(canvas.size, np.uint8)
    cv2.polylines(off, [np.round(canvas.to_pixels(line_cm)).astype(np.int32)], False, 0)
    return np.asarray(cv2.distanceTransform(off, cv2.DIST_L2, 5) / canvas.px_per_cm, np.float32)


def _line(cloth: FloatArray, canvas: Canvas, line_cm: FloatArray, width_cm: float) -> FloatArray:
    layer = np.zeros(canvas.size, np.uint8)
    fixed = np.round((canvas.to_pixels(line_cm) - 0.5) * _FINE).astype(np.int32)
    cv2.polylines(layer, [fixed], False, 255, max(1, round(2 * width_cm * canvas.px_per_cm)), cv2.LINE_AA, _SUBPIXEL)
    return np.asarray(cloth * (1 - 0.22 * layer.astype(np.float32)[..., None] / 255))


def _lying_hood(cloth: FloatArray, canvas: Canvas, line_cm: FloatArray) -> FloatArray:
    """Paint the bag of a hood on the back: its edge, and its shadow below."""
    shaded = cloth * _bag_light(canvas.size, canvas.to_pixels(line_cm) - 0.5, canvas.px_per_cm)[..., None]
    return _line(np.asarray(shaded, np.float32), canvas, line_cm, 0.6 * _SEAM_CM)


def _bag_light(size: tuple[int, int], outline_px: FloatArray, cm_px: float) -> FloatArray:
    """Compute the light on and below a bag of cloth on the back: it falls off towards the edge, with a shadow below.

    Args:
        size: (H, W) of the picture.
        outline_px: (n, 2) pixels.
        cm_px: pixels per centimetre.
    Returns:
        (H, W) float32, at most 1.
    """
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.round(outline_px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    covered = inside.astype(np.float32) / 255
    fallen = cv2.GaussianBlur(np.roll(covered, round(0.7 * cm_px), 0), (0, 0), max(0.5, 0.7 * cm_px))
    roll = cv2.GaussianBlur(covered, (0, 0), max(0.5, cm_px))
    return np.asarray((1 - 0.34 * fallen * (1 - covered)) * (1 - 0.16 * (1 - roll) * covered), np.float32)


def _button(cloth: FloatArray, canvas: Canvas, trim: Trim, tint: FloatArray) -> FloatArray:
    centre = canvas.to_pixels(trim.line_cm)[0] - 0.5
    radius = trim.width_cm / 2 * canvas.px_per_cm
    spot = tuple(int(value) for value in np.round(centre * _FINE))
    done = cloth
    for size, colour in ((1.12, 0.55 * tint), (1.0, tint), (0.62, 0.88 * tint)):
        layer = np.zeros(canvas.size, np.uint8)
        cv2.circle(layer, spot, round(size * radius * _FINE), 255, -1, cv2.LINE_AA, _SUBPIXEL)
        ink = layer.astype(np.float32)[..., None] / 255
        done = done * (1 - ink) + colour * ink
    return np.asarray(done)
