"""Sleeves that lie on the body are turned off it: the sleeve is laid out beside, and the body is whole below it.

A flat-lay often has its sleeves folded down along the sides or partly on the front. What a sleeve hides of the body
is no cut: without this step the body would have a bite as large as the sleeve. The side seam is taken as straight
where it is hidden, and the cloth there as what lies beside it, mirrored at the sleeve's edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from vmodel.garment.outline import carve, extent
from vmodel.garment.proportions import SIDES
from vmodel.garment.silhouette import garment_mask
from vmodel.garment.working import working_copy
from vmodel.types import BoolArray, ByteArray, Cutout, FlatLay, FloatArray, GarmentKind, IntArray, Landmarks, Sleeve

MADE_UP: Final = (
    "a sleeve lies on the body, and what it hides is made up from the cloth beside it; lay sleeves out beside it"
)
"""What the seller is told."""
LEAST_BITE: Final = 0.02
"""Of the garment's longer side, about 1.4 cm of a shirt: less is a sleeve that lies beside the body."""
TOUCH: Final = 0.012
"""Of the longer side: how near body and sleeve lie where one is on the other; the slit and the shade between them."""
SHADED: Final = 0.018
"""Of the longer side: how far a sleeve's shade reaches on to the body."""
CLEAR: Final = 0.03
"""Of the longer side: how far from the body a sleeve lies after it was turned."""
FREE: Final = 0.6
"""Share of the turn from which the sleeve has to lie clear; nearer to the armhole it begins on the body."""
HELD: Final = 0.1
"""Share of the turn up to which cloth stays joined to the body."""
TURNS_DEG: Final = np.arange(4.0, 71.0, 2.0)


@dataclass(frozen=True)
class _Bite:
    """What one sleeve hides of the body; the photo is mirrored so that the sleeve lies on the right.

    Attributes:
        sleeve: (H, W) bool, cloth beyond the armhole.
        body: (H, W) bool, the rest.
        inner: (H,) first column of the sleeve, W where a row has none.
        side: (H,) column of the body's side where the sleeve hides it, -1 elsewhere.
        shoulder: (2,) upper end of the armhole.
        armpit: (2,) its lower end.
    """

    sleeve: BoolArray
    body: BoolArray
    inner: IntArray
    side: FloatArray
    shoulder: FloatArray
    armpit: FloatArray

    @property
    def depth(self) -> float:
        """How far the sleeve reaches over the body, in pixels."""
        return float(np.max(self.side - self.inner, where=self.side > 0, initial=0.0))

    def overhang(self, turn: _Turn) -> float:
        """How far the turned sleeve and a margin reach beyond the photo, in pixels."""
        rows, columns = np.nonzero(self.sleeve)
        reach = float(turn.forward(np.stack([columns, rows], 1)[::5].astype(float))[:, 0].max())
        return float(max(0.0, reach + CLEAR * extent(self.body) - self.body.shape[1]))


def unfold_sleeves(
    flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, landmarks: Landmarks
) -> tuple[FlatLay, Cutout, Landmarks]:
    """The photo with its sleeves beside the body; the same three where they already are.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        kind: only sleeves of some length are turned.
        landmarks: from ``understand``.
    Returns:
        Photo, cut-out and landmarks of a wider picture, in its own pixels; the cut-out says so in its warnings.
    """
    if not kind.category.covers_upper or kind.sleeve not in {Sleeve.LONG, Sleeve.THREE_QUARTER}:
        return flat_lay, cutout, landmarks
    small, small_cutout, scale = working_copy(flat_lay, cutout)
    points = {name: point * scale for name, point in landmarks.points_px.items()}
    mask = garment_mask(small.rgb, small_cutout.mask, kind, points)
    turns = {side: found for side in SIDES if (found := _found(mask, points, side)) is not None}
    if not turns:
        return flat_lay, cutout, landmarks
    pad = int(np.ceil(max(bite.overhang(turn) for bite, turn in turns.values()) / scale))
    rgb = _padded(flat_lay.rgb, pad, cutout)
    matte = np.pad(np.asarray(cutout.matte, np.float32), ((0, 0), (pad, pad)))
    moved = {name: point + np.array([pad, 0.0]) for name, point in landmarks.points_px.items()}
    for side, (bite, turn) in turns.items():
        flip = slice(None, None, -1 if side == "right" else 1)
        picture, cover = _lift(rgb[:, flip], matte[:, flip], bite, turn, scale, pad)
        rgb, matte = np.ascontiguousarray(picture[:, flip]), np.ascontiguousarray(cover[:, flip])
        own = turn.enlarged(scale, pad)
        for name in (f"cuff_outer_{side}", f"cuff_inner_{side}"):
            cuff = own.forward(_seen(moved[name], side, rgb.shape[1])[None])[0]
            moved[name] = _seen(cuff, side, rgb.shape[1])
    whole = replace(cutout, matte=matte, warnings=(*cutout.warnings, MADE_UP))
    return replace(flat_lay, rgb=rgb, alpha=None), whole, replace(landmarks, points_px=moved)


