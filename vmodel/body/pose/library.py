"""Poses by name or from a file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from vmodel.body.pose.compiler import compile_pose, mirrored
from vmodel.core.files import read_own_yaml
from vmodel.errors import UnknownPose
from vmodel.types import Pose


@functools.cache
def pose_names() -> tuple[str, ...]:
    """Return the names of the library, in its order."""
    return tuple(_entries())


def load_pose(name_or_path: str) -> Pose:
    """Load a pose of the library, or fit one to a file.

    Args:
        name_or_path: a name of ``pose_names()``, or the path of OpenPose JSON (COCO-18, BODY_25, COCO-17, whole-body),
            a rendered pose map, or a photo where a pose detector is installed.
    Raises:
        UnknownPose: neither a name nor a file.
        PoseInvalid: the file is not understood.
        PoseImpossible: no person can strike it; the joint is named.
        DetectorMissing: a photo, and no detector.
    """
    if name_or_path in _entries():
        return _library_pose(name_or_path)
    path = Path(name_or_path)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # a name too long for a path, or with a null character
        is_file = False
    if not is_file:
        raise UnknownPose(name_or_path, pose_names())
    # Imported late because they load torch, which naming or listing poses of the library does not need.
    from vmodel.body.pose.fit_keypoints import fit_pose
    from vmodel.body.pose.joint_limits import validate_pose
    from vmodel.body.pose.openpose import read_keypoints

    pose = fit_pose(read_keypoints(path), path.name)
    validate_pose(pose)
    return pose


@functools.cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    entries: Mapping[str, Mapping[str, Any]] = read_own_yaml(files("vmodel.body.pose") / "poses.yaml")
    return entries


@functools.cache
def _library_pose(name: str) -> Pose:
    entry = _entries()[name]
    if "mirror_of" in entry:
        return mirrored(_library_pose(entry["mirror_of"]), name)
    return compile_pose(name, entry)
