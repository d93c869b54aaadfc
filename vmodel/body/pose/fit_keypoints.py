"""Fitting joint rotations to keypoints of a picture.

The skeleton is posed by differentiable forward kinematics and seen by a weak-perspective camera; Adam moves the joint
angles until the keypoints fall on those given. Depth is not in the picture: priors prefer upright, forward-facing
bodies with hanging arms, and hinges bend only the way they can. Several starts decide on the side the body faces
(after SMPLify, Bogo et al. 2016, without a learned prior).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import roma
import torch
from scipy.spatial.transform import Rotation

from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.body.mesh.keypoints import COCO_18, keypoints_of
from vmodel.body.pose.compiler import NECK_SHARES, SPINE_SHARES
from vmodel.body.pose.hands import bent_fingers, load_hands
from vmodel.body.pose.joint_limits import HINGES, SWINGS
from vmodel.errors import PoseImpossible, PoseInvalid
from vmodel.types import BoolArray, FloatArray, Pose

NEEDED = ("neck", "right_shoulder", "left_shoulder", "right_hip", "left_hip")
"""Keypoints that a fit needs to determine how a body stands."""
LARGEST_MISS = 0.075
"""Largest distance to a keypoint that counts as reached, as a share of the body's height."""
STEPS = 260
YAWS = (0.0, 0.7, -0.7, 1.3, -1.3, np.pi, np.pi - 0.7, np.pi + 0.7)

