"""Maps to close-ups of edges: a pointed neckline, a placket and a band are a few pixels of the whole garment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from vmodel.garment.recognition.network import BAND_SIZE, CLOSE_SIZE, FRONT_SIZE, NECK_SIZE, SIZE, SURFACE_SIZE
from vmodel.types import FloatArray

_NECK_WIDTHS: Final = 1.6
"""Width of the close-up in widths of the neck, where shoulders are no further apart."""
_WIDER: Final = 1.15
"""Width of the close-up over that between the shoulders."""
_NECK_AT: Final = 0.3
"""How far below the close-up's upper edge the neck's corners lie, as a share of its side."""
_NECK_SPANS: Final = 1.9
"""Side of the close-up of a neck's edge, in widths or depths of the neck, whichever is more."""
_COLLAR_SPANS: Final = 2.5
"""Side of the close-up of a collar, in the same unit: its points lie further out."""
_EDGE_SPANS: Final = 1.25
"""Side of the close-up of a waist's or a hem's edge, in the same unit."""
END_SPANS, END_AT = 0.45, 0.72
"""Side of the close-up of a hem or a sleeve's end, in distances between the armpits, and where its edge lies in it."""

_FRONT_WIDTH: Final = 0.62
"""Half the width of the strip along a front, in halves of the distance between the armpits."""


def front_closeup(points: Mapping[str, FloatArray]) -> FloatArray | None:
    """Map a photo to the strip along a front, from its neck down to its hem.

    Args:
        points: landmark -> (2,) pixels of the photo.
    Returns:
        (2, 3) affine to (x, y) of a picture of ``FRONT_SIZE``; None where there is no front.
    """
    if not {"neck_front", "hem_mid", "armpit_left", "armpit_right"} <= points.keys():
        return None
    top, way = points["neck_front"], points["hem_mid"] - points["neck_front"]
    length = float(np.linalg.norm(way))
    wide = _FRONT_WIDTH * float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
    if min(length, wide) < 4:
        return None
    (height, width), (x, y) = FRONT_SIZE, way / length
    linear = np.array([[y * width / wide, -x * width / wide], [x * height / length, y * height / length]])
    return np.column_stack([linear, np.array([width / 2, 0]) - linear @ top])


def collar_closeup(neck: Sequence[FloatArray]) -> FloatArray:
    """Map a photo to the close-up in which the collar round a neck is searched for; see ``neck_closeup``."""
    return neck_closeup(neck, _COLLAR_SPANS)


def neck_closeup(neck: Sequence[FloatArray], spans: float = _NECK_SPANS) -> FloatArray:
    """Map a photo to the close-up in which the edge of a front's neck is searched for.

    Args:
        neck: (2,) pixels of the photo each: left and right neck point, by the wearer's sides, and lowest point.
        spans: side of the close-up, in widths or depths of the neck, whichever is more.
    Returns:
        (2, 3) affine to (x, y) of a square of ``NECK_SIZE`` pixels.
    """
    left, right, front = neck
    across, middle = left - right, (left + right) / 2
    span = max(float(np.linalg.norm(across)), float(np.linalg.norm(front - middle)), 4.0)
    turn = float(np.arctan2(across[1], across[0]))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    linear = NECK_SIZE / (spans * span) * rotation
    return np.column_stack([linear, NECK_SIZE * np.array([0.5, _NECK_AT]) - linear @ middle])


def edge_closeup(left: FloatArray, right: FloatArray) -> FloatArray:
    """Map a photo to the close-up in which a front's edge is searched for; the garment lies below, as under a neck.

    Args:
        left: (2,) pixels, the end of the edge that lies to the right where the garment lies below.
        right: (2,) the other one.
    Returns:
        See ``neck_closeup``.
    """
    return neck_closeup((left, right, (left + right) / 2), _EDGE_SPANS)


def end_closeup(middle: FloatArray, down: FloatArray, across_px: float) -> FloatArray:
    """Map a photo to the close-up of a place at a hem or at a sleeve's end, with the cloth above its edge.

    Args:
        middle: (2,) pixels of the photo, a place on the edge.
        down: (2,) unit vector out of the cloth.
        across_px: distance between the armpits.
    Returns:
        (2, 3) affine to (x, y) of a square of ``BAND_SIZE`` pixels.
    """
    linear = BAND_SIZE / (END_SPANS * max(across_px, 4.0)) * np.array([[down[1], -down[0]], down])
    return np.column_stack([linear, BAND_SIZE * np.array([0.5, END_AT]) - linear @ middle])


def surface_closeup(upright: FloatArray) -> FloatArray:
    """Scale a (2, 3) map to the upright square of ``SIZE`` pixels into one to a square of ``SURFACE_SIZE`` pixels."""
    return np.asarray(upright * (SURFACE_SIZE / SIZE))


def closeup(points: Mapping[str, FloatArray]) -> FloatArray | None:
    """Map a photo to its close-up.

    Args:
        points: landmark -> (2,) pixels of the photo; shoulders may be missing.
    Returns:
        (2, 3) affine to (x, y) of a square of ``CLOSE_SIZE`` pixels; None where there is no neck.
    """
    if not {"neck_left", "neck_right"} <= points.keys():
        return None
    neck = points["neck_left"] - points["neck_right"]
    across = neck
    if {"shoulder_left", "shoulder_right"} <= points.keys():
        across = points["shoulder_left"] - points["shoulder_right"]
    width = _WIDER * max(float(np.linalg.norm(across)), _NECK_WIDTHS * float(np.linalg.norm(neck)))
    if width < 4:
        return None
    turn = float(np.arctan2(across[1], across[0]))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    linear = CLOSE_SIZE / width * rotation
    middle = (points["neck_left"] + points["neck_right"]) / 2
    return np.column_stack([linear, CLOSE_SIZE * np.array([0.5, _NECK_AT]) - linear @ middle])
