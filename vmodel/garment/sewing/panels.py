"""Conversion of a sewing pattern to panels: pieces are cut where they turn to the back, seams where others meet them.

Front panels keep their x, back panels are turned over, so that all share the x of the garment seen from the front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np

from vmodel.garment.sewing.errors import PieceInvalid
from vmodel.garment.sewing.pattern import PatternEdge, Piece, SewingPattern, length_of
from vmodel.garment.sewing.pieces import along
from vmodel.types import FloatArray

_SNAP_CM: Final = 0.3
"""Distance below which two breaks of a seam count as one."""
TURN: Final = "turn"
Key: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Piece, edge (below zero for the edges that turn lines make), and which part of it."""


@dataclass(frozen=True)
class CutPanel:
    """A piece, or the part of one on one side of the garment.

    Attributes:
        name: unique.
        piece: index of its piece.
        side: "front" or "back".
        edges: in the piece's own coordinates, counter-clockwise, names unique.
        roles: edge name -> what an open edge opens for, or "".
    """

    name: str
    piece: int
    side: str
    edges: dict[str, FloatArray]
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CutSeam:
    """Two edges of panels, the second sewn against its direction; kind as in ``PatternSeam``, or "turn"."""

    first: tuple[str, str]
    second: tuple[str, str]
    kind: str
    label: str


@dataclass
class _Part:
    """A panel under construction."""

    piece: int
    side: str
    edges: list[tuple[Key, FloatArray]]


def cut_pattern(pattern: SewingPattern) -> tuple[list[CutPanel], list[CutSeam]]:
    """Cut a pattern into panels with edges that are sewn one to one.

    Args:
        pattern: checked.
    Raises:
        PieceInvalid: a turn line does not cross its piece, or a piece cannot be placed.
    """
    parts, turns = _parts(pattern.pieces)
    runs = {seam: tuple(_flat_run(parts, run) for run in (seam.first, seam.second)) for seam in pattern.seams}
    _find_sides(pattern.pieces, parts, list(runs.values()), turns)
    breaks: dict[Key, list[float]] = {}
    lines = {key: line for part in parts for key, line in part.edges}
    notches = {key: _notches(pattern.pieces, key, lines[key]) for key in lines}
    for first, second in runs.values():
        _break(first, second, lines, notches, breaks)
    panels, names = _named(pattern.pieces, parts, breaks)
    seams = [
        CutSeam(a, b, seam.kind, seam.label)
        for seam, (first, second) in runs.items()
        for a, b in zip(_names_of(first, names), reversed(_names_of(second, names)), strict=True)
    ]
    seams += [CutSeam(names[a][0], names[b][0], TURN, TURN) for a, b in turns]
    return panels, seams


def _parts(pieces: Sequence[Piece]) -> tuple[list[_Part], list[tuple[Key, Key]]]:
    """Cut pieces along their turn lines; return all parts, and the pairs of edges that the cuts made."""
    parts: list[_Part] = []
    turns: list[tuple[Key, Key]] = []
    for p, piece in enumerate(pieces):
        own = [_Part(p, piece.side, [((p, e, ()), edge.points_cm) for e, edge in enumerate(piece.edges)])]
        lines = piece.turns_cm
        if not lines and not piece.side:
            lines = (_middle_of_sleeve(piece),)
        for number, line in enumerate(lines):
            halved = [_halves(part, line, number) for part in own]
            if not any(len(halves) == 2 for halves in halved):
                raise PieceInvalid(piece.name, "is not crossed by its turn line", "draw it from edge to edge")
            turns += [((p, -1 - number, (0,)), (p, -1 - number, (1,))) for halves in halved if len(halves) == 2]
            own = [half for halves in halved for half in halves]
        parts += own
    return parts, turns


def _middle_of_sleeve(piece: Piece) -> FloatArray:
    """Return a line along the grain, through the highest point of the cap."""
    grain = np.array(piece.grain)
    outline = piece.outline_cm
    top = outline[int((outline @ grain).argmax())]
    return np.stack([top, top - grain])


