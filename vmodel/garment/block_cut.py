"""Parametric blocks: garments of a small library, cut by formula to the measures of a body, in true centimetres."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from vmodel.garment.cutting import OPENINGS
from vmodel.types import BodyMeasurements, Category, FloatArray, GarmentKind, Length, Neckline, Seam, Sleeve

Point = tuple[float, float]
Edges = dict[str, FloatArray]
_STEPS: Final = 32


KINDS: Final[Mapping[str, GarmentKind]] = MappingProxyType(
    {
        "tee": GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW, Length.HIP, stated=True),
        "sweatshirt": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.CREW, Length.HIP, stated=True),
        "shirt": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.HIP, stated=True),
        "coat": GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.KNEE, stated=True),
        "dress": GarmentKind(Category.DRESS, 1.0, Sleeve.NONE, Neckline.SCOOP, Length.KNEE, stated=True),
        "skirt": GarmentKind(Category.SKIRT, 1.0, length=Length.KNEE, stated=True),
        "trousers": GarmentKind(Category.TROUSERS, 1.0, length=Length.ANKLE, stated=True),
        "shorts": GarmentKind(Category.SHORTS, 1.0, length=Length.KNEE, stated=True),
    }
)
"""What each block is."""


@dataclass(frozen=True)
class Trim:
    """Something sewn on that shows: it gets the trim's colour, or lines of thread.

    Attributes:
        kind: "band" along an edge, "stitch" line, "button", "pocket".
        line_cm: (n, 2) float64; a single point for a button.
        width_cm: of a band, or across a button.
    """

    kind: str
    line_cm: FloatArray
    width_cm: float = 0.0


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
    """

    kind: GarmentKind
    front: Edges
    back: Edges
    landmarks_cm: Mapping[str, FloatArray]
    material: str
    sleeves: tuple[tuple[FloatArray, FloatArray], ...] = ()
    trims: Mapping[str, tuple[Trim, ...]] = field(default_factory=dict)
    sleeve_angle_deg: float = 45.0

    @property
    def seams(self) -> tuple[Seam, ...]:
        """Every edge of the front that is no opening, sewn to the back's."""
        return tuple(Seam(("front", name), ("back", name)) for name in self.front if name not in OPENINGS)


def cut_block(name: str, body: BodyMeasurements) -> Block:
    """Cut a block to somebody's measures.

    Args:
        name: a key of ``BLOCKS``.
        body: whose measures.
    """
    return BLOCKS[name](body)


def _edge(*corners: Point, bow: Point = (0.0, 0.0)) -> FloatArray:
    """A polyline of equal shares, bowed sideways in its middle."""
    given = np.array(corners, np.float64)
    steps = np.linspace(0, len(given) - 1, _STEPS)
    line = np.stack([np.interp(steps, np.arange(len(given)), given[:, axis]) for axis in (0, 1)], axis=1)
    share = np.linspace(0, 1, _STEPS)
    return np.asarray(line + np.array(bow) * (4 * share * (1 - share))[:, None])


def _mirrored(edges: Edges) -> Edges:
    """The wearer's right half from the left half: same shape, run the other way."""
    return {name.replace("left", "right"): (line * (-1, 1))[::-1] for name, line in reversed(edges.items())}


def _both(landmarks: Mapping[str, Point]) -> dict[str, FloatArray]:
    """Landmarks of the left side, and their mirror images."""
    found: dict[str, FloatArray] = {}
    for name, (x, y) in landmarks.items():
        found[name] = np.array([x, y], np.float64)
        if name.endswith("_left"):
            found[name.replace("left", "right")] = np.array([-x, y], np.float64)
    return found


def _point(place: FloatArray) -> Point:
    return float(place[0]), float(place[1])


@dataclass(frozen=True)
class _Upper:
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


