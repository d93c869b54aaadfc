"""Light and shade taken off a photographed garment: what is soft goes with the light, what is sharp with the cloth."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from vmodel.garment.texture import extent
from vmodel.types import BoolArray, ByteArray, FloatArray

_SIDE: Final = 300
"""Longer side of the garment, in pixels, at which steps are told from slopes."""
_SOLVED: Final = 0.43
"""Size at which the light is solved, as a share of that one: a step's blur still covers a pixel of it."""
_LEAST_PX: Final = 400
"""Cloth, in pixels of that size, below which a garment stays as it is."""
_OFFSET: Final = 0.08
"""Added to values in 0..1 before their logarithm, so that the noise of black cloth is no light."""
_FINE_PX, _COARSE_PX, _RAMP = 0.8, 4.0, 1.4
"""Two scales of slopes, and by how much the finer must be the steeper: at a step it is four times as steep."""
_WIDE_PX: Final = 5.0
"""Blur under which soft changes of colour are measured."""
_STEP: Final = 0.0155
"""Excess slope, logarithm a pixel, of a step that belongs to the cloth: of a print 10 % lighter than its ground."""
_SHARPER: Final = 1.5
"""How much steeper the same step is in a photo of twice that size or more, which comes sharp from being made small."""
_TINT_STEP: Final = 0.02
"""The same of a step in colour, over ``_TINT_PX``: photos hold colour at half their size."""
_TINT_PX: Final = 1.2
_NOISE: Final = 1.6
"""By how much a coarse weave, which has small steps everywhere, may raise both."""
_TINT_SHARE, _TINT_REST = 0.45, 0.004
"""Slope of colour, as a share of the slope of lightness and plain, from which on a soft change is dyed, not lit."""
_STRONG: Final = 2.0
"""Steps this many times the least are of prints and stripes more often than of creases."""
_LEAK: Final = 0.04
"""Weight with which the light goes on evenly under a step, where nothing is known of it."""
_WIDTH: Final = 0.009
"""Blur of the light, as a share of the garment's size: finer wrinkles stay, without them cloth looks like plastic."""
_STRENGTH: Final = (0.88, 0.35)
"""Share of the light that is taken off plain cloth, and off cloth full of prints, stripes or fades."""
_BUSY: Final = (0.3, 0.7)
"""Shares of the cloth near strong steps between which the strength falls."""
_MOST: Final = 0.45
"""Logarithm of the light beyond which hardly more is taken off: the rest may be dyed."""
_DRIFT: Final = 0.03
"""By how much the median is led back at most, and without a tint: in striped cloth it may leap to another colour."""
_TINT_SPREAD: Final = (0.09, 0.14)
"""How far the light's colour may vary, as a logarithm: sky and lamp differ by less than dyes do."""
_TINT_HUE: Final = (0.065, 0.095)
"""How far from grey cloth may be for the light's colour to be told: dyed cloth fades in colour as well."""
_FOLD_BLUR_PX: Final = 1.8
"""Blur under which folds are seen: finer ones stay, or cloth looks like plastic."""
_FOLD_WINDOW_PX: Final = 41
"""Width of the windows in which the cloth's own lightness is found; folds are narrower than half of that."""
_FOLD_TINT: Final = 0.12
_FOLD_SHADE: Final = 0.35
"""Changes of colour and of lightness, as logarithms, from which on something is printed, sewn or dyed, and no fold."""
_PRINTED: Final = 6.0
"""Steps this many times the least are edges of prints, beside which nothing is taken off."""
_FOLD_SHARE: Final = 0.75
"""Share of the folds that is taken off: knit, quilting and pockets live on what is left."""
_PRINT_STEP: Final = 0.05
_TINT_PRINTED: Final = (0.004, 0.012)
"""Share of the cloth on steps in colour, of so much a pixel, from which on soft colours may be printed too."""