def _halves(part: _Part, line: FloatArray, number: int) -> list[_Part]:
    """Cut a part along a line, which may be shorter than the part; return the part itself where it is not crossed."""
    way = (line[1] - line[0]) / max(float(np.linalg.norm(line[1] - line[0])), 1e-9)
    normal = np.array([-way[1], way[0]])
    pieces: list[tuple[Key, FloatArray, int]] = []
    for key, points in part.edges:
        off = (points - line[0]) @ normal
        off[np.abs(off) < 1e-6] = 0.0
        pieces += _split_at_sign(key, points, off)
    signs = {sign for _, _, sign in pieces}
    if not {1, -1} <= signs:
        return [part]
    halves = []
    for sign in (1, -1):
        # The run on one side is one stretch of the loop: begin after the other side's last edge.
        start = next(k for k in range(len(pieces)) if pieces[k][2] == sign and pieces[k - 1][2] == -sign)
        ordered = [*pieces[start:], *pieces[:start]]
        run = [(key, points) for key, points, which in ordered if which == sign]
        changes = sum(a[2] != b[2] for a, b in zip(pieces, [*pieces[1:], pieces[0]], strict=True))
        if changes != 2:
            return [part]
        closing = np.stack([run[-1][1][-1], run[0][1][0]])
        cut_key = (part.piece, -1 - number, (0 if sign == 1 else 1,))
        halves.append(_Part(part.piece, part.side, [*run, (cut_key, closing)]))
    return halves


def _split_at_sign(key: Key, points: FloatArray, off: FloatArray) -> list[tuple[Key, FloatArray, int]]:
    runs: list[tuple[list[FloatArray], int]] = []
    current: list[FloatArray] = [points[0]]
    sign = int(np.sign(off[0]))
    for k in range(1, len(points)):
        here, there = off[k - 1], off[k]
        step = int(np.sign(there)) or int(np.sign(here))
        if sign and step and step != sign and here != 0:
            share = here / (here - there)
            cross = points[k - 1] + share * (points[k] - points[k - 1])
            runs.append(([*current, cross], sign))
            current = [cross]
        elif sign and step and step != sign:
            runs.append((current, sign))
            current = [points[k - 1]]
        sign = step or sign
        current.append(points[k])
    runs.append((current, sign or 1))
    whole = [(np.array(run), which) for run, which in runs if len(run) > 1]
    if len(whole) == 1:
        return [(key, *whole[0])]
    return [((key[0], key[1], (*key[2], n)), run, which) for n, (run, which) in enumerate(whole)]


def _flat_run(parts: Sequence[_Part], run: Iterable[tuple[int, int]]) -> list[Key]:
    """Return the keys of a run's edges after the cuts, in the outline's order."""
    keys = []
    for p, e in run:
        keys += sorted(key for part in parts if part.piece == p for key, _ in part.edges if key[1] == e)
    return keys


def _find_sides(
    pieces: Sequence[Piece],
    parts: Sequence[_Part],
    runs: Sequence[tuple[list[Key], ...]],
    turns: Sequence[tuple[Key, Key]],
) -> None:
    """Give parts without a side the side of the parts they are sewn to; the other half gets the other side."""
    owner = {key: part for part in parts for key, _ in part.edges}
    lines = {key: line for part in parts for key, line in part.edges}
    for _ in range(len(parts)):
        unknown = [part for part in parts if not part.side]
        if not unknown:
            return
        best: tuple[float, _Part | None, str] = (0.0, None, "")
        for part in unknown:
            votes = {"front": 0.0, "back": 0.0}
            for first, second in runs:
                for a, b, share in _facing(first, second, lines):
                    for mine, other in ((a, b), (b, a)):
                        if owner[mine] is part and owner[other].side:
                            votes[owner[other].side] += share
            lead = abs(votes["front"] - votes["back"])
            if lead > best[0]:
                best = (lead, part, max(votes, key=lambda side: votes[side]))
        chosen = best[1]
        if chosen is None:
            name = pieces[unknown[0].piece].name
            raise PieceInvalid(name, "is sewn to nothing that says where it belongs", "put front or back in its name")
        chosen.side = best[2]
        for a, b in turns:
            for mine, other in ((a, b), (b, a)):
                if mine in owner and other in owner and owner[mine] is chosen and not owner[other].side:
                    owner[other].side = "back" if chosen.side == "front" else "front"


def _facing(first: Sequence[Key], second: Sequence[Key], lines: dict[Key, FloatArray]) -> list[tuple[Key, Key, float]]:
    """Find pairs of edges that meet in a seam, and the length over which they meet."""
    spans = []
    for run in (first, second[::-1]):
        lengths = np.array([length_of(lines[key]) for key in run])
        ends = np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])
        spans.append([(key, ends[k], ends[k + 1], lengths.sum()) for k, key in enumerate(run)])
    return [
        (a, b, float(min(a1, b1) - max(a0, b0)) * total)
        for a, a0, a1, total in spans[0]
        for b, b0, b1, _ in spans[1]
        if min(a1, b1) > max(a0, b0)
    ]


def _notches(pieces: Sequence[Piece], key: Key, line: FloatArray) -> list[float]:
    """Return the notches of an edge, or of the part of one, in cm along it."""
    p, e, _ = key
    if e < 0:
        return []
    edge = pieces[p].edges[e]
    start, whole = along(edge.points_cm, line[0])[0], length_of(line)
    return [at - start for at in edge.notches_cm if 0 < at - start < whole]


