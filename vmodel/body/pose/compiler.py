"""Translation of a photographer's description of a pose to joint rotations.

An entry of ``poses.yaml`` names directions instead of rotations. A limb's direction is ``[out, forward, up]``: away
from the body's middle, the way the model faces before it turns, and up. Angles are degrees.

* ``pelvis: {turn, lean, tilt}``: to the wearer's left; forward; left hip up.
* ``spine`` and ``head``: ``{turn, bend, side}``: to the left; forward; towards the left shoulder. Spread over the
  bones of back and neck.
* ``left_arm``/``right_arm``: ``upper`` and ``fore`` directions, optionally ``hand`` (where the fingers point),
  ``palm`` (where the palm faces), ``fingers`` (a name of ``hands.yaml``), ``shrug`` and ``reach`` of the shoulder.
* ``left_leg``/``right_leg``: ``thigh`` direction, ``knee`` flexion, ``turn`` of knee and toes outwards,
  ``heel`` lifted.
* ``gaze``: ``{turn, bend}`` of the eyes in the head: to the left; downward. Without it they look into the lens if it is
  near where the head faces. ``expression``: a name of ``EXPRESSIONS``; without it each model shows one of its own.
* ``seated: true``: a plinth carries the body.
* ``mirror_of: NAME`` instead of all this.

Bones get complete rotations: the plane of elbow or knee is carried along, so a limb never twists to reach its
direction. Forearm and wrist share the twist that a palm needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from scipy.spatial.transform import Rotation

from vmodel.body.pose.hands import bent_fingers, hand_axes, load_hands
from vmodel.body.pose.skeleton import parents, reference_joints, shortest_arc
from vmodel.types import FloatArray, Pose

SPINE_SHARES = {"spine05": 0.12, "spine04": 0.2, "spine03": 0.26, "spine02": 0.26, "spine01": 0.16}
NECK_SHARES = {"neck01": 0.2, "neck02": 0.2, "neck03": 0.2, "head": 0.4}
GAZE_DEG: Final = {"turn": 13.2, "bend": 9.8}
"""Degrees by which anny's facial actions turn the eyes at most, measured on the eyeballs."""
LENS_BELOW_DEG: Final = 8.0
"""Angle at which a model looks down into the lens, which stands at the height of the body's middle."""
LENS_REACH_DEG: Final = 13.0
"""Largest turn of the eyes towards the lens."""
_EYE_OR_CORNER = re.compile("(?:Left|Right)$")
FOREARM_TWIST_SHARE = 0.65
"""Share of the hand's twist taken by the forearm bone; the rest turns at the wrist."""


@dataclass
class _Builder:
    """Collector of rotations, bone by bone, from the root outwards."""

    rotations: dict[str, Rotation] = field(default_factory=dict)

    def world(self, bone: str) -> Rotation:
        """Return the rotation of a bone relative to the rest pose, parents included."""
        parent = parents()[bone]
        above = self.world(parent) if parent else Rotation.identity()
        return above * self.rotations.get(bone, Rotation.identity())

    def turn(self, bone: str, rotation: Rotation) -> None:
        """Add a rotation in rest axes."""
        self.rotations[bone] = self.rotations.get(bone, Rotation.identity()) * rotation

    def point(self, bone: str, target: Rotation) -> None:
        """Give a bone a world rotation whatever its parents do."""
        parent = parents()[bone]
        above = self.world(parent) if parent else Rotation.identity()
        self.rotations[bone] = above.inv() * target


def compile_pose(name: str, entry: Mapping[str, Any]) -> Pose:
    """Turn one entry of the pose library into joint rotations.

    Raises:
        KeyError, TypeError, ValueError: the entry is not written in this language.
    """
    builder = _Builder()
    pelvis = entry.get("pelvis", {})
    facing = _degrees("z", pelvis.get("turn", 0))
    builder.turn("root", facing * _degrees("x", pelvis.get("lean", 0)) * _degrees("y", -pelvis.get("tilt", 0)))
    _spread(builder, SPINE_SHARES, entry.get("spine", {}))
    _spread(builder, NECK_SHARES, entry.get("head", {}))
    for side in ("L", "R"):
        word = "left" if side == "L" else "right"
        _place_arm(builder, side, entry.get(f"{word}_arm", {}), facing)
        _place_leg(builder, side, entry.get(f"{word}_leg", {}), facing)
    rotations = {bone: rotation.as_rotvec().astype(np.float32) for bone, rotation in builder.rotations.items()}
    return Pose(
        name=name,
        rotations={bone: vector for bone, vector in rotations.items() if np.linalg.norm(vector) > 1e-4},
        seated=bool(entry.get("seated", False)),
        expression=_gaze(entry["gaze"] if "gaze" in entry else _to_lens(builder.world("head"))),
        mood=str(entry.get("expression", "")),
    )


