"""Bones of the average body at rest, which poses are described by."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.types import FloatArray


@functools.cache
def reference_joints() -> Mapping[str, FloatArray]:
    """Return bone heads of the average body at rest; directions between them hardly differ from body to body."""
    model = load_anny()
    poses = model(None)["bone_poses"][0].numpy()
    return {label: poses[i, :3, 3] for i, label in enumerate(model.bone_labels)}


@functools.cache
def parents() -> Mapping[str, str | None]:
    """Return the bone that each bone hangs on; None for the root."""
    surface = load_surface()
    labels = surface.bone_labels
    return {
        label: labels[parent] if parent >= 0 else None
        for label, parent in zip(labels, surface.bone_parents, strict=True)
    }


def shortest_arc(start: FloatArray, end: FloatArray) -> Rotation:
    """Return the rotation that turns one direction (3,) to another by the shortest arc."""
    axis = np.cross(start, end)
    length = np.linalg.norm(axis)
    if length < 1e-9:
        return Rotation.identity()
    return Rotation.from_rotvec(axis / length * np.arctan2(length, start @ end))
