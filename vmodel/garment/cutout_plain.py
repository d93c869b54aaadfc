"""Cut-out on a plain surface: a smooth surface is fitted to the photo's margin and flooded from there.

The flood climbs soft shadows (the surface's own hue, darker, without a step) and halts at steps, so a white garment
on white stays whole; it moves as a disc, so that it cannot slip through a short gap in a faint outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from vmodel.garment.cutout_gaps import (
    SHORT,
    enclosed_gaps,
    lined_with_cloth,
    narrow_gaps,
    plain_and_long,
    without_threads,
)
from vmodel.types import BoolArray, FloatArray

# Differences in CIE Lab units; JPEG ringing round a dark garment stays under the first.
LEAST_DIFFERENCE: Final = 2.2
# A surface rougher than this is clutter.
MOST_ROUGHNESS: Final = 3.5
_LEAST_INLIERS: Final = 0.7
# How far the hue of shaded ground strays, as a share of the ground's chroma.
_UNSTEADY_HUE: Final = 0.06
# Width of the rim, relative to the longer side, in which ground may have been taken for cloth.
_RIM: Final = 0.012
# Width of JPEG's blocks of colour, 16 pixels, relative to the longer side, and how far an outline tinges them: as a
# share of its contrast, and at most, in Lab units.
_BLOCK: Final = 0.018
_TINGE: Final = 0.12
_MOST_TINGE: Final = 9.0


@dataclass(frozen=True)
class Surface:
    """The backdrop under uneven light.

    Attributes:
        offset: (H, W, 3) float32 Lab difference of the photo from the fitted surface.
        roughness: robust deviation of the margin from the fit, in Lab units.
        inliers: share of the margin that follows the fit.
    """

    offset: FloatArray
    roughness: float
    inliers: float

    @property
    def is_plain(self) -> bool:
        """True if the margin is one smooth surface."""
        return self.roughness <= MOST_ROUGHNESS and self.inliers >= _LEAST_INLIERS


def fit_surface(lab: FloatArray) -> Surface:
    """Fit a quadratic of position to the photo's margin, ignoring what does not follow it.

    Args:
        lab: (H, W, 3) float32 CIE Lab.
    Returns:
        How every pixel differs from the surface.
    """
    height, width = lab.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    rim = margin(height, width, 0.04)
    samples, basis = lab[rim], terms[rim]
    kept = _near_median(samples)
    coefficients = np.zeros((6, 3), np.float32)
    for _ in range(4):
        coefficients = np.linalg.lstsq(basis[kept], samples[kept], rcond=None)[0].astype(np.float32)
        residual = np.linalg.norm(samples - basis @ coefficients, axis=1)
        deviation = max(1.0, 1.4826 * float(np.median(residual[kept])))
        kept = residual < 3.5 * deviation
    roughness = 1.4826 * float(np.median(np.linalg.norm(samples - basis @ coefficients, axis=1)))
    return Surface(lab - terms @ coefficients, roughness, float(np.mean(kept)))


def difference_of(offset: FloatArray) -> FloatArray:
    """Length of Lab differences; chroma counts more, because light changes it less.

    Args:
        offset: (..., 3) float32 Lab difference.
    Returns:
        (...) float32.
    """
    return np.asarray(np.sqrt((offset * offset) @ np.array([1, 2.25, 2.25], np.float32)))


def like_ground(surface: Surface) -> BoolArray:
    """Mark what a surface's lit colour does not tell from it, (H, W) bool."""
    return np.asarray(difference_of(surface.offset) < max(LEAST_DIFFERENCE, 3 * surface.roughness))


def margin(height: int, width: int, share: float) -> BoolArray:
    """Mark the rim of a picture.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        share: rim width relative to the shorter side.
    Returns:
        (H, W) bool.
    """
    rim = np.ones((height, width), bool)
    inset = max(2, round(share * min(height, width)))
    rim[inset:-inset, inset:-inset] = False
    return rim


