"""Parts from which blocks are drafted: edges, seams, trims, and shapes that several blocks share; in centimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from vmodel.types import BodyMeasurements, FloatArray, GarmentKind, Seam

Point = tuple[float, float]
Edges = dict[str, FloatArray]
_STEPS: Final = 32
OPENINGS: Final = frozenset(
    {"neck", "waist", "hem", "cuff_left", "cuff_right", "armhole_left", "armhole_right", "leg_left", "leg_right"}
    | {"front_opening_left", "front_opening_right"}
)
"""Edges that are sewn to nothing."""
_ANGLES: Final = 18.0, 48.0


@dataclass(frozen=True)
class Trim:
    """A visible part that is sewn on: it gets the trim's colour, or lines of thread.

    Attributes:
        kind: "band" along an edge, "stitch" line, "button", "pocket", "hood" that lies down.
        line_cm: (n, 2) float64; a single point for a button.
        width_cm: of a band, or across a button.
        colour: sRGB 0..255 of its own; None for the garment's trim colour, and for thread that darkens the cloth.
    """

    kind: str
    line_cm: FloatArray
    width_cm: float = 0.0
    colour: tuple[int, int, int] | None = None


class Band(NamedTuple):
    """Strip along an edge that draws the cloth in: a rib, or gathers over elastic.

    Attributes:
        height_cm: across the strip, the same everywhere along it.
        share: of its cut length that the strip relaxes to, 0..1.
    """

    height_cm: float
    share: float


@dataclass(frozen=True)
class Piece:
    """One piece of cloth that a front or a back is cut in.

    Attributes:
        name: of its own.
        side: "front" or "back".
        edges: see ``vmodel.types.Panel``; of a back seen from the front.
        laid: see ``vmodel.types.Panel``; None where the piece is the whole side.
    """

    name: str
    side: str
    edges: Edges
    laid: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True)
class Block:
    """A garment that was cut.

    Attributes:
        kind: what it is.
        front, back: edges of the panels, see ``vmodel.types.Panel``.
        landmarks_cm: as ``vmodel.types.Landmarks`` names them.
        sleeves: for each sleeve its outline, and the way from shoulder to cuff that its grain follows.
        trims: what shows on the front, and on the back.
        material: name in the drape's materials.
        sleeve_angle_deg: below the horizontal.
        elastic, bands: as ``vmodel.types.Panel`` has them, for both panels.
    """

    kind: GarmentKind
    front: Edges
    back: Edges
    landmarks_cm: Mapping[str, FloatArray]
    material: str
    sleeves: tuple[tuple[FloatArray, FloatArray], ...] = ()
    trims: Mapping[str, tuple[Trim, ...]] = field(default_factory=dict)
    sleeve_angle_deg: float = 45.0
    elastic: Mapping[str, float] = field(default_factory=dict)
    bands: Mapping[str, Band] = field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()
    sewn: tuple[Seam, ...] = ()

    @property
    def cut(self) -> tuple[Piece, ...]:
        """Pieces that are sewn together."""
        return self.pieces or (Piece("front", "front", self.front), Piece("back", "back", self.back))

    @property
    def seams(self) -> tuple[Seam, ...]:
        """Seams of the pieces; by default, every edge of the front that is no opening, sewn to the back's."""
        if self.sewn:
            return self.sewn
        fronts = [piece for piece in self.cut if piece.side == "front"]
        return tuple(
            Seam((each.name, name), ("back", name)) for each in fronts for name in each.edges if name not in OPENINGS
        )


def edge_of(*corners: Point, bow: Point = (0.0, 0.0)) -> FloatArray:
    """Make a polyline of equal shares, bowed sideways in its middle."""
    given = np.array(corners, np.float64)
    steps = np.linspace(0, len(given) - 1, _STEPS)
    line = np.stack([np.interp(steps, np.arange(len(given)), given[:, axis]) for axis in (0, 1)], axis=1)
    share = np.linspace(0, 1, _STEPS)
    return np.asarray(line + np.array(bow) * (4 * share * (1 - share))[:, None])


