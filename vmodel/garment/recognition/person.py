"""Does the photo show a person wearing the garment? Built to miss some rather than to refuse a beige blouse.

A head of skin above limbs of the same skin, or, where the picture ends below the chin, a neck of skin that it cuts off.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

# Skin of all tones in YCrCb: Chai & Ngan, IEEE Trans. CSVT 9(4), 1999, slightly wider towards red.
_CR: Final = (133, 178)
_CB: Final = (77, 127)
_LEAST_LUMA: Final = 35
# Lit skin stays below; paler cloth is pastel.
_MOST_LUMA: Final = 228
# Lab: how red a head is at least; cream cloth is as yellow as skin but has no red at all.
_LEAST_RED: Final = 2.0
# Of the figure's width: a neck where the picture cuts it; arms held in make a figure little wider than a shirt.
_WIDEST_NECK: Final = 0.45
# Share of the cut that is skin; a shirt's collar or hair may stand beside it.
_LEAST_NECK: Final = 0.6
_LEAST_FROM_GROUND: Final = 14.0
_LARGEST_LIMB, _CUT_LIMB = 0.3, 0.2
"""Area of a head or limb over the garment's, and length of the photo's rim that cuts it over the shorter side: floors
and beds of the colour of skin are larger."""
_TOUCHES: Final = 0.008
"""How near skin lies to the garment that is worn on it, in longer sides of the photo."""


def shows_person(rgb: ByteArray, mask: BoolArray) -> bool:
    """Find a head of skin, narrower than what is below it, and limbs of the same skin.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, everything that stands out from the backdrop.
    Returns:
        True if a person seems to wear the garment.
    """
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return False
    top, height = int(rows.min()), int(np.ptp(rows)) + 1
    left, width = int(columns.min()), int(np.ptp(columns)) + 1
    # Opened within the mask, or a rim of wooden ground round it joins into one blob.
    skin = cv2.morphologyEx((_skin(rgb) & mask).astype(np.uint8), cv2.MORPH_OPEN, _disc(2)).astype(bool)
    share = float(skin.sum()) / rows.size
    if not 0.03 < share < 0.7:
        return False
    if _is_cropped_person(rgb, mask, skin, width):
        return True
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(skin.astype(np.uint8), connectivity=8)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    sizeable = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] > 0.004 * rows.size]
    for head in sizeable:
        box = stats[head]
        central = abs(centroids[head][0] - left - width / 2) < 0.25 * width
        high = box[cv2.CC_STAT_TOP] < top + 0.22 * height and centroids[head][1] < top + 0.35 * height
        # A bare neck and shoulders may join the head, so the blob's own height is no guide; its top is.
        if central and high and _is_head(mask, labels == head, width, height):
            tone = np.median(lab[labels == head], axis=0)
            if tone[1] < _LEAST_RED:
                continue
            limbs = [other for other in sizeable if _is_away(stats[other], box, height)]
            if any(_same_tone(lab, labels == other, tone) for other in limbs):
                return True
    return False


def with_skin(rgb: ByteArray, mask: BoolArray) -> BoolArray:
    """A garment's mask and the pieces of skin colour that touch it: what a person's figure would be.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, the garment alone.
    """
    reach = 2 * max(2, round(_TOUCHES * max(mask.shape))) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    skin = cv2.morphologyEx((_skin(rgb) & ~mask).astype(np.uint8), cv2.MORPH_OPEN, _disc(2))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin, connectivity=8)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    on_rim = np.bincount(rim, minlength=count)
    limb = (stats[:, cv2.CC_STAT_AREA] < _LARGEST_LIMB * mask.sum()) & (on_rim < _CUT_LIMB * min(mask.shape))
    limb &= np.bincount(labels[near], minlength=count) > 0
    limb[0] = False
    return np.asarray(mask | limb[labels])


def _is_away(part: IntArray, head: IntArray, height: int) -> bool:
    """Beside the head or well below it; right below it the lining of a hood shows once more, in the neckline."""
    middle = part[cv2.CC_STAT_LEFT] + part[cv2.CC_STAT_WIDTH] / 2
    beside = not 0 <= middle - head[cv2.CC_STAT_LEFT] <= head[cv2.CC_STAT_WIDTH]
    chin = head[cv2.CC_STAT_TOP] + head[cv2.CC_STAT_HEIGHT]
    return bool(beside or part[cv2.CC_STAT_TOP] > chin + 0.15 * height)


def _is_cropped_person(rgb: ByteArray, mask: BoolArray, skin: BoolArray, width: int) -> bool:
    """The picture's upper edge cuts a narrow neck of even skin, and arms, hands or legs of that skin are below it.

    A flat-lay has ground all round; where it has none, cloth of one colour goes on below the edge and is wide there.
    """
    rim = max(3, round(0.012 * mask.shape[0]))
    edge = np.flatnonzero(mask[rim - 1])
    if not mask[: max(1, rim // 2)].any() or not 0.05 * width < edge.size < _WIDEST_NECK * width:
        return False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin.astype(np.uint8), connectivity=8)
    sizeable = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] > 0.004 * mask.sum()]
    cut = labels[rim - 1, edge]
    neck = max(sizeable, key=lambda label: int((cut == label).sum()), default=0)
    if neck == 0 or (cut == neck).mean() < _LEAST_NECK or stats[neck, cv2.CC_STAT_HEIGHT] < 0.03 * mask.shape[0]:
        return False
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    stump = labels == neck
    stump[stats[neck, cv2.CC_STAT_TOP] + round(0.1 * mask.shape[0]) :] = False
    tone = np.median(lab[stump], axis=0)
    if tone[1] < _LEAST_RED or not _same_tone(lab, stump, tone) or _like_ground(lab, mask, tone):
        return False
    others = [label for label in sizeable if label != neck and _same_tone(lab, labels == label, tone)]
    return bool(others) or _bare_arms(mask, labels == neck)


def _like_ground(lab: FloatArray, mask: BoolArray, tone: FloatArray) -> bool:
    """Wood and sand are of skin's colour too, and their rim is easily taken for what lies on them."""
    around = lab[~mask]
    return bool(around.size == 0 or np.linalg.norm(np.median(around, axis=0) - tone) < _LEAST_FROM_GROUND)