def _found(mask: BoolArray, points: Mapping[str, FloatArray], side: str) -> tuple[_Bite, _Turn] | None:
    """What a sleeve hides and the turn that frees it; None where it hides next to nothing."""
    bite = _find_bite(mask, points, side)
    if bite is None or bite.depth <= LEAST_BITE * extent(mask):
        return None
    turn = _turn_that_frees(bite)
    return None if turn is None else (bite, turn)


def _seen(point: FloatArray, side: str, width: int) -> FloatArray:
    """A point of the photo in the one that is mirrored so that this sleeve lies on the right, and back."""
    return np.array([width - point[0], point[1]]) if side == "right" else point


def _padded(rgb: ByteArray, pad: int, cutout: Cutout) -> ByteArray:
    """The photo with columns of its ground's colour on either side."""
    ground = np.median(rgb[~cutout.mask][::7], axis=0) if (~cutout.mask).any() else np.full(3, 255.0)
    wide = np.empty((rgb.shape[0], rgb.shape[1] + 2 * pad, 3), np.uint8)
    wide[:] = ground.astype(np.uint8)
    wide[:, pad : pad + rgb.shape[1]] = rgb
    return wide


def _find_bite(mask: BoolArray, points: Mapping[str, FloatArray], side: str) -> _Bite | None:
    """Where a sleeve lies on the body; None where sleeve and body cannot be told apart."""
    height, width = mask.shape
    if side == "right":
        mask = mask[:, ::-1]
    own = {name: _seen(point, side, width) for name, point in points.items()}
    low = "hem" if f"hem_{side}" in own else "leg_outer"
    shoulder, armpit, hem = (own[f"{name}_{side}"] for name in ("shoulder", "armpit", low))
    cuff = (own[f"cuff_outer_{side}"] + own[f"cuff_inner_{side}"]) / 2
    across = shoulder - armpit
    parted = carve(mask, np.stack([armpit - 0.02 * across, shoulder + 0.3 * across]), 2)
    _, labels = cv2.connectedComponents(parted.astype(np.uint8), connectivity=4)
    spot = cuff + 0.15 * (shoulder - cuff)
    column, row = np.clip(spot, 0, [width - 1, height - 1]).astype(int)
    near = labels[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
    label = int(np.bincount(near[near > 0]).argmax()) if (near > 0).any() else 0
    sleeve = labels == label
    middle = (own["neck_left"] + own["neck_right"]) / 2
    if label == 0 or sleeve[:, : max(1, int(middle[0]))].sum() > 0.25 * sleeve.sum() or sleeve.sum() > 0.4 * mask.sum():
        return None
    body = mask & ~sleeve
    other = "right" if side == "left" else "left"
    image = 2 * middle[0] - own[f"{low}_{other}"][0]
    corner = np.array([max(hem[0], image), hem[1]])
    return _Bite(sleeve, body, *_hidden_side(sleeve, body, armpit, corner), shoulder, armpit)


def _hidden_side(
    sleeve: BoolArray, body: BoolArray, armpit: FloatArray, hem: FloatArray
) -> tuple[IntArray, FloatArray]:
    """First column of the sleeve in each row, and where the body's side runs below it."""
    height, width = body.shape
    reach = TOUCH * extent(body | sleeve)
    inner = np.where(sleeve.any(1), sleeve.argmax(1), width)
    # of the body only what begins left of the sleeve: its shoulder goes on above it
    ends = np.array([_last_before(row, limit) for row, limit in zip(body, inner, strict=True)])
    rows = np.arange(height)
    below = (rows > armpit[1]) & (rows < hem[1])
    touching = below & (inner - ends < reach) & (ends >= 0) & sleeve.any(1)
    side = np.full(height, -1.0)
    if not touching.any():
        return inner, side
    first, last = rows[touching][[0, -1]]
    margin = round(reach)
    seen = below & ~touching & (ends >= 0)
    above = np.flatnonzero(seen & (rows < first - margin))
    under = np.flatnonzero(seen & (rows > last + margin))
    start = np.array([ends[above[-1]], above[-1]]) if len(above) > 2 * margin else armpit
    end = np.array([ends[under[0]], under[0]]) if len(under) > 3 else np.maximum(hem, [start[0], 0])
    line = np.interp(rows + 0.5, [start[1], max(end[1], start[1] + 1)], [start[0], end[0]])
    outer = width - (sleeve[:, ::-1]).argmax(1)  # what reached beyond the sleeve would be seen
    line = np.minimum(line, outer)
    hidden = touching & (line > ends)
    if hidden.any():
        first, last = rows[hidden][[0, -1]]
        round_cuff = below & (rows > last) & (rows < last + 2 * margin)  # as far as the slit there reaches
        inner = np.where(round_cuff, np.minimum(inner, inner[last]), inner)
        hidden |= round_cuff
    return inner, np.where(hidden, line, side)


def _last_before(row: BoolArray, limit: int) -> int:
    """Last column of cloth before a limit; -1 without."""
    spots = np.flatnonzero(row[:limit])
    return int(spots[-1]) if len(spots) else -1


def _lift(
    rgb: ByteArray, matte: FloatArray, bite: _Bite, turn: _Turn, scale: float, pad: int
) -> tuple[ByteArray, FloatArray]:
    """Turn the sleeve off the body, which is made whole.

    Args:
        rgb: (H, W, 3) uint8 photo with ``pad`` columns of ground on either side, sleeve on the right.
        matte: (H, W) float32 of its garment.
        bite: in pixels of the working copy.
        turn: in pixels of the working copy.
        scale: pixels of the working copy a pixel of the photo.
        pad: see ``rgb``.
    """
    fringe = np.ones((2 * round(TOUCH * extent(bite.body)) + 1,) * 2, np.uint8)
    beside = cv2.dilate(bite.sleeve.astype(np.uint8), fringe).astype(bool) & ~bite.body
    sleeve = _enlarged(bite.sleeve, matte.shape, pad) * matte
    body = (1 - _enlarged(beside & turn.moves(beside.shape), matte.shape, pad)) * matte
    rows = (np.arange(matte.shape[0]) + 0.5) * scale - 0.5
    inner, line = (np.interp(rows, np.arange(len(v)), v) / scale + pad for v in (bite.inner, bite.side))
    hidden = np.interp(rows, np.arange(len(bite.side)), bite.side > 0) > 0.5
    whole, cover = _made_whole(rgb, body, np.where(hidden, inner, -1), line, SHADED * extent(bite.body) / scale)
    back = turn.enlarged(scale, pad).sources(matte.shape)
    above = cv2.remap(sleeve.astype(np.float32), *back, cv2.INTER_LINEAR, borderValue=0)
    laid = cv2.remap(np.ascontiguousarray(rgb), *back, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    picture = np.where(above[..., None] > 0.02, laid, whole)
    return np.asarray(picture, np.uint8), np.asarray(np.maximum(cover, above), np.float32)


def _enlarged(mask: BoolArray, shape: tuple[int, ...], pad: int) -> FloatArray:
    """A mask of the working copy as soft cover of the padded photo."""
    size = (shape[1] - 2 * pad, shape[0])
    large = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.pad(large, ((0, 0), (pad, pad)))


def _made_whole(
    rgb: ByteArray, body: FloatArray, inner: FloatArray, line: FloatArray, margin: float
) -> tuple[ByteArray, FloatArray]:
    """The body up to its side, with the cloth beside the sleeve mirrored at the sleeve's edge.

    Args:
        rgb: (H, W, 3) uint8.
        body: (H, W) float32 cover.
        inner: (H,) column where the sleeve begins, negative where it hides nothing.
        line: (H,) column of the body's side.
        margin: columns beside the sleeve that lie in its shade.
    """
    height, width = body.shape
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), body.shape)
    edge = np.where((inner >= 0) & (inner < line), inner - margin, width).astype(np.float32)[:, None]
    mirrored = np.where(columns > edge, 2 * edge - columns, columns)
    rows = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], body.shape)
    whole = cv2.remap(np.ascontiguousarray(rgb), mirrored, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    filled = (columns > edge) & (columns < line[:, None])
    beyond = (inner >= 0)[:, None] & (columns >= line[:, None])  # crumbs of the sleeve
    return np.where(filled[..., None], whole, rgb), np.where(filled, 1.0, np.where(beyond, 0.0, body))


@dataclass(frozen=True)
class _Turn:
    """A turn round the shoulder that grows from nothing at the armhole to its whole angle a root's length away.

    Attributes:
        pivot: (2,) the shoulder point.
        armpit: (2,) the armhole's other end.
        angle: radians; positive lifts a sleeve that lies on the photo's right.
    """

    pivot: FloatArray
    armpit: FloatArray
    angle: float

    def forward(self, points: FloatArray) -> FloatArray:
        """(n, 2) where points of the photo come to lie."""
        share = self.share(points)
        cosine, sine = np.cos(share * self.angle), np.sin(share * self.angle)
        way = points - self.pivot
        # y points down: lifting what hangs on the right turns it against the clock
        turned = np.stack([cosine * way[:, 0] + sine * way[:, 1], cosine * way[:, 1] - sine * way[:, 0]], 1)
        return np.asarray(self.pivot + turned)

    def share(self, points: FloatArray) -> FloatArray:
        """(n,) 0..1: how much of the angle each point turns by."""
        root = self.armpit - self.pivot
        length = max(float(np.linalg.norm(root)), 1.0)
        along = np.clip((points - self.pivot) @ root / length**2, 0, 1)
        away = np.linalg.norm(points - self.pivot - along[:, None] * root, axis=1) / length
        share = np.clip(away, 0, 1)
        return np.asarray(share * share * (3 - 2 * share))

    def enlarged(self, scale: float, pad: int) -> _Turn:
        """The same turn in a photo of which the copy has ``scale`` pixels a pixel, with ``pad`` columns beside it."""
        return _Turn(self.pivot / scale + [pad, 0], self.armpit / scale + [pad, 0], self.angle)

    def moves(self, shape: tuple[int, ...]) -> BoolArray:
        """Which pixels turn by more than a hair's breadth; at the armhole cloth stays joined."""
        spots = np.stack(np.meshgrid(np.arange(shape[1]), np.arange(shape[0])), -1).reshape(-1, 2).astype(float)
        return np.asarray(self.share(spots).reshape(shape[0], shape[1]) > HELD)

    def sources(self, shape: tuple[int, ...], step: int = 8) -> tuple[FloatArray, FloatArray]:
        """Columns and rows of the photo that the pixels of a turned picture show, for ``cv2.remap``."""
        height, width = shape[0] // step + 2, shape[1] // step + 2
        wanted = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).reshape(-1, 2) * float(step)
        found = wanted.copy()
        for _ in range(60):
            found += 0.6 * (wanted - self.forward(found))
        grid = found.reshape(height, width, 2).astype(np.float32)
        x, y = (np.arange(n, dtype=np.float32) / step for n in (shape[1], shape[0]))
        maps = cv2.remap(grid, *np.meshgrid(x, y), cv2.INTER_LINEAR)
        return maps[..., 0], maps[..., 1]


def _turn_that_frees(bite: _Bite) -> _Turn | None:
    """The smallest turn after which the sleeve lies clear of the body below the armhole."""
    rows = np.flatnonzero(bite.side > 0)
    edge, line = (np.stack([columns[rows], rows], 1).astype(float) for columns in (bite.inner, bite.side))
    for degrees in TURNS_DEG:
        turn = _Turn(bite.shoulder, bite.armpit, float(np.radians(degrees)))
        free = turn.share(edge) > FREE
        moved = turn.forward(edge)[free]
        beside = np.interp(moved[:, 1], line[:, 1], line[:, 0])
        if free.any() and (moved[:, 0] - beside >= CLEAR * extent(bite.body)).all():
            return turn
    return None
