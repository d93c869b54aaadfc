"""Body of a roster entry: its mesh at rest and in any pose.

Rotations of a pose are rotation vectors in the rest body's own axes (world axes of the rest pose): the bone and
everything that hangs on it turn about the bone's head. Rest orientations are the same for every body, so one pose
fits women, men and children alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import roma
import torch

from vmodel.body.base_layer.modesty import smooth_under_base_layer
from vmodel.body.face.expressions import actions_of
from vmodel.body.face.gaze import Eyes, eyes_of
from vmodel.body.mesh.anny_model import Surface, load_anny, load_surface
from vmodel.body.mesh.keypoints import keypoints_of
from vmodel.body.mesh.measure import measure_body
from vmodel.body.pose.contact_correction import adapt_rotations
from vmodel.core.parallel import one_thread
from vmodel.types import (
    BodyMeasurements,
    ByteArray,
    FloatArray,
    IntArray,
    Pose,
    PosedBody,
    VirtualModel,
)

REST_POSE = Pose("rest", {})
PATH_CHUNK = 16
"""Bodies posed in one batch; bounds memory on long paths."""
_KEPT_POSES = 8


@dataclass(frozen=True, eq=False)
class Body:
    """One virtual model's body, ready to be posed.

    Attributes:
        model: the roster entry.
        rest: standing on z = 0 with the arms held out as anny's rest pose holds them.
        measurements: tailor's measurements at rest, cm.
        surface: triangles, texture layout and labels.
    """

    model: VirtualModel
    rest: PosedBody
    measurements: BodyMeasurements
    surface: Surface = field(repr=False)
    _shape: _Shape = field(repr=False)
    _adapted: dict[bytes, FloatArray] = field(default_factory=dict, repr=False)
    _expressed: dict[tuple[tuple[str, float], ...], _Shape] = field(default_factory=dict, repr=False)

    @property
    def scale(self) -> float:
        """Height of the model over the height that its phenotype has by itself; near 1 for natural proportions."""
        return self._shape.scale

    @property
    def uv(self) -> tuple[FloatArray, IntArray]:
        """Texture coordinates, (n, 2) float32 with v up, and indices into them, (F, 3) int32."""
        return self.surface.uv, self.surface.uv_faces

    @property
    def face_parts(self) -> ByteArray:
        """Index of each face's part in the order of ``BodyPart``, (F,) uint8."""
        return self.surface.face_parts

    def posed(self, pose: Pose) -> PosedBody:
        """Return the body in a pose, its lowest point on the floor."""
        vertices, bone_poses = self.expressing(pose).skin(self.adapted(pose)[None])
        return self._posed_body(vertices[0], bone_poses[0], pose)

    def expressing(self, pose: Pose) -> _Shape:
        """Return the shape before posing, with the model's expression in a pose."""
        actions = actions_of(self.model, pose)
        key = tuple(actions.items())
        if key not in self._expressed:  # every picture of a film has the same face
            while len(self._expressed) >= _KEPT_POSES:
                self._expressed.pop(next(iter(self._expressed)))
            self._expressed[key] = _shape_of(self.model, actions).scaled(self._shape.scale)
        return self._expressed[key]

    def adapted(self, pose: Pose) -> FloatArray:
        """Return the rotations (J, 3, 3) float32 of a pose on this body: soles on the floor, arms outside the torso."""
        wanted = pose_matrices(pose, self.surface)
        key = wanted.tobytes()
        if key not in self._adapted:  # a drape needs the same two poses half a dozen times
            while len(self._adapted) >= _KEPT_POSES:
                self._adapted.pop(next(iter(self._adapted)))
            self._adapted[key] = adapt_rotations(wanted, self._shape.skin, self.surface)
        return self._adapted[key].copy()

    def posed_between(self, start: Pose, end: Pose, t: float) -> PosedBody:
        """Return the body on the way from one pose to another; joints turn along the shortest arc, the face follows.

        Args:
            start: pose at ``t`` = 0.
            end: pose at ``t`` = 1.
            t: share of the way, 0..1.
        """
        shares = np.array([t])
        rotations = _between(self.adapted(start), self.adapted(end), shares)
        vertices, bone_poses = self.expressing(start).towards(self.expressing(end), shares).skin(rotations)
        return self._posed_body(vertices[0], bone_poses[0], start if t < 0.5 else end)

    def posed_path(self, start: Pose, end: Pose, steps: int) -> FloatArray:
        """Return the vertices on the way from one pose to another, both ends included.

        Returns:
            (steps, V, 3) float32 metres; the first is ``start``, the last is ``end``.
        """
        shares = np.linspace(0.0, 1.0, steps)
        rotations = _between(self.adapted(start), self.adapted(end), shares)
        first, last = self.expressing(start), self.expressing(end)
        chunks = []
        for i in range(0, steps, PATH_CHUNK):
            part = slice(i, i + PATH_CHUNK)
            chunks.append(first.towards(last, shares[part]).skin(rotations[part])[0])
        return np.concatenate(chunks)

    def keypoints(self, posed: PosedBody) -> FloatArray:
        """Return the keypoints (18, 3) in float32 metres.

        COCO-18 order: nose, neck, right arm, left arm, right leg, left leg, eyes, ears.
        """
        return keypoints_of(posed.vertices_m)

    def eyes(self, posed: PosedBody) -> Eyes:
        """Find position and gaze of a posed body's eyeballs."""
        return eyes_of(posed.vertices_m)

    def _posed_body(self, vertices: FloatArray, bone_poses: FloatArray, pose: Pose) -> PosedBody:
        joints = {label: bone_poses[i, :3, 3] for i, label in enumerate(self.surface.bone_labels)}
        return PosedBody(vertices, self.surface.faces, joints, bone_poses, pose)


