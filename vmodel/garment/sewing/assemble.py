"""Conversion of a sewing pattern to a garment that can be draped and photographed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from vmodel.errors import BadUsage
from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.sewing.edge_roles import Roles, find_roles
from vmodel.garment.sewing.flat_layout import Lay, lay_flat
from vmodel.garment.sewing.paint import (
    FITTING_SIDE_PX,
    LONGEST_SIDE_PX,
    PrintPlace,
    check_marker,
    lay_sheets,
    paint_lay,
    paint_sheet,
    place_prints,
)
from vmodel.garment.sewing.panels import TURN, CutPanel, CutSeam, cut_pattern, turned_over
from vmodel.garment.sewing.pattern import SewingPattern, words_in
from vmodel.garment.sewing.seam_bleed import paint_across
from vmodel.types import ByteArray, Cutout, FlatLay, FloatArray, Garment, Landmarks, Panel, Seam

SCALE_SOURCE: Final = "pattern"
DEFAULT_MATERIAL: Final = "cotton"
_SLEEVE_TILT_DEG: Final = 50.0
_FLAT_PX, _FITTING_FLAT_PX = 1000, 500
_MARGIN_CM: Final = 3.0
_APART_CM: Final = 0.5


@dataclass(frozen=True, eq=False)
class Sewn:
    """A pattern that was laid and painted.

    Attributes:
        flat_lay, cutout, landmarks: its front lying flat, as a photo of it would have given.
        back: (H, W, 3) uint8, its back, seen through the front, in the same pixels.
        garment: ready to drape.
        sheets: pictures of the pieces side by side.
        marker: see ``check_marker``.
    """

    flat_lay: FlatLay
    cutout: Cutout
    landmarks: Landmarks
    back: ByteArray
    garment: Garment
    sheets: tuple[ByteArray, ...]
    marker: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Shape:
    """Shape of a sewn pattern, independent of colour, print and material.

    Attributes:
        panels, seams: as cut, panels of the back turned over.
        lay: the garment lying flat.
        roles: of its edges and points.
        places: of a print on each piece.
    """

    panels: tuple[CutPanel, ...]
    seams: tuple[CutSeam, ...]
    lay: Lay
    roles: Roles
    places: tuple[PrintPlace, ...]


def with_materials(pattern: SewingPattern, materials: Mapping[str, str]) -> SewingPattern:
    """Give the pieces of a pattern their materials.

    Args:
        pattern: as read.
        materials: name of a piece, or a word of several pieces' names, -> material.
    Raises:
        BadUsage: no piece has such a name.
    """
    pieces = list(pattern.pieces)
    for wanted, material in materials.items():
        low = wanted.lower()
        chosen = [p for p, piece in enumerate(pieces) if piece.name.lower() == low]
        chosen = chosen or [p for p, piece in enumerate(pieces) if low in _words(piece.name)]
        if not chosen:
            names = ", ".join(piece.name for piece in pieces)
            raise BadUsage(f"{pattern.name} has no piece {wanted}; its pieces are {names}.")
        for p in chosen:
            pieces[p] = replace(pieces[p], material=material)
    return replace(pattern, pieces=tuple(pieces))


def _words(name: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()


def shape_of(pattern: SewingPattern) -> Shape:
    """Cut a pattern and lay it flat, sewn.

    Args:
        pattern: checked.
    Raises:
        PieceInvalid: a piece cannot be placed.
        SewingUnreadable: the sewn garment lacks the openings of a garment.
    """
    cut, seams = cut_pattern(pattern)
    panels = [turned_over(panel) if panel.side == "back" else panel for panel in cut]
    pieces = [pattern.pieces[panel.piece] for panel in panels]
    limbs = [piece.is_sleeve for piece in pieces]
    tilts = [
        _tilt(piece.grain, panel.side) + _SLEEVE_TILT_DEG * _sign(piece.limb)
        for piece, panel in zip(pieces, panels, strict=True)
    ]
    lay = _centred(lay_flat(panels, seams, [_place(pattern, panel) for panel in panels], tilts, limbs))
    skirted = any("skirt" in words_in(piece.name) for piece in pattern.pieces)
    roles = find_roles(pattern.name, panels, seams, lay, limbs, skirted)
    return Shape(tuple(panels), tuple(seams), lay, roles, tuple(place_prints(pattern, panels, lay)))


def sew(
    pattern: SewingPattern,
    print_: PrintRepeat | None,
    ground: str,
    material: str | None,
    shape: Shape | None = None,
    fitting: bool = False,
) -> Sewn:
    """Lay out, paint and join a pattern.

    Args:
        pattern: checked; pieces may have colours and materials of their own.
        print_: on all pieces, at its true size, along the grain; or None.
        ground: "#rrggbb" of pieces without a colour.
        material: of pieces without one; None for cotton.
        shape: of the same pattern in any colours, from ``shape_of``; None to make it.
        fitting: smaller pictures for a first look.
    Raises:
        PieceInvalid: a piece cannot be placed.
        SewingUnreadable: the sewn garment lacks the openings of a garment.
    """
    shape = shape or shape_of(pattern)
    panels, seams, lay, roles, places = shape.panels, shape.seams, shape.lay, shape.roles, shape.places
    cloths = sorted({piece.material or material or DEFAULT_MATERIAL for piece in pattern.pieces})
    groups = [
        [p for p, piece in enumerate(pattern.pieces) if (piece.material or material or DEFAULT_MATERIAL) == cloth]
        for cloth in cloths
    ]
    sheets = lay_sheets(pattern.pieces, groups, FITTING_SIDE_PX if fitting else LONGEST_SIDE_PX)
    lines = _seam_lines(panels, seams)
    painted = tuple(paint_sheet(sheet, pattern, places, print_, ground, lines) for sheet in sheets)
    texture_of = {p: n for n, group in enumerate(groups) for p in group}
    textures = paint_across(sheets, painted, pattern.pieces, panels, seams)
    affines = [sheets[texture_of[panel.piece]].affine(panel.piece, panel.side == "back") for panel in panels]
    marker = check_marker(pattern, panels, seams, places, print_)
    main = max(groups, key=lambda group: sum(pattern.pieces[p].area_cm2 for p in group))
    garment = _garment(
        panels, seams, lay, roles, affines, [texture_of[panel.piece] for panel in panels], textures,
        tuple(cloths), cloths[groups.index(main)], sheets[0].px_per_cm, (*pattern.warnings, *_warnings(marker)),
    )  # fmt: skip
    views = [(affine, painted[texture_of[panel.piece]]) for affine, panel in zip(affines, panels, strict=True)]
    return _shown(pattern, shape, views, garment, painted, marker, _FITTING_FLAT_PX if fitting else _FLAT_PX)


def _sign(limb: str) -> float:
    return {"left": 1.0, "right": -1.0}.get(limb, 0.0)


def _tilt(grain: tuple[float, float], side: str) -> float:
    """Return the counter-clockwise degrees that bring a panel's grain upright."""
    lean = float(np.degrees(np.arctan2(grain[0], grain[1])))
    return -lean if side == "back" else lean


