"""The pose in which a garment is put on, and which arms it leaves bare."""

from __future__ import annotations

import numpy as np

from vmodel.body.model.body import Body
from vmodel.types import FloatArray, Garment, Neckline, Pose, Sleeve

BARE_ARMS = (Sleeve.NONE, Sleeve.STRAP)
BARE_ARM_ANGLE = 20.0


def start_pose(garment: Garment, body: Body, arm_angle_deg: float | None = None) -> Pose:
    """Return the pose in which the garment is put on: arms straight at the sleeves' angle, legs a little apart.

    Args:
        garment: decides the angle, see ``dressing_angle``.
        body: whose rest pose the rotations start from.
        arm_angle_deg: below the horizontal; overrides ``dressing_angle``.
    """
    wanted = np.radians(dressing_angle(garment) if arm_angle_deg is None else arm_angle_deg)
    rotations: dict[str, FloatArray] = {}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        joints = body.rest.joints_m
        upper = _unit(joints[f"lowerarm01.{side}"] - joints[f"upperarm01.{side}"])
        fore = _unit(joints[f"wrist.{side}"] - joints[f"lowerarm01.{side}"])
        now = np.arctan2(-upper[2], sign * upper[0])
        rotations[f"upperarm01.{side}"] = np.array([0.0, sign * (wanted - now), 0.0])
        rotations[f"lowerarm01.{side}"] = _turn_onto(fore, upper) * 0.85
        rotations[f"upperleg01.{side}"] = np.array([0.0, -sign * np.radians(3.0), 0.0])
    return Pose(f"dressing-{np.degrees(wanted):.0f}", rotations)


def dressing_angle(garment: Garment) -> float:
    """Return degrees below the horizontal of the arms while a garment is put on.

    Sleeves want the arm at their own angle; an armhole is free of the arm only where the arm is lifted out of the side.
    """
    if garment.kind.sleeve in BARE_ARMS:
        return BARE_ARM_ANGLE
    return float(np.clip(garment.sleeve_angle_deg, 20.0, 58.0))


def bare_arms(garment: Garment) -> tuple[str, ...]:
    """Return the sides on which the garment has no sleeve."""
    cuffs = {name for panel in garment.panels for name in panel.edges if name.startswith("cuff")}
    if garment.kind.neckline == Neckline.ASYMMETRIC and cuffs:
        return tuple(side for side in ("left", "right") if f"cuff_{side}" not in cuffs)
    off = garment.kind.neckline == Neckline.OFF_SHOULDER
    return ("left", "right") if garment.kind.sleeve in BARE_ARMS and not off else ()


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-9)


def _turn_onto(first: FloatArray, second: FloatArray) -> FloatArray:
    axis = np.cross(first, second)
    sine = float(np.linalg.norm(axis))
    return np.asarray(axis / max(sine, 1e-9) * np.arctan2(sine, float(first @ second)))