def _break(
    first: Sequence[Key],
    second: Sequence[Key],
    lines: dict[Key, FloatArray],
    notches: dict[Key, list[float]],
    breaks: dict[Key, list[float]],
) -> None:
    """Break both runs of a seam where either of them changes edges or both have notches."""
    ends, marks = [], []
    for run, turned in ((first, False), (second, True)):
        starts = np.concatenate([[0.0], np.cumsum([length_of(lines[key]) for key in run])])
        own = [starts[k] + at for k, key in enumerate(run) for at in notches[key]]
        whole = float(starts[-1])
        ends.append([whole - at for at in starts[::-1]] if turned else list(starts))
        marks.append(sorted(whole - at if turned else at for at in own))
    paired = marks if len(marks[0]) == len(marks[1]) else [[], []]
    knots = [np.array([0.0, *mark, end[-1]]) for mark, end in zip(paired, ends, strict=True)]
    joints = [sorted({*end[1:-1], *mark}) for end, mark in zip(ends, paired, strict=True)]
    on_first = [*joints[0], *np.interp(joints[1], knots[1], knots[0])]
    shared = _merged(on_first, fixed=len(joints[0]), whole=ends[0][-1])
    own_second = {float(np.interp(at, knots[1], knots[0])): at for at in joints[1]}
    for at in shared:
        near = [there for here, there in own_second.items() if abs(here - at) < _SNAP_CM]
        there = near[0] if near else float(np.interp(at, knots[0], knots[1]))
        _mark(first, lines, breaks, at)
        _mark(second, lines, breaks, ends[1][-1] - there)


def _merged(places: Sequence[float], fixed: int, whole: float) -> list[float]:
    """Drop places that nearly repeat another; the first ``fixed`` are kept."""
    kept: list[float] = []
    for number, at in enumerate(places):
        near = min((abs(at - other) for other in kept), default=np.inf)
        if near > (1e-6 if number < fixed else _SNAP_CM) and _SNAP_CM / 10 < at < whole - _SNAP_CM / 10:
            kept.append(float(at))
    return sorted(kept)


def _mark(
    run: Sequence[Key],
    lines: dict[Key, FloatArray],
    breaks: dict[Key, list[float]],
    at: float,
) -> None:
    """Record a break of a run on the edge that it falls on; an edge's end is a break already."""
    for key in run:
        length = length_of(lines[key])
        if at < length - 1e-6:
            if at > 1e-6:
                breaks.setdefault(key, []).append(at)
            return
        at -= length


def _named(
    pieces: Sequence[Piece], parts: Sequence[_Part], breaks: dict[Key, list[float]]
) -> tuple[list[CutPanel], dict[Key, list[tuple[str, str]]]]:
    panels: list[CutPanel] = []
    names: dict[Key, list[tuple[str, str]]] = {}
    count: dict[int, int] = {}
    for part in parts:
        piece = pieces[part.piece]
        count[part.piece] = count.get(part.piece, 0) + 1
        several = sum(other.piece == part.piece for other in parts) > 1
        panel_name = f"{part.piece}:{piece.name}" + (f":{count[part.piece]}" if several else "")
        edges: dict[str, FloatArray] = {}
        roles: dict[str, str] = {}
        for key, line in part.edges:
            edge: PatternEdge | None = piece.edges[key[1]] if key[1] >= 0 else None
            runs = _broken(line, sorted(breaks.get(key, ())))
            for run in runs:
                name = f"e{len(edges)}:{TURN if edge is None else edge.label or edge.name}"
                edges[name] = run
                roles[name] = edge.label if edge is not None and edge.kind == "open" else ""
                names.setdefault(key, []).append((panel_name, name))
        panels.append(CutPanel(panel_name, part.piece, part.side, edges, roles))
    return panels, names


def _broken(line: FloatArray, at: Sequence[float]) -> list[FloatArray]:
    """Cut a polyline at some lengths along it."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    runs, low = [], 0.0
    for high in [*at, float(along[-1])]:
        inner = line[(along > low + 1e-9) & (along < high - 1e-9)]
        ends = [np.array([np.interp(place, along, line[:, axis]) for axis in (0, 1)]) for place in (low, high)]
        runs.append(np.vstack([ends[0], inner, ends[1]]))
        low = high
    return runs


def _names_of(run: Sequence[Key], names: dict[Key, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [name for key in run for name in names[key]]


def turned_over(panel: CutPanel) -> CutPanel:
    """Turn a panel of the back over to the x of the front: mirrored, its edges run the other way."""
    edges = {name: (line * np.array([-1.0, 1.0]))[::-1] for name, line in reversed(panel.edges.items())}
    return replace(panel, edges=edges)
