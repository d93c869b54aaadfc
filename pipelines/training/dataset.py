"""Dataset: training pictures on disk, and batches of crops from them.

A picture is one compressed ``.npz``: draft, target, albedo, pose_map (H, W, 3) uint8 sRGB; normals (H, W, 3) int8
(camera space right, down, forward; times 127); depth_m (H, W) and traced (H, W, 5) float16; parts, garment, person,
hair (H, W) uint8; flat_lay (128, 128, 3) uint8 on white; meta, a JSON text (see ``PictureMeta``).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from pipelines.embedded.conditioning import Conditions, Look, look_vector, stack_conditions
from pipelines.embedded.log_ratio import lit_share, log_ratio, project_ratio, to_linear
from pipelines.training.augment import recolour
from vmodel.scene import PART_NAMES
from vmodel.types import FloatArray, IntArray

MAPS = ("draft", "albedo", "normals", "depth_m", "parts", "garment", "person", "hair", "pose_map", "traced")
_CLOSE = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hand")]
_THIN_HAIR = 0.1
"""Coverage of strands, and of the surfaces between them, from which a pixel counts as both."""
_AIMS = (0.45, 0.25, 0.3)
"""Shares of windows over faces, hands and hairlines, over the garment, and anywhere on the figure."""
_MEASURED, _BLUR = 7, 0.15
"""Number of measured values in a look (tones and age), and their random shift.

Exact values would identify the scene, whose light could then be memorised."""


@dataclass(frozen=True)
class Picture:
    """Training picture in memory.

    Attributes:
        arrays: name -> array in the layout of the file.
        meta: skin_tone, hair_colour, age, gender, light, material, zoom, crop, split, garment, body, seed.
    """

    arrays: dict[str, FloatArray]
    meta: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self.arrays["parts"].shape
        return height, width

    @cached_property
    def look(self) -> Look:
        """Properties of the person and the picture."""
        meta = self.meta
        names = ("skin_tone", "hair_colour", "age", "gender", "light", "material", "zoom")
        return Look(**{name: meta[name] for name in names})

    @cached_property
    def close(self) -> IntArray:
        """(N, 2) rows and columns of every seventh pixel of face, hands and skin between strands."""
        hair, person = (self.arrays[name].astype(np.float32) / 255 for name in ("hair", "person"))
        return np.argwhere(np.isin(self.arrays["parts"], _CLOSE) | _between_strands(hair, person))[::7]

    @cached_property
    def cloth(self) -> IntArray:
        """(N, 2) rows and columns of every 31st pixel of the garment."""
        return np.argwhere(self.arrays["garment"] > 0)[::31]

    @cached_property
    def figure(self) -> IntArray:
        """(N, 2) rows and columns of every 31st pixel of the person."""
        return np.argwhere(self.arrays["person"] > 0)[::31]


def _between_strands(hair: Any, person: Any) -> Any:
    """Find pixels that show both strands and the surface below; arrays or tensors of coverage 0..1."""
    return (hair > _THIN_HAIR) & (person - hair > _THIN_HAIR)


class PictureCache:
    """Pictures of a folder, which may still be growing; a bounded number stays in memory.

    Attributes:
        train, test: paths of the two splits as of the last ``scan``, sorted.
    """

    def __init__(self, folder: Path, kept: int = 400) -> None:
        self.folder, self._limit = folder, kept
        self.train: list[Path] = []
        self.test: list[Path] = []
        self._split: dict[Path, str] = {}
        self._kept: dict[Path, Picture] = {}

    def scan(self) -> int:
        """Look for new pictures, and forget removed ones; unreadable ones are left out.

        Returns:
            Number of training pictures.
        """
        there = sorted(self.folder.rglob("*.npz"))
        for gone in self._split.keys() - set(there):
            del self._split[gone]
        for path in there:
            hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            if path not in self._split and not hidden:
                self._split[path] = _split_of(path)
        self.train = sorted(path for path, split in self._split.items() if split == "train")
        self.test = sorted(path for path, split in self._split.items() if split == "test")
        return len(self.train)

    def load(self, path: Path) -> Picture:
        """Return the picture of a path."""
        if path not in self._kept:
            while len(self._kept) >= self._limit:
                self._kept.pop(next(iter(self._kept)))
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in (*MAPS, "target", "flat_lay")}
                self._kept[path] = Picture(arrays, json.loads(str(stored["meta"])))
        return self._kept[path]


def _split_of(path: Path) -> str:
    try:
        with np.load(path) as stored:
            whole = set(MAPS) <= set(stored.files)  # pictures of earlier versions lack maps
            return str(json.loads(str(stored["meta"]))["split"]) if whole else "unreadable"
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return "unreadable"


@dataclass(frozen=True)
class Batch:
    """Input of one training step.

    Attributes:
        conditions: of B crops.
        ratio: (B, 3, H, W) log ratio of target over draft, grey on cloth, 0 where nothing may change.
        lit: (B, 1, H, W) from ``lit_share``.
        weight: (B, 1, H, W) importance of each pixel, mean about 1.
        flat_lay: (B, 3, 128, 128) sRGB in -1..1.
        look: (B, LOOK_LENGTH).
    """

    conditions: Conditions
    ratio: Tensor
    lit: Tensor
    weight: Tensor
    flat_lay: Tensor
    look: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on another device."""
        told = {part.name: getattr(self, part.name) for part in fields(self)}
        moved = {name: part.to(device) for name, part in told.items()}
        return Batch(**moved)


