"""Sewing patterns: flat pieces in true centimetres whose labelled edges are sewn to one another.

Pieces are drawn as they are cut: right side up, that is as seen from outside the finished garment, the edges in
counter-clockwise order (y up). Two edges with the same label are then always sewn against each other's direction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vmodel.garment.sewing.errors import PieceInvalid, SeamIncomplete, SeamMismatch
from vmodel.types import FloatArray

KINDS: Final = ("seam", "dart", "gather", "ease", "open")
MOST_PIECES: Final = 80
MOST_EDGES: Final = 120
"""Most edges of one piece."""
MOST_POINTS: Final = 400
"""Most points of one edge, curves included."""
_LARGEST_CM: Final = 400.0
_SMALLEST_CM2: Final = 4.0
_LONGEST_NAME: Final = 200
_LOOSE_CM: Final = 0.6
_LOOSE_SHARE: Final = 0.01
_LOOSEST_CM: Final = 1.5
"""Largest difference in length of the plain edges of a seam: 6 mm and 1 %, at most 15 mm."""
MOST_DRAWN_IN: Final = {"gather": 4.0, "ease": 1.12}
"""Largest ratio of the edges of a seam that is drawn in."""

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "front": ("front", "vorne", "vorder", "devant", "delantero", "frente", "正面", "前"),
    "back": ("back", "rear", "hinten", "rück", "dos", "espalda", "trasero", "背面", "后"),
    "left": ("left", "l", "links", "gauche", "izquierda", "左"),
    "right": ("right", "r", "rechts", "droite", "derecha", "右"),
    "sleeve": ("sleeve", "sleeves", "ärmel", "manche", "manga", "袖"),
    "skirt": ("skirt", "rock", "jupe", "falda", "裙"),
}


@dataclass(frozen=True)
class PatternEdge:
    """A stretch of a piece's outline.

    Attributes:
        name: as the designer calls it, for messages.
        points_cm: (n, 2) float64, n >= 2.
        kind: "seam", "dart", "gather" (the longer side of a gathered seam), "ease" (of an eased one) or "open".
        label: equal on the two sides of a seam; of an open edge what it opens for (neck, armhole, cuff, waist, hem,
            leg), or empty.
        notches_cm: positions along the edge that meet the other side's.
    """

    name: str
    points_cm: FloatArray
    kind: str = "open"
    label: str = ""
    notches_cm: tuple[float, ...] = ()

    @property
    def length_cm(self) -> float:
        """Length along the edge."""
        return length_of(self.points_cm)


@dataclass(frozen=True)
class Piece:
    """One piece of cloth.

    Attributes:
        name: the designer's; its words say where it belongs unless ``side`` does.
        edges: the outline, counter-clockwise; each ends where the next begins.
        side: "front", "back", or "" for a piece that turns from one to the other.
        limb: "left" or "right" for sleeves and cuffs, else "".
        grain: (2,) unit vector along the grain line, towards the wearer's head.
        turns_cm: (2, 2) lines along which the piece turns from front to back.
        place: (2, 3) affine from the piece to the finished garment seen from the front, in cm; None where unknown.
        colour: "#rrggbb", or "" for the pattern's ground.
        material: name in the drape's materials, or "" for the pattern's.
    """

    name: str
    edges: tuple[PatternEdge, ...]
    side: str = ""
    limb: str = ""
    grain: tuple[float, float] = (0.0, 1.0)
    turns_cm: tuple[FloatArray, ...] = ()
    place: FloatArray | None = None
    colour: str = ""
    material: str = ""

    @property
    def outline_cm(self) -> FloatArray:
        """Outline (n, 2), each corner once."""
        return np.concatenate([edge.points_cm[:-1] for edge in self.edges])

    @property
    def area_cm2(self) -> float:
        """Area of the cloth."""
        return abs(signed_area(self.outline_cm))

    @property
    def is_sleeve(self) -> bool:
        """Flag of a piece that goes round an arm."""
        return bool(self.limb)


@dataclass(frozen=True)
class PatternSeam:
    """Two runs of edges that are sewn together, the second against its direction.

    Attributes:
        label: for messages.
        kind: "seam", "dart", "gather" or "ease".
        first, second: (piece index, edge index) in the order of the outline.
    """

    label: str
    kind: str
    first: tuple[tuple[int, int], ...]
    second: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SewingPattern:
    """A pattern as read and checked.

    Attributes:
        name: of the file.
        sha256: hex digest of the file.
        pieces: the cut.
        seams: the edges that are sewn together.
        warnings: for the designer.
    """

    name: str
    sha256: str
    pieces: tuple[Piece, ...]
    seams: tuple[PatternSeam, ...]
    warnings: tuple[str, ...] = field(default=())


def words_in(name: str) -> set[str]:
    """Find the words among front, back, left, right, sleeve and skirt that a name has, in several languages."""
    split = re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", name).lower()
    tokens = [token for token in re.split(r"[\W\d_]+", split) if token]
    found = set()
    for meaning, words in _WORDS.items():
        for word in words:
            if (
                word in tokens
                or (len(word) > 3 and any(token.startswith(word) for token in tokens))
                or (not word.isascii() and word in name)
            ):
                found.add(meaning)
    return found


def length_of(points_cm: FloatArray) -> float:
    """Return the length of a polyline."""
    return float(np.linalg.norm(np.diff(points_cm, axis=0), axis=1).sum())


def signed_area(outline_cm: FloatArray) -> float:
    """Return the area of an outline, positive if it runs counter-clockwise."""
    x, y = outline_cm[:, 0], outline_cm[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def joined_pattern(name: str, sha256: str, pieces: Sequence[Piece]) -> SewingPattern:
    """Check the pieces and pair their edges.

    Args:
        name: of the file.
        sha256: hex digest of the file.
        pieces: as a reader found them.
    Raises:
        PieceInvalid: a piece is no simple closed shape of a sane size, or does not say where it belongs.
        SeamIncomplete: a label stands alone, or on more than two sides.
        SeamMismatch: the sides of a seam differ in length.
    """
    for piece in pieces:
        _check_piece(piece)
    seams = _paired(pieces)
    warnings: list[str] = []
    for seam in seams:
        _check_lengths(pieces, seam)
    return SewingPattern(name, sha256, tuple(pieces), tuple(seams), tuple(warnings))


def _check_piece(piece: Piece) -> None:
    from shapely.geometry import Polygon

    outline = piece.outline_cm
    if len(piece.name) > _LONGEST_NAME:
        raise PieceInvalid(piece.name, f"has a name of more than {_LONGEST_NAME} letters", "shorten it")
    if len(outline) < 3:
        raise PieceInvalid(piece.name, "has fewer than three corners", "draw its outline as a closed loop")
    if len(piece.edges) > MOST_EDGES or len(outline) > MOST_EDGES * MOST_POINTS:
        raise PieceInvalid(piece.name, f"has more than {MOST_EDGES} edges", "simplify it")
    if not np.isfinite(outline).all() or np.ptp(outline, axis=0).max() > _LARGEST_CM:
        raise PieceInvalid(piece.name, f"is larger than {_LARGEST_CM:.0f} cm", "check the file's unit")
    if piece.area_cm2 < _SMALLEST_CM2:
        raise PieceInvalid(piece.name, f"is smaller than {_SMALLEST_CM2:.0f} square cm", "check the file's unit")
    if signed_area(outline) < 0:
        raise PieceInvalid(piece.name, "runs clockwise", "draw it as seen from outside")
    if not Polygon(outline).is_valid:
        raise PieceInvalid(piece.name, "has an outline that crosses itself", "draw it as one simple loop")
    if not (piece.side or piece.limb or piece.turns_cm):
        raise PieceInvalid(
            piece.name,
            "does not say where it belongs",
            "put front, back, or sleeve with left or right in its name, or draw the lines where it turns to the back",
        )


def _paired(pieces: Sequence[Piece]) -> list[PatternSeam]:
    sides: dict[str, dict[int, list[int]]] = {}
    kinds: dict[str, set[str]] = {}
    for p, piece in enumerate(pieces):
        for e, edge in enumerate(piece.edges):
            if edge.kind == "open":
                continue
            sides.setdefault(edge.label, {}).setdefault(p, []).append(e)
            kinds.setdefault(edge.label, set()).add(edge.kind)
    seams = []
    for label, where in sides.items():
        kind = next((kind for kind in ("gather", "ease", "dart") if kind in kinds[label]), "seam")
        names = [pieces[p].name for p in where]
        if len(where) > 2:
            raise SeamIncomplete(label, f"stands on {', '.join(names[:-1])} and {names[-1]}")
        if len(where) == 1:
            ((p, edges),) = where.items()
            if len(edges) != 2:
                raise SeamIncomplete(label, f"stands on {len(edges)} edge{'s' * (len(edges) > 1)} of {names[0]} alone")
            seams.append(PatternSeam(label, kind, ((p, edges[0]),), ((p, edges[1]),)))
            continue
        first, second = (tuple((p, e) for e in _in_a_row(pieces[p], edges)) for p, edges in where.items())
        seams.append(PatternSeam(label, kind, first, second))
    return seams


def _in_a_row(piece: Piece, edges: list[int]) -> list[int]:
    """Put the edges of a run in the outline's order, beginning after the longest stretch outside the run."""
    lengths = [edge.length_cm for edge in piece.edges]
    starts = np.concatenate([[0.0], np.cumsum(lengths)])

    def before(k: int) -> float:
        end = starts[edges[k - 1] + 1]
        return float((starts[edges[k]] - end) % starts[-1])

    first = max(range(len(edges)), key=before)
    return [*edges[first:], *edges[:first]]


def run_of(pieces: Sequence[Piece], run: Sequence[tuple[int, int]]) -> tuple[str, float]:
    """Return the name of a run of edges for messages, and its length in cm."""
    piece = pieces[run[0][0]]
    edges = [piece.edges[e] for _, e in run]
    return f"{edges[0].name} of {piece.name}", sum(edge.length_cm for edge in edges)


def _check_lengths(pieces: Sequence[Piece], seam: PatternSeam) -> None:
    (first, first_cm), (second, second_cm) = (run_of(pieces, run) for run in (seam.first, seam.second))
    apart, longer = abs(first_cm - second_cm), max(first_cm, second_cm)
    if seam.kind in MOST_DRAWN_IN:
        if longer > MOST_DRAWN_IN[seam.kind] * min(first_cm, second_cm):
            raise SeamMismatch(first, first_cm, second, second_cm)
        drawn_in = seam.first if first_cm > second_cm else seam.second
        kinds = {pieces[p].edges[e].kind for p, e in drawn_in}
        if seam.kind in kinds:
            return
    if apart > min(_LOOSE_CM + _LOOSE_SHARE * longer, _LOOSEST_CM):
        raise SeamMismatch(first, first_cm, second, second_cm)
