"""Which pixels of a flat-lay are the garment.

The seller's own mask or transparency is believed. Otherwise a plain backdrop is flooded from the margin, and anything
rougher is left to guesses that compete (or to a matting model, where one is installed with its weights).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.errors import (
    AnimatedPhoto,
    GarmentNotFound,
    MaskMismatch,
    PersonInPhoto,
    PhotoTooSmall,
    UnreadablePhoto,
    UnsupportedPhoto,
)
from vmodel.garment.cutout_clutter import Judgement, cut_from_clutter, judge
from vmodel.garment.cutout_edge import refine_edge
from vmodel.garment.cutout_pale import cut_by_sharpness, like_shaded_ground, sharp_share, sharpness
from vmodel.garment.cutout_person import shows_person
from vmodel.garment.cutout_plain import Surface, cut_from_plain, disc, fit_surface, like_ground, margin
from vmodel.garment.cutout_several import only_garment
from vmodel.garment.cutout_stripes import between_stripes
from vmodel.garment.cutout_tidy import drop_hanger_in_neck, drop_what_hangs_on, garment_parts
from vmodel.garment.matting import matte_with_model
from vmodel.garment.reading import read_grey
from vmodel.types import BoolArray, ByteArray, Cutout, FlatLay, FloatArray

WORK_SIDE: Final = 1024
_LEAST_AREA: Final = 0.012
# Share of the rim that no garment covers, and the ground of an inverted mask does.
_INVERTED: Final = 0.9
# Of a mask's widest part, in longer sides of the photo.
_LEAST_HALF_WIDTH: Final = 0.01
_LEAST_SCORE: Final = 0.3
# From this score on, a cut-out from a plain surface needs no second opinion.
_PLAIN_SCORE: Final = 0.45
# How much better a cut-out by sharp edges has to be than the flood's.
_CLEARER: Final = 1.2
# How much better it has to be than guesses by colour on rough ground, where it seldom wins and then by little.
_CLEARER_IN_CLUTTER: Final = 1.03


def cut_out(flat_lay: FlatLay, mask: Path | None = None) -> Cutout:
    """Find the garment in a flat-lay photo.

    Args:
        flat_lay: the photo, at least 200 pixels on its shorter side.
        mask: black and white picture of the photo's size that overrides everything; white is garment.
    Returns:
        Matte of the photo's size, where it comes from and how sure it is.
    Raises:
        MaskMismatch: the mask has another size, is empty, covers the whole photo or shows no solid piece.
        PhotoNotFound: no mask file at the path.
        GarmentNotFound: nothing stands out.
        SeveralGarments: two or more pieces of similar size, apart or touching, or one laid over another.
        PersonInPhoto: a person wears the garment.
    """
    if mask is not None:
        return Cutout(_read_mask(mask, flat_lay.rgb.shape[:2]), "mask", 1.0)
    if flat_lay.alpha is not None:
        if float(np.mean(flat_lay.alpha >= 0.5)) < _LEAST_AREA:
            raise GarmentNotFound(flat_lay.name, is_hidden=not (flat_lay.alpha >= 0.5).any())
        _, warnings = only_garment(np.asarray(_at_work_size(flat_lay.alpha) >= 0.5), flat_lay.name)
        return Cutout(flat_lay.alpha, "alpha", 0.98, warnings)
    return _cut_by_sight(flat_lay)


def _read_mask(path: Path, size: tuple[int, ...]) -> FloatArray:
    try:
        grey = read_grey(path, Settings())
    except PhotoTooSmall as error:
        raise _of_another_size(path, error.size, size) from error
    except (AnimatedPhoto, UnreadablePhoto, UnsupportedPhoto) as error:
        raise MaskMismatch(path.name, "is not a readable picture") from error
    if grey.shape != tuple(size):
        raise _of_another_size(path, grey.shape, size)
    covered = float(np.mean(grey >= 128))
    if covered < 0.002 or covered > 0.998:
        raise MaskMismatch(path.name, "is empty" if covered < 0.5 else "covers the whole photo")
    small = np.asarray(_at_work_size(grey) >= 128, np.uint8)
    if float(small[margin(small.shape[0], small.shape[1], 0.004)].mean()) > _INVERTED:
        raise MaskMismatch(path.name, "is white all round the photo's rim, where the garment should be white")
    # Outside counts as cloth: what touches the photo's rim is as wide as it looks.
    if not cv2.erode(small, disc(max(2, round(_LEAST_HALF_WIDTH * max(small.shape))))).any():
        raise MaskMismatch(path.name, "shows nothing as wide as a garment, only lines or specks")
    return grey.astype(np.float32) / 255


def _of_another_size(mask: Path, its: tuple[int, ...], photos: tuple[int, ...]) -> MaskMismatch:
    return MaskMismatch(mask.name, f"is {its[1]}x{its[0]} pixels and the photo {photos[1]}x{photos[0]}")


def _cut_by_sight(flat_lay: FlatLay) -> Cutout:
    rgb = np.asarray(_at_work_size(flat_lay.rgb), np.uint8)
    lab = _to_lab(rgb)
    mask, source, judgement = _best_mask(rgb, lab)
    if mask.mean() < _LEAST_AREA or judgement.score < _LEAST_SCORE:
        raise GarmentNotFound(flat_lay.name)
    if shows_person(rgb, mask):
        raise PersonInPhoto(flat_lay.name)
    mask, warnings = only_garment(mask, flat_lay.name, lab)
    mask = drop_what_hangs_on(mask)
    if source != "plain":
        mask = drop_hanger_in_neck(mask, lab)
    reach_px = 3.0 if source == "plain" else 2.5
    return Cutout(refine_edge(flat_lay.rgb, mask, reach_px), source, _confidence(source, judgement), warnings)


def _best_mask(rgb: ByteArray, lab: FloatArray) -> tuple[BoolArray, str, Judgement]:
    surface = fit_surface(lab)
    plain = np.zeros(lab.shape[:2], bool)
    judgement = judge(plain, lab)
    if surface.is_plain:
        plain, judgement = _cut_from_surface(lab, surface)
        if judgement.score >= _PLAIN_SCORE:
            return plain, "plain", judgement
    modelled = matte_with_model(rgb)
    if modelled is not None:
        return modelled.mask, modelled.source, judge(modelled.mask, lab)
    sharp = sharpness(lab)
    clutter, clutter_judgement = cut_from_clutter(lab, surface)
    other = clutter_judgement.score * sharp_share(clutter, sharp)
    if surface.is_plain and judgement.score * sharp_share(plain, sharp) >= 0.8 * other:
        return plain, "plain", judgement
    # Concrete and bed sheets are mottled softly: a busy print that colours cannot hold together ends in clear edges.
    edged = cut_by_sharpness(surface, sharp)
    edged_judgement = _judge_largest(edged, lab)
    if edged_judgement.score * sharp_share(edged, sharp) > _CLEARER_IN_CLUTTER * other:
        return edged, "clutter", edged_judgement
    return clutter, "clutter", clutter_judgement


def _cut_from_surface(lab: FloatArray, surface: Surface) -> tuple[BoolArray, Judgement]:
    """The flood's cut-out, or the one by sharp edges where cloth in the ground's own hue ends in clearer edges."""
    flooded = cut_from_plain(lab, surface)
    flooded = flooded | between_stripes(flooded, like_ground(surface))
    judgement = _judge_largest(flooded, lab)
    if judgement.score >= _PLAIN_SCORE and not like_shaded_ground(flooded, surface, lab):
        return flooded, judgement
    sharp = sharpness(lab)
    edged = cut_by_sharpness(surface, sharp)
    edged_judgement = _judge_largest(edged, lab)
    worth = judgement.score * sharp_share(flooded, sharp)
    if like_shaded_ground(edged, surface, lab) and edged_judgement.score * sharp_share(edged, sharp) > _CLEARER * worth:
        return edged, edged_judgement
    return flooded, judgement


def _judge_largest(mask: BoolArray, lab: FloatArray) -> Judgement:
    parts = garment_parts(mask)
    return judge(parts[0] if parts else mask, lab)


def _confidence(source: str, judgement: Judgement) -> float:
    highest = 0.97 if source == "plain" else 0.85
    return float(np.clip(0.25 + 0.85 * judgement.score, 0.1, highest))


def _at_work_size(picture: FloatArray | ByteArray) -> FloatArray | ByteArray:
    height, width = picture.shape[:2]
    scale = WORK_SIDE / max(height, width)
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA))


def _to_lab(rgb: ByteArray) -> FloatArray:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)
