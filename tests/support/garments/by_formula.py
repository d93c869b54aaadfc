"""Garments cut by formula, in centimetres: real patterns for tests that need no photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vmodel.types import Category, FloatArray, Garment, GarmentKind, Length, Neckline, Panel, Seam, Sleeve

PX_PER_CM = 8.0
Points = Sequence[tuple[float, float]]


def _edge(*points: tuple[float, float], bow: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """Return a polyline, bowed sideways in its middle."""
    corners = np.array(points, float)
    steps = np.linspace(0, len(corners) - 1, 24)
    line = np.stack([np.interp(steps, np.arange(len(corners)), corners[:, k]) for k in (0, 1)], axis=1)
    share = np.linspace(0, 1, 24)
    return line + np.array(bow) * (4 * share * (1 - share))[:, None]


def _mirror(edges: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the wearer's right half from the left half: same shape, mirrored, in reverse direction."""
    return {name.replace("left", "right"): (points * (-1, 1))[::-1] for name, points in reversed(edges.items())}


def _texture(panels: Sequence[Mapping[str, FloatArray]], colour: tuple[int, int, int]) -> tuple[FloatArray, FloatArray]:
    points = np.concatenate([e for panel in panels for e in panel.values()])
    low, high = points.min(0) - 2, points.max(0) + 2
    size = np.ceil((high - low) * PX_PER_CM).astype(int)
    y, x = np.mgrid[: size[1], : size[0]]
    check = ((x // 32 + y // 32) % 2)[..., None]
    picture = np.clip(np.array(colour) * (0.8 + 0.25 * check), 0, 255).astype(np.uint8)
    affine = np.array([[PX_PER_CM, 0, -low[0] * PX_PER_CM], [0, -PX_PER_CM, high[1] * PX_PER_CM]])
    return picture, affine


def _garment(
    kind: GarmentKind,
    fronts: Mapping[str, Mapping[str, FloatArray]],
    back: Mapping[str, FloatArray],
    seams: Sequence[Seam],
    landmarks: Mapping[str, tuple[float, float]],
    colour: tuple[int, int, int],
    *,
    angle: float = 45.0,
    material: str = "jersey",
) -> Garment:
    picture, affine = _texture([*fronts.values(), back], colour)
    panels = [Panel(name, "front", edges, affine) for name, edges in fronts.items()]
    panels.append(Panel("back", "back", back, affine, texture=1))
    both = {}
    for name, (x, y) in landmarks.items():
        both[name] = np.array([x, y], float)
        if name.endswith("_left"):
            both[name.replace("left", "right")] = np.array([-x, y], float)
    darker = (picture * 0.85).astype(np.uint8)
    return Garment(kind, tuple(panels), tuple(seams), (picture, darker), both, 1 / PX_PER_CM, "width", angle, material)


def _sewn(names: Sequence[str]) -> list[Seam]:
    return [Seam(("front", name), ("back", name)) for name in names]


def tee(
    *,
    half_width: float = 46 / 2,
    length: float = 62.0,
    sleeve_length: float = 20.0,
    angle: float = 40.0,
    cuff: float = 17.0,
    neck_half: float = 9.0,
    material: str = "jersey",
    colour: tuple[int, int, int] = (70, 120, 190),
) -> Garment:
    """Cut a T-shirt; the origin lies at the middle of the neck, y upwards."""
    slope = 4.5
    shoulder = np.array([half_width - 3.0, -slope])
    armpit = np.array([half_width, -slope - 20.0])
    axis = np.array([np.cos(np.radians(angle)), -np.sin(np.radians(angle))])
    across = np.array([axis[1], -axis[0]])
    middle = (shoulder + armpit) / 2 + axis * sleeve_length
    inner, outer = middle + across * cuff / 2, middle - across * cuff / 2
    p = lambda v: (float(v[0]), float(v[1]))  # noqa: E731
    left = {
        "side_left": _edge((half_width, -length), p(armpit), bow=(-0.8, 0)),
        "sleeve_under_left": _edge(p(armpit), p(inner)),
        "cuff_left": _edge(p(inner), p(outer)),
        "sleeve_top_left": _edge(p(outer), p(shoulder)),
        "shoulder_left": _edge(p(shoulder), (neck_half, 0)),
    }
    hem = {"hem": _edge((-half_width, -length), (half_width, -length))}
    front = {**hem, **left, "neck": _edge((neck_half, 0), (-neck_half, 0), bow=(0, -9.0)), **_mirror(left)}
    back = {**hem, **left, "neck": _edge((neck_half, 0), (-neck_half, 0), bow=(0, -2.0)), **_mirror(left)}
    sleeve = Sleeve.LONG if sleeve_length > 35 else Sleeve.SHORT
    marks = {
        "neck_left": (neck_half, 0), "shoulder_left": p(shoulder), "armpit_left": p(armpit),
        "cuff_outer_left": p(outer), "cuff_inner_left": p(inner), "hem_left": (half_width, -length),
        "waist_left": (half_width - 0.8, -length * 0.6), "neck_front": (0, -9.0), "neck_back": (0, -2.0),
    }  # fmt: skip
    sewn = [name for name in left if not name.startswith("cuff")]
    seams = _sewn(sewn + [name.replace("left", "right") for name in sewn])
    kind = GarmentKind(Category.TOP, 1.0, sleeve, Neckline.CREW, Length.HIP, stated=True)
    return _garment(kind, {"front": front}, back, seams, marks, colour, angle=angle, material=material)


def long_sleeve(**changes: float) -> Garment:
    """Cut a long-sleeved jersey top."""
    return tee(**{"sleeve_length": 50.0, "cuff": 11.0, "angle": 55.0, "colour": (150, 70, 80), **changes})  # type: ignore[arg-type]


def trousers(
    *,
    half_waist: float = 37.0,
    half_hip: float = 49.0,
    rise: float = 27.0,
    inseam: float = 76.0,
    opening: float = 19.0,
    spread: float = 12.0,
    material: str = "cotton",
    colour: tuple[int, int, int] = (120, 130, 90),
) -> Garment:
    """Cut trousers (or shorts, with a short inseam); the origin lies at the middle of the waist."""
    crotch = (0.0, -rise)
    bottom = -rise - inseam
    left = {
        "inseam_left": _edge((spread - opening / 2, bottom), crotch)[::-1],
        "leg_left": _edge((spread - opening / 2, bottom), (spread + opening / 2, bottom)),
        "side_left": _edge((spread + opening / 2, bottom), (half_hip / 2, -rise * 0.75), (half_waist / 2, 0)),
    }
    loop = {**left, "waist": _edge((half_waist / 2, 0), (-half_waist / 2, 0)), **_mirror(left)}
    marks = {
        "waist_left": (half_waist / 2, 0), "hip_left": (half_hip / 2, -rise * 0.75), "crotch": crotch,
        "leg_outer_left": (spread + opening / 2, bottom), "leg_inner_left": (spread - opening / 2, bottom),
    }  # fmt: skip
    names = ["inseam_left", "side_left", "side_right", "inseam_right"]
    category = Category.TROUSERS if inseam > 40 else Category.SHORTS
    kind = GarmentKind(category, 1.0, length=Length.ANKLE if inseam > 60 else Length.KNEE, stated=True)
    return _garment(kind, {"front": loop}, loop, _sewn(names), marks, colour, material=material)


def shorts(**changes: float) -> Garment:
    """Cut cotton shorts."""
    return trousers(**{"inseam": 16.0, "opening": 29.0, "spread": 14.0, **changes})  # type: ignore[arg-type]


def camisole(
    *, half_width: float = 44 / 2, length: float = 58.0, strap: float = 1.6, material: str = "silk"
) -> Garment:
    """Cut a top on two straps; the straps are sewn at the shoulder and the armhole is open."""
    inner, outer, top, armpit = 7.0, 7.0 + strap, -17.0, -22.0
    left = {
        "side_left": _edge((half_width + 2, -length), (half_width, armpit)),
        "armhole_left": _edge((half_width, armpit), (outer + 2.2, top), (outer, 0)),
        "strap_left": _edge((outer, 0), (inner, 0)),
    }
    hem = {"hem": _edge((-half_width - 2, -length), (half_width + 2, -length))}
    neck = _edge((inner, 0), (inner + 0.3, top), (0, top - 3), (-inner - 0.3, top), (-inner, 0))
    loop = {**hem, **left, "neck": neck, **_mirror(left)}
    marks = {
        "neck_left": (inner, 0), "shoulder_left": (outer, 0), "armpit_left": (half_width, armpit),
        "cuff_outer_left": (outer, 0), "cuff_inner_left": (half_width, armpit), "hem_left": (half_width + 2, -length),
        "neck_front": (0, top - 3),
    }  # fmt: skip
    kind = GarmentKind(Category.TOP, 1.0, Sleeve.STRAP, Neckline.SCOOP, Length.HIP, stated=True)
    names = ["side_left", "side_right", "strap_left", "strap_right"]
    return _garment(kind, {"front": loop}, loop, _sewn(names), marks, (190, 50, 60), angle=60, material=material)


def dress(
    *, half_bust: float = 23.0, half_waist: float = 20.0, half_hip: float = 26.0, half_hem: float = 25.0,
    length: float = 95.0, material: str = "cotton",
) -> Garment:  # fmt: skip
    """Cut a sleeveless dress: a sheath, or flared with a wide hem."""
    armpit = (half_bust, -23.0)
    left = {
        "side_left": _edge((half_hem, -length), (half_hip, -62), (half_waist, -40), armpit),
        "armhole_left": _edge(armpit, (17.5, -14), (18.5, -3.5)),
        "shoulder_left": _edge((18.5, -3.5), (9.0, 0)),
    }
    hem = {"hem": _edge((-half_hem, -length), (half_hem, -length), bow=(0, -2.0))}
    front = {**hem, **left, "neck": _edge((9, 0), (-9, 0), bow=(0, -10.0)), **_mirror(left)}
    back = {**hem, **left, "neck": _edge((9, 0), (-9, 0), bow=(0, -2.5)), **_mirror(left)}
    marks = {
        "neck_left": (9, 0), "shoulder_left": (18.5, -3.5), "armpit_left": armpit, "cuff_outer_left": (18.5, -3.5),
        "cuff_inner_left": armpit, "waist_left": (half_waist, -40), "hem_left": (half_hem, -length),
    }  # fmt: skip
    kind = GarmentKind(Category.DRESS, 1.0, Sleeve.NONE, Neckline.SCOOP, Length.KNEE, stated=True)
    names = [name for name in [*left, *_mirror(left)] if not name.startswith("armhole")]
    return _garment(kind, {"front": front}, back, _sewn(names), marks, (60, 60, 70), angle=60, material=material)


def skirt(*, half_waist: float = 36.0, half_hem: float = 42.0, length: float = 60.0, material: str = "silk") -> Garment:
    """Cut a flared skirt; ``half_waist`` is the waistband lying flat."""
    left = {"side_left": _edge((half_hem, -length + 6), (half_waist / 2, 0))}
    hem = {"hem": _edge((-half_hem, -length + 6), (half_hem, -length + 6), bow=(0, -8.0))}
    loop = {**hem, **left, "waist": _edge((half_waist / 2, 0), (-half_waist / 2, 0)), **_mirror(left)}
    marks = {"waist_left": (half_waist / 2, 0), "hem_left": (half_hem, -length + 6)}
    kind = GarmentKind(Category.SKIRT, 1.0, length=Length.KNEE, stated=True)
    names = ["side_left", "side_right"]
    return _garment(kind, {"front": loop}, loop, _sewn(names), marks, (200, 150, 70), material=material)


def open_jacket(*, half_width: float = 27.0, length: float = 68.0, material: str = "coat-wool") -> Garment:
    """Cut a long-sleeved jacket worn open: two front panels whose front edges are free."""
    whole = tee(half_width=half_width, length=length, sleeve_length=52, angle=55, cuff=14, material=material)
    edges = whole.panels[0].edges
    left = {n: e for n, e in edges.items() if n.endswith("left")}
    start = (0.4, -length)
    panel = {
        "hem": _edge(start, (half_width, -length)),
        **left,
        "neck": _edge((9.0, 0), (4.0, -12.0), (0.4, -22.0)),
        "front_opening_left": _edge((0.4, -22.0), start),
    }
    affine = whole.panels[0].panel_to_texture
    right_edges = {name.replace("left", "right"): e for name, e in _mirror(panel).items()}
    panels = (
        Panel("front_left", "front", panel, affine),
        Panel("front_right", "front", right_edges, affine),
        whole.panels[1],
    )
    seams = [
        Seam((f"front_{side}", name.replace("left", side)), ("back", name.replace("left", side)))
        for side in ("left", "right")
        for name in left
        if not name.startswith("cuff")
    ]
    kind = GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.HIP, True, True)
    return replace(whole, kind=kind, panels=panels, seams=tuple(seams), material=material)