def _upper_edges(cut: _Upper) -> tuple[Edges, Edges, dict[str, FloatArray], tuple[tuple[FloatArray, FloatArray], ...]]:
    """Front, back, landmarks and sleeves."""
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
    side = _edge(hem, waist, _point(armpit)) if cut.waist else _edge(hem, _point(armpit), bow=(-0.8, 0))
    left = {
        "side_left": side,
        "sleeve_under_left": _edge(_point(armpit), _point(inner), bow=(0.4, -0.6)),
        "cuff_left": _edge(_point(inner), _point(outer)),
        "sleeve_top_left": _edge(_point(outer), _point(shoulder), bow=(0.3, 0.5)),
        "shoulder_left": _edge(_point(shoulder), (cut.neck, 0.0)),
    }
    low = {"hem": _edge((-cut.half_hem, -cut.length), hem, bow=(0, -1.2))}
    front = {**low, **left, "neck": _edge((cut.neck, 0), (-cut.neck, 0), bow=(0, -cut.drop)), **_mirrored(left)}
    back = {**low, **left, "neck": _edge((cut.neck, 0), (-cut.neck, 0), bow=(0, -2.0)), **_mirrored(left)}
    marks = {
        "neck_left": (cut.neck, 0.0), "shoulder_left": _point(shoulder), "armpit_left": _point(armpit),
        "cuff_outer_left": _point(outer), "cuff_inner_left": _point(inner), "hem_left": hem, "waist_left": waist,
        "neck_front": (0.0, -cut.drop), "neck_back": (0.0, -2.0),
    }  # fmt: skip
    outline = np.array([shoulder, outer, inner, armpit])
    sleeves = ((outline, axis), (outline * (-1, 1), axis * (-1, 1)))
    return front, back, _both(marks), sleeves


