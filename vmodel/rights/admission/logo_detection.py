"""Registered marks on garment photos: the operator's logo pictures, found by their features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from vmodel.config import Settings
from vmodel.core.colour import luma_of, on_white
from vmodel.rights.errors import RightsListInvalid
from vmodel.rights.fingerprint.feature_matching import Features, find_features, match_features
from vmodel.types import ByteArray, FloatArray

FEWEST = 14
"""Least number of feature pairs that must agree."""
_MOST = 4000
_LOGO_PX = 320
_MOST_LOGOS = 2000
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


@dataclass(frozen=True)
class MarkFound:
    """A registered mark on a photo.

    Attributes:
        name: of its file, without ending.
        inliers: pairs of features that agree.
    """

    name: str
    inliers: int


def read_marks_folder(settings: Settings) -> dict[str, Features]:
    """Read the features of the operator's logo pictures, by name; none if no folder is set.

    Raises:
        RightsListInvalid: the folder is not there, holds too many files, or one is no picture.
    """
    folder = settings.registered_marks
    if folder is None:
        return {}
    if not folder.is_dir():
        raise RightsListInvalid(str(folder), "is no folder; make it and put one picture of each mark into it")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if len(paths) > _MOST_LOGOS:
        raise RightsListInvalid(str(folder), f"holds more than {_MOST_LOGOS} pictures; keep the ones that matter")
    return {path.stem: find_features(_small_luma(path)) for path in paths}


def find_marks(rgb: ByteArray, marks: Mapping[str, Features]) -> list[MarkFound]:
    """Find the registered marks that a photo shows, at any size and rotation, not mirrored.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        marks: of ``read_marks_folder``.
    """
    if not marks:
        return []
    seen, found = find_features(luma_of(rgb), _MOST), []
    for name, features in marks.items():
        match = match_features(seen, features)
        if match is not None and match[1] >= FEWEST and _plausible(match[0]):
            found.append(MarkFound(name, match[1]))
    return found


def _plausible(homography: FloatArray) -> bool:
    """Return True if a logo on cloth can look so: neither mirrored nor flattened nor tiny."""
    flat = homography[:2, :2] / homography[2, 2]
    large, small = np.linalg.svd(flat, compute_uv=False)
    return bool(np.linalg.det(flat) > 0 and large < 4 * small and large > 0.03)


def _small_luma(path: Path) -> FloatArray:
    try:
        with Image.open(path) as opened:
            samples = np.asarray(opened.convert("RGBA" if opened.has_transparency_data else "RGB"))
    except Exception:
        # Decoders raise any error of their parsers.
        raise RightsListInvalid(str(path), "is no picture; give PNG, JPEG or WebP") from None
    luma = luma_of(on_white(samples))
    # A larger logo has detail that no photo shows; the margin gives features at the edge a surrounding.
    shrink = min(1.0, _LOGO_PX / max(luma.shape))
    small = cv2.resize(luma, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else luma
    return np.asarray(cv2.copyMakeBorder(small, 20, 20, 20, 20, cv2.BORDER_REPLICATE), np.float32)