def _place(pattern: SewingPattern, panel: CutPanel) -> FloatArray | None:
    place = pattern.pieces[panel.piece].place
    if place is None:
        return None
    return place * np.array([-1.0, 1.0, 1.0]) if panel.side == "back" else place


def _centred(lay: Lay) -> Lay:
    """Move the garment so that its middle is at x = 0 and its highest point at y = 0."""
    laid = lay.laid_cm
    # The silhouette's middle row by row is robust against one long sleeve.
    rows = np.round(laid[:, 1]).astype(int) - int(np.floor(laid[:, 1].min()))
    low, high = np.full(rows.max() + 1, np.inf), np.full(rows.max() + 1, -np.inf)
    np.minimum.at(low, rows, laid[:, 0])
    np.maximum.at(high, rows, laid[:, 0])
    known = np.isfinite(low)
    middle = float(np.median((low[known] + high[known]) / 2))
    return replace(lay, laid_cm=laid - np.array([middle, float(laid[:, 1].max())]))


def _seam_lines(panels: Sequence[CutPanel], seams: Sequence[CutSeam]) -> dict[int, list[FloatArray]]:
    """Return the sewn edges of each piece, in its own coordinates."""
    index = {panel.name: panel for panel in panels}
    lines: dict[int, list[FloatArray]] = {}
    for seam in seams:
        if seam.kind == TURN:
            continue
        for name, edge in (seam.first, seam.second):
            panel = index[name]
            line = panel.edges[edge]
            lines.setdefault(panel.piece, []).append(line * (-1, 1) if panel.side == "back" else line)
    return lines


