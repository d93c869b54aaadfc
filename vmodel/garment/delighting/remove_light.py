"""Removal of light and shade from a photographed garment: a network estimates the light, which is divided out.

The network may estimate two levels of light for two colours of one cloth, but light does not end where a print does.
Across edges that only a print has, the slope of the light is left out and the rest is integrated again, as in colour
Retinex (Grosse, Johnson, Adelson and Freeman 2009, after Horn 1974).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import splu

from vmodel.config import Settings
from vmodel.core.parallel import one_thread
from vmodel.garment.delighting.network import OFFSET, SIDE, STRIDE, load_light_network
from vmodel.garment.delighting.plain_cloth import GREY, blurred, light_left, light_left_where_plain
from vmodel.garment.delighting.shade_tint import shade_of_a_tint, with_its_tint
from vmodel.garment.imaging.inpaint import extent
from vmodel.types import BoolArray, ByteArray, FloatArray

_LEAST_PX: Final = 400
"""Area of cloth, in pixels of the network's picture, below which a garment is left unchanged."""
_RIM: Final = np.ones((3, 3), np.uint8)
"""Kernel that erodes the mask before the network runs: pixels at the outline hold some of the ground."""
_STRENGTH: Final = 0.92
"""Share of the light that is removed: without any of the photo's own light, cloth looks drawn."""
_MOST: Final = 1.4
"""Logarithm of the light beyond which hardly more is removed: in the darkest shade there is more noise than cloth."""
_MOST_TINT: Final = 0.5
"""The same for the light's colour."""
_PATTERNED: Final = (0.5, 0.85)
"""Mean probabilities of being printed between which cloth counts as patterned all over."""
_PATTERN_PX: Final = 24.0
"""Blur beyond which light is told from such patterns: checks and camouflage are narrower."""
_FINE_LIGHT: Final = 0.25
"""Share of finer light that is removed from them: folds are hardly seen on a pattern, a missing pattern is."""
_FINE_PX, _COARSE_PX, _RAMP = 0.8, 4.0, 1.4
"""Two scales of slopes, and the factor by which the finer must be steeper: at a step it is four times as steep."""
_PRINT_STEP, _PRINT_TINT = 0.035, 0.04
"""Excess slope of lightness and slope of tint, logarithms per pixel, of a print 15 % darker than its ground."""
_BUSY: Final = (0.45, 0.75)
"""Shares of the cloth near such edges between which their weight falls to 0: all-over prints are full of them."""
_LEAK: Final = 0.04
"""Weight with which the light continues evenly under an edge, where it is unknown."""
_SOLVED: Final = 0.5
"""Size at which slopes are integrated, as a share of the network's picture."""
_BEYOND_PX: Final = 2.0
"""Blur that extends the light past the outline, by a few times its width: a seam shows cloth a little beyond it."""