def cut_from_plain(lab: FloatArray, surface: Surface) -> BoolArray:
    """Flood the surface from the margin and keep what the flood does not reach.

    Args:
        lab: (H, W, 3) float32 CIE Lab, about 1000 pixels on the longer side.
        surface: of ``fit_surface``.
    Returns:
        (H, W) bool garment mask, with everything else that is not surface (hanger, hands, watermark).
    """
    low = max(LEAST_DIFFERENCE, 3 * surface.roughness)
    difference = difference_of(surface.offset)
    flat_ground = difference < low
    shadow, contact_shadow = _shadows(lab, surface, low)
    certain_object = (difference > 2 * low) & ~shadow
    radius = max(1, round(0.004 * max(lab.shape)))
    reached = flood_with_disc(flat_ground | shadow, radius) & ~certain_object
    # Stripes and spots of the ground's own colour look like holes and gaps: then only open loops are believed.
    printed_alike = _repeats_ground(surface, reached)
    # JPEG tinges what lies so near to cloth, so a gap may be less like the ground than the ground is elsewhere.
    alike = connected_to_rim((difference < 3 * low) | reached) & ~reached
    narrow = narrow_gaps(without_threads(alike), widest=0.02)
    gaps = plain_and_long(narrow, reached)
    if not printed_alike:
        gaps |= lined_with_cloth(plain_and_long(narrow, reached, SHORT), difference > 5 * low, reached)
        gaps |= narrow_gaps(connected_to_rim(flat_ground | reached) & ~reached)
    reached |= gaps
    holes = ground_seen_through(surface.offset, reached, surface.roughness)
    if not printed_alike:
        holes = connected_to((holes | shadow) & ~reached, holes)
    enclosed = enclosed_gaps(difference, reached, low)
    garment = ~reached & ~enclosed & ~(along_outline(holes, reached) if printed_alike else holes)
    garment &= ~_tinged_blocks(lab, surface, garment, 1.0 if printed_alike else 0.75)
    if printed_alike:
        return np.asarray(_bridge_nicks(garment | gaps, round(1.6 * radius)) & ~gaps)
    garment &= ~_retouched_gaps(lab, surface, garment)
    garment &= ~_contact_shadow(contact_shadow, ~garment)
    return np.asarray(garment & ~_rim_of_ground(lab, surface, garment))


def _shadows(lab: FloatArray, surface: Surface, low: float) -> tuple[BoolArray, BoolArray]:
    """Where the surface's own hue is darker: without a step, and with one that a greater step beside it dwarfs."""
    step = steepness(lab)
    tint, shade = tint_and_shade(lab, surface)
    lit = lab - surface.offset
    # Cameras and JPEG carry the hue of strongly coloured paper through shade less exactly than that of white paper.
    alike = tint < max(3.0, 2 * surface.roughness) + _UNSTEADY_HUE * np.hypot(lit[..., 1], lit[..., 2])
    darker = alike & (shade < low) & (shade > -38)
    greatest = cv2.dilate(step, disc(max(3, round(0.008 * max(step.shape)))))
    # The deeper a shadow, the steeper its penumbra; a white garment's edge is a step at little shade.
    gentle = step < max(1.3, 1.6 * surface.roughness) + 0.08 * np.clip(-shade, 0, 25)
    return darker & gentle, darker & (step < 0.2 * greatest)


def tint_and_shade(lab: FloatArray, surface: Surface) -> tuple[FloatArray, FloatArray]:
    """How far each pixel is from the surface in more or less light, and how much lighter it is.

    Args:
        lab: (H, W, 3) float32.
        surface: of ``fit_surface``.
    Returns:
        (H, W) float32 chroma difference from the surface in that light; (H, W) float32 difference in L*.
    """
    shade, lit = surface.offset[..., 0], lab - surface.offset
    # less light scales L* + 16, a* and b* by one factor: a shadow on coloured paper is also less colourful
    less = (lab[..., 0] + 16) / (lit[..., 0] + 16)
    return np.hypot(lab[..., 1] - less * lit[..., 1], lab[..., 2] - less * lit[..., 2]), shade


def _contact_shadow(candidates: BoolArray, ground: BoolArray) -> BoolArray:
    """Shadow pressed against a contrasting garment: a rim that the flood's own notion of a step keeps out."""
    reach = max(2, round(0.01 * max(ground.shape)))
    near = cv2.dilate(ground.astype(np.uint8), disc(reach)).astype(bool)
    rim = cv2.morphologyEx((candidates & near & ~ground).astype(np.uint8), cv2.MORPH_OPEN, disc(1)).astype(bool)
    return np.asarray(connected_to(rim | ground, ground) & rim)


