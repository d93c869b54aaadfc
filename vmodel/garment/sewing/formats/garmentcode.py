"""Sewing patterns of GarmentCode (pygarment): panels with vertices, curved edges, a place in space, and stitches.

Source: M. Korosteleva and O. Sorkine-Hornung, GarmentCode (2023), and the files that its package pygarment 2.0 writes.
Its y is up and z towards the viewer; panels with z > 0 are the front.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from vmodel.core.texts import holds_unstorable
from vmodel.garment.sewing.errors import PieceInvalid, SewingUnreadable
from vmodel.garment.sewing.pattern import (
    MOST_EDGES,
    MOST_PIECES,
    MOST_POINTS,
    PatternEdge,
    Piece,
    signed_area,
    words_in,
)
from vmodel.garment.vector.curves import arc, bezier, thinned
from vmodel.types import FloatArray

_DEEPEST: Final = 40
_GATHERED: Final = ("gather", "ruffle")
_OPENINGS: Final = ("neck", "hem", "waist", "cuff", "armhole", "leg")


def read_json_pieces(content: bytes, name: str) -> list[Piece]:
    """Read the pieces of a GarmentCode file.

    Args:
        content: the file.
        name: for messages.
    Raises:
        SewingUnreadable: it is no GarmentCode file, or passes a bound.
        PieceInvalid: a panel stands edgeways to the viewer.
    """
    try:
        if _depth(content) > _DEEPEST:
            raise SewingUnreadable(name, f"it nests more than {_DEEPEST} levels")
        plain = json.loads(content)
        if holds_unstorable(plain):
            raise SewingUnreadable(name, "a text in it holds a NUL or half a character")
        pattern, properties = plain["pattern"], plain.get("properties", {})
        scale = 100.0 / float(properties.get("units_in_meter", 100))
        relative = properties.get("curvature_coords", "relative") == "relative"
        panels = dict(pattern["panels"])
        if not 1 <= len(panels) <= MOST_PIECES:
            raise SewingUnreadable(name, f"it has {len(panels)} panels, of 1 to {MOST_PIECES}")
        labels = _stitched(pattern.get("stitches", []))
        return [_piece(str(key), panel, scale, relative, labels) for key, panel in panels.items()]
    except _Unsewable as error:
        raise SewingUnreadable(name, str(error)) from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, ArithmeticError) as error:
        raise SewingUnreadable(name, f"it is no GarmentCode file: {type(error).__name__}") from None


class _Unsewable(Exception):
    """Content of a GarmentCode file that vmodel cannot sew; the message includes the remedy."""


def _depth(content: bytes) -> int:
    levels = np.zeros(256, np.int64)
    levels[[ord("["), ord("{")]], levels[[ord("]"), ord("}")]] = 1, -1
    steps = levels[np.frombuffer(content, np.uint8)]
    return int(np.cumsum(steps).max(initial=0))


def _stitched(stitches: list[Any]) -> Mapping[tuple[str, int], str]:
    labels: dict[tuple[str, int], str] = {}
    for number, stitch in enumerate(stitches):
        ends = [end for end in stitch if isinstance(end, dict)]
        if len(ends) != 2:
            raise _Unsewable(f"stitch {number} has {len(ends)} ends: it takes two")
        if any(word == "right_wrong" for word in stitch if isinstance(word, str)):
            raise _Unsewable(f"stitch {number} has a wrong side out: turn its panel over")
        for end in ends:
            key = str(end["panel"]), int(end["edge"])
            if key in labels:
                raise _Unsewable(f"edge {key[1]} of {key[0]} is stitched twice: split it where the seams meet")
            labels[key] = f"stitch {number}"
    return labels


def _piece(
    name: str, panel: Mapping[str, Any], scale: float, relative: bool, labels: Mapping[tuple[str, int], str]
) -> Piece:
    vertices = np.array(panel["vertices"], float).reshape(-1, 2) * scale
    if len(panel["edges"]) > MOST_EDGES:
        raise PieceInvalid(name, f"has more than {MOST_EDGES} edges", "simplify it")
    edges = []
    for number, edge in enumerate(panel["edges"]):
        first, second = (vertices[int(end)] for end in edge["endpoints"])
        points = thinned(_curve(first, second, edge.get("curvature"), scale, relative), MOST_POINTS)
        written = str(edge.get("label", "")).lower()
        title = f"edge {number}" + (f" ({written})" if written else "")
        label = labels.get((name, number), "")
        kind = "open" if not label else "gather" if any(word in written for word in _GATHERED) else "seam"
        opening = next((word for word in _OPENINGS if word in written), "")
        edges.append(PatternEdge(title, points, kind, label or opening))
    turn = _rotation(panel["rotation"])
    shift = np.array(panel["translation"], float) * scale
    if abs(turn[2, 2]) < 0.5:
        raise PieceInvalid(name, "stands edgeways to the front", "split it into a front and a back panel")
    outline = np.concatenate([edge.points_cm[:-1] for edge in edges])
    middle = turn[:, :2] @ outline.mean(axis=0) + shift
    place = np.hstack([turn[:2, :2], shift[:2, None]])
    is_front = bool(middle[2] > 0)
    if (np.linalg.det(place[:, :2]) > 0) != is_front:  # drawn as seen through the garment
        edges, outline = [_mirrored(edge) for edge in edges], outline * (-1.0, 1.0)
        place = place * np.array([-1.0, 1.0, 1.0])
    if signed_area(outline) < 0:
        edges = [replace(edge, points_cm=edge.points_cm[::-1]) for edge in reversed(edges)]
    words = words_in(name)
    limb = ""
    if "sleeve" in words or "cuff" in name.lower():
        limb = "left" if middle[0] > 0 else "right"
    return Piece(name, tuple(edges), "front" if is_front else "back", limb, place=place)


def _mirrored(edge: PatternEdge) -> PatternEdge:
    return PatternEdge(edge.name, edge.points_cm * np.array([-1.0, 1.0]), edge.kind, edge.label)


def _curve(first: FloatArray, second: FloatArray, curvature: Any, scale: float, relative: bool) -> FloatArray:
    if curvature is None:
        return np.stack([first, second])
    if isinstance(curvature, list):  # one relative control point: the first version of the format
        curvature = {"type": "quadratic", "params": [curvature]}
    kind, params = curvature["type"], curvature["params"]
    if kind == "circle":
        radius, large, right = params
        return arc(first, second, np.full(2, float(radius) * scale), 0.0, bool(large), bool(right))
    if kind not in {"quadratic", "cubic"} or len(params) != {"quadratic": 1, "cubic": 2}[kind]:
        raise ValueError("an unknown curve")
    controls = np.array(params, float).reshape(-1, 2)
    if relative:
        way = second - first
        controls = first + controls[:, :1] * way + controls[:, 1:] * np.array([-way[1], way[0]])
    else:
        controls = controls * scale
    return bezier(first, *controls, second)


def _rotation(degrees: Any) -> FloatArray:
    """Return the matrix of intrinsic rotations about x, y and z in this order, as in the format."""
    x, y, z = np.radians(np.array(degrees, float).reshape(3))
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z)
