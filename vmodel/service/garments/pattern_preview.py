"""Sewing patterns as small pictures (flat lay, pieces) and as a description in plain values."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.core.files import encode_picture
from vmodel.garment.sewing.assemble import SCALE_SOURCE, Sewn
from vmodel.service.garments.design_preview import Drawn, beside, describe_garment, resized, share_of
from vmodel.service.garments.records import RecognitionResult
from vmodel.types import ByteArray

_PIECES_SIDE = 1100


def draw_sewn(sewn: Sewn) -> Drawn:
    """Draw a sewn garment lying flat, front and back."""
    alpha = np.rint(sewn.cutout.matte * 255).astype(np.uint8)
    front, back = (np.dstack([side, alpha]) for side in (sewn.flat_lay.rgb, sewn.back))
    plain = [seam["repeat_apart_cm"] for seam in sewn.marker["seams"] if seam["kind"] == "seam"]
    apart_cm = max((each for each in plain if each is not None), default=0.0)
    return Drawn(beside(front, back[:, ::-1]), _px_per_cm(sewn) * share_of(front), apart_cm)


def _px_per_cm(sewn: Sewn) -> float:
    """Return the scale of the garment's picture, from the landmarks that are known in both units."""
    names = list(sewn.garment.landmarks_cm)
    px = np.stack([sewn.landmarks.points_px[name] for name in names])
    cm = np.stack([sewn.garment.landmarks_cm[name] for name in names])
    return float(np.ptp(px, axis=0).max() / np.ptp(cm, axis=0).max())


def draw_pieces(sewn: Sewn) -> bytes:
    """Draw the pieces side by side on a transparent background as PNG, those of each material below the other."""
    cut = [_cut_out(sewn, number) for number in range(len(sewn.sheets))]
    width = max(sheet.shape[1] for sheet in cut)
    whole = np.concatenate([np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0))) for sheet in cut])
    share = min(1.0, _PIECES_SIDE / max(whole.shape[:2]))
    return encode_picture(resized(whole, (round(whole.shape[1] * share), round(whole.shape[0] * share))), "png")


def _cut_out(sewn: Sewn, number: int) -> ByteArray:
    """Crop a sheet of cloth to its pieces and make everything outside their edges transparent."""
    mask = np.zeros(sewn.sheets[number].shape[:2], np.uint8)
    for panel in sewn.garment.panels:
        if panel.texture == number:
            affine = np.asarray(panel.panel_to_texture)
            outline_px = panel.outline_cm @ affine[:, :2].T + affine[:, 2]
            cv2.fillPoly(mask, [np.rint(outline_px).astype(np.int32)], 255)
    rows, columns = np.nonzero(mask)
    whole = np.dstack([sewn.sheets[number], mask])
    return whole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def colours_of(sewn: Sewn) -> list[str]:
    """List the colours of the pieces as "#rrggbb", the one with the largest area of cloth first."""
    areas: dict[str, float] = {}
    for piece in sewn.marker["pieces"]:
        if piece["colour"]:
            areas[piece["colour"]] = areas.get(piece["colour"], 0.0) + piece["area_cm2"]
    return sorted(areas, key=lambda colour: -areas[colour])


def describe_sewn(sewn: Sewn, drawn: Drawn) -> RecognitionResult:
    """Describe a sewn pattern in the same form as a garment that was read from a photo.

    Args:
        sewn: in its own colours.
        drawn: from ``draw_sewn``.
    """
    return describe_garment(sewn.garment, SCALE_SOURCE, "", drawn)
