"""Training pictures small enough to draw: a figure of ellipses whose target is lit from the side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipelines.embedded.develop import TRACED_PLANES
from vmodel.core.colour import to_srgb
from vmodel.scene import PART_NAMES


def write_picture(path: Path, seed: int, split: str = "train", size: tuple[int, int] = (96, 96)) -> None:
    """Write one picture in the layout that ``pipelines.training.dataset`` documents."""
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    head = ((x - 0.5) / 0.12) ** 2 + ((y - 0.2) / 0.15) ** 2 < 1
    body = (((x - 0.5) / 0.25) ** 2 + ((y - 0.65) / 0.32) ** 2 < 1) & ~head
    hair = head & (y < 0.12)
    parts = np.zeros(size, np.uint8)
    for mask, name in ((head, "face"), (body, "garment"), (hair, "hair")):
        parts[mask] = PART_NAMES.index(name)
    albedo = np.zeros((*size, 3), np.float32)
    albedo[head], albedo[body], albedo[hair] = (0.5, 0.3, 0.2), rng.uniform(0.1, 0.8, 3), 0.03
    person = head | body
    plate = np.full((*size, 3), 0.6, np.float32)
    draft = np.where(person[..., None], albedo * 0.8, plate)
    side = np.exp(0.8 * (x - 0.5))[..., None]
    target = np.where(person[..., None], draft * side, plate)
    normals = np.zeros((*size, 3), np.int8)
    normals[person] = (0, 0, -127)
    flat_lay = np.full((128, 128, 3), 255, np.uint8)
    flat_lay[20:108, 30:98] = to_srgb(albedo[body][0])
    look = {"skin_tone": [0.5, 0.3, 0.2], "hair_colour": [0.03] * 3, "age": 30, "gender": "woman", "light": "soft-key"}
    meta = look | {"material": "jersey", "zoom": 1.0, "crop": "whole", "split": split, "garment": f"g{seed}"}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        draft=to_srgb(draft),
        target=to_srgb(target),
        albedo=to_srgb(albedo),
        normals=normals,
        depth_m=(person * 3.0).astype(np.float16),
        parts=parts,
        garment=(body * 255).astype(np.uint8),
        person=(person * 255).astype(np.uint8),
        hair=(hair * 255).astype(np.uint8),
        traced=np.zeros((*size, TRACED_PLANES), np.float16),
        pose_map=np.zeros((*size, 3), np.uint8),
        flat_lay=flat_lay,
        meta=json.dumps(meta),
    )