def _bare_arms(mask: BoolArray, skin: BoolArray) -> bool:
    """Skin that reaches down from the neck along both sides of what is worn."""
    rows = np.flatnonzero(mask.any(1))
    left = mask[rows].argmax(1)
    right = mask.shape[1] - 1 - mask[rows][:, ::-1].argmax(1)
    inset = max(2, round(0.006 * mask.shape[1]))
    bare = skin[rows, np.minimum(left + inset, mask.shape[1] - 1)], skin[rows, np.maximum(right - inset, 0)]
    covered = np.array([(mask[row] & ~skin[row]).sum() for row in rows]) > 0.3 * np.ptp(np.flatnonzero(mask.any(0)))
    return min(float((side & covered).mean()) for side in bare) > 0.12


def _skin(rgb: ByteArray) -> BoolArray:
    luma, cr, cb = cv2.split(cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 1.5), cv2.COLOR_RGB2YCrCb))
    tone = (cr >= _CR[0]) & (cr <= _CR[1]) & (cb >= _CB[0]) & (cb <= _CB[1]) & (luma >= _LEAST_LUMA)
    tone &= luma <= _MOST_LUMA
    return np.asarray(tone)


def _is_head(mask: BoolArray, blob: BoolArray, width: int, height: int) -> bool:
    """The blob starts as something round and narrow: the figure is slim there, and mostly skin or hair."""
    rows = np.nonzero(blob.any(1))[0]
    band = slice(int(rows[0]), int(rows[0] + max(4, round(0.07 * height))))
    figure = mask[band].sum(1)
    skin = blob[band].sum(1)
    slim = float(figure.max()) < 0.55 * width
    tall = rows[-1] - rows[0] > 0.06 * height
    filled = float(skin.max()) > 0.35 * float(figure.max())
    smooth = bool(blob.sum() > 0.6 * cv2.contourArea(cv2.convexHull(cv2.findNonZero(_upper(blob, band)))))
    # The inside of a back neck is widest at its top, where a head is round.
    crown = blob[rows[0] : rows[0] + max(2, round(0.01 * height))].any(0)
    round_top = np.ptp(np.nonzero(crown)[0]) < 0.8 * np.ptp(np.nonzero(blob[band].any(0))[0])
    return bool(slim and tall and filled and smooth and round_top)


def _upper(blob: BoolArray, band: slice) -> ByteArray:
    part = np.zeros(blob.shape, np.uint8)
    part[band] = blob[band]
    return part


def _same_tone(lab: FloatArray, blob: BoolArray, tone: FloatArray) -> bool:
    """Limbs are evenly of the head's colour; prints vary."""
    colours = lab[blob]
    offset = np.median(colours, axis=0) - tone
    spread = float(np.median(np.abs(colours - np.median(colours, axis=0))))
    return float(np.hypot(0.5 * offset[0], np.hypot(offset[1], offset[2]))) < 9 and spread < 6


def _disc(radius: int) -> ByteArray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
