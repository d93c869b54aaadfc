"""Landmarks of a garment: which ones a kind has, their order round the outline, and files of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from vmodel.errors import LandmarksInvalid
from vmodel.types import Category, FloatArray, GarmentKind, Landmarks, Neckline, Sleeve

KNOWN = (
    *("neck_left", "neck_right", "neck_front", "neck_back", "shoulder_left", "shoulder_right"),
    *("cuff_outer_left", "cuff_outer_right", "cuff_inner_left", "cuff_inner_right"),
    *("armpit_left", "armpit_right", "waist_left", "waist_right", "hem_left", "hem_right"),
    *("hip_left", "hip_right", "crotch", "leg_outer_left", "leg_outer_right", "leg_inner_left", "leg_inner_right"),
    *("waist_front", "hem_mid"),
)
BESIDE = ("neck", "shoulder", "armpit", "waist", "hem")
"""Landmarks whose two sides no fold brings across each other, as it does cuffs and leg ends."""
ABOVE = (("neck", "hem"), ("shoulder", "hem"), ("armpit", "hem"), ("neck", "leg_outer"), ("waist", "hem"),
         ("waist", "leg_outer"), ("waist", "leg_inner"))  # fmt: skip
"""Landmarks of one side that lie above one another on every garment that hangs or lies upright."""


def stem(name: str) -> str:
    """Return the landmark's name without its side."""
    return name.removesuffix("_left").removesuffix("_right")


def mirrored(name: str) -> str:
    """Return the same landmark on the other side."""
    if name.endswith("_left"):
        return f"{stem(name)}_right"
    return f"{stem(name)}_left" if name.endswith("_right") else name


_SEEN_WAIST: Final = 0.3
"""Least confidence of a waist that a photo shows; those of straight sides have half of it."""
_WAIST_AT: Final = 0.3
"""Place of any other waist, as a share of the way from the armpit to the lower end."""


def loop_order(kind: GarmentKind) -> tuple[str, ...]:
    """Return the landmarks that end the outline's edges, counter-clockwise (y up) from the photo's top right."""
    legs = ("leg_outer_right", "leg_inner_right", "crotch", "leg_inner_left", "leg_outer_left")
    if not kind.category.covers_upper:
        low = ("hem_right", "hem_left") if kind.category == Category.SKIRT else legs
        return ("waist_left", "waist_right", *low)
    low = legs if kind.category.has_legs else ("hem_right", "hem_left")
    if kind.neckline == Neckline.STRAPLESS:
        return ("neck_left", "neck_right", *low)
    right: tuple[str, ...] = ("shoulder_right",)
    if kind.sleeve not in {Sleeve.NONE, Sleeve.STRAP}:
        right = ("shoulder_right", "cuff_outer_right", "cuff_inner_right")
    left = tuple(mirrored(name) for name in reversed(right))
    return ("neck_left", "neck_right", *right, "armpit_right", *low, "armpit_left", *left)


def names_of(kind: GarmentKind) -> tuple[str, ...]:
    """Return all landmarks that a kind of garment has."""
    names = list(loop_order(kind))
    if kind.category.covers_upper:
        names += ["neck_front", "neck_back", "waist_left", "waist_right"]
        if kind.neckline == Neckline.STRAPLESS:
            names += ["shoulder_left", "shoulder_right", "armpit_left", "armpit_right"]
        if kind.sleeve in {Sleeve.NONE, Sleeve.STRAP}:
            names += ["cuff_outer_left", "cuff_outer_right", "cuff_inner_left", "cuff_inner_right"]
    if not kind.category.has_legs:
        names += ["hem_mid"]
    if not kind.category.covers_upper or kind.category.has_legs:
        names += ["hip_left", "hip_right", "waist_front"]
    return tuple(dict.fromkeys(names))


