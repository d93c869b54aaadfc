"""Limits of human joints; a pose beyond them is refused with the joint named.

Ranges are those of clinical tables (AAOS), a little widened because a photographer's pose is not an examination.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from vmodel.body.pose.compiler import NECK_SHARES, SPINE_SHARES
from vmodel.body.pose.skeleton import reference_joints
from vmodel.errors import PoseImpossible, PoseInvalid
from vmodel.types import FloatArray, Pose


@dataclass(frozen=True)
class Hinge:
    """Joint with one axis.

    Attributes:
        upper, lower, end: bones whose heads are the limb's root, the hinge and the limb's end.
        least_deg, most_deg: flexion between the two segments; 0 is straight.
        lateral_deg: how far the joint may turn off its axis.
    """

    upper: str
    lower: str
    end: str
    least_deg: float
    most_deg: float
    lateral_deg: float

    def axis(self) -> FloatArray:
        """Return the unit axis (3,) in rest axes; a positive turn flexes."""
        joints = reference_joints()
        if self.lower.startswith("lowerleg"):
            return np.array([1.0, 0.0, 0.0])
        upper = joints[self.lower] - joints[self.upper]
        lower = joints[self.end] - joints[self.lower]
        normal = np.cross(upper, lower)
        return np.asarray(normal / np.linalg.norm(normal), np.float64)

    def rest_flexion(self) -> float:
        """Return the radians between the segments at rest."""
        joints = reference_joints()
        upper = joints[self.lower] - joints[self.upper]
        lower = joints[self.end] - joints[self.lower]
        axis = self.axis()
        upper, lower = upper - axis * (axis @ upper), lower - axis * (axis @ lower)
        return float(np.arctan2(axis @ np.cross(upper, lower), upper @ lower))

    def range_rad(self) -> tuple[float, float]:
        """Return the least and the most turn from rest, radians."""
        rest = self.rest_flexion()
        return float(np.radians(self.least_deg) - rest), float(np.radians(self.most_deg) - rest)


HINGES: Mapping[str, Hinge] = {
    f"{lower}.{side}": Hinge(f"{upper}.{side}", f"{lower}.{side}", f"{end}.{side}", least, most, lateral)
    for side in ("L", "R")
    for upper, lower, end, least, most, lateral in (
        ("upperarm01", "lowerarm01", "wrist", -8.0, 152.0, 35.0),
        ("upperleg01", "lowerleg01", "foot", -10.0, 150.0, 30.0),
    )
}
SWINGS: Mapping[str, float] = {
    "clavicle": 45.0,
    "shoulder01": 40.0,
    "upperarm01": 175.0,
    "upperarm02": 80.0,
    "lowerarm02": 100.0,
    "wrist": 95.0,
    "upperleg01": 135.0,
    "upperleg02": 45.0,
    "foot": 75.0,
    "pelvis": 25.0,
}
"""Largest turn from rest in degrees, whatever its axis."""
CHAINS: Mapping[str, tuple[tuple[str, ...], float]] = {
    "spine": (tuple(SPINE_SHARES), 80.0),
    "neck": (tuple(NECK_SHARES), 95.0),
}
"""Bones whose turns add up, and the largest sum in degrees."""


def validate_pose(pose: Pose) -> None:
    """Refuse a pose that a person could not strike.

    Raises:
        PoseInvalid: a rotation belongs to no bone or is not three finite numbers.
        PoseImpossible: a joint goes too far; it is named as the wearer's.
    """
    known = set(reference_joints())
    for bone, vector in pose.rotations.items():
        if bone not in known:
            raise PoseInvalid(pose.name, f"turns the unknown bone {bone!r}")
        if np.shape(vector) != (3,) or not np.isfinite(vector).all():
            raise PoseInvalid(pose.name, f"has no rotation vector for {bone!r}")
    for bone, hinge in HINGES.items():
        if bone in pose.rotations:
            _check_hinge(bone, hinge, np.asarray(pose.rotations[bone], np.float64))
    for bone, vector in pose.rotations.items():
        stem = bone.split(".")[0]
        angle = float(np.degrees(np.linalg.norm(vector)))
        if stem in SWINGS and angle > SWINGS[stem]:
            raise PoseImpossible(
                joint_display_name(bone), f"it turns {angle:.0f} degrees; {SWINGS[stem]:.0f} is the most"
            )
    for chain, (bones, most) in CHAINS.items():
        whole = Rotation.identity()
        for bone in bones:
            whole = whole * Rotation.from_rotvec(np.asarray(pose.rotations.get(bone, np.zeros(3)), np.float64))
        angle = float(np.degrees(whole.magnitude()))
        if angle > most:
            raise PoseImpossible(chain, f"it turns {angle:.0f} degrees; {most:.0f} is the most")


def joint_display_name(bone: str) -> str:
    """Return the name of the joint at a bone's head, as a person says it: "left elbow"."""
    stem, _, side = bone.partition(".")
    names = {"upperarm01": "shoulder", "upperarm02": "upper arm", "lowerarm01": "elbow", "lowerarm02": "forearm",
             "upperleg01": "hip", "upperleg02": "thigh", "lowerleg01": "knee", "foot": "ankle",
             "shoulder01": "shoulder blade", "clavicle": "collar bone"}  # fmt: skip
    word = names.get(stem, stem)
    return {"L": f"left {word}", "R": f"right {word}"}.get(side, word)


def _check_hinge(bone: str, hinge: Hinge, vector: FloatArray) -> None:
    axis = hinge.axis()
    x, y, z, w = Rotation.from_rotvec(vector).as_quat()
    angle = 2 * np.arctan2(np.dot([x, y, z], axis), w)
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    off_axis = Rotation.from_rotvec(vector) * Rotation.from_rotvec(axis * angle).inv()
    flexion = np.degrees(angle + hinge.rest_flexion())
    if flexion < hinge.least_deg - 0.5:
        raise PoseImpossible(joint_display_name(bone), f"it bends {-flexion:.0f} degrees the wrong way")
    if flexion > hinge.most_deg + 0.5:
        raise PoseImpossible(
            joint_display_name(bone), f"it bends {flexion:.0f} degrees; {hinge.most_deg:.0f} is the most"
        )
    if np.degrees(off_axis.magnitude()) > hinge.lateral_deg:
        raise PoseImpossible(
            joint_display_name(bone), f"it leans {np.degrees(off_axis.magnitude()):.0f} degrees off its hinge"
        )