def mirrored(pose: Pose, name: str) -> Pose:
    """Return a pose with left and right exchanged."""
    swap = {".L": ".R", ".R": ".L"}
    rotations = {
        (bone[:-2] + swap[bone[-2:]] if bone[-2:] in swap else bone): np.asarray(vector) * [1, -1, -1]
        for bone, vector in pose.rotations.items()
    }
    sides = {"Left": "Right", "Right": "Left"}
    expression = {_EYE_OR_CORNER.sub(lambda found: sides[found[0]], key): on for key, on in pose.expression.items()}
    return Pose(name, rotations, pose.seated, expression, pose.mood)


def _to_lens(head: Rotation) -> dict[str, float]:
    """Return the gaze that meets the lens, or none where the head is turned too far from it."""
    x, y, z = head.apply([0.0, -1.0, 0.0])
    turn, bend = -float(np.degrees(np.arctan2(x, -y))), float(np.degrees(np.arcsin(z))) + LENS_BELOW_DEG
    if abs(turn) > LENS_REACH_DEG:
        return {}
    return {"turn": turn, "bend": float(np.clip(bend, -LENS_REACH_DEG / 3, LENS_REACH_DEG / 3))}


def _gaze(angles: Mapping[str, float]) -> dict[str, float]:
    """Return the facial actions that turn both eyes, and lower the lids with them."""
    turn, bend = angles.get("turn", 0) / GAZE_DEG["turn"], angles.get("bend", 0) / GAZE_DEG["bend"]
    aside = {"eyeLookOutLeft": turn, "eyeLookInRight": turn, "eyeLookInLeft": -turn, "eyeLookOutRight": -turn}
    level = {
        f"eyeLook{way}{side}": sign * bend for way, sign in (("Down", 1), ("Up", -1)) for side in ("Left", "Right")
    }
    return {action: min(amount, 1.0) for action, amount in (aside | level).items() if amount > 0}


def _spread(builder: _Builder, shares: Mapping[str, float], angles: Mapping[str, float]) -> None:
    unknown = set(angles) - {"turn", "bend", "side"}
    if unknown:
        raise ValueError(f"unknown angles {sorted(unknown)}")
    vector = np.radians([angles.get("bend", 0), angles.get("side", 0), angles.get("turn", 0)])
    for bone, share in shares.items():
        builder.turn(bone, Rotation.from_rotvec(share * vector))


def _place_arm(builder: _Builder, side: str, arm: Mapping[str, Any], facing: Rotation) -> None:
    for bone, vector in bent_fingers(side, load_hands()[arm.get("fingers", "relaxed")]).items():
        builder.turn(bone, Rotation.from_rotvec(vector))
    out = 1.0 if side == "L" else -1.0
    shoulder = _degrees("y", -out * arm.get("shrug", 0)) * _degrees("z", -out * arm.get("reach", 0))
    builder.turn(f"clavicle.{side}", shoulder)
    if "upper" not in arm:
        return
    upper, fore = _rest_direction("upperarm01", "lowerarm01", side), _rest_direction("lowerarm01", "wrist", side)
    to_upper, to_fore = (_direction(arm[key], side, facing) for key in ("upper", "fore"))
    aligned = _frame(to_upper, np.cross(to_upper, to_fore)) * _frame(upper, np.cross(upper, fore)).inv()
    swing = shortest_arc(builder.world(f"shoulder01.{side}").apply(upper), to_upper)
    above = builder.world(f"shoulder01.{side}")
    twist = (swing * above).inv() * aligned  # about the upper arm's own axis: half of it a bone further down
    half = Rotation.from_rotvec(twist.as_rotvec() / 2)
    builder.point(f"upperarm01.{side}", swing * above * half)
    builder.point(f"upperarm02.{side}", aligned)
    builder.point(
        f"lowerarm01.{side}", _frame(to_fore, np.cross(to_upper, to_fore)) * _frame(fore, np.cross(upper, fore)).inv()
    )
    if "palm" in arm or "hand" in arm:
        _place_hand(builder, side, arm, facing)