def even_light(
    rgb: ByteArray,
    mask: BoolArray,
    cloth_shares: Mapping[str, float] | None = None,
    printed: FloatArray | None = None,
) -> ByteArray:
    """Remove light and shade from a garment and keep its prints, seams, knit and median colour.

    Args:
        rgb: (H, W, 3) uint8 sRGB, colours bled past the outline.
        mask: (H, W) bool, the garment.
        cloth_shares: probability of each kind of cloth, see ``light_left``; None where unknown.
        printed: (H, W) float32, probability that each place has another colour than most of the cloth; None where
            unknown.
    Returns:
        (H, W, 3) uint8; the light at the outline continues a little beyond it.
    Raises:
        WeightsMissing: the network's weights are not installed.
    """
    evened = rgb.copy()
    if not mask.any():
        return evened
    box = _surroundings(mask)
    scale = min(1.0, SIDE / extent(mask))
    size = tuple(max(8, round(side * scale)) for side in mask[box].shape[::-1])
    small = cv2.resize(rgb[box], size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    cloth = cv2.resize(mask[box].astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
    if cloth.sum() < _LEAST_PX:
        return evened
    prints = None if printed is None else cv2.resize(printed[box], size, interpolation=cv2.INTER_AREA)
    light = _light(small, cloth, cloth_shares or {}, prints)
    full = cv2.resize(light, mask[box].shape[::-1], interpolation=cv2.INTER_LINEAR)
    values = (rgb[box].astype(np.float32) / 255 + OFFSET) * np.exp(-full) - OFFSET
    evened[box] = np.where(full.any(2, keepdims=True), np.clip(255 * values + 0.5, 0, 255), rgb[box]).astype(np.uint8)
    return evened


def _surroundings(mask: BoolArray) -> tuple[slice, slice]:
    """Return the mask's box with the margin that shows at a seam; the picture beyond it is not used."""
    margin = round(0.03 * extent(mask))
    ends = [np.nonzero(mask.any(axis))[0][[0, -1]] for axis in (1, 0)]
    rows, columns = (slice(max(0, int(first) - margin), int(last) + margin + 1) for first, last in ends)
    return rows, columns


def _light(
    picture: FloatArray, cloth: BoolArray, shares: Mapping[str, float], printed: FloatArray | None
) -> FloatArray:
    """Estimate the logarithm of the light to divide out: (h, w, 3) float32, 0 far from the cloth.

    Args:
        picture: (h, w, 3) float32 sRGB 0..1.
        cloth: (h, w) bool.
        shares: see ``light_left``.
        printed: see ``light_left_where_plain``.
    """
    height, width = cloth.shape
    inside = cv2.erode(cloth.astype(np.uint8), _RIM) > 0
    if not inside.any():
        inside = cloth
    padding = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
    pictures, masks = (
        torch.from_numpy(np.pad(each, padding)).permute(2, 0, 1)[None]
        for each in (picture, inside.astype(np.float32)[..., None])
    )
    with torch.inference_mode(), one_thread():
        answer = load_light_network(Settings().weights)(pictures, masks)[0]
    light = answer.permute(1, 2, 0).numpy()[:height, :width]
    patterned = 0.0 if printed is None else _share_of_pattern(printed[inside], shares)
    light = (1 - patterned) * with_its_tint(light, picture, inside) + patterned * _on_patterns(light, picture, inside)
    light = light + light_left(np.log(picture + OFFSET) - light, inside, shares)
    light = _even_across_prints(light, picture, inside)
    if printed is not None:
        light = light + light_left_where_plain(np.log(picture + OFFSET) - light, inside, printed, shares)
    light = light - np.median(light[inside], axis=0)
    weight = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), _BEYOND_PX)[..., None]
    beyond = cv2.GaussianBlur(light * inside[..., None], (0, 0), _BEYOND_PX) / np.maximum(weight, 1e-3)
    light = np.where(inside[..., None], light, beyond)
    tone = (light @ GREY)[..., None]
    tint = _MOST_TINT * np.tanh((light - tone) / _MOST_TINT)
    light = np.where(weight > 1e-3, _STRENGTH * (_MOST * np.tanh(tone / _MOST) + tint), 0)
    return np.asarray(light, np.float32)


def _share_of_pattern(printed: FloatArray, shares: Mapping[str, float]) -> float:
    """Return how surely a pattern covers the whole garment, 0..1, so that no plain cloth shows what its light is."""
    return float(np.interp(printed.mean(), _PATTERNED, (0, 1))) * (1 - shares.get("plain", 0) - shares.get("logo", 0))