def read_landmarks(path: Path, size: tuple[int, int]) -> dict[str, FloatArray]:
    """Read landmarks that a seller corrected.

    Args:
        path: JSON: {"landmarks": {name: [x, y], ...}} or the inner object alone, photo pixels.
        size: (height, width) of the photo.
    Raises:
        LandmarksInvalid: no such file, no JSON, an unknown name, or a point outside the photo.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors put a byte order mark in front
    except (OSError, UnicodeDecodeError) as error:
        raise LandmarksInvalid(str(path), "cannot be read") from error
    except json.JSONDecodeError as error:
        raise LandmarksInvalid(str(path), f"is not JSON (line {error.lineno})") from error
    except ValueError as error:  # Python limits the digits of an integer
        raise LandmarksInvalid(str(path), "holds a number with too many digits") from error
    except RecursionError as error:
        raise LandmarksInvalid(str(path), "nests too deep") from error
    points = content.get("landmarks", content) if isinstance(content, dict) else None
    if not isinstance(points, dict) or not points:
        raise LandmarksInvalid(str(path), "holds no object of landmarks")
    return {str(name): _checked_point(str(path), str(name), value, size) for name, value in points.items()}


def _checked_point(path: str, name: str, value: object, size: tuple[int, int]) -> FloatArray:
    if name not in KNOWN:
        raise LandmarksInvalid(path, f"names an unknown landmark {name!r}")
    point = value.get("point") if isinstance(value, dict) else value
    try:
        spot = np.array(point, np.float64)
    except (TypeError, ValueError, OverflowError):
        spot = np.zeros(0)
    if spot.shape != (2,) or not np.isfinite(spot).all():
        raise LandmarksInvalid(path, f"gives no [x, y] for {name}")
    if not (0 <= spot[0] <= size[1] and 0 <= spot[1] <= size[0]):
        raise LandmarksInvalid(path, f"puts {name} outside the photo")
    return spot


def check_order(path: Path, given: Iterable[str], points: Mapping[str, FloatArray]) -> None:
    """Reject stated landmarks that lie on the wrong side of, or below, those that belong beside or under them.

    Args:
        path: of their file, for the message.
        given: names of the stated ones; pairs without any of them are not checked.
        points: all landmarks of the garment, (2,) photo pixels, y down.
    Raises:
        LandmarksInvalid: with the names of the pair.
    """
    stated = set(given)
    pairs = [(f"{name}_left", f"{name}_right", 0) for name in BESIDE]
    pairs += [(f"{low}_{side}", f"{high}_{side}", 1) for high, low in ABOVE for side in ("left", "right")]
    for more, less, axis in pairs:
        if not {more, less} & stated or not {more, less} <= set(points):
            continue
        if points[more][axis] > points[less][axis]:
            continue
        if axis:
            raise LandmarksInvalid(str(path), f"puts {more} not below {less}")
        whose = "left is the wearer's, which a photo shows on its right"
        raise LandmarksInvalid(str(path), f"has {more} and {less} the wrong way round; {whose}")


def complete(kind: GarmentKind, points: Mapping[str, FloatArray], confidence: Mapping[str, float]) -> Landmarks:
    """Return the landmarks of this kind, with substitutes for those that cannot be seen.

    Ends of an armhole stand in for the cuffs of a sleeveless garment. An invisible waist, such as that of a straight
    tee, is placed on the side between armpit and lower end.
    """
    filled, sure = dict(points), dict(confidence)
    twins = {}
    if kind.neckline == Neckline.STRAPLESS:
        twins = {"shoulder": "neck", "armpit": "neck"}
    if kind.sleeve in {Sleeve.NONE, Sleeve.STRAP} and kind.category.covers_upper:
        twins |= {"cuff_outer": "shoulder", "cuff_inner": "armpit"}
    for name, source in twins.items():
        for side in ("left", "right"):
            filled[f"{name}_{side}"] = filled[f"{source}_{side}"]
            sure[f"{name}_{side}"] = sure.get(f"{source}_{side}", 0.0)
    low = "leg_outer" if kind.category.has_legs else "hem"
    for side in ("left", "right") if kind.category.covers_upper else ():
        name, ends = f"waist_{side}", (f"armpit_{side}", f"{low}_{side}")
        if name in filled and sure.get(name, 0.0) < _SEEN_WAIST and set(ends) <= set(filled):
            filled[name] = (1 - _WAIST_AT) * filled[ends[0]] + _WAIST_AT * filled[ends[1]]
    names = [name for name in names_of(kind) if name in filled]
    return Landmarks({n: np.asarray(filled[n], np.float64) for n in names}, {n: sure.get(n, 0.0) for n in names})