def make_batch(pictures: Sequence[Picture], crop: tuple[int, int], seed: Sequence[int]) -> Batch:
    """Cut a random, recoloured, perhaps mirrored crop from each picture.

    Args:
        pictures: B of them.
        crop: (height, width), multiples of 32, at most the pictures' size.
        seed: all randomness follows from it.
    """
    rng = np.random.default_rng(seed)
    arrays, looks = [], []
    for picture in pictures:
        cut, look = _cut(picture, crop, rng)
        arrays.append(cut)
        looks.append(look)
    conditions = stack_conditions(arrays)
    target = to_linear(torch.from_numpy(np.stack([cut["target"] for cut in arrays])).float() / 255)
    lit = lit_share(conditions.person, conditions.hair)
    ratio = log_ratio(rearrange(target, "b h w c -> b c h w"), conditions.draft)
    # Between strands the photograph already has ``lit`` of the light on skin, as the answer will.
    ratio = project_ratio(ratio, conditions.garment, (lit > 0).to(lit))
    weight = pixel_weight(conditions)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    conditions, flat_lay = recolour(conditions, stack_flat_lays(pictures), generator)
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        conditions, ratio, lit = conditions.mirrored(), ratio.flip(-1), lit.flip(-1)
        weight, flat_lay = weight.flip(-1), flat_lay.flip(-1)
    look_batch = torch.from_numpy(np.stack([look_vector(replace(look, mirrored=mirrored)) for look in looks]))
    look_batch[:, :_MEASURED] += _BLUR * torch.randn(len(looks), _MEASURED, generator=generator)
    return Batch(conditions, ratio, lit, weight, flat_lay, look_batch)


def stack_flat_lays(pictures: Sequence[Picture]) -> Tensor:
    """Return (B, 3, 128, 128) sRGB in -1..1."""
    batch = torch.from_numpy(np.stack([picture.arrays["flat_lay"] for picture in pictures])).float()
    return rearrange(batch, "b h w c -> b c h w") / 127.5 - 1


def pixel_weight(conditions: Conditions) -> Tensor:
    """Return (B, 1, H, W) weights: skin and cloth 1, face, hands and skin between strands 2.5, backdrop a quarter."""
    near = torch.isin(conditions.parts, torch.tensor(_CLOSE))[:, None]
    close: Tensor = (near | _between_strands(conditions.hair, conditions.person)).float()
    return 0.25 + 0.75 * conditions.person + 1.5 * close


def _cut(picture: Picture, crop: tuple[int, int], rng: np.random.Generator) -> tuple[dict[str, FloatArray], Look]:
    """Cut a window of ``crop``, a quarter of them at half the zoom; ``_AIMS`` gives their targets."""
    arrays, look = picture.arrays, picture.look
    height, width = arrays["parts"].shape
    halve = 2 * crop[0] <= height and 2 * crop[1] <= width and rng.random() < 0.25
    rows, columns = (2 * crop[0], 2 * crop[1]) if halve else crop
    chosen = rng.choice(3, p=_AIMS)
    spots = (picture.close, picture.cloth, picture.figure)[chosen]
    if not len(spots):
        spots = picture.figure
    row, column = spots[rng.integers(len(spots))] if len(spots) else (height // 2, width // 2)
    jitter = rng.integers(-crop[0] // 4, crop[0] // 4 + 1, 2)
    top = int(np.clip(row + jitter[0] - rows // 2, 0, height - rows))
    left = int(np.clip(column + jitter[1] - columns // 2, 0, width - columns))
    window = {name: arrays[name][top : top + rows, left : left + columns] for name in (*MAPS, "target")}
    if not halve:
        return window, look
    return {name: _halved(name, plane) for name, plane in window.items()}, replace(look, zoom=look.zoom / 2)


def _halved(name: str, plane: FloatArray) -> FloatArray:
    if name in {"parts", "depth_m"}:
        return plane[::2, ::2]
    blocks = rearrange(plane.astype(np.float32), "(h a) (w b) ... -> h w a b ...", a=2, b=2)
    means = blocks.mean(axis=(2, 3))
    return np.asarray(means if name == "traced" else np.rint(means))
