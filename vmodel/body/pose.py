"""Poses: the library, files, and the limits of human joints."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from vmodel.body.pose_language import compile_pose, mirrored
from vmodel.errors import UnknownPose
from vmodel.types import Pose


@functools.cache
def pose_names() -> tuple[str, ...]:
    """Names of the library, in its order."""
    return tuple(_entries())


def load_pose(name_or_path: str) -> Pose:
    """A pose of the library, or one fitted to a file.

    Raises:
        UnknownPose: neither a name nor a file.
    """
    if name_or_path in _entries():
        return _library_pose(name_or_path)
    if not Path(name_or_path).is_file():
        raise UnknownPose(name_or_path, pose_names())
    raise UnknownPose(name_or_path, pose_names())


@functools.cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    text = (files("vmodel.body") / "poses.yaml").read_text(encoding="utf-8")
    entries: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return entries


@functools.cache
def _library_pose(name: str) -> Pose:
    entry = _entries()[name]
    if "mirror_of" in entry:
        return mirrored(_library_pose(entry["mirror_of"]), name)
    return compile_pose(name, entry)