def mirrored_edges(edges: Edges) -> Edges:
    """Make the wearer's right half from the left half: same shape, run the other way."""
    return {name.replace("left", "right"): (line * (-1, 1))[::-1] for name, line in reversed(edges.items())}


def parted(front: Edges, top: float, foot: float) -> tuple[Piece, Piece]:
    """Split a front that is open from neck to hem into two halves, each with a free edge of its own.

    Args:
        front: edges of the whole front, with one neck and one hem.
        top: how far from the middle both edges begin at the neck, cm.
        foot: how far from it they end at the hem, cm.
    """
    right = _turned(_left_half(_turned(front), top, foot))
    return Piece("front_left", "front", _left_half(front, top, foot)), Piece("front_right", "front", right)


def _left_half(front: Edges, top: float, foot: float) -> Edges:
    half: Edges = {}
    for name, line in front.items():
        if name == "neck":
            half["neck"], low = _beyond(line, top), _beyond(front["hem"], foot)[0]
            half["front_opening_left"] = edge_of(as_point(half["neck"][-1]), as_point(low))
        elif name == "hem" or name.endswith("left"):
            half[name] = _beyond(line, foot) if name == "hem" else line
    return half


def _turned(edges: Edges) -> Edges:
    """Mirror a whole side or a half, and exchange left and right in the names."""
    return {_other_side(name): (line * (-1, 1))[::-1] for name, line in reversed(edges.items())}


def _beyond(line: FloatArray, x: float) -> FloatArray:
    """Return the part of a line across the front that lies to the left of the wearer's ``x``."""
    rising = line if line[0, 0] < line[-1, 0] else line[::-1]
    end = np.array([x, np.interp(x, rising[:, 0], rising[:, 1])])
    part = np.vstack([end, rising[rising[:, 0] > x + 1e-6]])
    return np.asarray(part if rising is line else part[::-1])