def _place_hand(builder: _Builder, side: str, arm: Mapping[str, Any], facing: Rotation) -> None:
    """Point the fingers and turn the palm; the forearm takes its share of the twist."""
    carried = builder.world(f"lowerarm02.{side}")
    axis, palm = hand_axes(side)
    to_axis = _direction(arm["hand"], side, facing) if "hand" in arm else carried.apply(axis)
    to_palm = _direction(arm["palm"], side, facing) if "palm" in arm else carried.apply(palm)
    target = _frame(to_axis, to_palm) * _frame(axis, palm).inv()
    fore = carried.apply(_rest_direction("lowerarm01", "wrist", side))
    relative = target * carried.inv()
    angle = _twist_angle(relative, fore)
    builder.point(f"lowerarm02.{side}", Rotation.from_rotvec(fore * angle * FOREARM_TWIST_SHARE) * carried)
    builder.point(f"wrist.{side}", target)


def _place_leg(builder: _Builder, side: str, leg: Mapping[str, Any], facing: Rotation) -> None:
    out = 1.0 if side == "L" else -1.0
    thigh = _rest_direction("upperleg01", "lowerleg01", side)
    shin = _rest_direction("lowerleg01", "foot", side)
    yaw = facing * _degrees("z", out * leg.get("turn", 8))
    to_thigh = _direction(leg.get("thigh", [0.06, 0.02, -1]), side, facing)
    hinge = yaw.apply([1.0, 0.0, 0.0])
    aligned = _frame(to_thigh, hinge) * _frame(thigh, np.array([1.0, 0.0, 0.0])).inv()
    builder.point(f"upperleg01.{side}", aligned)
    hinge = hinge - to_thigh * (hinge @ to_thigh)
    hinge /= np.linalg.norm(hinge)
    # At rest the shin leans a little outwards and back from the thigh; flexion counts from a straight leg.
    to_shin = Rotation.from_rotvec(hinge * np.radians(leg.get("knee", 3))).apply(to_thigh)
    builder.point(f"lowerleg01.{side}", _frame(to_shin, hinge) * _frame(shin, np.array([1.0, 0.0, 0.0])).inv())
    heel = float(leg.get("heel", 0))
    builder.point(f"foot.{side}", yaw * _degrees("x", heel))
    for toe in range(1, 6):
        if heel:
            builder.point(f"toe{toe}-1.{side}", yaw * _degrees("x", min(0.0, heel - 40)))


def _degrees(axis: str, angle: float) -> Rotation:
    return Rotation.from_euler(axis, float(angle), degrees=True)


def _rest_direction(start: str, end: str, side: str) -> FloatArray:
    joints = reference_joints()
    vector = joints[f"{end}.{side}"] - joints[f"{start}.{side}"]
    return np.asarray(vector / np.linalg.norm(vector), np.float64)


def _direction(out_forward_up: Sequence[float], side: str, facing: Rotation) -> FloatArray:
    out, forward, up = (float(value) for value in out_forward_up)
    vector = np.array([out if side == "L" else -out, -forward, up])
    return np.asarray(facing.apply(vector / np.linalg.norm(vector)))


def _frame(main: FloatArray, second: FloatArray) -> Rotation:
    """Return the rotation whose first axis is ``main`` and whose second lies in the plane of both."""
    first = main / np.linalg.norm(main)
    other = second - first * (second @ first)
    other = other / np.linalg.norm(other)
    return Rotation.from_matrix(np.stack([first, other, np.cross(first, other)], axis=1))


def _twist_angle(rotation: Rotation, axis: FloatArray) -> float:
    """Return the angle of the part of a rotation that turns about an axis (swing-twist decomposition)."""
    x, y, z, w = rotation.as_quat()
    angle = 2 * np.arctan2(np.dot([x, y, z], axis), w)
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
