"""Inputs of the embedded model: condition maps as planes, the flat-lay, and the person's look as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as fn

from pipelines.embedded.develop import TRACED_PLANES
from pipelines.embedded.log_ratio import OFFSET, to_linear
from vmodel.scene import PART_NAMES
from vmodel.types import FloatArray

PATCH = 4
"""Side in pixels of the block that one cell of the network's grid holds."""

MULTIPLE = 32
"""Divisor of the sides of the network's input: a patch, halved three times."""

LEARNED_LIGHTS = ("soft-key", "bright", "dramatic-side", "beauty", "daylight")
"""Light set-ups of the training pictures."""
_LIKE = {"window": "daylight", "hard-sun": "soft-key", "low-key": "dramatic-side"}
"""Later light set-up -> the learned one that is most like it; traced light shows the network the rest."""
MATERIALS = ("jersey", "cotton", "denim", "silk", "chiffon", "knit", "leather", "coat-wool")
LOOK_LENGTH = 3 + 3 + 1 + 2 + 1 + len(LEARNED_LIGHTS) + len(MATERIALS) + 1
FINE, _COARSE = 3 + 3 + 3 + 1 + 1 + TRACED_PLANES, len(PART_NAMES) + 3 + 1 + 1
PLANES = FINE * PATCH**2 + _COARSE
LABELS = len(PART_NAMES)
"""Number of ``label_planes``."""
RATIO_PLANES = 3 * PATCH**2
BASES = 10
"""Number of ``lighting_basis``."""
_NEIGHBOURHOODS = (4, 8, 16)
"""Sides in pixels of the neighbourhoods that shade, depth, gloss and light are compared with."""
LOCAL = FINE + 1 + 4 * len(_NEIGHBOURHOODS)
"""Number of ``local_planes``."""