def _on_patterns(light: FloatArray, picture: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the light (h, w, 3) with less of what is as narrow as a pattern: the network takes it for folds.

    Shade that has a tint of its own is told by it.
    """
    cloth = inside.astype(np.float32)[..., None]
    around = np.maximum(blurred(cloth[..., 0], _PATTERN_PX), 1e-3)[..., None]
    wide = blurred(light * cloth, _PATTERN_PX) / around
    less = wide + _FINE_LIGHT * (light - wide)
    return np.asarray(less + shade_of_a_tint(light, less, picture, inside), np.float32)


def _even_across_prints(light: FloatArray, picture: FloatArray, inside: BoolArray) -> FloatArray:
    """Remove from the light (h, w, 3) its changes at the edges of prints."""
    logs = np.log(picture + OFFSET)
    tone = logs @ GREY
    sharp = _slope(tone, inside, _FINE_PX) - _RAMP * _slope(tone, inside, _COARSE_PX)
    edges = (sharp > _PRINT_STEP) | (_slope(logs - tone[..., None], inside, _FINE_PX) > _PRINT_TINT)
    edges = cv2.dilate((edges & inside).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    share = float(np.interp(edges[inside].mean(), _BUSY, [1, 0]))
    if share == 0 or not (edges & inside).any():
        return light
    size = tuple(max(2, round(_SOLVED * side)) for side in inside.shape[::-1])
    shares = (cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_AREA) for each in (inside, ~edges))
    cloth, trust = (each > 0.99 for each in shares)
    if not cloth.any():
        return light
    small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    change = _integrate(small, trust.astype(np.float32), cloth) - small
    change -= change[cloth].mean(0)
    share *= _share_of_print(cv2.resize(logs, size, interpolation=cv2.INTER_AREA)[cloth], change[cloth])
    change[~cloth] = 0
    weight = cloth.astype(np.float32)
    soft = cv2.GaussianBlur(change, (0, 0), 1.0) / np.maximum(cv2.GaussianBlur(weight, (0, 0), 1.0), 1e-3)[..., None]
    change = np.where(cloth[..., None], change, soft)
    return np.asarray(light + share * cv2.resize(change, inside.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _share_of_print(logs: FloatArray, change: FloatArray) -> float:
    """Fit the share 0..1 of a change of the light (n, 3) that restores what the picture (n, 3) shows, by least squares.

    Folds with one sharp side may add up to a ramp, which the picture does not show.
    """
    return float(np.clip(-((logs - logs.mean(0)) * change).sum() / max(float(np.square(change).sum()), 1e-9), 0, 1))


def _slope(field: FloatArray, inside: BoolArray, blur_px: float) -> FloatArray:
    """Return the (h, w) steepness per pixel of a field of one or more channels, after a blur within the cloth."""
    weight = np.maximum(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), blur_px), 1e-4)
    planes = field.reshape(*inside.shape, -1) * inside[..., None]
    soft = cv2.GaussianBlur(planes, (0, 0), blur_px).reshape(planes.shape) / weight[..., None]
    down, across = (np.gradient(soft, axis=axis) for axis in (0, 1))
    return np.asarray(np.sqrt((np.square(down) + np.square(across)).sum(2)))


def _integrate(values: FloatArray, trust: FloatArray, inside: BoolArray) -> FloatArray:
    """Solve for fields with the slopes of given ones where these are trusted, by least squares over the cloth.

    Args:
        values: (h, w, n) fields.
        trust: (h, w) weight of a pixel's slopes, 0..1; where it is 0, the solved fields continue evenly.
        inside: (h, w) bool, where there is cloth.
    Returns:
        (h, w, n) float32; 0 outside.
    """
    index = np.full(inside.shape, -1)
    index[inside] = np.arange(inside.sum())
    pairs, wanted, weights = [], [], []
    for first, second in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        both = inside[first] & inside[second]
        pairs.append(np.column_stack([index[first][both], index[second][both]]))
        weights.append(np.minimum(trust[first], trust[second])[both])
        wanted.append((values[second] - values[first])[both])
    pair, weight, slopes = np.concatenate(pairs), np.concatenate(weights).astype(np.float64), np.concatenate(wanted)
    ends = np.repeat([[-1.0, 1.0]], len(pair), axis=0)
    starts = np.arange(0, 2 * len(pair) + 1, 2)
    step = sparse.csr_matrix((ends.ravel(), pair.ravel(), starts), (len(pair), int(index.max()) + 1))
    # A faint pull to zero keeps pieces apart from each other solvable.
    system = step.T @ sparse.diags(weight + _LEAK) @ step + 1e-5 * sparse.eye(step.shape[1])
    factors = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    field = np.zeros(values.shape, np.float32)
    field[inside] = factors.solve(step.T @ (weight[:, None] * slopes))
    return field