def _garment(
    panels: Sequence[CutPanel],
    seams: Sequence[CutSeam],
    lay: Lay,
    roles: Roles,
    affines: Sequence[FloatArray],
    textures: Sequence[int],
    pictures: tuple[ByteArray, ...],
    materials: tuple[str, ...],
    material: str,
    px_per_cm: float,
    warnings: tuple[str, ...],
) -> Garment:
    sewn_edges = {end for seam in seams for end in (seam.first, seam.second)}
    made, renamed = [], {}
    for k, panel in enumerate(panels):
        edges, names = _named_edges(k, panel, roles, sewn_edges)
        renamed.update(names)
        own = lay.panel == k
        made.append(
            Panel(
                panel.name,
                panel.side,
                edges,
                affines[k],
                texture=textures[k],
                laid=(lay.points_cm[own], lay.laid_cm[own]),
            )
        )
    side = {panel.name: panel.side for panel in panels}
    joined = tuple(
        Seam(renamed[seam.first], renamed[seam.second], reverse=side[seam.first[0]] == side[seam.second[0]])
        for seam in seams
    )
    flipped = {name: at * (1, -1) for name, at in roles.landmarks_cm.items()}
    return Garment(
        kind=roles.kind,
        panels=tuple(made),
        seams=joined,
        textures=pictures,
        landmarks_cm=roles.landmarks_cm,
        cm_per_px=1 / px_per_cm,
        scale_source=SCALE_SOURCE,
        sleeve_angle_deg=_sleeve_angle(flipped),
        material=material,
        warnings=warnings,
        texture_materials=materials if len(materials) > 1 else (),
    )


def _named_edges(
    k: int, panel: CutPanel, roles: Roles, sewn: set[tuple[str, str]]
) -> tuple[dict[str, FloatArray], dict[tuple[str, str], tuple[str, str]]]:
    """Name the panel's edges by the field's terms; neighbours of one opening become one edge."""
    items = [
        (edge, line, roles.edges.get((k, edge), ""), (panel.name, edge) in sewn) for edge, line in panel.edges.items()
    ]
    start = next((n for n in range(len(items)) if items[n][3] or items[n][2] != items[n - 1][2]), 0)
    edges: dict[str, FloatArray] = {}
    names: dict[tuple[str, str], tuple[str, str]] = {}
    before = ""
    for edge, line, role, is_sewn in [*items[start:], *items[:start]]:
        if not is_sewn and before and before.partition("~")[0] == role:
            edges[before] = np.vstack([edges[before], line[1:]])
            continue
        name = role or f"seam~{edge}"
        number = 2
        while name in edges:
            name, number = f"{role or 'seam'}~{number}", number + 1
        edges[name] = line
        names[panel.name, edge] = panel.name, name
        before = "" if is_sewn else name
    return edges, names


def _shown(
    pattern: SewingPattern,
    shape: Shape,
    views: Sequence[tuple[FloatArray, ByteArray]],
    garment: Garment,
    sheets: tuple[ByteArray, ...],
    marker: Mapping[str, Any],
    longest_px: int,
) -> Sewn:
    lay, panels = shape.lay, shape.panels
    low, high = lay.laid_cm.min(0) - _MARGIN_CM, lay.laid_cm.max(0) + _MARGIN_CM
    px_per_cm = min(20.0, longest_px / float((high - low).max()))
    width, height = (int(value) for value in np.ceil((high - low) * px_per_cm))
    canvas = Canvas((height, width), px_per_cm, (float(low[0]), float(low[1])))
    front, front_alpha = paint_lay(lay, panels, "front", views, canvas)
    back, back_alpha = paint_lay(lay, panels, "back", views, canvas)
    # Where a front neckline is cut out, the inside of the back shows.
    rgb = np.where((front_alpha > 0)[..., None], front, back)
    alpha = np.maximum(front_alpha, back_alpha)
    marks_px = {name: canvas.to_pixels(at[None])[0] for name, at in shape.roles.landmarks_cm.items()}
    return Sewn(
        FlatLay(pattern.name, pattern.sha256, rgb, alpha),
        Cutout(alpha, "alpha", 1.0),
        Landmarks(marks_px, dict.fromkeys(marks_px, 1.0)),
        np.where((back_alpha > 0)[..., None], back, front),
        garment,
        sheets,
        marker,
    )


def _warnings(marker: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a warning of the worst mismatch of the print at a plain seam, if it exceeds ``_APART_CM``."""
    known = [
        (seam["repeat_apart_cm"], seam["seam"])
        for seam in marker["seams"]
        if seam["repeat_apart_cm"] is not None and seam["kind"] == "seam"
    ]
    if not known or max(known)[0] <= _APART_CM:
        return ()
    apart, seam = max(known)
    return (f"the print's repeats meet {apart:.1f} cm apart at the seam {seam}; the marker check lists all seams",)


def _sleeve_angle(points: Mapping[str, FloatArray]) -> float:
    """Return the mean angle of the sleeves below the horizontal in degrees; 45 without sleeves."""
    angles = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        names = [f"{n}_{side}" for n in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
        if not all(name in points for name in names):
            continue
        shoulder, armpit, outer, inner = (points[name] for name in names)
        way = (outer + inner) / 2 - (shoulder + armpit) / 2
        if np.linalg.norm(way) > 0.3 * np.linalg.norm(shoulder - armpit):
            angles.append(np.degrees(np.arctan2(way[1], way[0] * sign)))
    return float(np.clip(np.mean(angles), 0, 90)) if angles else 45.0