def _fitted(body: BodyMeasurements, ease: float, longer: float = 0.0, wide: float = 0.0) -> _Upper:
    """A top with short sleeves that reaches the hip.

    Args:
        body: the wearer.
        ease: girth at the chest beyond the body's.
        longer: cm below the hip.
        wide: cm that the shoulder seam lies outside of the shoulder point.
    """
    torso = body.neck_height - body.hip_height
    half_chest = (body.chest + ease) / 4
    return _Upper(
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


def _with(cut: _Upper, **changes: float) -> _Upper:
    return _Upper(**{**vars(cut), **changes})


def _tee(body: BodyMeasurements) -> Block:
    cut = _fitted(body, ease=12.0)
    front, back, marks, sleeves = _upper_edges(cut)
    return Block(KINDS["tee"], front, back, marks, "jersey", sleeves, _jersey_trims(front, back, ("neck",)), cut.angle)


def _jersey_trims(
    front: Edges, back: Edges, ribbed: tuple[str, ...], width: float = 1.8
) -> dict[str, tuple[Trim, ...]]:
    """Ribbed bands along some openings, stitched hems along the others."""
    trims = {}
    for side, edges in (("front", front), ("back", back)):
        found = [Trim("band", edges[name], width) for name in edges if name.removesuffix("_left") in ribbed]
        found += [Trim("band", edges[name], width) for name in edges if name.endswith("right") and name[:-6] in ribbed]
        others = [name for name in edges if name in OPENINGS and not any(name.startswith(word) for word in ribbed)]
        trims[side] = (*found, *(Trim("stitch", edges[name], 2.0) for name in others))
    return trims


def _sweatshirt(body: BodyMeasurements) -> Block:
    cut = _with(_fitted(body, ease=18.0, longer=1.0, wide=1.5), sleeve=0.93 * body.arm_length, angle=55.0)
    cut = _with(cut, cuff=0.11 * body.chest + 2.5, drop=0.2 * body.neck)
    front, back, marks, sleeves = _upper_edges(cut)
    trims = _jersey_trims(front, back, ("neck", "cuff", "hem"), 5.0)
    width, top, low = 0.62 * cut.half_chest, -0.62 * cut.length, -cut.length + 5.5
    pocket = [(-width, low), (-width, low + 5), (-0.6 * width, top), (0.6 * width, top), (width, low + 5), (width, low)]
    trims["front"] = (*trims["front"], Trim("pocket", np.array([*pocket, pocket[0]], np.float64)))
    return Block(KINDS["sweatshirt"], front, back, marks, "knit", sleeves, trims, cut.angle)


def _buttoned(
    front: Edges, back: Edges, top: float, low: float, gap: float, band: float
) -> dict[str, tuple[Trim, ...]]:
    """Trims of a front that is closed with buttons; ``top`` and ``low`` are heights in cm."""
    count = max(3, round((top - low) / gap))
    lines = [Trim("line", _edge((side * band, top), (side * band, low - gap))) for side in (-1, 1)]
    buttons = [Trim("button", np.array([[0.0, y]]), 1.3) for y in np.linspace(top - 2, low, count)]
    hems = {side: [Trim("stitch", edges["hem"], 2.0)] for side, edges in (("front", front), ("back", back))}
    return {"front": (*hems["front"], *lines, *buttons), "back": tuple(hems["back"])}


def _shirt(body: BodyMeasurements) -> Block:
    cut = _with(_fitted(body, ease=14.0, longer=4.0, wide=0.4), sleeve=0.95 * body.arm_length, angle=55.0)
    cut = _with(cut, cuff=0.1 * body.chest + 2.0, drop=0.2 * body.neck)
    front, back, marks, sleeves = _upper_edges(cut)
    trims = _buttoned(front, back, -cut.drop, -cut.length + 10, 9.0, 1.6)
    for side, edges in (("front", front), ("back", back)):
        bands = (Trim("band", edges["neck"], 3.6), *(Trim("band", edges[f"cuff_{s}"], 6.0) for s in ("left", "right")))
        trims[side] = (*bands, *trims[side])
    return Block(KINDS["shirt"], front, back, marks, "cotton", sleeves, trims, cut.angle)


def _coat(body: BodyMeasurements) -> Block:
    cut = _with(_fitted(body, ease=20.0, wide=1.0), sleeve=0.97 * body.arm_length, angle=58.0)
    length = 0.62 * body.neck_height
    half_hem = (body.hip + 32.0) / 4
    cut = _with(cut, cuff=0.13 * body.chest + 2.5, drop=0.46 * body.neck, length=length, half_hem=half_hem)
    front, back, marks, sleeves = _upper_edges(cut)
    trims = _buttoned(front, back, -cut.drop - 3, -0.72 * length, 13.0, 3.0)
    trims = {
        side: (Trim("band", edges["neck"], 7.0), *trims[side]) for side, edges in (("front", front), ("back", back))
    }
    return Block(KINDS["coat"], front, back, marks, "coat-wool", sleeves, trims, cut.angle)


def _dress(body: BodyMeasurements) -> Block:
    slope, half = 3.0, (body.chest + 6.0) / 4
    shoulder, neck = body.shoulder_width / 2 - 0.8, 0.25 * body.neck + 1.0
    waist_y, hip_y = -(body.neck_height - body.waist_height), -(body.neck_height - body.hip_height)
    low = -0.66 * body.neck_height
    armpit = (half, -slope - 0.2 * body.chest)
    waist, hip, hem = (body.waist + 8.0) / 4, (body.hip + 8.0) / 4, (body.hip + 44.0) / 4
    left = {
        "side_left": _edge((hem, low), (hip + 0.5, hip_y), (waist, waist_y), armpit),
        "armhole_left": _edge(armpit, (shoulder - 1.0, 0.55 * (armpit[1] - slope)), (shoulder, -slope)),
        "shoulder_left": _edge((shoulder, -slope), (neck, 0.0)),
    }
    bottom = {"hem": _edge((-hem, low), (hem, low), bow=(0, -3.0))}
    front = {**bottom, **left, "neck": _edge((neck, 0), (-neck, 0), bow=(0, -0.3 * body.neck)), **_mirrored(left)}
    back = {**bottom, **left, "neck": _edge((neck, 0), (-neck, 0), bow=(0, -2.5)), **_mirrored(left)}
    marks = {
        "neck_left": (neck, 0.0), "shoulder_left": (shoulder, -slope), "armpit_left": armpit, "hem_left": (hem, low),
        "cuff_outer_left": (shoulder, -slope), "cuff_inner_left": armpit, "waist_left": (waist, waist_y),
        "neck_front": (0.0, -0.3 * body.neck), "neck_back": (0.0, -2.5),
    }  # fmt: skip
    trims = _jersey_trims(front, back, ("neck", "armhole"), 1.0)
    return Block(KINDS["dress"], front, back, _both(marks), "cotton", (), trims, 60.0)


def _skirt(body: BodyMeasurements) -> Block:
    half_waist, low = _seat(body) / 4, -0.56 * body.waist_height
    half_hip, half_hem = (body.hip + 6.0) / 4, (body.hip + 52.0) / 4
    hip_y = -(body.waist_height - body.hip_height)
    left = {"side_left": _edge((half_hem, low), (half_hip + 0.6, hip_y), (half_waist, 0.0))}
    loop = {
        "hem": _edge((-half_hem, low), (half_hem, low), bow=(0, -5.0)),
        **left,
        "waist": _edge((half_waist, 0.0), (-half_waist, 0.0)),
        **_mirrored(left),
    }
    marks = {"waist_left": (half_waist, 0.0), "hip_left": (half_hip, hip_y), "hem_left": (half_hem, low)}
    return Block(
        KINDS["skirt"], loop, dict(loop), _both(marks), "cotton", (), _jersey_trims(loop, loop, ("waist",), 3.5)
    )


def _seat(body: BodyMeasurements) -> float:
    """Girth where a waistband sits, a little below the natural waist."""
    return body.waist + 0.3 * (body.hip - body.waist) + 1.0


def _legs(body: BodyMeasurements, inseam: float, opening: float, spread: float, name: str) -> Block:
    half_waist, half_hip = _seat(body) / 4, (body.hip + 7.0) / 4
    rise = 0.97 * (body.waist_height - body.inseam)
    crotch, bottom = (0.0, -rise), -rise - inseam
    hip_y = -0.75 * rise
    left = {
        "inseam_left": _edge(crotch, (spread - opening / 2, bottom)),
        "leg_left": _edge((spread - opening / 2, bottom), (spread + opening / 2, bottom)),
        "side_left": _edge((spread + opening / 2, bottom), (half_hip, hip_y), (half_waist, 0.0)),
    }
    loop = {**left, "waist": _edge((half_waist, 0.0), (-half_waist, 0.0)), **_mirrored(left)}
    marks = {
        "waist_left": (half_waist, 0.0), "hip_left": (half_hip, hip_y), "crotch": crotch,
        "leg_outer_left": (spread + opening / 2, bottom), "leg_inner_left": (spread - opening / 2, bottom),
    }  # fmt: skip
    return Block(KINDS[name], loop, dict(loop), _both(marks), "cotton", (), _jersey_trims(loop, loop, ("waist",), 3.5))


def _trousers(body: BodyMeasurements) -> Block:
    return _legs(body, 0.93 * body.inseam, 0.2 * body.hip, 0.125 * body.hip, "trousers")


def _shorts(body: BodyMeasurements) -> Block:
    return _legs(body, 0.22 * body.inseam, 0.3 * body.hip, 0.155 * body.hip, "shorts")


BLOCKS: Final[Mapping[str, Callable[[BodyMeasurements], Block]]] = MappingProxyType(
    {
        "tee": _tee,
        "shirt": _shirt,
        "sweatshirt": _sweatshirt,
        "dress": _dress,
        "skirt": _skirt,
        "trousers": _trousers,
        "shorts": _shorts,
        "coat": _coat,
    }
)
"""Name -> what cuts it."""