@dataclass(frozen=True, eq=False)
class _Shape:
    """Shape of a body before posing, in metres and scaled to the model's height."""

    rest_vertices: torch.Tensor
    rest_bone_poses: torch.Tensor
    scale: float

    def scaled(self, factor: float) -> _Shape:
        """Return the shape scaled about the origin."""
        bone_poses = self.rest_bone_poses.clone()
        bone_poses[..., :3, 3] *= factor
        return _Shape(self.rest_vertices * factor, bone_poses, self.scale * factor)

    def towards(self, other: _Shape, shares: FloatArray) -> _Shape:
        """Return the shapes at shares (B,) of the way to another of the same size, for ``skin`` of B poses."""
        t = torch.from_numpy(np.asarray(shares, np.float32))[:, None, None]
        return _Shape(
            torch.lerp(self.rest_vertices, other.rest_vertices, t),
            torch.lerp(self.rest_bone_poses, other.rest_bone_poses, t[..., None]),
            self.scale,
        )

    @torch.no_grad()
    @one_thread()
    def skin(self, rotations: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pose the shape.

        Args:
            rotations: (B, J, 3, 3) bone rotations in rest axes.
        Returns:
            (B, V, 3) float32 vertices with the lowest at z = 0, and (B, J, 4, 4) float32 bone poses.
        """
        anny_model = load_anny()
        deltas = torch.eye(4).repeat(*rotations.shape[:2], 1, 1)
        deltas[..., :3, :3] = torch.from_numpy(np.array(rotations, np.float32))
        transforms, bone_poses = anny_model.get_bone_transforms(deltas, self.rest_bone_poses)
        vertices = anny_model.get_skinned_vertices(
            self.rest_vertices.expand(len(rotations), -1, -1).contiguous(), transforms
        )
        lift = -vertices[..., 2].amin(dim=1)
        vertices, bone_poses = vertices.clone(), bone_poses.clone()
        vertices[..., 2] += lift[:, None]
        bone_poses[..., 2, 3] += lift[:, None]
        return vertices.numpy(), bone_poses.numpy()


def build_body(model: VirtualModel) -> Body:
    """Shape the body of a roster entry.

    Its standing height is exactly ``model.height_cm``; its face has ``model.expression``.
    """
    surface = load_surface()
    unscaled = _shape_of(model, model.expression)
    identity = np.broadcast_to(np.eye(3, dtype=np.float32), (1, len(surface.bone_labels), 3, 3))
    natural_height = float(np.ptp(unscaled.skin(identity)[0][0, :, 2]))
    shape = unscaled.scaled(model.height_cm / 100 / natural_height)
    vertices, bone_poses = shape.skin(identity)
    joints = {label: bone_poses[0, i, :3, 3] for i, label in enumerate(surface.bone_labels)}
    rest = PosedBody(vertices[0], surface.faces, joints, bone_poses[0], REST_POSE)
    return Body(model, rest, measure_body(rest, surface), surface, shape)


@torch.no_grad()
@one_thread()
def _shape_of(model: VirtualModel, expression: Mapping[str, float]) -> _Shape:
    anny_model: Any = load_anny()
    rest = anny_model(
        phenotype_kwargs=dict(model.phenotype),
        local_changes_kwargs=dict(model.local_changes),
        facial_actions=dict(expression),
    )
    vertices = smooth_under_base_layer(rest["rest_vertices"], model.is_child)
    return _Shape(vertices, rest["rest_bone_poses"], 1.0)


@one_thread()
def pose_matrices(pose: Pose, surface: Surface) -> FloatArray:
    """Return the bone rotations (J, 3, 3) float32 of a pose; bones that it does not name stay at rest.

    Raises:
        KeyError: the pose names a bone that the body lacks.
    """
    vectors = np.zeros((len(surface.bone_labels), 3), np.float32)
    for bone, vector in pose.rotations.items():
        vectors[surface.bone_labels.index(bone)] = vector
    matrices: FloatArray = roma.rotvec_to_rotmat(torch.from_numpy(vectors)).numpy()
    return matrices


@one_thread()
def _between(start: FloatArray, end: FloatArray, shares: FloatArray) -> FloatArray:
    """Interpolate each joint spherically: (S, J, 3, 3)."""
    first, last = (roma.rotmat_to_unitquat(torch.from_numpy(m)) for m in (start, end))
    path: FloatArray = roma.unitquat_to_rotmat(
        roma.unitquat_slerp(first, last, torch.from_numpy(np.asarray(shares, np.float32)), shortest_arc=True)
    ).numpy()
    return path
