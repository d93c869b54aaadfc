"""Brand names on garment photos: read by OCR, compared with the operator's list."""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from vmodel.config import Settings
from vmodel.core.files import read_own_yaml
from vmodel.rights.errors import RightsListInvalid
from vmodel.types import ByteArray

_LONGEST_PX = 960
_SURE = 0.6
#: Least letters of a name for tolerating one misread letter, and for matching it inside a longer word.
_FORGIVING, _INSIDE = 6, 5
_reading = threading.Lock()


@dataclass(frozen=True)
class BrandWord:
    """A brand name that was read on a photo.

    Attributes:
        name: as in the list.
        text: as it was read.
        confidence: of the reading, 0..1.
    """

    name: str
    text: str
    confidence: float


def read_brands(settings: Settings) -> tuple[str, ...]:
    """Return every name of vmodel's bundled list and of the operator's own.

    Raises:
        RightsListInvalid: the operator's file is no list of names.
    """
    bundled = read_own_yaml(files("vmodel.rights.admission") / "brands.yaml")
    own = [] if settings.brands is None else _read_list(settings.brands)
    return tuple(dict.fromkeys([*bundled, *own]))


def find_brand_words(rgb: ByteArray, brands: Iterable[str]) -> list[BrandWord]:
    """Find the brand names that can be read on a photo.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        brands: names to look for.
    """
    return match_brands(read_words(rgb), brands)


def match_brands(read: Iterable[tuple[str, float]], brands: Iterable[str]) -> list[BrandWord]:
    """Find the names that occur in recognised text; case, accents, blanks and punctuation are ignored.

    Args:
        read: (text, confidence 0..1) of each line.
        brands: names to look for.
    """
    lines = [(text, confidence) for text, confidence in read if confidence >= _SURE]
    whole = (" ".join(text for text, _ in lines), min((confidence for _, confidence in lines), default=0.0))
    found: dict[str, BrandWord] = {}
    for name in brands:
        for text, confidence in [*lines, whole]:
            if _stands_in(_letters(name), text):
                found.setdefault(name, BrandWord(name, text[:200], round(confidence, 3)))
    return list(found.values())


def read_words(rgb: ByteArray) -> list[tuple[str, float]]:
    """Read the lines of text on a picture (OCR), with confidences 0..1; takes one to two seconds of CPU time.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
    """
    shrink = min(1.0, _LONGEST_PX / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
    with _reading:
        seen = _reader()(np.ascontiguousarray(small[..., ::-1]), use_cls=False)
    return [(str(text), float(score)) for text, score in zip(seen.txts or (), seen.scores or (), strict=True)]


@cache
def _reader() -> Any:
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})


def _stands_in(name: str, text: str) -> bool:
    words = [_letters(word) for word in re.split(r"[\s,;|/]+", text)]
    if name in words or (len(name) >= _INSIDE and name in _letters(text)):
        return True
    return len(name) >= _FORGIVING and any(_one_letter_off(name, word) for word in [*words, _letters(text)])


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _one_letter_off(one: str, other: str) -> bool:
    """Return True if two words differ by at most one substituted, missing or extra letter."""
    if abs(len(one) - len(other)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[same:], other[same:]
    return rest[1:] == others[1:] or rest == others[1:] or rest[1:] == others


def _read_list(path: Path) -> list[str]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        raise RightsListInvalid(str(path), "cannot be read; write a YAML list of names") from None
    if not isinstance(found, list) or not all(isinstance(name, str) and _letters(name) for name in found):
        raise RightsListInvalid(str(path), "is no YAML list of names; begin each line with a hyphen")
    return found
