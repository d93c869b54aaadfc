"""Typical changes of copied pictures, used by the benchmarks of mark and copy search."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from vmodel.types import ByteArray

Change = Callable[[ByteArray], ByteArray]


def saved(picture: ByteArray, kind: str, quality: int) -> ByteArray:
    """Save as a lossy file and load again."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, kind, quality=quality)
    return np.asarray(Image.open(held).convert("RGB"))


def resized(picture: ByteArray, across: float, down: float) -> ByteArray:
    """Scale as shops do it: averaged when smaller, cubic when larger."""
    way = cv2.INTER_AREA if across <= 1 and down <= 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=across, fy=down, interpolation=way))


def cropped(picture: ByteArray, share: float) -> ByteArray:
    """Cut off ``share`` of the area; the kept part lies off the centre, by an odd number of pixels."""
    height, width = picture.shape[:2]
    rows, columns = (int(side * np.sqrt(1 - share)) for side in (height, width))
    top, left = int((height - rows) * 0.37), int((width - columns) * 0.61)
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])


def turned(picture: ByteArray, degrees: float) -> ByteArray:
    """Turn round the centre, corners cut off."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=1))


def toned(picture: ByteArray, gain: float = 1.0, offset: float = 0.0, gamma: float = 1.0) -> ByteArray:
    """Change brightness, contrast and gamma."""
    values = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip((values - 128) * gain + 128 + offset, 0, 255)
    return np.asarray(np.rint(table).astype(np.uint8)[picture])


def noisy(picture: ByteArray, deviation: float, seed: int = 1) -> ByteArray:
    """Add a sensor's noise."""
    noise = np.random.default_rng(seed).normal(0, deviation, picture.shape)
    return np.clip(picture + noise, 0, 255).round().astype(np.uint8)


def screenshot(picture: ByteArray) -> ByteArray:
    """Simulate a screenshot: shown at 83 % in a page, cut out with a margin, sent through a chat."""
    shown = resized(picture, 0.83, 0.83)
    page = np.full((shown.shape[0] + 150, shown.shape[1] + 90, 3), 250, np.uint8)
    page[:40] = (32, 92, 168)
    cv2.putText(page, "New arrivals", (20, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2, cv2.LINE_AA)
    page[90 : 90 + shown.shape[0], 45 : 45 + shown.shape[1]] = shown
    return saved(resized(saved(page, "PNG", 0), 0.9, 0.9), "JPEG", 75)


def collage(picture: ByteArray, seed: int = 2) -> ByteArray:
    """Make a collage of four pictures at half the size; the others are noise, a gradient and a flat colour."""
    half = resized(picture, 0.5, 0.5)
    rows, columns = half.shape[:2]
    rng = np.random.default_rng(seed)
    cloth = cv2.GaussianBlur(rng.integers(0, 255, half.shape, np.uint8), (0, 0), 2)
    slope = np.broadcast_to(np.linspace(90, 230, columns)[None, :, None], half.shape).astype(np.uint8)
    flat = np.broadcast_to(np.array([186, 120, 96], np.uint8), half.shape)
    whole = np.vstack([np.hstack([cloth, half]), np.hstack([slope, flat])])
    return saved(np.ascontiguousarray(whole[: 2 * rows]), "JPEG", 85)


def lettered(picture: ByteArray) -> ByteArray:
    """Add a shop's banner and letters across."""
    marked, (height, width) = picture.copy(), picture.shape[:2]
    marked[int(0.8 * height) : int(0.9 * height)] = (214, 30, 60)
    size = width / 420
    for text, at in (("SALE -50%", 0.87), ("cheap-shop.example", 0.5), ("FREE SHIPPING", 0.12)):
        place = (int(0.08 * width), int(at * height))
        cv2.putText(marked, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), round(3 * size), cv2.LINE_AA)
    return saved(marked, "JPEG", 85)


def printed(picture: ByteArray, seed: int = 3) -> ByteArray:
    """Print and photograph: halftone-like noise, soft lens, slight perspective, uneven light, colour cast, JPEG."""
    height, width = picture.shape[:2]
    ink = noisy(toned(picture, gain=0.86, offset=-4), 3, seed)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[9, 6], [-5, 11], [-12, -7], [6, -10]], np.float32) * (width / 768)
    view = cv2.getPerspectiveTransform(corners, seen)
    photo = cv2.warpPerspective(ink, view, (width, height), flags=cv2.INTER_LINEAR, borderValue=(205, 200, 190))
    photo = cv2.GaussianBlur(photo, (0, 0), 0.8).astype(np.float32)
    light = np.linspace(0.86, 1.04, width, dtype=np.float32)[None, :, None]
    photo = photo * light * np.array([1.0, 0.97, 0.92], np.float32)
    return saved(noisy(np.clip(photo, 0, 255).astype(np.uint8), 2.5, seed + 1), "JPEG", 80)


def blurred(picture: ByteArray, sigma: float) -> ByteArray:
    """Blur as if out of focus."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))


CHANGES: dict[str, Change] = {
    **{f"JPEG {q}": lambda p, q=q: saved(p, "JPEG", q) for q in (90, 70, 50, 30)},  # type: ignore[misc]
    **{f"WebP {q}": lambda p, q=q: saved(p, "WEBP", q) for q in (80, 50)},  # type: ignore[misc]
    **{f"resize {s} %": lambda p, s=s: resized(p, s / 100, s / 100) for s in (75, 50, 33)},  # type: ignore[misc]
    **{f"crop {s} % of the area": lambda p, s=s: cropped(p, s / 100) for s in (10, 25, 50, 75)},  # type: ignore[misc]
    "brightness +30": lambda p: toned(p, offset=30),
    "brightness -30": lambda p: toned(p, offset=-30),
    "contrast 0.7": lambda p: toned(p, gain=0.7),
    "contrast 1.3": lambda p: toned(p, gain=1.3),
    "gamma 0.8": lambda p: toned(p, gamma=0.8),
    "gamma 1.25": lambda p: toned(p, gamma=1.25),
    **{f"rotation {d} degrees": lambda p, d=d: turned(p, d) for d in (1, 3, 5, 10)},  # type: ignore[misc]
    "mirrored": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "10 % wider": lambda p: resized(p, 1.1, 1),
    "10 % narrower": lambda p: resized(p, 0.9, 1),
    "blur, 1 pixel": lambda p: blurred(p, 1),
    "noise, 5 levels": lambda p: noisy(p, 5),
    "screenshot chain": screenshot,
    "collage 2x2, JPEG 85": collage,
    "text overlay, JPEG 85": lettered,
    "print and photograph (simulated)": printed,
}
"""Name -> change, in the order of the tables."""