def _rim_of_ground(lab: FloatArray, surface: Surface, garment: BoolArray) -> BoolArray:
    """Ringing of JPEG blocks and penumbra along the outline: far more like lit or shaded ground than any cloth near."""
    reach = max(3, round(_RIM * max(garment.shape)))
    away, depth = _from_lit_or_shaded(lab, surface), _depth(garment)
    around = np.ones((4 * reach + 1, 4 * reach + 1), np.uint8)
    nearest_cloth = cv2.erode(np.where(depth > reach, away, np.float32(1e3)), around)
    alike = garment & (depth <= reach) & (away < np.minimum(0.4 * nearest_cloth, 12)) & (nearest_cloth < 1e3)
    return np.asarray(connected_to(alike | ~garment, ~garment) & alike)


def _tinged_blocks(lab: FloatArray, surface: Surface, garment: BoolArray, bridge: float) -> BoolArray:
    """Blocks of strongly compressed photos that an outline tinges: they stick out from the cloth.

    Pale parts of a print look like them but lie between other cloth, where a closing of that reaches: ``bridge`` times
    a block's width on either side.
    """
    reach = round(_BLOCK * max(garment.shape))
    away, depth = _from_lit_or_shaded(lab, surface), _depth(garment)
    contrast = cv2.dilate(np.where(garment, away, np.float32(0)), disc(reach))
    alike = garment & (depth <= reach) & (away < np.minimum(_TINGE * contrast, _MOST_TINGE))
    alike = connected_to(alike | ~garment, ~garment) & alike
    padded = np.pad((garment & ~alike).astype(np.uint8), reach)
    cloth = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(round(bridge * reach)))[reach:-reach, reach:-reach] > 0
    # Slivers along the outline are its own slope.
    blocks = cv2.morphologyEx((alike & ~cloth).astype(np.uint8), cv2.MORPH_OPEN, disc(3))
    return np.asarray(blocks > 0)


def _from_lit_or_shaded(lab: FloatArray, surface: Surface) -> FloatArray:
    """Lab difference of each pixel from the surface, lit or in soft shadow, whichever is nearer."""
    lit = lab - surface.offset
    less = np.clip((lab[..., 0] + 16) / (lit[..., 0] + 16), 0.7, 1.0)[..., None]
    return difference_of(lab - (lit + np.array([16, 0, 0], np.float32)) * less + np.array([16, 0, 0], np.float32))


