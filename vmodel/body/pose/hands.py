"""Library of hand poses: how far each finger bends, how far they are apart, and where the thumb lies."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass
from scipy.spatial.transform import Rotation

from vmodel.body.pose.skeleton import reference_joints, shortest_arc
from vmodel.core.files import read_own_yaml
from vmodel.types import FloatArray

FINGERS = (2, 3, 4, 5)
"""Numbers of the fingers' bones, index finger to little finger; the thumb's is 1."""
_Bend = Annotated[float, Field(ge=-5, le=100)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class HandPose:
    """Pose of a hand.

    Attributes:
        fingers: flexion in degrees at knuckle, middle and tip joint, from the index finger to the little finger; 0 is
            straight, and the tip counts from the hand at rest.
        spread: 0 = fingers side by side, 1 = as far apart as at rest.
        thumb: degrees by which it is laid towards the fingers, and by which each of its two upper joints bends.
    """

    fingers: Annotated[tuple[tuple[_Bend, _Bend, _Bend], ...], Field(min_length=4, max_length=4)]
    spread: Annotated[float, Field(ge=0, le=1)]
    thumb: tuple[Annotated[float, Field(ge=-30, le=60)], Annotated[float, Field(ge=0, le=60)]]


@functools.cache
def load_hands() -> Mapping[str, HandPose]:
    """Return the hand poses by name."""
    return TypeAdapter(dict[str, HandPose]).validate_python(read_own_yaml(files("vmodel.body.pose") / "hands.yaml"))


def hand_axes(side: str) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors along the fingers and out of the palm, in the rest pose.

    Args:
        side: "L" or "R".
    """
    wrist, index, middle, little = (_joint(name, side) for name in ("wrist", "finger2-1", "finger3-1", "finger5-1"))
    palm = np.cross(little - wrist, index - wrist) * (1.0 if side == "L" else -1.0)
    return _unit(middle - wrist), _unit(palm)


def bent_fingers(side: str, hand: HandPose) -> dict[str, FloatArray]:
    """Return the rotation vectors of a hand pose, bone -> (3,) float32.

    Args:
        side: "L" or "R".
        hand: see ``load_hands``.
    """
    along, palm = hand_axes(side)
    rotations: dict[str, Rotation] = {}
    for finger, angles in zip(FINGERS, hand.fingers, strict=True):
        first = _segment(finger, 1, side)
        flat = _unit(first - palm * (first @ palm))
        # Each finger bends in its own plane; drawn together first, all bend in one.
        hinge = np.cross(flat, palm)
        gather = Rotation.from_rotvec((1 - hand.spread) * shortest_arc(flat, along).as_rotvec())
        rest = np.degrees([_bend(first, flat, palm), _bend(_segment(finger, 2, side), first, palm), 0.0])
        for joint, angle in enumerate(np.asarray(angles) - rest, start=1):
            bend = Rotation.from_rotvec(hinge * np.radians(angle))
            rotations[f"finger{finger}-{joint}.{side}"] = gather * bend if joint == 1 else bend
    towards, bend = np.radians(hand.thumb)
    thumb = _segment(1, 1, side)
    rotations[f"finger1-1.{side}"] = Rotation.from_rotvec(towards * _unit(np.cross(thumb, along)))
    inwards = np.cross(along, palm) * (1.0 if side == "L" else -1.0)
    for joint in (2, 3):
        rotations[f"finger1-{joint}.{side}"] = Rotation.from_rotvec(bend * _unit(np.cross(thumb, inwards)))
    return {bone: rotation.as_rotvec().astype(np.float32) for bone, rotation in rotations.items()}


def _joint(name: str, side: str) -> FloatArray:
    return np.asarray(reference_joints()[f"{name}.{side}"], np.float64)


def _segment(finger: int, joint: int, side: str) -> FloatArray:
    return _unit(_joint(f"finger{finger}-{joint + 1}", side) - _joint(f"finger{finger}-{joint}", side))


def _bend(outer: FloatArray, inner: FloatArray, palm: FloatArray) -> float:
    """Return by how many radians a segment is bent against the one before it, towards the palm."""
    return float(np.arcsin(outer @ palm) - np.arcsin(inner @ palm))


def _unit(vector: Any) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)
