"""Two small networks that read a garment's silhouette: category, sub-kinds, landmarks, visible inside.

Trained only on drawn garments by ``pipelines/training/silhouettes.py``, the second also on sleeves that lie against the
body. Each errs where the other does not, and their opinions count alike.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from vmodel.errors import WeightsMissing
from vmodel.garment.landmarks import mirrored
from vmodel.types import BoolArray, ByteArray, Category, FloatArray, Neckline, Sleeve

SIZE = 128
GRID = 64
CATEGORIES = tuple(Category)
SLEEVES = tuple(Sleeve)
NECKLINES = tuple(Neckline)
LANDMARKS = (
    *("neck_left", "neck_right", "neck_front", "neck_back", "shoulder_left", "shoulder_right"),
    *("cuff_outer_left", "cuff_outer_right", "cuff_inner_left", "cuff_inner_right"),
    *("armpit_left", "armpit_right", "waist_left", "waist_right", "hem_left", "hem_right"),
    *("hip_left", "hip_right", "crotch", "leg_outer_left", "leg_outer_right", "leg_inner_left", "leg_inner_right"),
)
WEIGHTS = ("garment_silhouette.safetensors", "garment_silhouette_pressed.safetensors")
TURNS_DEG = (-3.0, 0.0, 3.0)
_CLASSES = [len(CATEGORIES), len(SLEEVES), len(NECKLINES)]


@dataclass(frozen=True)
class SilhouetteReading:
    """What the network says about one cut-out.

    Attributes:
        category, sleeve, neckline: probability of each member, in the enum's order.
        open_front: probability.
        points_px: landmark -> (2,) float64 photo (x, y).
        confidence: landmark -> 0..1, heat within two cells of the point.
        inside: (H, W) float32 0..1, where the inside of the back shows.
    """

    category: FloatArray
    sleeve: FloatArray
    neckline: FloatArray
    open_front: float
    points_px: dict[str, FloatArray]
    confidence: dict[str, float]
    inside: FloatArray


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
        nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    )


class SilhouetteNet(nn.Module):
    """U-shaped network: (B, 4, 128, 128) -> class scores and (B, 24, 64, 64) heat."""

    def __init__(self, widths: tuple[int, ...] = (24, 40, 56, 72, 96)) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(4, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.SiLU())
        self.down = nn.ModuleList([_block(a, b, 2) for a, b in pairwise(widths)])
        self.up = nn.ModuleList([_block(a + b, a) for a, b in pairwise(widths)])
        self.heat = nn.Conv2d(widths[0], len(LANDMARKS) + 1, 1)
        self.classes = nn.Sequential(
            nn.Linear(widths[-1] * 17, 128),
            nn.SiLU(),
            nn.Linear(128, len(CATEGORIES) + len(SLEEVES) + len(NECKLINES) + 1),
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (B, C) in the order category, sleeve, neckline, open; heat (B, L + 1, 64, 64)."""
        levels = [self.stem(pictures)]
        for down in self.down:
            levels.append(down(levels[-1]))
        deep = levels[-1]
        scores = self.classes(torch.cat([deep.flatten(1), deep.mean((2, 3))], 1))
        for up, skip in zip(reversed(self.up), reversed(levels[:-1]), strict=True):
            deep = up(torch.cat([skip, nn.functional.interpolate(deep, scale_factor=2.0)], 1))
        return scores, self.heat(deep)


def network_input(mask: FloatArray, luma: FloatArray) -> FloatArray:
    """Stack mask, normalised luma and both coordinates.

    Args:
        mask: (..., 128, 128) float 0..1.
        luma: (..., 128, 128) float 0..1, of the photo.
    Returns:
        (..., 4, 128, 128) float32.
    """
    weight = mask.sum((-1, -2), keepdims=True) + 1e-6
    mean = (luma * mask).sum((-1, -2), keepdims=True) / weight
    spread = np.sqrt(((luma - mean) ** 2 * mask).sum((-1, -2), keepdims=True) / weight)
    normal = np.clip((luma - mean) / (spread + 0.06), -3, 3) * mask
    axis = np.linspace(-1, 1, SIZE, dtype=np.float32)
    across = np.broadcast_to(axis, mask.shape)
    return np.stack([mask * 2 - 1, normal, across, np.swapaxes(across, -1, -2)], -3).astype(np.float32)


