"""Assembly of a piece from labelled lines of a drawing: the loop of its edges, notches, grain, halves on the fold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vmodel.core.texts import unescaped
from vmodel.garment.sewing.errors import PieceInvalid
from vmodel.garment.sewing.pattern import MOST_POINTS, PatternEdge, Piece, signed_area, words_in
from vmodel.garment.vector.curves import thinned
from vmodel.types import FloatArray

MEETS_CM: Final = 0.2
"""Distance within which ends of edges are one corner."""
_NOTCH_CM: Final = 1.5
_NAME: Final = re.compile(
    r"(seam|dart|gather|ease|open|fold|turn|grain|notch|cloth)(?:[-_ :]++([^.]*+))?+(?:\..*+)?+", re.IGNORECASE
)


@dataclass(frozen=True)
class NamedLine:
    """A line of a drawing.

    Attributes:
        name: its id or label, such as "seam-side_l", "open-neck", "grain".
        points_cm: (n, 2) float64, y up.
    """

    name: str
    points_cm: FloatArray


def read_name(name: str) -> tuple[str, str] | None:
    """Read the kind and the label ("seam", "side_l") of a line from its name; None for names without meaning here.

    Illustrator writes other characters than letters and digits as ``_x5F_``; text after a full stop only makes an
    id unique.
    """
    match = _NAME.fullmatch(unescaped(name).strip())
    return None if match is None else (match[1].lower(), (match[2] or "").strip())


def make_piece(
    name: str, lines: Sequence[NamedLine], colour: str = "", material: str = "", place: FloatArray | None = None
) -> Piece:
    """Make a piece from its lines.

    Args:
        name: of the piece; its words say where it belongs.
        lines: edges in any order and direction, and marks.
        colour: "#rrggbb" or empty.
        material: name in the drape's materials or empty.
        place: see ``Piece``.
    Raises:
        PieceInvalid: the edges do not close to one loop.
    """
    edges: list[PatternEdge] = []
    fold: FloatArray | None = None
    turns: list[FloatArray] = []
    notches: list[FloatArray] = []
    grain = (0.0, 1.0)
    for line in lines:
        read = read_name(line.name)
        points = thinned(line.points_cm, MOST_POINTS)
        if read is None or len(points) < 2:
            continue
        kind, label = read
        if kind == "grain":
            grain = _way(points[0], points[-1])
        elif kind == "turn":
            turns.append(points[[0, -1]])
        elif kind == "notch":
            notches.append(points.mean(axis=0))
        elif kind == "fold":
            fold = points[[0, -1]]
            edges.append(PatternEdge(line.name, points, "open", "fold"))
        elif kind != "cloth":
            edges.append(PatternEdge(line.name, points, kind, label.lower()))
    if grain[1] < 0:  # a grain line has two ends; the wearer's head is up
        grain = (-grain[0], -grain[1])
    loop = _notched(_loop(name, edges), notches)
    if fold is not None:
        loop = _unfolded(name, loop, fold)
    words = words_in(name)
    side = "front" if "front" in words else "back" if "back" in words else ""
    limb = ""
    if "sleeve" in words or "cuff" in name.lower():
        limb = "left" if "left" in words else "right" if "right" in words else ""
        if not limb:
            raise PieceInvalid(name, "does not say which arm it is for", "put left or right in its name")
    return Piece(name, tuple(loop), side, limb, grain, tuple(turns), place, colour, material)


def _way(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    way = (second - first) / max(float(np.linalg.norm(second - first)), 1e-9)
    return float(way[0]), float(way[1])


def _loop(name: str, edges: Sequence[PatternEdge]) -> list[PatternEdge]:
    """Chain the edges counter-clockwise; ends that nearly meet are brought together."""
    if not edges:
        raise PieceInvalid(name, "has no edges", "name the lines of its outline seam-..., dart-... or open-...")
    left, loop = list(edges[1:]), [edges[0]]
    while left:
        end = loop[-1].points_cm[-1]
        gaps = [
            (float(np.linalg.norm(edge.points_cm[at] - end)), k, at) for k, edge in enumerate(left) for at in (0, -1)
        ]
        gap, k, at = min(gaps)
        if gap > MEETS_CM:
            raise PieceInvalid(name, f"is open beside {loop[-1].name}", "let each edge begin where another ends")
        following = left.pop(k)
        loop.append(following if at == 0 else _backwards(following))
    if np.linalg.norm(loop[-1].points_cm[-1] - loop[0].points_cm[0]) > MEETS_CM:
        raise PieceInvalid(name, f"is open beside {loop[-1].name}", "let each edge begin where another ends")
    closed = []
    for edge, following in zip(loop, [*loop[1:], loop[0]], strict=True):
        points = edge.points_cm.copy()
        points[-1] = following.points_cm[0]
        closed.append(replace(edge, points_cm=points))
    if signed_area(np.concatenate([edge.points_cm[:-1] for edge in closed])) < 0:
        closed = [_backwards(edge) for edge in reversed(closed)]
    return closed


def _backwards(edge: PatternEdge) -> PatternEdge:
    notches = tuple(edge.length_cm - at for at in reversed(edge.notches_cm))
    return replace(edge, points_cm=edge.points_cm[::-1].copy(), notches_cm=notches)


def _notched(loop: Sequence[PatternEdge], notches: Sequence[FloatArray]) -> list[PatternEdge]:
    """Add to the edges the notches that lie on them."""
    marks: dict[int, list[float]] = {}
    for notch in notches:
        found = [(*along(edge.points_cm, notch), k) for k, edge in enumerate(loop)]
        away, at, k = min((away, at, k) for at, away, k in found)
        if away <= _NOTCH_CM:
            marks.setdefault(k, []).append(at)
    return [replace(edge, notches_cm=tuple(sorted(marks.get(k, ())))) for k, edge in enumerate(loop)]


def along(line: FloatArray, point: FloatArray) -> tuple[float, float]:
    """Locate a point on a polyline: cm along it from its start, and distance from it."""
    a, way = line[:-1], np.diff(line, axis=0)
    size = np.maximum((way**2).sum(axis=1), 1e-12)
    share = np.clip(((point - a) * way).sum(axis=1) / size, 0, 1)
    away = np.linalg.norm(a + share[:, None] * way - point, axis=1)
    k = int(away.argmin())
    steps = np.sqrt(size)
    return float(steps[:k].sum() + share[k] * steps[k]), float(away[k])


def other_side(label: str) -> str:
    """Exchange left and right in a label."""
    swap = {"left": "right", "right": "left", "l": "r", "r": "l"}
    return re.sub(r"(?<![a-z])(left|right|l|r)(?![a-z])", lambda match: swap[match[1]], label)


def side_of(label: str) -> str:
    """Return the half of the body that a label names: "left", "right" or ""."""
    word = re.search(r"(?<![a-z])(left|right|l|r)(?![a-z])", label)
    return {"l": "left", "r": "right"}.get(word[1], word[1]) if word else ""


def mirrored_piece(piece: Piece, name: str) -> Piece:
    """Make the piece for the other half of the body: the mirror image, with left and right exchanged in its labels."""
    flip = np.array([-1.0, 1.0])
    edges = []
    for edge in reversed(piece.edges):
        label = other_side(edge.label)
        if edge.kind == "dart" and label == edge.label:
            label += " mirrored"
        edges.append(_backwards(replace(edge, points_cm=edge.points_cm * flip, label=label)))
    return replace(
        piece,
        name=name,
        edges=tuple(edges),
        limb={"left": "right", "right": "left"}.get(piece.limb, ""),
        grain=(-piece.grain[0], piece.grain[1]),
        turns_cm=tuple(turn * flip for turn in piece.turns_cm),
    )


def _unfolded(name: str, loop: list[PatternEdge], fold: FloatArray) -> list[PatternEdge]:
    """Unfold a piece cut on the fold: the other half is the mirror image, with left and right exchanged."""
    at = next(k for k, edge in enumerate(loop) if edge.label == "fold" and edge.kind == "open")
    if np.ptp([along(fold, point)[1] for point in loop[at].points_cm]) > MEETS_CM:
        raise PieceInvalid(name, "has a bent fold", "draw the fold as a straight line")
    half = [*loop[at + 1 :], *loop[:at]]
    way = np.array(_way(fold[0], fold[1]))
    mirror = 2 * np.outer(way, way) - np.eye(2)
    mirrored = []
    for edge in half:
        label = other_side(edge.label)
        if edge.kind == "dart" and label == edge.label:
            label += " mirrored"
        points = (edge.points_cm - fold[0]) @ mirror.T + fold[0]
        mirrored.append(_backwards(replace(edge, points_cm=points, label=label, name=f"{edge.name} (mirrored)")))
    return [*half, *reversed(mirrored)]