def even_light(rgb: ByteArray, mask: BoolArray) -> ByteArray:
    """Take most of the soft light and shade off a garment and leave its prints, seams, knit and median colour.

    Colour Retinex (Grosse, Johnson, Adelson and Freeman 2009, after Horn 1974): slopes of the logarithm without a step
    and without a change of colour are the light's; integrated and blurred they give the light, which is divided out.

    Args:
        rgb: (H, W, 3) uint8 sRGB, colours bled past the outline.
        mask: (H, W) bool, the garment.
    Returns:
        (H, W, 3) uint8; the light at the outline goes on a little beyond it.
    """
    if not mask.any():
        return rgb.copy()
    box = _surroundings(mask)
    evened, inside = rgb.copy(), mask[box]
    scale = min(1.0, _SIDE / extent(inside))
    size = (max(8, round(inside.shape[1] * scale)), max(8, round(inside.shape[0] * scale)))
    small = cv2.resize(rgb[box], size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    cloth = cv2.resize(inside.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
    if cloth.sum() < _LEAST_PX:
        return evened
    least = _STEP * float(np.interp(scale, [0.5, 1], [_SHARPER, 1]))
    gain = np.exp(-_light(np.log(small + _OFFSET), cloth, least))
    gain *= np.exp(-_folds(np.log(small * gain + _OFFSET), cloth))[..., None]
    usual, after = (np.median(a[cloth], axis=0) + 1 / 255 for a in (small, small * gain))
    gain *= np.clip((usual / after).mean(), 1 - _DRIFT, 1 + _DRIFT)
    full = cv2.resize(gain.astype(np.float32), inside.shape[::-1], interpolation=cv2.INTER_LINEAR)
    evened[box] = cv2.multiply(rgb[box], full, dtype=cv2.CV_8U)
    return evened


def _surroundings(mask: BoolArray) -> tuple[slice, slice]:
    """The mask's box and as much around it as is seen at a seam; beyond, the picture is not used."""
    margin = round(0.03 * extent(mask))
    ends = [np.nonzero(mask.any(axis))[0][[0, -1]] for axis in (1, 0)]
    rows, columns = (slice(max(0, int(first) - margin), int(last) + margin + 1) for first, last in ends)
    return rows, columns


def _light(values: FloatArray, inside: BoolArray, least_step: float) -> FloatArray:
    """(h, w, 3) logarithm of the light that is to be divided out, from that of the picture; 0 far from the cloth."""
    tone = values @ np.array([0.299, 0.587, 0.114], np.float32)
    tint = values - tone[..., None]
    steps = _steps(tone, tint, inside, least_step)
    # A step's blur reaches two pixels to each side.
    steps = cv2.dilate(steps, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    smooth = 1 / (1 + steps**8)
    dyed = _slope(tint, inside, _WIDE_PX) / (_TINT_SHARE * _slope(tone, inside, _WIDE_PX) + _TINT_REST)
    size = (round(_SOLVED * inside.shape[1]), round(_SOLVED * inside.shape[0]))
    cloth = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    trust, undyed = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (smooth, 1 / (1 + dyed**4)))
    fields = cv2.resize(_soften(np.dstack([tone, tint]), inside, 1.0), size, interpolation=cv2.INTER_AREA)
    shares = np.dstack([trust * undyed, trust, trust, trust])
    width = max(1.0, _WIDTH * extent(cloth))
    solved = _soften(_integrate(fields, trust, shares, cloth), cloth, width)
    solved -= np.median(solved[cloth], axis=0)
    by_tone, by_tint = solved[..., :1], solved[..., 1:]
    # Folds that are steep on one side add up to a ramp, which the cloth itself does not show.
    by_tone *= _share_in(fields[..., 0][cloth], by_tone[..., 0][cloth])
    strength = float(np.interp((steps[inside] > _STRONG).mean(), _BUSY, _STRENGTH))
    strength_of_tint = strength * _tint_trust(tint, by_tint[cloth], inside)
    light = strength * _MOST * np.tanh(by_tone / _MOST) + strength_of_tint * by_tint
    light[cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), width) < 1e-3] = 0
    return np.asarray(cv2.resize(light, inside.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _share_in(values: FloatArray, part: FloatArray) -> float:
    """How much of a part (n,) is in values (n,), 0..1, by least squares."""
    part = part - part.mean()
    return float(np.clip((values @ part) / max(float(part @ part), 1e-9), 0, 1))


def _folds(values: FloatArray, inside: BoolArray) -> FloatArray:
    """(h, w) logarithm of the shade of folds that is to be divided out: the body's own folds take their place.

    A fold is narrow, so that the median around it is the cloth's, of the cloth's colour, and fainter than most prints.
    """
    tone = values @ np.array([0.299, 0.587, 0.114], np.float32)
    tint = values - tone[..., None]
    shade, *turned = (
        _soften(each, inside, _FOLD_BLUR_PX) - _soften(_median(each), inside, _FOLD_BLUR_PX)
        for each in (tone, *np.moveaxis(tint, 2, 0))
    )
    trust = np.exp(-(sum(np.square(turned)) / _FOLD_TINT**2) - (shade / _FOLD_SHADE) ** 4).astype(np.float32)
    sharp = _steps(tone, tint, inside, _STEP) > _PRINTED
    trust[cv2.dilate(sharp.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0] = 0
    shade = _FOLD_SHARE * cv2.GaussianBlur(trust, (0, 0), _FOLD_BLUR_PX) * shade
    shade[cv2.GaussianBlur(inside.astype(np.float32), (0, 0), _FOLD_BLUR_PX) < 1e-3] = 0
    return np.asarray(shade)


def _median(field: FloatArray) -> FloatArray:
    """(h, w) median of a field of logarithms around each pixel."""
    low, high = float(field.min()), float(field.max()) + 1e-6
    levels = np.rint(255 * (field - low) / (high - low)).astype(np.uint8)
    return np.asarray(low + cv2.medianBlur(levels, _FOLD_WINDOW_PX) * np.float32((high - low) / 255))


def _tint_trust(tint: FloatArray, found: FloatArray, inside: BoolArray) -> float:
    """How surely a soft change of colour is the light's, 0..1; ``found`` are (n, 3) of such a light on the cloth."""
    deep = cv2.erode(inside.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    if not deep.any():
        return 0.0
    spread = np.percentile(np.abs(found).max(1), 95)
    hue = np.median(np.abs(tint[deep]).max(1))
    printed = (_slope(tint, inside, _TINT_PX)[deep] > _PRINT_STEP).mean()
    trusts = [
        np.interp(value, limits, [1, 0])
        for value, limits in ((spread, _TINT_SPREAD), (hue, _TINT_HUE), (printed, _TINT_PRINTED))
    ]
    return float(np.prod(trusts))


def _steps(tone: FloatArray, tint: FloatArray, inside: BoolArray, least_step: float) -> FloatArray:
    """(h, w) float32: how sharp the picture changes within the cloth; 1 at the least step that counts."""
    within = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rise = _slope(tone, inside, _FINE_PX) - _RAMP * _slope(tone, inside, _COARSE_PX)
    turn = _slope(tint, inside, _TINT_PX)
    found = np.zeros(inside.shape, np.float32)
    for slope, least in ((rise, least_step), (turn, _TINT_STEP)):
        usual = float(np.median(np.abs(slope[within]))) if within.any() else 0.0
        found = np.maximum(found, slope / np.clip(3 * usual, least, _NOISE * least))
    return np.where(within, found, 0).astype(np.float32)


def _slope(field: FloatArray, inside: BoolArray, blur_px: float) -> FloatArray:
    """(h, w) steepness of a field of one or more channels, a pixel, after a blur."""
    soft = _soften(field, inside, blur_px)
    squares = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8) ** 2 + cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8) ** 2
    return np.asarray(np.sqrt(squares if squares.ndim == 2 else squares.sum(2)))


def _soften(field: FloatArray, inside: BoolArray, blur_px: float) -> FloatArray:
    """Blur what lies inside, with nothing of the outside; it goes on beyond the edge as far as the blur reaches."""
    share = inside.astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), blur_px), 1e-4)
    if field.ndim == 3:
        share, weight = share[..., None], weight[..., None]
    return np.asarray(cv2.GaussianBlur(field * share, (0, 0), blur_px) / weight)


def _integrate(values: FloatArray, trust: FloatArray, shares: FloatArray, inside: BoolArray) -> FloatArray:
    """Solve for fields with given slopes, by least squares over the cloth.

    Args:
        values: (h, w, n) fields whose slopes count.
        trust: (h, w) weight of a pixel's slopes, 0..1; where it is 0, the solved fields go on evenly.
        shares: (h, w, n) how much of a pixel's slopes the solved fields have, 0..1.
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
        wanted.append(((values[second] - values[first]) * np.minimum(shares[first], shares[second]))[both])
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
