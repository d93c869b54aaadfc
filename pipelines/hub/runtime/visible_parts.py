"""Parts of a person and a garment in the camera's view, so that no prompt names what a picture does not show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vmodel.scene import PART_NAMES, project_points
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import FloatArray

_NOSE, _NECK, _EYES, _EARS = 0, 1, (14, 15), (16, 17)
_SHOULDERS, _ELBOWS, _WRISTS = (2, 5), (3, 6), (4, 7)
"""Places in COCO-18."""
_TURNED, _BEHIND = 0.5, 0.25
"""Cosines between the direction of a head or a chest and the direction to the camera.

From more than 60 degrees beside its look a head shows its back, from more than 120 its jaw no longer; a chest shows
its front from up to 104."""
_CHIN = 0.4
"""Share of the way from the nose down to between the shoulders."""
_LEAST = 5e-4
"""Share of the picture that skin, hair, hands or garment must fill to be worth a word."""


@dataclass(frozen=True)
class VisibleParts:
    """Parts that a picture shows; everything by default.

    Attributes:
        garment: the garment.
        front: its front, if only from the side.
        hem: its lower end.
        shoulders, elbows, wrists: one of them is inside the picture.
        head: the head's upper half is inside the picture, from whatever side.
        nape: the head's back.
        eyes: at least one, and with it the middle of the face.
        jaw: where a beard grows.
        hair: of head or face.
        skin: bare skin anywhere.
        hands: at least one.
    """

    garment: bool = True
    front: bool = True
    hem: bool = True
    shoulders: bool = True
    elbows: bool = True
    wrists: bool = True
    head: bool = True
    nape: bool = True
    eyes: bool = True
    jaw: bool = True
    hair: bool = True
    skin: bool = True
    hands: bool = True


EVERYTHING = VisibleParts()


def find_visible_parts(context: RenderContext) -> VisibleParts:
    """Determine the parts that a context's camera sees.

    Args:
        context: the scene, framed and mapped.
    """
    maps, inside = context.maps, context.maps.keypoints_px[:, 2] > 0
    joints_m = context.scene.geometry.subject.keypoints_m
    turned, turned_chest = (_turned(*line, context.camera.position_m) for line in (_look(joints_m), _chest(joints_m)))

    def fills(*parts: str) -> bool:
        return bool(np.isin(maps.parts, [PART_NAMES.index(part) for part in parts]).mean() > _LEAST)

    def any_of(places: tuple[int, ...]) -> bool:
        return bool(inside[list(places)].any())

    return VisibleParts(
        garment=bool(maps.garment_mask.mean() > _LEAST),
        front=turned_chest > -_BEHIND,
        # A hem that the lower edge cuts goes on below it.
        hem=not (maps.garment_mask[-1] > 0.5).any(),
        shoulders=any_of(_SHOULDERS),
        elbows=any_of(_ELBOWS),
        wrists=any_of(_WRISTS),
        head=any_of(_EYES + _EARS),
        nape=any_of(_EARS) and turned < _TURNED,
        # Eyes of a whole figure are a few pixels, and nothing else has their label.
        eyes=bool((maps.parts == PART_NAMES.index("eye")).any()),
        jaw=turned > -_TURNED and _chin_inside(context, joints_m),
        hair=bool(maps.hair_mask.mean() > _LEAST),
        skin=fills("skin", "face", "lips", "hand", "foot"),
        hands=fills("hand"),
    )


def _look(joints_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the middle of a head and the direction of its nose."""
    ears = joints_m[list(_EARS)].mean(axis=0)
    return ears, joints_m[_NOSE] - ears


def _chest(joints_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the middle of the shoulders and the direction of the breastbone."""
    right, left = joints_m[list(_SHOULDERS)]
    return 0.5 * (right + left), np.cross(left - right, [0.0, 0.0, 1.0])


def _turned(place_m: FloatArray, ahead: FloatArray, camera_m: FloatArray) -> float:
    """Return the cosine between a direction and the way to the camera, both seen from above."""
    ahead, towards = ahead[:2], (camera_m - place_m)[:2]
    return float(ahead @ towards / max(float(np.linalg.norm(ahead) * np.linalg.norm(towards)), 1e-9))


def _chin_inside(context: RenderContext, joints_m: FloatArray) -> bool:
    chin_m = joints_m[_NOSE] + _CHIN * (joints_m[_NECK] - joints_m[_NOSE])
    (x, y), depth = project_points(chin_m, context.camera)
    height, width = context.camera.size
    return bool(depth > 0 and 0 <= x < width and 0 <= y < height)