def _other_side(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


def both_sides(landmarks: Mapping[str, Point]) -> dict[str, FloatArray]:
    """Return landmarks of the left side and their mirror images."""
    found: dict[str, FloatArray] = {}
    for name, (x, y) in landmarks.items():
        found[name] = np.array([x, y], np.float64)
        if name.endswith("_left"):
            found[name.replace("left", "right")] = np.array([-x, y], np.float64)
    return found


def as_point(place: FloatArray) -> Point:
    """Convert an array of two to a pair."""
    return float(place[0]), float(place[1])


@dataclass(frozen=True)
class Upper:
    """Measures in cm of a garment with sleeves, lying flat; the origin is the middle of the neck."""

    half_chest: float
    half_hem: float
    length: float
    shoulder: float
    depth: float
    neck: float
    drop: float
    sleeve: float
    cuff: float
    angle: float
    waist: float = 0.0


def upper_edges(cut: Upper) -> tuple[Edges, Edges, dict[str, FloatArray], tuple[tuple[FloatArray, FloatArray], ...]]:
    """Draft front, back, landmarks and sleeves of a cut."""
    slope = 0.24 * (cut.shoulder - cut.neck) + 0.6
    shoulder = np.array([cut.shoulder, -slope])
    armpit = np.array([cut.half_chest, -slope - cut.depth])
    turn = np.radians(cut.angle)
    axis = np.array([np.cos(turn), -np.sin(turn)])
    across = np.array([axis[1], -axis[0]])
    middle = (shoulder + armpit) / 2 + axis * cut.sleeve
    inner, outer = middle + across * cut.cuff / 2, middle - across * cut.cuff / 2
    hem: Point = (cut.half_hem, -cut.length)
    waist: Point = (cut.waist or (cut.half_hem + cut.half_chest) / 2 - 0.6, -cut.length * 0.6)
    side = edge_of(hem, waist, as_point(armpit)) if cut.waist else edge_of(hem, as_point(armpit), bow=(-0.8, 0))
    left = {
        "side_left": side,
        "sleeve_under_left": edge_of(as_point(armpit), as_point(inner), bow=(0.4, -0.6)),
        "cuff_left": edge_of(as_point(inner), as_point(outer)),
        "sleeve_top_left": edge_of(as_point(outer), as_point(shoulder), bow=(0.3, 0.5)),
        "shoulder_left": edge_of(as_point(shoulder), (cut.neck, 0.0)),
    }
    low = {"hem": edge_of((-cut.half_hem, -cut.length), hem, bow=(0, -1.2))}
    front = {**low, **left, "neck": edge_of((cut.neck, 0), (-cut.neck, 0), bow=(0, -cut.drop)), **mirrored_edges(left)}
    back = {**low, **left, "neck": edge_of((cut.neck, 0), (-cut.neck, 0), bow=(0, -2.0)), **mirrored_edges(left)}
    marks = {
        "neck_left": (cut.neck, 0.0), "shoulder_left": as_point(shoulder), "armpit_left": as_point(armpit),
        "cuff_outer_left": as_point(outer), "cuff_inner_left": as_point(inner), "hem_left": hem, "waist_left": waist,
        "neck_front": (0.0, -cut.drop), "neck_back": (0.0, -2.0),
    }  # fmt: skip
    outline = np.array([shoulder, outer, inner, armpit])
    sleeves = ((outline, axis), (outline * (-1, 1), axis * (-1, 1)))
    return front, back, both_sides(marks), sleeves


def fitted(body: BodyMeasurements, ease: float, longer: float = 0.0, wide: float = 0.0) -> Upper:
    """Draft a top with short sleeves that reaches the hip.

    Args:
        body: the wearer.
        ease: girth at the chest beyond the body's.
        longer: cm below the hip.
        wide: cm that the shoulder seam lies outside of the shoulder point.
    """
    torso = body.neck_height - body.hip_height
    half_chest = (body.chest + ease) / 4
    return Upper(
        half_chest=half_chest,
        half_hem=max(half_chest, (body.hip + 0.6 * ease) / 4),
        length=1.06 * torso + longer,
        shoulder=min(body.shoulder_width / 2 + 0.6 + wide, half_chest - 1.5),
        depth=0.2 * body.chest + 0.12 * ease,
        neck=0.25 * body.neck + 0.4,
        drop=0.26 * body.neck,
        sleeve=0.36 * body.arm_length,
        cuff=0.155 * body.chest + 0.25 * ease,
        angle=40.0,
    )


def with_long_sleeves(cut: Upper, length: float, cuff: float, around: float) -> Upper:
    """Give the cut sleeves that leave room for an arm: they hang at the angle at which they are wide enough.

    Lying flat, a sleeve that hangs more steeply from the same armhole is narrower.

    Args:
        cut: any.
        length: of the sleeve, from the middle of the armhole.
        cuff: flat width at the wrist.
        around: flat width at the armpit, across the sleeve.
    """
    across, deep = cut.half_chest - cut.shoulder, cut.depth
    widest = float(np.hypot(across, deep))
    angle = float(np.degrees(np.arccos(min(1.0, around / widest)) - np.arctan2(across, deep)))
    return replace(cut, sleeve=length, cuff=cuff, angle=float(np.clip(angle, *_ANGLES)))


def jersey_trims(front: Edges, back: Edges, ribbed: tuple[str, ...], width: float = 1.8) -> dict[str, tuple[Trim, ...]]:
    """Make ribbed bands along some openings and stitched hems along the others."""
    trims = {}
    for side, edges in (("front", front), ("back", back)):
        found = [Trim("band", edges[name], width) for name in edges if name.removesuffix("_left") in ribbed]
        found += [Trim("band", edges[name], width) for name in edges if name.endswith("right") and name[:-6] in ribbed]
        others = [name for name in edges if name in OPENINGS and not any(name.startswith(word) for word in ribbed)]
        trims[side] = (*found, *(Trim("stitch", edges[name], 2.0) for name in others))
    return trims


def buttoned(front: Edges, back: Edges, top: float, low: float, gap: float, band: float) -> dict[str, tuple[Trim, ...]]:
    """Make the trims of a front that is closed with buttons; ``top`` and ``low`` are heights in cm."""
    count = max(3, round((top - low) / gap))
    lines = [Trim("line", edge_of((side * band, top), (side * band, low - gap))) for side in (-1, 1)]
    buttons = [Trim("button", np.array([[0.0, y]]), 1.3) for y in np.linspace(top - 2, low, count)]
    hems = {side: [Trim("stitch", edges["hem"], 2.0)] for side, edges in (("front", front), ("back", back))}
    return {"front": (*hems["front"], *lines, *buttons), "back": tuple(hems["back"])}


def hooded(
    front: Edges, back: Edges, cut: Upper, rib_cm: float, cords: bool = True
) -> tuple[Edges, Edges, dict[str, tuple[Trim, ...]]]:
    """Draft a hood that is worn down: it rises round the neck, is open in front, and lies on the back.

    The standing part belongs to the panels and hangs as cloth does; the bag on the back is drawn on the back panel.

    Args:
        front: edges with a neck from (neck, 0) to (-neck, 0).
        back: the same.
        cut: measures from which they were drafted.
        rib_cm: width of the bands at cuffs and hem.
        cords: whether two hang in front.
    Returns:
        Front and back, and the trims of each.
    """
    trims = jersey_trims(_without_neck(front), _without_neck(back), ("cuff", "hem"), rib_cm)
    rise, lean, deep, half = 0.19 * cut.neck + 5.0, 0.2 * cut.neck + 1.2, 2.3 * cut.neck + 7.0, 1.35 * cut.neck + 3.0
    top = (cut.neck + lean, rise)
    stand = {"stand_left": edge_of((cut.neck, 0.0), top, bow=(0.5, 0.0))}
    front_neck = edge_of(top, (-top[0], rise), bow=(0, -rise - 0.75 * cut.drop))
    back_neck = edge_of(top, (-top[0], rise), bow=(0, 0.8))
    seam = Trim("line", edge_of((cut.neck, 0), (-cut.neck, 0), bow=(0, -cut.drop)))
    hanging = [
        Trim("band", edge_of((x, -0.95 * cut.drop), (1.4 * x, -cut.drop - 15.0), bow=(0.3 * x, 0)), 0.28)
        for x in ((-2.6, 2.6) if cords else ())
    ]
    bag = edge_of((cut.neck + 1.0, 0.6), (half, -0.35 * deep), (0.62 * half, -0.9 * deep), (0.0, -deep))
    whole = np.concatenate([smooth_corners(bag), smooth_corners(bag)[-2::-1] * (-1, 1)])
    middle = Trim("line", edge_of((0.0, rise), (0.0, -deep)))
    shown = {
        "front": (*trims["front"], seam, Trim("band", front_neck, 2.0), *hanging),
        "back": (*trims["back"], Trim("hood", whole), middle, Trim("band", back_neck, 2.0)),
    }
    return _with_neck(front, stand, front_neck), _with_neck(back, stand, back_neck), shown


def _without_neck(edges: Edges) -> Edges:
    return {name: line for name, line in edges.items() if name != "neck"}


def _with_neck(edges: Edges, stand: Edges, neck: FloatArray) -> Edges:
    """Replace the neck by a standing one."""
    found: Edges = {}
    for name, line in edges.items():
        found |= {**stand, "neck": neck, **mirrored_edges(stand)} if name == "neck" else {name: line}
    return found


def pouch(cut: Upper) -> Trim:
    """Make the pocket of a sweatshirt, for both hands."""
    width, top, low = 0.62 * cut.half_chest, -0.62 * cut.length, -cut.length + 5.5
    corners = [
        (-width, low),
        (-width, low + 5),
        (-0.6 * width, top),
        (0.6 * width, top),
        (width, low + 5),
        (width, low),
    ]
    return Trim("pocket", np.array([*corners, corners[0]], np.float64))


def smooth_corners(line: FloatArray) -> FloatArray:
    """Round the corners of a line; its ends stay."""
    found = line.copy()
    for _ in range(24):
        found[1:-1] = (found[:-2] + 2 * found[1:-1] + found[2:]) / 4
    return found