def square_crop(mask: BoolArray, margin: float = 0.05) -> FloatArray:
    """(2, 3) float64 affine from photo pixels to the network's 128 x 128 picture."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    centre = np.array([columns[0] + columns[-1] + 1, rows[0] + rows[-1] + 1]) / 2
    side = max(np.ptp(columns), np.ptp(rows)) + 1
    scale = SIZE * (1 - 2 * margin) / side
    return np.array([[scale, 0, SIZE / 2 - centre[0] * scale], [0, scale, SIZE / 2 - centre[1] * scale]])


class SilhouetteReaders(nn.Module):
    """Several networks that look at the same pictures: (B, 4, 128, 128) -> what each says, one after the other."""

    def __init__(self, networks: list[SilhouetteNet]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (N B, C) and heat (N B, L + 1, 64, 64) of ``SilhouetteNet``, B rows of each network."""
        scores, heat = zip(*(network(pictures) for network in self.networks), strict=True)
        return torch.cat(scores), torch.cat(heat)


@lru_cache(maxsize=2)
def load_readers(weights: Path) -> SilhouetteReaders:
    """The trained networks, in evaluation mode and in float64.

    A sum's last bit follows the number of threads. In float32 a landmark would move with it, by less than can be
    seen, and the cloth would fall in other folds in a worker of a batch; float64 rounds to the same float32 always.

    Raises:
        WeightsMissing: the folder does not hold a file.
    """
    networks = []
    for name in WEIGHTS:
        if not (weights / name).is_file():
            raise WeightsMissing(name)
        network = SilhouetteNet()
        network.load_state_dict({key: value.float() for key, value in load_file(weights / name).items()})
        networks.append(network)
    return SilhouetteReaders(networks).double().eval()