_CARRIER: Mapping[str, str] = {
    "neck": "spine01", "nose": "head", "eye": "head", "ear": "head", "shoulder": "shoulder01", "elbow": "upperarm02",
    "wrist": "lowerarm02", "hip": "root", "knee": "upperleg02", "ankle": "lowerleg02",
}  # fmt: skip
_BALLS = ("upperarm01.L", "upperarm01.R", "upperleg01.L", "upperleg01.R", "shoulder01.L", "shoulder01.R")
_HINGED = ("lowerarm01.L", "lowerarm01.R", "lowerleg01.L", "lowerleg01.R")
_LIMBS = (
    ("right_shoulder", "right_elbow", "upper arm"), ("right_elbow", "right_wrist", "forearm"),
    ("left_shoulder", "left_elbow", "upper arm"), ("left_elbow", "left_wrist", "forearm"),
    ("right_hip", "right_knee", "thigh"), ("right_knee", "right_ankle", "lower leg"),
    ("left_hip", "left_knee", "thigh"), ("left_knee", "left_ankle", "lower leg"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Skeleton:
    """Bones that a fit moves, on the average body.

    Attributes:
        bones: names, parents first; parents: indices; offsets: (B, 3) from the parent's head.
        carriers: (18,) bone that carries each keypoint; arms: (18, 3) from that bone's head.
        height: metres.
    """

    bones: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: torch.Tensor
    carriers: torch.Tensor
    arms: torch.Tensor
    height: float


@dataclass(frozen=True, eq=False)
class Fit:
    """Outcome of a fit.

    Attributes:
        pose: joint rotations.
        keypoints_px: (18, 2) where the fitted body's keypoints fall in the picture.
        mean_error: mean distance to the keypoints given, as a share of the body's height in the picture.
    """

    pose: Pose
    keypoints_px: FloatArray
    mean_error: float


def fit_pose(keypoints_px: FloatArray, name: str = "fitted") -> Pose:
    """Find the pose whose keypoints fall on those of a picture.

    Args:
        keypoints_px: (18, 3) x, y in pixels (y down) and confidence in COCO-18 order; confidence 0 is missing.
        name: name of the pose, for messages.
    Raises:
        PoseInvalid: shoulders or hips are missing.
        PoseImpossible: a keypoint is out of the body's reach, or the body stands on its head; the joint is named.
    """
    return fit_keypoints(keypoints_px, name).pose


def fit_keypoints(keypoints_px: FloatArray, name: str = "fitted") -> Fit:
    """Fit a pose as ``fit_pose`` does, and return the keypoints and the error that it reached as well."""
    keypoints = np.asarray(keypoints_px, np.float64)
    if keypoints.shape != (18, 3) or not np.isfinite(keypoints).all():
        raise PoseInvalid(name, "does not hold 18 keypoints of x, y and confidence")
    seen = keypoints[:, 2] > 0.05
    missing = [joint for joint in NEEDED if not seen[COCO_18.index(joint)]]
    if missing:
        raise PoseInvalid(name, f"lacks the {missing[0].replace('_', ' ')}")
    neck, *hips = (keypoints[COCO_18.index(joint), 1] for joint in ("neck", "right_hip", "left_hip"))
    if neck > np.mean(hips):
        raise PoseImpossible("neck", "it would hang below the hips; if the picture lies upside down, turn it")
    skeleton = _skeleton()
    scale = _scale_px_per_m(keypoints, seen, skeleton, name)
    target = torch.from_numpy(keypoints[:, :2] / scale * [1, -1]).float()
    vectors, reached = _optimise(target, torch.from_numpy(seen), skeleton)
    misses = np.linalg.norm(reached - target.numpy(), axis=1) * seen / skeleton.height
    _refuse_unreachable(misses, seen)
    rotations = _finish(vectors)
    lifted = _thighs_level(rotations)
    return Fit(
        pose=Pose(name, rotations, seated=lifted),
        keypoints_px=reached * scale * [1, -1],
        mean_error=float(misses.sum() / seen.sum()),
    )


def _scale_px_per_m(keypoints: FloatArray, seen: BoolArray, skeleton: _Skeleton, name: str) -> float:
    """Estimate the picture's scale from the least foreshortened segments; refuse limbs that are too long for it."""
    rest = _rest_keypoints(skeleton)

    def length(first: str, second: str) -> tuple[float, float]:
        a, b = COCO_18.index(first), COCO_18.index(second)
        flat = float(np.linalg.norm(keypoints[a, :2] - keypoints[b, :2]))
        return (flat if seen[a] and seen[b] else 0.0), float(np.linalg.norm(rest[a] - rest[b]))

    hips = (keypoints[COCO_18.index("right_hip")] + keypoints[COCO_18.index("left_hip")]) / 2
    rest_hips = (rest[COCO_18.index("right_hip")] + rest[COCO_18.index("left_hip")]) / 2
    neck = COCO_18.index("neck")
    torso = float(np.linalg.norm(keypoints[neck, :2] - hips[:2]) / np.linalg.norm(rest[neck] - rest_hips))
    ratios = {(first, second): length(first, second)[0] / length(first, second)[1] for first, second, _ in _LIMBS}
    shoulders = length("left_shoulder", "right_shoulder")
    candidates = [torso, 0.9 * shoulders[0] / shoulders[1], *(ratio for ratio in ratios.values() if ratio > 0)]
    # A limb lying in the picture plane shows its whole length: the scale is near the largest ratios, and one limb
    # that is far longer than all others is a mistake, not a measure.
    ordered = sorted(candidates)
    scale = float(np.mean(ordered[-4:-1])) if len(ordered) >= 4 else ordered[-1]
    if scale <= 0:
        raise PoseInvalid(name, "has all keypoints in one place")
    for first, second, limb in _LIMBS:
        if ratios[first, second] > 1.45 * scale:
            side, joint = second.split("_")
            raise PoseImpossible(
                f"{side} {joint}", f"the {limb} would be {ratios[first, second] / scale:.1f} times its length"
            )
    return scale


@functools.cache
def _skeleton() -> _Skeleton:
    surface, model = load_surface(), load_anny()
    output = model(None)
    heads = output["bone_poses"][0, :, :3, 3].detach()
    vertices = output["vertices"][0].detach().numpy()
    wanted = {"root", *SPINE_SHARES, *NECK_SHARES}
    for stem in ("clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02"):
        wanted |= {f"{stem}.L", f"{stem}.R"}
    for stem in ("pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02"):
        wanted |= {f"{stem}.L", f"{stem}.R"}
    indices = [i for i, label in enumerate(surface.bone_labels) if label in wanted]
    bones = tuple(surface.bone_labels[i] for i in indices)
    parents = tuple(
        bones.index(surface.bone_labels[surface.bone_parents[i]]) if surface.bone_parents[i] >= 0 else -1
        for i in indices
    )
    own = heads[indices]
    offsets = torch.stack([own[i] - own[p] if p >= 0 else torch.zeros(3) for i, p in enumerate(parents)])
    keypoints = torch.from_numpy(keypoints_of(vertices))
    carriers = []
    for label in COCO_18:
        side, _, joint = label.rpartition("_")
        bone = _CARRIER[joint]
        carriers.append(bones.index(bone if bone in bones else f"{bone}.{'L' if side == 'left' else 'R'}"))
    arms = keypoints - own[carriers]
    return _Skeleton(bones, parents, offsets, torch.tensor(carriers), arms, float(np.ptp(vertices[:, 2])))


def _rest_keypoints(skeleton: _Skeleton) -> FloatArray:
    angles = _Angles.zeros(1)
    return np.asarray(_forward(angles.rotations(skeleton), skeleton)[0].detach().numpy())


@dataclass(eq=False)
class _Angles:
    """Free parameters of N fits side by side."""

    root: torch.Tensor  # (N, 3) rotation vector
    spine: torch.Tensor  # (N, 3) whole bend of the back
    neck: torch.Tensor  # (N, 3) whole turn of the head
    balls: torch.Tensor  # (N, 6, 3)
    hinges: torch.Tensor  # (N, 4) flexion on top of rest
    camera: torch.Tensor  # (N, 3) x, y, log of a scale correction

    @classmethod
    def zeros(cls, count: int) -> _Angles:
        shapes = ((3,), (3,), (3,), (len(_BALLS), 3), (len(_HINGED),), (3,))
        return cls(*(torch.zeros(count, *shape) for shape in shapes))

    def parameters(self) -> list[torch.Tensor]:
        return [self.root, self.spine, self.neck, self.balls, self.hinges, self.camera]

    def rotations(self, skeleton: _Skeleton) -> torch.Tensor:
        """Return the rotation vectors (N, B, 3) of the skeleton's bones."""
        columns: dict[str, torch.Tensor] = {"root": self.root}
        columns |= {bone: share * self.spine for bone, share in SPINE_SHARES.items()}
        columns |= {bone: share * self.neck for bone, share in NECK_SHARES.items()}
        columns |= {bone: self.balls[:, i] for i, bone in enumerate(_BALLS)}
        for i, bone in enumerate(_HINGED):
            axis = torch.from_numpy(HINGES[bone].axis().astype(np.float32))
            columns[bone] = self.hinges[:, i, None] * axis
        still = torch.zeros_like(self.root)
        return torch.stack([columns.get(bone, still) for bone in skeleton.bones], dim=1)


def _forward(vectors: torch.Tensor, skeleton: _Skeleton) -> torch.Tensor:
    """Return keypoints (N, 18, 3) in metres for rotation vectors (N, B, 3); the root's head is the origin."""
    local = roma.rotvec_to_rotmat(vectors)
    turned: list[torch.Tensor] = []
    placed: list[torch.Tensor] = []
    for index, parent in enumerate(skeleton.parents):
        if parent < 0:
            turned.append(local[:, index])
            placed.append(torch.zeros_like(vectors[:, 0]))
            continue
        turned.append(turned[parent] @ local[:, index])
        placed.append(placed[parent] + turned[parent] @ skeleton.offsets[index])
    rotation, position = torch.stack(turned, dim=1), torch.stack(placed, dim=1)
    carriers = skeleton.carriers
    return position[:, carriers] + (rotation[:, carriers] @ skeleton.arms[..., None])[..., 0]


def _optimise(
    target: torch.Tensor, seen: torch.Tensor, skeleton: _Skeleton
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the best of several starts: (bone -> rotation vector, (18, 2) reached keypoints in metres, y up)."""
    angles = _Angles.zeros(len(YAWS))
    angles.root[:, 2] = torch.tensor(YAWS)
    hips = (target[COCO_18.index("left_hip")] + target[COCO_18.index("right_hip")]) / 2
    angles.camera[:, :2] = hips
    for parameter in angles.parameters():
        parameter.requires_grad_(True)
    optimiser = torch.optim.Adam(angles.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS, eta_min=0.004)
    with torch.enable_grad():
        for step in range(STEPS):
            optimiser.zero_grad()
            loss, _, _ = _loss(angles, target, seen, skeleton, prior=1.0 if step < STEPS // 2 else 0.3)
            loss.sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        loss, reached, vectors = _loss(angles, target, seen, skeleton, prior=0.3)
        best = int(loss.argmin())
    found = {bone: vectors[best, i].numpy() for i, bone in enumerate(skeleton.bones)}
    return {bone: vector for bone, vector in found.items() if np.linalg.norm(vector) > 1e-4}, reached[best].numpy()


def _loss(
    angles: _Angles, target: torch.Tensor, seen: torch.Tensor, skeleton: _Skeleton, prior: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the loss (N,), keypoints (N, 18, 2) in the picture and rotation vectors (N, B, 3)."""
    vectors = angles.rotations(skeleton)
    keypoints = _forward(vectors, skeleton)
    seen_from_front = torch.stack([keypoints[..., 0], keypoints[..., 2]], dim=-1)
    reached = seen_from_front * torch.exp(angles.camera[:, None, 2:]) + angles.camera[:, None, :2]
    miss = ((reached - target).square().sum(-1) + 1e-8).sqrt() * seen
    data = torch.where(miss < 0.08, miss.square() / 0.16, miss - 0.04).sum(-1)
    tilt = angles.root[:, :2].square().sum(-1)
    back = angles.spine.square().sum(-1)
    neck = (angles.neck.square() * torch.tensor([1.0, 1.0, 0.5])).sum(-1)
    weights = torch.tensor([0.03, 0.03, 0.12, 0.12, 2.0, 2.0])
    balls = (angles.balls.square().sum(-1) * weights).sum(-1)
    hinges = (angles.hinges.square() * 0.03).sum(-1)
    scale = 4 * angles.camera[:, 2].square()
    limits = _beyond_limits(angles)
    return (
        data + prior * 0.06 * (tilt + 0.7 * back + 0.5 * neck + balls + hinges) + scale + 3.0 * limits,
        reached,
        vectors,
    )


def _beyond_limits(angles: _Angles) -> torch.Tensor:
    """Return the squared radians (N,) beyond the limits of the joints."""
    total = torch.zeros(len(angles.root))
    for i, bone in enumerate(_HINGED):
        low, high = HINGES[bone].range_rad()
        total = (
            total
            + (low - angles.hinges[:, i]).clamp(min=0).square()
            + (angles.hinges[:, i] - high).clamp(min=0).square()
        )
    for i, bone in enumerate(_BALLS):
        most = float(np.radians(SWINGS[bone.split(".")[0]]))
        total = total + (angles.balls[:, i].norm(dim=-1) - most).clamp(min=0).square()
    backwards = angles.balls[:, 2:4, 0] - 0.45  # thighs swing back 25 degrees at most
    total = total + backwards.clamp(min=0).square().sum(-1)
    for value, most in ((angles.spine, 1.0), (angles.neck, 1.2)):
        total = total + (value.abs() - most).clamp(min=0).square().sum(-1)
    return total


def _refuse_unreachable(misses: FloatArray, seen: BoolArray) -> None:
    limbs = [i for i, label in enumerate(COCO_18) if label.split("_")[-1] in {"elbow", "wrist", "knee", "ankle"}]
    worst = max(limbs, key=lambda i: float(misses[i]))
    if seen[worst] and misses[worst] > LARGEST_MISS:
        side, joint = COCO_18[worst].split("_")
        # A lower leg that cannot follow means that the knee would have to bend forwards.
        bends = {"ankle": "knee", "wrist": "elbow"}.get(joint, joint)
        reason = "it would have to bend against its hinge or reach too far"
        raise PoseImpossible(f"{side} {bends}", reason)
    if misses.max() > 2 * LARGEST_MISS:
        label = COCO_18[int(misses.argmax())].replace("_", " ")
        raise PoseImpossible(label, "no turn of the body brings it there")


def _finish(vectors: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Level the feet under the legs and relax the fingers, which keypoints do not determine."""
    rotations = {bone: np.asarray(vector, np.float32) for bone, vector in vectors.items()}
    for side in ("L", "R"):
        leg = Rotation.identity()
        for bone in ("root", f"pelvis.{side}", f"upperleg01.{side}", f"upperleg02.{side}", f"lowerleg01.{side}"):
            leg = leg * Rotation.from_rotvec(rotations.get(bone, np.zeros(3)))
        forward = leg.apply([0.0, -1.0, 0.0])
        yaw = np.arctan2(forward[0], -forward[1])
        level = leg.inv() * Rotation.from_euler("z", yaw)
        angle = float(np.linalg.norm(level.as_rotvec()))
        rotations[f"foot.{side}"] = (level.as_rotvec() * min(1.0, 0.9 / max(angle, 1e-6))).astype(np.float32)
        rotations |= bent_fingers(side, load_hands()["relaxed"])
    return rotations


def _thighs_level(rotations: Mapping[str, FloatArray]) -> bool:
    """Return whether both thighs point forward rather than down: the body sits."""
    down = []
    for side in ("L", "R"):
        root = Rotation.from_rotvec(rotations.get("root", np.zeros(3)))
        thigh = root * Rotation.from_rotvec(rotations.get(f"upperleg01.{side}", np.zeros(3)))
        down.append(-thigh.apply([0.0, 0.0, -1.0])[2])
    return bool(max(down) < 0.5)
