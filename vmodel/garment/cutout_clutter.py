"""Cut-out on a cluttered surface: several guesses, each sharpened by GrabCut, and a judge of silhouettes.

No single cue survives wood grain, bed sheets and concrete, so guesses come from different cues (colours rare at the
margin, lightness, distance from a smooth surface, the centre) and the one that looks most like a garment wins:
strong contrast all along its outline, different colours on both sides, roughly mirror-symmetric, off the rim.
GrabCut: Rother, Kolmogorov, Blake, SIGGRAPH 2004.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from vmodel.garment.cutout_plain import Surface, difference_of, disc, margin, steepness
from vmodel.types import BoolArray, ByteArray, FloatArray

GUESS_SIDE: Final = 320
_RANDOM_SEED: Final = 7
# Of bytes: a picture of one colour holds nothing to cut.
_LEAST_SPREAD: Final = 10
# Share of neighbours that are alike from which on GrabCut takes minutes: many cuts of its graph are equally cheap.
_FLAT: Final = 0.5


@dataclass(frozen=True)
class Judgement:
    """How much a mask looks like one garment; all in 0..1, higher is better.

    Attributes:
        contrast: share of the outline that lies on a step of the photo.
        separation: how different the colours are just inside and just outside.
        symmetry: overlap with its own mirror image.
        clearance: share of the photo's rim that it leaves free.
        size: 1 for garment-like shares of the photo.
        solidity: area relative to the convex hull's, 1 from one half on.
    """

    contrast: float
    separation: float
    symmetry: float
    clearance: float
    size: float
    solidity: float

    @property
    def score(self) -> float:
        """One number for the choice between guesses."""
        shape = self.symmetry**0.7 * self.clearance**2 * self.size * self.solidity
        return float((0.5 * self.contrast + 0.5 * self.separation) * shape)


def cut_from_clutter(lab: FloatArray, surface: Surface) -> tuple[BoolArray, Judgement]:
    """Choose among GrabCut results from several guesses, then sharpen the winner.

    Args:
        lab: (H, W, 3) float32 CIE Lab, about 1000 pixels on the longer side.
        surface: of ``fit_surface``.
    Returns:
        (H, W) bool mask, and its judgement (of an empty mask: all zero).
    """
    height, width = lab.shape[:2]
    scale = GUESS_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(cv2.GaussianBlur(lab, (0, 0), 0.6), size, interpolation=cv2.INTER_AREA)
    offset = cv2.resize(surface.offset, size, interpolation=cv2.INTER_AREA)
    picture = _as_bytes(small)
    if np.ptp(picture, axis=(0, 1)).max() < _LEAST_SPREAD:
        return np.zeros((height, width), bool), Judgement(0, 0, 0, 0, 0, 0)
    best, best_judgement = np.zeros(size[::-1], bool), Judgement(0, 0, 0, 0, 0, 0)
    for guess in _guesses(small, offset):
        mask = largest(_grab(picture, guess, 4))
        judgement = judge(mask, small)
        if judgement.score > best_judgement.score:
            best, best_judgement = mask, judgement
    if not best.any():
        return np.zeros((height, width), bool), best_judgement
    mask = _sharpen(lab, best)
    return mask, judge(mask, lab)


def judge(mask: BoolArray, lab: FloatArray) -> Judgement:
    """Judge a mask by its outline on the photo and by its shape.

    Args:
        mask: (H, W) bool.
        lab: (H, W, 3) float32 CIE Lab.
    Returns:
        The judgement; all zero for an empty or full mask.
    """
    area = float(mask.mean())
    if area < 0.01 or area > 0.95:
        return Judgement(0, 0, 0, 0, 0, 0)
    rim = margin(mask.shape[0], mask.shape[1], 0.004)
    return Judgement(
        contrast=_outline_contrast(mask, lab),
        separation=_colour_separation(mask, lab),
        symmetry=_symmetry(mask),
        clearance=1 - float(mask[rim].mean()),
        size=float(np.clip(area / 0.1, 0, 1) * np.clip((0.95 - area) / 0.25, 0, 1)),
        solidity=_solidity(mask),
    )


def largest(mask: BoolArray) -> BoolArray:
    """Keep the component with the most area near the middle of the picture.

    Args:
        mask: (H, W) bool.
    Returns:
        (H, W) bool.
    """
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    height, width = mask.shape
    off_centre = np.hypot(centroids[1:, 0] / width - 0.5, centroids[1:, 1] / height - 0.5)
    weight = stats[1:, cv2.CC_STAT_AREA] * np.exp(-((off_centre / 0.35) ** 2))
    return np.asarray(labels == 1 + int(np.argmax(weight)))


def _guesses(lab: FloatArray, offset: FloatArray) -> Iterator[ByteArray]:
    """GrabCut seeds: sure ground at the rim, probable cloth where a cue says so."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    centre = np.exp(-((((x + 0.5) / width - 0.5) / 0.36) ** 2) - (((y + 0.5) / height - 0.5) / 0.42) ** 2)
    rim = margin(height, width, 0.025)
    rarity = _rarity_at_margin(lab)
    unlike = difference_of(offset)
    unlike = unlike / max(1e-3, float(np.percentile(unlike, 95)))
    lightness = lab[..., 0] / 100
    cues = [
        rarity * (0.35 + 0.65 * centre),
        unlike * (0.35 + 0.65 * centre),
        lightness * centre,
        (1 - lightness) * centre,
        centre,
    ]
    for cue in cues:
        soft = cv2.GaussianBlur(np.asarray(cue, np.float32), (0, 0), 0.008 * max(height, width))
        threshold = _otsu(soft)
        seeds = np.where(soft > threshold, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        seeds[rim] = cv2.GC_BGD
        if np.any(seeds == cv2.GC_PR_FGD):
            yield seeds


def _rarity_at_margin(lab: FloatArray) -> FloatArray:
    """Per pixel 0..1: how rare its colour is at the margin compared with the middle."""
    bins = np.floor(lab / np.array([8, 6, 6], np.float32)).astype(np.int64)
    bins -= bins.reshape(-1, 3).min(0)
    _, codes = np.unique(
        np.ravel_multi_index(tuple(np.moveaxis(bins, -1, 0)), tuple(bins.max((0, 1)) + 1)), return_inverse=True
    )
    codes = codes.reshape(lab.shape[:2])
    rim = margin(lab.shape[0], lab.shape[1], 0.09)
    at_rim = np.bincount(codes[rim], minlength=int(codes.max()) + 1) / rim.sum()
    within = np.bincount(codes[~rim], minlength=int(codes.max()) + 1) / (~rim).sum()
    return np.asarray((within / (within + at_rim + 1e-9))[codes], np.float32)


def _otsu(values: FloatArray) -> float:
    low, high = float(values.min()), float(values.max())
    bytes_ = np.asarray((values - low) / max(high - low, 1e-6) * 255, np.uint8)
    threshold, _ = cv2.threshold(bytes_, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return low + (float(threshold) + 0.5) / 255 * (high - low)


def _as_bytes(lab: FloatArray) -> ByteArray:
    """Lab as bytes for GrabCut; chroma is stretched because cloth and ground rarely fill its range."""
    return np.asarray(np.clip(lab * np.array([2.2, 2.6, 2.6]) + np.array([10, 128, 128]), 0, 255), np.uint8)


def _grab(picture: ByteArray, seeds: ByteArray, iterations: int) -> BoolArray:
    marks = seeds.copy()
    if float((picture[:, 1:] == picture[:, :-1]).all(-1).mean()) > _FLAT:
        grain = np.random.default_rng(_RANDOM_SEED).integers(-1, 2, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    cv2.setRNGSeed(_RANDOM_SEED)
    try:
        cv2.grabCut(picture, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), iterations, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one side ran out of pixels
        return np.zeros(seeds.shape, bool)
    return np.asarray((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD))


def _sharpen(lab: FloatArray, guess: BoolArray) -> BoolArray:
    """Let GrabCut move the outline within a narrow band at twice the guess's size, then return to full size."""
    height, width = lab.shape[:2]
    scale = min(1.0, 2 * GUESS_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    coarse = cv2.resize(guess.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    reach = max(2, round(0.012 * max(size)))
    seeds = np.where(coarse > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[cv2.erode(coarse, disc(reach)) > 0] = cv2.GC_FGD
    seeds[cv2.dilate(coarse, disc(reach)) == 0] = cv2.GC_BGD
    picture = _as_bytes(cv2.resize(lab, size, interpolation=cv2.INTER_AREA))
    sharp = _grab(picture, seeds, 2).astype(np.uint8)
    sharp = cv2.morphologyEx(sharp, cv2.MORPH_OPEN, disc(1))
    smooth = cv2.GaussianBlur(sharp.astype(np.float32), (0, 0), 1.0)
    return largest(np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5))


def _outline_contrast(mask: BoolArray, lab: FloatArray) -> float:
    step = cv2.dilate(steepness(lab), disc(1))
    outline = mask ^ cv2.erode(mask.astype(np.uint8), disc(1)).astype(bool)
    outline &= ~margin(mask.shape[0], mask.shape[1], 0.01)
    if not outline.any():
        return 0.0
    # A print that fills the photo is no measure of how rough the ground is.
    usual = min(float(np.percentile(step, 60)), float(np.percentile(step[~mask], 60)))
    return float(np.mean(step[outline] > max(1.0, 1.5 * usual)))


def _colour_separation(mask: BoolArray, lab: FloatArray) -> float:
    """Bhattacharyya distance of the colour histograms in bands on both sides of the outline."""
    reach = max(2, round(0.03 * max(mask.shape)))
    core = mask.astype(np.uint8)
    inner = mask & ~cv2.erode(core, disc(reach)).astype(bool)
    outer = cv2.dilate(core, disc(reach)).astype(bool) & ~mask
    if not inner.any() or not outer.any():
        return 0.0
    ranges = [(0, 101), (-60, 60), (-60, 60)]
    first, second = (np.histogramdd(lab[band], bins=(13, 12, 12), range=ranges)[0] for band in (inner, outer))
    overlap = np.sqrt(first / max(first.sum(), 1) * second / max(second.sum(), 1)).sum()
    return float(np.sqrt(max(0.0, 1 - overlap)))


def _symmetry(mask: BoolArray) -> float:
    columns = np.nonzero(mask.any(0))[0]
    rows = np.nonzero(mask.any(1))[0]
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = cv2.resize(box.astype(np.uint8), (64, 64), interpolation=cv2.INTER_AREA).astype(bool)
    mirrored = box[:, ::-1]
    return float((box & mirrored).sum() / max(1, (box | mirrored).sum()))


def _solidity(mask: BoolArray) -> float:
    points = cv2.findNonZero(mask.astype(np.uint8))
    hull = cv2.contourArea(cv2.convexHull(points))
    return float(np.clip(2 * mask.sum() / max(hull, 1.0), 0, 1))