def _depth(garment: BoolArray) -> FloatArray:
    """Distance of each garment pixel from the ground and from the photo's rim, in pixels."""
    return np.asarray(cv2.distanceTransform(np.pad(garment.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1])


def steepness(lab: FloatArray) -> FloatArray:
    """Lab change per pixel after slight smoothing: steps at cloth edges stand out from shading.

    Args:
        lab: (H, W, 3) float32.
    Returns:
        (H, W) float32.
    """
    soft = cv2.GaussianBlur(lab, (0, 0), 1.0)
    dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(np.sqrt((dx * dx + dy * dy).sum(-1)), np.float32)


def disc(radius: int) -> Any:
    """Structuring element of a disc, (2 r + 1) square uint8."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def connected_to_rim(region: BoolArray) -> BoolArray:
    """Keep the components of a region that touch the picture's rim.

    Args:
        region: (H, W) bool.
    Returns:
        (H, W) bool.
    """
    rim = np.ones_like(region)
    rim[1:-1, 1:-1] = False
    return connected_to(region, rim)


def connected_to(region: BoolArray, seeds: BoolArray) -> BoolArray:
    """Keep the components of a region that hold a seed.

    Args:
        region: (H, W) bool.
        seeds: (H, W) bool.
    Returns:
        (H, W) bool.
    """
    _, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=4)
    touched = np.zeros(int(labels.max()) + 1, bool)
    touched[labels[seeds]] = True
    touched[0] = False
    return np.asarray(touched[labels])


def _near_median(samples: FloatArray) -> BoolArray:
    distance = np.linalg.norm(samples - np.median(samples, axis=0), axis=1)
    return np.asarray(distance <= max(6.0, 2.5 * float(np.median(distance))))


def flood_with_disc(ground: BoolArray, radius: int) -> BoolArray:
    """Reach over ground from the rim with a disc, then into the corners next to where it went.

    Args:
        ground: (H, W) bool.
        radius: of the disc, in pixels.
    Returns:
        (H, W) bool, within ``ground``.
    """
    padded = np.pad(ground, radius, constant_values=True)
    core = connected_to_rim(cv2.erode(padded.astype(np.uint8), disc(radius)).astype(bool))
    reached = cv2.dilate(core.astype(np.uint8), disc(2 * radius)).astype(bool) & padded
    return np.asarray(reached[radius:-radius, radius:-radius])


def ground_seen_through(offset: FloatArray, reached: BoolArray, roughness: float) -> BoolArray:
    """Holes: enclosed patches with a core that looks exactly like the surface, in colour and in flatness.

    Args:
        offset: (H, W, 3) float32 Lab difference from the surface.
        reached: (H, W) bool, ground around the garment.
        roughness: of the surface, in Lab units.
    Returns:
        (H, W) bool.
    """
    low = max(LEAST_DIFFERENCE, 3 * roughness)
    # Averaging takes out the noise of JPEG blocks, which is as large as what tells white cloth from white paper.
    core = (difference_of(cv2.GaussianBlur(offset, (0, 0), 1.5)) < max(0.8, 1.2 * roughness)) & ~reached
    core = cv2.morphologyEx(core.astype(np.uint8), cv2.MORPH_OPEN, disc(1))
    _, labels = cv2.connectedComponents(((difference_of(offset) < low) & ~reached).astype(np.uint8), connectivity=4)
    area = np.bincount(labels.ravel())
    core_area = np.bincount(labels.ravel(), weights=core.ravel().astype(np.float64))
    is_hole = (core_area >= 6e-5 * reached.size) & (core_area > 0.25 * area)
    is_hole[0] = False
    return np.asarray(is_hole[labels])


def _repeats_ground(surface: Surface, reached: BoolArray) -> bool:
    """True if the garment has many patches in nearly the ground's colour: a print or stripes."""
    depth = _depth(~reached)
    alike = (difference_of(surface.offset) < max(LEAST_DIFFERENCE, 3 * surface.roughness)) & (depth > 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(alike.astype(np.uint8), connectivity=4)
    # Between an outline and the blocks that JPEG tinges beside it lies ground as well, but only there.
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels.ravel(), depth.ravel())
    patches = (stats[1:, cv2.CC_STAT_AREA] > 3e-5 * reached.size) & (deepest[1:] > _BLOCK * max(reached.shape))
    return int(np.sum(patches)) >= 8


def _bridge_nicks(garment: BoolArray, radius: int) -> BoolArray:
    """Fill nicks where a stripe or spot of the ground's colour ends at the outline."""
    # Specks of JPEG ringing beside the outline would pull the closing out to themselves.
    solid = cv2.morphologyEx(garment.astype(np.uint8), cv2.MORPH_OPEN, disc(2))
    padded = np.pad(solid, radius)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(radius))[radius:-radius, radius:-radius].astype(bool)
    # What the closing encloses entirely was a hole before and stays one.
    nicks = closed & ~garment
    _, labels = cv2.connectedComponents(nicks.astype(np.uint8), connectivity=4)
    ground = connected_to_rim(~garment)
    opens_out = np.zeros(int(labels.max()) + 1, bool)
    opens_out[labels[nicks & ground]] = True
    opens_out[0] = False
    return np.asarray(garment | opens_out[labels])


def along_outline(holes: BoolArray, reached: BoolArray) -> BoolArray:
    """Keep the holes that a strap or ribbon divides from the ground: most of their edge is near it.

    Args:
        holes: (H, W) bool.
        reached: (H, W) bool, ground around the garment.
    Returns:
        (H, W) bool.
    """
    near = cv2.dilate(reached.astype(np.uint8), disc(round(0.02 * max(reached.shape)))).astype(bool)
    edge = holes & ~cv2.erode(holes.astype(np.uint8), disc(1)).astype(bool)
    _, labels = cv2.connectedComponents(holes.astype(np.uint8), connectivity=8)
    length = np.bincount(labels[edge], minlength=int(labels.max()) + 1)
    near_length = np.bincount(labels[edge & near], minlength=int(labels.max()) + 1)
    kept = near_length > 0.45 * np.maximum(length, 1)
    kept[0] = False
    return np.asarray(kept[labels])


def _retouched_gaps(lab: FloatArray, surface: Surface, garment: BoolArray) -> BoolArray:
    """Gaps that a retoucher left white when the backdrop was painted light grey.

    Believed only on a painted backdrop, and only where the garment itself is not white.
    """
    nothing = np.zeros_like(garment)
    from_white = lab - np.array([100, 0, 0], np.float32)
    to_white = difference_of(from_white)
    if surface.roughness > 0.1 or not garment.any() or np.mean(to_white[garment] < 8) > 0.2:
        return nothing
    if np.median(to_white[~garment]) > 8:
        return nothing
    white = ground_seen_through(from_white, ~garment, 0.0)
    return np.asarray(white & narrow_gaps(white, widest=0.03))