class _LastReadings:
    """The latest readings by what was read: a photo is recognised first and cut next."""

    def __init__(self, most: int = 2) -> None:
        self._kept: OrderedDict[tuple[int, bytes], SilhouetteReading] = OrderedDict()
        self._most, self._lock = most, Lock()

    def once(self, key: tuple[int, bytes], read: Callable[[], SilhouetteReading]) -> SilhouetteReading:
        """The reading that is kept under a key, or the one that is read now."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = read()
            with self._lock:
                self._kept[key] = kept
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return kept


_LAST = _LastReadings()


def read_silhouette(readers: SilhouetteReaders, rgb: ByteArray, mask: BoolArray) -> SilhouetteReading:
    """Run the networks on several views of one cut-out: upright, turned a little either way, and mirrored.

    A single view of a garment near a border between two kinds is read by the accidents of its pixels; the views agree
    on a reading that a mirrored or slightly turned photo gets as well. The last two readings are kept.

    Args:
        readers: from ``load_readers``.
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool; not empty.
    """
    content = hashlib.sha256(rgb.tobytes())
    content.update(np.packbits(mask).tobytes())
    content.update(repr(mask.shape).encode())
    return _LAST.once((id(readers), content.digest()), lambda: _read(readers, rgb, mask))


def _read(readers: SilhouetteReaders, rgb: ByteArray, mask: BoolArray) -> SilhouetteReading:
    crop = square_crop(mask)
    pictures = [mask.astype(np.float32), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255]
    crops = [_turned(crop, turn, flip) for turn in TURNS_DEG for flip in (False, True)]
    views = np.stack([network_input(*(_resample(picture, view) for picture in pictures)) for view in crops])
    with torch.inference_mode():
        scores, heat = (answer.float() for answer in readers(torch.from_numpy(views).double()))
    crops = crops * len(readers.networks)
    shares = [part.log_softmax(1).mean(0).softmax(0).numpy() for part in torch.split(scores[:, :-1], _CLASSES, 1)]
    spots, confidence = _landmarks(heat[:, :-1].flatten(2).softmax(2).numpy().astype(np.float64), crops)
    inside = np.mean([
        cv2.warpAffine(cell, _centres(_from_grid(view)), mask.shape[::-1], flags=cv2.INTER_LINEAR)
        for cell, view in zip(heat[:, -1].sigmoid().numpy(), crops, strict=True)
    ], axis=0)  # fmt: skip
    return SilhouetteReading(
        category=shares[0],
        sleeve=shares[1],
        neckline=shares[2],
        open_front=float(scores[:, -1].mean().sigmoid()),
        points_px=spots,
        confidence=confidence,
        inside=np.asarray(inside, np.float32),
    )


def _turned(crop: FloatArray, degrees: float, flip: bool) -> FloatArray:
    """The crop turned about its middle and, if asked, mirrored."""
    turn = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), degrees, 1.0)
    if flip:
        turn = np.array([[-1.0, 0, SIZE], [0, 1, 0]]) @ np.vstack([turn, [0, 0, 1]])
    return np.asarray(turn @ np.vstack([crop, [0, 0, 1]]))


def _from_grid(crop: FloatArray) -> FloatArray:
    """(2, 3) affine from cells of the heat to photo pixels."""
    to_photo = cv2.invertAffineTransform(crop)
    return np.column_stack([to_photo[:, :2] * (SIZE / GRID), to_photo[:, 2]])


def _landmarks(shares: FloatArray, crops: list[FloatArray]) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Medians over the views of where each landmark is, and means of how sure.

    Args:
        shares: (views, landmarks, cells) heat that sums to 1.
        crops: (2, 3) affines from photo pixels to each view; a mirrored view exchanges left and right.
    """
    found: dict[str, list[FloatArray]] = {name: [] for name in LANDMARKS}
    sure: dict[str, list[float]] = {name: [] for name in LANDMARKS}
    for share, crop in zip(shares, crops, strict=True):
        to_photo, flips = _from_grid(crop), float(np.linalg.det(crop[:, :2])) < 0
        for name, cell in zip(LANDMARKS, share, strict=True):
            spot, confidence = _peak(cell.reshape(GRID, GRID))
            seen = mirrored(name) if flips else name
            found[seen].append(to_photo[:, :2] @ spot + to_photo[:, 2])
            sure[seen].append(confidence)
    spots = {name: np.median(points, axis=0) for name, points in found.items()}
    return spots, {name: float(np.mean(values)) for name, values in sure.items()}


def _centres(affine: FloatArray) -> FloatArray:
    """The affine for cv2, whose pixel centres lie at integers, not at halves."""
    moved = np.asarray(affine, np.float64).copy()
    moved[:, 2] += moved[:, :2] @ [0.5, 0.5] - 0.5
    return moved


def _resample(picture: FloatArray, crop: FloatArray) -> FloatArray:
    """Area-average the photo into the crop; plain warping would skip pixels and alias."""
    shrink = min(1.0, 2 * float(np.sqrt(abs(np.linalg.det(np.asarray(crop)[:, :2])))))
    height, width = picture.shape
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    half = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    inverse = np.array([[width / size[0], 0, 0], [0, height / size[1], 0], [0, 0, 1]])
    affine = np.asarray(crop) @ inverse
    fine = cv2.warpAffine(half, _centres(affine * 2), (2 * SIZE, 2 * SIZE), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA))


def _peak(heat: FloatArray) -> tuple[FloatArray, float]:
    """Mean of the heat within two cells of its peak, in cell coordinates, and the heat found there."""
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    y, x = np.mgrid[0:GRID, 0:GRID]
    near = heat * ((np.abs(y - row) <= 2) & (np.abs(x - column) <= 2))
    total = float(near.sum())
    return np.array([(near * (x + 0.5)).sum(), (near * (y + 0.5)).sum()]) / total, total