@dataclass(frozen=True)
class Conditions:
    """Maps of pictures of one size, as float tensors.

    Attributes:
        draft, albedo: (B, 3, H, W) linear light.
        normals: (B, 3, H, W) camera space (right, down, forward); 0 on the backdrop.
        depth_m: (B, 1, H, W), 0 on the backdrop.
        parts: (B, H, W) int64 index into ``vmodel.scene.PART_NAMES``.
        garment, person, hair: (B, 1, H, W) coverage 0..1.
        pose: (B, 3, H, W) limbs in OpenPose colours, 0..1.
        traced: (B, TRACED_PLANES, H, W) from ``develop_light``; 0 where no surface is seen.
    """

    draft: Tensor
    albedo: Tensor
    normals: Tensor
    depth_m: Tensor
    parts: Tensor
    garment: Tensor
    person: Tensor
    hair: Tensor
    pose: Tensor
    traced: Tensor

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.draft.shape[-2], self.draft.shape[-1]

    def crop(self, top: int, left: int, height: int, width: int) -> Conditions:
        """Return the maps of a window."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        return Conditions(*(getattr(self, field.name)[..., rows, columns] for field in fields(self)))

    def resized(self, size: tuple[int, int]) -> Conditions:
        """Return the maps area-averaged to another (height, width); labels take the nearest pixel."""
        made = {}
        for field in fields(self):
            plane = getattr(self, field.name)
            if field.name == "parts":
                made[field.name] = fn.interpolate(plane[:, None].float(), size, mode="nearest-exact")[:, 0].long()
            else:
                made[field.name] = fn.interpolate(plane, size, mode="area")
        return Conditions(**made)

    def padded(self) -> Conditions:
        """Return the maps continued at bottom and right until both sides are multiples of ``MULTIPLE``."""
        down, right = (-side % MULTIPLE for side in self.size)
        made = {}
        for field in fields(self):
            plane = getattr(self, field.name)
            flat = plane[:, None].float() if plane.ndim == 3 else plane
            flat = fn.pad(flat, (0, right, 0, down), mode="replicate")
            made[field.name] = flat[:, 0].long() if plane.ndim == 3 else flat
        return Conditions(**made)

    def to(self, device: torch.device) -> Conditions:
        """Return the maps on another device."""
        return Conditions(*(getattr(self, field.name).to(device) for field in fields(self)))

    def mirrored(self) -> Conditions:
        """Exchange left and right; normals turn with the picture. Pose colours keep their sides."""
        turned = Conditions(*(getattr(self, field.name).flip(-1) for field in fields(self)))
        turned.normals[:, 0].neg_()
        return turned


def stack_conditions(arrays: Sequence[dict[str, FloatArray]]) -> Conditions:
    """Stack several pictures of one size as tensors.

    Args:
        arrays: one dict per picture: name -> array in the training pictures' layout (``pipelines.training.dataset``):
            colours uint8 sRGB, normals int8, depth_m and traced float, parts, garment, person and hair uint8.
    """

    def planes(name: str, scale: float) -> Tensor:
        batch = torch.from_numpy(np.stack([np.atleast_3d(picture[name]).astype(np.float32) for picture in arrays]))
        return rearrange(batch, "b h w c -> b c h w") / scale

    return Conditions(
        draft=to_linear(planes("draft", 255)),
        albedo=to_linear(planes("albedo", 255)),
        normals=planes("normals", 127),
        depth_m=planes("depth_m", 1),
        parts=planes("parts", 1)[:, 0].long(),
        garment=planes("garment", 255),
        person=planes("person", 255),
        hair=planes("hair", 255),
        pose=planes("pose_map", 255),
        traced=planes("traced", 1),
    )


def condition_planes(conditions: Conditions) -> Tensor:
    """Return the planes that are concatenated to the noisy ratio.

    Detail (draft, albedo, normals, hair, garment, traced light) keeps every pixel, folded ``PATCH`` by ``PATCH`` into
    channels; labels, pose, coverage and depth are averaged over the block.

    Returns:
        (B, PLANES, H / PATCH, W / PATCH) float32, of order one.
    """
    lights = [_logarithm(conditions.draft), _logarithm(conditions.albedo)]
    fine = [*lights, conditions.normals, conditions.hair, conditions.garment, conditions.traced]
    labels = fn.one_hot(conditions.parts.clamp(0, len(PART_NAMES) - 1), len(PART_NAMES)).float()
    labels = rearrange(labels, "b h w c -> b c h w")
    seen = (conditions.depth_m > 0).float()
    centre = conditions.depth_m.sum((2, 3), keepdim=True) / seen.sum((2, 3), keepdim=True).clamp(min=1)
    relief = ((conditions.depth_m - centre) * 4).clamp(-2, 2) * seen
    coarse = torch.cat([labels, conditions.pose, conditions.person, relief], dim=1)
    return torch.cat([fn.pixel_unshuffle(torch.cat(fine, dim=1), PATCH), fn.avg_pool2d(coarse, PATCH)], dim=1)


def local_planes(planes: Tensor) -> Tensor:
    """Return the inputs of fine light at full size: all per-pixel planes, and contrasts with neighbourhoods.

    The difference of shade from its mean over a neighbourhood is what scattered light removes, and that of depth is
    occlusion by surroundings (after Luft et al., Unsharp Masking the Depth Buffer, 2006). The differences of traced
    gloss and light are highlights and folds.

    Args:
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
    Returns:
        (B, LOCAL, H, W) of order one.
    """
    fine = fn.pixel_shuffle(planes[:, : FINE * PATCH**2], PATCH)
    there = (fine[:, 6:9].square().sum(dim=1, keepdim=True) > 0.01).to(planes.dtype)
    shade = (fine[:, :3] - fine[:, 3:6]).mean(dim=1, keepdim=True)
    depth = fn.interpolate(planes[:, -1:], scale_factor=PATCH, mode="bilinear")
    parts = [fine, there]
    for plane in (shade, depth, fine[:, -2:-1], fine[:, -1:]):
        for side in _NEIGHBOURHOODS:
            parts.append((plane - _mean_inside(plane, there, side)) * there)
    return torch.cat(parts, dim=1)


def _mean_inside(plane: Tensor, there: Tensor, side: int) -> Tensor:
    """Average over squares of a side, smoothed, within the mask ``there`` only."""
    around = torch.cat([plane * there, there], dim=1)
    means = fn.interpolate(fn.avg_pool2d(around, side), plane.shape[-2:], mode="bilinear")
    return means[:, :1] / means[:, 1:].clamp(min=1e-3)


def lighting_basis(planes: Tensor) -> Tensor:
    """Return the bases of changed light: a constant, shade, brightness, the normal, and traced light.

    Weighted sums of them are an exposure, a tone curve, and any distant light to second order in the normal
    (Ramamoorthi and Hanrahan, 2001).

    Args:
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
    Returns:
        (B, BASES, H, W) of order one; 0 on the backdrop.
    """
    fine = fn.pixel_shuffle(planes[:, : FINE * PATCH**2], PATCH)
    draft, albedo = (fine[:, first : first + 3].mean(dim=1, keepdim=True) for first in (0, 3))
    right, down, forward = fine[:, 6:7], fine[:, 7:8], fine[:, 8:9]
    there = (fine[:, 6:9].square().sum(dim=1, keepdim=True) > 0.01).to(planes.dtype)
    normal = [right, down, forward, right * down, right * right - down * down]
    traced = [fine[:, -2:-1], fine[:, -1:]]
    given = [(draft - albedo) * there, draft * there, *(part * there for part in (*normal, *traced))]
    return torch.cat([there, *given], dim=1)


def label_planes(planes: Tensor) -> Tensor:
    """Return (B, LABELS, H, W) shares of each body part around each pixel, the same for all of a block.

    Args:
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
    """
    first = FINE * PATCH**2
    return fn.interpolate(planes[:, first : first + LABELS], scale_factor=PATCH, mode="nearest")


def garment_plane(planes: Tensor) -> Tensor:
    """Return (B, 1, H, W) coverage of the garment, 0..1.

    Args:
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
    """
    last = (FINE - TRACED_PLANES) * PATCH**2
    return fn.pixel_shuffle(planes[:, last - PATCH**2 : last], PATCH)


def traced_ratio(planes: Tensor) -> Tensor:
    """Return (B, 3, H, W) log ratios of traced over gathered light, to which a network's answer is added.

    Args:
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
    """
    first = (FINE - TRACED_PLANES) * PATCH**2
    return fn.pixel_shuffle(planes[:, first : first + 3 * PATCH**2], PATCH)


def _logarithm(light: Tensor) -> Tensor:
    return (light + OFFSET).log() / 1.5 + 0.75


@dataclass(frozen=True)
class Look:
    """Person, light, cloth and zoom of a picture.

    Attributes:
        skin_tone, hair_colour: linear-light colour.
        age: years.
        gender: "woman", "man", "girl" or "boy".
        light, material: names of ``vmodel.scene.LIGHTS`` and of ``MATERIALS``; others count as none.
        zoom: pixels per metre over those of a whole figure in a picture 512 high.
        mirrored: left and right are exchanged, including the lamps'; only in training.
    """

    skin_tone: tuple[float, float, float]
    hair_colour: tuple[float, float, float]
    age: float
    gender: str
    light: str
    material: str
    zoom: float
    mirrored: bool = False


def look_vector(look: Look) -> FloatArray:
    """Encode a look as (LOOK_LENGTH,) float32 of order one."""
    tones = np.log(np.asarray([*look.skin_tone, *look.hair_colour]) + OFFSET) / 1.5 + 1
    sex = [float(look.gender in group) for group in (("woman", "girl"), ("man", "boy"))]
    light = [float(_LIKE.get(look.light, look.light) == name) for name in LEARNED_LIGHTS]
    cloth = [float(look.material == name) for name in MATERIALS]
    near = float(np.log2(np.clip(look.zoom, 0.25, 16)))
    return np.asarray([*tones, look.age / 50 - 0.5, *sex, near, *light, *cloth, float(look.mirrored)], np.float32)
